"""A point of a histogram leads to a trace that is kept."""

from __future__ import annotations

import time
from typing import Any

from overlap.doctor.context import Visit
from overlap.doctor.finding import Broken
from overlap.doctor.hops.metrics import ask, of_service
from overlap.doctor.hops.traces import find

WITHIN_S = 25.0
"""The SDK sends metrics every five seconds, and whoever set that otherwise, later."""
SINCE_S = 600
TRIED = 5
"""So many exemplars are followed."""
_DURATION = "http_server_request_duration_seconds"


async def look(visit: Visit) -> str:
    """Follow an exemplar of the app's request durations."""
    trace_id = await visit.until(lambda: _followed(visit), WITHIN_S)
    if trace_id:
        return f"an exemplar of {_DURATION} leads to the trace {trace_id}"
    series = await ask(visit, "query", query=of_service(f"{_DURATION}_count", visit.service))
    if not series:
        raise Broken(
            f"{visit.service} sends spans, and no {_DURATION}",
            "its metrics do not leave it, or less often than every "
            f"{WITHIN_S:.0f} s: see OTEL_METRIC_EXPORT_INTERVAL and its log; "
            "OTEL_SEMCONV_STABILITY_OPT_IN must have `http`; Prometheus must promote service.name",
        )
    if not await _exemplars(visit):
        raise Broken(
            f"Prometheus has {_DURATION} of {visit.service} without exemplars",
            "start it with --enable-feature=exemplar-storage, and leave "
            "OTEL_METRICS_EXEMPLAR_FILTER at trace_based",
        )
    raise Broken(
        f"the exemplars of {_DURATION} lead to traces that are not at {visit.config.traces_url}",
        "what samples traces on the way (tail sampling, a short retention) takes them away",
    )


async def _followed(visit: Visit) -> str:
    # The newest is kept, whatever is thrown away; ours is the one that was just made.
    found = sorted(await _exemplars(visit), key=lambda each: each[0], reverse=True)
    for trace_id in dict.fromkeys(trace_id for _, trace_id in found[:TRIED]):
        if await find(visit, trace_id) is not None:
            return trace_id
    return ""


async def _exemplars(visit: Visit) -> list[tuple[float, str]]:
    """When each was measured, and its trace."""
    now = time.time()
    series = await ask(
        visit,
        "query_exemplars",
        query=of_service(f"{_DURATION}_bucket", visit.service),
        start=str(now - SINCE_S),
        end=str(now + 60),
    )
    every: list[Any] = [each for one in series for each in one.get("exemplars", ())]
    return [
        (float(each["timestamp"]), str(each["labels"]["trace_id"]))
        for each in every
        if "trace_id" in each.get("labels", {})
    ]
