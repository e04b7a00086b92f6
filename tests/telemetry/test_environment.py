"""Variables that the SDK can't use never keep a service from starting."""

import logging
import os

import pytest

from overlap.telemetry.environment import usable_environment


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OTEL_BSP_MAX_QUEUE_SIZE", "many"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "0"),
        ("OTEL_BSP_SCHEDULE_DELAY", "9" * 30),
        ("OTEL_BLRP_MAX_EXPORT_BATCH_SIZE", "-1"),
        ("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "."),
        ("OTEL_METRIC_EXPORT_INTERVAL", "nan"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "soon"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "zip"),
        ("OTEL_METRICS_EXEMPLAR_FILTER", "some"),
    ],
)
def test_what_can_not_be_used_is_hidden_and_said(monkeypatch, caplog, name, value):
    """One warning with the variable and what it should be; afterwards it is there again."""
    monkeypatch.setenv(name, value)
    with caplog.at_level(logging.WARNING), usable_environment():
        assert name not in os.environ
    assert os.environ[name] == value
    (record,) = caplog.records
    assert f"{name} is ignored: {value[:60]!a} is not " in record.getMessage()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OTEL_BSP_MAX_QUEUE_SIZE", "2048"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "150"),
        ("OTEL_SPAN_EVENT_COUNT_LIMIT", "0"),
        ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "0.5"),
        ("OTEL_METRICS_EXEMPLAR_FILTER", "always_on"),
    ],
)
def test_what_can_be_used_stays(monkeypatch, caplog, name, value):
    """And nothing is said."""
    monkeypatch.setenv(name, value)
    with usable_environment():
        assert os.environ[name] == value
    assert caplog.records == []


def test_empty_is_not_set_and_none_is_no_limit(monkeypatch, caplog):
    """As the specification has it; the SDK raises an error for some of both."""
    monkeypatch.setenv("OTEL_BSP_MAX_QUEUE_SIZE", "")
    monkeypatch.setenv("OTEL_ATTRIBUTE_COUNT_LIMIT", "none")
    with usable_environment():
        assert "OTEL_BSP_MAX_QUEUE_SIZE" not in os.environ
        assert int(os.environ["OTEL_ATTRIBUTE_COUNT_LIMIT"]) > 10**9
    assert caplog.records == []


def test_a_small_queue_makes_batches_small(monkeypatch):
    """The SDK refuses a batch that is larger than the queue, its own default too."""
    monkeypatch.setenv("OTEL_BSP_MAX_QUEUE_SIZE", "4")
    with usable_environment():
        assert os.environ["OTEL_BSP_MAX_EXPORT_BATCH_SIZE"] == "4"
    assert "OTEL_BSP_MAX_EXPORT_BATCH_SIZE" not in os.environ


def test_instrument_starts_whatever_the_variables_hold(run, shared_sink):
    """Each was an error out of the SDK, at the first line of a project's ASGI module."""
    run(
        """
        import overlap
        from opentelemetry import trace
        overlap.instrument()
        with trace.get_tracer("t").start_as_current_span("work"):
            pass
        overlap.shutdown()
        """,
        shared_sink.url,
        OTEL_BSP_MAX_QUEUE_SIZE="9" * 30,
        OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT="x",
        OTEL_METRICS_EXEMPLAR_FILTER="?",
        OTEL_EXPORTER_OTLP_LOGS_ENDPOINT="p://[",
    )
    assert shared_sink.named("work")
