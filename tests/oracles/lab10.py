"""What the solutions of lab 10 are compared with: written in another way."""

import numpy as np
import torch
import torch.nn.functional as F

from course_utils.exercises import lab10


def fault_of_each_table():
    """Tell the five faults apart by what their tables are like, as the hints say."""
    found = ""
    for table in lab10.five_tables().values():
        counts = table.numpy()
        answers = counts.sum(axis=0)
        empty = np.flatnonzero(answers == 0)
        right = counts.diagonal() / counts.sum(axis=1)
        if answers[9] == counts.sum():
            found += "b"
        elif right.mean() < 0.3:
            found += "e"
        elif len(empty) == 0 and counts[4, 9] > counts[4, 4] < 10 < counts[9, 4]:
            found += "c"
        else:
            # Where do the images of the digits go that are never answered?
            to_zero = counts[empty, 0].sum() / counts[empty].sum()
            found += "a" if to_zero > 0.3 else "d"
    return tuple(found)


def recall_and_precision(confusion):
    pairs = [
        (i, j)
        for i, row in enumerate(confusion.tolist())
        for j, count in enumerate(row)
        for _ in range(count)
    ]
    recall, precision = [], []
    for k in range(len(confusion)):
        truth = [i == j for i, j in pairs if i == k]
        answers = [i == j for i, j in pairs if j == k]
        recall.append(sum(truth) / len(truth) if truth else 0.0)
        precision.append(sum(answers) / len(answers) if answers else 0.0)
    return torch.tensor(recall), torch.tensor(precision)


def limit(confidence, right, wanted):
    order = np.argsort(-confidence.numpy())
    shares = np.cumsum(right.numpy()[order]) / np.arange(1, len(order) + 1)
    last = np.diff(confidence.numpy()[order], append=-1) != 0  # of its equals
    fine = np.flatnonzero((shares >= wanted) & last)
    return float(confidence[order[fine[-1]]]) if len(fine) else float("inf")


def best_temperature(logits, y, temperatures):
    return min(
        temperatures,
        key=lambda T: F.nll_loss(torch.log_softmax(logits / T, 1), y).item(),
    )


def calibration_error(confidence, right, n_bins):
    says, hits = confidence.double().numpy(), right.double().numpy()
    parts = np.array_split(np.argsort(says, kind="stable"), n_bins)
    gaps = [abs(hits[part].sum() - says[part].sum()) for part in parts]
    return float(sum(gaps) / len(hits))


ORACLES = {
    "faults": fault_of_each_table,
    "recall_and_precision": recall_and_precision,
    "limit": limit,
    "best_temperature": best_temperature,
    "calibration_error": calibration_error,
}
