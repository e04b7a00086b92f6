"""Start, stop and restart named servers as processes on loopback, each with a log of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from dataclasses import fields
from pathlib import Path
from typing import Self

import httpx

from otel.native.errors import StackError

READY_WITHIN_S = 180.0
STOP_WITHIN_S = 20.0
HOST = "127.0.0.1"


class FreePorts:
    """A base of dataclasses whose fields are ports."""

    @classmethod
    def free(cls) -> Self:
        """Return ports that are free now."""
        sockets = [socket.socket() for _ in fields(cls)]
        try:
            for each in sockets:
                each.bind((HOST, 0))
            return cls(*(each.getsockname()[1] for each in sockets))
        finally:
            for each in sockets:
                each.close()


class Supervisor:
    """Servers as processes. As a context manager it stops all of them at the end."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def command(self, name: str) -> list[str]:
        """Return the command line of a server. Raise StackError if its binary is missing."""
        raise NotImplementedError

    def environment(self, name: str) -> dict[str, str]:
        """Return the environment of a server."""
        raise NotImplementedError

    def is_ready(self, name: str) -> bool:
        """Return whether a server that was started takes requests."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for name in reversed([*self._running]):
            self.stop(name)

    def start(self, name: str) -> None:
        """Start a server. Raise StackError if its binary is missing."""
        command = self.command(name)
        (self.folder / name).mkdir(parents=True, exist_ok=True)
        with self.log(name).open("ab") as log:
            self._running[name] = subprocess.Popen(
                command, cwd=self.folder, env=self.environment(name),
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                start_new_session=True,  # only the supervisor receives Ctrl-C
            )  # fmt: skip

    def stop(self, name: str, how: signal.Signals = signal.SIGTERM) -> None:
        """Stop a server, and wait until it has ended."""
        process = self._running.pop(name, None)
        if process is None or process.poll() is not None:
            return
        process.send_signal(how)
        try:
            process.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def check(self) -> None:
        """Raise StackError if a server that was started has ended."""
        for name, process in self._running.items():
            if (status := process.poll()) is not None:
                raise StackError(f"{name} ended with status {status}:\n{self._last(name)}")

    def wait(self, *names: str) -> None:
        """Wait until the servers (all that run by default) are ready."""
        deadline = time.monotonic() + READY_WITHIN_S
        waiting = [*(names or self._running)]
        while waiting:
            self.check()
            waiting = [name for name in waiting if not self.is_ready(name)]
            if waiting and time.monotonic() > deadline:
                name = waiting[0]
                raise StackError(
                    f"{name} was not ready within {READY_WITHIN_S:.0f} s:\n{self._last(name)}"
                )
            time.sleep(0.1 if waiting else 0)

    def log(self, name: str) -> Path:
        """Return the file of a server's log."""
        return self.folder / f"{name}.log"

    def memory_mib(self) -> dict[str, float]:
        """Return the resident memory of each running server, in MiB. Linux only."""
        page = os.sysconf("SC_PAGE_SIZE")
        return {
            name: int(Path(f"/proc/{process.pid}/statm").read_text().split()[1]) * page / 2**20
            for name, process in self._running.items()
        }

    def cpu_s(self) -> dict[str, float]:
        """Return the processor time that each running server has used, in seconds. Linux only."""
        ticks = os.sysconf("SC_CLK_TCK")
        used = {}
        for name, process in self._running.items():
            # After the name, which may hold anything, in parentheses: the 12th and the 13th field.
            fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
            used[name] = (int(fields[11]) + int(fields[12])) / ticks
        return used

    def _last(self, name: str) -> str:
        return "\n".join(self.log(name).read_text(errors="replace").splitlines()[-15:])


def answers(url: str) -> bool:
    """Return whether the URL answers with a success."""
    try:
        return httpx.get(url, trust_env=False, timeout=2).is_success
    except httpx.TransportError:
        return False
