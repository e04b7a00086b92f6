"""Spans of which the trace holds only a mark: background tasks, and blocks that did not end.

A span that has not ended is never sent. So a task's start and a block that lasts are marked at
once (`task.started`, `event_loop.hung`); if the process dies, the mark is all there is.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

from overlap import names
from overlap.judge.tree.span_tree import NS_PER_MS, plain
from overlap.trace.model import Span

_SPAN_IDS = {
    names.SPAN_TASK_STARTED: names.TASK_SPAN_ID,
    names.SPAN_HUNG: names.BLOCKED_SPAN_ID,
}
"""The marks, each with its attribute that has the id of the span that it stands for."""


def has_marks(called: Iterable[str]) -> bool:
    """Return whether one of the spans with these names is such a mark."""
    return not _SPAN_IDS.keys().isdisjoint(called)


def unfinished(spans: Sequence[Span]) -> Iterator[Span]:
    """Yield a span for each marked task or block without one.

    Its children may have been sent long before, and would be orphans without it.
    """
    if not has_marks([span.name for span in spans]):
        return
    marks = [span for span in spans if span.name in _SPAN_IDS]
    known = {span.span_id for span in spans}
    for mark in marks:
        span_id = plain(mark.attributes.get(_SPAN_IDS[mark.name]))
        if span_id and span_id not in known:
            known.add(span_id)
            make = _task if mark.name == names.SPAN_TASK_STARTED else _block
            yield make(mark, span_id)


def _task(mark: Span, span_id: str) -> Span:
    """Return a span without an end: the task still runs, or was lost."""
    name = mark.attributes.get(names.TASK_NAME)
    return Span(
        trace_id=mark.trace_id,
        span_id=span_id,
        name=name if isinstance(name, str) and name else mark.name,
        start_ns=mark.start_ns,
        end_ns=None,
        parent_id=mark.parent_id,
        service=mark.service,
        attributes={k: v for k, v in mark.attributes.items() if k != names.TASK_SPAN_ID},
        resource=mark.resource,
        scope=mark.scope,
    )


def _block(mark: Span, span_id: str) -> Span:
    """Return a block that lasted until its mark at least."""
    ms = mark.attributes.get(names.BLOCKED_MS)
    is_duration = isinstance(ms, int | float) and not isinstance(ms, bool) and 0 <= ms < math.inf
    duration_ns = round(float(ms) * NS_PER_MS) if is_duration else 0  # type: ignore[arg-type]
    attributes = {k: v for k, v in mark.attributes.items() if k != names.BLOCKED_SPAN_ID}
    return Span(
        trace_id=mark.trace_id,
        span_id=span_id,
        name=names.SPAN_BLOCKED,
        start_ns=max(0, mark.start_ns - duration_ns),
        end_ns=mark.start_ns,
        parent_id=mark.parent_id,
        service=mark.service,
        attributes=attributes | {names.BLOCKED_UNFINISHED: True},
        resource=mark.resource,
        scope=mark.scope,
    )
