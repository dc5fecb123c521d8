"""Exercises of lab 09, binary classification: solutions, hints, typical mistakes."""

import copy

import torch
import torch.nn.functional as F
from torch import nn

from course_utils.exercises.checks import exercise
from course_utils.exercises.diagnose import between, holds, rows_sum_to
from course_utils.exercises.fixtures import Case, sized
from course_utils.exercises.observe import same


@exercise(
    given={"z": "smooth N"},  # the formula of section 3 has a kink at 0
    properties=[
        between(-torch.inf, 0, "The logarithm of a probability is never above 0."),
    ],
    forbids={"By the formula of section 3 and without F.": "F. logsigmoid log_sigmoid"},
    inputs=[
        (torch.tensor([-2.0, 0.5, 3.0, -0.7]),),
        (torch.tensor([[4.0], [-6.0], [1.5]]),),
        (torch.tensor([-1000.0, 1000.0, 5.0, -100.0]),),
    ],
    hints=[
        "Section 3 has the formula. It has two terms: one that is 0 for positive z, "
        "and one in which the exponent is never positive.",
        "z.clamp(max=0) is the smaller of z and 0, number by number. z.abs() is |z|.",
        "With -z.abs() in the exponent nothing overflows. torch.log1p(x) is log(1 + "
        "x). One term is subtracted from the other: no result may be above 0.",
    ],
    praise="For a logit of any size, in value and in slope, to six decimals.",
)
def logsigmoid(z):
    """Return log(sigmoid(z)) for z of any size."""
    return z.clamp(max=0) - torch.log1p(torch.exp(-z.abs()))


@logsigmoid.mistake
def logsigmoid_typed(z):
    """Right for moderate z. For z = -1000 it is minus infinity: sigmoid(-1000) is
    rounded to 0 (and in -log(1 + exp(-z)) the exponential overflows). The true value is
    -1000. The formula of section 3 has no large positive exponent and no log of 0.
    """
    return torch.log(torch.sigmoid(z))


@logsigmoid.mistake
def logsigmoid_other_side(z):
    """The form z - log(1 + exp(z)) is right on paper, and for negative z of any size.
    For z = 1000 the exponential overflows. Each of the two spellings is good on one
    side of 0 only; |z| makes one of them.
    """
    return z - torch.log(1 + torch.exp(z))


@logsigmoid.mistake
def logsigmoid_clamped(z):
    """You keep the probability away from 0 by force. Then there is no infinity, but
    for large negative z the answer is always the same number, and its slope is 0: a
    confident mistake is not corrected any more. Do it without the probability.
    """
    return torch.log(torch.sigmoid(z).clamp(min=1e-7))


@logsigmoid.mistake
def logsigmoid_where(z):
    """The values are right, the slopes are not: torch.where calculates both branches
    for every number and throws one away. In the branch that is thrown away exp(1000)
    overflowed, and autograd makes nan of 0 times infinity. Put |z| into the exponent,
    then nothing overflows.
    """
    negative, positive = z - torch.log(1 + z.exp()), -torch.log(1 + (-z).exp())
    return torch.where(z < 0, negative, positive)


@logsigmoid.mistake
def logsigmoid_without_abs(z):
    """The exponent lacks the |z|: with exp(-z) and a negative z the second term is
    large as well, so that z counts twice. It has to be exp(-z.abs()).
    """
    return z.clamp(max=0) - torch.log1p(torch.exp(-z))


@logsigmoid.mistake
def logsigmoid_max(z):
    """You took the larger of z and 0. A log-probability is never positive: the first
    term is the smaller of the two, z.clamp(max=0). (clamp(max=0) means: at most 0.)
    """
    return z.clamp(min=0) - torch.log1p(torch.exp(-z.abs()))


@logsigmoid.mistake
def logsigmoid_plus(z):
    """The second term has the wrong sign: log(1 + ...) is subtracted. As it stands the
    result is positive for positive z, and a log-probability is at most 0.
    """
    return z.clamp(max=0) + torch.log1p(torch.exp(-z.abs()))


@logsigmoid.mistake
def logsigmoid_class_0(z):
    """This is log(1 - sigmoid(z)), the log-probability of class 0. Class 1 becomes more
    likely as z grows, so the result has to rise with z.
    """
    return (-z).clamp(max=0) - torch.log1p(torch.exp(-z.abs()))


@logsigmoid.mistake
def logsigmoid_positive(z):
    """The sign is wrong: this is the loss -log(sigmoid(z)), which is positive. A
    probability is at most 1, so its logarithm is at most 0.
    """
    return torch.log1p(torch.exp(-z.abs())) - z.clamp(max=0)


@logsigmoid.mistake
def logsigmoid_probability(z):
    """This is the probability itself. Its logarithm is asked for, calculated without
    the probability as an intermediate step.
    """
    return torch.sigmoid(z)


_TWO = torch.tensor([[0.3, -0.9], [1.4, 2.1], [-0.6, 0.8], [2.2, 0.4], [-1.1, -1.7]])
_COLUMN = torch.tensor([[0], [1], [0], [1], [0]])


@exercise(
    given={"logits": "logits N 2", "y": "labels N 1"},
    properties=[rows_sum_to(0, "Each row of this gradient sums to 0.")],
    forbids={"By formula and without backward.": "backward grad"},
    inputs=[
        (_TWO, _COLUMN),
        (5 * _TWO.flip(1)[:3], 1 - _COLUMN[:3]),
        (torch.tensor([[1000.0, -1000.0], [998.0, 1000.0]]), torch.tensor([[1], [0]])),
    ],
    hints=[
        "Lab 3: the gradient is (p - one-hot) / N. What is the one-hot row of a 0, and "
        "of a 1?",
        "With g = p1 - y the two columns are -g and g. torch.softmax(logits, dim=1) "
        "has p1 in its last column; probs[:, 1:] keeps it a column.",
        "g has to be divided by N once. torch.cat([..., ...], dim=1) puts two "
        "columns side by side: what one logit gains, the other loses.",
    ],
    praise="What one logit gains, the other loses: each row sums to 0.",
    slopes=False,
)
def two_logit_gradient(logits, y):
    """Return the gradient of the mean cross entropy; logits (N, 2), y (N, 1)."""
    probs = torch.softmax(logits, dim=1)
    g = (probs[:, 1:] - y) / len(y)
    return torch.cat([-g, g], dim=1)


@two_logit_gradient.mistake
def gradient_broadcast(logits, y):
    """You subtracted the column y from both columns of the probabilities: PyTorch
    stretches it, without a word. For column 1 that is right. For column 0 the one-hot
    label is 1 - y.
    """
    return (torch.softmax(logits, dim=1) - y) / len(y)


@two_logit_gradient.mistake
def gradient_sum(logits, y):
    """These are the slopes of the summed loss. The loss is the mean over N examples, so
    each slope is divided by N.
    """
    probs = torch.softmax(logits, dim=1)
    return torch.cat([y - probs[:, 1:], probs[:, 1:] - y], dim=1)


@two_logit_gradient.mistake
def gradient_over_all(logits, y):
    """You divided by the number of logits, 2 N. The mean runs over the N examples; the
    two logits of one example belong to a single loss.
    """
    g = (torch.softmax(logits, dim=1)[:, 1:] - y) / logits.numel()
    return torch.cat([-g, g], dim=1)


@two_logit_gradient.mistake
def gradient_sign(logits, y):
    """The sign is wrong, or the two columns are swapped (which is the same here). The
    gradient points to where the loss rises: for y = 1 raising logit 1 lowers the loss,
    so its slope has to be negative.
    """
    g = (torch.softmax(logits, dim=1)[:, 1:] - y) / len(y)
    return torch.cat([g, -g], dim=1)


@two_logit_gradient.mistake
def gradient_one_hot_swapped(logits, y):
    """The columns of your one-hot rows are swapped: cat([y, 1 - y]) says class 0 where
    y is 1. Column 0 belongs to class 0, and its entry is 1 - y.
    """
    return (torch.softmax(logits, dim=1) - torch.cat([y, 1 - y], dim=1)) / len(y)


@two_logit_gradient.mistake
def gradient_one_hot_of_column(logits, y):
    """F.one_hot of a column (N, 1) has shape (N, 1, 2), and PyTorch stretches it to
    N x N rows without a word. Make a list of the labels first:
    F.one_hot(y.flatten(), 2).
    """
    return (torch.softmax(logits, dim=1) - F.one_hot(y, 2)) / len(y)


@two_logit_gradient.mistake
def gradient_sigmoids(logits, y):
    """You took the sigmoid of each logit. That would be right for two separate
    questions, as in multi-label classification. Cross entropy uses the softmax of the
    row, in which only the difference of the two logits counts.
    """
    one_hot = torch.cat([1 - y, y], dim=1)
    return (torch.sigmoid(logits) - one_hot) / len(y)


@two_logit_gradient.mistake
def gradient_one_column(logits, y):
    """This is g, the slope of logit 1, alone. Logit 0 has a slope as well, -g: put the
    two side by side, shape (N, 2).
    """
    return (torch.softmax(logits, dim=1)[:, 1:] - y) / len(y)


@two_logit_gradient.mistake
def gradient_wrong_dim(logits, y):
    """Softmax ran down the columns, over the examples. The two logits of one example
    compete with each other: dim=1.
    """
    g = (torch.softmax(logits, dim=0)[:, 1:] - y) / len(y)
    return torch.cat([-g, g], dim=1)


@two_logit_gradient.mistake
def gradient_overflow(logits, y):
    """Right for moderate logits. exp(1000) is infinite, and inf / inf is nan. Use
    torch.softmax, which subtracts the row maximum first.
    """
    exps = torch.exp(logits)
    g = (exps[:, 1:] / exps.sum(dim=1, keepdim=True) - y) / len(y)
    return torch.cat([-g, g], dim=1)


@exercise(
    given={"z": "logits N 1"},
    properties=[
        holds(
            "The second logit minus the first must be z, or the distribution is "
            "another one. Yours is not.",
            lambda value, z: same(value[:, 1:] - value[:, :1], z),
        ),
        rows_sum_to(
            0, "The cheapest pair lies at equal distance from 0 on both sides."
        ),
    ],
    inputs=[
        (torch.tensor([[1.0], [-2.5], [0.4]]),),
        (torch.tensor([[-0.3], [6.0]]),),
        (torch.tensor([[1000.0], [-1000.0], [3.0]]),),
    ],
    hints=[
        "Softmax over two logits is the sigmoid of their difference, second minus "
        "first. So the difference has to be z.",
        "All pairs (c, c + z) will do. Section 7 found the c with the smallest sum of "
        "squares.",
        "The cheapest pair lies at the same distance from 0 on both sides. "
        "torch.cat([..., ...], dim=1) puts two columns side by side.",
    ],
    praise="The same distribution, and the L2 penalty likes it best.",
)
def to_two_logits(z):
    """Return the cheapest two logits (N, 2) with the distribution of one, (N, 1)."""
    return torch.cat([-z / 2, z / 2], dim=1)


@to_two_logits.mistake
def two_from_zero(z):
    """The distribution is right: the difference is z. But (0, z) is not the cheapest
    pair, its sum of squares is z squared. Share z between the two logits.
    """
    return torch.cat([torch.zeros_like(z), z], dim=1)


@to_two_logits.mistake
def two_minus_z_and_z(z):
    """The difference of -z and z is 2z, so this distribution is more certain than that
    of the one logit. Each of the two may move by half only.
    """
    return torch.cat([-z, z], dim=1)


@to_two_logits.mistake
def two_from_zero_swapped(z):
    """Second minus first is -z here, so class 0 gets the probability of class 1. The
    last column is that of class 1. (And with one logit at 0 the pair is not the
    cheapest: share z between the two.)
    """
    return torch.cat([z, torch.zeros_like(z)], dim=1)


@to_two_logits.mistake
def two_minus_z_and_zero(z):
    """The distribution is right: the difference is z. But (-z, 0) is not the cheapest
    pair, its sum of squares is z squared. Share z between the two logits.
    """
    return torch.cat([-z, torch.zeros_like(z)], dim=1)


@to_two_logits.mistake
def two_z_and_minus_z(z):
    """Two things: the columns are swapped, class 1 is the last one and has to rise with
    z; and the difference of z and -z is 2z, where z is wanted. Each moves by half.
    """
    return torch.cat([z, -z], dim=1)


@to_two_logits.mistake
def two_swapped(z):
    """The columns are in the wrong order: this gives class 0 the probability of class
    1. The logit of class 1, the last column, has to rise with z.
    """
    return torch.cat([z / 2, -z / 2], dim=1)


@to_two_logits.mistake
def two_probabilities(z):
    """These are the two probabilities, not logits. Their softmax is another
    distribution, much closer to one half: it would be softmax applied twice.
    """
    return torch.cat([torch.sigmoid(-z), torch.sigmoid(z)], dim=1)


@to_two_logits.mistake
def two_log_probs(z):
    """Well seen: log-probabilities are logits of the right distribution, since their
    difference is z. But they are not the cheapest pair. Both are negative, and a common
    shift would bring them closer to 0.
    """
    return torch.cat([F.logsigmoid(-z), F.logsigmoid(z)], dim=1)


@to_two_logits.mistake
def two_stacked(z):
    """The numbers are right, the shape is not: torch.stack makes a new direction, here
    (N, 2, 1). torch.cat([..., ...], dim=1) puts the two columns into one table.
    """
    return torch.stack([-z / 2, z / 2], dim=1)


@to_two_logits.mistake
def two_below_each_other(z):
    """torch.cat joined the two columns one below the other, shape (2N, 1). With dim=1
    they stand side by side, (N, 2).
    """
    return torch.cat([-z / 2, z / 2])


@to_two_logits.mistake
def two_equal(z):
    """Both logits are the same, so their difference is 0 and the distribution is one
    half each, whatever z is. One of the two needs a minus.
    """
    return torch.cat([z / 2, z / 2], dim=1)


# Both logits on one side of 0 in most rows, so that thresholds at 0 are caught.
_SCORES = torch.tensor(
    [[2.0, 1.2], [0.4, 1.9], [-1.5, -0.8], [-0.3, -2.0], [3.1, 0.6], [0.7, 0.9],
     [-2.2, -2.6]]
)  # fmt: skip
_LABELS = torch.tensor([0, 1, 1, 0, 1, 0, 0])


@exercise(
    given={"logits": "ranked N 2", "y": "labels N"},
    properties=[between(0, 1, "An accuracy is a fraction from 0 to 1.")],
    inputs=[
        (_SCORES, _LABELS),
        Case((_SCORES, _LABELS.reshape(-1, 1)), "labels in a column", False),
        Case(
            (_SCORES[:5] - 3, _LABELS[:5].float().reshape(-1, 1)),
            "labels in a column",
            False,
        ),
        (_SCORES[1:6] + 3, _LABELS[1:6]),
    ],
    hints=[
        "The predicted class is the column with the larger logit: argmax(dim=1), shape "
        "(N,).",
        "Bring y into the same shape, whatever it was: flatten() leaves a list as it "
        "is and makes a list of a column.",
        "Compare equal shapes only: (N,) with (N,). Then the mean of the Trues, as "
        "a Python number.",
    ],
    praise="The same answer for a list and for a column of labels.",
)
def accuracy(logits, y):
    """Return the accuracy of two logits (N, 2); y has shape (N,) or (N, 1)."""
    return (logits.argmax(dim=1) == y.flatten()).float().mean().item()


@accuracy.mistake
def accuracy_broadcast(logits, y):
    """Right for labels in a list. With a column, (N,) against (N, 1), the comparison
    makes a table of all N x N pairs: the published bug. Flatten y first.
    """
    return (logits.argmax(dim=1) == y).float().mean().item()


@accuracy.mistake
def accuracy_keepdim(logits, y):
    """Right for labels in a column. With a list, (N, 1) against (N,), the comparison
    makes a table of all N x N pairs. Bring both into the same shape, whatever y was.
    """
    return (logits.argmax(dim=1, keepdim=True) == y).float().mean().item()


@accuracy.mistake
def accuracy_threshold(logits, y):
    """You compared the logit of class 1 with 0. That is the rule for a single logit.
    With two, only their difference counts: class 1 wins where its logit is larger than
    that of class 0, be both positive or negative.
    """
    return ((logits[:, 1] > 0) == y.flatten()).float().mean().item()


@accuracy.mistake
def accuracy_threshold_of_class_0(logits, y):
    """You compared the logit of class 0 with 0. A large one speaks for class 0, and 0
    is not the limit: with two logits only their difference counts. Class 1 wins where
    its logit is the larger of the two.
    """
    return ((logits[:, 0] > 0) == y.flatten()).float().mean().item()


@accuracy.mistake
def accuracy_swapped(logits, y):
    """You counted the wrong answers: either the columns are swapped (column 0 belongs
    to class 0), or you used argmin, or !=. Wrong and right sum to 1.
    """
    return (logits.argmin(dim=1) == y.flatten()).float().mean().item()


@accuracy.mistake
def accuracy_dim_0(logits, y):
    """argmax(dim=0) goes down the columns and asks which *example* has the largest
    logit. The classes are the columns, and each row needs a winner: dim=1.
    """
    return (logits.argmax(dim=0) == y.flatten()).float().mean().item()


@accuracy.mistake
def accuracy_percent(logits, y):
    """You returned a percentage. In this course accuracy is a fraction in [0, 1]; it is
    printed as a percentage with f"{value:.2%}".
    """
    return 100 * (logits.argmax(dim=1) == y.flatten()).float().mean().item()


@accuracy.mistake
def accuracy_tensor(logits, y):
    """The number is right, but it is still a tensor with one element. .item() takes
    the plain Python number out.
    """
    return (logits.argmax(dim=1) == y.flatten()).float().mean()


@accuracy.mistake
def accuracy_count(logits, y):
    """You counted the right answers. Divide by N, or take the mean, so that data sets
    of different size can be compared.
    """
    return (logits.argmax(dim=1) == y.flatten()).sum().item()


def _network(seed):
    generator = torch.Generator().manual_seed(seed)
    network = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator))
    return network


def _case(kind):
    """Make a model, and an optimizer that holds what ``kind`` says."""
    model, other = _network(0), _network(1)
    parameters = {
        "all": model.parameters(),
        "another": other.parameters(),
        "last layer": model[2].parameters(),
        "groups": [{"params": layer.parameters()} for layer in (model[0], model[2])],
        "copy": copy.deepcopy(model).parameters(),
        "both": [*other.parameters(), *model.parameters()],
        "mixed": [model[0].weight, other[2].weight, model[2].bias, other[0].bias,
                  other[2].bias],
    }  # fmt: skip
    return torch.optim.SGD(parameters[kind], lr=0.1), model


@exercise(
    inputs=[
        Case(_case("all"), "an optimizer that holds everything"),
        Case(_case("last layer"), "an optimizer that holds the last layer"),
        Case(_case("another"), "the optimizer holds another network", False),
        Case(_case("groups"), "the optimizer has two groups", False),
        Case(_case("both"), "the optimizer holds two networks", False),
        Case(_case("mixed"), "the optimizer holds parts of two networks", False),
        Case(_case("copy"), "the optimizer holds a copy of the network", False),
    ],
    hints=[
        "Ask for each parameter of the model whether the optimizer holds it. Equal "
        "numbers are not enough, it has to be the same object.",
        "optimizer.param_groups is a list of dictionaries, and group['params'] a list "
        "of tensors. There may be more than one group.",
        "id(p) is another number for each object. Collect those of all groups, then "
        "count the parameters of the model whose id is not among them.",
    ],
    praise="One line in a training script, and the loss never stands still unnoticed.",
)
def forgotten(optimizer, model):
    """Return how many parameters of the model the optimizer does not hold."""
    held = {id(p) for group in optimizer.param_groups for p in group["params"]}
    return sum(id(p) not in held for p in model.parameters())


def _held(optimizer):
    return [p for group in optimizer.param_groups for p in group["params"]]


@forgotten.mistake
def forgotten_by_value(optimizer, model):
    """You compared the numbers in the parameters. Another network that was made with
    the same seed, or a copy, has equal numbers, and the optimizer moves *it*. Compare
    objects: `p is q`, or id(p).
    """
    held = _held(optimizer)
    return sum(not any(torch.equal(p, q) for q in held) for p in model.parameters())


@forgotten.mistake
def forgotten_with_in(optimizer, model):
    """`p in list_of_tensors` compares with ==, and that gives a tensor of True and
    False for each pair (or an error, if the shapes do not fit), not an answer. Compare
    id(p), a plain number for each object.
    """
    held = _held(optimizer)
    return sum(p not in held for p in model.parameters())


@forgotten.mistake
def forgotten_difference(optimizer, model):
    """You compared how many there are. An optimizer that holds another network of the
    same size has the right number of them, and not one that you need. Look at each
    parameter.
    """
    return len(list(model.parameters())) - len(_held(optimizer))


@forgotten.mistake
def forgotten_without_grad(optimizer, model):
    """You asked which parameters have no slope. p.grad is None until backward() is
    called, and it says nothing about the optimizer: backward() fills it for every
    parameter, held or not. Look into optimizer.param_groups.
    """
    return sum(p.grad is None for p in model.parameters())


@forgotten.mistake
def forgotten_first_group(optimizer, model):
    """You looked only at param_groups[0]. An optimizer may have several groups, each
    with its own learning rate, as in section 7: go through all of them.
    """
    held = {id(p) for p in optimizer.param_groups[0]["params"]}
    return sum(id(p) not in held for p in model.parameters())


@forgotten.mistake
def forgotten_other_way(optimizer, model):
    """You counted what the optimizer holds and the model does not have. The question is
    the other one: which parameters *of the model* does nobody move?
    """
    own = {id(p) for p in model.parameters()}
    return sum(id(p) not in own for p in _held(optimizer))


@forgotten.mistake
def forgotten_yes_or_no(optimizer, model):
    """You returned True or False. How many are forgotten? Count them, for instance
    with sum(...) over the parameters of the model.
    """
    held = {id(p) for p in _held(optimizer)}
    return any(id(p) not in held for p in model.parameters())


@forgotten.mistake
def forgotten_numbers(optimizer, model):
    """You counted the numbers inside the tensors (numel). Here the tensors are to be
    counted: a weight is one, a bias is one.
    """
    held = {id(p) for p in _held(optimizer)}
    return sum(p.numel() for p in model.parameters() if id(p) not in held)


@forgotten.mistake
def forgotten_held(optimizer, model):
    """You counted those that the optimizer *does* hold. The forgotten ones are the
    others: `not in`.
    """
    held = {id(p) for p in _held(optimizer)}
    return sum(id(p) in held for p in model.parameters())


@sized("N", "K")
def _mostly_right(g, sizes, before):
    logits = before[0]
    return ((logits > 0) ^ (torch.rand(logits.shape, generator=g) < 0.15)).float()


# Some logits between 0 and 0.5, rows with no label, with one and with several.
_MULTI = torch.tensor(
    [[2.1, -0.7, 0.3], [-1.2, 0.4, -3.0], [-0.6, -0.9, -2.2], [1.8, 2.5, -0.1],
     [0.2, -1.4, 0.9], [-0.5, 1.1, 0.6], [2.7, -0.8, -1.9]]
)  # fmt: skip
_TARGETS = torch.tensor(
    [[1.0, 0, 1], [0, 1, 0], [0, 0, 0], [1, 1, 1], [1, 0, 1], [0, 1, 1], [0, 1, 1]]
)


@exercise(
    given={"logits": "smooth N K", "y": _mostly_right},
    properties=[between(0, 1, "A fraction lies between 0 and 1.")],
    inputs=[
        (_MULTI, _TARGETS),
        (_MULTI[[0, 3, 5, 6]], _TARGETS[[0, 3, 4, 6]]),
        (_MULTI[:, :2], _TARGETS[:, :2]),
        (-_MULTI, 1 - _TARGETS),
        (_MULTI[:4], _TARGETS[:4]),  # two labels are right everywhere
        (_MULTI[:3], _TARGETS[:3]),  # all is right
    ],
    hints=[
        "Each label has its own decision: is its logit above 0? Then compare with y, "
        "number by number.",
        ".all(dim=1) of a table of True and False says for each row whether all of it "
        "is true.",
        "The order matters: compare number by number, then ask for each row with "
        "all(dim=...), then take the mean, as a Python number.",
    ],
    praise="The strictest of the multi-label measures; it is called the exact match.",
)
def all_labels_right(logits, y):
    """Return the fraction of rows whose labels are all right; both (N, K)."""
    return ((logits > 0) == y).all(dim=1).float().mean().item()


@all_labels_right.mistake
def labels_one_by_one(logits, y):
    """This is the fraction of single labels that are right. A picture with two right
    labels and a wrong one counts two thirds here. Asked for are the pictures on which
    nothing is wrong: .all(dim=1) before the mean.
    """
    return ((logits > 0) == y).float().mean().item()


@all_labels_right.mistake
def labels_any(logits, y):
    """.any(dim=1) is true as soon as one label of the picture is right. All of them
    have to be: .all(dim=1).
    """
    return ((logits > 0) == y).any(dim=1).float().mean().item()


@all_labels_right.mistake
def labels_dim_0(logits, y):
    """.all(dim=0) goes down the columns: it asks for which *label* all pictures are
    right. Each picture is a row: dim=1.
    """
    return ((logits > 0) == y).all(dim=0).float().mean().item()


@all_labels_right.mistake
def labels_all_of_table(logits, y):
    """.all() without dim asks whether the *whole table* is right: one mistake in one
    picture makes 0.0 of it. Ask for each picture: .all(dim=1), then the mean.
    """
    return ((logits > 0) == y).all().float().mean().item()


@all_labels_right.mistake
def labels_without_decision(logits, y):
    """You compared the logits themselves with the targets. A logit is hardly ever
    exactly 0 or 1. First decide for each label, logits > 0, and compare the decisions.
    """
    return (logits == y).all(dim=1).float().mean().item()


@all_labels_right.mistake
def labels_majority(logits, y):
    """You count a picture if more than half of its labels are right. All of them have
    to be: .all(dim=1).
    """
    return (((logits > 0) == y).float().mean(dim=1) > 0.5).float().mean().item()


@all_labels_right.mistake
def labels_softmax_share(logits, y):
    """You compared softmax with 1 / K, an equal share. But whether a label is there
    does not depend on the others, and softmax makes them compete. Each logit is
    compared with 0 on its own.
    """
    probs = torch.softmax(logits, dim=1)
    return ((probs > 1 / logits.shape[1]) == y).all(dim=1).float().mean().item()


@all_labels_right.mistake
def labels_threshold_half(logits, y):
    """You compared logits with one half. One half is the threshold for probabilities;
    for logits it is 0, since sigmoid(0) is one half.
    """
    return ((logits > 0.5) == y).all(dim=1).float().mean().item()


@all_labels_right.mistake
def labels_sigmoid_zero(logits, y):
    """You compared sigmoids with 0. They are always above it, so every label is
    answered with yes. Compare the logits with 0, or the sigmoids with one half.
    """
    return ((torch.sigmoid(logits) > 0) == y).all(dim=1).float().mean().item()


@all_labels_right.mistake
def labels_argmax(logits, y):
    """Only one winner comes out of argmax. Here a picture can have several labels, or
    none: each logit is compared with 0 on its own.
    """
    return (logits.argmax(dim=1) == y.argmax(dim=1)).float().mean().item()


@all_labels_right.mistake
def labels_softmax(logits, y):
    """Softmax makes the labels compete for a sum of 1, so at most one can exceed one
    half. Several labels need a sigmoid each, which here means: logits above 0.
    """
    probs = torch.softmax(logits, dim=1)
    return ((probs > 0.5) == y).all(dim=1).float().mean().item()


@all_labels_right.mistake
def labels_tensor(logits, y):
    """The number is right, but it is still a tensor with one element. .item() takes
    the plain Python number out.
    """
    return ((logits > 0) == y).all(dim=1).float().mean()


@all_labels_right.mistake
def labels_count(logits, y):
    """You counted the pictures. Divide by N, or take the mean, so that data sets of
    different size can be compared.
    """
    return ((logits > 0) == y).all(dim=1).sum().item()
