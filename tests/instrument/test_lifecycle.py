"""instrument() and shutdown(): on once, and everything given back."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

SITE = Path(__file__).parent / "site"


def run(code, endpoint):
    """Run a script in a process of its own, as instrumentation is the process's."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(code)],
        cwd=SITE,
        env={
            "DJANGO_SETTINGS_MODULE": "smokesite.settings",
            "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint,
            "PYTHONPATH": str(SITE),
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done


def test_shutdown_gives_everything_back(sink, serve):
    """Settings, handlers, structlog, classes, providers and threads are as they were."""
    run(
        """
        import logging, threading, structlog, httpx
        from django.conf import settings
        from django.core.asgi import get_asgi_application
        from django.core.handlers.asgi import ASGIHandler
        from django.core.handlers.base import BaseHandler
        from django.core.signals import got_request_exception
        from opentelemetry import metrics, trace
        import overlap

        get_asgi_application()
        def state():
            return (
                list(settings.MIDDLEWARE), list(logging.getLogger().handlers),
                list(logging.getLogger("django").handlers), structlog.is_configured(),
                ASGIHandler.__call__, BaseHandler.load_middleware,
                len(got_request_exception.receivers), type(trace.get_tracer_provider()),
                type(metrics.get_meter_provider()), httpx.HTTPTransport.handle_request,
                {t.name for t in threading.enumerate()},
            )
        before = state()
        for _ in range(2):
            overlap.instrument()
            overlap.instrument()
            assert len(settings.MIDDLEWARE) == len(before[0]) + 1
            assert state() != before
            with trace.get_tracer("t").start_as_current_span("round"):
                pass
            overlap.shutdown()
            overlap.shutdown()
            assert state() == before, [p for p in zip(state(), before) if p[0] != p[1]]
        """,
        sink.url,
    )
    assert sink.names() == {"round": 2}


def test_the_end_of_the_process_flushes(sink, serve):
    """Without shutdown(), what is queued goes out at exit."""
    run(
        """
        import overlap
        from opentelemetry import trace
        overlap.instrument(service_name="brief")
        trace.get_tracer("t").start_span("last words").end()
        """,
        sink.url,
    )
    span = sink.one("last words")
    assert span.resource["service.name"] == "brief"
    assert span.attributes["thread.name"] == "MainThread"


def test_disabled_it_does_nothing(sink, serve):
    """OTEL_SDK_DISABLED switches the instrument off, and spawn still runs."""
    run(
        """
        import asyncio, os, threading
        os.environ["OTEL_SDK_DISABLED"] = "true"
        import overlap
        overlap.instrument()
        async def work(): return 1
        async def main(): return await overlap.spawn(work())
        assert asyncio.run(main()) == 1
        assert threading.active_count() == 1
        """,
        sink.url,
    )
    assert sink.requests == 0


def test_a_loop_that_ends_without_lifespan_writes_its_tasks_off(sink, serve):
    """A task on a loop that is stopped and never closed is recorded as lost at exit."""
    run(
        """
        import asyncio, overlap
        overlap.instrument()
        loop = asyncio.new_event_loop()
        async def work(): await asyncio.sleep(60)
        async def main(): overlap.spawn(work(), name="forgotten")
        loop.run_until_complete(main())
        overlap.shutdown()
        import os; os._exit(0)
        """,
        sink.url,
    )
    assert sink.one("forgotten").attributes["overlap.task.end"] == "lost"
