"""The program of one request, made of its outline: its steps, waits, calls and computing."""

from __future__ import annotations

from collections.abc import Sequence

from overlap.judge.tree.span_tree import Tree
from overlap.trace import Span
from overlap.whatif.program import Call, Fork, Item, Items, Spawn, Use, Wait
from overlap.whatif.requests.computing import Computing
from overlap.whatif.requests.outline import CallPart, ForkPart, Outline, Part, Segment, SpawnPart
from overlap.whatif.requests.pools import Pools
from overlap.whatif.requests.segments import Steps


class Programs:
    """Makes programs of outlines."""

    def __init__(self, tree: Tree, steps: Steps, pools: Pools, computing: Computing) -> None:
        self._tree, self._steps, self._pools, self._computing = tree, steps, pools, computing
        self._waits: dict[int, int] = {}
        self.limits: dict[str, int] = {}

    def of(self, outline: Outline) -> Items:
        """Return the program of a request."""
        if self._computing:
            for segment in outline.segments:
                waits = sum(
                    each.ns for each in self._steps.items(segment) if isinstance(each, Wait)
                )
                self._waits[segment.span] = self._waits.get(segment.span, 0) + waits
        return self._items(outline.parts)

    def _items(self, parts: Sequence[Part]) -> Items:
        found: list[Item] = []
        for part in parts:
            if isinstance(part, Segment):
                own = self._steps.items(part)
                share = self._computing.share(self._tree, part.span)
                found.extend(share.items(own, self._waits.get(part.span, 0)) if share else own)
            elif isinstance(part, ForkPart):
                found.append(Fork(tuple(self._items(branch) for branch in part.branches)))
            elif isinstance(part, SpawnPart):
                found.append(Spawn(self._items(part.parts)))
            else:
                found.append(self._call(part))
        return tuple(found)

    def _call(self, part: CallPart) -> Item:
        span: Span = self._tree.spans[part.span]
        call = Call(span.name, self._pools.limit(self._tree, part.span, self._items(part.parts)))
        if not part.limit:
            return call
        self.limits[span.name] = part.limit
        return Use(span.name, (call,), is_own=True)
