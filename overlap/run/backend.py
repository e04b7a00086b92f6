"""What receives the command's telemetry: a running backend, or pocket, started here."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field

import httpx

from overlap.config import Config
from overlap.errors import OverlapError
from overlap.pocket.serve import listen

HOST = "127.0.0.1"
OTLP_PORT = 4318
PAGE_PORT = 16686
STOP_S = 5.0
SIGNALS = ("traces", "metrics", "logs")
_TIMEOUT_S = 2.0
_LINES = 3
"""What pocket prints once it listens."""


@dataclass(slots=True)
class Pipeline:
    """Where telemetry goes, and where it is seen."""

    endpoints: dict[str, str]
    """The address of each signal."""
    page_url: str
    process: subprocess.Popen[str] | None = field(default=None, repr=False)
    """Pocket, where it was started here."""

    def __str__(self) -> str:
        bases = {url.removesuffix(f"/v1/{signal}") for signal, url in self.endpoints.items()}
        if len(bases) == 1:
            return f"telemetry to {bases.pop()}"
        return ", ".join(f"{signal} to {url}" for signal, url in self.endpoints.items())

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


def open_pipeline(
    config: Config,
    *,
    port: int | None,
    otlp_port: int | None,
    pocket: bool,
    environ: Mapping[str, str] | None = None,
) -> Pipeline:
    """Use what answers at the configured endpoints, unless ports are named; else start pocket.

    A port that is not named is the usual one, or any that is free where that is taken. Metrics
    and logs that have an endpoint of their own which answers go there in any case.
    Raises OverlapError where a named port is taken, or pocket does not start.
    """
    env = os.environ if environ is None else environ
    own = {
        signal: url
        for signal in SIGNALS
        if (url := env.get(f"OTEL_EXPORTER_OTLP_{signal.upper()}_ENDPOINT"))
    }
    there = {signal: f"{config.otlp_endpoint}/v1/{signal}" for signal in SIGNALS} | own
    is_named = port is not None or otlp_port is not None
    if not pocket or (not is_named and accepts_otlp(there["traces"])):
        return Pipeline(there, config.traces_url)
    started = _start(
        _port(otlp_port, OTLP_PORT, "--otlp-port"), _port(port, PAGE_PORT, "--port"), config.app_url
    )
    own.pop("traces", None)
    started.endpoints |= {signal: url for signal, url in own.items() if accepts_otlp(url)}
    return started


def accepts_otlp(url: str) -> bool:
    """Return whether a server at this address accepts OTLP/HTTP: send it an empty message."""
    try:
        answer = httpx.post(
            url,
            content=b"",
            headers={"content-type": "application/x-protobuf"},
            timeout=_TIMEOUT_S,
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


def _start(otlp_port: int, port: int, app_url: str) -> Pipeline:
    command = [sys.executable, "-m", "overlap", "pocket", "--app-url", app_url]
    process = subprocess.Popen(
        [*command, "--host", HOST, "--otlp-port", str(otlp_port), "--port", str(port)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        # Ctrl-C is for the command: what that sends in the end is still received.
        start_new_session=True,
    )
    assert process.stdout is not None  # noqa: S101  as asked for above
    printed = [line for line in (process.stdout.readline() for _ in range(_LINES)) if line]
    started = Pipeline({}, "", process)
    if len(printed) < _LINES:
        started.stop()
        raise OverlapError("pocket did not start: see above")
    otlp_url, started.page_url = (line.split()[-1] for line in printed[:2])
    started.endpoints = {signal: f"{otlp_url}/v1/{signal}" for signal in SIGNALS}
    return started
