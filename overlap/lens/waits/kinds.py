"""What a suspended task waits for: read from the functions in its chain of awaits."""

from __future__ import annotations

from collections.abc import Iterable
from types import FrameType
from typing import Any, NamedTuple

from overlap import names
from overlap.runtime.identity_cache import CodeCache

NOT_A_WAIT = ""
"""For what is recorded elsewhere: other tasks by their own waits, threads by their own figures,
timers and the network by the lens (names.LOOP_AWAITED)."""

PRIMITIVES: dict[tuple[str, str], str] = {
    ("asyncio.locks", "Lock.acquire"): names.WAIT_FOR_LOCK,
    ("asyncio.locks", "Semaphore.acquire"): names.WAIT_FOR_SEMAPHORE,
    ("asyncio.locks", "Event.wait"): names.WAIT_FOR_EVENT,
    ("asyncio.locks", "Condition.wait"): names.WAIT_FOR_CONDITION,
    ("asyncio.queues", "Queue.get"): names.WAIT_FOR_QUEUE_GET,
    ("asyncio.queues", "Queue.put"): names.WAIT_FOR_QUEUE_PUT,
    ("anyio._backends._asyncio", "Lock.acquire"): names.WAIT_FOR_LOCK,
    ("anyio._backends._asyncio", "Semaphore.acquire"): names.WAIT_FOR_SEMAPHORE,
}
"""The innermost that is found counts."""

WHOLES: dict[tuple[str, str], str] = {
    ("asyncio.queues", "Queue.join"): names.WAIT_FOR_QUEUE_JOIN,
    ("asyncio.base_events", "BaseEventLoop.getaddrinfo"): names.WAIT_FOR_DNS,
    ("asyncio.base_events", "BaseEventLoop.getnameinfo"): names.WAIT_FOR_DNS,
    ("", "Loop.getaddrinfo"): names.WAIT_FOR_DNS,  # uvloop's
    ("", "Loop.getnameinfo"): names.WAIT_FOR_DNS,
    ("asgiref.sync", "SyncToAsync.__call__"): NOT_A_WAIT,
    (
        "anyio._backends._asyncio",
        "CapacityLimiter.acquire_on_behalf_of",
    ): names.WAIT_FOR_LIMITER,
    ("anyio._backends._asyncio", "AsyncIOBackend.run_sync_in_worker_thread"): NOT_A_WAIT,
    ("httpcore._async.connection_pool", "AsyncPoolRequest.wait_for_connection"): (
        names.WAIT_FOR_POOL
    ),
    ("httpcore2._async.connection_pool", "AsyncPoolRequest.wait_for_connection"): (
        names.WAIT_FOR_POOL
    ),
    ("aiohttp.connector", "BaseConnector._wait_for_available_connection"): names.WAIT_FOR_POOL,
    ("psycopg_pool.pool_async", "WaitingClient.wait"): names.WAIT_FOR_POOL,
}
"""These are made of primitives, and count before those. Again the innermost."""

POOLS: dict[tuple[str, str], str] = {
    ("asyncpg.pool", "Pool._acquire.<locals>._acquire_impl"): "Pool.acquire",
    (
        "redis.asyncio.connection",
        "BlockingConnectionPool.get_connection",
    ): "BlockingConnectionPool.get_connection",
}
"""Functions that open a connection as well: a wait for the pool only if a primitive is inside."""

ADAPTERS = frozenset({("anyio._backends._asyncio", "Event.wait")})
"""Functions of a library that only wait for a primitive of asyncio."""

RECORDED_ALONE = frozenset(
    {
        names.WAIT_FOR_LOCK,
        names.WAIT_FOR_SEMAPHORE,
        names.WAIT_FOR_POOL,
        names.WAIT_FOR_LIMITER,
        names.WAIT_FOR_DNS,
    }
)
"""Recorded though no line of the user's code waits. Events and queues of a library are its own
affair: in its own task, such a wait is idleness; below the user's code, mostly the network."""


class Place(NamedTuple):
    """One function in a chain of awaits."""

    key: tuple[str, str]
    """Its module and its qualified name, as the tables hold it."""
    function: str
    """Its qualified name."""
    whole: str | None = None
    """Its kind in WHOLES."""
    primitive: str | None = None
    """Its kind in PRIMITIVES."""
    pool: str | None = None
    """What it is called in POOLS."""
    is_adapter: bool = False


def _make_place(module: str, function: str) -> Place:
    key = module, function
    return Place(
        key,
        function,
        WHOLES.get(key),
        PRIMITIVES.get(key),
        POOLS.get(key),
        is_adapter=key in ADAPTERS,
    )


_places: CodeCache[dict[str, Place]] = CodeCache(lambda _: {})
"""By code and module."""


def place_of(coroutine: Any, frame: FrameType | None) -> Place:
    """Return the place of a coroutine, generator or asynchronous generator, with its frame."""
    if frame is not None and (module := frame.f_globals.get("__name__")):
        places = _places(frame.f_code)
        if (found := places.get(module)) is None:
            found = places[module] = _make_place(module, frame.f_code.co_qualname)
        return found
    return _make_place("", getattr(coroutine, "__qualname__", ""))


def kind_of(places: Iterable[Place]) -> tuple[str, str]:
    """Return the kind of a wait and the function that waited, `Queue.get`; NOT_A_WAIT if none.

    places: the chain of awaits, innermost first.
    """
    found = (NOT_A_WAIT, "")
    for _, function, whole, primitive, pool, _ in places:
        if found[0] and pool is not None:
            return names.WAIT_FOR_POOL, pool
        if whole is not None:
            return whole, function
        if not found[0] and primitive is not None:
            found = primitive, function
    return found
