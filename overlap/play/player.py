"""The player: plays a scenario from its first request to its verdict."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from itertools import chain, repeat
from pathlib import Path
from types import TracebackType
from typing import Self

from overlap.backend import Backend
from overlap.errors import NoServer, OverlapError, Unreachable
from overlap.judge import Verdict, verdict
from overlap.play import preflight
from overlap.play.completeness import missing
from overlap.play.result import Progress, Result
from overlap.play.timeline import Fired, Load, Sent
from overlap.play.verdict_log import send_verdict
from overlap.proof import graded_verdict
from overlap.scenario import Scenario, mismatches
from overlap.trace import Trace

POLL_S = (0.1, 0.2, 0.35, 0.5)
"""Seconds between two polls of the backend; the last one repeats."""
CALM_S = 0.5
"""A complete trace must also stay unchanged for this long."""


class Player:
    """Plays scenarios against one app and one backend, one after another.

    An async context manager. Entering it opens no connection; the first `play` (or `check`) does.
    """

    def __init__(  # noqa: PLR0913  where each part is
        self,
        app_url: str,
        otlp_endpoint: str,
        backend: Backend,
        *,
        start_hint: str = "",
        page_url: str = "",
        servers: Mapping[str, str] | None = None,
        source: Path | None = None,
    ) -> None:
        self._app_url = app_url.rstrip("/")
        self._servers = {name: url.rstrip("/") for name, url in (servers or {}).items()}
        """The other servers, by the name that scenarios use."""
        self._answering: set[str] = set()
        self._otlp_endpoint = otlp_endpoint.rstrip("/")
        self._backend = backend
        self._source = source
        """The folder of the app's code, from which advice is proven; None: it is not at hand."""
        self._start_hint, self._page_url = start_hint, page_url
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
        """Raise Unreachable if the backend, the OTLP endpoint or the app does not answer."""
        await preflight.otlp_endpoint(self._otlp_endpoint)
        await preflight.traces(self._backend)
        await preflight.app(self._app_url, self._start_hint, self._page_url)
        self._checked = True

    async def play(
        self, scenario: Scenario, progress: Callable[[Progress], None] | None = None
    ) -> Result:
        """Play the scenario, judge its trace and send the verdict after it.

        `progress` is called at each change.

        Raises Unreachable if nothing can be played, and NoServer if only this scenario can't be;
        any other failure is a problem of the result.
        """
        if not self._checked:
            await self.check()
        server_url = await self._server(scenario.server)
        report = progress or (lambda _: None)

        def changed(trace_id: str, sent: Sequence[Sent]) -> None:
            answered = sum(item.done for item in sent)
            report(Progress(scenario, trace_id, len(sent) - answered, answered))

        fired = await self._load.fire(scenario, changed, server_url)
        problems = [item.problem for item in fired.sent if item.problem]
        if any(item.request.ends_app for item in fired.sent):
            report(
                Progress(scenario, fired.trace_id, 0, len(fired.sent), 0, "the app's next start")
            )
            await preflight.app_restart(server_url or self._app_url, scenario.within)
        if fired.sent and all(item.error for item in fired.sent):
            # Raises if the app is down; one that is up answered with errors.
            await preflight.app(server_url or self._app_url, self._start_hint, self._page_url)
        trace, lacking = await self._whole(scenario, fired, report)
        seen = await asyncio.to_thread(self._judge, trace)
        if lacking:
            problems.append(
                f"the trace was not complete after {scenario.within:g} s: waited for {lacking}"
            )
        problems.extend(mismatches(scenario.expect, seen))
        url = self._backend.trace_url(fired.trace_id)
        result = Result(scenario, fired.trace_id, url, seen, trace, problems)
        await send_verdict(result, fired.root_id, self._otlp_endpoint)
        return result

    def _judge(self, trace: Trace) -> Verdict:
        return graded_verdict(verdict(trace), trace, self._source)

    async def _server(self, name: str) -> str:
        """Return the URL of the server with this name, once it answers; empty for the app's own."""
        if not name:
            return ""
        if name not in self._servers:
            raise NoServer(f"no address is set for the server {name!r}")
        url = self._servers[name]
        if name not in self._answering:
            try:
                await preflight.app(url, "")
            except Unreachable as error:
                raise NoServer(f"the server {name!r} does not answer at {url}") from error
            self._answering.add(name)
        return url

    async def _whole(
        self, scenario: Scenario, fired: Fired, report: Callable[[Progress], None]
    ) -> tuple[Trace, str]:
        """Poll until the trace is complete or time is up. Return it and what is missing."""
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
            report(Progress(scenario, fired.trace_id, 0, len(fired.sent), count, lacking))
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
