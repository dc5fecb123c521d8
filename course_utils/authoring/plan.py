"""An instructor's edition on paper: a plan for the lesson, then the lab itself."""

import functools
import itertools
import re
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from course_utils.authoring import asked, editions, reading_time, words, worksheet
from course_utils.authoring.labs import LabError
from course_utils.authoring.words import bold, word

N_MISTAKES = 3
N_CASES = 3  # inputs with which a mistake is tried until it shows


class Task(NamedTuple):
    """An exercise as a lab asks for it."""

    lab: str
    number: int
    names: tuple[str, ...]
    minutes: int

    @property
    def key(self) -> str:
        """The lab and the number: ``"04.2"``."""
        return f"{self.lab}.{self.number}"

    @property
    def called(self) -> str:
        """The names of its functions, in markdown."""
        return ", ".join(f"`{name}`" for name in self.names)


def instructor(nb: NotebookNode) -> NotebookNode:
    """Return the instructors' edition for paper, with the plan after the title."""
    made = editions.instructor(nb)
    worksheet.add_tasks(made, for_instructors=True)
    title, _, rest = made.cells[0].source.partition("\n")
    plan = f"{title}\n\n::::: plan\n{in_markdown(nb)}\n:::::"
    made.cells[:1] = [new_markdown_cell(plan), new_markdown_cell(rest.strip())]
    return made


def in_markdown(nb: NotebookNode) -> str:
    """Return the plan for a lesson, as markdown."""
    data = worksheet.lessons().get(editions.number(nb), {})
    optional = [
        word("skip-deeper", title=section.title, minutes=section.minutes)
        for section in reading_time.sections(nb)
        if words.section_role(section.title) == "deeper"
    ]
    home = [word("task", **t._asdict() | {"names": t.called}) for t in tasks(nb)]
    parts = {
        "opening": opening(nb),
        "board": "\n\n".join(["", *editions.formulas(core(nb))]),
        "minutes": f"\n\n{_minutes(nb)}",
        "where-to-stop": _where_to_stop(nb),
        "skip": " ".join([data.get("skip", ""), *optional]),
        "three": f"\n\n{_likely(nb, data)}",
        "homework": "; ".join(home) + ".",
        "symptoms": f"\n\n{_by_symptom(nb)}",
    }
    said = [f"{bold(role)} {text}" for role, text in parts.items() if text.strip()]
    return "\n\n".join([bold("plan"), *said])


def opening(nb: NotebookNode) -> str:
    """Return what a lab begins with: its riddle."""
    for paragraph in editions.paragraphs(nb):
        if not paragraph.startswith(("#", "[![", "**")):
            return " ".join(paragraph.split())
    return ""


def core(nb: NotebookNode) -> NotebookNode:
    """Return the lab without what is optional."""
    end = words.heading("deeper")
    before = itertools.takewhile(lambda c: not c.source.startswith(end), nb.cells)
    return NotebookNode(cells=[*before])


# Time -----------------------------------------------------------------------------


def _stops(section: reading_time.Section) -> bool:
    """Tell whether a section ends where a lesson may stop."""
    return any(bold("stop") in cell.source for cell in section.cells)


def _minutes(nb: NotebookNode) -> str:
    """Return the minutes of each section as a table."""
    tasks = worksheet.lessons().get(editions.number(nb), {}).get("pencil", [])
    head = [word(role) for role in ("section", "min", "questions", "tasks")]
    rows = [head, ["---", "--:", "--:", "--:"]]
    for section in filter(lambda s: s.is_core, reading_time.sections(nb)):
        # Else typst would make a list of "1. One number".
        name = section.title.replace(". ", ".\u00a0", 1) or word("start")
        name += f" (**{word('stop-here')}**)" if _stops(section) else ""
        n_questions = sum(len(asked.questions(cell)) for cell in section.cells)
        n_tasks = sum(section.title.startswith(f"{t['section']}.") for t in tasks)
        counts = [str(n or "") for n in (n_questions, n_tasks)]
        rows.append([name, f"{section.minutes:.0f}", *counts])
    return editions.table(rows)


def _where_to_stop(nb: NotebookNode) -> str:
    total, so_far, said = reading_time.estimate(nb), 0.0, []
    for section in reading_time.sections(nb):
        so_far += section.minutes
        if _stops(section):
            values = {"title": section.title, "so_far": so_far, "left": total - so_far}
            said.append(word("stop-after", **values))
    return " ".join(said) or word("no-stop")


def tasks(nb: NotebookNode) -> list[Task]:
    """Return the exercises with their minutes."""
    start = re.compile(rf"\*\*{word('exercise')} (\d+)\.?\*\* \((\d+) minutes")
    found, waiting = [], None
    for cell in nb.cells:
        for match in start.finditer(cell.source):
            waiting = match
        if waiting and (names := [e.name for e in editions.exercises(cell)]):
            number, minutes = map(int, waiting.groups())
            found.append(Task(editions.number(nb), number, tuple(names), minutes))
            waiting = None
    return found


# Mistakes -------------------------------------------------------------------------


def _mistakes(nb: NotebookNode) -> list[tuple]:
    """Return (exercise, mistake) for all that the exercises of a lab know."""
    found = {e.name: e for cell in nb.cells for e in editions.exercises(cell)}
    return [(e, mistake) for e in found.values() for mistake in e.mistakes]


def _likely(nb: NotebookNode, data: dict) -> str:
    """Return the likeliest mistakes and what to say, as a list."""
    known = {mistake.__name__: (e, mistake) for e, mistake in _mistakes(nb)}
    lines = []
    for name in data.get("mistakes", list(known)[:N_MISTAKES]):
        if name not in known:
            raise LabError(f"lessons.toml: lab {editions.number(nb)} knows no {name}")
        exercise, mistake = known[name]
        said = editions.explanation(mistake)
        lines.append(f"* `{exercise.name}`, *{_called(exercise, mistake)}*: {said}")
    return "\n".join(lines)


def _called(exercise, mistake: Callable) -> str:
    """Return the name of a mistake in words, without that of its exercise."""
    name = mistake.__name__.removeprefix(f"{exercise.name}_")
    return editions.as_markdown(name.replace("_", " "))


def _by_symptom(nb: NotebookNode) -> str:
    """Return the mistakes of a lab, sorted by what a learner sees of them."""
    found = {}
    for exercise, mistake in _mistakes(nb):
        by_exercise = found.setdefault(symptom(exercise, mistake), {})
        by_exercise.setdefault(exercise.name, []).append(_called(exercise, mistake))
    order = list(words.table().values())
    lines = []
    for seen in sorted(found, key=lambda s: order.index(s) if s in order else -1):
        names = (f"`{name}`: {', '.join(_once(m))}" for name, m in found[seen].items())
        lines.append(f"* *{editions.as_markdown(seen)}.* {'; '.join(names)}.")
    return "\n".join(lines)


def _once(names: list[str]) -> list[str]:
    """Return of names that differ in a number only the last one."""
    return list({editions.without_numbers(name): name for name in names}.values())


def symptom(exercise, mistake: Callable) -> str:
    """Return what a learner sees who makes a mistake, in words."""
    for case in exercise.cases[:N_CASES]:
        trial = exercise.trial(mistake, case)
        if not trial.problem:
            continue
        kind, _ = trial.problem
        if kind == "error":
            return word("sees-error", name=type(trial.got.error).__name__)
        if kind == "value":
            kind = _kind_of_numbers(trial.got.value, trial.right.value)
        elif kind == "form" and _same_type(trial.got.value, trial.right.value):
            kind = "shape"
        return word(f"sees-{kind}")
    return word("sees-edge")


def _kind_of_numbers(got, right) -> str:
    """Return what is strange about wrong numbers, at first sight."""
    got, right = np.array(_numbers(got)), np.array(_numbers(right))
    alike = functools.partial(np.allclose, rtol=1e-4, atol=1e-6)
    if got.size != right.size or not got.size:
        return "numbers"
    with np.errstate(all="ignore"):
        ratio = got / right
        seen = {
            "nan": not np.isfinite(got).all() and np.isfinite(right).all(),
            "sign": right.any() and alike(got, -right),
            "negative": got.min() < 0 <= right.min(),
            "large": got.max() > 1.001 and right.min() >= 0 and right.max() <= 1,
            "zero": alike(got, 0),
            "half": alike(got, 0.5),
            "shift": got.size > 1 and alike(got - right, got[0] - right[0]),
            "factor": got.size > 1 and right.all() and alike(ratio, ratio[0]),
        }
    return next((kind for kind, is_it in seen.items() if is_it), "numbers")


def _numbers(value) -> list[float]:
    """Return all numbers of a result, in order."""
    if hasattr(value, "detach"):
        value = value.detach().double().flatten().tolist()
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        return [number for part in value for number in _numbers(part)]
    return [float(value)] if isinstance(value, bool | int | float) else []


def _same_type(got, right) -> bool:
    """Tell whether two results have the same types, tensor by tensor."""
    if isinstance(got, list | tuple) and isinstance(right, list | tuple):
        return len(got) == len(right) and all(map(_same_type, got, right))
    return getattr(got, "dtype", type(got)) == getattr(right, "dtype", type(right))
