"""Prose comes out in pages and speaker's notes as Jupyter shows it."""

import html
import json
import re
from importlib.util import find_spec

import pytest
from nbformat import v4

from course_utils.authoring import editions, labs, tree, words

pytestmark = pytest.mark.skipif(
    not find_spec("pypandoc"), reason='needs pip install -e ".[authoring]"'
)

# A line that begins with a number and a dot: a list in pandoc's own markdown.
STARTS = r"(?m)^(?: *)(\d+)\. (\w+)"


def prose(nb):
    """Return the markdown cells without blocks of code."""
    sources = (cell.source for cell in nb.cells if cell.cell_type == "markdown")
    return [re.sub(r"```.*?```", "", text, flags=re.S) for text in sources]


def text_of(page):
    """Return what a page shows, with one space between words."""
    body = re.sub(r"<(style|script)\b.*?</\1>|<[^>]*>", " ", page, flags=re.S)
    return " ".join(html.unescape(body).split())


@pytest.mark.parametrize("path", labs.lab_paths(), ids=lambda path: path.stem)
def test_numbers_at_the_start_of_a_line_stay(path):
    nb = labs.read_lab(path)
    blocks = [block for part in tree.cells(nb) for block in part]
    text = " ".join(tree.plain(blocks).split())
    meant = 0
    for source in prose(nb):
        for number, word in re.findall(STARTS, source):
            if number == "1":  # only this one starts a list, the others go on with it
                meant += 1
                # A line of prose must not begin with it: Jupyter makes a list, too.
                assert not re.search(rf"\S\n1\. {word}", source)
            elif "\n1. " not in source:
                assert f" {number}. {word}" in text
    assert json.dumps(blocks).count('"OrderedList"') == meant


SENTENCES = {
    "is always 0. So these weights": "is always\n0. So these weights",
    "all features by 10. Which": "all features by\n10. Which",
    "once with 16. Predict Where": "once with\n16. **Predict** Where",
    "both are 0. With these": "both are\n0. With these",
    "(1) One? (2) Two?": "(1) One?\n(2) Two?",
}


def test_a_number_that_ends_a_sentence_is_no_list():
    markdown = "\n\n".join(SENTENCES.values()) + "\n\n1. first\n2. second"
    page = tree.write(tree.read(markdown), "html5")
    for sentence in SENTENCES:
        assert sentence in text_of(page)
    assert page.count("<ol") == 1
    assert page.count("<li") == 2


def test_speaker_notes_keep_the_number():
    pytest.importorskip("sphinx_revealjs", reason="decks need sphinx-revealjs")
    from course_utils.authoring import slides

    texts = ["# 9. Title", "## Slide\n\nThe first.", "\n\n".join(SENTENCES.values())]
    nb = v4.new_notebook(cells=[v4.new_markdown_cell(text) for text in texts])
    for cell, name in zip(nb.cells, "abc", strict=True):
        cell.id = name
    plan = slides.plan(nb, {"a": "slide", "b": "slide", "c": "notes"})
    deck = slides.deck(plan).decode("utf-8")
    notes = re.findall(r'<aside class="notes">.*?</aside>', deck, re.S)
    for sentence in SENTENCES:
        assert sentence in text_of("".join(notes))


def test_a_cell_does_not_reach_into_the_next():
    cells = [v4.new_markdown_cell(text) for text in ("```\n1", "- a", "- b")]
    parts = tree.cells(v4.new_notebook(cells=cells))
    assert [tree.plain(blocks).strip() for blocks in parts] == ["1", "a", "b"]


# Roles ------------------------------------------------------------------------------

PNG = v4.new_output("display_data", {"image/png": "iVBORw0KGgo="})
STUB = "def softmax(logits):\n    ...\n\n\nlab01.softmax.check(softmax)"


def small_lab():
    """Return a lab with one of each."""
    texts = {
        "title": "# 1. A lab\n\nA riddle.\n\n**You will be able to**\n\n* do it",
        "section": "## 1. A section\n\n**Rule** Do it.",
        "see": "**What you should see** A line.\n\nMore.\n\n## Exercises",
        "exercise": "**Exercise 1** (4 minutes). Write it.\n\nMind the sum.",
        "end": "## Summary\n\nEnd.\n\n## Deeper\n\nExtra.",
    }
    texts = {name: v4.new_markdown_cell(text) for name, text in texts.items()}
    cells = [
        texts["title"],
        texts["section"],
        v4.new_code_cell("lab01.shifted.ask()"),
        v4.new_code_cell("lab01.shifted.result()\nx", outputs=[PNG]),
        texts["see"],
        texts["exercise"],
        v4.new_code_cell(STUB),
        texts["end"],
    ]
    return v4.new_notebook(cells=cells)


def roles(blocks):
    """Return the roles in a tree, each with those inside of it."""
    found = []
    for block in blocks:
        if block["t"] == "Div":
            name = ".".join(tree.classes(block)) or "none"
            inside = roles(block["c"][1])
            found.append((name, inside) if inside else name)
    return found


def test_roles_of_a_small_lab():
    start = ["aims", "rule"]
    assert roles(tree.lab(editions.student(small_lab()))) == [
        *(*start, ("question", ["answer"]), "cell", ("told", ["see"])),
        ("exercise", ["cell.stub"]),
    ]
    assert roles(tree.lab(editions.instructor(small_lab()))) == [
        *(*start, "note.timing", "question", "note.answer", "cell", "see"),
        *(("exercise", ["cell.solution"]), "note.exercise"),
    ]


def test_a_role_that_nobody_knows():
    nb = small_lab()
    nb.cells[1].source += "\n\n::: riddle\nWhat?\n:::"
    with pytest.raises(labs.LabError, match=r"lab 1\. A lab, cell 2: .*'riddle'"):
        tree.lab(editions.student(nb))


def test_a_second_language_is_a_second_column(monkeypatch):
    english = words.WORDS["en"]
    monkeypatch.setitem(words.WORDS, "xx", {k: f"X{v}" for k, v in english.items()})
    before = roles(tree.lab(editions.student(small_lab())))
    monkeypatch.setenv("COURSE_LANGUAGE", "xx")
    assert roles(tree.lab(editions.student(small_lab()))) != before
    nb = small_lab()
    for cell in nb.cells:
        if cell.cell_type == "markdown":
            start = r"(?m)^(\*\*|## )(?=You|Rule|What|Exercise|Summary|Deeper)"
            cell.source = re.sub(start, r"\1X", cell.source)
    assert roles(tree.lab(editions.student(nb))) == before
    monkeypatch.setenv("COURSE_LANGUAGE", "yy")
    with pytest.raises(labs.LabError, match=r"COURSE_LANGUAGE is 'yy'.* knows: en, xx"):
        tree.lab(editions.student(nb))


def test_every_language_has_every_word():
    for language, table in words.WORDS.items():
        assert table.keys() == words.WORDS["en"].keys(), language
    leads = [words.word(role) for role in words.LEADS]
    assert len(set(leads)) == len(leads)
    assert [words.lead_role(f"{lead} 1.") for lead in leads] == list(words.LEADS)
