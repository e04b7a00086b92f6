"""Checks that an exemplar of a histogram leads to a stored trace."""

from __future__ import annotations

import time
from typing import Any

from overlap.doctor.context import Context
from overlap.doctor.finding import Broken
from overlap.doctor.hops.metrics import ask, of_service
from overlap.doctor.hops.traces import find

WITHIN_S = 25.0
"""The instrument exports metrics every five seconds; a project may have set a longer interval."""
SINCE_S = 600
TRIED = 5
"""How many exemplars are tried."""
_DURATION = "http_server_request_duration_seconds"


async def look(context: Context) -> str:
    """Follow an exemplar of the app's request durations."""
    trace_id = await context.until(lambda: _followed(context), WITHIN_S)
    if trace_id:
        return f"an exemplar of {_DURATION} leads to the trace {trace_id}"
    series = await ask(context, "query", query=of_service(f"{_DURATION}_count", context.service))
    if not series:
        raise Broken(
            f"{context.service} sends spans, but no {_DURATION}",
            "its metrics do not leave it, or less often than every "
            f"{WITHIN_S:.0f} s: see OTEL_METRIC_EXPORT_INTERVAL and its log; "
            "OTEL_SEMCONV_STABILITY_OPT_IN must have `http`; Prometheus must promote service.name",
        )
    if not await _exemplars(context):
        raise Broken(
            f"Prometheus has {_DURATION} of {context.service} without exemplars",
            "start it with --enable-feature=exemplar-storage, and leave "
            "OTEL_METRICS_EXEMPLAR_FILTER at trace_based",
        )
    raise Broken(
        f"the exemplars of {_DURATION} lead to traces that are not at {context.config.traces_url}",
        "what samples traces on the way (tail sampling, a short retention) takes them away",
    )


async def _followed(context: Context) -> str:
    # The newest first: older traces may already be deleted.
    found = sorted(await _exemplars(context), key=lambda each: each[0], reverse=True)
    for trace_id in dict.fromkeys(trace_id for _, trace_id in found[:TRIED]):
        if await find(context, trace_id) is not None:
            return trace_id
    return ""


async def _exemplars(context: Context) -> list[tuple[float, str]]:
    """Return each exemplar's time and trace id."""
    now = time.time()
    series = await ask(
        context,
        "query_exemplars",
        query=of_service(f"{_DURATION}_bucket", context.service),
        start=str(now - SINCE_S),
        end=str(now + 60),
    )
    every: list[Any] = [each for one in series for each in one.get("exemplars", ())]
    return [
        (float(each["timestamp"]), str(each["labels"]["trace_id"]))
        for each in every
        if "trace_id" in each.get("labels", {})
    ]
