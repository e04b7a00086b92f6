"""The real servers, with the repository's own files, and the demo in front of them.

`make test-stack` builds what is missing first. The lessons are played once, in a fifth of the
tutorial's time; the collector sends each span to Jaeger, to a pocket beside it and to a file.
"""

import asyncio
import os
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

os.environ.setdefault("SMOKEHOUSE_TIME_SCALE", "0.2")
os.environ.setdefault("SMOKEHOUSE_DATA_DIR", tempfile.mkdtemp(prefix="smokehouse-"))

from otel.native.stack import Ports, Stack

ROOT = Path(__file__).resolve().parent.parent.parent
WITHIN_S = 60.0


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("stack")
            # The first one that needs the lessons waits until all are played.
            item.add_marker(pytest.mark.timeout(600))


@pytest.fixture(scope="session")
def poll():
    """Wait for what comes when it comes: `poll(ask)`."""
    return _poll


def _poll(ask, *, within_s=WITHIN_S, every_s=0.25):
    """Ask until the answer is true, and give it; the last answer's failure if it never is."""
    deadline = time.monotonic() + within_s
    while True:
        try:
            if answer := ask():
                return answer
            problem = f"{ask} gave {answer!r}"
        except (httpx.HTTPError, AssertionError, KeyError) as error:
            problem = error
        assert time.monotonic() < deadline, problem
        time.sleep(every_s)


@dataclass(frozen=True)
class Demo:
    """Where the demo and the servers behind it are."""

    stack: Stack
    app_url: str
    servers: dict[str, str]
    pocket_url: str

    @property
    def otlp_url(self) -> str:
        return self.stack.url("otlp_http")

    def get(self, server: str, path: str, **params: str) -> dict:
        """The JSON that a server of the stack answers."""
        answer = httpx.get(
            self.stack.url(server) + path, params=params, trust_env=False, timeout=20
        )
        assert answer.is_success, f"{path} {params}: {answer.status_code} {answer.text[:300]}"
        return answer.json()

    def query(self, expr: str) -> list[dict]:
        """What Prometheus says just now."""
        return self.get("prometheus", "/api/v1/query", query=expr)["data"]["result"]

    def lines(self, expr: str) -> list[dict]:
        """What Loki has of the last hour."""
        start = str(time.time_ns() - 3_600_000_000_000)
        return self.get("loki", "/loki/api/v1/query_range", query=expr, start=start, limit="500")[
            "data"
        ]["result"]

    def play(self, scenario, traces_url=None):
        """Play one lesson and read its trace from Jaeger."""
        from overlap.backend import Backend
        from overlap.play import Player

        async def run():
            async with (
                Backend(traces_url or self.stack.url("jaeger")) as backend,
                Player(self.app_url, self.otlp_url, backend, servers=self.servers) as player,
            ):
                return await player.play(scenario)

        return asyncio.run(run())

    def trace(self, trace_id, url=None):
        """The trace as Jaeger, or the backend at `url`, has it."""
        from overlap.backend import Backend

        async def run():
            async with Backend(url or self.stack.url("jaeger")) as backend:
                return await backend.trace(trace_id)

        return asyncio.run(run())


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("stack")


@pytest.fixture(scope="session")
def ports():
    return Ports.free()


@pytest.fixture(scope="session")
def pocket(folder):
    """A pocket, to compare with: its traces address and its OTLP address."""
    process = subprocess.Popen(
        [sys.executable, "-m", "overlap", "pocket", "--port=0", "--otlp-port=0"],
        cwd=folder, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    otlp, traces = (process.stdout.readline().split()[-1] for _ in range(2))
    yield traces.rstrip("/"), otlp.rstrip("/")
    process.terminate()
    process.wait(timeout=15)
    process.stdout.close()


@pytest.fixture(scope="session")
def exported(folder):
    """The file that the collector's file exporter writes: each span of the lessons."""
    return folder / "spans.jsonl"


@pytest.fixture(scope="session")
def stack(folder, ports, pocket, exported):
    """Every server there is a binary for, ready."""
    tee = [
        f"--config=yaml:exporters::otlp_http/pocket::endpoint: {pocket[1]}",
        f"--config=yaml:exporters::file::path: {exported}",
        "--config=yaml:service::pipelines::traces::exporters: "
        "[otlp_http/traces, span_metrics, service_graph, otlp_http/pocket, file]",
    ]
    with Stack(folder / "servers", ports, collector_options=tee) as running:
        for name in running.servers:
            running.start(name)
        running.wait()
        yield running


@pytest.fixture(scope="session")
def demo(stack, folder, pocket):
    """The demo's processes, sending to the collector."""
    names = ["app", "httpbin", "mail", "workers", "wsgi", "page"]
    own = dict(zip(names, free_ports(len(names)), strict=True))
    log = folder / "demo.log"
    ports = own | {"otlp": stack.ports.otlp_http, "traces": stack.ports.jaeger}
    options = [f"--{name}-port={port}" for name, port in ports.items()]
    command = [sys.executable, "-m", "app.demo", "--stack", "--no-play", *options]
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT)
    try:
        _poll(lambda: process.poll() is not None or "Serving" in log.read_text(), within_s=120)
        assert process.poll() is None, log.read_text()
        urls = {name: f"http://127.0.0.1:{port}" for name, port in own.items()}
        yield Demo(stack, urls["app"], urls, pocket[0])
    finally:
        process.terminate()
        process.wait(60)


@pytest.fixture(scope="session")
def played(demo):
    """Every lesson, played once through the collector: the results by name."""
    from tests.stack.lessons import PLAYED

    return {name: demo.play(scenario) for name, scenario in PLAYED.items()}


def free_ports(count):
    """Ports that nobody listens at just now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    numbers = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return numbers
