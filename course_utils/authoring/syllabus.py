"""The course in sessions of a class, its two tests and its exam.

What belongs where stands in ``syllabus.toml``; minutes, points and keys are calculated
from the labs and their questions.
"""

import functools
import math
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from nbformat import NotebookNode

from course_utils.authoring import (
    asked,
    credits,
    editions,
    paper,
    plan,
    reading_time,
    tree,
    words,
)
from course_utils.authoring.labs import LabError
from course_utils.authoring.tree import SPACE, Node
from course_utils.authoring.words import word
from course_utils.exercises.questions import Question

POINTS = {"choice": 1, "several": 2, "order": 2, "number": 2}
# Minutes to think, for each point; to read comes on top.
THINKING = {"before": 1, "after": 1, "exam": 2}

Labs = Mapping[str, NotebookNode]  # by number, such as "04"


class Unit(NamedTuple):
    """A section of a lab's core, with what stands around it."""

    lab: str
    number: int
    title: str
    minutes: float


class Session(NamedTuple):
    """What a class does in one session, and at home after it."""

    say: str
    test: str  # "before", "after" or none
    teach: list[Unit]
    solve: list[plan.Task]
    read: list[Unit]
    home: list[plan.Task]

    @property
    def minutes(self) -> float:
        """Return how long it takes in class."""
        return total([*self.teach, *self.solve]) + (
            takes(self.test) if self.test else 0
        )


@functools.cache
def data() -> dict:
    """Return what syllabus.toml holds."""
    text = Path(__file__).with_name("syllabus.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def by_number(notebooks: Iterable[NotebookNode]) -> Labs:
    """Return labs by their numbers."""
    return {editions.number(nb): nb for nb in notebooks}


def total(parts: Iterable[Unit | plan.Task]) -> float:
    """Return the minutes of sections and exercises."""
    return sum(part.minutes for part in parts)


# Sessions -------------------------------------------------------------------------


def units(nb: NotebookNode) -> list[Unit]:
    """Return the numbered sections of a lab's core.

    What stands before the first one counts to it, what follows the last one, to that.
    """
    lab, found, before = editions.number(nb), [], 0.0
    for title, minutes in reading_time.by_section(nb):
        if words.section_role(title) in reading_time.OFF_THE_ROAD:
            continue
        if numbered := re.match(r"(\d+)\. (.+)", title):
            found.append(Unit(lab, int(numbered[1]), numbered[2], minutes + before))
            before = 0.0
        elif found:
            *_, last = found
            found[-1] = last._replace(minutes=last.minutes + minutes)
        else:
            before += minutes
    return found


def picked(text: str, course: Labs) -> list[Unit]:
    """Return the sections that a text such as ``"04"`` or ``"04.1-3"`` names.

    Raises
    ------
    LabError
        If a lab has no such section.
    """
    lab, _, numbers = text.partition(".")
    found = units(course[lab]) if lab in course else []
    if numbers:
        first, _, last = numbers.partition("-")
        wanted = range(int(first), int(last or first) + 1)
        found = [unit for unit in found if unit.number in wanted]
        found = found if len(found) == len(wanted) else []
    if not found:
        raise LabError(f"syllabus.toml: there is no section {text}")
    return found


def sessions(of: Mapping, course: Labs) -> list[Session]:
    """Return the sessions of a plan.

    Raises
    ------
    LabError
        If a section or an exercise does not exist.
    """
    solved = {key for session in of["session"] for key in session.get("solve", [])}
    ends = {}  # after which session a lab is done
    for n, session in enumerate(of["session"]):
        for text in session.get("teach", []) + session.get("read", []):
            ends[text.partition(".")[0]] = n
    made = []
    for n, session in enumerate(of["session"]):
        teach, read = (
            [unit for text in session.get(key, []) for unit in picked(text, course)]
            for key in ("teach", "read")
        )
        done = [
            task for lab, end in ends.items() if end == n for task in tasks(lab, course)
        ]
        solve = [_task(key, course) for key in session.get("solve", [])]
        home = [task for task in done if task.key not in solved]
        made.append(
            Session(session["say"], session.get("test", ""), teach, solve, read, home)
        )
    return made


def tasks(lab: str, course: Labs) -> list[plan.Task]:
    """Return the exercises of a lab's core."""
    return plan.tasks(plan.core(course[lab]))


def _task(key: str, course: Labs) -> plan.Task:
    lab = key.partition(".")[0]
    found = tasks(lab, course) if lab in course else []
    for task in found:
        if task.key == key:
            return task
    raise LabError(f"syllabus.toml: there is no exercise {key}")


def left_out(of: Mapping, course: Labs) -> list[Unit]:
    """Return the sections that a plan leaves out."""
    return [unit for text in of.get("out", []) for unit in picked(text, course)]


# Questions ------------------------------------------------------------------------


def questions(name: str) -> list[Question]:
    """Return the questions of a test, ``"before"`` or ``"after"``, or of the exam."""
    if name == "exam":
        return [asked.find(key) for key in data()["exam"]["questions"]]
    return [asked.find(idea[name]) for idea in data()["idea"]]


def points(name: str) -> int:
    """Return how many points a test or the exam has."""
    return sum(POINTS[question.kind] for question in questions(name))


def takes(name: str) -> float:
    """Return how many minutes a test or the exam takes."""
    texts = (
        " ".join([question.text, *question.options.values()])
        for question in questions(name)
    )
    n_words = sum(len(text.split()) for text in texts)
    return n_words / reading_time.WORDS_A_MINUTE + THINKING[name] * points(name)


def place(question: Question, course: Labs) -> Unit:
    """Return the section in which a lab asks a question.

    Raises
    ------
    LabError
        If its lab does not ask it.
    """
    nb, at = course[question.lab[3:]], 0
    for cell in nb.cells:
        if cell.cell_type == "markdown":
            found = re.findall(r"^## (\d+)\. ", cell.source, re.MULTILINE)
            at = int(found[-1]) if found else at
        elif question.key in [q.key for q in asked.questions(cell)]:
            return next(u for u in units(nb) if u.number == max(at, 1))
    raise LabError(f"lab {editions.number(nb)} does not ask {question.key}")


def exhibit(question: Question, course: Labs) -> list[Node]:
    """Return what a case of the bug clinic shows: its program, and what came out."""
    case = question.name.rpartition("_")[0]
    call = f"{question.lab}.{case}.show()"
    nb = course.get(question.lab.removeprefix("lab"), NotebookNode(cells=[]))
    for cell in nb.cells:
        if cell.cell_type == "code" and call in cell.source:
            return tree.code(cell)[1:]
    return []


# Papers ---------------------------------------------------------------------------


def pdf(name: str, notebooks: Sequence[NotebookNode], workshop: Path) -> bytes:
    """Return one of the `PAPERS`.

    Parameters
    ----------
    name : str
    notebooks : sequence of NotebookNode
        All labs of the course, executed.
    workshop : Path
        See `paper.fill_workshop`.
    """
    edition, make = PAPERS[name]
    blocks = make(by_number(notebooks))
    text = paper.document(
        "lab",
        paper.write(blocks),
        title=paper.quote(tree.plain(blocks[0])),
        course=paper.quote(credits.read().title),
        edition=paper.quote(word(edition)),
        compact="true",
    )
    return paper.pdf(text, workshop, name)


def in_markdown(course: Labs) -> str:
    """Return the syllabus."""
    parts = [f"# {word('syllabus')}", word("syllabus-is").format(**data())]
    for of in data()["plan"]:
        made = sessions(of, course)
        parts.append(f"## {word('in-sessions').format(n=len(made))}")
        if out := left_out(of, course):
            minutes = math.ceil(total(out))
            parts.append(
                f"**{word('left-out')}** "
                + word("left-out-is").format(
                    what=_sections(out, course), minutes=minutes
                )
            )
            parts.append(_missed(out, course))
        for n, session in enumerate(made, 1):
            parts += _session(n, session, course)
    return "\n\n".join(filter(None, parts))


def _missed(out: Sequence[Unit], course: Labs) -> str:
    """Return which questions of the exam a plan does not prepare for."""
    numbers = [
        str(n)
        for n, question in enumerate(questions("exam"), 1)
        if place(question, course) in out
    ]
    return word("not-asked").format(numbers=", ".join(numbers)) if numbers else ""


def _session(n: int, session: Session, course: Labs) -> list[str]:
    """Return one session: what to say, a table of what is done, and homework."""
    rows = []
    if session.test:
        what = word(f"test-{session.test}")
        rows.append((word("test"), what, takes(session.test)))
    for lab in dict.fromkeys(unit.lab for unit in session.teach):
        those = [unit for unit in session.teach if unit.lab == lab]
        title = f"{word('lab')} {int(lab)}"
        rows.append((title, _named(those), total(those)))
    if session.solve:
        rows.append(
            (word("exercises"), _exercises(session.solve), total(session.solve))
        )
    rows.append((f"**{word('together')}**", "", session.minutes))
    table = [f"| | {word('in-class')} | {word('min')} |", "|:--|:--|--:|"]
    table += [f"| {a} | {b} | {minutes:.0f} |" for a, b, minutes in rows]
    home = []
    if session.read:
        home.append(
            word("to-read").format(
                what=_sections(session.read, course),
                minutes=math.ceil(total(session.read)),
            )
        )
    if session.home:
        home.append(
            word("to-solve").format(
                what=_exercises(session.home), minutes=total(session.home)
            )
        )
    return [
        f"### {word('session')} {n}",
        f"**{word('say')}** {session.say}",
        "\n".join(table),
        f"**{word('homework')}** " + " ".join(home or [word("nothing")]),
    ]


def _named(those: Sequence[Unit]) -> str:
    return ", ".join(
        f"{u.number}\u00a0*{u.title}*\u00a0({u.minutes:.0f})" for u in those
    )


def _sections(those: Sequence[Unit], course: Labs) -> str:
    """Return sections in words, a whole lab by its title."""
    said = []
    for lab in dict.fromkeys(unit.lab for unit in those):
        own = [unit for unit in those if unit.lab == lab]
        whole = own == units(course[lab])
        title = editions.title(course[lab]).partition(". ")[2]
        what = f"*{title}*" if whole else _named(own)
        said.append(f"{word('lab')} {int(lab)}, {what}")
    return "; ".join(said)


def _exercises(those: Sequence[plan.Task]) -> str:
    said = []
    for lab in dict.fromkeys(task.lab for task in those):
        own = [task for task in those if task.lab == lab]
        numbers = ", ".join(
            f"{task.number} ({', '.join(f'`{name}`' for name in task.names)})"
            for task in own
        )
        said.append(f"{word('lab')} {int(lab)}: {numbers}")
    return "; ".join(said)


def syllabus(course: Labs) -> list[Node]:
    """Return the syllabus as blocks."""
    return tree.read(in_markdown(course))


def questionnaire(name: str, course: Labs) -> list[Node]:
    """Return a test, ``"before"`` or ``"after"``, or the exam, for a student."""
    those = questions(name)
    said = word(f"{name}-is").format(
        n=len(those), points=points(name), minutes=5 * math.ceil(takes(name) / 5)
    )
    found = tree.read(f"# {word(f'test-{name}')}\n\n{said}")
    shown = str(points(name)) if name == "exam" else ""
    found.insert(1, tree.div([], "name", points=shown))
    for number, question in enumerate(those, 1):
        text, *options = tree.question(question, number)
        if name == "exam":
            worth = word("worth").format(n=POINTS[question.kind])
            text["c"][1:1] = [SPACE, *tree.inlines(worth)]
        inside = [text, *exhibit(question, course), *options]
        about = {"kind": question.kind, "exam": str(name == "exam").lower()}
        found.append(tree.div(inside, "question", **about))
    return found


def exam_key(course: Labs) -> list[Node]:
    """Return the exam's key: answers at a glance, then why."""
    those = questions("exam")
    rows = [[word("question"), word("answer"), word("points"), word("taught")]]
    rows.append(["--:", ":--", "--:", ":--"])
    for number, question in enumerate(those, 1):
        unit = place(question, course)
        rows.append(
            [
                str(number),
                short_answer(question),
                str(POINTS[question.kind]),
                f"{word('lab')} {int(unit.lab)}, {unit.number}\u00a0{unit.title}",
            ]
        )
    said = word("exam-key-is").format(points=points("exam"))
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    found = tree.read(f"# {word('exam-key')}\n\n{said}\n\n{table}")
    found += tree.read(f"## {word('why')}")
    for number, question in enumerate(those, 1):
        found.append(_answer(f"{word('question')} {number}", question))
    return found


def test_key(course: Labs) -> list[Node]:
    """Return the key of both tests, idea by idea."""
    found = tree.read(f"# {word('test-key')}\n\n{word('test-key-is')}")
    for number, idea in enumerate(data()["idea"], 1):
        (unit,) = picked(idea["taught"], course)
        where = f"{word('lab')} {int(unit.lab)}, {unit.number} {unit.title}"
        found += tree.read(f"**{number}\u00a0 {idea['about']}** ({where})")
        for name in ("before", "after"):
            found.append(_answer(word(name), asked.find(idea[name])))
    return found


def short_answer(question: Question) -> str:
    """Return the right answer as it is marked: letters, or a number and its range."""
    if question.kind != "number":
        return ", ".join(str(question.right))
    said = f"{question.right:g}"
    return f"{said} ± {question.tolerance:g}" if question.tolerance else said


def _answer(lead: str, question: Question) -> Node:
    """Return a paragraph with the right answer and why, after words in bold."""
    said = asked.answer(question)
    if question.tolerance:
        said = said.replace(". ", f" (± {question.tolerance:g}). ", 1)
    return tree.para([tree.strong(lead), SPACE, *tree.inlines(said)])


# The edition of each paper, and what makes it.
PAPERS: dict[str, tuple[str, Callable[[Labs], list[Node]]]] = {
    "syllabus": ("teachers", syllabus),
    "test-before": ("student", functools.partial(questionnaire, "before")),
    "test-after": ("student", functools.partial(questionnaire, "after")),
    "test-instructor": ("instructor", test_key),
    "exam": ("student", functools.partial(questionnaire, "exam")),
    "exam-instructor": ("instructor", exam_key),
}
