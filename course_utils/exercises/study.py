"""A wrong answer and all that is known of it; and whether it is a listed mistake."""

import contextlib
import functools
import inspect
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from course_utils.exercises.fixtures import Case
from course_utils.exercises.locate import Crossing
from course_utils.exercises.observe import (
    Run,
    alike,
    finite,
    observe,
    plain,
    problem,
    same,
)

ROUNDS = ("n_steps", "n_updates", "n_epochs")  # how long a function trains
MAY_TAKE = 0.3  # seconds of work for what is tried out to explain a mistake


@dataclass
class Trial:
    """One input, what the learner's function did with it, and what is right."""

    case: Case
    got: Run
    right: Run
    problem: tuple[str, str] | None


@dataclass
class Study:
    """All that is known of a wrong answer."""

    exercise: Any
    function: Callable
    trials: list[Trial]
    failed: list[Trial] = field(init=False)
    trains: bool = field(init=False)  # and so each call takes its time
    until: float = field(init=False)  # when to stop searching, in seconds of work

    def __post_init__(self) -> None:
        """Pick what failed, and start the clock."""
        self.failed = [t for t in self.trials if t.problem]
        if self.failed and not any(t.case.ordinary for t in self.failed):
            # Is it only the edges? Then other ordinary inputs come out right as well.
            found = [t for t in self.others if t.case.ordinary and t.problem]
            self.trials, self.failed = found + self.trials, found + self.failed
        self.trains = any(n in ROUNDS for n in self.exercise.names)
        self.until = time.process_time() + MAY_TAKE * (2 if self.trains else 1)

    @functools.cached_property
    def others(self) -> list[Trial]:
        """Other inputs of the same kinds, to find out whether a claim is true."""
        exercise = self.exercise
        return [exercise.trial(self.function, case) for case in exercise.more_cases]

    @functools.cached_property
    def crossing(self) -> Crossing | None:
        """What happens if values of the solution stand in the learner's function."""
        with contextlib.suppress(Exception):
            return Crossing(self)
        return None

    def late(self) -> bool:
        """Whether enough time was spent on the search."""
        return time.process_time() > self.until

    @property
    def first(self) -> Trial:
        """The first input that failed: it decides what is said first."""
        return self.failed[0]

    def formulas(self) -> list[Trial]:
        """Ordinary inputs to compare results on; none if all of them are right."""
        found = [
            t
            for t in self.trials
            if t.case.ordinary and not (t.got.error or t.right.error)
        ]
        wrong = any(not same(t.got.value, t.right.value) for t in found)
        return found if wrong else []

    def call(self, args: tuple) -> Any:
        """Call the learner's function; None after an error."""
        run = observe(self.function, args, self.exercise.names)
        return None if run.error else run.value


def recognise(study: Study) -> tuple[Callable, list[Trial]] | None:
    """Return the listed mistake that a function makes, and where it makes another.

    It has to do the same as the function on *all* inputs, those that are right
    included. Where the mistake, as it is written in the list, or the function gives an
    error or nan, they may differ: there one of the two makes a second mistake. It is
    the function if the mistake alone has no trouble there.
    """
    fits = [(m, score) for m in study.exercise.mistakes if (score := _fit(study, m))]
    if not fits:
        return None
    best = max(fits, key=lambda fit: fit[1])[0]
    second = []
    for t in study.failed:
        run = study.exercise.mistake_run(best, t.case)
        trouble = t.problem[0] != "value" or not finite(t.got.value)
        sound = not run.error and finite(run.value)
        if trouble and sound and not alike(run, t.got, t.right):
            second.append(t)
    return best, second


def _fit(study: Study, mistake: Callable) -> tuple[int, int] | None:
    """Return how well a listed mistake fits, or None if it does not."""
    informative = exact = undecided = wrong_alike = 0
    for t in study.trials:
        run = study.exercise.mistake_run(mistake, t.case)
        usable = not run.error and (finite(run.value) or not _finite_right(t))
        got_usable = not t.got.error and finite(t.got.value)
        if alike(run, t.got, t.right):
            exact += 1
            if t.problem:
                wrong_alike += 1
                informative += t.problem[0] != "value" or (
                    got_usable and not plain(t.got.value)
                )
        elif not (run.error or t.got.error) and same(run.value, t.got.value):
            found = problem(run, t.right)
            kind = found[0] if found else "value"
            if kind != "value" and (
                kind == "slope" or found != problem(t.got, t.right)
            ):
                return None  # what the mistake is about is not seen
            undecided += 1  # the same numbers, and something else besides
        elif t.right.error and not t.problem:
            continue  # refused as it should be: the mistake lies elsewhere
        elif t.right.error or (usable and got_usable):
            return None
        else:
            undecided += 1
    if not wrong_alike or (undecided and informative < 2):
        return None
    if not informative and len(study.failed) == len(study.trials) < 4:
        return None  # nothing but 0, 1 or nan, and never a right result
    return exact, informative


def _finite_right(t: Trial) -> bool:
    return bool(t.right.error) or finite(t.right.value)


# "The weights are right, but the bias ...", which begins many an explanation.
PRAISE = re.compile(
    r"(?!You\b|This\b)[^.:,]*\b(?:is|are) right\b(?!, and the slopes, too)[^.:,;]*"
    r"(?:[.:;]|,(?: but| and)?) +(?:But )?"
)


def explanation(mistake: Callable, alone: bool = True) -> str:
    """Return what a listed mistake says; not that the rest is right, if it is not."""
    text = " ".join(inspect.cleandoc(mistake.__doc__).split())
    if alone:
        return text
    found = PRAISE.match(text)
    rest = text[found.end() :] if found else text
    word = rest.partition(" ")[0].rstrip(",")
    # A word that begins with a small letter may be a name of the code, such as dx.
    usual = len(word) > 2 or word in ("a", "an", "in", "it")
    plain_word = rest != text and word.isalpha() and usual
    return rest[:1].upper() + rest[1:] if plain_word else rest


def shared_caption(trials: Sequence[Trial], bad: Sequence[Trial]) -> str:
    """Return what is special about the bad inputs, if it is about no other one."""
    found = {t.case.caption for t in bad}
    wrong = {id(t) for t in bad}
    if len(found) > 1 or any(
        t.case.caption in found and id(t) not in wrong for t in trials
    ):
        return ""
    return found.pop()
