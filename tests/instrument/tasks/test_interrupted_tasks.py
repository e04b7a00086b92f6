"""Plain tasks that still run when their process or their loop ends: found, and written down."""

from __future__ import annotations

import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import httpx
import pytest

ERROR = 2


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_a_plain_task_that_runs_at_sigterm_is_cut(serve, sink, loop):
    """In the trace of the request that started it, counted, logged; once for all it waited for."""
    server = serve(loop=loop, env={"OVERLAP_DRAIN_TIMEOUT_S": "0.2"})
    server.get("/leave/")
    server.get("/spawn/?kind=stubborn")
    server.stop()
    dropped, request = sink.one("task.dropped"), sink.one("GET /leave/")
    assert (dropped.trace_id, dropped.parent_id) == (request.trace_id, request.span_id)
    assert dropped.attributes["overlap.task.name"] == "_left"
    assert dropped.attributes["overlap.task.end"] == "cut"
    assert dropped.status == ERROR
    ends = {
        attributes["overlap.task.name"]: (attributes["overlap.task.end"], point.as_int)
        for attributes, point in sink.points("overlap.background.ended")
    }
    assert ends == {"_left": ("cut", 1), "stubborn": ("lost", 1)}
    (record,) = [r for r in sink.logs if r.body == "plain task cut off"]
    assert record.trace_id == request.trace_id


def test_a_task_that_is_over_by_then_is_none(serve, sink):
    """It ended in the time for which spawned work is waited for."""
    server = serve()
    server.get("/spawn/?kind=short")
    server.get("/")
    server.stop()
    assert sink.one("short").attributes["overlap.task.end"] == "done"
    assert [span.attributes for span in sink.named("task.dropped")] == []


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_a_request_that_is_cut_off_is_no_plain_task(serve, sink, wait_until, loop):
    """Neither the server's task nor Django's: that request's own span says how it ended."""
    server = serve("--timeout-graceful-shutdown", "1", loop=loop)
    with ThreadPoolExecutor(2) as pool:
        asking = [pool.submit(server.get, path) for path in ("/sleepy/", "/slow/?s=20")]
        wait_until(lambda: 2 in {p.as_int for _, p in sink.points("http.server.active_requests")})
        server.process.send_signal(signal.SIGTERM)
        server.process.wait(30)
        for each in asking:
            with suppress(httpx.TransportError):
                each.result()
    assert sink.one("GET /sleepy/").attributes["error.type"] == "server.stopped"
    assert [span.attributes for span in sink.named("task.dropped")] == []


@pytest.mark.parametrize("policy", ["asyncio", "uvloop"])
def test_a_loop_that_ends_cuts_what_it_cancels(own_sink, run, policy):
    """asyncio.run, with no server: the task of a span is told, one that is awaited or of no span
    is not, and a loop that is run again cuts nothing."""
    run(
        f"""
        import asyncio, overlap, {policy}
        from opentelemetry import trace
        async def smoke(): await asyncio.sleep(60)
        async def rest(): await asyncio.sleep(60)
        async def awaits(task): await task
        async def main():
            overlap.instrument()
            global kept
            kept = [asyncio.create_task(rest())]
            with trace.get_tracer("t").start_as_current_span("lighting"):
                kept.append(asyncio.create_task(smoke()))
                awaited = asyncio.create_task(rest())
                kept.append(asyncio.create_task(awaits(awaited)))
            await asyncio.sleep(0.05)
        with asyncio.Runner(loop_factory={policy}.new_event_loop) as runner:
            runner.run(main())
            runner.run(asyncio.sleep(0.01))
        overlap.shutdown()
        """,
        own_sink.url,
    )
    spans = own_sink.named("task.dropped")
    dropped = {span.attributes["overlap.task.name"]: span for span in spans}
    lighting = own_sink.one("lighting")
    assert set(dropped) == {"smoke", "awaits"}
    assert {span.parent_id for span in dropped.values()} == {lighting.span_id}
    assert {span.attributes["overlap.task.end"] for span in dropped.values()} == {"cut"}
