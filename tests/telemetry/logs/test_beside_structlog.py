"""A project's structlog configuration stays its own, set before us or after us."""

import pytest

PROJECT = """
import io, logging, structlog

out = io.StringIO()

class Audit(structlog.BoundLogger):
    def audit(self, event, **kw):
        return self.info(event, audit=True, **kw)

def redact(logger, method, event):
    if "card" in event:
        event["card"] = "****"
    return event

def drop_debug(logger, method, event):
    if method == "debug":
        raise structlog.DropEvent
    return event

renderer = structlog.processors.KeyValueRenderer(key_order=["event"])
processors = [drop_debug, structlog.processors.add_log_level, redact, renderer]
factory = structlog.PrintLoggerFactory(out)

def configure():
    structlog.configure(
        processors=processors, logger_factory=factory, wrapper_class=Audit,
        cache_logger_on_first_use=True,
    )
"""
CHECK = """
from opentelemetry import trace

log = structlog.get_logger()
with trace.get_tracer("t").start_as_current_span("pay"):
    log.debug("not for anybody")
    log.info("paid", card="4111 1111")
    log.audit("refund", n=1)
assert out.getvalue().splitlines() == [
    "event='paid' card='****' level='info'", "event='refund' audit=True n=1 level='info'",
], out.getvalue()
config = structlog.get_config()
assert config["wrapper_class"] is Audit
assert config["logger_factory"] is factory
ours = [each for each in config["processors"] if each not in (
    drop_debug, structlog.processors.add_log_level, redact, renderer)]
assert len(ours) == 1
assert list(config["processors"]).index(ours[0]) == 3
overlap.shutdown()
assert structlog.get_config()["processors"] == [
    drop_debug, structlog.processors.add_log_level, redact, renderer]
assert structlog.get_config()["wrapper_class"] is Audit
"""


@pytest.mark.parametrize(
    "order",
    [
        "configure(); import overlap; overlap.instrument()",
        "import overlap; overlap.instrument(); configure()",
        "import overlap; overlap.instrument(); configure(); configure()",
        "import overlap; overlap.instrument(); structlog.is_configured() or configure()",
        "import overlap; overlap.instrument(); structlog.configure_once(processors=processors); "
        "configure()",
    ],
)
def test_a_configuration_stays_and_is_seen(own_sink, run, order):
    """Wrapper class, factory, processors and renderer stay; the event is sent as redacted."""
    run(f"{PROJECT}\n{order}\n{CHECK}", own_sink.url)
    span = own_sink.one("pay")
    assert [name for name, _ in span.events] == ["paid", "refund"]
    assert span.events[0][1] == {"card": "****"}
    assert [record.body for record in own_sink.logs] == ["paid", "refund"]
    assert own_sink.logs[0].attributes["card"] == "****"
    assert {record.trace_id for record in own_sink.logs} == {span.trace_id}


def test_a_logger_that_was_cached_before_us_is_seen(own_sink, run):
    """It holds the very list of processors that was configured then."""
    run(
        PROJECT + "configure()\nlog = structlog.get_logger().bind()\nlog.info('early')\n"
        "import overlap; overlap.instrument()\nlog.info('late')\noverlap.shutdown()",
        own_sink.url,
    )
    assert [record.body for record in own_sink.logs] == ["late"]


def test_what_a_project_leaves_out_is_structlogs_default(own_sink, run):
    """`configure(wrapper_class=…)` alone, after us: no part of our configuration stays."""
    run(
        """
        import structlog
        defaults = structlog.get_config()
        import overlap
        overlap.instrument()
        class Mine(structlog.BoundLogger): pass
        structlog.configure(wrapper_class=Mine)
        config = structlog.get_config()
        assert config["wrapper_class"] is Mine
        assert config["logger_factory"] is defaults["logger_factory"]
        assert [type(each) for each in config["processors"] if "overlap" not in
                type(each).__module__] == [type(each) for each in defaults["processors"]]
        overlap.shutdown()
        assert structlog.get_config()["wrapper_class"] is Mine
        """,
        own_sink.url,
    )


def test_an_event_that_logging_shows_is_one_record(own_sink, run):
    """structlog on top of logging: its line makes a record, which is not sent again."""
    run(
        """
        import logging, structlog, overlap
        logging.basicConfig(level=logging.INFO)
        overlap.instrument()
        structlog.configure(
            processors=[structlog.stdlib.filter_by_level, structlog.processors.JSONRenderer()],
            logger_factory=structlog.stdlib.LoggerFactory(),
            wrapper_class=structlog.stdlib.BoundLogger,
        )
        structlog.get_logger("shop").info("once", n=1)
        structlog.get_logger("shop").debug("never")
        logging.getLogger("shop").info("plain")
        structlog.wrap_logger(logging.getLogger("own"), processors=[
            structlog.processors.KeyValueRenderer()]).info("by itself")
        overlap.shutdown()
        """,
        own_sink.url,
    )
    assert [record.body for record in own_sink.logs] == ["once", "plain", "event='by itself'"]
    assert own_sink.logs[0].attributes["n"] == 1


def test_what_a_formatters_processor_hides_is_hidden(own_sink, run):
    """With ProcessorFormatter the renderer, and what stands before it, are the handler's."""
    run(
        """
        import logging, structlog, overlap
        def redact(logger, method, event):
            assert event["_record"].name == "shop"
            event["card"] = "****"
            return event
        formatter = structlog.stdlib.ProcessorFormatter(processors=[
            redact, structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.JSONRenderer()])
        handler = logging.StreamHandler()
        handler.setFormatter(formatter)
        logging.basicConfig(level=logging.INFO, handlers=[handler])
        structlog.configure(
            processors=[structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
            logger_factory=structlog.stdlib.LoggerFactory(),
        )
        overlap.instrument()
        structlog.get_logger("shop").info("paid", card="4111 1111")
        overlap.shutdown()
        """,
        own_sink.url,
    )
    (record,) = own_sink.logs
    assert record.body == "paid"
    assert record.attributes == {"card": "****"}


OPENTELEMETRYS = """
import structlog, overlap
from opentelemetry import trace
from opentelemetry._logs import LogRecord, get_logger_provider

class StructlogProcessor:  # as opentelemetry-instrumentation-structlog's (tests/package has that)
    def __init__(self):
        self._logger_provider = get_logger_provider()

    def __call__(self, logger, method, event):
        theirs = self._logger_provider.get_logger("theirs")
        theirs.emit(LogRecord(body=event["event"]))
        return event

StructlogProcessor.__module__ = "opentelemetry.instrumentation.structlog"

def configure():
    structlog.configure(processors=[StructlogProcessor(), structlog.processors.JSONRenderer()])
"""


@pytest.mark.parametrize(
    "order",
    ["configure(); overlap.instrument()", "overlap.instrument(); configure()"],
    ids=["before", "after"],
)
def test_an_event_that_opentelemetrys_processor_sends_is_one_record(own_sink, run, order):
    """It sends through the global provider, which is ours: we put the event on its span alone."""
    code = f"""{OPENTELEMETRYS}
{order}
with trace.get_tracer("t").start_as_current_span("pay"):
    structlog.get_logger().info("paid")
structlog.configure(processors=[structlog.processors.JSONRenderer()])
structlog.get_logger().info("without theirs")
overlap.shutdown()
"""
    run(code, own_sink.url)
    assert [record.body for record in own_sink.logs] == ["paid", "without theirs"]
    assert [name for name, _ in own_sink.one("pay").events] == ["paid"]
