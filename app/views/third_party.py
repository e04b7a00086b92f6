"""A third-party API that is slow, refuses, or answers 503: time limits and retries."""

import asyncio
from collections.abc import Iterable

import httpx
from django.http import HttpResponse
from opentelemetry import trace

from app import upstream
from app.simulation import (
    API_DELAY,
    API_PATIENCE,
    API_STATUSES,
    BACK_OFFS,
    REFUSING_URL,
)

tracer = trace.get_tracer("smokehouse")


@tracer.start_as_current_span("back off")
async def back_off(seconds: float) -> None:
    await asyncio.sleep(seconds)


async def ask_until_it_answers(urls: Iterable[str]) -> httpx.Response:
    """Try up to three times; return or raise the result of the last attempt."""
    for url, pause in zip(urls, (*BACK_OFFS, None), strict=True):
        try:
            answer = await upstream.get(url)
            if answer.status_code < 500:
                return answer
        except httpx.TransportError:
            if pause is None:
                raise
        if pause is not None:
            await back_off(pause)
    return answer


async def slow_api(request):
    r = await upstream.get(f"delay/{API_DELAY}")
    return HttpResponse(f"It answered {r.status_code}, in the end.")


async def slow_api_limited(request):
    try:
        r = await upstream.get(f"delay/{API_DELAY}", timeout=API_PATIENCE)
    except httpx.TimeoutException:
        return HttpResponse("Salt and pepper will do.")
    return HttpResponse(f"It answered {r.status_code}.")


async def refusing_api(request):
    try:
        await ask_until_it_answers([REFUSING_URL] * 3)
    except httpx.ConnectError:
        return HttpResponse("Nobody there, three times.", status=502)
    return HttpResponse("Somebody is there.")


async def unwell_api(request):
    r = await ask_until_it_answers(f"status/{status}" for status in API_STATUSES)
    return HttpResponse(f"It answered {r.status_code}.", status=r.status_code)


async def unwell_api_once(request):
    r = await upstream.get(f"status/{API_STATUSES[0]}")
    return HttpResponse(f"It answered {r.status_code}.", status=r.status_code)
