"""Where each signal is sent by OTLP/HTTP, and how long one export may take."""

from __future__ import annotations

import os
from dataclasses import dataclass
from urllib.parse import urlsplit

from overlap.config import OTLP_ENDPOINT
from overlap.ports import reaches_this_machine

EXPORT_TIMEOUT_S = 5.0
"""For one export with its retries. The SDK's own 10 s is longer than a rolling restart grants."""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where one signal goes."""

    signal: str
    """`traces`, `metrics` or `logs`."""
    endpoint: str
    timeout_s: float

    @property
    def is_loopback(self) -> bool:
        """Whether it is on this machine: no proxy is needed, whatever proxies are set."""
        try:
            return reaches_this_machine(urlsplit(self.endpoint).hostname or "")
        except ValueError:  # no URL: each export says so
            return False


def destination(signal: str) -> Destination:
    """Read the address of one signal from the environment: `overlap run`'s, or the standard's."""
    key = signal.upper()
    endpoint = os.environ.get(f"OVERLAP_OTLP_{key}_ENDPOINT") or os.environ.get(
        f"OTEL_EXPORTER_OTLP_{key}_ENDPOINT"
    )
    if not endpoint:
        base = os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT") or OTLP_ENDPOINT
        endpoint = f"{base.rstrip('/')}/v1/{signal}"
    return Destination(signal, endpoint, _timeout_s(key))


def _timeout_s(key: str) -> float:
    for variable in (f"OTEL_EXPORTER_OTLP_{key}_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT"):
        try:
            return float(os.environ[variable])
        except (KeyError, ValueError):
            continue
    return EXPORT_TIMEOUT_S
