"""The views of *Async Views in Django*, in its order.

What it prints is logged, so each line is an event on the span where it happened.
Two things are done right here and shown as in the tutorial in pairs.py: background
tasks are kept by `overlap.spawn`, and all requests share one HTTP client.
"""

import asyncio
import random
from time import sleep

import structlog
from asgiref.sync import sync_to_async
from django.http import HttpResponse
from opentelemetry import trace

import overlap
from app import upstream
from app.simulation import BURN, FLAVOR_NAP, FLAVORS, SMOKABLES, SMOKABLES_NAP, TICK, TICKS

log = structlog.get_logger()
tracer = trace.get_tracer("smokehouse")


# helpers


async def http_call_async(tick=TICK):
    for num in range(1, TICKS + 1):
        with tracer.start_as_current_span("tick"):
            await asyncio.sleep(tick)
            log.info(str(num))
    r = await upstream.get()
    log.info(str(r))


def http_call_sync(tick=TICK):
    for num in range(1, TICKS + 1):
        with tracer.start_as_current_span("tick"):
            sleep(tick)
            log.info(str(num))
    r = upstream.get_sync()
    log.info(str(r))


@tracer.start_as_current_span("smoke")
async def smoke(smokables: list[str], flavor: str = "Sweet Baby Ray's") -> int:
    """Smokes some meats and applies the Sweet Baby Ray's."""
    for smokable in smokables:
        log.info(f"Smoking some {smokable}...")
        log.info(f"Applying the {flavor}...")
        log.info(f"{smokable.capitalize()} smoked.")
    return len(smokables)


@tracer.start_as_current_span("get_smokables")
async def get_smokables() -> list[str]:
    log.info("Getting smokeables...")
    await asyncio.sleep(SMOKABLES_NAP)
    await upstream.get()
    log.info("Returning smokeable")
    return SMOKABLES


@tracer.start_as_current_span("get_flavor")
async def get_flavor() -> str:
    log.info("Getting flavor...")
    await asyncio.sleep(FLAVOR_NAP)
    await upstream.get()
    log.info("Returning flavor")
    return random.choice(FLAVORS)


@tracer.start_as_current_span("oversmoke")
def oversmoke() -> None:
    """If it's not dry, it must be uncooked."""
    sleep(BURN)
    log.info("Who doesn't love burnt meats?")


# views


async def index(request):
    return HttpResponse("Hello, async Django!")


async def async_view(request):
    overlap.spawn(http_call_async(), name="http_call_async")
    return HttpResponse("Non-blocking HTTP request")


def sync_view(request):
    http_call_sync()
    return HttpResponse("Blocking HTTP request")


async def smoke_some_meats(request):
    results = await asyncio.gather(get_smokables(), get_flavor())
    total = await asyncio.gather(smoke(results[0], results[1]))
    return HttpResponse(f"Smoked {total[0]} meats with {results[1]}!")


async def burn_some_meats(request):
    oversmoke()
    return HttpResponse("Burned some meats.")


async def async_with_sync_view(request):
    async_function = sync_to_async(http_call_sync, thread_sensitive=False)
    overlap.spawn(async_function(), name="http_call_sync")
    return HttpResponse("Non-blocking HTTP request (via sync_to_async)")
