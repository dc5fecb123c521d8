"""Notebooks for students and instructors, and what other programs make of the labs."""

import base64
import functools
import json
import os
import re

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbconvert import HTMLExporter
from nbformat import v4
from repository import run_python
from test_handouts import plain, seen

from course_utils import workspace
from course_utils.authoring import asked, editions, labs, notebooks, words
from course_utils.authoring import plan as planning
from course_utils.authoring.__main__ import WRITERS, main

PATHS = labs.lab_paths()
by_lab = pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)

# In the place of a picture: here the words about it count.
PIXEL = base64.b64encode(b"GIF89a").decode()

stored = functools.cache(editions.read_executed)


@functools.cache
def made(path, edition):
    with pytest.MonkeyPatch.context() as patch:
        # Trying all mistakes takes long; test_handouts does.
        patch.setattr(planning, "symptom", lambda exercise, mistake: "other numbers")
        return notebooks.EDITIONS[edition](stored(path))


def read(path, edition):
    return nbformat.reads(made(path, edition), as_version=4)


# What they hold -------------------------------------------------------------------


def test_a_student_gets_the_copy_that_open_gives(tmp_path):
    workspace.make_copies(labs.ROOT / "notebooks", tmp_path)
    for path in PATHS:
        copy = tmp_path / f"{path.stem}.ipynb"
        assert copy.read_text(encoding="utf-8") == made(path, "student")


@by_lab
def test_a_student_gets_no_solution_and_no_output(path):
    nb = read(path, "student")
    nbformat.validate(nb)
    assert not any(cell.outputs for cell in labs.code_cells(nb))
    assert seen(path, json.dumps(nb))[0] == []


def results(cell):
    return [output.get("text") or output.get("data") for output in cell.outputs]


@by_lab
def test_an_instructor_gets_answers_solutions_mistakes_and_outputs(path):
    nb = read(path, "instructor")
    nbformat.validate(nb)
    labs.check_run(nb)
    assert seen(path, json.dumps(nb))[1] == []
    assert "jupytext" not in nb.metadata and "colab" not in str(nb)
    cells = {cell.source: cell for cell in labs.code_cells(nb)}
    assert nb.cells[1].source.startswith(words.bold("plan"))
    said = [cell for cell in nb.cells if cell.source.startswith("> ")]
    assert all(cell.metadata.slideshow.slide_type == "notes" for cell in said)
    notes = "\n".join(re.sub("^> ?", "", cell.source, flags=re.M) for cell in said)
    for cell in labs.code_cells(stored(path)):
        for question in asked.questions(cell):
            assert editions.as_markdown(asked.answer(question)) in notes
            for _, text in asked.wrong_answers(question):
                assert editions.as_markdown(text) in notes
        for exercise in editions.exercises(cell):
            solved = cells[labs.solve_source(cell.source, "")]
            assert exercise.right().text in solved.outputs[0].text
            assert "not attempted" not in solved.outputs[0].text
            for mistake in exercise.mistakes:
                assert plain(editions.explanation(mistake)) in plain(notes)
        if not editions.exercises(cell) and not workspace.is_for_colab(cell):
            assert results(cells[cell.source]) == results(cell) or uses(cell, nb)


def uses(cell, nb):
    """Tell whether a cell is marked as one that uses a solution."""
    (found,) = (c for c in labs.code_cells(nb) if c.source == cell.source)
    return "differs=solution" in found.metadata.get("tags", []) and not found.outputs


def test_what_uses_a_solution_has_no_old_outputs():
    found = {
        path.stem[:2]: cell.source.split("(")[0]
        for path in PATHS
        for cell in labs.code_cells(stored(path))
        if not editions.exercises(cell) and not workspace.is_for_colab(cell)
        if uses(cell, read(path, "instructor"))
    }
    assert found == {"02": "share = best_hedge", "11": "def restless"}


def test_the_word(tmp_path, capsys):
    assert main(["notebooks", "00", "--out", str(tmp_path)]) == 0
    assert "1 files, 1 of them new" in capsys.readouterr().out
    names = sorted(str(file.relative_to(tmp_path)) for file in tmp_path.rglob("*.*"))
    assert names == [
        os.path.join("instructor", "00_start_here.ipynb"),
        os.path.join("student", "00_start_here.ipynb"),
    ]


def test_one_word_makes_all_four(tmp_path, monkeypatch):
    made = []
    for word in WRITERS:
        monkeypatch.setattr(
            f"course_utils.authoring.{word}.main",
            lambda *request: made.append(request) or 0,
        )
    assert main(["build", "00", "--out", str(tmp_path)]) == 0
    assert made == [(PATHS[:1], tmp_path / word) for word in WRITERS]
    assert main(["build"]) == 0
    assert made[4:] == [(PATHS, labs.ROOT / "build" / word) for word in WRITERS]


# Pictures in words ----------------------------------------------------------------


def pngs(nb):
    """Return the outputs that are pictures."""
    outputs = [output for cell in labs.code_cells(nb) for output in cell.outputs]
    return [output for output in outputs if "image/png" in output.get("data", {})]


def test_nbconvert_has_words_for_every_picture(caplog):
    # (Its template `lab` has no place for them, in 7.17 nor at its newest; nor has
    # JupyterLab 4. Both have asked for this key: jupyter/enhancement-proposals#120.)
    about = [output.metadata for path in PATHS for output in pngs(stored(path))]
    assert len(about) > 100
    outputs = [
        v4.new_output("display_data", {"image/png": PIXEL}, metadata=each)
        for each in about
    ]
    nb = v4.new_notebook(cells=[v4.new_code_cell(outputs=outputs)])
    html, _ = HTMLExporter(template_name="classic").from_notebook_node(nb)
    assert "Alternative text is missing" not in caplog.text
    said = [each["image/png"]["alt"] for each in about]
    assert [img["alt"] for img in BeautifulSoup(html, "html.parser")("img")] == said


# Other programs -------------------------------------------------------------------

LAST_DIGITS = r"""
[last digits]
regex: (\d\.\d\d)\d+
replace: \1
"""


def run(*words, cwd):
    """Run a program as somebody does who has the course installed, and no more."""
    here = {"PYTHONPATH": str(labs.ROOT), "PYTEST_ADDOPTS": ""}
    return run_python("-m", *words, cwd=cwd, **here)


def test_nbconvert_executes_what_a_student_gets(tmp_path):
    file = tmp_path / "lab.ipynb"
    file.write_text(made(PATHS[0], "student"), encoding="utf-8")
    done = run("nbconvert", "--execute", "--to", "html", file.name, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    html = file.with_suffix(".html").read_text(encoding="utf-8")
    assert html.count('src="data:image/png') == len(pngs(stored(PATHS[0])))


def test_nbval_alone_runs_what_an_instructor_gets(tmp_path):
    path = PATHS[1]
    (tmp_path / "lab.ipynb").write_text(made(path, "instructor"), encoding="utf-8")
    (tmp_path / "digits.cfg").write_text(LAST_DIGITS, encoding="utf-8")
    nbval = ("--nbval", "--nbval-current-env", "--nbval-sanitize-with=digits.cfg")
    done = run("pytest", "-q", *nbval, "lab.ipynb", cwd=tmp_path)
    n_cells = len(labs.code_cells(read(path, "instructor")))
    assert f"\n{n_cells} passed" in done.stdout, done.stdout[-3000:]


def test_jupytext_goes_there_and_back():
    files = [path.with_suffix(".ipynb").name for path in PATHS]
    strict = ("--test-strict", "--to", "py:percent")
    done = run("jupytext", *strict, *files, cwd=labs.ROOT / "notebooks")
    assert done.returncode == 0, done.stdout + done.stderr
