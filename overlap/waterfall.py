"""A trace and its verdict as rows to draw: pure, and the same for the terminal and the web page.

Rows stand depth first, children by their start. What the judge mended is drawn
as mended, so that picture and verdict never contradict each other.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from overlap import names
from overlap.judge import Verdict
from overlap.judge.mend import mend
from overlap.judge.tree import NO_PARENT, Tree, plain, same_process
from overlap.trace import Event, Span, Trace

NS_PER_MS = 1_000_000
OUTLIVED_MS = 1.0
"""Past its response by no more than this, a bar is not background: as in the verdict."""


@dataclass(frozen=True, slots=True)
class Mark:
    """An event of a bar, `ms` after the trace's start."""

    ms: float
    event: Event


@dataclass(frozen=True, slots=True)
class Bar:
    """One row. Times in ms after the trace's start."""

    span: Span
    depth: int
    start_ms: float
    end_ms: float
    response_end_ms: float | None = None
    """The end of the server span above it in its own service, where the bar goes past it."""
    background: bool = False
    """It goes past its response."""
    concurrent: bool = False
    """It shares a stage with a sibling."""
    serial: bool = False
    """It is alone in its stage, and siblings come before or after it."""
    offloaded: bool = False
    """It ran on another thread than its parent, in the same service."""
    thread: str = ""
    lost: bool = False
    culprit: bool = False
    """It held the event loop."""
    victim: bool = False
    """It waited for a loop that another held."""
    unended: bool = False
    """No end was recorded; it is drawn to the end of the trace."""
    mark: bool = False
    """It has no duration."""
    neighbour: bool = False
    """Fired only to see whether it suffers."""
    error: bool = False
    events: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True)
class Shade:
    """A time in which the event loop stood still, across all rows. Times in ms."""

    start_ms: float
    end_ms: float
    culprit: str


@dataclass(frozen=True, slots=True)
class Waterfall:
    """What to draw: every time lies in [0, total_ms]."""

    total_ms: float
    bars: list[Bar] = field(default_factory=list)
    blocked: list[Shade] = field(default_factory=list)
    omitted: int = 0
    """How many rows the limit left out."""


def layout(trace: Trace, verdict: Verdict, *, limit: int = 500) -> Waterfall:
    """Lay the trace out as at most `limit` rows; any input has a layout, an empty one too."""
    if not trace.spans:
        return Waterfall(total_ms=0.0)
    tree = mend(trace.spans, trace.trace_id)
    facts = _Facts(tree, verdict)
    rows = [row for row in _depth_first(tree) if not facts.hidden(row[0])]
    return Waterfall(
        total_ms=facts.ms(facts.last_ns),
        bars=[facts.bar(index, depth) for index, depth in rows[:limit]],
        blocked=[facts.shade(index) for index in facts.blocks],
        omitted=max(0, len(rows) - limit),
    )


def _depth_first(tree: Tree) -> Iterator[tuple[int, int]]:
    """Each span's index and depth; siblings by their mended start."""
    roots = [index for index, parent in enumerate(tree.parents) if parent == NO_PARENT]
    stack = [(index, 0) for index in sorted(roots, key=tree.starts.__getitem__, reverse=True)]
    while stack:
        index, depth = stack.pop()
        yield index, depth
        below = sorted(tree.children.get(index, ()), key=tree.starts.__getitem__, reverse=True)
        stack.extend((child, depth + 1) for child in below)


class _Facts:
    """What each row is to carry, looked up once for the whole trace."""

    def __init__(self, tree: Tree, verdict: Verdict) -> None:
        self._tree = tree
        self.first_ns, self.last_ns = min(tree.starts), max(tree.ends)
        self.blocks = [i for i, span in enumerate(tree.spans) if span.name == names.SPAN_BLOCKED]
        self._servers = _servers_above(tree)
        self._stages = dict(_stages(tree, verdict))
        self._culprits = {tree.parents[index] for index in self.blocks}
        self._victims = set(_victims(tree, self.blocks))
        ended = {
            str(span.attributes.get(names.TASK_ID))
            for span in tree.spans
            if span.name != names.SPAN_TASK_STARTED
        }
        self._never_ended = {
            index
            for index, span in enumerate(tree.spans)
            if span.name == names.SPAN_TASK_STARTED
            and str(span.attributes.get(names.TASK_ID)) not in ended
        }

    def ms(self, time_ns: int) -> float:
        """Milliseconds after the trace's start, held within the trace."""
        return (min(max(time_ns, self.first_ns), self.last_ns) - self.first_ns) / NS_PER_MS

    def hidden(self, index: int) -> bool:
        """Blocks are shades, and a task's start is drawn only if nothing else is left of it."""
        name = self._tree.spans[index].name
        if name == names.SPAN_TASK_STARTED:
            return index not in self._never_ended
        return name == names.SPAN_BLOCKED

    def shade(self, index: int) -> Shade:
        start_ms, end_ms = self.ms(self._tree.starts[index]), self.ms(self._tree.ends[index])
        return Shade(start_ms, end_ms, place(self._tree.spans[index]))

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
            offloaded=_elsewhere(tree, index),
            thread=str(span.attributes.get(names.THREAD_NAME) or ""),
            lost=index in self._never_ended
            or span.attributes.get(names.TASK_END) == names.TASK_LOST,
            culprit=index in self._culprits,
            victim=index in self._victims,
            unended=not tree.ended[index],
            mark=end_ms <= start_ms,
            neighbour=bool(span.attributes.get(names.NEIGHBOUR)),
            error=span.status == "error",
            events=tuple(
                Mark(self.ms(event.time_ns + shift_ns), event)
                for event in sorted(span.events, key=lambda event: event.time_ns)
            ),
        )


def place(blocked: Span) -> str:
    """Where the loop was held, as in the verdict: `app/views/burning.py:14 in oversmoke`."""
    keys = (names.CODE_FILE_PATH, names.CODE_LINE_NUMBER, names.CODE_FUNCTION_NAME)
    path, line, function = (str(blocked.attributes.get(key) or "?") for key in keys)
    return f"{path}:{line} in {function}"


def _servers_above(tree: Tree) -> dict[int, int]:
    """For each span the nearest server span above it in its own service and process."""
    above: dict[int, int] = {}
    entered: dict[str, list[int]] = defaultdict(list)  # by service, the servers one is below
    stack = [(index, False) for index, up in enumerate(tree.parents) if up == NO_PARENT]
    while stack:
        index, leaving = stack.pop()
        span = tree.spans[index]
        servers = entered[span.service]
        if leaving:
            servers.pop()
            continue
        if servers and same_process(tree.spans[servers[-1]], span):
            above[index] = servers[-1]
        if span.kind == "server":
            servers.append(index)
            stack.append((index, True))
        stack.extend((child, False) for child in tree.children.get(index, ()))
    return above


def _stages(tree: Tree, verdict: Verdict) -> Iterator[tuple[int, int]]:
    """Hand the verdict's stages, lists of names, back to the spans: index and stage's size."""
    index_of = {span.span_id: index for index, span in enumerate(tree.spans)}
    for group in verdict.groups:
        parent = index_of.get(group.parent_id)
        if parent is None or (len(group.stages) == 1 and len(group.stages[0]) == 1):
            continue  # an only child is neither concurrent nor serial
        # By name, the sizes of the stages it stands in, the last first.
        sizes: dict[str, list[int]] = defaultdict(list)
        for stage in reversed(group.stages):
            for name in stage:
                sizes[name].append(len(stage))
        for index in sorted(tree.children.get(parent, ()), key=tree.starts.__getitem__):
            if sizes[tree.spans[index].name] and tree.is_work(index):
                yield index, sizes[tree.spans[index].name].pop()


def _victims(tree: Tree, blocks: Sequence[int]) -> Iterator[int]:
    """Who waited: by the links of the block and of the victim, and by who was kept out."""
    index_of = {span.span_id: index for index, span in enumerate(tree.spans)}
    for index, span in enumerate(tree.spans):
        for link in span.links:
            kind = link.attributes.get(names.LINK_KIND)
            if kind == names.LINK_VICTIM and link.span_id in index_of:
                yield index_of[link.span_id]
            elif kind == names.LINK_BLOCKED_BY:
                yield index
    spells = sorted((tree.starts[block], tree.ends[block], block) for block in blocks)
    begins = [start for start, _, _ in spells]
    for index, span in enumerate(tree.spans):
        client = tree.parents[index]
        if span.kind != "server" or client == NO_PARENT or tree.spans[client].kind != "client":
            continue
        # The last block that had begun when the request was sent.
        at = bisect_right(begins, tree.starts[client]) - 1
        if at < 0 or not tree.starts[client] <= spells[at][1] <= tree.starts[index]:
            continue
        if same_process(tree.spans[spells[at][2]], span):
            yield from (client, index)


def _elsewhere(tree: Tree, index: int) -> bool:
    """Whether a span ran on another thread than its parent, in the same process."""
    if tree.parents[index] == NO_PARENT:
        return False
    span, parent = tree.spans[index], tree.spans[tree.parents[index]]
    mine, others = (plain(one.attributes.get(names.THREAD_ID)) for one in (span, parent))
    return same_process(span, parent) and None not in (mine, others) and mine != others
