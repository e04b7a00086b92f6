"""What the project's own providers export to: where that is our endpoint, ours is not sent again.

`opentelemetry-instrument` and most set-ups export to the same `OTEL_EXPORTER_OTLP_ENDPOINT` as
we do. Everything would arrive twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any
from urllib.parse import urlsplit

from opentelemetry.sdk.trace.export import SpanExportResult

from overlap.ports import reaches_this_machine

_GRPC, _HTTP = 4317, 4318
"""OTLP's ports. A collector listens on both, so they are one place."""


def exports_to(provider: Any, endpoint: str) -> bool:
    """Return whether a provider of the SDK has an OTLP exporter that sends to `endpoint`."""
    return exporter_to(provider, endpoint) is not None


def exporter_to(provider: Any, endpoint: str) -> Any:
    """Return an OTLP exporter of the provider's that sends to `endpoint`; None: there is none."""
    for exporter in _exporters(_parts(unwrapped(provider))):
        there = getattr(exporter, "_endpoint", None)
        if (
            "otlp" in type(exporter).__module__
            and isinstance(there, str)
            and _place(there) == _place(endpoint)
        ):
            return exporter
    return None


def observe_success(exporter: Any, on_success: Callable[[], None]) -> None:
    """Call `on_success` after each batch of spans that the exporter delivers."""
    export = exporter.export

    def observed(spans: Any) -> Any:
        result = export(spans)
        if result is SpanExportResult.SUCCESS:
            on_success()
        return result

    exporter.export = observed


def unwrapped(provider: Any) -> Any:
    """Return the SDK's provider behind a proxy of Logfire's, else the provider itself."""
    return getattr(provider, "provider", provider)


def _parts(provider: Any) -> list[Any]:
    """Return the processors, or the metric readers, of a provider."""
    multi = getattr(provider, "_active_span_processor", None) or getattr(
        provider, "_multi_log_record_processor", None
    )
    if multi is not None:
        return [multi]
    # SDKs before 1.43 keep the readers in the configuration alone.
    config = getattr(provider, "_sdk_config", None)
    return list(getattr(provider, "_metric_readers", getattr(config, "metric_readers", ())))


def _exporters(parts: Iterable[Any]) -> Iterator[Any]:
    for part in parts:
        for name in ("_span_processors", "_log_record_processors"):
            yield from _exporters(getattr(part, name, ()))
        if (inner := getattr(part, "processor", None)) is not None:  # Logfire's wrappers
            yield from _exporters([inner])
        batch = getattr(part, "_batch_processor", part)
        for name in ("span_exporter", "_exporter"):
            if (exporter := getattr(batch, name, None)) is not None:
                while (wrapped := getattr(exporter, "wrapped_exporter", None)) is not None:
                    exporter = wrapped
                yield exporter


def _place(endpoint: str) -> tuple[str, int | None]:
    parts = urlsplit(endpoint if "//" in endpoint else f"//{endpoint}")
    host = (parts.hostname or "").lower()
    port = _HTTP if parts.port == _GRPC else parts.port
    return ("loopback" if reaches_this_machine(host) else host), port
