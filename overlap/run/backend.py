"""Find the backend that receives the command's telemetry, or start pocket."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx
from opentelemetry.instrumentation.utils import suppress_http_instrumentation

from overlap.config import Config
from overlap.errors import OverlapError
from overlap.pocket.ingest.grpc_receiver import NOT_INSTALLED, is_installed
from overlap.pocket.serve import listen
from overlap.ports import reaches_this_machine

HOST = "127.0.0.1"
OTLP_PORT, GRPC_PORT = 4318, 4317
PAGE_PORT = 16686
STOP_S = 5.0
SIGNALS = ("traces", "metrics", "logs")
_TIMEOUT_S = 2.0
_LINES = 3
"""How many lines pocket prints when it listens."""


@dataclass(slots=True)
class Pipeline:
    """Where telemetry is sent, and where it is shown."""

    endpoints: dict[str, str]
    """The address of each signal."""
    page_url: str
    process: subprocess.Popen[str] | None = field(default=None, repr=False)
    """Pocket, if it was started here."""
    grpc: str = ""
    """If the project's own exporter sends by gRPC: whether pocket receives that, in a sentence."""

    def __str__(self) -> str:
        bases = {url.removesuffix(f"/v1/{signal}") for signal, url in self.endpoints.items()}
        if len(bases) == 1:
            return f"telemetry to {bases.pop()}"
        return ", ".join(f"{signal} to {url}" for signal, url in self.endpoints.items())

    def stop(self) -> None:
        """Stop pocket, if it was started here."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()


def open_pipeline(
    config: Config,
    *,
    port: int | None,
    otlp_port: int | None,
    pocket: bool,
    environ: Mapping[str, str] | None = None,
) -> Pipeline:
    """Use a backend that answers at the configured endpoints; otherwise start pocket.

    With a named port, pocket is always started. A port that is not named is the default one, or a
    free one if that is in use. Metrics and logs with an endpoint of their own are sent there, if
    it answers. Raises OverlapError if a named port is in use or pocket does not start.
    """
    env = os.environ if environ is None else environ
    own = {
        signal: url
        for signal in SIGNALS
        if (url := env.get(f"OTEL_EXPORTER_OTLP_{signal.upper()}_ENDPOINT"))
    }
    configured = {signal: f"{config.otlp_endpoint}/v1/{signal}" for signal in SIGNALS} | own
    is_named = port is not None or otlp_port is not None
    if not pocket or (not is_named and accepts_otlp(configured["traces"])):
        return Pipeline(configured, config.traces_url)
    by_grpc, grpc = _grpc(env)
    started = _start(
        _port(otlp_port, OTLP_PORT, "--otlp-port"),
        _port(port, PAGE_PORT, "--port"),
        config.app_url,
        by_grpc,
    )
    started.grpc = grpc
    own.pop("traces", None)
    started.endpoints |= {signal: url for signal, url in own.items() if accepts_otlp(url)}
    return started


def accepts_otlp(url: str) -> bool:
    """Return whether a server at this address accepts OTLP/HTTP: send it an empty message."""
    try:
        # `opentelemetry-instrument overlap run …` traces this process, too.
        with suppress_http_instrumentation():
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


def _port(named: int | None, default: int, option: str) -> int:
    try:
        listen(HOST, default if named is None else named, option).close()
    except OverlapError:
        if named is not None:
            raise
        return 0  # a free one
    return default if named is None else named


def _grpc(env: Mapping[str, str]) -> tuple[list[str], str]:
    """Return pocket's options for a project whose exporter sends by gRPC, and what to say of it."""
    named = (f"OTEL_EXPORTER_OTLP_{part}" for part in ("TRACES_PROTOCOL", "PROTOCOL"))
    if next((env[name] for name in named if env.get(name)), "") != "grpc":
        return [], ""
    endpoint = env.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") or env.get(
        "OTEL_EXPORTER_OTLP_ENDPOINT", ""
    )
    try:
        # It may have no scheme: localhost:4317.
        parts = urlsplit(endpoint if "//" in endpoint else f"//{endpoint}")
        host, port = parts.hostname or "localhost", parts.port or GRPC_PORT
    except ValueError:
        return [], ""
    if not reaches_this_machine(host):
        return [], ""
    asked = f"the project's own exporter sends OTLP by gRPC to {host}:{port}"
    if not is_installed():
        return [], f"{asked}, which nothing receives: {NOT_INSTALLED}"
    try:
        listen(HOST, port, "--grpc-port").close()
    except OverlapError:
        return [], ""  # a collector receives it
    return ["--grpc-port", str(port)], f"{asked}: pocket receives it"


def _start(otlp_port: int, port: int, app_url: str, options: Sequence[str]) -> Pipeline:
    command = [sys.executable, "-m", "overlap.run.pocket_process", "--app-url", app_url, *options]
    process = subprocess.Popen(
        [*command, "--host", HOST, "--otlp-port", str(otlp_port), "--port", str(port)],
        stdin=subprocess.PIPE,  # it ends when this is closed
        stdout=subprocess.PIPE,
        text=True,
        # Ctrl-C ends the command only, so that pocket receives what it sends at its end.
        start_new_session=True,
    )
    assert process.stdout is not None  # noqa: S101  it is a pipe, see above
    printed = [line for line in (process.stdout.readline() for _ in range(_LINES)) if line]
    started = Pipeline({}, "", process)
    if len(printed) < _LINES:
        started.stop()
        raise OverlapError("pocket did not start: see above")
    otlp_url, started.page_url = (line.split()[-1] for line in printed[:2])
    started.endpoints = {signal: f"{otlp_url}/v1/{signal}" for signal in SIGNALS}
    return started
