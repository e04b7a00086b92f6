"""Spans: a provider with a queue that holds a burst, and sends soon enough to be watched live."""

from __future__ import annotations

import os
from collections.abc import Sequence
from weakref import WeakSet

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import (
    SpanProcessor,
    SynchronousMultiSpanProcessor,
    TracerProvider,
)
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from overlap.telemetry.drops import Drops, count_full_queue
from overlap.telemetry.endpoint import road
from overlap.telemetry.export.encoding import pack_span
from overlap.telemetry.export.exporters import CountedSpanExporter
from overlap.telemetry.export.packed_queue import pack_early
from overlap.telemetry.spans.quick_tracer import QuickProvider

QUEUE_SIZE = 65536
"""Spans. A thousand concurrent requests of the demo make 15,000 at once."""
SCHEDULE_DELAY_MS = 200
"""The SDK waits 5,000: too long for a page that shows a trace while it happens."""

_PROCESSORS: WeakSet[SynchronousMultiSpanProcessor] = WeakSet()
"""What the tracers of each provider of this process send to, for as long as there are any."""


def make_tracer_provider(
    resource: Resource, drops: Drops, processors: Sequence[SpanProcessor]
) -> tuple[TracerProvider, BatchSpanProcessor]:
    """A provider that runs `processors`, then batches and sends; and its batch processor."""
    provider = QuickProvider(resource)
    for processor in processors:
        provider.add_span_processor(processor)
    batch = BatchSpanProcessor(
        CountedSpanExporter(drops),
        # None: the SDK reads the standard variable.
        max_queue_size=None if "OTEL_BSP_MAX_QUEUE_SIZE" in os.environ else QUEUE_SIZE,
        schedule_delay_millis=(
            None if "OTEL_BSP_SCHEDULE_DELAY" in os.environ else SCHEDULE_DELAY_MS
        ),
    )
    count_full_queue(batch, drops, "traces", road("traces").endpoint)
    pack_early(batch, pack_span)
    provider.add_span_processor(batch)
    hand_over(provider)
    return provider, batch


def hand_over(provider: TracerProvider) -> None:
    """Let the tracers of providers that are shut down send through this one.

    A module's `tracer = trace.get_tracer(...)` keeps the first real tracer it was given, and
    would be silent for good after shutdown() and instrument().
    """
    ours = provider._active_span_processor
    for other in _PROCESSORS:
        other._span_processors = ours._span_processors
    if isinstance(ours, SynchronousMultiSpanProcessor):
        _PROCESSORS.add(ours)
