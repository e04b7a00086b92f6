"""A tracer provider whose tracers create quick spans.

To start a span, the SDK's tracer looks up the current span four times and calls the sampler, even
the default one, whose result is known. QuickTracer avoids both. If the installed SDK's spans have
other attributes than those listed here, or the SDK counts its spans, the SDK's spans are used.
"""

from __future__ import annotations

from collections.abc import Sequence
from inspect import signature
from typing import Any
from weakref import WeakSet

from opentelemetry.context import Context, get_current
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import (
    Tracer,
    TracerProvider,
    _Span,
)
from opentelemetry.sdk.trace.sampling import DEFAULT_ON, Decision
from opentelemetry.trace import (
    INVALID_SPAN_CONTEXT,
    Link,
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    TraceFlags,
    TraceState,
    get_current_span,
)
from opentelemetry.trace import Tracer as ApiTracer
from opentelemetry.trace import TracerProvider as ApiTracerProvider
from opentelemetry.trace.propagation import _SPAN_KEY as SPAN_KEY

from overlap.telemetry.spans.processors import Processors
from overlap.telemetry.spans.quick_span import QuickSpan

_FLAGS = [TraceFlags(number) for number in range(4)]
_SAMPLED = TraceFlags.SAMPLED
_RANDOM = getattr(TraceFlags, "RANDOM_TRACE_ID", 0)  # none before 1.42
_SPAN = {
    "_attributes", "_context", "_end_time", "_events", "_instrumentation_info",
    "_instrumentation_scope", "_kind", "_limits", "_links", "_lock", "_name", "_parent",
    "_record_end_metrics", "_record_exception", "_resource", "_sampler",
    "_set_status_on_exception", "_span_processor", "_start_time", "_status", "_trace_config",
}  # fmt: skip
_ATTRIBUTES = {"_dict", "_immutable", "_lock", "dropped", "max_value_len", "maxlen"}


class QuickTracer(Tracer):
    """Creates quick spans. QuickProvider turns the SDK's tracers into this class."""

    def start_span(  # noqa: PLR0913, PLR0917  the SDK's signature
        self,
        name: str,
        context: Context | None = None,
        kind: SpanKind = SpanKind.INTERNAL,
        attributes: Any = None,
        links: Sequence[Link] | None = (),
        start_time: int | None = None,
        record_exception: bool = True,
        set_status_on_exception: bool = True,
    ) -> Span:
        """Start a span: see opentelemetry.trace.Tracer."""
        above = _span_context(context)
        if type(above) is not SpanContext or not self._tracer_config.is_enabled:
            return super().start_span(
                name, context, kind, attributes, links, start_time,
                record_exception, set_status_on_exception,
            )  # fmt: skip
        ids = self.id_generator
        trace_id, _, _, flags, state, is_valid = above
        parent: SpanContext | None = None
        traced: TraceState | None = None
        if is_valid:
            parent, traced, random = above, state, flags & _RANDOM
        else:
            trace_id = ids.generate_trace_id()
            random = _RANDOM if ids.is_trace_id_random() else 0
        if self.sampler is DEFAULT_ON:
            sampled = _SAMPLED if parent is None else flags & _SAMPLED
            is_recording = bool(sampled)
        else:
            found = self.sampler.should_sample(
                context, trace_id, name, kind, attributes, links or ()
            )
            attributes, traced = found.attributes, found.trace_state
            is_recording = found.decision is not Decision.DROP
            sampled = _SAMPLED if found.decision is Decision.RECORD_AND_SAMPLE else 0
        flags = _FLAGS[sampled | random]
        own = SpanContext(trace_id, ids.generate_span_id(), False, flags, traced)
        if not is_recording:
            return NonRecordingSpan(own)
        span = QuickSpan(
            self, name, own, parent, kind, attributes, links or (),
            record_exception=record_exception,
            set_status_on_exception=set_status_on_exception,
        )  # fmt: skip
        span.start(start_time, context)
        return span


def _span_context(context: Context | None) -> SpanContext:
    """Return the context of the current span, as that of `get_current_span(context)`."""
    span = (get_current() if context is None else context).get(SPAN_KEY)
    if span is None:
        return INVALID_SPAN_CONTEXT
    if type(span) is QuickSpan:  # without the check of an abstract class, which is slow
        return span.get_span_context()
    return get_current_span(context).get_span_context()


class QuickProvider(TracerProvider):
    """A provider whose tracers create quick spans, until the project sets its own provider."""

    def __init__(self, resource: Resource) -> None:
        super().__init__(
            resource=resource, shutdown_on_exit=False, active_span_processor=Processors()
        )
        self._successor: ApiTracerProvider | None = None
        self.quick_tracers: WeakSet[Tracer] = WeakSet()

    def get_tracer(self, *args: Any, **named: Any) -> Any:
        """See opentelemetry.trace.TracerProvider."""
        if self._successor is not None:
            return self._successor.get_tracer(*args, **named)
        tracer = super().get_tracer(*args, **named)
        if type(tracer) is Tracer:
            if objection(tracer) is None:
                tracer.__class__ = QuickTracer
            self.quick_tracers.add(tracer)
        return tracer

    def hand_over_to(self, provider: ApiTracerProvider) -> None:
        """Make every tracer start its spans at another provider from now on.

        A module's `tracer = trace.get_tracer(...)` keeps its tracer, so the tracer must change.
        """
        self._successor = provider
        for tracer in list(self.quick_tracers):
            scope = tracer._instrumentation_scope
            target = provider.get_tracer(scope.name, scope.version or None, scope.schema_url)
            vars(tracer)["successor"] = target
            tracer.__class__ = RedirectedTracer


class RedirectedTracer(Tracer):
    """A tracer of ours that starts its spans at the project's provider."""

    successor: ApiTracer

    def start_span(self, *args: Any, **named: Any) -> Span:
        """See opentelemetry.trace.Tracer."""
        return self.successor.start_span(*args, **named)

    def start_as_current_span(self, *args: Any, **named: Any) -> Any:
        """See opentelemetry.trace.Tracer."""
        return self.successor.start_as_current_span(*args, **named)


def objection(tracer: Tracer) -> str | None:
    """Return why this tracer can't create quick spans, in a few words; None if it can."""
    counts = getattr(tracer, "_tracer_metrics", None)
    if counts is not None and type(counts).__name__ != "NoOpTracerMetrics":
        return "the SDK counts its spans"
    stock = _Span("", INVALID_SPAN_CONTEXT, resource=tracer.resource, limits=tracer._span_limits)
    for what, parts, known in (
        ("a span", set(vars(stock)), _SPAN),
        ("its attributes", set(vars(stock._attributes)), _ATTRIBUTES),
        ("its start", {*signature(Tracer.start_span).parameters},
         {*signature(QuickTracer.start_span).parameters}),
    ):  # fmt: skip
        if parts != known:
            return f"{what} has other parts: {sorted(parts ^ known)}"
    return None
