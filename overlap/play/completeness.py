"""Whether a trace is whole: what it still lacks, in words. Pure, asked at each poll."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping

from overlap import names
from overlap.trace import Trace


def missing(
    trace: Trace, *, root_id: str, answered: Collection[str], wait_for: Mapping[str, int]
) -> Iterator[str]:
    """Yield what the trace still lacks; nothing where it is whole.

    `answered` are the ids of the client spans that got a response: each of them has a server
    span to come. `wait_for` is how many spans of a name there must be at least.
    """
    ids = {span.span_id for span in trace.spans}
    if root_id not in ids:
        yield "the lesson's own root span"
    served = {span.parent_id for span in trace.spans if span.kind == "server"}
    if late := sum(1 for span_id in answered if span_id not in served):
        yield f"the server spans of {late} answered request{'s' if late > 1 else ''}"
    told = {span.attributes.get(names.TASK_SPAN_ID) for span in trace.spans}
    parents = {span.parent_id for span in trace.spans if span.parent_id} - ids - told
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
