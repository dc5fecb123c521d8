"""From a notebook to typst's language, and from there to a PDF."""

import ast
import base64
import hashlib
import json
import re
import shutil
import struct
import textwrap
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from course_utils.authoring import asked, credits, editions
from course_utils.authoring.labs import LabError

TEMPLATES = Path(__file__).with_name("templates")
COLUMNS = 88  # of code and outputs; course.typ chooses the size of the letters for it
CONTINUED = "↪ "  # at the start of a line that is the rest of the one above
FIGURE_DPI = 110  # of an image that does not say its own
FIGURE_SCALE = 0.86  # of a figure's size on a screen
# The fonts of the paper have no Hangul; in the labs it stands in parentheses.
HANGUL = re.compile(r"\([^()]*[\uac00-\ud7a3][^()]*\)")
# Jupyter's markdown, as near as pandoc comes to it.
MARKDOWN = "commonmark+tex_math_dollars+pipe_tables+smart+raw_attribute"


def check_tools() -> None:
    """Find out whether pandoc and typst are here.

    Raises
    ------
    LabError
        If one is missing.
    """
    what_to_do = 'run: pip install -e ".[authoring]"'
    try:
        import pypandoc
        import typst  # noqa: F401
    except ImportError as error:
        raise LabError(f"{error.name} is not installed; {what_to_do}") from None
    try:
        pypandoc.get_pandoc_path()
    except OSError:
        raise LabError(f"pandoc is not installed; {what_to_do}") from None


# From a notebook to typst ---------------------------------------------------------


def to_typst(nb: NotebookNode) -> tuple[str, dict[str, bytes]]:
    """Return an edition of a lab in typst's language, for ``course.typ``.

    Returns
    -------
    text : str
    images : dict of str to bytes
        The pictures that it names.
    """
    images = {}
    parts, key = [], []
    seen = ""  # the words about a figure that stands in the key
    for position, cell in enumerate(nb.cells):
        if cell.cell_type == "markdown":
            parts.append(_markdown(cell).removeprefix(seen))
            seen = ""
        elif "asks" in cell.metadata:
            parts.append(asked.on_paper(cell, raw))
            if "answered" not in cell.metadata:
                found = asked.questions(cell)
                key += map(asked.key, cell.metadata["asks"], found)
        elif cell.cell_type == "code":
            following = nb.cells[position + 1 : position + 2]
            calls = _code_cell(cell, _description(following), images)
            if "tells" in cell.metadata:  # what came out stands in the key
                numbers = ", ".join(map(str, cell.metadata["tells"]))
                key += [raw(call) for call in calls[1:]]
                if any(call.startswith("#picture(") for call in calls):
                    seen = _seen(following)
                    key.append(seen)
                calls[1:] = [f"#see-key({quote(numbers)})"] if calls[1:] else []
            parts += [raw(call) for call in calls]
    if key:
        parts += [raw("#pagebreak(weak: true)"), "### Key to the questions", *key]
    return convert("\n\n".join(parts)), images


def convert(markdown: str) -> str:
    """Return markdown in typst's language, by pandoc."""
    import pypandoc

    text = pypandoc.convert_text(
        markdown,
        to="typst",
        format=MARKDOWN,
        extra_args=["--wrap=none", f"--lua-filter={TEMPLATES / 'paper.lua'}"],
    )
    # Else typst sets the bars of |z| as if something stood on both sides of each.
    return re.sub(r"\\\| (\w) \\\|", r"abs(\1)", text)


def quote(text: str) -> str:
    """Return a text as a literal of typst."""
    for old, new in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\t", "    ")):
        text = text.replace(old, new)
    return f'"{text}"'


def wrap(text: str, columns: int = COLUMNS) -> str:
    """Break lines that are too long for the paper, and mark what continues a line.

    A line is broken after a space where there is one in its second half, else anywhere.
    """
    lines = []
    for line in text.expandtabs(4).splitlines():
        mark = ""
        while len(mark) + len(line) > columns:
            room = columns - len(mark)
            at = line.rfind(" ", room // 2, room) + 1 or room
            lines.append(mark + line[:at].rstrip())
            line = line[at:]
            mark = CONTINUED
        lines.append(mark + line)
    return "\n".join(lines)


def raw(call: str) -> str:
    """Return words of typst that pandoc lets through, as markdown."""
    return f"``````` {{=typst}}\n{call}\n```````"


def _markdown(cell: NotebookNode) -> str:
    kind = cell.metadata.get("note")
    if not kind:
        return HANGUL.sub("(in Korean)", cell.source)
    # Code in a note is a mistake's: shown small.
    text = re.sub(
        r"^```python\n(.*?)\n```$",
        lambda m: raw(f"#mistake-code({quote(wrap(m[1], 96))})"),
        cell.source,
        flags=re.DOTALL | re.MULTILINE,
    )
    return f"{raw(f'#note({quote(kind)})[')}\n\n{text}\n\n{raw(']')}"


def _description(following: list[NotebookNode]) -> str:
    """Return what a figure shows, from the prose after it, as plain words."""
    for cell in following:
        match = re.match(
            r"\*\*What you should see\*\*\s+(.*?)(\n\s*\n|\Z)", cell.source, re.DOTALL
        )
        if match:
            return re.sub(r"[*`$\\]", "", " ".join(match[1].split()))
    return ""


def _seen(following: list[NotebookNode]) -> str:
    """Return the paragraph about a figure that the prose after it begins with."""
    for cell in following:
        first = cell.source.partition("\n\n")[0]
        if first.startswith("**What you should see**"):
            return first
    return ""


def _code_cell(cell: NotebookNode, alt: str, images: dict[str, bytes]) -> list[str]:
    number = quote(str(cell.execution_count))
    if "room" in cell.metadata:
        return [*_stub(cell), "#end-of-exercise"]
    source = quote(wrap(_without_checks(cell.source)))
    if editions.exercises(cell):
        return [f"#solution({source})", "#end-of-exercise"]
    outputs = [o for o in (_output(x, alt, images) for x in cell.outputs) if o]
    sticky = "true" if outputs else "false"
    return [f"#cell({source}, {number}, sticky: {sticky})", *outputs]


def _without_checks(source: str) -> str:
    """Drop the lines that call a check or a hint: paper cannot run them."""
    lines = [line for line in source.splitlines() if not editions.USE.match(line)]
    return "\n".join(lines).strip("\n")


def _stub(cell: NotebookNode) -> list[str]:
    """Return a cell with exercises, with room to write in the place of each ``...``."""
    room = dict(cell.metadata["room"])
    lines = cell.source.splitlines()
    calls, start = [], 0

    def code(end: int) -> None:
        source = _without_checks("\n".join(lines[start:end]))
        if source.strip():
            calls.append(f"#stub({quote(wrap(source))})")

    for node in ast.parse(cell.source).body:
        if isinstance(node, ast.FunctionDef) and node.name in room:
            last = node.body[-1]
            code(last.lineno - 1)
            calls.append(f"#room({room.pop(node.name)})")
            start = last.end_lineno
    code(len(lines))
    return calls + [f"#room({n})" for n in room.values()]


def _output(output: NotebookNode, alt: str, images: dict[str, bytes]) -> str:
    if output.output_type == "stream":
        kind = "" if output.name == "stdout" else "Warning"
        return _out(output.text, kind)
    if output.output_type == "error":
        return _out("\n".join(output.traceback), "Error")
    if "image/png" in output.data:
        png = base64.b64decode(output.data["image/png"])
        name = f"{hashlib.sha256(png).hexdigest()[:16]}.png"
        images[name] = png
        return f"#picture({quote(name)}, {_width(png):.0f}, alt: {quote(alt)})"
    return _out(output.data.get("text/plain", ""))


def _out(text: str, kind: str = "") -> str:
    text = editions.ANSI.sub("", text).strip("\n")
    return f"#out({quote(wrap(text))}, kind: {quote(kind)})" if text.strip() else ""


def _width(png: bytes) -> float:
    """Return how wide an image is on paper, in points."""
    (pixels,) = struct.unpack(">I", png[16:20])
    at = png.find(b"pHYs")
    per_metre = struct.unpack(">I", png[at + 4 : at + 8])[0] if at > 0 else 0
    dpi = per_metre * 0.0254 or FIGURE_DPI
    return pixels / dpi * 72 * FIGURE_SCALE


# From typst to PDF ----------------------------------------------------------------


def document(template: str, body: str, **settings: str) -> str:
    """Return a whole document in typst's language.

    Parameters
    ----------
    template : str
        The function of ``course.typ`` that sets the pages: lab, book or sheet.
    body : str
    **settings : str
        Its arguments, in typst's language. The credits are added.
    """
    settings["credits"] = _credits()
    arguments = "".join(f", {name}: {value}" for name, value in settings.items())
    start = f'#import "course.typ": *\n#show: it => {template}(it{arguments})'
    return f"{start}\n\n{body}\n"


def _credits() -> str:
    """Return version, licence and how to cite as a dictionary of typst."""
    told = credits.read()
    words = {
        "authors": told.authors,
        "short": told.short,
        "version": f"{told.version[0].upper()}{told.version[1:]}, {told.year}",
        "licence": f"{credits.LICENCE}.",
        "cite": f"To cite: {told.cite}",
    }
    return "(" + " ".join(f"{key}: {quote(text)}," for key, text in words.items()) + ")"


def sources() -> str:
    """Return the notes that the course grew from, and the licences, for a book."""
    items = []
    for title, author, place, _ in credits.notes():
        # The fonts inside of typst have no Korean letters.
        title = re.sub(r"[가-힣]+(?: [가-힣]+)*", "…", title)
        items.append(f"* {title}: {author}; {place}.")
    parts = [
        "**The notes it grew from**, written in Korean (… stands for Korean letters, "
        "which README.md has):",
        "\n".join(items),
        "**Licences**",
        credits.section("Licences"),
    ]
    return convert("\n\n".join(parts))


def fill_workshop(folder: Path, images: dict[str, bytes]) -> None:
    """Put into a folder what documents need to be compiled there."""
    for name in ("course.typ", "code.tmTheme"):
        shutil.copy(TEMPLATES / name, folder)
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
        return typst.compile(source, ignore_system_fonts=True)
    except typst.TypstError as error:
        message = textwrap.shorten(str(error), 300)
        raise LabError(f"{name}.pdf cannot be made: {message}") from None


def query(text: str, workshop: Path, name: str) -> Any:
    """Return what a document notes as ``#metadata(...)<found>``, by typst's layout."""
    import typst

    source = workshop / f"{name}.typ"
    source.write_text(text, encoding="utf-8", newline="\n")
    found = typst.query(
        source, "<found>", field="value", one=True, ignore_system_fonts=True
    )
    return json.loads(found)
