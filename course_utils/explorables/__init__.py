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
    "draw_digit",
    "logits",
    "source",
    "style",
]

# What stands on paper, on GitHub, and for a screen reader, below the picture.
TEXTS = {
    "draw_digit": "Draw a digit: a small network answers with ten bars, one for each "
    "digit, and is often sure even of a scribble.",
    "logits": "Logits, temperature and probabilities: three bars to drag and a slider "
    "for the temperature; the probabilities follow, and always add up to 100%.",
}
NAMES = tuple(TEXTS)
LABS = {"draw_digit": "lab00", "logits": "lab01"}  # where its task belongs
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
        self._widget = _widget(name, self._data) if _is_live() else None
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


def _is_live() -> bool:
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
    """A pad to draw on. Its `probs` and `logits` are the answers of its network."""

    @property
    def digit(self) -> Tensor:
        """The drawing as MNIST has it, (1, 784), float32 from 0 to 1.

        As long as nothing is drawn: a three that came with the course.
        """
        pixels = self.value.get("pixels") or _example()["pixels"]
        return torch.tensor(pixels, dtype=torch.float32).reshape(1, -1)

    @property
    def digit8(self) -> Tensor:
        """The drawing as `sklearn.datasets.load_digits` has it: (1, 64), 0 to 16.

        Other hands wrote those images, and more upright: a linear model of them reads
        59 of 100 digits of MNIST that are made small in this way.
        """
        image = self.digit.reshape(28, 28)
        inked = [(image.amax(dim=d) > 0.3).nonzero().flatten() for d in (1, 0)]
        (top, left), (bottom, right) = (
            [int(places[k]) for places in inked] for k in (0, -1)
        )
        height, width = bottom + 1 - top, right + 1 - left
        # They are stretched a little, and stand between two narrow empty margins.
        width = max(width, (width + height) // 2)
        left = (left + right + 1 - width) // 2 + 28
        box = F.pad(image, (28, 28))[top : bottom + 1, left : left + width]
        size = {"size": (32, 22), "mode": "bilinear", "align_corners": False}
        fine = F.interpolate(box[None, None], **size) > 0.3  # ink or paper
        blocks = F.avg_pool2d(F.pad(fine.float(), (5, 5)), 4)  # (1, 1, 8, 8)
        return (16 * blocks).reshape(1, 64)


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
    Its attributes: `digit`, `digit8`, `logits`, `probs`. Task: more than 90% for a
    scribble that is no digit.
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
