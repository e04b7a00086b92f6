"""The page Routes: the survey of the last minutes, kept up to date."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from overlap.pocket.pages.comparison import Render
from overlap.pocket.pages.contents import Contents
from overlap.pocket.survey.live_survey import MOST_SPANS
from overlap.survey.totals.model import CATEGORIES
from overlap.survey.totals.words import CATEGORY_WORDS

MOST_ROUTES = 100
MOST_ROWS = 20
"""Rows of each table; `overlap survey --json` has them all."""


def routes(contents: Contents, render: Render) -> list[BaseRoute]:
    """Return the routes of the page."""

    async def page(request: Request) -> Response:
        document = await contents.survey.document()
        return render(
            request,
            "routes",
            survey=document,
            waiting=contents.survey.waiting,
            too_large=contents.survey.too_large,
            most_spans=MOST_SPANS,
            minutes=contents.survey.minutes,
            categories=CATEGORIES,
            words=CATEGORY_WORDS,
            most_routes=MOST_ROUTES,
            most_rows=MOST_ROWS,
            trace_url="/trace/",
            same=contents.survey_source,
            watch="survey",
        )

    return [Route("/routes", page), Route("/routes/fragment", page)]
