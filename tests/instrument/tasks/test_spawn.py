"""Background work: each task's end is written down, under real uvicorn and its signals."""

from __future__ import annotations

import asyncio
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import httpx
import pytest

import overlap
from overlap.trace import read

ERROR = 2  # STATUS_CODE_ERROR


def test_a_task_has_a_mark_at_once_and_a_span_that_outlives_its_request(server, sink):
    """Both are children of the request's span; the mark has no duration."""
    server.get("/spawn/?kind=short")
    mark, task = sink.one("task.started"), sink.one("short")
    request = sink.one("GET /spawn/")
    assert mark.parent_id == task.parent_id == request.span_id
    assert mark.start == mark.end
    assert mark.attributes["overlap.task.id"] == task.attributes["overlap.task.id"]
    assert task.attributes["overlap.task.end"] == "done"
    assert task.end > request.end
    assert [name for name, _ in task.events] == ["working"]


def test_a_failure_is_on_the_span_and_in_the_log(server, sink, wait_until):
    """And asyncio has nothing to say about exceptions never retrieved."""
    before = len(server.log)
    server.get("/spawn/?kind=failing")
    task = sink.one("failing")
    assert task.attributes["overlap.task.end"] == "failed"
    assert task.status == ERROR
    wait_until(lambda: [r for r in sink.logs if r.body == "background task failed"])
    (record,) = [r for r in sink.logs if r.body == "background task failed"]
    assert record.attributes["exception.message"] == "no charcoal"
    assert record.trace_id == task.trace_id
    assert "never retrieved" not in server.log[before:]


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_at_sigterm_work_is_waited_for_then_cancelled_then_lost(serve, sink, wait_until, loop):
    """Three tasks, three ends, all of them delivered before the process is gone."""
    server = serve(loop=loop, env={"OVERLAP_DRAIN_TIMEOUT_S": "0.5"})
    for kind in ("short", "long", "stubborn"):
        server.get(f"/spawn/?kind={kind}")
    server.stop()
    ends = {
        kind: sink.one(kind).attributes["overlap.task.end"]
        for kind in ("short", "long", "stubborn")
    }
    assert ends == {"short": "done", "long": "cancelled", "stubborn": "lost"}
    points = sink.points("overlap.background.ended")
    assert sorted(attributes["overlap.task.end"] for attributes, _ in points) == [
        "cancelled",
        "done",
        "lost",
    ]
    assert sum(point.as_int for _, point in sink.points("overlap.background.running")) == 0
    assert "Finished server process" in server.log
    assert "'lifespan' protocol appears unsupported" in server.log  # as without us


def test_a_task_whose_process_is_killed_is_lost(serve, sink, wait_until):
    """Its mark is there, its end is not, and the verdict says which it was."""
    server = serve()
    server.get("/spawn/?kind=long")
    wait_until(lambda: sink.named("task.started") and sink.named("GET /spawn/"))
    server.stop(signal.SIGKILL)
    assert sink.named("long") == []
    (trace,) = read(sink.spans_as_sent)
    found = overlap.verdict(trace)
    assert "lost" in found.shapes
    assert found.lost == ["long"]


def test_what_outlasts_a_graceful_shutdown_is_told(serve, sink, wait_until):
    """uvicorn gives up on a request; its span and its task's say how they ended."""
    server = serve("--timeout-graceful-shutdown", "1", env={"OVERLAP_DRAIN_TIMEOUT_S": "0.2"})
    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(server.get, "/sleepy/")
        server.get("/spawn/?kind=long")
        wait_until(lambda: 1 in {p.as_int for _, p in sink.points("http.server.active_requests")})
        server.process.send_signal(signal.SIGTERM)
        server.process.wait(20)
        with suppress(httpx.TransportError):
            assert asking.result().status_code == 500  # uvicorn's own
    assert sink.one("long").attributes["overlap.task.end"] == "cancelled"
    assert sink.one("GET /sleepy/").attributes["error.type"] == "server.stopped"
    assert "Failed to detach" not in server.log


def test_spawn_works_where_nothing_is_instrumented():
    """The task runs, gives its result, and nothing is sent."""

    async def work():
        return 7

    async def main():
        return await overlap.spawn(work(), name="work")

    assert asyncio.run(main()) == 7


def test_spawn_needs_a_running_loop():
    """As create_task does, and the coroutine is closed, so that nobody warns of it."""

    async def work():
        """Never runs."""

    coro = work()
    with pytest.raises(RuntimeError, match="no running event loop"):
        overlap.spawn(coro)
    coro.close()
