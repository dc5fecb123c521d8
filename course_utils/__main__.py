"""Make the course's environment in .venv, then start something in it.

    python3 -m course_utils open          JupyterLab with the course's start page
    python3 -m course_utils test          every test; more words go to pytest
    python3 -m course_utils run           every lab, without a browser

Run it in the folder of the course, with any Python 3.11 or newer. It needs no other
package: this file uses the standard library alone.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
STAMP = VENV / "course-stamp.txt"  # written last: a broken installation has none
START_PAGE = "/lab/tree/notebooks/00_start_here.ipynb"

COMMANDS = {
    "open": ["jupyter", "lab", f"--LabApp.default_url={START_PAGE}"],
    "test": ["pytest"],
    "run": ["course_utils.authoring", "run"],
}


def main(words: list[str]) -> int:
    """Do what the words of the command line say and return the exit status."""
    if not words or words[0] not in COMMANDS:
        print(__doc__.strip(), file=sys.stderr)
        return 0 if words and words[0] in ("-h", "--help") else 2
    if sys.version_info < (3, 11):  # noqa: UP036 - this file runs in any Python
        return _stop(
            f"This is Python {sys.version.split()[0]}; the course needs 3.11 or newer."
        )
    if not (ROOT / "requirements.txt").is_file():
        return _stop("This works in a copy of the course's repository only.")
    try:
        make_environment()
    except subprocess.CalledProcessError as error:
        return _stop(
            f"The environment could not be made (exit status {error.returncode}; its "
            "last lines above say why). Nothing else was changed; run this again when "
            "the cause is mended."
        )
    except OSError as error:
        return _stop(f"The environment could not be made: {error}")
    try:
        command = [PYTHON, "-m", *COMMANDS[words[0]], *words[1:]]
        if words[0] == "open" and hasattr(os, "geteuid") and os.geteuid() == 0:
            command.append("--allow-root")  # in a container there is no other user
        return subprocess.run(command, cwd=ROOT, check=False).returncode
    except KeyboardInterrupt:  # Ctrl-C reaches the program in the environment as well
        return 130


def make_environment() -> None:
    """Install what requirements.txt pins, unless that has been done already."""
    pins = (ROOT / "requirements.txt").read_bytes()
    package = (ROOT / "pyproject.toml").read_bytes()
    # The path is part of it: a copied or moved .venv still points to the old place.
    wanted = hashlib.sha256(pins + package + os.fsencode(VENV)).hexdigest()
    if _works() and STAMP.is_file() and STAMP.read_text() == wanted:
        return
    if not _works():
        print("Making the environment in .venv ...", file=sys.stderr)
        _make_venv()
    print(
        "Installing the packages: a few minutes and several GB the first time ...",
        file=sys.stderr,
    )
    STAMP.unlink(missing_ok=True)
    pip = [PYTHON, "-m", "pip", "install", "--disable-pip-version-check"]
    if not sys.stdout.isatty():  # nobody watches: no progress bars in a log
        pip.append("--quiet")
    requirements = ["-r", ROOT / "requirements.txt", "-e", ROOT]
    subprocess.run([*pip, *requirements], cwd=ROOT, check=True)
    STAMP.write_text(wanted)


def _works() -> bool:
    """Whether .venv holds a Python that starts and has pip."""
    if not PYTHON.exists():
        return False
    test = [PYTHON, "-c", "import pip"]
    return subprocess.run(test, capture_output=True, check=False).returncode == 0


def _make_venv() -> None:
    make = [sys.executable, "-m", "venv", "--clear", VENV]
    try:
        subprocess.run(make, check=True, capture_output=True)
    except subprocess.CalledProcessError:
        # Debian and Ubuntu ship Python without the part that puts pip into a new
        # environment. An installed pip can do that; otherwise apt brings the part.
        subprocess.run([*make, "--without-pip"], check=True)
        pip = [sys.executable, "-m", "pip", "--python", PYTHON, "install", "pip"]
        if subprocess.run(pip, capture_output=True, check=False).returncode == 0:
            return
        _apt_install_venv()
        subprocess.run(make, check=True)


def _apt_install_venv() -> None:
    """Install Debian's python3.X-venv, as root or by way of sudo."""
    if not shutil.which("apt-get"):
        raise OSError("this Python has neither ensurepip nor pip; install one of them.")
    package = f"python3.{sys.version_info.minor}-venv"
    prefix = [] if os.geteuid() == 0 else ["sudo"]
    if prefix and not shutil.which("sudo"):
        raise OSError(f"first, as root, run: apt-get install {package}")
    print(f"Installing the system package {package} ...", file=sys.stderr)
    subprocess.run([*prefix, "apt-get", "update", "-qq"], check=True)
    subprocess.run([*prefix, "apt-get", "install", "-y", "-qq", package], check=True)


def _stop(message: str) -> int:
    print(message, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
