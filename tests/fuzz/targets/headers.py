"""Headers of a request to an instrumented Django: answered as without, and traced."""

import os
import sys
from functools import cache
from pathlib import Path
from typing import Any

from tests.fuzz.targets.asgi import ask

_SITE = Path(__file__).parents[2] / "instrument" / "site"
_PARENT = "0af7651916cd43dd8448eb211c80319c"


def seeds() -> list[bytes]:
    get = b"GET /?a=b\n"
    context = f"-{_PARENT}-b7ad6b7169203331-01".encode()
    return [
        get + b"traceparent: 00" + context + b"\ntracestate: a=1,b@c=2\nbaggage: k=v;p=1,x=%20y",
        get + b"traceparent: ff" + context + b"-what-more\nbaggage: =,;=,%ff",
        get + b"traceparent: 00-" + b"0" * 32 + b"-0-00\ntracestate: " + b"a=b," * 40,
        get + b"host: [::1\nuser-agent: \x1b[31m\nx-forwarded-for: 1.2.3.4\ncookie: a=b",
        get + b"host: a:99999\ncontent-type: multipart/form-data; boundary=\ncontent-length: 5",
        get + b"content-length: -1\nhost: x\nhost: y\nforwarded: for=1",
        b"POST /sync/?%ff=%00\nhost: x",
        b"BREW /meats/1/\nhost: \xff",
        b"GET /log/\nhost: x",
    ]


@cache
def _instrumented() -> tuple[Any, Any]:
    os.environ["DJANGO_SETTINGS_MODULE"] = "smokesite.settings"
    os.environ["OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SERVER_REQUEST"] = ".*"
    sys.path.insert(0, str(_SITE))
    from django.core.asgi import get_asgi_application
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    from overlap.instrument.setup import switch_on
    from overlap.testing.telemetry import InMemory

    memory = InMemorySpanExporter()

    def start(**settings: Any) -> InMemory:
        settings["span_processors"] = settings.get("span_processors", ())
        return InMemory(SimpleSpanProcessor(memory), **settings)

    switch_on(
        start, service_name="fuzz", log_format="json", lean=True, lens=True, instrumentors=False,
        django={}, journal_dir=None,
    )  # fmt: skip
    import logging

    import structlog

    logging.disable()
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    return get_asgi_application(), memory


def check(data: bytes) -> None:
    from overlap.telemetry.export.encoding import pack_span

    first, _, rest = data.partition(b"\n")
    method, _, target = first.partition(b" ")
    path, _, query = target.partition(b"?")
    headers = [
        (name.strip().lower(), value.strip())
        for name, colon, value in (line.partition(b":") for line in rest.split(b"\n"))
        if colon
    ]
    app, memory = _instrumented()
    memory.clear()
    answer = ask(
        app,
        "/" + path.decode("utf-8", "replace").lstrip("/"),
        method=method.decode("ascii", "replace") or "GET",
        query=query,
        headers=headers,
    )
    assert answer.status, "no answer"
    spans = [span for span in memory.get_finished_spans() if span.kind.name == "SERVER"]
    assert len(spans) == 1, f"{len(spans)} server spans for {answer.status}"
    for span in memory.get_finished_spans():
        pack_span(span)
