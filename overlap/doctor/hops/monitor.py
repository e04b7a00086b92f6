"""Jaeger's Monitor tab (SPM) has something to show."""

from __future__ import annotations

import time

from overlap.doctor.context import Visit, body
from overlap.doctor.finding import Absent, Broken

WITHIN_S = 25.0
"""The collector makes these metrics of spans every five seconds."""
NOT_FOUND, OFF = 404, 501
_DO_OFF = (
    "in jaeger.yaml, name the Prometheus under jaeger_storage.metric_backends, and that under "
    "jaeger_query.storage.metrics"
)


async def look(visit: Visit) -> str:
    """Ask Jaeger how often the app is called."""
    if visit.is_pocket:
        raise Absent("pocket has no Monitor tab")
    if not await visit.until(lambda: _has_calls(visit), WITHIN_S):
        raise Broken(
            f"Jaeger's Monitor tab has no calls of {visit.service}",
            "the collector needs the connector spanmetrics behind its traces, and jaeger.yaml the "
            "metric_namespace that it writes (traces_span_metrics), with both normalize keys true",
        )
    return f"Jaeger's Monitor tab shows calls of {visit.service}"


async def _has_calls(visit: Visit) -> bool:
    url = visit.config.traces_url
    answer = await visit.get(
        f"{url}/api/metrics/calls",
        {
            "service": visit.service,
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
        raise Absent(f"what answers at {url} is no Jaeger")
    if answer.status_code == OFF:
        raise Broken("Jaeger has no storage of metrics, so its Monitor tab is off", _DO_OFF)
    if not answer.is_success:
        raise Broken(
            f"Jaeger answered {answer.status_code} when asked for its Monitor tab's calls",
            "the Prometheus that its metric_backends names may not answer: see Jaeger's log",
        )
    return bool(body(answer, "Jaeger").get("metrics"))
