"""Put made files into a folder: drafts first, so that no file is ever half written."""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from course_utils.authoring.labs import LabError


def check_folder(folder: Path) -> None:
    """Find out before long work whether files can be written; make nothing.

    Raises
    ------
    LabError
        If the folder, or the nearest one above it that exists, cannot be written to.
    """
    publish({}, next(p for p in (folder, *folder.absolute().parents) if p.exists()))


def publish(files: Mapping[str, bytes], folder: Path) -> list[str]:
    """Write files into a folder, which is made if it is missing.

    Parameters
    ----------
    files : mapping of str to bytes
        File names, without folders, and contents.
    folder : Path
        Other files in it stay.

    Returns
    -------
    list of str
        The names of the files that are new or have changed. The others are not touched.

    Raises
    ------
    LabError
        If there is no room for all of them (nothing is replaced then), or one cannot
        be replaced (what was made before it stays: each file is whole).
    """
    target = folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".draft-", dir=folder) as drafts:
            changed = [
                name
                for name, data in files.items()
                if not (folder / name).is_file() or (folder / name).read_bytes() != data
            ]
            for name in changed:
                Path(drafts, name).write_bytes(files[name])
            for name in changed:
                target = folder / name
                os.replace(Path(drafts, name), target)
        return changed
    except OSError as error:
        if target != folder and isinstance(error, PermissionError):
            raise LabError(
                f"cannot replace {target}: it is open in another program, such as "
                "a PDF viewer, or write-protected; close it and run this again"
            ) from None
        reason = error.strerror or error
        raise LabError(f"cannot write into {folder}: {reason}") from None


def publish_and_say(files: Mapping[str, bytes], folder: Path) -> None:
    """Write files into a folder, and print how many of them are new; see `publish`."""
    changed = publish(files, folder)
    print(f"{len(files)} files, {len(changed)} of them new or changed: {folder}")
