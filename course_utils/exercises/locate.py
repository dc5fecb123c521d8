"""Where a wrong answer leaves the road of the solution.

The learner's function and the solution run once more on some inputs, and each of their
expressions notes its values. An expression whose numbers the solution has, too, on all
inputs, is on the road; the first one after the last of these is where to look.
"""

import ast
import contextlib
import copy
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from course_utils.exercises.observe import listed, plain, silently
from course_utils.exercises.slips import build, limited_steps, noted, source_tree

if TYPE_CHECKING:
    from course_utils.exercises.diagnose import Study, Trial

MOST = 30  # values of one expression that are kept, in a loop


def located(study: "Study") -> str | None:
    """Say up to where the numbers are right, and where the others begin."""
    trials = [t for t in study.formulas() if t.problem][:4]
    if len(trials) < 2 or study.exercise.forbids:
        return None
    own = _Notes(study.function, trials)
    road = _Notes(study.exercise.reference, trials)
    for first in (True, False):  # the first round of a loop, then all rounds
        order = [p for p in own.order if own.tells(p) and own.is_step(p)]
        found = [any(_fit(own, p, road, q, first) for q in road.order) for p in order]
        known = [p for p, ok in zip(order, found, strict=True) if ok]
        known = [p for p in known if own.measures(p)]
        if known and known[-1] != order[-1]:
            place = order[order.index(known[-1]) + 1]
            return own.said(known, place)
    return None


class _Notes:
    """The values of all expressions of a function, for some inputs."""

    def __init__(self, function: Callable, trials: Sequence["Trial"]) -> None:
        self.tree = source_tree(function)
        self.nodes = {n.place: n for n in ast.walk(self.tree) if hasattr(n, "place")}
        self.values: list[dict[int, list]] = []
        self.order: list[int] = []
        run = build(function, noted(self.tree), note=self._note)
        for trial in trials:
            self.values.append({})
            torch.default_generator.manual_seed(0)
            with contextlib.suppress(Exception), silently(), limited_steps():
                run(*copy.deepcopy(trial.case.args))
        self.order = [
            p for p in self.values[0] if all(p in values for values in self.values)
        ]

    def _note(self, place: int, value: Any) -> Any:
        kept = self.values[-1].setdefault(place, [])
        if len(kept) < MOST:
            kept.append(_numbers(value))
        return value

    def tells(self, place: int) -> bool:
        """Whether the values are numbers, and not nothing but 0 and 1."""
        kept = [v for values in self.values for v in values[place]]
        return all(v is not None for v in kept) and not all(map(plain, kept))

    def is_step(self, place: int) -> bool:
        """Whether something is calculated there, and not only fetched."""
        return isinstance(
            self.nodes[place], (ast.Call, ast.BinOp, ast.UnaryOp, ast.Compare)
        )

    def measures(self, place: int) -> bool:
        """Whether the values are more than whole numbers, such as counts and places."""
        kept = [v for values in self.values for v in values[place]]
        return any(bool((v != v.round()).any()) for v in kept)

    def said(self, known: Sequence[int], place: int) -> str:
        """Say up to where all is right, and where it ends."""
        names = self.names_of(known)
        until = listed(names[-4:]) or f"`{self.text(known[-1])}`"
        there = f"`{self.text(place)}`"
        if line := self.line(place):
            there += f" in your line `{line}`"
        return (
            f"Up to {until} your numbers are those of the solution. From {there} on "
            "they are others: look there first."
        )

    def text(self, place: int) -> str:
        return ast.unparse(self.nodes[place])

    def names_of(self, places: Sequence[int]) -> list[str]:
        """Return the names that these values are given in the function."""
        return [
            f"`{n.targets[0].id}`"
            for n in ast.walk(self.tree)
            if isinstance(n, ast.Assign)
            and isinstance(n.targets[0], ast.Name)
            and n.value.place in places
        ]

    def line(self, place: int) -> str:
        """Return the statement that an expression is a part of, if it is short."""
        for n in ast.walk(self.tree):
            if isinstance(n, (ast.Assign, ast.AugAssign, ast.Return, ast.Expr)) and any(
                child is self.nodes[place] for child in ast.walk(n)
            ):
                text = ast.unparse(n)
                return text if len(text) < 80 and text != self.text(place) else ""
        return ""


def _numbers(value: Any) -> Tensor | None:
    """Return numbers as a tensor of their own, whatever they stood in."""
    try:
        if torch.is_tensor(value):
            return value.detach().double().cpu().squeeze().clone()
        if isinstance(value, (bool, int, float)):
            return torch.tensor(float(value), dtype=torch.float64)
        if isinstance(value, list) and value and isinstance(value[0], (int, float)):
            return torch.tensor(value, dtype=torch.float64).squeeze()
    except (RuntimeError, TypeError, ValueError):
        pass
    return None


def _fit(own: _Notes, place: int, road: _Notes, other: int, first: bool) -> bool:
    """Whether two expressions have the same values, for all inputs."""
    for mine, theirs in zip(own.values, road.values, strict=True):
        a, b = mine[place], theirs[other]
        if first:
            a, b = a[:1], b[:1]
        if len(a) != len(b):
            if 1 not in (len(a), len(b)):
                return False
            a, b = a[-1:], b[-1:]
        if any(not _close(x, y) for x, y in zip(a, b, strict=True)):
            return False
    return True


def _close(a: Tensor | None, b: Tensor | None) -> bool:
    return (
        a is not None
        and b is not None
        and a.shape == b.shape
        and torch.allclose(a, b, rtol=1e-4, atol=1e-6, equal_nan=True)
    )
