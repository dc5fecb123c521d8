"""A lab that `new` began: it passes every guard, and nothing else is in the way."""

import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec

import pytest
from repository import copy_repository

from course_utils.authoring import labs, stamp
from course_utils.authoring.__main__ import main

NEW = [
    "course_utils/exercises/lab15.py",
    "notebooks/15_decision_trees.py",
    "tests/oracles/lab15.py",
]
TITLE = "Decision trees: a tale of $x < 3$"


def run(folder, *command):
    """Run a module, or code after -c, in a copy of the repository."""
    return subprocess.run(
        [sys.executable, *(["-m"] if command[0] != "-c" else []), *command],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), "COURSE_MNIST": "embedded"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def files(folder):
    found = (path for path in folder.rglob("*") if path.is_file())
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in found
        if "__pycache__" not in path.parts
    }


@pytest.fixture(scope="module")
def begun(tmp_path_factory):
    """Begin a lab in a copy of the repository, and make its outputs."""
    folder = tmp_path_factory.mktemp("new") / "course"
    copy_repository(folder)
    before = files(folder)
    done = run(folder, "course_utils.authoring", "new", "15", "decision_trees", TITLE)
    assert done.returncode == 0, done.stderr
    after = files(folder)
    changed = {name for name in after if after[name] != before.get(name)}
    done = run(folder, "course_utils.authoring", "refresh", "15")
    assert done.returncode == 0, done.stdout + done.stderr
    return folder, changed


def test_what_it_writes(begun):
    folder, changed = begun
    assert changed == {*NEW, "README.md", "notebooks/00_start_here.py"}
    readme = (folder / "README.md").read_text(encoding="utf-8")
    assert f"\n| [15 {TITLE}](notebooks/15_decision_trees.ipynb) | " in readme
    for name in NEW:
        assert not re.findall(r"@[A-Z]+@", (folder / name).read_text(encoding="utf-8"))


def test_it_passes_every_guard(begun):
    folder, _ = begun
    names = ("notebooks", "exercises", "solutions", "stamp", "package")
    tests = [f"tests/test_{name}.py" for name in names]
    chosen = "15_decision or lab15 or every_exercise or all_is_stamped or map_and_the"
    options = ["-q", "-n", "0", "-p", "no:cacheprovider", "-k", chosen]
    done = run(folder, "pytest", *options, *tests, "notebooks/15_decision_trees.ipynb")
    assert done.returncode == 0, done.stdout[-3000:]
    n_passed = int(re.search(r"(\d+) passed", done.stdout)[1])
    assert n_passed > 70  # guards, 16 mistakes, oracles, cells
    for check in (["check"], ["format", "--check"]):
        done = run(folder, "ruff", *check, ".")
        assert done.returncode == 0, done.stdout


def test_it_goes_onto_paper_and_slides(begun):
    pytest.importorskip("pypandoc", reason="paper needs pypandoc")
    folder, _ = begun
    words = ["handouts", "slides"]
    if all(map(find_spec, ("sphinx", "furo"))):
        words.append("site")
    all_at_once = (
        f"from course_utils.authoring.__main__ import main\n"
        f"raise SystemExit(any(main([word, '15']) for word in {words}))"
    )
    done = run(folder, "-c", all_at_once)
    assert done.returncode == 0, done.stderr
    made = {path.name for path in folder.glob("build/*/*")}
    assert "15_decision_trees-instructor.pdf" in made
    assert "15_decision_trees.html" in made  # a deck, and a page of the site


# Requests that cannot be met ------------------------------------------------------


@pytest.fixture
def course(tmp_path, monkeypatch):
    """Let a copy of what `new` reads be the repository."""
    (tmp_path / "notebooks").mkdir()
    for path in labs.lab_paths(["00", "05"]):
        shutil.copy(path, tmp_path / "notebooks")
    for name in ("README.md", "pyproject.toml"):
        shutil.copy(labs.ROOT / name, tmp_path)
    monkeypatch.setattr(labs, "ROOT", tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("eleven", "trees", "Trees"), "a lab's number is 0 to 99"),
        (("111", "trees", "Trees"), "a lab's number is 0 to 99"),
        (("-1", "trees", "Trees"), "0 to 99|arguments"),
        (("5", "trees", "Trees"), "there is a lab 5 already: 05_softmax_regression"),
        (("15", "Trees", "Trees"), "a lab's name is of small letters"),
        (("15", "a/b", "Trees"), "a lab's name is of small letters"),
        (("15", "", "Trees"), "a lab's name is of small letters"),
        (("15", "trees", " "), "a title is one line"),
        (("15", "trees", "a | b"), "a title is one line"),
    ],
)
def test_a_bad_request(course, capsys, words, message):
    before = files(course)
    try:
        status = main(["new", *words])
    except SystemExit as error:  # the parser's
        status = error.code
    assert status == 2
    assert re.search(message, capsys.readouterr().err)
    assert files(course) == before


@pytest.mark.parametrize("name", ["course_utils/exercises/lab15.py", NEW[2]])
def test_nothing_is_overwritten(course, capsys, name):
    (course / name).parent.mkdir(parents=True)
    (course / name).write_text("mine", encoding="utf-8")
    before = files(course)
    assert main(["new", "15", "trees", "Trees"]) == 2
    assert capsys.readouterr().err == f"error: {name} is there already\n"
    assert files(course) == before


def test_rows_stand_in_order(course):
    assert main(["new", "16", "forests", "Forests"]) == 0
    assert main(["new", "15", "trees", "Trees"]) == 0
    readme = (course / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| \[(\d+) ", readme, re.MULTILINE)
    assert rows[-2:] == ["15", "16"] and rows == sorted(rows, key=int)
    start = (course / "notebooks" / f"{stamp.START}.py").read_text(encoding="utf-8")
    assert start.index("# | 10 ") < start.index("# | 15 T") < start.index("# | 16 F")


def test_a_table_that_is_not_there(course, capsys):
    (course / "README.md").write_text("# Another course\n", encoding="utf-8")
    assert main(["new", "15", "trees", "Trees"]) == 0
    assert "README.md: no table of labs was found" in capsys.readouterr().out
