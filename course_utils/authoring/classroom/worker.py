"""Judge answers in processes that can do no harm: one for each answer.

This program gets lines of JSON and writes one for each answer. Where it can fork, it
never runs a line of a hand-in itself: PyTorch is loaded once. Copies of this process,
as far from everything as the system allows, do the rest: one reads a notebook and says
in which of its cells each answer stands, then each answer is run and judged in its own.

What keeps an answer away from the rest, in layers that do not need each other:

* ``rooms`` (Linux, where namespaces are allowed): another root, read-only, with
  nothing in it but Python and the packages; no network; no other processes to be seen.
* ``limits`` (Linux; macOS in part): of processor time, memory, file size and processes.
* ``guard`` (everywhere): Python itself refuses files, sockets and programs. Who knows
  Python well gets around this one.
"""

import ast
import builtins
import contextlib
import ctypes
import dis
import functools
import gc
import hashlib
import importlib
import json
import linecache
import os
import re
import select
import shutil
import signal
import sys
import tempfile
import time
import types
from collections.abc import Callable, Iterator
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[2]
LAYERS = ("rooms", "limits", "guard")
GIGABYTE = 1 << 30
MEMORY = 2 * GIGABYTE  # more than PyTorch takes by itself
OUTPUT = 16 << 20  # bytes of a file, or of what comes back
NOBODY = 65534
DESK = "/answer"  # in a room, where answers may write
SECRET_READS = ("os.listdir", "os.scandir", "os.chdir")
WRITES = ("os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.chmod", "os.utime",
          "os.truncate", "os.link", "os.symlink", "shutil.rmtree")  # fmt: skip
CLOSED = ("socket.", "subprocess.", "os.system", "os.exec", "os.fork", "os.posix_spawn",
          "os.spawn", "os.startfile", "os.kill", "os.chown", "ctypes.", "winreg.",
          "pty.", "signal.", "webbrowser.", "urllib.", "_winapi.", "mmap.")  # fmt: skip
UNUSUAL = re.compile(
    "os|sys|subprocess|socket|ctypes|gc|inspect|importlib|builtins|multiprocessing|"
    "threading|shutil|pathlib|urllib|requests|pickle|signal|open|eval|exec|compile|"
    "globals|setattr|reference|oracles|judge|course_utils|lab[0-9]{2}|_getframe|__.+__"
)

# The kinds of statements of a notebook that an answer may need.
RUNS = (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom, ast.Assign,
        ast.AnnAssign, ast.AugAssign)  # fmt: skip


# The answer in a notebook ---------------------------------------------------------


class NoAnswerError(Exception):
    """There is nothing in the notebook that could be judged."""


def plain_python(cell: str) -> str:
    """Return a cell without what IPython alone understands."""
    cell = re.sub(r"\A\s*%%(time|timeit|capture)\b.*", "", cell)
    return re.sub(r"^(\s*)[%!?].*$|^(\s*)\w[\w.]*\?+$", r"\1pass", cell, flags=re.M)


def statements(cells: list[str], name: str) -> list[tuple[int, ast.stmt]]:
    """Return all statements of a notebook, each with the number of its cell.

    Raises
    ------
    NoAnswerError
        If the cell that should define `name` is no Python.
    """
    found = []
    for number, cell in enumerate(cells, 1):
        try:
            found += [(number, node) for node in _parsed(cell)]
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            if re.search(rf"^\s*(def {name}\b|{name} *=)", cell, re.MULTILINE):
                line = getattr(error, "text", "") or ""
                where = f" in your line `{line.strip()[:200]}`" if line.strip() else ""
                raise NoAnswerError(
                    f"This cell is no Python{where}: {error}."
                ) from None
    return found


@functools.cache
def _parsed(cell: str) -> list[ast.stmt]:
    return ast.parse(plain_python(cell)).body


@functools.cache
def bound(node: ast.stmt) -> set[str]:
    """Return the names that a statement gives a value, if it is of a kind that runs."""
    if not isinstance(node, RUNS):
        return set()
    return {
        step.argval
        for step in dis.get_instructions(_compiled(node))
        if step.opname == "STORE_NAME"  # not of an attribute, as in lab01.f.judge = g
    }


def needed(node: ast.stmt) -> set[str]:
    """Return the global names that a statement, and all in it, asks for."""
    return _global_names(_compiled(node))


def _compiled(node: ast.stmt) -> types.CodeType:
    try:
        await_too = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT  # as notebooks do
        return compile(ast.Module([node], []), "", "exec", await_too)
    except (SyntaxError, ValueError):  # such as a yield outside of a function
        return compile("", "", "exec")


def _global_names(code: types.CodeType) -> set[str]:
    found = {
        step.argval
        for step in dis.get_instructions(code)
        if step.opname in ("LOAD_GLOBAL", "LOAD_NAME")
    }
    inner = (c for c in code.co_consts if isinstance(c, types.CodeType))
    return found.union(*map(_global_names, inner))


def answer_in(cells: list[str], module: str, name: str) -> list[tuple[int, ast.stmt]]:
    """Return the answer to an exercise: the function and what it needs, in order.

    The function is the one that the last check saw; if that is a stub, the last one
    that is not.
    """
    every = statements(cells, name)
    makes = [bound(node) for _, node in every]
    check = f"{module}.{name}.check("
    with_check = [name in cell and "check" in cell for cell in cells]
    checks = [
        i for i, (n, node) in enumerate(every)
        if with_check[n - 1] and check in ast.unparse(node)
    ]  # fmt: skip
    end = checks[-1] if checks else len(every)
    places = [i for i, names in enumerate(makes) if name in names]
    if not places:
        raise NoAnswerError("")
    place = next((i for i in reversed(places) if i < end), places[-1])
    if _is_stub(every[place][1]):  # it may stand below the check, or above the stub
        place = next((i for i in reversed(places) if _is_written(every[i][1])), place)
    chosen, todo = {place}, [place]
    known = {name} if isinstance(every[place][1], ast.FunctionDef) else set()
    while todo:
        for one in needed(every[todo.pop()][1]) - known:
            known.add(one)
            found = {i for i, names in enumerate(makes) if one in names}
            found = {i for i in found if i < max(end, place)} or found
            todo += found - chosen
            chosen |= found
    chosen |= {
        i for i, (_, node) in enumerate(every)
        if isinstance(node, ast.ImportFrom) and node.names[0].name == "*"
    }  # fmt: skip
    return [*(every[i] for i in sorted(chosen - {place})), every[place]]


def cells_for(cells: list[str], module: str, names: list[str]) -> dict:
    """Return for each exercise the numbers of the cells from which its answer comes."""
    found = {}
    for name in names:
        found[name] = [
            n for n, cell in enumerate(cells, 1) if re.search(rf"\b{name}\b", cell)
        ]
        with contextlib.suppress(NoAnswerError):
            found[name] += [n for n, _ in answer_in(cells, module, name)]
    return found


def _is_stub(node: ast.stmt) -> bool:
    body = getattr(node, "body", None)
    return isinstance(body, list) and all(
        isinstance(x, ast.Pass)
        or (isinstance(x, ast.Expr) and isinstance(x.value, ast.Constant))
        for x in body
    )


def _is_written(node: ast.stmt) -> bool:
    if isinstance(node, ast.FunctionDef):
        return not _is_stub(node)
    return isinstance(getattr(node, "value", None), (ast.Lambda, ast.Attribute))


def form_of(nodes: list[ast.stmt]) -> tuple[str, int]:
    """Return a digest of what is left without names and comments, and its size."""
    imports = (ast.Import, ast.ImportFrom)
    tree = ast.Module([n for n in nodes if not isinstance(n, imports)], [])
    tree = ast.parse(ast.unparse(tree))
    own: dict[str, str] = {}
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                if ast.get_docstring(node) is not None:
                    del node.body[0]
            case ast.arg(arg=name):
                node.annotation = None
            case ast.Name(id=name, ctx=ast.Store()):
                pass
            case _:
                continue
        own.setdefault(name, f"n{len(own)}")
    for node in ast.walk(tree):
        for field in ("id", "arg", "name"):
            if getattr(node, field, None) in own:
                setattr(node, field, own[getattr(node, field)])
    size = sum(not isinstance(node, ast.expr_context) for node in ast.walk(tree))
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest()[:16], size


# Judging --------------------------------------------------------------------------


def judged(cells: list[str], module: str, name: str) -> dict:
    """Run one answer and return what the course's check says of it."""
    from course_utils.exercises.checks import Verdict, find

    exercise = find(module, name)
    judge = type(exercise).judge
    try:
        parts = answer_in(cells, module, name)
    except NoAnswerError as error:
        kind, said = ("error", ("not yet.", str(error))) if str(error) else (
            "missing", ("not there.",)
        )  # fmt: skip
        return {"kind": kind, "name": "syntax", "messages": said}
    nodes = [node for _, node in parts]
    found = {"source": "\n".join(map(ast.unparse, nodes))[:4000]}
    namespace, trouble = _run(cells, parts)
    if name not in namespace:
        said = ("not yet.", f"The function could not be made: {trouble}")
        return found | {"kind": "error", "name": "definition", "messages": said}
    function = namespace[name]
    verdict = judge(exercise, function)
    more = (trouble,) if trouble and not verdict.right else ()
    found |= {
        "right": verdict.right,
        "kind": verdict.kind,
        "name": verdict.name,
        "messages": (*verdict.messages, *more),
        "details": verdict.details,
        "unusual": sorted(filter(UNUSUAL.fullmatch, _words(nodes))),
    }
    # What is wrong need not be explained now; that it is wrong must still be seen.
    exercise._explain = lambda study: Verdict(name, False, "numbers")
    changed = type(exercise).judge is not judge
    if changed or (verdict.right and judge(exercise, lambda *_: object()).right):
        text = "The answer changed the checks themselves, so it was not judged."
        return found | {"right": False, "kind": "tampered", "messages": (text,)}
    if verdict.kind not in ("stub", "listed", "no function", "unavailable"):
        found["form"], found["size"] = form_of(nodes)
    if verdict.right:
        reference = ast.parse(exercise.solution_source()).body
        found["as_solution"] = found["form"] == form_of(reference)[0]
    elif "form" in found:
        found["does"] = _behaviour(exercise, function)
    return found


def _run(cells: list[str], parts: list[tuple[int, ast.stmt]]) -> tuple[dict, str]:
    """Run the statements of an answer; return what they made, and the first error."""
    namespace, trouble = {"__name__": "__main__", "__builtins__": builtins}, ""
    for number, node in parts:
        file = f"<cell {number}>"  # so that errors can show the learner's own line
        lines = plain_python(cells[number - 1]).splitlines(keepends=True)
        linecache.cache[file] = (len(lines), None, lines, file)
        try:
            exec(compile(ast.Module([node], []), file, "exec"), namespace)
        except BaseException as error:  # SystemExit too
            line = ast.unparse(node).splitlines()[0][:200]
            text = str(error).partition("\n")[0][:200]
            trouble = trouble or f"`{line}` stopped with {type(error).__name__}: {text}"
    return namespace, trouble


def _words(nodes: list[ast.stmt]) -> set[str]:
    """Return all names in an answer, the first parts of what it imports included."""
    fields = ("id", "attr", "module", "name")
    every = (node for part in nodes for node in ast.walk(part))
    words = (str(getattr(node, field, "")) for node in every for field in fields)
    return {word.partition(".")[0] for word in words}


def _behaviour(exercise, function) -> str:
    """Return a digest of what a function does: equal for answers that do the same."""

    def rounded(value):
        if isinstance(value, (tuple, list)):
            return [*map(rounded, value)]
        if hasattr(value, "flatten"):
            numbers = value.detach().flatten().tolist()[:500]
            return [str(tuple(value.shape)), *(f"{x:.3g}" for x in numbers)]
        number = isinstance(value, (int, float))
        return f"{value:.3g}" if number else type(value).__name__

    runs = [exercise.observe(function, case.args) for case in exercise.cases]
    done = [type(r.error).__name__ if r.error else rounded(r.value) for r in runs]
    return hashlib.sha256(json.dumps(done).encode()).hexdigest()[:16]


def prepare(module: str, seed: int) -> None:
    """Draw the inputs of a lab, and do once what each check would do again."""
    from course_utils.exercises.checks import Exercise

    lab = importlib.import_module(f"course_utils.exercises.{module}")
    for exercise in [x for x in vars(lab).values() if isinstance(x, Exercise)]:
        exercise.hold_back(seed)
        with contextlib.suppress(Exception):
            runs = [exercise.right_run(case) for case in exercise.more_cases]
            for case in exercise.cases:
                runs.append(exercise.right_run(case))
                runs += [exercise.mistake_run(m, case) for m in exercise.mistakes]
            for run in runs:
                _ = run.slopes  # measured when they are asked for, and kept


# Rooms: Linux namespaces ----------------------------------------------------------

NEW_USER, NEW_ROOMS = 0x10000000, 0x20000 | 0x20000000 | 0x40000000 | 0x08000000
READ_ONLY, REMOUNT, BIND, RECURSIVE, PRIVATE = 1, 32, 4096, 16384, 1 << 18


def _do(function: str, *args) -> None:
    """Call the C library; raise OSError where it says no."""
    libc = ctypes.CDLL(None, use_errno=True)
    args = [os.fsencode(a) if isinstance(a, (str, Path)) else a for a in args]
    if getattr(libc, function)(*args) != 0:
        raise OSError(ctypes.get_errno(), function)


def enter_rooms() -> None:
    """Go on, as a new process, where there is no network and nobody else.

    Must come before any thread. Raises OSError where the system does not allow it.
    """
    uid, gid = os.getuid(), os.getgid()
    _do("unshare", NEW_ROOMS if uid == 0 else NEW_ROOMS | NEW_USER)
    if uid:
        Path("/proc/self/setgroups").write_text("deny", "utf-8")
        Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1", "utf-8")
        Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1", "utf-8")
    _do("mount", None, "/", None, RECURSIVE | PRIVATE, None)
    pid = os.fork()  # the first process in a room for processes: all others end with it
    if pid:
        os._exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) & 0xFF)


def change_root(root: str) -> None:
    """Leave nothing in sight but Python and its packages, and these read-only."""
    _do("mount", "tmpfs", root, "tmpfs", 0, b"mode=755,size=1m")
    shown = {"/usr", "/lib", "/lib64", "/bin", sys.prefix, sys.base_prefix, PACKAGE}
    shown |= {"/dev/null", "/dev/urandom", "/dev/zero"}
    shown |= {path for path in sys.path if Path(path).resolve() != PACKAGE.parent}
    for path in sorted({p for s in shown if s for p in (str(s), os.path.realpath(s))}):
        target = Path(root + path)
        if not os.path.exists(path) or target.exists():
            continue
        (target if os.path.isdir(path) else target.parent).mkdir(
            parents=True, exist_ok=True
        )
        if not os.path.isdir(path):
            target.touch()
        _do("mount", path, target, None, BIND | RECURSIVE, None)
        kept = os.statvfs(path).f_flag & (2 | 4 | 8 | 1024 | 2048)
        _do("mount", None, target, None, REMOUNT | BIND | READ_ONLY | kept, None)
    Path(root + DESK).mkdir()
    _do("mount", "tmpfs", root + DESK, "tmpfs", 0, b"mode=1777,size=64m")
    _do("mount", None, root, None, REMOUNT | READ_ONLY, b"mode=755,size=1m")
    os.chroot(root)
    os.chdir(DESK)
    if os.getuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    _do("capset", (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)())
    _do("prctl", 38, 1, 0, 0, 0)  # no new privileges
    _do("prctl", 4, 0, 0, 0, 0)  # and none of its copies may look into this process


# Limits and guard -----------------------------------------------------------------


def set_limits(seconds: float, memory: int) -> None:
    """Limit processor time, memory, file size and the number of processes."""
    import resource

    cpu = int(seconds) + 1
    limits = {"CPU": (cpu, cpu + 1), "FSIZE": (OUTPUT, OUTPUT), "NPROC": (0, 0)}
    limits |= {"CORE": (0, 0)}
    if memory:
        limits["AS"] = (memory, memory)
    for name, values in limits.items():
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), values)


def _memory() -> int:
    """Return the address space that an answer may have; 0 where nothing tells."""
    try:
        pages = int(Path("/proc/self/statm").read_text("utf-8").split()[0])
    except (OSError, ValueError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE") + MEMORY


def set_guard(folder: str) -> None:
    """Let Python refuse files outside of a folder, sockets, and other programs."""
    real = os.path.realpath
    may_write = (real(folder),)
    places = [sys.prefix, sys.base_prefix, PACKAGE, "/dev", "/usr", "/lib", *sys.path]
    places = {real(p) for p in places if p} - {real(PACKAGE.parent), "/"}
    may_read = (*may_write, *places)
    writing = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

    def inside(path, folders) -> bool:
        path = real(os.fsdecode(path))
        return any(path == f or path.startswith(f + os.sep) for f in folders)

    def hook(event, args):
        if event == "open" and not isinstance(args[0], int):
            changes = (args[2] or 0) & writing or set(args[1] or "") & set("wax+")
            folders = may_write if changes else may_read
        elif event in WRITES:
            folders = may_write
        elif event in SECRET_READS:
            folders = may_read
        elif event.startswith(CLOSED):
            raise PermissionError(f"an answer must not do this: {event}")
        else:
            return
        two = event in ("os.rename", "os.link", "os.symlink")
        paths = [p for p in args[: 1 + two] if not isinstance(p, (int, type(None)))]
        if not all(inside(path, folders) for path in paths):
            raise PermissionError("an answer must not touch files")

    sys.addaudithook(hook)


# The program ----------------------------------------------------------------------


def main() -> None:
    """Read jobs, answer each."""
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 1)
    config = json.loads(sys.stdin.readline())
    layers, forks = config["layers"], config["forks"]
    rooms = sys.platform == "linux" and "rooms" in layers
    try:
        if rooms:
            enter_rooms()
        import torch

        from course_utils.exercises import checks  # noqa: F401

        torch.set_num_threads(1)
        config["memory"] = _memory()  # now, because a room has no /proc
        if rooms:
            change_root(config["folder"] + "/room")
    except OSError:
        if rooms:  # half a room is worse than none: there, nothing may be deleted
            _tell(channel, {"retry": True})
            return
        raise
    try:
        prepare(config["module"], config["seed"])
        if forks and not _works(config, rooms):
            raise RuntimeError("the course's own solution was stopped")
    except Exception as error:  # no fault of a hand-in, so there must be no marks
        _tell(channel, {"broken": f"{type(error).__name__}: {error}"})
        return
    has_limits = "limits" in layers and os.name == "posix"
    _tell(channel, {"ready": ["rooms"] * rooms + ["limits"] * has_limits})
    gc.freeze()  # a collection would copy all that the forks share
    for line in sys.stdin:
        job = json.loads(line)
        if not forks:
            _close(config, tempfile.mkdtemp(dir=config["folder"] + "/desk"))
            for name in job["names"]:
                _tell(channel, _attempt(judged, job["cells"], job["module"], name))
            return  # what a hand-in has done to this process shall meet no other
        for found in _answers(job, config, rooms):
            _tell(channel, found)


def _answers(job: dict, config: dict, rooms: bool) -> Iterator[dict]:
    """Judge the answers of a notebook, which is read once, for all of them."""
    cells, module = job["cells"], job["module"]
    places = _forked(config, rooms, cells_for, cells, module, job["names"])
    for name in job["names"]:
        if places.get("kind") == "stopped":
            yield places
        else:
            own = [c if n in places[name] else "" for n, c in enumerate(cells, 1)]
            yield _forked(config, rooms, judged, own, module, name)


def _works(config: dict, rooms: bool) -> bool:
    """Whether the course's own solutions are judged as hand-ins are."""
    from course_utils.exercises.checks import find

    module, names = config["module"], config["names"]
    job = {"module": module, "names": names}
    job["cells"] = [find(module, names[0]).solution_source()]
    return all(x["kind"] != "stopped" for x in _answers(job, config, rooms))


def _tell(channel, message: dict) -> None:
    channel.write(json.dumps(message) + "\n")
    channel.flush()


def _close(config: dict, folder: str) -> None:
    os.chdir(folder)
    tempfile.tempdir = folder
    if "limits" in config["layers"] and os.name == "posix":
        set_limits(config["seconds"], config["memory"])
    if "guard" in config["layers"]:
        set_guard(folder)


def _attempt(do: Callable[..., dict], *args) -> dict:
    try:
        return do(*args)
    except MemoryError:
        return {"kind": "stopped", "name": "memory"}
    except BaseException as error:
        text = f"the check itself stopped ({type(error).__name__})."
        return {"kind": "stopped", "name": "check", "messages": [text]}


def _forked(config: dict, rooms: bool, do: Callable[..., dict], *args) -> dict:
    """Do something in a copy of this process, and end the copy in any case."""
    reader, writer = os.pipe()
    home = DESK if rooms else config["folder"] + "/desk"
    folder = tempfile.mkdtemp(dir=home)
    pid = os.fork()
    if not pid:
        try:
            os.setsid()
            if sys.platform == "linux":
                _do("prctl", 1, signal.SIGKILL, 0, 0, 0)  # end with the parent
            for number in (0, 1, 2):
                os.dup2(os.open(os.devnull, os.O_RDWR), number)
            os.dup2(writer, 3)
            os.closerange(4, 4096)
            _close(config, folder)
            data = json.dumps(_attempt(do, *args)).encode()
            while data:
                data = data[os.write(3, data) :]
        finally:
            os._exit(0)
    os.close(writer)
    data, end = b"", time.monotonic() + 3 * config["seconds"]
    late = False
    while len(data) <= OUTPUT:
        late = not select.select([reader], [], [], max(0, end - time.monotonic()))[0]
        more = b"" if late else os.read(reader, 1 << 16)
        if not more:
            break
        data += more
    os.close(reader)
    with contextlib.suppress(OSError):
        os.kill(pid, signal.SIGKILL)
        os.killpg(pid, signal.SIGKILL)
    status = os.waitpid(pid, 0)[1]
    _empty(home)
    if late or (os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU):
        return {"kind": "stopped", "name": "time"}
    with contextlib.suppress(ValueError, RecursionError):
        if isinstance(found := json.loads(data), dict):
            return found
    return {"kind": "stopped", "name": "ended"}


def _empty(folder: str) -> None:
    """Leave nothing to the next answer, or do not go on."""
    for path in Path(folder).iterdir():
        with contextlib.suppress(OSError):
            path.chmod(0o700)
        shutil.rmtree(path, ignore_errors=True)
        if path.exists():
            path.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
