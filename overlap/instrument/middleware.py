"""The Django middleware: async all the way under ASGI, plain under WSGI."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.core.handlers.asgi import ASGIRequest
from opentelemetry.context import Context, attach, detach, get_current
from opentelemetry.instrumentation.django.middleware.otel_middleware import _DjangoMiddleware
from opentelemetry.instrumentation.propagators import get_global_response_propagator
from opentelemetry.instrumentation.utils import extract_attributes_from_object
from opentelemetry.instrumentation.wsgi import collect_request_attributes, wsgi_getter
from opentelemetry.propagate import extract
from opentelemetry.trace import INVALID_SPAN, SpanKind, get_current_span, set_span_in_context
from opentelemetry.util.http import sanitize_method

from overlap.instrument import headers, scope, streams
from overlap.instrument.exchange import Exchange, Instruments

_log = logging.getLogger(__name__)
_KEY = "_overlap_exchange"


class Middleware(_DjangoMiddleware):
    """One server span a request. The stock middleware's class attributes configure it."""

    sync_capable = True
    async_capable = True
    enabled = False
    """After shutdown() a loaded handler still has the middleware: it lets requests pass."""
    on_request: Callable[[], None] = staticmethod(lambda: None)

    def __init__(self, get_response: Callable[[Any], Any]) -> None:
        super().__init__(get_response)  # type: ignore[no-untyped-call]
        self._async = iscoroutinefunction(get_response)
        if self._async:
            markcoroutinefunction(self)
            # Django asks each method for itself whether it needs a thread.
            vars(self)["process_view"] = self._process_view_async

    def __call__(self, request: Any) -> Any:
        if self._async:
            return self._serve_async(request)
        exchange = self._begin(request)
        if exchange is None:
            return self.get_response(request)
        token = attach(exchange.context)
        try:
            response = self.get_response(request)
            return self._end(request, response, exchange)
        except BaseException as error:
            exchange.finish(error)
            raise
        finally:
            detach(token)

    async def _serve_async(self, request: Any) -> Any:
        exchange = self._begin(request)
        if exchange is None:
            return await self.get_response(request)
        token = attach(exchange.context)
        try:
            response = await self.get_response(request)
            return self._end(request, response, exchange)
        except BaseException as error:
            exchange.finish(error)
            raise
        finally:
            detach(token)

    def process_view(self, request: Any, *_view: Any) -> None:
        """Name the span by the route, which is known from here on."""
        exchange: Exchange | None = getattr(request, _KEY, None)
        match = request.resolver_match
        if exchange is not None and match is not None:
            method = _method(request)
            exchange.set_route(method, route_of(match.route), method)

    async def _process_view_async(self, request: Any, *view: Any) -> None:
        Middleware.process_view(self, request, *view)

    def process_exception(self, request: Any, exception: Exception) -> None:
        """Nothing: the signal got_request_exception tells of what nobody handled."""

    def _begin(self, request: Any) -> Exchange | None:
        if not self.enabled:
            return None
        try:
            if self._async:
                type(self).on_request()
            if self._is_excluded(request):
                return None
            exchange = self._make_exchange(request)
        except Exception:  # telemetry never hurts the service
            _log.exception("a request is not traced")
            return None
        setattr(request, _KEY, exchange)
        self._call(_DjangoMiddleware._otel_request_hook, exchange.span, request)
        return exchange

    def _end(self, request: Any, response: Any, exchange: Exchange) -> Any:
        try:
            self._answer(request, response, exchange)
        except Exception:  # telemetry never hurts the service
            _log.exception("a response is not traced to its end")
            exchange.finish()
        return response

    def _answer(self, request: Any, response: Any, exchange: Exchange) -> None:
        exchange.set_status(response.status_code)
        if exchange.span.is_recording():
            exchange.span.set_attributes(headers.response_headers(response.items))
        propagator: Any = get_global_response_propagator()  # type: ignore[no-untyped-call]
        if propagator is not None:
            propagator.inject(response)
        self._call(_DjangoMiddleware._otel_response_hook, exchange.span, request, response)
        if response.streaming:
            streams.follow(response, exchange)
        else:
            exchange.finish()

    def _is_excluded(self, request: Any) -> bool:
        if not self._excluded_urls._excluded_urls:
            return False
        # Not build_absolute_uri, which raises where the host is not allowed.
        url = f"{request.scheme}://{request._get_raw_host()}{request.path}"
        return bool(self._excluded_urls.url_disabled(url))

    def _make_exchange(self, request: Any) -> Exchange:
        is_asgi = isinstance(request, ASGIRequest)
        mode = self._sem_conv_opt_in_mode
        if is_asgi:
            attributes = scope.request_attributes(request.scope, mode)
        else:
            attributes = collect_request_attributes(request.META, mode)
        context, kind = _parent(request, is_asgi)
        tracer: Any = self._tracer
        span = tracer.start_span(
            _method(request), context=context, kind=kind, attributes=attributes
        )
        if span.is_recording():
            span.set_attributes(self._asked_for(request, is_asgi))
        own: Any = self  # the stock class declares its meters as None
        instruments = Instruments(
            mode,
            own._active_request_counter,
            own._duration_histogram_new,
            own._duration_histogram_old,
        )
        return Exchange(
            span,
            set_span_in_context(span, context),
            attributes,
            instruments,
            is_asgi=is_asgi,
        )

    def _asked_for(self, request: Any, is_asgi: bool) -> dict[str, Any]:
        asked: dict[str, Any] = {}
        if self._traced_request_attrs:
            extract_attributes_from_object(request, self._traced_request_attrs, asked)
            if is_asgi:
                plain = {
                    key.decode("latin-1"): value.decode("latin-1")
                    for key, value in request.scope.get("headers", ())
                }
                extract_attributes_from_object(
                    SimpleNamespace(**plain), self._traced_request_attrs, asked
                )
        asked.update(headers.request_headers(lambda: _headers(request, is_asgi)))
        return asked

    @staticmethod
    def _call(hook: Callable[..., None] | None, *arguments: Any) -> None:
        if hook is not None:
            try:
                hook(*arguments)
            except Exception:  # a hook is someone else's code in the way of a request
                _log.exception("Exception raised by a hook")


def note_exception(request: Any = None, **_signal: Any) -> None:
    """Receive got_request_exception: keep what nobody handled for the span."""
    exchange: Exchange | None = getattr(request, _KEY, None)
    if exchange is not None:
        exchange.error = sys.exc_info()[1]


def route_of(pattern: str) -> str:
    """Django's route with its leading slash: `/` for the root, `/meats/<int:pk>/`, …"""
    return "/" + pattern.removeprefix("^").removeprefix("/")


def _method(request: Any) -> str:
    method = sanitize_method((request.method or "").strip())
    return "HTTP" if method in (None, "", "_OTHER") else str(method)


def _parent(request: Any, is_asgi: bool) -> tuple[Context, SpanKind]:
    if get_current_span() is not INVALID_SPAN:
        return get_current(), SpanKind.INTERNAL  # someone traces around Django already
    if is_asgi:
        return extract(request.scope, getter=scope.GETTER), SpanKind.SERVER
    return extract(request.META, getter=wsgi_getter), SpanKind.SERVER


def _headers(request: Any, is_asgi: bool) -> dict[str, list[str]]:
    if is_asgi:
        return scope.header_values(request.scope)
    return {name.lower(): [value] for name, value in request.headers.items()}
