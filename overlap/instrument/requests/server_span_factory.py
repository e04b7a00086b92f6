"""Make the server span of a request: its parent, its name, the conventions' attributes."""

from __future__ import annotations

import asyncio
import threading
from functools import partial
from types import SimpleNamespace
from typing import Any

from django.core.handlers.asgi import ASGIRequest
from opentelemetry.context import Context, get_current
from opentelemetry.instrumentation.django.middleware.otel_middleware import _DjangoMiddleware
from opentelemetry.instrumentation.utils import extract_attributes_from_object
from opentelemetry.instrumentation.wsgi import collect_request_attributes, wsgi_getter
from opentelemetry.propagate import extract
from opentelemetry.sdk.trace.sampling import DEFAULT_ON
from opentelemetry.trace import INVALID_SPAN, SpanKind, get_current_span
from opentelemetry.trace.propagation import _SPAN_KEY as SPAN_KEY

from overlap import names
from overlap.instrument.calls.thread_attributes import thread_attributes
from overlap.instrument.requests import asgi_scope
from overlap.instrument.requests.accepted import AcceptedRequest, UnparsedRequest, accepted_request
from overlap.instrument.requests.captured_headers import CapturedHeaders
from overlap.instrument.requests.request_attributes import LazyAttributes, RequestAttributes
from overlap.instrument.requests.server_span import Instruments, ServerSpan
from overlap.runtime.guard import failed

_stock: Any = _DjangoMiddleware
"""The stock instrumentor configures itself in this class's attributes."""


class ServerSpanFactory:
    """Makes the server spans of one process."""

    def __init__(self, instruments: Instruments) -> None:
        self._instruments = instruments
        self.captured_headers = CapturedHeaders()
        self.sync_middleware: tuple[str, ...] = ()
        """The project's sync-only middleware, if the server speaks ASGI."""

    def measure_with(self, instruments: Instruments) -> None:
        """Measure with other instruments from now on."""
        self._instruments = instruments

    def make(self, request: Any) -> ServerSpan | None:
        """Start the server span of a request; None if its URL is excluded."""
        if _stock._excluded_urls._excluded_urls and _is_excluded(request):
            return None
        is_asgi = isinstance(request, ASGIRequest | UnparsedRequest)
        if is_asgi:
            attributes = asgi_scope.request_attributes(request.scope, self._instruments.mode)
            accepted = accepted_request(request.scope)
        else:
            found = collect_request_attributes(request.META, self._instruments.mode)
            attributes = RequestAttributes(request.method or "", found, self._instruments.mode)
            accepted = AcceptedRequest(request.META)
        context, span_kind = _parent(request, is_asgi)
        make = partial(self._attributes, request, attributes, is_asgi)
        is_recorded = not context and getattr(_stock._tracer, "sampler", None) is DEFAULT_ON
        span = _stock._tracer.start_span(
            attributes.method,
            context=context,
            kind=span_kind,
            # Of an unsampled request nobody reads them.
            attributes=make() if is_recorded else LazyAttributes(make),
            start_time=accepted.at_ns,
        )
        return ServerSpan(span, context, attributes, self._instruments, accepted, is_asgi=is_asgi)

    def on_disconnect(self, accepted: AcceptedRequest) -> None:
        """Trace a request whose client disconnected before the whole body was received."""
        self._trace_unparsed(accepted, None, asyncio.CancelledError())

    def on_refused(self, accepted: AcceptedRequest, status: int) -> None:
        """Trace a request that Django could not parse, and answered with an error."""
        self._trace_unparsed(accepted, status, None)

    def _trace_unparsed(
        self, accepted: AcceptedRequest, status: int | None, error: BaseException | None
    ) -> None:
        try:
            server_span = self.make(UnparsedRequest(accepted.scope))
            if server_span is not None:
                if status is not None:
                    server_span.set_status(status)
                server_span.finish(error)
        except Exception:  # telemetry never hurts the service
            failed("a request that Django could not parse is not traced")

    def _attributes(
        self, request: Any, attributes: RequestAttributes, is_asgi: bool
    ) -> dict[str, Any]:
        own = asgi_scope.own_attributes(request.scope, self._instruments.mode) if is_asgi else {}
        found = {**attributes.attributes, **own, **thread_attributes(threading.current_thread())}
        if is_asgi and self.sync_middleware:
            found[names.SYNC_MIDDLEWARE] = self.sync_middleware
        if _stock._traced_request_attrs:
            found.update(_traced(request, is_asgi))
        if self.captured_headers.request:
            found.update(self.captured_headers.of_request(_headers(request, is_asgi)))
        return found


def _is_excluded(request: Any) -> bool:
    # Not build_absolute_uri, which raises where the host is not allowed.
    url = f"{request.scheme}://{request._get_raw_host()}{request.path}"
    return bool(_stock._excluded_urls.url_disabled(url))


def _parent(request: Any, is_asgi: bool) -> tuple[Context, SpanKind]:
    here = get_current()
    if here.get(SPAN_KEY) is not None and get_current_span() is not INVALID_SPAN:
        return here, SpanKind.INTERNAL  # something outside Django has started a trace
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
    if is_asgi:  # there, the stock middleware reads headers too
        plain = {
            name: values[-1] for name, values in asgi_scope.header_values(request.scope).items()
        }
        found.update(extract_attributes_from_object(SimpleNamespace(**plain), wanted))
    return found
