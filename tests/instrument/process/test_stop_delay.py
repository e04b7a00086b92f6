"""A stop that takes long says for what it waits."""

import asyncio
import logging
import signal
import time
from types import SimpleNamespace

import pytest

from overlap.instrument.process import stop_delay
from overlap.instrument.requests import server_span


@pytest.fixture
def in_flight(monkeypatch):
    """Put requests in flight: names with their ages in seconds."""

    def put(**ages):
        now = time.time_ns()
        requests = {
            number: SimpleNamespace(span=SimpleNamespace(name=f"GET /{name}/"), began_ns=now - age)
            for number, (name, age) in enumerate((n, round(s * 1e9)) for n, s in ages.items())
        }
        monkeypatch.setattr(stop_delay, "IN_FLIGHT", requests)

    return put


def test_the_oldest_requests_are_named_and_the_others_counted(in_flight):
    """With how long they have been there."""
    in_flight(slow=12.3, events=300.1, young=0.4, poll=60, other=1)
    assert stop_delay.requests_in_flight() == (
        "GET /events/ (300.1 s), GET /poll/ (60.0 s), GET /slow/ (12.3 s) and 2 more"
    )


@pytest.mark.parametrize("ages", [{}, {"slow": 12.3}])
def test_a_stop_without_requests_in_flight_says_nothing(monkeypatch, caplog, in_flight, ages):
    """What else takes long is not known."""
    in_flight(**ages)
    monkeypatch.setattr(stop_delay, "AFTER_S", 0.0)
    with caplog.at_level(logging.WARNING):
        asyncio.run(stop_delay.report_delay())
    said = [record.getMessage() for record in caplog.records]
    limit = "--timeout-graceful-shutdown limits that"
    assert said == [
        f"the server's stop waits for GET /{name}/ ({age} s); {limit}" for name, age in ages.items()
    ]


def test_the_requests_are_those_of_the_server_spans():
    """The same dict, not a copy."""
    assert stop_delay.IN_FLIGHT is server_span.IN_FLIGHT


@pytest.mark.slow
def test_uvicorn_that_waits_for_a_request_names_it(serve, sink):
    """The real server, stopped while a request is in its view; a quick stop says nothing."""
    started = serve()
    assert started.get("/").status_code == 200
    quick = started.log
    asyncio.run(_stop_in_the_middle(started))
    assert "the server's stop waits for" not in quick
    assert "the server's stop waits for GET /wait/ (" in started.log
    assert started.log.count("--timeout-graceful-shutdown limits that") == 1


async def _stop_in_the_middle(started):
    import httpx

    async with httpx.AsyncClient(timeout=30) as client:
        request = asyncio.create_task(client.get(f"{started.url}/wait/?s=4"))
        await asyncio.sleep(0.1)
        await client.get(f"{started.url}/")  # on a connection of its own: the other was first
        started.process.send_signal(signal.SIGTERM)
        assert (await request).status_code == 200
    started.stop()
