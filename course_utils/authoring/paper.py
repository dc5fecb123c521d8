"""From the tree of a lab to typst's language, and from there to a PDF."""

import ast
import base64
import copy
import functools
import hashlib
import io
import json
import re
import shutil
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from PIL import Image
from pygments.lexers.python import PythonLexer
from pygments.token import Comment, Keyword, Name, Operator, String

from course_utils.authoring import credits, editions, tree, words
from course_utils.authoring.labs import LabError
from course_utils.authoring.tree import Node, code_block, div

COLUMNS = 88  # of code and outputs; course.typ chooses the size of the letters for it
SMALL_COLUMNS = 96  # of a mistake's code, which is set smaller
CONTINUED = "↪ "  # at the start of a line that is the rest of the one above
FIGURE_DPI = 110  # of an image that does not say its own
FIGURE_SCALE = 0.86  # of a figure's size on a screen
PYTHON = {"python", "source", "stub", "solution", "mistake"}  # classes of blocks
LOOKS = {
    Keyword: "keyword",
    Operator.Word: "keyword",
    Name.Function: "keyword",
    Name.Class: "keyword",
    Comment: "comment",
    String: "string",
}
# The fonts of the paper have no Hangul; in the labs it stands in parentheses.
HANGUL = re.compile(r"\([^()]*[\uac00-\ud7a3][^()]*\)")


# From the tree to typst -----------------------------------------------------------


def to_typst(nb: NotebookNode) -> tuple[str, dict[str, bytes]]:
    """Return an edition of a lab in typst's language, and the pictures it names."""
    nb = copy.deepcopy(nb)
    for cell in nb.cells:
        if cell.cell_type == "markdown":
            cell.source = HANGUL.sub("(in Korean)", cell.source)
    images = {}
    blocks = _with_key(_with_appendix(tree.lab(nb)))
    return write(tree.change(blocks, lambda block: _fit(block, images))), images


def write(blocks: list[Node]) -> str:
    """Return blocks in typst's language, by pandoc."""
    lua = f"--lua-filter={tree.TEMPLATES / 'paper.lua'}"
    return tree.write(blocks, "typst-smart", [lua])


def _with_appendix(blocks: list[Node]) -> list[Node]:
    """Put what is optional, which is the end of a lab, into a group."""
    for at, block in enumerate(blocks):
        title = tree.plain(block["c"][2]) if block["t"] == "Header" else ""
        if words.section_role(title) == "deeper":
            return [*blocks[:at], div(blocks[at:], "deeper")]
    return blocks


def _with_key(blocks: list[Node]) -> list[Node]:
    """Move the answers, and outputs that give them away, into a key at the end."""
    key = []

    def move(block: Node) -> list[Node] | None:
        kind = tree.role(block)
        inside = block["c"][1] if kind else []
        if kind in ("question", "pencil") and tree.role(inside[-1]) == "answer":
            (said,) = inside[-1]["c"][1]
            number = tree.attribute(block, "number")
            if kind == "pencil":
                number = f"{words.word(kind)} {number}"
            key.append(tree.para([tree.strong(number), *said["c"][1:]]))
            return [{"t": "Div", "c": [block["c"][0], inside[:-1]]}]
        if tree.role(block) == "told":
            key.extend(block["c"][1])
            return [{"t": "Div", "c": [block["c"][0], []]}]
        return None

    blocks = tree.change(blocks, move)
    return [*blocks, div(key, "key")] if key else blocks


def _fit(block: Node, images: dict[str, bytes]) -> list[Node] | None:
    """Return a block as it fits onto paper, or None if it does."""
    match block:
        case {"t": "CodeBlock", "c": [attributes, text]}:
            classes = attributes[1]
            text = wrap(text, SMALL_COLUMNS if "mistake" in classes else COLUMNS)
            if PYTHON & {*classes}:
                attributes[2].append(["marks", marks(text)])
            return [{"t": "CodeBlock", "c": [attributes, text]}]
        case {"t": "Para", "c": [{"t": "Image", "c": [_, seen, [source, _]]}]}:
            png = base64.b64decode(source.partition(",")[2])
            name = f"{hashlib.sha256(png).hexdigest()[:16]}.png"
            images[name] = png
            picture = Image.open(io.BytesIO(png))
            dpi, _ = picture.info.get("dpi", (FIGURE_DPI, FIGURE_DPI))
            size = (f"{n / dpi * 72 * FIGURE_SCALE:.2f}" for n in picture.size)
            about = dict(zip(("width", "height"), size, strict=True))
            return [div([], "picture", name=name, **about, alt=tree.plain(seen))]
        case {"t": "Div", "c": [[_, ["cell", *_], _], blocks]}:
            return tree.change(_cell(block, *blocks), lambda b: _fit(b, images))
    return None


def _cell(cell: Node, *blocks: Node) -> list[Node]:
    """Return a cell without the lines that paper cannot run."""
    if not blocks or "python" not in tree.classes(blocks[0]):
        return list(blocks)
    source, *outputs = blocks
    text = source["c"][1]
    if "stub" in tree.classes(cell):
        return _stub(text, json.loads(tree.attribute(cell, "room")))
    text = _without_checks(text)
    if "solution" in tree.classes(cell):
        return [code_block(text, "solution")]
    attributes = {"number": tree.attribute(cell, "number")}
    if outputs:
        attributes["sticky"] = "true"
    return [code_block(text, "source", **attributes), *outputs]


def _without_checks(source: str) -> str:
    """Drop the lines that call a check or a hint."""
    lines = [line for line in source.splitlines() if not editions.USE.match(line)]
    return "\n".join(lines).strip("\n")


def _stub(source: str, room: dict[str, int]) -> list[Node]:
    """Return a cell with exercises, with room to write in the place of each ``...``."""
    source = re.sub(r"^(def .*:) \.\.\.$", r"\1\n    ...", source, flags=re.MULTILINE)
    lines = source.splitlines()
    found, start = [], 0

    def code(end: int) -> None:
        text = _without_checks("\n".join(lines[start:end]))
        if text.strip():
            found.append(code_block(text, "stub"))

    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef) and node.name in room:
            last = node.body[-1]
            code(last.lineno - 1)
            found.append(div([], "room", lines=str(room.pop(node.name))))
            start = last.end_lineno
    code(len(lines))
    return found + [div([], "room", lines=str(n)) for n in room.values()]


@functools.cache  # most code is in both editions
def marks(source: str) -> str:
    """Return the parts of each line of Python, with their looks, as typst's literal.

    With typst's own highlighting, a book takes twice as long.
    """
    lines = [""]
    for token, text in PythonLexer(stripnl=False, ensurenl=False).get_tokens(source):
        look = next((LOOKS[kind] for kind in LOOKS if token in kind), "")
        first, *more = (f"({quote(look)}, {quote(t)})," for t in text.split("\n"))
        lines[-1] += first
        lines += more
    return f"({''.join(f'({line}),' for line in lines)})"


def quote(text: str) -> str:
    """Return a text as a literal of typst."""
    for old, new in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\t", "    ")):
        text = text.replace(old, new)
    return f'"{text}"'


def wrap(text: str, columns: int = COLUMNS) -> str:
    """Break lines that are too long for the paper, and mark what continues a line."""
    how = {"subsequent_indent": CONTINUED, "break_on_hyphens": False}
    lines = []
    for line in text.expandtabs(4).splitlines():
        wide = len(line) > columns
        lines += textwrap.wrap(line, columns, **how) if wide else [line]
    return "\n".join(lines)


# From typst to PDF ----------------------------------------------------------------


def document(template: str, body: str, **settings: str) -> str:
    """Return a whole document in typst's language.

    ``template`` is the function of ``course.typ`` that sets the pages: lab, book or
    sheet. The credits are added to the settings, which are its arguments.
    """
    told = credits.read()
    said = {
        "authors": told.authors,
        "short": told.short,
        "version": f"{told.version[0].upper()}{told.version[1:]}, {told.year}",
        "licence": f"{credits.LICENCE}.",
        "cite": f"{words.word('cite')}: {told.cite}",
    }
    texts = (f"{key}: {quote(text)}," for key, text in said.items())
    settings["credits"] = f"({' '.join(texts)})"
    arguments = "".join(f", {name}: {value}" for name, value in settings.items())
    start = f'#import "course.typ": *\n#show: it => {template}(it{arguments})'
    return f"{start}\n\n{body}\n"


def lab(edition: str, body: str, title: str, *, compact: bool) -> str:
    """Return one lab, or what looks like one, in typst's language."""
    return document(
        "lab",
        body,
        title=quote(title),
        course=quote(credits.read().title),
        edition=quote(words.word(edition)),
        compact=str(compact).lower(),
    )


def sources() -> str:
    """Return the notes that the course grew from, and the licences, for a book."""
    # The fonts inside of typst have no Korean letters.
    items = [
        f"* {re.sub(r'[가-힣]+(?: [가-힣]+)*', '…', title)}: {author}; {place}."
        for title, author, place, _ in credits.notes()
    ]
    parts = [
        "**The notes it grew from**, written in Korean (… stands for Korean letters, "
        "which README.md has):",
        "\n".join(items),
        "**Licences**",
        credits.section("Licences"),
    ]
    return write(tree.read("\n\n".join(parts)))


def fill_workshop(folder: Path, images: Mapping[str, bytes]) -> None:
    """Put into a folder what documents need to be compiled there."""
    shutil.copy(tree.TEMPLATES / "course.typ", folder)
    table = "".join(f"{quote(k)}: {quote(v)}, " for k, v in words.table().items())
    said = f"#let word = role => ({table}).at(role)\n"
    (folder / "words.typ").write_text(said, encoding="utf-8", newline="\n")
    for name, png in images.items():
        (folder / name).write_bytes(png)


def pdf(text: str, workshop: Path, name: str) -> bytes:
    """Compile a document; the same document gives the same bytes on every machine.

    For that it has no date (see ``course.typ``) and only the fonts inside of typst.
    """
    import typst

    source = workshop / f"{name}.typ"
    source.write_text(text, encoding="utf-8", newline="\n")
    try:
        # Such as readers for the blind ask for; typst refuses what does not conform.
        how = {"ignore_system_fonts": True, "pdf_standards": ["ua-1"]}
        content, warnings = typst.compile_with_warnings(source, **how)
    except typst.TypstError as error:
        message = textwrap.shorten(str(error), 300)
        raise LabError(f"{name}.pdf cannot be made: {message}") from None
    # Then page numbers are wrong: what is where depends on itself.
    if any("converge" in str(warning) for warning in warnings):
        raise LabError(f"{name}.pdf cannot be made: its pages do not settle")
    return content


def query(text: str, workshop: Path, name: str) -> Any:
    """Return what a document notes as ``#metadata(...)<found>``, by typst's layout."""
    import typst

    source = workshop / f"{name}.typ"
    source.write_text(text, encoding="utf-8", newline="\n")
    how = {"field": "value", "one": True, "ignore_system_fonts": True}
    return json.loads(typst.query(source, "<found>", **how))
