"""The servers of the scale set-up as processes: start, stop, kill and wait by name."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

from otel.native.errors import StackError
from otel.native.scale import java
from otel.native.scale.places import APPS, FILES, GATEWAYS, HOSTS, SAMPLERS, ScalePorts
from otel.native.scale.variables import variables
from otel.native.servers import CONFIGURATION, Server, servers
from otel.native.supervisor import HOST, Supervisor, answers

_BUILT = {
    "proxy": "caddy", **dict.fromkeys(GATEWAYS, "gateway"), **dict.fromkeys(SAMPLERS, "gateway"),
}  # fmt: skip
"""Which server of servers.toml runs under another name."""


class ScaleStack(Supervisor):
    """Two tiers of collectors, Kafka between them, Jaeger on Cassandra, three hosts of the app."""

    def __init__(
        self,
        folder: Path,
        ports: ScalePorts,
        *,
        settings: dict[str, str] | None = None,
        tee: bool = False,
        apart: bool = False,
    ) -> None:
        """Prepare; nothing is started.

        settings: variables of the files in otel/scale and of the app, beside the addresses.
        tee: whether a pocket, "everything", receives all that the gateways accept, to compare with.
        apart: whether what a request passes (proxy, apps, and this process, which sends the load)
            runs on the first core and the rest on the others, as if on another machine. Linux only.
        """
        super().__init__(folder)
        self.ports = ports
        self._settings = settings or {}
        self._tee = tee
        self._cores = sorted(os.sched_getaffinity(0)) if apart else []
        if apart:
            if len(self._cores) < 2:
                raise StackError("two cores are needed for what a request passes and for the rest")
            os.sched_setaffinity(0, self._cores[:1])
        self._servers = servers()

    def start_all(self) -> None:
        """Start everything in its order, each once what it needs is ready."""
        for name in ("kafka", "cassandra", "prometheus", *(["everything"] if self._tee else [])):
            self.start(name)
        self.wait("kafka", "cassandra")
        for name in ("jaeger", *SAMPLERS, *GATEWAYS, "proxy"):
            self.start(name)
        self.wait(*SAMPLERS, *GATEWAYS)
        for name in ("httpbin", *APPS):
            self.start(name)
        self.wait()

    def start(self, name: str) -> None:
        """Start a server, on its cores. Raise StackError if its binary is missing."""
        if not self._cores or name in ("proxy", "httpbin", *APPS):
            super().start(name)
            return
        # A process begins on the cores of the thread that starts it.
        os.sched_setaffinity(0, self._cores[1:])
        try:
            super().start(name)
        finally:
            os.sched_setaffinity(0, self._cores[:1])

    def url(self, name: str) -> str:
        """Return the URL of a port of this name, or of one host of the app."""
        return self.ports.url(name)

    def command(self, name: str) -> list[str]:
        """Return the command line of a server. Raise StackError if its binary is missing."""
        python = [sys.executable, "-m"]
        if name in APPS:
            host, port = HOSTS[APPS.index(name)], str(self.ports.app)
            return [*python, "app.serve", "--host", host, "--port", port]
        if name == "httpbin":
            return [*python, "app.httpbin", "--host", HOST, "--port", str(self.ports.httpbin)]
        if name == "everything":
            pages, otlp = str(self.ports.everything), str(self.ports.everything_otlp)
            return [
                *python, "overlap", "pocket", "--port", pages, "--otlp-port", otlp,
                "--max-spans", "5000000",
            ]  # fmt: skip
        server = self._servers[_BUILT.get(name, name)]
        if not server.is_built:
            raise StackError(
                f"{server.name} is not built yet: python -m otel.native build {server.name}"
            )
        return self._server(name, server)

    def environment(self, name: str) -> dict[str, str]:
        """Return the environment of a server."""
        found = {**os.environ, **variables(name, self.folder, self.ports), **self._settings}
        if name == SAMPLERS[1] and (wait := found.get("SECOND_DECISION_WAIT")):
            found["DECISION_WAIT"] = wait
        return found

    def is_ready(self, name: str) -> bool:
        """Return whether a server that was started takes requests."""
        if name in ("kafka", "cassandra", "proxy"):
            return _listens(self.ports.of(name))
        if name in APPS:
            return answers(f"{self.url(name)}/health/")
        port, path = {
            "everything": ("everything", "/api/v3/services"),
            "httpbin": ("httpbin", "/status/200"),
            "prometheus": ("prometheus", "/-/ready"),
            "jaeger": ("jaeger_health", "/status"),
        }.get(name, (f"{name}_health", "/"))
        return answers(self.url(port) + path)

    def _server(self, name: str, server: Server) -> list[str]:
        binary, folder, ports = str(server.place), self.folder, self.ports
        match name.partition("-")[0]:
            case "kafka":
                return java.kafka(
                    server, FILES, folder / "kafka", ports.kafka, ports.kafka_controller
                )
            case "cassandra":
                return java.cassandra(
                    server, FILES, folder / "cassandra", ports.cassandra, ports.cassandra_storage
                )
            case "prometheus":
                return [
                    binary, f"--config.file={CONFIGURATION}/prometheus.yaml",
                    f"--storage.tsdb.path={folder}/prometheus",
                    f"--web.listen-address={HOST}:{ports.prometheus}",
                    "--web.enable-otlp-receiver", "--log.level=warn",
                    "--enable-feature=exemplar-storage,created-timestamp-zero-ingestion",
                ]  # fmt: skip
            case "proxy":
                return [binary, "run", "--config", f"{FILES}/Caddyfile", "--adapter", "caddyfile"]
            case "gateway" if self._tee:
                return [binary, "--config", f"{FILES}/gateway.yaml", *self._tee_options()]
            case tier:
                return [binary, "--config", f"{FILES}/{tier}.yaml"]

    def _tee_options(self) -> list[str]:
        """Return what makes a gateway send everything to the pocket, too."""
        to = "yaml:exporters::otlp_http/everything::"
        return [
            f"--config={to}endpoint: {self.url('everything_otlp')}",
            f"--config={to}sending_queue: {{storage: file_storage}}",
            f"--config={to}retry_on_failure: {{max_elapsed_time: 0s}}",
            "--config=yaml:service::pipelines::traces::exporters: "
            "[kafka, span_metrics, otlp_http/everything]",
        ]


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) == 0
