"""The words that mark up a lab, and those that paper, pages and slides add to it.

They stand in ``words.toml``. Each has a role, by which the rest of the course speaks of
it. A second language is a second table there, and labs that are written in it;
``COURSE_LANGUAGE`` chooses.
"""

import functools
import os
import re
import tomllib
from pathlib import Path

from course_utils.authoring.labs import LabError

# What begins a paragraph in bold, and what a section may be, besides core.
LEADS = (
    *("aims", "needs", "takes", "origin", "predict", "rule", "formula", "see"),
    *("stop", "think", "exercise", "question", "answer", "pencil"),
)
SECTIONS = ("warm-up", "pitfalls", "exercises", "summary", "deeper")


@functools.cache
def data(name: str) -> dict:
    """Return what a file such as ``lessons.toml`` beside this one holds."""
    path = Path(__file__).with_name(f"{name}.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))


WORDS = data("words")


def language() -> str:
    """Return the language that is chosen."""
    chosen = os.environ.get("COURSE_LANGUAGE") or "en"
    if chosen not in WORDS:
        known = ", ".join(WORDS)
        raise LabError(f"COURSE_LANGUAGE is {chosen!r}; words.toml knows: {known}")
    return chosen


def table() -> dict[str, str]:
    """Return the words of the language that is chosen, by role."""
    return WORDS[language()]


def word(role: str, **values) -> str:
    """Return the word for a role; a sentence with values in the place of names."""
    return table()[role].format(**values) if values else table()[role]


def bold(role: str) -> str:
    """Return the word for a role as it begins a paragraph of markdown."""
    return f"**{word(role)}**"


def heading(role: str) -> str:
    """Return the word for a role as the heading of a section, in markdown."""
    return f"## {word(role)}"


def lead_role(text: str) -> str:
    """Return the role of bold words such as ``"Exercise 2."``, or an empty text."""
    text = text.rstrip(".: 0123456789")
    return next((role for role in LEADS if word(role) == text), "")


def section_role(title: str) -> str:
    """Return the role of the section with a heading: one of `SECTIONS`, or core."""
    return next((role for role in SECTIONS if word(role) == title), "core")


def after(role: str, paragraph: str) -> str:
    """Return in one line what follows the bold word for a role at the start."""
    start = re.match(rf"\*\*{re.escape(word(role))}\*\*\s+", paragraph)
    return " ".join(paragraph[start.end() :].split()) if start else ""


def pitfall(title: str) -> str:
    """Return the name of the pitfall that a heading announces, or an empty text."""
    start = f"{word('pitfall')}: "
    return title.removeprefix(start) if title.startswith(start) else ""
