"""What to change in the code, and what it would gain: one module for each kind of change.

A prediction is made from one trace: the time that a change takes off the critical path of the
request. It holds if its condition does. Changes that gain little are not advised.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain
from operator import sub
from typing import Final

from overlap import names
from overlap.judge.advice import (
    circuit_breaker,
    gather,
    limit,
    off_loop,
    one_client,
    one_query,
    processes,
    threads,
    workers,
)
from overlap.judge.advice.requests import LEAST_NS, Requests
from overlap.judge.advice.untimed import (
    async_caller,
    async_iterator,
    durable,
    reference,
    task_group,
    time_limit,
)
from overlap.judge.findings.concurrency_limit import LEAST_CALLS
from overlap.judge.model import Advice
from overlap.judge.path.awaited import awaited, awaited_times, in_a_row
from overlap.judge.trace_context import TraceContext

MAX_ADVICE: Final = 20
_EVIDENCE = frozenset(
    {
        *durable.EVIDENCE,
        *one_query.SYSTEMS,
        names.THREAD_QUEUED_MS,
        processes.EVIDENCE,
        async_iterator.EVIDENCE,
        *async_caller.EVIDENCE,
        time_limit.EVIDENCE,
    }
)
"""What kinds of advice look for that are not about calls in a row, or n at a time."""

_KINDS: tuple[Callable[[Requests], Iterator[Advice]], ...] = (
    gather.advice,
    threads.advice,
    one_query.advice,
    off_loop.advice,
    limit.advice,
    processes.advice,
    one_client.advice,
    workers.advice,
    circuit_breaker.advice,
    async_caller.advice,
    async_iterator.advice,
    task_group.advice,
    reference.advice,
    time_limit.advice,
    durable.advice,
)


def advice(context: TraceContext) -> list[Advice]:
    """Return the advice, what saves most first; at most MAX_ADVICE. O(n log n)."""
    if not _may_have_advice(context):
        return []
    requests = Requests(context)
    found = [*chain.from_iterable(kind(requests) for kind in _KINDS)]
    found.sort(key=lambda item: (-item.saves_ms, -item.others_ms))
    return found[:MAX_ADVICE]


def _may_have_advice(context: TraceContext) -> bool:
    """Return False for a trace that no kind of advice can be about: for most of short requests.

    What does not last LEAST_NS is not worth gathering; calls in a row have no limit; all other
    kinds are about spans with attributes or names that most traces do not have.
    """
    tree = context.tree
    if (
        context.victims
        or not _EVIDENCE.isdisjoint(tree.words)
        or one_client.has_set_ups(tree)
        or task_group.may_have(tree)
        or reference.may_have(tree)
        or circuit_breaker.may_have(tree)
        or workers.may_have(context)
    ):
        return True
    for parent in tree.children:
        children = awaited(tree, parent)
        if len(children) < 2:
            continue
        starts, ends = awaited_times(tree, parent)
        if sum(map(LEAST_NS.__le__, map(sub, ends, starts))) >= 2:
            return True
        if len(children) >= LEAST_CALLS and not in_a_row(tree, parent):
            return True
    return False
