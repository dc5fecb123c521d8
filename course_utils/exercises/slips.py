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
import inspect
import itertools
import math
import sys
import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import torch

from course_utils.exercises.observe import listed

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
    text: str
    near: bool = True  # whether it keeps to what stands there


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
    "_.squeeze(1)", "_.unsqueeze(1)", "_.T", "_.reshape(-1, 1)", "_.values",
    "_.indices", "_.float()", "_.long()", "_ + 1", "_ - 1", "_[1:]", "_[:-1]",
    "sorted(_)", "list(_)", "torch.stack(_)", "torch.tensor(_)", "_.clone()",
)  # fmt: skip
FAR = (
    "1 - _", "_ > 0", "_ > 0.5", "_.abs()", "_.log()", "_.exp()", "_.sum(dim=1)",
    "_.mean(dim=0)", "_.argmax(dim=1)", "_ / 2", "_ * 2", "torch.softmax(_, dim=1)",
    "torch.sigmoid(_)", "abs(_)", "_.flip(0)", "1 / _", "_.diag()", "_.sqrt()",
    "math.ceil(_)",
)  # fmt: skip
LESS_MAX = "_ - _.max(dim=1, keepdim=True).values"
# One function in the place of another, besides METHODS.
INSTEAD = {
    "max": "argmax", "min": "argmin", "round": "ceil", "floor": "ceil", "int": "ceil",
    "stack": "cat", "cat": "stack",
    "values": "indices", "indices": "values", "mean": "sum", "median": "mean",
    "argmin": "argmax", "tanh": "sigmoid", "exp2": "exp", "log2": "log",
    "log10": "log", "logsigmoid": "log_softmax", "train": "eval",
    "var": "std", "all": "any", "any": "all",
    "argsort": "argmax", "nll_loss": "cross_entropy", "cross_entropy": "nll_loss",
}  # fmt: skip
UNLIKELY = ("exp2", "log2", "log10", "prod", "tanh", "log1p")
REDUCES = {"sum", "mean", "max", "min", "std", "logsumexp", "amax", "argmax"}


def repairs(
    tree: ast.FunctionDef,
    arguments: Sequence[str],
    donors: Sequence[ast.expr],
    overflows: bool = False,
) -> Iterator[Edit]:
    """Yield changes that may make a function right.

    Parameters
    ----------
    tree : ast.FunctionDef
        The learner's function, from `source_tree`.
    arguments : sequence of str
        The names of its arguments.
    donors : sequence of ast.expr
        Expressions of a right solution, which may stand in the place of others.
    overflows : bool
        Whether numbers get too large, so that a maximum is better subtracted first.
    """
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
    own = {ast.unparse(n): n for n in places if len(ast.unparse(n)) < 40}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Return) or node.value is None:
            continue
        several = isinstance(node.value, ast.Tuple)
        for result in node.value.elts if several else [node.value]:
            for wrap in NEAR if result in places else ():
                yield _edit(result, _around(wrap))
    ends = [
        n.args[-1]
        for n in ast.walk(tree)
        if isinstance(n, ast.Call) and ast.unparse(n.func) == "range"
    ]
    for wrap, where in (("_ + 1", "later"), ("_ - 1", "earlier")):
        text = f"each range ending one {where}"
        yield Edit(tuple(n.place for n in ends), _around(wrap), text)
    for edit in edits(tree):
        if not any(f"`{odd}`" in edit.text.split(" stands ")[0] for odd in UNLIKELY):
            yield replace(edit, text="")
    for node in ast.walk(tree):
        for make in _more(node, arguments):
            yield _edit(node, make)
        yield from _moves(node)
    spare = {ast.unparse(d): d for d in donors}
    numbers = [
        n
        for n in ast.walk(tree)
        if isinstance(n, ast.Constant) and type(n.value) in (int, float, bool)
    ]
    swaps = [
        (old in new or new in old or node in numbers, node, donor)
        for new, donor in (spare | own).items()
        for node in places + numbers
        if (old := ast.unparse(node)) != new
    ]
    for near, node, donor in swaps:
        if near:
            yield _edit(node, lambda n, d=donor: copy.deepcopy(d))
    for wrap in [LESS_MAX] * overflows + [*NEAR, *FAR]:
        for node in places:
            yield _edit(node, _around(wrap), wrap not in FAR)
    for near, node, donor in swaps:
        if not near:
            yield _edit(node, lambda n, d=donor: copy.deepcopy(d), False)
    for name in arguments:
        for wrap in (f"_[{name}]", f"_ / {name}", f"_ * {name}", f"_ / len({name})"):
            for node in places:
                yield _edit(node, _around(wrap))


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


def _edit(node: ast.AST, make: Callable, near: bool = True) -> Edit:
    return Edit((node.place,), make, "", near)


def described(tree: ast.FunctionDef, edit: Edit) -> str:
    """Say what an edit puts in the place of what; nothing of `* 1` or `if 0`."""
    if edit.text:
        return edit.text
    place, nodes = edit.places[0], list(ast.walk(tree))
    node = next(n for n in nodes if n.place == place)
    if isinstance(node, ast.Constant):  # a bare number says little
        around = next(
            n for n in nodes if any(c.place == place for c in ast.iter_child_nodes(n))
        )
        node = around if isinstance(around, (ast.expr, ast.keyword)) else node
    new = ast.fix_missing_locations(_rebuilt(node, {place: edit.make}))
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
    elif ast.unparse(tree).count(old) > 1:  # which of them?
        lines = [
            n for n in nodes if isinstance(n, ast.stmt) and n.place < place < n.last
        ]
        where = f" in your line `{_short(ast.unparse(lines[-1]).splitlines()[0])}`"
    return f"`{_short(ast.unparse(new))}` in place of `{_short(old)}`{where}"


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


def _more(node: ast.AST, arguments: Sequence[str]) -> Iterator[Callable]:
    """Yield other changes of a node: options, brackets, functions, indices."""

    def renamed(n, other):
        func = n.func if isinstance(n, ast.Call) else n
        if isinstance(func, ast.Name):
            n.func = ast.Attribute(ast.Name("math", ast.Load()), other, ast.Load())
        else:
            func.attr = other
        return option(n, "dim", 1) if other == "log_softmax" else n

    def option(n, name, value):
        n.keywords = [k for k in n.keywords if k.arg != name]
        if value is not None:
            n.keywords.append(ast.keyword(name, ast.Constant(value)))
        return n

    match node:
        case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name)):
            if name in INSTEAD:
                yield lambda n: renamed(n, INSTEAD[name])
            if name in REDUCES:
                given = {k.arg: ast.unparse(k.value) for k in node.keywords}
                for dim in (0, 1):
                    if given.get("dim") != str(dim):
                        yield lambda n, d=dim: option(n, "dim", d)
                if "dim" in given:
                    yield lambda n: option(n, "dim", None)
                if "keepdim" in given:
                    yield lambda n: option(n, "keepdim", None)
                else:
                    yield lambda n: option(n, "keepdim", True)
        case ast.Attribute(attr="values" | "indices" as name):
            yield lambda n: renamed(n, INSTEAD[name])
            yield lambda n: n.value
        case ast.Compare(ops=[_, _]):
            yield lambda n: ast.Compare(
                ast.Compare(n.left, n.ops[:1], n.comparators[:1]),
                n.ops[1:],
                n.comparators[1:],
            )
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
        case ast.BinOp(op=ast.Div() | ast.FloorDiv()):
            yield lambda n: ast.UnaryOp(
                ast.USub(),
                ast.BinOp(ast.UnaryOp(ast.USub(), n.left), ast.FloorDiv(), n.right),
            )
        case ast.Constant(value=bool() as value):
            yield lambda n: ast.Constant(not value)
        case ast.Constant(value=int() | float() as value):
            yield lambda n: ast.Constant(-value)
            yield lambda n: ast.parse('float("inf")', mode="eval").body
        case ast.AugAssign(target=ast.Name()):
            yield lambda n: ast.Assign(
                [n.target],
                ast.BinOp(ast.Name(n.target.id, ast.Load()), n.op, n.value),
            )
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=name)))):
            yield lambda n: ast.Assign([ast.Name(name, ast.Store())], n.value)
        case ast.Return(value=ast.Tuple(elts=[_, *_])):
            yield lambda n: ast.Return(ast.List(n.value.elts, ast.Load()))
        case ast.Assign(targets=[ast.Tuple(elts=[_, _])]):
            yield lambda n: ast.Assign(
                [ast.Tuple(n.targets[0].elts[::-1], ast.Store())], n.value
            )


def _moves(node: ast.AST) -> Iterator[Edit]:
    """Yield changes of the order and the indentation of lines."""
    body = getattr(node, "body", None)
    if not isinstance(body, list):
        return

    def line(statement):
        return _short(ast.unparse(statement).splitlines()[0])

    def out(n, i):
        n.body.insert(i + 1, n.body[i].body.pop())
        return n

    def into(n, i, last):
        n.body[i].body += n.body[i + 1 : last]
        del n.body[i + 1 : last]
        return n

    def swap(n, i):
        n.body[i : i + 2] = n.body[i + 1], n.body[i]
        return n

    def unwrap(n, i):
        n.body[i : i + 1] = n.body[i].body
        return n

    for i, one in enumerate(body):
        blocks = isinstance(one, (ast.For, ast.With))
        if blocks and len(one.body) > 1:
            text = f"`{line(one.body[-1])}` behind the block, not inside"
            yield Edit((node.place,), lambda n, i=i: out(n, i), text)
        if isinstance(one, ast.With):
            text = f"without `{line(one)}`"
            yield Edit((node.place,), lambda n, i=i: unwrap(n, i), text)
        if i + 1 < len(body):
            if blocks:
                for last in range(i + 2, min(i + 4, len(body)) + 1):
                    lines = listed([f"`{line(b)}`" for b in body[i + 1 : last]])
                    text = f"{lines} inside the block above it"
                    yield Edit(
                        (node.place,), lambda n, i=i, k=last: into(n, i, k), text
                    )
            elif not isinstance(body[i + 1], (ast.For, ast.With, ast.Return)):
                text = f"`{line(body[i + 1])}` before `{line(one)}`"
                yield Edit((node.place,), lambda n, i=i: swap(n, i), text)


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
        exec(compile(ast.fix_missing_locations(module), "<slip>", "exec"), space)
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
    return make(copied) if make else copied


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
