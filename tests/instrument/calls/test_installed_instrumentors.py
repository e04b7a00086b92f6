"""Installed OpenTelemetry instrumentations are switched on, each guarded, and off again."""

from __future__ import annotations

import textwrap

DRIVER = """
import importlib.metadata, os, sys, types
from opentelemetry.instrumentation.instrumentor import BaseInstrumentor

class Kitchen(BaseInstrumentor):
    seen = []
    def instrumentation_dependencies(self): return getattr(self, "wants", [])
    def _instrument(self, **_): self.seen.append("on")
    def _uninstrument(self, **_): self.seen.append("off")

class Broken(Kitchen):
    seen = []
    def _instrument(self, **_): raise RuntimeError("no")

class Elsewhere(Kitchen):
    seen, wants = [], ["a-library-that-is-not-here >= 1"]

class Older(Kitchen):
    seen, wants = [], ["httpx < 0.1"]

class logging(Kitchen):
    seen = []

module = types.ModuleType("kitchen_instrumentation")
vars(module).update(
    Kitchen=Kitchen, Broken=Broken, Elsewhere=Elsewhere, Older=Older, logging=logging
)
sys.modules[module.__name__] = module
stock = importlib.metadata.entry_points
def entry_points(**wanted):
    if wanted.get("group") != "opentelemetry_instrumentor": return stock(**wanted)
    made = [
        importlib.metadata.EntryPoint(name, f"kitchen_instrumentation:{name}", wanted["group"])
        for name in ("Broken", "Elsewhere", "Older", "logging", "Missing", "Kitchen")
    ]
    return [*made, importlib.metadata.EntryPoint("absent", "not_a_module:It", wanted["group"])]
importlib.metadata.entry_points = entry_points
import overlap
"""


def script(code):
    return DRIVER + textwrap.dedent(code)


def test_what_is_installed_is_switched_on_and_off(own_sink, run):
    """One that fails, lacks its library or doubles what we do is left out; the others go on."""
    run(
        script("""
        overlap.instrument()
        assert Kitchen.seen == ["on"], Kitchen.seen
        assert Broken.seen == Elsewhere.seen == logging.seen == []
        overlap.shutdown()
        assert Kitchen.seen == ["on", "off"], Kitchen.seen
        """),
        own_sink.url,
    )


def test_a_version_that_is_not_supported_is_one_line(own_sink, run):
    """It says which version is needed and which one is there; a missing library says nothing."""
    run(
        script(
            """
        lines = []
        import logging as log
        class Keep(log.Handler):
            def emit(self, record): lines.append(record.getMessage())
        log.getLogger("overlap.instrument.calls").addHandler(Keep())
        overlap.instrument()
        overlap.shutdown()
        assert Older.seen == []
        (line,) = [each for each in lines if "Older" in each or "Elsewhere" in each]
        assert line.startswith("Older is not instrumented"), line
        assert "httpx < 0.1" in line and httpx_version in line, line
        """.replace("lines = []", "lines, httpx_version = [], __import__('httpx').__version__")
        ),
        own_sink.url,
    )


def test_what_the_environment_disables_stays_off(own_sink, run):
    """By name, all of them, or by our own setting; httpx as well."""
    run(
        script("""
        import httpx
        before = httpx.HTTPTransport.handle_request
        for variable, value in (
            ("OTEL_PYTHON_DISABLED_INSTRUMENTATIONS", "redis, Kitchen,httpx"),
            ("OTEL_PYTHON_DISABLED_INSTRUMENTATIONS", "*"),
            ("OVERLAP_INSTRUMENTORS", "0"),
        ):
            os.environ[variable] = value
            overlap.instrument()
            assert variable == "OVERLAP_INSTRUMENTORS" or (
                httpx.HTTPTransport.handle_request is before
            )
            overlap.shutdown()
            del os.environ[variable]
            assert Kitchen.seen == [], (variable, value)
        """),
        own_sink.url,
    )


def test_a_drivers_instrumentation_makes_no_second_span_of_a_query(own_sink, run):
    """Inside a query of Django's it is suppressed; elsewhere it works."""
    run(
        script("""
        from opentelemetry.instrumentation.utils import is_instrumentation_enabled
        module.sqlite3 = type("sqlite3", (Kitchen,), {"seen": []})
        importlib.metadata.entry_points = lambda **wanted: [
            importlib.metadata.EntryPoint("sqlite3", "kitchen_instrumentation:sqlite3", "any")
        ]
        overlap.instrument()
        import django; django.setup()
        from django.db import connection
        from opentelemetry import trace
        enabled = []
        def spy(execute, *args):
            enabled.append(is_instrumentation_enabled())
            return execute(*args)
        def ask():
            with trace.get_tracer("t").start_as_current_span("view"):
                enabled.append(is_instrumentation_enabled())
                with connection.cursor() as cursor, connection.execute_wrapper(spy):
                    cursor.execute("SELECT 1")
        ask()
        assert enabled == [True, False], enabled
        overlap.shutdown()
        """),
        own_sink.url,
    )
    assert own_sink.names() == {"view": 1, "SELECT": 1}


def test_what_the_project_switched_on_stays_its_own(own_sink, run):
    """It is neither switched on twice nor off at our end."""
    run(
        script("""
        Kitchen().instrument()
        overlap.instrument()
        overlap.shutdown()
        assert Kitchen.seen == ["on"], Kitchen.seen
        """),
        own_sink.url,
    )
