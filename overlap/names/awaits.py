"""Attributes of causality: the asyncio task of a span, and which task waited for which."""

from __future__ import annotations

# --- which task waited for which ----------------------------------------------------
AWAIT_TASK = "overlap.await.task"
"""On a request's span and on other outermost spans that the lens measured, and below them on each
span that started in another asyncio task than its parent: the number of its task, which is unique
within the process. 0 if it started in no task. A task in which asgiref runs an async view for sync
code has the number of the task that waits for it."""
AWAIT_EDGES = "overlap.await.edges"
"""On a span: for which tasks its own tasks waited, for 5 ms or longer, a line for each wait:
`120+300400 3 gather 7 app/views.py:41 in smoke`. Offset from the span's start, and length, in
microseconds; the number of the task that waited; how: `await`, `gather`, `task_group`, `wait`,
`wait_for`, `as_completed`, `shield`, `future`, or the kind of the wait (WAIT_KIND); the number of
the task that ended the wait: of several awaited tasks the one that ended last, or the one that
released the lock, put the item and so on; and the user's own line, if it is known. At most 32, the
longest; of equal ones, the first."""
AWAIT_BY_AWAIT = "await"
AWAIT_BY_GATHER = "gather"
AWAIT_BY_TASK_GROUP = "task_group"
AWAIT_BY_WAIT = "wait"
AWAIT_BY_WAIT_FOR = "wait_for"
AWAIT_BY_AS_COMPLETED = "as_completed"
AWAIT_BY_SHIELD = "shield"
AWAIT_BY_FUTURE = "future"
"""A future that another task completed, or that completed with another task."""
