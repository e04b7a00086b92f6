"""Checks that Jaeger's Monitor tab (SPM) has data."""

from __future__ import annotations

import time

from overlap.doctor.context import Context, body
from overlap.doctor.finding import Absent, Broken

WITHIN_S = 25.0
"""The collector computes these metrics from spans every five seconds."""
NOT_FOUND, OFF = 404, 501
_DO_OFF = (
    "in jaeger.yaml, name the Prometheus under jaeger_storage.metric_backends, and that under "
    "jaeger_query.storage.metrics"
)


async def look(context: Context) -> str:
    """Query Jaeger for the app's number of calls."""
    if context.is_pocket:
        raise Absent("pocket has no Monitor tab")
    if not await context.until(lambda: _has_calls(context), WITHIN_S):
        raise Broken(
            f"Jaeger's Monitor tab has no calls of {context.service}",
            "the collector needs the connector spanmetrics behind its traces, and jaeger.yaml the "
            "metric_namespace that it writes (traces_span_metrics), with both normalize keys true",
        )
    return f"Jaeger's Monitor tab shows calls of {context.service}"


async def _has_calls(context: Context) -> bool:
    url = context.config.traces_url
    answer = await context.get(
        f"{url}/api/metrics/calls",
        {
            "service": context.service,
            "endTs": str(time.time_ns() // 1_000_000),
            "lookback": "600000",
            "step": "5000",
            "ratePer": "60000",
            "spanKind": "server",
        },
        who="Jaeger",
        do="its own log says why",
    )
    if answer.status_code == NOT_FOUND:
        raise Absent(f"the server at {url} is not Jaeger")
    if answer.status_code == OFF:
        raise Broken("Jaeger has no storage of metrics, so its Monitor tab is off", _DO_OFF)
    if not answer.is_success:
        raise Broken(
            f"Jaeger answered {answer.status_code} to a query of its Monitor tab",
            "the Prometheus that its metric_backends names may not answer: see Jaeger's log",
        )
    return bool(body(answer, "Jaeger").get("metrics"))
