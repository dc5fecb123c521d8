"""Questions where no kernel runs: on paper, on a slide, on the web site."""

import importlib
import re
from collections.abc import Sequence

from nbformat import NotebookNode

from course_utils.authoring import concepts, words
from course_utils.authoring.labs import LabError
from course_utils.exercises.questions import Question, WarmUp

CALL = re.compile(r"^(lab\d\d)\.(\w+)\.(ask|result)\(\)\n?", re.MULTILINE)

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


def find(key: str) -> Question:
    """Return the question with a key such as ``"lab01.shifted"``.

    Those of the bug clinic belong to a case; `concepts` holds those that no lab asks.

    Raises
    ------
    LabError
        If there is none.
    """
    module, _, name = key.partition(".")
    try:
        found = vars(importlib.import_module(f"course_utils.exercises.{module}"))
    except ModuleNotFoundError:
        found = concepts.QUESTIONS if module == "concepts" else {}
    cases = [q for v in found.values() if isinstance(v, WarmUp) for q in v.fixed]
    for question in (found.get(name), *cases):
        if isinstance(question, Question) and question.key == key:
            return question
    raise LabError(f"there is no question {key}")


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
    return found + (
        [(words.word("others"), question.otherwise)] if question.otherwise else []
    )
