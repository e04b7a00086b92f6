"""Plays a lesson from its first request to its verdict."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self

from overlap.errors import NotFound, Unreachable, UnreadableTrace
from overlap.judge import Verdict, verdict
from overlap.play import reach
from overlap.play.load import Fired, Load, Sent
from overlap.play.result import Progress, Result
from overlap.play.whole import missing
from overlap.scenario import Scenario, mismatches
from overlap.trace import Trace

if TYPE_CHECKING:
    from overlap.backend import Backend

POLL_S = (0.1, 0.2, 0.35, 0.5)
"""Seconds between two looks at the backend; the last goes on."""
CALM_S = 0.5
"""A trace that lacks nothing must also stay as it is for this long."""


class Player:
    """Plays lessons against one app and one backend, one after another.

    An async context manager. Entering it opens no connection; the first `play` (or `check`) does.
    """

    def __init__(
        self, app_url: str, otlp_endpoint: str, backend: Backend, *, start_hint: str = ""
    ) -> None:
        self._app_url = app_url.rstrip("/")
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
        await reach.road(self._otlp_endpoint, self._start_hint)
        await reach.traces(self._backend, self._start_hint)
        await reach.app(self._app_url, self._start_hint)
        self._checked = True

    async def play(
        self, scenario: Scenario, progress: Callable[[Progress], None] | None = None
    ) -> Result:
        """Play the lesson and judge its trace. `progress` is told at each change.

        Raises Unreachable where nothing can be played; whatever else goes wrong is a problem
        of the result.
        """
        if not self._checked:
            await self.check()
        tell = progress or (lambda _: None)

        def changed(trace_id: str, sent: Sequence[Sent]) -> None:
            answered = sum(item.done for item in sent)
            tell(Progress(scenario, trace_id, len(sent) - answered, answered))

        fired = await self._load.fire(scenario, changed)
        trace, lacking = await self._whole(scenario, fired, tell)
        seen = _verdict(trace)
        problems = [item.problem for item in fired.sent if item.problem]
        if lacking:
            problems.append(
                f"the trace was not whole after {scenario.within:g} s: waited for {lacking}"
            )
        problems.extend(mismatches(scenario.expect, seen))
        url = self._backend.trace_url(fired.trace_id)
        return Result(scenario, fired.trace_id, url, seen, trace, problems)

    async def _whole(
        self, scenario: Scenario, fired: Fired, tell: Callable[[Progress], None]
    ) -> tuple[Trace, str]:
        """Poll until the trace is whole and calm, or time is up: the trace, and what it lacks."""
        answered = [item.span_id for item in fired.sent if item.status is not None]
        loop = asyncio.get_running_loop()
        deadline = loop.time() + scenario.within
        trace, polls = Trace(fired.trace_id, ()), 0
        count, since = -1, loop.time()
        while True:
            gone = ""
            try:
                trace = await self._backend.trace(fired.trace_id)
            except NotFound:
                gone = "the backend to have it"
            except Unreachable as error:
                gone = f"the backend to answer ({error})"
            now = loop.time()
            if len(trace.spans) != count:
                count, since = len(trace.spans), now
            lacking = gone or ", ".join(
                missing(
                    trace,
                    root_id=fired.root_id,
                    answered=answered,
                    wait_for=scenario.wait_for,
                )
            )
            tell(Progress(scenario, fired.trace_id, 0, len(fired.sent), len(trace.spans), lacking))
            if (not lacking and now - since >= CALM_S) or now >= deadline:
                return trace, lacking
            await asyncio.sleep(min(POLL_S[min(polls, len(POLL_S) - 1)], max(0.0, deadline - now)))
            polls += 1


def _verdict(trace: Trace) -> Verdict:
    try:
        return verdict(trace)
    except UnreadableTrace as error:
        return Verdict(trace.trace_id, [], warnings=[str(error)])
