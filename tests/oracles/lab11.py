"""What the solutions of lab 11 are compared with: written in another way."""

import numpy as np
from scipy import stats


def sees(layers):
    """Widen the set of places, layer by layer, and count them."""
    places = {0}
    for kernel, stride in layers[::-1]:
        places = {stride * place + k for place in places for k in range(kernel)}
    return max(places) - min(places) + 1


def decide(seconds, losses):
    names = sorted(losses, key=lambda name: np.mean(losses[name]))
    table = np.array([losses[name] for name in names])
    differences = table[1:] - table[0]
    far = differences.mean(axis=1) > 2 * stats.sem(differences, axis=1)
    equals = [names[0], *(n for n, too in zip(names[1:], far, strict=True) if not too)]
    return sorted((seconds[name], name) for name in equals)[0][1]


ORACLES = {"sees": sees, "decide": decide}
