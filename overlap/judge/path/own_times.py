"""How much of a request's critical path is each span's own time: for who needs no more of it.

Where the spans below a request run one after another, each inside its parent, all of them are on
the path with all of their time. So the own time of each is its duration without its children's,
and no path has to be followed. This is so for most requests.
"""

from __future__ import annotations

from collections.abc import Mapping
from operator import sub

from overlap import names
from overlap.judge.path.awaited import awaited, awaited_times, in_a_row
from overlap.judge.path.request_path import request_path
from overlap.judge.tree.span_tree import Tree


def own_times(tree: Tree, request: int) -> Mapping[int, int]:
    """Return what `request_path` does as `own`: by span, in ns, without those that have none."""
    if names.THREAD_CALLS in tree.words or names.AWAIT_TASK in tree.words or not tree.is_all_work:
        return request_path(tree, request).own
    found = _nested(tree, request)
    return request_path(tree, request).own if found is None else found


def _nested(tree: Tree, request: int) -> dict[int, int] | None:
    """Return the own times, if the spans below run in a row inside their parents; else None."""
    starts, ends, below = tree.starts, tree.ends, tree.structure.below(request)
    own = [*map(sub, ends, starts)]
    for parent in below.parents:
        children = tree.children[parent]
        first, last = children[0], children[-1]
        if starts[first] < starts[parent] or ends[last] > ends[parent]:
            return None
        if first == last:
            own[parent] -= ends[first] - starts[first]
            continue
        if len(awaited(tree, parent)) < len(children) or not in_a_row(tree, parent):
            return None
        begun, ended = awaited_times(tree, parent)
        own[parent] -= sum(ended) - sum(begun)
    return {index: own[index] for index in below.spans if own[index]}
