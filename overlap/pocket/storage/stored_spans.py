"""Read stored spans as a trace."""

from __future__ import annotations

from collections.abc import Iterable

from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, TracesData

from overlap.pocket.storage.span_batch import Origin
from overlap.trace import Trace, spans_from_request

JUDGED_SPANS = 50_000
"""The most spans of one trace that are judged: of a larger trace, the first ones."""


def as_trace(trace_id: str, spans: Iterable[tuple[Origin, bytes]]) -> Trace:
    """Read stored spans as a Trace."""
    data = TracesData()
    resources: dict[tuple[bytes, str], ResourceSpans] = {}
    scopes: dict[Origin, ScopeSpans] = {}
    for origin, span in spans:
        if origin not in scopes:
            key = (origin.resource, origin.resource_schema)
            if key not in resources:
                resources[key] = data.resource_spans.add(resource=Resource.FromString(key[0]))
            scopes[origin] = resources[key].scope_spans.add()
            scopes[origin].scope.MergeFromString(origin.scope)
        scopes[origin].spans.add().MergeFromString(span)
    return Trace(trace_id, tuple(spans_from_request(data)))
