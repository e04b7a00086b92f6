"""OTLP into pocket: the first line chooses signal, encoding and format of the rest."""

import gzip
import json
import zlib

from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
    ExportLogsServiceResponse,
)
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from starlette.applications import Starlette

from overlap.pocket.ingest import receiver
from overlap.pocket.ingest.request_body import Limits
from overlap.pocket.storage.logs_and_metrics import Telemetry
from overlap.pocket.storage.store import Store
from tests.fuzz.targets.asgi import ask
from tests.fuzz.targets.samples import otlp_json, to_protobuf

_SIGNALS = (
    ("/v1/traces", ExportTraceServiceRequest),
    ("/v1/logs", ExportLogsServiceRequest),
    ("/v1/metrics", ExportMetricsServiceRequest),
)
_ANSWERS = {
    "/v1/traces": ExportTraceServiceResponse,
    "/v1/logs": ExportLogsServiceResponse,
    "/v1/metrics": ExportMetricsServiceResponse,
}
# fmt: off
_LOGS = {"resourceLogs": [{"resource": {"attributes": []}, "scopeLogs": [{"logRecords": [
    {"timeUnixNano": "1700000000000000000", "severityText": "INFO", "body": {"stringValue": "hot"},
     "traceId": "0af7651916cd43dd8448eb211c80319c", "spanId": "00000000000000aa",
     "attributes": [{"key": "k", "value": {
         "arrayValue": {"values": [{"intValue": "1"}]}}}]}]}]}]}
_METRICS = {"resourceMetrics": [{"resource": {"attributes": []}, "scopeMetrics": [{"metrics": [
    {"name": "lag", "unit": "s", "gauge": {"dataPoints": [{"asInt": "1", "timeUnixNano": "5"}]}},
    {"name": "took", "histogram": {"aggregationTemporality": 2, "dataPoints": [
        {"count": "2", "sum": 3.5, "bucketCounts": ["1", "1"], "explicitBounds": [1.0],
         "exemplars": [{"asDouble": 2.5, "traceId": "0af7651916cd43dd8448eb211c80319c"}
        ]}]}}]}]}]}
# fmt: on


def seeds() -> list[bytes]:
    bodies = (otlp_json(), json.dumps(_LOGS).encode(), json.dumps(_METRICS).encode())
    packed = gzip.compress(otlp_json(), mtime=0)
    return [
        *(
            b" %d %d %d\n" % (signal, packed, kind) + body
            for signal, body in enumerate(bodies)
            for packed in range(3)
            for kind in range(2)
        ),
        b" 0 1 0 3\n" + packed, b" 0 2 0 3\n" + zlib.compress(otlp_json()),
        b" 0 1 0 3\n" + packed + packed, b" 0 1 0 3\n" + packed[:60],
    ]  # fmt: skip


def check(data: bytes) -> None:
    head, _, body = data.partition(b"\n")
    digits = [int(digit) for digit in head.decode("ascii", "replace").split() if digit in "0123"]
    signal, packed, kind, is_packed = [*digits, 0, 0, 0, 0][:4]
    path, message = _SIGNALS[signal % 3]
    headers = [(b"content-type", (b"application/json", b"application/x-protobuf")[kind % 2])]
    if kind % 2:
        body = to_protobuf(body, message())
    if packed:
        headers.append((b"content-encoding", (b"", b"gzip", b"deflate", b"br")[packed]))
        if not is_packed:  # else the packed bytes are what the input has, and may be damaged
            body = gzip.compress(body, mtime=0) if packed == 1 else zlib.compress(body)
    answer = ask(_app, path, method="POST", headers=headers, body=body)
    assert answer.status in (200, 400, 413, 415), answer
    if kind % 2:  # any byte may stand in protobuf: what is read of it is one line
        text = _message(path, answer.status, answer.body)
        assert "\n" not in text, answer
    else:
        assert answer.body.count(b"\n") <= 1, answer


def _message(path: str, status: int, body: bytes) -> str:
    if status != 200:
        return Status.FromString(body).message
    return _ANSWERS[path].FromString(body).partial_success.error_message


_app = Starlette(
    routes=receiver.routes(Store(5_000), Telemetry(), Limits(wire=300_000, unpacked=1_000_000))
)
