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


class Section(NamedTuple):
    """A section of a lab; what stands before the first one has no title."""

    title: str
    cells: list[NotebookNode]

    @property
    def minutes(self) -> float:
        """Return how long it takes to read and run.

        A minute holds 200 words of prose, or one code cell to run and to think about.
        """
        code = sum(cell.cell_type == "code" for cell in self.cells)
        prose = (c.source.split() for c in self.cells if c.cell_type != "code")
        return code + sum(map(len, prose)) / WORDS_A_MINUTE

    @property
    def is_core(self) -> bool:
        """Tell whether it belongs to the main road of the lab."""
        return words.section_role(self.title) not in OFF_THE_ROAD


def sections(nb: NotebookNode) -> list[Section]:
    """Return the sections of a lab."""
    found = [Section("", [])]
    for cell in nb.cells:
        if cell.cell_type == "code":
            found[-1].cells.append(cell)
            continue
        # A cell may end one section and begin the next.
        for part in re.split(r"^(?=## )", cell.source, flags=re.MULTILINE):
            if heading := re.match(r"## (.+)", part):
                found.append(Section(heading[1], []))
            found[-1].cells.append(NotebookNode(cell_type="markdown", source=part))
    return found


def estimate(nb: NotebookNode) -> float:
    """Return the minutes that it takes to read and run the main road of a lab."""
    return sum(section.minutes for section in sections(nb) if section.is_core)


def stated(nb: NotebookNode) -> Minutes:
    """Return what the head of a lab says: ``**Takes** 60 minutes ..., 30 more ...``.

    Raises
    ------
    ValueError
        If it does not say it.
    """
    takes = re.escape(words.bold("takes"))
    head = "\n\n".join(cell.source for cell in sections(nb)[0].cells)
    found = re.search(rf"{takes}\s+(\d+) minutes(?:[^.]*?(\d+) more)?", head)
    if not found:
        raise ValueError("the head of the lab does not say **Takes** N minutes")
    return Minutes(float(found[1]), float(found[2] or 0))
