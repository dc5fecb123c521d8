"""The reference solutions against an oracle that was written in another way.

The check believes the reference solution, so a wrong one would fail every learner who
is right. Here each of them is compared, on its own inputs, with the library or with a
calculation that shares no line with it.
"""

import contextlib
import copy
import importlib
import io
import math
import runpy
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from scipy.ndimage import shift
from scipy.optimize import linprog
from scipy.special import expit, log_expit, rel_entr, softmax
from sklearn.metrics import (
    accuracy_score,
    log_loss,
    recall_score,
)
from torch import nn
from torch.testing import assert_close

from course_utils.exercises import lab05, lab08
from course_utils.exercises.checks import Exercise


def refuses(ok, function):
    """Raise ValueError where the exercise asks for it."""

    def oracle(a, b):
        if a.shape != b.shape:
            raise ValueError
        return function(a, b)

    return oracle if ok else function


def conditional_table(counts):
    rows = [
        [count / sum(row) if sum(row) else 1 / len(row) for count in row]
        for row in counts.tolist()
    ]
    return torch.tensor(rows)


def kl_from_counts(counts, p):
    q = counts.numpy() / counts.numpy().sum()
    return float(rel_entr(q, p.numpy()).sum())


def gain_over_guessing(right, sure, n_classes):
    # The label is class 0 in a share of the cases, and each of the others as often.
    q = np.full(n_classes, (1 - right) / (n_classes - 1))
    p = np.full(n_classes, (1 - sure) / (n_classes - 1))
    q[0], p[0] = right, sure
    uniform = np.full(n_classes, 1 / n_classes)
    return float(rel_entr(q, uniform).sum() - rel_entr(q, p).sum())


def best_hedge(probs, y, shares):
    n_classes = probs.shape[1]
    labels = np.eye(n_classes)[y.numpy()] > 0
    tables = [probs.numpy() * (1 - share) + share / n_classes for share in shares]
    with np.errstate(divide="ignore"):  # a label of probability 0 costs inf
        losses = [-np.log(table[labels]).sum() for table in tables]
    return shares[int(np.argmin(losses))]


def sgd_step(loss_fn):
    """Return a step of torch.optim.SGD, with slopes from autograd."""

    def oracle(X, y, W, b, lr):
        W, b = nn.Parameter(W.clone()), nn.Parameter(b.clone())
        optimizer = torch.optim.SGD([W, b], lr=lr)
        loss_fn(X @ W + b, y).backward()
        optimizer.step()
        return W.detach(), b.detach()

    return oracle


def fault_of_each_run():
    """Tell the five faults apart by measuring the losses, as the hints say."""
    from course_utils.exercises import lab04

    found = ""
    for losses in lab04.five_losses().values():
        change = np.diff(losses)
        turns = int((np.sign(change[1:]) != np.sign(change[:-1])).sum())
        if max(losses) == min(losses) and losses[0] > 40:
            found += "e"
        elif (change > 0).all():
            found += "d"
        elif (change < 0).all() and losses[-1] > 0.8 * losses[0]:
            found += "a"
        else:
            found += "b" if turns > 10 else "c"
    return tuple(found)


def train_by_hand(X, y, lr, n_steps):
    X1 = np.column_stack([X.double(), np.ones(len(X))])
    parameters, y = np.zeros((X1.shape[1], 1)), y.double().numpy()
    for _ in range(n_steps):
        parameters -= lr * X1.T @ (expit(X1 @ parameters) - y) / len(y)
    W, b = parameters[:-1], parameters[-1]
    loss = -(y * log_expit(X1 @ parameters) + (1 - y) * log_expit(-X1 @ parameters))
    return tuple(torch.tensor(value).float() for value in (W, b, loss.mean()))


def read_logs():
    """Read the printed logs as somebody who knows the rules."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        lab05.logs()
    lines = [line.split() for line in printed.getvalue().splitlines()]
    logs = [[float(x) for x in line[1:]] for line in lines if line[0] == "loss"]
    found = {}
    for i, losses in enumerate(logs):
        if losses[0] > 100:
            found[i] = "e"
        elif max(losses) - min(losses) < 0.02:
            found[i] = "d"
        elif losses != sorted(losses, reverse=True):
            found[i] = "c"
    rest = sorted(set(range(5)) - set(found), key=lambda i: logs[i][-1])
    found |= dict(zip(rest, "ab", strict=True))
    return tuple(found[i] for i in range(5))


def can_separate():
    """Ask a linear program for weights that give every example a margin of 1."""
    line = torch.arange(6.0).reshape(-1, 1)
    corners = torch.tensor([[0.0, 0], [1, 1], [0, 1], [1, 0]])
    turns = torch.arange(12) * math.pi / 6
    ring = torch.stack([turns.sin(), turns.cos()], dim=1)
    middle = torch.cat([torch.zeros(1, 2), ring])
    sets = (
        (line, [0, 0, 1, 1, 2, 2]),
        (line, [0, 0, 1, 1, 0, 0]),
        (corners, [0, 1, 2, 3]),
        (corners, [0, 0, 1, 1]),
        (middle[[0, 1, 5, 9]], [0, 1, 2, 3]),
        (middle, [0] + 12 * [1]),
    )
    found = []
    for X, y in sets:
        X, n_classes = np.c_[X.numpy(), np.ones(len(X))], max(y) + 1
        rows = []
        for x, own in zip(X, y, strict=True):
            for other in set(range(n_classes)) - {own}:
                row = np.zeros((n_classes, X.shape[1]))
                row[own], row[other] = -x, x
                rows.append(row.ravel())
        cost, limit = np.zeros(len(rows[0])), -np.ones(len(rows))
        solved = linprog(cost, np.array(rows), limit, bounds=(None, None))
        found.append(solved.status == 0)
    return tuple(found)


def borders_at(w, low, high):
    system = np.array([[1.0, 0, 0], [1, -1, 0], [0, 1, -1]])
    heights = [0, (w[1] - w[0]) * low, (w[2] - w[1]) * high]
    return torch.tensor(np.linalg.solve(system, heights)).float()


def trained(X, y, n_classes, lr, n_updates):
    """Return what a loop without autograd gives: errors, times what comes in."""
    ones = torch.ones(len(X), 1)
    both = torch.zeros(X.shape[1] + 1, n_classes)
    for _ in range(n_updates):
        p = (torch.cat([X, ones], dim=1) @ both).softmax(dim=1)
        p[range(len(X)), y] -= 1
        both -= lr * torch.cat([X, ones], dim=1).T @ p / len(X)
    return both[:-1], both[-1]


def to_logistic(W, b):
    # Two logits, of which the first is made 0 by a common shift.
    shifted_W, shifted_b = W - W[:, :1], b - b[:1]
    return shifted_W[:, 1], shifted_b[1]


def predict(model, X):
    with torch._C.DisableTorchFunctionSubclass():  # there is no second device in truth
        return torch.tensor(model.eval()(X).max(dim=1).indices.tolist())


def class_accuracy(logits, y, n_classes):
    options = {"average": None, "labels": range(n_classes), "zero_division": np.nan}
    return torch.tensor(recall_score(y, logits.max(dim=1).indices, **options)).float()


def conv_facts(side, c_in, c_out, kernel, stride):
    layer = nn.Conv2d(c_in, c_out, kernel, stride, device="meta")
    outputs = layer(torch.zeros(1, c_in, side, side, device="meta"))
    return outputs.shape[-1], sum(p.numel() for p in layer.parameters())


def shift_each(X, dy, dx):
    pairs = zip(X.numpy(), zip(dy, dx, strict=True), strict=True)
    moved = [shift(image[0], by, order=0) for image, by in pairs]
    return torch.tensor(np.stack(moved)).unsqueeze(1)


def train_softmax_regression(X, y, W, n_steps):
    """The slopes by a formula, X.T (p - y) / N, and no autograd."""
    X, W, truth = X.numpy(), W.numpy(), np.eye(W.shape[1], dtype="float32")[y]
    for _ in range(n_steps):
        W = W - 0.1 * X.T @ (softmax(X @ W, axis=1) - truth) / len(y)
    return torch.tensor(W)


ORACLES = {
    "lab00.fraction_right": lambda answers, truth: float(
        accuracy_score(truth, answers)
    ),
    "lab01.softmax": lambda logits: torch.softmax(logits, dim=1),
    "lab01.softmax_with_temperature": lambda logits, T: nn.Softmax(dim=-1)(
        logits.double() / T
    ).float(),
    "lab01.logsumexp": lambda logits: torch.logsumexp(logits, dim=1),
    "lab01.conditional_table": conditional_table,
    "lab02.mended_loss": F.cross_entropy,
    "lab02.gain_over_guessing": gain_over_guessing,
    "lab02.best_hedge": best_hedge,
    "lab02.loss_from_indices": lambda probs, y: F.nll_loss(probs.log(), y),
    "lab02.kl_from_counts": kl_from_counts,
    "lab02.perplexity": lambda logits, y: F.cross_entropy(logits, y).exp(),
    "lab02.mean_loss": lambda means, sizes: torch.tensor(
        np.average(means.numpy(), weights=sizes.numpy()), dtype=means.dtype
    ),
    "lab03.cross_entropy": F.cross_entropy,
    "lab03.weighted_cross_entropy": lambda logits, y, weight: F.cross_entropy(
        logits, y, weight=torch.as_tensor(weight)
    ),
    "lab03.train": train_softmax_regression,
    "lab03.which_loss": lambda: (1, 2, 3, 4, 1),
    "lab03.right_calls": lambda: (False, True, True, False, True, False),
    "lab04.faults": fault_of_each_run,
    "lab04.decide": lambda logits, missed, false_alarm: torch.tensor(
        np.argmin(
            [
                expit(logits.double().numpy()) * missed,
                expit(-logits.double().numpy()) * false_alarm,
            ],
            axis=0,
        )
    ).float(),
    "lab04.trained": train_by_hand,
    "lab04.border": lambda W, b, x1: torch.stack(
        [
            torch.linalg.solve(W[1:].reshape(1, 1), -(W[:1] * x + b)).squeeze()
            for x in x1
        ]
    ),
    "lab04.accuracy": refuses(
        True, lambda logits, y: accuracy_score(y.flatten(), logits.flatten() > 0)
    ),
    "lab04.gradient_step": sgd_step(F.binary_cross_entropy_with_logits),
    "lab04.bce_with_logits": lambda logits, y: F.binary_cross_entropy_with_logits(
        logits, y.to(logits.dtype)
    ),
    "lab04.stable_sigmoid": torch.sigmoid,
    "lab05.faults": read_logs,
    "lab05.can_separate": can_separate,
    "lab05.biases": borders_at,
    "lab05.train_from_zeros": trained,
    "lab05.training_step": sgd_step(F.cross_entropy),
    "lab05.to_logistic": to_logistic,
    "lab08.predict": predict,
    "lab08.class_accuracy": class_accuracy,
    "lab11.conv_facts": conv_facts,
    "lab11.triangle": lambda update, n, max_lr: float(
        np.interp(update, [0, n // 4, n], [0.0, max_lr, 0.0])
    ),
    "lab11.speedup": lambda before, after: float(
        np.median(before[1:]) / np.median(after[1:])
    ),
    "lab11.shift_each": shift_each,
}


# Those of labs made with `new` are in files of their own.
for path in sorted((Path(__file__).parent / "oracles").glob("lab*.py")):
    more = runpy.run_path(str(path))["ORACLES"]
    ORACLES |= {f"{path.stem}.{name}": oracle for name, oracle in more.items()}


def outcome(function, args):
    torch.manual_seed(0)  # as the check does
    try:
        value = function(*copy.deepcopy(args))
    except ValueError:
        return "ValueError"
    return value.detach() if torch.is_tensor(value) else value


def exercises():
    """Yield each exercise of the course with its name and its oracles.

    An exercise brings its own, ``@softmax.oracle``, or has one in the table above.
    """
    from course_utils import exercises

    for path in sorted(Path(exercises.__path__[0]).glob("lab*.py")):
        module = importlib.import_module(f"course_utils.exercises.{path.stem}")
        for checked in list(vars(module).values()):
            if isinstance(checked, Exercise):
                name = f"{path.stem}.{checked.name}"
                found = [
                    *checked.oracles,
                    *([ORACLES[name]] if name in ORACLES else []),
                ]
                yield pytest.param(checked, found, id=name)


@pytest.mark.parametrize(("checked", "oracles"), [*exercises()])
def test_solution_agrees_with_an_oracle(checked, oracles):
    """On all inputs, the random ones of odd shape and those at the edges included."""
    assert oracles
    for oracle in oracles:
        for args in checked.inputs:
            got, expected = outcome(checked.reference, args), outcome(oracle, args)
            parts = expected if isinstance(expected, tuple) else (expected,)
            if all(isinstance(part, str) for part in parts):
                assert got == expected
            else:
                assert_close(got, expected, rtol=1e-4, atol=1e-6, equal_nan=True)


def test_an_exercise_without_an_oracle_is_seen(monkeypatch):
    monkeypatch.delitem(ORACLES, "lab01.softmax")
    (alone,) = (found for found in exercises() if found.id == "lab01.softmax")
    with pytest.raises(AssertionError):
        test_solution_agrees_with_an_oracle(*alone.values)


def test_accumulated_update_is_that_of_one_batch():
    """The oracle of lab 08 knows the loss; here it is the step that counts."""
    for args in lab08.accumulate.inputs:
        model, parts, loss_fn, optimizer = copy.deepcopy(args)
        whole = copy.deepcopy(model)
        X, y = (torch.cat(rows) for rows in zip(*parts, strict=True))
        slopes = torch.autograd.grad(loss_fn(whole(X), y), list(whole.parameters()))
        lab08.accumulate.reference(model, parts, loss_fn, optimizer)
        lr = optimizer.param_groups[0]["lr"]
        for p, q, slope in zip(
            model.parameters(), whole.parameters(), slopes, strict=True
        ):
            assert_close(p, q - lr * slope, rtol=1e-4, atol=1e-6)


SLOPED = (
    "lab01.softmax",
    "lab01.logsumexp",
    "lab02.perplexity",
    "lab02.mended_loss",
    "lab03.cross_entropy",
    "lab03.weighted_cross_entropy",
    "lab04.bce_with_logits",
    "lab04.stable_sigmoid",
)


@pytest.mark.parametrize("name", SLOPED)
def test_slopes_agree_with_an_oracle(name):
    """Also at a logit of exactly 0, at ties, and for logits of 1000 and -1000."""
    lab, _, exercise = name.partition(".")
    module = importlib.import_module(f"course_utils.exercises.{lab}")
    checked = getattr(module, exercise)
    for case in checked.cases:
        right, other = (
            checked.observe(f, case.args).slopes
            for f in (checked.reference, ORACLES[name])
        )
        for argument, slope in right.items():
            if slope is not None and slope.isfinite().all():
                assert_close(other[argument], slope, rtol=1e-3, atol=1e-5)


def test_log_loss_of_scikit_learn_agrees_too():
    """One more voice on the loss that everything rests on."""
    probs = torch.randn(9, 3, generator=torch.manual_seed(0)).double().softmax(dim=1)
    y = torch.arange(9) % 3
    from course_utils.exercises import lab02

    ours = lab02.loss_from_indices.reference(probs, y).item()
    assert math.isclose(ours, log_loss(y.numpy(), probs.numpy()), rel_tol=1e-9)
