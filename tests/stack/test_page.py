"""`overlap page` over the real Jaeger: verdicts, the survey by route, and a lesson played."""

import os
import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def page(demo):
    """The address of the page over Jaeger."""
    environment = os.environ | {
        "OVERLAP_TRACES_URL": demo.stack.url("jaeger"),
        "OVERLAP_APP_URL": demo.app_url,
        "OTEL_EXPORTER_OTLP_ENDPOINT": demo.otlp_url,
        "OVERLAP_GRAFANA_URL": "none",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "overlap", "page", "--port=0"],
        cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    lines = [process.stdout.readline() for _ in range(3)]
    yield re.search(r"page +(http://\S+)", "".join(lines))[1]
    process.terminate()
    output, _ = process.communicate(timeout=15)
    assert process.returncode == 0, output
    assert "Traceback" not in output


def get(url, path, **params):
    """The text of one of its pages."""
    answer = httpx.get(url + path, params=params, trust_env=False, timeout=30)
    assert answer.status_code == 200, answer.text[-500:]
    return answer.text


@pytest.fixture(scope="module")
def lesson(demo):
    """The trace id of a lesson that Jaeger has."""
    from app.scenarios import SCENARIOS

    by_name = {scenario.name: scenario for scenario in SCENARIOS}
    result = demo.play(by_name["burn_some_meats"])
    assert result.problems == []
    return result.trace_id


def test_a_trace_of_jaeger_has_its_verdict(page, demo, lesson):
    """Its shape, its culprit, its critical path; and the link back to Jaeger."""
    text = get(page, f"/trace/{lesson}")
    assert "shape-blocking" in text
    assert "oversmoke" in text
    assert "Critical path" in text
    assert f"{demo.stack.url('jaeger')}/trace/{lesson}" in text


def test_routes_is_the_survey_of_jaegers_traces(page, lesson, poll):
    """A moment later; the list of traces is filtered by the same."""
    poll(lambda: "GET /burn_some_meats/" in get(page, "/routes"))
    assert "in oversmoke" in get(page, "/routes")
    filters = {"route": "GET /burn_some_meats/", "shape": "blocking"}
    poll(lambda: f"/trace/{lesson}" in get(page, "/traces", **filters))


def test_a_lesson_is_played_from_the_page(page, poll):
    """Through the collector, and judged by what Jaeger has of it."""
    poll(lambda: 'action="/lessons/sync/play"' in get(page, "/"))
    answer = httpx.post(f"{page}/lessons/sync/play", trust_env=False)
    assert answer.status_code == 303
    poll(lambda: "As expected" in get(page, "/lessons/sync"))
