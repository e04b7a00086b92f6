"""Every span, attribute, event and metric name, once.

OpenTelemetry's semantic conventions come first; what they have no word for
carries our own prefix.
"""

from __future__ import annotations

# --- semantic conventions -------------------------------------------------
SERVICE_NAME = "service.name"
SERVICE_INSTANCE_ID = "service.instance.id"
PROCESS_PID = "process.pid"
THREAD_ID = "thread.id"
THREAD_NAME = "thread.name"
CODE_FILE_PATH = "code.file.path"
CODE_LINE_NUMBER = "code.line.number"
CODE_FUNCTION_NAME = "code.function.name"
CODE_STACKTRACE = "code.stacktrace"
HTTP_REQUEST_METHOD = "http.request.method"
HTTP_ROUTE = "http.route"
HTTP_STATUS = "http.response.status_code"
URL_PATH = "url.path"
EXCEPTION_TYPE = "exception.type"
EXCEPTION_MESSAGE = "exception.message"
EXCEPTION_STACKTRACE = "exception.stacktrace"
ERROR_TYPE = "error.type"

# --- spans ------------------------------------------------------------------
SPAN_BLOCKED = "event_loop.blocked"
"""The loop ran one callback longer than the threshold. Child of the culprit's current span."""
SPAN_TASK_STARTED = "task.started"
"""A mark (no duration), sent when `spawn` starts a task: with no end to match it, it was lost."""


def scenario_span(name: str) -> str:
    """The name of a lesson's root span."""
    return f"scenario {name}"


# --- attributes ---------------------------------------------------------------
SCENARIO_NAME = "overlap.scenario"
"""On a lesson's root span: which lesson this is. Its children are load, not a group.
In baggage, and so on each log record of that lesson: the same."""
CANCELLED = "overlap.cancelled"
"""On a span: it did not come to its end. What it stood around was cancelled, or its generator was
closed. (An exception is recorded by OpenTelemetry itself; these two are none to it.)"""
NEIGHBOUR = "overlap.neighbour"
"""On a client span of a lesson: fired only to see who suffers."""
BLOCKED_MS = "overlap.blocked.duration_ms"
"""On `event_loop.blocked`: how long the loop stood still, in milliseconds."""
BLOCKED_VICTIMS = "overlap.blocked.victims"
"""On `event_loop.blocked`: how many requests were in flight besides the culprit's."""
VICTIM_DELAY_MS = "overlap.victim.delay_ms"
"""On a victim's link to the block: how long it was held up, in milliseconds."""
LINK_KIND = "overlap.link"
"""On a link: what it says. One of the LINK_ values below."""
LINK_VICTIM = "victim"
LINK_BLOCKED_BY = "blocked_by"
TASK_ID = "overlap.task.id"
TASK_NAME = "overlap.task.name"
TASK_END = "overlap.task.end"
"""On a background task's span: how it ended. One of the TASK_ values below."""
TASK_DONE = "done"
TASK_FAILED = "failed"
TASK_CANCELLED = "cancelled"
TASK_LOST = "lost"
TASK_ENDS = (TASK_DONE, TASK_FAILED, TASK_CANCELLED, TASK_LOST)
SHAPES = "overlap.shapes"
"""On the record `overlap.verdict`: the shapes of the trace it belongs to, with commas between."""
SCENARIO_OK = "overlap.scenario.ok"
"""On the same: whether the lesson showed everything it expects."""
SCENARIO_PROBLEMS = "overlap.scenario.problems"
"""On the same: what it lacked, in words; not there where it lacked nothing."""
SCENARIO_ANSWERED_MS = "overlap.scenario.answered_ms"
"""On the same: how long the slowest of the lesson's own requests waited for its answer."""
DROPPED_WHY = "overlap.dropped.reason"
SIGNAL = "overlap.signal"
"""On the dropped-telemetry counter: traces, logs or metrics."""

FIRST_PART_MS = "overlap.response.first_part_ms"
"""On a server span that streams: from the request's start to the first part, in milliseconds."""
SYNC_MIDDLEWARE = "overlap.sync_middleware"
"""On a server span under ASGI: the middlewares that know no async, by their dotted names. Django
runs what stands inside of them in a thread: each request takes one, for a hop there and back."""
CLIENT_DISCONNECTED = "client.disconnected"
"""On a server span: an event, and its error.type; the client went away before the answer's end."""
SERVER_STOPPED = "server.stopped"
"""The same, where the process ended, or the instrument was switched off, before that."""

# --- log records ----------------------------------------------------------------
EVENT_VERDICT = "overlap.verdict"
"""What a lesson's trace showed: sent once it is judged, which is after its spans have ended."""

# --- metrics ------------------------------------------------------------------
METRIC_LOOP_LAG = "overlap.event_loop.lag"  # histogram, s
METRIC_LOOP_BLOCKED = "overlap.event_loop.blocked.time"  # counter, s
METRIC_TASKS_STARTED = "overlap.background.started"  # counter, {task}
METRIC_TASKS_ENDED = "overlap.background.ended"  # counter, {task}, by TASK_END
METRIC_TASKS_RUNNING = "overlap.background.running"  # up-down counter, {task}
METRIC_DROPPED = "overlap.telemetry.dropped"  # counter, {item}, by SIGNAL
METRIC_THREADS = "overlap.threads"  # gauge, {thread}
