"""Figures that answer the hand at once: each function returns one, to be shown.

A figure is one JavaScript module (``*.js`` here, with ``kit.js`` in front) that needs
no kernel and no network. In a notebook it is a widget, by anywidget: Python gives it
its data and reads what the hand did. In a plain script, on paper, or without anywidget,
a stored picture and a line of text stand in its place.
"""

import base64
import functools
import json
import os
from collections.abc import Callable, Mapping, Sequence
from importlib import resources
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_utils.explorables.network import export

__all__ = [
    "NAMES",
    "Explorable",
    "batches",
    "cross_entropy",
    "draw_digit",
    "ink",
    "kernel",
    "logits",
    "marble",
    "moons",
    "source",
    "style",
    "three_classes",
]

# What stands on paper, on GitHub, and for a screen reader, below the picture.
TEXTS = {
    # It must not answer the question of lab 00 that stands above it.
    "draw_digit": "Draw a digit: a small network answers with ten bars, one for each "
    "digit.",
    "logits": "Logits, temperature and probabilities: three bars to drag and a slider "
    "for the temperature; the probabilities follow, and always add up to 100%.",
    "cross_entropy": "Entropy, cross entropy and KL divergence: two distributions to "
    "drag; each outcome is a box, as wide as it is frequent and as high as its "
    "surprise, and the boxes together are the cross entropy.",
    "marble": "A marble on the map of the loss: ten steps of gradient descent from any "
    "start, which follow the learning rate, momentum, and zero_grad.",
    "three_classes": "Softmax regression on points of three classes: drag a point or a "
    "whole class, and the straight lines between the classes follow.",
    "moons": "A small network on two moons: each hidden unit is a fold, a line to move "
    "and to turn; the border between the classes bends at the folds.",
    "batches": "Mini-batches from sorted or shuffled examples: a ribbon of examples, "
    "the loss after each update, and how the model forgets one class for the other.",
    "kernel": "A kernel of nine weights over a digit: at each place nine products, "
    "whose sum is one pixel of the output.",
}
NAMES = tuple(TEXTS)
LABS = {  # where the task of each belongs
    "draw_digit": "lab00",
    "logits": "lab01",
    "cross_entropy": "lab02",
    "marble": "lab04",
    "three_classes": "lab05",
    "moons": "lab06",
    "batches": "lab08",
    "kernel": "lab11",
}
IN_LABS = (
    "draw_digit",
    "logits",
    "cross_entropy",
    "marble",
    "three_classes",
    "moons",
    "batches",
    "kernel",
)
FOLDER = resources.files(__package__)


@functools.cache
def _text(name: str) -> str:
    return FOLDER.joinpath(name).read_text(encoding="utf-8")


def source(name: str) -> str:
    """Return the module of an explorable as one text, whose default has ``render``."""
    return _text("kit.js") + "\n" + _text(f"{name}.js")


def style() -> str:
    """Return the style sheet of all explorables."""
    return _text("kit.css")


class Explorable:
    """A figure for the hand, and what the hand did with it.

    Show it as the last line of a cell. What a figure tells, such as ``probs``, are its
    attributes; `value` holds all of them.

    Attributes
    ----------
    name : str
        One of `NAMES`.
    """

    def __init__(self, name: str, data: Mapping[str, Any], **value: object):
        self.name = name
        self._value = value
        self._data = dict(data)
        self._callbacks: list[Callable[[], object]] = [functools.partial(_record, name)]
        self._widget = _widget(name, self._data) if is_live() else None
        if self._widget is None:
            print(f"({TEXTS[name]} In Jupyter you can move it.)")
        else:
            self._widget.observe(self._tell, "solved")

    def _tell(self, change: Mapping) -> None:
        if change["new"]:
            for callback in self._callbacks:
                callback()

    def on_solved(self, callback: Callable[[], object]) -> None:
        """Call a function without arguments as soon as the task is done."""
        self._callbacks.append(callback)

    @property
    def solved(self) -> bool:
        """Whether the task is done."""
        return self._widget is not None and self._widget.solved

    @property
    def data(self) -> dict:
        """What Python gave the figure; other data start it anew."""
        return self._data if self._widget is None else self._widget.data

    @data.setter
    def data(self, data: Mapping[str, Any]) -> None:
        self._data = dict(data)
        if self._widget is not None:
            self._widget.data = self._data

    @property
    def value(self) -> dict:
        """Return what the figure tells, as numbers and lists."""
        told = {} if self._widget is None else self._widget.value
        return {**self._value, **told}

    def __getattr__(self, name: str) -> object:
        """Return a value; a list of numbers as a tensor."""
        value = {} if name.startswith("_") else self.value
        if name not in value:
            known = ", ".join(value) or "nothing yet (show it first, then read it)"
            raise AttributeError(f"{self.name} tells no '{name}'. It tells: {known}")
        if isinstance(value[name], list):
            return torch.tensor(value[name])
        return value[name]

    def __dir__(self) -> list[str]:
        """Return the names of the values, too."""
        return [*super().__dir__(), *self.value]

    def __repr__(self) -> str:
        """Return the line for a screen reader."""
        return f"({TEXTS[self.name]})"

    def _repr_mimebundle_(self, **kwargs: object) -> tuple[dict, dict] | dict:
        if self._widget is not None:
            bundle = self._widget._repr_mimebundle_(**kwargs)
            data = bundle[0] if isinstance(bundle, tuple) else bundle
            data["text/plain"] = repr(self)
            return bundle
        data = {"text/plain": repr(self)}
        picture = FOLDER.joinpath(f"{self.name}.png")
        if not picture.is_file():
            return data, {}
        content = picture.read_bytes()
        width, height = (int.from_bytes(content[k : k + 4], "big") for k in (16, 20))
        data["image/png"] = base64.b64encode(content).decode()
        # Smaller than it was taken, so that it is sharp on paper.
        size = {"width": 720, "height": round(720 * height / width)}
        return data, {"image/png": size}


def is_live() -> bool:
    """Return whether there is a notebook to show a widget in."""
    if os.environ.get("COURSE_STATIC") == "1":
        return False
    try:
        import anywidget  # noqa: F401
        from IPython import get_ipython
    except ImportError:
        return False
    return get_ipython() is not None


def _widget(name: str, data: dict) -> Any:
    import anywidget
    import traitlets

    class Widget(anywidget.AnyWidget):
        _esm = source(name)
        _css = style()
        data = traitlets.Dict().tag(sync=True)  # what Python gives
        state = traitlets.Dict().tag(sync=True)  # where the hand has put everything
        value = traitlets.Dict().tag(sync=True)  # what follows from it
        solved = traitlets.Bool(False).tag(sync=True)

    return Widget(data=data)


def _record(name: str) -> None:
    """Write a solved task into the learner's own record, if there is one."""
    try:
        from course_utils import progress
    except ImportError:
        return
    progress.record("solved", LABS[name], name)


def _floats(values: Tensor | Sequence[float]) -> list[float]:
    return torch.as_tensor(values, dtype=torch.float64).flatten().tolist()


# The figures ------------------------------------------------------------------------


class Pad(Explorable):
    """A pad to draw on. Its `probs` and `logits` are the answers of its network.

    `digit` is the drawing as its network gets it, `raw` as it was drawn.
    """

    @property
    def digit(self) -> Tensor:
        """The drawing as MNIST has it, (1, 784), float32 from 0 to 1.

        As long as nothing is drawn: a three that came with the course.
        """
        pixels = self.value.get("pixels") or _example()["pixels"]
        return torch.tensor(pixels, dtype=torch.float32).reshape(1, -1)

    @property
    def raw(self) -> Tensor:
        """The drawing as it lies on the pad, (1, 784): not moved, not made larger."""
        state = {} if self._widget is None else self._widget.state
        return ink(state.get("strokes") or _example()["strokes"]).reshape(1, -1)

    @property
    def digit8(self) -> Tensor:
        """The drawing as `sklearn.datasets.load_digits` has it: (1, 64), 0 to 16.

        Other hands wrote those images, and upright: so a drawing that leans is set
        upright. A linear model of them reads 79 of 100 digits of MNIST made small so.
        """
        image = _upright(self.digit.reshape(28, 28))
        inked = [(image.amax(dim=d) > 0.3).nonzero().flatten() for d in (1, 0)]
        (top, left), (bottom, right) = (
            [int(places[k]) for places in inked] for k in (0, -1)
        )
        height, width = bottom + 1 - top, right + 1 - left
        # They are stretched a little, and stand between two narrow empty margins.
        width = max(width, (4 * width + height) // 5)
        left = (left + right + 1 - width) // 2 + 28
        box = F.pad(image, (28, 28))[top : bottom + 1, left : left + width]
        size = {"size": (32, 22), "mode": "bilinear", "align_corners": False}
        fine = F.interpolate(box[None, None], **size) > 0.3  # ink or paper
        blocks = F.avg_pool2d(F.pad(fine.float(), (5, 5)), 4)  # (1, 1, 8, 8)
        return (16 * blocks).reshape(1, 64)


def ink(strokes: Sequence[Sequence[float]], *, pad: float = 280) -> Tensor:
    """Return strokes of a round pen as an image (28, 28), from 0 to 1.

    Parameters
    ----------
    strokes : sequence of sequence of float
        Each is a line x, y, x, y, ... from the upper left corner of the pad.
    pad : float
        Units along one side of the pad; the pen is as wide as the pad's own, 1/14 of
        it.
    """
    centers = torch.arange(28.0) + 0.5
    pixels = torch.cartesian_prod(centers, centers).flip(1)  # (784, 2): x, y
    nearest = torch.full((784,), torch.inf)
    for stroke in strokes:
        points = torch.tensor(stroke).float().reshape(-1, 2) * 28 / pad
        starts, ends = points[:-1] if len(points) > 1 else points, points[1:]
        ways = (ends if len(points) > 1 else points) - starts  # (S, 2)
        away = pixels[:, None] - starts  # (784, S, 2)
        along = (away * ways).sum(dim=2) / (ways**2).sum(dim=1).clamp(min=1e-9)
        off = away - along.clamp(0, 1)[:, :, None] * ways
        nearest = nearest.minimum(off.norm(dim=2).amin(dim=1))
    return (1.5 - nearest).clamp(0, 1).reshape(28, 28)


def _upright(image: Tensor) -> Tensor:
    """Return an image (28, 28) whose rows are moved until the ink does not lean."""
    place = (torch.arange(28.0) + 0.5) / 14 - 1  # of the pixels, from -1 to 1
    share = image / image.sum()
    y, x = share.sum(dim=1) @ place, share.sum(dim=0) @ place
    dy, dx = place - y, place - x
    height = (share.sum(dim=1) @ dy**2).clamp(min=0.01)  # a flat line does not lean
    lean = (dy @ share @ dx) / height
    theta = torch.tensor([[[1.0, lean, -lean * y], [0.0, 1.0, 0.0]]])
    grid = F.affine_grid(theta, [1, 1, 28, 28], align_corners=False)
    return F.grid_sample(image[None, None], grid, align_corners=False)[0, 0]


@functools.cache
def _network() -> dict:
    return json.loads(_text("digit_network.json"))


@functools.cache
def _example() -> dict:
    return json.loads(_text("example_digit.json"))


def draw_digit(
    model: nn.Sequential | None = None, *, labels: Sequence[str] | None = None
) -> Pad:
    """Return a pad: draw a digit, and a network answers with one bar per class.

    Parameters
    ----------
    model : nn.Sequential, optional
        Your own network, for images (N, 784) or (N, 1, 28, 28) from 0 to 1, of the
        layers that `network.export` knows. By default a small one that comes with the
        course: see ``about`` and ``measured`` in ``digit_network.json``.
    labels : sequence of str, optional
        Names of the classes; the ten digits by default.

    Notes
    -----
    Its attributes: `digit`, `raw`, `digit8`, `logits`, `probs`. Task: more than 90%
    for a scribble that is no digit.
    """
    data = {"layers": _network()["layers"] if model is None else export(model)}
    if labels is not None:
        data["labels"] = list(labels)
    return Pad("draw_digit", data)


def logits(
    values: Tensor | Sequence[float] = (1.0, 2.0, 3.0),
    *,
    labels: Sequence[str] | None = None,
) -> Explorable:
    """Return bars for logits to drag, and a slider for the temperature.

    Parameters
    ----------
    values : Tensor or sequence of 2 to 6 floats
        The logits at the start, from -5 to 5.
    labels : sequence of str, optional
        Names of the classes; A, B, C, ... by default.

    Notes
    -----
    Its attributes: `logits`, `temperature`, `probs`. Task: the largest probability
    above 95% by the temperature alone.
    """
    values = _floats(values)
    if not 2 <= len(values) <= 6 or max(map(abs, values)) > 5:
        raise ValueError(f"give 2 to 6 logits from -5 to 5, not {values}")
    names = list(labels) if labels is not None else list("ABCDEF"[: len(values)])
    if len(names) != len(values):
        raise ValueError(f"{len(values)} logits need as many labels, not {len(names)}")
    probs = torch.tensor(values).softmax(dim=0).tolist()
    return Explorable(
        "logits",
        {"logits": values, "labels": names},
        logits=values,
        temperature=1.0,
        probs=probs,
    )


def cross_entropy(
    truth: Tensor | Sequence[float] = (0.5, 0.25, 0.15, 0.1),
    model: Tensor | Sequence[float] = (0.1, 0.2, 0.3, 0.4),
    *,
    labels: Sequence[str] | None = None,
    letters: tuple[str, str] = ("q", "p"),
) -> Explorable:
    """Return two distributions to drag, and what a guess costs, as areas.

    Parameters
    ----------
    truth, model : Tensor or sequence of 2 to 4 floats
        How often each outcome happens, and what somebody says. Each adds up to 1, and
        no share of the model is below 0.01.
    labels : sequence of str, optional
        Names of the outcomes; A, B, C, D by default.
    letters : pair of str
        What the picture calls the two distributions.

    Notes
    -----
    Its attributes: `truth`, `model`, `entropy`, `cross_entropy`, `kl`, in nats. Task:
    the cross entropy within 0.01 of its lowest value.
    """
    truth, model = _floats(truth), _floats(model)
    if not 2 <= len(truth) == len(model) <= 4:
        raise ValueError(f"give 2 to 4 shares of each, not {truth} and {model}")
    if max(abs(sum(truth) - 1), abs(sum(model) - 1)) > 1e-5 or min(truth) < 0:
        raise ValueError(f"the shares of each must add up to 1: {truth} and {model}")
    if min(model) < 0.01:
        raise ValueError(f"no share of the model may be below 0.01: {model}")
    names = list(labels) if labels is not None else list("ABCD"[: len(truth)])
    p, q = torch.tensor(model).double(), torch.tensor(truth).double()
    cross, entropy = -(q * p.log()).sum(), -torch.xlogy(q, q).sum()
    return Explorable(
        "cross_entropy",
        {"truth": truth, "model": model, "labels": names, "letters": list(letters)},
        truth=truth,
        model=model,
        cross_entropy=cross.item(),
        entropy=entropy.item(),
        kl=(cross - entropy).item(),
    )


def marble(
    x: Tensor | Sequence[float] | None = None,
    y: Tensor | Sequence[float] | None = None,
    *,
    start: tuple[float, float] = (-1.0, 2.0),
    lr: float = 0.03,
    target: float = 0.2,
    w_range: tuple[float, float] = (-2.0, 5.0),
    b_range: tuple[float, float] = (-4.0, 4.0),
    labels: tuple[str, str] = ("4", "9"),
    feature: str = "ink above minus ink below",
) -> Explorable:
    """Return a map of the loss of a logistic regression with `w` and `b`, and a marble.

    Parameters
    ----------
    x, y : Tensor or sequence of float, shape (N,), optional
        One feature and its labels, 0 or 1; up to 200 examples. By default 61 digits of
        scikit-learn, fours and nines, by the mean ink of a pixel in the upper half
        minus that in the lower half.
    start : (w, b)
        Where the marble is at the start.
    lr : float
        The learning rate at the start, from 0.01 to 30.
    target : float
        The task: a loss below this in ten steps from `start`.
    w_range, b_range : pair of float
        The ends of the map.
    labels : pair of str
        Names of the classes 0 and 1.
    feature : str
        What the axis of `x` says.

    Notes
    -----
    Its attributes: `w`, `b` and `loss` at the end of the walk, `losses`, `path`, `lr`,
    `momentum`, `steps`.
    """
    if x is None or y is None:
        x, y = _fours_and_nines()
    x, y = _floats(x), _floats(y)
    if len(x) != len(y) or not 2 <= len(x) <= 200 or not set(y) <= {0.0, 1.0}:
        raise ValueError("give x and y of the same length, up to 200; y is 0 or 1")
    data = {"x": x, "y": y, "w": start[0], "b": start[1], "lr": lr, "target": target}
    data |= {"w_range": list(w_range), "b_range": list(b_range)}
    return Explorable("marble", {**data, "labels": list(labels), "feature": feature})


def _fours_and_nines() -> tuple[Tensor, Tensor]:
    from sklearn.datasets import load_digits

    X, digit = map(torch.from_numpy, load_digits(return_X_y=True))
    kept = ((digit == 4) | (digit == 9)).nonzero().flatten()[::6]
    upper, lower = X[kept, :32].mean(dim=1), X[kept, 32:].mean(dim=1)
    return upper - lower, digit[kept] == 9


def three_classes(
    X: Tensor | Sequence[Sequence[float]] | None = None,
    y: Tensor | Sequence[int] | None = None,
    *,
    labels: Sequence[str] = ("A", "B", "C"),
) -> Explorable:
    """Return points of three classes to drag; a softmax regression follows.

    Parameters
    ----------
    X : Tensor or nested sequence of float, shape (N, 2), optional
        Up to 60 points; from -3 to 3, and those of the second feature from -2.4 to
        2.4. By default 8 of each class.
    y : Tensor or sequence of int, shape (N,), optional
        Their classes 0, 1, 2; each must be there.
    labels : sequence of three str
        Names of the classes, of one letter.

    Notes
    -----
    Its attributes: `X`, `y`, `W` of shape (2, 3), `b`, `loss` (with 0.001 times the sum
    of the squared weights), `accuracy`. Task: the class in the middle between the other
    two, in one row, and every point right.
    """
    if X is None or y is None:
        generator = torch.Generator().manual_seed(4)
        centers = torch.tensor([[-1.5, 1.2], [0.1, -1.4], [1.6, 1.1]])
        y = torch.arange(3).repeat_interleave(8)
        X = centers[y] + 0.4 * torch.randn(24, 2, generator=generator)
    X = torch.as_tensor(X, dtype=torch.float64)
    y = [int(k) for k in _floats(y)]
    if X.ndim != 2 or X.shape != (len(y), 2) or len(y) > 60 or set(y) != {0, 1, 2}:
        raise ValueError("give X of shape (N, 2), N up to 60, and y with 0, 1 and 2")
    points = [[round(a, 3), round(b, 3)] for a, b in X.tolist()]
    return Explorable("three_classes", {"X": points, "y": y, "labels": list(labels)})


def moons(
    X: Tensor | Sequence[Sequence[float]] | None = None,
    y: Tensor | Sequence[int] | None = None,
    *,
    n_units: int = 2,
    limit: int = 4,
) -> Explorable:
    """Return a network with one hidden layer on two moons, each unit's fold drawn.

    Parameters
    ----------
    X : Tensor or nested sequence of float, shape (N, 2), optional
        Up to 300 points, from -2.2 to 2.2 and from -1.6 to 1.6. By default 100 points
        of scikit-learn's ``make_moons``.
    y : Tensor or sequence of int, shape (N,), optional
        Their classes, 0 or 1.
    n_units : int
        Hidden units (ReLU) at the start, from 1 to 8.
    limit : int
        The task: 97% of the points right with at most so many units.

    Notes
    -----
    Its attributes: `W` (units, 2), `c` (units,), `v` (units,), `d`, so that the logit
    is ``relu(X @ W.T + c) @ v + d``; `loss`, `accuracy`. *Train* takes steps of Adam
    with all points and a learning rate of 0.05.
    """
    if X is None or y is None:
        from sklearn.datasets import make_moons

        X, y = make_moons(100, noise=0.12, random_state=1)
        X = (X - [0.5, 0.25]) * [1.25, 1.6]
    X = torch.as_tensor(X, dtype=torch.float64)
    y = [int(k) for k in _floats(y)]
    if X.ndim != 2 or X.shape != (len(y), 2) or len(y) > 300 or not set(y) <= {0, 1}:
        raise ValueError("give X of shape (N, 2), N up to 300, and y with 0 and 1")
    if not 1 <= n_units <= 8:
        raise ValueError(f"from 1 to 8 hidden units can be drawn, not {n_units}")
    points = [[round(a, 3), round(b, 3)] for a, b in X.tolist()]
    data = {"X": points, "y": y, "n_units": n_units, "limit": limit}
    return Explorable("moons", data)


def batches(*, batch_size: int = 5, lr: float = 4.0) -> Explorable:
    """Return 60 examples on a ribbon, sorted or shuffled, and how training goes.

    Parameters
    ----------
    batch_size : int
        At the start; one of 1, 2, 3, 5, 6, 10, 15, 20, 30, 60.
    lr : float
        The learning rate of plain SGD.

    Notes
    -----
    The model is a logistic regression on one feature, trained for 4 epochs. Its
    attributes: `loss` at the end, `losses` after each update, `shuffled` (the loss at
    the end had the order been random), `order`, `batch_size`, `w`, `b`. Task: the
    batch size at which a sorted order does no harm.
    """
    sizes = (1, 2, 3, 5, 6, 10, 15, 20, 30, 60)
    if batch_size not in sizes:
        raise ValueError(f"batch_size is one of {sizes}, not {batch_size}")
    generator = torch.Generator().manual_seed(3)
    y = torch.arange(2).repeat_interleave(30)
    x = 0.7 * (2 * y - 1) + torch.randn(60, generator=generator)
    values = [round(value, 3) for value in x.tolist()]
    data = {"x": values, "y": y.tolist(), "size": batch_size, "lr": lr}
    return Explorable("batches", data)


def kernel(
    image: Tensor | None = None, weights: Tensor | Sequence[float] | None = None
) -> Explorable:
    """Return a digit and a kernel of 3 x 3 weights to drag over it.

    Parameters
    ----------
    image : Tensor of 784 values from 0 to 1, optional
        An image of MNIST; by default a three that comes with the course.
    weights : Tensor or sequence of 9 floats, optional
        Your own kernel, such as one that a network learned.

    Notes
    -----
    Its attributes: `row`, `column`, `weights`, `products`, `answer`, and `output`, the
    676 values for all places. Task: find the place with the largest answer.
    """
    pixels = _example()["pixels"] if image is None else _floats(image)
    if len(pixels) != 784:
        raise ValueError(f"an image has 784 pixels, not {len(pixels)}")
    data = {"image": [round(value, 3) for value in pixels]}
    if weights is not None:
        data["weights"] = _floats(weights)
        if len(data["weights"]) != 9:
            raise ValueError(f"a kernel has 9 weights, not {len(data['weights'])}")
    return Explorable("kernel", data)
