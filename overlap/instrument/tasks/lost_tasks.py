"""What a process that died left undone, told by the one that starts next.

Each task that was noted in the journal gets what it would have had: its span, in
its own trace and by its own id, ended when its process was last alive; a log record; a count.
"""

from __future__ import annotations

from collections.abc import Iterable

import structlog
from opentelemetry import trace
from opentelemetry.context import Context, attach, detach
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import NonRecordingSpan, SpanContext, Status, StatusCode, TraceFlags

from overlap import names
from overlap.instrument.tasks.journal import Left
from overlap.instrument.tasks.task_metrics import task_metrics

WHY = "its process ended, and it with it"

_SCOPE = InstrumentationScope("overlap.instrument.tasks")
_log = structlog.get_logger(_SCOPE.name)


def tell(tasks: Iterable[Left], provider: TracerProvider) -> None:
    """Send the end that each of these tasks has not had."""
    for left in tasks:
        note = left.note
        place = _place(left, note.span_id)
        context = trace.set_span_in_context(NonRecordingSpan(place), Context())
        if place.trace_flags.sampled:
            provider._active_span_processor.on_end(_span(left, place, provider.resource))
        task_metrics().ended(note.name, names.TASK_LOST, context, is_ours=False)
        token = attach(context)
        try:
            _log.error("background task lost", task=note.name, why=WHY, of_pid=left.pid)
        finally:
            detach(token)


def _span(left: Left, place: SpanContext, resource: Resource) -> ReadableSpan:
    note = left.note
    dead = Resource({names.PROCESS_PID: left.pid, names.SERVICE_INSTANCE_ID: left.instance_id})
    return ReadableSpan(
        note.name,
        place,
        _place(left, note.parent_id) if note.parent_id else None,
        resource.merge(dead),
        {
            names.TASK_ID: note.task_id,
            names.TASK_NAME: note.name,
            names.TASK_END: names.TASK_LOST,
        },
        status=Status(StatusCode.ERROR, WHY),
        start_time=note.started_ns,
        end_time=left.seen_ns,
        instrumentation_scope=_SCOPE,
    )


def _place(left: Left, span_id: int) -> SpanContext:
    return SpanContext(
        left.note.trace_id, span_id, is_remote=False, trace_flags=TraceFlags(left.note.trace_flags)
    )
