"""The same survey on Spark, where one machine is not enough: `pip install django-overlap[spark]`.

Spark's own shuffle brings the spans of a trace together; each trace is judged, and the sums are
added up in a tree. The functions are those that a local survey calls, so that the report is the
same, to the last digit. Of a trace with very many spans each executor keeps the first only, before
and after the shuffle: no task holds more than `largest.MOST_SPANS` of it, and twice that for a
moment.
"""

from __future__ import annotations

import io
import re
import socket
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from overlap.errors import OverlapError, UnreadableTrace
from overlap.survey.report import Report
from overlap.survey.shuffle import records
from overlap.survey.shuffle.judging import Selection
from overlap.survey.summing import largest
from overlap.survey.summing.largest import LargeTrace
from overlap.survey.totals.merging import add
from overlap.survey.totals.model import Totals
from overlap.trace import Span, Trace
from overlap.trace.formats.otlp_typed import TypedReader, Unusual
from overlap.trace.left_out import LeftOut
from overlap.trace.read import spans_of

Rdd = Any
"""A `pyspark.RDD`. PySpark is not needed to import this module, nor to check its types."""
DataFrame = Any

COLUMN = "value"
"""What `spark.read.text` and Spark's Kafka source call their column."""
_MISSING = re.compile(r"OverlapError: (the folder of the code, .+)")
"""In the text of Spark's error: what `_check_folder` raised."""
_BATCH = 10_000
"""Spans that are grouped before they are sent to the shuffle."""


def survey(  # noqa: PLR0913  all but the first by keyword
    source: Rdd | DataFrame,
    *,
    column: str = COLUMN,
    start_ns: int | None = None,
    end_ns: int | None = None,
    partitions: int | None = None,
    source_dir: str | Path | None = None,
) -> Report:
    """Return the report of traces that Spark reads.

    source: an RDD of lines of OTLP JSON, as text or bytes, or of whole messages in any format that
        `overlap verdict` reads, as bytes; or a DataFrame with these in `column`, such as that of
        `spark.read.text`, of Parquet, or of Kafka. The spans of one trace may be in any of them.
    start_ns, end_ns: only traces that began in this time.
    partitions: of the shuffle; by default as many as the source has.
    source_dir: the folder of the code that made the traces, which proves advice. Each worker needs
        it at the same path. A relative one is that of the driver.

    Raise OverlapError where a DataFrame lacks the column, or a worker the folder.
    """
    selection = Selection(start_ns, end_ns, source=None if source_dir is None else Path(source_dir))
    return survey_and_count(source, column, selection, partitions)[0]


def survey_and_count(
    source: Rdd | DataFrame, column: str, selection: Selection, partitions: int | None
) -> tuple[Report, int]:
    """Return the report, and how many lines or messages could not be read."""
    if selection.source is not None:  # workers have a current folder of their own
        selection = replace(selection, source=selection.source.absolute())
    lines = lines_of(source, column)
    unread = lines.context.accumulator(0)

    def packed(part: Iterable[Any]) -> Iterator[tuple[str, _Piece]]:
        return pieces(part, unread.add)

    def judged(part: Iterable[tuple[str, _Piece]]) -> Iterator[Totals]:
        _check_folder(selection.source)
        yield judge(part, selection)

    sums = (
        lines.mapPartitions(packed)
        .reduceByKey(join, partitions or lines.getNumPartitions())
        .mapPartitions(judged)
    )
    try:
        totals = sums.treeReduce(_added)
    except ValueError:  # nothing at all, not even a partition
        totals = Totals()
    except Exception as error:  # Spark's, with the text of what a task raised
        if (found := _MISSING.search(str(error))) is None:
            raise
        raise OverlapError(found[1]) from None
    return Report(totals), unread.value


def _check_folder(folder: Path | None) -> None:
    """Raise OverlapError in a worker without the folder: its traces would prove nothing."""
    if folder is not None and not folder.is_dir():
        host = socket.gethostname()
        raise OverlapError(f"the folder of the code, {str(folder)!a}, is not on the worker {host}")


def lines_of(source: Rdd | DataFrame, column: str) -> Rdd:
    """Return an RDD as it is, or the values of a DataFrame's column as one."""
    rdd = getattr(source, "rdd", None)
    if rdd is None:
        return source
    if column not in source.columns:
        columns = ", ".join(source.columns)
        raise OverlapError(f"there is no column {column!a} in the data, only {columns}")
    found: Rdd = source.select(column).rdd.map(_first)
    return found


def _first(row: Any) -> Any:
    return row[0]


class _Piece(msgspec.Struct):
    """Spans of one trace, encoded."""

    count: int
    batches: list[bytes]
    left_out: int = 0


def pieces(lines: Iterable[Any], unread: Any) -> Iterator[tuple[str, _Piece]]:
    """Yield the spans of lines by trace id; call `unread` with 1 for each line that is none."""
    reader = TypedReader()
    found: dict[str, list[Span]] = {}
    count = 0
    for line in lines:
        for span in _read(line, reader, unread):
            found.setdefault(span.trace_id, []).append(span)
            count += 1
            if count >= _BATCH:
                yield from _encoded(found)
                found, count = {}, 0
    yield from _encoded(found)


def _read(line: Any, reader: TypedReader, unread: Any) -> Iterable[Span]:
    if line is None:
        return ()
    data = bytes(line) if isinstance(line, bytes | bytearray) else str(line).encode()
    try:
        return reader.spans(data)
    except (Unusual, msgspec.MsgspecError, RecursionError):
        pass
    left_out = LeftOut()
    try:
        found = [*spans_of(io.BytesIO(data), left_out)]
    except UnreadableTrace:
        unread(1)
        return ()
    if left_out.first:
        unread(1)
    return found


def _encoded(found: dict[str, list[Span]]) -> Iterator[tuple[str, _Piece]]:
    for trace_id, spans in found.items():
        yield trace_id.encode(errors="replace").decode(), _piece(spans)


def _piece(spans: Iterable[Span], left_out: int = 0) -> _Piece:
    members = [*spans]
    file = io.BytesIO()
    records.write(file, members)
    return _Piece(len(members), [file.getvalue()], left_out)


def join(one: _Piece, other: _Piece) -> _Piece:
    """Return two pieces of one trace as one; of very many spans only the first."""
    both = _Piece(
        one.count + other.count, one.batches + other.batches, one.left_out + other.left_out
    )
    if both.count < 2 * largest.MOST_SPANS:
        return both
    trace = _collected("", both)
    return _piece(trace.spans(), trace.left_out)


def _collected(trace_id: str, piece: _Piece) -> LargeTrace:
    trace = LargeTrace(trace_id)
    trace.left_out = piece.left_out
    for data in piece.batches:
        for batch in records.read(io.BytesIO(data)):
            trace.extend(batch)
    return trace


def judge(part: Iterable[tuple[str, _Piece]], selection: Selection) -> Totals:
    """Return the sums of some whole traces."""
    report = Report()
    for trace_id, piece in part:
        trace = _collected(trace_id, piece)
        spans = trace.spans()
        if selection.has(trace):
            report.add(Trace(trace_id, spans), left_out=trace.left_out, source=selection.source)
    return report.totals


def _added(one: Totals, other: Totals) -> Totals:
    add(one, other)
    return one
