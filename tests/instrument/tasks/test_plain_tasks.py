"""Plain tasks that nobody holds or asks: on real servers, found out and written down."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.parametrize("server", ["asyncio", "uvloop"], indirect=True)
ERROR = 2


def test_a_task_collected_while_it_waits_is_lost(server, sink):
    """A span in the trace of the request that started it, by the coroutine's name."""
    server.get("/drop/?kind=waits")
    dropped, request = sink.one("task.dropped"), sink.one("GET /drop/")
    assert dropped.parent_id == request.span_id
    assert dropped.attributes["overlap.task.name"] == "_forgotten"
    assert dropped.attributes["overlap.task.end"] == "lost"
    assert dropped.status == ERROR


def test_a_failure_that_nobody_asked_for_is_told_with_its_exception(server, sink):
    """Type, message and where it was raised."""
    server.get("/drop/?kind=fails")
    dropped = sink.one("task.dropped")
    assert dropped.attributes["overlap.task.name"] == "_failing"
    assert dropped.attributes["overlap.task.end"] == "failed"
    ((name, attributes),) = dropped.events
    assert name == "exception"
    assert attributes["exception.message"] == "no charcoal"
    assert "_failing" in attributes["exception.stacktrace"]
    assert "never retrieved" in server.log
