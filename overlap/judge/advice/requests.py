"""The requests of a trace, their critical paths, and what a change would take off them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from overlap import names
from overlap.judge.findings.waits import awaited_places
from overlap.judge.model import Advice
from overlap.judge.path.awaited import awaited
from overlap.judge.path.request_path import request_path
from overlap.judge.summary import duration
from overlap.judge.trace_context import TraceContext
from overlap.judge.tree.span_tree import NS_PER_MS, Tree, ms, plain
from overlap.judge.tree.structure import NO_PARENT

LEAST_NS: Final = 5_000_000
LEAST_PART: Final = 20
"""What takes less than 5 ms, or less than this part, 1/n, of the request is not advised."""
MAX_SPANS: Final = 50
"""Span ids that one piece of advice lists."""


@dataclass(slots=True)
class Change:
    """What a kind of advice found; `Requests.advice` adds what all kinds have in common."""

    change: str
    spans: Sequence[int]
    parent: int
    do: str
    """The change in words, imperative: `gather a and b`."""
    condition: str
    saves_ns: int = 0
    others_ns: int = 0
    at: str = ""
    evidence: str = ""
    is_defect: bool = False
    """Advised whatever the response gains, as all of UNTIMED are."""


class Requests:
    """Looks up the request that a span belongs to, and the span's part of its critical path."""

    def __init__(self, context: TraceContext) -> None:
        self.context = context
        self.tree: Tree = context.tree
        self._request_of = _topmost(context)
        self._parents: list[int] | None = None
        self.set_up_names: set[str] | None = None
        """The names that `one_client` looks for, once it looked."""

    def of(self, index: int) -> int | None:
        """Return the topmost request above a span; None for load and for neighbours."""
        return self._request_of[index]

    def on_path(self, index: int) -> int:
        """Return how much of its request's critical path a span takes with those below it."""
        request = self._request_of[index]
        if request is None:
            return 0
        return request_path(self.tree, request).lengths.get(index, 0)

    def parents(self) -> list[int]:
        """Return the spans with children on the critical path of their request, in order."""
        if self._parents is None:
            self._parents = [
                index
                for index in sorted(self.tree.children)
                if self._request_of[index] is not None and self.on_path(index)
            ]
        return self._parents

    def saved_at_once(self, members: Sequence[int]) -> int:
        """Return what the path loses if its members run at once: all but the longest of them.

        A member's time on the event loop cannot overlap with that of another.
        """
        lengths = [self.on_path(index) for index in members]
        running = sum(
            min(self.context.number(index, names.LOOP_RUNNING_MS) * NS_PER_MS, length)
            for index, length in zip(members, lengths, strict=True)
        )
        return sum(lengths) - max(*lengths, round(running))

    def until_others(self, members: Sequence[int], saves_ns: int) -> int:
        """Return what is left of a saving when awaited siblings still run beside the members."""
        tree = self.tree
        parent = tree.parents[members[0]]
        if parent == NO_PARENT or saves_ns <= 0:
            return max(0, saves_ns)
        mine = set(members)
        low = min(tree.starts[index] for index in members)
        high = max(tree.ends[index] for index in members)
        beside = [
            min(tree.ends[index], high)
            for index in awaited(tree, parent)
            if index not in mine and low < tree.ends[index] and tree.starts[index] < high
        ]
        return max(0, min(saves_ns, high - max(beside, default=low)))

    def advice(self, found: Change) -> Advice | None:
        """Return the advice; None if it would gain too little."""
        request = self.of(found.parent)
        if request is None:
            return None
        length = self.context.duration(request)
        if not (found.is_defect or found.change in UNTIMED) and (
            found.saves_ns < LEAST_NS or found.saves_ns * LEAST_PART < length
        ):
            return None
        tree = self.tree
        return Advice(
            change=found.change,
            at=found.at or self._place(found, request),
            parent=tree.spans[found.parent].name,
            parent_id=tree.spans[found.parent].span_id,
            span_ids=self.context.ids(found.spans)[:MAX_SPANS],
            request_ms=ms(length),
            would_be_ms=ms(length - found.saves_ns),
            saves_ms=ms(found.saves_ns),
            others_ms=ms(found.others_ns),
            condition=found.condition,
            text=self._text(found, request),
            evidence=found.evidence,
        )

    def _place(self, found: Change, request: int) -> str:
        """Return where to change it: code that a span names, the caller's line, or the view."""
        tree = self.tree
        mine = [index for index in (found.parent, *found.spans) if index != request]
        calls = [i for i in found.spans if tree.spans[i].kind in ("client", "producer")]
        awaited_at = (place for index in calls for place in awaited_places(tree, index))
        return place(tree, mine) or next(awaited_at, "") or place(tree, [request])

    def _text(self, found: Change, request: int) -> str:
        """Return `gather a and b: the response takes 2.0 s instead of 3.0 s if …`."""
        length = self.context.duration(request)
        gains = []
        if found.saves_ns:
            would_be, today = (duration(n / NS_PER_MS) for n in (length - found.saves_ns, length))
            gains.append(f"{self.context.subject(request)} takes {would_be} instead of {today}")
        if found.others_ns:
            gains.append(f"other requests wait {duration(found.others_ns / NS_PER_MS)} less")
        text = f"{found.do}: {' and '.join(gains)}" if gains else found.do
        return f"{text}, {found.condition}" if found.condition else text


UNTIMED = (
    "off_loop", "durable", "async_iterator", "task_group", "async_caller", "reference",
    "time_limit",
)  # fmt: skip
"""Advised whatever the response gains: these are defects even if nobody waited for them."""


def place(tree: Tree, indexes: Iterable[int]) -> str:
    """Return `file:line in function` of the first of these spans that knows it; else nothing."""
    for index in indexes:
        attributes = tree.spans[index].attributes
        path, line, function = (
            plain(attributes.get(key))
            for key in (names.CODE_FILE_PATH, names.CODE_LINE_NUMBER, names.CODE_FUNCTION_NAME)
        )
        if path or function:
            where = f"{path}:{line}" if path and line else path or ""
            return f"{where} in {function}" if where and function else where or function or ""
    return ""


def _topmost(context: TraceContext) -> list[int | None]:
    """Return for each span the topmost request above it.

    The root of a scenario and the calls that it sends are load, not a request.
    """
    tree = context.tree
    found: list[int | None] = [None] * len(tree.spans)
    if names.SCENARIO_NAME not in tree.words and names.NEIGHBOUR not in tree.words:
        for index in tree.order:
            parent = tree.parents[index]
            found[index] = index if parent == NO_PARENT else found[parent]
        return found
    load = set()
    for index in tree.order:
        parent = tree.parents[index]
        if parent == NO_PARENT and names.SCENARIO_NAME in tree.spans[index].attributes:
            load.add(index)
        elif parent in load:
            found[index] = index
            if any(tree.spans[i].kind == "server" for i in tree.children.get(index, ())):
                found[index] = None
                if names.SCENARIO_NAME in tree.spans[parent].attributes:
                    load.add(index)
            if context.attribute(index, names.NEIGHBOUR) or context.is_neighbour(index):
                found[index] = None
                load.discard(index)
        elif parent == NO_PARENT:
            found[index] = index
        else:
            found[index] = found[parent]
    return found
