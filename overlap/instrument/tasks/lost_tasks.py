"""Report the tasks that were lost with a killed process, from the next process.

Each task noted in the journal gets its span, in its own trace and with its own id, ended when its
process was last known to live; a log record; a count. A block of the event loop that the process
ended in (loop.hang) gets its span and a log record.
"""

from __future__ import annotations

from collections.abc import Iterable

from opentelemetry import trace
from opentelemetry.context import Context, attach, detach
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import NonRecordingSpan, SpanContext, Status, StatusCode, TraceFlags

from overlap import names
from overlap.instrument.tasks.block_notes import read_block_name
from overlap.instrument.tasks.journal import LostTask
from overlap.instrument.tasks.task_metrics import task_metrics
from overlap.telemetry.logs.own_lines import OwnLogger

WHY = "its process ended while it ran"

_SCOPE = InstrumentationScope("overlap.instrument.tasks")
_log = OwnLogger(_SCOPE.name)


def report_lost_tasks(tasks: Iterable[LostTask], provider: TracerProvider) -> None:
    """Send the end of each of these tasks."""
    for left in tasks:
        note = left.note
        if (block := read_block_name(note.name)) is not None:
            _report_block(left, *block, provider=provider)
            continue
        span_context = _span_context(left, note.span_id)
        context = trace.set_span_in_context(NonRecordingSpan(span_context), Context())
        if span_context.trace_flags.sampled:
            attributes: dict[str, str | int | float] = {
                names.TASK_ID: note.task_id,
                names.TASK_NAME: note.name,
                names.TASK_END: names.TASK_LOST,
            }
            span = _span(left, span_context, provider.resource, note.name, attributes)
            provider._active_span_processor.on_end(span)
        task_metrics().ended(note.name, names.TASK_LOST, context, is_ours=False)
        token = attach(context)
        try:
            _log.error("background task lost", task=note.name, why=WHY, of_pid=left.pid)
        finally:
            detach(token)


def _report_block(  # noqa: PLR0913  what the journal knows of a block
    left: LostTask, kind: str, path: str, line: int, function: str, *, provider: TracerProvider
) -> None:
    note = left.note
    span_context = _span_context(left, note.span_id)
    ms = round((left.seen_ns - note.started_ns) / 1e6, 3)
    attributes: dict[str, str | int | float] = {
        names.BLOCKED_MS: ms,
        names.BLOCKED_KIND: kind,
        names.BLOCKED_UNFINISHED: True,
        names.CODE_FILE_PATH: path,
        names.CODE_LINE_NUMBER: line,
        names.CODE_FUNCTION_NAME: function,
    }
    if span_context.trace_flags.sampled:
        span = _span(left, span_context, provider.resource, names.SPAN_BLOCKED, attributes)
        provider._active_span_processor.on_end(span)
    token = attach(trace.set_span_in_context(NonRecordingSpan(span_context), Context()))
    try:
        _log.error(
            "process ended while its event loop was blocked",
            line=f"{path}:{line} in {function}",
            kind=kind,
            seconds=round(ms / 1000, 1),
            of_pid=left.pid,
        )
    finally:
        detach(token)


def _span(
    left: LostTask,
    span_context: SpanContext,
    resource: Resource,
    name: str,
    attributes: dict[str, str | int | float],
) -> ReadableSpan:
    note = left.note
    dead = Resource({names.PROCESS_PID: left.pid, names.SERVICE_INSTANCE_ID: left.instance_id})
    return ReadableSpan(
        name,
        span_context,
        _span_context(left, note.parent_id) if note.parent_id else None,
        resource.merge(dead),
        attributes,
        status=Status(StatusCode.ERROR, WHY),
        start_time=note.started_ns,
        end_time=left.seen_ns,
        instrumentation_scope=_SCOPE,
    )


def _span_context(left: LostTask, span_id: int) -> SpanContext:
    return SpanContext(
        left.note.trace_id, span_id, is_remote=False, trace_flags=TraceFlags(left.note.trace_flags)
    )
