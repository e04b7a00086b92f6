"""The pipeline of metrics: our metric reader, on our provider or on the project's.

It exports every five seconds; the SDK's default is a minute.
"""

from __future__ import annotations

import logging
import os
from threading import Lock
from typing import Any

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource

from overlap.telemetry.drops import LOGGER_NAME, Drops
from overlap.telemetry.endpoint import destination
from overlap.telemetry.export.exporters import CountedMetricExporter
from overlap.telemetry.export.own_exports import own_thread
from overlap.telemetry.project_exporters import exports_to, unwrapped
from overlap.telemetry.resource import MergedResources

EXPORT_INTERVAL_MS = 5000
"""With the SDK's 60,000, a dashboard that refreshes every five seconds shows "No data"."""

_log = logging.getLogger(LOGGER_NAME)


class MetricPipeline:
    """Reads and exports metrics."""

    def __init__(self, drops: Drops) -> None:
        self._drops = drops
        self._endpoint = destination("metrics").endpoint
        self.reader = self._make_reader()
        self.own: MeterProvider | None = None
        """Our provider, if the project had none."""
        self._joined: MeterProvider | None = None

    def make_provider(self, resource: Resource) -> MeterProvider:
        """Create and return our own provider, for a project that has none."""
        self.own = MeterProvider([self.reader], resource=resource, shutdown_on_exit=False)
        return self.own

    def join(self, provider: Any, resources: MergedResources) -> str:
        """Also export the project's metrics. Return why that fails, or an empty string.

        Instruments of our provider measure for the project's provider from now on.
        """
        inner, name = unwrapped(provider), type(provider).__name__
        try:
            if not isinstance(inner, MeterProvider):
                raise TypeError("it is not the SDK's")
            reader = self.reader if self.own is None else self._make_reader()
            _add_reader(inner, reader)
        except Exception as error:
            return f"metrics go to the project's {name} alone: it accepts no reader ({error})"
        self._joined = inner
        if self.own is not None:
            _move_instruments(self.own, inner)
            self.reader.shutdown()  # sends what was measured so far
        self.reader = reader
        exporter: Any = reader._exporter
        exporter.resources = resources
        exporter.is_sent_by_project = lambda: exports_to(provider, self._endpoint)
        return ""

    def flush(self) -> None:
        """Send what was measured so far. Blocks, for as long as the exporter's timeout lets it."""
        try:
            self.reader.force_flush()
        except Exception:  # as at shutdown
            _log.debug("metrics were not flushed", exc_info=True)

    def shutdown(self, timeout_ms: int) -> None:
        """Send what was measured, and take the reader off its provider."""
        try:
            self.reader.shutdown(timeout_ms)
        except Exception:  # it raises when it is late; that is counted already
            _log.debug("metrics were not flushed", exc_info=True)
        if self._joined is not None:
            consumer: Any = self._joined._measurement_consumer
            consumer._reader_storages = {
                reader: storage
                for reader, storage in consumer._reader_storages.items()
                if reader is not self.reader
            }
        if self.own is not None:
            self.own._shutdown = True  # its reader is: no meter of it is of use

    def after_fork(self) -> None:
        """Give the reader a new lock, which the SDK does not.

        Where the parent was just sending, the child would wait for a thread that it has not
        got, at its end for good.
        """
        if hasattr(self.reader, "_export_lock"):
            self.reader._export_lock = Lock()

    def _make_reader(self) -> PeriodicExportingMetricReader:
        """Return a reader that sends periodically (`OTEL_METRIC_EXPORT_INTERVAL`, in ms)."""
        return _Reader(
            CountedMetricExporter(self._drops),
            export_interval_millis=(
                None if "OTEL_METRIC_EXPORT_INTERVAL" in os.environ else EXPORT_INTERVAL_MS
            ),
        )


class _Reader(PeriodicExportingMetricReader):
    def _ticker(self) -> None:
        # What it logs when it is late is not for the project's log.
        with own_thread():
            super()._ticker()


def _add_reader(provider: MeterProvider, reader: Any) -> None:
    if hasattr(provider, "add_metric_reader"):
        provider.add_metric_reader(reader)
        return
    # Before it was added to the SDK (1.43): what it does there.
    from opentelemetry.sdk.metrics._internal.metric_reader_storage import MetricReaderStorage

    consumer: Any = provider._measurement_consumer
    make_storage: Any = MetricReaderStorage
    storage = make_storage(
        consumer._sdk_config,
        reader._instrument_class_temporality,
        reader._instrument_class_aggregation,
    )
    consumer._reader_storages = {**consumer._reader_storages, reader: storage}
    reader._set_collect_callback(consumer.collect)


def _move_instruments(own: MeterProvider, other: MeterProvider) -> None:
    """Make all instruments created by our provider measure for another provider.

    Code that created an instrument keeps it. The meters move, too: they return an instrument
    that exists already, so nothing is measured twice.
    """
    consumer: Any = other._measurement_consumer
    twins: dict[int, Any] = {}
    for scope, meter in own._meters.items():
        there: Any = other._meters.setdefault(scope, meter)
        moved: Any = meter
        moved._measurement_consumer = consumer
        for key, instrument in moved._instrument_id_instrument.items():
            instrument._measurement_consumer = consumer
            twin = there._instrument_id_instrument.get(key)
            if twin is not None and twin is not instrument:
                # The API has made it of the project's provider already.
                twins[id(instrument)] = twin
                for method in ("add", "record", "set"):
                    if hasattr(instrument, method):
                        setattr(instrument, method, getattr(twin, method))
    before: Any = own._measurement_consumer
    for instrument in before._async_instruments:
        if id(instrument) not in twins:
            consumer.register_asynchronous_instrument(instrument)
