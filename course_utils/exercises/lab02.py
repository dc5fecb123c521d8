"""Exercises of lab 02, cross entropy: solutions, hints and typical mistakes."""

import math

import torch

from course_utils.exercises import lab01
from course_utils.exercises.checks import exercise
from course_utils.exercises.diagnose import between, follows, holds, unchanged
from course_utils.exercises.fixtures import (
    Case,
    fraction,
    register_lids,
    whole_number,
)
from course_utils.exercises.pairs import two_of
from course_utils.exercises.questions import WarmUp, choice, number, order

PROBS = torch.tensor(
    [
        [0.7, 0.2, 0.1],
        [0.1, 0.3, 0.6],
        [0.25, 0.5, 0.25],
        [0.3, 0.4, 0.3],
    ]
)
Y = torch.tensor([0, 1, 2, 1])
# As many examples as classes: a table in the wrong direction raises no error.
SQUARE = torch.tensor([[0.6, 0.3, 0.1], [0.2, 0.7, 0.1], [0.05, 0.15, 0.8]])
Y_SQUARE = torch.tensor([2, 0, 1])
# The probability 0 is never that of a label.
ZEROS = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.5, 0.5]])
Y_ZEROS = torch.tensor([0, 1, 1])
# The product of the labels' probabilities is too small for float32.
TINY = torch.tensor([[1e-20, 1.0], [0.5, 0.5], [1.0, 1e-20], [1e-20, 1.0]])
Y_TINY = torch.tensor([0, 0, 1, 0])
# F.one_hot(y) without num_classes makes a single column of these.
Y_FIRST = torch.tensor([0, 0, 0, 0])

SURPRISE = between(0, torch.inf, "A loss is a surprise, and never below 0.")
SHIFT_OF_LOSS = unchanged(
    "The same number added to all logits of a row changes no probability, and so no "
    "loss.",
    lambda logits, *rest: (logits + 2, *rest),
)
TWICE = unchanged(
    "The same examples twice have the same mean loss.",
    lambda first, y, *rest: (torch.cat([first, first]), torch.cat([y, y]), *rest),
)


LOGITS = torch.tensor(
    [[2.0, 0.5, -1.0], [0.0, 1.0, 0.5], [-0.5, 0.25, 1.5], [1.0, 1.0, 0.0]]
)
# The labels get about e^-37: no probability is 0, but the product of the three is.
DOUBTFUL = torch.tensor([[36.0, 0.0], [39.0, 1.0], [0.0, 37.0]])
# The last row gives its label e^-200, which float32 rounds to 0.
LARGE = torch.tensor(
    [[1000.0, 0.0], [0.0, 1000.0], [-1000.0, -900.0], [0.0, 0.0], [200.0, 0.0]]
)


@exercise(
    given={"logits": "scores N K", "y": "classes N K"},
    properties=[
        between(1, torch.inf, "A perplexity is never below 1."),
        SHIFT_OF_LOSS,
        TWICE,
    ],
    inputs=[
        (LOGITS, torch.tensor([0, 2, 1, 1])),
        (torch.arange(9.0).reshape(3, 3).cos(), torch.tensor([1, 2, 0])),
        (torch.zeros(2, 4), torch.tensor([3, 0])),
        (LOGITS, Y_FIRST),
        (DOUBTFUL, torch.tensor([1, 1, 0])),
        (LARGE, torch.tensor([0, 1, 1, 0, 1])),
    ],
    hints=[
        "Two steps: the mean loss in nats, then exp of it.",
        "The loss: log_softmax along dim=1, indexing with torch.arange(len(y)) and y, "
        "mean, minus.",
        "Do not take the logarithm of softmax: one logit is 200 below its neighbour.",
    ],
    praise="Four equal logits give 4: as unsure as among four equally likely classes.",
)
def perplexity(logits, y):
    """Return exp of the mean cross entropy of logits and class indices."""
    log_probs = torch.log_softmax(logits, dim=1)
    return (-log_probs[torch.arange(len(y)), y].mean()).exp()


@perplexity.mistake
def perplexity_is_loss(logits, y):
    """This is the loss in nats. Perplexity is its exponential, which reads as a number
    of equally likely classes: call .exp() at the end.
    """
    log_probs = torch.log_softmax(logits, dim=1)
    return -log_probs[torch.arange(len(y)), y].mean()


@perplexity.mistake
def perplexity_base_2(logits, y):
    """You took 2 to the power of a loss in nats. The bases must agree: e with nats, 2
    with bits. Here .exp() is right.
    """
    log_probs = torch.log_softmax(logits, dim=1)
    return 2 ** (-log_probs[torch.arange(len(y)), y].mean())


@perplexity.mistake
def perplexity_mean_of_exp(logits, y):
    """You took exp of each loss and averaged afterwards. Then a single bad example
    decides everything. The order is: mean first, exp at the very end.
    """
    log_probs = torch.log_softmax(logits, dim=1)
    return (-log_probs[torch.arange(len(y)), y]).exp().mean()


@perplexity.mistake
def perplexity_of_sum(logits, y):
    """You took exp of the sum of the losses, so the result grows enormously with the
    number of examples. It is 1 / likelihood. Take the mean over the examples first.
    """
    log_probs = torch.log_softmax(logits, dim=1)
    return (-log_probs[torch.arange(len(y)), y].sum()).exp()


@perplexity.mistake
def perplexity_reciprocal(logits, y):
    """The minus is missing, so you got the typical probability of a label, a number
    below 1. Perplexity is its reciprocal, a number of classes, never below 1.
    """
    log_probs = torch.log_softmax(logits, dim=1)
    return log_probs[torch.arange(len(y)), y].mean().exp()


@perplexity.mistake
def perplexity_no_softmax(logits, y):
    """You used the logits as if they were log-probabilities. They are not: their exp
    does not sum to 1. log_softmax makes log-probabilities of them.
    """
    return (-logits[torch.arange(len(y)), y].mean()).exp()


@perplexity.mistake
def perplexity_down_columns(logits, y):
    """You normalised down the columns (dim=0), as if the examples competed with each
    other. The classes of one row compete: log_softmax(logits, dim=1).
    """
    log_probs = torch.log_softmax(logits, dim=0)
    return (-log_probs[torch.arange(len(y)), y].mean()).exp()


@perplexity.mistake
def perplexity_colon(logits, y):
    """log_probs[:, y] takes the columns of *all* labels from *every* row, N x N
    numbers. Row numbers and labels must go in pairs: log_probs[torch.arange(len(y)),
    y].
    """
    return (-torch.log_softmax(logits, dim=1)[:, y].mean()).exp()


@perplexity.mistake
def perplexity_log_of_softmax(logits, y):
    """Right for ordinary logits. But softmax rounds e^-200 to 0, and log(0) is -inf, so
    the perplexity is infinite. Use log_softmax, which makes one step of the two.
    """
    log_probs = torch.softmax(logits, dim=1).log()
    return (-log_probs[torch.arange(len(y)), y].mean()).exp()


@perplexity.mistake
def perplexity_softmax_twice(logits, y):
    """You applied softmax twice: F.cross_entropy and log_softmax begin with one
    themselves. Give them the logits. (Lab 3 shows what a second softmax does.)
    """
    probs = torch.softmax(logits, dim=1)
    return (-torch.log_softmax(probs, dim=1)[torch.arange(len(y)), y].mean()).exp()


@two_of(
    perplexity,
    perplexity_reciprocal,
    perplexity_down_columns,
    perplexity_is_loss,
    perplexity_base_2,
    perplexity_of_sum,
    perplexity_mean_of_exp,
    perplexity_colon,
    perplexity_softmax_twice,
)
def _perplexity(slips, logits, y):
    dim = 0 if perplexity_down_columns in slips else 1
    if perplexity_softmax_twice in slips:
        logits = torch.softmax(logits, dim=dim)
    table = -torch.log_softmax(logits, dim=dim)
    surprises = table[torch.arange(len(y)), y]
    if perplexity_colon in slips:
        surprises = table[:, y]
    if perplexity_reciprocal in slips:
        surprises = -surprises
    if perplexity_mean_of_exp in slips:
        return surprises.exp().mean()
    loss = surprises.sum() if perplexity_of_sum in slips else surprises.mean()
    if perplexity_is_loss in slips:
        return loss
    return 2**loss if perplexity_base_2 in slips else loss.exp()


@perplexity.mistake
def perplexity_overflow(logits, y):
    """Right for ordinary logits. But exp(1000) is inf and exp(-1000) is 0, and what is
    calculated from them is nan. log_softmax subtracts the maximum of each row first.
    """
    probs = logits.exp() / logits.exp().sum(dim=1, keepdim=True)
    return (-probs.log()[torch.arange(len(y)), y].mean()).exp()


@perplexity.mistake
def perplexity_product(logits, y):
    """You multiplied probabilities. Their product is rounded to 0 if it is long, or if
    they are small, and then the result is infinite. Add log-probabilities: the mean of
    log_softmax at the labels, and exp at the very end.
    """
    probs = torch.softmax(logits, dim=1)
    return probs[torch.arange(len(y)), y].prod() ** (-1 / len(y))


@perplexity.mistake
def perplexity_too_few_columns(logits, y):
    """F.one_hot(y) without num_classes takes the largest label for the last class. Here
    no label is larger than 0, so it made one column, which counted the surprise at all
    classes. Always give it: num_classes=logits.shape[1].
    """
    log_probs = torch.log_softmax(logits, dim=1)
    one_hot = torch.nn.functional.one_hot(y)
    return (-(one_hot * log_probs).sum(dim=1).mean()).exp()


@perplexity.mistake
def perplexity_flat_gather(logits, y):
    """Your index y is flat, and gather wants it in the same number of directions as the
    table: a column, y.unsqueeze(1) of shape (N, 1), in place of y of shape (N,).
    """
    return (-torch.log_softmax(logits, dim=1).gather(1, y).mean()).exp()


register_lids(
    perplexity,
    lambda logits, y, c: (
        -(torch.softmax(logits, dim=1) + c)[torch.arange(len(y)), y].log().mean()
    ).exp(),
)


@exercise(
    given={"logits": "logits N K", "y": "classes N K"},
    properties=[SURPRISE, SHIFT_OF_LOSS, TWICE],
    inputs=[
        (LOGITS, torch.tensor([0, 2, 1, 1])),
        (torch.arange(9.0).reshape(3, 3).cos(), torch.tensor([1, 2, 0])),
        (LOGITS, Y_FIRST),
        (LARGE, torch.tensor([0, 1, 1, 0, 1])),
    ],
    hints=[
        "Go through it line by line. What is the shape of each result, and what sums "
        "to 1?",
        "Line 1: do the images compete, or the classes? Line 3: how many numbers does "
        "it pick?",
        "Lines 1 and 2 are two steps where lab 1 demands one. Line 3 needs the row "
        "numbers beside the labels.",
    ],
    praise="All three are mended: the classes compete, no rounded zero meets a "
    "logarithm, and each row gives one number.",
)
def mended_loss(logits, y):
    """Return the mean cross entropy of logits and class indices."""
    log_probs = torch.log_softmax(logits, dim=1)
    return -log_probs[torch.arange(len(y)), y].mean()


@mended_loss.mistake
def mended_nothing(logits, y):
    """This does what the faulty program does. Look at its first line: with dim=0 the
    columns sum to 1, so the images compete with each other.
    """
    return -torch.softmax(logits, dim=0).log()[:, y].mean()


@mended_loss.mistake
def mended_but_the_colon(logits, y):
    """[:, y] takes the columns of *all* labels from *every* row, N x N numbers. Row
    numbers and labels go in pairs: [torch.arange(len(y)), y].
    """
    return -torch.log_softmax(logits, dim=1)[:, y].mean()


@mended_loss.mistake
def mended_but_the_dim(logits, y):
    """The direction is still wrong: with dim=0 the columns sum to 1, and what an image
    costs depends on the other images. The classes are dim=1.
    """
    return -torch.log_softmax(logits, dim=0)[torch.arange(len(y)), y].mean()


@mended_loss.mistake
def mended_but_the_log(logits, y):
    """Two faults are mended; for ordinary logits this is right. The third shows when
    softmax rounds a probability to 0: its logarithm is -inf. log_softmax makes one step
    of the two.
    """
    return -torch.softmax(logits, dim=1).log()[torch.arange(len(y)), y].mean()


@mended_loss.mistake
def mended_only_dim(logits, y):
    """The first fault is mended: the classes compete. Two are left. How many numbers
    does [:, y] pick? And what does the logarithm meet if softmax has rounded to 0?
    """
    return -torch.softmax(logits, dim=1).log()[:, y].mean()


@mended_loss.mistake
def mended_only_pairs(logits, y):
    """The rows and labels go in pairs now. Two faults are left, both before that: along
    which direction does softmax run, and what does the logarithm meet if it has rounded
    to 0?
    """
    return -torch.softmax(logits, dim=0).log()[torch.arange(len(y)), y].mean()


@mended_loss.mistake
def mended_only_log_softmax(logits, y):
    """log_softmax in one step is right. Two faults are left: it runs down the columns,
    so that the images compete; and [:, y] takes all labels from every row.
    """
    return -torch.log_softmax(logits, dim=0)[:, y].mean()


@mended_loss.mistake
def mended_as_perplexity(logits, y):
    """This is the perplexity, exp of the loss. Here the loss itself is wanted, as the
    faulty program means it: the mean of the surprises, without exp.
    """
    return perplexity.reference(logits, y)


@mended_loss.mistake
def mended_largest(logits, y):
    """You took the largest log-probability of each row, that of the class which the
    machine would choose. The loss asks for the label's, right or wrong.
    """
    return -torch.log_softmax(logits, dim=1).max(dim=1).values.mean()


@mended_loss.mistake
def mended_exchanged(logits, y):
    """Rows and columns are exchanged in the brackets. The first position counts the
    rows, one for each example, and the second is the column, the label:
    [torch.arange(len(y)), y].
    """
    log_probs = torch.log_softmax(logits, dim=1)
    return -log_probs[y, torch.arange(len(y))].mean()


@exercise(
    given={
        "right": fraction(0.3, 0.97),
        "sure": fraction(0.3, 0.98),
        "n_classes": whole_number(3, 10),
    },
    properties=[
        follows(
            "A machine that is 1/K sure says the same as one that guesses, so it gains "
            "nothing.",
            lambda right, sure, n_classes: (right, 1 / n_classes, n_classes),
            lambda value: 0.0,
        ),
    ],
    inputs=[
        (0.95, 0.95, 3),
        (0.95, 0.999, 3),
        (0.6, 0.9, 10),
        (0.5, 0.9, 2),
        (0.3, 0.3, 5),
    ],
    hints=[
        "Two things can happen. What does the machine pay when it is right, what when "
        "it is wrong, and how often does each come?",
        "When it is wrong, the label is one of the K - 1 other classes, and each of "
        "them was given (1 - sure) / (K - 1).",
        "The mean of what it pays: the surprises, weighted by right and 1 - right. "
        "What guessing pays is a logarithm of K. Which one minus which?",
    ],
    praise="Above 0 it is better to answer, below 0 to say: I do not know. And the "
    "gain is largest where sure equals right.",
)
def gain_over_guessing(right, sure, n_classes):
    """Return by how many nats a machine is better than one that says 1/K."""
    others = (1 - sure) / (n_classes - 1)
    loss = -right * math.log(sure) - (1 - right) * math.log(others)
    return math.log(n_classes) - loss


@gain_over_guessing.mistake
def gain_sign(right, sure, n_classes):
    """The difference is the wrong way round. The gain is what guessing pays minus what
    the machine pays: above 0 if the machine is better.
    """
    return -gain_over_guessing.reference(right, sure, n_classes)


@gain_over_guessing.mistake
def gain_loss(right, sure, n_classes):
    """This is the loss of the machine, which is half of the way. Compare it with what
    guessing pays, log K.
    """
    return math.log(n_classes) - gain_over_guessing.reference(right, sure, n_classes)


@gain_over_guessing.mistake
def gain_without_sharing(right, sure, n_classes):
    """When it is wrong you let it pay -log(1 - sure). But 1 - sure is what *all* other
    classes together got; the label is one of them and got (1 - sure) / (K - 1).
    """
    loss = -right * math.log(sure) - (1 - right) * math.log(1 - sure)
    return math.log(n_classes) - loss


@gain_over_guessing.mistake
def gain_divided_by_all(right, sure, n_classes):
    """You shared 1 - sure among all K classes. One of them is the answer, which has its
    part already: K - 1 are left.
    """
    others = (1 - sure) / n_classes
    loss = -right * math.log(sure) - (1 - right) * math.log(others)
    return math.log(n_classes) - loss


@gain_over_guessing.mistake
def gain_only_right(right, sure, n_classes):
    """You counted the cases in which the machine is right. The others cost something,
    too, and they come with weight 1 - right.
    """
    return math.log(n_classes) + right * math.log(sure)


@gain_over_guessing.mistake
def gain_swapped(right, sure, n_classes):
    """You exchanged `right` and `sure`. How often something happens is the weight, here
    right; the logarithm is taken of what the machine says, sure.
    """
    others = (1 - right) / (n_classes - 1)
    loss = -sure * math.log(right) - (1 - sure) * math.log(others)
    return math.log(n_classes) - loss


@gain_over_guessing.mistake
def gain_honest(right, sure, n_classes):
    """You weighted with `sure`, as if the machine were right as often as it says. The
    world does not care what it says: the weights are right and 1 - right.
    """
    others = (1 - sure) / (n_classes - 1)
    loss = -sure * math.log(sure) - (1 - sure) * math.log(others)
    return math.log(n_classes) - loss


@gain_over_guessing.mistake
def gain_log_of_mean(right, sure, n_classes):
    """You averaged the probabilities and took one logarithm of the mean. Each case has
    a surprise of its own; it is the surprises that are averaged.
    """
    others = (1 - sure) / (n_classes - 1)
    return math.log(n_classes) + math.log(right * sure + (1 - right) * others)


@gain_over_guessing.mistake
def gain_bits(right, sure, n_classes):
    """You used the logarithm of base 2, so the gain is in bits. Nats are wanted:
    math.log.
    """
    return gain_over_guessing.reference(right, sure, n_classes) / math.log(2)


@gain_over_guessing.mistake
def gain_accuracy(right, sure, n_classes):
    """This compares fractions of right answers, and `sure` has no influence. A loss is
    about what the machine *says*: use surprises.
    """
    return right - 1 / n_classes


@two_of(
    gain_over_guessing,
    gain_sign,
    gain_without_sharing,
    gain_divided_by_all,
    gain_only_right,
    gain_swapped,
    gain_honest,
    gain_loss,
    gain_bits,
)
def _gain(slips, right, sure, n_classes):
    if gain_swapped in slips:
        right, sure = sure, right
    share = n_classes if gain_divided_by_all in slips else n_classes - 1
    others = (1 - sure) / (1 if gain_without_sharing in slips else share)
    weight = sure if gain_honest in slips else right
    loss = -weight * math.log(sure)
    if gain_only_right not in slips:
        loss -= (1 - weight) * math.log(others)
    gain = loss if gain_loss in slips else math.log(n_classes) - loss
    gain = -gain if gain_sign in slips else gain
    return gain / math.log(2) if gain_bits in slips else gain


def _shares_to_try(g, sizes, before):
    steps = torch.randperm(19, generator=g)[:6] + 1
    return [round(0.05 * step, 2) for step in steps.tolist()]


# Three of four are right and nearly sure; the last is wrong and nearly sure.
BOLD = torch.tensor(
    [
        [0.998, 0.001, 0.001],
        [0.001, 0.001, 0.998],
        [0.002, 0.996, 0.002],
        [0.0, 1.0, 0.0],
    ]
)
Y_BOLD = torch.tensor([0, 2, 1, 0])
SHARES = [0.05, 0.8, 0.0, 0.5, 0.2, 0.01]
# With two classes share / 2 and share / 3 have their best place elsewhere in the list.
TWO = torch.tensor([[0.99, 0.01], [0.02, 0.98], [0.97, 0.03], [1.0, 0.0]])
Y_TWO = torch.tensor([0, 1, 0, 1])


@exercise(
    given={
        "probs": "distribution N K",
        "y": "classes N K",
        "shares": _shares_to_try,
    },
    properties=[
        holds(
            "The answer is one of the numbers in the list. Yours is not.",
            lambda value, probs, y, shares: value in shares,
        )
    ],
    inputs=[
        (BOLD, Y_BOLD, SHARES),
        (BOLD[:3], Y_BOLD[:3], SHARES),
        (BOLD, torch.tensor([0, 2, 1, 1]), [0.3, 0.1, 0.6]),
        (BOLD[[0, 1, 2, 0, 1, 2, 3]], Y_BOLD[[0, 1, 2, 0, 1, 2, 3]], SHARES),
        (BOLD, torch.tensor([1, 0, 0, 2]), SHARES),  # all are wrong
        (PROBS, Y, [0.9, 0.4, 0.0, 0.7]),
        (TWO, Y_TWO, [*SHARES, 0.3]),
    ],
    hints=[
        "Begin with one share: make the mixed table, then its loss. Is each row still "
        "a distribution?",
        "The mixed table is (1 - share) * probs + share / K, and K is probs.shape[1].",
        "Go through the list, keep the losses, and return the share that belongs to "
        "the smallest of them. No softmax: these are probabilities already.",
    ],
    praise="A little doubt costs the right answers nearly nothing and saves the wrong "
    "ones a great deal.",
)
def best_hedge(probs, y, shares):
    """Return the share of 1/K with which the mixed table has the smallest loss."""

    def loss(share):
        mixed = (1 - share) * probs + share / probs.shape[1]
        return -mixed[torch.arange(len(y)), y].log().mean()

    return min(shares, key=loss)


def _hedged(probs, y, share):
    mixed = (1 - share) * probs + share / probs.shape[1]
    return -mixed[torch.arange(len(y)), y].log().mean().item()


@best_hedge.mistake
def hedge_largest_loss(probs, y, shares):
    """This is the share with the largest loss, which does most harm. A loss has to be
    small: min, not max. If you took min, its minus is missing.
    """
    return max(shares, key=lambda share: _hedged(probs, y, share))


@best_hedge.mistake
def hedge_turned_round(probs, y, shares):
    """You mixed the wrong way round: with a share of 0 the table must stay as it is.
    The machine gets 1 - share, and 1/K gets share.
    """
    return min(shares, key=lambda share: _hedged(probs, y, 1 - share))


@best_hedge.mistake
def hedge_three_classes(probs, y, shares):
    """You divided the share by 3. That is right for three classes only: K is
    probs.shape[1].
    """

    def loss(share):
        mixed = (1 - share) * probs + share / 3
        return -mixed[torch.arange(len(y)), y].log().mean()

    return min(shares, key=loss)


@best_hedge.mistake
def hedge_position(probs, y, shares):
    """This is the position of the best share in the list. The share itself is wanted:
    shares[position].
    """
    losses = [_hedged(probs, y, share) for share in shares]
    return losses.index(min(losses))


@best_hedge.mistake
def hedge_loss(probs, y, shares):
    """This is the smallest loss itself. The share at which it is reached is wanted, one
    of the numbers in the list.
    """
    return min(_hedged(probs, y, share) for share in shares)


@best_hedge.mistake
def hedge_by_mean_probability(probs, y, shares):
    """You judged by the mean probability of the labels, without a logarithm. Then one
    terrible answer hardly counts. Take the mean of the surprises.
    """

    def mean(share):
        mixed = (1 - share) * probs + share / probs.shape[1]
        return mixed[torch.arange(len(y)), y].mean()

    return max(shares, key=mean)


@best_hedge.mistake
def hedge_by_largest(probs, y, shares):
    """You took the largest probability of each row, so the labels have no influence,
    and the boldest machine looks best. Take the probability of the label.
    """

    def loss(share):
        mixed = (1 - share) * probs + share / probs.shape[1]
        return -mixed.max(dim=1).values.log().mean()

    return min(shares, key=loss)


@best_hedge.mistake
def hedge_colon(probs, y, shares):
    """[:, y] takes the columns of all labels from every row. Row numbers and labels go
    in pairs: torch.arange(len(y)) beside y.
    """

    def loss(share):
        mixed = (1 - share) * probs + share / probs.shape[1]
        return -mixed[:, y].log().mean()

    return min(shares, key=loss)


@best_hedge.mistake
def hedge_logs_mixed(probs, y, shares):
    """You mixed logarithms. The doubt is mixed into the probabilities; the logarithm
    comes after that.
    """

    def loss(share):
        mixed = (1 - share) * probs.log() - share * math.log(probs.shape[1])
        return -mixed[torch.arange(len(y)), y].mean()

    return min(shares, key=loss)


@best_hedge.mistake
def hedge_softmax(probs, y, shares):
    """You put probabilities into log_softmax, which makes other ones of them. They are
    probabilities already: mix, pick, and take a plain logarithm.
    """

    def loss(share):
        mixed = (1 - share) * probs + share / probs.shape[1]
        return -torch.log_softmax(mixed, dim=1)[torch.arange(len(y)), y].mean()

    return min(shares, key=loss)


@best_hedge.mistake
def hedge_k_of_images(probs, y, shares):
    """You divided the share by the number of images. K is the number of classes,
    probs.shape[1].
    """
    return _best_hedge({hedge_k_of_images}, probs, y, shares)


@best_hedge.mistake
def hedge_whole_share(probs, y, shares):
    """Each class gets the whole share, so the rows sum to more than 1, and the largest
    share looks best. Share it out: share / K for each class.
    """
    return _best_hedge({hedge_whole_share}, probs, y, shares)


@two_of(
    best_hedge,
    hedge_k_of_images,
    hedge_whole_share,
    hedge_largest_loss,
    hedge_turned_round,
    hedge_position,
    hedge_loss,
    hedge_colon,
    hedge_by_largest,
)
def _best_hedge(slips, probs, y, shares):
    losses = []
    for share in shares:
        s = 1 - share if hedge_turned_round in slips else share
        k = len(probs) if hedge_k_of_images in slips else probs.shape[1]
        mixed = (1 - s) * probs + s / (1 if hedge_whole_share in slips else k)
        picked = mixed[torch.arange(len(y)), y]
        if hedge_colon in slips:
            picked = mixed[:, y]
        if hedge_by_largest in slips:
            picked = mixed.max(dim=1).values
        losses.append(-picked.log().mean().item())
    best = max(losses) if hedge_largest_loss in slips else min(losses)
    if hedge_loss in slips:
        return best
    place = losses.index(best)
    return place if hedge_position in slips else shares[place]


# Exercises of the part that is optional -------------------------------------------


@exercise(
    given={"probs": "distribution N K", "y": "classes N K"},
    properties=[SURPRISE, TWICE],
    inputs=[
        (PROBS, Y),
        (SQUARE, Y_SQUARE),
        (PROBS, Y_FIRST),
        Case((TINY, Y_TINY), "probabilities of 1e-20", False),
        Case((ZEROS, Y_ZEROS), "probabilities of exactly 0", False),
    ],
    hints=[
        "Row 0 needs column y[0], row 1 needs column y[1], and so on.",
        "torch.arange(len(y)) holds the row numbers. Indexing with two tensors takes "
        "them in pairs.",
        "Pick first, which gives shape (N,). Only then come the logarithm, the mean "
        "and the sign.",
    ],
    praise="Only the N probabilities of the labels went into the logarithm.",
)
def loss_from_indices(probs, y):
    """Return the mean cross entropy of probabilities and class indices."""
    picked = probs[torch.arange(len(y)), y]
    return -picked.log().mean()


@loss_from_indices.mistake
def indices_colon(probs, y):
    """probs[:, y] takes the columns of *all* labels from *every* row, a table of N x N.
    Its mean looks plausible and is wrong. Row numbers and labels must go in pairs:
    probs[torch.arange(len(y)), y].
    """
    return -probs[:, y].log().mean()


@loss_from_indices.mistake
def indices_exchanged(probs, y):
    """Rows and columns are exchanged in the brackets. The first position counts the
    rows, one for each example, and the second is the column, the label:
    probs[torch.arange(len(y)), y].
    """
    return -probs[y, torch.arange(len(y))].log().mean()


@loss_from_indices.mistake
def indices_rows(probs, y):
    """With a single index tensor you took whole *rows*: probs[y] is row y[0], row y[1],
    ... The labels are columns. Give the row numbers as well:
    probs[torch.arange(len(y)), y].
    """
    return -probs[y].log().mean()


@loss_from_indices.mistake
def indices_largest(probs, y):
    """You took the largest probability of each row, the one of the class that the model
    would choose. It is never surprised by itself. The loss asks for the probability of
    the label, right or wrong.
    """
    return -probs.max(dim=1).values.log().mean()


@loss_from_indices.mistake
def indices_sign(probs, y):
    """The minus is missing. Logarithms of probabilities are negative, and a loss is a
    surprise: 0 at best, and larger for a worse model.
    """
    return probs[torch.arange(len(y)), y].log().mean()


@loss_from_indices.mistake
def indices_sum(probs, y):
    """This is the sum of the surprises. It grows with the number of examples; divide by
    N, or take the mean.
    """
    return -probs[torch.arange(len(y)), y].log().sum()


@loss_from_indices.mistake
def indices_without_log(probs, y):
    """You averaged 1 - probability, without the logarithm. It is a number that grades a
    model, too, but not the likelihood: a label that was called impossible would cost
    just 1.
    """
    return (1 - probs[torch.arange(len(y)), y]).mean()


@loss_from_indices.mistake
def indices_wrong_class(probs, y):
    """This is the logarithm of 1 - probability: the surprise at everything that did not
    happen. The label happened. Take the logarithm of its own probability.
    """
    return -(1 - probs[torch.arange(len(y)), y]).log().mean()


@loss_from_indices.mistake
def indices_log_of_mean(probs, y):
    """You averaged the probabilities and took the logarithm of the mean. The likelihood
    is a product, so the logarithms are added: first log, then mean.
    """
    return -probs[torch.arange(len(y)), y].mean().log()


@loss_from_indices.mistake
def indices_from_one(probs, y):
    """You counted the classes from 1. Class indices begin at 0, and y - 1 turns class 0
    into -1, which Python reads as the last column: a wrong number in place of an error.
    """
    return -probs[torch.arange(len(y)), y - 1].log().mean()


@loss_from_indices.mistake
def indices_log2(probs, y):
    """You used the logarithm of base 2, so the loss is in bits. PyTorch and this course
    use nats, the natural logarithm: .log().
    """
    return -probs[torch.arange(len(y)), y].log2().mean()


@loss_from_indices.mistake
def indices_by_one_hot(probs, y):
    """Right, until a probability is 0: then one-hot times log gives 0 * -inf = nan,
    even if the label is another class. Indexing never touches the other classes:
    probs[torch.arange(len(y)), y].
    """
    one_hot = torch.nn.functional.one_hot(y, probs.shape[1])
    return -(one_hot * probs.log()).sum(dim=1).mean()


register_lids(
    loss_from_indices,
    lambda probs, y, c: -(probs[torch.arange(len(y)), y] + c).log().mean(),
)


@loss_from_indices.mistake
def indices_log_first(probs, y):
    """The value is right. But you took the logarithm of the whole table, also of its
    zeros, and looked up afterwards. The check compares slopes as well, which training
    will need from lab 4 on, and at log(0) yours are nan. Look up first, then take the
    logarithm of N numbers. (With log_softmax in place of log the order is free.)
    """
    return -probs.log()[torch.arange(len(y)), y].mean()


@loss_from_indices.mistake
def indices_no_log_at_all(probs, y):
    """The logarithm is missing: this is minus the mean probability of the labels. The
    surprise at a label is -log p, and a loss made of it is never below 0.
    """
    return -probs[torch.arange(len(y)), y].mean()


@loss_from_indices.mistake
def indices_from_logits(probs, y):
    """log_softmax and F.cross_entropy take logits, and begin with a softmax. These are
    probabilities already, and a second softmax makes other ones of them. What is left
    to do is a plain logarithm.
    """
    return -torch.log_softmax(probs, dim=1)[torch.arange(len(y)), y].mean()


@loss_from_indices.mistake
def indices_product(probs, y):
    """Right, until the product of the probabilities is too small for float32: it is
    rounded to 0, and its logarithm is -inf. Never multiply probabilities, add their
    logarithms: .log() first, then .mean().
    """
    return -probs[torch.arange(len(y)), y].prod().log() / len(y)


@loss_from_indices.mistake
def indices_product_undivided(probs, y):
    """A loss is the mean, not the sum: divide by N. And wherever probabilities are
    multiplied before the logarithm, a long product is rounded to 0: add logarithms.
    """
    return -probs[torch.arange(len(y)), y].prod().log()


@loss_from_indices.mistake
def indices_too_few_columns(probs, y):
    """F.one_hot(y) without num_classes takes the largest label for the last class. Here
    no label is larger than 0, so it made one column, which was stretched over all
    classes. Always give it: num_classes=probs.shape[1].
    """
    return -(probs * torch.nn.functional.one_hot(y)).sum(dim=1).log().mean()


@loss_from_indices.mistake
def indices_too_few_columns_log_first(probs, y):
    """F.one_hot(y) without num_classes takes the largest label for the last class. Here
    no label is larger than 0, so it made one column, which counted the surprise at all
    classes. Always give it: num_classes=probs.shape[1].
    """
    return -(torch.nn.functional.one_hot(y) * probs.log()).sum(dim=1).mean()


@loss_from_indices.mistake
def indices_flat_gather(probs, y):
    """Your index y is flat, and gather wants it in the same number of directions as the
    table: a column, y.unsqueeze(1) of shape (N, 1), in place of y of shape (N,).
    """
    return -probs.gather(1, y).log().mean()


@exercise(
    given={"counts": "tally K", "p": "distribution K"},
    properties=[
        between(0, torch.inf, "KL is never negative."),
        unchanged(
            "With twice as many of each outcome the shares stay, and so does KL.",
            lambda counts, p: (2 * counts, p),
        ),
    ],
    inputs=[
        (torch.tensor([7, 3, 10]), torch.tensor([0.5, 0.3, 0.2])),
        (torch.tensor([2, 2, 2, 2]), torch.tensor([0.1, 0.2, 0.3, 0.4])),
        (torch.tensor([30, 10]), torch.tensor([0.75, 0.25])),
        Case(
            (torch.tensor([5, 0, 15]), torch.tensor([0.2, 0.5, 0.3])),
            "an outcome that never came",
            False,
        ),
        Case(
            (torch.tensor([8, 0]), torch.tensor([1.0, 0.0])),
            "an outcome that never came and that the model calls impossible",
            False,
        ),
        Case(
            (torch.tensor([9, 1, 0]), torch.tensor([0.5, 0.0, 0.5])),
            "an outcome that came although the model calls it impossible",
            False,
        ),
    ],
    hints=[
        "Three steps: counts to shares q, the terms q * log(q / p), their sum.",
        "Leave out what never came: came = counts > 0, then q[came] and p[came].",
        "The share in front and the share below the logarithm are both q[came]. A p of "
        "0 gives inf by itself. At the end .item() takes the plain number.",
    ],
    praise="This is what the model wastes per label: 0 only if it knows the shares.",
)
def kl_from_counts(counts, p):
    """Return KL(q || p) in nats, where q are the shares of the counts."""
    q = counts / counts.sum()
    came = counts > 0
    return (q[came] * (q[came] / p[came]).log()).sum().item()


@kl_from_counts.mistake
def kl_of_counts(counts, p):
    """You worked with the counts themselves. KL compares two distributions, and counts
    do not sum to 1: divide them by their sum first.
    """
    came = counts > 0
    return (counts[came] * (counts[came] / p[came]).log()).sum().item()


@kl_from_counts.mistake
def kl_swapped(counts, p):
    """This is KL(p || q), the other direction. The data follow q and stand in front: q
    says how often each outcome comes, and so how much it counts.
    """
    q = counts / counts.sum()
    return (p[p > 0] * (p[p > 0] / q[p > 0]).log()).sum().item()


@kl_from_counts.mistake
def kl_cross_entropy(counts, p):
    """This is the cross entropy, all that you pay. KL is only what is wasted: subtract
    the entropy of q, or put q / p under the logarithm. For p = q it must be 0.
    """
    q = counts / counts.sum()
    came = counts > 0
    return -(q[came] * p[came].log()).sum().item()


@kl_from_counts.mistake
def kl_sign(counts, p):
    """The sign is the wrong way round: KL is never negative. Write q * log(q / p), or
    put a minus before q * log(p / q).
    """
    q = counts / counts.sum()
    came = counts > 0
    return (q[came] * (p[came] / q[came]).log()).sum().item()


@kl_from_counts.mistake
def kl_unweighted(counts, p):
    """Every outcome counts the same in your sum. KL is a mean over what really comes,
    so each log(q / p) has to be weighted with its q.
    """
    q = counts / counts.sum()
    came = counts > 0
    return (q[came] / p[came]).log().sum().item()


@kl_from_counts.mistake
def kl_mean(counts, p):
    """You took .mean(), which divides by K once more. The weights q sum to 1 already,
    so the weighted mean is a plain sum.
    """
    q = counts / counts.sum()
    return (q * (q / p).log()).mean().item()


@kl_from_counts.mistake
def kl_bits(counts, p):
    """You used the logarithm of base 2, so the result is in bits. The exercise asks for
    nats: .log().
    """
    q = counts / counts.sum()
    came = counts > 0
    return (q[came] * (q[came] / p[came]).log2()).sum().item()


@kl_from_counts.mistake
def kl_differences(counts, p):
    """You added up the absolute differences |q - p|. That is a distance between two
    distributions, but it is not KL: it knows no surprise, and an outcome that was
    called impossible would cost hardly anything.
    """
    return (counts / counts.sum() - p).abs().sum().item()


@two_of(
    kl_from_counts,
    kl_swapped,
    kl_sign,
    kl_unweighted,
    kl_mean,
    kl_bits,
    kl_cross_entropy,
    kl_of_counts,
)
def _kl(slips, counts, p):
    q = counts.float() if kl_of_counts in slips else counts / counts.sum()
    came = counts > 0
    if kl_swapped in slips:
        q, p = p, q
    q, p = q[came], p[came]
    logs = p.log() if kl_cross_entropy in slips else (p / q).log()
    logs = logs if kl_sign in slips else -logs
    terms = logs if kl_unweighted in slips else q * logs
    value = (terms.mean() if kl_mean in slips else terms.sum()).item()
    return value / math.log(2) if kl_bits in slips else value


@kl_from_counts.mistake
def kl_nan(counts, p):
    """Right, until an outcome never came: then 0 * log(0) is 0 * -inf = nan. By
    agreement this term is 0. Leave it out: came = counts > 0, and use q[came] and
    p[came].
    """
    q = counts / counts.sum()
    return (q * (q / p).log()).sum().item()


def _kl_with_constant(counts, p, constant):
    q = counts / counts.sum()
    return (q * ((q + constant) / (p + constant)).log()).sum().item()


register_lids(
    kl_from_counts,
    _kl_with_constant,
    """The small constant {0:g} avoids nan, but it hides what must be seen: an outcome
    that came although the model calls it impossible costs inf, and with the constant it
    costs some harmless number. Leave out only the outcomes that never came.""",
)


@kl_from_counts.mistake
def kl_tensor(counts, p):
    """The number is right, but it is still a tensor with one element. .item() takes the
    plain Python number out.
    """
    q = counts / counts.sum()
    came = counts > 0
    return (q[came] * (q[came] / p[came]).log()).sum()


@exercise(
    given={"batch_means": "positive B", "batch_sizes": "sizes B"},
    properties=[
        holds(
            "A mean lies between the smallest and the largest. Yours does not.",
            lambda value, means, sizes: bool(
                means.min() - 1e-4 <= value <= means.max() + 1e-4
            ),
        ),
    ],
    inputs=[
        (torch.tensor([0.5, 0.3, 2.0]), torch.tensor([4, 4, 1])),
        (torch.tensor([0.1, 6.0]), torch.tensor([256, 1])),
        (torch.tensor([1.0, 2.0, 3.0]), torch.tensor([8, 8, 8])),
        (torch.tensor([0.7]), torch.tensor([5])),
    ],
    hints=[
        "From a mean and a size you get the sum of a batch back.",
        "Add the sums of all batches. By which number do you divide, once, at the end?",
        "It is a weighted mean: what you multiply with above the line, you add up "
        "below the line.",
    ],
    praise="One division by N, so the order and the size of the batches do not matter.",
)
def mean_loss(batch_means, batch_sizes):
    """Return the mean over all examples from the means and sizes of batches."""
    return (batch_means * batch_sizes).sum() / batch_sizes.sum()


@mean_loss.mistake
def mean_of_means(batch_means, batch_sizes):
    """This is the mean of the batch means. A last batch with a single example then
    counts as much as a full one. Weight each mean with the size of its batch.
    """
    return batch_means.mean()


@mean_loss.mistake
def mean_sum_of_means(batch_means, batch_sizes):
    """You added up the means of the batches. The result grows with the number of
    batches. Turn each mean into a sum (times its size), add those, and divide by N.
    """
    return batch_means.sum()


@mean_loss.mistake
def mean_total(batch_means, batch_sizes):
    """This is the sum of all losses, which is the first half. Divide it by the number
    of all examples, batch_sizes.sum().
    """
    return (batch_means * batch_sizes).sum()


@mean_loss.mistake
def mean_over_batches(batch_means, batch_sizes):
    """You weighted with the sizes, but then divided by the number of *batches*. Divide
    by the number of examples: .sum() / batch_sizes.sum().
    """
    return (batch_means * batch_sizes).mean()


@mean_loss.mistake
def mean_divided_only(batch_means, batch_sizes):
    """You divided by the number of examples, but the means were not multiplied by their
    sizes before. Only sums may be added: batch_means * batch_sizes.
    """
    return batch_means.sum() / batch_sizes.sum()


@mean_loss.mistake
def mean_full_batches(batch_means, batch_sizes):
    """You divided by the number of batches times the size of the first one, as if all
    batches were full. The last one is shorter: divide by batch_sizes.sum().
    """
    return (batch_means * batch_sizes).sum() / (len(batch_sizes) * batch_sizes[0])


@mean_loss.mistake
def mean_equal_but_the_last(batch_means, batch_sizes):
    """You took the size of the first batch for all but the last one. Each batch has a
    size of its own: multiply number by number, batch_means * batch_sizes.
    """
    total = batch_means[:-1].sum() * batch_sizes[0] + batch_means[-1] * batch_sizes[-1]
    return total / batch_sizes.sum()


@mean_loss.mistake
def mean_times_largest(batch_means, batch_sizes):
    """You divided the sizes by the largest one, so the weights do not sum to 1. Divide
    by the sum of the sizes: a weighted mean divides by all its weights.
    """
    return (batch_means * batch_sizes / batch_sizes.max()).mean()


@mean_loss.mistake
def mean_divided_by_sizes(batch_means, batch_sizes):
    """You divided each mean by the size of its batch. A mean was divided already: to
    get the sum of a batch back, multiply by its size.
    """
    return (batch_means / batch_sizes).sum() / batch_sizes.sum()


@two_of(
    mean_loss,
    mean_of_means,
    mean_total,
    mean_over_batches,
    mean_divided_only,
    mean_divided_by_sizes,
)
def _mean_loss(slips, batch_means, batch_sizes):
    parts = batch_means * batch_sizes
    if mean_divided_by_sizes in slips:
        parts = batch_means / batch_sizes
    if {mean_divided_only, mean_of_means} & {*slips}:
        parts = batch_means
    if mean_total in slips:
        return parts.sum()
    by_batches = {mean_over_batches, mean_of_means} & {*slips}
    return parts.sum() / (len(parts) if by_batches else batch_sizes.sum())


@mean_loss.mistake
def mean_last_dropped(batch_means, batch_sizes):
    """You left out the last batch. That hides the problem and some of the data: the
    examples in the short batch are never judged. Keep it, and weight it by its size.
    """
    full = batch_sizes == batch_sizes[0]
    return batch_means[full].mean()


@mean_loss.mistake
def mean_matrix_product(batch_means, batch_sizes):
    """The idea is right, `@` multiplies and adds up. But it wants the same kind of
    number on both sides, and the sizes are whole numbers: batch_sizes.float(). (A plain
    * converts by itself.)
    """
    return batch_means @ batch_sizes / batch_sizes.sum()


@mean_loss.mistake
def mean_matrix_product_reversed(batch_means, batch_sizes):
    """The idea is right, `@` multiplies and adds up. But it wants the same kind of
    number on both sides, and the first here are whole numbers: batch_sizes.float(). (A
    plain * converts by itself.)
    """
    return batch_sizes @ batch_means / batch_sizes.sum()


# Questions ------------------------------------------------------------------------

warm_up = WarmUp("lab02", lab01.columns, lab01.temperature, lab01.logarithm)

own_words = number(
    "lab02.own_words",
    "A machine reads 540 images. To each of its answers it gives a probability of "
    "99.9%. If these numbers can be believed, how many of the 540 answers are wrong on "
    "average? (It need not be a whole number.)",
    right=0.54,
    because="One in a thousand is to be wrong, and 540 times 0.001 is 0.54, about a "
    "half. A probability is a promise about many answers, so it can be compared with "
    "what happened.",
    wrong={
        539.5: "That is how many would be right.",
        5.4: "That would be 99%. Here one in a thousand is wrong, not one in a "
        "hundred.",
        54: "That would be so at 90%: one in ten is wrong.",
        0: "That would be 100%. It is nearly none, but how nearly?",
        1: "A single series has 0 wrong answers, or 1, or a few more. The mean of many "
        "such series is wanted.",
    },
    otherwise="The probability of being wrong is 0.001 for each of 540 answers.",
    tolerance=0.15,
)

likelihood = number(
    "lab02.likelihood",
    "A machine gives the labels of three images the probabilities 0.9, 0.5 and 0.2. "
    "The images have nothing to do with each other. Which probability does it give to "
    "all three labels *together*?",
    right=0.09,
    because="0.9 * 0.5 * 0.2 = 0.09. Probabilities of independent events are "
    "multiplied, as with two heads in a row: one half of one half.",
    wrong={
        1.6: "That is the sum, and no probability is larger than 1.",
        0.533: "That is the mean. All three together are less likely than each alone.",
        0.2: "That is the least likely label alone; the other two have to come as "
        "well.",
        0.04: "That is the probability that none of the three labels comes.",
    },
    otherwise="Multiply the three.",
    tolerance=0.006,
)

coin = number(
    "lab02.coin",
    "Somebody tosses a bent coin ten times: 7 heads, 3 tails. A model of the coin is "
    "one number p, the probability of heads. For which p is the probability of these "
    "ten tosses, p to the power of 7 times (1 - p) to the power of 3, largest?",
    right=0.7,
    because="The best p is the share of heads. Lab 1 estimated probabilities by "
    "counting and dividing; now we know what is good about that: no other p gives the "
    "data a larger probability. Why the share? The slope of log p is 1/p, so the heads "
    "push the logarithm up with 7/p and the tails down with 3/(1 - p). At 0.7 these "
    "are equal.",
    wrong={
        1: "Then each tails has probability 0, and so has the whole product.",
        0.5: "That is a fair coin. It gives every series of ten tosses the same "
        "probability, about 0.001; some p does better for seven heads.",
        0.3: "That is the share of tails, and p is the probability of heads.",
        7: "A probability lies between 0 and 1.",
    },
    otherwise="Try some: p = 0.5 gives about 0.001, and p = 1 gives 0.",
    tolerance=0.02,
)

underflow = choice(
    "lab02.underflow",
    "A machine gives each of 540 labels a probability of 0.8. The product of all 540 "
    "is about 1e-52. What does PyTorch print for the product, in `float32`?",
    right="b",
    because="A `float32` holds nothing between 0 and about 1e-45, so the product is "
    "rounded to 0. This is called *underflow*. With it every machine gets 0, the good "
    "and the bad, and nobody can compare them.",
    a=(
        "1e-52",
        "That is the true value, but it is too small for a `float32`, whose smallest "
        "number above 0 is about 1e-45. The nearest one that it can hold is another.",
    ),
    b="0",
    c=(
        "nan",
        "`nan` comes from things without a value, such as 0 / 0. A product of positive "
        "numbers always has one; it is rounded here.",
    ),
)

uneven = choice(
    "lab02.uneven",
    "Machine A gives two labels the probabilities 0.8 and 0.2. Machine B gives 0.5 to "
    "both. The loss is the mean of -log p. Whose loss is smaller?",
    right="c",
    because="0.8 * 0.2 = 0.16 is less than 0.5 * 0.5 = 0.25. The loss is *minus* the "
    "logarithm of the product, divided by 2, so the smaller product has the larger "
    "loss. The better answer of A does not make up for its worse one.",
    a=(
        "They are equal, because the mean probability is 0.5 in both.",
        "The logarithm comes before the mean, and it bends: what A gains by 0.8 is "
        "less than what it loses by 0.2.",
    ),
    b=(
        "That of A.",
        "Its first answer is better, its second worse. Multiply: which of the two "
        "products is larger?",
    ),
    c="That of B.",
)

halving = choice(
    "lab02.halving",
    "The surprise at something of probability p is -log p. From p = 1/2 to p = 1/4 it "
    "grows by 0.69. By how much does it grow from 1/100 to 1/200?",
    right="a",
    because="log(1/4) = log(1/2) - log 2, and log(1/200) = log(1/100) - log 2. "
    "Halving a probability always adds log 2, however small it was.",
    a="By the same, 0.69.",
    b=(
        "By much less.",
        "The two probabilities differ by half a percent only. But for a logarithm it "
        "is their ratio that counts.",
    ),
    c=(
        "By much more.",
        "The curve is steeper there, but the step along the axis is shorter as well. "
        "The two effects cancel.",
    ),
)

boxes = number(
    "lab02.boxes",
    "A prize lies in box A half of the time, in B a quarter, in C and in D an eighth "
    "each. You ask: is it in A? If not: is it in B? If not: is it in C? Then you know. "
    "How many questions do you need on average?",
    right=1.75,
    because="Half of the time 1, a quarter 2, and a quarter 3: 0.5 + 0.5 + 0.75. These "
    "are the surprises of the boxes, in bits, weighted by how often each comes.",
    wrong={
        2.25: "That is the plain mean of 1, 2, 3 and 3. But box A comes most often.",
        2: "That is what you need if you begin with: is it in A or B? Asking for the "
        "most frequent box first is better.",
        3: "That is the most you ever need.",
        1.5: "You left something out: C and D together come a quarter of the time, and "
        "each takes 3.",
    },
    otherwise="1 question in half of the cases, 2 in a quarter, 3 in the rest.",
    tolerance=0.02,
)

beliefs = order(
    "lab02.beliefs",
    "A prize lies in A, B, C, D with probabilities 1/2, 1/4, 1/8, 1/8. A box to which "
    "you gave 1/2 costs you 1 question, 1/4 costs 2, 1/8 costs 3, 1% costs 6.6 (in the "
    "mean of many games), and 97% next to nothing. Which belief costs least on "
    "average? Begin with it.",
    right="dacb",
    because="1.75, 2, 2.6 and 3.3 bits. Too sure of the right box costs more than "
    "having everything in the wrong order.",
    a=(
        "1/4, 1/4, 1/4, 1/4",
        "No opinion costs 2 bits, whatever comes: more than the truth, less than the "
        "others.",
    ),
    b=(
        "97%, 1%, 1%, 1%",
        "Half of the time it costs nearly nothing, but the other half it costs 6.6 "
        "bits: 3.3 on average.",
    ),
    c=(
        "1/8, 1/8, 1/4, 1/2",
        "The wrong order: A costs 3 and comes half of the time. Together it is 2.6.",
    ),
    d=("1/2, 1/4, 1/8, 1/8", "The truth: nobody needs fewer questions than with it."),
)

picked = number(
    "lab02.picked",
    "The log-probabilities of three images for three classes are (-0.1, -2.8, -3.4), "
    "(-1.2, -0.9, -1.3) and (-2.3, -1.6, -0.4). Their labels are 0, 2 and 1, counted "
    "from 0. What is the loss?",
    right=1.0,
    because="Row 0 gives its column 0, row 1 its column 2, row 2 its column 1: -0.1, "
    "-1.3, -1.6. Their mean is -1, and the loss has the other sign.",
    wrong={
        -1.0: "The minus is missing: a loss is a surprise, and never below 0.",
        3.0: "That is the sum. The loss is the mean over the three images.",
        0.467: "You took the largest of each row, that of the class which the machine "
        "would choose. It is the label that counts.",
        2.2: "You counted the classes from 1. They begin at 0.",
    },
    otherwise="Pick one number from each row, the one that its label names; then take "
    "the mean and change the sign.",
    tolerance=0.01,
)

colon = choice(
    "lab02.colon",
    "`log_probs` has shape (540, 3), a row for each image, and `y` holds 540 labels. "
    "Somebody writes `log_probs[:, y]`. Here `:` means all rows. What is its shape?",
    right="b",
    because="`:` means every row, and from every row it takes the columns of all 540 "
    "labels. Only two tensors of equal length go in pairs: `log_probs[rows, y]`.",
    a=(
        "(540,)",
        "That would be one number for each image, which is what we want. For that the "
        "row numbers have to stand in the place of the colon.",
    ),
    b="(540, 540)",
    c=(
        "None: it is an error, since there are only 3 columns.",
        "A column may be taken as often as one likes; its number only has to be 0, 1 "
        "or 2.",
    ),
)

undecided = order(
    "lab02.undecided",
    "Three machines give probabilities to three classes. Their loss is the mean of "
    "`-log p`, where p is what the label got. Calm is right in 95% of its answers, and "
    "careful: its loss is 0.25. Bold gives the same answers, nearly always sure: its "
    "loss is 1.59. Undecided says 1/3 for each class, whatever the image is. Begin "
    "with the smallest loss.",
    right="acb",
    because="Undecided pays -log(1/3) = log 3, about 1.10, for every image. Bold pays "
    "more, although 95% of its answers are right: worse than knowing nothing.",
    a=("Calm", "0.25 is far below what a machine pays that knows nothing."),
    b=("Bold", "1.59 is more than -log(1/3), which is about 1.10."),
    c=("Undecided", "Its surprise is -log(1/3), about 1.10, at any label."),
)

cells = number(
    "lab02.cells",
    "A machine says 1/3 for each of three classes, so its loss is log 3, about 1.10. A "
    "program multiplies the table of its log-probabilities by one-hot rows and then "
    "calls `.mean()` on the whole table, with a minus. Which loss does it print?",
    right=0.366,
    because="The table has three cells for each image, two of them 0, and the mean "
    "divides by all of them: the loss is K times too small. Now the machine looks much "
    "better than guessing, and it *is* guessing.",
    wrong={
        1.1: "That would be so if it had summed over the classes first. The mean "
        "divides by the number of all cells, and there are three for each image.",
        3.3: "Three times too much? There are more cells than images, so the mean "
        "divides by a larger number.",
        0: "Two of three cells are 0, but the third is not.",
    },
    otherwise="Each image adds log 3 once, and counts three times in the number of "
    "cells.",
    tolerance=0.01,
)

zero = choice(
    "lab02.zero",
    "A machine says (1, 0, 0) exactly, and the label is class 0: it is right. The "
    "one-hot row is (1, 0, 0). What comes out of one-hot times -log p, summed over the "
    "classes?",
    right="c",
    because="log 0 is minus infinity, and 0 times infinity has no value. The zeros of "
    "the one-hot row do not remove what they are multiplied with.",
    a=(
        "0, because it is right.",
        "That is what mathematics agrees on. But the other two classes are multiplied "
        "as well, and there the computer has 0 times infinity.",
    ),
    b=(
        "Infinity.",
        "Infinity comes out for a *wrong* answer if only the label is looked up. Here "
        "infinity meets a 0.",
    ),
    c="nan",
)

distance = choice(
    "lab02.distance",
    "A distance is 0 from a place to itself, and equally long there and back. Let q be "
    "how often things happen, and p what a model says. What holds for the cross "
    "entropy H(q, p)?",
    right="b",
    because="H(q, q) is the entropy of q, which is 0 only if q is certain. And H(q, p) "
    "weights with q while H(p, q) weights with p. It is a cost, no distance.",
    a=(
        "Both, so it measures how far the model is from the truth.",
        "Take a fair coin for both: the cross entropy is log 2, and not 0.",
    ),
    b="Neither of the two.",
    c=(
        "Only the first: it is 0 if the model is the truth.",
        "What is 0 there is KL. The cross entropy keeps the entropy of q.",
    ),
    d=(
        "Only the second: it is the same there and back.",
        "One is weighted with q, the other with p, and the logarithm is taken of the "
        "other one.",
    ),
)

sorted_words = choice(
    "lab02.sorted_words",
    "A machine has its columns in the order dog, parrot, cat, and nearly every answer "
    "is right and sure. A helper makes one-hot rows of the words, and sorts the "
    "classes by the alphabet. Which loss comes out?",
    right="a",
    because="The columns of the helper mean cat, dog, parrot. For each image it asks "
    "for the probability of another animal, without any error.",
    a="A large one, worse than guessing.",
    b=(
        "Nearly 0: the order of the columns does not matter.",
        "It would not matter if both tables had the same order. Here column 0 means "
        "cat in one and dog in the other.",
    ),
    c=(
        "None: an error, because the orders differ.",
        "PyTorch sees two tables of the same shape. What a column means it cannot "
        "know.",
    ),
)

last_alone = number(
    "lab02.last_alone",
    "256 examples have a mean loss of 0.1, and one more has a loss of 6. They are cut "
    "into batches of 256, so the last one is alone in its batch. What is the mean of "
    "the two batch means?",
    right=3.05,
    because="(0.1 + 6) / 2. The true mean of all 257 is about 0.12. The one hard "
    "example has as much weight as 256 others.",
    wrong={
        0.123: "That is the mean of all 257 examples, which is what one wants. The "
        "mean of the two means is another number.",
        6.1: "That is the sum of the two means; divide it by two.",
        0.1: "That is the first batch alone.",
    },
    otherwise="Two numbers, 0.1 and 6, and their mean.",
    tolerance=0.06,
)
