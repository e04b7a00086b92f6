"""The demo's processes: start them, wait until they are ready, watch them and stop them."""

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from overlap.runtime.stop_signals import ignore_both

ROOT = Path(__file__).resolve().parent.parent
LOGS = ROOT / ".demo" / "logs"
READY_WITHIN_S = 60.0
STOP_WITHIN_S = 15.0


@dataclass
class Service:
    """One process of the demo."""

    name: str
    command: list[str]
    ready_url: str = ""
    environment: dict[str, str] = field(default_factory=dict)
    """Environment variables for this process only."""
    ready_line: str = ""
    """The line it logs once it is ready, if it listens on no port."""
    restart: bool = False
    """Whether to start it again after SIGKILL."""
    process: subprocess.Popen | None = field(default=None)

    @property
    def log(self) -> Path:
        """The file with its output."""
        return LOGS / f"{self.name}.log"


class DemoError(Exception):
    """An error that the user can fix; `str(error)` says how."""


def start(services: Sequence[Service], environment: Mapping[str, str]) -> None:
    """Start every process, with its output in its log file."""
    LOGS.mkdir(parents=True, exist_ok=True)
    for service in services:
        service.log.unlink(missing_ok=True)
        _run(service, environment)


def _run(service: Service, environment: Mapping[str, str]) -> None:
    with service.log.open("ab") as log:
        service.process = subprocess.Popen(
            service.command,
            cwd=ROOT,
            env={**environment, **service.environment},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            # Ctrl-C reaches only us, so we end each process once, in order.
            start_new_session=True,
        )


def watch(services: Sequence[Service], environment: Mapping[str, str]) -> None:
    """Restart what a scenario killed; raise DemoError if another process has ended."""
    for service in services:
        process = service.process
        if service.restart and process is not None and process.poll() == -signal.SIGKILL:
            _run(service, environment)
        else:
            check_alive(service)


async def ready(services: Sequence[Service]) -> None:
    """Wait until each service is ready: it answers, or it has done its work and ended.

    Raise DemoError if one ends too early or is not ready in time.
    """
    async with httpx.AsyncClient(trust_env=False, timeout=5.0) as client:
        await asyncio.gather(*(_answers(client, each) for each in services))


async def _answers(client: httpx.AsyncClient, service: Service) -> None:
    deadline = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < deadline:
        check_alive(service)
        if await _is_ready(client, service):
            return
        await asyncio.sleep(0.05)
    raise DemoError(f"{service.name} was not ready in {READY_WITHIN_S:g} s; see {service.log}")


async def _is_ready(client: httpx.AsyncClient, service: Service) -> bool:
    if service.ready_line:
        return service.ready_line in service.log.read_text(errors="replace")
    url = httpx.URL(service.ready_url)
    try:
        if not service.ready_url:
            return service.process is not None and service.process.poll() == 0
        if url.scheme == "smtp":
            _, writer = await asyncio.open_connection(url.host, url.port)
            writer.close()
            return True
        return (await client.get(url)).status_code < 500
    except (httpx.HTTPError, OSError):
        return False


def check_alive(service: Service) -> None:
    """Raise DemoError, with the last lines of the log, if the process has ended."""
    if service.process is None or (code := service.process.poll()) is None:
        return
    if code == 0 and not service.ready_url and not service.ready_line:
        return
    last = "\n".join(service.log.read_text(errors="replace").splitlines()[-15:])
    raise DemoError(f"{service.name} ended with status {code}; its last lines:\n{last}")


def stop(services: Sequence[Service]) -> None:
    """Stop every process, the app before pocket, so that pocket receives its last spans."""
    ignore_both()
    for service in reversed(services):
        process = service.process
        if process is None or process.poll() is not None:
            continue
        process.terminate()
        try:
            process.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
