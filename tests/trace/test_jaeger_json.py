"""The JSON that Jaeger's UI downloads."""

import json
from typing import Any

import pytest

from overlap.errors import UnreadableTrace
from overlap.trace import Event, Link, Span, read

START_US = 1_700_000_000_000_001


def tag(key: str, value: Any, kind: str = "string") -> dict[str, Any]:
    return {"key": key, "type": kind, "value": value}


def download(**child: Any) -> dict[str, Any]:
    """Two spans of one service, ids short as older versions write them."""
    trace = {
        "traceID": "abc123",
        "processes": {
            "p1": {"serviceName": "smokehouse", "tags": [tag("process.pid", 42, "int64")]}
        },
        "spans": [
            {
                "traceID": "abc123",
                "spanID": "a1",
                "operationName": "GET /",
                "references": [],
                "startTime": START_US,
                "duration": 5000,
                "tags": [
                    tag("span.kind", "server"),
                    tag("otel.status_code", "ERROR"),
                    tag("otel.status_description", "no"),
                    tag("error", True, "bool"),
                    tag("otel.scope.name", "views"),
                    tag("share", 0.5, "float64"),
                    tag("raw", "AAE=", "binary"),
                ],
                "logs": [
                    {
                        "timestamp": START_US + 1,
                        "fields": [tag("event", "tick"), tag("n", "1", "int64")],
                    }
                ],
                "processID": "p1",
                "warnings": None,
            },
            {
                "spanID": "a2",
                "operationName": "smoke",
                "references": [
                    {"refType": "FOLLOWS_FROM", "traceID": "abc123", "spanID": "a9"},
                    {"refType": "CHILD_OF", "traceID": "abc123", "spanID": "a1"},
                ],
                "startTime": START_US + 1000,
                "duration": 1000,
                "processID": "p1",
                **child,
            },
        ],
    }
    return {"data": [trace], "total": 0, "errors": None}


def test_a_download_reads_as_the_spans_it_was_made_of() -> None:
    """Kind, status, scope and events go back from tags and logs; times become nanoseconds."""
    (trace,) = read(json.dumps(download()).encode())
    trace_id = "abc123".rjust(32, "0")
    root, child = "a1".rjust(16, "0"), "a2".rjust(16, "0")
    resource = {"service.name": "smokehouse", "process.pid": 42}
    assert trace.trace_id == trace_id
    assert trace.spans == (
        Span(
            trace_id,
            root,
            "GET /",
            START_US * 1000,
            (START_US + 5000) * 1000,
            kind="server",
            service="smokehouse",
            attributes={"error": True, "share": 0.5, "raw": b"\x00\x01"},
            resource=resource,
            events=(Event("tick", (START_US + 1) * 1000, {"n": 1}),),
            status="error",
            status_message="no",
            scope="views",
        ),
        Span(
            trace_id,
            child,
            "smoke",
            (START_US + 1000) * 1000,
            (START_US + 2000) * 1000,
            parent_id=root,
            service="smokehouse",
            resource=resource,
            links=(Link(trace_id, "a9".rjust(16, "0")),),
        ),
    )


def test_one_trace_without_its_wrapping_is_read() -> None:
    """What stands in `data` may also come alone, or as lines."""
    alone = download()["data"][0]
    assert read(json.dumps(alone).encode()) == read(json.dumps(download()).encode())
    assert len(read(f"{json.dumps(alone)}\n{json.dumps(alone)}".encode())[0].spans) == 4


def test_a_parent_in_another_trace_is_a_link() -> None:
    """Only a reference within the trace makes a parent."""
    reference = {"refType": "CHILD_OF", "traceID": "dd", "spanID": "a1"}
    (trace,) = read(json.dumps(download(references=[reference])).encode())
    assert trace.spans[1].parent_id is None
    assert trace.spans[1].links[0].trace_id.endswith("dd")


@pytest.mark.parametrize(
    ("child", "complaint"),
    [
        ({"spanID": ""}, "it has no spanID"),
        ({"startTime": "x"}, "startTime is 'x', not a whole number"),
        ({"tags": [{"key": "k", "type": "int64", "value": []}]}, "tag 'k': its value is an array"),
        ({"references": [1]}, "a reference is 1, not an object"),
        ({"logs": {}}, "logs is an object, not an array"),
    ],
)
def test_a_wrong_value_is_named_with_its_place(child: dict[str, Any], complaint: str) -> None:
    """One warning with the span's number; the other span is read."""
    (trace,) = read(json.dumps(download(**child)).encode())
    assert len(trace.spans) == 1
    (said,) = trace.warnings
    assert "line 1: span 2: " in said
    assert complaint in said


def test_an_error_of_jaeger_is_given_in_its_words() -> None:
    """Where there is no trace; beside traces an error is no reason to refuse them."""
    error = {"data": None, "errors": [{"code": 500, "msg": "badger is closed"}]}
    with pytest.raises(UnreadableTrace, match=r"an error: 'badger is closed' \(500\)"):
        read(json.dumps(error).encode())
    assert len(read(json.dumps({**download(), "errors": error["errors"]}).encode())) == 1
