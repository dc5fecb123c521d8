"""Exercises of lab 10, MNIST with many digits: solutions, hints, typical mistakes."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_utils.exercises import lab01, lab02, lab07
from course_utils.exercises.checks import exercise
from course_utils.exercises.diagnose import between, holds
from course_utils.exercises.fixtures import Case, sized
from course_utils.exercises.pairs import two_of
from course_utils.exercises.questions import WarmUp, choice, number, several

# What the lab gets from here ------------------------------------------------------


# The lines of each digit, x y x y ..., in a box of 100 x 100.
_LINES = (
    "50 2 62 6 73 16 80 32 82 50 80 68 73 84 62 94 50 98 38 94 27 84 20 68 18 50 "
    "20 32 27 16 38 6 50 2",
    "34 22 56 3 54 98",
    "20 19 26 10 37 4 49 2 61 4 71 11 77 20 78 31 74 41 66 52 16 96 88 94",
    "19 16 27 8 38 3 51 2 63 7 72 14 76 25 74 36 67 45 56 50 55 47 67 52 75 60 80 "
    "69 79 80 73 89 63 96 50 100 37 99 25 94 17 86",
    "58 2 14 62 88 60 | 66 32 64 98",
    "78 4 30 6 24 44 34 40 50 38 64 43 75 52 80 65 78 78 70 90 57 97 41 98 27 93 17 83",
    "70 3 42 22 22 56 20 67 21 79 27 89 37 96 49 98 61 95 71 87 76 77 75 65 69 55 "
    "59 48 47 46 35 49 25 57 20 67",
    "14 8 84 6 60 50 42 98",
    "63 46 71 39 76 30 75 20 69 11 60 5 49 3 38 6 29 12 25 21 25 32 30 41 39 47 "
    "50 49 34 52 48 49 62 51 74 58 81 68 81 79 75 90 64 97 49 99 35 96 24 89 18 "
    "78 19 67 27 57 39 51",
    "76 25 71 15 62 7 51 3 39 4 29 10 22 20 20 31 23 42 31 51 41 56 53 57 64 52 "
    "72 44 76 22 76 60 62 98",
)
_PLACES = (  # how large, how far to the right, how far down, how slanted
    (1.7, 40, 50, 0.0),
    (1.2, 120, 30, 0.1),
    (2.3, 20, 25, -0.1),
    (1.0, 30, 150, 0.0),
    (1.5, 110, 100, 0.2),
)


def drawings() -> tuple[Tensor, Tensor]:
    """Return twenty digits as they lie on the pad, wherever and however large.

    Returns
    -------
    X : Tensor, shape (20, 784)
        What `Pad.raw` gives for each.
    y : Tensor, shape (20,)
        The digits.
    """
    from course_utils.explorables import ink

    y = torch.arange(20) % 10
    images = []
    for i, digit in enumerate(y.tolist()):
        size, right, down, slant = _PLACES[(i % 5 + 2 * (i // 10)) % 5]
        strokes = []
        for line in _LINES[digit].split("|"):
            place = torch.tensor([float(n) for n in line.split()]).reshape(-1, 2)
            across = place[:, 0] - slant * (place[:, 1] - 50)
            moved = torch.stack([across, place[:, 1]], dim=1) * size
            strokes.append((moved + torch.tensor([right, down])).flatten().tolist())
        images.append(ink(strokes).flatten())
    return torch.stack(images), y


def example_reader() -> list[tuple[float, bool]]:
    """Return forty answers of an invented reader: how sure, and whether right."""
    counts = ((0.33, 2, 5), (0.5, 4, 8), (0.7, 5, 9), (0.9, 7, 10), (0.99, 6, 8))
    return [(sure, k < right) for sure, right, n in counts for k in range(n)]


def _trained(change=lambda X, y: (X, y), *last, seed=0, n_epochs=4, is_sorted=False):
    """Train a small network on digits of 8 x 8 pixels and return a table of counts."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    X = torch.tensor(digits.data / 16).float()
    y = torch.tensor(digits.target)
    g = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10), *last)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.2)
    X_now, y_now = change(X[:1000], y[:1000])
    for _ in range(n_epochs):
        order = torch.randperm(len(y_now), generator=g)
        for rows in (y_now.argsort(stable=True) if is_sorted else order).split(10):
            optimizer.zero_grad()
            F.cross_entropy(model(X_now[rows]), y_now[rows]).backward()
            optimizer.step()
    y_pred = model(X[1000:]).argmax(dim=1)
    return (10 * y[1000:] + y_pred).bincount(minlength=100).reshape(10, 10)


def _exchanged(X, y):
    return X, torch.where(y == 4, 9, torch.where(y == 9, 4, y))


def five_tables() -> dict[int, Tensor]:
    """Return the confusion matrices of five runs, each with one fault.

    Returns
    -------
    dict of int to Tensor
        The number of the run: counts of shape (10, 10), a row for each true digit.
    """
    return {
        1: _trained(lambda X, y: (X[y != 8], y[y != 8])),
        2: _trained(n_epochs=1, is_sorted=True),
        3: _trained(_exchanged),
        4: _trained(n_epochs=0),
        5: _trained(lambda X, y: (X, y), nn.ReLU(), seed=1),
    }


# Exercises ------------------------------------------------------------------------


@exercise(
    evidence={
        "run 1": "the 8 is never answered, and its images go to digits that look like "
        "it.",
        "run 2": "nearly all answers are the digit that comes last.",
        "run 3": "no column is empty, and the dark cells of two rows are beside the "
        "diagonal.",
        "run 4": "there is no diagonal at all, only a few columns in no order.",
        "run 5": "columns are empty, and many images of their digits go to the 0, the "
        "first of all digits.",
    },
    inputs=[()],
    hints=[
        "First look for columns that are empty, digits that are never answered, and "
        "for how much of the diagonal is left.",
        "Two tables are good but for one or two digits, whose columns are empty. A "
        "digit that was never seen is taken for digits that look like it. Where all "
        "logits of an image are 0, the first one wins.",
        "One table has a diagonal that is right for eight digits. One has nearly all "
        "in a single column: which digit came last?",
    ],
    praise="One look at the table has told five faults apart, which an accuracy "
    "cannot.",
)
def faults():
    """Return the letters of the faults of run 1 to run 5."""
    return "d", "b", "c", "e", "a"


@faults.mistake
def faults_empty_exchanged():
    """You have runs 1 and 5 the wrong way round. Both have an empty column. The images
    of a digit that was missing in training go to digits that look like it. Behind a
    ReLU whose logits are all 0, they go to the 0, which is the first.
    """
    return "a", "b", "c", "e", "d"


@faults.mistake
def faults_column_exchanged():
    """You have runs 2 and 4 the wrong way round. The last batches of a sorted training
    set hold nines, and then everything is a 9. A network that was never trained
    prefers a few digits, and which ones is chance.
    """
    return "d", "e", "c", "b", "a"


@faults.mistake
def faults_relu_and_sorted():
    """You have runs 2 and 5 the wrong way round. A ReLU on the logits kills single
    digits, and the others are read well. Sorted data leave the digits that came last.
    """
    return "d", "a", "c", "e", "b"


@faults.mistake
def faults_chance_and_relu():
    """You have runs 4 and 5 the wrong way round. In one of them most digits are right.
    A network that was never trained has no diagonal.
    """
    return "d", "b", "c", "a", "e"


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


@recall_and_precision.mistake
def scores_plus_one(confusion):
    """You add 1 to the sums, so that none is 0. But that makes all other shares too
    small as well. Only a sum of 0 has to change: .clamp(min=1).
    """
    return _scores({scores_plus_one}, confusion)


@recall_and_precision.mistake
def scores_nan_recall(confusion):
    """The precision is right. But a class that does not occur gives 0 / 0 in the
    recall, which is nan, and the exercise asks for 0 there: .clamp(min=1) for the sums
    of the rows as well.
    """
    return _scores({scores_nan_recall}, confusion)


@recall_and_precision.mistake
def scores_nan_precision(confusion):
    """The recall is right. But a class that is never answered gives 0 / 0 in the
    precision, which is nan, and the exercise asks for 0 there: .clamp(min=1) for the
    sums of the columns as well.
    """
    return _scores({scores_nan_precision}, confusion)


@two_of(
    recall_and_precision,
    scores_swapped,
    scores_plus_one,
    scores_nan_recall,
    scores_nan_precision,
    scores_same_twice,
    scores_error_rates,
    scores_whole_division,
)
def _scores(slips, confusion):
    sums = [confusion.sum(dim=1), confusion.sum(dim=0)]
    if scores_swapped in slips:
        sums = sums[::-1]
    if scores_same_twice in slips:
        sums = [sums[0], sums[0]]
    shares = []
    for n, open_ in zip(sums, (scores_nan_recall, scores_nan_precision), strict=True):
        n = n + 1 if scores_plus_one in slips else n
        n = n if open_ in slips else n.clamp(min=1)
        hits = confusion.diag()
        shares.append(hits // n if scores_whole_division in slips else hits / n)
    return tuple(1 - s if scores_error_rates in slips else s for s in shares)


@sized("N")
def _apart(g, sizes, before):
    # No two alike, and none on the edge of a bin.
    return (torch.randperm(994, generator=g)[: 2 * sizes["N"]] + 5.37) / 1000


def _right_as_often(g, sizes, before):
    return torch.bernoulli(before[0], generator=g)


_SAYS = torch.tensor([0.97, 0.42, 0.88, 0.55, 0.93, 0.67, 0.79, 0.36, 0.71])
_HITS = torch.tensor([1.0, 0, 1, 1, 0, 0, 1, 0, 1])
_TIED = torch.tensor([1.0, 1, 0, 0, 0])


@exercise(
    given={
        "confidence": _apart,
        "right": _right_as_often,
        "wanted": lambda g, sizes, before: (
            int(torch.randint(50, 96, (), generator=g)) / 100
        ),
    },
    properties=[
        holds(
            "The limit is one of the confidences, or infinity. Yours is neither.",
            lambda value, confidence, right, wanted: (
                math.isinf(value) or bool((confidence == value).any())
            ),
        )
    ],
    inputs=[
        (_SAYS, _HITS, 0.7),
        (_SAYS, _HITS, 0.8),
        (_SAYS, _HITS, 0.5),
        Case((_SAYS, 1 - _HITS, 0.9), "no limit is high enough", False),
        Case((_SAYS, 1 + 0 * _HITS, 0.9), "all are right", False),
        Case(
            (torch.tensor([0.9, 0.6, 0.6, 0.6, 0.4]), _TIED, 0.7),
            "equal confidences",
            False,
        ),
    ],
    hints=[
        "Try each confidence as the limit: which letters does the machine read then? "
        "`kept = confidence >= limit`.",
        "Of those, the share that is right is right[kept].mean(). It need not rise "
        "with the limit, so try all of them.",
        "Keep the limits with a share of at least `wanted` in a list, and take the "
        "smallest, min(...), or float('inf') if there is none.",
    ],
    praise="The lower the limit, the less work for people. That is worth a "
    "calculation.",
)
def limit(confidence, right, wanted):
    """Return the smallest limit whose accepted answers are right often enough."""
    fitting = [
        c for c in confidence.tolist() if right[confidence >= c].mean() >= wanted
    ]
    return min(fitting, default=float("inf"))


def _limits(confidence, wanted, share):
    """Return the confidences whose share is as wanted, and infinity behind them."""
    return [*(c for c in confidence.tolist() if share(c) >= wanted), math.inf]


@limit.mistake
def limit_one_by_one(confidence, right, wanted):
    """You add the letters one by one. But a limit keeps all letters of the same
    confidence, or none of them: count `right[confidence >= limit]`.
    """
    values, order = confidence.sort(descending=True, stable=True)
    shares = right[order].cumsum(dim=0) / torch.arange(1, len(values) + 1)
    return min(values[shares >= wanted].tolist(), default=math.inf)


@limit.mistake
def limit_largest(confidence, right, wanted):
    """This limit keeps the promise, but it sends more letters than needed to people. Of
    all limits that are good enough take the smallest: min, not max.
    """
    *fitting, none = _limits(
        confidence, wanted, lambda c: right[confidence >= c].mean()
    )
    return max(fitting, default=none)


@limit.mistake
def limit_believing(confidence, right, wanted):
    """You took what is wanted itself as the limit, and so believed the model: that of
    its answers with 90% at least nine in ten are right. Count with `right` whether they
    are.
    """
    return wanted


@limit.mistake
def limit_by_promises(confidence, right, wanted):
    """You took the mean of the confidences of the accepted answers. That is what the
    model promises. What counts is how many of them are right: right[kept].mean().
    """
    return min(
        _limits(confidence, wanted, lambda c: confidence[confidence >= c].mean())
    )


@limit.mistake
def limit_of_all(confidence, right, wanted):
    """You divided by the number of all letters. Those that go to a person are not read
    by the machine; ask of the accepted ones only: right[kept].mean().
    """
    return min(
        _limits(
            confidence, wanted, lambda c: (right * (confidence >= c)).sum() / len(right)
        )
    )


@limit.mistake
def limit_without_itself(confidence, right, wanted):
    """You left out the letter that has exactly the limit. Accepted is what is at least
    as sure as the limit: confidence >= limit.
    """
    fitting = [
        c
        for c in confidence.tolist()
        if (confidence > c).any() and right[confidence > c].mean() >= wanted
    ]
    return min(fitting, default=float("inf"))


@limit.mistake
def limit_stops_early(confidence, right, wanted):
    """You went down from the surest answer and stopped at the first limit that is not
    good enough. The share of right ones may fall and rise again: a lower limit can be
    good enough. Try all of them.
    """
    found = float("inf")
    for c in confidence.sort(descending=True).values.tolist():
        if right[confidence >= c].mean() < wanted:
            break
        found = c
    return found


@limit.mistake
def limit_from_below(confidence, right, wanted):
    """You looked at the answers that are *less* sure than the limit, or as sure. The
    machine keeps the sure ones: confidence >= limit.
    """
    return min(_limits(confidence, wanted, lambda c: right[confidence <= c].mean()))


@limit.mistake
def limit_share(confidence, right, wanted):
    """You returned the share of letters that the machine keeps. What is asked for is
    the limit: a confidence.
    """
    found = limit.reference(confidence, right, wanted)
    return (confidence >= found).float().mean().item()


@limit.mistake
def limit_wrong_share(confidence, right, wanted):
    """You asked for the share that is wrong. At least `wanted` of the accepted answers
    are to be right: right[kept].mean().
    """
    return min(_limits(confidence, wanted, lambda c: 1 - right[confidence >= c].mean()))


@sized("N", "K")
def _mostly_largest(g, sizes, before):
    best = before[0].argmax(dim=1)
    other = torch.randint(sizes["K"], best.shape, generator=g)
    return torch.where(torch.rand(best.shape, generator=g) < 0.7, best, other)


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


@best_temperature.mistake
def temperature_piled_up(logits, y, temperatures):
    """You divide logits that were divided in the rounds before: `logits = logits / T`
    changes them for all that follow. Use another name for the divided ones.
    """
    return _best({temperature_piled_up}, logits, y, temperatures)


@two_of(
    best_temperature,
    temperature_multiplied,
    temperature_softmax_twice,
    temperature_of_probs,
    temperature_largest_loss,
    temperature_position,
    temperature_loss,
    temperature_piled_up,
)
def _best(slips, logits, y, temperatures):
    losses = []
    for T in temperatures:
        if temperature_of_probs in slips:
            z = torch.softmax(logits, dim=1) / T
        else:
            z = logits * T if temperature_multiplied in slips else logits / T
        if temperature_piled_up in slips:
            logits = z
        if temperature_softmax_twice in slips:
            z = torch.softmax(z, dim=1)
        losses.append(F.cross_entropy(z, y).item())
    best = max(losses) if temperature_largest_loss in slips else min(losses)
    if temperature_loss in slips:
        return best
    place = losses.index(best)
    return place if temperature_position in slips else temperatures[place]


_CONFIDENCE = torch.tensor(
    [0.83, 0.36, 0.97, 0.55, 0.58, 0.31, 0.71, 0.79, 0.42, 0.88, 0.91, 0.94, 0.67]
)
_RIGHT = torch.tensor([0.0, 1, 1, 1, 1, 0, 1, 1, 0, 1, 1, 0, 0])


@exercise(
    given={
        "confidence": _apart,
        "right": lambda g, sizes, before: torch.randint(
            2, (len(before[0]),), generator=g
        ).float(),
        "n_bins": lambda g, sizes, before: (
            1 + int(torch.randint(1, max(2, min(7, len(before[0]))), (), generator=g))
        ),
    },
    properties=[between(0, 1, "This error lies between 0 and 1.")],
    inputs=[
        (_CONFIDENCE, _RIGHT, 4),
        (_CONFIDENCE, _RIGHT, 5),
        (_CONFIDENCE[:6], _RIGHT[:6], 3),
        Case((_CONFIDENCE, _RIGHT, 1), "a single bin", False),
        Case((_CONFIDENCE[:4], _RIGHT[:4], 4), "one answer in each bin", False),
    ],
    hints=[
        "order = confidence.argsort() puts the answers in order. Both tensors need the "
        "same order: confidence[order] and right[order].",
        ".tensor_split(n_bins) cuts a tensor into parts that are as equal as possible. "
        "zip goes through the parts of both together.",
        "Of each part: the distance of its two means, times its share of the answers, "
        "len(part) / len(right). Add up, and take .item() at the end.",
    ],
    praise="No bin is empty, and none is tiny. With other bins the ECE is another "
    "number: say which bins you took.",
)
def calibration_error(confidence, right, n_bins):
    """Return the expected calibration error with bins of equal size."""
    order = confidence.argsort()
    error = 0.0
    for says, hits in zip(
        confidence[order].tensor_split(n_bins),
        right[order].tensor_split(n_bins),
        strict=True,
    ):
        error += (hits.mean() - says.mean()).abs().item() * len(hits) / len(right)
    return error


def _gaps(confidence, right, n_bins):
    """Return share and signed gap (accuracy minus confidence) of each bin."""
    order = confidence.argsort()
    parts = (right - confidence)[order].tensor_split(n_bins)
    sizes = torch.tensor([len(part) for part in parts])
    sums = torch.stack([part.double().sum() for part in parts])
    filled = sizes > 0
    return (sizes / sizes.sum())[filled], (sums / sizes)[filled]


@calibration_error.mistake
def calibration_unweighted(confidence, right, n_bins):
    """You took the plain mean over the bins. They are nearly of the same size, but not
    quite if N is no multiple of n_bins. Weight each with its share of the answers.
    """
    return _gaps(confidence, right, n_bins)[1].abs().mean().item()


@calibration_error.mistake
def calibration_signed(confidence, right, n_bins):
    """You left out the absolute value, so bins that are too sure and bins that are too
    modest cancel. What remains is the mean confidence against the accuracy of all.
    Take abs() of each gap before adding.
    """
    share, gap = _gaps(confidence, right, n_bins)
    return (share * gap).sum().item()


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
    """This is the largest gap of all bins, known as the maximum calibration error. ECE
    is the weighted mean of the gaps.
    """
    return _gaps(confidence, right, n_bins)[1].abs().max().item()


@calibration_error.mistake
def calibration_not_sorted(confidence, right, n_bins):
    """You cut the answers in the order in which they came, so each bin holds modest and
    sure ones, and their gaps cancel. Put both tensors in the order of the confidences
    first.
    """
    parts = (right - confidence).tensor_split(n_bins)
    return sum(abs(part.double().sum().item()) for part in parts) / len(right)


@calibration_error.mistake
def calibration_only_confidence_sorted(confidence, right, n_bins):
    """You put the confidences in order, and left `right` as it was. Now each confidence
    stands beside the result of another answer. Take the same order for both:
    right[order].
    """
    parts = (right - confidence.sort().values).tensor_split(n_bins)
    return sum(abs(part.double().sum().item()) for part in parts) / len(right)


@calibration_error.mistake
def calibration_each_sorted(confidence, right, n_bins):
    """You put each tensor in its own order. Now the wrong answers stand beside the
    smallest confidences, whoever gave them. Take one order for both:
    order = confidence.argsort().
    """
    parts = (right.sort().values - confidence.sort().values).tensor_split(n_bins)
    return sum(abs(part.double().sum().item()) for part in parts) / len(right)


@calibration_error.mistake
def calibration_equal_width(confidence, right, n_bins):
    """These are the bins of the lab, all of the same width: 0 to 0.1 and so on. Here
    all bins have the same number of answers. Sort, then cut the list into equal parts.
    """
    bins = (confidence * n_bins).long().clamp(max=n_bins - 1)
    sums = bins.bincount((right - confidence).double(), minlength=n_bins)
    return (sums.abs().sum() / len(right)).item()


@calibration_error.mistake
def calibration_middle(confidence, right, n_bins):
    """You compared the accuracy of each bin with the middle between its lowest and its
    highest confidence. The model did not promise the middle: take the mean of the
    confidences that are in the bin.
    """
    order = confidence.argsort()
    total = 0.0
    for says, hits in zip(
        confidence[order].tensor_split(n_bins),
        right[order].tensor_split(n_bins),
        strict=True,
    ):
        if len(hits):
            middle = (says[0] + says[-1]) / 2
            total += (hits.mean() - middle).abs().item() * len(hits) / len(right)
    return total


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


@calibration_error.mistake
def calibration_chunk(confidence, right, n_bins):
    """You cut with chunk, into parts of one size: if N is no multiple of n_bins, the
    last ones are short or missing. tensor_split(n_bins) always makes n_bins parts.
    """
    return _calibrated({calibration_chunk}, confidence, right, n_bins)


@two_of(
    calibration_error,
    calibration_not_sorted,
    calibration_only_confidence_sorted,
    calibration_each_sorted,
    calibration_unweighted,
    calibration_signed,
    calibration_largest_gap,
    calibration_counts,
    calibration_squared,
    calibration_chunk,
    calibration_each_example,
)
def _calibrated(slips, confidence, right, n_bins):
    order = confidence.argsort()
    if calibration_not_sorted in slips:
        order = torch.arange(len(right))
    hits = right[order]
    if calibration_only_confidence_sorted in slips:
        hits = right
    if calibration_each_sorted in slips:
        hits = right.sort().values
    if calibration_each_example in slips:
        return (hits - confidence[order]).abs().mean().item()
    cut = Tensor.chunk if calibration_chunk in slips else Tensor.tensor_split
    parts = [part.double() for part in cut(hits - confidence[order], n_bins)]
    sizes = torch.tensor([len(part) for part in parts])
    gaps = torch.stack([part.sum() for part in parts]) / sizes.clamp(min=1)
    if calibration_squared in slips:
        gaps = gaps**2
    if calibration_signed not in slips:
        gaps = gaps.abs()
    if calibration_largest_gap in slips:
        return gaps.max().item()
    if calibration_unweighted in slips:
        return gaps[sizes > 0].mean().item()
    total = (gaps * sizes).sum().item()
    return total if calibration_counts in slips else total / len(right)


# Questions ------------------------------------------------------------------------

warm_up = WarmUp("lab10", lab01.temperature, lab07.standard_error, lab02.own_words)

first_loss = number(
    "lab10.first_loss",
    "A new network has ten outputs and small random weights. About which cross entropy "
    "has it, in nats, before it has learned anything? (One digit after the point is "
    "enough.)",
    right=2.303,
    because="Ten logits near 0 give ten probabilities near 1/10, whatever the image "
    "is, and -log(1/10) = log 10. If a first loss is far from that, look for a bug "
    "before you train.",
    wrong={
        0.693: "That is log 2, for two classes. Here there are ten.",
        1: "That is log 10 to the base 10. Losses are in nats: the natural logarithm.",
        0.1: "That is the probability of the true digit. Its surprise is minus the "
        "logarithm of it.",
        0.9: "That is the share of answers which are wrong. The loss looks at the "
        "probability of the true digit, 1/10.",
        0: "A loss of 0 has a network that gives probability 1 to every true digit.",
    },
    otherwise="All ten probabilities are about 1/10. Take minus the logarithm.",
    tolerance=0.05,
)

readily = choice(
    "lab10.readily",
    "Somebody changes a model so that it answers *4* more readily: whenever it "
    "hesitated between a 4 and another digit, it now says 4. What happens to recall "
    "and precision of the 4?",
    right="a",
    because="No 4 is lost, and some are found that were missed, so recall can only "
    "rise. Among the new answers *4* there are also other digits, and those spoil the "
    "precision. One can buy either with the other.",
    a="Recall rises or stays; precision will rather fall.",
    b=(
        "Both rise: it finds more fours.",
        "It finds more fours, and also takes more other digits for fours. They stand "
        "in the column of the 4.",
    ),
    c=(
        "Precision rises; recall will rather fall.",
        "That happens if it says 4 more *rarely*, only when it is quite sure.",
    ),
)

share = choice(
    "lab10.share",
    "Sort the validation images by their loss. The mean loss is a sum over all of "
    "them. How much of this sum comes from the tenth with the largest losses?",
    right="d",
    because="About nine in ten answers are right, most of them surely, and cost next "
    "to nothing. What is wrong is often wrong surely, and then costs several nats an "
    "image. So the loss of this network tells how sure it is of a few mistakes.",
    a=(
        "About a tenth.",
        "That would be so if all images had the same loss. The gallery shows losses "
        "that are many times the mean.",
    ),
    b=(
        "About a third.",
        "Think of an answer that is right and 99% sure: it costs 0.01. And of one that "
        "is wrong, with 0.1% for the truth: 6.9.",
    ),
    c=(
        "About half.",
        "The right answers cost still less than that: with 99% for the truth an image "
        "costs 0.01, and a sure mistake several hundred times as much.",
    ),
    d="More than four fifths.",
)

vote = number(
    "lab10.vote",
    "A pixel has ink 0.5. Its weight for the 4 is 0.5, that for the 9 is 0.8. By how "
    "much does this pixel change the difference *logit of the 4 minus logit of the 9*?",
    right=-0.15,
    because="0.5 * (0.5 - 0.8) = -0.15. It speaks for both digits, and more for the 9, "
    "so between the two it is a vote for the 9. Only differences of logits count "
    "(lab 1).",
    wrong={
        0.25: "That is what it adds to the logit of the 4. It adds 0.4 to that of the "
        "9.",
        -0.3: "That is the difference of the weights. It counts as much as there is "
        "ink: half.",
        0.15: "The size is right. The 9 gets more from it, so the difference 4 minus 9 "
        "becomes smaller.",
        0.3: "Times the ink, 0.5, and with the sign turned: the 9 gets more.",
    },
    otherwise="Ink times the weight for the 4, minus ink times the weight for the 9.",
    tolerance=0.01,
)

promise = choice(
    "lab10.promise",
    "Take the mean of all confidences, and the share of right answers, after 1 epoch "
    "and after 40. What does the network promise?",
    right="b",
    because="At first its logits are small, so it hesitates even where it is right. "
    "Later it is right on all training images. From then on only larger logits make "
    "the training loss smaller, so it learns to be sure, and it is just as sure of new "
    "images. (In lab 4 weights of separable data grew without end.)",
    a=(
        "Too much both times: networks are sure of everything.",
        "A network begins with ten equal probabilities, and becomes sure step by step.",
    ),
    b="Too little after 1 epoch, too much after 40.",
    c=(
        "Too much after 1 epoch, too little after 40.",
        "It is the other way round: training makes logits larger, and larger logits "
        "are a surer answer.",
    ),
    d=(
        "What it keeps, both times: cross entropy asks for honest probabilities.",
        "On its *training* images it does. There it is right on all of them after 40 "
        "epochs. On others it is not.",
    ),
)

coin = choice(
    "lab10.coin",
    "We replace the network by an honest one: for each image a coin is tossed that "
    "says *right* exactly as often as the confidence promises. Which ECE has it on "
    "these images?",
    right="b",
    because="In a bin with 20 images the share of right ones moves in steps of 1/20, "
    "and even an honest coin does not hit its mean. Whoever reports an ECE should "
    "report that of the honest coin beside it: with such confidences, less would be "
    "luck.",
    a=(
        "0: it is honest.",
        "Honest on average. With so many images in a bin, heads come a little more or "
        "less often than they should, and ECE takes the absolute value.",
    ),
    b="Small, but not 0.",
    c=(
        "The same as our network, because the confidences are the same.",
        "ECE compares confidences with what is right. Here the share of right ones was "
        "made to fit.",
    ),
)

lazy = choice(
    "lab10.lazy",
    "A model does not look at the images. It says *a 1* each time, and its confidence "
    "is the share of ones among the training images, about a tenth. Which ECE has it "
    "on the validation images?",
    right="a",
    because="Its promise is a small one, and it is kept: a tenth of the answers is "
    "right. (So exactly because the split gave both parts the same share of ones.) "
    "Being calibrated is honesty, not knowledge. So never report an ECE alone; "
    "the cross entropy asks for both.",
    a="Nearly 0.",
    b=(
        "About 0.9: so many of its answers are wrong.",
        "It never said that they would be right. ECE compares a tenth promised with a "
        "tenth kept.",
    ),
    c=(
        "That of the honest coin with the confidences of our network.",
        "Its confidences are its own: all of them are equal, in one bin.",
    ),
)

what_changes = several(
    "lab10.what_changes",
    "All logits are divided by T = 2. What can change?",
    right="bc",
    because="Dividing by the same positive number keeps the order of the logits within "
    "an image, so each answer stays, and with it accuracy and confusion matrix. All "
    "probabilities come nearer to each other, so confidence and loss change.",
    a=(
        "The accuracy.",
        "The largest logit stays the largest: no answer changes.",
    ),
    b=(
        "The confidence.",
        "It falls: with T above 1 the probabilities come nearer to each other.",
    ),
    c=(
        "The cross entropy.",
        "It depends on the probability of the truth. Mistakes get cheaper, right "
        "answers dearer.",
    ),
    d=(
        "The confusion matrix.",
        "It counts answers, and no answer changes.",
    ),
)

which_images = choice(
    "lab10.which_images",
    "T is a number to learn. From which images should it be learned: with which the "
    "network was trained, from the validation images, or from the test images?",
    right="b",
    because="The training images are answered without a mistake, so on these the "
    "network can never be sure enough, and T would go to 0. (The 100 steps of the cell "
    "are the beginning of that way.) And the test images are to judge the result: "
    "whoever fits on them has none left to judge with.",
    a=(
        "From the training images, like all other numbers.",
        "There the network makes no mistake, and the best T is as small as can be: "
        "still surer. About new images they say nothing.",
    ),
    b="From the validation images.",
    c=(
        "From the test images, because T has to be right there.",
        "Then the test is no test any more: one number has been made to fit it.",
    ),
)

cooled = choice(
    "lab10.cooled",
    "For the logits after each epoch we learn a T of their own. What does the loss *at "
    "the best T* do towards the end of the 40 epochs?",
    right="c",
    because="What is left at the best temperature is what the network does not know, "
    "and that does not get worse. The whole rise was a wrong tone of voice. Its "
    "answers got better, its promises worse: that was the riddle.",
    a=(
        "It rises as before, only later.",
        "A rise would mean that the answers get worse. But accuracy did not fall.",
    ),
    b=(
        "It rises as before, only less.",
        "Part of the rise would be left if the network *knew* less. What speaks for "
        "that?",
    ),
    c="It falls, and then stays about where it is.",
)

which_rate = choice(
    "lab10.which_rate",
    "By the raw validation loss the smallest of these learning rates is the best. Now "
    "each of the nine networks gets a T of its own. Which order do you expect?",
    right="b",
    because="The other two had the larger loss and, on average, the better accuracy. "
    "That is the sign of a network which is too sure, and T mends just that. Raw loss "
    "would have thrown out the networks that know more, because of their tone.",
    a=(
        "The same: a network with a smaller loss is better.",
        "Part of a loss is tone. Look at the accuracies: the networks with the larger "
        "loss answer more often right.",
    ),
    b="The other two pass it.",
    c=(
        "All three become equal: T removes the differences.",
        "T mends the tone, not the answers, and the accuracies differ.",
    ),
)

moved = choice(
    "lab10.moved",
    "Some validation images are moved by three pixels down and three "
    "to the right. The network reads nearly all of them where they were. And now?",
    right="c",
    because="Each pixel has its own weights. Moved, the ink lies on weights that were "
    "learned from other parts of digits. And softmax shares out 100% among ten digits "
    "whatever comes. The promise holds for images like those of the validation set, "
    "and for no others.",
    a=(
        "It still reads most of them: a 4 is a 4.",
        "To you. To the network an image is 784 numbers, each with weights of its own, "
        "and nearly all of them have changed.",
    ),
    b=(
        "It reads few of them, and knows it: its confidence falls as far as its "
        "accuracy.",
        "The bars must add up to 100%, and nothing has taught it to hesitate here. "
        "Think of the scribble in lab 0.",
    ),
    c="It reads few of them, and promises far more than that.",
)

mends = several(
    "lab10.mends",
    "We cut out the ink, scale it to 20 pixels, and put its centre of mass to the "
    "right place. Which of the four changes does that mend?",
    right="bc",
    because="Place and size are what we have made equal. How thick the pen is we have "
    "not touched; it did less harm. Where the images differ in a way that nobody has "
    "removed, the network has to be trained with such images.",
    a=(
        "a thicker pen",
        "A thick line in a box of 20 pixels is still thick.",
    ),
    b=(
        "moved by three pixels",
        "The centre of mass goes back to where it was.",
    ),
    c=(
        "half the size",
        "Scaled to 20 pixels it has its old size again, a little blurred.",
    ),
    d=(
        "a thinner pen",
        "A thin line in a box of 20 pixels is still thin.",
    ),
)

reader = choice(
    "lab10.reader",
    "A reader of this course says *90% sure* each time, and is right in seven of ten "
    "answers. A certainty p, taken as a logit, is log(p / (1 - p)). Which temperature "
    "mends this reader?",
    right="c",
    because="As logits 90% is 2.2 and 70% is 0.85, and 2.2 / T = 0.85 gives T = 2.6. "
    "Logits divided by that say 70%. One number again, and no answer changes.",
    a=(
        "T = 1.3",
        "That is 90% divided by 70%. But a temperature divides logits: 2.2 / 1.3 is a "
        "certainty of 84%.",
    ),
    b=(
        "T = 0.39",
        "Below 1 it makes surer still: 2.2 / 0.39 is a certainty of more than 99%.",
    ),
    c="T = 2.6",
)
