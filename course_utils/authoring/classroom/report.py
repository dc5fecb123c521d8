"""Write what a teacher and each student read, and what a learning platform imports."""

import csv
import html
import io
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

from course_utils.authoring.classroom.collect import HandIn, Lab
from course_utils.authoring.publish import publish
from course_utils.exercises.questions import as_html

# Shorter answers, in nodes of the syntax tree, are alike because the task is short.
ENOUGH = 45
NOT_TRIED = ("stub", "missing")
PLAIN = {  # a kind of answer in words for the teacher
    "forbidden": "right values, but by a way that the exercise rules out",
    "stopped": "stopped",
    "tampered": "changed the checks themselves",
    "no function": "something that is no function",
    "unavailable": "cannot be checked on this machine",
}

CSS = """\
:root { color-scheme: light dark; }
body { font: 1.05rem/1.5 system-ui, sans-serif; max-width: 72rem; margin: auto;
  padding: 1rem; overflow-wrap: anywhere; }
p { max-width: 44rem; }
h2 { border-top: 1px solid; padding-top: .8em; margin-top: 2em; }
table { border-collapse: collapse; }
th, td { border-bottom: 1px solid gray; padding: .3em .8em; text-align: left;
  vertical-align: top; }
td:nth-child(3) { max-width: 40rem; }
pre { white-space: pre-wrap; font-size: .9em; }
summary { cursor: pointer; }
"""

Done = list[tuple[HandIn, dict[str, dict]]]


def write(done: Done, known: dict[str, Lab], notes: list[str], out: Path) -> None:
    """Write all results of a class into a folder."""
    names = dict.fromkeys(hand_in.lab for hand_in, _ in done)
    chosen = [known[name] for name in sorted(names)]
    files = {
        "marks.csv": _csv(marks(done, chosen)),
        "class.html": page("What the class got wrong", class_page(done, chosen, notes)),
    }
    platforms = {hand_in.platform for hand_in, _ in done}
    if "canvas" in platforms:
        files["canvas.csv"] = _csv(canvas(done, chosen))
    if "moodle" in platforms:
        files |= {f"moodle_{lab.module}.csv": _csv(moodle(done, lab)) for lab in chosen}
    publish(files, out)
    _feedback(done, known, out / "feedback")


# Tables ---------------------------------------------------------------------------


def marks(done: Done, chosen: list[Lab]) -> list[list]:
    """Return a row for each student: 1, 0, or nothing where nothing was handed in."""
    head = ["student", "id"]
    for lab in chosen:
        head += [f"{lab.module} {name}" for name in lab.exercises]
        head += [f"{lab.module} sum", f"{lab.module} of"]
    rows = [head]
    for (student, number), labs in _students(done).items():
        row = [student, number]
        for lab in chosen:
            answers = labs[lab.name][1] if lab.name in labs else None
            points = [
                int(answers[name]["right"]) if answers else "" for name in lab.exercises
            ]
            row += [*points, sum(points) if answers else "", len(points)]
        rows.append(row)
    return rows


def moodle(done: Done, lab: Lab) -> list[list]:
    """Return Moodle's grading worksheet of an assignment."""
    rows = [["Identifier", "Full name", "Grade", "Maximum Grade",
             "Last modified (grade)", "Feedback comments"]]  # fmt: skip
    for hand_in, answers in done:
        if hand_in.lab == lab.name and hand_in.platform == "moodle":
            identifier, said = f"Participant {hand_in.id}", _said(answers)
            points = _points(answers)
            rows.append(
                [identifier, hand_in.student, points, len(lab.exercises), "-", said]
            )
    return rows


def canvas(done: Done, chosen: list[Lab]) -> list[list]:
    """Return a gradebook that Canvas imports, with a column for each lab."""
    titles = [f"Lab {lab.title}".replace(".", "", 1) for lab in chosen]
    rows = [
        ["Student", "ID", "Section", *titles],
        ["    Points Possible", "", "", *(len(lab.exercises) for lab in chosen)],
    ]
    for (student, number), labs in _students(done).items():
        if all(hand_in.platform == "canvas" for hand_in, _ in labs.values()):
            points = [
                _points(labs[x.name][1]) if x.name in labs else "" for x in chosen
            ]
            rows.append([student, number, "", *points])
    return rows


def _students(done: Done) -> dict[tuple, dict[str, tuple[HandIn, dict]]]:
    """Return what each student handed in, by lab; sorted by name."""
    found: dict[tuple, dict] = defaultdict(dict)
    for hand_in, answers in done:
        found[hand_in.student, hand_in.id][hand_in.lab] = (hand_in, answers)
    return dict(sorted(found.items(), key=lambda item: item[0][0].casefold()))


def _points(answers: dict) -> int:
    return sum(answer["right"] for answer in answers.values())


def _said(answers: dict) -> str:
    words = {True: "right", False: "not yet"}
    return "; ".join(
        f"{name}: {'not tried' if a['kind'] in NOT_TRIED else words[a['right']]}"
        for name, a in answers.items()
    )


def _csv(rows: Iterable[list]) -> bytes:
    """Return a table as spreadsheets read it; a name never becomes a formula."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    for row in rows:
        writer.writerow(
            f"'{x}" if isinstance(x, str) and re.match(r"[=+@\t\r]|-.", x) else x
            for x in row
        )
    return text.getvalue().encode("utf-8-sig")


# The teacher's page ---------------------------------------------------------------


def class_page(done: Done, chosen: list[Lab], notes: list[str]) -> str:
    """Return what the class got wrong, the most frequent first, as HTML."""
    parts = [f"<p>{len(_students(done))} students, {len(done)} notebooks.</p>"]
    for lab in chosen:
        mine = [(h, answers) for h, answers in done if h.lab == lab.name]
        parts.append(f"<h2>{html.escape(lab.title)}</h2>")
        parts.append(_overview(mine, lab))
        parts.extend(_exercise(mine, name) for name in lab.exercises)
        parts += [_stuck(mine, lab), _alike(mine, lab), _to_look_at(mine)]
    if notes:
        parts.append(f"<h2>Files without marks</h2>{_list(map(html.escape, notes))}")
    return "\n".join(parts)


def _overview(mine: Done, lab: Lab) -> str:
    rows = []
    for name in lab.exercises:
        answers = [a[name] for _, a in mine]
        right = sum(a["right"] for a in answers)
        untried = sum(a["kind"] in NOT_TRIED for a in answers)
        rows.append(
            [f"<code>{name}</code>", right, len(answers) - right - untried, untried]
        )
    return _table(["exercise", "right", "not yet", "not tried"], rows)


def _exercise(mine: Done, name: str) -> str:
    """Return the mistakes in an exercise: known ones, then those that no list knows."""
    groups: dict[tuple, list] = defaultdict(list)
    for hand_in, answers in mine:
        answer = answers[name]
        if not answer["right"] and answer["kind"] not in NOT_TRIED:
            groups[_group(answer)].append((hand_in, answer))
    by_count = sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))
    known, unknown = [], []
    for (what, _), members in by_count:
        answer = members[0][1]
        who = _folded(f"{len(members)}", ", ".join(_who(h) for h, _ in members))
        words = _words(answer)[: 1 if answer["kind"].startswith("listed") else None]
        say = "<br>".join(map(as_html, words))  # of a listed mistake its explanation
        if what:
            row = [who, f"<code>{html.escape(what)}</code>", say]
            known.append([*row, _source(answer)])
        else:
            unknown.append([who, say, _source(answer)])
    if not by_count:
        return ""
    parts = [f"<h3><code>{name}</code></h3>"]
    if known:
        parts.append(_table(["how many", "mistake", "what to say", "an answer"], known))
    if unknown:
        parts.append("<p>Answers that no list knows, grouped by what they do:</p>")
        parts.append(_table(["how many", "what was found", "an answer"], unknown))
    return "\n".join(parts)


def _group(answer: dict) -> tuple[str, str]:
    """Return what a mistake is called, or nothing and what it does."""
    if answer["kind"] in ("listed", "listed and more"):
        return answer["name"], ""
    if answer["kind"] in PLAIN:
        return PLAIN[answer["kind"]], "".join(answer["messages"])
    return "", answer["does"] or answer["name"] + "".join(answer["messages"])[:200]


def _words(answer: dict) -> list[str]:
    return [m for m in answer["messages"] if m not in ("not yet.", "stopped:")]


def _stuck(mine: Done, lab: Lab) -> str:
    """Return who tried much and solved little, or did not try at all."""
    rows = []
    for hand_in, answers in mine:
        tried = [n for n, a in answers.items() if a["kind"] not in NOT_TRIED]
        solved = _points(answers)
        if 2 * solved < len(lab.exercises):
            open_ = [n for n in tried if not answers[n]["right"]]
            text = ", ".join(f"<code>{n}</code>" for n in open_) or "nothing tried"
            rows.append((solved, -len(open_), [_who(hand_in), solved, text]))
    if not rows:
        return ""
    head = ["student", f"solved of {len(lab.exercises)}", "tried in vain"]
    return "<h3>Who is stuck</h3>" + _table(
        head, [row for *_, row in sorted(rows, key=lambda r: r[:2])]
    )


def _alike(mine: Done, lab: Lab) -> str:
    """Return which longer answers are the same but for names and comments."""
    together: dict[tuple, list] = defaultdict(list)
    for name in lab.exercises:
        forms: dict[str, list] = defaultdict(list)
        for hand_in, answers in mine:
            a = answers[name]
            if a["form"] and a["size"] >= ENOUGH and not a["as_solution"]:
                forms[a["form"]].append(_who(hand_in))
        for group in forms.values():
            if len(group) > 1:
                together[tuple(sorted(group))].append(name)
    solution = Counter(
        name for _, answers in mine for name, a in answers.items() if a["as_solution"]
    )
    parts = []
    if together:
        rows = [
            [", ".join(who), ", ".join(f"<code>{n}</code>" for n in names)]
            for who, names in sorted(together.items(), key=lambda x: -len(x[1]))
        ]
        parts.append(_table(["students", "the same but for names and comments"], rows))
    if solution:
        said = ", ".join(f"<code>{n}</code> {c} times" for n, c in solution.items())
        parts.append(
            f"<p>Written as in the course's own solution: {said}. Every learner can "
            "read it, and for a short task there is often no other way.</p>"
        )
    if not parts:
        return ""
    return (
        "<h3>Answers that are alike</h3><p>This proves nothing: people learn together, "
        "and good answers converge. Short answers and those written as in the course's "
        "own solution are left out of the table. Ask, do not accuse.</p>"
    ) + "".join(parts)


def _to_look_at(mine: Done) -> str:
    """Return answers that use what no exercise needs, or that were stopped."""
    rows = []
    for hand_in, answers in mine:
        for name, a in answers.items():
            words = ", ".join(f"<code>{html.escape(w)}</code>" for w in a["unusual"])
            if words or a["kind"] in ("tampered", "stopped"):
                why = f"uses {words}" if words else as_html(a["messages"][-1])
                rows.append([_who(hand_in), f"<code>{name}</code>", why, _source(a)])
    if not rows:
        return ""
    text = (
        "<p>These use what no exercise needs, or did not end. Read them yourself.</p>"
    )
    head = ["student", "exercise", "why", "the answer"]
    return f"<h3>To look at</h3>{text}" + _table(head, rows)


# Feedback -------------------------------------------------------------------------


def _feedback(done: Done, known: dict[str, Lab], folder: Path) -> None:
    """Write a page for each student; for Moodle in the folders that it wants back."""
    taken: set[str] = set()
    for (student, number), labs in _students(done).items():
        parts = []
        for name, (_, answers) in sorted(labs.items()):
            parts.append(f"<h2>{html.escape(known[name].title)}</h2>")
            parts.append(f"<p>{_points(answers)} of {len(answers)} are right.</p>")
            parts += [_answer(exercise, a) for exercise, a in answers.items()]
        text = page(f"Feedback for {student}", "\n".join(parts))
        moodle_folder = next((h.folder for h, _ in labs.values() if h.folder), "")
        base = _file_name(
            moodle_folder or f"{student} {number if number not in student else ''}"
        )
        name, n = base, 1
        while name.casefold() in taken:
            n += 1
            name = f"{base} {n}"
        taken.add(name.casefold())
        if moodle_folder:
            publish({"feedback.html": text}, folder / name)
        else:
            publish({f"{name}.html": text}, folder)


def _answer(name: str, answer: dict) -> str:
    if answer["kind"] in NOT_TRIED:
        return f"<h3>… <code>{name}</code>: not tried</h3>"
    sign = "✓" if answer["right"] else "✗"
    first, *rest = answer["messages"] or ["not yet."]
    details = "\n".join(answer["details"])
    tried = f"<pre>{html.escape(details)}</pre>" if details else ""
    return "\n".join(
        [
            f"<h3>{sign} <code>{name}</code>: {as_html(first)}</h3>",
            *(f"<p>{as_html(part)}</p>" for part in rest),
            _folded("What was tried", tried) if tried else "",
        ]
    )


def _file_name(text: str) -> str:
    """Return a name that is a file's on every system, and never leads elsewhere."""
    return re.sub(r"[^\w ,()-]+", "_", text).strip(" _")[:100] or "student"


# HTML -----------------------------------------------------------------------------


def page(title: str, body: str) -> bytes:
    """Return a whole page, which needs no network and runs no script."""
    title = html.escape(title)
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{CSS}</style>"
        f"</head>\n<body><main><h1>{title}</h1>\n{body}\n</main></body></html>\n"
    ).encode("utf-8", errors="replace")


def _who(hand_in: HandIn) -> str:
    return html.escape(hand_in.student)


def _source(answer: dict) -> str:
    code = html.escape(answer["source"])
    return _folded("code", f"<pre>{code}</pre>") if code else ""


def _folded(summary: str, content: str) -> str:
    return f"<details><summary>{summary}</summary>{content}</details>"


def _table(head: list[str], rows: list[list]) -> str:
    top = "".join(f'<th scope="col">{cell}</th>' for cell in head)
    body = "".join(
        "<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def _list(items: Iterable[str]) -> str:
    return "<ul>" + "".join(f"<li>{item}</li>" for item in items) + "</ul>"
