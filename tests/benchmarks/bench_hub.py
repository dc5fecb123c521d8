"""A class on a hub: from the click to the first result, the wait for a cell, memory.

The hub of ``.hub`` runs here, on 127.0.0.1 alone, with its own way to start servers.
More and more learners come: those of a step start their servers at once, then run the
cells of labs 1, 4 and 7 one by one, and think between them. A learner thinks far less
than a person does, so one of them stands for many; the notes below the table say so.
"""

import asyncio
import contextlib
import itertools
import json
import math
import os
import random
import secrets
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import psutil
from measure import BenchmarkError, machine, show
from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest
from tornado.websocket import websocket_connect

COURSE = Path(__file__).resolve().parents[2]
CONFIG = COURSE / ".hub" / "jupyterhub_config.py"
PROXY = COURSE / ".course/node_modules/.bin/configurable-http-proxy"
STEPS, SECONDS, THINK = (3, 6, 12, 24), 45.0, (1.0, 3.0)
LABS = ("01", "04", "07")
SYSTEM = 2  # GB
LONGEST = 120.0  # seconds for anything that a learner waits for
MORE = """\
load_subconfig({config!r})
c.JupyterHub.hub_port = {hub_port}
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{api_port}"
c.JupyterHub.services.append({{"name": "class", "api_token": {token!r}}})
c.JupyterHub.load_roles.append({{"name": "class", "services": ["class"], "scopes": [
    "admin:users", "admin:servers", "tokens", "access:servers"]}})
"""


# The hub --------------------------------------------------------------------------


def missing() -> str:
    """Return what a hub needs and is not here, as a sentence; nothing if all is."""
    if not all(map(find_spec, ("jupyterhub", "nativeauthenticator"))):
        return "JupyterHub is not installed here; README.md says how"
    if not (shutil.which(PROXY.name) or PROXY.is_file()):
        return "configurable-http-proxy is not installed here; README.md says how"
    return ""


@dataclass
class Hub:
    """A hub that runs: where, who may steer it, and in which folder."""

    url: str
    token: str
    folder: Path
    command: list[str]
    environment: dict[str, str]
    process: subprocess.Popen | None = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        with (self.folder / "hub.log").open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        until = time.monotonic() + LONGEST
        while time.monotonic() < until and self.process.poll() is None:
            with contextlib.suppress(OSError, HTTPClientError):
                asyncio.run(ask(self, "hub/api/"))
                return
            time.sleep(0.2)
        text = (self.folder / "hub.log").read_text("utf-8", "replace")
        raise BenchmarkError(f"the hub does not start:\n{text[-2000:]}")

    def stop(self) -> None:
        """Stop the hub and its proxy; servers go on."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(LONGEST)

    def processes(self) -> dict[str, list[psutil.Process]]:
        """Return the processes of each learner, and those of the hub under ``""``."""
        homes, found = str(self.folder / "homes") + "/", {"": []}
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                home = process.environ().get("HOME", "")
                if home.startswith(homes):
                    name = home.removeprefix(homes)
                    found.setdefault(name, []).append(process)
        learners = {process.pid for own in found.values() for process in own}
        with contextlib.suppress(psutil.Error):
            own = psutil.Process(self.process.pid)
            below = own.children(recursive=True)
            found[""] = [own, *(p for p in below if p.pid not in learners)]
        return found


@contextlib.contextmanager
def running(folder: Path, **variables: str) -> Iterator[Hub]:
    """Run the course's hub on free ports of this machine; end all of it afterwards."""
    if problem := missing():
        raise BenchmarkError(problem)
    ports = free_ports(3)
    token = secrets.token_hex(16)
    config = folder / "config.py"
    text = MORE.format(
        config=str(CONFIG), hub_port=ports[1], api_port=ports[2], token=token
    )
    config.write_text(text, encoding="utf-8")
    config.chmod(0o600)
    url = f"http://127.0.0.1:{ports[0]}/"
    environment = {
        **os.environ,
        "HUB_FOLDER": str(folder),
        "HUB_ADDRESS": url,
        "PYTHONPATH": os.pathsep.join([str(COURSE), os.environ.get("PYTHONPATH", "")]),
        **variables,
    }
    command = [sys.executable, "-m", "jupyterhub", "-f", str(config)]
    hub = Hub(url, token, folder, command, environment)
    # Who ends this program must not leave a class behind.
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        hub.start()
        yield hub
    finally:
        signal.signal(signal.SIGTERM, before)
        left = [p for processes in hub.processes().values() for p in processes]
        for process in left:
            with contextlib.suppress(psutil.Error):
                process.terminate()
        _, stubborn = psutil.wait_procs(left, timeout=10)
        for process in stubborn:
            with contextlib.suppress(psutil.Error):
                process.kill()
        for home in (folder / "homes").glob("*"):
            for sockets in Path("/dev/shm").glob(f"lab-{home.stat().st_uid}-*"):
                shutil.rmtree(sockets, ignore_errors=True)


def free_ports(n: int) -> list[int]:
    """Return ports of this machine that nothing listens on."""
    with contextlib.ExitStack() as stack:
        servers = [
            stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            for _ in range(n)
        ]
        return [server.getsockname()[1] for server in servers]


async def ask(hub: Hub, path: str, what: dict | None = None, **options):
    """Ask the hub, or a server behind it, for JSON; `what` is posted.

    With ``token=None`` nobody asks; with ``raw=True`` the answer comes as it is.
    """
    token = options.pop("token", hub.token)
    raw = options.pop("raw", False)
    headers = {"Authorization": f"token {token}"} if token else {}
    if what is not None:
        options |= {"method": "POST", "body": json.dumps(what)}
    answer = await AsyncHTTPClient().fetch(
        HTTPRequest(
            hub.url + path,
            headers=headers,
            request_timeout=LONGEST,
            connect_timeout=LONGEST,
            **options,
        )
    )
    return answer if raw else json.loads(answer.body or "null")


# A learner ------------------------------------------------------------------------


@dataclass
class Learner:
    """Somebody with a name, a token, a notebook and what came of it."""

    hub: Hub
    name: str
    token: str = ""
    kernel: str = ""
    socket: object = None
    first: float = 0.0  # seconds from the click to the first result
    waits: list[tuple[float, float]] = field(default_factory=list)  # when, seconds
    failed: list[str] = field(default_factory=list)

    async def enrol(self) -> None:
        """Become known to the hub, which a teacher does once."""
        await ask(self.hub, f"hub/api/users/{self.name}", {})
        made = await ask(self.hub, f"hub/api/users/{self.name}/tokens", {})
        self.token = made["token"]

    async def click(self) -> None:
        """Start the server and wait until it is ready, as the hub's page does."""
        ready = asyncio.Event()
        seen = []

        def hear(chunk: bytes) -> None:
            seen.append(chunk.decode("utf-8", "replace"))
            if '"ready": true' in seen[-1]:
                ready.set()

        await ask(self.hub, f"hub/api/users/{self.name}/server", {}, raw=True)
        await ask(
            self.hub,
            f"hub/api/users/{self.name}/server/progress",
            streaming_callback=hear,
            raw=True,
        )
        if not ready.is_set():
            raise BenchmarkError(f"no server for {self.name}: {''.join(seen)[-400:]}")

    async def own(self, path: str, what: dict | None = None, **options):
        """Ask one's own server."""
        return await ask(
            self.hub, f"user/{self.name}/{path}", what, token=self.token, **options
        )

    async def open(self, lab: str) -> list[dict]:
        """Open the copy of a lab; return its code cells."""
        there = await self.own("api/contents/my_labs")
        (path,) = [
            item["path"]
            for item in there["content"]
            if item["name"].startswith(lab) and item["name"].endswith(".ipynb")
        ]
        await self.own(f"lab/tree/{path}", raw=True)
        nb = (await self.own(f"api/contents/{path}"))["content"]
        session = {"path": path, "name": lab, "type": "notebook"}
        session["kernel"] = {"name": "python3"}
        self.kernel = (await self.own("api/sessions", session))["kernel"]["id"]
        await self.connect()
        return [cell for cell in nb["cells"] if cell["cell_type"] == "code"]

    async def connect(self) -> None:
        """Connect to the kernel, as a page does when it is loaded."""
        url = f"{self.hub.url}user/{self.name}/api/kernels/{self.kernel}/channels"
        headers = {"Authorization": f"token {self.token}"}
        self.socket = await websocket_connect(
            HTTPRequest(
                url.replace("http", "ws", 1),
                headers=headers,
                request_timeout=LONGEST,
                connect_timeout=LONGEST,
            ),
            max_message_size=2**28,
        )

    async def run(self, code: str) -> tuple[str, str]:
        """Run code in the kernel; return ``"ok"`` or an error, and what it printed."""
        number, status, printed = uuid.uuid4().hex, "", []
        header = {"msg_id": number, "msg_type": "execute_request", "version": "5.3"}
        header |= {"username": self.name, "session": number, "date": ""}
        content = {"code": code, "silent": False, "store_history": True}
        content |= {"user_expressions": {}, "allow_stdin": False}
        message = {"channel": "shell", "header": header, "parent_header": {}}
        message |= {"metadata": {}, "content": content, "buffers": []}
        await self.socket.write_message(json.dumps(message))
        idle = False
        while not (idle and status):
            text = await asyncio.wait_for(self.socket.read_message(), LONGEST)
            if text is None:
                return "disconnected", "".join(printed)
            if isinstance(text, bytes):  # of a widget
                continue
            answer = json.loads(text)
            kind, content = answer["header"]["msg_type"], answer["content"]
            if kind == "status" and content["execution_state"] == "restarting":
                return "the kernel died", "".join(printed)
            if answer["parent_header"].get("msg_id") != number:
                continue
            if kind == "stream":
                printed.append(content["text"])
            elif kind == "execute_reply":
                status = content["status"]
                if status == "error":
                    status = f"{content['ename']}: {content['evalue'][:200]}"
            elif kind == "status":
                idle = content["execution_state"] == "idle"
        return status, "".join(printed)

    async def learn(self, labs: Sequence[str], think, stop: asyncio.Event) -> None:
        """Click, then work through labs until the lesson is over."""
        start = time.perf_counter()
        await self.click()
        for lab in labs:
            for cell in await self.open(lab):
                asked = time.perf_counter()
                status, _ = await self.run("".join(cell["source"]))
                now = time.perf_counter()
                self.waits.append((now, now - asked))
                self.first = self.first or now - start
                tags = cell["metadata"].get("tags", [])
                if status != "ok" and not {"raises-exception", "exercise"} & {*tags}:
                    self.failed.append(f"{self.name}, lab {lab}: {status}")
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), random.uniform(*think))
                if stop.is_set():
                    return


# What it takes --------------------------------------------------------------------


def memory(processes: Sequence[psutil.Process], kind: str = "Pss") -> float:
    """Return the memory in MB of some processes; what is shared counts by its share.

    The kind ``"Pss_Anon"`` is what they hold for themselves: not the files of PyTorch,
    of which the machine keeps one copy for all.
    """
    kilobytes = 0
    for process in processes:
        with contextlib.suppress(OSError, StopIteration):
            text = Path(f"/proc/{process.pid}/smaps_rollup").read_text("utf-8")
            line = next(x for x in text.splitlines() if x.startswith(f"{kind}:"))
            kilobytes += int(line.split()[1])
    return kilobytes * 1024 / 1e6


def processor_seconds(*groups: Sequence[psutil.Process]) -> float:
    """Return the processor time that processes have taken, children that ended too."""
    total = 0.0
    for process in itertools.chain(*groups):
        with contextlib.suppress(psutil.Error):
            total += sum(process.cpu_times()[:4])
    return total


async def lesson(
    hub: Hub, steps: Sequence[int], seconds: float, think: tuple[float, float]
) -> tuple[list[list[str]], list[str]]:
    """Let learners come step by step; return the rows of the table and the failures."""
    AsyncHTTPClient.configure(None, max_clients=10 * max(steps) + 10)
    learners, tasks, rows, stop = [], [], [], asyncio.Event()
    for n in steps:
        new = [Learner(hub, f"learner{i + 1:03}") for i in range(len(learners), n)]
        await asyncio.gather(*(learner.enrol() for learner in new))
        for i, learner in enumerate(new, len(learners)):
            labs = [LABS[(i + k) % len(LABS)] for k in range(len(LABS))]
            tasks.append(asyncio.create_task(learner.learn(labs, think, stop)))
        learners += new
        while not all(learner.first for learner in new):
            for task in tasks:
                if task.done():
                    task.result()  # raises what has gone wrong
            await asyncio.sleep(0.2)
        begin = time.perf_counter()
        spent = processor_seconds(*hub.processes().values())
        await asyncio.sleep(seconds)
        found = hub.processes()
        spent = processor_seconds(*found.values()) - spent
        busy = spent / (time.perf_counter() - begin)
        while not (waits := [w for x in learners for at, w in x.waits if at > begin]):
            await asyncio.sleep(0.1)
        per = {name: memory(own) for name, own in found.items()}
        of_hub = per.pop("")
        firsts = [learner.first for learner in new]
        rows.append(
            [
                f"{n}",
                f"{len(new)}",
                f"{statistics.median(firsts):.1f}",
                f"{max(firsts):.1f}",
                f"{len(waits)}",
                f"{statistics.median(waits):.2f}",
                f"{sorted(waits)[int(0.95 * (len(waits) - 1))]:.2f}",
                f"{busy:.2f}",
                f"{statistics.mean(per.values()):.0f}",
                f"{sum(per.values()) / 1e3:.2f}",
                f"{of_hub:.0f}",
            ]
        )
        print(" | ".join(rows[-1]), file=sys.stderr, flush=True)  # of a long run
    stop.set()
    await asyncio.gather(*tasks)
    return rows, [text for learner in learners for text in learner.failed]


@dataclass
class Whole:
    """What a lab took of a learner who was alone, in seconds and MB."""

    lab: str
    cells: int
    first: float  # from the click to the first result
    first_cpu: float
    cells_cpu: float
    longest: float
    server: float
    kernel: float
    own: float  # of both, what others would not share


async def alone(hub: Hub, lab: str) -> Whole:
    """Measure a whole lab of one learner, cell by cell without a pause."""
    learner = Learner(hub, f"alone{lab}")
    await learner.enrol()
    waits, begin = [], time.perf_counter()
    await learner.click()
    for cell in await learner.open(lab):
        asked = time.perf_counter()
        await learner.run("".join(cell["source"]))
        waits.append(time.perf_counter() - asked)
        if len(waits) == 1:
            first = time.perf_counter() - begin
            first_cpu = processor_seconds(hub.processes()[learner.name])
    mine = hub.processes()[learner.name]
    kernel = [p for p in mine if "ipykernel_launcher" in " ".join(p.cmdline())]
    whole = Whole(
        lab=lab,
        cells=len(waits),
        first=first,
        first_cpu=first_cpu,
        cells_cpu=processor_seconds(mine) - first_cpu,
        longest=max(waits),
        server=memory(mine) - memory(kernel),
        kernel=memory(kernel),
        own=memory(mine, "Pss_Anon"),
    )
    await ask(hub, f"hub/api/users/{learner.name}/server", method="DELETE", raw=True)
    return whole


def show_whole(measured: Sequence[Whole]) -> None:
    """Print what single learners took, and what follows from the largest of each."""
    show(
        "One learner alone: a whole lab without a pause",
        (
            "lab", "cells", "first result, s", "its processor s", "cells: processor s",
            "longest, s", "server, MB", "kernel, MB", "of both its own, MB",
        ),
        [
            [
                w.lab, f"{w.cells}", f"{w.first:.1f}", f"{w.first_cpu:.1f}",
                f"{w.cells_cpu:.1f}", f"{w.longest:.1f}", f"{w.server:.0f}",
                f"{w.kernel:.0f}", f"{w.own:.0f}",
            ]
            for w in measured
        ],
    )  # fmt: skip
    first = max(w.first_cpu for w in measured)
    cells = max(w.cells_cpu for w in measured)
    each = max(w.server + w.kernel for w in measured)
    show(
        "So many learners need",
        ("learners", "cores to start in a minute", "cores in the lesson", "memory, GB"),
        [
            [
                f"{n:,}",
                f"{math.ceil(n * first / 60)}",
                f"{n * cells / 3600:.1f}",
                f"{math.ceil(n * each / 1000 + SYSTEM)}",
            ]
            for n in (30, 100, 1000)
        ],
        f"Arithmetic: {first:.1f} s of a processor until the first result, all in the "
        f"same minute; {cells:.1f} s for a lab of an hour; {each / 1000:.2f} GB for "
        f"each, and {SYSTEM} GB for the system and the hub.",
    )


def main(
    steps: Sequence[int] = STEPS,
    seconds: float = SECONDS,
    think: tuple[float, float] = THINK,
    labs: Sequence[str] = LABS,
) -> None:
    with tempfile.TemporaryDirectory(prefix="hub-") as folder:
        Path(folder).chmod(0o711)  # learners find their homes, and nothing else
        with running(Path(folder)) as hub:
            measured = [asyncio.run(alone(hub, lab)) for lab in labs]
            if measured:
                show_whole(measured)
            rows, failed = asyncio.run(lesson(hub, steps, seconds, think))
    show(
        "A class on a hub",
        (
            "learners", "start at once", "first result, s", "slowest, s", "cells",
            "wait, s", "95%, s", "cores busy", "MB each", "GB all", "hub, MB",
        ),
        rows,
        f"{machine(('torch', 'jupyterhub'))}. Labs {', '.join(LABS)}; learners think "
        f"{think[0]:g} to {think[1]:g} s; {seconds:g} s for each step. Memory is "
        "proportional: what processes share counts once.",
        *(f"Not as they should be: {text}" for text in failed),
    )  # fmt: skip
