"""The environment of the course, in the folder ``.course``: made, completed, checked.

What goes into it is in ``requirements.txt``, made from ``uv.lock``. uv installs it: the
one on the PATH, else the one that the lock names, fetched as a wheel; where that cannot
be had, pip. In a folder made by ``pack`` all comes from its folder ``wheels``, and no
network is used. This file needs the standard library alone.
"""

import contextlib
import errno
import hashlib
import importlib.util
import json
import os
import platform
import queue
import re
import shutil
import ssl
import subprocess
import sys
import sysconfig
import threading
import time
import tomllib
import urllib.request
import zipfile
from collections.abc import Iterator, Sequence
from html import unescape
from pathlib import Path
from typing import BinaryIO, NamedTuple
from urllib.parse import urljoin, urlsplit

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / ".course"  # all that is made here; .gitignore names it, too
ENV = FOLDER / "env"
PYTHON = ENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
NOTE = FOLDER / "README.txt"  # only a folder with this note in it is ours
CACHE = FOLDER / "cache"
WHEELS = ROOT / "wheels"  # these two are in a packed folder only
MANIFEST = ROOT / "MANIFEST.txt"
NOBODY_EDITS = ("wheels/", "data/", "uv.lock", "requirements.txt")
CPU_INDEX = "https://download.pytorch.org/whl/cpu"
EXTRAS = ("lab", "authoring", "test")  # each holds the one before
OLDEST_UV = (0, 5)
ANSWER_SECONDS = 5.0  # for a server to begin its answer
DISK_PER_DOWNLOAD, DISK_MORE = 1.75, 300  # MB installed, from MB downloaded: measured


class SetupError(Exception):
    """The environment cannot be made; the text says why, and what to do."""


def make(extra: str) -> None:
    """Make or complete the environment, unless it has all that an extra needs."""
    for name in ("uv.lock", "requirements.txt"):
        if not (ROOT / name).is_file():
            raise SetupError(
                f"{name} is not in {ROOT}: this works in a whole copy of the course's "
                "repository only. Copy it again."
            )
    if ready(extra):
        return
    check_packed_files()
    problem = platform_problem(this_machine(), torch_wheels())
    if problem:
        raise SetupError(problem)
    try:
        _claim_folder()
        with _only_one():
            if not ready(extra):  # another start may have made it meanwhile
                _install(extra)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise SetupError(
                "The disk is full. Make room and run this again: it goes on where it "
                f"stopped. To give up, delete {FOLDER}."
            ) from None
        raise SetupError(f"The environment could not be made: {error}") from None
    except subprocess.CalledProcessError as error:
        raise SetupError(
            f"The environment could not be made (exit status {error.returncode}; the "
            "lines above say why). Nothing else was changed, and what was downloaded "
            "is kept: run this again when the cause is mended."
        ) from None


def run(command: Sequence[str]) -> int:
    """Run ``python -m`` something in the environment and return its exit status."""
    arguments = [str(PYTHON), "-m", *command]
    os.chdir(ROOT)
    if os.name != "nt":
        os.execv(PYTHON, arguments)  # so that Ctrl-C and signals are its own
    with subprocess.Popen(arguments) as process:
        while True:
            with contextlib.suppress(KeyboardInterrupt):
                return process.wait()


def ready(extra: str) -> bool:
    """Return whether the environment holds what an extra needs, and starts."""
    wanted = read_requirements()
    for enough in EXTRAS[EXTRAS.index(extra) :]:
        stamp = ENV / f"course-{enough}.txt"  # written when all of it was installed
        if stamp.is_file() and stamp.read_text("utf-8") == digest(wanted, enough):
            return _starts(PYTHON)
    return False


# What is to be installed ----------------------------------------------------------


def read_requirements(folder: Path | None = None) -> dict[str, str]:
    """Return the sections of ``requirements.txt`` by name, with ``""`` for its head."""
    text = ((folder or ROOT) / "requirements.txt").read_text(encoding="utf-8")
    parts = re.split(r"^# == (\w+)\n", text, flags=re.MULTILINE)
    sections = {"": parts[0], **dict(zip(parts[1::2], parts[2::2], strict=True))}
    if not {"torch", "gpu", *EXTRAS} <= sections.keys():
        raise SetupError("requirements.txt is cut off: copy the course again.")
    return sections


def pins(sections: dict[str, str], extra: str, *, cpu: bool = False) -> str:
    """Return the pins of an extra; with `cpu` without PyTorch and its GPU packages."""
    names = [*([] if cpu else ["torch", "gpu"]), *EXTRAS[: EXTRAS.index(extra) + 1]]
    return "".join(sections[name] for name in names)


def digest(sections: dict[str, str], extra: str) -> str:
    """Return what the stamp of a finished installation holds."""
    return hashlib.sha256(pins(sections, extra).encode()).hexdigest()


def megabytes(sections: dict[str, str], extra: str, *, cpu: bool) -> int:
    """Return the size of the download, as ``lock`` has added it up."""
    sizes = json.loads(re.search(r"^# MB: (.*)$", sections[""], re.MULTILINE)[1])
    return sizes[this_machine().system + (" cpu" if cpu else "")][extra]


def lock_packages(name: str) -> list[dict]:
    """Return what ``uv.lock`` says of a package, once for each version."""
    lock = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))
    return [package for package in lock["package"] if package["name"] == name]


# The machine ----------------------------------------------------------------------


class Machine(NamedTuple):
    """What decides which wheels fit."""

    system: str  # such as "linux-x86_64", "macos-arm64" or "windows-amd64"
    python: tuple[int, int]
    abi: str  # such as "cp311"
    version: tuple[int, ...] | None  # of glibc or macOS; None for Windows and musl


def this_machine() -> Machine:
    """Describe this machine and this Python."""
    machine, version = platform.machine(), None
    if sys.platform == "win32":
        system = sysconfig.get_platform().replace("win-", "windows-")
    elif sys.platform == "darwin":
        system = f"macos-{machine}"
        version = _numbers(platform.mac_ver()[0])
    else:
        system = f"{sys.platform}-{machine}"
        with contextlib.suppress(AttributeError, ValueError, OSError):
            version = _numbers(os.confstr("CS_GNU_LIBC_VERSION"))
    abi = f"cp{sys.version_info.major}{sys.version_info.minor}"
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        abi += "t"
    if sys.implementation.name != "cpython":
        abi = sys.implementation.name
    if sys.maxsize < 2**32:
        system = "32-bit Python"  # even where the system has 64
    return Machine(system, sys.version_info[:2], abi, version)


def torch_wheels() -> list[str]:
    """Return the file names of the lock's wheels of PyTorch."""
    (package,) = lock_packages("torch")
    return [wheel["url"].rsplit("/", 1)[-1] for wheel in package["wheels"]]


def platform_problem(machine: Machine, wheels: Sequence[str]) -> str | None:
    """Return one sentence on why PyTorch's wheels do not fit, or None if they do."""
    torch = "PyTorch " + wheels[0].split("-")[1]
    elsewhere = (
        " Or open the labs in Colab or Binder, where nothing is installed: see the "
        "badges in README.md."
    )
    fits = {}  # system: what its wheels ask for
    for name in wheels:
        abi, tag = name.removesuffix(".whl").split("-")[-2:]
        system, version = system_of(tag)
        fits.setdefault(system, {})[abi] = version
    if machine.system not in fits:
        name = {
            "macos-x86_64": "Macs with an Intel chip (on an Apple chip, the Python is "
            "one for Intel: take another)",
            "windows-arm64": "Windows on ARM",
            "32-bit Python": "a 32-bit Python: take one of 64 bits",
        }.get(machine.system, machine.system)
        return f"{torch} has no build for {name}.{elsewhere}"
    if machine.system.startswith("linux") and machine.version is None:
        return (
            f"This Linux has musl in place of glibc, as Alpine has, and {torch} has no "
            f"build for it: use a container with Debian or Ubuntu.{elsewhere}"
        )
    asked = fits[machine.system]
    if machine.abi not in asked or machine.abi.endswith("t"):
        minors = sorted(int(abi[3:]) for abi in asked if abi[3:].isdigit())
        kind = "free-threaded " * machine.abi.endswith("t")
        kind += machine.abi + " " if not machine.abi.startswith("cp") else ""
        return (
            f"This is {kind}Python {machine.python[0]}.{machine.python[1]}, and the "
            f"course has packages for the usual CPython 3.{minors[0]} to "
            f"3.{minors[-1]}: start it with one of these."
        )
    needed = asked[machine.abi]
    if needed and machine.version and machine.version < needed:
        what = "macOS" if machine.system.startswith("macos") else "a Linux with glibc"
        return (
            f"{torch} needs {what} {'.'.join(map(str, needed))} or newer; this is "
            f"{'.'.join(map(str, machine.version))}.{elsewhere}"
        )
    return None


def system_of(tag: str) -> tuple[str, tuple[int, ...] | None]:
    """Return the system of a wheel's tag, and the oldest glibc or macOS for it."""
    if match := re.fullmatch(r"(manylinux|macosx)_(\d+)_(\d+)_(\w+)", tag):
        kind, major, minor, machine = match.groups()
        system = "linux-" if kind == "manylinux" else "macos-"
        return system + machine, (int(major), int(minor))
    return tag.replace("win_", "windows-"), None


def systems_of(wheel: str) -> set[str]:
    """Return the systems that a wheel is for."""
    tags = wheel.removesuffix(".whl").rsplit("-", 1)[-1].split(".")
    return {system_of(tag)[0] for tag in tags}


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", text)[:2])


def _has_nvidia_card() -> bool:
    return bool(shutil.which("nvidia-smi")) or Path("/proc/driver/nvidia").exists()


# A packed folder ------------------------------------------------------------------


def check_packed_files() -> None:
    """Check that all of a folder made by ``pack`` is here, and fits this machine."""
    again = "copy the whole folder again from where it came."
    if not MANIFEST.is_file():
        if WHEELS.is_dir():
            raise SetupError(f"MANIFEST.txt is missing: {again}")
        return
    lines = MANIFEST.read_text(encoding="utf-8").splitlines()
    if not lines or lines[-1] != "# end":
        raise SetupError(f"MANIFEST.txt is cut off: {again}")
    changed = []
    for sha256, size, name in _packed_files(lines):
        path = ROOT / name
        if not path.is_file():
            raise SetupError(f"This copy is not complete: {name} is missing; {again}")
        if path.stat().st_size != int(size):
            if name.startswith(NOBODY_EDITS):
                raise SetupError(
                    f"This copy is not complete: {name} has {path.stat().st_size:,} "
                    f"of {int(size):,} bytes; {again}"
                )
            changed.append(name)
        elif not name.startswith("wheels/") and _sha256(path) != sha256:
            changed.append(name)  # wheels are many: when one cannot be installed
    if changed:
        _say(
            f"Not as they were packed: {', '.join(changed[:5])}"
            f"{' ...' * (len(changed) > 5)}. If nobody has edited them, {again}"
        )
    machine = this_machine()
    targets = [line.split()[2:] for line in lines if line.startswith("# for ")]
    if [machine.system, machine.abi] not in targets:
        fits = " or ".join(f"{abi} on {system}" for system, abi in targets)
        raise SetupError(
            f"The packages in this folder are for {fits}, and this is {machine.abi} on "
            f"{machine.system} (cp311 means Python 3.11): start with such a Python, or "
            "ask for a folder packed for this one (pack --python, --system)."
        )


def check_packed_wheels() -> None:
    """Name a wheel that has the size it was packed with, and other bytes."""
    for sha256, _, name in _packed_files(MANIFEST.read_text("utf-8").splitlines()):
        if name.startswith("wheels/") and _sha256(ROOT / name) != sha256:
            raise SetupError(f"{name} is damaged: copy the whole folder again.")


def _packed_files(lines: Sequence[str]) -> list[list[str]]:
    """Return sha256, bytes and name of each file in a manifest."""
    return [line.split(" ", 2) for line in lines if not line.startswith("#")]


# Making it ------------------------------------------------------------------------


def _claim_folder() -> None:
    """Make the folder, or stop if it is not ours or cannot be written to."""
    if FOLDER.is_dir() and any(FOLDER.iterdir()) and not NOTE.is_file():
        raise SetupError(
            f"{FOLDER} was not made by this command, which needs that name: move it "
            "away, then run this again."
        )
    try:
        FOLDER.mkdir(exist_ok=True)
        NOTE.write_text(
            "Made by python3 -m course_utils, which makes it anew if you delete it.\n",
            encoding="utf-8",
        )
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise
        raise SetupError(
            f"This folder cannot be written to ({error.strerror}). Copy the whole "
            "course to your own disk, into your home folder for example, and start it "
            "there."
        ) from None


@contextlib.contextmanager
def _only_one() -> Iterator[None]:
    """Wait until no other process makes the environment."""
    with (FOLDER / "lock").open("ab") as file:
        if not _try_lock(file.fileno()):
            _say("Another start is making the environment; waiting for it ...")
            while not _try_lock(file.fileno()):
                time.sleep(0.3)
        yield  # the system unlocks the file when it is closed, and if we are killed


def _try_lock(descriptor: int) -> bool:
    if os.name == "nt":
        import msvcrt

        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a network disk that knows no locks
        return True
    return True


def _install(extra: str) -> None:
    packed = WHEELS.is_dir()
    sections = read_requirements(WHEELS if packed else None)
    uv = find_uv()
    if not uv and not any(map(importlib.util.find_spec, ("ensurepip", "pip"))):
        advice = "install pip for this Python"
        if shutil.which("apt-get"):
            package = f"python3.{sys.version_info.minor}-venv"
            advice = f"run this as an administrator: apt-get install {package}"
        raise SetupError(
            "uv could not be downloaded, and this Python has no pip. Run this again "
            f"where there is a network; or {advice}"
        )
    if not _starts(PYTHON):
        if ENV.exists():
            _say("The environment in .course/env does not start; making it anew.")
            shutil.rmtree(ENV)
    elif any(ENV.glob("course-*.txt")):
        _say("Adding packages to the environment in .course.")
    else:
        _say("Completing the half-made environment in .course.")
    installed = _installed_torch()
    (locked,) = lock_packages("torch")
    cpu = not packed and (
        installed == f"{locked['version']}+cpu"
        or (installed != locked["version"] and cpu_build_wanted())
    )
    _check_space(sections, extra, cpu=cpu)
    if not ENV.exists():
        _make_venv(uv)
    if cpu:
        names = ("torch", "torchvision")
        wanted = [f"{n}=={p['version']}+cpu" for n in names for p in lock_packages(n)]
        # For uv `--index-url` would give way to the variable for a mirror.
        index = "--default-index" if uv else "--index-url"
        try:  # or the rest of it, after an interruption; the index states its hashes
            _pip_install(uv, [index, CPU_INDEX, *wanted])
        except subprocess.CalledProcessError:
            _say("The CPU build was not to be had; taking the registry's.")
            cpu = False
            _check_space(sections, extra, cpu=cpu)
            if _installed_torch():  # half a CPU build, which fits no other torchvision
                shutil.rmtree(ENV)
                _make_venv(uv)
    wanted = FOLDER / "requirements.txt"
    wanted.write_text(pins(sections, extra, cpu=cpu), encoding="utf-8")
    arguments = ["--require-hashes", "-r", wanted]
    if packed:
        arguments += ["--no-index", "--find-links", WHEELS]
        arguments += ["--offline", "--no-config"] if uv else []
    for stamp in ENV.glob("course-*.txt"):
        stamp.unlink()  # from here on the environment is a half-made one
    try:
        _pip_install(uv, arguments)
    except subprocess.CalledProcessError:
        _check_space(sections, extra, cpu=cpu)  # that is why, if it does not return
        if packed:
            check_packed_wheels()
        raise
    site = _site_packages()  # finds the package in its place, also in a moved folder
    line = os.path.relpath(ROOT, site) + "\n"
    (site / "course_utils_in_place.pth").write_text(line, encoding="utf-8")
    stamp = ENV / f"course-{extra}.txt"
    stamp.write_text(digest(read_requirements(), extra), encoding="utf-8")
    shutil.rmtree(CACHE, ignore_errors=True)


def _check_space(sections: dict[str, str], extra: str, *, cpu: bool) -> None:
    """Say how much will be downloaded, and stop if the disk cannot hold it."""
    size = megabytes(sections, extra, cpu=cpu)
    needed = max(0, size * DISK_PER_DOWNLOAD + DISK_MORE - _megabytes_there())
    if not ENV.exists():
        source = "Installing" if WHEELS.is_dir() else "Downloading"
        _say(
            f"{source} about {size / 1e3:.1f} GB of packages into .course, where they "
            f"take about {needed / 1e3:.1f} GB; this happens once."
        )
    free = shutil.disk_usage(FOLDER).free / 1e6
    if free < needed:
        raise SetupError(
            f"The disk has {free / 1e3:.1f} GB free, and the packages need about "
            f"{needed / 1e3:.1f} GB more: make room, then run this again. It goes on "
            f"where it stopped; to give up, delete {FOLDER}."
        )


def _megabytes_there() -> float:
    """Return what our folder takes; what uv has linked twice counts once."""
    stats = (path.stat() for path in FOLDER.rglob("*") if path.is_file())
    return sum({stat.st_ino: stat.st_size for stat in stats}.values()) / 1e6


def _installed_torch() -> str | None:
    """Return the version of torch in the environment, if there is one."""
    for path in _site_packages().glob("torch-*.dist-info"):
        return path.name.removeprefix("torch-").removesuffix(".dist-info")
    return None


def _site_packages() -> Path:
    if os.name == "nt":
        return ENV / "Lib" / "site-packages"
    return next((ENV / "lib").glob("python3.*/site-packages"), ENV / "none")


def _make_venv(uv: Path | None) -> None:
    if uv:
        # Relocatable: its scripts find their Python when the folder has moved.
        make = [uv, "venv", "--quiet", "--relocatable", "--no-python-downloads"]
        make += ["--no-config", "--no-project", "--python", sys.executable, ENV]
        subprocess.run(make, check=True, env=_environment())
        return
    # Debian and Ubuntu ship Python without the part that puts pip into an environment.
    make = [sys.executable, "-m", "venv", ENV]
    if importlib.util.find_spec("ensurepip") is None:
        make.append("--without-pip")
    subprocess.run(make, check=True)


def cpu_build_wanted() -> bool:
    """Return whether to take PyTorch without the GPU part: no card, and it is there."""
    if not sys.platform.startswith("linux") or _has_nvidia_card():
        return False  # elsewhere the registry's build is one for the CPU
    try:
        open_url(f"{CPU_INDEX}/torch/", ANSWER_SECONDS).close()
    except OSError:
        _say(f"{CPU_INDEX} does not answer: taking the registry's build of PyTorch.")
        return False
    return True


def _pip_install(uv: Path | None, arguments: Sequence[str | Path]) -> None:
    """Install what is listed, from wheels alone; the lists are complete."""
    if uv:
        command = [uv, "pip", "install", "--python", PYTHON]
    elif importlib.util.find_spec("ensurepip"):
        command = [PYTHON, "-m", "pip", "install", "--retries=2"]
    else:
        command = [sys.executable, "-m", "pip", "--python", PYTHON, "install"]
    if not sys.stderr.isatty():  # nobody watches: no progress bars in a log
        command.append("--quiet")
    command += ["--no-deps", "--only-binary", ":all:", *arguments]
    subprocess.run(command, check=True, cwd=ROOT, env=_environment())


def _environment() -> dict[str, str]:
    """Return variables that keep uv and pip in our folder; uv gets pip's settings."""
    environment = dict(os.environ)
    for name in ("VIRTUAL_ENV", "PYTHONHOME", "PIP_USER", "PIP_TARGET", "PIP_PREFIX"):
        environment.pop(name, None)
    (CACHE / "tmp").mkdir(parents=True, exist_ok=True)
    environment.setdefault("UV_CACHE_DIR", str(CACHE))
    environment |= {"PIP_NO_CACHE_DIR": "1", "TMPDIR": str(CACHE / "tmp")}
    environment["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"
    if not {"UV_NATIVE_TLS", "UV_SYSTEM_CERTS"} & set(environment):
        environment["UV_SYSTEM_CERTS"] = "1"  # the certificates that pip trusts
    for theirs, ours in (
        ("PIP_INDEX_URL", "UV_DEFAULT_INDEX"),
        ("PIP_EXTRA_INDEX_URL", "UV_INDEX"),
        ("PIP_FIND_LINKS", "UV_FIND_LINKS"),
        ("PIP_CERT", "SSL_CERT_FILE"),
    ):
        if theirs in environment:
            environment.setdefault(ours, environment[theirs])
    return environment


def _starts(python: Path) -> bool:
    """Return whether a Python starts; that of a moved or changed system may not."""
    return _answer(python, "-I", "-S", "-c", "print(1)") != ""


def _answer(*command: str | Path) -> str:
    """Return what a program prints; nothing if it fails or is not there."""
    with contextlib.suppress(OSError, subprocess.CalledProcessError):
        return subprocess.check_output(
            command, stderr=subprocess.DEVNULL, encoding="utf-8"
        )
    return ""


def _say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


# uv and downloads -----------------------------------------------------------------


def find_uv() -> Path | None:
    """Return the uv to use, fetched if there is none yet; None if it cannot be had."""
    own = FOLDER / ("uv.exe" if os.name == "nt" else "uv")
    for path in (own, shutil.which("uv")):
        if path and _numbers(_answer(path, "--version")) >= OLDEST_UV:
            return Path(path)
    (package,) = lock_packages("uv")
    here = this_machine().system
    wheel = next(w for w in package["wheels"] if here in systems_of(w["url"]))
    name = wheel["url"].rsplit("/", 1)[-1]
    path, sha256 = WHEELS / name, wheel["hash"].removeprefix("sha256:")
    try:
        if not path.is_file():
            size = f"{wheel['size'] / 1e6:.0f} MB"
            _say(f"Downloading uv, the program that installs packages ({size}).")
            CACHE.mkdir(parents=True, exist_ok=True)
            path = CACHE / name
            fetch(wheel_url("uv", wheel["url"]), sha256, path)
        elif _sha256(path) != sha256:
            raise SetupError(f"{path} is damaged: copy the folder again.")
        with zipfile.ZipFile(path) as archive:
            entry = f"{name.split('-py3')[0]}.data/scripts/{own.name}"
            draft = own.with_name("uv.part")
            draft.write_bytes(archive.read(entry))
        draft.chmod(0o755)
        os.replace(draft, own)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise
        _say(f"uv was not to be had ({error}); trying pip.")
        return None
    return own


def wheel_url(package: str, url: str) -> str:
    """Return where a wheel of the lock is: there, or on the mirror that is set."""
    names = ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL")
    index = next((os.environ[name] for name in names if os.environ.get(name)), None)
    if index is None:
        return url
    page = f"{index.rstrip('/')}/{package}/"
    with open_url(page, ANSWER_SECONDS) as answer:
        links = re.findall(r'href="([^"]+)"', answer.read().decode(errors="replace"))
    file = url.rsplit("/", 1)[-1]
    for link in links:
        if unescape(link).split("#")[0].endswith(f"/{file}") or link == file:
            return urljoin(page, unescape(link))
    raise FileNotFoundError(f"{page} does not list {file}")


def fetch(url: str, sha256: str, path: Path) -> None:
    """Download a file, check its hash, and only then give it its name."""
    draft = path.with_name(f"{path.name}.part")
    with open_url(url, 4 * ANSWER_SECONDS) as answer, draft.open("wb") as file:
        shutil.copyfileobj(answer, file, 1 << 20)
    if _sha256(draft) != sha256:
        draft.unlink()
        raise OSError(f"{url} is not the file that uv.lock names")
    os.replace(draft, path)


def open_url(url: str, seconds: float) -> BinaryIO:
    """Open an address, or raise OSError if there is no good answer in time.

    Looking up a name can hang for longer than any socket's timeout, so that is done in
    a thread, which is left behind when time is up.
    """
    answers = queue.SimpleQueue()

    def ask():
        try:
            context = ssl.create_default_context()
            if os.environ.get("PIP_CERT"):
                context.load_verify_locations(os.environ["PIP_CERT"])
            request = urllib.request.Request(url, headers={"User-Agent": "course"})
            answers.put(urllib.request.urlopen(request, timeout=30, context=context))
        except Exception as error:
            answers.put(error)

    threading.Thread(target=ask, daemon=True).start()
    try:
        answer = answers.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError(
            f"{urlsplit(url).hostname}: no answer in {seconds:g} s"
        ) from None
    if isinstance(answer, Exception):
        raise OSError(f"{urlsplit(url).hostname}: {answer}") from None
    return answer


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
