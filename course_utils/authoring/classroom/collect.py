"""Find handed-in notebooks: whose they are, of which lab, and what stands in them.

Nothing is unpacked and nothing is run here: a zip is read where it lies, and a notebook
is no more than text.
"""

import contextlib
import io
import json
import re
import time
import unicodedata
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from course_utils.authoring import labs
from course_utils.authoring.labs import LabError

LARGEST = 20_000_000  # bytes of a notebook; one with many figures has two million
MOST_FILES, MOST_BYTES = 20_000, 1_000_000_000  # of all zips together
ZIP_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    NotImplementedError,
    RuntimeError,
    EOFError,
)

# How learning platforms name what they pack: full name, number, and the file.
MOODLE = re.compile(r"(?P<name>.+?)_(?P<id>\d+)_assignsubmission_[a-z]+_?(?P<file>.*)")
CANVAS = re.compile(r"(?P<name>[^_]+)_(?:LATE_)?(?P<id>\d+)_\d+_(?P<file>.+)")
# What people and programs add to the name of a file.
ADDED = (
    r"\(\d+\)|\b(copy|copy\d+|new|final|solved|solution|checkpoint|my labs|submitted)\b"
)


@dataclass
class HandIn:
    """One handed-in notebook."""

    path: str  # within the pile
    modified: tuple  # year to second
    cells: list[str]  # the code cells
    lab: str = ""  # such as "01_softmax"
    student: str = ""
    id: str = ""  # the number that a platform or a name gives
    platform: str = ""  # "moodle" or "canvas", if the number is from there
    folder: str = ""  # of a student, as Moodle names it
    why: str = ""  # it has no marks, if that is so


@dataclass(frozen=True)
class Lab:
    """A lab of this course, and the exercises in it, in their order."""

    name: str
    title: str
    exercises: tuple[str, ...]

    @property
    def module(self) -> str:
        """The module with its exercises."""
        return f"lab{self.name[:2]}"


def known_labs() -> dict[str, Lab]:
    """Return the labs of this course by name."""
    found = {}
    for path in labs.lab_paths():
        text = path.read_text(encoding="utf-8")
        names = re.findall(rf"^lab{path.stem[:2]}\.(\w+)\.check\(", text, re.MULTILINE)
        title = re.search(r"^# # (.+)$", text, re.MULTILINE)
        found[path.stem] = Lab(
            path.stem, title[1] if title else path.stem, tuple(dict.fromkeys(names))
        )
    return found


def collect(pile: Path, known: dict[str, Lab]) -> tuple[list[HandIn], list[str]]:
    """Return all notebooks of a folder or a zip, and sentences on what is left out.

    Those that cannot be judged come last, and say why.

    Raises
    ------
    LabError
        If there is no such folder, or no notebook in it.
    """
    if not pile.exists():
        raise LabError(f"there is no folder or zip {pile}")
    found, unread, notes = [], [], []
    for path, modified, data in _files(pile, notes):
        cells = _cells(data) if data is not None else None
        hand_in = HandIn(path, modified, cells or [])
        hand_in.lab = lab_of(hand_in, known)
        if hand_in.lab and cells is not None:
            found.append(hand_in)
            continue
        hand_in.why = "cannot be read" if cells is None else "without a lab's exercise"
        hand_in.lab = next((name for name in known if name in path), "")
        unread.append(hand_in)
        notes.append(f"{path}: {hand_in.why}")
    if not found:
        why = "".join(f"\n  {note}" for note in notes[:10])
        raise LabError(f"there is no handed-in lab in {pile}{why}")
    _name([*found, *unread])
    # A notebook of something else is a hand-in only where a platform says so.
    unread = [h for h in unread if h.platform or h.why == "cannot be read"]
    return _newest(found, notes) + unread, notes


# Files ----------------------------------------------------------------------------


def _files(pile: Path, notes: list[str]) -> Iterator[tuple[str, tuple, bytes | None]]:
    """Yield path, time and contents of each notebook, those in zips too."""
    left = {"files": MOST_FILES, "bytes": MOST_BYTES}
    for path in [pile] if pile.is_file() else sorted(pile.rglob("*")):
        name = path.name if path == pile else path.relative_to(pile).as_posix()
        if path.is_symlink() or not path.is_file() or _hidden(name):
            continue  # a link may lead to any file of the teacher
        try:
            if path.suffix.lower() == ".zip":
                inside = "" if path == pile else name.removesuffix(path.suffix) + "/"
                yield from _zipped(path, inside, name, left, notes)
            elif path.suffix.lower() == ".ipynb":
                stat = path.stat()
                data = path.read_bytes() if stat.st_size <= LARGEST else None
                yield name, time.localtime(stat.st_mtime)[:6], data
        except OSError as error:
            notes.append(f"{name}: cannot be read ({error.strerror or error})")


def _zipped(
    file: Path | io.BytesIO,
    inside: str,
    name: str,
    left: dict[str, int],
    notes: list[str],
    deeper: int = 1,
) -> Iterator[tuple[str, tuple, bytes | None]]:
    """Yield the notebooks of a zip; one with too much in it is read no further."""
    try:
        with zipfile.ZipFile(file) as archive:
            for member in archive.infolist():
                path = inside + _member_name(member)
                suffix = PurePosixPath(path).suffix.lower()
                if member.is_dir() or _hidden(path) or suffix not in (".ipynb", ".zip"):
                    continue
                with archive.open(member) as opened:
                    data = opened.read(LARGEST + 1)  # whatever size it claims to have
                left["files"] -= 1
                left["bytes"] -= len(data)
                if min(left.values()) < 0:
                    notes.append(f"{name}: holds too much, the rest of it is not read")
                    return
                whole = data if len(data) <= LARGEST else None
                if suffix == ".ipynb":
                    yield path, member.date_time, whole
                elif whole is None or not deeper:
                    notes.append(f"{path}: too large, or a zip in a zip in a zip")
                else:
                    below = path.removesuffix(".zip") + "/"
                    yield from _zipped(io.BytesIO(whole), below, path, left, notes, 0)
    except ZIP_ERRORS as error:
        notes.append(f"{name}: this zip cannot be read to its end ({error})")


def _member_name(member: zipfile.ZipInfo) -> str:
    """Return a name in a zip; many programs do not say that theirs are UTF-8."""
    name = member.filename.replace("\\", "/")
    if not member.flag_bits & 0x800:
        with contextlib.suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    parts = [part for part in name.split("/") if part not in ("", ".", "..")]
    return unicodedata.normalize("NFC", "/".join(parts))


def _hidden(path: str) -> bool:
    """Whether it is one of a program's own files, such as those that macOS packs."""
    return any(part.startswith((".", "__MACOSX")) for part in PurePosixPath(path).parts)


def _cells(data: bytes) -> list[str] | None:
    """Return the code cells of a notebook."""
    try:
        cells = json.loads(data.decode("utf-8-sig"))["cells"]
        return ["".join(c["source"]) for c in cells if c["cell_type"] == "code"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


# Which lab ------------------------------------------------------------------------


def lab_of(hand_in: HandIn, known: dict[str, Lab]) -> str:
    """Return the lab of a notebook: by its checks, imports, functions, or file name."""
    text, stem = "\n".join(hand_in.cells), PurePosixPath(hand_in.path).stem
    pairs = re.findall(r"^(?:async )?def (\w+)|^(\w+) *=", text, re.MULTILINE)
    defined = {function or name for function, name in pairs}

    def votes(lab: Lab) -> tuple:
        checks = {*re.findall(rf"\b{lab.module}\.(\w+)\.check\(", text)}
        imported = re.search(rf"^from .* import .*\b{lab.module}\b", text, re.MULTILINE)
        own = len(defined & {*lab.exercises})
        named = own and lab.name in stem
        return len(checks & {*lab.exercises}), own and bool(imported), own, named

    lab = max(known.values(), key=votes)
    return lab.name if any(votes(lab)) else ""


# Whose ----------------------------------------------------------------------------


def _name(found: list[HandIn]) -> None:
    """Say whose each notebook is: platforms, file names and folders tell."""
    per_folder = Counter((PurePosixPath(h.path).parent, h.lab) for h in found)
    crowded = {folder for (folder, _), count in per_folder.items() if count > 1}
    for hand_in in found:
        path = PurePosixPath(hand_in.path)
        moodle = next(filter(None, map(MOODLE.fullmatch, path.parts)), None)
        platform = moodle or CANVAS.fullmatch(path.name)
        if platform:
            hand_in.student, hand_in.id = platform["name"].strip(), platform["id"]
            hand_in.platform = "moodle" if moodle else "canvas"
            if moodle:
                hand_in.folder = moodle[0].removesuffix(moodle["file"])
            continue
        own = _without_lab(path.stem, hand_in.lab)
        above = [
            _without_lab(part, hand_in.lab) for part in reversed(path.parent.parts)
        ]
        folder = next(filter(None, above), "")
        if folder and path.parent not in crowded:
            own = folder
        hand_in.student = own or folder or path.stem
        number = re.search(r"\d{4,}", hand_in.student)
        hand_in.id = number[0] if number else ""


def _without_lab(name: str, lab: str) -> str:
    """Return what a name holds besides that of the lab."""
    number, title = lab[:2].lstrip("0") or "0", lab[3:].replace("_", " ")
    name = re.sub(r"[_\s]+", " ", unicodedata.normalize("NFC", name))
    own = (rf"\b0?{number} {title}\b", rf"\blabs?[ -]*0*{number}\b", rf"\b{title}\b")
    for pattern in (*(own if lab else ()), ADDED):
        name = re.sub(pattern, " ", name, flags=re.IGNORECASE)
    return " ".join(name.split()).strip(" -.,")


def _newest(found: list[HandIn], notes: list[str]) -> list[HandIn]:
    """Keep the newest of what a student handed in twice; tell apart equal names."""
    same: dict[tuple, list[HandIn]] = {}
    for hand_in in found:
        same.setdefault((hand_in.student, hand_in.id, hand_in.lab), []).append(hand_in)
    kept = []
    for group in same.values():
        folders = {PurePosixPath(h.path).parent for h in group}
        if len(folders) == len(group) > 1 and not group[0].platform:
            for hand_in in group:  # two of the same name, in two groups of the class
                where = PurePosixPath(hand_in.path).parent
                hand_in.student = f"{where}/{hand_in.student}".removeprefix("./")
            kept += group
            continue
        *older, newest = sorted(group, key=lambda h: (h.modified, h.path))
        kept.append(newest)
        notes.extend(
            f"{h.path}: not marked, {newest.path} is the newer one" for h in older
        )
    return sorted(kept, key=lambda h: (h.lab, h.student.casefold(), h.path))
