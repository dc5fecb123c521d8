"""The pytest plugin, and the commands that make the outputs it compares with."""

import base64
import io
import os
import subprocess
import sys
import tomllib
from types import SimpleNamespace

import matplotlib as mpl
import matplotlib.pyplot as plt
import nbformat
import pytest
from nbformat import v4
from PIL import Image, PngImagePlugin

from course_utils import plots
from course_utils.authoring import labs, pictures, refresh
from course_utils.authoring.__main__ import main
from course_utils.exercises.checks import Exercise

pytest_plugins = ["pytester"]


def stream(text, name="stdout"):
    return v4.new_output("stream", name=name, text=text)


def result(text):
    return v4.new_output("execute_result", {"text/plain": text}, execution_count=1)


def notebook(*cells):
    """Make a notebook from (source, outputs, tags), run in order."""
    return v4.new_notebook(
        cells=[
            v4.new_code_cell(
                source, outputs=outputs, execution_count=i, metadata={"tags": tags}
            )
            for i, (source, outputs, tags) in enumerate(cells, 1)
        ]
    )


def run_pytest(pytester, *args):
    plugin = ["-p", "course_utils.authoring.regression", "--nbval"]
    return pytester.runpytest_inprocess(*plugin, "--nbval-current-env", *args)


CELLS = {
    "same": ("print(1)", [stream("1\n")], [], "passed"),
    "close": ("print(0.738749)", [stream("0.738751\n")], [], "passed"),
    "number": ("print(0.74)", [stream("0.738751\n")], [], "failed"),
    "word": ("print('b 0.5')", [stream("a 0.5\n")], [], "failed"),
    "missing": ("1", [stream("1\n")], [], "failed"),
    "extra": ("print(1)\n2", [result("2")], [], "failed"),
    "second": ("print(1); 2.0001", [stream("1\n"), result("2.0002")], [], "passed"),
    "order": (
        "display(1.0001); display(3)",
        [result("3"), result("1.0002")],
        [],
        "failed",
    ),
    "stderr": ("import sys; print(1, file=sys.stderr)", [], [], "failed"),
    "mime": (
        "display({'text/html': '1.0001', 'text/plain': '1'}, raw=True)",
        [v4.new_output("display_data", {"text/html": "1.0002", "text/plain": "1"})],
        [],
        "passed",
    ),
    "exact": ("print(1.0001)", [stream("1.0002\n")], ["nbval-exact"], "failed"),
    "rtol": ("print(1.05)", [stream("1.00\n")], ["nbval-rtol=0.1"], "passed"),
    "ignored": (
        "print(2)",
        [stream("1\n")],
        ["nbval-ignore-output", "differs=time"],
        "passed",
    ),
    "raises": (
        "raise ValueError('1.0001')",
        [v4.new_output("error", ename="ValueError", evalue="1.0002", traceback=[])],
        ["raises-exception"],
        "passed",
    ),
    "no longer raises": (
        "pass",
        [v4.new_output("error", ename="ValueError", evalue="1", traceback=[])],
        ["raises-exception"],
        "failed",
    ),
    "sanitized": ("print('id 7', 1.0001)", [stream("id 8 1.0002\n")], [], "passed"),
}


def test_outcome_of_each_cell(pytester, monkeypatch):
    monkeypatch.setenv("COURSE_MNIST", "disk")
    cells = [cell[:3] for cell in CELLS.values()]
    nbformat.write(notebook(*cells), pytester.path / "lab.ipynb")
    pytester.makefile(".cfg", sanitize=r"regex: id \d+" "\nreplace: id")
    run = run_pytest(pytester, "--nbval-sanitize-with", "sanitize.cfg", "lab.ipynb")
    reports = run.reprec.getreports("pytest_runtest_logreport")
    outcomes = [report.outcome for report in reports if report.when == "call"]
    expected = {name: cell[3] for name, cell in CELLS.items()}
    assert dict(zip(CELLS, outcomes, strict=True)) == expected
    assert "MNIST: full (stored outputs in notebooks/)" in run.outlines


def test_embedded_images_have_their_own_stored_outputs(pytester, monkeypatch):
    for name, value in {
        "COURSE_MNIST": "embedded",
        "COURSE_STATIC": "0",
        "COURSE_STRICT": "1",
        "MPLBACKEND": "agg",
        "OMP_NUM_THREADS": "2",
        "TQDM_DISABLE": "0",
    }.items():
        monkeypatch.setenv(name, value)
    source = "import os\n' '.join(v for k, v in sorted(os.environ.items()) if k in {})"
    source = source.format(sorted(labs.kernel_environment()))
    pytester.mkdir("notebooks")
    pytester.path.joinpath("tests", "embedded").mkdir(parents=True)
    here, embedded = pytester.path / "notebooks", pytester.path / "tests/embedded"
    inline = "module://matplotlib_inline.backend_inline"
    right = result(repr(f"embedded off 1 0 {inline} 2 1"))
    nbformat.write(notebook((source, [result("other")], [])), here / "a.ipynb")
    nbformat.write(notebook((source, [right], [])), embedded / "a.ipynb")
    nbformat.write(notebook(("1", [result("1")], [])), here / "stale.ipynb")
    nbformat.write(notebook(("2", [result("2")], [])), embedded / "stale.ipynb")

    run = run_pytest(pytester, "notebooks", "--continue-on-collection-errors")
    run.assert_outcomes(passed=1, errors=1)
    run.stdout.fnmatch_lines(["MNIST: embedded images*", "*stale.ipynb is stale*"])
    run.stdout.fnmatch_lines(["*course_utils.authoring refresh stale*"])


PLOT = """\
import matplotlib.pyplot as plt
plt.plot([1, {}])
plt.axis((0, 2, 0, 4))
plt.show()"""
FIGURE_CELLS = {
    "same": ([3], [], "passed"),
    "noise": ([3.001], [], "passed"),
    "other": ([3, 3.2], [], "failed"),
    "ignored": ([3, 3.2], ["nbval-ignore-output", "differs=time"], "passed"),
    "figure ignored": ([3, 3.2], ["ignore-figures", "differs=rounding"], "passed"),
}


def draw(*values):
    """Return the outputs of a cell that draws, as `refresh` would store them."""
    source = PLOT.format(", ".join(map(str, values)))
    nb = v4.new_notebook(cells=[v4.new_code_cell(source)])
    labs.execute(nb, source="embedded", cwd=labs.ROOT)
    refresh.describe(nb)
    assert nb.cells[0].outputs[0].metadata["image/png"].alt  # it is not compared
    return nb.cells[0].outputs


def test_figures_are_compared(pytester, monkeypatch):
    monkeypatch.setenv("COURSE_MNIST", "disk")
    full = draw(3)
    copy = [output.copy() for output in full]
    copy[0].data = full[0].data | {
        "image/png": pictures.small(full[0].data["image/png"])
    }
    for outputs, name in ((full, "full.ipynb"), (copy, "small.ipynb")):
        cells = [
            (PLOT.format(", ".join(map(str, values))), outputs, tags)
            for values, tags, _ in FIGURE_CELLS.values()
        ]
        nbformat.write(notebook(*cells), pytester.path / name)
        run = run_pytest(pytester, name)
        reports = run.reprec.getreports("pytest_runtest_logreport")
        outcomes = [report.outcome for report in reports if report.when == "call"]
        assert outcomes == [outcome for _, _, outcome in FIGURE_CELLS.values()]
        stem = name.removesuffix(".ipynb")
        found = (
            f"In [[]3[]], figure 1: * pixels differ. Look at build/pictures/{stem}-*"
        )
        run.stdout.fnmatch_lines([found])
        made = {path.name for path in (pytester.path / "build/pictures").glob("*")}
        assert {f"{stem}-3-1-{x}.png" for x in ("new", "stored", "difference")} <= made


def test_a_figure_that_is_gone_is_noticed(pytester, monkeypatch):
    monkeypatch.setenv("COURSE_MNIST", "disk")
    stored = [v4.new_output("display_data", {"image/png": PNG})]
    source = f"display({{'image/png': '{PNG}'}}, raw=True)"
    cells = [(source, stored, []), (f"{source}\n{source}", stored, [])]
    nbformat.write(notebook(*cells), pytester.path / "lab.ipynb")
    run = run_pytest(pytester, "lab.ipynb")
    run.assert_outcomes(passed=1, failed=1)
    run.stdout.fnmatch_lines(["2 figures, and 1 are stored"])


def test_figures_of_another_matplotlib_are_not_compared(pytester, monkeypatch):
    monkeypatch.setenv("COURSE_MNIST", "disk")
    stored = [v4.new_output("display_data", {"image/png": png("3.0.0", shade=255)})]
    source = f"display({{'image/png': '{PNG}'}}, raw=True)"
    pytester.mkdir("notebooks")
    path = pytester.path / "notebooks" / "lab.ipynb"
    nbformat.write(notebook((source, stored, [])), path)
    run = run_pytest(pytester, "notebooks")
    run.assert_outcomes(passed=1)
    drawn = f"Figures: NOT compared; Matplotlib 3.0.0 drew them, not {mpl.__version__}"
    assert drawn in run.outlines
    stored[0].data["image/png"] = png(mpl.__version__, shade=255)
    nbformat.write(notebook((source, stored, [])), path)
    run = run_pytest(pytester, "notebooks")
    run.assert_outcomes(failed=1)
    assert "Figures: compared with the stored ones" in run.outlines


def test_text_without_an_encoding_is_an_error_in_the_workers(pytester, monkeypatch):
    monkeypatch.setenv("COURSE_MNIST", "disk")
    text = (labs.ROOT / "pyproject.toml").read_text(encoding="utf-8")
    filters = tomllib.loads(text)["tool"]["pytest"]["ini_options"]["filterwarnings"]
    lines = "\n".join(f"    {line}" for line in filters)
    pytester.makefile(".ini", pytest=f"[pytest]\nfilterwarnings =\n{lines}")
    pytester.makepyfile(
        test_text="import os, pathlib\n"
        "def test_it(): pathlib.Path(__file__).read_text()\n"
        "def test_kernels(): assert 'PYTHONWARNDEFAULTENCODING' not in os.environ\n"
    )
    plugin = ["-p", "course_utils.authoring.regression", "--nbval"]
    run = pytester.runpytest_subprocess(*plugin, "-n", "1", "test_text.py")
    run.assert_outcomes(passed=1, failed=1)
    run.stdout.fnmatch_lines(["*EncodingWarning*"])


def test_a_slider_that_is_not_shown_is_drawn_once(monkeypatch, capsys):
    monkeypatch.setenv("COURSE_STATIC", "1")
    drawn = []
    plots.slider(lambda w: drawn.append((w, plt.figure().number)), w=(0.0, 1.0, 0.5))
    ((value, number),) = drawn
    assert value == 0.5 and not plt.fignum_exists(number)
    assert "a slider for w from 0.0 to 1.0" in capsys.readouterr().out


def test_refused_at_collection(pytester, monkeypatch):
    monkeypatch.setenv("COURSE_MNIST", "disk")
    cell = ("print(1)", [stream("1\n")], [])
    bad = {
        "never_run": notebook(cell, cell),
        "order": notebook(cell, cell),
        "tag": notebook(cell, ("1", [result("1")], ["nbval-rtl=1e-2"])),
        "comment": notebook(("# NBVAL_SKIP\n1", [result("1")], [])),
        "no_error": notebook(("1", [result("1")], ["raises-exception"])),
    }
    bad["never_run"].cells[1].execution_count = None
    bad["order"].cells[1].execution_count = 3
    for name, nb in bad.items():
        nbformat.write(nb, pytester.path / f"{name}.ipynb")
    run = run_pytest(pytester)
    run.assert_outcomes(errors=len(bad))
    text = run.stdout.str()
    assert "never_run.ipynb, the stored run must go 1, 2, ... 2, not [1, None]" in text
    assert "order.ipynb, the stored run must go 1, 2, ... 2, not [1, 3]" in text
    assert "tag.ipynb, cell In [2]: unknown tag 'nbval-rtl=1e-2'" in text
    assert "comment.ipynb, cell In [1]: steer nbval by a tag" in text
    assert "no_error.ipynb, cell In [1]: tagged raises-exception" in text


def test_the_data_is_looked_for_unless_it_is_given(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COURSE_MNIST", "data/mnist")
    assert labs.mnist_source() == str(tmp_path / "data" / "mnist")
    monkeypatch.delenv("COURSE_MNIST")
    found = SimpleNamespace(find_mnist=lambda: "disk")
    monkeypatch.setitem(sys.modules, "course_utils.data", found)
    assert labs.kernel_environment()["COURSE_MNIST"] == "disk"


# The commands -------------------------------------------------------------------

KERNEL = """\
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

"""
HEADER = (
    """\
# ---
# jupyter:
#   jupytext:
#     cell_metadata_filter: tags,jupyter,slideshow,-all
#     formats: ipynb,py:percent
#     notebook_metadata_filter: kernelspec,jupytext,-all
"""
    + KERNEL
)


def png(version="", shade=0):
    """Return a PNG in base64, as if drawn by some Matplotlib."""
    note = PngImagePlugin.PngInfo()
    note.add_text("Software", f"Matplotlib version{version}, ")
    file = io.BytesIO()
    Image.new("L", (8, 8), shade).save(file, "PNG", pnginfo=note)
    return base64.b64encode(file.getvalue()).decode()


PNG = png(mpl.__version__)
GOOD = HEADER + (
    "# %% [markdown]\n# # 1. Good\n\n"
    "# %%\nimport os, time  # load_mnist\n\n\ndef f():\n    return 1\n\n\n"
    "# %%\nprint(os.environ['COURSE_MNIST'] == 'embedded')\n\n"
    f"# %%\ndisplay({{'image/png': '{PNG}', 'text/plain': '1'}}, raw=True)\n\n"
    '# %% tags=["nbval-ignore-output", "differs=time"]\nprint(time.perf_counter())\n\n'
    "# %%\nprint(1, flush=True)\nprint(2)\n"
)
BAD = HEADER + "# %%\n1\n\n# %%\n1 / 0\n\n# %%\n2\n"


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A course with a lab that runs and one that does not."""
    folder = tmp_path / "notebooks"
    folder.mkdir()
    (folder / "01_good.py").write_text(GOOD, encoding="utf-8")
    (folder / "02_bad.py").write_text(BAD, encoding="utf-8")
    monkeypatch.setattr(labs, "ROOT", tmp_path)
    monkeypatch.setenv("COURSE_MNIST", str(tmp_path))
    return tmp_path


def files(folder):
    return {path.name: path.read_bytes() for path in folder.glob("*")}


def test_run(course, capsys):
    assert main(["run"]) == 1
    out = capsys.readouterr().out.splitlines()
    assert out[0].split() == ["lab", "time", "result"]
    assert out[1].startswith("01_good ") and out[1].endswith("  ok")
    assert out[2].startswith("02_bad ")
    assert out[2].endswith("failed at cell In [2]: ZeroDivisionError: division by zero")
    copies = course / "build" / "labs"
    assert sorted(files(copies)) == ["01_good.ipynb", "02_bad.ipynb"]
    nb = nbformat.read(copies / "02_bad.ipynb", as_version=4)
    assert [len(cell.outputs) for cell in nb.cells] == [1, 1, 0]


def test_a_character_that_the_terminal_lacks(course, monkeypatch):
    """Windows writes to files and pipes in cp1252."""
    path = course / "notebooks" / "02_bad.py"
    path.write_text(HEADER + "# %%\nraise ValueError('σ ≤ 1')\n", encoding="utf-8")
    out = io.TextIOWrapper(io.BytesIO(), encoding="cp1252")
    monkeypatch.setattr(sys, "stdout", out)
    assert main(["run", "02"]) == 1
    out.flush()
    assert rb"ValueError: \u03c3 \u2264 1" in out.buffer.getvalue()


def test_refresh(course, capsys):
    notebooks, embedded = course / "notebooks", course / "tests" / "embedded"
    silent = notebooks / "03_silent.py"
    silent.write_text(HEADER + '# %% tags=["raises-exception"]\n1\n', encoding="utf-8")
    assert main(["refresh"]) == 1
    out = capsys.readouterr().out
    assert "failed at cell In [2]: ZeroDivisionError" in out
    assert "failed at cell In [1]: tagged raises-exception, but raised nothing" in out
    names = {"01_good.ipynb", "01_good.py", "02_bad.py", "03_silent.py"}
    assert set(files(notebooks)) == names
    first = {**files(notebooks), "embedded": files(embedded)}

    nb = nbformat.read(notebooks / "01_good.ipynb", as_version=4)
    small = nbformat.read(embedded / "01_good.ipynb", as_version=4)
    labs.check_run(nb)
    assert [c.outputs[0].text for c in (nb.cells[2], small.cells[2])] == [
        "False\n",
        "True\n",
    ]
    assert nb.cells[3].outputs[0].data == {
        "image/png": pictures.light(PNG),
        "text/plain": "1",
    }
    assert small.cells[3].outputs[0].data == {
        "image/png": pictures.small(PNG),
        "text/plain": "1",
    }
    assert [output.text for output in nb.cells[5].outputs] == ["1\n2\n"]
    assert nb.metadata.jupytext.formats == "ipynb,py:percent"
    assert b"\r" not in first["01_good.ipynb"]
    assert b"version" not in first["01_good.ipynb"].replace(b'"version": 3', b"")

    # Only the cell that prints the time came out otherwise, so the bytes stay.
    assert main(["refresh", "01"]) == 0
    assert capsys.readouterr().out.endswith("unchanged\n")
    assert {**files(notebooks), "embedded": files(embedded)} == first


def test_refresh_does_not_overwrite_edits(course, capsys):
    path = course / "notebooks" / "01_good.ipynb"
    nb = labs.read_lab(path.with_suffix(".py"))
    nb.cells[1].source += "\nprint('edited')"
    labs.write_atomically(path, labs.dump(nb))
    os.utime(path.with_suffix(".py"), (1e9, 1e9))
    before = files(path.parent)
    assert main(["refresh"]) == 2
    assert "01_good.ipynb was edited after 01_good.py" in capsys.readouterr().err
    assert files(path.parent) == before


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("run 99", "there is no lab '99'; the labs are: 01_good, 02_bad"),
        ("run build", "there is no lab 'build'"),
        ("refresh", "the stored outputs are made from the whole of MNIST"),
        ("run 01", "build"),  # a file is where the folder should be
    ],
)
def test_bad_input(course, capsys, monkeypatch, command, message):
    (course / "build").write_text("not a folder", encoding="utf-8")
    monkeypatch.setenv("COURSE_MNIST", "embedded")
    assert main(command.split()) == 2
    err = capsys.readouterr().err
    assert err.startswith("error: ") and message in err and err.count("\n") == 1


def test_refresh_refuses_unknown_tags(course, capsys):
    path = course / "notebooks" / "02_bad.py"
    path.write_text('# %% tags=["nbval_exact"]\n1\n', encoding="utf-8")
    assert main(["refresh"]) == 2
    assert (
        "02_bad.py, cell In [1]: unknown tag 'nbval_exact'" in capsys.readouterr().err
    )


def test_lab_paths(course):
    good, bad = (course / "notebooks" / f"{name}.py" for name in ("01_good", "02_bad"))
    assert labs.lab_paths() == [good, bad]
    assert labs.lab_paths(["02", "01_good", str(bad)]) == [good, bad]
    assert labs.lab_paths([str(good.with_suffix(".ipynb"))]) == [good]


def test_cell_ids_follow_the_sources(course):
    path = course / "notebooks" / "01_good.py"
    ids = [cell.id for cell in labs.read_lab(path).cells]
    path.write_text(GOOD + "\n# %%\nprint(1, flush=True)\nprint(2)\n", encoding="utf-8")
    longer = [cell.id for cell in labs.read_lab(path).cells]
    assert longer[:-1] == ids
    assert len(set(longer)) == len(longer)


def test_pairing_is_set_in_pyproject(course):
    settings = {
        "cell_metadata_filter": "tags,jupyter,slideshow,-all",
        "formats": "ipynb,py:percent",
        "notebook_metadata_filter": "kernelspec,jupytext,-all",
    }
    lines = [f'{name} = "{value}"' for name, value in settings.items()]
    (course / "pyproject.toml").write_text(
        "\n".join(["[tool.jupytext]", *lines]), encoding="utf-8"
    )
    path = course / "notebooks" / "02_bad.py"
    path.write_text("# ---\n# jupyter:\n" + KERNEL + "# %%\n1\n", encoding="utf-8")
    assert labs.read_lab(path).metadata.jupytext == settings


def test_solve(monkeypatch):
    source = "def double(x):\n    # doubled\n    return 2 * x"
    exercise = Exercise.__new__(Exercise)
    exercise.solution_source = lambda: source
    module = SimpleNamespace(double=exercise)
    monkeypatch.setitem(sys.modules, "course_utils.exercises.lab98", module)
    stub = 'def double(x):\n    """Say 2x."""\n    ...  # here'
    check = "\n\n\nlab98.double.check(double)"
    own = "def double(x):\n    return 3 * x"
    nb = notebook((stub + check, [], []), (own + check, [], []), (stub, [], []))
    solved = [cell.source for cell in labs.solve(nb).cells]
    assert solved == [source + check, own + check, stub]
    assert nb.cells[0].source == stub + check

    nb = notebook(
        (stub.replace("double", "triple") + "\nlab98.triple.check(triple)", [], [])
    )
    with pytest.raises(
        labs.LabError, match=r"In \[1\]: the stub triple has no exercise"
    ):
        labs.solve(nb)


def test_fonts_are_looked_for_before_a_lab_runs():
    """A stranger's first test failed at the message that this takes a moment."""
    code = "import sys, pytest; pytest.main(['--nbval', '--co', '-q', '-n0', __file__])"
    code = code.replace("__file__", repr("tests/test_package.py"))
    code += "; print('matplotlib.font_manager' in sys.modules)"
    command = [sys.executable, "-c", code]
    done = subprocess.run(
        command, cwd=labs.ROOT, capture_output=True, encoding="utf-8", check=True
    )
    assert done.stdout.splitlines()[-1] == "True"
