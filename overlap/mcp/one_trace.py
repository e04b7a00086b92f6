"""Answers about one trace: its verdict, critical path, reasons and advice; and two compared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from overlap.compare import compare
from overlap.errors import OverlapError
from overlap.judge.summary import advised, by_gain, sentence
from overlap.mcp.backend_traces import Judged, began_ns
from overlap.mcp.bounds import bounded, code_line
from overlap.mcp.paging import page
from overlap.trace import Span

PARTS: Final = (
    "groups", "blocked", "background", "offloaded", "handed", "requests", "lost", "cancelled",
    "warnings",
)  # fmt: skip
"""The lists of a verdict that the tool `verdict` returns by pages."""
_IDS = ("stage_ids", "critical_path_ids", "victim_ids", "run_ids")


def verdict_of(one: Judged, part: str, offset: int) -> dict[str, Any]:
    """Return the verdict in a sentence, how much there is of each part, and the rows of one."""
    found = one.verdict
    answer = {
        **heading(one),
        "sentence": sentence(found),
        "shapes": found.shapes,
        "uncovered_ms": found.uncovered_ms,
        "counts": {name: len(getattr(found, name)) for name in PARTS},
    }
    if not part:
        first = [_row(each) for each in found.blocked[:3]]
        return bounded(answer | ({"blocked": first} if first else {}))  # type: ignore[no-any-return]
    if part not in PARTS:
        raise OverlapError(f"a verdict has no part {part[:40]!a}: it is one of {', '.join(PARTS)}")
    rows = [_row(each) for each in getattr(found, part)]
    return {**bounded(answer), "part": part, **page(rows, offset)}


def critical_path(one: Judged, order: str, offset: int) -> dict[str, Any]:
    """Return the critical path: own times by span, the longest first, or in order of time."""
    if order not in ("longest", "time"):
        raise OverlapError(f"order is 'longest' or 'time', not {order[:40]!a}")
    by_span = order == "longest"
    rows: Sequence[Any] = one.verdict.self_time if by_span else one.verdict.critical_path
    return {**heading(one), "order": order, **page([_row(each) for each in rows], offset)}


def why(one: Judged, offset: int) -> dict[str, Any]:
    """Return the reasons why the trace took as long as it did, with the spans that prove each."""
    names = {span.span_id: span for span in one.trace.spans}
    rows = [{"text": each.text, "spans": _spans(names, each.span_ids)} for each in one.verdict.why]
    return {**heading(one), **page(rows, offset)}


def advice(one: Judged, offset: int) -> dict[str, Any]:
    """Return what to change, at which line, and what it saves; what saves most first."""
    names = {span.span_id: span for span in one.trace.spans}
    rows = [
        {
            "change": each.change,
            "at": each.at,
            **code_line(each.at),
            "text": text,
            "condition": each.condition,
            **({"evidence": each.evidence} if each.evidence else {}),
            **({"diff": each.diff} if each.diff else {}),
            "request_ms": each.request_ms,
            "would_be_ms": each.would_be_ms,
            "saves_ms": each.saves_ms,
            "others_ms": each.others_ms,
            "below": each.parent,
            "spans": _spans(names, each.span_ids),
        }
        for each, text in zip(by_gain(one.verdict), advised(one.verdict), strict=True)
    ]
    return {**heading(one), **page(rows, offset)}


def comparison(a: Judged, b: Judged, offset: int) -> dict[str, Any]:
    """Return how trace B differs from trace A."""
    found = compare(a.trace, b.trace, a.verdict, b.verdict).as_dict()
    changes = found.pop("changes")
    sides = {"a": heading(a) | found.pop("a"), "b": heading(b) | found.pop("b")}
    return {**bounded({**sides, **found}), **page(changes, offset)}


def heading(one: Judged) -> dict[str, Any]:
    """Return what every answer about a trace begins with: which one it is."""
    end = max((span.end_ns or span.start_ns for span in one.trace.spans), default=0)
    answer: dict[str, Any] = {"trace_id": one.trace.trace_id, "spans": len(one.trace.spans)}
    if one.request is not None:
        answer["request"] = bounded(one.request.name)
        answer["service"] = bounded(one.request.service)
        answer["request_ms"] = round(one.request_ms, 3)
    answer["trace_ms"] = round((end - began_ns(one.trace)) / 1e6, 3)
    return answer


def _row(found: Any) -> Any:
    """Return a row of the verdict as plain data; ids that only a page links with are left out."""
    if isinstance(found, str):
        return found
    plain: dict[str, Any] = msgspec.to_builtins(found)
    row = {key: value for key, value in plain.items() if key not in _IDS}
    if "culprit" in row:
        row |= code_line(row["culprit"])
    return row


def _spans(known: dict[str, Span], ids: Sequence[str]) -> list[dict[str, Any]]:
    return [
        {"span_id": each, "name": known[each].name, "service": known[each].service}
        for each in ids
        if each in known
    ]
