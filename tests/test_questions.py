"""Questions: every kind, right and wrong and nonsense, as text and as a panel."""

import importlib
import pkgutil
import re

import nbformat
import pytest

import course_utils.exercises as package
from course_utils import progress
from course_utils.authoring import labs
from course_utils.exercises import questions
from course_utils.exercises.questions import (
    AnswerError,
    Question,
    WarmUp,
    choice,
    number,
    order,
    several,
)

LABS = [
    importlib.import_module(f"course_utils.exercises.{module.name}")
    for module in pkgutil.iter_modules(package.__path__)
    if module.name.startswith("lab")
]
ALL = [
    pytest.param(name, value, id=f"{lab.__name__[-5:]}.{name}")
    for lab in LABS
    for name, value in vars(lab).items()
    if isinstance(value, Question)
]


def one():
    return choice(
        "lab01.one",
        "All logits grow by `100`. And the probabilities?",
        right="b",
        because="Only differences count.",
        a=("They grow.", "They still sum to 1."),
        b="Nothing happens.",
        c=("The largest wins.", "It was the largest before."),
    )


def some():
    return several(
        "lab01.some",
        "Which are distributions?",
        right="ac",
        because="Two rules.",
        a=("(0.5, 0.5)", "It sums to 1."),
        b=("(1, 1)", "It sums to 2."),
        c=("(1, 0)", "Zero is allowed."),
    )


def ranked():
    return order(
        "lab01.ranked",
        "From small to large?",
        right="cab",
        because="As numbers go.",
        a=("two", "Two comes after one."),
        b=("three", "Three is last."),
        c=("one", "One is first."),
    )


def half():
    return number(
        "lab01.half",
        "The share?",
        right=0.5,
        tolerance=0.01,
        because="One of two.",
        wrong={2.0: "That is the inverse.", 50.0: "As a fraction, not in percent."},
        otherwise="Divide the part by the whole.",
    )


# (question, answer, what the result has to say, what it must not say)
ANSWERS = [
    (one, "b", ["right.", "Nothing happens", "Only differences"], ["not right"]),
    (one, " (B) ", ["one: right."], []),
    (
        one,
        "a",
        ["not right", "(a) They grow", "still sum to 1", "answer: (b)"],
        ["before"],
    ),
    (one, "c", ["not right", "largest before", "Only differences"], ["sum to 1"]),
    (some, "ca", ["some: right.", "(a) and (c)", "Two rules"], ["not right"]),
    (some, ["a", "c"], ["some: right."], []),
    (some, "a", ["(c) belongs to it. Zero is allowed."], ["(b)", "sums to 1"]),
    (some, "a, b", ["(b) is not right. It sums to 2.", "(c) belongs"], []),
    (ranked, "cab", ["ranked: right.", "c, a, b"], ["not right"]),
    (ranked, ("c", "b", "a"), ["Place 2 belongs to (a). Two comes"], ["first."]),
    (ranked, "abc", ["Place 1 belongs to (c). One is first."], ["Two comes"]),
    (half, 0.5, ["half: right."], ["not right"]),
    (half, "1/2", ["half: right."], []),
    (half, "50 %", ["half: right."], []),
    (half, "0,505", ["half: right."], []),
    (half, 2, ["not right", "the inverse"], ["percent", "Divide"]),
    (half, "50", ["not in percent"], ["inverse"]),
    (half, 0.52, ["Divide the part"], ["inverse"]),
]


@pytest.mark.parametrize(("make", "answer", "said", "unsaid"), ANSWERS)
def test_an_answer_gets_its_own_explanation(make, answer, said, unsaid, capsys):
    question = make()
    question.ask()
    asked = capsys.readouterr().out
    question.answer(answer, sure=0.8)
    committed = capsys.readouterr().out
    assert committed.startswith("Committed: ")
    assert "80% sure" in committed
    for text in (asked, committed):  # neither tells whether it is right
        assert ": right." not in text
        assert "not right" not in text
        assert question.because not in text
        assert not any(why in text for why in question.why.values())
    question.result()
    result = " ".join(capsys.readouterr().out.split())
    assert all(words in result for words in said), result
    assert not any(words in result for words in unsaid), result


BAD_ANSWERS = [
    (one, "d", "There is no option 'd' here, only a, b, c."),
    (one, "ab", "This needs 1 option, such as"),
    (one, "", "This needs 1 option"),
    (one, None, "no option"),
    (some, "", "Choose at least one option."),
    (some, "aa", "One option is there twice."),
    (ranked, "ca", 'This needs 3 options, such as "cba", not 2.'),
    (ranked, "cca", "twice"),
    (half, "much", "'much' is no number that I can read."),
    (half, "1/0", "no number"),
    (half, "nan", "no number"),
    (half, "", "no number"),
]


@pytest.mark.parametrize(("make", "answer", "said"), BAD_ANSWERS)
def test_nonsense_gets_a_sentence_and_is_not_committed(make, answer, said, capsys):
    question = make()
    question.answer(answer, sure=0.8)
    text = " ".join(capsys.readouterr().out.split())
    assert said in text
    assert text.endswith("Nothing was committed.")
    assert question.given is None


@pytest.mark.parametrize("sure", [1.5, -0.1, 80, "80%", True, float("nan")])
def test_a_certainty_is_a_probability(sure, capsys):
    question = one()
    question.answer("b", sure=sure)
    assert "sure is a probability from 0 to 1" in capsys.readouterr().out
    assert question.given is None


def test_without_an_answer_the_result_tells_nothing(capsys):
    for make in (one, some, ranked, half):
        question = make()
        question.ask()
        capsys.readouterr()
        question.result()
        text = capsys.readouterr().out
        assert text == question.pending_text() + "\n"
        assert "not answered yet" in text
        assert question.because not in text


def test_a_second_thought_before_the_result_replaces_the_first(capsys):
    question = one()
    question.answer("a")
    question.answer("b")
    capsys.readouterr()
    question.result()
    assert "one: right." in capsys.readouterr().out


def test_asked_again_it_waits_for_a_new_answer(capsys):
    question = one()
    question.answer("a")
    question.result()
    question.ask()
    capsys.readouterr()
    question.result()
    assert "not answered yet" in capsys.readouterr().out


# Authors --------------------------------------------------------------------------

GOOD = {"right": "b", "because": "So.", "a": ("A", "No."), "b": "B"}
BAD_QUESTIONS = [
    (choice, GOOD | {"a": "A"}, "lab01.x: option a has no explanation"),
    (choice, GOOD | {"a": ("A", "")}, "option a has no explanation"),
    (choice, GOOD | {"b": ("B", "Yes.")}, "option b is right"),
    (choice, GOOD | {"right": "c"}, "no option is called 'c'"),
    (choice, GOOD | {"c": ("A", "Nor.")}, "the same text"),
    (choice, GOOD | {"c": ("C", "No.")}, "the same text or explanation"),
    (choice, GOOD | {"d": ("D", "Nor.")}, "the options are called a, b"),
    (several, GOOD, "option b has no explanation"),
    (several, GOOD | {"b": ("B", "Y."), "right": "c"}, "sorted list of options"),
    (several, GOOD | {"b": ("B", "Y."), "right": "ba"}, "sorted list of options"),
    (order, GOOD | {"b": ("B", "Y.")}, "right has each option once"),
    (
        number,
        {"right": 1.0, "because": "", "wrong": {}, "otherwise": "No."},
        "no explanation",
    ),
    (
        number,
        {"right": 1.0, "because": "", "wrong": {2.0: "No."}, "otherwise": ""},
        "no explanation",
    ),
    (
        number,
        {
            "right": 1.0,
            "because": "",
            "wrong": {1.1: "No."},
            "otherwise": "No.",
            "tolerance": 0.1,
        },
        "counts as 1.0",
    ),
]


@pytest.mark.parametrize(("make", "arguments", "said"), BAD_QUESTIONS)
def test_an_incomplete_question_is_refused(make, arguments, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        make("lab01.x", "Text?", **arguments)


def test_a_key_names_its_lab():
    with pytest.raises(ValueError, match=r"not of the form lab01.name"):
        choice("x", "Text?", **GOOD)


@pytest.mark.parametrize(("name", "question"), ALL)
def test_a_question_of_a_lab_is_complete(name, question):
    assert question.name == name
    assert len(question.text) < 500
    assert len(question.because) > 30
    assert all(len(why) > 20 for why in question.why.values())
    value = question.right if question.kind != "number" else str(question.right)
    assert question.is_right(question.parse(value))
    for line in question.question_text().splitlines():
        assert len(line) <= 88
    if question.kind in ("choice", "order"):  # each wrong option is explained
        wrong = set(question.options) - set(str(question.right)[:1])
        assert wrong <= set(question.why)


def test_an_answer_has_the_decimals_that_are_asked_for():
    found = {}
    for _, question in (param.values for param in ALL):
        if said := re.search(r"\bto (one|two|three) decimal", question.text):
            decimals = ["one", "two", "three"].index(said[1]) + 1
            assert round(question.right, decimals) == question.right
            assert question.tolerance < 10**-decimals
            found[question.key] = decimals
    assert found["lab13.standard_error"] == 3 and len(found) >= 2


@pytest.mark.parametrize("path", labs.lab_paths(), ids=lambda path: path.stem)
def test_a_lab_asks_all_of_its_questions(path):
    number = path.stem[:2]
    asked = re.findall(
        rf"^lab{number}\.(\w+)\.ask\(\)", path.read_text("utf-8"), re.MULTILINE
    )
    module = importlib.import_module(f"course_utils.exercises.lab{number}")
    made = [k for k, v in vars(module).items() if isinstance(v, Question | WarmUp)]
    assert sorted(asked) == sorted(made)


@pytest.mark.parametrize("path", labs.lab_paths(), ids=lambda path: path.stem)
def test_no_picture_answers_a_question_before_its_result(path):
    """On paper, what comes with a result stands in the key; all else at its place."""
    needed = {"scribble", "reader"}  # about a figure that the reader makes
    open_questions = set()
    for cell in nbformat.read(path.with_suffix(".ipynb"), 4).cells:
        if cell.cell_type == "code":
            lines = re.findall(
                r"^lab\d\d\.(\w+)\.(ask|result)", cell.source, re.MULTILINE
            )
            open_questions -= {name for name, what in lines if what == "result"}
            drawn = [out for out in cell.outputs if "image/png" in out.get("data", {})]
            assert not drawn or open_questions <= needed, cell.source
            open_questions |= {name for name, what in lines if what == "ask"}


def test_the_right_answer_is_not_always_at_the_same_place():
    rights = [p.values[1].right for p in ALL if p.values[1].kind == "choice"]
    for letter in "abc":
        share = rights.count(letter) / len(rights)
        assert 0.1 < share < 0.6, f"{share:.0%} of the right answers are {letter}"


# Warm up --------------------------------------------------------------------------


@pytest.fixture
def history(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "p.jsonl"))
    monkeypatch.setattr(progress, "_unwritten", [])


def test_warm_up_without_a_history_is_always_the_same(capsys):
    warm_up = WarmUp("lab99", one(), some(), half())
    warm_up.ask()
    first = capsys.readouterr().out
    warm_up.ask()
    assert capsys.readouterr().out == first
    for question in (one(), some(), half()):
        assert question.question_text() in first
    warm_up.answer(2, "ac", sure=0.5)
    warm_up.answer(7, "a")
    out = capsys.readouterr().out
    assert "Committed: (a) and (c)" in out
    assert "There are questions 1 to 3 here, no 7." in out
    warm_up.result()
    out = capsys.readouterr().out
    assert "some: right." in out
    assert out.count("not answered yet") == 2


def test_warm_up_asks_first_what_was_missed(history, monkeypatch, capsys):
    module = type(questions)("course_utils.exercises.lab01")
    module.one, module.some, module.ranked = one(), some(), ranked()
    monkeypatch.setattr(
        questions.importlib, "import_module", lambda name: _module(name, module)
    )
    for question, answer, session in ((one(), "b", "1"), (some(), "b", "2")):
        monkeypatch.setattr(progress, "SESSION", session)
        question.commit(answer, 0.9)
    warm_up = WarmUp("lab02", half(), ranked(), one())
    warm_up.ask()
    keys = [question.name for question in warm_up.questions]
    assert keys == ["some", "one", "half"]  # missed; seen; of the fixed ones
    capsys.readouterr()
    warm_up.result()  # the earlier answers are no answers to the warm-up
    assert capsys.readouterr().out.count("not answered yet") == 3


def _module(name, module):
    if name != module.__name__:
        raise ModuleNotFoundError(name)
    return module


def test_a_warm_up_asks_about_earlier_labs():
    with pytest.raises(ValueError, match="earlier labs"):
        WarmUp("lab01", one())


# What is remembered ---------------------------------------------------------------


def test_a_restart_forgets_no_answer(history, capsys):
    one().answer("a", sure=0.9)
    capsys.readouterr()
    later = one()  # in a new kernel nothing is in memory
    later.result()
    assert "not right. You answered (a) They grow, 90% sure." in capsys.readouterr().out


def test_an_answer_after_the_result_does_not_count(history):
    question = one()
    question.answer("a", sure=0.9)
    question.result()
    question.ask()
    question.answer("b", sure=0.99)
    assert [event["right"] for event in progress.answers()] == [False]
    assert len(progress.read()) == 2


# The panel ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "choose", "answer"),
    [
        (one, lambda inputs: setattr(inputs[0], "value", "b"), "b"),
        (some, lambda i: [setattr(i[k], "value", True) for k in (0, 2)], "ac"),
        (
            ranked,
            lambda i: [setattr(x, "value", v) for x, v in zip(i, "cab", strict=True)],
            "cab",
        ),
        (half, lambda inputs: setattr(inputs[0], "value", "1/2"), 0.5),
    ],
)
def test_panel(make, choose, answer):
    widgets = pytest.importorskip("ipywidgets")
    question = make()
    panel = questions._panel(widgets, question)
    _, *inputs, sure, button, status = panel.children
    assert sure.value == sure.options[0][1]  # it starts at a guess
    assert sure.options[-1][0] == "certain, 99%"
    button.click()
    assert "Nothing was committed" in status.value
    assert question.given is None
    choose(inputs)
    sure.value = 0.8
    button.click()
    assert question.given == (answer, 0.8)
    assert "Committed" in status.value
    assert ": right." not in status.value
    assert question.because not in status.value
    assert button.description == "Change my answer"
    assert all(control.disabled for control in (*inputs, sure))
    button.click()
    assert button.description == "Commit"
    assert not any(control.disabled for control in (*inputs, sure))


def test_texts_are_escaped_in_html():
    text = questions.as_html("a < b, `x<y` and *this* is 2**3 & so")
    assert text == ("a &lt; b, <code>x&lt;y</code> and <em>this</em> is 2**3 &amp; so")


@pytest.mark.parametrize(
    ("text", "html"),
    [
        (
            "less than e^-1000, or 10^8.",
            "less than e<sup>\u22121000</sup>, or 10<sup>8</sup>.",
        ),
        ("e^(z + 100) is e^z", "e<sup>z + 100</sup> is e<sup>z</sup>"),
        ("(1 - p)^2 * 2^0.5", "(1 - p)<sup>2</sup> * 2<sup>0.5</sup>"),
        ("*so* 2^k, `x^2`", "<em>so</em> 2<sup>k</sup>, <code>x^2</code>"),
        ("a ^ b and a caret ^", "a ^ b and a caret ^"),
    ],
)
def test_powers_are_raised_in_html(text, html):
    assert questions.as_html(text) == html


def test_a_panel_and_a_result_raise_powers_and_plain_text_does_not():
    widgets = pytest.importorskip("ipywidgets")
    question = one()
    question.text, question.because = "Is e^-1000 0?", "Nearly: it is 10^-434."
    assert (
        "e<sup>\u22121000</sup>"
        in questions._panel(widgets, question).children[0].value
    )
    assert "e^-1000" in question.question_text()
    question.given = "b", None
    assert "10<sup>\u2212434</sup>" in question._result_html()
    assert "10^-434" in question.result_text()


def test_where_nothing_shows_marks_there_are_none():
    text = questions.without_marks("`y` in place of `a * b` on *training* rows: 2 * 3")
    assert text == 'y in place of "a * b" on training rows: 2 * 3'
    assert questions.without_marks("`F.relu(x, y)`") == "F.relu(x, y)"


def test_bad_answer_is_a_value_error():
    with pytest.raises(AnswerError):
        one().commit("z")
