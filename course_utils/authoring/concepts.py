"""Questions that no lab asks; they stand in ``concepts.toml``."""

import tomllib
from pathlib import Path

from course_utils.exercises.questions import Question, choice, number


def _question(name: str, *, wrong: dict | None = None, **about) -> Question:
    if wrong is None:
        return choice(f"concepts.{name}", **about)
    wrong = {float(value): why for value, why in wrong.items()}
    return number(f"concepts.{name}", wrong=wrong, **about)


_texts = Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")
QUESTIONS = {name: _question(name, **q) for name, q in tomllib.loads(_texts).items()}
