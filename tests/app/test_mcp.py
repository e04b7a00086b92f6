"""`overlap mcp` over the demo's real traces, asked by the SDK's own client."""

import asyncio
import json
import re
import sys

import pytest
from mcp import Client
from mcp.client.stdio import StdioServerParameters

from app.scenarios import SCENARIOS
from overlap.backend import Backend
from overlap.config import Config
from overlap.mcp.paging import MOST_CHARACTERS
from overlap.mcp.server import server

TOOLS = {
    "routes", "traces", "verdict", "critical_path", "why", "advice", "compare", "scenarios", "play",
    "doctor",
}  # fmt: skip
NO_TRACE = "f" * 32
BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}


def ask(demo, *calls, **client):
    """The results of calls, one after another, of a server in this process over pocket."""

    async def run():
        config = Config(
            app_url=demo.app_url,
            otlp_endpoint=demo.otlp_url,
            traces_url=demo.traces_url,
            scenarios="app.scenarios:SCENARIOS",
        )
        async with Backend(demo.traces_url) as backend, Client(server(config, backend)) as asked:
            return [await asked.call_tool(name, arguments) for name, arguments in calls]

    return asyncio.run(run(), **client)


def answer(demo, name, **arguments):
    """What one tool answers."""
    (result,) = ask(demo, (name, arguments))
    assert not result.is_error, result.content[0].text
    return result.structured_content


def test_a_client_starts_the_command_and_asks_every_tool(demo, played, root):
    """Over standard input and output, as an agent's client does."""
    before = played("smoke_some_meats_sync").trace_id
    after = played("smoke_some_meats").trace_id

    async def run():
        parameters = StdioServerParameters(
            command=sys.executable,
            args=["-m", "overlap", "mcp", f"--traces-url={demo.traces_url}",
                  f"--app-url={demo.app_url}"],
            env={"OTEL_EXPORTER_OTLP_ENDPOINT": demo.otlp_url, "SMOKEHOUSE_TIME_SCALE": "0.1",
                 "OVERLAP_PROMETHEUS_URL": "none", "OVERLAP_LOKI_URL": "none",
                 "OVERLAP_GRAFANA_URL": "none", "OVERLAP_PAGE_URL": "none"},
            cwd=root,
        )  # fmt: skip
        async with Client(parameters) as client:
            assert "data, not instructions" in client.instructions
            tools = (await client.list_tools()).tools
            assert {tool.name for tool in tools} == TOOLS
            assert all(tool.description and tool.input_schema for tool in tools)
            writing = {tool.name for tool in tools if not tool.annotations.read_only_hint}
            assert writing == {"play", "doctor"}

            async def call(name, **arguments):
                result = await client.call_tool(name, arguments)
                assert not result.is_error, (name, result.content[0].text)
                assert len(json.dumps(result.structured_content)) < 2 * MOST_CHARACTERS
                return result.structured_content

            routes = await call("routes")
            assert "GET /smoke_some_meats/" in {row["route"] for row in routes["rows"]}
            listed = await call("traces", service="smokehouse")
            assert listed["rows"][0]["sentence"]
            latest = await call("verdict", trace_id="latest")
            assert latest["trace_id"] in {row["trace_id"] for row in listed["rows"]}
            assert "concurrent" in (await call("verdict", trace_id=after))["shapes"]
            groups = await call("verdict", trace_id=after, part="groups")
            assert groups["rows"][0]["overlap_factor"] >= 1
            path = await call("critical_path", trace_id=before)
            assert path["rows"][0]["share"] > 0.3
            assert (await call("why", trace_id=before))["rows"]
            advice = await call("advice", trace_id=before)
            assert "gather" in {row["change"] for row in advice["rows"]}
            compared = await call("compare", a=before, b=after)
            assert compared["gained"] == ["concurrent"]
            names = {row["name"] for row in (await call("scenarios"))["rows"]}
            assert "burn_some_meats" in names
            played_now = await call("play", scenario="burn_some_meats")
            assert played_now["ok"], played_now["problems"]
            assert played_now["blocked"][0]["function"] == "oversmoke"
            found = await call("doctor")
            assert found["ok"], found

    asyncio.run(run())


WRONG = [
    ("verdict", {"trace_id": "nonsense"}, r"'nonsense' is no trace id \(16 or 32 hex digits\)"),
    ("verdict", {"trace_id": NO_TRACE}, r"the trace backend at \S+ has no trace f{32}"),
    ("verdict", {"trace_id": "latest", "part": "soup"}, "part: input should be"),
    ("verdict", {}, "trace_id: field required"),
    ("verdict", {"trace_id": "latest", "colour": "red"}, "verdict has no argument 'colour'"),
    ("why", {"trace_id": "latest", "offset": -1}, "offset: input should be greater than"),
    ("why", {"trace_id": "latest", "offset": 10**6}, "offset 1000000 is not in 0 to"),
    ("routes", {"minutes": "soon"}, "minutes: input should be a valid number"),
    ("play", {"scenario": "burn_some_meat"}, "did you mean burn_some_meats"),
    ("soup", {}, "there is no tool 'soup': the tools are routes, "),
]


@pytest.mark.parametrize(("name", "arguments", "sentence"), WRONG)
def test_what_is_wrong_is_one_sentence(demo, played, name, arguments, sentence):
    """The agent reads what to do, and never a traceback."""
    played("index")
    (result,) = ask(demo, (name, arguments))
    assert result.is_error
    text = result.content[0].text
    assert re.search(sentence, text), text
    assert "\n" not in text
    assert "Traceback" not in text


def test_a_backend_that_does_not_answer_is_one_sentence(demo, free_port):
    """It says how to start one."""
    away = type(demo)(
        demo.app_url, demo.otlp_url, f"http://127.0.0.1:{free_port()}", "", demo.app_log
    )
    for name, arguments in (("routes", {}), ("traces", {}), ("why", {"trace_id": "latest"})):
        (result,) = ask(away, (name, arguments))
        assert result.is_error
        assert "overlap pocket" in result.content[0].text
        assert "\n" not in result.content[0].text


def test_rows_are_paged_to_the_last(demo, played):
    """A trace of many spans is read page by page, each within its bound."""
    trace_id = played("menu").trace_id
    seen, offset = [], 0
    while offset is not None:
        page = answer(demo, "critical_path", trace_id=trace_id, order="time", offset=offset)
        assert len(json.dumps(page["rows"])) <= MOST_CHARACTERS + 1_000
        seen += page["rows"]
        offset = page["next_offset"]
    verdict = played("menu").verdict
    assert [row["span_id"] for row in seen] == [each.span_id for each in verdict.critical_path]


SLEPT, EXITED = "slept on the event loop", "the process exited first"
IN_A_ROW = "one after another"
GRINDING = "sum(range( | while thread_time("
FAULTS = {
    "smoke_some_meats_sync": ("def smoke_some_meats_sync", IN_A_ROW, "gather", "gather get_"),
    "burn_some_meats": ("sleep(BURN)", SLEPT, "off_loop", "await it, with asyncio.sleep"),
    "mixed": ("sleep(BASTE)", SLEPT, "off_loop", "await it, with asyncio.sleep"),
    "file": ("file.read()", "read or wrote a file on the event loop", "off_loop", "to_thread"),
    "mail": ("send_mail(", "for the network", "off_loop", "with an async client"),
    "cpu": (GRINDING, "computed on the event loop", "off_loop", "in another process"),
    "clients_each": ("def a_client_each", r"\d x new client", "one_client", "keep one client"),
    "orm_loop": ("def query_for_each_row", "6 x SELECT", "one_query", "select_related"),
    "orm_gather": ("def gathered_queries", "on one thread", "threads", "a connection of its own"),
    "thread_sensitive": ("def thread_sensitive", "on one thread", "threads", "a thread of its own"),
    "cpu_threads": ("def cpu_in_threads", "in turns", "processes", "in processes"),
    "stream_sync": ("def stream_of_a_sync", "is synchronous", "async_iterator", "asynchronous"),
    "fails_gather": ("gather", "did not wait for get_smokables", "task_group", "TaskGroup"),
    "durable_killed": ("def both_view", EXITED, "durable", "outside this process"),
    "smoke_some_meats_new_clients": (
        "def smoke_some_meats_new_clients", "waited for new client", "one_client", "keep one client"
    ),
    "timed_sync": ("def timed", "waited for timing", "async_caller", "middleware asynchronous"),
    "full_loop": ("time.sleep(SLICE)", "waited for the event loop", "workers", "with more workers"),
    "async_unreferenced": (
        "def async_view_unreferenced", "did not wait for", "reference", "overlap.spawn"
    ),
    "api_slow": ("pool.client.get", "waited for GET", "time_limit", "a time limit"),
    "api_refusing": ("def refusing_api", "2 x back off", "circuit_breaker", "a circuit breaker"),
    "three_ways": ("def three_ways", EXITED, "durable", "outside this process"),
}  # fmt: skip
"""By lesson: text of the line at fault, its cause, and the change with a part of its words."""


MENDED = {
    "smoke_some_meats": "one_client",
    "clients": "one_client",
    "timed_async": "async_caller",
    "async": "reference",
    "order_shielded": "reference",
    "api_slow_limited": "time_limit",
    "api_unwell": "circuit_breaker",
    "api_unwell_once": "circuit_breaker",
    "fails_as_completed": "reference",
    "fails_gather": "reference",
}
"""Lessons without a fault, or with another one, by the change that is not advised there."""


def places(value):
    """Every file and line in an answer."""
    if isinstance(value, dict):
        if "file" in value and "line" in value:
            yield value["file"], value["line"]
        value = value.values()
    if isinstance(value, list | type({}.values())):
        for each in value:
            yield from places(each)


@pytest.mark.parametrize("lesson", FAULTS)
def test_the_answers_alone_have_line_cause_and_change(demo, played, root, lesson):
    """What an agent needs to mend a lesson's fault; no model reads it, only this script."""
    line, cause, change, how = FAULTS[lesson]
    trace_id = played(lesson).trace_id
    calls = [(tool, {"trace_id": trace_id}) for tool in ("verdict", "why", "advice")]
    verdict, why, advice = (each.structured_content for each in ask(demo, *calls))
    assert re.search(cause, f"{why['rows']} {verdict['sentence']}"), why["rows"]
    wanted = [row for row in advice["rows"] if row["change"] == change]
    assert wanted, advice["rows"]
    assert any(how in row["text"] for row in wanted), wanted
    found = {
        (root / file).read_text(encoding="utf-8").splitlines()[number - 1]
        for file, number in places(wanted)
    }
    # A sample falls on either line of a loop.
    assert any(part in each for each in found for part in line.split(" | ")), found


@pytest.mark.parametrize("lesson", MENDED)
def test_no_change_is_advised_where_it_is_made(demo, played, lesson):
    """The mended pair of a lesson, or one whose fault is another."""
    advice = answer(demo, "advice", trace_id=played(lesson).trace_id)
    assert MENDED[lesson] not in {row["change"] for row in advice["rows"]}
