"""Blocks of the event loop: the lines that caused them, and who waited."""

from __future__ import annotations

from overlap import names
from overlap.judge.findings.blocked import block_ms, culprit
from overlap.judge.tree.span_tree import NS_PER_MS
from overlap.survey.summing.requests import Requests
from overlap.survey.totals.model import SEPARATOR, Culprit, Waited
from overlap.trace.blocked_by import delays


def add_blocks(requests: Requests) -> None:
    """Add the trace's blocks, and the delays that its requests report of any blocks."""
    tree = requests.tree
    if names.SPAN_BLOCKED in tree.words:
        for index, span in enumerate(tree.spans):
            if span.name == names.SPAN_BLOCKED:
                _add_block(requests, index)
    if names.VICTIM_BLOCKED_BY in tree.words or tree.linked:
        for span in tree.spans:
            for delay in delays(span):
                key = f"{delay.trace_id}-{delay.span_id}"
                waited = requests.totals.waited.setdefault(key, Waited())
                waited.requests += 1
                waited.ns += round(delay.ms * NS_PER_MS)


def _add_block(requests: Requests, index: int) -> None:
    tree, totals = requests.tree, requests.totals
    span, route = tree.spans[index], requests.name_above(index)
    kind = span.attributes.get(names.BLOCKED_KIND)
    kind = kind if isinstance(kind, str) else ""
    line = culprit(tree, index)
    key = SEPARATOR.join((span.service, route, line, kind))
    if (row := totals.culprits.get(key)) is None:
        row = totals.culprits[key] = Culprit(span.service, route, line, kind)
    row.blocks += 1
    row.ns += round(block_ms(tree, index) * NS_PER_MS)
    row.example = min(row.example or tree.trace_id, tree.trace_id)
    totals.blocks[f"{span.trace_id}-{span.span_id}"] = key
