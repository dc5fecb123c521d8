"""The words that mark up a lab, and those that paper, pages and slides add to it.

Each has a role, by which the rest of the course speaks of it. A second language is a
second column of `WORDS`, and labs that are written in it; ``COURSE_LANGUAGE`` chooses.
"""

import functools
import os
import re
import tomllib
from pathlib import Path

from course_utils.authoring.labs import LabError

WORDS = {
    "en": {
        # In bold at the start of a paragraph.
        "aims": "You will be able to",
        "needs": "Needs",
        "takes": "Takes",
        "origin": "Source",
        "predict": "Predict",
        "rule": "Rule",
        "formula": "Formula",
        "see": "What you should see",
        "stop": "So far",
        "think": "To think about",
        "exercise": "Exercise",
        "question": "Question",
        "answer": "Answer",
        "pencil": "With a pencil",
        # Headings of sections, and of parts of them.
        "warm-up": "Warm up",
        "pitfalls": "Pitfalls",
        "exercises": "Exercises",
        "summary": "Summary",
        "deeper": "Deeper",
        "pitfall": "Pitfall",
        # What paper and pages say of themselves.
        "student": "student edition",
        "instructor": "instructor edition, with solutions",
        "for-instructors": "For the instructor",
        "solution": "A solution",
        "contents": "Contents",
        "sheet": "Formulas and pitfalls",
        "cite": "To cite",
        "hours": "The hours",
        "hours-are": "How long each lab takes a learner, in the words of the lab.",
        "lab": "lab",
        "time": "time",
        "key": "Key to the questions",
        "see-key": "What comes out stands in the key at the end of the lab, no.",
        "my-answer": "My answer",
        "how-sure": "How sure?",
        "others": "Others",
        "warning": "Warning",
        "error": "Error",
        "figure": "The figure of the cell above.",
        "fold-answer": "The answer",
        "fold-outputs": "What comes out",
        # What the web site says besides, and what its script says.
        "open-colab": "Open in Colab",
        "open-binder": "Open in Binder",
        "download": "Download",
        "work": "Work in it",
        "solve": "Solve it",
        "to-lab": "To the lab",
        "search": "Search",
        "table": "Table",
        "described": "A figure. The paragraph below it describes it.",
        "small-network": "Here the small network of lab 0 answers. In Jupyter it is",
        "answer-first": "(answer first)",
        "report": "Report a mistake on this page",
        "more": "More about it",
        "landmark": "Course",
        "page-contents": "On this page",
        "place": "Place",
        "choose": "choose",
        "my-number": "Your number",
        "such-as": "such as 0.25",
        "are-you-sure": "How sure are you?",
        "commit": "Commit",
        "change": "Change my answer",
        "choose-again": "Choose again, then commit.",
        "committed": "Committed: {value}, {sure}% sure.",
        "ask-right": "Is it right?",
        "no-number": "That is no number that I can read. Write 0.25, 1/4 or 25%.",
        "no-order": "Give each place an option of its own.",
        "no-option": "Choose an option first.",
        "is-right": "✓ Right.",
        "is-wrong": "✗ Not right.",
        "you-answered": "You answered {value}, {sure}% sure.",
        "wrong-option": "({letter}) is not right.",
        "missed-option": "({letter}) belongs to it.",
        "place-of": "Place {place} belongs to ({letter}).",
        "right-answer": "The right answer: {value}.",
        "costs": "This certainty costs {cost} nats; a coin costs 0.69.",
        "and": "and",
        "forgotten": "Forgotten",
        # The plan for a lesson.
        "plan": "A plan for the lesson",
        "opening": "To open",
        "board": "On the board",
        "minutes": "Minutes",
        "section": "section",
        "min": "min",
        "questions": "questions",
        "tasks": "with a pencil",
        "start": "Before the first section",
        "stop-here": "stop here",
        "where-to-stop": "Where to stop",
        "stop-after": "After {title}: {so_far:.0f} minutes in, {left:.0f} are left.",
        "no-stop": "In one piece: the lab marks no place to stop.",
        "skip": "What to leave out",
        "skip-deeper": "All of *{title}* ({minutes:.0f} minutes) is optional.",
        "three": "Three likely mistakes, and what to say",
        "homework": "Homework",
        "task": "{number}: {names}, {minutes} minutes",
        "symptoms": "What a learner sees, and which mistakes do that",
        # The syllabus, the tests and the exam.
        "teachers": "for teachers",
        "syllabus": "Syllabus",
        "syllabus-is": "The course in sessions of {minutes} minutes, in two lengths. "
        "The minutes follow from the length of each section, like those in the plans "
        "of the labs; nobody was timed. What is left of a session belongs to "
        "questions.",
        "in-sessions": "In {n} sessions",
        "session": "Session",
        "say": "Say",
        "in-class": "in class",
        "together": "Together",
        "left-out": "Left out",
        "left-out-is": "{what} ({minutes} minutes).",
        "not-asked": "In the exam leave out what is about that: no. {numbers}.",
        "to-read": "To read: {what} ({minutes} minutes).",
        "to-solve": "Exercises of {what} ({minutes} minutes).",
        "nothing": "None.",
        "before": "Before",
        "after": "After",
        "test": "test",
        "test-before": "A test before the course",
        "before-is": "{n} questions, about {minutes} minutes, and no marks. Much of it "
        "nobody has to know yet: answer all the same, and say how sure you are.",
        "test-after": "A test after the course",
        "after-is": "{n} questions, about {minutes} minutes, and no marks. Say how "
        "sure you are of each answer.",
        "test-exam": "Exam",
        "exam-is": "{n} questions, {points} points, {minutes} minutes. Where a number "
        "is asked for, how you got it need not be shown.",
        "worth": "(points: {n})",
        "name": "Name",
        "date": "Date",
        "points": "Points",
        "exam-key": "Key to the exam",
        "exam-key-is": "{points} points. A number is right within what stands behind "
        "±. Where several options are right, each letter too many or too few costs a "
        "point, down to 0. How many points make which grade is yours to say.",
        "taught": "taught in",
        "why": "Why",
        "test-key": "Key to the two tests",
        "test-key-is": "Twelve ideas, each in two stories: one before the course, one "
        "after it. No lab asks the questions of the second test, so keep it, and this "
        "key, until then. One story can be harder than the other: to compare the tests "
        "with each other, give each of them to one half of the class at the start, and "
        "exchange the halves at the end.",
        # What a wrong answer looks like.
        "sees-error": "{name}, an error",
        "sees-nan": "nan or inf",
        "sees-form": "another type",
        "sees-shape": "another shape",
        "sees-negative": "a negative number",
        "sees-sign": "the sign turned round",
        "sees-large": "more than 1, in the place of a share",
        "sees-half": "0.5",
        "sees-zero": "0",
        "sees-factor": "all numbers too large or too small by one factor",
        "sees-shift": "all numbers too large or too small by as much",
        "sees-numbers": "other numbers",
        "sees-side effect": "right, but the arguments are changed",
        "sees-slope": "right, but the slopes are wrong",
        "sees-edge": "wrong with special inputs alone",
        # Notes for instructors.
        "timing": "Timing",
        "hints": "Hints for",
        "praise": "When it is right",
        "mistakes": "Typical mistakes with",
    },
}

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


def language() -> str:
    """Return the language that is chosen."""
    chosen = os.environ.get("COURSE_LANGUAGE") or "en"
    if chosen not in WORDS:
        known = ", ".join(WORDS)
        raise LabError(f"COURSE_LANGUAGE is {chosen!r}; words.py knows: {known}")
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
