"""Sentences about what Django itself took: caches, templates, connections, middleware."""

from __future__ import annotations

from collections.abc import Iterator

from overlap import names
from overlap.judge.model import Why
from overlap.judge.summary import clean, listing
from overlap.judge.trace_context import TraceContext, share
from overlap.judge.tree.span_tree import NS_PER_MS, plain

LEAST_MS = 5.0
LEAST_PART = 10
"""What takes less than this part, one in so many, of its span is not named."""
_SUMS = (
    (names.CACHE_MS, names.CACHE_CALLS, "cache call"),
    (names.TEMPLATE_MS, names.TEMPLATE_RENDERS, "rendering of a template"),
    (names.RECEIVERS_MS, names.RECEIVERS_CALLS, "sync receiver"),
)
_DATABASE = (
    (names.DB_CONNECT_MS, "connecting to the database"),
    (names.DB_COMMIT_MS, "COMMIT"),
    (names.DB_ROLLBACK_MS, "ROLLBACK"),
)
_PLURALS = {"rendering of a template": "renderings of templates"}


def reasons(context: TraceContext) -> Iterator[Why]:
    """Yield sums that are a good part of their span, the longest first; then sync middleware."""
    found: list[tuple[float, int, str]] = []
    for duration, calls, noun in _SUMS:
        if duration in context.tree.words:
            found += _sums(context, duration, calls, noun)
    for duration, what in _DATABASE:
        if duration in context.tree.words:
            found += _connections(context, duration, what)
    if names.SPAN_RECEIVER in context.tree.words:
        for index in range(len(context.tree.spans)):
            found += _receivers(context, index)
    if names.SYNC_MIDDLEWARE_MS in context.tree.words:
        for index in range(len(context.tree.spans)):
            found += _middleware(context, index)
    for _, index, text in sorted(found, key=lambda each: (-each[0], each[1], each[2])):
        yield Why(text, context.ids([index]))


def _sums(
    context: TraceContext, duration: str, calls: str, noun: str
) -> Iterator[tuple[float, int, str]]:
    for index in range(len(context.tree.spans)):
        count = round(context.number(index, calls))
        # What has a span of its own is named with the others that were waited for.
        alone = context.number(index, duration) - _with_spans(context, index, noun)
        if count > 1 and _is_much(context, index, alone):
            plural = _PLURALS.get(noun, f"{noun}s")
            took = share(alone * NS_PER_MS, context.duration(index))
            yield alone, index, f"{count} {plural} took {took} of {context.subject(index)}"


def _connections(
    context: TraceContext, duration: str, what: str
) -> Iterator[tuple[float, int, str]]:
    for index in range(len(context.tree.spans)):
        ms = context.number(index, duration)
        if _is_much(context, index, ms):
            took = share(ms * NS_PER_MS, context.duration(index))
            yield ms, index, f"{what} took {took} of {context.subject(index)}"


def _with_spans(context: TraceContext, index: int, noun: str) -> float:
    spans = context.tree.spans
    below = (
        child
        for child in context.tree.children.get(index, ())
        if (noun == "cache call" and names.CACHE_BACKEND in spans[child].attributes)
        or (noun == "sync receiver" and spans[child].name == names.SPAN_RECEIVER)
        or (noun == "rendering of a template" and spans[child].name == names.SPAN_TEMPLATE)
    )
    return sum(context.duration(child) for child in below) / NS_PER_MS


def _receivers(context: TraceContext, index: int) -> Iterator[tuple[float, int, str]]:
    """Yield the sync receivers with spans of their own, by name, and that `asend` ran them."""
    spans = context.tree.spans
    slow = [
        child
        for child in context.tree.children.get(index, ())
        if spans[child].name == names.SPAN_RECEIVER
    ]
    total = sum(context.duration(child) for child in slow) / NS_PER_MS
    if not slow or not _is_much(context, index, min(total, context.duration(index) / NS_PER_MS)):
        return
    slow.sort(key=context.duration, reverse=True)
    called = [plain(context.attribute(child, names.CODE_FUNCTION_NAME)) for child in slow]
    named = listing([name or names.SPAN_RECEIVER for name in called])
    took = share(total * NS_PER_MS, context.duration(index))
    many = "s" if len(slow) > 1 else ""
    text = f"the sync receiver{many} {named} took {took} of {context.subject(index)}"
    if many and context.attribute(index, names.RECEIVERS_IN_THREAD):
        text += ", one after another in one thread: asend runs all sync receivers of a signal so"
    yield total, index, text


def _middleware(context: TraceContext, index: int) -> Iterator[tuple[float, int, str]]:
    paths = context.attribute(index, names.SYNC_MIDDLEWARE)
    times = context.attribute(index, names.SYNC_MIDDLEWARE_MS)
    if not isinstance(paths, list | tuple) or not isinstance(times, list | tuple):
        return
    for path, ms in zip(paths, times, strict=False):
        if isinstance(ms, int | float) and _is_much(context, index, float(ms)):
            took = share(ms * NS_PER_MS, context.duration(index))
            text = f"the sync middleware {clean(str(path))} took {took} of {context.subject(index)}"
            yield float(ms), index, text


def _is_much(context: TraceContext, index: int, ms: float) -> bool:
    whole = context.duration(index) / NS_PER_MS
    return LEAST_MS <= ms <= whole and ms * LEAST_PART >= whole
