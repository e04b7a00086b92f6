"""Sentences about the part of a request that no span covers, and what is known of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from overlap import names
from overlap.judge.findings.uncovered import gaps, is_reported, uncovered
from overlap.judge.findings.waits import IN_THREAD, Wait, functions_in_threads, waits_within
from overlap.judge.model import Why
from overlap.judge.summary import clean, duration, listing
from overlap.judge.trace_context import TraceContext, share
from overlap.judge.tree.span_tree import NS_PER_MS, plain
from overlap.judge.tree.structure import NO_PARENT
from overlap.trace.blocked_by import delays

LEAST_PART_MS: Final = 1.0
SOMETHING: Final = "something that has no span"
MOST_WAITS: Final = 3
_AWAITED = {
    "barrier": "a barrier",
    "client": "the client",
    "condition": "a condition",
    "event": "an event",
    "lock": "a lock",
    "network": "the network",
    "pool": "a connection pool",
    "process": "a process",
    "queue": "a queue",
    "semaphore": "a semaphore",
    "task": "another task",
    "timer": "a timer",
}
_LENS = (names.LOOP_RUNNING_MS, names.LOOP_READY_MS, names.LOOP_AWAITING_MS)

_KNOWN = (*_LENS, names.VICTIM_BLOCKED_BY, names.THREAD_QUEUED_MS, names.THREAD_RUNNING_MS)


def reasons(context: TraceContext) -> Iterator[Why]:
    """Yield the requests of which much is not covered, the longest part first."""
    found = [
        (-uncovered(context.tree, index), index)
        for index in context.tree.requests
        if not context.is_neighbour(index) and is_reported(context.tree, index)
    ]
    inner = _inner_requests(context) if found and len(context.tree.requests) > 1 else set()
    for negative, index in sorted(found):
        part = -negative / NS_PER_MS
        known = ", ".join(_parts(context, index, part))
        if known or index not in inner:
            yield _reason(context, index, part, known)
    yield from _sync_iterators(context)


def _sync_iterators(context: TraceContext) -> Iterator[Why]:
    """Yield the streams of which nothing was sent before all of it was made."""
    if names.SYNC_ITERATOR not in context.tree.words:
        return
    for index in range(len(context.tree.spans)):
        name = context.attribute(index, names.SYNC_ITERATOR)
        if isinstance(name, str) and not context.is_neighbour(index):
            text = (
                f"nothing of {context.subject(index)} was sent before all of it was made: its "
                f"iterator ({clean(name)}) is synchronous, and Django runs that in a thread"
            )
            yield Why(text, context.ids([index]))


def _inner_requests(context: TraceContext) -> set[int]:
    """Return the requests that another request made: of other services little is known."""
    tree = context.tree
    below: set[int] = set()
    for index in tree.order:
        parent = tree.parents[index]
        if parent in below or (parent != NO_PARENT and tree.spans[parent].kind == "server"):
            below.add(index)
    return below


def _reason(context: TraceContext, index: int, part_ms: float, known: str) -> Why:
    text = (
        f"{share(part_ms * NS_PER_MS, context.duration(index))} of {context.subject(index)} "
        f"have no span: {known or 'the trace does not show what happened there'}"
    )
    return Why(text, context.ids([index]))


def _parts(context: TraceContext, index: int, part_ms: float) -> Iterator[str]:
    """Yield what is known of the part; together no more than there is."""
    if not context.tree.linked and context.tree.words.isdisjoint(_KNOWN):
        return
    left = part_ms
    running = min(left, _own(context, index, names.LOOP_RUNNING_MS))
    if running >= LEAST_PART_MS:
        left -= running
        yield f"{duration(running)} ran on the event loop{_longest_step(context, index)}"
    blocked = sum(delay.ms for delay in delays(context.tree.spans[index]))
    ready = min(left, max(blocked, _own(context, index, names.LOOP_READY_MS)))
    if ready >= LEAST_PART_MS:
        left -= ready
        yield f"{duration(ready)} waited for the event loop"
    if not any(map(context.tree.is_work, context.tree.children.get(index, ()))):
        queued = min(left, context.number(index, names.THREAD_QUEUED_MS))
        if queued >= LEAST_PART_MS:
            left -= queued
            yield f"{_most(context, index)}{duration(queued)} waited for a thread"
    for wait in _waits(context, index):
        waited = min(left, wait.ns / NS_PER_MS)
        if waited >= LEAST_PART_MS:
            left -= waited
            place = f" at {clean(wait.place)}" if wait.place else ""
            yield f"{duration(waited)} awaited {_AWAITED.get(wait.kind, SOMETHING)}{place}"
    in_threads = min(left, _in_threads(context, index))
    if in_threads >= LEAST_PART_MS:
        left -= in_threads
        which = functions_in_threads(context.tree, index)
        called = f" ({listing(which)})" if which else ""
        yield f"{_most(context, index)}{duration(in_threads)} ran in a thread{called}"
    attributes = context.tree.spans[index].attributes
    if left >= LEAST_PART_MS and any(name in attributes for name in _LENS):
        yield f"{duration(left)} awaited {SOMETHING}"


def _waits(context: TraceContext, index: int) -> list[Wait]:
    """Return the longest waits; those for work in threads are reported with that work."""
    found = waits_within(context.tree, index, gaps(context.tree, index))
    return [wait for wait in found if wait.kind != IN_THREAD][:MOST_WAITS]


def _most(context: TraceContext, index: int) -> str:
    """Return the words for a sum over calls that may have run at the same time."""
    return "up to " if context.number(index, names.THREAD_CALLS) > 1 else ""


def _own(context: TraceContext, index: int, name: str) -> float:
    """Return a figure of the lens without the part that the spans below have."""
    if name not in context.tree.words:
        return 0.0
    below = sum(context.number(child, name) for child in context.tree.children.get(index, ()))
    return max(0.0, context.number(index, name) - below)


def _in_threads(context: TraceContext, index: int) -> float:
    """Return for how long calls in threads ran without a span, at most."""
    tree = context.tree
    running = context.number(index, names.THREAD_RUNNING_MS)
    if not running:
        return 0.0
    own = plain(context.attribute(index, names.THREAD_ID))
    spans = sum(
        context.duration(child)
        for child in tree.children.get(index, ())
        if plain(context.attribute(child, names.THREAD_ID)) not in (own, None)
    )
    return max(0.0, running - spans / NS_PER_MS)


def _longest_step(context: TraceContext, index: int) -> str:
    line = context.attribute(index, names.LOOP_LONGEST_LINE)
    longest = context.number(index, names.LOOP_LONGEST_MS)
    if not longest or not isinstance(line, str) or not line:
        return ""
    return f" (longest step {duration(longest)}, at {clean(line)})"
