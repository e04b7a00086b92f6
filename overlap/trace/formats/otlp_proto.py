"""Read OTLP protobuf: TracesData and ExportTraceServiceRequest, which are the same bytes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1 import trace_pb2

from overlap.errors import UnreadableTrace
from overlap.names import SERVICE_NAME
from overlap.trace.formats.otlp_json import UNKNOWN_SERVICE
from overlap.trace.json_fields import NOTHING, show
from overlap.trace.left_out import LeftOut
from overlap.trace.model import (
    KINDS,
    STATUS_CODES,
    Attributes,
    AttributeValue,
    Event,
    Link,
    Span,
)

_TRACE_ID_BYTES = 16
_SPAN_ID_BYTES = 8


def parse(data: bytes) -> ExportTraceServiceRequest:
    """Return the message in `data`. Raises UnreadableTrace where it is not OTLP protobuf."""
    message = ExportTraceServiceRequest()
    try:
        message.ParseFromString(data)
    except DecodeError as error:
        raise UnreadableTrace(f"not OTLP protobuf: {error}") from None
    return message


def spans_from_request(
    message: ExportTraceServiceRequest | trace_pb2.TracesData,
    left_out: LeftOut | None = None,
    place: str = "",
) -> Iterator[Span]:
    """Yield every span of a parsed message.

    A span without ids is counted in `left_out`; without one it raises UnreadableTrace.
    """
    for block in message.resource_spans:
        resource = attributes(block.resource.attributes)
        named = resource.get(SERVICE_NAME)
        service = named if isinstance(named, str) and named else UNKNOWN_SERVICE
        for scope_block in block.scope_spans:
            scope = scope_block.scope.name
            for number, one in enumerate(scope_block.spans, start=1):
                if any(one.trace_id) and any(one.span_id):
                    yield _span(one, service, resource, scope)
                    continue
                missing = "span_id" if any(one.trace_id) else "trace_id"
                said = f"{place}span {number} of {show(service)}: it has no {missing}"
                if left_out is None:
                    raise UnreadableTrace(said)
                left_out.span(_hex(one.trace_id, _TRACE_ID_BYTES), said)


def attributes(pairs: Iterable[KeyValue]) -> Attributes:
    """Return KeyValues as a mapping; of a key that occurs twice, the last."""
    return {pair.key: _any(pair.value) for pair in pairs} or NOTHING


def _span(one: trace_pb2.Span, service: str, resource: Attributes, scope: str) -> Span:
    return Span(
        trace_id=_hex(one.trace_id, _TRACE_ID_BYTES),
        span_id=_hex(one.span_id, _SPAN_ID_BYTES),
        parent_id=_hex(one.parent_span_id, _SPAN_ID_BYTES) or None,
        name=one.name,
        start_ns=one.start_time_unix_nano,
        end_ns=one.end_time_unix_nano or None,
        kind=KINDS[one.kind] if 0 <= one.kind < len(KINDS) else "unspecified",
        service=service,
        attributes=attributes(one.attributes),
        resource=resource,
        events=tuple(
            Event(event.name, event.time_unix_nano, attributes(event.attributes))
            for event in one.events
        ),
        links=tuple(
            Link(
                _hex(link.trace_id, _TRACE_ID_BYTES),
                _hex(link.span_id, _SPAN_ID_BYTES),
                attributes(link.attributes),
            )
            for link in one.links
        ),
        status=STATUS_CODES[one.status.code]
        if 0 <= one.status.code < len(STATUS_CODES)
        else "unset",
        status_message=one.status.message,
        scope=scope,
    )


def _hex(value: bytes, size: int) -> str:
    """Return an id in hex; short ones are padded as in JSON, "" for none and for zero."""
    return value.hex().rjust(size * 2, "0") if any(value) else ""


def _any(value: AnyValue) -> AttributeValue:
    # Recursion is safe: the parser itself refuses what nests deeper than 100 levels.
    kind = value.WhichOneof("value")
    if kind is None:
        return None
    if kind == "array_value":
        return [_any(each) for each in value.array_value.values]
    if kind == "kvlist_value":
        return {pair.key: _any(pair.value) for pair in value.kvlist_value.values}
    plain: AttributeValue = getattr(value, kind)
    return plain
