"""A copy of the repository for tests that change it, and programs run beside."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from course_utils.authoring import labs

# What git does not track. The environment alone has gigabytes.
MADE = (".course", ".git", ".venv", "build", "data", "my_labs", "*.egg-info")


def copy_repository(folder: Path) -> Path:
    """Copy what git tracks to a folder that is not there yet, and return it."""
    ignored = shutil.ignore_patterns(*MADE, "__pycache__", ".*_cache")
    return shutil.copytree(labs.ROOT, folder, ignore=ignored)


def forget_run(path: Path) -> None:
    """Make a notebook one that was never executed."""
    nb = json.loads(path.read_text(encoding="utf-8"))
    for cell in nb["cells"]:
        if cell["cell_type"] == "code":
            cell.update(outputs=[], execution_count=None)
    path.write_text(json.dumps(nb), encoding="utf-8")


def run_python(*words, cwd, **variables):
    """Run Python with these words, with the embedded images; return what came of it."""
    environment = {**os.environ, **labs.kernel_environment("embedded")}
    return subprocess.run(
        [sys.executable, *words],
        cwd=cwd,
        env=environment | variables,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=600,
        check=False,
    )


def read_pdf(source):
    """Return the text of each page of a PDF, given as bytes or a path, and its data.

    A page without text has a text if it has a picture. Hyphens at the ends of lines are
    gone.
    """
    pdfium = pytest.importorskip("pypdfium2", reason="reading PDFs needs pypdfium2")
    with pdfium.PdfDocument(source) as pdf:
        texts = []
        for page in pdf:
            text = page.get_textpage().get_text_bounded()
            text = text.replace("\r\n", "\n").replace("\x02", "")
            pictures = page.get_objects(filter=[pdfium.raw.FPDF_PAGEOBJ_IMAGE])
            texts.append(text.strip() or "(picture)" * any(pictures))
        return texts, pdf.get_metadata_dict()
