"""Exercises of lab 07, MNIST with two digits: solutions, hints, typical mistakes."""

import torch
from torch import nn

from course_utils.exercises.checks import exercise
from course_utils.exercises.diagnose import between, holds
from course_utils.exercises.fixtures import Case, GradientWatch, sized

# No two of the losses are equal, and three of the seven answers are wrong.
PROBS = torch.tensor([[0.92], [0.24], [0.63], [0.41], [0.38], [0.11], [0.81]])
Y = torch.tensor([[1.0], [0.0], [0.0], [1.0], [1.0], [0.0], [1.0]])


@sized("N", "K")
def _with_majority(g, sizes, before):
    """Labels with one most frequent class; another class does not occur at all."""
    n_classes = sizes["K"]
    favourite, missing = torch.randperm(n_classes, generator=g)[:2]
    y = torch.randint(n_classes, (sizes["N"] + 3,), generator=g)
    y[y == missing] = favourite
    return torch.cat([y, favourite.expand(len(y))])


def _some_of_them(g, sizes, before):
    return 1 + int(torch.randint(sizes["N"], (), generator=g))


@exercise(
    given={"probs": "probs N 1", "y": "bits N 1"},
    properties=[between(0, 1, "An accuracy is a fraction from 0 to 1.")],
    inputs=[
        (PROBS, Y),
        (1 - PROBS, Y),
        (PROBS, Y.flatten()),
        (PROBS.flatten(), Y),
        (PROBS, Y.T),
    ],
    hints=[
        "A probability above 0.5 means class 1. Compare with y, then take the mean of "
        "the trues.",
        "((probs > 0.5) == y) is a tensor of True and False; .float().mean().item() "
        "makes a fraction of it.",
        "Before that: if probs.shape != y.shape: raise ValueError(...).",
    ],
    praise="And it refuses to compare shapes that do not fit.",
)
def accuracy(probs, y):
    """Return the fraction of right predictions; both have shape (N, 1)."""
    if probs.shape != y.shape:
        raise ValueError(f"probs has shape {probs.shape}, y has {y.shape}")
    return ((probs > 0.5) == y).float().mean().item()


@accuracy.mistake
def accuracy_broadcast(probs, y):
    """Right, as long as the shapes agree. But (N, 1) compared with (N,) makes a table
    of all N x N pairs, without any error, and its mean says nothing. Raise a
    ValueError if probs.shape != y.shape.
    """
    return ((probs > 0.5) == y).float().mean().item()


@accuracy.mistake
def accuracy_tensor(probs, y):
    """The number is right, but it is still a tensor with one element. .item() takes
    the plain Python number out.
    """
    return ((probs > 0.5) == y).float().mean()


@accuracy.mistake
def accuracy_percent(probs, y):
    """You returned a percentage. In this course accuracy is a fraction in [0, 1]; it
    is printed as a percentage with f"{value:.2%}". One convention everywhere saves
    you from results like 9986%.
    """
    return 100 * ((probs > 0.5) == y).float().mean().item()


@accuracy.mistake
def accuracy_count(probs, y):
    """You counted the right predictions. Divide by N, or take the mean, so that data
    sets of different size can be compared.
    """
    return ((probs > 0.5) == y).sum().item()


@accuracy.mistake
def accuracy_threshold_zero(probs, y):
    """You compared with 0. That is the threshold for logits. Probabilities are never
    below 0, so every example becomes class 1; for them the threshold is 0.5.
    """
    return ((probs > 0) == y).float().mean().item()


@accuracy.mistake
def accuracy_without_threshold(probs, y):
    """You compared the probabilities themselves with the labels. They are never
    exactly 0 or 1, so nothing is equal. First make a decision of each: probs > 0.5.
    """
    return (probs == y).float().mean().item()


@accuracy.mistake
def accuracy_argmax(probs, y):
    """argmax(dim=1) asks which column is largest. There is only one column, so the
    answer is always 0. With one probability per example, compare with 0.5.
    """
    return (probs.argmax(dim=1, keepdim=True) == y).float().mean().item()


@accuracy.mistake
def accuracy_inverted(probs, y):
    """This is the fraction of wrong predictions, the error rate. Accuracy is the
    fraction of right ones; the two sum to 1.
    """
    return ((probs > 0.5) != y).float().mean().item()


@exercise(
    given={"y_train": _with_majority, "y_test": "classes N K"},
    properties=[between(0, 1, "An accuracy is a fraction from 0 to 1.")],
    inputs=[
        (
            torch.tensor([1, 1, 2, 2, 1, 1, 2, 0, 3, 0, 2, 0, 2]),
            torch.tensor([3, 1, 3, 2, 2, 3, 1, 1, 3, 3, 1]),
        ),
        (
            torch.tensor([1, 1, 0, 1, 1, 0, 1]),
            torch.tensor([0, 0, 1, 0, 0, 0, 1, 0, 2, 1, 2]),
        ),
        (torch.tensor([0, 0, 1]), torch.tensor([1, 1, 1, 0])),
        (torch.tensor([0, 2, 1, 2, 0, 2, 0, 0]), torch.tensor([2, 1, 0, 0, 2, 2])),
    ],
    hints=[
        "Two steps: which class is most frequent in the training labels? How often is "
        "it right on the test labels?",
        "y_train.mode().values or y_train.bincount().argmax() gives the class.",
        "Comparing y_test with that one class gives True and False: take the mean, "
        "as a Python number.",
    ],
    praise="Any model has to beat this number before it is worth a word.",
)
def majority_baseline(y_train, y_test):
    """Return the test accuracy of always predicting the most frequent class."""
    majority = y_train.bincount().argmax()
    return (y_test == majority).float().mean().item()


@majority_baseline.mistake
def baseline_from_test(y_train, y_test):
    """You looked for the most frequent class in the test labels. A model may not know
    them. Decide on the training labels, then measure on the test labels.
    """
    return (y_test == y_test.bincount().argmax()).float().mean().item()


@majority_baseline.mistake
def baseline_on_train(y_train, y_test):
    """This is the share of the most frequent class in the training labels. That class
    is the right choice, but how often it is right must be measured on the test
    labels.
    """
    return (y_train == y_train.bincount().argmax()).float().mean().item()


@majority_baseline.mistake
def baseline_always_one(y_train, y_test):
    """You always predict class 1. In MNIST's zeros and ones that is the more frequent
    class, but in other data it need not be: find it from the training labels.
    """
    return (y_test == 1).float().mean().item()


@majority_baseline.mistake
def baseline_always_zero(y_train, y_test):
    """You always predict class 0. Which class is most frequent has to be found from
    the training labels.
    """
    return (y_test == 0).float().mean().item()


@majority_baseline.mistake
def baseline_from_both(y_train, y_test):
    """You looked for the most frequent class in training and test labels together. So
    the test labels had a say in the choice. Decide on the training labels alone.
    """
    majority = torch.cat([y_train, y_test]).bincount().argmax()
    return (y_test == majority).float().mean().item()


@majority_baseline.mistake
def baseline_class(y_train, y_test):
    """This is the class itself. The exercise asks for the accuracy that predicting it
    would give on the test labels.
    """
    return y_train.bincount().argmax().item()


@majority_baseline.mistake
def baseline_chance(y_train, y_test):
    """One divided by the number of classes is what blind guessing gives. Always
    naming the most frequent class does at least as well where classes differ in size.
    """
    return 1 / len(y_train.unique())


@majority_baseline.mistake
def baseline_tensor(y_train, y_test):
    """The number is right, but it is still a tensor with one element. .item() takes
    the plain Python number out.
    """
    return (y_test == y_train.bincount().argmax()).float().mean()


_X_TRAIN = torch.tensor([[1.0, 4.0, 0.2], [3.0, 8.0, 0.9], [5.0, 3.0, 0.4]])
_X_TEST = torch.tensor([[2.0, 5.0, 0.3], [9.0, 1.0, 0.8]])
_FLAT_TRAIN = torch.tensor([[1.0, 4.0, 0.5], [3.0, 8.0, 0.5], [5.0, 3.0, 0.5]])


@exercise(
    given={"X_train": "features M D", "X_test": "features N D"},
    results=("the training set", "the test set"),
    properties=[
        holds(
            "In the training set every pixel must have mean 0 then. Yours do not.",
            lambda value, train, test: bool(value[0].mean(dim=0).abs().max() < 1e-3),
        ),
        holds(
            "In the training set every pixel must have deviation 1 then. Yours do not.",
            lambda value, train, test: bool(
                (value[0].std(dim=0) - 1).abs().max() < 1e-3
            ),
        ),
    ],
    inputs=[
        (_X_TRAIN, _X_TEST),
        Case((_FLAT_TRAIN, _X_TEST), "a pixel that is the same everywhere", False),
    ],
    hints=[
        "Mean and standard deviation of each pixel: X_train.mean(dim=0), "
        "X_train.std(dim=0).",
        "Both sets are transformed with the same two lists of numbers, those of the "
        "training set.",
        "Where the standard deviation is 0, divide by 1: torch.where(std > 0, std, "
        "torch.ones_like(std)).",
    ],
    praise="The test set had no say in how it is prepared.",
)
def standardize(X_train, X_test):
    """Return both sets with mean 0 and deviation 1 per pixel, judged by X_train."""
    mean, std = X_train.mean(dim=0), X_train.std(dim=0)
    std = torch.where(std > 0, std, torch.ones_like(std))
    return (X_train - mean) / std, (X_test - mean) / std


def _scaled(X, reference):
    std = reference.std(dim=0)
    std = torch.where(std > 0, std, torch.ones_like(std))
    return (X - reference.mean(dim=0)) / std


@standardize.mistake
def standardize_separately(X_train, X_test):
    """You used the test set's own mean and deviation for the test set. Then the same
    image gets other numbers there than it got in training, and the result for one
    image depends on the others. Use the training statistics for both.
    """
    return _scaled(X_train, X_train), _scaled(X_test, X_test)


@standardize.mistake
def standardize_jointly(X_train, X_test):
    """You took the statistics of both sets together. So the test set has leaked into
    the training data: it is no longer new to the model. Use the training set alone.
    """
    both = torch.cat([X_train, X_test])
    return _scaled(X_train, both), _scaled(X_test, both)


@standardize.mistake
def standardize_zero_deviation(X_train, X_test):
    """Right for ordinary pixels. But a pixel that is the same in all training images,
    as the corners of MNIST are, has deviation 0, and 0 / 0 is nan. Divide such a
    pixel by 1.
    """
    mean, std = X_train.mean(dim=0), X_train.std(dim=0)
    return (X_train - mean) / std, (X_test - mean) / std


@standardize.mistake
def standardize_without_mean(X_train, X_test):
    """You divided by the deviation but did not subtract the mean, so the pixels are
    not centred on 0.
    """
    std = X_train.std(dim=0)
    std = torch.where(std > 0, std, torch.ones_like(std))
    return X_train / std, X_test / std


@standardize.mistake
def standardize_brackets(X_train, X_test):
    """Only the mean was divided: / comes before -, so X - mean / std is X - (mean /
    std). Put brackets around the difference.
    """
    mean, std = X_train.mean(dim=0), X_train.std(dim=0)
    std = torch.where(std > 0, std, torch.ones_like(std))
    return X_train - mean / std, X_test - mean / std


@standardize.mistake
def standardize_mean_only(X_train, X_test):
    """You subtracted the mean and did not divide by the standard deviation: the
    pixels are centred, but some still spread more than others.
    """
    return X_train - X_train.mean(dim=0), X_test - X_train.mean(dim=0)


@standardize.mistake
def standardize_all_pixels_alike(X_train, X_test):
    """You used one mean and one deviation for all pixels together. That is a usual
    choice for images, too, but this exercise asks for each pixel on its own: dim=0.
    """
    mean, std = X_train.mean(), X_train.std()
    return (X_train - mean) / std, (X_test - mean) / std


@standardize.mistake
def standardize_each_image(X_train, X_test):
    """You went along dim=1, so each image has its own mean and deviation. Statistics
    of a pixel run down the column of all training images: dim=0.
    """
    return tuple(
        (X - X.mean(dim=1, keepdim=True)) / X.std(dim=1, keepdim=True)
        for X in (X_train, X_test)
    )


@standardize.mistake
def standardize_variance(X_train, X_test):
    """You divided by the variance. The standard deviation is its square root: std,
    not var. Only then is the new deviation 1.
    """
    var = X_train.var(dim=0)
    var = torch.where(var > 0, var, torch.ones_like(var))
    return tuple((X - X_train.mean(dim=0)) / var for X in (X_train, X_test))


@standardize.mistake
def standardize_population(X_train, X_test):
    """Nearly: this deviation divides by N, and torch.std divides by N - 1 unless told
    otherwise. Both are in use. Take torch.std as it is, so that results can be
    compared.
    """
    std = X_train.std(dim=0, correction=0)
    std = torch.where(std > 0, std, torch.ones_like(std))
    return tuple((X - X_train.mean(dim=0)) / std for X in (X_train, X_test))


def _example(mode, seed=3):
    """Make a small model with dropout, and data on which it is mostly right."""
    generator = torch.Generator().manual_seed(seed)
    linear, out = nn.Linear(4, 16), nn.Linear(16, 1)
    with torch.no_grad():
        for parameter in [*linear.parameters(), *out.parameters()]:
            parameter.copy_(torch.randn(parameter.shape, generator=generator))
    layers = [linear, nn.Dropout(0.5), nn.ReLU(), out, nn.Sigmoid(), GradientWatch()]
    model = nn.Sequential(*layers).eval()
    X = torch.randn(60, 4, generator=generator)
    with torch.no_grad():
        answers = model(X) > 0.5
    model[-1].saw_gradients.zero_()
    wrong = torch.rand(60, 1, generator=generator) < 0.1
    return model.train(mode), X, (answers ^ wrong).float()


@exercise(
    inputs=[
        _example(mode=True),
        _example(mode=False),
        _example(mode=True, seed=4),
        _example(mode=False, seed=5),
    ],
    hints=[
        "model.eval() switches dropout off. with torch.no_grad(): saves the gradients.",
        "The caller may be in the middle of training: note model.training first.",
        "model.train(was_training) at the end puts back the mode that you found.",
    ],
    praise="The same number every time, and the model is left as it was found.",
)
def evaluate(model, X, y):
    """Return the accuracy of a model that gives probabilities (N, 1)."""
    was_training = model.training
    model.eval()
    with torch.no_grad():
        probs = model(X)
    model.train(was_training)
    return ((probs > 0.5) == y).float().mean().item()


@evaluate.mistake
def evaluate_without_eval(model, X, y):
    """Dropout is still on: half of the hidden units are silenced at random, so the
    accuracy is wrong and different in each call. model.eval() switches it off.
    (torch.no_grad() does not: it is about gradients only.)
    """
    with torch.no_grad():
        return ((model(X) > 0.5) == y).float().mean().item()


@evaluate.mistake
def evaluate_left_in_eval(model, X, y):
    """The number is right, but the model is left in eval mode. If this is called in
    the middle of training, dropout is off from there on, silently. Put the mode back
    that you found.
    """
    model.eval()
    with torch.no_grad():
        return ((model(X) > 0.5) == y).float().mean().item()


@evaluate.mistake
def evaluate_always_train(model, X, y):
    """You end with model.train(). But the model may have been in eval mode when you
    were called. Note model.training first, and put that back:
    model.train(was_training).
    """
    model.eval()
    with torch.no_grad():
        probs = model(X)
    model.train()
    return ((probs > 0.5) == y).float().mean().item()


@evaluate.mistake
def evaluate_with_gradients(model, X, y):
    """The number is right, but PyTorch noted down everything that it would need for
    slopes, which costs time and memory. Call the model under `with torch.no_grad():`
    (the line torch.no_grad() alone, without `with`, does nothing).
    """
    was_training = model.training
    model.eval()
    probs = model(X)
    model.train(was_training)
    return ((probs > 0.5) == y).float().mean().item()


@evaluate.mistake
def evaluate_broadcast(model, X, y):
    """One of the two is a column, (N, 1), and the other a plain list, (N,). Comparing
    them makes a table of all N x N pairs. Leave both as columns.
    """
    was_training = model.training
    model.eval()
    with torch.no_grad():
        probs = model(X).flatten()
    model.train(was_training)
    return ((probs > 0.5) == y).float().mean().item()


@evaluate.mistake
def evaluate_argmax(model, X, y):
    """argmax(dim=1) asks which column is largest. There is only one column, so the
    answer is always 0. With one probability per example, compare with 0.5.
    """
    was_training = model.training
    model.eval()
    with torch.no_grad():
        probs = model(X)
    model.train(was_training)
    return (probs.argmax(dim=1, keepdim=True) == y).float().mean().item()


@evaluate.mistake
def evaluate_tensor(model, X, y):
    """The number is right, but it is still a tensor with one element. .item() takes
    the plain Python number out.
    """
    was_training = model.training
    model.eval()
    with torch.no_grad():
        probs = model(X)
    model.train(was_training)
    return ((probs > 0.5) == y).float().mean()


@evaluate.mistake
def evaluate_threshold_zero(model, X, y):
    """Every example became class 1. Either you compared with 0, the threshold for
    logits, or you applied a sigmoid once more. This model ends with a sigmoid and
    gives probabilities: compare them with 0.5 as they are.
    """
    was_training = model.training
    model.eval()
    with torch.no_grad():
        probs = model(X)
    model.train(was_training)
    return ((probs > 0) == y).float().mean().item()


@exercise(
    given={"probs": "probs N 1", "y": "bits N 1", "k": _some_of_them},
    inputs=[(PROBS, Y, 3), (1 - PROBS, Y, 2), (PROBS, Y, 1)],
    hints=[
        "First the probability that each example gives to its right class: p where y "
        "is 1, and 1 - p where y is 0.",
        "torch.where(y == 1, probs, 1 - probs) does that for all examples at once.",
        "The worst are those with the smallest value: flatten(), then argsort()[:k].",
    ],
    praise="Looking at these first is the best use of ten minutes.",
)
def worst(probs, y, k):
    """Return the indices of the k largest losses, the worst first, shape (k,)."""
    right_class = torch.where(y == 1, probs, 1 - probs).flatten()
    return right_class.argsort()[:k]


@worst.mistake
def worst_largest_probability(probs, y, k):
    """These are the examples with the largest probability of class 1. Whether that is
    bad depends on y: for a true 1 it is good.
    """
    return probs.flatten().argsort(descending=True)[:k]


@worst.mistake
def worst_smallest_probability(probs, y, k):
    """These are the examples with the smallest probability of class 1. For a true 0
    that is good. Take the probability of each example's own class: 1 - p where y is
    0.
    """
    return probs.flatten().argsort()[:k]


@worst.mistake
def worst_best(probs, y, k):
    """These are the best: the examples whose own class got the largest probability.
    Sort the other way.
    """
    right_class = torch.where(y == 1, probs, 1 - probs).flatten()
    return right_class.argsort(descending=True)[:k]


@worst.mistake
def worst_unsure(probs, y, k):
    """These are the examples on which the model is least sure, close to one half. The
    largest losses belong to those where it is sure and wrong.
    """
    return (probs - 0.5).abs().flatten().argsort()[:k]


@worst.mistake
def worst_values(probs, y, k):
    """These are the probabilities. The exercise asks where they are: argsort (or
    topk's .indices) gives positions, sort gives values.
    """
    return torch.where(y == 1, probs, 1 - probs).flatten().sort().values[:k]


@worst.mistake
def worst_column(probs, y, k):
    """You sorted along dim=1, where there is only one number, so nothing moves and
    every index is 0. flatten() the column first.
    """
    return torch.where(y == 1, probs, 1 - probs).argsort(dim=1)[:k]


@worst.mistake
def worst_without_abs(probs, y, k):
    """Here probs - y is positive for a wrong 0 and negative for a wrong 1, so only
    one kind of error comes first. Take the distance: (probs - y).abs(), and the
    largest first.
    """
    return (probs - y).flatten().argsort(descending=True)[:k]


@worst.mistake
def worst_last_first(probs, y, k):
    """These are the right images, but the worst comes last. argsort()[-k:] keeps the
    rising order: sort with descending=True and take [:k], or flip the result.
    """
    right_class = torch.where(y == 1, probs, 1 - probs).flatten()
    return right_class.argsort()[:k].flip(0)


@worst.mistake
def worst_as_column(probs, y, k):
    """The order is right, but the shape is (k, 1), since you sorted a column. Call
    flatten() first, or at the end.
    """
    return torch.where(y == 1, probs, 1 - probs).argsort(dim=0)[:k]
