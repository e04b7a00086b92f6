"""Are the app, the road and the backend there? Each that is not is named, with what starts it."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import httpx

from overlap.errors import NotFound, Unreachable

if TYPE_CHECKING:
    from overlap.backend import Backend

TIMEOUT_S = 15.0
# A valid trace context that asks not to be sampled: what it reaches should make no trace.
_UNSAMPLED = {"traceparent": f"00-{'5a' * 16}-{'a5' * 8}-00"}


async def app(url: str, start_hint: str) -> None:
    """Raise Unreachable where nothing answers at the app's address.

    Any answer will do. It also warms the app up: a first request pays for imports that would
    stand in the first lesson's trace otherwise.
    """
    try:
        async with httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=False) as client:
            await client.get(f"{url}/", headers=_UNSAMPLED)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Unreachable(
            f"the app does not answer at {url} ({_why(error)}){_start(start_hint)}"
        ) from error


async def road(endpoint: str, start_hint: str) -> None:
    """Raise Unreachable where nothing takes OTLP over HTTP at the endpoint."""
    url = f"{endpoint}/v1/traces"
    try:
        async with httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=False) as client:
            # An empty body is a valid export request: nothing to export.
            answer = await client.post(
                url, content=b"", headers={"content-type": "application/x-protobuf"}
            )
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Unreachable(
            f"nothing takes telemetry at {endpoint} ({_why(error)}){_start(start_hint)}"
        ) from error
    if answer.is_error:
        raise Unreachable(
            f"what answers at {url} takes no OTLP: it answered {answer.status_code}"
            f"{_start(start_hint)}"
        )


async def traces(backend: Backend, start_hint: str) -> None:
    """Raise Unreachable where no trace can be read from the backend."""
    try:
        await backend.trace(secrets.token_hex(16))
    except NotFound:
        return
    except Unreachable as error:
        raise Unreachable(f"{error}{_start(start_hint)}") from error


def _why(error: Exception) -> str:
    return str(error) or type(error).__name__


def _start(hint: str) -> str:
    return f"; start it with: {hint}" if hint else ""
