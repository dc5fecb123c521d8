"""The list of packages: resolve it anew, and write what is made from it.

``uv.lock`` is the source. ``requirements.txt`` and Binder's list are made from it, and
`select` finds the wheels that a system needs.
"""

import json
import re
import subprocess
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from urllib.parse import unquote

from packaging.markers import Marker
from packaging.tags import Tag, compatible_tags, cpython_tags, mac_platforms
from packaging.utils import parse_wheel_filename

from course_utils import environment
from course_utils.authoring import labs
from course_utils.authoring.labs import LabError

BINDER = labs.ROOT / ".binder" / "requirements.txt"
BINDER_RUNS = ("linux-x86_64", (3, 11))  # see .binder/runtime.txt
SYSTEMS = ("linux-x86_64", "linux-aarch64", "macos-arm64", "windows-amd64")
CPU_TORCH_MB = 200  # about: PyTorch's own index is not in the lock
HEAD = """\
# What the course installs, with every hash. Made from uv.lock by
#     python3 -m course_utils lock
# The course's command takes the sections that it needs; pip takes them all:
#     pip install --no-deps --require-hashes -r requirements.txt
# What the sections take to download, each with those above it:
"""
BINDER_HEAD = """\
# What the labs need in Binder. Made from uv.lock by
#     python3 -m course_utils lock
# PyTorch's own index has a build without the 5 GB of GPU libraries.
--extra-index-url https://download.pytorch.org/whl/cpu
"""


def main() -> int:
    """Resolve the packages anew and write the lists that are made from the lock."""
    uv = _uv()
    subprocess.run([uv, "lock", "--upgrade"], cwd=labs.ROOT, check=True)
    for path, text in exports(uv).items():
        labs.write_atomically(path, text)
        print(f"written: {path.relative_to(labs.ROOT)}")
    return 0


def _uv() -> Path:
    try:
        from uv import find_uv_bin
    except ImportError:
        raise LabError('uv is missing: pip install -e ".[authoring]"') from None
    return Path(find_uv_bin())


def exports(uv: Path | None = None) -> dict[Path, str]:
    """Return the files that are made from ``uv.lock``, and their text."""
    uv = uv or _uv()
    sections = _sections({e: _export(uv, e) for e in environment.EXTRAS})
    pins = "".join(f"# == {name}\n{text}" for name, text in sections.items())
    sizes = {}
    for system in SYSTEMS:
        sizes[system] = {e: _megabytes(sections, e, system) for e in environment.EXTRAS}
        if system.startswith("linux"):
            sizes[f"{system} cpu"] = {
                e: _megabytes(sections, e, system, cpu=True) for e in environment.EXTRAS
            }
    head = HEAD + f"# MB: {json.dumps(sizes)}\n"
    return {
        labs.ROOT / "requirements.txt": head + pins,
        BINDER: BINDER_HEAD + _binder(sections),
    }


def _export(uv: Path, extra: str) -> dict[str, str]:
    """Return the pins of an extra: ``name==version`` and the lines of that pin."""
    command = [uv, "export", "--quiet", "--frozen", "--offline", "--extra", extra]
    command += ["--no-emit-project", "--no-header", "--no-annotate", "--no-dev"]
    done = subprocess.run(
        command, cwd=labs.ROOT, check=True, capture_output=True, encoding="utf-8"
    )
    blocks = re.findall(r"^\S.*\n(?:\s.*\n)*", done.stdout, re.MULTILINE)
    return {block.split()[0]: block for block in blocks}


def _sections(pins: dict[str, dict[str, str]]) -> dict[str, str]:
    """Divide all pins into sections, each pin in the first extra that needs it."""
    gpu = _gpu_packages()
    sections = dict.fromkeys(("torch", "gpu", *environment.EXTRAS), "")
    for pin, block in pins["test"].items():
        name = pin.partition("==")[0]
        extra = next(e for e in environment.EXTRAS if pin in pins[e])
        if pins[extra][pin] != block:
            raise LabError(f"{pin} has two markers, so it cannot be in one section")
        if name in ("torch", "torchvision"):
            extra = "torch"
        elif name in gpu:
            extra = "gpu"
        sections[extra] += block
    return sections


def _gpu_packages() -> set[str]:
    """Return the packages that only the GPU build of torch needs, on Linux alone."""
    packages = {}
    for package in _lock():
        needs = packages.setdefault(package["name"], [])
        for group in (
            package.get("dependencies", []),
            *package.get("optional-dependencies", {}).values(),
        ):
            needs += group
    gpu = {
        need["name"] for need in packages["torch"] if "linux" in need.get("marker", "")
    }
    packages["torch"] = [n for n in packages["torch"] if n["name"] not in gpu]
    return _reachable(packages, gpu) - _reachable(packages, {"course-utils"})


def _reachable(packages: dict[str, list[dict]], names: Iterable[str]) -> set[str]:
    found, todo = set(), list(names)
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo += [need["name"] for need in packages[name]]
    return found


def _binder(sections: dict[str, str]) -> str:
    """Return the pins for Binder; no hashes, as PyTorch's index is not in the lock."""
    lines = []
    for pin, marker in _pins(sections["torch"] + sections["lab"]):
        if _applies(marker, *BINDER_RUNS, patches=(99,)):
            gets = "+cpu" if pin.startswith("torch") else ""
            lines.append(f"{pin}{gets}\n")
    return "".join(lines)


def _pins(text: str) -> Iterator[tuple[str, str]]:
    """Return pins, such as ``numpy==2.5.5``, each with its marker."""
    for line in text.splitlines():
        if line and line[0] not in "# ":
            pin, _, marker = line.removesuffix("\\").partition(" ; ")
            yield pin.strip(), marker


# Wheels ---------------------------------------------------------------------------


@cache
def _lock() -> tuple[dict, ...]:
    text = (labs.ROOT / "uv.lock").read_text(encoding="utf-8")
    return tuple(tomllib.loads(text)["package"])


@cache
def _torch_wheels() -> list[str]:
    return environment.torch_wheels()


def pythons() -> list[tuple[int, int]]:
    """Return the versions of Python for which the lock's torch has wheels."""
    names = (name.split("-")[-2] for name in _torch_wheels())
    return sorted({(3, int(abi[3:])) for abi in names if abi[3:].isdigit()})


def select(pins: str, system: str, python: tuple[int, int]) -> list[dict]:
    """Return the wheels that pins ask for on a system, as they are in the lock.

    Parameters
    ----------
    pins : str
        Sections of ``requirements.txt``.
    system : str
        One of `SYSTEMS`.
    python : tuple of int
        Such as ``(3, 11)``. Where its first and its last patch release need different
        packages, both are returned.

    Raises
    ------
    LabError
        If a package has no wheel for the system.
    """
    packages = {f"{p['name']}=={p['version']}": p for p in _lock() if "version" in p}
    chosen = []
    for pin, marker in _pins(pins):
        if not _applies(marker, system, python):
            continue
        try:
            chosen.append(best(packages[pin]["wheels"], system, python))
        except (KeyError, ValueError):
            number = ".".join(map(str, python))
            raise LabError(
                f"{pin} has no wheel for Python {number} on {system}"
            ) from None
    return chosen


def best(wheels: Iterable[dict], system: str, python: tuple[int, int]) -> dict:
    """Return the wheel that fits best, or raise ``ValueError`` if none does."""
    rank = _tags(system, python)
    fitting = [wheel for wheel in wheels if _tags_of(file_name(wheel)) & rank.keys()]
    return min(
        fitting,
        key=lambda wheel: min(
            rank.get(t, len(rank)) for t in _tags_of(file_name(wheel))
        ),
    )


@cache  # the same names are asked for again and again
def _tags_of(name: str) -> frozenset[Tag]:
    return parse_wheel_filename(name)[3]


@cache
def _marker(text: str) -> Marker:
    return Marker(text)


def file_name(wheel: dict) -> str:
    """Return the name of a wheel's file."""
    return unquote(wheel["url"].rsplit("/", 1)[-1])


def _megabytes(
    sections: dict[str, str], extra: str, system: str, *, cpu: bool = False
) -> int:
    """Return the largest download for any Python, in MB."""
    pins = environment.pins(sections, extra, cpu=cpu)
    sizes = [sum(w["size"] for w in select(pins, system, p)) for p in pythons()]
    return round(max(sizes) / 1e6) + CPU_TORCH_MB * cpu


def _applies(
    marker: str, system: str, python: tuple[int, int], *, patches: Sequence = (0, 99)
) -> bool:
    if not marker:
        return True
    name, machine = system.split("-")
    number = ".".join(map(str, python))
    variables = {
        "sys_platform": {"linux": "linux", "macos": "darwin", "windows": "win32"}[name],
        "platform_machine": machine.upper() if machine == "amd64" else machine,
        "platform_system": {"linux": "Linux", "macos": "Darwin"}.get(name, "Windows"),
        "os_name": "nt" if name == "windows" else "posix",
        "python_version": number,
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
    }
    return any(
        _marker(marker).evaluate(variables | {"python_full_version": f"{number}.{n}"})
        for n in patches
    )


@cache
def _tags(system: str, python: tuple[int, int]) -> dict[Tag, int]:
    """Return the tags that fit, numbered from the best, on torch's oldest system."""
    name, machine = system.split("-")
    oldest = {}
    for wheel in _torch_wheels():
        key, version = environment.system_of(wheel[:-4].rsplit("-", 1)[-1])
        oldest[key] = version
    if name == "linux":
        top = oldest[system][1]
        platforms = [f"manylinux_2_{n}_{machine}" for n in range(top, 4, -1)]
        platforms += [f"manylinux{y}_{machine}" for y in ("2014", "2010", "1")]
        platforms.append(f"linux_{machine}")
    elif name == "macos":
        platforms = list(mac_platforms(oldest[system], machine))
    else:
        platforms = [f"win_{machine}"]
    tags = [
        *cpython_tags(python, platforms=platforms),
        *compatible_tags(python, f"cp{python[0]}{python[1]}", platforms),
    ]
    return {tag: number for number, tag in enumerate(tags)}
