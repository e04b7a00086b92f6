"""The processes of a measurement: start them, and end them in every case."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType

from overlap.bench.server.checkout import Checkout
from overlap.bench.server.fetch import fetch
from overlap.bench.server.variants import Variant, environment
from overlap.bench.site.asgi_paths import SERVED
from overlap.errors import OverlapError

READY_WITHIN_S = 60.0
STOP_WITHIN_S = 20.0
"""For the last flush: longer than any variant's own limit for it."""
POLL_S = 0.02
ROWS = 100


class Failed(OverlapError):
    """A variant or its measurement failed; the message is one line."""


class Server:
    """A variant under uvicorn: one worker, uvloop, no access log.

    checkout: where the variant's code is taken from; None: from here.
    """

    def __init__(
        self,
        variant: Variant,
        sink_url: str,
        folder: Path,
        extra: Mapping[str, str] | None = None,
        checkout: Checkout | None = None,
    ) -> None:
        self.variant = variant
        self.log = folder / f"{variant.name}.log"
        database = folder / "orders.sqlite3"
        _make_database(database)
        self._environment = {**environment(variant, sink_url, str(database)), **(extra or {})}
        self._python = sys.executable
        if checkout is not None:
            self._python = checkout.python
            self._environment["PYTHONPATH"] = str(checkout.folder)
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.url = ""

    def __enter__(self) -> Server:
        port = _free_port()
        self.url = f"http://127.0.0.1:{port}"
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                _command(self._python, port),
                cwd=self._folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C reaches only us, and we end each process once
            )
        try:
            self._wait_until_ready(self._process)
        except BaseException:
            end(self._process)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        if self._process is not None:
            end(self._process, STOP_WITHIN_S if kind is None else 2.0)

    @property
    def pid(self) -> int:
        """The server's process id."""
        if self._process is None:
            raise Failed("the server is not started")
        return self._process.pid

    def served(self) -> int:
        """Return how many requests the application has received. Raise Failed if it has ended."""
        try:
            return int(fetch(self.url + SERVED))
        except (OSError, ValueError) as error:
            raise Failed(f"the server does not answer: {error}; {self.last_line()}") from None

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + READY_WITHIN_S
        while time.monotonic() < deadline:
            if process.poll() is not None:
                raise Failed(f"the server ended at its start: {self.last_line()}")
            with contextlib.suppress(OSError, ValueError):
                fetch(self.url + SERVED, timeout_s=1.0)
                return
            time.sleep(POLL_S)
        raise Failed(f"the server did not answer within {READY_WITHIN_S:.0f} s")

    def last_line(self) -> str:
        """Return the last line of its log, for the message of a failure."""
        lines = self.log.read_text(errors="replace").strip().splitlines()
        return lines[-1].strip()[:200] if lines else "it wrote nothing"


@contextlib.contextmanager
def running_sink(*options: str) -> Iterator[str]:
    """Run a sink in its own process and yield its address. Options: --keep and --pocket."""
    command = [sys.executable, "-m", "overlap.bench.server.sink", *options]
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        assert process.stdout is not None  # noqa: S101  for mypy: it is a pipe
        url = process.stdout.readline().decode("ascii").strip()
        if not url:
            raise Failed("the sink did not start")
        yield url
    finally:
        end(process)


def end(process: subprocess.Popen[bytes], within_s: float = 2.0) -> None:
    """End a process that was started in its own session, with its children.

    It gets SIGINT: after SIGTERM uvicorn raises the signal again, so that no atexit function runs
    and the last batch of a telemetry SDK would be lost.
    """
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            _interrupt(process)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(within_s)
    _kill(process)
    process.wait()
    if process.stdout is not None:
        process.stdout.close()


def _interrupt(process: subprocess.Popen[bytes]) -> None:
    try:
        process.send_signal(signal.SIGINT)
    except ValueError:  # Windows sends none to another process
        process.terminate()


def _kill(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()


def _command(python: str, port: int) -> list[str]:
    return [
        *(python, "-m", "uvicorn", "overlap.bench.site.asgi:application"),
        *("--host", "127.0.0.1", "--port", str(port), "--loop", "uvloop"),
        *("--interface", "asgi3", "--no-access-log", "--log-level", "warning"),
    ]


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port: int = holder.getsockname()[1]
        return port


def _make_database(path: Path) -> None:
    if path.exists():
        return
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("CREATE TABLE bench_order (id INTEGER PRIMARY KEY)")
        connection.executemany("INSERT INTO bench_order VALUES (?)", ((n,) for n in range(ROWS)))
    connection.close()
