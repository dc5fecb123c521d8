"""Write the repository's address and the version wherever they are needed.

The address stands in pyproject.toml: ``Repository`` under ``[project.urls]``, and the
branch or tag that Colab and Binder open under ``[tool.course_utils]``. The version is
``course_utils.__version__``. From there they go into the badges and Colab's cell of
each lab, into README.md and into CITATION.cff. The stored outputs of a lab do not
depend on them, so they stay as they are.
"""

import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import nbformat

import course_utils
from course_utils.authoring import labs
from course_utils.authoring.labs import LabError

GITHUB = "https://github.com/"
COLAB = "https://colab.research.google.com/github/"
BINDER = "https://mybinder.org/v2/gh/"
START = "00_start_here"
COLAB_TAG = "colab"  # of the cell that only Colab needs


class Address(NamedTuple):
    """Where the course is published."""

    repository: str  # OWNER/REPOSITORY, as GitHub calls it
    branch: str  # or a tag


def read_address() -> Address:
    """Return the address that stands in pyproject.toml.

    Raises
    ------
    LabError
        If it is not there, or not an address that Colab and Binder can open.
    """
    path = labs.ROOT / "pyproject.toml"
    try:
        config = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise LabError(f"{path} cannot be read: {error}") from None
    url = config.get("project", {}).get("urls", {}).get("Repository")
    branch = config.get("tool", {}).get("course_utils", {}).get("branch")
    found = re.fullmatch(rf"{GITHUB}([\w-]+/[\w.-]+?)(\.git)?/?", str(url))
    if not found:
        raise LabError(
            f"{path}: Repository under [project.urls] must look like "
            f'"{GITHUB}OWNER/REPOSITORY"; it is {url!r}'
        )
    if not re.fullmatch(r"[\w.-]+", str(branch)):
        raise LabError(
            f"{path}: branch under [tool.course_utils] must name a branch or a tag "
            f'without a slash, such as "main"; it is {branch!r}'
        )
    return Address(found[1], str(branch))


# What is written -----------------------------------------------------------------


def badges(name: str, address: Address) -> str:
    """Return the line of badges of a lab, such as ``01_softmax``, as markdown."""
    line = f"[![Open in Colab](open-in-colab.svg)]({colab_url(name, address)})"
    if name == START:  # Binder opens the whole course, from its start
        line += f" [![Open in Binder](open-in-binder.svg)]({binder_url(name, address)})"
    return line


def colab_url(name: str, address: Address) -> str:
    """Return where Colab opens a lab."""
    repository, branch = address
    return f"{COLAB}{repository}/blob/{branch}/notebooks/{name}.ipynb"


def binder_url(name: str, address: Address) -> str:
    """Return where Binder opens the course, at a lab."""
    repository, branch = address
    return f"{BINDER}{repository}/{branch}?urlpath=lab/tree/notebooks/{name}.ipynb"


def package_url(address: Address, version: str) -> str:
    """Return what pip shall install in Colab, so that a lab meets its own helpers.

    For a release it is the wheel attached to it: small, and nothing to build. A
    version that is being worked on, such as ``0.3.0.dev0``, has none, so it is the
    branch.
    """
    if re.fullmatch(r"\d+\.\d+\.\d+", version):
        wheel = f"course_utils-{version}-py3-none-any.whl"
        return f"{GITHUB}{address.repository}/releases/download/v{version}/{wheel}"
    return f"git+{GITHUB}{address.repository}@{address.branch}"


def colab_cell(package: str) -> str:
    """Return the code of the cell that fetches this package where Colab runs a lab.

    ``--no-deps`` leaves Colab's own PyTorch as it is. What the helpers need and Colab
    may lack is named; what is there already stays.
    """
    return (
        "# @title For Colab only: fetch the helpers of the course\n"
        "import sys\n"
        "from importlib.util import find_spec\n"
        "\n"
        'if "google.colab" in sys.modules and find_spec("course_utils") is None:\n'
        f'    %pip install -q --no-deps "{package}" anywidget psygnal\n'
        '    assert find_spec("course_utils"), "pip failed: its lines above say why"'
    )


def stamped(text: str, address: Address, version: str) -> str:
    """Return a text in which all addresses of the course, and its version, are right.

    Parameters
    ----------
    text : str
        A lab, or README.md, or CITATION.cff.
    address, version
        As in pyproject.toml, and ``course_utils.__version__``.
    """
    repository, branch = address
    name = r"[\w-]+/[\w.-]+"  # OWNER/REPOSITORY
    wheel = rf"{GITHUB}{name}/releases/download/[^/\s]+/course_utils-[^/\s]+\.whl"
    for old, new in (
        # Not any address in Colab: the notes that the course grew from have some, too.
        (
            rf"{COLAB}{name}/blob/[^/\s]+/notebooks/",
            f"{COLAB}{repository}/blob/{branch}/notebooks/",
        ),
        (rf"{BINDER}{name}/[^/\s?)]+", f"{BINDER}{repository}/{branch}"),
        (rf"{wheel}|git\+{GITHUB}{name}@[\w.-]+", package_url(address, version)),
        (r"(?m)^repository-code: .*$", f'repository-code: "{GITHUB}{repository}"'),
        (r"(?m)^version: .*$", f"version: {version}"),
    ):
        text = re.sub(old, lambda _, new=new: new, text)
    return text


# The command ---------------------------------------------------------------------


def changes(paths: Sequence[Path]) -> dict[Path, str]:
    """Find what does not agree with pyproject.toml.

    Parameters
    ----------
    paths : sequence of Path
        The ``.py`` files of labs.

    Returns
    -------
    dict
        The right text of each file that has a wrong one: of labs, of their stored
        outputs (in ``tests/embedded/`` too), of README.md and of CITATION.cff.

    Raises
    ------
    LabError
        If the address is missing or bad.
    """
    facts = read_address(), course_utils.__version__
    new = {}
    files = [labs.ROOT / "README.md", labs.ROOT / "CITATION.cff"]
    for path in paths:
        stored = path.with_suffix(".ipynb")
        files += [path, stored, labs.ROOT / "tests" / "embedded" / stored.name]
    for path in filter(Path.exists, files):
        text = _stamp(path, facts)
        if text != path.read_text(encoding="utf-8"):
            new[path] = text
    return new


def _stamp(path: Path, facts: tuple[Address, str]) -> str:
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".ipynb":
        return stamped(text, *facts)
    nb = nbformat.reads(text, as_version=4)
    for cell in nb.cells:
        cell.source = stamped(cell.source, *facts)
    labs.set_ids(nb)  # they are made from the sources
    return labs.dump(nb)


def main(paths: Sequence[Path]) -> int:
    """Stamp labs, README.md and CITATION.cff, and say what was written."""
    new = changes(paths)
    for path, text in new.items():
        labs.write_atomically(path, text)
        print(f"{path.relative_to(labs.ROOT).as_posix()}: stamped")
    if not new:
        print(
            f"All is as pyproject.toml says: {GITHUB}{read_address().repository}, "
            f"version {course_utils.__version__}"
        )
    return 0
