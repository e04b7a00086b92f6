"""Where the event loop's turns of a request belong, and what it waited for between them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final

from overlap.judge.tree.span_tree import Tree, same_process
from overlap.whatif.program import NS_PER_MS, Item, Run, Wait
from overlap.whatif.requests.loop_figures import Interval, LoopFigures, loop_figures, shared
from overlap.whatif.requests.outline import Segment

SHORT_NS: Final = NS_PER_MS
"""A step is no longer than this, where the lens recorded no longest step."""
YIELD_NS: Final = NS_PER_MS // 4
"""A shorter wait was none: the task only let others run, and was in the queue at once."""
NEAR: Final = 0.8
"""A step of at least this part of the longest is taken to be of its line."""


class Steps:
    """Fills the segments of one request with steps and waits.

    blocks: the blocks of the loop that this request caused, with their lines; in order.
    delays: the blocks by others in its process while it was in flight; in order.
    excluded: by span, the waits for a pool, which the simulation makes anew.
    """

    def __init__(
        self,
        tree: Tree,
        request: int,
        blocks: Sequence[tuple[int, int, str]],
        delays: list[Interval],
        excluded: Mapping[int, list[Interval]],
    ) -> None:
        self._tree, self._request = tree, request
        self._blocks, self._delays, self._excluded = blocks, delays, excluded
        self._known: dict[int, LoopFigures | None] = {}

    def figures(self, span: int) -> LoopFigures | None:
        """Return the lens's figures of a span."""
        if span not in self._known:
            self._known[span] = loop_figures(self._tree, span)
        return self._known[span]

    def place(self, segments: Sequence[Segment]) -> None:
        """Give each segment the turns in which it ran on the loop."""
        by_owner: dict[int, list[Segment]] = {}
        for segment in segments:
            by_owner.setdefault(segment.owner, []).append(segment)
        for owner, members in by_owner.items():
            self._place(members, self._turns(owner, members))
        for segment in segments:
            segment.runs = _joined(sorted(segment.runs))

    def _turns(self, owner: int, members: Sequence[Segment]) -> list[Interval]:
        figures = self.figures(owner)
        if figures is None:
            return (
                [(start, end) for start, end, _ in self._blocks] if owner == self._request else []
            )
        if figures.turns or not figures.running:
            return figures.turns
        first = members[0]
        return [(first.start, min(first.end, first.start + figures.running))]

    def _place(self, members: list[Segment], turns: Sequence[Interval]) -> None:
        left = {segment.span: self._own_running(segment.span) for segment in members}
        contested: list[tuple[Interval, list[Segment]]] = []
        for turn in turns:
            for piece, covering in _pieces(turn, members):
                if len(covering) > 1:
                    contested.append((piece, covering))
                    continue
                covering[0].runs.append(piece)
                left[covering[0].span] -= piece[1] - piece[0]
        for piece, covering in contested:
            one = max(covering, key=lambda segment: left[segment.span])
            one.runs.append(piece)
            left[one.span] -= piece[1] - piece[0]

    def _own_running(self, span: int) -> int:
        """Return how long a span ran on the loop, without the spans below it."""
        if (figures := self.figures(span)) is None:
            return 0
        tree = self._tree
        below = [
            found.running
            for child in tree.children.get(span, ())
            if same_process(tree.spans[span], tree.spans[child])
            and (found := self.figures(child)) is not None
        ]
        return max(0, figures.running - sum(below))

    def items(self, segment: Segment) -> Iterator[Item]:
        """Yield the steps and waits of a segment, in order."""
        at = segment.start
        is_first = segment.span == self._request and at == self._tree.starts[segment.span]
        if is_first and not (segment.runs and segment.runs[0][0] <= at):
            yield Run(0)  # the server span begins in a step, which may yield at once
        for start, end in segment.runs:
            if wait := self._waited(segment, at, start):
                yield Wait(wait)
            yield from self._steps(segment, start, end)
            at = max(at, end)
        if wait := self._waited(segment, at, segment.end):
            yield Wait(wait)

    def _waited(self, segment: Segment, start: int, end: int) -> int:
        """Return how much of a gap was waiting; for the rest it was ready to run."""
        if (excluded := self._excluded.get(segment.span)) is not None:
            parts = _without((start, end), excluded)
            return sum(self._waited_within(segment, *part) for part in parts)
        return self._waited_within(segment, start, end)

    def _waited_within(self, segment: Segment, start: int, end: int) -> int:
        length = end - start
        if length <= 0:
            return 0
        figures = self.figures(segment.span)
        if figures is None:
            if self.figures(self._request) is None:
                return length - shared((start, end), self._delays)
            return length  # in a thread, or too short to have figures
        if known := shared((start, end), figures.waits):
            return known
        wait = round(length * figures.short_waits)
        return wait if wait >= YIELD_NS else 0

    def _steps(self, segment: Segment, start: int, end: int) -> Iterator[Run]:
        """Yield the steps of a turn, none longer than the longest that the lens recorded."""
        figures = self.figures(segment.span) or self.figures(segment.owner)
        length = end - start
        longest = (figures.longest or SHORT_NS) if figures else length
        count = max(1, round(length / longest)) if length > longest else 1
        edges = [start + length * number // count for number in range(count + 1)]
        for low, high in pairwise(edges):
            line = self._blocking_line(low, high)
            if not line and figures and high - low >= NEAR * figures.longest > 0:
                line = figures.line
            yield Run(high - low, line)

    def _blocking_line(self, start: int, end: int) -> str:
        """Return the line of the block that takes at least half of an interval; empty if none."""
        for low, high, line in self._blocks:
            if 2 * shared((start, end), [(low, high)]) >= end - start:
                return line
        return ""


def _pieces(turn: Interval, members: list[Segment]) -> Iterator[tuple[Interval, list[Segment]]]:
    """Yield the parts of a turn, each with the segments that it may belong to, one at least."""
    low, high = turn
    covering = [each for each in members if each.start < high and each.end > low]
    if not covering:
        yield turn, [_nearest(members, low, high)]
        return
    bounds = {low, high}
    for each in covering:
        bounds.update(edge for edge in (each.start, each.end) if low < edge < high)
    edges = sorted(bounds)
    for start, end in pairwise(edges):
        here = [each for each in covering if each.start < end and each.end > start]
        yield (start, end), here or [_nearest(covering, start, end)]


def _nearest(members: list[Segment], start: int, end: int) -> Segment:
    return min(members, key=lambda each: max(each.start - end, start - each.end))


def _without(one: Interval, others: Sequence[Interval]) -> Iterator[Interval]:
    """Yield what is left of an interval without others."""
    at, last = one
    for start, end in sorted(others):
        if at < min(start, last):
            yield at, min(start, last)
        at = max(at, end)
    if at < last:
        yield at, last


def _joined(intervals: list[Interval]) -> list[Interval]:
    """Return intervals with those joined that touch or overlap."""
    found: list[Interval] = []
    for start, end in intervals:
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found
