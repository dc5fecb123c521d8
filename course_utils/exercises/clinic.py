"""Cases of the bug clinic: a faulty function, what it does, and how to find out.

A case is data: the text of a faulty function and of its mend, what is seen when it
runs, two questions, and one measurement. All that a reader sees of a case comes from
running the code. `cases.py` holds the cases; lab 12 shows them::

    lab12.deal.show()  # what you missed comes first, then what you have not seen
    lab12.deal.ask()
    lab12.deal.result()
    lab12.deal.mend(train)  # your function, in the place of the faulty one
"""

import copy
import functools
import linecache
import textwrap
from collections.abc import Callable, Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import nn

from course_utils import progress
from course_utils.exercises.checks import Exercise
from course_utils.exercises.observe import describe, undisturbed
from course_utils.exercises.questions import WarmUp, choice, without_marks

LAB = "lab12"
LEVELS = {1: "easy", 2: "middling", 3: "hard"}


class Case(WarmUp):
    """A fault to be named, to be told from its rivals, and to be mended.

    Parameters
    ----------
    number : int
        It is called ``case01``, which tells nothing.
    lab, section : int, str
        Where the course teaches it.
    level : {1, 2, 3}
    setting : str
        What the function is for.
    code : str
        The faulty function, as it is shown and run.
    mended : sequence of (str, str)
        What stands in the place of what in the mended one.
    symptom : callable
        ``symptom(function, seed)`` returns a text, or curves by name to be drawn.
    fault, measure : mapping
        The two questions, as arguments of `choice`.
    measured : callable
        ``measured(function, seed)`` returns what the right measurement gives.
    inputs : callable
        Returns lists of arguments, on which a mend is compared with ours.
    note : str
        What a mend has to keep to, so that it can be compared.
    """

    def __init__(
        self,
        number: int,
        *,
        lab: int,
        section: str,
        level: int,
        setting: str,
        code: str,
        mended: Sequence[tuple[str, str]],
        symptom: Callable,
        fault: Mapping,
        measure: Mapping,
        measured: Callable,
        inputs: Callable,
        note: str = "",
    ) -> None:
        self.number, self.name = number, f"case{number:02}"
        self.lab, self.taught, self.section = LAB, f"{lab:02}", section
        self.level, self.setting, self.note = level, setting, note
        self.code = textwrap.dedent(code).strip() + "\n"
        self.symptom, self._measured, self.inputs = symptom, measured, inputs
        self.seed, self.worked = 0, False  # worked: it stands in the lab itself
        mended_code = self.code
        for old, new in mended:
            if mended_code.count(old) != 1:
                raise ValueError(f"{self.name}: {old!r} is not there once")
            mended_code = mended_code.replace(old, new)
        self.mended_code = mended_code
        key = f"{LAB}.{self.name}"
        which = "Which fault explains what you see?"
        tells = "Which one measurement tells it from the others?"
        self.fixed = (
            choice(f"{key}_fault", f"Case {number}. {which}", **fault),
            choice(f"{key}_measure", f"Case {number}. {tells}", **measure),
        )
        self.questions = self._fresh(self.fixed)

    @staticmethod
    def _fresh(questions: Sequence) -> list:
        return [copy.copy(question) for question in questions]

    def _chosen(self) -> Sequence:
        return self.fixed

    # What runs

    @functools.cached_property
    def faulty(self) -> Callable:
        """The function with the fault; its docstring names it."""
        fault = self.fixed[0]
        said = f"{fault.options[fault.right].rstrip('.')}. {fault.because}"
        return _built(self.code, f"<{self.name}>", said)

    @functools.cached_property
    def mended(self) -> Callable:
        """The function without it."""
        said = "Return what the faulty function should have returned."
        return _built(self.mended_code, f"<{self.name}, mended>", said)

    @functools.cached_property
    def exercise(self) -> Exercise:
        """The mend as an exercise: ours is the solution, the fault a listed mistake."""
        fault, _ = self.fixed
        found = Exercise(
            self.mended,
            self.inputs,
            [
                f"The fault: {fault.options[fault.right]}",
                f"{fault.because} {self.note}".strip(),
            ],
            f"Case {self.number} is mended.",
            slopes=False,
        )
        found.mistake(self.faulty)
        return found

    def with_seed(self, seed: int) -> "Case":
        """Return the same case with other data and another start."""
        other = copy.copy(self)
        other.seed, other.questions = seed, self._fresh(self.fixed)
        return other

    # In a lab

    def show(self) -> None:
        """Show the code, and what comes out when it runs."""
        head = f"Case {self.number} ({LEVELS[self.level]}). {self.setting}"
        print(textwrap.fill(without_marks(head), 66), "", self.code, sep="\n")
        seen = self.run(self.symptom, self.faulty)
        if isinstance(seen, str):
            print(_fitting(seen))
        else:
            _draw(seen)

    def measured(self) -> None:
        """Make the right measurement, with the fault and without."""
        for name, function in (("with", self.faulty), ("without", self.mended)):
            text = self.run(self._measured, function)
            print(_fitting(f"{name + ' the fault:':18} {text}"))

    def result(self) -> None:
        """Say what was right, and why, and where to read it up."""
        super().result()
        if not any(question.given for question in self.questions):
            return
        for line in (self.note, f"Read it up: lab {int(self.taught)}, {self.section}."):
            if line:
                print(textwrap.fill(without_marks(line), 88))

    def mend(self, function: Callable) -> None:
        """Run and judge the reader's function."""
        self.exercise.check(function)

    def run(self, look: Callable, function: Callable) -> str | Mapping:
        """Return what a function of function and seed gives, and disturb nothing."""
        with undisturbed():
            torch.manual_seed(self.seed)
            try:
                return look(function, self.seed)
            except (RuntimeError, IndexError, ValueError) as error:
                return describe(error)


def _built(code: str, file: str, said: str) -> Callable:
    """Return the function that a text defines; its source can be shown."""
    names = {"torch": torch, "F": F, "nn": nn, "__name__": f"{__package__}.{LAB}"}
    exec(compile(code, file, "exec"), names)
    linecache.cache[file] = (len(code), None, code.splitlines(keepends=True), file)
    name = code.partition("def ")[2].partition("(")[0]
    names[name].__doc__ = said
    return names[name]


def _fitting(text: str) -> str:
    """Return a text with long lines broken; spaces within a line stay."""
    style = {"subsequent_indent": "    ", "break_on_hyphens": False}
    return "\n".join(textwrap.fill(line, 88, **style) for line in text.splitlines())


def _draw(curves: Mapping[str, Sequence[float]]) -> None:
    import matplotlib.pyplot as plt

    _, ax = plt.subplots(figsize=(4.6, 2.4))
    for name, values in curves.items():
        ax.plot(values, label=name)
    ax.set(xlabel="step", ylabel="loss (nats)")
    if len(curves) > 1:
        ax.legend()


# Dealing ------------------------------------------------------------------------


def due(cases: Sequence[Case]) -> list[Case]:
    """Return cases in the order in which this reader should get them.

    First those with an answer that was wrong last time, the oldest first; then those
    never seen, from easy to hard, but those that stand in the lab after the others;
    then the rest, those longest unseen first.
    """
    last = {e["name"]: e for e in progress.answers() if e["lab"] == LAB}

    def rank(case: Case) -> tuple:
        events = [last[q.name] for q in case.fixed if q.name in last]
        if not events:
            return 1, case.worked, case.level, case.number
        wrong = not all(event["right"] for event in events)
        return 0 if wrong else 2, max(event["time"] for event in events), case.number

    ranked = [(rank(case), case) for case in cases]
    groups = [[p for p in ranked if p[0][0] == group] for group in range(3)]
    return [case for group in groups for _, case in sorted(group, key=lambda p: p[0])]


def deal(cases: Sequence[Case], seed: int | None = None) -> Case:
    """Return the case that this reader should get next, with other data each time.

    Parameters
    ----------
    cases : sequence of Case
    seed : int, optional
        For data and start; by default how often this case was answered before.
    """
    case = due(cases)[0]
    if seed is None:
        names = {question.name for question in case.fixed}
        found = [e for e in progress.read() if e["lab"] == LAB and e["name"] in names]
        seed = len({event["session"] for event in found})
    return case.with_seed(seed)


class Deal(WarmUp):
    """One case after the other: `show` takes the next one."""

    name = "deal"

    def __init__(self, cases: Sequence[Case]) -> None:
        self.lab, self.cases = LAB, cases
        fresh = [case for case in cases if not case.worked] or cases
        self._take(min(fresh, key=lambda case: (case.level, case.number)))
        self.fixed = self.case.fixed  # what paper shows

    def _take(self, case: Case) -> None:
        self.case = case.with_seed(case.seed)
        self.case.name = self.name  # the answer goes to the deal
        self.mend, self.measured = self.case.mend, self.case.measured
        self.ask, self.answer, self.result = (
            self.case.ask, self.case.answer, self.case.result
        )  # fmt: skip

    def show(self, seed: int | None = None) -> None:
        """Take the next case and show it; see `deal`."""
        self._take(deal(self.cases, seed))
        self.case.show()


def score(cases: Sequence[Case]) -> None:
    """Print for each case what was right: fault, measurement, mend."""
    last = {e["name"]: e["right"] for e in progress.answers() if e["lab"] == LAB}
    events = progress.read()
    solved = {e["name"] for e in events if e["lab"] == LAB and e["kind"] == "solved"}
    points, lines = 0, []
    for case in cases:
        marks = [last.get(question.name) for question in case.fixed]
        marks.append(True if case.exercise.name in solved else None)
        points += sum(mark is True for mark in marks)
        if any(mark is not None for mark in marks):
            words = [{True: "right", False: "wrong", None: "-"}[mark] for mark in marks]
            lines.append(f"{case.number:>4}  " + "".join(f"{w:13}" for w in words))
    print(f"{points} of {3 * len(cases)} points, {len(lines)} of {len(cases)} cases")
    if lines:
        print("case  fault        measurement  mend", *map(str.rstrip, lines), sep="\n")
