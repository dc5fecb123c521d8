"""Figures of the labs: each function takes axes, draws on them and returns them.

Nothing here changes a global setting. A lab chooses the style sheet itself, with
``plt.style.use("course_utils.course")``.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import ListedColormap
from torch import Tensor

__all__ = [
    "bars",
    "decision_regions",
    "image_grid",
    "learning_curves",
    "logits_and_probs",
    "minus_signs",
    "network",
    "number_table",
    "signed_image",
    "slider",
]

# For values around 0: red is positive, blue negative, 0 is white. In grey print both
# ends are dark, so `minus_signs` go with it, and the ends are not too dark for them.
SIGNED = ListedColormap(plt.get_cmap("RdBu_r")(np.linspace(0.1, 0.9, 256)))


def _array(values: Tensor | Sequence) -> np.ndarray:
    return torch.as_tensor(values).detach().cpu().numpy()


def bars(
    values: Tensor | Sequence[float],
    ax: Axes | None = None,
    *,
    labels: Sequence[str] | None = None,
    ylabel: str | None = None,
    ylim: tuple[float, float] | None = None,
    digits: int = 2,
    color: str = "C0",
) -> Axes:
    """Draw one bar per value, with the value written on it.

    Parameters
    ----------
    values : Tensor or sequence of float, shape (K,)
        One per class.
    ax : Axes, optional
        Where to draw; a new figure if not given.
    labels : sequence of str, optional
        Names of the classes; 0 to K - 1 if not given.
    ylabel : str, optional
        What the height means. If not given, it is a probability, and `ylim` is (0, 1.1)
        unless given, too.
    ylim : (low, high), optional
        The ends of the vertical axis; Matplotlib's choice if not given.
    digits : int
        Decimals of the written values.
    color : str
        Any Matplotlib colour.

    Returns
    -------
    Axes
        Those drawn on.

    Raises
    ------
    ValueError
        If there are more or fewer labels than values.
    """
    if ylabel is None:
        ylabel, ylim = "probability", (0, 1.1) if ylim is None else ylim
    ax = ax if ax is not None else plt.subplots()[1]
    heights = _array(values)
    positions = np.arange(len(heights))
    drawn = ax.bar(positions, heights, width=0.6, color=color, edgecolor="black")
    ax.bar_label(drawn, fmt=f"{{:.{digits}f}}", padding=2, fontsize="small")
    ax.set_xticks(positions, labels if labels is not None else positions)
    ax.set_ylabel(ylabel)
    ax.margins(y=0.15)
    if ylim is not None:
        ax.set_ylim(ylim)
    if (heights < 0).any():
        ax.axhline(0, color="black", linewidth=0.8)
    return ax


def logits_and_probs(
    logits: Tensor,
    probs: Tensor,
    axes: Sequence[Axes] | None = None,
    *,
    labels: Sequence[str] | None = None,
) -> Sequence[Axes]:
    """Draw the logits of one example and, to the right, their probabilities.

    Parameters
    ----------
    logits, probs : Tensor, shape (K,)
        Any real numbers, and the distribution made of them.
    axes : sequence of two Axes, optional
        Where to draw; a new figure if not given.
    labels : sequence of str, optional
        Names of the classes.

    Returns
    -------
    sequence of two Axes
        Those drawn on.

    Raises
    ------
    ValueError
        If there are more or fewer labels than values.
    """
    if axes is None:
        axes = plt.subplots(1, 2, figsize=(6.4, 2.6))[1]
    bars(logits, axes[0], labels=labels, ylabel="logit", color="C4")
    bars(probs, axes[1], labels=labels)
    return axes


def network(
    weights: Sequence[Tensor],
    ax: Axes | None = None,
    *,
    labels: Sequence[Sequence[str]] | None = None,
    digits: int | None = None,
) -> Axes:
    """Draw a network: a column of circles per layer, a line per weight.

    Parameters
    ----------
    weights : sequence of Tensor, each of shape (D, K)
        One per layer: row i, column k leads from circle i of a column to circle k of
        the next. (`nn.Linear` keeps the transpose of that.) A line is as thick as its
        weight is large; negative ones are blue and dashed, positive ones red.
    ax : Axes, optional
        Where to draw; a new figure if not given.
    labels : sequence of sequence of str, optional
        What stands in the circles, column by column.
    digits : int, optional
        Decimals of the weights written on their lines; none are if not given.

    Returns
    -------
    Axes
        Those drawn on.

    Raises
    ------
    ValueError
        If the layers do not fit together, or if there are more or fewer labels than
        circles.
    """
    tables = [_array(w) for w in weights]
    sizes = [tables[0].shape[0], *(table.shape[1] for table in tables)]
    if any(t.shape != s for t, s in zip(tables, pairwise(sizes), strict=True)):
        shapes = [t.shape for t in tables]
        raise ValueError(f"Layers of shapes {shapes} do not follow one another.")
    if labels is not None and [len(names) for names in labels] != sizes:
        raise ValueError(f"Columns of {sizes} circles need as many labels.")
    ax = ax if ax is not None else plt.subplots()[1]
    spots = [
        [(2.0 * i, (n - 1) / 2 - k) for k in range(n)] for i, n in enumerate(sizes)
    ]
    top = max(np.abs(table).max() for table in tables) or 1.0
    for table, left, right in zip(tables, spots, spots[1:], strict=False):
        for (i, k), w in np.ndenumerate(table):
            (x0, y0), (x1, y1) = left[i], right[k]
            color, dash = ("C1", "-") if w >= 0 else ("C0", "--")
            width = 0.4 + 3 * abs(w) / top
            ax.plot([x0, x1], [y0, y1], color=color, linestyle=dash, linewidth=width)
            if digits is not None:
                # Not in the middle, where lines cross.
                x, y = x0 + 0.3 * (x1 - x0), y0 + 0.3 * (y1 - y0)
                box = {"facecolor": "white", "edgecolor": "none", "pad": 1}
                text = f"{w:.{digits}f}"
                ax.text(
                    x, y, text, ha="center", va="center", fontsize="small", bbox=box
                )
    for i, column in enumerate(spots):
        for k, (x, y) in enumerate(column):
            disc = plt.Circle((x, y), 0.36, facecolor="white", edgecolor="black")
            ax.add_patch(disc).set_zorder(3)
            text = "" if labels is None else labels[i][k]
            ax.text(x, y, text, ha="center", va="center", fontsize="small", zorder=4)
    ax.set_aspect("equal")
    ax.axis("off")
    return ax


def number_table(
    table: Tensor,
    ax: Axes | None = None,
    *,
    row_labels: Sequence[str] | None = None,
    column_labels: Sequence[str] | None = None,
    digits: int = 2,
    vmax: float = 1.0,
) -> Axes:
    """Draw a matrix as a table whose cells are darker for larger values.

    Parameters
    ----------
    table : Tensor, shape (R, C)
        Values from 0 to ``vmax``.
    ax : Axes, optional
        Where to draw; a new figure if not given.
    row_labels, column_labels : sequence of str, optional
        Names; 0, 1, ... if not given.
    digits : int
        Decimals of the written values.
    vmax : float
        The value that is drawn darkest.

    Returns
    -------
    Axes
        Those drawn on.

    Raises
    ------
    ValueError
        If `table` is no matrix, or if there are more or fewer labels than rows or
        columns.
    """
    values = _array(table)
    n_rows, n_columns = values.shape
    if ax is None:
        ax = plt.subplots(figsize=(1 + 0.9 * n_columns, 0.8 + 0.42 * n_rows))[1]
    ax.imshow(values, cmap="Blues", vmin=0, vmax=1.25 * vmax, aspect="auto")
    for (row, column), value in np.ndenumerate(values):
        color = "white" if value > 0.75 * vmax else "black"
        text = f"{value:.{digits}f}"
        ax.text(column, row, text, ha="center", va="center", color=color)
    ax.set_xticks(range(n_columns), column_labels or range(n_columns))
    ax.set_yticks(range(n_rows), row_labels or range(n_rows))
    ax.grid(False)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    return ax


def image_grid(
    images: Tensor,
    titles: Sequence[str] | None = None,
    axes: Sequence[Axes] | None = None,
    *,
    n_columns: int = 8,
    signed: bool = False,
) -> np.ndarray:
    """Draw images of 28 x 28 pixels in rows.

    Parameters
    ----------
    images : Tensor, shape (N, 784), (N, 28, 28) or (N, 1, 28, 28)
        Grey values in [0, 1], 0 is drawn white; or weights if ``signed``.
    titles : sequence of str, optional
        One above each image.
    axes : sequence of Axes, optional
        At least N; a new figure if not given.
    n_columns : int
        Images per row of a new figure.
    signed : bool
        Draw them as `signed_image` does, all on one scale.

    Returns
    -------
    numpy.ndarray of Axes, shape (N,)
        Those that show an image.

    Raises
    ------
    ValueError
        If there are no images, another number of titles, or too few axes; or if the
        images do not have 784 pixels.
    """
    pictures = _array(images).reshape(-1, 28, 28)
    if len(pictures) == 0:
        raise ValueError("There are no images to draw.")
    if titles is not None and len(titles) != len(pictures):
        raise ValueError(f"{len(pictures)} images have {len(titles)} titles.")
    if axes is None:
        n_columns = min(n_columns, len(pictures))
        n_rows = -(-len(pictures) // n_columns)
        height = 1.05 if titles is None else 1.35
        axes = plt.subplots(
            n_rows, n_columns, figsize=(n_columns, height * n_rows), squeeze=False
        )[1]
    axes = np.ravel(np.asarray(axes, dtype=object))
    if len(axes) < len(pictures):
        raise ValueError(f"{len(pictures)} images do not fit on {len(axes)} axes.")
    limit = np.abs(pictures).max()
    for ax in axes:
        ax.axis("off")
    for i, (ax, picture) in enumerate(zip(axes, pictures, strict=False)):
        if signed:
            signed_image(picture, ax, limit=limit)
        else:
            ax.imshow(picture, cmap="gray_r", vmin=0, vmax=1)
        if titles is not None:
            ax.set_title(titles[i], fontsize="small", loc="center")
    return axes[: len(pictures)]


def signed_image(
    values: Tensor, ax: Axes | None = None, *, limit: float | None = None
) -> Axes:
    """Draw a matrix of numbers around 0: positive ones red, negative ones blue.

    Parameters
    ----------
    values : Tensor, shape (H, W)
        Weights, for example; 0 is white.
    ax : Axes, optional
        Where to draw; a new figure if not given.
    limit : float, optional
        The size that is drawn darkest; that of the largest number if not given.

    Returns
    -------
    Axes
        Those drawn on. A negative number carries a minus, which stays in grey print.
    """
    table = _array(values)
    ax = ax if ax is not None else plt.subplots()[1]
    limit = limit or np.abs(table).max() or 1.0
    ax.imshow(table, cmap=SIGNED, vmin=-limit, vmax=limit)
    height, width = table.shape
    return minus_signs(range(width), range(height), table / limit, ax)


def minus_signs(
    x: Sequence[float], y: Sequence[float], values: Tensor, ax: Axes
) -> Axes:
    """Draw a minus at each place of a grid where a value is negative.

    Parameters
    ----------
    x, y : sequence of float, shapes (W,) and (H,)
        The places, equally far from each other.
    values : Tensor, shape (H, W)
        From -1 to 1; near 0 a minus is faint.
    ax : Axes
        Where to draw.

    Returns
    -------
    Axes
        Those drawn on.
    """
    x, y, table = (np.asarray(_array(v), dtype=float) for v in (x, y, values))
    rows, columns = np.nonzero(table < 0)
    centres = np.stack([x[columns], y[rows]], axis=1)[:, None]  # (n, 1, 2)
    steps = [v[1] - v[0] if len(v) > 1 else 1 for v in (x, y)]
    corner = np.divide(steps, (4, 12))
    corners = centres + corner * [(-1, -1), (1, -1), (1, 1), (-1, 1)]
    colors = np.zeros((len(rows), 4))  # black, and fainter near 0
    colors[:, 3] = np.clip(-1.2 * table[rows, columns], 0, 0.7)
    ax.add_collection(PolyCollection(corners, facecolors=colors, zorder=0.5))
    return ax


def learning_curves(
    curves: Mapping[str, Sequence[float]],
    ax: Axes | None = None,
    *,
    ylabel: str = "cross entropy (nats)",
    epochs: Sequence[int] | None = None,
    baseline: tuple[str, float] | None = None,
) -> Axes:
    """Draw numbers over epochs, one line per curve, its name at its end.

    Parameters
    ----------
    curves : mapping of str to sequence of float
        For example the history of `course_utils.training.fit`, or a part of it.
    ax : Axes, optional
        Where to draw; a new figure if not given.
    ylabel : str
        Quantity and unit.
    epochs : sequence of int, optional
        When the numbers were taken; 1, 2, ... if not given.
    baseline : (str, float), optional
        Name and height of a horizontal line to compare with.

    Returns
    -------
    Axes
        Those drawn on.

    Raises
    ------
    ValueError
        If a curve has more or fewer numbers than `epochs`.
    """
    ax = ax if ax is not None else plt.subplots()[1]
    markers = "os^Dvx"
    for i, (name, values) in enumerate(curves.items()):
        at = epochs if epochs is not None else range(1, len(values) + 1)
        ax.plot(
            at,
            values,
            label=name,
            marker=markers[i % len(markers)],
            markevery=max(1, len(values) // 10),
            markersize=5,
        )
    if baseline is not None:
        name, height = baseline
        ax.axhline(height, color="black", linestyle=":", linewidth=1.2, label=name)
    ax.set_xlabel("epoch")
    ax.set_ylabel(ylabel)
    if len(ax.get_lines()) > 1:
        ax.legend()
    return ax


def decision_regions(
    classify: Callable[[Tensor], Tensor],
    X: Tensor,
    y: Tensor,
    ax: Axes | None = None,
    *,
    labels: Sequence[str] | None = None,
) -> Axes:
    """Draw points in the plane over the regions in which a model chooses each class.

    Parameters
    ----------
    classify : callable
        Takes points, shape (M, 2), with dtype and device of `X`, and returns their
        classes, integers of shape (M,) on any device. Runs without gradients.
    X : Tensor, shape (N, 2)
        Points, floating, on any device.
    y : Tensor, shape (N,)
        Their classes, integers from 0 to 5, on the device of `X`.
    ax : Axes, optional
        Where to draw; a new figure if not given.
    labels : sequence of str, optional
        Names of the classes for the legend, from class 0 on.

    Returns
    -------
    Axes
        Those drawn on.

    Raises
    ------
    ValueError
        If there is a class below 0 or above 5, in `y` or chosen by `classify`, or one
        without a label.
    """
    margin = 0.1 * (X.amax(dim=0) - X.amin(dim=0))
    (left, bottom), (right, top) = X.amin(dim=0) - margin, X.amax(dim=0) + margin
    across = torch.linspace(left, right, 400)
    upward = torch.linspace(bottom, top, 400)
    grid = torch.cartesian_prod(across, upward).to(X)
    with torch.no_grad():
        classes = _array(classify(grid)).reshape(400, 400).T
    lowest = int(min(y.min(), classes.min()))
    n_classes = int(max(y.max(), classes.max())) + 1
    markers = "os^DvP"[:n_classes]  # all of them filled, with a black edge
    if lowest < 0 or len(markers) < n_classes:
        raise ValueError(
            f"The classes go from {lowest} to {n_classes - 1}; a figure can show 0 to "
            "5. Draw fewer classes, or number them from 0."
        )
    if labels is not None and len(labels) < n_classes:
        raise ValueError(f"{n_classes} classes have {len(labels)} labels.")
    ax = ax if ax is not None else plt.subplots(figsize=(4.6, 3.8))[1]
    colors = [f"C{k}" for k in range(n_classes)]
    levels = np.arange(n_classes + 1) - 0.5
    ax.contourf(across, upward, classes, levels, colors=colors, alpha=0.2)
    edges = levels[1:-1]
    ax.contour(across, upward, classes, edges, colors="black", linewidths=1)
    for k, marker in enumerate(markers):
        name = f"class {k}" if labels is None else labels[k]
        points = _array(X[y == k])
        style = {"marker": marker, "color": colors[k], "edgecolor": "black"}
        ax.scatter(points[:, 0], points[:, 1], s=28, label=name, **style)
    ax.grid(False)
    ax.legend(loc="best", frameon=True)
    return ax


def slider(draw: Callable[..., object], **values: tuple[float, float, float]) -> None:
    """Show sliders that draw a figure anew; or say that there are none.

    Parameters
    ----------
    draw : callable
        Called with one number per keyword argument; draws one figure.
    **values : (low, high, start)
        The names of these arguments, each with the ends and the start of its slider.

    Returns
    -------
    None
        What it shows is an output of the cell.

    Notes
    -----
    Each position is drawn once, as soon as it is wanted, and the others ahead while the
    hand is near. A line of text stands in the sliders' place without anywidget, in a
    plain script, and where the environment variable ``COURSE_STATIC`` is 1, as for
    print.
    """
    from course_utils.explorables import is_live

    if not is_live():
        before = set(plt.get_fignums())
        draw(**{name: start for name, (_, _, start) in values.items()})
        for number in set(plt.get_fignums()) - before:
            plt.close(number)  # it was drawn to find out whether it can be
        for name, (low, high, _) in values.items():
            print(
                f"(In Jupyter, a slider for {name} from {low} to {high} stands here.)"
            )
        return
    from IPython.display import display

    from course_utils.explorables.slider import widget

    display(widget(draw, {name: _positions(*ends) for name, ends in values.items()}))


def _positions(low: float, high: float, start: float) -> tuple[list[float], int]:
    """Return the values of a slider, and which one is the start."""
    step = _round_step(high - low)
    n_steps = math.floor((high - low) / step + 1e-9)
    values = [round(low + k * step, 10) for k in range(n_steps + 1)]
    return values, round((start - low) / step)


def _round_step(span: float) -> float:
    """Return 1, 2 or 5 times a power of ten, at most 100 of which make the span.

    Then the start, a round number, is one of the slider's positions. Else the slider
    cannot come back to it, and shows another value than the figure has.
    """
    power = 10.0 ** math.floor(math.log10(span / 100))
    return next(s for s in (power, 2 * power, 5 * power, 10 * power) if 100 * s >= span)
