"""Whatever bytes come in: traces, or one sentence."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from overlap import verdict
from overlap.errors import UnreadableTrace
from overlap.trace import from_otlp_json, read


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"", "input: it is empty"),
        (b" \n\t", "input: it is empty"),
        (b"hello", "input: it is neither JSON nor OTLP protobuf"),
        (b"{}", "input: there is no span in it"),
        (b"[]", "input: there is no span in it"),
        (b'{"resourceSpans": []}', "input: there is no span in it"),
        (b'{"data": []}', "input: there is no span in it"),
        (b'{}\n\n{"a"', "input: line 3: it is not JSON: Expecting ':' delimiter"),
        (b'{"a": 1}', "line 1: it has neither resourceSpans (OTLP, Tempo) nor data (Jaeger)"),
        (b"[1]", "line 1: 1 is not a JSON object"),
        (b"{}\n7", "line 2: 7 is not a JSON object"),
        (
            b'{"error": {"httpCode": 404, "message": "No traces"}}',
            "an error, not a trace: 'No traces'",
        ),
        (b'{}\n{"a": "\xff"}', "line 2: it is not UTF-8"),
        (b"[" * 100_000, "line 1: it nests too deep"),
        (b'{"a":' + b"1" * 10_000 + b"}", "line 1: a number in it is too long"),
        (b'{"result": 3}', "line 1: it has neither"),
        (b'{"data": {}}', "input: there is no span in it"),
        (b'{"data": {"a": 1}}', "line 1: data is an object, not an array"),
    ],
)
def test_unreadable_input_is_one_sentence(data: bytes, complaint: str) -> None:
    """What was wrong and, where it helps, on which line."""
    with pytest.raises(UnreadableTrace) as caught:
        read(data)
    assert complaint in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_attribute_may_not_nest_without_end(otlp: Any) -> None:
    """A value within a value, five hundred deep, is refused before Python's stack is."""
    value: dict[str, Any] = {"stringValue": "x"}
    for _ in range(500):
        value = {"arrayValue": {"values": [value]}}
    with pytest.raises(UnreadableTrace, match="nests deeper than 100 levels"):
        from_otlp_json(otlp(attributes=[{"key": "k", "value": value}]))


def tried(data: bytes) -> None:
    """Read and judge it, or be told in one sentence why not."""
    traces, said = [], ""
    try:
        traces = read(data)
    except UnreadableTrace as error:
        said = str(error)
    assert "\n" not in said
    for trace in traces:
        verdict(trace)


@settings(max_examples=300)
@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_else(data: bytes) -> None:
    """Bytes at random."""
    tried(data)


KEYS = st.sampled_from(
    [
        "result", "resourceSpans", "resource", "attributes", "scopeSpans", "scope", "spans", "data",
        "traceID", "spanID", "processes", "references", "tags", "logs", "fields", "startTime",
        "duration", "processID", "process", "error", "message", "key", "value", "type", "kind",
        "traceId", "spanId", "parentSpanId", "name", "startTimeUnixNano", "endTimeUnixNano",
        "events", "links", "status", "code", "stringValue", "intValue", "arrayValue", "values",
        "kvlistValue", "bytesValue", "doubleValue", "boolValue", "operationName", "refType",
    ]
)  # fmt: skip
LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
    | st.sampled_from(["a" * 32, "b" * 16, "int64", "CHILD_OF", "1" * 20, "\ud800", "=" * 24])
)  # fmt: skip
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5)
)


@settings(max_examples=300)
@given(VALUES)
def test_no_json_raises_anything_else(value: Any) -> None:
    """JSON of the right words in the wrong places."""
    tried(json.dumps(value).encode())


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every container in a document with a key of it."""
    found: list[tuple[Any, Any]] = []
    keys = (
        value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    )
    for key in keys:
        found += [(value, key), *places(value[key])]
    return found


@settings(max_examples=400)
@given(st.data(), LEAVES | VALUES)
def test_one_wrong_value_anywhere_raises_nothing_else(
    otlp: Any, data: st.DataObject, wrong: Any
) -> None:
    """A sound document in which one value is replaced by another."""
    document = json.loads(json.dumps(otlp()))
    container, key = data.draw(st.sampled_from(places(document)))
    container[key] = wrong
    tried(json.dumps(document).encode())


@settings(max_examples=300)
@given(st.data())
def test_protobuf_with_one_wrong_byte_raises_nothing_else(
    otlp: Any, as_protobuf: Any, data: st.DataObject
) -> None:
    """A sound message in which one byte is another, or the end is missing."""
    sound = bytearray(as_protobuf(otlp()).SerializeToString())
    sound[data.draw(st.integers(0, len(sound) - 1))] = data.draw(st.integers(0, 255))
    tried(bytes(sound[: data.draw(st.integers(1, len(sound)))]))
