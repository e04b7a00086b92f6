"""Fires a scenario's requests on their timeline, each with its own connection and client span."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

# Read once, when the first instrumentation of a process starts: names as in overlap.names.
os.environ.setdefault("OTEL_SEMCONV_STABILITY_OPT_IN", "http")

import httpx
from opentelemetry import baggage
from opentelemetry.context import Context, attach, detach
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor, RequestInfo
from opentelemetry.instrumentation.utils import suppress_http_instrumentation
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import Span, format_span_id, format_trace_id

from overlap import names
from overlap.scenario import Request, Scenario

SERVICE = "overlap-play"
TIMEOUT_S = 120.0
"""A scenario may block the event loop for seconds, and longer on a busy machine."""
EXPORT_TIMEOUT_S = 3.0
_SENT = "overlap.sent"


@dataclass(slots=True)
class Sent:
    """One request and its outcome."""

    request: Request
    span_id: str = ""
    status: int | None = None
    error: str = ""
    left: bool = False
    """The client disconnected, as the scenario asks."""
    done: bool = False

    @property
    def problem(self) -> str:
        """What went wrong, as a sentence; empty where nothing did."""
        asked = f"{self.request.method} {self.request.path}"
        if self.request.ends_app:
            return (
                f"{asked} answered {self.status} and did not end its process" if self.status else ""
            )
        if self.error:
            return f"{asked} was not answered: {self.error}"
        if self.status is None:
            return ""
        if self.request.leaves_after is not None:
            return f"{asked} answered {self.status} before its client disconnected"
        if (wanted := self.request.status) is not None:
            return "" if self.status == wanted else f"{asked} answered {self.status}, not {wanted}"
        return f"{asked} answered {self.status}" if self.status >= 400 else ""

    @property
    def reached(self) -> bool:
        """Whether the app received the request, so that a server span is expected."""
        return self.status is not None or self.left


@dataclass(frozen=True, slots=True)
class Fired:
    """A scenario's finished requests, and their root span."""

    trace_id: str
    root_id: str
    sent: list[Sent]


class Load:
    """The client side of a scenario, with its own tracer provider."""

    def __init__(self, app_url: str, otlp_endpoint: str) -> None:
        self._app_url = app_url
        # OTEL_TRACES_SAMPLER and OTEL_SERVICE_NAME are meant for the app, not for the player.
        self._provider = TracerProvider(
            sampler=ALWAYS_ON,
            resource=Resource({names.SERVICE_NAME: SERVICE, names.PROCESS_PID: os.getpid()}),
        )
        exporter = OTLPSpanExporter(endpoint=f"{otlp_endpoint}/v1/traces", timeout=EXPORT_TIMEOUT_S)
        self._provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=200))
        self._tracer = self._provider.get_tracer(SERVICE)

    async def __aenter__(self) -> Self:
        # No connection is reused: a request that waits for a connection would look like one that
        # waits for the loop. No proxy: the app itself is measured.
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
        """Fire the scenario's requests; return when each is answered or has failed.

        `changed` is called at each change with the trace id and the requests sent so far.
        `server_url` is the server to play on, if not the app's own.
        """
        await self._warm_up(scenario, server_url)
        sent: list[Sent] = []
        with (
            _in_context(baggage.set_baggage(names.SCENARIO_NAME, scenario.name, Context())),
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

    async def _warm_up(self, scenario: Scenario, server_url: str) -> None:
        for path in scenario.warm_up:
            # An error is not reported here: the scenario's own request has it as well.
            with suppress_http_instrumentation(), suppress(httpx.HTTPError, httpx.InvalidURL):
                await self._client.get(server_url + path)

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
def _in_context(context: Context) -> Iterator[None]:
    """Run the block in `context` instead of the caller's, so that the scenario is a new trace."""
    token = attach(context)
    try:
        yield
    finally:
        detach(token)


async def _name(span: Span, info: RequestInfo) -> None:
    """Name a client span after its request."""
    extensions: dict[str, Any] = dict(info.extensions or {})
    record = extensions.get(_SENT)
    if not isinstance(record, Sent):
        return
    record.span_id = format_span_id(span.get_span_context().span_id)
    span.update_name(f"{record.request.method} {record.request.path}")
    span.set_attribute(names.URL_PATH, record.request.path.partition("?")[0])
    if record.request.neighbour:
        span.set_attribute(names.NEIGHBOUR, True)
