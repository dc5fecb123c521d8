"""Exercises and questions of lab 05, softmax regression."""

import torch
import torch.nn.functional as F
from torch import Tensor

from course_utils.exercises import lab01, lab03, lab04
from course_utils.exercises.checks import exercise
from course_utils.exercises.diagnose import holds
from course_utils.exercises.fixtures import sized
from course_utils.exercises.pairs import two_of
from course_utils.exercises.questions import WarmUp, choice, number

# N = 5 examples, D = 2 features, K = 3 classes: no two sizes are equal.
X = torch.tensor([[1.0, 2.0], [-0.5, 1.5], [2.0, -1.0], [0.3, 0.4], [-1.2, -0.7]])
Y = torch.tensor([2, 0, 1, 1, 0])
W = torch.tensor([[0.5, -1.0, 0.25], [-0.3, 0.2, 0.6]])
B = torch.tensor([0.2, 0.4, -0.9])
# D = K = 3: a forgotten transpose raises no error.
X_SQUARE = torch.tensor([[1.0, 0.5, -2.0], [0.2, 1.1, 0.7]])
W_SQUARE = torch.tensor([[0.4, -0.6, 1.0], [1.5, 0.3, -0.2], [-0.8, 0.9, 0.1]])
# Logits up to 2000.
X_LARGE = torch.tensor([[1000.0, 0.0], [0.0, 1000.0], [-500.0, 700.0]])
W_LARGE = torch.tensor([[0.5, 1.0, 2.0], [-1.0, 0.5, -0.5]])
Y_LARGE = torch.tensor([0, 1, 2])


# The logs of an exercise ----------------------------------------------------------

UPDATES = (0, 1, 2, 20, 500)  # when a log has a line


def logs() -> None:
    """Train the classifier of 4, 7 and 9 five times, and print five logs.

    Each line says after how many updates, the loss that the program prints, and the
    accuracy.
    """
    X, y = _fours_sevens_nines()
    runs = (
        {"loss_fn": lambda z, y: F.cross_entropy(torch.softmax(z, dim=1), y)},
        {"loss_fn": lambda z, y: F.cross_entropy(z, y, reduction="sum"), "lr": 1 / 540},
        {},
        {"trained": "b"},
        {"lr": 20.0},
    )
    for i, run in enumerate(runs, 1):
        print(f"log {i}   " + "".join(f"{n:9} " for n in UPDATES) + "updates")
        losses, accuracies = _log(X, y, **run)
        print("  loss  " + "".join(f"{loss:9.2f} " for loss in losses))
        print("  right " + "".join(f"{right:9.0%} " for right in accuracies))


def _fours_sevens_nines() -> tuple[Tensor, Tensor]:
    """Return the two features of section 2, standardised, and the classes."""
    from sklearn.datasets import load_digits  # here, because it takes seconds

    digits = load_digits()
    images = torch.tensor(digits.images / 16).float()
    numbers = torch.tensor(digits.target)
    kept = (numbers == 4) | (numbers == 7) | (numbers == 9)
    images, y = images[kept], (numbers[kept] - 4) // 2  # 4, 7, 9 -> 0, 1, 2
    tall = images[:, :4].sum(dim=(1, 2)) - images[:, 4:].sum(dim=(1, 2))
    X = torch.stack([tall, images[:, 2:6, 3:5].sum(dim=(1, 2))], dim=1)
    return (X - X.mean(dim=0)) / X.std(dim=0), y


def _log(X, y, *, loss_fn=F.cross_entropy, lr=1.0, trained="Wb"):
    W = torch.zeros(2, 3, requires_grad=True)
    b = torch.zeros(3, requires_grad=True)
    optimizer = torch.optim.SGD([{"W": W, "b": b}[name] for name in trained], lr=lr)
    losses, accuracies = [], []
    for update in range(UPDATES[-1] + 1):
        optimizer.zero_grad()
        logits = X @ W + b
        loss = loss_fn(logits, y)
        loss.backward()
        optimizer.step()
        if update in UPDATES:
            losses.append(loss.item())
            accuracies.append((logits.argmax(dim=1) == y).float().mean().item())
    return losses, accuracies


@exercise(
    evidence={
        "log 1": "it falls evenly, and stays higher than another log that gives about "
        "as many right answers.",
        "log 2": "its first loss is 540 times log 3, and that is before any update.",
        "log 3": "it begins at log 3, falls evenly, and ends lower than the others.",
        "log 4": "nothing happens at all, so what W is never changes.",
        "log 5": "it begins at log 3 and then jumps up and down: what throws a machine "
        "back?",
    },
    inputs=[()],
    hints=[
        "Look at the first loss of each log: before any update, whatever the learning "
        "rate is, a machine of zeros pays log 3 for each example. Which log does not "
        "say so?",
        "In one log the loss goes up and down. In another one nothing happens at all, "
        "so what W is stays as it was.",
        "Two logs are left, and both fall evenly. Softmax twice has a floor of 0.55 "
        "even for perfect answers; so it stays higher for the same accuracy.",
    ],
    praise="You told five trainings apart by three things: the first number, whether "
    "the loss falls evenly, and where it stops.",
)
def faults():
    """Return what happened in logs 1 to 5, as five letters."""
    return "b", "e", "a", "d", "c"


@faults.mistake
def faults_twice_is_right():
    """Logs 1 and 3 are exchanged. Both fall evenly and have nearly the same accuracy.
    But softmax twice cannot fall below 0.55, so of two logs with the same accuracy it
    is the higher one. (The accuracy alone tells nothing.)
    """
    return "a", "e", "b", "d", "c"


@faults.mistake
def faults_sum_is_rate():
    """Logs 2 and 5 are exchanged. A learning rate has no influence before the first
    update, and log 2 begins with a huge loss. It is a sum over the 540 images. In log
    5 the first loss is the usual one, and then it jumps.
    """
    return "b", "c", "a", "d", "e"


@faults.mistake
def faults_idle_is_right():
    """Logs 3 and 4 are exchanged. In log 4 the loss stays where it began, at log 3, and
    a third of the answers is right: the features have no influence, so W does not
    move. The classes are equally frequent, so b alone gains nothing.
    """
    return "b", "e", "d", "a", "c"


@faults.mistake
def faults_idle_is_twice():
    """Logs 1 and 4 are exchanged. With softmax twice the machine does learn, log 1
    shows it. In log 4 nothing is learned at all: the optimizer does not know W.
    """
    return "d", "e", "a", "b", "c"


@faults.mistake
def faults_rate_is_twice():
    """Logs 1 and 5 are exchanged. Softmax twice makes all slopes smaller, so its loss
    falls evenly. A loss that jumps up has been thrown there by steps that are too long.
    """
    return "c", "e", "a", "d", "b"


@faults.mistake
def faults_rate_is_right():
    """Logs 3 and 5 are exchanged. A loss that jumps far above log 3 is no sign of
    health, even if it comes down later: the steps are too long.
    """
    return "b", "e", "c", "d", "a"


@faults.mistake
def faults_idle_is_rate():
    """Logs 4 and 5 are exchanged. In log 4 the loss does not move at all. Steps that
    are too long do move it: it jumps, as in log 5. With b alone there is next to
    nothing to learn here, since the three classes are about equally frequent.
    """
    return "b", "e", "a", "c", "d"


@faults.mistake
def faults_sum_is_twice():
    """Logs 1 and 2 are exchanged. Softmax twice keeps all losses close together, so
    none is huge. Log 2 begins at log 3 times 540: that is a sum over the images.
    """
    return "e", "b", "a", "d", "c"


@faults.mistake
def faults_sum_is_idle():
    """Logs 2 and 4 are exchanged. In log 4 the loss stays at log 3: nothing is learned.
    Log 2 does learn, its accuracy says so; but its losses are 540 times as large.
    """
    return "b", "d", "a", "e", "c"


@faults.mistake
def faults_sum_is_right():
    """Logs 2 and 3 are exchanged. The numbers of log 2 are 540 times those of log 3.
    Its machine learns the same, but a loss that begins at log 3 times 540 is a sum:
    with more images it would be larger, and its slopes as well.
    """
    return "b", "a", "e", "d", "c"


QUESTIONS = (
    "which of a falling, a flat and a rising line is the highest, and where?",
    "how often can two straight lines cross?",
    "in which direction could the plane of each class rise?",
    "how many straight borders have two classes?",
    "how high could the planes of B, C and D be where A lies?",
    "how many straight borders have two classes?",
)


def _reason(call, value):
    right = can_separate.reference()
    wrong = [i for i in range(6) if bool(value[i]) != right[i]]
    if not wrong:
        return None
    some = "One is" if len(wrong) == 1 else f"{len(wrong)} are"
    return f"{some} wrong. Begin with ({wrong[0] + 1}): {QUESTIONS[wrong[0]]}"


@exercise(
    properties=[_reason],
    inputs=[()],
    hints=[
        "Each class has one straight line (or plane), and the highest wins. Where can "
        "a class win that lies between others?",
        "With two classes there is one border, and it is straight: in one feature a "
        "single point, in two features a single line.",
        "For (5): give the class in the middle a flat plane, and let each of the other "
        "three rise in its own direction.",
    ],
    praise="With two classes there is one straight border, however the data lie. A "
    "class in the middle is possible only if there are several others around it.",
)
def can_separate():
    """Return six times True or False, for the data sets (1) to (6)."""
    return (
        True,  # (1) A A B B C C: the thermostat
        False,  # (2) A A B B A A: two lines cross once
        True,  # (3) four corners, four classes: each is the farthest in its direction
        False,  # (4) two classes in opposite corners: no line parts them
        True,  # (5) the one in the middle has a flat plane, the others rise outwards
        False,  # (6) a ring of the same class: one line cannot go around it
    )


@can_separate.mistake
def separate_all():
    """Not all of them. With two classes the border is where two logits are equal, one
    straight line: it cannot part a class from another one that lies on two sides of it.
    """
    return True, True, True, True, True, True


@can_separate.mistake
def separate_nothing_in_the_middle():
    """You said no wherever a class lies in the middle. The thermostat has shown that it
    can: with several other classes around it, a flat line that is lifted wins there.
    """
    return False, False, True, False, False, False


@can_separate.mistake
def separate_only_lines():
    """All but (5) are right. It is the riddle of the thermostat, in the plane: how high
    could the planes of B, C and D be where A lies?
    """
    return True, False, True, False, False, False


@can_separate.mistake
def separate_ring():
    """All but (6) are right. (6) looks like (5), but there B is one class: one plane,
    which rises in one direction only. In (5) three classes share that work.
    """
    return True, False, True, False, True, True


@can_separate.mistake
def separate_corners_of_two():
    """All but (4) are right. Two classes have one straight border. Try to draw it: two
    opposite corners on one side, the other two on the other. Lab 6 is about this.
    """
    return True, False, True, True, True, False


@can_separate.mistake
def separate_both_ends():
    """All but (2) are right. Two straight lines cross at most once, so with two classes
    A wins on one side of a single point, and B on the other. A cannot have both ends.
    """
    return True, True, True, False, True, False


@can_separate.mistake
def separate_four_corners():
    """All but (3) are right. Let the plane of each class rise towards its own corner.
    There it is the highest of the four, so four corners with four classes are easy.
    """
    return True, False, False, False, True, False


@can_separate.mistake
def separate_opposite():
    """Every answer is the opposite of the right one. True means that there are weights
    and biases with which all examples are right.
    """
    return False, True, False, True, False, True


def _slopes(g, sizes, args):
    steps = torch.randint(1, 9, (3,), generator=g) / 4
    return steps.cumsum(dim=0) - 2.5


def _low(g, sizes, args):
    return int(torch.randint(-9, 0, (), generator=g)) / 2


def _high(g, sizes, args):
    return args[1] + int(torch.randint(1, 12, (), generator=g)) / 2


def _line(k, at, value, w):
    return (w[k] * at + value[k]).item()


@exercise(
    given={"w": _slopes, "low": _low, "high": _high},
    slopes=False,
    properties=[
        holds(
            "Your three biases are not a tensor yet. Wrap them in torch.tensor([...]).",
            lambda value, w, low, high: torch.is_tensor(value),
        ),
        holds(
            "The first bias is 0: the other two are measured from it.",
            lambda value, w, low, high: abs(value[0].item()) < 1e-6,
        ),
        holds(
            "At the lower border the lines of cold and fine must have the same height.",
            lambda value, w, low, high: (
                abs(_line(0, low, value, w) - _line(1, low, value, w)) < 1e-4
            ),
        ),
        holds(
            "At the upper border the lines of fine and hot must have the same height.",
            lambda value, w, low, high: (
                abs(_line(1, high, value, w) - _line(2, high, value, w)) < 1e-4
            ),
        ),
    ],
    inputs=[
        (torch.tensor([-1.0, 0.0, 1.0]), -2.0, 3.0),
        (torch.tensor([-0.5, 0.25, 2.0]), -1.0, 1.5),
        (torch.tensor([1.0, 2.0, 4.0]), 2.0, 5.0),
    ],
    hints=[
        "A border is where two lines have the same height: w0 * low + 0 equals "
        "w1 * low + b1. Solve for b1.",
        "Then fine and hot at the upper border: w1 * high + b1 equals w2 * high + b2.",
        "b1 is (w0 - w1) * low. For b2 take b1 and add the difference of the next two "
        "slopes, times high. torch.stack puts three tensors of shape () together; "
        "torch.zeros(()) is a 0 of that shape.",
    ],
    praise="Training finds such numbers by itself. You have built them.",
)
def biases(w, low, high):
    """Return three biases, the first 0, so that the borders are low and high."""
    b1 = (w[0] - w[1]) * low
    b2 = b1 + (w[1] - w[2]) * high
    return torch.stack([torch.zeros(()), b1, b2])


def _biases(b1, b2):
    return torch.stack([torch.zeros(()), b1, b2])


@biases.mistake
def biases_sign(w, low, high):
    """The signs are the wrong way round. At the lower border w0 * low + 0 and
    w1 * low + b1 are equal, so b1 is w0 * low - w1 * low.
    """
    b1 = (w[1] - w[0]) * low
    return _biases(b1, b1 + (w[2] - w[1]) * high)


@biases.mistake
def biases_not_added(w, low, high):
    """The bias of fine is right. For hot you forgot that the line of fine has been
    lifted already: w1 * high + b1 equals w2 * high + b2, with b1 on the left.
    """
    return _biases((w[0] - w[1]) * low, (w[1] - w[2]) * high)


@biases.mistake
def biases_without_first(w, low, high):
    """You left out the slope of cold, as if its line were flat. At the lower border its
    height is w0 * low, and the line of fine has to have the same height there.
    """
    b1 = -w[1] * low
    return _biases(b1, b1 + (w[1] - w[2]) * high)


@biases.mistake
def biases_borders_exchanged(w, low, high):
    """You exchanged the two borders: cold and fine meet at `low`, fine and hot at
    `high`.
    """
    b1 = (w[0] - w[1]) * high
    return _biases(b1, b1 + (w[1] - w[2]) * low)


@biases.mistake
def biases_cold_and_hot(w, low, high):
    """The bias of fine is right. For hot you let its line meet that of cold. But at the
    upper border it is fine that it takes over from.
    """
    return _biases((w[0] - w[1]) * low, (w[0] - w[2]) * high)


@biases.mistake
def biases_shifted(w, low, high):
    """The borders are right: a common shift changes nothing, and the three biases are
    right up to one. The exercise asks for those whose first is 0. Subtract yours.
    """
    b = biases.reference(w, low, high)
    return b - b.mean()


@biases.mistake
def biases_only_fine(w, low, high):
    """The bias of fine is right, but that of hot is 0. Then the border between fine and
    hot lies wherever it happens to.
    """
    return _biases((w[0] - w[1]) * low, torch.zeros(()))


@two_of(
    biases,
    biases_sign,
    biases_not_added,
    biases_without_first,
    biases_borders_exchanged,
    biases_cold_and_hot,
)
def _built(slips, w, low, high):
    if biases_borders_exchanged in slips:
        low, high = high, low
    cold = 0 * w[0] if biases_without_first in slips else w[0]
    fine = w[0] if biases_cold_and_hot in slips else w[1]
    b1, up = (cold - w[1]) * low, (fine - w[2]) * high
    b2 = up if {biases_not_added, biases_cold_and_hot} & {*slips} else b1 + up
    return _biases(-b1, -b2) if biases_sign in slips else _biases(b1, b2)


@sized("K")
def _n_classes(g, sizes, args):
    return sizes["K"]


@exercise(
    given={
        "X": "features N D",
        "y": "classes N K",
        "n_classes": _n_classes,
        "lr": "rate",
        "n_updates": "size",
    },
    slopes=False,
    results=("W", "b"),
    properties=[
        holds(
            "b has one number for each class.",
            lambda value, X, y, n_classes, lr, n_updates: (
                value[1].shape == (n_classes,)
            ),
        ),
        holds(
            "In each update the steps of b add up to 0 over the classes, so b from "
            "zeros sums to 0. Yours does not.",
            lambda value, X, y, n_classes, lr, n_updates: (
                abs(value[1].sum().item()) < 1e-4
            ),
        ),
    ],
    inputs=[(X, Y, 3, 0.5, 4), (X, Y, 3, 0.1, 9), (X_SQUARE, Y[:2], 3, 0.3, 3)],
    hints=[
        "Go through it line by line. What shape has each tensor, and does the "
        "optimizer know all that shall be learned?",
        "F.cross_entropy has a softmax inside. And what happens to a slope if "
        "backward() comes again?",
        "One bias for each class; both W and b for the optimizer; logits for the loss; "
        "and optimizer.zero_grad() in each round.",
    ],
    praise="Four faults, and not one of them would have raised an error.",
)
def train_from_zeros(X, y, n_classes, lr, n_updates):
    """Return W and b after some updates of gradient descent from zeros."""
    W = torch.zeros(X.shape[1], n_classes, requires_grad=True)
    b = torch.zeros(n_classes, requires_grad=True)
    optimizer = torch.optim.SGD([W, b], lr=lr)
    for _ in range(n_updates):
        optimizer.zero_grad()
        loss = F.cross_entropy(X @ W + b, y)
        loss.backward()
        optimizer.step()
    return W.detach(), b.detach()


LEFT = {
    "shared": "b has a single number, which all classes share. It raises all logits of "
    "a row alike, so its slope is 0 and it never moves",
    "forgotten": "b stays where it was. Either the optimizer was given W alone, and it "
    "moves only what it was given; or b is one number for all classes, with slope 0",
    "twice": "softmax is taken twice, since F.cross_entropy begins with one. Give it "
    "the logits",
    "added": "optimizer.zero_grad() is missing in the loop. The slopes of all rounds "
    "add up, and the steps become too long",
}


def _left(*names):
    """Return a version of `train_from_zeros` in which some of its faults are left."""

    def version(X, y, n_classes, lr, n_updates):
        W = torch.zeros(X.shape[1], n_classes, requires_grad=True)
        b = torch.zeros(1 if "shared" in names else n_classes, requires_grad=True)
        learned = [W] if "forgotten" in names else [W, b]
        optimizer = torch.optim.SGD(learned, lr=lr)
        for _ in range(n_updates):
            if "added" not in names:
                optimizer.zero_grad()
                b.grad = None
            logits = X @ W + b
            probs = torch.softmax(logits, dim=1) if "twice" in names else logits
            F.cross_entropy(probs, y).backward()
            optimizer.step()
        return W.detach(), b.detach()

    count = ("One fault is", "Two faults are", "Three faults are")[len(names) - 1]
    version.__doc__ = f"{count} left: " + "; ".join(LEFT[name] for name in names) + "."
    version.__name__ = "train_" + "_".join(names)
    return version


# Whether the optimizer knows a shared bias cannot be seen: it does not move anyway.
for first in ((), ("shared",), ("forgotten",)):
    for second in ((), ("twice",)):
        for third in ((), ("added",)):
            if first + second + third:
                train_from_zeros.mistake(_left(*first, *second, *third))


@train_from_zeros.mistake
def train_standing_still(X, y, n_classes, lr, n_updates):
    """Nothing moves: W and b are still 0. Either step() is missing, or zero_grad()
    stands between backward() and step(), and empties the slopes before they are used.
    """
    return torch.zeros(X.shape[1], n_classes), torch.zeros(n_classes)


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
def step_transposed(X, y, W, b, lr):
    """A slope has the shape of its parameter; yours is its transpose. errors.T @ X has
    the shape (K, D), and W has (D, K): exchange the two factors, X.T @ errors.
    """
    errors = (torch.softmax(X @ W + b, dim=1) - F.one_hot(y, W.shape[1])) / len(X)
    return W - lr * errors.T @ X, b - lr * errors.sum(dim=0)


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
    """Your b has not moved. Either it is not updated, or its gradient is a sum or mean
    over the classes too, which gives 0: every row of errors sums to 0. Go down the
    columns only, dim=0.
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
def step_too_few_columns(X, y, W, b, lr):
    """F.one_hot(y) without the number of classes takes the largest label for the last
    class. If nobody has that class a column is missing, and the tables do not fit.
    Always give it: F.one_hot(y, W.shape[1]).
    """
    errors = (torch.softmax(X @ W + b, dim=1) - F.one_hot(y)) / len(X)
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


@two_of(
    training_step,
    step_over_examples,
    step_uphill,
    step_of_the_sum,
    step_sum_for_weights,
    step_sum_for_b,
    step_mean_for_bias,
    step_mean_over_all,
    step_softmax_twice,
    step_logits_without_bias,
    step_one_after_the_other,
    step_without_lr,
    step_uphill_with_b,
)
def _step(slips, X, y, W, b, lr):
    def errors(W):
        z = X @ W if step_logits_without_bias in slips else X @ W + b
        dim = 0 if step_over_examples in slips else 1
        p = torch.softmax(z, dim=dim)
        if step_softmax_twice in slips:
            p = torch.softmax(p, dim=dim)
        return p - F.one_hot(y, W.shape[1])

    n_W = n_b = len(X)
    if {step_of_the_sum, step_sum_for_weights} & {*slips}:
        n_W = 1
    if {step_of_the_sum, step_sum_for_b} & {*slips}:
        n_b = 1
    if step_mean_for_bias in slips:
        n_b = n_b * len(X)
    if step_mean_over_all in slips:
        n_W, n_b = n_W * W.shape[1], n_b * W.shape[1]
    rate = 1 if step_without_lr in slips else lr
    if step_uphill in slips:
        rate = -rate
    new_W = W - rate * X.T @ errors(W) / n_W
    at = new_W if step_one_after_the_other in slips else W
    slope_b = errors(at).sum(dim=0) / n_b
    return new_W, b - (-rate if step_uphill_with_b in slips else rate) * slope_b


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


@to_logistic.mistake
def logistic_rows_bias_1(W, b):
    """Two things. In W, shape (D, K), a class is a column, W[:, 1], and you took rows.
    And from the bias of class 1 that of class 0 has to be subtracted, too.
    """
    return W[1] - W[0], b[1]


@to_logistic.mistake
def logistic_row_1(W, b):
    """Two things. In W, shape (D, K), a class is a column, W[:, 1], and you took a row.
    And a logit counts in comparison with the other: subtract those of class 0.
    """
    return W[1], b[1]


@to_logistic.mistake
def logistic_rows_reversed(W, b):
    """Two things. In W, shape (D, K), a class is a column, W[:, 1], and you took rows.
    And the sign is the wrong way round: for class 1 subtract class 0 from class 1.
    """
    return W[0] - W[1], b[0] - b[1]


@two_of(
    to_logistic,
    logistic_weights_reversed,
    logistic_bias_reversed,
    logistic_bias_1,
    logistic_half,
    logistic_sum,
    logistic_reversed,
)
def _one_logit(slips, W, b):
    sign = -1 if logistic_reversed in slips else 1
    other = 1 if logistic_sum in slips else -1
    w, c = W[:, 1] + other * W[:, 0], b[1] + other * b[0]
    if logistic_bias_1 in slips:
        c = b[1]
    if logistic_weights_reversed in slips:
        w = -w
    if logistic_bias_reversed in slips:
        c = -c
    by = 2 if logistic_half in slips else 1
    return sign * w / by, sign * c / by


# Questions ------------------------------------------------------------------------

warm_up = WarmUp("lab05", lab04.falling, lab03.one_slope, lab01.shifted)

middle = choice(
    "lab05.middle",
    "A thermostat has one straight line over the temperature for each of its three "
    "answers *cold*, *fine* and *hot*, and the highest line wins. Where can *fine* "
    "win?",
    right="b",
    because="*Cold* falls and *hot* rises, and somewhere they cross. A flat line "
    "needs only to lie above that place. The line itself is no higher "
    "in the middle; but the better of its two rivals is lowest there.",
    a=(
        "Nowhere between the other two: a straight line has its highest point at an "
        "end.",
        "That is true of a single line. But it is compared with the other two lines, "
        "and not with itself.",
    ),
    b="In one stretch between the other two.",
    c=(
        "Also in two stretches, say around 0 and around 30 degrees, if the examples "
        "are there.",
        "Two straight lines cross at most once. So each rival is beaten on one side of "
        "one point, and what is left of two sides is one stretch.",
    ),
)

shapes = choice(
    "lab05.shapes",
    "`X` has 540 rows of 2 features; there are 3 classes. `X @ W + b` shall have a row "
    "for each image and a column for each class. Which shapes do `W` and `b` have?",
    right="c",
    because="The inner sizes, 2 and 2, must agree and disappear. The outer ones, 540 "
    "and 3, stay: a row for each image, a column for each class. A class has one "
    "weight for each feature, and one bias.",
    a=(
        "`W` (3, 2) and `b` (3,)",
        "Then a row of `X`, 2 numbers, would meet a column of `W`, 3 numbers: "
        "the inner sizes do not agree.",
    ),
    b=(
        "`W` (540, 3) and `b` (540, 3)",
        "Weights do not belong to images. The same few weights judge all images, also "
        "those that come tomorrow.",
    ),
    c="`W` (2, 3) and `b` (3,)",
    d=(
        "`W` (2, 3) and `b` (540, 1)",
        "It runs. But a number for each image raises all three logits of that image "
        "alike, and softmax does not see that.",
    ),
)

borders = choice(
    "lab05.borders",
    "Two features, three classes. The points where two logits are equal form a "
    "straight line, and there are three pairs of classes, so three lines. No two of "
    "them are parallel. What do they look like together?",
    right="a",
    because="At the point where z0 = z1 and z0 = z2, also z1 = z2. So the third line "
    "has to pass through the place where the first two cross. All three probabilities "
    "are one third there.",
    a="They meet in one point.",
    b=(
        "They enclose a small triangle.",
        "At its corners two of the three equations would hold and the third one not. "
        "But z0 = z1 and z0 = z2 leave no choice for z1 and z2.",
    ),
    c=(
        "Either, depending on the examples.",
        "The examples say where the lines lie. But any two of the equations imply the "
        "third, whatever the numbers are.",
    ),
)

far = choice(
    "lab05.far",
    "Softmax regression has been trained on points in the plane. For which point is "
    "its largest probability nearest to 1?",
    right="c",
    because="Logits are linear. Walk straight on, and the differences between them "
    "grow without end. So a probability says how far a point is from the borders. It "
    "does not say: I have seen such points.",
    a=(
        "One in the middle of the examples of a class.",
        "There it is fairly sure. But the distance from the borders counts, and others "
        "are farther away from them.",
    ),
    b=(
        "One on the border between two classes.",
        "There two logits are equal, so none of the two probabilities exceeds one "
        "half.",
    ),
    c="One far outside, off the borders, where no example has ever been.",
)

parameters = number(
    "lab05.parameters",
    "Softmax regression for ten digits, on images of 8 x 8 pixels: how many numbers "
    "does it learn, weights and biases together?",
    right=650,
    because="Each of the ten classes has 64 weights and one bias: 10 * 65. The number "
    "of training images does not occur in it.",
    wrong={
        640: "Those are the weights. Each class learns a bias as well.",
        641: "One bias for all is not enough: each class has its own.",
        74: "Each class has its own weight for each pixel, so 64 *times* 10.",
        704: "There is a bias for each class, not for each pixel.",
        65: "That is one class. There are ten.",
    },
    otherwise="64 weights and one bias for each of ten classes.",
)

whose = choice(
    "lab05.whose",
    "An 8 x 8 picture shows the weights that a machine has learned for one digit. Red, "
    "positive: the top, the middle column, and the lower right. Blue, negative: "
    "mostly the left side, in the upper half and in the lower half. Which digit is it?",
    right="b",
    because="A 3 has ink at the top, at the bottom and on the right. The blue places "
    "are its two openings: ink there closes them, and then it is an 8, or a 0, and not "
    "a 3.",
    a=(
        "0",
        "A 0 has ink on the left side, so there the weights would be positive, and "
        "negative in the middle.",
    ),
    b="3",
    c=(
        "8",
        "An 8 has ink on its left side, too, above and below the middle. Here ink on "
        "these places speaks against the digit.",
    ),
    d=(
        "4",
        "A 4 has little ink in the top row, and its left stroke is where this picture "
        "is blue.",
    ),
)

ten_pictures = choice(
    "lab05.ten_pictures",
    "The weights of ten digits have been trained from zeros, by gradient descent. We "
    "add up the ten pictures of weights, pixel by pixel. What comes out?",
    right="a",
    because="The slopes are errors p - y times pixels. In a row of p - y the ten "
    "numbers sum to 0, since both p and y sum to 1. So what one class gains in an "
    "update, the others lose, and the sum stays at 0.",
    a="0 at every pixel.",
    b=(
        "The mean of all images.",
        "The updates are made of images, each times an error. But over the ten classes "
        "the errors of an image sum to 0.",
    ),
    c=(
        "Large numbers where there is often ink, but no picture of anything.",
        "A pixel with ink moves its ten weights, some up and some down. Add up by how "
        "much: it is that pixel times the sum of p - y.",
    ),
)

rows = choice(
    "lab05.rows",
    "`layer = nn.Linear(64, 10)` calculates ten logits from 64 pixels. In it, "
    "`layer.weight[3]` are the weights of the digit 3. What is `layer.weight.shape`, "
    "and how are the logits calculated? (`weight` and `bias` are short for "
    "`layer.weight` and `layer.bias`, and `.T` exchanges rows and columns.)",
    right="b",
    because="`weight[3]` is row 3, so there is a row for each class: (10, 64). With "
    "rows and columns exchanged, `X @ weight.T` is (N, 64) @ (64, 10). (`.T` is "
    "written without brackets.)",
    a=(
        "(64, 10), and `X @ weight + bias`",
        "That is how we wrote it: a *column* for each class. Then `weight[3]` would be "
        "the ten weights of a pixel.",
    ),
    b="(10, 64), and `X @ weight.T + bias`",
    c=(
        "(10, 64), and `X @ weight + bias`",
        "The shape is right. But (N, 64) @ (10, 64) does not fit: the inner sizes have "
        "to agree.",
    ),
)

shared = choice(
    "lab05.shared",
    "Somebody writes `b = torch.zeros(1)`: one bias, which is added to all three "
    "logits. The machine is trained for 1,000 updates. What happens to `b`?",
    right="c",
    because="It raises all logits alike, and a common shift changes no probability. "
    "So it changes no loss, and its slope is 0, for any data and any weights. (By "
    "formula: it is the sum of p - y over all classes.) No error is raised.",
    a=(
        "It becomes the largest of the three biases that would have been learned.",
        "That would need a slope. But a number that is added to all three logits "
        "changes no probability.",
    ),
    b=(
        "It grows and grows, because all three classes pull at it.",
        "They do, and in different directions: the three pulls of an example are p - "
        "y, and these sum to 0.",
    ),
    c="It stays at 0.",
    d=(
        "Nothing: an error says that `W` has three columns and `b` one number.",
        "PyTorch stretches the one number over all columns. That is why this bug "
        "lives.",
    ),
)

lost = choice(
    "lab05.lost",
    "The thermostat is trained with one bias for all. Which answers does it ever give?",
    right="a",
    because="At 0 degrees all three lines have the same height. Through one point the "
    "line that rises most is the highest on its right, and the line that falls most on "
    "its left. The third one has been nowhere on top. So the class in the middle owes "
    "its place to the biases.",
    a="Only two of the three: *cold* and *hot*.",
    b=(
        "All three, but with other borders.",
        "There is no room for a border: lines through one point change places there, "
        "all at once.",
    ),
    c=(
        "Only *fine*, because nothing has been learned.",
        "The weights learn as ever. It is only the common height that cannot.",
    ),
)

twice = choice(
    "lab05.twice",
    "4, 7 and 9 with two features, once more, but the loss takes softmax twice. The "
    "program prints a loss that falls and falls. What happens to the accuracy, and to "
    "the *true* cross entropy of the same machine, from update 20 to update 4,000?",
    right="c",
    because="Both losses reward right answers, so the accuracy rises. But they charge "
    "differently for wrong ones: the printed loss at most 1.55, the true one -log p, "
    "without a limit. So the two can part, and after the first updates they do.",
    a=(
        "Accuracy rises, and the true loss falls, only more slowly.",
        "That would be so if both losses had the same aim. But the printed one has a "
        "ceiling: no image costs more than 1.55.",
    ),
    b=(
        "Accuracy falls, and the true loss rises.",
        "The loss that is printed rewards right answers, too, if only up to a point. "
        "So their number rises.",
    ),
    c="Accuracy rises, and so does the true loss.",
)

sure = choice(
    "lab05.sure",
    "Two machines, A and B, give the right class about equally often. For the 540 "
    "images, the probability of the right class, sorted: with A a tenth of the images "
    "has nearly 0, and half of them nearly 1. With B it rises slowly from 0 to 1. "
    "Which one was trained with softmax twice?",
    right="a",
    because="With softmax twice the worst answer costs 1 nat more than the best. So it "
    "pays to give some images up, near 0, if many others come nearer to 1. With one "
    "softmax a probability near 0 costs many nats, so few images are left there.",
    a="A.",
    b=(
        "B: a second softmax makes all probabilities more equal.",
        "It does so for what the *loss* sees. But these are the probabilities after "
        "one softmax. To make up for the second one, the machine drives them to 0 and "
        "to 1.",
    ),
    c=(
        "That cannot be seen: the accuracy is the same.",
        "Accuracy only asks which class has the largest probability, not how large it "
        "is. And that is where the two machines differ.",
    ),
)

per_example = choice(
    "lab05.per_example",
    "`X` has 8 rows and there are 3 classes. Somebody gives the bias the shape (8, 1). "
    "What happens in training?",
    right="b",
    because="(8, 1) is stretched over the three columns, so each number raises all "
    "logits of one row alike. That is a common shift again, once for each example.",
    a=(
        "An error: the bias must have 3 numbers.",
        "(8, 1) fits to (8, 3): the column is stretched over the three classes.",
    ),
    b="It runs, and all slopes of the bias are 0.",
    c=(
        "It runs, and learns the eight examples by heart.",
        "That would take a number for each example *and* class. One number for an "
        "example does not move any of its probabilities.",
    ),
)

copied = choice(
    "lab05.copied",
    "A machine with three classes gets a fourth one, whose logit is always a copy of "
    "the first. What happens to the second and the third probability?",
    right="a",
    because="The sum that both are divided by has grown, so both fall. Their ratio is "
    "e to the power of the difference of their two logits, and no other class occurs "
    "in it.",
    a="Both fall, and their ratio stays.",
    b=(
        "Both stay: their logits have not changed.",
        "But the four have to sum to 1 now, and the new one takes its share.",
    ),
    c=(
        "Both fall, the smaller one more strongly.",
        "Both are divided by the same larger sum, so they shrink by the same factor.",
    ),
)

times_ten = choice(
    "lab05.times_ten",
    "All features are multiplied by 10, as if one counted in millimetres instead of "
    "centimetres. A tenth of the weights gives the same probabilities. Does gradient "
    "descent find them with the same learning rate?",
    right="c",
    because="A slope of a weight is error times feature: 10 times as large. And the "
    "weight that is looked for is a tenth. A step ten times as long on a tenth of the "
    "way is 100 times too long: it jumps over the valley, unless the old rate was very "
    "small. For the biases nothing has changed. That is why features are standardised.",
    a=(
        "Yes, in the same number of updates.",
        "The slopes of the weights are made of features, so they change with the unit.",
    ),
    b=(
        "Yes, ten times as quickly.",
        "The steps are ten times as long, and the way is a tenth as long. Unless the "
        "old rate was very small, such a step jumps over the valley.",
    ),
    c="Hardly: its steps are too long.",
)
