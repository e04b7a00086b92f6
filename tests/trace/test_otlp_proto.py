"""OTLP protobuf."""

import json
from typing import Any

import pytest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

from overlap.errors import UnreadableTrace
from overlap.trace import read, spans_from_request


def test_protobuf_and_json_read_the_same(otlp: Any, as_protobuf: Any) -> None:
    """The same spans in both encodings are the same trace."""
    data = as_protobuf(otlp())
    assert read(data.SerializeToString()) == read(json.dumps(otlp()).encode())
    assert tuple(spans_from_request(data)) == read(json.dumps(otlp()).encode())[0].spans


def test_protobuf_that_begins_like_json_is_protobuf(otlp: Any, as_protobuf: Any) -> None:
    r"""A first message of 123 bytes begins with "\n{"."""
    found = otlp()
    spans = found["resourceSpans"][0]["scopeSpans"][0]["spans"]
    del spans[1]
    spans[0] = {key: spans[0][key] for key in ("traceId", "spanId", "parentSpanId", "name")}
    data = as_protobuf(found)
    while (length := data.resource_spans[0].ByteSize()) != 123:
        name = data.resource_spans[0].scope_spans[0].spans[0].name
        assert length < 123
        data.resource_spans[0].scope_spans[0].spans[0].name = name + "x"
    assert data.SerializeToString().startswith(b"\n{")
    assert read(data.SerializeToString())[0].spans[0].name.startswith("GET /x")


def test_every_kind_of_attribute_is_read(otlp: Any, as_protobuf: Any) -> None:
    """Bytes, lists, maps and nothing come as plain data."""
    data = as_protobuf(otlp())
    span = data.resource_spans[0].scope_spans[0].spans[1]
    del span.attributes[:]
    listed = AnyValue()
    listed.array_value.values.append(AnyValue(double_value=2.5))
    nested = AnyValue()
    nested.kvlist_value.values.append(KeyValue(key="k", value=AnyValue(bool_value=True)))
    for key, value in (
        ("l", listed),
        ("m", nested),
        ("b", AnyValue(bytes_value=b"x")),
        ("n", None),
    ):
        span.attributes.append(KeyValue(key=key, value=value))
    assert list(spans_from_request(data))[1].attributes == {
        "l": [2.5],
        "m": {"k": True},
        "b": b"x",
        "n": None,
    }


@pytest.mark.parametrize("span_id", [b"", b"\0" * 8])
def test_a_span_without_an_id_is_left_out(otlp: Any, as_protobuf: Any, span_id: bytes) -> None:
    """The others are read, and a warning counts it; the strict reader refuses."""
    data = as_protobuf(otlp())
    data.resource_spans[0].scope_spans[0].spans[0].span_id = span_id
    (trace,) = read(data.SerializeToString())
    assert [span.name for span in trace.spans] == ["smoke"]
    assert trace.warnings == (
        "1 span of this trace was left out: span 1 of 'smokehouse': it has no span_id",
    )
    with pytest.raises(UnreadableTrace, match="it has no span_id"):
        list(spans_from_request(data))
