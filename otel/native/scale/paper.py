"""What the set-up costs at 1,000, 10,000 and 100,000 requests a second, from what a span costs."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

RATES = (1_000, 10_000, 100_000)
COPIES = 3
"""How many brokers, and how many nodes of Cassandra, have each span."""
BUSY = 0.5
"""What share of its cores a server may use: the other half is for its neighbour that is away."""
CORES = 2
"""The cores of a gateway, and of a sampler."""
SAMPLER_GIB = 4
NODE_CORES = 8
"""The cores of a broker, and of a node of Cassandra."""
HELD_S = (30, 120)
"""decision_wait of each group: how long a sampler holds a span."""
KAFKA_H, STORE_H = 6, 48
MIN_PARTITIONS = 8
GIB, MB, TB = 2**30, 1e6, 1e12


@dataclass(frozen=True)
class Costs:
    """What was measured. Seconds are processor time for a million spans."""

    spans: float
    """Spans of a request."""
    span_bytes: float
    """Bytes of a span in OTLP, not compressed."""
    log_bytes: float
    """Bytes of a request's log records in OTLP, not compressed."""
    gateway_s: float
    kafka_s: float
    sampler_s: float
    jaeger_s: float
    """For a million that are stored; the same for Cassandra's."""
    cassandra_s: float
    kafka_bytes: float
    """Bytes of a span on a broker's disk."""
    held_bytes: float
    """Bytes of a span in a sampler's memory."""
    kept: float
    """The share of the spans that are stored."""
    stored_bytes: float
    """Bytes of a stored span on the disk of one node of Cassandra, with its indexes."""

    def lines(self) -> list[str]:
        """Return what was measured as rows of a table in Markdown."""
        rows = [
            ("spans of a request", f"{self.spans:.2f}"),
            ("bytes of a span in OTLP", f"{self.span_bytes:.0f}"),
            ("bytes of log records of a request in OTLP", f"{self.log_bytes:.0f}"),
            ("gateway, processor seconds for a million spans", f"{self.gateway_s:.1f}"),
            ("Kafka, processor seconds for a million spans", f"{self.kafka_s:.1f}"),
            ("sampler, processor seconds for a million spans", f"{self.sampler_s:.1f}"),
            ("Jaeger, processor seconds for a million stored spans", f"{self.jaeger_s:.0f}"),
            ("Cassandra, processor seconds for a million stored spans", f"{self.cassandra_s:.0f}"),
            ("bytes of a span on a broker's disk", f"{self.kafka_bytes:.0f}"),
            ("bytes of a span in a sampler's memory", f"{self.held_bytes:.0f}"),
            ("spans that are kept, per cent", f"{self.kept * 100:.1f}"),
            ("bytes of a stored span on the disk of Cassandra", f"{self.stored_bytes:.0f}"),
        ]
        return ["| measured | |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows)]

    @classmethod
    def read(cls, text: str) -> Costs:
        """Return the costs whose rows are in a text: the opposite of `lines`, rounded as there."""
        values = []
        for line in cls(*[0.0] * 12).lines()[2:]:
            name = line.split(" | ")[0] + " | "
            row = next(each for each in text.splitlines() if each.startswith(name))
            values.append(float(row.removeprefix(name).split("|")[0]))
        values[10] /= 100
        return cls(*values)


def table(costs: Costs) -> list[str]:
    """Return the costs at each of RATES as a table in Markdown, with what each row comes from."""
    columns = [_column(costs, rate) for rate in RATES]
    head = f"| requests a second | {' | '.join(f'{rate:,}' for rate in RATES)} | from |"
    lines = [head, "|---|" + "---:|" * len(RATES) + "---|"]
    for row, (name, source) in enumerate(_ROWS):
        values = " | ".join(column[row] for column in columns)
        lines.append(f"| {name} | {values} | {source} |")
    return lines


_ROWS = [
    ("spans a second", "requests x spans of a request"),
    ("OTLP of spans in, MB/s", "spans x bytes of a span"),
    ("OTLP of log records in, MB/s", "requests x bytes of log records"),
    ("cores that gateways use", "spans x processor seconds of a gateway"),
    (f"**gateways** of {CORES} cores", f"cores / ({CORES} x {BUSY}), and two at least"),
    ("Kafka in, MB/s, one copy", "spans x bytes on a broker's disk"),
    (f"cores that brokers use, {COPIES} copies", f"spans x processor seconds of Kafka x {COPIES}"),
    (f"Kafka's disks for {KAFKA_H} h, TB", f"MB/s x {KAFKA_H} h x {COPIES} copies"),
    ("cores that one group of samplers uses", "spans x processor seconds of a sampler"),
    *(
        (
            f"memory that the {which} group holds, GiB",
            f"spans x {held_s} s x bytes in a sampler's memory",
        )
        for which, held_s in zip(("first", "second"), HELD_S, strict=True)
    ),
    (
        f"**samplers** of {CORES} cores and {SAMPLER_GIB} GiB, both groups",
        f"for each group the larger of cores / ({CORES} x {BUSY})"
        f" and memory / ({SAMPLER_GIB} GiB x {BUSY})",
    ),
    (
        "**partitions** of Kafka",
        f"twice the samplers of the larger group, so that it can double; {MIN_PARTITIONS} at least",
    ),
    (
        f"**brokers** of {NODE_CORES} cores",
        f"cores / ({NODE_CORES} x {BUSY}), and {COPIES} at least",
    ),
    ("spans stored a second", "spans x the share that is kept"),
    ("cores that Jaeger uses", "spans stored x processor seconds of Jaeger"),
    (
        f"cores that Cassandra uses, {COPIES} copies",
        f"spans stored x processor seconds of Cassandra x {COPIES}",
    ),
    (
        f"**nodes of Cassandra** of {NODE_CORES} cores",
        f"cores / ({NODE_CORES} x {BUSY}), and {COPIES} at least",
    ),
    (
        f"**store** for {STORE_H} h, TB",
        f"spans stored x {STORE_H} h x bytes of a stored span x {COPIES} copies",
    ),
]


def _column(costs: Costs, rate: int) -> list[str]:
    spans = rate * costs.spans
    stored = spans * costs.kept
    million = spans / 1e6
    gateways = million * costs.gateway_s
    brokers = million * costs.kafka_s * COPIES
    samplers = million * costs.sampler_s
    held_gib = [spans * held_s * costs.held_bytes / GIB for held_s in HELD_S]
    least = ceil(samplers / (CORES * BUSY))
    in_groups = [max(least, ceil(gib / (SAMPLER_GIB * BUSY))) for gib in held_gib]
    cassandra = stored / 1e6 * costs.cassandra_s * COPIES
    kafka_s = spans * costs.kafka_bytes
    return [
        f"{spans:,.0f}",
        f"{spans * costs.span_bytes / MB:,.1f}",
        f"{rate * costs.log_bytes / MB:,.1f}",
        f"{gateways:,.1f}",
        f"{max(2, ceil(gateways / (CORES * BUSY))):,}",
        f"{kafka_s / MB:,.1f}",
        f"{brokers:,.1f}",
        f"{kafka_s * KAFKA_H * 3600 * COPIES / TB:,.2f}",
        f"{samplers:,.1f}",
        *(f"{gib:,.1f}" for gib in held_gib),
        f"{sum(in_groups):,}",
        f"{max(MIN_PARTITIONS, 2 * max(in_groups)):,}",
        f"{max(COPIES, ceil(brokers / (NODE_CORES * BUSY))):,}",
        f"{stored:,.0f}",
        f"{stored / 1e6 * costs.jaeger_s:,.1f}",
        f"{cassandra:,.1f}",
        f"{max(COPIES, ceil(cassandra / (NODE_CORES * BUSY))):,}",
        f"{stored * STORE_H * 3600 * costs.stored_bytes * COPIES / TB:,.2f}",
    ]
