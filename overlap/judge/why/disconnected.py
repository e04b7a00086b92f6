"""Sentences about clients that disconnected, and about the work that continued for them."""

from __future__ import annotations

from collections.abc import Iterator

from overlap import names
from overlap.judge.model import Why
from overlap.judge.summary import duration
from overlap.judge.trace_context import TraceContext
from overlap.judge.tree.span_tree import NS_PER_MS

LEAST_MS = 5.0
"""Work that continued for a shorter time is not mentioned."""


def reasons(context: TraceContext) -> Iterator[Why]:
    """Yield each request whose client disconnected, the one with the most further work first."""
    if names.ERROR_TYPE not in context.tree.words:
        return
    found: list[tuple[float, int, str]] = []
    for index, span in enumerate(context.tree.spans):
        if span.attributes.get(names.ERROR_TYPE) != names.CLIENT_DISCONNECTED:
            continue
        whole = context.duration(index) / NS_PER_MS
        after = min(context.number(index, names.AFTER_DISCONNECT_MS), whole)
        text = f"the client of {context.called(index)} disconnected after {duration(whole - after)}"
        if after >= LEAST_MS:
            text += f"; the work for it went on for {duration(after)}"
        found.append((after, index, text))
    for _, index, text in sorted(found, key=lambda each: (-each[0], each[1])):
        yield Why(text, context.ids([index]))
