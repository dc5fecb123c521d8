"""Exercises of lab 02, cross entropy: solutions, hints and typical mistakes."""

import torch

from course_utils.exercises.checks import exercise
from course_utils.exercises.diagnose import between, holds, unchanged
from course_utils.exercises.fixtures import Case, register_lids, sized

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
# With a single class, the logarithm of a one-hot table is finite.
ONE_CLASS = torch.tensor([[1.0], [1.0]])


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


@sized("N", "K")
def _one_hot_rows(g, sizes, before):
    return one_hot_of(torch.randint(sizes["K"], (sizes["N"],), generator=g), sizes["K"])


def one_hot_of(y, n_classes):
    """Return one-hot rows of whole numbers, shape (N, n_classes)."""
    return torch.nn.functional.one_hot(y, n_classes)


@exercise(
    given={"probs": "distribution N K", "one_hot": _one_hot_rows},
    properties=[SURPRISE, TWICE],
    inputs=[
        (PROBS, one_hot_of(Y, 3)),
        (SQUARE, one_hot_of(Y_SQUARE, 3)),
        Case((TINY, one_hot_of(Y_TINY, 2)), "probabilities of 1e-20", False),
        Case((ZEROS, one_hot_of(Y_ZEROS, 2)), "probabilities of exactly 0", False),
        Case((ONE_CLASS, one_hot_of(Y_FIRST[:2], 1)), "a single class", False),
    ],
    hints=[
        "For each row: the probability of the label, its logarithm, with a minus. "
        "Then the mean over the rows.",
        "Multiply first, take the logarithm later: (probs * one_hot).sum(dim=1) is the "
        "probability of each label, shape (N,).",
        "-(...).log().mean(), where ... is that tensor. No log(0) is ever taken.",
    ],
    praise="The loss is the mean surprise at the labels, and log(0) never came up.",
)
def loss_from_one_hot(probs, one_hot):
    """Return the mean cross entropy of probabilities and one-hot rows."""
    picked = (probs * one_hot).sum(dim=1)
    return -picked.log().mean()


@loss_from_one_hot.mistake
def one_hot_nan(probs, one_hot):
    """The formula is right for ordinary numbers. But where a probability is 0 its
    logarithm is -inf, and 0 * -inf is nan: the zeros of one_hot do not remove it. Pick
    the probability of the label first, take the logarithm afterwards.
    """
    return -(one_hot * probs.log()).sum(dim=1).mean()


@loss_from_one_hot.mistake
def one_hot_sign(probs, one_hot):
    """The minus is missing. Logarithms of probabilities are negative, and a loss is a
    surprise: 0 at best, and larger for a worse model.
    """
    return (one_hot * probs.log()).sum(dim=1).mean()


@loss_from_one_hot.mistake
def one_hot_mean_of_all(probs, one_hot):
    """You took the mean over all N x K cells, so the result is K times too small, and
    it can no longer be compared with log(K). First sum over the classes (dim=1), then
    take the mean over the N examples.
    """
    return -(one_hot * probs.log()).mean()


@loss_from_one_hot.mistake
def one_hot_sum(probs, one_hot):
    """This is the sum over the examples. It grows with their number, so two data sets
    could not be compared. Take the mean over the examples instead.
    """
    return -(probs * one_hot).sum(dim=1).log().sum()


@loss_from_one_hot.mistake
def one_hot_down_columns(probs, one_hot):
    """You divided by K, the number of classes; so does .mean() after a sum down the
    columns (dim=0), which leaves one number per class. One number per example is
    needed: sum over the classes, dim=1, so that the mean divides by N. (In a square
    batch nobody would notice.)
    """
    return -(one_hot * probs.log()).sum(dim=0).mean()


@loss_from_one_hot.mistake
def one_hot_log2(probs, one_hot):
    """You used the logarithm of base 2, so the loss is in bits. PyTorch and this course
    use nats, the natural logarithm: .log().
    """
    return -(one_hot * probs.log2()).sum(dim=1).mean()


@loss_from_one_hot.mistake
def one_hot_other_classes(probs, one_hot):
    """You added up the surprise at all the classes that were *not* the label. Only the
    label happened. The row of one_hot picks it; 1 - one_hot picks the rest.
    """
    return -((1 - one_hot) * probs.log()).sum(dim=1).mean()


@loss_from_one_hot.mistake
def one_hot_swapped(probs, one_hot):
    """You exchanged the roles: this is the logarithm of the one-hot table, full of
    log(0) = -inf. The data follow p, here one_hot, and stand in front; the logarithm is
    taken of what the model says, probs.
    """
    return -(probs * one_hot.log()).sum(dim=1).mean()


@loss_from_one_hot.mistake
def one_hot_log_of_table(probs, one_hot):
    """You took the logarithm of the whole table probs * one_hot, which is 0 in all
    places but one of each row, so log(0) = -inf came in. Sum over the classes first,
    (probs * one_hot).sum(dim=1): that leaves the probability of each label.
    """
    return -(probs * one_hot).log().mean()


@loss_from_one_hot.mistake
def one_hot_dim_0_first(probs, one_hot):
    """You picked with sum(dim=0), down the columns. That adds up the probabilities of
    different examples, one sum per class. The classes of one row are summed: dim=1.
    """
    return -(probs * one_hot).sum(dim=0).log().mean()


@loss_from_one_hot.mistake
def one_hot_without_log(probs, one_hot):
    """The logarithm is missing: this is minus the mean probability of the labels. The
    surprise at a label is -log q, and a loss made of it is never below 0.
    """
    return -(probs * one_hot).sum(dim=1).mean()


@loss_from_one_hot.mistake
def one_hot_from_logits(probs, one_hot):
    """log_softmax and F.cross_entropy take logits, and begin with a softmax. These are
    probabilities already, and a second softmax makes other ones of them. What is left
    to do is a plain logarithm.
    """
    return -(one_hot * torch.log_softmax(probs, dim=1)).sum(dim=1).mean()


@loss_from_one_hot.mistake
def one_hot_product(probs, one_hot):
    """Right, until the product of the probabilities is too small for float32: it is
    rounded to 0, and its logarithm is -inf. Never multiply probabilities, add their
    logarithms: .log() first, then .mean().
    """
    return -(probs * one_hot).sum(dim=1).prod().log() / len(probs)


@loss_from_one_hot.mistake
def one_hot_product_undivided(probs, one_hot):
    """This is the logarithm of the product of the probabilities. Two things are wrong
    with it: the product underflows to 0 if it is long, so take the sum of logs and not
    the log of a product; and a loss is the mean, not the sum.
    """
    return -(probs * one_hot).sum(dim=1).prod().log()


@loss_from_one_hot.mistake
def one_hot_not_averaged(probs, one_hot):
    """These are the losses of the single examples, shape (N,). They are right; the loss
    of the batch is their mean.
    """
    return -(probs * one_hot).sum(dim=1).log()


@loss_from_one_hot.mistake
def one_hot_log_of_mean(probs, one_hot):
    """You averaged the probabilities and took the logarithm of the mean. The order
    matters: the likelihood is a product, so it is the logarithms that are added. With
    the mean first, one good answer hides a terrible one.
    """
    return -(probs * one_hot).sum(dim=1).mean().log()


register_lids(
    loss_from_one_hot,
    lambda probs, one_hot, c: -(one_hot * (probs + c).log()).sum(dim=1).mean(),
)


@loss_from_one_hot.mistake
def one_hot_where(probs, one_hot):
    """The value is right. But the check also compares slopes, which training will need
    from lab 4 on, and there yours are nan: log(0) is still calculated in the cells that
    are thrown away, and its infinite slope is multiplied by 0. Pick the probability of
    the label first, take the logarithm afterwards.
    """
    return -torch.where(one_hot == 1, probs.log(), 0.0).sum(dim=1).mean()


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
        "probs[torch.arange(len(y)), y] has shape (N,). Then -, log and mean.",
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
    surprise at a label is -log q, and a loss made of it is never below 0.
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
    """This is the logarithm of the product of the probabilities. Two things are wrong
    with it: the product underflows to 0 if it is long, so take the sum of logs and not
    the log of a product; and a loss is the mean, not the sum.
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
    given={"counts": "tally K", "q": "distribution K"},
    properties=[
        between(0, torch.inf, "KL is never negative."),
        unchanged(
            "With twice as many of each outcome the shares stay, and so does KL.",
            lambda counts, q: (2 * counts, q),
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
        "Three steps: counts to shares p, the terms p * log(p / q), their sum.",
        "Leave out what never came: came = counts > 0, then p[came] and q[came].",
        "p[came] stands in front, and below the logarithm p[came] is compared with "
        "q[came]. A q of 0 gives inf by itself. Add up, and take .item().",
    ],
    praise="This is what the model wastes per label: 0 only if it knows the shares.",
)
def kl_from_counts(counts, q):
    """Return KL(p || q) in nats, where p are the shares of the counts."""
    p = counts / counts.sum()
    came = counts > 0
    return (p[came] * (p[came] / q[came]).log()).sum().item()


@kl_from_counts.mistake
def kl_of_counts(counts, q):
    """You worked with the counts themselves. KL compares two distributions, and counts
    do not sum to 1: divide them by their sum first.
    """
    came = counts > 0
    return (counts[came] * (counts[came] / q[came]).log()).sum().item()


@kl_from_counts.mistake
def kl_swapped(counts, q):
    """This is KL(q || p), the other direction. The data follow p and stand in front: p
    says how often each outcome comes, and so how much it counts.
    """
    p = counts / counts.sum()
    return (q[q > 0] * (q[q > 0] / p[q > 0]).log()).sum().item()


@kl_from_counts.mistake
def kl_cross_entropy(counts, q):
    """This is the cross entropy, all that you pay. KL is only what is wasted: subtract
    the entropy of p, or put p / q under the logarithm. For q = p it must be 0.
    """
    p = counts / counts.sum()
    came = counts > 0
    return -(p[came] * q[came].log()).sum().item()


@kl_from_counts.mistake
def kl_sign(counts, q):
    """The sign is the wrong way round: KL is never negative. Write p * log(p / q), or
    put a minus before p * log(q / p).
    """
    p = counts / counts.sum()
    came = counts > 0
    return (p[came] * (q[came] / p[came]).log()).sum().item()


@kl_from_counts.mistake
def kl_unweighted(counts, q):
    """Every outcome counts the same in your sum. KL is a mean over what really comes,
    so each log(p / q) has to be weighted with its p.
    """
    p = counts / counts.sum()
    came = counts > 0
    return (p[came] / q[came]).log().sum().item()


@kl_from_counts.mistake
def kl_mean(counts, q):
    """You took .mean(), which divides by K once more. The weights p sum to 1 already,
    so the weighted mean is a plain sum.
    """
    p = counts / counts.sum()
    return (p * (p / q).log()).mean().item()


@kl_from_counts.mistake
def kl_bits(counts, q):
    """You used the logarithm of base 2, so the result is in bits. The exercise asks for
    nats: .log().
    """
    p = counts / counts.sum()
    came = counts > 0
    return (p[came] * (p[came] / q[came]).log2()).sum().item()


@kl_from_counts.mistake
def kl_differences(counts, q):
    """You added up the absolute differences |p - q|. That is a distance between two
    distributions, but it is not KL: it knows no surprise, and an outcome that was
    called impossible would cost hardly anything.
    """
    return (counts / counts.sum() - q).abs().sum().item()


@kl_from_counts.mistake
def kl_nan(counts, q):
    """Right, until an outcome never came: then 0 * log(0) is 0 * -inf = nan. By
    agreement this term is 0. Leave it out: came = counts > 0, and use p[came] and
    q[came].
    """
    p = counts / counts.sum()
    return (p * (p / q).log()).sum().item()


def _kl_with_constant(counts, q, constant):
    p = counts / counts.sum()
    return (p * ((p + constant) / (q + constant)).log()).sum().item()


register_lids(
    kl_from_counts,
    _kl_with_constant,
    """The small constant {0:g} avoids nan, but it hides what must be seen: an outcome
    that came although the model calls it impossible costs inf, and with the constant it
    costs some harmless number. Leave out only the outcomes that never came.""",
)


@kl_from_counts.mistake
def kl_tensor(counts, q):
    """The number is right, but it is still a tensor with one element. .item() takes the
    plain Python number out.
    """
    p = counts / counts.sum()
    came = counts > 0
    return (p[came] * (p[came] / q[came]).log()).sum()


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
    """You weighted with the sizes, but .mean() then divides by the number of *batches*.
    Divide by the number of examples: .sum() / batch_sizes.sum().
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
