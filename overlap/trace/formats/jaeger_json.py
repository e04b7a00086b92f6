"""Read the JSON that Jaeger's UI downloads: `{"data": [{"traceID", "spans", "processes"}]}`.

Times are microseconds. What OTLP has fields for is in tags and goes back
to its field: span.kind, otel.status_code, error, otel.scope.name.
https://www.jaegertracing.io/docs/latest/apis/
"""

from __future__ import annotations

from collections.abc import Iterator

from overlap.names import SERVICE_NAME
from overlap.trace import json_fields
from overlap.trace.formats.otlp_json import UNKNOWN_SERVICE
from overlap.trace.json_fields import NOTHING, Json, Misread
from overlap.trace.left_out import LeftOut
from overlap.trace.model import (
    KINDS,
    Attributes,
    AttributeValue,
    Event,
    Kind,
    Link,
    Span,
    StatusCode,
)

_NS_PER_US = 1000
_KINDS: dict[str, Kind] = {kind: kind for kind in KINDS}
_STATUS: dict[str, StatusCode] = {"OK": "ok", "ERROR": "error"}


def is_jaeger(message: Json) -> bool:
    """Return whether an object looks like Jaeger's JSON, whole or one trace of it."""
    return "data" in message or ("traceID" in message and "spans" in message)


def spans(message: Json, left_out: LeftOut | None = None, place: str = "") -> Iterator[Span]:
    """Yield every span of the object.

    A span that can't be read is counted in `left_out`; without one it raises Misread.
    """
    traces = json_fields.array(message["data"], "data") if "data" in message else (message,)
    if not traces and (error := _own_error(message)):
        raise Misread(f"Jaeger answered with an error: {error}")
    for trace in traces:
        checked = json_fields.obj(trace, "a trace in data")
        processes = {
            key: _process(json_fields.obj(process, "a process"))
            for key, process in json_fields.obj(checked.get("processes"), "processes").items()
        }
        for number, one in enumerate(json_fields.array(checked.get("spans"), "spans"), start=1):
            try:
                span = _span(json_fields.obj(one, "it"), checked.get("traceID"), processes)
            except Misread as error:
                said = f"{place}span {number}: {error}"
                if left_out is None:
                    raise Misread(said) from None
                left_out.span(_trace_id(one, checked), said)
            else:
                if left_out is not None:
                    left_out.ids(span.trace_id, span.trace_id, span.span_id, span.parent_id)
                yield span


def is_elasticsearch(message: Json) -> bool:
    """Return whether tags are an object: Jaeger's documents as Elasticsearch stores them."""
    traces = message.get("data")
    for trace in traces if isinstance(traces, list) else (message,):
        spans = trace.get("spans") if json_fields.is_object(trace) else None
        for one in spans if isinstance(spans, list) else ():
            return json_fields.is_object(one) and json_fields.is_object(one.get("tags"))
    return False


def _own_error(message: Json) -> str:
    """Return the message in `errors`, and its code."""
    for error in json_fields.array(message.get("errors"), "errors"):
        if json_fields.is_object(error) and isinstance(error.get("msg"), str):
            code = error.get("code")
            return json_fields.show(error["msg"]) + (f" ({code})" if isinstance(code, int) else "")
    return ""


def _trace_id(one: object, trace: Json) -> str:
    """Return the trace of a span that can't be read, if that much is known."""
    own = one.get("traceID") if json_fields.is_object(one) else None
    try:
        return json_fields.identifier(own or trace.get("traceID"), "traceID", 16)
    except Misread:
        return ""


def _process(process: Json) -> tuple[str, Attributes]:
    service = json_fields.text(process.get("serviceName"), "serviceName") or UNKNOWN_SERVICE
    return service, {SERVICE_NAME: service, **_tags(process.get("tags"))}


def _span(one: Json, trace_id: object, processes: dict[str, tuple[str, Attributes]]) -> Span:
    own_trace = json_fields.identifier(one.get("traceID") or trace_id, "traceID", 16)
    span_id = json_fields.identifier(one.get("spanID"), "spanID", 8)
    if not own_trace or not span_id:
        raise Misread("it has no " + ("spanID" if own_trace else "traceID"))
    start_us = json_fields.time_ns(one.get("startTime"), "startTime")
    parent_id, links = _references(one, own_trace)
    process = one.get("process")
    if process is not None:
        service, resource = _process(json_fields.obj(process, "process"))
    else:
        key = json_fields.text(one.get("processID"), "processID")
        service, resource = processes.get(key, (UNKNOWN_SERVICE, NOTHING))
    tags = _tags(one.get("tags"))
    duration_us = json_fields.integer(one.get("duration"), "duration")
    return Span(
        trace_id=own_trace,
        span_id=span_id,
        parent_id=parent_id,
        name=json_fields.text(one.get("operationName"), "operationName"),
        start_ns=json_fields.time_ns(start_us * _NS_PER_US, "startTime"),
        end_ns=json_fields.time_ns((start_us + duration_us) * _NS_PER_US, "duration") or None,
        kind=_KINDS.get(word(tags.pop("span.kind", None)).lower(), "internal"),
        service=service,
        resource=resource,
        status=status(tags),
        status_message=word(tags.pop("otel.status_description", None)),
        scope=word(tags.pop("otel.scope.name", None)) or word(tags.pop("otel.library.name", None)),
        events=tuple(_event(log) for log in json_fields.array(one.get("logs"), "logs")),
        links=links,
        attributes=tags or NOTHING,
    )


def _references(one: Json, trace_id: str) -> tuple[str | None, tuple[Link, ...]]:
    """Return the parent, as Jaeger chooses it (CHILD_OF before FOLLOWS_FROM), and other links."""
    links: list[Link] = []
    kinds: list[str] = []
    for reference in json_fields.array(one.get("references"), "references"):
        checked = json_fields.obj(reference, "a reference")
        other = json_fields.identifier(checked.get("traceID"), "a reference's traceID", 16)
        span_id = json_fields.identifier(checked.get("spanID"), "a reference's spanID", 8)
        links.append(Link(other or trace_id, span_id))
        kinds.append(json_fields.text(checked.get("refType"), "refType"))
    for wanted in ("CHILD_OF", "FOLLOWS_FROM"):
        for place, (kind, link) in enumerate(zip(kinds, links, strict=True)):
            if kind == wanted and link.trace_id == trace_id and link.span_id:
                return link.span_id, (*links[:place], *links[place + 1 :])
    parent_id = json_fields.identifier(one.get("parentSpanID"), "parentSpanID", 8)
    return parent_id or None, tuple(links)


def _event(value: object) -> Event:
    log = json_fields.obj(value, "a log")
    found = _tags(log.get("fields"))
    name = word(found.pop("event", None)) or word(found.pop("message", None))
    time_us = json_fields.time_ns(log.get("timestamp"), "a log's timestamp")
    return Event(name, time_us * _NS_PER_US, found)


def _tags(value: object) -> dict[str, AttributeValue]:
    found: dict[str, AttributeValue] = {}
    for tag in json_fields.array(value, "tags"):
        checked = json_fields.obj(tag, "a tag")
        key = json_fields.text(checked.get("key"), "a tag's key")
        try:
            found[key] = _tag_value(checked.get("value"), checked.get("type"))
        except Misread as error:
            raise Misread(f"tag {json_fields.show(key)}: {error}") from None
    return found


def _tag_value(value: object, kind: object) -> AttributeValue:
    if kind in ("int64", "long"):
        return json_fields.integer(value, "its value")
    if kind in ("float64", "double"):
        return json_fields.number(value, "its value")
    if kind == "binary":
        return json_fields.raw(value, "its value")
    if value is None or isinstance(value, bool | int | float):
        return value
    return json_fields.text(value, "its value")


def status(tags: dict[str, AttributeValue]) -> StatusCode:
    """Return the status that tags have; take the one that says nothing else out of them."""
    code = tags.pop("otel.status_code", None)
    if isinstance(code, str) and code.upper() in _STATUS:
        return _STATUS[code.upper()]
    return "error" if tags.get("error") in (True, "true") else "unset"


def word(value: AttributeValue) -> str:
    """Return a text as it is, and nothing for any other value."""
    return value if isinstance(value, str) else ""
