"""Clock skew between processes: a span outside its remote parent is moved.

An edge between two processes is a call (client to server), a message (producer to consumer), or
any parent and child of two services. What is called cannot begin before its caller does, and a
call ends before its caller. A message may be processed at any later time.
"""

from __future__ import annotations

from typing import Final

from overlap.judge.tree.span_tree import Tree
from overlap.judge.tree.structure import NO_PARENT

EARLY_NS: Final = 1_000_000
"""A span may begin this much before its remote parent: clocks agree no better."""
LATE_NS: Final = 5_000_000
"""A server span may end this much after its client span: the server ends its span when it has
sent the last byte, and a busy machine may let the client read that byte before."""


def correct_skew(tree: Tree) -> None:
    """Shift each skewed span by the least that puts it right, with all spans below it.

    The spans below were measured by the same clock, or corrected against it. A
    server span longer than its client span is no skew if it began inside: the
    client disconnected first (a stream, a timeout).
    """
    shifts: list[int] = [0] * len(tree.spans)
    moved = 0
    for index in tree.order:
        parent = tree.parents[index]
        if parent == NO_PARENT:
            continue
        if shift := shifts[parent]:
            tree.starts[index] += shift
            tree.ends[index] += shift
        own = _shift(tree, index, parent)
        if own:
            tree.starts[index] += own
            tree.ends[index] += own
            moved += 1
        shifts[index] = shift + own
    if moved:
        what = "1 span lay" if moved == 1 else f"{moved} spans lay"
        tree.warnings.append(
            f"{what} outside a parent of another process (clock skew): shifted to where it fits"
        )


def _shift(tree: Tree, index: int, parent: int) -> int:
    span, above = tree.spans[index], tree.spans[parent]
    remote = tree.is_remote(index)
    if span.service == above.service and not remote:
        return 0
    start, low = tree.starts[index], tree.starts[parent]
    if (early := low - start) > EARLY_NS:
        return early
    if not tree.ended[parent] or span.kind == "consumer" or above.kind == "producer":
        return 0
    high = tree.ends[parent]
    fits = tree.ended[index] and tree.ends[index] - start <= high - low
    if not remote:
        # Nothing says that the parent waited: only what would fit and lies outside is skew.
        return high - tree.ends[index] if fits and start > high + LATE_NS else 0
    # A span that can't fit, or whose end isn't known, only has to begin inside.
    late = (tree.ends[index] if fits else start) - high
    if late > LATE_NS:
        return -late if fits else early
    return 0
