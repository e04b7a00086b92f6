"""The client of Jaeger's v3 API, its transport faked; against real servers see tests/contract."""

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

import httpx
import pytest

from overlap.backend import POCKET, START_HINT_HEADER, Backend, rfc3339, start_hint
from overlap.errors import NotFound, OverlapError, Unreachable, UnreadableTrace

T = TypeVar("T")
TRACE = "0af7651916cd43dd8448eb211c80319c"


def spans(*ids: str, trace_id: str = TRACE) -> dict[str, Any]:
    """An answer of Jaeger's with spans of these ids."""
    made = [{"traceId": trace_id, "spanId": one, "name": "s"} for one in ids]
    return {"result": {"resourceSpans": [{"scopeSpans": [{"spans": made}]}]}}


def ask(
    answer: Callable[[httpx.Request], httpx.Response], question: Callable[[Backend], Awaitable[T]]
) -> T:
    """Put the question to a backend that answers like this."""

    async def main() -> T:
        transport = httpx.MockTransport(answer)
        async with Backend("http://backend:1/", transport=transport) as backend:
            return await question(backend)

    return asyncio.run(main())


def test_a_trace_streamed_in_pieces_comes_whole() -> None:
    """Jaeger may answer with several objects, one after the other."""
    body = json.dumps(spans("a" * 16)) + json.dumps(spans("b" * 16))
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(200, text=body)

    trace = ask(answer, lambda backend: backend.trace(TRACE))
    assert [span.span_id for span in trace.spans] == ["a" * 16, "b" * 16]
    assert asked == [f"http://backend:1/api/v3/traces/{TRACE}"]


def test_an_unknown_trace_is_not_found() -> None:
    """404 is NotFound, and so is an answer about other traces only."""
    for response in (
        httpx.Response(404, json={"error": {"httpCode": 404, "message": "No traces found"}}),
        httpx.Response(200, json=spans("a" * 16, trace_id="e" * 32)),
        httpx.Response(200, json={"result": {}}),
    ):
        with pytest.raises(NotFound, match=f"at http://backend:1 has no trace {TRACE}"):
            ask(lambda _, r=response: r, lambda backend: backend.trace(TRACE))


def test_a_short_id_finds_its_padded_trace() -> None:
    """Ids of 64 bits come back with zeros before them."""
    padded = "a1b2c3d4e5f60718".rjust(32, "0")
    trace = ask(
        lambda _: httpx.Response(200, json=spans("a" * 16, trace_id=padded)),
        lambda backend: backend.trace("A1B2C3D4E5F60718"),
    )
    assert trace.trace_id == padded


def test_a_search_names_everything_jaeger_asks_for() -> None:
    """Parameters by their old and their new names, times in RFC 3339, attributes as a map."""
    asked: list[httpx.QueryParams] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.params)
        body = json.dumps(spans("a" * 16)) + json.dumps(spans("b" * 16, trace_id="e" * 32))
        return httpx.Response(200, text=body)

    found = ask(
        answer,
        lambda backend: backend.search(
            "smokehouse",
            start=1_700_000_000_000_000_001,
            end=datetime(2026, 11, 22, 20, 0, 0, 5, UTC),
            depth=20,
            operation="GET /",
            attributes={"overlap.scenario": "smoke"},
        ),
    )
    assert [trace.trace_id for trace in found] == [TRACE, "e" * 32]
    (params,) = asked
    for old, new, value in (
        ("service_name", "serviceName", "smokehouse"),
        ("operation_name", "operationName", "GET /"),
        ("start_time_min", "startTimeMin", "2023-11-14T22:13:20.000000001Z"),
        ("start_time_max", "startTimeMax", "2026-11-22T20:00:00.000005Z"),
        ("num_traces", "searchDepth", "20"),
    ):
        assert params[f"query.{old}"] == params[f"query.{new}"] == value
    assert json.loads(params["query.attributes"]) == {"overlap.scenario": "smoke"}


def test_an_empty_search_is_an_empty_list() -> None:
    """Jaeger answers 404 where nothing was found."""
    for response in (httpx.Response(404), httpx.Response(200, text='{"result": {}}\n')):
        found = ask(
            lambda _, r=response: r, lambda backend: backend.search("x", start=0, end=1, depth=1)
        )
        assert found == []


def test_services_and_operations_are_names() -> None:
    """Services are strings, operations objects with a name; an operation of two kinds is one."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/api/v3/services":
            return httpx.Response(200, json={"services": ["b", "a"]})
        assert request.url.params["service"] == "a"
        kinds = [{"name": "GET /", "spanKind": kind} for kind in ("server", "client")]
        return httpx.Response(200, json={"operations": kinds})

    assert ask(answer, lambda backend: backend.services()) == ["a", "b"]
    assert ask(answer, lambda backend: backend.operations("a")) == ["GET /"]


@pytest.mark.parametrize("body", ["<html>", '{"services": 5}', "[]", '{"services": [{}]}'])
def test_a_broken_answer_is_unreadable(body: str) -> None:
    """What is no answer of Jaeger's is said to be none, whichever question it was."""
    with pytest.raises(UnreadableTrace):
        ask(lambda _: httpx.Response(200, text=body), lambda backend: backend.services())


@pytest.mark.parametrize("body", ["<html>", '{"services": 5}', "[1]", '{"result": {"x": 1}}'])
def test_a_broken_trace_is_unreadable(body: str) -> None:
    """What is no trace is said to be none, with where it came from."""
    with pytest.raises(UnreadableTrace, match="the answer of http://backend:1: "):
        ask(lambda _: httpx.Response(200, text=body), lambda backend: backend.trace(TRACE))


def test_a_body_that_does_not_unpack_is_unreadable() -> None:
    """Promised gzip, sent something else."""

    def answer(_: httpx.Request) -> httpx.Response:
        headers = {"content-encoding": "gzip"}
        return httpx.Response(200, headers=headers, stream=httpx.ByteStream(b"no gzip"))

    with pytest.raises(UnreadableTrace, match="the answer of http://backend:1: "):
        ask(answer, lambda backend: backend.trace(TRACE))


@pytest.mark.parametrize(("status", "kind"), [(503, Unreachable), (400, OverlapError)])
def test_a_refusal_says_what_the_backend_said(status: int, kind: type[OverlapError]) -> None:
    """The status, and the error's message in one line."""
    error = {"error": {"message": "no\n luck"}}
    with pytest.raises(kind, match=f"http://backend:1 answered {status}: no luck$"):
        ask(lambda _: httpx.Response(status, json=error), lambda backend: backend.trace(TRACE))


def test_nobody_there_is_unreachable_with_its_address() -> None:
    """Which address, and how to start something at it."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: a connection is refused
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"

        async def main() -> None:
            async with Backend(address) as backend:
                await backend.services()

        with pytest.raises(Unreachable, match=f"{address} .*overlap pocket.*OVERLAP_TRACES_URL"):
            asyncio.run(main())


def test_silence_is_unreachable() -> None:
    """A backend that takes too long is as good as none."""

    def answer(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("", request=request)

    with pytest.raises(Unreachable, match="did not answer within 10 s"):
        ask(answer, lambda backend: backend.services())


@pytest.mark.parametrize("address", ["nonsense", "http://", "http://[::1", "ftp://x"])
def test_an_address_that_is_none_is_unreachable(address: str) -> None:
    """A typing error in the address is one sentence too."""

    async def main() -> None:
        async with Backend(address) as backend:
            await backend.services()

    with pytest.raises(Unreachable):
        asyncio.run(main())


def test_a_proxy_of_the_environment_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loopback is loopback, whatever HTTP_PROXY says."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    assert Backend("http://127.0.0.1:16686")._client._mounts == {}


def test_a_traces_page_is_under_trace() -> None:
    """The same path in Jaeger's UI and in pocket's."""
    assert Backend("http://x/").trace_url("ab") == "http://x/trace/ab"
    assert rfc3339(0) == "1970-01-01T00:00:00.000000000Z"


def test_a_browser_may_open_traces_at_another_address() -> None:
    """Inside a container the backend's name is one that no browser on the host can find."""
    backend = Backend("http://jaeger:16686", public_url="http://127.0.0.1:9999/")
    assert backend.trace_url("ab") == "http://127.0.0.1:9999/trace/ab"


@pytest.mark.parametrize(
    ("server", "hint", "expected"),
    [
        (POCKET, "docker compose up --detach app", "docker compose up --detach app"),
        (POCKET, "", "make demo"),
        ("another server", "curl http://evil.example", "make demo"),
        (POCKET, "\x1b[2J", "make demo"),
        (POCKET, "a" * 201, "make demo"),
    ],
)
def test_how_the_app_is_started_is_what_the_page_says(
    server: str, hint: str, expected: str
) -> None:
    """If it is ours, and if a terminal can show it; else what the settings say."""

    def answer(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={"server": server, START_HINT_HEADER: hint})

    transport = httpx.MockTransport(answer)
    assert asyncio.run(start_hint("http://page:1", "make demo", transport)) == expected


def test_how_the_app_is_started_where_no_page_answers() -> None:
    """The settings say it, also where the page's address is none."""

    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    transport = httpx.MockTransport(refuse)
    assert asyncio.run(start_hint("http://page:1", "make demo", transport)) == "make demo"
    assert asyncio.run(start_hint("none", "make demo")) == "make demo"
