"""Find the blocks of the event loop: how long, by which code, and which requests waited.

A block's victims are the other server spans of its process that were in flight during the block,
and those whose client span had started by then but which started only after the block: they
waited in the socket.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import Final

from overlap import names
from overlap.judge.findings.max_tree import NOTHING, MaxTree
from overlap.judge.model import Blocked
from overlap.judge.tree.span_tree import Tree, ms, plain, process
from overlap.judge.tree.structure import NO_PARENT
from overlap.trace.model import Span

MAX_VICTIMS_PER_SPAN: Final = 4
"""A trace of n spans can name n * n / 4 victims; the lists end after this many times n."""
MIN_VICTIMS: Final = 10_000
COLLECTION: Final = "a full garbage collection"

_Key = tuple[str, str | None, bool]
"""A service, a process of it, and whether it is that process only or all of the service."""


Victims = dict[int, list[int]]
"""By block, in order of start: the requests that waited, as indexes of spans."""


def victims(tree: Tree) -> Victims:
    """Return each block's victims; may add a warning to the tree.

    O((n + victims) log n): one walk over the tree, in which a request is
    hidden while the victims of its own blocks are looked up.
    """
    if names.SPAN_BLOCKED not in tree.words:
        return {}
    blocks = [i for i, span in enumerate(tree.spans) if span.name == names.SPAN_BLOCKED]
    if not blocks:
        return {}
    found = _all_victims(tree, blocks)
    return {index: found[index] for index in blocks}


def blocked(tree: Tree, waited: Victims) -> list[Blocked]:
    """Return each block, in order of start."""
    return [
        Blocked(
            block_ms(tree, index),
            culprit(tree, index),
            [tree.spans[each].name for each in members],
            tree.spans[index].span_id,
            [tree.spans[each].span_id for each in members],
            is_unfinished(tree.spans[index]),
        )
        for index, members in waited.items()
    ]


def block_ms(tree: Tree, index: int) -> float:
    """Return how long the loop was blocked: as reported, else the span's duration."""
    said = tree.spans[index].attributes.get(names.BLOCKED_MS)
    if isinstance(said, int | float) and not isinstance(said, bool) and 0 <= said < math.inf:
        return round(float(said), 3)
    return ms(tree.ends[index] - tree.starts[index])


def culprit(tree: Tree, index: int) -> str:
    """Return what blocked the loop: file, line and function, as far as they are known."""
    if is_collection(tree.spans[index]):
        return COLLECTION
    attributes = tree.spans[index].attributes
    place, line, function = (
        attributes.get(key)
        for key in (names.CODE_FILE_PATH, names.CODE_LINE_NUMBER, names.CODE_FUNCTION_NAME)
    )
    words = ""
    if isinstance(place, str) and place:
        number = plain(line)
        words = f"{place}:{number}" if number else place
    if isinstance(function, str) and function:
        words = f"{words} in {function}" if words else function
    parent = tree.parents[index]
    return words or (tree.spans[parent].name if parent != NO_PARENT else "") or "unknown"


def is_unfinished(span: Span) -> bool:
    """Return whether a block was not seen to end."""
    return span.attributes.get(names.BLOCKED_UNFINISHED) is True


def is_collection(span: Span) -> bool:
    """Return whether a block is a full garbage collection: the line that ran is not at fault."""
    return span.attributes.get(names.BLOCKED_KIND) == names.BLOCK_COLLECTION


class _Requests:
    """The server spans of one process (or one service), ready to be asked about an interval."""

    def __init__(self, tree: Tree, members: list[int]) -> None:
        # In canonical order members may not be in order of start any more: skew was corrected.
        self.members = sorted(members, key=lambda index: (tree.starts[index], index))
        self.starts = [tree.starts[index] for index in self.members]
        self.ends = MaxTree([self._end(tree, index) for index in self.members])
        self.places = {index: place for place, index in enumerate(self.members)}
        sendings = [(_client_start(tree, index), index) for index in self.members]
        sent = sorted((start, index) for start, index in sendings if start is not None)
        self.sent = [start for start, _ in sent]
        self.sent_members = [index for _, index in sent]
        self.sent_starts = MaxTree([tree.starts[index] for index in self.sent_members])
        self.sent_places = {index: place for place, index in enumerate(self.sent_members)}

    @staticmethod
    def _end(tree: Tree, index: int) -> int:
        return NOTHING if tree.is_mark(index) else tree.ends[index]

    def hide(self, tree: Tree, index: int, *, hidden: bool) -> None:
        """Hide a request from `waiting`, or show it again."""
        self.ends[self.places[index]] = NOTHING if hidden else self._end(tree, index)
        if (place := self.sent_places.get(index)) is not None:
            self.sent_starts[place] = NOTHING if hidden else tree.starts[index]

    def waiting(self, start: int, end: int) -> Iterator[int]:
        """Requests in flight between start and end, and those sent then that began after it."""
        for place in self.ends.above(start, 0, bisect_left(self.starts, end)):
            yield self.members[place]
        first, last = bisect_left(self.sent, start), bisect_right(self.sent, end)
        for place in self.sent_starts.above(end - 1, first, last):
            yield self.sent_members[place]


def _client_start(tree: Tree, index: int) -> int | None:
    parent = tree.parents[index]
    if parent == NO_PARENT or tree.spans[parent].kind != "client":
        return None
    return tree.starts[parent]


def _all_victims(tree: Tree, blocks: list[int]) -> Victims:
    requests = _by_process(tree, blocks)
    left = max(MIN_VICTIMS, MAX_VICTIMS_PER_SPAN * len(tree.spans))
    found: Victims = {}
    cut = False
    for index, entering in _walk_above(tree, blocks):
        span = tree.spans[index]
        if span.kind == "server":
            for key in _keys(span):
                if key in requests:
                    requests[key].hide(tree, index, hidden=entering)
        if entering and span.name == names.SPAN_BLOCKED:
            members = []
            start, end = tree.starts[index], tree.ends[index]
            for key in _asks(span) if start < end else ():
                if key not in requests:
                    continue
                for victim in requests[key].waiting(start, end):
                    if left == 0:
                        cut = True
                        break
                    left -= 1
                    members.append(victim)
            members.sort(key=lambda victim: (tree.starts[victim], victim))
            found[index] = members
    if cut:
        tree.warnings.append("more victims of blocks than can be listed: the rest is omitted")
    return found


def _keys(span: Span) -> tuple[_Key, _Key]:
    """Where a server span is found: under its process, and under all of its service."""
    return (span.service, process(span), True), (span.service, None, False)


def _asks(span: Span) -> tuple[_Key, ...]:
    """Where a block's victims are: its own process and those of no known process, or all."""
    own = process(span)
    if own is None:
        return ((span.service, None, False),)
    return (span.service, own, True), (span.service, None, True)


def _by_process(tree: Tree, blocks: list[int]) -> dict[_Key, _Requests]:
    wanted = {key for index in blocks for key in _asks(tree.spans[index])}
    members: dict[_Key, list[int]] = {}
    for index, span in enumerate(tree.spans):
        if span.kind == "server":
            for key in _keys(span):
                if key in wanted:
                    members.setdefault(key, []).append(index)
    return {key: _Requests(tree, indexes) for key, indexes in members.items()}


def _walk_above(tree: Tree, blocks: list[int]) -> Iterator[tuple[int, bool]]:
    """Depth first over the blocks and what is above them: (index, True) going in, False out."""
    above: set[int] = set()
    tops = []
    for block in blocks:
        place = block
        while place not in above:
            above.add(place)
            if tree.parents[place] == NO_PARENT:
                tops.append(place)
                break
            place = tree.parents[place]
    todo = [(top, True) for top in sorted(tops, reverse=True)]
    while todo:
        index, entering = todo.pop()
        yield index, entering
        if entering:
            todo.append((index, False))
            below = tree.children.get(index, ())
            todo.extend((child, True) for child in reversed(below) if child in above)
