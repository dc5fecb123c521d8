"""Labs in an environment like Colab's, fetched by their own first cell.

The environment takes some minutes and 6 GB, so this runs only where the variable
``COURSE_COLAB`` is set: to 1, or to a folder in which the environment is kept.
"""

import functools
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import nbformat
import pytest
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient

import course_utils
from course_utils.authoring import labs, stamp
from course_utils.authoring.tolerance import respell
from course_utils.exercises import lab00

# From https://github.com/googlecolab/backend-info in the summer of 2026, what the
# course meets there, as far as PyPI has it for every Python.
COLAB = [
    "ipykernel==6.17.*",
    "ipython==7.34.*",
    "ipywidgets==7.7.*",
    "matplotlib==3.10.*",
    "mlxtend==0.23.4",
    "numpy==2.1.*",
    "platformdirs==4.10.*",
    "pooch==1.8.*",
    "scikit-learn==1.6.1",
    "scipy==1.16.*",
    "torch==2.11.*",
    "torchvision==0.26.*",
    "tqdm==4.67.*",
    "pip==24.1.*",
]
# Colab's kernel has imported its own package before the first cell runs.
START_KERNEL = (
    "import google.colab; from ipykernel import kernelapp; "
    "kernelapp.launch_new_instance()"
)
WHEEL = f"course_utils-{course_utils.__version__}-py3-none-any.whl"
WHERE = "import course_utils; print(course_utils.__file__)"
WIDGETS = ("plots.slider(", ".ask()", "explorables.draw_digit(", "explorables.logits(")
ASK_TELL = ("ask", "result")
SETTING = os.environ.get("COURSE_COLAB", "")

pytestmark = pytest.mark.skipif(
    not SETTING, reason="an environment like Colab's: set COURSE_COLAB=1 (6 GB)"
)


@pytest.fixture(scope="module")
def colab(tmp_path_factory):
    """Make the environment; give its Python."""
    kept = SETTING != "1"
    folder = Path(SETTING).absolute() if kept else tmp_path_factory.mktemp("colab")
    python = folder / "venv" / "bin" / "python"
    if not python.exists():
        # Not `venv`: Debian's Python cannot put pip into it.
        run(sys.executable, "-m", "uv", "venv", "--seed", folder / "venv")
    run(python, "-m", "pip", "install", "--quiet", *COLAB)
    run(python, "-m", "pip", "uninstall", "--quiet", "--yes", "course-utils")
    (site,) = (folder / "venv").glob("lib/python*/site-packages")
    (site / "google" / "colab").mkdir(parents=True, exist_ok=True)
    (site / "google" / "colab" / "__init__.py").touch()
    kernel = {"argv": [str(python), "-c", START_KERNEL, "-f", "{connection_file}"]}
    kernel |= {"display_name": "Colab", "language": "python"}
    (folder / "kernels" / "colab").mkdir(parents=True, exist_ok=True)
    spec = folder / "kernels" / "colab" / "kernel.json"
    spec.write_text(json.dumps(kernel), encoding="utf-8")
    yield python
    if not kept:
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    """Build the wheel of the repository as it is now; give its address.

    It stands where a release would hold it, and is fetched over HTTP.
    """
    copy = tmp_path_factory.mktemp("copy")
    options = ["ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    for name in run("git", "-C", labs.ROOT, *options).split("\0"):
        if (labs.ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(labs.ROOT / name, copy / name)
    # It asks for more than Colab has, which --no-deps has to keep pip from fetching.
    project = copy / "pyproject.toml"
    asking = re.sub(
        '"tqdm>=[^"]*"', '"tqdm>=4.68"', project.read_text(encoding="utf-8")
    )
    assert '"tqdm>=4.68"' in asking
    project.write_text(asking, encoding="utf-8")
    address = stamp.package_url(stamp.read_address(), course_utils.__version__)
    path = Path(urlsplit(address).path.lstrip("/"))
    root = tmp_path_factory.mktemp("releases")
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"]
    run(*pip, "--wheel-dir", root / path.parent, copy)
    assert [p.name for p in (root / path.parent).iterdir()] == [path.name]
    handler = functools.partial(SimpleHTTPRequestHandler, directory=root)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/{path.as_posix()}"
        server.shutdown()


def run(*command):
    done = subprocess.run(
        command, capture_output=True, text=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def is_for_colab(cell):
    return stamp.COLAB_TAG in cell.metadata.get("tags", [])


def open_in_colab(path, package):
    """Return a lab whose first cell fetches the package from there."""
    nb = labs.read_lab(path)
    (first,) = [cell for cell in nb.cells if is_for_colab(cell)]
    address = stamp.package_url(stamp.read_address(), course_utils.__version__)
    assert first.source == stamp.colab_cell(address)
    first.source = stamp.colab_cell(package)
    return nb


def execute(nb, python, cwd):
    """Run a notebook in Colab's kernel, where nothing of the course is set."""
    client, environment = in_colab(nb, python, cwd)
    client.execute(env=environment, cleanup_kc=True, stderr=subprocess.DEVNULL)
    return labs.clean(nb)


def in_colab(nb, python, cwd):
    """Return a client for a notebook in Colab's kernel, and its environment."""
    folders = [str(python.parents[2] / "kernels")]
    client = NotebookClient(
        nb,
        km=AsyncKernelManager(
            kernel_name="colab",
            kernel_spec_manager=KernelSpecManager(kernel_dirs=folders),
        ),
        timeout=600,
        resources={"metadata": {"path": str(cwd)}},
    )
    environment = {**os.environ, **labs.kernel_environment("embedded")}
    for name in ("COURSE_STATIC", "COURSE_STRICT", "PYTHONPATH"):
        environment.pop(name, None)
    return client, environment


class Panel:
    """The controls of a question, as the page of a notebook holds them.

    No browser here has Colab's page, so its messages are sent without one: each says
    what a hand did, and goes to the kernel.
    """

    def __init__(self, client, cell):
        (view,) = (
            output.data["application/vnd.jupyter.widget-view+json"]
            for output in cell.outputs
            if "application/vnd.jupyter.widget-view+json" in output.get("data", {})
        )
        self.client = client
        box = client.widget_state[view["model_id"]]
        self.parts = [child.removeprefix("IPY_MODEL_") for child in box["children"]]

    def of(self, kind):
        """Return the one control of a kind."""
        states = self.client.widget_state
        (part,) = (p for p in self.parts if states[p]["_model_name"] == kind)
        return part

    def send(self, part, data):
        kc = self.client.kc
        kc.shell_channel.send(
            kc.session.msg("comm_msg", {"comm_id": part, "data": data})
        )

    def choose(self, kind, index):
        state = {"method": "update", "state": {"index": index}, "buffer_paths": []}
        self.send(self.of(kind), state)

    def click(self):
        custom = {"method": "custom", "content": {"event": "click"}}
        self.send(self.of("ButtonModel"), custom)


def texts(cell):
    """Return what a cell printed and showed; of an error its name alone."""
    found = []
    for output in cell.outputs:
        if output.output_type == "stream":
            found.append(f"{output.name}: {output.text}")
        elif output.output_type == "error":
            found.append(output.ename)
        else:
            found.append(output.data.get("text/plain", ""))
    return found


def packed(found):
    """Return texts as one, without white space and the names of streams."""
    return "".join("".join(found).replace("stdout: ", "").split())


def differences(nb, stored):
    """Yield where a run differs from the stored one by more than it may."""
    cells = zip(
        labs.code_cells(nb),
        labs.code_cells(stored),
        labs.check_run(stored),
        strict=True,
    )
    for n, (cell, other, tolerance) in enumerate(cells, 1):
        ignored = "nbval-ignore-output" in cell.metadata.get("tags", [])
        widget = any(word in cell.source for word in WIDGETS)
        if is_for_colab(cell) or ignored or widget:
            continue
        new, old = texts(cell), texts(other)
        if re.search(r"\.(result|check)\(", cell.source):  # shown there, printed here
            new, old = [packed(new)], [packed(old)]
        close = [respell(*pair, tolerance) for pair in zip(new, old, strict=False)]
        if len(new) != len(old) or close != old:
            yield f"In [{n}] gives {new}, and {old} is stored"


def has_view(cell):
    widget = "application/vnd.jupyter.widget-view+json"
    return any(widget in output.get("data", {}) for output in cell.outputs)


@pytest.mark.parametrize("name", ["00", "01", "07"])
def test_lab_in_colab(colab, package, name, tmp_path):
    run(colab, "-m", "pip", "uninstall", "--quiet", "--yes", "course-utils")
    before = run(colab, "-m", "pip", "freeze").splitlines()
    (path,) = labs.lab_paths([name])
    nb = open_in_colab(path, package)
    nb.cells.append(nbformat.v4.new_code_cell(WHERE))
    execute(nb, colab, tmp_path)
    (where,) = texts(nb.cells.pop())
    assert str(colab.parents[1]) in where
    assert "site-packages" in where

    # What the cell names came, and nothing went or changed: torch is still Colab's.
    after = run(colab, "-m", "pip", "freeze").splitlines()
    added = [line for line in after if line not in before]
    names = {re.match(r"[\w-]+", line)[0].replace("_", "-") for line in added}
    assert {"course-utils"} <= names <= {"course-utils", "anywidget", "psygnal"}
    assert set(before) <= set(after)

    for cell in labs.code_cells(nb):
        assert has_view(cell) == any(word in cell.source for word in WIDGETS), cell
    embedded = labs.ROOT / "tests" / "embedded" / f"{path.stem}.ipynb"
    stored = embedded if embedded.exists() else path.with_suffix(".ipynb")
    found = list(differences(nb, nbformat.read(stored, as_version=4)))
    assert not found, "\n".join(found)


def test_a_question_is_answered_by_clicks_in_colab(colab, package, tmp_path):
    run(colab, "-m", "pip", "uninstall", "--quiet", "--yes", "course-utils")
    (path,) = labs.lab_paths(["00"])
    nb = open_in_colab(path, package)
    nb.cells = labs.code_cells(nb)[:2]  # what fetches the helpers, and the imports
    assert "import lab00" in nb.cells[1].source
    nb.cells += [nbformat.v4.new_code_cell(f"lab00.muddled.{w}()") for w in ASK_TELL]
    client, environment = in_colab(nb, colab, tmp_path)
    with client.setup_kernel(env=environment, stderr=subprocess.DEVNULL):
        for n, cell in enumerate(nb.cells[:3]):
            client.execute_cell(cell, n)
        panel = Panel(client, nb.cells[2])
        for letter, said in (("a", "not right"), ("c", "right")):
            if letter == "c":
                panel.click()  # "Change my answer"
            panel.choose("RadioButtonsModel", "abc".index(letter))
            panel.choose("SelectionSliderModel", 5)
            panel.click()
            client.execute_cell(nb.cells[3], 3)
            result = packed(texts(nb.cells[3]))
            assert packed([f"muddled: {said}. You answered ({letter})"]) in result
            if letter == "a":
                assert packed([lab00.muddled.why["a"]]) in result


def test_a_bad_address_is_said_in_the_first_cell(colab, tmp_path):
    run(colab, "-m", "pip", "uninstall", "--quiet", "--yes", "course-utils")
    (path,) = labs.lab_paths(["01"])
    nb = open_in_colab(path, (tmp_path / "nowhere" / WHEEL).as_uri())
    with pytest.raises(Exception, match="pip failed: its lines above say why"):
        execute(nb, colab, tmp_path)
    first = labs.code_cells(nb)[0]
    assert "nowhere" in "".join(texts(first))
