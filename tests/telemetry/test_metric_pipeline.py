"""How often metrics are sent."""

from __future__ import annotations

import pytest
from opentelemetry.sdk.resources import Resource

from overlap.telemetry.drops import Drops
from overlap.telemetry.metric_pipeline import MetricPipeline


@pytest.mark.parametrize(("said", "ms"), [(None, 5000), ("250", 250)])
def test_metrics_are_sent_every_five_seconds_unless_the_environment_says(monkeypatch, said, ms):
    """A dashboard that refreshes every five seconds has something new each time."""
    monkeypatch.delenv("OTEL_METRIC_EXPORT_INTERVAL", raising=False)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "1")
    if said:
        monkeypatch.setenv("OTEL_METRIC_EXPORT_INTERVAL", said)
    pipeline = MetricPipeline(Drops())
    provider = pipeline.make_provider(Resource({}))
    assert pipeline.reader._export_interval_millis == ms
    provider.shutdown(1000)
