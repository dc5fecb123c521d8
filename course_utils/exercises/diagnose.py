"""What to say of a wrong answer: more than that it is wrong.

Each of the ways is a function of a `Study` that returns a sentence or nothing: a listed
mistake that does the same on all inputs, a relation to the right result (N times as
large, say), other arguments for which it would be right, a slip that gives the same, a
property that fails, an argument without influence, when the result is right, and where
it is wrong.
"""

import ast
import copy
import inspect
import itertools
import math
import re
import textwrap
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from course_utils.exercises.fixtures import (
    LETTERS,
    SIZES,
    SMALL_SIZES,
    Case,
    draw,
    kind_of,
    uses,
)
from course_utils.exercises.observe import (
    Run,
    alike,
    finite,
    listed,
    observe,
    plain,
    problem,
    same,
    undisturbed,
)
from course_utils.exercises.slips import build, edits, source_tree

# Studying a wrong answer ------------------------------------------------------------


MAY_TAKE = 0.6  # seconds of work for all that is tried out to explain a mistake


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
        self.until = time.process_time() + MAY_TAKE

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


def recognise(study: Study) -> tuple[Callable, bool] | None:
    """Return the listed mistake that a function makes, and whether there is another.

    It has to do the same as the function on *all* inputs, those that are right
    included. Where the mistake, as it is written in the list, or the function gives an
    error or nan, they may differ: there one of the two makes a second mistake.
    """
    fits = [(m, score) for m in study.exercise.mistakes if (score := _fit(study, m))]
    if not fits:
        return None
    best = max(fits, key=lambda fit: fit[1])[0]
    second = any(
        t.problem
        and not alike(study.exercise.mistake_run(best, t.case), t.got, t.right)
        and (t.problem[0] != "value" or not finite(t.got.value))
        for t in study.trials
    )
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
            undecided += 1  # the same numbers, and something else besides
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


def explanation(mistake: Callable) -> str:
    """Return what a listed mistake says."""
    return " ".join(inspect.cleandoc(mistake.__doc__).split())


# Relations --------------------------------------------------------------------------

NAMED_FACTORS = {
    "-1": "the sign is the wrong way round",
    "N": "a sum over the examples where the mean is wanted: divide by N",
    "1/N": "divided by N once too often",
    "-N": "the sign is the wrong way round, and it is not divided by N",
    "-1/N": "the sign is the wrong way round, and it is divided by N once too often",
    "K": "something is added up over the classes, or not divided by K",
    "1/K": "divided by the number of classes as well, as .mean() of a whole table does",
    "-1/K": "the wrong sign, and divided by the number of classes",
    "N/K": "divided by the number of classes instead of examples",
    "K/N": "divided by the number of examples instead of classes",
    "N/D": "divided by the number of features instead of examples",
    "-N/D": "the wrong sign, and divided by the number of features instead of examples",
    "100": "a percentage; here a fraction from 0 to 1 is wanted",
    "2": "twice as much",
    "1/2": "half as much",
    "N/(N - 1)": "divided by N - 1 where N is meant",
    "(N - 1)/N": "divided by N where N - 1 is meant",
    "1/ln 2": "a logarithm of base 2; .log() is the natural one",
    "1/ln 10": "a logarithm of base 10; .log() is the natural one",
}
CONSTANTS = {"1": 1.0, "2": 2.0, "1/2": 0.5, "100": 100.0, "1/100": 0.01,
             "1/ln 2": 1 / math.log(2), "1/ln 10": 1 / math.log(10), "1/4": 0.25,
             "4": 4.0}  # fmt: skip
TRANSFORMS: dict[str, Callable[[Tensor], Tensor]] = {
    "1 minus the right one: was the opposite counted?": lambda v: 1 - v,
    "1 divided by the right one: the fraction stands upside down": lambda v: 1 / v,
    "exp of the right one: one exp too many, or a log is missing": torch.exp,
    "the logarithm of the right one: a log too many, or the exp is missing": torch.log,
    "exp of minus the right one": lambda v: torch.exp(-v),
    "the square of the right one": torch.square,
}
SHUFFLES: dict[str, Callable[[Tensor], Tensor]] = {
    "rows and columns are exchanged": lambda v: v.mT if v.ndim >= 2 else v,
    "the columns are in the opposite order": lambda v: v.flip(-1) if v.ndim >= 2 else v,
    "the order is reversed": lambda v: v.flip(0) if v.ndim else v,
}


def relate(study: Study) -> str | None:
    """Say which simple function of the right result the learner's result is."""
    trials = study.formulas()
    parts = _parts(study, trials, [t.right.value for t in trials])
    if not parts:
        return None
    found = [_relation(trials, pairs, study) for pairs in parts]
    if any(f is None for f in found) or not any(found):
        return None
    step = bool(study.exercise.steps)
    what = "step" if step else "result"
    if len(parts) == 1:
        return _relation_sentence(f"Your {what}", found[0], what)
    names = [*study.exercise.results, *study.exercise.steps] or [
        f"result {i + 1}" for i in range(len(parts))
    ]
    if len(set(found)) == 1:
        whole = "Both of your steps are" if step else "All of your results are"
        return _relation_sentence(whole, found[0], what, be="")
    said = [
        f"{name} is right"
        if not f
        else _relation_sentence(f"your {what} of {name}", f, what)
        for name, f in zip(names, found, strict=False)
    ]
    return _sentence("; ".join(s.rstrip(".") for s in said))


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:].rstrip(".") + "."


def _relation_sentence(subject: str, relation: str, what: str, be: str = " is") -> str:
    kind, _, text = relation.partition("|")
    if kind == "factor":
        meaning = NAMED_FACTORS.get(text, "")
        if text == "-1":
            return f"{subject}{be} the right one with the opposite sign: {meaning}."
        if text == "100":
            return f"{subject}{be} 100 times the right one: {meaning}."
        letters = [
            f"{letter} is {LETTERS[letter]}"
            for letter in re.findall(r"\b[NKD]\b", text)
            if letter in LETTERS
        ]
        about = f" ({listed(list(dict.fromkeys(letters)))})" if letters else ""
        more = f": {meaning}" if meaning else ""
        return f"{subject}{be} {text} times the right one{about}{more}."
    if kind == "shift":
        return f"{subject}{be} always {text} more than the right one."
    if kind == "shuffle":
        return f"{subject}: the numbers are right, but {text}."
    return f"{subject}{be} {text}."


def _parts(
    study: Study, trials: list[Trial], wanted: list
) -> list[list[tuple[Tensor, Tensor, float]]] | None:
    """Return for each result the pairs (learner's, wanted) of all trials, as numbers.

    With each comes what float32 may have lost. After a step the pairs are what was
    added to the old values.
    """
    if len(trials) < 2:
        return None
    count = len(wanted[0]) if isinstance(wanted[0], (tuple, list)) else 1
    parts = [[] for _ in range(count)]
    for t, want in zip(trials, wanted, strict=True):
        got = (
            t.got.value
            if count > 1 or isinstance(want, (tuple, list))
            else (t.got.value,)
        )
        want = want if isinstance(want, (tuple, list)) else (want,)
        if not isinstance(got, (tuple, list)) or not len(got) == len(want) == count:
            return None
        for i in range(count):
            a, b = got[i], want[i]
            numbers = (bool, int, float, Tensor)
            if not isinstance(a, numbers) or not isinstance(b, numbers):
                return None
            a, b = (torch.as_tensor(v).detach().double() for v in (a, b))
            slack = 1e-9
            if study.exercise.steps and i < len(study.exercise.steps):
                old = t.case.args[study.exercise.names.index(study.exercise.steps[i])]
                if old.shape != a.shape or old.shape != b.shape:
                    return None
                a, b = a - old.double(), b - old.double()
                slack = 1e-9 + 1e-6 * old.abs().max().item()  # float32 loses digits
            parts[i].append((a, b, slack))
    return parts


def _close(a: Tensor, b: Tensor, slack: float = 1e-9) -> bool:
    if a.shape != b.shape:
        return False
    if not a.numel():
        return True
    if not b.isfinite().all():
        return False
    atol = max(2e-5 * b.abs().max().item(), slack)
    return torch.allclose(a, b, rtol=1e-4, atol=atol)


def _relation(
    trials: list[Trial], pairs: list[tuple[Tensor, Tensor, float]], study: Study
) -> str | None:
    """Return "" if right, "kind|text" for a relation that holds always, else None."""
    if all(_close(*p) for p in pairs):
        return ""
    if not all(a.isfinite().all() and b.isfinite().all() for a, b, _ in pairs):
        return None
    numbers = {round(a.flatten()[0].item(), 6) for a, _, _ in pairs if a.numel()}
    if len(numbers) < 2 and all((a == a.flatten()[:1]).all() for a, _, _ in pairs):
        return None  # a constant: it fits too much
    if all(plain(a) for a, _, _ in pairs):
        return None
    if any(a.shape != b.shape for a, b, _ in pairs):
        return None
    name = _factor(trials, pairs, study)
    if name and name != "1":
        return f"factor|{name}"
    for text, change in {**SHUFFLES, **TRANSFORMS}.items():
        if all(_close(a, change(b), slack) for a, b, slack in pairs):
            return f"{'shuffle' if text in SHUFFLES else 'is'}|{text}"
    shifts = [
        (a - b).mean().item()
        if _close(a - b, (a - b).mean().expand(a.shape), slack)
        else math.nan
        for a, b, slack in pairs
    ]
    if not any(map(math.isnan, shifts)) and all(abs(s) > 1e-6 for s in shifts):
        quantities = [quantities_of(study.exercise, t.case.args) for t in trials]
        name = _expression(shifts, quantities)
        if name:
            return f"shift|{name}"
    return None


def _factor(trials: list[Trial], pairs: list, study: Study) -> str | None:
    """Return the name of the factor between the results, if it is one."""
    factors, known = [], []
    for t, (a, b, slack) in zip(trials, pairs, strict=True):
        if a.shape != b.shape:
            return None
        size = (b * b).sum().item()
        if size <= slack**2 and _close(a, b, slack):
            continue  # 0 is right with any factor
        factor = (a * b).sum().item() / size if size else math.nan
        if not _close(a, factor * b, slack):
            return None
        factors.append(factor)
        known.append(quantities_of(study.exercise, t.case.args))
    return _expression(factors, known) if len(factors) > 1 else None


def quantities_of(exercise: Any, args: tuple) -> dict[str, float]:
    """Return the numbers that a factor can be made of: sizes, and plain arguments."""
    found: dict[str, float] = {}
    for spec, value in zip(exercise.given.values(), args, strict=False):
        if isinstance(spec, str) and torch.is_tensor(value):
            for letter, size in zip(spec.split()[1:], value.shape, strict=False):
                if letter.isalpha():
                    found[letter] = float(size)
    for name, value in zip(exercise.names, args, strict=False):
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            found[name] = float(value)
    for letter in ("N", "K"):
        if found.get(letter, 0) > 1:
            found[f"({letter} - 1)"] = found[letter] - 1
    return found


def _expression(values: list[float], quantities: list[dict[str, float]]) -> str | None:
    """Return a name for a number that is known in several cases."""

    def fits(candidate: Callable[[dict], float]) -> bool:
        try:
            return all(
                math.isclose(v, candidate(q), rel_tol=1e-3)
                for v, q in zip(values, quantities, strict=True)
            )
        except (KeyError, ZeroDivisionError):
            return False

    for sign, s in (("", 1), ("-", -1)):
        for name, number in CONSTANTS.items():
            if fits(lambda q, n=number, s=s: s * n):
                return sign + name
    names = [n for n in quantities[0] if all(n in q for q in quantities)]
    changing = [n for n in names if len({round(q[n], 9) for q in quantities}) > 1]
    for sign, s in (("", 1), ("-", -1)):
        for a in changing:
            if fits(lambda q, a=a, s=s: s * q[a]):
                return sign + a
            if fits(lambda q, a=a, s=s: s / q[a]):
                return f"{sign}1/{a}"
        for a, b in itertools.permutations(changing, 2):
            if fits(lambda q, a=a, b=b, s=s: s * q[a] / q[b]):
                return f"{sign}{a}/{b}"
            if a < b and fits(lambda q, a=a, b=b, s=s: s * q[a] * q[b]):
                return f"{sign}{a} x {b}"
            if a < b and fits(lambda q, a=a, b=b, s=s: s / (q[a] * q[b])):
                return f"{sign}1/({a} x {b})"
    if len({round(v, 4) for v in values}) == 1 and len(values) > 2:
        return f"{values[0]:.3g}"
    return None


def besides(study: Study, wanted: list, trials: list[Trial]) -> str | None:
    """Return "" if the learner's results are those, else what is wrong besides them.

    None if there is no simple relation. So a mistake is found although another one, a
    factor or a sign, lies on top of it.
    """
    if any(w is None for w in wanted) or not all(map(finite, wanted)):
        return None
    if all(map(plain, wanted)):
        return None
    try:
        parts = _parts(study, trials, wanted) or []
    except (RuntimeError, TypeError, IndexError):
        return None
    found = set()
    for pairs in parts:
        if not all(finite(a) and a.shape == b.shape for a, b, _ in pairs):
            return None
        if all(_close(*p) for p in pairs):
            found.add("")
        elif all(_close(a, 1 - b) for a, b, _ in pairs):
            found.add("it is 1 minus that: was the opposite counted?")
        else:
            found.add(NAMED_FACTORS.get(_factor(trials, pairs, study) or ""))
    return found.pop() if len(found) == 1 else None


def compose(study: Study) -> tuple[Callable, str] | None:
    """Return a listed mistake and what is wrong besides it, if both together fit."""
    trials = study.formulas()
    if len(trials) < 3:
        return None
    for mistake in study.exercise.mistakes:
        runs = [study.exercise.mistake_run(mistake, t.case) for t in trials]
        if any(r.error for r in runs) or all(
            same(r.value, t.right.value) for r, t in zip(runs, trials, strict=True)
        ):
            continue
        more = besides(study, [r.value for r in runs], trials)
        if more:
            return mistake, more
    return None


def instead(study: Study) -> str | None:
    """Say which other arguments the learner's result is the right one for.

    A slip often amounts to a right calculation with a wrong argument: labels that are
    counted from 1, softmax applied to the logits before, a bias that is left out.
    """
    exercise = study.exercise
    trials = study.formulas()
    if len(trials) < 3:
        return None
    trials.sort(key=lambda t: t.problem is None)  # the first that fails, first
    second = None
    for text, change in _changes(exercise.names, trials[0].case.args):
        if study.late():
            break
        wanted = []
        for t in trials:
            try:
                q = quantities_of(exercise, t.case.args)
                args = change(copy.deepcopy(t.case.args), q)
            except Exception:  # this change does not fit these arguments
                break
            run = observe(exercise.reference, args, exercise.names)
            if run.error:
                break
            if not wanted:
                kin = besides(study, [run.value] * 2, [t, t])
                if kin is None and not same(run.value, t.got.value):
                    break
            wanted.append(run.value)
        if len(wanted) < len(trials):
            continue
        same_as_right = [
            same(w, t.right.value) for w, t in zip(wanted, trials, strict=True)
        ]
        if all(same_as_right):
            continue
        exact = all(same(w, t.got.value) for w, t in zip(wanted, trials, strict=True))
        if exact and not all(map(plain, wanted)):
            return f"Your result is the right one for {text}."
        more = besides(study, wanted, trials)
        if more and second is None:
            second = (
                f"Two things. One: up to the other, your result is that for {text}. "
                f"The other: {more}."
            )
    return second


def _changes(names: Sequence[str], args: tuple) -> Iterator[tuple[str, Callable]]:
    """Yield what else the arguments could have been: a text, and a change of them."""

    def at(i: int, make: Callable) -> Callable:
        return lambda args, q: (*args[:i], make(args[i], q), *args[i + 1 :])

    for i, (name, value) in enumerate(zip(names, args, strict=False)):
        if torch.is_tensor(value):
            kind = "floats" if value.is_floating_point() else "indices"
            if kind == "floats" and set(value.flatten().tolist()) <= {0.0, 1.0}:
                kind = "bits"
        else:
            kind = type(value).__name__
        for text, make in OTHER_ARGUMENTS.get(kind, {}).items():
            yield f"{text.format(name)} in the place of {name}", at(i, make)
        for j in range(i + 1, len(args)):
            other = args[j]
            if type(other) is type(value) and not isinstance(value, (bool, nn.Module)):

                def swap(args, q, i=i, j=j):
                    args = list(args)
                    args[i], args[j] = args[j], args[i]
                    return tuple(args)

                yield f"{name} and {names[j]} exchanged", swap


def _classes_of(quantities: dict) -> int:
    return int(quantities.get("K", 2))


OTHER_ARGUMENTS: dict[str, dict[str, Callable]] = {
    "floats": {
        "-{0}": lambda v, q: -v,
        "2 * {0}": lambda v, q: 2 * v,
        "{0} / 2": lambda v, q: v / 2,
        "softmax({0}), which is one softmax too many,": lambda v, q: v.softmax(-1),
        "softmax({0}) down the columns": lambda v, q: v.softmax(0),
        "log_softmax({0})": lambda v, q: v.log_softmax(-1),
        "sigmoid({0}), which is one sigmoid too many,": lambda v, q: v.sigmoid(),
        "{0}, with rows and columns exchanged,": lambda v, q: v.mT,
        "0 (so it has no effect)": lambda v, q: torch.zeros_like(v),
        "1": lambda v, q: torch.ones_like(v),
        "exp({0})": lambda v, q: v.exp(),
        "log({0})": lambda v, q: v.log(),
        "1 / {0}": lambda v, q: 1 / v,
        "1 - {0}": lambda v, q: 1 - v,
        "the square of {0}": lambda v, q: v**2,
        "the square root of {0}": lambda v, q: v.sqrt(),
        "|{0}|": lambda v, q: v.abs(),
        "{0}, with everything below 0 cut off,": lambda v, q: v.clamp(min=0),
        "{0} rounded": lambda v, q: v.round(),
        "the sum of {0} in every place": lambda v, q: v.sum().expand(v.shape),
        "the mean of {0} in every place": lambda v, q: v.mean().expand(v.shape),
        "the first of {0} in every place": lambda v, q: v[:1].expand(v.shape),
        "the last of {0} in every place": lambda v, q: v[-1:].expand(v.shape),
        "{0} in the opposite order": lambda v, q: v.flip(0),
        "{0} with the columns in the opposite order": lambda v, q: v.flip(-1),
        "{0}, turned by 180 degrees,": lambda v, q: v.flip(0, 1),
        "{0} divided by its sum": lambda v, q: v / v.sum(),
        "{0} divided by its largest": lambda v, q: v / v.max(),
        "{0} times N": lambda v, q: v * q["N"],
        "{0} divided by N": lambda v, q: v / q["N"],
        "{0} times K": lambda v, q: v * q["K"],
    },
    "indices": {
        "{0} - 1 (classes and positions are counted from 0)": lambda v, q: (
            (v - 1) % _classes_of(q)
        ),
        "{0} + 1 (classes and positions are counted from 0)": lambda v, q: (
            (v + 1) % _classes_of(q)
        ),
        "1 - {0}": lambda v, q: 1 - v,
        "0": lambda v, q: torch.zeros_like(v),
        "1": lambda v, q: torch.ones_like(v),
        "-{0}": lambda v, q: -v,
        "{0} in the opposite order": lambda v, q: v.flip(0),
        "the first of {0} in every place": lambda v, q: v[:1].expand(v.shape),
        "{0} + 1": lambda v, q: v + 1,
        "{0}, with rows and columns exchanged,": lambda v, q: v.mT,
    },
    "bits": {
        "1 - {0}": lambda v, q: 1 - v,
        "-{0}": lambda v, q: -v,
        "0": lambda v, q: torch.zeros_like(v),
        "1": lambda v, q: torch.ones_like(v),
        "{0} in the opposite order": lambda v, q: v.flip(0),
    },
    "float": {
        "1 / {0}": lambda v, q: 1 / v,
        "1 - {0}": lambda v, q: 1 - v,
        "1": lambda v, q: 1.0,
        "0": lambda v, q: 0.0,
        "-{0}": lambda v, q: -v,
        "2 * {0}": lambda v, q: 2 * v,
        "{0} / 2": lambda v, q: v / 2,
        "the square of {0}": lambda v, q: v * v,
        "the square root of {0}": lambda v, q: math.sqrt(v),
        "{0} times K": lambda v, q: v * q["K"],
        "{0} times N": lambda v, q: v * q["N"],
    },
    "int": {
        "{0} + 1": lambda v, q: v + 1,
        "{0} - 1": lambda v, q: v - 1,
        "1": lambda v, q: 1,
        "2 * {0}": lambda v, q: 2 * v,
        "0": lambda v, q: 0,
    },
    "bool": {"not {0}": lambda v, q: not v},
    "list": {
        "{0} without its first entry": lambda v, q: v[1:],
        "{0} without its last entry": lambda v, q: v[:-1],
        "{0} in order": lambda v, q: sorted(v),
        "{0} in the opposite order": lambda v, q: v[::-1],
        "{0} with a first entry that counts": lambda v, q: [v[0], *v],
    },
}


def slipped(study: Study) -> str | None:
    """Say with which slip, or which two, the solution gives the learner's result."""
    exercise = study.exercise
    trials = study.formulas()
    if len(trials) < 3:
        return None
    trials.sort(key=lambda t: t.problem is None)
    first, rest = trials[0], trials[1:]
    try:
        tree = source_tree(exercise.reference)
    except (OSError, TypeError):
        return None
    known = list(edits(tree))

    def result(function: Callable, trial: Trial) -> Any:
        try:
            with undisturbed():
                return function(*copy.deepcopy(trial.case.args))
        except Exception:
            return None

    def confirmed(function: Callable) -> bool:
        values = [result(function, t) for t in rest]
        return all(
            same(v, t.got.value) for v, t in zip(values, rest, strict=True)
        ) and not all(map(plain, [first.got.value, *values]))

    values = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for edit in known:
            if study.late():
                return None
            function = build(exercise.reference, tree, edit)
            values[edit] = result(function, first) if function else None
            if same(values[edit], first.got.value) and confirmed(function):
                return f"Your result is what comes out if {edit.text}."
        for edit, value in values.items():
            if value is None or besides(study, [value] * 2, [first] * 2) is None:
                continue
            function = build(exercise.reference, tree, edit)
            more = besides(study, [result(function, t) for t in trials], trials)
            if more and not all(
                same(result(function, t), t.right.value) for t in trials
            ):
                return f"Two things: {edit.text}. And {more}."
        # Two at once: only slips that change something, and only for a short while.
        moving = [
            e for e, v in values.items() if v is None or not same(v, first.right.value)
        ]
        for one, other in itertools.combinations(moving, 2):
            if study.late():
                return None
            if set(one.places) & set(other.places):
                continue
            function = build(exercise.reference, tree, one, other)
            fits = function and same(result(function, first), first.got.value)
            if fits and confirmed(function):
                return f"Two things: {one.text}. And {other.text}."
    return None


# Other things to say ----------------------------------------------------------------


def violated(study: Study) -> str | None:
    """Return the first property that the labs prove and this function lacks."""
    trials = [t for t in study.formulas() if t.problem][:3]
    for property_ in study.exercise.properties:
        said = None
        for t in trials:
            if t.got.error:
                continue
            try:
                said = property_(study.call, t.got.value, *copy.deepcopy(t.case.args))
            except Exception:  # a result of another form
                said = None
            if not said:
                break
        if said:
            return said
    return None


def without_influence(study: Study) -> list[str]:
    """Return the arguments that have no influence on the result, but should have."""
    exercise, idle = study.exercise, []
    trials = [t for t in study.formulas() if not t.got.error]
    if not trials:
        return []
    for i, name in enumerate(exercise.names):
        if name in exercise.given:
            moved_right, moved = 0, False
            for k in range(24):
                base = draw(exercise.given, SIZES[k % 3], 50 + k)
                other = draw(exercise.given, SIZES[k % 3], 70 + k)
                changed = (*base[:i], other[i], *base[i + 1 :])
                a, b = (
                    observe(study.function, args, exercise.names)
                    for args in (base, changed)
                )
                c, d = (exercise.right_run(Case(args)) for args in (base, changed))
                if a.error or b.error:
                    moved = True
                    break
                moved_right += not same(c.value, d.value)
                moved = not same(a.value, b.value)
                if moved:
                    break
            if moved_right > 6 and not moved:
                idle.append(name)
    return idle


def right_when(study: Study) -> str | None:
    """Say for which harmless argument, or pair of them, the result is right."""
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
    for a, b in itertools.combinations(neutral, 2):
        if right({**a[1], **b[1]}, {**a[2], **b[2]}):
            return (
                f"It is right whenever {a[0]} and {b[0]}: look "
                f"at {a[3]}, and at {b[3]}."
            )
    return None


def locate(study: Study) -> str | None:
    """Say where the wrong numbers stand, if there is a simple rule."""
    trials = [
        t
        for t in study.trials
        if t.problem
        and t.problem[0] == "value"
        and torch.is_tensor(t.got.value)
        and torch.is_tensor(t.right.value)
        and t.got.value.shape == t.right.value.shape
        and t.right.value.ndim
    ]
    if len(trials) < 1:
        return None
    masks = []
    for t in trials:
        a, b = t.got.value.double(), t.right.value.double()
        near = torch.isclose(a, b, rtol=1e-4, atol=1e-6, equal_nan=True)
        masks.append((t, ~near))
    telling = [m for m in masks if not m[1].all()]
    if not telling:
        return None
    for text, where in PLACES.items():
        try:
            found = [where(t, mask) for t, mask in masks]
        except (RuntimeError, IndexError):
            continue
        if all(
            f is not None and f.equal(m) for f, (_, m) in zip(found, masks, strict=True)
        ):
            return f"Only {text} wrong; the others are right."
    return None


def _at(mask: Tensor, *index) -> Tensor:
    full = torch.zeros_like(mask)
    full[index] = True
    return full


def _by_input(compare: Callable[[Tensor], Tensor]) -> Callable:
    def where(t: Trial, mask: Tensor) -> Tensor | None:
        first = t.case.args[0] if t.case.args else None
        fits = torch.is_tensor(first) and first.shape == mask.shape
        return compare(first) if fits else None

    return where


def _by_label(right_class: bool) -> Callable:
    def where(t: Trial, mask: Tensor) -> Tensor | None:
        for value in t.case.args[1:]:
            indices = torch.is_tensor(value) and value.dtype == torch.int64
            if indices and mask.ndim == 2 and value.shape == mask.shape[:1]:
                own = torch.zeros_like(mask)
                own[torch.arange(len(value)), value] = True
                return own if right_class else ~own
        return None

    return where


def _2d(mask: Tensor) -> Tensor | None:
    return mask if mask.ndim == 2 else None


PLACES: dict[str, Callable[[Trial, Tensor], Tensor | None]] = {
    "the last column is": lambda t, m: _at(m, ..., -1) if m.ndim > 1 else None,
    "the first column is": lambda t, m: _at(m, ..., 0) if m.ndim > 1 else None,
    "the last row is": lambda t, m: _at(m, -1) if m.ndim > 1 else None,
    "the first row is": lambda t, m: _at(m, 0) if m.ndim > 1 else None,
    "the diagonal is": lambda t, m: (
        torch.eye(*m.shape, dtype=torch.bool) if m.ndim == 2 else None
    ),
    "the entries off the diagonal are": lambda t, m: (
        ~torch.eye(*m.shape, dtype=torch.bool) if m.ndim == 2 else None
    ),
    "the last number is": lambda t, m: _at(m, -1) if m.ndim == 1 else None,
    "the first number is": lambda t, m: _at(m, 0) if m.ndim == 1 else None,
    "the entry of the right class in each row is": _by_label(True),
    "the entries of the other classes, not those of the right one, are": _by_label(
        False
    ),
    "the results for negative inputs are": _by_input(lambda x: x < 0),
    "the results for positive inputs are": _by_input(lambda x: x > 0),
    "the results for an input of exactly 0 are": _by_input(lambda x: x == 0),
    "the results for inputs above 20 are": _by_input(lambda x: x > 20),
    "the results for inputs below -20 are": _by_input(lambda x: x < -20),
    "the results for inputs beyond 20 and -20 are": _by_input(lambda x: x.abs() > 20),
}


def captions(study: Study) -> str | None:
    """Say for which inputs the result is right, and for which it is not."""
    ordinary = [t for t in study.trials if t.case.ordinary]
    if not ordinary or any(t.problem for t in ordinary):
        if all(t.problem for t in study.trials):
            return None
        right = [
            t.case.caption for t in study.trials if t.case.caption and not t.problem
        ]
        if any(not t.problem for t in ordinary):
            good = {t.case.caption for t in ordinary if not t.problem} - {""}
            bad = {t.case.caption for t in ordinary if t.problem} - {""}
            if good - bad and bad - good:
                return (
                    f"Right for: {listed(sorted(good - bad))}. "
                    f"Wrong for: {listed(sorted(bad - good))}."
                )
            return None
        right = [c for c in dict.fromkeys(right) if "refused" not in c]
        return f"Right only for: {listed(right[:3])}." if right else None
    bad = list(dict.fromkeys(t.case.caption for t in study.failed if t.case.caption))
    return f"Right for ordinary inputs. Wrong for: {listed(bad)}." if bad else None


def slope_place(study: Study) -> str | None:
    """Say where slopes are wrong: at exactly 0, or where numbers are large."""
    trials = [t for t in study.failed if t.problem[0] == "slope"]
    rules = {
        "0": lambda x: x == 0,
        "large": lambda x: x.abs() > 20,
    }
    for rule, where in rules.items():
        fits = bool(trials)
        for t in trials:
            for name, expected in t.right.slopes.items():
                slope = t.got.slopes.get(name)
                x = t.case.args[study.exercise.names.index(name)]
                if slope is None or expected is None:
                    fits = False
                    continue
                off = ~torch.isclose(slope, expected, rtol=0.05, atol=1e-5)
                fits = fits and bool(off.any()) and bool((~off | where(x)).all())
        if fits and rule == "0":
            return (
                "The slope is wrong only where the input is exactly 0. There abs(), "
                "clamp() and relu() have a kink, and where() takes one side of it; "
                "PyTorch then chooses a slope that is not yours. Training often starts "
                "at 0. A formula without a kink at 0 is needed."
            )
        if fits:
            return "The slope is wrong only where numbers are large."
    return None


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
