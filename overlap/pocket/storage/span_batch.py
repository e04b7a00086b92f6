"""Splits an export request into the spans that the store keeps.

A span is kept as its own protobuf bytes. A message object would keep the memory of its whole
request alive, so that dropping old traces would free nothing; bytes also have an exact size.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple
from weakref import WeakValueDictionary

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from overlap import names

_SCENARIO = names.SCENARIO_NAME.encode()
_NO_PARENT = (b"", b"\0" * 8)


class Origin:
    """The resource and the scope that spans share, as protobuf bytes."""

    __slots__ = (
        "__weakref__", "resource", "resource_schema", "scope", "scope_schema", "service", "size",
    )  # fmt: skip

    def __init__(
        self, resource: bytes, resource_schema: str, scope: bytes, scope_schema: str, service: str
    ) -> None:
        self.resource, self.resource_schema = resource, resource_schema
        self.scope, self.scope_schema = scope, scope_schema
        self.service = service
        self.size = len(resource) + len(scope) + len(resource_schema) + len(scope_schema)


class Incoming(NamedTuple):
    """One span, with the fields that the store indexes."""

    trace_id: bytes
    span_id: bytes
    origin: Origin
    data: bytes
    name: str
    kind: int
    start_ns: int
    end_ns: int
    is_root: bool
    scenario: str


@dataclass(slots=True)
class Batch:
    """The well-formed spans of one request, and the number of malformed ones."""

    spans: list[Incoming] = field(default_factory=list)
    rejected: int = 0


class Origins:
    """Keeps each pair of resource and scope once, as long as some trace uses it."""

    def __init__(self) -> None:
        self._known: WeakValueDictionary[tuple[bytes, str, bytes, str], Origin] = (
            WeakValueDictionary()
        )

    def get(
        self, resource: bytes, resource_schema: str, scope: bytes, scope_schema: str, service: str
    ) -> Origin:
        """Return the one Origin of these bytes."""
        key = (resource, resource_schema, scope, scope_schema)
        origin = self._known.get(key)
        if origin is None:
            origin = self._known[key] = Origin(*key, service)
        return origin


def take_apart(request: ExportTraceServiceRequest, origins: Origins) -> Batch:
    """Split a request into its spans. It changes only `origins`; it may run in a thread."""
    batch = Batch()
    for resource_spans in request.resource_spans:
        service = service_name(resource_spans.resource)
        resource = resource_spans.resource.SerializeToString(deterministic=True)
        for scope_spans in resource_spans.scope_spans:
            origin = origins.get(
                resource,
                resource_spans.schema_url,
                scope_spans.scope.SerializeToString(deterministic=True),
                scope_spans.schema_url,
                service,
            )
            for span in scope_spans.spans:
                if _well_formed(span):
                    batch.spans.append(_incoming(span, origin))
                else:
                    batch.rejected += 1
    return batch


def service_name(resource: Resource) -> str:
    """Return the resource's service.name, or the specification's default."""
    for attribute in resource.attributes:
        if attribute.key == names.SERVICE_NAME and attribute.value.string_value:
            return str(attribute.value.string_value)
    return "unknown_service"


def _well_formed(span: Span) -> bool:
    trace_id, span_id = span.trace_id, span.span_id
    return len(trace_id) == 16 and len(span_id) == 8 and any(trace_id) and any(span_id)


def _incoming(span: Span, origin: Origin) -> Incoming:
    data = span.SerializeToString()
    scenario = ""
    # The raw bytes are searched first: reading every span's attributes costs ten times more.
    if _SCENARIO in data:
        for attribute in span.attributes:
            if attribute.key == names.SCENARIO_NAME:
                scenario = attribute.value.string_value
    return Incoming(
        span.trace_id,
        span.span_id,
        origin,
        data,
        span.name,
        span.kind,
        span.start_time_unix_nano,
        span.end_time_unix_nano,
        span.parent_span_id in _NO_PARENT,
        scenario,
    )
