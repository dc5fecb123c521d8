"""For whoever hands out and collects in another way: nbgrader, and links for a hub."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlencode

from course_utils.authoring import labs, stamp
from course_utils.authoring.classroom.collect import Lab, known_labs
from course_utils.workspace import learners_edition

TEST = """\
# The marks of {name}.
### BEGIN HIDDEN TESTS
{module}.{name}.hold_back({seed})
verdict = {module}.{name}.judge({name})
assert verdict.right, verdict.text
### END HIDDEN TESTS"""


def export(folder: Path, names: Sequence[str], seed: int) -> list[Path]:
    """Write labs as the source of nbgrader assignments, one point for each exercise.

    Parameters
    ----------
    folder : Path
        A course of nbgrader; the files go to ``source/lab01/`` and so on.
    names : sequence of str
        Of labs, such as ``"01"``; all if there are none.
    seed : int
        For held-back inputs. It stands in hidden tests, which learners do not get.
    """
    known, written = known_labs(), []
    for path in labs.lab_paths(names):
        lab = known[path.stem]
        target = folder / "source" / lab.module / f"{lab.name}.ipynb"
        stored = path.with_suffix(".ipynb").read_text(encoding="utf-8")
        labs.write_atomically(target, assignment(stored, lab, seed))
        written.append(target)
    return written


def assignment(stored: str, lab: Lab, seed: int) -> str:
    """Return a lab with its solutions and tests, marked as nbgrader wants it."""
    nb, cells = json.loads(learners_edition(stored)), []
    for cell in nb["cells"]:
        code = "".join(cell["source"]) if cell["cell_type"] == "code" else ""
        names = [
            name
            for name in lab.exercises
            if re.search(rf"^{lab.module}\.{name}\.check\({name}\)", code, re.MULTILINE)
        ]
        cells.append(cell)
        for name in names:  # one at most, as the tests of the labs ask
            solved = labs.solve_source(code, lab.name)
            head, body = _split(solved, name)
            cell["source"] = head.replace(
                "BODY", f"    ### BEGIN SOLUTION\n{body}\n    ### END SOLUTION"
            )
            cell["metadata"]["nbgrader"] = _marked(f"{name}-answer", solution=True)
            test = TEST.format(module=lab.module, name=name, seed=seed)
            marks = _marked(f"{name}-marks", grade=True, locked=True, points=1)
            cells.append(
                {
                    "cell_type": "code",
                    "id": f"{name}-marks",
                    "execution_count": None,
                    "metadata": {"nbgrader": marks},
                    "outputs": [],
                    "source": test,
                }
            )
    nb["cells"] = cells
    return json.dumps(nb, indent=1, ensure_ascii=False) + "\n"


def _split(code: str, name: str) -> tuple[str, str]:
    """Return a cell with BODY in the place of a function's body, and that body."""
    found = re.search(
        rf"^def {name}\(.*\):\n((?:    .*\n|\n)+?)(?=\n*\S|\Z)", code + "\n", re.M
    )
    body = found[1].rstrip("\n")
    start, end = found.span(1)
    return code[:start] + "BODY\n" + (code + "\n")[end:].rstrip("\n"), body


def _marked(grade_id: str, **what) -> dict:
    """Return the metadata that make a cell one of nbgrader's."""
    kind = {"grade": False, "solution": False, "locked": False, "task": False}
    return {"grade_id": grade_id, "schema_version": 3} | kind | what


def links(hub: str, names: Sequence[str]) -> list[str]:
    """Return for each lab the link that gives a learner on a hub the newest copy."""
    repository, branch = stamp.read_address()
    folder = repository.rpartition("/")[2]
    return [
        f"{hub.rstrip('/')}/hub/user-redirect/git-pull?"
        + urlencode(
            {
                "repo": f"{stamp.GITHUB}{repository}",
                "branch": branch,
                "urlpath": f"lab/tree/{folder}/notebooks/{path.stem}.ipynb",
            }
        )
        for path in labs.lab_paths(names)
    ]
