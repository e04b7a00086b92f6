"""The histogram of durations: the same points and exemplars as the SDK's, in fewer calls."""

from __future__ import annotations

import pytest
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.metrics import (
    AlwaysOffExemplarFilter,
    AlwaysOnExemplarFilter,
    MeterProvider,
    TraceBasedExemplarFilter,
)
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags

from overlap.instrument.requests.metrics.fast_histogram import FastHistogram


def in_span(flags):
    span = NonRecordingSpan(SpanContext(7, 8, is_remote=False, trace_flags=TraceFlags(flags)))
    return trace.set_span_in_context(span, Context())


@pytest.mark.parametrize(
    "examples", [TraceBasedExemplarFilter, AlwaysOnExemplarFilter, AlwaysOffExemplarFilter]
)
@pytest.mark.parametrize("context", [in_span(1), in_span(0), in_span(3), Context()])
def test_exemplars_are_the_sdks(examples, context):
    """For a sampled span, for an unsampled one, and for none, by each of the SDK's filters."""
    points = []
    for wrap in (FastHistogram, lambda histogram: histogram):
        reader = InMemoryMetricReader()
        provider = MeterProvider([reader], exemplar_filter=examples())
        histogram = wrap(provider.get_meter("tests").create_histogram("took"))
        attributes = {"route": "/"}
        for seconds in (0.2, 0.2, 40.0):
            histogram.record(seconds, attributes, context)
        (point,) = (
            reader.get_metrics_data()
            .resource_metrics[0]
            .scope_metrics[0]
            .metrics[0]
            .data.data_points
        )
        points.append(
            (
                point.bucket_counts, point.sum, dict(point.attributes),
                [(each.value, each.span_id, each.trace_id) for each in point.exemplars],
            )
        )  # fmt: skip
        provider.shutdown()
    assert points[0] == points[1]
