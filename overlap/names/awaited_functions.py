"""Which function of a library awaits what: the one table behind LOOP_AWAITED, WAIT_KIND and `how`.

A suspended task is at the end of a chain of functions, each awaiting the next. What it waits for
is read from their names: by module, and by qualified name, the begin of one (`Semaphore` for all
its methods), or any (an empty one).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from overlap.names.awaits import (
    AWAIT_BY_AS_COMPLETED,
    AWAIT_BY_TASK_GROUP,
    AWAIT_BY_WAIT,
    AWAIT_BY_WAIT_FOR,
)
from overlap.names.waits import (
    WAIT_FOR_CONDITION,
    WAIT_FOR_DNS,
    WAIT_FOR_EVENT,
    WAIT_FOR_LIMITER,
    WAIT_FOR_LOCK,
    WAIT_FOR_POOL,
    WAIT_FOR_QUEUE_GET,
    WAIT_FOR_QUEUE_JOIN,
    WAIT_FOR_QUEUE_PUT,
    WAIT_FOR_SEMAPHORE,
)


class Function(NamedTuple):
    """What a function awaits."""

    awaited: str = ""
    """As the lens lists it in LOOP_AWAITED; empty: as its class or module."""
    primitive: str | None = None
    """The kind of wait (WAIT_KIND), for functions that others are made of. The innermost counts."""
    whole: str | None = None
    """The kind of wait, for functions that are made of those. They count before them; empty for
    what is recorded elsewhere: threads by their own figures, timers and the network."""
    pool: str | None = None
    """What it is called, for functions that open a connection as well: they wait for the pool only
    if a primitive is inside."""
    how: str | None = None
    """How it awaits other tasks (AWAIT_EDGES)."""
    is_adapter: bool = False
    """Of a library, and only waits for a primitive of asyncio."""


TASK: Final = "task"
THREAD: Final = "thread"
NOT_A_WAIT: Final = ""
_LOCKS, _QUEUES = "asyncio.locks", "asyncio.queues"
_LOOP, _ANYIO = "asyncio.base_events", "anyio._backends._asyncio"
_NETWORK, _POOL, _CLIENT = Function("network"), Function("pool"), Function("client")

FUNCTIONS: Final[Mapping[tuple[str, str], Function]] = {
    ("asyncio.tasks", "sleep"): Function("timer"),
    ("asyncio.tasks", "_wait"): Function(how=AWAIT_BY_WAIT),
    ("asyncio.tasks", "wait_for"): Function(how=AWAIT_BY_WAIT_FOR),
    ("asyncio.tasks", "as_completed.<locals>._wait_for_one"): Function(how=AWAIT_BY_AS_COMPLETED),
    ("asyncio.tasks", "_AsCompletedIterator._wait_for_one"): Function(how=AWAIT_BY_AS_COMPLETED),
    ("asyncio.taskgroups", "TaskGroup.__aexit__"): Function(how=AWAIT_BY_TASK_GROUP),
    ("asyncio.taskgroups", "TaskGroup._aexit"): Function(how=AWAIT_BY_TASK_GROUP),
    (_LOCKS, "Lock"): Function("lock"),
    (_LOCKS, "Lock.acquire"): Function(primitive=WAIT_FOR_LOCK),
    (_LOCKS, "Semaphore"): Function("semaphore"),
    (_LOCKS, "Semaphore.acquire"): Function(primitive=WAIT_FOR_SEMAPHORE),
    (_LOCKS, "BoundedSemaphore"): Function("semaphore"),
    (_LOCKS, "Event"): Function("event"),
    (_LOCKS, "Event.wait"): Function(primitive=WAIT_FOR_EVENT),
    (_LOCKS, "Condition"): Function("condition"),
    (_LOCKS, "Condition.wait"): Function(primitive=WAIT_FOR_CONDITION),
    (_LOCKS, "Barrier"): Function("barrier"),
    (_QUEUES, ""): Function("queue"),
    (_QUEUES, "Queue.get"): Function(primitive=WAIT_FOR_QUEUE_GET),
    (_QUEUES, "Queue.put"): Function(primitive=WAIT_FOR_QUEUE_PUT),
    (_QUEUES, "Queue.join"): Function(whole=WAIT_FOR_QUEUE_JOIN),
    ("asyncio.threads", ""): Function(THREAD),
    ("asyncio.streams", ""): _NETWORK,
    ("asyncio.subprocess", ""): Function("process"),
    (_LOOP, "BaseEventLoop.create_connection"): _NETWORK,
    (_LOOP, "BaseEventLoop.getaddrinfo"): Function("network", whole=WAIT_FOR_DNS),
    (_LOOP, "BaseEventLoop.getnameinfo"): Function(whole=WAIT_FOR_DNS),
    ("", "Loop.getaddrinfo"): Function(whole=WAIT_FOR_DNS),  # uvloop's
    ("", "Loop.getnameinfo"): Function(whole=WAIT_FOR_DNS),
    ("asgiref.sync", "SyncToAsync"): Function(THREAD),
    ("asgiref.sync", "SyncToAsync.__call__"): Function(whole=NOT_A_WAIT),
    (_ANYIO, "Lock.acquire"): Function(primitive=WAIT_FOR_LOCK),
    (_ANYIO, "Semaphore.acquire"): Function(primitive=WAIT_FOR_SEMAPHORE),
    (_ANYIO, "Event.wait"): Function(is_adapter=True),
    (_ANYIO, "TaskGroup.__aexit__"): Function(how=AWAIT_BY_TASK_GROUP),
    (_ANYIO, "CapacityLimiter.acquire_on_behalf_of"): Function(whole=WAIT_FOR_LIMITER),
    (_ANYIO, "AsyncIOBackend.run_sync_in_worker_thread"): Function(THREAD, whole=NOT_A_WAIT),
    (_ANYIO, "AsyncIOBackend.connect_tcp"): _NETWORK,
    (_ANYIO, "SocketStream"): _NETWORK,
    ("psycopg.waiting", ""): _NETWORK,
    ("psycopg_pool.pool_async", "AsyncConnectionPool.getconn"): _POOL,
    ("psycopg_pool.pool_async", "WaitingClient.wait"): Function(whole=WAIT_FOR_POOL),
    ("asyncpg.pool", ""): _POOL,
    ("asyncpg.pool", "Pool._acquire.<locals>._acquire_impl"): Function(pool="Pool.acquire"),
    ("redis.asyncio.connection", "BlockingConnectionPool.get_connection"): Function(
        pool="BlockingConnectionPool.get_connection"
    ),
    ("aiohttp.connector", "BaseConnector._wait_for_available_connection"): Function(
        whole=WAIT_FOR_POOL
    ),
    **{
        (f"{client}._async.connection_pool", name): function
        for client in ("httpcore", "httpcore2")
        for name, function in (
            ("AsyncPoolRequest", _POOL),
            ("AsyncPoolRequest.wait_for_connection", Function(whole=WAIT_FOR_POOL)),
        )
    },
    ("uvicorn.protocols.http.flow_control", "FlowControl.drain"): _CLIENT,
    ("uvicorn.protocols.http.httptools_impl", "RequestResponseCycle.receive"): _CLIENT,
    ("uvicorn.protocols.http.h11_impl", "RequestResponseCycle.receive"): _CLIENT,
}


def function_of(module: str, name: str) -> Function:
    """Return what a function awaits, by its module and its qualified name."""
    found = FUNCTIONS.get((module, name), _UNKNOWN)
    if not found.awaited:
        of = FUNCTIONS.get((module, name.partition(".")[0])) or FUNCTIONS.get((module, ""))
        if of is not None and of.awaited:
            return found._replace(awaited=of.awaited)
    return found


_UNKNOWN: Final = Function()
