"""Work in threads that nobody waits for any more is counted: what never ran, and what went on."""

from __future__ import annotations

import textwrap

DRIVER = """
import asyncio, threading, time
from concurrent.futures import ThreadPoolExecutor
import overlap
from opentelemetry import trace
overlap.instrument(lens=True)
tracer = trace.get_tracer("t")
release = threading.Event()

def smoke():
    release.wait(20)

async def give_up(pool):
    loop = asyncio.get_running_loop()
    for _ in "ab":
        try:
            async with asyncio.timeout(0.1):
                await loop.run_in_executor(pool, smoke)
        except TimeoutError:
            pass
"""


def script(code):
    return DRIVER + textwrap.dedent(code) + "overlap.shutdown()\n"


def test_what_never_ran_and_what_went_on_are_counted(own_sink, run):
    """Two calls for one thread, each given up after 0.1 s; the request goes on for 0.3 s."""
    run(
        script("""
        async def main():
            with ThreadPoolExecutor(1) as pool:
                with tracer.start_as_current_span("request"):
                    await give_up(pool)
                    await asyncio.sleep(0.3)
                    release.set()
                    await asyncio.sleep(0.1)
        asyncio.run(main())
        """),
        own_sink.url,
    )
    found = own_sink.one("request").attributes
    assert found["overlap.thread.never_ran"] == 1
    assert found["overlap.thread.never_ran_ms"] >= 95
    assert found["overlap.thread.abandoned"] == 1
    assert found["overlap.thread.abandoned_ms"] >= 390
    assert found["overlap.thread.calls"] == 1
    assert "thread.outlived" not in own_sink.names()


def test_work_that_outlives_its_span_has_one(own_sink, run):
    """Below it, with the function's name, and how long it went on afterwards."""
    run(
        script("""
        async def main():
            with ThreadPoolExecutor(1) as pool:
                with tracer.start_as_current_span("request"):
                    await give_up(pool)
                time.sleep(0.3)
                release.set()
        asyncio.run(main())
        """),
        own_sink.url,
    )
    request, outlived = own_sink.one("request"), own_sink.one("thread.outlived")
    assert outlived.parent_id == request.span_id
    assert outlived.start < request.end < outlived.end
    assert outlived.attributes["code.function.name"] == "smoke"
    assert outlived.attributes["overlap.thread.abandoned_ms"] >= 295


def test_a_failure_of_ours_does_not_stop_the_work(own_sink, run):
    """The call runs, its result arrives."""
    run(
        script("""
        from overlap.lens.threads import work
        def broken(*_): raise RuntimeError
        work.is_sensitive = broken
        async def main():
            with tracer.start_as_current_span("request"):
                assert await asyncio.to_thread(pow, 2, 3) == 8
        asyncio.run(main())
        """),
        own_sink.url,
    )
    assert own_sink.names() == {"request": 1}
