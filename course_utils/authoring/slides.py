"""Make slide decks of labs: reveal.js, one file a lab, no network.

What is projected says Jupyter's own metadata of a cell, ``slideshow.slide_type``:

* ``slide`` (or ``subslide``) begins a slide;
* ``fragment`` goes on with it, at the next click;
* ``notes``, or none at all: the prose is what the speaker says, in the notes (key S);
* ``skip``: not even there.

Of the prose of a cell on a slide, the board shows headings, the first paragraph (if it
is not in brackets), each paragraph that begins with bold words, and all formulas,
lists, tables and code; the notes have all of it. Of a code cell the board shows the
code without the lines that only test, unless the cell draws, and at the next click what
came out. The click after a
question brings its answer and the cell with its result, if that is the next one. An
explorable is alive. What sums up the first half of a lab has a slide of its own.

Nothing is shortened. The browser makes the text as large as the board allows, see
``slides.html``; what would be too small to read is for the author to mark otherwise.
"""

import difflib
import hashlib
import importlib.util
import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

from nbformat import NotebookNode
from tqdm.contrib.concurrent import thread_map

from course_utils.authoring import (
    asked,
    credits,
    editions,
    gallery,
    tree,
    words,
    worksheet,
)
from course_utils.authoring.labs import LabError
from course_utils.authoring.publish import check_folder, publish
from course_utils.authoring.tree import Node, after_lead, div, lead, para, plain

MARKS = {name: name for name in ("slide", "fragment", "notes", "skip")}
MARKS |= {"subslide": "slide", "-": "notes", "": "notes"}
PICTURE_START = "data:image/png;base64,"
PICTURE = re.compile(rf"{PICTURE_START}[\w+/=]+", re.ASCII)
EXPLORABLE = re.compile(rf"\bexplorables\.({'|'.join(gallery.explorables.NAMES)})\(")


@dataclass
class Item:
    """One thing on a slide; items with the same step appear together."""

    block: Node
    kind: str  # classes in the style sheet
    step: int  # 0 is visible from the start


@dataclass
class Slide:
    """What is projected at once."""

    title: list[Node]
    own: bool  # the title is that of the slide, and not only that of its section
    items: list[Item] = field(default_factory=list)
    notes: list[Node] = field(default_factory=list)
    kind: str = "slide"

    @property
    def step(self) -> int:
        """The click at which the last thing appears."""
        return self.items[-1].step if self.items else 0

    def put(self, blocks: Sequence[Node], step: int, kind: str = "") -> None:
        """Put blocks on the slide."""
        self.items += [Item(block, kind or _kind(block), step) for block in blocks]


def main(paths: Sequence[Path], folder: Path) -> int:
    """Make the decks of labs, one ``.html`` for each: all or none.

    Raises
    ------
    LabError
        If a lab was not executed or has no slide, a tool is missing, or the folder
        cannot be written to.
    """
    check_folder(folder)
    gallery.prepare()

    def made(path: Path) -> tuple[str, int, bytes]:
        slides = read_slides(path)
        return f"{path.stem}.html", len(slides), deck(slides)

    bar = {"desc": "slides", "leave": False, "disable": None, "unit": "lab"}
    decks = thread_map(made, paths, max_workers=os.cpu_count(), **bar)
    publish({name: html for name, _, html in decks}, folder)
    for name, n_slides, _ in decks:
        print(f"{name}  {n_slides:>3} slides")
    print(f"\nslide decks: {folder}")
    return 0


def read_slides(path: Path) -> list[Slide]:
    """Return the slides of an executed lab.

    Raises
    ------
    LabError
        If the lab was not executed, no cell of it begins a slide, or a cell says
        something about slides that Jupyter does not know.
    """
    nb = editions.read_executed(path)
    marks = {
        cell.id: _mark(cell, f"{path.name}, the cell {n}")
        for n, cell in enumerate(nb.cells, 1)
    }
    if "slide" not in marks.values():
        raise LabError(
            f"{path.name} has no cell for slides; mark some, as in: "
            '# %% [markdown] slideshow={"slide_type": "slide"}'
        )
    return plan(editions.student(nb), marks)


def _mark(cell: NotebookNode, name: str) -> str:
    """Return what a cell is on slides: slide, fragment, notes or skip."""
    found = cell.metadata.get("slideshow", {}).get("slide_type", "")
    if found not in MARKS:
        near = difflib.get_close_matches(str(found), MARKS, 1, cutoff=0)[0]
        raise LabError(f"{name}: unknown slide_type {found!r}; did you mean {near!r}?")
    return MARKS[found]


# From cells to slides -----------------------------------------------------------


def plan(nb: NotebookNode, marks: Mapping[str, str]) -> list[Slide]:
    """Return the slides of a lab's student edition; its first cell is the title slide.

    ``marks`` says for the id of a cell what it is: slide, fragment, notes or skip.
    """
    first, *parts = tree.cells(nb)
    slides, title = [_title_slide(first)], first[0]["c"][2]
    for cell, blocks in zip(nb.cells[1:], parts, strict=True):
        mark = marks.get(cell.id, "notes")
        headed = bool(blocks) and blocks[0]["t"] == "Header"
        title = blocks[0]["c"][2] if headed else title
        if mark == "slide":
            slides.append(Slide(title, own=headed))
            if plain(title).startswith(words.word("pitfall")):
                slides[-1].kind = "pitfall"
        slide = slides[-1]
        step = slide.step + (mark == "fragment" and bool(slide.items))
        if cell.cell_type == "markdown" and mark != "skip":
            own = mark == "slide" and headed
            if mark == "notes":
                slide.notes += map(_small_heading, blocks)
                continue
            # What sums up the first half has a slide of its own.
            leads = [words.lead_role(lead(block)) for block in blocks]
            at = leads.index("stop") if "stop" in leads else len(blocks)
            for stops, part in ((False, blocks[own:at]), (True, blocks[at:])):
                if stops and part and slide.items:
                    slide, step = Slide(title, own=False), 0
                    slides.append(slide)
                slide.notes += map(_small_heading, part)
                slide.put(on_board(part), step)
        elif mark in ("slide", "fragment"):
            if "asks" in cell.metadata:
                slides += _ask(slide, cell, step)
            elif found := EXPLORABLE.search(cell.source):
                slide.put([{"t": "Str", "c": found[1]}], step, "explorable")
            else:
                told = slide.items[-1:] and slide.items[-1].kind == "answer"
                told = bool(told) and "tells" in cell.metadata
                _put_code(slide, blocks, slide.step if told else step, at_once=told)
    return slides


def _title_slide(blocks: list[Node]) -> Slide:
    """Return the slide with the lab's title and what one will be able to do."""
    heading, *rest = blocks
    slide = Slide(heading["c"][2], own=True, notes=rest, kind="title")
    lists = [n for n, block in enumerate(rest) if block["t"] == "BulletList"]
    slide.put(on_board(rest[: lists[0] + 1] if lists else rest[:1]), 0)
    return slide


def on_board(blocks: Sequence[Node]) -> list[Node]:
    """Return what of some prose the board shows; the rest is said."""
    prose = [b for b in blocks if b["t"] == "Para" and not _is_formula(b)]
    said = [b for b in prose if not lead(b)]
    if said and said[0] is prose[0] and not plain(said[0]).startswith("("):
        del said[0]
    return [_small_heading(b) for b in blocks if not any(b is s for s in said)]


def _small_heading(block: Node) -> Node:
    """Return a heading that is no title as a line in bold."""
    if block["t"] != "Header":
        return block
    return para([{"t": "Strong", "c": block["c"][2]}])


def _is_formula(block: Node) -> bool:
    return all(i["t"] == "Math" and i["c"][0]["t"] == "DisplayMath" for i in block["c"])


def _put_code(slide: Slide, blocks: list[Node], step: int, *, at_once: bool) -> None:
    """Put a code cell on a slide, what came out at the next click unless at once."""
    kinds = [_kind(block) for block in blocks]
    if "figure" in kinds and kinds[0] == "code":
        blocks, at_once = blocks[1:], True
    for block in blocks:
        waits = _kind(block) != "code" and not at_once
        slide.put([_shown(block)], step + waits, _kind(block))


def _shown(block: Node) -> Node:
    """Return code without its tests, of an error the last line, and all of the rest."""
    match block:
        case {"t": "CodeBlock", "c": [[_, ["python"], _] as about, text]}:
            return {"t": "CodeBlock", "c": [about, worksheet.without_tests(text)]}
        case {"t": "CodeBlock", "c": [[_, ["output", "error"], _] as about, text]}:
            return {"t": "CodeBlock", "c": [about, text.strip().splitlines()[-1]]}
    return block


def _ask(slide: Slide, cell: NotebookNode, step: int) -> list[Slide]:
    """Put a question on a slide, its answer at the next click; return more slides."""
    more = []
    pairs = zip(asked.questions(cell), cell.metadata["asks"], strict=True)
    for question, number in pairs:
        if any(item.kind == "answer" for item in slide.items):
            slide, step = Slide(slide.title, own=False), 0
            more.append(slide)
        slide.put(tree.question(question, number)[:1], step, "question")
        if question.options:
            # The answer to a choice says the option again, and takes its place.
            kind = "options gone" if question.kind == "choice" else "options"
            options = [
                para([tree.strong(f"({letter})"), tree.SPACE, *tree.inlines(text)])
                for letter, text in question.options.items()
            ]
            slide.put([div(options)], step, kind)
        slide.put([tree.answer(question)], step + 1, "answer")
        slide.notes += tree.explanations(question)
    return more


def _kind(block: Node) -> str:
    """Return the classes of a block in the style sheet."""
    match block["t"]:
        case "CodeBlock":
            classes = block["c"][0][1]
            return " ".join(classes) if "output" in classes else "code"
        case "Para" if block["c"][0]["t"] == "Image":
            return "figure"
        case "Para" if _is_formula(block):
            return "formula"
        case "Para" if after_lead(block, words.word("see")):
            return "see"
        case "Para" if words.lead_role(lead(block)) == "rule":
            return "rule"
        case "Table":
            return "table"
    return "prose"


# The file -----------------------------------------------------------------------


def deck(slides: Sequence[Slide]) -> bytes:
    """Return slides as one HTML file."""
    sections = [_section(slide, number) for number, slide in enumerate(slides)]
    items = [item for slide in slides for item in slide.items]
    names = dict.fromkeys(plain(i.block) for i in items if i.kind == "explorable")
    if names:
        sections.append(tree.raw(gallery.head(list(names))))
    values = {
        "css": tree.TEMPLATES / "slides.css",
        "reveal": _reveal(),
        "pagetitle": plain(slides[0].title),
        "credits": escape(credits.read().line),
    }
    options = [f"--variable={name}:{value}" for name, value in values.items()]
    options += ["--embed-resources", "--standalone"]
    options.append(f"--template={tree.TEMPLATES / 'slides.html'}")
    pictures = {}

    def hide(found: re.Match) -> str:
        key = f"{PICTURE_START}{hashlib.sha256(found[0].encode()).hexdigest()}"
        pictures[key] = found[0]
        return key

    # Pandoc has nothing to do with pictures, and takes seconds for it.
    sections = json.loads(PICTURE.sub(hide, json.dumps(sections)))
    text = tree.html(sections, *options).rstrip("\n") + "\n"
    return PICTURE.sub(lambda found: pictures.get(found[0], found[0]), text).encode()


def _section(slide: Slide, number: int) -> Node:
    tag = "h1" if slide.kind == "title" else "h2"
    start = f"<{tag}>" if slide.own else f'<{tag} class="running">'
    # Raw, because pandoc would make another section of a header.
    title = [tree.raw(start, "Inline"), *slide.title, tree.raw(f"</{tag}>", "Inline")]
    blocks = [div([{"t": "Plain", "c": title}, *map(_item, slide.items)], "board")]
    if slide.kind == "title":
        words = {"t": "Str", "c": credits.read().line}
        blocks.append(div([{"t": "Plain", "c": [words]}], "credits"))
    blocks += [tree.raw('<aside class="notes">'), *slide.notes, tree.raw("</aside>")]
    about = [f"slide-{number}", ["section", slide.kind], []]
    return {"t": "Div", "c": [about, blocks]}


def _item(item: Item) -> Node:
    block = item.block
    if item.kind == "explorable":
        name = plain(block)
        block = tree.raw(gallery.figure(name, gallery.default_data(name)))
    elif item.kind == "see":  # on a slide it is a caption
        block = para(after_lead(block, words.word("see")))
    group = div([block], "item", *item.kind.split())
    if item.step:
        group["c"][0][1].append("fragment")
        group["c"][0][2].append(["fragment-index", str(item.step)])
    return group


def _reveal() -> Path:
    """Return the folder of reveal.js, which the package sphinx-revealjs holds."""
    spec = importlib.util.find_spec("sphinx_revealjs")
    folder = spec and Path(spec.origin).parent / "_static" / "revealjs"
    if folder and (folder / "dist" / "reveal.js").exists():
        return folder
    raise LabError(f"reveal.js is missing, which shows the slides; {tree.WHAT_TO_DO}")
