"""Make slide decks of labs: reveal.js, one file a lab, no network.

A cell with the tag ``slide`` starts a slide, a cell with the tag ``slide-more`` goes on
the slide before it; other cells are not projected. What a cell printed or drew comes at
the next click, and so does all that follows it: first predict, then look.

Of prose a slide shows little: the heading, display formulas, tables, lists, paragraphs
that start with one of the bold words in `LEADS`, and a sentence or two that lead to
them. All of the prose, that of cells in between as well, is in the speaker's notes (key
S). A heading starts a new slide, and so does a **Predict** after a result. What stands
before it in its cell belongs to the slide before: of a cell ``slide-more`` as usual, of
a cell ``slide`` only **What you should see** and a **Rule**.
"""

import importlib.util
import math
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

from nbformat import NotebookNode
from tqdm import tqdm

from course_utils.authoring import asked, credits, editions, tree, web, words
from course_utils.authoring.labs import LabError
from course_utils.authoring.publish import check_folder, publish
from course_utils.authoring.tolerance import read_tags
from course_utils.authoring.tree import Node, div, plain

TAGS = ("slide", "slide-more")

# Bold words that bring a paragraph onto a slide: the characters it may have there.
LEADS = {
    words.word("predict"): 300,
    words.word("rule"): 300,
    words.word("formula"): 200,
    words.word("see"): 190,
    words.word("exercise"): 240,
    words.word("think"): 400,
}
ENDS = (words.word("see"), words.word("rule"))  # a Predict after these starts a slide
CONTEXT = 170  # characters of the prose that leads to them

# Pixels of a slide; the style sheet has the same numbers.
WIDTH, HEIGHT = 1160, 616  # the board inside its margins
TITLES = {"title": (56, 110), True: (42, 52), False: (30, 52)}  # size, line height
SIZES = (40, 34, 28, 24)  # of prose; the largest at which the code is not too small
RATIO = 0.7  # code to prose
GAP, PADDING = 16, 24  # between items; inside a box of code
FIGURE = 300  # a figure is at least so high
CAPTION, TABLE_MIN = 28, 18  # sizes of text below a figure and in a table
CODE_MAX, CODE_MIN = 28, 19  # sizes of code
GLYPH, LINE = 0.61, 1.3  # width of a fixed-width letter and line height, in its size
OUTPUT_LINES, OUTPUT_COLUMNS = 14, 84


@dataclass
class Item:
    """One thing on a slide; items with the same step appear together."""

    blocks: list[Node]
    kind: str  # a class in the style sheet
    step: int = 0  # 0 is visible from the start


@dataclass
class Slide:
    """What is projected at once.

    Attributes
    ----------
    title : list
        Inlines of pandoc's tree.
    own : bool
        Whether the title is that of the slide and not only that of the section.
    """

    title: list[Node]
    own: bool
    items: list[Item] = field(default_factory=list)
    notes: list[Node] = field(default_factory=list)
    kind: str = "slide"


def main(paths: Sequence[Path], folder: Path) -> int:
    """Make the decks of labs.

    Parameters
    ----------
    paths : sequence of Path
        The ``.py`` files of labs.
    folder : Path
        Gets one ``.html`` for each lab, all or none.

    Returns
    -------
    int
        0.

    Raises
    ------
    LabError
        If a lab was not executed or has no marked cell, a tool is missing, or the
        folder cannot be written to.
    """
    check_folder(folder)
    files, rows = {}, []
    with tqdm(paths, unit="lab", desc="slides", leave=False, disable=None) as bar:
        for path in bar:
            slides = read_slides(path)
            files[f"{path.stem}.html"] = deck(slides)
            rows.append(f"{path.stem}.html  {len(slides):>3} slides")
    publish(files, folder)
    print("\n".join(rows))
    print(f"\nslide decks: {folder}")
    return 0


def read_slides(path: Path) -> list[Slide]:
    """Return the slides of an executed lab.

    Raises
    ------
    LabError
        If the lab was not executed or no cell of it is marked.
    """
    nb = editions.read_executed(path)
    tags = {
        cell.id: _mark(cell, f"{path.name}, the cell {n}")
        for n, cell in enumerate(nb.cells, 1)
    }
    if not any(tags.values()):
        raise LabError(
            f"{path.name} has no cell for slides; mark some with the tag 'slide', "
            'as in: # %% [markdown] tags=["slide"]'
        )
    return [part for slide in plan(editions.student(nb), tags) for part in fit(slide)]


def _mark(cell: NotebookNode, name: str) -> str:
    """Return the slide tag of a cell, or an empty text."""
    tags = cell.metadata.get("tags", [])
    try:
        read_tags(tags, name)
    except ValueError as error:
        raise LabError(error) from None
    return next((tag for tag in tags if tag in TAGS), "")


# From cells to slides -----------------------------------------------------------


def plan(nb: NotebookNode, tags: Mapping[str, str]) -> list[Slide]:
    """Return the slides of a lab, each as long as the author made it.

    Parameters
    ----------
    nb : NotebookNode
        The students' edition. Its first cell makes the title slide.
    tags : mapping of str to str
        For the id of a cell the tag that it has, if any.
    """
    first, *parts = tree.cells(nb)
    slides = [_title_slide(first)]
    section = slides[0].title
    before = ""  # the tag of the cell before
    for cell, blocks in zip(nb.cells[1:], parts, strict=True):
        tag = tags.get(cell.id, "")
        if "asks" in cell.metadata:
            if tag:
                _add_questions(slides, cell, section, new=tag == "slide")
            before = tag
            continue
        if cell.cell_type == "code":
            if tag:
                _add_code(slides, blocks, section, new=tag == "slide")
            before = tag
            continue
        pieces = _pieces(blocks, more=tag == "slide-more")
        for number, piece in enumerate(pieces):
            heading, rest = _heading(piece)
            if heading and heading["c"][0] <= 2:
                section = heading["c"][2]
            followed = any(b["t"] == "Header" for p in pieces[number + 1 :] for b in p)
            intro = heading and followed and all(map(_is_ordinary, rest))
            if not tag or intro:
                slides[-1].notes += _as_note(heading) + rest
                continue
            tail = tag == "slide" and number + 1 < len(pieces) and not heading
            if tail and number == 0:
                _add_ends(slides[-1], rest, shown=bool(before))
                continue
            if number > 0 or tag == "slide" or _asks_anew(slides[-1], rest):
                own = heading["c"][2] if heading else []
                slides.append(Slide(own or section, own=bool(own)))
            _add_prose(slides[-1], rest)
        before = tag
    return slides


def _as_note(heading: Node | None) -> list[Node]:
    """Return a heading that has no slide of its own as a line in bold."""
    if not heading:
        return []
    return [{"t": "Para", "c": [{"t": "Strong", "c": heading["c"][2]}]}]


def _title_slide(blocks: list[Node]) -> Slide:
    """Return the slide with the lab's title and what one will be able to do."""
    heading, rest = _heading(blocks)
    slide = Slide(heading["c"][2] if heading else [], own=True, notes=rest)
    slide.kind = "title"
    first = next(filter(_is_ordinary, rest), None)
    if first:
        slide.items.append(Item([sentences(first, CONTEXT)], "prose-lead"))
    for block, following in pairwise(rest):
        if tree.lead(block) == words.word("aims"):
            slide.items.append(Item([block, following], "prose"))
    return slide


def _pieces(blocks: list[Node], *, more: bool) -> list[list[Node]]:
    """Cut the prose of a cell where a new slide begins.

    A Predict takes the paragraph before it along, if it is not the first of the piece.
    """
    pieces = [[]]
    for block in _unfold(blocks):
        piece = pieces[-1]
        ended = any(lead_word(earlier) in ENDS for earlier in piece)
        if more and piece and piece[0]["t"] != "Header":
            ended = True
        if block["t"] == "Header" and piece:
            pieces.append([])
        elif lead_word(block) == words.word("predict") and piece and ended:
            along = len(piece) > 1 and _is_ordinary(piece[-1])
            pieces.append([piece.pop()] if along else [])
        pieces[-1].append(block)
    return pieces


def _is_ordinary(block: Node) -> bool:
    """Tell whether a block is a paragraph of running text, and no aside."""
    if block["t"] != "Para" or lead_word(block) or _is_formula(block["c"][0]):
        return False
    return not plain(block).startswith("(")


def _asks_anew(slide: Slide, blocks: list[Node]) -> bool:
    """Tell whether a cell asks for a prediction and the slide has shown a result."""
    return bool(_next_step(slide)) and lead_word(blocks[0]) == words.word("predict")


def _unfold(blocks: list[Node]) -> list[Node]:
    """Give each display formula and each of the bold words a paragraph of its own."""
    unfolded = []
    for block in blocks:
        if block["t"] != "Para":
            unfolded.append(block)
            continue
        inlines = []
        for inline in block["c"]:
            formula = _is_formula(inline)
            if formula or lead_word({"t": "Para", "c": [inline]}):
                unfolded.append({"t": "Para", "c": _trim(inlines)})
                inlines = []
            inlines.append(inline)
            if formula:
                unfolded.append({"t": "Para", "c": inlines})
                inlines = []
        unfolded.append({"t": "Para", "c": _trim(inlines)})
    return [block for block in unfolded if block.get("c")]


def _is_formula(inline: Node) -> bool:
    return inline["t"] == "Math" and inline["c"][0]["t"] == "DisplayMath"


def _trim(inlines: list[Node]) -> list[Node]:
    blank = ("Space", "SoftBreak")
    while inlines and inlines[0]["t"] in blank:
        inlines = inlines[1:]
    while inlines and inlines[-1]["t"] in blank:
        inlines = inlines[:-1]
    return inlines


def lead_word(block: Node) -> str:
    """Return which of `LEADS` a paragraph starts with, or an empty text."""
    text = tree.lead(block).rstrip(".: 0123456789")
    return text if text in LEADS else ""


def _heading(blocks: list[Node]) -> tuple[Node | None, list[Node]]:
    if blocks and blocks[0]["t"] == "Header":
        return blocks[0], blocks[1:]
    return None, blocks


def _add_prose(slide: Slide, blocks: list[Node]) -> None:
    """Put what matters of some prose on a slide, and all of it into the notes."""
    slide.notes += blocks
    if plain(slide.title).startswith(words.word("pitfall")):
        slide.kind = "pitfall"
    step = _next_step(slide)
    slide.items += [Item([block], _kind(block), step) for block in shorten(blocks)]


def _add_ends(slide: Slide, blocks: list[Node], *, shown: bool) -> None:
    """Put what ends a section on a slide, if the slide shows what it is about."""
    ends = [block for block in blocks if lead_word(block) in ENDS]
    slide.notes += [block for block in blocks if not (shown and block in ends)]
    if shown and ends:
        _add_prose(slide, ends)


def _add_code(slides, blocks, section, *, new: bool) -> None:
    """Put a code cell on a slide; the code of a figure goes to the notes."""
    if new:
        slides.append(Slide(section, own=False))
    slide = slides[-1]
    has_figure = any(block["t"] == "Para" for block in blocks)
    step = _next_step(slide)
    for block in blocks:
        kind = _kind(block)
        if kind == "code" and has_figure:
            slide.notes.append(block)
        elif kind == "code":
            slide.items.append(Item([block], kind, step))
        else:
            slide.items.append(Item([_cut_output(block)], kind, max(step, 1)))


def _add_questions(slides, cell, section, *, new: bool) -> None:
    """Stop at a question, and answer it at the next click."""
    pairs = zip(asked.questions(cell), cell.metadata["asks"], strict=True)
    for question, number in pairs:
        if new or _next_step(slides[-1]):
            slides.append(Slide(section, own=False))
        slide = slides[-1]
        blocks, answer = tree.question(question, number), tree.answer(question)
        slide.items.append(Item(blocks, "prose-predict"))
        slide.items.append(Item([sentences(answer, 200)], "prose-rule", 1))
        slide.notes += [*blocks, answer]


def _next_step(slide: Slide) -> int:
    """Return the step of what comes next: a click later once something is hidden."""
    last = slide.items[-1].step if slide.items else 0
    return last + 1 if last else 0


def _kind(block: Node) -> str:
    match block["t"]:
        case "CodeBlock":
            classes = block["c"][0][1]
            return " ".join(classes) if "output" in classes else "code"
        case "Para" if block["c"][0]["t"] == "Image":
            return "figure"
        case "Para" if _is_formula(block["c"][0]):
            return "formula"
        case "Para" if block["c"][0] == _marker("see"):
            return "prose-what"
        case "Table":
            return "table"
    words = lead_word(block).lower().split()
    return "-".join(["prose", *words[:1]])


# What is shown of a cell --------------------------------------------------------


def shorten(blocks: list[Node]) -> list[Node]:
    """Return the few blocks of a piece of prose that belong on a slide."""
    context = _context(blocks)
    shown = []
    for block in blocks:
        word = lead_word(block)
        if word:
            shown.append(_without_see(sentences(block, LEADS[word])))
        elif block is context:
            leads_on = block is not blocks[0] or _is_key(blocks, block)
            shown.append(sentences(block, CONTEXT, last=leads_on))
        elif block["t"] in ("Table", "CodeBlock") or _is_display(block):
            shown.append(block)
        elif block["t"] == "BulletList":
            items = [[sentences(item[0], 120)] for item in block["c"]]
            shown.append({"t": "BulletList", "c": items})
        elif block["t"] == "OrderedList":
            items = [[sentences(item[0], 120)] for item in block["c"][1]]
            shown.append({"t": "OrderedList", "c": [block["c"][0], items]})
    return shown


def _context(blocks: list[Node]) -> Node | None:
    """Return the paragraph of running text that a slide quotes.

    It is the one before the first formula or Predict; without these, the first one,
    unless the piece begins with bold words of its own.
    """
    previous = None
    for block in blocks:
        if lead_word(block) == words.word("predict") or _is_display(block):
            return previous
        previous = block if _is_ordinary(block) else None
    if blocks and (lead_word(blocks[0]) or blocks[0]["t"] == "Table"):
        return None
    return next(filter(_is_ordinary, blocks), None)


def _is_key(blocks: list[Node], block: Node) -> bool:
    """Tell whether a formula or a Predict follows a block."""
    after = blocks[blocks.index(block) + 1 :][:1]
    return any(lead_word(b) == words.word("predict") or _is_display(b) for b in after)


def _is_display(block: Node) -> bool:
    return block["t"] == "Para" and _is_formula(block["c"][0])


def _without_see(block: Node) -> Node:
    """Drop the words **What you should see**: on a slide they are a caption's."""
    see = words.word("see")
    if lead_word(block) == see:
        return {"t": "Para", "c": [_marker("see"), *tree.after_lead(block, see)]}
    return block


def _marker(name: str) -> Node:
    return {"t": "Span", "c": [["", [name], []], []]}


def sentences(block: Node, limit: int, *, last: bool = False) -> Node:
    """Return the first or the last sentences of a paragraph, at least one.

    Parameters
    ----------
    block : Node
        Other blocks than paragraphs come back as they are.
    limit : int
        Characters. As many whole sentences as these hold.
    last : bool
        Whether to take them from the end.
    """
    if block["t"] not in ("Para", "Plain"):
        return block
    parts = _split_sentences(block["c"])
    parts = [
        p for p in parts if not plain(p).strip().startswith("(")
    ] or parts  # no asides
    if last:
        parts.reverse()
    kept, length = [], 0
    for part in parts:
        length += len(plain(part))
        if kept and length > limit:
            break
        kept.append(part)
    if last:
        kept.reverse()
    return {"t": block["t"], "c": _trim([inline for part in kept for inline in part])}


def _split_sentences(inlines: list[Node]) -> list[list[Node]]:
    parts, depth = [[]], 0
    for i, inline in enumerate(inlines):
        parts[-1].append(inline)
        text = plain(inline)
        depth += text.count("(") - text.count(")") if inline["t"] == "Str" else 0
        stops = text.rstrip(")\"'*").endswith((".", "?", "!"))
        followed = inlines[i + 1 : i + 2]
        gap = followed and followed[0]["t"] in ("Space", "SoftBreak")
        if inline["t"] in ("Str", "Math", "Emph") and stops and gap and depth <= 0:
            parts.append([])
    return [part for part in parts if part]


def _cut_output(block: Node) -> Node:
    """Wrap long lines of an output, and cut a long output with an ellipsis."""
    if block["t"] != "CodeBlock":
        return block
    attributes, text = block["c"]
    lines = text.splitlines()
    if "error" in attributes[1]:  # the last line says what is wrong
        lines = lines[-1:]
    wrapped = [part for line in lines for part in _wrap(line)]
    if len(wrapped) > OUTPUT_LINES:
        wrapped = [*wrapped[: OUTPUT_LINES - 3], "…", *wrapped[-2:]]
    return {"t": "CodeBlock", "c": [attributes, "\n".join(wrapped)]}


def _wrap(line: str) -> list[str]:
    if len(line) <= OUTPUT_COLUMNS:
        return [line]
    return textwrap.wrap(
        line, OUTPUT_COLUMNS, subsequent_indent="    ", drop_whitespace=False
    )


# Fitting ------------------------------------------------------------------------


def fit(slide: Slide) -> list[Slide]:
    """Cut a slide into as many as it takes to keep its code readable.

    A caption that does not fit, or text that would stand alone, is only in the notes.
    """
    n_steps = max((item.step for item in slide.items), default=0) + 1
    if code_size(_steps(slide, 0, 1)) < CODE_MIN:  # without what leads to it
        items = [i for i in slide.items if i.step or i.kind != "prose"]
        slide = replace(slide, items=items or slide.items)
    kept = n_steps
    while kept > 1 and code_size(_steps(slide, 0, kept)) < CODE_MIN:
        kept -= 1
    if kept == n_steps:
        return [slide]
    shown = _steps(slide, 0, kept)
    rest = _steps(slide, kept, n_steps)
    if any(item.step == 0 and item.kind.startswith("output") for item in rest.items):
        question = [item for item in shown.items if item.kind == "prose-predict"]
        rest.items = [Item(item.blocks, item.kind) for item in question] + rest.items
    rest.items = [item for item in rest.items if item.kind != "prose-what"]
    if all(item.kind == "prose" for item in rest.items):
        return [shown]
    return [shown, *fit(rest)]


def _steps(slide: Slide, start: int, stop: int) -> Slide:
    """Return a slide with some of the steps, the first of them visible at once."""
    items = [
        Item(item.blocks, item.kind, item.step - start)
        for item in slide.items
        if start <= item.step < stop
    ]
    return replace(slide, items=items)


def text_size(slide: Slide) -> int:
    """Return the size of prose in pixels, as large as the code allows."""
    fitting = (size for size in SIZES if _code_size(slide, size) >= RATIO * size)
    return next(fitting, SIZES[-1])


def code_size(slide: Slide) -> float:
    """Return the size of code in pixels at which a slide holds all of its items.

    It follows from the longest line, the number of lines, and the room that prose,
    formulas and figures leave. It is 0 if prose and figures alone are too much.
    """
    return _code_size(slide, text_size(slide))


def _code_size(slide: Slide, size: int) -> float:
    """Return the size of code beside prose of a given size."""
    texts = [item.blocks[0]["c"][1] for item in slide.items if _is_code(item)]
    lines = [line for text in texts for line in text.splitlines() or [""]]
    heights = [_height(b, item.kind, size) for item in slide.items for b in item.blocks]
    room = HEIGHT - sum(heights) - GAP * len(slide.items) - PADDING * len(texts)
    room -= _title_height(slide)
    if not lines:
        return CODE_MAX if room >= 0 else 0
    across = (WIDTH - PADDING) / (GLYPH * max(1, *map(len, lines)))
    down = room / (LINE * len(lines))
    return max(0, math.floor(10 * min(across, down, CODE_MAX)) / 10)


def _title_height(slide: Slide) -> float:
    size, line = TITLES["title" if slide.kind == "title" else slide.own]
    return line * math.ceil(len(plain(slide.title)) * 0.56 * size / WIDTH)


def _is_code(item: Item) -> bool:
    return item.blocks[0]["t"] == "CodeBlock"


def _height(block: Node, kind: str, size: int) -> float:
    """Return roughly how many pixels a block takes; code counts as none here."""
    if kind == "figure":
        return FIGURE
    if kind == "formula":
        text = plain(block)
        rows = text.count(r"\\") + 1
        tall = any(word in text for word in (r"\frac", r"\sum", r"\prod"))
        return rows * size * (2.6 if tall else 1.6) + size
    if kind == "prose-what":
        size = CAPTION
    match block["t"]:
        case "CodeBlock":
            return 0
        case "Table":
            return _table(block)[1]
        case "BulletList":
            texts = [plain(item) for item in block["c"]]
        case "OrderedList":
            texts = [plain(item) for item in block["c"][1]]
        case _:
            texts = [plain(block)]
    columns = WIDTH / (0.47 * size) - (2 if block["t"].endswith("List") else 0)
    lines = sum(math.ceil((len(text) + 1) / columns) for text in texts)
    boxed = 20 if kind in ("prose-predict", "prose-rule") else 0
    return lines * size * 1.35 + boxed + 6 * (len(texts) - 1)


def _table(block: Node) -> tuple[float, float]:
    """Return the size of a table's text and the height of the table, in pixels."""
    head, body = block["c"][3], block["c"][4][0]
    rows = [[plain(cell[4]) for cell in row[1]] for row in [*head[1], *body[3]]]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    across = (WIDTH - 18 * len(widths)) / (0.6 * sum(widths))
    down = (HEIGHT - 100) / (1.75 * len(rows))
    size = max(TABLE_MIN, min(across, down, SIZES[1]))
    lines = len(rows) * math.ceil(size / across)
    return math.floor(10 * size) / 10, lines * size * 1.35 + 10 * len(rows)


# The file -----------------------------------------------------------------------


def deck(slides: Sequence[Slide]) -> bytes:
    """Return slides as one HTML file.

    Raises
    ------
    LabError
        If pandoc or reveal.js is missing.
    """
    sections = [_section(slide, number) for number, slide in enumerate(slides)]
    return web.html(
        sections,
        template="slides.html",
        variables={
            "pagetitle": plain(slides[0].title),
            "css": str(web.TEMPLATES / "slides.css"),
            "reveal": str(_reveal()),
        },
    )


def _section(slide: Slide, number: int) -> Node:
    size = code_size(slide) or CODE_MIN
    style = f"--text: {text_size(slide)}px; --code: {size}px"
    tag = "h1" if slide.kind == "title" else "h2"
    start = f"<{tag}>" if slide.own else f'<{tag} class="running">'
    # Raw, because pandoc would make another section of a header.
    title = [_raw_inline(start), *slide.title, _raw_inline(f"</{tag}>")]
    blocks = [{"t": "Plain", "c": title}]
    blocks += [_item(item) for item in slide.items]
    board = {"t": "Div", "c": [["", ["board"], [["style", style]]], blocks]}
    if slide.kind == "title":
        words = {"t": "Str", "c": credits.read().line}
        blocks.append(div([{"t": "Plain", "c": [words]}], "credits"))
    notes = [_raw('<aside class="notes">'), *slide.notes, _raw("</aside>")]
    return {
        "t": "Div",
        "c": [[f"slide-{number}", ["section", slide.kind], []], [board, *notes]],
    }


def _item(item: Item) -> Node:
    group = div(item.blocks, "item", *item.kind.split())
    if item.kind == "table":
        size, _ = _table(item.blocks[0])
        group["c"][0][2].append(["style", f"--text: {size}px"])
    if item.step:
        group["c"][0][1].append("fragment")
        group["c"][0][2].append(["fragment-index", str(item.step)])
    return group


def _raw(text: str) -> Node:
    return {"t": "RawBlock", "c": ["html", text]}


def _raw_inline(text: str) -> Node:
    return {"t": "RawInline", "c": ["html", text]}


def _reveal() -> Path:
    """Return the folder of reveal.js, which the package sphinx-revealjs holds."""
    spec = importlib.util.find_spec("sphinx_revealjs")
    folder = spec and Path(spec.origin).parent / "_static" / "revealjs"
    if not folder or not (folder / "dist" / "reveal.js").exists():
        raise LabError(
            "reveal.js is missing, which shows the slides; "
            'run: pip install -e ".[authoring]"'
        )
    return folder
