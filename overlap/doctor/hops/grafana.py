"""Checks that Grafana is healthy and reaches its data sources."""

from __future__ import annotations

import httpx

from overlap.config import GRAFANA_URL, NOWHERE
from overlap.doctor.context import Context, base, body, why
from overlap.doctor.finding import Absent, Broken

NOT_FOUND = 404
_NOT_ALLOWED = (401, 403)
SOURCES = {
    "jaeger": "api/v3/services",
    "prometheus": "api/v1/query?query=1",
    "loki": "loki/api/v1/labels",
}
"""The request sent to each data source through Grafana, by its uid."""


async def look(context: Context) -> str:
    """Request Grafana's health, then query each data source through it."""
    url = context.config.grafana_url
    if url == NOWHERE:
        raise Absent("grafana_url is `none`")
    await _check_health(context, url)
    sources = [uid for uid in SOURCES if not _is_left_out(context, uid)]
    for uid in sources:
        await _ask(context, url, uid)
    return f"Grafana at {base(url)} is healthy and reaches {', '.join(sources)}"


async def _check_health(context: Context, url: str) -> None:
    is_default = url == GRAFANA_URL
    try:
        answer = await context.client.get(f"{url}/api/health")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        if is_default:
            raise Absent(f"no Grafana answers at {url}") from None
        raise Broken(
            f"Grafana does not answer at {base(url)} ({why(error)})",
            "start it (`docker compose up grafana`), or set OVERLAP_GRAFANA_URL; `none` if there "
            "is none",
        ) from None
    try:
        health = body(answer, "Grafana")
    except Broken:
        if is_default:  # a port that many other servers use
            raise Absent(f"the server at {url} is not Grafana") from None
        raise
    if health.get("database") != "ok":
        raise Broken(
            f"Grafana at {base(url)} is not healthy: /api/health answered {answer.status_code}",
            "its log says why; its data folder may be full or read-only",
        )


def _is_left_out(context: Context, uid: str) -> bool:
    address = {"loki": context.config.loki_url, "prometheus": context.config.prometheus_url}
    return address.get(uid) == NOWHERE


async def _ask(context: Context, url: str, uid: str) -> None:
    # A query, as a panel sends it: not every plugin has /health.
    answer = await context.get(
        f"{url}/api/datasources/proxy/uid/{uid}/{SOURCES[uid]}",
        who="Grafana",
        do="its own log says why",
    )
    if answer.is_success:
        return
    if answer.status_code in _NOT_ALLOWED:
        raise Broken(
            f"Grafana at {base(url)} does not allow queries of {uid} ({answer.status_code})",
            "give OVERLAP_GRAFANA_URL a user (http://user:password@host:port), or let anonymous "
            "users view",
        )
    if answer.status_code == NOT_FOUND and "datasource" in answer.text.replace(" ", "").lower():
        raise Broken(
            f"Grafana has no data source with the uid {uid}",
            "mount grafana/provisioning/datasources into it; its log says what it can't read",
        )
    raise Broken(
        f"Grafana can't reach its data source {uid}: it answered {answer.status_code} "
        f"{answer.text.strip()[:200]}".rstrip(),
        f"the url of {uid} in grafana/provisioning/datasources must be right where Grafana runs "
        "(a service's name in compose, not 127.0.0.1)",
    )
