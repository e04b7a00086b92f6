"""Stores logs and metrics: the log lines of each trace, and the latest point of each series."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric

from overlap.pocket.storage.span_batch import service_name

LOG_TRACES = 500
LOGS_PER_TRACE = 500
SERIES = 1000
_TEXT = 2000


@dataclass(frozen=True, slots=True)
class LogLine:
    """One log record of a trace."""

    time_ns: int
    service: str
    severity: str
    body: str
    span_id: str


@dataclass(frozen=True, slots=True)
class Latest:
    """The last point of one series."""

    service: str
    name: str
    unit: str
    attributes: str
    value: str


class Telemetry:
    """Log lines by trace and the latest points by series; both bounded, the oldest are dropped."""

    def __init__(self) -> None:
        self._logs: OrderedDict[bytes, deque[LogLine]] = OrderedDict()
        self._series: OrderedDict[tuple[str, str, str], Latest] = OrderedDict()

    def add_logs(self, request: ExportLogsServiceRequest) -> int:
        """Keep the records that belong to a trace. Return how many records were received."""
        count = 0
        for resource_logs in request.resource_logs:
            service = service_name(resource_logs.resource)
            for scope_logs in resource_logs.scope_logs:
                for record in scope_logs.log_records:
                    count += 1
                    if len(record.trace_id) != 16:
                        continue
                    lines = self._logs.setdefault(record.trace_id, deque(maxlen=LOGS_PER_TRACE))
                    self._logs.move_to_end(record.trace_id)
                    lines.append(
                        LogLine(
                            record.time_unix_nano or record.observed_time_unix_nano,
                            service,
                            record.severity_text[:20],
                            record.body.string_value[:_TEXT] or str(record.body)[:_TEXT].strip(),
                            record.span_id.hex(),
                        )
                    )
        while len(self._logs) > LOG_TRACES:
            self._logs.popitem(last=False)
        return count

    def logs(self, trace_id: bytes) -> list[LogLine]:
        """Return a trace's log lines, in order of time."""
        return sorted(self._logs.get(trace_id, ()), key=lambda line: line.time_ns)

    def add_metrics(self, request: ExportMetricsServiceRequest) -> int:
        """Keep the latest point of each series. Return how many points were received."""
        count = 0
        for resource_metrics in request.resource_metrics:
            service = service_name(resource_metrics.resource)
            for scope_metrics in resource_metrics.scope_metrics:
                for metric in scope_metrics.metrics:
                    for attributes, value in _points(metric):
                        count += 1
                        key = (service, metric.name, attributes)
                        self._series[key] = Latest(
                            service, metric.name[:200], metric.unit[:40], attributes, value
                        )
                        self._series.move_to_end(key)
        while len(self._series) > SERIES:
            self._series.popitem(last=False)
        return count

    def latest(self) -> list[Latest]:
        """Return the latest points, by service and name."""
        return [self._series[key] for key in sorted(self._series)]


def _points(metric: Metric) -> Iterator[tuple[str, str]]:
    kind = metric.WhichOneof("data")
    if kind in ("gauge", "sum"):
        for number in getattr(metric, kind).data_points:
            is_int = number.WhichOneof("value") == "as_int"
            value = str(number.as_int) if is_int else f"{number.as_double:g}"
            yield _attributes(number.attributes), value
    elif kind is not None:
        for point in getattr(metric, kind).data_points:
            mean = f", mean {point.sum / point.count:.4g}" if point.count else ""
            yield _attributes(point.attributes), f"{point.count} measured{mean}"


def _attributes(attributes: Iterable[KeyValue]) -> str:
    parts = []
    for item in attributes:
        kind = item.value.WhichOneof("value")
        parts.append(f"{item.key}={getattr(item.value, kind) if kind else ''}")
    return ", ".join(sorted(parts))[:400]
