"""Exercises of lab 01, softmax: solutions, hints and typical mistakes."""

import torch

from course_utils.exercises.checks import exercise
from course_utils.exercises.diagnose import (
    between,
    follows,
    holds,
    rows_sum_to,
    unchanged,
)
from course_utils.exercises.fixtures import Case

DISTRIBUTION = rows_sum_to(1, "Each row is a distribution and must sum to 1.")
PROBABILITIES = between(0, 1, "A probability lies between 0 and 1.")
SHIFT = unchanged(
    "The same number added to all logits of a row changes no probability.",
    lambda logits: (logits + 2,),
)
ORDINARY = torch.tensor([[0.5, -1.0, 2.0], [1.5, 0.25, -0.75]])
LARGE = torch.tensor([[1000.0, 999.0, 0.0], [-1000.0, -1001.0, -1002.0]])
# A global maximum is harmless in the first two inputs; here it is 2,000 too large.
MIXED = torch.tensor([[1000.0, 998.0], [-1000.0, -1000.0]])
EQUAL = torch.zeros(1, 4)
NINETY = torch.tensor([[0.0, 1.0, 90.0]])  # just too much for exp


@exercise(
    given={"logits": "logits N K"},
    properties=[DISTRIBUTION, PROBABILITIES, SHIFT],
    forbids={
        "Write it with exp, max and sum.": "softmax log_softmax softmin logsumexp"
        " sigmoid logsigmoid log_sigmoid cross_entropy"
    },
    inputs=[
        (ORDINARY,),
        (torch.arange(9.0).reshape(3, 3).cos(),),
        (NINETY,),
        (MIXED,),
        (LARGE,),
        (EQUAL,),
    ],
    hints=[
        "Start with the formula: exp of every logit, divided by the sum of its row.",
        "sum(dim=1, keepdim=True) keeps a column of shape (N, 1), which divides row by "
        "row.",
        "exp(1000) is inf. First subtract from each row its own maximum: "
        "logits.max(dim=1, keepdim=True).values.",
    ],
    praise="Each row sums to 1, and even logits of 1000 are no problem.",
)
def softmax(logits):
    """Return the softmax of each row."""
    shifted = logits - logits.max(dim=1, keepdim=True).values
    exps = shifted.exp()
    return exps / exps.sum(dim=1, keepdim=True)


@softmax.mistake
def softmax_down_columns(logits):
    """You normalised down the columns, so the columns sum to 1. A row is one example
    and must sum to 1: the sum (and the maximum) run along a row, which is dim=1.
    """
    return torch.softmax(logits, dim=0)


@softmax.mistake
def softmax_over_everything(logits):
    """You divided by the sum over the whole batch: all numbers together sum to 1, as
    if the examples competed with each other. Give sum the argument dim=1.
    """
    return torch.softmax(logits.flatten(), dim=0).reshape(logits.shape)


@softmax.mistake
def softmax_without_keepdim(logits):
    """The sum (or the maximum) of each row has shape (N,), and PyTorch lines that up
    with the columns: a batch that is not square raises an error, and a square one is
    divided by the wrong sums in silence. keepdim=True keeps the shape (N, 1).
    """
    return logits.exp() / logits.exp().sum(dim=1)


@softmax.mistake
def softmax_total_of_batch(logits):
    """The maximum is that of each row, but you divided by the sum of the whole batch.
    Every row must sum to 1 by itself: sum(dim=1, keepdim=True).
    """
    exps = (logits - logits.max(dim=1, keepdim=True).values).exp()
    return exps / exps.sum()


@softmax.mistake
def softmax_not_divided(logits):
    """These are the exponentials, positive but not yet a distribution. Divide each
    row by its own sum, so that it sums to 1.
    """
    return (logits - logits.max(dim=1, keepdim=True).values).exp()


@softmax.mistake
def softmax_only_exp(logits):
    """These are the exponentials, positive but not yet a distribution. Divide each
    row by its own sum. And mind that exp(1000) is inf: subtract each row's maximum
    first.
    """
    return logits.exp()


@softmax.mistake
def softmax_reversed(logits):
    """The order is upside down: the smallest logit got the largest probability. You
    subtracted the logits from the maximum. It is logits - maximum, then exp.
    """
    return torch.softmax(-logits, dim=1)


@softmax.mistake
def softmax_argmax_subtracted(logits):
    """You subtracted argmax, which is the *position* of the largest logit, not its
    value. (With .values, max gives the value.) So 1000 stays nearly 1000, and exp
    overflows.
    """
    exps = (logits - logits.argmax(dim=1, keepdim=True)).exp()
    return exps / exps.sum(dim=1, keepdim=True)


@softmax.mistake
def softmax_without_maximum(logits):
    """The formula is right, but exp(1000) is inf in float32, and inf / inf is nan. (A
    row of -1000s fails too: 0 / 0.) Subtract the maximum of each row before exp: the
    result is the same, and the largest exponent is 0.
    """
    return logits.exp() / logits.exp().sum(dim=1, keepdim=True)


@softmax.mistake
def softmax_global_maximum(logits):
    """You subtracted the maximum of the whole batch. For a row that lies far below it
    every exp is 0, and 0 / 0 is nan. Subtract from each row its own maximum:
    logits.max(dim=1, keepdim=True).values.
    """
    exps = (logits - logits.max()).exp()
    return exps / exps.sum(dim=1, keepdim=True)


@softmax.mistake
def softmax_log(logits):
    """These are log-probabilities: negative numbers, whose exp sums to 1. The
    exercise asks for the probabilities themselves (softmax, not log_softmax).
    """
    return torch.log_softmax(logits, dim=1)


@softmax.mistake
def softmax_without_exp(logits):
    """You divided the logits themselves by their sum. Logits can be negative or sum
    to 0; exp makes all of them positive first.
    """
    return logits / logits.sum(dim=1, keepdim=True)


@softmax.mistake
def softmax_sigmoid(logits):
    """You squashed each logit on its own with the sigmoid. The results lie in (0, 1),
    but a row does not sum to 1, because the classes do not compete.
    """
    return torch.sigmoid(logits)


@softmax.mistake
def softmax_in_place(logits):
    """The probabilities are right, but `logits -= ...` (or sub_) changed the caller's
    tensor, and everything after that works with other logits. Write `shifted = logits
    - ...` to make a new tensor.
    """
    logits -= logits.max(dim=1, keepdim=True).values
    return torch.softmax(logits, dim=1)


@exercise(
    given={"logits": "logits N K", "T": "temperature"},
    properties=[DISTRIBUTION, PROBABILITIES],
    inputs=[(ORDINARY, 2.0), (ORDINARY, 0.5), (ORDINARY, 1.0), (LARGE, 0.1)],
    hints=[
        "Temperature changes the logits, before softmax sees them.",
        "High temperature must make the logits more alike: divide.",
        "Which operation with T = 2 brings the logits 2 and 4 so close that they "
        "differ by 1 only? Do it before softmax. Then the usual dim.",
    ],
    praise="Small T sharpens, large T flattens, and T = 1 changes nothing.",
)
def softmax_with_temperature(logits, T):
    """Return the softmax of each row at temperature T > 0."""
    return torch.softmax(logits / T, dim=1)


@softmax_with_temperature.mistake
def temperature_multiplied(logits, T):
    """You multiplied by T, which turns the knob the wrong way: a high temperature
    must flatten the distribution, so the logits are divided by T.
    """
    return torch.softmax(logits * T, dim=1)


@softmax_with_temperature.mistake
def temperature_after_softmax(logits, T):
    """You divided the probabilities by T, so a row now sums to 1/T. Divide the
    logits, before softmax; softmax then normalises.
    """
    return torch.softmax(logits, dim=1) / T


@softmax_with_temperature.mistake
def temperature_ignored(logits, T):
    """T has no effect: this is the plain softmax. (If you divided the exponentials by
    T, or subtracted something with T from all logits: that cancels in the fraction.)
    Divide each logit by T.
    """
    return torch.softmax(logits, dim=1)


@softmax_with_temperature.mistake
def temperature_down_columns(logits, T):
    """The temperature is right, but you normalised down the columns (dim=0). Each row
    is one example and must sum to 1: dim=1.
    """
    return torch.softmax(logits / T, dim=0)


@softmax_with_temperature.mistake
def temperature_as_power_of_exp(logits, T):
    """You raised the probabilities to the power 1/T, which is the right idea, but
    then a row no longer sums to 1: divide by the new sum, or divide the logits by T
    and let softmax do it.
    """
    return torch.softmax(logits, dim=1) ** (1 / T)


@softmax_with_temperature.mistake
def temperature_global_maximum(logits, T):
    """You subtracted the maximum of the whole batch. In a row that lies far below it
    every exp is 0, and 0 / 0 is nan. Each row needs its own maximum.
    """
    exps = ((logits - logits.max()) / T).exp()
    return exps / exps.sum(dim=1, keepdim=True)


@softmax_with_temperature.mistake
def temperature_multiplied_down_columns(logits, T):
    """Two things: the logits are divided by T, not multiplied with it, and each row
    is one example, so it is dim=1.
    """
    return torch.softmax(logits * T, dim=0)


@softmax_with_temperature.mistake
def temperature_overflow(logits, T):
    """Right for ordinary logits, but exp(logits / T) overflows all the sooner for a
    small T. Subtract the maximum of each row, or use torch.softmax.
    """
    exps = (logits / T).exp()
    return exps / exps.sum(dim=1, keepdim=True)


@exercise(
    given={"logits": "logits N K"},
    properties=[
        follows(
            "If 2 is added to all logits of a row, its logsumexp grows by 2.",
            lambda logits: (logits + 2,),
            lambda value: value + 2,
        ),
        holds(
            "logsumexp is never below the largest logit of its row. Yours is.",
            lambda value, logits: bool((value > logits.max(1).values - 1e-4).all()),
        ),
    ],
    inputs=[(ORDINARY,), (MIXED,), (LARGE,), (EQUAL,)],
    hints=[
        "For every row: m + log(sum(exp(logits - m))), where m is the row's maximum.",
        "Why: exp(z) = exp(m) * exp(z - m); exp(m) leaves the sum, and the log of the "
        "product is a sum.",
        "The result has one number per row, shape (N,): sum(dim=1) without keepdim, "
        "and add m with shape (N,), too.",
    ],
    praise="log_softmax(logits) is now logits - logsumexp(logits), with no overflow.",
)
def logsumexp(logits):
    """Return log(sum(exp(row))) of each row, shape (N,)."""
    largest = logits.max(dim=1, keepdim=True).values
    return largest.squeeze(1) + (logits - largest).exp().sum(dim=1).log()


@logsumexp.mistake
def logsumexp_overflow(logits):
    """The formula is right, but exp(1000) is inf, and the log of inf is inf. (For a
    row of -1000s it is log(0) = -inf.) Take out the row's maximum m: m +
    log(sum(exp(logits - m))).
    """
    return logits.exp().sum(dim=1).log()


@logsumexp.mistake
def logsumexp_maximum_lost(logits):
    """You subtracted the maximum and did not add it back after the log. In softmax it
    cancels in the fraction; here it does not: m + log(sum(exp(logits - m))).
    """
    return (logits - logits.max(dim=1, keepdim=True).values).exp().sum(dim=1).log()


@logsumexp.mistake
def logsumexp_sum_of_logs(logits):
    """You took the log before the sum: log(exp(z)) is z again, so this is the plain
    sum of the logits. The order in the name is the order from outside to inside: log
    of the sum of the exps.
    """
    return logits.sum(dim=1)


@logsumexp.mistake
def logsumexp_down_columns(logits):
    """You went down the columns (dim=0). One number per row means the sum runs along
    the row: dim=1.
    """
    return torch.logsumexp(logits, dim=0)


@logsumexp.mistake
def logsumexp_mixed_shapes(logits):
    """You added a column, (N, 1), and a plain list, (N,). PyTorch makes a table of
    all N x N sums of it. Bring the maximum to shape (N,) first, with squeeze(1).
    """
    largest = logits.max(dim=1, keepdim=True).values
    return largest + (logits - largest).exp().sum(dim=1).log()


@logsumexp.mistake
def logsumexp_keepdim(logits):
    """The numbers are right, but the shape is (N, 1): keepdim=True is needed for the
    maximum that is subtracted from the matrix, not for the result. Drop it at the
    end: sum(dim=1), and squeeze(1) for the maximum.
    """
    return torch.logsumexp(logits, dim=1, keepdim=True)


@logsumexp.mistake
def logsumexp_of_everything(logits):
    """You summed over the whole batch and got a single number. Each row has its own
    logsumexp: give sum the argument dim=1.
    """
    return torch.logsumexp(logits.flatten(), dim=0)


@logsumexp.mistake
def logsumexp_global_maximum(logits):
    """You took out the maximum of the whole batch. In a row that lies far below it
    every exp is 0, and log(0) is -inf. Each row needs its own maximum.
    """
    return logits.max() + (logits - logits.max()).exp().sum(dim=1).log()


@logsumexp.mistake
def logsumexp_only_maximum(logits):
    """This is the maximum of each row. logsumexp is a smooth version of it and lies
    above it, by up to log(K): the other logits count as well.
    """
    return logits.max(dim=1).values


@exercise(
    given={"counts": "table K K"},
    properties=[
        DISTRIBUTION,
        PROBABILITIES,
        unchanged(
            "With twice as many counts of everything the shares stay as they are.",
            lambda counts: (2 * counts,),
        ),
    ],
    inputs=[
        (torch.tensor([[2.0, 5.0, 3.0], [1.0, 1.0, 6.0], [4.0, 3.0, 1.0]]),),
        (torch.tensor([[1.0, 3.0], [2.0, 2.0]]),),
        Case(
            (torch.tensor([[0.0, 4.0, 4.0], [0.0, 0.0, 0.0], [1.0, 0.0, 0.0]]),),
            "a row without counts",
            False,
        ),
    ],
    hints=[
        "P(next | last) is one distribution for each value of last, that is, per row.",
        "Divide each row by its own sum: counts.sum(dim=1, keepdim=True).",
        "A row without any count has sum 0. torch.where(total > 0, counts / total, "
        "1 / K) puts the uniform distribution there.",
    ],
    praise="Every row is a distribution, also the row that was never seen.",
)
def conditional_table(counts):
    """Return P(next | last); a row without counts becomes uniform."""
    total = counts.sum(dim=1, keepdim=True)
    uniform = torch.tensor(1 / counts.shape[1])
    return torch.where(total > 0, counts / total, uniform)


@conditional_table.mistake
def table_by_columns(counts):
    """You divided by the sums of the columns, which answers the other question,
    P(last | next). For P(next | last) every row sums to 1: dim=1.
    """
    return counts / counts.sum(dim=0, keepdim=True)


@conditional_table.mistake
def table_joint(counts):
    """You divided by the total of the whole table, which gives the joint probability
    P(last, next): all nine cells together sum to 1. Given the last move, its row
    alone must sum to 1.
    """
    return counts / counts.sum()


@conditional_table.mistake
def table_without_keepdim(counts):
    """The row sums have shape (K,) and PyTorch lines them up with the columns: row i
    is divided by the sums of other rows. The table is square, so there is no error.
    keepdim=True makes them a column, (K, 1).
    """
    return counts / counts.sum(dim=1)


@conditional_table.mistake
def table_zero_row(counts):
    """Right, except for a row that was never seen: 0 / 0 is nan, and one nan spoils
    all that is calculated from it. Without any data, say "I do not know": give each
    of the K columns 1/K.
    """
    return counts / counts.sum(dim=1, keepdim=True)


@conditional_table.mistake
def table_zero_row_kept(counts):
    """A row that was never seen became all zeros. That is no distribution: it sums to
    0. Without any data, give each of the K columns 1/K.
    """
    return counts / counts.sum(dim=1, keepdim=True).clamp(min=1)


@conditional_table.mistake
def table_softmax(counts):
    """You used softmax, which turns any real numbers into a distribution by way of
    exp. Counts are positive already: 6 against 1 must give 6/7, not e^6/(e^6 + e^1).
    Divide by the sum.
    """
    return torch.softmax(counts, dim=1)


@conditional_table.mistake
def table_add_one(counts):
    """You added 1 to every count ("Laplace smoothing"). That is a known way to avoid
    empty rows, but it changes all the other rows, too. Only a row without any count
    should become uniform here.
    """
    return (counts + 1) / (counts + 1).sum(dim=1, keepdim=True)


@conditional_table.mistake
def table_integer_division(counts):
    """`//` divides whole numbers and drops the remainder, so nearly all becomes 0. A
    single `/` gives fractions.
    """
    return counts // counts.sum(dim=1, keepdim=True).clamp(min=1)
