"""Each guard of test_notebooks.py passes a good notebook and catches a bad one."""

import base64
import copy
import io
import re

import pytest
import test_notebooks as guards
from nbformat import v4
from PIL import Image, PngImagePlugin

OPENING = "# 14. Title\n\n**You will be able to** a\n\n**Needs** b\n\n**Takes** c"
MATH = "Half of 0.123 is $0.739$, see `0.739`: $$\\begin{aligned} x \\end{aligned}$$"


def figure(version, mode="P"):
    """Return an output with a picture that a Matplotlib says to have drawn."""
    note = PngImagePlugin.PngInfo()
    note.add_text("Software", f"Matplotlib version{version}, https://matplotlib.org/")
    file = io.BytesIO()
    Image.new(mode, (2, 2)).save(file, "PNG", pnginfo=note)
    png = base64.b64encode(file.getvalue()).decode()
    about = {"image/png": {"alt": "A line, see https://a.b/c"}}
    return v4.new_output("display_data", {"image/png": png}, metadata=about)


FIGURE = figure("3.11.2")
PRINTED = v4.new_output("stream", name="stdout", text="loss 0.738749\n")
STDERR = v4.new_output("stream", name="stderr", text="careful\n")
ERROR = v4.new_output("error", ename="ValueError", evalue="no", traceback=[])


def good():
    """Make a notebook with which every guard is content."""
    check = "def f(x):\n    ...\n\n\nlab14.f.check(f)"
    nb = v4.new_notebook(
        cells=[
            v4.new_markdown_cell(OPENING),
            v4.new_code_cell("import torch"),
            v4.new_markdown_cell(MATH),
            v4.new_code_cell("print(loss)", outputs=[PRINTED]),
            v4.new_code_cell(
                "plot()", outputs=[FIGURE], metadata={"tags": ["pitfall"]}
            ),
            v4.new_markdown_cell("**What you should see** A line, see https://a.b/c"),
            v4.new_markdown_cell("## Exercises"),
            v4.new_code_cell(check),
            v4.new_code_cell(check),
            v4.new_markdown_cell("More."),
            v4.new_code_cell(check),
            v4.new_code_cell(check),
            v4.new_markdown_cell("## Summary"),
        ]
    )
    for n, cell in guards.numbered(nb):
        cell.execution_count = n
    return copy.deepcopy(nb)


def edit(position, source):
    """Make a change that gives a cell another source."""

    def change(nb):
        nb.cells[position].source = source

    return change


def show(position, output):
    """Make a change that gives a cell another output."""

    def change(nb):
        nb.cells[position].outputs = [copy.deepcopy(output)]

    return change


def tag(position, *tags):
    """Make a change that gives a cell other tags."""

    def change(nb):
        nb.cells[position].metadata["tags"] = list(tags)

    return change


def long_cells(nb):
    for cell in nb.cells:
        cell.source = "x = 1\n" * 7


def shorter(nb):
    nb.cells.pop()


def not_run(nb):
    nb.cells[3].execution_count = None


def unexplained_at_the_end(nb):
    nb.cells.append(v4.new_code_cell("plot()", outputs=[FIGURE]))


def deeper(nb):
    nb.cells.append(v4.new_markdown_cell("## Deeper"))


def ask(*lines):
    """Make a change that gives the first three code cells other sources."""

    def change(nb):
        for cell, line in zip(nb.cells[1:5:1], [*lines, "", "", ""], strict=False):
            cell.cell_type, cell.source = "code", line

    return change


def predict_as_well(nb):
    edit(2, "**Predict** What now?")(nb)
    edit(1, "lab14.q.ask()")(nb)
    edit(3, "lab14.q.result()")(nb)


BAD = [
    (guards.title, edit(0, "# 4. Title"), "# 14. Title"),
    (guards.title, edit(0, "Hello"), "# 14. Title"),
    (guards.opening, edit(0, OPENING.replace("**Takes**", "")), "Takes"),
    (guards.setup, edit(1, "import torch\n" * 13), r"In \[1\].* 12 lines"),
    (guards.setup, edit(3, "import torch\n" * 13), r"In \[2\].* 12 lines"),
    (guards.exercises, edit(8, "f(1)"), "3 of 4"),
    (guards.exercises, edit(6, "## Others"), "0 of 4"),
    (guards.summary, edit(12, "## Summary\n\n## More"), "Summary"),
    (guards.summary, edit(12, "## Deeper"), "before ## Deeper"),
    (guards.questions, ask("lab14.q.ask()"), r"In \[1\]: lab14.q has no result"),
    (guards.questions, ask("lab14.q.result()"), r"In \[1\]: .* before its question"),
    (guards.questions, ask("lab14.q.ask()\nlab14.q.result()"), "in one cell"),
    (
        guards.questions,
        ask("lab14.q.ask()", "assert_close(a, b)", "lab14.q.result()"),
        r"In \[2\]: an assert before the result of lab14.q",
    ),
    (
        guards.questions,
        ask("lab14.q.ask()", "assert a == b\nlab14.q.result()"),
        r"In \[2\]: an assert",
    ),
    (
        guards.questions,
        ask("x = 1\nlab14.q.ask()", "lab14.q.result()"),
        r"In \[1\]: a question stands in a cell of its own",
    ),
    (guards.questions, predict_as_well, "Predict"),
    (guards.questions, ask("lab14.q.ask()", "lab14.q.result()"), "1 of 10 questions"),
    (guards.questions, ask("lab14.q.ask()", "lab14.q.result()"), "warm_up is not"),
    (guards.pitfalls, tag(4), "pitfall"),
    (guards.tags, tag(4, "nbval-ignore-output"), r"In \[3\]: .* needs a reason"),
    (guards.drawn_alike, show(3, figure("3.10.0")), "3.10.0, 3.11.2 drew"),
    (guards.light, show(3, figure("3.11.2", "RGB")), "too many colours"),
    (guards.light, edit(3, "#" * 1_100_000), "has 1103 kB"),
    (guards.tags, tag(4, "nbval-skip"), r"In \[3\]: unknown tag 'nbval-skip'"),
    (guards.tags, edit(4, "# NBVAL_IGNORE_OUTPUT\n1"), "comment"),
    (guards.cell_length, edit(3, "x = 1\n" * 26), r"In \[2\] has 26"),
    (guards.cell_length, long_cells, "median"),
    (guards.code_in_a_row, lambda nb: nb.cells.pop(9), r"In \[6\]"),
    (guards.code_style, edit(3, "x = " + "1" * 85), "88 columns"),
    (guards.code_style, edit(3, "from torch import *"), "import"),
    (guards.code_style, edit(3, "plot();  # quiet"), "plot"),
    (guards.code_style, edit(3, "plt.show()"), "show"),
    (guards.code_style, edit(3, "sys.path.append('.')"), "path"),
    (guards.markup, edit(2, "<details>"), "details"),
    (guards.markup, edit(2, "a<br/>b"), "br"),
    (guards.markup, edit(2, "<img src='a.png'>"), "img"),
    (guards.markup, edit(2, r"$$\begin{align} x \end{align}$$"), "align"),
    (guards.markup, edit(2, r"\begin{aligned} x \end{aligned}"), "aligned"),
    (guards.stored_run, not_run, "must go 1, 2"),
    (
        guards.stored_run,
        tag(4, "raises-exception"),
        "raises-exception, but raised nothing",
    ),
    (guards.unexpected_errors, show(3, ERROR), r"In \[2\] stopped with ValueError"),
    (guards.unexpected_errors, show(3, STDERR), "careful"),
    (guards.local_paths, edit(3, "open('/home/me/x')"), "/home/me/x"),
    (guards.local_paths, edit(2, r"in C:\Users\me"), "Users"),
    (
        guards.local_paths,
        show(3, v4.new_output("stream", text="read /tmp/x.gz")),
        "/tmp/x.gz",
    ),
    (guards.figures, edit(5, "Nice."), r"In \[3\] shows a figure"),
    (guards.figures, unexplained_at_the_end, r"In \[8\] shows a figure"),
    (
        guards.figures,
        show(4, v4.new_output("display_data", {"image/svg+xml": "<svg/>"})),
        "svg",
    ),
    (guards.in_words, edit(5, "**What you should see** A"), r"In \[3\]: .* old words"),
    (guards.in_words, unexplained_at_the_end, r"In \[8\]: a figure"),
    (guards.typed_numbers, edit(2, "The loss is 0.739."), "0.739 .* 0.738749"),
    (guards.typed_numbers, edit(2, "The loss is 0.738749."), "0.738749"),
]


def found(guard, nb):
    return "\n".join(guard(nb, 14))


@pytest.mark.parametrize("guard", guards.CELL_GUARDS + guards.OUTPUT_GUARDS)
def test_good_notebook(guard):
    assert found(guard, good()) == ""
    assert guard in {bad[0] for bad in BAD}


@pytest.mark.parametrize(("guard", "change", "message"), BAD)
def test_bad_notebook(guard, change, message):
    nb = good()
    change(nb)
    assert re.search(message, found(guard, nb))


def test_a_deeper_part_may_follow_the_summary():
    nb = good()
    deeper(nb)
    assert found(guards.summary, nb) == ""


def test_an_assert_after_the_result_is_fine():
    nb = good()
    cells = ["lab14.q.ask()", "print(1)", "lab14.q.result()\nassert a", "assert b"]
    ask(*cells)(nb)
    assert "assert" not in found(guards.questions, nb)


def test_a_bare_predict_is_refused_in_a_converted_lab_only():
    nb = good()
    edit(2, "**Predict** What now?")(nb)
    assert found(guards.questions, nb) == ""
    assert "Predict" in "\n".join(guards.questions(nb, 1))


def test_the_introduction_needs_one_exercise():
    nb = good()
    for cell in nb.cells[8:]:
        cell.source = cell.source.replace(".check", "")
    assert not list(guards.exercises(nb, 0))
    edit(7, "f(1)")(nb)
    assert list(guards.exercises(nb, 0)) == ["0 of 1 exercises under ## Exercises"]


@pytest.mark.parametrize("change", [edit(3, "other"), tag(3, "pitfall"), shorter])
def test_different_cells(change):
    nb = good()
    change(nb)
    assert list(guards.different_cells(nb, good()))
    assert not list(guards.different_cells(good(), good()))


def test_closed_to_jupyterlab():
    nb = good()
    nb.metadata["jupytext"] = {"formats": "ipynb,py:percent"}
    assert not list(guards.closed_to_jupyterlab(good(), good()))
    diff = list(guards.closed_to_jupyterlab(good(), nb))
    assert "+#     formats: ipynb,py:percent" in diff


def test_script_errors(tmp_path):
    script = tmp_path / "lab.py"
    script.write_text(
        "import os\nassert os.environ['COURSE_STRICT'] == '0'\n", encoding="utf-8"
    )
    assert not list(guards.script_errors(script, tmp_path))
    (error,) = guards.script_errors(script, tmp_path, COURSE_STRICT="1")
    assert "AssertionError" in error
