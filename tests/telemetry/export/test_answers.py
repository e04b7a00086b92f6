"""What a backend answers: what it rejects, and when it wants to be asked again."""

import time
from email.utils import formatdate

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from overlap.telemetry.export.answers import rejected, retry_after_s

PROTOBUF = "application/x-protobuf"


@pytest.mark.parametrize(
    ("signal", "message", "field"),
    [
        ("traces", ExportTraceServiceResponse, "rejected_spans"),
        ("logs", ExportLogsServiceResponse, "rejected_log_records"),
        ("metrics", ExportMetricsServiceResponse, "rejected_data_points"),
    ],
)
def test_a_partial_success_says_how_many_were_rejected(signal, message, field):
    """For each signal its own field, and the backend's reason."""
    answer = message()
    setattr(answer.partial_success, field, 3)
    answer.partial_success.error_message = "too old"
    assert rejected(signal, answer.SerializeToString(), PROTOBUF) == (3, "too old")


@pytest.mark.parametrize(
    ("body", "kind"), [(b"", PROTOBUF), (b"\xff\xff", PROTOBUF), (b"{}", "application/json")]
)
def test_what_is_no_response_of_otlp_rejects_nothing(body, kind):
    """The status has said that all was accepted."""
    assert rejected("traces", body, kind) == (0, "")


def test_retry_after_is_seconds_or_a_date():
    """What is neither counts as none; a date that has passed is now."""
    assert retry_after_s({"retry-after": "3"}) == 3
    assert 50 < retry_after_s({"retry-after": formatdate(time.time() + 60, usegmt=True)}) < 61
    assert retry_after_s({"retry-after": formatdate(0, usegmt=True)}) == 0
    assert retry_after_s({"retry-after": "soon"}) == retry_after_s({}) == 0
