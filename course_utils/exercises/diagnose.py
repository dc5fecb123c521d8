"""What to say of a wrong answer that is no listed mistake, and that no change mends.

Each of the ways is a function of a `Study` that returns a sentence or nothing: the
expression where nan appears, a factor between the result and the right one, a property
that fails, the place of the mistake, what is special about the inputs that fail, and
how far a training is right. Below are the properties that labs can ask for.
"""

import ast
import contextlib
import copy
import math
import re
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from course_utils.exercises.fixtures import (
    LETTERS,
    SMALL_SIZES,
    Case,
    draw,
)
from course_utils.exercises.locate import Walk, kept, operands
from course_utils.exercises.observe import (
    finite,
    listed,
    plain,
    problem,
    same,
    silently,
)
from course_utils.exercises.slips import source_tree
from course_utils.exercises.study import (
    ROUNDS,
    Study,
    Trial,
    explanation,
    shared_caption,
)

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
    exercise, trials = study.exercise, study.formulas()
    name = _relation(exercise, trials, [t.right.value for t in trials])
    if name not in FACTORS:
        return None
    what = "step" if exercise.steps else "result"
    letters = [f"{x} is {LETTERS[x]}" for x in LETTERS if x in name]
    about = f" ({listed(letters)})" if letters else ""
    return f"Your {what} is {name} times the right one{about}: {FACTORS[name]}."


def compose(study: Study) -> str | None:
    """Name a listed mistake that is made besides a wrong factor."""
    exercise, trials = study.exercise, study.formulas()
    right = [t.right.value for t in trials]
    given = [x for t in trials for a in t.case.args if isinstance(a, list) for x in a]
    chosen = any(isinstance(v, (int, str)) or v in given for v in right[:1] if given)
    if len(trials) < 3 or chosen or _relation(exercise, trials, right):
        return None  # a single thing, or no result of a calculation
    for mistake in exercise.mistakes:
        runs = [exercise.mistake_run(mistake, t.case) for t in trials]
        if any(r.error for r in runs):
            continue
        name = _relation(exercise, trials, [r.value for r in runs])
        if name in FACTORS:
            said = explanation(mistake, False)
            return f"Two things. One: {said} The other: {FACTORS[name]}."
    return None


def _relation(exercise: Any, trials: list[Trial], wanted: list) -> str | None:
    """Return the name of the factor between the results and those, if it is one.

    All parts of a result must be in the same relation, for all inputs. After a step it
    is what was added to the old values that counts.
    """
    pairs = [_parts(exercise, t, w) for t, w in zip(trials, wanted, strict=True)]
    if len(trials) < 2 or any(len(p) != len(pairs[0]) for p in pairs):
        return None
    found = {_factor(exercise, trials, part) for part in zip(*pairs, strict=True)}
    return found.pop() if len(found) == 1 else None


def _parts(exercise: Any, t: Trial, wanted: Any) -> list[tuple[Tensor, Tensor, float]]:
    """Return the learner's and the wanted numbers, and what float32 may have lost."""
    got = t.got.value
    several = isinstance(wanted, (tuple, list))
    pairs = []
    for i, (a, b) in enumerate(
        zip(got, wanted, strict=True) if several else [(got, wanted)]
    ):
        a, b = (torch.as_tensor(v).detach().double() for v in (a, b))
        slack = 1e-9
        if i < len(exercise.steps):
            old = t.case.args[exercise.names.index(exercise.steps[i])]
            if a.shape == b.shape == old.shape:
                a, b = a - old.double(), b - old.double()
                slack = 1e-9 + 1e-6 * old.abs().max().item()
        pairs.append((a, b, slack))
    return pairs


def _factor(exercise: Any, trials: list[Trial], part: Sequence) -> str | None:
    """Return the name of the factor between the numbers, if it is one."""
    if all(plain(a) or same(a, part[0][0]) for a, _, _ in part):
        return None  # 0, 1 or a constant: it fits too much
    factors = []
    for t, (a, b, slack) in zip(trials, part, strict=True):
        size = (b * b).sum().item()
        if a.shape != b.shape or not finite(a) or not finite(b):
            return None
        if size <= slack**2:
            continue  # 0 is right with any factor
        factor = (a * b).sum().item() / size
        atol = max(2e-5 * abs(factor) * b.abs().max().item(), slack)
        if not torch.allclose(a, factor * b, rtol=1e-4, atol=atol):
            return None
        sizes = sizes_of(exercise, t.case.args)
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
    return next((name for name in ("1", *FACTORS) if name in names), None)


def sizes_of(exercise: Any, args: tuple) -> dict[str, int]:
    """Return the sizes of the arguments, by letter."""
    return {
        letter: size
        for spec, value in zip(exercise.given.values(), args, strict=False)
        if isinstance(spec, str) and torch.is_tensor(value)
        for letter, size in zip(spec.split()[1:], value.shape, strict=False)
        if letter.isalpha()
    }


# Traces -----------------------------------------------------------------------------


def traced(study: Study) -> str | None:
    """Say in which expression of the learner nan or inf appears first."""
    text = study.first.problem[1]
    if not re.search("holds nan|holds inf|nan or inf", text):
        return None
    own = Walk(study.function)
    _, values = own.noted(study.first, kept)
    for place, (value, *_) in values.items():
        below = [
            (own.text[n.place], values[n.place][0])
            for n in operands(own.nodes[place])
            if n.place in values
        ]
        if finite(value) or not all(finite(v) for _, v in below):
            continue
        ranges = [
            f"`{name}` lies between {v.min().item():.4g} and {v.max().item():.4g}"
            for name, v in below
            if torch.is_tensor(v) and v.numel() and v.is_floating_point()
        ]
        what = "nan" if _has_nan(value) else "inf"
        where = f", where {listed(ranges)}" if ranges else ""
        return f"{what} appears first in `{own.text[place]}`{where}."
    return None


def _has_nan(value: Any) -> bool:
    if isinstance(value, (tuple, list)):
        return any(map(_has_nan, value))
    return bool(torch.as_tensor(value).isnan().any())


# Other things to say ----------------------------------------------------------------


def _shape(value: Any) -> Any:
    return tuple(value.shape) if torch.is_tensor(value) else None


def comparable(study: Study) -> list[Trial]:
    """Return ordinary inputs that failed; none if a result has another shape."""
    trials = [t for t in study.formulas() if t.problem][:3]
    shapes = [(_shape(t.got.value), _shape(t.right.value)) for t in trials]
    if any(a != b and None not in (a, b) for a, b in shapes):
        return []  # no wonder that it fails
    return trials


def violated(study: Study, shown: Trial) -> str | None:
    """Return the first property that the labs prove and this function lacks.

    Its numbers are those of the input that is shown, if it fails for that as well.
    """
    trials = comparable(study)
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


def captions(study: Study) -> str | None:
    """Say on which special input the result is wrong, if on all such and no others."""
    if any(t.case.ordinary for t in study.failed):
        return None
    trials = study.trials + study.others
    caption = shared_caption(trials, [t for t in trials if t.problem])
    where = f"Wrong on this input: {caption}." if caption else "Wrong on the one below."
    return f"Right for ordinary inputs. {where}"


# What is left out, or done again ----------------------------------------------------


def piled_up(study: Study) -> str | None:
    """Say that slopes are added to old ones, where the solution does not do so."""
    t = study.first
    if _piles(study.exercise.reference, t.case.args):
        return None
    if not _piles(study.function, t.case.args):
        return None
    return (
        "Slopes pile up: when backward() runs, old ones are still in .grad, and the "
        "new ones are added to them. They have to be emptied in each round, before "
        "backward() or behind the step."
    )


def _piles(function: Callable, args: tuple) -> bool:
    """Whether some backward() finds old slopes."""
    found, backward = [], torch.autograd.backward

    def looking(tensors, *others, **options):
        start = tensors if isinstance(tensors, (tuple, list)) else [tensors]
        grads = [x.grad for x in _starts(start)]
        found.append(grads and all(g is not None and bool(g.any()) for g in grads))
        return backward(tensors, *others, **options)

    torch.autograd.backward = looking
    try:
        with contextlib.suppress(BaseException), silently():
            function(*copy.deepcopy(args))
    finally:
        torch.autograd.backward = backward
    return any(found)


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
    more = _parts_right(study, trials)
    return f"{first} {more}" if more else None


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


def lints(function: Callable) -> list[str]:
    """Say which arguments never occur, and which values are thrown away."""
    try:
        tree = source_tree(function)
    except (OSError, TypeError, StopIteration, SyntaxError):
        return []
    if tree.name != getattr(function, "__name__", ""):
        return []
    said = []
    for node in ast.walk(tree):
        match node:
            case ast.Call(
                func=ast.Attribute(attr="one_hot") | ast.Name(id="one_hot"),
                args=[_],
                keywords=[],
            ):
                said.append(
                    f"`{ast.unparse(node)}` takes the largest label for the last "
                    "class. If that class is missing, so is its column: give the "
                    "number of classes as well."
                )
            case ast.Expr(value=ast.Compare() | ast.BinOp()):
                said.append(f"`{ast.unparse(node)}` is calculated and thrown away.")
    used = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
    own = [a.arg for a in (*tree.args.posonlyargs, *tree.args.args)]
    unused = [f"`{a}`" for a in own if a not in used and not a.startswith("_")]
    if unused:
        verb = "occurs" if len(unused) == 1 else "occur"
        said.append(f"{listed(unused)} never {verb} in your code.")
    return said


def typed_numbers(study: Study) -> list[str]:
    """Say which whole numbers stand in the code that no solution needs."""

    def whole(function: Callable) -> dict[int, None]:
        constants = (getattr(n, "value", 0) for n in ast.walk(source_tree(function)))
        return {n: None for n in constants if type(n) is int and n > 2}

    try:
        needed = whole(study.exercise.reference)
        typed = [str(n) for n in whole(study.function) if n not in needed]
    except (OSError, TypeError, StopIteration, SyntaxError):
        return []
    if not typed or not study.exercise.names:
        return []
    return [
        f"Your code holds the number {listed(typed)}, which is right for one size at "
        "most. What it stands for has to come from the arguments."
    ]


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
