"""The verdict: every finding on one trace, and the shapes that follow from them."""

from __future__ import annotations

from collections.abc import Iterable

from overlap.judge.advice import advice
from overlap.judge.findings.beyond_response import background, cancelled, lost, offloaded
from overlap.judge.findings.blocked import blocked, victims
from overlap.judge.findings.groups import groups, is_concurrent, is_serial
from overlap.judge.findings.queued_work import handed
from overlap.judge.findings.request_durations import requests
from overlap.judge.findings.uncovered import uncovered
from overlap.judge.model import (
    BACKGROUND,
    BLOCKING,
    CONCURRENT,
    LOST,
    OFFLOADED,
    SERIAL,
    SHAPES,
    SINGLE,
    Verdict,
)
from overlap.judge.path.main_request import main_request
from overlap.judge.path.request_path import evidence, path_segments, request_path, self_times
from overlap.judge.path.segment import RequestPath
from overlap.judge.trace_context import TraceContext
from overlap.judge.tree.repair import repair
from overlap.judge.tree.span_tree import Tree, ms
from overlap.judge.why import why
from overlap.trace.model import Span, Trace


def verdict(trace: Trace | Iterable[Span]) -> Verdict:
    """Return what a trace shows, decided by its spans alone.

    Pure: the same for the same spans in any order. Accepts any spans, repairs
    what is inconsistent and says so in `warnings`; raises nothing. Time is
    O(n log n) in the number of spans, memory O(n). Times in the verdict are ms.
    """
    if isinstance(trace, Trace):
        return verdict_on_tree(repair(trace.spans, trace.trace_id), trace.warnings, trace.followers)
    return verdict_on_tree(repair(trace))


def verdict_on_tree(
    tree: Tree, left_out: Iterable[str] = (), followers: Iterable[Span] = ()
) -> Verdict:
    """Return the verdict on a repaired trace, for a caller that reads the tree too.

    left_out: what the trace's reader had to leave out, as sentences; they come first in `warnings`.
    followers: consumers in other traces that link to a span of this one.
    """
    found = list(groups(tree))
    waited = victims(tree)
    after, blocks = background(tree), blocked(tree, waited)
    on_threads, never_ended = offloaded(tree), lost(tree)
    context = TraceContext(tree, waited)
    request = main_request(tree)
    path = RequestPath([], {}, {}) if request is None else request_path(tree, request)
    shown = {
        CONCURRENT: any(map(is_concurrent, found)),
        SERIAL: any(map(is_serial, found)),
        BLOCKING: bool(blocks),
        BACKGROUND: bool(after),
        OFFLOADED: bool(on_threads),
        LOST: bool(never_ended),
    }
    return Verdict(
        trace_id=tree.trace_id,
        shapes=[shape for shape in SHAPES if shown.get(shape)] or [SINGLE],
        groups=found,
        background=after,
        blocked=blocks,
        offloaded=on_threads,
        lost=never_ended,
        cancelled=cancelled(tree),
        handed=handed(tree, followers),
        requests=requests(tree),
        warnings=[*left_out, *tree.warnings],
        why=why(context),
        critical_path=path_segments(tree, path),
        self_time=self_times(tree, path.own),
        advice=advice(context),
        uncovered_ms=0.0 if request is None else ms(uncovered(tree, request)),
        evidence=evidence(path),
    )
