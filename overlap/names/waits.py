"""Spans and attributes of what a task waited for: locks, queues, connection pools, DNS."""

from __future__ import annotations

# --- what tasks waited for ------------------------------------------------------
SPAN_LOCK_WAIT = "lock.wait"
"""A task waited for an `asyncio.Lock` for 5 ms or longer. Like all spans of waits, it is a child of
the span that was current, and has been measured by the lens."""
SPAN_SEMAPHORE_WAIT = "semaphore.wait"
"""The same for an `asyncio.Semaphore`, or anyio's."""
SPAN_EVENT_WAIT = "event.wait"
"""The same for an `asyncio.Event`."""
SPAN_CONDITION_WAIT = "condition.wait"
"""The same for an `asyncio.Condition` or an `asyncio.Barrier`."""
SPAN_QUEUE_GET = "queue.get"
"""A task waited for an item of an `asyncio.Queue`."""
SPAN_QUEUE_PUT = "queue.put"
"""A task waited until an `asyncio.Queue` had room for its item."""
SPAN_QUEUE_JOIN = "queue.join"
"""A task waited until all items of an `asyncio.Queue` were processed."""
SPAN_POOL_WAIT = "connection_pool.wait"
"""A task waited for a free connection of a client's own pool: httpx, aiohttp, psycopg, asyncpg,
redis. Or Django's ORM did, in a thread, for one of psycopg's pool."""
SPAN_LIMITER_WAIT = "thread_limiter.wait"
"""A task waited for anyio's limiter of threads (Starlette runs sync endpoints under it)."""
SPAN_DNS_LOOKUP = "dns.lookup"
"""A task waited for `loop.getaddrinfo`, which asyncio runs in the default executor."""

WAIT_KIND = "overlap.wait.kind"
"""On the span of a wait: for what. One of the WAIT_FOR_ values below."""
WAIT_FOR_LOCK = "lock"
WAIT_FOR_SEMAPHORE = "semaphore"
WAIT_FOR_EVENT = "event"
WAIT_FOR_CONDITION = "condition"
WAIT_FOR_QUEUE_GET = "queue_get"
WAIT_FOR_QUEUE_PUT = "queue_put"
WAIT_FOR_QUEUE_JOIN = "queue_join"
WAIT_FOR_POOL = "connection_pool"
WAIT_FOR_LIMITER = "thread_limiter"
WAIT_FOR_DNS = "dns"
WAIT_TASK = "overlap.wait.task"
"""On the span of a wait: the name of the task that waited. `code.file.path`, `code.line.number` and
`code.function.name` are the innermost line of the user's code in it."""
WAIT_POOL = "overlap.wait.pool"
"""On the span of a wait for a connection: whose pool it was, by the class that waited."""
WAIT_POOL_SIZE = "overlap.wait.pool.size"
"""On the same span, where it is known: the most connections of the pool."""
WAIT_GIVEN_UP = "overlap.wait.given_up"
"""On the span of a wait: it was cancelled, mostly by a timeout, and ended without success."""
WAIT_BY_TASK = "overlap.wait.by.task"
"""On the same span: the task that ended the wait. It held the lock, the place of the semaphore or
the connection, and released it; or it set the event, or put the item. If the wait was given up:
the task that held the lock then, if it could be found."""
WAIT_BY_LINE = "overlap.wait.by.line"
"""On the same span: the line of that task, `app/views.py:41 in smoke`. A lock taken with
`async with` is released at the line of its `async with`."""
WAIT_BY_SPAN = "overlap.wait.by.span"
"""On the same span: the request or other outermost span that task worked for. A link leads to
the task's own span."""
LINK_WAITED_FOR = "waited_for"

WAIT_MS = "overlap.wait.KIND_ms"
"""On a span: how long at least one of its tasks waited for this kind of thing (`lock`, `queue_get`,
…), in waits of 5 ms or longer, in milliseconds. Of many waits, the 32 longest count. Waits of the
spans below it are on those. Timers and the network are in LOOP_AWAITED."""


def wait_ms(kind: str) -> str:
    """Return the name of the attribute WAIT_MS for a kind of wait."""
    return WAIT_MS.replace("KIND", kind)
