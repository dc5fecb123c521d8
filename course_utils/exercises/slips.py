"""A right solution with one slip, or two, and what the slip is in words.

`edits` finds the places of a function where one could slip: ``mean`` for ``sum``, a
minus that is lost, ``dim=0`` for ``dim=1``, a term or a line left out. A learner whose
result is that of such a version on all inputs can be told so. The tests use the same
versions the other way round: the check must refuse each of them.
"""

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

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


def source_tree(function: Callable) -> ast.FunctionDef:
    """Return the syntax tree of a function, its nodes numbered."""
    source = textwrap.dedent(inspect.getsource(function))
    tree = next(
        n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.FunctionDef)
    )
    tree.decorator_list = []
    if ast.get_docstring(tree) is not None and len(tree.body) > 1:
        tree.body = tree.body[1:]
    for i, node in enumerate(ast.walk(tree)):
        node.place = i
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
    before = ast.unparse(around)
    if len(before) > 40:
        return f"{other} stands where {node.value} is wanted"
    value, node.value = node.value, other
    after, node.value = ast.unparse(around), value
    return f"`{after}` stands where `{before}` is wanted"


def build(function: Callable, tree: ast.FunctionDef, *chosen: Edit) -> Callable | None:
    """Return the function with these slips; None if that is no Python."""
    makes = {place: edit.make for edit in chosen for place in edit.places}
    try:
        module = ast.Module([_rebuilt(tree, makes)], [])
        space = dict(function.__globals__)
        exec(compile(ast.fix_missing_locations(module), "<slip>", "exec"), space)
    except (SyntaxError, ValueError, TypeError, AttributeError):
        return None
    return space[function.__name__]


def _rebuilt(value, makes: dict[int, Callable]):
    """Return a copy of a tree, changed in some places."""
    if isinstance(value, list):
        return [_rebuilt(v, makes) for v in value]
    if not isinstance(value, ast.AST):
        return value
    copied = type(value)(
        **{name: _rebuilt(v, makes) for name, v in ast.iter_fields(value)}
    )
    make = makes.get(value.place)
    return make(copied) if make else copied
