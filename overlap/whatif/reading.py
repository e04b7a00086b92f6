"""Read the traces that `overlap whatif` replays, from the sources that `overlap survey` takes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from overlap.errors import OverlapError
from overlap.survey.sources.backend import read_backend
from overlap.survey.sources.inputs import STDIN, files, is_report, is_url
from overlap.survey.sources.mapping import Outcome, Reader
from overlap.survey.sources.query import Query
from overlap.trace import Span, Trace


class Spans:
    """Spans of any traces, by trace."""

    def __init__(self) -> None:
        self._traces: dict[str, list[Span]] = {}

    def add(self, spans: Sequence[Span]) -> None:
        """Add spans."""
        for span in spans:
            self._traces.setdefault(span.trace_id, []).append(span)

    def traces(self, query: Query) -> list[Trace]:
        """Return the traces that began in the time of a query, by id; so many at most."""
        found = [
            Trace(trace_id, tuple(spans))
            for trace_id, spans in sorted(self._traces.items())
            if _began_within(min(span.start_ns for span in spans), query)
        ]
        return found[: query.limit]


def _began_within(at: int, query: Query) -> bool:
    return (query.start_ns is None or at >= query.start_ns) and (
        query.end_ns is None or at < query.end_ns
    )


def read_traces(
    sources: Sequence[str], query: Query, say: Callable[[str], None]
) -> tuple[list[Trace], list[str]]:
    """Return the traces of all sources, and a sentence for each part that could not be read.

    Raise OverlapError if a source, or all files of one, can't be read.
    """
    spans, unread = Spans(), list[str]()
    reader = Reader(spans, _never)
    for source in sources:
        say(source)
        if source == STDIN:
            _note(reader.stream(sys.stdin.buffer, "standard input"), unread, True)
        elif is_url(source):
            unread += read_backend(source, query, spans, say)
        else:
            _read_files(source, reader, unread)
    return spans.traces(query), unread


def _read_files(source: str, reader: Reader, unread: list[str]) -> None:
    found = files(source)
    failed = []
    for one in found:
        if is_report(one.path):
            raise OverlapError(f"{one.path} is a report of overlap survey, which has no requests")
        outcome = reader.file(one)
        _note(outcome, unread, one.is_named)
        if outcome.is_unreadable:
            failed.append(outcome.unread)
    if failed and len(failed) == len(found):
        raise OverlapError(f"none of {len(found)} files can be read: {failed[0]}")


def _note(outcome: Outcome, unread: list[str], is_named: bool) -> None:
    if outcome.is_unreadable and is_named:
        raise OverlapError(outcome.unread)
    if outcome.unread:
        unread.append(outcome.unread)


def _never() -> bool:
    return False
