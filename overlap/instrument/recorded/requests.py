"""A request in the flight recorder, where this process has one."""

from __future__ import annotations

from opentelemetry.trace import Span

from overlap import names
from overlap.recorder import active, layout
from overlap.recorder.flight import FlightRecorder
from overlap.runtime.guard import failed, never_raises

_WHAT = "a request is not in the flight recorder"
_OUTCOMES = {
    None: layout.ANSWERED,
    names.CLIENT_DISCONNECTED: layout.DISCONNECTED,
    names.SERVER_STOPPED: layout.STOPPED,
}


class RecordedRequest:
    """One request, from its creation until `end`. Its work is recorded under its number."""

    __slots__ = ("_began", "_number", "_recorder")

    def __init__(self, recorder: FlightRecorder, trace_id: int, began: float) -> None:
        self._recorder, self._began = recorder, began
        self._number = recorder.request_begins(trace_id, began)

    @never_raises(_WHAT)
    def end(
        self,
        name: str,
        seconds: float,
        status: int | None,
        ended_by: str | None,
        *,
        is_stream: bool,
    ) -> None:
        """Record its end.

        ended_by: what ended it early, or the error's type; None: it was answered.
        """
        self._recorder.request_ends(
            self._number,
            name,
            began=self._began,
            took=seconds,
            status=status or 0,
            outcome=_OUTCOMES.get(ended_by, layout.FAILED),
            is_stream=is_stream,
        )


def recorded_request(span: Span, began: float) -> RecordedRequest | None:
    """Record that a request begins; None if nothing is recorded. In the request's context."""
    recorder = active.RECORDER
    if recorder is None:
        return None
    try:
        return RecordedRequest(recorder, span.get_span_context().trace_id, began)
    except Exception:
        failed(_WHAT)
        return None
