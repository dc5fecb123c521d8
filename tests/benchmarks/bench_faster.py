"""The ladder of lab 11: its order, and seconds, accuracy and loss over several seeds.

    python tests/benchmarks/bench_faster.py [seeds] [seeds of the final recipe]

It needs the full MNIST files, and all cores for itself for about a quarter of an hour.
It runs the lab first, whose recipes and loop it uses. At each rung all changes that
are left are tried, and the one that saves most is taken, until none saves anything.
Then a single epoch; and what costs no time is kept if it lowers the loss with a fitted
temperature. All runs go to ``course_utils/faster.csv``, from which lab 11 draws them,
and the part of the README about them is written anew. Then run
``python -m course_utils.authoring refresh --times 11``.

Times are those of the training alone. The steps take turns, so that all of them meet
the same noise. Runs of another device stay in the file.
"""

import contextlib
import csv
import io
import os
import re
import statistics
import sys
import textwrap
from collections.abc import Callable
from datetime import date
from pathlib import Path

import matplotlib
import torch
import torch.nn.functional as F
from measure import BenchmarkError, in_turn, machine

ROOT = Path(__file__).resolve().parents[2]
LAB = ROOT / "notebooks" / "11_faster.py"
FILE = ROOT / "course_utils" / "faster.csv"
COLUMNS = [
    *("step", "place", "seed", "seconds", "accuracy", "loss", "T", "fitted"),
    *("images", "device", "threads", "machine", "torch", "date"),
]
SAVES = 1.02  # times as fast, at least, to become a rung
LAST = ("1 epoch", "short memory", "smoothed")  # first less work, then what costs none
TEMPERATURES = torch.logspace(-1, 1, 401, base=3)


def run_lab() -> dict:
    """Run the lab and return all its names."""
    matplotlib.use("Agg")
    os.environ["COURSE_STATIC"] = "1"
    lab = {"__name__": "lab11"}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(LAB.read_text(encoding="utf-8"), LAB, "exec"), lab)
    return lab


def judged(lab: dict, model: torch.nn.Module, recipe: dict, images) -> dict:
    """Return accuracy, loss, the temperature that fits best, and the loss with it."""
    logits = lab["logits_of"](model, recipe, images).cpu()
    losses = [F.cross_entropy(logits / T, images.y).item() for T in TEMPERATURES]
    best = min(range(len(losses)), key=losses.__getitem__)
    return {
        "accuracy": (logits.argmax(dim=1) == images.y).double().mean().item(),
        "loss": F.cross_entropy(logits, images.y).item(),
        "T": TEMPERATURES[best].item(),
        "fitted": losses[best],
    }


def climb(changes: dict, seconds_of: Callable[[list[str]], float]) -> list[str]:
    """Return the rungs: each the change that saves most, after those before it.

    Parameters
    ----------
    changes : dict
        The candidates by name.
    seconds_of : callable
        How long a training with such a list of changes takes.
    """
    rungs, left = [], [name for name in changes if name not in LAST]
    now = seconds_of([])
    while True:
        times = {name: seconds_of([*rungs, name]) for name in left}
        best = min(times, key=times.get, default=None)
        if best is None or now / times[best] < SAVES:
            return rungs
        rungs.append(best)
        left.remove(best)
        now = times[best]


class Runs:
    """Train recipes of the lab, judge the models, and keep a line of each run."""

    def __init__(self, lab: dict, train, judge) -> None:
        self.lab, self.images, self.judging = lab, train, judge
        self.lines: dict[tuple[str, int], dict] = {}

    def run(self, step: str, recipe: dict, seed: int, loop: str = "train") -> float:
        model, seconds = self.lab[loop](recipe, self.images, seed)
        self.lines[step, seed] = {
            "step": step,
            "seed": seed,
            "seconds": seconds,
            "images": len(self.images.y),
            **judged(self.lab, model, recipe, self.judging),
        }
        return seconds

    def in_turns(self, recipes: dict[str, dict], n_seeds: int, title: str) -> None:
        seeds = dict.fromkeys(recipes, 0)

        def once(name):
            seeds[name] += 1
            loop = "train_graph" if name == "CUDA graph" else "train"
            return self.run(name, recipes[name], seeds[name] - 1, loop)

        ways = {name: lambda name=name: once(name) for name in recipes}
        in_turn(ways, n_seeds, title, warm_up=False)

    def mean(self, step: str, column: str) -> float:
        values = [
            line[column] for (name, _), line in self.lines.items() if name == step
        ]
        return sum(values) / len(values)


def measure(lab: dict, n_seeds: int, n_final: int) -> list[dict]:
    """Find the ladder, run it, and return the lines of the file."""
    changes, cuda = lab["changes"], lab["device"].type == "cuda"

    def recipe_of(names):
        recipe = lab["start"]
        for name in names:
            recipe = recipe | changes[name]
        return recipe

    def seconds_of(names):
        recipe = recipe_of(names)
        return min(lab["seconds_needed"](recipe, tried=2048) for _ in range(3))

    rungs = [*climb(changes, seconds_of), LAST[0]]
    print("rungs:", ", ".join(rungs), file=sys.stderr)
    runs = Runs(lab, lab["mnist"].train, lab["mnist"].validation)
    names = {"start": []} | {name: rungs[: n + 1] for n, name in enumerate(rungs)}
    ladder = {name: recipe_of(path) for name, path in names.items()}
    runs.in_turns(ladder, n_seeds, "ladder")
    kept = list(rungs)
    for name in LAST[1:]:
        runs.in_turns({name: recipe_of([*kept, name])}, n_seeds, name)
        if runs.mean(name, "fitted") < runs.mean(kept[-1], "fitted"):
            kept.append(name)
    top = recipe_of(kept)
    if cuda:
        runs.in_turns({"CUDA graph": top}, n_seeds, "CUDA graph")
        kept.append("CUDA graph")
    beside = {
        "batch 512": top | {"batch_size": 512},
        "moved": top | {"images": moved(lab)},
    }
    beside |= {
        f"with {name}": top | change
        for name, change in changes.items()
        if name not in kept and name not in LAST
    }
    runs.in_turns(beside, n_seeds, "beside")
    climbed = ["start", *kept]
    rows = [
        {**line, "place": "rung" if name in climbed else "beside"}
        for name in dict.fromkeys([*climbed, *(name for name, _ in runs.lines)])
        for (step, _), line in runs.lines.items()
        if step == name
    ]

    chosen = choose(rows)
    print("chosen:", chosen, file=sys.stderr)
    final = Runs(lab, lab["everything"], lab["mnist"].test)
    path = [n for n in climbed[: climbed.index(chosen) + 1] if n in changes]
    loop = "train_graph" if chosen == "CUDA graph" else "train"
    for seed in range(n_final):
        final.run("final", recipe_of(path), seed, loop)
    rows += [{**line, "place": "final"} for line in final.lines.values()]
    rows += compiled(lab, recipe_of(path))
    return rows


def moved(lab: dict):
    """Return the batches by index, each moved by a random pixel."""

    def images(data, batch_size, border):
        epoch = lab["by_index"](data, batch_size, border)

        def moving():
            for X, y in epoch():
                yield X.roll(torch.randint(-1, 2, (2,)).tolist(), dims=(2, 3)), y

        return moving

    return images


def choose(rows: list[dict]) -> str:
    """Return the rung that the rule of the lab takes."""
    rungs: dict[str, list[dict]] = {}
    for row in rows:
        if row["place"] == "rung":
            rungs.setdefault(row["step"], []).append(row)

    def values(name, column):
        return torch.tensor([float(row[column]) for row in rungs[name]])

    best = min(rungs, key=lambda name: values(name, "fitted").mean())
    top = values(best, "fitted").max()
    equals = [name for name in rungs if values(name, "fitted").min() <= top]
    return min(equals, key=lambda name: values(name, "seconds").median())


def compiled(lab: dict, recipe: dict) -> list[dict]:
    """Return the times of torch.compile; none where it is not possible."""
    try:
        times = lab["compile_times"](recipe)
    except Exception as error:  # such as no C++ compiler on this computer
        print(f"no torch.compile here: {type(error).__name__}", file=sys.stderr)
        return []
    return [
        {"step": name, "place": "compile", "seed": 0, "seconds": seconds}
        for name, seconds in times.items()
    ]


def write(rows: list[dict], device: str, note: str) -> None:
    """Put the runs of one device into the file; those of others stay."""
    others = []
    if FILE.exists():
        with FILE.open(encoding="utf-8", newline="") as file:
            others = [row for row in csv.DictReader(file) if row["device"] != device]
    about = {
        "device": device,
        "threads": torch.get_num_threads(),
        "machine": note,
        "torch": torch.__version__.split("+")[0],
        "date": date.today().isoformat(),
    }
    with FILE.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        for row in sorted(others, key=lambda row: row["device"]):
            writer.writerow(row)
        for row in rows:
            digits = {k: f"{v:.5g}" for k, v in row.items() if isinstance(v, float)}
            writer.writerow({**row, **digits, **about})


def read(device: str = "cpu") -> dict[str, list[dict]]:
    """Return the stored runs of a device by step."""
    steps: dict[str, list[dict]] = {}
    with FILE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["device"] == device:
                steps.setdefault(row["step"], []).append(row)
    return steps


def paragraph() -> str:
    """Return what the README says about lab 11, made from the file."""
    steps, gpu = read(), read("cuda")

    def median(runs):
        return f"{statistics.median(float(run['seconds']) for run in runs):.2f}"

    def span(runs, column, form):
        values = [float(run[column]) for run in runs]
        return f"{form.format(min(values))} to {form.format(max(values))}"

    final, first = steps["final"], steps["final"][0]
    right = [float(run["accuracy"]) for run in final]
    seeds = len(steps["start"])
    text = [
        f"**Lab 11, MNIST with a convolutional network.** Measured on {first['date']}: "
        f"{first['machine']}, {first['threads']} threads, torch {first['torch']}. The "
        f"recipe that its rule takes, trained over {int(first['images']):,} images, "
        f"needs **{median(final)} s** ({span(final, 'seconds', '{:.2f}')} over "
        f"{len(final)} seeds), with a mean test accuracy of "
        f"**{sum(right) / len(right):.2%}** ({span(final, 'accuracy', '{:.2%}')}). "
        "Not in that time: loading, normalising, warming up. The ladder, trained on "
        f"{int(steps['start'][0]['images']):,} images, {seeds} seeds, in the order "
        "that was measured; `fitted loss` is that of the validation images after "
        "fitting a temperature:",
        "",
        "| step | CPU: s | from, to | GPU: s | validation accuracy | from, to | "
        "fitted loss |",
        "|:--|--:|:--|--:|--:|:--|--:|",
    ]
    text[0] = textwrap.fill(text[0], 88)
    for name, runs in steps.items():
        if runs[0]["place"] not in ("rung", "beside"):
            continue
        right = [float(run["accuracy"]) for run in runs]
        fitted = [float(run["fitted"]) for run in runs]
        label = name if runs[0]["place"] == "rung" else f"(beside) {name}"
        text.append(
            f"| {label} | {median(runs)} | {span(runs, 'seconds', '{:.2f}')} | "
            f"{median(gpu[name]) if name in gpu else ''} | "
            f"{sum(right) / len(right):.2%} | {span(runs, 'accuracy', '{:.2%}')} | "
            f"{sum(fitted) / len(fitted):.4f} |"
        )
    return "\n".join(text)


def with_paragraph(readme: str) -> str:
    """Return the text of the README with the paragraph of the file in its place."""
    place = re.compile(r"^\*\*Lab 11,.*?(?=^\*\*Loading\*\*)", re.DOTALL | re.MULTILINE)
    if not place.search(readme):
        raise BenchmarkError("README.md has no part from **Lab 11, to **Loading**")
    return place.sub(lambda _: paragraph() + "\n\n", readme)


def main(n_seeds: int = 5, n_final: int = 10) -> None:
    torch.set_num_threads(os.cpu_count())
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    lab = run_lab()
    if lab["mnist"].source == "embedded":
        raise BenchmarkError("this needs the full MNIST files: set COURSE_MNIST")
    note = f"{machine([]).split(', threads')[0]}, load before {load:.1f}"
    rows = measure(lab, n_seeds, n_final)
    write(rows, lab["device"].type, note)
    readme = ROOT / "README.md"
    readme.write_text(
        with_paragraph(readme.read_text(encoding="utf-8")),
        encoding="utf-8",
        newline="\n",
    )
    print(paragraph())
    print("\nnow: python -m course_utils.authoring refresh --times 11")


if __name__ == "__main__":
    try:
        main(*map(int, sys.argv[1:]))
    except BenchmarkError as problem:
        sys.exit(f"error: {problem}")
