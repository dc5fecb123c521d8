"""What the solutions of lab 08 are compared with: written in another way."""

import torch


def fastest(updates, fixed, per_image):
    sizes = torch.tensor(list(updates)).double()
    counts = torch.tensor(list(updates.values())).double()
    return int(sizes[(counts * fixed + counts * sizes * per_image).argmin()])


def accumulate(model, parts, loss_fn, optimizer):
    X, y = (torch.cat(rows) for rows in zip(*parts, strict=True))
    return loss_fn(model(X), y).item()


ORACLES = {
    # As the table in the lab's exercise module orders the runs.
    "faults": lambda: ("a", "e", "b", "c", "d"),
    "fastest": fastest,
    "accumulate": accumulate,
}
