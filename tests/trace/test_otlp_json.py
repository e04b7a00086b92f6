"""OTLP JSON in every wrapping and spelling that is met."""

import base64
import json
from typing import Any

import pytest

from overlap.errors import UnreadableTrace
from overlap.trace import Event, Link, Span, Trace, from_otlp_json, read

TRACE = "0af7651916cd43dd8448eb211c80319c"
ROOT, CHILD = "b7ad6b7169203331", "00f067aa0ba902b7"
START = 1_700_000_000_000_001_000
SERVICE = {"service.name": "smokehouse"}

EXPECTED = Trace(
    TRACE,
    (
        Span(
            trace_id=TRACE,
            span_id=ROOT,
            name="GET /",
            start_ns=START,
            end_ns=START + 5_000_000,
            kind="server",
            service="smokehouse",
            resource=SERVICE,
            events=(Event("tick", START + 1000, {"n": 1}),),
            status="error",
            status_message="no",
            scope="views",
        ),
        Span(
            trace_id=TRACE,
            span_id=CHILD,
            name="smoke",
            start_ns=START + 1_000_000,
            end_ns=START + 2_000_000,
            parent_id=ROOT,
            service="smokehouse",
            attributes={"thread.id": 7},
            resource=SERVICE,
            links=(Link(TRACE, ROOT),),
            scope="views",
        ),
    ),
)


def test_every_wrapping_holds_the_same_trace(otlp: Any) -> None:
    """Bare, in `result`, in an array, with a BOM, indented: one trace, whole."""
    message = otlp()
    texts = [
        json.dumps(message),
        json.dumps({"result": message}),
        json.dumps([message]),
        "\ufeff\n" + json.dumps(message, indent=2),
    ]
    for text in texts:
        assert read(text.encode()) == [EXPECTED]
    assert from_otlp_json(message) == [EXPECTED]
    assert from_otlp_json({"result": message}) == [EXPECTED]


def test_a_trace_in_pieces_is_put_together(otlp: Any) -> None:
    """Line by line, or one object right after the other: traces by id, in order of appearance."""
    one, other = otlp(), otlp(traceId="ee" * 16)
    for between in ("\n", "\r\n\n", "", " "):
        text = between.join(json.dumps({"result": each}) for each in (one, other))
        first, second = read(text.encode())
        assert (first.trace_id, len(first.spans)) == (TRACE, 3)
        assert (second.trace_id, len(second.spans)) == ("ee" * 16, 1)


def test_lines_of_other_signals_are_passed_over(otlp: Any) -> None:
    """A collector may write logs and metrics into the same file."""
    lines = [{"resourceLogs": []}, otlp(), {"resourceMetrics": [{}]}, {}]
    assert read("\n".join(map(json.dumps, lines)).encode()) == [EXPECTED]


def test_snake_case_base64_and_enums_by_name_are_taken(otlp: Any) -> None:
    """What protobuf's plain JSON mapping writes reads the same."""
    snake = {
        "traceId": "trace_id", "spanId": "span_id", "parentSpanId": "parent_span_id",
        "startTimeUnixNano": "start_time_unix_nano", "endTimeUnixNano": "end_time_unix_nano",
        "timeUnixNano": "time_unix_nano", "intValue": "int_value", "stringValue": "string_value",
        "scopeSpans": "scope_spans", "resourceSpans": "resource_spans",
    }  # fmt: skip
    text = json.dumps(otlp())
    for camel, other in snake.items():
        text = text.replace(f'"{camel}"', f'"{other}"')
    for plain in (TRACE, ROOT, CHILD):
        text = text.replace(plain, base64.b64encode(bytes.fromhex(plain)).decode())
    text = text.replace('"kind": 2', '"kind": "SPAN_KIND_SERVER"')
    text = text.replace('"code": 2', '"code": "STATUS_CODE_ERROR"')
    assert read(text.encode()) == [EXPECTED]


def test_every_kind_of_attribute_is_read(otlp: Any) -> None:
    """Strings, numbers, booleans, bytes, lists, maps and nothing."""
    values: dict[str, Any] = {
        "string": {"stringValue": "é\ud800"},
        "int": {"intValue": "-9223372036854775808"},
        "double": {"doubleValue": 1},
        "infinite": {"doubleValue": "-Infinity"},
        "bool": {"boolValue": False},
        "bytes": {"bytesValue": "AAH/"},
        "list": {"arrayValue": {"values": [{"stringValue": "a"}, {}]}},
        "map": {"kvlistValue": {"values": [{"key": "k", "value": {"intValue": 3}}]}},
        "none": {},
    }
    pairs = [{"key": key, "value": value} for key, value in values.items()]
    (trace,) = from_otlp_json(otlp(attributes=pairs))
    assert trace.spans[1].attributes == {
        "string": "é?",
        "int": -(2**63),
        "double": 1.0,
        "infinite": float("-inf"),
        "bool": False,
        "bytes": b"\x00\x01\xff",
        "list": ["a", None],
        "map": {"k": 3},
        "none": None,
    }


@pytest.mark.parametrize("end", [0, "0", None, ""])
def test_a_missing_end_is_none(otlp: Any, end: Any) -> None:
    """OTLP writes 0, or nothing, where no end is known."""
    if end == "":
        message = otlp()
        del message["resourceSpans"][0]["scopeSpans"][0]["spans"][1]["endTimeUnixNano"]
    else:
        message = otlp(endTimeUnixNano=end)
    assert from_otlp_json(message)[0].spans[1].end_ns is None


@pytest.mark.parametrize(
    ("child", "complaint"),
    [
        ({"traceId": 5}, "traceId is 5, not a string"),
        ({"traceId": "x" * 200}, "too long for an id"),
        ({"spanId": None}, "it has no spanId"),
        ({"spanId": "0" * 16}, "it has no spanId"),
        ({"name": []}, "name is an array, not a string"),
        ({"startTimeUnixNano": "soon"}, "startTimeUnixNano is 'soon', not a whole number"),
        ({"startTimeUnixNano": -1}, "outside the range of OTLP times"),
        ({"endTimeUnixNano": 1e300}, "outside the range of OTLP times"),
        ({"endTimeUnixNano": True}, "endTimeUnixNano is True, not a whole number"),
        ({"kind": {}}, "kind is an object"),
        ({"attributes": {"a": 1}}, "attributes is an object, not an array"),
        (
            {"attributes": [{"key": "k", "value": {"boolValue": "x"}}]},
            "attribute 'k': its boolValue",
        ),
        ({"events": [7]}, "an event is 7, not an object"),
    ],
)
def test_a_wrong_value_is_named_with_its_place(
    otlp: Any, child: dict[str, Any], complaint: str
) -> None:
    """One warning: the line, the span, the field, and its value; the other spans are read."""
    text = json.dumps(otlp()) + "\n" + json.dumps(otlp(**child))
    (trace,) = read(text.encode(), source="spans.json")
    assert len(trace.spans) == 3
    (said,) = trace.warnings
    assert "line 2: span 2 of 'smokehouse': " in said
    assert complaint in said
    assert "\n" not in said
    with pytest.raises(UnreadableTrace, match=r"^span 2 of 'smokehouse'"):
        from_otlp_json(otlp(**child))


@pytest.mark.parametrize("kind", [99, -1, "SPAN_KIND_UNSPECIFIED"])
def test_an_unknown_kind_is_unspecified(otlp: Any, kind: Any) -> None:
    """Enums are open: a number of tomorrow is no error."""
    assert from_otlp_json(otlp(kind=kind))[0].spans[1].kind == "unspecified"
