"""More cases of the bug clinic, which lab 12 deals; see `clinic` and `cases`."""

import functools

import torch
import torch.nn.functional as F
from torch import nn

from course_utils.exercises.cases import (
    digits,
    fitted,
    images,
    linear,
    log,
    network,
    norms,
    of_seeds,
    pair,
    right,
    table,
)
from course_utils.exercises.clinic import Case

CASES = []


def add(number: int, **parts) -> None:
    """Add a case."""
    CASES.append(Case(number, **parts))


def _own_p(f, seed):
    X, y = digits(seed)
    logits = fitted(linear(seed), X, y, 60)(X).detach()
    sizes = (1, 2, 5, 20, 200)
    return "p of the label of image 0, in a batch of   " + "   ".join(
        f"{n}: {f(logits[:n])[0, y[0]]:.3f}" for n in sizes
    )


add(
    11,
    lab=1,
    section="4. Many images at once",
    level=1,
    setting="From logits (N, 10) to probabilities.",
    code="""
        def bars(logits):
            shifted = logits - logits.max(dim=1, keepdim=True).values
            weights = shifted.exp()
            return weights / weights.sum(dim=0)
    """,
    mended=[("weights.sum(dim=0)", "weights.sum(dim=1, keepdim=True)")],
    symptom=_own_p,
    fault={
        "right": "b",
        "because": "The weights are divided by the sum over the images of a batch. So "
        "the answer for one image depends on its neighbours, and an image alone is "
        "certain of every class.",
        "a": (
            "Large logits overflow.",
            "The largest of each row is subtracted first, so nothing above exp(0) = 1 "
            "ever occurs.",
        ),
        "b": "The sum runs over the images.",
        "c": (
            "The model is in training mode.",
            "No model runs in this function: the same logits go in each time.",
        ),
    },
    measure={
        "right": "c",
        "because": "Probabilities of one image sum to 1. If the rows do not, and the "
        "columns do, the direction is the wrong one.",
        "a": (
            "The largest logit.",
            "It tells whether `exp` may overflow, and nothing about the direction of "
            "a sum.",
        ),
        "b": (
            "The shape of the result.",
            "It is (N, 10) either way; dividing by a row of ten sums keeps the shape.",
        ),
        "c": "The sum of each row.",
    },
    measured=lambda f, seed: (
        "sums of three rows  "
        + "  ".join(
            f"{s:.2f}" for s in f(linear(seed)(digits(seed, 6)[0])).sum(dim=1)[:3]
        )
    ),
    inputs=of_seeds(lambda s: (linear(s, 3 + s)(digits(s, 5 + s)[0]).detach(),)),
)

add(
    12,
    lab=5,
    section="2. Two features, and the shapes",
    level=1,
    setting="Which digit does the model see in each of 200 images?",
    code="""
        def guess(model, X):
            with torch.no_grad():
                logits = model(X)
            return logits.argmax(dim=0)
    """,
    mended=[("argmax(dim=0)", "argmax(dim=1)")],
    symptom=lambda f, seed: "shape {}, smallest {}, largest {}".format(
        *(lambda v: (tuple(v.shape), v.min().item(), v.max().item()))(
            f(linear(seed), digits(seed)[0])
        )
    ),
    fault={
        "right": "b",
        "because": "`dim=0` goes down the columns: for each class it finds the *image* "
        "with the largest logit. Hence ten numbers, most of them far above 9.",
        "a": (
            "Rows and columns of the weights are exchanged.",
            "Then the matrix product would not fit, and the program would stop.",
        ),
        "b": "It looks for the best image of each class.",
        "c": (
            "Only the first ten images went in.",
            "Then the result would have ten digits, none above 9.",
        ),
    },
    measure={
        "right": "a",
        "because": "(200, 10) became (10,), so the direction of 200 is the one that is "
        "gone. Ten images would show as (10, 10).",
        "a": "The shape of the logits, beside the shape of the result.",
        "b": (
            "The first loss, against log K.",
            "The loss is calculated from the logits, which are as they should be.",
        ),
        "c": (
            "The accuracy of the largest class.",
            "It says what to compare an accuracy with. Here there is none yet.",
        ),
    },
    measured=lambda f, seed: (
        f"logits (200, 10), result {tuple(f(linear(seed), digits(seed)[0]).shape)}"
    ),
    inputs=of_seeds(lambda s: (linear(s), digits(s, 12 + s)[0])),
)


def _nine_classes(seed, n=200):
    X, y = digits(seed, n, range(1, 10))
    model = fitted(linear(seed, 9), X, y)
    return model(X).detach(), y + 1


def _one_image(f, seed):
    three = torch.tensor([3])
    columns = [k for k in range(9) if f(F.one_hot(torch.tensor([k]), 9), three)]
    return (
        f"an image of a 3 counts as right if the largest logit is in column {columns}"
    )


add(
    13,
    lab=3,
    section="5. Labels that fit, and labels that are taken",
    level=1,
    setting="The digits 1 to 9 are nine classes; column 0 belongs to digit 1. How many "
    "are read rightly?",
    code="""
        def share_of_digits(logits, digit):
            y_pred = logits.argmax(dim=1)
            is_right = y_pred == digit
            return is_right.float().mean().item()
    """,
    mended=[("y_pred == digit", "y_pred + 1 == digit")],
    symptom=lambda f, seed: (
        lambda logits, digit: (
            f"cross entropy {F.cross_entropy(logits, digit - 1):.2f}, "
            f"share right {f(logits, digit):.3f}"
        )
    )(*_nine_classes(seed)),
    fault={
        "right": "c",
        "because": "Column 0 is digit 1, so a 3 that is read rightly has its largest "
        "logit in column 2, and is counted as wrong. A share far *below* a guess "
        "means: it knows, and something is displaced.",
        "a": (
            "The model has not been trained.",
            "Then the loss would be near log 9, which is 2.2, and one in nine right.",
        ),
        "b": (
            "The labels were shuffled.",
            "With shuffled labels one in nine is right by chance, and the loss is "
            "large.",
        ),
        "c": "Columns and digits are off by one.",
    },
    measure={
        "right": "b",
        "because": "One image, looked at by hand, shows that the answer is right and "
        "counted as wrong. Neither an untrained model nor shuffled labels do that.",
        "a": (
            "The loss of held-out images.",
            "It is small, too: the loss uses the right columns.",
        ),
        "b": "A single image: its largest logit, its digit, and whether it counts.",
        "c": (
            "The same from another seed.",
            "It will be near 0 again, and you know no more than before.",
        ),
    },
    measured=_one_image,
    inputs=of_seeds(lambda s: _nine_classes(s, 30)),
)


def _less_probable(f, seed):
    y = torch.tensor([1])
    found = (f(torch.tensor([[0.0, -z]]), y).item() for z in (50.0, 90.0, 200.0))
    return "logits (0, -50), (0, -90), (0, -200): loss " + ", ".join(
        f"{loss:.0f}" for loss in found
    )


def _surer(f, seed):
    X, y = digits(seed, 100)
    model = fitted(linear(seed), X, y)
    X, y = digits(seed, 300, first=100)
    logits = model(X).detach()
    return "logits times   " + "   ".join(
        f"{times}: {f(times * logits, y):.2f}" for times in (1, 3, 10, 100)
    )


add(
    14,
    lab=2,
    section="The logarithm of zero",
    level=2,
    setting="A cross entropy by hand. A model gets surer and surer: its logits are "
    "multiplied.",
    code="""
        def surprise(logits, y):
            shifted = logits - logits.max(dim=1, keepdim=True).values
            probs = shifted.exp() / shifted.exp().sum(dim=1, keepdim=True)
            picked = probs[torch.arange(len(y)), y]
            return -picked.log().mean()
    """,
    mended=[
        (
            "probs = shifted.exp() / shifted.exp().sum(dim=1, keepdim=True)",
            "log_probs = shifted - shifted.logsumexp(dim=1, keepdim=True)",
        ),
        ("picked = probs[", "picked = log_probs["),
        ("-picked.log().mean()", "-picked.mean()"),
    ],
    symptom=_surer,
    fault={
        "right": "b",
        "because": "exp of a very negative number is rounded to 0, and log(0) is minus "
        "infinity. Logarithm and exp have to be taken together: log-softmax.",
        "a": (
            "exp of a large logit overflows.",
            "The largest is subtracted first, so exp gives at most 1.",
        ),
        "b": "The p of a label is rounded to 0.",
        "c": (
            "A weight has become nan.",
            "Then all losses would be nan, the first one as well.",
        ),
    },
    measure={
        "right": "a",
        "because": "With the shift, exp cannot overflow, and with numbers typed in "
        "there is no weight. If the loss still becomes infinite, it is the logarithm.",
        "a": "The loss of one image whose label gets less and less probable.",
        "b": (
            "The largest logit.",
            "It is large in all of these cases, which is how one got here.",
        ),
        "c": (
            "The accuracy.",
            "Multiplied logits have the same largest one, so the accuracy stays.",
        ),
    },
    measured=_less_probable,
    inputs=of_seeds(
        lambda s: (linear(s)(digits(s, 8)[0]).detach() * 40 ** (s % 4), digits(s, 8)[1])
    ),
)


def _both(prepare, seed):
    (train, y), (test, y_test) = images(seed, 400), images(seed, 400, first=400)
    model = fitted(linear(seed), prepare(train), y)
    shares = right(model, prepare(train), y), right(model, prepare(test), y_test)
    return "accuracy: training {:.2f}, held out {:.2f}".format(*shares)


def _colours(f, seed):
    values = f(images(seed, 100)[0]).unique()
    return f"{len(values)} different numbers, from {values[0]:g} to {values[-1]:g}"


add(
    15,
    lab=5,
    section="4. Ten digits",
    level=2,
    setting="Ink from 0 to 16 is brought to 0 to 1, for a softmax regression. "
    "Colleagues reach 0.93 on held-out images.",
    code="""
        def scale(images):
            X = images.long() // 16
            return X.flatten(1).float()
    """,
    mended=[
        ("images.long() // 16", "images / 16"),
        ("X.flatten(1).float()", "X.flatten(1)"),
    ],
    symptom=_both,
    fault={
        "right": "a",
        "because": "`//` divides whole numbers and drops the rest: 15 // 16 is 0. Only "
        "pixels with full ink are left, and all shades of grey are gone.",
        "a": "Most shades are lost on the way.",
        "b": (
            "The model is too small.",
            "The colleagues have the same model, and the same images.",
        ),
        "c": (
            "The range is still 0 to 16.",
            "Then the accuracy would hardly suffer: larger inputs are like a larger "
            "learning rate.",
        ),
    },
    measure={
        "right": "c",
        "because": "Seventeen shades went in. If two come out, the shades were lost "
        "here; if 16 is among them, nothing was divided.",
        "a": (
            "The shape of X.",
            "It is (N, 64), whatever became of the ink.",
        ),
        "b": (
            "The accuracy from another seed.",
            "It is about as low again, since the ink is lost for every seed.",
        ),
        "c": "The different numbers that occur in X.",
    },
    measured=_colours,
    inputs=of_seeds(lambda s: (images(s, 3)[0],)),
)


def _above_below(seed, n=200):
    """Return two features of 4 and 9, the ink above and below (0 to 16), and y."""
    X, y = pair(seed, n)
    return 16 * X.reshape(-1, 2, 32).mean(dim=2), y


add(
    16,
    lab=4,
    section="3. It learns",
    level=1,
    setting="Logistic regression by hand, 4 against 9, with two features: mean ink "
    "above and below, from 0 to 16.",
    code="""
        def descend(X, y, n_steps):
            w, b = torch.zeros(2, 1), torch.zeros(1)
            losses = []
            for _ in range(n_steps):
                logits = X @ w + b
                loss = F.binary_cross_entropy_with_logits(logits, y)
                losses.append(loss.item())
                error = (torch.sigmoid(logits) - y) / len(y)
                w = w - 0.5 * X.T @ error
                b = b - 0.5 * error.sum()
            return losses
    """,
    mended=[("w - 0.5 * X", "w - 0.02 * X"), ("b - 0.5 * error", "b - 0.02 * error")],
    symptom=lambda f, seed: log(f(*_above_below(seed), 9), range(8)),
    fault={
        "right": "c",
        "because": "Along the valley the steps are fine. Across it, where it is steep, "
        "each one jumps to the other side and lands higher up.",
        "a": (
            "The slopes of earlier steps are never cleared.",
            "These slopes are calculated anew in each step. Nothing adds up, because "
            "there is no `.grad`.",
        ),
        "b": (
            "The steps go uphill.",
            "Then the loss would rise with each step, and never come down in between.",
        ),
        "c": "The steps are too long.",
    },
    measure={
        "right": "b",
        "because": "Short steps along the right slope go down, one after the other. "
        "With a wrong sign they go up however short they are, and slopes that add up "
        "swing at any rate.",
        "a": (
            "The first loss, against log 2.",
            "It is log 2 exactly, because the weights start at 0.",
        ),
        "b": "The same steps with a much smaller rate.",
        "c": (
            "The largest weight at the end.",
            "It is large in all three cases.",
        ),
    },
    measured=lambda f, seed: log(f(*_above_below(seed), 8), range(0, 8), 3),
    inputs=of_seeds(lambda s: (*_above_below(s, 20), 4 + s)),
    note="To be compared, a mend has learning rate 0.02.",
)

add(
    17,
    lab=6,
    section="7. Where to start",
    level=3,
    setting="A hidden layer by hand. Ink counts from -1 (white) to 0 (black). Returned "
    "are the losses, and the answers of the 20 hidden units.",
    code="""
        def train_hidden(X, y, n_steps):
            W, c = torch.rand(64, 20) / 4, torch.zeros(20)
            v, d = torch.randn(20, 10) / 4, torch.zeros(10)
            parameters = [p.requires_grad_() for p in (W, c, v, d)]
            optimizer = torch.optim.SGD(parameters, lr=0.2)
            losses = []
            for _ in range(n_steps):
                optimizer.zero_grad()
                h = torch.relu((X - 1) @ W + c)
                loss = F.cross_entropy(h @ v + d, y)
                loss.backward()
                optimizer.step()
                losses.append(loss.item())
            return losses, h.detach()
    """,
    mended=[("torch.rand(64", "torch.randn(64")],
    symptom=lambda f, seed: log(f(*digits(seed), 201)[0], (0, 10, 50, 100, 200), 3),
    fault={
        "right": "b",
        "because": "`rand` gives weights from 0 to 1, and the inputs are never above "
        "0. So each sum is negative, each unit is off for all images, and no slope "
        "gets through. Only the last biases learn how frequent the classes are.",
        "a": (
            "All hidden units start alike.",
            "Their weights are random, so they differ from the start.",
        ),
        "b": "No hidden unit is ever on.",
        "c": (
            "The learning rate is too small.",
            "Then the loss would go on falling, little by little. It fell in the "
            "first steps, and stands still.",
        ),
    },
    measure={
        "right": "c",
        "because": "Units that are off everywhere give a share of 0. Equal units would "
        "be on for the same images, and a small rate does not switch them off.",
        "a": (
            "The first loss, against log K.",
            "It is log K: who gives no answer is undecided.",
        ),
        "b": (
            "The loss after twice as many steps.",
            "It tells a small rate from the others, but not units that are off from "
            "units that are alike.",
        ),
        "c": "For which share of the images the units are on.",
    },
    measured=lambda f, seed: (
        f"share of h above 0: {(f(*digits(seed), 1)[1] > 0).float().mean():.2f}"
    ),
    inputs=of_seeds(lambda s: (*digits(s, 20), 3 + s)),
    note="To be compared, a mend draws W from torch.randn(64, 20) / 4.",
)


def _used(seed, n_steps=10):
    """Return a model, its optimizer after a run on negatives, and good weights."""
    X, y = digits(seed)
    torch.manual_seed(seed)
    model = nn.Linear(64, 10, bias=False)
    good = fitted(model, X, y).weight.detach().clone()
    model = nn.Linear(64, 10, bias=False)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5, momentum=0.9)
    for _ in range(n_steps):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(1 - X), y)
        loss.backward()
        optimizer.step()
    return model, optimizer, good


def _again(f, seed):
    return log(f(*_used(seed), *digits(seed), 201), (0, 1, 2, 5, 10, 20, 60, 200))


def _first_step(f, seed):
    model, optimizer, good = _used(seed)
    f(model, optimizer, good, *digits(seed), 1)
    moved = (model.weight - good).norm()
    return f"moved by {moved:.3f}, lr times slope {0.5 * model.weight.grad.norm():.3f}"


add(
    18,
    lab=6,
    section="9. Better steps",
    level=3,
    setting="Yesterday the model was trained on negatives, with momentum. Now it gets "
    "stored weights that are good for ordinary images, and goes on with these.",
    code="""
        def restart(model, optimizer, stored, X, y, n_steps):
            with torch.no_grad():
                model.weight.copy_(stored)
            losses = []
            for _ in range(n_steps):
                optimizer.zero_grad()
                loss = F.cross_entropy(model(X), y)
                loss.backward()
                optimizer.step()
                losses.append(loss.item())
            return losses
    """,
    mended=[("copy_(stored)\n", "copy_(stored)\n    optimizer.state.clear()\n")],
    symptom=_again,
    fault={
        "right": "a",
        "because": "The weights are stored ones, and the speed is that of yesterday. "
        "The optimizer keeps it by parameter, and the parameters are the same tensors "
        "as before.",
        "a": "The optimizer still has its speed.",
        "b": (
            "Slopes of yesterday were never cleared.",
            "`zero_grad` clears them before each `backward`, the first one as well.",
        ),
        "c": (
            "The learning rate is too large.",
            "Then it would get worse and worse. Here it gets worse for some steps, and "
            "then better again, with the same rate.",
        ),
    },
    measure={
        "right": "b",
        "because": "A first step without a past is lr times slope. Whatever is more "
        "comes from the past, and the slope itself is fresh.",
        "a": (
            "The loss before the first step.",
            "It is that of the stored weights, with or without a past.",
        ),
        "b": "How far the first step goes, against lr times the slope.",
        "c": (
            "The same run, twice as long.",
            "It gets over its bad beginning, and then shows nothing any more.",
        ),
    },
    measured=_first_step,
    inputs=of_seeds(lambda s: (*_used(s, 5), *digits(s, 30), 3 + s)),
    note="optimizer.state.clear() takes the speed away; a new optimizer has none, too.",
)


def _companies(f, seed):
    (train, y), (test, y_test) = digits(seed, 400), digits(seed, 400, first=400)
    X, X_test = f(train, test)
    model = fitted(linear(seed), X, y, 40)
    nines = y_test == 9
    mixed = right(model, X_test[nines], y_test[nines])
    alone = right(model, f(train, test[nines])[1], y_test[nines])
    return (
        f"nines among 400 digits: {mixed:.2f} right\n"
        f"the same nines, prepared by themselves: {alone:.2f} right"
    )


def _one_pixel(f, seed):
    (train, _), (test, y) = digits(seed, 300), digits(seed, 300, first=300)
    nines = test[y == 9]
    first = f(train, torch.cat([nines[:1], test]))[1][0]
    alone = f(train, nines)[1][0]
    return f"image 0 differs by up to {(first - alone).abs().max():.2f}"


add(
    19,
    lab=11,
    section="Three traps",
    level=3,
    setting="Features with mean 0 and deviation 1. (The 0.1 is for pixels that never "
    "change.)",
    code="""
        def standardised(train, test):
            X_train = (train - train.mean(dim=0)) / (train.std(dim=0) + 0.1)
            X_test = (test - test.mean(dim=0)) / (test.std(dim=0) + 0.1)
            return X_train, X_test
    """,
    mended=[
        (
            "(test - test.mean(dim=0)) / (test.std(dim=0) + 0.1)",
            "(test - train.mean(dim=0)) / (train.std(dim=0) + 0.1)",
        )
    ],
    symptom=_companies,
    fault={
        "right": "c",
        "because": "Each set is measured against its own mean. Among nines only, what "
        "makes a nine is the mean, and it is subtracted. Mean and deviation belong "
        "to the model: they come from training.",
        "a": (
            "Nines are hard to read.",
            "The same nines are read well among the others.",
        ),
        "b": (
            "The model is overfitting.",
            "It is the same model for both lines, and the same images.",
        ),
        "c": "The test images are measured by their own mean and deviation.",
    },
    measure={
        "right": "a",
        "because": "A prepared image must not depend on its company. Hard digits and "
        "overfitting leave the numbers of an image alone.",
        "a": "The numbers of one image, prepared among others and among nines.",
        "b": (
            "The accuracy of each class.",
            "Among 400 mixed digits all classes look sound.",
        ),
        "c": (
            "The mean of X_train.",
            "It is 0, as it should be. That half of the function is right.",
        ),
    },
    measured=_one_pixel,
    inputs=of_seeds(lambda s: (digits(s, 9)[0], digits(s, 6 + s, first=9)[0])),
)


@functools.cache
def _dropped(seed: int) -> nn.Module:
    return fitted(network(seed, n_hidden=60, dropout=0.8), *digits(seed, 400))


def _watch(f, seed, exchanged=False):
    parts = [digits(seed, 400), digits(seed, 300, first=400)]
    model = _dropped(seed).train()
    torch.manual_seed(seed)  # training has drawn lots, but only the first time
    names = ["training images", "held-out images"]
    if exchanged:
        parts, names = parts[::-1], names[::-1]
    shares = f(model, *parts[0], *parts[1])
    return ", ".join(f"{n} {s:.2f}" for n, s in zip(names, shares, strict=True))


add(
    20,
    lab=7,
    section="8. Dropout, and the two modes of a model",
    level=2,
    setting="After each epoch two accuracies are noted, of the training images and of "
    "held-out ones. The model has dropout.",
    code="""
        def watch(model, X, y, X_val, y_val):
            shares = []
            for inputs, labels in ((X, y), (X_val, y_val)):
                y_pred = model(inputs).argmax(dim=1)
                shares.append((y_pred == labels).float().mean().item())
                model.eval()
            return shares
    """,
    mended=[
        ("    shares = []\n", "    model.eval()\n    shares = []\n"),
        ("        model.eval()\n    return", "    return"),
    ],
    symptom=_watch,
    fault={
        "right": "b",
        "because": "The first of the two is read in training mode, with most hidden "
        "units switched off at random. A model cannot know new images better than "
        "those it has learned from, and should it look like that, ask why.",
        "a": (
            "The held-out images are easier.",
            "They are drawn from the same pile, so they are as hard as the others, "
            "but for a little luck.",
        ),
        "b": "Dropout was on for the first of the two.",
        "c": (
            "Held-out images were used in training.",
            "Then both numbers would be equally high. The first could not be below "
            "the second.",
        ),
    },
    measure={
        "right": "a",
        "because": "If images were easier or known, the large number would go with "
        "them. It stays in the second place: so it is the place, and not the images.",
        "a": "The same two numbers, with the sets exchanged in the call.",
        "b": (
            "The training loss.",
            "It was calculated in training mode, too, and so it is just as high.",
        ),
        "c": (
            "The share of the largest class in both sets.",
            "It is about one in ten in both. That says nothing about dropout.",
        ),
    },
    measured=lambda f, seed: _watch(f, seed, exchanged=True),
    inputs=of_seeds(
        lambda s: (
            network(s, n_hidden=8, dropout=0.5).train(),
            *digits(s, 30),
            *digits(s, 25, first=30),
        )
    ),
)


def _run_total(f, seed, n_steps=20):
    model = linear(seed)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    return f(model, optimizer, *digits(seed), n_steps)


add(
    21,
    lab=8,
    section="5. The loop, once and for all",
    level=2,
    setting="The mean loss of a long run. With each step the program needs more "
    "memory, until it is stopped.",
    code="""
        def mean_of_run(model, optimizer, X, y, n_steps):
            total = 0.0
            for _ in range(n_steps):
                optimizer.zero_grad()
                loss = F.cross_entropy(model(X), y)
                loss.backward()
                optimizer.step()
                total = total + loss
            return total / n_steps
    """,
    mended=[("total + loss", "total + loss.item()")],
    symptom=lambda f, seed: f"it returns {_run_total(f, seed)!r}",
    fault={
        "right": "a",
        "because": "`loss` knows how it was made. In the sum each loss keeps its "
        "graph, with all that belongs to it, and none of it can be freed before the "
        "sum is. `.item()` is the bare number.",
        "a": "The sum keeps the history of every loss.",
        "b": (
            "The optimizer keeps the slopes of all steps.",
            "It keeps at most a few numbers for each parameter, as many after a "
            "thousand steps as after one.",
        ),
        "c": (
            "The images are copied in each step.",
            "Nothing here copies them. And a copy that has no name is freed.",
        ),
    },
    measure={
        "right": "c",
        "because": "A number has no history. If the sum has one, it holds on to every "
        "step; the optimizer and the images have no part in that.",
        "a": (
            "The number of parameters.",
            "It is the same in every step, so it cannot be what grows.",
        ),
        "b": (
            "The loss of each step.",
            "It falls as it should. What a loss is worth does not say what it holds.",
        ),
        "c": "Whether the sum has a `grad_fn`.",
    },
    measured=lambda f, seed: (
        f"grad_fn: {getattr(_run_total(f, seed), 'grad_fn', None) is not None}"
    ),
    inputs=of_seeds(
        lambda s: (
            *(lambda model: (model, torch.optim.SGD(model.parameters(), lr=0.1)))(
                linear(s)
            ),
            *digits(s, 20),
            3 + s,
        )
    ),
)


def _class_by_class(f, seed):
    X, y = digits(seed, 300)
    y_pred = f(X, y, 100).argmax(dim=1)
    shares = [f"{(y_pred[y == k] == k).float().mean():.2f}" for k in range(10)]
    counts = [f"{(y == k).sum():4}" for k in range(10)]
    return f"images      {' '.join(counts)}\nshare right {' '.join(shares)}"


add(
    22,
    lab=10,
    section="Pitfall: ReLU on the logits",
    level=3,
    setting="A model for ten digits; returned are its logits for the training images.",
    code="""
        def read_digits(X, y, n_steps):
            torch.manual_seed(0)
            model = nn.Sequential(nn.Linear(64, 10), nn.ReLU())
            optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
            for _ in range(n_steps):
                optimizer.zero_grad()
                loss = F.cross_entropy(model(X), y)
                loss.backward()
                optimizer.step()
            return model(X).detach()
    """,
    mended=[("nn.Sequential(nn.Linear(64, 10), nn.ReLU())", "nn.Linear(64, 10)")],
    symptom=_class_by_class,
    fault={
        "right": "c",
        "because": "Behind a ReLU no logit is negative. A class whose logit has become "
        "0 for all images gets no slope any more and is lost. Logits are free "
        "numbers: nothing follows the last layer.",
        "a": (
            "These classes are rare.",
            "The first row says that all classes are about equally frequent.",
        ),
        "b": (
            "The training is too short.",
            "Then all classes would be read a little worse. Here some are read well, "
            "and some never.",
        ),
        "c": "The last layer is followed by a ReLU.",
    },
    measure={
        "right": "b",
        "because": "A column of zeros is a class without an answer. In rare classes "
        "and short trainings its logits are small, but they are not all 0.",
        "a": (
            "The largest logit.",
            "It is large for the classes that work, and says nothing of the others.",
        ),
        "b": "In how many columns all logits are 0.",
        "c": (
            "The accuracy of all images together.",
            "It is lower than it should be, for each of the three reasons.",
        ),
    },
    measured=lambda f, seed: (
        f"{(f(*digits(seed, 300), 100) == 0).all(dim=0).sum()} columns are all 0"
    ),
    inputs=of_seeds(lambda s: (*digits(s, 30), 4 + s)),
)


def _learned(f, seed):
    X, y = f(*digits(seed, 200))
    model = fitted(network(seed, n_hidden=100), X, y, 200, lr=0.01)
    shares = right(model, X, y), right(model, *digits(seed, 300, first=200))
    return "accuracy: training {:.2f}, held out {:.2f}".format(*shares)


def _pairs(f, seed):
    X, y = digits(seed)
    X_new, y_new = f(X, y)
    place = (X_new[:, None] == X[None]).all(dim=2).float().argmax(dim=1)
    return f"{(y[place] == y_new).sum()} of 200 images have the label they came with"


add(
    23,
    lab=8,
    section="3. The order",
    level=2,
    setting="The data is shuffled. Then a network with 100 hidden units is trained.",
    code="""
        def shuffled(X, y):
            X = X[torch.randperm(len(X))]
            y = y[torch.randperm(len(y))]
            return X, y
    """,
    mended=[
        (
            "    X = X[torch.randperm(len(X))]\n    y = y[torch.randperm(len(y))]\n"
            "    return X, y\n",
            "    order = torch.randperm(len(X))\n    return X[order], y[order]\n",
        )
    ],
    symptom=_learned,
    fault={
        "right": "a",
        "because": "Two orders were drawn, one for the images and another for the "
        "labels. A network is large enough to learn nonsense by heart; on new images "
        "it is as good as a guess.",
        "a": "Images and labels were shuffled apart.",
        "b": (
            "The network is overfitting.",
            "It does. But with right labels it would still read most new images, far "
            "better than one in ten.",
        ),
        "c": (
            "The held-out images have another range.",
            "Nearly all of them would still be read rightly: the order of the logits "
            "hardly changes.",
        ),
    },
    measure={
        "right": "c",
        "because": "Labels that do not belong to their images: one sees it at once. "
        "Overfitting and ranges leave the pairs as they were.",
        "a": (
            "The range of the numbers.",
            "It is 0 to 1 in both sets. An order has no range.",
        ),
        "b": (
            "The loss of ten images, trained to the end.",
            "It comes near 0: ten wrong labels are learned by heart as easily as ten "
            "right ones.",
        ),
        "c": "Some images, beside their labels.",
    },
    measured=_pairs,
    inputs=of_seeds(lambda s: digits(s, 12 + s)),
    note="To be compared, a mend draws its order with torch.randperm(len(X)).",
)


def _stale(f, seed):
    return log(f(linear(seed), *digits(seed), 101), (0, 1, 10, 50, 100), 3)


def _distance(f, seed):
    model = linear(seed)
    before = model.weight.detach().clone()
    losses = f(model, *digits(seed), 51)
    moved = (model.weight - before).norm()
    return (
        f"weights moved by {moved:.2f}, loss from {losses[0]:.2f} to {losses[-1]:.2f}"
    )


add(
    24,
    lab=9,
    section="3. Two bugs of long sessions",
    level=3,
    setting="Softmax regression on 200 digits.",
    code="""
        def fit_digits(model, X, y, n_steps):
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            logits = model(X)
            losses = []
            for _ in range(n_steps):
                optimizer.zero_grad()
                loss = F.cross_entropy(logits, y)
                loss.backward(retain_graph=True)
                optimizer.step()
                losses.append(loss.item())
            return losses
    """,
    mended=[
        ("    logits = model(X)\n    losses", "    losses"),
        ("cross_entropy(logits, y)", "cross_entropy(model(X), y)"),
        ("backward(retain_graph=True)", "backward()"),
    ],
    symptom=_stale,
    fault={
        "right": "c",
        "because": "The logits are those of the start. Loss and slope never change, so "
        "all steps go in the same direction, blindly. `retain_graph` silences the "
        "error that would have told it.",
        "a": (
            "The optimizer holds another model.",
            "It is made of the parameters of `model`, the same that gives the logits.",
        ),
        "b": (
            "The learning rate is 0.",
            "It would look like that. But the code says 0.1.",
        ),
        "c": "The logits were calculated once, before the loop.",
    },
    measure={
        "right": "b",
        "because": "Weights that move, and a loss that does not: the loss is not "
        "theirs. With another optimizer, or with rate 0, they would stay.",
        "a": (
            "The norm of the slope.",
            "It is not 0 in any of the three: slopes are there, used or not.",
        ),
        "b": "How far the weights have moved.",
        "c": (
            "The first loss, against log K.",
            "It is near log K, and in the first step everything is still right.",
        ),
    },
    measured=_distance,
    inputs=of_seeds(lambda s: (linear(s), *digits(s, 25), 4 + s)),
)


def _layers(seed):
    torch.manual_seed(seed)
    return nn.Linear(64, 8), nn.Linear(8, 10)


def _cut(f, seed):
    first, last = _layers(seed)
    f(first, last, *digits(seed), 5)
    slopes = norms([first.weight.grad, last.weight.grad])
    return f"slopes of the first and the last weights: {slopes}"


add(
    25,
    lab=6,
    section="6. An autograd of our own",
    level=2,
    setting="A network with 8 hidden units. With such a network colleagues come to a "
    "loss below 0.1 in these 400 steps.",
    code="""
        def two_layers(first, last, X, y, n_steps):
            parameters = [*first.parameters(), *last.parameters()]
            optimizer = torch.optim.SGD(parameters, lr=0.5)
            losses = []
            for _ in range(n_steps):
                optimizer.zero_grad()
                h = torch.relu(first(X)).detach()
                loss = F.cross_entropy(last(h), y)
                loss.backward()
                optimizer.step()
                losses.append(loss.item())
            return losses
    """,
    mended=[("first(X)).detach()", "first(X))")],
    symptom=lambda f, seed: log(
        f(*_layers(seed), *digits(seed), 401), (0, 20, 100, 200, 400)
    ),
    fault={
        "right": "a",
        "because": "`detach` cuts the way back. The last layer learns from features "
        "that stay as random as they began.",
        "a": "No slope reaches the first layer.",
        "b": (
            "The network is too small.",
            "The colleagues have the same 8 units.",
        ),
        "c": (
            "The learning rate is too small.",
            "The colleagues have the same one, and the loss does fall at once.",
        ),
    },
    measure={
        "right": "b",
        "because": "A part that gets no slope cannot learn. With too few units or "
        "short steps both layers have slopes.",
        "a": (
            "The loss of held-out images.",
            "It is as high as that of the training images, for all three reasons.",
        ),
        "b": "The slope of each layer.",
        "c": (
            "The loss after twice as many steps.",
            "It is a little lower in each case.",
        ),
    },
    measured=_cut,
    inputs=of_seeds(lambda s: (*_layers(s), *digits(s, 25), 4 + s)),
)


def _long(f, seed):
    losses = f(linear(seed), *digits(seed), 401)
    return log(losses, (100, 200, 400))


add(
    26,
    lab=9,
    section="L2 costs half",
    level=3,
    setting="Softmax regression on 200 digits, 101 steps. (Lab 9 has `weight_decay` in "
    "its part *Deeper*.)",
    code="""
        def train_decayed(model, X, y, n_steps):
            options = {"lr": 0.5, "weight_decay": 0.2}
            optimizer = torch.optim.SGD(model.parameters(), **options)
            losses = []
            for _ in range(n_steps):
                optimizer.zero_grad()
                loss = F.cross_entropy(model(X), y)
                loss.backward()
                optimizer.step()
                losses.append(loss.item())
            return losses
    """,
    mended=[('"weight_decay": 0.2', '"weight_decay": 0.001')],
    symptom=lambda f, seed: log(
        f(linear(seed), *digits(seed), 101), (0, 20, 40, 60, 80, 100), 3
    ),
    fault={
        "right": "b",
        "because": "In each step the weights shrink by a share of themselves. Where "
        "the slope of the loss pulls just as strongly the other way, all comes to "
        "rest, far from the bottom of the loss.",
        "a": (
            "The learning rate is too small.",
            "Then the loss would still be falling at the end.",
        ),
        "b": "The weights are pulled towards 0 too strongly.",
        "c": (
            "The training is too short.",
            "For the last forty steps nothing moves any more, so longer would not be "
            "better.",
        ),
    },
    measure={
        "right": "c",
        "because": "With a small rate, or too little time, the loss of a longer run is "
        "lower. Where it stands still at once, something holds it.",
        "a": (
            "The first loss, against log K.",
            "The start is as it should be; the weights are pulled later.",
        ),
        "b": (
            "The accuracy.",
            "It is rather good, as small weights have the same order of logits. It "
            "would be with a small rate, too.",
        ),
        "c": "The loss after four times as many steps.",
    },
    measured=_long,
    inputs=of_seeds(lambda s: (linear(s), *digits(s, 25), 4 + s)),
    note="To be compared, a mend has weight_decay=0.001.",
)


def _rooms(seed, n=150):
    """Return temperatures (n, 1), 0 in the middle, and cold, fine or hot."""
    g = torch.Generator().manual_seed(seed)
    x = torch.rand(n, 1, generator=g) * 6 - 3
    return x, ((x > -1).long() + (x > 1).long()).flatten()


def _felt(f, seed):
    x, y = _rooms(seed)
    y_pred, _ = f(x, y, 500)
    return f"classes: cold, fine, hot; about 50 of each\n{table(y, y_pred, 3)}"


add(
    27,
    lab=5,
    section="5. One bias for all",
    level=3,
    setting="Cold, fine, hot: three classes from one temperature. Returned are the "
    "predicted classes and b.",
    code="""
        def thermostat(x, y, n_steps):
            W = torch.zeros(1, 3, requires_grad=True)
            b = torch.zeros(1, requires_grad=True)
            optimizer = torch.optim.SGD([W, b], lr=0.3)
            for _ in range(n_steps):
                optimizer.zero_grad()
                loss = F.cross_entropy(x @ W + b, y)
                loss.backward()
                optimizer.step()
            return (x @ W + b).argmax(dim=1), b.detach()
    """,
    mended=[("b = torch.zeros(1,", "b = torch.zeros(3,")],
    symptom=_felt,
    fault={
        "right": "a",
        "because": "One number added to all three logits changes no probability, so "
        "its slope is 0. Without biases of their own all three lines cross in one "
        "point, and the middle one is nowhere on top.",
        "a": "The three classes share one bias.",
        "b": (
            "Three straight lines cannot have a class in the middle.",
            "They can: the middle line only has to be raised, by its own bias.",
        ),
        "c": (
            "The class in the middle is rare.",
            "There are as many of it as of the others.",
        ),
    },
    measure={
        "right": "c",
        "because": "A bias that stays at exactly 0 takes no part. A rare class, or a "
        "model that is too simple, would move it all the same.",
        "a": (
            "The loss after more steps.",
            "It stays high for each of the three reasons.",
        ),
        "b": (
            "The norm of the slope of W at the start.",
            "It is not 0 in any of them: W learns which side is hot.",
        ),
        "c": "The bias after training.",
    },
    measured=lambda f, seed: (
        "b = " + ", ".join(f"{v:.2f}" for v in f(*_rooms(seed), 500)[1].abs())
    ),
    inputs=of_seeds(lambda s: (*_rooms(s, 40), 20 + s)),
)


def _passes(f, seed, n=101):
    model, (X, y) = linear(seed), digits(seed, n)
    return [f(model, X, y, 20) for _ in range(4)][1:]


def _per_step(f, seed):
    lines = (" ".join(f"{x:5.2f}" for x in losses) for losses in _passes(f, seed))
    return "loss of each batch, second to fourth pass\n" + "\n".join(lines)


def _sizes(f, seed):
    sizes, model = [], linear(seed)
    model.register_forward_pre_hook(lambda _, x: sizes.append(len(x[0])))
    f(model, *digits(seed, 101), 20)
    return f"images in each batch: {sizes}"


add(
    28,
    lab=11,
    section="The short last batch",
    level=3,
    setting="101 images, batches of 20, in a new order for each pass.",
    code="""
        def batch_losses(model, X, y, batch_size):
            optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
            order = torch.randperm(len(X))
            losses = []
            for i in range(0, len(X), batch_size):
                rows = order[i : i + batch_size]
                optimizer.zero_grad()
                loss = F.cross_entropy(model(X[rows]), y[rows])
                loss.backward()
                optimizer.step()
                losses.append(loss.item())
            return losses
    """,
    mended=[
        (
            "range(0, len(X), batch_size)",
            "range(0, len(X) - batch_size + 1, batch_size)",
        )
    ],
    symptom=_per_step,
    fault={
        "right": "b",
        "because": "101 is 5 times 20 and one more. The last step of each pass listens "
        "to a single image, as loudly as to twenty. It is a leap towards this one, and "
        "the next batch pays for it. In training such a rest is left out.",
        "a": (
            "The learning rate is too large.",
            "Then the loss would leap anywhere in the pass, and not in the first "
            "column alone.",
        ),
        "b": "The last batch holds a single image.",
        "c": (
            "One label is wrong.",
            "The order is new in each pass, so a wrong label would turn up in another "
            "column each time.",
        ),
    },
    measure={
        "right": "a",
        "because": "The loss is high right behind the batch with the odd size. Neither "
        "a large rate nor a wrong label is tied to a place.",
        "a": "The number of images in each batch.",
        "b": (
            "The mean loss of each pass.",
            "It hides the place, which is all that tells the three apart.",
        ),
        "c": (
            "The same from another seed.",
            "The first column is high again. That is no chance, but what is it?",
        ),
    },
    measured=_sizes,
    inputs=of_seeds(lambda s: (linear(s), *digits(s, 21 + s), 5)),
)


def _barely(seed, n=200):
    X, y = pair(seed, n)
    model = linear(seed, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(25):
        optimizer.zero_grad()
        loss = F.binary_cross_entropy_with_logits(model(X), y)
        loss.backward()
        optimizer.step()
    return model, X, y


def _found(f, seed):
    model, X, y = _barely(seed)
    called = f(model, X)
    return (
        f"nines that are called nines: {called[y == 1].mean():.2f}\n"
        f"fours that are called nines: {called[y == 0].mean():.2f}\n"
        f"nines among the images: {y.mean():.2f}"
    )


def _least(f, seed):
    model, X, _ = _barely(seed)
    p = torch.sigmoid(model(X))
    return f"least p that is called a nine: {p[f(model, X) == 1].min():.2f}"


add(
    29,
    lab=4,
    section="9. End in logits",
    level=2,
    setting="4 against 9: which images does the model call a 9?",
    code="""
        def call_nines(model, X):
            with torch.no_grad():
                logits = model(X)
            return (logits > 0.5).float()
    """,
    mended=[("logits > 0.5", "logits > 0")],
    symptom=_found,
    fault={
        "right": "c",
        "because": "One half is the border for probabilities. A logit of 0.5 is p = "
        "0.62, so that nines between 0.5 and 0.62 are turned away.",
        "a": (
            "Nines are rare.",
            "About half of the images are nines.",
        ),
        "b": (
            "The model has not been trained long enough.",
            "Then it would err on both sides. Here hardly a four is called a nine.",
        ),
        "c": "The threshold is too high.",
    },
    measure={
        "right": "a",
        "because": "If the threshold is right, it is just above one half. Rare nines "
        "or a short training do not move it.",
        "a": "The least p that is still called a nine.",
        "b": (
            "The mean loss.",
            "No threshold occurs in it. It is the same for every threshold.",
        ),
        "c": (
            "The share right of fours and nines together.",
            "It is a little lower, for each of the three reasons.",
        ),
    },
    measured=_least,
    inputs=of_seeds(lambda s: _barely(s, 40)[:2]),
)


def _pair_log(loss_of, seed, X, y, n_steps, lr=0.05):
    model = linear(seed, 1)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    losses = []
    for _ in range(n_steps + 1):
        optimizer.zero_grad()
        loss = loss_of(model, X, y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses, ((model(X) > 0) == y).float().mean().item()


def _nines_log(f, seed):
    losses, _ = _pair_log(f, seed, *pair(seed), 400)
    return log(losses, (0, 20, 100, 200, 400), 3)


def _four_images(f, seed):
    X, y = pair(seed, 30)
    rows = torch.cat([(y == k).nonzero()[:2, 0] for k in (0, 1)])
    losses, _ = _pair_log(f, seed, X[rows], y[rows], 500, lr=0.3)
    return f"two fours, two nines, 500 steps: loss {losses[-1]:.3f}"


add(
    30,
    lab=4,
    section="9. End in logits",
    level=2,
    setting="4 against 9 again: the loss. At the end all images but a few are read "
    "rightly.",
    code="""
        def nine_loss(model, X, y):
            logits = model(X)
            probs = torch.sigmoid(logits)
            return F.binary_cross_entropy_with_logits(probs, y)
    """,
    mended=[
        ("    probs = torch.sigmoid(logits)\n", ""),
        ("with_logits(probs, y)", "with_logits(logits, y)"),
    ],
    symptom=_nines_log,
    fault={
        "right": "b",
        "because": "The loss takes the sigmoid itself. What it gets lies between 0 and "
        "1, so a nine has p = 0.73 at most, a four never less than 0.5, and the loss "
        "stays above one half.",
        "a": (
            "The learning rate is too small.",
            "Then the images would not be read rightly yet, and the loss would go on "
            "falling.",
        ),
        "b": "The sigmoid is applied twice.",
        "c": (
            "Some labels are wrong.",
            "Nearly all images are read as their labels say, so there cannot be many.",
        ),
    },
    measure={
        "right": "c",
        "because": "Four images with right labels can be learned by heart. A loss that "
        "does not come near 0 on them has a floor.",
        "a": (
            "The first loss, against log 2.",
            "It is near log 2 with one sigmoid and with two.",
        ),
        "b": (
            "The share of the largest class.",
            "It is one half, and the accuracy is far above it either way.",
        ),
        "c": "The loss of four images, trained to the end.",
    },
    measured=_four_images,
    inputs=of_seeds(lambda s: (linear(s, 1), *pair(s, 20))),
)


def _up_to(f, seed):
    X, y = digits(seed)
    try:
        with_nines = f"{f(X, y):.2f}"
    except IndexError:
        with_nines = "IndexError"
    return f"labels up to 8: loss {f(X[y < 9], y[y < 9]):.2f}; up to 9: {with_nines}"


add(
    31,
    lab=3,
    section="5. Labels that fit, and labels that are taken",
    level=1,
    setting="The first loss of a model for the digits 0 to 9.",
    code="""
        def first_loss(X, y):
            torch.manual_seed(0)
            model = nn.Linear(64, 9)
            logits = model(X)
            return F.cross_entropy(logits, y).item()
    """,
    mended=[("nn.Linear(64, 9)", "nn.Linear(64, 10)")],
    symptom=lambda f, seed: f"{f(*digits(seed)):.2f}",
    fault={
        "right": "a",
        "because": "Digits 0 to 9 are ten classes, and nine columns are called 0 to 8. "
        "On a graphics card the same mistake ends the whole process, with a message "
        "that says little.",
        "a": "There is a column too few.",
        "b": (
            "The labels go from 1 to 10.",
            "Then the message might name 10 as well. And the digits are labels as they "
            "are.",
        ),
        "c": (
            "The images have the wrong number of pixels.",
            "Then the matrix product would stop with an error about shapes, before "
            "there is a loss.",
        ),
    },
    measure={
        "right": "c",
        "because": "The largest label has to be below the number of columns. That one "
        "line shows who is wrong, the labels or the model.",
        "a": (
            "The shape of X.",
            "It is (200, 64) and fits: the error comes after the product.",
        ),
        "b": (
            "How often the largest class occurs.",
            "It says nothing about the number of columns.",
        ),
        "c": "The largest label, beside the number of columns.",
    },
    measured=_up_to,
    inputs=of_seeds(lambda s: digits(s, 150 + s)),
)

add(
    32,
    lab=6,
    section="7. Where to start",
    level=2,
    setting="A hidden layer by hand, with 20 units. Returned are the losses, and the "
    "slopes at the end.",
    code="""
        def train_zeros(X, y, n_steps):
            W, c = torch.zeros(64, 20), torch.zeros(20)
            v, d = torch.zeros(20, 10), torch.zeros(10)
            parameters = [p.requires_grad_() for p in (W, c, v, d)]
            optimizer = torch.optim.SGD(parameters, lr=0.5)
            losses = []
            for _ in range(n_steps):
                optimizer.zero_grad()
                h = torch.relu(X @ W + c)
                loss = F.cross_entropy(h @ v + d, y)
                loss.backward()
                optimizer.step()
                losses.append(loss.item())
            return losses, [p.grad for p in parameters]
    """,
    mended=[
        ("torch.zeros(64, 20)", "torch.randn(64, 20) / 8"),
        ("torch.zeros(20, 10)", "torch.randn(20, 10) / 4"),
    ],
    symptom=lambda f, seed: log(f(*digits(seed), 201)[0], (0, 10, 50, 100, 200), 3),
    fault={
        "right": "b",
        "because": "To reach W a slope has to pass v, which is 0; to reach v it is "
        "multiplied by h, which is 0. Only the last biases get one, and learn how "
        "frequent the classes are.",
        "a": (
            "The learning rate is too small.",
            "Then the loss would go on falling. It stands still after a few steps.",
        ),
        "b": "All weights start at 0.",
        "c": (
            "The numbers of the images are too small.",
            "Small inputs would make it slow, as a small rate does; it would not stand "
            "still.",
        ),
    },
    measure={
        "right": "a",
        "because": "Slopes of exactly 0, for all weights but the last biases: a small "
        "rate or small inputs make slopes small, not 0.",
        "a": "The slope of each parameter.",
        "b": (
            "The first loss, against log K.",
            "It is exactly log K, which looks fine.",
        ),
        "c": (
            "The loss from another seed.",
            "Nothing is drawn here, so the seed changes nothing but the images.",
        ),
    },
    measured=lambda f, seed: f"slopes of W, c, v, d: {norms(f(*digits(seed), 5)[1])}",
    inputs=of_seeds(lambda s: (*digits(s, 25), 4 + s)),
    note="To be compared, a mend draws torch.randn(64, 20) / 8, then "
    "torch.randn(20, 10) / 4.",
)
