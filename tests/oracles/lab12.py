"""What the solutions of lab 12 are compared with: written in another way."""

import numpy as np
import torch
import torch.nn.functional as F
from scipy.stats import ttest_rel


def train(model, X, y, n_steps):
    losses = []
    for _ in range(n_steps):
        p = model(X).softmax(dim=1)
        losses.append(-p[torch.arange(len(y)), y].log().mean().item())
        error = (p - F.one_hot(y, p.shape[1])) / len(y)
        with torch.no_grad():
            model.weight -= error.T @ X
            model.bias -= error.sum(dim=0)
    return losses


def slope_norms(model, X, y):
    model.zero_grad(set_to_none=False)
    F.nll_loss(model(X).log_softmax(dim=1), y).backward()
    grads = [p.grad for p in model.parameters()]
    return [0.0 if g is None else float(np.linalg.norm(g)) for g in grads]


def first_look(losses, n_classes):
    start = losses[0] / np.log(n_classes)
    change = losses[-1] / losses[0]
    if not 0.9 <= start <= 1.1:
        return "start"
    if not change <= 1.02:
        return "diverges"
    return "stuck" if change > 0.98 else "falls"


def better(a, b):
    t = ttest_rel(b, a).statistic  # mean difference, in standard errors
    return "b" if t > 2 else "a" if t < -2 else "cannot tell"


ORACLES = {
    "train": train,
    "mean_loss": lambda model, X, y, batch_size: F.cross_entropy(model(X), y).item(),
    "slope_norms": slope_norms,
    "first_look": first_look,
    "better": better,
}
