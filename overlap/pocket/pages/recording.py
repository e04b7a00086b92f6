"""The page of a recording: blocks, slow requests, calls in threads, connections, waits for pools.

Its figures are those that `overlap recorder FILE` prints. `overlap recorder FILE --page` shows it.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from overlap.pocket.pages.comparison import Render
from overlap.pocket.pages.contents import Contents

MOST_ROWS = 50
"""Rows of each table; `overlap recorder FILE --json` has them all."""


def routes(contents: Contents, render: Render) -> list[BaseRoute]:
    """Return the route of the page, if there is a recording."""
    found = contents.recording
    if found is None:
        return []

    async def page(request: Request) -> Response:
        return render(
            request,
            "recording",
            blocks=sorted(found.blocks, key=lambda each: -each["ms"]),
            pool_waits=sorted(found.pool_waits, key=lambda each: -each["ms"]),
            most_rows=MOST_ROWS,
            watch="",
        )

    return [Route("/recording", page), Route("/recording/fragment", page)]
