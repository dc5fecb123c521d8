"""Exercises of lab 01, softmax: solutions, hints and typical mistakes."""

import torch

from course_utils.exercises import lab00
from course_utils.exercises.checks import exercise
from course_utils.exercises.diagnose import (
    between,
    follows,
    holds,
    rows_sum_to,
    unchanged,
)
from course_utils.exercises.fixtures import Case
from course_utils.exercises.pairs import two_of
from course_utils.exercises.questions import (
    WarmUp,
    choice,
    number,
    order,
    several,
)

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
def softmax_divided_by_maximum(logits):
    """You divided by the maximum of the row. That changes the differences of the
    logits, and so the probabilities. Subtract it: then exp(z - m) has a common factor
    that cancels.
    """
    return torch.softmax(logits / logits.max(dim=1, keepdim=True).values, dim=1)


@softmax.mistake
def softmax_divided_by_maximum_total(logits):
    """Two things. You divided by the maximum of the row: subtract it. And you divided
    by the sum of the whole batch: each row must sum to 1 by itself, so
    sum(dim=1, keepdim=True).
    """
    exps = (logits / logits.max(dim=1, keepdim=True).values).exp()
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
    """The formula is right, but from 89 on exp is inf in float32, and inf / inf is nan.
    (A row of -1000s fails too: 0 / 0.) Subtract the maximum of each row before exp:
    the result is the same, and the largest exponent is 0.
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


@two_of(
    softmax_with_temperature,
    temperature_multiplied,
    temperature_after_softmax,
    temperature_ignored,
    temperature_down_columns,
    temperature_as_power_of_exp,
)
def _tempered(slips, logits, T):
    dim = 0 if temperature_down_columns in slips else 1
    by = 1 / T if temperature_multiplied in slips else T
    if temperature_ignored in slips:
        by = 1
    if temperature_after_softmax in slips:
        return torch.softmax(logits, dim=dim) / by
    if temperature_as_power_of_exp in slips:
        return torch.softmax(logits, dim=dim) ** (1 / by)
    return torch.softmax(logits / by, dim=dim)


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
    """What you take out is not the maximum of each row, but that of the whole batch, or
    a number as large. In a row that lies far below it every exp is 0, and log(0) is
    -inf. Each row needs its own maximum.
    """
    return logits.max() + (logits - logits.max()).exp().sum(dim=1).log()


@logsumexp.mistake
def logsumexp_global_maximum_keepdim(logits):
    """Two things. What you take out is the maximum of the whole batch, or a number as
    large: in a row that lies far below it every exp is 0, and log(0) is -inf, so each
    row needs its own maximum. And the result is a column, (N, 1): sum(dim=1) without
    keepdim.
    """
    exps = (logits - logits.max()).exp()
    return logits.max() + exps.sum(dim=1, keepdim=True).log()


@logsumexp.mistake
def logsumexp_shifted_by_mean(logits):
    """Right for ordinary logits. You shift by the mean of the row, and the largest
    logit may lie far above it: its exp is inf. Shift by the maximum of the row, then
    no exp is above 1.
    """
    mean = logits.mean(dim=1, keepdim=True)
    return mean.squeeze(1) + (logits - mean).exp().sum(dim=1).log()


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
def table_zero_cells(counts):
    """You gave 1/K to every single 0. But in a row that was seen, a 0 has to stay 0, or
    the row sums to more than 1. Ask for the sum of the row: total > 0.
    """
    shares = counts / counts.sum(dim=1, keepdim=True)
    return torch.where(counts > 0, shares, torch.tensor(1 / counts.shape[1]))


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


# Questions ----------------------------------------------------------------------

warm_up = WarmUp("lab01", lab00.scribble, lab00.muddled, lab00.honest)

score = number(
    "lab01.score",
    "An image has four pixels, (1, 0, 0.5, 1), and a template is (2, 3, -4, 1). "
    "Multiply them pixel by pixel and add up. Which score comes out?",
    right=1,
    because="1 * 2 + 0 * 3 + 0.5 * (-4) + 1 * 1 = 1. Ink where the template is "
    "positive speaks for the class, ink where it is negative speaks against it.",
    wrong={
        5: "You counted -4 as 4. Ink on a negative place speaks *against* the class.",
        4: "The second pixel has no ink, so the 3 of the template counts nothing.",
        2: "That is the sum of the template alone. Each of its numbers counts as much "
        "as there is ink on it.",
        -1: "That comes out if -4 counts in full. But there is only half as much ink "
        "on that pixel: 0.5 * (-4).",
    },
    otherwise="Four products, then their sum: 1 * 2, 0 * 3, 0.5 * (-4), 1 * 1.",
    tolerance=0.01,
)

distributions = several(
    "lab01.distributions",
    "Which of these lists are distributions over three outcomes?",
    right="ac",
    because="Two rules, and no more: no number is negative, and together they sum to "
    "1.",
    a=("(0.2, 0.3, 0.5)", "No number is negative, and they sum to 1."),
    b=("(0.6, 0.6, -0.2)", "It sums to 1, but no probability is negative."),
    c=(
        "(1, 0, 0)",
        "It keeps both rules: the first outcome is certain. Zeros are allowed.",
    ),
    d=("(0.3, 0.3, 0.3)", "It sums to 0.9 only: a tenth is missing."),
)

stretched = choice(
    "lab01.stretched",
    "`counts` is a table of shape (3, 3). `counts.sum(dim=1)` gives the sums of its "
    "rows, as a list of shape (3,). "
    "What does `counts / counts.sum(dim=1)` do?",
    right="c",
    because="A list of shape (3,) is laid over every row, so its first number meets "
    "the first column. With `keepdim=True` the sums stay a column, of shape (3, 1), "
    "and the first number meets the first row. No error is raised, so check the sums.",
    a=(
        "It stops with an error: a table and a list have different shapes.",
        "PyTorch stretches the smaller one if it fits, and three numbers fit three "
        "columns. That is called broadcasting.",
    ),
    b=(
        "It divides each row by its own sum.",
        "That is what we want. But a list lies flat, like a row, and not upright.",
    ),
    c="It divides the first column by the first sum, and so on.",
)

divided = choice(
    "lab01.divided",
    "Three scores are (2, -1, -1), about those of our 4. We divide them by their sum, "
    "as one does with counts. What comes out?",
    right="a",
    because="The sum is 0. Scores can be negative and cancel each other; counts "
    "cannot. So a step is needed that makes every score positive first.",
    a="Nothing of use: it divides by zero.",
    b=(
        "Three shares that sum to 1.",
        "They would sum to 1 if the sum of the scores were not zero, though some would "
        "be negative. Here it is zero: 2 - 1 - 1 = 0.",
    ),
    c=(
        "A large share and two small ones that are equal.",
        "The last two are equal, but they are negative, and their sum with the first "
        "is zero.",
    ),
)

ratio = number(
    "lab01.ratio",
    "Two of the logits in a list are 3 and 2. Softmax makes probabilities of the list. "
    "How many times as large is that for the 3 as that for the 2? (Two digits are "
    "enough.)",
    right=2.718,
    because="e^3 / e^2 = e, about 2.7, and so it is for every two logits that differ "
    "by 1: 2 and 3, or -7 and -6. Equal *differences* of logits become equal *ratios* "
    "of probabilities.",
    wrong={
        1.5: "That is the ratio of the logits, 3 / 2. But `exp` comes first, and then "
        "it is the difference of the logits that counts.",
        1: "That is the difference of the logits. `exp` makes a factor of it.",
        20.1: "That is e^3. For the other one it is e^2: divide.",
        7.4: "That is e^2, the smaller of the two. Divide e^3 by it.",
    },
    otherwise="Both are divided by the same sum, so it is e^3 / e^2.",
    tolerance=0.05,
)

columns = choice(
    "lab01.columns",
    "`logits` has one row per image and one column per class. Somebody writes "
    "`torch.softmax(logits, dim=0)`. What comes out?",
    right="b",
    because="With `dim=0` each column sums to 1: the images compete for a class. Every "
    "number is still between 0 and 1, and no error is raised, so this bug lives long.",
    a=(
        "An error: the classes are in direction 1.",
        "PyTorch does not know what a row means to you. It takes either direction.",
    ),
    b="Numbers for your image that depend on the other images in the batch.",
    c=(
        "The same numbers as with `dim=1`, in another order.",
        "Other numbers: each logit is compared with those of the other images, not "
        "with the other classes of its own image.",
    ),
)

shifted = choice(
    "lab01.shifted",
    "All logits of an image are raised by 100. What happens to its probabilities?",
    right="c",
    because="e^(z + 100) is e^z times e^100, and this common factor cancels in the "
    "fraction. Only differences of logits count: a logit alone means nothing.",
    a=(
        "All of them grow.",
        "They cannot: they still sum to 1.",
    ),
    b=(
        "The largest gets nearly everything.",
        "That happens when the logits are *multiplied*. Adding the same to all leaves "
        "their differences, and so the ratios.",
    ),
    c="Nothing.",
)

temperature = order(
    "lab01.temperature",
    "The logits of an image are divided by T before softmax. Where is the winner's "
    "probability largest, where smallest? Begin with the largest.",
    right="cab",
    because="A small T makes all differences larger and the answer surer, a large T "
    "makes it hesitate. The order of the classes never changes.",
    a=("T = 1", "It changes nothing, so it stands between the other two."),
    b=("T = 8", "Divided by 8, all logits are nearly equal, and so are the bars."),
    c=(
        "T = 0.25",
        "Dividing by a quarter makes all differences four times as large.",
    ),
)

overflow = choice(
    "lab01.overflow",
    "The usual number of PyTorch, `float32`, holds at most about 3.4e38, and that is "
    "less than e^89. In PyTorch you type softmax as its formula stands, "
    "`z.exp() / z.exp().sum()`, and `z` is (1000, 0, 0). Which probability does the "
    "first class get?",
    right="b",
    because="e^1000 becomes `inf`, infinity, and `inf / inf` has no value: `nan`, not "
    "a number. From there it spreads, because everything calculated with a `nan` is "
    "`nan`.",
    a=(
        "1",
        "That would be right, and on paper it is so. But e^1000 does not fit into the "
        "number, and what is divided is infinity.",
    ),
    b="nan",
    c=(
        "None: an error stops the cell.",
        "Python's own `math.exp(1000)` stops with an error. PyTorch goes on with "
        "infinity, which is worse, because nobody tells you.",
    ),
)

logarithm = choice(
    "lab01.logarithm",
    "PyTorch's softmax survives large logits. For `z` = (1000, 0, 0) the second "
    "probability is e^-1000, so its logarithm is -1000. What does "
    "`torch.log(torch.softmax(z, dim=0))` give there?",
    right="a",
    because="e^-1000 is too small for the number and becomes 0, and log 0 is minus "
    "infinity. The maximum was subtracted and did not help: the damage is done between "
    "softmax and log. `log_softmax` does both in one step.",
    a="-inf",
    b=(
        "-1000",
        "That is the true value. But the probability itself has been rounded to 0 "
        "before the logarithm sees it.",
    ),
    c=(
        "nan",
        "`nan` comes from inf / inf or 0 / 0. The logarithm of 0 has a limit, minus "
        "infinity, and PyTorch gives that.",
    ),
)

two_classes = number(
    "lab01.two_classes",
    "A model for two classes gives the logits 2 and 3. For which z is sigmoid(z) the "
    "probability of the second class?",
    right=1,
    because="Take 2 away from both logits: (2, 3) gives what (0, 1) gives. And the "
    "sigmoid of z is softmax over (0, z).",
    wrong={
        3: "That would be so if the first logit were 0. Shift both until it is.",
        5: "It is the difference of the two logits, not their sum.",
        -1: "That is the other way round: it gives the probability of the first class.",
        1.5: "It is the difference of the logits that counts, not their ratio.",
    },
    otherwise="Subtract 2 from both logits; then the first is 0.",
    tolerance=0.01,
)

blank = choice(
    "lab01.blank",
    "A machine multiplies an image by three templates, adds up, and takes softmax of "
    "the three scores. The page is left blank: all pixels are 0. Which bars come out?",
    right="b",
    because="All products are 0, so all scores are 0, and equal logits give equal "
    "bars. The bars sum to 1 whatever the image is: softmax compares the scores with "
    "each other, and with nothing else. There is no bar for *none*.",
    a=(
        "Three bars of height 0.",
        "The scores are 0. But e^0 is 1, and the three bars sum to 1, always.",
    ),
    b="Three bars of one third.",
    c=(
        "None: it divides by zero.",
        "The scores are 0, but what is divided by is the sum of e^0, which is 3.",
    ),
)

same_logits = choice(
    "lab01.same_logits",
    "Two models give the same probabilities for every image. Do they give the same "
    "logits?",
    right="b",
    because="A common shift of all logits of an image changes nothing, and so it "
    "cannot be seen in the probabilities. Every other difference can be.",
    a=(
        "Yes, always.",
        "Raise all logits of one model by 100: same probabilities, other logits.",
    ),
    b="Not always, but the differences within a row are the same.",
    c=(
        "Nothing can be said: any logits could be behind them.",
        "Something can: the ratio of two probabilities is e to the power of the "
        "difference of their logits. Equal ratios mean equal differences, so the "
        "logits of one image can only be shifted together.",
    ),
)

ten_equal = number(
    "lab01.ten_equal",
    "Ten logits are all 0. What is their logsumexp? (Two digits are enough.)",
    right=2.303,
    because="Ten times e^0 is 10, and log 10 is about 2.3. So with ten classes "
    "logsumexp lies above the largest logit, here 0, by at most log 10, and by that "
    "much if all ten are equal.",
    wrong={
        0: "That is the largest logit. All ten count: log(1 + 1 + ... + 1).",
        10: "That is the sum of the exponentials; the logarithm is missing.",
        1: "That is the logarithm to base 10. `log` is the natural one here, school's "
        "ln.",
        22026.5: "That is e^10. It is the logarithm of 10 that is asked for.",
    },
    otherwise="First e^0 for each, then the sum of ten of them, then the logarithm.",
    tolerance=0.02,
)
