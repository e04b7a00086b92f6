"""A Spark session, and what `overlap survey --spark` reads with it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from typing import Any

from overlap.errors import OverlapError
from overlap.survey.report import Report
from overlap.survey.shuffle.judging import Selection
from overlap.survey.spark import COLUMN, Rdd, lines_of, survey_and_count

Session = Any
_LOCAL: dict[str, Any] = {
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.ui.enabled": "false",
}
"""Of a master on this machine: no network but loopback."""


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
        lines_of(spark.read.parquet(source), column)
        if source.rstrip("/").endswith(".parquet")
        else context.textFile(source, use_unicode=False)
        for source in sources
    ]
    return context.union(found)


def run(
    master: str, sources: Iterable[str], selection: Selection, say: Callable[[str], None]
) -> tuple[Report, int]:
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
