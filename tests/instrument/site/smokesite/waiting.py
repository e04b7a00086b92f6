"""Views that wait: for a lock, for a client's only connection, for tasks of their own."""

import asyncio

import httpx
from django.http import HttpResponse
from django.urls import path
from opentelemetry.trace import get_tracer

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


async def _get(name, seconds):
    with get_tracer("tests").start_as_current_span(name):
        await asyncio.sleep(seconds)


async def _foo1():
    await _get("foo1", 0.05)
    await asyncio.sleep(0.05)
    await _get("foo3", 0.1)


async def pause(request):
    """jaeger-ui #2371: foo2 ends as foo3 begins, and has nothing to do with it."""
    await asyncio.gather(_foo1(), _get("foo2", 0.1))  # the gather
    return HttpResponse("foos")


async def later(request):
    """A task that is awaited later, and one that nobody waits for."""
    audit = asyncio.create_task(_get("audit", 0.14))
    price = asyncio.create_task(_get("price", 0.1))
    await _get("stock", 0.03)
    await price  # the price
    await asyncio.sleep(0.05)
    assert audit.done()
    return HttpResponse("later")


urlpatterns = [
    path("pause/", pause),
    path("later/", later),
    path("lock/", lock),
    path("pool/", pool),
    path("pool-timeout/", pool_timeout),
]
