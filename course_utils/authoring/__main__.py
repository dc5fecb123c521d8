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

from course_utils.authoring import labs, pictures, stamp
from course_utils.authoring import new as new_lab
from course_utils.authoring import release as release_check
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
        prog="python3 -m course_utils", description=__doc__
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
    commands.add_parser(
        "lock", help="resolve the packages anew; write the lists made from uv.lock"
    )
    pack = commands.add_parser(
        "pack", help="put the course into a folder for machines without a network"
    )
    _describe_pack(pack)
    new = commands.add_parser(
        "new", help="begin a lab: text, exercises and oracles to be filled"
    )
    new.add_argument("number", help="such as 11")
    new.add_argument("name", help="for the files, such as decision_trees")
    new.add_argument("title", help='such as "Decision trees"')
    release = commands.add_parser(
        "release", help="say whether a tag can become a release"
    )
    release.add_argument("tag", help="such as v1.2.3")
    for command in (run, refresh, handouts, slides):
        command.add_argument("lab", nargs="*", help="such as 01; all if none is given")
    refresh.add_argument(
        "--force",
        action="store_true",
        help="overwrite notebooks that were edited after their .py files",
    )
    refresh.add_argument(
        "--prose",
        action="store_true",
        help="take over new text only, and keep all outputs: no code was changed",
    )
    refresh.add_argument(
        "--times",
        action="store_true",
        help="also record anew what is not compared, such as times: on a quiet machine",
    )
    args = parser.parse_args(argv)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a Windows console may lack a character
            stream.reconfigure(errors="backslashreplace")
    try:
        paths = labs.lab_paths(getattr(args, "lab", None))
        if not paths:
            raise LabError(f"there are no labs in {labs.ROOT / 'notebooks'}")
        if args.command == "run":
            return run_labs(paths)
        if args.command == "refresh":
            if args.prose:
                return _for_each(paths, _take_over_prose)
            return refresh_labs(paths, force=args.force, times=args.times)
        if args.command == "new":
            return new_lab.main(args.number, args.name, args.title)
        if args.command == "release":
            return release_check.main(args.tag)
        if args.command == "stamp":
            return stamp.main(paths)
        if args.command == "lock":
            from course_utils.authoring import lock

            return lock.main()
        if args.command == "pack":
            from course_utils.authoring import pack

            options = {"gpu": args.gpu, "paper": args.paper}
            targets = {"pythons": args.python, "systems": args.system}
            return pack.main(args.folder, **targets, **options)
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


def _describe_pack(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, help="new, empty, or packed before")
    parser.add_argument(
        "--python",
        nargs="+",
        default=(),
        metavar="3.x",
        help="for these versions of Python; by default this one",
    )
    parser.add_argument(
        "--system",
        nargs="+",
        default=(),
        choices=["linux-x86_64", "linux-aarch64", "macos-arm64", "windows-amd64"],
        help="for these systems; by default this one",
    )
    parser.add_argument(
        "--gpu", action="store_true", help="with PyTorch's 3 GB for NVIDIA cards"
    )
    parser.add_argument(
        "--no-paper",
        dest="paper",
        action="store_false",
        help="without handouts and slides",
    )


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


def _take_over_prose(path: Path, on_cell: Callable) -> str:
    """Write the text of a lab into its stored notebooks, with the outputs they have."""
    folders = (path.parent, labs.ROOT / "tests" / "embedded")
    stored = [folder / f"{path.stem}.ipynb" for folder in folders]
    written = False
    for target in filter(Path.exists, stored):
        nb, old = labs.read_lab(path), _read(target)
        cells = labs.code_cells(nb), labs.code_cells(old)
        if [(c.source, c.metadata) for c in cells[0]] != [
            (c.source, c.metadata) for c in cells[1]
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
