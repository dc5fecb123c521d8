"""Guards over every lab: that its stored outputs can be trusted, and its form.

A guard takes a notebook and the number of its lab, and yields what is wrong with it.
test_guards.py proves that each of them bites.
"""

import difflib
import re
import statistics
from functools import cache
from itertools import pairwise, zip_longest

import jupytext
import nbformat
import pytest
from repository import run_python

from course_utils.authoring import labs, pictures, tree, words

CONVERTED = set(range(14))

# What the guards look at ----------------------------------------------------------


def numbered(nb):
    """Return (n, cell) for the code cells, with n as in ``In [n]``."""
    return enumerate(labs.code_cells(nb), 1)


def prose(nb):
    """Return the text of the markdown cells, without blocks of code."""
    cells = [cell.source for cell in nb.cells if cell.cell_type == "markdown"]
    return [re.sub(r"```.*?```", "", source, flags=re.DOTALL) for source in cells]


def sections(nb):
    """Return the sources of the code cells under each ``##`` heading, in order."""
    found, heading = {"": []}, ""
    for cell in nb.cells:
        if cell.cell_type == "code":
            found[heading].append(cell.source)
        elif cell.cell_type == "markdown":
            for heading in re.findall(r"^## (.+)$", cell.source, re.MULTILINE):
                found[heading] = []
    return found


def texts(output):
    """Return the texts of an output."""
    data = output.get("data", {}).items()
    yield from (text for key, text in data if key.startswith("text/"))
    yield from (output[key] for key in ("text", "evalue") if key in output)
    yield from output.get("traceback", [])


def pngs(cell):
    """Return the figures of a cell, each in base64."""
    found = (output.get("data", {}).get("image/png") for output in cell.outputs)
    return [png for png in found if png]


# Guards over the cells ------------------------------------------------------------


def title(nb, number):
    if not re.match(rf"# {number}\. \S", nb.cells[0].source):
        yield f"the first cell does not begin with '# {number}. Title'"


def opening(nb, number):
    start = nb.cells.index(labs.code_cells(nb)[0])
    text = "\n".join(cell.source for cell in nb.cells[:start])
    for needed in map(words.bold, ("aims", "needs", "takes")):
        if needed not in text:
            yield f"no {needed} before the first code"


def setup(nb, number):
    for n, cell in list(numbered(nb))[:2]:  # Colab's, and the lab's own
        if len(cell.source.splitlines()) > 12:
            yield f"In [{n}], for the setup, has more than 12 lines"


def exercises(nb, number):
    title = words.word("exercises")
    checks = "".join(sections(nb).get(title, [])).count(".check(")
    needed = 4 if number else 1  # lab 0 is an introduction
    if checks < needed:
        yield f"{checks} of {needed} exercises under ## {title}"


def summary(nb, number):
    last, deeper = words.heading("summary"), words.heading("deeper")
    headings = [f"## {title}" for title in sections(nb)]
    if headings[-1] == deeper:  # what is optional may follow
        headings.pop()
    if headings[-1] != last:
        yield f"the last section, or the last before {deeper}, is not {last}"


def questions(nb, number):
    """Yield where a question is answered before the reader could commit."""
    waiting, seen, n = {}, set(), 0
    for cell in nb.cells:
        n += cell.cell_type == "code"
        lines = cell.source.splitlines() if cell.cell_type == "code" else []
        asks = [line for line in lines if re.match(r"\s*lab\d\d\.\w+\.ask\(\)", line)]
        if asks and len(asks) < len(list(filter(None, lines))):
            # Paper, pages and slides show the question in the place of the cell.
            yield f"In [{n}]: a question stands in a cell of its own"
        for line in lines:
            call = re.match(r"\s*(lab\d\d\.\w+)\.(ask|result)\(\)", line)
            if call and call[2] == "ask":
                waiting[call[1]] = n
                seen.add(call[1])
            elif call and call[1] not in seen:
                yield f"In [{n}]: the result of {call[1]} comes before its question"
            elif call and waiting.pop(call[1], 0) == n:
                yield f"In [{n}]: {call[1]} has its question and result in one cell"
            elif waiting and re.search(r"^[^#]*\bassert", line):
                names = ", ".join(waiting)
                yield f"In [{n}]: an assert before the result of {names}: {line}"
    yield from (f"In [{n}]: {name} has no result cell" for name, n in waiting.items())
    if number not in CONVERTED and not seen:
        return
    if words.bold("predict") in "\n".join(prose(nb)):
        yield f"a {words.bold('predict')} that takes no answer: make it a question"
    needed = 10 if number else 3
    if len(seen) < needed:
        yield f"{len(seen)} of {needed} questions"
    if number and f"lab{number:02}.warm_up" not in seen:
        yield f"lab{number:02}.warm_up is not asked"


def pitfalls(nb, number):
    tagged = any("pitfall" in cell.metadata.get("tags", []) for cell in nb.cells)
    if number and not tagged and words.word("pitfalls") not in sections(nb):
        yield f"no {words.heading('pitfalls')} and no cell tagged pitfall"


def tags(nb, number):
    for n, cell in numbered(nb):
        try:
            labs.check_cell(cell, f"In [{n}]")
        except ValueError as error:
            yield str(error)


def cell_length(nb, number):
    lengths = {n: len(cell.source.splitlines()) for n, cell in numbered(nb)}
    yield from (f"In [{n}] has {k} lines" for n, k in lengths.items() if k > 25)
    median = statistics.median(lengths.values())
    if median > 6:
        yield f"the median code cell has {median} lines"


def code_in_a_row(nb, number):
    n, row = 0, 0
    for cell in nb.cells:
        n += cell.cell_type == "code"
        row = row + 1 if cell.cell_type == "code" else 0
        if row == 3:
            yield f"In [{n}] is the third code cell in a row"


def code_style(nb, number):
    for n, cell in numbered(nb):
        for line in cell.source.splitlines():
            address = line.lstrip().startswith("%pip install")  # as long as it is
            if len(line) > 88 and not address:
                yield f"In [{n}]: more than 88 columns: {line}"
            if re.search(
                r"^\s*from .* import \*|^[^#]*;\s*(#.*)?$|plt\.show\(|\bsys\.path\b",
                line,
            ):
                yield f"In [{n}]: {line}"


def markup(nb, number):
    for text in prose(nb):
        yield from re.findall(r"<(?:details|img|br)\b", text)
        yield from re.findall(r"\\begin\{align\*?\}", text)
        outside = re.sub(r"\$\$.*?\$\$", "", text, flags=re.DOTALL)
        yield from re.findall(r"\\begin\{aligned\}", outside)


CELL_GUARDS = [
    title,
    opening,
    setup,
    exercises,
    summary,
    questions,
    pitfalls,
    tags,
    cell_length,
    code_in_a_row,
    code_style,
    markup,
]

# Guards over stored outputs -------------------------------------------------------


def stored_run(nb, number):
    try:
        labs.check_run(nb)
    except ValueError as error:
        yield str(error)


def unexpected_errors(nb, number):
    for n, cell in numbered(nb):
        tags = set(cell.metadata.get("tags", []))
        for output in cell.outputs:
            if output.output_type == "error" and "raises-exception" not in tags:
                yield f"In [{n}] stopped with {output.ename}"
            stderr = output.get("name") == "stderr"
            if stderr and not tags & {"raises-exception", "nbval-ignore-output"}:
                yield f"In [{n}] wrote to stderr: {output.text[:80]}"


def local_paths(nb, number):
    found = [cell.source for cell in nb.cells]
    for _, cell in numbered(nb):
        found += [text for output in cell.outputs for text in texts(output)]
    folders = "home|root|tmp|work|workspace|content|Users|private|mnt|opt|usr|var"
    path = rf"(?<![\w.~/-])(?:file://)?/(?:{folders})/\S*|\b[A-Za-z]:\\+Users\S*"
    for text in found:
        yield from re.findall(path, text)


def figures(nb, number):
    n = 0
    for cell, following in pairwise([*nb.cells, None]):
        n += cell.cell_type == "code"
        kinds = {k for o in cell.get("outputs", []) for k in o.get("data", {})}
        for kind in kinds:
            if kind.startswith("image/") and kind != "image/png":
                yield f"In [{n}] shows {kind}; only PNG is the same everywhere"
        explained = (
            following
            and following.cell_type == "markdown"
            and words.bold("see") in following.source
        )
        if "image/png" in kinds and not explained:
            yield f"In [{n}] shows a figure, and no {words.bold('see')} follows"


def in_words(nb, number):
    """Yield pictures that do not carry the words that they have on paper."""
    n = 0
    for cell, said in zip(nb.cells, tree.alternatives(nb), strict=True):
        n += cell.cell_type == "code"
        for output in cell.get("outputs", []):
            found = output.get("metadata", {}).get("image/png", {}).get("alt")
            if "image/png" in output.get("data", {}) and found != said:
                yield f"In [{n}]: a figure has old words, or none; refresh the lab"


def typed_numbers(nb, number):
    """Yield results that prose repeats: they stay behind when the code changes."""
    decimal = re.compile(r"(?<![\w.])[0-9]*\.[0-9]{3,}(?!\w)")
    printed = set()
    for _, cell in numbered(nb):
        for output in cell.outputs:
            printed.update(n for text in texts(output) for n in decimal.findall(text))
    for text in prose(nb):
        text = re.sub(r"\$\$.*?\$\$|\$[^$]*\$|`[^`]*`", "", text, flags=re.DOTALL)
        for typed in decimal.findall(text):
            places = len(typed.partition(".")[2])
            for result in printed:
                precise = len(result.partition(".")[2]) >= places
                if precise and round(float(result), places) == float(typed):
                    yield f"{typed} stands in the prose, {result} in an output"
                    break


def drawn_alike(nb, number):
    """Yield if figures cannot be compared: one Matplotlib has to have drawn them."""
    found = {pictures.drawn_by(png) for _, cell in numbered(nb) for png in pngs(cell)}
    found.discard("")  # a stored still, which no Matplotlib draws
    if len(found) > 1:
        yield f"Matplotlib {', '.join(sorted(found))} drew the figures; refresh the lab"


def light(nb, number):
    """Yield if a notebook is heavy: GitHub shows none of many megabytes."""
    kilobytes = len(labs.dump(nb)) / 1000
    if kilobytes > 1000:
        yield f"it has {kilobytes:.0f} kB; draw fewer figures, or smaller ones"
    if any(pictures.read(png).mode != "P" for _, c in numbered(nb) for png in pngs(c)):
        yield "a picture has too many colours; refresh the lab"


OUTPUT_GUARDS = [
    drawn_alike,
    light,
    stored_run,
    unexpected_errors,
    local_paths,
    figures,
    in_words,
    typed_numbers,
]

# Guards over pairs of files -------------------------------------------------------


def different_cells(one, other):
    pairs = zip_longest(labs.outline(one), labs.outline(other))
    for i, (left, right) in enumerate(pairs):
        if left != right:
            yield f"cell {i} differs, counted from 0: {left} and {right}"
            return


def closed_to_jupyterlab(script, stored):
    """Yield how the files differ for JupyterLab, which then refuses to open them.

    It compares headers too: that of the .py must hold the jupytext settings of
    pyproject.toml, or the pair opens from the root of the repository only.
    """
    sides = [jupytext.writes(nb, "py:percent").splitlines() for nb in (script, stored)]
    yield from difflib.unified_diff(*sides, ".py", ".ipynb", n=0, lineterm="")


def script_errors(script, cwd, **variables):
    """Yield what a script wrote to stderr if it stopped with an error."""
    variables = {"MPLBACKEND": "Agg", "PYTHONIOENCODING": "utf-8", **variables}
    done = run_python(script, cwd=cwd, **variables)
    if done.returncode:
        yield done.stderr[-2000:] or f"exit status {done.returncode}"


# The labs -------------------------------------------------------------------------

each_lab = pytest.mark.parametrize("path", labs.lab_paths(), ids=lambda path: path.stem)


read_script = cache(labs.read_lab)


@cache
def read_stored(path):
    if not path.exists():
        pytest.fail(
            f"{path.name} is missing. Run: python -m course_utils.authoring refresh",
            pytrace=False,
        )
    return nbformat.read(path, as_version=4)


def fail_if(problems):
    text = "\n".join(problems)
    if text:
        pytest.fail(text, pytrace=False)


@each_lab
@pytest.mark.parametrize("guard", CELL_GUARDS)
def test_cells(path, guard):
    fail_if(guard(read_script(path), int(path.stem[:2])))


@each_lab
@pytest.mark.parametrize("guard", OUTPUT_GUARDS)
def test_outputs(path, guard):
    fail_if(guard(read_stored(path.with_suffix(".ipynb")), int(path.stem[:2])))


@each_lab
def test_pair(path):
    script, stored = jupytext.read(path), read_stored(path.with_suffix(".ipynb"))
    fail_if(different_cells(script, stored))
    fail_if(closed_to_jupyterlab(script, stored))


@each_lab
def test_outputs_from_embedded_images(path):
    embedded = labs.ROOT / "tests" / "embedded" / f"{path.stem}.ipynb"
    if "load_mnist" not in path.read_text(encoding="utf-8"):
        assert not embedded.exists()
        return
    stored = read_stored(embedded)
    fail_if(different_cells(read_script(path), stored))
    for guard in OUTPUT_GUARDS:
        fail_if(guard(stored, int(path.stem[:2])))
    for _, cell in numbered(stored):
        for png in pngs(cell):
            assert pictures.read(png).info["Comment"] == "small"
            assert len(png) < 40_000  # a few kB; the largest has eight charts


# All labs run in test_browser.py, with every solution filled in. One of them, with all
# sorts of parts that a lab can have, shows that a plain script does as well.
def test_a_solved_lab_runs_as_a_script(tmp_path):
    (path,) = labs.lab_paths(["03"])
    script = tmp_path / path.name
    jupytext.write(labs.solve(read_script(path)), script, fmt="py:percent")
    fail_if(script_errors(script, tmp_path, COURSE_STRICT="1"))
