"""Handouts: the labs on paper."""

import bisect
import os
import re
import tempfile
from collections import ChainMap
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from nbformat import NotebookNode
from tqdm.contrib.concurrent import thread_map

from course_utils.authoring import (
    credits,
    editions,
    labs,
    paper,
    plan,
    publish,
    syllabus,
    tree,
    words,
    worksheet,
)
from course_utils.authoring.labs import LabError

EDITIONS = {"student": worksheet.student, "instructor": plan.instructor}
# Of what is made: solutions and keys, and what nobody should see before it is written.
FOR_TEACHERS = ("*-instructor.pdf", "exam.pdf", "test-*.pdf")
SHEET_PAGES = 2
SHEET_SIZES = [size / 5 for size in range(60, 29, -1)]  # points, from 12 to 6


def main(paths: Sequence[Path], folder: Path) -> int:
    """Make the handouts of labs, and of the whole course if these are all labs.

    If anything fails, no file is written.

    Raises
    ------
    LabError
        If a tool is missing, a lab was not executed, or the folder cannot be written.
    """
    tree.check_tools("pypandoc", "typst")
    publish.check_folder(folder)
    files = build(paths, whole_course=list(paths) == labs.lab_paths())
    publish.publish_and_say(files, folder)
    return 0


def build(
    paths: Sequence[Path],
    *,
    whole_course: bool,
    read: Callable[[Path], NotebookNode] = editions.read_executed,
) -> dict[str, bytes]:
    """Return handouts: file names and contents.

    Those of the whole course are the bound editions, the sheet of rules and the
    `syllabus`'s papers. ``read`` returns the executed notebook of a path.
    """
    notebooks = {path.stem: read(path) for path in paths}
    keys = [(edition, stem) for edition in EDITIONS for stem in notebooks]
    # Editions are made one after the other, while pandoc and typst are at work.
    calls = ((_lab, e, stem, EDITIONS[e](notebooks[stem])) for e, stem in keys)
    texts, images, pdfs = zip(*_in_parallel(calls, len(keys), "labs"), strict=True)
    files = {f"{stem}-{e}.pdf": pdf for (e, stem), pdf in zip(keys, pdfs, strict=True)}
    if whole_course:
        course, text_of = list(notebooks.values()), dict(zip(keys, texts, strict=True))
        jobs = {}
        for edition in EDITIONS:
            bodies = [text_of[edition, stem] for stem in notebooks]
            jobs[f"course-{edition}"] = (paper.pdf, book_text(edition, bodies, course))
        jobs["rules"] = (sheet, course)
        jobs |= dict.fromkeys(syllabus.PAPERS, (syllabus.pdf, course))
        with tempfile.TemporaryDirectory() as folder:
            paper.fill_workshop(Path(folder), ChainMap(*images))
            calls = ((*job, Path(folder), name) for name, job in jobs.items())
            papers = _in_parallel(calls, len(jobs), "books")
        files |= {f"{name}.pdf": pdf for name, pdf in zip(jobs, papers, strict=True)}
    return dict(sorted(files.items()))


def _lab(edition: str, stem: str, nb: NotebookNode) -> tuple[str, dict, bytes]:
    """Return an edition of a lab in typst's language, its pictures, and its PDF."""
    body, images = paper.to_typst(nb)
    title, compact = editions.title(nb), edition == "student"
    text = paper.lab(edition, body, title, compact=compact)
    with tempfile.TemporaryDirectory() as folder:
        paper.fill_workshop(Path(folder), images)
        return body, images, paper.pdf(text, Path(folder), f"{stem}-{edition}")


def _in_parallel(jobs: Iterable[tuple], n: int, what: str) -> list:
    """Call functions with arguments; pandoc and typst need no GIL."""
    bar = {"total": n, "desc": what, "unit": "step", "max_workers": os.cpu_count()}
    return thread_map(lambda job: job[0](*job[1:]), jobs, **bar)


# Documents ------------------------------------------------------------------------


def book_text(
    edition: str, bodies: Sequence[str], notebooks: Sequence[NotebookNode]
) -> str:
    """Return all labs in typst's language; for instructors with the hours."""
    hours = [
        f"({paper.quote(editions.title(nb))}, {paper.quote(editions.timing(nb))}),"
        for nb in notebooks
    ]
    return paper.document(
        "book",
        "\n\n".join(bodies),
        title=paper.quote(credits.read().title),
        subtitle=paper.quote(credits.read().subtitle),
        edition=paper.quote(words.word(edition)),
        sources=f"[{paper.sources()}]",
        compact="true" if edition == "student" else "false",
        hours=f"({' '.join(hours)})" if edition == "instructor" else "none",
    )


def sheet(notebooks: Sequence[NotebookNode], workshop: Path, name: str) -> bytes:
    """Return the formulas and rules of the course on two pages."""
    body = sheet_body(notebooks)
    told = credits.read()

    def text(size: float) -> str:
        return paper.document(
            "sheet",
            body,
            title=paper.quote(words.word("sheet")),
            course=paper.quote(f"{told.title}, {told.subtitle}"),
            size=f"{size}pt",
        )

    def fits(size: float) -> bool:
        return paper.query(text(size), workshop, name) <= SHEET_PAGES

    at = bisect.bisect_left(SHEET_SIZES, True, key=fits)
    if at == len(SHEET_SIZES):
        raise LabError(
            f"the rules do not fit on {SHEET_PAGES} pages: drop or shorten some"
        )
    return paper.pdf(text(SHEET_SIZES[at]), workshop, name)


def sheet_body(notebooks: Sequence[NotebookNode]) -> str:
    """Return the sheet's text in typst's language, grouped by lab."""
    groups = []
    for nb in notebooks:
        formulas, rules = editions.formulas(nb), editions.rules(nb)
        if formulas or rules:
            text = "\n\n".join([*map(_narrow, formulas), rules])
            groups.append(tree.div(tree.read(text), "group", title=editions.title(nb)))
    return paper.write(groups)


def _narrow(formula: str) -> str:
    """Put formulas that stand side by side in a lab below each other."""
    if r"\qquad" not in formula:
        return formula
    # A word between two of them begins the line of the second.
    formula = re.sub(r"\\qquad(\\text\{\w+\})\\qquad", r"\\qquad\1\\quad", formula)
    formula = formula.replace(r"\qquad", r"\\ &")
    return formula.replace(r"\begin{aligned}", r"\begin{aligned} &")
