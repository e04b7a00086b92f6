"""Every span, attribute, event and metric name, once.

OpenTelemetry's semantic conventions come first; other names have our own prefix.
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
SERVER_ADDRESS = "server.address"
SERVER_PORT = "server.port"
URL_PATH = "url.path"
NETWORK_PROTOCOL = "network.protocol.name"
CLIENT_ADDRESS = "client.address"
CLIENT_PORT = "client.port"
EXCEPTION_TYPE = "exception.type"
EXCEPTION_MESSAGE = "exception.message"
EXCEPTION_STACKTRACE = "exception.stacktrace"
ERROR_TYPE = "error.type"
DB_OPERATION = "db.operation.name"
DB_COLLECTION = "db.collection.name"
DB_QUERY = "db.query.text"
DB_NAMESPACE = "db.namespace"
MESSAGING_SYSTEM = "messaging.system"
MESSAGING_OPERATION_NAME = "messaging.operation.name"
MESSAGING_OPERATION_TYPE = "messaging.operation.type"
MESSAGING_DESTINATION_NAME = "messaging.destination.name"
MESSAGING_MESSAGE_ID = "messaging.message.id"
MESSAGING_OPERATION = "messaging.operation"
"""What MESSAGING_OPERATION_TYPE was called before."""
MESSAGING_CONSUMER_GROUP = "messaging.consumer.group.name"
MESSAGING_KAFKA_CONSUMER_GROUP = "messaging.kafka.consumer.group"
"""What MESSAGING_CONSUMER_GROUP was called before."""
MESSAGING_SUBSCRIPTION = "messaging.destination.subscription.name"
ASGI_EVENT_TYPE = "asgi.event.type"
"""On the spans that opentelemetry-instrumentation-asgi makes for single messages of ASGI."""

# --- those of opentelemetry-instrumentation-celery ---------------------------
CELERY_TASK_NAME = "celery.task_name"
CELERY_STATE = "celery.state"
"""On the span of a task's run: how it ended, as Celery says: SUCCESS, RETRY, FAILURE, REVOKED."""
CELERY_RETRIES = "celery.retries"
"""On the same: how many runs of the same task there were before this one."""
CELERY_RETRY_REASON = "celery.retry.reason"
CELERY_REVOKED_REASON = "celery.revoked.reason"
CELERY_TERMINATED_SIGNAL = "celery.terminated.signal"

# --- spans ------------------------------------------------------------------
SPAN_BLOCKED = "event_loop.blocked"
"""The loop ran one callback longer than the threshold. Child of the culprit's current span."""
SPAN_HUNG = "event_loop.hung"
"""A mark (no duration), sent after some seconds of a block, which may never end."""
SPAN_TASK_STARTED = "task.started"
"""A mark (no duration), sent when `spawn` starts a task: with no end to match it, it was lost."""

SPAN_THREAD_OUTLIVED = "thread.outlived"
"""Work in a thread that ended after the span it was submitted under: nothing can stop it."""
SPAN_WEBSOCKET = "WEBSOCKET"
"""A WebSocket connection, from the handshake to the close; its name goes on with the consumer's."""
SPAN_DOCTOR = "overlap doctor"
"""What `overlap doctor` sends to see where it arrives."""
SPAN_TASK_DROPPED = "task.dropped"
"""A plain asyncio task that was collected while it waited (its end: lost), that failed and nobody
asked (failed), or that still ran when its process shut down (cut): a span in the trace of what
started it, at the moment it was found out."""


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
"""On `event_loop.blocked`: how many other requests waited: in flight, or not yet accepted."""
VICTIM_DELAY_MS = "overlap.victim.delay_ms"
"""On a victim's link to a block: how long it was held up, in milliseconds. On its span: by all."""
VICTIM_AT_MOST = "overlap.victim.at_most"
"""On the same link: it began only after the block, and waited no longer than this, maybe less.
On its span: that holds for a part of the time."""
VICTIM_BLOCKED_BY = "overlap.victim.blocked_by"
"""On a victim's span: what its links say, as plain text that every backend keeps: for each block
`trace_id-span_id+delay`, in milliseconds, with `<` for `+` where it is at most that."""
BLOCKED_KIND = "overlap.blocked.kind"
"""On `event_loop.blocked`: what held the loop. One of the BLOCK_ values below."""
BLOCK_SLEEP = "sleep"
BLOCK_CPU = "cpu"
BLOCK_DNS = "dns"
BLOCK_FILE = "file"
BLOCK_FUTURE = "future"
BLOCK_LOCK = "lock"
BLOCK_NETWORK = "network"
BLOCK_PROCESS = "process"
BLOCK_WAIT = "wait"
"""It waited, and the stack does not tell for what."""
BLOCKED_UNFINISHED = "overlap.blocked.unfinished"
"""On `event_loop.blocked`: the process ended while it lasted; the next one reports it."""
LINK_KIND = "overlap.link"
"""On a link: what it says. One of the LINK_ values below."""
LINK_VICTIM = "victim"
LINK_CONNECTION = "connection"
"""On a WebSocket message's span: it leads to the span of the connection."""
LINK_BLOCKED_BY = "blocked_by"
TASK_ID = "overlap.task.id"
"""On a background task's span and on the mark of its start: what tells this task from others."""
TASK_NAME = "overlap.task.name"
"""On the same: the name that `spawn` was given."""
TASK_SPAN_ID = "overlap.task.span_id"
"""On the mark of a task's start: the id of the task's own span, which may never be sent."""
TASK_END = "overlap.task.end"
"""On a background task's span: how it ended. One of the TASK_ values below."""
TASK_DONE = "done"
TASK_FAILED = "failed"
TASK_CANCELLED = "cancelled"
TASK_LOST = "lost"
TASK_CUT = "cut"
"""A plain task's alone: the process shut down and did not wait for it."""
TASK_ENDS = (TASK_DONE, TASK_FAILED, TASK_CANCELLED, TASK_LOST, TASK_CUT)
TASK_GONE = (TASK_LOST, TASK_CUT)
"""The ends that are none: what the task was to do was not done, and nobody saw to that."""
SHAPES = "overlap.shapes"
"""On the record `overlap.verdict`: the shapes of the trace it belongs to, with commas between."""
SCENARIO_OK = "overlap.scenario.ok"
"""On the same: whether the lesson showed everything it expects."""
SCENARIO_PROBLEMS = "overlap.scenario.problems"
"""On the same: what it lacked, in words; not there where it lacked nothing."""
SCENARIO_ANSWERED_MS = "overlap.scenario.answered_ms"
"""On the same: how long the slowest of the lesson's own requests waited for its answer."""
SCENARIO_NEIGHBOURS_MS = "overlap.scenario.neighbours_ms"
"""On the same: how long the slowest of its neighbours waited; not there where it has none."""
DROPPED_WHY = "overlap.dropped.reason"
"""On the dropped-telemetry counter: why it could not be delivered."""
SIGNAL = "overlap.signal"
"""On the dropped-telemetry counter: traces, logs or metrics."""
DB_SYSTEM = "db.system"
DB_SYSTEM_NAME = "db.system.name"
"""Semantic conventions, old and new: on a span that is a query."""
DB_CONNECT_MS = "overlap.db.connect_ms"
"""On a span: how long Django's connections to a database took to open under it, added up."""
DB_COMMIT_MS = "overlap.db.commit_ms"  # on a span: how long COMMITs took under it
DB_ROLLBACK_MS = "overlap.db.rollback_ms"  # the same of ROLLBACKs
LOOP_RUNNING_MS = "overlap.loop.running_ms"
"""On a span: for how long the tasks under it had the event loop, in milliseconds."""
LOOP_READY_MS = "overlap.loop.ready_ms"
"""On a span: for how long one of its tasks could have run and none did: the loop was elsewhere."""
LOOP_AWAITING_MS = "overlap.loop.awaiting_ms"
"""On a span: the rest of its duration, in which all of its tasks waited for something."""
LOOP_LONGEST_MS = "overlap.loop.longest_step.duration_ms"
"""On a span: the longest that a task under it held the loop without a break, in milliseconds."""
LOOP_LONGEST_LINE = "overlap.loop.longest_step.line"
"""On a span: where that step was seen to be, or, if nobody looked, where it came to its end."""
LOOP_TURNS = "overlap.loop.turns"
"""On a request's or a background task's span: when its tasks had the loop, `0+1200 45000+310`:
start after the span's, and length, in microseconds; turns close together are told as one."""
THREAD_QUEUED_MS = "overlap.thread.queued_ms"
"""On a span made by work in a thread: how long that work had waited for the thread; on the span
that the work was given out under: the same of all such work, added up. In milliseconds."""
THREAD_RUNNING_MS = "overlap.thread.running_ms"
"""On the span that work for threads was given out under: how long it ran there, added up."""
THREAD_CALLS = "overlap.thread.calls"
"""On the same span: how many pieces of work there were."""
THREAD_NEVER_RAN = "overlap.thread.never_ran"
"""On the same span: how many calls were still queued when they were cancelled, or it ended."""
THREAD_NEVER_RAN_MS = "overlap.thread.never_ran_ms"
"""On the same span: how long those calls had been queued, added up."""
THREAD_ABANDONED = "overlap.thread.abandoned"
"""On the same span: how many calls went on running after what waited for them gave up (a timeout,
a cancellation), or when the span ended."""
THREAD_ABANDONED_MS = "overlap.thread.abandoned_ms"
"""On the same span: for how long they went on, until its end. On `thread.outlived`: after the end
of its parent."""
THREAD_SENSITIVE = "overlap.thread.sensitive"
"""On a span made by work in a thread: asgiref ran it on the one thread of its request."""
FIRST_PART_MS = "overlap.response.first_part_ms"
"""On a server span that streams: from the request's start to the first part, in milliseconds."""
AFTER_DISCONNECT_MS = "overlap.response.after_disconnect_ms"
"""On a server span whose client disconnected: how long the work for it went on after that."""
SYNC_MIDDLEWARE = "overlap.sync_middleware"
"""On a server span under ASGI: the middlewares that know no async, by their dotted names. Django
runs what stands inside of them in a thread: each request takes one, for a hop there and back."""
WEBSOCKET_CONSUMER = "overlap.websocket.consumer"
"""On a WebSocket connection's span: the Channels consumer that handles it, by its dotted name."""
WEBSOCKET_CLOSE_CODE = "overlap.websocket.close_code"
"""On the same span: the code with which the connection was closed."""
WEBSOCKET_RECEIVED = "overlap.websocket.received"
"""On the same span: how many messages were received."""
WEBSOCKET_SENT = "overlap.websocket.sent"
"""On the same span: how many messages were sent."""
WEBSOCKET_MESSAGE_SIZE = "overlap.websocket.message_size"
"""On a received message's span: its length, in characters of text or in bytes."""
CLIENT_DISCONNECTED = "client.disconnected"
"""On a server span: an event, and its error.type; the client went away before the answer's end."""
SERVER_STOPPED = "server.stopped"
"""The same, where the process ended, or the instrument was switched off, before that."""

# --- log records ----------------------------------------------------------------
EVENT_VERDICT = "overlap.verdict"
"""What a lesson's trace showed: sent once it is judged, which is after its spans have ended."""

# --- metrics ------------------------------------------------------------------
METRIC_LOOP_LAG = "overlap.event_loop.lag"  # histogram, s
METRIC_LOOP_BLOCKED = "overlap.event_loop.blocked.time"  # counter, s, by CODE_ of the culprit
METRIC_VICTIM_DELAY = "overlap.event_loop.victim.delay"  # histogram, s
METRIC_TASKS_STARTED = "overlap.background.started"  # counter, {task}, by TASK_NAME
METRIC_TASKS_ENDED = "overlap.background.ended"  # counter, {task}, by TASK_NAME and TASK_END
METRIC_TASKS_RUNNING = "overlap.background.running"  # up-down counter, {task}, by TASK_NAME
METRIC_DROPPED = "overlap.telemetry.dropped"  # counter, {item}, by SIGNAL and DROPPED_WHY
METRIC_THREADS = "overlap.threads"  # gauge, {thread}
METRIC_DOCTOR = "overlap.doctor.walk"  # gauge, seconds since the epoch, sent by `overlap doctor`
