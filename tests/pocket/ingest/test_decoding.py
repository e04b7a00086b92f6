"""Decoding of OTLP bodies."""

import base64
import json

import pytest
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from overlap.pocket.ingest.decoding import JSON, PROTOBUF, Refused, decode


def test_json_ids_are_read_on_pythons_whose_urlsafe_base64_is_strict(monkeypatch):
    """Python 3.15 warns about `+` and `/` in urlsafe base64, and will refuse them later."""
    stock = base64.urlsafe_b64decode

    def strict(text):
        assert not set(b"+/") & set(text if isinstance(text, bytes) else text.encode())
        return stock(text)

    monkeypatch.setattr(base64, "urlsafe_b64decode", strict)
    trace_id, span_id = "fbefbe" * 5 + "ff", "ffffffffffffffff"
    span = {"traceId": trace_id, "spanId": span_id, "name": "smoke"}
    body = {"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}
    message = decode(json.dumps(body).encode(), ExportTraceServiceRequest(), JSON)
    (read,) = message.resource_spans[0].scope_spans[0].spans
    assert (read.trace_id.hex(), read.span_id.hex()) == (trace_id, span_id)


@pytest.mark.parametrize(
    ("why", "raised"), [("Arena alloc failed", MemoryError), ("Wire format was corrupt", Refused)]
)
def test_no_memory_is_not_called_a_malformed_body(why, raised):
    """The client sends it again then; the parser of protobuf has one error for both."""

    class Message:
        def ParseFromString(self, _body):
            raise DecodeError(f"Error parsing message with type 'x': {why}")

    with pytest.raises(raised):
        decode(b"x", Message(), PROTOBUF)
