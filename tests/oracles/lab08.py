"""What the solutions of lab 08 are compared with: written in another way."""

import contextlib
import io

import torch

from course_utils.exercises import lab08


def read_logs():
    """Read the printed logs as the hints say, and name what happened in each."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        lab08.logs()
    lines = printed.getvalue().splitlines()
    letters = []
    for i in range(0, len(lines), 4):
        running, fours, nines = (
            [float(word) for word in line.split()[-lab08.EPOCHS :]]
            for line in lines[i + 1 : i + 4]
        )
        if running[-1] == 0:
            letters.append("d")  # nothing came any more
        elif max(running) < 0.7:
            letters.append("c")  # a coin
        elif abs(fours[-1] - nines[-1]) > 0.8:
            letters.append("b")  # a parrot
        else:
            letters.append("a" if fours[-1] > 0.9 else "e")
    return tuple(letters)


def fastest(updates, fixed, per_image):
    sizes = torch.tensor(list(updates)).double()
    counts = torch.tensor(list(updates.values())).double()
    return int(sizes[(counts * fixed + counts * sizes * per_image).argmin()])


def accumulate(model, parts, loss_fn, optimizer):
    X, y = (torch.cat(rows) for rows in zip(*parts, strict=True))
    return loss_fn(model(X), y).item()


ORACLES = {"faults": read_logs, "fastest": fastest, "accumulate": accumulate}
