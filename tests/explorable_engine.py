"""Run the functions of an explorable's module in a JavaScript engine, for the tests."""

import base64
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from course_utils import explorables

SCRIPT = """
const [code, calls] = JSON.parse(await new Response(process.stdin).text());
const module = await import(`data:text/javascript;base64,${code}`);
const results = calls.map(([name, ...values]) => module[name](...values));
process.stdout.write(JSON.stringify(results));
"""


def engine():
    """Return the path of a Node.js: the one on the path, or the one in playwright."""
    found = shutil.which("node")
    if not found:
        playwright = pytest.importorskip(
            "playwright", reason="no JavaScript: run pip install playwright"
        )
        name = "node.exe" if os.name == "nt" else "node"
        found = Path(playwright.__file__).with_name("driver") / name
    return str(found)


def calls(module, *wanted, more=""):
    """Return the results of functions, each given as (name, argument, ...)."""
    if module in ("kit", "slider"):  # these stand alone
        text = explorables.FOLDER.joinpath(f"{module}.js").read_text("utf-8")
    else:
        text = explorables.source(module)
    text += more
    code = base64.b64encode(text.encode()).decode()
    command = [engine(), "--input-type=module", "--eval", SCRIPT]
    done = subprocess.run(
        command,
        input=json.dumps([code, wanted]),
        capture_output=True,
        encoding="utf-8",
        timeout=60,
    )
    if done.returncode:
        pytest.fail(f"{module}.js: {done.stderr[-1500:]}", pytrace=False)
    return json.loads(done.stdout)


def call(module, name, *values, more=""):
    """Return the result of one function, of the module or of ``more`` code."""
    return calls(module, (name, *values), more=more)[0]
