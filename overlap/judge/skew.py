"""Clock skew between services: a server span that lies outside its client span is moved into it."""

from __future__ import annotations

from overlap.judge.tree import NO_PARENT, Tree

TOLERANCE_NS = 1_000_000
"""How far a server span may stick out: clocks agree no better, and a server ends its span
after the last byte has left, when the client's may be over."""


def straighten(tree: Tree) -> None:
    """Shift each skewed server span by the least that puts it inside, and all below it with it.

    What is below is measured by the same clock, or was straightened against it. A
    server span longer than its client span began in time: the client went away
    first (a stream, a timeout), and only a start outside is skew.
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
        what = "1 server span was" if moved == 1 else f"{moved} server spans were"
        tree.warnings.append(f"{what} outside the client span by clock skew: shifted into it")


def _shift(tree: Tree, index: int, parent: int) -> int:
    span, client = tree.spans[index], tree.spans[parent]
    if span.kind != "server" or client.kind != "client" or span.service == client.service:
        return 0
    start, low = tree.starts[index], tree.starts[parent]
    early = low - start
    if not tree.ended[parent]:
        return early if early > TOLERANCE_NS else 0
    high = tree.ends[parent]
    fits = tree.ended[index] and tree.ends[index] - start <= high - low
    # What can't fit, or whose end isn't known, only has to begin inside.
    late = (tree.ends[index] if fits else start) - high
    if early > TOLERANCE_NS:
        return early
    if late > TOLERANCE_NS:
        return -late if fits else early
    return 0
