"""The one client for the upstream: made once, so that no request pays for its making.

An httpx client builds a TLS context when it is made, which holds the event loop
for 10 to 200 ms, and opens connections of its own. views/pairs.py shows what that
costs a request (`/smoke_some_meats/new_clients/`).
"""

import asyncio
from weakref import WeakKeyDictionary

import httpx

from app.settings import UPSTREAM_URL

# Connections that a thousand requests share; past them a request waits its turn, and
# may, hence no limit on the wait for a connection.
LIMITS = httpx.Limits(max_connections=100, max_keepalive_connections=100)
TIMEOUT = httpx.Timeout(10.0, pool=None)

sync_client = httpx.Client(limits=LIMITS, timeout=TIMEOUT)
_tls = httpx.create_ssl_context()
_clients: WeakKeyDictionary[asyncio.AbstractEventLoop, httpx.AsyncClient] = WeakKeyDictionary()


async def get() -> httpx.Response:
    """GET the upstream, on the running loop's client.

    One for each loop: a connection can't outlive its loop, and Django's development
    server makes a loop for each request.
    """
    loop = asyncio.get_running_loop()
    client = _clients.get(loop)
    if client is None:
        client = _clients[loop] = httpx.AsyncClient(verify=_tls, limits=LIMITS, timeout=TIMEOUT)
    return await client.get(UPSTREAM_URL)


def get_sync() -> httpx.Response:
    """GET the upstream, blocking."""
    return sync_client.get(UPSTREAM_URL)
