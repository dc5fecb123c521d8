"""The exercise of lab 00, to try out how the checks work."""

from course_utils.exercises.checks import exercise
from course_utils.exercises.diagnose import between


@exercise(
    given={"answers": "answers N", "truth": "answers N"},
    properties=[between(0, 1, "A part of all lies between 0 and 1.")],
    inputs=[
        ([3, 1, 4, 1, 5], [3, 2, 4, 5, 5]),
        ([0, 0], [1, 1]),
        ([7], [7]),
    ],
    hints=[
        "Go through both lists at once with zip(answers, truth) and count the pairs "
        "that are equal.",
        "sum(... for a, t in zip(answers, truth)) adds up; True counts as 1. Then "
        "divide, with /, by how many pairs there are.",
    ],
    praise="This number is called accuracy, and it will follow you through the course.",
)
def fraction_right(answers, truth):
    """Return which part of the answers is right, from 0 to 1."""
    return sum(a == t for a, t in zip(answers, truth, strict=True)) / len(truth)


@fraction_right.mistake
def count_right(answers, truth):
    """You counted the right answers. Asked is which part of all answers they are, so
    divide by the number of answers.
    """
    return sum(a == t for a, t in zip(answers, truth, strict=True))


@fraction_right.mistake
def percent_right(answers, truth):
    """This is a percentage, from 0 to 100. In this course such numbers are fractions,
    from 0 to 1, and only printed as percentages. Leave the 100 away.
    """
    return 100 * sum(a == t for a, t in zip(answers, truth, strict=True)) / len(truth)


@fraction_right.mistake
def fraction_wrong(answers, truth):
    """This is the part of the answers that is wrong. Compare with == instead of !=,
    or subtract the result from 1.
    """
    return sum(a != t for a, t in zip(answers, truth, strict=True)) / len(truth)


@fraction_right.mistake
def whole_number_division(answers, truth):
    """`//` is division of whole numbers and drops what stands after the point, so 3
    of 4 becomes 0. A single `/` gives the fraction.
    """
    return sum(a == t for a, t in zip(answers, truth, strict=True)) // len(truth)


@fraction_right.mistake
def all_or_nothing(answers, truth):
    """You compared the two lists as a whole. That tells whether everything is right,
    not how much. Compare answer by answer with zip.
    """
    return answers == truth


@fraction_right.mistake
def return_inside_loop(answers, truth):
    """The return stands inside the loop, so the function stops after the first pair.
    Move it to the left, behind the loop.
    """
    for answer, right in zip(answers, truth, strict=True):
        return (answer == right) / len(truth)
