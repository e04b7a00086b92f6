"""Grade the advice to gather: proven by the source, seen in other traces, or possible."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from msgspec.structs import replace

from overlap import names
from overlap.judge import Advice, Verdict
from overlap.judge.findings.waits import places_in
from overlap.judge.model import POSSIBLE, PROVEN, SEEN
from overlap.judge.tree.span_tree import plain
from overlap.proof.function_source import Block, Function, function_at
from overlap.proof.gather_diff import gather_diff
from overlap.proof.independence import AwaitedCall, are_independent, awaited_call
from overlap.proof.other_traces import seen_at_once
from overlap.trace import Span, Trace

_METHODS = ("http.request.method", "http.method")


def graded(
    advice: Sequence[Advice], trace: Trace, traces: Sequence[Trace] = (), source: Path | None = None
) -> list[Advice]:
    """Return advice with its evidence, and with a diff where the source shows what to change.

    What the source refutes, as both calls are in one transaction, is left out.

    trace: the one that the advice is about. traces: of the same service, that one or not.
    source: the folder of its code; None if it is not at hand.
    """
    spans = {span.span_id: span for span in trace.spans}
    found = []
    for item in advice:
        if item.evidence != POSSIBLE:
            found.append(item)
            continue
        members = [spans[each] for each in item.span_ids if each in spans]
        members.sort(key=lambda span: (span.start_ns, span.span_id))
        better = _from_source(item, members, spans, source) if source and members else item
        if better is not None and better.evidence == POSSIBLE:
            better = _from_traces(better, [span.name for span in members], trace, traces)
        if better is not None:
            found.append(better)
    return found


def graded_verdict(found: Verdict, trace: Trace, source: Path | None = None) -> Verdict:
    """Return a verdict whose advice is graded by one trace and the source, as in `graded`."""
    return replace(found, advice=graded(found.advice, trace, source=source))


def _from_traces(
    item: Advice, called: Sequence[str], trace: Trace, traces: Sequence[Trace]
) -> Advice:
    others = [each for each in traces if each.trace_id != trace.trace_id]
    if len(called) < 2 or not (count := seen_at_once(others, item.parent, called)):
        return item
    where = "another trace" if count == 1 else f"{count} other traces"
    text = f"{item.text}; in {where} the second did not wait for the first"
    return replace(item, evidence=SEEN, text=text)


def _from_source(
    item: Advice, members: Sequence[Span], spans: dict[str, Span], source: Path
) -> Advice | None:
    function = _function(item, members, spans, source)
    if function is None:
        return item
    for block, is_transaction in function.blocks():
        calls = _calls(function, block, members)
        if calls is None:
            continue
        if is_transaction:
            return None
        may_share = all(any(key in span.attributes for key in _METHODS) for span in members)
        if not are_independent(function, block, calls, may_share=may_share):
            return item
        proof = f"proven: in {function.path}:{calls[0].statement.lineno} none uses another's result"
        text = item.text.removesuffix(f", {item.condition}")
        return replace(
            item,
            evidence=PROVEN,
            condition="",
            text=f"{text} ({proof})",
            diff=gather_diff(function, calls),
        )
    return item


def _function(
    item: Advice, members: Sequence[Span], spans: dict[str, Span], source: Path
) -> Function | None:
    """Return the function that awaited the members: at the advice, or that of a span above."""
    places = [item.at]
    above = spans.get(item.parent_id)
    while above is not None and len(places) < 16:
        attributes = above.attributes
        if isinstance(path := attributes.get(names.CODE_FILE_PATH), str):
            places.append(f"{path}:{plain(attributes.get(names.CODE_LINE_NUMBER))}")
        places += places_in(above)
        above = spans.get(above.parent_id or "")
    for place in dict.fromkeys(places):
        found = function_at(source, place)
        if found and any(_calls(found, block, members) for block, _ in found.blocks()):
            return found
    return None


def _calls(function: Function, block: Block, members: Sequence[Span]) -> list[AwaitedCall] | None:
    """Return the statements of a block that awaited the members, in order; None if one is missing.

    A member is known by the line at which it was awaited, or by the name of what was called: its
    own name or that of its function.
    """
    found: list[AwaitedCall] = []
    waiting = [call for statement in block if (call := awaited_call(statement))]
    for span in members:
        match = [call for call in waiting if _is_of(function, call, span)]
        if len(match) != 1 or match[0] in found:
            return None
        found.append(match[0])
    lines = [each.statement.lineno for each in found]
    return found if lines == sorted(lines) and len(found) > 1 else None


def _is_of(function: Function, call: AwaitedCall, span: Span) -> bool:
    code = str(span.attributes.get(names.CODE_FUNCTION_NAME, "")).rpartition(".")[2]
    if call.name in (span.name, code):
        return True
    first, last = call.statement.lineno, call.statement.end_lineno or call.statement.lineno
    for place in places_in(span):
        path, _, rest = place.partition(":")
        line = rest.partition(" ")[0]
        is_here = function.path.endswith(path) or path.endswith(function.path)
        if is_here and line.isdecimal() and first <= int(line) <= last:
            return True
    return False
