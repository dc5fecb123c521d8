"""Exercises of lab 06, hidden layers: solutions, hints and typical mistakes."""

import torch
import torch.nn.functional as F

from course_utils.exercises import lab02, lab04, lab05
from course_utils.exercises.checks import exercise
from course_utils.exercises.diagnose import holds
from course_utils.exercises.pairs import two_of
from course_utils.exercises.questions import WarmUp, choice, number, several

BY_HAND = {
    "No `backward`, and no other way to let PyTorch find the slopes.": "backward grad"
    " jacobian vjp"
}

WEIGHTS = {"W": "features D H", "c": "features H", "v": "features H", "d": "features"}
ONE = {"x": "features D", "y": "bits", **WEIGHTS}
MANY = {"X": "features N D", "y": "bits N", **WEIGHTS}


@exercise(
    given=ONE,
    inputs=[
        (
            torch.tensor([2.0]),
            torch.tensor(1.0),
            torch.tensor([[1.0, -1.0]]),
            torch.tensor([-0.5, 0.25]),
            torch.tensor([2.0, 1.5]),
            torch.tensor(-3.0),
        )
    ],
    results=("W", "c", "v", "d"),
    slopes=False,
    forbids=BY_HAND,
    properties=[
        holds(
            "The slope in d is that of the logit itself, p - y, a number from -1 to 1.",
            lambda value, *args: abs(float(value[3])) <= 1,
        ),
    ],
    hints=[
        "Forward first: a = x @ W + c, h = relu(a), z = h @ v + d. You need all of "
        "them on the way back.",
        "The slope in z is p - y. z is the sum of h * v and d: what does it pass on to "
        "v, to d, to h?",
        "From h to a the slope passes where a > 0, and becomes 0 elsewhere. And a[k] "
        "is the sum of x[i] * W[i, k], plus c[k].",
    ],
    praise="That is what backward does, with as many layers as you like.",
)
def slopes(x, y, W, c, v, d):
    """Return the slopes of the loss of one example in W, c, v and d."""
    a = x @ W + c
    h = torch.relu(a)
    slope_z = torch.sigmoid(h @ v + d) - y
    slope_a = slope_z * v * (a > 0)
    return torch.outer(x, slope_a), slope_a, slope_z * h, slope_z


@slopes.mistake
def slopes_through_the_fold(x, y, W, c, v, d):
    """You let the slope pass every fold. Where a unit is off (a is negative), its
    answer stays 0 if W or c is moved a little, so the slope there is 0: multiply by
    (a > 0).
    """
    h = torch.relu(x @ W + c)
    slope_z = torch.sigmoid(h @ v + d) - y
    return torch.outer(x, slope_z * v), slope_z * v, slope_z * h, slope_z


@slopes.mistake
def slopes_times_h(x, y, W, c, v, d):
    """At the fold you multiplied by h, its answer. The chain rule wants its slope: 1
    where a > 0 and 0 elsewhere, so multiply by (a > 0). The answer h belongs to the
    slope in v alone.
    """
    h = torch.relu(x @ W + c)
    slope_z = torch.sigmoid(h @ v + d) - y
    slope_a = slope_z * v * h
    return torch.outer(x, slope_a), slope_a, slope_z * h, slope_z


@slopes.mistake
def slopes_without_v(x, y, W, c, v, d):
    """The slopes in v and d are right. On the way to the hidden units you forgot
    the last layer: a change of h reaches the logit times v, so the slope in h is (p
    - y) times v.
    """
    a = x @ W + c
    h = torch.relu(a)
    slope_z = torch.sigmoid(h @ v + d) - y
    slope_a = slope_z * (a > 0)
    return torch.outer(x, slope_a), slope_a, slope_z * h, slope_z


@slopes.mistake
def slopes_transposed(x, y, W, c, v, d):
    """The slopes in W have rows and columns exchanged. W has shape (D, H), and so
    have its slopes: row i belongs to x[i]. So x comes first in torch.outer.
    """
    a = x @ W + c
    h = torch.relu(a)
    slope_z = torch.sigmoid(h @ v + d) - y
    slope_a = slope_z * v * (a > 0)
    return torch.outer(slope_a, x), slope_a, slope_z * h, slope_z


@slopes.mistake
def slopes_of_p(x, y, W, c, v, d):
    """You multiplied p - y by p (1 - p), the slope of the sigmoid. It is in p - y
    already: in the cross entropy the two cancel, which was the surprise of lab 3.
    The slope in the logit is p - y, and no more.
    """
    a = x @ W + c
    h = torch.relu(a)
    p = torch.sigmoid(h @ v + d)
    slope_z = (p - y) * p * (1 - p)
    slope_a = slope_z * v * (a > 0)
    return torch.outer(x, slope_a), slope_a, slope_z * h, slope_z


@slopes.mistake
def slopes_of_logit(x, y, W, c, v, d):
    """You took the logit in the place of the probability: z - y. The slope of the
    cross entropy in the logit is p - y, with p = sigmoid(z).
    """
    a = x @ W + c
    h = torch.relu(a)
    slope_z = h @ v + d - y
    slope_a = slope_z * v * (a > 0)
    return torch.outer(x, slope_a), slope_a, slope_z * h, slope_z


@slopes.mistake
def slopes_downhill(x, y, W, c, v, d):
    """All signs are the wrong way round: you took y - p. That is the direction of
    the step, against the slope. The slope itself is p - y.
    """
    a = x @ W + c
    h = torch.relu(a)
    slope_z = y - torch.sigmoid(h @ v + d)
    slope_a = slope_z * v * (a > 0)
    return torch.outer(x, slope_a), slope_a, slope_z * h, slope_z


@slopes.mistake
def slopes_of_a_in_v(x, y, W, c, v, d):
    """The slope in v is (p - y) times what v was multiplied with on the way
    forward: the answers *behind* the fold, h, and not the sums a in front of it.
    """
    a = x @ W + c
    slope_z = torch.sigmoid(torch.relu(a) @ v + d) - y
    slope_a = slope_z * v * (a > 0)
    return torch.outer(x, slope_a), slope_a, slope_z * a, slope_z


@slopes.mistake
def slopes_of_v_times_v(x, y, W, c, v, d):
    """The slope in v is (p - y) times h, not times v. The logit is h @ v + d: turn a
    v, and the logit turns h times as fast. (The slope in h has the v.)
    """
    a = x @ W + c
    slope_z = torch.sigmoid(torch.relu(a) @ v + d) - y
    slope_a = slope_z * v * (a > 0)
    return torch.outer(x, slope_a), slope_a, slope_z * v, slope_z


@exercise(
    given={**MANY, "lr": "rate"},
    steps=("W", "c", "v", "d"),
    slopes=False,
    forbids=BY_HAND,
    hints=[
        "The steps of v and d are right, those of W and c are not. So the slope is "
        "right at the logit and wrong at the hidden units. Which lines lie between?",
        "The chain rule wants the slopes at the place where we stand. Which v was used "
        "on the way forward, and which one is used on the way back?",
        "First find all slopes, then change the numbers.",
    ],
    praise="First all slopes, then all steps: that is why backward and step are two "
    "calls.",
)
def step(X, y, W, c, v, d, lr):
    """Return W, c, v and d after one step of gradient descent."""
    a = X @ W + c
    h = torch.relu(a)
    p = torch.sigmoid(h @ v + d)
    slope_z = (p - y) / len(y)
    slope_a = torch.outer(slope_z, v) * (a > 0)
    W = W - lr * X.T @ slope_a
    c = c - lr * slope_a.sum(dim=0)
    v = v - lr * h.T @ slope_z
    d = d - lr * slope_z.sum()
    return W, c, v, d


@step.mistake
def step_strange(X, y, W, c, v, d, lr):
    """This is still the strange step: v is changed before the slope goes back
    through it, so W and c get slopes that belong to another network. Find all
    slopes first, with the v of the way forward. (old_v = v is a second name for the
    same tensor, and -= changes both.)
    """
    a = X @ W + c
    h = torch.relu(a)
    slope_z = (torch.sigmoid(h @ v + d) - y) / len(y)
    v = v - lr * h.T @ slope_z
    slope_a = torch.outer(slope_z, v) * (a > 0)
    return (
        W - lr * X.T @ slope_a,
        c - lr * slope_a.sum(dim=0),
        v,
        d - lr * slope_z.sum(),
    )


@step.mistake
def step_first_layer_first(X, y, W, c, v, d, lr):
    """W and c are right now, and v is not: you changed W and c, and then calculated
    the hidden answers anew for the slope in v. All slopes belong to the same
    network, the old one.
    """
    a = X @ W + c
    h = torch.relu(a)
    slope_z = (torch.sigmoid(h @ v + d) - y) / len(y)
    slope_a = torch.outer(slope_z, v) * (a > 0)
    W = W - lr * X.T @ slope_a
    c = c - lr * slope_a.sum(dim=0)
    v = v - lr * torch.relu(X @ W + c).T @ slope_z
    return W, c, v, d - lr * slope_z.sum()


@step.mistake
def step_without_fold(X, y, W, c, v, d, lr):
    """Units that are off are moved as well: (a > 0) is missing, or your condition is
    true for them too, as h >= 0 always is. That line of the strange step was right.
    Look at what is changed, and when.
    """
    h = torch.relu(X @ W + c)
    slope_z = (torch.sigmoid(h @ v + d) - y) / len(y)
    slope_a = torch.outer(slope_z, v)
    return (
        W - lr * X.T @ slope_a,
        c - lr * slope_a.sum(dim=0),
        v - lr * h.T @ slope_z,
        d - lr * slope_z.sum(),
    )


@step.mistake
def step_of_sum(X, y, W, c, v, d, lr):
    """You took out the division by len(y). It was right: the loss is the mean over
    the examples, and so is its slope. The fault is in the order of the lines.
    """
    a = X @ W + c
    h = torch.relu(a)
    slope_z = torch.sigmoid(h @ v + d) - y
    slope_a = torch.outer(slope_z, v) * (a > 0)
    return (
        W - lr * X.T @ slope_a,
        c - lr * slope_a.sum(dim=0),
        v - lr * h.T @ slope_z,
        d - lr * slope_z.sum(),
    )


@step.mistake
def step_uphill(X, y, W, c, v, d, lr):
    """You go uphill: all four parameters are moved along their slope. A step goes
    against it: minus lr times the slope. The signs of the strange step were right.
    """
    a = X @ W + c
    h = torch.relu(a)
    slope_z = (torch.sigmoid(h @ v + d) - y) / len(y)
    slope_a = torch.outer(slope_z, v) * (a > 0)
    return (
        W + lr * X.T @ slope_a,
        c + lr * slope_a.sum(dim=0),
        v + lr * h.T @ slope_z,
        d + lr * slope_z.sum(),
    )


@step.mistake
def step_slope_of_sigmoid(X, y, W, c, v, d, lr):
    """You multiplied by p * (1 - p), the slope of the sigmoid. It has cancelled
    already: the slope of the loss in the logit is p - y.
    """
    return _stepped({step_slope_of_sigmoid}, X, y, W, c, v, d, lr)


@step.mistake
def step_divided_twice(X, y, W, c, v, d, lr):
    """On the way back to the hidden units you divided by N once more. slope_z is
    divided already, and all slopes before it get that from it.
    """
    return _stepped({step_divided_twice}, X, y, W, c, v, d, lr)


@step.mistake
def step_mean_for_c(X, y, W, c, v, d, lr):
    """You took the mean for c. The slopes hold the 1/N already, so add them up:
    .sum(dim=0).
    """
    return _stepped({step_mean_for_c}, X, y, W, c, v, d, lr)


@two_of(
    step,
    step_strange,
    step_without_fold,
    step_of_sum,
    step_uphill,
    step_slope_of_sigmoid,
    step_divided_twice,
    step_mean_for_c,
)
def _stepped(slips, X, y, W, c, v, d, lr):
    a = X @ W + c
    h = torch.relu(a)
    p = torch.sigmoid(h @ v + d)
    slope_z = p - y if step_of_sum in slips else (p - y) / len(y)
    if step_slope_of_sigmoid in slips:
        slope_z = slope_z * p * (1 - p)
    rate = -lr if step_uphill in slips else lr
    new_v, new_d = v - rate * h.T @ slope_z, d - rate * slope_z.sum()
    slope_a = torch.outer(slope_z, new_v if step_strange in slips else v)
    if step_without_fold not in slips:
        slope_a = slope_a * (a > 0)
    if step_divided_twice in slips:
        slope_a = slope_a / len(y)
    slope_c = slope_a.sum(dim=0)
    if step_mean_for_c in slips:
        slope_c = slope_c / len(y)
    return W - rate * X.T @ slope_a, c - rate * slope_c, new_v, new_d


@exercise(
    inputs=[
        ([0.9, 0.7, 0.5, 0.6, 0.4, 0.55, 0.65, 0.7], 2),
        ([0.9, 0.7, 0.8, 0.75, 0.3, 0.2, 0.25], 2),
        ([0.9, 0.7, 0.8, 0.75, 0.3, 0.2, 0.25], 3),
        ([0.7, 0.5, 0.5, 0.6, 0.5, 0.1], 3),
        ([0.9, 0.5, 0.6, 0.6, 0.4, 0.6, 0.6, 0.6, 0.1], 2),
        ([0.5, 0.5, 0.6, 0.7, 0.8, 0.9], 2),
        ([0.5, 0.6, 0.7, 0.8, 0.9, 0.3], 2),
        ([0.9, 0.95, 0.7, 0.5, 0.8, 0.3, 0.2], 3),
        ([1.0, 0.8, 0.6, 0.5], 2),
        ([0.5, 0.6, 0.4, 0.7, 0.3], 1),
        ([0.4, 0.5, 0.45, 0.41, 0.2, 0.1], 3),
        ([1.0, 0.8, 0.9, 0.7, 0.75, 0.6, 0.65, 0.66, 0.1], 2),
    ],
    hints=[
        "Go through the losses with `for epoch, loss in enumerate(losses)`, and "
        "remember in `best` the position of the lowest one so far.",
        "How many epochs ago was that? epoch - best.",
        "Stop (break) when epoch - best reaches patience, then return best. Who looks "
        "for the smallest number of the whole list knows the future.",
    ],
    praise="That is early stopping: one honest decision, made with held-out examples.",
)
def keep(losses, patience):
    """Return the position of the lowest loss before patience runs out."""
    kept = 0
    for epoch, loss in enumerate(losses):
        if loss < losses[kept]:
            kept = epoch
        elif epoch - kept >= patience:
            break
    return kept


@keep.mistake
def keep_knowing_the_future(losses, patience):
    """You took the lowest loss of the whole list. But training stops before the
    end: what comes after `patience` epochs without a new lowest loss is never seen.
    """
    return min(range(len(losses)), key=losses.__getitem__)


@keep.mistake
def keep_the_last(losses, patience):
    """You returned the epoch at which training stops. By then the model has been
    getting worse for some epochs. Keep the one with the lowest loss until then.
    """
    best = 0
    for epoch, loss in enumerate(losses):
        if loss < losses[best]:
            best = epoch
        elif epoch - best >= patience:
            break
    return epoch


@keep.mistake
def keep_never_forgiving(losses, patience):
    """You count all epochs without a new lowest loss. They must follow each other: a
    new lowest loss begins the count anew, at 0.
    """
    best = waited = 0
    for epoch in range(1, len(losses)):
        if losses[epoch] < losses[best]:
            best = epoch
        else:
            waited += 1
        if waited == patience:
            break
    return best


@keep.mistake
def keep_the_loss(losses, patience):
    """You returned the lowest loss itself. Its position is asked for, so that one
    knows which of the stored models to take.
    """
    return losses[keep.reference(losses, patience)]


@keep.mistake
def keep_until_it_rises(losses, patience):
    """You stop at the first loss that is not lower than the one before it, as if
    patience were 1. A curve that falls may jump up for an epoch; wait for
    `patience` of them.
    """
    for epoch in range(1, len(losses)):
        if losses[epoch] >= losses[epoch - 1]:
            return epoch - 1
    return len(losses) - 1


@keep.mistake
def keep_counting_rises(losses, patience):
    """You count the epochs that are worse than the one *before*. A loss may fall from
    one epoch to the next and still be above the lowest one: that epoch brings nothing
    new either. Count from the lowest: epoch - best.
    """
    best = worse = 0
    for epoch in range(1, len(losses)):
        if losses[epoch] < losses[best]:
            best = epoch
        worse = worse + 1 if losses[epoch] > losses[epoch - 1] else 0
        if worse == patience:
            break
    return best


@keep.mistake
def keep_counting_no_falls(losses, patience):
    """You count the epochs that are not better than the one *before*. A loss may fall
    from one epoch to the next and still be above the lowest one: that epoch brings
    nothing new either. Count from the lowest: epoch - best.
    """
    best = worse = 0
    for epoch in range(1, len(losses)):
        if losses[epoch] < losses[best]:
            best = epoch
        worse = worse + 1 if losses[epoch] >= losses[epoch - 1] else 0
        if worse == patience:
            break
    return best


@keep.mistake
def keep_later_of_equals(losses, patience):
    """Of two equal losses you keep the later, and so you also wait longer. A new
    lowest loss is one that is *lower*: < and not <=.
    """
    best = 0
    for epoch, loss in enumerate(losses):
        if loss <= losses[best]:
            best = epoch
        elif epoch - best >= patience:
            break
    return best


@keep.mistake
def keep_too_patient(losses, patience):
    """You wait one epoch too long. Stop as soon as `patience` epochs in a row
    brought nothing new: epoch - best >= patience.
    """
    best = 0
    for epoch, loss in enumerate(losses):
        if loss < losses[best]:
            best = epoch
        elif epoch - best > patience:
            break
    return best


@keep.mistake
def keep_impatient(losses, patience):
    """You stop one epoch too early. `patience` epochs without a new lowest loss have to
    go by: stop where epoch - best is patience, not before.
    """
    return _keep({keep_impatient}, losses, patience)


@two_of(
    keep,
    keep_later_of_equals,
    keep_too_patient,
    keep_impatient,
    keep_never_forgiving,
    keep_counting_rises,
    keep_counting_no_falls,
    keep_the_loss,
    keep_the_last,
)
def _keep(slips, losses, patience):
    patience += (keep_too_patient in slips) - (keep_impatient in slips)
    best = waited = epoch = 0
    for epoch in range(1, len(losses)):
        loss, before = losses[epoch], losses[epoch - 1]
        new = loss < losses[best]
        if keep_later_of_equals in slips:
            new = loss <= losses[best]
        idle = not new
        if keep_counting_rises in slips:
            idle = loss > before
        if keep_counting_no_falls in slips:
            idle = loss >= before
        best = epoch if new else best
        if idle:
            waited += 1
        elif keep_never_forgiving not in slips:
            waited = 0
        if waited >= patience:
            break
    found = epoch if keep_the_last in slips else best
    return losses[found] if keep_the_loss in slips else found


def _forward(X, W, c, v, d):
    return torch.relu(X @ W + c) @ v + d


def _moved(numbers, slopes_, lr):
    return [n - lr * s for n, s in zip(numbers, slopes_, strict=True)]


def _steps(X, y, numbers, lr, n_steps, loss_of=F.binary_cross_entropy_with_logits):
    """Return the numbers after steps against the slope of a loss of logits and y."""
    numbers = [n.detach().clone().requires_grad_() for n in numbers]
    for _ in range(n_steps):
        loss = loss_of(_forward(X, *numbers), y)
        found = torch.autograd.grad(loss, numbers)
        numbers = [n.detach().requires_grad_() for n in _moved(numbers, found, lr)]
    return tuple(n.detach() for n in numbers)


@exercise(
    given={**MANY, "lr": "rate", "n_steps": "size"},
    steps=("W", "c", "v", "d"),
    slopes=False,
    hints=[
        "The four lines of training, n_steps times, on copies of the four tensors: "
        ".clone().requires_grad_().",
        "After a step the new numbers have to begin without a history: .detach(), then "
        ".requires_grad_() again.",
        "Or put copies into torch.optim.SGD([W, c, v, d], lr=lr) and call zero_grad, "
        "backward and step. Return them detached.",
    ],
    praise="Give it the pictures and their negatives, and it solves the riddle.",
)
def fit(X, y, W, c, v, d, lr, n_steps):
    """Return W, c, v and d after some steps of gradient descent."""
    numbers = [n.clone().requires_grad_() for n in (W, c, v, d)]
    optimizer = torch.optim.SGD(numbers, lr=lr)
    for _ in range(n_steps):
        W, c, v, d = numbers
        z = torch.relu(X @ W + c) @ v + d
        optimizer.zero_grad()
        loss = F.binary_cross_entropy_with_logits(z, y)
        loss.backward()
        optimizer.step()
    return tuple(n.detach() for n in numbers)


@fit.mistake
def fit_without_zero_grad(X, y, W, c, v, d, lr, n_steps):
    """The slopes of all steps add up: `backward` adds to what is in .grad already.
    Clear it before each step, with optimizer.zero_grad().
    """
    numbers = [n.clone().requires_grad_() for n in (W, c, v, d)]
    optimizer = torch.optim.SGD(numbers, lr=lr)
    for _ in range(n_steps):
        F.binary_cross_entropy_with_logits(_forward(X, *numbers), y).backward()
        optimizer.step()
    return tuple(n.detach() for n in numbers)


@fit.mistake
def fit_one_step_too_few(X, y, W, c, v, d, lr, n_steps):
    """You make one step too few. range(n_steps) goes from 0 to n_steps - 1, and
    these are n_steps steps.
    """
    return _steps(X, y, (W, c, v, d), lr, n_steps - 1)


@fit.mistake
def fit_one_step_too_many(X, y, W, c, v, d, lr, n_steps):
    """You make one step more than n_steps. range(n_steps) counts n_steps of them,
    because it begins with 0.
    """
    return _steps(X, y, (W, c, v, d), lr, n_steps + 1)


@fit.mistake
def fit_of_sum(X, y, W, c, v, d, lr, n_steps):
    """You added the losses of the examples up. The loss is their mean; with the
    sum, a step is N times as long, and the right lr depends on how many examples
    there are.
    """
    return _steps(
        X,
        y,
        (W, c, v, d),
        lr,
        n_steps,
        lambda z, y: F.binary_cross_entropy_with_logits(z, y, reduction="sum"),
    )


@fit.mistake
def fit_sigmoid_twice(X, y, W, c, v, d, lr, n_steps):
    """One sigmoid too many: binary_cross_entropy_with_logits takes logits and
    applies the sigmoid itself. What goes in ends in `@ v + d`.
    """
    return _steps(
        X,
        y,
        (W, c, v, d),
        lr,
        n_steps,
        lambda z, y: F.binary_cross_entropy_with_logits(z.sigmoid(), y),
    )


@fit.mistake
def fit_last_layer_only(X, y, W, c, v, d, lr, n_steps):
    """Only the last layer learns; W and c come back as they were. The folds have to
    move as well: all four belong into the optimizer (or into the list of slopes).
    """
    numbers = [v.clone().requires_grad_(), d.clone().requires_grad_()]
    optimizer = torch.optim.SGD(numbers, lr=lr)
    for _ in range(n_steps):
        optimizer.zero_grad()
        z = _forward(X, W, c, *numbers)
        F.binary_cross_entropy_with_logits(z, y).backward()
        optimizer.step()
    return W.clone(), c.clone(), *(n.detach() for n in numbers)


@fit.mistake
def fit_without_fold(X, y, W, c, v, d, lr, n_steps):
    """The ReLU is missing between the two layers. Without it they are one linear
    layer, and no line parts the pictures from their negatives.
    """
    numbers = [n.clone().requires_grad_() for n in (W, c, v, d)]
    optimizer = torch.optim.SGD(numbers, lr=lr)
    for _ in range(n_steps):
        W, c, v, d = numbers
        optimizer.zero_grad()
        z = (X @ W + c) @ v + d
        F.binary_cross_entropy_with_logits(z, y).backward()
        optimizer.step()
    return tuple(n.detach() for n in numbers)


@fit.mistake
def fit_uphill(X, y, W, c, v, d, lr, n_steps):
    """The loss rises: the numbers are moved along the slope. Downhill is against
    it, so it is minus lr times the slope.
    """
    return _steps(X, y, (W, c, v, d), -lr, n_steps)


@fit.mistake
def fit_slopes_of_the_start(X, y, W, c, v, d, lr, n_steps):
    """The slopes are calculated once, before the loop, so all steps go the same way.
    After a step they are others: calculate loss and slopes anew in each round.
    """
    numbers = [n.clone().requires_grad_() for n in (W, c, v, d)]
    loss = F.binary_cross_entropy_with_logits(_forward(X, *numbers), y)
    found = torch.autograd.grad(loss, numbers)
    return tuple(
        n.detach() - lr * n_steps * s for n, s in zip(numbers, found, strict=True)
    )


@two_of(
    fit,
    fit_one_step_too_few,
    fit_one_step_too_many,
    fit_of_sum,
    fit_sigmoid_twice,
    fit_without_fold,
    fit_uphill,
    fit_without_zero_grad,
)
def _fit(slips, X, y, W, c, v, d, lr, n_steps):
    n_steps += (fit_one_step_too_many in slips) - (fit_one_step_too_few in slips)
    numbers = [n.clone().requires_grad_() for n in (W, c, v, d)]
    rate = -lr if fit_uphill in slips else lr
    for _ in range(n_steps):
        W, c, v, d = numbers
        h = X @ W + c if fit_without_fold in slips else torch.relu(X @ W + c)
        z = h @ v + d
        z = z.sigmoid() if fit_sigmoid_twice in slips else z
        reduction = "sum" if fit_of_sum in slips else "mean"
        F.binary_cross_entropy_with_logits(z, y, reduction=reduction).backward()
        with torch.no_grad():
            for n in numbers:
                n -= rate * n.grad
                if fit_without_zero_grad not in slips:
                    n.grad = None
    return tuple(n.detach() for n in numbers)


# Questions ----------------------------------------------------------------------

warm_up = WarmUp("lab06", lab04.slope, lab05.middle, lab02.undecided)

negatives = choice(
    "lab06.negatives",
    "The machine of lab 4, a weight for each of the 64 pixels and a bias, starts from "
    "zeros and is trained on 200 pictures. Another starts from zeros and is trained on "
    "these 200 and their negatives. How does that one end?",
    right="c",
    because="A pixel whose ink speaks for a 1 in the pictures speaks just as strongly "
    "for a 0 in the negatives. So the slopes cancel at the start, pixel by pixel, and "
    "nothing ever moves. The loss is ln 2, and p is one half everywhere.",
    a=(
        "Nearly as well as without: it has twice as many examples.",
        "More examples help if they point the same way. Each negative pulls every "
        "weight to where its picture pulls it away from.",
    ),
    b=(
        "It reads the pictures well, and all negatives wrongly.",
        "Training looks at all 400. Weights that suit the pictures cost as much with "
        "the negatives, and more: being sure and wrong is dear.",
    ),
    c="It does not learn anything: each answer is that of a coin.",
)

unit_value = number(
    "lab06.unit_value",
    "A unit calculates relu(centre - rim). A 1 has ink 0.9 in the centre and 0.2 on "
    "the rim. What does the unit answer to the *negative* of this 1?",
    right=0,
    because="The negative has 0.1 in the centre and 0.8 on the rim. The sum is -0.7, "
    "and relu makes 0 of it: this unit is off. To the picture itself it answers 0.7.",
    wrong={
        0.7: "That is its answer to the picture. In the negative centre and rim are 1 "
        "- 0.9 and 1 - 0.2.",
        -0.7: "That is the sum. Behind it comes the fold: what is negative becomes 0.",
        0.3: "1 minus 0.7: but the inputs are turned round, not the answer. They are "
        "0.1 and 0.8.",
    },
    otherwise="First the negative's ink: 1 - 0.9 and 1 - 0.2. Then the difference, "
    "then the fold.",
    tolerance=0.01,
)

two_units = choice(
    "lab06.two_units",
    "Unit 1 is relu(centre - rim), unit 2 is relu(rim - centre). The last machine "
    "takes 10 times unit 1, plus 10 times unit 2, minus 3.5. Which pictures get a "
    "positive logit?",
    right="b",
    because="Only one of the two units is ever on, and it answers by how much centre "
    "and rim differ. Ten times that is more than 3.5 if they differ by more than 0.35.",
    a=(
        "Those with much ink in the centre.",
        "Unit 1 alone comes near to that. Unit 2 adds those with little ink there and "
        "much on the rim.",
    ),
    b="Those where centre and rim differ by more than 0.35, either way.",
    c=(
        "None or all: the two units cancel each other.",
        "The *sums* would cancel: (centre - rim) + (rim - centre) = 0. But the folds "
        "stand in between, and what is negative does not count.",
    ),
)

border = choice(
    "lab06.border",
    "A network has two inputs and a single hidden unit. Its border is where the "
    "logit, v times the unit plus d, is 0. Which shapes can the border have?",
    right="a",
    because="The logit is 0 where the unit has one certain answer, -d / v. It has "
    "that on a straight line beside its fold, and nowhere else; or nowhere at all, if "
    "-d / v is negative. One unit is no more than logistic regression.",
    a="A straight line, or there is none.",
    b=(
        "A line with one bend, because there is one fold.",
        "The sheet is folded, and the border is the line where it has a certain "
        "height. Along the fold the height does not change, so this line runs "
        "straight beside it.",
    ),
    c=(
        "Two parallel lines, one on each side of the fold.",
        "On one side of the fold the unit is 0 everywhere, so nothing changes there.",
    ),
)

closed = number(
    "lab06.closed",
    "The logit is positive inside a closed border, like a field in a fence, and the "
    "input is a point in the plane. How many hidden units are needed at least?",
    right=3,
    because="With two units there is always a direction in which neither pushes the "
    "logit down. Walk that way, and you never leave the field. Three, pushing from "
    "three sides, close it.",
    wrong={
        1: "One unit cuts off one half of the plane. In all other directions the field "
        "has no end.",
        2: "With two units it is a wedge or a strip, and both go on without end.",
        4: "Four work, one for each side of a square. But one less is enough.",
    },
    otherwise="Each unit cuts off one side. How few straight sides can a field have?",
)

without_fold = choice(
    "lab06.without_fold",
    "A layer from 64 pixels to 50 units, and one from 50 units to the logit, and "
    "nothing in between. It is trained on pictures and negatives. What does it learn?",
    right="b",
    because="A weighted sum of weighted sums is a weighted sum of the pixels: (XA)B = "
    "X(AB), and AB is one table of 64 weights. It has 3,301 numbers to learn with, and "
    "says nothing that 65 cannot say.",
    a=(
        "To read both, with so many units.",
        "Each unit is a weighted sum of pixels, and so is a sum of 50 of them. Their "
        "number does not help.",
    ),
    b="As much as the machine of lab 4: nothing.",
    c=(
        "Less than with the fold, but more than the machine of lab 4.",
        "It can say exactly what that machine can say, and nothing more.",
    ),
)

chain = number(
    "lab06.chain",
    "a = 3w, L = a². Where w = 1: what is the slope of L in w, that is, how fast does "
    "L change when w does?",
    right=18,
    because="At w = 1, a is 3. L changes 2a = 6 times as fast as a, and a changes 3 "
    "times as fast as w. Together 6 times 3. Gears multiply.",
    wrong={
        9: "That is L itself (or the two slopes added up). Here they have to be "
        "multiplied.",
        6: "That is the slope of L in a. But a itself changes 3 times as fast as w.",
        3: "That is the slope of a in w. L changes 2a times as fast as a.",
        2: "The square has slope 2 at 1. But it is a that is squared, and a is 3 "
        "there; then comes the factor 3.",
    },
    otherwise="Slope of L in a, at a = 3, times slope of a in w.",
    tolerance=0.01,
)

paths = number(
    "lab06.paths",
    "u = x + 1, v = 2x, and L is u times v. Where x = 1: what is the slope of L in x?",
    right=6,
    because="By way of u: 1, times v = 2. By way of v: 2, times u = 2, which is 4. The "
    "two ways together make 6.",
    wrong={
        2: "That is the way by u alone: 1 times v. Add the way by v.",
        4: "That is L itself, or the way by v alone: 2 times u. Add the way by u.",
        8: "You multiplied the two ways. Along a way slopes multiply; the ways add up.",
    },
    otherwise="If only u moves, L moves v times as fast; if only v moves, u times as "
    "fast. u moves as fast as x, and v twice as fast.",
    tolerance=0.01,
)

first_weight = number(
    "lab06.first_weight",
    "The network of the table: x = 2, a = 1.5, v = 2, p - y = -0.5. What is the slope "
    "of the loss in w?",
    right=-2,
    because="-0.5 at the logit, times v = 2 makes -1 at h; the unit is on, so -1 at "
    "a; times x = 2, because a = wx + c. So if w rises by a little, the loss falls by "
    "twice as much.",
    wrong={
        -1: "That is the slope in a (and in c). a = wx + c changes x = 2 times as "
        "fast as w.",
        2: "The size is right. The sign: p is below y, so the loss falls when the "
        "logit rises, and w raises the logit.",
        -0.75: "That is the slope in v: (p - y) times h. On the way to w you pass v, "
        "the fold, and x.",
        -1.5: "Once too often 1.5: on the way to w you multiply with v, with 1 for the "
        "fold, and with x = 2, but not with h.",
        -0.5: "That is the slope in the logit (and in d). On go: times v, times 1 for "
        "the fold, times x.",
    },
    otherwise="(p - y), times v, times 1 for the fold, times x.",
    tolerance=0.01,
)

same_start = choice(
    "lab06.same_start",
    "Eight hidden units start alike: each has the same weights, the same bias, and the "
    "same weight in the last layer, none of them 0. What are they like after training?",
    right="c",
    because="Equal units give equal answers, get equal slopes, and make equal steps. "
    "Nothing ever tells them apart: eight units are worth one. Here it tells one of "
    "the four kinds of pictures from the others, and three of four is the best it can "
    "do.",
    a=(
        "Different: training lets each find its own task.",
        "What would tell one from the other? Each gets exactly the same slope in each "
        "step.",
    ),
    b=(
        "As at the start: their slopes are 0.",
        "That happens if all weights are 0: no slope gets through a weight v of 0. "
        "Here they are not 0, and all units move, side by side.",
    ),
    c="Still all alike.",
)

two_or_eight = choice(
    "lab06.two_or_eight",
    "Two units can do it: we set their weights by hand. Now networks with two units, "
    "and with eight, are trained from four random starts each. Which of them read "
    "pictures and negatives well?",
    right="b",
    because="With two units everything depends on where their folds begin: often both "
    "go for the same kind of picture, and no small step leads out. With eight there "
    "are nearly always some in the right place. More units are more tickets in a "
    "lottery.",
    a=(
        "All of them: two are enough, and training finds the weights.",
        "That good weights exist does not mean that a walk downhill from any start "
        "leads to them.",
    ),
    b="Those with eight; of those with two some do, and others get stuck.",
    c=(
        "Those with two: eight have too many numbers for 400 examples.",
        "Eight units have 529 numbers and could learn by heart, but they also find the "
        "right folds more easily. The held-out pictures decide.",
    ),
)

held_out = choice(
    "lab06.held_out",
    "60 points, 64 units, 900 steps. The training loss falls all the time. What does "
    "the loss of the held-out points do?",
    right="a",
    because="At first the network learns what all points of this source have in "
    "common, and that helps with new ones. Then only accidents of the sixty are left "
    "to learn, and being sure of accidents is dear.",
    a="It falls at first, then it rises.",
    b=(
        "It falls, too, but stays a little above.",
        "So it is while there is something in common to be learned. But the points "
        "overlap. What the network then learns of the sixty does not hold for new "
        "ones, and it is sure of it.",
    ),
    c=(
        "It rises from the start, because these points are never learned.",
        "They come from the same source, so the first steps help them as well.",
    ),
)

first_adam_step = several(
    "lab06.first_adam_step",
    "Adam makes its first step, with learning rate 0.1. Which statements are true?",
    right="ac",
    because="In the first step both means, made fair, are the slope and its square, "
    "and slope / root of its square is 1 or -1. The step is lr long in each "
    "parameter: the size of the slope does not count, only its sign.",
    a=(
        "Each parameter moves by very nearly 0.1, if its slope is not 0.",
        "Slope divided by the root of its square is 1 or -1, times lr.",
    ),
    b=(
        "A parameter with ten times the slope moves ten times as far.",
        "In plain gradient descent it does. Adam divides by the size of the slope.",
    ),
    c=(
        "With the loss multiplied by 1000 the step would be the same.",
        "All slopes are 1000 times as large then, and their size is divided out.",
    ),
)
