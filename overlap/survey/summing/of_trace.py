"""Add a trace to a survey: its verdict, request by request."""

from __future__ import annotations

from overlap import names
from overlap.judge import Verdict
from overlap.judge.findings.blocked import block_ms, culprit
from overlap.judge.path.main_request import main_request
from overlap.judge.trace_verdict import verdict_on_tree
from overlap.judge.tree.repair import repair
from overlap.judge.tree.span_tree import NO_PARENT, Tree
from overlap.survey.totals.durations import NS_PER_MS, Durations
from overlap.survey.totals.merging import highest, lowest
from overlap.survey.totals.model import SEPARATOR, AdviceSum, Block, Route, Totals, Waited
from overlap.trace import Span, Trace
from overlap.trace.blocked_by import delays

SERVER_ERROR = 500
_STATUS = ("http.response.status_code", "http.status_code")


def add_trace(result: Totals, trace: Trace) -> None:
    """Add one trace, all of whose spans are there."""
    tree = repair(trace.spans, trace.trace_id)
    found = verdict_on_tree(tree, trace.warnings)
    result.traces += 1
    result.spans += len(tree.spans)
    result.start_ns = lowest(result.start_ns, min(tree.starts, default=None))
    result.end_ns = highest(result.end_ns, max(tree.ends, default=None))
    main = main_request(tree)
    for index, span in enumerate(tree.spans):
        # A main request of another kind is a scenario, a task or a script: it has a row too.
        if tree.ended[index] and (span.kind == "server" or index == main):
            route = _route(result, span)
            route.durations.add(tree.ends[index] - tree.starts[index], tree.trace_id)
            route.errors += _is_error(span)
    if main is not None:
        _add_main(tree, found, main, _route(result, tree.spans[main]))
    _add_blocks(tree, result)
    _add_tasks(tree, result)
    for name in found.lost:
        result.lost[name] = result.lost.get(name, 0) + 1
    for warning in found.warnings:
        result.warnings[warning] = result.warnings.get(warning, 0) + 1


def _route(result: Totals, span: Span) -> Route:
    key = f"{span.service}{SEPARATOR}{span.name}"
    if (found := result.routes.get(key)) is None:
        found = result.routes[key] = Route(span.service, span.name)
    return found


def _is_error(span: Span) -> bool:
    codes = [code for key in _STATUS if isinstance(code := span.attributes.get(key), int)]
    return span.status == "error" or any(code >= SERVER_ERROR for code in codes)


def _add_main(tree: Tree, found: Verdict, main: int, route: Route) -> None:
    route.traces += 1
    for shape in found.shapes:
        route.shapes[shape] = route.shapes.get(shape, 0) + 1
    indexes = {span.span_id: index for index, span in enumerate(tree.spans)}
    own: dict[str, int] = {}
    for each in found.self_time:
        path = SEPARATOR.join(_path(tree, indexes.get(each.span_id, main), main))
        own[path] = own.get(path, 0) + _ns(each.ms)
    for path, ns in own.items():
        route.self_time.setdefault(path, Durations()).add(ns, tree.trace_id)
    for advice in found.advice:
        key = SEPARATOR.join((advice.change, advice.at, advice.parent))
        mine = AdviceSum(advice.change, advice.at, advice.parent, advice.condition)
        mine = route.advice.setdefault(key, mine)
        mine.savings.add(_ns(advice.saves_ms), tree.trace_id)
        mine.others_ns += _ns(advice.others_ms)


def _path(tree: Tree, index: int, main: int) -> list[str]:
    """Return the names from the main request down to a span; calls in a row of one name once."""
    found: list[str] = []
    while index != NO_PARENT:
        name = tree.spans[index].name
        if not found or found[-1] != name:
            found.append(name)
        if index == main:
            break
        index = tree.parents[index]
    return found[::-1]


def _add_blocks(tree: Tree, result: Totals) -> None:
    for index, span in enumerate(tree.spans):
        if span.name == names.SPAN_BLOCKED:
            above = _request_above(tree, index)
            key = f"{span.trace_id}-{span.span_id}"
            kind = span.attributes.get(names.BLOCKED_KIND)
            result.blocks[key] = Block(
                service=span.service,
                route=above.name,
                culprit=culprit(tree, index),
                kind=kind if isinstance(kind, str) else "",
                ns=_ns(block_ms(tree, index)),
            )
        for delay in delays(span):
            waited = result.waited.setdefault(f"{delay.trace_id}-{delay.span_id}", Waited())
            waited.requests += 1
            waited.ns += _ns(delay.ms)


def _request_above(tree: Tree, index: int) -> Span:
    """Return the server span above a span; its root, if there is none."""
    while tree.parents[index] != NO_PARENT:
        index = tree.parents[index]
        if tree.spans[index].kind == "server":
            break
    return tree.spans[index]


def _add_tasks(tree: Tree, result: Totals) -> None:
    for span in tree.spans:
        end = span.attributes.get(names.TASK_END)
        if isinstance(end, str):
            ends = result.background.setdefault(span.name, {})
            ends[end] = ends.get(end, 0) + 1


def _ns(ms: float) -> int:
    return round(ms * NS_PER_MS)
