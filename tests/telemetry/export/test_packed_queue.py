"""What waits in a queue waits as bytes; what can't, as itself; and both arrive."""

import logging

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider

from overlap.telemetry.drops import LOGGER_NAME, Drops
from overlap.telemetry.export.encoding import Packed
from overlap.telemetry.spans import span_pipeline


class Sender:
    """Stands for the HTTP sender of the exporter."""

    def __init__(self):
        self.requests = []
        self.rejected = 0, ""

    def send(self, data):
        self.requests.append(data)
        return ""

    def stop(self):
        pass

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
    delivery = pipeline.exporter.delivery
    delivery.sender.stop()
    delivery.sender = Sender()
    yield provider, batch._batch_processor._queue, delivery, drops
    provider.shutdown()


@pytest.fixture(autouse=True)
def _slowly(monkeypatch):
    monkeypatch.setattr(span_pipeline, "SCHEDULE_DELAY_MS", 60_000)


def _end(provider: TracerProvider, *names: str) -> None:
    for name in names:
        provider.get_tracer("t").start_span(name).end()


def test_spans_wait_as_bytes(queued):
    """Of the span's own objects none is kept."""
    provider, queue, delivery, _ = queued
    _end(provider, "a", "b")
    assert {type(item) for item in queue} == {Packed}
    provider.force_flush()
    assert delivery.sender.names() == ["a", "b"]
    assert len(delivery.sender.requests) == 1


def test_what_can_not_be_packed_is_packed_when_it_is_sent(queued, monkeypatch, caplog):
    """It goes out beside the others."""
    provider, queue, delivery, drops = queued
    monkeypatch.setattr("overlap.telemetry.export.encoding.fixed64", _broken)
    with caplog.at_level(logging.DEBUG, logger=LOGGER_NAME):
        _end(provider, "broken")
    monkeypatch.undo()
    _end(provider, "whole")
    # The SDK's own span where it is not known (see test_quick_span).
    kinds = sorted(type(item).__name__ for item in queue)
    assert kinds in (["Packed", "QuickSpan"], ["Packed", "ReadableSpan"])
    provider.force_flush()
    assert delivery.sender.names() == ["broken", "whole"]
    assert drops.total("traces") == 0
    assert "packed later" in caplog.text


def test_a_batch_that_is_too_large_goes_in_parts(queued, caplog):
    """And one span that is larger than a request may be is lost alone, and said so."""
    provider, _, delivery, drops = queued
    delivery.max_size = 500
    _end(provider, *(f"span {number:100}" for number in range(9)), "huge" * 200)
    provider.force_flush()
    assert len(delivery.sender.names()) == 9
    assert len(delivery.sender.requests) > 1
    assert all(len(data) <= 500 for data in delivery.sender.requests)
    assert drops.total("traces") == 1 or "1 dropped" in caplog.text


def _broken(*_: object) -> Packed:
    raise ValueError("broken")
