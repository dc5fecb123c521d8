"""The minutes that labs, map and README state agree with the length of the labs."""

import re

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course_utils.authoring import labs, reading_time

LABS = {path.stem[:2]: labs.read_lab(path) for path in labs.lab_paths()}
SPAN = 0.15  # either way


def in_table(text):
    """Return {number: minutes} of a table with rows like ``| 1 name | ... | 75 |``."""
    rows = re.findall(r"^\| \[?(\d+) .*\| (\d+) \|$", text, re.MULTILINE)
    return {f"{int(number):02}": int(minutes) for number, minutes in rows}


@pytest.mark.parametrize("number", LABS)
def test_a_lab_takes_what_it_says(number):
    says, takes = reading_time.stated(LABS[number]), reading_time.estimate(LABS[number])
    assert abs(says.reading - takes) <= max(SPAN * takes, 2), f"it takes {takes:.0f}"


@pytest.mark.parametrize("number", LABS)
def test_a_core_fits_into_an_hour(number):
    assert round(reading_time.estimate(LABS[number])) <= 60


def test_the_map_and_the_readme_say_the_same():
    says = {number: sum(reading_time.stated(nb)) for number, nb in LABS.items()}
    start = "\n".join(cell.source for cell in LABS["00"].cells)
    text = (labs.ROOT / "README.md").read_text(encoding="utf-8")
    readme = text.partition("## The labs")[2].partition("\n## ")[0]
    for name, table in (("lab 00", in_table(start)), ("README", in_table(readme))):
        assert table.keys() == says.keys(), name
        off = [n for n in says if abs(table[n] - says[n]) > SPAN * says[n]]
        assert not off, f"{name}: {off}"


def test_what_counts():
    nb = new_notebook(
        cells=[
            new_markdown_cell(
                "**Takes** 45 minutes to read and run, 30 more to solve."
            ),
            new_code_cell("1"),
            new_markdown_cell("## 1. Words\n\n" + "word " * 190 + "\n\n## Exercises"),
            new_code_cell("2"),
            new_markdown_cell("## Summary\n\n" + "word " * 196),
            new_markdown_cell("## Deeper\n\n" + "word " * 1000),
            new_code_cell("3"),
        ]
    )
    words = 11 + 3 + 190 + 2 + 196
    assert reading_time.estimate(nb) == words / 200 + 1
    assert reading_time.stated(nb) == (45, 30)


@pytest.mark.parametrize(
    "head", ["# 1. Title", "**Takes** long.", "**Takes** minutes."]
)
def test_a_lab_must_say_it(head):
    with pytest.raises(ValueError, match=r"\*\*Takes\*\*"):
        reading_time.stated(new_notebook(cells=[new_markdown_cell(head)]))
