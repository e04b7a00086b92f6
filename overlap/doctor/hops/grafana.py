"""Grafana is well, and reaches its data sources."""

from __future__ import annotations

import httpx

from overlap.config import GRAFANA_URL, NOWHERE
from overlap.doctor.context import Visit, base, body, why
from overlap.doctor.finding import Absent, Broken

NOT_FOUND = 404
_NOT_ALLOWED = (401, 403)
SOURCES = {
    "jaeger": "api/v3/services",
    "prometheus": "api/v1/query?query=1",
    "loki": "loki/api/v1/labels",
}
"""What is asked of each data source, through Grafana, by its uid."""


async def look(visit: Visit) -> str:
    """Ask Grafana for its health, and each data source through it."""
    url = visit.config.grafana_url
    if url == NOWHERE:
        raise Absent("grafana_url says that there is none")
    await _check_health(visit, url)
    sources = [uid for uid in SOURCES if not _is_left_out(visit, uid)]
    for uid in sources:
        await _ask(visit, url, uid)
    return f"Grafana at {base(url)} is well, and reaches {', '.join(sources)}"


async def _check_health(visit: Visit, url: str) -> None:
    is_default = url == GRAFANA_URL
    try:
        answer = await visit.client.get(f"{url}/api/health")
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
        if is_default:  # a port that many others like
            raise Absent(f"what answers at {url} is no Grafana") from None
        raise
    if health.get("database") != "ok":
        raise Broken(
            f"Grafana at {base(url)} is not well: its health answers {answer.status_code}",
            "its log says why; its data folder may be full or read-only",
        )


def _is_left_out(visit: Visit, uid: str) -> bool:
    address = {"loki": visit.config.loki_url, "prometheus": visit.config.prometheus_url}
    return address.get(uid) == NOWHERE


async def _ask(visit: Visit, url: str, uid: str) -> None:
    # Not the source's own /health, which not every plugin has: what a panel does is a query.
    answer = await visit.get(
        f"{url}/api/datasources/proxy/uid/{uid}/{SOURCES[uid]}",
        who="Grafana",
        do="its own log says why",
    )
    if answer.is_success:
        return
    if answer.status_code in _NOT_ALLOWED:
        raise Broken(
            f"Grafana at {base(url)} lets us not ask its data source {uid} ({answer.status_code})",
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
