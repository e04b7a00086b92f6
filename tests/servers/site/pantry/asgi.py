"""Django, with the OpenTelemetry set-up that PANTRY_OTEL names, and Overlap if PANTRY_OVERLAP."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pantry.settings")


def own_providers():
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
    metrics.set_meter_provider(MeterProvider([PeriodicExportingMetricReader(OTLPMetricExporter())]))


def logfire():
    import logfire

    logfire.configure(
        send_to_logfire=False, console=False, inspect_arguments=False, distributed_tracing=True
    )


def instrument():
    if os.environ.get("PANTRY_OVERLAP") == "1":
        import overlap

        overlap.instrument(service_name="pantry")


match os.environ.get("PANTRY_OTEL"):
    case "before":
        own_providers()
        instrument()
    case "after":
        instrument()
        own_providers()
    case "logfire":
        logfire()
        instrument()
    case _:
        instrument()

application = get_asgi_application()
