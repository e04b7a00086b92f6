"""Checks that metrics are stored."""

from __future__ import annotations

import json
from typing import Any

from overlap import names
from overlap.config import NOWHERE, PROMETHEUS_URL
from overlap.doctor.context import Context, body
from overlap.doctor.finding import Absent, Broken

WITHIN_S = 15.0
_PROBE = names.METRIC_DOCTOR.replace(".", "_")


async def look(context: Context) -> str:
    """Find the metric point that was sent."""
    url = context.config.prometheus_url
    if url == NOWHERE:
        raise Absent("prometheus_url is `none`")
    if context.is_pocket and url == PROMETHEUS_URL:
        raise Absent("pocket keeps the latest metrics itself, on its page /metrics")
    if not await context.until(lambda: _arrived(context), WITHIN_S):
        raise Broken(
            f"Prometheus answers at {url}, but does not have the metric that was accepted at "
            f"{context.config.otlp_endpoint} after {WITHIN_S:.0f} s",
            "start it with --web.enable-otlp-receiver, and let the collector's pipeline for "
            "metrics end at its /api/v1/otlp",
        )
    return f"our metric is found at {url}"


async def ask(context: Context, path: str, **query: str) -> list[Any]:
    """Return the result of a query of Prometheus' API. Raises Broken if it fails."""
    url = context.config.prometheus_url
    answer = await context.get(
        f"{url}/api/v1/{path}",
        query,
        who="Prometheus",
        do="start it (`docker compose up prometheus`, `make stack`), or set "
        "OVERLAP_PROMETHEUS_URL; `none` if there is none",
    )
    found = body(answer, "Prometheus")
    if found.get("status") != "success":
        raise Broken(
            f"Prometheus at {url} answered {answer.status_code} to a query: {found.get('error')}",
            "its log says why",
        )
    data = found.get("data")
    result = data.get("result") if isinstance(data, dict) else data
    return result if isinstance(result, list) else []


def of_service(metric: str, service: str) -> str:
    """Return a selector of one service's series."""
    return f"{metric}{{service_name={json.dumps(service)}}}"


async def _arrived(context: Context) -> bool:
    found = await ask(context, "query", query=f"max({_PROBE})")
    return any(float(each["value"][1]) >= context.began_ns // 1_000_000_000 for each in found)
