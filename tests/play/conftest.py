"""A real app on a real server, instrumented by the plain SDK, and the real pocket backend."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from opentelemetry import propagate, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from overlap import names

STEP_S = 0.1


@dataclass
class Places:
    """Where the three parts listen."""

    app: str
    otlp: str
    traces: str
    headers: list[dict[str, str]] = field(default_factory=list)
    """Of every request the app was asked, in order."""


class Kitchen:
    """An ASGI app with one route for each thing that can come of a request."""

    def __init__(self, provider: TracerProvider) -> None:
        self.tracer = provider.get_tracer("kitchen")
        self.headers: list[dict[str, str]] = []
        self.tasks: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        headers = {key.decode(): value.decode() for key, value in scope["headers"]}
        self.headers.append(headers)
        path = scope["path"]
        if path == "/untraced/":
            await self.answer(send)
            return
        with self.tracer.start_as_current_span(
            f"GET {path}", context=propagate.extract(headers), kind=trace.SpanKind.SERVER
        ):
            await getattr(self, path.strip("/") or "answer", self.missing)(send)

    async def answer(self, send: Any, status: int = 200, length: int = 2) -> None:
        head = [(b"content-length", str(length).encode())]
        await send({"type": "http.response.start", "status": status, "headers": head})
        await send({"type": "http.response.body", "body": b"ok"})

    async def missing(self, send: Any) -> None:
        await self.answer(send, 404)

    async def boom(self, send: Any) -> None:
        await self.answer(send, 500)

    async def short(self, send: Any) -> None:
        """Promise more than is sent: the client sees a broken answer."""
        await send(
            {
                "type": "http.response.start",
                "status": 200,
                "headers": [(b"content-length", b"9"), (b"connection", b"close")],
            }
        )
        await send({"type": "http.response.body", "body": b"ok", "more_body": True})
        raise ConnectionAbortedError

    async def gather(self, send: Any) -> None:
        await asyncio.gather(self.step("chop"), self.step("boil"))
        await self.answer(send)

    async def serial(self, send: Any) -> None:
        await self.step("chop")
        await self.step("boil")
        await self.answer(send)

    async def late(self, send: Any) -> None:
        """Answer at once; a task goes on for several polls."""
        task = {names.TASK_ID: "7", names.TASK_NAME: "wash up"}
        self.tracer.start_span(names.SPAN_TASK_STARTED, attributes=task).end()

        async def wash_up() -> None:
            ended = {**task, names.TASK_END: names.TASK_DONE}
            with self.tracer.start_as_current_span("wash up", attributes=ended):
                await asyncio.sleep(8 * STEP_S)

        self.tasks.add(asyncio.create_task(wash_up()))
        await self.answer(send)

    async def slow(self, send: Any) -> None:
        await asyncio.sleep(60)
        await self.answer(send)

    async def step(self, name: str) -> None:
        with self.tracer.start_as_current_span(name):
            await asyncio.sleep(STEP_S)


@pytest.fixture(scope="session")
def pocket() -> Iterator[tuple[str, str]]:
    """The pocket backend in a process of its own: where OTLP goes, where traces are read."""
    process = subprocess.Popen(
        [sys.executable, "-m", "overlap", "pocket", "--port", "0", "--otlp-port", "0"],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    otlp, page = (process.stdout.readline().split()[-1] for _ in range(2))
    yield otlp, page
    process.send_signal(signal.SIGTERM)
    process.stdout.close()
    assert process.wait(10) == 0


@pytest.fixture(scope="session")
def places(pocket: tuple[str, str]) -> Iterator[Places]:
    """The app on uvicorn in a thread, sending its spans to pocket."""
    otlp, page = pocket
    provider = TracerProvider(resource=Resource({names.SERVICE_NAME: "kitchen"}))
    provider.add_span_processor(
        BatchSpanProcessor(OTLPSpanExporter(f"{otlp}/v1/traces"), schedule_delay_millis=100)
    )
    kitchen = Kitchen(provider)
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        sock.listen()  # from here on a request waits for the server, and is not refused
        config = uvicorn.Config(
            kitchen, log_level="critical", lifespan="off", timeout_graceful_shutdown=1
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]})
        thread.start()
        host, port = sock.getsockname()
        yield Places(f"http://{host}:{port}", otlp, page, kitchen.headers)
        server.should_exit = True
        thread.join(20)
    provider.shutdown()


@pytest.fixture
def dead_url() -> str:
    """An address where nothing listens."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{sock.getsockname()[1]}"


@pytest.fixture
def environment(places: Places) -> dict[str, str]:
    """What `overlap play` is told: the scenarios of tests/play/diner, and where the parts are."""
    return {
        **os.environ,
        "PYTHONPATH": str(Path(__file__).parent / "diner"),
        "OVERLAP_SCENARIOS": "diner_scenarios:SCENARIOS",
        "OVERLAP_APP_URL": places.app,
        "OTEL_EXPORTER_OTLP_ENDPOINT": places.otlp,
        "OVERLAP_TRACES_URL": places.traces,
        "COLUMNS": "100",
        "PYTHONIOENCODING": "utf-8",
    }
