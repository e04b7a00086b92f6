"""OTEL_CONFIG_FILE: what the log says of it."""

import subprocess
import sys

import pytest

CODE = """
import sys
import overlap
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

if sys.argv[1] == "project":
    trace.set_tracer_provider(TracerProvider())
overlap.instrument(service_name="smokehouse", lean=False, lens=False, instrumentors=False)
overlap.shutdown()
"""


def log_of(provider, **variables):
    """What a process logs that has such a provider."""
    environment = {
        "PATH": "", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9",
        "OTEL_EXPORTER_OTLP_TIMEOUT": "0.2", **variables,
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", CODE, provider], env=environment, capture_output=True, text=True,
        timeout=60, check=True,
    )  # fmt: skip
    return done.stdout + done.stderr


@pytest.mark.parametrize(
    ("provider", "variables", "said"),
    [
        ("none", {"OTEL_CONFIG_FILE": "otel.yaml"}, "OTEL_CONFIG_FILE is read by opentelemetry-"),
        ("none", {"OTEL_CONFIG_FILE": " "}, ""),
        ("none", {}, ""),
        ("project", {"OTEL_CONFIG_FILE": "otel.yaml"}, ""),
        (
            "project",
            {"OTEL_CONFIG_FILE": "otel.yaml", "OTEL_PYTHON_ID_GENERATOR": "random",
             "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS": "redis"},
            "the SDK ignores OTEL_PYTHON_ID_GENERATOR",
        ),
        ("project", {"OTEL_PYTHON_ID_GENERATOR": "random"}, ""),
    ],
)  # fmt: skip
def test_what_the_file_does_not_do_is_said(provider, variables, said):
    """One line, and none where all is as one expects."""
    log = log_of(provider, **variables)
    assert said in log
    assert log.count("OTEL_CONFIG_FILE") == bool(said)
    assert "DISABLED_INSTRUMENTATIONS" not in log
