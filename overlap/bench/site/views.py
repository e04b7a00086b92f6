"""The measured views. They are the same for every variant."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

from django.http import HttpResponse, StreamingHttpResponse
from opentelemetry import trace

from overlap.bench.site.models import Order

Request = Any
SECOND_S = 1.0
WORK_S = 0.04
"""One step in the views of "stock and ours"; long compared with a thread hop."""
PATIENCE_S = 10.0
"""Longer than the client waits before it disconnects."""


async def index(_request: Request) -> HttpResponse:
    """Return a constant from an async view."""
    return HttpResponse("Hello, async Django!")


def index_in_a_thread(_request: Request) -> HttpResponse:
    """Return a constant from a sync view."""
    return HttpResponse("Hello, Django!")


async def count_orders(_request: Request) -> HttpResponse:
    """Make one query on a new connection: CONN_MAX_AGE is 0, the default."""
    return HttpResponse(str(await Order.objects.acount()))


async def count_orders_kept(_request: Request) -> HttpResponse:
    """Make one query; CONN_MAX_AGE lets the connection serve the next request."""
    return HttpResponse(str(await Order.objects.using("kept").acount()))


async def second(_request: Request) -> HttpResponse:
    """Wait for a second, as for another service."""
    await asyncio.sleep(SECOND_S)
    return HttpResponse("a second later")


# --- the five requests of "stock and ours", with spans of their own inside ------


async def smoke(_request: Request) -> HttpResponse:
    """Two steps at once, then one."""
    await asyncio.gather(_step("get_smokables"), _step("get_flavor"))
    await _step("smoke")
    return HttpResponse("smoked")


def smoke_in_a_thread(_request: Request) -> HttpResponse:
    """Two steps, one after the other."""
    for name in ("get_smokables", "smoke"):
        with _tracer().start_as_current_span(name):
            time.sleep(WORK_S)
    return HttpResponse("smoked")


async def stream(_request: Request) -> StreamingHttpResponse:
    """Send three parts, each made during the response."""

    async def parts() -> AsyncIterator[bytes]:
        for number in (1, 2, 3):
            await _step(f"part {number}")
            yield b"part\n"

    return StreamingHttpResponse(parts(), content_type="text/plain")


async def patience(_request: Request) -> HttpResponse:
    """Work longer than the client waits."""
    await _step("get_smokables")
    await asyncio.sleep(PATIENCE_S)
    return HttpResponse("no client reads this")


async def _step(name: str) -> None:
    with _tracer().start_as_current_span(name):
        await asyncio.sleep(WORK_S)


def _tracer() -> trace.Tracer:
    return trace.get_tracer("bench")
