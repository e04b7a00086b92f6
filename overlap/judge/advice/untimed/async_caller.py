"""Sync code around async code, such as a sync middleware, has a thread that only waits for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from overlap import names
from overlap.judge.advice.requests import Change, Requests
from overlap.judge.model import Advice
from overlap.judge.summary import clean, duration, listing
from overlap.judge.tree.span_tree import NS_PER_MS, plain

ASYNC_CALLER: Final = "async_caller"
EVIDENCE = (names.THREAD_SENSITIVE, names.SYNC_MIDDLEWARE)
LEAST_NS: Final = 5_000_000
"""A thread that waits for a shorter time is hardly missed."""


def advice(requests: Requests) -> Iterator[Advice]:
    """Yield advice for each thread that waited for the event loop for half of its request."""
    tree = requests.tree
    if tree.words.isdisjoint(EVIDENCE):
        return
    for index, span in enumerate(tree.spans):
        request = requests.of(index)
        if request is None or (index == request and names.SYNC_MIDDLEWARE not in span.attributes):
            continue
        if index != request and span.attributes.get(names.THREAD_SENSITIVE) is not True:
            continue
        waited = _waited_ns(requests, index, request)
        if waited < LEAST_NS or 2 * waited < requests.context.duration(request):
            continue
        change = Change(
            change=ASYNC_CALLER,
            spans=[index],
            parent=request,
            do=f"make {_called(requests, request, index)} asynchronous: a thread ran it, and "
            f"waited in it for {duration(waited / NS_PER_MS)} for async code on the event loop",
            condition="if nothing else in it blocks",
        )
        if found := requests.advice(change):
            yield found


def _waited_ns(requests: Requests, index: int, request: int) -> int:
    """Return for how long spans on the request's own thread, the loop's, ran below one, in ns."""
    tree = requests.tree
    loop = plain(requests.context.attribute(request, names.THREAD_ID))
    if loop is None or names.LOOP_RUNNING_MS not in tree.spans[request].attributes:
        return 0
    below = (
        (tree.starts[child], min(tree.ends[child], tree.ends[index]))
        for child in tree.children.get(index, ())
        if plain(requests.context.attribute(child, names.THREAD_ID)) == loop
    )
    return _union_ns(below)


def _union_ns(intervals: Iterable[tuple[int, int]]) -> int:
    total = covered = 0
    for start, end in sorted(intervals):
        total += max(0, end - max(start, covered))
        covered = max(covered, end)
    return total


def _called(requests: Requests, request: int, index: int) -> str:
    """Return the sync middlewares, or the function that the thread ran, as far as it is known."""
    if index == request:
        paths = requests.context.attribute(request, names.SYNC_MIDDLEWARE)
        return listing(
            [clean(str(path)) for path in paths] if isinstance(paths, list | tuple) else []
        )
    text = requests.context.attribute(request, names.THREAD_FUNCTIONS)
    rows = str(text or "").splitlines()
    if len(rows) == 1 and (name := rows[0].partition(" ")[2]):
        return clean(name.replace(".<locals>", ""))
    return clean(requests.tree.spans[index].name)
