"""Stored traces, judged and laid out: once per version, and in a thread if large."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

from overlap.judge import Verdict
from overlap.judge.summary import sentence
from overlap.judge.trace_verdict import verdict_on_tree
from overlap.judge.tree.repair import repair
from overlap.pocket.storage.span_batch import Origin
from overlap.pocket.storage.store import StoredTrace
from overlap.pocket.storage.stored_spans import JUDGED_SPANS, as_trace
from overlap.proof import graded_verdict
from overlap.trace import Trace
from overlap.waterfall import Outline, Waterfall

ROWS = 300
"""Rows of a waterfall, unless a page asks for more."""
MAX_ROWS = 5000
_INLINE_SPANS = 60
_CACHED = 64


@dataclass(frozen=True, slots=True)
class Judged:
    """A trace, its verdict and its waterfall."""

    trace: Trace
    verdict: Verdict
    sentence: str
    waterfall: Waterfall
    """The overview, in at most ROWS rows."""
    outline: Outline
    unread: int = 0
    """The number of spans that were not judged."""


class JudgedTraces:
    """Judges traces when they are viewed, and caches the last ones."""

    def __init__(self, source: Path | None = None) -> None:
        self._source = source
        """The folder of the app's code; None: it is not at hand."""
        self._cache: OrderedDict[bytes, tuple[int, Judged]] = OrderedDict()
        self._one_at_a_time = asyncio.Semaphore(1)
        self._tasks: dict[bytes, asyncio.Task[Judged]] = {}

    async def judged(self, stored: StoredTrace) -> Judged:
        """Return a trace's current version, judged."""
        async with self._one_at_a_time:
            known = self._cache.get(stored.trace_id)
            if known is not None and known[0] == stored.version:
                self._cache.move_to_end(stored.trace_id)
                return known[1]
            version, spans = stored.version, list(stored.spans)
            if len(spans) <= _INLINE_SPANS and self._source is None:
                judged = _judge(stored.id, spans)
            else:
                judged = await asyncio.to_thread(_judge, stored.id, spans, self._source)
            self._cache[stored.trace_id] = (version, judged)
            self._cache.move_to_end(stored.trace_id)
            self._forget()
            return judged

    async def judged_within(self, stored: StoredTrace, seconds: float) -> Judged | None:
        """Return a trace, judged, or None if that takes longer; it is then judged meanwhile."""
        task = self._tasks.get(stored.trace_id)
        if task is None:
            task = asyncio.create_task(self.judged(stored))
            self._tasks[stored.trace_id] = task
            task.add_done_callback(lambda _: self._tasks.pop(stored.trace_id, None))
        await asyncio.wait([task], timeout=seconds)
        return task.result() if task.done() else None

    def _forget(self) -> None:
        def spans() -> int:
            return sum(len(judged.trace.spans) for _, judged in self._cache.values())

        while len(self._cache) > _CACHED or (len(self._cache) > 1 and spans() > JUDGED_SPANS):
            self._cache.popitem(last=False)


def judge(trace: Trace, unread: int = 0, source: Path | None = None) -> Judged:
    """Judge a trace and lay it out. unread: how many of its spans are not there.

    source: the folder of the code that made it, from which advice is proven.
    """
    tree = repair(trace.spans, trace.trace_id)
    found = verdict_on_tree(tree, trace.warnings)
    if source is not None and found.advice:
        found = graded_verdict(found, trace, source)
    outline = Outline(trace, found, tree)
    return Judged(trace, found, sentence(found), outline.overview(ROWS), outline, unread)


def _judge(trace_id: str, spans: list[tuple[Origin, bytes]], source: Path | None = None) -> Judged:
    trace = as_trace(trace_id, spans[:JUDGED_SPANS])
    return judge(trace, max(0, len(spans) - JUDGED_SPANS), source)
