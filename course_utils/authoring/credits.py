"""What every page says about the course: version, year, licence, how to cite it.

The title and the authors stand in CITATION.cff, the dates in CHANGELOG.md, the sources
and licences in README.md, and the version in ``course_utils.__version__``. No clock is
asked, so a page that is made again is the same to the byte.
"""

import re
from typing import NamedTuple

import yaml

import course_utils
from course_utils.authoring import labs
from course_utils.authoring.labs import LabError

LICENCE = "Text and figures CC BY 4.0, code MIT, images of MNIST CC BY-SA 3.0"
NOWHERE = "OWNER/REPOSITORY"  # until the course is published


class Credits(NamedTuple):
    """What is said about the course."""

    title: str
    subtitle: str
    authors: str
    version: str  # in words, such as "version 0.2.0 (unreleased)"
    year: str
    cite: str

    @property
    def short(self) -> str:
        """Return what fits into the foot of a page."""
        return f"{self.version} · CC BY 4.0"

    @property
    def line(self) -> str:
        """Return all of it in one line."""
        return f"{self.title}, {self.version}, {self.year}. {LICENCE}."


def read() -> Credits:
    """Return what CITATION.cff and CHANGELOG.md say.

    Raises
    ------
    LabError
        If one of them is missing or does not know this version.
    """
    number = course_utils.__version__
    told = citation()
    unreleased = " (unreleased)" if date_released() == "unreleased" else ""
    # While it has no date, the year is that of the release before it.
    heading = r"^## \[.+\] - (\d{4})-\d\d-\d\d$"
    dated = re.search(heading, _text("CHANGELOG.md"), re.MULTILINE)
    title, _, subtitle = told["title"].partition(": ")
    names = [
        author.get("name") or f"{author['given-names']} {author['family-names']}"
        for author in told["authors"]
    ]
    authors = " and ".join(names)
    version = f"version {number}{unreleased}"
    year = dated[1] if dated else "no year"
    cite = f"{authors} ({year}). {told['title']}, {version}."
    if NOWHERE not in told["repository-code"]:
        cite += f" {told['repository-code']}"
    return Credits(title, subtitle, authors, version, year, cite)


def citation() -> dict:
    """Return what CITATION.cff holds."""
    try:
        return yaml.safe_load(_text("CITATION.cff"))
    except yaml.YAMLError as error:
        raise LabError(f"CITATION.cff cannot be read: {error}") from None


def date_released() -> str:
    """Return the date of this version in CHANGELOG.md, or ``"unreleased"``."""
    number = course_utils.__version__
    heading = rf"^## \[{re.escape(number)}\] - (.+)$"
    entry = re.search(heading, _text("CHANGELOG.md"), re.MULTILINE)
    if not entry:
        raise LabError(
            "CHANGELOG.md has no entry for this version; "
            f"begin one: ## [{number}] - unreleased"
        )
    return entry[1]


def section(heading: str) -> str:
    """Return a section of README.md in markdown, without its heading."""
    whole = rf"^## {re.escape(heading)}\n(.+?)(?=^## |\Z)"
    found = re.search(whole, _text("README.md"), re.MULTILINE | re.DOTALL)
    if not found:
        raise LabError(f"README.md has no section '## {heading}'")
    return found[1].strip()


def notes() -> list[tuple[str, str, str]]:
    """Return title, author and place of the notes that README.md lists, in markdown."""
    rows = re.findall(r"^\|(.+)\|$", section("The notes it grew from"), re.MULTILINE)
    return [tuple(map(str.strip, row.split(" | "))) for row in rows[2:]]


def _text(name: str) -> str:
    path = labs.ROOT / name
    if not path.is_file():
        raise LabError(f"{name} is missing; every page says what stands in it")
    return path.read_text(encoding="utf-8")
