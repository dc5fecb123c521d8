"""What a learner's server on a hub begins with: copies of the labs, then JupyterLab.

It runs as the learner; that the course can be read is all it needs.
"""

import os
import shutil
import sys
import tempfile
from pathlib import Path

from course_utils import workspace

COURSE = Path(workspace.__file__).resolve().parents[1]
HOME = Path.home()
SETTINGS, WORKSPACES = ".jupyter/lab/user-settings", ".jupyter/lab/workspaces"


def prepare() -> None:
    """Write the learner's copies, and how JupyterLab looks on the first start."""
    try:
        for line in workspace.make_copies(COURSE / "notebooks", HOME / workspace.MINE):
            print(line, file=sys.stderr)
        for plugin, settings in workspace.SETTINGS.items():
            package, _, name = plugin.partition(":")
            path = HOME / SETTINGS / package / f"{name}.jupyterlab-settings"
            workspace.write_new(path, settings)
        layout = HOME / WORKSPACES / "default-37a8.jupyterlab-workspace"
        workspace.write_new(layout, workspace.LAYOUT)
        # Jupyter would make this file, and without it does not start on a full disk.
        (HOME / ".jupyter/migrated").touch()
    except OSError as error:  # a full disk: what is there can be opened, or deleted
        print(f"The home cannot be written to: {error}", file=sys.stderr)


def own_folder() -> str:
    """Return a new folder for sockets, which no other learner can look into.

    Any user of a machine can listen to what a kernel prints on a TCP port. The path of
    a socket must be short; and memory is there when the disk is full.
    """
    shared = Path("/dev/shm" if os.path.isdir("/dev/shm") else tempfile.gettempdir())
    prefix = f"lab-{os.getuid()}-"
    for left in shared.glob(f"{prefix}*"):  # by the server before this one
        shutil.rmtree(left, ignore_errors=True)
    return tempfile.mkdtemp(prefix=prefix, dir=shared)


if __name__ == "__main__":
    os.umask(0o077)
    os.chdir(HOME)
    prepare()
    os.environ["JUPYTER_RUNTIME_DIR"] = own_folder()
    options = [
        f"--FileContentsManager.preferred_dir={workspace.MINE}",
        "--KernelManager.transport=ipc",
        "--LanguageServerManager.autodetect=False",  # it asks npm at each start
    ]
    command = [sys.executable, "-m", "jupyterhub.singleuser", *options, *sys.argv[1:]]
    os.execv(sys.executable, command)
