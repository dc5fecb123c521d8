"""What a learner's function does, and in which way that differs from what is right.

`observe` calls a function and notes all that can be seen from outside. `problem` names
the first difference. Then come the ways to say more than that, each a function of a
`Study` that returns a sentence or nothing: a listed mistake that does the same on all
inputs, a relation to the right result (N times as large, say), a property that fails,
an argument without influence, when the result is right, where it is wrong.
"""

import ast
import collections
import contextlib
import copy
import functools
import inspect
import io
import itertools
import linecache
import math
import random
import re
import sys
import textwrap
import time
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from course_utils.exercises.fixtures import (
    LETTERS,
    SIZES,
    SMALL_SIZES,
    Case,
    draw,
    kind_of,
    uses,
)
from course_utils.exercises.slips import build, edits, source_tree

# Observing --------------------------------------------------------------------------


@dataclass
class Run:
    """What happened when a function was called."""

    value: Any = None
    error: BaseException | None = None
    where: str = ""  # the learner's own line of the error, and the shapes in it
    changed: tuple[str, ...] = ()  # which arguments were changed, and what of them
    after: tuple = ()  # the arguments as they were left
    calls: dict[str, int] = field(default_factory=dict)  # of models and optimizers
    measure: Callable | None = None  # measures the slopes, when they are asked for
    printed: str = ""
    warned: str = ""  # the first warning, if any

    @functools.cached_property
    def slopes(self) -> dict[str, Tensor | None]:
        """The slopes of a weighted sum of the result, by argument; None if lost."""
        return self.measure() if self.measure else {}


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """Leave random numbers, warnings and the default dtype as they were."""
    dtype, state = torch.get_default_dtype(), random.getstate()
    torch_state = torch.get_rng_state()
    numpy = sys.modules.get("numpy")
    numpy_state = numpy.random.get_state() if numpy else None
    try:
        with torch.enable_grad():
            # So that a function that draws is comparable; the GPU is left alone.
            torch.default_generator.manual_seed(0)
            random.seed(0)
            if numpy:
                numpy.random.seed(0)
            yield
    finally:
        torch.set_default_dtype(dtype)
        torch.set_rng_state(torch_state)
        random.setstate(state)
        if numpy:
            numpy.random.set_state(numpy_state)


def observe(
    function: Callable, args: tuple, names: Sequence[str], slopes: Sequence[str] = ()
) -> Run:
    """Call a function on copies of the arguments and note all that happened."""
    given = copy.deepcopy(args)
    printed, run = io.StringIO(), Run()
    calls = _counted(given, names)
    with (
        undisturbed(),
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(io.StringIO()),
        warnings.catch_warnings(record=True) as caught,
    ):
        warnings.simplefilter("always")
        try:
            run.value = function(*given)
        except BaseException as error:  # SystemExit and KeyboardInterrupt too
            run.error, run.where = error, _where(error, function)
    run.printed = printed.getvalue()
    run.warned = shorten(str(caught[0].message)) if caught else ""
    run.after = given
    run.changed = tuple(
        f"{name} ({what})"
        for name, old, new in zip(names, args, given, strict=False)
        if (what := _change(old, new))
    )
    run.calls = dict(calls)
    if slopes and run.error is None and torch.is_tensor(run.value):
        run.measure = functools.partial(_slopes, function, args, names, slopes)
    return run


def _counted(args: tuple, names: Sequence[str]) -> collections.Counter:
    """Count from now on how often models are called and optimizers used."""
    calls: collections.Counter = collections.Counter()

    def counter(name: str, then: Callable | None = None) -> Callable:
        def count(*given, **options):
            calls[name] += 1
            return then(*given, **options) if then else None

        return count

    for name, value in zip(names, args, strict=False):
        if isinstance(value, nn.Module):
            value.register_forward_pre_hook(counter(name))
        elif isinstance(value, torch.optim.Optimizer):
            value.register_step_pre_hook(counter(f"{name}.step"))
            value.zero_grad = counter(f"{name}.zero_grad", value.zero_grad)
    return calls


def _slopes(
    function: Callable, args: tuple, names: Sequence[str], wanted: Sequence[str]
) -> dict[str, Tensor | None]:
    """Return the slopes of a weighted sum of the result, by argument."""
    args = copy.deepcopy(args)
    leaves = {
        name: a.requires_grad_()
        for name, a in zip(names, args, strict=False)
        if name in wanted and torch.is_tensor(a) and a.is_floating_point()
    }
    silence = io.StringIO()  # what the function prints was shown once already
    try:
        with (
            undisturbed(),
            contextlib.redirect_stdout(silence),
            contextlib.redirect_stderr(silence),
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("ignore")
            value = function(*args)
            weights = torch.linspace(1, 2, value.numel(), dtype=value.dtype)
            (value * weights.reshape(value.shape)).sum().backward()
    except Exception:  # no gradient, or an in-place change, which is noted elsewhere
        return dict.fromkeys(leaves)
    return {name: leaf.grad for name, leaf in leaves.items()}


def _change(old: Any, new: Any) -> str:
    """Say in words what of an argument is not as it was."""
    if isinstance(old, nn.Module):
        if [m.training for m in old.modules()] != [m.training for m in new.modules()]:
            return "its mode, train or eval"
        pairs = list(zip(old.parameters(), new.parameters(), strict=False))
        if any(a.device != b.device for a, b in pairs):
            return f"its device, which is now {pairs[0][1].device}"
        if any(a.requires_grad != b.requires_grad for a, b in pairs):
            return "requires_grad of its parameters"
        for a, b in zip(old.modules(), new.modules(), strict=False):
            noted = not same(list(a._buffers.values()), list(b._buffers.values()))
            if hasattr(a, "note") and noted:
                return a.note
        if not same([*old.state_dict().values()], [*new.state_dict().values()]):
            return "its numbers"
        return ""
    if torch.is_tensor(old) and torch.is_tensor(new):
        if old.shape != new.shape:
            return "its shape"
        if old.requires_grad != new.requires_grad:
            return "its requires_grad"
        return "" if same(old, new) else "its numbers"
    if isinstance(old, list) and isinstance(new, list) and len(old) != len(new):
        return "its length"
    if isinstance(old, list) and not same(old, new) and len(old) == len(new):
        plain = all(isinstance(x, (int, float)) for x in (*old, *new))
        return "its order" if plain and sorted(old) == sorted(new) else "its numbers"
    if isinstance(old, torch.optim.Optimizer):
        groups = [[{k: v for k, v in g.items() if k != "params"} for g in o.param_groups]
                  for o in (old, new)]  # fmt: skip
        return "" if str(groups[0]) == str(groups[1]) else "its settings"
    return "" if old is new or callable(old) or same(old, new) else "its contents"


def _where(error: BaseException, function: Callable) -> str:
    """Return the line of the learner in which an error arose, and the shapes in it."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    if code is None:
        return ""
    own = [
        (frame, line)
        for frame, line in traceback.walk_tb(error.__traceback__)
        if frame.f_code.co_filename == code.co_filename != __file__
    ]
    if not own:
        return ""
    frame, number = own[-1]
    line = linecache.getline(code.co_filename, number).strip()
    if not line or isinstance(error, RecursionError):
        return ""
    facts = []
    for name in dict.fromkeys(re.findall(r"[A-Za-z_]\w*", line)):
        value = frame.f_locals.get(name)
        if torch.is_tensor(value):
            facts.append(f"{name} has shape {tuple(value.shape)}")
            if not value.is_floating_point():
                facts[-1] += f" and dtype {str(value.dtype).removeprefix('torch.')}"
        elif isinstance(value, (tuple, list)):
            kind = "pair" if len(value) == 2 else type(value).__name__
            facts.append(f"{name} is a {kind} of length {len(value)}")
        elif isinstance(value, (bool, int, float)):
            facts.append(f"{name} is {value!r}")
    return f"In your line `{line}`" + (f" {_listed(facts)}." if facts else ".")


class Calls(TorchFunctionMode):
    """Note which functions of PyTorch a function calls itself, and with what."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def __torch_function__(self, func, types, args=(), kwargs=None):
        """Note the call, then do it."""
        name = getattr(func, "__name__", "")
        self.names.add(name.removeprefix("special_"))
        if id(func) in IN_F:
            self.names.add("F.")
        self.names |= {f"{key}=" for key in _named(func, args, kwargs or {})}
        return func(*args, **(kwargs or {}))


IN_F = {
    id(f)
    for name, f in vars(F).items()
    if callable(f) and not hasattr(torch, name) and not isinstance(f, type)
} | {id(F.softmax), id(F.log_softmax), id(F.sigmoid), id(F.linear)}


def _named(func: Callable, args: tuple, kwargs: dict) -> set[str]:
    """Return the arguments that are not left at their default."""
    try:
        bound = inspect.signature(func).bind(*args, **kwargs).arguments
        defaults = inspect.signature(func).parameters
    except (TypeError, ValueError):
        return set(kwargs)
    return {k for k, v in bound.items() if not _is_default(v, defaults[k].default)}


def _is_default(value: Any, default: Any) -> bool:
    if torch.is_tensor(value) or default is inspect.Parameter.empty:
        return False
    return value is default or value == default


def calls_of(function: Callable, args: tuple) -> set[str]:
    """Return the names of the functions that a function calls while it runs."""
    calls = Calls()
    silence = io.StringIO()
    with (
        contextlib.suppress(BaseException),
        undisturbed(),
        contextlib.redirect_stdout(silence),
        contextlib.redirect_stderr(silence),
        warnings.catch_warnings(),
        calls,
    ):
        warnings.simplefilter("ignore")
        function(*copy.deepcopy(args))
    return calls.names


def runs_code(function: Callable, args: tuple, code: Any) -> bool:
    """Whether a function runs that code, itself or through others."""
    found = False

    def look(frame, event, argument):
        nonlocal found
        found = found or frame.f_code is code

    silence = io.StringIO()
    args = copy.deepcopy(args)
    before = sys.getprofile()
    with (
        contextlib.suppress(BaseException),
        undisturbed(),
        contextlib.redirect_stdout(silence),
        contextlib.redirect_stderr(silence),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        sys.setprofile(look)
        try:
            function(*args)
        finally:
            sys.setprofile(before)
    return found


# Comparing --------------------------------------------------------------------------


def same(a: Any, b: Any) -> bool:
    """Compare values and shapes, whatever the type of number; nan equals nan."""
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
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


def close_slopes(a: Tensor | None, b: Tensor | None) -> bool:
    """Compare roughly: float32 loses digits on the way, a cut loses much more."""
    if a is None or b is None:
        return a is b
    if not (a.isfinite().all() and b.isfinite().all()):
        return a.isfinite().equal(b.isfinite())
    return bool(((a - b).abs() <= 0.05 * b.abs() + 0.002 * b.abs().max() + 1e-6).all())


def alike(one: Run, other: Run, right: Run) -> bool:
    """Whether two functions did the same to an input, in all that can be observed."""
    if one.error or other.error:
        return type(one.error) is type(other.error) and str(one.error) == str(
            other.error
        )
    if not same(one.value, other.value):
        return False
    if right.changed and not same(_state(one.after), _state(other.after)):
        return False  # it shall change something, a model in training, say
    if right.error or not same(other.value, right.value):
        return True
    # Right values: the mistake must lie in the same side effect or the same type.
    return (
        _type(one.value) == _type(other.value)
        and one.changed == other.changed
        and all(close_slopes(one.slopes.get(k), v) for k, v in other.slopes.items())
    )


def _state(values: tuple) -> list:
    """Return the numbers in a list of arguments."""
    return [
        list(v.state_dict().values()) if isinstance(v, nn.Module) else v
        for v in values
        if isinstance(v, (nn.Module, Tensor, list, int, float))
    ]


def _type(value: Any) -> Any:
    """Return the type of a value, with the dtype of tensors, also inside of tuples."""
    if isinstance(value, (tuple, list)):
        return type(value), *map(_type, value)
    return type(value), getattr(value, "dtype", None)


def finite(value: Any) -> bool:
    """Whether a value holds no nan and no inf."""
    if isinstance(value, (tuple, list)):
        return all(map(finite, value))
    if torch.is_tensor(value):
        return bool(value.isfinite().all())
    return not isinstance(value, float) or math.isfinite(value)


def plain(value: Any) -> bool:
    """Whether a value fits almost anything: nothing but 0, 1 and nan."""
    if isinstance(value, (tuple, list)):
        return all(map(plain, value))
    if torch.is_tensor(value):
        flat = value.flatten()
        odd = flat.isnan() if value.is_floating_point() else flat != flat
        return bool(((flat == 0) | (flat == 1) | odd).all())
    if isinstance(value, (bool, int, float)):
        return value in (0, 1) or value != value
    return value is None or isinstance(value, str)


def problem(
    got: Run, right: Run, results: Sequence[str] = ()
) -> tuple[str, str] | None:
    """Name the first property in which a run differs from the right one.

    Returns
    -------
    tuple of str or None
        Its kind ("error", "form", "value", "side effect" or "slope") and a text.
    """
    if got.error is not None:
        if right.error is None:
            return "error", error_text(got)
        if isinstance(got.error, type(right.error)):
            return None
        return "error", (
            f"It raised {describe(got.error)}; here it should raise "
            f"{type(right.error).__name__}."
        )
    if right.error is not None:
        return "value", (
            f"It returned {show(got.value)}, but for this input it should raise "
            f"{type(right.error).__name__}."
            + (" Write raise, not return." if isinstance(got.value, Exception) else "")
        )
    sizes = [a.shape[1] for a in right.after if torch.is_tensor(a) and a.ndim == 2]
    found = _value_problem(got.value, right.value, results, sizes)
    if found:
        return found
    if right.changed and not same(_state(got.after), _state(right.after)):
        what = _listed([name.split(" (")[0] for name in right.changed])
        return "side effect", (
            f"The result is right, but afterwards the numbers in {what} are not."
        )
    if got.changed and got.changed != right.changed:
        extra = [c for c in got.changed if c not in right.changed]
        text = f"The result is right, but the function changed {_listed(extra)}."
        if "no_grad" in text:
            text = f"The number is right, but {extra[0].split('(', 1)[1][:-1]}."
        elif "mode" in text:
            text += " Leave it in the mode in which you found it."
        elif "device" in text:
            text += (
                " A model's .to() and .cpu() move the model itself: move the data, and"
                " leave the model where it is."
            )
        elif extra:
            text += (
                " The caller still needs it as it was: work on new tensors, without "
                "in-place operations such as -= or a trailing underscore."
            )
        if extra:
            return "side effect", text
    return _slope_problem(got, right)


def _slope_problem(got: Run, right: Run) -> tuple[str, str] | None:
    for name, expected in right.slopes.items():
        if expected is None or not expected.isfinite().all():
            continue
        slope = got.slopes.get(name)
        if slope is None and not expected.any():
            continue
        if slope is None:
            return "slope", (
                "The values are right, but the gradient is lost: PyTorch can no "
                "longer tell how the result depends on "
                f"{name}, and later labs train by that. "
                "Use tensor operations throughout: no .item(), .detach(), .data, "
                ".numpy(), no_grad, and no torch.tensor(...) around results "
                "(torch.stack joins tensors)."
            )
        if not slope.isfinite().all():
            return "slope", (
                "The values are right, but the gradient is nan or inf: somewhere on "
                "the way stands log(0), 0 / 0 or an overflow, even if masked later."
            )
        if not close_slopes(slope, expected):
            return "slope", (
                f"The values are right, but the gradient with respect to {name} is not. "
                "Often a part of the calculation is cut off by .detach(), .data or "
                ".item()."
            )
    return None


def _value_problem(
    got: Any, right: Any, results: Sequence[str] = (), sizes: Sequence[int] = ()
) -> tuple[str, str] | None:
    if got is None:
        return "form", "It returned None. Is there a return at the end?"
    if type(got).__module__ == "torch.return_types" and not isinstance(right, tuple):
        return "form", (
            "It returned the pair (values, indices): max, min, sort and topk with dim "
            "give both. Take .values or .indices."
        )
    if isinstance(right, (tuple, list)) and isinstance(got, (tuple, list)):
        thing = "pieces" if isinstance(right, list) else "things"
        if len(got) != len(right):
            begins = [same(a, b) for a, b in zip(got, right, strict=False)]
            also = ""
            if begins and all(begins):
                n = abs(len(got) - len(right))
                which = "one" if n == 1 else f"{n}"
                also = (
                    f" Those at the beginning are right: the last {which} is missing."
                    if len(got) < len(right)
                    else f" Those at the beginning are right: the last {which} is too many."
                )
            return (
                "form",
                f"It returned {len(got)} {thing}; expected {len(right)}.{also}",
            )
        if isinstance(right, list) and isinstance(got, tuple):
            return "form", "It returned a tuple; expected a list."
        for i, (one, expected) in enumerate(zip(got, right, strict=True)):
            found = _value_problem(one, expected, (), sizes)
            if found:
                name = results[i] if i < len(results) else ""
                which = f"Number {i + 1} of the {len(got)} results"
                return found[0], f"{which}{name and f', {name}'}: {found[1]}"
        return None
    if isinstance(right, tuple):
        return "form", f"It returned one thing; expected {len(right)}: return a, b"
    if torch.is_tensor(right):
        if not torch.is_tensor(got):
            return "form", (
                f"It returned a {type(got).__name__}; expected a tensor of shape "
                f"{tuple(right.shape)}."
            )
        if got.shape != right.shape:
            return "form", (
                f"The result has shape {tuple(got.shape)}; "
                f"expected {tuple(right.shape)}.{_about_shape(got, right, sizes)}"
            )
        if got.dtype != right.dtype and same(got, right):
            return "form", (
                "The numbers themselves are right, but the result has dtype "
                f"{got.dtype}; expected {right.dtype}."
            )
        if right.isfinite().all() and not got.isfinite().all():
            what = "nan" if got.isnan().any() else "inf"
            return "value", (
                f"The result holds {what}, although the answer is finite. {WHENCE}\n"
                f"Expected {show(right)}\nGot {show(got)}"
            )
    elif torch.is_tensor(got):
        number = got.numel() == 1 and isinstance(right, (int, float))
        if not number or same(got.item(), right):
            also = " The number itself is right." if number else ""
            return "form", (
                f"It returned a tensor; expected a plain {type(right).__name__}. "
                f"Did you forget .item()?{also}"
            )
        got = got.item()
    elif isinstance(right, float) and type(got) is int:
        pass  # 1 in place of 1.0 is right, 2 in place of 0.5 is another number
    elif not isinstance(got, type(right)) or isinstance(got, bool) != isinstance(
        right, bool
    ):
        return "form", (
            f"It returned a {type(got).__name__} ({show(got)}); "
            f"expected a {type(right).__name__}."
        )
    if not same(got, right):
        return "value", f"Expected {show(right)}\nGot {show(got)}"
    if torch.is_tensor(right) and got.dtype != right.dtype:
        return "form", f"The result has dtype {got.dtype}; expected {right.dtype}."
    return None


WHENCE = (
    "(nan comes from inf / inf, inf - inf, 0 / 0 or 0 * inf, and inf from exp of a large "
    "number, 1 / 0 or log(0): look for the step that gets too large or too small.)"
)


def _about_shape(got: Tensor, right: Tensor, sizes: Sequence[int]) -> str:
    """Say more of a result with another shape."""
    if got.numel() == right.numel() and right.numel() > 1:
        if got.ndim == 2 and same(got.T.reshape(right.shape), right):
            if got.T.shape == right.shape:
                return " The numbers are right, but rows and columns are exchanged."
        if same(got.reshape(right.shape), right):
            how = (
                "flatten() or squeeze()" if right.ndim == 1 else "reshape or unsqueeze"
            )
            return f" The numbers are right, only their form is not: {how}."
    n = right.shape[0] if right.ndim else 0
    if n > 1 and got.shape == (n, n) and right.shape in ((n,), (n, 1)):
        return (
            " A column (N, 1) and a list (N,) met, and PyTorch makes a table of all "
            "N x N pairs of these. Bring both into the same shape."
        )
    if right.ndim == 0 and got.ndim and got.is_floating_point():
        for what, number in (("mean", got.mean()), ("sum", got.sum())):
            if same(number.to(right.dtype), right):
                return (
                    f" The {what} of your numbers is the answer: .{what}() is missing."
                )
    if right.ndim == 1 and got.ndim == 1 and len(got) in sizes:
        return (
            f" {len(got)} is the number of columns: you went down the columns (dim=0) "
            "where each row needs a result (dim=1)."
        )
    if got.ndim == 0 and right.ndim:
        return " Everything was merged into a single number: give the sum, mean or max a dim."
    return ""


# Errors -----------------------------------------------------------------------------

# What to try after an error, found by a part of its text; {0} is what the part caught.
ADVICE = {
    r"torch\.return_types": (
        "max with dim (sort, topk and mode, too) gives two things, the values and "
        "their positions. Take .values or .indices."
    ),
    r"not implemented for|dtype must be either a floating|result type Float can't": (
        "This does not work on whole numbers or True and False: call .float() first."
    ),
    "Subtraction, the `-` operator, with a bool": (
        "True and False cannot be subtracted: call .float() first."
    ),
    "is ambiguous": (
        "A single True or False is needed here, and this is a whole tensor of them. "
        "For `if` and `and`: use torch.where, .any() or .all(). For a class such as "
        "nn.NLLLoss: make it first, nn.NLLLoss(), and then call it with the data."
    ),
    r"The size of tensor a .* must match the size of tensor b|shape mismatch|"
    r"must match the size": (
        "Two shapes do not fit together. Row by row needs a column, (N, 1): "
        "keepdim=True or unsqueeze(1) makes one."
    ),
    "the same dtype|expected scalar type|Expected floating point": (
        "One holds whole numbers and the other fractions. .float() makes fractions of"
        " whole numbers."
    ),
    "mat1 and mat2|size mismatch, got input": (
        "In a matrix product A @ B the number of columns of A is the number of rows "
        "of B. A transpose, .T, exchanges rows and columns."
    ),
    r"multi-target not supported|0D or 1D target tensor expected": (
        "Class indices have shape (N,), not (N, 1): y.flatten()."
    ),
    r"does not require grad": (
        "Nothing here has requires_grad=True, so there is nothing to take slopes of."
    ),
    "backward through the graph a second time": (
        "backward() was called twice for the same calculation. Calculate the loss anew "
        "in each round."
    ),
    "grad can be implicitly created only for scalar": (
        "backward() needs a single number, the loss: take the mean of the losses first."
    ),
    "leaf Variable that requires grad is being used in an in-place": (
        "Here a parameter is changed in place while PyTorch notes down slopes. Make a "
        "new tensor, or do it under `with torch.no_grad():`."
    ),
    "Can't call numpy|can't convert .* device": (
        "Call .detach().cpu() before .numpy(); or stay with tensors."
    ),
    r"Dimension out of range .* got (-?\d+)": (
        "dim={0} does not exist here: a list has only dim=0, a table dim=0 (down the "
        "columns) and dim=1 (along a row)."
    ),
    r"index (-?\d+) is out of bounds for dimension (\d+) with size (\d+)": (
        "Position {0} does not exist: dim {1} has {2} entries, counted from 0 to one "
        "less than that."
    ),
    r"list index out of range|tuple index out of range|Target (\d+) is out of bounds": (
        "A position behind the end was asked for. They are counted from 0."
    ),
    "too many indices": "There are more indices in the brackets than directions.",
    r"Index tensor must have the same number of dimensions|Expected index": (
        "gather wants an index with as many directions as the table: "
        "y.unsqueeze(1), a column."
    ),
    "indices must be.*long|tensors used as indices|to be scalar type Long|"
    "only integer tensors of a single element|index_tensor|Expected dtype int64": (
        "An index must hold whole numbers: y.long()."
    ),
    r"missing (\d+) required (?:positional )?arguments?: (.*)": (
        "A call leaves out {1}. Look at what the function that you call takes."
    ),
    r"takes (?:from )?(.*) positional arguments? but (\d+)": (
        "A function was called with {1} arguments and takes {0}."
    ),
    r"got an unexpected keyword argument '?(\w+)": (
        "There is no option {0}=. Is it spelled rightly, and in the right call?"
    ),
    r"'Tensor' object has no attribute '(\w+)'": (
        "A tensor has no .{0}. If it is a function of torch, write torch.{0}(...)."
    ),
    r"'(float|int|bool)' object has no attribute '(\w+)'": (
        "This is a plain Python number already, which has no .{1}. (.item() makes one; "
        "torch.tensor is not needed either.)"
    ),
    r"'(list|tuple)' object has no attribute '(\w+)'": (
        "This is a {0}, not a tensor. Go through it in a loop, or join tensors with "
        "torch.stack or torch.cat."
    ),
    r"'(\w+)' object has no attribute '(\w+)'": "A {0} has no .{1}.",
    r"module '([\w.]+)' has no attribute '(\w+)'": (
        "{0} has nothing that is called {1}. Is the name spelled rightly?"
    ),
    r"name '(\w+)' is not defined": (
        "No {0} is known here. Is it spelled as above? Has the cell been run in which "
        "it is made, or imported?"
    ),
    r"cannot access local variable '(\w+)'": (
        "{0} is used before it gets a value. If it is changed in a loop, give it a "
        "value before the loop."
    ),
    r"'Tensor' object is not callable|not callable": (
        "Brackets behind something that is no function, such as .T() or .shape(), or "
        "a missing * between two brackets."
    ),
    "object is not subscriptable": "Square brackets behind something that has no parts.",
    "object is not iterable|iteration over a 0-d tensor": (
        "A single number cannot be gone through in a loop or taken apart."
    ),
    r"unsupported operand type\(s\) for (\S+): '(\w+)' and '(\w+)'": (
        "{0} does not work between a {1} and a {2}. Is one of them a function that was "
        "not called, or a list that should be a tensor?"
    ),
    "not enough values to unpack|too many values to unpack": (
        "On the left side of = stand more, or fewer, names than there are values."
    ),
    "maximum recursion depth": "The function calls itself, again and again.",
    "selected index k out of range": (
        "topk looks along the last direction, and there are fewer than k numbers in it. "
        "Make a list of a column first: flatten()."
    ),
    "stack expects each tensor to be equal size": (
        "The tensors that are to be stacked have different shapes: print them."
    ),
    "division by zero": "Something is divided by 0 here. When is it 0?",
    "on the same device": (
        "Model and data are on different devices. Ask a parameter of the model where "
        "it is, and bring the data there."
    ),
    r"KeyError": "A dictionary has no such key: print its .keys().",
    r"Boolean value of Tensor": "Use .any() or .all().",
    "only one element tensors can be converted|Tensor with .* elements cannot be": (
        ".item() and float() work for a tensor with a single element only."
    ),
    "shape '.*' is invalid for input": (
        "reshape and view cannot change how many numbers there are."
    ),
    "Expected .* batch_size|batch_size .* to match": (
        "Logits have shape (N, K) and class indices (N,): the number of rows differs."
    ),
}


def error_text(run: Run) -> str:
    """Say in which line of the learner an error arose, and what to do about it."""
    text = f"It stopped with {describe(run.error)}"
    lines = [text, run.where, advice(text)]
    return "\n".join(line for line in lines if line)


def advice(text: str) -> str:
    """Return what to try after an error with such a text."""
    for pattern, tip in ADVICE.items():
        match = re.search(pattern, text)
        if match:
            groups = [g.strip("\"'") if g else "" for g in match.groups()]
            return tip.format(*groups) if groups else tip
    return ""


def describe(error: BaseException) -> str:
    """Return the name and the text of an error."""
    try:
        return f"{type(error).__name__}: {shorten(str(error).splitlines()[0])}"
    except Exception:  # an exception without text, or whose own text fails
        return type(error).__name__


# Studying a wrong answer ------------------------------------------------------------


MAY_TAKE = 0.6  # seconds of work for all that is tried out to explain a mistake


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
    until: float = field(init=False)  # when to stop searching, in seconds of work

    def __post_init__(self) -> None:
        self.failed = [t for t in self.trials if t.problem]
        self.until = time.process_time() + MAY_TAKE

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
        return found if any(t.problem for t in found) else []

    def call(self, args: tuple) -> Any:
        """Call the learner's function; None after an error."""
        run = observe(self.function, args, self.exercise.names)
        return None if run.error else run.value


def echo(study: Study) -> str | None:
    """Say that a result is one of the arguments as it was."""
    trials = [t for t in study.formulas() if t.problem]
    for i, name in enumerate(study.exercise.names):
        if trials and all(same(t.got.value, t.case.args[i]) for t in trials):
            return f"It returns {name} as it was."
        for k in range(3):
            with contextlib.suppress(TypeError, IndexError):
                if trials and all(
                    isinstance(t.got.value, (tuple, list))
                    and same(t.got.value[k], t.case.args[i])
                    and not same(t.right.value[k], t.case.args[i])
                    for t in trials
                ):
                    return f"Result number {k + 1} is {name} as it was."
    return None


def constant(study: Study) -> str | None:
    """Say that the result is always the same."""
    trials = study.formulas()
    first = trials[0].got.value if trials else None
    if len(trials) < 3 or not isinstance(first, (int, float, Tensor)):
        return None
    if not all(same(t.got.value, first) for t in trials):
        return None
    if all(same(t.right.value, trials[0].right.value) for t in trials):
        return None
    return f"It returns {show(first)} for every input that was tried."


def other_calls(study: Study) -> str | None:
    """Say how often a model or an optimizer is used, if that is not right."""
    for t in study.failed:
        for name in sorted({*t.got.calls, *t.right.calls}):
            a, b = t.got.calls.get(name, 0), t.right.calls.get(name, 0)
            if a != b and not name.endswith("zero_grad"):
                return f"{name} is called {_times(a)}; it should be called {_times(b)}."
            if not a and b:
                return f"{name} is never called."
    return None


def _times(n: int) -> str:
    return {0: "not at all", 1: "once", 2: "twice"}.get(n, f"{n} times")


def recognise(study: Study) -> tuple[Callable, bool] | None:
    """Return the listed mistake that a function makes, and whether there is another.

    It has to do the same as the function on *all* inputs, those that are right
    included. Where the mistake, as it is written in the list, or the function gives an
    error or nan, they may differ: there one of the two makes a second mistake.
    """
    best, best_score = None, (0, 0)
    for mistake in study.exercise.mistakes:
        score = _fit(study, mistake)
        if score and score > best_score:
            best, best_score = mistake, score
    if best is None:
        return None
    second = any(
        t.problem
        and not alike(study.exercise.mistake_run(best, t.case), t.got, t.right)
        and (t.got.error or not finite(t.got.value))
        for t in study.trials
    )
    return best, second


def _fit(study: Study, mistake: Callable) -> tuple[int, int] | None:
    """Return how well a listed mistake fits, or None if it does not."""
    informative = exact = undecided = wrong_alike = 0
    for t in study.trials:
        run = study.exercise.mistake_run(mistake, t.case)
        if alike(run, t.got, t.right):
            exact += 1
            if t.problem:
                wrong_alike += 1
                kind = t.problem[0]
                telling = kind != "value" or not plain(t.got.value)
                informative += telling and not (
                    kind == "value" and not finite(t.got.value)
                )
            continue
        usable = (not run.error and finite(run.value)) or (
            not t.right.error and not finite(t.right.value)
        )
        got_usable = not t.got.error and finite(t.got.value)
        if t.right.error or (usable and got_usable):
            return None
        if not t.problem and not (run.error and not t.case.ordinary):
            # Right, where the mistake gives nan: then it is not this mistake, unless
            # something else shows that it is.
            undecided += 1
            continue
        undecided += 1
    if not wrong_alike:
        return None
    if undecided and informative < 2:
        return None
    if not undecided and not informative and len(study.trials) < 4 and wrong_alike < 2:
        tellable = finite(study.first.got.value) or len(study.failed) < len(
            study.trials
        )
        if not tellable:
            return None
    return exact, informative


def explanation(mistake: Callable) -> str:
    """Return what a listed mistake says."""
    return " ".join(inspect.cleandoc(mistake.__doc__).split())


# Relations --------------------------------------------------------------------------

NAMED_FACTORS = {
    "-1": "the sign is the wrong way round",
    "N": "a sum over the examples where the mean is wanted: divide by N",
    "1/N": "divided by N once too often",
    "-N": "the sign is the wrong way round, and it is not divided by N",
    "-1/N": "the sign is the wrong way round, and it is divided by N once too often",
    "K": "something is added up over the classes, or not divided by K",
    "1/K": "divided by the number of classes as well, as .mean() of a whole table does",
    "-1/K": "the sign is the wrong way round, and it is divided by the number of classes",
    "N/K": "divided by the number of classes instead of examples",
    "K/N": "divided by the number of examples instead of classes",
    "N/D": "divided by the number of features instead of examples",
    "-N/D": "the wrong sign, and divided by the number of features instead of examples",
    "100": "a percentage; here a fraction from 0 to 1 is wanted",
    "2": "twice as much",
    "1/2": "half as much",
    "N/(N - 1)": "divided by N - 1 where N is meant",
    "(N - 1)/N": "divided by N where N - 1 is meant",
    "1/ln 2": "a logarithm of base 2; .log() is the natural one",
    "1/ln 10": "a logarithm of base 10; .log() is the natural one",
}
CONSTANTS = {"1": 1.0, "2": 2.0, "1/2": 0.5, "100": 100.0, "1/100": 0.01,
             "1/ln 2": 1 / math.log(2), "1/ln 10": 1 / math.log(10), "1/4": 0.25,
             "4": 4.0}  # fmt: skip
TRANSFORMS: dict[str, Callable[[Tensor], Tensor]] = {
    "1 minus the right result: the opposite was counted or compared": lambda v: 1 - v,
    "1 divided by the right result: the fraction stands upside down": lambda v: 1 / v,
    "minus 1 divided by the right result": lambda v: -1 / v,
    "exp of the right result: one exp too many, or a log is missing": torch.exp,
    "the logarithm of the right result: a log too many, or the exp is missing": torch.log,
    "minus the logarithm of the right result": lambda v: -torch.log(v),
    "exp of minus the right result": lambda v: torch.exp(-v),
    "2 to the power of the logarithm of the right result: the bases of log and power "
    "must agree": lambda v: 2 ** v.log(),
    "the square of the right result": torch.square,
    "the square root of the right result": torch.sqrt,
    "the absolute value of the right result": torch.abs,
    "the right result with everything below 0 cut off": lambda v: v.clamp(min=0),
    "the sigmoid of the right result": torch.sigmoid,
    "the right result rounded down": torch.floor,
    "the right result rounded to whole numbers": torch.round,
    "the right result + 1": lambda v: v + 1,
    "the right result - 1": lambda v: v - 1,
}
SHUFFLES: dict[str, Callable[[Tensor], Tensor]] = {
    "rows and columns are exchanged": lambda v: v.mT if v.ndim >= 2 else v,
    "the columns are in the opposite order": lambda v: v.flip(-1) if v.ndim >= 2 else v,
    "the order is reversed": lambda v: v.flip(0) if v.ndim else v,
    "they are sorted": lambda v: v.sort(dim=0).values if v.ndim else v,
    "they are sorted, the largest first": lambda v: (
        v.sort(dim=0, descending=True).values if v.ndim else v
    ),
    "the columns are moved by one": lambda v: v.roll(1, -1) if v.ndim >= 2 else v,
    "the columns are moved by one to the left": lambda v: (
        v.roll(-1, -1) if v.ndim >= 2 else v
    ),
    "the rows are moved by one": lambda v: v.roll(1, 0) if v.ndim else v,
    "a softmax was applied to it": lambda v: v.softmax(-1) if v.ndim else v,
    "each row was divided by its sum": lambda v: (
        v / v.sum(-1, keepdim=True) if v.ndim else v
    ),
}


def relate(study: Study) -> str | None:
    """Say which simple function of the right result the learner's result is."""
    trials = study.formulas()
    parts = _parts(study, trials, [t.right.value for t in trials])
    if not parts:
        return None
    found = [_relation(trials, pairs, study) for pairs in parts]
    if any(f is None for f in found) or not any(found):
        return None
    step = bool(study.exercise.steps)
    what = "step" if step else "result"
    if len(parts) == 1:
        return _relation_sentence(f"Your {what}", found[0], what)
    names = [*study.exercise.results, *study.exercise.steps] or [
        f"result {i + 1}" for i in range(len(parts))
    ]
    if len(set(found)) == 1:
        whole = "Both of your steps are" if step else "All of your results are"
        return _relation_sentence(whole, found[0], what, be="")
    said = [
        f"{name} is right"
        if not f
        else _relation_sentence(f"your {what} of {name}", f, what)
        for name, f in zip(names, found, strict=False)
    ]
    return _sentence("; ".join(s.rstrip(".") for s in said))


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:].rstrip(".") + "."


def _relation_sentence(subject: str, relation: str, what: str, be: str = " is") -> str:
    kind, _, text = relation.partition("|")
    if kind == "factor":
        meaning = NAMED_FACTORS.get(text, "")
        if text == "-1":
            return f"{subject}{be} the right one with the opposite sign: {meaning}."
        if text == "100":
            return f"{subject}{be} 100 times the right one: {meaning}."
        letters = [
            f"{letter} is {LETTERS[letter]}"
            for letter in re.findall(r"\b[NKD]\b", text)
            if letter in LETTERS
        ]
        about = f" ({_listed(list(dict.fromkeys(letters)))})" if letters else ""
        more = f": {meaning}" if meaning else ""
        return f"{subject}{be} {text} times the right one{about}{more}."
    if kind == "shift":
        return f"{subject}{be} always {text} more than the right one."
    if kind == "shuffle":
        return f"{subject}: the numbers are right, but {text}."
    return f"{subject}{be} {text}."


def _parts(
    study: Study, trials: list[Trial], wanted: list
) -> list[list[tuple[Tensor, Tensor, float]]] | None:
    """Return for each result the pairs (learner's, wanted) of all trials, as numbers.

    With each comes what float32 may have lost. After a step the pairs are what was
    added to the old values.
    """
    if len(trials) < 2:
        return None
    count = len(wanted[0]) if isinstance(wanted[0], (tuple, list)) else 1
    parts = [[] for _ in range(count)]
    for t, want in zip(trials, wanted, strict=True):
        got = (
            t.got.value
            if count > 1 or isinstance(want, (tuple, list))
            else (t.got.value,)
        )
        want = want if isinstance(want, (tuple, list)) else (want,)
        if not isinstance(got, (tuple, list)) or not len(got) == len(want) == count:
            return None
        for i in range(count):
            a, b = got[i], want[i]
            numbers = (bool, int, float, Tensor)
            if not isinstance(a, numbers) or not isinstance(b, numbers):
                return None
            a, b = (torch.as_tensor(v).detach().double() for v in (a, b))
            slack = 1e-9
            if study.exercise.steps and i < len(study.exercise.steps):
                old = t.case.args[study.exercise.names.index(study.exercise.steps[i])]
                if old.shape != a.shape or old.shape != b.shape:
                    return None
                a, b = a - old.double(), b - old.double()
                slack = 1e-9 + 1e-6 * old.abs().max().item()  # float32 loses digits
            parts[i].append((a, b, slack))
    return parts


def _close(a: Tensor, b: Tensor, slack: float = 1e-9) -> bool:
    if a.shape != b.shape:
        return False
    if not a.numel():
        return True
    if not b.isfinite().all():
        return False
    atol = max(2e-5 * b.abs().max().item(), slack)
    return torch.allclose(a, b, rtol=1e-4, atol=atol)


def _relation(
    trials: list[Trial], pairs: list[tuple[Tensor, Tensor, float]], study: Study
) -> str | None:
    """Return "" if right, "kind|text" for a relation that holds always, else None."""
    if all(_close(*p) for p in pairs):
        return ""
    if not all(a.isfinite().all() and b.isfinite().all() for a, b, _ in pairs):
        return None
    numbers = {round(a.flatten()[0].item(), 6) for a, _, _ in pairs if a.numel()}
    if len(numbers) < 2 and all((a == a.flatten()[:1]).all() for a, _, _ in pairs):
        return None  # a constant: it fits too much
    if all(plain(a) for a, _, _ in pairs):
        return None
    if any(a.shape != b.shape for a, b, _ in pairs):
        return None
    name = _factor(trials, pairs, study)
    if name and name != "1":
        return f"factor|{name}"
    for text, change in {**SHUFFLES, **TRANSFORMS}.items():
        if all(_close(a, change(b), slack) for a, b, slack in pairs):
            return f"{'shuffle' if text in SHUFFLES else 'is'}|{text}"
    shifts = [
        (a - b).mean().item()
        if _close(a - b, (a - b).mean().expand(a.shape), slack)
        else math.nan
        for a, b, slack in pairs
    ]
    if not any(map(math.isnan, shifts)) and all(abs(s) > 1e-6 for s in shifts):
        quantities = [quantities_of(study.exercise, t.case.args) for t in trials]
        name = _expression(shifts, quantities)
        if name:
            return f"shift|{name}"
    return None


def _factor(trials: list[Trial], pairs: list, study: Study) -> str | None:
    """Return the name of the factor between the results, if it is one."""
    factors, known = [], []
    for t, (a, b, slack) in zip(trials, pairs, strict=True):
        if a.shape != b.shape:
            return None
        size = (b * b).sum().item()
        if size <= slack**2 and _close(a, b, slack):
            continue  # 0 is right with any factor
        factor = (a * b).sum().item() / size if size else math.nan
        if not _close(a, factor * b, slack):
            return None
        factors.append(factor)
        known.append(quantities_of(study.exercise, t.case.args))
    return _expression(factors, known) if len(factors) > 1 else None


def quantities_of(exercise: Any, args: tuple) -> dict[str, float]:
    """Return the numbers that a factor can be made of: sizes, and plain arguments."""
    found: dict[str, float] = {}
    for (name, spec), value in zip(exercise.given.items(), args, strict=False):
        if isinstance(spec, str) and torch.is_tensor(value):
            for letter, size in zip(spec.split()[1:], value.shape, strict=False):
                if letter.isalpha():
                    found[letter] = float(size)
    for name, value in zip(exercise.names, args, strict=False):
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            found[name] = float(value)
    for letter in ("N", "K"):
        if found.get(letter, 0) > 1:
            found[f"({letter} - 1)"] = found[letter] - 1
    return found


def _expression(values: list[float], quantities: list[dict[str, float]]) -> str | None:
    """Return a name for a number that is known in several cases."""

    def fits(candidate: Callable[[dict], float]) -> bool:
        try:
            return all(
                math.isclose(v, candidate(q), rel_tol=1e-3)
                for v, q in zip(values, quantities, strict=True)
            )
        except (KeyError, ZeroDivisionError):
            return False

    for sign, s in (("", 1), ("-", -1)):
        for name, number in CONSTANTS.items():
            if fits(lambda q, n=number, s=s: s * n):
                return sign + name
    names = [n for n in quantities[0] if all(n in q for q in quantities)]
    changing = [n for n in names if len({round(q[n], 9) for q in quantities}) > 1]
    for sign, s in (("", 1), ("-", -1)):
        for a in changing:
            if fits(lambda q, a=a, s=s: s * q[a]):
                return sign + a
            if fits(lambda q, a=a, s=s: s / q[a]):
                return f"{sign}1/{a}"
        for a, b in itertools.permutations(changing, 2):
            if fits(lambda q, a=a, b=b, s=s: s * q[a] / q[b]):
                return f"{sign}{a}/{b}"
            if a < b and fits(lambda q, a=a, b=b, s=s: s * q[a] * q[b]):
                return f"{sign}{a} x {b}"
            if a < b and fits(lambda q, a=a, b=b, s=s: s / (q[a] * q[b])):
                return f"{sign}1/({a} x {b})"
    if len({round(v, 4) for v in values}) == 1 and len(values) > 2:
        return f"{values[0]:.3g}"
    return None


def besides(study: Study, wanted: list, trials: list[Trial]) -> str | None:
    """Return "" if the learner's results are those, else what is wrong besides them.

    None if there is no simple relation. So a mistake is found although another one, a
    factor or a sign, lies on top of it.
    """
    if any(w is None for w in wanted) or not all(map(finite, wanted)):
        return None
    if all(map(plain, wanted)):
        return None
    try:
        parts = _parts(study, trials, wanted) or []
    except (RuntimeError, TypeError, IndexError):
        return None
    found = set()
    for pairs in parts:
        if not all(finite(a) and a.shape == b.shape for a, b, _ in pairs):
            return None
        if all(_close(*p) for p in pairs):
            found.add("")
        elif all(_close(a, 1 - b) for a, b, _ in pairs):
            found.add("the opposite was counted or compared, 1 minus the result")
        else:
            found.add(NAMED_FACTORS.get(_factor(trials, pairs, study) or "", None))
    return found.pop() if len(found) == 1 else None


def compose(study: Study) -> tuple[Callable, str] | None:
    """Return a listed mistake and what is wrong besides it, if both together fit."""
    trials = study.formulas()
    if len(trials) < 3:
        return None
    for mistake in study.exercise.mistakes:
        runs = [study.exercise.mistake_run(mistake, t.case) for t in trials]
        if any(r.error for r in runs) or all(
            same(r.value, t.right.value) for r, t in zip(runs, trials, strict=True)
        ):
            continue
        more = besides(study, [r.value for r in runs], trials)
        if more:
            return mistake, more
    return None


def instead(study: Study) -> str | None:
    """Say which other arguments the learner's result is the right one for.

    A slip often amounts to a right calculation with a wrong argument: labels that are
    counted from 1, softmax applied to the logits before, a bias that is left out.
    """
    exercise = study.exercise
    trials = study.formulas()
    if len(trials) < 3:
        return None
    trials.sort(key=lambda t: t.problem is None)  # the first that fails, first
    second = None
    for text, change in _changes(exercise.names, trials[0].case.args):
        if study.late():
            break
        wanted = []
        for t in trials:
            try:
                q = quantities_of(exercise, t.case.args)
                args = change(copy.deepcopy(t.case.args), q)
            except Exception:  # this change does not fit these arguments
                break
            run = observe(exercise.reference, args, exercise.names)
            if run.error:
                break
            if not wanted:
                kin = besides(study, [run.value] * 2, [t, t])
                if kin is None and not same(run.value, t.got.value):
                    break
            wanted.append(run.value)
        if len(wanted) < len(trials):
            continue
        same_as_right = [
            same(w, t.right.value) for w, t in zip(wanted, trials, strict=True)
        ]
        if all(same_as_right):
            continue
        exact = all(same(w, t.got.value) for w, t in zip(wanted, trials, strict=True))
        if exact and not all(map(plain, wanted)):
            return f"Your result is the right one for {text}."
        more = besides(study, wanted, trials)
        if more and second is None:
            second = (
                f"Two things. One: up to the other, your result is that for {text}. "
                f"The other: {more}."
            )
    return second


def _changes(names: Sequence[str], args: tuple) -> Iterator[tuple[str, Callable]]:
    """Yield what else the arguments could have been: a text, and a change of them."""

    def at(i: int, make: Callable) -> Callable:
        return lambda args, q: (*args[:i], make(args[i], q), *args[i + 1 :])

    for i, (name, value) in enumerate(zip(names, args, strict=False)):
        if torch.is_tensor(value):
            kind = "floats" if value.is_floating_point() else "indices"
            if kind == "floats" and set(value.flatten().tolist()) <= {0.0, 1.0}:
                kind = "bits"
        else:
            kind = type(value).__name__
        for text, make in OTHER_ARGUMENTS.get(kind, {}).items():
            yield f"{text.format(name)} in the place of {name}", at(i, make)
        for j in range(i + 1, len(args)):
            other = args[j]
            if type(other) is type(value) and not isinstance(value, (bool, nn.Module)):

                def swap(args, q, i=i, j=j):
                    args = list(args)
                    args[i], args[j] = args[j], args[i]
                    return tuple(args)

                yield f"{name} and {names[j]} exchanged", swap


def _classes_of(quantities: dict) -> int:
    return int(quantities.get("K", 2))


OTHER_ARGUMENTS: dict[str, dict[str, Callable]] = {
    "floats": {
        "-{0}": lambda v, q: -v,
        "2 * {0}": lambda v, q: 2 * v,
        "{0} / 2": lambda v, q: v / 2,
        "softmax({0}), which is one softmax too many,": lambda v, q: v.softmax(-1),
        "softmax({0}) down the columns": lambda v, q: v.softmax(0),
        "log_softmax({0})": lambda v, q: v.log_softmax(-1),
        "sigmoid({0}), which is one sigmoid too many,": lambda v, q: v.sigmoid(),
        "{0}, with rows and columns exchanged,": lambda v, q: (
            v.T.reshape(v.shape) if v.ndim == 2 and len(v) == v.shape[1] else v.T
        ),
        "0 (so it has no effect)": lambda v, q: torch.zeros_like(v),
        "1": lambda v, q: torch.ones_like(v),
        "exp({0})": lambda v, q: v.exp(),
        "log({0})": lambda v, q: v.log(),
        "1 / {0}": lambda v, q: 1 / v,
        "1 - {0}": lambda v, q: 1 - v,
        "the square of {0}": lambda v, q: v**2,
        "the square root of {0}": lambda v, q: v.sqrt(),
        "|{0}|": lambda v, q: v.abs(),
        "{0}, with everything below 0 cut off,": lambda v, q: v.clamp(min=0),
        "{0} rounded": lambda v, q: v.round(),
        "the sum of {0} in every place": lambda v, q: v.sum().expand(v.shape),
        "the mean of {0} in every place": lambda v, q: v.mean().expand(v.shape),
        "the first of {0} in every place": lambda v, q: v[:1].expand(v.shape),
        "the last of {0} in every place": lambda v, q: v[-1:].expand(v.shape),
        "{0} in the opposite order": lambda v, q: v.flip(0),
        "{0} with the columns in the opposite order": lambda v, q: v.flip(-1),
        "{0}, turned by 180 degrees,": lambda v, q: v.flip(0, 1),
        "{0} divided by its sum": lambda v, q: v / v.sum(),
        "{0} divided by its largest": lambda v, q: v / v.max(),
        "{0} times N": lambda v, q: v * q["N"],
        "{0} divided by N": lambda v, q: v / q["N"],
        "{0} times K": lambda v, q: v * q["K"],
    },
    "indices": {
        "{0} - 1 (classes and positions are counted from 0)": lambda v, q: (
            (v - 1) % _classes_of(q)
        ),
        "{0} + 1 (classes and positions are counted from 0)": lambda v, q: (
            (v + 1) % _classes_of(q)
        ),
        "1 - {0}": lambda v, q: 1 - v,
        "0": lambda v, q: torch.zeros_like(v),
        "1": lambda v, q: torch.ones_like(v),
        "-{0}": lambda v, q: -v,
        "{0} in the opposite order": lambda v, q: v.flip(0),
        "the first of {0} in every place": lambda v, q: v[:1].expand(v.shape),
        "{0} + 1": lambda v, q: v + 1,
        "{0}, with rows and columns exchanged,": lambda v, q: v.T,
    },
    "bits": {
        "1 - {0}": lambda v, q: 1 - v,
        "-{0}": lambda v, q: -v,
        "0": lambda v, q: torch.zeros_like(v),
        "1": lambda v, q: torch.ones_like(v),
        "{0} in the opposite order": lambda v, q: v.flip(0),
    },
    "float": {
        "1 / {0}": lambda v, q: 1 / v,
        "1 - {0}": lambda v, q: 1 - v,
        "1": lambda v, q: 1.0,
        "0": lambda v, q: 0.0,
        "-{0}": lambda v, q: -v,
        "2 * {0}": lambda v, q: 2 * v,
        "{0} / 2": lambda v, q: v / 2,
        "the square of {0}": lambda v, q: v * v,
        "the square root of {0}": lambda v, q: math.sqrt(v),
        "{0} times K": lambda v, q: v * q["K"],
        "{0} times N": lambda v, q: v * q["N"],
    },
    "int": {
        "{0} + 1": lambda v, q: v + 1,
        "{0} - 1": lambda v, q: v - 1,
        "1": lambda v, q: 1,
        "2 * {0}": lambda v, q: 2 * v,
        "0": lambda v, q: 0,
    },
    "bool": {"not {0}": lambda v, q: not v},
    "list": {
        "{0} without its first entry": lambda v, q: v[1:],
        "{0} without its last entry": lambda v, q: v[:-1],
        "{0} in order": lambda v, q: sorted(v),
        "{0} in the opposite order": lambda v, q: v[::-1],
        "{0} with a first entry that counts": lambda v, q: [v[0], *v],
    },
}


def slipped(study: Study) -> str | None:
    """Say with which slip, or which two, the solution gives the learner's result."""
    exercise = study.exercise
    trials = study.formulas()
    if len(trials) < 3:
        return None
    trials.sort(key=lambda t: t.problem is None)
    first, rest = trials[0], trials[1:]
    try:
        tree = source_tree(exercise.reference)
    except (OSError, TypeError):
        return None
    known = list(edits(tree))

    def result(function: Callable, trial: Trial) -> Any:
        try:
            with undisturbed():
                return function(*copy.deepcopy(trial.case.args))
        except Exception:
            return None

    def confirmed(function: Callable) -> bool:
        values = [result(function, t) for t in rest]
        return all(
            same(v, t.got.value) for v, t in zip(values, rest, strict=True)
        ) and not all(map(plain, [first.got.value, *values]))

    values = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for edit in known:
            if study.late():
                return None
            function = build(exercise.reference, tree, edit)
            values[edit] = result(function, first) if function else None
            if same(values[edit], first.got.value) and confirmed(function):
                return f"Your result is what comes out if {edit.text}."
        for edit, value in values.items():
            if value is None or besides(study, [value] * 2, [first] * 2) is None:
                continue
            function = build(exercise.reference, tree, edit)
            more = besides(study, [result(function, t) for t in trials], trials)
            if more and not all(
                same(result(function, t), t.right.value) for t in trials
            ):
                return f"Two things: {edit.text}. And {more}."
        # Two at once: only slips that change something, and only for a short while.
        moving = [
            e for e, v in values.items() if v is None or not same(v, first.right.value)
        ]
        for one, other in itertools.combinations(moving, 2):
            if study.late():
                return None
            if set(one.places) & set(other.places):
                continue
            function = build(exercise.reference, tree, one, other)
            if function and same(result(function, first), first.got.value):
                if confirmed(function):
                    return f"Two things: {one.text}. And {other.text}."
    return None


def difference(study: Study) -> str | None:
    """Say by which argument, or part of one, the result is too large or too small."""
    trials = study.formulas()
    parts = _parts(study, trials, [t.right.value for t in trials])
    if not parts or len(parts) > 1 or len(trials) < 3:
        return None
    for i, name in enumerate(study.exercise.names):
        for text, part in PARTS_OF.items():
            for sign, word in ((1, "too large by"), (-1, "too small by")):
                hits = []
                for t, (a, b, slack) in zip(trials, parts[0], strict=True):
                    try:
                        d = part(torch.as_tensor(t.case.args[i]).double())
                        fits = _close(a, b + sign * d, max(slack, 1e-6))
                    except (RuntimeError, IndexError, TypeError, ValueError):
                        fits = False
                    if not fits:
                        break
                    hits.append(bool(d.any()))
                if len(hits) == len(trials) and any(hits):
                    return f"Your result is {word} {text.format(name)}."
    return None


PARTS_OF: dict[str, Callable[[Tensor], Tensor]] = {
    "{0}": lambda v: v,
    "the largest of each row of {0}": lambda v: v.max(dim=1).values,
    "the smallest of each row of {0}": lambda v: v.min(dim=1).values,
    "the mean of each row of {0}": lambda v: v.mean(dim=1),
    "the sum of each row of {0}": lambda v: v.sum(dim=1),
    "the sum of {0}": lambda v: v.sum(),
    "the mean of {0}": lambda v: v.mean(),
    "the largest of {0}": lambda v: v.max(),
}


# Other things to say ----------------------------------------------------------------


def violated(study: Study) -> str | None:
    """Return the first property that the labs prove and this function lacks."""
    trials = [t for t in study.formulas() if t.problem][:3]
    for property_ in study.exercise.properties:
        said = None
        for t in trials:
            if t.got.error:
                continue
            try:
                said = property_(study.call, t.got.value, *copy.deepcopy(t.case.args))
            except Exception:  # a result of another form
                said = None
            if not said:
                break
        if said:
            return said
    return None


def without_influence(study: Study) -> list[str]:
    """Return the arguments that have no influence on the result, but should have."""
    exercise, idle = study.exercise, []
    trials = [t for t in study.formulas() if not t.got.error]
    if not trials:
        return []
    for i, name in enumerate(exercise.names):
        if name in exercise.given:
            moved_right, moved = 0, False
            for k in range(8):
                base = draw(exercise.given, SIZES[k % 3], 50 + k)
                other = draw(exercise.given, SIZES[k % 3], 70 + k)
                changed = (*base[:i], other[i], *base[i + 1 :])
                a, b = (
                    observe(study.function, args, exercise.names)
                    for args in (base, changed)
                )
                c, d = (exercise.right_run(Case(args)) for args in (base, changed))
                if a.error or b.error:
                    moved = True
                    break
                moved_right += not same(c.value, d.value)
                moved = not same(a.value, b.value)
                if moved:
                    break
            if moved_right > 2 and not moved:
                idle.append(name)
    return idle


def right_when(study: Study) -> str | None:
    """Say for which harmless argument, or pair of them, the result is right."""
    given, exercise = study.exercise.given, study.exercise
    if not given:
        return None
    neutral = []
    if uses(given, "N"):
        neutral.append(
            ("there is a single example (N = 1)", {"N": 1}, {},
             "how the examples are put together")
        )  # fmt: skip
    for name, spec in given.items():
        if isinstance(spec, str):
            for caption, make in kind_of(spec).neutral.items():
                caption = caption.replace("it is", f"{name} is")
                neutral.append((caption, {}, {name: make}, f"what {name} does"))

    def right(sizes: dict, instead: dict) -> bool:
        told = False
        for k in range(3):
            case = Case(draw(given, {**SIZES[k], **sizes}, 90 + k, **instead))
            expected = exercise.right_run(case)
            got = exercise.observe(study.function, case.args)
            if problem(got, expected):
                return False
            told = told or not plain(expected.value)
        return told

    if right({}, {}):  # wrong for something special only
        return None
    hits = [n for n in neutral if right(n[1], n[2])]
    if hits:
        caption, _, _, look = hits[0]
        return f"It is right if {caption}, and else it is not: look at {look}."
    for a, b in itertools.combinations(neutral, 2):
        if right({**a[1], **b[1]}, {**a[2], **b[2]}):
            return (
                f"It is right only if {a[0]} and {b[0]}, both at the same time: look at "
                f"{a[3]}, and at {b[3]}."
            )
    return None


def locate(study: Study) -> str | None:
    """Say where the wrong numbers stand, if there is a simple rule."""
    trials = [
        t
        for t in study.trials
        if t.problem
        and t.problem[0] == "value"
        and torch.is_tensor(t.got.value)
        and torch.is_tensor(t.right.value)
        and t.got.value.shape == t.right.value.shape
        and t.right.value.ndim
    ]
    if len(trials) < 1:
        return None
    masks = []
    for t in trials:
        a, b = t.got.value.double(), t.right.value.double()
        near = torch.isclose(a, b, rtol=1e-4, atol=1e-6, equal_nan=True)
        masks.append((t, ~near))
    telling = [m for m in masks if not m[1].all()]
    if not telling:
        return None
    for text, where in PLACES.items():
        try:
            found = [where(t, mask) for t, mask in masks]
        except (RuntimeError, IndexError):
            continue
        if all(
            f is not None and f.equal(m) for f, (_, m) in zip(found, masks, strict=True)
        ):
            return f"Only {text} wrong; the others are right."
    return None


def _at(mask: Tensor, *index) -> Tensor:
    full = torch.zeros_like(mask)
    full[index] = True
    return full


def _by_input(compare: Callable[[Tensor], Tensor]) -> Callable:
    def where(t: Trial, mask: Tensor) -> Tensor | None:
        first = t.case.args[0] if t.case.args else None
        fits = torch.is_tensor(first) and first.shape == mask.shape
        return compare(first) if fits else None

    return where


def _by_label(right_class: bool) -> Callable:
    def where(t: Trial, mask: Tensor) -> Tensor | None:
        for value in t.case.args[1:]:
            if torch.is_tensor(value) and value.dtype == torch.int64 and mask.ndim == 2:
                if value.shape == mask.shape[:1]:
                    own = torch.zeros_like(mask)
                    own[torch.arange(len(value)), value] = True
                    return own if right_class else ~own
        return None

    return where


def _2d(mask: Tensor) -> Tensor | None:
    return mask if mask.ndim == 2 else None


PLACES: dict[str, Callable[[Trial, Tensor], Tensor | None]] = {
    "the last column is": lambda t, m: _at(m, ..., -1) if m.ndim > 1 else None,
    "the first column is": lambda t, m: _at(m, ..., 0) if m.ndim > 1 else None,
    "the last row is": lambda t, m: _at(m, -1) if m.ndim > 1 else None,
    "the first row is": lambda t, m: _at(m, 0) if m.ndim > 1 else None,
    "the diagonal is": lambda t, m: (
        torch.eye(*m.shape, dtype=torch.bool) if m.ndim == 2 else None
    ),
    "the entries off the diagonal are": lambda t, m: (
        ~torch.eye(*m.shape, dtype=torch.bool) if m.ndim == 2 else None
    ),
    "the last number is": lambda t, m: _at(m, -1) if m.ndim == 1 else None,
    "the first number is": lambda t, m: _at(m, 0) if m.ndim == 1 else None,
    "the entry of the right class in each row is": _by_label(True),
    "the entries of the other classes, not those of the right one, are": _by_label(
        False
    ),
    "the results for negative inputs are": _by_input(lambda x: x < 0),
    "the results for positive inputs are": _by_input(lambda x: x > 0),
    "the results for an input of exactly 0 are": _by_input(lambda x: x == 0),
    "the results for inputs above 20 are": _by_input(lambda x: x > 20),
    "the results for inputs below -20 are": _by_input(lambda x: x < -20),
    "the results for inputs beyond 20 and -20 are": _by_input(lambda x: x.abs() > 20),
}


def captions(study: Study) -> str | None:
    """Say for which inputs the result is right, and for which it is not."""
    ordinary = [t for t in study.trials if t.case.ordinary]
    if not ordinary or any(t.problem for t in ordinary):
        if all(t.problem for t in study.trials):
            return None
        right = [
            t.case.caption for t in study.trials if t.case.caption and not t.problem
        ]
        if any(not t.problem for t in ordinary):
            return None
        right = list(dict.fromkeys(right))
        return f"Right only for: {_listed(right[:3])}." if right else None
    bad = list(dict.fromkeys(t.case.caption for t in study.failed if t.case.caption))
    return f"Right for ordinary inputs. Wrong for: {_listed(bad)}." if bad else None


def slope_place(study: Study) -> str | None:
    """Say where slopes are wrong: at exactly 0, or where numbers are large."""
    trials = [t for t in study.failed if t.problem[0] == "slope"]
    rules = {
        "0": lambda x: x == 0,
        "large": lambda x: x.abs() > 20,
    }
    for rule, where in rules.items():
        fits = bool(trials)
        for t in trials:
            for name, expected in t.right.slopes.items():
                slope = t.got.slopes.get(name)
                x = t.case.args[study.exercise.names.index(name)]
                if slope is None or expected is None:
                    fits = False
                    continue
                off = ~torch.isclose(slope, expected, rtol=0.05, atol=1e-5)
                fits = fits and bool(off.any()) and bool((~off | where(x)).all())
        if fits and rule == "0":
            return (
                "The slope is wrong only where the input is exactly 0. There abs(), "
                "clamp() and relu() have a kink, and where() takes one side of it; "
                "PyTorch then chooses a slope that is not yours. Training often starts "
                "at 0. A formula without a kink at 0 is needed."
            )
        if fits:
            return "The slope is wrong only where numbers are large."
    return None


def lints(function: Callable, names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the arguments that never occur, and the values that are thrown away."""
    try:
        source = textwrap.dedent(inspect.getsource(function))
        tree = ast.parse(source)
    except (OSError, TypeError, SyntaxError):
        return [], []
    body = next((n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)), None)
    if body is None or body.name != getattr(function, "__name__", ""):
        return [], []
    own = [a.arg for a in (*body.args.posonlyargs, *body.args.args)]
    used = {n.id for n in ast.walk(body) if isinstance(n, ast.Name)}
    unused = [a for a in own if a not in used and not a.startswith("_")]
    thrown = []
    for node in ast.walk(body):
        match node:
            case ast.Call(
                func=ast.Attribute(attr="one_hot") | ast.Name(id="one_hot"),
                args=[_],
                keywords=[],
            ):
                thrown.append(
                    f"`{ast.unparse(node)}` takes the largest label for the last class. "
                    "If that class is missing, so is its column: give the number of "
                    "classes as well."
                )
        if not isinstance(node, ast.Expr):
            continue
        text = ast.unparse(node)
        call = node.value
        if isinstance(call, (ast.Compare, ast.BinOp)):
            thrown.append(f"`{text}` is calculated and thrown away: nothing keeps it.")
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
            continue
        owner, method = ast.unparse(call.func.value), call.func.attr
        if method in ("no_grad", "enable_grad", "inference_mode"):
            thrown.append(
                f"The line `{text}` does nothing by itself: `with {text}:`, and the "
                "lines that it is for below, moved to the right."
            )
        elif method in RETURNED and "model" not in owner and owner not in ("net", "F"):
            thrown.append(
                f"The line `{text}` makes a new value and throws it away: {owner} itself "
                f"stays as it was. Write {owner.split('.')[0]} = {text}."
            )
    return unused, thrown


RETURNED = set(
    "to float double long int exp log log2 log1p sum mean abs sqrt square clamp clip "
    "softmax log_softmax logsumexp sigmoid flatten reshape view squeeze unsqueeze "
    "transpose t permute detach clone cpu cuda argmax argsort flip roll max min item "
    "repeat expand contiguous pow neg".split()
)


def smallest(study: Study) -> Trial:
    """Return a failing input that a person can calculate on paper, if there is one."""
    first, exercise = study.first, study.exercise
    kind = first.problem[0]
    if not exercise.given or kind not in ("value",) or not first.case.ordinary:
        return first
    for sizes in SMALL_SIZES:
        for seed in range(5):
            try:
                case = Case(draw(exercise.given, sizes, seed, small=True))
            except (RuntimeError, ValueError):
                continue
            right = exercise.right_run(case)
            got = exercise.observe(study.function, case.args)
            found = problem(got, right, exercise.results or exercise.steps)
            if found and found[0] == kind and not plain(right.value):
                return Trial(case, got, right, found)
    return first


# Properties -------------------------------------------------------------------------
#
# What the labs prove, as data. A property is a function of a way to call the learner's
# function, its result and the arguments; it returns what is wrong, or nothing.


def rows_sum_to(total: float, why: str, dim: int = 1) -> Callable:
    """Each row of the result sums to a number."""

    def check(call, value, *args):
        sums = value.double().sum(dim=dim)
        off = (sums - total).abs()
        if off.max() > 1e-4:
            return f"{why} One of yours sums to {sums[off.argmax()].item():.4g}."
        return None

    return check


def sums_to(total: float, why: str) -> Callable:
    """The whole result sums to a number."""

    def check(call, value, *args):
        if abs(value.double().sum().item() - total) > 1e-4:
            return f"{why} Yours sums to {value.double().sum().item():.4g}."
        return None

    return check


def between(low: float, high: float, why: str) -> Callable:
    """Nothing in the result lies outside of a range."""

    def check(call, value, *args):
        for part in value if isinstance(value, (tuple, list)) else (value,):
            numbers = torch.as_tensor(part).double()
            out = numbers[(numbers < low - 1e-6) | (numbers > high + 1e-6)]
            if len(out.flatten()):
                return f"{why} Yours holds {out.flatten()[0].item():.4g}."
        return None

    return check


def unchanged(why: str, change: Callable) -> Callable:
    """The result stays the same if the arguments are changed in some way."""

    def check(call, value, *args):
        other = call(change(*copy.deepcopy(args)))
        return None if same(value, other) else f"{why} Yours changes."

    return check


def follows(why: str, change: Callable, result: Callable) -> Callable:
    """The result changes in a known way if the arguments are changed."""

    def check(call, value, *args):
        other = call(change(*copy.deepcopy(args)))
        return None if same(result(value), other) else f"{why} Yours does not."

    return check


def holds(why: str, test: Callable) -> Callable:
    """Some test of result and arguments holds."""

    def check(call, value, *args):
        return None if test(value, *args) else why

    return check


# Words ------------------------------------------------------------------------------


def show(value: Any) -> str:
    """Return a short text for any value."""
    if isinstance(value, nn.Module):
        return "model" if list(value.parameters()) else f"{type(value).__name__}()"
    if isinstance(value, torch.optim.Optimizer):
        return f"an optimizer ({type(value).__name__})"
    if isinstance(value, list) and value and isinstance(value[0], tuple):
        shapes = [tuple(getattr(x, "shape", ())) for x in value[0]]
        return (
            f"[{len(value)} pairs, the first of shapes {_listed([*map(str, shapes)])}]"
        )
    if torch.is_tensor(value) and value.numel() > 24:
        return f"tensor of shape {tuple(value.shape)}"
    try:
        return shorten(" ".join(repr(value).split()))
    except Exception:  # an object whose repr fails
        return f"<{type(value).__name__}>"


def shorten(text: str) -> str:
    """Cut a long text."""
    text = text.strip()
    return text if len(text) <= 300 else text[:300] + " ..."


def _listed(items: Sequence[str]) -> str:
    items = [i for i in items if i]
    return (
        " and ".join([", ".join(items[:-1]), items[-1]])
        if len(items) > 1
        else "".join(items)
    )
