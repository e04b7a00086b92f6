"""Mixed traffic for a while: every kind of request, WebSockets, and clients that leave."""

import asyncio
import random
import time
from dataclasses import dataclass, field

import httpx
import websockets

PATHS = {
    "/": 30, "/sync/": 10, "/meats/3/": 10, "/orm/": 8, "/sync-orm/": 8, "/query/": 3,
    "/stream/": 4, "/sync-stream/": 3, "/broken-stream/": 1, "/boom/": 2, "/nowhere/": 2,
    "/log/": 3, "/spawn/?kind=short": 3, "/spawn/?kind=failing": 1, "/file/": 2, "/moved/": 1,
    "/upload/": 1, "/burn/?s=0.12": 1, "/leave/": 0, "/drop/?kind=waits": 1,
}  # fmt: skip
"""How often each is asked, of eighty or so."""
LIGHT = "/"
"""Its durations tell whether the server has become slower."""
LEAVES = ("/sleepy/", "/endless/", "/slow/", "/slow-sync-stream/")
"""Asked by clients that disconnect before the answer is complete."""


@dataclass
class Seen:
    """What the clients saw."""

    ended: list[float] = field(default_factory=list)
    """When each request ended."""
    unexpected: list[str] = field(default_factory=list)
    light: list[tuple[float, float]] = field(default_factory=list)
    """When, and how many seconds it took."""
    control: list[tuple[float, float]] = field(default_factory=list)
    """The same of the bare server."""


class _Deck:
    """The paths in an order by chance, each as often as it shall be, so that costs are even."""

    def __init__(self) -> None:
        self._left: list[str] = []

    def next(self) -> str:
        if not self._left:
            self._left = [path for path, often in PATHS.items() for _ in range(often)]
            random.shuffle(self._left)
        return self._left.pop()


async def run(url: str, control: str, until: float, seen: Seen, clients: int) -> None:
    """Ask until `until`, by time.monotonic()."""
    limits = httpx.Limits(max_connections=50)
    async with httpx.AsyncClient(
        base_url=url, timeout=30, trust_env=False, limits=limits
    ) as client:
        deck = _Deck()
        asks = [_ask(client, deck, until, seen) for _ in range(clients)]
        await asyncio.gather(
            *asks,
            _leave(client, until, seen),
            _sockets(url, until, seen),
            _control(control, until, seen),
        )


async def _control(url: str, until: float, seen: Seen) -> None:
    async with httpx.AsyncClient(base_url=url, timeout=30, trust_env=False) as client:
        while time.monotonic() < until:
            began = time.monotonic()
            assert (await client.get("/")).status_code == 200
            seen.control.append((began, time.monotonic() - began))
            await asyncio.sleep(0.05)


async def _ask(client: httpx.AsyncClient, deck: _Deck, until: float, seen: Seen) -> None:
    while time.monotonic() < until:
        path = deck.next()
        began = time.monotonic()
        try:
            if path == "/upload/":
                answer = await client.post(path, content=b"x" * 200_000)
            else:
                answer = await client.get(path)
            wanted = {"/boom/": 500, "/nowhere/": 404, "/moved/": 302}.get(path, 200)
            if answer.status_code != wanted:
                seen.unexpected.append(f"{path}: {answer.status_code}")
        except httpx.HTTPError as error:
            if path != "/broken-stream/":
                seen.unexpected.append(f"{path}: {error!r}")
        seen.ended.append(time.monotonic())
        if path == LIGHT:
            seen.light.append((began, time.monotonic() - began))
        await asyncio.sleep(random.uniform(0.02, 0.1))


async def _leave(client: httpx.AsyncClient, until: float, seen: Seen) -> None:
    while time.monotonic() < until:
        try:
            # Not httpx's time-out, which starts anew with each part of an endless answer.
            await asyncio.wait_for(client.get(random.choice(LEAVES)), random.uniform(0.05, 0.3))
        except TimeoutError:
            pass
        except httpx.HTTPError as error:
            seen.unexpected.append(f"leaving: {error!r}")
        seen.ended.append(time.monotonic())
        await asyncio.sleep(0.3)


async def _sockets(url: str, until: float, seen: Seen) -> None:
    base = url.replace("http", "ws", 1)
    while time.monotonic() < until:
        try:
            async with websockets.connect(f"{base}/echo/room/", proxy=None) as socket:
                for text in ("hello", "call", "spawn"):
                    await socket.send(text)
                    assert await asyncio.wait_for(socket.recv(), 30) == text
                if random.random() < 0.3:
                    await socket.send("bye")
            async with websockets.connect(f"{base}/sync-echo/", proxy=None) as socket:
                await socket.send("x")
                await asyncio.wait_for(socket.recv(), 30)
        except (OSError, websockets.WebSocketException, TimeoutError) as error:
            seen.unexpected.append(f"socket: {error!r}")
        await asyncio.sleep(0.5)
