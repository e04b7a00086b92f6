"""The page: lessons, traces, and what came in. Server-rendered; works without JavaScript too."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import (
    HTMLResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from overlap.draw.text import clean, duration
from overlap.pocket.access import same_origin
from overlap.pocket.api import query_parameters
from overlap.pocket.pages import comparison, ledger
from overlap.pocket.pages.contents import Rooms
from overlap.pocket.pages.drawing.judged_traces import MAX_ROWS, ROWS
from overlap.pocket.pages.expectation import stages
from overlap.pocket.storage.search import Query, find
from overlap.pocket.storage.store import StoredTrace

_HERE = Path(__file__).parent
RECENT = 20
LISTED = 200


def routes(rooms: Rooms) -> list[BaseRoute]:
    """Return the page's routes."""
    page = _Page(rooms)
    return [
        Route("/", page.home),
        Route("/fragment", page.home),
        Route("/lessons/{name}", page.lesson),
        Route("/lessons/{name}/fragment", page.lesson),
        Route("/lessons/{name}/play", page.play, methods=["POST"]),
        Route("/play", page.play_all, methods=["POST"]),
        Route("/traces", page.traces),
        Route("/traces/fragment", page.traces),
        Route("/trace/{trace_id}", page.trace),
        Route("/trace/{trace_id}/fragment", page.trace),
        *comparison.routes(rooms, page.render),
        *ledger.routes(rooms, page.render),
        Route("/metrics", page.metrics),
        Route("/events", page.events),
        Mount("/static", StaticFiles(directory=_HERE / "static")),
    ]


class _Page:
    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        self._templates = jinja2.Environment(
            loader=jinja2.FileSystemLoader(_HERE / "templates"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters.update(
            clean=clean,
            duration=duration,
            stages=stages,
            clock=_clock,
            thousands="{:,}".format,
            prose=_prose,
        )

    async def home(self, request: Request) -> Response:
        """Every lesson with its pair, and the traces that came last."""
        return self.render(
            request,
            "home",
            pairs=await self._rooms.pairs(),
            no_lessons=self._rooms.no_lessons,
            recent=self._recent(RECENT),
            any_busy=self._rooms.busy(),
            watch="*",
        )

    async def lesson(self, request: Request) -> Response:
        """One lesson beside its pair, drawn to one scale."""
        name = request.path_params["name"]
        if name not in self._rooms.board.scenarios:
            return self._lost(request, f"There is no lesson named {clean(name)[:80]}.")
        pair = await self._rooms.beside(name)
        return self.render(
            request,
            "lesson",
            pair=pair,
            any_busy=any(card.play.busy for card in pair.cards),
            watch=" ".join(card.watch for card in pair.cards),
        )

    async def play(self, request: Request) -> Response:
        """Start a lesson, and go back to where the button was."""
        name = request.path_params["name"]
        if not same_origin(request.headers):
            return PlainTextResponse("only this page's own buttons can play a lesson\n", 403)
        if name not in self._rooms.board.scenarios:
            return self._lost(request, f"There is no lesson named {clean(name)[:80]}.")
        self._rooms.board.start(name)
        return RedirectResponse(f"/lessons/{name}", 303)

    async def play_all(self, request: Request) -> Response:
        """Start every lesson, one after another."""
        if not same_origin(request.headers):
            return PlainTextResponse("only this page's own buttons can play a lesson\n", 403)
        for name in self._rooms.board.scenarios:
            self._rooms.board.start(name)
        return RedirectResponse("/", 303)

    async def traces(self, request: Request) -> Response:
        """The traces that are kept, of one service or of all."""
        service = request.query_params.get("service", "")
        return self.render(
            request,
            "traces",
            service=service,
            services=self._rooms.store.services(),
            recent=self._recent(LISTED, service),
            listed=LISTED,
            watch="*",
        )

    async def trace(self, request: Request) -> Response:
        """One trace: verdict, waterfall, and what its spans carry."""
        text = request.path_params["trace_id"]
        try:
            trace_id = query_parameters.trace_id(text)
        except ValueError:
            return self._lost(request, "A trace id is up to 32 hex digits; this is none.")
        stored = self._rooms.store.get(trace_id)
        if stored is None:
            said = (
                "There is no trace with this id here, or not yet: this page shows it once it comes."
            )
            if self._rooms.store.was_dropped(trace_id):
                said = "This trace was dropped to make room for newer ones."
            return self._lost(request, said, watch=trace_id.hex())
        rows = request.query_params.get("rows", "")
        limit = min(int(rows), MAX_ROWS) if rows.isdecimal() and len(rows) < 8 else ROWS
        view = await self._rooms.view(stored, limit or ROWS)
        return self.render(
            request,
            "trace",
            view=view,
            watch=stored.id,
            max_rows=MAX_ROWS,
            others=[each for each in self._recent(RECENT + 1) if each is not stored][:RECENT],
        )

    async def metrics(self, request: Request) -> Response:
        """The latest point of each series."""
        return self.render(request, "metrics", latest=self._rooms.telemetry.latest(), watch="")

    async def events(self, _request: Request) -> Response:
        """What changes, as server-sent events."""
        if self._rooms.hub.full:
            return PlainTextResponse("too many pages listen already\n", 503)
        return StreamingResponse(
            self._rooms.hub.stream(),
            media_type="text/event-stream",
            headers={"cache-control": "no-store"},
        )

    def _recent(self, count: int, service: str = "") -> list[StoredTrace]:
        return find(self._rooms.store.newest_first(), Query(service=service, depth=count))

    def _lost(self, request: Request, sentence: str, watch: str = "") -> Response:
        return self.render(request, "lost", status=404, sentence=sentence, watch=watch)

    def render(
        self, request: Request, name: str, /, *, status: int = 200, **values: Any
    ) -> Response:
        """Give back the whole page, or only its content for a path that ends in /fragment."""
        path = request.url.path
        fragment = path.endswith("/fragment")
        values.setdefault("any_busy", False)
        template = self._templates.get_template(f"{name}.html")
        query = f"?{request.url.query}" if request.url.query else ""
        values |= {
            "layout": "fragment.html" if fragment else "base.html",
            "fragment_url": f"{path.rstrip('/')}/fragment{query}",
            "store": self._rooms.store,
            "app_url": self._rooms.config.app_url,
        }
        html = template.render(values)
        return HTMLResponse(html, status, headers={"cache-control": "no-store"})


def _prose(text: str) -> Markup:
    """A sentence with its `code` as code; everything in it escaped first."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704


def _clock(seconds: float) -> str:
    moment = datetime.fromtimestamp(seconds, UTC).astimezone()
    return moment.strftime("%H:%M:%S")
