"""What a reader has answered and solved, kept in one file on the reader's own machine.

Each answer, each attempt at an exercise and each exercise solved is one line of JSON
in the user's data folder. Nothing is ever sent anywhere. The environment variable
``COURSE_PROGRESS`` names another file, or switches all of it off (``off``).

In a lab::

    from course_utils import progress

    progress.show()  # what is solved, what is shaky, where to go on
    progress.reliability()  # how often "80% sure" was right
"""

import functools
import html
import importlib
import json
import math
import os
import re
import sys
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

from platformdirs import user_data_path

from course_utils import __version__

__all__ = [
    "answers",
    "certainties",
    "cost",
    "due",
    "path",
    "read",
    "record",
    "reliability",
    "show",
]

FORMAT = 1  # of a line; lines with a larger number are from a later course
FILE = "progress.jsonl"
KINDS = ("answer", "attempt", "solved")
COIN = math.log(2)  # what somebody pays per answer who says 50% each time
CLIP = 0.01  # nobody is surer than 99%, because a mistake would cost infinitely much
SHAKY = 0.6  # right, but hardly surer than a coin
SESSION = uuid.uuid4().hex[:12]  # one for each run of a kernel

_unwritten = []  # events of this session that could not be written to the file
_said = set()  # what was said, to say it once


def path() -> Path | None:
    """Return the file with the progress, or None if it is switched off."""
    setting = os.environ.get("COURSE_PROGRESS", "").strip()
    if setting.lower() == "off":
        return None
    if not setting:
        return user_data_path("course_utils", appauthor=False) / FILE
    chosen = Path(setting).expanduser().absolute()
    is_folder = chosen.is_dir() or setting.endswith(("/", os.sep))
    return chosen / FILE if is_folder else chosen


def record(
    kind: str,
    lab: str,
    name: str,
    *,
    right: bool | None = None,
    sure: float | None = None,
    value: str = "",
    told: bool = False,
) -> None:
    """Note one event; never raise an error because of the file.

    Parameters
    ----------
    kind : {"answer", "attempt", "solved"}
        A question answered; an exercise checked and not right; an exercise right.
    lab : str
        ``"lab01"``, or the name of its module. Anything else is not of the course, and
        is not noted.
    name : str
        Of the question or exercise.
    right, sure, value : optional
        Of an answer: whether it was right, the probability that the reader gave to
        that, and the answer itself.
    told : bool
        Whether the reader had seen the right answer before.
    """
    if kind not in KINDS:
        raise ValueError(f"There is no kind of event {kind!r}; it is one of {KINDS}.")
    lab = lab.rpartition(".")[2]
    file = path()
    if file is None or not re.fullmatch(r"lab\d\d", lab):
        return
    event = {
        "v": FORMAT,
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "kind": kind,
        "lab": lab,
        "name": name,
        "session": SESSION,
        "course": __version__,
    }
    if kind == "answer":
        event |= {"right": right, "sure": sure, "value": value, "told": told}
    try:
        _append(file, json.dumps(event))
    except OSError as error:
        _unwritten.append(event)
        _say(
            f"Your progress cannot be written to {file} ({error.strerror or error}). "
            "The lab goes on, and remembers it until the kernel stops. To choose "
            "another file, set the environment variable COURSE_PROGRESS."
        )
    else:
        if _in_colab() and "COURSE_PROGRESS" not in os.environ:
            _say(colab_note(file))


def _append(file: Path, line: str) -> None:
    """Add a line in one piece, so that two notebooks may write at the same time."""
    file.parent.mkdir(parents=True, exist_ok=True)
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
    handle = os.open(file, flags, 0o600)
    try:
        with _locked(handle):
            data = line.encode() + b"\n"
            if not _ends_with_newline(handle):  # a full disk cut the last line
                data = b"\n" + data
            if os.write(handle, data) < len(data):
                raise OSError(28, "no space left on the disk")
    finally:
        os.close(handle)


def _ends_with_newline(handle: int) -> bool:
    try:
        if os.lseek(handle, 0, os.SEEK_END) == 0:
            return True
        os.lseek(handle, -1, os.SEEK_END)
    except OSError:  # no ordinary file
        return True
    return os.read(handle, 1) == b"\n"


@contextmanager
def _locked(handle: int) -> Iterator[None]:
    """Hold the file for one writer: only on POSIX is appending one step by itself."""
    if os.name == "nt":
        import msvcrt

        # A byte far beyond the text, because a locked one cannot be read.
        os.lseek(handle, 1 << 30, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_LOCK, 1)
        try:
            yield
        finally:
            os.lseek(handle, 1 << 30, os.SEEK_SET)
            msvcrt.locking(handle, msvcrt.LK_UNLCK, 1)
    else:
        import fcntl

        with suppress(OSError):  # some network folders have no locks
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield  # closing the file unlocks it


def read() -> list[dict]:
    """Return all events that this version understands, oldest first.

    Broken lines, and those of a later course, are skipped. They stay in the file.
    """
    file = path()
    if file is None:
        return []
    try:
        lines = file.read_bytes().splitlines()
    except FileNotFoundError:
        lines = []
    except OSError as error:
        lines = []
        _say(f"Your progress cannot be read from {file} ({error.strerror or error}).")
    events = [event for event in map(_parse, lines) if event]
    return sorted(events + _unwritten, key=lambda event: event["time"])


def _parse(line: bytes) -> dict | None:
    try:
        event = json.loads(line)
        sure = event.get("sure")
        fine = (
            event["v"] == FORMAT
            and event["kind"] in KINDS
            and re.fullmatch(r"lab\d\d", event["lab"])
            and isinstance(event["name"], str)
            and datetime.fromisoformat(event["time"]).tzinfo
            and isinstance(event["session"], str)
            and (event["kind"] != "answer" or isinstance(event["right"], bool))
            and (sure is None or 0 <= sure <= 1)
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return event if fine else None


def answers() -> list[dict]:
    """Return the answers that count, oldest first.

    An answer given after the result was shown does not count. Of several to the same
    question in one session, the last before the result counts.
    """
    counted = {}
    for event in read():
        if event["kind"] == "answer" and not event.get("told"):
            key = event["lab"], event["name"], event["session"]
            counted.pop(key, None)  # so that it moves to the end
            counted[key] = event
    return list(counted.values())


def cost(right: bool, sure: float) -> float:
    """Return the cross entropy (nats) of one answer.

    It is minus the log of the probability that the reader gave to what turned out to
    be so. "Perhaps, 50%" costs 0.69 each time, as a coin does.

    Parameters
    ----------
    right : bool
        Whether the answer was right.
    sure : float
        The probability, from 0 to 1, that the reader gave to being right. Below 0.01
        and above 0.99 it counts as these, because a mistake would cost infinitely
        much.
    """
    sure = min(max(sure, CLIP), 1 - CLIP)
    return -math.log(sure if right else 1 - sure)


def last_answer(lab: str, name: str) -> dict | None:
    """Return the last answer to a question, whether it counts or not."""
    found = [e for e in read() if (e["lab"], e["name"]) == (lab, name)]
    return next((e for e in reversed(found) if e["kind"] == "answer"), None)


def due(names: Iterable[str], n: int = 3) -> list[str]:
    """Return the questions that this reader should be asked again.

    Parameters
    ----------
    names : iterable of str
        Questions to choose from, such as ``"lab01.shifted"``.
    n : int
        At most so many.

    Returns
    -------
    list of str
        Those answered wrong last time, then those longest unseen. Questions that the
        reader has never answered are not among them.
    """
    last = {f"{event['lab']}.{event['name']}": event for event in answers()}
    seen = [name for name in dict.fromkeys(names) if name in last]
    return sorted(seen, key=lambda q: (last[q]["right"], last[q]["time"]))[:n]


# What a reader sees -------------------------------------------------------------


def show() -> None:
    """Print what is solved, what is shaky, and where to go on."""
    file = path()
    if file is None:
        print("No progress is kept here: it is switched off (COURSE_PROGRESS=off).")
        return
    events = read()
    if not events:
        print("Nothing answered or solved yet. What you do will be kept in")
        print(file)
    else:
        rows = [_row(lab, events) for lab in sorted({e["lab"] for e in events})]
        after = [_certainty(), _next(events), f"Kept in {file}, and nowhere else."]
        text = "\n".join([_text_table(rows), *filter(None, after)])
        present(text, lambda: _html_table(rows, after))
    if _in_colab() and "COURSE_PROGRESS" not in os.environ:
        print(colab_note(file))


def certainties() -> list[tuple[float, bool]]:
    """Return how sure the reader was and whether that was right, oldest first."""
    return [(e["sure"], e["right"]) for e in answers() if e.get("sure") is not None]


def reliability(ax=None, given: Sequence[tuple[float, bool]] | None = None):
    """Draw how often the reader was right, against how sure the reader was.

    Parameters
    ----------
    ax : matplotlib Axes, optional
        Where to draw; a new figure if not given.
    given : sequence of (float, bool), optional
        How sure, and whether right; the reader's own answers if not given.

    Returns
    -------
    Axes
        A point for each group of answers that were about equally sure, with the number
        of answers below it. The bars are 90% intervals (Wilson): with few answers they
        are long, and a point far from the diagonal says little.
    """
    import matplotlib.pyplot as plt

    ax = ax if ax is not None else plt.subplots(figsize=(3.6, 3.6))[1]
    ax.plot([0, 1], [0, 1], color="black", linestyle=":", label="as sure as right")
    given = certainties() if given is None else given
    edges = (0, 0.4, 0.6, 0.8, 0.95, 1.01)
    for low, high in pairwise(edges):
        group = [pair for pair in given if low <= pair[0] < high]
        if not group:
            continue
        sure, share = (sum(column) / len(group) for column in zip(*group, strict=True))
        bottom, top = wilson(sum(right for _, right in group), len(group))
        bar = [[max(0.0, share - bottom)], [max(0.0, top - share)]]
        ax.errorbar(sure, share, yerr=bar, fmt="o", color="C0", capsize=3)
        ax.annotate(
            str(len(group)),
            (sure, -0.03),  # below all bars and the diagonal
            ha="center",
            va="top",
        )
    if len(given) < 20:
        text = f"only {len(given)} answers so far" if given else "no answers yet"
        ax.text(0.97, 0.17, text, ha="right", transform=ax.transAxes)
    ax.set(xlim=(0, 1.1), ylim=(-0.14, 1.22), yticks=[k / 5 for k in range(6)])
    ax.set(xlabel="how sure I was", ylabel="share that was right")
    ax.legend(loc="upper left")
    return ax


def wilson(n_right: int, n: int, z: float = 1.645) -> tuple[float, float]:
    """Return an interval for the share that n_right of n is an estimate of.

    Parameters
    ----------
    n_right, n : int
        At least one trial.
    z : float
        Standard errors to each side; 1.645 makes an interval of 90%.
    """
    share = n_right / n
    middle = share + z**2 / (2 * n)
    half = z * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return (middle - half) / (1 + z**2 / n), (middle + half) / (1 + z**2 / n)


def _row(lab: str, events: Sequence[dict]) -> dict:
    """Return one lab's line of the table."""
    exercises, questions, tasks = contents(lab)
    here = [event for event in events if event["lab"] == lab]
    solved = {e["name"] for e in here if e["kind"] == "solved"}
    tried = {e["name"] for e in here if e["kind"] == "attempt"}
    last = {e["name"]: e for e in answers() if e["lab"] == lab}
    shaky = [
        name
        for name in questions
        if name in last
        and (not last[name]["right"] or (last[name].get("sure") or 1) < SHAKY)
    ]
    shaky += [name for name in exercises if name in tried - solved]
    return {
        "lab": lab.removeprefix("lab"),
        "solved": (len(solved & set(exercises)), len(exercises)),
        "answered": (  # the task of a figure for the hand is a question, too
            len(set(last) & set(questions)) + len(solved & set(tasks)),
            len(questions) + len(tasks),
        ),
        "shaky": shaky,
    }


@functools.cache
def contents(lab: str) -> tuple[list[str], list[str], list[str]]:
    """Return the names of a lab's exercises, its questions, and its explorables."""
    try:
        module = importlib.import_module(f"course_utils.exercises.{lab}")
    except ImportError:  # of another version of the course
        return [], [], []
    from course_utils.exercises.questions import Question, WarmUp
    from course_utils.explorables import IN_LABS, LABS

    exercises, questions = [], []
    for name, value in vars(module).items():
        if isinstance(value, Question):
            questions.append(name)
        elif isinstance(value, WarmUp):  # a case has questions of its own lab
            questions += [q.name for q in value.fixed if q.lab == lab]
        elif hasattr(value, "reference"):
            exercises.append(name)
    return exercises, questions, [name for name in IN_LABS if LABS[name] == lab]


def _text_table(rows: Sequence[dict]) -> str:
    lines = ["lab  exercises  questions  shaky"]
    for row in rows:
        solved, answered = ("{} of {}".format(*row[k]) for k in ("solved", "answered"))
        shaky = ", ".join(row["shaky"]) or "-"
        lines.append(f"{row['lab']:<3}  {solved:<9}  {answered:<9}  {shaky}")
    return "\n".join(lines)


def _html_table(rows: Sequence[dict], after: Sequence[str]) -> str:
    def bar(part: int, whole: int) -> str:
        share = 100 * part / max(1, whole)
        return (
            '<span aria-hidden="true" style="display:inline-block;width:6em;'
            'height:.7em;border:1px solid currentColor;margin-right:.5em">'
            f'<span style="display:block;width:{share:.0f}%;height:100%;'
            f'background:#0072b2"></span></span>{part} of {whole}'
        )

    cells = "".join(
        f"<tr><th scope='row'>{row['lab']}</th><td>{bar(*row['solved'])}</td>"
        f"<td>{bar(*row['answered'])}</td>"
        f"<td>{html.escape(', '.join(row['shaky'])) or '-'}</td></tr>"
        for row in rows
    )
    heads = "".join(
        f"<th scope='col'>{head}</th>"
        for head in ("lab", "exercises solved", "questions answered", "shaky")
    )
    words = "".join(f"<p>{html.escape(line)}</p>" for line in after if line)
    return f"<table><tr>{heads}</tr>{cells}</table>{words}"


def _certainty() -> str:
    given = [(e["right"], e["sure"]) for e in answers() if e.get("sure") is not None]
    if not given:
        return ""
    mean = sum(cost(*pair) for pair in given) / len(given)
    return (
        f"Your certainty costs {mean:.2f} nats an answer ({len(given)} answers). A "
        f"coin, 50% each time, costs {COIN:.2f}; less is better."
    )


def _next(events: Sequence[dict]) -> str:
    """Say what to do next: what is open in the lab of the last event."""
    lab = events[-1]["lab"]
    exercises, questions, tasks = contents(lab)
    done = {e["name"] for e in events if e["lab"] == lab and e["kind"] != "attempt"}
    todo = {"question": questions, "task of the figure": tasks, "exercise": exercises}
    for kind, names in todo.items():
        for name in names:
            if name not in done:
                return f"Next: lab {lab[3:]}, the {kind} {name}."
    return f"Lab {lab[3:]} is done. Next: lab {int(lab[3:]) + 1:02d}."


def present(text: str, make_html: Callable[[], str]) -> None:
    """Show HTML in a notebook, and plain text everywhere else."""
    if not live():
        print(text)
        return
    from IPython.display import display

    display({"text/plain": text, "text/html": make_html()}, raw=True)


def live() -> bool:
    """Tell whether somebody sits at a notebook that can show more than text."""
    if os.environ.get("COURSE_STATIC") == "1" or "IPython" not in sys.modules:
        return False
    from IPython import get_ipython

    return hasattr(get_ipython(), "kernel")


def colab_note(file: Path) -> str:
    """Return how to keep the progress in Colab."""
    return (
        "In Colab your progress is lost when the runtime ends. To keep it, run this in "
        "a cell before the first question:\n"
        "    from google.colab import drive\n"
        "    drive.mount('/content/drive')\n"
        "    %env COURSE_PROGRESS=/content/drive/MyDrive/course-progress.jsonl\n"
        "Or download it at the end: from google.colab import files; "
        f"files.download('{file}')"
    )


def _in_colab() -> bool:
    return "google.colab" in sys.modules


def _say(text: str) -> None:
    if text not in _said:
        _said.add(text)
        print(text)
