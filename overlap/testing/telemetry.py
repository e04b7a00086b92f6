"""Telemetry for recorded tests: spans are kept in memory, metrics and logs are discarded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from opentelemetry import metrics as metrics_api
from opentelemetry import trace as trace_api
from opentelemetry.metrics import NoOpMeterProvider
from opentelemetry.metrics import _internal as metrics_globals
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.util._once import Once

from overlap.telemetry import Telemetry
from overlap.telemetry.project_exporters import unwrapped
from overlap.telemetry.resource import make_resource
from overlap.telemetry.spans.guarded_processor import GuardedProcessor
from overlap.telemetry.spans.span_pipeline import hand_over


class InMemory(Telemetry):
    """Replaces the exporting Telemetry: spans go to `memory`, and nothing is sent."""

    def __init__(
        self, memory: SpanProcessor, *, span_processors: Sequence[SpanProcessor], **_settings: Any
    ) -> None:
        self.tracer_provider = TracerProvider(
            sampler=ALWAYS_ON, resource=make_resource("tests"), shutdown_on_exit=False
        )
        # Even with OTEL_SDK_DISABLED: nothing is sent, and a test that records needs its spans.
        self.tracer_provider._disabled = False
        for processor in (*span_processors, memory):
            self.tracer_provider.add_span_processor(processor)
        hand_over(self.tracer_provider)
        self.meter_provider: Any = NoOpMeterProvider()
        self.logging: Any = _Unchanged()
        _set_globals(self.tracer_provider, self.meter_provider)

    def flush(self) -> None:
        """Do nothing: nothing is queued."""

    def shutdown(self) -> None:
        """Unset the global providers."""
        _set_globals(None, None)


class _Unchanged:
    """Leaves logging as the test configured it."""

    def attach(self) -> None:
        """Do nothing."""


@contextmanager
def without_global_providers() -> Iterator[trace_api.TracerProvider | None]:
    """Unset the global providers during the block; yield the tracer provider, if one was set."""
    tracers, meters = trace_api._TRACER_PROVIDER, metrics_globals._METER_PROVIDER
    _set_globals(None, None)
    try:
        yield tracers
    finally:
        _set_globals(tracers, meters)


def processors(provider: TracerProvider) -> tuple[SpanProcessor, ...]:
    """Return a provider's span processors, with the parts of ours in place of their wrapper."""
    found: list[SpanProcessor] = []
    for each in unwrapped(provider)._active_span_processor._span_processors:
        found += each.parts if isinstance(each, GuardedProcessor) else (each,)
    return tuple(found)


@contextmanager
def redirected(provider: object, to: tuple[SpanProcessor, ...]) -> Iterator[None]:
    """Replace a provider's span processors during the block, if the provider is the SDK's."""
    provider = unwrapped(provider)
    if not isinstance(provider, TracerProvider):
        yield
        return
    multi = provider._active_span_processor
    before = multi._span_processors
    multi._span_processors = to
    try:
        yield
    finally:
        multi._span_processors = before


def _set_globals(
    tracers: trace_api.TracerProvider | None, meters: metrics_api.MeterProvider | None
) -> None:
    # The API lets each provider be set only once, and never unset.
    trace_api._TRACER_PROVIDER = tracers
    trace_api._TRACER_PROVIDER_SET_ONCE = _once(tracers)
    metrics_globals._METER_PROVIDER = meters
    metrics_globals._METER_PROVIDER_SET_ONCE = _once(meters)


def _once(provider: object) -> Once:
    once = Once()
    if provider is not None:
        once.do_once(lambda: None)
    return once
