"""Lab 13, a project: data and rubric, exercises, questions."""

from itertools import pairwise

import torch

from course_utils.exercises import lab02, lab04, lab07
from course_utils.exercises.checks import exercise
from course_utils.exercises.pairs import two_of
from course_utils.exercises.questions import WarmUp, choice, number, order, several
from course_utils.project import start
from course_utils.rubric import rubric

__all__ = ["rubric", "start"]


def _rows(*rows):
    return torch.tensor(rows, dtype=torch.float32)


@exercise(
    inputs=[
        (_rows([1, 2], [3, 4], [5, 6], [3, 4]), _rows([3, 4], [1, 2], [1, 6], [3, 4])),
        (_rows([1, 2, 0], [3, 4, 0]), _rows([3, 4, 0], [1, 2, 0], [3, 4, 0])),
        (_rows([1, 2], [3, 4], [5, 6]), _rows([2, 1], [3, 6], [5, 4])),
        (_rows([0, 1], [0, 1], [1, 1]), _rows([0, 1], [1, 0])),
        (_rows([7], [8], [9]), _rows([9], [9], [1])),
        (_rows([1, 2], [3, 4]), _rows([1, 9], [8, 2], [8, 4])),
        (_rows([1, 2], [3, 4], [2, 2]), _rows([3, 4], [3, 5], [9, 2], [1, 2])),
    ],
    slopes=False,
    hints=[
        "Take one held-out row. `X_train == row` compares it with every training row, "
        "number by number. When is a row equal?",
        "A row is equal if *all* of its numbers are: .all(dim=1). It is shared if "
        "*any* training row is equal.",
    ],
    praise="Run it before you believe a number: on X as it came, and once more after "
    "whatever makes new rows of old ones.",
)
def shared(X_train, X_held):
    """Return how many held-out rows stand among the training rows as well."""
    return sum(bool((X_train == row).all(dim=1).any()) for row in X_held)


@shared.mistake
def shared_place_by_place(X_train, X_held):
    """You compared the first row with the first, the second with the second. A
    held-out row may have its twin at any place among the training rows.
    """
    n = min(len(X_train), len(X_held))
    return (X_train[:n] == X_held[:n]).all(dim=1).sum().item()


@shared.mistake
def shared_numbers(X_train, X_held):
    """You counted rows that have *some* number in common with a training row. Two
    patients of the same age are not the same patient: all numbers must be equal.
    """
    return sum(int((X_train == row).any()) for row in X_held)


@shared.mistake
def shared_pairs(X_train, X_held):
    """You counted pairs. A held-out row with two twins among the training rows is
    counted twice, but it is one row.
    """
    return (X_held[:, None] == X_train).all(dim=2).sum().item()


@shared.mistake
def shared_from_the_other_side(X_train, X_held):
    """You counted training rows that are held out as well. It is the held-out rows
    that must be counted: they measure, and these measure nothing.
    """
    return sum(int((X_held == row).all(dim=1).any()) for row in X_train)


@shared.mistake
def shared_of_different_rows(X_train, X_held):
    """You counted each row once, however often it is held out (a set does that). Two
    equal held-out rows measure twice, so both count.
    """
    ours, theirs = ({tuple(row) for row in X.tolist()} for X in (X_train, X_held))
    return len(ours & theirs)


@shared.mistake
def shared_all_that_is_double(X_train, X_held):
    """You counted every row that is there already, wherever its twin is. Twins that
    are both training rows, or both held out, are no leak: look for each held-out row
    among the training rows.
    """
    rows = torch.cat([X_train, X_held])
    return len(rows) - len(torch.unique(rows, dim=0))


@shared.mistake
def shared_anywhere(X_train, X_held):
    """You asked of each number whether it stands anywhere among the training rows. The
    numbers of one row can come from several others: compare row with row, all numbers
    of both.
    """
    return int(torch.isin(X_held, X_train).all(dim=1).sum())


@shared.mistake
def shared_first_number(X_train, X_held):
    """You compared the first number of each row alone. Rows are the same only if *all*
    their numbers are equal.
    """
    return _shared({shared_first_number}, X_train, X_held)


@shared.mistake
def shared_sums(X_train, X_held):
    """You compared one number per row, its sum or mean. Different rows can have the
    same one: compare number by number.
    """
    return _shared({shared_sums}, X_train, X_held)


@shared.mistake
def shared_fresh(X_train, X_held):
    """You counted the held-out rows that do *not* stand among the training rows. Count
    the others.
    """
    return _shared({shared_fresh}, X_train, X_held)


@shared.mistake
def shared_one_at_most(X_train, X_held):
    """You say whether there is a shared row, or stop at the first that you find. Asked
    is how many there are: go on, and count.
    """
    return min(1, shared.reference(X_train, X_held))


@two_of(
    shared,
    shared_numbers,
    shared_from_the_other_side,
    shared_pairs,
    shared_of_different_rows,
    shared_first_number,
    shared_sums,
    shared_fresh,
)
def _shared(slips, X_train, X_held):
    if shared_from_the_other_side in slips:
        X_train, X_held = X_held, X_train
    if shared_of_different_rows in slips:
        X_train, X_held = X_train.unique(dim=0), X_held.unique(dim=0)
    if shared_first_number in slips:
        X_train, X_held = X_train[:, :1], X_held[:, :1]
    if shared_sums in slips:
        X_train, X_held = (X.sum(dim=1, keepdim=True) for X in (X_train, X_held))
    equal = X_held[:, None] == X_train
    twins = equal.any(dim=2) if shared_numbers in slips else equal.all(dim=2)
    if shared_pairs in slips:
        return int((~twins if shared_fresh in slips else twins).sum())
    found = twins.any(dim=1)
    return int((~found if shared_fresh in slips else found).sum())


def _answers(both, simple, big, neither):
    """Return who is right on which rows: so many of each kind."""
    kinds = [(1, 1)] * both + [(1, 0)] * simple + [(0, 1)] * big + [(0, 0)] * neither
    return tuple(
        torch.tensor(column, dtype=torch.bool) for column in zip(*kinds, strict=True)
    )


@exercise(
    inputs=[
        _answers(90, 0, 6, 4),
        _answers(50, 9, 14, 27),
        _answers(80, 12, 1, 7),
        _answers(400, 60, 84, 56),
        _answers(40, 0, 1, 9),
        _answers(96, 1, 1, 2),
        _answers(2, 0, 30, 2),
        _answers(30, 3, 14, 3),
        _answers(880, 10, 30, 80),
        _answers(30, 20, 21, 29),
        _answers(10, 0, 0, 5),
        # Wrong formulas of the error give True on these, each on some of them.
        _answers(84, 5, 11, 0),
        _answers(85, 5, 10, 0),
        _answers(2, 40, 56, 2),
        _answers(20, 40, 46, 24),
        # A little above or below two standard errors.
        _answers(2, 1, 6, 5),
        _answers(11, 4, 11, 0),
        _answers(2, 18, 32, 8),
        _answers(34, 1, 6, 109),
        _answers(321, 2, 9, 168),
        _answers(275, 110, 141, 374),
    ],
    slopes=False,
    hints=[
        "On each row the big model is 1 better, 0, or 1 worse: the difference of the "
        "two tensors, after .float().",
        "Its mean is how much better it is. The standard error of a mean is the "
        "standard deviation divided by the root of the number of rows.",
        "Compare the mean with twice its standard error, sign included.",
    ],
    praise="Rows that both get right, or both get wrong, say nothing about which one "
    "is better. That is why two models are compared row by row.",
)
def decide(right_simple, right_big):
    """Return whether the big model is better by more than two standard errors."""
    difference = right_big.float() - right_simple.float()
    error = difference.std() / len(difference) ** 0.5
    return bool(difference.mean() > 2 * error)


@decide.mistake
def decide_by_any_difference(right_simple, right_big):
    """You take the big one as soon as it has more right. One row more can be luck: ask
    whether the difference is more than twice its standard error.
    """
    return bool(right_big.sum() > right_simple.sum())


def _beyond(right_simple, right_big, variance):
    """Whether two accuracies differ by two errors that some formula gives."""
    a, b = right_simple.float().mean(), right_big.float().mean()
    return bool(b - a > 2 * (variance(a, b) / len(right_big)) ** 0.5)


@decide.mistake
def decide_unpaired(right_simple, right_big):
    """You took the standard errors of the two accuracies, as if each model had been
    asked other rows. Both answered the *same* rows, and what they have in common
    cancels: take the differences, row by row, and the standard error of their mean.
    """
    return _beyond(right_simple, right_big, lambda a, b: a * (1 - a) + b * (1 - b))


@decide.mistake
def decide_with_error_of_the_simple_one(right_simple, right_big):
    """You took the standard error of one accuracy, that of the simple model. The number
    that you judge is another one, the mean difference: take the deviation of the
    differences, row by row, divided by the root of N.
    """
    return _beyond(right_simple, right_big, lambda a, b: a * (1 - a))


@decide.mistake
def decide_with_error_of_the_big_one(right_simple, right_big):
    """You took the standard error of one accuracy, that of the big model. The number
    that you judge is another one, the mean difference: take the deviation of the
    differences, row by row, divided by the root of N.
    """
    return _beyond(right_simple, right_big, lambda a, b: b * (1 - b))


@decide.mistake
def decide_by_formula_of_a_share(right_simple, right_big):
    """You put the mean difference into the formula of a share, the root of
    a (1 - a) / N. That one is for numbers that are 0 or 1, and a difference can be -1
    as well: take .std() of the differences, divided by the root of N.
    """
    return _beyond(right_simple, right_big, lambda a, b: (b - a) * (1 - (b - a)))


@decide.mistake
def decide_by_deviation(right_simple, right_big):
    """You compared the mean with two standard *deviations*, which say how much single
    rows differ. The mean of N rows is surer than one row, by the root of N.
    """
    difference = right_big.float() - right_simple.float()
    return bool(difference.mean() > 2 * difference.std())


@decide.mistake
def decide_without_root(right_simple, right_big):
    """You divided the deviation by N. Divide it by the root of N: with four times as
    many rows one is twice as sure.
    """
    difference = right_big.float() - right_simple.float()
    return bool(difference.mean() > 2 * difference.std() / len(difference))


@decide.mistake
def decide_either_way(right_simple, right_big):
    """You dropped the sign. A big model that is clearly *worse* differs, too; take it
    only if the mean of big minus simple is above, and not below.
    """
    difference = right_big.float() - right_simple.float()
    error = difference.std() / len(difference) ** 0.5
    return bool(difference.mean().abs() > 2 * error)


@decide.mistake
def decide_with_one_error(right_simple, right_big):
    """You asked for one standard error. Luck alone reaches that in one of six cases;
    two of them are asked for here.
    """
    difference = right_big.float() - right_simple.float()
    return bool(difference.mean() > difference.std() / len(difference) ** 0.5)


@decide.mistake
def decide_at_least(right_simple, right_big):
    """You take the big model where it is better by exactly two errors, too. If both
    models give the same answers, the difference is 0 and so is the error, and 0 >= 0:
    ask for *more*, with >.
    """
    return _decide({decide_at_least}, right_simple, right_big)


@decide.mistake
def decide_turned_round(right_simple, right_big):
    """You subtracted the wrong way round: simple minus big. Then the big model is taken
    where it is clearly worse.
    """
    return _decide({decide_turned_round}, right_simple, right_big)


@two_of(
    decide,
    decide_by_deviation,
    decide_without_root,
    decide_either_way,
    decide_with_one_error,
    decide_at_least,
    decide_turned_round,
)
def _decide(slips, right_simple, right_big):
    difference = right_big.float() - right_simple.float()
    if decide_turned_round in slips:
        difference = -difference
    mean, limit = difference.mean(), 2 * difference.std()
    if decide_without_root in slips:
        limit = limit / len(difference)
    elif decide_by_deviation not in slips:
        limit = limit / len(difference) ** 0.5
    if decide_with_one_error in slips:
        limit = limit / 2
    if decide_either_way in slips:
        mean = mean.abs()
    return bool(mean >= limit if decide_at_least in slips else mean > limit)


@exercise(
    given={
        "weight": "weights K D",
        "bias": "bias K",
        "mean": "features D",
        "spread": "positive D",
    },
    results=("weight", "bias"),
    slopes=False,
    hints=[
        "The layer calculates z = (x - mean) / spread @ weight.T + bias. What is x "
        "multiplied with in the end, and what is added?",
        "Each weight is divided by the spread of its column. Put x = 0 in: what comes "
        "out is the new bias.",
    ],
    praise="The same answers from one layer less, and nobody can forget to "
    "standardise.",
)
def fold_in(weight, bias, mean, spread):
    """Return weight and bias of the layer that takes rows as they came."""
    weight = weight / spread
    return weight, bias - weight @ mean


@fold_in.mistake
def fold_in_multiplied(weight, bias, mean, spread):
    """You multiplied by the spread. Standardising divides each column by it, so a
    column counted in large numbers gets a small weight: divide.
    """
    weight = weight * spread
    return weight, bias - weight @ mean


@fold_in.mistake
def fold_in_old_weight(weight, bias, mean, spread):
    """The weight is right. For the bias you took the old weight, but the mean is
    subtracted *before* the division by the spread: take the new one.
    """
    return weight / spread, bias - weight @ mean


@fold_in.mistake
def fold_in_added(weight, bias, mean, spread):
    """The weight is right, and the bias has the wrong sign: standardising subtracts
    the mean, so weight times mean is subtracted.
    """
    return weight / spread, bias + (weight / spread) @ mean


@fold_in.mistake
def fold_in_bias_kept(weight, bias, mean, spread):
    """The weight is right, and the bias is the old one. Then the mean is never
    subtracted. Put in a row that is the mean: it must give the old bias.
    """
    return weight / spread, bias.clone()


@fold_in.mistake
def fold_in_bias_divided(weight, bias, mean, spread):
    """You standardised the bias as well. It is added after the division, so it comes
    into the new one as it is: the old bias, minus the new weight times mean.
    """
    weight = weight / spread
    return weight, bias / spread.mean() - weight @ mean


@fold_in.mistake
def fold_in_summed(weight, bias, mean, spread):
    """You added up the whole table of weight times mean. Each class has a sum of its
    own, along its row: .sum(dim=1), or @ mean.
    """
    return _folded({fold_in_summed}, weight, bias, mean, spread)


@two_of(
    fold_in,
    fold_in_multiplied,
    fold_in_old_weight,
    fold_in_added,
    fold_in_bias_kept,
    fold_in_bias_divided,
    fold_in_summed,
)
def _folded(slips, weight, bias, mean, spread):
    new = weight * spread if fold_in_multiplied in slips else weight / spread
    if fold_in_bias_divided in slips:
        bias = bias / spread.mean()
    moved = (weight if fold_in_old_weight in slips else new) @ mean
    if fold_in_summed in slips:
        moved = moved.sum()
    if fold_in_bias_kept in slips:
        moved = 0 * moved
    return new, bias + moved if fold_in_added in slips else bias - moved


_SURE = torch.tensor([0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0, 1.0, 0.75, 0.9])
_RIGHT = torch.tensor([1, 0, 1, 0, 0, 1, 1, 0, 1, 1], dtype=torch.bool)


@exercise(
    inputs=[
        (_SURE, _RIGHT, [0.5, 0.7, 0.9, 1.0]),
        (_SURE, ~_RIGHT, [0.0, 0.5, 0.8, 1.0]),
        (_SURE[:6], _RIGHT[:6], [0.5, 0.9, 1.0]),
        (torch.ones(4), torch.tensor([True, True, False, True]), [0.0, 0.5, 1.0]),
        (_SURE[:3], _RIGHT[:3], [0.5, 0.6, 0.7, 0.8, 1.0]),
        (_SURE[:5], _RIGHT[:5], [0.5, 0.7, 0.9]),
    ],
    slopes=False,
    hints=[
        "Which rows are in no group? Add up the counts, then look for the largest "
        "certainty.",
        "A lower edge belongs to its group and an upper edge to the next one. But the "
        "last group has no next one.",
        "So the last group has to take its upper edge as well: <= there, < elsewhere.",
    ],
    praise="A table that does not add up to N has lost somebody. Here it was the rows "
    "of which the model is surest.",
)
def groups(sure, right, edges):
    """Return (rows, how many right) for each group of certainties."""
    table = []
    for i in range(len(edges) - 1):
        here = sure >= edges[i]
        if i < len(edges) - 2:
            here = here & (sure < edges[i + 1])
        table.append((here.sum().item(), (here & right).sum().item()))
    return table


def _table(sure, right, edges, inside):
    found = [inside(sure, low, high) for low, high in pairwise(edges)]
    return [(here.sum().item(), (here & right).sum().item()) for here in found]


@groups.mistake
def groups_strange(sure, right, edges):
    """This still loses who is exactly as sure as the last edge: 1 is not below 1. The
    last group has to take its upper edge as well.
    """
    return _table(sure, right, edges, lambda p, low, high: (p >= low) & (p < high))


@groups.mistake
def groups_with_the_other_edge(sure, right, edges):
    """Now the last edge is in, and the first one is out: rows that lie exactly on it
    are lost, and those on an inner edge stand one group too low. Leave the lower edge
    in every group, and add the upper edge to the last group only.
    """
    return _table(sure, right, edges, lambda p, low, high: (p > low) & (p <= high))


@groups.mistake
def groups_with_both_edges(sure, right, edges):
    """Nobody is lost now, but rows exactly on an inner edge are counted twice, once in
    each of its groups. Only the last group may take its upper edge.
    """
    return _table(sure, right, edges, lambda p, low, high: (p >= low) & (p <= high))


@groups.mistake
def groups_without_an_end(sure, right, edges):
    """You ask for the lower edge alone, so each group holds all that follow it as
    well. Only the last group has no upper edge to look at.
    """
    return _table(sure, right, edges, lambda p, low, high: p >= low)


@groups.mistake
def groups_of_wrong_answers(sure, right, edges):
    """The groups are right. The second number is how many are *wrong*; it should be
    how many are right.
    """
    return [(n, n - good) for n, good in groups.reference(sure, right, edges)]


@groups.mistake
def groups_as_shares(sure, right, edges):
    """The groups are right. The second number should be how many are right, a count;
    you gave their share. A count is what the rest can be added up from.
    """
    table = groups.reference(sure, right, edges)
    return [(n, good / n if n else 0.0) for n, good in table]


@groups.mistake
def groups_one_too_many(sure, right, edges):
    """There is one group too many: rows that reach the last edge got one of their own.
    Between n edges lie n - 1 groups, and the last one takes its upper edge as well.
    """
    return _table(
        sure,
        right,
        [*edges, 2 + edges[-1]],
        lambda p, low, high: (p >= low) & (p < high),
    )


@groups.mistake
def groups_exchanged(sure, right, edges):
    """The two numbers of each group stand in the other order. First comes how many rows
    it has, then how many of them are right.
    """
    return [(good, n) for n, good in groups.reference(sure, right, edges)]


@two_of(
    groups,
    groups_strange,
    groups_with_the_other_edge,
    groups_with_both_edges,
    groups_without_an_end,
    groups_of_wrong_answers,
    groups_as_shares,
)
def _grouped(slips, sure, right, edges):
    if groups_of_wrong_answers in slips:
        right = ~right
    first = [
        m
        for m in (
            groups_strange,
            groups_with_the_other_edge,
            groups_with_both_edges,
            groups_without_an_end,
        )
        if m in slips
    ]
    table = (first[0] if first else groups.reference)(sure, right, edges)
    if groups_as_shares in slips:
        return [(n, good / n if n else 0.0) for n, good in table]
    return table


# Questions ----------------------------------------------------------------------

warm_up = WarmUp("lab13", lab02.undecided, lab04.percent, lab07.best_of_many)

coin_labels = choice(
    "lab13.coin_labels",
    "A program makes five copies of each row, a little changed, shuffles all of them, "
    "holds a fifth out and trains a network with the rest. The rows that it starts "
    "from have labels by the toss of a coin. How many of the held-out rows will the "
    "network get right?",
    right="c",
    because="The tosses cannot be predicted, so anything far from a half is a fault "
    "of the *program*. Nearly every held-out copy has sisters among the training rows, "
    "with the same toss: the network has learned them by heart.",
    a=(
        "About half.",
        "A new coin cannot be predicted. But a toss is copied together with its row, "
        "so the network has seen it before.",
    ),
    b=(
        "About a third.",
        "It would take labels that contradict each other. The copies of a row all "
        "have the same toss, so within a row nothing contradicts.",
    ),
    c="More than nine in ten.",
)

mended = choice(
    "lab13.mended",
    "Copies of rows have leaked from training into the held-out part. Which change "
    "mends that?",
    right="b",
    because="If the rows are split first, all copies of a row stay on its side. "
    "Copying is fine then: it is only done with training rows.",
    a=(
        "Change the copies more, so that they are less alike.",
        "That makes it harder to know them again, not impossible. How much is left of "
        "the leak, nobody knows.",
    ),
    b="Split the rows first, then copy the training rows.",
    c=(
        "Hold out more: half of the copies.",
        "Each held-out copy still has sisters among the training rows.",
    ),
    d=(
        "Train for fewer steps.",
        "The network then knows the copies less well. The measurement is still about "
        "rows that it has met.",
    ),
)

before_split = several(
    "lab13.before_split",
    "Which of these may be done with *all* rows, before anything is held out?",
    right="ad",
    because="Whatever is calculated from the rows and goes into the model has to come "
    "from training rows alone. Counting, and taking out what is there twice, goes into "
    "no model.",
    a=(
        "Count the rows of each class.",
        "It tells you what to expect, and nothing of it goes into the model.",
    ),
    b=(
        "Choose the ten columns that go best with the labels.",
        "The labels of the held-out rows have then helped to choose. With many columns "
        "even coin labels look as if they could be predicted.",
    ),
    c=(
        "Calculate the means with which rows are standardised.",
        "Held-out rows would help to make the model. Often that changes little, and "
        "you cannot know when.",
    ),
    d=(
        "Take out rows that are there twice.",
        "After the split it would be too late: one twin could be on each side.",
    ),
)

in_order = order(
    "lab13.in_order",
    "Five steps of a project. In which order?",
    right="dbeac",
    because="Hold out before anything is calculated. Know what costs nothing before "
    "you build something. Find bugs with a small batch before you train for long. "
    "Compare with several seeds. The test is for the one model that you have chosen.",
    a=(
        "Train two models, with several seeds each, and choose one",
        "It needs a program without bugs, and it must come before the test, which may "
        "not choose.",
    ),
    b=(
        "Find out how good an answer is that needs no training loop",
        "Only then do you know what a model has to beat.",
    ),
    c=("Open the test set", "It is opened once, when all is decided."),
    d=(
        "Hold rows out",
        "Everything that is calculated before it can leak.",
    ),
    e=(
        "Let a model learn sixteen rows by heart",
        "It takes a second, and finds most bugs before the long training starts.",
    ),
)

largest = number(
    "lab13.largest",
    "Of 380 tumours 142 are malignant and 238 are benign. Somebody calls all of them "
    "benign. What is the accuracy, from 0 to 1?",
    right=0.626,
    because="238 of 380. A model that is right in 0.65 has learned next to nothing.",
    wrong={
        0.5: "A coin would have that. Saying always *benign* does better, because most "
        "are.",
        0.374: "That is the share of the malignant ones, which are all called wrongly.",
        1.68: "That is 238 to 142. An accuracy is a share of all 380.",
    },
    otherwise="The right ones, 238, divided by all of them.",
    tolerance=0.006,
)

first_loss = number(
    "lab13.first_loss",
    "Two classes, standardised inputs, small random weights: which cross entropy do "
    "you expect before the first step, to one decimal?",
    right=0.7,
    because="Small weights give small logits, so both classes get about one half, and "
    "-ln 0.5 is 0.69. With K classes it is ln K. A number far from it is a bug, or "
    "inputs that are too large.",
    wrong={
        0.5: "That is the probability of each class. Its price is -ln 0.5.",
        1: "That would be in bits, with the logarithm to base 2. PyTorch takes ln.",
        0: "A loss of 0 is paid by who is certain and right. This one knows nothing.",
        2.3: "That is ln 10, for ten classes.",
    },
    otherwise="Both classes get about one half. What does -ln 0.5 make?",
    tolerance=0.05,
)

by_heart = choice(
    "lab13.by_heart",
    "Sixteen rows with 30 columns get labels by the toss of a coin. A model without a "
    "hidden layer trains with them for long. The difference of its two logits is a "
    "sum with 30 weights, one for each column, and each row wants it above 0, or "
    "below. How many of the sixteen does it get right?",
    right="a",
    because="Sixteen wishes, and 30 weights to fulfil them: with as many unknowns as "
    "equations, or more, each row can have the value that it wants. Learning a batch "
    "by heart says nothing about the data. It says that the *program* can learn: "
    "gradients arrive, and the steps follow them.",
    a="All sixteen.",
    b=(
        "About eight.",
        "So it is with *new* rows. Sixteen given answers can be learned by heart.",
    ),
    c=(
        "About twelve.",
        "With two columns, and a straight border in a plane, perhaps. In 30 dimensions "
        "a flat border can part sixteen points in any way you like (unless they lie in "
        "special places).",
    ),
)

more = choice(
    "lab13.more",
    "280 training rows with 30 columns, most of which go well with the label. One "
    "model has no hidden layer, another one has 32 hidden units; both train until the "
    "loss of the training rows is small. What do you expect of their losses on "
    "validation rows?",
    right="c",
    because="The larger one can learn every training row by heart, the accidents "
    "included, and becomes very sure. Its few mistakes are then costly. Its accuracy "
    "suffers little: the border is nearly the same.",
    a=(
        "The larger one has the smaller loss.",
        "On the training rows, yes. On new rows its certainty costs.",
    ),
    b=(
        "Both have about the same loss.",
        "The same *accuracy*, nearly. The loss also asks how sure the wrong answers "
        "were.",
    ),
    c="The larger one has the larger loss.",
)

enough = choice(
    "lab13.enough",
    "One hundred validation rows. Averaged over five seeds, a simple model gets 96 of "
    "them right and a large one 94. May you say that the simple one is right more "
    "often, on rows to come?",
    right="b",
    because="With 100 rows the standard error of an accuracy near 0.95 is 0.02. Both "
    "saw the same rows, so count row by row (lab 7): they differ on few rows only, and "
    "other rows could turn the order round. Seeds do not help here, as all of them are "
    "asked the same rows. What you may say: nothing speaks for the larger one. So keep "
    "the simple one.",
    a=(
        "Yes: five seeds agree.",
        "Seeds show the luck of the training. All five were measured with the same 100 "
        "rows, and the luck of the rows stays.",
    ),
    b="No, the difference is within the luck of 100 rows.",
    c=(
        "Yes, because a simple model is always better on new rows.",
        "Not always. With more rows, or a harder task, the larger one often wins.",
    ),
)

missed = number(
    "lab13.missed",
    "A model gets 96 of 100 tumours right. 39 of the 100 are malignant. In the worst "
    "case, which share of the malignant ones does it find, from 0 to 1?",
    right=0.897,
    because="All four mistakes can be malignant ones: 35 of 39. The accuracy cannot "
    "tell you. So count class by class.",
    wrong={
        0.96: "So it is if mistakes are spread evenly. In the worst case all four are "
        "malignant.",
        0.103: "That is the share that it misses, 4 of 39. What does it find?",
        0.934: "That is 57 of 61, if all four mistakes were benign.",
        0: "It makes only four mistakes, and 39 are malignant.",
    },
    otherwise="Four mistakes, all of them malignant: how many of 39 are left?",
    tolerance=0.006,
)

lost = choice(
    "lab13.lost",
    "A model was trained with standardised rows. Its `state_dict` is saved; the means "
    "and spreads are not. A month later somebody loads it and gives it a row as it "
    "came from the microscope, with columns up to 4,000. What happens?",
    right="c",
    because="Nothing checks the size of a number. Large inputs make large logits, and "
    "these make answers that are very sure. So the standardisation has to be saved "
    "with the model, as a part of it.",
    a=(
        "An error: the numbers do not fit.",
        "The *shape* fits, and nothing else is checked.",
    ),
    b=(
        "It answers a little worse than before.",
        "The columns are off by factors up to thousands. The answers have nothing to "
        "do with the old ones.",
    ),
    c="No error; it is very sure of answers that mean nothing.",
)

standard_error = number(
    "lab13.standard_error",
    "189 test rows, accuracy 0.96. How far is such a number, typically, from the "
    "accuracy of very many rows from the same place? (The root of a (1 - a) / n; to "
    "three decimals.)",
    right=0.014,
    because="0.96 times 0.04 is 0.0384; divided by 189 it is 0.0002, and its root is "
    "0.014. So a third digit of this accuracy means nothing.",
    wrong={
        0.0002: "That is 0.96 times 0.04, divided by 189. The root is missing.",
        0.196: "That is the root of 0.96 times 0.04, for a single row. Divide by 189 "
        "first.",
        0.04: "That is the share of mistakes, not how much it varies.",
        0.01: "With one decimal more it says something: three, please.",
    },
    otherwise="0.96 * 0.04, divided by 189, then the root.",
    tolerance=0.0006,
)

again = choice(
    "lab13.again",
    "You have opened the test. Now you have an idea that finds one more malignant "
    "tumour. What may you do?",
    right="b",
    because="If the test chooses between ideas, the chosen one is the luckiest one, "
    "and its number is too good. Validation rows may choose; the test reports.",
    a=(
        "Try it, and report the new number if it is better.",
        "Whoever tries ten ideas in this way reports the best of ten lucky numbers.",
    ),
    b="Try it on validation rows, and write that the test number is of the old model.",
    c=(
        "Open the test again for both models, and report both numbers.",
        "That would be honest if nobody chose by them. But the idea came from looking "
        "at this test, so it already fits it too well.",
    ),
)
