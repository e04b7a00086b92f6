"""The ledger page: background tasks and how each of them ended."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from overlap import names
from overlap.draw.text import clean, duration
from overlap.pocket.pages.comparison import Render
from overlap.pocket.pages.contents import Contents
from overlap.pocket.storage.store import Store, StoredTrace
from overlap.pocket.storage.stored_spans import as_trace
from overlap.trace import Span

TRACES = 500
"""How many of the newest traces are searched for background work."""
TASKS = 300
RUNNING = "running"
ENDS = (RUNNING, *names.TASK_ENDS)
_SIGNS = (names.TASK_END.encode(), names.TASK_ID.encode())


@dataclass(frozen=True, slots=True)
class Task:
    """One background task."""

    name: str
    service: str
    trace_id: str
    end: str
    """One of ENDS; `running` if no end was received."""
    message: str
    """The error message of a failed task."""
    started: float
    """Seconds since the epoch."""
    took: str


def routes(contents: Contents, render: Render) -> list[BaseRoute]:
    """Return the routes of the ledger."""

    async def ledger(request: Request) -> Response:
        tasks = background_tasks(contents.store)
        counts = {end: sum(task.end == end for task in tasks) for end in ENDS}
        return render(request, "ledger", tasks=tasks[:TASKS], counts=counts, watch="*")

    return [Route("/ledger", ledger), Route("/ledger/fragment", ledger)]


def background_tasks(store: Store) -> list[Task]:
    """Return the background tasks of the newest traces, the latest first."""
    tasks: list[Task] = []
    for place, stored in enumerate(store.newest_first()):
        if place == TRACES:
            break
        tasks.extend(_tasks(stored))
    return sorted(tasks, key=lambda task: -task.started)


def _tasks(stored: StoredTrace) -> Iterator[Task]:
    # Few spans belong to tasks: only those are parsed.
    raw = [each for each in stored.spans if any(sign in each[1] for sign in _SIGNS)]
    if not raw:
        return
    spans = as_trace(stored.id, raw).spans
    ended: dict[str, Span] = {}
    for span in spans:
        if names.TASK_END in span.attributes:
            task_id = span.attributes.get(names.TASK_ID)
            ended[task_id if isinstance(task_id, str) else span.span_id] = span
    for span in ended.values():
        yield _task(stored, span)
    for span in spans:
        if span.name == names.SPAN_TASK_STARTED and span.attributes.get(names.TASK_ID) not in ended:
            yield _task(stored, span)


def _task(stored: StoredTrace, span: Span) -> Task:
    name, end = (span.attributes.get(key) for key in (names.TASK_NAME, names.TASK_END))
    end = end if isinstance(end, str) and end in ENDS else RUNNING
    over = end != RUNNING and span.end_ns and span.name != names.SPAN_TASK_DROPPED
    return Task(
        name=clean(name if isinstance(name, str) else span.name),
        service=clean(span.service),
        trace_id=stored.id,
        end=end,
        message=clean(span.status_message) if span.status_message else "",
        started=span.start_ns / 1e9,
        took=duration(max(0, (span.end_ns or 0) - span.start_ns) / 1e6) if over else "",
    )
