"""Incoming HTTP: one server span a request, on the event loop where Django serves ASGI.

Built on opentelemetry-instrumentation-django: its environment variables, excluded URLs,
captured headers, hooks and meter names hold. What is replaced is the middleware's way
through a request, as the stock one is synchronous and knows no end of a stream.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import wraps
from typing import Any

from django.core.handlers.base import BaseHandler
from django.core.signals import got_request_exception
from opentelemetry.instrumentation._semconv import _StabilityMode
from opentelemetry.instrumentation.django import DjangoInstrumentor
from opentelemetry.instrumentation.django.middleware.otel_middleware import _DjangoMiddleware

from overlap.instrument.requests.accepted import watch_arrivals
from overlap.instrument.requests.active_requests import ActiveRequests, is_sdks
from overlap.instrument.requests.middleware import Middleware, note_exception
from overlap.instrument.requests.request_duration import Duration
from overlap.instrument.requests.server_span import Instruments
from overlap.instrument.requests.server_span_factory import Maker
from overlap.instrument.requests.sync_middleware import Chain

_STOCK = f"{_DjangoMiddleware.__module__}.{_DjangoMiddleware.__qualname__}"


class Instrumentor(DjangoInstrumentor):
    """The stock instrumentor, with our middleware in the stock one's place."""

    _instance = None  # the stock one is a singleton, and would be handed out here
    _opentelemetry_middleware = f"{Middleware.__module__}.{Middleware.__qualname__}"


def instrument_django(
    *, on_load: Callable[[], None], on_request: Callable[[], None], **options: Any
) -> Callable[[], None]:
    """Trace each request that Django serves; gives back a function that stops it.

    `on_load` is called when Django has loaded its middleware (logging is configured then),
    `on_request` at each request under ASGI, on its loop. `options` are those of
    DjangoInstrumentor.instrument: request_hook, response_hook, excluded_urls, …
    """
    undo = ExitStack()
    stock = DjangoInstrumentor()
    if stock.is_instrumented_by_opentelemetry:
        stock.uninstrument()  # else each request had two server spans
    instrumentor = Instrumentor()
    instrumentor.instrument(**options)
    undo.callback(instrumentor.uninstrument)
    maker = Middleware.maker = Maker(_instruments(options))
    Middleware.on_request = staticmethod(on_request)
    Middleware.enabled = True
    undo.callback(setattr, Middleware, "enabled", False)
    got_request_exception.connect(note_exception, weak=False, dispatch_uid=__name__)
    undo.callback(got_request_exception.disconnect, dispatch_uid=__name__)
    undo.callback(_patch_loading(on_load))
    undo.callback(watch_arrivals(maker.gone, maker.refused))
    return undo.close


def _instruments(options: Mapping[str, Any]) -> Instruments:
    stock: Any = _DjangoMiddleware
    active = stock._active_request_counter
    mode = stock._sem_conv_opt_in_mode
    # By the old conventions there is a count for each Host header that someone sends.
    if mode is _StabilityMode.HTTP and is_sdks(active) and options.get("meter_provider") is None:
        active = ActiveRequests(stock._meter, active)
    histograms = (stock._duration_histogram_new, stock._duration_histogram_old)
    return Instruments(
        mode,
        active,
        *(each and Duration(each) for each in histograms),
    )


def _patch_loading(on_load: Callable[[], None]) -> Callable[[], None]:
    original = BaseHandler.load_middleware

    @wraps(original)
    def load_middleware(self: Any, is_async: bool = False) -> None:
        # Under ASGI we must be async whatever stands inside: Django makes each middleware
        # around a synchronous one synchronous too, if it lets itself be, and the server
        # span would start in a thread. Under WSGI the same the other way round.
        Middleware.sync_capable, Middleware.async_capable = not is_async, is_async
        try:
            hops = Chain(self).load(lambda: original(self, is_async=is_async))
        finally:
            Middleware.sync_capable = Middleware.async_capable = True
        Middleware.maker.hops = hops if is_async else ()
        on_load()

    BaseHandler.load_middleware = load_middleware

    def undo() -> None:
        BaseHandler.load_middleware = original

    return undo
