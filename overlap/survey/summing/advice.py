"""The advice on a trace, added to the routes of the requests that it is about."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from overlap.judge.model import POSSIBLE, Advice
from overlap.judge.tree.span_tree import NS_PER_MS
from overlap.survey.summing.requests import Requests
from overlap.survey.totals.merging import count_in, weakest
from overlap.survey.totals.model import SEPARATOR, AdviceSum
from overlap.trace import Trace


def graded_by_source(
    requests: Requests, found: Sequence[Advice], source: Path | None
) -> Sequence[Advice]:
    """Return the advice without what the source refutes, and with what it proves."""
    if source is None or not any(one.evidence == POSSIBLE for one in found):
        return found
    from overlap.proof import graded  # few surveys need it

    return graded(found, Trace(requests.tree.trace_id, tuple(requests.tree.spans)), source=source)


def _calls(requests: Requests, one: Advice) -> str:
    """Return the names of the calls that the advice is about, in their order."""
    tree = requests.tree
    indexes = [requests.indexes[each] for each in one.span_ids]
    indexes.sort(key=lambda index: (tree.starts[index], index))
    return SEPARATOR.join([tree.spans[index].name for index in indexes])


def add_advice(requests: Requests, found: Iterable[Advice]) -> None:
    """Add what each change would save to the route of the request it would be made in.

    A trace that has the same advice several times counts once, with the sum of the savings.
    """
    tree = requests.tree
    saved: dict[tuple[int, str], int] = {}
    rows: dict[tuple[int, str], AdviceSum] = {}
    for one in found:
        route = requests.above(requests.indexes[one.parent_id])
        key = SEPARATOR.join((one.change, one.at, one.parent))
        if (row := route.advice.get(key)) is None:
            row = route.advice[key] = AdviceSum(one.change, one.at, one.parent, one.condition)
        row.condition = min(row.condition or one.condition, one.condition or row.condition)
        row.evidence = weakest(row.evidence, one.evidence)
        row.diff = min(row.diff or one.diff, one.diff or row.diff)
        if one.evidence == POSSIBLE:
            count_in(row.calls, _calls(requests, one))
        row.others_ns += round(one.others_ms * NS_PER_MS)
        which = id(route), key
        rows[which] = row
        saved[which] = saved.get(which, 0) + round(one.saves_ms * NS_PER_MS)
    for which, ns in saved.items():
        rows[which].savings.add(ns, tree.trace_id)
