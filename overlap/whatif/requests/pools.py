"""Which spans share a pool of threads or connections, and how large it is.

A pool is known once a call had to wait for it. All calls of the same name in that service are
taken to use it. Django's connection is kept until the request ends; that of a client's own pool
until the span ends that waited for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from overlap import names
from overlap.judge.findings.stages import peak
from overlap.judge.tree.span_tree import NS_PER_MS, Tree, number
from overlap.judge.tree.structure import NO_PARENT
from overlap.whatif.program import Items, Run, Use
from overlap.whatif.requests.loop_figures import Interval

THREADS: Final = "threads"
CONNECTIONS: Final = "connections"


class Pools:
    """The pools of the services in some traces."""

    def __init__(self, trees: Sequence[Tree]) -> None:
        self._requests: dict[tuple[str, str], str] = {}
        """By service and route: the pool of Django's connections."""
        self._calls: dict[tuple[str, str], str] = {}
        """By service and span name: the pool of threads, or of a client's connections."""
        self._sizes: dict[tuple[str, str], int] = {}
        self._unsized: set[tuple[str, str]] = set()
        self._excluded: dict[int, dict[int, list[Interval]]] = {}
        for tree in trees:
            if names.WAIT_KIND in tree.words:
                self._find_connections(tree)
            if names.THREAD_POOL_MOST in tree.words:
                self._find_threads(tree)
        if self._unsized:
            self._count(trees)

    def sizes(self, service: str) -> dict[str, int]:
        """Return the pools of a service, with how many places each has."""
        return {name: size for (of, name), size in self._sizes.items() if of == service}

    def excluded(self, tree: Tree) -> dict[int, list[Interval]]:
        """Return by span the waits for pools in it, which the simulation makes anew."""
        return self._excluded.get(id(tree), {})

    def limit(self, tree: Tree, span: int, items: Items) -> Items:
        """Return the program of a span, with the place in a pool that it needs."""
        one = tree.spans[span]
        own = self._requests if one.kind == "server" else self._calls
        pool = own.get((one.service, one.name))
        if pool is None:
            return items
        first = next((at for at, item in enumerate(items) if not isinstance(item, Run)), len(items))
        return (*items[:first], Use(pool, items[first:]))

    def _find_connections(self, tree: Tree) -> None:
        for index, span in enumerate(tree.spans):
            parent = tree.parents[index]
            if (
                span.attributes.get(names.WAIT_KIND) != names.WAIT_FOR_POOL
                or parent == NO_PARENT
                or tree.is_mark(index)
            ):
                continue
            of = span.attributes.get(names.WAIT_POOL)
            pool = of if isinstance(of, str) and of else CONNECTIONS
            self._exclude(tree, parent, (tree.starts[index], tree.ends[index]))
            if size := round(number(span, names.WAIT_POOL_SIZE)):
                self._sizes[span.service, pool] = size
                if (request := _request(tree, parent)) is not None:
                    self._requests[span.service, tree.spans[request].name] = pool
            else:
                self._calls[span.service, tree.spans[parent].name] = pool
                self._unsized.add((span.service, pool))

    def _find_threads(self, tree: Tree) -> None:
        for span in tree.spans:
            if size := round(number(span, names.THREAD_POOL_MOST)):
                self._calls[span.service, span.name] = THREADS
                self._sizes[span.service, THREADS] = size
        for index, span in enumerate(tree.spans):
            parent = tree.parents[index]
            queued = round(number(span, names.THREAD_QUEUED_MS) * NS_PER_MS)
            if not queued or parent == NO_PARENT or (span.service, span.name) not in self._calls:
                continue
            start = tree.starts[index]
            if names.THREAD_CALLS in span.attributes:
                self._exclude(tree, parent, (start, tree.running(index)[0]))
            else:
                self._exclude(tree, parent, (start - queued, start))

    def _exclude(self, tree: Tree, span: int, interval: Interval) -> None:
        if interval[0] < interval[1]:
            self._excluded.setdefault(id(tree), {}).setdefault(span, []).append(interval)

    def _count(self, trees: Sequence[Tree]) -> None:
        """Set the size of pools that no span knows: the most that had a connection at once."""
        taken: dict[tuple[str, str], list[Interval]] = {}
        for tree in trees:
            for index, span in enumerate(tree.spans):
                pool = self._calls.get((span.service, span.name))
                if pool is None or (span.service, pool) not in self._unsized:
                    continue
                waits = self.excluded(tree).get(index, [])
                begin = max((end for _, end in waits), default=tree.starts[index])
                if begin < tree.ends[index]:
                    taken.setdefault((span.service, pool), []).append((begin, tree.ends[index]))
        for key, intervals in taken.items():
            self._sizes[key] = peak(intervals)


def _above(tree: Tree, index: int) -> Iterator[int]:
    while index != NO_PARENT:
        yield index
        index = tree.parents[index]


def _request(tree: Tree, index: int) -> int | None:
    """Return the nearest server span at or above a span."""
    return next((each for each in _above(tree, index) if tree.spans[each].kind == "server"), None)
