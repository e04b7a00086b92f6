"""The trace model, and the readers for every format that Overlap knows.

Import the names below from here; `formats` has a module for each format.
"""

from typing import TYPE_CHECKING

from overlap.trace.formats.otlp_json import from_otlp_json
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
from overlap.trace.read import read, read_stream

if TYPE_CHECKING:
    from overlap.trace.formats.otlp_proto import spans_from_request

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
    "read_stream",
    "spans_from_request",
]


def __getattr__(name: str) -> object:
    # protobuf's import takes as long as judging a small trace, and few need it.
    if name == "spans_from_request":
        from overlap.trace.formats.otlp_proto import spans_from_request

        return spans_from_request
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
