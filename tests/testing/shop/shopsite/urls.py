"""Views of every shape."""

import asyncio
import threading
import time

from django.db import connection
from django.http import HttpResponse
from django.urls import path
from opentelemetry import trace
from opentelemetry.context import attach, get_current

import overlap

tracer = trace.get_tracer("shop")


async def step(name, seconds):
    with tracer.start_as_current_span(name):
        await asyncio.sleep(seconds)


async def checkout(request):
    await asyncio.gather(step("stock", 0.1), step("price", 0.15))
    return HttpResponse("paid")


async def serial(request):
    await step("stock", 0.1)
    await step("price", 0.15)
    return HttpResponse("paid")


async def nap(request):
    await asyncio.sleep(0.1)
    return HttpResponse("rested")


async def burn(request):
    with tracer.start_as_current_span("burnt"):
        time.sleep(0.4)  # noqa: ASYNC251  that is what it is for
    return HttpResponse("burnt")


async def after(request):
    overlap.spawn(step("posted", 0.2), name="mail")
    return HttpResponse("later")


async def forever(request):
    overlap.spawn(step("posted", 60), name="mail")
    return HttpResponse("never")


def sync_after(request):
    context = get_current()

    def work():
        attach(context)
        with tracer.start_as_current_span("in a thread"):
            time.sleep(0.2)

    threading.Thread(target=work).start()
    return HttpResponse("later")


async def unsafe(request):
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def plain(request, number=0):
    return HttpResponse("plain")


urlpatterns = [
    path("checkout/", checkout),
    path("serial/", serial),
    path("nap/", nap),
    path("burn/", burn),
    path("after/", after),
    path("forever/", forever),
    path("sync_after/", sync_after),
    path("unsafe/", unsafe),
    path("plain/", plain),
    path("plain/<int:number>/", plain),
]
