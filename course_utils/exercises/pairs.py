"""Two listed mistakes in one answer.

A way to write the answer knows some of the listed mistakes as switches::

    @two_of(speedup, speedup_mean, speedup_with_warm_up)
    def _speedup(slips, before, after):
        if speedup_with_warm_up not in slips:
            before, after = before[1:], after[1:]
        middle = mean if speedup_mean in slips else median
        return middle(before) / middle(after)

An answer that is like two of the switches together, on all inputs, is told both.
"""

from collections.abc import Callable
from itertools import combinations

from course_utils.exercises.checks import Exercise
from course_utils.exercises.observe import observe, same
from course_utils.exercises.study import explanation

# All ways: the exercise, the way, its switches.
WAYS: list[tuple[Exercise, Callable, tuple[Callable, ...]]] = []


def two_of(exercise: Exercise, *slips: Callable) -> Callable:
    """Register a way to write an answer, with listed mistakes as switches."""

    def register(way: Callable) -> Callable:
        WAYS.append((exercise, way, slips))
        known = [None, None]  # of whom something was said last, and what

        def no_two_slips(call, value, *args):
            study = getattr(call, "__self__", call)
            if known[0] is not study:
                known[:] = study, _said(exercise, way, slips, call)
            return known[1]

        exercise.properties = [no_two_slips, *exercise.properties]
        return way

    return register


def _said(exercise, way, slips, call) -> str | None:
    """Say which two listed mistakes an answer makes, or the one that is certain."""
    cases = [*exercise.cases, *exercise.more_cases]
    cases = sorted(cases, key=lambda case: not case.ordinary)
    values = [call(case.args) for case in cases]
    found = [
        pair
        for pair in combinations(slips, 2)
        if _fits(exercise, way, pair, cases, values)
    ]
    if not found:
        return None
    certain = [slip for slip in slips if all(slip in pair for pair in found)]
    one, *other = [explanation(s, False) for s in certain or found[0]]
    if other:
        return f"Two things. One: {one} The other: {other[0]}"
    return f"Two things. One is certain: {one}"


def _fits(exercise, way, pair, cases, values) -> bool:
    """Whether both mistakes, and neither alone, explain the answer.

    They have to do so on all ordinary inputs; at the edges there may be a third thing.
    """
    fewer = {frozenset(), *(frozenset([slip]) for slip in pair)}
    for case, value in zip(cases, values, strict=True):
        if same(value, _run(exercise, way, pair, case.args)):
            fewer = {s for s in fewer if same(value, _run(exercise, way, s, case.args))}
        elif case.ordinary:
            return False
    return not fewer


def _run(exercise, way, slips, args):
    """Return what the way with these mistakes gives; None after an error."""
    run = observe(lambda *a: way(slips, *a), args, exercise.names)
    return None if run.error else run.value
