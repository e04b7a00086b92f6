"""One request under way: its server span, and its two metrics, each ended exactly once."""

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
from overlap.instrument.requests.accepted import Arrival
from overlap.instrument.requests.delays import Held
from overlap.instrument.requests.request_attributes import Kind, status_attributes

EXCHANGE_KEY = create_key("overlap-exchange")
"""In OpenTelemetry's context: the request that the code which runs works for."""

IN_FLIGHT: dict[int, Exchange] = {}
"""The requests of this process that have not ended, for the watchdog. By id()."""

LATELY: list[Blocking] = []
"""Blocks of a loop that are over, and whose last victims may still come."""

SERVER_ERRORS = 500
"""Statuses from here on say that the server failed."""


@dataclass(frozen=True, slots=True)
class Instruments:
    """The metrics of a server, in the old and in the new conventions."""

    mode: _StabilityMode
    active: UpDownCounter
    duration_new: Histogram | None
    duration_old: Histogram | None


class Stopped(Exception):
    """The process ends, and with it every request under way."""


def _cut_off_by(error: BaseException) -> str | None:
    """What ended a request early; None where it is an exception of somebody's own."""
    if isinstance(error, Stopped):
        return names.SERVER_STOPPED
    if isinstance(error, asyncio.CancelledError):
        # uvicorn says so when it gives up: "Task cancelled, timeout graceful shutdown exceeded".
        return names.SERVER_STOPPED if "shutdown" in str(error) else names.CLIENT_DISCONNECTED
    return names.CLIENT_DISCONNECTED if isinstance(error, GeneratorExit) else None


class Blocking(Protocol):
    """What stood in a request's way (overlap.instrument.loop.block_span)."""

    def tell(self, victim: Exchange) -> None:
        """Link the victim's span to the block."""

    def came(self, late: Exchange) -> None:
        """Hear of a request that begins after the block, and may have waited for its end."""


class Exchange:
    """Made when a request comes in; `finish` may be called twice, and counts once."""

    held: Held | None = None
    """What the loop's blocks have held it up, once one has."""

    def __init__(  # noqa: PLR0913  what one request is made of
        self,
        span: Span,
        context: Context,
        kind: Kind,
        instruments: Instruments,
        arrival: Arrival,
        *,
        is_asgi: bool,
    ) -> None:
        self.is_asgi = is_asgi
        self.span = span
        self.context = Context({**context, SPAN_KEY: span, EXCHANGE_KEY: self})
        self._kind = kind
        self._instruments = instruments
        self._route: str | None = None
        self._status: int | None = None
        self._began = arrival.at
        self.began_ns = arrival.at_ns
        self.blocks: list[Blocking] = []
        """Blocks of the loop that this request does not know of yet."""
        self._over = False
        self._sent_any = False
        self.error: BaseException | None = None
        instruments.active.add(1, kind.active, self.context)
        IN_FLIGHT[id(self)] = self
        for block in LATELY:
            block.came(self)

    @property
    def is_recording(self) -> bool:
        """Whether anybody will see what is written on the span."""
        return self.span.is_recording()

    def set_route(self, route: str) -> None:
        """Name the span by its route, unless a hook has named it already."""
        self._route = route
        if self.is_recording:
            self.span.set_attribute(names.HTTP_ROUTE, route)
            method = self._kind.method
            if getattr(self.span, "name", method) == method:
                self.span.update_name(f"{method} {route}")

    def set_status(self, status: int) -> None:
        """Note the answer's status, on the span and for the duration metric."""
        self._status = status
        if self.is_recording:
            self.span.set_attributes(status_attributes(status, self._instruments.mode))
            if status >= SERVER_ERRORS:
                self.span.set_status(Status(StatusCode.ERROR))

    def sent_part(self) -> None:
        """Note when the first part of a stream was there."""
        if not self._sent_any and self.is_recording:
            self._sent_any = True
            ms = (time.perf_counter() - self._began) * 1000
            self.span.set_attribute(names.FIRST_PART_MS, round(ms, 3))

    def hear(self, block: Blocking) -> None:
        """Link the span to a block, if that has not been done. On the loop's thread."""
        if block in self.blocks:
            self.blocks.remove(block)
            block.tell(self)

    def finish(self, error: BaseException | None = None) -> None:
        """End span and metrics. A cancelled request is no error: the client went away."""
        if self._over:
            return
        self._over = True
        IN_FLIGHT.pop(id(self), None)
        for block in [*self.blocks]:
            self.hear(block)
        error = error or self.error
        self._record(time.perf_counter() - self._began, self._note(error) if error else None)
        self.span.end()
        self.context = Context()  # it refers to this object; let both go at once

    def _note(self, error: BaseException) -> str | None:
        """Write an error on the span; gives back what the duration says of it."""
        if (what := _cut_off_by(error)) is not None:
            if self.is_recording:
                self.span.set_attribute(names.ERROR_TYPE, what)
                self.span.add_event(what)
            return what
        kind = type(error).__qualname__
        if self.is_recording:
            self.span.set_attribute(names.ERROR_TYPE, kind)
            self.span.record_exception(error)
            self.span.set_status(Status(StatusCode.ERROR, f"{kind}: {error}"))
        # Where there is a status that says error, the duration has that.
        return None if (self._status or 0) >= SERVER_ERRORS else kind

    def _record(self, seconds: float, error: str | None) -> None:
        own = self._instruments
        own.active.add(-1, self._kind.active, self.context)
        if own.duration_new is not None:
            attributes = self._kind.at_end(_StabilityMode.HTTP, self._route, self._status, error)
            own.duration_new.record(seconds, attributes, self.context)
        if own.duration_old is not None:
            attributes = self._kind.at_end(_StabilityMode.DEFAULT, self._route, self._status, error)
            own.duration_old.record(round(seconds * 1000), attributes, self.context)


def stop_all() -> None:
    """End what is still under way: nothing is sent any more once the process has ended.

    uvicorn gives up on requests at the end of its --timeout-graceful-shutdown; Django's own
    tasks for them then run on until the loop ends.
    """
    LATELY.clear()
    for exchange in list(IN_FLIGHT.values()):
        exchange.finish(Stopped())
