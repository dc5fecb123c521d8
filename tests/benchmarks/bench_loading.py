"""Compare load_mnist with the per-image loop of the source notes.

Run by hand: ``python tests/benchmarks/bench_loading.py [repeats]``, with the full
MNIST files on disk (or ``COURSE_MNIST`` set to their folder). Both ways read files
that the system has cached; the repeats alternate, so both meet the same noise.
"""

import os
import statistics
import sys
import time
from collections.abc import Callable

import torch
from torchvision import datasets
from torchvision.transforms.functional import to_tensor

from course_utils.data import load_mnist

SOURCE = os.environ.get("COURSE_MNIST") or "disk"
ROOT = load_mnist((0,), source=SOURCE).location
if ROOT is None:
    sys.exit("this needs the full MNIST files: set COURSE_MNIST to their folder")


def notes_all() -> None:
    torch.stack([to_tensor(image) for image, _ in datasets.MNIST(ROOT)])


def notes_two() -> None:
    """Pick two digits of both files, as the notes do, in one pass over each file."""
    for train in (True, False):
        picked = {0: [], 1: []}
        for image, label in datasets.MNIST(ROOT, train=train):
            if label in picked:
                picked[label].append(to_tensor(image))
        torch.concat([torch.stack(images) for images in picked.values()])


def ours_all() -> None:
    load_mnist(source=ROOT, validation=0)


def ours_two() -> None:
    load_mnist((0, 1), source=ROOT, validation=0, order="class")


def ours_split() -> None:
    load_mnist(source=ROOT)


WAYS = {
    "notes' loop, 60,000 images": (notes_all, None),
    "load_mnist, 70,000 images": (ours_all, notes_all),
    "load_mnist, 70,000, split": (ours_split, notes_all),
    "notes' loop, two digits": (notes_two, None),
    "load_mnist, two digits": (ours_two, notes_two),
}


def seconds(function: Callable[[], None]) -> float:
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def main() -> None:
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    times = {function: [] for function, _ in WAYS.values()}
    for repeat in range(repeats + 1):
        for function, measured in times.items():
            elapsed = seconds(function)
            if repeat:  # the first round warms up
                measured.append(elapsed)
    print(
        f"torch {torch.__version__}, {torch.get_num_threads()} thread(s), "
        f"{repeats} alternating repeats, seconds"
    )
    heads = "".join(f"{head:>9}" for head in ("median", "min", "max", "ratio"))
    print(f"{'':28}{heads}{'(min, max)':>14}")
    for label, (function, reference) in WAYS.items():
        measured = times[function]
        row = f"{label:28}{statistics.median(measured):9.3f}"
        row += f"{min(measured):9.3f}{max(measured):9.3f}"
        if reference:  # how many times faster, repeat by repeat
            pairs = zip(times[reference], measured, strict=True)
            ratios = [theirs / ours for theirs, ours in pairs]
            row += f"{statistics.median(ratios):9.1f}"
            row += f"  ({min(ratios):.1f}, {max(ratios):.1f})"
        print(row)


if __name__ == "__main__":
    main()
