"""The web site: whole, offline, answered in the page, and readable for everybody."""

import html
import importlib.util
import io
import re
import shutil
from html.parser import HTMLParser
from itertools import combinations, permutations
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit
from xml.etree import ElementTree

import nbformat
import pytest
import yaml
from nbformat.v4 import new_markdown_cell
from repository import forget_run, read_pdf
from test_asked import asked_in, squeeze, telling
from test_handouts import seen

from course_utils import explorables, workspace
from course_utils.authoring import asked, credits, editions, gallery, labs, site
from course_utils.authoring.__main__ import main
from course_utils.exercises.questions import as_html

if missing := [name for name in site.TOOLS if not importlib.util.find_spec(name)]:
    reason = f"the site needs {', '.join(missing)}: pip install -e '.[authoring]'"
    pytest.skip(reason, allow_module_level=True)

LABS = {path.stem: path for path in labs.lab_paths()}
AROUND = {"index", "rules", "syllabus", "about", "search"}
PHONE = {"width": 390, "height": 844}
by_lab = pytest.mark.parametrize("stem", LABS)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Make the whole site with the command."""
    folder = tmp_path_factory.mktemp("site") / "made"
    assert main(["site", "--out", str(folder)]) == 0
    return folder


class Reader(HTMLParser):
    """Collects the links of a page, its names, and what a browser would fetch."""

    def __init__(self, path):
        super().__init__()
        self.links, self.names, self.fetched = [], [], []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.names += [attrs["id"]] if "id" in attrs else []
        if tag == "a" and "href" in attrs:
            self.links.append(attrs["href"])
        fetched = attrs.get("src") or (attrs.get("href") if tag == "link" else None)
        self.fetched += [fetched] if fetched else []


@pytest.fixture(scope="module")
def pages(folder):
    return {path.stem: Reader(path) for path in folder.glob("*.html")}


# The folder -----------------------------------------------------------------------


def test_every_lab_is_a_page_and_its_weight_is_told(folder, pages, capsys):
    assert set(pages) == {*LABS, *AROUND}
    made = {stem: site.Page([], {}) for stem in pages}
    lines = site.weights(folder, made)
    for stem in pages:
        size = (folder / f"{stem}.html").stat().st_size / 1000
        assert any(stem in line and f"{size:.0f} kB" in line for line in lines)


def test_every_link_within_the_site_leads_somewhere(folder, pages):
    followed = 0
    for stem, page in pages.items():
        for link in {*page.links, *page.fetched}:
            parts = urlsplit(link)
            if parts.scheme:
                continue
            target = folder / unquote(parts.path) if parts.path else None
            assert target is None or target.is_file(), (stem, link)
            if parts.fragment and (target is None or target.suffix == ".html"):
                other = pages[target.stem if target else stem]
                assert unquote(parts.fragment) in other.names, (stem, link)
            followed += 1
        assert len(page.names) == len(set(page.names)), stem
    assert followed > 800
    for stem, later in zip(LABS, list(LABS)[1:], strict=False):
        assert f"{later}.html" in pages[stem].links


def test_the_index_has_the_map_with_the_times(folder):
    text = (folder / "index.html").read_text(encoding="utf-8")
    for stem, path in LABS.items():
        nb = labs.read_lab(path)
        read, solve = re.findall(r"\d+", editions.timing(nb))[:2]
        title = html.escape(editions.title(nb))
        row = rf'href="{stem}\.html">{title}</a>((?!</tr>).)*>{read} \+ {solve}</td>'
        assert re.search(row, text, re.DOTALL), stem


CHILDREN = {"msub": 2, "msup": 2, "mfrac": 2, "munder": 2, "mover": 2, "msubsup": 3}


def test_formulas_are_well_formed(folder):
    found = 0
    for path in folder.glob("*.html"):
        text = path.read_text(encoding="utf-8")
        for formula in re.findall(r"<math.*?</math>", text, re.DOTALL):
            found += 1
            for node in ElementTree.fromstring(formula).iter():
                tag = node.tag.rpartition("}")[2]
                assert len(node) == CHILDREN.get(tag, len(node)), (path.stem, formula)
    assert found > 400


def test_rules_and_formulas_stand_on_one_page(folder):
    text = (folder / "rules.html").read_text(encoding="utf-8")
    for path in LABS.values():
        nb = labs.read_lab(path)
        for formula in editions.formulas(nb):
            name = re.search(r"\\tag\{(.+?)\}", formula)[1].replace(r"\_", "_")
            assert f'<span class="name">{name}</span>' in text
    rules = sum(len(editions.pitfalls(labs.read_lab(path))) for path in LABS.values())
    article = re.search(r"<article.*?</article>", text, re.DOTALL)[0]
    assert article.count("<li>") == rules > 60


def test_every_page_says_what_it_is_and_where_to_report(folder, pages):
    told = credits.read()
    form = labs.ROOT / ".github/ISSUE_TEMPLATE/mistake-in-a-lab.yml"
    parts = yaml.safe_load(form.read_text(encoding="utf-8"))["body"]
    assert "lab" in {part.get("id") for part in parts}
    for stem, page in pages.items():
        text = html.unescape((folder / f"{stem}.html").read_text(encoding="utf-8"))
        assert told.line in text and told.cite in text
        (link,) = {x for x in page.links if re.search(rf"={form.name}&lab=.", x)}
        asked_for = parse_qs(urlsplit(link).query)
        title = re.search(r"<title>(.*?)(?: - .*)?</title>", text)[1]
        assert asked_for["lab"] == [title]
        assert link.startswith(site.stamp.GITHUB)


@by_lab
def test_the_notebooks_are_those_of_learners(folder, stem):
    nb = nbformat.read(folder / "notebooks" / f"{stem}.ipynb", as_version=4)
    cells = labs.code_cells(nb)
    assert cells and not any(cell.outputs for cell in cells)
    address = site.stamp.read_address()
    links = site.start_links(stem, address)
    text = (folder / f"{stem}.html").read_text(encoding="utf-8")
    stubs = [c for c in cells if editions.exercises(c)]
    assert text.count(links) == 1 + len(stubs)
    colab = site.stamp.colab_url(stem, address)
    assert f"({colab})" in LABS[stem].read_text(encoding="utf-8")


@by_lab
def test_no_solution_reaches_the_site(folder, stem):
    text = (folder / f"{stem}.html").read_text(encoding="utf-8")
    text = html.unescape(re.sub(r"<[^>]+>", "", text))
    assert seen(LABS[stem], text)[0] == []


@by_lab
def test_no_answer_is_in_sight(folder, stem):
    text = (folder / f"{stem}.html").read_text(encoding="utf-8")
    article = re.search(r"<article.*?</article>", text, re.DOTALL)[0]
    hidden = r"<(details|script)\b.*?</\1>"
    folded = squeeze(" ".join(m[0] for m in re.finditer(hidden, article, re.DOTALL)))
    sight = squeeze(re.sub(hidden, "", article, flags=re.DOTALL))
    for question in asked_in(LABS[stem]):
        assert squeeze(question.text.split("`")[0])[:60] in sight
        assert telling(question)[0] in folded
        assert telling(question)[0] not in sight
    for cell in editions.student(editions.read_executed(LABS[stem])).cells:
        if "tells" in cell.metadata:
            asserts = squeeze(html.escape(workspace.split_asserts(cell.source)[1]))
            assert asserts in folded
            assert not asserts or asserts not in sight


def test_the_same_labs_give_the_same_bytes(tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"
    for folder in (one, other):
        assert main(["site", "00", "--out", str(folder)]) == 0
    files = [path.relative_to(one) for path in one.rglob("*") if path.is_file()]
    assert len(files) > 20
    for name in files:
        assert (one / name).read_bytes() == (other / name).read_bytes(), name


# In a browser ---------------------------------------------------------------------


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    if not any(map(shutil.which, gallery.BROWSERS)):
        pytest.skip("no browser, such as chromium")
    with playwright.sync_playwright() as driver:
        browser = gallery.browser(driver)
        yield browser
        browser.close()


@pytest.fixture
def tab(browser, folder):
    """A tab without a network; what a page asks for elsewhere, or throws, is noted."""
    context = browser.new_context()
    tab = context.new_page()
    tab.surprises = []

    def answer(route):
        if route.request.url.startswith("file:"):
            route.continue_()
        else:
            tab.surprises.append(route.request.url)
            route.abort()

    context.route(re.compile(r"^(?!data:)"), answer)
    tab.on("pageerror", lambda error: tab.surprises.append(str(error)))
    tab.on("console", lambda message: tab.surprises.append(message.text))
    yield tab
    context.close()
    assert tab.surprises == []


def show(tab, folder, stem, suffix=""):
    tab.goto((folder / f"{stem}.html").as_uri() + suffix)
    return tab


def test_nothing_is_fetched_from_elsewhere(pages):
    for page in pages.values():
        assert {urlsplit(name).scheme for name in page.fetched} <= {"", "data"}


def test_search_finds_a_word(tab, folder):
    show(tab, folder, "index")
    tab.get_by_role("textbox", name="Search").fill("broadcasting")
    tab.keyboard.press("Enter")
    tab.get_by_role("link", name="1. Softmax").last.wait_for()
    found = tab.locator("#search-results li a").all_inner_texts()
    assert "1. Softmax" in found and "About this course" not in found
    tab.locator("#search-results").get_by_role("link", name="1. Softmax").first.click()
    assert tab.title().startswith("1. Softmax")


def form_of(tab, key):
    return tab.locator(f"form.question[data-key='{key}']")


def test_a_question_is_answered_wrongly_then_rightly_and_kept(tab, folder):
    key = "01_softmax/lab01.divided"
    show(tab, folder, "01_softmax")
    result = tab.locator(f"details.result[data-needs='{key}']")
    printed = result.get_by_text("tensor([inf, -inf, -inf])")
    assert not printed.is_visible()
    form = form_of(tab, key)
    form.get_by_role("button", name="Commit").click()
    assert "Choose an option first" in form.locator(".said").inner_text()
    assert not printed.is_visible()
    form.get_by_label("(b)").check()
    form.get_by_label("How sure are you?").fill("80")
    form.get_by_role("button", name="Commit").click()
    reply = tab.locator(f".reply[data-key='{key}']")
    question = asked.questions(ask("lab01.divided"))[0]
    assert "Not right" in reply.inner_text() and "1.61 nats" in reply.inner_text()
    assert question.why["b"] in reply.inner_text()
    assert printed.is_visible()
    tab.reload()  # it is kept
    assert "Not right" in reply.inner_text() and printed.is_visible()
    assert form.get_by_label("(b)").is_checked()
    form.get_by_role("button", name="Change my answer").click()
    form.get_by_label("(a)").check()
    form.get_by_role("button", name="Commit").click()
    assert re.match(r"Question \d+: ✓ Right", reply.inner_text())
    assert question.because in reply.inner_text()
    show(tab, folder, "index")
    tab.get_by_role("button", name="Forget all my answers").click()
    show(tab, folder, "01_softmax")
    assert reply.inner_text() == "" and not printed.is_visible()


def test_a_verdict_names_its_question_and_leads_back(tab, folder):
    tab.set_viewport_size(PHONE)
    show(tab, folder, "12_bug_clinic")
    for name in ("fault", "measure"):  # two verdicts, one below the other
        form = form_of(tab, f"12_bug_clinic/lab12.case01_{name}")
        form.get_by_label("(a)").check()
        form.get_by_role("button", name="Commit").click()
        number = form.locator("legend strong").inner_text()
        assert re.fullmatch(r"Question \d+", number)
        reply = tab.locator(f".reply[data-key='12_bug_clinic/lab12.case01_{name}']")
        assert reply.inner_text().startswith(f"{number}: ")
        tab.evaluate("scrollTo(0, document.body.scrollHeight)")
        reply.get_by_role("link", name=number, exact=True).click()
        above = "form => Math.abs(form.getBoundingClientRect().top - 50) < 50"
        tab.wait_for_function(above, arg=form.element_handle(), timeout=3000)


@by_lab
def test_nothing_explains_before_an_answer_is_given(tab, folder, stem):
    show(tab, folder, stem)
    seen = squeeze(tab.locator("article").inner_text())
    questions = asked_in(LABS[stem])
    assert questions
    for question in questions:
        assert squeeze(re.sub(r"[`*^]", "", question.because)) not in seen
    answers = "[...document.querySelectorAll('.answer')].map(p => p.checkVisibility())"
    shown = tab.evaluate(answers)
    assert len(shown) >= len(questions) and not any(shown)
    # And no question stands in a frame.
    assert tab.locator(".question").count() > 4
    assert tab.locator(".callout .question").count() == 0


def test_where_nothing_can_be_kept_an_answer_is_told(tab, folder):
    tab.add_init_script("Storage.prototype.setItem = () => { throw new Error(); };")
    show(tab, folder, "01_softmax")
    form = form_of(tab, "01_softmax/lab01.divided")
    form.get_by_label("(a)").check()
    form.get_by_role("button", name="Commit").click()
    assert tab.get_by_text("tensor([inf, -inf, -inf])").is_visible()


def ask(name):
    return nbformat.v4.new_code_cell(f"{name}.ask()")


def test_a_warm_up_does_not_know_the_answer_of_before(tab, folder):
    keys = {}
    for stem in LABS:
        for key in re.findall(
            r'<form class="question" [^>]*data-key="(.+?)/(.+?)"',
            (folder / f"{stem}.html").read_text(encoding="utf-8"),
        ):
            keys.setdefault(key[1], []).append(key[0])
    name, (first, later, *_) = next((k, v) for k, v in keys.items() if len(v) > 1)
    show(tab, folder, first)
    form = form_of(tab, f"{first}/{name}")
    form.locator("[name=answer]").first.check()
    form.get_by_role("button").click()
    assert form.get_by_role("button").inner_text() == "Change my answer"
    show(tab, folder, later)
    assert (
        form_of(tab, f"{later}/{name}").get_by_role("button").inner_text() == "Commit"
    )


def answers_to(question):
    """Return answers that get a reply of their own, and some that do not."""
    letters = "".join(question.options)
    match question.kind:
        case "choice":
            return list(letters)
        case "several":
            return [
                "".join(chosen)
                for n in range(1, len(letters) + 1)
                for chosen in combinations(letters, n)
            ]
        case "order":
            return ["".join(order) for order in permutations(letters)][:30]
    return [question.right, *question.why, 12345.6789, -1]


@by_lab
def test_the_page_says_what_the_notebook_says(tab, folder, stem):
    show(tab, folder, stem)
    nb = labs.read_lab(LABS[stem])
    questions = [q for cell in nb.cells for q in asked.questions(cell)]
    assert questions
    pairs = [(q, v) for q in questions for v in {*answers_to(q), q.right}]
    told = tab.evaluate(
        """pairs => pairs.map(([key, value]) => {
            const form = document.querySelector(`form.question[data-key="${key}"]`);
            const data = form.querySelector("script");
            return tell(JSON.parse(data.textContent), {value, sure: 75});
        })""",
        [[f"{stem}/{question.key}", value] for question, value in pairs],
    )
    for (question, value), said in zip(pairs, told, strict=True):
        question.given = value, 0.75
        first, *rest = question._result()
        question.given = None
        verdict, *paragraphs = re.findall(r"<p>(.*?)</p>", said, re.DOTALL)
        where = question.key, value
        assert paragraphs == [as_html(text) for text in rest], where
        assert ("✓ Right" in verdict) == (": right." in first), where


@by_lab
def test_every_question_has_one_place_for_its_answer(pages, folder, stem):
    text = (folder / f"{stem}.html").read_text(encoding="utf-8")
    forms = re.findall(r'<form class="question" [^>]*data-key="(.+?)"', text)
    places = re.findall(r'<div class="reply" [^>]*data-key="(.+?)"', text)
    assert sorted(forms) == sorted(places) and len(set(forms)) == len(forms)


@pytest.mark.parametrize(
    ("typed", "value"),
    [("0.25", 0.25), (" 2,5", 2.5), ("1/4", 0.25), ("25 %", 0.25), ("-3e2", -300)],
)
def test_numbers_are_read_as_in_the_notebook(tab, folder, typed, value):
    show(tab, folder, "01_softmax")
    assert tab.evaluate("text => number(text)", typed) == value
    for bad in ("", "about 3", "1/0", "."):
        told = tab.evaluate(
            "text => { try { return number(text) } catch (e) { return e.message } }",
            bad,
        )
        assert "no number" in told


def test_without_scripts_answers_unfold(browser, folder):
    context = browser.new_context(java_script_enabled=False)
    tab = show(context.new_page(), folder, "01_softmax")
    form = form_of(tab, "01_softmax/lab01.divided")
    assert not form.get_by_role("button").is_visible()
    answer = form.get_by_text("So a step is needed")
    assert not answer.is_visible()
    form.get_by_text("The answer", exact=True).click()
    assert answer.is_visible()
    result = tab.locator("details.result").first
    result.locator("summary").click()
    assert result.locator("pre, img").first.is_visible()
    context.close()


def test_explorables_are_alive(tab, folder):
    shown = []
    for name in explorables.IN_LABS:
        (stem,) = (s for s in LABS if f"lab{s[:2]}" == explorables.LABS[name])
        show(tab, folder, stem)
        tab.wait_for_selector("html[data-ready]")
        place = tab.locator(f"[data-explorable={name}] > .cx")
        assert place.bounding_box()["height"] > 200
        shown.append(name)
        if name == "logits":
            place.get_by_role("slider", name="Temperature").focus()
            before = place.evaluate("root => root.explorable.value.probs")
            tab.keyboard.press("ArrowLeft")
            tab.wait_for_timeout(200)
            assert place.evaluate("root => root.explorable.value.probs") != before
    assert len(shown) == 8


OVERFLOWS = """() => {
    const width = document.documentElement.clientWidth;
    const outside = [...document.querySelectorAll("article *, .credits *")].filter(
        (node) => !node.closest("pre, .wide, .cx, script, .formula *")
            && node.getBoundingClientRect().right > width + 1);
    const scrolled = [...document.querySelectorAll("p, li, .picture")].filter(
        (node) => node.scrollWidth > node.clientWidth + 1 && !node.closest(".cx, .wide")
            && getComputedStyle(node).display !== "inline");
    const hidden = [...document.querySelectorAll("pre, .wide, .formula")].filter(
        (node) => node.scrollWidth > node.clientWidth + 1 && !node.closest(".cx")
            && (node.tabIndex !== 0 || !node.classList.contains("scrolls")));
    const tiny = [...document.querySelectorAll(".formula > math")].filter(
        (node) => parseFloat(getComputedStyle(node).fontSize) * 0.71 < 11); // an index
    const found = [...outside, ...scrolled, ...hidden, ...tiny];
    return [document.documentElement.scrollWidth - width,
        ...found.map((node) => node.outerHTML.slice(0, 200))];
}"""
OPEN = "document.querySelectorAll('details').forEach(part => { part.open = true; })"


# Blanks that have no width, and names of code in a table that stand on two lines.
TORN = """() => {
  const blanks = [...document.querySelectorAll("legend")].flatMap((legend) =>
    [...legend.childNodes].filter((node) => node.data === " "));
  const narrow = blanks.filter((node) => {
    const range = document.createRange();
    range.selectNode(node);
    return range.getBoundingClientRect().width === 0
      && node.previousSibling.getBoundingClientRect().right
        <= node.nextSibling.getBoundingClientRect().left;
  });
  const names = [...document.querySelectorAll(".wide code")].filter(
    (code) => !code.textContent.includes(" "));
  const broken = names.filter((code) => code.getClientRects().length > 1);
  return [blanks.length, names.length, narrow.length, broken.length];
}"""


@pytest.mark.parametrize("stem", ["03_cross_entropy_with_torch", "10_mnist_multiclass"])
def test_no_words_run_together_and_no_name_is_torn(tab, folder, stem):
    tab.set_viewport_size({"width": 1280, "height": 900})
    show(tab, folder, stem)
    blanks, names, narrow, broken = tab.evaluate(TORN)
    assert names and (narrow, broken) == (0, 0)
    assert blanks or stem != "03_cross_entropy_with_torch"


@pytest.mark.parametrize("stem", [*LABS, *sorted(AROUND)])
def test_a_phone_scrolls_no_text_sideways(tab, folder, stem):
    tab.set_viewport_size(PHONE)
    show(tab, folder, stem)
    tab.evaluate(OPEN)
    tab.evaluate("fit()")
    assert tab.evaluate(OVERFLOWS) == [0]


@pytest.mark.parametrize("width", [390, 1280])
def test_pictures_are_whole_and_open_large(tab, folder, width):
    tab.set_viewport_size({"width": width, "height": 900})
    show(tab, folder, "04_logistic_regression")
    tab.evaluate(OPEN)
    tab.evaluate("fit()")
    links = tab.locator(".picture a.enlarge")
    assert links.count() > 5
    assert tab.locator(".scrolls img").count() == 0
    link = links.first
    image = link.locator("img")
    box = image.bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= width
    phone = width == 390
    assert box["width"] < int(image.get_attribute("width")) * (0.6 if phone else 1)
    assert (link.locator(".hint").bounding_box()["height"] > 10) == phone
    name = link.get_attribute("href")
    link.focus()
    tab.keyboard.press("Enter")
    tab.wait_for_url(f"**/{name}")
    tab.go_back()


SIDES = """(box, place) => {
    box.scrollLeft = place * box.scrollWidth;
    const {left, right, top} = box.getBoundingClientRect();
    return [left + box.clientLeft, right - 1, top + 1];
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("stem", "kind"),
    [
        ("03_cross_entropy_with_torch", ".highlight pre"),
        ("03_cross_entropy_with_torch", "pre.output"),
        ("03_cross_entropy_with_torch", ".cell.pitfall > pre.output"),
        ("03_cross_entropy_with_torch", ".wide"),
        ("02_cross_entropy_by_hand", ".formula"),
    ],
)
def test_a_shadow_says_that_there_is_more(tab, folder, stem, kind, scheme):
    image = pytest.importorskip("PIL.Image", reason="needs pillow")
    tab.emulate_media(color_scheme=scheme)
    tab.set_viewport_size(PHONE)
    show(tab, folder, stem)
    tab.evaluate(OPEN)
    tab.evaluate("fit()")
    box = tab.locator(f"article {kind}.scrolls").first
    box.scroll_into_view_if_needed()
    for place, shaded in ((0, [False, True]), (1, [True, False])):
        left, right, y = box.evaluate(SIDES, place)
        shot = image.open(io.BytesIO(tab.screenshot())).convert("L")
        ground = shot.getpixel((int(left + right) // 2, int(y)))
        sides = [shot.getpixel((int(x), int(y))) for x in (left, right)]
        assert [abs(side - ground) > 40 for side in sides] == shaded
        assert [abs(side - ground) > 2 for side in sides] == shaded


@pytest.fixture(scope="module")
def axe():
    module = pytest.importorskip("axe_playwright_python", reason="needs axe")
    path = Path(module.__file__).with_name("axe.min.js")
    return path.read_text(encoding="utf-8")


# Contrast is four fifths of axe's time, and a page has thousands of parts, but a few
# dozen looks: it is asked of two parts of each look. All else is asked of the whole
# page, in which code is plain text by then: its thousands of words have colours only.
AXE = """async () => {
    const looks = {};
    for (const node of document.querySelectorAll("body *")) {
        const texts = [...node.childNodes].filter((part) => part.nodeType === 3);
        if (!texts.some((part) => part.data.trim())) continue;
        if (!node.checkVisibility({visibilityProperty: true})) continue;
        const {color, fontSize, fontWeight, textShadow} = getComputedStyle(node);
        const look = [color, fontSize, fontWeight, textShadow, node.disabled];
        for (let place = node; place; place = place.parentElement) {
            const {backgroundColor, backgroundImage, opacity} = getComputedStyle(place);
            if (backgroundColor !== "rgba(0, 0, 0, 0)") look.push(backgroundColor);
            if (backgroundImage !== "none") look.push(backgroundImage);
            if (opacity !== "1") look.push(opacity);
        }
        (looks[look] ??= []).push(node);
    }
    const some = Object.values(looks).flatMap(
        (all) => [all[0], all.at(-1)]);
    const options = {preload: false, resultTypes: ["violations"]};
    const contrast = {type: "rule", values: ["color-contrast"]};
    const found = [await axe.run({include: some}, {...options, runOnly: contrast})];
    for (const code of document.querySelectorAll("pre")) {
        code.textContent = code.textContent;
    }
    const all_else = {"color-contrast": {enabled: false}};
    found.push(await axe.run({...options, rules: all_else}));
    return found.flatMap((result) => result.violations);
}"""
# In the dark a few pages, which have every kind of part: axe takes seconds for each.
DARK = ["01_softmax", "12_bug_clinic", *sorted(AROUND)]
LIGHT = [*LABS, *sorted(AROUND)]


@pytest.mark.parametrize(
    ("stem", "scheme"),
    [*((stem, "light") for stem in LIGHT), *((stem, "dark") for stem in DARK)],
)
def test_axe_finds_nothing(tab, folder, axe, stem, scheme):
    tab.emulate_media(color_scheme=scheme)
    show(tab, folder, stem)
    for form in tab.locator("form.question").all()[:4]:
        box = form.locator("input[type=radio], input[type=checkbox]").first
        if box.count():
            box.check()
            form.get_by_role("button").click()
    tab.evaluate(OPEN)
    tab.evaluate(axe)
    found = tab.evaluate(AXE)
    assert [(v["id"], v["nodes"][0]["html"][:200]) for v in found] == []
    tab.surprises.clear()  # what axe writes to the console
    dark = tab.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (max(map(int, re.findall(r"\d+", dark))) < 60) == (scheme == "dark")


def test_on_paper_nothing_is_folded_and_nothing_is_told(tab, folder):
    show(tab, folder, "01_softmax")
    results = tab.locator("details.result pre")
    assert results.count() and not any(pre.is_visible() for pre in results.all())
    tab.emulate_media(media="print")
    tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert all(pre.is_visible() for pre in results.all())
    for name in (".start", ".question button", "details.answer", ".sidebar-drawer"):
        assert not tab.locator(name).first.is_visible(), name
    tab.evaluate("dispatchEvent(new Event('afterprint'))")
    assert not any(pre.is_visible() for pre in results.all())


LOADED = """() => {
    for (const image of document.images) image.loading = "eager";
    return [...document.images].every((image) => image.complete);
}"""


@pytest.mark.parametrize("stem", [*LABS, *sorted(AROUND)])
def test_all_pictures_are_there_and_on_paper_no_page_is_empty(tab, folder, stem):
    show(tab, folder, stem)
    tab.wait_for_function(LOADED)
    assert tab.evaluate("[...document.images].every((i) => i.naturalWidth)")
    texts, _ = read_pdf(tab.pdf(format="A4"))
    assert all(texts)
    assert credits.read().line in " ".join(texts[-1].split())


# Bad requests ---------------------------------------------------------------------


@pytest.fixture
def course(tmp_path, monkeypatch):
    """Let a copy of lab 0 be the whole course."""
    (tmp_path / "notebooks").mkdir()
    for suffix in (".py", ".ipynb"):
        shutil.copy(LABS["00_start_here"].with_suffix(suffix), tmp_path / "notebooks")
    for name in ("pyproject.toml", "CITATION.cff", "CHANGELOG.md", "README.md"):
        shutil.copy(labs.ROOT / name, tmp_path)
    monkeypatch.setattr(labs, "ROOT", tmp_path)
    # A syllabus is for all labs.
    monkeypatch.setattr("course_utils.authoring.site._syllabus", lambda *labs: {})
    return tmp_path


def refused(course, capsys, out="out"):
    """Run the command; return its one line, if it left nothing behind."""
    before = sorted(path.name for path in course.iterdir())
    capsys.readouterr()
    assert main(["site", "--out", str(course / out)]) == 2
    assert sorted(path.name for path in course.iterdir()) == before
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert line.startswith("error: ")
    return line


def add(course, *cells):
    """Put cells at the end of the lab, in both files."""
    import jupytext

    path = course / "notebooks" / "00_start_here.ipynb"
    nb = nbformat.read(path, as_version=4)
    nb.cells += cells
    labs.set_ids(nb)
    path.write_text(labs.dump(nb), encoding="utf-8")
    jupytext.write(nb, path.with_suffix(".py"), fmt="py:percent")


@pytest.mark.parametrize("tool", site.TOOLS)
def test_a_missing_package(course, capsys, monkeypatch, tool):
    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name: None if name == tool else real(name),
    )
    assert f"{tool} is not installed; run: pip install" in refused(course, capsys)


def test_a_lab_without_outputs(course, capsys):
    forget_run(course / "notebooks" / "00_start_here.ipynb")
    assert "00_start_here.ipynb was never executed; run: " in refused(course, capsys)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("::: riddle\nWhat?\n:::", r"lab 0.*, cell \d+: unknown role 'riddle'"),
        ("See [it](#No-part).", "00_start_here: a link leads to #No-part, and no "),
    ],
)
def test_what_nobody_knows(course, capsys, text, message):
    add(course, new_markdown_cell(text))
    assert re.search(message, refused(course, capsys))


def test_another_folder_is_left_alone(course, capsys):
    (course / "out").mkdir()
    (course / "out" / "mine.txt").write_text("mine", encoding="utf-8")
    assert "is not empty and no site" in refused(course, capsys)
    assert "it is a file" in refused(course, capsys, "out/mine.txt")
    assert (course / "out" / "mine.txt").read_text(encoding="utf-8") == "mine"


def test_nothing_of_an_earlier_site_stays(course, capsys):
    (course / "out").mkdir()
    for name in (site.OURS, "99_old.html"):
        (course / "out" / name).touch()
    assert main(["site", "--out", str(course / "out")]) == 0
    assert (course / "out" / "index.html").exists()
    assert not (course / "out" / "99_old.html").exists()
    assert not list(course.glob(".site-*"))
