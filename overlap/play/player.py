"""Plays a lesson from its first request to its verdict."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from itertools import chain, repeat
from types import TracebackType
from typing import Self

from overlap.backend import Backend
from overlap.errors import NoServer, OverlapError, Unreachable
from overlap.judge import verdict
from overlap.play import preflight
from overlap.play.completeness import missing
from overlap.play.result import Progress, Result
from overlap.play.timeline import Fired, Load, Sent
from overlap.play.verdict_log import send_verdict
from overlap.scenario import Scenario, mismatches
from overlap.trace import Trace

POLL_S = (0.1, 0.2, 0.35, 0.5)
"""Seconds between two looks at the backend; the last goes on."""
CALM_S = 0.5
"""A trace that lacks nothing must also stay as it is for this long."""


class Player:
    """Plays lessons against one app and one backend, one after another.

    An async context manager. Entering it opens no connection; the first `play` (or `check`) does.
    """

    def __init__(
        self,
        app_url: str,
        otlp_endpoint: str,
        backend: Backend,
        *,
        start_hint: str = "",
        servers: Mapping[str, str] | None = None,
    ) -> None:
        self._app_url = app_url.rstrip("/")
        self._servers = {name: url.rstrip("/") for name, url in (servers or {}).items()}
        """The other servers that there are, by the name that lessons call them."""
        self._awake: set[str] = set()
        self._otlp_endpoint = otlp_endpoint.rstrip("/")
        self._backend = backend
        self._start_hint = start_hint
        self._checked = False

    async def __aenter__(self) -> Self:
        self._load = await Load(self._app_url, self._otlp_endpoint).__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._load.__aexit__(kind, error, traceback)

    async def check(self) -> None:
        """Raise Unreachable where the backend, the road to it or the app is not there."""
        await preflight.road(self._otlp_endpoint)
        await preflight.traces(self._backend)
        await preflight.app(self._app_url, self._start_hint)
        self._checked = True

    async def play(
        self, scenario: Scenario, progress: Callable[[Progress], None] | None = None
    ) -> Result:
        """Play the lesson, judge its trace and send the verdict after it.

        `progress` is told at each change.

        Raises Unreachable where nothing can be played, and NoServer where only this lesson
        can't be; whatever else goes wrong is a problem of the result.
        """
        if not self._checked:
            await self.check()
        server_url = await self._server(scenario.server)
        tell = progress or (lambda _: None)

        def changed(trace_id: str, sent: Sequence[Sent]) -> None:
            answered = sum(item.done for item in sent)
            tell(Progress(scenario, trace_id, len(sent) - answered, answered))

        fired = await self._load.fire(scenario, changed, server_url)
        problems = [item.problem for item in fired.sent if item.problem]
        if any(item.request.ends_app for item in fired.sent):
            tell(Progress(scenario, fired.trace_id, 0, len(fired.sent), 0, "the app's next start"))
            await preflight.again(server_url or self._app_url, scenario.within)
        if fired.sent and all(item.error for item in fired.sent):
            # Gone altogether, or only unwell?
            await preflight.app(server_url or self._app_url, self._start_hint)
        trace, lacking = await self._whole(scenario, fired, tell)
        seen = verdict(trace)
        if lacking:
            problems.append(
                f"the trace was not whole after {scenario.within:g} s: waited for {lacking}"
            )
        problems.extend(mismatches(scenario.expect, seen))
        url = self._backend.trace_url(fired.trace_id)
        result = Result(scenario, fired.trace_id, url, seen, trace, problems)
        await send_verdict(result, fired.root_id, self._otlp_endpoint)
        return result

    async def _server(self, name: str) -> str:
        """Where the server of this name is, awake; empty for the app's own."""
        if not name:
            return ""
        if name not in self._servers:
            raise NoServer(f"nobody said where the server {name!r} is")
        url = self._servers[name]
        if name not in self._awake:
            try:
                await preflight.app(url, "")
            except Unreachable as error:
                raise NoServer(f"the server {name!r} does not answer at {url}") from error
            self._awake.add(name)
        return url

    async def _whole(
        self, scenario: Scenario, fired: Fired, tell: Callable[[Progress], None]
    ) -> tuple[Trace, str]:
        """Poll until the trace is whole and calm, or time is up: the trace, and what it lacks."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + scenario.within
        waits = chain(POLL_S, repeat(POLL_S[-1]))
        trace, count, since = Trace(fired.trace_id, ()), -1, loop.time()
        while True:
            failure: OverlapError | None = None
            try:
                trace = await self._backend.trace(fired.trace_id)
            except OverlapError as error:
                failure = error
            now = loop.time()
            if len(trace.spans) != count:
                count, since = len(trace.spans), now
            lacking = str(failure) if failure else _lacking(trace, scenario, fired)
            tell(Progress(scenario, fired.trace_id, 0, len(fired.sent), count, lacking))
            if now >= deadline and isinstance(failure, Unreachable) and not trace.spans:
                raise failure
            if (not lacking and now - since >= CALM_S) or now >= deadline:
                return trace, lacking
            await asyncio.sleep(min(next(waits), max(0.0, deadline - now)))


def _lacking(trace: Trace, scenario: Scenario, fired: Fired) -> str:
    answered = [item.span_id for item in fired.sent if item.reached]
    return ", ".join(
        missing(trace, root_id=fired.root_id, answered=answered, wait_for=scenario.wait_for)
    )
