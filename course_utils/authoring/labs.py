"""Read, solve and execute the labs.

A lab is a pair: ``notebooks/NN_name.py`` in jupytext's percent format is what authors
edit; ``notebooks/NN_name.ipynb`` holds the same cells with their outputs. The tests
compare with these outputs, so both must run in the same `kernel_environment`.
"""

import ast
import asyncio
import contextlib
import copy
import hashlib
import os
import re
import signal
import subprocess
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from course_utils.authoring.tolerance import Tolerance, read_tags
from course_utils.workspace import write_atomically as write_atomically

ROOT = Path(__file__).resolve().parents[2]


# Notebooks by settings and text: to read a lab takes jupytext half a second.
_read: dict[tuple[str, str], NotebookNode] = {}


class LabError(ValueError):
    """The labs or their names are not as they must be; the text says what to do."""


class LabRunError(RuntimeError):
    """A cell of a lab stopped with an error."""


# Where and how the labs run -----------------------------------------------------


def mnist_source() -> str:
    """Return the MNIST data that labs get: ``COURSE_MNIST``, or what there is.

    It is ``"embedded"``, ``"disk"``, ``"download"`` or an absolute folder: kernels run
    in another folder than the one that a relative path was meant for.
    """
    source = os.environ.get("COURSE_MNIST")
    if not source:
        from course_utils.data import find_mnist  # here, because it imports torch

        source = find_mnist()
    if source in {"embedded", "disk", "download"}:
        return source
    return str(Path(source).expanduser().absolute())


def kernel_environment(source: str = "", *, strict: bool = False) -> dict[str, str]:
    """Return the environment variables that make a lab's outputs reproducible.

    Only the number of threads is left to the user. If ``strict``, an exercise that is
    not solved stops the lab.
    """
    return {
        "COURSE_MNIST": source or mnist_source(),
        "COURSE_PROGRESS": "off",  # what authors and tests do is no reader's progress
        "COURSE_STATIC": "1",
        "COURSE_STRICT": "1" if strict else "0",
        # Figures go into the notebook whatever the user's own backend is.
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS") or "1",
        "TQDM_DISABLE": "1",
    }


def execute(
    nb: NotebookNode,
    *,
    source: str,
    cwd: Path,
    strict: bool = False,
    timeout: float = 600,
    on_cell: Callable[[], object] | None = None,
) -> NotebookNode:
    """Run a notebook in place, in a new kernel of this Python.

    Parameters
    ----------
    nb : NotebookNode
        Gets the outputs; after a failure those up to the failure. It is returned, too.
    source, strict
        See `kernel_environment`.
    cwd : Path
        The folder in which the kernel runs.
    timeout : float
        Seconds that one cell may take.
    on_cell : callable, optional
        Called before each code cell.

    Raises
    ------
    LabRunError
        If a cell raises an error that it is not tagged for, or takes too long, or ends
        the kernel.
    """
    from jupyter_client.kernelspec import KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager
    from nbclient import NotebookClient
    from nbclient import exceptions as stops

    current = 0
    interrupted = False

    def start_notebook(notebook):
        task = asyncio.current_task()

        def stop():
            nonlocal interrupted
            interrupted = True
            task.cancel()

        # With nbclient's own handler, Ctrl-C would only start the next lab.
        with contextlib.suppress(RuntimeError):  # Windows has no handlers
            asyncio.get_running_loop().add_signal_handler(signal.SIGINT, stop)

    def start_cell(cell_index, **_):
        nonlocal current
        current += 1
        if on_cell:
            on_cell()

    client = NotebookClient(
        nb,
        # Without folders to search there is one kernel: that of this Python.
        km=AsyncKernelManager(
            kernel_name="python3", kernel_spec_manager=KernelSpecManager(kernel_dirs=[])
        ),
        timeout=timeout,
        # Twice the pixels in the same place, so that figures are sharp on paper.
        extra_arguments=["--InlineBackend.figure_formats={'retina'}"],
        resources={"metadata": {"path": str(cwd)}},
        record_timing=False,
        store_widget_state=False,
        on_notebook_start=start_notebook,
        on_cell_execute=start_cell,
    )
    environment = {**os.environ, **kernel_environment(source, strict=strict)}
    try:
        # The kernel's own stderr is its log; what a lab prints comes another way.
        client.execute(env=environment, cleanup_kc=True, stderr=subprocess.DEVNULL)
    except stops.CellExecutionError as error:
        first_line = (error.evalue or "").strip().partition("\n")[0]
        message = f"{error.ename}: {first_line}"
    except stops.CellTimeoutError:
        message = f"took longer than {timeout:g} s"
    except (stops.DeadKernelError, asyncio.CancelledError):
        if interrupted:
            raise KeyboardInterrupt from None
        message = "the kernel died"
    else:
        return nb
    raise LabRunError(f"cell In [{current}]: {message}")


# Reading labs -------------------------------------------------------------------


def lab_paths(names: Sequence[str] | None = None) -> list[Path]:
    """Return the ``.py`` files of labs, sorted by number, each once.

    A name is ``"01"``, ``"01_softmax"`` or a path; without names it is all labs.

    Raises
    ------
    LabError
        If a name belongs to no lab.
    """
    labs = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.py"))
    if not names:
        return labs
    chosen = set()
    for name in names:
        path = Path(name).resolve()
        found = [
            lab
            for lab in labs
            if {name, path} & {lab.stem, lab.stem[:2], lab, lab.with_suffix(".ipynb")}
        ]
        if not found:
            known = ", ".join(p.stem for p in labs) or "none"
            raise LabError(f"there is no lab '{name}'; the labs are: {known}")
        chosen.update(found)
    return sorted(chosen)


def read_lab(py_path: Path) -> NotebookNode:
    """Read a lab's ``.py`` as a notebook without outputs."""
    import jupytext
    from jupytext.config import load_jupytext_config

    config = load_jupytext_config(str(py_path))
    settings = repr(config and sorted(config.trait_values().items()))
    key = settings, py_path.read_text(encoding="utf-8")
    if key not in _read:
        _read[key] = jupytext.reads(key[1], {"extension": ".py"}, config=config)
    nb = copy.deepcopy(_read[key])
    if config:
        formats = config.default_formats(str(py_path))
        nb.metadata.jupytext.setdefault("formats", formats)
    if "kernelspec" not in nb.metadata:
        nb.metadata.kernelspec = {
            "display_name": "Python 3 (ipykernel)",
            "language": "python",
            "name": "python3",
        }
    set_ids(nb)
    return clean(nb)


def set_ids(nb: NotebookNode) -> None:
    """Make the cell ids from the sources, so that an unchanged cell keeps its id."""
    seen = Counter()
    for cell in nb.cells:
        key = f"{cell.cell_type}\n{cell.source}"
        seen[key] += 1
        cell.id = hashlib.sha256(f"{key}\n{seen[key]}".encode()).hexdigest()[:12]


def clean(nb: NotebookNode) -> NotebookNode:
    """Remove in place what changes from run to run though no result does."""
    kept = {"kernelspec", "language_info", "jupytext"}
    nb.metadata = NotebookNode({k: v for k, v in nb.metadata.items() if k in kept})
    nb.metadata.get("language_info", {}).pop("version", None)
    nb.metadata.get("jupytext", {}).pop("text_representation", None)
    # JupyterLab opens a pair only if lines_to_next_cell agrees in both files.
    kept = {"tags", "jupyter", "slideshow", "lines_to_next_cell"}
    for cell in nb.cells:
        metadata = {k: v for k, v in cell.metadata.items() if k in kept}
        cell.metadata = NotebookNode(metadata)
        if cell.cell_type == "code":
            cell.outputs = _merge_streams(cell.outputs)
    return nb


def _merge_streams(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Join prints that follow each other: how they were cut depends on timing."""
    merged = []
    for output in outputs:
        before = merged[-1] if merged else {}
        if "name" in output and output.name == before.get("name"):
            before.text += output.text  # only streams have names
        else:
            merged.append(output)
    return merged


def code_cells(nb: NotebookNode) -> list[NotebookNode]:
    """Return the code cells; messages count them from 1, as ``In [1]`` does."""
    return [cell for cell in nb.cells if cell.cell_type == "code"]


def outline(nb: NotebookNode) -> list[tuple[str, str, tuple[str, ...]]]:
    """Return type, source and marks of each cell: what both files of a pair hold.

    The marks are its tags, and what it is on slides, if anything.
    """
    found = []
    for cell in nb.cells:
        slides = cell.metadata.get("slideshow", {}).values()
        marks = (*cell.metadata.get("tags", ()), *slides)
        found.append((cell.cell_type, cell.source, marks))
    return found


def check_cell(cell: NotebookNode, name: str) -> Tolerance:
    """Return a code cell's tolerance, if the cell is fit to be compared.

    An error says its name, such as ``cell In [3]``.

    Raises
    ------
    ValueError
        If its tags or comments would keep nbval from comparing it as meant.
    """
    if re.search(r"^\s*#+\s*(NBVAL_|PYTEST_VALIDATE_)", cell.source, re.MULTILINE):
        raise ValueError(f"{name}: steer nbval by a tag, not by a comment")
    return read_tags(cell.metadata.get("tags", []), name)


def check_run(nb: NotebookNode) -> list[Tolerance]:
    """Return the tolerances of the code cells, if their outputs can be compared with.

    Raises
    ------
    ValueError
        If cells are missing from the run or out of order (nbval would pass a cell
        without a count), if a cell did not raise what it is tagged for, or for what
        `check_cell` refuses.
    """
    cells = code_cells(nb)
    counts = [cell.execution_count for cell in cells]
    if counts != list(range(1, len(cells) + 1)):
        raise ValueError(f"the stored run must go 1, 2, ... {len(cells)}, not {counts}")
    tolerances = []
    for number, cell in enumerate(cells, 1):
        tolerances.append(check_cell(cell, f"cell In [{number}]"))
        raised = any(output.output_type == "error" for output in cell.outputs)
        if "raises-exception" in cell.metadata.get("tags", []) and not raised:
            name = f"cell In [{number}]"
            raise ValueError(f"{name}: tagged raises-exception, but raised nothing")
    return tolerances


# The solved edition -------------------------------------------------------------


def solve(nb: NotebookNode) -> NotebookNode:
    """Return the notebook with the reference solution in the place of every stub.

    A stub is a function whose body is ``...``, perhaps after a docstring, in a cell
    that checks it: ``lab01.softmax.check(softmax)``.

    Raises
    ------
    LabError
        If there is no exercise of that name.
    """
    nb = copy.deepcopy(nb)
    for number, cell in enumerate(code_cells(nb), 1):
        cell.source = solve_source(cell.source, f"cell In [{number}]")
    return nb


def solve_source(source: str, where: str) -> str:
    """Return the source of a cell with reference solutions in the place of stubs."""
    if ".check(" not in source:  # a cell with a magic is not plain Python
        return source
    tree = ast.parse(source)
    checks = {}  # the name of a function: the module whose exercise checks it
    for node in ast.walk(tree):
        match node:
            case ast.Call(
                func=ast.Attribute(
                    value=ast.Attribute(value=ast.Name(id=module), attr=name),
                    attr="check",
                ),
                args=[ast.Name(id=argument)],
            ) if name == argument:
                checks[name] = module
    lines = source.splitlines()
    for node in reversed(tree.body):  # from the end, so that line numbers stay right
        if isinstance(node, ast.FunctionDef) and node.name in checks and _is_stub(node):
            solution = _solution(checks[node.name], node.name, where)
            lines[node.lineno - 1 : node.end_lineno] = solution.splitlines()
    return "\n".join(lines)


def _is_stub(node: ast.FunctionDef) -> bool:
    body = node.body[1:] if ast.get_docstring(node) is not None else node.body
    match body:
        case [ast.Expr(value=ast.Constant(value=value))]:
            return value is ...
    return False


def _solution(module: str, name: str, where: str) -> str:
    from course_utils.exercises.checks import find  # here, because it imports torch

    try:
        return find(module, name).solution_source()
    except LookupError:
        text = f"{where}: the stub {name} has no exercise in {module}"
        raise LabError(text) from None


# Writing ------------------------------------------------------------------------


def dump(nb: NotebookNode) -> str:
    """Return the text of a notebook file."""
    return nbformat.writes(nb).rstrip("\n") + "\n"
