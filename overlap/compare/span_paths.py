"""Group the spans of a trace by their path of names, and match the paths of two traces.

Nothing here recurses, so that depth is bounded by memory alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from overlap.waterfall import Bar

REQUESTS = ("server", "client", "producer", "consumer")
"""Kinds of spans whose names are addresses rather than functions."""
DEEPEST = 32
"""The most names that are kept of a path, from its end."""


@dataclass(slots=True, eq=False)
class Node:
    """All spans of one path."""

    name: str
    up: Node | None = None
    bars: list[Bar] = field(default_factory=list)
    children: dict[str, Node] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """What its first span is: server, client, internal, …"""
        return self.bars[0].span.kind if self.bars else ""

    @property
    def total_ms(self) -> float:
        """The durations of its spans together."""
        return round(sum(bar.end_ms - bar.start_ms for bar in self.bars), 3)

    def path(self) -> list[str]:
        """Return the names that lead to it, its own last."""
        found: list[str] = []
        node: Node | None = self
        while node is not None and node.up is not None and len(found) < DEEPEST:
            found.append(node.name)
            node = node.up
        return found[::-1]

    def below(self) -> int:
        """Return how many spans are below it."""
        count, todo = 0, list(self.children.values())
        while todo:
            node = todo.pop()
            count += len(node.bars)
            todo.extend(node.children.values())
        return count


Match = tuple[Node | None, Node | None]
"""A path of A, of B, or of both."""


def tree(bars: Iterable[Bar]) -> Node:
    """Return a root above all roots, from rows in depth-first order."""
    top = Node("")
    above = [top]
    for bar in bars:
        del above[bar.depth + 1 :]
        parent = above[-1]
        node = parent.children.get(bar.span.name)
        if node is None:
            node = parent.children[bar.span.name] = Node(bar.span.name, parent)
        node.bars.append(bar)
        above.append(node)
    return top


def matched(a: Node, b: Node) -> Iterator[Match]:
    """Yield each path below both roots, parents first; of a path that only one has, its top."""
    todo = list(reversed(_pairs(a, b, roots=True)))
    while todo:
        one, other = todo.pop()
        yield one, other
        if one is not None and other is not None:
            todo.extend(reversed(_pairs(one, other)))


def _pairs(a: Node, b: Node, *, roots: bool = False) -> list[Match]:
    """Pair the children of two matched nodes: equal names, then requests that correspond."""
    stands_for = _stand_ins(a, b, roots)
    taken = {id(node) for node in stands_for.values()}
    found: list[Match] = [
        (node, b.children.get(name) or stands_for.get(name)) for name, node in a.children.items()
    ]
    found += [
        (None, node)
        for name, node in b.children.items()
        if name not in a.children and id(node) not in taken
    ]
    return found


def _stand_ins(a: Node, b: Node, roots: bool) -> dict[str, Node]:
    """Return by A's name the request of B that corresponds: each the only one without a namesake.

    The same work done in another way often has another route: `GET /meats/`, `GET /meats/sync/`.
    """
    left_a = [node for name, node in a.children.items() if name not in b.children]
    left_b = [node for name, node in b.children.items() if name not in a.children]
    if roots and len(left_a) == len(left_b) == 1:
        return {left_a[0].name: left_b[0]}
    found = {}
    for kind in REQUESTS:
        ours = [node for node in left_a if node.kind == kind]
        theirs = [node for node in left_b if node.kind == kind]
        if len(ours) == len(theirs) == 1:
            found[ours[0].name] = theirs[0]
    return found
