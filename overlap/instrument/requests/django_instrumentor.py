"""Instrument Django's HTTP requests: one server span each, started on the event loop under ASGI.

Built on opentelemetry-instrumentation-django, whose environment variables, excluded URLs,
captured headers, hooks and meter names apply. Only the middleware is replaced: the stock one is
synchronous, and ends the span of a streaming response too early.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import partial, wraps
from typing import Any

from django.core.handlers.base import BaseHandler
from django.core.signals import got_request_exception
from opentelemetry.instrumentation._semconv import _StabilityMode
from opentelemetry.instrumentation.django import DjangoInstrumentor
from opentelemetry.instrumentation.django.environment_variables import (
    OTEL_PYTHON_DJANGO_INSTRUMENT,
)
from opentelemetry.instrumentation.django.middleware.otel_middleware import _DjangoMiddleware
from opentelemetry.metrics import get_meter

from overlap.instrument.calls.installed_instrumentors import DISABLED, is_disabled
from overlap.instrument.calls.observed_signals import observe_signal
from overlap.instrument.django_settings import load_settings
from overlap.instrument.environment import has_capacity_metrics
from overlap.instrument.requests.accepted import observe_handler
from overlap.instrument.requests.browser.request_times import COLLECTING
from overlap.instrument.requests.metrics.active_requests import ActiveRequests, is_sdks
from overlap.instrument.requests.metrics.fast_histogram import FastHistogram
from overlap.instrument.requests.middleware import Middleware, note_exception
from overlap.instrument.requests.middleware_times import MiddlewareTimes
from overlap.instrument.requests.project_instrumentor import ProjectInstrumentor
from overlap.instrument.requests.server_span import Instruments
from overlap.instrument.requests.server_span_factory import ServerSpanFactory
from overlap.instrument.requests.sync_middleware import SyncMiddlewareFinder
from overlap.lens import RouteTime

OLD_CONVENTIONS = (
    "the project switched OpenTelemetry's instrumentations on before: they record HTTP by the old "
    "conventions, and Overlap's dashboards read the new ones; OTEL_SEMCONV_STABILITY_OPT_IN="
    "http/dup records both"
)
_log = logging.getLogger(__name__)


class Instrumentor(DjangoInstrumentor):
    """The stock instrumentor, with our middleware in the stock one's place."""

    _instance = None  # the stock class is a singleton: without this, its instance is returned
    _opentelemetry_middleware = f"{Middleware.__module__}.{Middleware.__qualname__}"


def instrument_django(
    *,
    on_load: Callable[[], None],
    on_request: Callable[[], None],
    server_timing: bool | None = False,
    **options: Any,
) -> Callable[[], None]:
    """Trace each request that Django serves; return a function that undoes it.

    on_load: called when Django has loaded its middleware; logging is configured by then.
    on_request: called for each request under ASGI, on its loop.
    server_timing: whether responses have the header Server-Timing; None: if DEBUG is set.
    options: those of DjangoInstrumentor.instrument: request_hook, excluded_urls, …
    """
    undo = ExitStack()
    if variable := _disabled_by():
        _log.warning("requests are served, and not traced: %s says so", variable)
        return _patch_loading(on_load)
    load_settings()
    instrumentor = Instrumentor()
    projects = ProjectInstrumentor(Instrumentor._opentelemetry_middleware, options)
    projects.keep()
    instrumentor.instrument(**options)
    projects.join()
    if _DjangoMiddleware._sem_conv_opt_in_mode is _StabilityMode.DEFAULT:
        _log.warning(OLD_CONVENTIONS)
    undo.callback(instrumentor.uninstrument)
    undo.callback(projects.restore)
    factory = Middleware.factory = ServerSpanFactory(_instruments(options))
    undo.callback(projects.watch(lambda: factory.measure_with(_instruments(options))))
    Middleware.on_request = staticmethod(on_request)
    Middleware.server_timing = server_timing
    undo.callback(COLLECTING.stop)
    Middleware.enabled = True
    undo.callback(setattr, Middleware, "enabled", False)
    undo.callback(observe_signal(got_request_exception, note_exception))
    undo.callback(_patch_loading(on_load, factory))
    undo.callback(observe_handler(factory.on_disconnect, factory.on_refused))
    return undo.close


def _instruments(options: Mapping[str, Any]) -> Instruments:
    stock: Any = _DjangoMiddleware
    active = stock._active_request_counter
    mode = stock._sem_conv_opt_in_mode
    # With the old conventions there is a count for each Host header that clients send.
    if mode is _StabilityMode.HTTP and is_sdks(active) and options.get("meter_provider") is None:
        active = ActiveRequests(stock._meter, active)
    histograms = (stock._duration_histogram_new, stock._duration_histogram_old)
    new, old = (each and FastHistogram(each) for each in histograms)
    loop_time = None
    if has_capacity_metrics():
        meter = get_meter("overlap.lens", meter_provider=options.get("meter_provider"))
        loop_time = RouteTime(meter)
    return Instruments(mode, active, new, old, loop_time)


def _disabled_by() -> str:
    """Return the variable that switches the stock instrumentation off; empty if none does."""
    if os.environ.get(OTEL_PYTHON_DJANGO_INSTRUMENT) == "False":
        return OTEL_PYTHON_DJANGO_INSTRUMENT
    return DISABLED if is_disabled("django") else ""


def _patch_loading(
    on_load: Callable[[], None], factory: ServerSpanFactory | None = None
) -> Callable[[], None]:
    original = BaseHandler.load_middleware

    @wraps(original)
    def load_middleware(self: Any, is_async: bool = False) -> None:
        # Under ASGI we must be async whatever is inside: Django makes each middleware around a
        # sync one sync as well, if it allows that, and the server span would start in a
        # thread. Under WSGI it is the other way round.
        Middleware.sync_capable, Middleware.async_capable = not is_async, is_async
        try:
            load = partial(original, self, is_async=is_async)
            if is_async:
                load = partial(MiddlewareTimes(self).load, load)
            sync_middleware = SyncMiddlewareFinder(self).load(load)
        finally:
            Middleware.sync_capable = Middleware.async_capable = True
        if factory is not None:
            factory.sync_middleware = sync_middleware if is_async else ()
        on_load()

    BaseHandler.load_middleware = load_middleware

    def undo() -> None:
        BaseHandler.load_middleware = original

    return undo
