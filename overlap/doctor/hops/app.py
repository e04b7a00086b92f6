"""The app answers."""

from __future__ import annotations

import httpx

from overlap.doctor.context import Visit, why
from overlap.doctor.finding import Broken

BAD_REQUEST, SERVER_ERROR = 400, 500


async def look(visit: Visit) -> str:
    """Send the app one request that belongs to our trace."""
    url = visit.config.app_url + visit.path
    try:
        answer = await visit.client.get(url, headers={"traceparent": visit.traceparent})
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        hint = visit.config.start_hint
        start = f"start it with `{hint}`" if hint else "start it"
        raise Broken(
            f"the app does not answer at {visit.config.app_url} ({why(error)})",
            f"{start}, or set OVERLAP_APP_URL",
        ) from None
    said = f"GET {visit.path} at {visit.config.app_url} answered {answer.status_code}"
    if answer.status_code == BAD_REQUEST:
        raise Broken(said, "Django refuses a Host header that ALLOWED_HOSTS does not have")
    if answer.status_code >= SERVER_ERROR:
        raise Broken(said, "the app's own log says why")
    return said
