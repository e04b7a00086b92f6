"""Checks that the app answers."""

from __future__ import annotations

import httpx

from overlap.backend import start_hint
from overlap.doctor.context import TRACE_STATE, Context, why
from overlap.doctor.finding import Broken

BAD_REQUEST, SERVER_ERROR = 400, 500


async def look(context: Context) -> str:
    """Send the app one request that is part of our trace."""
    url = context.config.app_url + context.path
    try:
        headers = {"traceparent": context.traceparent, "tracestate": TRACE_STATE}
        answer = await context.client.get(url, headers=headers)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        hint = await start_hint(context.config.page_url, context.config.start_hint)
        start = f"start it with `{hint}`" if hint else "start it"
        raise Broken(
            f"the app does not answer at {context.config.app_url} ({why(error)})",
            f"{start}, or set OVERLAP_APP_URL",
        ) from None
    said = f"GET {context.path} at {context.config.app_url} answered {answer.status_code}"
    if answer.status_code == BAD_REQUEST:
        raise Broken(
            said, "add this host to ALLOWED_HOSTS: Django answers 400 to other Host headers"
        )
    if answer.status_code >= SERVER_ERROR:
        raise Broken(said, "the app's own log says why")
    return said
