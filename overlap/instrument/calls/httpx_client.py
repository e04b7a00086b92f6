"""Outgoing HTTP with httpx: the stock instrumentation, and the duration of failed calls."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import ExitStack

from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor

from overlap.instrument.calls.failed_calls import measure_failed_calls
from overlap.instrument.calls.project_instrumentors import give_way, uninstrument


def instrument_httpx() -> Callable[[], None]:
    """Trace each request that httpx sends; return a function that undoes it."""
    instrumentor = HTTPXClientInstrumentor()
    if instrumentor.is_instrumented_by_opentelemetry:
        return lambda: None  # the project's own, left as it is
    undo = ExitStack()
    if _by_new_conventions():
        undo.callback(measure_failed_calls())
    instrumentor.instrument()
    undo.callback(uninstrument, instrumentor)
    return give_way(instrumentor, undo.close)


def _by_new_conventions() -> bool:
    # "http", or "http/dup" for both: what OpenTelemetry's own instrumentations look for.
    asked = os.environ.get("OTEL_SEMCONV_STABILITY_OPT_IN", "")
    return not {"http", "http/dup"}.isdisjoint(each.strip() for each in asked.split(","))
