"""One pocket in this process, without its last guard: what fails is raised."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from starlette.applications import Starlette

from overlap.config import Config
from overlap.pocket.access import AccessMiddleware
from overlap.pocket.api import jaeger
from overlap.pocket.ingest import receiver
from overlap.pocket.pages import handlers
from overlap.pocket.pages.contents import Contents
from overlap.pocket.pages.scenarios import PlayQueue
from overlap.pocket.storage.logs_and_metrics import Telemetry
from overlap.pocket.storage.store import Store
from overlap.scenario import Scenario
from tests.fuzz.targets.asgi import Answer, ask

JSON = [(b"content-type", b"application/json")]


def queue(scenarios: Sequence[Scenario]) -> PlayQueue:
    return PlayQueue(scenarios, Config(), otlp_url="", page_url="", changed=lambda _name: None)


def pocket(*, max_spans: int = 20_000) -> SimpleNamespace:
    store, telemetry, config = Store(max_spans), Telemetry(), Config()
    contents = Contents(store, telemetry, config, otlp_url="http://127.0.0.1:1", page_url="")
    routes = [*receiver.routes(store, telemetry), *jaeger.routes(store), *handlers.routes(contents)]
    app = AccessMiddleware(Starlette(routes=routes), "127.0.0.1")
    return SimpleNamespace(app=app, store=store, contents=contents)


def post(app: Any, body: bytes, path: str = "/v1/traces") -> Answer:
    return ask(app, path, method="POST", headers=JSON, body=body)
