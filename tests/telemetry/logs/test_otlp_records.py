"""Values as OpenTelemetry takes them."""

from __future__ import annotations

import pytest
from opentelemetry import baggage
from opentelemetry.context import attach, detach
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor

from overlap import names
from overlap.telemetry.logs.otlp_records import emit, exception_attributes, safe_attributes


class Rude:
    def __str__(self):
        raise RuntimeError("no")


@pytest.mark.parametrize(
    ("value", "safe"),
    [
        (1, 1),
        (True, True),
        (1.5, 1.5),
        ("a", "a"),
        (["a", "b"], ["a", "b"]),
        ((1, 2), [1, 2]),
        ([1, "a"], "[1, 'a']"),
        ([], "[]"),
        ({"a": 1}, "{'a': 1}"),
        (b"x", "b'x'"),
        (Rude(), "<Rude>"),
    ],
)
def test_a_value_is_kept_or_becomes_text(value, safe):
    """Never an exception, and never a type that the SDK would drop with a warning."""
    assert safe_attributes({"key": value}) == {"key": safe}


def test_none_is_left_out():
    """OpenTelemetry has no word for it."""
    assert safe_attributes({"key": None}) == {}


def test_an_exception_has_type_message_and_stack():
    """As in the semantic conventions."""
    try:
        raise KeyError("brisket")
    except KeyError as error:
        attributes = exception_attributes(error)
    assert attributes["exception.type"] == "KeyError"
    assert attributes["exception.message"] == "'brisket'"
    assert "test_otlp_records.py" in attributes["exception.stacktrace"]


@pytest.mark.parametrize("name", ["gather", "x" * 5000])
def test_a_record_says_of_which_lesson_it_is(name):
    """A lesson's name comes with its requests, as baggage; whoever sends it does not choose how
    much is written."""
    exporter = InMemoryLogRecordExporter()
    provider = LoggerProvider(shutdown_on_exit=False)
    provider.add_log_record_processor(SimpleLogRecordProcessor(exporter))
    logger = provider.get_logger("kitchen")
    token = attach(baggage.set_baggage(names.SCENARIO_NAME, name))
    emit(logger, "info", "in a lesson", {"meat": "brisket"}, 1)
    detach(token)
    emit(logger, "info", "outside", {}, 2)
    inside, outside = (item.log_record for item in exporter.get_finished_logs())
    assert inside.attributes == {"meat": "brisket", names.SCENARIO_NAME: name[:64]}
    assert outside.attributes == {}
