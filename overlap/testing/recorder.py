"""The recorder that a test uses: the traces that were recorded so far."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Generator, Sequence
from contextlib import AbstractContextManager
from typing import Any

from opentelemetry.sdk.trace import Span
from opentelemetry.trace import get_current_span

from overlap import names
from overlap.errors import OverlapError
from overlap.judge import Verdict
from overlap.judge.tree.span_tree import EVIDENCE
from overlap.testing.recorded_trace import Findings, Seen
from overlap.testing.span_memory import Memory, span_id
from overlap.testing.two_connections import TwoConnections
from overlap.trace import Trace
from overlap.trace.grouping import group

__tracebackhide__ = True
"""pytest omits this module's frames from tracebacks, and shows the line of the test."""

WAIT_S = 5.0
"""The default timeout of `Recorder.wait`."""
_SETTLE_S = 2.0
"""How long to wait until the watchdog has recorded a block that is over; it takes a few 10 ms."""
_POLL_S = 0.005


class NothingTraced(OverlapError, LookupError):
    """No trace was recorded, or none with the requested name."""


class SeveralTraces(OverlapError, LookupError):
    """More than one trace matches, and the test must choose one."""


class Recorder(Findings):
    """All spans of the process since the start of the test, in memory.

    Properties such as `shape` are those of the only trace; with several traces, choose one by
    `traced["GET /…/"]`, `last` or `traces`. A trace is one request with all its spans, or the
    spans below one that the test itself starts.
    """

    def __init__(
        self, memory: Memory, mark_turn: Callable[[], None], connections: TwoConnections
    ) -> None:
        self._memory, self._mark_turn = memory, mark_turn
        self._connections = connections

    @property
    def other_connections(self) -> list[str]:
        """A sentence for each place that used another connection than the test's transaction."""
        return self._connections.sentences()

    @property
    def traces(self) -> list[Seen]:
        """The traces so far, by their start."""
        self._wait_for_watchdog()
        found = [Seen(trace) for trace in group(self._memory.spans()) if _is_work(trace)]
        return sorted(found, key=lambda seen: seen.root.start_ns)

    @property
    def last(self) -> Seen:
        """The trace that started last."""
        return self._some()[-1]

    @property
    def only(self) -> Seen:
        """The only trace. Raises SeveralTraces if there are more."""
        found = self._some()
        if len(found) > 1:
            raise SeveralTraces(
                f"{len(found)} traces were recorded ({_listed(found)}): choose one by "
                "traced['GET /…/'], traced.last or traced.traces"
            )
        return found[0]

    def named(self, name: str) -> list[Seen]:
        """Return the traces with this name: method and route, such as `GET /checkout/`."""
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
        """Wait until all started spans have ended: `traced.wait()`, or `await traced.wait()`.

        In a coroutine it must be awaited, because the work needs the event loop. It does not wait
        for spans that the caller itself runs in. Raises TimeoutError with the names of the spans
        in progress after `timeout_s` seconds.
        """
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            deadline = time.monotonic() + timeout_s
            while self._is_in_progress(deadline, timeout_s):
                time.sleep(_POLL_S)
            return _Completed()
        return self._wait(timeout_s)

    async def _wait(self, timeout_s: float) -> None:
        deadline = time.monotonic() + timeout_s
        while self._is_in_progress(deadline, timeout_s):  # noqa: ASYNC110  spans end on any thread
            await asyncio.sleep(_POLL_S)

    def _is_in_progress(self, deadline: float, timeout_s: float) -> bool:
        running = {span_id(span): span for span in self._memory.in_progress()}
        for own in _spans_around_caller(running):
            del running[own]
        if running and time.monotonic() > deadline:
            span_names = ", ".join(span.name for span in [*running.values()][:5])
            raise TimeoutError(f"still running after {timeout_s:g} s: {span_names}")
        return bool(running)

    def _wait_for_watchdog(self) -> None:
        """Wait until the watchdog, in its own thread, has recorded a block that is over."""
        self._mark_turn()
        deadline = time.monotonic() + _SETTLE_S
        while any(span.name == names.SPAN_BLOCKED for span in self._memory.in_progress()):
            if time.monotonic() > deadline:
                return
            time.sleep(_POLL_S)
            self._mark_turn()

    def _some(self) -> list[Seen]:
        found = self.traces
        if not found:
            raise NothingTraced(
                "nothing was traced: during the test, Django handled no request in this process, "
                "and no span was started"
            )
        return found

    def strict(self, *, allow: Sequence[str] = ()) -> AbstractContextManager[None]:
        """Fail the test for any call on an event loop that blocks, however short, in a `with`.

        Raises overlap.testing.BlockedLoop at the end of the block, which lists each call with its
        line: time.sleep, files, sockets, DNS, subprocesses, and locks that another thread holds.
        allow: lines that may block, such as `shop/views.py:14`, also in what they call.
        """
        from overlap.testing.strict.watching import strict

        return strict(allow)

    def __str__(self) -> str:
        return "\n\n".join(f"{seen!r}\n{seen}" for seen in self.traces)

    def __repr__(self) -> str:
        found = self.traces
        return f"<traced: {_listed(found) if found else 'nothing'}>"


class _Completed(Awaitable[None]):
    """The result of a wait that is over already: awaiting it returns at once."""

    def __await__(self) -> Generator[Any, None, None]:
        yield from ()


def _is_work(trace: Trace) -> bool:
    # A block outside any request, for instance by the test itself, is a trace of its own.
    return any(span.name not in EVIDENCE for span in trace.spans)


def _listed(found: list[Seen]) -> str:
    shown = ", ".join(repr(seen) for seen in found[:5])
    return f"{shown} and {len(found) - 5} more" if len(found) > 5 else shown


def _spans_around_caller(running: dict[int, Span]) -> set[int]:
    """Return the ids of the current span and of those above it."""
    found: set[int] = set()
    at = get_current_span().get_span_context().span_id
    while at in running and at not in found:
        found.add(at)
        parent = running[at].parent
        at = parent.span_id if parent else 0
    return found
