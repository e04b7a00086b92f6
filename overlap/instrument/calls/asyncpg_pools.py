"""How full asyncpg's connection pools are.

asyncpg reports this only to who has the pool. A pool can't be referred to weakly, but its queue of
free connections can, and tells all: it has a place for each connection that the pool may have.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from overlap.runtime.class_methods import replace_method
from overlap.runtime.guard import guarded
from overlap.runtime.when_imported import when_imported

_UNNAMED = "asyncpg"
_queues: WeakKeyDictionary[Any, str] = WeakKeyDictionary()
"""The queue of each pool, with the pool's name."""


def watch_asyncpg() -> Callable[[], None]:
    """Notice each pool at its first use; return a function that undoes it."""
    return when_imported("asyncpg.pool", _watch)


def asyncpg_pools() -> list[tuple[str, Counter[str]]]:
    """Return the figures of the pools by name, as psycopg's `get_stats` calls them."""
    found: dict[str, Counter[str]] = {}
    for queue, name in [*_queues.items()]:
        found.setdefault(name, Counter()).update(_figures(queue))
    return [*found.items()]


def _watch(module: ModuleType, undo: ExitStack) -> None:
    def make(stock: Callable[..., Any]) -> Callable[..., Any]:
        def acquire(self: Any, *args: Any, **named: Any) -> Any:
            guarded("a pool of asyncpg is not measured", _notice, self)
            return stock(self, *args, **named)

        return acquire

    undo.callback(replace_method(module.Pool, "_acquire", make))
    undo.callback(_queues.clear)


def _notice(pool: Any) -> None:
    queue = pool._queue
    if queue is not None and queue not in _queues:
        _queues[queue] = _name(pool)


def _name(pool: Any) -> str:
    """Return `server.address:port/db`, as the conventions ask; never a password."""
    dsn = next((each for each in pool._connect_args if isinstance(each, str)), "")
    given, url = pool._connect_kwargs, urlsplit(dsn)
    host, port = given.get("host") or url.hostname, given.get("port") or url.port
    database = given.get("database") or url.path.strip("/")
    if not isinstance(host, str):
        return _UNNAMED
    return f"{host}{f':{port}' if port else ''}{f'/{database}' if database else ''}"


def _figures(queue: Any) -> dict[str, int]:
    free = [*queue._queue]
    idle = sum(holder.is_connected() for holder in free)
    return {
        "pool_size": queue.maxsize - len(free) + idle,
        "pool_available": idle,
        "pool_max": queue.maxsize,
        "requests_waiting": sum(not waiter.done() for waiter in [*queue._getters]),
    }
