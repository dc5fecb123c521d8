"""A pile of hand-ins is judged, and no notebook reaches what is not its own.

The hand-ins are made of the course's own labs: a stub is filled with a solution, a listed
mistake, or something that means harm.
"""

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
from collections import Counter
from urllib.parse import parse_qs, urlsplit

import pytest

from course_utils.authoring import labs
from course_utils.authoring.__main__ import main
from course_utils.authoring.classroom import worker
from course_utils.authoring.classroom.collect import known_labs
from course_utils.authoring.classroom.judge import Judge
from course_utils.authoring.stamp import read_address
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
    secret.write_text("secret")
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield secret, server.getsockname()[1]
    assert secret.read_text() in ("secret", "x")  # "x" where no layer is there


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
    lines = (out / "answers.jsonl").read_text().splitlines()
    found = [next(iter(json.loads(line).values()))["softmax"] for line in lines]
    kinds = Counter(f["name"] for f in found if f["kind"] == "stopped")
    wanted = Counter(name for _, name in HARMFUL.values() if name)
    assert not wanted - kinds, (wanted, kinds)
    tampered = [f for f in found if f["kind"] == "tampered"]
    assert len(tampered) == 2, [(f["kind"], f["name"], f["messages"]) for f in found]


# nbgrader and a hub ------------------------------------------------------------------


def test_an_assignment_holds_each_exercise_once(tmp_path):
    assert main(["class", "--nbgrader", str(tmp_path)]) == 0
    seed = (tmp_path / "seed.txt").read_text().strip()
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
    beside = os.path.dirname(sys.executable)  # nbgrader starts alembic by its name
    monkeypatch.setenv("PATH", beside, prepend=os.pathsep)
    assert main(["class", "--nbgrader", str(course), "--labs", "01"]) == 0
    file = course / "source" / "lab01" / "01_softmax.ipynb"
    Validator().validate_and_print(str(file))
    assert "Success! Your notebook passes all the tests." in capsys.readouterr().out
    config = Config()
    config.CourseDirectory.root = str(course)
    config.CourseDirectory.db_url = f"sqlite:///{course / 'gradebook.db'}"
    config.ExecutePreprocessor.timeout = 300
    api = NbGraderAPI(config=config)
    released = api.generate_assignment("lab01")
    assert released["success"], released
    release = (course / "release" / "lab01" / "01_softmax.ipynb").read_text()
    assert "hold_back" not in release and "e.sum" not in release
    made = a_class(SOFTMAX, 3)
    for i, (student, (_, what)) in enumerate(made.items()):
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
            nb = gradebook.find_submission_notebook("01_softmax", "lab01", f"student{i}")
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
