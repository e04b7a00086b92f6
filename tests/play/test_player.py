import asyncio
from dataclasses import replace

import pytest

from overlap import names
from overlap.backend import Backend
from overlap.errors import NoServer, Unreachable
from overlap.play import Player, Progress, Result, preflight
from overlap.scenario import Expectation, Request, Scenario

GATHER = Scenario(
    name="gather",
    title="Two steps at once",
    why="Neither needs the other.",
    requests=(Request("/gather/"), Request("/?again=1", at=0.1, neighbour=True)),
    expect=Expectation(
        shapes=frozenset({"concurrent"}),
        never=frozenset({"serial", "background", "offloaded"}),
        stages=(("boil", "chop"),),
    ),
)


def play(places, *scenarios, told=None, servers=None, **where) -> list[Result]:
    async def main():
        urls = {"app": places.app, "otlp": places.otlp, "traces": places.traces, **where}
        async with (
            Backend(urls["traces"]) as backend,
            Player(
                urls["app"], urls["otlp"], backend, start_hint="make kitchen", servers=servers
            ) as player,
        ):
            return [await player.play(scenario, told) for scenario in scenarios]

    return asyncio.run(main())


@pytest.fixture(scope="module")
def told() -> list[Progress]:
    return []


@pytest.fixture(scope="module")
def gathered(places, told) -> Result:
    """The same scenario, played once for every test that only looks at it."""
    [result] = play(places, GATHER, told=told.append)
    return result


def scenario(*paths: str, **changes) -> Scenario:
    requests = tuple(Request(path) for path in paths)
    return replace(GATHER, requests=requests, expect=Expectation(), **changes)


def test_a_scenario_is_one_trace_from_its_root_to_the_apps_steps(gathered):
    """The root, a client span for each request named after it, and below each the app's spans."""
    by_name = {span.name: span for span in gathered.trace.spans}
    root = by_name["scenario gather"]
    client, neighbour = by_name["GET /gather/"], by_name["GET /?again=1"]
    assert root.parent_id is None
    assert root.attributes[names.SCENARIO_NAME] == "gather"
    assert {span.service for span in (root, neighbour)} == {"overlap-play"}
    assert neighbour.kind == "client"
    assert neighbour.parent_id == root.span_id
    assert neighbour.attributes[names.NEIGHBOUR] is True
    assert neighbour.attributes[names.URL_PATH] == "/"
    assert neighbour.attributes[names.HTTP_STATUS] == 200
    assert names.NEIGHBOUR not in client.attributes
    assert by_name["GET /"].parent_id == neighbour.span_id
    assert {"chop", "boil"} <= by_name.keys()
    assert {span.trace_id for span in gathered.trace.spans} == {gathered.trace_id}


def test_a_scenario_that_shows_what_it_expects_is_ok(gathered, places):
    """The verdict comes from the spans, and the result says where to look at them."""
    assert gathered.problems == []
    assert gathered.ok
    assert "concurrent" in gathered.verdict.shapes
    assert gathered.url == f"{places.traces}/trace/{gathered.trace_id}"


def test_requests_are_fired_on_their_timeline(gathered):
    """A request `at` 0.1 s starts no earlier than that after the root span."""
    start = {span.name: span.start_ns for span in gathered.trace.spans}
    assert start["GET /?again=1"] - start["scenario gather"] >= 100_000_000


def test_scenarios_are_played_one_after_another_as_traces_of_their_own(places):
    """The second scenario's root begins when the first one's has ended."""
    first, second = play(places, GATHER, scenario("/serial/"))
    ends = max(span.end_ns for span in first.trace.spans if span.parent_id is None)
    begins = min(span.start_ns for span in second.trace.spans)
    assert first.trace_id != second.trace_id
    assert ends <= begins


def test_work_past_the_response_is_waited_for(places):
    """A task that has begun is in the trace with its end, long after the response."""
    expect = Expectation(shapes=frozenset({"background"}), background=("wash up",))
    [result] = play(places, replace(scenario("/late/"), expect=expect))
    assert result.problems == []


def test_what_only_a_count_can_tell_is_waited_for_too(places):
    """`wait_for` names spans that must be there; a trace without them is not whole."""
    [result] = play(places, scenario("/", wait_for={"nothing": 2}, within=0.3))
    assert result.problems == [
        "the trace was not complete after 0.3 s: waited for 2 of nothing, 0 seen"
    ]


def test_a_warm_up_is_no_part_of_the_trace(places):
    """Its requests come first and have no parent; what they answer is not looked at."""
    warm_up = ("/?warm=1", "/boom/", "//[")
    [result] = play(places, scenario("/serial/", warm_up=warm_up))
    assert result.problems == []
    *_, warm, boom, measured = places.headers
    assert "traceparent" not in warm | boom
    assert result.trace_id in measured["traceparent"]
    assert {span.name for span in result.trace.spans} >= {"GET /serial/", "chop"}
    assert not {"GET /", "GET /boom/"} & {span.name for span in result.trace.spans}


def test_an_error_status_is_a_problem_of_the_result(places):
    """A scenario whose request answers 500 is judged all the same."""
    [result] = play(places, scenario("/boom/"))
    assert result.problems == ["GET /boom/ answered 500"]
    assert result.verdict.shapes == ["single"]


def test_a_request_may_ask_for_its_status(places):
    """The status a scenario asks for is no problem, and any other is."""
    asked = scenario("/")
    requests = (Request("/boom/", status=500), Request("/", status=404))
    [result] = play(places, replace(asked, requests=requests))
    assert result.problems == ["GET / answered 200, not 404"]


def test_a_client_may_go_away(places):
    """It has no answer then, and that is no problem; an answer that comes first is one."""
    asked = scenario("/", wait_for={"GET /slow/": 1})
    requests = (Request("/slow/", leaves_after=0.3), Request("/", leaves_after=20))
    [result] = play(places, replace(asked, requests=requests, within=0.1))
    assert "GET / answered 200 before its client disconnected" in result.problems
    assert not [problem for problem in result.problems if "not answered" in problem]


def test_a_scenario_is_played_on_the_server_it_names(places, dead_url):
    """Its own requests go there; one that is not there, or not known, skips the scenario."""
    [result] = play(
        places, scenario("/", server="other"), servers={"other": places.app}, app=places.app
    )
    assert result.problems == []
    for servers, why in (
        ({"other": dead_url}, "does not answer at"),
        ({}, "no address is set for the server"),
    ):
        with pytest.raises(NoServer, match=why):
            play(places, scenario("/", server="other"), servers=servers)


def test_a_broken_answer_is_a_problem_of_the_result(places):
    """An answer that breaks off is told in a sentence, not raised."""
    [result] = play(places, scenario("/short/", "/"))
    assert len(result.problems) == 1
    assert result.problems[0].startswith("GET /short/ was not answered: ")


def test_a_trace_that_stays_incomplete_is_judged_at_its_deadline(places):
    """A request that was answered and left no server span is named as what was waited for."""
    [result] = play(places, scenario("/untraced/", within=0.3))
    assert result.problems == [
        "the trace was not complete after 0.3 s: waited for the server spans of 1 answered request"
    ]
    assert result.verdict.trace_id == result.trace_id


def test_progress_tells_of_requests_and_of_spans(gathered, told):
    """A display learns what is in flight, then what the backend has."""
    assert max(item.in_flight for item in told) >= 1
    assert told[-1].answered == 2
    assert told[-1].spans == len(gathered.trace.spans) == 7
    assert told[-1].waiting_for == ""


def test_the_first_look_at_the_app_asks_to_leave_no_trace(places):
    """It carries a trace context that is not sampled."""
    before = len(places.headers)
    play(places, scenario("/"))
    first, second = places.headers[before:]
    assert first["traceparent"].endswith("-00")
    assert int(second["traceparent"][-2:], 16) & 1


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ("app", "the app does not answer at {url} "),
        ("otlp", "nothing receives telemetry at {url} "),
        ("traces", "no trace backend answers at {url} "),
    ],
)
def test_what_can_not_be_reached_is_named_with_its_address(places, dead_url, part, said):
    """Which part, at which address, and how to start it."""
    with pytest.raises(Unreachable) as caught:
        play(places, GATHER, **{part: dead_url})
    assert str(caught.value).startswith(said.format(url=dead_url))
    assert ("make kitchen" if part == "app" else "overlap pocket") in str(caught.value)


def test_something_else_at_the_telemetry_address_is_told_apart(places):
    """An address that answers, but takes no OTLP, is no road."""
    with pytest.raises(Unreachable, match=r"does not accept telemetry \(it answered 404\)"):
        play(places, GATHER, otlp=places.app)


def test_an_app_that_goes_away_before_the_scenario_is_unreachable(places):
    """Not a scenario that failed: there was nothing to play it against."""

    async def main() -> None:
        async def answer(reader, writer):
            await reader.readuntil(b"\r\n\r\n")
            server.close()
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        host, port = server.sockets[0].getsockname()
        async with (
            Backend(places.traces) as backend,
            Player(f"http://{host}:{port}", places.otlp, backend) as player,
        ):
            await player.check()
            with pytest.raises(Unreachable, match="the app does not answer"):
                await player.play(GATHER)

    asyncio.run(main())


def ending(path: str) -> Scenario:
    request = Request(path, method="POST", ends_app=True)
    return replace(GATHER, requests=(request, Request("/")), expect=Expectation(), within=5.0)


def test_a_request_that_ends_the_app_is_no_problem_once_it_answers_again(places):
    """Its connection is cut, as the scenario has it; the rest of the scenario is judged as ever."""
    [result] = play(places, ending("/short/"))
    assert result.problems == []


def test_a_request_that_was_to_end_the_app_and_did_not_is_a_problem(places):
    """Whoever answers lives."""
    [result] = play(places, ending("/boom/"))
    assert result.problems == ["POST /boom/ answered 500 and did not end its process"]


def test_an_app_that_nobody_starts_again_is_told(places, dead_url):
    """After the scenario's own time: which app, and what was waited for."""
    with pytest.raises(Unreachable, match="was not started again"):
        asyncio.run(preflight.app_restart(dead_url, 0.2))
