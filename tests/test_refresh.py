"""Refreshing a lab without losing what was recorded with care."""

import base64
import io

import nbformat
import pytest
from nbformat import v4
from PIL import Image

from course_utils.authoring import labs, pictures
from course_utils.authoring.__main__ import main

HEADER = "# %% [markdown]\n# A text.\n\n"
TIMED = (
    "# %%\nfrom time import perf_counter\n\n"
    '# %% tags=["differs=time", "nbval-ignore-output"]\nprint(perf_counter())\n\n'
)


@pytest.fixture
def lab(tmp_path, monkeypatch):
    """A refreshed lab with a cell that prints the time; its .py."""
    path = write(HEADER + TIMED + "# %%\nprint(1)\n", tmp_path, monkeypatch)
    assert main(["refresh"]) == 0
    return path


def write(text, folder, monkeypatch):
    """Write a lab into a folder that stands for the repository."""
    monkeypatch.setattr(labs, "ROOT", folder)
    monkeypatch.setenv("COURSE_MNIST", str(folder))
    path = folder / "notebooks" / "01_timed.py"
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")
    return path


def outputs(lab):
    nb = nbformat.read(lab.with_suffix(".ipynb"), as_version=4)
    return [cell.outputs[0].text for cell in labs.code_cells(nb)[1:]]


def edit(lab, old, new):
    text = lab.read_text(encoding="utf-8")
    assert old in text
    lab.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.parametrize("times", [[], ["--times"]])
def test_recorded_times_stay_unless_asked_for(lab, times):
    time, one = outputs(lab)
    edit(lab, "print(1)", "print(2)")
    assert main(["refresh", "--force", *times]) == 0
    assert outputs(lab)[1] == "2\n" != one
    assert (outputs(lab)[0] == time) is not bool(times)


def test_a_timed_cell_with_new_code_is_recorded_anew(lab):
    edit(lab, "print(perf_counter())", 'print("new")')
    assert main(["refresh", "--force"]) == 0
    assert outputs(lab)[0] == "new\n"


def test_new_prose_needs_no_run(lab, monkeypatch):
    before = outputs(lab)
    edit(lab, "A text.", "Another text.")
    monkeypatch.setattr(labs, "execute", None)
    assert main(["refresh", "--prose"]) == 0
    nb = nbformat.read(lab.with_suffix(".ipynb"), as_version=4)
    assert nb.cells[0].source == "Another text."
    assert labs.outline(nb) == labs.outline(labs.read_lab(lab))
    assert outputs(lab) == before


def test_new_code_is_not_taken_for_prose(lab, capsys):
    before = lab.with_suffix(".ipynb").read_bytes()
    edit(lab, "print(1)", "print(2)")
    assert main(["refresh", "--prose"]) == 1
    assert "its code is new, so leave out --prose" in capsys.readouterr().out
    assert lab.with_suffix(".ipynb").read_bytes() == before


DRAWN = (
    "# %%\n1\n\n"
    "# %% [markdown]\n# **What you should see** A *line* from $x_0$ up, `c`.\n\n"
    '# %% tags=["differs=time", "nbval-ignore-output"]\n2\n\n'
    "# %% [markdown]\n# **What you should see** Down.\n"
)


def draw(nb, **_):
    """Execute cells of which each draws something."""
    file = io.BytesIO()
    Image.new("RGBA", (8, 8)).save(file, "PNG")
    png = base64.b64encode(file.getvalue()).decode()
    for n, cell in enumerate(labs.code_cells(nb), 1):
        about = {"image/png": {"width": 9}}
        cell.outputs = [
            v4.new_output("display_data", {"image/png": png}, metadata=about)
        ]
        cell.execution_count = n


def alts(lab):
    nb = nbformat.read(lab.with_suffix(".ipynb"), as_version=4)
    outputs = [cell.outputs[0] for cell in labs.code_cells(nb)]
    assert {pictures.read(o.data["image/png"]).mode for o in outputs} == {"P"}  # light
    about = [output.metadata["image/png"] for output in outputs]
    assert {each.width for each in about} == {9}
    return [each.alt for each in about]


def test_figures_carry_the_words_that_follow_them(tmp_path, monkeypatch):
    lab = write(HEADER + DRAWN, tmp_path, monkeypatch)
    monkeypatch.setattr(labs, "execute", draw)
    assert main(["refresh"]) == 0
    assert alts(lab) == ["A line from x_0 up, c.", "Down."]
    edit(lab, "Down.", "Downhill.")
    assert main(["refresh", "--prose"]) == 0
    assert alts(lab) == ["A line from x_0 up, c.", "Downhill."]


@pytest.mark.parametrize("how", [[], ["--prose"]])
def test_a_notebook_is_written_for_the_words_alone(tmp_path, monkeypatch, how):
    lab = write(HEADER + DRAWN, tmp_path, monkeypatch)
    monkeypatch.setattr(labs, "execute", draw)
    assert main(["refresh"]) == 0
    stored = lab.with_suffix(".ipynb")
    right = stored.read_text(encoding="utf-8")
    stored.write_text(right.replace('"alt": "Down."', '"alt": ""'), encoding="utf-8")
    assert alts(lab)[1] == ""
    assert main(["refresh", *how]) == 0
    assert stored.read_text(encoding="utf-8") == right
