"""Keep the spans of a recorded test in memory: those that ended and those in progress."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

import msgspec
from opentelemetry.context import Context
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor

from overlap import names
from overlap.telemetry.export.encoding import encode_spans
from overlap.trace import Span as PlainSpan
from overlap.trace import spans_from_request

_PAST_ALL_NS = 2_000_000
"""A span in progress is shown as ending this long after all others."""


class Memory(SpanProcessor):
    """Keeps every span of the process from its start. Any thread may start and end spans."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: dict[int, Span] = {}
        self._ended: list[ReadableSpan] = []
        self._closed = False

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Keep a span in progress."""
        with self._lock:
            if not self._closed:
                self._open[span_id(span)] = span

    def on_end(self, span: ReadableSpan) -> None:
        """Keep an ended span."""
        with self._lock:
            if not self._closed:
                self._open.pop(span_id(span), None)
                self._ended.append(span)

    def close(self) -> None:
        """Record no more spans; the recorded ones stay."""
        with self._lock:
            self._closed = True

    def in_progress(self) -> list[Span]:
        """The spans that have not ended."""
        with self._lock:
            return list(self._open.values())

    def spans(self) -> list[PlainSpan]:
        """Return all spans so far, as a backend would return them.

        A span in progress gets an end after all others, so that it outlives its response if that
        has ended. A task in progress is not lost, so the mark of its start is left out.
        """
        with self._lock:
            ended, running = list(self._ended), list(self._open.values())
        found = _plain(ended)
        if not running:
            return found
        now = max(time.time_ns(), max((span.end_ns or 0 for span in found), default=0))
        still = [
            msgspec.structs.replace(span, end_ns=now + _PAST_ALL_NS)
            for span in _plain([span._readable_span() for span in running])
        ]
        tasks = {span.attributes.get(names.TASK_ID) for span in still} - {None}
        return [
            span
            for span in (*found, *still)
            if span.name != names.SPAN_TASK_STARTED
            or span.attributes.get(names.TASK_ID) not in tasks
        ]


def span_id(span: ReadableSpan) -> int:
    """Return the id of a span of the SDK."""
    context = span.get_span_context()
    return context.span_id if context else 0


def _plain(spans: Sequence[ReadableSpan]) -> list[PlainSpan]:
    # Encoded and decoded, so that a test sees the same as a backend.
    return list(spans_from_request(TracesData.FromString(encode_spans(spans))))
