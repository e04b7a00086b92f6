"""OTLP in: what is taken, what is refused, and with which words."""

import asyncio
import gzip
import json
import zlib

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
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

PROTOBUF = {"content-type": "application/x-protobuf"}
JSON = {"content-type": "application/json"}
LIMITS = Limits(wire=20_000, unpacked=50_000)


class Receiver:
    """The receiver in this process, small enough to be filled."""

    def __init__(self) -> None:
        self.store, self.telemetry = Store(), Telemetry()
        self.app = Starlette(routes=receiver.routes(self.store, self.telemetry, LIMITS))

    def post(
        self, body: bytes, headers: dict[str, str], path: str = "/v1/traces"
    ) -> httpx.Response:
        return self.ask("POST", path, content=body, headers=headers)

    def ask(self, method: str, path: str, **options: object) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
                return await client.request(method, path, **options)

        return asyncio.run(ask())


@pytest.fixture
def taker() -> Receiver:
    return Receiver()


def one_span(**changes: bytes) -> bytes:
    message = ExportTraceServiceRequest()
    span = message.resource_spans.add().scope_spans.add().spans.add(name="work")
    span.trace_id, span.span_id = (
        changes.get("trace_id", b"t" * 16),
        changes.get("span_id", b"s" * 8),
    )
    return message.SerializeToString()


@pytest.mark.parametrize(
    ("pack", "encoding"),
    [(bytes, None), (bytes, "identity"), (gzip.compress, "gzip"), (zlib.compress, "deflate")],
)
def test_spans_are_taken_in_every_encoding(taker, pack, encoding):
    """Plain, gzip and deflate bodies are unpacked and answered in kind."""
    headers = PROTOBUF | ({"content-encoding": encoding} if encoding else {})
    answer = taker.post(pack(one_span()), headers)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/x-protobuf"
    assert not ExportTraceServiceResponse.FromString(answer.content).HasField("partial_success")
    assert taker.store.spans == 1


def test_gzip_of_several_members_is_one_body(taker):
    """A gzip body may be several members one after another."""
    body = one_span()
    packed = gzip.compress(body[:7]) + gzip.compress(body[7:])
    assert taker.post(packed, PROTOBUF | {"content-encoding": "gzip"}).status_code == 200
    assert taker.store.spans == 1


def test_json_is_the_same_as_protobuf(taker, helpers):
    """OTLP JSON has hex ids, numbers as strings and unknown fields, and says the same."""
    span = helpers.span(
        traceId="5B8EFFF798038103D269B633813FC60C",
        attributes=[{"key": "traceId", "value": {"stringValue": "not an id"}}],
        links=[{"traceId": "5b8efff798038103d269b633813fc60c", "spanId": "eee19b7ec3c1b174"}],
        somethingNew=1,
    )
    answer = taker.post(json.dumps(helpers.request(span)).encode(), JSON)
    assert (answer.status_code, answer.json()) == (200, {})
    assert answer.headers["content-type"] == "application/json"
    stored = taker.store.get(bytes.fromhex("5b8efff798038103d269b633813fc60c"))
    assert [name for _, name, _ in stored.operations] == ["work"]


def test_a_malformed_span_is_refused_alone(taker, helpers):
    """Ids of a wrong length reject their span alone, and the sender is told."""
    spans = [helpers.span(), helpers.span(traceId="abcd"), helpers.span(spanId="zz"),
             helpers.span(spanId="00" * 8), helpers.span(traceId=7)]  # fmt: skip
    answer = taker.post(json.dumps(helpers.request(*spans)).encode(), JSON)
    assert answer.status_code == 200
    assert answer.json()["partialSuccess"]["rejectedSpans"] == "4"
    assert (taker.store.spans, taker.store.counts.rejected) == (1, 4)


BOMB = gzip.compress(bytes(5_000_000), mtime=0)  # in the names of tests: no clock in it


@pytest.mark.parametrize(
    ("status", "body", "headers"),
    [
        (413, bytes(20_001), PROTOBUF),
        (413, BOMB, PROTOBUF | {"content-encoding": "gzip"}),
        (413, gzip.compress(bytes(30_000), mtime=0) * 2, PROTOBUF | {"content-encoding": "gzip"}),
        (413, zlib.compress(bytes(5_000_000)), JSON | {"content-encoding": "deflate"}),
        (400, b"\xff\xff\xff", PROTOBUF),
        (400, one_span()[:-3], PROTOBUF),
        (400, b"{", JSON),
        (400, b"[]", JSON),
        (400, b"null", JSON),
        (400, b'{"resourceSpans": 7}', JSON),
        (400, b'{"resourceSpans": [7]}', JSON),
        (
            400,
            b'{"resourceSpans": [{"scopeSpans": [{"spans": [{"startTimeUnixNano": "x"}]}]}]}',
            JSON,
        ),
        (
            400,
            b'{"resourceSpans": [{"scopeSpans": [{"spans": [{"startTimeUnixNano": 1e999}]}]}]}',
            JSON,
        ),
        (400, b"[" * 15_000, JSON),
        (400, b'{"resourceSpans":' * 900 + b"1" + b"}" * 900, JSON),
        (400, b'{"n": ' + b"9" * 9_000 + b"}", JSON),
        (400, b"\xff{}", JSON),
        (400, rb'{"resourceSpans": ["\ud800"]}', JSON),
        (400, b'{"resourceSpans": ["\xed\xa0\x80"]}', JSON),
        (400, rb'{"\uD800": 1}', JSON),
        (400, rb'{"resourceSpans": [{"scopeSpans": [{"spans": [{"kind": "\ud800"}]}]}]}', JSON),
        (400, '{"resourceSpans": []}'.encode("utf-16"), JSON),
        (400, b"plain", PROTOBUF | {"content-encoding": "gzip"}),
        (400, gzip.compress(one_span(), mtime=0)[:-9], PROTOBUF | {"content-encoding": "gzip"}),
        (415, one_span(), PROTOBUF | {"content-encoding": "br"}),
        (415, one_span(), PROTOBUF | {"content-encoding": "gzip, gzip"}),
        (415, one_span(), {"content-type": "text/plain"}),
        (415, one_span(), {}),
    ],
)
def test_what_cannot_be_read_is_refused_in_one_line(taker, status, body, headers):
    """Too large, packed to explode or unreadable: 4xx, one line, nothing kept."""
    answer = taker.post(body, headers)
    assert answer.status_code == status
    assert b"Traceback" not in answer.content
    if headers.get("content-type") == "application/json":
        assert answer.json()["message"].count("\n") == 0
    assert taker.store.spans == 0
    assert taker.store.counts.refused_requests == 1
    assert taker.post(one_span(), PROTOBUF).status_code == 200, "it goes on serving"


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS"])
def test_other_methods_are_told_which_to_use(taker, method):
    """Only POST exports."""
    answer = taker.ask(method, "/v1/traces")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.one_of(
        st.binary(max_size=300),
        st.binary(max_size=60).map(lambda noise: one_span() + noise),
        st.recursive(
            st.none() | st.integers() | st.text(st.characters(exclude_categories=()), max_size=5),
            lambda inner: (
                st.dictionaries(
                    st.sampled_from(["resourceSpans", "scopeSpans", "spans", "traceId", "links"]),
                    inner,
                )
                | st.lists(inner, max_size=3)
            ),
        ).map(lambda value: json.dumps(value).encode()),
    ),
    kind=st.sampled_from([PROTOBUF, JSON]),
    path=st.sampled_from(["/v1/traces", "/v1/logs", "/v1/metrics"]),
)
def test_no_body_breaks_it(body, kind, path):
    """Whatever comes is taken or refused: never a 5xx."""
    assert Receiver().post(body, kind, path).status_code in (200, 400)


def test_logs_and_metrics_are_counted_and_kept(taker):
    """A log record is kept under its trace; of each series the latest point."""
    logs = ExportLogsServiceRequest()
    record = logs.resource_logs.add().scope_logs.add().log_records.add()
    record.trace_id, record.severity_text = b"t" * 16, "INFO"
    record.body.string_value = "Smoking brisket"
    assert taker.post(logs.SerializeToString(), PROTOBUF, "/v1/logs").status_code == 200
    assert [line.body for line in taker.telemetry.logs(b"t" * 16)] == ["Smoking brisket"]
    for value in (1, 2):
        metrics = ExportMetricsServiceRequest()
        metric = metrics.resource_metrics.add().scope_metrics.add().metrics.add(name="lag")
        metric.gauge.data_points.add(as_int=value)
        assert taker.post(metrics.SerializeToString(), PROTOBUF, "/v1/metrics").status_code == 200
    assert [(point.name, point.value) for point in taker.telemetry.latest()] == [("lag", "2")]
    assert (taker.store.counts.logs, taker.store.counts.points) == (1, 2)
