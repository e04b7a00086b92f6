"""What compose.scale.yml runs, as processes on loopback, with the same files in otel/scale."""

from __future__ import annotations

import os
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

from otel.native.errors import StackError
from otel.native.jars import cassandra, format_kafka, kafka
from otel.native.servers import CONFIGURATION, servers
from otel.native.supervisor import HOST, FreePorts, Supervisor, answers

ROOT = CONFIGURATION.parent
FILES = CONFIGURATION / "scale"
HOSTS = ("127.0.1.1", "127.0.1.2", "127.0.1.3")
"""The addresses of the three hosts of the app. Linux has all of 127.0.0.0/8 on loopback."""
GATEWAYS = ("gateway-1", "gateway-2")
SAMPLERS = ("sampler-a", "sampler-b")
APPS = ("app-1", "app-2", "app-3")
ALL = (
    "kafka", "cassandra", "prometheus", "jaeger", *SAMPLERS, *GATEWAYS, "proxy", "httpbin", *APPS,
)  # fmt: skip
"""In the order in which they are started."""


@dataclass(frozen=True)
class ScalePorts(FreePorts):
    """The ports of all servers. The app has the same one on each of its hosts."""

    everything: int
    everything_otlp: int
    proxy: int
    otlp: int
    app: int
    httpbin: int
    kafka: int
    kafka_controller: int
    cassandra: int
    cassandra_storage: int
    prometheus: int
    jaeger: int
    jaeger_grpc: int
    jaeger_otlp: int
    jaeger_health: int
    jaeger_metrics: int
    gateway_1: int
    gateway_1_health: int
    gateway_1_metrics: int
    gateway_2: int
    gateway_2_health: int
    gateway_2_metrics: int
    sampler_a_health: int
    sampler_a_metrics: int
    sampler_b_health: int
    sampler_b_metrics: int


class ScaleStack(Supervisor):
    """Two tiers of collectors with Kafka between them, Jaeger on Cassandra, three hosts of the app."""

    def __init__(
        self,
        folder: Path,
        ports: ScalePorts,
        *,
        variables: dict[str, str] | None = None,
        tee: bool = False,
    ) -> None:
        """`variables` are those of the files in otel/scale and of the app, beside the addresses.

        tee: whether a pocket, "everything", receives all that the gateways accept, to compare with.
        """
        super().__init__(folder)
        self._tee = tee
        self.ports = ports
        self._variables = variables or {}
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

    def url(self, name: str) -> str:
        """Return the URL of a port of this name, or of one host of the app."""
        if name in APPS:
            return f"http://{HOSTS[APPS.index(name)]}:{self.ports.app}"
        return f"http://{HOST}:{getattr(self.ports, name)}"

    def command(self, name: str) -> list[str]:
        """Return the command line of a server. Raise StackError if its binary is missing."""
        if name in APPS:
            at = HOSTS[APPS.index(name)]
            return [sys.executable, "-m", "app.serve", "--host", at, "--port", str(self.ports.app)]
        if name == "everything":
            return [
                sys.executable, "-m", "overlap", "pocket", "--port", str(self.ports.everything),
                "--otlp-port", str(self.ports.everything_otlp), "--max-spans", "5000000",
            ]  # fmt: skip
        if name == "httpbin":
            port = str(self.ports.httpbin)
            return [sys.executable, "-m", "app.httpbin", "--host", HOST, "--port", port]
        server = self._servers[
            {"proxy": "caddy"}.get(name, name.partition("-")[0].replace("sampler", "gateway"))
        ]
        if not server.is_built:
            raise StackError(
                f"{server.name} is not built yet: python -m otel.native build {server.name}"
            )
        binary, ports = str(server.place), self.ports
        if name == "kafka":
            options = {
                "listeners": f"PLAINTEXT://{HOST}:{ports.kafka},CONTROLLER://{HOST}:{ports.kafka_controller}",
                "advertised.listeners": f"PLAINTEXT://{HOST}:{ports.kafka}",
                "controller.quorum.voters": f"1@{HOST}:{ports.kafka_controller}",
                "log.dirs": f"{self.folder}/kafka/data",
            }
            return kafka(server, format_kafka(server, FILES, self.folder / "kafka", options))
        if name == "cassandra":
            return cassandra(
                server, FILES, self.folder / "cassandra", ports.cassandra, ports.cassandra_storage
            )
        return {
            "prometheus": [
                binary, f"--config.file={CONFIGURATION}/prometheus.yaml",
                f"--storage.tsdb.path={self.folder}/prometheus",
                f"--web.listen-address={HOST}:{ports.prometheus}", "--web.enable-otlp-receiver",
                "--enable-feature=exemplar-storage,created-timestamp-zero-ingestion", "--log.level=warn",
            ],
            "jaeger": [binary, "--config", f"{FILES}/jaeger.yaml"],
            "gateway": [binary, "--config", f"{FILES}/gateway.yaml", *(self._options() if self._tee else [])],
            "sampler": [binary, "--config", f"{FILES}/sampler.yaml"],
            "proxy": [binary, "run", "--config", f"{FILES}/Caddyfile", "--adapter", "caddyfile"],
        }[name.partition("-")[0]]  # fmt: skip

    def _options(self) -> list[str]:
        """Return what makes a gateway send everything to the pocket, too."""
        to = "yaml:exporters::otlp_http/everything::"
        return [
            f"--config={to}endpoint: {self.url('everything_otlp')}",
            f"--config={to}sending_queue: {{storage: file_storage}}",
            f"--config={to}retry_on_failure: {{max_elapsed_time: 0s}}",
            "--config=yaml:service::pipelines::traces::exporters: "
            "[kafka, span_metrics, otlp_http/everything]",
        ]

    def environment(self, name: str) -> dict[str, str]:
        """Return the variables of the configuration files; their defaults are compose's."""
        ports, key = self.ports, name.replace("-", "_")
        variables = {
            **os.environ, "BIND_HOST": HOST, "COLLECTOR_NAME": name,
            "COLLECTOR_DATA": f"{self.folder}/{name}",
            "KAFKA": f"{HOST}:{ports.kafka}", "CASSANDRA": f"{HOST}:{ports.cassandra}",
            "PROMETHEUS_HOST": f"{HOST}:{ports.prometheus}",
            "JAEGER_OTLP": f"{HOST}:{ports.jaeger_otlp}", "JAEGER_OTLP_PORT": str(ports.jaeger_otlp),
            "JAEGER_PORT": str(ports.jaeger), "JAEGER_GRPC_PORT": str(ports.jaeger_grpc),
            "JAEGER_HEALTH_PORT": str(ports.jaeger_health),
            "JAEGER_METRICS_PORT": str(ports.jaeger_metrics),
            "JAEGER_UI_CONFIG": f"{CONFIGURATION}/jaeger-ui.json",
            "PROXY_PORT": str(ports.proxy), "OTLP_PORT": str(ports.otlp),
            "APPS": " ".join(f"{host}:{ports.app}" for host in HOSTS),
            "GATEWAYS": f"{HOST}:{ports.gateway_1} {HOST}:{ports.gateway_2}",
            "XDG_DATA_HOME": str(self.folder / "proxy"), "XDG_CONFIG_HOME": str(self.folder / "proxy"),
            **self._variables,
        }  # fmt: skip
        if name in (*GATEWAYS, *SAMPLERS):
            variables["COLLECTOR_HEALTH_PORT"] = str(getattr(ports, f"{key}_health"))
            variables["COLLECTOR_METRICS_PORT"] = str(getattr(ports, f"{key}_metrics"))
        if name in GATEWAYS:
            variables["OTLP_HTTP_PORT"] = str(getattr(ports, key))
            variables["GATEWAY_LOGS"] = "[nop]"  # there is no Loki here
        if name in SAMPLERS:
            variables["SAMPLER_GROUP"] = f"samplers-{name[-1]}"
            if name != SAMPLERS[0]:
                variables["SAMPLER_METRICS"] = "[nop]"
        if name == "jaeger":
            variables["OTEL_TRACES_SAMPLER"] = "always_off"  # else it traces itself
        if name in (*APPS, "httpbin"):
            variables |= {
                "PYTHONPATH": str(ROOT), "OTEL_SERVICE_NAME": "httpbin" if name == "httpbin" else "smokehouse",
                "OTEL_EXPORTER_OTLP_ENDPOINT": self.url("otlp"),
                "OTEL_RESOURCE_ATTRIBUTES": f"host.name={name}",
                "OTEL_METRIC_EXPORT_INTERVAL": "5000", "OVERLAP_LOG_FORMAT": "json",
                "SMOKEHOUSE_DATA_DIR": str(self.folder / name), "DEBUG": "0",
                "SMOKEHOUSE_UPSTREAM_URL": f"{self.url('httpbin')}/",
                "ALLOWED_HOSTS": ",".join((HOST, *HOSTS)),
            }  # fmt: skip
        return variables

    def is_ready(self, name: str) -> bool:
        """Return whether a server that was started takes requests."""
        if name in ("kafka", "cassandra", "proxy"):
            return _listens(getattr(self.ports, name))
        if name in APPS:
            return answers(f"{self.url(name)}/health/")
        port, path = {
            "everything": ("everything", "/api/v3/services"),
            "httpbin": ("httpbin", "/status/200"),
            "prometheus": ("prometheus", "/-/ready"),
            "jaeger": ("jaeger_health", "/status"),
        }.get(name, (f"{name.replace('-', '_')}_health", "/"))
        return answers(self.url(port) + path)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) == 0
