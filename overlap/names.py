"""The names of all spans, attributes, events and metrics.

A name comes from OpenTelemetry's semantic conventions if they define one; the others are our own.
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
"""The older name of MESSAGING_OPERATION_TYPE."""
MESSAGING_CONSUMER_GROUP = "messaging.consumer.group.name"
MESSAGING_KAFKA_CONSUMER_GROUP = "messaging.kafka.consumer.group"
"""The older name of MESSAGING_CONSUMER_GROUP."""
MESSAGING_SUBSCRIPTION = "messaging.destination.subscription.name"
ASGI_EVENT_TYPE = "asgi.event.type"
"""On the spans that opentelemetry-instrumentation-asgi makes for single ASGI messages."""

# --- names of opentelemetry-instrumentation-celery ---------------------------
CELERY_TASK_NAME = "celery.task_name"
CELERY_STATE = "celery.state"
"""On the span of a task's run: how it ended: SUCCESS, RETRY, FAILURE or REVOKED."""
CELERY_RETRIES = "celery.retries"
"""On the same span: how many runs of the task came before this one."""
CELERY_RETRY_REASON = "celery.retry.reason"
CELERY_REVOKED_REASON = "celery.revoked.reason"
CELERY_TERMINATED_SIGNAL = "celery.terminated.signal"

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


# --- attributes ---------------------------------------------------------------
SCENARIO_NAME = "overlap.scenario"
"""On a scenario's root span: the scenario's name. Its child spans are load, not a group.
Also in baggage, and so on each log record of that scenario."""
CANCELLED = "overlap.cancelled"
"""On a span: its work did not finish, because it was cancelled or its generator was closed.
(OpenTelemetry itself records exceptions, but not these two cases.)"""
NEIGHBOUR = "overlap.neighbour"
"""On a client span of a scenario: the request is sent only to see whether others are delayed."""
BLOCKED_MS = "overlap.blocked.duration_ms"
"""On `event_loop.blocked`: how long the loop was blocked, in milliseconds."""
BLOCKED_VICTIMS = "overlap.blocked.victims"
"""On `event_loop.blocked`: how many other requests waited, in flight or not yet accepted."""
VICTIM_DELAY_MS = "overlap.victim.delay_ms"
"""On a victim's link to a block: its delay in milliseconds. On the victim's span: by all blocks."""
VICTIM_AT_MOST = "overlap.victim.at_most"
"""On the same link: the victim began only after the block, so its delay is an upper limit.
On the victim's span: this is so for a part of the delay."""
VICTIM_BLOCKED_BY = "overlap.victim.blocked_by"
"""On a victim's span: its links as plain text, which every backend keeps: for each block
`trace_id-span_id+delay`, in milliseconds; `<` replaces `+` if the delay is an upper limit."""
BLOCKED_KIND = "overlap.blocked.kind"
"""On `event_loop.blocked`: what blocked the loop. One of the BLOCK_ values below."""
BLOCK_SLEEP = "sleep"
BLOCK_CPU = "cpu"
BLOCK_DNS = "dns"
BLOCK_FILE = "file"
BLOCK_FUTURE = "future"
BLOCK_LOCK = "lock"
BLOCK_NETWORK = "network"
BLOCK_PROCESS = "process"
BLOCK_WAIT = "wait"
"""It waited, and the stack does not show for what."""
BLOCKED_UNFINISHED = "overlap.blocked.unfinished"
"""On `event_loop.blocked`: the process ended during the block; the next process reports it."""
LINK_KIND = "overlap.link"
"""On a link: what it means. One of the LINK_ values below."""
LINK_VICTIM = "victim"
LINK_CONNECTION = "connection"
"""On a WebSocket message's span: the link leads to the span of the connection."""
LINK_BLOCKED_BY = "blocked_by"
TASK_ID = "overlap.task.id"
"""On a background task's span and on the mark of its start: the task's own id."""
TASK_NAME = "overlap.task.name"
"""On the same spans: the name that was passed to `spawn`."""
TASK_SPAN_ID = "overlap.task.span_id"
"""On the mark of a task's start: the id of the task's own span, which may never be sent."""
TASK_END = "overlap.task.end"
"""On a background task's span: how it ended. One of the TASK_ values below."""
TASK_DONE = "done"
TASK_FAILED = "failed"
TASK_CANCELLED = "cancelled"
TASK_LOST = "lost"
TASK_CUT = "cut"
"""Only of a plain task: the process shut down and did not wait for it."""
TASK_ENDS = (TASK_DONE, TASK_FAILED, TASK_CANCELLED, TASK_LOST, TASK_CUT)
TASK_UNFINISHED = (TASK_LOST, TASK_CUT)
"""The ends of a task that did not finish its work, without an error that anyone could see."""
SHAPES = "overlap.shapes"
"""On the log record `overlap.verdict`: the shapes of its trace, separated by commas."""
SCENARIO_OK = "overlap.scenario.ok"
"""On the same record: whether the scenario showed everything it expects."""
SCENARIO_PROBLEMS = "overlap.scenario.problems"
"""On the same record: what was missing, in words; not set if nothing was."""
SCENARIO_ANSWERED_MS = "overlap.scenario.answered_ms"
"""On the same record: the response time of the slowest of the scenario's own requests."""
SCENARIO_NEIGHBOURS_MS = "overlap.scenario.neighbours_ms"
"""On the same record: the response time of the slowest neighbour; not set if it has none."""
DROPPED_WHY = "overlap.dropped.reason"
"""On the counter of dropped telemetry: why it could not be delivered."""
SIGNAL = "overlap.signal"
"""On the counter of dropped telemetry: traces, logs or metrics."""
DB_SYSTEM = "db.system"
DB_SYSTEM_NAME = "db.system.name"
"""On a query's span: the database system, by the older and the newer semantic convention."""
DB_CONNECT_MS = "overlap.db.connect_ms"
"""On a span: how long it took in total to open Django's database connections under it."""
DB_COMMIT_MS = "overlap.db.commit_ms"  # on a span: total time of the COMMITs under it
DB_ROLLBACK_MS = "overlap.db.rollback_ms"  # the same for ROLLBACKs
LOOP_RUNNING_MS = "overlap.loop.running_ms"
"""On a span: how long its tasks ran on the event loop, in milliseconds."""
LOOP_READY_MS = "overlap.loop.ready_ms"
"""On a span: how long one of its tasks was ready to run while the loop ran something else."""
LOOP_AWAITING_MS = "overlap.loop.awaiting_ms"
"""On a span: the rest of its duration, in which all its tasks waited for something."""
LOOP_LONGEST_MS = "overlap.loop.longest_step.duration_ms"
"""On a span: the longest step of one of its tasks, without an await, in milliseconds."""
LOOP_LONGEST_LINE = "overlap.loop.longest_step.line"
"""On a span: the line that was seen during that step, otherwise the line where it ended."""
LOOP_TURNS = "overlap.loop.turns"
"""On a request's or a background task's span: when its tasks ran on the loop: `0+1200 45000+310`.
Offset from the span's start, and length, in microseconds; turns close together are merged."""
THREAD_QUEUED_MS = "overlap.thread.queued_ms"
"""On a span made by work in a thread: how long that work waited for the thread, in milliseconds.
On the span that the work was submitted under: the sum of all such waits."""
THREAD_RUNNING_MS = "overlap.thread.running_ms"
"""On the span that work for threads was submitted under: how long it ran there in total."""
THREAD_CALLS = "overlap.thread.calls"
"""On the same span: how many calls ran."""
THREAD_NEVER_RAN = "overlap.thread.never_ran"
"""On the same span: how many calls were cancelled in the queue, or still queued at its end."""
THREAD_NEVER_RAN_MS = "overlap.thread.never_ran_ms"
"""On the same span: how long those calls were queued in total."""
THREAD_ABANDONED = "overlap.thread.abandoned"
"""On the same span: how many calls continued to run after their caller gave up (a timeout, a
cancellation), or after the span ended."""
THREAD_ABANDONED_MS = "overlap.thread.abandoned_ms"
"""On the same span: how long they continued in total, until its end. On `thread.outlived`: after
the end of its parent."""
THREAD_SENSITIVE = "overlap.thread.sensitive"
"""On a span made by work in a thread: asgiref ran it on its request's single thread."""
FIRST_PART_MS = "overlap.response.first_part_ms"
"""On the server span of a stream: from the request's start to the first part, in milliseconds."""
AFTER_DISCONNECT_MS = "overlap.response.after_disconnect_ms"
"""On a server span whose client disconnected: how long the work continued after that."""
SYNC_MIDDLEWARE = "overlap.sync_middleware"
"""On a server span under ASGI: the sync middlewares, by their dotted names. Django runs everything
inside them in a thread, so each request takes a thread and two switches."""
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
"""An event on a server span, and its error.type: the client disconnected before the end."""
SERVER_STOPPED = "server.stopped"
"""The same, if the process ended or the instrumentation was shut down before that."""

# --- log records ----------------------------------------------------------------
EVENT_VERDICT = "overlap.verdict"
"""What a scenario's trace showed. Sent when it is judged, which is after its spans have ended."""

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
