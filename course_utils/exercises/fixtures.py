"""What exercises are made of: inputs by the kind of argument, and things that watch.

`KINDS` is the one table of inputs. An exercise says of which kind its arguments are,
``given={"logits": "logits N K", "y": "classes N K"}``, and gets random inputs of
sizes that are all different, and every edge that the table knows of.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

# No two of N, K, D, K - 1, D + 1 are equal, so that no slip hides behind another.
SIZES = (
    {"N": 7, "K": 4, "D": 5, "B": 3, "M": 6, "H": 6, "W": 5, "S": 3},
    {"N": 9, "K": 6, "D": 2, "B": 5, "M": 8, "H": 5, "W": 7, "S": 2},
    {"N": 6, "K": 3, "D": 4, "B": 4, "M": 5, "H": 7, "W": 4, "S": 3},
)
# What else a size can be: what is special, the sizes, and the letters that it is about.
SIZE_EDGES = (
    ("a single example (N = 1)", {"N": 1}, "N"),
    ("as many examples as classes", {"N": 3, "K": 3, "D": 4}, "NK"),
    ("two classes", {"N": 5, "K": 2, "D": 4}, "K"),
    ("as many features as classes", {"N": 5, "K": 3, "D": 3}, "KD"),
    ("all sizes equal", {"N": 3, "K": 3, "D": 3, "H": 5, "W": 5}, "NKD"),
    ("a square image", {"H": 5, "W": 5}, "HW"),
    ("a single feature", {"N": 5, "K": 3, "D": 1}, "D"),
    ("a single batch", {"B": 1}, "B"),
)
# Tried from the first on, to find an example for paper and pencil.
SMALL_SIZES = (
    {"N": 1, "K": 2, "D": 1, "B": 2, "M": 2, "H": 2, "W": 3, "S": 2},
    {"N": 2, "K": 2, "D": 1, "B": 2, "M": 3, "H": 3, "W": 3, "S": 2},
    {"N": 2, "K": 3, "D": 2, "B": 3, "M": 3, "H": 3, "W": 4, "S": 2},
    {"N": 3, "K": 3, "D": 2, "B": 3, "M": 4, "H": 4, "W": 4, "S": 3},
)
LETTERS = {
    "N": "the number of examples",
    "K": "the number of classes",
    "D": "the number of features",
    "B": "the number of batches",
    "M": "the number of rows in the training set",
}


@dataclass(frozen=True)
class Kind:
    """One kind of argument; each function takes a generator and the sizes.

    Attributes
    ----------
    draw : callable
        Ordinary random values, with few digits.
    small : callable
        Small whole numbers, for an example on paper.
    edges : dict
        Caption: values at an edge.
    extremes : dict
        Caption: values that overflow if one is careless.
    """

    draw: Callable
    small: Callable | None = None
    edges: dict[str, Callable] = field(default_factory=dict)
    extremes: dict[str, Callable] = field(default_factory=dict)


def _normal(g, *shape):
    return (torch.randn(shape, generator=g) * 150).round() / 100


def _whole(g, *shape):
    return torch.randint(-2, 4, shape, generator=g).float()


def _zeros(g, *shape):
    return torch.zeros(shape)


def _ties(g, *shape):
    return torch.randint(-1, 2, shape, generator=g).float()


def _huge(g, *shape):
    # Whole rows far below 0, far above it, and both, so that a maximum of the whole
    # batch does not help; ordinary differences within.
    levels = torch.tensor([1000.0, -1000.0, 0.0])
    rows = levels[torch.arange(shape[0]) % 3].reshape(-1, *[1] * (len(shape) - 1))
    spread = 1000.0 * (torch.rand(shape, generator=g) < 0.3)
    return (rows + spread + _normal(g, *shape)).round()


def _any_classes(g, n, k):
    return torch.randint(k, (n,), generator=g)


def _classes(g, n, k):
    y = _any_classes(g, n, k)
    y[int(torch.randint(n, (), generator=g))] = k - 1  # the last class occurs
    return y


def _bits(g, *shape):
    bits = (torch.rand(shape, generator=g) < 0.5).float()
    flat = bits.view(-1)
    if len(flat) > 1:  # both occur
        flat[0], flat[1] = 1.0, 0.0
    return bits


def _shares(g, *shape):
    """Probabilities away from 0, 1/2 and 1, no two of them equal."""
    n = torch.Size(shape).numel()
    places = torch.randperm(45, generator=g)[:n] * 2 + 5.3 + torch.rand(1, generator=g)
    return (places * 10).round().div(1000).reshape(shape)


def _distribution(g, *shape):
    return torch.softmax(_normal(g, *shape), dim=-1)


def _eighths(g, *shape):
    parts = torch.randint(1, 4, shape, generator=g).float()
    return parts / parts.sum(dim=-1, keepdim=True)


def _counts(g, *shape):
    return torch.randint(1, 10, shape, generator=g)


def _empty_row(g, *shape):
    counts = _counts(g, *shape)
    counts[-1] = 0
    return counts


def _empty_column(g, *shape):
    return _empty_row(g, *shape).T


def _single_zeros(g, *shape):
    counts = _counts(g, *shape)
    return counts.fill_diagonal_(0).float()


def _single_example(g, *shape):
    counts = _counts(g, *shape)
    counts[-1], counts[:, -1] = 0, 0
    counts[-1, -1] = 1
    return counts


def _small_counts(g, *shape):
    return torch.randint(1, 4, shape, generator=g)


def _nonzero(g, *shape):
    signs = 2 * torch.randint(2, shape, generator=g) - 1
    return signs * torch.randint(1, 9, shape, generator=g) / 4


def fraction(low: float, high: float) -> Callable:
    """Return what draws a number between two others, with two decimals."""

    def draw(g, *_):
        share = torch.rand((), generator=g).item()
        return round(low + (high - low) * share, 2)

    return draw


def whole_number(low: int, high: int) -> Callable:
    """Return what draws a whole number between two others, these included."""
    return lambda g, *_: int(torch.randint(low, high + 1, (), generator=g))


def _two(g, n, k):
    return torch.zeros(n, dtype=torch.int64)


KINDS: dict[str, Kind] = {
    # Real numbers of any size, a row for each example.
    "logits": Kind(
        _normal,
        _whole,
        {"logits of exactly 0": _zeros, "ties": _ties},
        {"large numbers": _huge},
    ),
    # Without an edge at 0: for a threshold there, or a formula that has a kink.
    "smooth": Kind(_normal, _nonzero, {}, {"large numbers": _huge}),
    # Without extremes: where the right result would overflow itself.
    "scores": Kind(
        _normal,
        _whole,
        {"logits of exactly 0": _zeros, "ties": _ties},
    ),
    # Without ties: where the place of the largest counts.
    "ranked": Kind(_normal),
    # Never 0.
    "nonzero": Kind(_nonzero, _nonzero),
    # Class indices, shape (N,), from 0 to K - 1.
    "classes": Kind(
        _classes,
        _classes,
        {
            "no label is the last class": lambda g, n, k: _any_classes(
                g, n, max(1, k - 1)
            ),
            "all labels are class 0": _two,
            "all labels are the last class": lambda g, n, k: _two(g, n, k) + k - 1,
        },
    ),
    # Labels 0.0 and 1.0 of any shape.
    "bits": Kind(
        _bits,
        _bits,
        {
            "all labels are 0": _zeros,
            "all labels are 1": lambda g, *shape: torch.ones(shape),
        },
    ),
    "labels": Kind(
        lambda g, *shape: _bits(g, *shape).long(),
        lambda g, *shape: _bits(g, *shape).long(),
        {
            "all labels are 0": lambda g, *shape: torch.zeros(shape).long(),
            "all labels are 1": lambda g, *shape: torch.ones(shape).long(),
        },
    ),
    # Probabilities of single events; rows that sum to 1.
    "probs": Kind(_shares, lambda g, *shape: _shares(g, *shape).round(decimals=1)),
    "distribution": Kind(_distribution, _eighths),
    # Numbers of any sign: inputs, weights and biases of a model.
    "features": Kind(_normal, _whole),
    "weights": Kind(_normal, _whole, {"all weights are 0": _zeros}),
    "bias": Kind(_normal, _whole),
    # Positive numbers, one for each class, say.
    "positive": Kind(
        lambda g, *shape: torch.randint(1, 40, shape, generator=g) / 8,
        lambda g, *shape: torch.randint(1, 4, shape, generator=g).float(),
    ),
    # Tables of counts: whole numbers, and the same as floats.
    "counts": Kind(
        _counts,
        _small_counts,
        {
            "a class that does not occur": _empty_row,
            "a class that is never predicted": _empty_column,
            "a class with a single example": _single_example,
        },
    ),
    "table": Kind(
        lambda g, *shape: _counts(g, *shape).float(),
        lambda g, *shape: _small_counts(g, *shape).float(),
        {
            "single counts of 0": _single_zeros,
            "a row without counts": lambda g, *shape: _empty_row(g, *shape).float(),
        },
    ),
    "tally": Kind(_counts, _small_counts, {"an outcome that never came": _empty_row}),
    # Sizes of batches, shifts by a pixel, lists of answers.
    "sizes": Kind(_counts, _small_counts),
    "shifts": Kind(lambda g, *shape: torch.randint(-1, 2, shape, generator=g)),
    "answers": Kind(lambda g, n: torch.randint(1, 4, (n,), generator=g).tolist()),
    # Plain numbers.
    "temperature": Kind(
        fraction(0.3, 4.0),
        lambda g: 2.0,
        {"T = 1": lambda g: 1.0},
    ),
    "rate": Kind(fraction(0.05, 0.9), lambda g: 0.5),
    "share": Kind(
        fraction(0.05, 0.6),
        lambda g: 0.5,
        {"eps = 0": lambda g: 0.0},
    ),
    "size": Kind(whole_number(2, 9), whole_number(1, 4)),
}


@dataclass(frozen=True)
class Case:
    """One list of arguments to try.

    Attributes
    ----------
    args : tuple
        The arguments.
    caption : str
        What is special about them, if anything.
    ordinary : bool
        Whether nothing is special: a formula is compared on such inputs.
    """

    args: tuple
    caption: str = ""
    ordinary: bool = True


def kind_of(spec: str) -> Kind:
    """Return the kind that a specification such as ``"logits N K"`` names."""
    name = spec.split()[0]
    if name not in KINDS:
        raise KeyError(f"no kind of argument is called {name}; there are {[*KINDS]}")
    return KINDS[name]


def draw(
    given: dict, sizes: dict, seed: int, small=False, **instead: Callable
) -> tuple:
    """Return one list of arguments of the kinds that are given.

    Parameters
    ----------
    given : dict
        The name of each argument: its kind and sizes, or a function of a generator,
        the sizes and the arguments before it.
    sizes : dict
        A number for each letter.
    seed : int
        For the random numbers.
    small : bool
        Whether to take small whole numbers.
    **instead : callable
        How to make an argument in another way.
    """
    g = torch.Generator().manual_seed(seed)
    args = []
    for name, spec in given.items():
        if callable(spec):
            args.append(spec(g, sizes, args))
            continue
        kind = kind_of(spec)
        make = instead.get(name) or (small and kind.small) or kind.draw
        letters = spec.split()[1:]
        args.append(make(g, *(sizes[x] if x in sizes else int(x) for x in letters)))
    return tuple(args)


def uses(given: dict, letter: str) -> bool:
    """Whether a size of that letter occurs."""
    return any(
        letter
        in (spec.split() if isinstance(spec, str) else getattr(spec, "sizes", ()))
        for spec in given.values()
    )


def make_cases(given: dict) -> list[Case]:
    """Return random inputs, and those at the edges, for arguments of these kinds."""
    if not given:
        return []
    return [
        *(Case(draw(given, SIZES[i % 3], i)) for i in range(5)),
        *(
            Case(draw(given, {**SIZES[seed % 2], **edge}, seed, **make), caption, False)
            for caption, seed, edge, make in _edges(given)
        ),
    ]


def more_cases(given: dict) -> list[Case]:
    """Return other inputs of the same kinds: what is claimed must hold for them too."""
    if not given:
        return []
    ordinary = [Case(draw(given, SIZES[i % 3], 200 + i)) for i in range(12)]
    return ordinary + [
        Case(
            draw(given, {**SIZES[i % 3], **edge}, 99 * i + seed, **make), caption, False
        )
        for caption, seed, edge, make in _edges(given)
        for i in range(3, 9)
    ]


def held_back(given: dict, seed: int) -> list[Case]:
    """Return inputs that only who knows the seed can foresee."""
    seeds = range(seed, seed + 5) if given else ()
    return [Case(draw(given, SIZES[i % 3], i)) for i in seeds]


def _edges(given: dict) -> Iterator[tuple[str, int, dict, dict]]:
    """Yield for each edge: caption, seed, sizes, and what makes the argument."""
    for i, (caption, edge, letters) in enumerate(SIZE_EDGES):
        if all(uses(given, letter) for letter in letters):
            yield caption, 10 + i, edge, {}
    for name, spec in given.items():
        if callable(spec):
            continue
        kind = kind_of(spec)
        for seed, table in ((20, kind.edges), (30, kind.extremes)):
            for i, (caption, make) in enumerate(table.items()):
                yield caption, seed + i, {}, {name: make}


def sized(*letters: str) -> Callable[[Callable], Callable]:
    """Say which letters a function in ``given`` uses (a decorator)."""

    def mark(function):
        function.sizes = letters
        return function

    return mark


# Things that watch ----------------------------------------------------------------


class GradientWatch(nn.Module):
    """A layer that changes nothing and notes whether gradients were on.

    It notes it in a buffer, so a check sees a model as changed by a function that
    forgot ``no_grad``; `note` says so in words.
    """

    note = (
        "PyTorch noted down everything that it would need for slopes: the model ran "
        "without `with torch.no_grad():`"
    )

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("saw_gradients", torch.tensor(0.0))

    def forward(self, x: Tensor) -> Tensor:
        """Return ``x`` itself."""
        self.saw_gradients += torch.is_grad_enabled()
        return x


LID = """The small constant {0:g} avoids log(0), but it puts a lid on the surprise:
whatever is less probable than {0:g} costs no more than that. Without log(0) no constant
is needed: look up the labels before the logarithm, or start from log_softmax if you
have logits."""


def register_lids(checked, with_constant: Callable, explanation: str = LID) -> None:
    """Register with_constant(*args, constant) as a mistake, for the usual constants."""
    for constant in (1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-12, 1e-15):

        def lid(*args, constant=constant):
            return with_constant(*args, constant)

        lid.__name__ = f"{checked.name}_lid_{constant:g}"
        lid.__doc__ = explanation.format(constant)
        checked.mistake(lid)


# A second device, on any computer ---------------------------------------------------
#
# This rests on parts of PyTorch that are not public. It is made only when an exercise
# asks for its inputs; if this version of PyTorch lacks a part, that exercise alone says
# that it cannot be checked.


def placed(tensor: Tensor, place: str) -> Tensor:
    """Return a tensor that says it is at a place: so any computer can check a move.

    Its numbers are on the CPU. Like PyTorch it refuses to calculate with tensors of two
    devices, and only ``to``, ``cpu`` and ``cuda`` move it.
    """
    return _placed_class()._put(tensor, place)


def placed_model(model: nn.Module, place: str) -> nn.Module:
    """Return a model, whose parameters are tensors at a place; it is changed itself."""
    for layer in model.modules():
        for name, parameter in list(layer.named_parameters(recurse=False)):
            at_place = nn.Parameter(placed(parameter.detach().clone(), place))
            layer._parameters[name] = at_place
    return model


def _placed_class(made: list = []) -> type:  # noqa: B006  (made once, on demand)
    if made:
        return made[0]
    from torch.utils._pytree import tree_leaves, tree_map_only

    without_class = torch._C.DisableTorchFunctionSubclass

    class Placed(torch.Tensor):
        """A tensor that says it is on some device."""

        place = torch.device("cpu")
        device = property(lambda self: self.place)
        is_cuda = property(lambda self: self.place.type == "cuda")
        is_cpu = property(lambda self: self.place.type == "cpu")

        def __repr__(self):
            return f"{self._numbers()!r} on {self.place}"

        def __deepcopy__(self, memo):
            # Once per tensor, so that a model and its optimizer stay together.
            if id(self) not in memo:
                copied = Placed._put(self._numbers().clone(), self.place)
                copied._is_param = isinstance(self, nn.Parameter)
                memo[id(self)] = copied.requires_grad_(self.requires_grad)
            return memo[id(self)]

        @classmethod
        def __torch_function__(cls, function, types, args=(), kwargs=None):
            kwargs = dict(kwargs or {})
            name = getattr(function, "__name__", "")
            with without_class():
                tensors = [v for v in tree_leaves((args, kwargs)) if torch.is_tensor(v)]
                # A single number may come from anywhere, as in PyTorch itself.
                places = {v.device for v in [v for v in tensors if v.ndim] or tensors}
                if name in ("to", "cpu", "cuda"):
                    return cls._move(name, *args, **kwargs)
                if len(places) > 1:
                    # The first compares results; the second asks how to move a model.
                    if name in ("allclose", "_has_compatible_shallow_copy_type"):
                        return False
                    found = " and ".join(sorted(map(str, places)))
                    raise RuntimeError(
                        "Expected all tensors to be on the same device, but found at "
                        f"least two devices, {found}!"
                    )
                (place,) = places
                if name == "numpy" and place.type != "cpu":
                    raise TypeError(
                        f"can't convert {place} device type tensor to numpy. Use "
                        "Tensor.cpu() to copy the tensor to host memory first."
                    )
                result = function(*args, **kwargs)
                return tree_map_only(
                    torch.Tensor,
                    lambda v: v if type(v) is cls else cls._put(v, place),
                    result,
                )

        def _numbers(self):
            with without_class():
                return self.detach().as_subclass(torch.Tensor)

        @classmethod
        def _put(cls, tensor, place):
            with without_class():
                at_place = tensor.as_subclass(cls)
            place = torch.device(place)
            if place.type == "cuda" and place.index is None:
                place = torch.device("cuda", 0)
            at_place.place = place
            return at_place

        @classmethod
        def _move(cls, name, tensor, *args, **kwargs):
            """Do what ``tensor.to``, ``cpu`` or ``cuda`` does."""
            place = {"cpu": "cpu", "cuda": "cuda"}.get(name, tensor.device)
            for wish in (*args, *kwargs.values()):
                if isinstance(wish, torch.dtype):
                    tensor = torch.Tensor.to(tensor, wish)
                elif isinstance(wish, (str, torch.device)):
                    place = wish
                elif torch.is_tensor(wish):
                    place, tensor = wish.device, torch.Tensor.to(tensor, wish.dtype)
            return cls._put(torch.Tensor.view_as(tensor, tensor), place)

    made.append(Placed)
    return Placed
