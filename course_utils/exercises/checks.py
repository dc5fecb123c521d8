"""Exercise checks that understand a learner's mistake.

An exercise is a reference solution and what is known about it. In a module of your own,
``mylab.py``, anywhere Python finds it::

    import torch
    from course_utils.exercises.checks import exercise
    from course_utils.exercises.diagnose import between, rows_sum_to

    @exercise(
        given={"logits": "logits N K", "T": "temperature"},  # random inputs and edges
        inputs=[(torch.tensor([[1.0, 2.0]]), 2.0)],  # those that you want as well
        hints=["T changes the logits, before softmax sees them.", "Divide."],
        praise="Small T sharpens, large T flattens.",
        properties=[rows_sum_to(1, "Each row must sum to 1.")],  # what the lab proves
        forbids={"Write it with exp and sum.": "softmax log_softmax"},
    )
    def tempered(logits, T):
        return torch.softmax(logits / T, dim=1)

    @tempered.mistake  # runs, is wrong, and its docstring is what you would say
    def multiplied(logits, T):
        '''You multiplied by T, which turns the knob the wrong way. Divide.'''
        return torch.softmax(logits * T, dim=1)

In the notebook: ``import mylab`` and, below a stub, ``mylab.tempered.check(tempered)``,
``.hint()``, ``.hint(2)`` and ``.solution()``. `fixtures.KINDS` lists the kinds of
arguments; instead of one of them, a function of a generator and the sizes will do. Most
mistakes need no entry in the list: `diagnose` finds relations, properties, arguments
without influence and the place of the error by itself.
"""

import contextlib
import dis
import functools
import html
import importlib
import inspect
import os
import re
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import torch

from course_utils import progress
from course_utils.exercises import diagnose, pairs, repair
from course_utils.exercises.fixtures import Case, held_back, make_cases, more_cases
from course_utils.exercises.observe import (
    Run,
    calls_of,
    describe,
    observe,
    problem,
    runs_code,
    shorten,
    show,
    silently,
)
from course_utils.exercises.questions import as_html, without_marks
from course_utils.exercises.study import (
    Study,
    Trial,
    explanation,
    recognise,
    shared_caption,
)

__all__ = ["Case", "Exercise", "Verdict", "exercise", "find"]

WIDTH = 88


@dataclass(frozen=True)
class Verdict:
    """What a check found out.

    Attributes
    ----------
    exercise : str
        The name of the exercise.
    right : bool
        Whether the answer is right.
    kind : str
        "right", "stub", "no function" or "unavailable"; for a wrong answer "listed" (a
        mistake of the list), "listed and more", "repair" (what change would make it
        right), "trace" (where it happens), "relation" (to what is right), "property"
        (one that fails, or another observation), "forbidden", "error", "form", "side
        effect", "slope" or "numbers" (nothing better is known).
    name : str or None
        The name of the listed mistake, or of another one that was recognised.
    messages : tuple of str
        What to say, the headline first.
    details : tuple of str
        What was tried, expected and got.
    """

    exercise: str
    right: bool
    kind: str
    name: str | None = None
    messages: tuple[str, ...] = ()
    details: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """All of it as plain text, wrapped."""
        first, *rest = map(without_marks, self.messages)
        lines = "\n".join([f"{self.exercise}: {first}", *rest, *self.details])
        return "\n".join(map(_wrap, lines.splitlines()))

    def _repr_html_(self) -> str:
        """Return the verdict for a notebook: sign, word and colour; details folded."""
        sign, colour = (
            ("✓", "#1a7f37")
            if self.right
            else ("…", "#57606a")
            if self.kind in ("stub", "unavailable")
            else ("✗", "#b35900")
        )
        first, *rest = self.messages
        paragraphs = "".join(
            f'<div style="margin-top:.4em">{as_html(part)}</div>' for part in rest
        )
        folded = ""
        if self.details:
            numbers = html.escape("\n".join(self.details))
            folded = (
                '<details style="margin-top:.4em"><summary>What was tried</summary>'
                '<pre style="white-space:pre-wrap;overflow-wrap:anywhere">'
                f"{numbers}</pre></details>"
            )
        return (
            f'<div role="status" style="border-left:4px solid {colour};'
            'padding:.3em .8em;max-width:75ch;overflow-wrap:anywhere">'
            f'<span aria-hidden="true" style="background:{colour};color:#fff;'
            f'border-radius:3px;padding:0 .4em;font-weight:bold">{sign}</span> '
            f"<strong>{html.escape(self.exercise)}</strong>: {as_html(first)}"
            f"{paragraphs}{folded}</div>"
        )


@dataclass
class Exercise:
    """One exercise of a lab; make it with the decorator `exercise`.

    Attributes
    ----------
    reference : callable
        A right solution. Its source is what `solution` shows.
    tried : sequence of tuple, or callable
        Argument lists to try besides the random ones, ordinary ones first, extreme ones
        last; or a function that makes them, which is called when they are needed. A
        `Case` in the place of a tuple says what is special about it.
    hints : sequence of str
        From a nudge to nearly the answer.
    praise : str
        What holds now that it works; shown after success.
    slopes : bool or tuple of str
        The arguments with respect to which the gradient of the result counts. True is
        the first that is a float tensor: what follows, targets or weights, is data.
        False where the result is itself a gradient, or comes after a training step.
    given : dict
        The kind and the sizes of each argument, for random inputs; see `fixtures`.
    properties : sequence of callable
        What the lab proves of the result; see `diagnose`.
    forbids : dict
        A sentence of the exercise: the functions that it rules out, by name. ``F.``
        stands for all of torch.nn.functional, ``weight=`` for an option.
    results : sequence of str
        The names of the results, if there are several.
    evidence : dict
        The name of each entry of an answer without arguments: what speaks against all
        entries but the right one.
    steps : sequence of str
        The arguments that the results are the new values of, after a step.
    mistakes : list of callable
        Wrong versions; the docstring of each is its explanation.
    oracles : list of callable
        Other ways to the right result, for the tests.
    ways : list of tuple
        Ways to write an answer, and the mistakes that are their switches; see `pairs`.
    """

    reference: Callable
    tried: Sequence | Callable
    hints: Sequence[str]
    praise: str = ""
    slopes: bool | tuple[str, ...] = True
    given: Mapping = field(default_factory=dict)
    properties: Sequence[Callable] = ()
    forbids: Mapping[str, str] = field(default_factory=dict)
    results: Sequence[str] = ()
    steps: Sequence[str] = ()
    evidence: Mapping[str, str] = field(default_factory=dict)
    mistakes: list[Callable] = field(default_factory=list)
    oracles: list[Callable] = field(default_factory=list)
    ways: list[tuple] = field(default_factory=list)
    last: Verdict | None = None
    _known: dict = field(default_factory=dict, repr=False)

    @property
    def name(self) -> str:
        """The name of the function that the learner writes."""
        return self.reference.__name__

    @functools.cached_property
    def names(self) -> list[str]:
        """The names of the arguments."""
        return list(inspect.signature(self.reference).parameters)

    @functools.cached_property
    def cases(self) -> list[Case]:
        """All inputs to try."""
        own = self.tried() if callable(self.tried) else self.tried
        own = [c if isinstance(c, Case) else self._case(tuple(c)) for c in own]
        return [*own, *make_cases(self.given)]

    @functools.cached_property
    def more_cases(self) -> list[Case]:
        """Other random inputs, for which a claim about an answer must hold as well."""
        return more_cases(self.given)

    def _case(self, args: tuple) -> Case:
        """Return an input; one that is extreme says so."""
        if observe(self.reference, args, self.names).error:
            return Case(args, "arguments that must be refused", False)
        if any(
            torch.is_tensor(a) and a.is_floating_point() and a.abs().max() > 50
            for a in args
            if torch.is_tensor(a) and a.numel()
        ):
            return Case(args, "large numbers", False)
        return Case(args)

    @property
    def inputs(self) -> list[tuple]:
        """All argument lists to try."""
        return [case.args for case in self.cases]

    def mistake(self, function: Callable) -> Callable:
        """Register a typical mistake (a decorator)."""
        self.mistakes.append(function)
        return function

    def oracle(self, function: Callable) -> Callable:
        """Register another way to the right result, which the tests compare with."""
        self.oracles.append(function)
        return function

    # What learners call --------------------------------------------------------------

    def check(self, function: Callable) -> None:
        """Show what is right or wrong with a learner's function.

        Parameters
        ----------
        function : callable
            The learner's function itself, not the result of a call.

        Raises
        ------
        AssertionError
            Only where the environment variable ``COURSE_STRICT`` is 1, and only if
            the function is not right. A learner never meets it.
        """
        try:
            self.last = self.judge(function)
        except BaseException as error:  # whatever a function does, the lab goes on
            stopped = f"the check itself stopped ({describe(error)})."
            self.last = Verdict(self.name, False, "error", None, (stopped,))
        progress.present(self.last.text, self.last._repr_html_)
        if self.last.kind not in ("stub", "unavailable"):
            kind = "solved" if self.last.right else "attempt"
            progress.record(kind, self.reference.__module__, self.name)
        wrong = not self.last.right and self.last.kind != "unavailable"
        if os.environ.get("COURSE_STRICT") == "1" and wrong:
            raise AssertionError(self.last.text)

    def hint(self, number: int | None = None) -> None:
        """Show a hint: the first, or the one of that number.

        Running the cell again shows the same one again. After a right answer there is
        none, unless one asks for it by number.
        """
        total = len(self.hints)
        if number is None and self.last is not None and self.last.right:
            print(f"{self.name} is right: there is nothing to hint at.")
            return
        number = 1 if number is None else number
        if not 1 <= number <= total:
            print(
                f"There are {total} hints: .hint(1) to .hint({total}). "
                ".solution() shows one way to write it."
            )
            return
        print(_wrap(f"Hint {number} of {total}: {self.hints[number - 1]}"))
        if number < total:
            print(f"(.hint({number + 1}) gives more.)")

    def solution(self) -> None:
        """Print a solution. Yours may differ and be as good."""
        print(self.solution_source())

    def solution_source(self) -> str:
        """Return the source of the reference solution, without its decorator."""
        lines = textwrap.dedent(inspect.getsource(self.reference)).splitlines()
        start = next(i for i, line in enumerate(lines) if line.startswith("def "))
        return "\n".join(lines[start:])

    def hold_back(self, seed: int) -> None:
        """From now on try other random inputs as well, those of a class's own seed."""
        self.cases += held_back(self.given, seed)

    # Judging -------------------------------------------------------------------------

    @silently()
    def judge(self, function: Callable) -> Verdict:
        """Return whether a learner's function is right, and what to say about it."""
        say = functools.partial(Verdict, self.name)
        if not callable(function):
            given = f"check({self.name}), not check({self.name}(...))"
            text = f"pass the function itself, without calling it: {given}."
            return say(False, "no function", None, (text,))
        if _is_stub(function):
            text = "not attempted yet. Replace the ... by your code and run again."
            return say(False, "stub", None, (text,))
        try:
            cases = self.cases
        except Exception as error:
            text = (
                "cannot be checked here: this version of PyTorch lacks a part that the "
                f"inputs are made of ({describe(error)}). All else works."
            )
            return say(False, "unavailable", None, (text,))
        wrong_call = self._wrong_call(function, cases[0].args)
        if wrong_call:
            return say(False, "error", "arguments", ("not yet.", wrong_call))

        trials = []
        for case in cases:
            trials.append(self.trial(function, case))
            error = trials[-1].got.error
            if isinstance(error, NotImplementedError) and not error.args:
                text = "not attempted yet. Write the body, then run again."
                return say(False, "stub", None, (text,))
            if isinstance(error, KeyboardInterrupt):
                break
        study = Study(self, function, trials)
        if not study.failed:
            refused = self._refused(function, cases)
            if refused:
                return say(False, "forbidden", "forbidden", ("not yet.", refused))
            warned = trials[0].got.warned
            more = (f"PyTorch warned: {warned}",) if warned else ()
            return self.right(*more)
        return self._explain(study)

    def right(self, *more: str) -> Verdict:
        """Return the verdict on a right answer."""
        praise = f"correct. {self.praise}".strip()
        return Verdict(self.name, True, "right", None, (praise, *more))

    def observe(self, function: Callable, args: tuple) -> Run:
        """Call a function as the check does."""
        return observe(function, args, self.names, self._slope_names(args))

    def trial(self, function: Callable, case: Case) -> Trial:
        """Return what a function does with an input, and what is wrong with that."""
        got, right = self.observe(function, case.args), self.right_run(case)
        return Trial(case, got, right, problem(got, right, self.results or self.steps))

    def right_run(self, case: Case) -> Run:
        """Return what the reference does with an input."""
        return self._remember(self.reference, case)

    def mistake_run(self, mistake: Callable, case: Case) -> Run:
        """Return what a listed mistake does with an input."""
        return self._remember(mistake, case)

    def _remember(self, function: Callable, case: Case) -> Run:
        key = (function, id(case))
        if key not in self._known:
            run = self.observe(function, case.args)
            if not any(case is c for c in (*self.cases, *self.more_cases)):
                return run
            self._known[key] = run
        return self._known[key]

    def _slope_names(self, args: tuple) -> Sequence[str]:
        if not isinstance(self.slopes, bool):
            return self.slopes
        floats = [
            name
            for name, a in zip(self.names, args, strict=False)
            if torch.is_tensor(a) and a.is_floating_point()
        ]
        return floats[:1] if self.slopes else ()

    def _wrong_call(self, function: Callable, args: tuple) -> str | None:
        try:
            signature = inspect.signature(function)
        except (TypeError, ValueError):  # print, int, ...
            return None
        try:
            signature.bind(*args)
        except TypeError:
            wanted = ", ".join(self.names) or "nothing"
            return (
                f"Your function is written as {self.name}{signature}, and the check "
                f"calls it with {len(args)} arguments: {wanted}. Write "
                f"`def {self.name}({', '.join(self.names)}):`."
            )
        return None

    def _refused(self, function: Callable, cases: Sequence[Case]) -> str | None:
        """Say what a right answer used that the exercise rules out."""
        args = cases[0].args
        if runs_code(function, args, self.reference.__code__):
            return (
                "The values are right, because this is the course's own solution that "
                "you call. Write it yourself: what you have written once, you know. "
                f"{self.name}.solution() shows how it can look."
            )
        if not self.forbids:
            return None
        called = calls_of(function, args)
        for sentence, names in self.forbids.items():
            found = [n for n in names.split() if n in called]
            if found:
                what = [
                    "a function of F or nn" if n == "F." else
                    f"the option {n}" if n.endswith("=") else f"{n}()"
                    for n in found
                ]  # fmt: skip
                return (
                    f"The values are right. But your code uses {', '.join(what)}, and "
                    f"the exercise says: {sentence} Doing it once without is what it "
                    "is for."
                )
        return None

    def _explain(self, study: Study) -> Verdict:
        """Return a verdict on a wrong answer."""
        first, kind = study.first, study.first.problem[0]
        messages, name, how = [], None, kind if kind != "value" else "numbers"
        known = recognise(study)
        shown = first if known and kind != "value" else diagnose.smallest(study)
        if known:
            mistake, second = known
            how, name = "listed", mistake.__name__
            messages.append(explanation(mistake, not second))
            if second:
                how = "listed and more"
                messages.append(_second(study, second))
        elif two := self._quietly(pairs.two_listed, study):
            how, name = "property", "observed"
            messages += [two, *diagnose.lints(study.function)]
        else:
            change = self._quietly(repair.repaired, study) or []
            trace = self._quietly(diagnose.traced, study)
            what, more = self._observed(study, shown, bool(change))
            if what == "composed":  # that explains all of it
                trace, what = None, "relation"
            messages += [*change, *([trace] if trace else []), *more]
            if messages:
                how = "repair" if change else "trace" if trace else what
                name = how if how != "property" else "observed"
            messages += diagnose.lints(study.function)
            if not messages:
                messages += diagnose.typed_numbers(study)
        if kind in ("error", "form") or (kind != "value" and not known):
            messages += first.problem[1].splitlines()

        if self.names:
            details = [] if kind != "value" else shown.problem[1].splitlines()
            details.append(
                f"Tried: {self.name}({', '.join(map(show, shown.case.args))})"
            )
        else:  # what was expected would be the answer itself
            details = [f"You gave {show(shown.got.value)}."]
        if shown.got.printed:
            details.append(f"It printed: {shorten(shown.got.printed)}")
        messages = list(dict.fromkeys(messages))
        return Verdict(
            self.name, False, how, name, ("not yet.", *messages), tuple(details)
        )

    def _observed(self, study: Study, shown: Trial, said: bool) -> tuple[str, list]:
        """Return of which kind is what was found, and up to two sentences on it."""
        kind = study.first.problem[0]
        violated = functools.partial(diagnose.violated, shown=shown)
        if kind in ("slope", "side effect", "error"):
            looks = [diagnose.crossed] if kind == "error" else []
        elif said:
            looks = [violated]
        else:
            looks = [
                diagnose.relate,
                diagnose.compose,
                diagnose.by_entry,
                diagnose.piled_up,
                diagnose.crossed,
                violated,
                diagnose.only_at_edges,
                diagnose.captions,
                diagnose.rounds,
                diagnose.parts,
            ]
        found, what = [], "property"
        for look in looks:
            sentence = self._quietly(look, study) if len(found) < 2 else None
            if sentence and look is diagnose.compose:
                return "composed", [sentence]
            if sentence and look is diagnose.relate:
                what = "relation"
            if sentence and not any(sentence in before for before in found):
                found.append(sentence)
        return what, found

    def _quietly(self, look: Callable, study: Study):
        """Return what one way of looking finds; one that fails says nothing."""
        with contextlib.suppress(Exception):
            return look(study)
        return None


def exercise(
    *,
    inputs: Sequence | Callable = (),
    hints: Sequence[str] = (),
    praise: str = "",
    slopes: bool | tuple[str, ...] = True,
    given: Mapping | None = None,
    properties: Sequence[Callable] = (),
    forbids: Mapping[str, str] | None = None,
    results: Sequence[str] = (),
    steps: Sequence[str] = (),
    evidence: Mapping[str, str] | None = None,
) -> Callable[[Callable], Exercise]:
    """Turn a reference solution into an `Exercise` (a decorator); see there."""
    return lambda reference: Exercise(
        reference,
        inputs,
        hints,
        praise,
        slopes,
        given or {},
        properties,
        forbids or {},
        results,
        steps,
        evidence or {},
    )


def find(module: str, name: str) -> Exercise:
    """Return an exercise, of a lab of this course or of a module of one's own.

    Raises
    ------
    LookupError
        If there is none.
    """
    for path in (f"{__package__}.{module}", module):
        with contextlib.suppress(ModuleNotFoundError):
            found = getattr(importlib.import_module(path), name, None)
            if isinstance(found, Exercise):
                return found
    raise LookupError(f"there is no exercise {name} in a module {module}")


def _second(study: Study, seen: list[Trial]) -> str:
    """Say that there is a second mistake, and where it shows."""
    text = "And there is a second thing"
    if caption := shared_caption(study.trials, seen):
        text += f"; it shows on this input: {caption}"
    t, found = seen[0], seen[0].problem
    if found[0] == "value":  # what is wrong besides the value?
        found = problem(replace(t.got, value=t.right.value), t.right)
    what = found[1].splitlines()[0].rstrip(".") if found else ""
    what = what[:1].lower() + what[1:]
    what = re.sub(r"^the (number|result) is right, but ", "", what)
    return f"{text}." if not what or " right" in what else f"{text}: {what}."


def _is_stub(function: Callable) -> bool:
    """Whether the body is still ``...`` (or pass, or only a docstring)."""
    if not inspect.isfunction(function):
        return False
    plumbing = {"CACHE", "NOP", "RESUME", "RETURN_VALUE"}
    return all(
        step.opname in plumbing
        or ("CONST" in step.opname and step.argval in (None, ...))
        for step in dis.get_instructions(function)
    )


def _wrap(line: str) -> str:
    return textwrap.fill(
        line,
        WIDTH,
        subsequent_indent="  ",
        break_long_words=False,
        break_on_hyphens=False,
    )
