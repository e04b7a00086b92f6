"""One request under way: its server span, and its two metrics, each ended exactly once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any, Protocol

from opentelemetry.context import Context, create_key, set_value
from opentelemetry.instrumentation._semconv import (
    _filter_semconv_active_request_count_attr,
    _filter_semconv_duration_attrs,
    _report_new,
    _server_active_requests_count_attrs_new,
    _server_active_requests_count_attrs_old,
    _server_duration_attrs_new,
    _server_duration_attrs_old,
    _set_status,
    _StabilityMode,
)
from opentelemetry.metrics import Histogram, UpDownCounter
from opentelemetry.trace import Span, Status, StatusCode

from overlap import names

EXCHANGE_KEY = create_key("overlap-exchange")
"""In OpenTelemetry's context: the request that the code which runs works for."""

IN_FLIGHT: dict[int, Exchange] = {}
"""The requests of this process that have not ended, for the watchdog. By id()."""


@dataclass(frozen=True, slots=True)
class Instruments:
    """The metrics of a server, in the old and in the new conventions."""

    mode: _StabilityMode
    active: UpDownCounter
    duration_new: Histogram | None
    duration_old: Histogram | None


class Blocking(Protocol):
    """What stood in a request's way (overlap.instrument.block)."""

    def tell(self, victim: Exchange) -> None:
        """Link the victim's span to the block."""


class Exchange:
    """Made when a request comes in; `finish` may be called twice, and counts once."""

    def __init__(
        self,
        span: Span,
        context: Context,
        attributes: MutableMapping[str, Any],
        instruments: Instruments,
        *,
        is_asgi: bool,
    ) -> None:
        self.is_asgi = is_asgi
        self.span = span
        self.context = set_value(EXCHANGE_KEY, self, context)
        self._attributes = attributes
        self._instruments = instruments
        self._active_attributes = _filter_semconv_active_request_count_attr(
            attributes,
            _server_active_requests_count_attrs_old,
            _server_active_requests_count_attrs_new,
            instruments.mode,
        )
        self._began = time.perf_counter()
        self.began_ns = time.time_ns()
        self.blocks: list[Blocking] = []
        """Blocks of the loop that this request does not know of yet."""
        self._over = False
        self._sent_any = False
        self.error: BaseException | None = None
        instruments.active.add(1, self._active_attributes, context)
        IN_FLIGHT[id(self)] = self

    def set_route(self, method: str, route: str, name_at_start: str) -> None:
        """Name the span by its route, unless a hook has named it already."""
        self._attributes[names.HTTP_ROUTE] = route
        if self.span.is_recording():
            self.span.set_attribute(names.HTTP_ROUTE, route)
            if getattr(self.span, "name", name_at_start) == name_at_start:
                self.span.update_name(f"{method} {route}")

    def set_status(self, status: int) -> None:
        """Note the answer's status, on the span and for the duration metric."""
        _set_status(
            self.span,
            self._attributes,
            status,
            str(status),
            server_span=True,
            sem_conv_opt_in_mode=self._instruments.mode,
        )

    def sent_part(self) -> None:
        """Note when the first part of a stream was there."""
        if not self._sent_any:
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
        self._note(error or self.error)
        self._record(time.perf_counter() - self._began)
        self.span.end()
        self.context = Context()  # it refers to this object; let both go at once

    def _note(self, error: BaseException | None) -> None:
        if error is None:
            return
        if isinstance(error, asyncio.CancelledError | GeneratorExit):
            self._attributes[names.ERROR_TYPE] = names.CLIENT_DISCONNECTED
            self.span.set_attribute(names.ERROR_TYPE, names.CLIENT_DISCONNECTED)
            self.span.add_event(names.CLIENT_DISCONNECTED)
            return
        kind = type(error).__qualname__
        self._attributes.setdefault(names.ERROR_TYPE, kind)
        if self.span.is_recording():
            self.span.set_attribute(names.ERROR_TYPE, kind)
            self.span.record_exception(error)
            self.span.set_status(Status(StatusCode.ERROR, f"{kind}: {error}"))

    def _record(self, seconds: float) -> None:
        own = self._instruments
        own.active.add(-1, self._active_attributes, self.context)
        if own.duration_new is not None and _report_new(own.mode):
            attributes = self._kept(_StabilityMode.HTTP)
            own.duration_new.record(seconds, attributes, self.context)
        if own.duration_old is not None:
            attributes = self._kept(_StabilityMode.DEFAULT)
            own.duration_old.record(round(seconds * 1000), attributes, self.context)

    def _kept(self, mode: _StabilityMode) -> Mapping[str, Any]:
        return _filter_semconv_duration_attrs(
            self._attributes, _server_duration_attrs_old, _server_duration_attrs_new, mode
        )
