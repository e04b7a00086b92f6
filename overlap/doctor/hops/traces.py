"""What was accepted is kept: our span is found by Jaeger's v3 API."""

from __future__ import annotations

from overlap.backend import HOW_TO_START, POCKET, Backend
from overlap.doctor.context import Visit
from overlap.doctor.finding import Broken
from overlap.errors import NotFound, OverlapError
from overlap.trace.model import Trace

WITHIN_S = 15.0


async def look(visit: Visit) -> str:
    """Find the trace of the span that was sent."""
    url = visit.config.traces_url
    answer = await visit.get(
        f"{url}/api/v3/services",
        who="the trace backend",
        do=f"{HOW_TO_START}, or Jaeger with `make stack`, or set OVERLAP_TRACES_URL",
    )
    visit.is_pocket = answer.headers.get("server") == POCKET
    if await visit.until(lambda: find(visit, visit.sent), WITHIN_S) is None:
        raise Broken(
            f"our span was accepted at {visit.config.otlp_endpoint} and is not at {url} "
            f"after {WITHIN_S:.0f} s",
            "the collector's log says what it can't deliver; its exporter for traces may lead "
            "elsewhere, or OVERLAP_TRACES_URL does",
        )
    kept_by = "pocket" if visit.is_pocket else "Jaeger's v3 API"
    return f"our span is found at {url}, by {kept_by}"


async def find(visit: Visit, trace_id: str) -> Trace | None:
    """A trace, if the backend has it. Raises Broken where it does not answer as it should."""
    async with Backend(visit.config.traces_url, timeout_s=5) as backend:
        try:
            return await backend.trace(trace_id)
        except NotFound:
            return None
        except OverlapError as error:
            raise Broken(str(error), "the trace backend's own log says why") from None
