"""What a function does, and in which way that differs from what is right.

`observe` calls a function and notes all that can be seen from outside: the value or the
error with the learner's own line, what was changed, slopes. `problem` names the
first difference between two such runs. Whatever a function does, nothing of it is left.
"""

import contextlib
import copy
import functools
import inspect
import io
import linecache
import math
import random
import re
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

# Observing --------------------------------------------------------------------------


@dataclass
class Run:
    """What happened when a function was called."""

    value: Any = None
    error: BaseException | None = None
    where: str = ""  # the learner's own line of the error, and the shapes in it
    changed: tuple[str, ...] = ()  # which arguments were changed, and what of them
    after: tuple = ()  # the arguments as they were left
    measure: Callable | None = None  # measures the slopes, when they are asked for
    printed: str = ""
    warned: str = ""  # the first warning, if any

    @functools.cached_property
    def slopes(self) -> dict[str, Tensor | None]:
        """The slopes of a weighted sum of the result, by argument; None if lost."""
        return self.measure() if self.measure else {}

    @functools.cached_property
    def exact_slopes(self) -> dict[str, Tensor | None]:
        """The same, calculated with twice the digits where that can be done."""
        return self.measure(exact=True) if self.measure else {}


_kept = []  # NumPy's state, of the outermost `undisturbed`: it takes long to read


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """Leave random numbers, warnings and the default dtype as they were."""
    dtype, state = torch.get_default_dtype(), random.getstate()
    torch_state = torch.get_rng_state()
    numpy = sys.modules.get("numpy")
    outermost = bool(numpy) and not _kept
    if outermost:
        _kept.append(numpy.random.get_state())
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
        if outermost:
            numpy.random.set_state(_kept.pop())


@contextlib.contextmanager
def silently() -> Iterator[None]:
    """Do as `undisturbed`, and show neither what is printed nor a warning."""
    silence = io.StringIO()
    with (
        undisturbed(),
        contextlib.redirect_stdout(silence),
        contextlib.redirect_stderr(silence),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        yield


def observe(
    function: Callable, args: tuple, names: Sequence[str], slopes: Sequence[str] = ()
) -> Run:
    """Call a function on copies of the arguments and note all that happened."""
    given = copy.deepcopy(args)
    printed, run = io.StringIO(), Run()
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
    if slopes and run.error is None and torch.is_tensor(run.value):
        run.measure = functools.partial(_slopes, function, args, names, slopes)
    return run


def _slopes(
    function: Callable,
    args: tuple,
    names: Sequence[str],
    wanted: Sequence[str],
    *,
    exact: bool = False,
) -> dict[str, Tensor | None]:
    """Return the slopes of a weighted sum of the result, by argument."""
    args = copy.deepcopy(args)
    if exact:
        args = tuple(
            a.double() if torch.is_tensor(a) and a.is_floating_point() else a
            for a in args
        )
    leaves = {
        name: a.requires_grad_()
        for name, a in zip(names, args, strict=False)
        if name in wanted and torch.is_tensor(a) and a.is_floating_point()
    }
    try:
        with silently():  # what the function prints was shown once already
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
        return "" if str(old) == str(new) else "its settings"
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
    # What stood before in a name that gets a new value says nothing.
    read = re.sub(r"^[\w.]+ *=(?!=)", "", line)
    for name in dict.fromkeys(re.findall(r"[A-Za-z_]\w*", read)):
        value = frame.f_locals.get(name)
        if torch.is_tensor(value) and re.search(rf"\b{name}\.grad\b", read):
            if not value.is_leaf:
                facts.append(f"{name} is the result of a calculation")
            elif value.grad is None:
                facts.append(f"{name}.grad is still None")
        elif torch.is_tensor(value):
            facts.append(f"{name} has shape {tuple(value.shape)}")
            if not value.is_floating_point():
                facts[-1] += f" and dtype {str(value.dtype).removeprefix('torch.')}"
        elif isinstance(value, (tuple, list)):
            kind = f"{type(value).__name__} of length {len(value)}"
            pair = type(value).__module__ == "torch.return_types"
            facts.append(f"{name} is a {'pair' if pair else kind}")
        elif isinstance(value, (bool, int, float)):
            facts.append(f"{name} is {value!r}")
    return f"In your line `{line}`" + (f" {listed(facts)}." if facts else ".")


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
    with contextlib.suppress(BaseException), silently(), calls:
        function(*copy.deepcopy(args))
    return calls.names


def runs_code(function: Callable, args: tuple, code: Any) -> bool:
    """Whether a function runs that code, itself or through others."""
    found = False

    def look(frame, event, argument):
        nonlocal found
        found = found or frame.f_code is code

    args = copy.deepcopy(args)
    before = sys.getprofile()
    with contextlib.suppress(BaseException), silently():
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
    if right.changed and not same(state(one.after), state(other.after)):
        return False  # it shall change something, a model in training, say
    if right.error or not same(other.value, right.value):
        return True
    # Right values: the mistake must lie in the same side effect or the same type.
    return (
        _type(one.value) == _type(other.value)
        and one.changed == other.changed
        and all(close_slopes(one.slopes.get(k), v) for k, v in other.slopes.items())
    )


def state(values: tuple) -> list:
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
        return len(value) < 4 and all(map(plain, value))
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
    found = _value_problem(got.value, right.value, results)
    if found:
        return found
    if right.changed and not same(state(got.after), state(right.after)):
        what = listed([name.split(" (")[0] for name in right.changed])
        return "side effect", (
            f"The result is right, but afterwards the numbers in {what} are not."
        )
    if got.changed and got.changed != right.changed:
        extra = [c for c in got.changed if c not in right.changed]
        text = f"The result is right, but the function changed {listed(extra)}."
        said = extra[0].split("(", 1)[1][:-1] if extra else ""
        if said and not said.startswith(("its ", "requires_grad")):  # a note, in words
            text = f"The number is right, but {said}."
        elif "its mode" in text:
            text += " Leave it in the mode in which you found it."
        elif "its device" in text:
            text += (
                " A model's .to() and .cpu() move the model itself: move the data, and"
                " leave the model where it is."
            )
        elif extra:
            text += (
                " The caller still needs it as it was: work on a .clone() of it, or on "
                "new tensors, without in-place operations such as -= or a trailing "
                "underscore."
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
                "The values are right. But PyTorch has to remember how the result was "
                f"made from {name}, because later labs learn by that. "
                "torch.tensor(...) of numbers forgets it, and so do .item(), "
                ".tolist(), .detach(), .data, .numpy() and no_grad. Use tensor "
                "operations throughout (torch.stack joins tensors)."
            )
        if not slope.isfinite().all():
            return "slope", (
                "The values are right, but their slope is nan or inf: somewhere on "
                "the way stands log(0), 0 / 0 or an overflow, even if masked later."
            )
        if not close_slopes(slope, expected) and not _close_exactly(got, right, name):
            return "slope", (
                f"The values are right, but their slope with respect to {name} is "
                "not. Often a part of the calculation is cut off by .detach(), .data "
                "or .item()."
            )
    return None


def _close_exactly(got: Run, right: Run, name: str) -> bool:
    """Whether slopes that differ are the same but for digits that float32 lost."""
    slope, expected = (run.exact_slopes.get(name) for run in (got, right))
    return slope is not None and expected is not None and close_slopes(slope, expected)


def _value_problem(
    got: Any, right: Any, results: Sequence[str] = ()
) -> tuple[str, str] | None:
    if got is None:
        return "form", "It returned None: no `return` with a value was reached."
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
                what = "missing" if len(got) < len(right) else "too many"
                also = f" Those at the beginning are right: the end is {what}."
            return (
                "form",
                f"It returned {len(got)} {thing}; expected {len(right)}.{also}",
            )
        if isinstance(right, list) and isinstance(got, tuple):
            return "form", "It returned a tuple; expected a list."
        for i, (one, expected) in enumerate(zip(got, right, strict=True)):
            found = _value_problem(one, expected)
            if found and isinstance(right, list):
                return found[0], f"Piece {i + 1} of {len(got)}. {found[1]}"
            if found:
                name = results[i] if i < len(results) else ""
                which = f"Number {i + 1} of the {len(got)} results"
                return found[0], f"{which}{name and f', {name}'}: {found[1]}"
        return None
    if isinstance(right, tuple):
        names = ", ".join("abcdefgh"[: len(right)])
        return "form", f"It returned one thing; expected {len(right)}: return {names}"
    if torch.is_tensor(right):
        if not torch.is_tensor(got):
            return "form", (
                f"It returned a {type(got).__name__}; expected a tensor of shape "
                f"{tuple(right.shape)}.{_about_type(got, right)}"
            )
        if got.shape != right.shape:
            return "form", (
                f"The result has shape {tuple(got.shape)}; "
                f"expected {tuple(right.shape)}.{_about_shape(got, right)}"
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
        what = "" if isinstance(got, Iterator) else f" ({show(got)})"
        wanted = type(right).__name__
        article = "an" if wanted == "int" else "a"
        return "form", (
            f"It returned a {type(got).__name__}{what}; "
            f"expected {article} {wanted}.{_about_type(got, right)}"
        )
    if not same(got, right):
        return "value", f"Expected {show(right)}\nGot {show(got)}"
    if torch.is_tensor(right) and got.dtype != right.dtype:
        return "form", f"The result has dtype {got.dtype}; expected {right.dtype}."
    return None


WHENCE = (
    "(nan comes from inf / inf, inf - inf, 0 / 0 or 0 * inf, and inf from exp of a "
    "large number, 1 / 0 or log(0): look for the step that gets too large or small.)"
)


def _about_type(got: Any, right: Any) -> str:
    """Say what to do about a result of another type."""
    if inspect.isgenerator(got):
        return " A function with yield gives its pieces one by one: collect them."
    if isinstance(got, Iterator):
        return " It gives its pieces one by one, and only once: list(...) of it."
    if torch.is_tensor(right) and isinstance(got, (list, tuple)):
        return " torch.tensor(...) makes one of plain numbers, torch.stack of tensors."
    if torch.is_tensor(right) and isinstance(got, (bool, int, float)):
        return " Of plain numbers PyTorch does not know how they were made."
    return ""


def _about_shape(got: Tensor, right: Tensor) -> str:
    """Say more of a result with another shape."""
    if got.numel() == right.numel() and right.numel() > 1:
        if got.ndim == 2 and got.T.shape == right.shape and same(got.T, right):
            return " The numbers are right, but rows and columns are exchanged."
        if same(got.reshape(right.shape), right):
            how = (
                "flatten() or squeeze()" if right.ndim == 1 else "reshape or unsqueeze"
            )
            return f" The numbers are right, only their form is not: {how}."
    if right.ndim == 0 and got.numel() > 1 and got.is_floating_point():
        for what, number in (("mean", got.mean()), ("sum", got.sum())):
            if same(number.to(right.dtype), right):
                return f" The {what} of your numbers is right: .{what}() is missing."
    return ""


# Errors -----------------------------------------------------------------------------

# What to try after an error: a part of its text, what the learner's own line must hold,
# and the advice; {0} is what the first part caught.
ADVICE = (
    (r"torch\.return_types", "", (
        "max with dim (sort, topk and mode, too) gives two things, the values and "
        "their positions. Take .values or .indices."
    )),
    ("not implemented for|must be either a floating|type Float can't|with a bool", "", (
        "This does not work on whole numbers or True and False: call .float() first."
    )),
    ("is ambiguous", r"[<>]=? ?[\w.]+ ?[=!]=|[=!]= ?[\w.]+ ?[<>]", (
        "Python reads a < b == c as a < b and b == c. Set brackets: (a < b) == c."
    )),
    ("is ambiguous", r"\b(if|and|or|not|while|assert)\b", (
        "`if`, `and`, `or` and `not` need a single True or False, and this is a whole "
        "tensor of them: use torch.where, .any(), .all(), & or |."
    )),
    (r"size of tensor a|shape mismatch|must match the size", "", (
        "Two shapes do not fit together: compare those in this line."
    )),
    ("the same dtype|expected scalar type|Expected floating point", "", (
        "One holds whole numbers and the other fractions: .float() makes fractions."
    )),
    ("mat1 and mat2|size mismatch, got input", "", (
        "In a matrix product A @ B the number of columns of A is the number of rows "
        "of B. A transpose, .T, exchanges rows and columns."
    )),
    (r"multi-target not supported|0D or 1D target tensor expected", "", (
        "Class indices have shape (N,), not (N, 1): y.flatten()."
    )),
    ("does not require grad", "", (
        "Nothing here has requires_grad=True, or not any more: under no_grad, W = W - "
        "... makes a new W without that mark. W -= ... changes W in place and keeps it."
    )),
    ("needed for gradient computation has been modified", "", (
        "Something was changed in place between the calculation and backward()."
    )),
    ("backward through the graph a second time", "", (
        "backward() was called twice for the same calculation."
    )),
    ("grad can be implicitly created only for scalar", "", (
        "backward() needs a single number: take the mean of the losses first."
    )),
    ("leaf Variable that requires grad is being used in an in-place", "", (
        "Here a parameter is changed in place while PyTorch notes down slopes. Make a "
        "new tensor, or do it under `with torch.no_grad():`."
    )),
    (r"Dimension out of range .* got (-?\d+)", "", (
        "dim={0} does not exist here: a list has only dim=0, a table dim=0 (down the "
        "columns) and dim=1 (along a row)."
    )),
    (r"index (-?\d+) is out of bounds for dimension (\d+) with size (\d+)", "", (
        "Position {0} does not exist: dim {1} has {2} entries, counted from 0."
    )),
    ("indices must be.*long|tensors used as indices|only integer tensors of a single|"
     "index_tensor|Expected dtype int64", "", (
        "An index must hold whole numbers: .long()."
    )),
    ("NoneType", "is the result of a calculation", (
        "PyTorch fills .grad only for a tensor that a calculation starts with. A clone "
        "of a tensor that it follows is a result, and so is W after W = W - ...: "
        ".detach().requires_grad_() makes a new start."
    )),
    ("NoneType", r"\.grad is still None", (
        "backward() fills .grad, for tensors with requires_grad=True."
    )),
    ("on the same device", "", (
        "Model and data are on different devices. Ask a parameter of the model where "
        "it is, and bring the data there."
    )),
)  # fmt: skip


def error_text(run: Run) -> str:
    """Say in which line of the learner an error arose, and what to do about it."""
    text = f"It stopped with {describe(run.error)}"
    return "\n".join(filter(None, [text, run.where, advice(text, run.where)]))


def advice(text: str, where: str = "") -> str:
    """Return what to try after an error with such a text, in such a line."""
    for pattern, needed, tip in ADVICE:
        match = re.search(pattern, text)
        if match and re.search(needed, where):
            groups = [g.strip("\"'") if g else "" for g in match.groups()]
            return tip.format(*groups) if groups else tip
    return ""


def describe(error: BaseException) -> str:
    """Return the name and the text of an error."""
    try:
        return f"{type(error).__name__}: {shorten(str(error).splitlines()[0])}"
    except Exception:  # an exception without text, or whose own text fails
        return type(error).__name__


# Words ------------------------------------------------------------------------------


def show(value: Any) -> str:
    """Return a short text for any value."""
    if isinstance(value, nn.Module):
        return "model" if list(value.parameters()) else f"{type(value).__name__}()"
    if isinstance(value, torch.optim.Optimizer):
        return f"an optimizer ({type(value).__name__})"
    pairs = isinstance(value, list) and value and isinstance(value[0], tuple)
    if pairs and any(map(torch.is_tensor, value[0])):
        shapes = [tuple(getattr(x, "shape", ())) for x in value[0]]
        return (
            f"[{len(value)} pairs, the first of shapes {listed([*map(str, shapes)])}]"
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


def listed(items: Sequence[str]) -> str:
    """Return a list in words: a, b and c."""
    items = [i for i in items if i]
    return (
        " and ".join([", ".join(items[:-1]), items[-1]])
        if len(items) > 1
        else "".join(items)
    )
