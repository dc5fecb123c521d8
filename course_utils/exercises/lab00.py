"""The exercise of lab 00, to try out how the checks work."""

from course_utils.exercises.checks import exercise
from course_utils.exercises.diagnose import between
from course_utils.exercises.pairs import two_of
from course_utils.exercises.questions import choice, number


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


@fraction_right.mistake
def occurs_anywhere(answers, truth):
    """You asked whether an answer occurs anywhere in truth. Compare it with the one at
    the same place: zip goes through both lists side by side.
    """
    return sum(answer in truth for answer in answers) / len(answers)


@fraction_right.mistake
def last_left_out(answers, truth):
    """You left out the last answer. range(len(answers)) goes to the last place, since
    it stops before its end by itself: do not subtract 1.
    """
    return _fraction({last_left_out}, answers, truth)


@fraction_right.mistake
def first_left_out(answers, truth):
    """You left out the first answer. In Python places are counted from 0, so
    range(len(answers)) goes through all of them, and zip does as well.
    """
    return _fraction({first_left_out}, answers, truth)


@fraction_right.mistake
def rounded_fraction(answers, truth):
    """You rounded the fraction. Return it as it is: rounding belongs to the place where
    a number is printed.
    """
    return _fraction({rounded_fraction}, answers, truth)


@two_of(
    fraction_right,
    fraction_wrong,
    percent_right,
    last_left_out,
    first_left_out,
    rounded_fraction,
    whole_number_division,
    count_right,
)
def _fraction(slips, answers, truth):
    pairs = list(zip(answers, truth, strict=True))
    if last_left_out in slips:
        pairs = pairs[:-1]
    if first_left_out in slips:
        pairs = pairs[1:]
    n = sum((a == t) != (fraction_wrong in slips) for a, t in pairs)
    if percent_right in slips:
        n = 100 * n
    if count_right in slips:
        return n
    if whole_number_division in slips:
        return n // len(truth)
    return round(n / len(truth), 1) if rounded_fraction in slips else n / len(truth)


# Questions ----------------------------------------------------------------------

scribble = choice(
    "lab00.scribble",
    "You scribble something that is no digit at all. What does the machine answer?",
    right="b",
    because="It has ten bars and no bar for *none*, so it names a digit, and it may be "
    "very sure of it. Lab 1 shows which step makes it so.",
    a=(
        "All ten bars stay near 0: that is no digit.",
        "That is what a person would say. But the ten bars always sum to 100%: if nine "
        "of them are near 0, the tenth is near 100%.",
    ),
    b="One bar is clearly the longest: it names a digit.",
    c=(
        "All ten bars have the same height.",
        "It could say that, and for an empty page it may come near it. But ink always "
        "resembles some digits more than others, and the bars show that.",
    ),
)

first_step = choice(
    "lab00.first_step",
    "A machine has 64 numbers for each of ten digits, and all of them are 0. It is "
    "right for 10 of 100 images, as somebody who always says the same digit: each one "
    "is about a tenth of the images. Now it looks at 1,000 images with their answers, "
    "and changes each number once. About how many of 100 new images are right then?",
    right="c",
    because="The step looks at all 1,000 images. It makes the 64 numbers of a digit, "
    "but for a factor, roughly its mean image minus the mean of all images: a picture "
    "of what speaks for it. That is most of the work; the hundred steps after it bring "
    "some 10 more.",
    a=(
        "Still about 10.",
        "It is only one step, but 640 numbers change in it, each by what 1,000 images "
        "say about its pixel.",
    ),
    b=(
        "About 30.",
        "It learns more than that: the mean image of a digit, as many hands wrote it, "
        "already tells it from most others.",
    ),
    c="About 80.",
)

counter = number(
    "lab00.counter",
    "One cell says `n_runs = 0`, the next one adds 1 to it and prints it. You have run "
    "each of them once. Now you run only the second one two more times. Which number "
    "does it print the last time?",
    right=3,
    because="The cell adds 1 to what the kernel remembers: 1, then 2, then 3. The same "
    "code gives another result because a variable has changed.",
    wrong={
        1: "That would be so if each run began anew. But the kernel remembers "
        "`n_runs`, and the cell with `n_runs = 0` was not run again.",
        2: "You counted the two new runs alone. The first run had already made it 1.",
        0: "0 was the value before the second cell ran at all.",
    },
    otherwise="Count all the runs of the second cell since `n_runs = 0`.",
)

muddled = choice(
    "lab00.muddled",
    "You ran cells in another order, and a variable has a value that you cannot "
    "explain. What is the quickest safe way back?",
    right="c",
    because="A restart forgets all variables, and running from the top makes them "
    "again in the right order. Every lab is tested to run like that.",
    a=(
        "Run the cell that looks wrong once more.",
        "It would work on the same strange variables, and may change them once more, "
        "as the counter did.",
    ),
    b=(
        "Save the notebook, close it and open it again.",
        "The kernel goes on in the background, with all of its variables. Closing the "
        "page does not stop it.",
    ),
    c="Restart the kernel and run all cells.",
)

honest = number(
    "lab00.honest",
    "You answer ten questions and are 80% sure of each. Your certainty is honest. "
    "About how many of your ten answers are right?",
    right=8,
    because="Certainty is honest if it agrees with how often you are right. The course "
    "asks just this of its machines, and section 4 keeps count of yours.",
    wrong={
        10: "Then you would be too modest: who is always right may say 99%.",
        5: "That is what a coin gets right when there are two options. Then 80% would "
        "be far too sure.",
        2: "Those are the ones that you get wrong.",
        80: "Of ten answers: 80% of ten.",
    },
    otherwise="Take 80% of ten.",
)
