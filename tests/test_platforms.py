"""What would go wrong on another system, found on this one."""

import ast
import importlib.metadata
import re
import sys
import tomllib
from functools import cache

import pytest

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
