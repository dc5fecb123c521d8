"""The command: judge all that was handed in, a few answers at a time."""

import contextlib
import hashlib
import json
import os
import queue
import secrets
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from tqdm import tqdm

from course_utils.authoring import labs
from course_utils.authoring.classroom import report, worker
from course_utils.authoring.classroom.collect import HandIn, collect, known_labs
from course_utils.authoring.labs import LabError

SECONDS = 10  # of the processor, for one answer
STOPPED = {
    "time": "it took too long: a loop without end, or much more work than needed.",
    "memory": "it took too much memory, or printed without end.",
    "ended": "it ended the program (exit, a crash, or too much memory).",
    "check": "the check itself stopped.",
}
LONGEST = {"kind": 40, "name": 80, "source": 4000, "form": 40, "does": 40,
           "says": 200}  # fmt: skip
SAFE = {
    "rooms": "no network, no files but Python's, no other processes (by the kernel)",
    "limits": "limits of processor time, memory and file size, no new processes"
    if sys.platform == "linux"
    else "limits of processor time and file size, no new processes; not of memory",
    "guard": "Python refuses files, network and programs",
}
UNSAFE = (
    "Nothing here stops bad intent together with knowledge of Python. For hand-ins "
    "that you do not trust, use Linux with namespaces, or a virtual machine."
)


def main(
    pile: Path, out: Path | None = None, *, seconds: float = SECONDS, jobs: int = 0
) -> int:
    """Judge a folder or zip of hand-ins; write marks, a page and feedback.

    Parameters
    ----------
    pile : Path
        The hand-ins. Nothing is written there.
    out : Path, optional
        The folder of the results; by default ``build/class/`` and the name of the pile.
    seconds : float
        Processor time for one answer; three times as long by the clock.
    jobs : int
        How many answers at a time; by default as many as there are cores.

    Returns
    -------
    int
        0, or 130 after Ctrl-C. What was judged until then is written.
    """
    known = known_labs()
    found, notes = collect(pile, known)
    unread, found = [h for h in found if h.why], [h for h in found if not h.why]
    out = out or labs.ROOT / "build" / "class" / pile.resolve().stem
    if pile.is_dir() and out.resolve().is_relative_to(pile.resolve()):
        raise LabError(f"the results must not lie in the folder of the hand-ins: {out}")
    out.mkdir(parents=True, exist_ok=True, mode=0o700)  # others have no business here
    seed = read_seed(out / "seed.txt")
    store = Store(out / "answers.jsonl", seed, seconds)
    todo = [h for h in found if store.key(h) not in store.known]
    if len(todo) < len(found):
        print(f"{len(found) - len(todo)} of {len(found)} were judged before")
    status = _judge_all(todo, known, store, seed, seconds, jobs) if todo else 0
    done = [
        (h, store.known[store.key(h)]) for h in found if store.key(h) in store.known
    ]
    missing = [h for h in found if store.key(h) not in store.known]
    for hand_in in missing:
        hand_in.why = "not judged yet"
    notes += [f"{h.path}: not judged yet, run the command again" for h in missing]
    report.write(done, known, [*missing, *unread], notes, out)
    print(f"{report.headline(done, [*missing, *unread])}; open {out / 'class.html'}")
    return status


def read_seed(path: Path) -> int:
    """Return the secret number from which this class's own inputs are drawn."""
    if not path.exists():
        labs.write_atomically(path, f"{secrets.randbits(48)}\n")
    try:
        return int(path.read_text(encoding="utf-8"))
    except ValueError:
        raise LabError(f"{path} must hold one whole number; delete it") from None


class Store:
    """What was judged, in a file that grows by a line for each notebook."""

    def __init__(self, path: Path, seed: int, seconds: float) -> None:
        self.path = path
        checks = sorted((labs.ROOT / "course_utils" / "exercises").glob("*.py"))
        checks += sorted(Path(__file__).parent.glob("worker.py"))
        self.base = hashlib.sha256(f"{seed} {seconds}".encode())
        for file in checks:  # with other checks, the same answers are judged anew
            self.base.update(file.read_bytes())
        self.known: dict[str, dict] = {}
        if path.exists():
            for line in path.read_text(encoding="utf-8").splitlines():
                try:
                    self.known |= json.loads(line)
                except ValueError:  # the line that was being written at the end
                    continue

    def key(self, hand_in: HandIn) -> str:
        """Return a digest of what is judged, and by what."""
        digest = self.base.copy()
        digest.update(json.dumps([hand_in.lab, hand_in.cells]).encode())
        return digest.hexdigest()

    def add(self, hand_in: HandIn, answers: dict) -> None:
        """Note what was found out."""
        self.known[self.key(hand_in)] = answers
        with self.path.open("a", encoding="utf-8", newline="\n") as file:
            file.write(json.dumps({self.key(hand_in): answers}) + "\n")


def _judge_all(todo, known, store, seed, seconds, jobs) -> int:
    """Judge hand-ins, a few at a time, and show how far it is."""
    jobs = min(jobs or len(getattr(os, "sched_getaffinity", lambda _: range(2))(0)), 8)
    free: queue.SimpleQueue = queue.SimpleQueue()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        judges = [Judge(Path(folder, str(i)), seed, seconds) for i in range(jobs)]
        for judge in judges:
            free.put(judge)

        def work(hand_in: HandIn) -> dict:
            judge, lab = free.get(), known[hand_in.lab]
            try:
                return dict(judge.ask(hand_in.cells, lab.module, lab.exercises))
            finally:
                free.put(judge)

        pool = ThreadPoolExecutor(jobs)
        try:
            futures = {pool.submit(work, h): h for h in todo}
            with tqdm(total=len(todo), unit="notebook", file=sys.stderr) as bar:
                for future in as_completed(futures):
                    store.add(futures[future], future.result())
                    bar.update()
        except KeyboardInterrupt:
            print("stopped: what was judged is kept; run it again to go on")
            return 130
        finally:
            for judge in judges:
                judge.close()
            pool.shutdown(cancel_futures=True)
        safe = [*judges[0].safe, "guard"]
        print("each answer ran apart: " + "; ".join(SAFE[s] for s in safe))
        if "rooms" not in safe:
            print(UNSAFE)
    return 0


class Judge:
    """A worker, started when it is needed, and again when it has died."""

    def __init__(
        self,
        folder: Path,
        seed: int,
        seconds: float,
        layers: Sequence[str] = worker.LAYERS,
        forks: bool = sys.platform == "linux",
    ) -> None:
        for part in ("room", "desk"):
            (folder / part).mkdir(parents=True)
        self.patience = 4 * seconds + 120  # the first answer waits for PyTorch
        self.safe, self.closed = [], False
        self.config = {"seed": seed, "seconds": seconds, "layers": layers}
        self.config |= {"forks": forks, "folder": str(folder)}
        self.process: subprocess.Popen | None = None

    def ask(
        self, cells, module: str, names: Sequence[str]
    ) -> Iterator[tuple[str, dict]]:
        """Yield each exercise with what is said of its answer."""
        left = list(names)
        if self.process and self.config["module"] != module:
            self._end()
        self.config |= {"module": module, "names": left[:1]}
        while left and not self.closed:
            if self.process is None:
                self._start()
            fresh = {"module": module, "names": left, "cells": cells}
            found = None
            try:
                self.process.stdin.write(json.dumps(fresh) + "\n")
                self.process.stdin.flush()
                while left:
                    found = self._line(self.patience)
                    if found.get("kind") == "gone":
                        break
                    yield left.pop(0), checked(found)
            except OSError:
                found = {"kind": "gone", "name": "ended"}
            if left:
                self._end()
                if self.closed:
                    return
                yield left.pop(0), checked({**found, "kind": "stopped"})
            elif not self.config["forks"]:
                self._end()

    def _start(self) -> None:
        kept = {k: v for k, v in os.environ.items() if k in ("SYSTEMROOT", "PATHEXT")}
        one = dict.fromkeys(
            ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"], "1"
        )
        home = self.config["folder"]
        environment = kept | one | {
            "PATH": os.defpath, "HOME": home, "TMPDIR": home, "TEMP": home,
            "USERPROFILE": home, "MPLCONFIGDIR": home, "MPLBACKEND": "agg",
            "COURSE_PROGRESS": "off", "COURSE_MNIST": "embedded", "LANG": "C.UTF-8",
            "CUDA_VISIBLE_DEVICES": "", "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONUTF8": "1", "PYTHONHASHSEED": "0",
        }  # fmt: skip
        self.process = subprocess.Popen(
            [sys.executable, "-m", worker.__name__],
            cwd=labs.ROOT,
            env=environment,
            text=True,
            encoding="utf-8",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for this process alone
        )
        self.process.stdin.write(json.dumps(self.config) + "\n")
        self.process.stdin.flush()
        ready = self._line(300)  # PyTorch is loaded, and a lab's own answers are run
        if "retry" in ready:  # no namespaces here
            self._end()
            rest = [x for x in self.config["layers"] if x != "rooms"]
            self.config["layers"] = rest
            self._start()
            return
        if "ready" not in ready:
            self._end()
            why = ready.get("broken") or "no answer"
            raise LabError(f"the checks do not work here: {why}")
        self.safe = ready["ready"]

    def _line(self, seconds: float) -> dict:
        """Return the next line; {"kind": "gone"} if none comes."""
        late = threading.Event()

        def stop():
            late.set()
            self._kill()

        timer = threading.Timer(seconds, stop)
        timer.start()
        try:
            return json.loads(self.process.stdout.readline(worker.OUTPUT))
        except (ValueError, RecursionError):
            return {"kind": "gone", "name": "time" if late.is_set() else "ended"}
        finally:
            timer.cancel()

    def _kill(self) -> None:
        if self.process and hasattr(os, "killpg"):
            with contextlib.suppress(OSError):  # it has ended
                os.killpg(self.process.pid, 9)
        elif self.process:
            self.process.kill()

    def _end(self) -> None:
        self._kill()
        if self.process:
            self.process.wait()
            self.process.stdin.close()
            self.process.stdout.close()
        self.process = None

    def close(self) -> None:
        """End the worker; an answer that it works on is given up."""
        self.closed = True
        self._kill()


def checked(found: dict) -> dict:
    """Return what a worker says in the form that the rest relies on.

    The process in which an answer ran may say anything.
    """
    answer = {key: str(found.get(key) or "")[:n] for key, n in LONGEST.items()}
    for key in ("messages", "details", "unusual"):
        said = found.get(key)
        said = said[:20] if isinstance(said, list) else []
        answer[key] = [str(text)[:4000] for text in said]
    answer |= {key: found.get(key) is True for key in ("right", "as_solution")}
    answer["size"] = found["size"] if isinstance(found.get("size"), int) else 0
    answer["kind"] = answer["kind"] or "stopped"
    if answer["kind"] == "stopped":
        why = STOPPED.get(answer["name"], STOPPED["ended"])
        answer["messages"] = ["stopped:", why]
    return answer
