"""OTLP JSON: bare, or in the `result` that Jaeger's v3 API puts around it.

The encoding is OTLP's own (ids in hex), but what protobuf's plain JSON mapping
writes is taken too: ids in base64, snake_case keys, enums by name.
https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
"""

from __future__ import annotations

from collections.abc import Iterator

from overlap.errors import UnreadableTrace
from overlap.names import SERVICE_NAME
from overlap.trace import json_fields
from overlap.trace.grouping import group
from overlap.trace.json_fields import NOTHING, Json, Misread
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

_KINDS_BY_NAME: dict[str, Kind] = {f"SPAN_KIND_{kind.upper()}": kind for kind in KINDS}
_STATUS_BY_NAME: dict[str, StatusCode] = {
    f"STATUS_CODE_{code.upper()}": code for code in STATUS_CODES
}


def from_otlp_json(message: Json) -> list[Trace]:
    """Every trace of one parsed OTLP JSON object, maybe inside `result`.

    Raises UnreadableTrace where a value is not what its field asks for.
    """
    try:
        return group(spans(message))
    except Misread as error:
        raise UnreadableTrace(str(error)) from None


def is_otlp(message: Json) -> bool:
    """Whether an object looks like OTLP JSON: spans, or the sibling signals that hold none."""
    inner = message.get("result", message)
    return not inner or (json_fields.is_object(inner) and any(key in inner for key in _TOP_KEYS))


_TOP_KEYS = (
    "resourceSpans", "resource_spans", "resourceLogs", "resource_logs",
    "resourceMetrics", "resource_metrics", "partialSuccess",
)  # fmt: skip


def spans(message: Json) -> Iterator[Span]:
    """Every span of one OTLP JSON object. Raises Misread."""
    message = json_fields.obj(message.get("result", message), "result")
    for block in json_fields.array(
        _get(message, "resourceSpans", "resource_spans"), "resourceSpans"
    ):
        block = json_fields.obj(block, "a resourceSpans entry")  # noqa: PLW2901  checked, the same thing
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
                    yield _span(json_fields.obj(one, "it"), service, resource, scope)
                except Misread as error:
                    raise Misread(
                        f"span {number} of {json_fields.show(service)}: {error}"
                    ) from None


def _span(one: Json, service: str, resource: Attributes, scope: str) -> Span:
    trace_id = json_fields.hex_id(_get(one, "traceId", "trace_id"), "traceId", 16)
    span_id = json_fields.hex_id(_get(one, "spanId", "span_id"), "spanId", 8)
    if not trace_id or not span_id:
        raise Misread("it has no " + ("spanId" if trace_id else "traceId"))
    status = json_fields.obj(one.get("status"), "status")
    end = _get(one, "endTimeUnixNano", "end_time_unix_nano")
    events = one.get("events")
    links = one.get("links")
    return Span(
        trace_id=trace_id,
        span_id=span_id,
        parent_id=json_fields.hex_id(_get(one, "parentSpanId", "parent_span_id"), "parentSpanId", 8)
        or None,
        name=json_fields.text(one.get("name"), "name"),
        start_ns=json_fields.time_ns(
            _get(one, "startTimeUnixNano", "start_time_unix_nano"), "startTimeUnixNano"
        ),
        end_ns=json_fields.time_ns(end, "endTimeUnixNano") or None,
        kind=_kind(one.get("kind")),
        service=service,
        attributes=attributes(one.get("attributes")),
        resource=resource,
        events=tuple(_event(event) for event in json_fields.array(events, "events"))
        if events
        else (),
        links=tuple(_link(link) for link in json_fields.array(links, "links")) if links else (),
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
        json_fields.hex_id(_get(link, "traceId", "trace_id"), "a link's traceId", 16),
        json_fields.hex_id(_get(link, "spanId", "span_id"), "a link's spanId", 8),
        attributes(link.get("attributes")),
    )


def _kind(value: object) -> Kind:
    if isinstance(value, str) and value in _KINDS_BY_NAME:
        return _KINDS_BY_NAME[value]
    number = json_fields.integer(value, "kind")
    return KINDS[number] if 0 <= number < len(KINDS) else "unspecified"


def _status(value: object) -> StatusCode:
    if isinstance(value, str) and value in _STATUS_BY_NAME:
        return _STATUS_BY_NAME[value]
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
