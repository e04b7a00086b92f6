"""A Celery application that sets structlog and OpenTelemetry up in each process of its pool.

SITE_OVERLAP says who calls overlap.instrument(): this module "before" its own set-up or "after" it,
or nobody here (`overlap run` does).
"""

import os
from pathlib import Path

import structlog
from celery import Celery, signals
from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult

ORDER = os.environ.get("SITE_OVERLAP", "")
SPANS = Path(os.environ["SITE_FOLDER"]) / "spans"
LINES = Path(os.environ["SITE_FOLDER"]) / "lines"

app = Celery("queuesite", broker=os.environ["SITE_REDIS"], set_as_current=False)
app.conf.task_ignore_result = True
app.conf.task_default_queue = os.environ.get("SITE_QUEUE", "own")
log = structlog.get_logger()


class Audit(structlog.BoundLogger):
    """A wrapper class with a method of its own."""

    def audit(self, event, **values):
        """Log at info, as an audit."""
        return self.info(event, audit=True, **values)


class Kept(SpanExporter):
    """Appends the names of spans to a file."""

    def export(self, spans):
        """Append."""
        with SPANS.open("a") as file:
            file.writelines(f"{span.name}\n" for span in spans)
        return SpanExportResult.SUCCESS


def redact(_logger, _method, event):
    """Hide the card."""
    return {key: "****" if key == "card" else value for key, value in event.items()}


@signals.worker_process_init.connect
def set_up(**_signal):
    """Set everything up where the jobs run."""
    if ORDER == "before":
        instrument()
    structlog.configure(
        processors=[redact, structlog.processors.KeyValueRenderer(sort_keys=True)],
        wrapper_class=Audit,
        logger_factory=structlog.PrintLoggerFactory(LINES.open("a", buffering=1)),
        cache_logger_on_first_use=True,
    )
    provider = TracerProvider(resource=Resource({"service.name": "kitchen"}))
    provider.add_span_processor(SimpleSpanProcessor(Kept()))
    trace.set_tracer_provider(provider)
    if ORDER == "after":
        instrument()


def instrument():
    """Switch Overlap on in this process."""
    import overlap

    overlap.instrument()


@signals.worker_process_shutdown.connect
def stop(**_signal):
    """Send what is left."""
    import overlap

    overlap.shutdown()


@app.task(name="pay")
def pay():
    """Log a card number, which no line, span or record may show."""
    log.audit("paid", card="4111 1111")
