"""A stream whose iterator is synchronous could send each part as soon as it is made."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from overlap import names
from overlap.judge.advice.requests import Change, Requests
from overlap.judge.model import Advice
from overlap.judge.summary import clean, duration
from overlap.judge.tree.span_tree import NS_PER_MS

ASYNC_ITERATOR: Final = "async_iterator"
EVIDENCE: Final = names.SYNC_ITERATOR
LEAST_MS: Final = 50.0
"""A client that waits for a shorter time for the first part hardly notices."""


def advice(requests: Requests) -> Iterator[Advice]:
    """Yield advice for each such response; the response ends no earlier, but it begins earlier."""
    context = requests.context
    if EVIDENCE not in requests.tree.words:
        return
    for index in range(len(requests.tree.spans)):
        name = context.attribute(index, EVIDENCE)
        first_ms = context.number(index, names.FIRST_PART_MS)
        is_most = 2 * first_ms * NS_PER_MS >= context.duration(index)
        if isinstance(name, str) and first_ms >= LEAST_MS and is_most:
            change = Change(
                change=ASYNC_ITERATOR,
                spans=[index],
                parent=index,
                do=f"make {clean(name)} asynchronous: its first part is sent as soon as it is "
                f"made, and not after {duration(first_ms)}",
                condition="if what it waits for can be awaited",
            )
            if found := requests.advice(change):
                yield found
