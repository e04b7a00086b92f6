"""A project that emits log records at OpenTelemetry's API itself: both sides get each once."""

import pytest

PROJECT = """
import logging, logging.handlers, queue
from opentelemetry import _logs as logs, trace
from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import (
    LogRecordExporter, LogRecordExportResult, SimpleLogRecordProcessor)
from opentelemetry.sdk.resources import Resource

import overlap

class Kept(LogRecordExporter):
    bodies = []
    def export(self, batch):
        self.bodies += [each.log_record.body for each in batch]
        return LogRecordExportResult.SUCCESS
    def shutdown(self): pass
    def force_flush(self, timeout_millis=30000): return True

early = logs.get_logger("early")
provider = LoggerProvider(resource=Resource({"service.name": "shop"}))
provider.add_log_record_processor(SimpleLogRecordProcessor(Kept()))

def set_up():
    logs.set_logger_provider(provider)

def emit(logger, body):
    logger.emit(LogRecord(
        timestamp=1, severity_number=SeverityNumber.WARN, severity_text="WARN", body=body,
        attributes={"order": 7},
    ))
"""
ORDERS = {
    "before": "set_up(); overlap.instrument(service_name='ours')",
    "after": """
overlap.instrument(service_name='ours')
direct = logs.get_logger("direct")
emit(early, "ours alone")
emit(direct, "ours alone")
set_up()
emit(direct, "by a logger of before")
""",
}


@pytest.mark.parametrize("order", ORDERS)
def test_both_sides_get_each_record_once(own_sink, run, order):
    """Of loggers that were there before and of new ones, with the project's resource."""
    run(
        f"""{PROJECT}{ORDERS[order]}
with trace.get_tracer("t").start_as_current_span("outer"):
    emit(early, "early")
    emit(logs.get_logger("late"), "late")
assert Kept.bodies[-2:] == ["early", "late"], Kept.bodies
assert logs.get_logger_provider() is provider
overlap.shutdown()
emit(early, "theirs alone")
assert Kept.bodies[-1] == "theirs alone"
assert logs.get_logger_provider() is provider
""",
        own_sink.url,
    )
    found = own_sink.logs
    before = ["ours alone", "ours alone", "by a logger of before"] if order == "after" else []
    assert [record.body for record in found] == [*before, "early", "late"]
    late = found[-1]
    assert late.resource["service.name"] == "shop"
    assert late.resource["process.pid"]
    assert late.attributes["order"] == 7
    assert late.trace_id == own_sink.one("outer").trace_id


def test_where_the_project_sets_none_its_records_are_sent_by_ours(own_sink, run):
    """The API's logger is ours then, until shutdown."""
    run(
        f"""{PROJECT}
overlap.instrument(service_name='ours')
emit(early, "early")
overlap.shutdown()
assert Kept.bodies == []
""",
        own_sink.url,
    )
    (record,) = own_sink.logs
    assert (record.body, record.resource["service.name"]) == ("early", "ours")


def test_a_handler_of_logging_that_emits_there_makes_no_second_record(own_sink, run):
    """We send what is logged already; also where another thread handles it."""
    run(
        f"""{PROJECT}
class ToOpenTelemetry(logging.Handler):  # as the SDK's own
    def emit(self, record):
        emit(logs.get_logger(record.name), record.getMessage())
set_up()
overlap.instrument()
handler = ToOpenTelemetry()
waiting = queue.Queue()
listener = logging.handlers.QueueListener(waiting, handler)
logging.getLogger("direct").addHandler(handler)
logging.getLogger("queued").addHandler(logging.handlers.QueueHandler(waiting))
listener.start()
logging.getLogger("direct").warning("one")
logging.getLogger("queued").warning("two")
listener.stop()
emit(early, "three")
assert Kept.bodies == ["one", "two", "three"], Kept.bodies
overlap.shutdown()
""",
        own_sink.url,
    )
    assert sorted(record.body for record in own_sink.logs) == ["one", "three", "two"]


def test_what_the_project_sends_to_our_endpoint_is_not_sent_twice(own_sink, run):
    """As with `opentelemetry-instrument`, whose exporter reads the same variable."""
    run(
        f"""{PROJECT}
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
overlap.instrument()
set_up()
provider.add_log_record_processor(SimpleLogRecordProcessor(OTLPLogExporter()))
emit(early, "once")
overlap.shutdown()
""",
        own_sink.url,
    )
    assert [record.body for record in own_sink.logs] == ["once"]


@pytest.mark.parametrize("order", ["before", "after"])
def test_a_provider_that_accepts_no_processor_is_one_sentence(own_sink, run, order):
    """Its loggers are the project's own, and the service runs on."""
    steps = ["logs.set_logger_provider(Foreign())", "overlap.instrument()"]
    run(
        f"""{PROJECT}
import io
out = io.StringIO()
logging.basicConfig(stream=out)
class Foreign(logs.NoOpLoggerProvider):
    pass
{chr(10).join(steps if order == "before" else steps[::-1])}
emit(early, "theirs")
said = [line for line in out.getvalue().splitlines() if "alone" in line]
assert len(said) == 1, said
assert "log records emitted at the project's Foreign go there alone" in said[0]
overlap.shutdown()
""",
        own_sink.url,
    )
    assert [record.body for record in own_sink.logs if record.body == "theirs"] == []


def test_a_pipeline_that_raises_harms_nobody(own_sink, run):
    """The project's record still reaches the project's exporter."""
    run(
        f"""{PROJECT}
set_up()
overlap.instrument()
from overlap.instrument.setup import active
active().telemetry._logs.batch.on_emit = None
emit(early, "theirs")
assert Kept.bodies == ["theirs"]
overlap.shutdown()
""",
        own_sink.url,
    )
