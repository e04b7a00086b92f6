"""The exporters of the three signals, each wrapped so that what it can't deliver is counted."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar
from weakref import WeakMethod

from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import ReadableLogRecord
from opentelemetry.sdk._logs.export import LogRecordExporter, LogRecordExportResult
from opentelemetry.sdk.environment_variables import OTEL_PYTHON_SDK_INTERNAL_METRICS_ENABLED
from opentelemetry.sdk.metrics.export import MetricExporter, MetricExportResult, MetricsData
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from requests.adapters import HTTPAdapter

from overlap.telemetry.drops import LOGGER_NAME, Drops
from overlap.telemetry.encode import encode_logs, encode_spans
from overlap.telemetry.fork import at_fork
from overlap.telemetry.road import Road, road

Result = TypeVar("Result")

_NO_LIMIT = 1 << 62
_log = logging.getLogger(LOGGER_NAME)


class _Counted(Generic[Result]):
    """Exports through `inner`; tells `drops` of each success and each failure."""

    def __init__(self, inner: Any, way: Road, drops: Drops, success: Result, failure: Result):
        self._inner = inner
        way.straighten(inner)
        self._way = way
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
            result = export()
        except Exception as error:  # whatever an exporter raises, the service goes on
            result, self._why = self._failure, f"{type(error).__name__}: {error}"
        if result is self._success:
            self._drops.delivered(self._way.signal)
        else:
            self._drops.lost(self._way.signal, count, self._way.endpoint, self._why)
        return result

    def encoded(self, batch: Sequence[Any], encode: Callable[[Sequence[Any]], bytes]) -> Result:
        """Export what `encode` makes of a batch; the SDK's own, slower way where that can't do."""
        inner = self._inner
        data = None if _counts_itself() else _attempt(encode, batch)
        if data is None or inner._shutdown or len(data) > (inner._max_request_size or _NO_LIMIT):
            return self.send(len(batch), lambda: inner.export(batch))
        client = inner._client
        return self.send(
            len(batch), lambda: self._success if client.export(data).success else self._failure
        )

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


class CountedSpanExporter(SpanExporter):
    """Spans over OTLP/HTTP."""

    def __init__(self, drops: Drops) -> None:
        way = road("traces")
        self._inner = OTLPSpanExporter(endpoint=way.endpoint, timeout=way.timeout_s)
        self._counted = _Counted(
            self._inner, way, drops, SpanExportResult.SUCCESS, SpanExportResult.FAILURE
        )

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send, and count if it fails."""
        return self._counted.encoded(spans, encode_spans)

    def shutdown(self) -> None:
        """Abort what is being retried."""
        self._inner.shutdown()  # type: ignore[no-untyped-call]


class CountedLogExporter(LogRecordExporter):
    """Log records over OTLP/HTTP."""

    def __init__(self, drops: Drops) -> None:
        way = road("logs")
        self._inner = OTLPLogExporter(endpoint=way.endpoint, timeout=way.timeout_s)
        self._counted = _Counted(
            self._inner, way, drops, LogRecordExportResult.SUCCESS, LogRecordExportResult.FAILURE
        )

    def export(self, batch: Sequence[ReadableLogRecord]) -> LogRecordExportResult:
        """Send, and count if it fails."""
        return self._counted.encoded(batch, encode_logs)

    def shutdown(self) -> None:
        """Abort what is being retried."""
        self._inner.shutdown()  # type: ignore[no-untyped-call]

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        """Nothing is kept here."""
        return True


class CountedMetricExporter(MetricExporter):
    """Metrics over OTLP/HTTP."""

    def __init__(self, drops: Drops) -> None:
        way = road("metrics")
        self._inner = OTLPMetricExporter(endpoint=way.endpoint, timeout=way.timeout_s)
        super().__init__(
            preferred_temporality=self._inner._preferred_temporality,
            preferred_aggregation=self._inner._preferred_aggregation,
        )
        self._counted = _Counted(
            self._inner, way, drops, MetricExportResult.SUCCESS, MetricExportResult.FAILURE
        )

    def export(
        self, metrics_data: MetricsData, timeout_millis: float = 10_000, **kwargs: Any
    ) -> MetricExportResult:
        """Send, and count if it fails."""
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


def _attempt(encode: Callable[[Sequence[Any]], bytes], batch: Sequence[Any]) -> bytes | None:
    try:
        return encode(batch)
    except Exception:
        _log.debug("a batch is left to the SDK to encode", exc_info=True)
        return None


def _counts_itself() -> bool:
    # Where the SDK is asked for metrics of its own exports, it must see them.
    return os.environ.get(OTEL_PYTHON_SDK_INTERNAL_METRICS_ENABLED, "").strip().lower() == "true"


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
