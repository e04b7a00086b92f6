"""What waits in a queue waits as bytes; what can't, as itself; and both arrive."""

import logging
from types import SimpleNamespace

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider

from overlap.telemetry.drops import LOGGER_NAME, Drops
from overlap.telemetry.export import packed_queue
from overlap.telemetry.export.encoding import Packed
from overlap.telemetry.spans import span_pipeline


class Client:
    """Stands for the exporter's HTTP client."""

    def __init__(self):
        self.requests = []

    def export(self, data):
        self.requests.append(data)
        return SimpleNamespace(success=True)

    def names(self):
        found = []
        for data in self.requests:
            for of_resource in ExportTraceServiceRequest.FromString(data).resource_spans:
                for of_scope in of_resource.scope_spans:
                    found += [span.name for span in of_scope.spans]
        return sorted(found)


@pytest.fixture
def queued():
    """A provider that sends to a client of ours; nothing is sent before its flush."""
    drops = Drops()
    resource = Resource({"service.name": "s"})
    pipeline = span_pipeline.SpanPipeline(drops, [])
    provider, batch = pipeline.make_provider(resource), pipeline.batch
    inner = pipeline.exporter._inner
    stock, inner._client = inner._client, Client()
    yield provider, batch._batch_processor._queue, inner, drops
    inner._client = stock
    provider.shutdown()


@pytest.fixture(autouse=True)
def _slowly(monkeypatch):
    monkeypatch.setattr(span_pipeline, "SCHEDULE_DELAY_MS", 60_000)


def _end(provider: TracerProvider, *names: str) -> None:
    for name in names:
        provider.get_tracer("t").start_span(name).end()


def test_spans_wait_as_bytes(queued):
    """Of the span's own objects none is kept."""
    provider, queue, inner, _ = queued
    _end(provider, "a", "b")
    assert {type(item) for item in queue} == {Packed}
    provider.force_flush()
    assert inner._client.names() == ["a", "b"]
    assert len(inner._client.requests) == 1


def test_what_can_not_be_packed_is_left_to_the_sdk(queued, monkeypatch, caplog):
    """It goes out beside the others."""
    provider, queue, inner, drops = queued
    monkeypatch.setattr("overlap.telemetry.export.encoding.fixed64", _broken)
    with caplog.at_level(logging.DEBUG, logger=LOGGER_NAME):
        _end(provider, "broken")
    monkeypatch.undo()
    _end(provider, "whole")
    assert sorted(type(item).__name__ for item in queue) == ["Packed", "QuickSpan"]
    provider.force_flush()
    assert inner._client.names() == ["broken", "whole"]
    assert drops.total("traces") == 0
    assert "left to the SDK" in caplog.text


def test_a_batch_that_is_too_large_goes_in_parts(queued, caplog):
    """And one span that is larger than a request may be is lost alone, and said so."""
    provider, _, inner, drops = queued
    inner._max_request_size = 500
    _end(provider, *(f"span {number:100}" for number in range(9)), "huge" * 200)
    provider.force_flush()
    assert len(inner._client.names()) == 9
    assert len(inner._client.requests) > 1
    assert all(len(data) <= 500 for data in inner._client.requests)
    assert drops.total("traces") == 1 or "1 dropped" in caplog.text


def test_the_sdk_counts_itself_where_it_is_asked_to(monkeypatch):
    """Its own metrics of its exports are made in its own exporter."""
    monkeypatch.setenv(packed_queue.OTEL_PYTHON_SDK_INTERNAL_METRICS_ENABLED, "true")
    inner = SimpleNamespace(emit=print)
    packed_queue.pack_early(SimpleNamespace(_batch_processor=inner), _broken)
    assert inner.emit is print


def _broken(*_: object) -> Packed:
    raise ValueError("broken")
