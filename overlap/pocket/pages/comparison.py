"""The comparison page: two traces on one time axis, and their differences below."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Protocol

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from overlap.compare import Comparison, compare
from overlap.compare.summary import counted, name, sentence
from overlap.pocket.api import query_parameters
from overlap.pocket.pages.contents import Contents
from overlap.pocket.pages.drawing.judged_traces import Judged
from overlap.pocket.pages.drawing.model import Picture
from overlap.pocket.pages.drawing.waterfall import picture
from overlap.pocket.storage.store import StoredTrace

LISTED = 100
"""The most changes that are listed."""


class Render(Protocol):
    """Renders a template."""

    def __call__(
        self, request: Request, name: str, /, *, status: int = 200, **values: object
    ) -> Response:
        """Return the whole page, or only its content for a path that ends in /fragment."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two traces."""

    letter: str
    stored: StoredTrace
    judged: Judged
    picture: Picture


@dataclass(frozen=True, slots=True)
class Line:
    """One change, in words."""

    name: str
    a: str
    b: str
    what: list[str]
    below: int


def routes(contents: Contents, render: Render) -> list[BaseRoute]:
    """Return the routes of comparisons."""
    page = _Comparisons(contents, render)
    return [
        Route("/compare", page.chosen),
        Route("/compare/{a}/{b}", page.compared),
        Route("/compare/{a}/{b}/fragment", page.compared),
    ]


class _Comparisons:
    def __init__(self, contents: Contents, render: Render) -> None:
        self._contents, self._render = contents, render

    async def chosen(self, request: Request) -> Response:
        """Redirect to the comparison of two traces given by id or by page address."""
        ids = []
        for key in "ab":
            text = request.query_params.get(key, "").strip().rstrip("/").rpartition("/")[2]
            try:
                ids.append(query_parameters.trace_id(text).hex())
            except ValueError:
                return self._not_found(
                    request, "A trace id has up to 32 hex digits; give two of them."
                )
        return RedirectResponse(f"/compare/{ids[0]}/{ids[1]}", 303)

    async def compared(self, request: Request) -> Response:
        """Render two traces and what is different in the second."""
        found = []
        for key in "ab":
            try:
                stored = await self._contents.trace(
                    query_parameters.trace_id(request.path_params[key])
                )
            except ValueError:
                return self._not_found(
                    request, "A trace id has up to 32 hex digits; one of these is not a trace id."
                )
            if stored is None:
                message = f"No trace {request.path_params[key]} has been received yet."
                return self._not_found(request, message)
            found.append(stored)
        judged = [await self._contents.judged_traces.judged(stored) for stored in found]
        one, other = judged
        comparison = await asyncio.to_thread(
            compare, one.trace, other.trace, one.verdict, other.verdict
        )
        scale = max(each.waterfall.total_ms for each in judged)
        return self._render(
            request,
            "compare",
            sides=[
                Side(letter, stored, each, picture(each.waterfall, scale_ms=scale))
                for letter, stored, each in zip("AB", found, judged, strict=True)
            ],
            sentence=sentence(comparison),
            lines=_lines(comparison),
            more=max(0, len(comparison.changes) - LISTED),
            watch=f"{found[0].id} {found[1].id}",
        )

    def _not_found(self, request: Request, sentence: str) -> Response:
        return self._render(request, "not_found", status=404, sentence=sentence, watch="")


def _lines(comparison: Comparison) -> list[Line]:
    return [
        Line(
            name(change),
            counted(change.a_count, change.a_ms),
            counted(change.b_count, change.b_ms),
            change.what,
            change.below,
        )
        for change in comparison.changes[:LISTED]
    ]
