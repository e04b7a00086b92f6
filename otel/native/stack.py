"""The servers as processes on loopback, each with its configuration in otel/ and a data folder."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from otel.native.errors import StackError
from otel.native.servers import CONFIGURATION, servers
from otel.native.supervisor import HOST, FreePorts, Supervisor, answers


@dataclass(frozen=True)
class Ports(FreePorts):
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


class Stack(Supervisor):
    """The servers of the stack on one machine."""

    def __init__(
        self, folder: Path, ports: Ports, *, collector_options: Sequence[str] = ()
    ) -> None:
        """`collector_options` are passed to the collector too, for instance another `--config`."""
        super().__init__(folder)
        self._collector_options = collector_options
        self.ports = ports
        self.servers = {
            name: server
            for name, server in servers().items()
            if server.binary and server.part == "stack"
        }
        self.has_loki = "loki" in self.servers

    def url(self, port: str) -> str:
        """Return the URL of one of the ports, by its name in Ports."""
        return f"http://{HOST}:{getattr(self.ports, port)}"

    def is_ready(self, name: str) -> bool:
        """Return whether a server that was started takes requests."""
        port, path = {
            "collector": ("collector_health", "/"),
            "jaeger": ("jaeger_health", "/status"),
            "prometheus": ("prometheus", "/-/ready"),
            "loki": ("loki", "/ready"),
        }[name]
        return answers(self.url(port) + path)

    def command(self, name: str) -> list[str]:
        """Return the command line of a server. Raise StackError if its binary is missing."""
        server = self.servers[name]
        if not server.is_built:
            raise StackError(f"{name} is not built yet: python -m otel.native build {name}")
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
        return [str(server.binary), *options[name]]

    def _no_logs(self) -> list[str]:
        """Return options that end the logs pipeline in the collector if there is no Loki."""
        if self.has_loki:
            return []
        return [
            "--config=yaml:exporters::nop: {}",
            "--config=yaml:service::pipelines::logs::exporters: [nop]",
        ]

    def environment(self, name: str) -> dict[str, str]:
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
