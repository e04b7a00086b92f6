"""The HTTP client for the upstream: made once and shared by all requests.

Making an httpx client builds a TLS context, which blocks the event loop for 10 to
200 ms, and each client opens its own connections. views/pairs.py shows what that
costs a request (`/smoke_some_meats/new_clients/`).
"""

import asyncio
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

import anyio._backends._asyncio  # noqa: F401  or the first request imports it
import httpx

from app.settings import UPSTREAM_CONNECTIONS, UPSTREAM_URL

LIMITS = httpx.Limits(
    max_connections=UPSTREAM_CONNECTIONS, max_keepalive_connections=UPSTREAM_CONNECTIONS
)
TIMEOUT = httpx.Timeout(60.0, pool=None)
"""Longer than the lessons block the loop, even several at once on a busy machine: httpx's limits
run on while the loop is blocked, and a call would fail though the upstream has answered."""

sync_client = httpx.Client(limits=LIMITS, timeout=TIMEOUT)
_tls = httpx.create_ssl_context()
_BASE = httpx.URL(UPSTREAM_URL)


@dataclass(frozen=True)
class Pool:
    """A client, and a semaphore with one place for each of its connections.

    httpx searches all waiting requests each time a connection is free; with a thousand
    of them this alone blocks the loop. A semaphore's queue costs nothing.
    """

    client: httpx.AsyncClient = field(
        default_factory=lambda: httpx.AsyncClient(verify=_tls, limits=LIMITS, timeout=TIMEOUT)
    )
    places: asyncio.Semaphore = field(
        default_factory=lambda: asyncio.Semaphore(UPSTREAM_CONNECTIONS)
    )


_pools: WeakKeyDictionary[asyncio.AbstractEventLoop, Pool] = WeakKeyDictionary()


async def get(path: str = "", **options: Any) -> httpx.Response:
    """GET the upstream, or a path below it, with the running loop's pool.

    `options` are httpx's, such as `timeout`. `path` can also be a whole URL. Each loop has its
    own pool: a connection can't outlive its loop, and under WSGI each request has a
    loop of its own.
    """
    loop = asyncio.get_running_loop()
    pool = _pools.get(loop)
    if pool is None:
        pool = _pools[loop] = Pool()
    async with pool.places:
        return await pool.client.get(_BASE.join(path), **options)


def get_sync(path: str = "") -> httpx.Response:
    """GET the upstream, or a path below it, with a blocking call."""
    return sync_client.get(_BASE.join(path))
