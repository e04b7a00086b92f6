"""How long each sync middleware took itself, on the server span."""

from __future__ import annotations

import textwrap

DRIVER = """
import asyncio, overlap
overlap.instrument()
import django
django.setup()
from django.test import AsyncClient
def ask(*paths):
    async def main():
        return [(await AsyncClient().get(path)).status_code for path in paths]
    return asyncio.run(main())
"""
MIDDLEWARE = (
    "smokesite.middleware.sync_only smokesite.middleware.not_used "
    "smokesite.middleware.slow_sync smokesite.middleware.Touchy"
)


def play(run, sink, code, middleware=MIDDLEWARE):
    run(DRIVER + textwrap.dedent(code), sink.url, SITE_MIDDLEWARE=middleware)


def test_each_has_its_own_time(own_sink, run):
    """In the order of their names; what is inside them is not counted."""
    play(
        run,
        own_sink,
        """
        assert ask("/slow/") == [200]
        overlap.shutdown()
        """,
    )
    span = own_sink.one("GET /slow/")
    assert span.attributes["overlap.sync_middleware"] == [
        "smokesite.middleware.sync_only",
        "smokesite.middleware.slow_sync",
    ]
    quick, slow = span.attributes["overlap.sync_middleware.duration_ms"]
    assert 20 <= slow < span.ms - 490  # the view sleeps for half a second
    assert 0 < quick < slow
    # The outermost runs in the thread, and is called by its own name.
    assert span.attributes["overlap.thread.functions"].endswith(
        " smokesite.middleware.sync_only.<locals>.middleware"
    )


def test_async_middleware_alone_has_none(own_sink, run):
    """Nothing is wrapped then."""
    play(
        run,
        own_sink,
        """
        assert ask("/") == [200]
        overlap.shutdown()
        """,
        "smokesite.middleware.Touchy",
    )
    assert "overlap.sync_middleware.duration_ms" not in own_sink.one("GET /").attributes


def test_what_fails_in_ours_harms_no_request(own_sink, run):
    """Nor does an exception of a view go elsewhere than to the middleware."""
    play(
        run,
        own_sink,
        """
        from overlap.instrument.requests import middleware_times
        def broken(*_): raise RuntimeError
        middleware_times.MiddlewareTimes._record = middleware_times._leave = broken
        assert ask("/", "/nowhere/") == [200, 404]
        overlap.shutdown()
        from django.core.handlers import base
        assert base.convert_exception_to_response.__module__ == "django.core.handlers.exception"
        """,
    )
    assert "overlap.sync_middleware.duration_ms" not in own_sink.one("GET /").attributes
