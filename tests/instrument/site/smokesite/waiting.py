"""Views that wait for each other: for a lock, and for a client's only connection."""

import asyncio

import httpx
from django.http import HttpResponse
from django.urls import path

_locks = {}
_clients = {}


async def lock(request):
    """Two requests at once: the second waits for the first."""
    shared = _locks.setdefault(request.GET["name"], asyncio.Lock())
    async with shared:  # the lock
        await asyncio.sleep(0.05)
    return HttpResponse("mine")


async def pool(request):
    """Three calls at once over one connection."""
    limits = httpx.Limits(max_connections=1)
    url = request.build_absolute_uri("/wait/?s=0.05")
    async with httpx.AsyncClient(limits=limits, trust_env=False) as client:
        responses = await asyncio.gather(*(client.get(url) for _ in range(3)))
    return HttpResponse(" ".join(str(each.status_code) for each in responses))


async def pool_timeout(request):
    """A connection that nobody gives back in time."""
    limits = httpx.Limits(max_connections=1)
    timeout = httpx.Timeout(5, pool=0.03)
    url = request.build_absolute_uri("/wait/?s=0.05")
    async with (
        httpx.AsyncClient(limits=limits, timeout=timeout, trust_env=False) as client,
        client.stream("GET", url),
    ):
        try:
            await client.get(url)
        except httpx.PoolTimeout:
            return HttpResponse("none left")


urlpatterns = [
    path("lock/", lock),
    path("pool/", pool),
    path("pool-timeout/", pool_timeout),
]
