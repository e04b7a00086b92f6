"""Memory is bounded, the oldest go first, and what went is counted."""

import secrets

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from overlap import names
from overlap.pocket.storage.search import Query, find
from overlap.pocket.storage.span_batch import take_apart
from overlap.pocket.storage.store import Store

A, B, C = (letter * 16 for letter in (b"a", b"b", b"c"))


def put(store: Store, trace_id: bytes, count: int = 1, **fields) -> int:
    message = ExportTraceServiceRequest()
    block = message.resource_spans.add()
    service = fields.pop("service", "shop")
    block.resource.attributes.add(key=names.SERVICE_NAME).value.string_value = service
    scenario = fields.pop("scenario", "")
    spans = block.scope_spans.add().spans
    for _ in range(count):
        span = spans.add(
            trace_id=trace_id, span_id=secrets.token_bytes(8), **({"name": "work"} | fields)
        )
        if scenario:
            span.attributes.add(key=names.SCENARIO_NAME).value.string_value = scenario
    return store.add(take_apart(message, store.origins))


def test_the_trace_that_came_last_stays():
    """Room is made by the trace that was extended longest ago, whole."""
    store = Store(max_spans=4)
    put(store, A)
    put(store, B, 2)
    put(store, A)
    put(store, C)
    assert [trace.trace_id for trace in store.newest_first()] == [C, A]
    assert (store.spans, store.counts.evicted_traces, store.counts.evicted_spans) == (3, 1, 2)
    assert store.was_dropped(B)
    assert not store.was_dropped(A)


def test_one_trace_never_fills_the_store():
    """A giant trace is cut, counted and told to its sender; the other traces stay."""
    store = Store(max_spans=10)
    put(store, A)
    dropped = put(store, B, 20)
    assert dropped == 15
    assert len(store.get(B).spans) == 5
    assert (store.get(B).dropped, store.counts.overfull) == (15, 15)
    assert store.get(A) is not None


def test_bytes_are_bounded_too():
    """A few large spans push out as many small ones would."""
    store = Store(max_bytes=100_000)
    for _ in range(40):
        put(store, secrets.token_bytes(16), name="x" * 10_000)
    assert store.bytes <= 100_000
    assert store.spans == len(store) < 10
    assert store.spans + store.counts.evicted_spans == 40


def test_what_is_dropped_leaves_nothing_behind():
    """Services, operations, scenarios and byte counts go with the traces they came from."""
    store = Store(max_spans=4)
    put(store, A, 2, service="old", scenario="burn")
    put(store, B, 2, service="new")
    put(store, B, service="new")
    put(store, C, service="new")
    assert store.services() == ["new"]
    assert store.operations("old") == []
    assert store.of_scenario("burn") is None
    assert len(store.origins._known) == 1
    assert store.bytes == store.get(B).size + store.get(C).size


def test_duplicates_are_kept_as_they_come():
    """Mending is the judge's work, so that what was mended can be told."""
    store = Store()
    message = ExportTraceServiceRequest()
    message.resource_spans.add().scope_spans.add().spans.add(trace_id=A, span_id=b"s" * 8)
    for _ in range(2):
        store.add(take_apart(message, store.origins))
    assert len(store.get(A).spans) == 2


def test_the_last_trace_of_a_scenario_is_its_picture():
    """Late spans of an older play do not take the place of a newer one."""
    store = Store()
    put(store, A, scenario="burn", start_time_unix_nano=10)
    put(store, B, scenario="burn", start_time_unix_nano=20)
    put(store, A, start_time_unix_nano=15)
    assert store.of_scenario("burn").trace_id == B


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (Query(), [B, A]),
        (Query(service="shop"), [A]),
        (Query(service="shop", operation="pay"), [A]),
        (Query(service="shop", operation="bake"), []),
        (Query(depth=1), [B]),
        (Query(start_min=150), [B]),
        (Query(start_max=150), [A]),
        (Query(start_min=101, start_max=199), []),
        (Query(duration_min=50), [B]),
        (Query(duration_max=50), [A]),
        (Query(attributes={names.SERVICE_NAME: "oven"}), [B]),
        (Query(attributes={names.SERVICE_NAME: "none"}), []),
        (Query(attributes={"error": "true"}), []),
    ],
)
def test_search(query, found):
    """A trace is found, newest first, if one span of it fits in every respect."""
    store = Store()
    put(store, A, name="pay", start_time_unix_nano=100, end_time_unix_nano=110)
    put(store, B, service="oven", name="bake", start_time_unix_nano=200, end_time_unix_nano=300)
    assert [trace.trace_id for trace in find(store.newest_first(), query)] == found
