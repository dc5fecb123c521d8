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


def by_section(nb: NotebookNode) -> list[tuple[str, float]]:
    """Return the title of each section and the minutes to read and run it.

    A minute holds 200 words of prose, or one code cell to run and to think about. What
    stands before the first section has no title.
    """
    found = [["", 0.0]]
    for cell in nb.cells:
        if cell.cell_type == "code":
            found[-1][1] += 1
            continue
        # A cell may end one section and begin the next.
        for part in re.split(r"^(?=## )", cell.source, flags=re.MULTILINE):
            if heading := re.match(r"## (.+)", part):
                found.append([heading[1], 0.0])
            found[-1][1] += len(part.split()) / WORDS_A_MINUTE
    return [(title, minutes) for title, minutes in found]


def estimate(nb: NotebookNode) -> float:
    """Return the minutes that it takes to read and run the main road of a lab.

    The sections ``## Exercises`` and ``## Deeper`` do not count.
    """
    return sum(
        minutes
        for title, minutes in by_section(nb)
        if words.section_role(title) not in OFF_THE_ROAD
    )


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
