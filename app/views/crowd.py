"""Ten calls: all at once, or five at a time."""

import asyncio

from django.http import HttpResponse
from opentelemetry import trace

from app.simulation import AT_ONCE, CALL_NAP, CALLS

tracer = trace.get_tracer("smokehouse")


@tracer.start_as_current_span("call")
async def call() -> None:
    await asyncio.sleep(CALL_NAP)


async def call_in_turn(places: asyncio.Semaphore) -> None:
    async with places:
        await call()


async def all_at_once(request):
    await asyncio.gather(*[call() for _ in range(CALLS)])
    return HttpResponse(f"Made {CALLS} calls at once.")


async def five_at_a_time(request):
    places = asyncio.Semaphore(AT_ONCE)
    await asyncio.gather(*[call_in_turn(places) for _ in range(CALLS)])
    return HttpResponse(f"Made {CALLS} calls, {AT_ONCE} at a time.")
