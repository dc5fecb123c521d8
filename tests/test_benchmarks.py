"""The benchmarks still run: with tiny settings, and with no limit on any time."""

import json
import re
import runpy
import shutil
import sys
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from course_utils import data

FOLDER = Path(__file__).with_name("benchmarks")


@pytest.fixture(autouse=True)
def benchmarks(monkeypatch):
    """Make the folder importable for one test, and give little data to everybody."""
    monkeypatch.syspath_prepend(FOLDER)
    monkeypatch.setenv("COURSE_MNIST", "embedded")
    n_threads = torch.get_num_threads()
    yield
    torch.set_num_threads(n_threads)
    for path in FOLDER.glob("[a-z]*.py"):
        sys.modules.pop(path.stem, None)


def printed(capsys) -> tuple[list[list[str]], str]:
    """Return the rows of the one table that was printed, and all of the text."""
    text = capsys.readouterr().out
    lines = [line for line in text.splitlines() if line.startswith("|")]
    head, rule, *rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in lines
    ]
    assert all(re.fullmatch(":?-+:?", cell) for cell in rule)
    assert all(len(row) == len(head) for row in rows)
    return rows, text


def test_loading(capsys, monkeypatch, tmp_path):
    import bench_loading
    import test_data

    files = test_data.idx_files()
    sums = {name: test_data.md5(content) for name, content in files.items()}
    monkeypatch.setattr(data, "RAW_MD5", sums)
    bench_loading.main(test_data.write_root(tmp_path, files), repeats=1)
    rows, text = printed(capsys)
    assert len(rows) == 6
    assert "1 rounds in turn" in text


def test_loading_refuses_a_way_that_loads_something_else(monkeypatch, tmp_path):
    import bench_loading
    import test_data

    files = test_data.idx_files()
    sums = {name: test_data.md5(content) for name, content in files.items()}
    monkeypatch.setattr(data, "RAW_MD5", sums)

    def too_bright(root, digits):
        X, *others = bench_loading.ours(root, digits)
        return [255 * X, *others]

    monkeypatch.setitem(bench_loading.WAYS, "bright", too_bright)
    with pytest.raises(RuntimeError, match="bright loads other tensors"):
        bench_loading.main(test_data.write_root(tmp_path, files), repeats=1)


def test_loading_says_what_it_needs():
    import bench_loading

    with pytest.raises(RuntimeError, match="set COURSE_MNIST to their folder"):
        bench_loading.main()


def test_training_skips_by_name_what_is_not_installed(capsys, monkeypatch):
    import bench_training

    for name in ("skorch", "lightning", "fastai", "keras"):
        monkeypatch.setitem(sys.modules, name, None)  # as if it were not installed
    monkeypatch.setattr(bench_training, "SLACK", 1)  # after 20 steps, all is noise
    bench_training.main(n=320, epochs={16: 1, 128: 2}, repeats=1)
    rows, text = printed(capsys)
    assert [row[0] for row in rows] == [
        f"{batch_size}: {name}"
        for batch_size in (16, 128)
        for name in bench_training.LOOPS
    ]
    # The same start and order of the images lead to the same place.
    assert rows[0][7] == rows[1][7]
    for name in ("skorch", "Lightning", "fastai", "Keras on torch"):
        assert f"skipped: {name} (it is not installed)" in text


def test_training_refuses_loops_that_train_otherwise(monkeypatch):
    import bench_training
    from peers import Task

    task = Task(torch.rand(40, 784), torch.arange(40) % 10, 8, 1, "cpu", True)
    bench_training.check_that_they_train_alike(task)
    with_fit = bench_training.with_fit

    def with_another_rate(task):
        monkeypatch.setattr("peers.LR", 0.1)
        return with_fit(task)

    monkeypatch.setattr(bench_training, "with_fit", with_another_rate)
    with pytest.raises(AssertionError, match="not close"):
        bench_training.check_that_they_train_alike(task)


def test_training_refuses_another_accuracy():
    import bench_training

    near = {bench_training.BARE: [0.90, 0.92], "peer": [0.905, 0.925]}
    bench_training.check_accuracies(near, "here")
    with pytest.raises(RuntimeError, match="peer ends at a test accuracy"):
        bench_training.check_accuracies(near | {"peer": [0.8, 0.8]}, "here")


def test_growth(capsys, monkeypatch):
    import bench_growth

    run, first = bench_growth.subprocess.run, []

    def in_a_process_once(command, **options):  # importing torch takes seconds
        if not first:
            first.append(command)
            return run(command, **options)
        answer = bench_growth.measure_here(*json.loads(command[-1]))
        return SimpleNamespace(returncode=0, stdout=json.dumps(answer))

    monkeypatch.setattr(bench_growth.subprocess, "run", in_a_process_once)
    bench_growth.main(sizes=(128, 256), repeats=1, images=256)
    rows, text = printed(capsys)
    assert [row[0] for row in rows] == ["128", "256"]
    assert "µs per image; the largest deviation" in text


def test_growth_finds_a_line_and_what_is_off_it():
    import bench_growth

    start, slope = bench_growth.line_through([1, 2, 4], [5.0, 7.0, 11.0])
    assert (start, slope) == pytest.approx((3, 2))


def test_course(capsys, monkeypatch):
    import bench_course

    monkeypatch.setattr(bench_course, "run_tests", lambda: 12.34)
    bench_course.main(["00"], repeats=1, with_tests=True)
    rows, _ = printed(capsys)
    names = ["00_start_here", "all labs", "the test command"]
    assert [row[0] for row in rows] == names
    assert rows[0][3] == rows[1][3] != ""
    assert rows[2][3] == "12.3"
    assert rows[0][1] == ""  # there is no full MNIST here


def test_faster_takes_what_saves_most_first():
    import bench_faster

    saves = {"a": 2.0, "c": 1.5, "useless": 1.01, "worse": 0.5}

    def seconds_of(names):
        # On top of "a", "b" saves little: so trying each alone would not do.
        b = 1.1 if "a" in names else 1.9
        shares = [saves.get(name, b) for name in names]
        return 60 / torch.tensor([1.0, *shares]).prod().item()

    rungs = bench_faster.climb(dict.fromkeys([*saves, "b", "1 epoch"]), seconds_of)
    assert rungs == ["a", "c", "b"]


def test_faster_keeps_the_runs_of_other_devices(monkeypatch, tmp_path):
    import bench_faster

    monkeypatch.setattr(bench_faster, "FILE", tmp_path / "faster.csv")
    row = {"step": "start", "place": "rung", "seed": 0, "seconds": 2.0}
    bench_faster.write([row], "cuda", "a GPU")
    for seconds in (3.0, 4.0):
        bench_faster.write([row | {"seconds": seconds}], "cpu", "here")
    assert [run["seconds"] for run in bench_faster.read("cuda")["start"]] == ["2"]
    assert [run["seconds"] for run in bench_faster.read()["start"]] == ["4"]


def test_the_readme_tells_what_the_file_of_lab_11_holds():
    import bench_faster

    readme = (FOLDER.parents[1] / "README.md").read_text(encoding="utf-8")
    assert bench_faster.paragraph() in readme, "run bench_faster.py, or write it anew"
    runs = bench_faster.read()
    rungs = [name for name in runs if runs[name][0]["place"] == "rung"]
    assert rungs[0] == "start"
    for name in (*rungs, "final"):
        assert len(runs[name]) > 1, "one seed is an anecdote"
        assert all(0.9 < float(run["accuracy"]) < 1 for run in runs[name])
        assert all(float(run["fitted"]) <= float(run["loss"]) for run in runs[name])


def test_one_command_runs_them_by_name(capsys, monkeypatch):
    main = runpy.run_path(str(FOLDER / "__main__.py"))["main"]
    ran = []

    def bench(name, error=None, **options):
        ran.append((name, options))
        if error is not None:
            raise error

    def stand_in(name, error=None):
        module = SimpleNamespace(main=partial(bench, name, error))
        monkeypatch.setitem(sys.modules, f"bench_{name}", module)

    for path in FOLDER.glob("bench_*.py"):
        stand_in(path.stem.removeprefix("bench_"))
    assert main([]) == 0
    assert sorted(name for name, _ in ran) == sorted(  # each file has its word
        path.stem.removeprefix("bench_") for path in FOLDER.glob("bench_*.py")
    )
    ran.clear()
    assert main(["training", "course", "--default-adam", "--tests"]) == 0
    assert ran == [("training", {"fused": False}), ("course", {"with_tests": True})]
    stand_in("loading", main.__globals__["BenchmarkError"]("no files"))
    assert main(["loading", "growth"]) == 1
    assert ran[-1][0] == "growth"  # the others go on
    assert "loading: no files" in capsys.readouterr().err
    with pytest.raises(SystemExit) as stopped:
        main(["nonsense"])
    assert stopped.value.code == 2
    assert "there is no benchmark 'nonsense'" in capsys.readouterr().err


def test_explorables(capsys, monkeypatch):
    pytest.importorskip("playwright", reason="no playwright: pip install playwright")
    if not any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))):
        pytest.skip("no chromium: on Debian or Ubuntu run apt-get install chromium")
    import bench_explorables

    monkeypatch.setattr(bench_explorables, "ROUNDS", 3)
    bench_explorables.main()
    rows, _ = printed(capsys)
    assert [row[0] for row in rows] == list(bench_explorables.MOVES)
    assert all(float(number) >= 0 for row in rows for number in row[1:])
