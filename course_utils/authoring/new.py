"""Begin a lab: its text, its exercises and their oracles, in a form to be filled."""

import re
from pathlib import Path

import course_utils
from course_utils.authoring import labs, stamp
from course_utils.authoring.labs import LabError

TEMPLATES = Path(__file__).with_name("templates")
MINUTES = 30  # what the skeleton says that it takes


def main(number: str, name: str, title: str) -> int:
    """Write the skeleton of a lab, name it in the two tables, say what comes next.

    Parameters
    ----------
    number : str
        Such as ``11``; no other lab may have it.
    name : str
        For the file, such as ``decision_trees``.
    title : str

    Raises
    ------
    LabError
        If the number, the name or the title cannot be used, or a file is there already.
    """
    _check(number, name, title)
    nn = f"{int(number):02}"
    files = {
        f"notebooks/{nn}_{name}.py": _header() + _template("lab.txt"),
        f"course_utils/exercises/lab{nn}.py": _template("exercises.txt"),
        f"tests/oracles/lab{nn}.py": _template("oracles.txt"),
    }
    for file in files:
        if (labs.ROOT / file).exists():
            raise LabError(f"{file} is there already")
    address = stamp.read_address()
    package = stamp.package_url(address, course_utils.__version__)
    words = {
        "@NN@": nn,
        "@N@": str(int(nn)),
        "@TITLE@": title,
        "@BADGE@": stamp.badges(f"{nn}_{name}", address),
        "@COLAB@": stamp.colab_cell(package).replace("%pip", "# %pip"),
    }
    for file, text in files.items():
        for word, meaning in words.items():
            text = text.replace(word, meaning)
        labs.write_atomically(labs.ROOT / file, text)
        print(f"{file}: written")
    link = f"[{int(nn)} {title}](notebooks/{nn}_{name}.ipynb)"
    readme = f"| {link} | what it is about |"
    start = f"# | {int(nn)} {title} | what it is about | {MINUTES} |"
    _add_row("README.md", r"\| \[(\d+) [^]]*\]\(notebooks/", readme)
    _add_row(f"notebooks/{stamp.START}.py", r"# \| \[?(\d+) .*\|$", start)
    print(
        f"Write the lab, then make its outputs: "
        f"python -m course_utils.authoring refresh 00 {nn}"
    )
    return 0


def _check(number: str, name: str, title: str) -> None:
    if not re.fullmatch(r"\d{1,2}", number):
        raise LabError(f"a lab's number is 0 to 99, such as 11; it is {number!r}")
    same = [p.stem for p in labs.lab_paths() if int(p.stem[:2]) == int(number)]
    if same:
        raise LabError(f"there is a lab {int(number)} already: {same[0]}")
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise LabError(
            "a lab's name is of small letters, digits and _, such as decision_trees; "
            f"it is {name!r}"
        )
    if not title.strip() or re.search(r"[\n|\[\]@]", title):
        raise LabError(f"a title is one line without | [ ] @; it is {title!r}")


def _header() -> str:
    """Return what stands above the cells of the other labs: jupytext's settings."""
    text = labs.lab_paths()[0].read_text(encoding="utf-8")
    return text[: text.index("# %%")]


def _template(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")


def _add_row(file: str, pattern: str, row: str) -> None:
    """Put a row into a table of labs, behind those with smaller numbers."""
    path = labs.ROOT / file
    lines = path.read_text(encoding="utf-8").split("\n")
    number = int(re.search(r"\d+", row)[0])
    rows = [(n, re.match(pattern, line)) for n, line in enumerate(lines)]
    before = [n for n, found in rows if found and int(found[1]) < number]
    if not before:
        print(f"{file}: no table of labs was found; name the lab there: {row}")
        return
    lines.insert(before[-1] + 1, row)
    labs.write_atomically(path, "\n".join(lines))
    print(f"{file}: a row for the lab; say in it what the lab is about")
