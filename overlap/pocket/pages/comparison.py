"""The page of two traces: one above the other on one time axis, and what is otherwise below."""

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
from overlap.pocket.pages.contents import Rooms
from overlap.pocket.pages.drawing.judged_traces import ROWS, Judged
from overlap.pocket.pages.drawing.waterfall import Picture, picture
from overlap.pocket.storage.store import StoredTrace

LISTED = 100
"""Changes that are listed, of however many."""


class Render(Protocol):
    """Renders a template of the page."""

    def __call__(
        self, request: Request, name: str, /, *, status: int = 200, **values: object
    ) -> Response:
        """Give back the whole page, or only its content for a path that ends in /fragment."""


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


def routes(rooms: Rooms, render: Render) -> list[BaseRoute]:
    """Return the routes of comparisons."""
    page = _Comparisons(rooms, render)
    return [
        Route("/compare", page.chosen),
        Route("/compare/{a}/{b}", page.compared),
        Route("/compare/{a}/{b}/fragment", page.compared),
    ]


class _Comparisons:
    def __init__(self, rooms: Rooms, render: Render) -> None:
        self._rooms, self._render = rooms, render

    async def chosen(self, request: Request) -> Response:
        """Go to the page of two traces that a form names, by id or by their page's address."""
        ids = []
        for key in "ab":
            text = request.query_params.get(key, "").strip().rstrip("/").rpartition("/")[2]
            try:
                ids.append(query_parameters.trace_id(text).hex())
            except ValueError:
                return self._lost(request, "A trace id is up to 32 hex digits; name two of them.")
        return RedirectResponse(f"/compare/{ids[0]}/{ids[1]}", 303)

    async def compared(self, request: Request) -> Response:
        """Two traces, one above the other, and what is otherwise in the second."""
        found = []
        for key in "ab":
            try:
                stored = self._rooms.store.get(query_parameters.trace_id(request.path_params[key]))
            except ValueError:
                return self._lost(
                    request, "A trace id is up to 32 hex digits; one of these is not."
                )
            if stored is None:
                said = f"There is no trace {request.path_params[key]} here, or not yet."
                return self._lost(request, said)
            found.append(stored)
        judged = [await self._rooms.gallery.judged(stored, ROWS) for stored in found]
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

    def _lost(self, request: Request, sentence: str) -> Response:
        return self._render(request, "lost", status=404, sentence=sentence, watch="")


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
