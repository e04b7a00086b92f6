"""How long calls in threads computed, and for how long others of their process did beside them.

A thread's time is its processor time, its waits for the interpreter lock, and its waits for
something else. The lens records the first (`overlap.thread.cpu_ms`, for all calls of a span); it is
shared among the calls by how long they took. Waits for the lock are as long as the others computed
meanwhile, threads and the loop, if that is not more than is left; the simulation makes them anew.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from overlap import names
from overlap.judge.tree.span_tree import NS_PER_MS, Tree, number, process
from overlap.whatif.program import Compute, Item, Wait
from overlap.whatif.requests.loop_figures import loop_figures

LEAST_NS: Final = NS_PER_MS
"""A call that computes for a shorter time delays nobody who could be seen."""


@dataclass(frozen=True, slots=True)
class Share:
    """What a span did in threads. In ns."""

    cpu: int
    others: int
    """For how long others of its process computed meanwhile."""

    def items(self, own: Iterable[Item], whole: int) -> Iterator[Item]:
        """Yield steps and waits of a span, with the computing in its waits, which take `whole`."""
        cpu = min(self.cpu, whole)
        rest = max(0, whole - cpu - self.others)
        for item in own:
            if not isinstance(item, Wait) or not item.ns:
                yield item
                continue
            waited = item.ns * rest // whole
            yield Compute(item.ns * cpu // whole, item.ns - waited)
            if waited:
                yield Wait(waited)


@dataclass(slots=True)
class _Process:
    """When the calls and the loop of one process computed, in order."""

    rows: list[tuple[int, int, int]] = field(default_factory=list)
    """Start, end and how much of it was computing."""
    longest: int = 0

    def add(self, start: int, end: int, cpu: int) -> None:
        if start < end:
            self.rows.append((start, end, cpu))
            self.longest = max(self.longest, end - start)

    def within(self, start: int, end: int) -> int:
        """Return for how long it computed between two times."""
        total = 0.0
        for low, high, cpu in self.rows[bisect_left(self.rows, (start - self.longest,)) :]:
            if low >= end:
                break
            total += cpu * max(0, min(high, end) - max(low, start)) / (high - low)
        return round(total)


class Computing:
    """The computing in threads of some traces, by span."""

    def __init__(self, trees: Sequence[Tree]) -> None:
        self._cpu: dict[tuple[int, int], int] = {}
        self._processes: dict[tuple[str, str | None], _Process] = {}
        for tree in trees:
            for index in range(len(tree.spans)) if names.THREAD_CPU_MS in tree.words else ():
                self._add_calls(tree, index)
        for tree in trees if self._cpu else ():
            for request in tree.requests:
                for start, end in getattr(loop_figures(tree, request), "turns", ()):
                    self._process(tree, request).add(start, end, end - start)
        for each in self._processes.values():
            each.rows.sort()

    def __bool__(self) -> bool:
        return bool(self._cpu)

    def share(self, tree: Tree, span: int) -> Share | None:
        """Return what a span computed in threads; None if it did not."""
        cpu = self._cpu.get((id(tree), span))
        if cpu is None:
            return None
        all_of_it = self._process(tree, span).within(*tree.running(span))
        return Share(cpu, max(0, all_of_it - cpu))

    def _add_calls(self, tree: Tree, index: int) -> None:
        """Add the calls in threads of one span: each of its own span, and the rest together."""
        span = tree.spans[index]
        left = round(number(span, names.THREAD_CPU_MS) * NS_PER_MS)
        running = round(number(span, names.THREAD_RUNNING_MS) * NS_PER_MS)
        if left < LEAST_NS or not running:
            return
        each_ns = min(1.0, left / running)
        for child in tree.children.get(index, ()):
            if names.THREAD_QUEUED_MS in tree.spans[child].attributes:
                start, end = tree.running(child)
                cpu = min(left, round((end - start) * each_ns))
                left -= cpu
                self._add(tree, child, cpu)
        self._add(tree, index, left)

    def _add(self, tree: Tree, index: int, cpu: int) -> None:
        if cpu >= LEAST_NS:
            self._cpu[id(tree), index] = cpu
            self._process(tree, index).add(*tree.running(index), cpu)

    def _process(self, tree: Tree, index: int) -> _Process:
        span = tree.spans[index]
        return self._processes.setdefault((span.service, process(span)), _Process())
