"""What the solutions of lab 07 are compared with: written in another way."""

import numpy as np
import torch
import torch.nn.functional as F
from scipy.stats import ttest_rel
from sklearn.metrics import accuracy_score
from sklearn.preprocessing import StandardScaler


def evaluate(model, X, y):
    z = model.eval().double()(X.double())
    return accuracy_score(y.flatten().numpy(), torch.sigmoid(z).flatten() >= 0.5)


def better(right_a, right_b):
    """By the statistic of the paired t test, which divides by the same error."""
    if right_a.equal(right_b):
        return "neither"
    t = ttest_rel(right_a.double(), right_b.double()).statistic
    return "neither" if abs(t) <= 2 else "ab"[int(t < 0)]


def standardize(X_train, X_test):
    scaler = StandardScaler().fit(X_train.double().numpy())
    same = np.isclose(scaler.var_, 0)
    # It divides by N, and torch by N - 1.
    shrink = np.where(same, 1, np.sqrt(1 - 1 / len(X_train)))
    sets = (scaler.transform(X.double().numpy()) * shrink for X in (X_train, X_test))
    return tuple(torch.tensor(X).float() for X in sets)


def worst(z, y, k):
    losses = F.binary_cross_entropy_with_logits(z, y, reduction="none")
    return losses.flatten().topk(k).indices


def keep_best(model, X, y, X_val, y_val, lr, n_steps):
    """Walk with slopes of a loss written out, and look back at all places."""

    def loss_of(z, y):
        return (F.softplus(z) - y * z).mean()

    losses = []
    for _ in range(n_steps):
        model.train()
        slopes = torch.autograd.grad(loss_of(model(X), y), [*model.parameters()])
        with torch.no_grad():
            for parameter, slope in zip(model.parameters(), slopes, strict=True):
                parameter -= lr * slope
            losses.append(loss_of(model.eval()(X_val), y_val).item())
    return min(losses)


ORACLES = {
    "evaluate": evaluate,
    "better": better,
    "standardize": standardize,
    "worst": worst,
    "keep_best": keep_best,
}
