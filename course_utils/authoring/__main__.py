"""The authors' commands: execute labs, refresh their outputs, make paper and slides."""

import argparse
import copy
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from tqdm import tqdm

from course_utils.authoring import labs, stamp
from course_utils.authoring.labs import LabError, LabRunError


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command.

    Returns
    -------
    int
        0 if all went well, 1 if a lab failed, 2 if the request or a folder was bad,
        130 after Ctrl-C.
    """
    parser = argparse.ArgumentParser(
        prog="python -m course_utils.authoring", description=__doc__
    )
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser(
        "run", help="execute labs without a browser, into build/labs/"
    )
    refresh = commands.add_parser(
        "refresh", help="make the stored outputs of labs anew from their .py files"
    )
    handouts = commands.add_parser(
        "handouts", help="make PDF handouts and offline pages, in build/handouts/"
    )
    slides = commands.add_parser(
        "slides", help="make slide decks for the projector, in build/slides/"
    )
    for command in (handouts, slides):
        command.add_argument("--out", type=Path, help="another folder")
    commands.add_parser(
        "gallery", help="make a page with all explorables, in build/gallery/"
    )
    commands.add_parser(
        "stills", help="take the pictures that stand for the explorables on paper"
    )
    commands.add_parser(
        "train-digit", help="train the small network of draw_digit, with full MNIST"
    )
    commands.add_parser(
        "stamp", help="write the address of the repository into labs and README"
    )
    for command in (run, refresh, handouts, slides):
        command.add_argument("lab", nargs="*", help="such as 01; all if none is given")
    refresh.add_argument(
        "--force",
        action="store_true",
        help="overwrite notebooks that were edited after their .py files",
    )
    args = parser.parse_args(argv)
    try:
        paths = labs.lab_paths(getattr(args, "lab", None))
        if not paths:
            raise LabError(f"there are no labs in {labs.ROOT / 'notebooks'}")
        if args.command == "run":
            return run_labs(paths)
        if args.command == "refresh":
            return refresh_labs(paths, force=args.force)
        if args.command == "stamp":
            return stamp.main(paths)
        if args.command in {"gallery", "stills", "train-digit"}:
            return _explorables(args.command)
        # Here, because these need pandoc and typst, which the labs do not.
        from course_utils.authoring import handouts, slides

        if args.command == "handouts":
            return handouts.main(paths, args.out or labs.ROOT / "build" / "handouts")
        return slides.main(paths, args.out or labs.ROOT / "build" / "slides")
    except (LabError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130


def _explorables(command: str) -> int:
    """Run one of the commands for `course_utils.explorables`, which import torch."""
    from course_utils.authoring import digit, gallery

    if command == "train-digit":
        return digit.main()
    return gallery.main() if command == "gallery" else gallery.take_stills()


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


def refresh_labs(paths: Sequence[Path], *, force: bool = False) -> int:
    """Make the stored outputs anew, from full MNIST and from the embedded images."""
    source = labs.mnist_source()
    if source == "embedded":
        raise LabError(
            "the stored outputs are made from the whole of MNIST, and only the "
            "embedded images are here; set COURSE_MNIST=download or to its folder"
        )
    for path in paths:
        _check_before_refresh(path, force=force)
    for folder in (labs.ROOT / "notebooks", labs.ROOT / "tests" / "embedded"):
        _check_writable(folder)
    return _for_each(paths, lambda path, on_cell: _refresh(path, source, on_cell))


def _refresh(path: Path, source: str, on_cell: Callable) -> str:
    """Execute a lab, twice if it uses MNIST, and then write all of it."""
    nb = _result(path, source, on_cell)
    embedded_path = labs.ROOT / "tests" / "embedded" / f"{path.stem}.ipynb"
    embedded = None
    if "load_mnist" in path.read_text(encoding="utf-8"):
        embedded = _result(path, "embedded", lambda: None)
        for cell in labs.code_cells(embedded):
            for output in cell.outputs:
                for part in ("data", "metadata"):
                    output.get(part, {}).pop("image/png", None)
    changed = _store(path.with_suffix(".ipynb"), nb)
    if embedded:
        changed |= _store(embedded_path, embedded)
    elif embedded_path.exists():
        embedded_path.unlink()
        changed = True
    return "written" if changed else "unchanged"


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
    if path.exists() and _comparable(_read(path)) == _comparable(nb):
        return False
    labs.write_atomically(path, labs.dump(nb))
    return True


def _comparable(nb: NotebookNode) -> str:
    """Return a notebook's text without outputs that differ on every run."""
    nb = copy.deepcopy(nb)
    for cell in labs.code_cells(nb):
        if "nbval-ignore-output" in cell.metadata.get("tags", []):
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


if __name__ == "__main__":
    sys.exit(main())
