"""What to say of a wrong answer: more than that it is wrong.

Each of the ways is a function of a `Study` that returns a sentence or nothing: a listed
mistake that does the same on all inputs, a change of the learner's own code with which
the check accepts it, the expression where nan appears or slopes end, a factor between
the result and the right one, a property that fails, an argument without influence, and
for which inputs the result is right.
"""

import ast
import contextlib
import copy
import functools
import inspect
import math
import re
import textwrap
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from course_utils.exercises.fixtures import (
    LETTERS,
    SIZES,
    SMALL_SIZES,
    Case,
    draw,
    kind_of,
    uses,
)
from course_utils.exercises.locate import Crossing, Walk, kept, operands
from course_utils.exercises.observe import (
    Run,
    alike,
    finite,
    listed,
    observe,
    plain,
    problem,
    same,
    show,
    silently,
)
from course_utils.exercises.slips import (
    Edit,
    build,
    described,
    limited_steps,
    noted,
    repairs,
    source_tree,
)

# Studying a wrong answer ------------------------------------------------------------


# Seconds of work for what is tried out to explain a mistake.
MAY_TAKE = 0.25
PAIRS_MAY_TAKE = 0.12


@dataclass
class Trial:
    """One input, what the learner's function did with it, and what is right."""

    case: Case
    got: Run
    right: Run
    problem: tuple[str, str] | None


@dataclass
class Study:
    """All that is known of a wrong answer."""

    exercise: Any
    function: Callable
    trials: list[Trial]
    failed: list[Trial] = field(init=False)
    until: float = field(init=False)  # when to stop searching, in seconds of work

    def __post_init__(self) -> None:
        """Pick what failed, and start the clock."""
        self.failed = [t for t in self.trials if t.problem]
        if self.failed and not any(t.case.ordinary for t in self.failed):
            # Is it only the edges? Then other ordinary inputs come out right as well.
            found = [t for t in self.others if t.case.ordinary and t.problem]
            self.trials, self.failed = found + self.trials, found + self.failed
        self.until = time.process_time() + MAY_TAKE

    @functools.cached_property
    def others(self) -> list[Trial]:
        """Other inputs of the same kinds, to find out whether a claim is true."""
        exercise = self.exercise
        return [exercise.trial(self.function, case) for case in exercise.more_cases]

    @functools.cached_property
    def crossing(self) -> Crossing | None:
        """What happens if values of the solution stand in the learner's function."""
        with contextlib.suppress(Exception):
            return Crossing(self)
        return None

    def late(self) -> bool:
        """Whether enough time was spent on the search."""
        return time.process_time() > self.until

    @property
    def first(self) -> Trial:
        """The first input that failed: it decides what is said first."""
        return self.failed[0]

    def formulas(self) -> list[Trial]:
        """Ordinary inputs to compare results on; none if all of them are right."""
        found = [
            t
            for t in self.trials
            if t.case.ordinary and not (t.got.error or t.right.error)
        ]
        wrong = any(not same(t.got.value, t.right.value) for t in found)
        return found if wrong else []

    def call(self, args: tuple) -> Any:
        """Call the learner's function; None after an error."""
        run = observe(self.function, args, self.exercise.names)
        return None if run.error else run.value


def other_calls(study: Study) -> str | None:
    """Say how often a model or an optimizer is used, if that is not right."""
    for t in study.failed:
        for name in sorted({*t.got.calls, *t.right.calls}):
            a, b = t.got.calls.get(name, 0), t.right.calls.get(name, 0)
            if a != b and not name.endswith("zero_grad"):
                return f"{name} is called {_times(a)}; it should be called {_times(b)}."
            if not a and b:
                return f"{name} is never called."
    return None


def _times(n: int) -> str:
    return {0: "not at all", 1: "once", 2: "twice"}.get(n, f"{n} times")


def recognise(study: Study) -> tuple[Callable, list[Trial]] | None:
    """Return the listed mistake that a function makes, and where it makes another.

    It has to do the same as the function on *all* inputs, those that are right
    included. Where the mistake, as it is written in the list, or the function gives an
    error or nan, they may differ: there one of the two makes a second mistake. It is
    the function if the mistake alone has no trouble there.
    """
    fits = [(m, score) for m in study.exercise.mistakes if (score := _fit(study, m))]
    if not fits:
        return None
    best = max(fits, key=lambda fit: fit[1])[0]
    second = []
    for t in study.failed:
        run = study.exercise.mistake_run(best, t.case)
        trouble = t.problem[0] != "value" or not finite(t.got.value)
        sound = not run.error and finite(run.value)
        if trouble and sound and not alike(run, t.got, t.right):
            second.append(t)
    return best, second


def _fit(study: Study, mistake: Callable) -> tuple[int, int] | None:
    """Return how well a listed mistake fits, or None if it does not."""
    informative = exact = undecided = wrong_alike = 0
    for t in study.trials:
        run = study.exercise.mistake_run(mistake, t.case)
        usable = not run.error and (finite(run.value) or not _finite_right(t))
        got_usable = not t.got.error and finite(t.got.value)
        if alike(run, t.got, t.right):
            exact += 1
            if t.problem:
                wrong_alike += 1
                informative += t.problem[0] != "value" or (
                    got_usable and not plain(t.got.value)
                )
        elif not (run.error or t.got.error) and same(run.value, t.got.value):
            found = problem(run, t.right)
            kind = found[0] if found else "value"
            if kind != "value" and (
                kind == "slope" or found != problem(t.got, t.right)
            ):
                return None  # what the mistake is about is not seen
            undecided += 1  # the same numbers, and something else besides
        elif t.right.error and not t.problem:
            continue  # refused as it should be: the mistake lies elsewhere
        elif t.right.error or (usable and got_usable):
            return None
        else:
            undecided += 1
    if not wrong_alike or (undecided and informative < 2):
        return None
    if not informative and len(study.failed) == len(study.trials) < 4:
        return None  # nothing but 0, 1 or nan, and never a right result
    return exact, informative


def _finite_right(t: Trial) -> bool:
    return bool(t.right.error) or finite(t.right.value)


# "The weights are right, but the bias ...", which begins many an explanation.
PRAISE = re.compile(
    r"(?!You\b|This\b)[^.:,]*\b(?:is|are) right\b(?!, and the slopes, too)[^.:,;]*"
    r"(?:[.:;]|,(?: but| and)?) +(?:But )?"
)


def explanation(mistake: Callable, alone: bool = True) -> str:
    """Return what a listed mistake says; not that the rest is right, if it is not."""
    text = " ".join(inspect.cleandoc(mistake.__doc__).split())
    if alone:
        return text
    found = PRAISE.match(text)
    rest = text[found.end() :] if found else text
    word = rest.partition(" ")[0].rstrip(",")
    # A word that begins with a small letter may be a name of the code, such as dx.
    usual = len(word) > 2 or word in ("a", "an", "in", "it")
    plain_word = rest != text and word.isalpha() and usual
    return rest[:1].upper() + rest[1:] if plain_word else rest


# Relations --------------------------------------------------------------------------

FACTORS = {
    "-1": "the sign is the wrong way round",
    "N": "a sum over the examples where the mean is wanted: divide by N",
    "1/N": "divided by N once too often",
    "-N": "the sign is the wrong way round, and it is not divided by N",
    "-1/N": "the sign is the wrong way round, and it is divided by N once too often",
    "K": "something is added up over the classes, or not divided by K",
    "1/K": "divided by the number of classes as well, as .mean() of a whole table does",
    "-1/K": "the wrong sign, and divided by the number of classes",
    "100": "a percentage; here a fraction from 0 to 1 is wanted",
    "2": "twice as much",
    "-2": "the wrong sign, and twice as much",
    "1/2": "half as much",
    "1/ln 2": "a logarithm of base 2; .log() is the natural one",
    "1/ln 10": "a logarithm of base 10; .log() is the natural one",
}
CONSTANTS = {"1": 1.0, "2": 2.0, "1/2": 0.5, "100": 100.0,
             "1/ln 2": 1 / math.log(2), "1/ln 10": 1 / math.log(10)}  # fmt: skip


def relate(study: Study) -> str | None:
    """Say how many times the right result the learner's result is."""
    trials = study.formulas()
    found = _relation(study, trials, [t.right.value for t in trials])
    if not found:
        return None
    what = "step" if study.exercise.steps else "result"
    letters = [f"{x} is {LETTERS[x]}" for x in LETTERS if x in found]
    about = f" ({listed(letters)})" if letters else ""
    return f"Your {what} is {found} times the right one{about}: {FACTORS[found]}."


def _relation(study: Study, trials: list[Trial], wanted: list) -> str | None:
    """Return "" if the results are those, the name of a relation, or None.

    All parts of a result must be in the same relation, for all inputs. After a step it
    is what was added to the old values that counts.
    """
    if len(trials) < 2 or any(w is None or not finite(w) for w in wanted):
        return None
    found = set()
    for part in zip(*(_parts(study, t, w) for t, w in zip(trials, wanted, strict=True)),
                    strict=True):  # fmt: skip
        if not all(finite(a) and a.shape == b.shape for a, b, _ in part):
            return None
        if all(plain(a) for a, _, _ in part) or all(
            same(part[0][0], a) for a, _, _ in part
        ):
            return None  # 0, 1 or a constant: it fits too much
        name = "" if all(_close(*p) for p in part) else _factor(study, trials, part)
        found.add(name)
    return found.pop() if len(found) == 1 else None


def _parts(study: Study, t: Trial, wanted: Any) -> list[tuple[Tensor, Tensor, float]]:
    """Return the learner's and the wanted numbers, and what float32 may have lost."""
    several = isinstance(wanted, (tuple, list))
    pairs = []
    for i, (a, b) in enumerate(
        zip(t.got.value, wanted, strict=True) if several else [(t.got.value, wanted)]
    ):
        a, b = (torch.as_tensor(v).detach().double() for v in (a, b))
        slack = 1e-9
        if i < len(study.exercise.steps):
            old = t.case.args[study.exercise.names.index(study.exercise.steps[i])]
            if a.shape == b.shape == old.shape:
                a, b = a - old.double(), b - old.double()
                slack = 1e-9 + 1e-6 * old.abs().max().item()
        pairs.append((a, b, slack))
    return pairs


def _close(a: Tensor, b: Tensor, slack: float = 1e-9) -> bool:
    if a.shape != b.shape or not b.isfinite().all():
        return False
    atol = max(2e-5 * b.abs().max().item(), slack) if b.numel() else slack
    return torch.allclose(a, b, rtol=1e-4, atol=atol)


def _factor(study: Study, trials: list[Trial], part: Sequence) -> str | None:
    """Return the name of the factor between the results, if it is one."""
    factors = []
    for t, (a, b, slack) in zip(trials, part, strict=True):
        size = (b * b).sum().item()
        if size <= slack**2:
            continue  # 0 is right with any factor
        factor = (a * b).sum().item() / size
        if not _close(a, factor * b, slack):
            return None
        sizes = sizes_of(study.exercise, t.case.args)
        known = dict(CONSTANTS)
        for x in {"N", "K"} & {*sizes}:
            known |= {x: sizes[x], f"1/{x}": 1 / sizes[x]}
        factors.append(
            {
                sign + name
                for sign, s in (("", 1), ("-", -1))
                for name, number in known.items()
                if math.isclose(factor, s * number, rel_tol=1e-3)
            }
        )
    names = set.intersection(*factors) if len(factors) > 1 else set()
    return next((name for name in FACTORS if name in names), None)


def sizes_of(exercise: Any, args: tuple) -> dict[str, int]:
    """Return the sizes of the arguments, by letter."""
    return {
        letter: size
        for spec, value in zip(exercise.given.values(), args, strict=False)
        if isinstance(spec, str) and torch.is_tensor(value)
        for letter, size in zip(spec.split()[1:], value.shape, strict=False)
        if letter.isalpha()
    }


def compose(study: Study) -> tuple[Callable, str] | None:
    """Return a listed mistake and what is wrong besides it, if both together fit.

    Where the right result is chosen, and not calculated, a factor is nothing wrong.
    """
    trials = study.formulas()
    right = [t.right.value for t in trials]
    if len(trials) < 3 or _relation(study, trials, right) == "":
        return None  # the numbers are right already, but in a list, say
    chosen = all(
        isinstance(t.right.value, int)
        or any(isinstance(a, list) and t.right.value in a for a in t.case.args)
        for t in trials
        if not torch.is_tensor(t.right.value)
    ) and not torch.is_tensor(trials[0].right.value)
    for mistake in study.exercise.mistakes:
        runs = [study.exercise.mistake_run(mistake, t.case) for t in trials]
        if any(r.error for r in runs) or all(
            same(r.value, t.right.value) for r, t in zip(runs, trials, strict=True)
        ):
            continue
        more = _relation(study, trials, [r.value for r in runs])
        if more in FACTORS:
            return mistake, "" if chosen else FACTORS[more]
    return None


# Repairs ----------------------------------------------------------------------------


class _Tries:
    """A learner's function, and what becomes of it with some changes."""

    def __init__(self, study: Study) -> None:
        self.study, self.exercise = study, study.exercise
        self.tree = source_tree(study.function)
        self.order = sorted(study.trials, key=lambda t: t.problem is None)
        first = study.first
        # Where the values are right already, all that can be observed counts.
        self.whole = first.problem[0] in ("side effect", "slope") or first.right.error

    def changed(self, *chosen: Edit) -> Callable | None:
        """Return the function with these changes."""
        return build(self.study.function, self.tree, *chosen)

    def found(self, function: Callable, trial: Trial) -> tuple[str, str] | None:
        """Return what is wrong with a function for an input."""
        got = self._run(function, trial)
        names = self.exercise.results or self.exercise.steps
        return problem(got, trial.right, names)

    def promising(self, function: Callable | None) -> bool | None:
        """Whether the first input that failed is right now; None if it is as before."""
        first = self.study.first
        if function is None:
            return False
        if self.whole:
            return not self.found(function, first)
        try:
            torch.default_generator.manual_seed(0)
            args = copy.deepcopy(first.case.args)
            with limited_steps():
                value = function(*args)
        except (Exception, SystemExit):
            return False
        if same(value, first.right.value):
            return True
        return None if same(value, first.got.value) else False

    def matters(self, function: Callable | None) -> bool:
        """Whether a change makes other numbers, and leaves a right form as it is."""
        first = self.study.first
        value = self._run(function, first).value if function else None
        got, right = first.got.value, first.right.value
        form = _shape(got) == _shape(right)
        return not same(value, got) and (not form or _shape(value) == _shape(right))

    def listed(self, function: Callable) -> Callable | None:
        """Return the listed mistake that does the same on all inputs."""
        first = self.study.first
        value = self._run(function, first).value
        for mistake in self.exercise.mistakes:
            run = self.exercise.mistake_run(mistake, first.case)
            if run.error or plain(run.value) or not same(run.value, value):
                continue
            trials = [*self.order, *self.study.others]
            pairs = [
                (self.exercise.mistake_run(mistake, t.case), self._run(function, t))
                for t in trials
            ]
            if all(
                same(one.value, other.value)
                for one, other in pairs
                if not (one.error and other.error)
            ):
                return mistake
        return None

    def _run(self, function: Callable, trial: Trial) -> Run:
        with limited_steps():
            return self.exercise.observe(function, trial.case.args)

    def left(self, function: Callable) -> list[tuple[Trial, tuple]] | None:
        """Return what is still wrong; None for the numbers of an ordinary input."""
        left = []
        for trial in self.order:
            if found := self.found(function, trial):
                left.append((trial, found))
                undone = found[0] == "side effect" and trial.right.changed
                if trial.case.ordinary and (undone or found[0] in ("value", "error")):
                    return None
        return left

    def holds(self, function: Callable, whole: bool = True) -> bool:
        """Whether other inputs, too, are right now, or the numbers of ordinary ones."""
        start = time.process_time()
        others = [t for t in self.study.others if whole or t.case.ordinary]
        self.study.until += time.process_time() - start  # that was no search
        found = [self.found(function, t) for t in others]
        return not any(f and (whole or f[0] in ("value", "error")) for f in found)

    def said(self, edit: Edit) -> str:
        """Say what a change puts in the place of what."""
        return described(self.tree, edit)


def repaired(study: Study, alone: bool = False) -> list[str]:
    """Say which change of the learner's own code, or which two, would make it right.

    Nothing is guessed: the whole check accepts the function with the change.
    """
    try:
        tries = _Tries(study)
    except (OSError, TypeError, StopIteration, SyntaxError):
        return []
    tree = tries.tree
    if not study.exercise.names or study.function.__name__ != tree.name:
        return []
    arguments = [a.arg for a in tree.args.args]
    donors = _donors(study.exercise, arguments)
    overflows = "nan" in study.first.problem[1] or "inf" in study.first.problem[1]
    partly, moving, known = [], [], []
    # Where only the edges are wrong, many a strange change will do.
    ordinary = any(t.problem and t.case.ordinary for t in study.trials)
    for edit in repairs(tree, arguments, donors, overflows):
        if study.late():
            break
        function = tries.changed(edit)
        hit = tries.promising(function)
        if hit and tries.said(edit):
            left = tries.left(function)
            if left == [] and (edit.near or ordinary) and tries.holds(function):
                return [f"One change would make it right: {tries.said(edit)}."]
            some = left and ordinary and edit.near and not tries.whole
            if some and tries.holds(function, False):
                partly.append((-len(left), left, edit))
        elif hit is False and edit.near:
            moving.append(edit)
            said = tries.said(edit)
            if (
                not known
                and _replaces(said)
                and tries.matters(function)
                and (listed_ := tries.listed(function))
            ):
                known = [
                    f"Two things. One: {explanation(listed_, False)}",
                    f"The other: it needs {said}.",
                ]
    if partly:
        _, left, edit = max(partly, key=lambda p: p[0])
        return _partly_said(study, tries.said(edit), left)
    if alone:
        return []
    found = study.crossing.found if study.crossing else []
    known_places = found and (len(found) == 2 or study.crossing.fed)
    study.until = time.process_time() + PAIRS_MAY_TAKE * (1 if known_places else 2)
    # Where the crossing knows all places, changes elsewhere are not tried; the same
    # slip in several places comes first.
    inside = [i for place in found for i in place.inside]
    if known_places:
        moving = [
            edit
            for edit in moving
            if all(any(a <= p <= b for a, b in inside) for p in edit.places)
        ]
    moving.sort(key=lambda edit: -len(edit.places))
    pairs = ((moving[i], b) for j, b in enumerate(moving) for i in range(j))
    for one, other in pairs:
        if study.late():
            break
        if set(one.places) & set(other.places):
            continue
        function = tries.changed(one, other)
        texts = [tries.said(edit) for edit in (one, other)]
        if (
            all(texts)
            and tries.promising(function)
            and tries.left(function) == []
            and tries.holds(function)
        ):
            return [
                f"Two changes would make it right. One: {texts[0]}. "
                f"The other: {texts[1]}."
            ]
    return known


def _partly_said(study: Study, change: str, left: list) -> list[str]:
    """Say which change mends the numbers, and what is left then."""
    kind, text = left[0][1]
    caption = shared_caption(study.trials, [t for t, _ in left])
    where = f" on this input: {caption}" if caption else ""
    text = "wrong numbers." if kind == "value" else text.splitlines()[0]
    text = re.sub(
        r"^The (?:values|result|numbers?)[^.,]* (?:is|are) right[.,]? (?:[Bb]ut )?",
        "",
        text,
    )
    return [
        f"One change would mend the numbers of ordinary inputs: {change}.",
        f"There is a second thing{where}. What is left then: {text}",
    ]


def _replaces(said: str) -> bool:
    """Whether a change puts in a method, or one for another, and touches nothing else.

    With other names, numbers or operators, or with less, many a function becomes like
    a listed mistake.
    """
    new, found, old = said.partition(" in place of ")
    rest = r"(?<![.\w])\w+|[-+*/@<>=%&|]+"
    same_rest = all(
        re.findall(part, new) == re.findall(part, old) for part in (rest, r"\d+\.?\d*")
    )
    return (
        bool(found) and same_rest and "_like" not in said and new.strip("`") not in old
    )


def _donors(exercise: Any, arguments: Sequence[str]) -> list[ast.expr]:
    """Return small expressions of the solution, with the learner's names."""
    try:
        tree = source_tree(exercise.reference)
    except (OSError, TypeError):
        return []
    names = dict(zip(exercise.names, arguments, strict=False))
    allowed = {*arguments, "len"}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            node.id = names.get(node.id, node.id)
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and type(node.value) in (int, float):
            found[ast.unparse(node)] = node
        if isinstance(node, (ast.Call, ast.Subscript, ast.Attribute)):
            used = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
            if used & {*arguments} and used <= allowed and len(ast.unparse(node)) < 24:
                found[ast.unparse(node)] = node
    return [*found.values()]


# Traces -----------------------------------------------------------------------------


def traced(study: Study) -> str | None:
    """Say at which expression of the learner nan appears, slopes end, or a table.

    Each expression of the function notes its value when the function runs once more.
    """
    t = study.first
    try:
        tree = source_tree(study.function)
    except (OSError, TypeError, StopIteration, SyntaxError):
        return None
    if study.function.__name__ != tree.name:
        return None
    seen: dict[int, Any] = {}
    said: list[str] = []
    nodes = {n.place: n for n in ast.walk(tree) if isinstance(n, ast.expr)}

    def note(place: int, value: Any) -> Any:
        seen[place] = value
        node = nodes[place]
        below = [
            (ast.unparse(n), seen[n.place])
            for n in operands(node)
            if getattr(n, "place", None) in seen
        ]
        text = look(ast.unparse(node), value, below)
        if text and not said:
            said.append(text)
        return value

    kind, text = t.problem
    if kind == "slope" and "remember" in text:
        look = _lost
    elif "holds nan" in text or "holds inf" in text or "nan or inf" in text:
        look = _overflows
    elif torch.is_tensor(t.right.value):
        look = _spreads
    else:
        return None
    function = build(study.function, noted(tree), note=note)
    args = copy.deepcopy(t.case.args)
    if look is _lost:
        args = [
            a.requires_grad_() if torch.is_tensor(a) and a.is_floating_point() else a
            for a in args
        ]
    with contextlib.suppress(Exception), silently():
        function(*args)
    return said[0] if said else None


def _overflows(text: str, value: Any, below: list) -> str | None:
    """Say that an expression is the first that holds nan or inf."""
    if finite(value) or not all(finite(v) for _, v in below):
        return None
    ranges = [
        f"`{name}` lies between {v.min().item():.4g} and {v.max().item():.4g}"
        for name, v in below
        if torch.is_tensor(v) and v.numel() and v.is_floating_point()
    ]
    what = "nan" if _has_nan(value) else "inf"
    where = f", where {listed(ranges)}" if ranges else ""
    return f"{what} appears first in `{text}`{where}."


def _has_nan(value: Any) -> bool:
    if isinstance(value, (tuple, list)):
        return any(map(_has_nan, value))
    return bool(torch.as_tensor(value).isnan().any())


def _lost(text: str, value: Any, below: list) -> str | None:
    """Say that an expression no longer knows what it depends on."""
    depends = any(torch.is_tensor(v) and v.requires_grad for _, v in below)
    counts = isinstance(value, (bool, int, torch.Size, torch.dtype, torch.device))
    whole = torch.is_tensor(value) and not value.is_floating_point()
    kept = torch.is_tensor(value) and value.requires_grad
    known = (
        isinstance(value, (float, list, Tensor)) or type(value).__module__ == "numpy"
    )
    if not depends or counts or whole or kept or not known:
        return None
    return (
        f"At `{text}` PyTorch forgets how the result was made: from there on it has "
        "only numbers."
    )


def _spreads(text: str, value: Any, below: list) -> str | None:
    """Say that a column and a list made a table."""
    shapes = [tuple(v.shape) for _, v in below if torch.is_tensor(v)]
    if not torch.is_tensor(value) or len(shapes) != 2 or value.ndim != 2:
        return None
    lengths = sorted(shapes, key=len)
    if len(lengths[0]) == 1 and len(lengths[1]) == 2 and lengths[1][1] == 1:
        (n,), (m, _) = lengths
        if n > 1 and m > 1 and value.shape == (m, n):
            return (
                f"In `{text}` a column {lengths[1]} and a list {lengths[0]} meet, and "
                f"PyTorch makes a table {tuple(value.shape)} of all pairs. Bring both "
                "into the same shape."
            )
    return None


# Other things to say ----------------------------------------------------------------


def _shape(value: Any) -> Any:
    return tuple(value.shape) if torch.is_tensor(value) else None


def violated(study: Study, shown: Trial) -> str | None:
    """Return the first property that the labs prove and this function lacks.

    Its numbers are those of the input that is shown, if it fails for that as well.
    """
    trials = [t for t in study.formulas() if t.problem][:3]
    shapes = [(_shape(t.got.value), _shape(t.right.value)) for t in trials]
    if any(a != b and None not in (a, b) for a, b in shapes):
        return None  # another shape: no wonder that it fails
    for property_ in study.exercise.properties:

        def said(t: Trial, property_: Callable = property_) -> str | None:
            with contextlib.suppress(Exception):  # a result of another form
                return property_(study.call, t.got.value, *copy.deepcopy(t.case.args))
            return None

        found = [said(t) for t in trials if not t.got.error]
        if found and all(found):
            return said(shown) or re.sub(
                r" (One of yours sums to|Yours holds) \S+$", "", found[0]
            )
    return None


def without_influence(study: Study) -> str | None:
    """Say which arguments never changed the result, although they should."""
    exercise, idle, results = study.exercise, [], []
    if not all(name in exercise.given for name in exercise.names):
        return None
    for i, name in enumerate(exercise.names):
        matters = 0
        for k in range(24):
            base = draw(exercise.given, SIZES[k % 3], 50 + k)
            other = draw(exercise.given, SIZES[k % 3], 70 + k)
            changed = (*base[:i], other[i], *base[i + 1 :])
            a, b = (observe(study.function, x, exercise.names) for x in (base, changed))
            if a.error or b.error or not same(a.value, b.value):
                break
            results.append(a.value)
            right = (exercise.right_run(Case(x)).value for x in (base, changed))
            matters += not same(*right)
        else:
            idle += [name] if matters > 6 else []
    if not idle or all(r is None for r in results):
        return None
    text = listed([f"`{name}`" for name in idle])
    verb = "has" if len(idle) == 1 else "have"
    if all(same(results[0], r) for r in results):
        return f"Your result was {show(results[0])} for all inputs that were tried."
    return f"{text} {verb} no influence on your result."


def right_when(study: Study) -> str | None:
    """Say for which harmless argument the result is right."""
    given, exercise = study.exercise.given, study.exercise
    if not given:
        return None
    neutral = []
    if uses(given, "N"):
        neutral.append(
            ("there is a single example (N = 1)", {"N": 1}, {},
             "how the examples are put together")
        )  # fmt: skip
    for name, spec in given.items():
        if isinstance(spec, str):
            for caption, make in kind_of(spec).neutral.items():
                caption = caption.replace("it is", f"{name} is")
                neutral.append((caption, {}, {name: make}, f"what {name} does"))

    def right(sizes: dict, instead: dict) -> bool:
        told = False
        for k in range(12):
            case = Case(draw(given, {**SIZES[k % 3], **sizes}, 90 + k, **instead))
            expected = exercise.right_run(case)
            got = exercise.observe(study.function, case.args)
            if problem(got, expected):
                return False
            told = told or not plain(expected.value)
        return told

    if right({}, {}):  # wrong for something special only
        return None
    hits = [n for n in neutral if right(n[1], n[2])]
    if hits:
        caption, _, _, look = hits[0]
        return f"It is right whenever {caption}: look at {look}."
    return None


def captions(study: Study) -> str | None:
    """Say on which special input the result is wrong, if on all such and no others."""
    if any(t.case.ordinary for t in study.failed):
        return None
    trials = study.trials + study.others
    caption = shared_caption(trials, [t for t in trials if t.problem])
    where = f"Wrong on this input: {caption}." if caption else "Wrong on the one below."
    return f"Right for ordinary inputs. {where}"


def shared_caption(trials: Sequence[Trial], bad: Sequence[Trial]) -> str:
    """Return what is special about the bad inputs, if it is about no other one."""
    found = {t.case.caption for t in bad}
    wrong = {id(t) for t in bad}
    if len(found) > 1 or any(
        t.case.caption in found and id(t) not in wrong for t in trials
    ):
        return ""
    return found.pop()


# What is left out, or done again ----------------------------------------------------


def piled_up(study: Study) -> str | None:
    """Say that slopes are added to old ones, where the solution does not do so."""
    t = study.first
    if _piles(study.exercise.reference, t.case.args):
        return None
    number = _piles(study.function, t.case.args)
    if number == 1:
        return (
            "When backward() runs for the first time, the slopes from before the call "
            "are still in .grad, and the new ones are added to them. Empty them first."
        )
    if number:
        return (
            "Slopes pile up: from the second backward() on, the old ones are still in "
            ".grad, and the new ones are added to them. They have to be emptied in "
            "each round, before backward() or behind the step."
        )
    return None


def _piles(function: Callable, args: tuple) -> int:
    """Return the number of the first backward() that finds old slopes, or 0."""
    found, runs = [], 0
    backward = torch.autograd.backward

    def looking(tensors, *others, **options):
        nonlocal runs
        runs += 1
        start = tensors if isinstance(tensors, (tuple, list)) else [tensors]
        grads = [x.grad for x in _starts(start)]
        if grads and all(g is not None and bool(g.any()) for g in grads):
            found.append(runs)
        return backward(tensors, *others, **options)

    torch.autograd.backward = looking
    try:
        with contextlib.suppress(BaseException), silently():
            function(*copy.deepcopy(args))
    finally:
        torch.autograd.backward = backward
    return found[0] if found else 0


def _starts(tensors: Sequence[Tensor]) -> list[Tensor]:
    """Return the tensors that a calculation started with, and that want slopes."""
    seen, todo, starts = set(), [t.grad_fn for t in tensors], []
    while todo:
        node = todo.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if hasattr(node, "variable"):
            starts.append(node.variable)
        todo += [next_ for next_, _ in node.next_functions]
    return starts


ROUNDS = ("n_steps", "n_updates", "n_epochs")


def rounds(study: Study) -> str | None:
    """Say whether the first round of a training is right, and which part of it."""
    exercise = study.exercise
    name = next((n for n in exercise.names if n in ROUNDS), None)
    if not name:
        return None
    loops = (ast.For, ast.While, ast.comprehension)
    if not any(isinstance(n, loops) for n in ast.walk(source_tree(study.function))):
        return None
    i = exercise.names.index(name)
    cases = [t.case for t in study.trials if t.case.ordinary]
    once = [Case((*c.args[:i], 1, *c.args[i + 1 :])) for c in cases][:5]
    trials = [exercise.trial(study.function, case) for case in once]
    if any(t.got.error or t.right.error for t in trials):
        return None
    if not any(t.problem for t in trials):
        return (
            f"With a single round, {name} = 1, the result is right. So look at what is "
            "left over from one round to the next."
        )
    first = f"Already after a single round, {name} = 1, it is wrong."
    found = _relation(study, trials, [t.right.value for t in trials])
    if found:
        return f"{first} What comes out is {found} times right: {FACTORS[found]}."
    if any(same(t.got.value, t.right.value) for t in trials):
        return None
    single = Study(exercise, study.function, trials)
    single.others, single.until = [], time.process_time() + MAY_TAKE / 2
    more = repaired(single, alone=True)
    if not more and single.crossing and len(single.crossing.found) == 1:
        more = [crossed(single)]
    more = [m for m in more if m] or [_parts_right(study, trials)]
    return " ".join([first, *more]) if more[0] else None


def parts(study: Study) -> str | None:
    """Say which of several results are right, and which are never changed."""
    return _parts_right(study, study.formulas())


def _parts_right(study: Study, trials: list[Trial]) -> str | None:
    exercise = study.exercise
    names = exercise.results or exercise.steps
    if not trials or any(
        not isinstance(v, (tuple, list)) or len(v) != len(names)
        for t in trials
        for v in (t.got.value, t.right.value)
    ):
        return None
    columns = [
        [(t.got.value[i], t.right.value[i]) for t in trials] for i in range(len(names))
    ]
    fine = [all(same(*pair) for pair in column) for column in columns]
    if all(fine):
        return None
    text = ""
    if any(fine):
        good = [f"`{n}`" for n, ok in zip(names, fine, strict=True) if ok]
        bad = [f"`{n}`" for n, ok in zip(names, fine, strict=True) if not ok]
        verb = "is" if len(good) == 1 else "are"
        text = f"{listed(good)} {verb} right for all inputs, {listed(bad)} not."
    still = [
        f"`{name}`"
        for name, column in zip(names, columns, strict=True)
        if name in exercise.names
        and all(
            same(got, t.case.args[exercise.names.index(name)]) and not same(got, right)
            for (got, right), t in zip(column, trials, strict=True)
        )
    ]
    if still:
        text += f" {listed(still)} came back as given, for all inputs."
    zero = [
        f"`{name}`"
        for name, ok, column in zip(names, fine, columns, strict=True)
        if not ok and all(torch.is_tensor(a) and not a.any() for a, _ in column)
    ]
    if zero:
        text += f" {listed(zero)} is 0, always."
    return text.strip() or None


def another_order(study: Study) -> str | None:
    """Say that the results are right, but in another order, or with another sign."""
    trials = [t for t in study.trials if t.case.ordinary and not t.right.error]
    values = [(t.got.value, t.right.value) for t in trials]
    if len(values) < 2 or any(
        not isinstance(v, tuple) or len(v) != len(values[0][1])
        for pair in values
        for v in pair
    ):
        return None
    n = range(len(values[0][1]))
    for sign, more in ((1, ""), (-1, ", and the sign is the wrong way round")):
        places = [
            [
                j
                for j in n
                if all(same(_times_sign(g[i], sign), r[j]) for g, r in values)
            ]
            for i in n
        ]
        if all(len(p) == 1 for p in places) and [p[0] for p in places] != [*n]:
            order = [p[0] + 1 for p in places]
            return (
                f"Your results are the right ones in another order: yours are number "
                f"{listed([*map(str, order)])} of those that are wanted{more}."
            )
    return None


def _times_sign(value: Any, sign: int) -> Any:
    return value * sign if isinstance(value, (float, Tensor)) else value


def only_at_edges(study: Study) -> str | None:
    """Say which expression spoils special numbers, and no ordinary ones."""
    if any(t.case.ordinary for t in study.failed):
        return None
    edge = study.first
    own, road = Walk(study.function), Walk(study.exercise.reference)
    usual = [own.noted(t, kept)[1] for t in study.trials if t.case.ordinary][:4]
    special, right = own.noted(edge, kept)[1], road.noted(edge, kept)[1]
    right = [v for values in right.values() for v in values]
    for place, values in special.items():
        for part in operands(own.nodes[place]):
            if part.place not in special or not all(
                place in u and part.place in u for u in usual
            ):
                continue
            after, before = values[0], special[part.place][0]
            if (
                not _comparable(after, before)
                or not usual
                or any(not same(u[place][0], u[part.place][0]) for u in usual)
            ):
                continue
            if any(same(after, v) and not same(before, v) for v in right):
                continue
            a, b = (torch.as_tensor(v).double().flatten() for v in (after, before))
            off = ~torch.isclose(a, b, rtol=1e-3, atol=0, equal_nan=True)
            if not off.any():
                continue
            where = int(off.double().argmax())
            return (
                f"`{own.text[place]}` changes nothing in ordinary numbers. But here it "
                f"makes {a[where].item():.6g} of {b[where].item():.6g}."
            )
    return None


def _comparable(a: Any, b: Any) -> bool:
    return all(
        isinstance(v, (float, Tensor)) and not isinstance(v, bool) for v in (a, b)
    ) and (torch.as_tensor(a).shape == torch.as_tensor(b).shape)


def crossed(study: Study) -> str | None:
    """Say in which expression the mistake is, or in which two."""
    crossing = study.crossing
    return (
        crossing.said() if crossing and crossing.found and not crossing.vague else None
    )


def located(study: Study) -> str | None:
    """Say in which result the mistake is, or up to where the numbers are right."""
    crossing = study.crossing
    if not crossing or (crossing.found and not crossing.vague):
        return None
    return crossing.said() if crossing.found else crossing.until_there()


def by_entry(study: Study) -> str | None:
    """Say which entries of an answer are right, and what speaks against others."""
    evidence = study.exercise.evidence
    got, right = study.first.got.value, study.first.right.value
    if not evidence or len(got) != len(right):
        return None
    entries = [*zip(evidence.items(), got, right, strict=True)]
    good = [name for (name, _), a, b in entries if same(a, b)]
    bad = [(name, why) for (name, why), a, b in entries if not same(a, b)]
    begin = f"Right: {listed(good)}. " if good else ""
    return begin + " ".join(f"Look again at {name}: {why}" for name, why in bad[:3])


def fixed_size(study: Study) -> str | None:
    """Say that a size is written as a number, and that this input has another one."""
    own = source_tree(study.function)
    road = source_tree(study.exercise.reference)
    known = {n.value for n in ast.walk(road) if isinstance(n, ast.Constant)}
    sizes = {
        size
        for a in study.first.case.args
        for size in (
            a.shape
            if torch.is_tensor(a)
            else [len(a)]
            if hasattr(a, "__len__")
            else [a]
        )
    }
    for node in ast.walk(own):
        if not isinstance(node, (ast.Slice, ast.Call)):
            continue
        text = ast.unparse(node)
        if isinstance(node, ast.Call) and not re.match(SIZED, text):
            continue
        for n in ast.walk(node):
            value = getattr(n, "value", None)
            if type(value) is int and value > 4 and value not in {*sizes, *known}:
                return (
                    f"The number {value} stands in `{text}`, and here nothing has that "
                    "size: take sizes from the arguments, with len() or .shape."
                )
    return None


SIZED = (
    r"(range|torch\.(zeros|ones|empty|eye|arange|full)|.*\.?(reshape|view|one_hot))\("
)


def slope_place(study: Study) -> str | None:
    """Say that slopes are wrong only at exactly 0."""
    trials = [t for t in study.failed if t.problem[0] == "slope"]
    fits = bool(trials)
    for t in trials:
        for name, expected in t.right.slopes.items():
            slope = t.got.slopes.get(name)
            x = t.case.args[study.exercise.names.index(name)]
            if slope is None or expected is None:
                return None
            off = ~torch.isclose(slope, expected, rtol=0.05, atol=1e-5)
            fits = fits and bool(off.any()) and bool((~off | (x == 0)).all())
    if not fits:
        return None
    return (
        "The slope is wrong only where the input is exactly 0. There abs(), clamp() "
        "and relu() have a kink, and where() takes one side of it; PyTorch then "
        "chooses a slope that is not yours. Training often starts at 0. A formula "
        "without a kink at 0 is needed."
    )


def lints(function: Callable, names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the arguments that never occur, and the values that are thrown away."""
    try:
        source = textwrap.dedent(inspect.getsource(function))
        tree = ast.parse(source)
    except (OSError, TypeError, SyntaxError):
        return [], []
    body = next((n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)), None)
    if body is None or body.name != getattr(function, "__name__", ""):
        return [], []
    own = [a.arg for a in (*body.args.posonlyargs, *body.args.args)]
    used = {n.id for n in ast.walk(body) if isinstance(n, ast.Name)}
    unused = [a for a in own if a not in used and not a.startswith("_")]
    thrown = []
    for node in ast.walk(body):
        match node:
            case ast.Call(
                func=ast.Attribute(attr="one_hot") | ast.Name(id="one_hot"),
                args=[_],
                keywords=[],
            ):
                thrown.append(
                    f"`{ast.unparse(node)}` takes the largest label for the last "
                    "class. If that class is missing, so is its column: give the "
                    "number of classes as well."
                )
        if not isinstance(node, ast.Expr):
            continue
        text = ast.unparse(node)
        call = node.value
        if isinstance(call, (ast.Compare, ast.BinOp)):
            thrown.append(f"`{text}` is calculated and thrown away: nothing keeps it.")
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
            continue
        owner, method = ast.unparse(call.func.value), call.func.attr
        if method in ("no_grad", "enable_grad", "inference_mode"):
            thrown.append(
                f"The line `{text}` does nothing by itself: `with {text}:`, and the "
                "lines that it is for below, moved to the right."
            )
        elif method in RETURNED and "model" not in owner and owner not in ("net", "F"):
            thrown.append(
                f"The line `{text}` makes a new value and throws it away: {owner} "
                f"itself stays as it was. Write {owner.split('.')[0]} = {text}."
            )
    return unused, thrown


# Methods that give a new value and leave the old one as it was.
RETURNED = {
    "to", "float", "double", "long", "int", "exp", "log", "log2", "log1p", "sum",
    "mean", "abs", "sqrt", "square", "clamp", "clip", "softmax", "log_softmax",
    "logsumexp", "sigmoid", "flatten", "reshape", "view", "squeeze", "unsqueeze",
    "transpose", "t", "permute", "detach", "clone", "cpu", "cuda", "argmax",
    "argsort", "flip", "roll", "max", "min", "item", "repeat", "expand",
    "contiguous", "pow", "neg",
}  # fmt: skip


def smallest(study: Study) -> Trial:
    """Return a failing input that a person can calculate on paper, if there is one."""
    first, exercise = study.first, study.exercise
    kind = first.problem[0]
    if not exercise.given or kind not in ("value",) or not first.case.ordinary:
        return first
    for sizes in SMALL_SIZES:
        for seed in range(5):
            try:
                case = Case(draw(exercise.given, sizes, seed, small=True))
            except (RuntimeError, ValueError):
                continue
            right = exercise.right_run(case)
            got = exercise.observe(study.function, case.args)
            found = problem(got, right, exercise.results or exercise.steps)
            if found and found[0] == kind and not plain(right.value):
                return Trial(case, got, right, found)
    return first


# Properties -------------------------------------------------------------------------
#
# What the labs prove, as data. A property is a function of a way to call the learner's
# function, its result and the arguments; it returns what is wrong, or nothing.


def rows_sum_to(total: float, why: str, dim: int = 1) -> Callable:
    """Say that each row of the result sums to a number."""

    def check(call, value, *args):
        sums = value.double().sum(dim=dim)
        off = (sums - total).abs()
        if off.max() > 1e-4:
            return f"{why} One of yours sums to {sums[off.argmax()].item():.4g}."
        return None

    return check


def between(low: float, high: float, why: str) -> Callable:
    """Say that nothing in the result lies outside of a range."""

    def check(call, value, *args):
        for part in value if isinstance(value, (tuple, list)) else (value,):
            numbers = torch.as_tensor(part).double()
            out = numbers[(numbers < low - 1e-6) | (numbers > high + 1e-6)]
            if len(out.flatten()):
                return f"{why} Yours holds {out.flatten()[0].item():.4g}."
        return None

    return check


def unchanged(why: str, change: Callable) -> Callable:
    """Say that the result stays if the arguments are changed in some way."""

    def check(call, value, *args):
        other = call(change(*copy.deepcopy(args)))
        return None if same(value, other) else f"{why} Yours changes."

    return check


def follows(why: str, change: Callable, result: Callable) -> Callable:
    """Say how the result changes if the arguments are changed in some way."""

    def check(call, value, *args):
        other = call(change(*copy.deepcopy(args)))
        return None if same(result(value), other) else f"{why} Yours does not."

    return check


def holds(why: str, test: Callable) -> Callable:
    """Say that some test of result and arguments holds."""

    def check(call, value, *args):
        return None if test(value, *args) else why

    return check
