"""Exercises of lab 04, logistic regression: solutions, hints, typical mistakes."""

import torch
import torch.nn.functional as F

from course_utils.exercises import lab01, lab02, lab03
from course_utils.exercises.checks import exercise
from course_utils.exercises.diagnose import between, follows, holds, unchanged
from course_utils.exercises.pairs import two_of
from course_utils.exercises.questions import WarmUp, choice, number, order


def _losses(walk, *, start=(-1.0, 2.0), n_steps=100, dtype=torch.float32):
    x, y = (values.to(dtype) for values in _fours_and_nines())
    w, b = (torch.tensor(value, dtype=dtype, requires_grad=True) for value in start)
    losses = []
    for _ in range(n_steps):
        losses.append(walk(w, b, x, y).item())
    return losses


def _walk(lr, *, keep=False, loss_of=F.binary_cross_entropy_with_logits):
    def walk(w, b, x, y):
        if not keep:
            w.grad = b.grad = None
        loss = loss_of(w * x + b, y)
        loss.backward()
        with torch.no_grad():
            w -= lr * w.grad
            b -= lr * b.grad
        return loss

    return walk


def _fours_and_nines():
    from sklearn.datasets import load_digits  # here, because it takes seconds

    digits = load_digits()
    kept = (digits.target == 4) | (digits.target == 9)
    images = torch.tensor(digits.images[kept]).float()
    x = images[:, :4].mean(dim=(1, 2)) - images[:, 4:].mean(dim=(1, 2))
    return x, torch.tensor(digits.target[kept] == 9).float()


def five_losses() -> dict[int, list[float]]:
    """Return the losses of five training runs, each with one fault.

    Returns
    -------
    dict of int to list of float
        The number of the run: one loss before each of its 100 steps, in nats.
    """
    return {
        1: _losses(_walk(0.1, keep=True), start=(1.0, 2.0)),
        2: _losses(_walk(0.002)),
        3: _losses(_walk(-0.02)),
        4: _losses(
            _walk(1.0, loss_of=lambda z, y: F.binary_cross_entropy(z.sigmoid(), y)),
            start=(0.0, 20.0),
        ),
        # With float32, each processor's rounding leads these jumps elsewhere.
        5: _losses(_walk(60.0), dtype=torch.float64),
    }


@exercise(
    inputs=[()],
    evidence={
        "run 1": "it swings slowly and smoothly, over many steps: something is carried "
        "along from step to step.",
        "run 2": "it falls at every step, but by next to nothing.",
        "run 3": "it rises from its first step on, and never falls.",
        "run 4": "it stands at some 50 nats, exactly level. Knowing nothing costs "
        "0.69; only who is sure and wrong pays so much.",
        "run 5": "it jumps up and down from one step to the next.",
    },
    hints=[
        "First ask of each curve: does it rise, fall, swing, or stay where it is?",
        "Two of them hardly move. Look at how high they are: how can a loss be so far "
        "above log 2, that of knowing nothing? And which of them is exactly level?",
        "Two of them go up and down. One does it smoothly, like a pendulum, the other "
        "from step to step.",
    ],
    praise="One look at the loss has told five faults apart, without reading a line of "
    "code.",
)
def faults():
    """Return the letters of the faults of run 1 to run 5."""
    return "c", "a", "d", "e", "b"


@faults.mistake
def faults_swings_exchanged():
    """You have runs 1 and 5 the wrong way round. A large learning rate jumps from one
    step to the next. Old slopes that pile up make a swing of many steps, smooth like a
    pendulum.
    """
    return "b", "a", "d", "e", "c"


@faults.mistake
def faults_flat_exchanged():
    """You have runs 2 and 4 the wrong way round. Both hardly move. But run 4 stands at
    some 50 nats, exactly level: -log 0 cut off at 100, for half of the digits, and
    slopes of exactly 0. A small learning rate does move, if you look closely.
    """
    return "c", "e", "d", "a", "b"


@faults.mistake
def faults_uphill_and_large():
    """You have runs 3 and 5 the wrong way round. With the slope the loss rises at every
    step. With a large learning rate it jumps up *and* down.
    """
    return "c", "a", "b", "e", "d"


@faults.mistake
def faults_uphill_and_forgotten():
    """You have runs 1 and 3 the wrong way round. Run 1 falls at first: it goes against
    the slopes, and then too far. Run 3 rises from its first step on.
    """
    return "d", "a", "c", "e", "b"


@faults.mistake
def faults_uphill_and_sure():
    """You have runs 3 and 4 the wrong way round. Going uphill, the loss rises at every
    step. Run 4 does not move at all: its slopes are exactly 0.
    """
    return "c", "a", "e", "d", "b"


@faults.mistake
def faults_by_fault():
    """You gave the number of the run for each fault, in the order (a) to (e). Asked for
    is the other way: the letter of the fault for each run, in the order 1 to 5.
    """
    return 2, 5, 1, 3, 4


@faults.mistake
def faults_as_one_string():
    """The letters are right. But they are asked for one by one, as in `return "a", "b",
    "c", "d", "e"`, and not as a single string.
    """
    return "cadeb"


@exercise(
    given={"logits": "smooth N", "missed": "rate", "false_alarm": "rate"},
    slopes=False,
    properties=[
        holds(
            "Only two results are possible, 1.0 for an alarm and 0.0 for none.",
            lambda alarm, *args: bool(((alarm == 0) | (alarm == 1)).all()),
        ),
        unchanged(
            "If both costs are doubled, say in another currency, no decision changes.",
            lambda logits, missed, false_alarm: (logits, 2 * missed, 2 * false_alarm),
        ),
    ],
    inputs=[
        (torch.tensor([-3.0, -1.7, -1.2, -0.3, 0.4, 2.0]), 0.8, 0.2),
        (torch.tensor([-3.0, -0.3, 0.4, 1.1, 1.7, 2.0]), 0.2, 0.8),
        (torch.tensor([-2.0, -0.3, 0.3, 0.7, 2.0]), 0.5, 0.5),
    ],
    hints=[
        "With the probability p of class 1, what does an alarm cost on average? And "
        "what does no alarm cost?",
        "An alarm costs false_alarm if it is class 0, and that has the probability "
        "1 - p. No alarm costs missed if it is class 1.",
        "Compare p * missed with (1 - p) * false_alarm. `.float()` makes 1.0 and 0.0 "
        "of True and False.",
    ],
    praise="The model says how probable; the costs say where to put the threshold. One "
    "half is right only if both mistakes cost the same.",
)
def decide(logits, missed, false_alarm):
    """Return 1.0 where an alarm is cheaper on average, else 0.0."""
    p = torch.sigmoid(logits)
    return (p * missed > (1 - p) * false_alarm).float()


@decide.mistake
def decide_ignores_costs(logits, missed, false_alarm):
    """This is the threshold one half, whatever the mistakes cost. If a missed alarm is
    costly, an alarm pays even at a small probability.
    """
    return (logits > 0).float()


@decide.mistake
def decide_costs_exchanged(logits, missed, false_alarm):
    """The costs are the wrong way round. What is lost without an alarm is p * missed;
    what an alarm loses is (1 - p) * false_alarm. The more it costs to miss something,
    the *lower* the threshold.
    """
    p = torch.sigmoid(logits)
    return (p * false_alarm > (1 - p) * missed).float()


@decide.mistake
def decide_inverted(logits, missed, false_alarm):
    """These are the cases where *no* alarm is cheaper: the comparison is the wrong way
    round. An alarm pays where what it saves, p * missed, is the larger of the two.
    """
    p = torch.sigmoid(logits)
    return (p * missed < (1 - p) * false_alarm).float()


@decide.mistake
def decide_ratio_as_threshold(logits, missed, false_alarm):
    """The cost of a false alarm is not weighed with its probability, 1 - p: compare
    p * missed with (1 - p) * false_alarm. (As a threshold for p, that is not
    false_alarm / missed but false_alarm / (missed + false_alarm).)
    """
    return (torch.sigmoid(logits) > false_alarm / missed).float()


@decide.mistake
def decide_threshold_on_logits(logits, missed, false_alarm):
    """You treated the logits as probabilities. The threshold false_alarm / (missed +
    false_alarm), or p weighed against 1 - p, is right for probabilities: send the
    logits through the sigmoid first.
    """
    return (logits > false_alarm / (missed + false_alarm)).float()


@decide.mistake
def decide_costs_alone(logits, missed, false_alarm):
    """You only asked which cost is larger, so all decisions are the same. How probable
    class 1 is counts as well.
    """
    return torch.full_like(logits, float(missed > false_alarm))


@decide.mistake
def decide_once_for_all(logits, missed, false_alarm):
    """You took the mean over all examples and decided once. Each example has a
    probability and a decision of its own; "on average" is about one such example.
    """
    p = torch.sigmoid(logits).mean()
    return torch.full_like(logits, float(p * missed > (1 - p) * false_alarm))


@decide.mistake
def decide_booleans(logits, missed, false_alarm):
    """The decisions are right, but they are True and False. `.float()` makes 1.0 and
    0.0 of them, as the exercise asks.
    """
    p = torch.sigmoid(logits)
    return p * missed > (1 - p) * false_alarm


@two_of(
    decide,
    decide_threshold_on_logits,
    decide_costs_exchanged,
    decide_inverted,
    decide_ratio_as_threshold,
)
def _decided(slips, logits, missed, false_alarm):
    p = logits if decide_threshold_on_logits in slips else torch.sigmoid(logits)
    if decide_costs_exchanged in slips:
        missed, false_alarm = false_alarm, missed
    alarm = p * missed > (1 - p) * false_alarm
    if decide_ratio_as_threshold in slips:
        alarm = p > false_alarm / missed
    return (~alarm if decide_inverted in slips else alarm).float()


def _start(X):
    return torch.zeros(X.shape[1], 1), torch.zeros(1)


def _train(
    X, y, lr, n_steps, *, keep=False, loss_of=F.binary_cross_entropy_with_logits
):
    """Return the parameters, and the losses before each step."""
    W, b = (parameter.requires_grad_() for parameter in _start(X))
    optimizer = torch.optim.SGD([W, b], lr=lr)
    losses = []
    for _ in range(n_steps):
        if not keep:
            optimizer.zero_grad()
        loss = loss_of(X @ W + b, y)
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())
    return W.detach(), b.detach(), losses


def _begins_with_0(call, result, X, y, lr, n_steps):
    """Say that a training does not start at 0; with lr = 0 it ends where it starts."""
    W, b, _ = call((X, y, 0.0, n_steps))
    if W.any() or b.any():
        return (
            "Begin with 0: your weights or your bias start elsewhere, at random "
            "perhaps. With one and the same start, everybody gets the same numbers."
        )
    return None


def _finished(X, y, W, b):
    return W, b, F.binary_cross_entropy_with_logits(X @ W + b, y)


@exercise(
    given={"X": "features N D", "y": "bits N 1", "lr": "rate", "n_steps": "size"},
    slopes=False,
    results=("W", "b", "loss"),
    properties=[_begins_with_0],
    inputs=[
        (
            torch.tensor([[1.0, 2.0], [2.0, -1.0], [-1.0, 0.5], [0.5, -2.0]]),
            torch.tensor([[0.0], [1.0], [1.0], [0.0]]),
            0.3,
            5,
        ),
    ],
    hints=[
        "torch.zeros(X.shape[1], 1, requires_grad=True) makes the weights, and "
        "torch.zeros(1, requires_grad=True) the bias. Both go into the optimizer, as a "
        "list.",
        "Then the four lines, n_steps times: zero_grad, loss, backward, step.",
        "The loss of the loop belongs to the model before the last step. Calculate it "
        "once more after the loop.",
    ],
    praise="A whole training, and the number you report is that of the model you hand "
    "over.",
)
def trained(X, y, lr, n_steps):
    """Return W, b and the loss of the finished model after training from zeros."""
    W = torch.zeros(X.shape[1], 1, requires_grad=True)
    b = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.SGD([W, b], lr=lr)
    for _ in range(n_steps):
        optimizer.zero_grad()
        loss = F.binary_cross_entropy_with_logits(X @ W + b, y)
        loss.backward()
        optimizer.step()
    loss = F.binary_cross_entropy_with_logits(X @ W + b, y)
    return W, b, loss


@trained.mistake
def trained_loss_before_the_step(X, y, lr, n_steps):
    """The parameters are right. The loss is that of the model *before* the last step:
    it is calculated first, and then step() changes the model. Calculate it anew after
    the loop.
    """
    W, b, losses = _train(X, y, lr, n_steps)
    return W, b, losses[-1]


@trained.mistake
def trained_loss_of_the_start(X, y, lr, n_steps):
    """The parameters are right. The loss is that of the start, log 2: with all
    parameters 0 the model says one half to everybody. Calculate it after the loop.
    """
    W, b, losses = _train(X, y, lr, n_steps)
    return W, b, losses[0]


@trained.mistake
def trained_one_step_more(X, y, lr, n_steps):
    """You made one step too many. n_steps steps are range(n_steps); range(n_steps + 1)
    counts from 0 to n_steps, which is one more.
    """
    W, b, _ = _train(X, y, lr, n_steps + 1)
    return _finished(X, y, W, b)


@trained.mistake
def trained_one_step_less(X, y, lr, n_steps):
    """You made one step too few. range(1, n_steps) begins at 1 and ends before n_steps;
    range(n_steps) makes n_steps rounds.
    """
    W, b, _ = _train(X, y, lr, n_steps - 1)
    return _finished(X, y, W, b)


@trained.mistake
def trained_single_step(X, y, lr, n_steps):
    """Only one step was made. Either the loop is missing, or the return stands inside
    it, so that the first round is the last: move it to the left.
    """
    W, b, _ = _train(X, y, lr, 1)
    return _finished(X, y, W, b)


@trained.mistake
def trained_without_zero_grad(X, y, lr, n_steps):
    """zero_grad() is not in the loop: each step goes against the sum of all slopes so
    far. Begin each round with optimizer.zero_grad().
    """
    W, b, _ = _train(X, y, lr, n_steps, keep=True)
    return _finished(X, y, W, b)


@trained.mistake
def trained_nothing(X, y, lr, n_steps):
    """The parameters have not moved from 0. step() is missing, or zero_grad() stands
    between backward() and step() and throws away the slopes that step() needs.
    """
    return _finished(X, y, *_start(X))


@trained.mistake
def trained_sum(X, y, lr, n_steps):
    """Your loss is the sum over the examples, so the slopes are N times as large, and
    the right learning rate depends on N. The loss is the mean.
    """

    def summed(z, y):
        return F.binary_cross_entropy_with_logits(z, y, reduction="sum")

    W, b, _ = _train(X, y, lr, n_steps, loss_of=summed)
    return _finished(X, y, W, b)


@trained.mistake
def trained_sigmoid_twice(X, y, lr, n_steps):
    """The sigmoid is applied twice: once by you, once inside the loss. The loss "with
    logits" wants X @ W + b itself.
    """

    def twice(z, y):
        return F.binary_cross_entropy_with_logits(torch.sigmoid(z), y)

    W, b, _ = _train(X, y, lr, n_steps, loss_of=twice)
    return W, b, twice(X @ W + b, y)


@trained.mistake
def trained_squared_error(X, y, lr, n_steps):
    """You trained with the squared error of probabilities and labels. The loss of this
    lab is the binary cross entropy, from the logits.
    """

    def squared(z, y):
        return F.mse_loss(torch.sigmoid(z), y)

    W, b, _ = _train(X, y, lr, n_steps, loss_of=squared)
    return W, b, squared(X @ W + b, y)


@trained.mistake
def trained_weights_only(X, y, lr, n_steps):
    """The bias has stayed 0. Give the optimizer both parameters, [W, b], and both need
    requires_grad=True.
    """
    W, b = _start(X)
    W.requires_grad_()
    for _ in range(n_steps):
        W.grad = None
        F.binary_cross_entropy_with_logits(X @ W + b, y).backward()
        with torch.no_grad():
            W -= lr * W.grad
    return _finished(X, y, W.detach(), b)


@trained.mistake
def trained_uphill(X, y, lr, n_steps):
    """You went uphill: the loss has risen. The slope says where the loss grows, so a
    step is *minus* lr times the slope.
    """
    W, b = (parameter.requires_grad_() for parameter in _start(X))
    for _ in range(n_steps):
        W.grad = b.grad = None
        F.binary_cross_entropy_with_logits(X @ W + b, y).backward()
        with torch.no_grad():
            W += lr * W.grad
            b += lr * b.grad
    return _finished(X, y, W.detach(), b.detach())


@two_of(
    trained,
    trained_loss_before_the_step,
    trained_one_step_more,
    trained_one_step_less,
    trained_without_zero_grad,
    trained_sum,
    trained_sigmoid_twice,
    trained_weights_only,
    trained_uphill,
)
def _trained(slips, X, y, lr, n_steps):
    def loss_of(z, y):
        z = torch.sigmoid(z) if trained_sigmoid_twice in slips else z
        reduction = "sum" if trained_sum in slips else "mean"
        return F.binary_cross_entropy_with_logits(z, y, reduction=reduction)

    W, b = (parameter.requires_grad_() for parameter in _start(X))
    rate = -lr if trained_uphill in slips else lr
    n_steps += (trained_one_step_more in slips) - (trained_one_step_less in slips)
    loss = loss_of(X @ W + b, y)
    for _ in range(n_steps):
        loss = loss_of(X @ W + b, y)
        loss.backward()
        with torch.no_grad():
            W -= rate * W.grad
            if trained_weights_only not in slips:
                b -= rate * b.grad
        if trained_without_zero_grad not in slips:
            W.grad = b.grad = None
    if trained_loss_before_the_step not in slips:
        loss = loss_of(X @ W + b, y)
    return W.detach(), b.detach(), loss.detach()


@trained.mistake
def trained_learning_rate_ignored(X, y, lr, n_steps):
    """Your steps do not depend on lr. Hand it to the optimizer: torch.optim.SGD([W, b],
    lr=lr). (Without it, PyTorch takes 0.001.)
    """
    W, b, _ = _train(X, y, 0.001, n_steps)
    return _finished(X, y, W, b)


@trained.mistake
def trained_cross_entropy(X, y, lr, n_steps):
    """F.cross_entropy makes a softmax over the columns, and here is only one: its
    probability is always 1, the loss 0, and nothing moves. One logit for each example
    belongs into F.binary_cross_entropy_with_logits.
    """
    W, b, _ = _train(X, y, lr, n_steps, loss_of=F.cross_entropy)
    return W, b, F.cross_entropy(X @ W + b, y)


@trained.mistake
def trained_cross_entropy_of_classes(X, y, lr, n_steps):
    """F.cross_entropy wants a column of logits for each class, and here is only one, so
    a label 1 is out of bounds. One logit for each example, with labels 0.0 and 1.0,
    belongs into F.binary_cross_entropy_with_logits.
    """

    def of_classes(z, y):
        return F.cross_entropy(z, y.flatten().long())

    W, b, _ = _train(X, y, lr, n_steps, loss_of=of_classes)
    return W, b, of_classes(X @ W + b, y)


_TWO = torch.tensor([[2.0], [-0.4]])
_PLACES = torch.tensor([-1.0, 0.0, 0.5, 3.0])


@exercise(
    given={"W": "nonzero 2 1", "b": "bias 1", "x1": "features N"},
    properties=[
        holds(
            "Put your x2 into w1 * x1 + w2 * x2 + b: it must give 0. It does not.",
            lambda x2, W, b, x1: bool((W[0] * x1 + W[1] * x2 + b).abs().max() < 1e-3),
        )
    ],
    inputs=[
        (_TWO, torch.tensor([0.75]), _PLACES),
        (torch.tensor([[0.5], [4.0]]), torch.tensor([-2.0]), _PLACES),
        (torch.tensor([[0.0], [1.0]]), torch.tensor([3.0]), _PLACES),
    ],
    hints=[
        "On the border the logit is 0: w1 * x1 + w2 * x2 + b = 0. Solve for x2.",
        "Bring all that has no x2 to the other side, then divide by w2.",
        "W[0] is w1 and W[1] is w2. Both have shape (1,), which fits any number of "
        "places.",
    ],
    praise="Two places are enough to draw the border with a ruler.",
)
def border(W, b, x1):
    """Return the x2 at which the logit is 0, shape (M,)."""
    return -(W[0] * x1 + b) / W[1]


@border.mistake
def border_sign_of_all(W, b, x1):
    """The sign is lost: from w2 * x2 = -(w1 * x1 + b) follows a minus before the whole
    bracket. Check one point: put your x2 into w1 * x1 + w2 * x2 + b. It must give 0.
    """
    return (W[0] * x1 + b) / W[1]


@border.mistake
def border_sign_of_bias(W, b, x1):
    """The minus reaches only the first term. When w1 * x1 and b both go to the other
    side, both change their sign: -(w1 * x1 + b).
    """
    return (-W[0] * x1 + b) / W[1]


@border.mistake
def border_without_bias(W, b, x1):
    """You left out the bias, so your line always goes through the origin. The bias is
    what moves the border away from it.
    """
    return -W[0] * x1 / W[1]


@border.mistake
def border_swapped(W, b, x1):
    """You mixed up the two weights: this solves for x1, given x2. The weight of the
    input that you look for, W[1], belongs below the line.
    """
    return -(W[1] * x1 + b) / W[0]


@border.mistake
def border_at_one_half(W, b, x1):
    """You put the logit, not the probability, to one half. The border is where both
    classes have the probability 1/2, and sigmoid(z) is 1/2 where the logit z is 0.
    """
    return (0.5 - W[0] * x1 - b) / W[1]


@border.mistake
def border_logit(W, b, x1):
    """This is a part of the logit, w1 * x1 + b, at the height x2 = 0. The exercise asks
    which height x2 makes the whole logit 0.
    """
    return W[0] * x1 + b


@border.mistake
def border_not_divided(W, b, x1):
    """This is w2 * x2, not x2: the division is missing. From w2 * x2 = -(w1 * x1 + b)
    follows x2 only when both sides are divided by w2, which is W[1].
    """
    return -(W[0] * x1 + b)


@border.mistake
def border_multiplied(W, b, x1):
    """You multiplied by w2. It stands as a factor beside x2, so it goes to the other
    side as a division. Check one point: put your x2 into w1 * x1 + w2 * x2 + b.
    """
    return -(W[0] * x1 + b) * W[1]


@border.mistake
def border_only_bias_divided(W, b, x1):
    """Only the bias is divided by w2. Division comes before addition, so the bracket is
    needed: the whole of w1 * x1 + b is divided.
    """
    return -W[0] * x1 - b / W[1]


@border.mistake
def border_only_bias_divided_and_sign(W, b, x1):
    """Only the bias is divided by w2, and the minus has not reached it. Write the whole
    bracket, with the minus before it and the division behind it: -(...) / W[1].
    """
    return -W[0] * x1 + b / W[1]


@border.mistake
def border_bias_not_divided(W, b, x1):
    """Only w1 * x1 is divided by w2, the bias is not. When both sides are divided,
    every term is: a bracket around w1 * x1 + b is needed.
    """
    return -W[0] * x1 / W[1] - b


@border.mistake
def border_bias_not_divided_and_sign(W, b, x1):
    """Only w1 * x1 is divided by w2, and the minus has not reached the bias. Write the
    whole bracket, the minus in front and the division behind it: -(...) / W[1].
    """
    return -W[0] * x1 / W[1] + b


@border.mistake
def border_column(W, b, x1):
    """The numbers are right, but the shape is (M, 1): somewhere the places became a
    column. One height per place is asked for, shape (M,): W[0] * x1 has it already.
    """
    return -(W[0] * x1.reshape(-1, 1) + b) / W[1]


@two_of(
    border,
    border_swapped,
    border_bias_not_divided,
    border_only_bias_divided,
    border_not_divided,
    border_multiplied,
    border_without_bias,
    border_sign_of_bias,
    border_sign_of_all,
    border_at_one_half,
)
def _border(slips, W, b, x1):
    w1, w2 = (W[1], W[0]) if border_swapped in slips else (W[0], W[1])
    if border_at_one_half in slips:
        b = b - 0.5
    if border_without_bias in slips:
        b = 0 * b
    first, bias = w1 * x1, -b if border_sign_of_bias in slips else b
    by = 1 / w2 if border_multiplied in slips else w2
    if border_bias_not_divided in slips:
        x2 = first / by + bias
    elif border_only_bias_divided in slips:
        x2 = first + bias / by
    else:
        x2 = (first + bias) / (1 if border_not_divided in slips else by)
    return x2 if border_sign_of_all in slips else -x2


# 8 of 11 right, 6 logits above 0, 4 above 0.5, 7 labels 1: no two counts are equal.
_LOGITS = torch.tensor([2, 0.3, -0.2, -3, 0.4, -1.5, 1.7, 0.9, -0.6, 0.2, -2.2])
_LOGITS = _LOGITS.reshape(-1, 1)
_Y = torch.tensor([1.0, 1, 1, 1, 1, 0, 1, 0, 0, 1, 0]).reshape(-1, 1)


@exercise(
    given={"logits": "smooth N 1", "y": "bits N 1"},
    properties=[between(0, 1, "An accuracy is a fraction from 0 to 1.")],
    inputs=[
        (_LOGITS, _Y),
        (-_LOGITS, _Y),
        (_LOGITS, _Y.flatten()),
        (_LOGITS.flatten(), _Y),
        (_LOGITS, _Y[:1]),
    ],
    hints=[
        "A logit above 0 means class 1, because sigmoid(0) is one half.",
        "((logits > 0) == y) is a tensor of True and False; .float().mean().item() "
        "makes a fraction of it.",
        "Before that: if logits.shape != y.shape: raise ValueError(...).",
    ],
    praise="Threshold 0 for logits, and no comparison of shapes that do not fit.",
)
def accuracy(logits, y):
    """Return the fraction of right answers; both have shape (N, 1)."""
    if logits.shape != y.shape:
        raise ValueError(f"logits has shape {logits.shape}, y has {y.shape}")
    return ((logits > 0) == y).float().mean().item()


@accuracy.mistake
def accuracy_broadcast(logits, y):
    """Right, as long as the shapes agree. But (N, 1) compared with (N,) makes a table
    of all N x N pairs, without any error, and its mean says nothing. Raise a ValueError
    if logits.shape != y.shape.
    """
    return ((logits > 0) == y).float().mean().item()


@accuracy.mistake
def accuracy_half_on_logits(logits, y):
    """You compared logits with 0.5. That is the threshold of probabilities; of logits
    it is 0. A logit of 0.3 is a probability above one half already, and you count it as
    class 0.
    """
    return ((logits > 0.5) == y).float().mean().item()


@accuracy.mistake
def accuracy_zero_on_probabilities(logits, y):
    """You turned the logits into probabilities and then compared with 0. Probabilities
    are never below 0, so everything becomes class 1. Either logits and 0, or
    probabilities and 0.5.
    """
    return ((torch.sigmoid(logits) > 0) == y).float().mean().item()


@accuracy.mistake
def accuracy_repaired(logits, y):
    """You bring both into one shape, and go on. Here that would be right, but elsewhere
    it hides a mistake (the labels of another data set, say, or rows and columns that
    changed places). The exercise asks you to refuse: raise a ValueError.
    """
    return ((logits.flatten() > 0) == y.flatten()).float().mean().item()


@accuracy.mistake
def accuracy_assert(logits, y):
    """The idea is right, but `assert` raises an AssertionError, and it vanishes when
    Python runs with -O. For wrong arguments the usual way is: if ...: raise
    ValueError("what is wrong").
    """
    assert logits.shape == y.shape
    return ((logits > 0) == y).float().mean().item()


@accuracy.mistake
def accuracy_percent(logits, y):
    """You returned a percentage. In this course accuracy is a fraction from 0 to 1; it
    is printed as a percentage with f"{value:.2%}".
    """
    return 100 * ((logits > 0) == y).float().mean().item()


@accuracy.mistake
def accuracy_without_labels(logits, y):
    """This is the fraction of examples for which the model says class 1. Whether that
    is right has not been asked: y does not occur. Compare the decisions with y.
    """
    return (logits > 0).float().mean().item()


@accuracy.mistake
def accuracy_inverted(logits, y):
    """This is the fraction of wrong answers. Either the comparison is the wrong way
    round (class 1 is where the logit is *above* 0), or == became !=.
    """
    return ((logits < 0) == y).float().mean().item()


@accuracy.mistake
def accuracy_tensor(logits, y):
    """The number is right, but it is still a tensor with one element. .item() takes the
    plain Python number out.
    """
    if logits.shape != y.shape:
        raise ValueError(f"logits has shape {logits.shape}, y has {y.shape}")
    return ((logits > 0) == y).float().mean()


@accuracy.mistake
def accuracy_argmax(logits, y):
    """The argmax of one column is always 0: it is the place of the largest logit in a
    row, and a row holds only one. So every example becomes class 0. Compare the logits
    with 0.
    """
    return (logits.argmax(dim=1) == y).float().mean().item()


@accuracy.mistake
def accuracy_rounded(logits, y):
    """You rounded the logits. Rounding, like the threshold 0.5, is for probabilities: a
    logit of 3 becomes 3, which is no class. Compare the logits with 0.
    """
    return (logits.round() == y).float().mean().item()


_X = torch.tensor([[1.0, 2.0, 2.0], [3.0, 1.0, 1.0], [4.0, 3.0, 5.0], [0.5, -2.0, 1.0]])
_Y4 = torch.tensor([[0.0], [0.0], [1.0], [1.0]])
_W = torch.tensor([[-0.5], [0.25], [0.4]])
_B = torch.tensor([0.1])
_BIG = 100 * torch.tensor([[1.0, 2.0], [-3.0, 1.0], [2.0, -2.5]])


@exercise(
    given={
        "X": "features N D",
        "y": "bits N 1",
        "W": "weights D 1",
        "b": "bias 1",
        "lr": "rate",
    },
    steps=("W", "b"),
    forbids={"Without autograd.": "backward grad"},
    inputs=[
        (_X, _Y4, _W, _B, 0.5),
        (_X[:, :1], _Y4, _W[:1], _B, 0.1),
        (_X, _Y4, torch.zeros(3, 1), torch.zeros(1), 1.0),
        (_BIG, _Y4[1:], torch.ones(2, 1), torch.ones(1), 0.01),
    ],
    hints=[
        "First the probabilities: torch.sigmoid(X @ W + b), then the error, probs - y, "
        "both with shape (N, 1).",
        "The slopes: X.T @ error / N for W, shape (D, 1), and the mean of the error "
        "for b. N is len(X).",
        "New value = old value - lr * slope. Write W - lr * ..., not W -= ..., which "
        "changes the old one.",
    ],
    praise="That is what backward() and SGD do, in four lines of your own.",
)
def gradient_step(X, y, W, b, lr):
    """Return W and b after one step of gradient descent."""
    error = torch.sigmoid(X @ W + b) - y
    slope_W = X.T @ error / len(X)
    slope_b = error.mean(dim=0)
    return W - lr * slope_W, b - lr * slope_b


def _moved(X, error, W, b, rate, rate_b=None):
    """Return both parameters after a step against the slopes of this error."""
    rate_b = rate if rate_b is None else rate_b
    return W - rate * X.T @ error / len(X), b - rate_b * error.mean(dim=0)


@gradient_step.mistake
def step_uphill(X, y, W, b, lr):
    """You went uphill: the loss rises. The gradient points to where the loss grows, so
    it is subtracted. (Or the error is the wrong way round: it is probs - y.)
    """
    return _moved(X, torch.sigmoid(X @ W + b) - y, W, b, -lr)


@gradient_step.mistake
def step_sum(X, y, W, b, lr):
    """You added up over the examples and did not divide by N. The loss is a mean, and
    so is its slope. With the sum, the right learning rate would depend on how many
    examples there are.
    """
    return _moved(X, torch.sigmoid(X @ W + b) - y, W, b, lr * len(X))


@gradient_step.mistake
def step_without_sigmoid(X, y, W, b, lr):
    """Your error compares the logits with y. That is the slope of another model, linear
    regression. Logits go through the sigmoid first: probs - y.
    """
    return _moved(X, X @ W + b - y, W, b, lr)


@gradient_step.mistake
def step_squared_error(X, y, W, b, lr):
    """You multiplied the error by p * (1 - p), the slope of the sigmoid. For the cross
    entropy that factor cancels (section 5). With it, you descend the squared error, and
    a confident mistake hardly moves anything.
    """
    probs = torch.sigmoid(X @ W + b)
    return _moved(X, (probs - y) * probs * (1 - probs), W, b, lr)


@gradient_step.mistake
def step_hard_decision(X, y, W, b, lr):
    """You took the decided class, 0 or 1, in place of the probability. Then every right
    answer has error 0, however unsure it was. (That is the old perceptron.) The
    gradient of the cross entropy needs the probability itself.
    """
    return _moved(X, (X @ W + b > 0).float() - y, W, b, lr)


@gradient_step.mistake
def step_without_bias(X, y, W, b, lr):
    """The weights are right, but the bias did not move. It is a parameter like the
    others, with the slope mean(probs - y).
    """
    return _moved(X, torch.sigmoid(X @ W + b) - y, W, b, lr)[0], b


@gradient_step.mistake
def step_one_after_the_other(X, y, W, b, lr):
    """You moved W first and then worked out the slope of b with the new W. Both slopes
    belong to one point of the map: calculate the error once, then move both.
    """
    new_W = _moved(X, torch.sigmoid(X @ W + b) - y, W, b, lr)[0]
    return new_W, b - lr * (torch.sigmoid(X @ new_W + b) - y).mean(dim=0)


@gradient_step.mistake
def step_one_mean(X, y, W, b, lr):
    """All weights moved by the same amount: your slope is one mean over the whole table
    of error times input. Each weight has a slope of its own, a mean down its column:
    X.T @ error / N.
    """
    error = torch.sigmoid(X @ W + b) - y
    return W - lr * (error * X).mean(), b - lr * error.mean(dim=0)


@gradient_step.mistake
def step_only_gradient(X, y, W, b, lr):
    """These are the slopes. The exercise asks for the parameters after the step: the
    old value minus lr times the slope.
    """
    error = torch.sigmoid(X @ W + b) - y
    return X.T @ error / len(X), error.mean(dim=0)


@gradient_step.mistake
def step_without_learning_rate(X, y, W, b, lr):
    """The slopes are right, but lr is not used: you took the whole slope as the step.
    Multiply both slopes by lr.
    """
    return _moved(X, torch.sigmoid(X @ W + b) - y, W, b, 1)


@gradient_step.mistake
def step_row_of_slopes(X, y, W, b, lr):
    """Your slopes of the weights are a row, (1, D), and W is a column, (D, 1). The
    subtraction stretches both to a table (D, D), without any error. X.T @ error is a
    column; of a row you make one with .T.
    """
    error = torch.sigmoid(X @ W + b) - y
    slope_W = (X * error).mean(dim=0, keepdim=True)
    return W - lr * slope_W, b - lr * error.mean(dim=0)


@gradient_step.mistake
def step_in_place(X, y, W, b, lr):
    """The result is right, but an in-place operation such as `W -= ...` changed the
    parameters of the caller. Whoever calls this twice to compare two learning rates,
    compares different starts. Write W - lr * ..., which makes a new tensor.
    """
    error = torch.sigmoid(X @ W + b) - y
    W -= lr * X.T @ error / len(X)
    b -= lr * error.mean(dim=0)
    return W, b


@gradient_step.mistake
def step_overflow(X, y, W, b, lr):
    """Right for ordinary logits. For large ones exp(z) is inf, and inf / inf is nan:
    "the other formula of the sigmoid", below *Deeper*. One such step, and all
    parameters are nan. Use torch.sigmoid.
    """
    exps = (X @ W + b).exp()
    return _moved(X, exps / (1 + exps) - y, W, b, lr)


@gradient_step.mistake
def step_logits_without_bias(X, y, W, b, lr):
    """Your probabilities come from X @ W alone: the bias is missing in the logits, so
    the error is that of another model. They are sigmoid(X @ W + b).
    """
    return _moved(X, torch.sigmoid(X @ W) - y, W, b, lr)


@gradient_step.mistake
def step_divided_by_inputs(X, y, W, b, lr):
    """You divided the slope of W by D, the number of inputs. The mean runs over the
    examples: divide by N, which is len(X) or X.shape[0].
    """
    error = torch.sigmoid(X @ W + b) - y
    return W - lr * X.T @ error / X.shape[1], b - lr * error.mean(dim=0)


@gradient_step.mistake
def step_both_divided_by_inputs(X, y, W, b, lr):
    """You divided both slopes by D, the number of inputs. The mean runs over the
    examples: divide by N, which is len(X) or X.shape[0].
    """
    error = torch.sigmoid(X @ W + b) - y
    return _moved(X, error, W, b, lr * len(X) / X.shape[1])


@gradient_step.mistake
def step_sum_for_weights(X, y, W, b, lr):
    """The bias is right, but the slope of W is the sum over the examples: X.T @ error
    adds up, so divide it by N, too.
    """
    return _moved(X, torch.sigmoid(X @ W + b) - y, W, b, lr * len(X), lr)


@gradient_step.mistake
def step_sum_for_b(X, y, W, b, lr):
    """The weights are right, but the slope of the bias is the sum over the examples. It
    is their mean: error.mean(), or the sum divided by N.
    """
    return _moved(X, torch.sigmoid(X @ W + b) - y, W, b, lr, lr * len(X))


@gradient_step.mistake
def step_uphill_with_weights(X, y, W, b, lr):
    """The bias goes downhill, but W goes uphill. Both steps have the same sign: the
    slope is subtracted, W - lr * slope.
    """
    return _moved(X, torch.sigmoid(X @ W + b) - y, W, b, -lr, lr)


@gradient_step.mistake
def step_uphill_with_b(X, y, W, b, lr):
    """The weights go downhill, but the bias goes uphill. Both steps have the same sign:
    the slope is subtracted, b - lr * slope.
    """
    return _moved(X, torch.sigmoid(X @ W + b) - y, W, b, lr, -lr)


@gradient_step.mistake
def step_without_learning_rate_for_weights(X, y, W, b, lr):
    """The bias is right, but for W you took the whole slope as the step. Both slopes
    are multiplied by the learning rate.
    """
    return _moved(X, torch.sigmoid(X @ W + b) - y, W, b, 1, lr)


@gradient_step.mistake
def step_without_learning_rate_for_b(X, y, W, b, lr):
    """The weights are right, but for the bias you took the whole slope as the step.
    Both slopes are multiplied by the learning rate.
    """
    return _moved(X, torch.sigmoid(X @ W + b) - y, W, b, lr, 1)


@gradient_step.mistake
def step_results_exchanged(X, y, W, b, lr):
    """Both are right, but you return them in the wrong order. The exercise asks for the
    new W first, then the new b: whoever unpacks them as W, b gets them exchanged.
    """
    return _moved(X, torch.sigmoid(X @ W + b) - y, W, b, lr)[::-1]


@gradient_step.mistake
def step_bias_first(X, y, W, b, lr):
    """You moved b first and then worked out the slope of W with the new b. Both slopes
    belong to one point of the map: calculate the error once, then move both.
    """
    new_b = _moved(X, torch.sigmoid(X @ W + b) - y, W, b, lr)[1]
    return _moved(X, torch.sigmoid(X @ W + new_b) - y, W, b, lr)[0], new_b


@two_of(
    gradient_step,
    step_uphill,
    step_sum,
    step_sum_for_weights,
    step_sum_for_b,
    step_without_sigmoid,
    step_squared_error,
    step_hard_decision,
    step_without_bias,
    step_one_after_the_other,
    step_logits_without_bias,
    step_without_learning_rate,
    step_uphill_with_b,
    step_divided_by_inputs,
)
def _step(slips, X, y, W, b, lr):
    def error(W):
        z = X @ W if step_logits_without_bias in slips else X @ W + b
        p = z if step_without_sigmoid in slips else torch.sigmoid(z)
        if step_hard_decision in slips:
            p = (z > 0).float()
        e = p - y
        return e * p * (1 - p) if step_squared_error in slips else e

    n_W = n_b = len(X)
    if {step_sum, step_sum_for_weights} & {*slips}:
        n_W = 1
    if {step_sum, step_sum_for_b} & {*slips}:
        n_b = 1
    if step_divided_by_inputs in slips:
        n_W = X.shape[1]
    rate = 1 if step_without_learning_rate in slips else lr
    rate = -rate if step_uphill in slips else rate
    new_W = W - rate * X.T @ error(W) / n_W
    rate = -rate if step_uphill_with_b in slips else rate
    rate = 0 if step_without_bias in slips else rate
    at = new_W if step_one_after_the_other in slips else W
    return new_W, b - rate * error(at).sum(dim=0) / n_b


KINK = """The values are right, and the slopes, too, but for one place: where the
logit is exactly 0, as all logits are if training starts from zeros. There |z| and the
larger of 0 and z have a kink, and PyTorch takes the slope of one side, or 0. Nothing
may have a kink at 0: {0}"""

_Z = torch.tensor([0.5, -1.0, 2.0, -0.3, 4.0])
_LABELS = torch.tensor([1, 0, 0, 1, 1])
_LARGE = torch.tensor([1000.0, -1000.0, 30.0])


@exercise(
    given={"logits": "logits N", "y": "labels N"},
    properties=[
        between(0, torch.inf, "A loss is a surprise, and never below 0."),
        unchanged(
            "The same examples twice have the same mean loss.",
            lambda logits, y: (torch.cat([logits, logits]), torch.cat([y, y])),
        ),
    ],
    inputs=[
        (_Z, _LABELS),
        (-2 * _Z, _LABELS),
        (torch.tensor([17.0, -3.0]), torch.tensor([0, 1])),
        (_LARGE, torch.tensor([1, 0, 1])),
        (_LARGE, torch.tensor([0, 1, 0])),
    ],
    hints=[
        "For one example: log(1 + exp(z)) - y * z. No probability is needed.",
        "1 is exp(0), so log(1 + exp(z)) is the logsumexp of the two numbers 0 and z. "
        "Lab 1: take the larger of the two, m, out of *both* before exp: exp(0 - m) "
        "and exp(z - m).",
        "torch.logaddexp(a, b) is log(exp(a) + exp(b)) for numbers of any size. By "
        "hand: the larger of 0 and z is m = logits.clamp(min=0); it comes out of both. "
        "(The shorter form with exp(-|z|) has a wrong slope at z = 0.)",
    ],
    praise="A logit of 1000 on the wrong side costs 1000, and its slope still pushes.",
)
def bce_with_logits(logits, y):
    """Return the mean binary cross entropy, in nats."""
    log_one_plus_exp = torch.logaddexp(torch.zeros_like(logits), logits)
    return (log_one_plus_exp - y * logits).mean()


@bce_with_logits.mistake
def bce_where_both(logits, y):
    """The values are right, but for large logits of either sign the slope is nan.
    torch.where calculates *both* formulas everywhere, and backward() goes through both:
    the inf of the one that is not chosen makes nan, 0 * inf. Take a formula in which
    nothing overflows, such as torch.logaddexp or F.softplus.
    """
    positive = logits + (1 + (-logits).exp()).log()
    negative = (1 + logits.exp()).log()
    return (torch.where(logits > 0, positive, negative) - y * logits).mean()


@bce_with_logits.mistake
def bce_where_large(logits, y):
    """The values are right, but for a large logit the slope is nan. torch.where
    calculates *both* formulas everywhere, and backward() goes through both: the inf of
    the one that is not chosen makes nan, 0 * inf. Take a formula in which nothing
    overflows, such as torch.logaddexp or F.softplus.
    """
    softplus = torch.where(logits > 50, logits, (1 + logits.exp()).log())
    return (softplus - y * logits).mean()


@bce_with_logits.mistake
def bce_log_of_sigmoid(logits, y):
    """The formula with probabilities is right for ordinary logits. But from 17 on the
    sigmoid is rounded to 1, then log(1 - p) is -inf, and the loss is inf or nan. Start
    from log(1 + exp(z)) - y * z, which needs no probability.
    """
    probs = torch.sigmoid(logits)
    return -(y * probs.log() + (1 - y) * (1 - probs).log()).mean()


@bce_with_logits.mistake
def bce_clamped(logits, y):
    """Sigmoid and then binary_cross_entropy: from a logit of 17 on, the loss of a
    mistake is cut off at 100, and its slope is 0. That is the pitfall of section 9.
    Start from log(1 + exp(z)) - y * z.
    """
    return F.binary_cross_entropy(torch.sigmoid(logits), y.float())


@bce_with_logits.mistake
def bce_overflow(logits, y):
    """The right formula, log(1 + exp(z)) - y * z, typed as it stands: exp(1000) is inf.
    Take the larger of 0 and z out first, as in lab 1, or use torch.logaddexp.
    """
    return ((1 + logits.exp()).log() - y * logits).mean()


@bce_with_logits.mistake
def bce_kink(logits, y):
    """Replaced below by KINK."""
    return (F.relu(logits) - y * logits + torch.log1p((-logits.abs()).exp())).mean()


bce_kink.__doc__ = KINK.format("torch.logaddexp has none.")


@bce_with_logits.mistake
def bce_half_shifted(logits, y):
    """You took m, the larger of 0 and z, out of exp(z) only. The 1 is exp(0), and m
    comes out of it as well: log(1 + exp(z)) = m + log(exp(-m) + exp(z - m)).
    """
    m = logits.clamp(min=0)
    return (m + (1 + (logits - m).exp()).log() - y * logits).mean()


@bce_with_logits.mistake
def bce_one_maximum(logits, y):
    """You took one maximum for the whole batch. For a logit far below it both
    exponentials become 0, and log(0) is -inf. Each example needs its own m, the larger
    of 0 and its z: logits.clamp(min=0).
    """
    m = logits.max()
    return (m + ((-m).exp() + (logits - m).exp()).log() - y * logits).mean()


@bce_with_logits.mistake
def bce_plus_epsilon(logits, y):
    """With + 1e-9 the logarithm stays finite, but a confident mistake never costs more
    than 21, and its slope is lost, because the probability is still rounded to 1. (Lab
    2 has this pitfall.) Start from log(1 + exp(z)) - y * z.
    """
    p = torch.sigmoid(logits)
    return -(y * (p + 1e-9).log() + (1 - y) * (1 - p + 1e-9).log()).mean()


@bce_with_logits.mistake
def bce_clamped_probabilities(logits, y):
    """Your clamp keeps the probability away from 0 and 1, so a confident mistake never
    costs more than 16, and beyond the limit its slope is 0: it is never corrected. (Lab
    2 has this pitfall.) Start from log(1 + exp(z)) - y * z.
    """
    p = torch.sigmoid(logits).clamp(1e-7, 1 - 1e-7)
    return -(y * p.log() + (1 - y) * (1 - p).log()).mean()


@bce_with_logits.mistake
def bce_sum(logits, y):
    """You added up the losses of the examples. The mean divides by N, so that the loss
    (and its slope) does not depend on how many examples there are.
    """
    return F.binary_cross_entropy_with_logits(logits, y.float(), reduction="sum")


@bce_with_logits.mistake
def bce_single_losses(logits, y):
    """These are the losses of the single examples. Each of them is right; the exercise
    asks for their mean, a single number.
    """
    return F.binary_cross_entropy_with_logits(logits, y.float(), reduction="none")


@bce_with_logits.mistake
def bce_flipped(logits, y):
    """You swapped the classes: this is the loss for the labels 1 - y. In log(1 +
    exp(z)) - y * z the logit is taken away where y is 1; a large logit is good there.
    """
    return F.binary_cross_entropy_with_logits(logits, 1 - y.float())


@bce_with_logits.mistake
def bce_sigmoid_twice(logits, y):
    """The sigmoid is applied twice: once by you, once inside the loss. The function
    "with logits" and the formula log(1 + exp(z)) - y * z both want the logits
    themselves. (Twice the sigmoid, and even a perfect answer cannot get a loss near 0.)
    """
    return F.binary_cross_entropy_with_logits(torch.sigmoid(logits), y.float())


@bce_with_logits.mistake
def bce_only_ones(logits, y):
    """Only the examples with y = 1 count here; for y = 0 the loss is always 0. Both
    parts are needed: -log(p) where y is 1, and -log(1 - p) where y is 0.
    """
    return -(y * F.logsigmoid(logits)).mean()


@bce_with_logits.mistake
def bce_negative(logits, y):
    """The sign is the wrong way round: the loss is *minus* the logarithm of a
    probability, so it can never be negative.
    """
    return -F.binary_cross_entropy_with_logits(logits, y.float())


_ORDINARY = torch.tensor([-3.0, -0.5, 0.25, 1.0, 4.0])


@exercise(
    given={"z": "logits N"},
    properties=[
        between(0, 1, "A probability lies between 0 and 1."),
        follows(
            "The sigmoid of -z is 1 minus the sigmoid of z.",
            lambda z: (-z,),
            lambda value: 1 - value,
        ),
    ],
    forbids={"Without torch.sigmoid or torch.softmax.": "sigmoid softmax expit"},
    inputs=[
        (_ORDINARY,),
        (torch.tensor([[-9.0, 2.0], [7.0, -0.1]]),),
        (torch.tensor([-100.0, -1000.0, 1000.0, 89.0]),),
    ],
    hints=[
        "The exponent must never be large and positive. Of the two formulas, 1 / (1 + "
        "exp(-z)) is safe for z >= 0, and exp(z) / (1 + exp(z)) for z < 0.",
        "torch.where(z >= 0, one, other) calculates *both* formulas everywhere, and "
        "backward() goes through both: inf in the one that is not used gives nan.",
        "The sigmoid is the softmax of the two logits 0 and z. Lab 1: subtract the "
        "larger of the two, m = z.clamp(min=0), from *both* before exp: 0 - m and z - "
        "m.",
    ],
    praise="No inf, no nan, and the slope is p (1 - p), all to six decimals.",
)
def stable_sigmoid(z):
    """Return 1 / (1 + exp(-z)), with finite values and slopes for any z."""
    m = z.clamp(min=0)  # the larger of the two logits 0 and z
    return (z - m).exp() / ((z - m).exp() + (-m).exp())


@stable_sigmoid.mistake
def sigmoid_top_heavy(z):
    """Right for ordinary z, but exp(89) is inf in float32, and inf / inf is nan. For z
    >= 0 use 1 / (1 + exp(-z)); better, subtract the larger of 0 and z from both
    exponents, as in lab 1.
    """
    return z.exp() / (1 + z.exp())


@stable_sigmoid.mistake
def sigmoid_inf_in_backward(z):
    """All values are right, but for some large |z| the slope is nan. Somewhere an exp
    overflows to inf, and though the value comes out right, backward() multiplies a 0 by
    that inf. torch.where and nan_to_num mend only the value, the inf is still
    calculated. No exponent may ever be large: subtract the larger of 0 and z from both,
    as in lab 1.
    """
    return 1 / (1 + (-z).exp())


@stable_sigmoid.mistake
def sigmoid_where(z):
    """All values are right, but for large |z| the slope is nan. torch.where calculates
    both formulas everywhere, and backward() goes through both: it multiplies the inf of
    the formula that was not chosen by 0. Subtract the larger of 0 and z from both
    exponents, as in lab 1.
    """
    return torch.where(z >= 0, 1 / (1 + (-z).exp()), z.exp() / (1 + z.exp()))


@stable_sigmoid.mistake
def sigmoid_kink(z):
    """Replaced below by KINK."""
    small = (-z.abs()).exp()
    return torch.where(z >= 0, 1 / (1 + small), small / (1 + small))


sigmoid_kink.__doc__ = KINK.format(
    "subtract the larger of 0 and z from *both* exponents, then the kinks cancel."
)


@stable_sigmoid.mistake
def sigmoid_sign(z):
    """The sign in the exponent is the wrong way round: this falls from 1 to 0, it is
    the probability of class 0. The sigmoid has exp(-z) below the line.
    """
    return torch.sigmoid(-z)


@stable_sigmoid.mistake
def sigmoid_clamped(z):
    """You cut z off at a limit before exp. No value overflows, but beyond the limit the
    result no longer moves, and a tiny probability is made larger than it is. There is
    an exact way, without any limit: m = z.clamp(min=0) as in the last hint.
    """
    return torch.sigmoid(z.clamp(-5, 5))


@stable_sigmoid.mistake
def sigmoid_clamped_at_10(z):
    """You cut z off at 10 before exp. No value overflows, but no probability can be
    below 0.00004, and beyond the limit the slope is exactly 0. There is an exact way,
    without any limit: m = z.clamp(min=0) as in the last hint.
    """
    return torch.sigmoid(z.clamp(-10, 10))


@stable_sigmoid.mistake
def sigmoid_half_shifted(z):
    """You subtracted m, the larger of 0 and z, from one exponent only. The 1 is exp(0),
    the other of the two logits, and m is subtracted from it as well: it becomes
    exp(-m).
    """
    m = z.clamp(min=0)
    return (z - m).exp() / (1 + (z - m).exp())


@stable_sigmoid.mistake
def sigmoid_one_maximum(z):
    """You subtracted one maximum for the whole tensor. For a z far below it both
    exponentials become 0, and 0 / 0 is nan. Each number needs its own m, the larger of
    0 and its z: z.clamp(min=0).
    """
    m = z.max()
    return (z - m).exp() / ((z - m).exp() + (-m).exp())


@stable_sigmoid.mistake
def sigmoid_tanh(z):
    """This is tanh, which has the same S shape but runs from -1 to 1. The sigmoid is (1
    + tanh(z / 2)) / 2.
    """
    return torch.tanh(z)


@stable_sigmoid.mistake
def sigmoid_over_the_batch(z):
    """You used softmax over the whole tensor, so the numbers compete with each other
    and sum to 1. Each z has its own sigmoid: softmax over the *two* logits 0 and z.
    """
    return torch.softmax(z.flatten(), dim=0).reshape(z.shape)


@stable_sigmoid.mistake
def sigmoid_absolute(z):
    """You took exp(-|z|) for both signs. That is right for z >= 0. For z < 0 the
    probability must be below one half, and this one never is: there it is exp(z) / (1 +
    exp(z)).
    """
    return 1 / (1 + (-z.abs()).exp())


@stable_sigmoid.mistake
def sigmoid_log(z):
    """This is the logarithm of the sigmoid: negative numbers, whose exp is the
    probability. The exercise asks for the probability itself.
    """
    return F.logsigmoid(z)


# Questions ----------------------------------------------------------------------

warm_up = WarmUp("lab04", lab03.adding, lab02.halving, lab01.two_classes)

counting = choice(
    "lab04.counting",
    "The rule says 9 where x is above a threshold. A machine counts its mistakes on "
    "361 digits, moves the threshold by 0.001, and counts again. What does it find?",
    right="c",
    because="The count changes only when the threshold passes one of the 361 numbers. "
    "In between it is level, so it has no slope, and nothing says which way to go. "
    "Training needs a score that changes with every move, however small.",
    a=(
        "A few mistakes less, if it moved the right way.",
        "So small a move passes no digit at all, nearly always. Then no answer "
        "changes.",
    ),
    b=(
        "A few mistakes more, if it moved the wrong way.",
        "Only if a digit lies just there. In a range of some nine units there are 361 "
        "digits, so nearly always none lies within 0.001.",
    ),
    c="Nearly always the same number.",
)

knob = choice(
    "lab04.knob",
    "The curve is sigmoid(x + b). It rises from left to right. Now b grows from 0 to "
    "2. What does the curve do?",
    right="a",
    because="The curve is at one half where x + b = 0, which is at x = -b. A larger b "
    "moves that place to the left: with more bias, less x is enough.",
    a="It moves to the left.",
    b=(
        "It moves to the right.",
        "Look for the place of one half: x + b = 0 there, so x = -2 for b = 2.",
    ),
    c=(
        "It becomes steeper.",
        "That is the work of the weight, the factor of x. An addend only shifts.",
    ),
    d=(
        "It moves upward as a whole, above 1 on the right.",
        "The bias is added before the sigmoid, and the sigmoid never leaves 0 to 1.",
    ),
)

step = number(
    "lab04.step",
    "A parameter has the value 1. The slope of the loss there is -2, the learning rate "
    "is 0.5. What is the value of the parameter after one step of gradient descent?",
    right=2,
    because="1 - 0.5 * (-2) = 2. The slope is negative: raising the parameter lowers "
    "the loss, so the parameter is raised.",
    wrong={
        0: "You added the slope. The step goes against it: minus 0.5 times minus 2.",
        3: "You took the whole slope. It is multiplied by the learning rate first.",
        1: "That is the step alone, or no step at all. The step is taken from the 1.",
        -1: "You added the whole slope. The step goes against it, and only 0.5 times.",
        1.5: "The learning rate is the factor of the slope, not the step itself.",
    },
    otherwise="New value = old value - learning rate * slope.",
    tolerance=0.01,
)

falling = choice(
    "lab04.falling",
    "In training, the loss of a curve falls at every step. Can its accuracy fall "
    "meanwhile?",
    right="b",
    because="The loss is a mean over all digits. If many become surer and right, the "
    "mean falls, even if a few near the border change to the wrong side, which costs "
    "little. Accuracy changes by those few alone.",
    a=(
        "No: both say how good the curve is.",
        "Both do, but they ask for other things. One counts sides, the other distances "
        "from the truth.",
    ),
    b="Yes: some digits may change to the wrong side.",
    c=(
        "Yes, but only if the learning rate is too large.",
        "A rate that is too large makes the loss jump. Here the loss falls at every "
        "step.",
    ),
)

curves = order(
    "lab04.curves",
    "Four curves for the probability of a 9, sigmoid(w x + b): which has the smallest "
    "loss, which the largest? Begin with the smallest. (4s lie mostly below x = 0, 9s "
    "above. One digit in ten lies on the wrong side, by about 1.)",
    right="cdba",
    because="C is right and not too sure. D is right as often as C, but its few "
    "mistakes have logits of about 5 on the wrong side, and they are costly: one in "
    "ten times 5 is 0.5. That is still below the log 2 = 0.69 that B, who knows "
    "nothing, pays for each. A is sure of the wrong thing, which is worse than knowing "
    "nothing.",
    a=(
        "A falls: w = -1, b = 2",
        "It gives most digits a small probability of what is true.",
    ),
    b=(
        "B is flat: w = 0, b = 0",
        "Every digit costs log 2, about 0.69, which a sensible curve can beat.",
    ),
    c=("C rises: w = 1, b = 0", "It rises where it should, and stays careful."),
    d=(
        "D rises five times as steeply: w = 5, b = 0",
        "It is at one half where C is, so it is right as often, but too sure.",
    ),
)

slope = number(
    "lab04.slope",
    "The model is z = w x + b. A digit has x = 2 and is a 9, so y = 1. The model says "
    "p = 0.9. What is the slope of its loss in w?",
    right=-0.2,
    because="The slope in the logit is p - y = -0.1, and z moves x = 2 times as fast "
    "as w: -0.1 * 2 = -0.2. Raising w would lower the loss a little.",
    wrong={
        -0.1: "That is the slope in z, and in b. The weight is multiplied by x.",
        0.2: "The error is what the model said minus what is true: 0.9 - 1, not 1 - "
        "0.9.",
        0.1: "It is 0.9 - 1, and then times x.",
        1.8: "That is p * x. It is the error p - y that is multiplied.",
        -0.05: "A larger x makes z move more, so multiply by x; do not divide.",
        -0.018: "You multiplied by p (1 - p) as well. In the slope of this loss that "
        "factor has cancelled: it is p - y.",
    },
    otherwise="First p - y, then times x.",
    tolerance=0.004,
)

forgotten = choice(
    "lab04.forgotten",
    "`optimizer.zero_grad()` is left out, so every step goes against the sum of all "
    "slopes so far. The map of the loss has one valley. What does the walk look like?",
    right="b",
    because="The sum of all earlier slopes is like a speed. At the bottom the slope "
    "itself is 0, but the sum is not, so the walk runs on and up the other side, until "
    "slopes of the other sign have eaten the sum up. Nothing brakes it.",
    a=(
        "It leaves the map: the sum grows and grows.",
        "It grows on the way down. Beyond the bottom the slopes have the other sign, "
        "and make it smaller again.",
    ),
    b="It runs past the bottom, turns, and comes back, again and again.",
    c=(
        "It goes straight to the bottom, only faster, and rests there.",
        "Faster, yes, at first. But to rest, the step has to become 0 at the bottom, "
        "and the sum of old slopes is not 0 there.",
    ),
    d=(
        "It goes the same way, only slower.",
        "The sum of slopes that point the same way is larger than one of them.",
    ),
)

threshold = choice(
    "lab04.threshold",
    "A model gives a logit z for each digit, and sigmoid(z) is the probability of a 9. "
    "You want to say 9 where that is above one half. Which test on the logit does it?",
    right="a",
    because="The sigmoid of 0 is one half, and the sigmoid rises. So p is above one "
    "half just where z is above 0, and no sigmoid is needed to decide.",
    a="z > 0",
    b=(
        "z > 0.5",
        "A logit of 0.5 is a probability of 0.62. Digits with logits between 0 and 0.5 "
        "would be called 4s, though the model thinks they are 9s.",
    ),
    c=(
        "z > 1",
        "A logit of 1 is a probability of 0.73. One half belongs to a smaller one.",
    ),
    d=(
        "None: a logit has to go through the sigmoid first.",
        "For the probability, yes. For the decision the order is enough, and the "
        "sigmoid keeps the order.",
    ),
)

plane = choice(
    "lab04.plane",
    "A model has two inputs, z = w1 x1 + w2 x2 + b, and says 9 where sigmoid(z) is "
    "above one half. What shape has the border between its 4s and its 9s in the plane?",
    right="c",
    because="On the border z = 0, and w1 x1 + w2 x2 + b = 0 is the equation of a "
    "straight line. The sigmoid does not bend it: it makes probabilities of logits, "
    "and one logit has one probability.",
    a=(
        "An S, as the sigmoid has.",
        "The S shows how p grows across the border. Along the border p is one half "
        "everywhere.",
    ),
    b=(
        "A closed curve around the 4s.",
        "Follow z in one direction of the plane: it rises evenly, or falls, or stays. "
        "It never turns round, so it cannot fence anything in.",
    ),
    c="A straight line.",
    d=(
        "It depends on how long the model was trained.",
        "Training changes the numbers w1, w2 and b. For any of them the equation is "
        "that of the same kind of curve.",
    ),
)

pixels = choice(
    "lab04.pixels",
    "A model with one weight for each of 64 pixels has learned to tell 4s from 9s. The "
    "weights are drawn as an image: red where ink speaks for a 9, blue where it speaks "
    "for a 4. What do you expect?",
    right="a",
    because="A weight says how much the ink of one pixel counts. The loop of a 9 is "
    "broad at the top, where a 4 is narrow, and a 4 has a bar just below its middle, "
    "where a 9 has little ink. Where both have ink, or none, a pixel tells nothing.",
    a="Red at the top, blue in a bar just below the middle.",
    b=(
        "The shape of a 9 in red, and nothing else.",
        "Where a 4 has ink as well, such as its right stroke, ink does not speak for a "
        "9. And ink that only a 4 has must count against it.",
    ),
    c=(
        "Red and blue at random: single pixels mean nothing.",
        "A single pixel means little, but it means something: at the upper right most "
        "9s have much ink, and few 4s do.",
    ),
    d=(
        "Blue at the top, red in a bar just below the middle.",
        "That is the wrong way round: which of the two is broad at the top?",
    ),
)

seventeen = choice(
    "lab04.seventeen",
    "The truth is y = 0, the logit is 17. Somebody takes `torch.sigmoid` first, in "
    "float32, with about seven digits (e^-17 is about 0.00000004), and then "
    "`binary_cross_entropy`, which cuts off what is infinite: log 0 becomes -100, and "
    "the slope of the logarithm stays finite. Which slope reaches the logit?",
    right="d",
    because="The sigmoid is 1 / (1 + e^-17), and e^-17 is lost beside the 1: p becomes "
    "exactly 1. The slope of the sigmoid, p (1 - p), is then exactly 0. Times the "
    "slope of the logarithm, large but finite, that is 0: nothing is left of the pull. "
    "On paper the product is p - y, but on this way PyTorch never calculates p - y. "
    "(With p rounded to 1 the loss would be -log 0, infinite; PyTorch makes it 100. "
    "The true loss is 17.)",
    a=(
        "About 1, as on paper.",
        "It would be, if p kept its distance from 1. Seven digits are too few for "
        "that.",
    ),
    b=(
        "nan",
        "It would be 0 times infinity, without the cut. But PyTorch keeps the "
        "logarithm and its slope finite.",
    ),
    c=(
        "A very large one, because the loss is nearly infinite.",
        "On paper the steep logarithm is cancelled by the flat sigmoid. Here the "
        "sigmoid is completely flat, and the logarithm is cut off.",
    ),
    d="Exactly 0.",
)

separable = choice(
    "lab04.separable",
    "A line can part the two classes without a mistake, and the model already does. "
    "Training goes on, for ever. What do the weights do?",
    right="b",
    because="If all answers are right, doubling all parameters keeps them right and "
    "makes each of them surer, so the loss falls. The valley has no lowest point. Such "
    "data are called separable; a loss near 0 on them says little.",
    a=(
        "They come to rest: the accuracy cannot rise any more.",
        "Training follows the loss, not the accuracy, and the loss can still fall.",
    ),
    b="They grow without end, more and more slowly.",
    c=(
        "They shrink again, because the errors vanish.",
        "The errors become small, and so do the steps. But no step ever goes back: "
        "each still makes the answers surer.",
    ),
)

compared = choice(
    "lab04.compared",
    "`logits` has shape (361, 1), a column. `y` has shape (361,), a list, and about "
    "half of it is 1. The model is right in about 96% of cases. What is the mean of "
    "`(logits > 0) == y`, a table of 361 x 361?",
    right="b",
    because="Each answer is compared with the label of *every* digit, and about half "
    "of these agree with it. The mean over all those pairs is what guessing gives, "
    "whatever the model.",
    a=(
        "About 0.96: each row says the same once more.",
        "A row does not repeat one comparison: it holds one answer, and the labels of "
        "all digits.",
    ),
    b="About 0.5.",
    c=(
        "Nearly 0: only the diagonal can be right.",
        "On the diagonal each answer meets its own label. But elsewhere a 1 agrees "
        "with any other 1, and a 0 with any other 0.",
    ),
)

truth = choice(
    "lab04.truth",
    "Labels are tossed with probabilities that we know. A model of the right kind is "
    "trained on 200 of them. Whose loss is smaller: that of the true probabilities, or "
    "that of the model?",
    right="b",
    because="The model was moved until no place near has a smaller loss on these 200 "
    "points, with all their accidents. The truth was not. On new points that is of no "
    "use: there the truth wins in the long run.",
    a=(
        "The truth's, on the 200 points and on many new ones.",
        "On new ones, yes. But on the 200 the model has the smallest loss of all "
        "parameters, those of the truth included.",
    ),
    b="The model's on the 200 points, the truth's on many new ones.",
    c=(
        "The model's, on the 200 points and on many new ones.",
        "It has learned the accidents of the 200 points, and new points have others.",
    ),
)

counted = number(
    "lab04.counted",
    "`nn.Linear(5, 2)` takes five numbers and gives two. How many parameters has it?",
    right=12,
    because="Each of the two outputs has five weights and one bias of its own: (5 + 1) "
    "* 2. The weight has shape (2, 5), a row for each output.",
    wrong={
        10: "Those are the weights. Each output has a bias as well.",
        11: "Each of the two outputs has a bias of its own.",
        7: "Each of the two outputs looks at all five inputs.",
        15: "A bias belongs to an output, not to an input: two of them, not five.",
    },
    otherwise="Weights: 5 for each output. Biases: one for each output.",
)

tenfold = choice(
    "lab04.tenfold",
    "All parameters of a trained logistic regression are multiplied by 10. Some of its "
    "training examples are on the wrong side. What changes over all of them together?",
    right="c",
    because="No logit changes its sign, so every decision stays, and so does the "
    "border. But all answers are now given with great certainty, and the wrong ones "
    "are costly: in the words of lab 1, a temperature of one tenth.",
    a=(
        "Neither the accuracy nor the loss.",
        "All logits are ten times as large, so the probabilities are other ones, and "
        "the loss looks at these.",
    ),
    b=(
        "The accuracy falls and the loss rises.",
        "For the accuracy only the sign of a logit counts, and times 10 keeps it.",
    ),
    c="The accuracy stays, the loss rises.",
    d=(
        "The accuracy stays, the loss falls, because it is surer.",
        "Being surer pays where it is right. Training has found the best certainty "
        "already; ten times as much makes the mistakes costly.",
    ),
)

percent = choice(
    "lab04.percent",
    "All inputs of a logistic regression are multiplied by 100, because they are now "
    "counted in percent. What becomes of the best weights?",
    right="b",
    because="The same logits need w x as before, so w has to be a hundredth. And the "
    "slope, error times input, is 100 times as large: with the old learning rate the "
    "walk jumps. That is why inputs are brought to a handy size first.",
    a=(
        "They stay: the digits are the same.",
        "The logit w x + b would then be about 100 times as large.",
    ),
    b="They become a hundredth of what they were.",
    c=(
        "They become a hundred times as large.",
        "Then w x would be 10,000 times as large as it was.",
    ),
)
