"""The slide decks: complete, offline, and every slide readable as it is shown."""

import functools
import json
import re
import shutil
import sys
from html.parser import HTMLParser
from importlib.util import find_spec

import jupytext
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
    reading_time,
    slides,
    tree,
    words,
    worksheet,
)

pytestmark = pytest.mark.skipif(
    not all(map(find_spec, ("pypandoc", "sphinx_revealjs"))),
    reason='needs pip install -e ".[authoring]"',
)

LABS = {path.stem: path for path in labs.lab_paths()}
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "google-chrome"))), None)
BOX = (  # a black square
    "iVBORw0KGgoAAAANSUhEUgAAAZAAAAGQAQAAAACoxAthAAAAKklEQVR42u3BMQEAAADCoPVP7W8GoAAA"
    "AAAAAAAAAAAAAAAAAAAAAACAN0+wAAGUQRhcAAAAAElFTkSuQmCC"
)
TEXT, CODE, TABLE, FIGURE = 22, 18, 18, 200  # pixels of 720, the least to be read
# A deck has a slide for each section, each question and each exercise (30 to 35 a lab),
# and at most so many more, for code and figures between them.
MORE = 16


@functools.cache
def read(name):
    """Return the slides of a lab."""
    return slides.read_slides(LABS[name])


@functools.cache
def html(name):
    """Return the deck of a lab."""
    return slides.deck(read(name)).decode("utf-8")


class Reader(HTMLParser):
    """Collects texts of a page, by where they stand, and what it would fetch."""

    def __init__(self, html):
        super().__init__()
        self.inside, self.fetched, self.pictures = [], [], []
        self.board, self.notes = [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag in ("script", "style", "aside"):
            self.inside.append(tag)
        if tag == "img":
            self.pictures.append((attrs["src"], attrs["alt"]))
        links = [attrs.get("src"), attrs.get("href") if tag != "a" else None]
        self.fetched += [link for link in links if link and link[:5] != "data:"]

    def handle_endtag(self, tag):
        if self.inside and self.inside[-1] == tag:
            self.inside.pop()

    def handle_data(self, data):
        if self.inside[-1:] == ["style"]:
            self.fetched += re.findall(r"url\((?!['\"]?data:)|@import[^;]*", data)
        elif self.inside[-1:] != ["script"]:
            (self.notes if self.inside else self.board).append(data)

    @property
    def texts(self):
        return self.board + self.notes


def bare(text):
    """Drop white space, and the marks of code and stress."""
    return re.sub(r"[\s`*]", "", text)


def mark(cell):
    return slides._mark(cell, "a cell")


# The decks of the labs ------------------------------------------------------------


@pytest.mark.parametrize("name", LABS)
def test_deck_is_self_contained(name):
    assert Reader(html(name)).fetched == []


@pytest.mark.parametrize("name", LABS)
def test_the_first_slide_says_what_the_deck_is(name):
    first, *others = re.findall(r"<section.*?</section>", html(name), re.DOTALL)
    line = credits.read().line
    assert bare(line) in bare("".join(Reader(first).board))
    assert not any(bare(line) in bare(slide) for slide in others)
    assert "MIT licensed" in html(name) and "Hakim El Hattab" in html(name)  # reveal.js


@pytest.mark.parametrize("name", LABS)
def test_what_is_marked_is_on_the_board_whole(name):
    reader = Reader(html(name))
    board = bare("".join(reader.board))
    pictures = [src for src, alt in reader.pictures if alt]
    executed = editions.read_executed(LABS[name])
    marks = {cell.id: mark(cell) for cell in executed.cells}
    nb = editions.student(executed)
    for cell, blocks in list(zip(nb.cells, tree.cells(nb), strict=True))[1:]:
        if marks[cell.id] in ("slide", "fragment"):
            assert [
                text for text in texts(cell, blocks) if bare(text) not in board
            ] == []
            if not (hand := slides.EXPLORABLE.search(cell.source)):
                shown = [b["c"][0]["c"][2][0] for b in blocks if is_a(b, "figure")]
                assert set(shown) <= set(pictures)
            assert not hand or f'data-explorable="{hand[1]}"' in html(name)


def texts(cell, blocks):
    """Yield what of a cell must be on the board, apart from formulas and figures."""
    if "asks" in cell.metadata:
        for question in asked.questions(cell):
            for text in (question.text, *question.options.values(), question.because):
                yield tree.plain(tree.inlines(text))  # with powers
    elif not slides.EXPLORABLE.search(cell.source):
        draws = any(is_a(block, "figure") for block in blocks)
        for block in blocks:
            said = block["t"] == "Para" and not tree.lead(block)
            formulas = '"Math"' in json.dumps(block)
            if not (said or formulas or (draws and is_a(block, "code"))):
                text = tree.plain(block).strip().removeprefix(words.word("see"))
                if is_a(block, "code"):
                    text = worksheet.without_tests(text)
                yield text.splitlines()[-1] if is_a(block, "error") else text


def is_a(block, kind):
    return kind in slides._kind(block).split()


@pytest.mark.parametrize("name", LABS)
def test_the_notes_say_all_of_the_prose_once(name):
    notes = bare("".join(Reader(html(name)).notes))
    executed = editions.read_executed(LABS[name])
    marks = [mark(cell) for cell in executed.cells if cell.cell_type == "markdown"]
    nb = editions.student(executed)
    nb.cells = [cell for cell in nb.cells if cell.cell_type == "markdown"]
    said = 0
    for where, blocks in zip(marks, tree.cells(nb), strict=True):
        for block in blocks:
            text = bare(tree.plain(block))
            formulas = '"Math"' in json.dumps(block)
            if block["t"] == "Para" and len(text) > 60 and not formulas:
                assert notes.count(text) == (where != "skip"), text
                said += 1
    assert said > 10


@pytest.mark.parametrize("name", LABS)
def test_every_section_of_the_core_has_a_slide(name):
    titles = {tree.plain(slide.title) for slide in read(name) if slide.own}
    assert sections(name)
    assert [title for title in sections(name) if title not in titles] == []
    assert all(slide.items for slide in read(name)), "a slide with a title alone"


def sections(name):
    """Return the sections of a core, as its deck writes their titles."""
    nb = labs.read_lab(LABS[name])
    text = "\n".join(c.source for c in nb.cells if c.cell_type == "markdown")
    found = [t.replace("`", "") for t in re.findall(r"^## (.+)", text, re.MULTILINE)]
    return [t for t in found if words.section_role(t) not in reading_time.OFF_THE_ROAD]


@pytest.mark.parametrize("name", LABS)
def test_every_question_is_projected_and_answered_at_a_click(name):
    nb = editions.student(editions.read_executed(LABS[name]))
    numbers = [n for cell in nb.cells for n in cell.metadata.get("asks", ())]
    shown = []
    for slide in read(name):
        kinds = [item.kind for item in slide.items]
        for kind, item in zip(kinds, slide.items, strict=True):
            if kind == "question":
                shown.append(int(tree.lead(item.block).split()[-1]))
                (answer,) = (i for i in slide.items if i.kind == "answer")
                assert answer.step == item.step + 1
            if kind.startswith("options"):
                assert item.step == slide.items[kinds.index("question")].step
            if kind.startswith(("question", "options", "answer")):
                assert not re.search(r'"(\*+\w|[^"]*\w\*+")', json.dumps(item.block))
    assert shown == numbers and shown


@pytest.mark.parametrize("name", LABS)
def test_an_exercise_has_a_slide_of_its_own(name):
    for slide in read(name):
        leads = [words.lead_role(tree.lead(item.block)) for item in slide.items]
        assert leads.count("exercise") <= 1


@pytest.mark.parametrize("name", LABS)
def test_an_exercise_has_the_code_that_it_speaks_of(name):
    """What stands between an exercise and its own cell: a log, a faulty function."""
    spoken = False
    for cell in nbformat.read(LABS[name].with_suffix(".ipynb"), 4).cells:
        if cell.cell_type == "markdown":
            leads = re.findall(r"^(#+ |\*\*\w+)", cell.source, re.MULTILINE)
            exercise = f"**{words.word('exercise')}"
            if exercise in leads:
                spoken = mark(cell) == "slide"
            elif "## " in leads:
                spoken = False
        elif spoken and "exercise" not in cell.metadata.get("tags", []):
            printed = "".join(output.get("text", "") for output in cell.outputs)
            fits = printed.count("\n") <= 24  # more lines than a board has
            assert (mark(cell) in ("slide", "fragment")) == fits, cell.source
        else:
            spoken = False


def test_the_deck_of_lab_04_shows_training():
    (slide,) = (
        slide
        for slide in read("04_logistic_regression")
        if "optimizer.step()" in (code := programs_of(slide)) and "backward" in code
    )
    for line in ("optimizer.zero_grad()", "loss = F.binary_cross_entropy_with_logits("):
        assert line in programs_of(slide)
    assert "four lines of training" in tree.plain([item.block for item in slide.items])


def programs_of(slide):
    return "\n".join(tree.plain(i.block) for i in slide.items if i.kind == "code")


@pytest.mark.parametrize("name", LABS)
def test_no_solution_is_in_the_deck(name):
    text = bare("".join(Reader(html(name)).texts))
    nb = editions.student(editions.read_executed(LABS[name]))
    lab = bare("".join(cell.source for cell in nb.cells))
    lab += bare(programs(LABS[name]))
    found = [e for cell in nb.cells for e in editions.exercises(cell)]
    lines = [
        bare(line) for e in found for line in editions.body(e.reference).splitlines()
    ]
    telling = [line for line in lines if len(line) > 20 and line not in lab]
    assert telling
    assert [line for line in telling if line in text] == []


@pytest.mark.parametrize("name", LABS)
def test_formulas_are_set(name):
    hidden = r"<(annotation|pre|code|script)\b.*?</\1>"
    text = "".join(Reader(re.sub(hidden, "", html(name), flags=re.S)).texts)
    assert re.findall(r"\$[^$\n]{1,40}\$|\\[a-z]+\b", text) == []


def test_rebuilding_gives_the_same_bytes(tmp_path, capsys):
    name = "01_softmax"
    for _ in range(2):
        assert slides.main([LABS[name]], tmp_path) == 0
        first = (tmp_path / f"{name}.html").stat()
    assert (tmp_path / f"{name}.html").read_text("utf-8") == html(name)
    assert (tmp_path / f"{name}.html").stat().st_mtime_ns == first.st_mtime_ns
    assert f"{name}.html" in capsys.readouterr().out


# In a browser ---------------------------------------------------------------------

TOO_MUCH = """([text, code, table, figure]) => {
  const board = Reveal.getCurrentSlide().querySelector(".board");
  const frame = board.getBoundingClientRect();
  const bad = [];
  const size = (part) => parseFloat(getComputedStyle(part).fontSize);
  if (size(board) < text) bad.push("text too small");
  const parts = ".item, h1, h2, pre, img, table, math, .cx";
  for (const part of board.querySelectorAll(parts)) {
    if (!part.checkVisibility({ visibilityProperty: true })) continue;
    const box = part.getBoundingClientRect();
    const name = `${part.tagName} ${part.className}`;
    if (box.right > frame.right + 1 || box.bottom > frame.bottom + 1) bad.push(name);
    if (part.scrollWidth > part.clientWidth + 1) bad.push(name + " too wide");
    if (part.tagName == "PRE" && part.scrollHeight > part.clientHeight + 1)
      bad.push(name + " too high");
    const least = { PRE: code, TABLE: table }[part.tagName] ?? 0;
    if (size(part) < least - 0.01) bad.push(name + " too small");
    if (part.tagName == "IMG" && box.height < figure) bad.push(name + " too small");
  }
  return bad;
}"""


EACH_SLIDE = f"""async (sizes) => {{
  const found = {{}};
  for (let number = 0; number < Reveal.getTotalSlides(); number++) {{
    for (const fragment of [-1, 99]) {{ // before the first click, and after the last
      Reveal.slide(number, 0, fragment);
      await 0; // for those that observe the page
      const bad = ({TOO_MUCH})(sizes);
      if (bad.length) found[number + 1] = bad;
    }}
  }}
  return found;
}}"""


def too_much(page):
    """Return what of a deck is too large or too small, by the number of the slide."""
    found = page.evaluate(EACH_SLIDE, [TEXT, CODE, TABLE, FIGURE])
    return {int(number): bad for number, bad in found.items()}


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
def show(browser, tmp_path):
    """Give a function that opens a deck on a projector; nothing else is fetched."""
    opened, requests, errors = [], [], []

    def show(deck, how=""):
        path = tmp_path / "deck.html"
        text = html(deck) if isinstance(deck, str) else slides.deck(deck).decode()
        path.write_text(text, encoding="utf-8")
        page = browser.new_page(viewport={"width": 1280, "height": 720})
        page.on("request", lambda request: requests.append(request.url))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(path.as_uri() + how)
        page.wait_for_function("Reveal.isReady()")
        opened.append(page)
        return page

    yield show
    for page in opened:
        page.close()
    assert [u for u in requests if not u.startswith(("file:", "data:"))] == []
    assert errors == []


@pytest.mark.parametrize("name", LABS)
def test_every_slide_fits_and_can_be_read(show, name):
    n_questions = sum(
        item.kind == "question" for slide in read(name) for item in slide.items
    )
    page = show(name)
    total = page.evaluate("Reveal.getTotalSlides()")
    text = LABS[name].read_text("utf-8")
    n_exercises = text.count(f"\n# **{words.word('exercise')} ")
    assert 5 < total <= len(sections(name)) + n_questions + n_exercises + MORE
    assert too_much(page) == {}


def test_what_is_too_much_for_a_slide_is_seen(show):
    lines = "\n".join(f"line = {n}" for n in range(40))
    words = "\n\n".join(["**Words** " + "and words " * 60] * 6)
    deck = plan(("slide", f"## A\n\n{words}"), ("slide", code(lines)), title=True)
    found = too_much(show(deck))
    assert sorted(found) == [2, 3]


def test_exponents_are_raised(show):
    page = show(plan(("slide", "## A\n\n**Words** e<sup>z</sup>"), title=True))
    page.evaluate("Reveal.slide(1)")
    raised = page.locator("section.present .board sup")
    bottom = "s => s.getBoundingClientRect().bottom"
    line = "s => s.parentElement.getBoundingClientRect().bottom"
    assert raised.evaluate(bottom) < raised.evaluate(line) - 10
    assert raised.evaluate("s => parseFloat(getComputedStyle(s).fontSize)") < 34


def test_text_is_as_large_as_the_board_allows(show):
    def large(n):
        words = "\n\n".join(["**Words** " + "and words " * 30] * n)
        page = show(plan(("slide", f"## A\n\n{words}"), title=True))
        page.evaluate("Reveal.slide(1)")
        board = page.locator("section.present .board")
        return float(board.evaluate("b => parseFloat(getComputedStyle(b).fontSize)"))

    assert 34 == large(1) > large(3) > TEXT


def test_keys_lead_through_the_deck(show):
    page = show("01_softmax")
    total = page.evaluate("Reveal.getTotalSlides()")
    seen = [0]
    for _ in range(300):
        page.keyboard.press("ArrowRight")
        seen.append(page.evaluate("Reveal.getIndices().h"))
        if page.evaluate("Reveal.isLastSlide()"):
            break
    assert sorted(set(seen)) == list(range(total))
    assert len(seen) > total  # results wait for a click of their own


def test_a_click_brings_the_answer_and_the_picture_in_place_of_the_options(show):
    deck = read("04_logistic_regression")
    number = next(
        n
        for n, slide in enumerate(deck)
        if [i.kind for i in slide.items][:3] == ["question", "options gone", "answer"]
        and "figure" in [i.kind for i in slide.items]
    )
    page = show("04_logistic_regression")
    page.evaluate(f"Reveal.slide({number}, 0, -1)")
    place = page.locator("section.present")
    options, answer, figure = map(place.locator, (".options", ".answer", ".figure"))
    assert options.is_visible()
    assert not answer.is_visible() and not figure.is_visible()
    page.keyboard.press("ArrowRight")
    assert answer.is_visible() and figure.is_visible()
    assert not options.is_visible()


def crowd(lines=16, figure=False):
    """Return slides with a question, and more below its answer than fits beside it."""
    ask = new_code_cell("lab01.shifted.ask()")
    ask.metadata.update(asks=[1], tags=[])
    picture = new_output("display_data", data={"image/png": BOX})
    result = code("\n".join(f"line = {n}" for n in range(lines)))
    result = new_code_cell("draw()", outputs=[picture]) if figure else result
    return plan(("slide", ask), ("fragment", result), title=True)


@pytest.mark.parametrize("printed", [False, True])
def test_a_question_makes_room_for_what_is_large(show, printed):
    page = show(crowd(), "?print-pdf" if printed else "")
    if not printed:
        page.evaluate("Reveal.slide(1, 0, -1)")
        assert page.locator("section.present .question").is_visible()
        page.evaluate("Reveal.slide(1, 0, 99)")
    place = page.locator("section:has(.question)")
    assert place.locator(".answer").is_visible()
    assert place.locator(".code").is_visible()
    assert place.locator(".question").is_visible() == printed  # paper has one state


def test_a_picture_stands_where_it_is_larger(show):
    page = show(crowd(figure=True))
    page.evaluate("Reveal.slide(1, 0, 99)")
    place = page.locator("section.present")
    answer, picture = (place.locator(k).bounding_box() for k in (".answer", ".figure"))
    assert picture["x"] > answer["x"] + answer["width"]
    assert picture["height"] > 500 and place.locator(".question").is_visible()
    assert page.evaluate(TOO_MUCH, [TEXT, CODE, TABLE, FIGURE]) == []


SMALL = """(figure, least) => {
  const zoom = parseFloat(getComputedStyle(figure.closest(".explorable")).zoom);
  const found = {};
  const texts = document.createTreeWalker(figure, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const part = texts.currentNode.parentElement, said = texts.currentNode.data.trim();
    if (!said || !part.checkVisibility() || part.closest(".cx-hidden")) continue;
    const svg = part.closest("svg");
    const { b, d } = svg ? part.getScreenCTM() : { b: 0, d: zoom };
    const size = Math.hypot(b, d) * parseFloat(getComputedStyle(part).fontSize);
    if (size < least) found[said] = size;
  }
  return found;
}"""
HANDS = [
    name for name, path in LABS.items() if "explorables." in path.read_text("utf-8")
]


@pytest.mark.parametrize("name", [n for n in HANDS if n[:2] not in ("12", "13")])
def test_explorables_run_in_the_deck(show, name):
    page = show(name)
    number = next(
        n
        for n, slide in enumerate(read(name))
        if "explorable" in [item.kind for item in slide.items]
    )
    page.wait_for_selector("html[data-ready]", state="attached")
    page.evaluate(f"Reveal.slide({number})")
    figure = page.locator("section.present .cx")
    figure.wait_for()
    assert page.evaluate(TOO_MUCH, [TEXT, CODE, TABLE, FIGURE]) == []
    assert figure.evaluate(SMALL, CODE) == {}
    # In the figure the arrows are the figure's, Page Down the presenter's.
    part = figure.locator("[tabindex='0'], input").first
    for keys in (["PageDown"], ["Escape", "ArrowRight"]):
        page.evaluate(f"Reveal.slide({number}, 0, -1)")
        here = page.evaluate("Reveal.getIndices()")
        part.focus()
        page.keyboard.press("ArrowRight")
        assert page.evaluate("Reveal.getIndices()") == here
        for key in keys:
            page.keyboard.press(key)
        assert page.evaluate("Reveal.getIndices()") != here
        assert not page.evaluate("Reveal.isOverview()")


# The rules by which cells become slides -------------------------------------------


def plan(*parts, title=False):
    """Return the slides of a lab made of (slide type, text or code cell)."""
    nb = new_notebook(cells=[new_markdown_cell("# 1. Title")])
    for kind, part in parts:
        cell = new_markdown_cell(part) if isinstance(part, str) else part
        cell.metadata["slideshow"] = {"slide_type": kind}
        nb.cells.append(cell)
    found = slides.plan(nb, {cell.id: mark(cell) for cell in nb.cells})
    return found if title else found[1:]


def code(source, text="out"):
    return new_code_cell(source, outputs=[new_output("stream", text=text)])


def shown(slide):
    """Return (step, text) of each item."""
    return [(i.step, tree.plain(i.block).strip()) for i in slide.items]


def test_fragments_and_results_come_click_by_click():
    (slide,) = plan(
        ("slide", "## A\n\nWhat?"),
        ("fragment", code("f()")),
        ("fragment", "It did."),
        ("fragment", code("g()", "more")),
    )
    assert shown(slide) == [
        (0, "What?"),
        (1, "f()"),
        (2, "out"),
        (3, "It did."),
        (4, "g()"),
        (5, "more"),
    ]


def test_the_types_of_jupyter():
    first, second = plan(
        ("slide", "## A\n\nShown."),
        ("notes", "Said."),
        ("-", "Said, too."),
        ("", code("x")),
        ("skip", "Neither."),
        ("subslide", "Next."),
    )
    assert shown(first) == [(0, "Shown.")]
    assert tree.plain(first.notes) == "Shown.Said.Said, too."
    assert shown(second) == [(0, "Next.")]
    assert not second.own and tree.plain(second.title) == "A"


def test_what_of_prose_is_on_the_board():
    text = (
        "## A\n\nFirst. And more.\n\nSaid.\n\n$$x = 1$$\n\n**Rule** Do.\n\n"
        "* a list\n\n### Sub\n\n| a |\n|---|\n| b |\n\nSaid.\n\n```\ncode\n```"
    )
    (slide,) = plan(("slide", text))
    texts = [text for _, text in shown(slide)]
    assert texts == [
        "First. And more.",
        "x = 1",
        "Rule Do.",
        "a list",
        "Sub",
        "ab",
        "code",
    ]
    assert tree.plain(slide.notes).count("Said.") == 2
    (slide,) = plan(("slide", "## A\n\n(An aside.)\n\nSaid."))
    assert shown(slide) == []


def test_the_code_of_a_figure_is_left_out():
    picture = new_output("display_data", data={"image/png": "iVBORw0KGgo="})
    (slide,) = plan(("slide", new_code_cell("draw()", outputs=[picture])))
    assert [(item.kind, item.step) for item in slide.items] == [("figure", 0)]
    assert slide.notes == []


def test_lines_that_only_test_are_left_out():
    source = (
        "x = 1\nassert x == 1\nfor n in (1, 2):\n    assert_close(n, n)\n    print(n)"
    )
    (slide,) = plan(("slide", code(source)))
    assert shown(slide)[0] == (0, "x = 1\nfor n in (1, 2):\n    print(n)")
    (slide,) = plan(("slide", code("x = 1\nfor n in x, 2:\n    assert n\nx")))
    assert shown(slide)[0] == (0, "x = 1\nx")
    for whole in (
        "assert x",
        "def f(n):\n    assert n\n    return n",
        "for n in (1, 2):\n    assert n",
    ):
        (slide,) = plan(("slide", code(whole)))
        assert shown(slide)[0] == (0, whole)


def test_what_comes_first_on_a_slide_needs_no_click():
    (slide,) = plan(("slide", "## A"), ("fragment", "First."), ("fragment", "Second."))
    assert shown(slide) == [(0, "First."), (1, "Second.")]


def test_what_sums_up_the_first_half_has_a_slide_of_its_own():
    stop = f"{words.bold('stop')} Half of it."
    first, second = plan(("slide", f"## A\n\nText.\n\n**Rule** Do.\n\n{stop}"))
    assert shown(first) == [(0, "Text."), (0, "Rule Do.")]
    assert shown(second) == [(0, f"{words.word('stop')} Half of it.")]
    assert tree.plain(first.notes) + tree.plain(second.notes) == (
        f"Text.Rule Do.{words.word('stop')} Half of it."
    )
    (alone,) = plan(("slide", stop))
    assert len(alone.items) == 1


def test_of_an_error_the_last_line_is_shown():
    error = new_output("error", ename="E", evalue="no", traceback=["long", "E: no"])
    (slide,) = plan(("slide", new_code_cell("f()", outputs=[error])))
    assert shown(slide) == [(0, "f()"), (1, "E: no")]


# Other programs read the same metadata ----------------------------------------------


def test_nbconvert_makes_slides_of_it():
    exporter = pytest.importorskip("nbconvert").SlidesExporter()
    nb = nbformat.read(LABS["01_softmax"].with_suffix(".ipynb"), as_version=4)
    html, _ = exporter.from_notebook_node(nb)
    marks = [mark(cell) for cell in nb.cells]
    # Each slide is a section in a section.
    assert html.count("<section>") == 2 * marks.count("slide")
    assert html.count('class="fragment"') == marks.count("fragment") > 10


def test_jupytext_keeps_it():
    path = LABS["01_softmax"]
    nb = nbformat.read(path.with_suffix(".ipynb"), as_version=4)
    again = jupytext.reads(jupytext.writes(nb, "py:percent"), "py:percent")
    assert list(map(mark, again.cells)) == list(map(mark, nb.cells))
    assert list(map(mark, labs.read_lab(path).cells)) == list(map(mark, nb.cells))


# Colours -------------------------------------------------------------------------


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = (c / 12.92 if c <= 0.04 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def test_colours_have_contrast():
    css = (tree.TEMPLATES / "slides.css").read_text(encoding="utf-8")
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
    marked(path, "skip")


def badly_marked(path, patch):
    marked(path, "slides")


def marked(path, what):
    edit(
        path,
        lambda text: re.sub('"slide_type": "[a-z]+"', f'"slide_type": "{what}"', text),
    )
    nb = nbformat.read(path.with_suffix(".ipynb"), as_version=4)
    for cell in nb.cells:
        if "slideshow" in cell.metadata:
            cell.metadata.slideshow.slide_type = what
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
        (badly_marked, "00", r"py, the cell 1: .* 'slides'; did you mean 'slide'\?"),
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
