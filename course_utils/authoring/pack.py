"""Pack the course for machines without a network, for example onto a USB stick.

The folder holds the course, the wheels of all packages, MNIST, paper, slides and the
web site. On another machine, at any path, the two commands of the README work in it as
it is.
"""

import errno
import hashlib
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from pathlib import Path
from urllib.parse import unquote, urljoin

from tqdm import tqdm

from course_utils import environment, workspace
from course_utils.authoring import labs, lock
from course_utils.authoring.labs import LabError

# What is made and not part of the course; for copies that git knows nothing of.
MADE = {
    *(".course", ".venv", ".git", "build", "data", "wheels", "paper", "slides"),
    *("site", "MANIFEST.txt", "START.txt", "__pycache__", ".ipynb_checkpoints"),
    *(".pytest_cache", ".ruff_cache", workspace.MINE),
}
START = """\
Classification with PyTorch: the course, packed for machines without a network
==============================================================================

1. Copy this whole folder to the disk of the machine.
2. Open a terminal in the copy and start the course:

       python3 -m course_utils open        (on Windows: py -m course_utils open)

   The first start takes a few minutes. It needs no network, and nothing but Python.

The packages are for: {targets}.
Once they are installed (in the folder .course) the folder wheels is not needed any
more. In paper/ and slides/ are the labs to print and to project. site/index.html is all
of the course to read in a browser, without a network.
"""


def main(
    folder: Path,
    *,
    pythons: Sequence[str] = (),
    systems: Sequence[str] = (),
    gpu: bool = False,
    paper: bool = True,
) -> int:
    """Pack the course into a folder.

    Parameters
    ----------
    folder : Path
        New or empty, or a folder that was packed before: its wheels are kept.
    pythons : sequence of str
        Such as ``"3.12"``; by default that of this Python.
    systems : sequence of str
        Of `lock.SYSTEMS`; by default this one.
    gpu : bool
        Take the registry's build of torch for Linux, with its 5 GB for NVIDIA cards,
        even where PyTorch's index of CPU builds answers.
    paper : bool
        Make handouts, slides and the web site as well.

    Raises
    ------
    LabError
        If the folder is not fit or the disk too small; nothing is overwritten that was
        changed since it was packed.
    """
    folder = folder.absolute()
    machine = environment.this_machine()
    targets = [
        (system, tuple(map(int, python.split("."))))
        for system in systems or [machine.system]
        for python in pythons or [".".join(map(str, machine.python))]
    ]
    _check_folder(folder)
    try:
        _pack(folder, targets, gpu=gpu, paper=paper)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        raise LabError(
            f"the disk of {folder} is full: make room and pack again"
        ) from None
    return 0


def _pack(folder: Path, targets: list[tuple], *, gpu: bool, paper: bool) -> None:
    sections = environment.read_requirements()
    cpu = not gpu and any(s.startswith("linux") for s, _ in targets) and _cpu_answers()
    wheels, cpu_wheels = choose(sections, targets, cpu=cpu)
    _check_space(folder, wheels)
    (folder / "wheels").mkdir(parents=True, exist_ok=True)
    (folder / "wheels" / "PACKING").touch()  # gone when all is there
    _download(wheels, folder / "wheels")
    (folder / "wheels" / "requirements.txt").write_text(
        pins_for(sections, wheels, cpu_wheels), encoding="utf-8", newline="\n"
    )
    kept = {*map(lock.file_name, wheels), "requirements.txt"}
    old = {name for _, _, name in read_manifest(folder)}
    for name in course_files():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(labs.ROOT / name, target)
    _copy_mnist(folder)
    if paper:
        _make_paper(folder)
    labels = [f"{system} cp{major}{minor}" for system, (major, minor) in targets]
    (folder / "START.txt").write_text(
        START.format(targets=", ".join(labels)), encoding="utf-8"
    )
    for path in (folder / "wheels").iterdir():  # of an earlier packing, or broken off
        if path.name not in kept and (f"wheels/{path.name}" in old or _is_ours(path)):
            path.unlink()
    write_manifest(folder, labels)
    size = sum(int(size) for _, size, _ in read_manifest(folder))
    print(f"{size / 1e6:,.0f} MB in {folder}: copy all of it to a stick or a disk")


def _is_ours(path: Path) -> bool:
    return path.name == "PACKING" or path.suffix == ".part"


# The folder -----------------------------------------------------------------------


def _check_folder(folder: Path) -> None:
    if folder == labs.ROOT or labs.ROOT in folder.parents:
        raise LabError(f"{folder} is inside the course: choose another place")
    if not folder.exists() or not any(folder.iterdir()):
        return
    ours = (folder / "MANIFEST.txt").exists() or (folder / "wheels/PACKING").exists()
    if not ours:
        raise LabError(f"{folder} is not empty: choose a new folder")
    for sha256, _, name in read_manifest(folder):
        path = folder / name
        # The wheels are looked at by name and hash before they are kept.
        if not name.startswith("wheels/") and path.exists() and sha(path) != sha256:
            raise LabError(
                f"{path} was changed since it was packed, and would be overwritten: "
                "move it away, or choose a new folder"
            )


def _check_space(folder: Path, wheels: Iterable[dict]) -> None:
    there = folder / "wheels"
    missing = [w for w in wheels if not (there / lock.file_name(w)).exists()]
    needed = sum(wheel["size"] for wheel in missing) / 1e9 + 0.2
    parent = next(p for p in (folder, *folder.parents) if p.exists())
    free = shutil.disk_usage(parent).free / 1e9
    print(f"packing about {needed:.1f} GB into {folder}", file=sys.stderr)
    if free < needed:
        raise LabError(
            f"{parent} has {free:.1f} GB free, and {needed:.1f} GB are needed: make "
            "room or choose another folder"
        )


def course_files() -> list[str]:
    """Return the names of the course's files: what git tracks, or all but made ones."""
    if (labs.ROOT / ".git").exists() and shutil.which("git"):
        command = ["git", "-C", str(labs.ROOT), "ls-files", "-z"]
        done = subprocess.run(command, capture_output=True, check=False)
        names = [name for name in done.stdout.decode().split("\0") if name]
        if done.returncode == 0 and names:
            return [name for name in names if (labs.ROOT / name).is_file()]
    return sorted(
        path.relative_to(labs.ROOT).as_posix()
        for path in labs.ROOT.rglob("*")
        if path.is_file() and not any(map(_is_made, path.relative_to(labs.ROOT).parts))
    )


def _is_made(name: str) -> bool:
    return name in MADE or name.endswith(".egg-info")


def write_manifest(folder: Path, targets: Sequence[str]) -> None:
    """Write which files are there, with sizes and hashes."""
    lines = ["# Made by python3 -m course_utils pack: sha256, bytes, name"]
    lines += [f"# for {target}" for target in targets]
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if path.is_file() and name.parts[0] not in (".course", "MANIFEST.txt"):
            lines.append(f"{sha(path)} {path.stat().st_size} {name.as_posix()}")
    text = "\n".join([*lines, "# end", ""])
    labs.write_atomically(folder / "MANIFEST.txt", text)


def read_manifest(folder: Path) -> list[list[str]]:
    """Return sha256, bytes and name of each file of a packed folder, if it is one."""
    path = folder / "MANIFEST.txt"
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line.split(" ", 2) for line in lines if not line.startswith("#")]


def sha(path: Path) -> str:
    """Return the sha256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# The wheels -----------------------------------------------------------------------


def choose(
    sections: dict[str, str], targets: Sequence[tuple], *, cpu: bool
) -> tuple[list[dict], list[dict]]:
    """Return the wheels for all extras on all targets, and which are CPU builds."""
    wheels, cpu_wheels = {}, {}
    (uv,) = environment.lock_packages("uv")
    for system, python in targets:
        if python not in lock.pythons():
            known = ", ".join(".".join(map(str, p)) for p in lock.pythons())
            raise LabError(f"PyTorch has wheels for Python {known} only")
        take_cpu = cpu and system.startswith("linux")
        pins = environment.pins(sections, "test", cpu=take_cpu)
        for wheel in lock.select(pins, system, python):
            wheels[lock.file_name(wheel)] = wheel
        for wheel in _cpu_build(system, python) if take_cpu else ():
            cpu_wheels[lock.file_name(wheel)] = wheel
        for wheel in uv["wheels"]:
            if system in environment.systems_of(lock.file_name(wheel)):
                wheels[lock.file_name(wheel)] = wheel  # uv itself, to install them
    wheels |= cpu_wheels
    return list(wheels.values()), list(cpu_wheels.values())


def pins_for(
    sections: dict[str, str], wheels: Sequence[dict], cpu_wheels: Sequence[dict]
) -> str:
    """Return the file of pins for packed wheels.

    Where they are CPU builds, their hashes are those that PyTorch's index stated.
    """
    sections = dict(sections)
    if cpu_wheels:
        linux, others = "sys_platform == 'linux'", "sys_platform != 'linux'"
        pins = ""
        for name in ("torch", "torchvision"):
            files = [w for w in cpu_wheels if lock.file_name(w).startswith(f"{name}-")]
            version = unquote(lock.file_name(files[0]).split("-")[1])
            hashes = [f" \\\n    --hash={wheel['hash']}" for wheel in files]
            pins += f"{name}=={version} ; {linux}{''.join(hashes)}\n"
        pins += re.sub(
            r"^(\S+) ; (.*?)( \\)?$",
            rf"\1 ; {others} and (\2)\3",
            sections["torch"],
            flags=re.MULTILINE,
        )
        sections |= {"torch": pins, "gpu": ""}
    names = [*("torch", "gpu"), *environment.EXTRAS]
    return sections[""] + "".join(f"# == {name}\n{sections[name]}" for name in names)


def _cpu_answers() -> bool:
    try:
        environment.open_url(
            f"{environment.CPU_INDEX}/torch/", environment.ANSWER_SECONDS
        ).close()
    except OSError:
        print(
            f"{environment.CPU_INDEX} does not answer: packing the registry's build of "
            "PyTorch for Linux, which is 3 GB larger",
            file=sys.stderr,
        )
        return False
    return True


def _cpu_build(system: str, python: tuple[int, int]) -> list[dict]:
    """Return the CPU wheels of torch and torchvision, as PyTorch's index lists them."""
    chosen = []
    for name in ("torch", "torchvision"):
        (package,) = environment.lock_packages(name)
        page = f"{environment.CPU_INDEX}/{name}/"
        with environment.open_url(page, environment.ANSWER_SECONDS) as answer:
            links = re.findall(r'href="([^"]+)"', answer.read().decode())
        found = []
        for link in links:
            url, _, sha256 = urljoin(page, unescape(link)).partition("#sha256=")
            file = unquote(url.rsplit("/", 1)[-1])
            if file.startswith(f"{name}-{package['version']}+cpu-") and sha256:
                found.append(
                    {
                        "url": unquote(url),
                        "hash": f"sha256:{sha256}",
                        "size": 200_000_000,
                    }
                )
        try:
            chosen.append(lock.best(found, system, python))
        except ValueError:
            raise LabError(
                f"{page} has no build of {name} {package['version']} for {system} and "
                "this Python: pack with --gpu"
            ) from None
    return chosen


def _download(wheels: Sequence[dict], folder: Path) -> None:
    """Fetch the wheels that are not there yet; each is checked by its hash."""

    def get(wheel):
        path = folder / lock.file_name(wheel)
        sha256 = wheel["hash"].removeprefix("sha256:")
        if not path.exists() or sha(path) != sha256:
            name = path.name.split("-")[0].replace("_", "-").lower()
            url = wheel["url"]
            if not url.startswith(environment.CPU_INDEX):
                url = environment.wheel_url(name, url)
            environment.fetch(url, sha256, path)

    with (
        ThreadPoolExecutor(4) as pool,
        tqdm(total=len(wheels), unit="wheel", file=sys.stderr) as bar,
    ):
        try:
            for _ in pool.map(get, wheels):
                bar.update()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


# Data and paper -------------------------------------------------------------------


def _copy_mnist(folder: Path) -> None:
    from course_utils.data import load_mnist  # here, because it imports torch

    location = load_mnist().location
    if location is None:
        print(
            "the full MNIST was not to be had: the labs will use the 5,000 embedded "
            "images",
            file=sys.stderr,
        )
        return
    target = folder / "data" / "MNIST" / "raw"
    target.mkdir(parents=True, exist_ok=True)
    for path in sorted((location / "MNIST" / "raw").glob("*-ubyte")):
        shutil.copyfile(path, target / path.name)


def _make_paper(folder: Path) -> None:
    """Make paper, slides and site; a learner's stick has no solutions and no exam."""
    from course_utils.authoring import handouts, site, slides

    made = {"paper": handouts.main, "slides": slides.main, "site": site.main}
    for name, make in made.items():
        try:
            make(labs.lab_paths(), folder / name)
        except LabError as error:
            print(f"packed without {name}: {error}", file=sys.stderr)
    for pattern in handouts.FOR_TEACHERS:
        for path in (folder / "paper").glob(pattern):
            path.unlink()
