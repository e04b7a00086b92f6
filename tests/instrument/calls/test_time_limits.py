"""Long time limits of httpx are recorded on the spans of its calls."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack

import httpx
import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import use_span

from overlap import names
from overlap.instrument.calls.failed_calls import measure_failed_calls

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@pytest.fixture
def call():
    """A function that sends a request with these limits, and returns its span's attributes."""
    undo = ExitStack()
    undo.callback(measure_failed_calls(httpx))

    async def answer(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(ANSWER)
        await writer.drain()
        writer.close()

    async def send(limits):
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        host, port = server.sockets[0].getsockname()
        span = TracerProvider(shutdown_on_exit=False).get_tracer("test").start_span("GET")
        try:
            async with httpx.AsyncClient(verify=False, trust_env=False) as client:  # noqa: S501
                with use_span(span, end_on_exit=True):
                    await client.get(f"http://{host}:{port}/", timeout=limits)
        finally:
            server.close()
            await server.wait_closed()
        return dict(span.attributes)

    yield lambda timeout: asyncio.run(send(timeout))
    undo.close()


@pytest.mark.parametrize(
    ("timeout", "limit"),
    [(None, 0.0), (60, 60.0), (30, 30.0), (httpx.Timeout(5, read=None), 0.0)],
)
def test_a_long_limit_is_on_the_span(call, timeout, limit):
    """For how long a call may wait for its response; 0 if for ever."""
    assert call(timeout) == {names.HTTP_TIME_LIMIT: limit}


@pytest.mark.parametrize("timeout", [5, 29.9, httpx.Timeout(None, read=1)])
def test_a_short_limit_is_not(call, timeout):
    """Nobody waits for long then, whatever the other limits are."""
    assert call(timeout) == {}
