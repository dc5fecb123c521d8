"""The slide decks: complete, offline, and nothing off the slide."""

import json
import re
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from importlib.util import find_spec

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from test_handouts import programs

from course_utils.authoring import (
    __main__,
    asked,
    credits,
    editions,
    labs,
    slides,
    tree,
    web,
)
from course_utils.authoring.slides import Item, Slide

pytestmark = pytest.mark.skipif(
    not all(map(find_spec, ("pypandoc", "sphinx_revealjs"))),
    reason='needs pip install -e ".[authoring]"',
)

LABS = {path.stem: path for path in labs.lab_paths()}
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "google-chrome"))), None)


@pytest.fixture(scope="module")
def decks(tmp_path_factory):
    """Make the decks of all labs, and return the folder."""
    folder = tmp_path_factory.mktemp("slides")

    def write(path):
        data = slides.deck(slides.read_slides(path))
        (folder / f"{path.stem}.html").write_bytes(data)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(write, LABS.values()))
    return folder


class Reader(HTMLParser):
    """Collects the text of a page, its pictures, and what it would fetch."""

    def __init__(self, html):
        super().__init__()
        self.inside, self.texts, self.pictures, self.fetched = [], [], [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag in ("script", "style"):
            self.inside.append(tag)
        if tag == "img":
            self.pictures.append((attrs["src"], attrs["alt"]))
        links = [attrs.get("src"), attrs.get("href") if tag != "a" else None]
        self.fetched += [link for link in links if link and link[:5] != "data:"]

    def handle_endtag(self, tag):
        if self.inside and self.inside[-1] == tag:
            self.inside.pop()

    def handle_data(self, data):
        if not self.inside:
            self.texts.append(data)
        elif self.inside[-1] == "style":
            self.fetched += re.findall(r"url\((?!['\"]?data:)|@import[^;]*", data)


def packed(text):
    """Drop all white space."""
    return "".join(text.split())


def cells(path):
    """Yield each cell of a lab that is marked, and its blocks."""
    executed = editions.read_executed(path)
    marked = {c.id for c in executed.cells if set(slides.TAGS) & set(tags(c))}
    nb = editions.student(executed)
    for cell, blocks in zip(nb.cells, tree.cells(nb), strict=True):
        if cell.id in marked and "asks" in cell.metadata:
            asks = zip(asked.questions(cell), cell.metadata["asks"], strict=True)
            for question, number in asks:
                answer = tree.answer(question)
                yield cell, [*tree.question(question, number), answer]
        elif cell.id in marked:
            yield cell, blocks


def tags(cell):
    return cell.metadata.get("tags", [])


# The decks of the labs ------------------------------------------------------------


@pytest.mark.parametrize("name", LABS)
def test_deck_is_self_contained(decks, name):
    assert Reader((decks / f"{name}.html").read_text(encoding="utf-8")).fetched == []


@pytest.mark.parametrize("name", LABS)
def test_the_first_slide_says_what_the_deck_is(decks, name):
    text = (decks / f"{name}.html").read_text(encoding="utf-8")
    first, *others = re.findall(r"<section.*?</section>", text, re.DOTALL)
    line = credits.read().line
    assert packed(line) in packed("".join(Reader(first).texts))
    assert not any(packed(line) in packed(slide) for slide in others)
    assert "MIT licensed" in text and "Hakim El Hattab" in text  # reveal.js


@pytest.mark.parametrize("name", LABS)
def test_every_marked_cell_is_in_the_deck(decks, name):
    reader = Reader((decks / f"{name}.html").read_text(encoding="utf-8"))
    text = packed("".join(reader.texts))
    pictures = [src for src, alt in reader.pictures if alt]
    for _cell, blocks in cells(LABS[name]):
        for block in slides._unfold(blocks):
            if slides._kind(block) == "figure":
                assert block["c"][0]["c"][2][0] in pictures
            elif block["t"] == "CodeBlock" and "error" in block["c"][0][1]:
                assert packed(block["c"][1].splitlines()[-1][:80]) in text
            elif block["t"] == "CodeBlock" and "output" in block["c"][0][1]:
                assert packed(block["c"][1].strip().splitlines()[0][:80]) in text
            elif '"Math"' not in json.dumps(block):
                assert packed(tree.plain(block)) in text


@pytest.mark.parametrize("name", LABS)
def test_no_solution_is_in_the_deck(decks, name):
    text = packed(
        "".join(Reader((decks / f"{name}.html").read_text(encoding="utf-8")).texts)
    )
    nb = editions.student(editions.read_executed(LABS[name]))
    lab = packed("".join(cell.source for cell in nb.cells))
    lab += packed(programs(LABS[name]))
    found = [e for cell in nb.cells for e in editions.exercises(cell)]
    lines = [
        packed(line) for e in found for line in editions.body(e.reference).splitlines()
    ]
    telling = [line for line in lines if len(line) > 20 and line not in lab]
    assert telling
    assert [line for line in telling if line in text] == []


@pytest.mark.parametrize("name", LABS)
def test_formulas_are_set(decks, name):
    html = (decks / f"{name}.html").read_text(encoding="utf-8")
    html = re.sub(r"<(annotation|pre|code|script)\b.*?</\1>", "", html, flags=re.S)
    text = "".join(Reader(html).texts)
    assert re.findall(r"\$[^$\n]{1,40}\$|\\[a-z]+\b", text) == []


def test_rebuilding_gives_the_same_bytes(decks, tmp_path, capsys):
    name = "01_softmax"
    for _ in range(2):
        assert slides.main([LABS[name]], tmp_path) == 0
        first = (tmp_path / f"{name}.html").stat()
    assert (tmp_path / f"{name}.html").read_bytes() == (
        decks / f"{name}.html"
    ).read_bytes()
    assert (tmp_path / f"{name}.html").stat().st_mtime_ns == first.st_mtime_ns
    assert f"{name}.html" in capsys.readouterr().out


# In a browser ---------------------------------------------------------------------

OVERFLOW = """() => {
  const board = Reveal.getCurrentSlide().querySelector(".board");
  const frame = board.getBoundingClientRect();
  const bad = [];
  if (board.scrollWidth > 1280 || board.scrollHeight > 720) bad.push("the board");
  for (const part of board.querySelectorAll(".item, h1, h2, pre, img, table")) {
    const box = part.getBoundingClientRect();
    const name = `${part.tagName} ${part.className}`;
    if (box.right > frame.right || box.bottom > frame.bottom) bad.push(name);
    if (part.scrollWidth > part.clientWidth + 1) bad.push(name + " too wide");
    if (part.tagName == "PRE" && part.scrollHeight > part.clientHeight + 1)
      bad.push(name + " too high");
    if (part.tagName == "PRE" && parseFloat(getComputedStyle(part).fontSize) < 16)
      bad.push(name + " too small");
    if (part.tagName == "IMG" && box.height < 200) bad.push(name + " too small");
  }
  return bad;
}"""


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api", reason="no Playwright")
    if not CHROMIUM:
        pytest.skip("no Chromium: whether slides overflow was not looked at")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"],
        )
        yield browser
        browser.close()


@pytest.fixture
def show(browser, decks):
    """Give a function that opens a deck on a projector; nothing else is fetched."""
    opened, requests = [], []

    def show(name):
        page = browser.new_page(viewport={"width": 1280, "height": 720})
        page.on("request", lambda request: requests.append(request.url))
        page.goto((decks / f"{name}.html").as_uri())
        page.wait_for_function("Reveal.isReady()")
        opened.append(page)
        return page

    yield show
    for page in opened:
        page.close()
    assert [u for u in requests if not u.startswith(("file:", "data:"))] == []


@pytest.mark.parametrize("name", LABS)
def test_no_slide_overflows(show, name):
    page = show(name)
    total = page.evaluate("Reveal.getTotalSlides()")
    assert 5 < total <= 30
    found = {}
    for number in range(total):
        page.evaluate(f"Reveal.slide({number}, 0, 99)")
        if bad := page.evaluate(OVERFLOW):
            found[number + 1] = bad
    assert found == {}


def test_keys_lead_through_the_deck(show):
    page = show("01_softmax")
    total = page.evaluate("Reveal.getTotalSlides()")
    seen = [0]
    for _ in range(200):
        page.keyboard.press("ArrowRight")
        seen.append(page.evaluate("Reveal.getIndices().h"))
        if page.evaluate("Reveal.isLastSlide()"):
            break
    assert sorted(set(seen)) == list(range(total))
    assert len(seen) > total  # results wait for a click of their own


def test_a_result_waits_for_a_click(show):
    page = show("01_softmax")
    page.evaluate("Reveal.slide(4, 0, -1)")
    output = page.locator("section.present div.output")
    assert "tensor([[5., 7., 1.]" in output.text_content()
    assert not output.is_visible()
    page.keyboard.press("ArrowRight")
    assert output.is_visible()


# The rules by which cells become slides -------------------------------------------


def plan(*parts):
    """Return the slides of a lab made of (tag, text or code cell)."""
    nb = new_notebook(cells=[new_markdown_cell("# 1. Title")])
    for _, part in parts:
        nb.cells.append(new_markdown_cell(part) if isinstance(part, str) else part)
    marks = {c.id: tag for c, (tag, _) in zip(nb.cells[1:], parts, strict=True)}
    return slides.plan(nb, marks)[1:]


def code(source, text="out"):
    return new_code_cell(source, outputs=[new_output("stream", text=text)])


def shown(slide):
    """Return (step, text) of each item."""
    return [(i.step, tree.plain(i.blocks).strip()) for i in slide.items]


def test_results_and_what_follows_them_come_click_by_click():
    (slide,) = plan(
        ("slide", "## A\n\n**Predict** What?"),
        ("slide-more", code("f()")),
        ("slide-more", "It did."),
        ("slide-more", code("g()", "more")),
    )
    assert shown(slide) == [
        (0, "Predict What?"),
        (0, "f()"),
        (1, "out"),
        (2, "It did."),
        (3, "g()"),
        (3, "more"),
    ]


def test_unmarked_prose_is_in_the_notes_only():
    (slide,) = plan(("slide", "## A\n\nShown."), ("", "Quiet."), ("", code("x")))
    assert shown(slide) == [(0, "Shown.")]
    assert tree.plain(slide.notes) == "Shown.Quiet."


@pytest.mark.parametrize("tag", ["slide", "slide-more"])
def test_a_heading_and_a_new_question_start_a_slide(tag):
    first, second = plan(
        ("slide", code("f()")), (tag, "**Rule** Do.\n\n### Pitfall: x\n\nText.")
    )
    assert shown(first)[-1] == (2, "Rule Do.")
    assert (second.kind, shown(second)) == ("pitfall", [(0, "Text.")])
    seen = "**What you should see** A line.\n\nContext.\n\n**Predict** Next?"
    first, second = plan(("slide", code("f()")), ("slide-more", seen))
    assert shown(first)[-1] == (2, "A line.")
    assert shown(second) == [(0, "Context."), (0, "Predict Next?")]


def test_only_sentences_that_matter_are_shown():
    long = " ".join(f"Sentence number {n} of this paragraph." for n in range(20))
    (slide,) = plan(("slide", f"{long}\n\nMore.\n\n$$x = 1$$\n\nIn words."))
    assert [text for _, text in shown(slide)] == ["More.", "x = 1"]
    (slide,) = plan(("slide", long))
    assert shown(slide)[0][1].startswith("Sentence number 0")
    assert len(shown(slide)[0][1]) <= slides.CONTEXT


def test_a_long_output_is_cut_with_an_ellipsis():
    text = "\n".join(f"line {n}" for n in range(50))
    (slide,) = plan(("slide", code("f()", text)))
    lines = shown(slide)[1][1].splitlines()
    assert lines[-3:] == ["…", "line 48", "line 49"]
    assert len(lines) <= slides.OUTPUT_LINES


def test_the_code_of_a_figure_is_in_the_notes():
    picture = new_output("display_data", data={"image/png": "iVBORw0KGgo="})
    cell = new_code_cell("draw()", outputs=[picture])
    (slide,) = plan(("slide", cell))
    assert [item.kind for item in slide.items] == ["figure"]
    assert tree.plain(slide.notes) == "draw()"


@pytest.mark.parametrize("columns", [10, 60, 88])
@pytest.mark.parametrize("lines", [1, 8, 16, 25])
def test_code_is_sized_to_fit(columns, lines):
    block = tree.code_block("\n".join(["x" * columns] * lines), "python")
    slide = Slide([], own=True, items=[Item([block], "code")])
    size = slides.code_size(slide)
    assert 0 < size <= slides.CODE_MAX
    assert size * slides.GLYPH * columns <= slides.WIDTH - slides.PADDING
    assert size * slides.LINE * lines <= slides.HEIGHT - slides.PADDING
    assert size > 16


def test_what_does_not_fit_goes_on_with_the_question():
    block = tree.code_block("\n".join(["x"] * 22), "python")
    out = tree.code_block("\n".join(["y"] * 10), "output")
    question = {"t": "Para", "c": [{"t": "Str", "c": "Why?"}]}
    items = [
        Item([question], "prose-predict"),
        Item([block], "code"),
        Item([out], "output", step=1),
    ]
    first, second = slides.fit(Slide([], own=True, items=items))
    assert [item.kind for item in first.items] == ["prose-predict", "code"]
    assert [item.kind for item in second.items] == ["prose-predict", "output"]


# Colours -------------------------------------------------------------------------


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = (c / 12.92 if c <= 0.04 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def test_colours_have_contrast():
    css = (web.TEMPLATES / "slides.css").read_text(encoding="utf-8")
    inks = re.findall(
        r"(?:--(?:ink|quiet|blue|red|green|link)|[{; ]color): (#\w+)", css
    )
    papers = ["#ffffff", *re.findall(r"background: (#\w{6})|--code: (#\w{6})", css)]
    papers = [p if isinstance(p, str) else p[0] or p[1] for p in papers]
    assert len(inks) > 5
    for ink in inks:
        for paper in papers:
            ratio = (luminance(paper) + 0.05) / (luminance(ink) + 0.05)
            assert ratio >= 4.5, (ink, paper, ratio)


# Bad requests ---------------------------------------------------------------------


@pytest.fixture
def copy(tmp_path, monkeypatch):
    """Give a project with one lab, which a test may spoil."""
    notebooks = tmp_path / "project" / "notebooks"
    notebooks.mkdir(parents=True)
    for suffix in (".py", ".ipynb"):
        shutil.copy(LABS["00_start_here"].with_suffix(suffix), notebooks)
    for name in ("pyproject.toml", "CITATION.cff", "CHANGELOG.md"):
        shutil.copy(labs.ROOT / name, notebooks.parent)
    monkeypatch.setattr(labs, "ROOT", notebooks.parent)
    return notebooks / "00_start_here.py"


def edit(path, change):
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")


def not_executed(path, patch):
    pattern = r'"execution_count": \d+'
    edit(
        path.with_suffix(".ipynb"),
        lambda text: re.sub(pattern, '"execution_count": null', text),
    )


def not_marked(path, patch):
    edit(path, lambda text: re.sub(r'(, )?"slide(-more)?"', "", text))
    edit(path, lambda text: text.replace(" tags=[]", ""))
    nb = nbformat.read(path.with_suffix(".ipynb"), as_version=4)
    for cell in nb.cells:
        kept = [tag for tag in tags(cell) if tag not in slides.TAGS]
        cell.metadata = {"tags": kept} if kept else {}
    nbformat.write(nb, path.with_suffix(".ipynb"))


def no_pandoc(path, patch):
    patch.setitem(sys.modules, "pypandoc", None)


def no_reveal(path, patch):
    patch.setattr(slides.importlib.util, "find_spec", lambda name: None)


def nothing(path, patch):
    pass


@pytest.mark.parametrize(
    ("spoil", "lab", "message"),
    [
        (nothing, "77", "there is no lab '77'; the labs are: 00_start_here"),
        (not_executed, "00", "never executed.*refresh 00"),
        (not_marked, "00", "no cell for slides; mark some"),
        (no_pandoc, "00", r"pandoc is missing.*pip install -e \".\[authoring\]\""),
        (no_reveal, "00", r"reveal.js is missing.*pip install -e \".\[authoring\]\""),
    ],
)
def test_bad_requests(copy, tmp_path, monkeypatch, capsys, spoil, lab, message):
    out = tmp_path / "out"
    out.mkdir()
    (out / "00_start_here.html").write_text("from yesterday", encoding="utf-8")
    spoil(copy, monkeypatch)
    assert __main__.main(["slides", lab, "--out", str(out)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert re.search(message, line)
    assert [path.name for path in out.iterdir()] == ["00_start_here.html"]
    assert (out / "00_start_here.html").read_text(encoding="utf-8") == "from yesterday"


def test_a_file_in_the_place_of_the_folder(copy, tmp_path, capsys):
    (tmp_path / "out").write_text("a file", encoding="utf-8")
    assert __main__.main(["slides", "00", "--out", str(tmp_path / "out")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "cannot write" in line
    assert (tmp_path / "out").read_text(encoding="utf-8") == "a file"


def test_an_unknown_or_double_tag_is_named():
    for found, message in (
        (["slides"], "unknown tag 'slides'; did you mean 'slide'"),
        (["slide", "slide-more"], "not both"),
    ):
        cell = new_markdown_cell("x", metadata={"tags": found})
        with pytest.raises(labs.LabError, match=message):
            slides._mark(cell, "a cell")
