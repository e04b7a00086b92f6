"""The fast reader of Jaeger's JSON gives the spans of the tolerant one, or leaves them to it."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from overlap.trace.formats import jaeger_json
from overlap.trace.formats.jaeger_typed import JaegerReader
from overlap.trace.formats.otlp_typed import Unusual

TRACE, OTHER = "0" * 31 + "a", "b" * 32
TAGS = st.lists(
    st.fixed_dictionaries(
        {
            "key": st.sampled_from(
                [
                    "span.kind",
                    "http.route",
                    "error",
                    "otel.status_code",
                    "n",
                    "event",
                    "message",
                    "otel.status_description",
                    "otel.scope.name",
                    "otel.library.name",
                ]
            ),
            "type": st.sampled_from(["string", "bool", "int64", "float64", "long", ""]),
            "value": st.sampled_from(
                ["server", "Client", True, 7, 1.5, "ERROR", None, "7", "true"]
            ),
        }
    ),
    max_size=3,
)
REFERENCES = st.lists(
    st.fixed_dictionaries(
        {
            "refType": st.sampled_from(["CHILD_OF", "FOLLOWS_FROM"]),
            "traceID": st.sampled_from([TRACE, OTHER, ""]),
            "spanID": st.sampled_from(["0" * 15 + "1", "1", "", "0" * 16]),
        }
    ),
    max_size=2,
)
LOGS = st.fixed_dictionaries(
    {"timestamp": st.sampled_from([1, -1, 2**63, "1"])}, optional={"fields": TAGS}
)
SPANS = st.lists(
    st.fixed_dictionaries(
        {
            "traceID": st.sampled_from([TRACE, "a", TRACE.upper(), ""]),
            "spanID": st.sampled_from(["0" * 15 + "2", "2", "0" * 16]),
            "operationName": st.text(max_size=3),
            "startTime": st.sampled_from([0, 1_700_000_000_000_000, 2**64]),
            "duration": st.sampled_from([0, 5, -5]),
            "processID": st.sampled_from(["p1", "p2"]),
        },
        optional={
            "references": REFERENCES,
            "tags": TAGS,
            "logs": st.none() | st.lists(LOGS, max_size=2),
            "parentSpanID": st.sampled_from(["", "3" * 16]),
            "process": st.none() | st.just({"serviceName": "own"}),
            "warnings": st.just(None),
        },
    ),
    max_size=2,
)
PROCESSES = st.fixed_dictionaries({"p1": st.fixed_dictionaries(
    {"serviceName": st.sampled_from(["shop", ""])}, optional={"tags": TAGS}
)})  # fmt: skip


@given(SPANS, PROCESSES)
def test_what_the_fast_reader_reads_is_what_the_tolerant_one_reads(spans, processes):
    """To the field; what is unusual it refuses."""
    document = {"data": [{"traceID": TRACE, "spans": spans, "processes": processes}]}
    try:
        found = JaegerReader().spans(json.dumps(document).encode())
    except (Unusual, msgspec.MsgspecError):
        return
    assert found == [*jaeger_json.spans(document)]


def test_what_jaeger_writes_is_read_fast():
    """One trace of two spans: tags of each type, a log, and what OTLP has fields for."""
    tags = [
        {"key": "span.kind", "type": "string", "value": "server"},
        {"key": "n", "type": "int64", "value": 7},
        {"key": "ok", "type": "bool", "value": True},
    ]
    one = {
        "traceID": TRACE, "spanID": "1" * 16, "operationName": "GET /", "references": [],
        "startTime": 5, "duration": 9, "tags": tags, "logs": [], "processID": "p1", "flags": 1,
        "warnings": None,
    }  # fmt: skip
    above = {"refType": "CHILD_OF", "traceID": TRACE, "spanID": "1" * 16}
    log = {"timestamp": 7, "fields": [{"key": "event", "type": "string", "value": "sent"}]}
    scope = {"key": "otel.scope.name", "type": "string", "value": "django"}
    failed = {"key": "error", "type": "bool", "value": True}
    ratio = {"key": "ratio", "type": "float64", "value": 1}
    own = {"references": [above], "logs": [log], "tags": [scope, failed, ratio]}
    other = {**one, "spanID": "2" * 16, **own}
    trace = {"traceID": TRACE, "spans": [one, other], "processes": {"p1": {"serviceName": "shop"}}}
    document = {"data": [trace], "total": 0, "errors": None}
    found = JaegerReader().spans(json.dumps(document).encode())
    assert found == [*jaeger_json.spans(document)]
    assert (found[0].kind, found[1].parent_id, found[0].attributes) == (
        "server",
        "1" * 16,
        {"n": 7, "ok": True},
    )
    assert (found[1].scope, found[1].status, found[1].attributes) == (
        "django",
        "error",
        {"error": True, "ratio": 1.0},
    )
    assert [(event.name, event.time_ns) for event in found[1].events] == [("sent", 7000)]


@pytest.mark.parametrize("document", [{"data": []}, {"data": [{}]}, {"data": None}, {}])
def test_a_document_without_traces_is_left_to_the_tolerant_reader(document):
    """It knows what to say of it."""
    with pytest.raises((Unusual, msgspec.MsgspecError)):
        JaegerReader().spans(json.dumps(document).encode())
