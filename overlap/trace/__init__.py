"""A trace as plain data, and the readers that make it from every format Overlap knows."""

from overlap.trace.model import Attributes, AttributeValue, Event, Kind, Link, Span, StatusCode, Trace

__all__ = ["AttributeValue", "Attributes", "Event", "Kind", "Link", "Span", "StatusCode", "Trace"]
