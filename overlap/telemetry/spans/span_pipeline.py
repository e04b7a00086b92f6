"""The pipeline of spans: our processors and our queue, on our provider or on the project's.

The queue is large enough for a burst, and is sent often enough to show traces live.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any
from weakref import WeakSet

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import (
    ReadableSpan,
    SpanProcessor,
    SynchronousMultiSpanProcessor,
    TracerProvider,
)
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from overlap.runtime.guard import guarded
from overlap.telemetry.drops import Drops
from overlap.telemetry.endpoint import destination
from overlap.telemetry.export.encoding import Packed, pack_span
from overlap.telemetry.export.exporters import CountedSpanExporter
from overlap.telemetry.export.packed_queue import pack_early
from overlap.telemetry.project_exporters import exporter_to, observe_success, unwrapped
from overlap.telemetry.resource import MergedResources
from overlap.telemetry.spans.guarded_processor import GuardedProcessor, ProcessorChange
from overlap.telemetry.spans.quick_tracer import QuickProvider

QUEUE_SIZE = 65536
"""Spans. A thousand concurrent requests of the demo create 15,000 at once."""
SCHEDULE_DELAY_MS = 200
"""The SDK waits 5,000: too long for a page that shows a trace while it happens."""

_PROCESSORS: WeakSet[SynchronousMultiSpanProcessor] = WeakSet()
"""The processors of each provider of ours, as long as one of its tracers exists."""


class SpanPipeline:
    """Processes, queues and sends spans."""

    def __init__(self, drops: Drops, processors: Sequence[SpanProcessor]) -> None:
        self.exporter = CountedSpanExporter(drops)
        self.batch = BatchSpanProcessor(
            self.exporter,
            # None: the SDK reads the standard variable.
            max_queue_size=None if "OTEL_BSP_MAX_QUEUE_SIZE" in os.environ else QUEUE_SIZE,
            schedule_delay_millis=(
                None if "OTEL_BSP_SCHEDULE_DELAY" in os.environ else SCHEDULE_DELAY_MS
            ),
        )
        self._endpoint = destination("traces").endpoint
        self._drops = drops
        self._is_observed = False
        """Whether successful exports of the project's exporter are recorded in `drops`."""
        self._resources: MergedResources | None = None
        pack_early(self.batch, self._pack, drops.full_queue("traces", self._endpoint))
        self._processors = (*processors, self.batch)
        self.own: QuickProvider | None = None
        """Our provider, if the project had none."""
        self._joined: tuple[Any, GuardedProcessor] | None = None

    def make_provider(self, resource: Resource) -> TracerProvider:
        """Create and return our own provider, for a project that has none."""
        self.own = QuickProvider(resource)
        for processor in self._processors:
            self.own.add_span_processor(processor)
        hand_over(self.own)
        return self.own

    def join(self, provider: Any, resources: MergedResources) -> str:
        """Also send the spans of the project's provider. Return why that fails, or an empty string.

        Tracers of our provider start their spans at the project's from now on.
        """
        inner, name = unwrapped(provider), type(provider).__name__
        if not isinstance(inner, TracerProvider) or not hasattr(provider, "add_span_processor"):
            self._hand_over(provider)
            return f"spans go to the project's {name} alone: it accepts no span processor of ours"
        # Before their spans can arrive: the first delivery is reported.
        look = ProcessorChange(inner, lambda: self._is_sent_by(provider))
        self._joined = (inner, GuardedProcessor((look, *self._processors)))
        self._resources = resources
        self.exporter.is_sent_by_project = lambda: self._is_sent_by(provider)
        provider.add_span_processor(self._joined[1])
        self._hand_over(provider)
        return ""

    def _is_sent_by(self, provider: Any) -> bool:
        exporter = exporter_to(provider, self._endpoint)
        if exporter is None:
            return False
        if not self._is_observed:
            self._is_observed = True
            observe_success(exporter, lambda: self._drops.delivered("traces"))
        return True

    def _hand_over(self, provider: Any) -> None:
        if self.own is not None:
            self.own.hand_over_to(provider)

    def leave(self) -> None:
        """Remove our processors from every provider, and shut them down, the last one first.

        The batch is shut down already.
        """
        if self._joined is not None:
            inner, joined = self._joined
            joined.close()
            multi = inner._active_span_processor
            multi._span_processors = tuple(
                each for each in multi._span_processors if each is not joined
            )
        if self.own is not None:
            self.own._active_span_processor._span_processors = ()
        for processor in reversed(self._processors[:-1]):
            guarded("a span processor of ours was not shut down", processor.shutdown)

    def _pack(self, span: ReadableSpan) -> Packed:
        resources = self._resources
        return pack_span(span, None if resources is None else resources.of(span._resource))


def hand_over(provider: TracerProvider) -> None:
    """Make the tracers of our earlier providers send to the processors of this one.

    A module's `tracer = trace.get_tracer(...)` keeps the first real tracer that it received.
    Without this, its spans would be discarded after shutdown() and a second instrument().
    """
    ours = provider._active_span_processor
    for other in _PROCESSORS:
        other._span_processors = ours._span_processors
    if isinstance(ours, SynchronousMultiSpanProcessor):
        _PROCESSORS.add(ours)
