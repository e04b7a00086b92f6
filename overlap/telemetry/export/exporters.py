"""The exporters of the three signals: what they can't deliver is counted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Generic, TypeVar
from weakref import WeakMethod

from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import ReadableLogRecord
from opentelemetry.sdk._logs.export import LogRecordExporter, LogRecordExportResult
from opentelemetry.sdk.metrics.export import MetricExporter, MetricExportResult, MetricsData
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from requests.adapters import HTTPAdapter

from overlap.telemetry.drops import Drops
from overlap.telemetry.endpoint import Destination, destination
from overlap.telemetry.export.encoding import Packed, bundle
from overlap.telemetry.export.own_exports import own_export
from overlap.telemetry.fork import at_fork
from overlap.telemetry.resource import MergedResources

Result = TypeVar("Result")

_NO_LIMIT = 1 << 62


class _Counted(Generic[Result]):
    """Exports through `inner`; reports each success and each failure to `drops`."""

    def __init__(self, inner: Any, to: Destination, drops: Drops, success: Result, failure: Result):
        self._inner = inner
        to.bypass_proxy(inner)
        self._to = to
        self._drops = drops
        self._success = success
        self._failure = failure
        self._why = "no reason given"
        client = inner._client
        # The reason of a failure goes to the SDK's log only; this is where it passes by.
        client.export = self._noting(client.export)
        at_fork(WeakMethod(self._reconnect))

    def send(self, count: int, export: Callable[[], Result]) -> Result:
        try:
            with own_export():
                result = export()
        except Exception as error:  # whatever an exporter raises, the service goes on
            result, self._why = self._failure, f"{type(error).__name__}: {error}"
        if result is self._success:
            self._drops.delivered(self._to.signal)
        else:
            self._drops.lost(self._to.signal, count, self._to.endpoint, self._why)
        return result

    def packed(self, batch: Sequence[Any]) -> Result:
        """Export what is packed in as few requests as may be, and the rest by the SDK."""
        packed = [item for item in batch if isinstance(item, Packed)]
        results = [self._bundled(packed)] if packed else []
        if len(packed) < len(batch):
            rest = [item for item in batch if not isinstance(item, Packed)]
            results.append(self.send(len(rest), lambda: self._inner.export(rest)))
        return self._failure if self._failure in results else self._success

    def _bundled(self, packed: Sequence[Packed]) -> Result:
        inner, data = self._inner, bundle(packed)
        if len(data) > (inner._max_request_size or _NO_LIMIT) and len(packed) > 1:
            half = len(packed) // 2
            results = [self._bundled(packed[:half]), self._bundled(packed[half:])]
            return self._failure if self._failure in results else self._success
        return self.send(len(packed), lambda: self._sent(data))

    def _sent(self, data: bytes) -> Result:
        inner = self._inner
        if inner._shutdown:
            self._why = "the process is ending"
        elif len(data) > (inner._max_request_size or _NO_LIMIT):
            self._why = f"one of {len(data):,} bytes is too large"
        elif inner._client.export(data).success:
            return self._success
        return self._failure

    def _reconnect(self) -> None:
        # In a forked process: the open connection is the parent's, who goes on writing to it.
        session = self._inner._client._transport._session
        for scheme in ("http://", "https://"):
            session.mount(scheme, HTTPAdapter())

    def _noting(self, export: Callable[[bytes], Any]) -> Callable[[bytes], Any]:
        def noting(data: bytes) -> Any:
            result = export(data)
            if not result.success:
                self._why = _reason(result)
            return result

        return noting


def _never() -> bool:
    return False


class CountedSpanExporter(SpanExporter):
    """Spans over OTLP/HTTP."""

    is_sent_by_project: Callable[[], bool] = staticmethod(_never)
    """Whether the project's own exporter sends the same to the same endpoint."""

    def __init__(self, drops: Drops) -> None:
        to = destination("traces")
        self._inner = OTLPSpanExporter(endpoint=to.endpoint, timeout=to.timeout_s)
        self._counted = _Counted(
            self._inner, to, drops, SpanExportResult.SUCCESS, SpanExportResult.FAILURE
        )

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send, and count if it fails."""
        if self.is_sent_by_project():
            return SpanExportResult.SUCCESS
        return self._counted.packed(spans)

    def shutdown(self) -> None:
        """Abort what is being retried."""
        self._inner.shutdown()  # type: ignore[no-untyped-call]


class CountedLogExporter(LogRecordExporter):
    """Log records over OTLP/HTTP."""

    def __init__(self, drops: Drops) -> None:
        to = destination("logs")
        self._inner = OTLPLogExporter(endpoint=to.endpoint, timeout=to.timeout_s)
        self._counted = _Counted(
            self._inner, to, drops, LogRecordExportResult.SUCCESS, LogRecordExportResult.FAILURE
        )

    def export(self, batch: Sequence[ReadableLogRecord]) -> LogRecordExportResult:
        """Send, and count if it fails."""
        return self._counted.packed(batch)

    def shutdown(self) -> None:
        """Abort what is being retried."""
        self._inner.shutdown()  # type: ignore[no-untyped-call]

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
        to = destination("metrics")
        self._inner = OTLPMetricExporter(endpoint=to.endpoint, timeout=to.timeout_s)
        super().__init__(
            preferred_temporality=self._inner._preferred_temporality,
            preferred_aggregation=self._inner._preferred_aggregation,
        )
        self._counted = _Counted(
            self._inner, to, drops, MetricExportResult.SUCCESS, MetricExportResult.FAILURE
        )

    def export(
        self, metrics_data: MetricsData, timeout_millis: float = 10_000, **kwargs: Any
    ) -> MetricExportResult:
        """Send, and count if it fails."""
        if self.is_sent_by_project():
            return MetricExportResult.SUCCESS
        metrics_data = self._with_resources(metrics_data)
        return self._counted.send(
            _points(metrics_data),
            lambda: self._inner.export(metrics_data, timeout_millis, **kwargs),
        )

    def shutdown(self, timeout_millis: float = 30_000, **kwargs: Any) -> None:
        """Abort what is being retried."""
        self._inner.shutdown(timeout_millis, **kwargs)

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


def _reason(result: Any) -> str:
    if result.status_code is not None:
        return f"it answers {result.status_code} {result.reason or ''}".rstrip()
    error = result.error
    if error is None:
        return "the process is ending"
    text = str(error)
    if "refused" in text:
        return "nothing listens there (connection refused)"
    if "timed out" in text or "Timeout" in type(error).__name__:
        return "no answer in time"
    return f"{type(error).__name__}: {text}"
