"""Questions where nobody can click: nothing tells the answer too early."""

import functools
import re

import nbformat
import pytest
from nbformat import v4

from course_utils.authoring import asked, editions, labs, paper, tree
from course_utils.authoring.labs import LabError
from course_utils.exercises import lab01

PATHS = [
    path for path in labs.lab_paths() if ".ask()" in path.read_text(encoding="utf-8")
]
by_lab = pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)


@functools.cache
def stored(path):
    return nbformat.read(path.with_suffix(".ipynb"), as_version=4)


@functools.cache
def a_students(path):
    """Return a student's edition, and what it is on paper."""
    nb = editions.student(stored(path))
    return nb, paper.to_typst(nb)[0]


def asked_in(path):
    return [q for cell in stored(path).cells for q in asked.questions(cell)]


def squeeze(text):
    """Leave letters and digits: typst and HTML write the rest in their own way."""
    text = re.sub(r"<[^>]*>|&#?\w+;|#?raw\(|\\\S", "", text)
    return re.sub(r"[^A-Za-z0-9]", "", text)


def telling(question):
    """Return what only somebody who knows the answer says: words, no symbols."""
    texts = [question.because, *question.why.values(), question.otherwise]
    return [
        squeeze(words)
        for text in texts
        for words in re.findall(r"(?:[A-Za-z]+,? ){4,}[A-Za-z]+", text)[:1]
    ]


def test_labs_ask():
    assert {"00", "01"} <= {path.stem[:2] for path in PATHS}


@by_lab
def test_a_students_paper_answers_in_the_key_alone(path):
    _, text = a_students(path)
    questions = asked_in(path)
    body, heading, key = text.partition("#key[")
    assert heading
    assert body.count("#question[") == len(questions) > 0
    n_numbers = sum(q.kind == "number" for q in questions)
    assert body.count("#answer-line(true, true)") == n_numbers
    n_ticks = sum(len(q.options) for q in questions if q.kind in ("choice", "several"))
    assert body.count("#tick[") == n_ticks
    for question in questions:
        why, *wrong = telling(question)
        assert why in squeeze(key)
        for words in (why, *wrong):
            assert words not in squeeze(body)
        for words in wrong:
            assert words not in squeeze(key)
    assert ".ask()" not in text
    assert ".result()" not in text
    assert "not answered yet" not in text


@by_lab
def test_what_a_result_cell_shows_stands_in_the_key(path):
    nb, text = a_students(path)
    body, _, key = text.partition("#key[")
    for position, cell in enumerate(nb.cells):
        if "tells" not in cell.metadata:
            continue
        for output in cell.outputs:
            printed = paper.quote(output.get("text", "").strip("\n"))[:-1]
            assert printed in key
            assert printed == '"' or printed not in body
        if any("image/png" in o.get("data", {}) for o in cell.outputs):
            seen = nb.cells[position + 1].source.partition("\n")[0]
            seen = max(re.split(r"\*\*|\$", seen), key=len)  # no bold, no formula
            assert squeeze(seen) in squeeze(key)
            assert squeeze(seen) not in squeeze(body)
    assert key.count("#picture(") >= (path.stem[:2] == "01") * 5


@by_lab
def test_an_instructor_has_every_explanation_beside_its_question(path):
    text, _ = paper.to_typst(editions.instructor(stored(path)))
    assert "#key[" not in text
    parts = text.split("#question[")[1:]
    questions = asked_in(path)
    assert len(parts) == len(questions)
    for part, question in zip(parts, questions, strict=True):
        assert "#note[" in part
        for words in telling(question):
            assert words in squeeze(part)


def test_a_result_needs_its_question():
    nb = v4.new_notebook(cells=[v4.new_code_cell("lab01.shifted.result()")])
    with pytest.raises(LabError, match=r"lab01.shifted has a result before it is"):
        asked.mark(nb)
    nb = v4.new_notebook(cells=[v4.new_code_cell("lab01.nothing.ask()")])
    with pytest.raises(LabError, match="there is no question nothing in"):
        asked.mark(nb)


def test_notes_answer_what_a_lab_leaves_open(monkeypatch):
    (path,) = labs.lab_paths(["01"])
    note = "At the largest. Let them *guess* first."
    monkeypatch.setattr(lab01, "notes", {"plots.slider(draw": note}, raising=False)
    cells = editions.instructor(stored(path)).cells
    position = next(i for i, c in enumerate(cells) if "plots.slider(" in c.source)
    assert cells[position + 1].source == f"**Answer** {note}"
    assert cells[position + 1].metadata["note"] == "answer"
    assert note not in str(editions.student(stored(path)))
    for text, n in (("no such text", 0), ("softmax", "\\d+")):
        monkeypatch.setattr(lab01, "notes", {text: note})
        with pytest.raises(LabError, match=f"lab01: {n} cells contain"):
            editions.instructor(stored(path))


def test_links_within_the_labs_are_words_elsewhere():
    text = "See [The published lab](#The-published-lab), [lab 2](02_x.ipynb), [a](https://b.c)."
    nb = v4.new_notebook(cells=[v4.new_markdown_cell(f"# 1. T\n\n{text}<!-- x -->")])
    (cell,) = editions.student(nb).cells
    assert "See The published lab, lab 2, [a](https://b.c)." in cell.source
    assert "<!--" not in cell.source


@pytest.mark.parametrize(
    ("text", "typst"),
    [
        ("1 / (1 + e^-17)", "1 / (1 + e#super[\u221217])"),
        ("e^(z + 100) is large", "e#super[z + 100] is large"),
        ("-log 0.5, (-2.8) and 3 - 4", "\u2212log 0.5, (\u22122.8) and 3 - 4"),
        ("-inf, one-hot, 3-4", r"\-inf, one-hot, 3-4"),
    ],
)
def test_powers_and_minus_signs_are_set_as_such(text, typst):
    assert paper.write([tree.para(tree.inlines(text))]).strip() == typst
    code = tree.inlines(f"`{text}`")  # is left as it is
    assert [part["c"][1] for part in code] == [text]
