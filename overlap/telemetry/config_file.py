"""OTEL_CONFIG_FILE, OpenTelemetry's declarative configuration: what it changes for a project.

Only `opentelemetry-instrument` reads the file (the SDK's configurator, since 1.43). The file is
then the only source of the providers, and Overlap adds to these as to any of a project's own.
Variables are not read any more, neither the specification's nor Python's own.
"""

from __future__ import annotations

import os
from typing import Final

from overlap.telemetry.global_providers import TRACES

CONFIG_FILE: Final = "OTEL_CONFIG_FILE"
_OF_THE_SDK: Final = (
    "OTEL_PYTHON_EXPORTER_", "OTEL_PYTHON_ID_GENERATOR", "OTEL_PYTHON_LOGGING_AUTO_",
    "OTEL_PYTHON_LOGGER_CONFIGURATOR", "OTEL_PYTHON_METER_CONFIGURATOR",
    "OTEL_PYTHON_SDK_", "OTEL_PYTHON_TRACER_CONFIGURATOR",
)  # fmt: skip
"""What variables of the SDK's own begin with. Others are read by the API, by instrumentations and
by `opentelemetry-instrument`, whatever the file says."""


def remark() -> str:
    """Return a sentence if OTEL_CONFIG_FILE does not do what one may expect; else nothing."""
    if not os.environ.get(CONFIG_FILE, "").strip():
        return ""
    if TRACES.project() is None:
        return (
            f"{CONFIG_FILE} is read by opentelemetry-instrument only: Overlap's own providers are "
            "made of the OTEL_ variables. Start the server under opentelemetry-instrument, and "
            "Overlap adds to the providers of the file"
        )
    ignored = sorted(name for name in os.environ if name.startswith(_OF_THE_SDK))
    if not ignored:
        return ""
    return f"{CONFIG_FILE} is set, so that the SDK ignores {', '.join(ignored)}"
