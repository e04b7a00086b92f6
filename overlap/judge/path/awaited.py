"""The children that a span waited for: those that had ended when it did."""

from __future__ import annotations

from typing import Final

from overlap.judge.tree.span_tree import Tree

AWAITED_NS: Final = 1_000_000
"""A child that ends at most this long after its parent was awaited; a later one was not."""


def awaited(tree: Tree, parent: int) -> list[int]:
    """Return the children that are work and were awaited, in canonical order."""
    last = tree.ends[parent] + AWAITED_NS
    ends, work = tree.ends, tree.work
    return [i for i in tree.children.get(parent, ()) if ends[i] <= last and work[i]]
