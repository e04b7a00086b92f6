"""The exporters of spans, logs and metrics. They count what they can't deliver."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Generic, TypeVar

from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.sdk._logs.export import LogRecordExporter, LogRecordExportResult
from opentelemetry.sdk.metrics.export import MetricExporter, MetricExportResult, MetricsData
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from overlap.telemetry.drops import Drops
from overlap.telemetry.endpoint import Destination, destination
from overlap.telemetry.export import metric_secrets
from overlap.telemetry.export.encoding import Packed, bundle, pack_record, pack_span
from overlap.telemetry.export.http_sender import MAX_REQUEST_SIZE, HttpSender
from overlap.telemetry.export.own_exports import own_export
from overlap.telemetry.resource import MergedResources

Result = TypeVar("Result")


class Delivery(Generic[Result]):
    """Sends one signal; reports each success and each failure to `drops`."""

    def __init__(self, to: Destination, drops: Drops, success: Result, failure: Result) -> None:
        self.sender = HttpSender(to)
        self.max_size = MAX_REQUEST_SIZE
        self._to, self._drops = to, drops
        self._success, self._failure = success, failure

    def send(self, count: int, data: bytes) -> Result:
        """Send `count` items, which are encoded in `data`."""
        with own_export():
            reason = self.sender.send(data)
            lost, why = self.sender.rejected
        if lost:
            self._drops.lost(self._to.signal, lost, self._to.endpoint, f"it rejects some: {why}")
            return self._success
        return self._report(count, reason)

    def send_packed(self, batch: Sequence[Any], pack: Callable[[Any], Packed]) -> Result:
        """Send the items in as few requests as possible; `pack` those that are not packed yet."""
        packed: list[Packed] = []
        results: list[Result] = []
        for item in batch:
            try:
                packed.append(item if isinstance(item, Packed) else pack(item))
            except Exception as error:
                results.append(self._report(1, f"it can't be encoded: {error!r}"))
        if packed:
            results.append(self._bundled(packed))
        return self._failure if self._failure in results else self._success

    def _bundled(self, packed: Sequence[Packed]) -> Result:
        data = bundle(packed)
        if len(data) > self.max_size:
            if len(packed) == 1:
                return self._report(1, f"one of {len(data):,} bytes is too large")
            half = len(packed) // 2
            results = [self._bundled(packed[:half]), self._bundled(packed[half:])]
            return self._failure if self._failure in results else self._success
        return self.send(len(packed), data)

    def _report(self, count: int, reason: str) -> Result:
        if reason:
            self._drops.lost(self._to.signal, count, self._to.endpoint, reason)
            return self._failure
        self._drops.delivered(self._to.signal)
        return self._success


def _never() -> bool:
    return False


class CountedSpanExporter(SpanExporter):
    """Spans over OTLP/HTTP."""

    is_sent_by_project: Callable[[], bool] = staticmethod(_never)
    """Whether the project's own exporter sends the same to the same endpoint."""

    def __init__(self, drops: Drops) -> None:
        self.delivery = Delivery(
            destination("traces"), drops, SpanExportResult.SUCCESS, SpanExportResult.FAILURE
        )

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send, and count if it fails."""
        if self.is_sent_by_project():
            return SpanExportResult.SUCCESS
        return self.delivery.send_packed(spans, pack_span)

    def shutdown(self) -> None:
        """End what is being retried."""
        self.delivery.sender.stop()


class CountedLogExporter(LogRecordExporter):
    """Log records over OTLP/HTTP."""

    def __init__(self, drops: Drops) -> None:
        self.delivery = Delivery(
            destination("logs"), drops, LogRecordExportResult.SUCCESS, LogRecordExportResult.FAILURE
        )

    def export(self, batch: Sequence[Any]) -> LogRecordExportResult:
        """Send, and count if it fails."""
        return self.delivery.send_packed(batch, pack_record)

    def shutdown(self) -> None:
        """End what is being retried."""
        self.delivery.sender.stop()

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        """Nothing is kept here."""
        return True


class CountedMetricExporter(MetricExporter):
    """Metrics over OTLP/HTTP."""

    is_sent_by_project: Callable[[], bool] = staticmethod(_never)
    """Whether the project's own exporter sends the same to the same endpoint."""
    resources: MergedResources | None = None
    """Where the provider is the project's: its resources, with what only ours says."""

    def __init__(self, drops: Drops) -> None:
        # Reads which temporality and which histograms the environment prefers.
        stock: Any = OTLPMetricExporter()
        super().__init__(
            preferred_temporality=stock._preferred_temporality,
            preferred_aggregation=stock._preferred_aggregation,
        )
        stock.shutdown()
        self._delivery = Delivery(
            destination("metrics"), drops, MetricExportResult.SUCCESS, MetricExportResult.FAILURE
        )

    def export(
        self, metrics_data: MetricsData, timeout_millis: float = 10_000, **kwargs: Any
    ) -> MetricExportResult:
        """Send, and count if it fails."""
        if self.is_sent_by_project():
            return MetricExportResult.SUCCESS
        data = metric_secrets.encoded(encode_metrics(self._with_resources(metrics_data)))
        return self._delivery.send(_points(metrics_data), data)

    def shutdown(self, timeout_millis: float = 30_000, **kwargs: Any) -> None:
        """End what is being retried."""
        self._delivery.sender.stop()

    def force_flush(self, timeout_millis: float = 10_000) -> bool:
        """Nothing is kept here."""
        return True

    def _with_resources(self, data: MetricsData) -> MetricsData:
        if self.resources is None:
            return data
        return MetricsData(
            [
                replace(each, resource=self.resources.of(each.resource))
                for each in data.resource_metrics
            ]
        )


def _points(data: MetricsData) -> int:
    return sum(
        len(metric.data.data_points)
        for resource in data.resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
    )
