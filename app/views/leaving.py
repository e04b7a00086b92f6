"""The client disconnects before the response: what happens to its order?"""

import asyncio

import structlog
from django.http import HttpResponse
from opentelemetry import trace

import overlap
from app.simulation import ROAST

log = structlog.get_logger()
tracer = trace.get_tracer("smokehouse")


@tracer.start_as_current_span("roast")
async def roast() -> str:
    await asyncio.sleep(ROAST)
    log.info("Roasted.")
    return "a roast"


async def order(request):
    meal = await roast()
    return HttpResponse(f"Here is {meal}.")


async def order_shielded(request):
    task = overlap.spawn(roast(), name="kept")
    meal = await asyncio.shield(task)
    return HttpResponse(f"Here is {meal}.")
