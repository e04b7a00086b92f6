"""A project's `SomeInstrumentor().instrument(…)` after ours: its options apply, as before ours."""

from __future__ import annotations

import inspect

import pytest
from opentelemetry.instrumentation.celery import CeleryInstrumentor

HTTPX = """
import logging, httpx, overlap
from opentelemetry import trace
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor

class Kept(logging.Handler):
    messages = []
    def emit(self, record): self.messages.append(record.getMessage())
logging.getLogger("opentelemetry").addHandler(Kept())

def hook(span, request): span.set_attribute("theirs", True)
def set_up(): HTTPXClientInstrumentor().instrument(request_hook=hook)
def call():
    # Refused: nothing listens there.
    with trace.get_tracer("t").start_as_current_span("view"):
        try: httpx.Client(verify=False).get("http://127.0.0.1:9/")
        except httpx.ConnectError: pass
"""
ORDERS = {
    "before": "set_up(); overlap.instrument()",
    "after": "overlap.instrument(); set_up()",
    "off and on": "overlap.instrument(); set_up(); HTTPXClientInstrumentor().uninstrument(); "
    "set_up()",
}


@pytest.mark.parametrize("order", ORDERS)
def test_httpx_has_the_projects_hook_and_one_span_a_call(own_sink, run, order):
    """Also after our end, when the project's stays on."""
    run(
        f"""{HTTPX}
{ORDERS[order]}
call()
overlap.shutdown()
assert HTTPXClientInstrumentor().is_instrumented_by_opentelemetry
assert not [each for each in Kept.messages if "already" in each], Kept.messages
overlap.instrument()
call()
overlap.shutdown()
""",
        own_sink.url,
    )
    assert own_sink.names() == {"view": 2, "GET": 2}
    assert all(span.attributes["theirs"] for span in own_sink.named("GET"))


def test_what_the_project_switches_off_is_not_switched_off_again(own_sink, run):
    """Our end says nothing of it, and everything of ours is gone."""
    run(
        f"""
import httpx
before = httpx.HTTPTransport.handle_request
{HTTPX}
overlap.instrument()
HTTPXClientInstrumentor().uninstrument()
overlap.shutdown()
assert httpx.HTTPTransport.handle_request is before
assert Kept.messages == [], Kept.messages
""",
        own_sink.url,
    )


CELERY = """
import celery, overlap
from opentelemetry import trace
from opentelemetry.instrumentation.celery import CeleryInstrumentor
app = celery.Celery("kitchen", broker="memory://", backend="cache+memory://")
@app.task
def roast(meat): return meat
def set_up(): CeleryInstrumentor().instrument(use_span_links=True)
"""


@pytest.mark.parametrize(
    "order", ["set_up(); overlap.instrument()", "overlap.instrument(); set_up()"]
)
def test_celery_has_the_projects_options_and_one_span_a_message(own_sink, run, order):
    """With links asked for, the run is no child; what we add is there once."""
    run(
        f"""{CELERY}
{order}
from celery.contrib.testing.worker import start_worker
with start_worker(app, perform_ping_check=False, pool="solo"):
    with trace.get_tracer("t").start_as_current_span("view"):
        result = roast.delay("brisket")
    assert result.get(timeout=20) == "brisket"
overlap.shutdown()
assert CeleryInstrumentor().is_instrumented_by_opentelemetry
""",
        own_sink.url,
    )
    names = own_sink.names()
    task = next(name.partition("/")[2] for name in names if name.startswith("run/"))
    assert names == {"view": 1, f"apply_async/{task}": 1, f"run/{task}": 1}
    run_span, sent = own_sink.one(f"run/{task}"), own_sink.one(f"apply_async/{task}")
    # Releases before 0.63 know no links, and make the run a child.
    found = [*(link.span_id for link in run_span.links), run_span.parent_id]
    assert sent.span_id in found
    assert bool(run_span.links) is ("use_span_links" in inspect.getsource(CeleryInstrumentor))
    assert run_span.attributes["messaging.operation.name"] == "run"


@pytest.mark.parametrize("is_driver", [True, False])
def test_any_other_instrumentor_gives_way(own_sink, run, is_driver):
    """A driver's makes its own spans inside Django's queries again."""
    run(
        f"""
import importlib.metadata, sys, types
from opentelemetry.instrumentation.instrumentor import BaseInstrumentor
name = {"'sqlite3'" if is_driver else "'kitchen'"}
class Kitchen(BaseInstrumentor):
    seen = []
    def instrumentation_dependencies(self): return []
    def _instrument(self, **options): self.seen.append(options)
    def _uninstrument(self, **_): self.seen.append("off")
module = types.ModuleType("kitchen_instrumentation")
module.Kitchen = Kitchen
sys.modules[module.__name__] = module
importlib.metadata.entry_points = lambda **wanted: [
    importlib.metadata.EntryPoint(name, "kitchen_instrumentation:Kitchen", "any")]
import overlap
from overlap.instrument.calls import database_queries
overlap.instrument()
assert bool(database_queries._suppressed) is {is_driver}
Kitchen().instrument(commenter=True)
assert not database_queries._suppressed
overlap.shutdown()
assert Kitchen.seen == [{{}}, "off", {{"commenter": True}}], Kitchen.seen
""",
        own_sink.url,
    )
