"""What would go wrong on another system, found on this one."""

import ast
import asyncio
import importlib.metadata
import importlib.util
import os
import platform
import re
import subprocess
import sys
import sysconfig
import tomllib
import types
import zipfile
from functools import cache
from pathlib import Path

import nbformat
import pytest

from course_utils import __main__ as door
from course_utils import environment, progress, workspace
from course_utils.authoring import labs

CODE = sorted(
    path
    for folder in ("course_utils", "tests", "notebooks")
    for path in (labs.ROOT / folder).rglob("*.py")
)
# Workplaces of tools, and what is made here.
MADE = re.compile(
    r"\.(git|venv|course)$|.*(_cache|__|checkpoints|egg-info)$|build|data"
)


OWN = {path.stem for path in CODE} | {"course_utils"} | sys.stdlib_module_names


def short(path):
    return path.relative_to(labs.ROOT).as_posix()


@cache
def tree(path):
    return ast.parse(path.read_text(encoding="utf-8"))


# Text ----------------------------------------------------------------------------


def without_encoding(tree):
    """Yield the lines of calls that take the system's encoding for text."""
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call):
            continue
        name = getattr(call.func, "attr", getattr(call.func, "id", ""))
        named = {keyword.arg for keyword in call.keywords}
        words = {a.value for a in call.args if isinstance(a, ast.Constant)}
        modes = [
            w for w in words if isinstance(w, str) and re.fullmatch("[rwax+bt]+", w)
        ]
        builtin = isinstance(call.func, ast.Name) and not modes
        as_text = builtin or any("b" not in mode for mode in modes)
        if (
            name in ("read_text", "write_text")
            or (name == "open" and as_text)
            or (name in ("run", "Popen", "check_output") and "text" in named)
        ) and not ("encoding" in named or "utf-8" in words):
            yield call.lineno


def test_every_text_has_an_encoding():
    found = {short(path): list(without_encoding(tree(path))) for path in CODE}
    assert {path: lines for path, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    "code",
    [
        "path.read_text()",
        "path.write_text(x)",
        "open(p)",
        "open(p, 'w')",
        "p.open('w')",
        "subprocess.run(c, text=True)",
    ],
)
def test_a_text_without_encoding_is_found(code):
    assert list(without_encoding(ast.parse(code))) == [1]


@pytest.mark.parametrize(
    "code", ["open(p, 'rb')", "Image.open(p)", "p.read_text('utf-8')"]
)
def test_bytes_need_no_encoding(code):
    assert list(without_encoding(ast.parse(code))) == []


# Files ----------------------------------------------------------------------------


def files(folder=labs.ROOT):
    for path in folder.iterdir():
        if path.is_dir() and not MADE.fullmatch(path.name):
            yield from files(path)
        elif path.is_file() and path.name != ".git":
            yield path


def illegal(names):
    """Yield the names that Windows cannot hold, or holds for the same."""
    seen = set()
    for name in names:
        for part in name.split("/"):
            device = re.match(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\.|$)", part)
            if device or re.search(r'[<>:"\\|?*\0-\x1f]|[ .]$', part):
                yield name
        if name.lower() in seen or len(name) > 120:
            yield name
        seen.add(name.lower())


def test_file_names_are_legal_on_windows():
    assert list(illegal(short(path) for path in files())) == []


@pytest.mark.parametrize("name", ["a/con.py", "a:b", "a/b ", "A/x", "x" * 121])
def test_a_bad_file_name_is_found(name):
    assert list(illegal(["a/x", name])) == [name]


def test_line_ends_are_fixed():
    rules = (labs.ROOT / ".gitattributes").read_text(encoding="utf-8").splitlines()
    assert "* text=auto eol=lf" in rules
    binary = {rule.split()[0] for rule in rules if rule.endswith(" binary")}
    for path in files():
        data = path.read_bytes()
        if b"\0" in data:
            assert f"*{path.suffix}" in binary
        else:
            data.decode("utf-8")
            assert b"\r" not in data, short(path)


# Packages -------------------------------------------------------------------------


@cache
def declared():
    """Return the packages of each extra, with those of the extras that it asks for."""
    text = (labs.ROOT / "pyproject.toml").read_text(encoding="utf-8")
    project = tomllib.loads(text)["project"]
    extras = project["optional-dependencies"]

    def names(requirements):
        found = set()
        for requirement in requirements:
            name, extra = re.match(r"([\w.-]+)(?:\[(\w+)\])?", requirement).groups()
            found |= names(extras[extra]) if extra else {normal(name)}
        return found

    learner = names(project["dependencies"])
    return {extra: learner | names(extras[extra]) for extra in extras}


distributions = cache(importlib.metadata.packages_distributions)


def normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def imported(tree):
    """Return the modules that code imports, those of functions included."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module.partition(".")[0]


def extra_of(path):
    """Return the extra that a file may import, and what it may import besides."""
    folder = path.relative_to(labs.ROOT).parts[:-1]
    if folder[-1] == "benchmarks":  # what is compared with has a list of its own
        peers = path.with_name("requirements.txt").read_text(encoding="utf-8")
        return "test", {normal(name) for name in re.findall(r"(?m)^[\w.-]+", peers)}
    if folder[0] == "tests" or path.stem in ("regression", "gallery"):
        return "test", set()
    return "authoring" if "authoring" in folder else "lab", set()


def undeclared(path, modules):
    """Yield the modules that belong to no package that a file may import."""
    extra, more = extra_of(path)
    for module in sorted(set(modules) - OWN):
        packages = {normal(name) for name in distributions().get(module, [module])}
        if not packages & (declared()[extra] | more):
            yield f"{short(path)}: {module} is not in the extra {extra}"


def test_every_import_is_declared():
    assert [x for path in CODE for x in undeclared(path, imported(tree(path)))] == []


def test_an_import_that_is_not_declared_is_found():
    paths = ("course_utils/data.py", "course_utils/authoring/x.py", "tests/x.py")
    learner, author, test = (labs.ROOT / path for path in paths)
    for path, module in ((learner, "pypandoc"), (author, "pytest"), (test, "pandas")):
        assert module in "".join(undeclared(path, ["torch", "os", module]))
    assert list(undeclared(test, ["pytest", "pypandoc", "torch", "scipy"])) == []


# What is written for another system, run on this one ------------------------------


class WindowsOs:
    """The module `os` as it is on Windows, as far as this course looks at it."""

    name = "nt"

    def __getattr__(self, name):
        if name in ("geteuid", "execv"):
            raise AttributeError(name)
        return getattr(os, name)


class Msvcrt(types.ModuleType):
    """Python's module for Windows; it says what was locked."""

    LK_NBLCK, LK_LOCK, LK_UNLCK = "try", "lock", "unlock"

    def __init__(self):
        super().__init__("msvcrt")
        self.calls, self.held = [], False

    def locking(self, handle, mode, count):
        self.calls.append((mode, os.lseek(handle, 0, os.SEEK_CUR), count))
        if self.held:
            raise OSError(36, "Resource deadlock avoided")


@pytest.fixture
def msvcrt(monkeypatch):
    module = Msvcrt()
    monkeypatch.setitem(sys.modules, "msvcrt", module)
    return module


@pytest.fixture
def windows(monkeypatch, msvcrt):
    """The course's `environment`, imported as on Windows."""
    path = environment.__file__
    spec = importlib.util.spec_from_file_location("environment_of_windows", path)
    module = importlib.util.module_from_spec(spec)
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "os", WindowsOs())
        spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("changes", "system", "version"),
    [
        ({"platform": "win32", "of": "win-amd64"}, "windows-amd64", None),
        ({"platform": "win32", "of": "win-arm64"}, "windows-arm64", None),
        ({"platform": "darwin", "machine": "arm64"}, "macos-arm64", (14, 5)),
        ({"platform": "darwin", "machine": "x86_64"}, "macos-x86_64", (14, 5)),
        ({"platform": "linux", "machine": "aarch64"}, "linux-aarch64", (2, 36)),
        ({"platform": "linux", "machine": "ppc64le"}, "linux-ppc64le", (2, 36)),
        ({"platform": "linux", "machine": "x86_64", "libc": 0}, "linux-x86_64", None),
        ({"platform": "win32", "of": "win32", "maxsize": 2**31}, "32-bit Python", 0),
        ({"platform": "linux", "machine": "i686", "maxsize": 9}, "32-bit Python", 0),
    ],
)  # fmt: skip
def test_each_system_is_known_by_its_name(monkeypatch, changes, system, version):
    def libc(name):
        if "libc" in changes:  # musl
            raise ValueError("unrecognized configuration name")
        return "glibc 2.36"

    monkeypatch.setattr(sys, "platform", changes["platform"])
    monkeypatch.setattr(sys, "maxsize", changes.get("maxsize", sys.maxsize))
    monkeypatch.setattr(platform, "machine", lambda: changes.get("machine", "AMD64"))
    monkeypatch.setattr(platform, "mac_ver", lambda: ("14.5", ("", "", ""), "arm64"))
    monkeypatch.setattr(sysconfig, "get_platform", lambda: changes["of"])
    monkeypatch.setattr(os, "confstr", libc)
    found = environment.this_machine()
    assert found.system == system
    assert version == 0 or found.version == version
    fits = system in ("windows-amd64", "macos-arm64", "linux-aarch64")
    machine = found._replace(python=(3, 11), abi="cp311")
    problem = environment.platform_problem(machine, environment.torch_wheels())
    assert (problem is None) == fits


@pytest.mark.parametrize(
    ("free_threaded", "name", "abi"),
    [(1, "cpython", "cp3{}t"), (0, "cpython", "cp3{}"), (0, "pypy", "pypy")],
)
def test_each_kind_of_python_is_known(monkeypatch, free_threaded, name, abi):
    monkeypatch.setattr(sysconfig, "get_config_var", lambda key: free_threaded)
    monkeypatch.setattr(sys, "implementation", types.SimpleNamespace(name=name))
    assert environment.this_machine().abi == abi.format(sys.version_info[1])


@pytest.mark.parametrize("system", ["win32", "darwin"])
def test_only_linux_has_a_build_without_the_gpu_part(monkeypatch, system):
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(environment, "open_url", lambda *a: pytest.fail("it asked"))
    assert not environment.cpu_build_wanted()


def test_windows_keeps_its_programs_elsewhere(windows):
    assert windows.PYTHON == windows.ENV / "Scripts" / "python.exe"
    assert windows._site_packages() == windows.ENV / "Lib" / "site-packages"


def test_windows_has_a_uv_of_its_own(windows, monkeypatch, tmp_path):
    """The rest of `find_uv` is tested with a shell script, see test_environment.py."""
    wheel = tmp_path / "uv-9.9.9-py3-none-win_amd64.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("uv-9.9.9.data/scripts/uv.exe", "the program")
    other = {"url": "https://x/uv-9.9.9-py3-none-win_arm64.whl", "hash": "", "size": 1}
    ours = {
        "url": f"https://x/{wheel.name}",
        "hash": f"sha256:{windows._sha256(wheel)}",
    }
    machine = windows.Machine("windows-amd64", (3, 11), "cp311", None)
    for name, value in {
        "FOLDER": tmp_path,
        "WHEELS": tmp_path,
        "this_machine": lambda: machine,
        "lock_packages": lambda name: [{"wheels": [other, ours]}],
    }.items():
        monkeypatch.setattr(windows, name, value)
    monkeypatch.setattr(windows.shutil, "which", lambda name: None)
    assert windows.find_uv() == tmp_path / "uv.exe"
    assert (tmp_path / "uv.exe").read_text("utf-8") == "the program"


def test_windows_waits_for_the_program_that_it_starts(windows, monkeypatch):
    started = []

    class Popen:
        def __init__(self, command):
            started.append((command, Path.cwd()))
            self.answers = [KeyboardInterrupt, 3]

        def __enter__(self):
            return self

        def __exit__(self, *error):
            pass

        def wait(self):
            answer = self.answers.pop(0)
            if answer is KeyboardInterrupt:  # Ctrl-C is the program's own
                raise answer
            return answer

    monkeypatch.setattr(windows.subprocess, "Popen", Popen)
    monkeypatch.chdir("/")
    try:
        assert windows.run(["pytest", "-x"]) == 3
    except KeyboardInterrupt:  # which would end the tests
        pytest.fail("Ctrl-C has ended the waiting")
    assert started == [([str(windows.PYTHON), "-m", "pytest", "-x"], labs.ROOT)]


def test_windows_locks_a_byte(windows, msvcrt, tmp_path):
    with (tmp_path / "lock").open("ab") as file:
        assert windows._try_lock(file.fileno())
        msvcrt.held = True
        assert not windows._try_lock(file.fileno())
    assert msvcrt.calls == [("try", 0, 1)] * 2


@pytest.mark.parametrize(
    ("error", "free"), [(BlockingIOError, False), (OSError, True), (None, True)]
)
def test_a_network_disk_without_locks_stops_nobody(monkeypatch, error, free):
    def flock(descriptor, operation):
        if error:
            raise error(37, "No locks available")

    fcntl = types.SimpleNamespace(flock=flock, LOCK_EX=2, LOCK_NB=4)
    monkeypatch.setitem(sys.modules, "fcntl", fcntl)
    assert environment._try_lock(0) is free


def test_windows_has_no_root(monkeypatch):
    monkeypatch.setattr(workspace, "jupyterlab", lambda *folders: [])
    monkeypatch.setattr(os, "geteuid", lambda: 0, raising=False)
    assert door.open_command() == ["jupyterlab", "--allow-root"]
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert door.open_command() == ["jupyterlab"]
    monkeypatch.delattr(os, "geteuid")
    assert door.open_command() == ["jupyterlab"]


def test_windows_locks_the_progress_far_beyond_its_text(monkeypatch, msvcrt, tmp_path):
    monkeypatch.setattr(progress, "os", WindowsOs())
    for line in ("one", "two"):
        progress._append(tmp_path / "folder" / "progress.jsonl", line)
    text = (tmp_path / "folder" / "progress.jsonl").read_bytes()
    assert text == b"one\ntwo\n"
    assert msvcrt.calls == [("lock", 1 << 30, 1), ("unlock", 1 << 30, 1)] * 2


def test_a_lab_runs_where_the_loop_takes_no_signals(monkeypatch, tmp_path):
    async def refuse():
        loop = asyncio.get_running_loop()
        monkeypatch.setattr(type(loop), "add_signal_handler", no_handlers)

    def no_handlers(*args):
        raise NotImplementedError  # as on Windows

    asyncio.run(refuse())
    nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("print(6 * 7)")])
    labs.execute(nb, source="embedded", cwd=tmp_path)
    assert nb.cells[0].outputs[0].text == "42\n"


# pip in its three forms -----------------------------------------------------------


@pytest.mark.parametrize(
    ("uv", "known", "command"),
    [
        (Path("uv"), set(), ["uv", "pip", "install", "--python", "PYTHON"]),
        (None, {"ensurepip"}, ["PYTHON", "-m", "pip", "install", "--retries=2"]),
        # Debian's Python has pip as a package of its own, and no ensurepip.
        (None, {"pip"}, [sys.executable, "-m", "pip", "--python", "PYTHON", "install"]),
    ],
)
@pytest.mark.parametrize("watched", [True, False])
def test_what_installs(monkeypatch, tmp_path, uv, known, command, watched):
    commands = []
    monkeypatch.setattr(environment, "PYTHON", "PYTHON")
    monkeypatch.setattr(environment, "CACHE", tmp_path)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: watched)
    monkeypatch.setattr(subprocess, "run", lambda c, **k: commands.append(c))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name in known or None)
    environment._pip_install(uv, ["-r", "list"])
    monkeypatch.undo()
    ((*begin, deps, only, every, r, path),) = commands
    assert [str(word) for word in begin] == command + ["--quiet"] * (not watched)
    assert (deps, only, every) == ("--no-deps", "--only-binary", ":all:")
    assert (r, path) == ("-r", "list")
