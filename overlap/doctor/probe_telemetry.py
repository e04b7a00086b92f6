"""The doctor's own span, metric and log record, as OTLP messages."""

from __future__ import annotations

import secrets
import time

from google.protobuf.message import Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from overlap import names

SERVICE = "overlap-doctor"
_INFO = 9
_RESOURCE = Resource(
    attributes=[KeyValue(key=names.SERVICE_NAME, value=AnyValue(string_value=SERVICE))]
)


def samples(trace_id: str, trace_state: str = "") -> dict[str, Message]:
    """Return one export request per signal, by the signal's name, all of this trace."""
    now, span_id = time.time_ns(), secrets.token_bytes(8)
    traces = ExportTraceServiceRequest()
    spans = traces.resource_spans.add(resource=_RESOURCE).scope_spans.add().spans
    spans.add(
        name=names.SPAN_DOCTOR,
        kind=Span.SPAN_KIND_INTERNAL,
        trace_id=bytes.fromhex(trace_id),
        span_id=span_id,
        trace_state=trace_state,
        start_time_unix_nano=now - 1_000_000,
        end_time_unix_nano=now,
    )
    logs = ExportLogsServiceRequest()
    records = logs.resource_logs.add(resource=_RESOURCE).scope_logs.add().log_records
    records.add(
        time_unix_nano=now,
        observed_time_unix_nano=now,
        severity_number=_INFO,
        severity_text="INFO",
        body=AnyValue(string_value="overlap doctor was here"),
        trace_id=bytes.fromhex(trace_id),
        span_id=span_id,
    )
    metrics = ExportMetricsServiceRequest()
    found = metrics.resource_metrics.add(resource=_RESOURCE).scope_metrics.add().metrics
    walk = found.add(name=names.METRIC_DOCTOR, description="When `overlap doctor` last ran.")
    # No trace id as an attribute: each run would leave a series. The value is the time of the run.
    walk.gauge.data_points.add(time_unix_nano=now, as_int=now // 1_000_000_000)
    return {"traces": traces, "logs": logs, "metrics": metrics}
