"""The connection pools of httpx: in use, idle, waiting, by server."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

import httpx
import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from overlap.instrument.calls import http_pools
from overlap.instrument.calls.http_pools import HttpPools

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
COUNT, PENDING, MOST = (
    "http.client.open_connections",
    "overlap.http_client.pending_requests",
    "overlap.http_client.max_connections",
)


@pytest.fixture
def figures():
    """A function that returns the value of each series; pools are noticed from now on."""
    pools, reader = HttpPools(), InMemoryMetricReader()
    undo = pools.install()
    provider = MeterProvider([reader], shutdown_on_exit=False)
    pools.report(provider.get_meter("test"))

    def figures():
        data = reader.get_metrics_data()
        scopes = data.resource_metrics[0].scope_metrics if data else []
        return {
            (each.name, *sorted(map(str, point.attributes.values()))): point.value
            for scope in scopes
            for each in scope.metrics
            for point in each.data.data_points
        }

    yield figures
    provider.shutdown()
    undo()


@asynccontextmanager
async def server():
    """A server that answers once it is told to; yields its port, what came, and the release."""
    came, release = asyncio.Semaphore(0), asyncio.Event()
    serving = set()

    async def serve(reader, writer):
        serving.add(asyncio.current_task())
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                came.release()
                await release.wait()
                writer.write(ANSWER)
        except asyncio.IncompleteReadError:
            writer.close()
            await writer.wait_closed()

    listener = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with listener:
        yield listener.sockets[0].getsockname()[1], came, release
    await asyncio.gather(*serving)  # the client has closed its connections


def test_connections_in_use_idle_and_requests_that_wait(figures):
    """Of five requests three wait for two connections; in the end both are idle, then closed."""

    async def play():
        async with server() as (port, came, release):
            where = ("127.0.0.1", str(port))
            limits = httpx.Limits(max_connections=2)
            async with httpx.AsyncClient(limits=limits, trust_env=False) as client:
                url = f"http://127.0.0.1:{port}/"
                asked = [asyncio.create_task(client.get(url)) for _ in range(5)]
                for _ in range(2):
                    await came.acquire()
                full = figures()
                assert full[COUNT, *sorted((*where, "active"))] == 2
                assert full[COUNT, *sorted((*where, "idle"))] == 0
                assert full[PENDING, *sorted(where)] == 3
                assert full[(MOST,)] == 2
                release.set()
                assert [answer.text for answer in await asyncio.gather(*asked)] == ["ok"] * 5
                idle = figures()
                assert idle[COUNT, *sorted((*where, "idle"))] == 2
                assert idle[PENDING, *sorted(where)] == 0
            closed = figures()
            assert closed[COUNT, *sorted((*where, "idle"))] == 0

    asyncio.run(play())


def test_the_number_of_servers_is_bounded(figures, monkeypatch):
    """A server named after a customer has no series of its own in the end."""
    monkeypatch.setattr(http_pools, "SERVERS", 1)

    async def play():
        async with (
            server() as (one, _, release),
            server() as (other, _, also),
            httpx.AsyncClient(trust_env=False) as client,
        ):
            release.set()
            also.set()
            for port in (one, other):
                await client.get(f"http://127.0.0.1:{port}/")
            found = {key for key in figures() if key[0] == COUNT}
            assert found == {
                (COUNT, *sorted(("127.0.0.1", str(one), state))) for state in ("active", "idle")
            } | {(COUNT, *sorted(("other", state))) for state in ("active", "idle")}

    asyncio.run(play())


def test_a_client_is_as_before_once_it_is_undone():
    """The methods are httpcore's own again."""
    import httpcore

    stock = httpcore.AsyncConnectionPool.handle_async_request
    undo = HttpPools().install()
    assert httpcore.AsyncConnectionPool.handle_async_request is not stock
    undo()
    assert httpcore.AsyncConnectionPool.handle_async_request is stock
