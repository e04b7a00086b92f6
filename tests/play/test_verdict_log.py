"""What a scenario's trace showed, said once more where logs are looked at."""

import asyncio
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import httpx
import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from overlap import names
from overlap.backend import Backend
from overlap.judge import Verdict
from overlap.judge.summary import sentence
from overlap.play import Player, Result
from overlap.play.verdict_log import send_verdict
from overlap.scenario import Expectation, Request, Scenario
from overlap.trace import Span, Trace

ROOT = "ab" * 8
SCENARIO = Scenario(
    "gather",
    "Two at once",
    "Why not.",
    (Request("/gather/"), Request("/", neighbour=True)),
    Expectation(),
)


def client_span(span_id: str, ms: int, **attributes) -> Span:
    return Span(
        "11" * 16, span_id, "GET /", 0, ms * 1_000_000, ROOT, "client", attributes=attributes
    )


def result(problems: list[str]) -> Result:
    spans = (
        client_span("01" * 8, 250),
        client_span("02" * 8, 4000, **{names.NEIGHBOUR: True}),
        client_span("03" * 8, 300),
    )
    verdict = Verdict("11" * 16, ["background", "offloaded"])
    return Result(SCENARIO, "11" * 16, "http://…", verdict, Trace("11" * 16, spans), problems)


@pytest.fixture
def taker():
    """An OTLP receiver that keeps what it is sent, and its address."""
    taken: list[ExportLogsServiceRequest] = []

    class Taker(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            assert self.path == "/v1/logs"
            taken.append(ExportLogsServiceRequest.FromString(body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Taker) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield taken, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def attributes(record) -> dict[str, object]:
    return {
        item.key: getattr(item.value, item.value.WhichOneof("value")) for item in record.attributes
    }


def test_a_verdict_is_one_record_of_the_scenarios_root_span(taker):
    """With the scenario, its shapes, whether it is as expected, and how long it was waited for."""
    taken, url = taker
    asyncio.run(send_verdict(result([]), ROOT, url))
    [request] = taken
    [resource] = request.resource_logs
    [record] = resource.scope_logs[0].log_records
    assert resource.resource.attributes[0].value.string_value == "overlap-play"
    assert (record.trace_id.hex(), record.span_id.hex()) == ("11" * 16, ROOT)
    assert (record.event_name, record.severity_text) == ("overlap.verdict", "INFO")
    assert record.body.string_value.startswith("background, offloaded: ")
    assert attributes(record) == {
        names.SCENARIO_NAME: "gather",
        names.SHAPES: "background, offloaded",
        names.SCENARIO_OK: True,
        names.SCENARIO_ANSWERED_MS: 300.0,
        names.SCENARIO_NEIGHBOURS_MS: 4000.0,
    }


def test_a_scenario_that_fails_is_a_warning_that_says_why(taker):
    """Its problems stand in it."""
    taken, url = taker
    asyncio.run(send_verdict(result(["GET / answered 500", "no trace"]), ROOT, url))
    [record] = taken[0].resource_logs[0].scope_logs[0].log_records
    assert record.severity_text == "WARNING"
    assert attributes(record)[names.SCENARIO_PROBLEMS] == "GET / answered 500; no trace"


def test_where_nobody_takes_it_nothing_happens(dead_url):
    """The caller has the result."""
    asyncio.run(send_verdict(result([]), ROOT, dead_url))


def test_a_played_scenario_carries_its_name_along_and_sends_its_verdict(places):
    """Baggage goes with each request; the record lies in the scenario's trace."""
    scenario = Scenario(
        "gather", "Two steps at once", "Why not.", (Request("/gather/"),), Expectation()
    )

    async def play():
        async with (
            Backend(places.traces) as backend,
            Player(places.app, places.otlp, backend) as player,
        ):
            return await player.play(scenario)

    played = asyncio.run(play())
    assert places.headers[-1]["baggage"] == "overlap.scenario=gather"
    page = httpx.get(f"{places.traces}/trace/{played.trace_id}", trust_env=False).text
    assert sentence(played.verdict).partition(":")[2].strip(" .") in page
