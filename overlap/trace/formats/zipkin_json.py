"""Read Zipkin v2 JSON: spans in an array, in an array of traces, or one a line.

Times are microseconds. Client and server of one call may share a span id (B3); both are
kept, and the judge makes the server the client's child. What OTLP has fields for is in
tags and goes back to its field. https://zipkin.io/zipkin-api/
https://opentelemetry.io/docs/specs/otel/trace/sdk_exporters/zipkin/
"""

from __future__ import annotations

from collections.abc import Iterator

from overlap.names import SERVICE_NAME
from overlap.trace import json_fields
from overlap.trace.formats.otlp_json import UNKNOWN_SERVICE
from overlap.trace.json_fields import NOTHING, Json, Misread
from overlap.trace.left_out import LeftOut
from overlap.trace.model import KINDS, AttributeValue, Event, Kind, Span, StatusCode

_NS_PER_US = 1000
_KINDS: dict[str, Kind] = {kind.upper(): kind for kind in KINDS}


def is_zipkin(message: Json) -> bool:
    """Return whether an object looks like one Zipkin span."""
    return "traceId" in message and "id" in message


def spans(message: Json, left_out: LeftOut, place: str = "") -> Iterator[Span]:
    """Yield the span, or count it in `left_out` where it can't be read."""
    trace_id = ""
    try:
        trace_id = json_fields.identifier(message.get("traceId"), "traceId", 16)
        span = _span(message, trace_id)
    except Misread as error:
        left_out.span(trace_id, f"{place}{error}")
    else:
        left_out.ids(trace_id, trace_id, span.span_id, span.parent_id)
        yield span


def _span(one: Json, trace_id: str) -> Span:
    span_id = json_fields.identifier(one.get("id"), "id", 8)
    if not trace_id or not span_id:
        raise Misread("a span has no " + ("id" if trace_id else "traceId"))
    start_us = json_fields.time_ns(one.get("timestamp"), "timestamp")
    if not start_us:
        raise Misread("a span has no timestamp")
    duration_us = json_fields.integer(one.get("duration"), "duration")
    endpoint = json_fields.obj(one.get("localEndpoint"), "localEndpoint")
    service = json_fields.text(endpoint.get("serviceName"), "serviceName") or UNKNOWN_SERVICE
    tags = _tags(one.get("tags"))
    message = tags.get("error")
    failed = message not in (None, "false") or str(tags.get("otel.status_code")).upper() == "ERROR"
    status: StatusCode = "error" if failed else "unset"
    return Span(
        trace_id=trace_id,
        span_id=span_id,
        parent_id=json_fields.identifier(one.get("parentId"), "parentId", 8) or None,
        name=json_fields.text(one.get("name"), "name"),
        start_ns=json_fields.time_ns(start_us * _NS_PER_US, "timestamp"),
        end_ns=(
            json_fields.time_ns((start_us + duration_us) * _NS_PER_US, "duration")
            if duration_us
            else None
        ),
        kind=_KINDS.get(json_fields.text(one.get("kind"), "kind").upper(), "internal"),
        service=service,
        resource={SERVICE_NAME: service},
        events=tuple(
            map(_event, json_fields.array(one.get("annotations"), "annotations")),
        ),
        status=status,
        status_message=message if failed and isinstance(message, str) else "",
        scope=str(tags.pop("otel.scope.name", None) or ""),
        attributes=tags or NOTHING,
    )


def _tags(value: object) -> dict[str, AttributeValue]:
    return {
        json_fields.text(key, "a tag"): json_fields.text(each, f"tag {json_fields.show(key)}")
        for key, each in json_fields.obj(value, "tags").items()
    }


def _event(value: object) -> Event:
    annotation = json_fields.obj(value, "an annotation")
    time_us = json_fields.time_ns(annotation.get("timestamp"), "an annotation's timestamp")
    return Event(json_fields.text(annotation.get("value"), "its value"), time_us * _NS_PER_US)
