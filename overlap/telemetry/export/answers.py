"""What a backend answers to an export: how many items it rejected, and when to try again."""

from __future__ import annotations

import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

PARTIAL = {
    "traces": ("trace.v1.trace_service_pb2", "ExportTraceServiceResponse", "rejected_spans"),
    "logs": ("logs.v1.logs_service_pb2", "ExportLogsServiceResponse", "rejected_log_records"),
    "metrics": (
        "metrics.v1.metrics_service_pb2",
        "ExportMetricsServiceResponse",
        "rejected_data_points",
    ),
}
"""Where the response of each signal is defined, and the field with the count."""


def rejected(signal: str, body: bytes, content_type: str) -> tuple[int, str]:
    """Return how many items a backend that accepted the rest rejected, and why."""
    if not body or "protobuf" not in content_type:
        return 0, ""
    from importlib import import_module

    module, name, field = PARTIAL[signal]
    message: Any = getattr(import_module(f"opentelemetry.proto.collector.{module}"), name)()
    try:
        message.ParseFromString(body)
    except Exception:  # not a response of OTLP: the status said that it was accepted
        return 0, ""
    partial = message.partial_success
    return max(0, getattr(partial, field)), str(partial.error_message)


def retry_after_s(headers: Mapping[str, str]) -> float:
    """Return the seconds of a Retry-After header: a number or a date; 0 if there is none."""
    text = headers.get("retry-after", "")
    try:
        return max(0.0, float(text))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, OverflowError):
        return 0.0
