"""JupyterHub for a class on one machine; README.md says how it is installed.

The course, its packages and MNIST are there once, for all to read. A learner has a home
with copies of the labs, which stay when servers and the hub stop. What may differ from
school to school is in variables:

    HUB_TEACHERS     who lets learners in, such as "ada grace"
    HUB_FOLDER       passwords, and homes/ with a folder per learner (/srv/course-hub)
    HUB_ADDRESS      where it listens (http://127.0.0.1:8000: for this machine alone)
    HUB_CERTIFICATE  a folder with fullchain.pem and privkey.pem, for https
    HUB_MEMORY       GB for a learner (2)
    HUB_IMAGE        an image (see .hub/Dockerfile): each server is a container

Without an image a server is a process under a user number of its own, which the kernel
keeps out of other learners' files; for that the hub must run as root. Its limits hold
for each process. Those of a container hold for all that a learner runs.
"""

import os
import resource
import shutil
import sys
from pathlib import Path

import jupyterhub_idle_culler as culler
from jupyterhub.spawner import SimpleLocalProcessSpawner

from course_utils.workspace import MINE, START

COURSE = Path(__file__).resolve().parents[1]
FOLDER = Path(os.environ.get("HUB_FOLDER") or "/srv/course-hub")
HOMES = FOLDER / "homes"
ADDRESS = os.environ.get("HUB_ADDRESS") or "http://127.0.0.1:8000"
CERTIFICATE = os.environ.get("HUB_CERTIFICATE")
MEMORY = round(float(os.environ.get("HUB_MEMORY") or 2) * 2**30)
IMAGE = os.environ.get("HUB_IMAGE")
ROOT = os.geteuid() == 0
FIRST_NUMBER = 1_000_000  # of learners: far above all users of the machine
MOST_PROCESSES = 200  # of a learner, threads too
IDLE = 3600  # seconds until a server that nobody uses is stopped
ROOM = 20_000_000  # bytes: the copies of all labs, and a little more

c = get_config()  # noqa: F821

# The hub ---------------------------------------------------------------------------

FOLDER.mkdir(parents=True, exist_ok=True)
HOMES.mkdir(mode=0o711, exist_ok=True)
(FOLDER / "hub").mkdir(mode=0o700, exist_ok=True)  # passwords, as hashes
os.chdir(FOLDER / "hub")
c.JupyterHub.db_url = "sqlite:///jupyterhub.sqlite"
c.JupyterHub.bind_url = ADDRESS
if CERTIFICATE:
    c.JupyterHub.ssl_cert = f"{CERTIFICATE}/fullchain.pem"
    c.JupyterHub.ssl_key = f"{CERTIFICATE}/privkey.pem"
proxy = COURSE / ".course/node_modules/.bin/configurable-http-proxy"
c.ConfigurableHTTPProxy.command = shutil.which(proxy.name) or str(proxy)
c.JupyterHub.cleanup_servers = False  # learners go on when the hub is started anew
c.JupyterHub.concurrent_spawn_limit = 100
c.JupyterHub.load_roles = [
    {
        "name": "culler",
        "services": ["culler"],
        "scopes": [
            "list:users", "read:users:activity", "read:servers", "delete:servers",
        ],
    }
]  # fmt: skip
c.JupyterHub.services = [
    {
        "name": "culler",
        "command": [sys.executable, "-m", culler.__name__, f"--timeout={IDLE}"],
    }
]

# Who comes in: a learner signs up, a teacher lets them in at /hub/authorize ---------

c.JupyterHub.authenticator_class = "native"
c.Authenticator.admin_users = set((os.environ.get("HUB_TEACHERS") or "").split())
c.Authenticator.allow_all = True  # whom a teacher has let in
c.Authenticator.username_pattern = r"[a-z0-9][a-z0-9._-]{0,31}\Z"  # it names a folder
c.NativeAuthenticator.minimum_password_length = 8
c.NativeAuthenticator.check_common_password = True
c.NativeAuthenticator.allowed_failed_logins = 5
c.NativeAuthenticator.seconds_before_next_try = 300

# A learner's server ------------------------------------------------------------------

c.Spawner.cmd = [sys.executable, str(COURSE / ".hub/start.py")]
c.Spawner.default_url = f"/lab/tree/{MINE}/{START}"
c.Spawner.mem_limit = MEMORY
c.Spawner.start_timeout = c.Spawner.http_timeout = 120
# One thread: labs are made for it, and thirty learners share the cores.
c.Spawner.environment = {"OMP_NUM_THREADS": "1"}


class FullDiskError(Exception):
    """There is no room for a learner's copies."""

    jupyterhub_message = (
        "The disk of this hub is full, so your copies of the labs cannot be made. "
        "Please tell your teacher."
    )


def home_of(name: str) -> Path:
    """Return a learner's home, made and given a number of its own where it is new."""
    home = HOMES / name
    if not home.exists() and shutil.disk_usage(HOMES).free < ROOM:
        raise FullDiskError
    home.mkdir(mode=0o700, exist_ok=True)
    if ROOT and home.stat().st_uid < FIRST_NUMBER:
        numbers = [path.stat().st_uid for path in HOMES.iterdir()]
        number = max([FIRST_NUMBER, *numbers]) + 1
        os.chown(home, number, number)
    return home


class OwnNumberSpawner(SimpleLocalProcessSpawner):
    """A process with a home, a user number and limits of its own."""

    def make_preexec_fn(self, name):
        """Return what the new process does before it becomes the server."""
        home, limit = self.home_dir, resource.setrlimit
        number = os.stat(home).st_uid

        def become_the_learner():
            limit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
            limit(resource.RLIMIT_CORE, (0, 0))
            os.nice(5)  # the hub answers first
            os.umask(0o077)
            if ROOT:
                limit(resource.RLIMIT_NPROC, (MOST_PROCESSES, MOST_PROCESSES))
                os.setgroups([])
                os.setgid(number)
                os.setuid(number)
            os.chdir(home)

        return become_the_learner


def prepare(spawner):
    """Give a server its home; what fails here is shown to the learner."""
    home = home_of(spawner.user.name)
    if IMAGE:
        number = home.stat().st_uid
        spawner.extra_create_kwargs = {"user": f"{number}:{number}"}
        spawner.volumes = {str(home): "/home/learner"}
    else:
        spawner.home_dir = str(home)


c.Spawner.pre_spawn_hook = prepare
if IMAGE:
    c.JupyterHub.spawner_class = "docker"
    c.JupyterHub.hub_ip = c.JupyterHub.hub_connect_ip = "172.17.0.1"  # Docker's bridge
    c.DockerSpawner.image = IMAGE
    c.DockerSpawner.cmd = ["python", "/opt/course/.hub/start.py"]
    c.DockerSpawner.remove = True
    c.DockerSpawner.cpu_limit = 1
    c.DockerSpawner.extra_host_config = {
        "pids_limit": MOST_PROCESSES,
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges"],
    }
else:
    c.JupyterHub.spawner_class = OwnNumberSpawner
    c.OwnNumberSpawner.env_keep = ["PATH", "PYTHONPATH", "LANG", "COURSE_MNIST"]
    if not ROOT:
        print("This hub does not run as root: learners can read each other's files.")
