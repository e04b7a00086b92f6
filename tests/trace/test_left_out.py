"""What can't be read is left out and counted; the rest is read."""

import json
from typing import Any

import pytest

from overlap.errors import UnreadableTrace
from overlap.trace import read
from overlap.trace.documents import PATIENCE, NotJson, documents

OTHER = "e" * 32


def test_only_the_trace_of_a_lost_span_is_warned_about(otlp: Any) -> None:
    """A span whose trace is known concerns no other; a lost line may concern any."""
    text = json.dumps(otlp(spanId="")) + "\n" + json.dumps(otlp(traceId=OTHER))
    one, other = read(text.encode())
    assert len(one.warnings) == 1
    assert other.warnings == ()
    one, other = read((text + "\n{").encode())
    assert len(one.warnings) == 2
    assert len(other.warnings) == 1


def test_log_lines_between_printed_spans_are_left_out() -> None:
    """The console exporter prints indented JSON to the stream that logs go to."""
    context = {"trace_id": "0x" + "a" * 32, "span_id": "0x" + "b" * 16, "trace_state": "[]"}
    span = {"name": "x", "context": context, "kind": "SpanKind.SERVER", "parent_id": None}
    span["start_time"] = span["end_time"] = "2024-01-01T00:00:00.000001Z"
    text = json.dumps(span, indent=4)
    logged = f"INFO ready\n{text}\n[INFO] done\n{text}\n{{ half\n{text}\n"
    (trace,) = read(logged.encode())
    assert [each.kind for each in trace.spans] == ["server"] * 3
    (said,) = trace.warnings
    assert said.startswith("3 parts of the input, perhaps with spans of this trace, were left out")


def test_nothing_left_is_an_error(otlp: Any) -> None:
    """The first complaint is the sentence."""
    message = otlp(spanId="")
    del message["resourceSpans"][0]["scopeSpans"][0]["spans"][0]
    with pytest.raises(UnreadableTrace, match="line 1: span 1 of 'smokehouse': it has no spanId"):
        read((json.dumps(message) + "\nhello").encode())


def test_invalid_utf_8_in_a_name_is_replaced(otlp: Any) -> None:
    """One byte does not cost a trace."""
    data = json.dumps(otlp(name="smoke?")).encode().replace(b"smoke?", b"smoke\xff")
    (trace,) = read(data)
    assert trace.spans[1].name == "smoke\ufffd"


def test_ids_that_are_not_hex_still_join_parent_and_child(otlp: Any) -> None:
    """They are kept as keys; the warning counts the spans."""
    message = otlp(parentSpanId="root!")
    message["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["spanId"] = "root!"
    (trace,) = read(json.dumps(message).encode())
    assert trace.spans[1].parent_id == trace.spans[0].span_id == "root!"
    assert trace.warnings == ("2 spans have an id that is not hex: used as it is",)


def test_documents_are_found_in_linear_time() -> None:
    """Text in which each line begins a document that never ends: attempts have a bound."""
    count = 2_000
    text = "[\n" * 200 + '{"a": 1},\n' * count
    found = [value for _, value in documents(text)]
    to_the_end = [v for v in found if isinstance(v, NotJson) and v.place > len(text) - 5]
    assert 1 <= len(to_the_end) <= PATIENCE + 2
    assert found.count({"a": 1}) == count
