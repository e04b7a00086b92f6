"""In which order the calls of one parent ran, and which of them ran at once: what `seen` rests on.

Advice to gather two calls is seen to be right where another trace shows that the second did not
wait for the first. That trace has no such advice itself, so the order of all calls is summed.
"""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from overlap.judge.path.awaited import awaited, in_a_row
from overlap.judge.tree.span_tree import Tree
from overlap.survey.summing.requests import Requests
from overlap.survey.totals.merging import count_in, keep_common
from overlap.survey.totals.model import SEPARATOR, Route

MOST_CALLS = 20
"""Of more children with names of their own, the first are looked at."""


class Orders(NamedTuple):
    """The children of a span that have names of their own."""

    spans: list[int]
    key: str
    """Of their order as they stand in the trace; empty for fewer than two."""
    pairs: dict[tuple[int, int], str]
    """The keys of those that ran at once, once they did."""


def add_call_order(requests: Requests) -> None:
    """Add the order of the children of each span to the route that it works for."""
    tree = requests.tree
    all_ended = all(tree.ended)
    for parent, children in tree.children.items():
        if len(children) < 2 and not tree.has_errors:
            continue
        route = requests.of_request(parent)
        if route is None:
            continue
        order = _order_of(tree, parent) if all_ended else None
        if order is None:  # they are not in a row, or one may be a mark or have no end
            _add_others(route, tree, parent, all_ended=all_ended)
        elif order:
            count_in(route.orders, order)
        if tree.has_errors:
            _add_failed(route, tree, parent)


def _order_of(tree: Tree, parent: int) -> str | None:
    """Return the key of the order of all children, if they run in a row; "" for fewer than two."""
    if len(awaited(tree, parent)) < len(tree.children[parent]) or not in_a_row(tree, parent):
        return None
    return _orders(tree, parent).key


def _orders(tree: Tree, parent: int) -> Orders:
    """Return what is known of all children of a span: it is the same for all traces alike."""
    found: Orders | None = tree.structure.orders.get(parent)
    if found is None:
        named = _named(tree, tree.children[parent])
        key = _key(tree, parent, [*named]) if len(named) > 1 else ""
        found = tree.structure.orders[parent] = Orders([*named.values()], key, {})
    return found


def _add_others(route: Route, tree: Tree, parent: int, *, all_ended: bool) -> None:
    all_named = _orders(tree, parent)
    named = all_named.spans
    if not (tree.is_all_work and all_ended):
        children = tree.children[parent]
        named = [*_named(tree, [i for i in children if tree.work[i] and tree.ended[i]]).values()]
    if len(named) < 2:
        return
    starts, ends, pairs = tree.starts, tree.ends, all_named.pairs
    order = sorted(named, key=starts.__getitem__)
    is_usual = order == all_named.spans
    key = all_named.key if is_usual else _key(tree, parent, [tree.spans[i].name for i in order])
    count_in(route.orders, key)
    for place, index in enumerate(order):
        end = ends[index]
        for later in order[place + 1 :]:
            if starts[later] >= end:
                break
            if (pair := pairs.get((index, later))) is None:
                called = [tree.spans[index].name, tree.spans[later].name]
                pair = pairs[index, later] = _key(tree, parent, called)
            count_in(route.at_once, pair)


def _add_failed(route: Route, tree: Tree, parent: int) -> None:
    """Add which calls were made beside one that failed: what is missing may have needed it."""
    named = _named(tree, tree.children[parent], most=len(tree.children[parent]))
    for name, index in named.items():
        if tree.spans[index].status == "error":
            keep_common(route.failed, _key(tree, parent, [name]), sorted(named))


def _named(tree: Tree, indexes: list[int], most: int = MOST_CALLS) -> dict[str, int]:
    """Return the spans whose name no other of them has, by name, in their order."""
    counts = Counter([tree.spans[index].name for index in indexes])
    named = {name: i for i in indexes if counts[name := tree.spans[i].name] == 1}
    return dict([*named.items()][:most])


def _key(tree: Tree, parent: int, called: list[str]) -> str:
    return SEPARATOR.join((tree.spans[parent].name, *called))
