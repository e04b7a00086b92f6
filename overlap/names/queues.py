"""Attributes of tasks that are sent to a worker over a queue, beside messaging.* and celery.*."""

from __future__ import annotations

# --- attributes of queued tasks ------------------------------------------------------
QUEUE_TASK = "overlap.queue.task"
"""On the spans of a queued task, where it is sent and where it runs: the task's name."""
QUEUE_RETRIES = "overlap.queue.retries"
"""On the span of a task's run: how many runs of the same message came before, if any did."""
QUEUE_STATE = "overlap.queue.state"
"""On the span of a task's run: how it ended. One of the QUEUE_ values below."""
QUEUE_DONE = "done"
QUEUE_FAILED = "failed"
QUEUE_RETRY = "retry"
"""It failed and will run again."""
QUEUE_REVOKED = "revoked"
"""The worker took it and did not run it: it was revoked, or it had expired."""
