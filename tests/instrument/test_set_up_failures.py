"""A project's OpenTelemetry that raises while we switch on: the service starts all the same."""

from __future__ import annotations

import pytest

SERVE = """
import asyncio, logging, overlap
heard = []
handler = logging.Handler()
handler.emit = heard.append
logging.getLogger().addHandler(handler)
from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, Sampler

def broken(*_, **__):
    raise RuntimeError("the project's own fault")

PROJECT
overlap.instrument()
from django.core.asgi import get_asgi_application
app = get_asgi_application()

async def ask(path):
    first, status = [{"type": "http.request"}], []
    async def receive():
        if first: return first.pop()
        await asyncio.Event().wait()
    async def send(message):
        status.append(message.get("status"))
    await app({"type": "http", "method": "GET", "path": path, "headers": []}, receive, send)
    return status[0]

async def main():
    return [await ask(path) for path in ("/", "/sync/", "/", "/", "/nowhere/")]

assert asyncio.run(main()) == [200, 200, 200, 200, 404]
overlap.shutdown()
said = [each.getMessage() for each in heard if each.name.startswith("overlap")]
"""
PROJECTS = {
    "a tracer provider without tracers": """
class Provider(trace.TracerProvider):
    def get_tracer(self, name, *_, **__):
        return trace.NoOpTracer() if name == "smokesite" else broken()
trace.set_tracer_provider(Provider())
""",
    "a meter provider without meters": """
class Provider(metrics.MeterProvider):
    get_meter = broken
metrics.set_meter_provider(Provider())
""",
    "a provider that accepts no processor": """
provider = TracerProvider()
provider.add_span_processor = broken
trace.set_tracer_provider(provider)
""",
    "a sampler without a description": """
class Odd(Sampler):
    get_description = broken
    def should_sample(self, *args, **named):
        return ALWAYS_ON.should_sample(*args, **named)
trace.set_tracer_provider(TracerProvider(sampler=Odd()))
""",
    "a sampler that raises": """
class Odd(Sampler):
    should_sample = broken
    def get_description(self): return "odd"
trace.set_tracer_provider(TracerProvider(sampler=Odd()))
""",
}


@pytest.mark.parametrize("project", PROJECTS)
def test_the_service_starts_and_answers(own_sink, run, project):
    """Each thing that fails is logged once, however many requests there are."""
    script = SERVE.replace("PROJECT", PROJECTS[project])
    quiet = project == "a sampler without a description"
    script += "assert not said, said" if quiet else "assert said"
    script += "\nassert len(said) == len(set(said)), said"
    run(script, own_sink.url)
