"""The collector between the app and the backend: the native binary, with the stack's own file."""

import re
from pathlib import Path

import httpx

from otel.native.stack import Ports, Stack
from tests.soak.backend import Backend

NAME = "collector"


class Collector(Stack):
    """Runs otel/collector.yaml, and sends all three signals to the soak's backend."""

    def __init__(self, folder: Path, backend: Backend) -> None:
        super().__init__(folder, Ports.free())
        self._backend = backend
        self.has_loki = True  # the backend accepts logs, as Loki does

    def environment(self, name: str) -> dict[str, str]:
        """Return the variables of the file, with the backend in place of each server."""
        address = self._backend.address
        return super().environment(name) | {
            "JAEGER_OTLP": address,
            "PROMETHEUS_HOST": address,
            "LOKI_HOST": address,
        }

    @property
    def pid(self) -> int:
        return self._running[NAME].pid

    def spans(self, which: str) -> int:
        """Return one of the collector's own counts of spans, summed over its parts."""
        text = httpx.get(f"{self.url('collector_metrics')}/metrics", trust_env=False).text
        found = re.findall(rf"^otelcol_{which}_spans(?:_total)?{{[^}}]*}} (\S+)$", text, re.M)
        return int(sum(map(float, found)))

    @property
    def queued(self) -> int:
        """Batches that wait in the queue of traces."""
        text = httpx.get(f"{self.url('collector_metrics')}/metrics", trust_env=False).text
        found = re.findall(
            r'^otelcol_exporter_queue_size{[^}]*exporter="otlp_http/traces"[^}]*} (\S+)$',
            text,
            re.M,
        )
        return int(sum(map(float, found)))
