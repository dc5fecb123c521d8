"""The package as a whole: light to import, complete when installed, pinned."""

import base64
import re
import subprocess
import sys
import tomllib
from importlib import resources
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))[
    "project"
]


def python(code):
    command = [sys.executable, "-c", code]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_importing_the_package_loads_nothing_heavy():
    loaded = python("import sys, course_utils; print(*sys.modules)").split()
    assert not {"torch", "torchvision", "matplotlib", "numpy"} & set(loaded)


@pytest.mark.parametrize("module", ["data", "training", "exercises.lab01"])
def test_modules_load_no_more_than_they_need(module):
    loaded = python(f"import sys, course_utils.{module}; print(*sys.modules)").split()
    assert not {"torchvision", "matplotlib", "mlxtend"} & set(loaded)


def test_every_package_is_installed():
    folders = {p.parent for p in (ROOT / "course_utils").rglob("*.py")}
    names = {".".join(folder.relative_to(ROOT).parts) for folder in folders}
    tool = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
    # The authors' tools work on a checkout of the labs only.
    assert set(tool["setuptools"]["packages"]) == names - {"course_utils.authoring"}
    assert resources.files("course_utils").joinpath("course.mplstyle").is_file()


def test_the_readme_shows_a_picture_from_a_lab():
    """If it differs: save the figure of learning curves in lab 06 to this file."""
    stored = nbformat.read(ROOT / "notebooks" / "06_mnist_binary.ipynb", as_version=4)
    outputs = [o for cell in stored.cells for o in cell.get("outputs", [])]
    pictures = [
        o["data"]["image/png"] for o in outputs if "image/png" in o.get("data", {})
    ]
    shown = (ROOT / ".github" / "lab06.png").read_bytes()
    assert shown in [base64.b64decode(picture) for picture in pictures]


def test_every_link_of_the_readme_leads_somewhere():
    links = re.findall(
        r"\]\(([^)]+)\)", (ROOT / "README.md").read_text(encoding="utf-8")
    )
    local = [link for link in links if not link.startswith("https://")]
    assert len(local) > 4
    assert all((ROOT / link).is_file() for link in local)


def test_the_map_and_the_readme_name_every_lab():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    start = (ROOT / "notebooks" / "00_start_here.py").read_text(encoding="utf-8")
    for lab in sorted((ROOT / "notebooks").glob("[0-9]*.py")):
        assert f"notebooks/{lab.stem}.ipynb" in readme
        takes = re.search(r"\*\*Takes\*\*.*", lab.read_text(encoding="utf-8"))[0]
        minutes = sum(map(int, re.findall(r"\d+", takes)))
        assert re.search(rf"# \| {int(lab.stem[:2])} .*\| {minutes} \|", start), lab
