"""What all traces have in common whose spans have the same names, kinds, services and parents.

The traces of a route differ in their times, and seldom in their spans. So what depends on the
spans alone is found once, and is there for the traces that follow.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import compress
from operator import itemgetter, lt
from typing import Any, Final, NamedTuple

NO_PARENT: Final = -1
MOST_KEPT: Final = 1000
"""Structures are forgotten, those first that were not needed for the longest time."""
LARGE: Final = 500
"""Of traces with more spans hardly any two are alike."""
PROTOCOL_SPANS: Final = (" http receive", " http send", " websocket receive", " websocket send")
"""What the names of spans for one ASGI message end with."""
Pick = Callable[[Sequence[Any]], tuple[Any, ...]]


class Below(NamedTuple):
    """A span and all below it."""

    spans: Sequence[int]
    """Parents before their children."""
    parents: Sequence[int]
    """Those that have children."""


class Structure:
    """The tree of some spans by index, without their times. It is shared: nothing changes it."""

    __slots__ = (
        "_below", "_picks", "children", "cycles", "has_edges", "has_protocol", "order", "orders",
        "parents", "path_rows", "requests", "roots", "servers", "words",
    )  # fmt: skip

    def __init__(
        self,
        parents: Sequence[int],
        names: Sequence[str],
        kinds: Sequence[str],
        services: Sequence[str],
    ) -> None:
        self.parents: list[int] = [*parents]
        """The parent's index, or NO_PARENT; without cycles."""
        numbers = [*range(len(parents))]  # one object for each, however many lists hold it
        # Most parents start before their children: then there is no cycle.
        self.cycles = 0 if all(map(lt, parents, numbers)) else _cut_cycles(self.parents)
        self.roots: list[int] = [index for index in numbers if self.parents[index] == NO_PARENT]
        self.children: dict[int, list[int]] = _children(numbers, self.parents)
        """In the order of the spans; no entry for a leaf."""
        self.order: list[int] = _parents_first(self.roots, self.children)
        called = {*names}
        self.words = frozenset(called.union(kinds))
        """Every name and kind."""
        self.has_protocol = any(name.endswith(PROTOCOL_SPANS) for name in called)
        self.requests: list[int] = [*compress(numbers, [kind == "server" for kind in kinds])]
        """The server spans."""
        self.has_edges = len({*services}) > 1 or any(
            kind in ("server", "consumer") and parent != NO_PARENT
            for kind, parent in zip(kinds, self.parents, strict=True)
        )
        """Whether there can be an edge between two processes."""
        self.servers: dict[int, int] | None = None
        """What `nearest_servers` found, once it was asked."""
        self.path_rows: dict[int, Any] = {}
        """What a survey found, by request and span: see `overlap.survey.summing.path_rows`."""
        self.orders: dict[int, Any] = {}
        """What a survey found, by parent: see `overlap.survey.summing.call_order`."""
        self._picks: dict[int, Pick] = {}
        self._below: dict[int, Below] = {}

    def pick(self, parent: int) -> Pick:
        """Return what takes the items of a span's children, two or more, from a list."""
        found = self._picks.get(parent)
        if found is None:
            found = self._picks[parent] = itemgetter(*self.children[parent])
        return found

    def below(self, top: int) -> Below:
        """Return a span and all below it."""
        found = self._below.get(top)
        if found is None:
            found = self._below[top] = _spans_below(top, self.children)
        return found


_kept = lru_cache(MOST_KEPT)(Structure)


def structure_of(
    parents: Sequence[int], names: Sequence[str], kinds: Sequence[str], services: Sequence[str]
) -> Structure:
    """Return the structure of spans with these parents, names, kinds and services."""
    if len(parents) > LARGE:
        return Structure(parents, names, kinds, services)
    return _kept(parents, names, kinds, services)


def _cut_cycles(parents: list[int]) -> int:
    """Make the first span of each cycle a root; return how many. Visits each span once."""
    seen_in = [0] * len(parents)  # the walk that visited it first; 0 for none yet
    cycles = 0
    for first in range(len(parents)):
        place = first
        while place != NO_PARENT and not seen_in[place]:
            seen_in[place] = first + 1
            place = parents[place]
        if place != NO_PARENT and seen_in[place] == first + 1:
            members = [place]
            while parents[members[-1]] != place:
                members.append(parents[members[-1]])
            parents[min(members)] = NO_PARENT  # spans are sorted: the least index starts first
            cycles += 1
    return cycles


def _children(numbers: Sequence[int], parents: Sequence[int]) -> dict[int, list[int]]:
    children: dict[int, list[int]] = {}
    siblings: list[int] = []
    last = NO_PARENT
    for index, parent in zip(numbers, parents, strict=True):
        if parent != NO_PARENT:
            if parent != last:  # siblings often follow one another
                siblings, last = children.setdefault(parent, []), parent
            siblings.append(index)
    return children


def _parents_first(roots: Sequence[int], children: dict[int, list[int]]) -> list[int]:
    order = [*roots]
    for index in order:  # grows as it is read: breadth first
        order.extend(children.get(index, ()))
    return order


def _spans_below(top: int, children: dict[int, list[int]]) -> Below:
    spans = _parents_first([top], children)
    return Below(spans, [index for index in spans if index in children])
