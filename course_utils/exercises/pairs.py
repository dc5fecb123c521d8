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

import time
from collections.abc import Callable
from itertools import combinations
from typing import TYPE_CHECKING, Any

from course_utils.exercises.diagnose import comparable
from course_utils.exercises.observe import observe, same
from course_utils.exercises.study import Study, Trial, explanation

if TYPE_CHECKING:
    from course_utils.exercises.checks import Exercise


def two_of(exercise: "Exercise", *slips: Callable) -> Callable:
    """Register a way to write an answer, with listed mistakes as switches."""

    def register(way: Callable) -> Callable:
        exercise.ways.append((way, slips))
        return way

    return register


def two_listed(study: Study) -> str | None:
    """Say which two listed mistakes an answer makes, or the one that is certain."""
    by_numbers = study.first.problem[0] not in ("slope", "side effect", "error")
    if not study.exercise.ways or not by_numbers or not comparable(study):
        return None
    start = time.process_time()
    trials = sorted([*study.trials, *study.others], key=lambda t: not t.case.ordinary)
    for way, slips in reversed(study.exercise.ways):
        found = [pair for pair in combinations(slips, 2) if _fits(way, pair, trials)]
        if found:
            return _said(slips, found)
    study.until += time.process_time() - start  # what follows has its time yet
    return None


def _said(slips: tuple, found: list[tuple]) -> str:
    certain = [slip for slip in slips if all(slip in pair for pair in found)]
    one, *other = [explanation(s, False) for s in certain or found[0]]
    if other:
        return f"Two things. One: {one} The other: {other[0]}"
    return f"Two things. One is certain: {one}"


def _fits(way: Callable, pair: tuple, trials: list[Trial]) -> bool:
    """Whether both mistakes, and neither alone, explain the answer.

    They have to do so on all ordinary inputs; at the edges there may be a third thing.
    """
    fewer = {frozenset(), *(frozenset([slip]) for slip in pair)}
    for t in trials:
        value = None if t.got.error else t.got.value
        if same(value, _run(way, pair, t)):
            fewer = {s for s in fewer if same(value, _run(way, s, t))}
        elif t.case.ordinary:
            return False
    return not fewer


def _run(way: Callable, slips: Any, t: Trial) -> Any:
    """Return what the way with these mistakes gives; None after an error."""
    run = observe(lambda *a: way(slips, *a), t.case.args, ())
    return None if run.error else run.value
