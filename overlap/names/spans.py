"""The names of the spans and log records that Overlap makes."""

from __future__ import annotations

# --- spans ------------------------------------------------------------------
SPAN_BLOCKED = "event_loop.blocked"
"""One callback ran on the loop for longer than the threshold. A child of the culprit's span."""
SPAN_HUNG = "event_loop.hung"
"""A mark (no duration), sent when a block has lasted some seconds, as it may never end."""
SPAN_TASK_STARTED = "task.started"
"""A mark (no duration), sent when `spawn` starts a task. If the task has no span, it was lost."""

SPAN_THREAD_OUTLIVED = "thread.outlived"
"""Work in a thread that ended after the span it was submitted under: a thread can't be stopped."""
SPAN_WEBSOCKET = "WEBSOCKET"
"""A WebSocket connection, from the handshake to the close. The consumer's name is added to it."""
SPAN_DOCTOR = "overlap doctor"
"""The span that `overlap doctor` sends, to check where it is received."""
SPAN_TASK_DROPPED = "task.dropped"
"""A plain asyncio task that was garbage-collected while it waited (`lost`), that failed and whose
exception nobody retrieved (`failed`), or that still ran when its process shut down (`cut`). The
span is in the trace that started the task, at the time when this was noticed."""


def scenario_span(name: str) -> str:
    """Return the name of a scenario's root span."""
    return f"scenario {name}"


def command_span(name: str) -> str:
    """Return the name of a management command's span."""
    return f"manage.py {name}"


# --- log records ----------------------------------------------------------------
EVENT_VERDICT = "overlap.verdict"
"""What a scenario's trace showed. Sent when it is judged, which is after its spans have ended."""
