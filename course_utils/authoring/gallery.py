"""Make a page with all explorables: one file, for a browser, from any folder."""

import base64
import contextlib
import functools
import io
import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from course_utils import explorables
from course_utils.authoring.labs import ROOT, LabError, write_atomically

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Playwright

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
POSES = {
    "draw_digit": {"strokes": explorables._example()["strokes"]},
    "marble": {"lr": 0.3},
    "kernel": {"row": 11, "column": 11, "seen": list(range(12 * 26))},
}

# What a module needs of a widget, on a page without a kernel.
SHIM = """
const start = async (element) => {
  const held = { state: {}, value: {}, solved: false };
  held.data = JSON.parse(element.querySelector("script").textContent);
  const listeners = {};
  const model = {
    get: (name) => held[name],
    set: (name, value) => {
      held[name] = value;
      listeners[`change:${name}`]?.forEach((listener) => listener());
    },
    on: (event, listener) => (listeners[event] ??= new Set()).add(listener),
    off: (event, listener) => listeners[event]?.delete(listener),
    save_changes: () => {},
  };
  const name = element.dataset.explorable;
  const code = document.getElementById(`explorable-${name}`).textContent;
  const address = `data:text/javascript;charset=utf-8,${encodeURIComponent(code)}`;
  const module = await import(address);
  element.model = model;
  module.default.render({ model, el: element });
  while (!element.querySelector(".cx")) await new Promise(requestAnimationFrame);
};
await Promise.all([...document.querySelectorAll("[data-explorable]")].map(start));
document.documentElement.dataset.ready = "explorables";
"""
PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Figures for the hand</title>
<style>
html {{ color-scheme: light dark; font-family: system-ui, sans-serif; }}
html[data-theme="light"] {{ color-scheme: light; }}
html[data-theme="dark"] {{ color-scheme: dark; }}
body {{ max-width: 940px; margin: 0 auto; padding: 12px 16px 40px; }}
@media (max-width: 500px) {{ body {{ padding: 8px; }} }}
header {{ display: flex; flex-wrap: wrap; gap: 4px 16px; align-items: baseline;
  justify-content: space-between; }}
[data-explorable] {{ margin: 14px 0 26px; }}
</style>
{head}
</head>
<body>
<header><h1>Figures for the hand</h1>
<label>Colours <select id="theme"><option value="">as the system</option>
<option>light</option><option>dark</option></select></label></header>
<p>Each figure answers at once and has one task. Nothing is sent anywhere.</p>
{body}
<script>
document.getElementById("theme").onchange = (event) => {{
  document.documentElement.dataset.theme = event.target.value;
}};
</script>
</body>
</html>
"""


def head(names: list[str]) -> str:
    """Return what a page with explorables needs once: style, modules, and the shim."""
    modules = [
        f'<script type="text/plain" id="explorable-{name}">\n'
        f"{_inline(explorables.source(name))}</script>"
        for name in names
    ]
    style = f"<style>{explorables.style()}</style>"
    return "\n".join([style, *modules, f'<script type="module">{SHIM}</script>'])


def figure(name: str, data: Mapping) -> str:
    """Return the place of one explorable on a page, with its data and its still."""
    text = explorables.TEXTS[name]
    picture = Path(explorables.__file__).with_name(f"{name}.png")
    still = f"<p>{text}</p>"
    if picture.exists():
        content = base64.b64encode(picture.read_bytes()).decode()
        still = f'<img src="data:image/png;base64,{content}" alt="{text}" width="100%">'
    return (
        f'<div data-explorable="{name}"><script type="application/json">'
        f"{_inline(json.dumps(data))}</script><noscript>{still}</noscript></div>"
    )


def _inline(text: str) -> str:
    """Return a text that does not end the script that it stands in."""
    return text.replace("</", "<\\/")


def prepare() -> None:
    """Make all data, before threads ask for it: what is printed is caught."""
    for name in explorables.NAMES:
        default_data(name)


@functools.cache
def default_data(name: str) -> dict:
    """Return the data that an explorable has by default."""
    with contextlib.redirect_stdout(None):
        return getattr(explorables, name)().data


def page() -> str:
    """Return a page with all explorables, as they are by default."""
    names = list(explorables.NAMES)
    body = [figure(name, default_data(name)) for name in names]
    return PAGE.format(head=head(names), body="\n".join(body))


def main() -> int:
    """Write ``build/gallery/index.html``."""
    path = ROOT / "build" / "gallery" / "index.html"
    write_atomically(path, page())
    print(f"{path.stat().st_size / 1000:.0f} kB: {path}")
    return 0


def browser(driver: "Playwright") -> "Browser":
    """Start the Chromium or Chrome of this machine.

    Raises
    ------
    LabError
        If there is none.
    """
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if not path:
        raise LabError(f"no browser is here, such as {BROWSERS[0]}: install one")
    flags = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
    return driver.chromium.launch(executable_path=path, args=flags)


def take_stills() -> int:
    """Take the still picture of each explorable, with playwright and a browser.

    What stands in a picture is `POSES`: most figures say little before a hand came.
    """
    from PIL import Image
    from playwright.sync_api import sync_playwright

    folder = Path(explorables.__file__).parent
    with tempfile.TemporaryDirectory() as temporary, sync_playwright() as driver:
        path = Path(temporary, "index.html")
        path.write_text(page(), encoding="utf-8")
        tab = browser(driver).new_page(
            viewport={"width": 820, "height": 900},
            device_scale_factor=1.1,
            color_scheme="light",
            reduced_motion="reduce",
        )
        tab.goto(path.as_uri())
        tab.wait_for_selector("html[data-ready]")
        for name in explorables.NAMES:
            place = tab.locator(f"[data-explorable={name}] > .cx")
            state = json.dumps(POSES.get(name, {}))
            place.evaluate(f"(root) => root.explorable.pose({state})")
            if name == "moons":  # three units, after 800 steps
                place.get_by_role("slider", name="Hidden units").press("ArrowRight")
                place.get_by_role("button", name="Train").click()
            content = place.screenshot(animations="disabled")
            # Of few colours, which is a quarter of the bytes.
            picture = Image.open(io.BytesIO(content)).convert("RGB")
            picture = picture.quantize(96, method=Image.Quantize.FASTOCTREE)
            picture.save(folder / f"{name}.png", optimize=True)
            print(f"{(folder / f'{name}.png').stat().st_size / 1000:4.0f} kB  {name}")
        tab.context.browser.close()
    return 0
