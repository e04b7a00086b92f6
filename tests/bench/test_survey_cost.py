"""`overlap bench survey`: what it measures, and its bounds."""

import json
import subprocess
import sys

from overlap.bench import survey_crisp
from overlap.bench.survey_cost import Cost, Run, missed
from overlap.bench.survey_crisp import Beside, Tool
from overlap.survey import survey
from overlap.trace import read


def test_a_small_measurement_has_every_figure():
    """One worker and two, in time and memory."""
    run = [sys.executable, "-m", "overlap", "bench", "survey", "--json", "--spans", "1000"]
    done = subprocess.run(run, capture_output=True, check=False, timeout=110)
    found = json.loads(done.stdout)
    assert done.returncode == bool(found["missed"])
    assert found["survey"]["spans"] == 1000
    assert [run["workers"] for run in found["survey"]["runs"]] == [1, 2]
    for each in found["survey"]["runs"]:
        assert each["wall_s"] > 0
        assert each["processor_s"] > 0
        assert each["peak_mb"] > 10


def test_each_bound_has_a_sentence():
    """What is within its bound is not named."""
    well = Cost(1000, 1.0, [Run(1, 10, 9.9, 200), Run(2, 5.5, 10, 300)])
    assert list(missed(well)) == []
    ill = Cost(1000, 1.0, [Run(1, 10, 10.1, 200), Run(2, 6, 10, 1001)])
    assert list(missed(ill)) == [
        "one worker took 10.1 times the parsing, more than 10",
        "two workers were 1.67 times as fast as one, less than 1.7",
        "a survey held 1,001 MB, more than 1,000",
    ]
    ahead = Beside(1000, 100, Tool(0.5, 1), Tool(2, 5), 0.5)
    assert survey_crisp.missed(ahead) == []
    assert (ahead.ahead, round(ahead.ahead_running, 6)) == (5, 6)
    behind = Beside(1000, 100, Tool(0.5, 1), Tool(2, 4.9), 1.5)
    assert len(survey_crisp.missed(behind)) == 2


def test_the_files_for_crisp_have_the_paths_that_its_output_is_compared_with():
    """Calls one after another: the sums of a trace are those that CRISP prints for it."""
    (trace,) = read(json.dumps(survey_crisp._trace(0)).encode())
    rows = survey([trace]).as_dict()["routes"][0]["self_time"]
    mine = {tuple(row["path"]): row["s"] * 1e6 for row in rows}
    printed = (
        "[bench] GET /;[bench] call 0 2400 <<3>>\n[bench] GET / 2800 <<1>>\n"
        "[bench] GET /;[bench] call 1 2400 <<3>>\n[bench] GET /;[bench] call 2 2400 <<3>>\n"
    )
    assert survey_crisp._crisp_paths(printed) == mine
