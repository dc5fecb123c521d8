"""Take a lab from the homes of a hub, for `class`: collect.py 01 hand-ins.zip.

A learner's link is not followed: it may lead to the work of another.
"""

import os
import sys
import zipfile
from pathlib import Path

from course_utils.workspace import MINE


def collect(homes: Path, lab: str, target: Path) -> list[str]:
    """Write the copies of a lab into a zip, by learner; return the learners."""
    names = []
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(homes.glob(f"*/{MINE}/{lab}_*.ipynb")):
            if path.resolve() == homes.resolve() / path.relative_to(homes):
                name = path.relative_to(homes).parts[0]
                archive.write(path, f"{name}/{path.name}")
                names.append(name)
    return sorted(set(names))


if __name__ == "__main__":
    os.umask(0o077)  # learners on this machine do not read it
    folder, target = os.environ.get("HUB_FOLDER") or "/srv/course-hub", sys.argv[2]
    learners = collect(Path(folder, "homes"), sys.argv[1], Path(target))
    if "SUDO_UID" in os.environ:
        os.chown(target, int(os.environ["SUDO_UID"]), int(os.environ["SUDO_GID"]))
    print(f"{len(learners)} learners: {', '.join(learners)}")
