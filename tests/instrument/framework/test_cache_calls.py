"""Calls of Django's caches: summed up, a slow one with a span, results and errors unchanged."""

from __future__ import annotations

import pytest


def test_calls_are_added_up_on_the_current_span(recorded):
    """Sync and async, on every backend; an async call that runs a sync one counts once."""
    sink = recorded("""
    from django.core.cache import cache, caches
    from overlap.instrument.framework import cache_calls
    cache_calls.LEAST_S = 60
    async def main():
        with tracer.start_as_current_span("view"):
            cache.set("a", 1)
            assert cache.get("a") == 1
            assert await cache.aget("a") == 1
            assert await cache.aget_many(["a", "b"]) == {"a": 1}
            assert "a" in cache
            assert cache.incr("a") == 2
            await caches["slow"].aset("b", 2)
    asyncio.run(main())
    """)
    view = sink.one("view").attributes
    assert view["overlap.cache.calls"] == 7
    assert view["overlap.cache.duration_ms"] > 0
    assert sink.names() == {"view": 1}


@pytest.mark.parametrize("call", ["caches['slow'].get('a')", "await caches['slow'].aget('a')"])
def test_a_slow_call_is_a_span(recorded, call):
    """With the backend, and not with the key."""
    sink = recorded(f"""
    from django.core.cache import caches
    async def main():
        with tracer.start_as_current_span("view"):
            {call}
    asyncio.run(main())
    """)
    view, span = sink.one("view"), sink.one("cache.get")
    assert span.parent_id == view.span_id
    assert span.attributes["overlap.cache.backend"] == "smokesite.parts.SlowCache"
    assert span.ms >= 20
    assert view.start <= span.start
    assert span.end <= view.end
    assert view.attributes["overlap.cache.calls"] == 1
    assert view.attributes["overlap.cache.duration_ms"] == pytest.approx(span.ms, abs=10)
    assert not {"a"} & set(span.attributes.values())


def test_what_get_or_set_calls_is_no_cache_call(recorded):
    """The project's function runs between `get` and `add`; it is slow, and the cache is not."""
    sink = recorded("""
    from django.core.cache import cache
    with tracer.start_as_current_span("view"):
        assert cache.get_or_set("a", lambda: time.sleep(NAP_S) or 5) == 5
    """)
    assert sink.one("view").attributes["overlap.cache.duration_ms"] < 20
    assert sink.names() == {"view": 1}


def test_a_clients_own_span_is_enough(recorded):
    """Where the driver of a cache is instrumented, a second span would say the same."""
    sink = recorded("""
    from django.core.cache import caches
    from smokesite.parts import SlowCache
    stock = SlowCache.get
    def get(self, *args, **named):
        with tracer.start_as_current_span("GET"):
            return stock(self, *args, **named)
    SlowCache.get = get
    with tracer.start_as_current_span("view"):
        caches["slow"].get("a")
    """)
    assert sink.names() == {"view": 1, "GET": 1}
    assert sink.one("view").attributes["overlap.cache.calls"] == 1


def test_a_block_of_the_loop_is_no_clients_span(recorded):
    """It is made by the watchdog meanwhile, and says something else."""
    sink = recorded("""
    from django.core.cache import caches
    from smokesite.parts import SlowCache
    stock = SlowCache.get
    def get(self, *args, **named):
        tracer.start_span("event_loop.blocked").end()
        return stock(self, *args, **named)
    SlowCache.get = get
    with tracer.start_as_current_span("view"):
        caches["slow"].get("a")
    """)
    assert sink.names() == {"view": 1, "event_loop.blocked": 1, "cache.get": 1}


def test_errors_are_the_backends_own_and_shutdown_restores_it(recorded):
    """And a broken record of ours harms no call."""
    recorded("""
    from django.core.cache import cache, caches
    from django.core.cache.backends.base import BaseCache
    from django.core.cache.backends.locmem import LocMemCache
    from overlap.instrument.framework import cache_calls
    from smokesite.parts import FailingCache
    def broken(*_): raise RuntimeError
    with tracer.start_as_current_span("view"):
        try:
            FailingCache("", {}).get("a")
            raise AssertionError
        except ConnectionError as error:
            assert str(error) == "no server"
        stock, cache_calls._record = cache_calls._record, broken
        cache.set("a", 1)
        assert cache.get("a") == 1
        cache_calls._record = stock
    overlap.shutdown()
    for owner in (BaseCache, LocMemCache):
        for name, method in vars(owner).items():
            assert not hasattr(method, "__wrapped__"), name
    assert cache.get("a") == 1
    """)


def test_outside_of_a_span_nothing_is_recorded(recorded):
    """A management command, or the start of a process."""
    sink = recorded("""
    from django.core.cache import caches
    caches["slow"].get("a")
    """)
    assert sink.names() == {}


def test_calls_of_a_real_redis_are_timed(recorded, broker):
    """Django's own backend, sync and async; a script that Redis runs for 20 ms is a slow one."""
    sink = recorded(
        """
    from django.core.cache import caches
    cache = caches["redis"]
    class Slow(type(cache)):
        def get(self, key, default=None, version=None):
            client = self._cache.get_client(key)
            client.eval("local t = redis.call('TIME') local e = t[1] * 1e6 + t[2] + 20000 "
                        "repeat t = redis.call('TIME') until t[1] * 1e6 + t[2] > e", 0)
            return super().get(key, default, version)
    async def main():
        with tracer.start_as_current_span("view"):
            await cache.aset("a", 1)
            assert await cache.aget("a") == 1
            assert await cache.aget_many(["a", "b"]) == {"a": 1}
            assert cache.get_or_set("b", lambda: 2) == 2
        with tracer.start_as_current_span("slow"):
            assert Slow(os.environ["SITE_REDIS"], {}).get("a") == 1
    asyncio.run(main())
    cache.clear()
    """,
        SITE_REDIS=broker,
    )
    view = sink.one("view")
    assert view.attributes["overlap.cache.calls"] == 6  # get_or_set: get, add, get
    assert view.attributes["overlap.cache.duration_ms"] > 0
    (slow,) = (span for span in sink.named("cache.get") if span.parent_id != view.span_id)
    assert slow.parent_id == sink.one("slow").span_id
    assert (slow.end - slow.start) / 1e6 >= 20
