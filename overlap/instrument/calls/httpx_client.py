"""Outgoing HTTP with httpx and httpx2: the stock instrumentation, and how long failed calls took.

httpx2 is the fork of httpx that Pydantic maintains. It has another name to import, so a project
may have both. OpenTelemetry's instrumentation of httpx traces it from 0.65b0 on.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import ExitStack
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from opentelemetry.instrumentation import httpx as stock

from overlap.instrument.calls.failed_calls import measure_failed_calls
from overlap.instrument.calls.installed_instrumentors import is_disabled
from overlap.instrument.calls.project_instrumentors import give_way, uninstrument

_INSTRUMENTORS = {"httpx": "HTTPXClientInstrumentor", "httpx2": "HTTPX2ClientInstrumentor"}
"""The class that traces each client; an older package has the first one alone."""


def instrument_httpx() -> Callable[[], None]:
    """Trace each request that the two clients send; return a function that undoes it."""
    undo = ExitStack()
    for client, name in _INSTRUMENTORS.items():
        instrumentor = getattr(stock, name, None)
        if instrumentor is not None and find_spec(client) is not None and not is_disabled(client):
            undo.callback(_instrument(client, instrumentor()))
    return undo.close


def _instrument(client: str, instrumentor: Any) -> Callable[[], None]:
    if instrumentor.is_instrumented_by_opentelemetry:
        return lambda: None  # the project's own, left as it is
    undo = ExitStack()
    if _by_new_conventions():
        undo.callback(measure_failed_calls(import_module(client)))
    instrumentor.instrument()
    undo.callback(uninstrument, instrumentor)
    return give_way(instrumentor, undo.close)


def _by_new_conventions() -> bool:
    # "http", or "http/dup" for both: what OpenTelemetry's own instrumentations look for.
    asked = os.environ.get("OTEL_SEMCONV_STABILITY_OPT_IN", "")
    return not {"http", "http/dup"}.isdisjoint(each.strip() for each in asked.split(","))
