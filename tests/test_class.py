"""A pile of hand-ins is judged, and no notebook reaches what is not its own.

The hand-ins are made of the course's own labs: a stub is filled with a solution, a listed
mistake, or something that means harm.
"""

import csv
import inspect
import io
import json
import random
import re
import textwrap

import nbformat
import pytest

from course_utils.authoring import labs
from course_utils.authoring.__main__ import main
from course_utils.authoring.classroom import worker
from course_utils.authoring.classroom.collect import known_labs
from course_utils.exercises.checks import find
from course_utils.workspace import learners_edition

KNOWN = known_labs()
SOFTMAX = KNOWN["01_softmax"]


def source(exercise, function):
    """Return the code of a solution or mistake under the name of the exercise."""
    lines = textwrap.dedent(inspect.getsource(function)).splitlines()
    lines = lines[next(i for i, line in enumerate(lines) if line.startswith("def ")) :]
    text = "\n".join(lines)
    return re.sub(r"^def \w+", f"def {exercise.name}", text)


def stands_alone(function):
    """Whether it needs nothing but what the lab imports."""
    asked = worker._global_names(function.__code__)
    return asked <= {"torch", "F", "nn", "math", "len", "range", "float", "sum", "zip"}


def notebook(lab, answers):
    """Return the lab as a learner hands it in, with these answers in the stubs."""
    path = labs.ROOT / "notebooks" / f"{lab.name}.ipynb"
    nb = json.loads(learners_edition(path.read_text(encoding="utf-8")))
    for cell in nb["cells"]:
        code = "".join(cell["source"])
        for name, answer in answers.items():
            stub = re.search(rf"^def {name}\(.*\n    \.\.\.\n", code, re.MULTILINE)
            if cell["cell_type"] == "code" and stub:
                cell["source"] = code.replace(stub[0], answer + "\n")
    return json.dumps(nb)


def a_class(lab, size=30, seed=0):
    """Return notebooks by name, and for each exercise what its answer is."""
    dice, made = random.Random(seed), {}
    for i in range(size):
        answers, what = {}, {}
        for name in lab.exercises:
            exercise = find(lab.module, name)
            able = [m for m in exercise.mistakes if stands_alone(m)]
            throw = dice.random()
            if throw < 0.15:
                what[name] = None
            elif throw < 0.6 or not able:
                what[name] = exercise.reference
            else:
                what[name] = dice.choice(able)
            if what[name]:
                answers[name] = source(exercise, what[name])
        made[f"student {i:02}"] = notebook(lab, answers), what
    return made


def table(path):
    """Return the rows of a CSV file as dicts."""
    return [*csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig")))]


@pytest.mark.parametrize("name", ["01_softmax", "04_logistic_regression"])
def test_a_class_of_thirty(name, tmp_path):
    lab, pile, out = KNOWN[name], tmp_path / "pile", tmp_path / "out"
    pile.mkdir()
    made = a_class(lab)
    for student, (text, _) in made.items():
        (pile / f"{lab.name} {student}.ipynb").write_text(text, encoding="utf-8")
    assert main(["class", str(pile), "--out", str(out)]) == 0
    rows = table(out / "marks.csv")
    assert [row["student"] for row in rows] == [*made]
    for row, (_, what) in zip(rows, made.values(), strict=True):
        for exercise in lab.exercises:
            reference = find(lab.module, exercise).reference
            mark = str(int(what[exercise] is reference))
            assert row[f"{lab.module} {exercise}"] == mark, (row, what)
