"""The instrumented application behind Channels' router; each ended span is counted in a file."""

import mmap
import os
import struct
import threading

from django.core.asgi import get_asgi_application
from opentelemetry import trace
from opentelemetry.sdk.trace import SpanProcessor

import overlap
from overlap.lean import install

# Lean keeps idle threads for a minute; the end of a soak waits until they are gone.
install.__kwdefaults__["idle_s"] = 8.0
overlap.instrument(service_name="soak")


class Count(SpanProcessor):
    """Counts the spans that end, where a killed process would still leave the count."""

    def __init__(self):
        with open(os.environ["SOAK_COUNT"], "r+b") as file:  # noqa: PTH123
            self._map = mmap.mmap(file.fileno(), 8)
        self._lock, self._count = threading.Lock(), 0

    def on_end(self, span):
        if span.context.trace_flags.sampled:
            with self._lock:
                self._count += 1
                struct.pack_into("<Q", self._map, 0, self._count)


trace.get_tracer_provider().add_span_processor(Count())
django = get_asgi_application()

from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.urls import path  # noqa: E402
from smokesite.channelled import Echo, SyncEcho  # noqa: E402

call_command("migrate", verbosity=0)
application = ProtocolTypeRouter(
    {
        "http": django,
        "websocket": URLRouter(
            [path("echo/<str:room>/", Echo.as_asgi()), path("sync-echo/", SyncEcho.as_asgi())]
        ),
    }
)
