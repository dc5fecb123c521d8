"""Exercises of lab 12, the bug clinic: its cases, and what one measures with."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_utils.exercises import cases, clinic, lab02, lab05, lab06, more_cases
from course_utils.exercises.checks import exercise
from course_utils.exercises.fixtures import Case, GradientWatch
from course_utils.exercises.pairs import two_of
from course_utils.exercises.questions import WarmUp

warm_up = WarmUp("lab12", lab02.coin, lab05.shapes, lab06.paths)

ALL = cases.CASES + more_cases.CASES
# Those that the lab asks; the others are dealt.
case01, case02, case03, case04, case05 = cases.CASES[:5]
case06, case07, case08, case09, case10 = cases.CASES[5:10]

deal = clinic.Deal(ALL)


def case(number: int, seed: int = 0) -> clinic.Case:
    """Return a case, with the data and the start of a seed."""
    return ALL[number - 1].with_seed(seed)


def score() -> None:
    """Print for each case what was right: fault, measurement, mend."""
    clinic.score(ALL)


@case10.exercise.mistake
def keep_best_and_its_validation(logits_val, y_val, logits_test, y_test):
    """You report the share of the validation images. They chose the model, so the luck
    is in that share: report what the chosen one has on the test.
    """
    shares = [
        (logits.argmax(dim=1) == y_val).float().mean().item() for logits in logits_val
    ]
    return shares.index(max(shares)), max(shares)


# Exercises ----------------------------------------------------------------------


def _steps(model, X, y, n_steps, lr=1.0, scale=1.0):
    """Train a model without any optimizer and return the losses."""
    losses = []
    for _ in range(n_steps):
        loss = F.cross_entropy(model(X), y)
        slopes = torch.autograd.grad(loss, [*model.parameters()])
        with torch.no_grad():
            for parameter, slope in zip(model.parameters(), slopes, strict=True):
                parameter -= scale * lr * slope
        losses.append(loss.item())
    return losses


train = exercise(
    inputs=case01.inputs,
    slopes=False,
    hints=[
        "Which of the four lines of training is not there?",
        "`backward` adds. Whoever wants the slope of this step alone has to clear what "
        "is there, once in each step, and before `backward`.",
    ],
    praise="Zero, loss, backward, step: the order that all labs keep.",
)(case01.mended)


@train.mistake
def train_as_before(model, X, y, n_steps):
    """This is still the faulty one: the slopes of earlier steps are never cleared.
    `backward` adds, so clear them once in each step: optimizer.zero_grad().
    """
    return case01.faulty(model, X, y, n_steps)


@train.mistake
def train_standing_still(model, X, y, n_steps):
    """The weights never move. Either a step is missing, or the slopes are cleared after
    `backward` and before `step`: then each step has length 0.
    """
    return [F.cross_entropy(model(X), y)] * n_steps


@train.mistake
def train_judged_later(model, X, y, n_steps):
    """Each loss is the one after its step. The exercise asks for the loss before it,
    the one whose slope the step follows; it is there already.
    """
    losses = []
    for _ in range(n_steps):
        _steps(model, X, y, 1)
        with torch.no_grad():
            losses.append(F.cross_entropy(model(X), y).item())
    return losses


@train.mistake
def train_uphill(model, X, y, n_steps):
    """The loss rises from the first step on: the weights are moved along the slope,
    and downhill is against it.
    """
    return _steps(model, X, y, n_steps, scale=-1.0)


@train.mistake
def train_with_smaller_steps(model, X, y, n_steps):
    """You made the learning rate smaller, a tenth of what it was. Then the steps are
    short, and the rolling ball is only hidden. The learning rate was all right.
    """
    return _steps(model, X, y, n_steps, lr=0.1)


class _SizeWatch(nn.Module):
    """A layer that changes nothing and notes whether it got too many images at once."""

    note = "the model got more than batch_size images in one call: go batch by batch"

    def __init__(self, batch_size: int) -> None:
        super().__init__()
        self.batch_size = batch_size
        self.register_buffer("too_many", torch.tensor(0.0))

    def forward(self, x: Tensor) -> Tensor:
        self.too_many += len(x) > self.batch_size
        return x


def _watched(seed: int, batch_size: int) -> nn.Module:
    layers = _SizeWatch(batch_size), cases.linear(seed), GradientWatch()
    return nn.Sequential(*layers)


@exercise(
    inputs=lambda: [
        (_watched(s, size), *cases.digits(s, n), size)
        for s, (n, size) in enumerate([(21, 5), (13, 4), (9, 2), (12, 4), (5, 8)])
    ],
    slopes=False,
    hints=[
        "A batch with 5 images has to count five times as much as a batch with one.",
        "So add up loss times number of images, and at the end divide by the number of "
        "all images. How many images does a batch hold? Not always batch_size.",
    ],
    praise="The mean over the images, whatever the batches are.",
)
def mean_loss(model, X, y, batch_size):
    """Return the mean loss over all images, calculated batch by batch."""
    total = 0.0
    with torch.no_grad():
        for i in range(0, len(X), batch_size):
            logits = model(X[i : i + batch_size])
            loss = F.cross_entropy(logits, y[i : i + batch_size])
            total += loss.item() * len(logits)
    return total / len(X)


def _by_batch(model, X, y, batch_size):
    """Return losses and sizes of the batches."""
    with torch.no_grad():
        return [
            (F.cross_entropy(model(X[i : i + batch_size]), part).item(), len(part))
            for i in range(0, len(X), batch_size)
            for part in [y[i : i + batch_size]]
        ]


@mean_loss.mistake
def mean_loss_as_before(model, X, y, batch_size):
    """This is still the mean of batch means: a short last batch counts as much as a
    full one. Each batch has to count as often as it has images.
    """
    parts = _by_batch(model, X, y, batch_size)
    return sum(loss for loss, _ in parts) / len(parts)


@mean_loss.mistake
def mean_loss_all_full(model, X, y, batch_size):
    """You multiply each loss by batch_size. The last batch has fewer images, and there
    it counts too much: take len(logits).
    """
    return sum(p[0] for p in _by_batch(model, X, y, batch_size)) * batch_size / len(X)


@mean_loss.mistake
def mean_loss_divided_by_full(model, X, y, batch_size):
    """You divide by the number of batches times batch_size, as if the last batch were
    full. The images are len(X), and often fewer.
    """
    parts = _by_batch(model, X, y, batch_size)
    return sum(loss * n for loss, n in parts) / (len(parts) * batch_size)


@mean_loss.mistake
def mean_loss_last_left_out(model, X, y, batch_size):
    """You leave the short last batch out. Then some images never count. In training
    that may be wanted, but not where a data set is judged.
    """
    parts = [p for p in _by_batch(model, X, y, batch_size) if p[1] == batch_size]
    return sum(a * b for a, b in parts) / max(1, sum(b for _, b in parts))


@mean_loss.mistake
def mean_loss_not_divided(model, X, y, batch_size):
    """This is the sum over all images, and so it grows with their number. Divide it by
    len(X) at the end.
    """
    return sum(loss * n for loss, n in _by_batch(model, X, y, batch_size))


@mean_loss.mistake
def mean_loss_divided_by_batches(model, X, y, batch_size):
    """You multiply by the sizes, and then divide by the number of *batches*. What was
    added up are images: divide by len(X).
    """
    parts = _by_batch(model, X, y, batch_size)
    return sum(loss * n for loss, n in parts) / len(parts)


@mean_loss.mistake
def mean_loss_sum_of_means(model, X, y, batch_size):
    """You added up the mean losses of the batches, and divided by the number of images.
    A mean has to be multiplied by the size of its batch before it is added.
    """
    return sum(loss for loss, _ in _by_batch(model, X, y, batch_size)) / len(X)


@mean_loss.mistake
def mean_loss_last_lost(model, X, y, batch_size):
    """The images of the short last batch never count, and you divide by the number of
    all. Go on to the end: range(0, len(X), batch_size), and a short slice is allowed.
    """
    return _mean_loss({mean_loss_last_lost}, model, X, y, batch_size)


@two_of(
    mean_loss,
    mean_loss_last_lost,
    mean_loss_last_left_out,
    mean_loss_as_before,
    mean_loss_all_full,
    mean_loss_not_divided,
    mean_loss_divided_by_batches,
    mean_loss_sum_of_means,
)
def _mean_loss(slips, model, X, y, batch_size):
    parts = _by_batch(model, X, y, batch_size)
    n = len(X)
    if {mean_loss_last_lost, mean_loss_last_left_out} & {*slips}:
        parts = [p for p in parts if p[1] == batch_size]
    if mean_loss_last_left_out in slips:
        n = max(1, sum(size for _, size in parts))
    if {mean_loss_as_before, mean_loss_sum_of_means} & {*slips}:
        parts = [(loss, 1) for loss, _ in parts]
    if mean_loss_all_full in slips:
        parts = [(loss, batch_size) for loss, _ in parts]
    if {mean_loss_as_before, mean_loss_divided_by_batches} & {*slips}:
        n = max(1, len(parts))
    total = sum(loss * size for loss, size in parts)
    return total if mean_loss_not_divided in slips else total / n


@exercise(
    inputs=[
        ([2.31, 1.2, 0.4], 10),
        ([2.29, 2.28, 2.30], 10),
        ([1.11, 1.4, 2.8], 3),
        ([2.31, 1.2, 0.4], 3),
        ([0.69, 0.69, 0.69], 2),
        ([0.70, 0.55, 0.31], 2),
        ([2.30, 9.1, float("nan")], 10),
        ([-0.1, -0.5, -0.9], 10),
        ([1.10, 1.3, 1.06], 3),
        ([3.32, 1.0, 0.2], 10),
        ([2.31, 2.5, 2.40], 10),
        ([1.38, 0.9, 1.38], 4),
        ([4.6, 3.1, 2.9], 100),
        ([2.0, 1.0, 0.5], 100),
        ([1.0, 0.8, 0.4], 2),
        ([4.0, 5.0, 6.0], 10),
        ([2.45, 1.9, 1.1], 10),
        ([0.78, 0.5, 0.2], 2),
        ([0.62, 0.4, 0.3], 2),
        ([4.9, 4.91, 4.9], 10),
        ([2.3, 3.0, 1.0], 10),
        ([1.1, 1.5, 0.6], 3),
    ],
    hints=[
        "Go through the answers in the order in which they are listed, and return as "
        "soon as one of them holds.",
        "An undecided model has loss math.log(n_classes). Compare abs(first - "
        "that) with a tenth of it.",
        "A comparison with nan is always False. So ask whether the last loss is *not* "
        "at most the limit, or use math.isnan.",
    ],
    praise="Three numbers of a log, and you know where to look first.",
)
def first_look(losses, n_classes):
    """Say in one word what the log of a training run shows."""
    first, last = losses[0], losses[-1]
    undecided = math.log(n_classes)
    if abs(first - undecided) > 0.1 * undecided:
        return "start"
    if math.isnan(last) or last > 1.02 * first:
        return "diverges"
    if last > 0.98 * first:
        return "stuck"
    return "falls"


def _looked(slips, losses, n_classes):
    first, last = losses[0], losses[-1]
    undecided = math.log(n_classes)
    if first_look_base_two in slips:
        undecided = math.log2(n_classes)
    if first_look_at_k in slips:
        undecided = n_classes
    off = first - undecided
    if first_look_from_above not in slips:
        off = abs(off)
    start = off > (0.1 if first_look_by_a_tenth_of_one in slips else 0.1 * undecided)
    judged = max(losses) if first_look_at_the_largest in slips else last
    diverges = judged > 1.02 * first
    if first_look_without_nan not in slips:
        diverges = diverges or math.isnan(last)
    found = {"start": start, "diverges": diverges, "stuck": last > 0.98 * first}
    order = ["start", "diverges", "stuck"]
    if first_look_stuck_before_diverges in slips:
        order = ["start", "stuck", "diverges"]
    if first_look_at_the_end_first in slips:
        order = [*order[1:], "start"]
    return next((word for word in order if found[word]), "falls")


@first_look.mistake
def first_look_base_two(losses, n_classes):
    """You took a logarithm of base 2. The loss counts in nats, with the natural
    logarithm: math.log.
    """
    return _looked({first_look_base_two}, losses, n_classes)


@first_look.mistake
def first_look_by_a_tenth_of_one(losses, n_classes):
    """You took 0.1 as the limit of the first loss. The limit is a tenth of log K: 0.23
    for ten classes, and 0.07 for two.
    """
    return _looked({first_look_by_a_tenth_of_one}, losses, n_classes)


@first_look.mistake
def first_look_at_k(losses, n_classes):
    """You compared the first loss with the number of classes. An undecided model gives
    each class p = 1/K, and the surprise of that is math.log(K).
    """
    return _looked({first_look_at_k}, losses, n_classes)


@first_look.mistake
def first_look_from_above(losses, n_classes):
    """You notice a first loss that is too large, but none that is too small. A negative
    one, or one far below log K, is just as strange: take abs().
    """
    return _looked({first_look_from_above}, losses, n_classes)


@first_look.mistake
def first_look_without_nan(losses, n_classes):
    """A last loss of nan got through: every comparison with nan is False. Ask for it by
    itself, with math.isnan.
    """
    return _looked({first_look_without_nan}, losses, n_classes)


@first_look.mistake
def first_look_at_the_end_first(losses, n_classes):
    """You looked at the end of the log before its start. A first loss that is far from
    log K is to be reported first, whatever comes later.
    """
    return _looked({first_look_at_the_end_first}, losses, n_classes)


@first_look.mistake
def first_look_stuck_before_diverges(losses, n_classes):
    """You ask for "stuck" before "diverges". But a last loss above 1.02 times the first
    is above 0.98 times as well: keep the order of the list.
    """
    return _looked({first_look_stuck_before_diverges}, losses, n_classes)


@first_look.mistake
def first_look_at_the_largest(losses, n_classes):
    """You judge by the largest loss. A bump on the way is no divergence, if the loss
    has fallen again: compare the last one with the first.
    """
    return _looked({first_look_at_the_largest}, losses, n_classes)


two_of(
    first_look,
    first_look_by_a_tenth_of_one,
    first_look_base_two,
    first_look_at_k,
    first_look_from_above,
    first_look_without_nan,
    first_look_at_the_end_first,
    first_look_stuck_before_diverges,
    first_look_at_the_largest,
)(_looked)


class _Idle(nn.Module):
    """A model with a layer that plays no part, and perhaps with old slopes."""

    def __init__(self, seed: int, *, used: bool = False) -> None:
        super().__init__()
        self.seed, self.used = seed, used
        self.first, self.idle = cases.linear(seed, 5), cases.linear(seed + 1, 5)
        self.last = cases.linear(seed + 2, 10, 5)
        if used:  # somebody called backward() before, and no step
            self(cases.digits(seed, 4)[0]).sum().backward()

    def __deepcopy__(self, memo):
        memo[id(self)] = other = _Idle(self.seed, used=self.used)
        other.load_state_dict(self.state_dict())
        return other.train(self.training)

    def forward(self, X):
        return self.last(torch.relu(self.first(X)))


@exercise(
    inputs=lambda: [
        (cases.linear(0), *cases.digits(0, 20)),
        (cases.network(1, n_hidden=4), *cases.digits(1, 15)),
        (_Idle(2), *cases.digits(2, 12)),
        (_Idle(3, used=True), *cases.digits(3, 9)),
        (cases.network(4, n_hidden=3), *cases.digits(4, 8)),
    ],
    slopes=False,
    hints=[
        "torch.autograd.grad(loss, list(model.parameters()), allow_unused=True) "
        "returns "
        "the slopes and leaves .grad alone.",
        "A parameter that plays no part has the slope None: give 0.0 for it. Of the "
        "others take .norm().item().",
    ],
    praise="A 0.0 in this list is a part of the model that cannot learn.",
)
def slope_norms(model, X, y):
    """Return the norm of the slope of the loss in each parameter."""
    loss = F.cross_entropy(model(X), y)
    slopes = torch.autograd.grad(loss, list(model.parameters()), allow_unused=True)
    return [0.0 if slope is None else slope.norm().item() for slope in slopes]


def _slopes(model, X, y, **options):
    loss = F.cross_entropy(model(X), y, **options)
    slopes = torch.autograd.grad(loss, [*model.parameters()], allow_unused=True)
    parameters = model.parameters()
    return [
        torch.zeros_like(p) if s is None else s
        for p, s in zip(parameters, slopes, strict=True)
    ]


@slope_norms.mistake
def slope_norms_without_idle(model, X, y):
    """You left out the parameters that play no part, so nobody knows which number
    belongs to which. Give 0.0 for a slope that is None.
    """
    used = [s.norm().item() for s in _slopes(model, X, y)]
    return [number for number in used if number]


@slope_norms.mistake
def slope_norms_on_top(model, X, y):
    """Right for a fresh model. But backward() adds to what is in .grad already. Empty
    it first, with model.zero_grad().
    """
    old = [p.grad for p in model.parameters()]
    slopes = zip(_slopes(model, X, y), old, strict=True)
    return [(s if o is None else s + o).norm().item() for s, o in slopes]


@slope_norms.mistake
def slope_norms_squared(model, X, y):
    """You added up the squares and did not take the root: these are the norms squared.
    .norm() does both.
    """
    return [(s**2).sum().item() for s in _slopes(model, X, y)]


@slope_norms.mistake
def slope_norms_of_weights(model, X, y):
    """These are the norms of the parameters themselves. How long their *slopes* are
    tells whether they learn.
    """
    return [p.norm().item() for p in model.parameters()]


@slope_norms.mistake
def slope_norms_of_sum(model, X, y):
    """You took the sum of the losses. The loss is their mean, and with a sum the slopes
    are N times as long.
    """
    return [s.norm().item() for s in _slopes(model, X, y, reduction="sum")]


@slope_norms.mistake
def slope_norms_mean(model, X, y):
    """You took the mean of the absolute values. It shrinks with the number of weights;
    the norm is the root of the sum of squares.
    """
    return [s.abs().mean().item() for s in _slopes(model, X, y)]


@slope_norms.mistake
def slope_norms_of_sizes(model, X, y):
    """You added up the sizes of the slopes. The norm is the root of the sum of their
    *squares*: .norm() does it.
    """
    return [s.abs().sum().item() for s in _slopes(model, X, y)]


@slope_norms.mistake
def slope_norms_squared_on_top(model, X, y):
    """Two things. You did not take the root: these are the norms squared. And
    backward() adds to what is in .grad already: empty it first, with model.zero_grad().
    """
    return [norm**2 for norm in slope_norms_on_top(model, X, y)]


@slope_norms.mistake
def slope_norms_of_sum_on_top(model, X, y):
    """Two things. The loss is a mean, and you took the sum. And backward() adds to what
    is in .grad already: empty it first, with model.zero_grad().
    """
    old = [p.grad for p in model.parameters()]
    slopes = zip(_slopes(model, X, y, reduction="sum"), old, strict=True)
    return [(s if o is None else s + o).norm().item() for s, o in slopes]


@two_of(
    slope_norms,
    slope_norms_of_sum,
    slope_norms_squared,
    slope_norms_mean,
    slope_norms_of_sizes,
    slope_norms_without_idle,
)
def _norms(slips, model, X, y):
    reduction = "sum" if slope_norms_of_sum in slips else "mean"
    norms = []
    for s in _slopes(model, X, y, reduction=reduction):
        norm = s.norm()
        if slope_norms_squared in slips:
            norm = norm**2
        if slope_norms_mean in slips:
            norm = s.abs().mean()
        if slope_norms_of_sizes in slips:
            norm = s.abs().sum()
        norms.append(norm.item())
    return [n for n in norms if n or slope_norms_without_idle not in slips]


@exercise(
    inputs=[
        ([0.90, 0.92, 0.88, 0.91], [0.93, 0.94, 0.92, 0.94]),
        ([0.80, 0.95, 0.70, 0.88], [0.81, 0.97, 0.71, 0.90]),
        ([0.90, 0.92, 0.88, 0.91], [0.91, 0.90, 0.92, 0.89]),
        ([0.95, 0.96, 0.94], [0.90, 0.92, 0.91]),
        ([0.80, 0.95, 0.70, 0.88, 0.91], [0.78, 0.94, 0.69, 0.85, 0.90]),
        ([0.50, 0.52], [0.51, 0.60]),
        ([0.90, 0.80, 0.85, 0.82, 0.88], [0.93, 0.81, 0.85, 0.86, 0.89]),
        ([0.70, 0.72, 0.71, 0.69, 0.73, 0.70], [0.71, 0.72, 0.73, 0.69, 0.73, 0.72]),
        ([0.60, 0.64, 0.62], [0.66, 0.63, 0.67]),
        ([0.86, 0.77, 0.71, 0.7, 0.9], [0.88, 0.8, 0.73, 0.7, 0.89]),
        ([0.9, 0.7, 0.91, 0.71, 0.88], [0.88, 0.68, 0.9, 0.71, 0.89]),
        (
            [0.82, 0.81, 0.86, 0.95, 0.94, 0.82, 0.89, 0.82, 0.83],
            [0.82, 0.81, 0.85, 0.94, 0.96, 0.84, 0.92, 0.82, 0.87],
        ),
        (
            [0.85, 0.71, 0.88, 0.7, 0.89, 0.83, 0.93, 0.72, 0.91],
            [0.85, 0.71, 0.89, 0.7, 0.89, 0.82, 0.9, 0.71, 0.89],
        ),
        (
            [0.73, 0.77, 0.85, 0.84, 0.9, 0.84, 0.77, 0.8, 0.9],
            [0.74, 0.8, 0.88, 0.87, 0.87, 0.87, 0.79, 0.82, 0.92],
        ),
        (
            [0.74, 0.87, 0.88, 0.74, 0.8, 0.93, 0.84, 0.84, 0.75],
            [0.74, 0.85, 0.84, 0.71, 0.81, 0.92, 0.83, 0.85, 0.72],
        ),
        ([0.88, 0.83, 0.82], [0.92, 0.84, 0.84]),
        ([0.89, 0.82, 0.78], [0.86, 0.78, 0.79]),
        ([0.82, 0.81, 0.85, 0.91, 0.77, 0.77], [0.79, 0.8, 0.83, 0.91, 0.76, 0.77]),
        ([0.9, 0.76, 0.91, 0.74, 0.82, 0.73], [0.93, 0.79, 0.93, 0.74, 0.82, 0.73]),
        (
            [0.71, 0.89, 0.9, 0.94, 0.71, 0.9, 0.78, 0.87],
            [0.72, 0.9, 0.88, 0.97, 0.75, 0.93, 0.77, 0.89],
        ),
        (
            [0.9, 0.86, 0.94, 0.79, 0.81, 0.77, 0.9, 0.75],
            [0.89, 0.85, 0.94, 0.79, 0.81, 0.72, 0.9, 0.72],
        ),
        Case(([0.8, 0.7, 0.9], [0.8, 0.7, 0.9]), "two versions that are alike", False),
    ],
    hints=[
        "The two versions share their seeds, so take the differences b - a, seed by "
        "seed. What a seed does to both is gone then.",
        "torch.tensor(...).std() is how far one difference is from the next. The mean "
        "of "
        "n of them is uncertain by that, divided by the root of n.",
    ],
    praise="Whoever changes a line and sees 0.003 more asks this first.",
)
def better(a, b):
    """Return "a", "b", or "cannot tell" for accuracies over the same seeds."""
    differences = torch.tensor(b) - torch.tensor(a)
    error = differences.std() / len(differences) ** 0.5
    if differences.mean() > 2 * error:
        return "b"
    if differences.mean() < -2 * error:
        return "a"
    return "cannot tell"


def _verdict(mean, error) -> str:
    return "b" if mean > 2 * error else "a" if mean < -2 * error else "cannot tell"


@better.mistake
def better_on_average(a, b):
    """You compared the means alone. They always differ a little; whether that is more
    than chance depends on how much the differences spread.
    """
    return "b" if sum(b) > sum(a) else "a"


@better.mistake
def better_unpaired(a, b):
    """You took the spread of the accuracies themselves. Much of it comes from the
    seeds, and both versions share these: take the differences first.
    """
    a, b = torch.tensor(a), torch.tensor(b)
    return _verdict(b.mean() - a.mean(), ((a.var() + b.var()) / len(a)).sqrt())


@better.mistake
def better_without_root(a, b):
    """You compared the mean difference with the spread of *single* differences. A mean
    of n is more certain than one of them: divide by the root of n.
    """
    difference = torch.tensor(b) - torch.tensor(a)
    return _verdict(difference.mean(), difference.std())


@better.mistake
def better_divided_by_n(a, b):
    """You divided the spread by n. Divide it by the root of n: with four times as many
    seeds the mean is twice as certain.
    """
    difference = torch.tensor(b) - torch.tensor(a)
    return _verdict(difference.mean(), difference.std() / len(a))


@better.mistake
def better_one_error(a, b):
    """You took one standard error as the limit. Chance alone goes beyond that in one of
    three comparisons; the exercise asks for two.
    """
    difference = torch.tensor(b) - torch.tensor(a)
    return _verdict(difference.mean(), difference.std() / len(a) ** 0.5 / 2)


@better.mistake
def better_reversed(a, b):
    """The two names are exchanged. If b - a is well above 0, then b has the larger
    accuracies.
    """
    found = better.reference(a, b)
    return {"a": "b", "b": "a"}.get(found, found)


@better.mistake
def better_population(a, b):
    """Your standard deviation divides by n, as statistics.pstdev does. `.std()` divides
    by n - 1, and so does statistics.stdev: with few seeds that matters.
    """
    return _better({better_population}, a, b)


@better.mistake
def better_minus_lost(a, b):
    """The minus of the second limit is missing. "More than two errors below 0" is
    mean < -2 * error; without it "a" comes out wherever "b" does not.
    """
    return _better({better_minus_lost}, a, b)


@two_of(
    better,
    better_without_root,
    better_divided_by_n,
    better_one_error,
    better_reversed,
    better_unpaired,
    better_population,
    better_minus_lost,
)
def _better(slips, a, b):
    a, b = torch.tensor(a), torch.tensor(b)
    mean, n = (b - a).mean(), len(a) ** 0.5
    error = (b - a).std(correction=0 if better_population in slips else 1)
    if better_unpaired in slips:
        error = (a.var() + b.var()).sqrt()
    if better_divided_by_n in slips:
        n = len(a)
    if better_without_root in slips:
        n = 1
    if better_one_error in slips:
        n = 2 * n
    mean, limit = -mean if better_reversed in slips else mean, 2 * error / n
    low = limit if better_minus_lost in slips else -limit
    return "b" if mean > limit else "a" if mean < low else "cannot tell"


case01.exercise, case08.exercise = train, mean_loss
