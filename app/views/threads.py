"""Three blocking calls, gathered with sync_to_async: on one thread, or on three."""

import asyncio
from time import sleep

from asgiref.sync import sync_to_async
from django.http import HttpResponse
from opentelemetry import trace

from app.simulation import CHOP, CHOPS

tracer = trace.get_tracer("smokehouse")


@tracer.start_as_current_span("chop")
def chop() -> None:
    sleep(CHOP)


async def thread_sensitive(request):
    chop_async = sync_to_async(chop, thread_sensitive=True)
    await asyncio.gather(*[chop_async() for _ in range(CHOPS)])
    return HttpResponse(f"Chopped {CHOPS} times, one after the other.")


async def thread_insensitive(request):
    chop_async = sync_to_async(chop, thread_sensitive=False)
    await asyncio.gather(*[chop_async() for _ in range(CHOPS)])
    return HttpResponse(f"Chopped {CHOPS} times, at once.")
