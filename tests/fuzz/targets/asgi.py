"""Ask an ASGI application in this process; what it raises is raised."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar

_loop = asyncio.new_event_loop()
T = TypeVar("T")


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run it on the loop that serves."""
    return _loop.run_until_complete(work)


@dataclass
class Answer:
    status: int = 0
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""

    @property
    def kind(self) -> str:
        return dict(self.headers).get(b"content-type", b"").decode("latin-1")


def ask(
    app: Any,
    path: str,
    *,
    method: str = "GET",
    query: bytes = b"",
    headers: list[tuple[bytes, bytes]] | None = None,
    body: bytes = b"",
) -> Answer:
    return run(_ask(app, path, method, query, headers or [], body))


async def _ask(  # noqa: PLR0917
    app: Any, path: str, method: str, query: bytes, headers: list[tuple[bytes, bytes]], body: bytes
) -> Answer:
    answer, parts = Answer(), [body]
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method,
        "scheme": "http", "path": path, "raw_path": path.encode("utf-8", "surrogateescape"),
        "query_string": query, "root_path": "", "headers": [(b"host", b"127.0.0.1"), *headers],
        "client": ("127.0.0.1", 50000), "server": ("127.0.0.1", 80),
    }  # fmt: skip
    done = asyncio.Event()

    async def receive() -> dict[str, Any]:
        if parts:
            return {"type": "http.request", "body": parts.pop(), "more_body": False}
        await done.wait()
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            answer.status, answer.headers = message["status"], list(message.get("headers", ()))
        else:
            answer.body += message.get("body", b"")
            if not message.get("more_body"):
                done.set()

    await app(scope, receive, send)
    return answer
