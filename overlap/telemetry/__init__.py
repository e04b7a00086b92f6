"""Who we are and where it goes: traces, metrics and logs of one process, over OTLP/HTTP."""

from overlap.telemetry.signals import Telemetry, start

__all__ = ["Telemetry", "start"]
