"""The application of each variant, set up as that variant's own documentation says."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from importlib import import_module
from typing import Any

Application = Callable[[Any, Any, Any], Awaitable[None]]


def make(variant: str) -> Application:
    """Return the application of `variant`, a name of `overlap.bench.VARIANTS`."""
    return MAKERS[variant]()


def _django() -> Application:
    from django.core.asgi import get_asgi_application

    application: Application = get_asgi_application()
    return application


def _raw() -> Application:
    async def application(scope: Any, _receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        if scope["path"] == "/second/":
            await asyncio.sleep(1.0)
        body = b"Hello, ASGI!"
        headers = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return application


def _lean() -> Application:
    import_module("overlap.lean").install()
    return _django()


def _overlap() -> Application:
    from overlap import instrument

    instrument(service_name="bench")
    return _django()


def _overlap_no_watch() -> Application:
    # The environment has no switch for the watchdog (see variants.py): prevent its start.
    from overlap import instrument

    watch: Any = import_module("overlap.instrument.loop.watched_loops").WatchedLoops
    watch.watch = lambda _self, _loop: None
    instrument(service_name="bench")
    return _django()


def _overlap_no_awaits() -> Application:
    # The record of who waited for whom has no switch: leave it out, to measure its price.
    from overlap import instrument, names

    lens: Any = import_module("overlap.lens.span_processor")
    waits: Any = import_module("overlap.lens.waits.observation")
    set_figures = lens.set_while_ending

    def without(span: Any, figures: dict[str, Any]) -> None:
        figures.pop(names.AWAIT_TASK, None)
        set_figures(span, figures)

    lens.current_number = lambda *_: 0
    lens.set_while_ending = without
    waits.released_by = lambda *_: (None, "")
    instrument(service_name="bench")
    return _django()


def _stock() -> Application:
    _sdk()
    import_module("opentelemetry.instrumentation.django").DjangoInstrumentor().instrument()
    return _django()


def _stock_asgi() -> Application:
    _sdk()
    wrap: Any = import_module("opentelemetry.instrumentation.asgi").OpenTelemetryMiddleware
    application: Application = wrap(_django())
    return application


def _sdk() -> None:
    """OpenTelemetry's SDK with its own defaults, traces and metrics over OTLP/HTTP."""
    from opentelemetry import metrics, trace
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    reader = PeriodicExportingMetricReader(OTLPMetricExporter())
    metrics.set_meter_provider(MeterProvider(metric_readers=[reader]))


def _logfire() -> Application:
    logfire: Any = import_module("logfire")
    logfire.configure(
        token="bench",  # noqa: S106  the sink checks none
        service_name="bench",
        console=False,
        inspect_arguments=False,
        advanced=logfire.AdvancedOptions(base_url=os.environ["BENCH_SINK"]),
    )
    logfire.instrument_django()
    return _django()


def _sentry() -> Application:
    host = os.environ["BENCH_SINK"].removeprefix("http://")
    import_module("sentry_sdk").init(dsn=f"http://bench@{host}/1", traces_sample_rate=1.0)
    return _django()


def _elastic() -> Application:
    # Its Django app uses signals and records no transaction under this ASGI handler: what it
    # starts in one receiver is not in the request's context. This is its documented alternative.
    wrap: Any = import_module("elasticapm.contrib.asgi").ASGITracingMiddleware
    application: Application = wrap(
        _django(),
        service_name="bench",
        server_url=os.environ["BENCH_SINK"],
        framework_name="django",
        cloud_provider=False,  # otherwise it looks for a cloud over the network
        central_config=False,
    )
    return application


def _ddtrace() -> Application:
    import_module("ddtrace.auto")  # before Django is imported
    return _django()


MAKERS: dict[str, Callable[[], Application]] = {
    "raw": _raw,
    "none": _django,
    "lean": _lean,
    "overlap": _overlap,
    "overlap-not-lean": _overlap,
    "overlap-no-lens": _overlap,
    "overlap-no-capacity": _overlap,
    "overlap-no-watch": _overlap_no_watch,
    "overlap-whole-lens": _overlap,
    "overlap-no-awaits": _overlap_no_awaits,
    "overlap-default-no-awaits": _overlap_no_awaits,
    "overlap-recorder": _overlap,
    "overlap-down": _overlap,
    "stock": _stock,
    "stock-asgi": _stock_asgi,
    "logfire": _logfire,
    "sentry": _sentry,
    "elastic": _elastic,
    "ddtrace": _ddtrace,
}
