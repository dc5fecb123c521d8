"""The learner's own copies of the labs, and JupyterLab as a learner meets it.

The stored notebooks in ``notebooks/`` hold every output: the tests, paper and pages
are made from them. A learner works in ``my_labs/``, in copies without outputs, which
git does not see: so a ``git pull`` never meets a learner's work. This file uses the
standard library alone.
"""

import ast
import hashlib
import json
import os
import re
import sys
from pathlib import Path

MINE = "my_labs"
START = "00_start_here.ipynb"
HISTORY = ".copies.json"  # of each copy: the lab that it was made from
BADGES = re.compile(r"^\[!\[Open in .*\n\n?", re.MULTILINE)  # of Colab and Binder

# What JupyterLab starts with in the course's own environment; the person's own
# settings come first.
SETTINGS = {
    "@jupyterlab/apputils-extension:notification": {
        "fetchNews": "false",  # else a question about news covers the first page
        "checkForUpdates": False,
    },
}
# Where the panels stand on the first start: the contents of the lab are open.
LAYOUT = {
    "data": {
        "layout-restorer:data": {
            "main": {"dock": None},
            "left": {
                "collapsed": False,
                "visible": True,
                "current": "@jupyterlab/toc:plugin",
                "widgets": ["filebrowser", "@jupyterlab/toc:plugin"],
            },
            "right": {"collapsed": True, "visible": True, "widgets": []},
            "relativeSizes": [0.22, 0.78, 0],
        }
    },
    "metadata": {"id": "default"},
}


# The learner's edition of a lab ---------------------------------------------------


def learners_edition(text: str, *, at_home: bool = True) -> str:
    """Return a stored notebook as a learner gets it: without outputs and twin.

    An assert that would answer a question stands in a folded cell after the result.

    Parameters
    ----------
    text : str
        The notebook file.
    at_home : bool
        Whether it is for this computer: then the badges of Colab and Binder go, and
        so does the cell that fetches the helpers there.

    Returns
    -------
    str
        The new notebook file; the same text for the same lab.
    """
    nb = json.loads(text)
    nb["metadata"].pop("jupytext", None)  # else saving would write a .py beside it
    cells = []
    for cell in nb["cells"]:
        if is_for_colab(cell):
            if at_home:
                continue
            cell["metadata"]["cellView"] = "form"  # Colab shows its title alone
        if cell["cell_type"] == "code":
            cell |= {"outputs": [], "execution_count": None}
        elif at_home:
            source = BADGES.sub("", "".join(cell["source"]))
            cell["source"] = source.splitlines(keepends=True)
        cells += _with_asserts_after(cell)
    nb["cells"] = cells
    return json.dumps(nb, indent=1, ensure_ascii=False) + "\n"


def is_for_colab(cell: dict) -> bool:
    """Tell whether a cell fetches the helpers in Colab, and does nothing elsewhere."""
    return "colab" in cell["metadata"].get("tags", [])


def _with_asserts_after(cell: dict) -> list[dict]:
    """Move the asserts of a cell with a result into a folded cell after it.

    Such a cell is in sight while its question is thought about, and an assert says
    what will come out.
    """
    source = "".join(cell["source"])
    if cell["cell_type"] != "code" or ".result()" not in source:
        return [cell]
    rest, asserts = split_asserts(source)
    if not asserts:
        return [cell]
    text = f"# What the cell above must show.\n{asserts}"
    folded = {
        **cell,
        "metadata": {"jupyter": {"source_hidden": True}},
        "source": text.splitlines(keepends=True),
    }
    if "id" in cell:
        folded["id"] = f"{cell['id']}-asserts"
    return [cell | {"source": rest.splitlines(keepends=True)}, folded]


def split_asserts(source: str) -> tuple[str, str]:
    """Return the source of a cell without its asserts, and the asserts.

    One that asks for a name which gets another value further down stays where it is.
    """
    try:
        statements = ast.parse(source).body
    except SyntaxError:  # a magic is not plain Python
        return source, ""
    lines, moved, later = source.splitlines(keepends=True), [], set()
    for statement in reversed(statements):  # so that line numbers stay right
        text = ast.unparse(statement)
        tests = isinstance(statement, ast.Assert) or text.startswith("assert_close(")
        names = {n for n in ast.walk(statement) if isinstance(n, ast.Name)}
        if not tests:
            later |= {n.id for n in names if isinstance(n.ctx, ast.Store)}
        elif not any(n.id in later for n in names):
            place = slice(statement.lineno - 1, statement.end_lineno)
            moved = [line.rstrip("\n") + "\n" for line in lines[place]] + moved
            del lines[place]
    return "".join(lines).rstrip("\n"), "".join(moved).rstrip("\n")


def publish(notebooks: Path, folder: Path) -> None:
    """Write the edition that Colab and Binder open: with their cell and badges."""
    for lab in _labs(notebooks):
        text = learners_edition(lab.read_text(encoding="utf-8"), at_home=False)
        write_atomically(folder / lab.name, text)


# Copies ---------------------------------------------------------------------------


def make_copies(notebooks: Path, folder: Path) -> list[str]:
    """Give the learner a copy of each lab, once, and never write over one.

    Parameters
    ----------
    notebooks : Path
        The folder of the stored labs.
    folder : Path
        The learner's folder; is made if it is missing.

    Returns
    -------
    list of str
        What the learner should know: sentences, most often none.

    Raises
    ------
    OSError
        If the folder cannot be written to.

    Notes
    -----
    A lab that has changed since its copy was made is put beside the copy, as
    ``01_softmax_new.ipynb``; a copy with nothing of the learner's in it is made anew. A
    copy that is missing, because it was deleted or renamed, is given again.
    """
    folder.mkdir(exist_ok=True)
    # The nearest of these files decides: here jupytext shall pair nothing. (JupyterLab
    # does not let it read a hidden one.)
    if not (folder / "jupytext.toml").exists():
        write_atomically(folder / "jupytext.toml", 'formats = "ipynb"\n')
    history = _read_history(folder / HISTORY)
    news = []
    for lab in _labs(notebooks):
        text = learners_edition(lab.read_text(encoding="utf-8"))
        copy, digest = folder / lab.name, _digest(text)
        known = history.setdefault(lab.name, [])
        if copy.exists() and digest in known:
            continue
        # Nothing of the learner's is in a copy that is as it was made.
        if not copy.exists() or _digest_of(copy) in [*known, digest]:
            write_atomically(copy, text)
        else:
            beside = _free_name(copy)
            write_atomically(beside, text)
            news.append(
                f"{lab.stem} has changed since you began it. Your copy stays as it "
                f"is; the new one is {folder.name}/{beside.name}."
            )
        history[lab.name] = [*dict.fromkeys([*known, digest])]
        write_atomically(folder / HISTORY, json.dumps(history, indent=1) + "\n")
    return news


def _labs(notebooks: Path) -> list[Path]:
    return sorted(notebooks.glob("[0-9][0-9]_*.ipynb"))


def _read_history(path: Path) -> dict[str, list[str]]:
    """Return the digests of all editions that a lab's copy may hold untouched."""
    try:
        history = json.loads(path.read_text(encoding="utf-8"))
        return {str(name): list(digests) for name, digests in history.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}  # lost: then each copy counts as the learner's own


def _free_name(copy: Path) -> Path:
    number, name = 1, copy.with_stem(f"{copy.stem}_new")
    while name.exists():
        number += 1
        name = copy.with_stem(f"{copy.stem}_new_{number}")
    return name


def _digest(text: str) -> str:
    """Return a digest of all that a learner may have put into a notebook."""
    cells = [
        [cell["cell_type"], "".join(cell["source"]), bool(cell.get("outputs"))]
        for cell in json.loads(text)["cells"]
    ]
    return hashlib.sha256(json.dumps(cells).encode()).hexdigest()


def _digest_of(copy: Path) -> str:
    """Return the digest of a copy; that of a broken one is like no other."""
    try:
        return _digest(copy.read_text(encoding="utf-8"))
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def write_atomically(path: Path, text: str) -> None:
    r"""Write a whole file or nothing, with ``\n`` as newline on every system."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        draft.write_text(text, encoding="utf-8", newline="\n")
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)


# JupyterLab -----------------------------------------------------------------------


def jupyterlab(root: Path, own: Path, prefix: Path) -> list[str]:
    """Prepare copies and JupyterLab; return the words that start it.

    Parameters
    ----------
    root : Path
        The folder of the course.
    own : Path
        The folder of what the course's command makes; JupyterLab keeps its layout
        there, away from the person's other work.
    prefix : Path
        The environment in which JupyterLab is installed.

    Returns
    -------
    list of str
        Options for ``jupyter lab``. Sentences for the learner go to stderr.
    """
    folder = root / MINE
    try:
        news = make_copies(root / "notebooks", folder)
    except OSError as error:
        news = [
            f"Your copies of the labs cannot be written ({error}). The stored labs are "
            "opened instead: save what you do there under another name."
        ]
        folder = root / "notebooks"
    for line in news:
        print(line, file=sys.stderr)
    write_new(prefix / "share/jupyter/lab/settings/overrides.json", SETTINGS)
    # JupyterLab keeps the layout in a file of this name, and writes it on every change.
    write_new(own / "layout/default-37a8.jupyterlab-workspace", LAYOUT)
    return [
        f"--ServerApp.root_dir={root}",
        f"--FileContentsManager.preferred_dir={folder.name}",
        f"--LabApp.workspaces_dir={own / 'layout'}",
        f"--LabApp.default_url=/lab/tree/{folder.name}/{START}",
    ]


def write_new(path: Path, content: dict) -> None:
    """Write a file of JSON, unless there is one."""
    if not path.exists():
        write_atomically(path, json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":  # what the workflow publishes: python -m ... FOLDER
    publish(Path(__file__).resolve().parents[1] / "notebooks", Path(sys.argv[1]))
