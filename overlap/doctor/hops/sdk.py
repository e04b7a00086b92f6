"""Checks that the app exports telemetry: its server span of our request is found."""

from __future__ import annotations

from overlap.doctor.context import Context
from overlap.doctor.finding import Broken
from overlap.doctor.hops.traces import find
from overlap.trace.model import Span


async def look(context: Context) -> str:
    """Find the server span of the request that was sent to the app."""
    span = await context.until(lambda: _server_span(context), context.stored_within_s)
    if span is None:
        raise Broken(
            f"the app answered our request, but no span of it was received within "
            f"{context.stored_within_s:.0f} s",
            "call overlap.instrument() before get_asgi_application(), and start the app with the "
            f"same OTEL_EXPORTER_OTLP_ENDPOINT ({context.config.otlp_endpoint}), without "
            "OTEL_SDK_DISABLED and with a sampler that heeds its parent; where it can't deliver, "
            "its log says `traces can't be delivered`",
        )
    context.service = span.service
    return f"{span.service} sent its span `{span.name}` of our request"


async def _server_span(context: Context) -> Span | None:
    trace = await find(context, context.asked)
    spans = trace.spans if trace else ()
    return next((span for span in spans if span.kind == "server"), None)
