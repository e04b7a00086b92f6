"""What fails inside pocket is one line: in the answer, in the log, and in a count."""

import asyncio

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import StreamingResponse
from starlette.routing import Route

from overlap.pocket.last_guard import LastGuard
from overlap.pocket.storage.store import Counts


async def broken(request):
    raise ValueError(f"secret {request.query_params}")


async def half(_request):
    async def parts():
        yield "one"
        raise KeyError("secret")

    return StreamingResponse(parts())


async def bare(scope, receive, send):
    """Fails before anything of Starlette's could answer."""
    raise SystemError("secret")


def ask(app, *paths: str) -> list[tuple[int, str]]:
    async def ask() -> list[tuple[int, str]]:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
            answers = [await client.get(path) for path in paths]
            return [(answer.status_code, answer.text) for answer in answers]

    return asyncio.run(ask())


@pytest.mark.parametrize("app", [Starlette(routes=[Route("/", broken)]), bare])
def test_a_failure_is_500_in_one_line_and_counted(app, capsys):
    """The log names the error and its place, and nothing that the request contained."""
    counts = Counts()
    [(status, text)] = ask(LastGuard(app, counts), "/?password=1")
    assert (status, text.strip().count("\n"), counts.failed_requests) == (500, 0, 1)
    logged = capsys.readouterr().err
    assert "secret" not in logged + text
    assert logged.startswith("overlap pocket: a request failed: ")
    assert "Error at test_last_guard.py:" in logged
    assert logged.count("\n") == 1


def test_a_failure_after_the_head_of_an_answer_is_counted_too(capsys):
    """What was sent stays as it is; the server cuts the answer off there."""
    counts, sent = Counts(), []

    async def send(message):
        sent.append(message)

    async def receive():
        await asyncio.sleep(60)

    scope = {"type": "http", "method": "GET", "path": "/", "headers": [], "query_string": b""}
    app = LastGuard(Starlette(routes=[Route("/", half)]), counts)
    asyncio.run(app(scope, receive, send))
    assert [message.get("status", message.get("body")) for message in sent] == [200, b"one"]
    assert counts.failed_requests == 1
    assert "KeyError at" in capsys.readouterr().err
