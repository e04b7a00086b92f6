"""Checks that traces are stored: our span is found by Jaeger's v3 API."""

from __future__ import annotations

from overlap.backend import HOW_TO_START, POCKET, Backend
from overlap.doctor.context import TRACE_STATE, Context
from overlap.doctor.finding import Broken
from overlap.errors import NotFound, OverlapError
from overlap.trace.model import Trace


async def look(context: Context) -> str:
    """Find the trace of the span that was sent."""
    url = context.config.traces_url
    answer = await context.get(
        f"{url}/api/v3/services",
        who="the trace backend",
        do=f"{HOW_TO_START}, or Jaeger (`docker compose up --detach jaeger`, `make stack`), "
        "or set OVERLAP_TRACES_URL",
    )
    context.is_pocket = answer.headers.get("server") == POCKET
    if await context.until(lambda: find(context, context.sent), context.stored_within_s) is None:
        raise Broken(
            f"our span was accepted at {context.config.otlp_endpoint}, but is not at {url} "
            f"after {context.stored_within_s:.0f} s",
            "the collector's log says what it can't deliver; its exporter for traces may lead "
            "elsewhere, or OVERLAP_TRACES_URL does; where a second tier samples, it decides after "
            f"its decision_wait (--stored-within), and keeps this trace by its `{TRACE_STATE}`",
        )
    stored_by = "pocket" if context.is_pocket else "Jaeger's v3 API"
    return f"our span is found at {url}, by {stored_by}"


async def find(context: Context, trace_id: str) -> Trace | None:
    """Return a trace, or None. Raises Broken if the backend does not answer as expected."""
    async with Backend(context.config.traces_url, timeout_s=5) as backend:
        try:
            return await backend.trace(trace_id)
        except NotFound:
            return None
        except OverlapError as error:
            raise Broken(str(error), "the trace backend's own log says why") from None
