"""Which request a trace is about."""

from __future__ import annotations

from collections.abc import Iterable

from overlap import names
from overlap.judge.tree.span_tree import Tree


def main_request(tree: Tree) -> int | None:
    """Return the span of the request that the trace is about; None for a trace without work.

    Of a scenario it is the longest of its own requests, as the server saw it. Otherwise it is
    the root; of several roots, the longest server span, or the longest root.
    """
    roots = tree.structure.roots
    if names.SCENARIO_NAME in tree.words:
        scenarios = [i for i in roots if names.SCENARIO_NAME in tree.spans[i].attributes]
        if scenarios and (own := _longest(tree, _own_requests(tree, scenarios))) is not None:
            return own
    true_roots = [i for i in roots if not tree.spans[i].parent_id and tree.is_work(i)]
    if len(true_roots) == 1:
        return true_roots[0]
    found = _longest(tree, tree.requests)
    return _longest(tree, roots) if found is None else found


def _own_requests(tree: Tree, scenarios: Iterable[int]) -> Iterable[int]:
    """Yield the requests of a scenario without its neighbours: the server's span, if known."""
    for scenario in scenarios:
        for client in tree.children.get(scenario, ()):
            if tree.spans[client].attributes.get(names.NEIGHBOUR):
                continue
            below = tree.children.get(client, ())
            servers = [index for index in below if tree.spans[index].kind == "server"]
            yield from servers or (client,)


def _longest(tree: Tree, indexes: Iterable[int]) -> int | None:
    work = [index for index in indexes if tree.is_work(index)]
    return max(work, key=lambda i: (tree.ends[i] - tree.starts[i], -i), default=None)
