"""Beside the real Logfire and the real Sentry SDK: both sides get whole traces, once."""

import pytest

LOGFIRE = """
import logfire
from logfire.testing import TestExporter
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

theirs = TestExporter()

def set_up():
    logfire.configure(
        send_to_logfire=False, console=False, service_name="shop", inspect_arguments=False,
        additional_span_processors=[SimpleSpanProcessor(theirs)],
    )
"""


@pytest.mark.parametrize("shares_endpoint", [True, False])
@pytest.mark.parametrize(
    "order", ["set_up(); overlap.instrument()", "overlap.instrument(); set_up()"]
)
def test_logfire_and_we_get_each_span_once(own_sink, run, order, shares_endpoint):
    """Its provider is a proxy; it reads the standard's endpoint, too, and sends there itself."""
    run(
        f"""
import overlap
from opentelemetry import metrics, trace
early = trace.get_tracer("early")
{LOGFIRE}
{order}
with early.start_as_current_span("request"):
    with logfire.span("basket"):
        trace.get_tracer("late").start_span("query").end()
metrics.get_meter("m").create_counter("sold").add(2)
overlap.shutdown()
names = [span["name"] for span in theirs.exported_spans_as_dict()]
assert sorted(names) == ["basket", "query", "request"], names
""",
        own_sink.url if shares_endpoint else "",
        **({} if shares_endpoint else _ours_alone(own_sink.url)),
    )
    assert own_sink.names() == {"request": 1, "basket": 1, "query": 1}
    assert own_sink.one("query").parent_id == own_sink.one("basket").span_id
    assert own_sink.one("request").resource["service.name"] == "shop"
    assert own_sink.one("request").attributes["thread.name"] == "MainThread"
    assert [point.as_int for _, point in own_sink.points("sold")][-1] == 2


def _ours_alone(url: str) -> dict[str, str]:
    return {
        f"OVERLAP_OTLP_{signal.upper()}_ENDPOINT": f"{url}/v1/{signal}"
        for signal in ("traces", "metrics", "logs")
    }


def test_a_query_beside_logfire_is_answered(own_sink, run):
    """Its provider is unhashable: nothing of ours may look it up by its hash."""
    run(
        f"""
import overlap
{LOGFIRE}
set_up()
overlap.instrument()
from django.core.asgi import get_asgi_application
get_asgi_application()
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute("SELECT 7")
    assert cursor.fetchone() == (7,)
overlap.shutdown()
""",
        own_sink.url,
    )


def test_sentry_and_we_get_each_request_once(own_sink, run):
    """It wraps Django's handlers, and logging, as we do."""
    run(
        """
import asyncio, logging, sentry_sdk, overlap
sent = []
class Transport(sentry_sdk.transport.Transport):
    def capture_envelope(self, envelope):
        sent.extend((item.type, item.payload.json or {}) for item in envelope.items)
sentry_sdk.init(dsn="http://a@127.0.0.1:9/1", transport=Transport, traces_sample_rate=1.0)
overlap.instrument()
from django.core.asgi import get_asgi_application
app = get_asgi_application()
async def get(path):
    first = [{"type": "http.request"}]
    async def receive():
        if first: return first.pop()
        await asyncio.sleep(60)
    statuses = []
    async def send(message):
        if "status" in message: statuses.append(message["status"])
    scope = {"type": "http", "method": "GET", "path": path, "headers": [], "query_string": b""}
    await app(scope, receive, send)
    return statuses
async def main():
    return await get("/meats/3/"), await get("/boom/"), await get("/query/")
assert asyncio.run(main()) == ([200], [500], [200])
sentry_sdk.flush(2)
kinds = [kind for kind, _ in sent]
assert kinds.count("transaction") == 3, sent
assert kinds.count("event") == 1, sent
# It makes a span of each receiver of a signal: of a connection's, of an exception's.
spans = [span["description"] for _, item in sent for span in item.get("spans", [])]
assert any("reset_queries" in name for name in spans), spans
assert not any("overlap" in name for name in spans), spans
overlap.shutdown()
""",
        own_sink.url,
    )
    requests = {name: n for name, n in own_sink.names().items() if name.startswith("GET ")}
    assert requests == {"GET /meats/<int:pk>/": 1, "GET /boom/": 1, "GET /query/": 1}
