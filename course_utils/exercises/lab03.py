"""Exercises of lab 03, cross entropy with PyTorch: solutions, hints, mistakes."""

import torch
import torch.nn.functional as F

from course_utils.exercises.checks import exercise
from course_utils.exercises.diagnose import rows_sum_to, unchanged
from course_utils.exercises.fixtures import register_lids
from course_utils.exercises.lab02 import SHIFT_OF_LOSS, SURPRISE, TWICE

LOGITS = torch.tensor([[0.5, -1.0, 2.0], [1.5, 0.25, -0.75]])
Y = torch.tensor([2, 1])
# Square, so that a mix-up of rows and columns raises no error.
SQUARE = torch.arange(9.0).reshape(3, 3).cos() * 2
Y_SQUARE = torch.tensor([1, 0, 0])
LARGE = torch.tensor([[1000.0, 0.0, 0.0], [-1000.0, -998.0, -1001.0]])
Y_LARGE = torch.tensor([1, 0])
FOUR = torch.tensor([[0.3, 1.1, -0.4, 2.2], [1.7, -0.6, 0.2, 0.9], [0.0, 0.5, 1.0, 0]])
Y_FOUR = torch.tensor([3, 2, 0])


def _picked(log_probs, y):
    return log_probs.gather(1, y.unsqueeze(1)).squeeze(1)


@exercise(
    given={"logits": "logits N K", "y": "classes N K"},
    properties=[SURPRISE, SHIFT_OF_LOSS, TWICE],
    forbids={"No softmax, and no F.": "softmax log_softmax F."},
    inputs=[(LOGITS, Y), (SQUARE, Y_SQUARE), (FOUR, Y_FOUR), (LARGE, Y_LARGE)],
    hints=[
        "The loss of one example is -log p of its class, and log p = z - logsumexp(z).",
        "torch.logsumexp(logits, dim=1) has shape (N,), one number per example.",
        "logits.gather(1, y.unsqueeze(1)).squeeze(1) picks the logit of each example's "
        "own class, also with shape (N,). Subtract, then take the mean.",
    ],
    praise="Finite even where softmax would round a probability to 0, and in its "
    "gradient, too.",
)
def cross_entropy(logits, y):
    """Return the mean cross entropy in nats."""
    own_logit = logits.gather(1, y.unsqueeze(1)).squeeze(1)
    return (torch.logsumexp(logits, dim=1) - own_logit).mean()


@cross_entropy.mistake
def cross_entropy_sign(logits, y):
    """The sign is the wrong way round: log p is negative, and the loss is minus log p.
    So it is logsumexp minus the logit of the right class, which is never below 0.
    """
    return (_picked(logits, y) - torch.logsumexp(logits, dim=1)).mean()


@cross_entropy.mistake
def cross_entropy_sum(logits, y):
    """You added up the losses of the examples. The mean divides by N, so that batches
    of different size can be compared, and so that the gradient does not grow with N.
    """
    return (torch.logsumexp(logits, dim=1) - _picked(logits, y)).sum()


@cross_entropy.mistake
def cross_entropy_over_all_elements(logits, y):
    """You divided by N times K, which is what .mean() of a whole (N, K) table does. But
    each example contributes one loss, so divide by N: sum over the classes first.
    """
    return F.cross_entropy(logits, y) / logits.shape[1]


@cross_entropy.mistake
def cross_entropy_down_columns(logits, y):
    """Your logsumexp (or log_softmax) runs down the columns, so the examples of the
    batch compete with each other. The classes compete: dim=1.
    """
    return -_picked(torch.log_softmax(logits, dim=0), y).mean()


@cross_entropy.mistake
def cross_entropy_log_of_softmax(logits, y):
    """Right for ordinary logits. But a probability of e to the -1000 is rounded to 0,
    and its log is -inf (and the gradient is nan). Do not go through the probabilities:
    z - logsumexp(z) needs none.
    """
    return -_picked(torch.log(torch.softmax(logits, dim=1)), y).mean()


@cross_entropy.mistake
def cross_entropy_overflow(logits, y):
    """Right for ordinary logits, but exp(1000) is inf, and so is its log. Take
    torch.logsumexp(logits, dim=1), which subtracts the maximum of each row first.
    """
    return (logits.exp().sum(dim=1).log() - _picked(logits, y)).mean()


@cross_entropy.mistake
def cross_entropy_softmax_twice(logits, y):
    """You applied softmax twice: first yourself, then once more inside log_softmax,
    logsumexp or cross_entropy. The loss then has a floor far above 0. Start from the
    logits.
    """
    return F.cross_entropy(torch.softmax(logits, dim=1), y)


@cross_entropy.mistake
def cross_entropy_without_log(logits, y):
    """This is minus the mean probability of the right class: the log is missing. It is
    what nll_loss gives if it is handed probabilities. A cross entropy of labels is
    never negative.
    """
    return -_picked(torch.softmax(logits, dim=1), y).mean()


@cross_entropy.mistake
def cross_entropy_only_the_logit(logits, y):
    """You took minus the logit of the right class and forgot logsumexp. This "loss" has
    no lower limit: add 1 to all logits and it falls by 1, though no probability moved.
    """
    return -_picked(logits, y).mean()


@cross_entropy.mistake
def cross_entropy_of_the_prediction(logits, y):
    """You took the largest log-probability of each row, that of the class which the
    model prefers. The loss asks for the right class y, whether the model likes it or
    not.
    """
    return -torch.log_softmax(logits, dim=1).max(dim=1).values.mean()


@cross_entropy.mistake
def cross_entropy_one_number_per_example(logits, y):
    """These are the losses of the single examples, shape (N,). Each of them is right;
    the exercise asks for their mean, a single number.
    """
    return torch.logsumexp(logits, dim=1) - _picked(logits, y)


@cross_entropy.mistake
def cross_entropy_colon(logits, y):
    """logits[:, y] takes the columns of *all* labels from *every* row, N x N numbers,
    and so does log_probs[:, y]. Row numbers and labels go in pairs: gather, or
    logits[torch.arange(len(y)), y].
    """
    return -torch.log_softmax(logits, dim=1)[:, y].mean()


@cross_entropy.mistake
def cross_entropy_of_all_classes(logits, y):
    """You took the mean surprise at all K classes, and y plays no part in it. Only the
    right class of each example happened: pick its logit first.
    """
    return -torch.log_softmax(logits, dim=1).mean()


@cross_entropy.mistake
def cross_entropy_logsumexp_columns(logits, y):
    """Your logsumexp runs down the columns and gives K numbers, one per class, but the
    picked logits are N numbers, one per example. The classes are summed: dim=1.
    """
    return (torch.logsumexp(logits, dim=0) - _picked(logits, y)).mean()


@cross_entropy.mistake
def cross_entropy_logsumexp_columns_sign(logits, y):
    """Your logsumexp runs down the columns and gives one number per class; the picked
    logits are one number per example. Take dim=1. (And mind the sign: the loss is
    logsumexp minus the logit.)
    """
    return -(_picked(logits, y) - torch.logsumexp(logits, dim=0)).mean()


@cross_entropy.mistake
def cross_entropy_logsumexp_row(logits, y):
    """You subtracted logsumexp, shape (N,), from the (N, K) table, where it does not
    fit: it must be a column. Give it keepdim=True, or pick first and subtract (N,) from
    (N,).
    """
    return -_picked(logits - torch.logsumexp(logits, dim=1), y).mean()


@cross_entropy.mistake
def cross_entropy_logsumexp_row_first(logits, y):
    """You subtracted the (N, K) table from logsumexp, shape (N,), which does not fit:
    it must be a column. Give logsumexp keepdim=True, or pick first and subtract (N,)
    from (N,).
    """
    return _picked(torch.logsumexp(logits, dim=1) - logits, y).mean()


@cross_entropy.mistake
def cross_entropy_flat_gather(logits, y):
    """Your index y is flat, and gather wants it in the same number of directions as the
    table: a column, y.unsqueeze(1) of shape (N, 1), in place of y of shape (N,).
    """
    return (torch.logsumexp(logits, dim=1) - logits.gather(1, y)).mean()


register_lids(
    cross_entropy,
    lambda logits, y, c: -_picked((torch.softmax(logits, dim=1) + c).log(), y).mean(),
)


def _gradient(logits, y):
    one_hot = F.one_hot(y, logits.shape[1])
    return ((torch.softmax(logits, dim=1) - one_hot) / len(y)).detach()


@exercise(
    given={"logits": "logits N K", "y": "classes N K"},
    properties=[rows_sum_to(0, "Each row of this gradient sums to 0.")],
    forbids={"By the formula and not by backward.": "backward grad"},
    inputs=[(LOGITS, Y), (SQUARE, Y_SQUARE), (FOUR, Y_FOUR), (LARGE, Y_LARGE)],
    hints=[
        "The formula is (p - one-hot) / N, a table of the shape of the logits.",
        "p is torch.softmax(logits, dim=1). F.one_hot(y, K) makes the second table, "
        "with K = logits.shape[1].",
        "Check yourself: every row sums to 0, and only the entry of the right class is "
        "negative.",
    ],
    praise="Each row sums to 0, and no entry is ever larger than 1/N.",
)
def cross_entropy_gradient(logits, y):
    """Return the gradient of the mean cross entropy with respect to the logits."""
    probs = torch.softmax(logits, dim=1).detach()
    one_hot = F.one_hot(y, num_classes=logits.shape[1])
    return (probs - one_hot) / len(y)


@cross_entropy_gradient.mistake
def gradient_without_n(logits, y):
    """These are the slopes of the sum of the losses. The mean divides every loss by N,
    and with it every slope: (p - one-hot) / N.
    """
    return _gradient(logits, y) * len(y)


@cross_entropy_gradient.mistake
def gradient_sign(logits, y):
    """The sign is the wrong way round. Raising the logit of the right class lowers the
    loss, so the slope there is negative: p - one-hot, not one-hot - p.
    """
    return -_gradient(logits, y)


@cross_entropy_gradient.mistake
def gradient_over_all_elements(logits, y):
    """You divided by N times K, the number of elements (.numel()). The loss is a mean
    over the N examples, so divide by N: len(y).
    """
    return _gradient(logits, y) / logits.shape[1]


@cross_entropy_gradient.mistake
def gradient_probabilities_only(logits, y):
    """These are the probabilities over N: the slope of logsumexp alone. The loss is
    logsumexp minus the logit of the right class, whose slope is -1 there: subtract the
    one-hot table.
    """
    return torch.softmax(logits, dim=1).detach() / len(y)


@cross_entropy_gradient.mistake
def gradient_right_class_only(logits, y):
    """The entry of the right class is right, but all others are 0. Raising a wrong
    logit takes probability away from the right class, so it raises the loss: the slope
    there is p / N.
    """
    return _gradient(logits, y) * F.one_hot(y, logits.shape[1])


@cross_entropy_gradient.mistake
def gradient_down_columns(logits, y):
    """Your softmax runs down the columns (dim=0): the columns sum to 1 before the
    one-hot table is subtracted. The classes of one row compete: dim=1.
    """
    one_hot = F.one_hot(y, logits.shape[1])
    return (torch.softmax(logits, dim=0).detach() - one_hot) / len(y)


@cross_entropy_gradient.mistake
def gradient_of_log_probs(logits, y):
    """You subtracted the one-hot table from the log-probabilities. The slope of
    logsumexp is the probability itself, softmax without a log.
    """
    one_hot = F.one_hot(y, logits.shape[1])
    return (torch.log_softmax(logits, dim=1).detach() - one_hot) / len(y)


@cross_entropy_gradient.mistake
def gradient_of_logits(logits, y):
    """You subtracted the one-hot table from the logits. It is subtracted from the
    probabilities: apply softmax first. (Both tables then sum to 1 in every row.)
    """
    return (logits.detach() - F.one_hot(y, logits.shape[1])) / len(y)


@cross_entropy_gradient.mistake
def gradient_overflow(logits, y):
    """Right for ordinary logits, but exp(1000) is inf, and inf / inf is nan. Use
    torch.softmax, or subtract the maximum of each row before exp.
    """
    exps = logits.exp()
    one_hot = F.one_hot(y, logits.shape[1])
    return (exps / exps.sum(dim=1, keepdim=True) - one_hot) / len(y)


@cross_entropy_gradient.mistake
def gradient_sign_without_n(logits, y):
    """Two things: the sign is the wrong way round (p - one-hot, since raising the logit
    of the right class lowers the loss), and the mean divides each slope by N.
    """
    return -_gradient(logits, y) * len(y)


@cross_entropy_gradient.mistake
def gradient_minus_indices(logits, y):
    """In (p - y) / N the y stands for the one-hot rows, of shape (N, K). You subtracted
    the class numbers, of shape (N,): make rows of them with F.one_hot(y, K).
    """
    return (torch.softmax(logits, dim=1) - y) / len(y)


@cross_entropy_gradient.mistake
def gradient_minus_index_column(logits, y):
    """In (p - y) / N the y stands for the one-hot rows. You subtracted the class
    *number* of each example from all its probabilities. A 2 is no more than a name
    here: F.one_hot(y, K) makes the row.
    """
    return (torch.softmax(logits, dim=1) - y.unsqueeze(1)) / len(y)


@cross_entropy_gradient.mistake
def gradient_too_few_columns(logits, y):
    """F.one_hot(y) without num_classes takes the largest label for the last class. Here
    the last class is nobody's label, so a column is missing. Always give it:
    F.one_hot(y, logits.shape[1]).
    """
    return (torch.softmax(logits, dim=1) - F.one_hot(y)) / len(y)


WEIGHT = torch.tensor([1.0, 2.0, 4.0])


@exercise(
    given={"logits": "logits N K", "y": "classes N K", "weight": "positive K"},
    properties=[
        SURPRISE,
        unchanged(
            "If all weights are doubled, a weighted mean stays as it is.",
            lambda logits, y, weight: (logits, y, 2 * weight),
        ),
        TWICE,
    ],
    forbids={"Do not use the argument weight= of the library.": "weight="},
    inputs=[
        (LOGITS, Y, WEIGHT),
        (SQUARE, Y_SQUARE, torch.tensor([0.5, 3.0, 1.0])),
        (FOUR, Y_FOUR, torch.tensor([2.0, 2.0, 2.0, 2.0])),
        (LOGITS, Y, torch.tensor([1.0, 0.0, 5.0])),
        (LARGE, Y_LARGE, WEIGHT),
    ],
    hints=[
        "weight[y] is one weight per example, shape (N,): that of its own class.",
        "Each example's loss times its weight, added up. Then divide, but not by N.",
        "F.cross_entropy(logits, y, reduction='none') gives the single losses. If "
        "all weights were 2, the result would have to be the plain mean: what must "
        "stand below the line?",
    ],
    praise="If all weights are equal, whatever they are, they cancel.",
)
def weighted_cross_entropy(logits, y, weight):
    """Return the weighted mean cross entropy, with one weight per class."""
    losses = F.cross_entropy(logits, y, reduction="none")
    return (weight[y] * losses).sum() / weight[y].sum()


@weighted_cross_entropy.mistake
def weighted_over_n(logits, y, weight):
    """You divided by N. A weighted mean divides by the sum of the weights that were
    used, weight[y].sum(); otherwise doubling all weights would double the loss.
    """
    losses = F.cross_entropy(logits, y, reduction="none")
    return (weight[y] * losses).mean()


@weighted_cross_entropy.mistake
def weighted_over_all_weights(logits, y, weight):
    """You divided by the sum of the K class weights. Divide by the weights of the N
    examples in the batch, weight[y].sum(): a class may come often or not at all.
    """
    losses = F.cross_entropy(logits, y, reduction="none")
    return (weight[y] * losses).sum() / weight.sum()


@weighted_cross_entropy.mistake
def weighted_sum(logits, y, weight):
    """This is the weighted sum. Divide it by the sum of the weights of the examples,
    weight[y].sum(), to make a weighted mean of it.
    """
    losses = F.cross_entropy(logits, y, reduction="none")
    return (weight[y] * losses).sum()


@weighted_cross_entropy.mistake
def weighted_ignored(logits, y, weight):
    """The weights have no effect: this is the plain mean. (If you multiplied the mean
    by something and divided by the same again, it cancelled.) Multiply each example's
    own loss by weight[y], before you add up.
    """
    return F.cross_entropy(logits, y)


@weighted_cross_entropy.mistake
def weighted_logits(logits, y, weight):
    """You multiplied the logits by the weights, and so changed the probabilities. But
    weights do not change what the model says; they change how much each loss counts.
    """
    return F.cross_entropy(logits * weight, y)


@weighted_cross_entropy.mistake
def weighted_by_prediction(logits, y, weight):
    """You took the weight of the class that the model predicts. The weight belongs to
    the true class of the example: weight[y].
    """
    chosen = weight[logits.argmax(dim=1)]
    losses = F.cross_entropy(logits, y, reduction="none")
    return (chosen * losses).sum() / chosen.sum()


@weighted_cross_entropy.mistake
def weighted_log_of_softmax(logits, y, weight):
    """Right for ordinary logits. But log(softmax) of a very small probability is -inf.
    Take the single losses from F.cross_entropy(..., reduction='none') or log_softmax.
    """
    losses = -_picked(torch.log(torch.softmax(logits, dim=1)), y)
    return (weight[y] * losses).sum() / weight[y].sum()


@weighted_cross_entropy.mistake
def weighted_sign(logits, y, weight):
    """The minus is missing. log_softmax gives logarithms of probabilities, which are
    negative; a loss is minus their weighted mean.
    """
    return -F.cross_entropy(logits, y, weight=weight)


@weighted_cross_entropy.mistake
def weighted_without_look_up(logits, y, weight):
    """You multiplied K class weights by N losses. Each example needs the weight of its
    own class: look it up, weight[y], shape (N,).
    """
    return (weight * F.cross_entropy(logits, y, reduction="none")).mean()


@weighted_cross_entropy.mistake
def weighted_without_look_up_reversed(logits, y, weight):
    """You multiplied N losses by K class weights. Each example needs the weight of its
    own class: look it up, weight[y], shape (N,).
    """
    return (F.cross_entropy(logits, y, reduction="none") * weight).mean()


@exercise(
    given={"logits": "logits N K", "y": "classes N K", "eps": "share"},
    properties=[SURPRISE, SHIFT_OF_LOSS, TWICE],
    forbids={"Without the argument label_smoothing=.": "label_smoothing="},
    inputs=[
        (LOGITS, Y, 0.1),
        (FOUR, Y_FOUR, 0.3),
        (SQUARE, Y_SQUARE, 0.0),
        (LARGE, Y_LARGE, 0.1),
    ],
    hints=[
        "First the target table: (1 - eps) times one-hot, plus eps / K in every place, "
        "the right class included. Each row sums to 1.",
        "Then the cross entropy of lab 2: minus the sum over the classes of target "
        "times log p. log p is torch.log_softmax(logits, dim=1).",
        "Check yourself: each row of your targets sums to 1, and with eps = 0 the "
        "result is F.cross_entropy(logits, y).",
    ],
    praise="With eps = 0 it is the plain cross entropy, as it should be.",
)
def smoothed_cross_entropy(logits, y, eps):
    """Return the mean cross entropy with label smoothing eps."""
    n_classes = logits.shape[1]
    targets = (1 - eps) * F.one_hot(y, n_classes) + eps / n_classes
    return -(targets * torch.log_softmax(logits, dim=1)).sum(dim=1).mean()


@smoothed_cross_entropy.mistake
def smoothed_others_only(logits, y, eps):
    """You shared eps among the wrong classes only, eps / (K - 1) each, and left 1 - eps
    to the right one. Some papers do. PyTorch gives eps / K to every class, the right
    one included.
    """
    n_classes = logits.shape[1]
    one_hot = F.one_hot(y, n_classes)
    targets = (1 - eps) * one_hot + eps / (n_classes - 1) * (1 - one_hot)
    return -(targets * torch.log_softmax(logits, dim=1)).sum(dim=1).mean()


@smoothed_cross_entropy.mistake
def smoothed_target_too_large(logits, y, eps):
    """You added eps / K everywhere but did not take anything away, so a target row sums
    to 1 + eps and is no distribution. Multiply the one-hot part by 1 - eps.
    """
    n_classes = logits.shape[1]
    targets = F.one_hot(y, n_classes) + eps / n_classes
    return -(targets * torch.log_softmax(logits, dim=1)).sum(dim=1).mean()


@smoothed_cross_entropy.mistake
def smoothed_target_too_small(logits, y, eps):
    """You lowered the right class to 1 - eps and left the others at 0, so a target row
    sums to 1 - eps. What was taken away must be handed out: add eps / K to every class.
    """
    return (1 - eps) * F.cross_entropy(logits, y)


@smoothed_cross_entropy.mistake
def smoothed_eps_everywhere(logits, y, eps):
    """You added eps to every class. It is eps / K: together the K classes get eps, just
    what the right class gave up, and the row sums to 1 again.
    """
    targets = (1 - eps) * F.one_hot(y, logits.shape[1]) + eps
    return -(targets * torch.log_softmax(logits, dim=1)).sum(dim=1).mean()


@smoothed_cross_entropy.mistake
def smoothed_model(logits, y, eps):
    """You smoothed what the model says. Label smoothing changes the labels: the target
    table gets softer, and the probabilities of the model stay as they are.
    """
    n_classes = logits.shape[1]
    probs = (1 - eps) * torch.softmax(logits, dim=1) + eps / n_classes
    return -_picked(probs.log(), y).mean()


@smoothed_cross_entropy.mistake
def smoothed_not_at_all(logits, y, eps):
    """Your eps has no effect: this is the plain cross entropy. The targets must be made
    softer before they are multiplied by log p.
    """
    return F.cross_entropy(logits, y)


@smoothed_cross_entropy.mistake
def smoothed_over_all_elements(logits, y, eps):
    """You took .mean() of the whole (N, K) table, which divides by N times K. Sum over
    the classes of each example first, sum(dim=1), then take the mean over examples.
    """
    return F.cross_entropy(logits, y, label_smoothing=eps) / logits.shape[1]


@smoothed_cross_entropy.mistake
def smoothed_log_of_softmax(logits, y, eps):
    """Right for ordinary logits, but log(softmax) is -inf where a probability is so
    small that it becomes 0, and with smoothing every class counts. Use
    torch.log_softmax.
    """
    n_classes = logits.shape[1]
    targets = (1 - eps) * F.one_hot(y, n_classes) + eps / n_classes
    return -(targets * torch.log(torch.softmax(logits, dim=1))).sum(dim=1).mean()


def _against(targets, logits):
    return -(targets * torch.log_softmax(logits, dim=1)).sum(dim=1).mean()


@smoothed_cross_entropy.mistake
def smoothed_sign(logits, y, eps):
    """The minus is missing. Log-probabilities are negative, and a loss is minus the sum
    of target times log p.
    """
    return -F.cross_entropy(logits, y, label_smoothing=eps)


@smoothed_cross_entropy.mistake
def smoothed_sum(logits, y, eps):
    """This is the sum over the examples. It grows with their number; take the mean over
    the N examples, after the sum over the classes.
    """
    return F.cross_entropy(logits, y, label_smoothing=eps, reduction="sum")


@smoothed_cross_entropy.mistake
def smoothed_divided_by_others(logits, y, eps):
    """You added eps / (K - 1) to every class, the right one included, so a target row
    sums to more than 1. K classes share eps: each gets eps / K.
    """
    n_classes = logits.shape[1]
    one_hot = F.one_hot(y, n_classes)
    return _against((1 - eps) * one_hot + eps / (n_classes - 1), logits)


@smoothed_cross_entropy.mistake
def smoothed_right_class_left_out(logits, y, eps):
    """You gave eps / K to the wrong classes and only 1 - eps to the right one, so a
    target row sums to less than 1. The right class gets its share as well: 1 - eps +
    eps / K.
    """
    n_classes = logits.shape[1]
    one_hot = F.one_hot(y, n_classes)
    return _against((1 - eps) * one_hot + eps / n_classes * (1 - one_hot), logits)


@smoothed_cross_entropy.mistake
def smoothed_too_few_columns(logits, y, eps):
    """F.one_hot(y) without num_classes takes the largest label for the last class. Here
    the last class is nobody's label, so a column is missing. Always give it:
    F.one_hot(y, logits.shape[1]).
    """
    return _against((1 - eps) * F.one_hot(y) + eps / logits.shape[1], logits)


def _smoothed_with_constant(logits, y, eps, constant):
    n_classes = logits.shape[1]
    targets = (1 - eps) * F.one_hot(y, n_classes) + eps / n_classes
    log_probs = (torch.softmax(logits, dim=1) + constant).log()
    return -(targets * log_probs).sum(dim=1).mean()


register_lids(smoothed_cross_entropy, _smoothed_with_constant)


@exercise(
    inputs=[()],
    hints=[
        "For each call, count the steps: softmax, log, pick, minus the mean. The "
        "picture of section 1 says which function does which.",
        "A step that is done twice is an error for softmax. For log_softmax it is not.",
        "nll_loss does the last two steps only. What it is given must be "
        "log-probabilities.",
    ],
    praise="You will read other people's training code with other eyes now.",
)
def right_calls():
    """Return six times True or False, for the calls (1) to (6)."""
    return (
        False,  # (1) softmax twice: a floor, and slopes that vanish
        True,  # (2) each step once
        True,  # (3) log_softmax twice changes nothing
        False,  # (4) no log: minus the mean probability
        True,  # (5) one-hot targets as floats are allowed
        False,  # (6) neither softmax nor log: minus the mean logit
    )


@right_calls.mistake
def right_calls_all(*args):
    """You called all six right. It is true that none of them raises an error; that is
    what makes them dangerous. Compare their values with F.cross_entropy(logits, y).
    """
    return True, True, True, True, True, True


@right_calls.mistake
def right_calls_wants_probabilities(*args):
    """You chose the two calls that apply softmax by hand. The name "cross entropy"
    suggests probabilities, but F.cross_entropy wants logits, and F.nll_loss wants the
    output of log_softmax.
    """
    return True, False, False, True, False, False


@right_calls.mistake
def right_calls_nll_wants_probabilities(*args):
    """You have (2) and (4) the wrong way round. nll_loss takes no logarithm, whatever
    its name says: it picks, changes the sign and takes the mean. So it must be given
    the output of log_softmax.
    """
    return False, False, True, True, True, False


@right_calls.mistake
def right_calls_textbook_only(*args):
    """You trusted only (2), the chain that the lab builds. Two more calls give the same
    loss and the same gradient for all logits: one repeats a step that may be repeated,
    one states the labels in another way.
    """
    return False, True, False, False, False, False


@right_calls.mistake
def right_calls_first(*args):
    """All but (1) are right. In (1) softmax runs twice, once by hand and once inside
    cross_entropy: even a perfect answer keeps a loss far above 0, and confident
    mistakes get hardly any gradient.
    """
    return True, True, True, False, True, False


@right_calls.mistake
def right_calls_second(*args):
    """All but (2) are right. log_softmax does the first two steps, nll_loss the last
    two: each step is done exactly once. This is what F.cross_entropy does itself.
    """
    return False, False, True, False, True, False


@right_calls.mistake
def right_calls_third(*args):
    """All but (3) are right. There log_softmax runs twice, and the second time it finds
    rows whose logsumexp is 0, so it changes nothing. It is a waste of time, but the
    loss and its gradient are right.
    """
    return False, True, False, False, True, False


@right_calls.mistake
def right_calls_fourth(*args):
    """All but (4) are right. nll_loss takes no log, so from probabilities it gives
    minus their mean: a negative number that falls while training and looks like a
    loss.
    """
    return False, True, True, True, True, False


@right_calls.mistake
def right_calls_fifth(*args):
    """All but (5) are right. A float table of the shape of the logits is read as one
    distribution per example, and a one-hot row is a distribution. Loss and gradient are
    those of the class indices.
    """
    return False, True, True, False, False, False


@right_calls.mistake
def right_calls_sixth(*args):
    """All but (6) are right. nll_loss of raw logits is minus the mean logit of the
    right classes. It has no lower limit: adding 1 to all logits lowers it by 1 and
    changes no probability.
    """
    return False, True, True, False, True, True


@right_calls.mistake
def right_calls_opposite(*args):
    """Every answer is the opposite of the right one. True means: gives the same loss
    and the same gradient as F.cross_entropy(logits, y), for all logits and labels.
    """
    return True, False, False, True, False, True
