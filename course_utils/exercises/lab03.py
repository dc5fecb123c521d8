"""Exercises of lab 03, cross entropy with PyTorch: solutions, hints, mistakes."""

import torch
import torch.nn.functional as F

from course_utils.exercises import lab01, lab02
from course_utils.exercises.checks import exercise
from course_utils.exercises.diagnose import unchanged
from course_utils.exercises.fixtures import register_lids
from course_utils.exercises.lab02 import SHIFT_OF_LOSS, SURPRISE, TWICE
from course_utils.exercises.pairs import two_of
from course_utils.exercises.questions import WarmUp, choice, number, several

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
        "logits[torch.arange(len(y)), y] picks the logit of each example's "
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
    """This is N times the mean: a sum over the examples. (If you do divide by N, then
    you subtract a column (N, 1) from (N,), which is a table of N x N numbers.) The mean
    divides by N, so that batches of different size can be compared.
    """
    return (torch.logsumexp(logits, dim=1) - _picked(logits, y)).sum()


@cross_entropy.mistake
def cross_entropy_over_all_elements(logits, y):
    """You divided by N times K, which is what .mean() of a whole (N, K) table does. But
    each example contributes one loss, so divide by N: sum over the classes first.
    """
    return F.cross_entropy(logits, y) / logits.shape[1]


@cross_entropy.mistake
def cross_entropy_logit_over_all_elements(logits, y):
    """You took the mean of the right logits over the whole table, N times K numbers, of
    which all but N are 0. Sum over the classes first, then take the mean of the N.
    """
    own = _picked(logits, y).mean() / logits.shape[1]
    return torch.logsumexp(logits, dim=1).mean() - own


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
    """You took the largest number of each row, that of the class which the model
    prefers. The loss asks for the right class y, whether the model likes it or not.
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
    and so does log_probs[:, y]. Row numbers and labels go in pairs:
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
def weighted_mean_over_n(logits, y, weight):
    """Two things. F.cross_entropy has taken the mean already, so all images get the
    same loss: use reduction="none". And you divided by N: divide by the sum of the
    weights that were used, weight[y].sum().
    """
    return (F.cross_entropy(logits, y) * weight[y]).mean()


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
def weighted_sum_without_look_up(logits, y, weight):
    """You multiplied N losses by K class weights. Each example needs the weight of its
    own class: look it up, weight[y], shape (N,), above the line and below it.
    """
    losses = F.cross_entropy(logits, y, reduction="none")
    return (losses * weight).sum() / weight.sum()


@weighted_cross_entropy.mistake
def weighted_without_look_up_reversed(logits, y, weight):
    """You multiplied N losses by K class weights. Each example needs the weight of its
    own class: look it up, weight[y], shape (N,).
    """
    return (F.cross_entropy(logits, y, reduction="none") * weight).mean()


@two_of(
    weighted_cross_entropy,
    weighted_over_n,
    weighted_over_all_weights,
    weighted_sum,
    weighted_by_prediction,
    weighted_logits,
    weighted_sign,
)
def _weighted(slips, logits, y, weight):
    used = weight[logits.argmax(dim=1) if weighted_by_prediction in slips else y]
    z = logits * weight if weighted_logits in slips else logits
    losses = F.cross_entropy(z, y, reduction="none")
    by = used.sum()
    if weighted_over_n in slips:
        by = len(y)
    if weighted_over_all_weights in slips:
        by = weight.sum()
    if weighted_sum in slips:
        by = 1
    sign = -1 if weighted_sign in slips else 1
    return sign * (used * losses).sum() / by


@exercise(
    evidence={
        "(1)": "count how often softmax is taken; cross_entropy does it as well.",
        "(2)": "log_softmax does the first two of the four steps. Which does nll_loss "
        "do?",
        "(3)": "what does log_softmax change in a row whose exponentials sum to 1 "
        "already?",
        "(4)": "nll_loss takes no logarithm, whatever its name says.",
        "(5)": "a table of floats is read as one distribution for each example. Is a "
        "one-hot row one?",
        "(6)": "neither softmax nor a logarithm is taken. What if 1 is added to all "
        "logits?",
    },
    inputs=[()],
    hints=[
        "For each call, count the steps: softmax, log, pick, minus the mean. The "
        "wall of section 2 says which function does which.",
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
    """Your answers are right but for (1). In (1) softmax runs twice, once by hand and
    once inside cross_entropy: even a perfect answer keeps a loss far above 0, and
    confident mistakes get hardly any gradient.
    """
    return True, True, True, False, True, False


@right_calls.mistake
def right_calls_second(*args):
    """Your answers are right but for (2). log_softmax does the first two steps,
    nll_loss the last two: each step is done exactly once. This is what F.cross_entropy
    does itself.
    """
    return False, False, True, False, True, False


@right_calls.mistake
def right_calls_third(*args):
    """Your answers are right but for (3). There log_softmax runs twice, and the second
    time it finds rows whose logsumexp is 0, so it changes nothing. It is a waste of
    time, but the loss and its gradient are right.
    """
    return False, True, False, False, True, False


@right_calls.mistake
def right_calls_fourth(*args):
    """Your answers are right but for (4). nll_loss takes no log, so from probabilities
    it gives minus their mean: a negative number that falls while training and looks
    like a loss.
    """
    return False, True, True, True, True, False


@right_calls.mistake
def right_calls_fifth(*args):
    """Your answers are right but for (5). A float table of the shape of the logits is
    read as one distribution per example, and a one-hot row is a distribution. Loss and
    gradient are those of the class indices.
    """
    return False, True, True, False, False, False


@right_calls.mistake
def right_calls_sixth(*args):
    """Your answers are right but for (6). nll_loss of raw logits is minus the mean
    logit of the right classes. It has no lower limit: adding 1 to all logits lowers it
    by 1 and changes no probability.
    """
    return False, True, True, False, True, True


@right_calls.mistake
def right_calls_opposite(*args):
    """Every answer is the opposite of the right one. True means: gives the same loss
    and the same gradient as F.cross_entropy(logits, y), for all logits and labels.
    """
    return True, False, False, True, False, True


# Lab 3 asks to mend this: three faults, and no error from any of them.
def _trained(X, y, W, n_steps, *, softmax=False, up=False, adds=False, rate=0.1):
    W = W.clone().requires_grad_()
    for _ in range(n_steps):
        logits = X @ W
        loss = F.cross_entropy(logits.softmax(dim=1) if softmax else logits, y)
        if not adds:
            W.grad = None
        loss.backward()
        with torch.no_grad():
            W += (rate if up else -rate) * W.grad
    return W.detach()


@exercise(
    slopes=False,
    given={
        "X": "features N D",
        "y": "classes N K",
        "W": "weights D K",
        "n_steps": "size",
    },
    inputs=[
        (
            torch.tensor([[1.0, 0.0, 2.0], [0.0, 1.0, 1.0]]),
            torch.tensor([1, 0]),
            torch.zeros(3, 2),
            3,
        ),
        (torch.eye(3), torch.tensor([2, 0, 1]), torch.zeros(3, 3), 5),
    ],
    hints=[
        "Count the steps from logits to loss. What does F.cross_entropy do by itself?",
        "A slope points to where the loss is larger. And what is in W.grad when "
        "backward comes for the second time?",
        "Run the loop with print(loss.item()) and mend one fault after the other. The "
        "loss must fall, and W.grad = None before backward empties what is there.",
    ],
    praise="Three faults, none of which raised an error. This is a training loop, and "
    "lab 4 goes on from here.",
)
def train(X, y, W, n_steps):
    """Return the weights after n_steps against the slopes, each 0.1 times the slope."""
    W = W.clone().requires_grad_()
    for _ in range(n_steps):
        loss = F.cross_entropy(X @ W, y)
        W.grad = None
        loss.backward()
        with torch.no_grad():
            W -= 0.1 * W.grad
    return W.detach()


@train.mistake
def train_as_given(X, y, W, n_steps):
    """All three faults are still there. Look at the loss first: which of the four
    steps from logits to loss is done twice?
    """
    return _trained(X, y, W, n_steps, softmax=True, up=True, adds=True)


@train.mistake
def train_softmax_left(X, y, W, n_steps):
    """Two faults are mended. The third: F.cross_entropy does a softmax itself, and it
    is handed probabilities. Give it the logits, X @ W.
    """
    return _trained(X, y, W, n_steps, softmax=True)


@train.mistake
def train_uphill_left(X, y, W, n_steps):
    """Two faults are mended. The third: the slope says where the loss gets larger, and
    you walk there. Subtract it.
    """
    return _trained(X, y, W, n_steps, up=True)


@train.mistake
def train_adding_left(X, y, W, n_steps):
    """Two faults are mended. The third does not show in the first step: backward adds
    to what is in W.grad, so each step also walks along all slopes before. Empty it,
    W.grad = None, before each backward.
    """
    return _trained(X, y, W, n_steps, adds=True)


@train.mistake
def train_only_softmax_mended(X, y, W, n_steps):
    """The loss is right now. Two faults are left, and both are about the slopes: the
    direction of the step, and what backward finds in W.grad the second time.
    """
    return _trained(X, y, W, n_steps, up=True, adds=True)


@train.mistake
def train_only_direction_mended(X, y, W, n_steps):
    """The direction is right now. Two faults are left: F.cross_entropy does a softmax
    itself, and backward adds to what is in W.grad.
    """
    return _trained(X, y, W, n_steps, softmax=True, adds=True)


@train.mistake
def train_only_adding_mended(X, y, W, n_steps):
    """W.grad starts empty now. Two faults are left: F.cross_entropy does a softmax
    itself, and the step goes uphill.
    """
    return _trained(X, y, W, n_steps, softmax=True, up=True)


@train.mistake
def train_one_step(X, y, W, n_steps):
    """Only one step was made. Perhaps the return stands inside the loop: move it to
    the left, behind the loop.
    """
    return _trained(X, y, W, 1)


@train.mistake
def train_emptied_too_late(X, y, W, n_steps):
    """W came back as it was. If W.grad is emptied between backward and the step, the
    step has nothing to subtract. Empty it before backward.
    """
    return W


@train.mistake
def train_long_steps(X, y, W, n_steps):
    """The steps are ten times as long as in the code that was given: 0.1 times the
    slope is subtracted there.
    """
    return _trained(X, y, W, n_steps, rate=1.0)


@train.mistake
def train_in_place(X, y, W, n_steps):
    """The result is right, but the caller's W has changed with it. Keep the line with
    W.clone().
    """
    W[:] = _trained(X, y, W, n_steps)
    return W


@exercise(
    inputs=[()],
    evidence={
        "machine (a)": "logits come out, so all four steps are still to be done.",
        "machine (b)": "log_softmax has done two of the four steps. Which loss does "
        "the other two, and no more?",
        "machine (c)": "one column comes out, and it holds logits.",
        "machine (d)": "the sigmoid is in the machine already, and must not be taken "
        "twice.",
        "machine (e)": "each label is a distribution, and the three classes exclude "
        "each other.",
    },
    hints=[
        "Ask of each machine: what comes out at its end, logits or something that was "
        "made of them? And how many columns?",
        "One column of logits has a loss of its own. One column of probabilities too.",
        "Three classes, and the machine ends with log_softmax: which steps are left? "
        "Opinions of several people are a distribution, and a target may be one.",
    ],
    praise="The end of the machine and the labels decide which loss it is.",
)
def which_loss():
    """Return the numbers of five losses, for the machines (a) to (e)."""
    return 1, 2, 3, 4, 1


@which_loss.mistake
def which_loss_reader_of_names(*args):
    """(b) has the wrong loss: log_softmax has done two of the four steps, and nll_loss
    does the other two. (cross_entropy happens to give the same number, because
    log_softmax twice changes nothing. But then one step is done for nothing.)
    """
    return 1, 1, 3, 4, 1


@which_loss.mistake
def which_loss_sigmoid_twice(*args):
    """In (d) the sigmoid is in the machine already. binary_cross_entropy_with_logits
    would apply it again, and a sure 0 would cost as much as the toss of a coin.
    """
    return 1, 2, 3, 3, 1


@which_loss.mistake
def which_loss_unsafe(*args):
    """In (c) logits come out. binary_cross_entropy wants probabilities, and stops with
    an error if a number is not between 0 and 1.
    """
    return 1, 2, 4, 4, 1


@which_loss.mistake
def which_loss_binary_swapped(*args):
    """(c) and (d) are the wrong way round: the loss whose name ends in with_logits is
    the one for logits.
    """
    return 1, 2, 4, 3, 1


@which_loss.mistake
def which_loss_one_column(*args):
    """In (c) there is one column only. F.cross_entropy takes it for a machine with one
    class, and the loss is 0 whatever comes out.
    """
    return 1, 2, 1, 4, 1


@which_loss.mistake
def which_loss_opinions(*args):
    """(e) has the wrong loss. nll_loss takes positions only, no distributions, and it
    would want log-probabilities. cross_entropy takes a table of the shape of the
    logits for distributions.
    """
    return 1, 2, 3, 4, 2


@which_loss.mistake
def which_loss_opinions_binary(*args):
    """(e) has the wrong loss. The opinions are decimal numbers, but the three classes
    exclude each other: they share 1. The binary losses would ask three separate
    questions, each yes or no.
    """
    return 1, 2, 3, 4, 3


@which_loss.mistake
def which_loss_opinions_binary_of_probabilities(*args):
    """(e) has the wrong loss. binary_cross_entropy wants probabilities, and scores come
    out here. And it would ask three separate questions, each yes or no; the three
    classes exclude each other and share 1.
    """
    return 1, 2, 3, 4, 4


@which_loss.mistake
def which_loss_first(*args):
    """(a) has the wrong loss. The machine ends with logits, so all four steps are still
    to be done. nll_loss does two of them.
    """
    return 2, 2, 3, 4, 1


@which_loss.mistake
def which_loss_always_the_same(*args):
    """cross_entropy fits where a column of logits comes out for each class. Three of
    the machines are others: look at their last step, and count their columns.
    """
    return 1, 1, 1, 1, 1


# Questions ----------------------------------------------------------------------

warm_up = WarmUp("lab03", lab02.uneven, lab02.picked, lab01.shifted)

nll = choice(
    "lab03.nll",
    "Four steps lead from logits to loss: softmax, log, pick, minus the mean. "
    "`F.nll_loss` does the last two. `probs` is `softmax(logits)`, and `log_probs` its "
    "logarithm. Which call gives the right loss?",
    right="c",
    because="Softmax and log have to be done before it. The name, *negative "
    "log-likelihood*, sounds as if it took the logarithm. It does not: it picks, and "
    "takes minus the mean.",
    a=(
        "`F.nll_loss(logits, y)`",
        "Then neither softmax nor log is done. It gives minus the mean logit of the "
        "right classes, and adding 1 to all logits would lower it by 1.",
    ),
    b=(
        "`F.nll_loss(probs, y)`",
        "Then the log is missing. It gives minus the mean probability of the right "
        "classes, a number between -1 and 0.",
    ),
    c="`F.nll_loss(log_probs, y)`",
)

measure = number(
    "lab03.measure",
    "The curve is f(x) = x * x. At x = 3 its height is 9. Take a step of 0.01 to the "
    "right, to 3.01. What is rise divided by step? (3.01 * 3.01 = 9.0601)",
    right=6.01,
    because="The rise is 0.0601, and 0.0601 / 0.01 = 6.01. With ever smaller steps it "
    "comes ever nearer to 6.",
    wrong={
        6: "That is what it comes to with ever smaller steps. With this step the curve "
        "has bent a little already. Divide the rise by the step.",
        0.0601: "That is the rise. Divide it by the step, 0.01.",
        9.0601: "That is the height after the step. The rise is what is added to 9.",
        3.0: "That is the height divided by x, 9 / 3. The slope asks how much is "
        "*added*: the rise, and by which step.",
        0.000601: "You multiplied by the step. Divide by it.",
    },
    otherwise="The rise is 9.0601 - 9. Divide it by 0.01.",
    tolerance=0.0041,
)

sum_of_slopes = choice(
    "lab03.sum_of_slopes",
    "An image has three logits. All three are raised by the same tiny step, and the "
    "loss then rises by the step times the *sum* of the three slopes. What is this "
    "sum?",
    right="b",
    because="The same number added to all logits changes no probability, and so no "
    "loss. The rise is 0, and with it the sum of the slopes: the positive and "
    "the negative ones cancel.",
    a=(
        "1, because probabilities sum to 1.",
        "The slopes are not the probabilities: one of them is negative.",
    ),
    b="0",
    c=(
        "It is negative, as long as the loss can still get smaller.",
        "The loss gets smaller if the *right* logit is raised alone. Here all three "
        "are raised together.",
    ),
    d=(
        "That depends on the image.",
        "The single slopes do. But whatever the image, there is one change of the "
        "logits that softmax does not see.",
    ),
)

one_slope = number(
    "lab03.one_slope",
    "For an image a machine gives the probabilities 0.2, 0.7 and 0.1. The right class "
    "is the first. What is the slope of the loss for the first logit?",
    right=-0.8,
    because="p - y is 0.2 - 1. The slope is negative, so raising this logit lowers the "
    "loss; and it is steep, because the machine is far from the truth.",
    wrong={
        0.8: "The size is right, the sign is not: raising the logit of the right class "
        "makes the loss smaller.",
        0.2: "That is p. It is the slope of a *wrong* class; of the right one 1 is "
        "taken away.",
        -0.2: "It is p - y with y = 1, not minus p.",
        0.7: "That is the slope of the second logit, a wrong class that has got most "
        "of the probability.",
        -0.3: "0.7 belongs to the second class. Take 1 from the probability of the "
        "right one.",
    },
    otherwise="Take what the machine said of this class, 0.2, and subtract what is "
    "true, 1.",
    tolerance=0.01,
)

adding = number(
    "lab03.adding",
    "The slope of x * x at 3 is 6. `backward` adds what it finds to `x.grad`. With a "
    "fresh x, a loop calculates x * x and calls `backward`, three times, and never "
    "empties `x.grad`. "
    "Which number is in it at the end?",
    right=18,
    because="6 + 6 + 6. The slopes of all rounds are in it, not that of the last one. "
    "No error says so.",
    wrong={
        6: "That would be so if each `backward` replaced the number. It adds to it.",
        12: "That is after the second time.",
        216: "That is 6 * 6 * 6. The slopes are added.",
        0: "Nobody has emptied it.",
    },
    otherwise="Each time 6 is added, and it starts empty.",
)

downhill = choice(
    "lab03.downhill",
    "The slopes of the logits are p - y, over N. From all logits we subtract their "
    "slopes, `logits - grad`. What happens to the logits of an image?",
    right="a",
    because="The slope of the right class is negative, and subtracting it raises the "
    "logit. Those of the wrong classes are positive, and are lowered, most of all the "
    "one with the largest probability. The loss falls.",
    a="That of the right class rises, the others fall, for every image.",
    b=(
        "That happens for the images that were read wrong. The others stay.",
        "p - y is 0 only if p is exactly 1 or 0. An image that is read well is pulled "
        "less, but in the same way.",
    ),
    c=(
        "That of the right class falls, the others rise.",
        "That is what *adding* the slopes does. It is the way up.",
    ),
    d=(
        "All of them fall, since the loss has to fall.",
        "The slopes of an image sum to 0. So if some logits are lowered, others are "
        "raised.",
    ),
)

accepted = several(
    "lab03.accepted",
    "`logits` has shape (5, 3), so K = 3. The right target is (0, 1, 2, 1, 2). These "
    "four are wrong. Which of them does `F.cross_entropy` *accept*?",
    right="cd",
    because="It checks shape, kind and range, and no more. Where all of them fit, it "
    "calculates, and a machine learns nonsense.",
    a=(
        "the digits themselves, (4, 7, 9, 7, 9)",
        "There are three columns, 0, 1 and 2. There is no column 4 to pick from.",
    ),
    b=(
        "decimal numbers, (0.0, 1.0, 2.0, 1.0, 2.0)",
        "Positions are whole numbers. Decimal numbers would be probabilities, but "
        "those have the shape of the logits.",
    ),
    c=(
        "two of the labels counted from 1, (1, 2, 2, 1, 2)",
        "All are whole numbers from 0 to 2. How should it know that the first image is "
        "no 7?",
    ),
    d=(
        "a one-hot table times 3, as decimal numbers",
        "Its shape is that of the logits, so its rows are taken for distributions. "
        "Nobody adds them up.",
    ),
)

binary = number(
    "lab03.binary",
    "A machine for two classes gives class 1 the probability 0.9. But the truth is "
    "y = 0. What is the binary cross entropy? (log 0.9 = -0.105, log 0.1 = -2.303)",
    right=2.303,
    because="With y = 0 only the second part is left: -log(1 - 0.9). As ever it is the "
    "surprise at what happened, and class 0 had been given 0.1.",
    wrong={
        0.105: "That is the loss if the truth is 1.",
        -2.303: "The sign: a surprise is never negative.",
        2.408: "One of the two parts is multiplied by 0.",
        0.9: "That is p - y, the slope. The loss is minus a logarithm.",
    },
    otherwise="Put y = 0 and p = 0.9 into the formula: -(0 * log 0.9 + 1 * log 0.1).",
    tolerance=0.01,
)

one_column = choice(
    "lab03.one_column",
    "A machine has one logit for each image, shape (N, 1), and `y` holds 0.0 and 1.0 "
    "in the same shape. Somebody calls `F.cross_entropy(z, y)`. What comes out?",
    right="a",
    because="The shapes are equal, so each row of `y` counts as a distribution, and "
    "there is one class. Softmax over one class is 1, whatever the logit, and log 1 is "
    "0. The loss looks perfect, all slopes are 0, and nothing is learned.",
    a="0, for any logits and labels.",
    b=(
        "The binary cross entropy.",
        "That would need a sigmoid. This function takes softmax over the columns, and "
        "there is only one.",
    ),
    c=(
        "An error: two classes need two columns.",
        "How many classes there are it sees from the logits: one column, one class. "
        "And the shapes fit.",
    ),
)

floor = choice(
    "lab03.floor",
    "A machine with three classes is sure and right: its softmax is (1, 0, 0). We "
    "hand these *probabilities* to `F.cross_entropy`. What loss comes out?",
    right="b",
    because="A second softmax is taken: e to the power of each is 2.72, 1 and 1, so "
    "the 1 becomes 2.72 / 4.72 = 0.58, and -log 0.58 is 0.55. Better than sure and "
    "right is not possible, so this is the floor: a loss that stops falling there may "
    "have a softmax too many.",
    a=(
        "0, since the answer is perfect.",
        "It would be 0 if 1 were taken for a probability. But it is taken for a logit, "
        "and the other two logits, 0, are not far below it.",
    ),
    b="About 0.55.",
    c=(
        "About 1.1, that of a machine that knows nothing.",
        "log 3 = 1.1 comes out if all three logits are equal. 1, 0, 0 are not.",
    ),
)

sure_and_wrong = choice(
    "lab03.sure_and_wrong",
    "Look at the left end of the figure. There the machine is sure, and wrong. A "
    "training step changes the logit by minus its slope. Which of the two losses "
    "corrects this machine?",
    right="c",
    because="The solid curve is steep there, with a slope near -1. The dashed one is "
    "nearly level: slope 0, no correction, just where it is needed most.",
    a=(
        "Both: both are larger there than at the right end.",
        "How high a curve is makes no difference to a step. What counts is how steep "
        "it is.",
    ),
    b=(
        "Softmax twice: its loss is closer to its lowest value.",
        "There is not far to go down. But a step follows the slope, and there is "
        "hardly any.",
    ),
    c="Softmax once.",
)

riddle = choice(
    "lab03.riddle",
    "At the start all weights are 0, so all logits are 0. Which sentence explains the "
    "two numbers of the lesson?",
    right="b",
    because="`hypothesis` is a softmax already. Equal logits stay equal through any "
    "number of softmaxes, so both runs start at log 3, about 1.0986. From there on one "
    "follows the slopes of another loss.",
    a=(
        "By hand, softmax is taken twice, and so its loss is larger from step 0 on.",
        "Softmax of (0, 0, 0) is one third each. Take it again: one third each.",
    ),
    b="By hand, softmax is taken twice. At step 0 both losses are equal, even so.",
    c=(
        "Both losses are right. By hand, more is lost to rounding.",
        "Rounding changes the seventh digit. Count the softmaxes.",
    ),
    d=(
        "Both losses are right. The two runs start from other random numbers.",
        "Nothing is random here: both start from zeros.",
    ),
)
