"""Scopes as no server hands them over easily: what is refused, and what nobody samples."""

from __future__ import annotations

import textwrap

DRIVER = """
import asyncio, overlap
from django.core.asgi import get_asgi_application
overlap.instrument()
app = get_asgi_application()
async def ask(**more):
    first, sent = [{"type": "http.request"}], []
    async def receive():
        if first: return first.pop()
        await asyncio.Event().wait()
    async def send(message): sent.append(message)
    scope = {"type": "http", "method": "GET", "path": "/", "headers": [], **more}
    await app(scope, receive, send)
    return sent[0]["status"]
"""


def script(code):
    return DRIVER + textwrap.dedent(code)


def test_what_django_can_not_read_is_a_span(own_sink, run):
    """A query that is no UTF-8: 400 before there is a request, and a span that says so."""
    run(
        script("""
        assert asyncio.run(ask(query_string=b"q=\\xff")) == 400
        overlap.shutdown()
        """),
        own_sink.url,
    )
    span = own_sink.one("GET")
    assert span.attributes["http.response.status_code"] == 400
    (point,) = own_sink.points("http.server.request.duration")
    assert point[0]["http.response.status_code"] == 400


def test_another_scope_is_refused_as_django_does(own_sink, run):
    """ValueError, nothing open, nothing sent."""
    run(
        script("""
        async def other():
            try:
                await ask(type="websocket")
            except ValueError as error:
                assert "websocket" in str(error)
            else:
                raise AssertionError
        asyncio.run(other())
        overlap.shutdown()
        """),
        own_sink.url,
    )
    assert own_sink.names() == {}


def test_an_unsampled_request_has_no_attributes_made(own_sink, run):
    """Nobody would see them. It is counted and timed all the same."""
    run(
        script("""
        from overlap.instrument.requests import server_span_factory
        made = []
        factory = server_span_factory.ServerSpanFactory
        original = factory._attributes
        factory._attributes = lambda *given: made.append(given) or original(*given)
        for _ in range(3):
            assert asyncio.run(ask(path="/meats/1/")) == 200
        assert made == []
        overlap.shutdown()
        """),
        own_sink.url,
        OTEL_TRACES_SAMPLER="always_off",
    )
    assert own_sink.names() == {}
    ((attributes, point),) = own_sink.points("http.server.request.duration")
    assert attributes["http.route"] == "/meats/<int:pk>/"
    assert point.count == 3


def test_a_sampler_may_look_at_the_attributes(own_sink, run):
    """They are there for it as the conventions ask, and for the span once."""
    run(
        script("""
        from opentelemetry import trace
        from opentelemetry.sdk.trace.sampling import Decision, Sampler, SamplingResult
        class Picky(Sampler):
            def should_sample(self, context, trace_id, name, kind, attributes, links, state=None):
                keep = attributes["url.path"] == "/meats/1/" and "http.request.method" in attributes
                return SamplingResult(Decision.RECORD_AND_SAMPLE if keep else Decision.DROP,
                                      attributes)
            def get_description(self):
                return "picky"
        from opentelemetry.instrumentation.django.middleware.otel_middleware import (
            _DjangoMiddleware)
        _DjangoMiddleware._tracer.sampler = Picky()
        for path in ("/meats/1/", "/meats/2/"):
            asyncio.run(ask(path=path))
        overlap.shutdown()
        """),
        own_sink.url,
    )
    assert own_sink.one("GET /meats/<int:pk>/").attributes["url.path"] == "/meats/1/"


def test_metrics_say_the_same_as_the_sdks_own_way(own_sink, run):
    """Old conventions and new: the attributes of the stock instrumentation, the same sums."""
    run(
        script("""
        for path in ("/meats/1/", "/nowhere/", "/boom/"):
            asyncio.run(ask(path=path))
        overlap.shutdown()
        """),
        own_sink.url,
        OTEL_SEMCONV_STABILITY_OPT_IN="http/dup",
    )
    common = {"http.request.method": "GET", "url.scheme": "http"}
    assert [attributes for attributes, _ in own_sink.points("http.server.request.duration")] == [
        common | {"http.route": "/meats/<int:pk>/", "http.response.status_code": 200},
        common | {"http.response.status_code": 404},
        common | {"http.route": "/boom/", "http.response.status_code": 500, "error.type": "500"},
    ]
    assert [attributes for attributes, _ in own_sink.points("http.server.duration")] == [
        {
            "http.method": "GET",
            "http.scheme": "http",
            "http.status_code": 200,
            "http.target": "/meats/<int:pk>/",
        },
        {"http.method": "GET", "http.scheme": "http", "http.status_code": 404},
        {
            "http.method": "GET",
            "http.scheme": "http",
            "http.status_code": 500,
            "http.target": "/boom/",
        },
    ]
    assert sum(p.as_int for _, p in own_sink.points("http.server.active_requests")) == 0


def test_an_unhashable_propagator_is_read_as_any_other(own_sink, run):
    """A project's own may define equality and no hash; the caller's trace goes on."""
    run(
        script("""
        from opentelemetry import propagate
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
        class Own(TraceContextTextMapPropagator):
            __hash__ = None
        propagate.set_global_textmap(Own())
        parent = b"00-" + b"a" * 32 + b"-" + b"b" * 16 + b"-01"
        for _ in "ab":
            assert asyncio.run(ask(headers=[(b"traceparent", parent)])) == 200
        overlap.shutdown()
        """),
        own_sink.url,
    )
    assert [span.trace_id for span in own_sink.named("GET /")] == ["a" * 32] * 2
