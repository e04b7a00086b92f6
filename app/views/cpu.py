"""CPU-bound work: on the loop, in threads, in processes, in Celery."""

import asyncio

from asgiref.sync import sync_to_async
from django.http import HttpResponse

from app import tasks
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


async def cpu_in_celery(request):
    await sync_to_async(tasks.grind_pepper.delay)()
    return HttpResponse("The pepper will be ground.")
