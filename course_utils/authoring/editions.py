"""The editions of a lab: what of it students get, and what instructors.

A notebook goes in, another notebook or text comes out; the notebook that went in stays
as it was. (What students get to work in is `workspace.learners_edition`.)
"""

import ast
import copy
import importlib
import inspect
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from course_utils import workspace
from course_utils.authoring import asked, labs, words
from course_utils.authoring.labs import LabError
from course_utils.exercises.questions import MARKED, Question

# A use of an exercise in a lab, such as ``lab01.softmax.check(softmax)``.
USE = re.compile(
    r"^[# ]*(?P<module>lab\d\d)\.(?P<name>\w+)\.(check|hint|solution)\(", re.MULTILINE
)
# Links within the lab and to other labs lead nowhere on paper.
LINK = re.compile(r"\[([^]]+)\]\((#[^)]*|\w+\.ipynb)\)")
DISPLAY = re.compile(r"\$\$.+?\$\$", re.DOTALL)  # a formula on a line of its own
ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
SPACE_PER_LINE = 1.5  # lines to write on, for each line of the reference solution


def read_executed(path: Path) -> NotebookNode:
    """Return the stored notebook of a lab's ``.py``, with its outputs.

    Raises
    ------
    LabError
        If the notebook is missing or damaged, was never executed as a whole, or does
        not agree with the ``.py``.
    """
    stored = path.with_suffix(".ipynb")
    what_to_do = f"run: python -m course_utils.authoring refresh {path.stem[:2]}"
    if not stored.exists():
        raise LabError(f"{stored.name} is missing; {what_to_do}")
    try:
        nb = nbformat.read(stored, as_version=4)
    except (nbformat.reader.NotJSONError, nbformat.ValidationError):
        raise LabError(f"{stored.name} is not a notebook; {what_to_do}") from None
    if any(cell.execution_count is None for cell in labs.code_cells(nb)):
        raise LabError(f"{stored.name} was never executed; {what_to_do}")
    try:
        labs.check_run(nb)
    except ValueError as error:
        raise LabError(f"{stored.name}: {error}; {what_to_do}") from None
    if labs.outline(nb) != labs.outline(labs.read_lab(path)):
        raise LabError(f"{stored.name} and {path.name} differ; {what_to_do}")
    return nb


# Editions -----------------------------------------------------------------------


def student(nb: NotebookNode) -> NotebookNode:
    """Return the edition for students on paper: stubs, and no word of a solution.

    A code cell with exercises has no outputs. Its ``metadata["room"]`` says for each
    function how many ruled lines it needs on paper. For questions see `asked.mark`.
    """
    nb = _without_screen_parts(nb)
    asked.mark(nb)
    for cell in labs.code_cells(nb):
        found = exercises(cell)
        if found:
            cell.outputs = []
            cell.metadata["room"] = {e.name: _room(e) for e in found}
    return nb


def instructor(nb: NotebookNode) -> NotebookNode:
    """Return the edition for instructors on paper: solutions in place, and notes.

    The notes are markdown cells with ``metadata["note"]``: ``"timing"`` before the
    first code cell, ``"exercise"`` after each cell with exercises, and ``"answer"``
    after a cell that the lab's ``notes`` are about. Cells that ask a question have
    ``metadata["answered"]``.
    """
    nb = labs.solve(_without_screen_parts(nb))
    asked.mark(nb)
    for cell in nb.cells:
        cell.metadata.pop("tells", None)  # results stand where they are
        if "asks" in cell.metadata:
            cell.metadata["answered"] = True
        if exercises(cell):
            cell.outputs = []
    _add_notes(nb)
    return nb


def in_jupyter(nb: NotebookNode) -> NotebookNode:
    """Return the edition for instructors to run: solutions in place, notes, outputs.

    The notes are those of `instructor`, and ``"answer"`` after each cell that asks. A
    cell with an exercise has the verdict on its solution; one that uses a solution has
    no outputs, and is not compared, because the lab was run without.
    """
    nb = labs.solve(_at_home(nb))
    solved = set()
    for cell in labs.code_cells(nb):
        found = exercises(cell)
        solved |= {each.name for each in found}
        for each in found:
            stub, right = each.judge(_stub).text, each.right().text
            for output in cell.outputs:
                if output.output_type == "stream":
                    output.text = output.text.replace(stub, right)
        if not found and _uses(cell.source, solved):
            cell.outputs = []
            cell.metadata["tags"] = ["nbval-ignore-output", "differs=solution"]
    _add_notes(nb, lambda cell: map(answer_note, asked.questions(cell)))
    return nb


def _stub():
    """Stand for an exercise that nobody has begun."""
    ...


def _uses(source: str, names: set[str]) -> bool:
    """Tell whether a cell uses one of some functions of cells before."""
    try:
        found = [n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Name)]
    except SyntaxError:  # a magic is not plain Python
        return False
    own = {name.id for name in found if isinstance(name.ctx, ast.Store)}
    return any(name.id in names - own for name in found)


def _add_notes(nb: NotebookNode, answers: Callable = lambda cell: ()) -> None:
    """Put notes into a lab, in place; `answers` returns those on what a cell asks."""
    notes = lab_notes(nb)
    cells = []
    for cell in nb.cells:
        cells.append(cell)
        said = [*answers(cell)]
        said += [_answered(note) for text, note in notes.items() if text in cell.source]
        cells += [_note(text, "answer") for text in said]
        cells += [_note(exercise_note(e), "exercise") for e in exercises(cell)]
    start = next((i for i, c in enumerate(cells) if c.cell_type == "code"), len(cells))
    cells.insert(start, _note(timing_note(nb), "timing"))
    nb.cells = cells


def lab_notes(nb: NotebookNode) -> dict[str, str]:
    """Return what a lab's module says to instructors, by a text in the lab.

    A module may have ``notes``, which answer what the lab leaves open: questions "to
    think about", or what a slider shows. Each note stands after the one cell that
    contains its text.
    """
    lab = f"lab{number(nb)}"
    try:
        module = importlib.import_module(f"course_utils.exercises.{lab}")
    except ModuleNotFoundError:
        return {}
    notes = getattr(module, "notes", {})
    for text in notes:
        n = sum(text in cell.source for cell in nb.cells)
        if n != 1:
            raise LabError(f"{lab}: {n} cells contain {text!r}, which has a note")
    return notes


def _at_home(nb: NotebookNode) -> NotebookNode:
    """Return a copy without what is for Colab and Binder alone: badges and a cell."""
    nb = copy.deepcopy(nb)
    nb.cells = [cell for cell in nb.cells if not workspace.is_for_colab(cell)]
    for cell in nb.cells:
        cell.source = workspace.BADGES.sub("", cell.source)
    return nb


def _without_screen_parts(nb: NotebookNode) -> NotebookNode:
    """Drop what makes sense on a screen only: badges, links, Colab's cell, tags."""
    nb = _at_home(nb)
    for cell, following in zip(nb.cells, [*nb.cells[1:], None], strict=True):
        pitfall = "pitfall" in cell.metadata.get("tags", [])
        cell.metadata = NotebookNode({"pitfall": True} if pitfall else {})
        if cell.cell_type == "code":
            continue
        source = LINK.sub(r"\1", cell.source)
        if following:  # a quiz shows the code of the cell that it asks about
            source = source.replace(f"```python\n{following.source}\n```", "")
        # A line that starts with + inside of a formula is no list.
        source = DISPLAY.sub(lambda m: " ".join(m[0].split()), source)
        cell.source = re.sub(r"<!--.*?-->\n*", "", source, flags=re.DOTALL).strip()
    return nb


def exercises(cell: NotebookNode) -> list:
    """Return the `Exercise` objects that a cell uses, each once, in order."""
    if cell.cell_type != "code":
        return []
    uses = dict.fromkeys((m["module"], m["name"]) for m in USE.finditer(cell.source))
    from course_utils.exercises.checks import find  # here, because it imports torch

    try:
        return [find(module, name) for module, name in uses]
    except LookupError as error:
        raise LabError(str(error)) from None


def _room(exercise) -> int:
    # Written anew, without comments and without lines that were broken for them.
    n_lines = len(ast.unparse(ast.parse(body(exercise.reference))).splitlines())
    return min(max(4, round(SPACE_PER_LINE * n_lines) + 2), 14)


def body(function) -> str:
    """Return the source of a function's body, without docstring and indent."""
    source = inspect.cleandoc("\n" + inspect.getsource(function))
    node = ast.parse(source).body[0]
    statements = node.body[1:] if ast.get_docstring(node) else node.body
    if not statements:
        return "..."
    first = statements[0].lineno
    lines = source.splitlines()
    while lines[first - 2].lstrip().startswith("#"):  # a comment belongs to it
        first -= 1
    return inspect.cleandoc("\n" + "\n".join(lines[first - 1 : node.end_lineno]))


# Notes for instructors ----------------------------------------------------------


def timing_note(nb: NotebookNode) -> str:
    """Return markdown: how long a lab takes, and its exercises at a glance."""
    found = [e for cell in nb.cells for e in exercises(cell)]
    predictions = sum(len(asked.questions(cell)) for cell in nb.cells)
    lines = [
        f"{words.bold('timing')} {timing(nb)} "
        f"The lab stops {predictions} times for a prediction or a quiz question."
    ]
    if found:
        names = ", ".join(f"`{e.name}` ({len(e.mistakes)})" for e in found)
        lines.append(f"**Exercises, with the number of known mistakes** {names}.")
    return "\n\n".join(lines)


def answer_note(question: Question) -> str:
    """Return markdown: the right answer of a question, and why others are wrong."""
    found = [_answered(asked.answer(question))]
    for name, text in asked.wrong_answers(question):
        found.append(f"*{as_markdown(name)}* {as_markdown(text)}")
    return "\n\n".join(found)


def _answered(text: str) -> str:
    return f"{words.bold('answer')} {as_markdown(text)}"


def exercise_note(exercise) -> str:
    """Return markdown: hints, praise and the typical mistakes of an exercise."""
    parts = []
    if exercise.hints:
        hints = [f"{n}. {as_markdown(h)}" for n, h in enumerate(exercise.hints, 1)]
        parts += [f"{words.bold('hints')} `{exercise.name}`", "\n".join(hints)]
    if exercise.praise:
        parts.append(f"{words.bold('praise')} {as_markdown(exercise.praise)}")
    if exercise.mistakes:
        parts.append(f"{words.bold('mistakes')} `{exercise.name}`")
    sources = [body(mistake) for mistake in exercise.mistakes]
    alike = {}  # mistakes whose explanations differ in a number only
    for mistake in exercise.mistakes:
        alike.setdefault(without_numbers(explanation(mistake)), []).append(mistake)
    for mistake, *others in alike.values():
        more = f" (There are {len(others)} more like it.)" if others else ""
        name = as_markdown(mistake.__name__.replace("_", " ").capitalize())
        parts.append(f"*{name}.* {explanation(mistake)}{more}")
        source = body(mistake)
        # Code that makes several of them is of the course, and not of a learner.
        if sources.count(source) == 1 and not _hidden(mistake, source):
            parts.append(f"```python\n{source}\n```")
    return "\n\n".join(parts)


def _hidden(mistake: Callable, source: str) -> bool:
    """Tell whether a mistake's code says nothing: it calls what no page shows."""
    if "*args" in source:
        return True
    names = {n.id for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Name)}
    own = (mistake.__globals__.get(name) for name in names)
    return any(getattr(v, "__module__", "").startswith("course_utils") for v in own)


def without_numbers(text: str) -> str:
    """Return a text with 0 in the place of each number."""
    return re.sub(r"\d[\d.e-]*", "0", text)


def explanation(mistake) -> str:
    """Return the explanation of a mistake as one line of markdown."""
    return as_markdown(" ".join(inspect.cleandoc(mistake.__doc__).split()))


def as_markdown(text: str) -> str:
    r"""Return plain text as markdown, where only `code` and *words* are marked up.

    >>> as_markdown("n**2, `a_b` and the *row*")
    'n\\*\\*2, `a_b` and the *row*'
    """
    pieces = MARKED.split(text)
    for i in range(0, len(pieces), 2):
        pieces[i] = re.sub(r"([\\`*_\[\]<>$#|~^{}])", r"\\\1", pieces[i])
    return "".join(pieces)


def table(rows: Sequence[Sequence[str]]) -> str:
    """Return rows as a table in markdown; the second one says how to align."""
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _note(source: str, kind: str) -> NotebookNode:
    cell = new_markdown_cell(source, metadata={"note": kind})
    del cell["id"]  # random, and of no use on paper
    return cell


# Facts about a lab --------------------------------------------------------------


def title(nb: NotebookNode) -> str:
    """Return the lab's title with its number, such as ``"1. Softmax"``."""
    for paragraph in paragraphs(nb):
        if paragraph.startswith("# "):
            return paragraph.splitlines()[0].removeprefix("# ").strip()
    raise LabError("a lab starts with a title, # 1. Title")


def number(nb: NotebookNode) -> str:
    """Return the number of a lab, such as ``"04"``."""
    return title(nb).partition(".")[0].zfill(2)


def timing(nb: NotebookNode) -> str:
    """Return how long the lab takes, in its own words."""
    found = (words.after("takes", paragraph) for paragraph in paragraphs(nb))
    return next(filter(None, found), "")


def formulas(nb: NotebookNode) -> list[str]:
    r"""Return the lab's key formulas in markdown, in order.

    A key formula is a display formula with a name: ``$$ ... \tag{softmax}$$``.
    """
    found = [m[0] for m in DISPLAY.finditer(_prose(nb)) if "\\tag{" in m[0]]
    return [" ".join(formula.split()) for formula in found]


def pitfalls(nb: NotebookNode) -> list[tuple[str, str]]:
    """Return the lab's rules, each after the name of the pitfall that it belongs to.

    The name is that of the last heading ``### Pitfall: ...``, in markdown, or empty if
    another heading or rule has come in between.
    """
    found, name = [], ""
    for paragraph in paragraphs(nb):
        if heading := re.match(r"#+ (.*)", paragraph):
            name = words.pitfall(heading[1])
        elif rule := words.after("rule", paragraph):
            found.append((name, rule))
            name = ""
    return found


def rules(nb: NotebookNode) -> str:
    """Return the lab's rules as a list in markdown, each after its pitfall in bold."""
    lines = []
    for name, rule in pitfalls(nb):
        stop = "" if name.endswith((".", "!", "?")) else "."
        label = f"**{name[0].upper()}{name[1:]}{stop}** " if name else ""
        lines.append(f"* {label}{rule}")
    return "\n".join(lines)


def paragraphs(nb: NotebookNode) -> list[str]:
    """Return the paragraphs of all markdown cells."""
    return [p.strip() for p in re.split(r"\n\s*\n", _prose(nb))]


def _prose(nb: NotebookNode) -> str:
    cells = [cell.source for cell in nb.cells if cell.cell_type == "markdown"]
    return "\n\n".join(cells)
