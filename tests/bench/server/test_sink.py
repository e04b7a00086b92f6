"""The sink answers as each backend does, and counts what it got, over real HTTP."""

import gzip
import json
import secrets
import zlib

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from overlap.bench.server.process import running_sink
from overlap.bench.server.sink import COUNTS, RESET, TRACES
from overlap.trace import read

PROTOBUF = {"content-type": "application/x-protobuf"}


@pytest.fixture(
    scope="module", params=[("--keep",), ("--keep", "--pocket")], ids=["sink", "pocket"]
)
def running(request):
    """A sink in its own process, counting only or with the pocket backend behind it."""
    with running_sink(*request.param) as url, httpx.Client(base_url=url, trust_env=False) as http:
        yield http


@pytest.fixture
def sink(running):
    """The same, with nothing counted yet."""
    assert running.post(RESET).status_code == 204
    return running


def counts(sink):
    return sink.get(COUNTS).json()


def otlp(*kinds, **attributes):
    message = ExportTraceServiceRequest()
    spans = message.resource_spans.add().scope_spans.add().spans
    trace_id = secrets.token_bytes(16)
    for number, kind in enumerate(kinds):
        span = spans.add(
            trace_id=trace_id,
            span_id=secrets.token_bytes(8),
            name=f"s{number}",
            kind=kind,
            start_time_unix_nano=1,
            end_time_unix_nano=2,
        )
        for key, value in attributes.items():
            span.attributes.add(key=key.replace("_", ".", 1)).value.string_value = value
    return message.SerializeToString()


def test_otlp_is_taken_and_each_server_span_counted_once(sink):
    """Compressed or not, sent twice or not; spans of other kinds are not requests."""
    body = otlp(Span.SPAN_KIND_SERVER, Span.SPAN_KIND_INTERNAL)
    for _ in range(2):
        assert sink.post("/v1/traces", content=body, headers=PROTOBUF).status_code == 200
    packed = gzip.compress(otlp(Span.SPAN_KIND_SERVER))
    headers = {**PROTOBUF, "content-encoding": "gzip"}
    assert sink.post("/v1/traces", content=packed, headers=headers).status_code == 200
    assert counts(sink)["otlp"] == 2


def test_what_was_kept_reads_as_traces(sink):
    """Several exports come back as one message."""
    for _ in range(2):
        sink.post("/v1/traces", content=otlp(Span.SPAN_KIND_SERVER), headers=PROTOBUF)
    assert len(read(sink.get(TRACES).content)) == 2


def test_logfires_notice_of_a_beginning_is_no_second_span(sink):
    """It is told apart by an attribute of its own."""
    body = otlp(Span.SPAN_KIND_SERVER, logfire_span_type="pending_span")
    sink.post("/v1/traces", content=body, headers=PROTOBUF)
    assert counts(sink)["otlp"] == 0


def test_metrics_and_logs_are_taken(sink):
    """Nobody's exporter has a reason to retry."""
    for signal in ("metrics", "logs"):
        assert sink.post(f"/v1/{signal}", content=b"", headers=PROTOBUF).status_code == 200


def test_sentry_gets_an_id_and_its_transactions_are_counted(sink):
    """An envelope holds items of several types, with a length or to the line's end."""
    payload = b'{"type": "transaction", "spans": []}'
    item = {"type": "transaction", "length": len(payload)}
    envelope = b"\n".join(
        [
            b'{"event_id": "x"}',
            json.dumps(item).encode(), payload,
            b'{"type": "session"}', b"{}",
            json.dumps(item).encode(), payload,
        ]
    )  # fmt: skip
    answer = sink.post(
        "/api/1/envelope/", content=gzip.compress(envelope), headers={"content-encoding": "gzip"}
    )
    assert answer.status_code == 200
    assert "id" in answer.json()
    assert counts(sink)["sentry"] == 2


def test_elastic_gets_a_version_and_its_transactions_are_counted(sink):
    """The agent asks for the server's version, then sends a JSON object a line."""
    assert "version" in sink.get("/").json()
    lines = b'{"metadata": {}}\n{"transaction": {}}\n{"metricset": {}}\n{"transaction": {}}\n'
    headers = {"content-encoding": "deflate"}
    answer = sink.post("/intake/v2/events", content=zlib.compress(lines), headers=headers)
    assert answer.status_code == 202
    assert counts(sink)["elastic"] == 2


@pytest.mark.parametrize("path", ["/v0.4/traces", "/v0.5/traces"])
def test_datadog_is_told_where_to_send_and_its_traces_are_counted(sink, path):
    """The tracer asks for the agent's endpoints, and says how many traces it sends."""
    assert path in sink.get("/info").json()["endpoints"]
    answer = sink.post(path, content=b"\x93", headers={"x-datadog-trace-count": "3"})
    assert answer.json() == {"rate_by_service": {}}
    assert counts(sink)["datadog"] == 3


def test_any_other_path_is_not_there(sink):
    """A variant that speaks another protocol than we think is not silently believed."""
    assert sink.post("/v9/traces", content=b"").status_code == 404
