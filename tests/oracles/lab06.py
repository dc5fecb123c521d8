"""What the solutions of lab 06 are compared with: written in another way."""

import itertools

import torch
import torch.nn.functional as F
from torch import nn


def network_of(W, c, v, d):
    """Return the same network as a module of PyTorch's, with its parameters."""
    first, last = nn.Linear(*W.shape), nn.Linear(len(v), 1)
    model = nn.Sequential(first, nn.ReLU(), last, nn.Flatten(0))
    with torch.no_grad():
        for parameter, value in zip(
            model.parameters(), (W.T, c, v[None], d.reshape(1)), strict=True
        ):
            parameter.copy_(value)
    return model


def as_given(W, c, v, d):
    return W.T, c, v[0], d[0]


def slopes(x, y, W, c, v, d):
    model = network_of(W, c, v, d)
    nn.BCEWithLogitsLoss()(model(x[None]), y[None]).backward()
    return as_given(*(p.grad for p in model.parameters()))


def fit(X, y, W, c, v, d, lr, n_steps):
    model = network_of(W, c, v, d)
    for _ in range(n_steps):
        model.zero_grad()
        z = model(X)
        (F.softplus(z) - y * z).mean().backward()
        with torch.no_grad():
            for parameter in model.parameters():
                parameter -= lr * parameter.grad
    return as_given(*(p.detach() for p in model.parameters()))


def keep(losses, patience):
    lowest = list(itertools.accumulate(losses, min))  # until each epoch
    ends = [
        e for e in range(patience, len(losses)) if lowest[e] == lowest[e - patience]
    ]
    return losses.index(lowest[ends[0] if ends else -1])


ORACLES = {
    "slopes": slopes,
    "step": lambda *args: fit(*args, 1),
    "keep": keep,
    "fit": fit,
}
