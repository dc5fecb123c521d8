"""The explorables in a browser: a hand moves them, and picture and numbers follow.

On the page with all of them, from a folder (file://), and in JupyterLab, where Python
reads what the hand did. Neither may ask for anything from a network.
"""

import math
import re
import time
from contextlib import contextmanager

import pytest
import test_browser
from test_browser import context, opened, own_notebook, pages, server  # noqa: F401

from course_utils import explorables
from course_utils.authoring import gallery

# A hand for each: it moves something in a figure, and says what must follow ----------


def value(place):
    return place.evaluate("root => root.explorable.value")


def readout(place):
    return place.locator(".cx-readout").inner_text()


def settled(place, condition, what):
    """Wait until the values of a figure are as told."""
    deadline = time.monotonic() + 15
    while not condition(value(place)):
        assert time.monotonic() < deadline, f"{what}: {value(place)}"
        time.sleep(0.05)
    return value(place)


def center(locator):
    """Return where the middle of something is, as soon as it stays there.

    Playwright's own way waits until it does not even pulse.
    """
    scroll = "node => node.scrollIntoView({block: 'center', behavior: 'instant'})"
    before = None
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        locator.evaluate(scroll)
        box = locator.locator(".cx-knob").or_(locator).last.bounding_box()
        now = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        if before and math.dist(before, now) < 0.1:
            return now
        before = now
        time.sleep(0.1)
    raise AssertionError(f"it does not stay in its place: {locator}")


def drag(place, grip, dx, dy, steps=6):
    """Drag a grip by so many pixels of the screen."""
    mouse = place.page.mouse
    x, y = center(grip)
    mouse.move(x, y)
    mouse.down()
    mouse.move(x + dx, y + dy, steps=steps)
    mouse.up()


def moved(grip, action):
    """Do something, and return how far the grip moved within its figure."""
    place = """node => {
        const knob = node.querySelector(".cx-knob") ?? node;
        const [part, whole] = [knob, node.closest(".cx")]
            .map(element => element.getBoundingClientRect());
        return [part.x - whole.x, part.y - whole.y];
    }"""
    before = grip.evaluate(place)
    action()
    time.sleep(0.1)
    return math.dist(before, grip.evaluate(place))


def hand_draw_digit(place):
    pad = place.get_by_role("application")
    mouse = place.page.mouse
    x, y = center(pad)
    assert "Nothing is drawn" in readout(place)
    for side in (-1, 1):  # two strokes, and one taken back
        mouse.move(x + 40 * side, y - 70)
        mouse.down()
        mouse.move(x, y + 70, steps=12)
        mouse.up()
    settled(place, lambda v: max(v["probs"]) > 0.3 and sum(v["pixels"]) > 50, "drawn")
    two = value(place)["pixels"]
    place.get_by_role("button", name="Undo").click()
    one = settled(place, lambda v: v["pixels"] != two, "undone")
    top = max(range(10), key=lambda k: one["probs"][k])
    assert f"It says {top} " in readout(place)
    # By keyboard: a line to the right, then the pen is lifted.
    pad.focus()
    keys = [" ", *["ArrowDown"] * 4, *["ArrowRight"] * 5, " "]
    for key in keys:
        place.page.keyboard.press(key)
    settled(place, lambda v: v["pixels"] != one["pixels"], "drawn by keyboard")
    claim = place.get_by_role("button", name="This is no digit")
    for turn in range(12):  # scribble until it is sure
        if max(value(place)["probs"]) > 0.9:
            break
        mouse.move(x - 60, y - 80 + 13 * turn)
        mouse.down()
        mouse.move(x + 60 - 9 * turn, y + 70 - 11 * turn, steps=6)
        mouse.up()
        time.sleep(0.2)
    claim.click()
    assert solved(place)


def hand_logits(place):
    first = place.get_by_role("slider", name="Score of A")
    before = value(place)
    assert moved(first, lambda: drag(place, first, 0, -60)) > 30
    now = settled(place, lambda v: v["logits"][0] > before["logits"][0] + 1, "dragged")
    assert now["probs"][0] > before["probs"][0]
    first.focus()
    for key in ("ArrowDown", "Shift+ArrowDown"):
        place.page.keyboard.press(key)
    lower = now["logits"][0] - 0.6
    settled(place, lambda v: math.isclose(v["logits"][0], lower), "by keyboard")
    assert first.get_attribute("aria-valuenow") == f"{lower:.1f}".removesuffix(".0")
    place.get_by_role("button", name="Reset").click()
    settled(place, lambda v: v["logits"] == before["logits"], "reset")
    assert not solved(place)
    temperature = place.get_by_role("slider", name="Temperature")
    for _ in range(30):
        temperature.press("ArrowLeft")
    settled(place, lambda v: max(v["probs"]) > 0.95, "colder")
    assert solved(place)


def solved(place):
    return "cx-solved" in place.get_attribute("class")


def hand_cross_entropy(place):
    before = value(place)
    model = place.get_by_role("slider", name="What the model says about D")
    assert moved(model, lambda: drag(place, model, 0, 25)) > 10
    now = settled(place, lambda v: v["model"][3] < before["model"][3] - 0.05, "dragged")
    assert now["cross_entropy"] < before["cross_entropy"]
    assert f"Cross entropy {now['cross_entropy']:.3f}" in readout(place)
    legend = place.get_by_text("striped minus the empty dashed parts").inner_text()
    striped, empty = map(float, re.findall(r"[0-9.]+[0-9]", legend))
    assert abs(striped - empty - now["kl"]) < 0.011
    # By keyboard as well as the truth, so as low as it goes.
    for label, share in zip("ABC", (0.5, 0.25, 0.15), strict=True):
        handle = place.get_by_role("slider", name=f"What the model says about {label}")
        for _ in range(3):  # each moves the others
            here = round(100 * (share - value(place)["model"]["ABC".index(label)]))
            for _ in range(abs(here)):
                handle.press("ArrowUp" if here > 0 else "ArrowDown")
            time.sleep(0.1)
    for label, share in zip("AB", (0.5, 0.25), strict=True):
        handle = place.get_by_role("slider", name=f"What the model says about {label}")
        here = round(100 * (share - value(place)["model"]["AB".index(label)]))
        for _ in range(abs(here)):
            handle.press("ArrowUp" if here > 0 else "ArrowDown")
        time.sleep(0.1)
    settled(place, lambda v: v["kl"] < 0.01, "as low as it goes")
    assert solved(place)


def hand_marble(place):
    ball = place.locator(".cx-grip")
    before = value(place)
    assert moved(ball, lambda: drag(place, ball, 70, 30)) > 40
    now = settled(place, lambda v: v["path"][0] != before["path"][0], "dragged")
    assert now["losses"][0] < before["losses"][0]
    ball.press("ArrowLeft")
    left = now["path"][0][0] - 0.1
    settled(place, lambda v: abs(v["path"][0][0] - left) < 1e-6, "by keyboard")
    place.get_by_label("zero_grad").click()
    settled(place, lambda v: v["losses"][2:] != now["losses"][2:], "without zero_grad")
    place.get_by_role("button", name="Undo").click()
    place.get_by_role("button", name="Reset").click()
    settled(place, lambda v: v["path"][0] == before["path"][0], "reset")
    rate = place.get_by_role("slider", name="Learning rate")
    trail = place.locator("svg path[clip-path]").first
    drawn = trail.get_attribute("d")
    while value(place)["lr"] < 1.5:
        rate.press("PageUp")
        time.sleep(0.05)
    settled(place, lambda v: v["loss"] < 0.2, "a better learning rate")
    assert trail.get_attribute("d") != drawn
    assert solved(place) and "loss 0." in readout(place)


def hand_three_classes(place):
    letter = place.get_by_role("slider", name="Whole class B")
    before = value(place)
    box = place.locator("svg").nth(1).bounding_box()
    across, up = 0.25 * box["width"], 0.48 * box["height"]
    # Onto another class first, where some points must be wrong.
    assert moved(letter, lambda: drag(place, letter, across, -up)) > 40
    settled(place, lambda v: v["accuracy"] < 1, "mixed")
    place.get_by_role("button", name="Undo").click()
    settled(place, lambda v: v["X"] == before["X"], "undone")
    drag(place, letter, 0, -up)
    settled(place, lambda v: v["accuracy"] == 1 and v["W"] != before["W"], "in the row")
    for _ in range(40):
        if solved(place):
            break
        letter.press("ArrowUp")
        time.sleep(0.15)
    assert solved(place)
    point = place.get_by_role("slider", name="Point 1 of class A")
    here = value(place)["X"][0]
    point.press("Shift+ArrowLeft")
    settled(place, lambda v: v["X"][0] != here, "one point by keyboard")
    assert "24 of 24 points are right" in readout(place)


def hand_moons(place):
    fold = place.get_by_role("slider", name="Fold 1, move")
    before = value(place)
    assert moved(fold, lambda: drag(place, fold, -30, -40)) > 25
    now = settled(place, lambda v: v["c"][0] != before["c"][0], "dragged")
    assert now["W"] == before["W"]
    turn = place.get_by_role("slider", name="Fold 1, turn")
    turn.press("Shift+ArrowUp")
    settled(place, lambda v: v["W"][0] != now["W"][0], "turned by keyboard")
    for n in (3, 4, 5):
        place.get_by_role("slider", name="Hidden units").press("ArrowRight")
        settled(place, lambda v, n=n: len(v["c"]) == n, f"{n} units")
    place.get_by_role("button", name="Train").click()
    settled(place, lambda v: v["accuracy"] > 0.95, "trained")
    place.get_by_role("button", name="Pause").click()
    assert not solved(place)  # five are one too many
    place.get_by_role("button", name="Reset").click()
    settled(place, lambda v: v["c"] == before["c"], "reset")
    for n in (3, 4):
        place.get_by_role("slider", name="Hidden units").press("ArrowRight")
        settled(place, lambda v, n=n: len(v["c"]) == n, f"{n} units")
    place.get_by_role("button", name="Train").click()
    settled(place, lambda v: v["accuracy"] >= 0.97, "trained")
    place.get_by_role("button", name="Pause").click()
    time.sleep(0.3)
    assert solved(place)


def hand_batches(place):
    before = value(place)
    assert before["loss"] > before["shuffled"] + 0.3
    mix = place.get_by_role("slider", name="Shuffled")
    for _ in range(20):
        mix.press("ArrowRight")
    now = settled(place, lambda v: v["order"] != before["order"], "shuffled")
    settled(place, lambda v: abs(v["loss"] - v["shuffled"]) < 1e-9, "all shuffled")
    assert f"{now['shuffled']:.3f} if shuffled" in readout(place)
    playhead = place.get_by_role("slider", name="Update", exact=True)
    at = int(playhead.get_attribute("aria-valuenow"))
    assert moved(playhead, lambda: drag(place, playhead, 60, 0)) > 30
    later = int(playhead.get_attribute("aria-valuenow"))
    playhead.press("ArrowLeft")
    time.sleep(0.1)
    assert later > at and playhead.get_attribute("aria-valuenow") == str(later - 1)
    place.get_by_role("button", name="Reset").click()
    settled(place, lambda v: v["order"] == before["order"], "reset")
    assert not solved(place)
    place.get_by_role("slider", name="Batch size").press("End")
    settled(place, lambda v: v["batch_size"] == 60, "one batch")
    assert solved(place)


def hand_kernel(place):
    window = place.get_by_role("slider", name="Place of the kernel")
    before = value(place)
    assert moved(window, lambda: drag(place, window, 40, 20)) > 20
    now = settled(place, lambda v: v["column"] > before["column"], "dragged")
    assert now["answer"] == pytest.approx(sum(now["products"]))
    place.get_by_label("The kernel finds").select_option("left edges")
    settled(place, lambda v: v["weights"][2] == 1 and v["weights"][3] == -1, "chosen")
    place.get_by_role("button", name="Reset").click()
    settled(place, lambda v: v["weights"] == before["weights"], "reset")
    best = max(range(676), key=lambda n: before["output"][n])
    down, right = best // 26 - before["row"], best % 26 - before["column"]
    for _ in range(abs(down)):
        window.press("ArrowDown" if down > 0 else "ArrowUp")
    for _ in range(abs(right)):
        window.press("ArrowRight" if right > 0 else "ArrowLeft")
    settled(place, lambda v: v["answer"] == max(before["output"]), "at the best place")
    assert solved(place)
    place.get_by_role("button", name="All places").click()
    dashes = place.locator(".cx-dashes[d*=M]")
    dashes.wait_for(state="attached")
    marks = dashes.get_attribute("d").count("M")
    limit = -max(map(abs, before["output"])) / 10  # in grey print all the rest is alike
    assert marks == sum(answer < limit for answer in before["output"]) > 20


HANDS = {
    name.removeprefix("hand_"): function
    for name, function in list(globals().items())
    if name.startswith("hand_")
}


def test_there_is_a_hand_for_each():
    assert set(HANDS) == set(explorables.NAMES)


# The same tasks without a mouse: each part is reached with Tab -----------------------

FOCUSED = """() => {
    const node = document.activeElement;
    return node.getAttribute("aria-label") || node.labels?.[0]?.innerText
        || node.innerText || "";
}"""


def reach(place, name):
    """Press Tab, from the head of the figure on, until a part has the keyboard."""
    tab = place.page
    place.evaluate("root => { root.tabIndex = -1; root.focus(); }")
    for _ in range(60):
        tab.keyboard.press("Tab")
        inside = place.evaluate("root => root.contains(document.activeElement)")
        if inside and tab.evaluate(FOCUSED).startswith(name):
            return lambda *keys: [tab.keyboard.press(key) for key in keys]
    raise AssertionError(f"Tab does not reach {name}")


def keys_draw_digit(place):
    for n in range(1, 8):  # a snake of n turns, until it is sure
        press = reach(place, "Drawing pad")
        press(" ")
        for turn in range(n):
            press(*["ArrowDown"] * 3, *[("ArrowRight", "ArrowLeft")[turn % 2]] * 4)
        press(" ")
        settled(place, lambda v: sum(v["pixels"]) > 20, "drawn")
        if max(value(place)["probs"]) > 0.9:
            break
    reach(place, "This is no digit")("Enter")


def keys_logits(place):
    reach(place, "Temperature")(*["ArrowLeft"] * 30)


def keys_cross_entropy(place):
    for _ in range(3):  # each moves the others
        for k, share in enumerate((0.5, 0.25, 0.15)):
            press = reach(place, f"What the model says about {'ABC'[k]}")
            steps = round(100 * (share - value(place)["model"][k]))
            press(*["ArrowUp" if steps > 0 else "ArrowDown"] * abs(steps))
            time.sleep(0.1)


def keys_marble(place):
    press = reach(place, "Learning rate")
    while value(place)["lr"] < 1.5:
        press("PageUp")
        time.sleep(0.05)


def keys_three_classes(place):
    press = reach(place, "Whole class B")
    for _ in range(80):
        if solved(place):
            break
        press("ArrowUp")
        time.sleep(0.1)


def keys_moons(place):
    reach(place, "Hidden units")("ArrowRight", "ArrowRight")
    settled(place, lambda v: len(v["c"]) == 4, "4 units")
    press = reach(place, "Train")
    press("Enter")
    settled(place, lambda v: v["accuracy"] >= 0.97, "trained")
    press("Enter")  # it says "Pause" now


def keys_batches(place):
    reach(place, "Batch size")("End")


def keys_kernel(place):
    press = reach(place, "Place of the kernel")
    now = value(place)
    best = max(range(676), key=lambda n: now["output"][n])
    down, right = best // 26 - now["row"], best % 26 - now["column"]
    press(*["ArrowDown" if down > 0 else "ArrowUp"] * abs(down))
    press(*["ArrowRight" if right > 0 else "ArrowLeft"] * abs(right))


KEYS = {
    name.removeprefix("keys_"): function
    for name, function in list(globals().items())
    if name.startswith("keys_")
}


def test_there_is_a_keyboard_for_each():
    assert set(KEYS) == set(explorables.NAMES)


# On a page from a folder ------------------------------------------------------------


@pytest.fixture(scope="module")
def page_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("gallery") / "index.html"
    path.write_text(gallery.page(), encoding="utf-8")
    return path


@contextmanager
def on_page(browser, path, **options):
    """Open the page from its folder; errors and requests to anywhere are failures."""
    tab = browser.new_page(**options)
    surprises = []
    tab.on("pageerror", lambda error: surprises.append(str(error)))
    tab.on("console", lambda message: surprises.append(message.text))
    tab.on(
        "request",
        lambda request: (
            request.url.startswith((path.as_uri(), "data:", "blob:"))
            or surprises.append(f"asked for {request.url}")
        ),
    )
    try:
        tab.goto(path.as_uri())
        tab.wait_for_selector("html[data-ready]", timeout=20_000)
        yield tab
        assert not surprises, surprises
    finally:
        tab.close()


@pytest.fixture(scope="module")
def browser(context):  # noqa: F811
    return context.browser


def figure_on(tab, name):
    return tab.locator(f"[data-explorable={name}] > .cx")


@pytest.mark.parametrize("width", [900, 390])
@pytest.mark.parametrize("name", explorables.NAMES)
def test_on_a_page_from_a_folder(name, width, browser, page_file):
    viewport = {"width": width, "height": 850}
    with on_page(browser, page_file, viewport=viewport) as tab:
        HANDS[name](figure_on(tab, name))
        wide = tab.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, f"the page is {wide} pixels wide"


@pytest.mark.parametrize("name", explorables.NAMES)
def test_the_task_can_be_done_by_keyboard_alone(name, browser, page_file):
    with on_page(browser, page_file) as tab:
        place = figure_on(tab, name)
        assert not solved(place)
        KEYS[name](place)
        place.and_(tab.locator(".cx-solved")).wait_for(timeout=10_000)


def test_by_finger(browser, page_file):
    """A grip follows a finger, and the page does not scroll under it."""
    options = {"viewport": {"width": 390, "height": 850}, "has_touch": True}
    with on_page(browser, page_file, **options) as tab:
        place = figure_on(tab, "logits")
        x, y = center(place.get_by_role("slider", name="Score of A"))
        scrolled = tab.evaluate("scrollY")
        finger = tab.context.new_cdp_session(tab)
        for kind, dy in (("Start", 0), ("Move", -20), ("Move", -50), ("End", None)):
            points = [] if dy is None else [{"x": x, "y": y + dy}]
            event = {"type": f"touch{kind}", "touchPoints": points}
            finger.send("Input.dispatchTouchEvent", event)
        settled(place, lambda v: v["logits"][0] > 2, "dragged by a finger")
        assert tab.evaluate("scrollY") == scrolled


@pytest.mark.parametrize("name", explorables.NAMES)
def test_everything_has_a_name_and_can_be_reached_by_keyboard(name, browser, page_file):
    with on_page(browser, page_file) as tab:
        place = figure_on(tab, name)
        parts = place.locator("button, input, select, canvas[tabindex], [role=slider]")
        assert parts.count() >= 3
        for part in parts.all():
            assert part.evaluate("node => node.tabIndex") == 0
            words = part.get_attribute("aria-label") or part.inner_text()
            words = words or part.evaluate("node => node.labels?.[0]?.innerText")
            assert words, part.evaluate("node => node.outerHTML")
        assert place.locator("[aria-live]").count() == 1
        first = place.locator(".cx-grip, canvas[tabindex]").first
        first.focus()
        tab.keyboard.press("Shift+Tab")
        tab.keyboard.press("Tab")  # focus by keyboard shows itself
        looks = "node => getComputedStyle(node).outlineStyle"
        halo = first.locator(".cx-halo")
        if halo.count():
            assert halo.evaluate("node => getComputedStyle(node).opacity") == "1"
        else:
            assert first.evaluate(looks) == "solid"


def test_dark_where_the_reader_or_the_page_prefers_it(browser, page_file):
    paper = "node => getComputedStyle(node).backgroundColor"
    seen = {}
    for scheme in ("light", "dark"):
        with on_page(browser, page_file, color_scheme=scheme) as tab:
            place = figure_on(tab, "logits")
            seen[scheme] = place.evaluate(paper)
            other = {"light": "dark", "dark": "light"}[scheme]
            tab.get_by_label("Colours").select_option(other)
            seen[scheme, other] = place.evaluate(paper)
            # JupyterLab's own word counts as well.
            tab.get_by_label("Colours").select_option("as the system")
            word = str(other == "light").lower()
            tab.evaluate(f"document.body.dataset.jpThemeLight = '{word}'")
            assert place.evaluate(paper) == seen[scheme, other]
    assert seen["light"] == seen["dark", "light"] == "rgb(255, 255, 255)"
    assert seen["dark"] == seen["light", "dark"] == "rgb(22, 25, 29)"


def test_the_pulse_ends_and_without_motion_there_is_none(browser, page_file):
    looks = """node => {
        const style = getComputedStyle(node);
        const seconds = parseFloat(style.animationDuration);
        return [style.animationName, style.animationIterationCount * seconds];
    }"""
    for motion, moves in (("reduce", False), ("no-preference", True)):
        with on_page(browser, page_file, reduced_motion=motion) as tab:
            place = figure_on(tab, "kernel")  # the last one, out of sight
            halo = place.locator(".cx-first .cx-halo")
            assert halo.evaluate(looks)[0] == "none"
            place.scroll_into_view_if_needed()
            place.and_(tab.locator(".cx-seen")).wait_for()
            name, seconds = halo.evaluate(looks)
            assert name == ("cx-pulse" if moves else "none")
            # WCAG 2.2.2: for longer there would have to be a button that stops it.
            assert seconds < 5
            if not moves:  # the ring stands still, and is seen
                shown = halo.evaluate("node => getComputedStyle(node).opacity")
                assert shown == "0.7"


# In JupyterLab ----------------------------------------------------------------------

SETUP = """import json
from course_utils import explorables
figures = {name: getattr(explorables, name)() for name in explorables.NAMES}"""
READ = """for name, figure in figures.items():
    print(json.dumps([name, figure.value, figure.solved]))"""


def test_in_jupyterlab_python_reads_what_the_hand_did(server, pages, tmp_path):  # noqa: F811
    names = explorables.NAMES
    sources = [SETUP, *(f"figures[{name!r}]" for name in names), READ]
    path = own_notebook(tmp_path, sources)
    with opened(path, server, pages, tmp_path) as page:
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        output = page.locator(".jp-CodeCell").last.locator(".jp-OutputArea-output")
        output.first.wait_for()
        for name, cell in zip(
            names, page.locator(".jp-CodeCell").all()[1:], strict=False
        ):
            place = cell.locator(".cx")
            place.wait_for()
            HANDS[name](place)
        time.sleep(0.5)  # what comes last is sent a moment later
        told = {}
        page.locator(".jp-CodeCell").last.locator(".cm-content").click()
        page.keyboard.press("Control+Enter")
        page.wait_for_function(
            "n => [...document.querySelectorAll('.jp-CodeCell')].at(-1)"
            ".querySelector('.jp-InputPrompt').textContent === `[${n}]:`",
            arg=len(sources) + 1,
        )
        for line in output.first.inner_text().splitlines():
            name, *rest = test_browser.json.loads(line)
            told[name] = rest
        for name, cell in zip(
            names, page.locator(".jp-CodeCell").all()[1:], strict=False
        ):
            place = cell.locator(".cx")
            shown = value(place)
            python, told_solved = told[name]
            assert shown.items() <= python.items(), name
            assert told_solved == solved(place), name
        assert told["logits"][1]
