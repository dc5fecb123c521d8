"""What the solutions of lab 13 are compared with: written in another way."""

import math
import statistics

import numpy as np
from sklearn.linear_model import LinearRegression


def shared(X_train, X_held):
    known = {row.tobytes() for row in X_train.numpy()}
    return sum(row.tobytes() in known for row in X_held.numpy())


def decide(right_simple, right_big):
    """Count who is right where the other is wrong; the rest cancels."""
    pairs = zip(right_simple.tolist(), right_big.tolist(), strict=True)
    scores = [big - simple for simple, big in pairs]
    n, total = len(scores), sum(scores)
    squares = sum(score * score for score in scores)
    variance = (squares - total * total / n) / (n - 1)
    assert math.isclose(variance, statistics.variance(scores), abs_tol=1e-12)
    return total > 0 and total * total > 4 * n * variance


def fold_in(weight, bias, mean, spread):
    """Find the layer from what it says: a straight line through its answers."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(50, len(mean)))
    W, b, m, s = (a.double().numpy() for a in (weight, bias, mean, spread))
    found = LinearRegression().fit(X, (X - m) / s @ W.T + b)
    as_given = [weight.new_tensor(part) for part in (found.coef_, found.intercept_)]
    return tuple(as_given)


def groups(sure, right, edges):
    edges = np.array(edges, dtype=np.float32)
    parts = (sure.numpy(), sure.numpy()[right.numpy()])
    counts = [np.histogram(part, edges)[0].tolist() for part in parts]
    return [*zip(*counts, strict=True)]


ORACLES = {
    "shared": shared,
    "decide": decide,
    "fold_in": fold_in,
    "groups": groups,
}
