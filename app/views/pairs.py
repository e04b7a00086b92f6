"""The pair of each tutorial view: the same work done in another way, to compare the traces."""

import asyncio
import random
from time import sleep

import httpx
import structlog
from django.http import HttpResponse
from opentelemetry import trace

from app import upstream
from app.settings import UPSTREAM_URL
from app.simulation import BURN, FLAVOR_NAP, FLAVORS, SMOKABLES, SMOKABLES_NAP
from app.views.tutorial import http_call_async, smoke

log = structlog.get_logger()
tracer = trace.get_tracer("smokehouse")


# The smoking in a plain sync view: one step after the other.


@tracer.start_as_current_span("get_smokables")
def get_smokables_sync() -> list[str]:
    log.info("Getting smokeables...")
    sleep(SMOKABLES_NAP)
    upstream.get_sync()
    log.info("Returning smokeable")
    return SMOKABLES


@tracer.start_as_current_span("get_flavor")
def get_flavor_sync() -> str:
    log.info("Getting flavor...")
    sleep(FLAVOR_NAP)
    upstream.get_sync()
    log.info("Returning flavor")
    return random.choice(FLAVORS)


@tracer.start_as_current_span("smoke")
def smoke_sync(smokables: list[str], flavor: str) -> int:
    for smokable in smokables:
        log.info(f"Smoking some {smokable}...")
        log.info(f"Applying the {flavor}...")
        log.info(f"{smokable.capitalize()} smoked.")
    return len(smokables)


def smoke_some_meats_sync(request):
    smokables = get_smokables_sync()
    flavor = get_flavor_sync()
    total = smoke_sync(smokables, flavor)
    return HttpResponse(f"Smoked {total} meats with {flavor}!")


# The smoking as in the tutorial: each helper makes its own client.


@tracer.start_as_current_span("new client")
def new_client() -> httpx.AsyncClient:
    return httpx.AsyncClient()


@tracer.start_as_current_span("get_smokables")
async def get_smokables_new_client() -> list[str]:
    log.info("Getting smokeables...")
    await asyncio.sleep(SMOKABLES_NAP)
    async with new_client() as client:
        await client.get(UPSTREAM_URL)
        log.info("Returning smokeable")
        return SMOKABLES


@tracer.start_as_current_span("get_flavor")
async def get_flavor_new_client() -> str:
    log.info("Getting flavor...")
    await asyncio.sleep(FLAVOR_NAP)
    async with new_client() as client:
        await client.get(UPSTREAM_URL)
        log.info("Returning flavor")
        return random.choice(FLAVORS)


async def smoke_some_meats_new_clients(request):
    results = await asyncio.gather(get_smokables_new_client(), get_flavor_new_client())
    total = await asyncio.gather(smoke(results[0], results[1]))
    return HttpResponse(f"Smoked {total[0]} meats with {results[1]}!")


# The burning done right: awaited, so that no other request waits.


@tracer.start_as_current_span("oversmoke")
async def oversmoke_await() -> None:
    await asyncio.sleep(BURN)
    log.info("Who doesn't love burnt meats?")


async def burn_some_meats_await(request):
    await oversmoke_await()
    return HttpResponse("Burned some meats.")


# The background call as in the tutorial: no reference to the task is kept.


async def async_view_unreferenced(request):
    loop = asyncio.get_event_loop()
    loop.create_task(http_call_async())
    return HttpResponse("Non-blocking HTTP request")
