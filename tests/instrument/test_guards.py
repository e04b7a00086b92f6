"""Wherever our code runs inside a request, a task, a query or a thread, it may raise: no harm."""

from __future__ import annotations

import pytest

PLACES = [
    "overlap.instrument.requests.server_span_factory:ServerSpanFactory.make",
    "overlap.instrument.requests.server_span:ServerSpan.__init__",
    "overlap.instrument.requests.server_span:ServerSpan.set_route",
    "overlap.instrument.requests.server_span:ServerSpan.set_status",
    "overlap.instrument.requests.server_span:ServerSpan._record",
    "overlap.instrument.requests.server_span:ServerSpan._note",
    "overlap.instrument.requests.streaming:finish_with_stream",
    "overlap.instrument.loop.watched_loops:WatchedLoops._watch",
    "overlap.instrument.calls.thread_attributes:thread_attributes",
    "overlap.instrument.calls.database_queries:_summary",
    "overlap.instrument.tasks.spawn:_start_span",
    "overlap.instrument.tasks.spawn:_record_start",
    "overlap.instrument.tasks.spawn:_record_end",
    "overlap.instrument.tasks.cancelled_spans:_set_while_ending",
    "overlap.lens.span_processor:_figures",
    "overlap.lens.span_processor:Account",
    "overlap.lens.steps:_add",
    "overlap.lens.waits.observation:_wait",
    "overlap.lens.waits.wait_spans:figures",
    "overlap.lens.threads.work:_work_for",
    "overlap.lens.threads.work:_begin",
    "overlap.lens.threads.work:set_figures",
    "opentelemetry.sdk.trace:Span.record_exception",
]
SCRIPT = """
import asyncio, overlap, warnings
from importlib import import_module
warnings.simplefilter("ignore")  # Django warns of sync iterators
overlap.instrument()
from django.core.asgi import get_asgi_application
from asgiref.sync import sync_to_async
from django.db import connection
app = get_asgi_application()

async def ask(path):
    first, parts, status = [{"type": "http.request"}], [], []
    async def receive():
        if first: return first.pop()
        await asyncio.Event().wait()
    async def send(message):
        status.append(message.get("status"))
        parts.append(message.get("body", b""))
    scope = {"type": "http", "method": "GET", "path": path, "headers": []}
    try:
        await app(scope, receive, send)
    except RuntimeError as error:
        return str(error)
    return status[0], b"".join(parts)

def query():
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return cursor.fetchone()

async def work():
    await asyncio.sleep(0.01)
    return await asyncio.to_thread(pow, 2, 3)

async def main():
    found = [await ask(path) for path in ("/", "/sync/", "/stream/", "/sync-stream/", "/nowhere/")]
    found.append((await ask("/boom/"))[0])
    found.append(await sync_to_async(query)())
    found.append(await overlap.spawn(work()))
    found.append(await ask("/query/"))
    return found

module, _, path = PLACE.partition(":")
*owner, name = path.split(".")
before = asyncio.run(main())
target = import_module(module)
for each in owner:
    target = getattr(target, each)
stock = getattr(target, name)
calls = []
def broken(*_, **__):
    calls.append(1)
    raise RuntimeError("telemetry is broken")
setattr(target, name, broken)
after = asyncio.run(main())
setattr(target, name, stock)
assert calls, "it was not called"
assert after == before, (before, after)
assert before[0] == (200, b"hello"), before
"""


@pytest.mark.parametrize("place", PLACES)
def test_a_place_that_raises_harms_nothing(own_sink, run, place):
    """Statuses, bodies, results and exceptions are those of a project without us."""
    run(f"PLACE = {place!r}\n" + SCRIPT, own_sink.url)
