"""Streaming responses: from an async generator, from a sync one, and server-sent events."""

import asyncio
from itertools import count
from time import sleep

from django.http import StreamingHttpResponse
from opentelemetry import trace

from app.simulation import PART_NAP, PARTS

tracer = trace.get_tracer("smokehouse")


@tracer.start_as_current_span("slice")
async def slice_brisket(number: int) -> str:
    await asyncio.sleep(PART_NAP)
    return f"slice {number}\n"


@tracer.start_as_current_span("slice")
def slice_brisket_sync(number: int) -> str:
    sleep(PART_NAP)
    return f"slice {number}\n"


async def slices():
    for number in range(PARTS):
        yield await slice_brisket(number)


def slices_sync():
    for number in range(PARTS):
        yield slice_brisket_sync(number)


async def news():
    for number in count():
        yield f"data: {await slice_brisket(number)}\n"


async def stream(request):
    return StreamingHttpResponse(slices(), content_type="text/plain")


async def stream_of_a_sync_generator(request):
    return StreamingHttpResponse(slices_sync(), content_type="text/plain")


async def events(request):
    return StreamingHttpResponse(news(), content_type="text/event-stream")
