"""The handouts: what students must not see, what must agree, and bad requests."""

import functools
import importlib.util
import json
import math
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from nbformat import v4
from repository import forget_run, read_pdf

import course_utils
from course_utils.authoring import (
    asked,
    credits,
    editions,
    handouts,
    labs,
    paper,
    plan,
    publish,
    reading_time,
    syllabus,
    tree,
    words,
    worksheet,
)
from course_utils.authoring.__main__ import main
from course_utils.exercises import checks

if missing := [
    name for name in ("pypandoc", "typst") if not importlib.util.find_spec(name)
]:
    reason = f"handouts need {' and '.join(missing)}: pip install -e '.[authoring]'"
    pytest.skip(reason, allow_module_level=True)

PATHS = labs.lab_paths()
by_lab = pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)


@functools.cache
def stored(path):
    return editions.read_executed(path)


@functools.cache
def typeset(path, edition):
    """Return an edition in typst's language."""
    return paper.to_typst(handouts.EDITIONS[edition](stored(path)))[0]


def squeeze(text):
    """Drop what typesetting may change: spaces, line ends, quoting."""
    return re.sub(r"\\n|[\s\\]|&#?\w+;", "", text)


def signatures(exercise, lab_source):
    """Return the parts of a solution by which it is known in any edition.

    These are its lines that the lab itself does not show elsewhere.
    """
    known = squeeze(lab_source.replace("\n#", "\n"))
    lines = editions.body(exercise.reference).splitlines()
    lines = [squeeze(re.sub(r"(^|  )#.*", "", line)) for line in lines]
    found = [line for line in lines if len(line) >= 12 and line not in known]
    return found or [squeeze(editions.body(exercise.reference))]


def seen(path, text):
    """Return which solutions of a lab show in a text, and which do not."""
    text = squeeze(text)
    source = path.read_text(encoding="utf-8") + programs(path)
    there, absent = [], []
    for cell in labs.read_lab(path).cells:
        for exercise in editions.exercises(cell):
            for part in signatures(exercise, source):
                (there if part in text else absent).append((exercise.name, part))
    return there, absent


def programs(path):
    """Return the programs that a lab prints: what is to be mended is no solution."""
    cells = labs.code_cells(stored(path))
    shows = [cell for cell in cells if ".show()" in cell.source]
    return "".join(o.get("text", "") for cell in shows for o in cell.outputs)


def text_of(pdf):
    """Return the text of a PDF."""
    return "\n".join(read_pdf(pdf)[0])


# Editions -----------------------------------------------------------------------


@by_lab
def test_no_solution_reaches_a_student(path):
    nb = editions.student(stored(path))
    for text in (json.dumps(nb), typeset(path, "student")):
        assert seen(path, text)[0] == []
    # The same search finds each of them where they belong.
    found, absent = seen(path, typeset(path, "instructor"))
    assert found
    assert absent == []


def test_no_solution_reaches_a_students_pdf(pdfs):
    path = labs.lab_paths(["01"])[0]
    assert seen(path, text_of(pdfs / "01_softmax-student.pdf"))[0] == []
    assert seen(path, text_of(pdfs / "01_softmax-instructor.pdf"))[1] == []


plain = editions.without_numbers  # of mistakes that differ in a number, one is told


@by_lab
def test_an_instructor_gets_mistakes_hints_and_timing(path):
    nb = stored(path)
    notes = [c for c in editions.instructor(nb).cells if "note" in c.metadata]
    assert editions.timing(nb) in notes[0].source
    text = "\n".join(cell.source for cell in notes)
    for cell in nb.cells:
        for exercise in editions.exercises(cell):
            assert all(editions.as_markdown(hint) in text for hint in exercise.hints)
            for mistake in exercise.mistakes:
                assert plain(editions.explanation(mistake)) in plain(text)
                source = editions.body(mistake)
                shown = not editions._hidden(mistake, source)
                shown &= sum(editions.body(m) == source for m in exercise.mistakes) == 1
                assert not shown or source in text
    code = "".join(re.findall(r"```python\n(.*?)```", text, re.S))
    assert not re.search(r"(?<![\w.])_[a-z]\w+\(", code)  # a helper of the course's own


@by_lab
def test_paper_has_no_screen_parts(path):
    nb = stored(path)
    before = json.dumps(nb)
    for make in (editions.student, worksheet.student, plan.instructor):
        text = json.dumps(make(nb))
        assert "colab" not in text
        assert "open-in-" not in text
        assert "application/vnd" not in text
    assert json.dumps(nb) == before  # an edition is a copy


@by_lab
def test_every_exercise_has_room_to_write(path):
    exercises = [e for cell in stored(path).cells for e in editions.exercises(cell)]
    text = typeset(path, "student")
    tasks = worksheet.lessons().get(path.stem[:2], {}).get("pencil", [])
    n_rooms = text.count("#room(") - sum("room" in task for task in tasks)
    assert n_rooms == len(exercises) > 0
    assert text.count("#exercise[") in (len(exercises), 0)


def test_room_is_for_code_and_not_for_its_comments():
    assert editions._room(checks.find("lab03", "right_calls")) == 4  # lines
    assert editions._room(checks.find("lab03", "train")) > 10


def test_the_name_of_a_formula_is_plain_text():
    (path,) = labs.lab_paths(["09"])
    assert '#named("pos_weight", ' in typeset(path, "student")


def test_what_announces_a_table_stays_with_it():
    (path,) = labs.lab_paths(["13"])
    text = typeset(path, "student")
    kept = re.findall(r"#keep\[\n(.*?)\n\n\]\n(#[a-z-]+)", text, re.S)
    assert any(call == "#grid-table" and "whole page" in text for text, call in kept)
    calls = {call for text, call in kept if not text.rstrip("\n]").endswith(":")}
    formulas, others = {"#named", "#formula"}, {"#cell", "#exercise", "#question"}
    assert calls <= {"#grid-table", "#out"} | formulas | others
    cells = re.findall(r"#keep\[\n#cell\(.*\n\]\n#told\(", text)
    assert len(cells) == text.count("#told(") > 5


# The worksheet ------------------------------------------------------------------

SOURCE = """\
# A comment on what is drawn.
fig, axes = plt.subplots(1, 2)
x = torch.linspace(0, 1, 5)  # only drawn
for ax, (name, y) in zip(axes, runs.items(), strict=True):
    # a comment in it
    z = y.exp()
    x += 1
    ax.plot(x, z)
for name, y in runs.items():
    print(name, y)
    axes[0].plot(y)


def draw_all(ax):
    ax.plot(x)


def twice(n):
    assert n > 0
    return 2 * n


draw_all(axes[0])
total = twice(3)
assert_close(total, 6)
assert total == 6"""
LEFT = """\
for name, y in runs.items():
    print(name, y)

def twice(n):
    return 2 * n

total = twice(3)"""


def test_a_worksheet_drops_what_only_draws_or_tests():
    assert worksheet.essential([SOURCE, "assert total", "x"]) == [
        LEFT.replace("for name", "x = torch.linspace(0, 1, 5)  # only drawn\nfor name"),
        "",
        "x",
    ]
    assert worksheet.essential([SOURCE])[0] == LEFT


def test_a_worksheet_has_no_cell_that_says_nothing():
    test = v4.new_code_cell("b = a + 1\nassert b == 2")
    cells = [v4.new_code_cell("a = 1"), test, v4.new_code_cell("a.b = 2")]
    title = v4.new_markdown_cell("# 11. Title")
    nb = worksheet.student(v4.new_notebook(cells=[title, *cells]))
    assert [c.source for c in labs.code_cells(nb)] == ["a = 1", "", "a.b = 2"]


def test_above_the_room_stands_what_is_to_be_written():
    for source in ("def f(x): ...\n\n\nlab09.f.check(f)", "def f(x):\n    ..."):
        text = json.dumps(paper._stub(source, {"f": 4}))
        assert text.index("def f(x):") < text.index('"lines", "4"')
        assert "..." not in text


def test_a_name_that_was_drawn_once_may_be_given_anew():
    drawn = "for k, (ax, unit) in enumerate(zip(axes, units)):\n    ax.plot(k, unit)"
    draws = f"fig, axes = plt.subplots(1, 2)\n{drawn}\nloss = axes[0].plot(unit)"
    works = [
        "def hidden(X):\n    return [unit(X) for unit in units]",
        "ends = [k + 1 for k in range(3)]",
        "loss = train(ends)",
        "print(loss)",
        "for unit in units:\n    print(unit)",
    ]
    assert worksheet.essential([draws, *works]) == ["", *works]
    assert worksheet.essential([draws, "print(loss)"]) == ["", ""]


@by_lab
def test_a_worksheet_keeps_all_that_is_printed(path):
    nb = editions.student(editions.read_executed(path))
    sources = [cell.source for cell in labs.code_cells(nb)]
    for source, left in zip(sources, worksheet.essential(sources), strict=True):
        # There is no pad on paper.
        pad = len(re.findall(r"print\(.*\bpad\.", source))
        assert left.count("print(") == source.count("print(") - pad


@by_lab
def test_a_worksheet_has_no_drawing(path):
    text = typeset(path, "student").partition("#deeper[")[0]
    cells = "\n".join(line for line in text.splitlines() if line.startswith("#cell("))
    for word in ("plt.", "plots.", "assert_close", "ax."):
        assert word not in cells
    assert not re.search(r"(\\n|\") *assert ", cells)


def slopes(function, *values):
    """Return the slopes of a function at a place."""
    place = torch.tensor([float(value) for value in values], requires_grad=True)
    function(place).backward()
    return place.grad.tolist()


def close(found, said, off):
    """Tell whether numbers are what a task says, up to a distance."""
    pair = torch.as_tensor(found).double(), torch.as_tensor(said).double()
    return torch.allclose(*pair, atol=off, rtol=0)


HELP = {
    "math": math,
    "torch": torch,
    "slopes": slopes,
    "close": close,
    "softmax": lambda *z: torch.softmax(torch.tensor(z, dtype=float), 0),
    "sigmoid": lambda z: 1 / (1 + math.exp(-z)),
}
TASKS = [
    pytest.param(number, task, id=f"{number}-{n}")
    for number, lesson in worksheet.lessons().items()
    for n, task in enumerate(lesson.get("pencil", []), 1)
]


@pytest.mark.parametrize(("number", "task"), TASKS)
def test_the_answer_of_a_task_holds(number, task):
    assert "holds" in task or number == "04", "say how to calculate it"
    assert eval(task.get("holds", "True"), HELP) is True


def test_labs_have_tasks_for_a_pencil():
    assert {number for number, _ in (p.values for p in TASKS)} >= {
        f"{n:02}" for n in range(1, 9)
    }
    for path in PATHS:
        student, instructor = typeset(path, "student"), typeset(path, "instructor")
        body, _, key = student.partition("#key[")
        n_tasks = sum(
            number == path.stem[:2] for number, _ in (p.values for p in TASKS)
        )
        for text in (body, instructor):
            assert text.count("#pencil[") == n_tasks
        assert key.count(words.word("pencil")) == n_tasks
        assert f"#strong[{words.word('answer')}]" not in body


@pytest.mark.parametrize("change", [{"section": 42}, {"figure": "no such cell"}])
def test_a_task_that_has_no_place(monkeypatch, change):
    (path,) = labs.lab_paths(["04"])
    task = worksheet.lessons()["04"]["pencil"][0] | change
    monkeypatch.setattr(worksheet, "lessons", lambda: {"04": {"pencil": [task]}})
    with pytest.raises(labs.LabError, match=r"lessons.toml, task 1 of lab 04: "):
        worksheet.student(stored(path))


# The plan of a lesson -------------------------------------------------------------


@by_lab
def test_a_plan_has_all_that_a_lesson_needs(path):
    nb = stored(path)
    text = plan.in_markdown(nb)
    assert typeset(path, "instructor").count("#plan[") == 1
    assert plan.opening(nb) in text and len(plan.opening(nb)) > 100
    core = "\n".join(c.source for c in plan.core(nb).cells)
    assert all(name in text for name in re.findall(r"\\tag\{.+?\}", core))
    rows = re.findall(r"^\| (.+?) \| (\d+) \| (\d*) \| (\d*) \|$", text, re.M)
    assert abs(sum(int(row[1]) for row in rows) - reading_time.estimate(nb)) < len(rows)
    asks = [q for c in plan.core(nb).cells for q in asked.questions(c)]
    assert len(asks) * 0.6 < sum(int(row[2] or 0) for row in rows) <= len(asks)
    for title in re.findall(r"^## (\d.*)$", core, re.M):
        assert title.replace(". ", ".\u00a0", 1) in text
    stops = sum(words.bold("stop") in c.source for c in nb.cells)
    assert text.count(words.word("stop-here")) == stops
    assert (words.word("no-stop") in text) == (stops == 0)
    homework = text.partition(words.bold("homework"))[2].partition("\n\n")[0]
    exercises = [e for cell in nb.cells for e in editions.exercises(cell)]
    assert all(f"`{e.name}`" in homework for e in exercises)
    likely = text.partition(words.bold("three"))[2].partition(words.bold("homework"))[0]
    assert likely.count("\n* ") == plan.N_MISTAKES
    index = text.partition(words.bold("symptoms"))[2]
    for exercise in exercises:
        for mistake in exercise.mistakes:
            assert plain(plan._called(exercise, mistake)) in plain(index)


@by_lab
def test_a_plan_has_two_pages(tmp_path, path):
    nb = editions.student(stored(path))
    text = f"# Title\n\n::::: plan\n{plan.in_markdown(stored(path))}\n:::::\n\n# End"
    nb.cells = [v4.new_markdown_cell(text)]
    body, images = paper.to_typst(nb)
    paper.fill_workshop(tmp_path, images)
    text = paper.lab("instructor", body, path.stem, compact=False)
    found = "#context [#metadata(counter(page).final().first())<found>]"
    assert paper.query(f"{text}\n{found}", tmp_path, "plan") <= 2 + 1


def test_pages_that_do_not_settle_are_refused(tmp_path):
    text = '#set document(title: "A")\n#let n = state("n", 1)\n'
    assert paper.pdf(f"{text}= A\n#context n.get()", tmp_path, "a").startswith(b"%PDF")
    restless = f"{text}= A\n#context n.update(n.final() + 1)\n#context n.get()"
    with pytest.raises(labs.LabError, match=r"a\.pdf cannot be made: its pages do not"):
        paper.pdf(restless, tmp_path, "a")


def test_a_plan_knows_its_mistakes(monkeypatch):
    lesson = {"00": {"mistakes": ["count_right", "no_such_mistake"]}}
    monkeypatch.setattr(worksheet, "lessons", lambda: lesson)
    (path,) = labs.lab_paths(["00"])
    with pytest.raises(labs.LabError, match="lab 00 knows no no_such_mistake"):
        plan.in_markdown(stored(path))


def raises(x):
    raise KeyError(x)


def changes(x):
    right = x * 1
    with torch.no_grad():
        x.fill_(0)
    return right


SYMPTOMS = {
    "KeyError, an error": raises,
    "nan or inf": lambda x: x / 0,
    "another shape": lambda x: x.sum(),
    "a negative number": lambda x: x - torch.tensor([0.0, 0.0, 0.7]),
    "the sign turned round": lambda x: -x,
    "more than 1, in the place of a share": lambda x: x + 0.9,
    "0.5": lambda x: torch.full_like(x, 0.5),
    "0": torch.zeros_like,
    "all numbers too large or too small by one factor": lambda x: x / 2,
    "all numbers too large or too small by as much": lambda x: x + 0.1,
    "other numbers": lambda x: x.flip(0),
    "right, but the slopes are wrong": lambda x: x.detach(),
    "right, but the arguments are changed": changes,
    "another type": lambda x: "x",
    "wrong with special inputs alone": lambda x: x.clone(),
}


@pytest.mark.parametrize("seen", SYMPTOMS)
def test_what_a_learner_sees(seen):
    @checks.exercise(inputs=[(torch.tensor([0.2, 0.3, 0.5]),)], hints=[])
    def same(x):
        return x * 1

    assert plan.symptom(same, SYMPTOMS[seen]) == seen


# Paper --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pdfs(tmp_path_factory):
    """Make the handouts of lab 1 with the command, in a process of its own."""
    folder = tmp_path_factory.mktemp("handouts")
    command = [sys.executable, "-m", "course_utils.authoring", "handouts", "01"]
    run = subprocess.run(
        [*command, "--out", folder],
        cwd=labs.ROOT,
        env={**os.environ, "PYTHONHASHSEED": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    )
    assert "labs: 100%" in run.stderr and "2/2" in run.stderr  # the progress bar
    return folder


def test_rebuilding_gives_identical_bytes(pdfs, capsys):
    assert {path.name for path in pdfs.iterdir()} == {
        "01_softmax-student.pdf",
        "01_softmax-instructor.pdf",
    }
    before = {path: path.stat().st_mtime_ns for path in pdfs.iterdir()}
    files = handouts.build(labs.lab_paths(["01"]), whole_course=False)
    for name, data in files.items():
        assert (pdfs / name).read_bytes() == data, name
    assert publish.publish(files, pdfs) == []
    assert {path: path.stat().st_mtime_ns for path in pdfs.iterdir()} == before


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Make a whole course of the two shortest labs, and the sheet of all labs."""
    folder = tmp_path_factory.mktemp("whole")
    notebooks = [stored(path) for path in PATHS]
    paper.fill_workshop(folder, {})
    (folder / "sheet.pdf").write_bytes(handouts.sheet(notebooks, folder, "rules"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(syllabus, "PAPERS", {})  # these need all labs: see test_syllabus
        files = handouts.build(labs.lab_paths(["00", "07"]), whole_course=True)
    publish.publish(files, folder)
    return folder


def test_the_sheet_has_two_pages_and_every_rule(whole):
    path = whole / "sheet.pdf"
    assert len(read_pdf(path)[0]) == 2

    def letters(text):  # the typesetter adds hyphens
        return re.sub(r"[\W_]", "", text)

    text = letters(text_of(path))
    n_rules = 0
    for lab in PATHS:
        source = lab.read_text(encoding="utf-8").replace("\n# ", "\n")
        for rule in re.findall(
            r"^\*\*Rule\*\* (.+?)(?=\n#?\n|\s*\Z)", source, re.M | re.S
        ):
            n_rules += 1
            for piece in re.split(r"\$.*?\$|[`*]", rule):
                assert letters(piece) in text, rule
        formulas = editions.formulas(stored(lab))
        assert len(formulas) == source.count(r"\tag{")
        for formula in formulas:
            name = re.search(r"\\tag\{(.+?)\}", formula)[1]
            assert letters(name) in text
    assert n_rules == sum(
        lab.read_text(encoding="utf-8").count("\n# **Rule** ") for lab in PATHS
    )
    assert n_rules > 60


def test_a_bound_edition_has_contents_and_page_numbers(whole):
    told = credits.read()
    for edition in ("student", "instructor"):
        pages, _ = read_pdf(whole / f"course-{edition}.pdf")
        texts = [" ".join(page.split()) for page in pages]
        contents = texts[2]
        assert contents.startswith("Contents")
        for found_in_every_lab in ("Exercises", "Summary"):
            assert found_in_every_lab not in contents
        assert told.subtitle in texts[0]
        for licence in ("CC BY 4.0", "MIT license", "CC BY-SA 3.0", "LeCun"):
            assert licence in texts[1]
        letters = texts[1].replace(" ", "").replace("-", "")
        for *_, place, _ in credits.notes():
            for address in re.findall(r"\[([^]]+)\]\(", place):
                assert address.replace("-", "") in letters
        for title in ("0. Start here", "7. MNIST, two digits"):
            number = int(re.search(rf"{title}[ .]*(\d+)", contents)[1])
            assert texts[number - 1].startswith(title)
            head = texts[number]  # of the page after the first of a lab
            assert str(number + 1) in head[:60]
            assert title in head or told.title in head


def test_every_document_says_what_it_is(pdfs, whole):
    told = credits.read()
    made = [*pdfs.glob("*.pdf"), *whole.glob("*.pdf")]
    assert len(made) == 2 + 8
    for path in made:
        pages, data = read_pdf(path)
        assert data["Author"] == told.authors
        assert credits.LICENCE in data["Subject"]
        assert course_utils.__version__ in data["Subject"]
        assert data["CreationDate"] == ""
        texts = [" ".join(page.split()) for page in pages]
        bound = path.name.startswith("course-")
        for n, text in enumerate(texts):
            assert (bound and n < 2) or told.short in text, (path, n)
        if not path.stem.startswith(("rules", "sheet")):
            assert told.cite in texts[0] and told.year in texts[0]
            assert credits.LICENCE in texts[0]


@pytest.mark.parametrize("name", ["08", "11"])  # the longest ones
def test_the_core_of_a_worksheet_has_twelve_pages(tmp_path, name):
    (path,) = labs.lab_paths([name])
    body, images = paper.to_typst(worksheet.student(stored(path)))
    paper.fill_workshop(tmp_path, images)
    text = paper.lab("student", body, path.stem, compact=True)
    found = "#context [#metadata(query(heading).filter(h => h.body == [{}]).first()"
    found = found.format(words.word("exercises")) + ".location().page())<found>]"
    assert paper.query(f"{text}\n{found}", tmp_path, "core") <= 12


def test_code_is_never_cut():
    line = "x = " + " + ".join(f"a_long_name_{i}" for i in range(20)) + "y" * 100
    wrapped = paper.wrap(f"short\n{line}\n").splitlines()
    assert wrapped[:2] == ["short", wrapped[1]]
    assert max(map(len, wrapped)) == paper.COLUMNS
    assert all(part.startswith(paper.CONTINUED) for part in wrapped[2:])
    mended = "".join(part.removeprefix(paper.CONTINUED) for part in wrapped[1:])
    assert mended.replace(" ", "") == line.replace(" ", "")


def test_code_has_weight_and_slant():
    looks = re.findall(
        r'\("(\w+)", "([^"]+)', paper.marks("def f(x):\n\n    if x:  # no")
    )
    keyword = [("keyword", text) for text in ("def", "f", "if")]
    assert looks == [*keyword, ("comment", "# no")]


def test_marked_code_is_the_code(tmp_path):
    parts = [f"def f{n}():\n    return {n}  # {n}" for n in range(9)]
    code = "\n\n\n".join(parts)  # long: it is broken between its parts
    block = tree.code_block(code, "python", marks=paper.marks(code))
    text = paper.lab("student", paper.write([block]), "title", compact=True)
    paper.fill_workshop(tmp_path, {})
    made = tmp_path / "a.pdf"
    made.write_bytes(paper.pdf(text, tmp_path, "a"))
    assert " ".join(code.split()) in " ".join(text_of(made).split())


def test_all_columns_fit_on_the_page(tmp_path):
    paper.fill_workshop(tmp_path, {})
    code = "W" * paper.COLUMNS
    width = paper.query(
        f'#import "course.typ": *\n#show: it => lab(it)\n'
        f'#context [#metadata(measure(set-code("{code}")).width.pt())<found>]',
        tmp_path,
        "width",
    )
    assert 400 < width < 160 * 72 / 25.4 - 12  # the text's width without the padding


@by_lab
def test_fonts_have_every_character(path):
    found = set(typeset(path, "student") + typeset(path, "instructor"))
    # Each of these was looked at on paper.
    looked_at = "\n↪×²±°·…→≤≥σ“”‘’–—−"  # noqa: RUF001
    assert found - set(map(chr, range(32, 127))) <= set(looked_at)


# Bad requests -------------------------------------------------------------------


@pytest.fixture
def course(tmp_path, monkeypatch):
    """Let a copy of lab 0 be the whole course, with handouts made once before."""
    for suffix in (".py", ".ipynb"):
        source = labs.lab_paths(["00"])[0].with_suffix(suffix)
        (tmp_path / "notebooks").mkdir(exist_ok=True)
        shutil.copy(source, tmp_path / "notebooks")
    for name in ("pyproject.toml", "CITATION.cff", "CHANGELOG.md", "README.md"):
        shutil.copy(labs.ROOT / name, tmp_path)
    monkeypatch.setattr(labs, "ROOT", tmp_path)
    monkeypatch.setattr(handouts, "SHEET_SIZES", [10])
    monkeypatch.setattr(syllabus, "PAPERS", {})
    folder = tmp_path / "out"
    folder.mkdir()
    for name in ("00_start_here-student.pdf", "mine.txt"):
        (folder / name).write_bytes(b"from before")
    return tmp_path


def everything(folder):
    return {
        path.relative_to(folder): path.is_file() and path.read_bytes()
        for path in folder.rglob("*")
    }


def refused(course, capsys, *words, out="out", made=()):
    """Run the command; return its one line, if no file but ``made`` has changed."""
    before = everything(course / "out")
    before |= dict.fromkeys(made)
    capsys.readouterr()
    assert main(["handouts", *words, "--out", str(course / out)]) == 2
    assert everything(course / "out") | dict.fromkeys(made) == before
    lines = re.sub(r".*\r", "", capsys.readouterr().err).strip().splitlines()
    lines = [line for line in lines if "step" not in line]  # the progress bar
    assert len(lines) == 1
    assert lines[0].startswith("error: ")
    return lines[0]


@pytest.mark.parametrize("tool", ["pypandoc", "typst"])
def test_a_missing_tool(course, capsys, monkeypatch, tool):
    monkeypatch.setitem(sys.modules, tool, None)
    assert f'{tool} is not installed; run: pip install -e ".[authoring]"' in refused(
        course, capsys
    )


def test_a_lab_that_was_never_executed(course, capsys):
    forget_run(course / "notebooks" / "00_start_here.ipynb")
    line = refused(course, capsys)
    assert "never executed; run: python -m course_utils.authoring refresh 00" in line


def test_a_lab_that_was_edited_since(course, capsys):
    path = course / "notebooks" / "00_start_here.py"
    path.write_text(path.read_text(encoding="utf-8") + "\n# %%\n1 + 1\n", "utf-8")
    assert "differ; run: " in refused(course, capsys)
    path.with_suffix(".ipynb").write_text("no notebook", encoding="utf-8")
    assert "is not a notebook; run: " in refused(course, capsys)
    path.with_suffix(".ipynb").unlink()
    assert "is missing; run: " in refused(course, capsys)


def test_an_unknown_lab(course, capsys):
    assert "there is no lab '42'" in refused(course, capsys, "42")


def test_an_unwritable_folder(course, capsys, monkeypatch):
    monkeypatch.setattr(handouts, "build", None)  # it is found out before the work
    assert "cannot write into" in refused(course, capsys, out="out/mine.txt")
    assert "cannot write into" in refused(course, capsys, out="out/mine.txt/deeper")


def test_a_pdf_that_is_open_in_a_viewer(course, capsys, monkeypatch):
    replace = os.replace

    def locked(source, target):
        # On Windows a file that another program has open cannot be replaced.
        if target.name == "00_start_here-student.pdf":
            raise PermissionError(13, "Access is denied", str(target))
        replace(source, target)

    monkeypatch.setattr(os, "replace", locked)
    other = Path("00_start_here-instructor.pdf")
    line = refused(course, capsys, "00", made=[other])
    # Each file is the old one or the new one, and whole.
    assert (course / "out" / other).read_bytes().startswith(b"%PDF")
    assert "00_start_here-student.pdf: it is open in another program" in line
    monkeypatch.undo()


def test_publish_replaces_nothing_before_all_drafts_are_written(tmp_path):
    folder = tmp_path / "a" / "b"
    with pytest.raises(labs.LabError, match="cannot write into"):
        publish.publish({"one": b"1", "no/such/folder": b"2"}, folder)
    assert list(folder.iterdir()) == []
    assert publish.publish({"one": b"1", "two": b"2"}, folder) == ["one", "two"]
    assert publish.publish({"one": b"1", "two": b"3"}, folder) == ["two"]
    assert everything(folder) == {
        (folder / name).relative_to(folder): data
        for name, data in (("one", b"1"), ("two", b"3"))
    }
