"""Add a trace to a survey: each of its requests, its blocks, its tasks."""

from __future__ import annotations

import re

from overlap.judge.path.main_request import main_request
from overlap.judge.trace_verdict import verdict_on_tree
from overlap.judge.tree.repair import repair
from overlap.survey.summing.advice import add_advice
from overlap.survey.summing.blocks import add_blocks
from overlap.survey.summing.queries import add_queries
from overlap.survey.summing.requests import Requests
from overlap.survey.summing.tasks import add_tasks
from overlap.survey.totals.merging import SLACK, bound, highest, lowest
from overlap.survey.totals.model import Totals
from overlap.trace import Trace

_BOUND_EVERY = 256
"""After so many traces their names are counted."""


def add_trace(result: Totals, trace: Trace) -> None:
    """Add one trace, all of whose spans are there."""
    tree = repair(trace.spans, trace.trace_id)
    if not tree.spans:
        return
    found = verdict_on_tree(tree, trace.warnings)
    result.traces += 1
    result.spans += len(tree.spans)
    result.unended += not all(tree.ended)
    result.start_ns = lowest(result.start_ns, min(tree.starts))
    result.end_ns = highest(result.end_ns, max(tree.ends))
    requests = Requests(tree, main_request(tree), result)
    requests.add_all()
    if (main := requests.of_main()) is not None:
        main.traces += 1
        for shape in found.shapes:
            main.shapes[shape] = main.shapes.get(shape, 0) + 1
    add_advice(requests, found.advice)
    add_blocks(requests)
    add_queries(requests)
    add_tasks(requests)
    for warning in found.warnings:
        kind = _without_count(warning)
        result.warnings[kind] = result.warnings.get(kind, 0) + 1
    if result.traces % _BOUND_EVERY == 0:
        bound(result, SLACK)


def _without_count(warning: str) -> str:
    """Return the warning as one that several traces have: of how many spans is left out."""
    some = warning.replace("1 span has", "n spans have", 1).replace(": it is", ": each is")
    return re.sub(r"\d+", "n", some)
