"""Metrics: sent every five seconds, where the SDK would wait a minute."""

from __future__ import annotations

import os

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource

from overlap.telemetry.drops import Drops
from overlap.telemetry.export.exporters import CountedMetricExporter

EXPORT_INTERVAL_MS = 5000
"""A dashboard that refreshes every five seconds shows "No data" at the SDK's 60,000."""


def make_meter_provider(resource: Resource, drops: Drops) -> MeterProvider:
    """A provider that sends periodically (`OTEL_METRIC_EXPORT_INTERVAL`, in ms)."""
    reader = PeriodicExportingMetricReader(
        CountedMetricExporter(drops),
        export_interval_millis=(
            None if "OTEL_METRIC_EXPORT_INTERVAL" in os.environ else EXPORT_INTERVAL_MS
        ),
    )
    return MeterProvider([reader], resource=resource, shutdown_on_exit=False)
