"""A slow call of a third party could have a time limit, if it has none or a very long one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from overlap import names
from overlap.judge.advice.requests import Change, Requests
from overlap.judge.model import Advice
from overlap.judge.path.awaited import awaited
from overlap.judge.summary import clean, duration
from overlap.judge.tree.span_tree import NS_PER_MS, plain

TIME_LIMIT: Final = "time_limit"
EVIDENCE: Final = names.HTTP_TIME_LIMIT
LEAST_NS: Final = 500_000_000
"""A call that takes less is not slow for the person who waits."""
_MS_PER_S: Final = 1000


def advice(requests: Requests) -> Iterator[Advice]:
    """Yield advice for the slowest such call of each span, if it took half of the request."""
    tree = requests.tree
    if EVIDENCE not in tree.words:
        return
    for parent in requests.parents():
        request = requests.of(parent)
        calls = [
            index for index in awaited(tree, parent) if EVIDENCE in tree.spans[index].attributes
        ]
        if request is None or not calls:
            continue
        slowest = max(calls, key=requests.on_path)
        took = requests.on_path(slowest)
        if took < LEAST_NS or 2 * took < requests.context.duration(request):
            continue
        span = tree.spans[slowest]
        server = plain(span.attributes.get(names.SERVER_ADDRESS))
        limit = requests.context.number(slowest, EVIDENCE) * _MS_PER_S
        found = requests.advice(
            Change(
                change=TIME_LIMIT,
                spans=[slowest],
                parent=parent,
                do=f"give {clean(span.name)}{f' of {clean(server)}' if server else ''} a time "
                f"limit, of which it has {f'one of {duration(limit)}' if limit else 'none'}: it "
                f"took {duration(took / NS_PER_MS)}",
                condition="if there is an answer without it",
            )
        )
        if found:
            yield found
