"""Recorded requests as jobs: each server span of each trace, with its arrival and its program."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from overlap import names
from overlap.judge.findings.blocked import culprit
from overlap.judge.tree.repair import repair
from overlap.judge.tree.span_tree import Tree, process
from overlap.judge.tree.structure import NO_PARENT
from overlap.trace import Trace
from overlap.trace.blocked_by import delays
from overlap.whatif.program import BORROWED, LENS, SPANS, Job
from overlap.whatif.requests.computing import Computing
from overlap.whatif.requests.loop_figures import Interval, thread_cpu_ns
from overlap.whatif.requests.outline import Outline
from overlap.whatif.requests.pools import Pools
from overlap.whatif.requests.request_program import Programs
from overlap.whatif.requests.segments import Steps

DEFAULT_NAME: Final = "request"


@dataclass(slots=True)
class Recorded:
    """The requests of one service, and the limits that were seen in them."""

    service: str
    jobs: list[Job] = field(default_factory=list)
    pools: dict[str, int] = field(default_factory=dict)
    """By name: a pool of threads or connections, or calls that ran so many at a time."""
    workers: int = 1
    unended: int = 0
    """Requests without an end, which are left out."""


def recorded(traces: Iterable[Trace]) -> list[Recorded]:
    """Return the requests of each service, by its name. O(n log n).

    Requests of all routes take part: each takes time on the loop. Arrival is when the client
    sent the request, where the client's span is known; otherwise when its server span began.
    """
    trees = [repair(trace.spans, trace.trace_id) for trace in traces]
    known_blocks = _all_blocks(trees)
    pools, computing = Pools(trees), Computing(trees)
    found: dict[str, _Service] = {}
    for tree in trees:
        for request in tree.requests:
            span = tree.spans[request]
            service = found.setdefault(span.service, _Service(span.service))
            if not tree.ended[request]:
                service.recorded.unended += 1
            elif not tree.is_mark(request):
                service.add(tree, request, pools, computing, known_blocks)
    return [found[name].settled() for name in sorted(found)]


def _all_blocks(trees: Sequence[Tree]) -> dict[str, Interval]:
    """Return when each block of an event loop was, by the id of its span."""
    return {
        span.span_id: (tree.starts[index], tree.ends[index])
        for tree in trees
        if names.SPAN_BLOCKED in tree.words
        for index, span in enumerate(tree.spans)
        if span.name == names.SPAN_BLOCKED
    }


class _Service:
    def __init__(self, name: str) -> None:
        self.recorded = Recorded(name)
        self._processes: dict[str | None, int] = {}
        self._sent: list[int | None] = []
        """By job: when the client sent it, as far as that is known."""

    def add(
        self,
        tree: Tree,
        request: int,
        pools: Pools,
        computing: Computing,
        known_blocks: dict[str, Interval],
    ) -> None:
        span = tree.spans[request]
        blocks = [
            (tree.starts[index], tree.ends[index], culprit(tree, index))
            for index in _own_blocks(tree, request)
        ]
        by_others = [known_blocks[each.span_id] for each in delays(span)
                     if each.span_id in known_blocks]  # fmt: skip
        steps = Steps(tree, request, sorted(blocks), _union(by_others), pools.excluded(tree))
        outline = Outline(tree, request)
        steps.place(outline.segments)
        programs = Programs(tree, steps, pools, computing)
        items = pools.limit(tree, request, programs.of(outline))
        self.recorded.pools.update(pools.sizes(span.service))
        self.recorded.pools.update(programs.limits)
        figures = steps.figures(request)
        self.recorded.jobs.append(
            Job(
                service=span.service,
                route=span.name or DEFAULT_NAME,
                arrival_ns=tree.starts[request],
                worker=self._processes.setdefault(process(span), len(self._processes)),
                items=items,
                recorded_ns=tree.ends[request] - tree.starts[request],
                known_from=SPANS if figures is None else LENS,
                ready_ns=0 if figures is None else figures.ready,
                thread_cpu_ns=thread_cpu_ns(tree, _own_spans(tree, request)),
            )
        )
        self._sent.append(_sent(tree, request))

    def settled(self) -> Recorded:
        """Return the requests, in order of arrival."""
        jobs = self.recorded.jobs
        gaps = [
            job.arrival_ns - sent
            for job, sent in zip(jobs, self._sent, strict=True)
            if sent is not None
        ]
        way = max(0, min(gaps, default=0))  # the fastest found a free loop
        arrived = [
            job if sent is None else _arrived(job, min(job.arrival_ns, sent + way))
            for job, sent in zip(jobs, self._sent, strict=True)
        ]
        self.recorded.jobs = sorted(_borrowed(arrived), key=lambda job: job.arrival_ns)
        self.recorded.workers = max(1, len(self._processes))
        return self.recorded


def _arrived(job: Job, at: int) -> Job:
    """Return a job that waited in the socket before its server span began."""
    return replace(job, arrival_ns=at, recorded_ns=job.recorded_ns + job.arrival_ns - at)


def _sent(tree: Tree, request: int) -> int | None:
    parent = tree.parents[request]
    if parent == NO_PARENT or tree.spans[parent].kind != "client":
        return None
    return tree.starts[parent]


def _own_blocks(tree: Tree, request: int) -> Iterator[int]:
    """Yield the blocks below a request, without those below other requests in it."""
    if names.SPAN_BLOCKED in tree.words:
        for index in _own_spans(tree, request):
            if tree.spans[index].name == names.SPAN_BLOCKED:
                yield index


def _own_spans(tree: Tree, request: int) -> Iterator[int]:
    """Yield a request's span and those below it, without other requests in it."""
    todo = [request]
    while todo:
        yield (index := todo.pop())
        todo += (
            child for child in tree.children.get(index, ()) if tree.spans[child].kind != "server"
        )


def _union(intervals: Iterable[Interval]) -> list[Interval]:
    found: list[Interval] = []
    for start, end in sorted(intervals):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def _borrowed(jobs: list[Job]) -> list[Job]:
    """Return the jobs; one that the lens did not measure does what the nearest of its route did."""
    measured: dict[str, list[Job]] = {}
    for job in jobs:
        if job.known_from == LENS:
            measured.setdefault(job.route, []).append(job)
    found = []
    for job in jobs:
        if job.known_from == LENS or job.route not in measured:
            found.append(job)
            continue
        nearest = min(measured[job.route], key=lambda one: abs(one.arrival_ns - job.arrival_ns))
        found.append(_as(nearest, job))
    return found


def _as(measured: Job, job: Job) -> Job:
    """Return a job that does what another one did."""
    return replace(
        job, items=measured.items, known_from=BORROWED, thread_cpu_ns=measured.thread_cpu_ns
    )
