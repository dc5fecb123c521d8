"""Exercises of lab 05, softmax regression: solutions, hints, typical mistakes."""

import torch
import torch.nn.functional as F

from course_utils.exercises.checks import exercise
from course_utils.exercises.diagnose import between, holds, unchanged

# N = 5 examples, D = 2 features, K = 3 classes: no two sizes are equal.
X = torch.tensor([[1.0, 2.0], [-0.5, 1.5], [2.0, -1.0], [0.3, 0.4], [-1.2, -0.7]])
Y = torch.tensor([2, 0, 1, 1, 0])
W = torch.tensor([[0.5, -1.0, 0.25], [-0.3, 0.2, 0.6]])
B = torch.tensor([0.2, 0.4, -0.9])
# D = K = 3: a forgotten transpose raises no error.
X_SQUARE = torch.tensor([[1.0, 0.5, -2.0], [0.2, 1.1, 0.7]])
W_SQUARE = torch.tensor([[0.4, -0.6, 1.0], [1.5, 0.3, -0.2], [-0.8, 0.9, 0.1]])
EYE = torch.eye(3)
# Logits up to 2000.
X_LARGE = torch.tensor([[1000.0, 0.0], [0.0, 1000.0], [-500.0, 700.0]])
W_LARGE = torch.tensor([[0.5, 1.0, 2.0], [-1.0, 0.5, -0.5]])
Y_LARGE = torch.tensor([0, 1, 2])


@exercise(
    given={"n_features": "size", "n_classes": "size"},
    inputs=[(4, 3), (2, 2), (784, 10), (1, 5)],
    hints=[
        "Which tensors are learned? W and b. How many numbers are in each?",
        "W has shape (D, K), so D * K numbers. How many biases are there?",
        "One bias per class. With 4 features and 3 classes there are 15 numbers.",
    ],
    praise="The number of examples does not occur in it.",
)
def n_parameters(n_features, n_classes):
    """Return the number of parameters of softmax regression."""
    return n_features * n_classes + n_classes


@n_parameters.mistake
def parameters_without_bias(n_features, n_classes):
    """You counted the weights only. The biases are learned as well: one more number for
    each class.
    """
    return n_features * n_classes


@n_parameters.mistake
def parameters_shared_bias(n_features, n_classes):
    """You counted a single bias for all classes. That is the published mistake: a bias
    that all share shifts all logits alike and can never learn. Each class has one.
    """
    return n_features * n_classes + 1


@n_parameters.mistake
def parameters_bias_per_feature(n_features, n_classes):
    """You counted one bias per feature. A bias belongs to a logit, it is what the logit
    is when all features are 0, and there is one logit per class.
    """
    return n_features * n_classes + n_features


@n_parameters.mistake
def parameters_added(n_features, n_classes):
    """You added the two sizes. Each class has a weight of its own for every feature, so
    W has n_features times n_classes entries; the biases come on top of that.
    """
    return n_features + n_classes


@n_parameters.mistake
def parameters_one_logit(n_features, n_classes):
    """This is logistic regression: one set of weights and one bias. Here every class
    has its own set.
    """
    return n_features + 1


@n_parameters.mistake
def parameters_that_matter(n_features, n_classes):
    """You left one class out. It is true that only (D + 1)(K - 1) numbers matter, since
    a common shift changes nothing; but the model stores, and learns, one column of
    weights and one bias for all K classes.
    """
    return (n_features + 1) * (n_classes - 1)


@n_parameters.mistake
def parameters_as_float(n_features, n_classes):
    """The value is right, but it is a float. A count is a whole number: use * and +
    only, no division.
    """
    return float(n_features * n_classes + n_classes)


@exercise(
    given={"X": "features N D", "W": "weights D K", "b": "bias K"},
    properties=[
        holds(
            "A predicted class is a number from 0 to K - 1. Yours is not.",
            lambda value, X, W, b: bool((value >= 0).all() and (value < len(b)).all()),
        )
    ],
    inputs=[
        (X, W, B),
        (X_SQUARE, W_SQUARE, torch.tensor([0.5, -0.5, 0.0])),
        (20 * X_SQUARE + 40, torch.tensor([[0.5], [0.3], [0.1]]) + 0.2 * EYE, B),
        (X_LARGE, torch.tensor([[0.9, 1.0, 0.5], [0.8, 0.5, 1.0]]), B),
    ],
    hints=[
        "First the logits, X @ W + b, shape (N, K). Then one answer per row.",
        "argmax says at which position the largest number stands.",
        "argmax with dim=0 goes down a column, over the examples; with dim=1 along "
        "a row, over the classes.",
    ],
    praise="No softmax needed: it would not change the order within a row.",
)
def predict(X, W, b):
    """Return the predicted class of each row, shape (N,)."""
    logits = X @ W + b
    return logits.argmax(dim=1)


@predict.mistake
def predict_down_columns(X, W, b):
    """argmax(dim=0) goes down the columns: it names the example with the largest logit
    of each class. The class of each example is found along its row: dim=1.
    """
    return (X @ W + b).argmax(dim=0)


@predict.mistake
def predict_in_everything(X, W, b):
    """Without dim, argmax looks for the largest number of the whole table and returns a
    single position. Each row needs an answer: dim=1.
    """
    return (X @ W + b).argmax()


@predict.mistake
def predict_without_bias(X, W, b):
    """Your b has no effect: it is left out, or all classes get the same (b.sum(), say).
    The biases can change the winner: a class with a large one wins where the features
    say little.
    """
    return (X @ W).argmax(dim=1)


@predict.mistake
def predict_largest_logit(X, W, b):
    """These are the largest logits themselves. The question is at which position, that
    is, for which class, the largest one stands: argmax, or .max(dim=1).indices.
    """
    return (X @ W + b).max(dim=1).values


@predict.mistake
def predict_probabilities(X, W, b):
    """These are the probabilities of all classes. The exercise asks for one class per
    example: the position of the largest, argmax(dim=1).
    """
    return torch.softmax(X @ W + b, dim=1)


@predict.mistake
def predict_column(X, W, b):
    """The classes are right, but the shape is (N, 1). Compared with labels of shape
    (N,) it would give a table of N x N without an error. Leave keepdim out.
    """
    return (X @ W + b).argmax(dim=1, keepdim=True)


@predict.mistake
def predict_softmax_over_examples(X, W, b):
    """You took softmax with dim=0 before argmax. Now the examples compete for each
    class, and the order within a row is lost. Use dim=1, or no softmax at all.
    """
    return torch.softmax(X @ W + b, dim=0).argmax(dim=1)


@predict.mistake
def predict_smallest(X, W, b):
    """You picked the smallest logit. A large logit stands for a likely class, so take
    the largest: argmax.
    """
    return (X @ W + b).argmin(dim=1)


@predict.mistake
def predict_one_hot(X, W, b):
    """These are the right classes, but as one-hot rows. The exercise asks for class
    numbers, shape (N,).
    """
    return F.one_hot((X @ W + b).argmax(dim=1), W.shape[1])


@predict.mistake
def predict_overflow(X, W, b):
    """Right for ordinary logits. For large ones your exp overflows: several classes
    become inf (or nan, divided by their sum), and argmax cannot tell them apart. The
    logits themselves have the same order: no exp is needed.
    """
    exps = (X @ W + b).exp()
    return (exps / exps.sum(dim=1, keepdim=True)).argmax(dim=1)


@predict.mistake
def predict_by_sigmoid(X, W, b):
    """Right for ordinary logits: the sigmoid keeps their order, too. But from 17 on it
    is rounded to 1, and then argmax cannot tell two large logits apart. Leave it out:
    the logits themselves decide.
    """
    return torch.sigmoid(X @ W + b).argmax(dim=1)


@predict.mistake
def predict_as_float(X, W, b):
    """The classes are right, but as floats. argmax already returns int64, which is what
    class numbers are used as: for comparing with y, and as an index.
    """
    return (X @ W + b).argmax(dim=1).float()


@exercise(
    given={"X": "features N D", "weight": "weights K D", "bias": "bias K"},
    forbids={"Do not use nn or F.": "F."},
    inputs=[  # first N = K, where a column of biases raises no error
        (X[:3], W.T.contiguous(), B),
        (X, W.T.contiguous(), B),
        (X_SQUARE, W_SQUARE, torch.tensor([0.5, -0.5, 0.25])),
    ],
    hints=[
        "Write down the shapes: X is (N, D), weight is (K, D), the logits are (N, K).",
        "(N, D) @ (D, K) would fit. Which operation makes (D, K) of (K, D)?",
        "weight.T, written without brackets, exchanges rows and columns. The bias, "
        "(K,), is added to every row by itself.",
    ],
    praise="This is what nn.Linear does, and nothing else.",
)
def linear(X, weight, bias):
    """Return the logits of nn.Linear, shape (N, K); weight has shape (K, D)."""
    return X @ weight.T + bias


@linear.mistake
def linear_called(X, weight, bias):
    """.T is a property: weight.T is the transposed tensor already. The brackets in
    weight.T() try to call that tensor like a function.
    """
    return X @ weight.T() + bias


@linear.mistake
def linear_not_transposed(X, weight, bias):
    """The weight is (K, D), a row per class, so (N, D) @ (K, D) does not fit. It raises
    an error here; if D equals K it would run and give wrong logits. Transpose it:
    weight.T.
    """
    return X @ weight + bias


@linear.mistake
def linear_reshaped(X, weight, bias):
    """With reshape the shape fits, but it is no transpose. It reads the numbers row by
    row and fills them in row by row, so weights of different classes are mixed up.
    weight.T exchanges rows and columns.
    """
    return X @ weight.reshape(weight.shape[1], weight.shape[0]) + bias


@linear.mistake
def linear_times(X, weight, bias):
    """`*` multiplies number by number and wants equal shapes. Here rows of X meet rows
    of weight and are added up: the matrix product @, with the transpose.
    """
    return X * weight + bias


@linear.mistake
def linear_times_square(X, weight, bias):
    """`*` multiplies number by number. The logits are sums over the features: the
    matrix product @, with the transpose.
    """
    return X * weight.T + bias


@linear.mistake
def linear_without_bias(X, weight, bias):
    """You left out the bias. It is added to every row: the (K,) tensor fits the columns
    of the (N, K) table.
    """
    return X @ weight.T


@linear.mistake
def linear_shared_bias(X, weight, bias):
    """You added up the biases and gave all classes the same one. That shifts all logits
    of a row alike and changes no probability. Add `bias` as it is.
    """
    return X @ weight.T + bias.sum()


@linear.mistake
def linear_classes_in_rows(X, weight, bias):
    """The numbers are right, but your table has a row per class, shape (K, N). In this
    course, and in PyTorch, a row is an example: transpose the other factor, X @
    weight.T.
    """
    return (X @ weight.T + bias).T


@linear.mistake
def linear_factors_exchanged(X, weight, bias):
    """Your factors stand the other way round, so your table has a row per class, (K,
    N), and the biases are added along the examples. A row is an example: X @ weight.T +
    bias.
    """
    return weight @ X.T + bias


@linear.mistake
def linear_probabilities(X, weight, bias):
    """You applied softmax, so these are probabilities. nn.Linear stops at the logits,
    and F.cross_entropy wants them: a softmax here would be the first of two.
    """
    return torch.softmax(X @ weight.T + bias, dim=1)


@linear.mistake
def linear_bias_per_example(X, weight, bias):
    """You made a column of the bias, shape (K, 1), so it is added along the examples
    and not along the classes. It raises an error unless N equals K, and then it runs
    and is wrong. Add `bias` as it is, shape (K,).
    """
    return X @ weight.T + bias.reshape(-1, 1)


@exercise(
    given={
        "X": "features N D",
        "y": "classes N K",
        "W": "weights D K",
        "b": "bias K",
    },
    slopes=("X", "W", "b"),
    properties=[
        between(0, torch.inf, "A loss is a surprise, and never below 0."),
        unchanged(
            "The same number added to all biases changes no probability, and no loss.",
            lambda X, y, W, b: (X, y, W, b + 2),
        ),
        unchanged(
            "The same examples twice have the same mean loss.",
            lambda X, y, W, b: (torch.cat([X, X]), torch.cat([y, y]), W, b),
        ),
    ],
    forbids={"With F.nll_loss and one other function.": "cross_entropy"},
    inputs=[
        (X, Y, W, B),
        (X_SQUARE, torch.tensor([0, 2]), W_SQUARE, B),
        (X_LARGE, Y_LARGE, W_LARGE, B),
    ],
    hints=[
        "F.nll_loss picks one number per row, the one of the right class, takes the "
        "mean and turns the sign. Nothing else: no softmax, no log.",
        "So it must be given log-probabilities.",
        "One function does softmax and log in a single step, so that nothing "
        "overflows: F.log_softmax. Which dim?",
    ],
    praise="It equals F.cross_entropy(X @ W + b, y), also for logits of 1000.",
)
def model_loss(X, y, W, b):
    """Return the mean cross entropy of softmax regression."""
    logits = X @ W + b
    return F.nll_loss(F.log_softmax(logits, dim=1), y)


@model_loss.mistake
def loss_of_probabilities(X, y, W, b):
    """You gave nll_loss probabilities. It takes no logarithm of its own, so the result
    is minus the mean probability: a negative loss, which can be trained and is not the
    cross entropy. It needs log_softmax.
    """
    return F.nll_loss(torch.softmax(X @ W + b, dim=1), y)


@model_loss.mistake
def loss_of_logits(X, y, W, b):
    """You gave nll_loss the logits. It has no softmax inside (F.cross_entropy has), so
    this loss can be lowered for ever by raising all logits. It needs log_softmax.
    """
    return F.nll_loss(X @ W + b, y)


@model_loss.mistake
def loss_softmax_twice(X, y, W, b):
    """Softmax twice, the published mistake. F.log_softmax, and F.cross_entropy too,
    begin with a softmax of their own: give them the logits.
    """
    return F.cross_entropy(torch.softmax(X @ W + b, dim=1), y)


@model_loss.mistake
def loss_plus_epsilon(X, y, W, b):
    """With + 1e-9 the logarithm stays finite, but a probability that was rounded to 0
    costs 21 and never more, and no slope is left to correct it. (Lab 2 has this
    pitfall.) log_softmax needs no such help.
    """
    return F.nll_loss((torch.softmax(X @ W + b, dim=1) + 1e-9).log(), y)


@model_loss.mistake
def loss_single_losses(X, y, W, b):
    """These are the losses of the single examples. Each is right; the exercise asks for
    their mean, one number, which is the default of reduction.
    """
    return F.nll_loss(F.log_softmax(X @ W + b, dim=1), y, reduction="none")


@model_loss.mistake
def loss_log_of_softmax(X, y, W, b):
    """Right for ordinary logits. For large ones a probability is rounded to 0, and its
    log is -inf (lab 1). log_softmax does both in one step and stays finite.
    """
    return F.nll_loss(torch.softmax(X @ W + b, dim=1).log(), y)


@model_loss.mistake
def loss_over_examples(X, y, W, b):
    """You normalised down the columns, as if the examples competed with each other. The
    classes of one example compete: log_softmax with dim=1.
    """
    return F.nll_loss(F.log_softmax(X @ W + b, dim=0), y)


@model_loss.mistake
def loss_summed(X, y, W, b):
    """This is the sum over the examples. The loss is the mean, so that it, and the
    gradient, do not grow with the number of examples: leave reduction at its default.
    """
    return F.nll_loss(F.log_softmax(X @ W + b, dim=1), y, reduction="sum")


@model_loss.mistake
def loss_without_bias(X, y, W, b):
    """You left out b. Then it has no influence on the loss, and so no gradient: it
    could never learn.
    """
    return F.nll_loss(F.log_softmax(X @ W, dim=1), y)


@model_loss.mistake
def loss_as_number(X, y, W, b):
    """The value is right, but .item() makes a plain number of it. A number has no
    gradient, so nothing can be trained. Return the tensor.
    """
    return F.nll_loss(F.log_softmax(X @ W + b, dim=1), y).item()


@model_loss.mistake
def loss_negative(X, y, W, b):
    """The sign is wrong. nll_loss turns the sign of the log-probabilities itself (the n
    stands for negative), so no minus is needed. A cross entropy is never below 0.
    """
    return -F.nll_loss(F.log_softmax(X @ W + b, dim=1), y)


@exercise(
    given={
        "X": "features N D",
        "y": "classes N K",
        "W": "weights D K",
        "b": "bias K",
        "lr": "rate",
    },
    steps=("W", "b"),
    properties=[
        holds(
            "Over the classes the steps of b add up to 0: each row of probabilities "
            "minus labels sums to 0. Yours do not.",
            lambda value, X, y, W, b, lr: abs((value[1] - b).sum().item()) < 1e-4,
        ),
    ],
    forbids={"With the gradients by hand and without autograd.": "backward grad"},
    inputs=[
        (X, Y, W, B, 0.5),
        (X_SQUARE, torch.tensor([0, 2]), W_SQUARE, B, 0.1),
        (X_LARGE, Y_LARGE, W_LARGE, B, 0.001),
    ],
    hints=[
        "Four lines: probs, errors = (probs - Y) / N with one-hot Y, the two "
        "gradients, and the two new parameters.",
        "The gradient of W is X.T @ errors, shape (D, K). That of b is the sum of "
        "errors down the columns, dim=0, shape (K,).",
        "F.one_hot(y, W.shape[1]) makes Y. From each parameter subtract lr times "
        "its own gradient; that makes new tensors.",
    ],
    praise="A loop around this function trains the model, without any autograd.",
)
def training_step(X, y, W, b, lr):
    """Return W and b after one step of gradient descent."""
    probs = torch.softmax(X @ W + b, dim=1)
    errors = (probs - F.one_hot(y, W.shape[1])) / len(X)
    W_grad = X.T @ errors
    b_grad = errors.sum(dim=0)
    return W - lr * W_grad, b - lr * b_grad


def _moved(X, y, W, b, rate, rate_b=None):
    """Return both parameters after a step with a learning rate for each."""
    errors = (torch.softmax(X @ W + b, dim=1) - F.one_hot(y, W.shape[1])) / len(X)
    rate_b = rate if rate_b is None else rate_b
    return W - rate * X.T @ errors, b - rate_b * errors.sum(dim=0)


@training_step.mistake
def step_uphill(X, y, W, b, lr):
    """You went uphill. The gradient points to where the loss grows, so subtract it:
    W - lr * gradient. (Or the difference is the wrong way round: it is probs - Y.)
    """
    errors = (torch.softmax(X @ W + b, dim=1) - F.one_hot(y, W.shape[1])) / len(X)
    return W + lr * X.T @ errors, b + lr * errors.sum(dim=0)


@training_step.mistake
def step_of_the_sum(X, y, W, b, lr):
    """The factor 1/N is missing: this is the gradient of the sum of the losses, and the
    step is N times too long. The loss is a mean, so divide by len(X).
    """
    errors = torch.softmax(X @ W + b, dim=1) - F.one_hot(y, W.shape[1])
    return W - lr * X.T @ errors, b - lr * errors.sum(dim=0)


@training_step.mistake
def step_mean_over_all(X, y, W, b, lr):
    """You divided by all N times K entries. The mean of the loss runs over the N
    examples, each of which has one loss: divide by len(X).
    """
    errors = (torch.softmax(X @ W + b, dim=1) - F.one_hot(y, W.shape[1])) / W.shape[1]
    return W - lr * X.T @ errors / len(X), b - lr * errors.mean(dim=0)


@training_step.mistake
def step_shared_bias(X, y, W, b, lr):
    """Your b has not moved. Either it is not updated, or its gradient was added up over
    the classes too, which gives 0: every row of errors sums to 0. Sum down the columns
    only, dim=0.
    """
    errors = (torch.softmax(X @ W + b, dim=1) - F.one_hot(y, W.shape[1])) / len(X)
    return W - lr * X.T @ errors, b - lr * errors.sum()


@training_step.mistake
def step_mean_for_bias(X, y, W, b, lr):
    """W is right, but the gradient of b was divided by N twice: errors holds the factor
    1/N already, so take its sum down the columns and not its mean.
    """
    errors = (torch.softmax(X @ W + b, dim=1) - F.one_hot(y, W.shape[1])) / len(X)
    return W - lr * X.T @ errors, b - lr * errors.mean(dim=0)


@training_step.mistake
def step_one_after_the_other(X, y, W, b, lr):
    """W is right, but the gradient of b was calculated with the new W. Both gradients
    belong to the same point: calculate both first, then update both.
    """
    Y = F.one_hot(y, W.shape[1])
    W = W - lr * X.T @ (torch.softmax(X @ W + b, dim=1) - Y) / len(X)
    return W, b - lr * (torch.softmax(X @ W + b, dim=1) - Y).mean(dim=0)


@training_step.mistake
def step_without_lr(X, y, W, b, lr):
    """The learning rate is missing: you subtracted the whole gradient. Multiply it by
    lr first, for W and for b.
    """
    errors = (torch.softmax(X @ W + b, dim=1) - F.one_hot(y, W.shape[1])) / len(X)
    return W - X.T @ errors, b - errors.sum(dim=0)


@training_step.mistake
def step_returns_gradients(X, y, W, b, lr):
    """These are the gradients. The exercise asks for the parameters after the step: W -
    lr * W_grad and b - lr * b_grad.
    """
    errors = (torch.softmax(X @ W + b, dim=1) - F.one_hot(y, W.shape[1])) / len(X)
    return X.T @ errors, errors.sum(dim=0)


@training_step.mistake
def step_without_softmax(X, y, W, b, lr):
    """You subtracted the labels from the logits. The slope of the cross entropy is the
    probability minus the label: take softmax of the logits first.
    """
    errors = (X @ W + b - F.one_hot(y, W.shape[1])) / len(X)
    return W - lr * X.T @ errors, b - lr * errors.sum(dim=0)


@training_step.mistake
def step_softmax_twice(X, y, W, b, lr):
    """You applied softmax to probabilities. One softmax makes probabilities of the
    logits; a second one makes them all nearly equal.
    """
    probs = torch.softmax(torch.softmax(X @ W + b, dim=1), dim=1)
    errors = (probs - F.one_hot(y, W.shape[1])) / len(X)
    return W - lr * X.T @ errors, b - lr * errors.sum(dim=0)


@training_step.mistake
def step_over_examples(X, y, W, b, lr):
    """Your softmax runs down the columns, as if the examples competed for each class. A
    row must sum to 1: dim=1.
    """
    errors = (torch.softmax(X @ W + b, dim=0) - F.one_hot(y, W.shape[1])) / len(X)
    return W - lr * X.T @ errors, b - lr * errors.sum(dim=0)


@training_step.mistake
def step_logits_without_bias(X, y, W, b, lr):
    """Your probabilities come from X @ W alone: the bias is missing in the logits, so
    the errors are those of another model. They are softmax(X @ W + b).
    """
    errors = (torch.softmax(X @ W, dim=1) - F.one_hot(y, W.shape[1])) / len(X)
    return W - lr * X.T @ errors, b - lr * errors.sum(dim=0)


@training_step.mistake
def step_divided_by_features(X, y, W, b, lr):
    """You divided by D, the number of features. The mean of the loss runs over the
    examples: divide by N, which is len(X) or X.shape[0].
    """
    return _moved(X, y, W, b, lr * len(X) / X.shape[1])


@training_step.mistake
def step_divided_by_features_for_weights(X, y, W, b, lr):
    """The biases are right, but you divided the gradient of W by D, the number of
    features. The mean runs over the N examples, for W as for b.
    """
    return _moved(X, y, W, b, lr * len(X) / X.shape[1], lr)


@training_step.mistake
def step_sum_for_weights(X, y, W, b, lr):
    """The biases are right, but the factor 1/N is missing in the gradient of W. X.T @
    errors adds up over the examples: divide by len(X).
    """
    return _moved(X, y, W, b, lr * len(X), lr)


@training_step.mistake
def step_sum_for_b(X, y, W, b, lr):
    """The weights are right, but the factor 1/N is missing in the gradient of b: it is
    the mean over the examples, for each class.
    """
    return _moved(X, y, W, b, lr, lr * len(X))


@training_step.mistake
def step_uphill_with_weights(X, y, W, b, lr):
    """The biases go downhill, but W goes uphill. Both steps have the same sign: the
    gradient is subtracted, W - lr * W_grad.
    """
    return _moved(X, y, W, b, -lr, lr)


@training_step.mistake
def step_uphill_with_b(X, y, W, b, lr):
    """The weights go downhill, but the biases go uphill. Both steps have the same sign:
    the gradient is subtracted, b - lr * b_grad.
    """
    return _moved(X, y, W, b, lr, -lr)


@training_step.mistake
def step_without_lr_for_weights(X, y, W, b, lr):
    """The biases are right, but from W you subtracted the whole gradient. Both
    gradients are multiplied by the learning rate.
    """
    return _moved(X, y, W, b, 1, lr)


@training_step.mistake
def step_without_lr_for_b(X, y, W, b, lr):
    """The weights are right, but from b you subtracted the whole gradient. Both
    gradients are multiplied by the learning rate.
    """
    return _moved(X, y, W, b, lr, 1)


@training_step.mistake
def step_results_exchanged(X, y, W, b, lr):
    """Both are right, but you return them in the wrong order. The exercise asks for the
    new W first, then the new b: whoever unpacks them as W, b gets them exchanged.
    """
    return _moved(X, y, W, b, lr)[::-1]


@training_step.mistake
def step_bias_first(X, y, W, b, lr):
    """Your b is right, but the gradient of W was calculated with the new b. Both
    gradients belong to the same point: calculate both first, then update both.
    """
    new_b = _moved(X, y, W, b, lr)[1]
    return _moved(X, y, W, new_b, lr)[0], new_b


@training_step.mistake
def step_labels_not_one_hot(X, y, W, b, lr):
    """You subtracted the class numbers themselves, as a column: the number 2 from all
    probabilities of an example of class 2. The labels have to be one-hot rows, with a 1
    at the right class: F.one_hot(y, W.shape[1]).
    """
    errors = (torch.softmax(X @ W + b, dim=1) - y.unsqueeze(1)) / len(X)
    return W - lr * X.T @ errors, b - lr * errors.sum(dim=0)


@training_step.mistake
def step_mean_over_the_gradient(X, y, W, b, lr):
    """Your W has not moved. A mean over the whole gradient of W is one number, and that
    is 0, because every row of it sums to 0. W_grad is X.T @ errors, a table with the
    shape of W.
    """
    errors = (torch.softmax(X @ W + b, dim=1) - F.one_hot(y, W.shape[1])) / len(X)
    return W - lr * (X.T @ errors).mean(), b - lr * errors.sum(dim=0)


@training_step.mistake
def step_overflow(X, y, W, b, lr):
    """Right for ordinary logits. For large ones exp overflows to inf, and inf / inf is
    nan; after one such step all weights are nan. Use torch.softmax, or subtract the
    maximum of each row first.
    """
    exps = (X @ W + b).exp()
    errors = exps / exps.sum(dim=1, keepdim=True) - F.one_hot(y, W.shape[1])
    return W - lr * X.T @ errors / len(X), b - lr * errors.mean(dim=0)


@training_step.mistake
def step_in_place(X, y, W, b, lr):
    """The result is right, but an in-place operation such as -= has changed the
    parameters of the caller as well, who may need them, for example to compare before
    and after. Write W = W - ...: that makes a new tensor.
    """
    errors = (torch.softmax(X @ W + b, dim=1) - F.one_hot(y, W.shape[1])) / len(X)
    W -= lr * X.T @ errors
    b -= lr * errors.sum(dim=0)
    return W, b


@exercise(
    given={"W": "weights D 2", "b": "bias 2"},
    results=("the weights", "the bias"),
    inputs=[
        (
            torch.tensor([[0.5, -1.0], [2.0, 0.25], [-0.4, 1.6]]),
            torch.tensor([0.1, 0.7]),
        ),
        (torch.tensor([[3.0, 1.0], [-2.0, 5.0]]), torch.tensor([-4.0, 2.0])),
        (torch.tensor([[1000.0, 998.0]]), torch.tensor([500.0, -500.0])),
    ],
    hints=[
        "The one logit is the difference z1 - z0, and class 1 is column 1.",
        "z1 - z0 = X @ W[:, 1] + b[1] - (X @ W[:, 0] + b[0]). Collect the terms.",
        "W[:, k] is the column of class k. Test yours: the sigmoid of the one logit "
        "must be the probability of class 1.",
    ],
    praise="sigmoid(X @ w + b) now equals softmax(X @ W + b, dim=1)[:, 1].",
)
def to_logistic(W, b):
    """Return the weights (D,) and the bias () of the same model with one logit."""
    return W[:, 1] - W[:, 0], b[1] - b[0]


@to_logistic.mistake
def logistic_reversed(W, b):
    """The sign is the wrong way round: this logit is z0 - z1, whose sigmoid is the
    probability of class 0. For class 1 subtract column 0 from column 1.
    """
    return W[:, 0] - W[:, 1], b[0] - b[1]


@to_logistic.mistake
def logistic_weights_reversed(W, b):
    """The bias is right, but the weights have the wrong sign: they are those of z0 -
    z1. For class 1 subtract column 0 from column 1, as for the bias.
    """
    return W[:, 0] - W[:, 1], b[1] - b[0]


@to_logistic.mistake
def logistic_bias_reversed(W, b):
    """The weights are right, but the bias has the wrong sign: it is that of z0 - z1.
    For class 1 subtract entry 0 from entry 1, as for the weights.
    """
    return W[:, 1] - W[:, 0], b[0] - b[1]


@to_logistic.mistake
def logistic_column_1(W, b):
    """You took the weights of class 1 alone. That is right only if those of class 0 are
    0. A logit counts in comparison with the other: subtract column 0.
    """
    return W[:, 1], b[1]


@to_logistic.mistake
def logistic_sum(W, b):
    """You added the two columns. Softmax depends on the difference of the two logits: a
    sum would change under a common shift, which changes no probability.
    """
    return W[:, 0] + W[:, 1], b[0] + b[1]


@to_logistic.mistake
def logistic_half(W, b):
    """You divided the difference by 2. The sigmoid needs the whole difference z1 - z0;
    half of it is temperature 2, which keeps the classes but flattens the probabilities.
    """
    return (W[:, 1] - W[:, 0]) / 2, (b[1] - b[0]) / 2


@to_logistic.mistake
def logistic_rows(W, b):
    """You subtracted two rows. In W, shape (D, K), a class is a column: W[:, 1] - W[:,
    0]. (In nn.Linear.weight, shape (K, D), it would be a row.)
    """
    return W[1] - W[0], b[1] - b[0]


@to_logistic.mistake
def logistic_column_shape(W, b):
    """The numbers are right, but W[:, 1:] keeps the column as a table, shape (D, 1).
    The exercise asks for shape (D,) and a bias of shape (): use W[:, 1] and b[1].
    """
    return W[:, 1:] - W[:, :1], b[1:] - b[:1]


@to_logistic.mistake
def logistic_without_bias(W, b):
    """The weights are right, but the bias is still one per class. It becomes a
    difference as well: b[1] - b[0].
    """
    return W[:, 1] - W[:, 0], b


@to_logistic.mistake
def logistic_bias_1(W, b):
    """The weights are right, but the bias is that of class 1 alone. The one of class 0
    has to be subtracted, like its weights.
    """
    return W[:, 1] - W[:, 0], b[1]
