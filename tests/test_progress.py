"""The file with a reader's progress: nothing that happens to it stops a lab."""

import errno
import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import matplotlib.pyplot as plt
import pytest
import torch
import torch.nn.functional as F
from scipy.stats import binomtest

from course_utils import progress

ROOT = Path(__file__).resolve().parents[1]
WRITER = """
import sys
from course_utils import progress
progress.SESSION = sys.argv[1]
for i in range(1000):
    progress.record("answer", "lab01", f"q{i}", right=True, sure=0.5, value="x" * 300)
"""


@pytest.fixture
def file(tmp_path, monkeypatch):
    file = tmp_path / "folder" / "p.jsonl"
    monkeypatch.setenv("COURSE_PROGRESS", str(file))
    monkeypatch.setattr(progress, "_unwritten", [])
    monkeypatch.setattr(progress, "_said", set())
    monkeypatch.setattr(progress, "SESSION", "s1")
    return file


def answer(name, right, sure=None, *, lab="lab01", told=False):
    progress.record("answer", lab, name, right=right, sure=sure, told=told)


def test_tests_keep_no_progress():
    assert progress.path() is None


def test_an_event_is_one_line(file):
    answer("shifted", True, 0.8)
    progress.record("attempt", "course_utils.exercises.lab01", "softmax")
    progress.record("solved", "lab01", "softmax")
    lines = file.read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["kind"] for line in lines] == list(progress.KINDS)
    first = progress.read()[0]
    wanted = {"lab": "lab01", "name": "shifted", "right": True, "sure": 0.8, "v": 1}
    assert wanted.items() <= first.items()
    assert first["time"].endswith("+00:00")
    assert first["course"] == progress.__version__


def test_only_labs_of_the_course_are_noted(file):
    progress.record("solved", "test_exercises", "double")
    progress.record("solved", "__main__", "double")
    assert not file.exists()
    with pytest.raises(ValueError, match="no kind of event 'won'"):
        progress.record("won", "lab01", "softmax")


@pytest.mark.parametrize("setting", ["off", "OFF", " off "])
def test_off(setting, monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("COURSE_PROGRESS", setting)
    monkeypatch.setattr(progress, "_append", None)  # would stop with a TypeError
    monkeypatch.chdir(tmp_path)
    answer("shifted", True)
    assert progress.read() == []
    assert list(tmp_path.iterdir()) == []
    progress.show()
    assert "switched off (COURSE_PROGRESS=off)" in capsys.readouterr().out


def test_where_the_file_is(monkeypatch, tmp_path):
    monkeypatch.delenv("COURSE_PROGRESS")
    assert progress.path().name == "progress.jsonl"
    assert "course_utils" in progress.path().parts
    monkeypatch.setenv("COURSE_PROGRESS", "")
    assert progress.path().name == "progress.jsonl"
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path))
    assert progress.path() == tmp_path / "progress.jsonl"
    monkeypatch.setenv("COURSE_PROGRESS", "~/mine.jsonl")
    assert progress.path() == Path.home() / "mine.jsonl"


def test_two_notebooks_write_at_once(file):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, name], env=environment)
        for name in ("one", "two")
    ]
    assert [writer.wait(120) for writer in writers] == [0, 0]
    lines = file.read_text(encoding="utf-8").splitlines()
    assert len(lines) == 2000
    for name in ("one", "two"):
        mine = [
            event["name"]
            for event in map(json.loads, lines)
            if event["session"] == name
        ]
        assert mine == [f"q{i}" for i in range(1000)]
    assert len(progress.read()) == 2000


BROKEN = [
    b"{",
    b"",
    b"[]",
    b"5",
    b"null",
    b"\xff\xfe\x00",
    b'{"v": 1}',
    b'{"v": 1, "kind": "answer", "lab": "lab01", "name": "a"}',
    b"[" * 100_000,
]


@pytest.mark.parametrize("line", BROKEN)
def test_a_broken_line_is_skipped_and_kept(file, line):
    answer("before", True)
    with file.open("ab") as stream:
        stream.write(line + b"\n")
    answer("after", True)
    assert [event["name"] for event in progress.read()] == ["before", "after"]
    assert line in file.read_bytes()


@pytest.mark.parametrize(
    "change",
    [
        {"v": 2},
        {"kind": "drawing"},
        {"lab": "lab1"},
        {"time": "yesterday"},
        {"time": "2026-01-01T00:00:00"},
        {"right": "yes"},
        {"sure": 2},
        {"sure": "much"},
        {"sure": float("nan")},
    ],
)
def test_what_a_later_version_wrote_is_skipped_and_kept(file, change):
    answer("known", True, 0.5)
    strange = (
        json.loads(file.read_text(encoding="utf-8")) | {"name": "strange"} | change
    )
    with file.open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(strange) + "\n")
    before = file.read_bytes()
    assert [event["name"] for event in progress.read()] == ["known"]
    answer("more", True)
    assert file.read_bytes().startswith(before)


def test_a_line_that_was_cut_does_not_spoil_the_next(file):
    answer("first", True)
    with file.open("ab") as stream:
        stream.write(b'{"v": 1, "ki')
    answer("second", False)
    assert [event["name"] for event in progress.read()] == ["first", "second"]


def full(*_):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def partly(handle, data):
    return REAL_WRITE(handle, data[:10])


REAL_WRITE = os.write


@pytest.mark.parametrize("write", [full, partly])
def test_a_full_disk_is_said_once_and_the_lab_goes_on(file, write, monkeypatch, capsys):
    answer("kept", True)
    monkeypatch.setattr(progress.os, "write", write)
    answer("lost", True)
    answer("lost too", False)
    out = capsys.readouterr().out
    assert out.lower().count("no space left") == 1
    assert "cannot be written" in out
    assert "COURSE_PROGRESS" in out
    names = [event["name"] for event in progress.read()]
    assert names == ["kept", "lost", "lost too"]
    monkeypatch.undo()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_the_device_that_is_always_full(file, monkeypatch, capsys):
    monkeypatch.setenv("COURSE_PROGRESS", "/dev/full")
    monkeypatch.setattr(Path, "read_bytes", lambda self: b"")  # it has no end
    answer("lost", True)
    assert "cannot be written to /dev/full (No space" in capsys.readouterr().out
    assert [event["name"] for event in progress.read()] == ["lost"]


def test_a_read_only_home(tmp_path, file, monkeypatch, capsys):
    blocked = tmp_path / "file"
    blocked.write_text("no folder", encoding="utf-8")
    monkeypatch.setenv("COURSE_PROGRESS", str(blocked / "p.jsonl"))
    answer("one", True)
    answer("two", True)
    assert capsys.readouterr().out.count("cannot be written") == 1
    assert len(progress.read()) == 2

    def refuse(*_):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(progress.os, "open", refuse)  # root may write anywhere
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "p.jsonl"))
    answer("three", True)
    assert "Permission denied" in capsys.readouterr().out
    assert len(progress.read()) == 3


def test_a_file_that_cannot_be_read(file, capsys):
    file.mkdir(parents=True)  # a folder in its place: then the file lies in it
    assert progress.path() == file / "progress.jsonl"
    progress.path().mkdir()
    assert progress.read() == []
    assert capsys.readouterr().out.startswith("Your progress cannot be read from")


# What is made of it ---------------------------------------------------------------


def test_cost_is_the_cross_entropy_of_pytorch():
    for sure in (0.02, 0.3, 0.5, 0.99):
        for right in (True, False):
            wanted = F.binary_cross_entropy(
                torch.tensor(sure), torch.tensor(+right).float()
            )
            assert progress.cost(right, sure) == pytest.approx(wanted.item(), rel=1e-5)
    assert progress.cost(True, 0.5) == pytest.approx(progress.COIN)
    assert progress.cost(False, 1.0) == progress.cost(False, 0.99) < 5


def test_which_answers_count(file, monkeypatch):
    answer("q", False, 0.9)
    answer("q", True, 0.7)  # thought again before the result
    answer("q", False, 0.99, told=True)
    answer("r", False, 0.6)
    monkeypatch.setattr(progress, "SESSION", "s2")
    answer("q", False, 0.8)
    counted = [(e["name"], e["right"], e["sure"]) for e in progress.answers()]
    assert counted == [("q", True, 0.7), ("r", False, 0.6), ("q", False, 0.8)]


def test_due_takes_the_missed_and_then_the_longest_unseen(file, monkeypatch):
    answer("old", True)
    answer("missed", False)
    answer("new", True)
    answer("foreign", False)
    times = iter(["01", "02", "03", "04"])
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    for line in lines:
        line["time"] = f"2026-01-{next(times)}T00:00:00+00:00"
    text = "".join(json.dumps(line) + "\n" for line in lines)
    file.write_text(text, encoding="utf-8")
    names = [f"lab01.{name}" for name in ("new", "old", "missed", "never")]
    assert progress.due(names) == ["lab01.missed", "lab01.old", "lab01.new"]
    assert progress.due(names, 1) == ["lab01.missed"]


def test_show_before_anything_was_done(file, capsys):
    progress.show()
    assert capsys.readouterr().out.startswith("Nothing answered or solved yet.")


def test_show(file, capsys):
    exercises, questions, tasks = progress.contents("lab01")
    progress.record("attempt", "lab01", exercises[0])
    progress.record("solved", "lab01", exercises[1])
    progress.record("solved", "lab01", tasks[0])
    answer(questions[0], True, 0.9)
    answer(questions[1], False, 0.8)
    answer(questions[2], True, 0.5)
    progress.show()
    out = capsys.readouterr().out
    assert f"01   1 of {len(exercises):<4}  4 of {len(questions) + 1}" in out
    shaky = f"{questions[1]}, {questions[2]}, {exercises[0]}"
    assert shaky in out
    mean = sum(progress.cost(*p) for p in [(True, 0.9), (False, 0.8), (True, 0.5)]) / 3
    assert f"costs {mean:.2f} nats an answer (3 answers)" in out
    assert f"Next: lab 01, the question {questions[3]}." in out
    assert str(file) in out
    rows = [progress._row("lab01", progress.read())]
    assert f"<td>{shaky}</td>" in progress._html_table(rows, [])


def test_show_knows_when_a_lab_is_done(file, capsys):
    exercises, questions, tasks = progress.contents("lab00")
    for name in exercises:
        progress.record("solved", "lab00", name)
    for name in questions:
        answer(name, True, lab="lab00")
    progress.show()
    assert "Next: lab 00, the task of the figure draw_digit." in capsys.readouterr().out
    for name in tasks:
        progress.record("solved", "lab00", name)
    progress.show()
    assert "Lab 00 is done. Next: lab 01." in capsys.readouterr().out


def test_show_survives_a_lab_that_is_not_here(file, capsys):
    answer("q", True, lab="lab77")
    progress.show()
    assert "77   0 of 0" in capsys.readouterr().out


def test_reliability(file):
    ax = progress.reliability()
    assert [text.get_text() for text in ax.texts] == ["no answers yet"]
    for k in range(4):
        answer(f"q{k}", k < 3, 0.85)
    answer("q5", False, 0.5)
    answer("q6", True)  # without a certainty it says nothing
    ax = progress.reliability()
    texts = [text.get_text() for text in ax.texts]
    assert texts == ["1", "4", "only 5 answers so far"]
    ax.figure.canvas.draw()
    assert ax.texts[-1].get_window_extent().x1 < ax.get_window_extent().x1
    points = [
        line.get_xydata()[0].tolist()
        for line in ax.lines
        if len(line.get_xydata()) == 1
    ]
    assert [0.5, 0.0] in points
    assert progress.certainties() == [
        (0.85, True),
        (0.85, True),
        (0.85, True),
        (0.85, False),
        (0.5, False),
    ]
    ax = progress.reliability(given=[(0.9, True), (0.9, False)])
    assert [text.get_text() for text in ax.texts] == ["2", "only 2 answers so far"]
    assert [pytest.approx(0.85), 0.75] in points
    plt.close("all")


def test_nothing_in_the_diagram_lies_on_anything_else():
    """The number of answers stood on the diagonal, where many are sure and right."""
    groups = {0.25: (0, 3), 0.5: (4, 4), 0.7: (7, 9), 0.9: (9, 12), 0.99: (100, 100)}
    given = [(sure, i < k) for sure, (k, n) in groups.items() for i in range(n)]
    ax = progress.reliability(given=given)
    ax.figure.canvas.draw()
    boxes = [text.get_window_extent() for text in [*ax.texts, *ax.get_legend().texts]]
    lines = [line.get_path().transformed(ax.transData) for line in ax.lines]
    for bars in ax.collections:
        lines += [path.transformed(ax.transData) for path in bars.get_paths()]
    assert len(boxes) == 6 and len(lines) > 10
    for k, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[:k])
        assert not any(line.intersects_bbox(box, filled=False) for line in lines)
    plt.close("all")


def test_wilson_is_that_of_scipy():
    for n_right, n in ((3, 4), (0, 5), (20, 20)):
        wanted = binomtest(n_right, n).proportion_ci(0.9, "wilson")
        assert progress.wilson(n_right, n) == pytest.approx(wanted, abs=1e-4)


def test_colab_says_how_to_keep_it(file, monkeypatch, capsys, tmp_path):
    monkeypatch.setitem(sys.modules, "google.colab", object())
    answer("q", True)
    assert capsys.readouterr().out == ""  # the reader has chosen a place
    monkeypatch.delenv("COURSE_PROGRESS")
    monkeypatch.setattr(progress, "user_data_path", lambda *_, **__: tmp_path)
    answer("q", True)
    answer("q", True)
    out = capsys.readouterr().out
    assert out.count("In Colab your progress is lost") == 1
    assert "drive.mount" in out
    assert "files.download" in out
    progress.show()
    assert "drive.mount" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("shell", "static", "expected"),
    [
        (SimpleNamespace(kernel="a notebook"), "0", True),
        (SimpleNamespace(kernel="a notebook"), "1", False),
        (SimpleNamespace(), "0", False),  # IPython in a terminal
        (None, "0", False),
    ],
)
def test_only_a_notebook_gets_more_than_text(monkeypatch, shell, static, expected):
    monkeypatch.setenv("COURSE_STATIC", static)
    ipython = SimpleNamespace(get_ipython=lambda: shell)
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    assert progress.live() is expected
