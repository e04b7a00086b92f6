"""The server span and the metrics of one request, each ended exactly once."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Protocol

from opentelemetry.context import Context, create_key
from opentelemetry.instrumentation._semconv import _StabilityMode
from opentelemetry.metrics import Histogram, UpDownCounter
from opentelemetry.trace import Span, Status, StatusCode
from opentelemetry.trace.propagation import _SPAN_KEY as SPAN_KEY

from overlap import names
from overlap.instrument.recorded.requests import NOT_RECORDED, request_begins, request_ends
from overlap.instrument.requests.accepted import (
    AcceptedRequest,
    ServerStopped,
    ended_early_by,
)
from overlap.instrument.requests.delays import Delays
from overlap.instrument.requests.request_attributes import RequestAttributes, status_attributes
from overlap.lens import RouteTime
from overlap.runtime.guard import failed, never_raises

SERVER_SPAN_KEY = create_key("overlap-server-span")
"""In OpenTelemetry's context: the ServerSpan of the request that the running code belongs to."""

IN_FLIGHT: dict[int, ServerSpan] = {}
"""The server spans of this process that have not ended, by id(). The watchdog reads them."""

RECENT_BLOCKS: list[LoopBlock] = []
"""Blocks that are over, and whose last victims may not have been accepted yet."""

SERVER_ERRORS = 500
"""Statuses from here on are errors of the server."""


@dataclass(frozen=True, slots=True)
class Instruments:
    """The metrics of a server, in the old and in the new conventions."""

    mode: _StabilityMode
    active: UpDownCounter
    duration_new: Histogram | None
    duration_old: Histogram | None
    loop_time: RouteTime | None


class LoopBlock(Protocol):
    """A block of the event loop (overlap.instrument.loop.block_span)."""

    def link_victim(self, victim: ServerSpan) -> None:
        """Link the victim's span to the block."""

    def add_late_victim(self, request: ServerSpan) -> None:
        """Add a request that was accepted after the block, if it waited for its end."""


class ServerSpan:
    """Created when a request is accepted. Only the first call of `finish` counts."""

    delays: Delays | None = None
    """The delays by blocks of the loop, once there is one."""
    db_s = 0.0
    """Seconds of its queries so far, where they are collected (request_times)."""

    def __init__(  # noqa: PLR0913  one argument a part
        self,
        span: Span,
        context: Context,
        attributes: RequestAttributes,
        instruments: Instruments,
        accepted: AcceptedRequest,
        *,
        is_asgi: bool,
    ) -> None:
        self.is_asgi = is_asgi
        self.loop = asyncio._get_running_loop() if is_asgi else None
        """The event loop that serves it: a block of another loop does not delay it."""
        self.span = span
        self.context = Context({**context, SPAN_KEY: span, SERVER_SPAN_KEY: self})
        self._attributes = attributes
        self._instruments = instruments
        self._route: str | None = None
        self._status: int | None = None
        self._accepted = accepted
        self._began = accepted.at
        self.began_ns = accepted.at_ns
        self.blocks: list[LoopBlock] = []
        """Blocks of the loop that the span has no link to yet."""
        self._over = False
        self.is_stream = False
        """Whether a part of a streaming response has been sent."""
        self.error: BaseException | None = None
        self.recorded = request_begins(span, accepted.at)
        """Its number in the flight recorder."""
        instruments.active.add(1, attributes.active, self.context)
        IN_FLIGHT[id(self)] = self
        for block in RECENT_BLOCKS:
            block.add_late_victim(self)

    @property
    def began(self) -> float:
        """When the request was accepted, by time.perf_counter()."""
        return self._began

    @property
    def is_recording(self) -> bool:
        """Whether the span is recorded."""
        return self.span.is_recording()

    def set_route(self, route: str) -> None:
        """Name the span after its route, unless a hook has renamed it."""
        self._route = route
        if self.is_recording:
            self.span.set_attribute(names.HTTP_ROUTE, route)
            method = self._attributes.method
            if getattr(self.span, "name", method) == method:
                self.span.update_name(f"{method} {route}")

    def set_operation(self, kind: str, name: str) -> None:
        """Add a GraphQL operation to the span's name, unless a hook has renamed it."""
        if not self.is_recording:
            return
        self.span.set_attribute(names.GRAPHQL_OPERATION_TYPE, kind)
        if name:
            self.span.set_attribute(names.GRAPHQL_OPERATION_NAME, name)
        ours = f"{self._attributes.method} {self._route}"
        if getattr(self.span, "name", ours) == ours:
            self.span.update_name(f"{ours} {kind} {name}".rstrip())

    def set_status(self, status: int) -> None:
        """Record the response's status, on the span and for the duration metric."""
        self._status = status
        if self.is_recording:
            self.span.set_attributes(status_attributes(status, self._instruments.mode))
            if status >= SERVER_ERRORS:
                self.span.set_status(Status(StatusCode.ERROR))

    @never_raises("the first part of a response is not timed")
    def sent_part(self) -> None:
        """Record when the first part of a stream was ready."""
        is_first, self.is_stream = not self.is_stream, True
        if is_first and self.is_recording:
            ms = (time.perf_counter() - self._began) * 1000
            self.span.set_attribute(names.FIRST_PART_MS, round(ms, 3))

    def link_block(self, block: LoopBlock) -> None:
        """Link the span to a block, unless it is linked already. On the loop's thread."""
        if block in self.blocks:
            self.blocks.remove(block)
            block.link_victim(self)

    def finish(self, error: BaseException | None = None) -> None:
        """End span and metrics. A cancelled request is no error: the client disconnected."""
        if not self._over:
            self._over = True
            try:
                self._finish(error)
            except Exception:
                failed("a request's span is not ended")

    def _finish(self, error: BaseException | None) -> None:
        IN_FLIGHT.pop(id(self), None)
        for block in [*self.blocks]:
            self.link_block(block)
        error = error or self.error
        if error is None and self._accepted.disconnected_at is not None:
            # Work in a thread is not interrupted: a sync view, or a response's sync iterator.
            error = asyncio.CancelledError()
        seconds = time.perf_counter() - self._began
        self._record(seconds, self._note(error) if error else None)
        self.span.end()
        if self.is_asgi and (loop_time := self._instruments.loop_time) is not None:
            account = getattr(self.span, "overlap_account", None)  # closed by the lens by now
            loop_time.count(self._route, account, seconds)
        self.context = Context()  # it refers to this object: break the reference cycle

    def _note(self, error: BaseException) -> str | None:
        """Record an error on the span; return `error.type` for the duration metric."""
        if (what := ended_early_by(error)) is not None:
            if self.is_recording:
                self.span.set_attribute(names.ERROR_TYPE, what)
                self.span.add_event(what)
                if what == names.CLIENT_DISCONNECTED and (left := self._accepted.disconnected_at):
                    ms = (time.perf_counter() - left) * 1000
                    self.span.set_attribute(names.AFTER_DISCONNECT_MS, round(ms, 3))
            return what
        kind = type(error).__qualname__
        if self.is_recording:
            self.span.set_attribute(names.ERROR_TYPE, kind)
            self.span.record_exception(error)
            self.span.set_status(Status(StatusCode.ERROR, f"{kind}: {error}"))
        # If the status is an error, the duration metric has the status instead.
        return None if (self._status or 0) >= SERVER_ERRORS else kind

    def _record(self, seconds: float, error: str | None) -> None:
        own = self._instruments
        own.active.add(-1, self._attributes.active, self.context)
        if self.recorded != NOT_RECORDED:
            method, route = self._attributes.method, self._route
            name = f"{method} {route}" if route else method
            outcome = (self._status, error, self.is_stream)
            request_ends(self.recorded, name, self._began, seconds, *outcome)
        if own.duration_new is not None:
            attributes = self._attributes.duration_attributes(
                _StabilityMode.HTTP, self._route, self._status, error
            )
            own.duration_new.record(seconds, attributes, self.context)
        if own.duration_old is not None:
            attributes = self._attributes.duration_attributes(
                _StabilityMode.DEFAULT, self._route, self._status, error
            )
            own.duration_old.record(round(seconds * 1000), attributes, self.context)


def stop_all() -> None:
    """End the server spans of all requests in progress, before the process ends.

    After --timeout-graceful-shutdown uvicorn cancels its requests; Django's own tasks for them
    run on until the loop ends.
    """
    RECENT_BLOCKS.clear()
    for server_span in list(IN_FLIGHT.values()):
        server_span.finish(ServerStopped())
