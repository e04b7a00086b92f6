"""Work for the processor: on the loop, in threads, in processes."""

import asyncio

from django.http import HttpResponse

from app.grinding import grind, in_a_process
from app.simulation import GRIND


async def cpu_on_the_loop(request):
    grind(GRIND)
    return HttpResponse("Ground the pepper.")


async def cpu_in_threads(request):
    await asyncio.gather(asyncio.to_thread(grind, GRIND), asyncio.to_thread(grind, GRIND))
    return HttpResponse("Ground the pepper, and the salt.")


async def cpu_in_processes(request):
    await asyncio.gather(in_a_process(grind, GRIND), in_a_process(grind, GRIND))
    return HttpResponse("Ground the pepper, and the salt.")
