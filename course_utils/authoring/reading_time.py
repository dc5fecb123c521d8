"""How long a lab takes: what it says, and what its length says."""

import re
from typing import NamedTuple

from nbformat import NotebookNode

from course_utils.authoring import words

WORDS_A_MINUTE = 200
# Where the main road of a lab ends: what follows is extra, or counted by itself.
OFF_THE_ROAD = ("exercises", "deeper")


class Minutes(NamedTuple):
    """Minutes to read and run a lab, and those for its exercises."""

    reading: float
    exercises: float


def estimate(nb: NotebookNode) -> float:
    """Return the minutes that it takes to read and run the main road of a lab.

    A minute holds 200 words of prose, or one code cell to run and to think about. The
    sections ``## Exercises`` and ``## Deeper`` do not count.
    """
    n_words = n_cells = 0
    off = False
    for cell in nb.cells:
        if cell.cell_type == "code":
            n_cells += not off
            continue
        # A cell may end one section and begin the next.
        for part in re.split(r"^(?=## )", cell.source, flags=re.MULTILINE):
            if heading := re.match(r"## (.+)", part):
                off = words.section_role(heading[1]) in OFF_THE_ROAD
            n_words += 0 if off else len(part.split())
    return n_words / WORDS_A_MINUTE + n_cells


def stated(nb: NotebookNode) -> Minutes:
    """Return what the head of a lab says: ``**Takes** 60 minutes ..., 30 more ...``.

    Raises
    ------
    ValueError
        If it does not say it.
    """
    found = re.search(
        rf"{re.escape(words.bold('takes'))}\s+(\d+) minutes(?:[^.]*?(\d+) more)?",
        _head(nb),
    )
    if not found:
        raise ValueError("the head of the lab does not say **Takes** N minutes")
    return Minutes(float(found[1]), float(found[2] or 0))


def _head(nb: NotebookNode) -> str:
    cells = []
    for cell in nb.cells:
        if cell.cell_type == "code":
            break
        cells.append(cell.source)
    return "\n\n".join(cells)
