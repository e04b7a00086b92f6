"""Jaeger's v3 API, as its 2.13 answers: the same tests for the pocket backend and for Jaeger."""

import secrets
import time
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

WITHIN_S = 20.0
MINUTE = timedelta(minutes=1)


class Sent:
    """One trace of two spans, of a service of its own, in the backend."""

    def __init__(self, backend, *, short: bool = False) -> None:
        self.backend = backend
        self.service = f"contract-{secrets.token_hex(4)}"
        self.id = (b"\0" * 8 if short else secrets.token_bytes(8)) + secrets.token_bytes(8)
        if short:
            self.id = self.id[:8] + b"\x05" + self.id[9:]
        self.root, self.child = secrets.token_bytes(8), secrets.token_bytes(8)
        self.start = time.time_ns() - 2_000_000_000
        headers = {"content-type": "application/x-protobuf"}
        url = f"{backend.otlp}/v1/traces"
        answer = httpx.post(url, content=self.message(), headers=headers)
        assert answer.status_code == 200
        deadline = time.monotonic() + WITHIN_S
        while len(self.spans()) < 2:
            assert time.monotonic() < deadline, "the trace did not come in time"
            time.sleep(0.1)

    def message(self) -> bytes:
        message = ExportTraceServiceRequest()
        block = message.resource_spans.add()
        block.resource.attributes.add(key="service.name").value.string_value = self.service
        scope = block.scope_spans.add()
        scope.scope.name = "contract"
        root = scope.spans.add(
            trace_id=self.id, span_id=self.root, name="GET /", kind=2,
            start_time_unix_nano=self.start, end_time_unix_nano=self.start + 1_500_000_001,
        )  # fmt: skip
        root.attributes.add(key="answer").value.int_value = 2**53 + 1
        root.attributes.add(key="ratio").value.double_value = 0.5
        root.attributes.add(key="yes").value.bool_value = True
        root.attributes.add(key="list").value.array_value.values.add().string_value = "a"
        root.status.code = 2
        root.status.message = "it broke"
        event = root.events.add(name="hello", time_unix_nano=self.start + 5)
        event.attributes.add(key="who").value.string_value = "<you>"
        link = root.links.add(trace_id=secrets.token_bytes(16), span_id=secrets.token_bytes(8))
        link.attributes.add(key="why").value.string_value = "blocked"
        scope.spans.add(
            trace_id=self.id, span_id=self.child, parent_span_id=self.root, name="step", kind=1,
            start_time_unix_nano=self.start + 10, end_time_unix_nano=self.start + 1_000,
        )  # fmt: skip
        return message.SerializeToString()

    def get(self, path: str, **params: str) -> httpx.Response:
        return httpx.get(f"{self.backend.traces}/api/v3/{path}", params=params)

    def search(self, **changes: str | None) -> httpx.Response:
        middle = datetime.fromtimestamp(self.start / 1e9, UTC)
        params = {
            "query.service_name": self.service,
            "query.start_time_min": (middle - MINUTE).isoformat(),
            "query.start_time_max": (middle + MINUTE).isoformat(),
            "query.num_traces": "10",
        }
        params |= {f"query.{key}": value for key, value in changes.items()}
        return self.get("traces", **{k: v for k, v in params.items() if v is not None})

    def spans(self) -> dict[str, dict]:
        answer = self.get(f"traces/{self.id.hex()}")
        return spans(answer) if answer.status_code == 200 else {}


def spans(answer: httpx.Response) -> dict[str, dict]:
    assert answer.status_code == 200, answer.text
    return {
        span["spanId"]: span
        for resource in answer.json()["result"]["resourceSpans"]
        for scope in resource["scopeSpans"]
        for span in scope["spans"]
    }


def refused(answer: httpx.Response, status: int) -> str:
    assert answer.status_code == status, answer.text
    error = answer.json()["error"]
    assert error["httpCode"] == status
    return error["message"]


@pytest.fixture(scope="module")
def sent(backend) -> Sent:
    return Sent(backend)


def test_a_trace_comes_back_as_otlp_json(sent):
    """Ids are hex, 64-bit integers strings, enums numbers; nothing of a span is lost."""
    found = sent.spans()
    root, child = found[sent.root.hex()], found[sent.child.hex()]
    assert root["traceId"] == sent.id.hex()
    assert child["parentSpanId"] == sent.root.hex()
    assert not root.get("parentSpanId")
    assert (root["kind"], child["kind"]) == (2, 1)
    assert root["startTimeUnixNano"] == str(sent.start)
    assert root["endTimeUnixNano"] == str(sent.start + 1_500_000_001)
    assert root["status"] == {"code": 2, "message": "it broke"}
    values = {item["key"]: item["value"] for item in root["attributes"]}
    assert values["answer"] == {"intValue": str(2**53 + 1)}
    assert values["ratio"] == {"doubleValue": 0.5}
    assert values["yes"] == {"boolValue": True}
    a_list = {"arrayValue": {"values": [{"stringValue": "a"}]}}
    assert values["list"] == ({"stringValue": '["a"]'} if sent.backend.badger else a_list)
    assert root["events"][0]["name"] == "hello"
    assert root["events"][0]["timeUnixNano"] == str(sent.start + 5)
    assert root["events"][0]["attributes"][0]["value"] == {"stringValue": "<you>"}
    assert len(root["links"][0]["traceId"]) == 32
    of_the_link = "opentracing.ref_type" if sent.backend.badger else "why"
    assert root["links"][0]["attributes"][0]["key"] == of_the_link


def test_resource_and_scope_stand_above_their_spans(sent):
    """service.name is an attribute of the resource."""
    [resource] = sent.get(f"traces/{sent.id.hex()}").json()["result"]["resourceSpans"]
    named = {item["key"]: item["value"] for item in resource["resource"]["attributes"]}
    assert named["service.name"] == {"stringValue": sent.service}
    assert resource["scopeSpans"][0]["scope"]["name"] == "contract"


def test_leading_zeros_of_an_id_may_be_missing(backend):
    """A 64-bit trace id is found by its 16 digits, and with fewer."""
    short = Sent(backend, short=True)
    for written in (short.id.hex(), short.id.hex()[16:], short.id.hex().lstrip("0")):
        assert set(spans(short.get(f"traces/{written}"))) == {short.root.hex(), short.child.hex()}
        assert set(spans(short.get(f"traces/{written.upper()}"))) == set(short.spans())


def test_an_unknown_trace_is_404(sent):
    """With the status and a sentence in `error`."""
    assert refused(sent.get(f"traces/{secrets.token_hex(16)}"), 404)


@pytest.mark.parametrize("trace_id", ["xyz", "0" * 33, "-1", "12 34", "0x12"])
def test_what_is_no_trace_id_is_400(sent, trace_id):
    """The parameter is named."""
    assert "malformed parameter trace_id" in refused(sent.get(f"traces/{trace_id}"), 400)


@pytest.mark.parametrize(
    ("name", "value"), [("start_time", "xyz"), ("end_time", "1"), ("raw_traces", "maybe")]
)
def test_a_bad_option_of_a_trace_is_400(sent, name, value):
    """The parameter is named."""
    answer = sent.get(f"traces/{sent.id.hex()}", **{name: value})
    assert f"malformed parameter {name}" in refused(answer, 400)


def test_services_are_listed(sent):
    """Every service that sent a span."""
    assert sent.service in sent.get("services").json()["services"]


def test_operations_have_name_and_kind(sent):
    """Of one service; of one kind where asked for; none for a service nobody knows."""
    found = sent.get("operations", service=sent.service).json()["operations"]
    assert sorted(each["name"] for each in found) == ["GET /", "step"]
    if sent.backend.badger:
        return
    assert {each["name"]: each["spanKind"] for each in found} == {
        "GET /": "server",
        "step": "internal",
    }
    servers = sent.get("operations", service=sent.service, span_kind="server").json()
    assert [each["name"] for each in servers["operations"]] == ["GET /"]
    assert not sent.get("operations", service="nobody").json().get("operations")


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"operation_name": "step"},
        {"duration_min": "1s"},
        {"duration_min": "1000ms", "duration_max": "1m30s"},
        {"duration_max": "1ms"},
        {"operation_name": "GET /", "duration_min": "1.2s"},
    ],
)
def test_search_finds_the_whole_trace(sent, changes):
    """Where one span fits, all spans of its trace are answered."""
    assert set(spans(sent.search(**changes))) == {sent.root.hex(), sent.child.hex()}


@pytest.mark.parametrize(
    "changes",
    [
        {"service_name": "nobody"},
        {"operation_name": "GET"},
        {"duration_min": "2s"},
        {"start_time_min": "2001-01-01T00:00:00Z", "start_time_max": "2001-01-02T00:00:00.5Z"},
        {"start_time_min": "2091-01-01T00:00:00+02:00", "start_time_max": "2091-01-02T00:00:00Z"},
    ],
)
def test_an_empty_search_is_404(sent, changes):
    """Nothing found is an error in this API."""
    assert refused(sent.search(**changes), 404) == "No traces found"


def test_operation_and_duration_are_of_one_span(sent):
    """A long trace is not found by its short span; Badger asks both of the trace, not of a span."""
    answer = sent.search(operation_name="step", duration_min="1s")
    assert answer.status_code == (200 if sent.backend.badger else 404)


@pytest.mark.parametrize("missing", ["start_time_min", "start_time_max"])
def test_a_search_needs_its_times(sent, missing):
    """Both are required."""
    message = refused(sent.search(**{missing: None}), 400)
    assert message == "query.start_time_min and query.start_time_max are required"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("start_time_min", "yesterday"),
        ("start_time_max", "2024-01-01"),
        ("start_time_min", "2024-13-01T00:00:00Z"),
        ("duration_min", "1"),
        ("duration_max", "abc"),
        ("num_traces", "ten"),
        ("raw_traces", "maybe"),
    ],
)
def test_a_bad_parameter_of_a_search_is_400(sent, name, value):
    """The parameter is named."""
    answer = sent.search(**{name: value})
    assert f"malformed parameter query.{name}" in refused(answer, 400)


def test_a_search_is_as_deep_as_asked(backend, sent):
    """query.num_traces bounds the traces that are answered."""
    for _ in range(2):
        again = Sent(backend)
    again.service = sent.service
    found = again.get(
        "traces",
        **{
            "query.start_time_min": "2000-01-01T00:00:00Z",
            "query.start_time_max": "2100-01-01T00:00:00Z",
            "query.service_name": sent.service,
            "query.num_traces": "1",
        },
    )
    assert len({span["traceId"] for span in spans(found).values()}) == 1


@pytest.mark.parametrize("path", ["services", "operations", "traces", "traces/1"])
def test_it_is_read_only(sent, path):
    """POST is no call of the API: refused, or, by Jaeger, answered with the UI's page."""
    answer = httpx.post(f"{sent.backend.traces}/api/v3/{path}")
    is_page = answer.headers.get("content-type", "").startswith("text/html")
    assert is_page if sent.backend.badger else answer.status_code in (404, 405)
