"""Traces in every format, as the seeds of several targets."""

import gzip
import json
import sys
from pathlib import Path

from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

INPUTS = Path(__file__).parents[2] / "trace" / "inputs"
_T = 1_700_000_000_000_000_000


def _span(
    number: int, parent: int, start_ms: int, end_ms: int, name: str, **fields: object
) -> dict:
    return {
        "traceId": "0af7651916cd43dd8448eb211c80319c",
        "spanId": f"{number:016x}",
        "parentSpanId": f"{parent:016x}" if parent else "",
        "name": name,
        "kind": 1,
        "startTimeUnixNano": str(_T + start_ms * 1_000_000),
        "endTimeUnixNano": str(_T + end_ms * 1_000_000),
    } | fields


def _attribute(key: str, value: object) -> dict:
    kind = {bool: "boolValue", int: "intValue", float: "doubleValue"}.get(
        type(value), "stringValue"
    )
    return {"key": key, "value": {kind: value}}


def otlp() -> dict:
    """Return OTLP with what the verdict looks at: a block and its victim, a lost task, threads."""
    blocked = [
        _attribute("overlap.blocked.ms", 300.0),
        _attribute("code.file.path", "views.py"),
        _attribute("code.line.number", 12),
        _attribute("code.function.name", "smoke"),
    ]
    link = {
        "traceId": "0af7651916cd43dd8448eb211c80319c",
        "spanId": f"{3:016x}",
        "attributes": [
            _attribute("overlap.link", "victim"),
            _attribute("overlap.victim.delay_ms", 250.0),
        ],
    }
    spans = [
        _span(1, 0, 0, 900, "GET /smoke/", kind=2, attributes=[
            _attribute("http.route", "smoke/"), _attribute("http.response.status_code", 200)]),
        _span(2, 1, 10, 400, "get_smokables", attributes=[
            _attribute("thread.id", 1), _attribute("thread.name", "MainThread"),
            _attribute("overlap.lens.run_ms", 3.0)]),
        _span(3, 1, 12, 800, "get_flavor", attributes=[
            _attribute("thread.id", 2), _attribute("thread.name", "pool_0"),
            _attribute("db.query.text", "SELECT 1")],
            events=[{"name": "exception", "timeUnixNano": str(_T + 5), "attributes": [
                _attribute("exception.message", "no charcoal"),
                _attribute("exception.stacktrace", "Traceback\n  File \"x\"\nE: no charcoal")]}]),
        _span(4, 2, 50, 350, "event_loop.blocked", attributes=blocked, links=[link]),
        _span(5, 1, 880, 1900, "background", attributes=[
            _attribute("overlap.task.id", "ab" * 16), _attribute("overlap.task.name", "background"),
            _attribute("overlap.task.end", "lost")],
            status={"code": 2, "message": "its process ended"}),
        _span(6, 1, 870, 870, "task.started", attributes=[
            _attribute("overlap.task.id", "ab" * 16),
            _attribute("overlap.task.name", "background")]),
    ]  # fmt: skip
    resource = {"attributes": [_attribute("service.name", "shop")]}
    return {"resourceSpans": [{"resource": resource, "scopeSpans": [
        {"scope": {"name": "t"}, "spans": spans}]}]}  # fmt: skip


def otlp_json() -> bytes:
    return json.dumps(otlp()).encode()


def otlp_protobuf() -> bytes:
    return to_protobuf(otlp_json(), ExportTraceServiceRequest())


def to_protobuf(data: bytes, message: object) -> bytes:
    """Return JSON as protobuf, as far as it is such a message; else the bytes as they are."""
    try:
        body = json.loads(data)
        for ids in _spans(body):
            for key in ("traceId", "spanId", "parentSpanId"):
                if isinstance(ids.get(key), str):
                    ids[key] = _base64(ids[key])
        return json_format.ParseDict(body, message, ignore_unknown_fields=True).SerializeToString()
    except Exception:  # whatever the mutation made of it
        return data


def _spans(body: dict) -> list[dict]:
    return [
        span
        for resource in body["resourceSpans"]
        for scope in resource["scopeSpans"]
        for each in scope["spans"]
        for span in (each, *each.get("links", ()))
    ]


def _base64(text: str) -> str:
    from base64 import b64encode

    return b64encode(bytes.fromhex(text)).decode()


def every_format() -> list[bytes]:
    """Return traces in each format that `overlap verdict` reads, small ones."""
    found = [path.read_bytes() for path in sorted(INPUTS.iterdir())]
    proto = otlp_protobuf()
    framed = len(proto).to_bytes(4, "big") + proto
    return [
        *(each for each in found if len(each) < 40_000),
        otlp_json(), proto, framed, gzip.compress(proto, mtime=0), zstd.compress(otlp_json()),
        json.dumps({"result": otlp()}).encode(),
        json.dumps({"data": [{"traceID": "ab" * 16, "spans": [
            {"traceID": "ab" * 16, "spanID": "cd" * 8, "operationName": "work", "references": [],
             "startTime": 1_700_000_000_000_000, "duration": 5000, "processID": "p1",
             "tags": [{"key": "x", "type": "string", "value": "y"}],
             "logs": [{"timestamp": 1_700_000_000_000_001, "fields": []}]}],
            "processes": {"p1": {"serviceName": "shop", "tags": []}}}]}).encode(),
    ]  # fmt: skip
