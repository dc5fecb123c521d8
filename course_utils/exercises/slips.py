"""Small changes of a function: slips in a right one, repairs of a wrong one.

`edits` finds the places of a function where one could slip: ``mean`` for ``sum``, a
minus that is lost, ``dim=0`` for ``dim=1``, a term or a line left out. The tests want
each such version of a solution to be refused. `repairs` yields what could make a
learner's own function right: the same changes, and a few more. `diagnose` tries them
out, and names one only after the whole check accepts the function with it.
"""

import ast
import contextlib
import copy
import functools
import inspect
import itertools
import math
import sys
import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import torch

# What is easily taken for something else.
METHODS = {
    "sum": ("mean", "max", "prod"),
    "mean": ("sum", "median"),
    "max": ("min", "mean"),
    "min": ("max",),
    "argmax": ("argmin",),
    "exp": ("exp2",),
    "log": ("log2", "log10", "log1p"),
    "log1p": ("log",),
    "softmax": ("log_softmax", "sigmoid"),
    "log_softmax": ("softmax", "logsigmoid"),
    "sigmoid": ("tanh",),
    "std": ("var",),
    "median": ("mean",),
    "any": ("all",),
    "all": ("any",),
    "eval": ("train",),
    "ones_like": ("zeros_like",),
    "diag": ("flatten",),
}
OPERATORS = {
    ast.Add: (ast.Sub, ast.Mult),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Div, ast.Add),
    ast.Div: (ast.Mult, ast.FloorDiv),
    ast.FloorDiv: (ast.Div,),
    ast.Pow: (ast.Mult,),
}
COMPARISONS = {
    ast.Gt: (ast.Lt, ast.GtE),
    ast.Lt: (ast.Gt, ast.LtE),
    ast.GtE: (ast.Gt,),
    ast.LtE: (ast.Lt,),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
SIGNS = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//",
    ast.Pow: "**", ast.MatMult: "@", ast.Mod: "%", ast.Gt: ">", ast.Lt: "<",
    ast.GtE: ">=", ast.LtE: "<=", ast.Eq: "==", ast.NotEq: "!=", ast.In: "in",
    ast.NotIn: "not in", ast.BitXor: "^", ast.BitAnd: "&", ast.BitOr: "|",
}  # fmt: skip


@dataclass(frozen=True)
class Edit:
    """One slip: where it is, once or more, what it makes of that, and a text."""

    places: tuple[int, ...]
    make: Callable[[ast.AST], ast.AST | None]
    text: str = ""


def source_tree(function: Callable) -> ast.FunctionDef:
    """Return the syntax tree of a function, its nodes numbered."""
    source = textwrap.dedent(inspect.getsource(function))
    tree = next(
        n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.FunctionDef)
    )
    tree.decorator_list = []
    if ast.get_docstring(tree) is not None and len(tree.body) > 1:
        tree.body = tree.body[1:]
    return _numbered(tree)


# Python has one node of each of these, which all trees share: it has no place.
SHARED = (ast.operator, ast.unaryop, ast.cmpop, ast.boolop, ast.expr_context)


def _numbered(tree: ast.AST, count: Iterator[int] | None = None) -> ast.AST:
    """Give each node of a tree a number, and the last number inside of it."""
    count = itertools.count() if count is None else count
    if isinstance(tree, SHARED):
        tree.place = tree.last = -1
        return tree
    tree.place = next(count)
    for child in ast.iter_child_nodes(tree):
        _numbered(child, count)
    tree.last = next(count)
    return tree


def edits(tree: ast.FunctionDef) -> Iterator[Edit]:
    """Yield all slips that one could make in a function."""
    arguments = [a.arg for a in tree.args.args]
    raising = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.Raise)
        for inner in ast.walk(node)
    }
    parents = {
        child.place: node
        for node in ast.walk(tree)
        for child in ast.iter_child_nodes(node)
    }
    alike: dict[str, list[Edit]] = {}
    for node in ast.walk(tree):
        if id(node) in raising or isinstance(node, (ast.arguments, ast.arg)):
            continue
        for text, make in _slips(node, arguments, parents.get(node.place)):
            alike.setdefault(text, []).append(Edit((node.place,), make, text))
    for text, found in alike.items():
        yield from found
        if len(found) > 1:  # the same slip in every place
            places = tuple(edit.places[0] for edit in found)
            yield Edit(places, found[0].make, f"{text}, in each of {len(found)} places")


def _slips(
    node: ast.AST, arguments: Sequence[str], parent: ast.AST | None
) -> Iterator[tuple[str, Callable]]:
    def became(change: Callable) -> Callable:
        def make(node):
            return change(node) or node

        return make

    def setting(field: str, value) -> Callable:
        return became(lambda n: setattr(n, field, value))

    match node:
        case ast.Call(func=ast.Attribute(attr=name) as func):
            for other in METHODS.get(name, ()):
                change = became(lambda n, o=other: setattr(n.func, "attr", o))
                yield f"`{other}` stands where `{name}` is wanted", change
            owner = func.value
            if not (isinstance(owner, ast.Name) and owner.id in ("torch", "F", "nn")):
                yield f"`{name}()` is left out", (lambda n: n.func.value)
            elif len(node.args) == 1 or name in ("softmax", "log_softmax"):
                yield f"`{name}` is left out", (lambda n: n.args[0])
        case ast.keyword(arg="dim", value=ast.Constant(value=0 | 1 as dim)):
            yield (
                f"`dim={1 - dim}` stands where `dim={dim}` is wanted",
                setting("value", ast.Constant(1 - dim)),
            )
        case ast.BinOp(op=op, right=right, left=left):
            sign = SIGNS.get(type(op), "?")
            for other in OPERATORS.get(type(op), ()):
                yield (
                    f"a `{SIGNS[other]}` stands where a `{sign}` is wanted",
                    setting("op", other()),
                )
            yield f"`{sign} {ast.unparse(right)}` is left out", (lambda n: n.left)
            yield f"`{ast.unparse(left)} {sign}` is left out", (lambda n: n.right)
            if isinstance(op, (ast.Sub, ast.Div)):
                yield (
                    f"the two sides of `{ast.unparse(node)}` are exchanged",
                    became(lambda n: ast.BinOp(n.right, n.op, n.left)),
                )
        case ast.UnaryOp(op=ast.USub()) if not isinstance(node.operand, ast.Constant):
            yield (
                f"the minus of `{ast.unparse(node)}` is left out",
                (lambda n: n.operand),
            )
        case ast.Compare(ops=[op]):
            for other in COMPARISONS.get(type(op), ()):
                yield (
                    f"`{SIGNS[other]}` stands where `{SIGNS[type(op)]}` is wanted",
                    setting("ops", [other()]),
                )
        case ast.Constant(value=bool() | None | str()):
            return
        case ast.Constant(value=int() | float() as value):
            others = {value + 1, value - 1, 0} - {value}
            if isinstance(value, float):
                others = {0.0, 1.0} - {value}
            for other in sorted(others):
                yield _said(node, other, parent), setting("value", other)
        case ast.Slice(lower=ast.Constant(value=1), upper=None):
            yield (
                "[:-1] stands where [1:] is wanted",
                became(lambda n: ast.Slice(None, ast.Constant(-1))),
            )
            yield "[1:] is left out", became(lambda n: ast.Slice(None, None))
        case ast.Slice(lower=None, upper=ast.expr() as upper):
            yield (
                f"[-{(end := ast.unparse(upper))}:] stands where [:{end}] is wanted",
                became(lambda n: ast.Slice(ast.UnaryOp(ast.USub(), n.upper), None)),
            )
        case ast.Name(id=name, ctx=ast.Load()) if name in arguments:
            for other in arguments:
                if other != name:
                    yield (
                        f"`{other}` stands where `{name}` is wanted",
                        setting("id", other),
                    )
        case ast.Attribute(attr="T"):
            yield ".T is left out", (lambda n: n.value)
        case ast.keyword(arg=str() as name, value=ast.Constant(value=True)):
            yield f"{name}=True is left out", setting("value", ast.Constant(False))
        case ast.Expr(value=ast.Call()):
            yield f"the line `{ast.unparse(node)}` is left out", (lambda n: ast.Pass())
        case ast.AugAssign():
            yield f"the line `{ast.unparse(node)}` is left out", (lambda n: ast.Pass())
        case ast.Return(value=ast.Tuple(elts=[_, _])):
            yield (
                "the two results are exchanged",
                became(lambda n: ast.Return(ast.Tuple(n.value.elts[::-1], ast.Load()))),
            )


def _said(node: ast.Constant, other: float, around: ast.AST) -> str:
    """Say which number stands where, with what is around it."""
    if around is None:
        return ""
    before = ast.unparse(around)
    if len(before) > 40:
        return f"{other} stands where {node.value} is wanted"
    value, node.value = node.value, other
    after, node.value = ast.unparse(around), value
    return f"`{after}` stands where `{before}` is wanted"


# Repairs ----------------------------------------------------------------------------

# What may be missing around an expression, the likely ones first.
NEAR = (
    "-_", "_.squeeze()", "_[0]", "_.mean()", "_.sum()", "_.item()", "_.flatten()",
    "_.T", "_.unsqueeze(1)", "_.float()", "_.long()", "_ + 1", "_ - 1", "_[1:]",
    "_[:-1]", "_ / 2", "_ * 2", "1 - _", "sorted(_)", "torch.stack(_)",
    "_.clone()",
)  # fmt: skip
REDUCES = {"sum", "mean", "max", "min", "std", "logsumexp", "amax", "argmax"}


def results_of(tree: ast.FunctionDef) -> list[ast.expr]:
    """Return the expressions that are the results of a function, or parts of them."""
    values = [n.value for n in ast.walk(tree) if isinstance(n, ast.Return) and n.value]
    parts = [e for v in values if isinstance(v, ast.Tuple) for e in v.elts]
    return [*values, *parts]


def repairs(
    tree: ast.FunctionDef, donors: Sequence[ast.expr], form: bool = False
) -> Iterator[Edit]:
    """Yield changes that may make a function right.

    Parameters
    ----------
    tree : ast.FunctionDef
        The learner's function, from `source_tree`.
    donors : sequence of ast.expr
        Expressions of a right solution, which may stand in the place of others.
    form : bool
        Whether to begin with changes of the form of the result.
    """
    for node in results_of(tree) if form else []:
        for wrap in NEAR if not isinstance(node, ast.Tuple) else []:
            yield Edit((node.place,), _around(wrap))
    called = {n.func.place for n in ast.walk(tree) if isinstance(n, ast.Call)}
    places = [
        n
        for n in ast.walk(tree)
        if isinstance(n, ast.expr)
        and not isinstance(n, (ast.Constant, ast.Tuple, ast.List, ast.Slice))
        and isinstance(getattr(n, "ctx", ast.Load()), ast.Load)
        and n.place not in called
        and not (isinstance(n, ast.Name) and n.id in ("torch", "F", "nn", "math"))
    ]
    text = {n.place: ast.unparse(n) for n in places}
    for edit in edits(tree):
        yield replace(edit, text="")
    for node in ast.walk(tree):
        for make in _more(node):
            yield Edit((node.place,), make)
    spare = {ast.unparse(d): d for d in donors}
    own = {text[n.place]: n for n in places if len(text[n.place]) < 40}
    numbers = [
        n
        for n in ast.walk(tree)
        if isinstance(n, ast.Constant) and type(n.value) in (int, float, bool)
    ]
    far = []
    for new, donor in (spare | own).items():
        for node in places + numbers:
            old = text.get(node.place)
            if new not in spare and donor.place < node.place < donor.last:
                continue  # a part in the place of itself, and what is around it
            swap = Edit((node.place,), lambda n, d=donor: copy.deepcopy(d))
            if old is None or (old != new and (old in new or new in old)):
                yield swap
            elif new in spare and old != new:
                far.append(swap)
    for wrap in NEAR:
        for node in places:
            yield Edit((node.place,), _around(wrap))
    yield from far


def _around(wrap: str) -> Callable:
    """Return a change that puts something around an expression."""

    def make(node):
        return _Filled(node).visit(ast.parse(wrap, mode="eval").body)

    return make


class _Filled(ast.NodeTransformer):
    """Put an expression in the place of ``_``."""

    def __init__(self, node: ast.expr) -> None:
        self.node = node

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return copy.deepcopy(self.node) if node.id == "_" else node


def described(tree: ast.FunctionDef, edit: Edit) -> str:
    """Say what an edit puts in the place of what; nothing of `* 1` or `if 0`."""
    if edit.text:
        return edit.text
    place, (nodes, whole) = edit.places[0], _written(tree)
    node = next(n for n in nodes if n.place == place)
    if isinstance(node, (ast.Constant, ast.Slice)):  # a bare number says little
        around = next(
            n for n in nodes if any(c.place == place for c in ast.iter_child_nodes(n))
        )
        says = (ast.expr, ast.keyword)
        if isinstance(around, says) and not isinstance(around, (ast.Tuple, ast.List)):
            node = around
    new = _rebuilt(node, {place: edit.make})
    if _does_nothing(new) or any(
        getattr(n, "test", None) is node and isinstance(new, ast.Constant)
        for n in nodes
    ):
        return ""
    old = ast.unparse(node)
    if isinstance(new, ast.Pass):
        return f"without the line `{_short(old)}`"
    where = ""
    if len(edit.places) > 1:
        where = f", in {len(edit.places)} places"
    elif whole.count(old) > 1:  # which of them?
        lines = [
            n for n in nodes if isinstance(n, ast.stmt) and n.place < place < n.last
        ]
        where = f" in your line `{_short(ast.unparse(lines[-1]).splitlines()[0])}`"
    return f"`{_short(ast.unparse(new))}` in place of `{_short(old)}`{where}"


@functools.lru_cache(maxsize=4)
def _written(tree: ast.FunctionDef) -> tuple[list[ast.AST], str]:
    """Return the nodes of a function, and its text."""
    return [*ast.walk(tree)], ast.unparse(tree)


def _does_nothing(node: ast.AST) -> bool:
    """Whether a calculation keeps its left side: nobody would write that."""
    match node:
        case ast.BinOp(op=ast.Mult() | ast.Div() | ast.Pow(), right=ast.Constant(1)):
            return True
        case ast.BinOp(op=ast.Add() | ast.Sub(), right=ast.Constant(0)):
            return True
    return False


def _short(text: str) -> str:
    return text if len(text) < 70 else f"{text[:32]} ... {text[-32:]}"


def _more(node: ast.AST) -> Iterator[Callable]:
    """Yield other changes of a node: options, indices, a bound without end."""

    def option(n, name, value):
        n.keywords = [k for k in n.keywords if k.arg != name]
        if value is not None:
            n.keywords.append(ast.keyword(name, ast.Constant(value)))
        return n

    match node:
        case ast.Call(func=ast.Attribute(attr=name)) if name in REDUCES:
            given = {k.arg: ast.unparse(k.value) for k in node.keywords}
            for dim in (0, 1):
                if given.get("dim") != str(dim):
                    yield lambda n, d=dim: option(n, "dim", d)
            if "dim" in given:
                yield lambda n: option(n, "dim", None)
            keep = None if "keepdim" in given else True
            yield lambda n: option(n, "keepdim", keep)
        case ast.Subscript(
            slice=ast.Tuple(elts=[ast.Slice(None, None), ast.Name() as y])
        ):
            rows = ast.parse(f"torch.arange(len({y.id}))", mode="eval").body
            yield lambda n: ast.Subscript(
                n.value, ast.Tuple([rows, n.slice.elts[1]], ast.Load()), n.ctx
            )
        case ast.Subscript(ctx=ast.Load()) | ast.UnaryOp(op=ast.USub() | ast.Not()):
            inner = "value" if isinstance(node, ast.Subscript) else "operand"
            yield lambda n: getattr(n, inner)
        case ast.Call(func=ast.Name(id="round" | "int" | "abs" | "sorted")):
            yield lambda n: n.args[0]
        case ast.Constant(value=bool() as value):
            yield lambda n: ast.Constant(not value)
        case ast.Constant(value=int() | float() as value):
            yield lambda n: ast.Constant(-value)
            yield lambda n: ast.parse('float("inf")', mode="eval").body


def build(
    function: Callable, tree: ast.FunctionDef, *chosen: Edit, **more: object
) -> Callable | None:
    """Return the function with these slips; None if that is no Python.

    It knows the names of the function, and those in ``more``.
    """
    makes = {place: edit.make for edit in chosen for place in edit.places}
    try:
        module = ast.Module([_rebuilt(tree, makes, False)], [])
        space = dict(function.__globals__)
        cells = zip(
            function.__code__.co_freevars, function.__closure__ or (), strict=True
        )
        space |= {name: cell.cell_contents for name, cell in cells}
        space.setdefault("math", math)
        space.setdefault("torch", torch)
        space |= more
        exec(compile(module, "<slip>", "exec"), space)
    except (SyntaxError, ValueError, TypeError, AttributeError):
        return None
    return space[function.__name__]


def _rebuilt(value, makes: dict[int, Callable], whole: bool = True):
    """Return a copy of a tree, changed in some places.

    Not whole: what lies beside the ways from the root to those places is shared.
    """
    if isinstance(value, list):
        return [_rebuilt(v, makes, whole) for v in value]
    if not isinstance(value, ast.AST):
        return value
    make = makes.get(value.place)
    whole = whole or make is not None
    if not whole and not any(value.place <= p <= value.last for p in makes):
        return value
    copied = type(value)(
        **{name: _rebuilt(v, makes, whole) for name, v in ast.iter_fields(value)}
    )
    copied = ast.copy_location(copied, value)
    if make is None:
        return copied
    return ast.fix_missing_locations(ast.copy_location(make(copied), value))


def noted(tree: ast.FunctionDef) -> ast.FunctionDef:
    """Return a function whose expressions call ``note(place, value)``."""
    called = {n.func.place for n in ast.walk(tree) if isinstance(n, ast.Call)}

    def maker(place):
        name = ast.Name("note", ast.Load())
        return lambda node: ast.Call(name, [ast.Constant(place), node], [])

    kinds = (ast.Call, ast.BinOp, ast.UnaryOp, ast.Compare, ast.Subscript,
             ast.Attribute, ast.Name)  # fmt: skip
    makes = {
        n.place: maker(n.place)
        for n in ast.walk(tree)
        if isinstance(n, kinds)
        and isinstance(getattr(n, "ctx", ast.Load()), ast.Load)
        and n.place not in called
    }
    for n in ast.walk(tree):  # the answers of a function that chooses
        if isinstance(n, ast.Return) and isinstance(n.value, ast.Constant):
            makes[n.value.place] = maker(n.value.place)
    body = [_rebuilt(statement, makes) for statement in tree.body]
    copied = _rebuilt(tree, {})
    copied.body = body
    return _numbered(copied)


class TooLongError(Exception):
    """A changed function goes on and on."""


LONGEST = 10_000  # of a list, a text or the bits of a number in a changed function


def _grown(value: object) -> bool:
    """Tell whether something has grown so much that it would soon fill the memory."""
    if isinstance(value, int):
        return value.bit_length() > LONGEST
    return isinstance(value, list | str) and len(value) > LONGEST


@contextlib.contextmanager
def limited_steps(most: int = 20_000) -> Iterator[None]:
    """Stop a changed function that goes on and on, by counting its lines."""
    before, steps = sys.gettrace(), 0

    def follow(frame, event, argument):
        nonlocal steps
        if frame.f_code.co_filename != "<slip>":
            return None
        if event == "call" and frame.f_back.f_code.co_filename != "<slip>":
            steps = 0
        steps += 1
        if steps > most or any(map(_grown, frame.f_locals.values())):
            raise TooLongError
        return follow

    sys.settrace(follow)
    try:
        yield
    finally:
        sys.settrace(before)
