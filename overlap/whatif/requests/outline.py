"""The outline of a request: which spans ran one after another, which at once, and what is between.

Siblings that overlap run at once; one that began when another had ended is taken to have waited
for it. The parts in which a span does something itself are segments, which `segments` fills with
steps on the loop and waits.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from overlap.judge.findings.concurrency_limit import calls_by_name, concurrency_limit
from overlap.judge.path.awaited import AWAITED_NS, awaited, awaited_stages
from overlap.judge.tree.span_tree import Tree, same_process
from overlap.whatif.requests.loop_figures import Interval

MOST_DEEP: Final = 100
"""Spans below this depth are a part of their parent."""


@dataclass(slots=True)
class Segment:
    """A part of the time of one span, in which it does something itself."""

    span: int
    start: int
    end: int
    owner: int
    """The span whose turns are also those of this part: the request, or a background task."""
    runs: list[Interval] = field(default_factory=list)


@dataclass(slots=True)
class CallPart:
    """A span."""

    span: int
    parts: list[Part]
    limit: int = 0
    """How many of its name may run at once in its request; 0 for any number."""


@dataclass(slots=True)
class ForkPart:
    """What ran at once."""

    branches: list[list[Part]]


@dataclass(slots=True)
class SpawnPart:
    """A span that its parent did not wait for."""

    parts: list[Part]


Part: TypeAlias = Segment | CallPart | ForkPart | SpawnPart


class Outline:
    """The outline of one request."""

    def __init__(self, tree: Tree, request: int) -> None:
        self.tree = tree
        self.segments: list[Segment] = []
        self._owner = request
        self.parts = self._inside(request, tree.starts[request], tree.ends[request], 0)

    def _inside(self, span: int, low: int, high: int, depth: int) -> list[Part]:
        """Return what a span consists of between two times."""
        tree = self.tree
        parts: list[Part] = []
        at = low
        for start, members in self._stages(span, low, high) if depth < MOST_DEEP else ():
            begin = max(start, at)
            self._own(parts, span, at, begin)
            parts.append(self._stage(span, members, begin, depth))
            at = max(at, *(min(tree.ends[each], high) for each in members))
        self._own(parts, span, at, high)
        return self._with_background(parts, span, depth)

    def _stages(self, span: int, low: int, high: int) -> list[tuple[int, list[int]]]:
        """Return the stages of a span's children in order, each with its start.

        Calls that ran n at a time are one stage, with all that ran beside them.
        """
        tree = self.tree
        limits = self._limits(awaited(tree, span))
        found: list[tuple[int, int, bool, list[int]]] = []
        for stage in awaited_stages(tree, span):
            members = [each for each in stage if self._is_here(span, each, low, high)]
            if members:
                times = tree.all_running(members)
                start, end = min(each[0] for each in times), max(each[1] for each in times)
                found.append((start, end, not limits.keys().isdisjoint(members), members))
        found.sort()
        joined: list[tuple[int, int, bool, list[int]]] = []
        for start, end, limited, members in found:
            if joined and limited and joined[-1][2]:
                before = joined.pop()
                joined.append((before[0], max(end, before[1]), True, before[3] + members))
            else:
                joined.append((start, end, limited, members))
        return [(start, members) for start, _, _, members in joined]

    def _is_here(self, span: int, child: int, low: int, high: int) -> bool:
        tree = self.tree
        start, end = tree.running(child)
        return start < high and end > low and same_process(tree.spans[span], tree.spans[child])

    def _own(self, parts: list[Part], span: int, start: int, end: int) -> None:
        if start < end:
            parts.append(self._segment(span, start, end))

    def _segment(self, span: int, start: int, end: int) -> Segment:
        self.segments.append(Segment(span, start, end, self._owner))
        return self.segments[-1]

    def _call(self, span: int, depth: int, limit: int = 0) -> CallPart:
        return CallPart(span, self._inside(span, *self.tree.running(span), depth + 1), limit)

    def _stage(self, parent: int, members: list[int], begin: int, depth: int) -> Part:
        if len(members) == 1:
            return self._call(members[0], depth)
        limits = self._limits(members)
        after = self._predecessors([each for each in members if each not in limits])
        branches: list[list[Part]] = []
        for member in sorted(members, key=self.tree.running):
            if member in limits:
                branches.append([self._call(member, depth, limits[member])])
            elif after[member] is None:
                branches.append(self._chain(parent, member, begin, after, depth))
        return ForkPart(branches)

    def _limits(self, members: list[int]) -> dict[int, int]:
        """Return those that ran n at a time, each with n."""
        found = {}
        for same in calls_by_name(self.tree, members).values():
            if limit := concurrency_limit(self.tree.all_running(same)):
                found.update(dict.fromkeys(same, limit))
        return found

    def _predecessors(self, members: Sequence[int]) -> dict[int, int | None]:
        """Return for each the sibling that ended last before it began, as by `group_path`."""
        times = {each: self.tree.running(each) for each in members}
        by_end = sorted(members, key=lambda each: (times[each][1], -times[each][0]))
        ends = [times[each][1] for each in by_end]
        found: dict[int, int | None] = {}
        for each in members:
            start, end = times[each]
            place = bisect_right(ends, start + (end - start) // 20) - 1
            while place >= 0:
                other = times[by_end[place]]
                if other[0] < start and 19 * other[1] + other[0] <= 20 * start:
                    break
                place -= 1
            found[each] = by_end[place] if place >= 0 else None
        return found

    def _chain(
        self, parent: int, first: int, since: int, after: dict[int, int | None], depth: int
    ) -> list[Part]:
        """Return a member of a stage and those that came after it, one after another."""
        parts: list[Part] = []
        member = first
        while True:
            start, end = self.tree.running(member)
            self._own(parts, parent, since, start)
            parts.append(self._call(member, depth))
            followers = sorted(each for each, other in after.items() if other == member)
            if not followers:
                return parts
            if len(followers) > 1 and depth < MOST_DEEP:
                branches = [self._chain(parent, each, end, after, depth + 1) for each in followers]
                parts.append(ForkPart(branches))
                return parts
            member, since = followers[0], end

    def _with_background(self, parts: list[Part], span: int, depth: int) -> list[Part]:
        """Add the children that went on when the span had ended, where each began."""
        tree = self.tree
        last = tree.ends[span] + AWAITED_NS
        for child in tree.children.get(span, ()) if depth < MOST_DEEP else ():
            if tree.ends[child] <= last or not tree.work[child]:
                continue
            if not same_process(tree.spans[span], tree.spans[child]):
                continue
            owner, self._owner = self._owner, child
            spawned = SpawnPart([self._call(child, depth)])
            self._owner = owner
            start = tree.starts[child]
            place = next(
                (
                    at for at, part in enumerate(parts)
                    if isinstance(part, Segment) and part.end >= start
                ),
                len(parts),
            )  # fmt: skip
            if place < len(parts):
                segment = parts[place]
                assert isinstance(segment, Segment)  # noqa: S101  for mypy
                if segment.start < start < segment.end:
                    parts.insert(place + 1, self._segment(span, start, segment.end))
                    segment.end = start
                    place += 1
            parts.insert(place, spawned)
        return parts
