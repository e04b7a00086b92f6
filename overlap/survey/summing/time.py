"""Divide the time of a critical path: the event loop, threads, queries, calls, and the rest.

A span's own time on the path is divided by what is known of the span. First comes what was
measured: how long work waited for a thread, then how long the span itself, without those below
it, ran on the event loop, and how long it was ready to. What is left of a query's span is
database, of another call or of another service's span calls, of the request itself uncovered,
and of any other span its own. So the parts add up to the path, to the nanosecond.
"""

from __future__ import annotations

from collections.abc import Mapping

from overlap import names
from overlap.judge.advice.one_query import is_query
from overlap.judge.path.request_path import request_path
from overlap.judge.tree.span_tree import NS_PER_MS, Tree, number
from overlap.survey.totals.model import (
    CALLS,
    DATABASE,
    OWN,
    READY,
    RUNNING,
    THREADS,
    UNCOVERED,
)
from overlap.trace.model import Span

_CALLS = ("client", "producer")


def is_measured(tree: Tree) -> bool:
    """Return whether the spans say more of their time than how long they lasted."""
    return not _WORDS.isdisjoint(tree.words)


def plain_category(tree: Tree, request: int, index: int) -> str:
    """Return what a span's own time is, if nothing was measured but spans."""
    span = tree.spans[index]
    if span.kind in _CALLS or span.service != tree.spans[request].service:
        return CALLS
    return UNCOVERED if index == request else OWN


def time_by_category(tree: Tree, request: int, own: Mapping[int, int]) -> dict[str, int]:
    """Return the nanoseconds of a request's critical path by category; all add up to the path.

    own: by span, how much of the path is its own time.
    """
    found: dict[str, int] = {}
    waits = _thread_waits(tree, request, own) if names.THREAD_QUEUED_MS in tree.words else {}
    service = tree.spans[request].service
    has_queries = not _QUERY_WORDS.isdisjoint(tree.words)
    has_loop = not _LOOP_WORDS.isdisjoint(tree.words)
    for index, whole in own.items():
        span, left = tree.spans[index], whole
        if span.service == service:
            measured = [(THREADS, waits.get(index, 0))]
            if has_loop:
                measured += [(RUNNING, _running(tree, index)), (READY, _ready(tree, index))]
            for category, ns in measured:
                taken = min(left, ns)
                found[category] = found.get(category, 0) + taken
                left -= taken
        if has_queries and span.service == service and is_query(span):
            category = DATABASE
        else:
            category = plain_category(tree, request, index)
        found[category] = found.get(category, 0) + left
    return found


_QUERY_WORDS = frozenset({names.DB_SYSTEM, names.DB_SYSTEM_NAME})
_LOOP_WORDS = frozenset(
    {names.LOOP_RUNNING_MS, names.LOOP_READY_MS, names.SPAN_BLOCKED, names.VICTIM_DELAY_MS}
)
_WORDS = _QUERY_WORDS | _LOOP_WORDS | {names.THREAD_QUEUED_MS}


def _running(tree: Tree, index: int) -> int:
    """Return how long a span ran on the loop, without the spans below it."""
    below = tree.children.get(index, ())
    blocked = sum(
        tree.ends[child] - tree.starts[child]
        for child in below
        if tree.spans[child].name == names.SPAN_BLOCKED
    )
    return max(_without_children(tree, index, names.LOOP_RUNNING_MS), blocked)


def _ready(tree: Tree, index: int) -> int:
    """Return how long a span was ready to run, without the spans below it."""
    span = tree.spans[index]
    delayed = (
        0 if span.attributes.get(names.VICTIM_AT_MOST) is True else _ns(span, names.VICTIM_DELAY_MS)
    )
    return max(_without_children(tree, index, names.LOOP_READY_MS), delayed)


def _without_children(tree: Tree, index: int, name: str) -> int:
    whole = _ns(tree.spans[index], name)
    if not whole:
        return 0
    service = tree.spans[index].service
    below = (tree.spans[child] for child in tree.children.get(index, ()))
    return max(0, whole - sum(_ns(span, name) for span in below if span.service == service))


def _thread_waits(tree: Tree, request: int, own: Mapping[int, int]) -> dict[int, int]:
    """Return by span how much of its own time was a wait for a thread.

    A wait before a span that work in a thread made is the part of its parent's own time just
    before it. Waits of calls that made no span are known by their sum only.
    """
    segments: dict[int, list[tuple[int, int]]] = {}
    for index, start, end in request_path(tree, request).segments:
        segments.setdefault(index, []).append((start, end))
    found: dict[int, int] = {}
    for index in own:
        queued = _ns(tree.spans[index], names.THREAD_QUEUED_MS)
        if names.THREAD_CALLS in tree.spans[index].attributes:
            below = sum(
                _ns(tree.spans[child], names.THREAD_QUEUED_MS)
                for child in tree.children.get(index, ())
            )
            found[index] = found.get(index, 0) + max(0, queued - below)
        elif queued and (parent := tree.parents[index]) in segments:
            low, high = tree.starts[index] - queued, tree.starts[index]
            overlap = (min(end, high) - max(start, low) for start, end in segments[parent])
            found[parent] = found.get(parent, 0) + sum(part for part in overlap if part > 0)
    return found


def _ns(span: Span, name: str) -> int:
    return round(number(span, name) * NS_PER_MS)
