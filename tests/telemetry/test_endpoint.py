"""Where it goes."""

from __future__ import annotations

import pytest

from overlap.telemetry.endpoint import EXPORT_TIMEOUT_S, destination
from overlap.telemetry.export.http_sender import HttpSender


@pytest.fixture(autouse=True)
def no_otel(monkeypatch):
    for variable in ("ENDPOINT", "TRACES_ENDPOINT", "TIMEOUT", "TRACES_TIMEOUT"):
        monkeypatch.delenv(f"OTEL_EXPORTER_OTLP_{variable}", raising=False)


def test_one_endpoint_serves_all_signals(monkeypatch):
    """The signal's path is added to the common address, one slash between."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318/")
    assert destination("logs").endpoint == "http://collector:4318/v1/logs"


def test_a_signals_own_endpoint_is_taken_as_it_is(monkeypatch):
    """As the specification has it: nothing is added."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://traces/in")
    assert destination("traces").endpoint == "http://traces/in"


def test_without_a_word_it_is_loopback():
    """The default is the pocket backend's or the collector's port on this machine."""
    assert destination("traces").endpoint == "http://127.0.0.1:4318/v1/traces"
    assert destination("traces").timeout_s == EXPORT_TIMEOUT_S


@pytest.mark.parametrize(
    ("endpoint", "trusts"),
    [
        ("http://127.0.0.1:1", False),
        ("http://localhost:1", False),
        ("http://LocalHost:1", False),
        ("http://[::1]:1", False),
        ("http://0.0.0.0:1", False),
        ("http://[::]:1", False),
        ("http://collector:4318", True),
        ("http://10.0.0.1:4318", True),
    ],
)
def test_loopback_needs_no_proxy(monkeypatch, endpoint, trusts):
    """Proxies of the environment are for other hosts."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
    sender = HttpSender(destination("traces"))
    assert sender._session.trust_env is trusts
    sender.stop()


def test_a_nonsense_timeout_is_the_default(monkeypatch):
    """A variable that is no number changes nothing."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "soon")
    assert destination("traces").timeout_s == EXPORT_TIMEOUT_S
