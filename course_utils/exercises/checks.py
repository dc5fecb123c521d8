"""Exercise checks that recognise a learner's mistake.

An exercise is a reference solution, inputs to try, hints, and typical mistakes.
Each mistake is a wrong version that runs, and its docstring is what a teacher would
say to a learner who wrote it::

    @exercise(inputs=[(torch.tensor([1.0, 2.0]),)], hints=["Look at exp."])
    def double(x):
        return 2 * x

    @double.mistake
    def squared(x):
        '''You squared x. ...'''
        return x**2

In a lab the learner runs ``double.check(their_function)``, ``double.hint()`` and
``double.solution()``.
"""

import contextlib
import copy
import dis
import inspect
import io
import os
import textwrap
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

__all__ = ["Exercise", "GradientWatch", "exercise"]

WIDTH = 88

# What to try after an error, found by a part of its text.
ADVICE = {
    "torch.return_types": (
        "max with dim (sort, topk and mode, too) gives two things, the values and "
        "their positions. Take .values."
    ),
    "not implemented for": (
        "This does not work on whole numbers or True and False: call .float() first."
    ),
    "dtype must be either a floating": (
        "This does not work on whole numbers or True and False: call .float() first."
    ),
    "is ambiguous": (
        "A single True or False is needed here, and this is a whole tensor of them. "
        "For `if` and `and`: use torch.where, .any() or .all(). For a class such as "
        "nn.NLLLoss: make it first, nn.NLLLoss(), and then call it with the data."
    ),
    "must match the size of tensor b": (
        "Two shapes do not fit together. Print the shape of each."
    ),
    "the same dtype": (
        "One holds whole numbers and the other fractions. .float() makes fractions of"
        " whole numbers."
    ),
    "mat1 and mat2": (
        "In a matrix product A @ B the number of columns of A is the number of rows "
        "of B. Print both shapes."
    ),
    "multi-target not supported": (
        "Class indices have shape (N,), not (N, 1): y.flatten()."
    ),
    "does not require grad": (
        "Nothing here has requires_grad=True, so there is nothing to take slopes of."
    ),
}


@dataclass
class Outcome:
    """What happened when a function was called on one input."""

    value: Any = None
    error: BaseException | None = None
    changed: str | None = None  # which argument was changed, and how
    gradient: Tensor | None = None  # None: the result has none
    printed: str = ""
    warned: str = ""  # the first warning, if any


@dataclass
class Exercise:
    """One exercise of a lab; make it with the decorator `exercise`.

    Attributes
    ----------
    reference : callable
        A right solution. Its source is what `solution` shows.
    inputs : sequence of tuple
        Argument lists to try, ordinary ones first, extreme ones last: the first
        input on which a learner's function fails decides which mistake it was.
    hints : sequence of str
        From a nudge to nearly the answer.
    praise : str
        What holds now that it works; shown after success.
    slopes : bool
        Whether the gradient of the result counts. Switch it off where the result is
        itself a gradient, or comes after a training step.
    mistakes : list of callable
        Wrong versions; the docstring of each is its explanation.
    """

    reference: Callable
    inputs: Sequence[tuple]
    hints: Sequence[str]
    praise: str = ""
    slopes: bool = True
    mistakes: list[Callable] = field(default_factory=list)
    hints_given: int = 0

    @property
    def name(self) -> str:
        """The name of the function that the learner writes."""
        return self.reference.__name__

    def mistake(self, function: Callable) -> Callable:
        """Register a typical mistake (a decorator)."""
        self.mistakes.append(function)
        return function

    def check(self, function: Callable) -> None:
        """Print what is right or wrong with a learner's function.

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
            right, text = self.judge(function)
        except BaseException as error:  # whatever a function does, the lab goes on
            right, text = False, f"the check itself stopped ({_describe(error)})."
        text = "\n".join(_wrap(line) for line in f"{self.name}: {text}".splitlines())
        print(text)
        if os.environ.get("COURSE_STRICT") == "1" and not right:
            raise AssertionError(text)

    def hint(self) -> None:
        """Print one more hint each time."""
        if self.hints_given >= len(self.hints):
            print("That was the last hint. .solution() shows one way to write it.")
            return
        self.hints_given += 1
        number = f"Hint {self.hints_given} of {len(self.hints)}: "
        print(_wrap(number + self.hints[self.hints_given - 1]))

    def solution(self) -> None:
        """Print a solution. Yours may differ and be as good."""
        print(self.solution_source())

    def solution_source(self) -> str:
        """Return the source of the reference solution, without its decorator."""
        lines = textwrap.dedent(inspect.getsource(self.reference)).splitlines()
        start = next(i for i, line in enumerate(lines) if line.startswith("def "))
        return "\n".join(lines[start:])

    def judge(self, function: Callable) -> tuple[bool, str]:
        """Return whether the function is right, and what to say about it."""
        if not callable(function):
            return False, (
                "pass the function itself, without calling it: "
                f"check({self.name}), not check({self.name}(...))."
            )
        if _is_stub(function):
            return (
                False,
                "not attempted yet. Replace the ... by your code and run again.",
            )
        runs = []  # (arguments, what the function did, what the reference did)
        for args in self.inputs:
            outcome = self._run(function, args)
            if (
                isinstance(outcome.error, NotImplementedError)
                and not outcome.error.args
            ):
                return False, "not attempted yet. Write the body, then run again."
            runs.append((args, outcome, self._run(self.reference, args)))
            problem = _problem(*runs[-1][1:])
            if problem:
                break
        else:
            first = runs[0][1]
            warned = first.warned and f"\nPyTorch warned: {first.warned}"
            return True, f"correct. {self.praise}".strip() + warned

        call = _wrap(f"Tried: {self.name}({', '.join(map(_show, args))})")
        if outcome.printed:
            problem += f"\nIt printed: {_shorten(outcome.printed)}"
        explanation = self.recognise(function, runs)
        if explanation is None:
            return False, f"not yet.\n{problem}\n{call}"
        return False, f"not yet.\n{explanation}\n{problem}\n{call}"

    def _run(self, function: Callable, args: tuple) -> Outcome:
        return _run(function, args, self.slopes)

    def recognise(self, function: Callable, runs: list[tuple]) -> str | None:
        """Return the explanation of the mistake that a function makes, if it is known.

        It is a known one if it does the same in all ``runs`` so far, of which the last
        shows the problem. If there are several, the one that resembles it most on the
        other inputs is taken: there, a second mistake may show as well.
        """

        def alike(mistake: Callable, run: tuple) -> bool:
            args, outcome, right = run
            return _alike(self._run(mistake, args), outcome, right)

        fitting = [m for m in self.mistakes if all(alike(m, run) for run in runs)]
        if not fitting:
            return None
        others = [
            (args, self._run(function, args), self._run(self.reference, args))
            for args in self.inputs[len(runs) :]
            if len(fitting) > 1
        ]
        best = max(fitting, key=lambda m: sum(alike(m, run) for run in others))
        return " ".join(inspect.cleandoc(best.__doc__).split())


def exercise(
    *,
    inputs: Sequence[tuple],
    hints: Sequence[str],
    praise: str = "",
    slopes: bool = True,
) -> Callable[[Callable], Exercise]:
    """Turn a reference solution into an `Exercise` (a decorator)."""
    return lambda reference: Exercise(reference, inputs, hints, praise, slopes)


class GradientWatch(nn.Module):
    """A layer that changes nothing and notes whether gradients were on.

    It notes it in a buffer, so a check sees a model as changed by a function that
    forgot ``no_grad``.
    """

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("saw_gradients", torch.tensor(0.0))

    def forward(self, x: Tensor) -> Tensor:
        """Return ``x`` itself."""
        self.saw_gradients += torch.is_grad_enabled()
        return x


def _run(function: Callable, args: tuple, slopes: bool) -> Outcome:
    """Call a function on copies of the arguments and note all that happened."""
    given = copy.deepcopy(args)
    printed = io.StringIO()
    dtype = torch.get_default_dtype()
    try:
        with (
            contextlib.redirect_stdout(printed),
            contextlib.redirect_stderr(io.StringIO()),
            warnings.catch_warnings(record=True) as caught,
            torch.random.fork_rng(devices=[]),
            torch.enable_grad(),
        ):
            warnings.simplefilter("always")
            torch.manual_seed(0)  # so that a function that draws is comparable
            value = function(*given)
            changed = _what_changed(args, given)
            slopes = slopes and torch.is_tensor(value)
            gradient = _gradient(function, args) if slopes else None
        warned = _shorten(str(caught[0].message)) if caught else ""
        return Outcome(value, None, changed, gradient, printed.getvalue(), warned)
    except BaseException as error:  # SystemExit and KeyboardInterrupt too
        return Outcome(error=error, printed=printed.getvalue())
    finally:
        torch.set_default_dtype(dtype)


def _gradient(function: Callable, args: tuple) -> Tensor | None:
    """Return the gradient of a weighted sum of the result.

    It is that of the first argument that is a float tensor: logits, say. What follows,
    targets or weights, is data in all exercises, and may be used as plain numbers.
    """
    args = copy.deepcopy(args)
    leaves = [a for a in args if torch.is_tensor(a) and a.is_floating_point()]
    try:
        leaf = leaves[0].requires_grad_()
        value = function(*args)
        weights = torch.linspace(1, 2, value.numel(), dtype=value.dtype)
        (value * weights.reshape(value.shape)).sum().backward()
    except Exception:  # no gradient, or an in-place change, which is noted elsewhere
        return None
    return leaf.grad


def _what_changed(before: tuple, after: tuple) -> str | None:
    for position, (old, new) in enumerate(zip(before, after, strict=True), start=1):
        if isinstance(old, nn.Module):
            modes = [[m.training for m in model.modules()] for model in (old, new)]
            if modes[0] != modes[1]:
                return f"the mode (train or eval) of argument {position}"
            old, new = list(old.state_dict().values()), list(new.state_dict().values())
        if not _equal_values(old, new):
            return f"argument {position}"
    return None


def _problem(got: Outcome, expected: Outcome) -> str | None:
    """Name the first property in which an outcome differs from the right one."""
    if got.error is not None:
        if expected.error is None:
            return _with_advice(f"It stopped with {_describe(got.error)}")
        if isinstance(got.error, type(expected.error)):
            return None
        return (
            f"It raised {_describe(got.error)}; here it should raise "
            f"{type(expected.error).__name__}."
        )
    if expected.error is not None:
        return (
            f"It returned {_show(got.value)}, but for this input it should raise "
            f"{type(expected.error).__name__}."
        )
    problem = _value_problem(got.value, expected.value)
    if problem:
        return problem
    if got.changed and not expected.changed:
        text = f"The result is right, but the function changed {got.changed}."
        if "mode" in got.changed:
            return text + " Leave it in the mode in which you found it."
        return text + (
            " The caller still needs it as it was: work on new tensors, without "
            "in-place operations such as -= or a trailing underscore."
        )
    if expected.gradient is not None and expected.gradient.isfinite().all():
        if got.gradient is None:
            return (
                "The values are right, but the gradient is lost: PyTorch can no "
                "longer tell how the result depends on the input, and later labs "
                "train by that. "
                "Use tensor operations throughout: no .item(), .detach(), .data, "
                ".numpy(), no_grad, and no torch.tensor(...) around results "
                "(torch.stack joins tensors)."
            )
        if not got.gradient.isfinite().all():
            return (
                "The values are right, but the gradient is nan or inf: somewhere on "
                "the way stands log(0), 0 / 0 or an overflow, even if masked later."
            )
        if not _close_gradients(got.gradient, expected.gradient):
            return (
                "The values are right, but the gradient is not. Often a part of the "
                "calculation is cut off by .detach(), .data or .item()."
            )
    return None


def _value_problem(got: Any, expected: Any) -> str | None:
    if got is None:
        return "It returned None. Is there a return at the end?"
    if isinstance(expected, tuple) and isinstance(got, (tuple, list)):
        if len(got) != len(expected):
            return f"It returned {len(got)} things; expected {len(expected)}."
        for number, (one, right) in enumerate(zip(got, expected, strict=True), start=1):
            problem = _value_problem(one, right)
            if problem:
                return f"Number {number} of the {len(got)} results: {problem}"
        return None
    if isinstance(expected, tuple):
        return f"It returned one thing; expected {len(expected)}: return a, b"
    if torch.is_tensor(expected):
        if not torch.is_tensor(got):
            return (
                f"It returned a {type(got).__name__}; expected a tensor of shape "
                f"{tuple(expected.shape)}."
            )
        if got.shape != expected.shape:
            return (
                f"The result has shape {tuple(got.shape)}; "
                f"expected {tuple(expected.shape)}."
            )
        if got.dtype != expected.dtype:
            return f"The result has dtype {got.dtype}; expected {expected.dtype}."
        if expected.isfinite().all() and not got.isfinite().all():
            what = "nan" if got.isnan().any() else "inf"
            return (
                f"The result holds {what}, although the answer is finite.\n"
                f"Expected {_show(expected)}\nGot {_show(got)}"
            )
    elif torch.is_tensor(got):
        return (
            f"It returned a tensor; expected a plain {type(expected).__name__}. "
            "Did you forget .item()?"
        )
    elif not isinstance(got, type(expected)) or isinstance(got, bool) != isinstance(
        expected, bool
    ):
        return (
            f"It returned a {type(got).__name__} ({_show(got)}); "
            f"expected a {type(expected).__name__}."
        )
    if not _equal_values(got, expected):
        return f"Expected {_show(expected)}\nGot {_show(got)}"
    return None


def _alike(mistake: Outcome, learner: Outcome, right: Outcome) -> bool:
    """Whether a mistake does to an input what the learner's function does."""
    if mistake.error or learner.error:
        return type(mistake.error) is type(learner.error) and str(mistake.error) == str(
            learner.error
        )
    if not _equal_values(mistake.value, learner.value):
        return False
    if right.error or not _equal_values(learner.value, right.value):
        return True
    # Right values: the mistake must lie in the same side effect or the same type.
    return all(
        trait(mistake) == trait(learner)
        for trait in (
            lambda outcome: _kind(outcome.value),
            lambda outcome: outcome.changed,
        )
    ) and _close_gradients(mistake.gradient, learner.gradient)


def _kind(value: Any) -> Any:
    """Return the type of a value, with the dtype of tensors, also inside of tuples."""
    if isinstance(value, (tuple, list)):
        return type(value), *map(_kind, value)
    return type(value), getattr(value, "dtype", None)


def _close_gradients(a: Tensor | None, b: Tensor | None) -> bool:
    """Compare roughly: float32 loses digits on the way, a cut loses much more."""
    if a is None or b is None:
        return a is b
    if not (a.isfinite().all() and b.isfinite().all()):
        return a.isfinite().equal(b.isfinite())
    return bool((a - b).abs().max() <= 0.05 * b.abs().max() + 1e-6)


def _equal_values(a: Any, b: Any) -> bool:
    """Compare values and shapes, whatever the type of number; nan equals nan."""
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        return len(a) == len(b) and all(
            _equal_values(x, y) for x, y in zip(a, b, strict=True)
        )
    if isinstance(a, bool) != isinstance(b, bool) and not torch.is_tensor(a):
        return False  # True is no 1.0
    if isinstance(a, int) and isinstance(b, int):
        return a == b  # of any size, which a tensor cannot hold
    if max(map(abs, (x for x in (a, b) if isinstance(x, int))), default=0) > 2**53:
        return False  # a huge whole number and a fraction
    if isinstance(a, (int, float, Tensor)) and isinstance(b, (int, float, Tensor)):
        a, b = torch.as_tensor(a).double(), torch.as_tensor(b).double()
        return a.shape == b.shape and torch.allclose(
            a, b, rtol=1e-4, atol=1e-6, equal_nan=True
        )
    return a is b or (type(a) is type(b) and isinstance(a, str) and a == b)


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


def _describe(error: BaseException) -> str:
    try:
        return f"{type(error).__name__}: {_shorten(str(error))}"
    except Exception:  # an exception whose own text fails
        return type(error).__name__


def _with_advice(text: str) -> str:
    tips = [tip for part, tip in ADVICE.items() if part in text]
    return "\n".join([text, *tips[:1]])


def _show(value: Any) -> str:
    if isinstance(value, nn.Module):
        return "model"
    if torch.is_tensor(value) and value.numel() > 24:
        return f"tensor of shape {tuple(value.shape)}"
    try:
        return _shorten(" ".join(repr(value).split()))
    except Exception:  # an object whose repr fails
        return f"<{type(value).__name__}>"


def _shorten(text: str) -> str:
    text = text.strip()
    return text if len(text) <= 300 else text[:300] + " ..."


def _wrap(line: str) -> str:
    return textwrap.fill(
        line,
        WIDTH,
        subsequent_indent="  ",
        break_long_words=False,
        break_on_hyphens=False,
    )
