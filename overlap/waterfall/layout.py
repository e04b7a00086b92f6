"""Turn a trace and its verdict into rows: depth first, children by their start."""

from __future__ import annotations

from collections.abc import Iterator

from overlap.judge import Verdict
from overlap.judge.tree.repair import repair
from overlap.judge.tree.span_tree import Tree
from overlap.judge.tree.structure import NO_PARENT
from overlap.trace import Trace
from overlap.waterfall.lanes import lanes
from overlap.waterfall.model import Waterfall
from overlap.waterfall.span_facts import Facts


def layout(
    trace: Trace, verdict: Verdict, tree: Tree | None = None, *, limit: int = 500
) -> Waterfall:
    """Lay the trace out as at most `limit` rows. Accepts any input, an empty trace too.

    `tree` is the repaired tree that was judged, if the caller has it.
    """
    if not trace.spans:
        return Waterfall(total_ms=0.0)
    tree = tree or repair(trace.spans, trace.trace_id)
    facts = Facts(tree, verdict)
    rows = [row for row in depth_first(tree) if not facts.hidden(row[0])]
    return Waterfall(
        total_ms=facts.ms(facts.last_ns),
        bars=[facts.bar(index, depth) for index, depth in rows[:limit]],
        blocked=[facts.shade(index) for index in facts.blocks],
        lanes=lanes(tree),
        omitted=max(0, len(rows) - limit),
    )


def depth_first(tree: Tree) -> Iterator[tuple[int, int]]:
    """Yield each span's index and depth; siblings by their repaired start."""
    roots = [index for index, parent in enumerate(tree.parents) if parent == NO_PARENT]
    stack = [(index, 0) for index in sorted(roots, key=tree.starts.__getitem__, reverse=True)]
    while stack:
        index, depth = stack.pop()
        yield index, depth
        below = sorted(tree.children.get(index, ()), key=tree.starts.__getitem__, reverse=True)
        stack.extend((child, depth + 1) for child in below)
