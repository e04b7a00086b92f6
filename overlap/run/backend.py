"""What takes the command's telemetry: a backend that is there already, or pocket, started here."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass, field

import httpx

from overlap.config import Config
from overlap.errors import OverlapError
from overlap.pocket.serve import listen

HOST = "127.0.0.1"
OTLP_PORT = 4318
PAGE_PORT = 16686
STOP_S = 5.0
_ASK_S = 2.0
_LINES = 3
"""What pocket says once it listens."""


@dataclass(slots=True)
class Road:
    """Where telemetry goes, and where it is seen."""

    otlp_url: str
    page_url: str
    process: subprocess.Popen[str] | None = field(default=None, repr=False)
    """Pocket, where it was started here."""

    def stop(self) -> None:
        """End pocket, if it is ours."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()


def road(config: Config, *, port: int | None, otlp_port: int | None, pocket: bool) -> Road:
    """Use what answers at the configured endpoint, unless ports are named; else start pocket.

    A port that is not named is the usual one, or any that is free where that is taken.
    Raises OverlapError where a named port is taken, or pocket does not start.
    """
    there = Road(config.otlp_endpoint, config.traces_url)
    if not pocket or (port is None and otlp_port is None and takes_otlp(config.otlp_endpoint)):
        return there
    return _start(
        _port(otlp_port, OTLP_PORT, "--otlp-port"), _port(port, PAGE_PORT, "--port"), config.app_url
    )


def takes_otlp(endpoint: str) -> bool:
    """Whether a server at this address takes spans by OTLP/HTTP: asked with an empty message."""
    try:
        answer = httpx.post(
            f"{endpoint}/v1/traces",
            content=b"",
            headers={"content-type": "application/x-protobuf"},
            timeout=_ASK_S,
            trust_env=False,
        )
    except (httpx.HTTPError, httpx.InvalidURL):
        return False
    return answer.is_success


def _port(named: int | None, usual: int, option: str) -> int:
    try:
        listen(HOST, usual if named is None else named, option).close()
    except OverlapError:
        if named is not None:
            raise
        return 0  # any that is free
    return usual if named is None else named


def _start(otlp_port: int, port: int, app_url: str) -> Road:
    command = [sys.executable, "-m", "overlap", "pocket", "--app-url", app_url]
    process = subprocess.Popen(
        [*command, "--host", HOST, "--otlp-port", str(otlp_port), "--port", str(port)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        # Ctrl-C is for the command: what that sends in the end is still taken.
        start_new_session=True,
    )
    assert process.stdout is not None  # noqa: S101  as asked for above
    said = [line for line in (process.stdout.readline() for _ in range(_LINES)) if line]
    started = Road("", "", process)
    if len(said) < _LINES:
        started.stop()
        raise OverlapError("pocket did not start: see above")
    started.otlp_url, started.page_url = (line.split()[-1] for line in said[:2])
    return started
