"""Mark spans that a cancellation ended: OpenTelemetry records exceptions, not cancellations."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from opentelemetry.context import Context
from opentelemetry.sdk.trace import Span, SpanProcessor
from opentelemetry.trace import SpanKind

from overlap import names
from overlap.runtime.guard import failed

_CANCELLATIONS = (asyncio.CancelledError, GeneratorExit)
_CLEANING_UP = "_overlap_cleaning_up"


class CancelledSpans(SpanProcessor):
    """Marks a span that ends because a cancellation passes through it.

    A span ends in a `finally`, where sys.exc_info() is the exception that is being raised. Server
    spans are not marked: they say by themselves why they ended early (`client.disconnected`,
    `server.stopped`).
    """

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Remember the exception being handled: a span of a cleanup is not cancelled itself."""
        try:
            passing = sys.exc_info()[1]
            if isinstance(passing, _CANCELLATIONS):
                setattr(span, _CLEANING_UP, id(passing))
        except Exception:
            failed("a cancelled span is not marked")

    def _on_ending(self, span: Span) -> None:
        try:
            passing = sys.exc_info()[1]
            if (
                isinstance(passing, _CANCELLATIONS)
                and span.kind is not SpanKind.SERVER
                and getattr(span, _CLEANING_UP, None) != id(passing)
            ):
                _set_while_ending(span, names.CANCELLED, True)
        except Exception:
            failed("a cancelled span is not marked")


def _set_while_ending(span: Span, key: str, value: bool) -> None:
    # The SDK has made the attributes immutable by now, though nothing has read them yet.
    attributes: Any = span._attributes
    attributes._immutable = False
    try:
        attributes[key] = value
    finally:
        attributes._immutable = True
