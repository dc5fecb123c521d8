"""Make the course's web site: pages that open from a folder and ask no network.

A lab goes through pandoc's tree, as for paper and slides. Of the HTML that comes out
Sphinx makes pages with contents, search, and a light and a dark theme. This module is
the extension that Sphinx loads for that, too.
"""

import base64
import copy
import hashlib
import io
import json
import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from html import escape, unescape
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from nbformat import NotebookNode

from course_utils import explorables, workspace
from course_utils.authoring import (
    asked,
    credits,
    editions,
    gallery,
    labs,
    publish,
    reading_time,
    stamp,
    syllabus,
    tree,
    words,
)
from course_utils.authoring.labs import LabError
from course_utils.authoring.tree import Node
from course_utils.exercises.questions import TASKS, Question, as_html, certainties

say = words.word
TEMPLATES = tree.TEMPLATES / "pages"
TOOLS = ("pypandoc", "sphinx", "furo")
OURS = "searchindex.js"  # a folder with this file is a site, and may be replaced
FRAMES = {"aims", "predict", "rule", "see", "stop"}
LINK = re.compile(r"\]\((#[^)]+|\d\d_\w+\.ipynb(?:#[^)]+)?)\)")
SHOWN = re.compile(r"^(?:\w+ = )?explorables\.(\w+)\((.*)\)$", re.MULTILINE)
HERE = "# here stand the answers"  # in a cell that does nothing else
COLUMN = 340  # pixels: a wider figure is made smaller on a phone
HEADING = re.compile(r'<h(\d) id="([^"]*)">(.*?)</h\1>', re.DOTALL)
MARKED = re.compile(r"(?:<(code|em)>)?([^<]+)(?:</\w+>)?")  # in a heading


class Page(NamedTuple):
    """What Sphinx makes a page of, and the pictures that the page shows."""

    html: str  # begins with the title
    pictures: dict[str, bytes]


def main(paths: Sequence[Path], folder: Path) -> int:
    """Make the site of labs, with the pages around them.

    It replaces an earlier one as a whole, so that no page of that stays.

    Raises
    ------
    LabError
        If a package is missing, a lab was not executed or marks up what nobody knows,
        or the folder is neither new nor empty nor a site.
    """
    tree.check_tools(*TOOLS)
    folder = folder.absolute()
    check_folder(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".site-", dir=folder.parent) as name:
        made, old = Path(name, "made"), Path(name, "old")
        pages = build(paths, made)
        try:
            if folder.exists():
                folder.rename(old)
            made.rename(folder)
        except OSError as error:
            raise LabError(
                f"cannot replace {folder}: {error.strerror}; close what is open in it"
            ) from None
    print("\n".join(weights(folder, pages)))
    print(f"open {folder / 'index.html'}")
    return 0


def check_folder(folder: Path) -> None:
    """Find out before long work whether a folder is free, or a site, and can be had."""
    if folder.exists() and not folder.is_dir():
        raise LabError(f"cannot write into {folder}: it is a file")
    if folder.exists() and any(folder.iterdir()) and not (folder / OURS).exists():
        raise LabError(f"{folder} is not empty and no site: choose another folder")
    publish.check_folder(folder.parent)


def build(paths: Sequence[Path], target: Path) -> dict[str, Page]:
    """Make the site in a new folder, and return its pages by name."""
    notebooks = {path.stem: editions.read_executed(path) for path in paths}
    address = stamp.read_address()
    gallery.prepare()
    jobs = {
        "index": (text_page, index(notebooks, address)),
        **{stem: (lab_page, nb, stem, address) for stem, nb in notebooks.items()},
        "rules": (text_page, rules(notebooks)),
        **_syllabus(paths, notebooks),
        "about": (text_page, about(address)),
    }
    with ThreadPoolExecutor() as pool:  # pandoc needs no GIL
        made = {stem: pool.submit(*job, set(jobs)) for stem, job in jobs.items()}
        pages = {stem: future.result() for stem, future in made.items()}
    _run_sphinx(pages, target)
    for page in pages.values():
        for name, content in page.pictures.items():
            (target / name).parent.mkdir(exist_ok=True)
            (target / name).write_bytes(content)
    workspace.publish(paths[0].parent, target / "notebooks")
    return pages


def weights(folder: Path, pages: Mapping[str, Page]) -> list[str]:
    """Return in lines what each page weighs, and what all of them share."""
    lines = [f"{'':31}{'page':>8}{'pictures':>13}"]
    for stem, page in pages.items():
        text = (folder / f"{stem}.html").stat().st_size / 1000
        pictures = sum(map(len, page.pictures.values())) / 1000
        lines.append(f"{stem:30}{text:6.0f} kB{pictures:10.0f} kB")
    files = (folder / "_static").rglob("*")
    shared = sum(f.stat().st_size for f in files if f.suffix in (".css", ".js")) / 1000
    return [*lines, f"style and scripts of all pages: {shared:.0f} kB"]


# Labs ---------------------------------------------------------------------------


def lab_page(nb: NotebookNode, stem: str, address: stamp.Address, names: set) -> Page:
    """Return the page of a lab; links to pages that are not in ``names`` go."""
    nb = edition(nb)
    questions = {}
    for cell in labs.code_cells(nb):
        numbers = cell.metadata.get("asks", [])
        questions |= zip(numbers, asked.questions(cell), strict=True)
    # With the page in it: a warm-up asks anew what an earlier lab has asked.
    keys = {number: f"{stem}/{question.key}" for number, question in questions.items()}
    links = start_links(stem, address)
    figures = []

    def write(block: Node) -> list[Node] | None:
        match tree.role(block):
            case "question" if number := int(tree.attribute(block, "number") or 0):
                return [tree.raw(_question(questions[number], number, keys[number]))]
            case "cell":
                return write_cell(block) if block["c"][1] else []
        return None

    def write_cell(block: Node) -> list[Node]:
        source, *outputs = block["c"][1]
        text = source["c"][1]
        asks = [keys[int(n)] for n in tree.attribute(block, "tells").split()]
        # Where it will stand whether an answer was right.
        reply = '<div class="reply" id="reply-{0}" role="status" data-key="{0}"></div>'
        replies = [tree.raw(reply.format(key)) for key in asks]
        if text == HERE:
            return replies
        if shown := SHOWN.search(text):
            if shown[1] not in explorables.NAMES:
                where = f"{stem}, In [{tree.attribute(block, 'number')}]"
                raise LabError(f"{where}: there is no explorable {shown[1]}")
            figures.append(shown[1])
            outputs = [tree.raw(_explorable(*shown.groups()))]
        if asks:
            text, asserts = workspace.split_asserts(text)
            source = tree.code_block(text, "python")
            inside = [tree.code_block(asserts, "python")] if asserts else []
            inside += [part for group in outputs for part in group["c"][1]]
            outputs = _unfolding(tree.change(inside, write), asks) if inside else []
        cell = tree.div([source, *outputs], "cell")
        if "pitfall" in tree.classes(block):
            word = tree.raw(f'<p class="word">{say("pitfall")}</p>')
            cell = tree.div([word, source, *outputs], "cell", "pitfall")
        solve = tree.raw(f'<p class="start">{say("solve")} {links}</p>')
        return [*replies, cell, *([solve] if "stub" in tree.classes(block) else [])]

    title, *blocks = tree.change(_joined(tree.lab(nb)), write)
    top = tree.raw(f'<p class="start">{say("work")} {links}</p>')
    if figures:
        blocks.append(tree.raw(gallery.head(sorted(set(figures)))))
    try:
        return _page([title, top, *blocks], names)
    except LabError as error:
        raise LabError(f"{stem}: {error}") from None


def edition(nb: NotebookNode) -> NotebookNode:
    """Return the student's edition, but with its links and the places of answers."""
    nb = copy.deepcopy(nb)
    for cell in nb.cells:
        if cell.cell_type == "markdown":
            cell.source = LINK.sub(r"](lab:\1)", cell.source)
            continue
        tells, more = asked.questions(cell, "result"), asked.CALL.sub("", cell.source)
        if tells and not more.strip():
            cell.source += f"\n{HERE}"
    return editions.student(nb)


def start_links(stem: str, address: stamp.Address) -> str:
    """Return links that start a lab: in Colab, in Binder, or on the reader's disk."""
    places = {
        "open-colab": stamp.colab_url(stem, address),
        "open-binder": stamp.binder_url(stem, address),
    }
    links = [f'<a href="{url}">{say(role)}</a>' for role, url in places.items()]
    links.append(f'<a href="notebooks/{stem}.ipynb" download>{say("download")}</a>')
    return " ".join(links)


def _joined(blocks: list[Node]) -> list[Node]:
    """Put into a group what belongs to it and follows: what a cell told, a list."""
    found = []
    for block in blocks:
        if block["t"] == "Div":
            block = {"t": "Div", "c": [block["c"][0], _joined(block["c"][1])]}
        before = found[-1] if found else {"t": ""}
        told = tree.role(before) == "cell" and tree.role(block) == "told"
        alone = block["t"] == "Header" or tree.role(block) in {"question", "cell"}
        if told or (_leads_on(before) and not alone):
            before["c"][1].append(block)
        else:
            found.append(block)
    return found


def _leads_on(frame: Node) -> bool:
    """Tell whether a frame has one paragraph so far, which needs what comes next."""
    if tree.role(frame) not in FRAMES or len(frame["c"][1]) != 1:
        return False
    return tree.role(frame) == "aims" or tree.plain(frame).rstrip().endswith(":")


def _unfolding(blocks: list[Node], needs: list[str]) -> list[Node]:
    """Return blocks that unfold when some questions are answered."""
    opening = f'<details class="result" data-needs="{" ".join(needs)}">'
    summary = f"<summary>{say('fold-outputs')} {say('answer-first')}</summary>"
    return [tree.raw(opening + summary), *blocks, tree.raw("</details>")]


def _explorable(name: str, own: str) -> str:
    """Return an explorable that is alive, as HTML."""
    html = gallery.figure(name, gallery.default_data(name))
    if own and name == "draw_digit":
        said = f"{say('small-network')} <code>{escape(own)}</code>."
        html += f'<p class="aside">{said}</p>'
    return html


# Questions ----------------------------------------------------------------------


def _question(question: Question, number: int, key: str) -> str:
    """Return a question as a form; without scripts, its answer unfolds."""
    told = {
        "kind": question.kind,
        "right": question.right,
        "tolerance": question.tolerance,
        "options": {k: as_html(v) for k, v in question.options.items()},
        "why": [[k, as_html(v)] for k, v in question.why.items()],
        "otherwise": as_html(question.otherwise),
        "because": as_html(question.because),
    }
    guess = round(100 * certainties(question)[0][1])
    data = json.dumps(told, ensure_ascii=False).replace("</", "<\\/")
    return f"""
<form class="question" id="ask-{key}" data-key="{key}" data-number="{number}">
<fieldset>
<legend><strong>{say("question")} {number}</strong> {as_html(question.text)}
<em>{TASKS[question.kind]}</em></legend>
{_controls(question)}
<label class="sure">{say("are-you-sure")}
<input type="range" name="sure" min="{guess}" max="99" value="{guess}">
<output>{guess}%</output></label>
</fieldset>
<button>{say("commit")}</button>
<p class="said" role="status"></p>
<details class="answer"><summary>{say("fold-answer")}</summary>
<p>{as_html(asked.answer(question))}</p></details>
<script type="application/json">{data}</script>
</form>
"""


def _controls(question: Question) -> str:
    """Return the controls that take an answer, as HTML."""
    texts = {k: f"({k}) {as_html(text)}" for k, text in question.options.items()}
    match question.kind:
        case "choice" | "several":
            kind = "radio" if question.kind == "choice" else "checkbox"
            rows = [
                f'<label class="option"><input type="{kind}" name="answer" value="{k}">'
                f" <span>{text}</span></label>"
                for k, text in texts.items()
            ]
        case "order":
            rows = [f'<p class="option">{text}</p>' for text in texts.values()]
            choices = "".join(f'<option value="{k}">({k})</option>' for k in texts)
            rows += [
                f'<label class="place">{say("place")} {place} <select name="answer">'
                f'<option value="">{say("choose")}</option>{choices}</select></label>'
                for place in range(1, len(texts) + 1)
            ]
        case "number":
            rows = [
                f'<label class="place">{say("my-number")} '
                '<input name="answer" size="10" autocomplete="off" '
                f'placeholder="{say("such-as")}"></label>'
            ]
    return "\n".join(rows)


# The pages around the labs ------------------------------------------------------


def text_page(text: str, names: set) -> Page:
    """Return the page of a text in markdown."""
    return _page(tree.read(LINK.sub(r"](lab:\1)", text)), names)


def index(notebooks: Mapping[str, NotebookNode], address: stamp.Address) -> str:
    """Return the first page in markdown: what the course is, and its map."""
    rows, hours, told = [], 0, credits.read()
    row = re.compile(r"^\| \[.+?\]\(notebooks/(\w+)\.ipynb\) \| (.+?) \|", re.MULTILINE)
    about = dict(row.findall(credits.section("The labs")))
    for stem, nb in notebooks.items():
        minutes = reading_time.stated(nb)
        hours += sum(minutes) / 60
        title = f"[{editions.title(nb)}]({stem}.ipynb)"
        takes = " + ".join(f"{number:.0f}" for number in minutes)
        rows.append(f"| {title} | {about.get(stem, '')} | {takes} |")
    return _fill(
        "index.md",
        title=told.title,
        subtitle=told.subtitle,
        rows="\n".join(rows),
        hours=f"{hours:.0f}",
        nowhere=_fill("nowhere.md") if address.repository == credits.NOWHERE else "",
    )


def rules(notebooks: Mapping[str, NotebookNode]) -> str:
    """Return the sheet of formulas and rules in markdown, grouped by lab."""
    parts = [f"# {say('sheet')}"]
    for stem, nb in notebooks.items():
        formulas, rules = editions.formulas(nb), editions.rules(nb)
        if formulas or rules:
            parts += [f"## {editions.title(nb)}", *formulas, rules]
            parts.append(f"[{say('to-lab')}]({stem}.ipynb)")
    return "\n\n".join(parts)


def _syllabus(paths: Sequence[Path], notebooks: Mapping[str, NotebookNode]) -> dict:
    """Return the job for the syllabus, which needs all labs."""
    if list(paths) != labs.lab_paths():
        return {}
    course = syllabus.by_number(notebooks.values())
    return {"syllabus": (text_page, syllabus.in_markdown(course))}


def about(address: stamp.Address) -> str:
    """Return in markdown: version, licences, sources, and what was mended when."""
    told = credits.read()
    changes = (labs.ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    changes = changes.partition("\n## ")[2]
    return _fill(
        "about.md",
        line=told.line,
        cite=told.cite,
        report=report_url("", address),
        changes=re.sub(r"^#", "##", f"## {changes}", flags=re.MULTILINE),
        licences=credits.section("Licences"),
        sources=credits.section("The notes it grew from"),
    )


def report_url(title: str, address: stamp.Address) -> str:
    """Return the address of a new issue that names a page."""
    form = f"{stamp.GITHUB}{address.repository}/issues/new"
    return f"{form}?template=mistake-in-a-lab.yml&lab={quote(title)}"


def _fill(name: str, **values: str) -> str:
    text = (TEMPLATES / words.language() / name).read_text(encoding="utf-8")
    return text.format(**values)


# From the tree to HTML ----------------------------------------------------------


def _page(blocks: list[Node], names: set[str]) -> Page:
    """Return a page of blocks, the first of which is its title."""
    anchors = {block["c"][1][0] for block in blocks if block["t"] == "Header"}
    pictures = {}

    def fit(node: Node) -> list[Node] | None:
        match node:
            case {"t": "Link"}:
                return [_link(node, anchors, names)]
            case {"t": "Image"}:
                return [_picture(node, pictures)]
            case {"t": "Math", "c": [{"t": "DisplayMath"}, _]}:
                return [_formula(node)]
            case {"t": "CodeBlock"}:
                return [tree.raw(_listing(node))]
            case {"t": "Div", "c": [_, inside]} if tree.role(node) in FRAMES:
                inside = tree.change(inside, fit)
                return [tree.div(inside, "callout", tree.role(node))]
            case {"t": "Table"}:
                table = {"t": "Table", "c": tree.change(node["c"], fit)}
                # A box that scrolls where the window is narrow, by keyboard as well.
                about = {"role": "group", "aria-label": say("table"), "tabindex": "0"}
                return [tree.div([table], "wide", **about)]
            case {"t": "Para", "c": [{"t": "Image"}] as inside}:
                inside = {"t": "Plain", "c": tree.change(inside, fit)}
                return [tree.div([inside], "picture")]
        return None

    html = tree.html(tree.change(blocks, fit))
    html = re.sub(r"<th( [^>]*)?></th>", r"<td\1></td>", html)  # it heads nothing
    # The source of a formula: the search would take it for words.
    html = re.sub(r"<annotation .*?</annotation>", "", html, flags=re.DOTALL)
    if not HEADING.match(html):
        raise LabError(f"a page starts with its title, not with {html[:40]!r}")
    return Page(html, pictures)


def _formula(node: Node) -> Node:
    r"""Put a formula on a line of its own into a box, with its name, if it has one.

    What stands side by side, with ``\\qquad`` between, becomes formulas of their own:
    in a narrow window they stand below each other.
    """
    display, tex = node["c"]
    name = re.search(r"\\tag\{(.+?)\}", tex)
    tex = re.sub(r"\\tag\{.+?\}", "", tex).strip()
    inner = re.fullmatch(r"\\begin\{aligned\}(.+)\\end\{aligned\}", tex, re.DOTALL)
    parts = inner[1].split(r"\qquad") if inner else []
    whole = all(part.count("{") == part.count("}") for part in parts)
    if len(parts) > 1 and whole and "&" not in tex and r"\\" not in tex:
        tex = [rf"\begin{{aligned}}{part}\end{{aligned}}" for part in parts]
    else:
        tex = [tex]
    inside = [{"t": "Math", "c": [display, part]} for part in tex]
    if name:
        words = tree.inlines(name[1].replace(r"\_", "_"))
        inside.append({"t": "Span", "c": [["", ["name"], []], words]})
    return {"t": "Span", "c": [["", ["formula"], []], inside]}


def _link(node: Node, anchors: set[str], names: set[str]) -> Node:
    """Lead a link to where its target is on the site, or leave only its words."""
    attributes, words, (target, title) = node["c"]
    target = target.removeprefix("lab:")
    page, _, anchor = target.partition("#")
    if re.match(r"https?:|\w+\.html$", target):
        return node
    # Jupyter's names of headings, as pandoc has them.
    anchor = "#" * bool(anchor) + re.sub(r"[^\w-]", "", anchor.lower())
    if anchor and not page:
        if anchor[1:] not in anchors:
            raise LabError(f"a link leads to {target}, and no heading is called so")
        target = anchor
    elif page.removesuffix(".ipynb") in names:
        target = page.removesuffix("ipynb") + "html" + anchor
    else:
        return {"t": "Span", "c": [["", [], []], words]}
    return {"t": "Link", "c": [attributes, words, [target, title]]}


def _picture(node: Node, pictures: dict[str, bytes]) -> Node:
    """Give a picture a file; words that stand below it are not heard twice.

    A wide one, which a phone shows whole but small, is a link to itself.
    """
    words, (target, title) = node["c"][1:]
    content = base64.b64decode(target.partition("base64,")[2])
    name = f"_images/{hashlib.sha256(content).hexdigest()[:16]}.png"
    pictures[name] = content
    # Stored with two pixels for one, so that they are sharp.
    width, height = (int.from_bytes(content[k : k + 4], "big") // 2 for k in (16, 20))
    size = {"width": width, "height": height, "loading": "lazy", "decoding": "async"}
    if tree.plain(words) != say("figure"):
        words = tree.inlines(say("described"))
    attributes = ["", [], [[key, str(value)] for key, value in size.items()]]
    picture = {"t": "Image", "c": [attributes, words, [name, title]]}
    if width <= COLUMN:
        return picture
    hint = {"t": "Span", "c": [["", ["hint"], []], tree.inlines(say("enlarge"))]}
    return {"t": "Link", "c": [["", ["enlarge"], []], [picture, hint], [name, ""]]}


def _listing(node: Node) -> str:
    """Return a block of code or of output as HTML that the keyboard can scroll."""
    (_, classes, _), text = node["c"]
    if "python" in classes:
        from sphinx.highlighting import PygmentsBridge

        html = PygmentsBridge("html").highlight_block(text, "python")
        return html.replace("<pre>", '<pre tabindex="0">', 1)
    return f'<pre class="{" ".join(classes)}" tabindex="0">{escape(text)}</pre>'


# Sphinx -------------------------------------------------------------------------


def _run_sphinx(pages: Mapping[str, Page], target: Path) -> None:
    """Let Sphinx make the pages."""
    from sphinx.application import Sphinx

    told = credits.read()
    settings = {
        "project": told.title,
        "author": told.authors,
        "language": words.language(),
        "extensions": [__name__],
        "templates_path": [str(TEMPLATES)],
        "html_theme": "furo",
        "html_title": told.title,
        "html_theme_options": {
            "light_css_variables": {"color-code-background": "#f4f5f7"},
        },
        "html_static_path": [str(TEMPLATES / "static")],
        "html_context": {
            "credits": told.line,
            "cite": told.cite,
            "words": words.table(),
            "pages": [stem for stem in pages if stem != "index"],
        },
        "html_show_copyright": False,
        "html_show_sourcelink": False,
        "html_copy_source": False,
        # A summary would be read by a script, which no browser allows in a folder.
        "html_show_search_summary": False,
        "html_use_index": False,
        "html_permalinks_icon": "#",
        "pygments_style": "a11y-high-contrast-light",
        "pygments_dark_style": "a11y-high-contrast-dark",
        "smartquotes": False,
        "suppress_warnings": ["app"],  # of a second build in one process
    }
    warnings = io.StringIO()
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "source")
        source.mkdir()
        # In a file, because Furo's own settings are not known before it is loaded.
        lines = [f"{name} = {value!r}\n" for name, value in settings.items()]
        (source / "conf.py").write_text("".join(lines), encoding="utf-8")
        for stem, page in pages.items():
            (source / f"{stem}.lab").write_text(page.html, encoding="utf-8")
        Sphinx(
            *(source, source, target, Path(folder, "trees"), "html"),
            status=None,
            warning=warnings,
            parallel=os.cpu_count() or 1,
        ).build()
    if text := editions.ANSI.sub("", warnings.getvalue()).strip():
        raise LabError(f"Sphinx: {text.splitlines()[0]}")


def setup(app) -> dict:
    """Teach Sphinx to read pages; Sphinx calls this."""
    from docutils import nodes
    from sphinx import addnodes
    from sphinx.parsers import Parser

    kinds = {"code": nodes.literal, "em": nodes.emphasis}

    class Pages(Parser):
        supported = ("lab",)

        def parse(self, inputstring, document):
            places, role = [document], "core"
            parts = HEADING.split(inputstring)
            for at in range(1, len(parts), 4):
                level, name, marked, html = parts[at : at + 4]
                title = nodes.title()
                for tag, text in MARKED.findall(marked):
                    text = nodes.Text(unescape(text))
                    title += kinds[tag]("", "", text) if tag else text
                if level == "2":
                    role = words.section_role(title.astext())
                section = nodes.section("", title, ids=[name], classes=[role])
                section += nodes.raw("", html, format="html")
                del places[int(level) :]
                places[-1] += section
                places.append(section)
            env = document.settings.env
            if env.docname == "index":
                names = env.config.html_context["pages"]
                entries = [(None, name) for name in names]
                contents = {"entries": entries, "includefiles": names, "glob": False}
                places[1] += addnodes.toctree(**contents, hidden=True, titlesonly=True)

    def add_report(app, pagename, templatename, context, doctree) -> None:
        title = re.sub(r"<[^>]+>", "", context.get("title") or say("search"))
        context["report"] = report_url(title, stamp.read_address())

    app.add_source_suffix(".lab", "lab")
    app.add_source_parser(Pages)
    app.add_css_file("site.css", priority=900)
    app.add_js_file("site.js", loading_method="defer")
    app.connect("html-page-context", add_report)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
