"""The tutorial's third question: is Celery still necessary with Django's async views?"""

import asyncio
import os
import signal

from asgiref.sync import sync_to_async
from django.conf import settings
from django.http import Http404, HttpResponse
from django.views.decorators.http import require_POST

import overlap
from app import tasks
from app.simulation import CALLED_OFF, PUT_OUT, SLOW_TICK, WOOD_DELIVERY
from app.views.tutorial import http_call_async


async def durable_view(request):
    # Sending calls the broker, and Celery's call blocks.
    await sync_to_async(tasks.http_call.delay)()
    return HttpResponse("Non-blocking HTTP request (via Celery)")


async def both_view(request):
    overlap.spawn(http_call_async(SLOW_TICK), name="http_call_async")
    await sync_to_async(tasks.http_call.delay)(SLOW_TICK)
    return HttpResponse("The same work twice: in this process, and in another")


@require_POST
def kill(request):
    if not settings.ALLOW_KILL:
        raise Http404
    os.kill(os.getpid(), signal.SIGKILL)


async def season_view(request):
    await sync_to_async(tasks.season.delay)()
    return HttpResponse("It will be seasoned, in the end")


async def fire_view(request):
    await sync_to_async(tasks.set_fire.delay)()
    return HttpResponse("Whatever happens, it is not seen here")


async def called_off_view(request):
    order = await sync_to_async(tasks.roast.apply_async)(countdown=WOOD_DELIVERY)
    await asyncio.sleep(CALLED_OFF)
    await sync_to_async(order.revoke)()
    return HttpResponse("Called off before it began")


async def put_out_view(request):
    order = await sync_to_async(tasks.roast.delay)()
    await asyncio.sleep(PUT_OUT)
    await sync_to_async(order.revoke)(terminate=True)
    return HttpResponse("Called off in the middle")
