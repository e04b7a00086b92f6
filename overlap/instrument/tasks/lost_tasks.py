"""Report the tasks that were lost with a killed process, from the next process.

Each task noted in the journal gets its span, in its own trace and with its own id, ended when its
process was last known to live; a log record; a count.
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
from overlap.instrument.tasks.journal import LostTask
from overlap.instrument.tasks.task_metrics import task_metrics

WHY = "its process ended while it ran"

_SCOPE = InstrumentationScope("overlap.instrument.tasks")
_log = structlog.get_logger(_SCOPE.name)


def report_lost_tasks(tasks: Iterable[LostTask], provider: TracerProvider) -> None:
    """Send the end of each of these tasks."""
    for left in tasks:
        note = left.note
        span_context = _span_context(left, note.span_id)
        context = trace.set_span_in_context(NonRecordingSpan(span_context), Context())
        if span_context.trace_flags.sampled:
            provider._active_span_processor.on_end(_span(left, span_context, provider.resource))
        task_metrics().ended(note.name, names.TASK_LOST, context, is_ours=False)
        token = attach(context)
        try:
            _log.error("background task lost", task=note.name, why=WHY, of_pid=left.pid)
        finally:
            detach(token)


def _span(left: LostTask, span_context: SpanContext, resource: Resource) -> ReadableSpan:
    note = left.note
    dead = Resource({names.PROCESS_PID: left.pid, names.SERVICE_INSTANCE_ID: left.instance_id})
    return ReadableSpan(
        note.name,
        span_context,
        _span_context(left, note.parent_id) if note.parent_id else None,
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


def _span_context(left: LostTask, span_id: int) -> SpanContext:
    return SpanContext(
        left.note.trace_id, span_id, is_remote=False, trace_flags=TraceFlags(left.note.trace_flags)
    )
