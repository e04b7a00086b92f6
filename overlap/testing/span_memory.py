"""Where a recorded test's spans go: a list, and what has not ended yet."""

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
"""By so much more than everything seen has what still runs outlived its response."""


class Memory(SpanProcessor):
    """Keeps every span of the process, from its start on. Any thread may start and end spans."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: dict[int, Span] = {}
        self._ended: list[ReadableSpan] = []
        self._closed = False

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Note that it is under way."""
        with self._lock:
            if not self._closed:
                self._open[span_id(span)] = span

    def on_end(self, span: ReadableSpan) -> None:
        """Keep it."""
        with self._lock:
            if not self._closed:
                self._open.pop(span_id(span), None)
                self._ended.append(span)

    def close(self) -> None:
        """Take no more; what is kept stays."""
        with self._lock:
            self._closed = True

    def under_way(self) -> list[Span]:
        """The spans that have not ended."""
        with self._lock:
            return list(self._open.values())

    def spans(self) -> list[PlainSpan]:
        """Everything so far, as a backend would give it back.

        What has not ended is given an end past all others: it goes on past its response
        if that is over. A task that still runs is not lost, so that its mark is left out.
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
    """The id of a span of the SDK."""
    context = span.get_span_context()
    return context.span_id if context else 0


def _plain(spans: Sequence[ReadableSpan]) -> list[PlainSpan]:
    # By way of what is sent, so that a test sees what a backend would.
    return list(spans_from_request(TracesData.FromString(encode_spans(spans))))
