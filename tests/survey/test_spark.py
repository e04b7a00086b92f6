"""The survey by PySpark, in local[2]: equal to the local one (docs/how-to/survey.md)."""

import json
import random
import subprocess
import sys

import pytest

from overlap.errors import OverlapError
from overlap.survey import survey
from overlap.survey.shuffle.judging import Selection
from overlap.survey.summing import largest
from overlap.trace import Trace
from tests.survey.conftest import delayed_by, otlp, request, span, trace


def lines():
    """Lines of OTLP: the spans of each trace are far apart, and one block has victims."""
    spans = []
    for number in range(1, 60):
        attributes = delayed_by(1, 9, 12.5) if number % 3 == 0 else {}
        spans += request(number, 20 + number, attributes=attributes)
    spans.append(span(1, 9, "event_loop.blocked", 0, 200, 1))
    random.Random(5).shuffle(spans)  # noqa: S311
    return spans, [otlp([each]) for each in spans]


def expected(spans):
    return survey(
        trace([each for each in spans if each.trace_id == one])
        for one in {each.trace_id for each in spans}
    )


# --- its parts, without Spark ----------------------------------------------------------------


def test_pieces_that_are_joined_in_any_order_are_the_whole():
    """What is mapped, joined and judged is what a local survey finds."""
    from overlap.survey import Report
    from overlap.survey.spark import join, judge, pieces

    spans, text = lines()
    found = {}
    for part in (text[40:], text[:40]):
        for trace_id, piece in pieces(part, pytest.fail):
            found[trace_id] = join(found[trace_id], piece) if trace_id in found else piece
    assert Report(judge(found.items(), Selection())) == expected(spans)


def test_a_skewed_trace_is_cut_before_and_after_the_shuffle(monkeypatch):
    """However large the trace is, no more than twice the limit of it is held; the rest counts."""
    from overlap.survey import Report
    from overlap.survey.spark import join, judge, pieces

    monkeypatch.setattr(largest, "MOST_SPANS", 10)
    spans = [span(1, 1, "GET /", 0, 5000, kind="server")]
    spans += [span(1, 2 + number, "tick", number * 9, number * 9 + 8, 1) for number in range(500)]
    whole = None
    for each in spans[::-1]:
        ((trace_id, piece),) = pieces([otlp([each])], pytest.fail)
        whole = piece if whole is None else join(whole, piece)
        assert whole.count < 20
    report = Report(judge([(trace_id, whole)], Selection()))
    assert report == survey([Trace(trace_id, tuple(spans))])
    assert report.as_dict()["spans_left_out"] == 491


def test_a_line_that_is_no_otlp_is_counted():
    """An empty line is none; a value that is missing is neither."""
    from overlap.survey.spark import pieces

    unread = []
    assert [*pieces(["{not json", None, b"\x99\x99"], unread.append)] == []
    assert unread == [1, 1]


# --- with Spark ------------------------------------------------------------------------------


@pytest.mark.spark
@pytest.mark.filterwarnings("ignore")  # PySpark's own
@pytest.mark.timeout(600)
def test_the_report_of_an_rdd_a_dataframe_and_parquet_equals_the_local_one(spark, tmp_path):
    """To the last digit, for any number of partitions."""
    from overlap.survey.spark import survey as by_spark

    spans, text = lines()
    local = expected(spans)
    assert by_spark(spark.sparkContext.parallelize(text, 5)) == local
    frame = spark.createDataFrame([(line,) for line in text], ["value"])
    assert by_spark(frame, partitions=3) == local
    frame.withColumnRenamed("value", "body").write.parquet(str(tmp_path / "spans.parquet"))
    parquet = spark.read.parquet(str(tmp_path / "spans.parquet"))
    assert by_spark(parquet, column="body") == local
    with pytest.raises(OverlapError, match="there is no column 'value' in the data, only body"):
        by_spark(parquet)
    assert by_spark(spark.sparkContext.emptyRDD()) == survey([])


@pytest.mark.spark
@pytest.mark.filterwarnings("ignore")  # PySpark's own
@pytest.mark.timeout(900)
def test_a_trace_of_a_million_spans_does_not_kill_an_executor(spark):
    """It is all of the input, in 20 partitions: its first spans are judged, in bounded memory."""
    from overlap.survey.spark import survey as by_spark

    def line(number):  # nested, so that it is sent to the workers whole
        spans = [
            {
                "traceId": "a" * 32,
                "spanId": f"{number * 100 + place + 1:016x}",
                "parentSpanId": "" if not number + place else f"{1:016x}",
                "name": f"tick {place % 7}" if number + place else "GET /",
                "kind": 1 if number + place else 2,
                "startTimeUnixNano": str(1_700_000_000_000_000_000 + number * 100 + place),
                "endTimeUnixNano": str(1_700_000_001_000_000_000 + number * 100 + place),
            }
            for place in range(100)
        ]
        return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]})

    def most_memory(_):
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    context = spark.sparkContext
    document = by_spark(context.range(0, 10_000, numSlices=20).map(line)).as_dict()
    assert (document["traces"], document["spans"]) == (1, largest.MOST_SPANS)
    assert document["spans_left_out"] == 1_000_000 - largest.MOST_SPANS
    assert [row["route"] for row in document["routes"]] == ["GET /"]
    # Spark keeps its Python processes: those that did the work answer.
    most_kb = context.range(0, 8, numSlices=8).map(most_memory).max()
    assert most_kb < 1_000_000, f"a task held {most_kb:,} KB"


@pytest.mark.spark
@pytest.mark.timeout(600)
def test_the_command_prints_the_same_json_by_spark(tmp_path, spark):
    """And names how many lines could not be read."""
    _, text = lines()
    (tmp_path / "a.jsonl").write_text("\n".join(text[:50]))
    (tmp_path / "b.jsonl").write_text("\n".join(text[50:]))
    run = [sys.executable, "-m", "overlap", "survey", "--json", str(tmp_path / "*.jsonl")]
    local, spark_s = (
        subprocess.run([*run, *more], capture_output=True, check=True, timeout=500)
        for more in ([], ["--spark", "local[2]"])
    )
    assert json.loads(spark_s.stdout) == json.loads(local.stdout)
    (tmp_path / "c.jsonl").write_text("nothing\n")
    again = subprocess.run(
        [*run, "--spark", "local[2]"], capture_output=True, check=True, timeout=500
    )
    assert json.loads(again.stdout)["unread"] == ["1 line is no OTLP, or not whole"]
