"""Background work in three ways: in this process, by Celery, and by Django's own tasks."""

from asgiref.sync import sync_to_async
from django.http import HttpResponse

import overlap
from app import tasks
from app.django_tasks import scrub
from app.simulation import SLOW_TICK
from app.views.tutorial import http_call_async


async def three_ways(request):
    overlap.spawn(http_call_async(SLOW_TICK), name="http_call_async")
    await sync_to_async(tasks.http_call.delay)(SLOW_TICK)
    await scrub.aenqueue()
    return HttpResponse("One goes on here, one in a worker, and one is done.")
