"""A loop is watched from its start, whoever runs it, and whether it serves requests or not."""

from __future__ import annotations

import textwrap

import pytest

DRIVER = """
import asyncio, sys, threading, time
import overlap
from opentelemetry import trace
overlap.instrument()

async def main():
    with trace.get_tracer("t").start_as_current_span("main"):
        time.sleep(0.5)

def watchdogs():
    return [each for each in threading.enumerate() if each.name == "overlap-watchdog"]
"""


def script(code):
    return DRIVER + textwrap.dedent(code)


@pytest.mark.parametrize(
    "start",
    [
        "asyncio.run(main())",
        "import uvloop; asyncio.Runner(loop_factory=uvloop.new_event_loop).run(main())",
        "asyncio.new_event_loop().run_until_complete(main())",
        "from asgiref.sync import async_to_sync; async_to_sync(main)()",
    ],
)
def test_the_first_block_of_a_script_is_reported(own_sink, run, start):
    """It serves nothing, and blocks its loop with the first thing it does."""
    run(script(f"{start}\noverlap.shutdown()\n"), own_sink.url)
    assert own_sink.one("event_loop.blocked").parent_id == own_sink.one("main").span_id


def test_a_short_loop_gets_no_watchdog(own_sink, run):
    """A sync view may run one for each request; one that lives is watched after a while."""
    run(
        script("""
        asyncio.run(asyncio.sleep(0))
        async def short():
            await asyncio.sleep(0.05)
            return len([each for each in watchdogs() if each.is_alive()])
        async def long():
            while not watchdogs():
                await asyncio.sleep(0.02)
        while watchdogs():
            time.sleep(0.02)
        assert asyncio.run(short()) == 0
        asyncio.run(asyncio.wait_for(long(), 20))
        overlap.shutdown()
        """),
        own_sink.url,
    )


def test_of_very_many_loops_a_few_are_watched(own_sink, run):
    """Under WSGI each slow request of an async view has one: the watchdogs would slow them down."""
    run(
        script("""
        from overlap.instrument.loop.watched_loops import LONG_LIVED_S, MAX_LOOPS
        end = threading.Event()
        async def long():
            while not end.is_set():
                await asyncio.sleep(0.05)
        def run_all(count):
            threads = [threading.Thread(target=asyncio.run, args=(long(),)) for _ in range(count)]
            for each in threads: each.start()
            return threads
        threads = run_all(3 * MAX_LOOPS)
        while len(watchdogs()) < MAX_LOOPS:
            time.sleep(0.02)
        time.sleep(2 * LONG_LIVED_S)
        assert len(watchdogs()) == MAX_LOOPS
        end.set()
        for each in threads: each.join()
        # Those that are closed make room.
        end.clear()
        while watchdogs():
            time.sleep(0.02)
        threads = run_all(1)
        while not watchdogs():
            time.sleep(0.02)
        end.set()
        for each in threads: each.join()
        overlap.shutdown()
        """),
        own_sink.url,
    )


def test_a_failure_in_the_hook_does_not_stop_the_loop(own_sink, run):
    """The loop runs, and what failed is logged."""
    run(
        script("""
        from overlap.instrument.loop.watched_loops import WatchedLoops
        def broken(*_): raise RuntimeError("no watchdog today")
        WatchedLoops.watch = broken
        asyncio.run(main())
        """),
        own_sink.url,
    )
    assert "main" in own_sink.names()


def test_after_shutdown_loops_start_as_before(own_sink, run):
    """The classes of asyncio and uvloop are given back."""
    run(
        """
        import asyncio, uvloop
        from asyncio import runners
        def state():
            return (
                asyncio.BaseEventLoop.run_forever, uvloop.Loop.run_forever,
                "run_forever" in vars(uvloop.Loop), runners._cancel_all_tasks,
            )
        before = state()
        import overlap
        overlap.instrument()
        assert not any(a == b for a, b in zip(state(), before))
        overlap.shutdown()
        assert state() == before
        """,
        own_sink.url,
    )


def test_a_block_elsewhere_delays_no_request(own_sink, run):
    """A loop that blocks in a thread has no victims among the requests of another loop."""
    run(
        script("""
        from django.core.asgi import get_asgi_application
        app = get_asgi_application()
        async def ask():
            first = [{"type": "http.request"}]
            async def receive():
                if first: return first.pop()
                await asyncio.sleep(60)
            async def send(message): pass
            scope = {"type": "http", "method": "GET", "path": "/wait/", "headers": [],
                     "query_string": b"s=3"}
            await app(scope, receive, send)
        async def worker():
            while not watchdogs()[1:]:
                await asyncio.sleep(0.02)
            with trace.get_tracer("t").start_as_current_span("worker"):
                time.sleep(0.6)
        async def serve():
            await asyncio.gather(ask(), asyncio.to_thread(asyncio.run, worker()))
        asyncio.run(serve())
        overlap.shutdown()
        """),
        own_sink.url,
    )
    workers = own_sink.one("worker").span_id
    (block,) = (b for b in own_sink.named("event_loop.blocked") if b.parent_id == workers)
    assert block.attributes["overlap.blocked.victims"] == 0
    assert block.span_id not in {link.span_id for link in own_sink.one("GET /wait/").links}


def test_a_block_begins_where_its_step_began(own_sink, run):
    """Not at the last heartbeat, nor where the span began: within 10 ms of the truth."""
    run(
        script("""
        async def late():
            with trace.get_tracer("t").start_as_current_span("late") as span:
                for _ in range(10):
                    await asyncio.sleep(0.013)
                span.add_event("now")
                time.sleep(0.6)
        asyncio.run(late())
        overlap.shutdown()
        """),
        own_sink.url,
    )
    late = own_sink.one("late")
    (block,) = (b for b in own_sink.named("event_loop.blocked") if b.parent_id == late.span_id)
    (now,) = late.event_times
    assert abs(block.start - now) < 10e6
