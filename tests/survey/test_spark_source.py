"""The survey by PySpark with the folder of the code: the grades and diffs of the local one."""

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

from overlap import names
from overlap.errors import OverlapError
from overlap.survey import Report
from tests.survey.conftest import otlp
from tests.survey.test_grades import AT_ONCE, FAILED, IN_A_ROW, REVERSED, VIEWS, view

OTHER = {names.CODE_FILE_PATH: "app/others.py", names.CODE_LINE_NUMBER: 1}
NEEDS = {names.CODE_FILE_PATH: "app/needs.py", names.CODE_LINE_NUMBER: 4}
REFUTED = {names.CODE_FILE_PATH: "app/atomic.py", names.CODE_LINE_NUMBER: 4}
PARTLY = (("get_user", 0, 100, "error"), ("get_news", 100, 250))


@pytest.fixture
def project(tmp_path):
    """A folder with a view that proves the advice, one that does not, and one that refutes it."""
    app = tmp_path / "project" / "app"
    app.mkdir(parents=True)
    (app / "views.py").write_text(VIEWS)
    (app / "needs.py").write_text(VIEWS.replace("get_news()", "get_news(user)"))
    (app / "atomic.py").write_text(
        VIEWS.replace("    user", "    async with atomic():\n        user").replace(
            "    news", "        news"
        )
    )
    return tmp_path / "project"


def traces():
    """Traces of routes whose advice is proven, seen, possible, or refuted."""
    found = [
        *(view(number, *IN_A_ROW) for number in range(1, 8)),
        *(view(number, *IN_A_ROW, parent="GET /seen", attributes=OTHER) for number in (8, 9)),
        *(view(number, *AT_ONCE, parent="GET /seen", attributes=OTHER) for number in (10, 11, 12)),
        view(13, *REVERSED, parent="GET /seen", attributes=OTHER),
        view(14, *PARTLY, parent="GET /seen", attributes=OTHER),
        view(15, *IN_A_ROW, parent="GET /needs", attributes=NEEDS),
        view(16, *FAILED, parent="GET /needs", attributes=NEEDS),
        view(17, *AT_ONCE, parent="GET /needs", attributes=NEEDS),
        view(18, *IN_A_ROW, parent="GET /atomic", attributes=REFUTED),
    ]
    return found


def lines():
    """Their spans as lines of OTLP, those of each trace far apart."""
    spans = [span for each in traces() for span in each.spans]
    random.Random(7).shuffle(spans)  # noqa: S311
    return [otlp([span]) for span in spans]


def local(folder):
    """The report of the same traces without Spark."""
    report = Report()
    for each in traces():
        report.add(each, source=folder)
    return report


def grades(document):
    """The evidence, the traces in which it was seen, and whether there is a diff, by route."""
    return {
        row["route"]: (row["evidence"], row["seen"], bool(row["diff"]))
        for row in document["begin_with"]
    }


GRADES = {
    "GET /": ("proven", 0, True),
    "GET /seen": ("seen", 4, False),
    "GET /needs": ("possible", 0, False),
}


@pytest.mark.spark
@pytest.mark.filterwarnings("ignore")  # PySpark's own
@pytest.mark.timeout(600)
def test_the_folder_of_the_code_proves_advice_by_spark_as_locally(spark, project):
    """Diffs, and the sums from which `seen` follows, for any number of partitions."""
    from overlap.survey.spark import survey as by_spark

    expected = local(project)
    rdd = spark.sparkContext.parallelize(lines(), 5)
    found = by_spark(rdd, source_dir=project)
    assert found == expected
    assert found.as_dict() == expected.as_dict()
    assert grades(found.as_dict()) == GRADES
    assert by_spark(rdd, source_dir=str(project), partitions=3) == expected
    assert by_spark(rdd) == local(None) != expected


@pytest.mark.spark
@pytest.mark.filterwarnings("ignore")  # PySpark's own
@pytest.mark.timeout(600)
def test_a_relative_folder_is_that_of_the_driver(spark, project, monkeypatch):
    """Workers started in another folder than the one that is current now."""
    from overlap.survey.spark import survey as by_spark

    monkeypatch.chdir(project.parent)
    assert not Path("/", project.name).exists()
    rdd = spark.sparkContext.parallelize(lines(), 2)
    assert by_spark(rdd, source_dir=project.name) == local(project)


@pytest.mark.spark
@pytest.mark.filterwarnings("ignore")  # PySpark's own
@pytest.mark.timeout(600)
def test_a_worker_without_the_folder_ends_the_survey(spark, tmp_path):
    """Its traces would prove nothing, and the report would not say so."""
    from overlap.survey.spark import survey as by_spark

    rdd = spark.sparkContext.parallelize(lines(), 2)
    with pytest.raises(OverlapError) as raised:
        by_spark(rdd, source_dir=tmp_path / "none")
    start = f"the folder of the code, '{tmp_path / 'none'}', is not on the worker "
    assert str(raised.value).startswith(start)
    assert "\n" not in str(raised.value)


@pytest.mark.spark
@pytest.mark.timeout(600)
def test_the_command_grades_by_spark_as_locally(tmp_path, project, spark):
    """With `--source`, relative to where the command runs."""
    text = lines()
    (tmp_path / "a.jsonl").write_text("\n".join(text[:20]))
    (tmp_path / "b.jsonl").write_text("\n".join(text[20:]))
    run = [sys.executable, "-m", "overlap", "survey", "--json", str(tmp_path / "*.jsonl")]
    run += ["--source", project.name]
    here, by_spark = (
        subprocess.run([*run, *more], capture_output=True, check=True, timeout=500, cwd=tmp_path)
        for more in ([], ["--spark", "local[2]"])
    )
    assert json.loads(by_spark.stdout) == json.loads(here.stdout)
    assert grades(json.loads(here.stdout)) == GRADES
