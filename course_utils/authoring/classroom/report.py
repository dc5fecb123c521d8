"""Write what a teacher and each student read, and what a learning platform imports."""

import csv
import functools
import io
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup, escape

from course_utils.authoring.classroom.collect import HandIn, Lab
from course_utils.authoring.publish import publish
from course_utils.exercises.questions import as_html

# Shorter answers, in nodes of the syntax tree, are alike because the task is short.
ENOUGH = 45
NOT_TRIED = ("stub", "missing")
LISTED = ("listed", "listed and more")
NOISE = re.compile(r", (requires_grad=True|grad_fn=<\w+>)")  # in a printed tensor
PLAIN = {  # a kind of answer in words for the teacher
    "forbidden": "right values, but by a way that the exercise rules out",
    "stopped": "stopped",
    "tampered": "changed the checks themselves",
    "no function": "something that is no function",
    "unavailable": "cannot be checked on this machine",
}

Done = list[tuple[HandIn, dict[str, dict]]]


def write(
    done: Done,
    known: dict[str, Lab],
    without: list[HandIn],
    notes: list[str],
    out: Path,
) -> None:
    """Write all results of a class, and who is without, into a folder."""
    chosen = [known[name] for name in sorted({hand_in.lab for hand_in, _ in done})]
    files = {
        "marks.csv": _csv(marks(done, chosen, without)),
        "class.html": _page(
            "class.html",
            title="What the class got wrong",
            headline=headline(done, without),
            labs=[_seen(done, lab) for lab in chosen],
            notes=notes,
        ),
    }
    platforms = {hand_in.platform for hand_in, _ in done}
    if "canvas" in platforms:
        files["canvas.csv"] = _csv(canvas(done, chosen))
    if "moodle" in platforms:
        files |= {f"moodle_{lab.module}.csv": _csv(moodle(done, lab)) for lab in chosen}
    publish(files, out)
    _feedback(done, known, without, out / "feedback")


def headline(done: Done, without: list[HandIn]) -> str:
    """Say how many were handed in and judged, and name those that were not."""
    whose = defaultdict(list)
    for hand_in in without:
        whose[hand_in.why].append(hand_in.student)
    said = [f"{len(done) + len(without)} handed in", f"{len(done)} judged"]
    said += [f"{len(w)} {why}: {', '.join(w)}" for why, w in whose.items()]
    return ", ".join(said)


# Tables ---------------------------------------------------------------------------


def marks(done: Done, chosen: list[Lab], without: Sequence[HandIn] = ()) -> list[list]:
    """Return a row for each student: 1, 0, or nothing where nothing was judged."""
    columns = [(lab.module, x) for lab in chosen for x in (*lab.exercises, "sum", "of")]
    rows = [["student", "id", *map(" ".join, columns)]]
    for (student, number), labs in _students(done, without).items():
        row = [student, number]
        for lab in chosen:
            answers = labs.get(lab.name)
            points = [""] * len(lab.exercises)
            if answers:
                points = [int(answers[name]["right"]) for name in lab.exercises]
            row += [*points, sum(points) if answers else "", len(points)]
        rows.append(row)
    return rows


def moodle(done: Done, lab: Lab) -> list[list]:
    """Return Moodle's grading worksheet of an assignment."""
    rows = [["Identifier", "Full name", "Grade", "Maximum Grade",
             "Last modified (grade)", "Feedback comments"]]  # fmt: skip
    for hand_in, answers in done:
        if hand_in.lab == lab.name and hand_in.platform == "moodle":
            said = "; ".join(f"{name}: {_said(a)}" for name, a in answers.items())
            rows.append([f"Participant {hand_in.id}", hand_in.student, _points(answers),
                         len(lab.exercises), "-", said])  # fmt: skip
    return rows


def canvas(done: Done, chosen: list[Lab]) -> list[list]:
    """Return a gradebook that Canvas imports, with a column for each lab."""
    titles = [f"Lab {lab.title}".replace(".", "", 1) for lab in chosen]
    rows = [
        ["Student", "ID", "Section", *titles],
        ["    Points Possible", "", "", *(len(lab.exercises) for lab in chosen)],
    ]
    theirs = [(h, answers) for h, answers in done if h.platform == "canvas"]
    for (student, number), labs in _students(theirs).items():
        points = [_points(labs[x.name]) if x.name in labs else "" for x in chosen]
        rows.append([student, number, "", *points])
    return rows


def _students(
    done: Done, without: Sequence[HandIn] = ()
) -> dict[tuple[str, str], dict[str, dict]]:
    """Return the answers of each student, by lab; sorted by name."""
    found: dict[tuple, dict] = defaultdict(
        dict, {(h.student, h.id): {} for h in without}
    )
    for hand_in, answers in done:
        found[hand_in.student, hand_in.id][hand_in.lab] = answers
    return dict(sorted(found.items(), key=lambda item: item[0][0].casefold()))


def _points(answers: dict) -> int:
    return sum(answer["right"] for answer in answers.values())


def _not_tried(answer: dict) -> bool:
    return answer["kind"] in NOT_TRIED


def _said(answer: dict) -> str:
    if _not_tried(answer):
        return "not tried"
    return "right" if answer["right"] else "not yet"


def _csv(rows: list[list]) -> bytes:
    """Return a table as spreadsheets read it; a name never becomes a formula."""
    text = io.StringIO()
    csv.writer(text).writerows(
        [f"'{x}" if re.match(r"[=+@\t\r]|-.", str(x)) and isinstance(x, str) else x
         for x in row]
        for row in rows
    )  # fmt: skip
    return text.getvalue().encode("utf-8-sig")


# Pages ----------------------------------------------------------------------------


def _seen(done: Done, lab: Lab) -> dict:
    """Return what the teacher's page says of a lab, the most frequent first."""
    mine = [(h.student, answers) for h, answers in done if h.lab == lab.name]
    every = [(who, name, a) for who, found in mine for name, a in found.items()]
    wrong = [row for row in every if _said(row[2]) == "not yet"]
    exercises = []
    for name in lab.exercises:
        said = Counter(_said(answers[name]) for _, answers in mine)
        groups = defaultdict(list)
        for who, exercise, answer in wrong:
            if exercise == name:
                groups[_group(answer)].append((who, answer))
        found = sorted(groups.items(), key=lambda group: (-len(group[1]), group[0]))
        rows = [
            (what, [who for who, _ in m], m[0][1], _to_say([a for _, a in m]))
            for (what, _), m in found
        ]
        exercises.append((name, said, rows))
    stuck = []
    for who, answers in mine:
        in_vain = [n for n, a in answers.items() if _said(a) == "not yet"]
        if 2 * _points(answers) < len(lab.exercises):
            stuck.append((_points(answers), in_vain, who))
    forms, alike = defaultdict(list), defaultdict(list)
    for who, name, a in every:
        if a["form"] and a["size"] >= ENOUGH and not a["as_solution"]:
            forms[a["right"], name, a["form"]].append(who)
    for (right, name, _), group in forms.items():
        if len(group) > 1:
            alike[right, tuple(group)].append(name)
    return {
        "title": lab.title,
        "n": len(mine),
        "exercises": exercises,
        "stuck": sorted(stuck, key=lambda row: (row[0], -len(row[1]))),
        "alike": sorted(alike.items(), key=lambda pair: (pair[0][0], -len(pair[1]))),
        "as_solution": Counter(name for _, name, a in every if a["as_solution"]),
        "look_at": [
            row for row in every
            if row[2]["unusual"] or row[2]["kind"] in ("tampered", "stopped")
        ],
    }  # fmt: skip


def _group(answer: dict) -> tuple[str, str]:
    """Return what a mistake is called, or nothing and what it does."""
    if answer["kind"] in LISTED:
        return answer["name"], ""
    if answer["kind"] in PLAIN:
        return PLAIN[answer["kind"]], "".join(answer["messages"])
    words = answer["name"] + "".join(answer["messages"])[:200]
    return "", answer["does"] + words * (answer["kind"] == "error") or words


def _to_say(answers: list[dict]) -> list[str]:
    """Return what a teacher can say of equal answers: only what is true of them all."""
    mute = ("not yet.", "stopped:")
    # A check that ran out of time has no words, of the same thing.
    answers = [a for a in answers if {*a["messages"]}.difference(mute)] or answers
    first = answers[0]
    if first["kind"] in LISTED:
        return [m for m in first["messages"] if m not in mute][:1]
    *found, tried = [NOISE.sub("", text) for text in first["details"]] or [""]
    tried = tried.removeprefix("Tried: ")[:120]
    numbers = f"{'; '.join(found) or 'no number'}, for `{tried}`."
    for line in ("(?!)", " in your line `[^`]*`"):  # where one's own lines differ, none
        said = [[re.sub(line, "", m) for m in a["messages"]] for a in answers]
        shared = [m for m in said[0] if m not in mute and all(m in x for x in said)]
        if shared:
            break
    shared = shared or [f"Numbers only: {numbers}"]
    if first["says"]:
        shared.insert(0, first["says"])
    shared = [m.replace("Wrong on the one below.", f"Wrong: {numbers}") for m in shared]
    return [m.replace("your line", "the line") for m in shared]


def _short(text: str, least: int = 60, most: int = 140) -> str:
    """Return the first sentences of a text, so many that they say something."""
    first, *more = re.split(r"(?<=\.) (?=[A-Z`])", text)
    for sentence in more:
        if len(first) > least and len(first) + len(sentence) > most:
            break
        first += f" {sentence}"
    return first


def _page(template: str, **values: object) -> bytes:
    """Return a whole page, which needs no network and runs no script."""
    return _templates().get_template(template).render(values).encode(errors="replace")


@functools.cache
def _templates() -> Environment:
    folder = FileSystemLoader(Path(__file__).parents[1] / "templates" / "class")
    templates = Environment(loader=folder, autoescape=True, trim_blocks=True)
    templates.filters["marked"] = lambda text: Markup(as_html(text))
    templates.filters["function"] = lambda name: Markup(
        f"<code>{escape(name).replace('_', Markup('_<wbr>'))}</code>"
    )
    templates.filters |= {"points": _points, "short": _short}
    templates.tests["not_tried"] = _not_tried
    return templates


def _feedback(
    done: Done, known: dict[str, Lab], without: list[HandIn], folder: Path
) -> None:
    """Write a page for each student; for Moodle in the folders that it wants back."""
    every = [*(h for h, _ in done), *without]
    moodle = {(h.student, h.id): h.folder for h in every if h.folder}
    taken: set[str] = set()
    for (student, number), labs in _students(done, without).items():
        told = [(known[name].title, found) for name, found in sorted(labs.items())]
        lost = [h for h in without if (h.student, h.id) == (student, number)]
        title = f"Feedback for {student}"
        page = _page("feedback.html", title=title, labs=told, lost=lost)
        theirs = moodle.get((student, number))
        names = f"{student} {number if number not in student else ''}"
        name = base = _file_name(theirs or names)
        while name.casefold() in taken:
            name = f"{base} {len(taken)}"
        taken.add(name.casefold())
        if theirs:
            publish({"feedback.html": page}, folder / name)
        else:
            publish({f"{name}.html": page}, folder)


def _file_name(text: str) -> str:
    """Return a name that is a file's on every system, and never leads elsewhere."""
    return re.sub(r"[^\w ,()-]+", "_", text).strip(" _")[:100] or "student"
