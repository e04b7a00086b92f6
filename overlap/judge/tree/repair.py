"""Makes a tree of any spans, repairs what is inconsistent, and says so in its warnings.

The result does not depend on the order of the spans: they are sorted first.
Nothing here recurses, so depth is bounded by memory alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import repeat
from operator import attrgetter, lt, sub
from typing import Final

from overlap.judge.tree.clock_skew import correct_skew
from overlap.judge.tree.columns import Columns, columns_of
from overlap.judge.tree.shared_ids import with_own_ids
from overlap.judge.tree.span_tree import Tree, process
from overlap.judge.tree.structure import NO_PARENT, Structure, structure_of
from overlap.judge.tree.unfinished import has_marks, unfinished
from overlap.trace.model import Span

A_MARK_OF_JAEGER_NS: Final = 1
"""What Jaeger on Badger returns as the duration of a span that has none."""


def repair(spans: Iterable[Span], trace_id: str | None = None) -> Tree:
    """Return the tree of these spans. O(n log n)."""
    found = list(spans)
    warnings: list[str] = []
    if trace_id is None:
        trace_id = _commonest_trace(found)
    columns = columns_of(found)
    if not _is_settled(columns, trace_id):
        found.extend([*unfinished(found)])
        if strangers := sum([span.trace_id != trace_id for span in found]):
            warnings.append(f"{_spans(strangers)} another trace id: judged as part of this trace")
        found = _without_duplicates(found, warnings)
        columns = columns_of(found)
    structure = _structure(columns, warnings)
    tree = Tree(trace_id, found, columns, structure)
    tree.warnings, tree.orphans = warnings, _orphans(columns, structure)
    _repair_ends(tree)
    if structure.has_edges:
        correct_skew(tree)
    if False in tree.ended:
        _close_open_spans(tree)
    tree.settle(columns)
    return tree


def _is_settled(columns: Columns, trace_id: str) -> bool:
    """Return whether spans are as `_without_duplicates` returns them, and none is unfinished."""
    count, starts = len(columns.ids), columns.starts
    return (
        columns.traces.count(trace_id) == count
        and len({*columns.ids}) == count
        and all(map(lt, starts, starts[1:]))
        and not has_marks(columns.names)
    )


def _commonest_trace(spans: list[Span]) -> str:
    counts = Counter(span.trace_id for span in spans)
    return min(counts, key=lambda trace_id: (-counts[trace_id], trace_id), default="")


def _without_duplicates(spans: Sequence[Span], warnings: list[str]) -> list[Span]:
    """Return one span for each id, sorted by start and id: the one with an end, the latest."""
    by_id = {span.span_id: span for span in spans}
    if len(by_id) < len(spans):
        spans = with_own_ids(spans)
        by_id = {span.span_id: span for span in spans}
    if extra := len(spans) - len(by_id):
        by_id.clear()
        for span in spans:
            other = by_id.setdefault(span.span_id, span)
            if other is not span and other != span and _fullness(span) > _fullness(other):
                by_id[span.span_id] = span
        warnings.append(f"{_spans(extra)} an id that another span has too: ignored")
    unique = list(by_id.values())
    unique.sort(key=attrgetter("start_ns", "span_id"))
    return unique


def _fullness(span: Span) -> tuple[int, int, int, str]:
    # repr() makes the choice independent of the order of the spans.
    return (span.end_ns or 0, len(span.attributes), len(span.events), repr(span))


def _structure(columns: Columns, warnings: list[str]) -> Structure:
    ids, ups = columns.ids, columns.ups
    index_of: dict[str | None, int] = dict(zip(ids, range(len(ids)), strict=True))
    index_of[None] = index_of[""] = NO_PARENT
    parents = (*map(index_of.get, ups, repeat(NO_PARENT)),)
    found = structure_of(parents, columns.names, columns.kinds, columns.services)
    if found.cycles:
        what = (
            "1 cycle of parents was"
            if found.cycles == 1
            else f"{found.cycles} cycles of parents were"
        )
        warnings.append(f"{what} broken: the earliest span of each is treated as a root")
    if (count := parents.count(NO_PARENT)) != 1 or ups[parents.index(NO_PARENT)]:
        roots = ups.count(None) + ups.count("")
        if orphans := count - roots:
            each = "it" if orphans == 1 else "each"
            warnings.append(
                f"{_spans(orphans)} no parent in this trace: {each} is treated as a root"
            )
        if roots > 1:
            warnings.append(f"{roots} spans are roots: each is judged with the spans below it")
    return found


def _orphans(columns: Columns, structure: Structure) -> dict[str, list[int]]:
    """Return by the id of a parent that the trace does not hold the spans that name it."""
    roots, ups = structure.roots, columns.ups
    found: dict[str, list[int]] = {}
    if len(roots) == 1 and not ups[roots[0]]:  # as a rule
        return found
    known = {*columns.ids}  # a root may also be made by breaking a cycle
    for index in roots:
        if (parent_id := ups[index]) and parent_id not in known:
            found.setdefault(parent_id, []).append(index)
    return found


def _repair_ends(tree: Tree) -> None:
    """Give a span that ends before its start no duration, nor one with Jaeger's mark of none."""
    starts, ends = tree.starts, tree.ends
    if min(map(sub, ends, starts), default=0) > A_MARK_OF_JAEGER_NS:  # as a rule
        return
    negative = 0
    for index, start in enumerate(starts):
        if ends[index] < start:
            negative += 1
            ends[index] = start
        elif ends[index] == start + A_MARK_OF_JAEGER_NS:
            ends[index] = start
    if negative:
        tree.warnings.append(f"{_spans(negative)} an end before its start: treated as an instant")


def _close_open_spans(tree: Tree) -> None:
    unended = [index for index, ended in enumerate(tree.ended) if not ended]
    processes = [process(span) for span in tree.spans]
    last: dict[str | None, int] = {None: max(tree.ends)}  # an unended span counts with its start
    for index, of in enumerate(processes):
        if of is not None:
            last[of] = max(last.get(of, 0), tree.ends[index])
    for index in unended:
        tree.ends[index] = last[processes[index]]
    where = (
        "in this trace" if all(processes[index] is None for index in unended) else "of its process"
    )
    tree.warnings.append(
        f"{_spans(len(unended))} no end: assumed to last until the last time known {where}"
    )


def _spans(count: int) -> str:
    return "1 span has" if count == 1 else f"{count} spans have"
