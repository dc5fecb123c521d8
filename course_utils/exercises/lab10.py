"""Exercises of lab 10, MNIST with many digits: solutions, hints, typical mistakes."""

import torch
import torch.nn.functional as F

from course_utils.exercises.checks import exercise
from course_utils.exercises.diagnose import between, holds
from course_utils.exercises.fixtures import Case, sized

# Pairs repeat, the table is not symmetric, and (2, 2), the last pair, occurs.
_Y = torch.tensor([0, 0, 1, 2, 2, 2, 1, 0, 0, 2])
_SAID = torch.tensor([0, 1, 1, 2, 0, 0, 1, 1, 1, 2])


@exercise(
    given={
        "y": "classes N K",
        "y_pred": "classes N K",
        "n_classes": lambda g, sizes, before: sizes["K"],
    },
    properties=[
        holds(
            "Every example is counted once, so the table sums to N. Yours does not.",
            lambda value, y, y_pred, n_classes: value.sum().item() == len(y),
        )
    ],
    inputs=[
        (_Y, _SAID, 3),
        Case((_Y, _SAID, 5), "classes that never occur", False),
        (torch.tensor([3, 3, 0, 1]), torch.tensor([1, 1, 0, 1]), 4),
        (torch.tensor([0, 1, 0, 0]), torch.tensor([2, 1, 2, 0]), 3),
    ],
    hints=[
        "Each pair (true, predicted) is one cell of the table, and has to be counted.",
        "n_classes * y + y_pred is another number for each pair, from 0 to "
        "n_classes ** 2 - 1.",
        ".bincount(minlength=n_classes**2) counts these numbers, and "
        ".reshape(n_classes, n_classes) makes the table.",
    ],
    praise="It has all classes, those that do not occur too.",
)
def confusion_matrix(y, y_pred, n_classes):
    """Return the counts of (true, predicted), shape (K, K), int64."""
    pairs = n_classes * y + y_pred
    return pairs.bincount(minlength=n_classes**2).reshape(n_classes, n_classes)


@confusion_matrix.mistake
def confusion_transposed(y, y_pred, n_classes):
    """The counts are right, but rows and columns are exchanged. Here a row belongs to
    a true class and a column to a predicted one, as in scikit-learn. Read the other
    way round, precision and recall change places.
    """
    pairs = n_classes * y_pred + y
    return pairs.bincount(minlength=n_classes**2).reshape(n_classes, n_classes)


@confusion_matrix.mistake
def confusion_not_accumulated(y, y_pred, n_classes):
    """Every cell is 0 or 1, however often its pair occurs. table[y, y_pred] += 1 reads
    all places first and writes afterwards, so a place that is named three times is
    still raised only once. Count with bincount, or in a loop.
    """
    table = torch.zeros(n_classes, n_classes, dtype=torch.int64)
    table[y, y_pred] += 1
    return table


@confusion_matrix.mistake
def confusion_from_data(y, y_pred, n_classes):
    """You took the number of classes from the labels that occur. If the last classes
    are missing in this batch, their rows and columns are missing, too, and tables of
    two batches cannot be added. Use n_classes.
    """
    n = int(max(y.max(), y_pred.max())) + 1
    return (n * y + y_pred).bincount(minlength=n**2).reshape(n, n)


@confusion_matrix.mistake
def confusion_without_minlength(y, y_pred, n_classes):
    """There are too few counts for the table: bincount stops at the largest number
    that occurs, and here the last pairs are missing. Ask for all of them:
    bincount(minlength=n_classes**2).
    """
    return (n_classes * y + y_pred).bincount().reshape(n_classes, n_classes)


@confusion_matrix.mistake
def confusion_as_shares(y, y_pred, n_classes):
    """You divided each row by its sum. That is a useful table, with the recall on its
    diagonal, but the exercise asks for the counts. From counts you can always make
    shares; the way back is lost.
    """
    table = confusion_matrix.reference(y, y_pred, n_classes)
    return table / table.sum(dim=1, keepdim=True)


@confusion_matrix.mistake
def confusion_float(y, y_pred, n_classes):
    """The numbers are right, but they are float32: torch.zeros makes decimal numbers
    unless told otherwise. Counts are whole numbers: dtype=torch.int64.
    """
    return confusion_matrix.reference(y, y_pred, n_classes).float()


@confusion_matrix.mistake
def confusion_colliding(y, y_pred, n_classes):
    """You added the two labels without a factor. Then different pairs give the same
    number: 0 + 2 and 1 + 1, for example. With n_classes * y + y_pred each pair has a
    number of its own.
    """
    return (y + y_pred).bincount(minlength=n_classes**2).reshape(n_classes, n_classes)


@confusion_matrix.mistake
def confusion_in_percent_of_all(y, y_pred, n_classes):
    """You divided by the number of examples, so the table sums to 1. The exercise asks
    for the counts themselves.
    """
    return confusion_matrix.reference(y, y_pred, n_classes) / len(y)


@exercise(
    given={"confusion": "counts K K"},
    results=("recall", "precision"),
    properties=[between(0, 1, "A fraction lies between 0 and 1.")],
    inputs=[
        (torch.tensor([[7, 2, 1], [0, 5, 3], [4, 1, 9]]),),
        Case(
            (torch.tensor([[6, 0, 2], [3, 0, 4], [1, 0, 8]]),),
            "a class that is never predicted",
            False,
        ),
        Case(
            (torch.tensor([[5, 1, 2], [0, 0, 0], [3, 2, 4]]),),
            "a class that does not occur",
            False,
        ),
        Case(
            (torch.tensor([[3, 0, 2, 0], [0, 0, 0, 0], [1, 0, 6, 0], [2, 0, 1, 0]]),),
            "both of that",
            False,
        ),
    ],
    hints=[
        "confusion.diag() holds the right answers of each class. Divide them, once by "
        "the sums of the rows, once by the sums of the columns.",
        "confusion.sum(dim=1) goes along the rows: the true classes. "
        "confusion.sum(dim=0) goes down the columns: the predicted ones.",
        "If a sum is 0, the diagonal is 0 as well. .clamp(min=1) makes 1 of such a "
        "sum, and 0 / 1 is 0.",
    ],
    praise="And a class that is never said does not turn everything into nan.",
)
def recall_and_precision(confusion):
    """Return recall and precision of each class, both of shape (K,)."""
    hits = confusion.diag()
    recall = hits / confusion.sum(dim=1).clamp(min=1)
    precision = hits / confusion.sum(dim=0).clamp(min=1)
    return recall, precision


@recall_and_precision.mistake
def scores_swapped(confusion):
    """The two are exchanged. Recall asks of all examples that truly are of a class, and
    these stand in its row: sum(dim=1). Precision asks of all answers, and these stand
    in its column: sum(dim=0).
    """
    return recall_and_precision.reference(confusion)[::-1]


@recall_and_precision.mistake
def scores_nan(confusion):
    """Right for ordinary tables. But a class that does not occur, or is never
    predicted, gives 0 / 0, which is nan, and one nan spoils every mean. The exercise
    asks for 0 there.
    """
    hits = confusion.diag()
    return hits / confusion.sum(dim=1), hits / confusion.sum(dim=0)


@recall_and_precision.mistake
def scores_by_total(confusion):
    """You divided by the sum of the whole table. That is the share of all examples
    that are right answers of this class, and it is small for a rare class even if
    every one of its examples is found. Divide by the row, or by the column.
    """
    hits = confusion.diag() / confusion.sum()
    return hits, hits


@recall_and_precision.mistake
def scores_whole_division(confusion):
    """// is division without the rest, so everything except a perfect class becomes 0.
    A plain / of two whole numbers gives the decimal number.
    """
    hits = confusion.diag()
    recall = hits // confusion.sum(dim=1).clamp(min=1)
    return recall, hits // confusion.sum(dim=0).clamp(min=1)


@recall_and_precision.mistake
def scores_only_recall(confusion):
    """This is only the recall. The exercise asks for both, in this order: return
    recall, precision.
    """
    return recall_and_precision.reference(confusion)[0]


@recall_and_precision.mistake
def scores_same_twice(confusion):
    """Both are the recall: you divided by the sums of the rows twice. For precision
    take the sums of the columns, sum(dim=0).
    """
    recall = recall_and_precision.reference(confusion)[0]
    return recall, recall


@recall_and_precision.mistake
def scores_error_rates(confusion):
    """You calculated 1 minus the right result: the share that is missed, and the share
    of the answers that is wrong. The diagonal holds the right ones; divide it.
    """
    recall, precision = recall_and_precision.reference(confusion)
    return 1 - recall, 1 - precision


@recall_and_precision.mistake
def scores_one_against_rest(confusion):
    """This counts as right also every example of another class that was not taken for
    this one. For a rare class that is nearly everything, so a model that never finds
    it looks good. Recall and precision leave those examples out.
    """
    hits, total = confusion.diag(), confusion.sum()
    wrong = confusion.sum(dim=1) + confusion.sum(dim=0) - 2 * hits
    return (total - wrong) / total, (total - wrong) / total


@recall_and_precision.mistake
def scores_whole_table(confusion):
    """You divided the whole table, so the result has shape (K, K). Only its diagonal
    holds right answers: confusion.diag() first.
    """
    rows = confusion.sum(dim=1, keepdim=True).clamp(min=1)
    columns = confusion.sum(dim=0, keepdim=True).clamp(min=1)
    return confusion / rows, confusion / columns


_LOGITS = torch.tensor(
    [
        [2.1, 0.3, -1.2, 0.9],
        [0.2, 1.7, 1.1, -0.4],
        [-0.5, 0.8, 2.6, 1.9],
        [1.3, -0.7, 0.6, 3.2],
        [0.1, 2.2, 1.4, 0.7],
        [2.9, 1.8, -0.3, 0.5],
        [0.4, -1.1, 1.5, 1.0],
    ]
)
_RANKED = torch.tensor([0, 2, 1, 0, 0, 0, 3])  # ranks 1, 2, 3, 2, 4, 1, 2


@exercise(
    given={
        "logits": "ranked N K",
        "y": "classes N K",
        "k": lambda g, sizes, before: (
            1 + int(torch.randint(1, max(2, sizes["K"] - 1), (), generator=g))
        ),
    },
    properties=[between(0, 1, "A fraction lies between 0 and 1.")],
    inputs=[
        (_LOGITS, _RANKED, 2),
        (_LOGITS, _RANKED, 3),
        (_LOGITS, _RANKED, 1),
        (_LOGITS[2:4], _RANKED[2:4], 2),  # as many examples as k
        (_LOGITS, _RANKED, 4),
    ],
    hints=[
        "logits.topk(k, dim=1).indices gives the k best classes of each example, "
        "shape (N, k).",
        "Compare them with the labels as a column: y.unsqueeze(1) has shape (N, 1).",
        ".any(dim=1) asks for each example whether one of its k is right. Then the "
        "mean, and .item().",
    ],
    praise="With k = 1 it is the accuracy, with k = K it is 1.",
)
def top_k_accuracy(logits, y, k):
    """Return the fraction of examples whose label is among the k largest logits."""
    best = logits.topk(k, dim=1).indices  # (N, k)
    return (best == y.unsqueeze(1)).any(dim=1).float().mean().item()


@top_k_accuracy.mistake
def top_k_only_first(logits, y, k):
    """This is the ordinary accuracy: only the first guess counts, whatever k is. Take
    the k best columns with topk(k, dim=1).
    """
    return (logits.argmax(dim=1) == y).float().mean().item()


@top_k_accuracy.mistake
def top_k_only_last(logits, y, k):
    """You compared with the k-th guess alone. Right is an example whose label is
    anywhere among the first k.
    """
    return (logits.topk(k, dim=1).indices[:, -1] == y).float().mean().item()


@top_k_accuracy.mistake
def top_k_smallest(logits, y, k):
    """These are the k smallest logits. argsort sorts upward unless told
    descending=True, and topk takes the largest by itself.
    """
    best = logits.argsort(dim=1)[:, :k]
    return (best == y.unsqueeze(1)).any(dim=1).float().mean().item()


@top_k_accuracy.mistake
def top_k_without_any(logits, y, k):
    """You took the mean over all N x k comparisons. Only one of the k guesses can be
    right, so the result can never be above 1 / k. First ask for each example whether
    any of them is right: .any(dim=1).
    """
    best = logits.topk(k, dim=1).indices
    return (best == y.unsqueeze(1)).float().mean().item()


@top_k_accuracy.mistake
def top_k_broadcast(logits, y, k):
    """The guesses have shape (N, k), the labels (N,). PyTorch lays the labels along the
    columns, which is an error, or, if N happens to be k, a comparison with the labels
    of other examples. Make a column of them: y.unsqueeze(1).
    """
    best = logits.topk(k, dim=1).indices
    return (best == y).any(dim=1).float().mean().item()


@top_k_accuracy.mistake
def top_k_values(logits, y, k):
    """You compared the k largest logits themselves with the labels. topk gives two
    things; the positions, which are the classes, are in .indices.
    """
    best = logits.topk(k, dim=1).values
    return (best == y.unsqueeze(1)).any(dim=1).float().mean().item()


@top_k_accuracy.mistake
def top_k_without_indices(logits, y, k):
    """You compared two things at once with the labels: topk gives a pair, the values
    and their positions. Take the positions, which are the classes: .indices.
    """
    best = logits.topk(k, dim=1)
    return (best == y.unsqueeze(1)).any(dim=1).float().mean().item()


@top_k_accuracy.mistake
def top_k_any_dim_0(logits, y, k):
    """.any(dim=0) goes down the columns: it asks whether the first guess is right for
    any example, the second for any, and so on. Each example is a row: .any(dim=1).
    """
    best = logits.topk(k, dim=1).indices
    return (best == y.unsqueeze(1)).any(dim=0).float().mean().item()


@top_k_accuracy.mistake
def top_k_any_of_all(logits, y, k):
    """You asked with any() over the whole table, so a single hit in it makes 1.0. Ask
    for each example on its own: .any(dim=1).
    """
    best = logits.topk(k, dim=1).indices
    return (best == y.unsqueeze(1)).any().float().item()


@top_k_accuracy.mistake
def top_k_count(logits, y, k):
    """You counted the hits. The exercise asks for their fraction, a number from 0 to 1:
    take the mean instead of the sum.
    """
    best = logits.topk(k, dim=1).indices
    return (best == y.unsqueeze(1)).any(dim=1).float().sum().item()


@top_k_accuracy.mistake
def top_k_tensor(logits, y, k):
    """The number is right, but it is still a tensor with one element. .item() takes
    the plain Python number out.
    """
    best = logits.topk(k, dim=1).indices
    return (best == y.unsqueeze(1)).any(dim=1).float().mean()


@sized("N", "K")
def _mostly_largest(g, sizes, before):
    best = before[0].argmax(dim=1)
    other = torch.randint(sizes["K"], best.shape, generator=g)
    return torch.where(torch.rand(best.shape, generator=g) < 0.7, best, other)


@sized("N")
def _confidences(g, sizes, before):
    # Never on the edge of a bin.
    return (torch.randint(5, 999, (2 * sizes["N"],), generator=g) + 0.37) / 1000


# Too sure: three of these nine answers are wrong.
_SURE = torch.tensor(
    [
        [6.0, 0.0, 1.0],
        [0.0, 5.0, 1.0],
        [1.0, 0.0, 6.0],
        [5.0, 0.5, 0.0],
        [0.0, 6.0, 0.5],
        [4.5, 1.0, 0.0],
        [6.0, 1.0, 0.5],
        [0.0, 5.5, 1.0],
        [0.5, 0.0, 5.0],
    ]
)
_SURE_Y = torch.tensor([0, 1, 2, 0, 1, 0, 2, 0, 1])
# Too modest: all are right but one, and all are close to a tie.
_MODEST = torch.tensor([[0.9, 0.1], [0.2, 0.8], [1.0, 0.3], [0.1, 1.1], [0.4, 0.3]])
_MODEST_Y = torch.tensor([0, 1, 0, 1, 1])
_LIST = [0.8, 0.1, 2.6, 1.3, 7.0, 0.3, 4.2]  # in no order


@exercise(
    given={
        "logits": "ranked N K",
        "y": _mostly_largest,
        "temperatures": lambda g, sizes, before: [
            round(0.2 + 6 * t, 2) for t in torch.rand(6, generator=g).tolist()
        ],
    },
    properties=[
        holds(
            "The answer is one of the numbers in the list. Yours is not.",
            lambda value, logits, y, temperatures: value in temperatures,
        )
    ],
    inputs=[
        (_SURE, _SURE_Y, _LIST),
        (_MODEST, _MODEST_Y, _LIST),
        (_SURE, _SURE_Y, [0.6, 0.9]),
        (_SURE, (_SURE_Y + 1) % 3, _LIST),  # nearly all answers are wrong
        (100 * _SURE, _SURE_Y, [40.0, 800.0, 250.0, 100.0]),
    ],
    hints=[
        "For each T of the list: divide the logits by T, and calculate the cross "
        "entropy with y.",
        "losses = [F.cross_entropy(logits / T, y).item() for T in temperatures]",
        "losses.index(min(losses)) is the position of the smallest; the answer is what "
        "stands there in temperatures.",
    ],
    praise="One parameter, found by trying. No answer changes, only its confidence.",
)
def best_temperature(logits, y, temperatures):
    """Return the temperature of the list with the smallest mean cross entropy."""
    losses = [F.cross_entropy(logits / T, y).item() for T in temperatures]
    return temperatures[losses.index(min(losses))]


def _position(losses, best=min):
    losses = [float(loss) for loss in losses]
    return losses.index(best(losses))


@best_temperature.mistake
def temperature_multiplied(logits, y, temperatures):
    """You multiplied by T. The temperature divides: above 1 it makes answers less sure,
    below 1 more. Multiplying turns that round.
    """
    return temperatures[_position(F.cross_entropy(logits * T, y) for T in temperatures)]


@best_temperature.mistake
def temperature_largest_loss(logits, y, temperatures):
    """This is the temperature with the largest loss. A loss is to be small: min or
    argmin instead of max or argmax.
    """
    losses = [F.cross_entropy(logits / T, y) for T in temperatures]
    return temperatures[_position(losses, max)]


@best_temperature.mistake
def temperature_position(logits, y, temperatures):
    """This is the position of the best temperature in the list. The exercise asks for
    the temperature itself: temperatures[position].
    """
    return _position(F.cross_entropy(logits / T, y) for T in temperatures)


@best_temperature.mistake
def temperature_loss(logits, y, temperatures):
    """This is the smallest loss. The exercise asks for the temperature at which it is
    reached.
    """
    return min(F.cross_entropy(logits / T, y).item() for T in temperatures)


@best_temperature.mistake
def temperature_of_probs(logits, y, temperatures):
    """You divided the probabilities by T and gave them to cross_entropy, which applies
    softmax once more. Divide the logits, and give them as they are.
    """
    probs = torch.softmax(logits, dim=1)
    return temperatures[_position(F.cross_entropy(probs / T, y) for T in temperatures)]


@best_temperature.mistake
def temperature_softmax_twice(logits, y, temperatures):
    """You gave softmax(logits / T) to cross_entropy, so softmax is applied twice. The
    loss then has a floor, and always asks for more confidence. Give it logits / T.
    """
    losses = [
        F.cross_entropy(torch.softmax(logits / T, dim=1), y) for T in temperatures
    ]
    return temperatures[_position(losses)]


@best_temperature.mistake
def temperature_by_accuracy(logits, y, temperatures):
    """You chose by accuracy. It is the same at every temperature, because the order
    within a row does not change, so the first of the list always wins. Only the loss
    sees a difference.
    """
    errors = [((logits / T).argmax(dim=1) != y).float().mean() for T in temperatures]
    return temperatures[_position(errors)]


@best_temperature.mistake
def temperature_most_confident(logits, y, temperatures):
    """This temperature makes the model most confident, and y has no say in it. The
    lowest temperature always does that. What counts is the loss on the labels.
    """
    return min(temperatures)


@best_temperature.mistake
def temperature_tensor(logits, y, temperatures):
    """The number is right, but it is a tensor with one element. .item() takes the
    plain Python number out.
    """
    return torch.tensor(best_temperature.reference(logits, y, temperatures))


_CONFIDENCE = torch.tensor(
    [0.31, 0.36, 0.42, 0.55, 0.58, 0.67, 0.71, 0.79, 0.83, 0.88, 0.91, 0.94, 0.97]
)
_RIGHT = torch.tensor([0.0, 1, 0, 1, 1, 0, 1, 1, 0, 1, 1, 0, 1])


@exercise(
    given={
        "confidence": _confidences,
        "right": lambda g, sizes, before: torch.randint(
            2, (len(before[0]),), generator=g
        ).float(),
        "n_bins": "size",
    },
    properties=[between(0, 1, "This error lies between 0 and 1.")],
    inputs=[
        (_CONFIDENCE, _RIGHT, 4),
        (_CONFIDENCE, _RIGHT, 10),
        Case((_CONFIDENCE[-6:], _RIGHT[-6:], 5), "empty bins", False),
        Case(
            (torch.tensor([1.0, 1.0, 0.93, 0.22]), torch.tensor([1.0, 0, 1, 1]), 5),
            "a confidence of exactly 1",
            False,
        ),
    ],
    hints=[
        "edges = torch.linspace(0, 1, n_bins + 1), and torch.bucketize(confidence, "
        "edges[1:-1]) gives the bin of each, from 0 to n_bins - 1.",
        "For each bin that is not empty: the distance of right[inside].mean() from "
        "confidence[inside].mean(), where inside = bins == b.",
        "Weight it with the share of the examples in that bin, inside.float().mean(), "
        "add up, and take .item() at the end.",
    ],
    praise="Each bin counts as much as it holds, and empty ones count nothing.",
)
def calibration_error(confidence, right, n_bins):
    """Return the expected calibration error."""
    edges = torch.linspace(0, 1, n_bins + 1)
    bins = torch.bucketize(confidence, edges[1:-1])
    error = 0.0
    for b in range(n_bins):
        inside = bins == b
        if inside.any():
            gap = right[inside].mean() - confidence[inside].mean()
            error += (inside.float().mean() * gap.abs()).item()
    return error


def _gaps(confidence, right, n_bins, keep_empty=False):
    """Return share and signed gap (accuracy minus confidence) of each filled bin."""
    bins = torch.bucketize(confidence, torch.linspace(0, 1, n_bins + 1)[1:-1])
    n = bins.bincount(minlength=n_bins)
    sums = bins.bincount((right - confidence).double(), minlength=n_bins)
    kept = n > -1 if keep_empty else n > 0
    return (n / n.sum())[kept], (sums / n)[kept]


@calibration_error.mistake
def calibration_unweighted(confidence, right, n_bins):
    """You took the plain mean over the filled bins. So a bin with a single example
    counts as much as one with a thousand. Weight each bin with its share of the
    examples.
    """
    return _gaps(confidence, right, n_bins)[1].abs().mean().item()


@calibration_error.mistake
def calibration_by_number_of_bins(confidence, right, n_bins):
    """You added up the gaps and divided by the number of bins, the empty ones included.
    So the result shrinks if more bins are used, and small bins count as much as large
    ones. Weight each bin with its share of the examples.
    """
    return (_gaps(confidence, right, n_bins)[1].abs().sum() / n_bins).item()


@calibration_error.mistake
def calibration_signed(confidence, right, n_bins):
    """You left out the absolute value, so bins that are too sure and bins that are too
    modest cancel. What remains is the mean confidence against the accuracy of all.
    Take abs() of each gap before adding.
    """
    share, gap = _gaps(confidence, right, n_bins)
    return (share * gap).sum().item()


@calibration_error.mistake
def calibration_bin_centres(confidence, right, n_bins):
    """You compared the accuracy of each bin with the middle of the bin. The model did
    not promise the middle: take the mean of the confidences that are in the bin.
    """
    bins = torch.bucketize(confidence, torch.linspace(0, 1, n_bins + 1)[1:-1])
    return calibration_error.reference((bins + 0.5) / n_bins, right, n_bins)


@calibration_error.mistake
def calibration_without_bins(confidence, right, n_bins):
    """You compared the mean confidence with the accuracy of all examples together.
    That is a good first look, but too sure here and too modest there cancel in it.
    Compare within each bin.
    """
    return (right.mean() - confidence.mean()).abs().item()


@calibration_error.mistake
def calibration_each_example(confidence, right, n_bins):
    """You took the distance for each example: |right - confidence|. A single answer is
    right or wrong, so this is large even for an honest model that says 70%. Whether
    70% is honest can only be seen in the mean of a bin.
    """
    return (right - confidence).abs().mean().item()


@calibration_error.mistake
def calibration_largest_gap(confidence, right, n_bins):
    """This is the largest gap of all bins, known as the maximum calibration error. It
    often sits in a bin with hardly any examples. ECE is the weighted mean of the gaps.
    """
    return _gaps(confidence, right, n_bins)[1].abs().max().item()


@calibration_error.mistake
def calibration_nan(confidence, right, n_bins):
    """The mean of an empty bin is 0 / 0, nan, and nan times 0 is still nan. Leave empty
    bins out, or add up with nansum().
    """
    share, gap = _gaps(confidence, right, n_bins, keep_empty=True)
    return (share * gap.abs()).sum().item()


@calibration_error.mistake
def calibration_lost_ones(confidence, right, n_bins):
    """Your bins go from their lower edge up to, but not including, the upper one. So a
    confidence of exactly 1, which float32 gives to every very sure answer, falls into
    none. These answers are lost, and they are the ones that matter most.
    """
    inside_any = confidence < 1
    share, gap = _gaps(confidence[inside_any], right[inside_any], n_bins)
    return (share * gap.abs()).sum().item() * inside_any.float().mean().item()


@calibration_error.mistake
def calibration_ten_bins(confidence, right, n_bins):
    """You always use ten bins. Their number is an argument, n_bins; with other bins the
    same answers give another ECE.
    """
    return calibration_error.reference(confidence, right, 10)


@calibration_error.mistake
def calibration_counts(confidence, right, n_bins):
    """You weighted each bin with the number of its examples, so the result grows with
    the data. Divide by the number of all examples.
    """
    return calibration_error.reference(confidence, right, n_bins) * len(right)


@calibration_error.mistake
def calibration_squared(confidence, right, n_bins):
    """You squared the gaps. ECE takes their absolute value, so that it is in the unit
    of a probability: 0.05 means "5 points off, on average".
    """
    share, gap = _gaps(confidence, right, n_bins)
    return (share * gap**2).sum().item()
