"""The servers as processes on loopback, each with its configuration in otel/ and a data folder."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import httpx

from otel.native.servers import CONFIGURATION, Server, servers

READY_WITHIN_S = 90.0
STOP_WITHIN_S = 20.0
HOST = "127.0.0.1"


class StackError(Exception):
    """A stack that can't run; `str(error)` says what the user can do."""


@dataclass(frozen=True)
class Ports:
    """The ports of all servers: those that compose publishes, and those that it keeps inside."""

    otlp_http: int = 4318
    otlp_grpc: int = 4317
    collector_health: int = 13133
    collector_metrics: int = 18888
    jaeger: int = 16686
    jaeger_grpc: int = 16685
    jaeger_otlp: int = 14317
    jaeger_health: int = 13134
    jaeger_metrics: int = 18889
    prometheus: int = 9090
    loki: int = 3100
    loki_grpc: int = 13100

    @classmethod
    def free(cls) -> Ports:
        """Return ports that are free now."""
        sockets = [socket.socket() for _ in fields(cls)]
        try:
            for each in sockets:
                each.bind((HOST, 0))
            return cls(*(each.getsockname()[1] for each in sockets))
        finally:
            for each in sockets:
                each.close()


class Stack:
    """Start, stop and restart the servers. As a context manager it stops all of them at the end."""

    def __init__(
        self, folder: Path, ports: Ports, *, collector_options: Sequence[str] = ()
    ) -> None:
        """`collector_options` are passed to the collector too, for instance another `--config`."""
        self._collector_options = collector_options
        self.folder = folder.resolve()
        self.ports = ports
        self.servers = {name: server for name, server in servers().items() if server.binary}
        self.has_loki = "loki" in self.servers
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Stack:
        return self

    def __exit__(self, *_: object) -> None:
        for name in reversed([*self._running]):
            self.stop(name)

    def url(self, port: str) -> str:
        """Return the URL of one of the ports, by its name in Ports."""
        return f"http://{HOST}:{getattr(self.ports, port)}"

    def start(self, name: str) -> None:
        """Start a server. Raise StackError if its binary is missing."""
        server = self.servers[name]
        if not server.is_built:
            raise StackError(f"{name} is not built yet: python -m otel.native build {name}")
        (self.folder / name).mkdir(parents=True, exist_ok=True)
        with self.log(name).open("ab") as log:
            self._running[name] = subprocess.Popen(
                self._command(server), cwd=self.folder, env=self._environment(),
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
            waiting = [name for name in waiting if not self._is_ready(name)]
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

    def _is_ready(self, name: str) -> bool:
        port, path = {
            "collector": ("collector_health", "/"),
            "jaeger": ("jaeger_health", "/status"),
            "prometheus": ("prometheus", "/-/ready"),
            "loki": ("loki", "/ready"),
        }[name]
        try:
            return httpx.get(self.url(port) + path, trust_env=False, timeout=2).is_success
        except httpx.TransportError:
            return False

    def _last(self, name: str) -> str:
        return "\n".join(self.log(name).read_text(errors="replace").splitlines()[-15:])

    def _command(self, server: Server) -> list[str]:
        options = {
            "collector": [
                "--config",
                f"{CONFIGURATION}/collector.yaml",
                *self._no_logs(),
                *self._collector_options,
            ],
            "jaeger": ["--config", f"{CONFIGURATION}/jaeger.yaml"],
            "prometheus": [
                f"--config.file={CONFIGURATION}/prometheus.yaml",
                f"--storage.tsdb.path={self.folder}/prometheus",
                "--storage.tsdb.retention.time=2d",
                f"--web.listen-address={HOST}:{self.ports.prometheus}",
                "--web.enable-otlp-receiver",
                "--enable-feature=exemplar-storage,created-timestamp-zero-ingestion",
                "--log.level=warn",
            ],
            "loki": [f"-config.file={CONFIGURATION}/loki.yaml", "-config.expand-env=true"],
        }
        return [str(server.binary), *options[server.name]]

    def _no_logs(self) -> list[str]:
        """Return options that end the logs pipeline in the collector if there is no Loki."""
        if self.has_loki:
            return []
        return [
            "--config=yaml:exporters::nop: {}",
            "--config=yaml:service::pipelines::logs::exporters: [nop]",
        ]

    def _environment(self) -> dict[str, str]:
        """Return the variables of the configuration files; their defaults are compose's."""
        ports = self.ports
        return {
            **os.environ,
            "BIND_HOST": HOST,
            "COLLECTOR_DATA": f"{self.folder}/collector",
            "COLLECTOR_HEALTH_PORT": str(ports.collector_health),
            "COLLECTOR_METRICS_PORT": str(ports.collector_metrics),
            "OTLP_HTTP_PORT": str(ports.otlp_http),
            "OTLP_GRPC_PORT": str(ports.otlp_grpc),
            "JAEGER_OTLP": f"{HOST}:{ports.jaeger_otlp}",
            "JAEGER_OTLP_PORT": str(ports.jaeger_otlp),
            "JAEGER_METRICS": f"{HOST}:{ports.jaeger_metrics}",
            "JAEGER_METRICS_PORT": str(ports.jaeger_metrics),
            "JAEGER_HEALTH_PORT": str(ports.jaeger_health),
            "JAEGER_PORT": str(ports.jaeger),
            "JAEGER_GRPC_PORT": str(ports.jaeger_grpc),
            "JAEGER_DATA": f"{self.folder}/jaeger",
            "JAEGER_UI_CONFIG": f"{CONFIGURATION}/jaeger-ui.json",
            "PROMETHEUS_HOST": f"{HOST}:{ports.prometheus}",
            "LOKI_HOST": f"{HOST}:{ports.loki}",
            "LOKI_PORT": str(ports.loki),
            "LOKI_GRPC_PORT": str(ports.loki_grpc),
            "LOKI_DATA": f"{self.folder}/loki",
            # Jaeger traces itself, and would be first in its own Monitor tab.
            "OTEL_TRACES_SAMPLER": "always_off",
        }
