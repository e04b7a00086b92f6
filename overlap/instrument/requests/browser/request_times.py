"""Where a request's time went so far, for the browser: the header Server-Timing, and the toolbar.

On the event loop it ran, was ready to run or waited, as the lens measured it; in threads and in the
database its work took so long, all of it together. Nothing is collected until someone asks.
https://www.w3.org/TR/server-timing/
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from time import perf_counter
from typing import Any, Final

from opentelemetry.context import get_current

from overlap.instrument.calls.observed_signals import observe_signal
from overlap.instrument.requests.server_span import SERVER_SPAN_KEY, ServerSpan
from overlap.lens.account import Account
from overlap.lens.steps import running_here
from overlap.lens.threads import OBSERVERS, Work
from overlap.runtime.guard import guarded

HEADER: Final = "Server-Timing"
WORDS: Final = {
    "total": "until the headers",
    "loop": "ran on the event loop",
    "ready": "was ready, and the loop was busy",
    "wait": "awaited something",
    "threads": "work in threads, in sum",
    "db": "queries, in sum",
}
"""What each figure is; the browser shows it."""


def times(server_span: ServerSpan) -> dict[str, float]:
    """Return the figures so far, in seconds. Those of the loop are there if the lens looked."""
    now = perf_counter()
    found = {"total": now - server_span.began}
    account: Account | None = getattr(server_span.span, "overlap_account", None)
    if server_span.is_asgi and account is not None:
        running, ready = _on_loop(account, now)
        found["loop"], found["ready"] = running, ready
        found["wait"] = max(0.0, now - account.began - running - ready)
    works: list[Work] = getattr(server_span.span, "overlap_request_works", [])
    found["threads"] = sum((work.ended or now) - work.began for work in [*works] if work.began)
    found["db"] = server_span.db_s
    return found


def header(found: dict[str, float]) -> str:
    """Return the value of Server-Timing, in milliseconds."""
    return ", ".join(
        f'{name};dur={seconds * 1000:.3f};desc="{WORDS[name]}"' for name, seconds in found.items()
    )


def add_header(response: Any, server_span: ServerSpan) -> None:
    """Add the header to a response of Django's, behind what it has already."""
    ours = header(times(server_span))
    before = response.get(HEADER)
    response[HEADER] = f"{before}, {ours}" if before else ours


class Collecting:
    """What collects the figures of threads and of the database, from the first `start` on."""

    def __init__(self) -> None:
        self._undo: ExitStack | None = None

    def start(self) -> None:
        """Collect from now on; once."""
        if self._undo is not None:
            return
        from django.db import connections
        from django.db.backends.signals import connection_created

        self._undo = ExitStack()
        OBSERVERS.append(_keep_work)
        self._undo.callback(OBSERVERS.remove, _keep_work)
        for connection in connections.all(initialized_only=True):
            _watch(connection)
        self._undo.callback(observe_signal(connection_created, _connected))
        # Connections of other threads keep the wrapper, which then finds no request.

    def stop(self) -> None:
        """Collect no more."""
        if self._undo is not None:
            self._undo.close()
            self._undo = None


COLLECTING: Final = Collecting()


def _on_loop(account: Account, now: float) -> tuple[float, float]:
    """Return how long its tasks ran and were ready, with the step that runs now."""
    running, ready = account.running, account.ready
    for step_ready, begin, end in _current_step(now):
        if begin > account.covered:
            ready += begin - max(step_ready, account.covered)
        running += max(0.0, end - max(begin, account.covered))
    return running, ready


def _current_step(now: float) -> Iterator[tuple[float, float, float]]:
    steps = running_here()
    if steps is not None and steps.began:
        yield steps.ready, steps.began, now


def _keep_work(work: Work) -> None:
    account: Account | None = getattr(work.span, "overlap_account", None)
    request = account.outermost() if account is not None and account.outermost else work.span
    if request is not None:
        vars(request).setdefault("overlap_request_works", []).append(work)


def _connected(connection: Any, **_signal: Any) -> None:
    _watch(connection)


def _watch(connection: Any) -> None:
    if _timed not in connection.execute_wrappers:
        connection.execute_wrappers.append(_timed)


def _timed(execute: Callable[..., Any], *query: Any) -> Any:
    request = guarded("a query is not timed", _current_request)
    began = perf_counter()
    try:
        return execute(*query)
    finally:
        if request is not None:
            request.db_s += perf_counter() - began


def _current_request() -> ServerSpan | None:
    found: Any = get_current().get(SERVER_SPAN_KEY)
    return found if isinstance(found, ServerSpan) else None


# For overlap.lean: a connection with this wrapper is unchanged, and may serve the next request.
_timed.stays_on_connection = True  # type: ignore[attr-defined]
