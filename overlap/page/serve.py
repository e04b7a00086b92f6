"""The process of `overlap page`: the pages, and what copies a backend's traces to them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from starlette.applications import Starlette

from overlap.backend import Backend
from overlap.config import Config
from overlap.page.mirror import Mirror
from overlap.page.source import BackendSource
from overlap.pocket.access import AccessMiddleware
from overlap.pocket.last_guard import LastGuard
from overlap.pocket.pages import handlers
from overlap.pocket.pages.contents import Contents
from overlap.pocket.serve import listen, server, url
from overlap.pocket.storage.logs_and_metrics import Telemetry
from overlap.pocket.storage.store import MAX_SPANS, Store
from overlap.pocket.survey.live_survey import KEPT_MINUTES
from overlap.runtime.stop_signals import on_stop_signals

PORT = 8004
ALL = "*"
"""The topic of every page."""


@dataclass(frozen=True, slots=True)
class Options:
    """Options of the pages."""

    host: str = "127.0.0.1"
    port: int = PORT
    max_spans: int = MAX_SPANS
    survey_minutes: int = KEPT_MINUTES


async def serve(
    options: Options, config: Config, *, ready: Callable[[str], None] | None = None
) -> None:
    """Serve until SIGINT or SIGTERM. `ready(page_url)` is called once it listens.

    Raises OverlapError if the port is in use. A backend that does not answer is no error: the
    pages say so, and show its traces once it does.
    """
    store = Store(options.max_spans)
    socket = listen(options.host, options.port, "--port")
    page_url = url(socket)
    async with Backend(config.traces_url) as backend:
        mirror = Mirror(backend, store, changed=lambda: contents.event_hub.publish([ALL]))
        source = BackendSource(mirror, config)
        contents = Contents(
            store,
            Telemetry(),
            config,
            otlp_url=config.otlp_endpoint,
            page_url=config.traces_url,
            source=source,
            survey_minutes=options.survey_minutes,
        )
        app = Starlette(routes=handlers.routes(contents))
        guarded = LastGuard(app, store.counts)
        served = server(AccessMiddleware(guarded, options.host, config.start_hint))
        loop = asyncio.get_running_loop()

        def stop() -> None:
            contents.event_hub.close()
            served.should_exit = True

        undo = on_stop_signals(loop, stop)
        work = (mirror.run(), source.watch_app(), contents.survey.run())
        tasks = [loop.create_task(each) for each in work]
        if ready is not None:
            ready(page_url)
        try:
            await served.serve(sockets=[socket])
        finally:
            undo.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await contents.play_queue.close()
