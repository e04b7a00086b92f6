"""A trace and its verdict as rows to draw: pure, and the same for the terminal and the web page.

Rows stand depth first, children by their start. What the judge mended is drawn
as mended, so that picture and verdict never contradict each other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from overlap import names
from overlap.judge import Verdict
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
    tree = _Tree(trace)
    if not tree.spans:
        return Waterfall(total_ms=0.0)
    facts = _Facts(tree, verdict)
    rows = [row for row in tree.depth_first() if not facts.hidden(row[0])]
    return Waterfall(
        total_ms=tree.ms(tree.last_ns),
        bars=[facts.bar(span, depth) for span, depth in rows[:limit]],
        blocked=[facts.shade(span) for span in tree.spans if span.name == names.SPAN_BLOCKED],
        omitted=max(0, len(rows) - limit),
    )


class _Tree:
    """The spans by parent, with cycles cut and lost parents made roots."""

    def __init__(self, trace: Trace) -> None:
        by_id = {span.span_id: span for span in reversed(trace.spans)}
        self.by_id = by_id
        self.spans = sorted(by_id.values(), key=lambda span: (span.start_ns, span.span_id))
        self.first_ns = min((span.start_ns for span in self.spans), default=0)
        self.last_ns = max((max(s.start_ns, s.end_ns or 0) for s in self.spans), default=0)
        self.parents = _acyclic(
            {
                span.span_id: span.parent_id if span.parent_id in by_id else None
                for span in self.spans
            }
        )
        self.children: Mapping[str | None, list[Span]] = defaultdict(list)
        for span in self.spans:
            self.children[self.parents[span.span_id]].append(span)

    def parent(self, span: Span) -> Span | None:
        parent_id = self.parents[span.span_id]
        return None if parent_id is None else self.by_id[parent_id]

    def end_ns(self, span: Span) -> int:
        return max(span.start_ns, span.end_ns) if span.end_ns else self.last_ns

    def ms(self, time_ns: int) -> float:
        """Milliseconds after the trace's start, held within the trace."""
        return (min(max(time_ns, self.first_ns), self.last_ns) - self.first_ns) / NS_PER_MS

    def depth_first(self) -> Iterator[tuple[Span, int]]:
        stack = [(span, 0) for span in reversed(self.children[None])]
        while stack:
            span, depth = stack.pop()
            yield span, depth
            below = self.children.get(span.span_id, ())
            stack.extend((child, depth + 1) for child in reversed(below))


def _acyclic(parents: Mapping[str, str | None]) -> dict[str, str | None]:
    """Cut each cycle once, at the span where the walk up from it first comes back."""
    result = dict(parents)
    done: set[str] = set()
    for start in parents:
        path: dict[str, None] = {}
        at: str | None = start
        while at is not None and at not in done:
            if at in path:
                result[at] = None
                break
            path[at] = None
            at = result[at]
        done.update(path)
    return result


class _Facts:
    """What each row is to carry, looked up once for the whole trace."""

    def __init__(self, tree: _Tree, verdict: Verdict) -> None:
        self._tree = tree
        self._responses = _responses(tree)
        self._stages = dict(_stages(tree, verdict))
        blocks = [span for span in tree.spans if span.name == names.SPAN_BLOCKED]
        self._culprits = {tree.parents[span.span_id] for span in blocks}
        self._victims = set(_victims(tree, blocks))
        ended = {
            span.attributes.get(names.TASK_ID)
            for span in tree.spans
            if span.name != names.SPAN_TASK_STARTED
        }
        self._started_only = {
            span.span_id
            for span in tree.spans
            if span.name == names.SPAN_TASK_STARTED
            and span.attributes.get(names.TASK_ID) not in ended
        }

    def hidden(self, span: Span) -> bool:
        """Blocks are shades, and a task's start is drawn only if nothing else is left of it."""
        if span.name == names.SPAN_TASK_STARTED:
            return span.span_id not in self._started_only
        return span.name == names.SPAN_BLOCKED

    def shade(self, span: Span) -> Shade:
        return Shade(
            start_ms=self._tree.ms(span.start_ns),
            end_ms=self._tree.ms(self._tree.end_ns(span)),
            culprit=place(span),
        )

    def bar(self, span: Span, depth: int) -> Bar:
        tree, attributes = self._tree, span.attributes
        start_ms, end_ms = tree.ms(span.start_ns), tree.ms(tree.end_ns(span))
        response = self._responses.get(span.span_id)
        response_ms = None if response is None else tree.ms(response)
        background = response_ms is not None and end_ms > response_ms + OUTLIVED_MS
        parent = tree.parent(span)
        return Bar(
            span=span,
            depth=depth,
            start_ms=start_ms,
            end_ms=end_ms,
            response_end_ms=response_ms if background else None,
            background=background,
            concurrent=self._stages.get(span.span_id, 0) > 1,
            serial=self._stages.get(span.span_id) == 1,
            offloaded=parent is not None and _elsewhere(span, parent),
            thread=str(attributes.get(names.THREAD_NAME) or ""),
            lost=attributes.get(names.TASK_END) == names.TASK_LOST
            or span.span_id in self._started_only,
            culprit=span.span_id in self._culprits,
            victim=span.span_id in self._victims,
            unended=not span.end_ns,
            mark=end_ms <= start_ms,
            neighbour=bool(attributes.get(names.NEIGHBOUR)),
            error=span.status == "error",
            events=tuple(
                Mark(tree.ms(event.time_ns), event)
                for event in sorted(span.events, key=lambda event: event.time_ns)
            ),
        )


def place(blocked: Span) -> str:
    """Where the loop was held, as in the verdict: `app/views/burning.py:14 in oversmoke`."""
    keys = (names.CODE_FILE_PATH, names.CODE_LINE_NUMBER, names.CODE_FUNCTION_NAME)
    path, line, function = (str(blocked.attributes.get(key) or "?") for key in keys)
    return f"{path}:{line} in {function}"


def _responses(tree: _Tree) -> dict[str, int]:
    """The end of the nearest server span above each span in its own service, in ns."""
    above: dict[str, dict[str, int]] = {}
    result: dict[str, int] = {}
    for span, _ in tree.depth_first():
        parent = tree.parent(span)
        known = {} if parent is None else above[parent.span_id]
        if span.service in known:
            result[span.span_id] = known[span.service]
        if span.kind == "server":
            known = {**known, span.service: tree.end_ns(span)}
        above[span.span_id] = known
    return result


def _stages(tree: _Tree, verdict: Verdict) -> Iterator[tuple[str, int]]:
    """Hand the verdict's stages, which hold names, back to the spans: id and size of its stage."""
    for group in verdict.groups:
        if len(group.stages) == 1 and len(group.stages[0]) == 1:
            continue  # an only child is neither concurrent nor serial
        # By name, the sizes of the stages it stands in, the last first.
        sizes: dict[str, list[int]] = defaultdict(list)
        for stage in reversed(group.stages):
            for name in stage:
                sizes[name].append(len(stage))
        for span in tree.children.get(group.parent_id, ()):
            if sizes[span.name] and tree.end_ns(span) > span.start_ns:
                yield span.span_id, sizes[span.name].pop()


def _victims(tree: _Tree, blocks: Sequence[Span]) -> Iterator[str]:
    for span in (*blocks, *tree.spans):
        for link in span.links:
            kind = link.attributes.get(names.LINK_KIND)
            if kind == names.LINK_VICTIM and span.name == names.SPAN_BLOCKED:
                yield link.span_id
            elif kind == names.LINK_BLOCKED_BY:
                yield span.span_id
    yield from _kept_out(tree, blocks)


def _kept_out(tree: _Tree, blocks: Iterable[Span]) -> Iterator[str]:
    """Requests sent while the loop stood still, and taken in only when it went on."""
    spells = [(block.start_ns, tree.end_ns(block), block.service) for block in blocks]
    if not spells:
        return
    for span in tree.spans:
        caller = tree.parent(span)
        if span.kind != "server" or caller is None or caller.kind != "client":
            continue
        for start, end, service in spells:
            if service == span.service and start <= caller.start_ns <= end <= span.start_ns:
                yield span.span_id
                break


def _elsewhere(span: Span, parent: Span) -> bool:
    mine, theirs = (s.attributes.get(names.THREAD_ID) for s in (span, parent))
    return span.service == parent.service and None not in (mine, theirs) and mine != theirs
