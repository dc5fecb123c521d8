"""Exercises of lab 08, GPU and mini-batches: solutions, hints, typical mistakes."""

import math

import torch
import torch.nn.functional as F
from torch import nn

from course_utils import training
from course_utils.exercises.checks import exercise
from course_utils.exercises.diagnose import between, holds
from course_utils.exercises.fixtures import Case, GradientWatch, placed, placed_model


@exercise(
    given={"n_images": "size", "batch_size": "size", "n_epochs": "size"},
    inputs=[
        Case((1000, 64, 3), "a short batch at the end"),
        Case((640, 64, 3), "no short batch"),
        Case((50, 64, 7), "fewer images than a batch has"),
        Case((1, 1, 1), "a single image"),
    ],
    hints=[
        "How many batches has one epoch? The short batch at the end is an update, too.",
        "-(-n_images // batch_size) divides and rounds up. math.ceil does, too.",
    ],
    praise="This number, not that of the epochs, says how long a model has trained.",
)
def n_updates(n_images, batch_size, n_epochs):
    """Return how many updates a training run makes, a whole number."""
    return -(-n_images // batch_size) * n_epochs


@n_updates.mistake
def n_updates_rounded_down(n_images, batch_size, n_epochs):
    """You rounded down, so the short batch at the end of each epoch is lost. Its images
    are used for an update as well: round up.
    """
    return n_images // batch_size * n_epochs


@n_updates.mistake
def n_updates_one_more(n_images, batch_size, n_epochs):
    """You rounded down and added 1. That is right if something is left over, but if the
    batch size divides the number of images, there is no short batch. Round up instead.
    """
    return (n_images // batch_size + 1) * n_epochs


@n_updates.mistake
def n_updates_all_epochs_in_one(n_images, batch_size, n_epochs):
    """You cut the images of all epochs together into batches. But a batch never reaches
    into the next epoch: each epoch has its own short batch. Round up first, then
    multiply.
    """
    return -(-n_images * n_epochs // batch_size)


@n_updates.mistake
def n_updates_fraction(n_images, batch_size, n_epochs):
    """You divided with /, which gives a fraction of an update. There are only whole
    updates: divide and round up, for example with math.ceil.
    """
    return n_images / batch_size * n_epochs


@n_updates.mistake
def n_updates_one_epoch(n_images, batch_size, n_epochs):
    """This is the number of updates in one epoch. The run goes over the data n_epochs
    times, so multiply by that.
    """
    return math.ceil(n_images / batch_size)


@n_updates.mistake
def n_updates_images(n_images, batch_size, n_epochs):
    """This is how many images the run looks at. An update looks at a whole batch of
    them, so there are far fewer updates than images.
    """
    return n_images * n_epochs


def _numbered(g, sizes, before):
    return torch.arange(len(before[0]))


_X = torch.arange(14.0).reshape(7, 2)
_Y = torch.arange(7)


@exercise(
    given={
        "X": "features N 2",
        "y": _numbered,
        "batch_size": "size",
        "shuffle": lambda g, sizes, before: bool(torch.randint(2, (), generator=g)),
    },
    properties=[
        holds(
            "An epoch holds every row exactly once. Yours does not.",
            lambda value, X, y, batch_size, shuffle: (
                sorted(torch.cat([labels.flatten() for _, labels in value]).tolist())
                == sorted(y.flatten().tolist())
            ),
        ),
    ],
    inputs=[
        (_X, _Y, 3, False),
        (_X, _Y, 3, True),
        (_X, _Y.float().reshape(-1, 1), 2, True),
        (_X, _Y, 7, True),
        (_X, _Y, 20, False),
    ],
    hints=[
        "First the order of the rows: torch.arange(len(X)) or torch.randperm(len(X)).",
        "order.split(batch_size) cuts it into pieces; the last one is what remains.",
        "X[rows] picks the rows of X, and y[rows] those of y: the same rows.",
    ],
    praise="Every image once per epoch, each with its own label.",
)
def batches(X, y, batch_size, shuffle):
    """Return a list of pairs (X_batch, y_batch) that together hold every row once."""
    order = torch.randperm(len(X)) if shuffle else torch.arange(len(X))
    return [(X[rows], y[rows]) for rows in order.split(batch_size)]


@batches.mistake
def batches_separate_orders(X, y, batch_size, shuffle):
    """You drew one order for X and another one for y, so the images have the labels of
    other images. Nothing can be learned from that, and no error says so. Draw one
    order and use it for both.
    """
    if not shuffle:
        return batches.reference(X, y, batch_size, False)
    X, y = X[torch.randperm(len(X))], y[torch.randperm(len(X))]
    return batches.reference(X, y, batch_size, False)


@batches.mistake
def batches_only_images(X, y, batch_size, shuffle):
    """You shuffled X and left y as it was, so the images have the labels of other
    images. Pick the same rows from both.
    """
    X = X[torch.randperm(len(X))] if shuffle else X
    return batches.reference(X, y, batch_size, False)


@batches.mistake
def batches_short_one_dropped(X, y, batch_size, shuffle):
    """The last batch is missing: what remains at the end is shorter than batch_size but
    is a batch all the same. You would never train on it, or leave it out of an
    evaluation.
    """
    order = torch.randperm(len(X)) if shuffle else torch.arange(len(X))
    rows = order.split(batch_size)
    return [(X[r], y[r]) for r in rows if len(r) == batch_size]


@batches.mistake
def batches_never_shuffled(X, y, batch_size, shuffle):
    """You ignored shuffle. With shuffle=True the rows come in a new, random order,
    drawn with torch.randperm(len(X)).
    """
    return list(zip(X.split(batch_size), y.split(batch_size), strict=True))


@batches.mistake
def batches_always_shuffled(X, y, batch_size, shuffle):
    """You shuffled although shuffle is False. For an evaluation one wants the order of
    the data set, so that predictions and images can be put side by side.
    """
    return batches.reference(X, y, batch_size, True)


@batches.mistake
def batches_order_of_batches(X, y, batch_size, shuffle):
    """You cut first and then shuffled the batches as wholes. If the data are sorted,
    each batch still holds one class only. Shuffle the rows, then cut.
    """
    cut = batches.reference(X, y, batch_size, False)
    return [cut[i] for i in torch.randperm(len(cut))] if shuffle else cut


@batches.mistake
def batches_within_batch(X, y, batch_size, shuffle):
    """You shuffled the rows inside each batch. That changes nothing, because a batch is
    averaged: the same images are still together. Shuffle all rows, then cut.
    """
    cut = batches.reference(X, y, batch_size, False)
    if not shuffle:
        return cut
    orders = [torch.randperm(len(labels)) for _, labels in cut]
    return [(a[o], b[o]) for (a, b), o in zip(cut, orders, strict=True)]


@batches.mistake
def batches_chunks(X, y, batch_size, shuffle):
    """This makes batch_size batches. What was asked for is batches with batch_size rows
    each: split(batch_size), where chunk(batch_size) counts the pieces.
    """
    order = torch.randperm(len(X)) if shuffle else torch.arange(len(X))
    return [(X[rows], y[rows]) for rows in order.chunk(batch_size)]


@batches.mistake
def batches_with_repetition(X, y, batch_size, shuffle):
    """torch.randint draws each row anew, so some rows come twice and others never. An
    epoch uses every row exactly once: torch.randperm(len(X)) is a random order.
    """
    if not shuffle:
        return batches.reference(X, y, batch_size, False)
    rows = torch.randint(len(X), (len(X),))
    return batches.reference(X[rows], y[rows], batch_size, False)


@batches.mistake
def batches_fixed_size(X, y, batch_size, shuffle):
    """You wrote 16 where batch_size belongs. A number from the lab works only as long
    as everybody wants that number.
    """
    return batches.reference(X, y, 16, shuffle)


def _model(mode, *, seed=0, n_classes=1, watch=False):
    """Make a small network with dropout and fixed weights."""
    generator = torch.Generator().manual_seed(seed)
    model = nn.Sequential(
        nn.Linear(3, 8), nn.ReLU(), nn.Dropout(0.5), nn.Linear(8, n_classes)
    )
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator))
    if watch:
        model.append(GradientWatch())
    return model.train(mode)


def _loader(*sizes, seed=1):
    """Make batches of these sizes, as a list."""
    generator = torch.Generator().manual_seed(seed)
    X = torch.randn(sum(sizes), 3, generator=generator)
    y = (torch.randn(sum(sizes), 1, generator=generator) > 0).float()
    return list(zip(X.split(sizes), y.split(sizes), strict=True))


_BCE = nn.BCEWithLogitsLoss()


@exercise(
    inputs=[
        (_model(True, watch=True), _loader(5, 5, 2), _BCE),
        (_model(False, watch=True), _loader(4, 4, 4, 1, seed=2), _BCE),
        (_model(True, seed=3, watch=True), _loader(6), _BCE),
        (_model(True, seed=4, watch=True), _loader(3, 3), _BCE),
    ],
    hints=[
        "loss_fn gives the mean of a batch. Times len(X) it is the sum of the batch.",
        "Add up these sums and the numbers of images, and divide once, at the end.",
        "eval(), no_grad() and the mode are as in exercise 4 of lab 7.",
    ],
    praise="The same number for every batch size. That is how you know it is right.",
)
def evaluate(model, loader, loss_fn):
    """Return the mean loss per image over all batches, a Python number."""
    was_training = model.training
    model.eval()
    loss_sum, n_images = 0.0, 0
    with torch.no_grad():
        for X, y in loader:
            loss_sum += loss_fn(model(X), y).item() * len(X)
            n_images += len(X)
    model.train(was_training)
    return loss_sum / n_images


def _evaluated(model, loader, loss_fn, *, training=False, gradients=False):
    """Return the loss and the size of each batch, and leave the mode as it was."""
    was_training = model.training
    model.train(training)
    with torch.set_grad_enabled(gradients):
        losses = [loss_fn(model(X), y).item() for X, y in loader]
    model.train(was_training)
    return losses, [len(X) for X, _ in loader]


@evaluate.mistake
def evaluate_mean_of_means(model, loader, loss_fn):
    """This is the mean of the batch means. A short last batch then counts as much as a
    full one, and the result depends on the batch size. Multiply each loss by len(X),
    add, and divide by the number of images.
    """
    losses, _ = _evaluated(model, loader, loss_fn)
    return sum(losses) / len(losses)


@evaluate.mistake
def evaluate_means_over_images(model, loader, loss_fn):
    """You added up batch means and divided by the number of images, so you divided
    twice: a mean is divided already. Multiply each loss by len(X) first.
    """
    losses, sizes = _evaluated(model, loader, loss_fn)
    return sum(losses) / sum(sizes)


@evaluate.mistake
def evaluate_sums_over_batches(model, loader, loss_fn):
    """You made sums of the batch means, which is right, but divided them by the number
    of batches. Divide by the number of images.
    """
    losses, sizes = _evaluated(model, loader, loss_fn)
    return sum(loss * n for loss, n in zip(losses, sizes, strict=True)) / len(sizes)


@evaluate.mistake
def evaluate_total(model, loader, loss_fn):
    """This is the sum over all images. Divide it, once, by the number of images, so
    that data sets of different size can be compared.
    """
    losses, sizes = _evaluated(model, loader, loss_fn)
    return sum(loss * n for loss, n in zip(losses, sizes, strict=True))


@evaluate.mistake
def evaluate_fixed_number(model, loader, loss_fn):
    """You divided by 12665, the number of training images in the notes. With any other
    data the result is wrong, without an error. Count the images in the loop.
    """
    return evaluate_total(model, loader, loss_fn) / 12665


@evaluate.mistake
def evaluate_last_batch(model, loader, loss_fn):
    """This is the loss of the last batch alone: each round overwrites the one before.
    Add up before you divide.
    """
    return _evaluated(model, loader, loss_fn)[0][-1]


@evaluate.mistake
def evaluate_return_in_loop(model, loader, loss_fn):
    """This is the loss of the first batch alone. The return stands inside the loop, so
    the first round is the last one. Move it to the left.
    """
    return _evaluated(model, loader, loss_fn)[0][0]


@evaluate.mistake
def evaluate_with_dropout(model, loader, loss_fn):
    """Dropout is on: half of the hidden units are silenced at random, and the loss is
    different in each call. Switch it off with model.eval() before the loop.
    """
    losses, sizes = _evaluated(model, loader, loss_fn, training=model.training)
    return sum(a * n for a, n in zip(losses, sizes, strict=True)) / sum(sizes)


@evaluate.mistake
def evaluate_with_gradients(model, loader, loss_fn):
    """The number is right, but PyTorch noted down everything that it would need for
    slopes, which costs time and memory. Put the loop under `with torch.no_grad():`.
    """
    losses, sizes = _evaluated(model, loader, loss_fn, gradients=True)
    return sum(a * n for a, n in zip(losses, sizes, strict=True)) / sum(sizes)


@evaluate.mistake
def evaluate_left_in_eval(model, loader, loss_fn):
    """The number is right, but the model is left in eval mode: if this is called in the
    middle of training, dropout is off from there on. Note model.training first, and
    put that back with model.train(was_training).
    """
    value = evaluate.reference(model, loader, loss_fn)
    model.eval()
    return value


@evaluate.mistake
def evaluate_always_train(model, loader, loss_fn):
    """You end with model.train(). But the model may have been in eval mode before your
    function was called. Note model.training first, and put that back:
    model.train(was_training).
    """
    value = evaluate.reference(model, loader, loss_fn)
    model.train()
    return value


@evaluate.mistake
def evaluate_tensor(model, loader, loss_fn):
    """The number is right, but it is still a tensor with one element. .item() takes the
    plain Python number out.
    """
    return torch.tensor(evaluate.reference(model, loader, loss_fn))


def _trainer(*sizes, mode=True, seed=5):
    model = _model(mode, seed=seed)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    return model, _loader(*sizes, seed=seed), _BCE, optimizer


@exercise(
    inputs=[
        _trainer(4, 4, 4),
        _trainer(4, 4, 1, seed=6),
        _trainer(3, 3, 2, mode=False, seed=7),
    ],
    hints=[
        "model.train() first. Then for each batch: outputs, loss, backward(), step(), "
        "zero_grad().",
        "Call the model once per batch. Each call draws a new dropout.",
        "Next to it: loss_sum += loss.item() * len(X) and n_images += len(X).",
    ],
    praise="These lines train every model of the labs to come.",
)
def train_epoch(model, loader, loss_fn, optimizer):
    """Make one update per batch; return the mean loss per image, a Python number."""
    model.train()
    loss_sum, n_images = 0.0, 0
    for X, y in loader:
        loss = loss_fn(model(X), y)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        loss_sum += loss.item() * len(X)
        n_images += len(X)
    return loss_sum / n_images


def _trained(loader, after_forward):
    """Return the mean loss per image; ``after_forward(X, y)`` gives that of a batch."""
    losses = [after_forward(X, y).item() * len(X) for X, y in loader]
    return sum(losses) / sum(len(X) for X, _ in loader)


def _update(model, loss_fn, optimizer):
    def update(X, y):
        loss = loss_fn(model(X), y)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        return loss

    return update


@train_epoch.mistake
def train_epoch_without_zero_grad(model, loader, loss_fn, optimizer):
    """zero_grad() is missing, so each step goes against the sum of all slopes so far.
    After backward() and step(), empty them with optimizer.zero_grad().
    """

    def update(X, y):
        loss = loss_fn(model(X), y)
        loss.backward()
        optimizer.step()
        return loss

    model.train()
    return _trained(loader, update)


@train_epoch.mistake
def train_epoch_zero_before_step(model, loader, loss_fn, optimizer):
    """Nothing is learned: you emptied the slopes after backward() and before step(), or
    left step() out. The order is backward(), step(), zero_grad().
    """
    model.train()
    return _trained(loader, lambda X, y: loss_fn(model(X), y))


@train_epoch.mistake
def train_epoch_forward_twice(model, loader, loss_fn, optimizer):
    """You called the model twice per batch. That costs twice the time, and each call
    draws its own dropout, so the loss that you report is not the loss that the update
    came from. Call it once and keep the result.
    """

    def update(X, y):
        before = loss_fn(model(X), y)
        _update(model, loss_fn, optimizer)(X, y)
        return before

    model.train()
    return _trained(loader, update)


@train_epoch.mistake
def train_epoch_after_the_step(model, loader, loss_fn, optimizer):
    """You calculated the loss again after the step. That costs one more forward pass
    per batch, and it judges the model on the very images that it has just been changed
    for. Take the loss that backward() was called on.
    """

    def update(X, y):
        _update(model, loss_fn, optimizer)(X, y)
        return loss_fn(model(X), y)

    model.train()
    return _trained(loader, update)


@train_epoch.mistake
def train_epoch_mean_of_means(model, loader, loss_fn, optimizer):
    """This is the mean of the batch means. A short last batch then counts as much as a
    full one. Multiply each loss by len(X), and divide by the number of images.
    """
    model.train()
    losses = [_update(model, loss_fn, optimizer)(X, y).item() for X, y in loader]
    return sum(losses) / len(losses)


@train_epoch.mistake
def train_epoch_without_train_mode(model, loader, loss_fn, optimizer):
    """The model was in eval mode, and you left it there, so dropout did nothing. An
    evaluation may have come before: begin each epoch of training with model.train().
    """
    return _trained(loader, _update(model, loss_fn, optimizer))


@train_epoch.mistake
def train_epoch_eval_mode(model, loader, loss_fn, optimizer):
    """You trained in eval mode: dropout did nothing. model.train() switches it on for
    training, model.eval() off for an evaluation.
    """
    model.eval()
    return _trained(loader, _update(model, loss_fn, optimizer))


@train_epoch.mistake
def train_epoch_last_loss(model, loader, loss_fn, optimizer):
    """This is the loss of the last batch alone, and a batch is a small sample. Add up
    over the epoch, then divide by the number of images.
    """
    model.train()
    return [_update(model, loss_fn, optimizer)(X, y).item() for X, y in loader][-1]


@train_epoch.mistake
def train_epoch_return_in_loop(model, loader, loss_fn, optimizer):
    """Only the first batch was used: the return stands inside the loop, so the first
    round is the last one. Move it to the left.
    """
    return train_epoch.reference(model, loader[:1], loss_fn, optimizer)


@train_epoch.mistake
def train_epoch_tensor(model, loader, loss_fn, optimizer):
    """The number is right, but it is a tensor, and one that holds on to the notes of
    every batch for autograd. .item() takes the plain Python number out.
    """
    return torch.tensor(train_epoch.reference(model, loader, loss_fn, optimizer))


def _model_at(place, mode, seed):
    return placed_model(_model(mode, seed=seed, n_classes=3), place)


def _images(n, place="cpu"):
    generator = torch.Generator().manual_seed(n)
    return placed(torch.randn(n, 3, generator=generator), place)


@exercise(
    inputs=lambda: [  # made when they are needed: see fixtures.placed
        (_model_at("cuda:1", False, 8), _images(12)),
        (_model_at("cpu", True, 9), _images(10)),
        (_model_at("mps", True, 10), _images(11, "mps")),
        (_model_at("cpu", False, 11), _images(9, "cuda:0")),
    ],
    hints=[
        "Ask the model where it is: next(model.parameters()).device.",
        "Bring the images there with X.to(...), and the classes back with .cpu().",
        "eval() before, and the old mode back afterwards, as in lab 7.",
    ],
    praise="It runs on every device, and names none.",
)
def predict(model, X):
    """Return the predicted classes on the CPU, whole numbers of shape (N,)."""
    device = next(model.parameters()).device
    was_training = model.training
    model.eval()
    with torch.no_grad():
        logits = model(X.to(device))
    model.train(was_training)
    return logits.argmax(dim=1).cpu()


def _predicted(model, X, place, *, training=False):
    """Return the classes, calculated at a place, and leave the mode as it was."""
    was_training = model.training
    model.train(training)
    with torch.no_grad():
        classes = model(X.to(place)).argmax(dim=1)
    model.train(was_training)
    return classes


def _device_of(model):
    return next(model.parameters()).device


@predict.mistake
def predict_without_moving(model, X):
    """The images are not where the model is. Ask the model for its device, and bring
    them there: X.to(next(model.parameters()).device). (It is there already? Then .to
    does nothing.)
    """
    return _predicted(model, X, X.device).cpu()


@predict.mistake
def predict_hard_coded(model, X):
    """You moved the images to "cuda", which names one device of one computer. This
    model is somewhere else. Ask the model: next(model.parameters()).device.
    """
    return _predicted(model, X, "cuda").cpu()


@predict.mistake
def predict_asks_the_computer(model, X):
    """You moved the images to the fastest device of this computer. That need not be
    where the model is. Ask the model, not the computer:
    next(model.parameters()).device.
    """
    return _predicted(model, X, training.pick_device()).cpu()


@predict.mistake
def predict_model_device(model, X):
    """A model has no .device, because its parts may be in different places. Ask one of
    its parameters: next(model.parameters()).device.
    """
    return _predicted(model, X, model.device).cpu()


@predict.mistake
def predict_moves_the_model(model, X):
    """The classes are right, but you moved the caller's model to the CPU: a model's .to
    and .cpu() move the model itself. The next step of training would fail, or crawl.
    Move the images, and leave the model where it is.
    """
    return _predicted(model.cpu(), X, "cpu")


@predict.mistake
def predict_left_there(model, X):
    """The classes are right, but they are still on the model's device. The caller
    cannot compare them with labels on the CPU, nor draw them. Bring them back with
    .cpu().
    """
    return _predicted(model, X, _device_of(model))


@predict.mistake
def predict_with_dropout(model, X):
    """Dropout is on: half of the hidden units are silenced at random, and some classes
    are different in each call. Switch it off with model.eval().
    """
    return _predicted(model, X, _device_of(model), training=model.training).cpu()


@predict.mistake
def predict_left_in_eval(model, X):
    """The classes are right, but the model is left in eval mode: if this is called in
    the middle of training, dropout is off from there on. Note model.training first,
    and put that back at the end.
    """
    model.eval()
    return _predicted(model, X, _device_of(model)).cpu()


@predict.mistake
def predict_logits(model, X):
    """These are the logits, one per class. The class is the column with the largest
    one: argmax(dim=1).
    """
    was_training = model.training
    model.eval()
    with torch.no_grad():
        logits = model(X.to(_device_of(model)))
    model.train(was_training)
    return logits.cpu()


@predict.mistake
def predict_largest_logit(model, X):
    """max(dim=1).values are the largest logits themselves. The class is the column in
    which they stand: .indices, or argmax(dim=1).
    """
    return predict_logits(model, X).max(dim=1).values


_LOGITS = torch.tensor(
    [
        [2.0, 0.1, -1.0],
        [1.5, 0.3, 0.2],
        [0.4, 1.9, 0.3],
        [0.2, 0.9, 3.0],
        [2.5, 1.0, 0.5],
        [0.1, 0.8, 2.2],
        [0.3, 2.4, 1.1],
        [1.2, 0.7, 0.6],
    ]
)


@exercise(
    given={
        "logits": "ranked N K",
        "y": "classes N K",
        "n_classes": lambda g, sizes, before: sizes["K"],
    },
    properties=[between(0, 1, "A fraction lies between 0 and 1.")],
    inputs=[
        (_LOGITS, torch.tensor([0, 0, 0, 1, 1, 2, 1, 0]), 3),
        (-_LOGITS, torch.tensor([2, 1, 0, 0, 2, 2, 2, 1]), 3),
        Case(
            (_LOGITS, torch.tensor([0, 1, 1, 1, 0, 0, 1, 1]), 3),
            "a class that does not occur",
            False,
        ),
    ],
    hints=[
        "The predicted class is logits.argmax(dim=1). Which predictions are right?",
        "is_right[y == k] picks the examples of class k. Take the mean of these.",
        "For all classes at once: y.bincount(minlength=n_classes) counts the "
        "examples of each class. Which part of y has to be counted for the right "
        "ones?",
    ],
    praise="Look at it whenever an accuracy seems too good, or stands still.",
)
def class_accuracy(logits, y, n_classes):
    """Return for each class which part of its examples is right, shape (K,)."""
    is_right = logits.argmax(dim=1) == y
    counts = y.bincount(minlength=n_classes)
    return y[is_right].bincount(minlength=n_classes) / counts


@class_accuracy.mistake
def class_accuracy_of_predictions(logits, y, n_classes):
    """You asked: of those that were *predicted* as class k, how many are right? Here it
    is the other way round: of those that *are* of class k, how many were found? Pick
    the examples by y.
    """
    y_pred = logits.argmax(dim=1)
    right = y[y_pred == y].bincount(minlength=n_classes)
    return right / y_pred.bincount(minlength=n_classes)


@class_accuracy.mistake
def class_accuracy_over_all(logits, y, n_classes):
    """You divided by the number of all examples. Then even a perfect model does not get
    1. Divide by the number of examples of each class.
    """
    right = y[logits.argmax(dim=1) == y].bincount(minlength=n_classes)
    return right / len(y)


@class_accuracy.mistake
def class_accuracy_counts(logits, y, n_classes):
    """These are the numbers of right answers. Divide each by the number of examples of
    its class, so that classes of different size can be compared.
    """
    return y[logits.argmax(dim=1) == y].bincount(minlength=n_classes).float()


@class_accuracy.mistake
def class_accuracy_one_against_rest(logits, y, n_classes):
    """You compared (y_pred == k) with (y == k) over all examples. So an example of
    another class counts as right whenever it is not called k, and a rare class looks
    splendid even if it is never found. Use only the examples of class k.
    """
    y_pred = logits.argmax(dim=1)
    agree = [(y_pred == k) == (y == k) for k in range(n_classes)]
    return torch.stack(agree).float().mean(dim=1)


@class_accuracy.mistake
def class_accuracy_overall(logits, y, n_classes):
    """This is the accuracy over all classes, the one number that hides which class the
    errors are in. Return one number per class.
    """
    return (logits.argmax(dim=1) == y).float().mean()


@class_accuracy.mistake
def class_accuracy_absent_zero(logits, y, n_classes):
    """For a class that does not occur you return 0, as if it had always been wrong. But
    nothing is known about it. 0 / 0 is nan, and that is the honest answer here.
    """
    right = y[logits.argmax(dim=1) == y].bincount(minlength=n_classes)
    return right / y.bincount(minlength=n_classes).clamp(min=1)


@class_accuracy.mistake
def class_accuracy_errors(logits, y, n_classes):
    """These are the fractions of wrong answers. Accuracy is the fraction of right ones;
    the two sum to 1.
    """
    return 1 - class_accuracy.reference(logits, y, n_classes)


@class_accuracy.mistake
def class_accuracy_share_of_predictions(logits, y, n_classes):
    """This says how often each class was predicted. Whether the prediction was right
    plays no part in it: compare with y first.
    """
    return F.one_hot(logits.argmax(dim=1), n_classes).float().mean(dim=0)
