"""The servers of the scale set-up: their names, addresses and ports."""

from __future__ import annotations

from dataclasses import dataclass

from otel.native.servers import CONFIGURATION
from otel.native.supervisor import HOST, FreePorts

FILES = CONFIGURATION / "scale"
HOSTS = ("127.0.1.1", "127.0.1.2", "127.0.1.3")
"""The addresses of the three hosts of the app. Linux has all of 127.0.0.0/8 on loopback."""
GATEWAYS = ("gateway-1", "gateway-2")
SAMPLERS = ("sampler-a", "sampler-b")
APPS = ("app-1", "app-2", "app-3")


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

    def of(self, name: str) -> int:
        """Return a port by its name, in which a hyphen may stand for an underscore."""
        port: int = getattr(self, name.replace("-", "_"))
        return port

    def url(self, name: str) -> str:
        """Return the URL of a port of this name, or of one host of the app."""
        if name in APPS:
            return f"http://{HOSTS[APPS.index(name)]}:{self.app}"
        return f"http://{HOST}:{self.of(name)}"
