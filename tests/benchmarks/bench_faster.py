"""The ladder of lab 11: time and accuracy of each step over 5 seeds, the last over 10.

    python tests/benchmarks/bench_faster.py [seeds] [seeds of the last recipe]

It needs the full MNIST files, and all cores for itself for about a quarter of an hour.
The recipes and the loop that trains them are those of the lab, which is run first, in
its short form. The steps take turns, so that all of them meet the same noise. Times are
those of the training alone; loading and compiling stand below the table.
"""

import contextlib
import io
import os
import statistics
import sys
import time
from pathlib import Path

import matplotlib
import torch
from measure import BenchmarkError, in_turn, machine, ratios, spread

from course_utils.data import load_mnist

LAB = Path(__file__).resolve().parents[2] / "notebooks" / "11_faster.py"


def run_lab() -> dict:
    """Run the lab in its short form and return all its names."""
    matplotlib.use("Agg")
    os.environ["COURSE_STATIC"] = "1"
    lab = {"__name__": "lab11"}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(LAB.read_text(encoding="utf-8"), LAB, "exec"), lab)
    if lab["mnist"].source == "embedded":
        raise BenchmarkError("this needs the full MNIST files: set COURSE_MNIST")
    return lab


def ladder_table(lab: dict, n_seeds: int) -> None:
    """Train every recipe of the lab with all training images and print a table."""
    mnist, recipes, steps = lab["mnist"], lab["ladder"], lab["steps"]
    right = {name: [] for name in recipes}

    def run(name):
        loop = lab["train_graph" if name == "CUDA graph" else "train"]
        model, seconds = loop(recipes[name], mnist.train, len(right[name]))
        score = lab["accuracy"](model, recipes[name], mnist.validation)
        right[name].append(score)
        return seconds

    ways = {name: lambda name=name: run(name) for name in recipes}
    times = in_turn(ways, n_seeds, "ladder", warm_up=False)
    column = {"cuda": "GPU"}.get(lab["device"].type, lab["device"].type.upper())
    print(f"\n| step | {column}: s | from, to | ratio | validation | from, to |")
    print("|:--|--:|:--|--:|--:|:--|")
    for name in recipes:
        median, span = spread(times[name], 2)
        before = "fused"
        if name in steps:
            before = steps[max(0, steps.index(name) - 1)]
        faster = statistics.median(ratios(times[before], times[name]))
        ratio = "" if name == "start" else f"{faster:.2f}"
        low, high = min(right[name]), max(right[name])
        print(
            f"| {name} | {median} | {span} | {ratio} | "
            f"{statistics.mean(right[name]):.2%} | {low:.2%} to {high:.2%} |"
        )
    print("\nratio: of the step before; of those outside of the ladder, of `fused`")


def final_run(lab: dict, n_seeds: int) -> None:
    """Train the last recipe with all 60,000 images and test it."""
    recipe = lab["ladder"][lab["final"]]
    times, busy, right = [], [], []
    for seed in range(n_seeds):
        begin = time.process_time()
        model, seconds = lab["train_final"](recipe, lab["everything"], seed)
        busy.append(time.process_time() - begin)
        times.append(seconds)
        right.append(lab["accuracy"](model, recipe, lab["mnist"].test))
    median, span = spread(times, 2)
    print(
        f"\n{lab['final']}, {len(lab['everything'].y):,} images, {n_seeds} seeds: "
        f"{median} s ({span}; "
        f"{statistics.median(busy):.2f} s of processor time with the preparation), "
        f"test accuracy {statistics.mean(right):.2%} "
        f"({min(right):.2%} to {max(right):.2%})"
    )


def besides(lab: dict) -> None:
    """Print what is not in the times above."""
    begin = time.perf_counter()
    load_mnist(flat=False)
    print(f"\nloading MNIST: {time.perf_counter() - begin:.2f} s")
    begin = time.perf_counter()
    lab["all_at_once"](lab["everything"], 2)
    print(f"normalising and cutting: {time.perf_counter() - begin:.2f} s")
    print("torch.compile, seconds per update:")
    try:
        lab["compile_or_not"](lab["ladder"][lab["final"]])
    except Exception as error:  # such as no C++ compiler on this computer
        print(f"  not possible here: {type(error).__name__}")


def main(n_seeds: int = 5, n_final: int = 10) -> None:
    torch.set_num_threads(os.cpu_count())
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    lab = run_lab()
    print(f"{machine(['torch'])}, load before {load:.1f}")
    final_run(lab, n_final)
    besides(lab)
    ladder_table(lab, n_seeds)


if __name__ == "__main__":
    try:
        main(*map(int, sys.argv[1:]))
    except BenchmarkError as problem:
        sys.exit(f"error: {problem}")
