"""The facts that each row shows, computed once for the whole trace."""

from __future__ import annotations

from copy import copy

from overlap import names
from overlap.judge import Verdict
from overlap.judge.path.main_request import main_request
from overlap.judge.tree.span_tree import Tree
from overlap.waterfall.finding_rows import elsewhere, lost, servers_above, stages, victims
from overlap.waterfall.lanes import milliseconds
from overlap.waterfall.model import Bar, Mark, Shade

NS_PER_MS = 1_000_000
OUTLIVED_MS = 1.0
"""A bar that ends at most this long after its response is not background: as in the verdict."""


class Facts:
    """The facts that each row shows, computed once for the whole trace."""

    def __init__(self, tree: Tree, verdict: Verdict) -> None:
        self._tree = tree
        self.first_ns, self.last_ns = min(tree.starts), max(tree.ends)
        self.blocks = [i for i, span in enumerate(tree.spans) if span.name == names.SPAN_BLOCKED]
        # The verdict lists blocks in order of start, which is the order of the spans.
        culprits = [block.culprit for block in verdict.blocked]
        self._places = dict(zip(self.blocks, culprits, strict=False))
        self._servers = servers_above(tree)
        self._stages = dict(stages(tree, verdict))
        self._culprits = {tree.parents[index] for index in self.blocks}
        self._victims = set(victims(tree, self.blocks, self._servers))
        self._lost = set(lost(tree))
        self._path = _path(tree, verdict)

    def ms(self, time_ns: int) -> float:
        """Return milliseconds after the trace's start, limited to the trace."""
        return (min(max(time_ns, self.first_ns), self.last_ns) - self.first_ns) / NS_PER_MS

    def within(self, index: int) -> Facts:
        """Return the same facts for a picture of the time of one span."""
        part = copy(self)
        part.first_ns, part.last_ns = self._tree.starts[index], self._tree.ends[index]
        return part

    def is_within(self, index: int) -> bool:
        """Return whether a span lies, in part, in the time of the picture."""
        return self._tree.ends[index] >= self.first_ns and self._tree.starts[index] <= self.last_ns

    def is_trouble(self, index: int) -> bool:
        """Return whether a span failed, is a lost task, or blocked the loop."""
        failed = self._tree.spans[index].status == "error"
        return failed or index in self._lost or index in self._culprits

    def hidden(self, index: int) -> bool:
        """Hide blocks, which are shades, and a task's start where the task has a span."""
        name = self._tree.spans[index].name
        if name == names.SPAN_TASK_STARTED:
            return index not in self._lost
        return name == names.SPAN_BLOCKED

    def shade(self, index: int) -> Shade:
        start_ms, end_ms = self.ms(self._tree.starts[index]), self.ms(self._tree.ends[index])
        return Shade(start_ms, end_ms, self._places.get(index, "unknown"))

    def bar(self, index: int, depth: int) -> Bar:
        tree, span = self._tree, self._tree.spans[index]
        start_ms, end_ms = self.ms(tree.starts[index]), self.ms(tree.ends[index])
        server = self._servers.get(index)
        response_ms = end_ms if server is None else self.ms(tree.ends[server])
        background = end_ms > response_ms + OUTLIVED_MS
        stage = self._stages.get(index, 0)
        shift_ns = tree.starts[index] - span.start_ns
        return Bar(
            span=span,
            depth=depth,
            start_ms=start_ms,
            end_ms=end_ms,
            response_end_ms=response_ms if background else None,
            background=background,
            concurrent=stage > 1,
            serial=stage == 1,
            offloaded=elsewhere(tree, index),
            thread=str(span.attributes.get(names.THREAD_NAME) or ""),
            lost=index in self._lost,
            culprit=index in self._culprits,
            victim=index in self._victims,
            unended=not tree.ended[index],
            mark=end_ms <= start_ms,
            neighbour=bool(span.attributes.get(names.NEIGHBOUR)),
            on_loop=names.LOOP_RUNNING_MS in span.attributes,
            running_ms=milliseconds(span, names.LOOP_RUNNING_MS),
            ready_ms=milliseconds(span, names.LOOP_READY_MS),
            path=tuple(
                (self.ms(start), self.ms(end)) for start, end in self._path.get(span.span_id, ())
            ),
            error=span.status == "error",
            took_ms=(tree.ends[index] - tree.starts[index]) / NS_PER_MS,
            events=tuple(
                Mark(self.ms(event.time_ns + shift_ns), event)
                for event in sorted(span.events, key=lambda event: event.time_ns)
            ),
        )


def _path(tree: Tree, verdict: Verdict) -> dict[str, list[tuple[int, int]]]:
    """Return the segments of the critical path by span id, in ns."""
    found: dict[str, list[tuple[int, int]]] = {}
    if not verdict.critical_path or (request := main_request(tree)) is None:
        return found
    for segment in verdict.critical_path:
        start_ns = tree.starts[request] + round(segment.start_ms * NS_PER_MS)
        end_ns = start_ns + round(segment.ms * NS_PER_MS)
        found.setdefault(segment.span_id, []).append((start_ns, end_ns))
    return found
