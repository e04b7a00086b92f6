"""The advice on a trace, added to the routes of the requests that it is about."""

from __future__ import annotations

from collections.abc import Iterable

from overlap.judge.model import Advice
from overlap.judge.tree.span_tree import NS_PER_MS
from overlap.survey.summing.requests import Requests
from overlap.survey.totals.model import SEPARATOR, AdviceSum


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
        row.condition = min(row.condition, one.condition)
        row.evidence = row.evidence or one.evidence
        row.others_ns += round(one.others_ms * NS_PER_MS)
        which = id(route), key
        rows[which] = row
        saved[which] = saved.get(which, 0) + round(one.saves_ms * NS_PER_MS)
    for which, ns in saved.items():
        rows[which].savings.add(ns, tree.trace_id)
