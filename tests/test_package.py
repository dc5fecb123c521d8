"""The package as a whole: light to import, complete when installed, pinned."""

import base64
import re
import subprocess
import sys
import tomllib
from importlib import resources
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[1]


def python(code):
    command = [sys.executable, "-c", code]
    return subprocess.run(
        command, check=True, capture_output=True, text=True, encoding="utf-8"
    ).stdout


def test_importing_the_package_loads_nothing_heavy():
    loaded = python("import sys, course_utils; print(*sys.modules)").split()
    assert not {"torch", "torchvision", "matplotlib", "numpy"} & set(loaded)


def test_modules_load_no_more_than_they_need():
    labs = (ROOT / "course_utils" / "exercises").glob("lab*.py")
    names = ["data", "training", *(f"exercises.{lab.stem}" for lab in sorted(labs))]
    modules = ", ".join(f"course_utils.{name}" for name in names)
    loaded = python(f"import sys, {modules}; print(*sys.modules)").split()
    assert "torch" in loaded and "course_utils.exercises.lab13" in loaded
    heavy = {"torchvision", "matplotlib", "mlxtend", "pooch", "requests", "pandas"}
    heavy |= {"sklearn", "torch._dynamo"}  # the first optimizer loads the latter
    assert not heavy & set(loaded)


def test_every_package_is_installed_but_the_authors_one():
    folders = {p.parent for p in (ROOT / "course_utils").rglob("*.py")}
    names = {".".join(folder.relative_to(ROOT).parts) for folder in folders}
    assert "course_utils.authoring" in names
    tool = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    packages = set(tool["setuptools"]["packages"])
    learners = {n for n in names if not n.startswith("course_utils.authoring")}
    assert packages == learners
    assert resources.files("course_utils").joinpath("course.mplstyle").is_file()


def test_the_readme_shows_a_picture_from_a_lab():
    """If it differs: save the figure of learning curves in lab 07 to this file."""
    stored = nbformat.read(ROOT / "notebooks" / "07_mnist_binary.ipynb", as_version=4)
    outputs = [o for cell in stored.cells for o in cell.get("outputs", [])]
    pictures = [
        o["data"]["image/png"] for o in outputs if "image/png" in o.get("data", {})
    ]
    shown = (ROOT / ".github" / "lab07.png").read_bytes()
    assert shown in [base64.b64decode(picture) for picture in pictures]


def test_every_link_of_the_readme_leads_somewhere():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)]+)\)", text)
    local = [link for link in links if not link.startswith(("https://", "#"))]
    assert len(local) > 4
    assert all((ROOT / link).is_file() for link in local)
    heads = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    # As GitHub makes an address of a heading.
    anchors = {re.sub(r"[^\w -]", "", h).lower().replace(" ", "-") for h in heads}
    assert {link[1:] for link in links if link[0] == "#"} <= anchors


def test_the_readme_names_every_lab():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for lab in sorted((ROOT / "notebooks").glob("[0-9]*.py")):
        assert f"notebooks/{lab.stem}.ipynb" in readme
