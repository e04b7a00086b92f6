"""Reading a file from a slow disk: on the loop, in a thread, and awaited by the loop."""

import asyncio
from typing import BinaryIO

from django.http import HttpResponse
from opentelemetry import trace

from app.slow_disk import open_recipe

tracer = trace.get_tracer("smokehouse")


@tracer.start_as_current_span("read")
def read(file: BinaryIO) -> bytes:
    return file.read()


@tracer.start_as_current_span("read")
async def read_async(file: BinaryIO) -> bytes:
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, file)
    try:
        return await reader.read()
    finally:
        transport.close()


async def file_on_the_loop(request):
    with open_recipe() as file:
        return HttpResponse(read(file))


async def file_in_a_thread(request):
    with open_recipe() as file:
        return HttpResponse(await asyncio.to_thread(read, file))


async def file_awaited(request):
    with open_recipe() as file:
        return HttpResponse(await read_async(file))
