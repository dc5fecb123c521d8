"""What the solutions of lab 09 are compared with: written in another way."""

import contextlib
import io

import numpy as np
import torch
from scipy.special import expit, log_expit
from sklearn.metrics import accuracy_score, recall_score
from sklearn.utils.class_weight import compute_sample_weight

from course_utils.exercises import lab09


def read_logs():
    """Tell the faults apart by what is printed: loss, slope, two distances."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        lab09.logs()
    lines = [line.split() for line in printed.getvalue().splitlines()]
    rows = np.array([line for line in lines if line[0] != "log"], dtype=float)
    found = []
    for _, _, slope, first, last in rows.reshape(4, 6, 5).transpose(0, 2, 1):
        if last[-1] == 0:
            found.append("a" if slope[-1] > 2 * slope[0] else "b")
        else:
            found.append("c" if first[-1] > 0 else "d")
    return tuple(found)


def choose_threshold(logits, y, least):
    met = [
        t
        for t in logits.tolist()
        if recall_score(y.numpy(), logits.numpy() >= np.float32(t)) >= least
    ]
    return max(met)


def train_balanced(X, y, lr, n_steps):
    X1 = np.column_stack([X.double(), np.ones(len(X))])
    labels = y.numpy()
    weights = compute_sample_weight("balanced", labels.ravel())[:, None]
    weights = weights / weights[labels == 0][0]  # an ordinary example counts once
    both = np.zeros((X1.shape[1], 1))
    for _ in range(n_steps):
        both -= lr * X1.T @ (weights * (expit(X1 @ both) - labels)) / len(labels)
    return torch.tensor(both[:-1]).float(), torch.tensor(both[-1]).float()


def not_moved(optimizer, model):
    # Make every gradient 1, take a step, and see what stayed.
    before = [p.detach().clone() for p in model.parameters()]
    for p in model.parameters():
        p.grad = torch.ones_like(p)
    optimizer.step()
    return sum(b.equal(p) for b, p in zip(before, model.parameters(), strict=True))


def cheapest_pair(z):
    # Log-probabilities of (0, z), brought to mean 0: the shift of least norm.
    pair = torch.log_softmax(torch.nn.functional.pad(z.double(), (1, 0)), dim=1)
    return (pair - pair.mean(dim=1, keepdim=True)).float()


ORACLES = {
    "faults": read_logs,
    "forgotten": not_moved,
    "choose_threshold": choose_threshold,
    "train_balanced": train_balanced,
    "all_labels_right": lambda logits, y: accuracy_score(
        y.numpy(), (logits.sigmoid() > 0.5).float().numpy()
    ),
    "logsigmoid": lambda z: torch.tensor(log_expit(z.double().numpy())).float(),
    "to_two_logits": cheapest_pair,
}
