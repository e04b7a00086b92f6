"""Clock skew between services: a server span that lies outside its client span is moved into it."""

from __future__ import annotations

from overlap.judge.tree.span_tree import NO_PARENT, Tree

EARLY_NS = 1_000_000
"""A server span may begin this much before its client span: clocks agree no better."""
LATE_NS = 5_000_000
"""And end this much after it: the server ends its span when the last byte has left, and
the client may have read that byte before a busy machine lets the server go on."""


def correct_skew(tree: Tree) -> None:
    """Shift each skewed server span by the least that puts it inside, with all spans below it.

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
        what = "1 server span lay" if moved == 1 else f"{moved} server spans lay"
        tree.warnings.append(f"{what} outside the client span (clock skew): shifted into it")


def _shift(tree: Tree, index: int, parent: int) -> int:
    span, client = tree.spans[index], tree.spans[parent]
    if span.kind != "server" or client.kind != "client" or span.service == client.service:
        return 0
    start, low = tree.starts[index], tree.starts[parent]
    early = low - start
    if not tree.ended[parent]:
        return early if early > EARLY_NS else 0
    high = tree.ends[parent]
    fits = tree.ended[index] and tree.ends[index] - start <= high - low
    # A span that can't fit, or whose end isn't known, only has to begin inside.
    late = (tree.ends[index] if fits else start) - high
    if early > EARLY_NS:
        return early
    if late > LATE_NS:
        return -late if fits else early
    return 0
