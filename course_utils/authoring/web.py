"""Make one offline HTML page of a lab, with pandoc.

A lab goes through pandoc's document tree: the prose as pandoc reads it, and around it
blocks of our own for code, outputs and figures. Formulas become MathML, which browsers
show without a script. `slides` builds its decks from the same blocks.
"""

import base64
import functools
import json
import re
from collections.abc import Sequence
from html import escape
from pathlib import Path

from nbformat import NotebookNode

from course_utils.authoring import asked, credits
from course_utils.authoring.editions import ANSI
from course_utils.authoring.labs import LabError

TEMPLATES = Path(__file__).with_name("templates")
SEE = "What you should see"
# Jupyter's markdown. (Of a line that begins with "10." pandoc's own reader of notebooks
# makes a list, in the midst of a sentence.)
MARKDOWN = "commonmark+tex_math_dollars+pipe_tables+gfm_auto_identifiers+fenced_divs"

# The name of a function, such as log, in the MathML that pandoc writes.
FUNCTION = (
    r'(?:<mrow>)?<mi mathvariant="normal">\w\w+</mi>'
    r"(?:<mo>(?:&#8289;|\u2061)</mo></mrow>)?+"
)

# A block or an inline of pandoc's tree: {"t": its kind, "c": its contents}.
Node = dict


def page(nb: NotebookNode, title: str) -> bytes:
    """Return a lab as one HTML file that needs no network.

    Parameters
    ----------
    nb : NotebookNode
        What shall be on the page, with its outputs.
    title : str
        What the browser calls the page. The heading is the lab's own.

    Raises
    ------
    LabError
        If pandoc is missing.
    """
    parts = cells(nb)
    content = []
    for cell, part in zip(nb.cells, parts, strict=True):
        if "asks" in cell.metadata:
            content += _question(cell)
        elif "tells" in cell.metadata:
            outputs = asked.folded("What comes out", part[1:])
            content.append(div([part[0], *outputs], "cell"))
        else:
            content += [div(part, "cell")] if cell.cell_type == "code" else part
    return html(
        _sections(content),
        template="page.html",
        variables={"pagetitle": title, "css": str(TEMPLATES / "page.css")},
        options=["--toc", "--toc-depth=2"],
    )


def _question(cell: NotebookNode) -> list[Node]:
    """Return questions, each with its answer folded."""
    boxes = []
    pairs = zip(asked.questions(cell), cell.metadata["asks"], strict=True)
    for question, number in pairs:
        told = asked.folded("The answer", [asked.answer_block(question)])
        boxes.append(div([*asked.blocks(question, number), *told], "question"))
    return boxes


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
    text = pandoc(
        "\n\n".join(f"{fence} cell\n\n{source}\n\n{fence}" for source in sources),
        source=MARKDOWN,
        target="json",
        # Because a table wider than these would get fixed widths.
        options=["--columns=1000"],
    )
    return [block["c"][1] for block in json.loads(text)["blocks"]]


def _descriptions(nb: NotebookNode, prose: list[list[Node]]) -> list[list[Node]]:
    """Return for each cell the words that describe a figure of it, as inlines."""
    found = []
    remaining = list(prose)
    for cell in nb.cells:
        if cell.cell_type == "markdown":
            del remaining[0]
        following = remaining[0] if remaining else []
        seen = (after_lead(block, SEE) for block in following)
        found.append(next(filter(None, seen), []))
    return found


def code(cell: NotebookNode, description: Sequence[Node] = ()) -> list[Node]:
    """Return the blocks of a code cell, the source first."""
    blocks = [code_block(cell.source, "python")] if cell.source.strip() else []
    for output in cell.get("outputs", []):
        data = output.get("data", {})
        if output.output_type == "error":
            text = ANSI.sub("", "\n".join(output.traceback))
            blocks.append(code_block(text, "output", "error"))
        elif output.output_type == "stream":
            blocks.append(code_block(ANSI.sub("", output.text), "output"))
        elif "image/png" in data:
            blocks.append(figure(data["image/png"], description))
        elif "text/plain" in data:
            blocks.append(code_block(ANSI.sub("", data["text/plain"]), "output"))
    return blocks


def figure(png: str, description: Sequence[Node] = ()) -> Node:
    """Return a picture, given as base64, with its text alternative as inlines."""
    png = base64.b64encode(base64.b64decode(png)).decode()  # without line ends
    words = list(description) or [{"t": "Str", "c": "The figure of the cell above."}]
    target = [f"data:image/png;base64,{png}", ""]
    return {"t": "Para", "c": [{"t": "Image", "c": [["", [], []], words, target]}]}


def _sections(blocks: list[Node]) -> list[Node]:
    """Put each part with a heading of level 2 into a section that is a landmark."""
    top, sections = [], []
    for block in blocks:
        if block["t"] == "Header" and block["c"][0] == 2:
            name = block["c"][1][0]
            attributes = [["aria-labelledby", name]]
            sections.append({"t": "Div", "c": [["", ["section"], attributes], [block]]})
        elif sections:
            sections[-1]["c"][1].append(block)
        else:
            top.append(block)
    return top + sections


# Pandoc and its tree ------------------------------------------------------------


def pandoc(text: str, *, source: str, target: str, options: Sequence[str] = ()) -> str:
    """Convert a text with pandoc.

    Raises
    ------
    LabError
        If pandoc is missing or refuses the text.
    """
    try:
        import pypandoc  # here, because learners do not have it

        return pypandoc.convert_text(
            text, target, format=source, extra_args=list(options)
        )
    except (ImportError, OSError):
        raise LabError(
            "pandoc is missing, which makes pages and slides; "
            'run: pip install -e ".[authoring]"'
        ) from None
    except RuntimeError as error:
        raise LabError(" ".join(str(error).split())) from None


def html(
    blocks: list[Node], *, template: str, variables: dict, options: Sequence[str] = ()
) -> bytes:
    """Return a whole HTML file of blocks, with all that it needs inside."""
    told = credits.read()
    everywhere = {"credits": escape(told.line), "cite": escape(told.cite)}
    variables = everywhere | variables
    tree = {"pandoc-api-version": _api_version(), "meta": {}, "blocks": blocks}
    text = pandoc(
        json.dumps(tree),
        source="json",
        target="html5",
        options=[
            *("--mathml", "--wrap=none", "--embed-resources", "--standalone"),
            f"--template={TEMPLATES / template}",
            *(f"--variable={name}:{value}" for name, value in variables.items()),
            *options,
        ],
    )
    return (_space_functions(text).rstrip("\n") + "\n").encode("utf-8")


def _space_functions(text: str) -> str:
    """Set a thin space around the names of functions, which MathML has not.

    As TeX does: y log p, but log(p).
    """
    thin = '<mspace width="0.167em"></mspace>'
    text = re.sub(rf"({FUNCTION})(?!<mo[^>]*>[(\[])", rf"\1{thin}", text)
    operand = r"</mi>|</mn>|</msub>|</msup>|</mfrac>|postfix\">[)\]]</mo>"
    return re.sub(rf"({operand})(?={FUNCTION})", rf"\1{thin}", text)


@functools.cache
def _api_version() -> list[int]:
    return json.loads(pandoc("", source="markdown", target="json"))[
        "pandoc-api-version"
    ]


def code_block(text: str, *classes: str) -> Node:
    """Return a block of text in a fixed-width font."""
    return {"t": "CodeBlock", "c": [["", list(classes), []], text.rstrip("\n")]}


def div(blocks: list[Node], *classes: str) -> Node:
    """Return a group of blocks; one with the class ``section`` becomes a section."""
    return {"t": "Div", "c": [["", list(classes), []], blocks]}


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
    inlines = block["c"] if block["t"] in ("Para", "Plain") else []
    return plain(inlines[0]) if inlines and inlines[0]["t"] == "Strong" else ""


def after_lead(block: Node, words: str) -> list[Node]:
    """Return what follows given bold words at the start of a paragraph, if they do."""
    if lead(block).rstrip(".:") != words:
        return []
    inlines = block["c"][1:]
    while inlines and inlines[0]["t"] in ("Space", "SoftBreak"):
        inlines = inlines[1:]
    return inlines
