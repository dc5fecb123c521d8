"""The authors' commands: execute labs, refresh their outputs, make paper and slides."""

import argparse
import importlib
import sys
from collections.abc import Sequence
from pathlib import Path

from course_utils.authoring import labs, stamp
from course_utils.authoring import new as new_lab
from course_utils.authoring import refresh as refreshing
from course_utils.authoring import release as release_check
from course_utils.authoring.labs import LabError

WORDS = {
    "run": "execute labs without a browser, into build/labs/",
    "refresh": "make the stored outputs of labs anew from their .py files",
    "handouts": "make PDF handouts, in build/handouts/",
    "slides": "make slide decks for the projector, in build/slides/",
    "site": "make the web site, which opens from build/site/",
    "notebooks": "make students' and instructors' notebooks, in build/",
    "build": "make all four: handouts, slides, site and notebooks",
    "gallery": "make a page with all explorables, in build/gallery/",
    "stills": "take the pictures that stand for the explorables on paper",
    "train-digit": "train the small network of draw_digit, with full MNIST",
    "stamp": "write the address of the repository into labs and README",
    "lock": "resolve the packages anew; write the lists made from uv.lock",
    "class": "judge handed-in labs, and show what went wrong",
    "pack": "put the course into a folder for machines without a network",
    "new": "begin a lab: text, exercises and oracles to be filled",
    "release": "say whether a tag can become a release",
}
WRITERS = ("handouts", "slides", "site", "notebooks")


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command.

    Returns
    -------
    int
        0 if all went well, 1 if a lab failed, 2 if the request or a folder was bad,
        130 after Ctrl-C.
    """
    args = _parser().parse_args(argv)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a Windows console may lack a character
            stream.reconfigure(errors="backslashreplace")
    try:
        paths = labs.lab_paths(getattr(args, "lab", None))
        if not paths:
            raise LabError(f"there are no labs in {labs.ROOT / 'notebooks'}")
        return _run(args, paths)
    except (LabError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130


def _run(args: argparse.Namespace, paths: Sequence[Path]) -> int:
    """Run a command; what only some need, such as pandoc or torch, is imported here."""
    match args.command:
        case "run":
            return refreshing.run_labs(paths)
        case "refresh" if args.prose:
            return refreshing.take_over_prose(paths)
        case "refresh":
            return refreshing.refresh_labs(paths, force=args.force, times=args.times)
        case "new":
            return new_lab.main(args.number, args.name, args.title)
        case "release":
            return release_check.main(args.tag)
        case "stamp":
            return stamp.main(paths)
        case "class":
            return _class(args)
        case "stills":
            return _module("gallery").take_stills()
        case "train-digit":
            return _module("digit").main()
        case "pack":
            targets = {"pythons": args.python, "systems": args.system}
            options = {"gpu": args.gpu, "paper": args.paper}
            return _module("pack").main(args.folder, **targets, **options)
        case "build":  # one process, so that PyTorch and each lab are read once
            out = args.out or labs.ROOT / "build"
            return max([_module(word).main(paths, out / word) for word in WRITERS])
        case word if word in WRITERS:
            return _module(word).main(paths, args.out or labs.ROOT / "build" / word)
        case word:
            return _module(word).main()


def _module(name: str):
    return importlib.import_module(f"course_utils.authoring.{name}")


def _class(args: argparse.Namespace) -> int:
    """Judge hand-ins, or hand out labs in another way."""
    from course_utils.authoring.classroom import judge, nbgrader

    if args.folder:
        return judge.main(args.folder, args.out, seconds=args.seconds)
    if args.nbgrader:
        args.nbgrader.mkdir(parents=True, exist_ok=True)
        seed = judge.read_seed(args.nbgrader / "seed.txt")
        for path in nbgrader.export(args.nbgrader, args.labs, seed):
            print(path)
    elif args.links:
        print("\n".join(nbgrader.links(args.links, args.labs)))
    else:
        raise LabError("say where the hand-ins are: a folder or a zip")
    return 0


def _parser() -> argparse.ArgumentParser:
    """Return what reads the command line."""
    parser = argparse.ArgumentParser(
        prog="python3 -m course_utils", description=__doc__
    )
    commands = parser.add_subparsers(dest="command", required=True)
    of = {word: commands.add_parser(word, help=said) for word, said in WORDS.items()}

    def add(word: str, *names: str, **how) -> None:
        of[word].add_argument(*names, **how)

    for word in (*WRITERS, "build"):
        add(word, "--out", type=Path, help="another folder")
    for word in ("run", "refresh", *WRITERS, "build"):
        add(word, "lab", nargs="*", help="such as 01; all if none is given")
    for name, said in {
        "--force": "overwrite notebooks that were edited after their .py files",
        "--prose": "take over new text only, and keep all outputs: no code was changed",
        "--times": "also record anew what is not compared, such as times: on a quiet "
        "machine",
    }.items():
        add("refresh", name, action="store_true", help=said)
    add("new", "number", help="such as 11")
    add("new", "name", help="for the files, such as decision_trees")
    add("new", "title", help='such as "Decision trees"')
    add("release", "tag", help="such as v1.2.3")
    add("class", "folder", type=Path, nargs="?", help="hand-ins: a folder or zip")
    add("class", "--out", type=Path, help="results; by default in build/class/")
    seconds = "processor time for one answer"
    add("class", "--seconds", type=float, default=10, help=seconds)
    written = {"metavar": "FOLDER", "help": "write nbgrader assignments"}
    add("class", "--nbgrader", type=Path, **written)
    links = "print nbgitpuller links for this JupyterHub"
    add("class", "--links", metavar="HUB", help=links)
    which = {"metavar": "01", "help": "for these two: which labs"}
    add("class", "--labs", nargs="+", default=(), **which)
    add("pack", "folder", type=Path, help="new, empty, or packed before")
    several = {"nargs": "+", "default": ()}
    said = "for these versions of Python; by default this one"
    add("pack", "--python", metavar="3.x", help=said, **several)
    systems = ["linux-x86_64", "linux-aarch64", "macos-arm64", "windows-amd64"]
    said = "for these systems; by default this one"
    add("pack", "--system", choices=systems, help=said, **several)
    said = "with PyTorch's 3 GB for NVIDIA cards"
    add("pack", "--gpu", action="store_true", help=said)
    said = "without handouts, slides and site"
    add("pack", "--no-paper", dest="paper", action="store_false", help=said)
    return parser


if __name__ == "__main__":
    sys.exit(main())
