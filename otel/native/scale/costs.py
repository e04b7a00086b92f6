"""What the scale set-up costs at a rate of requests, from what was measured on this machine."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

RATES = (1_000, 10_000, 100_000)
"""Requests a second for which the table is made."""
KEPT = 0.05
"""The share of traces that is kept: one in a hundred, and as many again that are interesting as a
service in some trouble has."""
BUSY = 0.5
"""How busy a core is planned to be: the other half is for peaks and for catching up."""
DECISION_WAIT_S = 30
MEMORY_A_SPAN_B = 5_000
"""Of a sampler, for a span that waits for its decision (tail sampling's own documentation says
nothing; 2 to 5 kB were seen)."""
RETENTION_S = 6 * 3600
PARTITION_B_S = 5_000_000
"""What one partition is planned to take: half of what brokers are usually planned for."""
STORED_TIMES = 3
"""Bytes in the store for each byte of a span in Kafka: the span and its index rows."""
KEEP_S = 48 * 3600
REPLICAS = 3


@dataclass(frozen=True)
class Measured:
    """What was measured under the load."""

    spans_a_request: float
    kafka_b_a_span: float
    """Bytes of Kafka's files, lz4."""
    gateway_us_a_span: float
    sampler_us_a_span: float
    """Of one sampler, which sees every span of its partitions."""
    kafka_us_a_span: float

    @classmethod
    def of(cls, cpu_s: Mapping[str, float], spans: int, requests: int, kafka: Path) -> Measured:
        """Return the figures of a load: processor time of each server in it, spans and requests."""
        written = sum(path.stat().st_size for path in kafka.glob("otlp_spans-*/*.log"))

        def us(*names: str) -> float:
            return sum(cpu_s[name] for name in names) * 1e6 / spans

        return cls(
            spans / requests, written / spans, us("gateway-1", "gateway-2"), us("sampler-a"),
            us("kafka"),
        )  # fmt: skip

    def lines(self) -> list[str]:
        """Return the figures as lines for a terminal."""
        return [
            f"spans a request {self.spans_a_request:.2f}, bytes a span in Kafka "
            f"{self.kafka_b_a_span:.0f}",
            f"processor time a span: gateway {self.gateway_us_a_span:.0f} us, sampler "
            f"{self.sampler_us_a_span:.0f} us, Kafka {self.kafka_us_a_span:.0f} us",
        ]


def table(measured: Measured) -> str:
    """Return the costs at each rate as a table in Markdown."""
    rows = [
        ("spans a second", lambda r: f"{_spans(measured, r):,.0f}"),
        ("into Kafka, MB a second", lambda r: f"{_bytes(measured, r) / 1e6:.1f}"),
        (
            "gateways, cores",
            lambda r: _cores(_spans(measured, r) * measured.gateway_us_a_span),
        ),
        (
            "samplers, cores, both groups",
            lambda r: _cores(2 * _spans(measured, r) * measured.sampler_us_a_span),
        ),
        (
            "samplers, memory of each group, GiB",
            lambda r: f"{_spans(measured, r) * DECISION_WAIT_S * MEMORY_A_SPAN_B / 2**30:.1f}",
        ),
        (
            "Kafka: partitions",
            lambda r: f"{max(8, math.ceil(_bytes(measured, r) / PARTITION_B_S)):,}",
        ),
        (
            "Kafka: disk, six hours, three replicas, GB",
            lambda r: f"{_bytes(measured, r) * RETENTION_S * REPLICAS / 1e9:,.0f}",
        ),
        ("stored spans a second", lambda r: f"{_spans(measured, r) * KEPT:,.0f}"),
        (
            "store: two days, three replicas, GB",
            lambda r: f"{_bytes(measured, r) * KEPT * STORED_TIMES * KEEP_S * REPLICAS / 1e9:,.0f}",
        ),
    ]
    head = "| requests a second | " + " | ".join(f"{rate:,}" for rate in RATES) + " |"
    lines = [head, "|---|" + "---:|" * len(RATES)]
    lines += [f"| {name} | " + " | ".join(cell(r) for r in RATES) + " |" for name, cell in rows]
    return "\n".join(lines)


def _spans(measured: Measured, rate: float) -> float:
    return rate * measured.spans_a_request


def _bytes(measured: Measured, rate: float) -> float:
    return _spans(measured, rate) * measured.kafka_b_a_span


def _cores(us_a_second: float) -> str:
    return f"{us_a_second / 1e6 / BUSY:.1f}"
