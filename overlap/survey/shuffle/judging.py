"""Judge the traces of one part, and sum them up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from overlap.survey.report import Report
from overlap.survey.shuffle import records
from overlap.survey.shuffle.parts import batches, file_of, number
from overlap.survey.summing.largest import LargeTrace
from overlap.trace import Span, Trace

MOST_BYTES = 48_000_000
"""A part that takes more in its files is divided again, as it would take ten times as much."""
AGAIN = 16
MOST_TIMES = 4
"""A part is divided so often at most: what is still large then is one trace."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which traces count: those that began in a time, and have no greater id."""

    start_ns: int | None = None
    end_ns: int | None = None
    """Not a part of the time any more."""
    last_id: str | None = None
    source: Path | None = None
    """The folder of the code that made them, which proves advice."""

    def has(self, trace: LargeTrace) -> bool:
        """Return whether a trace counts."""
        if self.last_id is not None and trace.trace_id > self.last_id:
            return False
        if self.start_ns is None and self.end_ns is None:
            return True
        began = trace.start_ns()
        return (self.start_ns is None or began >= self.start_ns) and (
            self.end_ns is None or began < self.end_ns
        )


def judge_part(
    paths: list[Path], selection: Selection, spans: Iterable[Span] = (), divided: int = 0
) -> Report:
    """Return the report of a part: of the spans in its files, and of others in memory."""
    if divided < MOST_TIMES and sum(path.stat().st_size for path in paths) > MOST_BYTES:
        return _judge_in_pieces(paths, selection, spans, divided)
    traces: dict[str, LargeTrace] = {}
    for batch in chain((spans,), batches(paths)):
        _divide(batch, traces)
    report = Report()
    for trace_id in sorted(traces):
        trace = traces.pop(trace_id)
        if selection.has(trace):
            report.add(
                Trace(trace_id, trace.spans()), left_out=trace.left_out, source=selection.source
            )
    return report


def _divide(spans: Iterable[Span], traces: dict[str, LargeTrace]) -> None:
    """Add spans to their traces."""
    trace_id = None
    for span in spans:
        if span.trace_id != trace_id:  # the spans of a trace often follow one another
            trace_id = span.trace_id
            if (found := traces.get(trace_id)) is None:
                found = traces[trace_id] = LargeTrace(trace_id)
            found.cut()
            append = found.members.append
        append(span)


def _judge_in_pieces(
    paths: list[Path], selection: Selection, spans: Iterable[Span], divided: int
) -> Report:
    folder = paths[0].with_name(f"{paths[0].name}-{divided}")
    folder.mkdir()
    for batch in chain((spans,), batches(paths)):
        pieces: dict[int, list[Span]] = {}
        for span in batch:
            piece = number(span.trace_id) // 64 // AGAIN**divided % AGAIN
            pieces.setdefault(piece, []).append(span)
        for piece, members in pieces.items():
            with file_of(folder, piece).open("ab") as file:
                records.write(file, members)
    report = Report()
    for piece in range(AGAIN):
        if (path := file_of(folder, piece)).exists():
            report.update(judge_part([path], selection, divided=divided + 1))
            path.unlink()
    return report
