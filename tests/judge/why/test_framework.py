"""What a verdict says about Django's own parts: many short calls, and sync middleware."""

from __future__ import annotations

import pytest

from overlap import names, verdict


def said(span, *children, **attributes):
    """Return the sentences about a request of 200 ms with these attributes."""
    request = span("1", "GET /", 0, 200, kind="server", attributes=attributes)
    found = [reason.text for reason in verdict([request, *children]).why]
    return [text for text in found if " took " in text]


@pytest.mark.parametrize(
    ("calls", "duration", "text"),
    [
        (names.CACHE_CALLS, names.CACHE_MS, "12 cache calls"),
        (names.TEMPLATE_RENDERS, names.TEMPLATE_MS, "12 renderings of templates"),
        (names.RECEIVERS_CALLS, names.RECEIVERS_MS, "12 sync receivers"),
    ],
)
def test_many_short_calls_are_one_sentence(span, calls, duration, text):
    """If they are a tenth of their span."""
    assert said(span, **{calls: 12, duration: 80.0}) == [
        f"{text} took 80 of 200 ms of the response"
    ]
    assert said(span, **{calls: 12, duration: 19.0}) == []
    assert said(span, **{calls: 1, duration: 80.0}) == []


@pytest.mark.parametrize(
    ("duration", "what"),
    [
        (names.DB_CONNECT_MS, "connecting to the database"),
        (names.DB_COMMIT_MS, "COMMIT"),
        (names.DB_ROLLBACK_MS, "ROLLBACK"),
    ],
)
def test_what_a_connection_takes_beside_its_queries_is_said(span, duration, what):
    """With CONN_MAX_AGE=0 each request connects."""
    assert said(span, **{duration: 110.0}) == [f"{what} took 110 of 200 ms of the response"]
    assert said(span, **{duration: 4.0}) == []
    assert said(span, **{duration: 1e9}) == []


def test_what_has_a_span_is_not_said_again(span):
    """Of eighty milliseconds in caches, seventy have a span."""
    slow = span("2", "cache.get", 10, 80, "1", attributes={names.CACHE_BACKEND: "a.Cache"})
    assert said(span, slow, **{names.CACHE_CALLS: 12, names.CACHE_MS: 80.0}) == []


@pytest.mark.parametrize("in_thread", [False, True])
def test_slow_receivers_are_named_together(span, in_thread):
    """asend runs the sync ones in one thread, which the order of the spans alone does not say."""
    slow = [
        span(str(n), "signal.receiver", at, at + 50, "1", attributes={names.CODE_FUNCTION_NAME: f})
        for n, at, f in ((2, 10, "shop.bake"), (3, 60, "shop.cool"))
    ]
    attributes = {names.RECEIVERS_IN_THREAD: ["shop.bake", "shop.cool"]} if in_thread else {}
    (found,) = said(span, *slow, **attributes)
    assert found.startswith(
        "the sync receivers shop.bake and shop.cool took 100 of 200 ms of the response"
    )
    assert found.endswith("asend runs all sync receivers of a signal so") == in_thread


def test_a_slow_sync_middleware_is_named(span):
    """Each has a time, in the order of their names."""
    found = said(
        span,
        **{names.SYNC_MIDDLEWARE: ["a.Quick", "b.Slow"], names.SYNC_MIDDLEWARE_MS: [0.2, 30.0]},
    )
    assert found == ["the sync middleware b.Slow took 30 of 200 ms of the response"]


@pytest.mark.parametrize("times", ["text", 3, [], ["x"], [float("nan")], [1e12], [True]])
def test_times_that_cannot_be_say_nothing(span, times):
    """Whatever a trace from elsewhere holds there."""
    attributes = {names.SYNC_MIDDLEWARE: ["a.Slow"], names.SYNC_MIDDLEWARE_MS: times}
    assert said(span, **attributes) == []
