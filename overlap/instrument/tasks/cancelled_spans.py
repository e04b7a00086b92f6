"""Spans that were cut short: OpenTelemetry records exceptions, and a cancellation is none to it."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from opentelemetry.context import Context
from opentelemetry.sdk.trace import Span, SpanProcessor
from opentelemetry.trace import SpanKind

from overlap import names

_CUT_SHORT = (asyncio.CancelledError, GeneratorExit)
_CLEANING_UP = "_overlap_cleaning_up"


class CancelledSpans(SpanProcessor):
    """Marks a span that ends because a cancellation passes through it.

    A span ends in a `finally`, where Python tells which exception is on its way. Server spans
    are left alone: theirs say why by themselves (`client.disconnected`, `server.stopped`).
    """

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Note what is being handled already: whoever cleans up after it is not cut short."""
        passing = sys.exc_info()[1]
        if isinstance(passing, _CUT_SHORT):
            setattr(span, _CLEANING_UP, id(passing))

    def _on_ending(self, span: Span) -> None:
        passing = sys.exc_info()[1]
        if (
            isinstance(passing, _CUT_SHORT)
            and span.kind is not SpanKind.SERVER
            and getattr(span, _CLEANING_UP, None) != id(passing)
        ):
            _set_late(span, names.CANCELLED, True)


def _set_late(span: Span, key: str, value: bool) -> None:
    # The SDK has closed the attributes by now, though nobody has read them yet.
    attributes: Any = span._attributes
    attributes._immutable = False
    try:
        attributes[key] = value
    finally:
        attributes._immutable = True
