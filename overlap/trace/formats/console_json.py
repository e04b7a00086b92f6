"""Read what the Python SDK's ConsoleSpanExporter prints: a span as one JSON object.

https://opentelemetry-python.readthedocs.io/en/latest/sdk/trace.export.html
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from overlap.names import SERVICE_NAME
from overlap.trace import json_fields
from overlap.trace.formats.otlp_json import UNKNOWN_SERVICE
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
)

_KINDS: dict[str, Kind] = {f"SpanKind.{kind.upper()}": kind for kind in KINDS}
_STATUS: dict[str, StatusCode] = {code.upper(): code for code in STATUS_CODES}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NS_PER_US = 1000


def is_console(message: Json) -> bool:
    """Return whether an object looks like one span that the SDK printed."""
    context = message.get("context")
    return json_fields.is_object(context) and "span_id" in context and "start_time" in message


def spans(message: Json, left_out: LeftOut, place: str = "") -> Iterator[Span]:
    """Yield the span, or count it in `left_out` where it can't be read."""
    trace_id = ""
    try:
        context = json_fields.obj(message.get("context"), "context")
        trace_id = _id(context.get("trace_id"), "trace_id", 16)
        span = _span(message, trace_id, _id(context.get("span_id"), "span_id", 8))
    except Misread as error:
        left_out.span(trace_id, f"{place}{error}")
    else:
        left_out.ids(trace_id, trace_id, span.span_id, span.parent_id)
        yield span


def _span(one: Json, trace_id: str, span_id: str) -> Span:
    if not trace_id or not span_id:
        raise Misread("a span has no " + ("span_id" if trace_id else "trace_id"))
    resource = _attributes(json_fields.obj(one.get("resource"), "resource").get("attributes"))
    named = resource.get(SERVICE_NAME)
    status = json_fields.obj(one.get("status"), "status")
    return Span(
        trace_id=trace_id,
        span_id=span_id,
        parent_id=_id(one.get("parent_id"), "parent_id", 8) or None,
        name=json_fields.text(one.get("name"), "name"),
        start_ns=_time_ns(one.get("start_time"), "start_time") or 0,
        end_ns=_time_ns(one.get("end_time"), "end_time"),
        kind=_KINDS.get(json_fields.text(one.get("kind"), "kind"), "internal"),
        service=named if isinstance(named, str) and named else UNKNOWN_SERVICE,
        attributes=_attributes(one.get("attributes")),
        resource=resource,
        events=tuple(map(_event, json_fields.array(one.get("events"), "events"))),
        links=tuple(map(_link, json_fields.array(one.get("links"), "links"))),
        status=_STATUS.get(json_fields.text(status.get("status_code"), "status_code"), "unset"),
        status_message=json_fields.text(status.get("description"), "description"),
    )


def _event(value: object) -> Event:
    event = json_fields.obj(value, "an event")
    return Event(
        json_fields.text(event.get("name"), "an event's name"),
        _time_ns(event.get("timestamp"), "an event's timestamp") or 0,
        _attributes(event.get("attributes")),
    )


def _link(value: object) -> Link:
    link = json_fields.obj(value, "a link")
    context = json_fields.obj(link.get("context"), "a link's context")
    return Link(
        _id(context.get("trace_id"), "a link's trace_id", 16),
        _id(context.get("span_id"), "a link's span_id", 8),
        _attributes(link.get("attributes")),
    )


def _id(value: object, name: str, size: int) -> str:
    return json_fields.identifier(json_fields.text(value, name).removeprefix("0x"), name, size)


def _attributes(value: object) -> Attributes:
    found: dict[str, AttributeValue] = {}
    for key, each in json_fields.obj(value, "attributes").items():
        if isinstance(each, list):
            found[key] = [json_fields.text(str(item), "an item") for item in each]
        elif isinstance(each, str):
            found[key] = json_fields.text(each, "a value")
        elif each is None or isinstance(each, bool | int | float):
            found[key] = each
    return found or NOTHING


def _time_ns(value: object, name: str) -> int | None:
    """Return nanoseconds from a time like 2024-01-01T00:00:00.000000Z; None for null."""
    plain = json_fields.text(value, name)
    if not plain:
        return None
    try:
        since = datetime.fromisoformat(plain) - _EPOCH
    except (ValueError, TypeError, OverflowError):
        raise Misread(f"{name} is {json_fields.show(value)}, not a time") from None
    return json_fields.time_ns(since // timedelta(microseconds=1) * _NS_PER_US, name)
