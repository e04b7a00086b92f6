"""The requests of a lesson: fired on their timeline, each on a connection and a span of its own."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

# Read once, when the first instrumentation of a process starts: attribute names as in names.py.
os.environ.setdefault("OTEL_SEMCONV_STABILITY_OPT_IN", "http")

import httpx
from opentelemetry import baggage
from opentelemetry.context import Context, attach, detach
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor, RequestInfo
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import Span, format_span_id, format_trace_id

from overlap import names
from overlap.scenario import Request, Scenario

SERVICE = "overlap-play"
TIMEOUT_S = 120.0
"""A lesson may hold the event loop for seconds, and a busy machine makes that longer."""
EXPORT_TIMEOUT_S = 3.0
_SENT = "overlap.sent"


@dataclass(slots=True)
class Sent:
    """One request and what became of it."""

    request: Request
    span_id: str = ""
    status: int | None = None
    error: str = ""
    left: bool = False
    """The client went away, as the lesson says."""
    done: bool = False

    @property
    def problem(self) -> str:
        """What went wrong, as a sentence; empty where nothing did."""
        asked = f"{self.request.method} {self.request.path}"
        if self.request.ends_app:
            return f"{asked} answered {self.status} and ended nobody" if self.status else ""
        if self.error:
            return f"{asked} was not answered: {self.error}"
        if self.status is None:
            return ""
        if self.request.leaves_after is not None:
            return f"{asked} answered {self.status} before its client went away"
        if (wanted := self.request.status) is not None:
            return "" if self.status == wanted else f"{asked} answered {self.status}, not {wanted}"
        return f"{asked} answered {self.status}" if self.status >= 400 else ""

    @property
    def reached(self) -> bool:
        """Whether the app had the request: its server span is to come."""
        return self.status is not None or self.left


@dataclass(frozen=True, slots=True)
class Fired:
    """A lesson's requests, all of them over, and the root span they stand under."""

    trace_id: str
    root_id: str
    sent: list[Sent]


class Load:
    """The client side of a lesson, with a tracer that is nobody else's."""

    def __init__(self, app_url: str, otlp_endpoint: str) -> None:
        self._app_url = app_url
        # Whatever OTEL_TRACES_SAMPLER and OTEL_SERVICE_NAME say is said of the app, not of us.
        self._provider = TracerProvider(
            sampler=ALWAYS_ON,
            resource=Resource({names.SERVICE_NAME: SERVICE, names.PROCESS_PID: os.getpid()}),
        )
        exporter = OTLPSpanExporter(endpoint=f"{otlp_endpoint}/v1/traces", timeout=EXPORT_TIMEOUT_S)
        self._provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=200))
        self._tracer = self._provider.get_tracer(SERVICE)

    async def __aenter__(self) -> Self:
        # No connection is used twice: a request that waits for another's connection would look
        # like one that waits for the loop. No proxy: what is measured is the app.
        self._client = httpx.AsyncClient(
            base_url=self._app_url,
            timeout=TIMEOUT_S,
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=0),
            trust_env=False,
            verify=self._app_url.startswith("https:"),  # certificates are slow to load
        )
        HTTPXClientInstrumentor.instrument_client(
            self._client, tracer_provider=self._provider, request_hook=_name
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._client.aclose()
        await asyncio.to_thread(self._provider.shutdown)

    async def fire(
        self,
        scenario: Scenario,
        changed: Callable[[str, Sequence[Sent]], None],
        server_url: str = "",
    ) -> Fired:
        """Fire the lesson's requests and return when each is answered or has failed.

        `changed` is told the trace's id and the requests sent so far, at each change. At
        `server_url` is what serves them, where it is not the app's own server.
        """
        sent: list[Sent] = []
        with (
            _alone_with(baggage.set_baggage(names.SCENARIO_NAME, scenario.name, Context())),
            self._tracer.start_as_current_span(
                names.scenario_span(scenario.name),
                attributes={names.SCENARIO_NAME: scenario.name},
            ) as root,
        ):
            ids = root.get_span_context()
            trace_id = format_trace_id(ids.trace_id)
            loop = asyncio.get_running_loop()
            start = loop.time()

            async def one(request: Request) -> None:
                await asyncio.sleep(start + request.at - loop.time())
                record = Sent(request)
                sent.append(record)
                changed(trace_id, sent)
                await self._send(record, server_url + request.path)
                changed(trace_id, sent)

            async with asyncio.TaskGroup() as group:
                for request in scenario.requests:
                    group.create_task(one(request))
        await asyncio.to_thread(self._provider.force_flush)
        return Fired(trace_id, format_span_id(ids.span_id), sent)

    async def _send(self, record: Sent, url: str) -> None:
        request = record.request
        try:
            async with asyncio.timeout(request.leaves_after):
                response = await self._client.request(
                    request.method, url, extensions={_SENT: record}
                )
            record.status = response.status_code
        except TimeoutError:
            record.left = True
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            record.error = str(error) or type(error).__name__
        finally:
            record.done = True


@contextmanager
def _alone_with(context: Context) -> Iterator[None]:
    """Let `context` stand instead of the caller's: a trace of its own, whichever one that is in."""
    token = attach(context)
    try:
        yield
    finally:
        detach(token)


async def _name(span: Span, info: RequestInfo) -> None:
    """Name a client span after its request, so that a reader sees which it is."""
    extensions: dict[str, Any] = dict(info.extensions or {})
    record = extensions.get(_SENT)
    if not isinstance(record, Sent):
        return
    record.span_id = format_span_id(span.get_span_context().span_id)
    span.update_name(f"{record.request.method} {record.request.path}")
    span.set_attribute(names.URL_PATH, record.request.path.partition("?")[0])
    if record.request.neighbour:
        span.set_attribute(names.NEIGHBOUR, True)
