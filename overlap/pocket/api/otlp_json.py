"""Stored spans as OTLP JSON in Jaeger's form: hex ids, int64 as strings, enums as ints.

Protobuf's own JSON writer takes ten times as long, and a trace may have ten thousand spans.
"""

from __future__ import annotations

import math
from base64 import b64encode
from collections.abc import Iterable
from typing import Any

from opentelemetry.proto.common.v1.common_pb2 import AnyValue, InstrumentationScope, KeyValue
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from overlap.pocket.storage.span_batch import Origin

Json = dict[str, Any]


def resource_spans(spans: Iterable[tuple[Origin, bytes]]) -> list[Json]:
    """Group stored spans by resource and scope, as a list of OTLP JSON `resourceSpans`."""
    by_resource: dict[tuple[bytes, str], Json] = {}
    by_origin: dict[Origin, list[Json]] = {}
    for origin, data in spans:
        if origin not in by_origin:
            key = (origin.resource, origin.resource_schema)
            if key not in by_resource:
                by_resource[key] = _resource(origin)
            scope, by_origin[origin] = _scope(origin)
            by_resource[key]["scopeSpans"].append(scope)
        by_origin[origin].append(span_json(Span.FromString(data)))
    return list(by_resource.values())


def span_json(span: Span) -> Json:
    """Return one span; fields with their default value are omitted, as in Jaeger."""
    out: Json = {
        "traceId": span.trace_id.hex(),
        "spanId": span.span_id.hex(),
        "traceState": span.trace_state,
        "parentSpanId": span.parent_span_id.hex(),
        "flags": span.flags,
        "name": span.name,
        "kind": int(span.kind),
        "startTimeUnixNano": _int64(span.start_time_unix_nano),
        "endTimeUnixNano": _int64(span.end_time_unix_nano),
        "attributes": attributes_json(span.attributes),
        "droppedAttributesCount": span.dropped_attributes_count,
        "events": [_event(event) for event in span.events],
        "droppedEventsCount": span.dropped_events_count,
        "links": [_link(link) for link in span.links],
        "droppedLinksCount": span.dropped_links_count,
    }
    out = _without_empty(out)
    out["status"] = _without_empty({"message": span.status.message, "code": int(span.status.code)})
    return out


def attributes_json(attributes: Iterable[KeyValue]) -> list[Json]:
    """Return attributes as OTLP JSON key-value pairs."""
    return [{"key": item.key, "value": _value(item.value)} for item in attributes]


def _resource(origin: Origin) -> Json:
    resource = Resource.FromString(origin.resource)
    out: Json = {
        "resource": _without_empty(
            {
                "attributes": attributes_json(resource.attributes),
                "droppedAttributesCount": resource.dropped_attributes_count,
            }
        ),
        "scopeSpans": [],
    }
    if origin.resource_schema:
        out["schemaUrl"] = origin.resource_schema
    return out


def _scope(origin: Origin) -> tuple[Json, list[Json]]:
    scope = InstrumentationScope.FromString(origin.scope)
    spans: list[Json] = []
    out: Json = {
        "scope": _without_empty(
            {
                "name": scope.name,
                "version": scope.version,
                "attributes": attributes_json(scope.attributes),
                "droppedAttributesCount": scope.dropped_attributes_count,
            }
        ),
        "spans": spans,
    }
    if origin.scope_schema:
        out["schemaUrl"] = origin.scope_schema
    return out, spans


def _event(event: Span.Event) -> Json:
    return _without_empty(
        {
            "timeUnixNano": _int64(event.time_unix_nano),
            "name": event.name,
            "attributes": attributes_json(event.attributes),
            "droppedAttributesCount": event.dropped_attributes_count,
        }
    )


def _link(link: Span.Link) -> Json:
    return _without_empty(
        {
            "traceId": link.trace_id.hex(),
            "spanId": link.span_id.hex(),
            "traceState": link.trace_state,
            "attributes": attributes_json(link.attributes),
            "droppedAttributesCount": link.dropped_attributes_count,
            "flags": link.flags,
        }
    )


def _value(value: AnyValue) -> Json:  # noqa: PLR0911  one return for each kind of value
    match value.WhichOneof("value"):
        case "string_value":
            return {"stringValue": value.string_value}
        case "bool_value":
            return {"boolValue": value.bool_value}
        case "int_value":
            return {"intValue": str(value.int_value)}
        case "double_value":
            return {"doubleValue": _double(value.double_value)}
        case "array_value":
            return {"arrayValue": {"values": [_value(item) for item in value.array_value.values]}}
        case "kvlist_value":
            return {"kvlistValue": {"values": attributes_json(value.kvlist_value.values)}}
        case "bytes_value":
            return {"bytesValue": b64encode(value.bytes_value).decode("ascii")}
        case _:
            return {}


def _double(value: float) -> float | str:
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _int64(value: int) -> str:
    return str(value) if value else ""


def _without_empty(out: Json) -> Json:
    return {key: value for key, value in out.items() if value}
