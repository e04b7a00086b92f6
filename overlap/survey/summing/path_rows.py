"""The row of each span on a critical path: the names from the request down to it.

With the category of its own time, if nothing was measured but spans. Both depend on the tree's
structure alone, so they are found once for all traces that have it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from overlap.judge.tree.span_tree import Tree
from overlap.judge.tree.structure import NO_PARENT
from overlap.survey.summing.time import plain_category
from overlap.survey.totals.model import SEPARATOR

Row = tuple[str, str]
"""The path of names, and the category."""


def path_rows(tree: Tree, request: int, spans: Iterable[int]) -> Mapping[int, Row]:
    """Return the row of each of these spans, perhaps with those of others.

    Calls in a row of one name count once. A span that is not below the request stands below it
    all the same: a path leads where a task was awaited.
    """
    known = tree.structure.path_rows.get(request)
    if known is None:
        known = tree.structure.path_rows[request] = {}
        _add(tree, request, request, known)
    for index in spans:
        if index not in known:
            _add(tree, request, index, known)
    return known


def _add(tree: Tree, request: int, index: int, known: dict[int, Row]) -> None:
    chain, at = [], index
    while at not in known and at != NO_PARENT:
        chain.append(at)
        if at == request:
            break
        at = tree.parents[at]
    found = known.get(at) or known.get(request)
    above = found[0] if found else ""
    for each in reversed(chain):
        name = tree.spans[each].name
        above = _below(above, name) if each != request else name
        known[each] = above, plain_category(tree, request, each)


def _below(path: str, name: str) -> str:
    """Return the path of names to a span below another; calls in a row of one name are one."""
    if path == name or path.endswith(SEPARATOR + name):
        return path
    return f"{path}{SEPARATOR}{name}"
