"""A hub for a class: what it is made of agrees, and it runs where it is installed."""

import asyncio
import contextlib
import importlib
import json
import os
import re
import runpy
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
import zipfile
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
import requests
import yaml
from tornado.httpclient import HTTPClientError
from traitlets.config import Config

from course_utils.authoring.classroom.collect import collect, known_labs
from course_utils.workspace import MINE, START

ROOT = Path(__file__).resolve().parents[1]
HUB = ROOT / ".hub"
NOTEBOOK = nbformat.writes(nbformat.v4.new_notebook())
NEEDS_ROOT = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0,
    reason="numbers of their own for learners need root",
)


def pins():
    lines = (HUB / "requirements.txt").read_text("utf-8").splitlines()
    return dict(line.split("==") for line in lines if line and line[0] != "#")


@pytest.fixture
def load(monkeypatch, tmp_path):
    """Return what reads the hub's configuration, with JupyterHub or without it."""
    pytest.importorskip("resource", reason="a hub runs on Linux and macOS only")
    monkeypatch.chdir(tmp_path)
    stand_in = SimpleNamespace(SimpleLocalProcessSpawner=object)
    monkeypatch.setitem(sys.modules, "jupyterhub.spawner", stand_in)
    monkeypatch.setitem(sys.modules, "jupyterhub", SimpleNamespace(spawner=stand_in))
    culler = SimpleNamespace(__name__="jupyterhub_idle_culler")
    monkeypatch.setitem(sys.modules, "jupyterhub_idle_culler", culler)

    def load(**variables):
        for name in [n for n in os.environ if n.startswith("HUB_")]:
            monkeypatch.delenv(name)
        variables = {"HUB_FOLDER": str(tmp_path / "hub"), **variables}
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        config = Config()
        read = {"get_config": lambda: config}
        made = runpy.run_path(str(HUB / "jupyterhub_config.py"), read)
        return SimpleNamespace(**made)

    return load


# What it is made of ---------------------------------------------------------------


def test_the_packages_of_the_hub_fit_those_of_the_course():
    lock = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))
    locked = {package["name"]: package.get("version") for package in lock["package"]}
    ours = pins()
    assert {"jupyterhub", "jupyterhub-idle-culler"} <= ours.keys()
    binder = (ROOT / ".binder" / "requirements.txt").read_text("utf-8")
    for name, version in ours.items():
        assert locked.get(name, version) == version, f"{name}: the lock has another"
        assert f"\n{name}==" not in binder, f"{name} comes with the course"


def test_kubernetes_and_one_machine_are_set_alike(load):
    c = load(HUB_TEACHERS="ada").c
    values = yaml.safe_load((HUB / "values.yaml").read_text("utf-8"))
    theirs, one = values["hub"]["config"], values["singleuser"]
    assert theirs["JupyterHub"] == {"authenticator_class": "native"}
    assert c.JupyterHub.authenticator_class == "native"
    assert theirs["NativeAuthenticator"] == dict(c.NativeAuthenticator)
    teachers = set(theirs["Authenticator"].pop("admin_users"))
    assert teachers == c.Authenticator.admin_users
    del c.Authenticator.admin_users
    assert theirs["Authenticator"] == dict(c.Authenticator)
    assert one["defaultUrl"] == c.Spawner.default_url == f"/lab/tree/{MINE}/{START}"
    assert one["extraEnv"] == c.Spawner.environment
    assert one["memory"]["limit"] == f"{c.Spawner.mem_limit / 2**30:.0f}G"
    (culler,) = c.JupyterHub.services
    assert f"--timeout={values['cull']['timeout']}" in culler["command"]
    docker = load(HUB_IMAGE="course").c.DockerSpawner
    assert one["cmd"] == docker.cmd
    assert one["cpu"]["limit"] == docker.cpu_limit
    image = (HUB / "Dockerfile").read_text("utf-8")
    assert f"CMD {json.dumps(docker.cmd)}" in image
    assert f"useradd --create-home --uid {one['uid']} learner" in image
    assert one["storage"]["homeMountPath"] == "/home/learner"


def test_the_image_is_made_of_files_that_are_there():
    image = (HUB / "Dockerfile").read_text("utf-8")
    copied = re.findall(r"^COPY (\S+) ", image, re.MULTILINE)
    assert len(copied) == 3
    assert all((ROOT / path).exists() for path in copied)
    assert "/opt/course/.hub/start.py" in image and (HUB / "start.py").is_file()
    python = (ROOT / ".binder" / "runtime.txt").read_text("utf-8").strip()
    assert f"FROM {python.replace('-', ':')}-slim" in image


def test_without_a_certificate_it_listens_to_this_machine_alone(load):
    assert load().c.JupyterHub.bind_url == "http://127.0.0.1:8000"
    https = load(HUB_ADDRESS="https://0.0.0.0:443", HUB_CERTIFICATE="/etc/hub").c
    assert https.JupyterHub.ssl_key == "/etc/hub/privkey.pem"


@pytest.mark.parametrize("image", ["", "course"])
def test_jupyterhub_knows_every_setting(load, image, monkeypatch):
    """It passes over a setting that it does not know without a word."""
    made = load(HUB_IMAGE=image)
    monkeypatch.undo()  # the stand-ins
    pytest.importorskip("jupyterhub", reason="JupyterHub is not installed here")
    places = {
        "JupyterHub": "jupyterhub.app",
        "Spawner": "jupyterhub.spawner",
        "ConfigurableHTTPProxy": "jupyterhub.proxy",
        "Authenticator": "jupyterhub.auth",
        "NativeAuthenticator": "nativeauthenticator",
        "DockerSpawner": "dockerspawner",
        "OwnNumberSpawner": "jupyterhub.spawner",
    }
    assert len(made.c) == 6
    for name, settings in made.c.items():
        module = importlib.import_module(places[name])
        known = getattr(module, name.replace("OwnNumber", "")).class_traits(config=True)
        assert settings.keys() <= known.keys(), name


@pytest.mark.parametrize(
    "name", ["..", ".hidden", "a/../../etc", "ada\n", "a" * 33, "-x", "", "é"]
)
def test_a_name_that_is_no_folder_of_its_own_is_refused(load, name):
    pattern = re.compile(load().c.Authenticator.username_pattern)
    assert not pattern.match(name)  # match, as JupyterHub does
    assert pattern.match("ada.lovelace-2")


# Homes ----------------------------------------------------------------------------


@NEEDS_ROOT
def test_each_learner_has_a_number_of_their_own(load):
    hub = load()
    homes = [hub.home_of(name) for name in ("ada", "alan", "ada")]
    numbers = [home.stat().st_uid for home in homes]
    assert numbers[0] == numbers[2] != numbers[1]
    assert min(numbers) > hub.FIRST_NUMBER
    assert homes[0].stat().st_mode & 0o077 == 0
    shutil.rmtree(homes[0])
    assert hub.home_of("grace").stat().st_uid not in numbers[1:2]
    os.chown(homes[1], 0, 0)  # a hub that was stopped between two lines
    assert hub.home_of("alan").stat().st_uid > hub.FIRST_NUMBER


def test_on_a_full_disk_a_new_learner_is_told_so(load, monkeypatch):
    hub = load()
    old = hub.home_of("ada")
    full = SimpleNamespace(free=1_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: full)
    assert hub.home_of("ada") == old  # who has copies can go on, and delete
    with pytest.raises(hub.FullDiskError) as told:
        hub.home_of("alan")
    assert "disk of this hub is full" in told.value.jupyterhub_message


def test_a_server_begins_with_copies_that_it_never_writes_over(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    start = runpy.run_path(str(HUB / "start.py"))
    start["prepare"]()
    labs = sorted(path.name for path in (tmp_path / MINE).glob("*.ipynb"))
    assert labs == sorted(p.name for p in (ROOT / "notebooks").glob("[0-9]*.ipynb"))
    mine = tmp_path / MINE / START
    mine.write_text("mine", encoding="utf-8")
    start["prepare"]()
    assert mine.read_text("utf-8") == "mine"
    news = tmp_path / start["SETTINGS"] / "@jupyterlab/apputils-extension"
    settings = (news / "notification.jupyterlab-settings").read_text("utf-8")
    assert json.loads(settings)["fetchNews"] == "false"


def test_a_home_that_cannot_be_written_to_does_not_stop_a_server(
    monkeypatch, tmp_path, capsys
):
    (tmp_path / MINE).write_text("a file in the place of the folder", "utf-8")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    runpy.run_path(str(HUB / "start.py"))["prepare"]()
    assert "cannot be written to" in capsys.readouterr().err


# Collecting -----------------------------------------------------------------------


def test_what_is_collected_is_each_learners_own(tmp_path):
    homes = tmp_path / "homes"
    text = (ROOT / "notebooks" / "01_softmax.ipynb").read_text("utf-8")
    for name in ("ada", "alan"):
        (homes / name / MINE).mkdir(parents=True)
        (homes / name / MINE / "01_softmax.ipynb").write_text(text, encoding="utf-8")
        (homes / name / MINE / "02_cross_entropy_by_hand.ipynb").write_text(
            "{}", "utf-8"
        )
    for name, link, target in (
        ("eve", MINE, homes / "ada" / MINE),
        ("mallory/my_labs", "01_softmax.ipynb", homes / "ada/my_labs/01_softmax.ipynb"),
    ):
        (homes / name).mkdir(parents=True)
        (homes / name / link).symlink_to(target)
    script = runpy.run_path(str(HUB / "collect.py"))
    pile = tmp_path / "hand-ins.zip"
    assert script["collect"](homes, "01", pile) == ["ada", "alan"]
    found, _ = collect(pile, known_labs())
    assert [(x.student, x.lab) for x in found] == [
        ("ada", "01_softmax"),
        ("alan", "01_softmax"),
    ]
    assert len(zipfile.ZipFile(pile).namelist()) == 2


def test_installing_opens_no_more_than_the_course():
    """Hand-ins and marks may lie in the same folder."""
    text = (HUB / "install").read_text("utf-8")
    opened = re.findall(r"chmod (?:-R )?a\+rX (.*)", text)
    names = {name for line in opened for name in line.split()}
    assert names == {".", ".course", ".hub", "course_utils", "notebooks", "data"}
    assert not re.search(r"chmod -R a\+rX \.$", text, re.MULTILINE)


# A hub that runs ------------------------------------------------------------------


@pytest.fixture(scope="module")
def class_():
    """Return a running hub with two learners; nothing of it is left afterwards."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "tests" / "benchmarks")
        bench_hub = importlib.import_module("bench_hub")
    if problem := bench_hub.missing():
        pytest.skip(problem)
    # pytest's own folders are for root alone: learners must be able to walk through.
    folder = Path(tempfile.mkdtemp(prefix="hub-"))
    folder.chmod(0o711)
    try:
        with bench_hub.running(folder, HUB_TEACHERS="tess", HUB_MEMORY="1.5") as hub:
            ada, eve = (bench_hub.Learner(hub, name) for name in ("ada", "eve"))
            asyncio.run(come(ada, eve))
            yield SimpleNamespace(hub=hub, ada=ada, eve=eve, ask=bench_hub.ask)
    finally:
        shutil.rmtree(folder)


async def come(*learners):
    for learner in learners:
        await learner.enrol()
        await learner.click()
        await learner.open("01")


def runs(learner, code):
    """Return what code in a learner's kernel prints, or the error that it raises."""

    async def run():
        await learner.connect()
        return await learner.run(code)

    status, printed = asyncio.run(run())
    return printed.strip() if status == "ok" else status


def refused(coroutine):
    """Return the status with which a request is refused."""
    with pytest.raises(HTTPClientError) as error:
        asyncio.run(coroutine)
    return error.value.code


def test_a_learner_works_in_copies_with_one_thread(class_):
    where = "import os\nprint(os.getcwd(), os.environ['OMP_NUM_THREADS'])"
    copies = class_.hub.folder / "homes" / "ada" / MINE
    assert runs(class_.ada, where) == f"{copies} 1"
    assert (copies / "07_mnist_binary.ipynb").is_file()


@NEEDS_ROOT
@pytest.mark.parametrize(
    "code",
    [
        "os.listdir({homes!r} + '/ada')",
        "open({homes!r} + '/ada/my_labs/01_softmax.ipynb')",
        "open({homes!r} + '/ada/new', 'w')",
        "os.listdir({homes!r})",
        "open({homes!r} + '/../hub/jupyterhub.sqlite')",
        "open({homes!r} + '/../config.py')",
        "open('/proc/{kernel}/environ').read()",
        "os.kill({kernel}, 9)",
        "os.listdir('{sockets}')",
        "open({course!r} + '/notebooks/01_softmax.ipynb', 'a')",
        "os.setuid(0)",
    ],
)
def test_nobody_gets_at_what_is_anothers(class_, code):
    pid, sockets = runs(
        class_.ada, "import os\nprint(os.getpid(), os.environ['JUPYTER_RUNTIME_DIR'])"
    ).split()
    homes = str(class_.hub.folder / "homes")
    code = code.format(homes=homes, kernel=pid, sockets=sockets, course=str(ROOT))
    assert "PermissionError" in runs(class_.eve, f"import os\n{code}")


LISTENS = """
import time, zmq
ear = zmq.Context().socket(zmq.SUB)
ear.subscribe(b"")
for port in {ports}: ear.connect(f"tcp://127.0.0.1:{{port}}")
until = time.time() + 3
while time.time() < until:
    if ear.poll(100): print(ear.recv_multipart())"""


def test_nobody_hears_what_anothers_kernel_prints(class_):
    processes = class_.hub.processes()["ada"]
    (kernel,) = [p for p in processes if "ipykernel_launcher" in p.cmdline()]
    sockets = kernel.net_connections(kind="inet")
    ports = [x.laddr.port for x in sockets if x.status == "LISTEN"]
    says = (
        "import time\nfor i in range(30): print('secret', flush=True); time.sleep(0.1)"
    )

    async def both():
        await asyncio.gather(class_.ada.connect(), class_.eve.connect())
        listens = LISTENS.format(ports=ports)
        return await asyncio.gather(class_.ada.run(says), class_.eve.run(listens))

    said, heard = asyncio.run(both())
    assert said == ("ok", "secret\n" * 30)
    assert heard == ("ok", "")


def test_wrong_tokens_are_refused(class_):
    ask, hub, ada, eve = class_.ask, class_.hub, class_.ada, class_.eve
    assert asyncio.run(ask(hub, "user/ada/api/status", token=ada.token))
    for token in (None, "0" * 32, eve.token):
        assert refused(ask(hub, "user/ada/api/status", token=token)) == 403
    port = class_.hub.processes()["ada"][0].net_connections(kind="inet")
    ports = {c.laddr.port for c in port if c.status == "LISTEN"}
    assert len(ports) == 1  # the server itself, past the proxy
    beside = replace(hub, url=f"http://127.0.0.1:{ports.pop()}/")
    for token in (None, "0" * 32, eve.token):
        assert refused(ask(beside, "user/ada/api/status", token=token)) == 403
    assert refused(ask(hub, "hub/api/users/ada", token=eve.token)) == 404
    assert refused(ask(hub, "hub/api/users", token=None)) == 403
    assert refused(ask(hub, "hub/api/users/mia", {}, token=eve.token)) == 403


def test_who_was_not_let_in_or_has_the_wrong_password_stays_out(class_):
    url = class_.hub.url + "hub/"

    def form(session, page, **fields):
        session.get(url + page)
        fields["_xsrf"] = session.cookies.get("_xsrf", path="/hub/")
        return session.post(url + page, data=fields, allow_redirects=False)

    def sign_up(name, password):
        twice = {"signup_password": password, "signup_password_confirmation": password}
        return form(requests.Session(), "signup", username=name, **twice)

    def comes_in(name, password, session=None):
        session = session or requests.Session()
        form(session, "login", username=name, password=password)
        return session.get(url + "home", allow_redirects=False).status_code == 200

    for name, password in [
        ("tess", "a long secret"), ("mia", "another secret"), ("liv", "password"),
        ("../eve", "another secret"),
    ]:  # fmt: skip
        assert sign_up(name, password).status_code == 200
    assert not comes_in("mia", "another secret")  # nobody has let her in
    assert not comes_in("tess", "a long secre")
    assert not comes_in("liv", "password")  # too common to be taken
    teacher = requests.Session()
    assert comes_in("tess", "a long secret", teacher)
    page = teacher.get(url + "authorize").text
    assert "mia" in page and "../eve" not in page and "liv" not in page
    stranger = requests.Session()
    assert stranger.get(url + "authorize/mia", allow_redirects=False).status_code != 200
    assert not comes_in("mia", "another secret")
    teacher.get(url + "authorize/mia")
    assert comes_in("mia", "another secret")
    assert not any(comes_in("mia", f"guess number {i}") for i in range(5))
    assert not comes_in("mia", "another secret")  # not for the next five minutes
    assert comes_in("tess", "a long secret")


def test_who_eats_all_memory_harms_nobody_else(class_):
    eats = "import torch\nx = []\nfor _ in range(30): x.append(torch.ones(25_000_000))"
    assert "can't allocate memory" in runs(class_.eve, eats)
    assert runs(class_.ada, "print(6 * 7)") == "42"
    assert runs(class_.eve, "x.clear(); print(len(x))") == "0"


@NEEDS_ROOT
def test_who_starts_processes_without_end_is_stopped(class_):
    forks = "ps = []\nfor _ in range(300): ps.append(subprocess.Popen(['sleep', '60']))"
    runs(class_.eve, "import subprocess")
    assert runs(class_.eve, forks).startswith("BlockingIOError")
    assert runs(class_.ada, "print(6 * 7)") == "42"
    assert runs(class_.eve, "[p.kill() for p in ps]; print([p.wait() for p in ps][0])")


def test_learners_go_on_when_the_hub_is_started_anew(class_):
    runs(class_.ada, "kept = 42")
    before = {p.pid for p in class_.hub.processes()["ada"]}
    class_.hub.stop()
    assert before == {p.pid for p in class_.hub.processes()["ada"]}
    class_.hub.start()
    assert runs(class_.ada, "print(kept)") == "42"
    assert before == {p.pid for p in class_.hub.processes()["ada"]}


@NEEDS_ROOT
def test_a_full_disk_keeps_nobody_out(class_):
    """A learner whose disk is full is told so, can go on, and can delete."""
    hub, ask, zoe = class_.hub, class_.ask, replace(class_.ada, name="zoe")
    home = hub.folder / "homes" / "zoe"
    home.mkdir()
    options = "size=4m,uid=1500000,gid=1500000,mode=700"
    mount = ["mount", "-t", "tmpfs", "-o", options, "none", str(home)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("no small disk can be made here")

    async def stop():
        await ask(hub, "hub/api/users/zoe/server", method="DELETE", raw=True)
        while (await ask(hub, "hub/api/users/zoe"))["servers"]:
            await asyncio.sleep(0.1)

    copy = home / MINE / "02_cross_entropy_by_hand.ipynb"
    path = f"user/zoe/api/contents/{copy.relative_to(home)}"
    new = {"type": "notebook", "content": json.loads(NOTEBOOK)}
    save = {"method": "PUT", "body": json.dumps(new)}
    try:
        asyncio.run(come(zoe))
        save["token"] = zoe.token
        full = (home / "full").open("wb", buffering=0)
        with contextlib.suppress(OSError), full:
            while True:
                full.write(bytes(4096))
        asyncio.run(stop())
        asyncio.run(zoe.click())
        asyncio.run(zoe.open("02"))
        assert runs(zoe, "print(6 * 7)") == "42"
        before = copy.read_bytes()
        with pytest.raises(HTTPClientError) as told:
            asyncio.run(ask(hub, path, **save))
        message = json.loads(told.value.response.body)["message"]
        assert "disk is full" in message or "No space left" in message
        assert copy.read_bytes() == before
        assert runs(class_.ada, "print(open('new', 'w').write('x'))") == "1"
        assert runs(zoe, "import os; os.remove('../full'); print(1)") == "1"
        assert asyncio.run(ask(hub, path, **save))["name"] == copy.name
        assert copy.read_bytes() != before
    finally:
        asyncio.run(stop())
        subprocess.run(["umount", "--lazy", str(home)], check=True)


def _has_server(class_, name):
    """Whether the hub still counts a server of a learner, one that is stopping too."""
    user = asyncio.run(class_.ask(class_.hub, f"hub/api/users/{name}"))
    return bool(user["servers"]) or bool(user["pending"])


def test_a_server_that_nobody_uses_is_stopped_and_work_is_kept(class_):
    """The hub's own service with its own rights, but with less patience."""
    hub, eve = class_.hub, class_.eve
    mine = hub.folder / "homes" / "eve" / MINE / "mine.ipynb"
    runs(eve, f"open({str(mine)!r}, 'w').write('mine')")
    (culler,) = [
        p for p in hub.processes()[""] if "jupyterhub_idle_culler" in p.cmdline()
    ]
    words = [w for w in culler.cmdline() if not w.startswith("--timeout")]
    assert len(words) == 3
    with subprocess.Popen(
        [*words, "--timeout=1", "--cull-every=1"],
        env=culler.environ(),
        stderr=subprocess.DEVNULL,
    ) as impatient:
        try:
            until = time.monotonic() + 60
            while _has_server(class_, "eve") and time.monotonic() < until:
                time.sleep(0.5)
        finally:
            impatient.terminate()
    assert "eve" not in hub.processes()
    asyncio.run(eve.click())
    asyncio.run(eve.open("01"))
    assert runs(eve, "print(open('mine.ipynb').read())") == "mine"


def test_a_simulated_class_learns_without_an_error(capsys, monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "tests" / "benchmarks")
    bench_hub = importlib.import_module("bench_hub")
    if problem := bench_hub.missing():
        pytest.skip(problem)
    bench_hub.main(steps=(2,), seconds=1, think=(0, 0.1), labs=("01",))
    text = capsys.readouterr().out
    assert re.search(r"^\| 2 +\| +2 \|", text, re.MULTILINE)
    assert "Not as they should be" not in text
