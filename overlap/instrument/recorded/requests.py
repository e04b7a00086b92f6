"""A request in the flight recorder, where this process has one.

Each request calls both functions: they are written for few calls and no object.
"""

from __future__ import annotations

from opentelemetry.trace import Span

from overlap import names
from overlap.recorder import active, layout
from overlap.runtime.guard import failed

NOT_RECORDED = 0
"""The number of a request that is not recorded."""
_WHAT = "a request is not in the flight recorder"
_OUTCOMES = {
    None: layout.ANSWERED,
    names.CLIENT_DISCONNECTED: layout.DISCONNECTED,
    names.SERVER_STOPPED: layout.STOPPED,
}


def request_begins(span: Span, began: float) -> int:
    """Record that a request begins, and return its number. In the request's context."""
    recorder = active.RECORDER
    if recorder is None:
        return NOT_RECORDED
    try:
        return recorder.request_begins(span.get_span_context().trace_id, began)
    except Exception:
        failed(_WHAT)
        return NOT_RECORDED


def request_ends(  # noqa: PLR0913, PLR0917  what is known of a request
    number: int,
    name: str,
    began: float,
    took: float,
    status: int | None,
    ended_by: str | None,
    is_stream: bool,
) -> None:
    """Record the end of a request.

    ended_by: what ended it early, or the error's type; None: it was answered.
    """
    recorder = active.RECORDER
    if recorder is None:
        return
    try:
        recorder.request_ends(
            number,
            name,
            began=began,
            took=took,
            status=status or 0,
            outcome=layout.ANSWERED if ended_by is None else _OUTCOMES.get(ended_by, layout.FAILED),
            is_stream=is_stream,
        )
    except Exception:
        failed(_WHAT)
