"""Time and memory of one epoch of `fit`, for 1,000 to 60,000 images.

The lab's net 784-32-10, Adam, batches of 128. Each measurement is a process of its own,
because a process never gives back the memory that it has once asked for. The images are
random: time and memory do not depend on what is in them.
"""

import json
import statistics
import subprocess
import sys
from pathlib import Path

import torch
from measure import BenchmarkError, devices, in_turn, machine, seconds, show, spread
from torch import nn

from course_utils.training import batches, fit

SIZES = (1_000, 2_000, 5_000, 10_000, 20_000, 40_000, 60_000)
REPEATS = 5
BATCH_SIZE = 128
IMAGES = 60_000  # seen by each process: the small sets are gone through more often


def peak_memory() -> int:
    """Return the most memory, in bytes, that this process has had at one time."""
    try:
        # getrusage would count the memory of the parent before exec as well.
        for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return 1024 * int(line.split()[1])
    except OSError:
        pass
    try:
        import resource
    except ImportError:  # Windows
        import psutil

        return psutil.Process().memory_info().peak_wset
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # macOS: in bytes


def measure_here(n: int, device: str, images: int) -> dict[str, float]:
    """Train on n images; return seconds per epoch, and the memory in bytes."""
    # A first step loads libraries, which is no matter of the number of images.
    _train(*_random_images(BATCH_SIZE, device), 1)
    before = peak_memory()
    X, y = _random_images(n, device)
    n_epochs = max(1, images // n)
    elapsed = seconds(lambda: _train(X, y, n_epochs), device)
    return {
        "seconds": elapsed / n_epochs,
        "data": X.nbytes + y.nbytes,
        "peak": peak_memory() - before,
        "total": peak_memory(),
    }


def _random_images(n: int, device: str) -> tuple[torch.Tensor, torch.Tensor]:
    X = torch.rand(n, 784, device=device)
    return X, torch.randint(10, (n,), device=device)


def _train(X: torch.Tensor, y: torch.Tensor, n_epochs: int) -> None:
    model = nn.Sequential(nn.Linear(784, 32), nn.ReLU(), nn.Linear(32, 10)).to(X.device)
    optimizer = torch.optim.Adam(model.parameters(), fused=True)
    loader = batches(X, y, BATCH_SIZE, shuffle=True)
    loss_fn = nn.CrossEntropyLoss()
    fit(model, loader, loss_fn, optimizer, n_epochs=n_epochs, progress=False)


class Runs:
    """Measure one size in new processes; keep what they say about the memory."""

    def __init__(self, n: int, device: str, images: int):
        self.arguments = (n, device, images)
        self.answers = []

    def __call__(self) -> float:
        command = [sys.executable, __file__, json.dumps(self.arguments)]
        done = subprocess.run(
            command, capture_output=True, text=True, encoding="utf-8", check=False
        )
        if done.returncode:
            raise BenchmarkError(
                f"a process for {self.arguments} failed: {done.stderr}"
            )
        self.answers.append(json.loads(done.stdout))
        return self.answers[-1]["seconds"]


def line_through(sizes, times) -> tuple[float, float]:
    """Return a and b of the line a + b n that has the least relative errors."""
    n, t = torch.tensor(sizes, dtype=torch.float64), torch.tensor(times).double()
    columns = torch.stack([torch.ones_like(n), n], dim=1)
    return tuple(
        torch.linalg.lstsq(columns / t[:, None], torch.ones(len(t), 1).double())
        .solution.flatten()
        .tolist()
    )


def main(sizes=SIZES, repeats: int = REPEATS, images: int = IMAGES) -> None:
    runs = {(n, d): Runs(n, d, images) for n in sizes for d in devices()}
    times = in_turn(runs, repeats, "growth", warm_up=False)
    medians = [statistics.median(times[n, "cpu"]) for n in sizes]
    start, slope = line_through(sizes, medians)
    rows, errors = [], []
    for n, middle in zip(sizes, medians, strict=True):
        error = middle / (start + slope * n) - 1
        errors.append(error)
        answers = runs[n, "cpu"].answers
        memory = {
            key: statistics.median(answer[key] for answer in answers) / 1e6
            for key in ("data", "peak", "total")
        }
        on_gpu = times.get((n, "cuda"))
        rows.append(
            [
                f"{n:,}",
                *spread(times[n, "cpu"], 1, 1e3),
                f"{1e6 * middle / n:.2f}",
                f"{100 * error:+.0f}",
                *(f"{memory[key]:,.0f}" for key in ("data", "peak", "total")),
                spread(on_gpu, 1, 1e3)[0] if on_gpu else "",
            ]
        )
    show(
        "An epoch of fit, MLP 784-32-10, Adam(fused=True), batches of 128",
        (
            "images",
            "ms",
            "min to max",
            "µs per image",
            "off the line, %",
            "data, MB",
            "peak for data and training, MB",
            "peak with Python and PyTorch, MB",
            "GPU, ms",
        ),
        rows,
        f"The line: {1e3 * start:.1f} ms + {1e6 * slope:.2f} µs per image; the largest "
        f"deviation from it is {100 * max(map(abs, errors)):.0f}%.",
        f"{machine()}. {repeats} rounds in turn, each measurement in a new process, "
        "medians.",
    )


if __name__ == "__main__":
    from measure import use_one_thread

    use_one_thread()
    print(json.dumps(measure_here(*json.loads(sys.argv[1]))))
