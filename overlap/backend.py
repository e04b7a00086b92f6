"""The client of a trace backend: it uses Jaeger's v3 API, which Jaeger and pocket serve."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

import httpx

from overlap.errors import NotFound, OverlapError, Unreachable, UnreadableTrace
from overlap.trace import Trace, read

POCKET = "overlap-pocket"
"""The value of the header `server` in the responses of pocket."""
HOW_TO_START = "start one with `overlap pocket`"
START_HINT_HEADER = "overlap-start-hint"
"""The header of pocket's pages with the command that starts the app which they play on."""
_LONGEST_HINT = 200


async def start_hint(
    page_url: str, otherwise: str, transport: httpx.AsyncBaseTransport | None = None
) -> str:
    """Return the command that starts the app, as the page at `page_url` says it.

    The page was started with the app, and so knows what the settings of the folder that a command
    runs in don't: whether Docker, the native stack or the demo runs it. `otherwise` is returned
    where no page answers, or where it does not know.
    """
    try:
        async with httpx.AsyncClient(timeout=2, trust_env=False, transport=transport) as client:
            headers = (await client.get(f"{page_url}/static/icon.svg")).headers
    except (httpx.HTTPError, httpx.InvalidURL):
        return otherwise
    hint = headers.get(START_HINT_HEADER, "") if headers.get("server") == POCKET else ""
    # A terminal shows it, and whatever listens at that address wrote it.
    return hint if is_shown(hint) else otherwise


def is_shown(hint: str) -> bool:
    """Return whether a start hint is short and plain enough for a header and for a terminal."""
    return 0 < len(hint) <= _LONGEST_HINT and hint.isascii() and hint.isprintable()


class Backend:
    """Reads traces, services and operations over HTTP. Use it as an async context manager.

    Every method raises Unreachable if the backend does not answer in time or answers with
    a server error, UnreadableTrace if its response does not follow the API, and OverlapError
    if it rejects the request.
    """

    def __init__(
        self,
        base_url: str,
        *,
        public_url: str = "",
        timeout_s: float = 10,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """Read from `base_url`; a browser opens traces at `public_url`, by default the same."""
        self.base_url = base_url.rstrip("/")
        self._public_url = public_url.rstrip("/") or self.base_url
        # trust_env off: requests to loopback must not go through a proxy of the environment.
        self._client = httpx.AsyncClient(timeout=timeout_s, trust_env=False, transport=transport)
        self._timeout_s = timeout_s

    async def __aenter__(self) -> Backend:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._client.aclose()

    def trace_url(self, trace_id: str) -> str:
        """Return the URL of the trace's page."""
        return f"{self._public_url}/trace/{trace_id}"

    async def trace(self, trace_id: str) -> Trace:
        """Return the spans of the trace that the backend has. Raises NotFound if it has none."""
        answer = await self.trace_answer(trace_id)
        found = [] if answer is None else self._read(answer)
        wanted = trace_id.lower().rjust(32, "0")
        for trace in found:
            if trace.trace_id.rjust(32, "0") == wanted:
                return trace
        raise NotFound(f"the trace backend at {self.base_url} has no trace {trace_id}")

    async def trace_answer(self, trace_id: str) -> bytes | None:
        """Return the JSON of the trace as the backend sends it; None if it has none."""
        return await self._get(f"/api/v3/traces/{trace_id}", {})

    async def services(self) -> list[str]:
        """Return the names of the services that have sent spans, sorted."""
        return sorted(self._names(await self._get("/api/v3/services", {}), "services"))

    async def operations(self, service: str) -> list[str]:
        """Return the distinct names of the service's spans, sorted."""
        answer = await self._get("/api/v3/operations", {"service": service})
        return sorted(set(self._names(answer, "operations")))

    async def search(  # noqa: PLR0913  the API's own parameters
        self,
        service: str,
        *,
        start: datetime | int,
        end: datetime | int,
        depth: int,
        operation: str | None = None,
        attributes: Mapping[str, str] | None = None,
    ) -> list[Trace]:
        """Return up to `depth` traces with a matching span of the service that began in that time.

        `start` and `end` are datetimes with a zone, or nanoseconds since the epoch.
        """
        answer = await self.search_answer(
            service, start=start, end=end, depth=depth, operation=operation, attributes=attributes
        )
        return [] if answer is None else self._read(answer)

    async def search_answer(  # noqa: PLR0913  as above
        self,
        service: str,
        *,
        start: datetime | int,
        end: datetime | int,
        depth: int,
        operation: str | None = None,
        attributes: Mapping[str, str] | None = None,
    ) -> bytes | None:
        """Return the JSON of what `search` finds, as the backend sends it; None if nothing."""
        query = {
            **_both("service_name", "serviceName", service),
            **_both("start_time_min", "startTimeMin", rfc3339(start)),
            **_both("start_time_max", "startTimeMax", rfc3339(end)),
            **_both("num_traces", "searchDepth", str(depth)),
        }
        if operation:
            query.update(_both("operation_name", "operationName", operation))
        if attributes:
            query["query.attributes"] = json.dumps(dict(attributes))
        return await self._get("/api/v3/traces", query)

    async def _get(self, path: str, query: Mapping[str, str]) -> bytes | None:
        """Return the body of the response; None for 404."""
        try:
            answer = await self._client.get(self.base_url + path, params=query)
        except httpx.TimeoutException:
            raise Unreachable(
                f"the trace backend at {self.base_url} did not answer within {self._timeout_s:g} s"
            ) from None
        except httpx.DecodingError as error:
            raise UnreadableTrace(f"the answer of {self.base_url}: {error}") from None
        except (httpx.TransportError, httpx.InvalidURL) as error:
            why = str(error) or type(error).__name__
            raise Unreachable(
                f"no trace backend answers at {self.base_url} ({why}): {HOW_TO_START}, "
                "or set OVERLAP_TRACES_URL"
            ) from None
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        if answer.is_success:
            return answer.content
        said = f"the trace backend at {self.base_url} answered {answer.status_code}{_why(answer)}"
        raise Unreachable(said) if answer.is_server_error else OverlapError(said)

    def _read(self, answer: bytes) -> list[Trace]:
        return read(answer, source=f"the answer of {self.base_url}", empty_ok=True)

    def _names(self, answer: bytes | None, key: str) -> list[str]:
        """Return the names in a list of strings, or of objects with a name."""
        try:
            message = json.loads(answer or b"{}")
            message = message.get("result", message)
            items = message.get(key) or []
            return [str(item["name"] if isinstance(item, dict) else item) for item in items]
        except (ValueError, AttributeError, TypeError, KeyError, RecursionError):
            raise UnreadableTrace(
                f"the trace backend at {self.base_url} answered something other than {key}"
            ) from None


def _both(old: str, new: str, value: str) -> dict[str, str]:
    """Return a parameter under both its names: Jaeger used underscores until 2.13 at least."""
    return {f"query.{old}": value, f"query.{new}": value}


def rfc3339(time: datetime | int) -> str:
    """Format a datetime, or nanoseconds since the epoch, as the UTC time that Jaeger expects."""
    if isinstance(time, datetime):
        return time.astimezone(UTC).isoformat().replace("+00:00", "Z")
    seconds, ns = divmod(time, 1_000_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{ns:09d}Z"


def _why(answer: httpx.Response) -> str:
    """Return the message in the body of an error, on one line."""
    try:
        message: Any = answer.json()["error"]["message"]
    except (ValueError, TypeError, KeyError, RecursionError):
        message = answer.text
    line = " ".join(str(message).split())[:200]
    return f": {line}" if line else ""
