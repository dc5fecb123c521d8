"""A student's worksheet: the code that matters, and tasks for a pencil."""

import ast
import base64
import functools
import io
import re

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

from course_utils.authoring import editions, labs, pictures, words
from course_utils.authoring.labs import LabError

# By the number of a lab such as "04".
lessons = functools.partial(words.data, "lessons")
# Modules and functions that draw, or that only the tests of the course need.
SILENT = {"assert_close", "explorables", "plots", "plt"}
CHEAP = {"arange", "linspace", "numpy", "range", "tensor"}  # say nothing alone


def student(nb: NotebookNode) -> NotebookNode:
    """Return the students' edition for paper."""
    nb = editions.student(nb)
    add_tasks(nb)
    cells = labs.code_cells(nb)
    found = essential([cell.source for cell in cells])
    read = {name for source in found for name in _read_names(ast.parse(source))}
    for cell, source in zip(cells, found, strict=True):
        if "room" not in cell.metadata:
            cell.source = source if cell.outputs or _says(source, read) else ""
    return nb


def _says(source: str, read: set[str]) -> bool:
    """Tell whether code does more than to give values to names that nobody reads."""
    for statement in ast.parse(source).body:
        written = _written(statement)
        if not isinstance(statement, ast.Assign) or not written or written & read:
            return True
    return False


# Tasks for a pencil ---------------------------------------------------------------


def add_tasks(nb: NotebookNode, *, for_instructors: bool = False) -> None:
    """Put the tasks for a pencil into a lab, in place, at the ends of sections."""
    lab = editions.number(nb)
    tasks = lessons().get(lab, {}).get("pencil", [])
    # From the last one, so that a task does not stand in the way of the next.
    for number, task in reversed(list(enumerate(tasks, 1))):
        where = f"lessons.toml, task {number} of lab {lab}"
        at, before, rest = _end_of_section(nb, task["section"], where)
        parts = [before, _task(task, number, for_instructors), rest]
        cells = [new_markdown_cell(part) for part in parts if part]
        if "figure" in task:
            picture = _picture(nb, task["figure"], where, task.get("part", 1))
            cells.insert(bool(before), picture)
        nb.cells[at : at + 1] = cells


def _end_of_section(nb: NotebookNode, number: int, where: str) -> tuple[int, str, str]:
    """Return the place of the cell in which the next section begins, and its parts."""
    inside = False
    for at, cell in enumerate(nb.cells):
        if cell.cell_type != "markdown":
            continue
        for heading in re.finditer(r"^## (.*)", cell.source, re.MULTILINE):
            if inside:
                start = heading.start()
                return at, cell.source[:start].rstrip(), cell.source[start:]
            inside = heading[1].startswith(f"{number}.")
    raise LabError(f"{where}: there is no section {number}, or none after it")


def _picture(nb: NotebookNode, text: str, where: str, part: float) -> NotebookNode:
    """Return a cell with the picture of the cell that contains a text.

    Of a picture that is cut, the left part comes, twice as large.
    """
    found = [c for c in nb.cells if c.cell_type == "code" and text in c.source]
    pngs = [o.data["image/png"] for c in found for o in c.outputs if "data" in o]
    if len(pngs) != 1:
        raise LabError(f"{where}: not one cell with {text!r} has a picture")
    if part < 1:
        picture = pictures.read(pngs[0])
        picture = picture.crop((0, 0, round(part * picture.width), picture.height))
        file = io.BytesIO()
        picture.save(file, "PNG", dpi=(140, 140))
        pngs = [base64.b64encode(file.getvalue()).decode()]
    output = new_output("display_data", {"image/png": pngs[0]})
    return new_code_cell(outputs=[output])


def _task(task: dict, number: int, for_instructors: bool) -> str:
    """Return a task in markdown, in groups with roles."""
    room = f".room lines={task['room']}" if "room" in task else ""
    if "squares" in task:
        room = ".squares width={} height={}".format(*task["squares"])
    answer = f"{words.bold('answer')} {task['answer']}\n"
    inside, after = f"::: answer\n{answer}:::\n", ""
    if for_instructors:
        inside, after = "", f"\n::: {{.note .answer}}\n{answer}:::\n"
    said = f"**{words.word('pencil')} {number}** {task['task']}"
    head = f":::: {{.pencil number={number}}}\n{said}\n\n::: {{{room}}}\n:::\n\n"
    return f"{head}{inside}::::\n{after}"


# Code -----------------------------------------------------------------------------


def essential(sources: list[str]) -> list[str]:
    """Return the code cells of a lab without the lines that only draw or test.

    Parameters
    ----------
    sources : list of str
        All of them, in order: what one cell makes, a later one may use.

    Returns
    -------
    list of str
        As many; a cell of which nothing is left is empty.
    """
    silent = set(SILENT)
    cells = [ast.parse(source).body for source in sources]
    dropped = [_silent(body, silent) for body in cells]
    kept = [
        node
        for body, lines in zip(cells, dropped, strict=True)
        for statement in body
        for node in ast.walk(statement)
        if getattr(node, "lineno", 0) not in lines
    ]
    used = {n.id for n in kept if isinstance(n, ast.Name) and _is_read(n)}
    for body, lines in zip(cells, dropped, strict=True):
        for statement in body:
            if _is_idle(statement, used):
                lines |= _lines(statement)
    return [_without(*pair) for pair in zip(sources, dropped, strict=True)]


def without_tests(source: str) -> str:
    """Return code without its asserts, or all of it if it has nothing else."""
    return _without(source, _tests(ast.parse(source).body)) or source


def _tests(body: list[ast.stmt]) -> set[int]:
    """Return the lines of statements that only test, outside of functions."""
    lines = set()
    for statement in body:
        match statement:
            case ast.Assert() | ast.Expr(ast.Call(ast.Name("assert_close"))):
                lines |= _lines(statement)
            case (
                ast.For(body=inside, orelse=[])
                | ast.With(body=inside)
                | ast.If(body=inside, orelse=[])
            ):
                lines |= _of_these(statement, inside)
    return lines


def _of_these(statement: ast.stmt, inside: list[ast.stmt]) -> set[int]:
    """Return the lines of tests in a statement; all of it if it has nothing else."""
    tests = _tests(inside)
    alone = all(_lines(part) <= tests for part in inside)
    return _lines(statement) if alone else tests


def _silent(body: list[ast.stmt], silent: set[str]) -> set[int]:
    """Return the lines of statements that only draw or test.

    What is made of something that draws, such as axes, becomes one of the `silent`.
    """
    lines = set()
    for statement in body:
        match statement:
            case ast.Assert():
                lines |= _lines(statement)
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                if all((name.asname or name.name) in silent for name in names):
                    lines |= _lines(statement)
            case ast.For() | ast.While() | ast.If() | ast.With():
                drawn = _drawn_targets(statement, silent)
                silent -= _targets(statement)
                silent |= drawn
                inside = _silent(statement.body, silent)
                kept = [part for part in statement.body if not _lines(part) <= inside]
                # What is left may calculate for the drawing alone.
                if inside or drawn:
                    kept = [part for part in kept if _acts(part)]
                if not kept:
                    inside |= _lines(statement)
                lines |= inside
            case ast.FunctionDef(name=name):
                silent.discard(name)
                if _reads(statement, silent):
                    silent.add(name)
                    lines |= _lines(statement)
                for part in ast.walk(statement):
                    lines |= _lines(part) if isinstance(part, ast.Assert) else set()
            case ast.Assign() | ast.Expr() | ast.AugAssign():
                if _reads(statement, silent):
                    silent |= _written(statement) - {"_"}
                    lines |= _lines(statement)
                elif isinstance(statement, ast.Assign):
                    silent -= _written(statement)  # given anew, and not drawn
    return lines


def _drawn_targets(statement: ast.stmt, silent: set[str]) -> set[str]:
    """Return the names that stand for axes in a loop."""
    match statement:
        case ast.For(
            target=ast.Tuple(elts=targets),
            iter=ast.Call(func=ast.Name(id="zip"), args=args),
        ):
            pairs = zip(targets, args, strict=False)
            drawn = [target for target, arg in pairs if _reads(arg, silent)]
        case ast.For(target=target, iter=items) if _reads(items, silent):
            drawn = [target]
        case _:
            drawn = []
    return {name for target in drawn for name in _written(target)}


def _targets(statement: ast.stmt) -> set[str]:
    """Return the names that a loop or a ``with`` gives to what it takes."""
    match statement:
        case ast.For(target=target):
            return _written(target)
        case ast.With(items=items):
            return {name for item in items for name in _written(item)}
    return set()


def _acts(statement: ast.stmt) -> bool:
    """Tell whether a statement does more than to give values to names."""
    match statement:
        case ast.Assign(targets=targets):
            return not all(isinstance(t, ast.Name | ast.Tuple) for t in targets)
        case ast.AugAssign(target=ast.Name()):
            return False
    return True


def _is_idle(statement: ast.stmt, used: set[str]) -> bool:
    """Tell whether a statement only gives names, that nobody uses, to plain values."""
    calls = (n.func for n in ast.walk(statement) if isinstance(n, ast.Call))
    names = [getattr(call, "attr", getattr(call, "id", "")) for call in calls]
    written = _written(statement)
    idle = isinstance(statement, ast.Assign) and written and not written & used
    return bool(idle) and set(names) <= CHEAP


def _read_names(tree: ast.AST) -> set[str]:
    found = (n for n in ast.walk(tree) if isinstance(n, ast.Name))
    return {name.id for name in found if _is_read(name)}


def _is_read(name: ast.Name) -> bool:
    return isinstance(name.ctx, ast.Load)


def _reads(node: ast.AST, names: set[str]) -> bool:
    """Tell whether a part of a program uses one of some names, or axes.

    Names of its own do not count: those in a function, and those that a list counts.
    """
    parts = list(ast.walk(node))
    given = {part.arg for part in parts if isinstance(part, ast.arg)}
    own = [part.target for part in parts if isinstance(part, ast.comprehension)]
    if isinstance(node, ast.FunctionDef):
        own += node.body
    for part in own:
        given |= _written(part)
    return "ax" in given or bool(_read_names(node) & (names - given))


def _written(node: ast.AST) -> set[str]:
    found = (n for n in ast.walk(node) if isinstance(n, ast.Name))
    return {name.id for name in found if isinstance(name.ctx, ast.Store)}


def _lines(statement: ast.stmt) -> set[int]:
    return set(range(statement.lineno, statement.end_lineno + 1))


def _without(source: str, dropped: set[int]) -> str:
    """Return a source without some lines, and without comments about them alone."""
    lines = source.splitlines()
    dropped = set(dropped)
    for n in range(len(lines), 0, -1):
        comments = lines[n - 1].lstrip().startswith("#")
        if comments and n + 1 in dropped:
            dropped.add(n)
    kept = [line for n, line in enumerate(lines, 1) if n not in dropped]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip("\n")  # paper is dear
