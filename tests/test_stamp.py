"""The repository's address: what the labs hold agrees with pyproject.toml."""

import re
import shutil

import jupytext
import nbformat
import pytest
import test_notebooks as guards

import course_utils
from course_utils.authoring import credits, labs, stamp
from course_utils.authoring.__main__ import main

ADDRESS = stamp.Address("ada-l/classes_1.0", "v2.1")
STAMPED = ["notebooks", "tests/embedded", "README.md", "CITATION.cff", "pyproject.toml"]
PATHS = labs.lab_paths()


def files(root):
    """Return the text of each file that a stamp may change, by its path."""
    found = [root / "README.md", root / "CITATION.cff", *root.glob("notebooks/*.*")]
    found += root.glob("tests/embedded/*.ipynb")
    return {path.relative_to(root): path.read_text(encoding="utf-8") for path in found}


def publish(root, url, branch="main"):
    """Change the address in pyproject.toml."""
    path = root / "pyproject.toml"
    text = path.read_text(encoding="utf-8")
    text, n = re.subn(r"(?m)^Repository = .*$", f'Repository = "{url}"', text)
    text, m = re.subn(r'(?m)^branch = "[^"]*"', f'branch = "{branch}"', text)
    assert n == m == 1
    path.write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def placeholder(tmp_path_factory):
    """Make a copy of what a stamp reads and writes, stamped with the placeholder."""
    folder = tmp_path_factory.mktemp("placeholder")
    for name in STAMPED:
        source = labs.ROOT / name
        target = folder / name
        target.parent.mkdir(exist_ok=True)
        (shutil.copytree if source.is_dir() else shutil.copy)(source, target)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(labs, "ROOT", folder)
        publish(folder, "https://github.com/OWNER/REPOSITORY")
        stamp.main(labs.lab_paths())
    return folder


@pytest.fixture
def course(placeholder, tmp_path, monkeypatch, capsys):
    """Let a copy be the repository, whose address is the placeholder."""
    shutil.copytree(placeholder, tmp_path, dirs_exist_ok=True)
    monkeypatch.setattr(labs, "ROOT", tmp_path)
    capsys.readouterr()
    return tmp_path


def test_all_is_stamped():
    names = [p.relative_to(labs.ROOT).as_posix() for p in stamp.changes(PATHS)]
    assert not names, f"run: python -m course_utils.authoring stamp ({names})"


def wrong_parts(nb, name):
    """Yield what a lab lacks to be opened in Colab, with the helpers of its release."""
    address = stamp.read_address()
    lines = [line for line in nb.cells[0].source.splitlines() if "open-in-" in line]
    if lines != [stamp.badges(name, address)]:
        yield f"below the title must stand: {stamp.badges(name, address)}"
    tagged = [c for c in nb.cells if stamp.COLAB_TAG in c.metadata.get("tags", [])]
    if tagged != labs.code_cells(nb)[:1]:
        yield "the first code cell, and no other, has the tag colab"
    package = stamp.package_url(address, course_utils.__version__)
    for cell in tagged:
        if cell.source != stamp.colab_cell(package):
            yield f"the cell tagged colab must be:\n{stamp.colab_cell(package)}"
        if not cell.metadata.get("jupyter", {}).get("source_hidden"):
            yield 'the cell tagged colab has no jupyter={"source_hidden": true}'


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_lab_opens_in_colab(path):
    assert list(wrong_parts(labs.read_lab(path), path.stem)) == []


def another_badge(nb):
    nb.cells[0].source = nb.cells[0].source.replace("/07_mnist", "/05_mnist")


def no_badge(nb):
    nb.cells[0].source = "# 7. MNIST, two digits"


def no_tag(nb):
    del labs.code_cells(nb)[0].metadata["tags"]


def two_tags(nb):
    labs.code_cells(nb)[1].metadata["tags"] = ["colab"]


def unfolded(nb):
    del labs.code_cells(nb)[0].metadata["jupyter"]


def with_dependencies(nb):
    cell = labs.code_cells(nb)[0]
    cell.source = cell.source.replace("--no-deps", "--upgrade")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (another_badge, "below the title"),
        (no_badge, "below the title"),
        (no_tag, "the first code cell"),
        (two_tags, "the first code cell"),
        (unfolded, "source_hidden"),
        (with_dependencies, "must be"),
    ],
)
def test_a_lab_that_does_not_open_in_colab_is_found(change, message):
    (path,) = labs.lab_paths(["07"])
    nb = labs.read_lab(path)
    change(nb)
    assert message in "\n".join(wrong_parts(nb, path.stem))


def test_one_address_in_all_places(course, capsys):
    before = files(course)
    publish(course, f"https://github.com/{ADDRESS.repository}", ADDRESS.branch)
    assert main(["stamp"]) == 0
    assert "notebooks/07_mnist_binary.py: stamped\n" in capsys.readouterr().out
    after = files(course)
    for path, text in after.items():
        if path.suffix == ".svg":
            continue
        assert "OWNER" not in re.sub("lead to OWNER/REPOSITORY, which", "", text), path
        urls = set(re.findall(r"(?:git\+)?https://[^\s\"()\\]+", text))
        ours = {url for url in urls if "ada-l/classes_1.0" in url}
        assert ours, path
        of_version = f"/v{course_utils.__version__}/"
        for url in ours:
            plain = path.name == "CITATION.cff"
            assert plain or "v2.1" in url or of_version in url, (path, url)
    # A line per address has changed, and of an .ipynb two cell ids as well.
    for path, text in after.items():
        lines = zip(before[path].splitlines(), text.splitlines(), strict=True)
        changed = [line for line, new in lines if line != new]
        assert all("OWNER" in line or '"id"' in line for line in changed), path
    for path in labs.lab_paths():
        script, nb = jupytext.read(path), nbformat.read(path.with_suffix(".ipynb"), 4)
        assert not list(guards.different_cells(script, nb))
        assert [cell.id for cell in nb.cells] == [
            cell.id for cell in labs.read_lab(path).cells
        ]


def test_the_notes_of_others_keep_their_addresses(course):
    notes = credits.section("The notes it grew from")
    publish(course, f"https://github.com/{ADDRESS.repository}", ADDRESS.branch)
    main(["stamp"])
    assert credits.section("The notes it grew from") == notes
    other = "https://colab.research.google.com/github/somebody/x/blob/main/Lab06.ipynb"
    assert stamp.stamped(other, ADDRESS, "1.0.0") == other


def test_a_new_version_reaches_labs_and_citation(course, monkeypatch, capsys):
    monkeypatch.setattr(course_utils, "__version__", "7.8.9")
    assert main(["stamp"]) == 0
    for path, text in files(course).items():
        if path.name == "CITATION.cff":
            assert "\nversion: 7.8.9\n" in text
            assert "\ncff-version: 1.2.0\n" in f"\n{text}"
        elif path.suffix in (".py", ".ipynb"):
            assert "/v7.8.9/course_utils-7.8.9-py3-none-any.whl" in text, path


def test_what_colab_fetches():
    release = stamp.package_url(ADDRESS, "1.2.3")
    assert release == (
        "https://github.com/ada-l/classes_1.0/releases/download/v1.2.3/"
        "course_utils-1.2.3-py3-none-any.whl"
    )
    # What is not released yet has no wheel there.
    branch = stamp.package_url(ADDRESS, "1.3.0.dev0")
    assert branch == "git+https://github.com/ada-l/classes_1.0@v2.1"
    for one, other in ((release, branch), (branch, release)):
        version = "1.3.0.dev0" if other == branch else "1.2.3"
        cell = stamp.stamped(stamp.colab_cell(one), ADDRESS, version)
        assert cell == stamp.colab_cell(other)


def test_stamped_twice(course, capsys):
    publish(course, f"https://github.com/{ADDRESS.repository}.git")
    main(["stamp"])
    times = {path: path.stat().st_mtime_ns for path in course.rglob("*.*")}
    capsys.readouterr()
    assert main(["stamp"]) == 0
    assert capsys.readouterr().out == (
        "All is as pyproject.toml says: https://github.com/ada-l/classes_1.0, "
        f"version {course_utils.__version__}\n"
    )
    assert times == {path: path.stat().st_mtime_ns for path in course.rglob("*.*")}


LAB_FILES = [
    "notebooks/07_mnist_binary.py",
    "notebooks/07_mnist_binary.ipynb",
    "tests/embedded/07_mnist_binary.ipynb",
]
VERSION = course_utils.__version__


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        *((name, "/OWNER/", "/SOMEBODY/") for name in [*LAB_FILES, "README.md"]),
        *((name, "blob/main/notebooks", "blob/old/notebooks") for name in LAB_FILES),
        *((name, f"-{VERSION}-py3", "-0.0.1-py3") for name in LAB_FILES),
        ("README.md", "blob/main/notebooks", "blob/old/notebooks"),
        ("CITATION.cff", "/OWNER/", "/SOMEBODY/"),
        ("CITATION.cff", f"\nversion: {VERSION}", "\nversion: 0.0.1"),
    ],
)
def test_a_changed_stamp_is_found_and_mended(course, name, right, wrong):
    path = course / name
    good = path.read_text(encoding="utf-8")
    assert right in good
    path.write_text(good.replace(right, wrong), encoding="utf-8")
    assert list(stamp.changes(labs.lab_paths(["07"]))) == [path]
    assert main(["stamp"]) == 0
    assert path.read_text(encoding="utf-8") == good


@pytest.mark.parametrize(
    ("url", "branch", "word"),
    [
        ("https://gitlab.com/a/b", "main", "Repository"),
        ("https://github.com/a", "main", "Repository"),
        ("https://github.com/a/b/tree/main", "main", "Repository"),
        ("git@github.com:a/b.git", "main", "Repository"),
        ("", "main", "Repository"),
        ("https://github.com/a/b", "feature/x", "branch"),
        ("https://github.com/a/b", "", "branch"),
    ],
)
def test_bad_address(course, capsys, url, branch, word):
    before = files(course)
    publish(course, url, branch)
    assert main(["stamp"]) == 2
    error = capsys.readouterr().err
    assert re.fullmatch(rf"error: .*pyproject\.toml: {word} under .*\n", error)
    assert files(course) == before


@pytest.mark.parametrize("text", ["[project]\n", "[project"])
def test_no_address(course, capsys, text):
    (course / "pyproject.toml").write_text(text, encoding="utf-8")
    assert main(["stamp"]) == 2
    assert re.fullmatch(r"error: .*pyproject\.toml.*\n", capsys.readouterr().err)


def test_the_cell_is_silent_and_idle_outside_colab(capsys):
    code = stamp.colab_cell("git+https://example.org").replace("%pip", "raise # ")
    exec(code, {})
    assert capsys.readouterr() == ("", "")


def test_images_of_the_badges_exist():
    line = stamp.badges(stamp.START, ADDRESS)
    images = re.findall(r"!\[[^]]+\]\(([^)]+)\)", line)
    assert images == ["open-in-colab.svg", "open-in-binder.svg"]
    for image in images:
        assert (labs.ROOT / "notebooks" / image).is_file()
    assert f"notebooks/{stamp.START}.ipynb" in line
    assert (labs.ROOT / "notebooks" / f"{stamp.START}.ipynb").is_file()
