"""Exercises of lab 07, MNIST with two digits: solutions, hints, typical mistakes."""

import copy
import math

import torch
import torch.nn.functional as F
from torch import nn

from course_utils.exercises import lab01, lab04, lab06
from course_utils.exercises.checks import exercise
from course_utils.exercises.diagnose import holds
from course_utils.exercises.fixtures import Case, GradientWatch, sized
from course_utils.exercises.pairs import two_of
from course_utils.exercises.questions import WarmUp, choice, number, several


def _example(mode, flat=False, seed=3):
    """Make a small model with dropout, and data on which it is mostly right."""
    generator = torch.Generator().manual_seed(seed)
    linear, out = nn.Linear(4, 16), nn.Linear(16, 1)
    with torch.no_grad():
        for parameter in [*linear.parameters(), *out.parameters()]:
            parameter.copy_(torch.randn(parameter.shape, generator=generator))
        out.weight /= 6  # many logits between 0 and one half
        out.bias /= 6
    model = nn.Sequential(linear, nn.Dropout(0.5), nn.ReLU(), out, GradientWatch())
    X = torch.randn(60, 4, generator=generator)
    with torch.no_grad():
        answers = model.eval()(X) > 0
    model[-1].saw_gradients.zero_()
    wrong = torch.rand(60, 1, generator=generator) < 0.1
    y = (answers ^ wrong).float()
    return model.train(mode), X, y.flatten() if flat else y


@exercise(
    inputs=[
        _example(mode=True),
        _example(mode=False),
        _example(mode=True, flat=True, seed=4),
        _example(mode=False, flat=True, seed=5),
    ],
    hints=[
        "Why are the values of the first row not all alike? Why is the second row near "
        "one half? And at which logit is p one half?",
        "model.eval() switches dropout off, but the caller may be in the middle of "
        "training: note model.training first, and put it back with model.train(...).",
        "y.reshape(-1, 1) makes a column of both shapes. `with torch.no_grad():` "
        "stands around the line that calls the model.",
    ],
    praise="The same number every time, and the model is left as it was found.",
)
def evaluate(model, X, y):
    """Return the accuracy of a model that gives one logit for each image."""
    was_training = model.training
    model.eval()
    with torch.no_grad():
        z = model(X)
    model.train(was_training)
    return ((z > 0) == y.reshape(-1, 1)).float().mean().item()


@evaluate.mistake
def evaluate_strange(model, X, y):
    """These are still the lines with the faults. Take them one by one: dropout is on,
    slopes are noted down, the threshold is that of probabilities, and a column is
    compared with a plain list.
    """
    z = model(X)
    return ((z > 0.5) == y).float().mean().item()


@evaluate.mistake
def evaluate_without_eval(model, X, y):
    """Dropout is still on: half of the hidden units are silenced at random, so the
    accuracy is wrong and different in each call. model.eval() switches it off.
    (torch.no_grad() does not: it is about slopes only.)
    """
    with torch.no_grad():
        return ((model(X) > 0) == y.reshape(-1, 1)).float().mean().item()


@evaluate.mistake
def evaluate_left_in_eval(model, X, y):
    """The number is right, but the model is left in eval mode. If this is called in
    the middle of training, dropout is off from there on, silently. Put the mode back
    that you found.
    """
    model.eval()
    with torch.no_grad():
        return ((model(X) > 0) == y.reshape(-1, 1)).float().mean().item()


@evaluate.mistake
def evaluate_always_train(model, X, y):
    """You end with model.train(). But the model may have been in eval mode when you
    were called. Note model.training first, and put that back:
    model.train(was_training).
    """
    model.eval()
    with torch.no_grad():
        z = model(X)
    model.train()
    return ((z > 0) == y.reshape(-1, 1)).float().mean().item()


@evaluate.mistake
def evaluate_with_slopes(model, X, y):
    """The number is right, but PyTorch noted down everything that it would need for
    slopes, which costs time and memory. Call the model under `with torch.no_grad():`
    (the line torch.no_grad() alone, without `with`, does nothing).
    """
    was_training = model.training
    model.eval()
    z = model(X)
    model.train(was_training)
    return ((z > 0) == y.reshape(-1, 1)).float().mean().item()


@evaluate.mistake
def evaluate_broadcast(model, X, y):
    """Where y has shape (N,), a column is compared with a plain list, and that makes a
    table of all N x N pairs. y.reshape(-1, 1) makes a column of both.
    """
    was_training = model.training
    model.eval()
    with torch.no_grad():
        z = model(X)
    model.train(was_training)
    return ((z > 0) == y).float().mean().item()


@evaluate.mistake
def evaluate_flat(model, X, y):
    """Where y has shape (N, 1), the answers and y are compared in two different
    shapes, which makes a table of all N x N pairs. Bring both to one shape, for each
    shape of y: y.reshape(-1, 1) is a column always, and flatten() on both will do.
    """
    was_training = model.training
    model.eval()
    with torch.no_grad():
        z = model(X).flatten()
    model.train(was_training)
    return ((z > 0) == y).float().mean().item()


@evaluate.mistake
def evaluate_half(model, X, y):
    """One half is the threshold for probabilities. These are logits, and a logit of 0
    is a probability of one half.
    """
    was_training = model.training
    model.eval()
    with torch.no_grad():
        z = model(X)
    model.train(was_training)
    return ((z > 0.5) == y.reshape(-1, 1)).float().mean().item()


@evaluate.mistake
def evaluate_argmax(model, X, y):
    """argmax(dim=1) asks which column is largest. There is only one column, so the
    answer is always 0. With one logit for each image, compare with 0.
    """
    was_training = model.training
    model.eval()
    with torch.no_grad():
        z = model(X)
    model.train(was_training)
    y_pred = z.argmax(dim=1, keepdim=True)
    return (y_pred == y.reshape(-1, 1)).float().mean().item()


@evaluate.mistake
def evaluate_tensor(model, X, y):
    """The number is right, but it is still a tensor with one element. .item() takes
    the plain Python number out.
    """
    was_training = model.training
    model.eval()
    with torch.no_grad():
        z = model(X)
    model.train(was_training)
    return ((z > 0) == y.reshape(-1, 1)).float().mean()


def _rights(n, only_a, only_b, share=0.9):
    """Return for two models which of n images they are right about."""
    a = torch.arange(n) < round(share * n)
    b = a.clone()
    b[:only_a] = False
    a[only_a : only_a + only_b] = False
    order = torch.randperm(n, generator=torch.Generator().manual_seed(n))
    return a[order], b[order]


@exercise(
    inputs=[
        _rights(1000, 2, 12),
        _rights(1000, 12, 2),
        _rights(400, 40, 20),
        _rights(400, 20, 40),
        _rights(400, 30, 38),
        _rights(100, 9, 3),
        _rights(100, 3, 9),
        _rights(60, 7, 0),
        _rights(60, 0, 7),
        _rights(500, 150, 105, 0.6),
        _rights(300, 100, 101, 0.7),
        _rights(1000, 3, 0),
        Case(_rights(200, 5, 5), "two models with the same accuracy", False),
        Case(_rights(50, 0, 0), "two models that never disagree", False),
    ],
    hints=[
        "First one number for each image: 1 where only a is right, -1 where only b is, "
        "0 where they agree. How do you get it from the two?",
        "right_a.float() - right_b.float(). Its mean is the difference of the two "
        "accuracies.",
        "The standard error of a mean is the standard deviation of the numbers, "
        "divided by the root of how many there are.",
    ],
    praise="Three answers, and the third is an honest one.",
)
def better(right_a, right_b):
    """Return "a" or "b" if one is better by two standard errors, else "neither"."""
    difference = right_a.float() - right_b.float()
    se = difference.std() / math.sqrt(len(difference))
    if difference.mean() > 2 * se:
        return "a"
    if difference.mean() < -2 * se:
        return "b"
    return "neither"


def _decided(right_a, right_b, difference, limit):
    if abs(difference) <= limit:
        return "neither"
    return "a" if difference > 0 else "b"


def _difference(right_a, right_b):
    return right_a.float() - right_b.float()


@better.mistake
def better_by_accuracy(right_a, right_b):
    """You named the one with the higher accuracy, by however little. On other images
    it may be the other way round: it has to be more than two standard errors.
    """
    return _decided(right_a, right_b, _difference(right_a, right_b).mean(), 0)


@better.mistake
def better_never_neither(right_a, right_b):
    """You have only two answers, and the third is missing: "neither", where the
    difference is not larger than two standard errors.
    """
    return "a" if _difference(right_a, right_b).mean() > 0 else "b"


@better.mistake
def better_or_a(right_a, right_b):
    """You never answer "neither". It is asked for wherever the difference is two
    standard errors or less.
    """
    return "b" if _difference(right_a, right_b).mean() < 0 else "a"


@better.mistake
def better_unpaired(right_a, right_b):
    """You took the standard errors of the two accuracies, as if each model had its own
    images. They have the same images, so the luck is shared. Take the difference image
    by image, and its standard deviation.
    """
    a, b, n = right_a.float().mean(), right_b.float().mean(), len(right_a)
    se = math.sqrt((a * (1 - a) + b * (1 - b)) / n)
    return _decided(right_a, right_b, a - b, 2 * se)


@better.mistake
def better_by_one(right_a, right_b):
    """More than one standard error is what luck does in every third comparison. Two are
    asked for.
    """
    each = _difference(right_a, right_b)
    se = each.std() / math.sqrt(len(each))
    return _decided(right_a, right_b, each.mean(), se)


@better.mistake
def better_without_root(right_a, right_b):
    """Your standard error is too small, as if the standard deviation were divided by N.
    That of a mean is the standard deviation of the differences, divided by the *root*
    of N: four times as many images make it half as large.
    """
    each = _difference(right_a, right_b)
    return _decided(right_a, right_b, each.mean(), 2 * each.std() / len(each))


@better.mistake
def better_by_deviation(right_a, right_b):
    """You compared with the standard deviation of single images. That of their *mean*
    is smaller: divide by the root of N.
    """
    each = _difference(right_a, right_b)
    return _decided(right_a, right_b, each.mean(), 2 * each.std())


@better.mistake
def better_the_other(right_a, right_b):
    """You named the other one. The difference a - b is above 0 where a is right and b
    is wrong, so a mean above 0 speaks for a.
    """
    found = better.reference(right_a, right_b)
    return {"a": "b", "b": "a"}.get(found, found)


@better.mistake
def better_one_way(right_a, right_b):
    """You never return "b". Where b is better, the difference is below 0: less than
    minus two standard errors.
    """
    found = better.reference(right_a, right_b)
    return "neither" if found == "b" else found


@better.mistake
def better_minus_lost(right_a, right_b):
    """The minus of the second limit is missing. b is better where the mean is *below*
    minus two errors; without it "b" comes out wherever "a" does not.
    """
    return _better({better_minus_lost}, right_a, right_b)


@better.mistake
def better_of_disagreements(right_a, right_b):
    """You left out the images on which both agree. They count: each is a difference of
    0, and N is the number of all images.
    """
    return _better({better_of_disagreements}, right_a, right_b)


@two_of(
    better,
    better_without_root,
    better_by_deviation,
    better_by_one,
    better_the_other,
    better_one_way,
    better_unpaired,
    better_minus_lost,
    better_of_disagreements,
)
def _better(slips, right_a, right_b):
    each = _difference(right_a, right_b)
    if better_of_disagreements in slips:
        each = each[each != 0]
    if len(each) < 2:
        return "neither"
    mean, spread, by = each.mean(), each.std(), math.sqrt(len(each))
    if better_unpaired in slips:
        parts = right_a.float().mean(), right_b.float().mean()
        spread = math.sqrt(sum(p * (1 - p) for p in parts))
    if better_without_root in slips:
        by = len(each)
    if better_by_deviation in slips:
        by = 1
    limit = (1 if better_by_one in slips else 2) * spread / by
    if better_the_other in slips:
        mean = -mean
    if mean > limit:
        return "a"
    low = limit if better_minus_lost in slips else -limit
    return "b" if mean < low and better_one_way not in slips else "neither"


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


def _register_tiny(tiny):
    def with_tiny(X_train, X_test):
        mean, std = X_train.mean(dim=0), X_train.std(dim=0)
        return (X_train - mean) / (std + tiny), (X_test - mean) / (std + tiny)

    with_tiny.__name__ = f"standardize_tiny_{tiny:g}"
    with_tiny.__doc__ = f"""A tiny number still divides. Where a pixel is the same in
    all training images you divide by {tiny:g}, and a test image that is 0.3 above gets
    {0.3 / tiny:g} there. Divide such a pixel by 1."""
    standardize.mistake(with_tiny)


for _exponent in range(4, 13):
    _register_tiny(10.0**-_exponent)


@standardize.mistake
def standardize_set_to_zero(X_train, X_test):
    """You set a pixel to 0 in both sets where it is the same in all training images.
    It is only shifted: a test image that has another value there keeps the difference.
    """
    mean, std = X_train.mean(dim=0), X_train.std(dim=0)
    zero = torch.zeros(())
    return tuple(
        torch.where(std > 0, (X - mean) / std, zero) for X in (X_train, X_test)
    )


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
    """This deviation divides by N, and torch.std divides by N - 1 unless told
    otherwise. Both are in use. Take torch.std as it is, so that results can be
    compared.
    """
    std = X_train.std(dim=0, correction=0)
    std = torch.where(std > 0, std, torch.ones_like(std))
    return tuple((X - X_train.mean(dim=0)) / std for X in (X_train, X_test))


@standardize.mistake
def standardize_thrown_out(X_train, X_test):
    """You threw out the pixels that are the same in all training images. They are to
    stay, and are only shifted: divide these by 1.
    """
    mean, std = X_train.mean(dim=0), X_train.std(dim=0)
    kept = std > 0
    return tuple((X[:, kept] - mean[kept]) / std[kept] for X in (X_train, X_test))


@standardize.mistake
def standardize_clamped_at_1(X_train, X_test):
    """clamp(min=1) makes 1 of every deviation between 0 and 1 as well. Only a deviation
    of exactly 0 is to be replaced: torch.where(std > 0, std, 1.0).
    """
    mean, std = X_train.mean(dim=0), X_train.std(dim=0).clamp(min=1)
    return (X_train - mean) / std, (X_test - mean) / std


@two_of(
    standardize,
    standardize_separately,
    standardize_jointly,
    standardize_without_mean,
    standardize_brackets,
    standardize_mean_only,
    standardize_all_pixels_alike,
    standardize_variance,
    standardize_population,
)
def _standardized(slips, X_train, X_test):
    def scaled(X, by):
        if standardize_jointly in slips:
            by = torch.cat([X_train, X_test])
        if standardize_all_pixels_alike in slips:
            by = by.reshape(-1, 1)
        mean = by.mean(dim=0)
        std = by.std(dim=0, correction=0 if standardize_population in slips else 1)
        std = std**2 if standardize_variance in slips else std
        std = torch.where(std > 0, std, torch.ones_like(std))
        if standardize_without_mean in slips:
            mean = 0 * mean
        if standardize_mean_only in slips:
            std = torch.ones_like(std)
        if standardize_brackets in slips:
            return X - mean / std
        return (X - mean) / std

    own = X_test if standardize_separately in slips else X_train
    return scaled(X_train, X_train), scaled(X_test, own)


@sized("N")
def _some_of_them(g, sizes, before):
    return 1 + int(torch.randint(sizes["N"], (), generator=g))


# No two of the losses are equal, and three of the seven answers are wrong.
Z = torch.tensor([[2.4], [-1.2], [0.5], [-0.4], [-0.6], [-2.1], [1.5]])
Y = torch.tensor([[1.0], [0.0], [0.0], [1.0], [1.0], [0.0], [1.0]])


@exercise(
    given={"z": "ranked N 1", "y": "bits N 1", "k": _some_of_them},
    inputs=[
        (Z, Y, 3),
        (-Z, Y, 2),
        (Z, Y, 1),
        Case((100 * Z, Y, 3), "very large logits", False),
    ],
    hints=[
        "For a true 1 the loss is large where the logit is low. And for a true 0?",
        "torch.where(y == 1, z, -z) is the logit of each image's own class.",
        "The worst are those with the smallest of these: flatten(), then argsort().",
    ],
    praise="Looking at these first is the best use of ten minutes.",
)
def worst(z, y, k):
    """Return the places of the k largest losses, the worst first, shape (k,)."""
    own = torch.where(y == 1, z, -z).flatten()
    return own.argsort()[:k]


@worst.mistake
def worst_largest_logit(z, y, k):
    """These are the images with the largest logits. Whether that is bad depends on y:
    for a true 1 it is good.
    """
    return z.flatten().argsort(descending=True)[:k]


@worst.mistake
def worst_smallest_logit(z, y, k):
    """These are the images with the smallest logits. For a true 0 that is good. Take
    the logit of each image's own class: -z where y is 0.
    """
    return z.flatten().argsort()[:k]


@worst.mistake
def worst_best(z, y, k):
    """These are the best: the images with the *smallest* loss come first. Sort the
    other way.
    """
    return torch.where(y == 1, z, -z).flatten().argsort(descending=True)[:k]


@worst.mistake
def worst_signed(z, y, k):
    """You sorted by p - y as it is. For a true 1 that is below 0, so its mistakes come
    out as the smallest. Take the absolute value, or the loss.
    """
    return (torch.sigmoid(z) - y).flatten().argsort(descending=True)[:k]


@worst.mistake
def worst_signed_last(z, y, k):
    """Two things. You sorted by p - y as it is, and for a true 1 that is below 0: take
    the absolute value, or the loss. And the last k of a rising order have the worst
    one at their end: it should come first.
    """
    return (torch.sigmoid(z) - y).flatten().argsort()[-k:]


@worst.mistake
def worst_unsure(z, y, k):
    """These are the images on which the model is least sure, with logits near 0. The
    largest losses belong to those where it is sure and wrong.
    """
    return z.abs().flatten().argsort()[:k]


@worst.mistake
def worst_values(z, y, k):
    """These are the logits themselves. The exercise asks where they are: argsort (or
    topk's .indices) gives places, sort gives values.
    """
    return torch.where(y == 1, z, -z).flatten().sort().values[:k]


@worst.mistake
def worst_losses(z, y, k):
    """These are the losses themselves, and the exercise asks which images they belong
    to. argsort (or topk's .indices) gives places; sort and topk's .values do not.
    """
    losses = F.binary_cross_entropy_with_logits(z, y, reduction="none")
    return losses.flatten().sort(descending=True).values[:k]


@worst.mistake
def worst_column(z, y, k):
    """You sorted along dim=1, where there is only one number, so nothing moves and
    every place is 0. flatten() the column first.
    """
    return torch.where(y == 1, z, -z).argsort(dim=1)[:k]


@worst.mistake
def worst_distance(z, y, k):
    """You sorted by |z - y|. That is the distance of p from y, and these are logits: a
    logit of 5 is excellent for a true 1, and 4 away from it.
    """
    return (z - y).abs().flatten().argsort(descending=True)[:k]


@worst.mistake
def worst_last_first(z, y, k):
    """These are the right images, but the worst comes last. argsort()[-k:] keeps the
    rising order: sort with descending=True and take [:k], or flip the result.
    """
    return torch.where(y == 1, z, -z).flatten().argsort()[:k].flip(0)


@worst.mistake
def worst_backward(z, y, k):
    """[::-1] turns a list around, and a tensor refuses it. Sort with descending=True,
    or turn the places around with flip(0).
    """
    return torch.where(y == 1, -z, z).flatten().argsort()[::-1][:k]


@worst.mistake
def worst_as_column(z, y, k):
    """The order is right, but the shape is (k, 1), since you sorted a column. Call
    flatten() first, or at the end.
    """
    return torch.where(y == 1, z, -z).argsort(dim=0)[:k]


@worst.mistake
def worst_of_probabilities(z, y, k):
    """Right for ordinary logits. But the sigmoid rounds large ones to exactly 0 or 1,
    and then all these images have the same loss, and lose their order. Stay with the
    logits: F.binary_cross_entropy_with_logits, or the logit of each image's own class.
    """
    losses = F.binary_cross_entropy(torch.sigmoid(z), y, reduction="none")
    return losses.flatten().argsort(descending=True)[:k]


class _SteadyDropout(nn.Dropout):
    """Dropout whose coins fall alike in each call, however often it is called."""

    def forward(self, x):
        """Return x, with some numbers silenced while training."""
        coins = torch.rand(x.shape, generator=torch.Generator().manual_seed(0))
        return x * (coins > self.p) / (1 - self.p) if self.training else x


def _task(seed, n, d, lr, n_steps, hidden=None):
    """Make a model, few images to learn by heart, and others to judge by."""
    generator = torch.Generator().manual_seed(seed)
    model = nn.Sequential(nn.Linear(d, 1))
    if hidden is not None:
        model = nn.Sequential(nn.Linear(d, 4), *hidden, nn.Linear(4, 1))
    direction = torch.randn(d, 1, generator=generator)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) / 2)
    X, X_val = (torch.randn(m, d, generator=generator) for m in (n, 40))
    noise = 1.5 * torch.randn(n + 40, 1, generator=generator)
    y = ((torch.cat([X, X_val]) @ direction + noise) > 0).float()
    return model, X, y[:n], X_val, y[n:], lr, n_steps


def _with_dropout(seed, mode):
    task = _task(seed, 10, 6, 2.0, 16, [nn.ReLU(), _SteadyDropout(0.5)])
    task[0].train(mode)
    return Case(task, "a model with dropout", False)


@exercise(
    inputs=[
        # In these and in those with dropout the validation loss falls, rises, falls
        # lower, and rises.
        _task(33, 10, 4, 8.0, 16),
        _task(20, 8, 6, 2.0, 16, [nn.ReLU()]),
        _task(14, 10, 4, 8.0, 16),
        _task(37, 10, 4, 2.0, 16, [nn.ReLU()]),
        Case(_task(7, 30, 3, 0.1, 6), "the last step is the best", False),
        Case(_task(5, 8, 5, 0.5, 1), "a single step", False),
        _with_dropout(52, mode=True),
        _with_dropout(72, mode=True),
        _with_dropout(55, mode=False),
    ],
    slopes=False,
    hints=[
        "The four lines of training in a loop. After optimizer.step(), judge the model "
        "on X_val under torch.no_grad(). Which mode does each of the two need?",
        "Begin with best = float('inf'), infinity. If the new loss is below best, "
        "remember both: the loss and copy.deepcopy(model.state_dict()).",
        "After the loop, model.load_state_dict(...) with what you kept, and the mode "
        "that you noted at the start. The loss that you kept is a plain number after "
        ".item().",
    ],
    praise="Nothing is lost by training too long any more.",
)
def keep_best(model, X, y, X_val, y_val, lr, n_steps):
    """Train, leave the model with its best parameters, return their loss."""
    was_training = model.training
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    lowest = float("inf")
    for _ in range(n_steps):
        model.train()
        optimizer.zero_grad()
        F.binary_cross_entropy_with_logits(model(X), y).backward()
        optimizer.step()
        model.eval()
        with torch.no_grad():
            loss = F.binary_cross_entropy_with_logits(model(X_val), y_val).item()
        if loss < lowest:
            lowest, kept = loss, copy.deepcopy(model.state_dict())
    model.load_state_dict(kept)
    model.train(was_training)
    return lowest


def _loss(model, X, y):
    """Return the loss in the mode in which the model is."""
    with torch.no_grad():
        return F.binary_cross_entropy_with_logits(model(X), y).item()


def _as_judge(model, X, y):
    """Return the loss in eval mode, and put the mode back."""
    found = model.training
    loss = _loss(model.eval(), X, y)
    model.train(found)
    return loss


def _stay_in_eval(model, X, y):
    """Return the loss in eval mode, and forget the mode that was."""
    return _loss(model.eval(), X, y)


def _walk(model, X, y, lr, n_steps, zero_grad=True):
    """Make the steps in the mode in which the model is, and stop after each."""
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    for step in range(n_steps):
        if zero_grad:
            optimizer.zero_grad()
        F.binary_cross_entropy_with_logits(model(X), y).backward()
        optimizer.step()
        yield step


def _train(model, X, y, lr, n_steps, zero_grad=True):
    """Make the steps in training mode, and put the mode back after each."""
    found = model.training
    steps = _walk(model, X, y, lr, n_steps, zero_grad)
    for _ in range(n_steps):
        model.train()
        step = next(steps)
        model.train(found)
        yield step


def _best_of(model, X, y, steps, judge):
    """Leave the model with the parameters that a judge liked best, return its loss."""
    best = float("inf")
    for _ in steps:
        loss = judge(model, X, y)
        if loss < best:
            best, kept = loss, copy.deepcopy(model.state_dict())
    model.load_state_dict(kept)
    return best


def _in_mode(training, judge, model, X, y, X_val, y_val, lr, n_steps):
    """Begin in a mode that nothing but a judge changes; in the end it is put back."""
    found = model.training
    steps = _walk(model.train(training), X, y, lr, n_steps)
    best = _best_of(model, X_val, y_val, steps, judge)
    model.train(found)
    return best


@keep_best.mistake
def keep_best_not_put_back(model, X, y, X_val, y_val, lr, n_steps):
    """The loss is right, but the model is the one of the last step. Either nothing is
    put back: after the loop comes model.load_state_dict(...). Or what you kept has
    moved along: state_dict() gives the very tensors that training goes on changing, so
    keep copy.deepcopy(model.state_dict()).
    """
    steps = _train(model, X, y, lr, n_steps)
    return min(_as_judge(model, X_val, y_val) for _ in steps)


@keep_best.mistake
def keep_best_without_modes_not_put_back(model, X, y, X_val, y_val, lr, n_steps):
    """The model is the one of the last step: put the best parameters back after the
    loop, with model.load_state_dict(...), and keep a copy.deepcopy of them. After that:
    the model may have dropout. Steps need model.train(), looks model.eval().
    """
    return min(_loss(model, X_val, y_val) for _ in _walk(model, X, y, lr, n_steps))


@keep_best.mistake
def keep_best_the_last(model, X, y, X_val, y_val, lr, n_steps):
    """This is the model, and the loss, of the last step. Remember the best ones on the
    way, and put the parameters back at the end.
    """
    for _ in _train(model, X, y, lr, n_steps):
        pass
    return _as_judge(model, X_val, y_val)


@keep_best.mistake
def keep_best_of_training(model, X, y, X_val, y_val, lr, n_steps):
    """You judged by the training images. Their loss falls nearly all the time, so the
    last model always looks best. The validation images decide.
    """
    _best_of(model, X, y, _train(model, X, y, lr, n_steps), _as_judge)
    return _as_judge(model, X_val, y_val)


@keep_best.mistake
def keep_best_training_loss(model, X, y, X_val, y_val, lr, n_steps):
    """You chose by the loss of the *training* images, and return it. A model that
    learns them by heart looks best there. Judge on X_val and y_val.
    """
    return _best_of(model, X, y, _train(model, X, y, lr, n_steps), _as_judge)


@keep_best.mistake
def keep_best_loss_of_the_step(model, X, y, X_val, y_val, lr, n_steps):
    """You chose by the loss that makes the step. It is that of the training images, and
    of the model before the step. After optimizer.step(), calculate the loss of X_val
    and y_val.
    """
    found = model.training
    steps = _walk(model.train(), X, y, lr, n_steps)
    best = float("inf")
    for _ in range(n_steps):
        loss = _loss(model, X, y)
        next(steps)
        if loss < best:
            best, kept = loss, copy.deepcopy(model.state_dict())
    model.load_state_dict(kept)
    model.train(found)
    return best


@keep_best.mistake
def keep_best_loss_of_the_last(model, X, y, X_val, y_val, lr, n_steps):
    """The model is right. The loss that you return is the one after the last step and
    does not belong to it.
    """
    best = float("inf")
    for _ in _train(model, X, y, lr, n_steps):
        loss = _as_judge(model, X_val, y_val)
        if loss < best:
            best, kept = loss, copy.deepcopy(model.state_dict())
    model.load_state_dict(kept)
    return loss


@keep_best.mistake
def keep_best_of_the_worst(model, X, y, X_val, y_val, lr, n_steps):
    """You kept the parameters with the *largest* validation loss. The smallest is the
    best: loss < best, beginning with infinity.
    """
    steps = _train(model, X, y, lr, n_steps)
    return -_best_of(model, X_val, y_val, steps, lambda *args: -_as_judge(*args))


@keep_best.mistake
def keep_best_until_it_rises(model, X, y, X_val, y_val, lr, n_steps):
    """You stop at the first loss that is higher than the one before. A curve may rise
    for a step and fall again: make all n_steps, and keep the best of all.
    """
    best, kept = float("inf"), None
    for _ in _train(model, X, y, lr, n_steps):
        loss = _as_judge(model, X_val, y_val)
        if loss >= best:
            break
        best, kept = loss, copy.deepcopy(model.state_dict())
    model.load_state_dict(kept)
    return best


@keep_best.mistake
def keep_best_tensor(model, X, y, X_val, y_val, lr, n_steps):
    """All is right, but the loss is still a tensor with one element. .item() takes the
    plain Python number out.
    """
    return torch.tensor(keep_best.reference(model, X, y, X_val, y_val, lr, n_steps))


@keep_best.mistake
def keep_best_without_zero_grad(model, X, y, X_val, y_val, lr, n_steps):
    """The slopes of all steps add up: optimizer.zero_grad() is missing, so you walk
    another way.
    """
    steps = _train(model, X, y, lr, n_steps, zero_grad=False)
    return _best_of(model, X_val, y_val, steps, _as_judge)


@keep_best.mistake
def keep_best_without_modes(model, X, y, X_val, y_val, lr, n_steps):
    """Right for a model without dropout. But if there is some, steps and looks need
    different modes, and you set none: model.train() before each step, model.eval()
    before each look, and at the end the mode in which the model was found.
    """
    return _best_of(model, X_val, y_val, _walk(model, X, y, lr, n_steps), _loss)


@keep_best.mistake
def keep_best_without_eval(model, X, y, X_val, y_val, lr, n_steps):
    """You judge in training mode. If the model has dropout, some of its units are
    silenced then, and the validation loss is not its own. Call model.eval() before each
    look, and model.train() before the next step.
    """
    return _in_mode(True, _loss, model, X, y, X_val, y_val, lr, n_steps)


@keep_best.mistake
def keep_best_stays_in_eval(model, X, y, X_val, y_val, lr, n_steps):
    """After the first look the model stays in eval mode, so all later steps are made
    without dropout. model.train() belongs into the loop, before each step.
    """
    return _in_mode(True, _stay_in_eval, model, X, y, X_val, y_val, lr, n_steps)


@keep_best.mistake
def keep_best_without_train(model, X, y, X_val, y_val, lr, n_steps):
    """You call model.eval() for each look, and never model.train() after it. So the
    steps that follow are made without dropout. Call it before each step.
    """
    found = model.training
    return _in_mode(found, _stay_in_eval, model, X, y, X_val, y_val, lr, n_steps)


@keep_best.mistake
def keep_best_all_in_eval(model, X, y, X_val, y_val, lr, n_steps):
    """The steps, too, are made in eval mode, so dropout is never on and the model is
    trained as if it had none. model.eval() is for the looks: call model.train() before
    each step.
    """
    return _in_mode(False, _loss, model, X, y, X_val, y_val, lr, n_steps)


@keep_best.mistake
def keep_best_steps_as_found(model, X, y, X_val, y_val, lr, n_steps):
    """You make the steps in the mode in which the model was found. If that was eval
    mode, it trains without dropout. Call model.train() before each step, and put the
    found mode back at the end only.
    """
    return _best_of(model, X_val, y_val, _walk(model, X, y, lr, n_steps), _as_judge)


@keep_best.mistake
def keep_best_judged_before(model, X, y, X_val, y_val, lr, n_steps):
    """You judge before each step. So the untrained model takes part, and the one after
    the last step is never looked at. Judge behind optimizer.step().
    """
    found = model.training
    steps = _train(model, X, y, lr, n_steps)
    best = float("inf")
    for _ in range(n_steps):
        loss = _as_judge(model, X_val, y_val)
        if loss < best:
            best, kept = loss, copy.deepcopy(model.state_dict())
        next(steps)
    model.load_state_dict(kept)
    model.train(found)
    return best


# Questions ----------------------------------------------------------------------

warm_up = WarmUp("lab07", lab06.held_out, lab04.threshold, lab01.temperature)

two_ways = several(
    "lab07.two_ways",
    "A network reads 96 of 100 images right, and its mean loss is 0.68. A coin, p = "
    "0.5 for every image, has 0.69. Which of these would give such numbers?",
    right="ac",
    because="The mean of 100 losses can be large because all of them are middling, or "
    "because a few are huge. The two numbers cannot tell which. So look at the "
    "probabilities themselves. (Half sure, half undecided: 75 right, and a loss of "
    "0.35.)",
    a=(
        "All p are close to 0.5, and 96 of them on the right side.",
        "-log of nearly one half is nearly 0.69, for every image. The side does not "
        "matter to the loss, if p is that close.",
    ),
    b=(
        "50 images: sure and right. 50 images: p = 0.5.",
        "Then half of the losses are nearly 0 and half 0.69, which makes a mean of "
        "0.35. And of those with p = 0.5 it gets half right: 75 of 100 in all.",
    ),
    c=(
        "96 images: sure and right. 4 images: sure and wrong, each with a loss of 17.",
        "96 times nearly 0, and 4 times 17, divided by 100: that is 0.68 as well.",
    ),
    d=(
        "None: who is right so often has a small loss.",
        "Accuracy only counts on which side of one half p lies. The loss asks how far "
        "from it, and one can be near it and right, or far from it and wrong.",
    ),
)

darker = number(
    "lab07.darker",
    "A network has one hidden layer with ReLU and no biases. To an image it gives the "
    "logit 5.1. Now every pixel of the image is divided by 255. What is the logit?",
    right=0.02,
    because="All weighted sums of the pixels are divided by 255. ReLU lets the "
    "positive ones through as they are, so the hidden units are divided by 255, and so "
    "is their weighted sum: 5.1 / 255 = 0.02. Its probability is 0.505.",
    wrong={
        5.1: "It would be the same if the network looked at the pattern alone. But its "
        "sums are sums of pixels times weights, and the pixels have shrunk.",
        0: "Nearly: but something is left, and its sign is still that of the answer.",
        1300.5: "That is 255 times as much. The pixels were divided, not multiplied.",
        0.00008: "You divided by 255 twice, once for each layer. The second layer does "
        "not divide again: it gets what the first one hands on.",
    },
    otherwise="Follow the factor: pixels, weighted sums, ReLU, the last sum.",
    tolerance=0.00005,
)

brighter = choice(
    "lab07.brighter",
    "A network without biases reads 96 of 100 images right. Now all its images are "
    "255 times too bright. What about its accuracy and its loss?",
    right="c",
    because="All logits are multiplied by 255. None changes its sign, so every answer "
    "stays. But each is now given with full certainty, and a wrong one with logit 2 "
    "costs 510 in place of 2.",
    a=(
        "The accuracy falls to that of a coin, and the loss rises.",
        "Logits times 255 keep their signs, and the sign is all that accuracy sees.",
    ),
    b=(
        "The accuracy stays, and the loss falls to nearly 0.",
        "That would be so if all answers were right. For the wrong ones certainty is "
        "dear.",
    ),
    c="The accuracy stays, and the loss becomes many times that of a coin.",
    d=(
        "Both stay what they are.",
        "The answers stay, but not the probabilities, and the loss is made of these.",
    ),
)

rare = choice(
    "lab07.rare",
    "A machine tells from blood whether somebody has an illness that 2 of 100 people "
    "have. It is right in 98 of 100 cases. What does that say?",
    right="b",
    because='Whoever always says "healthy" is right in 98 of 100 cases as well. Below '
    "or at this baseline an accuracy says nothing.",
    a=(
        "It is a good machine.",
        'Compare it with somebody who never looks: how often is "healthy" right?',
    ),
    b="Nothing about the machine yet.",
    c=(
        "It is not perfect, but far better than guessing.",
        "Than a coin, yes. But whoever always says the more frequent answer is right "
        "as often.",
    ),
)

standard_error = number(
    "lab07.standard_error",
    "An accuracy of 0.9 was measured on 400 images. What is its standard error, the "
    "root of a (1 - a) / N?",
    right=0.015,
    because="0.9 times 0.1 is 0.09, divided by 400, and the root: 0.3 / 20. So the "
    "truth may well be 0.88 or 0.92, and a second digit after the point is all that "
    "400 images can give.",
    wrong={
        0.000225: "That is a (1 - a) / N. The root of it is missing.",
        0.3: "That is the root of a (1 - a), the spread of a single image. Divide by "
        "the root of N, 20.",
        0.00075: "You divided 0.3 by 400. Under the root stands N, so divide by 20.",
        0.05: "That is 1 divided by the root of N. It is multiplied by the root of a "
        "(1 - a), 0.3.",
    },
    otherwise="First 0.9 times 0.1, then divide by 400, then the root.",
    tolerance=0.0005,
)

paired = choice(
    "lab07.paired",
    "Of the same 1,000 images model A reads 960 right, and model B 970. Each accuracy "
    "has a standard error of 0.006. On 986 images both are right or both wrong; 2 only "
    "A reads, and 12 only B. Is B better?",
    right="b",
    because="The 986 images on which they agree cannot speak for either. Of the 14 "
    "others 12 speak for B; a coin gives 12 or more of 14 once in 150 times. The "
    "standard error of the *difference* is 0.0037, and the difference is 0.010.",
    a=(
        "That cannot be said: the difference is less than two standard errors.",
        "It is less than two of *one* accuracy's. But most of that luck is in the "
        "images, and these are the same for both.",
    ),
    b="Most likely: 12 to 2 is hardly luck.",
    c=(
        "Surely: 970 is more than 960.",
        "With other images it may be the other way round, so that alone says nothing. "
        "If 112 images spoke for A and 122 for B, the difference would be the same, "
        "and luck.",
    ),
)

first_loss = number(
    "lab07.first_loss",
    "A network for ten classes, just made, not trained. About which cross entropy do "
    "you expect?",
    right=2.3,
    because="It knows nothing, so each class has about one tenth, and -log(0.1) = log "
    "10 = 2.3. If the first loss is far from log K, something is wrong before any "
    "training: the labels, the scale of the inputs, or the loss.",
    wrong={
        0.69: "That is log 2, for two classes. With ten, the right one has only about "
        "one tenth.",
        0.1: "That is about the probability of the right class. The loss is minus its "
        "logarithm.",
        10: "The number of classes. Blind guessing costs the logarithm of it.",
        1: "log 10 to base 10. Cross entropy takes the natural logarithm.",
        0: "That would be a network that is sure and right about everything.",
    },
    otherwise="Which probability does the right class have, if all ten are alike? The "
    "loss is minus the logarithm of that.",
    tolerance=0.06,
)

by_heart = number(
    "lab07.by_heart",
    "A network with a ReLU behind its last layer, so its logit is never negative. Ten "
    "images, five 4s (y = 0) and five 9s (y = 1). To which mean loss can it come at "
    "best?",
    right=0.3466,
    because="For a 4 the best logit is 0, so p = 0.5 and the loss log 2 = 0.69. For a "
    "9 the logit can grow, and the loss goes to 0. The mean of five times 0.69 and "
    "five times 0 is 0.35.",
    wrong={
        0: "For the 9s, yes. But a 4 needs a negative logit, and there is none.",
        0.6931: "For the 4s, yes. But the 9s can have large logits, and hardly any "
        "loss.",
        1: "You may have counted right answers. What is the loss of a 4 with logit 0?",
    },
    otherwise="What is the smallest loss of a 4, whose logit should be negative? And "
    "of a 9?",
    tolerance=0.006,
)

best_of_many = choice(
    "lab07.best_of_many",
    "50 models that know nothing: each answers like a coin. You judge them on 100 "
    "validation images, keep the best, and open the test set, 100 other images. Which "
    "accuracies do you expect?",
    right="b",
    because="Of 50 coins the best is right about 61 of 100 images, on average. "
    "It was chosen for its luck, and on other images there is no luck left. So the "
    "number that chose a model is too good for it.",
    a=(
        "Both near 0.5.",
        "Each of them, yes. But the *best* of 50 is not a typical one: the standard "
        "error on 100 images is 0.05, and somebody is two above.",
    ),
    b="Validation near 0.6, test near 0.5.",
    c=(
        "Both near 0.6.",
        "It was the best on these 100 images. On others it throws its coin again.",
    ),
)

longer_steps = number(
    "lab07.longer_steps",
    "A linear model starts at 0, and its first step has a fixed learning rate. If all "
    "pixels are multiplied by 255, by which factor is the change of a *logit* after "
    "this step multiplied? (The bias aside. The slope in a weight is error times "
    "input.)",
    right=65025,
    because="The slope is error times input, so the weights move 255 times as far; and "
    "in the logit they are multiplied by inputs that are 255 times as large. 255 times "
    "255. So a learning rate that suits one unit is hopeless in another.",
    wrong={
        255: "So far the weights move. In the logit they meet the pixels again, which "
        "are also 255 times as large.",
        1: "The learning rate is fixed, but not the slope: it is error times input.",
        510: "The two factors multiply: 255 times 255.",
    },
    otherwise="How much further do the weights move? And what are they multiplied by "
    "in the logit?",
    tolerance=100,
)

dropped = choice(
    "lab07.dropped",
    "A hidden unit answers 3. Behind it is dropout with probability one half. What "
    "does the next layer get, in training?",
    right="c",
    because="Silenced is 0, and what is left is doubled. In the mean it is 3, as "
    "without dropout, so that the next layer may go on in the same way when dropout is "
    "switched off.",
    a=(
        "0 or 3, each half of the time.",
        "Then the next layer would get half as much in the mean as without dropout, "
        "and be surprised when it is off.",
    ),
    b=(
        "1.5, always.",
        "That is the mean of 0 and 3. But dropout throws a coin for each unit, and "
        "makes up for the lost half.",
    ),
    c="0 or 6, each half of the time.",
)

asleep = choice(
    "lab07.asleep",
    "A trained model with dropout is left in training mode. Its *loss* on held-out "
    "images is calculated twenty times. What comes out?",
    right="b",
    because="Each time other units are silenced, so each time the logits are others. "
    "In the mean they are right. But the loss is a curve that bends upward. For a "
    "true 1 a logit of 0 costs 0.69; 3 costs 0.05 and -3 costs 3.05, in the mean 1.55.",
    a=(
        "Twenty times the same number.",
        "No parameter changes. But in training mode dropout throws its coins whenever "
        "the model is called.",
    ),
    b="Different numbers, in the mean above that with eval().",
    c=(
        "Different numbers, in the mean the same as with eval().",
        "The logits are the same in the mean. But lab 2 has shown that too sure and "
        "too unsure do not cost the same, so the mean of the losses is not.",
    ),
)

switches = several(
    "lab07.switches",
    "A model with dropout is in eval mode, and is called *without* `no_grad`. Which "
    "statements are true?",
    right="ac",
    because="The mode decides what layers do. `no_grad` decides whether PyTorch notes "
    "down what backward needs. Neither knows of the other, so a judge sets both.",
    a=(
        "Called twice, it gives the same answers.",
        "eval() has switched dropout off, and nothing else is random.",
    ),
    b=(
        "Dropout is still on, because only `no_grad` switches it off.",
        "`no_grad` is about slopes alone. The mode, train or eval, is about layers.",
    ),
    c=(
        "One could call backward on its loss.",
        "Everything is noted down as in training. It costs time and memory, and no "
        "right answer.",
    ),
    d=(
        "Its parameters change a little with each call.",
        "Only optimizer.step() changes parameters. A call never does.",
    ),
)
