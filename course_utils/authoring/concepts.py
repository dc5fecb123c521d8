"""Questions that no lab asks; they stand in ``concepts.toml``."""

from course_utils.authoring import words
from course_utils.exercises.questions import Question, choice, number


def _question(name: str, *, wrong: dict | None = None, **about) -> Question:
    if wrong is None:
        return choice(f"concepts.{name}", **about)
    wrong = {float(value): why for value, why in wrong.items()}
    return number(f"concepts.{name}", wrong=wrong, **about)


QUESTIONS = {name: _question(name, **q) for name, q in words.data("concepts").items()}
