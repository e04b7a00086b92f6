"""Checks that the page of `overlap page` shows the backend's traces."""

from __future__ import annotations

import httpx

from overlap.backend import POCKET
from overlap.config import NOWHERE, PAGE_URL
from overlap.doctor.context import Context, base, why
from overlap.doctor.finding import Absent, Broken


async def look(context: Context) -> str:
    """Request the page of the span that was sent."""
    url = context.config.page_url
    if url == NOWHERE:
        raise Absent("page_url is `none`")
    if context.is_pocket and url == PAGE_URL:
        raise Absent("pocket has the page itself")
    try:
        answer = await context.client.get(f"{url}/trace/{context.sent}")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        if url == PAGE_URL:
            raise Absent(f"no page answers at {url}") from None
        raise Broken(
            f"the page does not answer at {base(url)} ({why(error)})",
            "start it (`overlap page`), or set OVERLAP_PAGE_URL; `none` if there is none",
        ) from None
    if answer.headers.get("server") != POCKET:
        if url == PAGE_URL:  # a port that many other servers use
            raise Absent(f"the server at {url} is not overlap page")
        raise Broken(
            f"the server at {base(url)} is not overlap page", "set OVERLAP_PAGE_URL to its address"
        )
    if not answer.is_success:
        raise Broken(
            f"the page at {base(url)} does not show our span's trace: it answered "
            f"{answer.status_code}",
            f"start it with --traces-url and the backend that is checked here, "
            f"{base(context.config.traces_url)}",
        )
    return f"our span's trace is on the page at {base(url)}"
