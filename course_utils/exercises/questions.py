"""Questions that the reader answers before looking: commit, then see.

A question is data: a text, options, the right answer, and for every wrong one an
explanation of its own. There are four kinds::

    sure_of_a_scribble = choice(
        "lab00.sure_of_a_scribble",
        "You scribble. What does the machine say?",
        right="b",
        because="It has no way to say none.",
        a=("It says: that is no digit.", "It would need an eleventh answer for that."),
        b="It names a digit.",
    )
    several(...)  # more than one option may be right
    order(...)  # the options are to be put in order
    number(...)  # a number, right within a tolerance

In a lab the question stands in one cell, ``lab00.sure_of_a_scribble.ask()``, and what
came of it in a later one, ``lab00.sure_of_a_scribble.result()``. In Jupyter and Colab
`ask` shows a panel. Elsewhere it prints the question, and
``lab00.sure_of_a_scribble.answer("b", sure=0.8)`` answers it.

Texts are plain; only `code` and *words* are marked up. A question has to be understood
without the page around it: a `WarmUp` of a later lab may ask it again.
"""

import html
import importlib
import math
import re
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from course_utils import progress

__all__ = ["Question", "WarmUp", "choice", "number", "order", "several"]

WIDTH = 88
TASKS = {
    "choice": "Choose one.",
    "several": "Choose all that are right.",
    "order": "Put them in order.",
    "number": "Give a number.",
}


class AnswerError(ValueError):
    """An answer that does not fit its question; the text says what would."""


@dataclass
class Question:
    """One question; make it with `choice`, `several`, `order` or `number`.

    Attributes
    ----------
    key : str
        The lab and the name of the variable: ``"lab01.shifted"``.
    text : str
        The question itself.
    kind : {"choice", "several", "order", "number"}
    right : str or float
        A letter; the letters of all right options; the letters in the right order; or
        a number.
    because : str
        Why that is right. It also tells what the reader should keep.
    options : dict of str to str
        Texts by letter; none if a number is asked for.
    why : dict
        Explanations: by letter, of options; by value, of typical wrong numbers.
    otherwise : str
        What to say about any other wrong number.
    tolerance : float
        How far from the right number still counts, absolutely.
    """

    key: str
    text: str
    kind: str
    right: str | float
    because: str
    options: Mapping[str, str] = field(default_factory=dict)
    why: Mapping[Any, str] = field(default_factory=dict)
    otherwise: str = ""
    tolerance: float = 0.0
    remembers: bool = True  # falls back to the answer of an earlier session
    given: tuple | None = field(default=None, init=False)  # answer, how sure
    told: bool = field(default=False, init=False)
    asked: bool = field(default=False, init=False)
    _shown: Any = field(default=None, init=False)  # where `result` waits

    @property
    def lab(self) -> str:
        """The lab that the question belongs to, such as ``"lab01"``."""
        return self.key.partition(".")[0]

    @property
    def name(self) -> str:
        """The name without the lab."""
        return self.key.partition(".")[2]

    # In a lab

    def ask(self) -> None:
        """Show the question, and take an answer where there is somebody to give one."""
        self.given, self.asked = None, True
        _ask([self], f"{self.key}.answer({self._example()}, sure=0.8)")

    def answer(self, answer: Any, *, sure: float | None = None) -> None:
        """Commit to an answer; whether it is right comes with `result`.

        Parameters
        ----------
        answer : str or float
            A letter; several letters, such as ``"ac"``; or a number.
        sure : float, optional
            The probability, from 0 to 1, that you give to being right.
        """
        try:
            said = self.commit(answer, sure)
        except AnswerError as problem:
            said = str(problem)
        print(_wrap(said))

    def result(self) -> None:
        """Say whether the answer was right, and why."""
        if self.given is None and not self.asked and self.remembers:
            self._recall()
        self._shown = _present(self.result_text(), self._result_html)
        self.told |= self.given is not None

    # Answers

    def commit(self, answer: Any, sure: float | None = None) -> str:
        """Take an answer and return what to say about that.

        Raises
        ------
        AnswerError
            If it does not fit the question.
        """
        value = self.parse(answer)
        if sure is not None:
            bad = isinstance(sure, bool) or not isinstance(sure, int | float)
            if bad or not 0 <= sure <= 1:
                raise AnswerError(
                    f"sure is a probability from 0 to 1, such as 0.8, not {sure!r}. "
                    "Nothing was committed."
                )
        self.given = value, sure
        progress.record(
            "answer",
            self.lab,
            self.name,
            right=self.is_right(value),
            sure=sure,
            value=str(value),
            told=self.told,
        )
        if self._shown is not None:  # the result was asked for too early
            self._shown.update(
                *_bundle(self.result_text(), self._result_html), raw=True
            )
            self.told = True
        certainty = "" if sure is None else f", {sure:.0%} sure"
        return (
            f"Committed: {self.show(value)}{certainty}. Go on: a later cell tells "
            "whether it is right."
        )

    def parse(self, answer: Any) -> str | float:
        """Return an answer in the form of `right`.

        Raises
        ------
        AnswerError
            With a sentence about what would fit.
        """
        if self.kind == "number":
            return _number(answer)
        if isinstance(answer, list | tuple | set):
            answer = "".join(map(str, answer))
        letters = re.sub(r"[\s,()]", "", str(answer)).lower()
        known = "".join(self.options)
        for letter in letters:
            if letter not in known:
                raise AnswerError(
                    f"There is no option {letter!r} here, only {', '.join(known)}. "
                    "Nothing was committed."
                )
        if len(set(letters)) < len(letters):
            raise AnswerError("One option is there twice. Nothing was committed.")
        needed = {"choice": 1, "order": len(known)}.get(self.kind)
        if needed and len(letters) != needed:
            example = self._example()
            raise AnswerError(
                f"This needs {needed} option{'s' * (needed > 1)}, such as {example}, "
                f"not {len(letters)}. Nothing was committed."
            )
        if not letters:
            raise AnswerError("Choose at least one option. Nothing was committed.")
        return "".join(sorted(letters)) if self.kind == "several" else letters

    def is_right(self, value: str | float) -> bool:
        """Tell whether an answer, as `parse` returns it, is right."""
        if self.kind == "number":
            return abs(value - self.right) <= self.tolerance
        return value == self.right

    def show(self, value: str | float) -> str:
        """Return an answer in words, with the texts of its options."""
        match self.kind:
            case "number":
                return f"{value:g}"
            case "choice":
                return f"({value}) {self.options[value].rstrip('.')}"
            case "order":
                return ", ".join(value)
        return " and ".join(f"({letter})" for letter in value)

    def explain(self, value: str | float) -> list[str]:
        """Return what to say about a wrong answer, one paragraph for each mistake."""
        match self.kind:
            case "choice":
                return [self.why[value]]
            case "several":
                wrong = [letter for letter in value if letter not in self.right]
                missed = [letter for letter in self.right if letter not in value]
                return [f"({x}) is not right. {self.why[x]}" for x in wrong] + [
                    f"({x}) belongs to it. {self.why[x]}" for x in missed
                ]
            case "order":
                pairs = zip(value, self.right, strict=True)
                first = next(x for got, x in pairs if got != x)
                place = self.right.index(first) + 1
                return [f"Place {place} belongs to ({first}). {self.why[first]}"]
        known = (t for v, t in self.why.items() if abs(value - v) <= self.tolerance)
        return [next(known, self.otherwise)]

    # Texts

    def question_text(self) -> str:
        """Return the question as plain text."""
        lines = [_wrap(f"Question. {self.text} {TASKS[self.kind]}")]
        for letter, text in self.options.items():
            lines.append(_wrap(f"({letter}) {text}", "  ", "      "))
        return "\n".join(lines)

    def pending_text(self) -> str:
        """Return what stands in the place of a result before there is an answer."""
        return f"{self.name}: not answered yet. Answer above, then run this cell again."

    def result_text(self) -> str:
        """Return the result as plain text."""
        paragraphs = self._result()
        return "\n".join(_wrap(text) for text in paragraphs)

    def _result(self) -> list[str]:
        if self.given is None:
            return [self.pending_text()]
        value, sure = self.given
        right = self.is_right(value)
        said = f"{self.name}: {'right' if right else 'not right'}. "
        said += f"You answered {self.show(value)}"
        said += "." if sure is None else f", {sure:.0%} sure."
        parts = [said, *([] if right else self.explain(value))]
        if not right:
            parts.append(f"The right answer: {self.show(self.right)}.")
        parts.append(self.because)
        if sure is not None:
            parts.append(
                f"This certainty costs {progress.cost(right, sure):.2f} nats; a coin "
                f"costs {progress.COIN:.2f}."
            )
        return parts

    def _result_html(self) -> str:
        first, *rest = self._result()
        if self.given is None:
            return f'<div class="course-question">{as_html(first)}</div>'
        right = self.is_right(self.given[0])
        color, mark = ("#009e73", "✓") if right else ("#d55e00", "✗")
        words = "".join(f"<p>{as_html(text)}</p>" for text in rest)
        return (
            f'<div style="border-left:.4em solid {color};padding:0 0 0 .8em;'
            f'max-width:45em"><p><strong><span aria-hidden="true">{mark} </span>'
            f"{as_html(first)}</strong></p>{words}</div>"
        )

    def _example(self) -> str:
        match self.kind:
            case "number":
                return "0.5"
            case "choice":
                return '"a"'
            case "order":
                return f'"{"".join(reversed(self.options))}"'
        return f'"{"".join(list(self.options)[:2])}"'

    def _recall(self) -> None:
        """Take the answer of an earlier session, so that a restart forgets nothing."""
        event = progress.last_answer(self.lab, self.name)
        try:
            self.given = self.parse(event["value"]), event.get("sure")
        except (TypeError, KeyError, AnswerError):  # none, or of another edition
            self.given = None


# Making questions ---------------------------------------------------------------

Option = str | tuple[str, str]


def choice(key: str, text: str, *, right: str, because: str, **options: Option):
    """Make a question with one right option.

    Parameters
    ----------
    key : str
        ``"lab01.name_of_the_variable"``.
    text : str
        The question.
    right : str
        The letter of the right option.
    because : str
        Why it is right.
    **options : str or (str, str)
        By letter: the text of an option; for a wrong one also its explanation.
    """
    if right not in options:
        raise ValueError(f"{key}: no option is called {right!r}")
    texts, why = _options(key, options, unexplained=right)
    return Question(key, text, "choice", right, because, texts, why)


def several(key: str, text: str, *, right: str, because: str, **options: Option):
    """Make a question of which some options are right, say ``right="ac"``.

    Every option has an explanation: of a right one it is said when it was missed. The
    other parameters are those of `choice`.
    """
    texts, why = _options(key, options)
    if not right or set(right) - set(texts) or list(right) != sorted(set(right)):
        raise ValueError(f"{key}: right is a sorted list of options, not {right!r}")
    return Question(key, text, "several", right, because, texts, why)


def order(key: str, text: str, *, right: str, because: str, **options: Option):
    """Make a question whose options are to be put in order, say ``right="cab"``.

    Every option has an explanation of why it stands at its place. The other parameters
    are those of `choice`.
    """
    texts, why = _options(key, options)
    if sorted(right) != sorted(texts):
        raise ValueError(f"{key}: right has each option once, not {right!r}")
    return Question(key, text, "order", right, because, texts, why)


def number(
    key: str,
    text: str,
    *,
    right: float,
    because: str,
    wrong: Mapping[float, str],
    otherwise: str,
    tolerance: float = 0.0,
):
    """Make a question for a number.

    Parameters
    ----------
    key, text, because : str
        As in `choice`.
    right : float
    wrong : mapping of float to str
        Explanations of typical wrong numbers.
    otherwise : str
        Explanation for all others.
    tolerance : float
        How far away a number still counts as the right one (or as a typical one).
    """
    if not wrong or not otherwise or not all(wrong.values()):
        raise ValueError(f"{key}: a wrong number has no explanation")
    for value in wrong:
        if abs(value - right) <= 2 * tolerance:
            raise ValueError(f"{key}: {value} counts as {right} with this tolerance")
    return Question(
        key, text, "number", right, because, {}, wrong, otherwise, tolerance
    )


def _options(key: str, options: Mapping[str, Option], unexplained: str = ""):
    """Return texts and explanations by letter, or say which explanation is missing."""
    if not re.fullmatch(r"(lab\d\d|concepts)\.\w+", key):
        raise ValueError(f"{key!r} is not of the form lab01.name")
    if not 2 <= len(options) <= 6 or "abcdef"[: len(options)] != "".join(options):
        raise ValueError(f"{key}: the options are called a, b, ..., at most f")
    texts, why = {}, {}
    for letter, option in options.items():
        if letter == unexplained:
            if not isinstance(option, str):
                raise ValueError(
                    f"{key}: option {letter} is right; put its explanation into because"
                )
            texts[letter] = option
        elif isinstance(option, str) or len(option) != 2 or not all(option):
            raise ValueError(f"{key}: option {letter} has no explanation")
        else:
            texts[letter], why[letter] = option
    if len(set(texts.values())) < len(texts) or len(set(why.values())) < len(why):
        raise ValueError(f"{key}: two options have the same text or explanation")
    return texts, why


def _number(answer: Any) -> float:
    """Return the number that somebody typed: 0.25, 0,25, 1/4 or 25%."""
    text = str(answer).strip().replace(",", ".").replace(" ", "")
    scale = 0.01 if text.endswith("%") else 1.0
    top, slash, bottom = text.removesuffix("%").partition("/")
    try:
        value = scale * float(top) / (float(bottom) if slash else 1.0)
    except (ValueError, ZeroDivisionError):
        value = math.nan
    if not math.isfinite(value):
        raise AnswerError(
            f"{text!r} is no number that I can read. Write 0.25, 1/4 or 25%. Nothing "
            "was committed."
        )
    return value


# Warm up ------------------------------------------------------------------------


class WarmUp:
    """Three questions from earlier labs, chosen for this reader.

    Those answered wrong last time come first, then those longest unseen. Without a
    history these are always the same three, and on paper, too.

    Parameters
    ----------
    lab : str
        The lab that starts with it, such as ``"lab02"``.
    *fixed : Question
        What is asked without a history.
    """

    name = "warm_up"  # of the variable, in the module of its lab

    def __init__(self, lab: str, *fixed: Question) -> None:
        if not fixed or any(question.lab >= lab for question in fixed):
            raise ValueError(f"{lab}: a warm-up asks about earlier labs")
        self.lab = lab
        self.fixed = fixed
        self.questions = self._fresh(fixed)

    @staticmethod
    def _fresh(questions: Sequence[Question]) -> list[Question]:
        return [replace(question, remembers=False) for question in questions]

    def ask(self) -> None:
        """Ask the questions."""
        self.questions = self._fresh(self._chosen())
        for question in self.questions:
            question.asked = True
        _ask(self.questions, f'{self.lab}.{self.name}.answer(1, "a", sure=0.8)')

    def answer(self, position: int, answer: Any, *, sure: float | None = None) -> None:
        """Commit to an answer to question 1, 2 or 3; see `Question.answer`."""
        if position not in range(1, len(self.questions) + 1):
            print(
                f"There are questions 1 to {len(self.questions)} here, no {position}."
            )
            return
        self.questions[position - 1].answer(answer, sure=sure)

    def result(self) -> None:
        """Say what was right, and why."""
        for question in self.questions:
            question.result()

    def _chosen(self) -> list[Question]:
        earlier = {}
        for number_ in range(int(self.lab[3:])):
            try:
                module = importlib.import_module(
                    f"course_utils.exercises.lab{number_:02d}"
                )
            except ModuleNotFoundError:
                continue
            found = (v for v in vars(module).values() if isinstance(v, Question))
            earlier |= {question.key: question for question in found}
        n = len(self.fixed)
        chosen = [earlier[key] for key in progress.due(earlier, n)]
        return (chosen + [q for q in self.fixed if q not in chosen])[:n]


# Showing ------------------------------------------------------------------------


# `code`, or *words*.
MARKED = re.compile(r"(`[^`]+`|(?<![\w*])\*\w[\w ,%-]*\*(?![\w*]))")
# What a number is raised to, as in e^-17 or e^(z + 100), but not in `code`.
POWER = re.compile(r"(?<=[\w)])\^(\([^()]*\)|-?\w+(?:\.\d+)?)")


def as_html(text: str) -> str:
    """Return plain text with `code`, *words* and powers such as e^-17 as HTML."""
    tags = {"`": "code", "*": "em"}
    pieces = MARKED.split(html.escape(text, quote=False))
    for i, piece in enumerate(pieces):
        if i % 2:
            tag = tags[piece[0]]
            pieces[i] = f"<{tag}>{piece[1:-1]}</{tag}>"
        else:
            pieces[i] = POWER.sub(_raised, piece)
    return "".join(pieces)


def _raised(found: re.Match) -> str:
    # With a real minus, which is read aloud and not taken for a hyphen.
    power = found[1].strip("()").replace("-", "\u2212")
    return f"<sup>{power}</sup>"


def without_marks(text: str) -> str:
    """Return a text for where nothing shows `code` and *words*.

    Code of more than one word gets quotation marks, to tell it from its sentence.
    """
    return MARKED.sub(_unmarked, text)


def _unmarked(found: re.Match) -> str:
    inside = found[0][1:-1]
    within = found[0][0] == "`" and found[0] != found.string
    quoted = within and " " in inside and '"' not in inside
    return f'"{inside}"' if quoted else inside


def _wrap(text: str, first: str = "", rest: str = "") -> str:
    return textwrap.fill(text, WIDTH, initial_indent=first, subsequent_indent=rest)


def _bundle(text: str, make_html: Callable[[], str]) -> tuple[dict]:
    return ({"text/plain": text, "text/html": make_html()},)


def _present(text: str, make_html: Callable[[], str]) -> Any:
    """Show a result; return a handle with which to change it, if there is one."""
    if not progress.live():
        print(text)
        return None
    from IPython.display import display

    return display(*_bundle(text, make_html), raw=True, display_id=True)


def _ask(questions: Sequence[Question], example: str) -> None:
    """Show panels, or print the questions where there is nothing to click on."""
    text = "\n\n".join(question.question_text() for question in questions)
    if progress.live():
        try:
            import ipywidgets
        except ImportError:
            pass
        else:
            _show_panels(ipywidgets, questions, text)
            return
    print(text)
    print(f"To answer, type in a cell: {example}")


def _show_panels(widgets: Any, questions: Sequence[Question], text: str) -> None:
    from IPython.display import display

    panels = [_panel(widgets, question) for question in questions]
    box = panels[0] if len(panels) == 1 else widgets.VBox(panels)
    # The text is what a saved notebook shows where no kernel runs.
    view = {"version_major": 2, "version_minor": 0, "model_id": box.model_id}
    display(
        {"application/vnd.jupyter.widget-view+json": view, "text/plain": text},
        raw=True,
    )


# The labels of radio buttons are cut after one line otherwise.
STYLE = """<style>
.course-question {border-left: .4em solid #0072b2; padding: 0 0 .4em .8em;
    max-width: 45em; overflow: visible}
.course-question .widget-html-content {line-height: 1.5; white-space: normal}
.course-question .widget-radio-box {max-width: 100%; height: auto}
.course-question .widget-radio-box label {display: flex; gap: .5em;
    flex-direction: row-reverse; justify-content: flex-end; align-items: center;
    height: auto; white-space: normal; line-height: 1.5; margin-bottom: .3em;
    overflow: visible}
.course-question .widget-radio-box input {float: none; flex: none; margin: 0}
.course-question .widget-checkbox label, .course-question .widget-checkbox {
    height: auto; white-space: normal; line-height: 1.5; width: 100%}
.course-question :focus-visible {outline: 2px solid #0072b2; outline-offset: 2px}
</style>"""


def _panel(widgets: Any, question: Question) -> Any:
    """Return a panel that takes one answer to a question."""
    wide = {"width": "auto", "max_width": "100%"}
    style = {"description_width": "initial"}
    heading = f"<p><strong>Question</strong> {as_html(question.text)}</p>"
    head = widgets.HTML(STYLE + heading + f"<p>{TASKS[question.kind]}</p>")
    inputs, read = _inputs(widgets, question, wide)
    sure = widgets.SelectionSlider(
        options=certainties(question),
        description="How sure are you?",
        style=style,
        layout={"width": "30em", "max_width": "100%"},
        continuous_update=True,
    )
    button = widgets.Button(
        description="Commit", button_style="primary", layout={"width": "14em"}
    )
    status = widgets.HTML()

    def commit(_: object) -> None:
        # The button stays alive: else the keyboard loses its place in the page.
        if inputs[0].disabled:
            said, locked = "Choose again, then commit.", False
        else:
            try:
                said, locked = question.commit(read(), sure.value), True
            except AnswerError as problem:
                said, locked = str(problem), False
        for control in (*inputs, sure):
            control.disabled = locked
        button.description = "Change my answer" if locked else "Commit"
        status.value = f'<p role="alert">{as_html(said)}</p>'

    button.on_click(commit)
    panel = widgets.VBox([head, *inputs, sure, button, status])
    panel.add_class("course-question")
    return panel


def _inputs(widgets: Any, question: Question, layout: dict) -> tuple[list, Callable]:
    """Return the controls that take an answer, and a function that reads them."""
    labels = {
        letter: f"({letter}) {without_marks(text)}"
        for letter, text in question.options.items()
    }
    style = {"description_width": "initial"}
    match question.kind:
        case "choice":
            options = [(text, letter) for letter, text in labels.items()]
            radio = widgets.RadioButtons(options=options, value=None, layout=layout)
            return [radio], lambda: radio.value or ""
        case "several":
            boxes = {
                letter: widgets.Checkbox(
                    False, description=text, indent=False, layout=layout
                )
                for letter, text in labels.items()
            }
            return list(boxes.values()), lambda: "".join(
                letter for letter, box in boxes.items() if box.value
            )
        case "order":
            places = [
                widgets.Dropdown(
                    options=[
                        ("choose", ""),
                        *((text, letter) for letter, text in labels.items()),
                    ],
                    description=f"Place {place}",
                    style=style,
                    layout=layout,
                )
                for place in range(1, len(labels) + 1)
            ]
            return places, lambda: "".join(place.value for place in places)
    text = widgets.Text(
        description="Your number", placeholder="such as 0.25", style=style
    )
    return [text], lambda: text.value


def certainties(question: Question) -> list[tuple[str, float]]:
    """Return the steps of the slider, from a guess to certain."""
    n = len(question.options)
    chance = {"choice": 1 / max(n, 1), "several": 1 / 2**n}.get(question.kind, 0.05)
    guess = max(0.05, round(chance, 2))
    steps = [s / 100 for s in range(5, 100, 5) if s / 100 > guess + 0.02]
    return [
        (f"a guess, {guess:.0%}", guess),
        *((f"{step:.0%}", step) for step in steps),
        ("certain, 99%", 0.99),
    ]
