"""An edition of a lab as one tree: pandoc's blocks, in groups that say what they are.

Each group is a ``Div``, and its first class is its role:

* ``cell``: code and its outputs (``number``; ``tells``: the questions that it answers).
  More classes are ``pitfall``, ``solution`` and ``stub``, where exercises are to be
  solved (``room``: the lines for each);
* ``told``: outputs that answer questions (``numbers``), and the words about a figure;
* ``question`` (``number``, ``kind``), with its ``answer`` inside, or for instructors in
  a ``note`` after it;
* ``pencil`` (``number``): a task with ``room`` (``lines``) or ``squares`` (``width``,
  ``height``), answered like a question;
* ``exercise``: its text and all that belongs to it, up to the cell to solve it in;
* a paragraph with a bold word before it, such as ``rule``: see `words.LEADS`;
* ``note``, for instructors; its second class says about what; ``plan``, of a lesson.

Blocks of code have the class ``python``, ``mistake`` in a note, or ``output`` (and
``error`` or ``warning``).
"""

import base64
import functools
import importlib.util
import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from nbformat import NotebookNode

from course_utils.authoring import asked, editions, words
from course_utils.authoring.labs import LabError
from course_utils.exercises.questions import MARKED, POWER, TASKS, Question

# Jupyter's markdown. (Of a line that begins with "10." pandoc's own reader of notebooks
# makes a list, in the midst of a sentence.)
MARKDOWN = "commonmark+tex_math_dollars+pipe_tables+gfm_auto_identifiers+fenced_divs"

# A block or an inline of pandoc's tree: {"t": its kind, "c": its contents}.
Node = dict

# The name of a function, such as log, in the MathML that pandoc writes; but not with an
# index: in an <msub> there is no room for anything else.
FUNCTION = (
    "".join(
        rf"(?<!<{tag}>)(?<!<{tag}><mrow>)"
        for tag in ("msub", "msup", "msubsup", "munder", "mover", "munderover", "mfrac")
    )
    + r'(?:<mrow>)?<mi mathvariant="normal">\w\w+</mi>'
    r"(?:<mo>(?:&#8289;|\u2061)</mo></mrow>)?+"
)

TEMPLATES = Path(__file__).with_name("templates")
WHAT_TO_DO = 'run: pip install -e ".[authoring]"'

# Of the groups that stand in markdown.
ROLES = {"note", "pencil", "plan"}


# From a notebook to the tree ------------------------------------------------------


def lab(nb: NotebookNode) -> list[Node]:
    """Return an edition of a lab, in groups with roles.

    Raises
    ------
    LabError
        If pandoc is missing, or a cell has a group with a role that nobody knows.
    """
    groups = []
    for n, (cell, blocks) in enumerate(zip(nb.cells, cells(nb), strict=True), 1):
        if cell.cell_type == "markdown":
            unknown = {role(block) for block in blocks if block["t"] == "Div"} - ROLES
            if unknown:
                where = f"lab {editions.title(nb)}, cell {n}"
                raise LabError(f"{where}: unknown role {unknown.pop()!r}")
            found = _prose_groups(cell, blocks)
            told = groups[-1] if groups and role(groups[-1]) == "told" else {}
            if '"Image"' in json.dumps(told) and found and role(found[0]) == "see":
                told["c"][1].append(found.pop(0))
            groups += found
        elif "asks" in cell.metadata:
            groups += _questions(cell)
        else:
            groups += _code_groups(cell, blocks)
    return _exercises(groups)


def cells(nb: NotebookNode) -> list[list[Node]]:
    """Return the blocks of each cell: prose, or code followed by its outputs."""
    prose = _prose(nb)
    return [
        prose.pop(0) if cell.cell_type == "markdown" else code(cell, seen)
        for cell, seen in zip(nb.cells, _descriptions(nb, prose), strict=True)
    ]


def _prose(nb: NotebookNode) -> list[list[Node]]:
    """Return the blocks of each markdown cell."""
    fence = ":" * 40
    sources = [cell.source for cell in nb.cells if cell.cell_type == "markdown"]
    text = "\n\n".join(f"{fence} cell\n\n{source}\n\n{fence}" for source in sources)
    return [block["c"][1] for block in read(text)]


def _descriptions(nb: NotebookNode, prose: list[list[Node]]) -> list[list[Node]]:
    """Return for each cell the words that describe a figure of it, as inlines."""
    found, said, remaining = [], [], list(prose)
    for cell in reversed(nb.cells):  # it stands in the first prose below
        found.append(said)
        if cell.cell_type == "markdown":
            seen = (after_lead(b, words.word("see")) for b in remaining.pop())
            said = next(filter(None, seen), [])
    return found[::-1]


def alternatives(nb: NotebookNode) -> list[str]:
    """Return for each cell the text alternative of its figures, as plain text."""
    return [plain(_seen(said)) for said in _descriptions(nb, _prose(nb))]


def code(cell: NotebookNode, description: Sequence[Node] = ()) -> list[Node]:
    """Return the blocks of a code cell, the source first."""
    blocks = [code_block(cell.source, "python")] if cell.source.strip() else []
    for output in cell.get("outputs", []):
        data = output.get("data", {})
        if output.output_type == "error":
            blocks.append(_output("\n".join(output.traceback), "error"))
        elif output.output_type == "stream":
            loud = ["warning"] if output.name == "stderr" else []
            blocks.append(_output(output.text, *loud))
        elif "image/png" in data:
            blocks.append(figure(data["image/png"], description))
        elif "text/plain" in data:
            blocks.append(_output(data["text/plain"]))
    return blocks


def _output(text: str, *classes: str) -> Node:
    return code_block(editions.ANSI.sub("", text), "output", *classes)


def _prose_groups(cell: NotebookNode, blocks: list[Node]) -> list[Node]:
    """Return the prose of a cell, each paragraph with a bold word in its group."""
    if "note" in cell.metadata:
        for block in blocks:
            if block["t"] == "CodeBlock":
                block["c"][0][1].insert(0, "mistake")
        return [div(blocks, "note", cell.metadata["note"])]
    found = []
    for block in blocks:
        leads = words.lead_role(lead(block))
        found.append(div([block], leads) if leads else block)
    return found


def _code_groups(cell: NotebookNode, blocks: list[Node]) -> list[Node]:
    about, kinds = {"number": str(cell.execution_count or "")}, ["cell"]
    if "pitfall" in cell.metadata:
        kinds.append("pitfall")
    if "tells" in cell.metadata:
        about["tells"] = " ".join(map(str, cell.metadata["tells"]))
        n_sources = int(bool(cell.source.strip()))
        source, outputs = blocks[:n_sources], blocks[n_sources:]
        told = div(outputs, "told", numbers=about["tells"].replace(" ", ", "))
        return [div(source, *kinds, **about), *([told] if outputs else [])]
    if "room" in cell.metadata:
        kinds.append("stub")
        about["room"] = json.dumps(cell.metadata["room"])
    elif editions.exercises(cell):
        kinds.append("solution")
    return [div(blocks, *kinds, **about)]


def _exercises(groups: list[Node]) -> list[Node]:
    """Put each exercise into a group, from its text to the cell to solve it in."""
    found, inside = [], None
    for group in groups:
        starts = role(group) == "exercise"
        if starts or group["t"] == "Header":
            inside = None
        (found if inside is None else inside).append(group)
        if starts:
            inside = group["c"][1]
        if {"stub", "solution"} & set(classes(group)):
            inside = None
    return found


# Questions ------------------------------------------------------------------------


def _questions(cell: NotebookNode) -> list[Node]:
    """Return the questions that a cell asks, and their answers."""
    found = []
    pairs = zip(asked.questions(cell), cell.metadata["asks"], strict=True)
    for asks, number in pairs:
        answered = "answered" in cell.metadata
        told = [] if answered else [div([answer(asks)], "answer")]
        inside = [*question(asks, number), *told]
        found.append(div(inside, "question", kind=asks.kind, number=str(number)))
        if answered:
            found.append(div(explanations(asks), "note", "answer"))
    return found


def question(question: Question, number: int) -> list[Node]:
    """Return a question and its options."""
    start = strong(f"{words.word('question')} {number}")
    task = {"t": "Emph", "c": inlines(TASKS[question.kind])}
    found = [para([start, SPACE, *inlines(question.text), SPACE, task])]
    if question.options:
        style = [1, {"t": "LowerAlpha"}, {"t": "TwoParens"}]
        texts = question.options.values()
        items = [[{"t": "Plain", "c": inlines(text)}] for text in texts]
        found.append({"t": "OrderedList", "c": [style, items]})
    return found


def answer(question: Question) -> Node:
    """Return the right answer of a question, and why it is right."""
    text = inlines(asked.answer(question))
    return para([strong(words.word("answer")), SPACE, *text])


def explanations(question: Question) -> list[Node]:
    """Return the right answer, and what to say to each wrong one."""
    wrong = [
        para([{"t": "Emph", "c": inlines(name)}, SPACE, *inlines(text)])
        for name, text in asked.wrong_answers(question)
    ]
    return [answer(question), *wrong]


# Parts of the tree ----------------------------------------------------------------

SPACE = {"t": "Space"}


def div(blocks: list[Node], *classes: str, **attributes: str) -> Node:
    """Return a group of blocks; the first class is its role."""
    return {"t": "Div", "c": [["", list(classes), list(attributes.items())], blocks]}


def para(inlines: list[Node]) -> Node:
    """Return a paragraph."""
    return {"t": "Para", "c": inlines}


def strong(text: str) -> Node:
    """Return words in bold."""
    return {"t": "Strong", "c": inlines(text)}


def code_block(text: str, *classes: str, **attributes: str) -> Node:
    """Return a block of text in a fixed-width font."""
    about = ["", list(classes), list(attributes.items())]
    return {"t": "CodeBlock", "c": [about, text.rstrip("\n")]}


def figure(png: str, description: Sequence[Node] = ()) -> Node:
    """Return a picture, given as base64, with its text alternative as inlines."""
    png = base64.b64encode(base64.b64decode(png)).decode()  # without line ends
    target = [f"data:image/png;base64,{png}", ""]
    return para([{"t": "Image", "c": [["", [], []], _seen(description), target]}])


def _seen(description: Sequence[Node]) -> list[Node]:
    """Return the words about a figure, or those for one without."""
    return list(description) or [{"t": "Str", "c": words.word("figure")}]


# In plain text, a minus, but of -inf.
MINUS = re.compile(r"(?<![\w)\]])-(?!inf\b)(?=[\w.(])")


def inlines(text: str) -> list[Node]:
    """Return a text with `code`, *words* and powers as inlines."""
    found = []
    for piece in MARKED.split(text):
        if piece.startswith("`"):
            found.append({"t": "Code", "c": [["", [], []], piece.strip("`")]})
        elif re.fullmatch(r"\*\w.*\*", piece):
            found.append({"t": "Emph", "c": inlines(piece.strip("*"))})
        else:
            base, *powers = POWER.split(piece)
            found += _plain_inlines(base)
            for power, rest in zip(powers[::2], powers[1::2], strict=True):
                inside = _plain_inlines(power.strip("()"))
                found += [{"t": "Superscript", "c": inside}, *_plain_inlines(rest)]
    return found


def _plain_inlines(text: str) -> list[Node]:
    parts = filter(None, re.split(r"(\s+)", MINUS.sub("\u2212", text)))
    return [SPACE if p.isspace() else {"t": "Str", "c": p} for p in parts]


def raw(html: str, what: str = "Block") -> Node:
    """Return HTML as a block of the tree, or as an ``"Inline"``."""
    return {"t": f"Raw{what}", "c": ["html", html]}


def classes(block: Node) -> list[str]:
    """Return the classes of a group or of a block of code."""
    return block["c"][0][1] if block["t"] in ("Div", "CodeBlock") else []


def attribute(block: Node, name: str) -> str:
    """Return an attribute of a group, or an empty text."""
    return dict(block["c"][0][2]).get(name, "")


def role(block: Node) -> str:
    """Return the role of a group; other blocks have none."""
    return next(iter(classes(block)), "") if block["t"] == "Div" else ""


def change(part: list, make: Callable[[Node], list[Node] | None]) -> list:
    """Return a part of the tree with others in the place of some nodes.

    ``make`` returns what comes in the place of a node. If that is None, the node stays,
    and the nodes in it are asked about.
    """
    found = []
    for node in part:
        is_node = isinstance(node, dict) and "t" in node
        if is_node and (new := make(node)) is not None:
            found += new
        elif is_node and isinstance(node.get("c"), list):
            found.append(node | {"c": change(node["c"], make)})
        else:
            found.append(change(node, make) if isinstance(node, list) else node)
    return found


def plain(node: Node | list | str) -> str:
    """Return the text of a part of the tree, with formulas as they are typed."""
    if isinstance(node, list):
        return "".join(plain(part) for part in node)
    if not isinstance(node, dict):
        return ""
    match node["t"]:
        case "Str":
            return node["c"]
        case "Space" | "SoftBreak" | "LineBreak":
            return " "
        case "Code" | "CodeBlock" | "Math":
            return node["c"][1]
        case "RawInline" | "RawBlock":
            return ""
    return plain(node.get("c", []))


def lead(block: Node) -> str:
    """Return the words in bold that a paragraph starts with, or an empty text."""
    inside = block["c"] if block["t"] in ("Para", "Plain") else []
    return plain(inside[0]) if inside and inside[0]["t"] == "Strong" else ""


def after_lead(block: Node, said: str) -> list[Node]:
    """Return what follows given bold words at the start of a paragraph, if they do."""
    if lead(block).rstrip(".:") != said:
        return []
    inside = block["c"][1:]
    while inside and inside[0]["t"] in ("Space", "SoftBreak"):
        inside = inside[1:]
    return inside


# Pandoc ---------------------------------------------------------------------------


def check_tools(*packages: str) -> None:
    """Find out before long work whether packages are here, and pandoc with its own."""
    for name in packages:
        if not importlib.util.find_spec(name):
            raise LabError(f"{name} is not installed; {WHAT_TO_DO}")
    if "pypandoc" in packages:
        _api_version()


def pandoc(text: str, *, source: str, target: str, options: Sequence[str] = ()) -> str:
    """Convert a text with pandoc."""
    try:
        from pypandoc import convert_text  # here, because learners do not have it

        return convert_text(text, target, format=source, extra_args=list(options))
    except (ImportError, OSError):
        raise LabError(
            f"pandoc is missing, which makes paper, pages and slides; {WHAT_TO_DO}"
        ) from None
    except RuntimeError as error:
        raise LabError(" ".join(str(error).split())) from None


def read(markdown: str) -> list[Node]:
    """Return markdown as blocks."""
    # A table wider than these columns would get fixed widths.
    options = ["--columns=1000"]
    text = pandoc(markdown, source=MARKDOWN, target="json", options=options)
    return json.loads(text)["blocks"]


def write(blocks: list[Node], target: str, options: Sequence[str] = ()) -> str:
    """Return blocks in another language, by pandoc."""
    tree = {"pandoc-api-version": _api_version(), "meta": {}, "blocks": blocks}
    options = ["--wrap=none", *options]
    return pandoc(json.dumps(tree), source="json", target=target, options=options)


def html(blocks: list[Node], *options: str) -> str:
    """Return blocks as HTML, with MathML, which browsers show without a script.

    A thin space stands around the names of functions, which MathML has not. As in TeX:
    y log p, but log(p).
    """
    thin = '<mspace width="0.167em"></mspace>'
    text = write(blocks, "html5", ["--mathml", *options])
    text = re.sub(rf"({FUNCTION})(?!<mo[^>]*>[(\[])", rf"\1{thin}", text)
    operand = r"</mi>|</mn>|</msub>|</msup>|</mfrac>|postfix\">[)\]]</mo>"
    return re.sub(rf"({operand})(?={FUNCTION})", rf"\1{thin}", text)


@functools.cache
def _api_version() -> list[int]:
    empty = pandoc("", source="markdown", target="json")
    return json.loads(empty)["pandoc-api-version"]
