"""One view for each thing that a request can do."""

import asyncio
import contextlib
import gc
import logging
import os
import re
import socket
import subprocess
import threading
import time
from pathlib import Path

import httpx
import structlog
from asgiref.sync import sync_to_async
from django.db import connection
from django.http import (
    FileResponse,
    HttpResponse,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.views.decorators.http import require_GET
from opentelemetry import trace

import overlap

tracer = trace.get_tracer("smokesite")
logger = structlog.get_logger()


async def index(request):
    return HttpResponse("hello")


def plain(request):
    return HttpResponse("sync")


async def pid(request):
    return HttpResponse(str(os.getpid()))


async def meat(request, pk):
    return HttpResponse(f"meat {pk}")


async def boom(request):
    raise RuntimeError("too hot")


async def stream(request):
    async def parts():
        for number in range(3):
            with tracer.start_as_current_span(f"part {number}"):
                await asyncio.sleep(0.02)
            yield f"{number}\n"

    return StreamingHttpResponse(parts())


def sync_stream(request):
    def parts():
        for number in range(3):
            time.sleep(0.02)
            yield f"{number}\n"

    return StreamingHttpResponse(parts())


def slow_sync_stream(request):
    def parts():
        for number in range(10):
            time.sleep(0.1)
            yield f"{number}\n"

    return StreamingHttpResponse(parts())


async def broken_stream(request):
    async def parts():
        yield "one\n"
        raise RuntimeError("out of wood")

    return StreamingHttpResponse(parts())


async def endless(request):
    async def parts():
        while True:
            await asyncio.sleep(0.02)
            yield "more\n"

    return StreamingHttpResponse(parts())


def slow(request):
    with tracer.start_as_current_span("off the loop"):
        time.sleep(0.5)
    return HttpResponse("done")


async def upload(request):
    return HttpResponse(str(len(request.body)))


@require_GET
async def only_get(request):
    return HttpResponse("got")


async def moved(request):
    return HttpResponseRedirect("/")


async def sleepy(request):
    await asyncio.sleep(60)
    return HttpResponse("awake")


def overcook(seconds):
    time.sleep(seconds)  # the line to blame


def hold(file):
    Path(f"{file}-began").touch()
    while not Path(file).exists():
        time.sleep(0.01)


def chew(seconds):
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        pass


def lock(seconds):
    held = threading.Lock()
    held.acquire()
    threading.Timer(seconds, held.release).start()
    with held:
        pass


def shell(seconds):
    subprocess.run(["sleep", str(seconds)], check=True)


def knock(seconds):
    with socket.create_server(("127.0.0.1", 0)) as door:
        caller = socket.create_connection(door.getsockname(), timeout=seconds)
        with caller, contextlib.suppress(TimeoutError):
            caller.recv(1)


def pipe(seconds):
    reading, writing = os.pipe()
    threading.Timer(seconds, os.close, (writing,)).start()
    with os.fdopen(reading, "rb") as file:
        file.read(1)


def slow_hook(phase, _info):
    if phase == "start":
        time.sleep(0.05)  # the watchdog looks now, and must not take this line for the cause


def collect(seconds):
    heap = [[{}] for _ in range(200_000)]
    gc.callbacks.append(slow_hook)
    try:
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            gc.collect()
    finally:
        gc.callbacks.remove(slow_hook)
    del heap


async def _never_begun():
    return 1


LOOPS = []


def own_future(seconds):
    future = asyncio.run_coroutine_threadsafe(_never_begun(), LOOPS[-1])
    with contextlib.suppress(TimeoutError):
        future.result(seconds)


def patterns(seconds):
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        re.purge()
        re.compile("|".join(f"(?:foo{n}|[a-z{n}]+)+" for n in range(40)))


WAYS = {
    "patterns": patterns,
    "collect": collect,
    "own_future": own_future,
    "sleep": overcook,
    "python": chew,
    "lock": lock,
    "shell": shell,
    "knock": knock,
    "pipe": pipe,
}


async def burn(request):
    seconds = float(request.GET.get("s", "0.6"))
    LOOPS[:] = [asyncio.get_running_loop()]
    with tracer.start_as_current_span("burning") as burning:
        if "after" in request.GET:
            await asyncio.sleep(float(request.GET["after"]))
            burning.set_attribute("burns_since", time.time_ns())
        if "until" in request.GET:
            hold(request.GET["until"])
            return HttpResponse("burnt")
        WAYS[request.GET.get("how", "sleep")](seconds)
    return HttpResponse("burnt")


async def wait(request):
    if "began" in request.GET:
        Path(request.GET["began"]).touch()  # noqa: ASYNC240  at once, on a disk of the test
    await asyncio.sleep(float(request.GET.get("s", "1")))
    return HttpResponse("waited")


async def congested(request):
    async def step():
        for _ in range(10):
            end = time.perf_counter() + 0.002
            while time.perf_counter() < end:
                pass
            await asyncio.sleep(0)

    await asyncio.gather(*(step() for _ in range(15)))
    return HttpResponse("congested")


async def query(request):
    def ask():
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            return cursor.fetchone()

    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(0):
            with tracer.start_as_current_span("asking"):
                await asyncio.sleep(1)
    return HttpResponse(str(await sync_to_async(ask)()))


async def start_task(request):
    overlap.spawn(KINDS[request.GET["kind"]](), name=request.GET["kind"])
    return HttpResponse("started")


async def _short():
    logger.info("working")
    await asyncio.sleep(0.3)


async def _long():
    await asyncio.sleep(60)


async def _stubborn():
    while True:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            logger.info("not now")


async def _failing():
    raise ValueError("no charcoal")


KINDS = {"short": _short, "long": _long, "stubborn": _stubborn, "failing": _failing}


async def _forgotten():
    await asyncio.get_running_loop().create_future()


async def drop(request):
    work = {"waits": _forgotten, "fails": _failing}[request.GET["kind"]]
    asyncio.create_task(work())  # noqa: RUF006  that nobody holds it is the point
    await asyncio.sleep(0.05)
    gc.collect()
    return HttpResponse("dropped")


async def leave_running(request):
    held = asyncio.create_task(_left())
    _HELD.add(held)
    held.add_done_callback(_HELD.discard)
    await asyncio.sleep(0)
    return HttpResponse("left")


_HELD = set()


async def _left():
    with trace.get_tracer("smokesite").start_as_current_span("in the middle"):
        # What it waits for is cut off with it, and is not told beside it.
        await asyncio.gather(_long(), _long())


async def log(request):
    logger.info("rub applied", meat="brisket", grams=40, spices=["salt", "pepper"], odd=object)
    logging.getLogger("smokesite").warning("running low on %s", "wood")
    return HttpResponse("logged")


async def upstream(request):
    async with httpx.AsyncClient() as client:
        response = await client.get(request.build_absolute_uri("/meats/3/"))
    return HttpResponse(response.text)


async def upstream_gone(request):
    errors = []
    async with httpx.AsyncClient() as client:
        for timeout in (5, 0.05):
            place = "http://127.0.0.1:9/" if timeout == 5 else request.build_absolute_uri("/wait/")
            try:
                await client.get(place, timeout=timeout)
            except httpx.TransportError as error:
                errors.append(type(error).__name__)
    return HttpResponse(",".join(errors))


def file(request):
    return FileResponse(open(__file__, "rb"))  # noqa: PTH123  Django closes it
