"""The bug clinic: every case, and what it deals and scores."""

import re
from collections import Counter

import pytest
import torch

from course_utils import progress
from course_utils.authoring import labs
from course_utils.exercises import clinic, lab12
from course_utils.exercises.questions import MARKED

CASES = [pytest.param(case, id=case.name) for case in lab12.ALL]
by_case = pytest.mark.parametrize("case", CASES)


def handed_in(code, case):
    """Return a function as a learner would write it."""
    return clinic._built(code, f"<learner, {case.name}>", "")


def test_there_are_about_thirty_of_all_labs():
    assert [case.number for case in lab12.ALL] == list(range(1, len(lab12.ALL) + 1))
    assert len(lab12.ALL) >= 30
    assert {case.taught for case in lab12.ALL} == {f"{n:02}" for n in range(1, 12)}
    assert set(Counter(case.level for case in lab12.ALL)) == {1, 2, 3}
    names = [case.exercise.name for case in lab12.ALL]
    assert len(set(names)) == len(names)  # progress tells them apart by it


@by_case
def test_the_faulty_function_is_refused_by_name_and_the_mended_one_accepted(case):
    own = [*case.exercise.mistakes]
    for function in (case.faulty, handed_in(case.code, case)):
        verdict = case.exercise.judge(function)
        assert (verdict.right, verdict.kind) == (False, "listed")
        assert verdict.name in {mistake.__name__ for mistake in own}
    if len(own) == 1:
        assert case.fixed[0].options[case.fixed[0].right].rstrip(".") in " ".join(
            verdict.text.split()
        )
    assert case.exercise.judge(handed_in(case.mended_code, case)).right
    assert case.exercise.judge(case.mended).kind in ("forbidden", "right")


@by_case
def test_what_is_shown_comes_from_the_faulty_code(case, capsys):
    case.show()
    shown = capsys.readouterr().out
    assert case.code in shown
    assert not MARKED.search(shown.replace(case.code, ""))
    assert max(map(len, shown.splitlines())) <= 88
    assert len(case.code.splitlines()) <= 17
    for seed in (0, 1):
        one = case.with_seed(seed)
        seen = one.run(one.symptom, one.faulty)
        assert seen == one.run(one.symptom, one.faulty)  # the same each time
        assert seen != one.run(one.symptom, one.mended)  # the fault is seen


@by_case
def test_the_measurement_tells_the_fault(case):
    for seed in range(4):
        one = case.with_seed(seed)
        with_fault, without = (
            one.run(one._measured, f) for f in (one.faulty, one.mended)
        )
        assert with_fault != without
        assert "Error:" not in without


def test_data_and_start_vary_with_the_seed():
    alike = {
        case.number
        for case in lab12.ALL
        if case.run(case.symptom, case.faulty)
        == (other := case.with_seed(5)).run(other.symptom, other.faulty)
    }
    assert alike <= {31}  # an error is the same for all images


@by_case
def test_questions_of_a_case_are_complete(case):
    fault, _ = case.fixed
    assert fault.key == f"lab12.{case.name}_fault"
    for question in case.fixed:
        assert len(question.options) >= 3
        assert len(question.because) > 30
        assert all(len(why) > 20 for why in question.why.values())
        assert set(question.why) == set(question.options) - {question.right}


def test_the_right_answer_is_not_always_at_the_same_place():
    for place in (0, 1):
        rights = [case.fixed[place].right for case in lab12.ALL]
        assert all(0.15 < rights.count(letter) / len(rights) < 0.5 for letter in "abc")


@by_case
def test_a_case_links_to_what_teaches_it(case):
    (path,) = labs.lab_paths([case.taught])
    text = path.read_text(encoding="utf-8")
    assert case.section in re.findall(r"^# ##+ (.*)", text, re.MULTILINE)


def test_running_a_case_disturbs_nothing():
    torch.manual_seed(3)
    state = torch.get_rng_state()
    lab12.case(7, seed=2).measured()
    assert state.equal(torch.get_rng_state())


def test_a_case_that_a_mend_breaks_is_refused():
    with pytest.raises(ValueError, match="is not there once"):
        clinic.Case(
            99, lab=1, section="x", level=1, setting="", code="def f():\n    pass",
            mended=[("return", "yield")], symptom=None, fault={}, measure={},
            measured=None, inputs=None,
        )  # fmt: skip


# Dealing and scoring --------------------------------------------------------------


@pytest.fixture
def history(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "p.jsonl"))
    monkeypatch.setattr(progress, "_unwritten", [])

    def answer(number, *, right, session):
        monkeypatch.setattr(progress, "SESSION", session)
        case = lab12.case(number)
        for i, question in enumerate(case.questions, 1):
            wrong = next(x for x in question.options if x != question.right)
            case.answer(i, question.right if right else wrong, sure=0.7)

    return answer


def test_without_a_history_the_first_case_is_dealt():
    dealt = clinic.deal(lab12.ALL)
    assert (dealt.number, dealt.seed) == (11, 0)
    assert dealt.fixed is lab12.deal.fixed  # those on paper
    order = [(case.worked, case.level) for case in clinic.due(lab12.ALL)]
    assert order == sorted(order)


def test_the_deal_goes_on(history, capsys):
    for number in (11, 12):
        lab12.deal.show()
        lab12.deal.ask()
        out = capsys.readouterr().out
        assert f"Case {number} (easy)." in out
        assert "lab12.deal.answer(1," in out
        for i, question in enumerate(lab12.deal.case.questions, 1):
            lab12.deal.answer(i, question.right, sure=0.9)
        lab12.deal.result()
        assert f"case{number}_fault: right." in capsys.readouterr().out


def test_what_was_missed_comes_first_then_what_was_never_seen(history):
    history(1, right=True, session="a")
    history(2, right=False, session="b")
    order = [case.number for case in clinic.due(lab12.ALL)]
    assert order[0] == 2
    assert order[-1] == 1
    again = clinic.deal(lab12.ALL)
    assert (again.number, again.seed) == (2, 1)  # the same fault, other data
    history(2, right=True, session="c")
    assert clinic.deal(lab12.ALL).number == 11


def test_a_score_counts_faults_measurements_and_mends(history, capsys):
    history(1, right=True, session="a")
    history(2, right=False, session="a")
    lab12.case(3).mend(handed_in(lab12.case(3).mended_code, lab12.case(3)))
    capsys.readouterr()
    lab12.score()
    out = capsys.readouterr().out
    assert out.startswith(f"3 of {3 * len(lab12.ALL)} points, 3 of {len(lab12.ALL)}")
    assert re.search(r"^ +1  right +right +-$", out, re.MULTILINE)
    assert re.search(r"^ +2  wrong +wrong +-$", out, re.MULTILINE)
    assert re.search(r"^ +3  - +- +right$", out, re.MULTILINE)


def test_an_answered_case_says_where_to_read_it_up(history, capsys):
    case = lab12.case(1)
    case.ask()
    case.result()
    assert "Read it up" not in capsys.readouterr().out
    case.answer(1, "c", sure=0.9)
    case.result()
    out = capsys.readouterr().out
    assert "case01_fault: right." in out
    assert "Read it up: lab 4, 6. One line forgotten." in out


def test_progress_knows_the_questions_of_the_cases(history, capsys):
    progress.contents.cache_clear()
    exercises, questions, _ = progress.contents("lab12")
    assert {"case01_fault", "case01_measure"} <= set(questions)
    assert {"train", "better"} <= set(exercises)
    history(1, right=True, session="a")
    progress.show()
    assert re.search(r"^12 .* 2 of \d+", capsys.readouterr().out, re.MULTILINE)
