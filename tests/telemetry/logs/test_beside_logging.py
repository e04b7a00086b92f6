"""A project's logging stays its own; where it has none, ours applies."""

import pytest


def test_a_logging_setting_stays_as_it_is(own_sink, run):
    """Handlers, formatters, levels and propagation; a logger that does not propagate is seen."""
    run(
        """
        import io, logging, logging.config, overlap
        from django.conf import settings
        overlap.instrument()
        LOGGING = {
            "version": 1, "disable_existing_loggers": False,
            "formatters": {"f": {"format": "MYFMT %(levelname)s %(name)s %(message)s"}},
            "handlers": {
                "c": {"class": "logging.StreamHandler", "formatter": "f", "stream": io.StringIO()},
                "console": {"class": "logging.StreamHandler", "stream": io.StringIO()},
            },
            "loggers": {
                "shop": {"handlers": ["c"], "level": "INFO", "propagate": False},
                "django": {"handlers": ["console"], "level": "INFO"},
            },
            "root": {"handlers": ["c"], "level": "WARNING"},
        }
        settings.LOGGING = LOGGING
        before = logging.lastResort
        from django.core.asgi import get_asgi_application
        get_asgi_application()
        root, shop, django = map(logging.getLogger, (None, "shop", "django"))
        (handler,) = root.handlers
        assert shop.handlers == [handler]
        assert [each.name for each in django.handlers] == ["console"]
        assert logging.lastResort is not before  # the standard library's again
        shop.info("order %s placed", 7)
        logging.getLogger("other").warning("root line")
        logging.getLogger("other").info("not for anybody")
        assert handler.stream.getvalue().splitlines() == [
            "MYFMT INFO shop order 7 placed", "MYFMT WARNING other root line"]
        overlap.shutdown()
        assert root.handlers == [handler]
        """,
        own_sink.url,
    )
    assert [record.body for record in own_sink.logs] == ["order 7 placed", "root line"]


def test_basic_config_after_us_works(own_sink, run):
    """It does nothing where the root logger has a handler: we add none."""
    run(
        """
        import io, logging, overlap
        overlap.instrument()
        assert logging.getLogger().handlers == []
        out = io.StringIO()
        logging.basicConfig(format="MINE %(message)s", stream=out)
        logging.getLogger("shop").warning("low on wood")
        assert out.getvalue() == "MINE low on wood\\n"
        overlap.shutdown()
        """,
        own_sink.url,
    )
    assert [record.body for record in own_sink.logs] == ["low on wood"]


def test_a_root_logger_at_debug_hears_nothing_of_our_exports(own_sink, run):
    """Neither of those that succeed nor of those that fail; of the project's own, everything."""
    run(
        """
        import io, logging, overlap
        from opentelemetry import trace
        out = io.StringIO()
        logging.basicConfig(level=logging.DEBUG, stream=out)
        overlap.instrument()
        trace.get_tracer("t").start_span("one").end()
        from overlap.instrument.setup import active
        active().telemetry.flush()
        logging.getLogger("urllib3.connectionpool").debug("the project's own")
        overlap.shutdown()
        lines = [line for line in out.getvalue().splitlines() if "instrumentation" not in line]
        assert lines == ["DEBUG:urllib3.connectionpool:the project's own"], lines
        """,
        own_sink.url,
    )
    assert own_sink.names() == {"one": 1}


def test_what_a_finalizer_logs_during_an_export_is_the_projects(own_sink, run):
    """The collector may run in the thread that exports, and then asyncio logs a lost task there."""
    run(
        """
        import asyncio, gc, io, logging, threading, overlap
        overlap.instrument()
        from overlap.telemetry.export.own_exports import own_export
        out = io.StringIO()
        logging.basicConfig(format="%(name)s %(message)s", stream=out, level=logging.DEBUG)
        async def wait():
            await asyncio.get_running_loop().create_future()
        def export():
            with own_export():
                gc.collect()
                logging.getLogger("urllib3.connectionpool").debug("POST /v1/traces")
        async def main():
            gc.disable()
            asyncio.create_task(wait())
            await asyncio.sleep(0.01)
            thread = threading.Thread(target=export)
            thread.start()
            thread.join()
        asyncio.run(main())
        lines = [line for line in out.getvalue().splitlines() if not line.startswith("task:")]
        assert "asyncio Task was destroyed but it is pending!" in lines, lines
        assert not [line for line in lines if line.startswith("urllib3")], lines
        overlap.shutdown()
        """,
        own_sink.url,
    )


def test_what_the_sdk_says_in_our_threads_is_not_for_the_projects_log(own_sink, run):
    """A collection that is late; what an instrument of the project's says there is."""
    run(
        """
        import io, logging, threading, overlap
        from opentelemetry import metrics
        from opentelemetry.metrics import Observation
        out = io.StringIO()
        logging.basicConfig(stream=out)
        overlap.instrument()
        observed = threading.Event()
        def observe(_):
            if threading.current_thread() is not threading.main_thread():
                logging.getLogger("opentelemetry.sdk.metrics").warning("late")
                logging.getLogger("shop").warning("stock is low")
                observed.set()
            yield Observation(1)
        metrics.get_meter("shop").create_observable_gauge("stock", [observe])
        assert observed.wait(20)
        overlap.shutdown()
        assert "WARNING:shop:stock is low" in out.getvalue()
        assert "late" not in out.getvalue(), out.getvalue()
        """,
        own_sink.url,
    )


def test_the_projects_own_exporters_may_complain(own_sink, run):
    """The SDK's loggers are silent for our exports alone."""
    run(
        """
        import io, logging, overlap
        out = io.StringIO()
        logging.basicConfig(stream=out)
        overlap.instrument()
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import SimpleSpanProcessor
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(
            OTLPSpanExporter("http://127.0.0.1:9/v1/traces", timeout=1)))
        provider.get_tracer("own").start_span("one").end()
        assert "Failed to export" in out.getvalue() or "Transient" in out.getvalue()
        overlap.shutdown()
        """,
        own_sink.url,
    )


def test_records_of_404_and_500_carry_the_trace(serve, sink, wait_until):
    """Django logs a 404 after all middleware, when the request's span is current no more."""
    server = serve(env={"SITE_DEBUG": "1"})  # else Django shows neither
    assert server.get("/nowhere/").status_code == 404
    assert server.get("/boom/").status_code == 500
    wait_until(lambda: len([r for r in sink.logs if "/boom/" in r.body]), "the record of the 500")
    for path, span in (("/nowhere/", "GET"), ("/boom/", "GET /boom/")):
        (record,) = [each for each in sink.logs if each.body.endswith(f": {path}")]
        assert record.trace_id == sink.one(span).trace_id
        assert server.log.count(sink.one(span).trace_id) >= 1  # our console line has it, too


@pytest.mark.parametrize("debug", [False, True])
def test_without_a_setting_the_same_lines_are_shown_as_without_us(own_sink, run, debug):
    """Django shows what its loggers say with DEBUG alone; from INFO on. All of it is sent."""
    code = f"""
        import io, logging, os, sys
        from django.conf import settings
        sys.stderr = err = io.StringIO()
        settings.DEBUG = {debug}
        def say():
            from django.core.asgi import get_asgi_application
            get_asgi_application()
            logging.getLogger("django.request").error("Internal Server Error: /")
            logging.getLogger("django").info("starting")
            logging.getLogger("django").debug("never shown")
            logging.getLogger("shop").warning("low on wood")
            logging.getLogger("shop").info("never shown")
            return [line for line in err.getvalue().splitlines() if "opentelemetry" not in line]
        """
    run(f"{code}\n        assert len(say()) == {3 if debug else 1}", own_sink.url)
    run(
        code
        + f"""
        import overlap
        overlap.instrument()
        lines = say()
        assert len(lines) == {3 if debug else 1}, lines
        assert all(line.startswith("{{") for line in lines), lines
        overlap.shutdown()
        """,
        own_sink.url,
    )
    said = [record.body for record in own_sink.logs]
    assert "Internal Server Error: /" in said
    assert "low on wood" in said


@pytest.mark.parametrize("log_format", ["", "json", "console"])
def test_a_process_without_standard_error_is_traced(own_sink, run, log_format):
    """As under pythonw, or in a daemon that closed it: lines go nowhere, records are exported."""
    run(
        """
        import logging, sys
        before, sys.stdout, sys.stderr = (sys.stdout, sys.stderr), None, None
        import overlap, structlog
        overlap.instrument()
        from opentelemetry import trace
        with trace.get_tracer("tests").start_as_current_span("daemon"):
            structlog.get_logger().info("lit", wood="oak")
            logging.getLogger("grill").warning("smoke")
            try:
                1 / 0
            except ZeroDivisionError:
                structlog.get_logger().exception("out")
        overlap.shutdown()
        sys.stdout, sys.stderr = before
        """,
        own_sink.url,
        OVERLAP_LOG_FORMAT=log_format,
    )
    assert own_sink.names() == {"daemon": 1}
    bodies = {record.body for record in own_sink.logs}
    assert bodies == {"lit", "smoke", "out"}


def test_a_handler_that_looks_for_the_line_which_logged_finds_it(own_sink, run):
    """Handlers that pass records on to loguru skip the frames of logging; none of ours remains."""
    run(
        """
        import logging, sys, traceback, overlap

        class Intercept(logging.Handler):
            def emit(self, record):
                frame = sys._getframe()
                while frame.f_code.co_filename == logging.__file__ or frame == sys._getframe():
                    frame = frame.f_back
                found.append(frame.f_code.co_name)
                if record.msg == "fails":
                    raise ValueError("no disk")

        found = []
        logging.getLogger().addHandler(Intercept())
        overlap.instrument()

        def shop(message):
            logging.getLogger("shop").warning(message)

        shop("low on wood")
        assert found == ["shop"], found
        try:
            shop("fails")
        except ValueError as error:
            entries = traceback.extract_tb(error.__traceback__)
            assert not [each for each in entries if "overlap" in each.filename], entries
            assert sum(each.line == "self.callHandlers(record)" for each in entries) == 2
        overlap.shutdown()
        """,
        own_sink.url,
    )


def test_a_root_logger_at_debug_hears_nothing_of_what_we_switch_on(own_sink, run):
    """OpenTelemetry's instrumentations say at DEBUG which of their variables are not set."""
    run(
        """
        import logging, overlap
        heard = []
        handler = logging.Handler()
        handler.emit = heard.append
        logging.getLogger().addHandler(handler)
        logging.getLogger().setLevel(logging.DEBUG)
        overlap.instrument()
        overlap.shutdown()
        assert not [each for each in heard if each.name.startswith("opentelemetry")], heard
        logging.getLogger("opentelemetry.instrumentation.django").debug("the project's own")
        assert heard[-1].getMessage() == "the project's own"
        """,
        own_sink.url,
    )


def test_logging_that_is_configured_later_leaves_djangos_lines_as_they_are(own_sink, run):
    """With DEBUG, Django's own console handler shows its line, and the project's another."""
    run(
        """
        import io, logging, sys, overlap
        from django.conf import settings
        settings.DEBUG = True
        sys.stderr = console = io.StringIO()
        overlap.instrument()
        from django.core.asgi import get_asgi_application
        get_asgi_application()
        logging.getLogger("django.request").warning("before")
        assert '"event": "before"' in console.getvalue(), console.getvalue()
        mine = io.StringIO()
        logging.basicConfig(format="MINE %(message)s", stream=mine)
        console.truncate(0)
        console.seek(0)
        logging.getLogger("django.request").warning("after")
        assert console.getvalue() == "after\\n", console.getvalue()
        assert mine.getvalue() == "MINE after\\n", mine.getvalue()
        settings.DEBUG = False
        logging.getLogger("django.request").warning("not for Django's console")
        assert console.getvalue() == "after\\n", console.getvalue()
        overlap.shutdown()
        """,
        own_sink.url,
        OVERLAP_LOG_FORMAT="json",
    )
