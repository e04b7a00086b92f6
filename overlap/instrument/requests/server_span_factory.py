"""From a request to its exchange: a server span, its parent, the conventions' attributes."""

from __future__ import annotations

import asyncio
import logging
import threading
from types import SimpleNamespace
from typing import Any

from django.core.handlers.asgi import ASGIRequest
from opentelemetry.context import Context, get_current
from opentelemetry.instrumentation.django.middleware.otel_middleware import _DjangoMiddleware
from opentelemetry.instrumentation.utils import extract_attributes_from_object
from opentelemetry.instrumentation.wsgi import collect_request_attributes, wsgi_getter
from opentelemetry.propagate import extract
from opentelemetry.trace import INVALID_SPAN, SpanKind, get_current_span

from overlap import names
from overlap.instrument.calls.thread_attributes import thread_attributes
from overlap.instrument.requests import asgi_scope
from overlap.instrument.requests.accepted import Arrival, Unmade, arrival_of
from overlap.instrument.requests.captured_headers import Wanted
from overlap.instrument.requests.request_attributes import Kind, Lazy
from overlap.instrument.requests.server_span import Exchange, Instruments

_log = logging.getLogger(__name__)
_stock: Any = _DjangoMiddleware
"""Its class attributes are how the stock instrumentor is configured."""


class Maker:
    """Makes the exchanges of one process."""

    def __init__(self, instruments: Instruments) -> None:
        self._instruments = instruments
        self.wanted = Wanted()
        self.hops: tuple[str, ...] = ()
        """The chain's synchronous middlewares, where the server is ASGI."""

    def make(self, request: Any) -> Exchange | None:
        """Begin the exchange of a request; None where its URL is excluded."""
        if self._is_excluded(request):
            return None
        is_asgi = isinstance(request, ASGIRequest | Unmade)
        if is_asgi:
            kind = asgi_scope.kind_of(request.scope, self._instruments.mode)
            arrival = arrival_of(request.scope)
        else:
            attributes = collect_request_attributes(request.META, self._instruments.mode)
            kind = Kind(request.method or "", attributes, self._instruments.mode)
            arrival = Arrival(request.META)
        context, span_kind = _parent(request, is_asgi)
        span = _stock._tracer.start_span(
            kind.method,
            context=context,
            kind=span_kind,
            # An unsampled request is asked for none.
            attributes=Lazy(lambda: self._attributes(request, kind, is_asgi)),
            start_time=arrival.at_ns,
        )
        return Exchange(span, context, kind, self._instruments, arrival, is_asgi=is_asgi)

    def gone(self, arrival: Arrival) -> None:
        """Trace a request whose client went away before its body had come."""
        self._unmade(arrival, None, asyncio.CancelledError())

    def refused(self, arrival: Arrival, status: int) -> None:
        """Trace what Django answered before it was a request."""
        self._unmade(arrival, status, None)

    def _unmade(self, arrival: Arrival, status: int | None, error: BaseException | None) -> None:
        try:
            exchange = self.make(Unmade(arrival.scope))
            if exchange is not None:
                if status is not None:
                    exchange.set_status(status)
                exchange.finish(error)
        except Exception:  # telemetry never hurts the service
            _log.exception("a request that Django did not make is not traced")

    def _is_excluded(self, request: Any) -> bool:
        if not _stock._excluded_urls._excluded_urls:
            return False
        # Not build_absolute_uri, which raises where the host is not allowed.
        url = f"{request.scheme}://{request._get_raw_host()}{request.path}"
        return bool(_stock._excluded_urls.url_disabled(url))

    def _attributes(self, request: Any, kind: Kind, is_asgi: bool) -> dict[str, Any]:
        own = asgi_scope.own_attributes(request.scope, self._instruments.mode) if is_asgi else {}
        found = {**kind.attributes, **own, **thread_attributes(threading.current_thread())}
        if is_asgi and self.hops:
            found[names.SYNC_MIDDLEWARE] = self.hops
        if _stock._traced_request_attrs:
            found.update(_traced(request, is_asgi))
        if self.wanted.request:
            found.update(self.wanted.of_request(_headers(request, is_asgi)))
        return found


def _parent(request: Any, is_asgi: bool) -> tuple[Context, SpanKind]:
    if get_current_span() is not INVALID_SPAN:
        return get_current(), SpanKind.INTERNAL  # someone traces around Django already
    if is_asgi:
        return asgi_scope.carried(request.scope), SpanKind.SERVER
    return extract(request.META, getter=wsgi_getter), SpanKind.SERVER


def _headers(request: Any, is_asgi: bool) -> dict[str, list[str]]:
    if is_asgi:
        return asgi_scope.header_values(request.scope)
    return {name.lower(): [value] for name, value in request.headers.items()}


def _traced(request: Any, is_asgi: bool) -> dict[str, Any]:
    wanted = _stock._traced_request_attrs
    found: dict[str, Any] = extract_attributes_from_object(request, wanted)
    if is_asgi:  # there, the stock middleware takes headers for attributes too
        plain = {
            name: values[-1] for name, values in asgi_scope.header_values(request.scope).items()
        }
        found.update(extract_attributes_from_object(SimpleNamespace(**plain), wanted))
    return found
