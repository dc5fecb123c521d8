"""Exercises and questions of lab 08, GPU and mini-batches."""

import copy

import torch
import torch.nn.functional as F
from torch import nn

from course_utils import training
from course_utils.exercises import lab04, lab06, lab07
from course_utils.exercises.checks import exercise
from course_utils.exercises.diagnose import between
from course_utils.exercises.fixtures import Case, placed, placed_model
from course_utils.exercises.pairs import two_of
from course_utils.exercises.questions import WarmUp, choice, number

# The logs of an exercise ----------------------------------------------------------

EPOCHS = 3


def logs() -> None:
    """Train a linear model on 4 and 9 five times, and print five logs.

    Each line says what the program counts after each epoch: the running accuracy, and
    which part of the held-out fours and nines is right.
    """
    for i, run in enumerate(("shuffled", "divisor", "sorted", "apart", "used up"), 1):
        print(
            f"log {i}           " + "".join(f"  epoch {n + 1}" for n in range(EPOCHS))
        )
        names = ("running", "fours right", "nines right")
        for name, values in zip(names, zip(*_log(run), strict=True), strict=True):
            print(f"  {name:12}  " + "".join(f"{value:9.2f}" for value in values))


def _log(run: str) -> list[tuple[float, float, float]]:
    from sklearn.datasets import load_digits  # here, because it takes seconds

    digits = load_digits()
    target = torch.tensor(digits.target)
    kept = ((target == 4) | (target == 9)).nonzero().flatten()
    kept = kept[target[kept].argsort(stable=True)]  # the fours first
    images = torch.tensor(digits.images[kept]).float()[:, None]
    X = F.avg_pool2d(images, 2).flatten(1) / 16  # 4 x 4 pixels, (N, 16)
    y = (target[kept] == 9).float()
    held = torch.arange(len(y)) % 3 == 0
    X_held, y_held, X, y = X[held], y[held], X[~held], y[~held]

    generator = torch.Generator().manual_seed(0)
    if run == "apart":
        X = X[torch.randperm(len(X), generator=generator)]
    shuffle = run != "sorted"
    loader = training.batches(X, y, 4, shuffle=shuffle, generator=generator)
    if run == "used up":
        loader = iter(loader)
    W, b = torch.zeros(16), torch.zeros(())
    found = []
    for _ in range(EPOCHS):
        n_right = 0
        for X_batch, y_batch in loader:
            z = X_batch @ W + b
            n_right += ((z > 0) == y_batch).sum().item()
            error = (torch.sigmoid(z) - y_batch) / len(y_batch)
            W, b = W - error @ X_batch, b - error.sum()
        right = (X_held @ W + b > 0) == y_held
        counts = [right[y_held == k].sum().item() for k in (0, 1)]
        sizes = [int((y_held == k).sum()) for k in (0, 1)]
        if run == "divisor":
            sizes = [len(y), len(y)]
        found.append((n_right / len(y), counts[0] / sizes[0], counts[1] / sizes[1]))
    return found


@exercise(
    evidence={
        "log 1": "both classes are right, in images as well that it never saw.",
        "log 2": "while it trains it is right nearly always, and for the held-out "
        "images both classes are too small by the same factor.",
        "log 3": "one class is right in all its images, the other in none. What does "
        "such a model say?",
        "log 4": "while it trains it is right as often as a coin, in each epoch.",
        "log 5": "the model has not changed since the first epoch, and nobody has "
        "counted a right answer.",
    },
    inputs=[()],
    hints=[
        "A model that has learned is right about both classes, on new images as well. "
        "A parrot is right about one of them, whatever its running accuracy is.",
        "Which log stands still from the second epoch on? What did its loop get to "
        "see?",
        "Two answers are left that are about the images: in one log nothing can be "
        "learned, so it is a coin. In the other one the running accuracy is fine, and "
        "fours and nines are both wrong by the same factor.",
    ],
    praise="Five programs, no error message, and only one that can be believed.",
)
def faults():
    """Return what happened in logs 1 to 5, as five letters."""
    return "a", "e", "b", "c", "d"


@faults.mistake
def faults_sorted_is_right():
    """Logs 1 and 3 are exchanged. Log 3 has a splendid running accuracy, and its model
    gives the same answer to every image: it knows no four from a nine. Look at both
    classes first, and at the running accuracy last.
    """
    return "b", "e", "a", "c", "d"


@faults.mistake
def faults_divisor_is_apart():
    """Logs 2 and 4 are exchanged. With labels that belong to other images nothing can
    be learned, and the running accuracy is that of a coin. In log 2 it is high; only
    the numbers of the held-out images are small, by the same factor.
    """
    return "a", "c", "b", "e", "d"


@faults.mistake
def faults_used_up_is_apart():
    """Logs 4 and 5 are exchanged. In log 5 the first epoch went well, and from then on
    nothing moves: no batch came any more. In log 4 the model moves in each epoch and
    learns nothing.
    """
    return "a", "e", "b", "d", "c"


@faults.mistake
def faults_used_up_is_sorted():
    """Logs 3 and 5 are exchanged. A running accuracy of 0 means that nothing was
    counted in that epoch: there was no batch. Sorted data give a *high* one.
    """
    return "a", "e", "d", "c", "b"


@faults.mistake
def faults_divisor_is_used_up():
    """Logs 2 and 5 are exchanged. In log 2 the numbers still move from epoch to epoch,
    so batches do come. They are only divided by the wrong number.
    """
    return "a", "d", "b", "c", "e"


@faults.mistake
def faults_apart_is_sorted():
    """Logs 3 and 4 are exchanged. Sorted data make a parrot: nearly always right while
    it trains. In log 4 the running accuracy is that of a coin, so the labels say
    nothing about the images.
    """
    return "a", "e", "c", "b", "d"


@faults.mistake
def faults_divisor_is_right():
    """Logs 1 and 2 are exchanged. In log 2 the model answers nearly all training images
    rightly and, so it seems, one held-out image in five. Both classes are too small by
    the same factor: what is wrong there is a divisor, not the model.
    """
    return "e", "a", "b", "c", "d"


@faults.mistake
def faults_divisor_is_sorted():
    """Logs 2 and 3 are exchanged. A parrot is right about every image of one class and
    about none of the other: that is log 3. In log 2 both classes are equally low.
    """
    return "a", "b", "e", "c", "d"


@faults.mistake
def faults_apart_is_right():
    """Logs 1 and 4 are exchanged. In log 4 one half of the answers is right while it
    trains: that is a coin, and a coin has learned nothing.
    """
    return "c", "e", "b", "a", "d"


@faults.mistake
def faults_used_up_is_right():
    """Logs 1 and 5 are exchanged. The model of log 5 has learned something in the first
    epoch. But from the second one on no batch came: nothing is counted and nothing
    changes.
    """
    return "d", "e", "b", "c", "a"


# The other exercises ----------------------------------------------------------------


def _needs(g, sizes, before):
    """Return how many updates each batch size needs; too large ones need more again."""
    n = int(torch.randint(200, 400, (), generator=g))
    shares = (12, 1, 0.5, 0.6)
    spread = (0.9 + 0.2 * torch.rand(4, generator=g)).tolist()
    return {
        size: int(n * share * factor)
        for size, share, factor in zip((8, 64, 512, 4096), shares, spread, strict=True)
    }


def _fixed(g, sizes, before):
    return round(0.0005 + 0.004 * torch.rand((), generator=g).item(), 6)


def _per_image(g, sizes, before):
    return round(10 ** (-5.5 + 2 * torch.rand((), generator=g).item()), 8)


@exercise(
    given={"updates": _needs, "fixed": _fixed, "per_image": _per_image},
    inputs=[
        ({8: 2000, 64: 200, 512: 100, 4096: 120}, 0.0003, 0.000002),  # a processor
        ({8: 2000, 64: 200, 512: 100, 4096: 120}, 0.001, 0.0000001),  # a graphics card
        ({8: 900, 64: 200, 512: 100, 4096: 120}, 0.00001, 0.0001),  # images are dear
        ({16: 500, 32: 490}, 0.001, 0.0001),
        ({8: 1000, 32: 400, 128: 300, 512: 60}, 0.001, 0.00001),  # slower on the way
        ({16: 9_000_000, 64: 2_000_000, 256: 900_000}, 0.004, 0.00001),  # hours
        Case(({32: 100}, 0.01, 0.001), "a single batch size", False),
    ],
    hints=[
        "The time of one update is fixed + per_image * size. How long is a whole run?",
        "Go through updates.items(), and keep the size with the smallest time so far.",
        "min(updates, key=...) takes the key for which a function of it is smallest.",
    ],
    praise="A graphics card has a large fixed part and cheap images, so it wants "
    "large batches. A processor wants smaller ones.",
)
def fastest(updates, fixed, per_image):
    """Return the batch size of the run that takes the least time."""
    seconds = {n: count * (fixed + per_image * n) for n, count in updates.items()}
    return min(seconds, key=seconds.get)


@fastest.mistake
def fastest_fewest_updates(updates, fixed, per_image):
    """You took the run with the fewest updates. That is the fastest one only if an
    update costs the same for every batch size. Multiply by what one update takes.
    """
    return min(updates, key=updates.get)


@fastest.mistake
def fastest_down_the_hill(updates, fixed, per_image):
    """You stop at the first batch size that is slower than the one before. A later one
    may be faster still: look at all of them.
    """
    best = min(updates)
    for size in sorted(updates):
        if fastest_time({size: updates[size]}, fixed, per_image) > fastest_time(
            {best: updates[best]}, fixed, per_image
        ):
            break
        best = size
    return best


@fastest.mistake
def fastest_fewest_images(updates, fixed, per_image):
    """You took the run that looks at the fewest images: the fixed cost is missing, or
    counts once for the whole run. Each update has it: (fixed + per_image * size) times
    the number of updates.
    """
    return min(updates, key=lambda size: size * updates[size])


@fastest.mistake
def fastest_images_of_one_update(updates, fixed, per_image):
    """The images of a single update are counted, and the fixed cost of all of them.
    Both belong to each update: (fixed + per_image * size) times the number of updates.
    """
    return min(updates, key=lambda size: updates[size] * fixed + per_image * size)


@fastest.mistake
def fastest_cheapest_update(updates, fixed, per_image):
    """Yours is always the smallest batch. Its *updates* are the cheapest, but it is the
    whole run that counts: times the number of updates that it needs. (And `min` of a
    dictionary compares its keys, unless a `key=` says what to compare.)
    """
    return min(updates)


@fastest.mistake
def fastest_cheapest_image(updates, fixed, per_image):
    """You took the batch size with the lowest price of an *image*. Faster per image is
    not faster to the goal: it is updates that bring you there.
    """
    return min(updates, key=lambda size: fixed / size + per_image)


@fastest.mistake
def fastest_position(updates, fixed, per_image):
    """This is the *position* of the fastest run, counted from 0. The batch size is
    asked for, the key of the dictionary.
    """
    times = [count * (fixed + per_image * n) for n, count in updates.items()]
    return times.index(min(times))


@fastest.mistake
def fastest_slowest(updates, fixed, per_image):
    """This is the run that takes the *most* time: max stands where min is wanted, or a
    comparison is the wrong way round.
    """
    return max(updates, key=lambda n: updates[n] * (fixed + per_image * n))


@fastest.mistake
def fastest_time(updates, fixed, per_image):
    """This is the time of the fastest run. The batch size is asked for, the key of the
    dictionary.
    """
    return min(count * (fixed + per_image * n) for n, count in updates.items())


@fastest.mistake
def fastest_exchanged(updates, fixed, per_image):
    """You took the key for the number of updates, and the value for the batch size. It
    is the other way round: `for size, n in updates.items()`.
    """
    return _fastest({fastest_exchanged}, updates, fixed, per_image)


@two_of(
    fastest,
    fastest_fewest_updates,
    fastest_fewest_images,
    fastest_exchanged,
    fastest_slowest,
    fastest_position,
)
def _fastest(slips, updates, fixed, per_image):
    seconds = {}
    for size, count in updates.items():
        n, batch = (size, count) if fastest_exchanged in slips else (count, size)
        seconds[size] = n * (fixed + per_image * batch)
        if fastest_fewest_updates in slips:
            seconds[size] = n
        if fastest_fewest_images in slips:
            seconds[size] = n * batch
    best = (max if fastest_slowest in slips else min)(seconds, key=seconds.get)
    return [*seconds].index(best) if fastest_position in slips else best


@fastest.mistake
def fastest_time_without_images(updates, fixed, per_image):
    """Two things. You return a time, and the batch size is asked for, the key. And an
    update looks at `size` images: it takes fixed + per_image * size.
    """
    return min(n * (fixed + per_image) for n in updates.values())


@fastest.mistake
def fastest_time_fixed_once(updates, fixed, per_image):
    """Two things. You return a time, and the batch size is asked for, the key. And the
    fixed cost counts for each update: n * (fixed + per_image * size).
    """
    return min(fixed + n * size * per_image for size, n in updates.items())


def _model(mode, *, seed=0, n_classes=1):
    """Make a small network with dropout and fixed weights."""
    generator = torch.Generator().manual_seed(seed)
    model = nn.Sequential(
        nn.Linear(3, 8), nn.ReLU(), nn.Dropout(0.5), nn.Linear(8, n_classes)
    )
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator))
    return model.train(mode)


def _parts(*sizes, seed=1):
    """Return parts of these sizes, as a list."""
    generator = torch.Generator().manual_seed(seed)
    X = torch.randn(sum(sizes), 3, generator=generator)
    y = (torch.randn(sum(sizes), 1, generator=generator) > 0).float()
    return list(zip(X.split(sizes), y.split(sizes), strict=True))


class _Used(nn.Sequential):
    """A network whose copies keep the slopes that somebody has left in it."""

    def __deepcopy__(self, memo):
        memo[id(self)] = other = _Used(*[copy.deepcopy(layer, memo) for layer in self])
        for mine, theirs in zip(self.parameters(), other.parameters(), strict=True):
            theirs.grad = None if mine.grad is None else mine.grad.clone()
        return other.train(self.training)

    def _get_name(self):
        return "Sequential"


def _trainer(*sizes, seed=5, stale=False):
    first, relu, _, last = _model(True, seed=seed)
    model = _Used(first, relu, last)  # without dropout: the cut changes nothing then
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    if stale:  # somebody called backward() before, and no step
        model(torch.ones(2, 3)).sum().backward()
    return model, _parts(*sizes, seed=seed), nn.BCEWithLogitsLoss(), optimizer


@exercise(
    inputs=lambda: [  # when they are needed: the first optimizer takes seconds
        _trainer(5, 3, 1, seed=6),
        _trainer(4, 4, 4),
        _trainer(3, 6, seed=7, stale=True),
        _trainer(7, seed=8),
    ],
    forbids={
        "The model sees one part at a time: there is no room for all of them.": "cat"
        " concat"
    },
    hints=[
        "backward() adds to the slopes that are there. This time that is what you "
        "want: zero_grad() once, before the loop, and step() once, after it.",
        "Section 2: the full gradient is the sum of the parts' gradients, each times "
        "n_b / N. So what has to be multiplied before backward()?",
        "Count N first: sum(len(X) for X, _ in parts). In the loop: loss = "
        "loss_fn(model(X), y) * len(X) / N, then loss.backward().",
    ],
    praise="That is gradient accumulation: large batches on a small card.",
)
def accumulate(model, parts, loss_fn, optimizer):
    """Make one update from all parts; return the mean loss per image before it."""
    n_images = sum(len(X) for X, _ in parts)
    optimizer.zero_grad()
    total = 0.0
    for X, y in parts:
        loss = loss_fn(model(X), y) * len(X) / n_images
        loss.backward()
        total += loss.item()
    optimizer.step()
    return total


def _accumulated(parts, backward_of, model, loss_fn):
    """Return the mean loss per image; ``backward_of`` gets a part's loss and size."""
    total = 0.0
    for X, y in parts:
        loss = loss_fn(model(X), y)
        total += loss.item() * len(X)
        backward_of(loss, len(X))
    return total / sum(len(X) for X, _ in parts)


def _one_update(model, parts, loss_fn, optimizer, weight_of):
    """Make one update with the sum of the weighted losses of the parts; return it."""
    optimizer.zero_grad()
    total = 0.0
    for X, y in parts:
        loss = loss_fn(model(X), y) * weight_of(X)
        loss.backward()
        total += loss.item()
    optimizer.step()
    return total


@accumulate.mistake
def accumulate_steps(model, parts, loss_fn, optimizer):
    """You make an update for each part. So the second part is judged by another model
    than the first. One update was asked for: zero_grad() before the loop, backward()
    for each part, step() after the loop.
    """

    def update(loss, n):
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return _accumulated(parts, update, model, loss_fn)


@accumulate.mistake
def accumulate_sum_of_means(model, parts, loss_fn, optimizer):
    """The return value is right, the update is too long: you added the slopes of the
    parts' means. With ten parts that is ten times the slope. Multiply each loss by
    len(X) / N before backward().
    """
    optimizer.zero_grad()
    value = _accumulated(parts, lambda loss, n: loss.backward(), model, loss_fn)
    optimizer.step()
    return value


@accumulate.mistake
def accumulate_sum_of_slopes(model, parts, loss_fn, optimizer):
    """The slopes of the parts were added and not averaged, so the step is too long, and
    in the return value a short part counts as much as a long one. Multiply each loss by
    len(X) / N before backward(), and add up what comes out.
    """
    total = _one_update(model, parts, loss_fn, optimizer, lambda X: 1)
    return total / len(parts)


@accumulate.mistake
def accumulate_equal_parts(model, parts, loss_fn, optimizer):
    """You divided by the number of parts, so a short part counts as much as a long one.
    Each part counts with its size: times len(X) / N.
    """
    return _one_update(model, parts, loss_fn, optimizer, lambda X: 1 / len(parts))


@accumulate.mistake
def accumulate_equal_parts_in_backward(model, parts, loss_fn, optimizer):
    """The return value is right, but in the slopes a short part counts as much as a
    long one: you divided by the number of parts before backward(). Multiply by len(X)
    / N.
    """
    optimizer.zero_grad()
    value = _accumulated(
        parts, lambda loss, n: (loss / len(parts)).backward(), model, loss_fn
    )
    optimizer.step()
    return value


@accumulate.mistake
def accumulate_mean_of_means(model, parts, loss_fn, optimizer):
    """The update is right. The return value is the mean of the parts' means: a short
    part counts as much as a long one. Weight each loss with its size.
    """
    accumulate.reference(model, parts, loss_fn, optimizer)
    with torch.no_grad():
        return _before(model, parts, loss_fn, optimizer)


def _before(model, parts, loss_fn, optimizer):
    """Return the mean of means of the model before the last step of SGD."""
    lr = optimizer.param_groups[0]["lr"]
    for p in model.parameters():
        p += lr * p.grad
    value = sum(loss_fn(model(X), y).item() for X, y in parts) / len(parts)
    for p in model.parameters():
        p -= lr * p.grad
    return value


@accumulate.mistake
def accumulate_zero_in_loop(model, parts, loss_fn, optimizer):
    """zero_grad() stands inside the loop, so the slopes of all parts but the last are
    thrown away. Empty them once, before the loop.
    """
    n_images = sum(len(X) for X, _ in parts)

    def only_the_last(loss, n):
        optimizer.zero_grad()
        (loss * n / n_images).backward()

    value = _accumulated(parts, only_the_last, model, loss_fn)
    optimizer.step()
    return value


@accumulate.mistake
def accumulate_without_zero(model, parts, loss_fn, optimizer):
    """zero_grad() is missing, or stands after the step: slopes that are left from
    before go into your update. Empty them once, before the loop.
    """
    n_images = sum(len(X) for X, _ in parts)
    value = _accumulated(
        parts, lambda loss, n: (loss * n / n_images).backward(), model, loss_fn
    )
    optimizer.step()
    return value


@accumulate.mistake
def accumulate_total(model, parts, loss_fn, optimizer):
    """You used the sum over all images, for the slopes as well: a step that is N times
    as long. Divide by the number of images, before backward().
    """
    return _one_update(model, parts, loss_fn, optimizer, len)


@accumulate.mistake
def accumulate_total_slopes(model, parts, loss_fn, optimizer):
    """The return value is right, and the step is N times too long: you multiplied each
    loss by the size of its part and did not divide by the number of all images. The
    division has to come before backward().
    """
    optimizer.zero_grad()
    value = _accumulated(parts, lambda loss, n: (loss * n).backward(), model, loss_fn)
    optimizer.step()
    return value


@accumulate.mistake
def accumulate_total_slopes_mean_of_means(model, parts, loss_fn, optimizer):
    """Two things. The slopes are never divided by the number of all images, so the step
    is N times too long. And you return the mean of the parts' means, in which a short
    part counts as much as a long one.
    """
    accumulate_total_slopes(model, parts, loss_fn, optimizer)
    with torch.no_grad():
        return _before(model, parts, loss_fn, optimizer)


@accumulate.mistake
def accumulate_zero_in_loop_mean_of_means(model, parts, loss_fn, optimizer):
    """Two things. zero_grad() stands inside the loop, so only the slopes of the last
    part are left: empty them once, before the loop. And you return the mean of the
    parts' means, in which a short part counts as much as a long one.
    """
    accumulate_zero_in_loop(model, parts, loss_fn, optimizer)
    with torch.no_grad():
        return _before(model, parts, loss_fn, optimizer)


@accumulate.mistake
def accumulate_without_zero_mean_of_means(model, parts, loss_fn, optimizer):
    """Two things. zero_grad() is missing before the loop, so slopes that are left from
    before go into your update. And you return the mean of the parts' means, in which a
    short part counts as much as a long one.
    """
    accumulate_without_zero(model, parts, loss_fn, optimizer)
    with torch.no_grad():
        return _before(model, parts, loss_fn, optimizer)


@accumulate.mistake
def accumulate_without_step(model, parts, loss_fn, optimizer):
    """The slopes are right, and nothing moves: step() is missing. Call it once, after
    the loop.
    """
    n_images = sum(len(X) for X, _ in parts)
    optimizer.zero_grad()
    return _accumulated(
        parts, lambda loss, n: (loss * n / n_images).backward(), model, loss_fn
    )


@accumulate.mistake
def accumulate_step_in_loop(model, parts, loss_fn, optimizer):
    """step() stands inside the loop, so the first parts are used again in each step,
    and the later ones see another model. Call it once, after the loop.
    """
    n_images = sum(len(X) for X, _ in parts)
    optimizer.zero_grad()

    def step(loss, n):
        (loss * n / n_images).backward()
        optimizer.step()

    return _accumulated(parts, step, model, loss_fn)


@accumulate.mistake
def accumulate_last_loss(model, parts, loss_fn, optimizer):
    """The update is right. You return the loss of the last part, times its share, and
    not the sum over all parts: begin with total = 0.0, and add each of them.
    """
    last = len(parts[-1][0]) / sum(len(X) for X, _ in parts)
    with torch.no_grad():
        value = loss_fn(model(parts[-1][0]), parts[-1][1]).item() * last
    accumulate.reference(model, parts, loss_fn, optimizer)
    return value


@accumulate.mistake
def accumulate_tensor(model, parts, loss_fn, optimizer):
    """The number is right, but it is a tensor. .item() takes the plain Python number
    out.
    """
    return torch.tensor(accumulate.reference(model, parts, loss_fn, optimizer))


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
        "Bring the images there with X = X.to(...), and the classes back with .cpu().",
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
    them there: X = X.to(next(model.parameters()).device). Without the X = the copy is
    lost, for a tensor's .to leaves the tensor where it is.
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
    """Dropout is on while the model predicts: half of the hidden units are silenced at
    random, and some classes are different in each call. model.eval() has to come
    before the call of the model.
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
def class_accuracy_list(logits, y, n_classes):
    """The numbers are right, but they stand in a list. With a list one cannot go on
    calculating number by number, as with a tensor.
    """
    return class_accuracy.reference(logits, y, n_classes).tolist()


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


@class_accuracy.mistake
def class_accuracy_present(logits, y, n_classes):
    """Classes that do not occur in y are left out, so there are too few numbers, and
    they stand at the wrong places. Go through range(n_classes); the result for such a
    class is nan.
    """
    return class_accuracy.reference(logits, y, n_classes)[y.unique()]


@class_accuracy.mistake
def class_accuracy_few_counts(logits, y, n_classes):
    """bincount() stops at the largest number that it finds. If the last class is never
    right, or never occurs, there are too few counts: bincount(minlength=n_classes), for
    both of them.
    """
    is_right = logits.argmax(dim=1) == y
    return y[is_right].bincount() / y.bincount(minlength=n_classes)


@two_of(
    class_accuracy,
    class_accuracy_over_all,
    class_accuracy_of_predictions,
    class_accuracy_counts,
    class_accuracy_errors,
    class_accuracy_absent_zero,
)
def _accuracies(slips, logits, y, n_classes):
    y_pred = logits.argmax(dim=1)
    right = y[y_pred == y].bincount(minlength=n_classes)
    all_ = y_pred if class_accuracy_of_predictions in slips else y
    counts = all_.bincount(minlength=n_classes)
    if class_accuracy_errors in slips:
        right = counts - right
    if class_accuracy_absent_zero in slips:
        counts = counts.clamp(min=1)
    if class_accuracy_over_all in slips:
        counts = len(y)
    return right.float() if class_accuracy_counts in slips else right / counts


# Questions ----------------------------------------------------------------------

warm_up = WarmUp("lab08", lab07.switches, lab04.forgotten, lab06.chain)

which_model = choice(
    "lab08.which_model",
    "Two models, the same start, the same images once, in another order. The log of "
    "run A says that more of its answers were right while it trained. Which model "
    "reads new fours and nines better?",
    right="b",
    because="Model A gives the same answer to every image, so it reads one digit "
    "always and the other never. Its log is no lie: each of these answers was counted, "
    "and was right, just before the update that it caused. What is counted then is not "
    "what the finished model knows.",
    a=(
        "That of run A: it has the better log.",
        "The log counts answers of a model that still changes, each before its own "
        "update. The finished model was never asked.",
    ),
    b="That of run B, and by far: a random order teaches more.",
    c=(
        "They are about equally good: they have seen the same images.",
        "The same images, once each, and yet one of them has learned nothing that one "
        "can use. So the order must count.",
    ),
)

poll = choice(
    "lab08.poll",
    "Before the first update, 8 random fours and nines are asked for their gradient, "
    "again and again. How well does it point, on average, in the direction of the "
    "gradient of all images? What is the cosine between the two?",
    right="b",
    because="8 images know the direction roughly: far better than nothing, far from "
    "exactly. A step against such an arrow goes downhill most of the time. And for the "
    "price of asking all N images once there can be N / 8 of them.",
    a=(
        "Near 0: of so many images, 8 say nothing.",
        "How many there are in all plays no part. A poll of 1,000 people is as good in "
        "a large country as in a small one; what counts is how many one asks.",
    ),
    b="Between 0.2 and 0.5: 8 images know it roughly.",
    c=(
        "Above 0.9: all fours are alike, and all nines.",
        "A poll of 8 has five fours and three nines one time, and the other way round "
        "the next. At the start that alone turns the arrow: some say *more fours*, the "
        "others *more nines*.",
    ),
)

four_times = choice(
    "lab08.four_times",
    "You have seen how far polls of 2, 8 and 32 images are off, in lengths of the true "
    "gradient. By how much is a poll of 128 images off?",
    right="b",
    because="Errors of single images partly cancel in a mean: with n of them what is "
    "left is one over the root of n. So half the error costs four times the images, a "
    "tenth of it a hundred times. The first few images are the best buy.",
    a=(
        "By about a quarter of what the poll of 32 is off by.",
        "Four times as many images would have to cancel all of the extra. Look "
        "at the others: each has four times the images, and half the error.",
    ),
    b="By about half of what the poll of 32 is off by.",
    c=(
        "By nearly as much as the poll of 32: it is close to the truth already.",
        "It is not: that poll was off by more than the length of the gradient itself.",
    ),
)

near_the_end = choice(
    "lab08.near_the_end",
    "Now the network has been trained for five epochs and reads nearly all images "
    "rightly. Again 200 polls of 8 images, compared with the gradient of all images. "
    "How often does a poll point the *wrong* way, so that its cosine is negative?",
    right="c",
    because="Most images are right now and have next to no slope. What a poll says "
    "hangs on whether one of the few hard images is in it, and each of these pulls its "
    "own way. The gradient of all images has become short, and the error of a poll has "
    "not become short along with it.",
    a=(
        "Never: what is left to learn is the same for all.",
        "What all have in common has been learned. What is left are a few hard images, "
        "and each wants something else.",
    ),
    b=(
        "As often as at the start: it is the same images and the same size.",
        "The size is the same, the model is not. At the start nearly every image had "
        "something to say.",
    ),
    c="Much more often than at the start: what is left pulls this way and that.",
)

last_batch = number(
    "lab08.last_batch",
    "1,000 images are cut into batches of 64. How many images has the last batch?",
    right=40,
    because="15 full batches are 960 images, and 40 remain. They are a batch, too, the "
    "16th, and cause an update of their own. So one epoch has 16 updates.",
    wrong={
        64: "64 does not divide 1,000: 15 times 64 are 960.",
        16: "That is the number of batches. How many images remain for the last one?",
        15: "That is the number of full batches. How many images remain after them?",
        0: "Nothing is thrown away: what remains is a batch, if a short one.",
        36: "So many more would make the last batch full. How many are there?",
        15.625: "That is 1,000 / 64. There are only whole batches.",
    },
    otherwise="How often does 64 go into 1,000, and what remains?",
)

second_loop = choice(
    "lab08.second_loop",
    "`loader = batches(X, y, 50)`, with the function that has `yield` in it. A program "
    "loops over `loader` in the first epoch, and again in the second. How many batches "
    "come in the second epoch?",
    right="b",
    because="What a function with `yield` returns is like a queue of people: after one "
    "loop nobody is left. No error is raised, the second epoch is just over at once. "
    "`training.batches` begins anew with each loop, and `training.run_epoch` raises an "
    "error if no batch comes.",
    a=(
        "As many as in the first: a loop starts at the beginning.",
        "With a list it does. But here the function has been called once, before the "
        "first loop, and it has run to its end.",
    ),
    b="None: the first loop has taken them all.",
    c=(
        "As many, in a new random order.",
        "The order is drawn when the function begins to run, and it runs only once.",
    ),
)

parrot = number(
    "lab08.parrot",
    "A parrot does not look at images. It repeats the label of the image before. The "
    "data are 5,000 fours, and then 5,000 nines. The first image does not count. How "
    "many of its answers are wrong?",
    right=1,
    because="Only the first nine surprises it: it comes after a four. So the parrot is "
    "right in 9,998 of 9,999 answers, without having seen a single image. In a random "
    "order it is right about half of the time.",
    wrong={
        5000: "That is somebody who says 4 all the time. The parrot changes its mind "
        "after the first nine.",
        0: "When the first nine comes, the label before it was a 4.",
        2: "There is one place where the label changes: from 4 to 9.",
        0.5: "That is a share, in a random order. Here the data are sorted, and the "
        "number of errors is asked for.",
    },
    otherwise="It is wrong wherever a label differs from the one before. How often "
    "does that happen in sorted data?",
)

two_wishes = choice(
    "lab08.two_wishes",
    "Before the first update: the gradient of the fours alone, and that of the nines "
    "alone. What is the cosine between these two arrows?",
    right="c",
    because="A 4 and a 9 look much alike, so what the fours wish for, *say 4 to "
    "everything of this kind*, is nearly the opposite of what the nines wish for. Each "
    "wish is long. Together they cancel, and the short arrow that is left is the one "
    "that helps both.",
    a=(
        "Near 1.",
        "Both want to get away from the start. But the fours want smaller logits, and "
        "the nines want larger ones.",
    ),
    b=(
        "Near 0.",
        "They are about different images, but the same pixels: both digits have much "
        "ink in the same places. So the same weights are moved, up or down.",
    ),
    c="Near -1.",
)

second_epoch = choice(
    "lab08.second_epoch",
    "The model of run A says 9 to everything. Now the sorted data come once more: all "
    "fours, then all nines. What will the running accuracy of this second epoch be?",
    right="a",
    because="A few fours are missed, and then it says 4, and is right; a few nines are "
    "missed, and then it says 9, and is right. The log cannot see it, in no epoch. The "
    "held-out images, class by class, show it at once.",
    a="Again nearly all right: it changes its mind quickly.",
    b=(
        "About one half: it starts with a model that says 9, and half of the images "
        "are fours.",
        "It does not go on saying 9: each of the first few fours causes an update, and "
        "they all pull the same way.",
    ),
    c=(
        "All right: by now it has seen both digits.",
        "It has seen both, and has unlearned the first while it saw the second. So "
        "the first few fours are read wrongly.",
    ),
)

updates_ratio = number(
    "lab08.updates_ratio",
    "There are 1,000 images. Run A: 20 epochs with all images at once. Run B: 2 epochs "
    "with batches of 10. How many times as many updates does run B make?",
    right=10,
    because="Run A makes 20 updates, one an epoch. Run B makes 100 an epoch, 200 in "
    "all, and looks at a tenth of the images for that. *2 epochs* against *20 epochs* "
    "says neither.",
    wrong={
        0.1: "That is the ratio of the epochs, or of the images looked at. How many "
        "updates has an epoch with batches of 10?",
        200: "That is the number of its updates. Run A makes 20.",
        100: "Run B makes 100 updates in *one epoch*. Count both runs to their end.",
        5: "One epoch of run B is 100 updates, and it has two epochs.",
    },
    otherwise="Updates in an epoch, times epochs: 1 times 20, and 100 times 2.",
)

same_updates = choice(
    "lab08.same_updates",
    "From the same start, with the same small learning rate, 100 updates each. One run "
    "looks at 8 images before each update, the other one at all of them. Which has the "
    "lower held-out loss after that?",
    right="c",
    because="Each small batch is off, but in a new direction each time, and over many "
    "small steps the errors cancel. What they have in common is the true slope. The "
    "learning rate sets the pace. Looking at all images bought practically nothing.",
    a=(
        "All images, and by far: each of its updates is exact.",
        "Each is. But the errors of the small batches have no direction in common, so "
        "over 100 small steps they cancel.",
    ),
    b=(
        "8 images, and by far: chance helps to get ahead.",
        "Chance may help out of a bad place. But on average a random batch points "
        "where all images point, and no further.",
    ),
    c="They are about equal: what is wrong in small batches cancels.",
)

three_numbers = choice(
    "lab08.three_numbers",
    "One finished model, the same 1,000 held-out images, judged three times: in "
    "batches of 10, of 900, and all at once. The loss is 0.214, then 0.167, then "
    "0.214. The program takes the mean of the batch means. Why is the second number "
    "another one?",
    right="b",
    because="There are two batches then, one of 900 images and one of 100, and the "
    "mean of the two means lets the 100 count as much as the 900. In batches of 10 all "
    "are equally long, and then nobody notices the fault.",
    a=(
        "Larger batches are judged more exactly.",
        "Nothing is drawn here: all images are judged, each exactly, whatever the cut.",
    ),
    b="A short last batch counts as much as the long one.",
    c=(
        "The model has learned in between.",
        "It is finished, and judging makes no update.",
    ),
    d=(
        "The images come in another order.",
        "The order plays no part in a mean.",
    ),
)

first_epoch = choice(
    "lab08.first_epoch",
    "In the first epoch `accuracy` is clearly below `val_accuracy`, though both are "
    "about the training images, and the network has no dropout. Why?",
    right="c",
    because="`accuracy` is the running one: its first answers came from a model that "
    "knew nothing. `val_accuracy` asks the model at the end of the epoch. In this run "
    "the running number is too low, in the sorted run it was too high. It is about "
    "models that no longer exist. (In a later epoch it can be above `val_accuracy`, "
    "too: the model jumps about from update to update.)",
    a=(
        "Without slopes a model answers better.",
        "Slopes are only noted down; the answers are the same.",
    ),
    b=(
        "The running accuracy is a mean of batch means.",
        "It is not: right answers are counted, and divided by the number of images.",
    ),
    c="`accuracy` counts answers that were given early in the epoch.",
)

moved = choice(
    "lab08.moved",
    "`t` is a tensor and `layer` a layer, both on the CPU. A program has the lines "
    '`t.to("meta")` and `layer.to("meta")`. Where are `t` and `layer` now?',
    right="b",
    because="A tensor's `.to` returns a new tensor and leaves the old one where it "
    "was. A model's `.to` moves the model itself. The same word, and two habits.",
    a=(
        "Both are on `meta`.",
        "The tensor is not: its `.to` has made a *copy* there, and nobody has kept it.",
    ),
    b="`t` is on the CPU, and `layer` on `meta`.",
    c=(
        "Both are on the CPU.",
        "The layer has moved. A model hands its parameters over for good.",
    ),
    d=(
        "`t` is on `meta`, and `layer` on the CPU.",
        "It is the other way round: the tensor stays, the layer goes.",
    ),
)

clock = choice(
    "lab08.clock",
    "Python gives ten orders of 20 thousandths of a second each to the helper, with "
    "`submit`. The clock is stopped right after the last `submit`. What does it show?",
    right="a",
    because="`submit` puts an order into a *queue* and comes back. So the clock has "
    "measured how long it takes to put ten orders in. The work had hardly begun. Many "
    "a marvellous speed-up was measured like that.",
    a="Nearly nothing: ten times an instant.",
    b=(
        "0.2 seconds: ten times 20 thousandths.",
        "That is how long the work takes. But nobody has waited for it.",
    ),
    c=(
        "0.02 seconds: all ten at once.",
        "The helper does one after another, and the clock does not wait even for the "
        "first.",
    ),
)

item = number(
    "lab08.item",
    "In each step Python prepares an order, 20 thousandths of a second, and the helper "
    "carries it out, another 20. Program 1 waits for the result in each step, program "
    "2 only once, at the end of very many steps. How many times as long does program 1 "
    "take?",
    right=2,
    because="Program 1 needs 20 + 20 for a step: while one works, the other one waits. "
    "In program 2 both work at the same time, so a step needs 20. Twice is the most "
    "that can be lost like this. If one of the two has much more to do than the other, "
    "waiting costs little.",
    wrong={
        1: "That would be so if nobody could work while the other one works.",
        20: "Both programs do the same work. What can be saved is the waiting.",
        40: "That is the time of a step of program 1, in thousandths. Divide by that "
        "of program 2.",
        4: "Program 1 needs 40 thousandths a step. And program 2, if both work at the "
        "same time?",
        0.5: "It is the other way round: program 1 takes longer.",
    },
    otherwise="A step of program 1: 20 + 20. A step of program 2: both at the same "
    "time.",
    tolerance=0.05,
)
