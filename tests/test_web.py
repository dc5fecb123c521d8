"""Prose comes out in pages and speaker's notes as Jupyter shows it."""

import html
import json
import re
from importlib.util import find_spec

import pytest
from nbformat import v4

from course_utils.authoring import labs, tree

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
