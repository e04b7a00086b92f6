"""Read OTLP JSON: bare, or wrapped as Jaeger's v3 API, Tempo and Grafana do.

The encoding is OTLP's own (ids in hex). What protobuf's plain JSON mapping
writes is accepted too: ids in base64, snake_case keys, enums by name.
https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
"""

from __future__ import annotations

from collections.abc import Iterator

from overlap.errors import UnreadableTrace
from overlap.names import SERVICE_NAME
from overlap.trace import json_fields
from overlap.trace.grouping import group
from overlap.trace.json_fields import NOTHING, Json, Misread
from overlap.trace.left_out import LeftOut
from overlap.trace.model import (
    KINDS,
    STATUS_CODES,
    Attributes,
    AttributeValue,
    Event,
    Kind,
    Link,
    Span,
    StatusCode,
    Trace,
)

UNKNOWN_SERVICE = "unknown_service"
MAX_NESTING = 100
"""How deep an attribute's value may nest: protobuf's own limit."""

_NUMBER_OF_KIND: dict[str, int] = {kind: number for number, kind in enumerate(KINDS)}
_NUMBER_OF_STATUS: dict[str, int] = {code: number for number, code in enumerate(STATUS_CODES)}


def from_otlp_json(message: Json) -> list[Trace]:
    """Return every trace of one parsed OTLP JSON object, maybe inside `result`.

    Raises UnreadableTrace where a value has the wrong type for its field.
    """
    try:
        return group(spans(message))
    except Misread as error:
        raise UnreadableTrace(str(error)) from None


_WRAPPINGS = ("result", "trace", "data")
"""Around OTLP JSON: Jaeger's v3 API, Tempo's v2 API, Grafana's download."""
_SPANS_KEYS = ("resourceSpans", "resource_spans", "batches")
"""The last is Tempo's v1 API."""
_TOP_KEYS = (
    *_SPANS_KEYS, "resourceLogs", "resource_logs", "resourceMetrics", "resource_metrics",
    "partialSuccess",
)  # fmt: skip


def unwrapped(message: Json) -> Json:
    """Return the OTLP object inside its wrappings."""
    for key in _WRAPPINGS:
        if json_fields.is_object(inner := message.get(key)):
            return inner
    return message


def is_otlp(message: Json) -> bool:
    """Return whether an object is OTLP JSON: spans, or the other signals that hold none."""
    inner = unwrapped(message)
    return not inner or any(key in inner for key in _TOP_KEYS)


def spans(message: Json, left_out: LeftOut | None = None, place: str = "") -> Iterator[Span]:
    """Yield every span of one OTLP JSON object.

    A span that can't be read is counted in `left_out`; without one it raises Misread.
    """
    message = unwrapped(message)
    blocks = next((message[key] for key in _SPANS_KEYS if message.get(key) is not None), None)
    for entry in json_fields.array(blocks, "resourceSpans"):
        block = json_fields.obj(entry, "a resourceSpans entry")
        resource = attributes(json_fields.obj(block.get("resource"), "resource").get("attributes"))
        named = resource.get(SERVICE_NAME)
        service = named if isinstance(named, str) and named else UNKNOWN_SERVICE
        scopes = _get(block, "scopeSpans", "scope_spans")
        if scopes is None:  # OTLP before 0.19
            scopes = _get(block, "instrumentationLibrarySpans", "instrumentation_library_spans")
        for scope_block in json_fields.array(scopes, "scopeSpans"):
            checked = json_fields.obj(scope_block, "a scopeSpans entry")
            scope = json_fields.text(
                json_fields.obj(checked.get("scope"), "scope").get("name"), "scope.name"
            )
            for number, one in enumerate(json_fields.array(checked.get("spans"), "spans"), start=1):
                try:
                    span = _span(json_fields.obj(one, "it"), service, resource, scope)
                except Misread as error:
                    said = f"{place}span {number} of {json_fields.show(service)}: {error}"
                    if left_out is None:
                        raise Misread(said) from None
                    left_out.span(_trace_id(one), said)
                else:
                    if left_out is not None:
                        left_out.ids(span.trace_id, span.trace_id, span.span_id, span.parent_id)
                    yield span


def _trace_id(one: object) -> str:
    """Return the trace of a span that can't be read, if that much is known."""
    try:
        return _id(json_fields.obj(one, "it"), "traceId", "trace_id", 16)
    except Misread:
        return ""


def _id(one: Json, camel: str, snake: str, size: int) -> str:
    return json_fields.identifier(_get(one, camel, snake), camel, size, or_base64=True)


def _span(one: Json, service: str, resource: Attributes, scope: str) -> Span:
    trace_id = _id(one, "traceId", "trace_id", 16)
    span_id = _id(one, "spanId", "span_id", 8)
    if not trace_id or not span_id:
        raise Misread("it has no " + ("spanId" if trace_id else "traceId"))
    status = json_fields.obj(one.get("status"), "status")
    start = _get(one, "startTimeUnixNano", "start_time_unix_nano")
    end = _get(one, "endTimeUnixNano", "end_time_unix_nano")
    return Span(
        trace_id=trace_id,
        span_id=span_id,
        parent_id=_id(one, "parentSpanId", "parent_span_id", 8) or None,
        name=json_fields.text(one.get("name"), "name"),
        start_ns=json_fields.time_ns(start, "startTimeUnixNano"),
        end_ns=json_fields.time_ns(end, "endTimeUnixNano") or None,
        kind=_kind(one.get("kind")),
        service=service,
        attributes=attributes(one.get("attributes")),
        resource=resource,
        events=tuple(map(_event, json_fields.array(one.get("events"), "events"))),
        links=tuple(map(_link, json_fields.array(one.get("links"), "links"))),
        status=_status(status.get("code")),
        status_message=json_fields.text(status.get("message"), "status.message"),
        scope=scope,
    )


def _event(value: object) -> Event:
    event = json_fields.obj(value, "an event")
    return Event(
        json_fields.text(event.get("name"), "an event's name"),
        json_fields.time_ns(
            _get(event, "timeUnixNano", "time_unix_nano"), "an event's timeUnixNano"
        ),
        attributes(event.get("attributes")),
    )


def _link(value: object) -> Link:
    link = json_fields.obj(value, "a link")
    return Link(
        _id(link, "traceId", "trace_id", 16),
        _id(link, "spanId", "span_id", 8),
        attributes(link.get("attributes")),
    )


def _kind(value: object) -> Kind:
    """Return a kind from its number, or its name, short or long: SPAN_KIND_SERVER, Server."""
    if isinstance(value, str):
        value = _NUMBER_OF_KIND.get(value.lower().removeprefix("span_kind_"), value)
    number = json_fields.integer(value, "kind")
    return KINDS[number] if 0 <= number < len(KINDS) else "unspecified"


def _status(value: object) -> StatusCode:
    if isinstance(value, str):
        value = _NUMBER_OF_STATUS.get(value.lower().removeprefix("status_code_"), value)
    number = json_fields.integer(value, "status.code")
    return STATUS_CODES[number] if 0 <= number < len(STATUS_CODES) else "unset"


def attributes(value: object) -> Attributes:
    """OTLP KeyValues as a mapping; of a key that comes twice, the last. Raises Misread."""
    pairs = json_fields.array(value, "attributes")
    return _pairs(pairs, 0) if pairs else NOTHING


def _pairs(pairs: object, depth: int) -> dict[str, AttributeValue]:
    found: dict[str, AttributeValue] = {}
    for pair in json_fields.array(pairs, "attributes"):
        checked = json_fields.obj(pair, "an attribute")
        key = json_fields.text(checked.get("key"), "an attribute's key")
        try:
            found[key] = _any(checked.get("value"), depth)
        except Misread as error:
            raise Misread(f"attribute {json_fields.show(key)}: {error}") from None
    return found


def _any(value: object, depth: int) -> AttributeValue:  # noqa: PLR0911  one return per kind
    if depth > MAX_NESTING:
        raise Misread(f"it nests deeper than {MAX_NESTING} levels")
    for kind, inner in json_fields.obj(value, "its value").items():
        if inner is None:
            continue
        match kind:
            case "stringValue" | "string_value":
                return json_fields.text(inner, "its stringValue")
            case "intValue" | "int_value":
                return json_fields.integer(inner, "its intValue")
            case "boolValue" | "bool_value":
                if isinstance(inner, bool):
                    return inner
                raise Misread(f"its boolValue is {json_fields.show(inner)}, not true or false")
            case "doubleValue" | "double_value":
                return json_fields.number(inner, "its doubleValue")
            case "bytesValue" | "bytes_value":
                return json_fields.raw(inner, "its bytesValue")
            case "arrayValue" | "array_value":
                values = json_fields.obj(inner, "its arrayValue").get("values")
                return [_any(each, depth + 1) for each in json_fields.array(values, "its values")]
            case "kvlistValue" | "kvlist_value":
                return _pairs(json_fields.obj(inner, "its kvlistValue").get("values"), depth + 1)
    return None


def _get(message: Json, camel: str, snake: str) -> object:
    value = message.get(camel)
    return message.get(snake) if value is None else value
