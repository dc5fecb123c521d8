"""The course in sessions of a class, its two tests and its exam.

What belongs where stands in ``syllabus.toml``; minutes, points and keys are calculated
from the labs and their questions.
"""

import functools
import itertools
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from nbformat import NotebookNode

from course_utils.authoring import (
    asked,
    editions,
    paper,
    plan,
    reading_time,
    tree,
    words,
)
from course_utils.authoring.labs import LabError
from course_utils.authoring.tree import SPACE, Node
from course_utils.authoring.words import bold, word
from course_utils.exercises.questions import Question

data = functools.partial(words.data, "syllabus")
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

    def where(self, space: str = " ") -> str:
        """Return the place in words."""
        return f"{word('lab')} {int(self.lab)}, {self.number}{space}{self.title}"


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
        return total(self.teach + self.solve) + (takes(self.test) if self.test else 0)


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
    for section in filter(lambda s: s.is_core, reading_time.sections(nb)):
        minutes = section.minutes
        if numbered := re.match(r"(\d+)\. (.+)", section.title):
            found.append(Unit(lab, int(numbered[1]), numbered[2], minutes + before))
            before = 0.0
        elif found:
            *_, last = found
            found[-1] = last._replace(minutes=last.minutes + minutes)
        else:
            before += minutes
    return found


def picked(text: str, course: Labs) -> list[Unit]:
    """Return the sections that a text such as ``"04"`` or ``"04.1-3"`` names."""
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


def named(part: Mapping, key: str, course: Labs) -> list[Unit]:
    """Return the sections that a part of a plan has under a key, such as ``"out"``."""
    return [unit for text in part.get(key, []) for unit in picked(text, course)]


def sessions(of: Mapping, course: Labs) -> list[Session]:
    """Return the sessions of a plan."""
    made = []
    for session in of["session"]:
        teach, read = (named(session, key, course) for key in ("teach", "read"))
        solve = [_task(key, course) for key in session.get("solve", [])]
        test = session.get("test", "")
        made.append(Session(session["say"], test, teach, solve, read, []))
    solved = {task.key for session in made for task in session.solve}
    # In which session a lab ends: what is not solved in class is homework after it.
    ends = {unit.lab: one for one in made for unit in one.teach + one.read}
    for lab, session in ends.items():
        session.home.extend(t for t in tasks(lab, course) if t.key not in solved)
    return made


def tasks(lab: str, course: Labs) -> list[plan.Task]:
    """Return the exercises of a lab's core."""
    return plan.tasks(plan.core(course[lab]))


def _task(key: str, course: Labs) -> plan.Task:
    lab = key.partition(".")[0]
    for task in tasks(lab, course) if lab in course else []:
        if task.key == key:
            return task
    raise LabError(f"syllabus.toml: there is no exercise {key}")


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
    texts = [text for q in questions(name) for text in (q.text, *q.options.values())]
    n_words = sum(len(text.split()) for text in texts)
    return n_words / reading_time.WORDS_A_MINUTE + THINKING[name] * points(name)


def place(question: Question, course: Labs) -> Unit:
    """Return the section in which a lab asks a question."""
    nb, at = course[question.lab[3:]], 1
    for section in reading_time.sections(nb):
        if numbered := re.match(r"(\d+)\. ", section.title):
            at = int(numbered[1])
        keys = [q.key for cell in section.cells for q in asked.questions(cell)]
        if question.key in keys:
            return next(u for u in units(nb) if u.number == at)
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


def pdf(notebooks: Sequence[NotebookNode], workshop: Path, name: str) -> bytes:
    """Return one of the `PAPERS` of all labs; for the workshop see `paper.pdf`."""
    edition, make = PAPERS[name]
    blocks = make(by_number(notebooks))
    title, body = tree.plain(blocks[0]), paper.write(blocks)
    return paper.pdf(paper.lab(edition, body, title, compact=True), workshop, name)


def in_markdown(course: Labs) -> str:
    """Return the syllabus."""
    parts = [f"# {word('syllabus')}", word("syllabus-is", **data())]
    for of in data()["plan"]:
        made = sessions(of, course)
        parts.append(f"## {word('in-sessions', n=len(made))}")
        if out := named(of, "out", course):
            said = word("left-out-is", what=_sections(out, course), minutes=_whole(out))
            parts.append(f"{bold('left-out')} {said}")
            numbers = [
                str(n)
                for n, question in enumerate(questions("exam"), 1)
                if place(question, course) in out
            ]
            if numbers:
                parts.append(word("not-asked", numbers=", ".join(numbers)))
        for n, session in enumerate(made, 1):
            parts += _session(n, session, course)
    return "\n\n".join(parts)


def _session(n: int, session: Session, course: Labs) -> list[str]:
    """Return one session: what to say, a table of what is done, and homework."""
    done = []
    if session.test:
        done.append((word("test"), word(f"test-{session.test}"), takes(session.test)))
    for lab, own in _by_lab(session.teach):
        done.append((lab, _named(own), total(own)))
    if session.solve:
        solve = session.solve
        done.append((word("exercises"), _exercises(solve), total(solve)))
    done.append((bold("together"), "", session.minutes))
    rows = [["", word("in-class"), word("min")], [":--", ":--", "--:"]]
    rows += [[what, which, f"{minutes:.0f}"] for what, which, minutes in done]
    home = []
    if read := session.read:
        what = _sections(read, course)
        home.append(word("to-read", what=what, minutes=_whole(read)))
    if tasks := session.home:
        home.append(word("to-solve", what=_exercises(tasks), minutes=total(tasks)))
    return [
        f"### {word('session')} {n}",
        f"{bold('say')} {session.say}",
        editions.table(rows),
        f"{bold('homework')} {' '.join(home) or word('nothing')}",
    ]


def _whole(those: Sequence[Unit]) -> int:
    return math.ceil(total(those))


def _by_lab(those: Sequence[Unit | plan.Task]) -> Iterator[tuple[str, list]]:
    """Return sections or exercises of each lab, after its name."""
    for lab, own in itertools.groupby(those, lambda one: one.lab):
        yield f"{word('lab')} {int(lab)}", list(own)


def _named(those: Sequence[Unit]) -> str:
    return ", ".join(
        f"{u.number}\u00a0*{u.title}*\u00a0({u.minutes:.0f})" for u in those
    )


def _sections(those: Sequence[Unit], course: Labs) -> str:
    """Return sections in words, a whole lab by its title."""
    said = []
    for lab, own in _by_lab(those):
        nb = course[own[0].lab]
        title = editions.title(nb).partition(". ")[2]
        what = f"*{title}*" if own == units(nb) else _named(own)
        said.append(f"{lab}, {what}")
    return "; ".join(said)


def _exercises(those: Sequence[plan.Task]) -> str:
    return "; ".join(
        f"{lab}: " + ", ".join(f"{task.number} ({task.called})" for task in own)
        for lab, own in _by_lab(those)
    )


def syllabus(course: Labs) -> list[Node]:
    """Return the syllabus as blocks, of which each session stays on one page."""
    found = []
    for block in tree.read(in_markdown(course)):
        level = block["c"][0] if block["t"] == "Header" else 9
        if level == 3:
            found.append(tree.div([], "session"))
        inside = level >= 3 and found and tree.role(found[-1]) == "session"
        (found[-1]["c"][1] if inside else found).append(block)
    return found


def questionnaire(name: str, course: Labs) -> list[Node]:
    """Return a test, ``"before"`` or ``"after"``, or the exam, for a student."""
    those, minutes = questions(name), 5 * math.ceil(takes(name) / 5)
    said = word(f"{name}-is", n=len(those), points=points(name), minutes=minutes)
    found = tree.read(f"# {word(f'test-{name}')}\n\n{said}")
    exam = name == "exam"
    found.insert(1, tree.div([], "name-line", points=str(points(name)) if exam else ""))
    for number, question in enumerate(those, 1):
        text, *options = tree.question(question, number)
        if exam:
            worth = word("worth", n=POINTS[question.kind])
            text["c"][1:1] = [SPACE, *tree.inlines(worth)]
        inside = [text, *exhibit(question, course), *options]
        about = {"kind": question.kind, "exam": str(exam).lower()}
        found.append(tree.div(inside, "question", **about))
    return found


def exam_key(course: Labs) -> list[Node]:
    """Return the exam's key: answers at a glance, then why."""
    rows = [[word(role) for role in ("question", "answer", "points", "taught")]]
    rows.append(["--:", ":--", "--:", ":--"])
    why = []
    for number, question in enumerate(questions("exam"), 1):
        where = place(question, course).where("\u00a0")
        answer, worth = short_answer(question), POINTS[question.kind]
        rows.append([str(number), answer, str(worth), where])
        why.append(_answer(f"{word('question')} {number}", question))
    said = word("exam-key-is", points=points("exam"))
    parts = [f"# {word('exam-key')}", said, editions.table(rows), f"## {word('why')}"]
    return tree.read("\n\n".join(parts)) + why


def test_key(course: Labs) -> list[Node]:
    """Return the key of both tests, idea by idea."""
    found = tree.read(f"# {word('test-key')}\n\n{word('test-key-is')}")
    for number, idea in enumerate(data()["idea"], 1):
        (unit,) = picked(idea["taught"], course)
        found += tree.read(f"**{number}\u00a0 {idea['about']}** ({unit.where()})")
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
