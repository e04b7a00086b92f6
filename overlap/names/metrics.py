"""The names of the metrics."""

from __future__ import annotations

# --- metrics ------------------------------------------------------------------
METRIC_LOOP_LAG = "overlap.event_loop.lag"  # histogram, s
METRIC_LOOP_UTILIZATION = "overlap.event_loop.utilization"  # gauge, 0 to 1, by THREAD_NAME
"""The share of time in which the loop ran callbacks, as Node's `eventLoopUtilization`: since the
collection before, or over four seconds if that was later."""
METRIC_LOOP_TIME = "overlap.event_loop.time"  # counter, s, by HTTP_ROUTE, LOOP_STATE and LENS_SHARE
"""The time of requests: their tasks ran on the loop, were ready to run, or awaited something. Of
the requests that the lens measured, extrapolated to all."""
METRIC_POOL_WAITING = "overlap.thread_pool.waiting"  # gauge, {call}, by THREAD_POOL
"""Calls in the queue of a thread pool, which wait for a thread."""
METRIC_POOL_IN_USE = "overlap.thread_pool.in_use"  # gauge, {thread}, by THREAD_POOL
"""Threads of the pool that run a call."""
METRIC_POOL_SIZE = "overlap.thread_pool.size"  # gauge, {thread}, by THREAD_POOL
"""The most threads that the pool may have."""
METRIC_CONNECTIONS = "db.client.connection.count"
"""Up-down counter, {connection}: open connections of a pool, by CONNECTION_POOL and
CONNECTION_STATE (used or idle)."""
METRIC_CONNECTIONS_MAX = "db.client.connection.max"
"""Up-down counter, {connection}, by CONNECTION_POOL: the most that the pool may have."""
METRIC_CONNECTIONS_PENDING = "db.client.connection.pending_requests"
"""Up-down counter, {request}, by CONNECTION_POOL: calls that wait for a connection."""
METRIC_HTTP_CONNECTIONS = "http.client.open_connections"
"""Up-down counter, {connection}: open connections of HTTP clients, by SERVER_ADDRESS and
HTTP_CONNECTION_STATE (active or idle)."""
METRIC_HTTP_CONNECTIONS_MAX = "overlap.http_client.max_connections"  # up-down counter, {connection}
"""The most that the pools of HTTP clients may have, together."""
METRIC_HTTP_PENDING = "overlap.http_client.pending_requests"  # up-down counter, {request}
"""Requests that wait for a connection, by SERVER_ADDRESS."""
METRIC_LOOP_BLOCKED = "overlap.event_loop.blocked.time"  # counter, s, by CODE_ of the culprit
METRIC_VICTIM_DELAY = "overlap.event_loop.victim.delay"  # histogram, s
METRIC_TASKS_STARTED = "overlap.background.started"  # counter, {task}, by TASK_NAME
METRIC_TASKS_ENDED = "overlap.background.ended"  # counter, {task}, by TASK_NAME and TASK_END
METRIC_TASKS_RUNNING = "overlap.background.running"  # up-down counter, {task}, by TASK_NAME
METRIC_DROPPED = "overlap.telemetry.dropped"  # counter, {item}, by SIGNAL and DROPPED_WHY
METRIC_THREADS = "overlap.threads"  # gauge, {thread}
METRIC_DOCTOR = "overlap.doctor.walk"  # gauge, seconds since the epoch, sent by `overlap doctor`
