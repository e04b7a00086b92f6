"""Why a trace took the time it took: sentences, each with the spans it is read from.

One module for each kind of reason. Each yields the most important first, and says only what
the trace holds evidence for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Final

from overlap.judge.model import Why
from overlap.judge.trace_context import TraceContext
from overlap.judge.why import (
    beyond_response,
    blocking,
    disconnected,
    exceptions,
    framework,
    loop_time,
    response_time,
    threads,
    uncovered,
    waits,
)

MOST_OF_A_KIND: Final = 4
MOST_SPANS: Final = 50
"""Span ids that one sentence names."""

_KINDS: tuple[Callable[[TraceContext], Iterator[Why]], ...] = (
    blocking.reasons,
    exceptions.reasons,
    response_time.reasons,
    uncovered.reasons,
    waits.reasons,
    framework.reasons,
    threads.reasons,
    loop_time.reasons,
    disconnected.reasons,
    beyond_response.reasons,
)


def why(context: TraceContext) -> list[Why]:
    """Return the reasons: blocks, what was waited for, threads, loop time, and background work.

    O(n log n); at most MOST_OF_A_KIND of each kind.
    """
    return [
        Why(each.text, each.span_ids[:MOST_SPANS]) if len(each.span_ids) > MOST_SPANS else each
        for kind in _KINDS
        for each in islice(kind(context), MOST_OF_A_KIND)
    ]
