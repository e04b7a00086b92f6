"""The duration of outgoing calls that failed, and long time limits: not in stock instrumentation.

Without them, a dashboard looks the better the more calls fail. Our wrapper is inside the stock
one, where the span of the call is current.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from types import ModuleType
from typing import Any

from opentelemetry.instrumentation._semconv import (
    HTTP_DURATION_HISTOGRAM_BUCKETS_NEW,
    _get_schema_url,
    _StabilityMode,
)
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from opentelemetry.instrumentation.httpx.version import __version__
from opentelemetry.instrumentation.utils import is_http_instrumentation_enabled
from opentelemetry.metrics import Histogram, get_meter
from opentelemetry.semconv.metrics.http_metrics import HTTP_CLIENT_REQUEST_DURATION
from opentelemetry.trace import get_current_span
from opentelemetry.util.http import get_excluded_urls, sanitize_method

from overlap import names
from overlap.runtime.class_methods import replace_method
from overlap.runtime.guard import hide_frames, never_raises

LONG_S = 30.0
"""Most proxies wait for no longer than this (gunicorn's and Heroku's limit is 30 s, nginx's 60)."""


def measure_failed_calls(client: ModuleType) -> Callable[[], None]:
    """Record the duration of failed calls of httpx, or of httpx2; return a function that undoes it.

    Call it before the stock wrapper is installed, and undo it after that is removed.
    """
    undo = ExitStack()
    record = _Note()
    transport, awaited = client.HTTPTransport, client.AsyncHTTPTransport
    undo.callback(replace_method(transport, "handle_request", partial(_sync, record)))
    undo.callback(replace_method(awaited, "handle_async_request", partial(_async, record)))
    return undo.close


def _sync(note: _Note, stock: Callable[..., Any]) -> Callable[..., Any]:
    def handle_request(self: Any, request: Any) -> Any:
        _record_limit(request)
        began = time.perf_counter()
        try:
            return stock(self, request)
        except BaseException as error:
            note(request, error, time.perf_counter() - began)
            hide_frames(error)
            raise

    return handle_request


def _async(note: _Note, stock: Callable[..., Any]) -> Callable[..., Any]:
    async def handle_async_request(self: Any, request: Any) -> Any:
        _record_limit(request)
        began = time.perf_counter()
        try:
            return await stock(self, request)
        except BaseException as error:  # a cancelled call took time as well
            note(request, error, time.perf_counter() - began)
            hide_frames(error)
            raise

    return handle_async_request


@never_raises("a time limit is not recorded")
def _record_limit(request: Any) -> None:
    """Record a long time limit, or none, on the span of the call, which is the current one."""
    limits = request.extensions.get("timeout")
    if limits is not None:
        limit = limits.get("read")
        if limit is None or limit >= LONG_S:
            get_current_span().set_attribute(names.HTTP_TIME_LIMIT, limit or 0.0)


class _Note:
    def __init__(self) -> None:
        self._excluded = get_excluded_urls("HTTPX")
        # The names of the stock instrumentation, so that it is the same histogram.
        meter = get_meter(
            HTTPXClientInstrumentor.__module__,
            __version__,
            schema_url=_get_schema_url(_StabilityMode.HTTP),
        )
        self._durations: Histogram = meter.create_histogram(
            HTTP_CLIENT_REQUEST_DURATION,
            "s",
            "Duration of HTTP client requests.",
            explicit_bucket_boundaries_advisory=HTTP_DURATION_HISTOGRAM_BUCKETS_NEW,
        )

    @never_raises("a failed call is not measured")
    def __call__(self, request: Any, error: BaseException, seconds: float) -> None:
        if not is_http_instrumentation_enabled() or self._excluded.url_disabled(str(request.url)):
            return
        attributes: dict[str, Any] = {
            names.HTTP_REQUEST_METHOD: sanitize_method(request.method.strip()),
            names.SERVER_ADDRESS: request.url.host,
            names.ERROR_TYPE: type(error).__qualname__,
        }
        if request.url.port:
            attributes[names.SERVER_PORT] = request.url.port
        self._durations.record(seconds, attributes)
