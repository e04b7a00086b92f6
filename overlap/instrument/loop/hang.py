"""Report a block that does not end, while it lasts.

A worker that hangs is killed by its supervisor sooner or later, and a span that has not ended is
never sent. So after HANG_S the watchdog's thread writes a note in the journal, from which the next
process sends the span; sends a mark, which a verdict takes for the block if nothing else was sent;
and logs one line.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from uuid import uuid4

from opentelemetry import trace
from opentelemetry.context import Context, attach, detach
from opentelemetry.trace import Span, format_span_id

from overlap import names
from overlap.instrument.loop.loop_metrics import code_attributes
from overlap.instrument.recorded.blocks import record_hang
from overlap.instrument.requests.server_span import SERVER_SPAN_KEY, ServerSpan
from overlap.instrument.tasks import process_journal
from overlap.instrument.tasks.block_notes import block_name
from overlap.runtime import stack
from overlap.telemetry.logs.own_lines import OwnLogger

HANG_S = 5.0
"""A block this long may never end."""
_SCOPE = "overlap.instrument.loop"
_log = OwnLogger(_SCOPE)


@dataclass(frozen=True, slots=True)
class Hang:
    """A block that has lasted for HANG_S. `span` is the block's own, `context` its culprit's."""

    span: Span
    context: Context
    kind: str
    start_ns: int
    lines: tuple[stack.Line, ...]

    def report(self) -> int | None:
        """Report it. Return its slot in the journal. On the watchdog's thread."""
        line = stack.culprit(self.lines)
        parent = trace.get_current_span(self.context)
        name = block_name(self.kind, line.path, line.number, line.function)
        slot = process_journal.record(uuid4().hex, name, self.span, parent)
        seconds = (time.time_ns() - self.start_ns) / 1e9
        record_hang(self.kind, line, self.context.get(SERVER_SPAN_KEY), self.start_ns)
        self._send_mark(line, seconds)
        self._log(line, seconds)  # last: the blocked thread may hold a handler's lock
        return slot

    def _send_mark(self, line: stack.Line, seconds: float) -> None:
        now = time.time_ns()
        mark = trace.get_tracer(_SCOPE).start_span(
            names.SPAN_HUNG,
            self.context,
            start_time=now,
            attributes={
                names.BLOCKED_MS: round(seconds * 1000, 3),
                names.BLOCKED_KIND: self.kind,
                names.BLOCKED_SPAN_ID: format_span_id(self.span.get_span_context().span_id),
                names.CODE_STACKTRACE: stack.text(self.lines),
                **code_attributes(line),
            },
        )
        mark.end(now)

    def _log(self, line: stack.Line, seconds: float) -> None:
        server_span = self.context.get(SERVER_SPAN_KEY)
        request = server_span.span if isinstance(server_span, ServerSpan) else None
        token = attach(self.context)
        try:
            _log.error(
                "event loop is blocked and does not go on",
                seconds=round(seconds, 1),
                line=f"{line.path}:{line.number} in {line.function}",
                kind=self.kind,
                request=getattr(request, "name", None),
            )
        finally:
            detach(token)
