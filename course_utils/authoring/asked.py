"""Questions where nobody can click: on paper, on a slide, on an offline page."""

import importlib
import re
from collections.abc import Sequence

from nbformat import NotebookNode

from course_utils.authoring.labs import LabError
from course_utils.exercises.questions import TASKS, Question, WarmUp

CALL = re.compile(r"^(lab\d\d)\.(\w+)\.(ask|result)\(\)\n?", re.MULTILINE)
LEAD = "Question"

# From a cell to its questions ---------------------------------------------------


def questions(cell: NotebookNode, call: str = "ask") -> list[Question]:
    """Return the questions that a code cell asks, or whose result it shows."""
    if cell.cell_type != "code":
        return []
    found = []
    for module, name, what in CALL.findall(cell.source):
        if what == call:
            found += _resolve(module, name)
    return found


def _resolve(module: str, name: str) -> Sequence[Question]:
    path = f"course_utils.exercises.{module}"
    try:
        value = getattr(importlib.import_module(path), name)
    except (ModuleNotFoundError, AttributeError):
        raise LabError(f"there is no question {name} in {path}") from None
    return value.fixed if isinstance(value, WarmUp) else [value]


def mark(nb: NotebookNode) -> None:
    """Give the questions of a lab numbers, in place, and drop what a screen needs.

    A cell that asks gets ``metadata["asks"]``, one that shows results
    ``metadata["tells"]``: the numbers of the questions. A cell of which nothing is
    left goes.
    """
    numbers = {}
    for cell in nb.cells:
        asks, tells = questions(cell), questions(cell, "result")
        for question in asks:
            numbers[question.key] = len(numbers) + 1
        if asks:
            cell.metadata["asks"] = [numbers[question.key] for question in asks]
            cell.outputs = []
        if tells:
            missing = [q.key for q in tells if q.key not in numbers]
            if missing:
                raise LabError(f"{missing[0]} has a result before it is asked")
            cell.metadata["tells"] = [numbers[question.key] for question in tells]
            cell.source = CALL.sub("", cell.source).strip("\n")
            cell.outputs = _without_pending(cell.outputs, tells)
    nb.cells = [
        cell for cell in nb.cells if "tells" not in cell.metadata or cell.source
    ]


def _without_pending(outputs: list, tells: Sequence[Question]) -> list:
    """Drop "not answered yet" from what a cell printed."""
    for output in outputs:
        if output.output_type == "stream":
            for question in tells:
                output.text = output.text.replace(question.pending_text() + "\n", "")
    return [o for o in outputs if o.output_type != "stream" or o.text]


def as_markdown(text: str) -> str:
    """Return a text of a question as markdown."""
    from course_utils.authoring.editions import as_markdown  # which imports this

    return as_markdown(text)


def answer(question: Question) -> str:
    """Return the right answer and why it is right, as plain text."""
    match question.kind:
        case "several":
            said = " and ".join(f"({letter})" for letter in question.right)
        case "order":
            said = ", ".join(f"({letter})" for letter in question.right)
        case _:
            said = question.show(question.right)
    return f"{said}. {question.because}"


def wrong_answers(question: Question) -> list[tuple[str, str]]:
    """Return each wrong answer (or each option) with its explanation."""
    names = {str(k): f"({k})" if question.options else f"{k:g}" for k in question.why}
    found = [(names[str(k)], text) for k, text in question.why.items()]
    return found + ([("Others", question.otherwise)] if question.otherwise else [])


# On paper -----------------------------------------------------------------------


def on_paper(cell: NotebookNode, raw) -> str:
    """Return questions with room to answer, as markdown for `paper`.

    Parameters
    ----------
    cell : NotebookNode
        With ``metadata["asks"]``. With ``metadata["answered"]``, too, the answers and
        all explanations stand below, as a note for the instructor.
    raw : callable
        Marks words of typst.
    """
    parts = []
    for number, question in zip(cell.metadata["asks"], questions(cell), strict=True):
        parts.append(raw("#question["))
        task = TASKS[question.kind]
        parts.append(f"**{LEAD} {number}** {as_markdown(question.text)} *{task}*")
        for letter, text in question.options.items():
            opening = "#place-for[" if question.kind == "order" else "#tick["
            parts += [raw(opening), f"({letter}) {as_markdown(text)}", raw("]")]
        parts += [
            raw(f"#sure({'true' if not question.options else 'false'})"),
            raw("]"),
        ]
        if "answered" in cell.metadata:
            parts += [raw('#note("answer")['), *_explanations(question), raw("]")]
    return "\n\n".join(parts)


def _explanations(question: Question) -> list[str]:
    wrong = wrong_answers(question)
    return [
        f"**Answer** {as_markdown(answer(question))}",
        *(f"*{as_markdown(name)}* {as_markdown(text)}" for name, text in wrong),
    ]


def key(number: int, question: Question) -> str:
    """Return one line of the key at the end of a lab, as markdown."""
    return f"**{number}** {as_markdown(answer(question))}"


# On a page and on slides --------------------------------------------------------


def blocks(question: Question, number: int) -> list[dict]:
    """Return a question as blocks of pandoc's tree."""
    lead = {"t": "Strong", "c": inlines(f"{LEAD} {number}")}
    text = [lead, {"t": "Space"}, *inlines(f"{question.text} {TASKS[question.kind]}")]
    found = [{"t": "Para", "c": text}]
    if question.options:
        style = [1, {"t": "LowerAlpha"}, {"t": "TwoParens"}]
        items = [
            [{"t": "Plain", "c": inlines(option)}]
            for option in question.options.values()
        ]
        found.append({"t": "OrderedList", "c": [style, items]})
    return found


def answer_block(question: Question) -> dict:
    """Return the right answer as a paragraph of pandoc's tree."""
    lead = {"t": "Strong", "c": inlines("Answer")}
    return {"t": "Para", "c": [lead, {"t": "Space"}, *inlines(answer(question))]}


def folded(summary: str, inside: list[dict]) -> list[dict]:
    """Return blocks that a page shows when somebody asks for them."""

    def html(text: str) -> dict:
        return {"t": "RawBlock", "c": ["html", text]}

    opening = html(f"<details><summary>{summary}</summary>")
    return [opening, *inside, html("</details>")] if inside else []


def inlines(text: str) -> list[dict]:
    """Return a text with `code` and *words* as inlines of pandoc's tree."""
    found = []
    for piece in re.split(r"(`[^`]+`|(?<![\w*])\*\w[\w ,-]*\*(?![\w*]))", text):
        if piece.startswith("`"):
            found.append({"t": "Code", "c": [["", [], []], piece.strip("`")]})
        elif re.fullmatch(r"\*\w.*\*", piece):
            found.append({"t": "Emph", "c": inlines(piece.strip("*"))})
        else:
            for word in re.split(r"(\s+)", piece):
                if word.strip():
                    found.append({"t": "Str", "c": word})
                elif word:
                    found.append({"t": "Space"})
    return found
