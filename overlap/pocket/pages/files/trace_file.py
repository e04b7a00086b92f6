"""A trace as one HTML file that needs nothing else: no server, no script, no other file."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

import jinja2
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from overlap import __version__
from overlap.pocket.api import query_parameters
from overlap.pocket.pages.contents import Contents
from overlap.pocket.pages.drawing.judged_traces import MAX_ROWS, Judged, judge
from overlap.pocket.pages.drawing.waterfall import picture
from overlap.pocket.pages.environment import HERE, environment
from overlap.trace import Trace

NS_PER_S: Final = 1_000_000_000


def routes(contents: Contents) -> list[BaseRoute]:
    """Return the route of the file."""

    async def file(request: Request) -> Response:
        try:
            trace_id = query_parameters.trace_id(request.path_params["trace_id"])
        except ValueError:
            return PlainTextResponse("this is not a trace id\n", 404)
        stored = await contents.trace(trace_id)
        if stored is None:
            return PlainTextResponse("there is no trace with this id\n", 404)
        judged = await contents.judged_traces.judged(stored)
        text = await asyncio.to_thread(_render, judged)
        name = f"trace-{stored.id}.html"
        return Response(
            text.encode(),
            media_type="text/html; charset=utf-8",
            headers={
                "content-disposition": f'attachment; filename="{name}"',
                "cache-control": "no-store",
            },
        )

    return [Route("/trace/{trace_id}/file", file)]


def html(trace: Trace) -> str:
    """Return the file of a trace, with its verdict."""
    return _render(judge(trace))


def _render(judged: Judged) -> str:
    spans = judged.trace.spans
    known = {span.span_id for span in spans}
    roots = [span for span in spans if span.parent_id not in known] or [*spans]
    root = min(roots, key=lambda span: (span.start_ns, span.span_id))
    start_ns = min(span.start_ns for span in spans)
    return (
        _templates()
        .get_template("trace_file.html")
        .render(
            judged=judged,
            name=root.name,
            began=_when(start_ns),
            picture=picture(judged.outline.overview(MAX_ROWS)),
            style=Markup((HERE / "static" / "overlap.css").read_text(encoding="utf-8")),  # noqa: S704  ours
            version=__version__,
        )
    )


@lru_cache(maxsize=1)
def _templates() -> jinja2.Environment:
    return environment()


def _when(time_ns: int) -> str:
    """Return a time in UTC as text; nothing for one that no calendar knows."""
    try:
        return f"{datetime.fromtimestamp(time_ns / NS_PER_S, UTC):%Y-%m-%d %H:%M:%S} UTC"
    except (ValueError, OSError, OverflowError):
        return ""
