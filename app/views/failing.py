"""Several calls at once, and one fails or is too slow: which are cancelled, which keep running?"""

import asyncio

from django.http import HttpResponse
from opentelemetry import trace

from app.simulation import PATIENCE, WOOD_NAP
from app.views.tutorial import get_flavor, get_smokables

tracer = trace.get_tracer("smokehouse")


class SoldOut(Exception):
    """An ingredient is sold out."""


@tracer.start_as_current_span("get_wood")
async def get_wood() -> str:
    await asyncio.sleep(WOOD_NAP)
    raise SoldOut("no hickory left")


async def gather_fails(request):
    try:
        await asyncio.gather(get_smokables(), get_wood())
    except SoldOut as error:
        return HttpResponse(f"Sorry, {error}.")


async def task_group_fails(request):
    answer = "Smoked over hickory."
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(get_smokables())
            group.create_task(get_wood())
    except* SoldOut:
        answer = "Sorry, no hickory left."
    return HttpResponse(answer)


async def as_completed_fails(request):
    calls = [get_smokables(), get_wood()]
    try:
        for first in asyncio.as_completed(calls):
            await first
    except SoldOut as error:
        return HttpResponse(f"Sorry, {error}.")


async def too_slow(request):
    try:
        async with asyncio.timeout(PATIENCE):
            smokables, flavor = await asyncio.gather(get_smokables(), get_flavor())
    except TimeoutError:
        return HttpResponse("Have a sandwich meanwhile.")
    return HttpResponse(f"Here are your {len(smokables)} meats with {flavor}.")
