"""Say whether a release can be made: whether all files speak of the same one."""

import re
from collections.abc import Iterator

import course_utils
from course_utils.authoring import credits, labs, stamp
from course_utils.authoring.labs import LabError


def main(tag: str) -> int:
    """Check that a tag can become a release.

    Raises
    ------
    LabError
        If not; the text says all that is missing.
    """
    missing = list(problems(tag))
    if missing:
        raise LabError("\n* ".join([f"{tag} cannot be released:", *missing]))
    print(f"{tag} can be released: {credits.read().cite}")
    return 0


def problems(tag: str) -> Iterator[str]:
    """Yield what keeps a tag from being a release."""
    version = course_utils.__version__
    if tag != f"v{version}" or not re.fullmatch(r"v\d+\.\d+\.\d+", tag):
        yield (
            f"the tag must be v{version}, as course_utils/__init__.py says, "
            "and look like v1.2.3"
        )
    date = credits.date_released()
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", date):
        yield f"CHANGELOG.md: give {version} its date in the place of '{date}'"
    if str(credits.citation().get("date-released")) != date:
        yield "CITATION.cff: date-released must be the date in CHANGELOG.md"
    if stamp.read_address().repository == credits.NOWHERE:
        yield "pyproject.toml: Repository must be the address of your copy"
    stale = stamp.changes(labs.lab_paths())
    if stale:
        names = ", ".join(path.relative_to(labs.ROOT).as_posix() for path in stale)
        yield f"run stamp, and commit what it writes: {names}"
