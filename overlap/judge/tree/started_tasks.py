"""Spans for tasks of which the trace holds only the mark of their start."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from overlap import names
from overlap.judge.tree.span_tree import plain
from overlap.trace.model import Span


def unfinished_tasks(spans: Iterable[Span]) -> Iterator[Span]:
    """Yield a span without an end for each task without a span: it still runs, or was lost.

    Its children may have been sent long before, and would be orphans without it.
    """
    found = list(spans)
    marks = [span for span in found if span.name == names.SPAN_TASK_STARTED]
    if not marks:
        return
    known = {span.span_id for span in found}
    for mark in marks:
        span_id = plain(mark.attributes.get(names.TASK_SPAN_ID))
        if not span_id or span_id in known:
            continue
        known.add(span_id)
        name = mark.attributes.get(names.TASK_NAME)
        yield Span(
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
