"""Figures of two runs: what counts as the same, and what does not."""

import base64
import io

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image

from course_utils.authoring import pictures

X = np.linspace(0, 3, 61)


def figure(
    line=0.5,
    noise=0.0,
    bar=3.0,
    image=0.5,
    version=None,
    color="C0",
    bend=0.0,
    size=6.4,
):
    """Draw a curve, bars and an image, as a lab's kernel does; return base64."""
    with plt.style.context("course_utils.course"):
        fig = plt.Figure(figsize=(size, 2.4))
        left, middle, right = fig.subplots(1, 3)
        rng = np.random.default_rng(0)
        jitter = 1 + noise * rng.uniform(-1, 1, X.shape)
        left.plot(X, np.exp(-line * X) * jitter + bend * X, color=color)
        middle.bar(range(3), [1.0 + noise, 2.0 - noise, bar])
        right.imshow([[0.0, image + noise], [1.0, 0.3]], cmap="RdBu_r", vmin=-1, vmax=1)
        file = io.BytesIO()
        about = {"Software": f"Matplotlib version{version}, x"} if version else None
        fig.savefig(file, dpi=220, metadata=about)
    return base64.b64encode(file.getvalue()).decode()


@pytest.fixture(scope="module")
def stored():
    full = figure()
    return {
        "full": full,
        "small": pictures.small(full),
        "light": pictures.light(full),
    }


@pytest.mark.parametrize("copy", ["full", "small", "light"])
@pytest.mark.parametrize("noise", [0, 1e-6, 1e-4, 1e-3])
def test_noise_is_no_difference(stored, copy, noise):
    assert pictures.difference(figure(noise=noise), stored[copy])[0] == ""


@pytest.mark.parametrize("copy", ["full", "small", "light"])
@pytest.mark.parametrize(
    "change",
    [
        {"line": 0.52},
        {"bar": 3.1},
        {"image": 0.8},
        {"image": -0.5},  # another hue, the same grey
        {"color": "C1"},
        {"bend": 0.02},
    ],
    ids=str,
)
def test_another_constant_is_a_difference(stored, copy, change):
    text, marks = pictures.difference(figure(**change), stored[copy])
    assert text.endswith("pixels differ")
    assert not np.asarray(marks).all()


def test_another_size_is_a_difference(stored):
    text, marks = pictures.difference(figure(size=6.0), stored["small"])
    assert text == "660 x 264, not 704 x 264 pixels (made small)"
    assert marks is None


def test_small_copies_are_small(stored):
    assert len(pictures.small(stored["full"])) < 12_000
    copy = pictures.read(stored["small"])
    assert (copy.width, copy.mode) == (704, "P")
    assert pictures.drawn_by(stored["small"]) == mpl.__version__
    assert pictures.small(stored["full"]) == stored["small"]  # the same bytes


def test_a_light_copy_looks_the_same(stored):
    full, copy = (pictures.read(stored[name]) for name in ("full", "light"))
    assert len(stored["light"]) < 0.6 * len(stored["full"])
    assert (copy.mode, copy.size) == ("P", full.size)
    assert copy.info["dpi"] == full.info["dpi"]  # how wide it is on paper
    assert pictures.drawn_by(stored["light"]) == mpl.__version__
    away = np.abs(np.subtract(full.convert("RGB"), copy.convert("RGB"), dtype=float))
    assert away.mean() < 0.2 and np.percentile(away, 99) < 8
    assert pictures.light(stored["light"]) == stored["light"]


def test_a_missing_line_is_a_difference():
    paper = np.full((60, 60, 3), 255, np.uint8)
    line = paper.copy()
    line[30] = 0  # as thin as can be: everything is near a white pixel
    one, other = (png(Image.fromarray(pixels)) for pixels in (paper, line))
    assert pictures.difference(one, other)[0] and pictures.difference(other, one)[0]


def png(picture):
    file = io.BytesIO()
    picture.save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


def test_version_of_matplotlib():
    assert pictures.drawn_by(figure()) == mpl.__version__
    assert pictures.drawn_by(figure(version="3.9.0.dev1")) == "3.9.0.dev1"
    assert pictures.drawn_by(png(Image.new("L", (3, 3)))) == ""
