"""The names of the metrics."""

from __future__ import annotations

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
