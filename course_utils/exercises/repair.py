"""Which change of the learner's own code, or which two, would make it right.

Nothing is guessed. A change is named if the whole check accepts the function with it;
or, where there is more than one slip, if it mends what one of them spoils, on all
inputs, and spoils nothing. Or if it leaves a listed mistake, which is the other slip.
"""

import ast
import copy
import re
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch

from course_utils.exercises.locate import key_of
from course_utils.exercises.observe import plain, problem, same
from course_utils.exercises.slips import (
    REDUCES,
    Edit,
    build,
    described,
    limited_steps,
    repairs,
    source_tree,
)
from course_utils.exercises.study import Study, Trial, explanation, shared_caption

PAIRS_MAY_TAKE = 0.25  # seconds of work for two changes
LEADS = 6  # first changes that are tried with every second one


def repaired(study: Study) -> list[str]:
    """Say which change would make it right, which two, or what one of two is."""
    try:
        tree = source_tree(study.function)
    except (OSError, TypeError, StopIteration, SyntaxError):
        return []
    if not study.exercise.names or study.function.__name__ != tree.name:
        return []
    said, known, candidates = _one_change(study, tree)
    return said or _two_changes(study, tree, candidates, known)


def _one_change(study: Study, tree: ast.FunctionDef) -> tuple[list, list, list]:
    """Say which change would do; or of two things the listed one; and what remains.

    That is each change with which something else comes out: itself, the function with
    it, and what that returns for the first input.
    """
    first, right = study.first, study.first.right.value
    # Where the values are right already, all that can be observed counts.
    whole = bool(first.right.error) or same(first.got.value, right)
    numbers = first.problem[0] not in ("side effect", "slope") and not first.right.error
    ordinary = any(t.problem and t.case.ordinary for t in study.trials)
    partly, candidates, known = [], [], []
    form = first.problem[0] == "form"
    for edit in repairs(tree, _donors(study.exercise, tree), form):
        if study.late():
            break
        function = build(study.function, tree, edit)
        if function is None:
            continue
        value = None if whole else _value(function, first)
        if not _problem(study, function, first) if whole else same(value, right):
            said, left = described(tree, edit), _left(study, function)
            if said and left == [] and _holds(study, function):
                return [f"One change would make it right: {said}."], [], []
            some = said and left and ordinary and numbers
            if some and _holds(study, function, False):
                partly.append((len(left), left, said))
        elif value is not None and not same(value, first.got.value):
            known = known or _behind(study, tree, edit, function, value)
        if value is not None:
            candidates.append((edit, function, value))
    if not partly:
        return [], known, candidates
    _, left, said = min(partly, key=lambda p: p[0])
    return _partly_said(study, said, left), [], []


def _two_changes(
    study: Study, tree: ast.FunctionDef, candidates: list, known: list[str]
) -> list[str]:
    """Say which two changes would do; or what is known; or which one mends a part."""
    usual = [t for t in study.formulas() if t.problem]
    step = 1 + len(usual) // 6
    # A training takes its time: there, the first input has to do.
    probes = [study.first, *([] if study.trains else usual[1::step])]
    moving = _moving(study, tree, candidates, probes)
    study.until = time.process_time() + PAIRS_MAY_TAKE / 2
    gains = [
        0 if study.late() else _gain(usual[::step], change) for _, change, _ in moving
    ]
    leads = sorted((-gain, i) for i, gain in enumerate(gains) if gain)[:LEADS]
    study.until = time.process_time() + PAIRS_MAY_TAKE
    for i, j in _pairs([edit for edit, *_ in moving], [i for _, i in leads]):
        if study.late():
            break
        function = build(study.function, tree, moving[i][0], moving[j][0])
        if (
            function
            and all(same(_value(function, t), t.right.value) for t in probes)
            and _left(study, function) == []
            and _holds(study, function)
        ):
            return [
                f"Two changes would make it right. One: {moving[i][2]}. "
                f"The other: {moving[j][2]}."
            ]
    if known or study.first.problem[0] == "form":
        return known
    return _one_of_two(study, [moving[i] for _, i in leads])


def _moving(
    study: Study, tree: ast.FunctionDef, candidates: list, probes: list[Trial]
) -> list[tuple[Edit, Callable, str]]:
    """Return the changes with which something else comes out, and what they are.

    Of those in a line that do the same it is one that somebody would write.
    """
    study.until = time.process_time() + PAIRS_MAY_TAKE / 2
    lines = {n.place: n.lineno for n in ast.walk(tree) if hasattr(n, "lineno")}
    moving, seen = [], set()
    for edit, function, value in candidates:
        if study.late():
            break
        values = [value, *(_value(function, t) for t in probes[1:])]
        key = (lines.get(edit.places[0]), *map(key_of, values))
        moves = any(
            not same(v, t.got.value) for v, t in zip(values, probes, strict=True)
        )
        if moves and key not in seen and (said := described(tree, edit)):
            seen.add(key)
            moving.append((edit, function, said))
    return moving


def _pairs(changes: list[Edit], leads: list[int]) -> Iterator[tuple[int, int]]:
    """Yield the numbers of changes in different places, the promising ones first."""
    several = sorted(range(len(changes)), key=lambda i: -len(changes[i].places))
    tried = set()
    pairs = [(i, j) for i in leads for j in range(len(changes))]
    pairs += [(several[i], j) for k, j in enumerate(several) for i in range(k)]
    for i, j in pairs:
        one, other = changes[i], changes[j]
        apart = not set(one.places) & set(other.places)
        if apart and (min(i, j), max(i, j)) not in tried:
            tried.add((min(i, j), max(i, j)))
            yield i, j


def _value(function: Callable, trial: Trial) -> Any:
    """Return what a changed function returns; None after an error."""
    torch.default_generator.manual_seed(0)
    args = copy.deepcopy(trial.case.args)
    try:
        with limited_steps():
            return function(*args)
    except (Exception, SystemExit):
        return None


def _problem(study: Study, function: Callable, trial: Trial) -> tuple | None:
    """Return what is wrong with a changed function for an input."""
    exercise = study.exercise
    with limited_steps():
        got = exercise.observe(function, trial.case.args)
    return problem(got, trial.right, exercise.results or exercise.steps)


def _left(study: Study, function: Callable) -> list[tuple[Trial, tuple]] | None:
    """Return what is still wrong; None for the numbers of an ordinary input."""
    left = []
    for trial in sorted(study.trials, key=lambda t: t.problem is None):
        if found := _problem(study, function, trial):
            left.append((trial, found))
            undone = found[0] == "side effect" and trial.right.changed
            if trial.case.ordinary and (undone or found[0] in ("value", "error")):
                return None
    return left


def _holds(study: Study, function: Callable, whole: bool = True) -> bool:
    """Whether other inputs, too, are right now, or the numbers of ordinary ones."""
    start = time.process_time()
    others = [t for t in study.others if whole or t.case.ordinary]
    study.until += time.process_time() - start  # that was no search
    found = [_problem(study, function, t) for t in others]
    return not any(f and (whole or f[0] in ("value", "error")) for f in found)


def _gain(trials: Sequence[Trial], function: Callable) -> int:
    """Count the numbers that are right with a change only; 0 if others are not.

    A whole number, or one of those that were given, comes right by chance.
    """
    gain = 0
    for t in trials:
        now, before, right = _value(function, t), t.got.value, t.right.value
        given = [x for a in t.case.args for x in _numbers(a)]
        if isinstance(right, tuple):
            if not isinstance(before, tuple) or len(before) != len(right):
                return 0
            now = now if isinstance(now, tuple) and len(now) == len(right) else before
        else:
            now, before, right = (now,), (before,), (right,)
        for a, b, c in zip(now, before, right, strict=True):
            if same(b, c) and not same(a, c):
                return 0
            chosen = not torch.is_tensor(c) and (not isinstance(c, float) or c in given)
            gain += same(a, c) and not (same(b, c) or plain(c) or chosen)
    return gain


def _numbers(value: Any) -> list:
    if torch.is_tensor(value):
        return value.flatten().tolist() if value.numel() < 100 else []
    return [*value] if isinstance(value, (list, tuple)) else [value]


def _one_of_two(study: Study, leads: list) -> list[str]:
    """Say which change mends a part. Perhaps it is not all."""
    usual = [
        t
        for t in [*study.trials, *study.others]
        if t.problem and t.case.ordinary and not (t.got.error or t.right.error)
    ]
    gains = [(_gain(usual, function), said) for _, function, said in leads]
    gain, said = max(gains, default=(0, ""), key=lambda g: g[0])
    if gain < max(4, len(usual) / 5):
        return []
    return [
        f"One thing that it needs: {said}. With that, a part of what is wrong comes "
        "right, and nothing gets worse. Then check again.",
    ]


def _behind(
    study: Study, tree: ast.FunctionDef, edit: Edit, function: Callable, value: Any
) -> list[str]:
    """Say that a change leaves a listed mistake, which it equals on all inputs."""
    first, exercise = study.first, study.exercise
    got, right, now = (
        getattr(v, "shape", None) for v in (first.got.value, first.right.value, value)
    )
    if got == right != now:
        return []  # a right form is left as it is
    for mistake in exercise.mistakes:
        run = exercise.mistake_run(mistake, first.case)
        if run.error or plain(run.value) or not same(run.value, value):
            continue
        said = described(tree, edit)
        if (
            said
            and _replaces(said, exercise)
            and _equals(study, function, mistake)
            and all(_share(study, mistake, trial) for trial in study.trials)
        ):
            return [
                f"Two things. One: {explanation(mistake, False)}",
                f"The other: it needs {said}.",
            ]
    return []


def _equals(study: Study, function: Callable, mistake: Callable) -> bool:
    for t in [*study.trials, *study.others]:
        run = study.exercise.mistake_run(mistake, t.case)
        if not run.error and not same(run.value, _value(function, t)):
            return False
    return True


def _share(study: Study, mistake: Callable, trial: Trial) -> bool:
    """Whether of the numbers that a mistake spoils one is wrong in the answer, too."""
    right, got = trial.right.value, trial.got.value
    given = study.exercise.mistake_run(mistake, trial.case).value
    if same(given, right):
        return True
    if not all(
        torch.is_tensor(v) and v.shape == right.shape for v in (right, got, given)
    ):
        return not same(got, right)
    wrong = [
        ~torch.isclose(v.double(), right.double(), 1e-4, 1e-6) for v in (got, given)
    ]
    return bool((wrong[0] & wrong[1]).any())


def _replaces(said: str, exercise: Any) -> bool:
    """Whether a change puts in a method, or one for another, and touches nothing else.

    With other names, numbers or operators, or with less, many a function becomes like
    a listed mistake; and so it does with a sum or a mean that no solution needs.
    """
    new, found, old = said.partition(" in place of ")
    rest = r"(?<![.\w])\w+|[-+*/@<>=%&|]+"
    same_rest = all(
        re.findall(part, new) == re.findall(part, old) for part in (rest, r"\d+\.?\d*")
    )
    methods = [{*re.findall(r"\.(\w+)", text)} for text in (new, old)]
    needed = {*re.findall(r"\.(\w+)", exercise.solution_source())}
    odd = (methods[0] - methods[1]) & REDUCES - needed
    plain_new = "_like" not in said and new.strip("`") not in old
    return bool(found) and same_rest and plain_new and not odd


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


def _donors(exercise: Any, own: ast.FunctionDef) -> list[ast.expr]:
    """Return small expressions of the solution, with the learner's names."""
    try:
        tree = source_tree(exercise.reference)
    except (OSError, TypeError):
        return []
    arguments = [a.arg for a in own.args.args]
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
