"""Which spans waited for a thread, and behind which others on it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from overlap import names
from overlap.judge.tree.span_tree import NS_PER_MS, Tree, number, plain, process

Lane = tuple[str, str | None, str | None]
"""A service, a process of it, and a thread."""


def lane(tree: Tree, index: int) -> Lane:
    """Return the thread that a span ran on."""
    span = tree.spans[index]
    return span.service, process(span), plain(span.attributes.get(names.THREAD_ID))


def waited_behind(tree: Tree, before: int, index: int) -> bool:
    """Return whether a span was requested while another ran on its thread, and had to wait."""
    queued = number(tree.spans[index], names.THREAD_QUEUED_MS) * NS_PER_MS
    asked = tree.starts[index] - queued
    return (
        queued > 0
        and lane(tree, before) == lane(tree, index)
        # It waited for at least half of the time that the other one ran.
        and 2 * (tree.ends[before] - asked) >= tree.ends[before] - tree.starts[before]
        and tree.starts[index] >= tree.ends[before]
    )


def with_those_ahead(tree: Tree, members: list[int], siblings: Sequence[int]) -> list[int]:
    """Return spans and the siblings that they waited behind for a thread, and those in turn.

    siblings: in order of start, the members among them. O(n).
    """
    if names.THREAD_QUEUED_MS not in tree.words:
        return members
    found = set(members)
    lanes: dict[Lane, list[int]] = {}
    for index in siblings:
        if names.THREAD_ID in tree.spans[index].attributes:
            lanes.setdefault(lane(tree, index), []).append(index)
    for row in lanes.values():
        for index, before in pairwise(reversed(row)):
            if index in found and waited_behind(tree, before, index):
                found.add(before)
    return [index for index in siblings if index in found] if len(found) > len(members) else members
