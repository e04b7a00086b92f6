"""Checks that log lines are stored and found by their trace id."""

from __future__ import annotations

from overlap.config import LOKI_URL, NOWHERE
from overlap.doctor.context import Context, body
from overlap.doctor.finding import Absent, Broken
from overlap.doctor.probe_telemetry import SERVICE

WITHIN_S = 15.0
_QUERY = '{{service_name="{service}"}} | trace_id="{trace_id}"'


async def look(context: Context) -> str:
    """Find the log record that was sent, by its trace id."""
    url = context.config.loki_url
    if url == NOWHERE:
        raise Absent("loki_url is `none`")
    if context.is_pocket and url == LOKI_URL:
        raise Absent("pocket keeps a trace's log lines itself, on the trace's page")
    if not await context.until(lambda: _streams(context, url), WITHIN_S):
        raise Broken(
            f"Loki answers at {url}, but has no log line of our trace after {WITHIN_S:.0f} s",
            "the collector needs a pipeline for logs that ends at Loki's /otlp, and Loki "
            "allow_structured_metadata with schema v13: the collector's log says what was refused",
        )
    return f"our log line is found at {url} by its trace id"


async def _streams(context: Context, url: str) -> bool:
    answer = await context.get(
        f"{url}/loki/api/v1/query_range",
        {
            "query": _QUERY.format(service=SERVICE, trace_id=context.sent),
            "start": str(context.began_ns - 60_000_000_000),
            "limit": "1",
        },
        who="Loki",
        do="start it (`docker compose up loki`), or set OVERLAP_LOKI_URL; `none` if there is none",
    )
    if not answer.is_success:
        raise Broken(
            f"Loki at {url} answered {answer.status_code} to a query: {answer.text.strip()[:200]}",
            "it may still be starting: see its /ready and its log",
        )
    found = body(answer, "Loki")
    return bool((found.get("data") or {}).get("result"))
