"""The same survey on Spark, where one machine is not enough: `pip install django-overlap[spark]`.

Spark's own shuffle brings the spans of a trace together; each trace is judged, and the sums are
added up in a tree. The functions are those that a local survey calls, so that the report is the
same, to the last digit. Of a trace with very many spans each executor keeps the first only, before
and after the shuffle: no task holds more than `largest.MOST_SPANS` of it, and twice that for a
moment.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterable, Iterator
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
Session = Any

COLUMN = "value"
"""What `spark.read.text` and Spark's Kafka source call their column."""
_LOCAL: dict[str, Any] = {
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.ui.enabled": "false",
}
"""Of a master on this machine: no network but loopback."""
_BATCH = 10_000
"""Spans that are grouped before they are sent to the shuffle."""


def survey(
    source: Rdd | DataFrame,
    *,
    column: str = COLUMN,
    start_ns: int | None = None,
    end_ns: int | None = None,
    partitions: int | None = None,
) -> Report:
    """Return the report of traces that Spark reads.

    source: an RDD of lines of OTLP JSON, as text or bytes, or of whole messages in any format that
        `overlap verdict` reads, as bytes; or a DataFrame with these in `column`, such as that of
        `spark.read.text`, of Parquet, or of Kafka. The spans of one trace may be in any of them.
    start_ns, end_ns: only traces that began in this time.
    partitions: of the shuffle; by default as many as the source has.
    """
    return survey_and_count(source, column, Selection(start_ns, end_ns), partitions)[0]


def survey_and_count(
    source: Rdd | DataFrame, column: str, selection: Selection, partitions: int | None
) -> tuple[Report, int]:
    """Return the report, and how many lines or messages could not be read."""
    lines = _lines(source, column)
    unread = lines.context.accumulator(0)

    def packed(part: Iterable[Any]) -> Iterator[tuple[str, _Piece]]:
        return pieces(part, unread.add)

    def judged(part: Iterable[tuple[str, _Piece]]) -> Iterator[Totals]:
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
    return Report(totals), unread.value


def _lines(source: Rdd | DataFrame, column: str) -> Rdd:
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
            for span in batch:
                trace.add(span)
    return trace


def judge(part: Iterable[tuple[str, _Piece]], selection: Selection) -> Totals:
    """Return the sums of some whole traces."""
    report = Report()
    for trace_id, piece in part:
        trace = _collected(trace_id, piece)
        spans = trace.spans()
        if selection.has(trace):
            report.add(Trace(trace_id, spans), left_out=trace.left_out)
    return report.totals


def _added(one: Totals, other: Totals) -> Totals:
    add(one, other)
    return one


def session(master: str) -> Session:
    """Return a session on a master such as `local[2]` or `spark://host:7077`.

    Raise OverlapError where Spark or its Java is missing.
    """
    try:
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession
    except ImportError:
        raise OverlapError("--spark needs PySpark: pip install 'django-overlap[spark]'") from None
    if master.startswith("local"):
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # else the first on PATH
    try:
        found = (
            SparkSession.builder.master(master)
            .appName("overlap survey")
            .config("spark.ui.showConsoleProgress", "false")
            .config(map=_LOCAL if master.startswith("local") else {})
            .getOrCreate()
        )
    except (PySparkException, OSError) as error:
        raise OverlapError(
            f"Spark did not start on {master} (it needs Java 17 or newer): {_line(error)}"
        ) from None
    found.sparkContext.setLogLevel("ERROR")
    return found


def read(spark: Session, sources: Iterable[str], column: str = COLUMN) -> Rdd:
    """Return the lines of files, folders and patterns, in whatever file system Spark knows.

    A name that ends in `.parquet` is Parquet, with OTLP in `column`; all else is lines of text.
    """
    context = spark.sparkContext
    found = [
        _lines(spark.read.parquet(source), column)
        if source.rstrip("/").endswith(".parquet")
        else context.textFile(source, use_unicode=False)
        for source in sources
    ]
    return context.union(found)


def run(master: str, sources: Iterable[str], selection: Selection, say: Any) -> tuple[Report, int]:
    """Return the report of sources that Spark reads, and how many lines could not be read."""
    say(f"starting Spark on {master}")
    spark = session(master)
    try:
        from pyspark.errors import PySparkException

        try:
            say("Spark reads and judges")
            return survey_and_count(read(spark, sources), COLUMN, selection, None)
        except PySparkException as error:
            raise OverlapError(f"Spark failed: {_line(error)}") from None
        except Exception as error:
            if type(error).__module__.partition(".")[0] != "py4j":
                raise
            raise OverlapError(f"Spark failed: {_line(error)}") from None
    finally:
        spark.stop()


def _line(error: Exception) -> str:
    """Return the first lines of an error's text as one: Spark adds its Java stack."""
    return " ".join(str(error).split("\n\tat ")[0].split())[:300]
