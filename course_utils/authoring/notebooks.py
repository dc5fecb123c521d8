"""Notebooks to hand out and to teach from, of the same editions as paper."""

from collections.abc import Sequence
from pathlib import Path

from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from course_utils import workspace
from course_utils.authoring import editions, labs, plan
from course_utils.authoring.publish import check_folder, publish_and_say


def main(paths: Sequence[Path], folder: Path) -> int:
    """Make the notebooks of labs, in the folders ``student`` and ``instructor``.

    Raises
    ------
    LabError
        If a lab was not executed, or the folder cannot be written.
    """
    check_folder(folder)
    stored = {f"{path.stem}.ipynb": editions.read_executed(path) for path in paths}
    made = {
        edition: {name: make(nb).encode() for name, nb in stored.items()}
        for edition, make in EDITIONS.items()
    }
    for edition, files in made.items():
        publish_and_say(files, folder / edition)
    return 0


def student(nb: NotebookNode) -> str:
    """Return the notebook in which a student works: the copy that ``open`` gives."""
    return workspace.learners_edition(labs.dump(nb))


def instructor(nb: NotebookNode) -> str:
    """Return the notebook from which a lesson is given, with a plan after the title.

    It has the outputs of the lab, and runs as the lab does. Notes to the instructor
    are indented as quotations; where Jupyter shows slides, they are for the speaker.
    """
    made = editions.in_jupyter(nb)
    text = plan.in_markdown(nb)
    made.cells.insert(1, new_markdown_cell(text, metadata={"note": "plan"}))
    made.metadata.pop("jupytext", None)  # else saving would write a .py beside it
    for cell in made.cells:
        note = cell.metadata.pop("note", None)
        if note:
            cell.metadata["slideshow"] = {"slide_type": "notes"}
        if note and note != "plan":  # nbconvert has no tables in quotations
            lines = cell.source.split("\n")
            cell.source = "\n".join(f"> {line}".rstrip() for line in lines)
    for number, cell in enumerate(labs.code_cells(made), 1):
        cell.execution_count = number
        for output in cell.outputs:
            if "execution_count" in output:
                output.execution_count = number
    labs.set_ids(made)
    return labs.dump(made)


EDITIONS = {"student": student, "instructor": instructor}
