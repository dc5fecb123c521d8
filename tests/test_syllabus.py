"""The syllabus, its tests and its exam: all is there, it fits, and no paper tells."""

import copy
import functools
import itertools
import re
from collections import Counter

import pytest
from repository import read_pdf

import course_utils
from course_utils.authoring import (
    asked,
    concepts,
    credits,
    editions,
    handouts,
    labs,
    pack,
    paper,
    reading_time,
    site,
    slides,
    syllabus,
    tree,
    words,
)

NUMBERS = [path.stem[:2] for path in labs.lab_paths()]
PLANS = {len(of["session"]): of for of in syllabus.data()["plan"]}
NAMES = ("before", "after", "exam")
by_plan = pytest.mark.parametrize("of", PLANS.values(), ids=PLANS)
by_name = pytest.mark.parametrize("name", NAMES)


@functools.cache
def course():
    """Return all labs by their numbers."""
    return syllabus.by_number(editions.read_executed(p) for p in labs.lab_paths())


@pytest.fixture
def data(monkeypatch):
    """Return the syllabus's data, to be changed in one test."""
    changed = copy.deepcopy(syllabus.data())
    monkeypatch.setattr(syllabus, "data", lambda: changed)
    return changed


# Sessions -------------------------------------------------------------------------


@by_plan
def test_every_section_has_one_place(of):
    made = syllabus.sessions(of, course())
    there = [unit for session in made for unit in session.teach + session.read]
    there += syllabus.named(of, "out", course())
    assert Counter(there) == Counter(
        unit for nb in course().values() for unit in syllabus.units(nb)
    )


def test_twelve_sessions_leave_nothing_out():
    assert PLANS.keys() == {8, 12}
    made = syllabus.sessions(PLANS[12], course())
    assert "out" not in PLANS[12] and not any(session.read for session in made)
    assert syllabus.named(PLANS[8], "out", course())


@by_plan
def test_a_session_fits(of):
    assert syllabus.data()["minutes"] == 90
    for number, session in enumerate(syllabus.sessions(of, course()), 1):
        assert 45 < session.minutes <= 90, number
        assert syllabus.total(session.home) <= 90, number


@by_plan
def test_every_exercise_has_one_place_and_comes_after_its_lab(of):
    made = syllabus.sessions(of, course())
    seen, found = set(), []
    for session in made:
        seen |= {unit.lab for unit in session.teach + session.read}
        found += session.solve + session.home
        assert {task.lab for task in session.solve + session.home} <= seen
    left = {unit.lab for unit in syllabus.named(of, "out", course())} - seen
    assert Counter(found) == Counter(
        task
        for lab in course()
        if lab not in left
        for task in syllabus.tasks(lab, course())
    )


@by_plan
def test_the_tests_enclose_the_course(of):
    assert [s.get("test") for s in (of["session"][0], of["session"][-1])] == [
        "before",
        "after",
    ]
    assert sum("test" in session for session in of["session"]) == 2
    assert all(len(session["say"]) > 80 for session in of["session"])


@pytest.mark.parametrize("lab", NUMBERS)
def test_sections_take_what_the_lab_takes(lab):
    found = syllabus.units(course()[lab])
    estimate = reading_time.estimate(course()[lab])
    assert syllabus.total(found) == pytest.approx(estimate)
    assert [unit.number for unit in found] == list(range(1, len(found) + 1))
    stated = reading_time.stated(course()[lab]).exercises
    assert syllabus.total(syllabus.tasks(lab, course())) == pytest.approx(stated, abs=1)


@pytest.mark.parametrize("text", ["01.9", "01.7-9", "42", "42.1"])
def test_a_section_that_is_not_there(text):
    with pytest.raises(labs.LabError, match=rf"there is no section {text}"):
        syllabus.picked(text, course())


@pytest.mark.parametrize("key", ["01.5", "42.1"])
def test_an_exercise_that_is_not_there(key):
    of = {"session": [{"say": "", "teach": ["01"], "solve": [key]}]}
    with pytest.raises(labs.LabError, match=f"there is no exercise {key}"):
        syllabus.sessions(of, course())


# Questions ------------------------------------------------------------------------


def asked_in_labs():
    """Return the keys of all questions that labs ask."""
    cells = [cell for nb in course().values() for cell in labs.code_cells(nb)]
    return {question.key for cell in cells for question in asked.questions(cell)}


@pytest.mark.parametrize("key", ["lab01.nothing", "lab42.x", "concepts.x", "numpy.pi"])
def test_a_question_that_is_not_there(key):
    with pytest.raises(labs.LabError, match=f"there is no question {key}"):
        asked.find(key)


def test_the_exam_asks_about_every_lab():
    found = syllabus.questions("exam")
    assert len(found) == 20
    assert {question.lab for question in found} == {f"lab{n:02}" for n in range(1, 13)}
    for question in found:
        assert syllabus.place(question, course()) in syllabus.units(
            course()[question.lab[3:]]
        )


def test_a_question_that_no_lab_asks_has_no_place():
    question = copy.copy(asked.find("lab01.shifted"))
    question.key = "lab01.other"
    with pytest.raises(labs.LabError, match=r"does not ask lab01\.other"):
        syllabus.place(question, course())


def test_both_tests_ask_for_the_same_twelve_ideas():
    ideas = syllabus.data()["idea"]
    assert len(ideas) == 12
    for idea in ideas:
        (unit,) = syllabus.picked(idea["taught"], course())
        assert unit not in syllabus.named(PLANS[8], "out", course())
        if not idea["before"].startswith("concepts."):
            assert idea["before"] in asked_in_labs()


def test_nothing_is_asked_twice():
    keys = [question.key for name in NAMES for question in syllabus.questions(name)]
    assert len(set(keys)) == len(keys)
    # Before the second test nobody has read its answers.
    after = {question.key for question in syllabus.questions("after")}
    assert not after & asked_in_labs()
    written = {question.key for question in concepts.QUESTIONS.values()}
    assert written <= set(keys)


TERMS = (
    r"softmax|logit|loss\b|entropy|gradient|slope|learning rate|label|batch|epoch|"
    r"accuracy|tensor|network|model|validation|parameter|weights?\b|`"
)


def texts(question):
    """Return all that a question prints."""
    return " ".join([question.text, *question.options.values()])


@pytest.mark.parametrize("name", ["before", "after"])
def test_a_test_needs_no_term_of_the_course(name):
    for question in syllabus.questions(name):
        assert not re.search(TERMS, texts(question), re.IGNORECASE), question.key


@by_name
def test_a_question_needs_no_page_around_it(name):
    needs = r"\blab \d|\bsection\b|figure|\bcell\b|\bof the table\b|\bthis ladder\b"
    for question in syllabus.questions(name):
        assert not re.search(needs, texts(question), re.IGNORECASE), question.key


@by_name
def test_answers_are_spread(name):
    rights = [q.right for q in syllabus.questions(name) if q.kind == "choice"]
    for letter in "abc":
        assert 1 / 6 <= rights.count(letter) / len(rights) <= 1 / 2, letter
    assert max(len([*run]) for _, run in itertools.groupby(rights)) <= 3


def test_the_exam_does_not_answer_itself():
    those = syllabus.questions("exam")
    for question in those:
        others = " ".join(texts(other) for other in those if other is not question)
        right = question.right
        if question.kind == "number":
            said = [f"{right:g}"]
        else:
            said = [question.options[letter].rstrip(".") for letter in right]
        for text in said:
            if len(text) < 3:  # such as 1: it stands everywhere, and tells nothing
                continue
            there = rf"(?<![\w.]){re.escape(text)}(?!\w|\.\d)"
            assert not re.search(there, others), (question.key, text)


@pytest.mark.parametrize(
    "question", concepts.QUESTIONS.values(), ids=concepts.QUESTIONS
)
def test_a_question_of_a_test_is_complete(question):
    assert asked.find(question.key) is question
    assert len(question.text) < 500 and len(question.because) > 30
    assert all(len(why) > 20 for why in question.why.values())
    value = question.right if question.kind != "number" else str(question.right)
    assert question.is_right(question.parse(value))


def test_a_case_of_the_clinic_comes_with_its_program():
    cases = [q for q in syllabus.questions("exam") if q.text.startswith("Case")]
    assert cases
    for question in cases:
        (shown,) = syllabus.exhibit(question, course())
        assert "def " in tree.plain(shown)
    assert syllabus.exhibit(asked.find("lab01.shifted"), course()) == []


# Papers ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def typeset():
    return {
        name: paper.write(make(course())) for name, (_, make) in syllabus.PAPERS.items()
    }


def squeeze(text):
    """Drop what typesetting changes."""
    return re.sub(r"#\w+(?=\[)|[\W_]", "", text)


def test_no_key_reaches_a_student(typeset):
    keys = {"exam": "exam-instructor", "test-before": "test-instructor"}
    for name, those in (("exam", "exam"), ("test-before", "before")):
        for question in syllabus.questions(those):
            because = squeeze(question.because)
            assert because in squeeze(typeset[keys[name]]), question.key
            for paper_ in ("syllabus", "exam", "test-before", "test-after"):
                assert because not in squeeze(typeset[paper_])
                assert words.bold("answer") not in typeset[paper_]


@by_name
def test_a_paper_asks_all_of_its_questions(typeset, name):
    text = typeset[name if name == "exam" else f"test-{name}"]
    those = syllabus.questions(name)
    assert text.count("#question[") == len(those)
    assert text.count("#name-line(") == 1
    for question in those:
        for said in (question.text, *question.options.values()):
            assert squeeze(said) in squeeze(text), question.key
    n_numbers = sum(question.kind == "number" for question in those)
    asks_how_sure = str(name != "exam").lower()
    assert text.count(f"#answer-line(true, {asks_how_sure})") == n_numbers
    n_lines = n_numbers if name == "exam" else len(those)
    assert text.count("#answer-line(") == n_lines


def test_the_key_marks_letters_and_ranges():
    those = syllabus.questions("exam")
    assert syllabus.points("exam") == 20 + sum(q.kind != "choice" for q in those)
    assert syllabus.short_answer(asked.find("lab03.one_slope")) == "-0.8 ± 0.01"
    assert syllabus.short_answer(asked.find("lab01.distributions")) == "a, c"


def test_the_syllabus_says_what_is_left_out(data):
    of = next(of for of in data["plan"] if "out" in of)
    text = syllabus.in_markdown(course())
    missed = [
        str(n)
        for n, question in enumerate(syllabus.questions("exam"), 1)
        if syllabus.place(question, course()) in syllabus.named(of, "out", course())
    ]
    assert words.word("not-asked").format(numbers=", ".join(missed)) in text
    assert text.count(f"### {words.word('session')} ") == 8 + 12
    assert text.count(words.word("left-out")) == 1
    for session in of["session"]:
        assert session["say"] in text


@pytest.mark.parametrize("name", syllabus.PAPERS)
def test_every_paper_says_what_it_is(tmp_path, name):
    pytest.importorskip("typst", reason="paper needs typst")
    paper.fill_workshop(tmp_path, {})
    made = syllabus.pdf(course().values(), tmp_path, name)
    (pages, data), told = read_pdf(made), credits.read()
    assert credits.LICENCE in data["Subject"]
    assert course_utils.__version__ in data["Subject"]
    texts_ = [" ".join(page.split()) for page in pages]
    assert all(told.short in text for text in texts_)
    assert told.cite in texts_[0]
    assert made == syllabus.pdf(course().values(), tmp_path, name)


def test_a_learners_stick_has_no_key_and_no_exam(tmp_path, monkeypatch):
    def make(paths, folder):
        folder.mkdir()
        for name in (*syllabus.PAPERS, "rules", "01_softmax-student"):
            (folder / f"{name}.pdf").touch()

    for module in (handouts, site, slides):
        monkeypatch.setattr(module, "main", make)
    pack._make_paper(tmp_path)
    left = {path.stem for path in (tmp_path / "paper").iterdir()}
    assert left == {"syllabus", "rules", "01_softmax-student"}


def test_no_key_reaches_the_site():
    """The pages beside the labs, which explain their own questions alone."""
    made = site._syllabus(labs.lab_paths(), course())
    text = squeeze("".join(made["syllabus"][1]))
    for name in NAMES:
        for question in syllabus.questions(name):
            assert squeeze(question.because) not in text
            assert squeeze(question.text) not in text
    assert site._syllabus(labs.lab_paths(["01"]), {}) == {}
