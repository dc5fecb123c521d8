"""A copy of the repository for tests that change it, and programs run beside."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

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
