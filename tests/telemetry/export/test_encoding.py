"""Our bytes are the SDK's messages."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.exporter.otlp.proto.common import _log_encoder, trace_encoder
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.sdk._logs import ReadableLogRecord
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import (
    Link,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    TraceState,
)

from overlap.telemetry.export.encoding import encode_logs, encode_spans
from overlap.telemetry.export.protobuf_wire import attributes

INT64 = st.integers(-(2**63), 2**63 - 1)
TEXT = st.text(max_size=200)
PLAIN = st.one_of(TEXT, st.booleans(), INT64, st.floats(allow_nan=False), st.binary(max_size=200))
VALUES = st.recursive(
    PLAIN,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)
ATTRIBUTES = st.dictionaries(TEXT, VALUES, max_size=5)
NANOSECONDS = st.integers(1, 2**63)
RESOURCE = Resource({"service.name": "smokehouse", "process.pid": 7}, "a schema")
SCOPES = st.sampled_from(
    [None, InstrumentationScope("a"), InstrumentationScope("b", "1.0", "its schema", {"key": 1})]
)
CONTEXTS = st.builds(
    SpanContext,
    st.integers(1, 2**128 - 1),
    st.integers(1, 2**64 - 1),
    st.booleans(),
    st.sampled_from([TraceFlags(0), TraceFlags(1)]),
    st.sampled_from([TraceState(), TraceState([("vendor", "x"), ("other", "y")])]),
)
STATUSES = st.one_of(
    st.sampled_from([Status(), Status(StatusCode.OK)]),
    st.builds(lambda text: Status(StatusCode.ERROR, text), TEXT),
)
SPANS = st.builds(
    ReadableSpan,
    name=TEXT,
    context=CONTEXTS,
    parent=st.none() | CONTEXTS,
    resource=st.just(RESOURCE),
    attributes=ATTRIBUTES,
    events=st.lists(st.builds(Event, TEXT, ATTRIBUTES, NANOSECONDS), max_size=2),
    links=st.lists(st.builds(Link, CONTEXTS, ATTRIBUTES), max_size=2),
    kind=st.sampled_from(list(SpanKind)),
    status=STATUSES,
    start_time=NANOSECONDS,
    end_time=NANOSECONDS,
    instrumentation_scope=SCOPES,
)
RECORDS = st.builds(
    lambda scope, **fields: ReadableLogRecord(LogRecord(**fields), RESOURCE, scope),
    SCOPES,
    timestamp=NANOSECONDS,
    observed_timestamp=NANOSECONDS,
    severity_text=st.none() | TEXT,
    severity_number=st.none() | st.sampled_from(list(SeverityNumber)),
    body=st.none() | VALUES,
    attributes=ATTRIBUTES,
    event_name=st.none() | TEXT,
)


@settings(max_examples=50)
@given(st.lists(SPANS, max_size=3))
def test_spans_are_the_same_messages(spans):
    """Whatever is on them."""
    ours = ExportTraceServiceRequest.FromString(encode_spans(spans))
    assert ours == trace_encoder.encode_spans(spans)


@settings(max_examples=50)
@given(st.lists(RECORDS, max_size=3))
def test_log_records_are_the_same_messages(records):
    """Whatever is on them."""
    ours = ExportLogsServiceRequest.FromString(encode_logs(records))
    theirs = _log_encoder.encode_logs(records)
    for resource in (*ours.resource_logs, *theirs.resource_logs):
        for scope in resource.scope_logs:
            for record in scope.log_records:
                if not record.body.WhichOneof("value"):
                    record.ClearField("body")  # some SDKs send an empty one, others none
    assert ours == theirs


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        (2**64, str(2**64)),
        ("half a pair \udcff", "half a pair \\udcff"),
        (object, str(object)),
    ],
)
def test_what_the_format_can_not_hold_is_sent_as_text(value, sent):
    """One hostile value costs neither the span nor its batch."""
    context = SpanContext(1, 2, is_remote=False)
    span = ReadableSpan("half \udcff", context, attributes={"key": value}, resource=RESOURCE)
    message = ExportTraceServiceRequest.FromString(encode_spans([span]))
    (found,) = message.resource_spans[0].scope_spans[0].spans
    assert found.name == "half \\udcff"
    assert found.attributes[0].value.string_value == sent


def test_equal_values_of_other_types_stay_apart():
    """1, 1.0 and True are one key to a cache that is not careful."""
    context = SpanContext(1, 2, is_remote=False)
    spans = [
        ReadableSpan("s", context, attributes={"key": value}, resource=RESOURCE)
        for value in (1, True, 1.0, "1", 1, True)
    ]
    message = ExportTraceServiceRequest.FromString(encode_spans(spans))
    kinds = [
        span.attributes[0].value.WhichOneof("value")
        for span in message.resource_spans[0].scope_spans[0].spans
    ]
    assert kinds == [f"{kind}_value" for kind in ("int", "bool", "double", "string", "int", "bool")]


@pytest.mark.parametrize("port", [0, 1, 127, 128, 16383, 16384, 65535, 2097151, 2097152, -1])
def test_a_clients_port_is_encoded_as_any_number(port):
    """It is not cached, and those of three bytes have a way of their own."""
    (encoded,) = attributes(b"\x0a", {"client.port": port})
    pair = KeyValue.FromString(encoded[2:])
    assert (pair.key, pair.value.int_value) == ("client.port", port)
    assert encoded[1] == len(encoded) - 2
