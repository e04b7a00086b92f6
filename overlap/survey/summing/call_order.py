"""In which order the calls of one parent ran, and which of them ran at once: what `seen` rests on.

Advice to gather two calls is seen to be right where another trace shows that the second did not
wait for the first. That trace has no such advice itself, so the order of all calls is summed.
"""

from __future__ import annotations

from collections import Counter

from overlap.judge.path.awaited import awaited, in_a_row
from overlap.judge.tree.span_tree import Tree
from overlap.survey.summing.requests import Requests
from overlap.survey.totals.merging import count_in, keep_common
from overlap.survey.totals.model import SEPARATOR, Route

MOST_CALLS = 20
"""Of more children with names of their own, the first are looked at."""


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
            _add_others(route, tree, parent)
        elif order:
            count_in(route.orders, order)
        if tree.has_errors:
            _add_failed(route, tree, parent)


def _order_of(tree: Tree, parent: int) -> str | None:
    """Return the key of the order of all children, if they run in a row; "" for fewer than two."""
    children = tree.children[parent]
    if len(awaited(tree, parent)) < len(children) or not in_a_row(tree, parent):
        return None
    orders = tree.structure.orders
    if parent not in orders:
        named = _named(tree, children)
        orders[parent] = _key(tree, parent, [*named]) if len(named) > 1 else ""
    return orders[parent]


def _add_others(route: Route, tree: Tree, parent: int) -> None:
    known = [index for index in tree.children[parent] if tree.work[index] and tree.ended[index]]
    known.sort(key=lambda index: (tree.starts[index], index))
    named = [*_named(tree, known).items()]
    if len(named) < 2:
        return
    count_in(route.orders, _key(tree, parent, [name for name, _ in named]))
    for place, (name, index) in enumerate(named):
        for other, later in named[place + 1 :]:
            if tree.starts[later] < tree.ends[index]:
                count_in(route.at_once, _key(tree, parent, [name, other]))


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
