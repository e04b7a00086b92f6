"""Searches traces as Jaeger does: a trace is found if one of its spans matches every condition."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from opentelemetry.proto.common.v1.common_pb2 import AnyValue, InstrumentationScope, KeyValue
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from overlap.pocket.storage.span_batch import Origin
from overlap.pocket.storage.store import StoredTrace

DEFAULT_DEPTH = 100
STATUS_ERROR, STATUS_OK = 2, 1


@dataclass(frozen=True, slots=True)
class Query:
    """The conditions of a search; times and durations in nanoseconds."""

    service: str = ""
    operation: str = ""
    start_min: int = 0
    start_max: int = 2**63 - 1
    duration_min: int = 0
    duration_max: int = 0
    attributes: Mapping[str, str] = field(default_factory=dict)
    depth: int = DEFAULT_DEPTH


def find(traces: Iterable[StoredTrace], query: Query) -> list[StoredTrace]:
    """Return the first `depth` matching traces, in the order given."""
    found: list[StoredTrace] = []
    for trace in traces:
        if len(found) >= query.depth:
            break
        if _may_fit(trace, query) and (_fits_whole(trace, query) or _some_span_fits(trace, query)):
            found.append(trace)
    return found


def _may_fit(trace: StoredTrace, query: Query) -> bool:
    """Check the indexes alone: most traces are excluded without being parsed."""
    if trace.last_start_ns < query.start_min or trace.first_start_ns > query.start_max:
        return False
    return any(
        (not query.service or service == query.service)
        and (not query.operation or name == query.operation)
        for service, name, _ in trace.operations
    )


def _fits_whole(trace: StoredTrace, query: Query) -> bool:
    # Only service and operation are asked for, and every span started in the range.
    return (
        not query.attributes
        and not query.duration_min
        and not query.duration_max
        and query.start_min <= trace.first_start_ns
        and trace.last_start_ns <= query.start_max
    )


def _some_span_fits(trace: StoredTrace, query: Query) -> bool:
    return any(
        _fits(Span.FromString(data), origin, query)
        for origin, data in trace.spans
        if not query.service or origin.service == query.service
    )


def _fits(span: Span, origin: Origin, query: Query) -> bool:
    duration = span.end_time_unix_nano - span.start_time_unix_nano
    return (
        (not query.operation or span.name == query.operation)
        and query.start_min <= span.start_time_unix_nano <= query.start_max
        and (not query.duration_min or duration >= query.duration_min)
        and (not query.duration_max or duration <= query.duration_max)
        and all(_has(span, origin, key, value) for key, value in query.attributes.items())
    )


def _has(span: Span, origin: Origin, key: str, value: str) -> bool:
    if key == "error":
        # Jaeger's name for the status, which in OTLP is not an attribute.
        return span.status.code == (STATUS_ERROR if value == "true" else STATUS_OK)
    places: list[Iterable[KeyValue]] = [span.attributes]
    places += [event.attributes for event in span.events]
    places.append(Resource.FromString(origin.resource).attributes)
    places.append(InstrumentationScope.FromString(origin.scope).attributes)
    return any(item.key == key and _text(item.value) == value for at in places for item in at)


def _text(value: AnyValue) -> str:
    kind = value.WhichOneof("value")
    if kind == "bool_value":
        return "true" if value.bool_value else "false"
    if kind in ("string_value", "int_value"):
        return str(getattr(value, kind))
    if kind == "double_value":
        return f"{value.double_value:g}"
    return ""
