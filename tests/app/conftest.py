"""The demo's processes as fixtures, in a tenth of the tutorial's time."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

# Before anything imports app.settings: the scenarios' expectations are in the demo's time.
os.environ["SMOKEHOUSE_TIME_SCALE"] = "0.1"
os.environ["SMOKEHOUSE_DATA_DIR"] = tempfile.mkdtemp(prefix="smokehouse-")

ROOT = Path(__file__).resolve().parent.parent.parent
READY_WITHIN_S = 90.0
MUTANTS = Path(__file__).parent / "mutants"
sys.path.append(str(MUTANTS))


@dataclass(frozen=True)
class Demo:
    """Where each of the demo's processes listens."""

    app_url: str
    otlp_url: str
    traces_url: str
    httpbin_url: str
    app_log: Path
    servers: dict[str, str] = field(default_factory=dict)

    def play(self, scenario):
        """Play one scenario and return its result."""
        from overlap.backend import Backend
        from overlap.play import Player

        async def run():
            async with (
                Backend(self.traces_url) as backend,
                Player(self.app_url, self.otlp_url, backend, servers=self.servers) as player,
            ):
                return await player.play(scenario)

        return asyncio.run(run())


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@pytest.fixture(name="free_port")
def _free_port() -> Callable[[], int]:
    """A port where nobody listens."""
    return free_port


def start_process(command: list[str], log: Path, **environment: str) -> subprocess.Popen:
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            cwd=ROOT,
            env=os.environ | {"PYTHONUNBUFFERED": "1"} | environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )


def start_again(running: list[subprocess.Popen], over: threading.Event, *how, **environment: str):
    """Start a process anew each time it was killed, until it is over."""
    while not over.wait(0.05):
        if running[-1].poll() == -signal.SIGKILL:
            running.append(start_process(*how, **environment))


@contextmanager
def process(
    command: list[str], log: Path, *, again: bool = False, **environment: str
) -> Iterator[Callable[..., None]]:
    """Run one process until the block ends; with `again`, started anew when it was killed.

    It gives a function that waits until the process answers, or has written a line.
    """
    runs, over = [start_process(command, log, **environment)], threading.Event()
    watcher = threading.Thread(
        target=start_again, args=(runs, over, command, log), kwargs=environment
    )
    if again:
        watcher.start()

    def wait(ready_url: str = "", ready_line: str = "") -> None:
        deadline = time.monotonic() + READY_WITHIN_S
        while not (answers(ready_url) if ready_url else ready_line in log.read_text()):
            assert runs[0].poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)

    try:
        yield wait
    finally:
        over.set()
        if watcher.is_alive():
            watcher.join()
        running = runs[-1]
        running.terminate()
        try:
            running.wait(20)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()
            raise


def answers(ready_url: str) -> bool:
    url = httpx.URL(ready_url)
    try:
        if url.scheme == "smtp":
            socket.create_connection((url.host, url.port), timeout=5).close()
        else:
            httpx.get(url, trust_env=False, timeout=5)
    except (httpx.TransportError, OSError):
        return False
    return True


@pytest.fixture(scope="session")
def start_app(tmp_path_factory) -> Iterator[Callable[..., object]]:
    """Pocket and httpbin for the session; call it for a demo with an app of one's own."""
    folder = tmp_path_factory.mktemp("demo")
    otlp, traces, httpbin, mail = free_port(), free_port(), free_port(), free_port()
    mail_url = f"smtp://127.0.0.1:{mail}"
    otlp_url, traces_url = f"http://127.0.0.1:{otlp}", f"http://127.0.0.1:{traces}"
    httpbin_url = f"http://127.0.0.1:{httpbin}"
    road = {"OTEL_EXPORTER_OTLP_ENDPOINT": otlp_url, "OTEL_BSP_SCHEDULE_DELAY": "100"}
    python = sys.executable
    ports = ["--otlp-port", str(otlp), "--port", str(traces)]

    @contextmanager
    def start(settings: str, kind: str = "", **environment: str) -> Iterator[Demo]:
        from app.servers import command

        port = free_port()
        log = folder / f"{settings}-{port}.log"
        app_url = f"http://127.0.0.1:{port}"
        environment = (
            road
            | {"SMOKEHOUSE_ALLOW_KILL": "1"}
            | {"DJANGO_SETTINGS_MODULE": settings}
            | environment
        )
        environment |= {"SMOKEHOUSE_UPSTREAM_URL": f"{httpbin_url}/"}
        environment |= {"SMOKEHOUSE_MAIL_URL": mail_url}
        with process(command(kind, port), log, again=not kind, **environment) as wait:
            wait(app_url)
            wait_for_worker(ready_line="worker ready")
            yield Demo(app_url, otlp_url, traces_url, httpbin_url, log, {kind: app_url})

    with (
        # The slowest first; all start side by side.
        process(
            [python, "-m", "celery", "-A", "app.celery", "worker", "--without-gossip"],
            folder / "worker.log",
            **road,
            SMOKEHOUSE_UPSTREAM_URL=f"{httpbin_url}/",
        ) as wait_for_worker,
        process([python, "-m", "overlap", "pocket", *ports], folder / "pocket.log") as pocket,
        process(
            [python, "-m", "app.httpbin", "--port", str(httpbin)], folder / "httpbin.log", **road
        ) as upstream,
        process(
            [python, "-m", "app.mail", "--port", str(mail)], folder / "mail.log"
        ) as mail_server,
    ):
        migrate = [python, "manage.py", "migrate", "--no-input"]
        subprocess.run(migrate, cwd=ROOT, check=True, capture_output=True)
        pocket(traces_url)
        upstream(f"{httpbin_url}/status/200")
        mail_server(mail_url)
        yield start


@pytest.fixture(scope="session")
def demo(start_app) -> Iterator[Demo]:
    """The demo as it is."""
    with start_app("app.settings") as running:
        yield running


@pytest.fixture(scope="session")
def played(demo):
    """Each scenario's result, played once."""
    from app.scenarios import SCENARIOS

    by_name = {scenario.name: scenario for scenario in SCENARIOS}
    results = {}

    def play(name):
        if name not in results:
            results[name] = demo.play(by_name[name])
        return results[name]

    return play


@pytest.fixture(scope="session")
def start_broken(start_app) -> Callable[..., object]:
    """Call it for a demo with a broken copy of each view beside it."""
    path = os.pathsep.join([str(MUTANTS), os.environ.get("PYTHONPATH", "")])
    return lambda kind="": start_app("mutant_settings", kind, PYTHONPATH=path)
