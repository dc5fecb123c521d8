"""The labs as a person uses them: in JupyterLab, in a browser, with the keyboard.

Each test opens a learner's copy of a lab, so nothing in ``notebooks/`` changes, and
JupyterLab has settings of its own. Without the package playwright or without a Chromium
or Chrome browser the tests are skipped.
"""

import ast
import inspect
import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import nbformat
import pytest

from course_utils import progress, workspace
from course_utils.authoring import asked, labs
from course_utils.exercises import lab00, lab01

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))),
    None,
)
if not CHROMIUM:
    pytest.skip(
        "no chromium: on Debian or Ubuntu run apt-get install chromium",
        allow_module_level=True,
    )
playwright = pytest.importorskip(
    "playwright.sync_api", reason="no playwright: run pip install playwright"
)
get_app_dir = pytest.importorskip("jupyterlab.commands").get_app_dir

FLAGS = [
    "--no-sandbox",  # root in a container has none
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
SETTINGS = {
    "@jupyterlab/notebook-extension:tracker": {
        "windowingMode": "none",  # else cells out of sight are not in the page
    },
    "@jupyterlab/apputils-extension:notification": {
        "fetchNews": "false",  # else a question covers the page
        "checkForUpdates": False,
    },
}
SECONDS = 1000  # playwright counts in milliseconds

# What a page shows of each cell: what `expected` expects, by the same names.
SEEN = r"""() => [...document.querySelectorAll(".jp-Notebook .jp-Cell")].map(cell => {
    const all = selector => [...cell.querySelectorAll(selector)];
    const shown = image => image.complete && image.naturalWidth && image.offsetWidth;
    return {
        "number": cell.querySelector(".jp-InputPrompt")?.textContent ?? "",
        "right answers": all("[role=status] strong").filter(
            name => name.nextSibling?.data?.startsWith(": correct.")).length,
        "errors or warnings": all('[data-mime-type$="jupyter.stderr"]').length,
        "pictures": all("img").filter(shown).length,
        "pictures that do not load": all("img").filter(image => !shown(image)).length,
        "sliders": all(".widget-slider, .course-slider input").length,
        "formulas": all("mjx-container").length,
        "formulas in red": all('mjx-merror, mjx-container [style*="red"]').length,
    };
})"""
MATCHES = f"""expected => {{
    const seen = ({SEEN})();
    return seen.length === expected.length && expected.every((cell, i) =>
        Object.entries(cell).every(([name, value]) => seen[i][name] === value));
}}"""
# No cell waits any more: all have a number, or an error or a question stopped them.
OVER = r"""() => {
    const numbers = [...document.querySelectorAll(".jp-CodeCell .jp-InputPrompt")]
        .map(prompt => prompt.textContent)
        .filter(text => text);  // a folded cell has none
    const all = numbers.length && numbers.every(text => /^\[\d+\]:$/.test(text));
    const error = document.querySelector('[data-mime-type$="jupyter.stderr"]');
    return document.querySelector(".jp-Dialog")
        || all || (error && !numbers.includes("[*]:"));
}"""
# Open a notebook, which starts its kernel; close all, and ask nobody what to save.
OPEN = "path => jupyterapp.commands.execute('docmanager:open', {path}).then(() => {})"
CLOSE_ALL = """() => jupyterapp.restored.then(() => {
    for (const widget of [...jupyterapp.shell.widgets("main")]) widget.dispose();
})"""
# Whether a slider shows the figure of its own place, the one before or another one.
FIGURE_IS = """([box, before, same]) => {
    const image = box.querySelector("img");
    return box.dataset.settled === "true" && image.complete && image.naturalWidth
        && same === (image.src === before);
}"""
# How many places of a slider show their own figure at once, while a hand drags it.
DRAG = """box => {
    const input = box.querySelector("input");
    let settled = 0;
    for (let k = 0; k <= Number(input.max); k++) {
        input.value = k;
        input.dispatchEvent(new Event("input"));
        settled += box.dataset.settled === "true";
    }
    return settled;
}"""

# JupyterLab and the browser -------------------------------------------------------


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Start JupyterLab in an empty folder; return its URL, its token and the folder."""
    home = tmp_path_factory.mktemp("jupyter")
    folder = tmp_path_factory.mktemp("course")
    shutil.copy(labs.ROOT / "pyproject.toml", folder)  # jupytext pairs files by it
    write_json(home / "config/labconfig/default_setting_overrides.json", SETTINGS)
    # The page can then open and close a notebook without being loaded again.
    with running(["--LabApp.expose_app_in_browser=True"], folder, home) as (url, token):
        yield url, token, folder


@contextmanager
def running(words, folder, home):
    """Run JupyterLab, with all that it keeps in ``home``; give its URL and token."""
    # Without folders to search there is one kernel: that of this Python.
    config = {"KernelSpecManager": {"kernel_dirs": []}}
    write_json(home / "config/jupyter_server_config.json", config)
    # The embedded images are everywhere, and with them the labs are quick.
    environment = {**os.environ, **labs.kernel_environment("embedded")}
    for name in ("COURSE_STATIC", "JUPYTER_PATH", "JUPYTER_CONFIG_PATH"):
        environment.pop(name, None)  # without COURSE_STATIC the sliders are there
    environment |= {
        "COURSE_PROGRESS": str(home / "progress.jsonl"),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
        "IPYTHONDIR": str(home / "ipython"),
    }
    token = secrets.token_hex(16)
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"]
    command += [f"--IdentityProvider.token={token}", f"--port={free_port()}", *words]
    log = home / "log.txt"
    with (
        log.open("w", encoding="utf-8") as stream,
        subprocess.Popen(
            command, cwd=folder, env=environment, stdout=stream, stderr=stream
        ) as process,
    ):
        try:
            yield wait_for_server(process, home / "runtime", log), token
        finally:
            process.terminate()


def write_json(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def wait_for_server(process, runtime, log):
    """Return the URL, which Jupyter writes into a file when it is ready."""
    deadline = time.monotonic() + 120
    while process.poll() is None and time.monotonic() < deadline:
        for info in runtime.glob("jpserver-*.json"):
            return json.loads(info.read_text(encoding="utf-8"))["url"]
        time.sleep(0.05)
    pytest.fail(
        f"JupyterLab did not start:\n{log.read_text(encoding='utf-8')[-2000:]}",
        pytrace=False,
    )


@pytest.fixture(scope="module")
def context(server):
    """Start a browser that has logged in."""
    playwright.expect.set_options(timeout=180 * SECONDS)
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        context = browser.new_context(
            viewport={"width": 1280, "height": 900}, locale="en-US"
        )
        context.set_default_timeout(180 * SECONDS)
        yield context
        browser.close()


@pytest.fixture(scope="module")
def pages(server, context):
    """Return a function that gives the page, where JupyterLab has no file open.

    JupyterLab starts once, as that takes as long as many a lab; and again after a
    failure, which closes the page. Beside it is a list of what surprises.
    """
    url, token, _ = server
    surprises = []
    found = []

    def the_page():
        if not found or found[-1].is_closed():
            surprises.clear()
            page = context.new_page()
            page.on("pageerror", lambda error: surprises.extend(own_error(str(error))))
            page.on("request", lambda asked: surprises.extend(outside(asked.url, url)))
            page.goto(f"{url}lab?token={token}&reset")
            page.wait_for_function("() => window.jupyterapp")
            page.evaluate(CLOSE_ALL)
            found.append(page)
        return found[-1], surprises

    return the_page


@contextmanager
def opened(path, server, pages, tmp_path, make=workspace.learners_edition):
    """Open what is made of a lab, a learner's copy, in JupyterLab.

    A failure gets the name of the lab and a screenshot. It is also one if JupyterLab
    itself stumbles, or reaches for the internet, which a classroom may not have.
    """
    url, token, folder = server
    copy_lab(path, folder / "notebooks", make)
    page, surprises = pages()
    well, failure = False, None
    try:
        page.evaluate(OPEN, f"notebooks/{path.stem}.ipynb")
        idle = page.get_by_text("| Idle")  # the status bar, about the kernel
        idle.or_(page.locator(".jp-Dialog")).first.wait_for()
        assert not page.locator(".jp-Dialog").count(), "JupyterLab asks or complains:"
        yield page
        page.evaluate(CLOSE_ALL)
        assert not surprises, "\n".join(surprises)
        well = True
    except (AssertionError, playwright.Error) as error:
        picture = tmp_path / f"{path.stem}.png"
        page.screenshot(path=picture)
        dialogs = page.locator(".jp-Dialog-content").all_inner_texts()
        words = [f"{path.stem}, {error}", *(text[:500] for text in dialogs)]
        words += [*surprises, f"screenshot: {picture}"]
        failure = "\n".join(words)
    finally:
        if not well:
            page.close()
        stop_kernels(page.context, url, token)
    if failure:
        raise pytest.fail.Exception(failure, pytrace=False) from None


def copy_lab(path, folder, make):
    """Copy a lab, as it is made of the stored one, and pictures beside it."""
    shutil.copytree(path.parent, folder, dirs_exist_ok=True)
    shutil.rmtree(folder / workspace.MINE, ignore_errors=True)
    (folder / f"{path.stem}.py").unlink(missing_ok=True)
    copy = folder / f"{path.stem}.ipynb"
    copy.write_text(make(copy.read_text(encoding="utf-8")), encoding="utf-8")


def solved(text):
    """Return a learner's copy in which every exercise is answered."""
    nb = labs.solve(nbformat.reads(text, as_version=4))
    return workspace.learners_edition(labs.dump(nb))


def own_error(text):
    if "Canceled future" not in text:  # what a restart does to questions on their way
        yield f"JupyterLab stumbled: {text}"


def outside(address, url):
    if not address.startswith((url, url.replace("http", "ws", 1), "data:", "blob:")):
        yield f"JupyterLab asked for {address[:200]}"


def stop_kernels(context, url, token):
    headers = {"Authorization": f"token {token}"}
    for kernel in context.request.get(f"{url}api/kernels", headers=headers).json():
        context.request.delete(f"{url}api/kernels/{kernel['id']}", headers=headers)


# What a person sees ---------------------------------------------------------------


def folded(cell):
    return cell.metadata.get("jupyter", {}).get("source_hidden", False)


def expected(nb, stored):
    """Return what a page has to show of each cell, by the outputs of the stored lab.

    With live sliders: `plots.slider` stores a line of text for each slider, and shows
    a figure below them in the browser. Each question has a slider for how sure one is.
    """
    cells, n = [], 0
    all_outputs = {cell.id: cell.get("outputs", []) for cell in stored.cells}
    for cell in nb.cells:
        code = cell.cell_type == "code"
        n += code
        tags = cell.metadata.get("tags", [])
        outputs = all_outputs.get(cell.id, [])  # asserts in a cell of their own: none
        printed = "".join(output.get("text", "") for output in outputs)
        prose = (
            "" if code else re.sub(r"```.*?```|`[^`]*`", "", cell.source, flags=re.S)
        )
        pictures = sum("image/png" in output.get("data", {}) for output in outputs)
        if "explorables." in cell.source and code:  # alive, it draws by itself
            pictures = 0
        cells.append(
            {
                "number": f"[{n}]:" if code and not folded(cell) else "",
                "right answers": len(
                    re.findall(r"^lab\d\d\.\w+\.check\(", cell.source, re.M)
                ),
                "errors or warnings": ("raises-exception" in tags)
                + sum(output.get("name") == "stderr" for output in outputs),
                "pictures": pictures
                + (cell.source.count("plots.slider(") if code else prose.count("![")),
                "pictures that do not load": 0,
                "sliders": printed.count("(In Jupyter, a slider for ")
                + len(asked.questions(cell)),
                "formulas": len(re.findall(r"\$\$.+?\$\$|\$.+?\$", prose, flags=re.S)),
                "formulas in red": 0,
            }
        )
    return cells


def check_page(page, nb, stored):
    """Wait until the page shows what it should, or say what it shows instead."""
    wanted = expected(nb, stored)
    try:
        page.wait_for_function(MATCHES, arg=wanted, timeout=20 * SECONDS, polling=200)
    except playwright.TimeoutError:
        seen = page.evaluate(SEEN)
    else:
        return
    assert len(seen) == len(wanted), f"{len(seen)} cells in the page, not {len(wanted)}"
    for i, (cell, want) in enumerate(zip(seen, wanted, strict=True)):
        problems = [
            f"{name}: {cell[name]!r} instead of {want[name]!r}"
            for name in want
            if cell[name] != want[name]
        ]
        if problems:
            place = page.locator(".jp-Notebook .jp-Cell").nth(i)
            place.scroll_into_view_if_needed()
            name = f"cell In {want['number']}" if want["number"] else f"text cell {i}:"
            start = nb.cells[i].source.partition("\n")[0]
            raise AssertionError(
                "\n".join([f"{name} {start}", *problems, *error_lines(place)])
            )


def error_lines(place):
    """Return one line about each error and warning in a cell."""
    boxes = place.locator('[data-mime-type$="jupyter.stderr"]')
    for text in boxes.all_inner_texts():
        named = re.search(
            r"^[\w.]*(Error|Exception|Warning|Interrupt)\b:.*", text, re.M
        )
        yield named[0] if named else text.strip().partition("\n")[0]


def move_sliders(page):
    """Move each slider to an end by keyboard, and back to its first value.

    The figure must change, and change back.
    """
    for box in page.locator(".course-slider").all():
        image = box.locator("img")
        for slider in box.get_by_role("slider").all():
            wait_for_figure(page, box, slider, "", same=False)
            first_figure = image.get_attribute("src")
            low, first = slider.get_attribute("min"), slider.input_value()
            slider.press("End" if first == low else "Home")
            wait_for_figure(page, box, slider, first_figure, same=False)
            assert slider.get_attribute("aria-valuetext") in image.get_attribute("alt")
            slider.fill(first)
            wait_for_figure(page, box, slider, first_figure, same=True)


def drag_slider(page, box):
    """Come near, wait until all is drawn ahead, and pass over all places at once."""
    box.hover()
    n_places = int(box.get_by_role("slider").get_attribute("max")) + 1
    page.wait_for_function(
        "([box, n]) => box.dataset.drawn === String(n)",
        arg=[box.element_handle(), n_places],
    )
    assert box.evaluate(DRAG) == n_places


def wait_for_figure(page, box, slider, before, *, same):
    try:
        page.wait_for_function(
            FIGURE_IS,
            arg=[box.element_handle(), before, same],
            timeout=30 * SECONDS,
            polling=200,
        )
    except playwright.TimeoutError:
        name = slider.locator("..").inner_text().partition("\n")[0]
        what = (
            "came back to its first value, and its figure is another one"
            if same
            else "was moved, and its figure is the same"
        )
        words = [
            f"the slider {name} {what}",
            *box.get_by_role("alert").all_inner_texts(),
        ]
        raise AssertionError("\n".join(words)) from None


# The tests ------------------------------------------------------------------------


@pytest.mark.parametrize("path", labs.lab_paths(), ids=lambda path: path.stem)
def test_a_solved_lab_runs_and_its_sliders_move(path, server, pages, tmp_path):
    text = path.with_suffix(".ipynb").read_text(encoding="utf-8")
    stored = nbformat.reads(text, as_version=4)
    nb = nbformat.reads(solved(text), as_version=4)
    with opened(path, server, pages, tmp_path, solved) as page:
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        page.wait_for_function(OVER, timeout=600 * SECONDS, polling=200)
        check_page(page, nb, stored)
        move_sliders(page)


SLIDER = """import matplotlib.pyplot as plt
from course_utils import plots

def draw(x):
    plt.figure(figsize=(1, 1)).add_subplot().axvline(x)

plots.slider(draw, x=(0, 1, 0))"""


def test_a_hand_that_passes_over_all_places_of_a_slider(server, pages, tmp_path):
    path = own_notebook(tmp_path, [SLIDER])
    with opened(path, server, pages, tmp_path) as page:
        run_cell(page, "plots.slider")
        drag_slider(page, page.locator(".course-slider"))


def own_notebook(folder, sources):
    """Write a notebook with these cells; return the path of the .py it would have."""
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nb = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
    path = folder / "notebooks/own.py"
    path.parent.mkdir()
    nbformat.write(nb, path.with_suffix(".ipynb"))
    return path


def test_exercise(server, pages, tmp_path):
    exercise, mistake = lab01.softmax, lab01.softmax_down_columns
    (path,) = labs.lab_paths(["01_softmax"])
    with opened(path, server, pages, tmp_path) as page:
        setup = page.locator(".jp-CodeCell", has_text="import lab01")
        setup.locator(".cm-content").click()
        page.keyboard.press("Shift+Enter")
        cell = page.locator(".jp-CodeCell", has_text="lab01.softmax.check(softmax)")
        output = playwright.expect(cell.locator(".jp-Cell-outputArea"))

        type_body(page, cell, inspect.getsource(mistake))
        output.to_contain_text("softmax: not yet.")
        output.to_contain_text(mistake.__doc__)

        cell.get_by_text("# lab01.softmax.hint()").click()
        for key in ("Home", "Delete", "Delete", "Shift+Enter"):
            page.keyboard.press(key)
        output.to_contain_text(exercise.hints[0])

        type_body(page, cell, exercise.solution_source())
        output.to_contain_text(f"softmax: correct. {exercise.praise}")


def type_body(page, cell, source):
    """Type the body of a function over the single line after the ``def``, and run."""
    statements = ast.parse(source).body[0].body[1:]  # without the docstring
    cell.locator(".cm-line").nth(1).click()
    page.keyboard.press("Home")
    page.keyboard.press("Shift+End")
    page.keyboard.type("\n".join(map(ast.unparse, statements)))
    page.keyboard.press("Shift+Enter")


def test_questions_by_keyboard(server, pages, tmp_path):
    (path,) = labs.lab_paths(["00"])
    with opened(path, server, pages, tmp_path) as page:
        run_cell(page, "import lab00")

        # A wrong answer, quite sure of it.
        panel = run_cell(page, "lab00.scribble.ask()").locator(".course-question")
        choose(page, panel, lab00.scribble.options["a"])
        assert "Committed" in panel.inner_text()
        assert lab00.scribble.because not in page.locator(".jp-Notebook").inner_text()
        result = playwright.expect(
            run_cell(page, "lab00.scribble.result()").locator(".jp-Cell-outputArea")
        )
        result.to_contain_text("scribble: not right. You answered (a)")
        result.to_contain_text(lab00.scribble.why["a"])

        # The result of a question that is answered later comes by itself.
        panel = run_cell(page, "lab00.muddled.ask()").locator(".course-question")
        told = run_cell(page, "lab00.muddled.result()").locator(".jp-Cell-outputArea")
        playwright.expect(told).to_contain_text("muddled: not answered yet")
        choose(page, panel, lab00.muddled.options["c"])
        playwright.expect(told).to_contain_text("muddled: right. You answered (c)")

        page.get_by_role("menuitem", name="Kernel", exact=True).click()
        page.get_by_role("menuitem", name=re.compile("^Restart Kernel…")).click()
        page.get_by_role("button", name="Confirm Kernel Restart").click()
        page.get_by_text("| Idle").first.wait_for()

        run_cell(page, "import lab00")
        shown = playwright.expect(
            run_cell(page, "progress.show()").locator(".jp-Cell-outputArea")
        )
        _, asked_here, tasks = progress.contents("lab00")
        shown.to_contain_text(f"2 of {len(asked_here) + len(tasks)}")
        shown.to_contain_text("scribble")  # shaky
        shown.to_contain_text("Your certainty costs")
        again = run_cell(page, "lab00.scribble.result()").locator(".jp-Cell-outputArea")
        playwright.expect(again).to_contain_text("not right. You answered (a)")


def run_cell(page, text):
    """Run the cell that contains a text, and return it."""
    cell = page.locator(".jp-CodeCell", has=page.locator(".cm-content", has_text=text))
    cell.locator(".cm-line", has_text=text).click()
    page.keyboard.press("Control+Enter")
    playwright.expect(cell.locator(".jp-InputPrompt")).to_have_text(
        re.compile(r"\[\d+\]:"), timeout=120 * SECONDS
    )
    return cell


def choose(page, panel, option):
    """Choose an option, say that it is certain, and commit: by keyboard alone."""
    panel.get_by_role("radio").first.focus()
    label = page.evaluate("() => document.activeElement.parentElement.textContent")
    while option not in label:
        page.keyboard.press("Tab")
        label = page.evaluate("() => document.activeElement.parentElement.textContent")
    page.keyboard.press("Space")
    playwright.expect(panel.get_by_role("radio", name=option)).to_be_checked()
    while not page.evaluate("() => document.activeElement.role === 'slider'"):
        page.keyboard.press("Tab")
    page.keyboard.press("End")
    playwright.expect(panel).to_contain_text("certain, 99%")
    while not page.evaluate("() => document.activeElement.tagName === 'BUTTON'"):
        page.keyboard.press("Tab")
    page.keyboard.press("Space")
    playwright.expect(panel).to_contain_text("Committed: (")
    # The keyboard is where it was.
    assert page.evaluate("() => document.activeElement.textContent").startswith("Chan")


def test_what_open_shows_first(context, tmp_path):
    root, environment = tmp_path / "course", tmp_path / "env"
    for name in ("notebooks", "pyproject.toml"):
        copy = shutil.copytree if (labs.ROOT / name).is_dir() else shutil.copy
        root.mkdir(exist_ok=True)
        copy(labs.ROOT / name, root / name)
    words = workspace.jupyterlab(root, tmp_path / "own", environment)
    # The settings are where the JupyterLab of an environment looks for them.
    place = Path(get_app_dir()).relative_to(Path(sys.prefix).resolve()) / "settings"
    words.append(f"--LabApp.app_settings_dir={environment / place}")
    with running(words, root, tmp_path / "home") as (url, token):
        page = context.new_page()
        surprises = []
        page.on("request", lambda request: surprises.extend(outside(request.url, url)))
        page.goto(f"{url}?token={token}")
        page.get_by_text("| Idle").first.wait_for()

        # Lab 00, as the learner gets it: nothing is answered yet.
        shown = page.locator(".jp-mod-current .lm-TabBar-tabLabel:visible")
        playwright.expect(shown.first).to_have_text("00_start_here.ipynb")
        playwright.expect(page.locator(".jp-Notebook h1")).to_contain_text("Start here")
        assert not page.locator(".jp-Notebook .jp-OutputArea-output").count()
        assert "google.colab" not in page.locator(".jp-Notebook").inner_text()

        # Beside it the contents of the lab; nothing lies over it.
        contents = page.locator("#table-of-contents")
        playwright.expect(contents).to_contain_text("A machine that reads digits")
        playwright.expect(contents).to_be_visible()
        page.wait_for_timeout(3000)  # a question about news comes late
        assert not page.locator(".Toastify__toast, .jp-Dialog").count()
        page.screenshot(path=tmp_path / "first.png")

        # The folder holds the labs, and a saved one gets no twin.
        page.keyboard.press("Control+s")
        page.locator('.jp-SideBar [data-id="filebrowser"]').click()
        listing = page.locator("#filebrowser .jp-DirListing-itemName")
        playwright.expect(listing.first).to_be_visible()
        names = [f"{path.stem}.ipynb" for path in labs.lab_paths()]
        assert sorted(listing.all_inner_texts()) == [*names, "jupytext.toml"]
        page.screenshot(path=tmp_path / "files.png")
        page.close()
        stop_kernels(context, url, token)
    mine = root / workspace.MINE
    assert [path for path in mine.rglob("*") if path.suffix == ".py"] == []
    assert not surprises, surprises
