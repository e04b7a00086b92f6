"""Nothing of one test is seen in another: in this order."""

import logging
import threading

import pytest
from django.conf import settings
from django.core.handlers.base import BaseHandler
from opentelemetry import metrics, trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult


class Kept(SpanExporter):
    """The project's own telemetry."""

    def __init__(self):
        self.names = []

    def export(self, spans):
        self.names += [span.name for span in spans]
        return SpanExportResult.SUCCESS


KEPT = Kept()
PROVIDER = TracerProvider()
PROVIDER.add_span_processor(SimpleSpanProcessor(KEPT))
STOCK = {name: getattr(BaseHandler, name) for name in dir(BaseHandler) if not name.startswith("__")}
HANDLERS = list(logging.getLogger().handlers)


@pytest.fixture(scope="module", autouse=True)
def own_telemetry():
    """A provider that was there first."""
    trace.set_tracer_provider(PROVIDER)


def unchanged():
    now = {name: getattr(BaseHandler, name) for name in STOCK}
    assert now == STOCK
    assert settings.MIDDLEWARE == ["django.middleware.common.CommonMiddleware"]
    assert trace.get_tracer_provider() is PROVIDER
    assert metrics._internal._METER_PROVIDER is None
    assert [each.name for each in threading.enumerate() if "overlap" in each.name] == []


def test_recorded(traced, client):
    with trace.get_tracer("project's own").start_as_current_span("outer"):
        PROVIDER.get_tracer("made before").start_span("foreign").end()
        client.get("/plain/")
    assert {span.name for span in traced.trace.spans} == {"outer", "foreign", "GET /plain/"}
    assert KEPT.names == []


def test_not_recorded(client):
    unchanged()
    with PROVIDER.get_tracer("made before").start_as_current_span("sent"):
        client.get("/checkout/")
    assert "sent" in KEPT.names
    assert "GET /checkout/" not in KEPT.names


@pytest.mark.parametrize("number", range(5))
def test_again(traced, client, number):
    client.get("/checkout/")
    assert [seen.name for seen in traced.traces] == ["GET /checkout/"]
    assert {span.name for span in traced.trace.spans} == {"GET /checkout/", "stock", "price"}


def test_in_the_end(request):
    unchanged()
    assert logging.getLogger().handlers[: len(HANDLERS)] == HANDLERS
