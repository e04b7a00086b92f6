"""What the hops share: the addresses, the ids that are looked for, and the time there is."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import httpx

from overlap.config import Config
from overlap.doctor.finding import Broken

T = TypeVar("T")

POLL_S = 0.25
ANSWER_WITHIN_S = 5.0
"""For one answer of one server."""
SAMPLED = "01"


@dataclass
class Visit:
    """One walk along the road. Hops write here what those after them want to know."""

    config: Config
    client: httpx.AsyncClient
    path: str = "/"
    """What is asked of the app."""
    asked: str = field(default_factory=lambda: secrets.token_hex(16))
    """The trace that the request to the app belongs to."""
    sent: str = field(default_factory=lambda: secrets.token_hex(16))
    """The trace of the span that is sent from here."""
    began_ns: int = field(default_factory=time.time_ns)
    is_pocket: bool = False
    """Whether the trace backend is Overlap's own, which keeps all three signals itself."""
    service: str = ""
    """The app's name, as its spans have it."""

    @property
    def traceparent(self) -> str:
        """The header that makes the app's server span part of our trace."""
        return f"00-{self.asked}-{secrets.token_hex(8)}-{SAMPLED}"

    async def get(
        self, url: str, query: Mapping[str, str] | None = None, *, who: str, do: str
    ) -> httpx.Response:
        """Ask a server. Raises Broken, with `do` as the advice, where there is no answer."""
        try:
            return await self.client.get(url, params=query)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Broken(f"{who} does not answer at {base(url)} ({why(error)})", do) from None

    async def until(self, look: Callable[[], Awaitable[T]], within_s: float) -> T:
        """Look again until there is something, or the time is over; gives back what there is."""
        deadline = time.monotonic() + within_s
        while True:
            found = await look()
            if found or time.monotonic() > deadline:
                return found
            await asyncio.sleep(POLL_S)


def new_client() -> httpx.AsyncClient:
    """A client without proxies: what is looked at is the address that was given."""
    return httpx.AsyncClient(timeout=ANSWER_WITHIN_S, trust_env=False)


def body(answer: httpx.Response, who: str) -> Any:
    """An answer's JSON object. Raises Broken where it is none."""
    try:
        found = answer.json()
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        where = base(str(answer.url))
        raise Broken(
            f"what answers at {where} is not {who}: {answer.status_code}, and no JSON",
            f"give {who}'s own address",
        )
    return found


def base(url: str) -> str:
    """The address without path, query and password."""
    parts = httpx.URL(url)
    return f"{parts.scheme}://{parts.netloc.decode()}"


def why(error: Exception) -> str:
    """What a failed request says of itself."""
    return str(error) or type(error).__name__
