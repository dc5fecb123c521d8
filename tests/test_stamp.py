"""The repository's address: what the labs hold agrees with pyproject.toml."""

import re
import shutil

import jupytext
import nbformat
import pytest
import test_notebooks as guards

from course_utils.authoring import labs, stamp
from course_utils.authoring.__main__ import main

ADDRESS = stamp.Address("ada-l/classes_1.0", "v2.1")
STAMPED = ["notebooks", "tests/embedded", "README.md", "pyproject.toml"]


def files(root):
    """Return the text of each file that a stamp may change, by its path."""
    found = [root / "README.md", *root.glob("notebooks/*.*")]
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


@pytest.fixture
def course(tmp_path, monkeypatch, capsys):
    """Make a copy of what a stamp reads and writes, and let it be the repository.

    It starts at the placeholder, whatever the address of this repository is.
    """
    for name in STAMPED:
        source = labs.ROOT / name
        target = tmp_path / name
        target.parent.mkdir(exist_ok=True)
        (shutil.copytree if source.is_dir() else shutil.copy)(source, target)
    monkeypatch.setattr(labs, "ROOT", tmp_path)
    publish(tmp_path, "https://github.com/OWNER/REPOSITORY")
    stamp.main(labs.lab_paths())
    capsys.readouterr()
    return tmp_path


def test_all_is_stamped():
    new, _ = stamp.changes(labs.lab_paths())  # test_pair finds those to be refreshed
    names = [str(path.relative_to(labs.ROOT)) for path in new]
    assert not names, f"run: python -m course_utils.authoring stamp ({names})"


def test_one_address_in_all_places(course, capsys):
    before = files(course)
    publish(course, f"https://github.com/{ADDRESS.repository}", ADDRESS.branch)
    assert main(["stamp"]) == 0
    assert "refresh" not in capsys.readouterr().out
    after = files(course)
    for path, text in after.items():
        if path.suffix == ".svg":
            continue
        urls = set(re.findall(r"(?:git\+)?https://[^\s\"()\\]+", text))
        assert not any("OWNER" in url for url in urls), path
        ours = {url for url in urls if "ada-l/classes_1.0" in url}
        assert ours, path
        assert all("v2.1" in url for url in ours), path
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


def test_stamped_twice(course, capsys):
    publish(course, f"https://github.com/{ADDRESS.repository}.git")
    main(["stamp"])
    times = {path: path.stat().st_mtime_ns for path in course.rglob("*.*")}
    capsys.readouterr()
    assert main(["stamp"]) == 0
    assert capsys.readouterr().out == (
        "All is as pyproject.toml says: https://github.com/ada-l/classes_1.0\n"
    )
    assert times == {path: path.stat().st_mtime_ns for path in course.rglob("*.*")}


@pytest.mark.parametrize("folder", ["notebooks", "tests/embedded"])
@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("/blob/main/notebooks/06", "/blob/main/notebooks/05"),
        ("--no-deps", "--upgrade"),
        ("%pip install", "%pip download"),
    ],
)
def test_a_changed_stamp_is_found_and_mended(course, folder, right, wrong):
    (path,) = labs.lab_paths(["06"])
    stored = course / folder / "06_mnist_binary.ipynb"
    good = stored.read_text(encoding="utf-8")
    assert right in good
    stored.write_text(good.replace(right, wrong, 1), encoding="utf-8")
    new, stale = stamp.changes([path])
    assert (list(new), stale) == ([stored], [])
    assert main(["stamp"]) == 0
    assert stored.read_text(encoding="utf-8") == good


def test_a_changed_link_in_the_readme_is_found(course):
    readme = course / "README.md"
    good = readme.read_text(encoding="utf-8")
    readme.write_text(good.replace("/OWNER/", "/SOMEBODY/"), encoding="utf-8")
    assert stamp.changes([]) == ({readme: good}, [])


LAB = """\
# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
# ---

# %% [markdown]
# # 12. New
#
# Text.

# %% tags=["exercise"]
1 + 1
"""


def test_a_new_lab_gets_badge_and_cell(course, capsys):
    path = course / "notebooks" / "12_new.py"
    path.write_text(LAB, encoding="utf-8")
    nb = jupytext.reads(LAB, "py:percent")
    stored = path.with_suffix(".ipynb")
    nbformat.write(nb, stored)
    before = stored.read_bytes()
    assert main(["stamp"]) == 0
    out = capsys.readouterr().out
    assert "notebooks/12_new.py: stamped" in out
    assert out.endswith("Run: python -m course_utils.authoring refresh 12\n")
    assert stored.read_bytes() == before  # In [1] there is In [2] of the new .py

    text = path.read_text(encoding="utf-8")
    title, setup, code = jupytext.read(path).cells
    badge = stamp.badges("12_new", stamp.read_address())
    assert title.source == f"# 12. New\n\n{badge}\n\nText."
    assert setup.source == stamp.colab_cell(stamp.package_url(stamp.read_address()))
    assert (code.source, code.metadata["tags"]) == ("1 + 1", ["exercise"])
    main(["stamp"])
    assert path.read_text(encoding="utf-8") == text


@pytest.mark.parametrize("text", ["", "# %%\n1\n", "# %% [markdown]\n# # 12. New\n"])
def test_a_lab_that_cannot_be_stamped(course, capsys, text):
    before = files(course)
    publish(course, f"https://github.com/{ADDRESS.repository}")
    path = course / "notebooks" / "12_new.py"
    path.write_text(text, encoding="utf-8")
    assert main(["stamp"]) == 2
    error = capsys.readouterr().err
    assert error == (
        "error: 12_new.py must begin with its title, and have code after it\n"
    )
    path.unlink()
    assert files(course) == before


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
