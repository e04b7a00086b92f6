"""The duration of outgoing calls that failed, which the stock instrumentation does not record.

Without them, a dashboard looks the better the more calls fail. Our wrapper is inside the stock
one, where the span of the call is current.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from typing import Any

import httpx
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
from opentelemetry.util.http import get_excluded_urls, sanitize_method

from overlap import names
from overlap.runtime.guard import never_raises


def measure_failed_calls() -> Callable[[], None]:
    """Record the duration of failed calls; return a function that undoes it.

    Call it before the stock wrapper is installed, and undo it after that is removed.
    """
    sync, asynchronous = httpx.HTTPTransport.handle_request, httpx.AsyncHTTPTransport
    awaited = asynchronous.handle_async_request
    note = _Note()

    @wraps(sync)
    def handle_request(self: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
        began = time.perf_counter()
        try:
            return sync(self, request)
        except BaseException as error:
            note(request, error, time.perf_counter() - began)
            raise

    @wraps(awaited)
    async def handle_async_request(
        self: httpx.AsyncHTTPTransport, request: httpx.Request
    ) -> httpx.Response:
        began = time.perf_counter()
        try:
            return await awaited(self, request)
        except BaseException as error:  # a cancelled call took time as well
            note(request, error, time.perf_counter() - began)
            raise

    httpx.HTTPTransport.handle_request = handle_request  # type: ignore[method-assign]
    asynchronous.handle_async_request = handle_async_request  # type: ignore[method-assign]

    def undo() -> None:
        httpx.HTTPTransport.handle_request = sync  # type: ignore[method-assign]
        asynchronous.handle_async_request = awaited  # type: ignore[method-assign]

    return undo


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
    def __call__(self, request: httpx.Request, error: BaseException, seconds: float) -> None:
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
