"""instrument() and shutdown(): on once, and everything given back."""

from __future__ import annotations


def test_shutdown_gives_everything_back(own_sink, run):
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
        own_sink.url,
    )
    assert own_sink.names() == {"round": 2}


def test_shutdown_returns_djangos_console_handler_on_every_python(own_sink, run):
    """Current Pythons replace a logger's list of handlers at removeHandler()."""
    run(
        """
        import logging

        def remove_handler(self, handler):
            self.handlers = [each for each in self.handlers if each is not handler]

        logging.Logger.removeHandler = remove_handler
        from django.core.asgi import get_asgi_application
        import overlap

        get_asgi_application()
        django = logging.getLogger("django")
        before = list(django.handlers)
        assert "console" in [handler.name for handler in before]
        overlap.instrument()
        assert "console" not in [handler.name for handler in django.handlers]
        overlap.shutdown()
        assert list(django.handlers) == before
        """,
        own_sink.url,
    )


def test_the_end_of_the_process_flushes(own_sink, run):
    """Without shutdown(), what is queued goes out at exit."""
    run(
        """
        import overlap
        from opentelemetry import trace
        overlap.instrument(service_name="brief")
        trace.get_tracer("t").start_span("last words").end()
        """,
        own_sink.url,
    )
    span = own_sink.one("last words")
    assert span.resource["service.name"] == "brief"
    assert span.attributes["thread.name"] == "MainThread"


def test_disabled_it_does_nothing(own_sink, run):
    """OTEL_SDK_DISABLED switches the instrument off, and spawn still runs."""
    run(
        """
        import asyncio, os, threading
        os.environ["OTEL_SDK_DISABLED"] = "true"
        import io, logging, overlap
        out = io.StringIO()
        logging.basicConfig(stream=out)
        overlap.instrument()
        assert "OTEL_SDK_DISABLED is true: Overlap is off" in out.getvalue()
        async def work(): return 1
        async def main(): return await overlap.spawn(work())
        assert asyncio.run(main()) == 1
        assert threading.active_count() == 1
        """,
        own_sink.url,
    )
    assert own_sink.requests == 0


def test_a_loop_that_is_never_closed_writes_its_tasks_off(own_sink, run):
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
        own_sink.url,
    )
    assert own_sink.one("forgotten").attributes["overlap.task.end"] == "lost"


def test_tracers_that_are_kept_work_after_a_new_start(own_sink, run):
    """A module's own tracer, taken before the first instrument(), is not bound to its end."""
    run(
        """
        from opentelemetry import trace
        tracer = trace.get_tracer("module")
        import overlap
        for number in range(3):
            overlap.instrument()
            tracer.start_span(f"round {number}").end()
            overlap.shutdown()
            tracer.start_span("nobody listens").end()
        """,
        own_sink.url,
    )
    assert own_sink.names() == {"round 0": 1, "round 1": 1, "round 2": 1}


def test_the_end_stops_requests_under_way(own_sink, run):
    """shutdown() within a request: its span is sent, and says why it ended."""
    run(
        """
        import asyncio, overlap
        from django.core.asgi import get_asgi_application
        overlap.instrument()
        app = get_asgi_application()
        async def main():
            async def receive():
                if first: return first.pop()
                await asyncio.sleep(60)
            async def send(message): pass
            first = [{"type": "http.request"}]
            scope = {"type": "http", "method": "GET", "path": "/wait/", "headers": []}
            request = asyncio.create_task(app(scope, receive, send))
            from overlap.instrument.requests.server_span import IN_FLIGHT
            while not IN_FLIGHT:
                await asyncio.sleep(0.01)
            await asyncio.to_thread(overlap.shutdown)
            await request
        asyncio.run(main())
        """,
        own_sink.url,
    )
    span = own_sink.one("GET /wait/")
    assert span.attributes["error.type"] == "server.stopped"


def test_instrument_can_be_called_whatever_was_imported_before(own_sink, run):
    """The function and the package share a name; `overlap.spawn` imports the package."""
    run(
        """
        import overlap, overlap.instrument.tasks.spawn
        overlap.spawn
        overlap.instrument(service_name="called")
        from opentelemetry import trace
        trace.get_tracer("t").start_span("here").end()
        overlap.shutdown()
        """,
        own_sink.url,
    )
    assert own_sink.one("here").resource["service.name"] == "called"


def test_a_settings_module_may_call_instrument_while_the_asgi_module_does(own_sink, run):
    """The first to finish counts: the settings module's arguments apply, and nothing hangs."""
    run(
        """
        import os, sys, faulthandler
        from importlib.machinery import ModuleSpec
        faulthandler.dump_traceback_later(20, exit=True)

        class Settings:
            def find_spec(self, name, *_):
                return ModuleSpec(name, self) if name == "late_settings" else None
            def create_module(self, spec):
                return None
            def exec_module(self, module):
                import overlap
                module.SECRET_KEY, module.MIDDLEWARE = "x" * 50, []
                module.ROOT_URLCONF = "smokesite.urls"
                overlap.instrument(service_name="by-settings")

        from django.conf import settings
        assert not settings.configured
        sys.meta_path.insert(0, Settings())
        os.environ["DJANGO_SETTINGS_MODULE"] = "late_settings"
        import overlap
        overlap.instrument(service_name="by-asgi")
        from django.conf import settings
        assert len(settings.MIDDLEWARE) == 1, settings.MIDDLEWARE
        from opentelemetry.trace import get_tracer
        get_tracer("t").start_span("one").end()
        overlap.shutdown()
        assert settings.MIDDLEWARE == []
        """,
        own_sink.url,
        OTEL_SERVICE_NAME="",
    )
    assert own_sink.names() == {"one": 1}
    assert {span.resource["service.name"] for span in own_sink.spans} == {"by-settings"}


def test_what_is_switched_on_may_call_instrument_itself(own_sink, run):
    """A module that an instrumentation imports: the second call does nothing, at once."""
    run(
        """
        import faulthandler, overlap
        from overlap.instrument.calls import installed_instrumentors as installed
        faulthandler.dump_traceback_later(20, exit=True)
        calls, stock = [], installed.metadata.entry_points
        def entry_points(**named):
            calls.append(overlap.instrument())
            return stock(**named)
        installed.metadata.entry_points = entry_points
        overlap.instrument()
        assert calls == [None]
        overlap.shutdown()
        """,
        own_sink.url,
    )
