"""The course's command and the environment that it makes; no network is needed.

Small courses are made in a temporary folder, with wheels of a few bytes in place of the
real ones. What installs them is real.
"""

import ast
import base64
import functools
import hashlib
import http.server
import importlib.metadata
import importlib.util
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.markers import Marker
from packaging.tags import sys_tags
from packaging.utils import parse_wheel_filename

from course_utils import __main__ as door
from course_utils import environment
from course_utils.authoring import __main__ as authoring
from course_utils.authoring import labs, lock, pack
from course_utils.environment import Machine

ROOT = Path(__file__).resolve().parents[1]
LOCK = tomllib.loads((ROOT / "uv.lock").read_text("utf-8"))
UV = lock._uv()
DEBIAN = Machine("linux-x86_64", (3, 11), "cp311", (2, 36))
PLAIN = "py3-none-any"

# Small courses --------------------------------------------------------------------


def make_wheel(folder, name, version, tag=PLAIN, files=None):
    """Write a wheel whose module says its name when it is run; return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-{version}-{tag}.whl"
    said = f"import sys\ndef main(): print('{name} {version}', *sys.argv[1:])\n"
    said += "if __name__ == '__main__': main()\n"
    files = files or {f"{name}/__init__.py": "", f"{name}/__main__.py": said}
    info = f"{name}-{version}.dist-info"
    files = files | {
        f"{info}/METADATA": "Metadata-Version: 2.1\n"
        f"Name: {name}\nVersion: {version}\n",
        f"{info}/entry_points.txt": "[console_scripts]\n"
        f"say-{name}={name}.__main__:main\n",
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n",
    }
    record = []
    for file, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest())
        record.append(f"{file},sha256={digest.decode().rstrip('=')},{len(text)}")
    files[f"{info}/RECORD"] = "\n".join([*record, f"{info}/RECORD,,", ""])
    with zipfile.ZipFile(path, "w") as archive:
        for file, text in files.items():
            archive.writestr(file, text)
    return path


def torch_tag():
    """Return the tag of the lock's torch for this machine."""
    machine = environment.this_machine()
    for name in environment.torch_wheels():
        tag = name.removesuffix(".whl").split("-", 2)[2]
        if f"-{machine.abi}-" in name and environment.system_of(tag.split("-")[-1])[
            0
        ] == (machine.system):
            return tag
    raise AssertionError("the tests run where there is no torch")


def stub_wheels(folder):
    """Make wheels of what the stub course needs."""
    tag = torch_tag()
    platform = tag.split("-")[-1]
    scripts = f"uv-9.9.9.data/scripts/uv{'.exe' * (os.name == 'nt')}"
    script = f'#!/bin/sh\n[ "$1" = --version ] && echo uv 9.9.9 || exec "{UV}" "$@"\n'
    return [
        make_wheel(folder, "torch", "2.15.0", tag),
        make_wheel(folder, "torchvision", "0.29.2", f"py3-none-{platform}"),
        make_wheel(folder, "nvidia_gpu", "1.0"),
        make_wheel(folder, "jupyterlab", "4.0"),
        make_wheel(folder, "typst", "1.0"),
        make_wheel(folder, "pytest", "9.0"),
        make_wheel(folder, "uv", "9.9.9", f"py3-none-{platform}", {scripts: script}),
    ]


SECTIONS = {
    "torch": ["torch", "torchvision"],
    "gpu": ["nvidia_gpu"],
    "lab": ["jupyterlab"],
    "authoring": ["typst"],
    "test": ["pytest"],
}


def write_course(root, wheels, url="http://127.0.0.1:1/"):
    """Write a small course with the real command, and pins of the wheels."""
    (root / "course_utils").mkdir(parents=True)
    for name in ("__init__", "__main__", "environment", "workspace"):
        shutil.copy(ROOT / "course_utils" / f"{name}.py", root / "course_utils")
    shutil.copy(ROOT / "pyproject.toml", root)
    by_name = {path.name.split("-")[0]: path for path in wheels}
    system = environment.this_machine().system
    sizes = {s: dict.fromkeys(environment.EXTRAS, 1) for s in (system, f"{system} cpu")}
    text = f"# MB: {json.dumps(sizes)}\n"
    for section, names in SECTIONS.items():
        text += f"# == {section}\n"
        for name in names:
            version = by_name[name].name.split("-")[1]
            hash_ = pack.sha(by_name[name])
            text += (
                f"{name.replace('_', '-')}=={version} \\\n    --hash=sha256:{hash_}\n"
            )
    (root / "requirements.txt").write_text(text, encoding="utf-8")
    text = ""
    for name, path in by_name.items():
        text += (
            f'[[package]]\nname = "{name.replace("_", "-")}"\n'
            f'version = "{path.name.split("-")[1]}"\nwheels = [{{ '
            f'url = "{url}{path.name}", hash = "sha256:{pack.sha(path)}", '
            f"size = {path.stat().st_size} }}]\n"
        )
    (root / "uv.lock").write_text(text, encoding="utf-8")
    return root


def write_packed(root):
    """Write a small course as ``pack`` leaves it."""
    wheels = stub_wheels(root / "wheels")
    write_course(root, wheels)
    shutil.copy(root / "requirements.txt", root / "wheels")
    (root / "data").mkdir()
    (root / "data" / "images").write_bytes(bytes(1000))
    machine = environment.this_machine()
    pack.write_manifest(root, [f"{machine.system} {machine.abi}"])
    return root


def start(root, *words, code=None, uv=True, **variables):
    """Run the course's command in a folder, or some Python; return what happened."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("UV_", "PIP_"))}
    clean.pop("PYTHONPATH", None)
    path = [str(UV.parent)] if uv else []
    clean["PATH"] = os.pathsep.join([*path, *(["/usr/bin", "/bin"])])
    command = [sys.executable, *(["-c", code] if code else ["-m", "course_utils"])]
    return subprocess.run(
        [*command, *words],
        cwd=root,
        env={**clean, "PYTHONDONTWRITEBYTECODE": "1", **variables},
        capture_output=True,
        encoding="utf-8",
        timeout=300,  # no promise: a busy machine may be slow
    )


def env_python(root):
    return root / environment.PYTHON.relative_to(ROOT)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A packed course that was started; tests take a copy."""
    root = write_packed(tmp_path_factory.mktemp("made") / "course")
    done = start(root, "open", "--port=1")
    assert done.returncode == 0, done.stderr
    assert "jupyterlab 4.0" in done.stdout and "--port=1" in done.stdout
    return root


@pytest.fixture
def course(made, tmp_path):
    return Path(shutil.copytree(made, tmp_path / "elsewhere é", symlinks=True))


# The door -------------------------------------------------------------------------


def test_one_door_has_every_word(capsys):
    with pytest.raises(SystemExit):
        authoring.main(["--help"])
    words = re.search(r"\{([\w,-]+)\}", capsys.readouterr().out)[1].split(",")
    assert {"open", "test", *words} == set(door.EXTRAS)
    assert door.main(["--help"]) == 0
    shown = capsys.readouterr().err
    assert all(f"python3 -m course_utils {word} " in shown for word in door.EXTRAS)
    assert door.main([]) == door.main(["opne"]) == 2
    assert door.command(["stamp"]) == ["course_utils.authoring", "stamp"]
    assert door.command(["test", "-x"]) == ["pytest", "-x"]


def test_an_old_python_is_told_so(monkeypatch, capsys):
    monkeypatch.setattr(door, "OLDEST", (99, 0))
    monkeypatch.setattr(environment, "make", lambda extra: pytest.fail("it went on"))
    assert door.main(["open"]) == 2
    assert "needs 3.11 or newer" in capsys.readouterr().err
    for name in ("__init__", "__main__"):
        text = (ROOT / "course_utils" / f"{name}.py").read_text("utf-8")
        tree = ast.parse(text, feature_version=(3, 4))
        newer = (ast.JoinedStr, ast.AnnAssign, ast.NamedExpr, ast.Match, ast.Starred)
        assert not [node.lineno for node in ast.walk(tree) if isinstance(node, newer)]
        assert not re.search(r"^(from|import) (?!sys$)", text, re.MULTILINE)


def test_the_command_needs_the_standard_library_alone():
    tree = ast.parse((ROOT / "course_utils/environment.py").read_text("utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [a.name for a in node.names]
            for name in names if isinstance(node, ast.Import) else [node.module]:
                assert name.split(".")[0] in sys.stdlib_module_names


@pytest.mark.parametrize("end", ["\ndef make(", "\nclass SetupError"])
def test_a_damaged_copy_of_the_command(tmp_path, end):
    root = write_packed(tmp_path / "course")
    path = root / "course_utils" / "environment.py"
    text = path.read_text("utf-8")
    path.write_text(text[: text.index(end) + 8 * end.endswith("(")], "utf-8")
    done = start(root, "open")
    assert done.returncode == 2 and "damaged" in done.stderr
    assert "Traceback" not in done.stderr


# The platform ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"system": "macos-x86_64"}, "no build for Macs with an Intel chip"),
        ({"system": "windows-arm64"}, "no build for Windows on ARM"),
        ({"system": "linux-riscv64"}, "no build for linux-riscv64"),
        ({"system": "32-bit Python"}, "a 32-bit Python: take one of 64 bits"),
        ({"version": None}, "musl"),
        ({"version": (2, 27)}, "needs a Linux with glibc 2.28 or newer; this is 2.27"),
        (
            {"system": "macos-arm64", "version": (13, 6)},
            "needs macOS 14.0 or newer; this is 13.6",
        ),
        ({"python": (3, 16), "abi": "cp316"}, "Python 3.16, .* 3.11 to 3.15"),
        ({"python": (3, 10), "abi": "cp310"}, "Python 3.10, .* 3.11 to 3.15"),
        ({"python": (3, 14), "abi": "cp314t"}, "free-threaded"),
        ({"abi": "pypy"}, "pypy Python 3.11"),
    ],
)
def test_where_there_is_no_wheel_one_sentence_says_so(changes, sentence):
    problem = environment.platform_problem(
        DEBIAN._replace(**changes), environment.torch_wheels()
    )
    assert re.search(sentence, problem)
    assert problem.count("\n") == 0


@pytest.mark.parametrize("python", lock.pythons())
@pytest.mark.parametrize(
    ("system", "version"),
    [
        ("linux-x86_64", (2, 28)),
        ("linux-aarch64", (2, 41)),
        ("macos-arm64", (14, 0)),
        ("windows-amd64", None),
    ],
)
def test_supported_machines(system, version, python):
    machine = Machine(system, python, f"cp3{python[1]}", version)
    wheels = environment.torch_wheels()
    assert environment.platform_problem(machine, wheels) is None
    assert system in lock.SYSTEMS


def test_this_machine_is_one_of_them():
    machine = environment.this_machine()
    assert environment.platform_problem(machine, environment.torch_wheels()) is None
    assert machine.python == sys.version_info[:2]


def test_the_sentence_comes_before_anything_is_made(tmp_path):
    root = write_course(tmp_path / "course", stub_wheels(tmp_path / "wheels"))
    code = (
        "import course_utils.environment as e\n"
        "e.this_machine = lambda: e.Machine('macos-x86_64', (3, 11), 'cp311', ())\n"
        "from course_utils.__main__ import main; raise SystemExit(main(['open']))"
    )
    done = start(root, code=code)
    assert done.returncode == 2 and "Intel" in done.stderr
    assert not (root / ".course").exists()


# The lists ------------------------------------------------------------------------


def test_the_lock_fits_the_project():
    """If this fails, run python3 -m course_utils lock."""
    command = [UV, "lock", "--check", "--offline"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr


def test_the_lists_are_those_of_the_lock():
    """If this fails, run python3 -m course_utils lock."""
    for path, text in lock.exports().items():
        assert path.read_text("utf-8") == text, path


def test_what_makes_jupyterlab_start_slowly_is_left_out():
    """It was 2 of 4.6 s; see the override in pyproject.toml."""
    assert "rfc3987-syntax" not in environment.read_requirements()["lab"]


def walk(extra, system, python, skip=()):
    """Yield the lock's packages for an extra: from need to need, by their markers."""
    platforms = {
        "linux-x86_64": ("linux", "x86_64"),
        "windows-amd64": ("win32", "AMD64"),
    }
    sys_platform, machine = platforms[system]
    variables = {
        "sys_platform": sys_platform,
        "platform_machine": machine,
        "python_version": python,
        "python_full_version": f"{python}.9",
        "platform_system": {"linux": "Linux", "win32": "Windows"}[sys_platform],
        "os_name": "posix" if sys_platform == "linux" else "nt",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
    }
    (project,) = (p for p in LOCK["package"] if p["name"] == "course-utils")
    todo = [*project["dependencies"], *project["optional-dependencies"][extra]]
    seen = set()
    while todo:
        need = todo.pop()
        if "marker" in need and not Marker(need["marker"]).evaluate(variables):
            continue
        (package,) = (
            p
            for p in LOCK["package"]
            if p["name"] == need["name"]
            and need.get("version", p.get("version")) == p.get("version")
            and any(
                Marker(m).evaluate(variables) for m in p.get("resolution-markers", ())
            )
            >= ("resolution-markers" in p)
        )
        if package["name"] in skip:
            continue
        todo += [
            n
            for extra in need.get("extra", ())
            for n in package["optional-dependencies"][extra]
        ]
        if package["name"] not in seen:
            seen.add(package["name"])
            todo += package.get("dependencies", [])
            yield package


@pytest.mark.parametrize("extra", environment.EXTRAS)
def test_the_size_that_is_said_is_that_of_the_lock(extra):
    sizes = json.loads(re.search(r"# MB: (.*)", environment.read_requirements()[""])[1])
    tag = re.compile(r"-(cp312-cp312|cp3\d+-abi3|py[23.py]*-none)-.*(\w+)\.whl$")
    for system, word in (
        ("linux-x86_64", "manylinux.*x86_64"),
        ("windows-amd64", "win"),
    ):
        total = 0
        for package in walk(extra, system, "3.12"):
            found = [
                wheel["size"]
                for wheel in package["wheels"]
                if tag.search(wheel["url"])
                and re.search(rf"{word}|none-any", wheel["url"].rsplit("/", 1)[-1])
                and "win_arm64" not in wheel["url"]
                and "win32" not in wheel["url"]
            ]
            total += max(found)
        assert total / 1e6 == pytest.approx(sizes[system][extra], rel=0.04)


def test_the_readme_says_how_much_is_downloaded():
    head = environment.read_requirements()[""]
    sizes = json.loads(re.search(r"# MB: (.*)", head)[1])
    gpu = {f"{sizes[s]['lab'] / 1e3:.1f}" for s in ("linux-x86_64", "linux-aarch64")}
    others = {
        f"{sizes[s]['lab'] / 1e3:.1f}" for s in sizes if not s.startswith("linux")
    }
    others |= {f"{sizes[s]['lab'] / 1e3:.1f}" for s in sizes if s.endswith(" cpu")}
    readme = (ROOT / "README.md").read_text("utf-8")
    first, last = (
        ".".join(map(str, p)) for p in (lock.pythons()[0], lock.pythons()[-1])
    )
    assert f"Python {first} to {last}" in readme
    said = re.findall(r"(\d\.\d)(?:\s+to\s+(\d\.\d))?\s+GB", readme)
    assert (min(others), max(others)) in said
    assert (min(gpu), max(gpu)) in said


def test_without_a_card_the_packages_for_one_are_left_out():
    sections = environment.read_requirements()
    pins = environment.pins(sections, "test", cpu=True)
    assert not re.search(r"^(torch|torchvision|nvidia|cuda|triton)", pins, re.MULTILINE)
    gpu = sections["gpu"]
    names = {p["name"] for p in walk("test", "linux-x86_64", "3.12")}
    others = {p["name"] for p in walk("test", "windows-amd64", "3.12")}
    listed = {line.split("==")[0] for line in gpu.splitlines() if line[0] != " "}
    assert {name for name in names - others if "nvidia" in name} <= listed
    assert not listed & others
    # Nothing that the rest needs was left out with them.
    assert re.search(r"^sympy==", pins, re.MULTILINE)


IMPORTED_AS = {"pypandoc": "pypandoc-binary", "sphinx_revealjs": "sphinx-revealjs"}
OPTIONAL = {"google", "google-colab", "peers", "measure"}  # Colab, and benchmarks


def imports(paths):
    """Return the packages of the registry that files import."""
    distributions = importlib.metadata.packages_distributions()
    found = set()
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            modules = []
            if isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level:
                modules = [node.module]
            for module in {m.split(".")[0] for m in modules}:
                known = module in sys.stdlib_module_names or module == "course_utils"
                if not known and not (path.parent / f"{module}.py").exists():
                    name = (
                        IMPORTED_AS.get(module)
                        or distributions.get(module, [module])[0]
                    )
                    found.add(re.sub("[-_.]+", "-", name).lower())
    return {name for name in found - OPTIONAL if not name.startswith("bench-")}


@pytest.mark.parametrize(
    ("extra", "patterns"),
    [
        ("lab", ["course_utils/*.py", "course_utils/exercises/*.py", "notebooks/*.py"]),
        (
            "lab",
            ["course_utils/authoring/__main__.py", "course_utils/authoring/labs.py"],
        ),
        ("authoring", ["course_utils/authoring/[!gr]*.py"]),  # regression is pytest's
        ("test", ["tests/*.py", "course_utils/authoring/gallery.py"]),
    ],
)
def test_each_extra_has_what_its_files_import(extra, patterns):
    pins = environment.pins(environment.read_requirements(), extra)
    pinned = {line.split("==")[0] for line in pins.splitlines() if line[0] not in " #"}
    files = [path for pattern in patterns for path in ROOT.glob(pattern)]
    assert files
    # One test compares our marks with those of nbgrader, where it is installed.
    skipped = {"nbgrader"}
    assert imports(files) - skipped <= pinned


def test_binder_has_the_python_of_its_list():
    runtime = (ROOT / ".binder" / "runtime.txt").read_text("utf-8")
    assert runtime.strip() == "python-" + ".".join(map(str, lock.BINDER_RUNS[1]))
    pins = lock.BINDER.read_text("utf-8").splitlines()
    # PyPI's torch is 5 GB larger, and fails beside a torchvision for the CPU.
    cpu = {pin.split("==")[0] for pin in pins if pin.endswith("+cpu")}
    assert cpu == {"torch", "torchvision"}
    assert len([pin for pin in pins if pin.startswith("numpy==")]) == 1


def test_the_readme_names_every_variable():
    files = [*(ROOT / "course_utils").rglob("*.py"), ROOT / "tests" / "test_colab.py"]
    text = "".join(path.read_text("utf-8") for path in files)
    used = set(re.findall(r"[\"'`](COURSE_[A-Z]+)\b", text))
    readme = (ROOT / "README.md").read_text("utf-8")
    assert used == set(re.findall(r"^\| `(COURSE_[A-Z]+)`", readme, re.MULTILINE))
    assert len(used) >= 4


def test_nothing_is_run_as_another_user():
    for path in (ROOT / "course_utils").rglob("*.py"):
        text = path.read_text("utf-8")
        assert not re.search(r"[\"']sudo[\"']|[\"']apt(-get)?[\"'],", text), path


# The environment, made from a packed folder -----------------------------------------


def test_a_second_start_needs_nothing(course):
    assert start(course, "open", uv=False).stdout.startswith("jupyterlab 4.0")
    shutil.rmtree(course / "wheels")
    done = start(course, "open", uv=False)
    assert "jupyterlab 4.0" in done.stdout and not done.stderr


def test_a_system_whose_text_is_not_utf_8(course):
    ascii_only = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    shutil.rmtree(course / ".course" / "env")
    with (course / "uv.lock").open("a", encoding="utf-8") as file:
        file.write("# é\n")
    pack.write_manifest(course, [" ".join(environment.this_machine()[0:3:2])])
    done = start(course, "open", **ascii_only)
    assert done.returncode == 0, done.stderr
    assert "jupyterlab 4.0" in done.stdout and "Traceback" not in done.stderr


def test_each_word_adds_what_it_needs(course):
    find = "[m for m in ('typst', 'pytest') if importlib.util.find_spec(m)]"
    python = [env_python(course), "-c", f"import importlib.util; print({find})"]
    assert subprocess.check_output(python, encoding="utf-8").strip() == "[]"
    done = start(course, "test", "-x")
    assert done.stdout == "pytest 9.0 -x\n", done.stderr
    assert "Adding packages" in done.stderr
    assert (
        subprocess.check_output(python, encoding="utf-8").strip()
        == "['typst', 'pytest']"
    )
    for word in ("open", "test"):  # the larger one is enough for the smaller one
        done = start(course, word, uv=False)
        assert done.returncode == 0 and not done.stderr


def test_a_moved_folder_works_as_it_is(made, course):
    away = made.rename(made.with_name("away"))  # or old paths would go on working
    try:
        done = start(course, "open", uv=False)
        assert "jupyterlab 4.0" in done.stdout and not done.stderr
        # A kernel is a Python of the environment, in any folder.
        code = "import course_utils; print(course_utils.__file__)"
        where = subprocess.check_output(
            [env_python(course), "-c", code],
            cwd=away.parent,
            encoding="utf-8",
            env={**os.environ, "PYTHONPATH": ""},
        )
        assert Path(where.strip()).parents[1] == course
        name = "say-jupyterlab" + ".exe" * (os.name == "nt")
        script = env_python(course).with_name(name)
        said = subprocess.check_output([script], encoding="utf-8")
        assert said == "jupyterlab 4.0\n"
    finally:
        away.rename(made)


def test_what_others_made_is_not_touched(tmp_path):
    root = write_packed(tmp_path / "course")
    (root / ".venv").mkdir()
    (root / ".venv" / "mine.txt").write_text("mine", "utf-8")
    assert start(root, "open").returncode == 0
    assert (root / ".venv" / "mine.txt").read_text("utf-8") == "mine"
    shutil.rmtree(root / ".course")
    (root / ".course").mkdir()
    (root / ".course" / "mine.txt").write_text("mine", "utf-8")
    done = start(root, "open")
    assert done.returncode == 2 and "move it away" in done.stderr
    assert [path.name for path in (root / ".course").iterdir()] == ["mine.txt"]


def test_a_half_made_environment_is_completed(course):
    (course / ".course" / "env" / "course-lab.txt").unlink()
    (gone,) = (course / ".course" / "env").glob("**/jupyterlab/__main__.py")
    shutil.rmtree(gone.parent)
    (info,) = (course / ".course" / "env").glob("**/jupyterlab-4.0.dist-info")
    shutil.rmtree(info)
    done = start(course, "open")
    assert "Completing the half-made environment" in done.stderr
    assert "jupyterlab 4.0" in done.stdout


@pytest.mark.skipif(os.name == "nt", reason="Windows copies the Python")
def test_an_environment_whose_python_is_gone_is_made_anew(course):
    python = env_python(course)
    python.unlink()
    python.symlink_to("/nowhere/python3")
    done = start(course, "open")
    assert "does not start; making it anew" in done.stderr
    assert "jupyterlab 4.0" in done.stdout


def test_new_pins_are_installed(course):
    pins = course / "requirements.txt"
    pins.write_text(
        pins.read_text("utf-8").replace("# == authoring", "\n# == authoring"),
        encoding="utf-8",
    )
    pack.write_manifest(course, [" ".join(environment.this_machine()[0:3:2])])
    done = start(course, "open")
    assert "Adding packages" in done.stderr and "jupyterlab 4.0" in done.stdout


def cut(path):
    path.write_bytes(path.read_bytes()[:-100])


def halve(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def replace(path):
    """Put another wheel of the same size in its place."""
    size = path.stat().st_size
    name, version = path.name.split("-")[:2]
    with zipfile.ZipFile(path) as archive:
        files = {f: archive.read(f).decode() for f in archive.namelist()}
    files = {f: t.replace("print(", "input(") for f, t in files.items() if "-" not in f}
    make_wheel(path.parent, name, version, files=files)
    assert path.stat().st_size == size


@pytest.mark.parametrize(
    ("damage", "name", "sentence"),
    [
        (Path.unlink, "wheels/jupyterlab-4.0-py3-none-any.whl", "{} is missing"),
        (Path.unlink, "data/images", "{} is missing"),
        (cut, "wheels/pytest-9.0-py3-none-any.whl", "{} has .* of .* bytes"),
        (cut, "data/images", "{} has 900 of 1,000 bytes"),
        (cut, "uv.lock", "{} has .* of .* bytes"),
        (halve, "requirements.txt", "{} is cut off"),
        (Path.unlink, "uv.lock", "{} is not in"),
        (cut, "MANIFEST.txt", "{} is cut off"),
        (Path.unlink, "MANIFEST.txt", "{} is missing"),
        (replace, "wheels/jupyterlab-4.0-py3-none-any.whl", "[Hh]ash mismatch"),
        (replace, "wheels/jupyterlab-4.0-py3-none-any.whl", "{} is damaged"),
    ],
)
def test_an_interrupted_copy_is_named(tmp_path, damage, name, sentence):
    root = write_packed(tmp_path / "course")
    damage(root / name)
    done = start(root, "open")
    assert done.returncode == 2
    assert re.search(sentence.format(re.escape(name)), done.stderr), done.stderr
    assert "Traceback" not in done.stderr and "4.0" not in done.stdout


def test_a_file_that_was_edited_is_named_but_no_obstacle(tmp_path):
    root = write_packed(tmp_path / "course")
    with (root / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write("# by a teacher\n")
    done = start(root, "open")
    assert "Not as they were packed: pyproject.toml" in done.stderr
    assert "jupyterlab 4.0" in done.stdout


def test_wheels_for_another_python_are_named(tmp_path):
    root = write_packed(tmp_path / "course")
    pack.write_manifest(root, ["windows-amd64 cp315"])
    done = start(root, "open")
    assert done.returncode == 2
    assert "are for cp315 on windows-amd64, and this is cp" in done.stderr
    assert not (root / ".course").exists()


@pytest.mark.skipif(os.name == "nt", reason="flock")
def test_two_starts_at_once_wait_for_each_other(tmp_path):
    import fcntl

    root = write_packed(tmp_path / "course")
    (root / ".course").mkdir()
    (root / ".course" / "README.txt").touch()
    with (root / ".course" / "lock").open("a", encoding="utf-8") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        results = []
        learners = [
            threading.Thread(target=lambda: results.append(start(root, "open")))
            for _ in range(2)
        ]
        for learner in learners:
            learner.start()
        time.sleep(0.5)
        assert not (root / ".course" / "env").exists()
        waiting = tmp_path / "waiting"  # a third, to know when they have come so far
        done = start(root, code=WAITING.format(str(waiting)))
        assert "waiting for it" in done.stderr and waiting.exists()
    for learner in learners:
        learner.join()
    assert all("jupyterlab 4.0" in done.stdout for done in results)
    assert sum("Installing" in done.stderr for done in results) == 1


WAITING = """
from course_utils import environment as e
def sleep(seconds):
    open({0!r}, "w").close()
    raise SystemExit
e.time.sleep = sleep
e.make("lab")
"""


@pytest.fixture
def stub_root(tmp_path, monkeypatch):
    """Point this process's `environment` at a small course."""
    root = write_packed(tmp_path / "course")
    for name, value in vars(environment).copy().items():
        if isinstance(value, Path):
            monkeypatch.setattr(environment, name, root / value.relative_to(ROOT))
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    return root


def test_a_folder_that_cannot_be_written_to(stub_root, monkeypatch):
    def refuse(*args, **kwargs):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(environment.SetupError, match="Copy the whole course to your"):
        environment.make("lab")


def test_a_disk_that_is_too_small_or_becomes_full(stub_root, monkeypatch):
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=1e8))
    with pytest.raises(environment.SetupError, match=r"0\.1 GB free.* about 0\.3 GB"):
        environment.make("lab")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)

    def run_full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(environment, "_pip_install", run_full)
    with pytest.raises(environment.SetupError, match="The disk is full"):
        environment.make("lab")

    def fail(*args, **kwargs):  # uv's own end, when something else has filled the disk
        monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=1e8))
        raise subprocess.CalledProcessError(2, "uv")

    monkeypatch.setattr(environment, "_pip_install", fail)
    with pytest.raises(environment.SetupError, match=r"0\.1 GB free.* GB more"):
        environment.make("lab")


# The environment, made from an index ------------------------------------------------


class Index:
    """A registry on this machine: /files/ and, in PEP 503's form, /simple/."""

    def __init__(self, folder):
        handler = functools.partial(_Handler, directory=str(folder))
        self.folder, self.asked = folder, []
        handler.func.log_message = lambda h, *args: self.asked.append(h.path)
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def list(self, wheels, simple="simple"):
        for path in wheels:
            name = path.name.split("-")[0].replace("_", "-")
            page = self.folder / simple / name / "index.html"
            page.parent.mkdir(parents=True, exist_ok=True)
            link = f"/{path.relative_to(self.folder)}#sha256={pack.sha(path)}"
            page.write_text(f'<a href="{link}">{path.name}</a>\n', "utf-8")


class _Handler(http.server.SimpleHTTPRequestHandler):
    pass


@pytest.fixture
def index(tmp_path):
    index = Index(tmp_path / "www")
    wheels = stub_wheels(index.folder / "files")
    index.list(wheels)
    index.wheels = wheels
    yield index
    index.server.shutdown()
    index.server.server_close()


@pytest.fixture
def online(tmp_path, index):
    """A small course, not packed, whose lock leads to the index."""
    return write_course(tmp_path / "course", index.wheels, index.url + "files/")


def make_online(root, index, extra="lab", before="", uv=True, **variables):
    code = (
        "import sys, subprocess; from course_utils import environment as e\n"
        f"e.CPU_INDEX = '{index.url}cpu'\n"
        f"e._has_nvidia_card = lambda: False\n{before}\n"
        f"try: e.make('{extra}')\nexcept e.SetupError as error: sys.exit(str(error))"
    )
    variables = {"PIP_INDEX_URL": f"{index.url}simple"} | variables
    return start(root, code=code, uv=uv, **variables)


REGISTRY = {"torch-2.15.0", "torchvision-0.29.2", "nvidia_gpu-1.0", "jupyterlab-4.0"}
linux_only = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="elsewhere there is one build only"
)


def installed(root):
    paths = (root / ".course" / "env").glob("**/*.dist-info")
    return {path.name.removesuffix(".dist-info") for path in paths}


@linux_only
def test_without_a_card_the_cpu_build_is_taken(online, index):
    files = index.folder / "cpufiles"
    tag = torch_tag()
    index.list(
        [
            make_wheel(files, "torch", "2.15.0+cpu", tag),
            make_wheel(files, "torchvision", "0.29.2+cpu", PLAIN),
        ],
        "cpu",
    )
    done = make_online(online, index)
    assert done.returncode == 0, done.stderr
    cpu = {"torch-2.15.0+cpu", "torchvision-0.29.2+cpu", "jupyterlab-4.0"}
    assert installed(online) == cpu
    assert "GB of packages" in done.stderr
    # Adding something later keeps it, without asking PyTorch's index again.
    n_asked = len([path for path in index.asked if path.startswith("/cpu/")])
    assert make_online(online, index, "test").returncode == 0
    assert installed(online) == cpu | {"typst-1.0", "pytest-9.0"}
    assert len([p for p in index.asked if p.startswith("/cpu/")]) == n_asked
    # Half of it, and the index is gone: everything anew, from one index.
    (half,) = (online / ".course" / "env").glob("**/torchvision-*.dist-info")
    shutil.rmtree(half)
    for stamp in (online / ".course" / "env").glob("course-*.txt"):
        stamp.unlink()
    shutil.rmtree(index.folder / "cpu")
    assert make_online(online, index).returncode == 0
    assert installed(online) == REGISTRY
    assert not (online / ".course" / "cache").exists()


@linux_only
def test_where_its_index_does_not_answer_the_registry_s_build_is_taken(online, index):
    done = make_online(online, index)  # it answers with 404
    assert "does not answer: taking the registry's build" in done.stderr
    assert installed(online) == REGISTRY, done.stderr
    shutil.rmtree(online / ".course")
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        before = f"e.CPU_INDEX = '{address}'; e.ANSWER_SECONDS = 0.3"
        done = make_online(online, index, before=before)
    assert "does not answer" in done.stderr
    assert installed(online) == REGISTRY


@linux_only
def test_with_a_card_its_index_is_not_asked(online, index):
    done = make_online(online, index, before="e._has_nvidia_card = lambda: True")
    assert installed(online) == REGISTRY, done.stderr
    assert not [path for path in index.asked if path.startswith("/cpu")]


def test_a_look_up_that_hangs_is_left_behind(monkeypatch):
    monkeypatch.setattr(
        environment.urllib.request, "urlopen", lambda *a, **k: time.sleep(60)
    )
    begin = time.perf_counter()
    with pytest.raises(TimeoutError, match="no answer"):
        environment.open_url("https://download.pytorch.org", 0.2)
    assert time.perf_counter() - begin < 5


@pytest.mark.skipif(os.name == "nt", reason="the stub is a shell script")
@pytest.mark.parametrize("mirror", [True, False])
def test_uv_is_fetched_where_there_is_none(online, index, mirror):
    variables = {"UV_DEFAULT_INDEX": f"{index.url}simple"}
    if not mirror:  # the address in the lock
        before = "del e.os.environ['UV_DEFAULT_INDEX']; e.wheel_url = lambda p, u: u"
    else:
        before = ""
        text = (
            (online / "uv.lock")
            .read_text("utf-8")
            .replace(index.url, "http://127.0.0.1:1/")
        )
        (online / "uv.lock").write_text(text, "utf-8")
    code = before + "\nprint(e.FOLDER.mkdir(), e.find_uv())"
    done = make_online(
        online, index, before=code + "\nsys.exit()", uv=False, **variables
    )
    assert done.stdout.strip() == f"None {online / '.course' / 'uv'}", done.stderr
    assert os.access(online / ".course" / "uv", os.X_OK)


@pytest.mark.skipif(os.name == "nt", reason="the stub is a shell script")
def test_a_uv_with_another_hash_is_not_run(online, index):
    text = (online / "uv.lock").read_text("utf-8")
    (wheel,) = (path for path in index.wheels if path.name.startswith("uv-"))
    (online / "uv.lock").write_text(text.replace(pack.sha(wheel), "0" * 64), "utf-8")
    code = "e.FOLDER.mkdir(); print(e.find_uv()); sys.exit()"
    done = make_online(online, index, before=code, uv=False)
    assert done.stdout == "None\n" and "not the file that uv.lock names" in done.stderr
    assert not (online / ".course" / "uv").exists()


@pytest.mark.skipif(
    importlib.util.find_spec("ensurepip") is None, reason="this Python has no ensurepip"
)
def test_where_uv_cannot_be_had_pip_installs_the_same(online, index):
    done = make_online(online, index, before="e.find_uv = lambda: None")
    assert done.returncode == 0, done.stderr
    assert installed(online) - {p for p in installed(online) if p[:3] == "pip"} >= (
        REGISTRY if sys.platform.startswith("linux") else {"torch-2.15.0"}
    )
    assert (online / ".course" / "env" / "course-lab.txt").exists()


def test_where_nothing_can_be_had_one_command_is_told(online, index):
    before = (
        "e.find_uv = lambda: None; e.importlib.util.find_spec = lambda name: None\n"
        "e.shutil.which = lambda name: name if name == 'apt-get' else None"
    )
    done = make_online(online, index, before=before)
    assert done.returncode == 1
    assert re.search(r"administrator: apt-get install python3\.\d+-venv$", done.stderr)
    assert not (online / ".course" / "env").exists()


def test_hashes_are_checked(online, index):
    pins = online / "requirements.txt"
    wheel = next(path for path in index.wheels if path.name.startswith("jupyterlab"))
    text = pins.read_text("utf-8").replace(pack.sha(wheel), "0" * 64)
    pins.write_text(text, "utf-8")
    done = make_online(online, index)
    assert done.returncode == 1 and re.search("[Hh]ash mismatch", done.stderr)
    assert "could not be made" in done.stderr
    assert not (online / ".course" / "env" / "course-lab.txt").exists()


# Packing --------------------------------------------------------------------------


@pytest.fixture
def teacher(online, tmp_path):
    """The small course with the real authors' part, and one lab."""
    shutil.copytree(
        ROOT / "course_utils",
        online / "course_utils",
        dirs_exist_ok=True,
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    (online / "notebooks").mkdir()
    for path in (ROOT / "notebooks").glob("01_*"):
        shutil.copy(path, online / "notebooks")
    return online


def pack_it(teacher, folder):
    images = teacher / "torchvision" / "MNIST" / "raw"
    images.mkdir(parents=True, exist_ok=True)
    (images / "t10k-images-idx3-ubyte").write_bytes(b"images")
    code = (
        "import sys, types; from course_utils import environment as e\n"
        "e.CPU_INDEX = 'http://127.0.0.1:1'\n"
        "from pathlib import Path; from types import SimpleNamespace as Data\n"
        "data = types.ModuleType('data'); sys.modules['course_utils.data'] = data\n"
        "data.load_mnist = lambda: Data(location=Path('torchvision').absolute())\n"
        "from course_utils.authoring.__main__ import main\n"
        "raise SystemExit(main(['pack', *sys.argv[1:]]))"
    )
    return start(teacher, str(folder), "--no-paper", code=code)


def test_a_packed_folder_works_without_a_network(teacher, index, tmp_path):
    folder = tmp_path / "stick"
    done = pack_it(teacher, folder)
    assert done.returncode == 0, done.stderr
    assert (folder / "notebooks").is_dir() and (folder / "START.txt").is_file()
    images = folder / "data" / "MNIST" / "raw" / "t10k-images-idx3-ubyte"
    assert images.read_bytes() == b"images"
    n_asked = len(index.asked)

    # Again: nothing is fetched twice, and what a learner has changed is safe.
    (folder / "wheels" / "broken-off.whl.part").touch()
    assert pack_it(teacher, folder).returncode == 0
    assert len(index.asked) == n_asked
    assert not (folder / "wheels" / "broken-off.whl.part").exists()
    lab = folder / "notebooks" / "01_softmax.ipynb"
    before = lab.read_text("utf-8")
    lab.write_text("{}", "utf-8")
    done = pack_it(teacher, folder)
    assert done.returncode == 2 and "was changed since it was packed" in done.stderr
    assert lab.read_text("utf-8") == "{}"
    lab.write_text(before, encoding="utf-8", newline="\n")

    index.server.shutdown()
    done = start(folder, "test", "-x", uv=False, PIP_INDEX_URL="http://127.0.0.1:1")
    assert done.stdout == "pytest 9.0 -x\n", done.stderr
    assert "Not as they were packed" not in done.stderr
    assert (folder / ".course" / "uv").exists()  # from its wheel


@pytest.mark.parametrize("where", ["inside", "full of mine"])
def test_packing_overwrites_nothing(tmp_path, monkeypatch, where):
    monkeypatch.setattr(labs, "ROOT", tmp_path / "course")
    folder = tmp_path / ("course/stick" if where == "inside" else "stick")
    folder.mkdir(parents=True)
    (folder / "mine.txt").write_text("mine", "utf-8")
    with pytest.raises(labs.LabError, match=r"inside the course|not empty"):
        pack.main(folder)
    assert [path.name for path in folder.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize("repository", [False, True], ids=["", "git is missing"])
def test_where_git_cannot_say_it_what_was_made_is_not_packed(
    tmp_path, monkeypatch, repository
):
    """The learner's copies above all, with all that is written in them."""
    monkeypatch.setattr(labs, "ROOT", tmp_path)
    monkeypatch.setattr(pack.shutil, "which", lambda name: None)
    made = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    folders = [line.strip("/").replace("*", "course_utils") for line in made]
    assert "my_labs" in folders and "course_utils.egg-info" in folders
    for folder in [*folders, "notebooks", ".github", *[".git"] * repository]:
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "file").touch()
    assert pack.course_files() == [".github/file", "notebooks/file"]


def test_packing_onto_a_disk_that_is_too_small(tmp_path, monkeypatch):
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=1e9))
    wheels, _ = pack.choose(
        environment.read_requirements(), [("linux-x86_64", (3, 11))], cpu=False
    )
    with pytest.raises(labs.LabError, match=r"1\.0 GB free, and 3\.\d GB are needed"):
        pack._check_space(tmp_path / "stick", wheels)


@pytest.mark.parametrize("system", lock.SYSTEMS)
def test_wheels_for_another_system(system):
    sections = environment.read_requirements()
    wheels, cpu = pack.choose(sections, [(system, (3, 13))], cpu=False)
    names = {lock.file_name(wheel).split("-")[0] for wheel in wheels}
    assert {"torch", "uv", "pytest", "jupyterlab", "numpy"} <= names and not cpu
    assert ("nvidia_cublas" in names) == system.startswith("linux")
    assert ("pywinpty" in names) == system.startswith("windows")
    for wheel in wheels:
        tags = parse_wheel_filename(lock.file_name(wheel))[3]
        assert {tag.interpreter for tag in tags} & {
            "cp313",
            "py3",
            *(f"cp3{n}" for n in range(2, 13)),
        }
    if environment.this_machine()[:2] == (system, (3, 13)):
        here = set(sys_tags())
        assert all(parse_wheel_filename(lock.file_name(w))[3] & here for w in wheels)


@linux_only
def test_a_packed_cpu_build_has_the_hashes_of_its_index(index, monkeypatch):
    files = index.folder / "cpufiles"
    made = [
        make_wheel(files, "torch", "2.15.0+cpu", "cp311-cp311-manylinux_2_28_x86_64"),
        make_wheel(
            files, "torchvision", "0.29.2+cpu", "py3-none-manylinux_2_28_x86_64"
        ),
    ]
    index.list(made, "cpu")
    monkeypatch.setattr(environment, "CPU_INDEX", f"{index.url}cpu")
    sections = environment.read_requirements()
    targets = [("linux-x86_64", (3, 11)), ("windows-amd64", (3, 11))]
    wheels, cpu = pack.choose(sections, targets, cpu=True)
    text = pack.pins_for(sections, wheels, cpu)
    for path in made:
        assert re.search(
            rf"^{path.name.split('-')[0]}==[\d.]+\+cpu ; sys_platform == 'linux' \\\n"
            rf"    --hash=sha256:{pack.sha(path)}$",
            text,
            re.MULTILINE,
        )
    assert "nvidia" not in text
    (line,) = re.findall(r"^torch==2.15.0 ; (.*) \\$", text, re.MULTILINE)
    evaluate = Marker(line).evaluate
    assert evaluate({"sys_platform": "win32", "platform_machine": "AMD64"})
    assert not evaluate({"sys_platform": "linux", "platform_machine": "x86_64"})
    with pytest.raises(labs.LabError, match="has no build of torch"):
        pack.choose(sections, [("linux-aarch64", (3, 11))], cpu=True)
