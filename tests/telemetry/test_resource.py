"""Who we are."""

from __future__ import annotations

import os

from overlap import names
from overlap.telemetry.resource import make_resource


def test_the_environment_names_the_service(monkeypatch):
    """OTEL_SERVICE_NAME wins over the code."""
    monkeypatch.setenv("OTEL_SERVICE_NAME", "deployed")
    assert make_resource("coded").attributes[names.SERVICE_NAME] == "deployed"


def test_attributes_of_the_environment_are_kept(monkeypatch):
    """OTEL_RESOURCE_ATTRIBUTES may name the service too, and add what it likes."""
    monkeypatch.delenv("OTEL_SERVICE_NAME", raising=False)
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "service.name=attributed,team=grill")
    attributes = make_resource("coded").attributes
    assert (attributes[names.SERVICE_NAME], attributes["team"]) == ("attributed", "grill")


def test_the_code_names_the_service_otherwise(monkeypatch):
    """And the process says which one it is."""
    monkeypatch.delenv("OTEL_SERVICE_NAME", raising=False)
    monkeypatch.delenv("OTEL_RESOURCE_ATTRIBUTES", raising=False)
    one = make_resource("coded").attributes
    assert one[names.SERVICE_NAME] == "coded"
    assert one[names.PROCESS_PID] == os.getpid()
    assert one[names.SERVICE_INSTANCE_ID]
