"""What to change in the code, and what it would gain: one module for each kind of change.

A prediction is made from one trace: the time that a change takes off the critical path of the
request. It holds if its condition does. Changes that gain little are not advised.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain
from typing import Final

from overlap.judge.advice import (
    durable,
    gather,
    limit,
    off_loop,
    one_client,
    one_query,
    threads,
)
from overlap.judge.advice.requests import Requests
from overlap.judge.model import Advice
from overlap.judge.trace_context import TraceContext

MAX_ADVICE: Final = 20

_KINDS: tuple[Callable[[Requests], Iterator[Advice]], ...] = (
    gather.advice,
    threads.advice,
    one_query.advice,
    off_loop.advice,
    limit.advice,
    one_client.advice,
    durable.advice,
)


def advice(context: TraceContext) -> list[Advice]:
    """Return the advice, what saves most first; at most MAX_ADVICE. O(n log n)."""
    requests = Requests(context)
    found = [*chain.from_iterable(kind(requests) for kind in _KINDS)]
    found.sort(key=lambda item: (-item.saves_ms, -item.others_ms))
    return found[:MAX_ADVICE]
