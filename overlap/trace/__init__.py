"""A trace as plain data, and the readers that make it from every format Overlap knows."""

from overlap.trace.model import (
    Attributes,
    AttributeValue,
    Event,
    Kind,
    Link,
    Span,
    StatusCode,
    Trace,
)
from overlap.trace.otlp_json import from_otlp_json
from overlap.trace.otlp_proto import spans_from_request
from overlap.trace.read import read

__all__ = [
    "AttributeValue",
    "Attributes",
    "Event",
    "Kind",
    "Link",
    "Span",
    "StatusCode",
    "Trace",
    "from_otlp_json",
    "read",
    "spans_from_request",
]
