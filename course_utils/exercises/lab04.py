"""Exercises of lab 04, logistic regression: solutions, hints, typical mistakes."""

import torch
import torch.nn.functional as F

from course_utils.exercises.checks import exercise
from course_utils.exercises.diagnose import between, follows, holds, unchanged

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
    """You compared logits with 0.5. That is the threshold for probabilities. A logit of
    0.3 is a probability above one half already, and you count it as class 0.
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
    entropy that factor cancels (section 3). With it, you descend the squared error, and
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
    the first pitfall of section 8. One such step, and all parameters are nan. Use
    torch.sigmoid.
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
    mistake is cut off at 100, and its slope is 0. That is the pitfall of section 8.
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
    """Right for ordinary z, but exp(89) is inf in float32, and inf / inf is nan. For
    z >= 0 use 1 / (1 + exp(-z)); better, subtract the larger of 0 and z from both
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
    """You cut z off at a limit before exp. No value overflows, but beyond the limit
    the result no longer moves, and a tiny probability is made larger than it is. There
    is an exact way, without any limit: m = z.clamp(min=0) as in the last hint.
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
    """This is tanh, which has the same S shape but runs from -1 to 1. The sigmoid is
    (1 + tanh(z / 2)) / 2.
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
