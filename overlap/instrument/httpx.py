"""Outgoing HTTP: the stock httpx instrumentation, and the way back."""

from __future__ import annotations

from collections.abc import Callable

from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor


def instrument_httpx() -> Callable[[], None]:
    """Trace each request that httpx sends; gives back a function that stops it."""
    instrumentor = HTTPXClientInstrumentor()
    if instrumentor.is_instrumented_by_opentelemetry:
        return lambda: None  # someone else's, to be left as it is
    instrumentor.instrument()
    stop: Callable[[], None] = instrumentor.uninstrument
    return stop
