"""OTLP by gRPC: the SDK's own exporters, into a running pocket."""

import asyncio
import re
import secrets
import subprocess
import sys
import time
from types import SimpleNamespace

import grpc
import httpx
import pytest
from google.protobuf.message import DecodeError
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

from overlap.errors import OverlapError
from overlap.pocket.ingest import grpc_receiver
from overlap.pocket.ingest.request_body import WIRE_LIMIT
from overlap.pocket.storage.logs_and_metrics import Telemetry
from overlap.pocket.storage.store import Store

TRACES = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
LOGS = "/opentelemetry.proto.collector.logs.v1.LogsService/Export"


@pytest.fixture(scope="module")
def running(helpers, tmp_path_factory):
    """Pocket with a port for gRPC, and its address."""
    pocket = helpers.start_pocket(tmp_path_factory.mktemp("grpc"), "--grpc-port=0")
    address = re.search(r"gRPC +(\S+:\d+)", pocket.process.stdout.readline())[1]
    yield pocket, address
    assert pocket.interrupt() == 0
    output = pocket.process.stdout.read()
    pocket.process.stdout.close()
    assert "Traceback" not in output


def call(address, method, data, response=None):
    with grpc.insecure_channel(address) as channel:
        export = channel.unary_unary(
            method, None, response.FromString if response else (lambda found: found)
        )
        return export(data, timeout=10)


def test_the_sdks_exporters_send_to_it(running):
    """Spans, packed with gzip, and metrics."""
    pocket, address = running
    resource = Resource({"service.name": "by-grpc"})
    spans = OTLPSpanExporter(address, insecure=True, compression=grpc.Compression.Gzip)
    tracers = TracerProvider(resource=resource)
    tracers.add_span_processor(SimpleSpanProcessor(spans))
    with tracers.get_tracer("test").start_as_current_span("work") as span:
        trace_id = f"{span.get_span_context().trace_id:032x}"
    tracers.shutdown()
    found = httpx.get(f"{pocket.page}/api/v3/traces/{trace_id}")
    assert found.status_code == 200
    assert '"by-grpc"' in found.text
    reader = PeriodicExportingMetricReader(OTLPMetricExporter(address, insecure=True), 60_000)
    meters = MeterProvider([reader], resource)
    meters.get_meter("test").create_counter("shop.orders").add(3)
    assert meters.force_flush()
    meters.shutdown()
    assert "shop.orders" in httpx.get(f"{pocket.page}/metrics").text


def test_logs_of_a_trace_are_kept(running):
    """They are listed below it."""
    pocket, address = running
    trace_id, request = secrets.token_bytes(16), ExportLogsServiceRequest()
    record = request.resource_logs.add().scope_logs.add().log_records.add(trace_id=trace_id)
    record.body.string_value = "a line by gRPC"
    call(address, LOGS, request.SerializeToString())
    spans = ExportTraceServiceRequest()
    spans.resource_spans.add().scope_spans.add().spans.add(
        trace_id=trace_id, span_id=secrets.token_bytes(8), name="work",
        start_time_unix_nano=time.time_ns() - 10**7, end_time_unix_nano=time.time_ns(),
    )  # fmt: skip
    call(address, TRACES, spans.SerializeToString())
    assert "a line by gRPC" in httpx.get(f"{pocket.page}/trace/{trace_id.hex()}").text


def test_what_is_rejected_is_said(running):
    """A span without ids is a partial success, and what is no OTLP is one line."""
    _, address = running
    request = ExportTraceServiceRequest()
    request.resource_spans.add().scope_spans.add().spans.add(name="no ids")
    answer = call(address, TRACES, request.SerializeToString(), ExportTraceServiceResponse)
    assert answer.partial_success.rejected_spans == 1
    assert "without a trace id" in answer.partial_success.error_message
    with pytest.raises(grpc.RpcError) as refused:
        call(address, TRACES, b"\xff\xff\xff")
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "not the protobuf of an OTLP export request" in refused.value.details()
    with pytest.raises(grpc.RpcError) as unknown:
        call(address, "/opentelemetry.proto.collector.trace.v1.TraceService/Import", b"")
    assert unknown.value.code() is grpc.StatusCode.UNIMPLEMENTED


@pytest.mark.parametrize("packed", [grpc.Compression.NoCompression, grpc.Compression.Gzip])
def test_a_message_is_bounded(running, packed):
    """One that is too large, or unpacks to too much, is refused, and pocket goes on."""
    pocket, address = running
    with grpc.insecure_channel(address, compression=packed) as channel:
        export = channel.unary_unary(TRACES)
        with pytest.raises(grpc.RpcError) as refused:
            export(bytes(WIRE_LIMIT + 1), timeout=20)
    assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert httpx.get(pocket.page).status_code == 200


def test_a_port_in_use_is_one_sentence(running, tmp_path):
    """Exit status 2, with the option to choose another."""
    _, address = running
    port = address.rpartition(":")[2]
    ran = subprocess.run(
        [sys.executable, "-m", "overlap", "pocket", "--port=0", "--otlp-port=0",
         f"--grpc-port={port}"],
        capture_output=True, text=True, cwd=tmp_path, timeout=30, check=False,
    )  # fmt: skip
    assert ran.returncode == 2
    assert ran.stderr.count("\n") == 1
    assert f"port {port} is in use" in ran.stderr
    assert "choose another with --grpc-port" in ran.stderr


def test_without_grpcio_it_is_one_sentence(tmp_path):
    """It says what to install; without the option pocket starts all the same."""
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['grpc'] = None\n")
    ran = subprocess.run(
        [sys.executable, "-m", "overlap", "pocket", "--port=0", "--otlp-port=0", "--grpc-port=0"],
        capture_output=True, text=True, cwd=tmp_path, timeout=30, check=False,
        env={"PYTHONPATH": str(tmp_path), "PATH": ""},
    )  # fmt: skip
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr == f"overlap: {grpc_receiver.NOT_INSTALLED}\n"


def test_what_it_receives_and_refuses_is_counted():
    """In the counts of the page; and a port that another one has is not shared."""
    logs = ExportLogsServiceRequest()
    logs.resource_logs.add().scope_logs.add().log_records.add().body.string_value = "sold"

    async def run():
        store = Store()
        receiver = grpc_receiver.GrpcReceiver(store, Telemetry())
        other = grpc_receiver.GrpcReceiver(store, Telemetry())
        address = await receiver.start("127.0.0.1", 0)
        try:
            await asyncio.to_thread(call, address, LOGS, logs.SerializeToString())
            with pytest.raises(grpc.RpcError, match="INVALID_ARGUMENT"):
                await asyncio.to_thread(call, address, TRACES, b"\xff\xff")
            with pytest.raises(OverlapError, match="can't listen on"):
                await other.start("127.0.0.1", int(address.rpartition(":")[2]))
        finally:
            await other.stop()
            await receiver.stop()
        return store.counts

    counts = asyncio.run(run())
    assert (counts.logs, counts.refused_requests) == (1, 1)


def test_no_memory_for_a_message_is_not_called_malformed():
    """UNAVAILABLE: a client sends it again."""
    said = []

    class Context:
        async def abort(self, code, details):
            said.append((code, details))
            raise grpc.RpcError

    async def export(_data):
        raise DecodeError("Error parsing message with type 'x': Arena alloc failed")

    answer = grpc_receiver.GrpcReceiver._guarded(SimpleNamespace(_store=Store()), export)
    with pytest.raises(grpc.RpcError):
        asyncio.run(answer(b"x", Context()))
    assert said == [(grpc.StatusCode.UNAVAILABLE, "no memory for the message")]
