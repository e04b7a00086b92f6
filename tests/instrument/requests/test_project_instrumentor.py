"""A project's own DjangoInstrumentor, before us or after us: one server span, with its hooks."""

from __future__ import annotations

import pytest

PROJECT = """
import asyncio
from opentelemetry import trace
from opentelemetry.instrumentation.django import DjangoInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from django.conf import settings
import overlap

STOCK = "opentelemetry.instrumentation.django.middleware.otel_middleware._DjangoMiddleware"
kept = InMemorySpanExporter()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(kept))

def on_request(span, request):
    span.set_attribute("theirs.path", request.path)

def on_response(span, request, response):
    span.set_attribute("theirs.status", response.status_code)

def set_up(**options):
    trace.set_tracer_provider(provider)
    DjangoInstrumentor().instrument(
        request_hook=on_request, response_hook=on_response, excluded_urls="sync", **options
    )

def get(*paths):
    from django.core.asgi import get_asgi_application
    app = get_asgi_application()
    async def one(path):
        first, statuses = [{"type": "http.request"}], []
        async def receive():
            if first: return first.pop()
            await asyncio.sleep(60)
        async def send(message):
            if "status" in message: statuses.append(message["status"])
        await app({"type": "http", "method": "GET", "path": path, "headers": [],
                   "query_string": b""}, receive, send)
        return statuses[0]
    async def main():
        return [await one(path) for path in paths]
    return asyncio.run(main())

def theirs():
    return [span.name for span in kept.get_finished_spans()]
"""
ORDERS = {
    "before": "set_up(); overlap.instrument(request_hook=ours)",
    "after": "overlap.instrument(request_hook=ours); set_up()",
    "in the settings": """
from django.conf import LazySettings
load = LazySettings._setup
def loading(self, name=None):
    load(self, name)
    set_up()
LazySettings._setup = loading
overlap.instrument(request_hook=ours)
""",
    "twice": """
set_up(); overlap.instrument(); overlap.shutdown()
assert STOCK in settings.MIDDLEWARE
overlap.instrument(request_hook=ours)
""",
    "off and on again": """
overlap.instrument(request_hook=ours); set_up()
DjangoInstrumentor().uninstrument()
set_up()
""",
}


@pytest.mark.parametrize("order", ORDERS)
def test_both_sides_get_one_server_span_with_both_hooks(own_sink, run, order):
    """Of each request but the excluded; afterwards the project's own is as it was."""
    run(
        f"""{PROJECT}
def ours(span, request):
    span.set_attribute("ours.path", request.path)
{ORDERS[order]}
assert get("/meats/3/", "/sync/", "/boom/") == [200, 200, 500]
assert theirs() == ["GET /meats/<int:pk>/", "GET /boom/"], theirs()
assert STOCK not in settings.MIDDLEWARE
overlap.shutdown()
assert settings.MIDDLEWARE.count(STOCK) == 1
assert not [path for path in settings.MIDDLEWARE if "overlap" in path]
middleware = __import__(STOCK.rpartition(".")[0], fromlist=["it"])._DjangoMiddleware
assert middleware._otel_request_hook is on_request
from django.core.wsgi import get_wsgi_application  # the stock one is for WSGI alone here
from django.test import RequestFactory
environ = RequestFactory().get("/meats/4/").environ
list(get_wsgi_application()(environ, lambda *_: None))
assert len(theirs()) == 3, theirs()
""",
        own_sink.url,
    )
    assert own_sink.names() == {"GET /meats/<int:pk>/": 1, "GET /boom/": 1}
    attributes = own_sink.one("GET /meats/<int:pk>/").attributes
    assert attributes["theirs.path"] == attributes["ours.path"] == "/meats/3/"
    assert attributes["theirs.status"] == 200


def test_our_own_options_are_kept_where_the_project_gives_none(own_sink, run):
    """Its place in MIDDLEWARE is where the project put it."""
    run(
        f"""{PROJECT}
settings.MIDDLEWARE = ["smokesite.middleware.sync_only"]
overlap.instrument(excluded_urls="boom")
DjangoInstrumentor().instrument(middleware_position=1)
assert settings.MIDDLEWARE[0] == "smokesite.middleware.sync_only"
assert "overlap" in settings.MIDDLEWARE[1]
assert len(settings.MIDDLEWARE) == 2
assert get("/boom/", "/meats/1/") == [500, 200]
DjangoInstrumentor().uninstrument()
assert "overlap" in settings.MIDDLEWARE[1]
assert get("/meats/2/") == [200]
overlap.shutdown()
assert settings.MIDDLEWARE == ["smokesite.middleware.sync_only"]
""",
        own_sink.url,
    )
    assert own_sink.names() == {"GET /meats/<int:pk>/": 2}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OTEL_PYTHON_DJANGO_INSTRUMENT", "False"),
        ("OTEL_PYTHON_DISABLED_INSTRUMENTATIONS", "django"),
    ],
)
def test_requests_can_be_left_out_by_the_stock_variables(own_sink, run, name, value):
    """They are served, without a server span; everything else is traced."""
    run(
        f"""{PROJECT}
import io, logging
out = io.StringIO()
logging.basicConfig(stream=out)
overlap.instrument()
assert get("/meats/3/", "/boom/") == [200, 500]
trace.get_tracer("t").start_span("other").end()
overlap.shutdown()
assert "{name}" in out.getvalue(), out.getvalue()
assert "Traceback" not in out.getvalue().replace("Traceback", "", 1), out.getvalue()
""",
        own_sink.url,
        **{name: value},
    )
    assert own_sink.names() == {"other": 1}
