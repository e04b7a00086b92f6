"""A real worker, and beat: told apart, set up after the fork, and with their traces whole."""

import os
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager

import httpx
import psutil
import pytest

from app.scenarios import SCENARIOS

BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}
WORKER = "smokehouse-worker"
WITHIN_S = 60.0
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(300),
]  # the first waits for all of the demo to start


def until(check, what):
    deadline = time.monotonic() + WITHIN_S
    while time.monotonic() < deadline:
        if value := check():
            return value
        time.sleep(0.1)
    pytest.fail(f"not in {WITHIN_S:.0f} s: {what}")


def spans_of(demo, service):
    """Every span of the traces that a service took part in, as Jaeger's API has them."""
    query = {"query.serviceName": service, "query.searchDepth": "200"}
    query |= {"query.startTimeMin": "2020-01-01T00:00:00Z"}
    query |= {"query.startTimeMax": "2100-01-01T00:00:00Z"}
    answer = httpx.get(
        f"{demo.traces_url}/api/v3/traces", params=query, trust_env=False, timeout=20
    )
    if answer.status_code == 404:
        return []
    return [
        (_attributes(resource["resource"]), span)
        for resource in answer.json()["result"]["resourceSpans"]
        for scope in resource["scopeSpans"]
        for span in scope["spans"]
    ]


def _attributes(holder):
    return {
        item["key"]: next(iter(item["value"].values())) for item in holder.get("attributes", ())
    }


def test_processes_of_the_worker_are_told_apart(demo):
    """The work in processes of its own, each with its pid; the mark from the worker's own."""
    result = demo.play(BY_NAME["task_revoked"])
    assert result.problems == []
    worker = [span for span in result.trace.spans if span.service == WORKER]
    runs = {span.resource["process.pid"] for span in worker if span.name.startswith("run/")}
    marks = {span.resource["process.pid"] for span in worker if span.name.startswith("revoke/")}
    assert len(marks) == 1
    assert not runs & marks
    pairs = {(s.resource["process.pid"], s.resource["service.instance.id"]) for s in worker}
    assert len({instance for _, instance in pairs}) == len(pairs)


def test_process_that_takes_the_place_of_another_is_traced_too(demo):
    """After one was killed with its task, the next tasks' spans are all there."""
    assert demo.play(BY_NAME["task_revoked"]).problems == []
    pids = set()
    for _ in range(3):
        result = demo.play(BY_NAME["durable"])
        assert result.problems == []
        pids |= {s.resource["process.pid"] for s in result.trace.spans if s.service == WORKER}
    assert pids


def test_tasks_show_as_what_they_are(demo):
    """Tried again with a reason, failed with an exception, done: on the runs' own spans."""
    retried = demo.play(BY_NAME["task_retried"]).trace.spans
    runs = sorted(
        (span for span in retried if span.name == "run/app.tasks.season"),
        key=lambda span: span.start_ns,
    )
    assert [span.attributes["celery.state"] for span in runs] == ["RETRY", "RETRY", "SUCCESS"]
    assert ["celery.retry.reason" in span.attributes for span in runs] == [True, True, False]
    assert [span.attributes.get("celery.retries", 0) for span in runs] == [0, 1, 2]
    assert [bool(span.events) for span in runs] == [True, True, False]
    (failed,) = (
        span
        for span in demo.play(BY_NAME["task_failed"]).trace.spans
        if span.name == "run/app.tasks.set_fire"
    )
    assert failed.status == "error"
    assert failed.status_message == "the smoker is on fire"
    assert failed.events[0].attributes["exception.type"] == "RuntimeError"


def test_kill_is_refused_where_nobody_starts_the_app_again(start_app):
    """Without SMOKEHOUSE_ALLOW_KILL the route is not there; with it, not by GET."""
    with start_app("app.settings", SMOKEHOUSE_ALLOW_KILL="0") as careful:
        assert httpx.post(f"{careful.app_url}/kill/", trust_env=False).status_code == 404
        assert httpx.get(f"{careful.app_url}/kill/", trust_env=False).status_code == 405


@contextmanager
def celery(demo, log, *command, **environment):
    """Celery with a broker of its own, until the block ends."""
    road = {"OTEL_EXPORTER_OTLP_ENDPOINT": demo.otlp_url, "DJANGO_SETTINGS_MODULE": "app.settings"}
    road |= {"SMOKEHOUSE_UPSTREAM_URL": f"{demo.httpbin_url}/"}
    with log.open("wb") as output:
        running = subprocess.Popen(
            [sys.executable, "-m", "celery", "-A", "app.celery", *command],
            env=os.environ | road | environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield running
    finally:
        running.terminate()
        running.wait(30)


def test_each_run_of_beat_is_a_trace_of_its_own(demo, tmp_path):
    """Beat's sending is a root; the worker's run below it cleans the database."""
    broker = {"SMOKEHOUSE_BROKER_URL": f"folders://localhost{tmp_path}/broker"}
    with (
        celery(demo, tmp_path / "worker.log", "worker", "-c", "1", **broker),
        celery(demo, tmp_path / "beat.log", "beat", **broker, SMOKEHOUSE_CLEAN_EVERY_S="1"),
    ):
        until(
            lambda: (
                len({s["traceId"] for _, s in cleaned(demo) if s["name"] == "run/app.tasks.clean"})
                >= 2
            ),
            "two runs",
        )
    traces = {}
    for resource, span in cleaned(demo):
        traces.setdefault(span["traceId"], []).append((resource["service.name"], span))
    whole = [each for each in traces.values() if len(each) > 2]
    assert len(whole) >= 2
    for spans in whole:
        ((service, root),) = ((s, span) for s, span in spans if not span.get("parentSpanId"))
        assert (service, root["name"]) == ("smokehouse-beat", "apply_async/app.tasks.clean")
        assert any(span["name"] == "SELECT smokehouse_booking" for _, span in spans)


def cleaned(demo):
    return spans_of(demo, "smokehouse-beat")


@pytest.fixture
def redis(tmp_path, free_port):
    """A Redis of the test's own."""
    server = shutil.which("redis-server")
    assert server, "no redis-server (Debian: redis-server)"
    port = free_port()
    command = [server, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", tmp_path]
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    yield f"redis://127.0.0.1:{port}"
    running.terminate()
    running.wait(20)


def test_over_redis_it_is_the_same(start_app, demo, redis, tmp_path):
    """The stack's broker: one trace into the worker, retries, and a task that is called off."""
    broker = {"SMOKEHOUSE_BROKER_URL": f"{redis}/0", "SMOKEHOUSE_RESULT_URL": f"{redis}/1"}
    with (
        celery(demo, tmp_path / "worker.log", "worker", **broker) as worker,
        start_app("app.settings", **broker) as app,
    ):
        for name in ("durable", "task_retried", "task_revoked"):
            assert app.play(BY_NAME[name]).problems == []
        mine = {each.pid for each in psutil.Process(worker.pid).children()} | {worker.pid}
        spans = app.play(BY_NAME["durable"]).trace.spans
        assert {s.resource["process.pid"] for s in spans if s.service == WORKER} <= mine
