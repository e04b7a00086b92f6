"""Checks before a play: the app, the OTLP endpoint and the trace backend must answer."""

from __future__ import annotations

import asyncio
import secrets
import time
from contextlib import suppress

import httpx

from overlap.backend import HOW_TO_START, Backend
from overlap.backend import start_hint as hint_of_page
from overlap.errors import NotFound, Unreachable

TIMEOUT_S = 15.0
AGAIN_POLL_S = 0.1
# A valid trace context that is not sampled: the request should leave no trace.
_UNSAMPLED = {"traceparent": f"00-{'5a' * 16}-{'a5' * 8}-00"}


async def app(url: str, start_hint: str, page_url: str = "") -> None:
    """Raise Unreachable if nothing answers at the app's address.

    The message has the command that starts it: what the page at `page_url` says, if one answers
    there, else `start_hint`.

    Any response will do. The request also warms the app up: imports would otherwise be part of
    the first scenario's trace.
    """
    try:
        async with _client(url) as client:
            await client.get(f"{url}/", headers=_UNSAMPLED)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        start_hint = await hint_of_page(page_url, start_hint)
        start = f"start it with `{start_hint}`, or " if start_hint else ""
        raise Unreachable(
            f"the app does not answer at {url} ({_why(error)}): {start}set OVERLAP_APP_URL"
        ) from error


async def app_restart(url: str, within_s: float) -> None:
    """Return once the app, which has just been ended, answers again.

    Raises Unreachable if it is not started again within so many seconds.
    """
    deadline = time.monotonic() + within_s
    while True:
        try:
            return await app(url, "")
        except Unreachable as error:
            if time.monotonic() >= deadline:
                raise Unreachable(
                    f"the scenario ended the app, and it was not started again at {url} "
                    f"within {within_s:g} s"
                ) from error
        await asyncio.sleep(AGAIN_POLL_S)


async def otlp_endpoint(endpoint: str) -> None:
    """Raise Unreachable if nothing receives OTLP over HTTP at the endpoint."""
    url = f"{endpoint}/v1/traces"
    try:
        async with _client(url) as client:
            # An empty body is a valid export request: nothing to export.
            answer = await client.post(
                url, content=b"", headers={"content-type": "application/x-protobuf"}
            )
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Unreachable(
            f"nothing receives telemetry at {endpoint} ({_why(error)}): {HOW_TO_START}, "
            "or set OTEL_EXPORTER_OTLP_ENDPOINT"
        ) from error
    if answer.is_error:
        raise Unreachable(
            f"the server at {url} does not accept telemetry (it answered {answer.status_code}): "
            f"{HOW_TO_START}, or set OTEL_EXPORTER_OTLP_ENDPOINT"
        )


async def traces(backend: Backend) -> None:
    """Raise Unreachable if no trace can be read from the backend."""
    with suppress(NotFound):  # an unknown trace id: all that matters is that the backend answers
        await backend.trace(secrets.token_hex(16))


def _client(url: str) -> httpx.AsyncClient:
    # Loading certificates takes a tenth of a second, so it is not done for plain HTTP.
    secure = url.startswith("https:")
    return httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=False, verify=secure)


def _why(error: Exception) -> str:
    return str(error) or type(error).__name__
