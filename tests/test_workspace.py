"""The learner's copies of the labs: given once, never written over."""

import ast
import errno
import json
import os
import re
import shutil
import subprocess
import sys
import warnings
from itertools import pairwise
from pathlib import Path

import nbformat
import pytest
import yaml
from jupyter_server.serverapp import ServerApp
from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager
from repository import copy_repository

from course_utils import workspace
from course_utils.authoring import labs, stamp

NAME = "01_softmax.ipynb"
LABS = [path.with_suffix(".ipynb") for path in labs.lab_paths()]


@pytest.fixture
def stored(tmp_path):
    """A folder with two of the labs."""
    folder = tmp_path / "notebooks"
    folder.mkdir()
    for name in ("00_start_here.ipynb", NAME):
        shutil.copy(labs.ROOT / "notebooks" / name, folder)
    return folder


@pytest.fixture
def mine(tmp_path):
    return tmp_path / workspace.MINE


def edit(path, old="# 1. Softmax", new="# 1. My softmax"):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def put_back(cells):
    """Return cells without those that hold the asserts of the one before."""
    whole = []
    for cell in cells:
        if cell.id.endswith("-asserts"):
            assert cell.metadata.jupyter.source_hidden
            heading, _, asserts = cell.source.partition("\n")
            assert heading.startswith("# ") and asserts
            # Which order they had is not known, so all lines are compared sorted.
            whole[-1].source += f"\n{asserts}"
        else:
            whole.append(cell)
    return whole


def sorted_outline(nb):
    return [
        (kind, sorted(source.splitlines()), tags)
        for kind, source, tags in labs.outline(nb)
    ]


def test_no_assert_in_sight_answers_the_question_above(tmp_path):
    folded = 0
    for path in labs.lab_paths():
        text = path.with_suffix(".ipynb").read_text(encoding="utf-8")
        nb = nbformat.reads(workspace.learners_edition(text), as_version=4)
        for cell, following in pairwise(labs.code_cells(nb)):
            if ".result()" in cell.source:
                assert not re.search(r"^assert", cell.source, re.MULTILINE), path
                ast.parse(cell.source)
                folded += following.id.endswith("-asserts")
    assert folded > 50


def test_an_assert_about_a_value_that_changes_stays():
    cell = "n = 1\nassert n == 1\nx.result()\nn = 2\nassert n == 2\nassert m"
    rest, asserts = workspace.split_asserts(cell)
    assert rest == "n = 1\nassert n == 1\nx.result()\nn = 2"
    assert asserts == "assert n == 2\nassert m"


@pytest.mark.parametrize("path", labs.lab_paths(), ids=lambda path: path.stem)
@pytest.mark.parametrize("at_home", [True, False])
def test_the_edition_is_the_lab_without_outputs(path, at_home):
    text = path.with_suffix(".ipynb").read_text(encoding="utf-8")
    edition = workspace.learners_edition(text, at_home=at_home)
    nb, lab = (nbformat.reads(t, as_version=4) for t in (edition, text))
    nbformat.validate(nb)
    assert all(cell.execution_count is None for cell in labs.code_cells(nb))
    assert not any(cell.outputs for cell in labs.code_cells(nb))
    assert "jupytext" not in nb.metadata  # else saving writes a .py
    nb.cells = put_back(nb.cells)
    if at_home:
        assert "OWNER/REPOSITORY" not in edition and "google.colab" not in edition
        assert len(labs.code_cells(nb)) == len(labs.code_cells(lab)) - 1
    else:
        assert sorted_outline(nb) == sorted_outline(lab)
        folded = [c for c in nb.cells if c.metadata.get("cellView") == "form"]
        assert folded == [labs.code_cells(nb)[0]]
        assert folded[0].source.startswith("# @title")


def test_copies_are_made_once(stored, mine):
    assert workspace.make_copies(stored, mine) == []
    made = {path.name for path in mine.iterdir()}
    assert made == {"00_start_here.ipynb", NAME, "jupytext.toml", workspace.HISTORY}
    edit(mine / NAME)
    before = {path: path.read_bytes() for path in mine.iterdir()}
    assert workspace.make_copies(stored, mine) == []
    assert {path: path.read_bytes() for path in mine.iterdir()} == before


def test_a_changed_lab_is_put_beside_the_learners_work(stored, mine):
    workspace.make_copies(stored, mine)
    edit(mine / NAME)
    work = (mine / NAME).read_bytes()
    edit(stored / NAME, "You will be able to", "You will know how to")
    (news,) = workspace.make_copies(stored, mine)
    assert "01_softmax has changed" in news and "my_labs/01_softmax_new.ipynb" in news
    assert (mine / NAME).read_bytes() == work
    assert "You will know how to" in (mine / "01_softmax_new.ipynb").read_text("utf-8")
    assert workspace.make_copies(stored, mine) == []  # said once
    edit(mine / "01_softmax_new.ipynb", "You will know how to", "I know how to")
    edit(stored / NAME, "You will know how to", "You can")
    (news,) = workspace.make_copies(stored, mine)
    assert "my_labs/01_softmax_new_2.ipynb" in news
    assert "I know how to" in (mine / "01_softmax_new.ipynb").read_text("utf-8")


def test_a_copy_in_which_nothing_was_done_is_made_anew(stored, mine):
    workspace.make_copies(stored, mine)
    # JupyterLab writes metadata and another layout into a file that it only opened.
    nb = json.loads((mine / NAME).read_text(encoding="utf-8"))
    nb["metadata"]["language_info"]["version"] = "3.99"
    (mine / NAME).write_text(json.dumps(nb), encoding="utf-8")
    edit(stored / NAME, "You will be able to", "You will know how to")
    assert workspace.make_copies(stored, mine) == []
    assert "You will know how to" in (mine / NAME).read_text(encoding="utf-8")
    assert not (mine / "01_softmax_new.ipynb").exists()


def test_outputs_alone_are_the_learners_work(stored, mine):
    workspace.make_copies(stored, mine)
    nb = nbformat.read(mine / NAME, as_version=4)
    labs.code_cells(nb)[0].outputs = [nbformat.v4.new_output("stream", text="mine")]
    nbformat.write(nb, mine / NAME)
    edit(stored / NAME, "You will be able to", "You will know how to")
    assert len(workspace.make_copies(stored, mine)) == 1
    assert nbformat.read(mine / NAME, as_version=4) == nb


@pytest.mark.parametrize("history", [None, "", "[1]", '{"01_softmax.ipynb": 3}'])
def test_without_a_history_all_is_the_learners(stored, mine, history):
    workspace.make_copies(stored, mine)
    edit(mine / NAME)
    work = (mine / NAME).read_bytes()
    if history is None:
        (mine / workspace.HISTORY).unlink()
    else:
        (mine / workspace.HISTORY).write_text(history, encoding="utf-8")
    workspace.make_copies(stored, mine)
    assert (mine / NAME).read_bytes() == work


def test_a_broken_copy_stays_and_a_missing_one_is_given_again(stored, mine):
    workspace.make_copies(stored, mine)
    (mine / NAME).write_text("half a noteb", encoding="utf-8")
    (mine / "00_start_here.ipynb").unlink()
    edit(stored / NAME, "You will be able to", "You will know how to")
    assert len(workspace.make_copies(stored, mine)) == 1
    assert (mine / NAME).read_text(encoding="utf-8") == "half a noteb"
    assert (mine / "00_start_here.ipynb").exists()


def test_a_full_disk_leaves_no_half_copy(stored, mine, monkeypatch, tmp_path):
    write = Path.write_text

    def full(self, text, **more):
        write(self, text[: len(text) // 2], **more)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(OSError, match="No space left"):
        workspace.make_copies(stored, mine)
    assert [path.name for path in mine.iterdir()] == []


def test_where_nothing_can_be_written_the_stored_labs_open(
    stored, mine, tmp_path, capsys
):
    mine.write_text("a file in the place of the folder", encoding="utf-8")
    words = workspace.jupyterlab(tmp_path, tmp_path / "own", tmp_path / "env")
    assert "--LabApp.default_url=/lab/tree/notebooks/00_start_here.ipynb" in words
    assert "under another name" in capsys.readouterr().err


def test_jupyterlab_shows_the_learners_folder_and_warns_of_nothing(
    stored, mine, tmp_path
):
    words = workspace.jupyterlab(tmp_path, tmp_path / "own", tmp_path / "env")
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # such as: this option is deprecated
        app = ServerApp()
        app.parse_command_line(words)
        contents = AsyncLargeFileManager(parent=app)
        shown = contents.preferred_dir
    assert shown == mine.name
    assert Path(app.root_dir) == tmp_path


def test_git_does_not_see_the_copies():
    lines = (labs.ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert f"/{workspace.MINE}/" in lines


def test_jupytext_pairs_nothing_in_the_learners_folder(stored, mine, tmp_path):
    shutil.copy(labs.ROOT / "pyproject.toml", tmp_path)
    workspace.make_copies(stored, mine)
    config = "from jupytext.config import load_jupytext_config as load; import sys\n"
    ask = "c = load(sys.argv[1]); print(c.default_formats(sys.argv[1]))"
    formats = {}
    for folder in (stored, mine):
        command = [sys.executable, "-c", config + ask, folder / NAME]
        done = subprocess.run(command, capture_output=True, encoding="utf-8")
        formats[folder] = done.stdout.strip()
    assert "py:percent" in formats[stored]
    assert "py" not in formats[mine].replace("ipynb", "")


def test_it_needs_the_standard_library_alone():
    code = "import sys, course_utils.workspace; print(*sys.modules)"
    command = [sys.executable, "-S", "-c", code]
    env = {**os.environ, "PYTHONPATH": str(labs.ROOT)}
    done = subprocess.run(
        command, capture_output=True, encoding="utf-8", check=True, env=env
    )
    assert not {"numpy", "torch", "nbformat"} & set(done.stdout.split())


def test_the_published_edition_keeps_what_colab_needs(tmp_path):
    command = [sys.executable, "-m", "course_utils.workspace", tmp_path / "out"]
    env = {**os.environ, "PYTHONPATH": str(labs.ROOT)}
    subprocess.run(command, check=True, env=env, cwd=tmp_path)
    assert {path.stem for path in (tmp_path / "out").iterdir()} == {
        p.stem for p in LABS
    }
    text = (tmp_path / "out" / NAME).read_text(encoding="utf-8")
    assert "google.colab" in text and "open-in-colab.svg" in text


@pytest.mark.parametrize(
    ("lab", "after"), [*pairwise(LABS)], ids=lambda path: path.stem
)
def test_each_summary_ends_with_a_link_to_the_next_lab(lab, after):
    cells = nbformat.read(lab, as_version=4).cells
    (end,) = [c.source for c in cells if c.source.startswith("## Summary")]
    assert f"Next: [**lab {int(after.stem[:2])}, " in end
    assert f"({after.name})" in end


def git(*words, cwd):
    """Run git as the author of a test."""
    who = ["-c", "user.name=test", "-c", "user.email=test@localhost"]
    command = ["git", *who, *map(str, words)]
    done = subprocess.run(command, cwd=cwd, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.skipif(os.name == "nt", reason="the workflow runs on Linux, in bash")
@pytest.mark.skipif(not shutil.which("git"), reason="git is not installed")
def test_the_workflow_publishes_the_branch_that_the_badges_open(tmp_path):
    """Twice, as after two commits: the branch is made anew each time."""
    copy = copy_repository(tmp_path / "copy")
    git("init", "--quiet", "--bare", tmp_path / "origin.git", cwd=tmp_path)
    workflow = yaml.safe_load(
        (copy / ".github/workflows/learner.yml").read_text(encoding="utf-8")
    )
    steps = workflow["jobs"]["publish"]["steps"]
    branch = stamp.read_address().branch
    for turn in (1, 2):
        work = tmp_path / f"runner{turn}"
        shutil.copytree(copy, work)
        git("init", "--quiet", "-b", "main", cwd=work)
        git("remote", "add", "origin", tmp_path / "origin.git", cwd=work)
        (work / "news.txt").write_text(f"{turn}", encoding="utf-8")
        git("add", "--all", cwd=work)
        git("commit", "--quiet", "-m", f"{turn}", cwd=work)
        for step in steps:
            if "run" in step:
                bash = ["bash", "-eo", "pipefail", "-c", step["run"]]
                env = {**os.environ, "GITHUB_SHA": f"{turn}", "PYTHONPATH": str(work)}
                env["PATH"] = f"{Path(sys.executable).parent}:{env['PATH']}"
                subprocess.run(bash, cwd=work, env=env, check=True)
        files = git("ls-tree", "-r", "--name-only", branch, cwd=tmp_path / "origin.git")
        files = set(files.splitlines())
        assert {f"notebooks/{path.name}" for path in LABS} <= files
        assert {"course_utils/exercises/lab01.py", "requirements.txt"} <= files
        assert not [
            f
            for f in files
            if f.startswith(("notebooks/0", "tests/embedded"))
            and not f.endswith(".ipynb")
        ]
        show = ["show", f"{branch}:notebooks/{NAME}"]
        nb = nbformat.reads(git(*show, cwd=tmp_path / "origin.git"), as_version=4)
        assert not any(cell.outputs for cell in labs.code_cells(nb))
        news = git("show", f"{branch}:news.txt", cwd=tmp_path / "origin.git")
        assert news == f"{turn}"
