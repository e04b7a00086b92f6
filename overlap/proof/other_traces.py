"""Whether other traces show that calls need nothing of each other.

They do where the later one began before the earlier one had ended. One trace is enough to drop
that: the earlier call failed, and the later one was not made.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from overlap.trace import Span, Trace


def seen_at_once(traces: Iterable[Trace], parent: str, names: Sequence[str]) -> int:
    """Return in how many traces the calls of these names ran at once, or in another order.

    parent: the name of the span below which they ran. Each pair of calls that follow one another is
    looked for; the result is that of the pair which was seen least. 0 if a trace says otherwise.
    """
    if len({*names}) < len(names):
        return 0  # which is which can't be told by their names
    counts = [0] * (len(names) - 1)
    for trace in traces:
        for children in _children(trace, parent):
            for place, (before, after) in enumerate(pairwise(names)):
                one, other = children.get(before), children.get(after)
                if one is not None and one.status == "error" and other is None:
                    return 0
                if one is not None and other is not None and one.end_ns:
                    counts[place] += other.start_ns < one.end_ns
    return min(counts, default=0)


def _children(trace: Trace, parent: str) -> Iterable[dict[str, Span]]:
    """Yield the children of each span of that name, by name; without names that occur twice."""
    found: dict[str, dict[str, list[Span]]] = {
        span.span_id: {} for span in trace.spans if span.name == parent
    }
    for span in trace.spans:
        if span.parent_id in found:
            found[span.parent_id].setdefault(span.name, []).append(span)
    for children in found.values():
        yield {name: spans[0] for name, spans in children.items() if len(spans) == 1}
