"""Small files as people have them: each gives what its name says."""

from pathlib import Path

import pytest

from overlap import verdict
from overlap.errors import UnreadableTrace
from overlap.trace import read

INPUTS = Path(__file__).parent / "inputs"
TRACE = "0af7651916cd43dd8448eb211c80319c"
SHORT = "0" * 16 + "0af7651916cd43dd"


@pytest.mark.parametrize(
    ("name", "trace_id"),
    [
        ("tempo_v1_batches.json", TRACE),
        ("tempo_v2_trace.json", TRACE),
        ("grafana_tracesData.json", TRACE),
        ("zipkin.json", TRACE),
        ("otlp.json.gz", TRACE),
        ("enum_short.json", TRACE),
        ("utf16.json", TRACE),
        ("short_traceid64.json", SHORT),
    ],
)
def test_the_same_trace_in_every_format(name: str, trace_id: str) -> None:
    """A server span with two overlapping client spans, nothing left out."""
    (trace,) = read((INPUTS / name).read_bytes())
    assert trace.trace_id == trace_id
    assert trace.warnings == ()
    assert [(span.name, span.kind, span.service) for span in trace.spans] == [
        ("GET /", "server", "shop"),
        ("a", "client", "shop"),
        ("b", "client", "shop"),
    ]
    root, a, b = trace.spans
    assert (root.parent_id, a.parent_id, b.parent_id) == (None, root.span_id, root.span_id)
    assert (a.start_ns - root.start_ns, (a.end_ns or 0) - root.start_ns) == (5_000_000, 60_000_000)
    found = verdict(trace)
    assert (found.shapes, found.groups[0].stages) == (["concurrent"], [["a", "b"]])


def test_zipkin_lines() -> None:
    """One span a line, without kinds or services."""
    (trace,) = read((INPUTS / "zipkin_ndjson.jsonl").read_bytes())
    assert [(span.name, span.start_ns, span.end_ns) for span in trace.spans] == [
        ("GET /", 1000, 3000),
        ("a", 1000, 3000),
        ("b", 1000, 3000),
    ]


def test_the_console_exporter() -> None:
    """Ids lose their prefix, times become nanoseconds."""
    (trace,) = read((INPUTS / "console_py.json").read_bytes())
    (span,) = trace.spans
    assert (span.trace_id, span.span_id, span.name, span.service, span.kind) == (
        TRACE, "0" * 15 + "1", "hello", "x", "internal",
    )  # fmt: skip
    assert (span.start_ns, span.end_ns) == (1_704_067_200_000_000_000, 1_704_067_200_010_000_000)


@pytest.mark.parametrize(
    ("name", "spans", "warning"),
    [
        ("jsonl_trunc.jsonl", 3, "1 part of the input, perhaps with spans of this trace, was left"),
        ("jsonl_logline.jsonl", 3, "line 2: '2024-01-01 info starting' is not a JSON object"),
        ("one_bad_span.json", 4, "1 span has an id that is not hex: used as it is"),
        ("one_no_spanid.json", 3, "1 span of this trace was left out: line 1: span 4 of 'shop'"),
    ],
)
def test_one_bad_spot_does_not_refuse_the_rest(name: str, spans: int, warning: str) -> None:
    """The rest is judged, and one warning of the verdict counts what was left out."""
    (trace,) = read((INPUTS / name).read_bytes())
    assert len(trace.spans) == spans
    found = verdict(trace)
    assert found.shapes == ["concurrent"]
    (said,) = (each for each in found.warnings if warning in each)
    assert "\n" not in said


def test_a_file_of_several_traces() -> None:
    """Each is read by itself."""
    found = read((INPUTS / "jaeger_many.json").read_bytes())
    assert [trace.trace_id[-3:] for trace in found] == ["abc", "def"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("jaeger_error.json", "Jaeger answered with an error: 'trace not found' (404)"),
        ("chrome.json", "Chrome's trace events"),
        ("datadog.json", "the collector's datadog receiver"),
        ("xray.json", "the collector's awsxray receiver"),
        ("jaeger_taglist_es.json", "documents from Elasticsearch: ask Jaeger instead"),
        ("html.json", "an HTML page"),
    ],
)
def test_what_is_no_readable_trace_is_named(name: str, said: str) -> None:
    """One sentence says what it looks like and how to get a readable one."""
    with pytest.raises(UnreadableTrace) as caught:
        read((INPUTS / name).read_bytes(), source=name)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
