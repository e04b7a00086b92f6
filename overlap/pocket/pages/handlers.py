"""The routes and handlers of the pages. Server-rendered; they work without JavaScript."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Any

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

from overlap.draw.text import clean
from overlap.pocket.access import same_origin
from overlap.pocket.api import query_parameters
from overlap.pocket.pages import comparison, ledger, recording, traces
from overlap.pocket.pages import routes as surveyed
from overlap.pocket.pages.contents import Contents
from overlap.pocket.pages.drawing.judged_traces import MAX_ROWS
from overlap.pocket.pages.environment import environment
from overlap.pocket.pages.files import session, trace_file
from overlap.pocket.pages.page_data import part_of

_HERE = Path(__file__).parent
RECENT = 20


def routes(contents: Contents) -> list[BaseRoute]:
    """Return the routes of the pages."""
    page = _Page(contents)
    return [
        Route("/", page.home),
        Route("/fragment", page.home),
        Route("/lessons/{name}", page.scenario),
        Route("/lessons/{name}/fragment", page.scenario),
        Route("/lessons/{name}/play", page.play, methods=["POST"]),
        Route("/play", page.play_all, methods=["POST"]),
        *traces.routes(contents, page.render),
        *surveyed.routes(contents, page.render),
        Route("/trace/{trace_id}", page.trace),
        Route("/trace/{trace_id}/fragment", page.trace),
        *comparison.routes(contents, page.render),
        *ledger.routes(contents, page.render),
        *recording.routes(contents, page.render),
        *trace_file.routes(contents),
        *session.routes(contents.store),
        Route("/metrics", page.metrics),
        Route("/events", page.events),
        Mount("/static", StaticFiles(directory=_HERE / "static")),
    ]


class _Page:
    def __init__(self, contents: Contents) -> None:
        self._contents = contents
        self._templates = environment()

    async def home(self, request: Request) -> Response:
        """Render every scenario with its pair, and the latest traces."""
        return self.render(
            request,
            "home",
            pairs=await self._contents.pairs(),
            no_scenarios=self._contents.no_scenarios,
            recent=self._recent(RECENT),
            any_busy=self._contents.busy(),
            watch="*",
        )

    async def scenario(self, request: Request) -> Response:
        """Render one scenario beside its pair, drawn to one scale."""
        name = request.path_params["name"]
        if name not in self._contents.play_queue.scenarios:
            return self._not_found(request, f"There is no scenario named {clean(name)[:80]}.")
        pair = await self._contents.beside(name)
        return self.render(
            request,
            "scenario",
            pair=pair,
            any_busy=any(card.play.busy for card in pair.cards),
            watch=" ".join(card.watch for card in pair.cards),
        )

    async def play(self, request: Request) -> Response:
        """Start a scenario, then redirect to its page."""
        name = request.path_params["name"]
        if not same_origin(request.headers):
            return PlainTextResponse(
                "scenarios can only be played from this server's own pages\n", 403
            )
        if name not in self._contents.play_queue.scenarios:
            return self._not_found(request, f"There is no scenario named {clean(name)[:80]}.")
        self._contents.play_queue.start(name)
        return RedirectResponse(f"/lessons/{name}", 303)

    async def play_all(self, request: Request) -> Response:
        """Start all scenarios, one after another."""
        if not same_origin(request.headers):
            return PlainTextResponse(
                "scenarios can only be played from this server's own pages\n", 403
            )
        for name in self._contents.play_queue.scenarios:
            self._contents.play_queue.start(name)
        return RedirectResponse("/", 303)

    async def trace(self, request: Request) -> Response:
        """Render one trace: verdict, waterfall, and details of its spans."""
        text = request.path_params["trace_id"]
        try:
            trace_id = query_parameters.trace_id(text)
        except ValueError:
            return self._not_found(
                request, "A trace id has up to 32 hex digits; this is not a trace id."
            )
        stored = await self._contents.trace(trace_id)
        if stored is None:
            message = "No trace with this id has been received. This page shows it when it arrives."
            if self._contents.store.was_dropped(trace_id):
                message = "This trace was dropped to make room for newer ones."
            return self._not_found(request, message, watch=trace_id.hex())
        view = await self._contents.view(stored, part_of(request.query_params))
        if view is None:
            return self.render(request, "judging", stored=stored, any_busy=True, watch=stored.id)
        return self.render(
            request,
            "trace",
            view=view,
            watch=stored.id,
            max_rows=MAX_ROWS,
            others=[each.stored for each in self._recent(RECENT + 1) if each.stored is not stored][
                :RECENT
            ],
        )

    async def metrics(self, request: Request) -> Response:
        """Render the latest point of each series."""
        return self.render(request, "metrics", latest=self._contents.telemetry.latest(), watch="")

    async def events(self, _request: Request) -> Response:
        """Stream changes as server-sent events."""
        if self._contents.event_hub.full:
            return PlainTextResponse("too many pages are listening already\n", 503)
        return StreamingResponse(
            self._contents.event_hub.stream(),
            media_type="text/event-stream",
            headers={"cache-control": "no-store"},
        )

    def _recent(self, count: int) -> list[traces.Row]:
        store, survey = self._contents.store, self._contents.survey
        return [*islice(traces.rows(store.newest_first(), survey), count)]

    def _not_found(self, request: Request, sentence: str, watch: str = "") -> Response:
        return self.render(request, "not_found", status=404, sentence=sentence, watch=watch)

    def render(
        self, request: Request, name: str, /, *, status: int = 200, **values: Any
    ) -> Response:
        """Return the whole page, or only its content for a path that ends in /fragment."""
        path = request.url.path
        fragment = path.endswith("/fragment")
        values.setdefault("any_busy", False)
        template = self._templates.get_template(f"{name}.html")
        query = f"?{request.url.query}" if request.url.query else ""
        values |= {
            "layout": "fragment.html" if fragment else "base.html",
            "fragment_url": f"{path.rstrip('/')}/fragment{query}",
            "store": self._contents.store,
            "app_url": self._contents.config.app_url,
            "source": self._contents.source,
            "recording": self._contents.recording,
        }
        html = template.render(values)
        return HTMLResponse(html, status, headers={"cache-control": "no-store"})
