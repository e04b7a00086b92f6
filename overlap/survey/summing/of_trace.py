"""Add a trace to a survey: each of its requests, its blocks, its tasks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from overlap.judge.path.main_request import main_request
from overlap.judge.tree.repair import repair
from overlap.survey.summing import largest
from overlap.survey.summing.advice import add_advice, graded_by_source
from overlap.survey.summing.blocks import add_blocks
from overlap.survey.summing.call_order import add_call_order
from overlap.survey.summing.findings import findings
from overlap.survey.summing.largest import LargeTrace
from overlap.survey.summing.queries import add_queries
from overlap.survey.summing.requests import Requests
from overlap.survey.summing.tasks import add_tasks
from overlap.survey.totals.merging import SLACK, bound, highest, lowest
from overlap.survey.totals.model import Totals
from overlap.trace import Span, Trace

_BOUND_EVERY = 256
"""After so many traces their names are counted."""


def add_trace(result: Totals, trace: Trace, left_out: int = 0, source: Path | None = None) -> None:
    """Add one trace, all of whose spans are there, but for `left_out` of a very large one.

    source: the folder of the code that made it, which proves advice.
    """
    spans: Sequence[Span] = trace.spans
    if len(spans) > largest.MOST_SPANS:
        whole = LargeTrace(trace.trace_id)
        whole.extend(spans)
        spans = whole.spans()
        left_out += whole.left_out
    tree = repair(_delivered_once(spans), trace.trace_id)
    if not tree.spans:
        return
    result.left_out += left_out
    result.traces += 1
    result.spans += len(tree.spans)
    result.unended += not all(tree.ended)
    result.start_ns = lowest(result.start_ns, min(tree.starts))
    result.end_ns = highest(result.end_ns, max(tree.ends))
    requests = Requests(tree, main_request(tree), result)
    found = findings(requests)
    requests.add_all(found.shapes)
    if (main := requests.of_main()) is not None:
        main.traces += 1
    if found.advice:
        add_advice(requests, graded_by_source(requests, found.advice, source))
    add_call_order(requests)
    add_blocks(requests)
    add_queries(requests)
    add_tasks(requests, found.lost)
    for warning in (*trace.warnings, *tree.warnings):
        kind = _without_count(warning)
        result.warnings[kind] = result.warnings.get(kind, 0) + 1
    if result.traces % _BOUND_EVERY == 0:
        bound(result, SLACK)


def _delivered_once(spans: Sequence[Span]) -> Sequence[Span]:
    """Return spans without those that are the same: exporters try again, windows overlap."""
    if len({span.span_id for span in spans}) == len(spans):
        return spans
    by_id: dict[str, list[Span]] = {}
    for span in spans:
        known = by_id.setdefault(span.span_id, [])
        if span not in known:
            known.append(span)
    return [span for known in by_id.values() for span in known]


def _without_count(warning: str) -> str:
    """Return the warning as one that several traces have: of how many spans is left out."""
    some = re.sub(r"\b1 span (has|lay)", "n spans \\1", warning).replace("spans has", "spans have")
    return re.sub(
        r"\d+",
        "n",
        some.replace(": it is", ": each is").replace("where it fits", "where each fits"),
    )
