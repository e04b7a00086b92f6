"""What a span costs, and what many of them cost: `python -m otel.native scale --cost`."""

import os

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from otel.native.scale.paper import COPIES, Costs, table
from otel.native.scale.replay import BATCH, templates
from tests.compose.merging import ROOT

COSTS = Costs(
    spans=2, span_bytes=500, log_bytes=100, gateway_s=20, kafka_s=5, sampler_s=40, jaeger_s=100,
    cassandra_s=400, kafka_bytes=150, held_bytes=4096, kept=0.1, stored_bytes=1000,
)  # fmt: skip
PAGE = (ROOT / "docs/how-to/production.md").read_text("utf-8")


def rows(costs):
    """The table's rows by name, without their sources."""
    made = {}
    for line in table(costs)[2:]:
        name, *values = (each.strip() for each in line.strip("|").split(" | "))
        made[name] = values[:3]
    return made


def row(costs, start):
    return next(each for name, each in rows(costs).items() if name.startswith(start))


@pytest.mark.parametrize(
    ("start", "values"),
    [
        ("spans a second", ["2,000", "20,000", "200,000"]),
        ("OTLP of spans in", ["1.0", "10.0", "100.0"]),
        ("OTLP of log records", ["0.1", "1.0", "10.0"]),
        ("cores that gateways", ["0.0", "0.4", "4.0"]),
        ("**gateways**", ["2", "2", "4"]),
        ("Kafka in", ["0.3", "3.0", "30.0"]),
        ("Kafka's disks", ["0.02", "0.19", "1.94"]),
        ("memory that the first group", ["0.2", "2.3", "22.9"]),
        ("memory that the second group", ["0.9", "9.2", "91.6"]),
        ("**samplers**", ["2", "7", "58"]),
        ("**partitions**", ["8", "10", "92"]),
        ("spans stored", ["200", "2,000", "20,000"]),
        ("cores that Cassandra", ["0.2", "2.4", "24.0"]),
        ("**nodes of Cassandra**", ["3", "3", "6"]),
        ("**store**", ["0.10", "1.04", "10.37"]),
    ],
)
def test_each_row_is_what_its_derivation_says(start, values):
    """By hand, from round costs."""
    assert row(COSTS, start) == values


def test_every_row_has_its_derivation():
    """In the last column."""
    for line in table(COSTS)[2:]:
        assert len(line.split(" | ")) == 5, line
        assert len(line.rpartition(" | ")[2]) > 10


def test_the_page_about_production_has_the_table_of_its_own_figures():
    """What was measured stands there, and the table is computed from it."""
    for line in table(Costs.read(PAGE)):
        assert line in PAGE


def test_what_was_measured_can_be_read_again():
    """As it is rounded in the table."""
    assert Costs.read("\n".join(COSTS.lines())) == COSTS
    assert COPIES == 3


def export(service, *spans):
    """An export request of a service: trace ids, each with the number of its spans."""
    made = ExportTraceServiceRequest()
    group = made.resource_spans.add()
    group.resource.attributes.add(key="service.name").value.string_value = service
    scope = group.scope_spans.add()
    for trace_id, count in spans:
        for number in range(count):
            span = scope.spans.add(trace_id=trace_id, span_id=os.urandom(8), name=f"{number}")
            span.links.add(trace_id=trace_id)
    return made.SerializeToString()


def test_a_copy_has_the_same_spans_with_other_trace_ids():
    """In links, too; of one trace in two services the id is the same in both."""
    both, other, unknown = os.urandom(16), os.urandom(16), os.urandom(16)
    bodies = [export("app", (both, 3), (other, 1)), export("httpbin", (both, 2), (unknown, 4))]
    recorded = templates(bodies, {both, other})
    assert recorded.spans == 6
    copies = [ExportTraceServiceRequest.FromString(each) for each in recorded.copies(2)]
    assert len(copies) == 4
    spans = [s for c in copies for g in c.resource_spans for k in g.scope_spans for s in k.spans]
    ids = [span.trace_id for span in spans]
    assert not {both, other, unknown} & {*ids, *(span.links[0].trace_id for span in spans)}
    assert sorted(ids.count(each) for each in set(ids)) == [1, 1, 5, 5]
    assert all(span.links[0].trace_id == span.trace_id for span in spans)


def test_requests_are_as_large_as_those_of_a_busy_sdk():
    """However small those were that were recorded."""
    trace = os.urandom(16)
    recorded = templates([export("app", (trace, 1))] * (BATCH + 88), {trace})
    sizes = [
        sum(len(k.spans) for g in ExportTraceServiceRequest.FromString(each).resource_spans
            for k in g.scope_spans)
        for each in recorded.copies(1)
    ]  # fmt: skip
    assert sizes == [BATCH, 88]
    assert recorded.bytes_of_a_span == sum(map(len, recorded.copies(1))) / (BATCH + 88)
