"""A pile of hand-ins is judged, and no notebook reaches what is not its own.

The hand-ins are made of the labs themselves: a stub is filled with a solution, a listed
mistake, or something that means harm.
"""

import ast
import copy
import csv
import inspect
import io
import json
import os
import random
import re
import socket
import sys
import textwrap
import zipfile
from collections import Counter
from urllib.parse import parse_qs, urlsplit

import pytest

from course_utils.authoring import labs
from course_utils.authoring.__main__ import main
from course_utils.authoring.classroom import collect as collect_module
from course_utils.authoring.classroom import report, worker
from course_utils.authoring.classroom.collect import collect, known_labs
from course_utils.authoring.classroom.judge import Judge, Store
from course_utils.authoring.stamp import read_address
from course_utils.exercises.checks import find
from course_utils.exercises.fixtures import held_back
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


@pytest.mark.parametrize(
    ("name", "size"), [("01_softmax", 30), ("04_logistic_regression", 10)]
)
def test_a_whole_class(name, size, tmp_path):
    lab, pile, out = KNOWN[name], tmp_path / "pile", tmp_path / "out"
    pile.mkdir()
    made = a_class(lab, size)
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


# The pile ----------------------------------------------------------------------------

EMPTY = notebook(SOFTMAX, {})


def found_in(pile):
    """Return who handed in which lab, and the notes."""
    found, notes = collect(pile, KNOWN)
    judged = [h for h in found if not h.why]
    return {h.path: (h.student, h.id, h.lab[:2]) for h in judged}, notes


def zipped(files):
    """Return a zip with these files."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return data.getvalue()


@pytest.mark.parametrize(
    ("path", "student", "number"),
    [
        ("01_softmax_Kim.ipynb", "Kim", ""),
        ("Kim Min-su lab01 (2).ipynb", "Kim Min-su", ""),
        ("20261234_김민수_lab1_final.ipynb", "20261234 김민수", "20261234"),
        ("Kim/01_softmax.ipynb", "Kim", ""),
        ("Kim/homework.ipynb", "Kim", ""),
        ("Kim/lab01/01_softmax.ipynb", "Kim", ""),
        ("homework of Kim.ipynb", "homework of Kim", ""),
        ("Kim Lee_4711_assignsubmission_file_/01_softmax.ipynb", "Kim Lee", "4711"),
        ("Kim Lee_4711_assignsubmission_file/sub/x.ipynb", "Kim Lee", "4711"),
        ("leekim_LATE_4711_99_01_softmax-1.ipynb", "leekim", "4711"),
    ],
)
def test_whose_a_notebook_is(path, student, number, tmp_path):
    file = tmp_path / "pile" / path
    file.parent.mkdir(parents=True)
    file.write_text(EMPTY, encoding="utf-8")
    with zipfile.ZipFile(tmp_path / "pile.zip", "w") as archive:
        archive.write(file, path)
    for pile in (tmp_path / "pile", tmp_path / "pile.zip"):
        assert found_in(pile) == ({path: (student, number, "01")}, [])


def test_which_lab_a_notebook_is_of(tmp_path):
    for name, lab in KNOWN.items():
        (tmp_path / f"{name[:2]}!.ipynb").write_text(
            notebook(lab, {}), encoding="utf-8"
        )
    found, _ = found_in(tmp_path)
    assert {path[:2]: number for path, (_, _, number) in found.items()} == {
        name[:2]: name[:2] for name in KNOWN
    }


def test_two_of_the_same_name_in_two_groups_stay_two(tmp_path):
    for group in "AB":
        for name in ("Kim", "Lee" + group):
            file = tmp_path / group / f"{name}.ipynb"
            file.parent.mkdir(exist_ok=True)
            file.write_text(EMPTY, encoding="utf-8")
    found, notes = found_in(tmp_path)
    assert {who for who, *_ in found.values()} == {"A/Kim", "B/Kim", "LeeA", "LeeB"}
    assert not notes


def test_what_cannot_be_marked_gets_a_sentence(tmp_path):
    pile, secret = tmp_path / "pile", tmp_path / "secret.ipynb"
    pile.mkdir()
    secret.write_text(EMPTY, encoding="utf-8")
    (pile / "linked.ipynb").symlink_to(secret)
    (pile / "Kim.ipynb").write_text(EMPTY, encoding="utf-8")
    (pile / "Kim (1).ipynb").write_text(EMPTY, encoding="utf-8")
    os.utime(pile / "Kim.ipynb", (1, 1))
    (pile / "broken.ipynb").write_text(EMPTY[:900], encoding="utf-8")
    (pile / "deep.ipynb").write_text("[" * 200_000, encoding="utf-8")
    other = {"cells": [{"cell_type": "code", "source": "print(1)"}]}
    (pile / "other.ipynb").write_text(json.dumps(other), encoding="utf-8")
    (pile / "half.zip").write_bytes(zipped({"Lee.ipynb": EMPTY})[:-30])
    inner = zipped({"../../evil.ipynb": EMPTY, "/Park.ipynb": EMPTY})
    (pile / "outer.zip").write_bytes(zipped({"deep.zip": inner}))
    (pile / "bomb.zip").write_bytes(zipped({"big.ipynb": bytes(30_000_000)}))
    found, notes = found_in(pile)
    assert {path.rpartition("/")[2] for path in found} == {
        "Kim (1).ipynb", "evil.ipynb", "Park.ipynb"
    }  # fmt: skip
    said = "\n".join(notes)
    for name in ("Kim.", "broken.", "deep.", "other.", "half.", "bomb/big."):
        assert name in said, (name, notes)
    assert "linked" not in said and not [*tmp_path.rglob("evil*")]


def test_a_zip_with_too_much_is_read_no_further(tmp_path, monkeypatch):
    monkeypatch.setattr("course_utils.authoring.classroom.collect.MOST_FILES", 3)
    files = {f"{name}.ipynb": EMPTY for name in "ABCDEF"}
    (tmp_path / "all.zip").write_bytes(zipped(files))
    found, notes = found_in(tmp_path / "all.zip")
    assert len(found) == 3 and "too much" in notes[0]


@pytest.mark.parametrize("kind", ["missing", "empty", "no lab", "inside", "none"])
def test_a_request_that_cannot_be_met_gets_a_sentence(kind, tmp_path, capsys):
    (tmp_path / "a").mkdir()
    pile, words = tmp_path / "a", []
    if kind == "missing":
        pile = tmp_path / "b"
    if kind == "no lab":
        (pile / "x.ipynb").write_text("{}", "utf-8")
    if kind == "inside":
        (pile / "Kim.ipynb").write_text(EMPTY, encoding="utf-8")
        words = ["--out", str(pile / "results")]
    assert main(["class", *([] if kind == "none" else [str(pile)]), *words]) == 2
    assert capsys.readouterr().err.startswith("error: ")
    assert not (pile / "results").exists()


# The answer in a notebook -------------------------------------------------------------

F = "def f(x):\n    return x"
CHECK = "lab01.f.check(f)"


@pytest.mark.parametrize(
    ("cells", "runs"),
    [
        ([F, CHECK], [F]),
        (["def f(x):\n    ...\nlab01.f.check(f)", F], [F]),  # written below
        ([F, "def f(x):\n    ...", CHECK], [F]),  # or above the stub
        ([F, CHECK, "f = 3"], [F]),  # a later use of the name
        (["f = lab01.f.reference", CHECK], ["f = lab01.f.reference"]),
        (["%pip install x\n!ls\n" + F + "\n" + CHECK], [F]),
        (["%%time\n" + F], [F]),
        (["this is no Python", F], [F]),
        (
            ["import os, torch\na = b = 2\nfor i in x:\n    train()", "c = a + 1",
             "def g(x):\n    return x + c", "lab01.f.judge = 1",
             "def f(x):\n    return g(torch.exp(x))"],
            ["import os, torch", "a = b = 2", "c = a + 1",
             "def g(x):\n    return x + c", "def f(x):\n    return g(torch.exp(x))"],
        ),
        (["def f(x, y=1):\n    train = x\n    return train", "train = slow()"],
         ["def f(x, y=1):\n    train = x\n    return train"]),
    ],
)  # fmt: skip
def test_only_the_answer_and_what_it_needs_is_run(cells, runs):
    parts = worker.answer_in(cells, "lab01", "f")
    assert [ast.unparse(node) for _, node in parts] == runs


def test_an_answer_that_is_not_there_or_no_python():
    with pytest.raises(worker.NoAnswerError, match=r"^$"):
        worker.answer_in(["print(1)"], "lab01", "f")
    with pytest.raises(worker.NoAnswerError, match="in your line"):
        worker.answer_in(["def f(x):\n    return x]"], "lab01", "f")


def test_the_form_of_an_answer_has_no_names():
    one = "def f(x):\n    'Do.'\n    y = x + 1\n    return y * torch.e"
    two = "def f(logits):\n    # mine\n    new = logits + 1\n    return new * torch.e"
    other = two.replace("+", "-")
    forms = [worker.form_of(ast.parse(text).body)[0] for text in (one, two, other)]
    assert forms[0] == forms[1] != forms[2]


# What is written ----------------------------------------------------------------------

LONG = """def logsumexp(logits):
    largest = logits.max(dim=1, keepdim=True).values
    rows = []
    for row, top in zip(logits, largest):
        total = 0
        for value in row:
            total = total + torch.exp(value - top)
        rows.append(torch.log(total) + top)
    return torch.cat(rows)"""


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """Return the results of a class with one of everything, in Moodle's zip."""
    folder = tmp_path_factory.mktemp("class")
    right = {n: source(find("lab01", n), find("lab01", n).reference)
             for n in SOFTMAX.exercises}  # fmt: skip
    columns = "def softmax(logits):\n    return torch.softmax(logits, 0)"
    odd = "def softmax(logits):\n    return logits.cos() * {} + logits.sin()"
    class_ = {
        "Ahn": {"softmax": columns},
        "=Bae": {"softmax": columns, "logsumexp": LONG},
        "Cho": {"softmax": odd.format("3")},
        "Doh": {
            "softmax": odd.format("(1 + 2)"),
            "logsumexp": LONG.replace("top", "m"),
        },
        "Eom": right,
        "Far": {"softmax": "softmax = lab01.softmax.reference"},
        "Goh <b>": {},
        "Han": {"softmax": "def softmax(logits):\n    return torch.softmax(logits, 1)"},
    }
    cut = {"Ida_108_assignsubmission_file_/01_softmax.ipynb": EMPTY[:900]}
    files = {
        f"{who}_{i}_assignsubmission_file_/{i}.ipynb": notebook(SOFTMAX, answers)
        for i, (who, answers) in enumerate(class_.items(), 100)
    } | cut
    (folder / "pile.zip").write_bytes(zipped(files))
    assert main(["class", str(folder / "pile.zip"), "--out", str(folder / "out")]) == 0
    return folder


def test_the_marks(results):
    rows = {row["student"]: row for row in table(results / "out" / "marks.csv")}
    assert {who for who, row in rows.items() if row["lab01 softmax"] == "1"} == {"Eom"}
    assert {*rows} == {
        "Ahn", "'=Bae", "Cho", "Doh", "Eom", "Far", "Goh <b>", "Han", "Ida"
    }  # fmt: skip
    assert [*rows["Ida"].values()] == ["Ida", "108", "", "", "", "", "", "4"]
    assert rows["'=Bae"]["lab01 logsumexp"] == rows["Doh"]["lab01 logsumexp"] == "1"
    assert (rows["Eom"]["lab01 sum"], rows["Eom"]["lab01 of"]) == ("4", "4")
    moodle = {r["Identifier"]: r for r in table(results / "out" / "moodle_lab01.csv")}
    assert moodle["Participant 104"]["Grade"] == "4"
    needed = {"Identifier", "Grade", "Last modified (grade)", "Feedback comments"}
    assert needed < {*moodle["Participant 104"]}


def test_a_gradebook_for_canvas(tmp_path):
    lab = KNOWN["01_softmax"]
    hand_in = collect_module.HandIn("x", (), [], lab.name, "kim", "4711", "canvas")
    answers = {name: {"right": name == "softmax"} for name in lab.exercises}
    rows = report.canvas([(hand_in, answers)], [lab])
    assert rows == [
        ["Student", "ID", "Section", "Lab 1 Softmax"],
        ["    Points Possible", "", "", 4],
        ["kim", "4711", "", 1],
    ]


def test_the_page_for_the_teacher(results):
    page = (results / "out" / "class.html").read_text(encoding="utf-8")
    assert "<script" not in page and "Goh &lt;b&gt;" in page and "<b>" not in page
    assert "9 handed in, 8 judged, 1 cannot be read: Ida." in page
    top = page.partition("Say this first</h3>")[2].partition("<h3>")[0]
    assert top.index("One of yours sums to") < top.index("down the columns")
    assert "softmax_with_<wbr>" not in top and "softmax_<wbr>with_<wbr>" in top
    part = page.partition("<h3><code>softmax</code></h3>")[2].partition("<h3>")[0]
    places = [part.index(x) for x in ("Cho, Doh", "=Bae, Ahn", "rules out")]
    assert places == sorted(places)  # what no list knows is in the same ranking
    assert "softmax_<wbr>down_<wbr>columns" in part
    alike = page.partition("Answers that are alike</h3>")[2].partition("<h3>")[0]
    assert "=Bae, Doh</td><td>right</td><td><code>logsumexp" in alike
    assert "own solution" in alike and "<code>softmax</code> 1 times" in alike
    stuck = page.partition("Who is stuck</h3>")[2].partition("<h3>")[0]
    assert "Goh" in stuck and "nothing tried" in stuck and "Eom" not in stuck


def test_the_feedback_for_students(results):
    folders = {path.name: path for path in (results / "out" / "feedback").iterdir()}
    assert len(folders) == 9
    lost = folders["Ida_108_assignsubmission_file"] / "feedback.html"
    assert "cannot be read" in lost.read_text("utf-8")
    text = (folders["Ahn_100_assignsubmission_file"] / "feedback.html").read_text(
        "utf-8"
    )
    assert "You normalised down the columns" in text and "Bae" not in text
    assert "Your answer" in text and "torch.softmax(logits, 0)" in text


def said_of(*answers):
    """Return what the teacher's page says of answers that do the same."""
    empty = {"kind": "repair", "says": "", "messages": ["not yet."], "details": []}
    return report._to_say([empty | answer for answer in answers])


def test_what_is_said_of_many_is_true_of_all():
    one = {"messages": ["not yet.", "So `x` in your line `return y`.", "Both."]}
    two = {"messages": ["not yet.", "So `x` in your line `return z`.", "Both."]}
    assert said_of(one, two) == ["Both."]
    assert said_of(one)[0] == "So `x` in the line `return y`."
    del one["messages"][2], two["messages"][2]
    assert said_of(one, two) == ["So `x`."]
    assert said_of({"messages": ["not yet."]}, one) == said_of(one)
    numbers = {"details": ["Expected 1", "Got 2", "Tried: f(3)"]}
    assert said_of(numbers) == ["Numbers only: Expected 1; Got 2, for `f(3)`."]
    below = numbers | {"messages": ["Wrong on the one below."]}
    assert said_of(below) == ["Wrong: Expected 1; Got 2, for `f(3)`."]


def test_diagnoses_are_grouped_by_their_value():
    exercise = find("lab04", "faults")
    says = {}
    for text in ("cabda", "caeda", "cabda"):
        says[worker._behaviour(exercise, lambda t=text: tuple(t))] = worker._diagnosis(
            exercise, lambda t=text: tuple(t)
        )
    right = exercise.reference()
    for value, said in zip(("cabda", "caeda"), says.values(), strict=True):
        same = sum(a == b for a, b in zip(value, right, strict=True))
        assert said == f"It says `{tuple(value)}`: {same} of 5 right."
    assert worker._diagnosis(find("lab01", "softmax"), lambda x: x) == ""


def test_wrong_answers_that_are_alike_come_first():
    answer = {"kind": "repair", "name": "", "does": "", "messages": [], "details": []}
    answer |= {"says": "", "form": "x", "size": 99, "as_solution": False}
    answer |= {"unusual": [], "source": ""}
    lab = collect_module.Lab("01_softmax", "", ("f", "g", "h"))
    found = {n: answer | {"right": n != "h"} for n in lab.exercises}
    done = [(collect_module.HandIn("", (), [], lab.name, who), found) for who in "AB"]
    alike = report._seen(done, lab)["alike"]
    assert alike == [((False, ("A", "B")), ["h"]), ((True, ("A", "B")), ["f", "g"])]


def test_a_second_run_goes_on(results, capsys):
    lines = (results / "out" / "answers.jsonl").read_text("utf-8").splitlines()
    cut = "\n".join(lines[:-1]) + "\n" + lines[-1][:50]  # as a crash leaves it
    (results / "out" / "answers.jsonl").write_text(cut, "utf-8")
    before = (results / "out" / "marks.csv").read_bytes()
    assert (
        main(["class", str(results / "pile.zip"), "--out", str(results / "out")]) == 0
    )
    assert "7 of 8 were judged before" in capsys.readouterr().out
    assert (results / "out" / "marks.csv").read_bytes() == before


def test_ctrl_c_leaves_what_was_judged(results, tmp_path, monkeypatch):
    add = Store.add

    def stop_after_two(self, *args):
        add(self, *args)
        if len(self.known) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(Store, "add", stop_after_two)
    assert (
        main(["class", str(results / "pile.zip"), "--out", str(tmp_path / "o")]) == 130
    )
    rows = table(tmp_path / "o" / "marks.csv")
    assert len([row for row in rows if row["lab01 sum"]]) == 2 and len(rows) == 9
    assert (tmp_path / "o" / "class.html").read_text("utf-8").count(
        "not judged yet, run"
    ) == 6


def test_held_back_inputs_catch_an_answer_by_heart(tmp_path):
    """An answer that has learned the course's own inputs fails on the class's own."""
    exercise = find("lab01", "softmax")
    learned = """def softmax(logits):
    for x in KNOWN:
        if x.shape == logits.shape and bool((x == logits).all()):
            e = (logits - logits.amax(1, keepdim=True)).exp()
            return e / e.sum(1, keepdim=True)
    return logits"""
    known = [case.args[0].tolist() for case in exercise.cases]
    cells = [f"import torch\nKNOWN = [torch.tensor(x) for x in {known}]", learned]
    namespace, trouble = worker._run(cells, worker.answer_in(cells, "lab01", "softmax"))
    assert not trouble and exercise.judge(namespace["softmax"]).right
    judge = Judge(tmp_path / "own", 2**40, 10)
    (_, found), *_ = judge.ask(cells, "lab01", ["softmax"])
    judge.close()
    assert found["kind"] != "stopped" and not found["right"]


@pytest.mark.parametrize("seed", [1, 2**47 + 3])
def test_held_back_inputs_are_fair(seed):
    """What is right by another way is right on them as well."""
    for lab in KNOWN.values():
        for name in lab.exercises:
            exercise = copy.copy(find(lab.module, name))
            exercise.__dict__["cases"] = held_back(exercise.given, seed)
            for case in exercise.cases:
                assert exercise.right_run(case).error is None, (name, case)
            for oracle in exercise.oracles:
                assert exercise.cases == [] or exercise.judge(oracle).right, name


def test_without_forks_an_answer_is_judged_as_well(tmp_path):
    """As on macOS and Windows: a process for each notebook."""
    cells = ["import os, time\nimport torch", doing("time.sleep(1000)"),
             "def logsumexp(x):\n    return x.logsumexp(1)",
             "def softmax_with_temperature(logits, T):\n    os._exit(3)",
             "def conditional_table(counts):\n    open('/etc/hosts')"]  # fmt: skip
    judge = Judge(tmp_path / "own", 5, 1, ("guard",), forks=False)
    judge.patience = 12
    found = dict(judge.ask(cells, "lab01", SOFTMAX.exercises))
    judge.close()
    kinds = {name: (f["right"], f["kind"], f["name"]) for name, f in found.items()}
    assert kinds["softmax"] == (False, "stopped", "time")
    assert kinds["softmax_with_temperature"] == (False, "stopped", "ended")
    assert kinds["logsumexp"][0]
    assert "must not touch files" in str(found["conditional_table"]["messages"])


# What an answer must not do ---------------------------------------------------------

RIGHT = """    e = (logits - logits.amax(1, keepdim=True)).exp()
    return e / e.sum(1, keepdim=True)"""
IMPORTS = "import gc, os, socket, subprocess, sys, time\nimport torch\n"


def doing(line):
    """Return an answer that is right, if only this line can be run."""
    return f"{IMPORTS}def softmax(logits):\n    {line}\n{RIGHT}"


@pytest.fixture(scope="module")
def teacher(tmp_path_factory):
    """Return a file of the teacher, and a server in the teacher's network."""
    secret = tmp_path_factory.mktemp("teacher") / "marks.txt"
    secret.write_text("secret", "utf-8")
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield secret, server.getsockname()[1]
    assert secret.read_text("utf-8") in ("secret", "x")  # "x" where no layer is there


@pytest.fixture(
    scope="module", params=[(), *((x,) for x in worker.LAYERS), worker.LAYERS]
)
def judge(request, tmp_path_factory):
    """Return a judge with no layer of protection, with each alone, and with all."""
    folder = tmp_path_factory.mktemp("judge") / "own"
    judge = Judge(folder, 5, 3, request.param)
    yield judge
    judge.close()


# What is tried, and each layer that prevents it without the others.
ATTACKS = {
    "open({secret!r}).read()": "rooms guard",
    # The C++ part of PyTorch opens files without asking Python.
    "torch.from_file({secret!r}, size=1, dtype=torch.uint8)": "rooms",
    "open({secret!r}, 'w').write('x')": "rooms guard",
    "os.listdir({home!r})": "rooms guard",
    "socket.create_connection(('127.0.0.1', {port}), 2).close()": "rooms guard",
    "subprocess.run([sys.executable, '-c', ''], check=True)": "guard",
    "os.fork() or os._exit(0)": "guard",
    "torch.empty(8 << 30, dtype=torch.uint8)": "limits",
    "open('big', 'wb').write(bytes(20 << 20))": "limits",
    "gc.get_objects(); open('own', 'w').write('x')": "",  # its own folder is its own
}


@pytest.mark.parametrize("line", ATTACKS)
def test_each_layer_holds_alone_what_it_promises(line, judge, teacher):
    secret, port = teacher
    layers = set(judge.config["layers"])
    filled = line.format(secret=str(secret), home=str(secret.parent), port=port)
    (_, found), *_ = judge.ask([doing(filled)], "lab01", ["softmax"])
    if "rooms" in layers and "rooms" not in judge.safe:
        pytest.skip("this system does not allow namespaces: `class` says so")
    holding = set(ATTACKS[line].split())
    if "fork" in line or "subprocess" in line:  # root is not limited but in its room
        holding |= {"limits"} if "rooms" in layers or os.getuid() else set()
    assert found["right"] == (not holding & layers), found["messages"]


def test_who_kills_the_parent_harms_nobody(judge):
    line = "os.kill(os.getppid(), 9)"
    asked = judge.ask([doing(line), "def logsumexp(x):\n    return x.logsumexp(1)"],
                      "lab01", ["softmax", "logsumexp"])  # fmt: skip
    (_, first), (_, second) = asked
    assert second["right"], second
    if "guard" in judge.config["layers"]:
        assert "os.kill" in str(first["messages"])


HARMFUL = {
    "hangs": ("while True: pass", "time"),
    "sleeps": ("time.sleep(1000)", "time"),
    "prints": ("while True: print('x' * 1000)", None),
    "writes": ("while True: os.write(1, b'x' * 1000)", "time"),
    "eats memory": ("x = []\n    while True: x.append(torch.ones(10**7))", None),
    "exits": ("exit()", None),
    "ends": ("os._exit(0)", "ended"),
    "forks": ("while True: os.fork()", None),
    "crashes": ("__import__('faulthandler')._sigsegv()", "ended"),
    "fills its folder": (
        "[open(str(i), 'wb').write(bytes(9**7)) for i in range(99)]",
        None,
    ),
    "cheats": ("type(lab01.softmax).judge = lambda *a: V", None),
    "cheats well": ("checks.problem = lambda *a: None; return logits", None),
}


def test_a_harmful_notebook_costs_its_own_marks_only(tmp_path, capsys):
    pile, out = tmp_path / "pile", tmp_path / "out"
    pile.mkdir()
    exercise = {n: find("lab01", n) for n in SOFTMAX.exercises}
    rest = {n: source(e, e.reference) for n, e in exercise.items()}
    for who, (line, _) in HARMFUL.items():
        cheat = "from types import SimpleNamespace\nV = SimpleNamespace(right=True, "
        cheat += "kind='right', name=None, messages=('correct.',), details=())\n"
        cheat = f"from course_utils.exercises import checks\n{cheat}"
        text = notebook(SOFTMAX, rest | {"softmax": cheat + doing(line)})
        (pile / f"{who}.ipynb").write_text(text, encoding="utf-8")
    at_import = "import sys\nMOST = sys.exit()\ndef softmax(logits):\n    return MOST"
    text = notebook(SOFTMAX, rest | {"softmax": at_import})
    (pile / "exits at import.ipynb").write_text(text, encoding="utf-8")
    (pile / "good.ipynb").write_text(notebook(SOFTMAX, rest), encoding="utf-8")
    before = {path.name: path.read_bytes() for path in pile.iterdir()}
    assert main(["class", str(pile), "--out", str(out), "--seconds", "2"]) == 0
    assert {path.name: path.read_bytes() for path in pile.iterdir()} == before
    for row in table(out / "marks.csv"):
        right = [row[f"lab01 {name}"] for name in SOFTMAX.exercises]
        assert right == [str(int(row["student"] == "good")), "1", "1", "1"], row
    lines = (out / "answers.jsonl").read_text("utf-8").splitlines()
    found = [next(iter(json.loads(line).values()))["softmax"] for line in lines]
    kinds = Counter(f["name"] for f in found if f["kind"] == "stopped")
    wanted = Counter(name for _, name in HARMFUL.values() if name)
    assert not wanted - kinds, (wanted, kinds)
    tampered = [f for f in found if f["kind"] == "tampered"]
    assert len(tampered) == 2, [(f["kind"], f["name"], f["messages"]) for f in found]


# nbgrader and a hub ------------------------------------------------------------------


def test_an_assignment_holds_each_exercise_once(tmp_path):
    assert main(["class", "--nbgrader", str(tmp_path)]) == 0
    seed = (tmp_path / "seed.txt").read_text("utf-8").strip()
    for lab in KNOWN.values():
        file = tmp_path / "source" / lab.module / f"{lab.name}.ipynb"
        cells = json.loads(file.read_text(encoding="utf-8"))["cells"]
        marked = [c for c in cells if "nbgrader" in c["metadata"]]
        ids = [c["metadata"]["nbgrader"]["grade_id"] for c in marked]
        wanted = {f"{n}-{x}" for n in lab.exercises for x in ("answer", "marks")}
        assert set(ids) == wanted and len(ids) == len(wanted)
        for answer, marks in zip(marked[::2], marked[1::2], strict=True):
            assert "    ..." not in answer["source"].split("\n\n\n")[0]
            assert answer["source"].count("### BEGIN SOLUTION") == 1
            assert f".hold_back({seed})" in marks["source"]
            compile(answer["source"], "", "exec")


def test_nbgrader_gives_the_same_marks(tmp_path, monkeypatch, capsys):
    pytest.importorskip("nbgrader", reason="nbgrader is not installed here")
    from nbgrader.api import Gradebook
    from nbgrader.apps import NbGraderAPI
    from nbgrader.validator import Validator
    from traitlets.config import Config

    course, out, pile = (tmp_path / name for name in ("course", "out", "pile"))
    monkeypatch.setenv("COURSE_STATIC", "1")
    config = Config()
    config.CourseDirectory.root = str(course)
    config.CourseDirectory.db_url = f"sqlite:///{course / 'gradebook.db'}"
    config.ExecutePreprocessor.timeout = config.Execute.timeout = 300
    beside = os.path.dirname(sys.executable)  # nbgrader starts alembic by its name
    monkeypatch.setenv("PATH", beside, prepend=os.pathsep)
    assert main(["class", "--nbgrader", str(course), "--labs", "01"]) == 0
    file = course / "source" / "lab01" / "01_softmax.ipynb"
    Validator(config=config).validate_and_print(str(file))
    assert "Success! Your notebook passes all the tests." in capsys.readouterr().out
    api = NbGraderAPI(config=config)
    released = api.generate_assignment("lab01")
    assert released["success"], released
    release = (course / "release" / "lab01" / "01_softmax.ipynb").read_text("utf-8")
    assert "hold_back" not in release
    assert "exps = shifted.exp()" not in release
    made = a_class(SOFTMAX, 3)
    for i, (_, what) in enumerate(made.values()):
        nb = json.loads(release)
        for cell in nb["cells"]:
            grade_id = cell["metadata"].get("nbgrader", {}).get("grade_id", "")
            name = grade_id.removesuffix("-answer")
            if what.get(name):
                exercise = find("lab01", name)
                code = source(exercise, what[name])
                check = "".join(cell["source"]).partition("\nlab01.")[2]
                cell["source"] = f"{code}\n\n\nlab01.{check}"
        folder = course / "submitted" / f"student{i}" / "lab01"
        folder.mkdir(parents=True)
        (folder / "01_softmax.ipynb").write_text(json.dumps(nb), encoding="utf-8")
        graded = api.autograde("lab01", f"student{i}")
        assert graded["success"], graded
    # Our own command reads nbgrader's folder of hand-ins as any other pile.
    assert main(["class", str(course / "submitted"), "--out", str(out)]) == 0
    ours = {row["student"]: row for row in table(out / "marks.csv")}
    with Gradebook(config.CourseDirectory.db_url) as gradebook:
        for i in range(len(made)):
            nb = gradebook.find_submission_notebook(
                "01_softmax", "lab01", f"student{i}"
            )
            marks = {g.name.removesuffix("-marks"): g.score for g in nb.grades}
            row = ours[f"student{i}"]
            assert marks == {n: float(row[f"lab01 {n}"]) for n in SOFTMAX.exercises}
    assert {*ours} == {"student0", "student1", "student2"} and not pile.exists()


def test_a_link_per_lab(capsys):
    assert main(["class", "--links", "https://hub.school.edu/", "--labs", "01"]) == 0
    link = capsys.readouterr().out.strip()
    repository, branch = read_address()
    assert link.startswith("https://hub.school.edu/hub/user-redirect/git-pull?repo=")
    asked = parse_qs(urlsplit(link).query)
    assert asked["repo"] == [f"https://github.com/{repository}"]
    assert asked["branch"] == [branch]
    assert asked["urlpath"][0].endswith("/notebooks/01_softmax.ipynb")
