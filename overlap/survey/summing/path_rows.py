"""The row of each span on a critical path: the names from the request down to it.

With the category of its own time, if nothing was measured but spans. Both depend on the tree's
structure alone, so they are found once for all traces that have it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from overlap.judge.tree.span_tree import Tree
from overlap.judge.tree.structure import NO_PARENT
from overlap.survey.summing.time import plain_category
from overlap.survey.totals.model import SEPARATOR

MOST_DEEP: Final = 100
"""Names of a path: of a chain of spans, each below the one before, all paths take its square."""
DEEPER: Final = "(deeper)"
"""The name of all that is deeper."""


class PathRows(NamedTuple):
    """The rows below one request: equal ones are one."""

    numbers: dict[int, int]
    """By span, the place of its row."""
    rows: list[tuple[str, str]]
    """The path of names, and the category."""
    places: dict[tuple[str, str], int]


def path_rows(tree: Tree, request: int, spans: Iterable[int]) -> PathRows:
    """Return the rows of these spans, perhaps with those of others.

    Calls in a row of one name count once. A span that is not below the request stands below it
    all the same: a path leads where a task was awaited.
    """
    known = tree.structure.path_rows.get(request)
    if known is None:
        known = tree.structure.path_rows[request] = PathRows({}, [], {})
        _add(tree, request, request, known)
    for index in spans:
        if index not in known.numbers:
            _add(tree, request, index, known)
    return known


def _add(tree: Tree, request: int, index: int, known: PathRows) -> None:
    numbers, rows, places = known
    chain, at = [], index
    while at not in numbers and at != NO_PARENT:
        chain.append(at)
        if at == request:
            break
        at = tree.parents[at]
    found = numbers.get(at, numbers.get(request))
    above = "" if found is None else rows[found][0]
    for each in reversed(chain):
        name = tree.spans[each].name
        above = _below(above, name) if each != request else name
        row = above, plain_category(tree, request, each)
        if (place := places.get(row)) is None:
            place = places[row] = len(rows)
            rows.append(row)
        numbers[each] = place


def _below(path: str, name: str) -> str:
    """Return the path of names to a span below another; calls in a row of one name are one."""
    if path == name or path.endswith(SEPARATOR + name) or path.endswith(SEPARATOR + DEEPER):
        return path
    if path.count(SEPARATOR) >= MOST_DEEP - 1:
        name = DEEPER
    return f"{path}{SEPARATOR}{name}"
