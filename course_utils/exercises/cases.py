"""The cases of the bug clinic, as data; see `clinic`.

The first ten are worked in the core of lab 12, the others in its part *More cases*.
"""

import copy
import functools
import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_utils.exercises.clinic import Case

# What the cases are tried on --------------------------------------------------------


@functools.cache
def _digits() -> tuple[Tensor, Tensor]:
    from sklearn.datasets import load_digits

    digits = load_digits()
    return torch.tensor(digits.images).float(), torch.tensor(digits.target)


def images(seed: int, n: int, kept=range(10), first=0) -> tuple[Tensor, Tensor]:
    """Return n images (n, 8, 8) with ink from 0 to 16, and their digits.

    The same seed with another `first` gives others, if no more are asked for.
    """
    pixels, y = _digits()
    rows = torch.isin(y, torch.tensor([*kept])).nonzero().flatten()
    order = torch.randperm(len(rows), generator=torch.Generator().manual_seed(seed))
    rows = rows[order[first : first + n]]
    return pixels[rows], y[rows]


def digits(seed: int, n=200, kept=range(10), first=0) -> tuple[Tensor, Tensor]:
    """Return n images (n, 64) with ink from 0 to 1, and their classes from 0 on."""
    X, y = images(seed, n, kept, first)
    return X.flatten(1) / 16, torch.searchsorted(torch.tensor([*kept]), y)


def pair(seed: int, n: int = 200) -> tuple[Tensor, Tensor]:
    """Return images of 4 and 9, and y (n, 1): 1.0 for a 9."""
    X, y = digits(seed, n, (4, 9))
    return X, y.float()[:, None]


def linear(seed: int, n_out: int = 10, n_in: int = 64) -> nn.Linear:
    """Return a linear model."""
    torch.manual_seed(seed)
    return nn.Linear(n_in, n_out)


def network(seed: int, *, n_hidden: int = 30, dropout: float = 0.0) -> nn.Sequential:
    """Return a network with one hidden layer."""
    torch.manual_seed(seed)
    layers = [nn.Linear(64, n_hidden), nn.ReLU()]
    layers += [nn.Dropout(dropout)] if dropout else []
    return nn.Sequential(*layers, nn.Linear(n_hidden, 10))


def fitted(model: nn.Module, X: Tensor, y: Tensor, n_steps=100, lr=0.02) -> nn.Module:
    """Train a model without any fault, and return it."""
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    model.train()
    for _ in range(n_steps):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(X), y)
        loss.backward()
        optimizer.step()
    return model


def right(model: nn.Module, X: Tensor, y: Tensor) -> float:
    """Return the share of images that a model in eval mode reads rightly."""
    model.eval()
    with torch.no_grad():
        return (model(X).argmax(dim=1) == y).float().mean().item()


def log(losses, steps, digits_=2, name="loss") -> str:
    """Return some losses as a line of a log."""
    said = (f"{step}: {float(losses[step]):.{digits_}f}" for step in steps)
    return f"{name} after step  " + "   ".join(said)


def norms(slopes) -> str:
    """Return the norms of some slopes; a slope that is None was never filled."""
    return "  ".join("None" if s is None else f"{s.norm():.3f}" for s in slopes)


def table(y: Tensor, y_pred: Tensor, n: int) -> str:
    """Return a confusion matrix as text: a row for each true class."""
    counts = torch.bincount(y * n + y_pred, minlength=n * n).reshape(n, n)
    rows = [" ".join(f"{count:4}" for count in row) for row in counts.tolist()]
    return "rows: true class, columns: predicted class\n" + "\n".join(rows)


def of_seeds(make, n: int = 4):
    """Return a function that makes the arguments for n seeds."""
    return lambda: [make(seed) for seed in range(n)]


CASES = []
add = CASES.append

# 1 to 10, in the core ---------------------------------------------------------------


def halves(seed: int, n: int = 200) -> tuple[Tensor, Tensor]:
    """Return two features of 4, 7 and 9: mean ink above and below; and the classes."""
    X, y = digits(seed, n, (4, 7, 9))
    return X.reshape(-1, 2, 32).mean(dim=2), y


def _fresh_slope(function, seed):
    X, y = halves(seed)
    before, after = linear(seed, 3, 2), linear(seed, 3, 2)
    function(before, X, y, 9)
    function(after, X, y, 10)  # leaves the slope of its last step
    (fresh,) = torch.autograd.grad(F.cross_entropy(before(X), y), before.weight)
    used = after.weight.grad
    return f"step 10 uses a slope of norm {used.norm():.2f}; fresh: {fresh.norm():.2f}"


add(
    Case(
        1,
        lab=4,
        section="6. One line forgotten",
        level=1,
        setting="Softmax regression on two features of 200 digits, 4, 7 and 9. Each "
        "step sees all of them.",
        code="""
            def train(model, X, y, n_steps):
                optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
                losses = []
                for _ in range(n_steps):
                    loss = F.cross_entropy(model(X), y)
                    loss.backward()
                    optimizer.step()
                    losses.append(loss.item())
                return losses
        """,
        mended=[
            (
                "        loss = F.cross",
                "        optimizer.zero_grad()\n        loss = F.cross",
            )
        ],
        symptom=lambda f, seed: {"loss": f(linear(seed, 3, 2), *halves(seed), 200)},
        fault={
            "right": "c",
            "because": "`backward` adds to what is in `.grad`. Without `zero_grad` "
            "each step goes along the sum of all slopes so far, like a ball that "
            "nothing brakes: it rolls through the valley and up the other side.",
            "a": (
                "The learning rate is too large.",
                "Then already the first steps would jump to and fro. Here dozens of "
                "steps go down smoothly, and only then the loss turns.",
            ),
            "b": (
                "The steps are noisy, because the batches are small.",
                "There are no batches here: each step sees all 200 examples, so "
                "nothing is left to chance.",
            ),
            "c": "The slopes of earlier steps are never cleared.",
            "d": (
                "The model is overfitting.",
                "An overfitted model is better and better on its *training* examples. "
                "It is their loss that rises here.",
            ),
        },
        measure={
            "right": "a",
            "because": "Without a fault the two agree. All rivals leave the slope of a "
            "step alone; a slope that is many times too long has old ones in it.",
            "a": "The slope that a step uses, against one that is calculated afresh "
            "for the same weights.",
            "b": (
                "The loss of held-out examples.",
                "It rises together with the training loss, whatever makes the weights "
                "go astray.",
            ),
            "c": (
                "The same run with a smaller learning rate.",
                "It helps against both: with a smaller rate the turn comes later, and "
                "a short run looks healthy.",
            ),
            "d": (
                "The same run from another seed.",
                "Another start gives the same kind of curve. That tells chance from "
                "fault, but no fault from another.",
            ),
        },
        measured=_fresh_slope,
        inputs=of_seeds(lambda s: (linear(s, 3, 2), *halves(s, 20 + s), 3 + s)),
    )
)

add(
    Case(
        2,
        lab=3,
        section="Four spellings, in value and slope",
        level=1,
        setting="The loss of a softmax regression, for ten digits.",
        code="""
            def loss_of(model, X, y):
                logits = model(X)
                probs = torch.softmax(logits, dim=1)
                return F.nll_loss(probs, y)
        """,
        mended=[("torch.softmax(", "torch.log_softmax(")],
        symptom=lambda f, seed: _loss_log(f, seed, (0, 5, 20, 100)),
        fault={
            "right": "d",
            "because": "`nll_loss` only picks and negates: it takes the logarithm for "
            "granted. Of probabilities it makes minus the mean p of the labels, from "
            "-1/K at the start down to -1.",
            "a": (
                "The sign is wrong: the steps go uphill.",
                "Then the labels would get less and less probable, and the accuracy "
                "would fall. It rises here.",
            ),
            "b": (
                "The learning rate is too large.",
                "Too long a step makes a cross entropy large, but never negative: a "
                "surprise is at least 0.",
            ),
            "c": (
                "The softmax runs over the wrong direction.",
                "It runs along each row. With `dim=0` the answer for an image would "
                "depend on the other images, but the sign would be the same.",
            ),
            "d": "The logarithm is missing.",
        },
        measure={
            "right": "b",
            "because": "An undecided model has cross entropy log K. If you see -1/K, "
            "then no logarithm was taken; -log K is a wrong sign; and something else "
            "again is a start that is not undecided.",
            "a": (
                "The accuracy of the largest class.",
                "It says what an accuracy is worth. It says nothing about the sign "
                "of a loss.",
            ),
            "b": "The first loss, against log K.",
            "c": (
                "The shape of the logits.",
                "It is (200, 10) with and without this fault: all rows and columns "
                "are where they should be.",
            ),
            "d": (
                "The loss of held-out examples.",
                "It is negative, too, with this fault and with a wrong sign.",
            ),
        },
        measured=lambda f, seed: (
            f"first loss {f(linear(seed), *digits(seed)):.2f}; log K is 2.30"
        ),
        inputs=of_seeds(lambda s: (linear(s), *digits(s, 20))),
    )
)


def _loss_log(loss_of, seed, steps, model=None, n=200):
    """Train with a loss and return a log, and the accuracy at the end."""
    X, y = digits(seed, n)
    model = model or linear(seed)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    losses = []
    for _ in range(steps[-1] + 1):
        optimizer.zero_grad()
        loss = loss_of(model, X, y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return f"{log(losses, steps)}\naccuracy at the end: {right(model, X, y):.2f}"


def _sure_logits(seed, n=200):
    """Return the logits (n, 1) of a good model, and labels (n,)."""
    g = torch.Generator().manual_seed(seed)
    y = (torch.rand(n, generator=g) < 0.5).float()
    return (8 * y - 4 + torch.randn(n, generator=g))[:, None], y


def _half(f, seed):
    logits, y = _sure_logits(seed)
    loss = F.binary_cross_entropy_with_logits(logits.flatten(), y)
    return (
        f"binary cross entropy {loss:.3f}, share right {f(logits, y):.3f}\n"
        f"ones among the labels: {y.mean():.2f}"
    )


add(
    Case(
        3,
        lab=7,
        section="The published lab",
        level=1,
        setting="200 images of two digits. How many does a trained model read rightly?",
        code="""
            def share_right(logits, y):
                probs = torch.sigmoid(logits)
                y_pred = (probs > 0.5).float()
                is_right = y_pred == y
                return is_right.float().mean().item()
        """,
        mended=[("y_pred == y", "y_pred.flatten() == y")],
        symptom=_half,
        fault={
            "right": "a",
            "because": "A column against a list: PyTorch lays each over the other and "
            "compares all pairs. The mean of 40,000 comparisons hardly depends on the "
            "model; with equally many zeros and ones it is one half.",
            "a": "Every prediction is compared with every label.",
            "b": (
                "The model only guesses.",
                "Then its loss would be about 0.69, and not a fraction of that. "
                "Whoever guesses is not sure and right at once.",
            ),
            "c": (
                "The labels are exchanged: its ones are our zeros.",
                "Then it would be wrong nearly always: a share near 0, and a loss "
                "that is far above a coin's.",
            ),
            "d": (
                "The threshold is wrong: it has to be 0.",
                "It is compared with probabilities, and there one half is right. For "
                "logits it would be 0.",
            ),
        },
        measure={
            "right": "d",
            "because": "200 examples have to give 200 comparisons. A shape is read in "
            "a second, and it is the only one of the four that shows pairs.",
            "a": (
                "The share of the largest class.",
                "It is about one half as well, so it makes the model look like one "
                "that guesses.",
            ),
            "b": (
                "The loss of held-out examples.",
                "It will be small, too. The model is good; it is the counting that "
                "is not.",
            ),
            "c": (
                "The same with another seed.",
                "It gives one half again. That says that it is no accident, and "
                "nothing of the cause.",
            ),
            "d": "The shape of `is_right`.",
        },
        measured=lambda f, seed: _shape_in(f, seed),
        inputs=of_seeds(lambda s: _sure_logits(s, 15 + 4 * s)),
    )
)


class _Watched(torch.overrides.TorchFunctionMode):
    """Note the shapes of what comes out of ==."""

    def __init__(self):
        super().__init__()
        self.shapes = []

    def __torch_function__(self, function, types, args=(), kwargs=None):
        value = function(*args, **(kwargs or {}))
        if function.__name__ in ("eq", "__eq__"):
            self.shapes.append(tuple(value.shape))
        return value


def _shape_in(f, seed):
    logits, y = _sure_logits(seed)
    with _Watched() as watched:
        f(logits, y)
    return f"shape of is_right {watched.shapes[0]}"


def _one_batch(f, seed):
    X, y = digits(seed, 10)
    model = linear(seed)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
    for _ in range(300):
        optimizer.zero_grad()
        loss = f(model, X, y)
        loss.backward()
        optimizer.step()
    own = torch.softmax(model(X), dim=1)[torch.arange(10), y].min()
    own = math.floor(1000 * own.item()) / 1000  # never rounded to a p of 1
    return f"ten images, 300 steps: loss {loss:.2f}, p of each label above {own:.3f}"


add(
    Case(
        4,
        lab=5,
        section="6. Softmax, twice",
        level=2,
        setting="Another loss for the ten digits, and the same training.",
        code="""
            def digit_loss(model, X, y):
                logits = model(X)
                probs = torch.softmax(logits, dim=1)
                return F.cross_entropy(probs, y)
        """,
        mended=[
            ("    probs = torch.softmax(logits, dim=1)\n", ""),
            ("cross_entropy(probs", "cross_entropy(logits"),
        ],
        symptom=lambda f, seed: _loss_log(f, seed, (0, 20, 100, 300)),
        fault={
            "right": "b",
            "because": "`cross_entropy` takes the softmax itself. Probabilities differ "
            "by at most 1, so the second softmax gives a label at most e / (e + 9), "
            "and the loss cannot fall below 1.46.",
            "a": (
                "The learning rate is too small.",
                "Then the loss would still be falling at the end, and the images would "
                "not be read rightly yet.",
            ),
            "b": "Softmax is applied twice.",
            "c": (
                "The model is too small for ten classes.",
                "A model that is too small makes mistakes. This one reads nearly all "
                "images rightly.",
            ),
            "d": (
                "Some labels are wrong.",
                "A wrong label is a mistake that is counted in the accuracy. A few "
                "cannot keep the loss of all the others so high.",
            ),
        },
        measure={
            "right": "c",
            "because": "Ten images can be learned by heart, so the loss has to come "
            "near 0. A floor that ten images with right labels cannot pass is built "
            "into the loss.",
            "a": (
                "The first loss, against log K.",
                "It is log K, twice or not: at the start all classes are about equal, "
                "and softmax of equal numbers is equal.",
            ),
            "b": (
                "The norm of the slopes.",
                "They are small here, and small as well near a good end. A small slope "
                "does not say why.",
            ),
            "c": "The loss of ten images, trained to the end.",
            "d": (
                "The accuracy of each class.",
                "It is high for all of them. The order of the classes survives a "
                "second softmax.",
            ),
        },
        measured=_one_batch,
        inputs=of_seeds(lambda s: (linear(s), *digits(s, 20))),
    )
)


def _bright(f, seed):
    model = linear(seed)
    (train, y), (test, y_test) = images(seed, 300), images(seed, 300, first=300)
    X, X_test = f(train, test)
    fitted(model, X, y)
    losses = [F.cross_entropy(model(a), b) for a, b in ((X, y), (X_test, y_test))]
    rights = right(model, X, y), right(model, X_test, y_test)
    return "\n".join(
        f"{name:5} accuracy {share:.2f}, cross entropy {loss:.2f}"
        for name, share, loss in zip(("train", "test"), rights, losses, strict=True)
    )


add(
    Case(
        5,
        lab=7,
        section="1. A strange result",
        level=2,
        setting="The images come with ink from 0 to 16. This prepares those for "
        "training and for the test.",
        code="""
            def prepare(train, test):
                X_train = train / 16
                X_test = test.float()
                return X_train.flatten(1), X_test.flatten(1)
        """,
        mended=[("test.float()", "test / 16")],
        symptom=_bright,
        fault={
            "right": "b",
            "because": "All logits of the test come out about 16 times as large, as "
            "with a temperature of 1/16. The order stays, and so nearly does the "
            "accuracy; but the model is sure of everything, and its few mistakes "
            "cost dearly.",
            "a": (
                "The model is overfitting.",
                "It would be worse on the test in both columns. Here the accuracy "
                "drops by little, and the loss is several times as large.",
            ),
            "b": "The two sets are not on the same scale.",
            "c": (
                "The test labels are shuffled.",
                "Then the accuracy would be that of a guess, one in ten.",
            ),
            "d": (
                "The test loss is a sum and no mean.",
                "A sum over 300 images would be 300 times as large. And "
                "`cross_entropy` takes the mean.",
            ),
        },
        measure={
            "right": "a",
            "because": "Ranges have to agree. It takes one line, and it needs no "
            "model, no loss and no label.",
            "a": "The smallest and the largest number of both sets.",
            "b": (
                "The training loss after more steps.",
                "More training makes the gap larger, whether its cause is overfitting "
                "or the range.",
            ),
            "c": (
                "The accuracy of each class.",
                "All of them are a little lower; overfitting can look like that as "
                "well.",
            ),
            "d": (
                "The shapes of both sets.",
                "Both have 64 columns. A shape does not show what the numbers are.",
            ),
        },
        measured=lambda f, seed: "largest number, train {:.0f}, test {:.0f}".format(
            *(X.max() for X in f(images(seed, 50)[0], images(seed, 50, first=50)[0]))
        ),
        inputs=of_seeds(lambda s: (images(s, 4)[0], images(s, 3, first=4)[0])),
    )
)


@functools.cache
def _with_dropout(seed: int) -> nn.Module:
    return fitted(network(seed, n_hidden=60, dropout=0.6), *digits(seed, 400))


def _grade(f, seed, n_times=1):
    model = copy.deepcopy(_with_dropout(seed)).train()
    torch.manual_seed(seed)  # training has drawn lots, but only the first time
    X, y = digits(seed, 300, first=400)
    return model, X, y, [f(model, X, y) for _ in range(n_times)]


add(
    Case(
        6,
        lab=7,
        section="8. Dropout, and the two modes of a model",
        level=2,
        setting="A network with dropout has been trained. How well does it read 300 "
        "other images?",
        code="""
            def grade(model, X, y):
                with torch.no_grad():
                    logits = model(X)
                y_pred = logits.argmax(dim=1)
                return (y_pred == y).float().mean().item()
        """,
        mended=[("    with torch", "    model.eval()\n    with torch")],
        symptom=lambda f, seed: (
            f"accuracy {_grade(f, seed)[3][0]:.2f}\n"
            "A colleague loads the stored weights, takes the same images, and finds "
            f"{right(*_grade(f, seed)[:3]):.2f}."
        ),
        fault={
            "right": "d",
            "because": "In training mode dropout goes on switching off units at "
            "random, and what answers is a crippled network. `no_grad` "
            "does not change that: it only leaves out the notes for slopes.",
            "a": (
                "The model is overfitting.",
                "Overfitting would be the same for the colleague, who has the same "
                "weights and the same images.",
            ),
            "b": (
                "300 images are too few, so the accuracy is uncertain.",
                "That is true of *other* images. The same weights have to give the "
                "same number on the same 300.",
            ),
            "c": (
                "The slopes were off while it was calculated.",
                "So they should be. `no_grad` changes no answer; it only saves memory.",
            ),
            "d": "The model was still in training mode.",
        },
        measure={
            "right": "b",
            "because": "A model in eval mode gives the same number twice. Training "
            "mode draws lots, and gives another one.",
            "a": (
                "The accuracy on the training images.",
                "It suffers as well: in training mode these images are read by a "
                "crippled network, too.",
            ),
            "b": "The accuracy of the same images, twice.",
            "c": (
                "The accuracy of the largest class.",
                "It is about one in ten, and both numbers are far above it.",
            ),
            "d": (
                "The accuracy after training from another seed.",
                "It changes by itself from seed to seed, so a difference would say "
                "nothing.",
            ),
        },
        measured=lambda f, seed: "three calls: {:.3f}, {:.3f}, {:.3f}".format(
            *_grade(f, seed, 3)[3]
        ),
        inputs=of_seeds(
            lambda s: (network(s, n_hidden=8, dropout=0.5).train(), *digits(s, 40))
        ),
    )
)


def _sorted(f, seed):
    X, y = digits(seed, 180, (3, 5, 8))
    order = y.argsort(stable=True)
    model = linear(seed, 3)
    for _ in range(3):
        f(model, X[order], y[order], 20)
    X, y = digits(seed, 180, (3, 5, 8), first=180)
    y_pred = model(X).argmax(dim=1)
    return f"180 other images\n{table(y, y_pred, 3)}"


def _first_batches(f, seed):
    X = torch.zeros(180, 64)
    X[:, 0] = torch.arange(180.0)
    y = torch.arange(3).repeat_interleave(60)
    seen = []
    model = linear(seed, 3)
    model.register_forward_pre_hook(lambda _, x: seen.append(x[0][:, 0].long()))
    f(model, X, y, 20)
    return "labels in batch 1: " + " ".join(
        f"{(y[seen[0]] == k).sum()} of class {k};" for k in range(3)
    ).rstrip(";")


add(
    Case(
        7,
        lab=8,
        section="3. The order",
        level=2,
        setting="Three digits, 60 images of each, three passes in batches of 20. "
        "Classes 0, 1, 2 are the digits 3, 5, 8.",
        code="""
            def one_pass(model, X, y, batch_size):
                optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
                order = torch.arange(len(X))
                for i in range(0, len(X), batch_size):
                    rows = order[i : i + batch_size]
                    optimizer.zero_grad()
                    loss = F.cross_entropy(model(X[rows]), y[rows])
                    loss.backward()
                    optimizer.step()
                return loss.item()
        """,
        mended=[("torch.arange(len(X))", "torch.randperm(len(X))")],
        symptom=_sorted,
        fault={
            "right": "a",
            "because": "The file is sorted by class, and nobody shuffles. The last "
            "steps see nothing but one class, so that every step says: more of this "
            "one. What was learned before is talked over.",
            "a": "The last batches all hold the same class.",
            "b": (
                "The last class is far more frequent.",
                "There are 60 images of each. Frequent classes are predicted too "
                "often as well, but then the rows would add up to different numbers.",
            ),
            "c": (
                "Two labels are exchanged.",
                "Then a row would have its large number in the place of another "
                "class, and that class in the first one's.",
            ),
            "d": (
                "The training is too short.",
                "A model that has learned little errs in all directions, and has no "
                "favourite that happens to be the last class.",
            ),
        },
        measure={
            "right": "d",
            "because": "A shuffled batch holds some of each class. If a batch holds "
            "only one, its steps must lean towards it.",
            "a": (
                "How often each class occurs in all of the data.",
                "Equally often, with and without this fault. It is the *order* that "
                "is wrong.",
            ),
            "b": (
                "The loss of each batch.",
                "It is small most of the time, because whoever repeats the last answer "
                "is nearly always right in sorted data. It praises the fault.",
            ),
            "c": (
                "The same with twice as many passes.",
                "It gets better with and without it, so you still do not know.",
            ),
            "d": "The labels in the first batch.",
        },
        measured=_first_batches,
        inputs=of_seeds(lambda s: (linear(s, 3), *digits(s, 40, (3, 5, 8)), 10)),
        note="To be compared, a mend draws its order with torch.randperm(len(X)).",
    )
)


def _unequal(seed, n=201):
    """Return a model and images, the last of which has a wrong label."""
    X, y = digits(seed, n)
    model = fitted(linear(seed), X, y)
    y = y.clone()
    y[-1] = (y[-1] + 5) % 10
    return model, X, y


def _by_size(f, seed):
    model, X, y = _unequal(seed)
    found = (f"{size}: {f(model, X, y, size):.3f}" for size in (201, 101, 100, 50, 10))
    return "batch size: loss   " + "   ".join(found)


add(
    Case(
        8,
        lab=8,
        section="5. The loop, once and for all",
        level=2,
        setting="The mean loss of 201 images, batch by batch. The weights stay as they "
        "are.",
        code="""
            def mean_loss(model, X, y, batch_size):
                losses = []
                with torch.no_grad():
                    for i in range(0, len(X), batch_size):
                        logits = model(X[i : i + batch_size])
                        loss = F.cross_entropy(logits, y[i : i + batch_size])
                        losses.append(loss.item())
                return sum(losses) / len(losses)
        """,
        mended=[
            ("append(loss.item())", "append(loss.item() * len(logits))"),
            ("/ len(losses)", "/ len(X)"),
        ],
        symptom=_by_size,
        fault={
            "right": "c",
            "because": "201 in batches of 100 leaves a batch of one. Its loss counts "
            "as much as that of a hundred images. It is one that the model gets wrong, "
            "and then the mean is far too high.",
            "a": (
                "The model is in training mode, and dropout draws lots.",
                "Then two calls with the same batch size would differ. This model is "
                "one linear layer, and has nothing to draw.",
            ),
            "b": (
                "Rounding: float32 adds up in another order.",
                "That changes the last of seven digits. Here it is the first.",
            ),
            "c": "A short last batch counts as much as a full one.",
            "d": (
                "Small batches make the steps noisy.",
                "No step is made here. The weights are the same in all five.",
            ),
        },
        measure={
            "right": "a",
            "because": "Wherever the loss is wrong the last batch is short, and if all "
            "sizes are equal it is right. Only sizes explain both.",
            "a": "The size of the last batch, beside the loss.",
            "b": (
                "The loss of the same size, twice.",
                "It is the same twice. That rules out chance, but not rounding.",
            ),
            "c": (
                "The same in float64.",
                "It changes nothing that one sees. That rules out rounding, and "
                "nothing else.",
            ),
            "d": (
                "The accuracy for each batch size.",
                "Count the right answers, divide by 201: it is the same for all sizes, "
                "and points nowhere.",
            ),
        },
        measured=lambda f, seed: "; ".join(
            f"size {size}, last batch {200 % size + 1}: {f(*_unequal(seed), size):.3f}"
            for size in (201, 101, 100, 67)
        ),
        inputs=of_seeds(lambda s: (*_unequal(s, 21), 5 + s)),
    )
)


def _moved(f, seed):
    _, weight = f(linear(seed), *digits(seed), 20)
    torch.manual_seed(0)
    start = nn.Linear(64, 10).weight
    return (
        f"norm of the slope {weight.grad.norm():.2f}, "
        f"moved by {(weight - start).norm():.2f}"
    )


add(
    Case(
        9,
        lab=9,
        section="3. Two bugs of long sessions",
        level=2,
        setting="Begin again: fresh weights for the ten digits, then train.",
        code="""
            def start_anew(model, X, y, n_steps):
                optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
                torch.manual_seed(0)
                model = nn.Linear(64, 10)  # fresh weights
                losses = []
                for _ in range(n_steps):
                    optimizer.zero_grad()
                    loss = F.cross_entropy(model(X), y)
                    loss.backward()
                    optimizer.step()
                    losses.append(loss.item())
                return losses, model.weight
        """,
        mended=[
            ("    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)\n", ""),
            (
                "  # fresh weights\n",
                "  # fresh weights\n"
                "    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)\n",
            ),
        ],
        symptom=lambda f, seed: log(
            f(linear(seed), *digits(seed), 101)[0], (0, 1, 10, 50, 100), 4
        ),
        fault={
            "right": "c",
            "because": "The optimizer holds the parameters that it was given, those of "
            "the old model. The new one gets slopes, and nobody makes a step with "
            "them, nor clears them.",
            "a": (
                "The learning rate is too small.",
                "Then the loss would fall a little, and it would show in the last "
                "digits. Here not one of them moves.",
            ),
            "b": (
                "The start is a flat place, with slope 0.",
                "Cross entropy of a linear layer with random weights is not flat. "
                "And each slope is given by p - y, which is not 0.",
            ),
            "c": "The steps are made with the weights of another model.",
            "d": (
                "`backward` is never called.",
                "It is called in each step, on the loss of the new model.",
            ),
        },
        measure={
            "right": "b",
            "because": "Slopes that are there and weights that do not move: only a "
            "step with other weights does that. Without slopes it would be the start, "
            "or `backward`; and with a small rate they would move a little.",
            "a": (
                "The first loss, against log K.",
                "It is near log K, as it should be. The start is sound.",
            ),
            "b": "The norm of the slope, and how far the weights move.",
            "c": (
                "The loss of one batch, trained to the end.",
                "It will stand still as well, and then you know as much as before.",
            ),
            "d": (
                "The largest and the smallest number in X.",
                "They are 0 and 1 here. Very small inputs would make it slow, but not "
                "motionless.",
            ),
        },
        measured=_moved,
        inputs=of_seeds(lambda s: (linear(s), *digits(s, 30), 4 + s)),
    )
)


@functools.cache
def _many(seed: int, n_models: int = 120) -> tuple[Tensor, Tensor]:
    """Return the weights of small networks, trained side by side from other seeds."""
    X, y = digits(seed, 40)
    g = torch.Generator().manual_seed(seed)
    W = (torch.randn(n_models, 64, 10, generator=g) / 8).requires_grad_()
    v = (torch.randn(n_models, 10, 10, generator=g) / 3).requires_grad_()
    optimizer = torch.optim.Adam([W, v], lr=0.05)
    for _ in range(30):
        optimizer.zero_grad()
        logits = torch.relu(X @ W) @ v  # (M, N, K)
        loss = F.cross_entropy(logits.permute(1, 2, 0), y[:, None].expand(-1, n_models))
        (n_models * loss).backward()
        optimizer.step()
    return W.detach(), v.detach()


def _answers(seed, X):
    """Return the logits (N, K) of each network."""
    W, v = _many(seed)
    return list(torch.relu(X @ W) @ v)


def _report(f, seed, n=15):
    (X_val, y_val), (X, y) = digits(seed, n, first=100), digits(seed, n, first=150)
    return f(_answers(seed, X_val), y_val, _answers(seed, X), y)


def _reported_and_later(f, seed, n_draws=5):
    seeds = range(seed + 2, seed + 2 + n_draws)  # one draw may be lucky, too
    reported = sum(_report(f, s)[1] for s in seeds) / n_draws
    later = sum(_share_later(f, s, 400, 1300) for s in seeds) / n_draws
    return (
        f"mean of {n_draws} draws: reported {reported:.2f}, on 400 others {later:.2f}"
    )


def _share_later(f, seed, n, first):
    X, y = digits(seed, n, first=first)
    logits = _answers(seed, X)[_report(f, seed)[0]]
    return (logits.argmax(dim=1) == y).float().mean().item()


add(
    Case(
        10,
        lab=7,
        section="6. Train, validation, test",
        level=3,
        setting="120 networks, trained alike from other seeds. One is kept. Of each "
        "there are the logits for 15 images for validation, and for 15 for the test.",
        code="""
            def keep_best(logits_val, y_val, logits_test, y_test):
                best, best_share = 0, -1.0
                for number, logits in enumerate(logits_test):
                    y_pred = logits.argmax(dim=1)
                    share = (y_pred == y_test).float().mean().item()
                    if share > best_share:
                        best, best_share = number, share
                return best, best_share
        """,
        mended=[
            ("enumerate(logits_test)", "enumerate(logits_val)"),
            ("(y_pred == y_test)", "(y_pred == y_val)"),
            (
                "    return best, best_share",
                "    y_pred = logits_test[best].argmax(dim=1)\n"
                "    return best, (y_pred == y_test).float().mean().item()",
            ),
        ],
        symptom=lambda f, seed: (
            f"reported: accuracy {_report(f, seed + 2)[1]:.2f} on the test\n"
            f"a year later, on 1,000 images: {_share_later(f, seed + 2, 1000, 200):.2f}"
        ),
        fault={
            "right": "a",
            "because": "The best of 120 is good, and lucky as well: lucky on these 15 "
            "images. Whoever chooses by a set, and reports on the same set, reports "
            "the luck too.",
            "a": "The test images were used to choose the model.",
            "b": (
                "The model is overfitting its training images.",
                "It may be; but the test images are no training images, so overfitting "
                "alone would show in the report.",
            ),
            "c": (
                "Dropout was on when it was reported.",
                "There is no dropout in these networks. And it would make the report "
                "too low, not too high.",
            ),
            "d": (
                "The images of a year later are of another kind.",
                "They are drawn from the same pile. But that is what everybody says "
                "first, so it has to be ruled out by a measurement.",
            ),
        },
        measure={
            "right": "b",
            "because": "Images of the same pile, that chose nothing, tell luck from "
            "the other causes: new kinds of images are not among them, and the "
            "accuracy drops all the same.",
            "a": (
                "The training loss of the chosen model.",
                "It tells how well the training images are known, and nothing about "
                "the report.",
            ),
            "b": "Its accuracy on images from the same pile that played no part.",
            "c": (
                "Its accuracy on the test, once more.",
                "The same model and the same images give the same number, luck "
                "included.",
            ),
            "d": (
                "The accuracy of the largest class.",
                "It is about one in ten: both numbers are far better than a guess.",
            ),
        },
        measured=_reported_and_later,
        inputs=of_seeds(
            lambda s: tuple(
                part
                for first in (100, 150)
                for part in (
                    _answers(s, digits(s, 12, first=first)[0])[:9],
                    digits(s, 12, first=first)[1],
                )
            )
        ),
    )
)

for _case in CASES:
    _case.worked = True
