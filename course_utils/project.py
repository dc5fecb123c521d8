"""Data for a project of your own: rows to work with, and a test set behind a lock."""

import contextlib
import socket
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from course_utils import data

__all__ = ["Locked", "Project", "start"]

_openings: Counter[str] = Counter()  # a new start does not close what was opened

# The data -------------------------------------------------------------------------


class Locked:
    """A test set that says how often it was opened.

    Parameters
    ----------
    name : str
        Of the data: all test sets of this name are counted together.
    X, y : Tensor
        Rows and classes.
    """

    def __init__(self, name: str, X: Tensor, y: Tensor) -> None:
        self._name, self._X, self._y = name, X, y

    @property
    def openings(self) -> int:
        """How often it was opened, in this kernel."""
        return _openings[self._name]

    def open(self) -> tuple[Tensor, Tensor]:
        """Count, and return X and y. Do it once, at the very end."""
        _openings[self._name] += 1
        n = self.openings
        print(f"The test set is open: {len(self)} rows. Opened {times(n)} so far.")
        return self._X.clone(), self._y.clone()

    def __len__(self) -> int:
        """Return the number of rows, which is no secret."""
        return len(self._y)

    def __repr__(self) -> str:
        """Say how often it was opened."""
        return f"<test set, locked: {len(self)} rows, opened {times(self.openings)}>"


@dataclass(frozen=True, repr=False)
class Project:
    """Rows to work with, and a test set behind a lock.

    Attributes
    ----------
    name, about : str
    X : Tensor, float32
        (N, D) for a table, (N, 1, 28, 28) for images, in [0, 1].
    y : Tensor, int64, shape (N,)
        Classes from 0 to K - 1.
    classes : tuple of str
        Their names.
    test : Locked
    columns : tuple of str
        Names of the columns of a table.
    groups : Tensor or None
        Rows of one group come from the same source, so they must not be parted: all of
        them are for training, or none is.
    """

    name: str
    about: str
    X: Tensor
    y: Tensor
    classes: tuple[str, ...]
    test: Locked
    columns: tuple[str, ...] = ()
    groups: Tensor | None = None

    def describe(self) -> str:
        """Return a few lines about the data."""
        n, *shape = self.X.shape
        form = f"{shape[0]} columns" if len(shape) == 1 else "images of 28 x 28 pixels"
        groups = "" if self.groups is None else f", {len(self.groups.unique())} groups"
        return (
            f"{self.name}: {self.about}\n"
            f"{n} rows to work with, {form}{groups}; {len(self.test)} more are locked"
            ".\n"
            f"{len(self.classes)} classes: {', '.join(self.classes)}"
        )

    __repr__ = describe


def start(name: str) -> Project:
    """Return the data of a project, with the test set locked.

    Parameters
    ----------
    name : str
        ``"cancer"`` and ``"wine"`` are tables, ``"letters"`` are images; all three need
        no network. ``"clothes"`` (Fashion-MNIST, 30 MB) and ``"kuzushiji"`` (KMNIST,
        20 MB) are images that are fetched once and kept.

    Returns
    -------
    Project
        The same rows, and the same test set, each time.

    Raises
    ------
    ValueError
        If there are no such data.
    OSError
        If they cannot be fetched.
    """
    if name not in SETS:
        raise ValueError(f"There are no data {name!r}; there are {', '.join(SETS)}.")
    project = SETS[name](name)
    print(project.describe())
    return project


def _table(name: str) -> Project:
    from sklearn import datasets

    load, about = {
        "cancer": (
            datasets.load_breast_cancer,
            "cells of 569 tumours, measured under a microscope (Wisconsin, 1995)",
        ),
        "wine": (
            datasets.load_wine,
            "178 wines from three growers in one region, analysed (1991)",
        ),
    }[name]
    found = load()
    X, y = torch.tensor(found.data).float(), torch.tensor(found.target).long()
    classes = tuple(map(str, found.target_names))
    if name == "wine":  # scikit-learn calls them class_0, class_1 and class_2
        classes = ("grower 1", "grower 2", "grower 3")
    rng = np.random.default_rng(0)
    held = torch.zeros(len(y), dtype=torch.bool)
    for k in range(len(classes)):  # a third of each class
        rows = rng.permutation(np.flatnonzero(y == k))
        held[rows[: len(rows) // 3]] = True
    return Project(
        name,
        about,
        X[~held],
        y[~held],
        classes,
        Locked(name, X[held], y[held]),
        tuple(map(str, found.feature_names)),
    )


LETTERS = "ABCDEFGHIJ"
TEST_FONTS = (
    "DejaVuSerif-Bold",
    "STIXGeneral",
    "STIXGeneralItalic",
    "cmss10",
    "cmtt10",
)
FONTS = (
    *(f"DejaVuSans{s}" for s in ("", "-Bold", "-BoldOblique", "-Oblique")),
    *(f"DejaVuSansMono{s}" for s in ("", "-Bold", "-BoldOblique", "-Oblique")),
    *(f"DejaVuSerif{s}" for s in ("", "-BoldItalic", "-Italic")),
    *(f"STIXGeneral{s}" for s in ("Bol", "BolIta")),
    *("cmb10", "cmmi10", "cmr10", "cmti10"),
    *TEST_FONTS,
)
N_EACH = 12  # images of a letter in a font


def _letters(name: str) -> Project:
    """Draw letters in the fonts that Matplotlib comes with; the test has new fonts."""
    images, labels, fonts = [], [], []
    rng = np.random.default_rng(0)
    for i, font in enumerate(FONTS):
        for k, letter in enumerate(LETTERS):
            for _ in range(N_EACH):
                images.append(_letter(font, letter, rng))
                labels.append(k)
                fonts.append(i)
    X = torch.tensor(np.stack(images)).float()[:, None] / 255
    X = (X + torch.tensor(rng.normal(0, 0.1, X.shape)).float()).clamp(0, 1)
    y, groups = torch.tensor(labels), torch.tensor(fonts)
    held = groups >= len(FONTS) - len(TEST_FONTS)
    return Project(
        name,
        "capital letters, turned and moved; a group is a font, and the test has others",
        X[~held],
        y[~held],
        tuple(LETTERS),
        Locked(name, X[held], y[held]),
        groups=groups[~held],
    )


def _letter(font: str, letter: str, rng: np.random.Generator) -> np.ndarray:
    import matplotlib
    from PIL import Image, ImageDraw, ImageFont

    path = Path(matplotlib.get_data_path(), "fonts", "ttf", f"{font}.ttf")
    pen = ImageFont.truetype(str(path), int(rng.integers(17, 22)))
    picture = Image.new("L", (28, 28))
    shift = rng.integers(-1, 2, 2)
    place = tuple(int(14 + s) for s in shift)
    ImageDraw.Draw(picture).text(place, letter, fill=255, font=pen, anchor="mm")
    turned = picture.rotate(rng.uniform(-10, 10), Image.Resampling.BILINEAR)
    return np.asarray(turned, dtype=np.float32)


CLOTHES = (
    *("t-shirt", "trousers", "pullover", "dress", "coat"),
    *("sandal", "shirt", "sneaker", "bag", "ankle boot"),
)
KUZUSHIJI = ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo")


def _fetched(name: str) -> Project:
    from torchvision import datasets

    kind, classes, about = {
        "clothes": (
            datasets.FashionMNIST,
            CLOTHES,
            "photographs of clothes from a shop (Fashion-MNIST)",
        ),
        "kuzushiji": (
            datasets.KMNIST,
            KUZUSHIJI,
            "characters of old Japanese books (KMNIST)",
        ),
    }[name]
    parts = _fetch(kind, name)
    (X, y), (X_test, y_test) = ((p.data, p.targets.long()) for p in parts)
    held = set(row_keys(X_test))
    kept = torch.tensor([key not in held for key in row_keys(X)])
    X, y = X[kept], y[kept]
    X, X_test = (images[:, None].float() / 255 for images in (X, X_test))
    return Project(name, about, X, y, classes, Locked(name, X_test, y_test))


def _fetch(kind: type, name: str) -> list:
    """Return training and test part: from the project's data, the cache, or the net."""
    for root in data.roots():
        with contextlib.suppress(RuntimeError):  # not there, or damaged
            return [kind(root, train=part, download=False) for part in (True, False)]
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(data.STALL_SECONDS)  # torchvision would wait for ever
    try:
        root = data.first_writable_root()
        return [kind(root, train=part, download=True) for part in (True, False)]
    except (OSError, RuntimeError) as error:
        raise OSError(
            f"{name!r} cannot be fetched ({error}). Try again later, or take 'letters' "
            "or 'wine', which need no network."
        ) from error
    finally:
        socket.setdefaulttimeout(before)


SETS: dict[str, Callable[[str], Project]] = {
    "cancer": _table,
    "wine": _table,
    "letters": _letters,
    "clothes": _fetched,
    "kuzushiji": _fetched,
}


def row_keys(X: Tensor) -> list[bytes]:
    """Return something for each row that two rows share only if they are equal."""
    return [row.tobytes() for row in X.reshape(len(X), -1).numpy()]


def times(n: int) -> str:
    """Return a number of times in words."""
    return "once" if n == 1 else f"{n} times"
