"""Whether a trace is complete: what is still missing, in words. Pure; called at each poll."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping

from overlap import names
from overlap.trace import Trace


def missing(
    trace: Trace, *, root_id: str, answered: Collection[str], wait_for: Mapping[str, int]
) -> Iterator[str]:
    """Yield what is still missing from the trace; nothing if it is complete.

    `answered` are the ids of the client spans that got a response: each must have a server span.
    `wait_for` is the least number of spans of a name.
    """
    ids = {span.span_id for span in trace.spans}
    if root_id not in ids:
        yield "the scenario's own root span"
    served = {span.parent_id for span in trace.spans if span.kind == "server"}
    if unserved := sum(1 for span_id in answered if span_id not in served):
        yield f"the server spans of {unserved} answered request{'s' if unserved > 1 else ''}"
    task_ids = {span.attributes.get(names.TASK_SPAN_ID) for span in trace.spans}
    parents = {span.parent_id for span in trace.spans if span.parent_id} - ids - task_ids
    if parents:
        yield f"{len(parents)} span{'s' if len(parents) > 1 else ''} that others name as parent"
    yield from _tasks(trace)
    counts = Counter(span.name for span in trace.spans)
    for name, wanted in wait_for.items():
        if counts[name] < wanted:
            yield f"{wanted} of {name}, {counts[name]} seen"


def _tasks(trace: Trace) -> Iterator[str]:
    ended = {
        span.attributes.get(names.TASK_ID)
        for span in trace.spans
        if span.name != names.SPAN_TASK_STARTED and names.TASK_END in span.attributes
    }
    for span in trace.spans:
        if span.name == names.SPAN_TASK_STARTED and span.attributes.get(names.TASK_ID) not in ended:
            yield f"the end of the task {span.attributes.get(names.TASK_NAME) or '?'!s}"
