"""What a test asks: the traces that were recorded while it ran."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Generator
from typing import Any

from opentelemetry.sdk.trace import Span
from opentelemetry.trace import get_current_span

from overlap import names
from overlap.errors import OverlapError
from overlap.judge import Verdict
from overlap.judge.tree.span_tree import EVIDENCE
from overlap.testing.recorded_trace import Findings, Seen
from overlap.testing.span_memory import Memory, span_id
from overlap.trace import Trace
from overlap.trace.grouping import group

__tracebackhide__ = True
"""pytest shows the line of the test, not those in here."""

WAIT_S = 5.0
"""For background work, unless a test says how long."""
_SETTLE_S = 2.0
"""For the watchdog to write down a block that is over; it takes a few hundredths."""
_POLL_S = 0.005


class NothingTraced(OverlapError, LookupError):
    """No trace was recorded, or none of the name asked for."""


class SeveralTraces(OverlapError, LookupError):
    """More than one trace was recorded, and it was not said which is meant."""


class Recorder(Findings):
    """Every span of the process, from the test's start on, in memory.

    Asked for a shape and the like, it answers for the one trace there is. A trace is one
    request with all that belongs to it, or what the test's own spans hold together.
    """

    def __init__(self, memory: Memory, answer: Callable[[], None]) -> None:
        self._memory, self._answer = memory, answer

    @property
    def traces(self) -> list[Seen]:
        """The traces so far, in order of start."""
        self._settle()
        found = [Seen(trace) for trace in group(self._memory.spans()) if _is_work(trace)]
        return sorted(found, key=lambda seen: seen.root.start_ns)

    @property
    def last(self) -> Seen:
        """The trace that began last."""
        return self._some()[-1]

    @property
    def only(self) -> Seen:
        """The one trace there is; SeveralTraces where there are more."""
        found = self._some()
        if len(found) > 1:
            raise SeveralTraces(
                f"{len(found)} traces were recorded ({_listed(found)}): say which is meant, by "
                "traced['GET /…/'], traced.last or traced.traces"
            )
        return found[0]

    def named(self, name: str) -> list[Seen]:
        """The traces of this name, as `GET /checkout/`; by the route where there is one."""
        return [seen for seen in self.traces if seen.is_of(name)]

    def __getitem__(self, name: str) -> Seen:
        found = [seen for seen in self._some() if seen.is_of(name)]
        if not found:
            raise NothingTraced(f"no trace is called {name!r}; recorded: {_listed(self.traces)}")
        if len(found) > 1:
            raise SeveralTraces(
                f"{len(found)} traces are called {name!r}: take one of traced.named({name!r})"
            )
        return found[0]

    @property
    def trace(self) -> Trace:
        return self.only.trace

    @property
    def verdict(self) -> Verdict:
        return self.only.verdict

    def wait(self, timeout_s: float = WAIT_S) -> Awaitable[None]:
        """Wait until all that was started has ended: `traced.wait()`, or `await traced.wait()`.

        Where a loop runs it must be awaited, as the work needs the loop. What the code that
        waits is itself inside of is not waited for. Raises TimeoutError, with the names of
        what still runs, after `timeout_s` seconds.
        """
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            deadline = time.monotonic() + timeout_s
            while self._runs(deadline, timeout_s):
                time.sleep(_POLL_S)
            return _Waited()
        return self._wait(timeout_s)

    async def _wait(self, timeout_s: float) -> None:
        deadline = time.monotonic() + timeout_s
        while self._runs(deadline, timeout_s):  # noqa: ASYNC110  spans end on any thread
            await asyncio.sleep(_POLL_S)

    def _runs(self, deadline: float, timeout_s: float) -> bool:
        running = {span_id(span): span for span in self._memory.under_way()}
        for own in _around(running):
            del running[own]
        if running and time.monotonic() > deadline:
            called = ", ".join(span.name for span in [*running.values()][:5])
            raise TimeoutError(f"after {timeout_s:g} s there still run: {called}")
        return bool(running)

    def _settle(self) -> None:
        """Let a block of the loop that is over be written down, which another thread does."""
        self._answer()
        deadline = time.monotonic() + _SETTLE_S
        while any(span.name == names.SPAN_BLOCKED for span in self._memory.under_way()):
            if time.monotonic() > deadline:
                return
            time.sleep(_POLL_S)
            self._answer()

    def _some(self) -> list[Seen]:
        found = self.traces
        if not found:
            raise NothingTraced(
                "nothing was traced: no request came to Django in this process while the test "
                "ran, and no span was started"
            )
        return found

    def __str__(self) -> str:
        return "\n\n".join(f"{seen!r}\n{seen}" for seen in self.traces)

    def __repr__(self) -> str:
        found = self.traces
        return f"<traced: {_listed(found) if found else 'nothing'}>"


class _Waited(Awaitable[None]):
    """Nothing is left to wait for."""

    def __await__(self) -> Generator[Any, None, None]:
        yield from ()


def _is_work(trace: Trace) -> bool:
    # A block of the loop outside of any request, the test's own say, is a trace by itself.
    return any(span.name not in EVIDENCE for span in trace.spans)


def _listed(found: list[Seen]) -> str:
    shown = ", ".join(repr(seen) for seen in found[:5])
    return f"{shown} and {len(found) - 5} more" if len(found) > 5 else shown


def _around(running: dict[int, Span]) -> set[int]:
    """The ids of the spans that the code which asks is inside of."""
    found: set[int] = set()
    at = get_current_span().get_span_context().span_id
    while at in running and at not in found:
        found.add(at)
        parent = running[at].parent
        at = parent.span_id if parent else 0
    return found
