"""Two listed mistakes in one answer: what is said of them."""

from itertools import combinations

import pytest
from test_exercises import EXERCISES, solution

from course_utils.exercises.observe import same

WAYS = [(p.values[0], *way) for p in EXERCISES for way in p.values[0].ways]
NAMES = [way.__name__ for _, way, _ in WAYS]


@pytest.mark.parametrize(("exercise", "way", "slips"), WAYS, ids=NAMES)
def test_a_way_without_slips_is_right(exercise, way, slips):
    assert set(slips) <= {*exercise.mistakes}
    for case in exercise.cases:
        if case.ordinary:
            run = exercise.observe(lambda *args: way((), *args), case.args)
            assert same(run.value, exercise.right_run(case).value)


@pytest.mark.parametrize(("exercise", "way", "slips"), WAYS, ids=NAMES)
def test_two_slips_at_once_are_told(exercise, way, slips):
    """Some pairs are no two: one of both hides the other, or is another mistake."""
    told = 0
    for pair in combinations(slips, 2):
        verdict = exercise.judge(lambda *args, pair=pair: way(pair, *args))
        times = verdict.text.count("Two things")
        assert times <= 1
        told += times
        assert verdict.right or verdict.kind != "numbers", pair
    assert told >= 2


@pytest.mark.parametrize("exercise", {id(e): e for e, *_ in WAYS}.values())
def test_nothing_is_said_of_two_slips_where_there_are_none(exercise):
    for function in (solution(exercise), *exercise.mistakes):
        assert "Two things. One" not in exercise.judge(function).text
