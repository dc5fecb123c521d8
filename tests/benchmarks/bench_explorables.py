"""How long an explorable takes to show what a hand changed, in a browser."""

import contextlib
import statistics
import tempfile
from pathlib import Path

from measure import BenchmarkError, show

from course_utils import explorables
from course_utils.authoring import gallery

ROUNDS = 200
# One number of each that a hand moves, and where it starts and ends.
MOVES = {
    "draw_digit": "{strokes: [[40 + 60 * t, 40, 200, 80 + 60 * t, 60, 230, 210, 240]]}",
    "logits": "{logits: [-4 + 8 * t, 2, 3]}",
    "cross_entropy": "{model: [0.1 + 0.5 * t, 0.2, 0.3 - 0.25 * t, 0.4 - 0.25 * t]}",
    "marble": "{w: -1 + 4 * t, steps: 60}",
    "three_classes": "{X: state.X.map(([a, b], i) => [a + 0.01 * (i < 8), b])}",
    "moons": "{net: {...state.net, c: state.net.c.map(c => c + 0.01 * (t - 0.5))}}",
    "batches": "{mix: t}",
    "kernel": "{row: Math.floor(25 * t), column: Math.floor(25 * t)}",
}
# The drawing itself, and the layout that the browser does after it.
SCRIPT = """(root) => {
    const times = [];
    for (let k = 0; k <= %d; k++) {
        const [state, t] = [root.explorable.state, (k %% 100) / 100];
        Object.assign(state, %s);
        const start = performance.now();
        root.explorable.redraw();
        root.getBoundingClientRect();
        times.push(performance.now() - start);
    }
    return times.slice(1);
}"""


def main() -> None:
    """Print the median and the 95th percentile for each, in milliseconds."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        raise BenchmarkError("needs playwright: pip install playwright") from None
    rows = []
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        path = Path(folder, "index.html")
        path.write_text(gallery.page(), encoding="utf-8")
        driver = stack.enter_context(sync_playwright())
        tab = gallery.browser(driver).new_page(viewport={"width": 900, "height": 900})
        tab.goto(path.as_uri())
        tab.wait_for_selector("html[data-ready]")
        for name in explorables.NAMES:
            place = tab.locator(f"[data-explorable={name}] > .cx")
            times = place.evaluate(SCRIPT % (ROUNDS, MOVES[name]))
            slow = statistics.quantiles(times, n=20)[-1]
            rows.append([name, f"{statistics.median(times):.1f}", f"{slow:.1f}"])
        tab.context.browser.close()
    heads = ["explorable", "median (ms)", "95% are below (ms)"]
    show("One redraw of an explorable, with its layout", heads, rows)
