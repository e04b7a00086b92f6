"""Runs `overlap run` as a user does, in a folder with a project in it."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

SITE = Path(__file__).parent / "site"
DEADLINE_S = 60.0


def until(check: Callable[[], Any], what: str) -> Any:
    """Poll until `check()` is truthy, and give that back."""
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        try:
            if value := check():
                return value
        except (httpx.HTTPError, KeyError):
            pass
        time.sleep(0.1)
    pytest.fail(f"not in {DEADLINE_S:.0f} s: {what}")


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@dataclass
class Run:
    """One `overlap run`, with what it has said so far."""

    process: subprocess.Popen[bytes]
    log: Path
    notes: Path
    port: int
    """The served application's."""
    page: str = ""
    service: str = "bakery"
    pids: set[int] = field(default_factory=set)
    """Who has answered."""

    @property
    def said(self) -> list[str]:
        """Our own lines."""
        lines = self.log.read_text(encoding="utf-8").splitlines()
        return [line.removeprefix("overlap: ") for line in lines if line.startswith("overlap: ")]

    def get(self, path: str = "/bread/") -> dict[str, Any]:
        answer = httpx.get(f"http://127.0.0.1:{self.port}{path}", timeout=30, trust_env=False)
        found = answer.raise_for_status().json()
        self.pids.add(found["pid"])
        return found

    def spans(self) -> list[dict[str, Any]]:
        """The spans that the backend has of this run, each with its process' id."""
        # 0: what the project's own exporter has sent.
        wanted = {0, *self.served(), *self.pids}
        return [span for span in self.every_span(self.service) if span["pid"] in wanted]

    def requests(self) -> list[dict[str, Any]]:
        """The same without blocks of the loop.

        uvicorn imports the application on its loop, which takes a busy machine 100 ms and more.
        """
        return [span for span in self.spans() if span["name"] != "event_loop.blocked"]

    def every_span(self, service: str) -> list[dict[str, Any]]:
        """Every span that the backend has of a service."""
        query = {
            "query.service_name": service,
            "query.start_time_min": "2020-01-01T00:00:00Z",
            "query.start_time_max": "2100-01-01T00:00:00Z",
            "query.num_traces": "1000",
        }
        answer = httpx.get(f"{self.page}/api/v3/traces", params=query, trust_env=False)
        if answer.status_code == 404:
            return []
        return [
            {**span, "pid": int(_attribute(resource["resource"], "process.pid"))}
            for resource in answer.json()["result"]["resourceSpans"]
            for scope in resource["scopeSpans"]
            for span in scope["spans"]
        ]

    def served(self) -> set[int]:
        """The processes that have been instrumented."""
        return {int(path.name.partition("-")[2]) for path in self.notes.glob("*/serving-*")}

    def end(self, number: int = signal.SIGINT) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(40)


def _attribute(resource: dict[str, Any], key: str) -> str:
    found = {item["key"]: item["value"] for item in resource["attributes"]}
    return found[key]["intValue"] if key in found else "0"


@pytest.fixture(scope="session")
def helpers() -> SimpleNamespace:
    """What the tests call."""
    return SimpleNamespace(until=until, free_port=free_port, SITE=SITE)


@pytest.fixture(scope="session")
def backend() -> Iterator[dict[str, str]]:
    """One pocket for all, as most tests need none of their own: the environment that names it."""
    command = [sys.executable, "-m", "overlap", "pocket", "--port", "0", "--otlp-port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        otlp, page = (process.stdout.readline().split()[-1] for _ in range(2))
        yield {"OTEL_EXPORTER_OTLP_ENDPOINT": otlp, "OVERLAP_TRACES_URL": page}
        process.terminate()


@pytest.fixture
def start(tmp_path, backend) -> Iterator[Callable[..., Run]]:
    """Start `overlap run` with these options and this command; `{port}` in it is a free one."""
    running: list[Run] = []
    (tmp_path / "notes").mkdir()

    def start(
        *command: str,
        options: tuple[str, ...] = (),
        wrapper: tuple[str, ...] = (),
        **env: str,
    ):
        port = free_port()
        log = tmp_path / f"log-{len(running)}"
        bin_folder = str(Path(sys.executable).parent)
        with log.open("wb") as file:
            process = subprocess.Popen(
                [*wrapper, sys.executable, "-m", "overlap", "run", *options, "--"]
                + [part.format(port=port) for part in command],
                cwd=SITE,
                stdout=file,
                stderr=subprocess.STDOUT,
                env={
                    "PATH": f"{bin_folder}{os.pathsep}/usr/bin:/bin",
                    "HOME": str(tmp_path),
                    "TMPDIR": str(tmp_path / "notes"),
                    "PYTHONUNBUFFERED": "1",
                    "PYTHONDONTWRITEBYTECODE": "1",
                    **backend,
                    **env,
                },
            )
        run = Run(process, log, tmp_path / "notes", port)
        running.append(run)
        until(lambda: run.said or process.poll() is not None, log.read_text())
        if run.said and run.said[0].startswith("page "):
            run.page = run.said[0].split()[1].rstrip(",")
        return run

    yield start
    for run in running:
        run.end(signal.SIGTERM)
