"""Execute labs, and make the stored outputs anew that the tests compare with."""

import copy
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from tqdm import tqdm

from course_utils.authoring import labs, pictures, tree
from course_utils.authoring.labs import LabError, LabRunError


def run_labs(paths: Sequence[Path]) -> int:
    """Execute labs and write executed copies, those of failed labs too."""
    folder = labs.ROOT / "build" / "labs"
    _check_writable(folder)
    source = labs.mnist_source()

    def run(path: Path, on_cell: Callable) -> str:
        nb = labs.read_lab(path)
        try:
            labs.execute(nb, source=source, cwd=path.parent, on_cell=on_cell)
        finally:
            copy_path = folder / f"{path.stem}.ipynb"
            labs.write_atomically(copy_path, labs.dump(labs.clean(nb)))
        return "ok"

    status = _for_each(paths, run)
    print(f"\nexecuted copies: {folder}")
    return status


def refresh_labs(
    paths: Sequence[Path], *, force: bool = False, times: bool = False
) -> int:
    """Make the stored outputs anew, from full MNIST and from the embedded images.

    Parameters
    ----------
    paths : sequence of Path
        The ``.py`` files of labs.
    force : bool
        Overwrite notebooks that were edited after their ``.py`` files.
    times : bool
        Take over new outputs of the cells that are not compared, too. Else a cell of
        which the code is the same keeps what was once recorded on a quiet machine.
    """
    source = labs.mnist_source()
    if source == "embedded" and any(map(_uses_mnist, paths)):
        raise LabError(
            "the stored outputs are made from the whole of MNIST, and only the "
            "embedded images are here; set COURSE_MNIST=download or to its folder"
        )
    tree.check_tools("pypandoc")  # for the words about the figures
    for path in paths:
        _check_before_refresh(path, force=force)
    for folder in (labs.ROOT / "notebooks", labs.ROOT / "tests" / "embedded"):
        _check_writable(folder)
    return _for_each(
        paths, lambda path, on_cell: _refresh(path, source, times, on_cell)
    )


def _uses_mnist(path: Path) -> bool:
    return "load_mnist" in path.read_text(encoding="utf-8")


def _refresh(path: Path, source: str, times: bool, on_cell: Callable) -> str:
    """Execute a lab, twice if it uses MNIST, and then write all of it."""
    nb = _result(path, source, on_cell)
    embedded_path = labs.ROOT / "tests" / "embedded" / f"{path.stem}.ipynb"
    embedded = None
    if _uses_mnist(path):
        embedded = _result(path, "embedded", lambda: None)
        for cell in labs.code_cells(embedded):
            uncompared = {"nbval-ignore-output", "ignore-figures"}
            ignored = uncompared.intersection(cell.metadata.get("tags", []))
            for output in cell.outputs:
                if "image/png" in output.get("data", {}):
                    output.metadata.pop("image/png", None)
                    png = output.data.pop("image/png")
                    if not ignored:
                        output.data["image/png"] = pictures.small(png)
    for new, stored in ((nb, path.with_suffix(".ipynb")), (embedded, embedded_path)):
        if new and not times and stored.exists():
            _keep_uncompared(new, _read(stored))
    changed = _store(path.with_suffix(".ipynb"), nb)
    if embedded:
        changed |= _store(embedded_path, embedded)
    elif embedded_path.exists():
        embedded_path.unlink()
        changed = True
    return "written" if changed else "unchanged"


def _keep_uncompared(new: NotebookNode, stored: NotebookNode) -> None:
    """Give cells that are not compared the outputs that they have had so far."""
    old = {cell.id: cell for cell in labs.code_cells(stored)}  # an id means a source
    for cell in labs.code_cells(new):
        if "nbval-ignore-output" in cell.metadata.get("tags", []) and cell.id in old:
            cell.outputs = old[cell.id].outputs


def take_over_prose(paths: Sequence[Path]) -> int:
    """Write new text into the stored notebooks, with the outputs that they have."""
    return _for_each(paths, _take_over_prose)


def _take_over_prose(path: Path, on_cell: Callable) -> str:
    """Write the text of a lab into its stored notebooks, with the outputs they have."""
    folders = (path.parent, labs.ROOT / "tests" / "embedded")
    stored = [folder / f"{path.stem}.ipynb" for folder in folders]
    written = False
    for target in filter(Path.exists, stored):
        nb, old = labs.read_lab(path), _read(target)
        cells = labs.code_cells(nb), labs.code_cells(old)
        if [(c.source, c.metadata.get("tags")) for c in cells[0]] != [
            (c.source, c.metadata.get("tags")) for c in cells[1]
        ]:
            raise LabRunError(f"{path.name}: its code is new, so leave out --prose")
        for cell, old_cell in zip(*cells, strict=True):
            cell.outputs = old_cell.outputs
            cell.execution_count = old_cell.execution_count
        nb.metadata = old.metadata
        written |= _store(target, nb)
    on_cell(len(cells[0]))
    return "written" if written else "unchanged"


def _result(path: Path, source: str, on_cell: Callable) -> NotebookNode:
    """Return an executed lab that is fit to be compared with."""
    nb = labs.read_lab(path)
    labs.execute(nb, source=source, cwd=path.parent, on_cell=on_cell)
    try:
        labs.check_run(nb)
    except ValueError as error:
        raise LabRunError(error) from None
    return labs.clean(nb)


def _store(path: Path, nb: NotebookNode) -> bool:
    """Write a notebook if its results are new, and return whether they are."""
    describe(nb)
    for output in (o for cell in nb.cells for o in _pictures(cell)):
        output.data["image/png"] = pictures.light(output.data["image/png"])
    if path.exists() and _comparable(_read(path)) == _comparable(nb):
        return False
    labs.write_atomically(path, labs.dump(nb))
    return True


def describe(nb: NotebookNode) -> None:
    """Give each picture its text alternative, in place, where nbconvert looks for it.

    It is the one that the picture has on paper: see `tree.alternatives`.
    """
    if not any(_pictures(cell) for cell in nb.cells):
        return
    for cell, text in zip(nb.cells, tree.alternatives(nb), strict=True):
        for output in _pictures(cell):
            output.metadata.setdefault("image/png", NotebookNode())["alt"] = text


def _pictures(cell: NotebookNode) -> list[NotebookNode]:
    """Return the outputs of a cell that are pictures."""
    return [o for o in cell.get("outputs", []) if "image/png" in o.get("data", {})]


def _comparable(nb: NotebookNode) -> str:
    """Return a notebook's text without outputs that differ on every run."""
    nb = copy.deepcopy(nb)
    for cell in labs.code_cells(nb):
        if "nbval-ignore-output" in cell.metadata.get("tags", []):
            alts = {o.metadata.get("image/png", {}).get("alt") for o in _pictures(cell)}
            cell.metadata["alt"] = sorted(map(str, alts))
            cell.outputs = []
    return labs.dump(nb)


def _check_before_refresh(path: Path, *, force: bool) -> None:
    nb = labs.read_lab(path)
    try:
        for number, cell in enumerate(labs.code_cells(nb), 1):
            labs.check_cell(cell, f"{path.name}, cell In [{number}]")
    except ValueError as error:
        raise LabError(error) from None
    stored = path.with_suffix(".ipynb")
    if force or not stored.exists() or labs.outline(_read(stored)) == labs.outline(nb):
        return
    if stored.stat().st_mtime > path.stat().st_mtime:
        raise LabError(
            f"{stored.name} was edited after {path.name}, and they differ. Edit in one "
            f"place: bring the changes into the .py (jupytext --sync {stored.name}), "
            "or drop them with --force"
        )


def _read(path: Path) -> NotebookNode:
    try:
        return nbformat.read(path, as_version=4)
    except nbformat.reader.NotJSONError:
        raise LabError(f"{path} is not a notebook; delete it to go on") from None


def _check_writable(folder: Path) -> None:
    """Find out before a long run, not after it."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder):
        pass


def _for_each(paths: Sequence[Path], work: Callable[[Path, Callable], str]) -> int:
    """Do something with each lab, show how far it is, then a table of results."""
    rows = [("lab", "time", "result")]
    status = 0
    total = sum(len(labs.code_cells(labs.read_lab(path))) for path in paths)
    with tqdm(total=total, unit="cell", file=sys.stderr) as bar:
        for path in paths:
            bar.set_description(path.stem)
            start = time.perf_counter()
            try:
                result = work(path, bar.update)
            except LabRunError as error:
                status, result = 1, f"failed at {error}"
            rows.append((path.stem, f"{time.perf_counter() - start:.1f} s", result))
    width = max(len(row[0]) for row in rows)
    for name, seconds, result in rows:
        print(f"{name:<{width}}  {seconds:>8}  {result}")
    return status
