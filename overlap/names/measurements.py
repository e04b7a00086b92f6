"""Attributes that measure a span's work: the loop, threads, queries, responses, WebSockets."""

from __future__ import annotations

# --- attributes of a span's work -----------------------------------------------------
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
LOOP_LONGEST_IDLE_MS = "overlap.loop.longest_step.idle_ms"
"""On a span: for how long of that step the loop's thread did not compute, from the moment when it
was seen: it waited in a call, for the interpreter lock or for a processor."""
LOOP_TURNS = "overlap.loop.turns"
"""On a request's or a background task's span: when its tasks ran on the loop: `0+1200 45000+310`.
Offset from the span's start, and length, in microseconds; turns close together are merged."""
LOOP_AWAITED = "overlap.loop.awaited"
"""On a span: what its tasks awaited while nothing of it ran, for 5 ms or more, a line each:
`120+300400 timer app/views.py:41 in smoke (asyncio.sleep)`. Offset from the span's start, and
length, in microseconds; the kind of what was awaited (`other` if unknown); the user's own line; and
the awaited name. At most 32."""
THREAD_QUEUED_MS = "overlap.thread.queued_ms"
"""On a span made by work in a thread: how long that work waited for the thread, in milliseconds.
On the span that the work was submitted under: the sum of all such waits."""
THREAD_RUNNING_MS = "overlap.thread.running_ms"
"""On the span that work for threads was submitted under: how long it ran there in total."""
THREAD_CPU_MS = "overlap.thread.cpu_ms"
"""On the same span, from 5 ms on: how much processor time its calls in threads used, in total."""
THREAD_CPU_LONGEST_MS = "overlap.thread.cpu_longest_ms"
"""On the same span, if it had several such calls: how much processor time one of them used at
most."""
THREAD_BUSY_MS = "overlap.thread.busy_ms"
"""On the same span, if it had several such calls: how long their threads were on a processor or in
the queue for one, in total. Time beyond that is waiting, for the interpreter lock for example."""
THREAD_WALL_MS = "overlap.thread.wall_ms"
"""On the same span, if it had several such calls: for how long at least one of them ran."""
THREAD_POOL_MOST = "overlap.thread.pool.most"
"""On the same spans, if work waited for 5 ms or longer: how many threads the pool may have. All of
them were taken."""
THREAD_TAKEN_BY = "overlap.thread.pool.taken_by"
"""On the same spans: by whose work, as far as the lens measured it: `5 x app.views.report for
GET /report`."""
THREAD_FUNCTIONS = "overlap.thread.functions"
"""On the same span: which functions ran there and for how many ms in total, the longest first, a
line each: `312.500 app.views.smoke`. At most 8. Sync receivers of a signal, which Django calls
together, are `receivers a, b`."""
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
SYNC_ITERATOR = "overlap.response.sync_iterator"
"""On the server span of a stream under ASGI whose iterator is synchronous: the iterator's name.
Django makes all of such a response in a thread before it sends the first part."""
AFTER_DISCONNECT_MS = "overlap.response.after_disconnect_ms"
"""On a server span whose client disconnected: how long the work continued after that."""
SYNC_MIDDLEWARE = "overlap.sync_middleware"
"""On a server span under ASGI: the sync middlewares, by their dotted names. Django runs everything
inside them in a thread, so each request takes a thread and two switches."""
HTTP_TIME_LIMIT = "overlap.http.time_limit_s"
"""On the span of a call with httpx that may wait for 30 seconds or longer until its response begins
or goes on: for how many. 0 if it may wait for ever."""
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
RECORDER_IN_PROGRESS = "overlap.recorder.in_progress"
"""On the server span that `overlap recorder` makes of a request: it had not ended when the
recording was written."""
RECORDER_RESTED_MS = "overlap.recorder.rested_ms"
"""On the same: for so long, in ms, the steps of requests were not recorded meanwhile. If that is a
fifth of the request, it has no figures of the loop."""
