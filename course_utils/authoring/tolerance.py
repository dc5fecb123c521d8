r"""Compare printed numbers with a tolerance, and read the tags that set it.

nbval compares text. `respell` gives a new text the spelling of the stored one wherever
the two differ only by floats that are close, so that the text comparison that follows
sees what matters and nothing else. Nothing here knows of nbval or pytest.

A float has a decimal point with a digit after it, or an exponent: ``0.7387``,
``-1.2e-05``, ``1e-05``. Integers, versions (``2.15.0``), hex, ``3.`` as torch prints
whole floats, nan, inf and digits glued to letters stay exact text.
"""

import difflib
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

ALLOWED_TAGS = (
    "raises-exception",
    "nbval-ignore-output",  # nothing that the cell shows is compared
    "ignore-figures",  # its text is
    "differs=",  # why, with one of the words below
    "nbval-exact",
    "nbval-rtol=",
    "nbval-atol=",
    "exercise",
    "pitfall",
    "colab",  # the cell that only Colab needs, see stamp.py
)

# What makes the outputs of two machines differ by more than a tolerance; or of two
# editions, of which one has the solutions.
REASONS = ("time", "device", "version", "rounding", "solution")

# The spaces before a number belong to it: a sign that appears takes one of them.
FLOAT = re.compile(
    r"""(
    [ ]* (?<![\w.]) [+-]?
    (?: [0-9]*\.[0-9]+ (?:[eE][+-]?[0-9]+)? | [0-9]+\.?[eE][+-]?[0-9]+ )
    (?! \.?\w )
    )""",
    re.VERBOSE,
)


@dataclass(frozen=True)
class Tolerance:
    """How far a new number may be from the stored one.

    Attributes
    ----------
    rtol, atol : float
        Close means ``abs(new - stored) <= atol + rtol * abs(stored)``.
    exact : bool
        No number may differ, not even in its spelling.
    figures : bool
        Figures are compared, too.
    """

    rtol: float = 1e-3
    atol: float = 1e-6
    exact: bool = False
    figures: bool = True


def respell(new: str, stored: str, tolerance: Tolerance) -> str:
    """Give close floats of a new text the spelling of the stored text.

    Parameters
    ----------
    new, stored : str
        The text of this run and the text in the notebook.
    tolerance : Tolerance
        What counts as close. Two floats printed to the same number of decimals may
        always differ by one unit in the last place, because rounding alone does that.

    Returns
    -------
    str
        `new` with its close floats respelled; `new` itself if the two texts differ in
        anything but floats.
    """
    if tolerance.exact:
        return new
    # With a group, split keeps the floats: text, float, text, ..., float, text.
    parts, reference = FLOAT.split(new), FLOAT.split(stored)
    if parts[::2] != reference[::2]:
        return new
    for i in range(1, len(parts), 2):
        if _close(parts[i], reference[i], tolerance):
            parts[i] = reference[i]
    return "".join(parts)


def _close(new: str, stored: str, tolerance: Tolerance) -> bool:
    """Tell whether two floats, each with the spaces before it, count as the same."""
    a, b = new.strip(), stored.strip()
    same_field = len(new) == len(stored) or len(new) - len(a) == len(stored) - len(b)
    if not same_field or math.isinf(float(a)) or math.isinf(float(b)):
        return False
    difference = abs(float(a) - float(b))
    if difference <= tolerance.atol + tolerance.rtol * abs(float(b)):
        return True
    (decimals, unit), (stored_decimals, stored_unit) = _last_place(a), _last_place(b)
    # 0.98 and 0.97 are neighbours; 0.101 and 0.1 are two different numbers.
    # The factor allows for 0.98 - 0.97 being 0.010000000000000009.
    same_places = decimals == stored_decimals and decimals > 0
    return same_places and difference <= min(unit, stored_unit) * (1 + 1e-9)


def _last_place(number: str) -> tuple[int, float]:
    """Return the decimals of the mantissa and the value of a unit in the last one."""
    mantissa, _, exponent = number.lower().partition("e")
    decimals = len(mantissa.partition(".")[2])
    return decimals, float(f"1e{int(exponent or 0) - decimals}")


def read_tags(tags: Iterable[str], cell: str) -> Tolerance:
    """Check the tags of a cell and return the tolerance that they ask for.

    Parameters
    ----------
    tags : iterable of str
        The cell's tags.
    cell : str
        What to call the cell in an error, such as ``cell In [3]``.

    Returns
    -------
    Tolerance

    Raises
    ------
    ValueError
        For a tag that the course does not know, a value that is not a tolerance, tags
        that contradict each other, or an output that is not compared for no reason.
    """
    if not isinstance(tags, list | tuple):
        raise ValueError(f"{cell}: the tags must be a list, not {tags!r}")
    values, reasons = {}, []
    for tag in tags:
        name, equals, value = tag.partition("=")
        if name + equals not in ALLOWED_TAGS:
            near = difflib.get_close_matches(name + equals, ALLOWED_TAGS, 1, cutoff=0)
            raise ValueError(f"{cell}: unknown tag '{tag}'; did you mean '{near[0]}'?")
        if tag.startswith("differs="):
            reasons.append(value)
        elif equals:
            values[name.removeprefix("nbval-")] = _read_value(tag, value, cell)
    exclusive = {"nbval-exact", "nbval-ignore-output"}.intersection(tags)
    if len(exclusive) + bool(values) > 1:
        raise ValueError(f"{cell}: these tags contradict each other: {', '.join(tags)}")
    ignoring = {"nbval-ignore-output", "ignore-figures"}.intersection(tags)
    if len(reasons) != len(ignoring) or not set(reasons) <= set(REASONS):
        raise ValueError(
            f"{cell}: what is not compared needs a reason, and nothing else has one: "
            f"a tag differs=..., with {', '.join(REASONS[:-1])} or {REASONS[-1]}"
        )
    if {"nbval-ignore-output", "raises-exception"} <= set(tags):
        raise ValueError(f"{cell}: nothing would notice if it no longer raised")
    figures = "ignore-figures" not in tags
    return Tolerance(**values, exact="nbval-exact" in tags, figures=figures)


def _read_value(tag: str, value: str, cell: str) -> float:
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    # A relative tolerance of 1 would accept 0 for any number.
    if not 0 <= number < (1 if "rtol" in tag else math.inf):
        raise ValueError(f"{cell}: '{tag}' is not a tolerance, as in nbval-rtol=1e-2")
    return number
