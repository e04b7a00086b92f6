"""What all hops share: addresses, trace ids, the HTTP client, and polling."""

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
"""The time limit of one HTTP request."""
SAMPLED = "01"
STORED_WITHIN_S = 15.0
TRACE_STATE = "overlap=doctor"
"""What our traces carry, so that a sampler can keep them (the policy `trace_state`)."""


@dataclass
class Context:
    """The state of one run of the doctor. A hop stores here what later hops need."""

    config: Config
    client: httpx.AsyncClient
    path: str = "/"
    """The path that is requested from the app."""
    asked: str = field(default_factory=lambda: secrets.token_hex(16))
    """The trace id of the request to the app."""
    sent: str = field(default_factory=lambda: secrets.token_hex(16))
    """The trace id of the span that the doctor sends."""
    began_ns: int = field(default_factory=time.time_ns)
    is_pocket: bool = False
    """Whether the trace backend is pocket, which keeps all three signals."""
    service: str = ""
    """The app's service name, from its spans."""
    stored_within_s: float = STORED_WITHIN_S
    """How long a trace may take to be stored; a sampler decides only at a trace's end."""

    @property
    def endpoints(self) -> list[str]:
        """Return the OTLP endpoints: one, or the gateways of a first tier."""
        urls = (url.strip().rstrip("/") for url in self.config.otlp_endpoint.split(","))
        return [url for url in urls if url]

    @property
    def traceparent(self) -> str:
        """Return the header that makes the app's server span part of our trace."""
        return f"00-{self.asked}-{secrets.token_hex(8)}-{SAMPLED}"

    async def get(
        self, url: str, query: Mapping[str, str] | None = None, *, who: str, do: str
    ) -> httpx.Response:
        """Send a GET. Raises Broken, with `do` as the advice, if there is no response."""
        try:
            return await self.client.get(url, params=query)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Broken(f"{who} does not answer at {base(url)} ({why(error)})", do) from None

    async def until(self, look: Callable[[], Awaitable[T]], within_s: float) -> T:
        """Poll `look` until it returns something or time is up; return the last result."""
        deadline = time.monotonic() + within_s
        while True:
            found = await look()
            if found or time.monotonic() > deadline:
                return found
            await asyncio.sleep(POLL_S)


def new_client() -> httpx.AsyncClient:
    """Return a client that uses no proxy, so that the given address is checked."""
    return httpx.AsyncClient(timeout=ANSWER_WITHIN_S, trust_env=False)


def body(answer: httpx.Response, who: str) -> Any:
    """Return a response's JSON object. Raises Broken if it has none."""
    try:
        found = answer.json()
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        where = base(str(answer.url))
        raise Broken(
            f"the server at {where} is not {who}: it answered {answer.status_code} and no JSON",
            f"set the address of {who}",
        )
    return found


def base(url: str) -> str:
    """Return the address without path, query and password."""
    parts = httpx.URL(url)
    return f"{parts.scheme}://{parts.netloc.decode()}"


def why(error: Exception) -> str:
    """Return the message of a failed request."""
    return str(error) or type(error).__name__
