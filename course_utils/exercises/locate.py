"""Where a wrong answer leaves the road of the solution.

The learner's function and the solution run once more on some inputs, and each of their
expressions notes its values. Then the learner's function runs again, and one of its
expressions, or two, get the values that an expression of the solution had. If the
result is right then, the mistake is there. No more is said than that: what is chosen or
compared comes out right by more ways than one.
"""

import ast
import contextlib
import copy
import difflib
import itertools
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from course_utils.exercises.observe import plain, same, state
from course_utils.exercises.slips import (
    TooLongError,
    build,
    noted,
    results_of,
    source_tree,
)

if TYPE_CHECKING:
    from course_utils.exercises.study import Study, Trial

MAY_TAKE = 0.12  # seconds, for one expression, and as much again for two
MOST_STEPS = 20_000  # expressions in a run that may go on and on
MOST = 60  # values of one expression that are kept, in a loop
LEADS = 4  # first halves of a pair that are followed


@dataclass
class Place:
    """All expressions of a function that are written alike; a name stands alone."""

    key: str
    text: str
    nodes: list[ast.expr] = field(default_factory=list)

    @property
    def inside(self) -> list[tuple[int, int]]:
        """The numbers of the nodes, from the first to the last."""
        return [(n.place, n.last) for n in self.nodes]


class Walk:
    """A function that notes the values of its expressions, and can be given others."""

    def __init__(self, function: Callable) -> None:
        self.tree = source_tree(function)
        self.nodes = {n.place: n for n in ast.walk(self.tree) if hasattr(n, "place")}
        self.text = {
            p: ast.unparse(n) for p, n in self.nodes.items() if isinstance(n, ast.expr)
        }
        self.stored = [
            n.id
            for n in self.nodes.values()
            if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
        ]
        self.key = {
            p: f"{text}@{p}"
            if isinstance(self.nodes[p], ast.Name) and self.stored.count(text) != 1
            else text
            for p, text in self.text.items()
        }
        self.function = build(function, noted(self.tree), note=self._note)
        self.keep: Callable | None = None
        self.only: set[int] | None = None  # the places to keep values of, if not all
        self.instead: dict[str, list] = {}
        self.form = True  # whether what stands there now has the right form
        self.usual: dict[int, list] = {}  # what the places gave by themselves
        self._start()

    def _start(self) -> None:
        self.values: dict[int, list] = {}
        self.leader: dict[str, int] = {}
        self.turns: dict[int, int] = {}
        self.rounds = 0  # of the innermost loop so far
        self.last: dict[str, Any] = {}
        self.steps = 0

    def __call__(self, *args):
        """Run, from the beginning of all series of values."""
        self._start()
        return self.function(*args)

    def _note(self, place: int, value: Any) -> Any:
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise TooLongError
        turn = self.turns[place] = self.turns.get(place, 0) + 1
        self.rounds = max(self.rounds, turn)
        series = self.instead.get(self.key[place]) if self.instead else None
        if series is not None:
            value = self._other(self.key[place], place, value, series)
        if self.keep and (self.only is None or place in self.only):
            kept = self.values.setdefault(place, [])
            if len(kept) < MOST:
                kept.append(self.keep(value))
        return value

    def _other(self, key: str, place: int, value: Any, series: list) -> Any:
        """Return the next value of a series; the same in places that follow along."""
        if self.leader.setdefault(key, place) == place:
            turn = self.turns[place] - 1
            if len(series) != len(self.usual.get(place, ())):  # not in each round
                turn = min(self.rounds, len(series)) - 1
            if not 0 <= turn < len(series):
                self.last.pop(key, None)
                return value
            self.last[key] = series[turn]
        return fitted(self.last[key], value, self.form) if key in self.last else value

    def run(self, trial: "Trial") -> tuple[Any, list]:
        """Return the result for an input, and the arguments as they are then."""
        args = copy.deepcopy(trial.case.args)
        torch.default_generator.manual_seed(0)
        value = None
        with contextlib.suppress(Exception):
            value = self(*args)
        return value, args

    def right(self, trial: "Trial") -> bool:
        """Whether the result for an input is right, and what is changed as well."""
        value, args = self.run(trial)
        return same(value, trial.right.value) and (
            not trial.right.changed or same(state(args), state(trial.right.after))
        )

    def noted(self, trial: "Trial", keep: Callable) -> tuple[Any, dict[int, list]]:
        """Return the result for an input, and what each expression gave."""
        self.keep = keep
        value, _ = self.run(trial)
        self.keep = None
        return value, self.values


def kept(value: Any) -> Any:
    """Return a copy of a value that nothing changes; None of what is no value."""
    if torch.is_tensor(value):
        return value.detach().clone()
    if isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (list, tuple)) and type(value).__name__ in ("list", "tuple"):
        return type(value)(kept(v) for v in value)
    return None


def fitted(value: Any, instead_of: Any, form: bool) -> Any:
    """Return a value in the type of another one, and if asked for in its form."""
    if torch.is_tensor(instead_of):
        new = torch.as_tensor(value)
        flat = new.squeeze().shape == instead_of.squeeze().shape
        if form and flat and new.shape != instead_of.shape:
            new = new.reshape(instead_of.shape)
        if instead_of.is_floating_point() and not new.is_floating_point():
            new = new.to(instead_of.dtype)
        if instead_of.requires_grad and new.shape == instead_of.shape:
            return instead_of + (new - instead_of).detach()
        return new.clone()
    if torch.is_tensor(value):
        return value.item() if value.numel() == 1 else value.clone()
    return copy.copy(value)


def _kind(value: Any) -> tuple[str, tuple, Any]:
    """Return what a value may be exchanged for, its shape, and a mark of it."""
    if torch.is_tensor(value):
        shape = tuple(n for n in value.shape if n > 1)
        return "table" if shape else "number", shape, key_of(value)
    number = isinstance(value, (bool, int, float))
    return "number" if number else type(value).__name__, (), key_of(value)


def key_of(value: Any) -> Any:
    """Return what different values have different ones of."""
    if torch.is_tensor(value):
        return mark(value) or (*value.shape, *value.flatten().tolist())
    return mark(value) or f"{value}"


def _number(value: Any) -> bool:
    return isinstance(value, (bool, int, float, torch.Tensor))


def mark(value: Any) -> Any:
    """Return a short mark that equal numbers share; None for nothing but 0 and 1."""
    try:
        if value is None or plain(value) or isinstance(value, (str, nn.Module)):
            return None
        if isinstance(value, (list, tuple)) and not all(map(_number, value)):
            return None  # PyTorch crashes on a list that holds itself
        numbers = torch.as_tensor(value).detach().double().flatten()
        weights = torch.linspace(1, 2, len(numbers), dtype=torch.float64)
        return len(numbers), f"{numbers.sum():.3e} {(weights * numbers).sum():.3e}"
    except (RuntimeError, TypeError, ValueError):
        return None


class Crossing:
    """A learner's function and the solution, and what happens if values change over.

    Attributes
    ----------
    found : list of Place
        The expressions to look at: none, one or two.
    """

    def __init__(self, study: "Study") -> None:
        trials = [t for t in study.trials if t.case.ordinary and not t.right.error]
        self.trials = sorted(trials, key=lambda t: t.problem is None)
        self.found: list[Place] = []
        self.fed = False  # whether what goes into them is right
        self.put = 0  # the expression of the solution that mends a single one
        if not trials or not self.trials[0].problem:
            return
        self.own = Walk(study.function)
        self.own.form = not study.first.got.error
        self.road = Walk(study.exercise.reference)
        self.theirs = [self.road.noted(t, kept)[1] for t in self.trials]
        self.mine = [self.own.noted(t, kept)[1] for t in self.trials]
        self.marks = [
            {mark(v) for vs in values.values() for v in vs} - {None}
            for values in self.theirs
        ]
        self.first_marks = {q: mark(v[0]) for q, v in self.theirs[0].items()}
        self.known: dict[int, bool] = {}
        self.finals = {
            q
            for q in self.theirs[0]
            if all(
                q not in theirs or same(theirs[q][-1], t.right.value)
                for theirs, t in zip(self.theirs, self.trials, strict=True)
            )
        }
        self.study = study
        self.right_before = sum(not t.problem for t in self.trials)
        self.more: list[tuple] = []
        self.several = isinstance(self.trials[0].right.value, tuple)
        self.offers: dict[int, list] = {}
        self.alike: dict[tuple, bool] = {}
        self.leads: list[tuple[int, int, dict[str, int]]] = []
        self.results = results_of(self.own.tree)
        arguments = {a.arg for a in self.own.tree.args.args}
        self.given = arguments - {*self.own.stored}  # and never anything else
        self.places = self._places()
        self._search()

    def _places(self) -> list[Place]:
        """Return the expressions that could be wrong, the first to be run first."""
        found: dict[str, Place] = {}
        for p, values in {p: v for mine in self.mine for p, v in mine.items()}.items():
            node = self.own.nodes[p]
            names = any(isinstance(n, ast.Name) for n in ast.walk(node))
            alone = not names and not isinstance(node, ast.Constant)
            if isinstance(node, ast.Attribute) or values[0] is None or alone:
                continue  # numbers that stand alone: `slips` tries others for them
            key = self.own.key[p]
            found.setdefault(key, Place(key, self.own.text[p])).nodes.append(node)
        return [*found.values()]

    def on_road(self, node: ast.expr) -> bool:
        """Whether an expression of the solution has the same values, on all inputs."""
        if node.place not in self.known:
            self.known[node.place] = self._on_road(node)
        return self.known[node.place]

    def _on_road(self, node: ast.expr) -> bool:
        p = node.place
        ours = [mine[p] for mine in self.mine if p in mine]
        if isinstance(node, ast.Constant) or not ours or ours[0][0] is None:
            return isinstance(node, (ast.Constant, ast.Name, ast.Attribute))
        first = mark(self.mine[0][p][0]) if p in self.mine[0] else None
        return any(
            all(
                p not in mine or (q in theirs and same(mine[p][0], theirs[q][0]))
                for mine, theirs in zip(self.mine, self.theirs, strict=True)
            )
            for q, theirs in self.first_marks.items()
            if first is None or theirs == first
        )

    def fed_right(self, place: Place) -> bool:
        """Whether all that goes into an expression is right."""
        if isinstance(place.nodes[0], ast.Name):
            return self.on_road(place.nodes[0])
        return all(map(self.on_road, operands(place.nodes[0])))

    def _offers(self, k: int) -> list[tuple]:
        """Return the different values of the solution, with their marks."""
        if k not in self.offers:
            found = {}
            for q, values in self.theirs[k].items():
                if values[0] is not None:
                    key = *_kind(values[0]), len(values), key_of(values[-1])
                    found.setdefault(key, (q, *key[:3]))
            self.offers[k] = [*found.values()]
        return self.offers[k]

    def donors(self, place: Place, k: int, alike: bool) -> Iterator[int]:
        """Yield the expressions of the solution whose values could stand there."""
        p = place.nodes[0].place
        if p not in self.mine[k]:
            return
        sort, shape, key = _kind(self.mine[k][p][0])
        for q, other, other_shape, other_key in self._offers(k):
            if other == sort and other_key != key and (other_shape == shape) == alike:
                yield q

    def _run(self, changed: dict[str, int], of: int | tuple, look: Callable) -> Any:
        """Do something with values of the solution in these places."""
        if isinstance(of, int):
            of = self.theirs[of], self.mine[of], self.trials[of]
        theirs, mine, trial = of
        self.own.instead = {key: theirs.get(q, []) for key, q in changed.items()}
        self.own.usual = mine
        try:
            return look(trial)
        finally:
            self.own.instead = {}

    def _holds(self, changed: dict[str, int]) -> bool:
        """Whether other inputs are right with these changes as well."""
        if not self.more:
            self.more = [
                (self.road.noted(t, kept)[1], self.own.noted(t, kept)[1], t)
                for t in self.study.others
                if t.case.ordinary and not t.right.error
            ]
        return all(self._run(changed, one, self.own.right) for one in self.more)

    def _hits(self, before: dict[str, int]) -> Iterator[tuple[tuple, Place]]:
        """Yield the places where one more change makes all inputs right."""
        every = range(len(self.trials))
        k = next((k for k in every if not self._run(before, k, self.own.right)), None)
        if k is None:
            return
        for i, place, q in self._pairs(before, k):
            changed = {**before, place.key: q}
            if not self._run(changed, k, self.own.right):
                continue
            right = [self._run(changed, j, self.own.right) for j in every]
            rank = self._rank(place, q)
            if all(right) and rank and self._holds(changed):
                yield (*rank, i), place, q
            elif not before and rank and (not rank[0] or self.several):
                score = 3 * (sum(right) - self.right_before)
                self.leads.append((score + self._trust(place, q), i, changed))

    def _idle(self, place: Place, before: dict[str, int]) -> bool:
        """Whether a second change says nothing: at that place, or of an argument."""
        (other,) = (p for p in self.places if p.key in before)
        nested = any(
            a <= c <= d <= b or c <= a <= b <= d
            for a, b in place.inside
            for c, d in other.inside
        )
        return nested or place.text in self.given

    def _pairs(self, before: dict[str, int], k: int) -> Iterator[tuple]:
        """Yield a place and an expression of the solution, while there is time."""
        fed = {place.key: self.fed_right(place) for place in self.places}
        kinds = itertools.product((True, False), (False, True), (1, 0), (True, False))
        for alike, name, first, near in kinds:
            for i, place in enumerate(self.places):
                if fed[place.key] != first or (before and self._idle(place, before)):
                    continue
                if isinstance(place.nodes[0], ast.Name) != name:
                    continue
                for q in self.donors(place, k, alike):
                    if time.process_time() > self.until:
                        return
                    if self._resemble(place.nodes[0], q) == near:
                        yield i, place, q

    def _rank(self, place: Place, q: int) -> tuple | None:
        """Return how little a place says; None for the whole result, made somehow."""
        fed, node = self.fed_right(place), place.nodes[0]
        direct = node in self.results
        if self._is_result(q) and not direct:
            return None
        everywhere = all(node.place in mine for mine in self.mine)
        if direct and not fed and everywhere and q in self.finals:
            return None
        chosen = isinstance(self.trials[0].right.value, (bool, int, str))
        far = not self._resemble(node, q)
        if far and (direct or chosen):
            return None  # where there are few results, many a change gives them
        name = isinstance(node, ast.Name)
        return direct and not fed, self.on_road(node), not fed, name

    def _trust(self, place: Place, q: int) -> int:
        """Return how much speaks for a change, besides what it brings."""
        return 10 * self._resemble(place.nodes[0], q) + 15 * self.fed_right(place)

    def _resemble(self, node: ast.expr, q: int) -> bool:
        """Whether two expressions are written somewhat alike."""
        key = self.own.text[node.place], self.road.text[q]
        if key not in self.alike:
            one, other = (re.findall(r"\w+|[^\w\s]", text) for text in key)
            match = difflib.SequenceMatcher(None, one, other)
            self.alike[key] = match.ratio() > 0.3
        return self.alike[key]

    def _best(self, before: dict[str, int]) -> tuple[tuple, Place] | None:
        mine, known = self.mine, self.known
        if before:  # what is on the road then?
            self.mine = [
                self._run(before, k, lambda t: self.own.noted(t, kept)[1])
                for k in range(len(self.trials))
            ]
            self.known = {}
        found = None
        for hit in self._hits(before):
            found = hit if found is None else min(found, hit, key=lambda h: h[0])
            if not any(hit[0][:4]):
                break  # none says more
        self.mine, self.known = mine, known
        return found

    def _search(self) -> None:
        self.until = time.process_time() + MAY_TAKE
        one = self._best({})
        if one:
            _, right, unfed, *_ = one[0]
            self.found, self.fed, self.put = [one[1]], not unfed, one[2]
            if right or not unfed:
                return
        self.until = time.process_time() + MAY_TAKE / 2
        self._lead()
        every = range(len(self.trials))
        self.until = time.process_time() + MAY_TAKE
        self.leads.sort(key=lambda lead: (-lead[0], lead[1]))
        for *_, before in self.leads[:LEADS]:
            two = self._best(before)
            if two and not (two[0][0] or (one and two[0][2])):
                (first,) = (p for p in self.places if p.key in before)
                pair = (first.nodes[0], before[first.key]), (two[1].nodes[0], two[2])
                if all(self._is_result(q) for _, q in pair) or not all(
                    self._resemble(node, q) for node, q in pair
                ):
                    continue  # nothing but the results, or by chance
                alone = {two[1].key: two[2]}
                if not all(self._run(alone, k, self.own.right) for k in every):
                    self.found = sorted([first, two[1]], key=self.places.index)
                elif not one:
                    self.found, self.put = [two[1]], two[2]
                return

    @property
    def vague(self) -> bool:
        """Whether a result was found to be wrong, and nothing of how it is made."""
        (node, *_), *others = (place.nodes for place in self.found)
        name = isinstance(node, ast.Name)
        return not others and node in self.results and (name or not self.fed)

    def _is_result(self, q: int) -> bool:
        """Whether values of the solution are its results, or parts of them."""
        return q in self.finals or all(
            isinstance(t.right.value, tuple)
            and any(same(theirs[q][-1], part) for part in t.right.value)
            for theirs, t in zip(self.theirs, self.trials, strict=True)
            if q in theirs
        )

    def _lead(self) -> None:
        """Note the single changes that bring much of the rest onto the road."""
        off = {p for p in self.mine[0] if not self.on_road(self.own.nodes[p])}
        self.own.only = off
        for i, place, q in self._pairs({}, 0):
            node = place.nodes[0]
            if q in self.finals or isinstance(node, ast.Name):
                continue
            changed = {place.key: q}
            gain = self._progress(changed, off - {n.place for n in place.nodes})
            if gain:
                self.leads.append((gain + self._trust(place, q), i, changed))
        self.own.only = None

    def _progress(self, changed: dict[str, int], off: set[int]) -> int:
        """Count what is on the road now, and the parts of the result more than that."""
        value, marks = self._run(changed, 0, lambda t: self.own.noted(t, mark))
        right, before = self.trials[0].right.value, self.trials[0].got.value
        parts = 0
        if isinstance(right, tuple) and isinstance(value, tuple):
            parts = sum(same(a, b) for a, b in zip(value, right, strict=False))
            parts -= sum(same(a, b) for a, b in zip(before, right, strict=False))
        return 3 * parts + sum(
            p in off and bool(m) and {*m} <= self.marks[0] for p, m in marks.items()
        )

    def said(self) -> str:
        """Say where the mistake is that was found."""
        names = [self._named(place) for place in self.found]
        if len(names) == 2:
            return (
                f"Two places keep the result from being right: {names[0]}, and "
                f"{names[1]}. With other values in both, its numbers are right."
            )
        (place,) = self.found
        if isinstance(place.nodes[0], ast.Constant):
            return f"Where {names[0]} is reached, it should not be, or not always."
        if self.on_road(place.nodes[0]):
            return (
                f"Something else is wanted in the place of {names[0]}, or something "
                "has still to be done with it: with other values there, the numbers of "
                "the result are right."
            )
        own, other = (
            tuple(getattr(values.get(p, [None])[0], "shape", ()))
            for values, p in (
                (self.mine[0], place.nodes[0].place),
                (self.theirs[0], self.put),
            )
        )
        if own != other:
            return (
                f"It goes wrong at {names[0]}: in what goes into it, in itself, or in "
                "what is done with it next. With other values there, the numbers of "
                "the result are right."
            )
        if self.fed:
            return (
                f"The mistake is in {names[0]}. What goes into it is right, and with "
                "other values there, the numbers of the result are right."
            )
        return (
            f"The mistake is in {names[0]}, or in what goes into it. With other "
            "values there, the numbers of the result are right."
        )

    def _named(self, place: Place) -> str:
        """Name an expression, and its line if that is short."""
        node = place.nodes[0]
        for n in ast.walk(self.own.tree):
            kinds = (ast.Assign, ast.AugAssign, ast.Return, ast.Expr)
            if isinstance(n, kinds) and any(c is node for c in ast.walk(n)):
                text = ast.unparse(n)
                if getattr(n, "value", None) is node and len(text) < 100:
                    return f"your line `{text}`"
                if len(text) < 80:
                    return f"`{place.text}` in your line `{text}`"
        return f"`{place.text}`"


def operands(node: ast.expr) -> list[ast.expr]:
    """Return the expressions that an expression is made of directly."""
    found = []
    for child in ast.iter_child_nodes(node):
        if isinstance(node, ast.Call) and child is node.func:
            found += operands(child) if isinstance(child, ast.Attribute) else []
        elif isinstance(child, (ast.keyword, ast.Tuple, ast.List, ast.Starred)):
            found += operands(child)
        elif isinstance(child, ast.expr):
            found.append(child)
    return found
