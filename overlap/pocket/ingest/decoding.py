"""Decodes OTLP export requests, protobuf or JSON, into the protobuf classes."""

from __future__ import annotations

import binascii
import json
from base64 import urlsafe_b64encode
from typing import Any, TypeVar

from google.protobuf import json_format
from google.protobuf.message import DecodeError, Message

from overlap.pocket.ingest.request_body import Refused

PROTOBUF = "application/x-protobuf"
JSON = "application/json"

_IDS = frozenset({"traceId", "spanId", "parentSpanId", "trace_id", "span_id", "parent_span_id"})
# The fields that can contain ids. Only these are walked: an attribute named traceId is a string.
_LISTS = frozenset({
    "resourceSpans", "scopeSpans", "spans", "links", "resourceLogs", "scopeLogs", "logRecords",
    "resource_spans", "scope_spans", "resource_logs", "scope_logs", "log_records",
    "resourceMetrics", "scopeMetrics", "metrics", "dataPoints", "exemplars",
    "resource_metrics", "scope_metrics", "data_points",
})  # fmt: skip
_MAPS = frozenset({"gauge", "sum", "histogram", "exponentialHistogram", "exponential_histogram"})

M = TypeVar("M", bound=Message)
_NOT_OTLP = "the body is not the JSON of an OTLP export request"


def decode(body: bytes, message: M, content_type: str) -> M:
    """Parse a body into `message` and return it. Raises Refused (400, 415) with one line."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind == PROTOBUF:
        try:
            message.ParseFromString(body)
        except (DecodeError, RecursionError) as error:
            if is_out_of_memory(error):
                raise MemoryError from None
            raise Refused(400, "the body is not the protobuf of an OTLP export request") from None
        return message
    if kind == JSON:
        return _from_json(body, message)
    raise Refused(415, f"content type {kind[:60]!r} is neither {PROTOBUF} nor {JSON}")


def is_out_of_memory(error: Exception) -> bool:
    """Return whether the parser of protobuf found no memory: it has one error for everything."""
    return "alloc failed" in str(error)


def _from_json(body: bytes, message: M) -> M:
    try:
        # Not `loads(body)`, which lets half of a surrogate pair pass: protobuf fails on it.
        data = json.loads(body.decode("utf-8-sig"))
        if b"\\ud" in body.lower():
            json.dumps(data, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise Refused(400, _NOT_OTLP) from None
    if not isinstance(data, dict):
        raise Refused(400, "the body is JSON, but not an object")
    return decode_json(data, message)


def decode_json(data: dict[str, Any], message: M) -> M:
    """Read a JSON object into `message` and return it; the object is changed. Raises Refused."""
    try:
        _hex_to_base64(data)
        return json_format.ParseDict(data, message, ignore_unknown_fields=True)
    except (
        ValueError, ArithmeticError, RecursionError, json_format.Error, TypeError, AttributeError,
        KeyError,
    ):  # fmt: skip
        raise Refused(400, _NOT_OTLP) from None


def _hex_to_base64(node: dict[str, Any]) -> None:
    # OTLP/JSON writes ids as hex. Protobuf's own JSON has base64, which it decodes as urlsafe.
    for key, value in node.items():
        if key in _IDS:
            node[key] = _as_base64(value)
        elif key in _LISTS and isinstance(value, list):
            for item in value:
                if isinstance(item, dict):
                    _hex_to_base64(item)
        elif key in _MAPS and isinstance(value, dict):
            _hex_to_base64(value)


def _as_base64(value: Any) -> str:
    try:
        return urlsafe_b64encode(binascii.unhexlify(value)).decode("ascii")
    except (ValueError, TypeError):
        # Not an id: it gets an impossible length, so that only its span is refused.
        return urlsafe_b64encode(b"?").decode("ascii")
