"""The authors' commands: execute labs, refresh their outputs, make paper and slides."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from course_utils.authoring import labs, stamp
from course_utils.authoring import new as new_lab
from course_utils.authoring import refresh as refreshing
from course_utils.authoring import release as release_check
from course_utils.authoring.labs import LabError


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
        "handouts", help="make PDF handouts, in build/handouts/"
    )
    slides = commands.add_parser(
        "slides", help="make slide decks for the projector, in build/slides/"
    )
    site = commands.add_parser(
        "site", help="make the web site, which opens from build/site/"
    )
    notebooks = commands.add_parser(
        "notebooks", help="make students' and instructors' notebooks, in build/"
    )
    for command in (handouts, slides, site, notebooks):
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
    _describe_class(
        commands.add_parser(
            "class", help="judge handed-in labs, and show what went wrong"
        )
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
    for command in (run, refresh, handouts, slides, site, notebooks):
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
        if args.command == "class":
            return _class(args)
        if args.command == "run":
            return refreshing.run_labs(paths)
        if args.command == "refresh":
            if args.prose:
                return refreshing.take_over_prose(paths)
            options = {"force": args.force, "times": args.times}
            return refreshing.refresh_labs(paths, **options)
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
        if args.command == "notebooks":
            from course_utils.authoring import notebooks as for_jupyter

            return for_jupyter.main(paths, args.out or labs.ROOT / "build/notebooks")
        if args.command == "site":
            from course_utils.authoring import site as web_site

            return web_site.main(paths, args.out or labs.ROOT / "build" / "site")
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


def _describe_class(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "folder", type=Path, nargs="?", help="hand-ins: a folder or zip"
    )
    parser.add_argument("--out", type=Path, help="results; by default in build/class/")
    parser.add_argument(
        "--seconds", type=float, default=10, help="processor time for one answer"
    )
    parser.add_argument(
        "--nbgrader", type=Path, metavar="FOLDER", help="write nbgrader assignments"
    )
    parser.add_argument(
        "--links", metavar="HUB", help="print nbgitpuller links for this JupyterHub"
    )
    parser.add_argument(
        "--labs", nargs="+", default=(), metavar="01", help="for these two: which labs"
    )


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
        help="without handouts, slides and site",
    )


def _explorables(command: str) -> int:
    """Run one of the commands for `course_utils.explorables`, which import torch."""
    from course_utils.authoring import digit, gallery

    if command == "train-digit":
        return digit.main()
    return gallery.main() if command == "gallery" else gallery.take_stills()


if __name__ == "__main__":
    sys.exit(main())
