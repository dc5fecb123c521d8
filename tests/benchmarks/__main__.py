"""Run benchmarks: ``python tests/benchmarks [name ...]``, all if none is named.

    loading    load_mnist against the loop of the notes and a DataLoader
    training   fit against the bare loop, DataLoader, skorch, Lightning, fastai, Keras
    growth     time and memory of an epoch, for 1,000 to 60,000 images
    course     every lab; with --tests the whole test command as well
    faster     the networks of lab 11
    explorables  one redraw of each figure that answers the hand, in a browser
    hub        a class on a hub: waits, memory, cores

Each prints one table in Markdown. They are never part of the tests.
"""

import argparse
import importlib
import sys

from measure import BenchmarkError, use_one_thread

NAMES = ("loading", "training", "growth", "course", "faster", "explorables", "hub")


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python tests/benchmarks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("name", nargs="*", help=", ".join(NAMES))
    parser.add_argument(
        "--default-adam",
        action="store_true",
        help="training: Adam as it comes, without fused=True",
    )
    parser.add_argument(
        "--tests", action="store_true", help="course: time the test command, too"
    )
    args = parser.parse_args(words)
    for name in args.name:
        if name not in NAMES:
            parser.error(
                f"there is no benchmark '{name}'; there are {', '.join(NAMES)}"
            )
    options = {"training": {"fused": not args.default_adam}}
    options["course"] = {"with_tests": args.tests}
    status = 0
    for name in args.name or NAMES:
        use_one_thread()
        try:
            importlib.import_module(f"bench_{name}").main(**options.get(name, {}))
        except BenchmarkError as error:
            print(f"\n{name}: {error}", file=sys.stderr)
            status = 1
    return status


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
