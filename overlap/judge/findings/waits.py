"""What a request's tasks awaited while none of them ran, as the lens recorded it line by line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from overlap import names
from overlap.judge.tree.span_tree import Tree
from overlap.trace.model import Span

_ROW = re.compile(r"(\d{1,15})\+(\d{1,15}) (\w+) ?(.*)")
_NS_PER_US: Final = 1000
IN_THREAD: Final = "thread"
"""The kind of a wait for work in a thread."""


@dataclass(frozen=True, slots=True)
class Wait:
    """One thing that was awaited at one line, perhaps several times."""

    kind: str
    """`timer`, `lock`, `thread` and so on; `other` if it is unknown."""
    place: str
    """`app/views.py:41 in smoke (asyncio.sleep)`; empty if unknown."""
    ns: int


def waits_within(tree: Tree, index: int, gaps: Sequence[tuple[int, int]]) -> list[Wait]:
    """Return what a span's tasks awaited during `gaps`, which are in order; the longest first."""
    text = tree.spans[index].attributes.get(names.LOOP_AWAITED)
    if not isinstance(text, str):
        return []
    totals: dict[tuple[str, str], int] = {}
    start = tree.starts[index]
    for line in text.splitlines():
        if (row := _ROW.fullmatch(line)) is None:
            continue
        begin = start + int(row[1]) * _NS_PER_US
        end = begin + int(row[2]) * _NS_PER_US
        inside = sum(max(0, min(end, high) - max(begin, low)) for low, high in gaps)
        if inside:
            totals[row[3], row[4]] = totals.get((row[3], row[4]), 0) + inside
    found = [Wait(kind, place, ns) for (kind, place), ns in totals.items()]
    return sorted(found, key=lambda wait: (-wait.ns, wait.kind, wait.place))


def awaited_places(tree: Tree, index: int) -> list[str]:
    """Return the user's own lines at which a span was awaited: `app/views.py:41 in smoke`."""
    return places_in(tree.spans[index])


def places_in(span: Span) -> list[str]:
    """Return what `awaited_places` does, of a span by itself."""
    text = span.attributes.get(names.LOOP_AWAITED)
    if not isinstance(text, str):
        return []
    rows = (_ROW.fullmatch(line) for line in text.splitlines())
    return [row[4].partition(" (")[0] for row in rows if row is not None and row[4]]


def functions_in_threads(tree: Tree, index: int) -> list[str]:
    """Return the functions that ran in threads for a span, the longest first."""
    text = tree.spans[index].attributes.get(names.THREAD_FUNCTIONS)
    if not isinstance(text, str):
        return []
    rows = (line.partition(" ") for line in text.splitlines())
    return [name for _, _, name in rows if name]
