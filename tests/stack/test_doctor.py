"""`overlap doctor` on the real road, whole and broken; and what a killed process took with it."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def doctor(demo):
    """A function that walks the road: what was found, by hop."""

    def doctor(**over):
        addresses = {
            "OVERLAP_APP_URL": demo.app_url,
            "OTEL_EXPORTER_OTLP_ENDPOINT": demo.otlp_url,
            "OVERLAP_TRACES_URL": demo.stack.url("jaeger"),
            "OVERLAP_PROMETHEUS_URL": demo.stack.url("prometheus"),
            "OVERLAP_LOKI_URL": demo.stack.url("loki") if demo.stack.has_loki else "none",
            "OVERLAP_GRAFANA_URL": "none",
            "OVERLAP_PAGE_URL": demo.servers["page"],
        }
        ended = subprocess.run(
            [sys.executable, "-m", "overlap", "doctor", "--json"],
            cwd=ROOT, env=os.environ | addresses | over, check=False,
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        found = json.loads(ended.stdout)
        assert ended.returncode == (0 if found["ok"] else 1)
        return {hop["hop"]: hop for hop in found["hops"]}

    return doctor


def test_the_road_is_whole(demo, doctor):
    """Every hop that this stack has is walked."""
    found = doctor()
    absent = {"grafana"} if demo.stack.has_loki else {"grafana", "logs"}
    assert {name for name, hop in found.items() if hop["state"] != "ok"} == absent, found


def test_pocket_in_jaegers_place_has_no_monitor(demo, doctor):
    """The collector of the tests sends traces to a pocket too: the rest of the road is the same."""
    found = doctor(OVERLAP_TRACES_URL=demo.pocket_url)
    assert found["monitor"]["state"] == "absent"
    assert found["exemplar"]["state"] == found["metrics"]["state"] == "ok", found


@pytest.mark.parametrize(
    ("server", "hop"),
    [
        ("collector", "collector"),
        ("jaeger", "traces"),
        ("prometheus", "metrics"),
        pytest.param("loki", "logs", marks=pytest.mark.loki),
    ],
)
def test_a_stopped_server_is_the_hop_that_is_named(demo, doctor, server, hop):
    """Each of them, stopped and started again."""
    demo.stack.stop(server)
    try:
        found = doctor()
    finally:
        demo.stack.start(server)
        demo.stack.wait(server)
    broken = [name for name, each in found.items() if each["state"] == "broken"]
    assert broken[0] == hop, found
    assert found[hop]["do"]


def test_a_task_whose_process_was_killed_raises_the_alert(demo, tmp_path, poll):
    """Killed a moment after it began, before any metric could say so: the next process tells."""
    rules = yaml.safe_load((ROOT / "otel" / "rules.yaml").read_text())
    (rule,) = [
        rule
        for group in rules["groups"]
        for rule in group["rules"]
        if rule.get("alert") == "BackgroundTaskLost"
    ]
    with _app(demo, tmp_path) as (process, url):
        httpx.get(f"{url}/async/", trust_env=False, timeout=60)
        process.send_signal(signal.SIGKILL)
        process.wait(20)

    def told(query):
        return [
            each for each in demo.query(query) if each["metric"]["service_name"] == "short-lived"
        ]

    with _app(demo, tmp_path):
        assert poll(lambda: told(rule["expr"]))
        firing = 'ALERTS{alertname="BackgroundTaskLost", alertstate="firing"}'
        assert poll(lambda: told(firing))
        (lost,) = told('overlap_background_ended_total{overlap_task_end="lost"}')
    assert lost["metric"]["overlap_task_name"] == "http_call_async"


@contextmanager
def _app(demo, folder):
    environment = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": demo.otlp_url,
        "OTEL_SERVICE_NAME": "short-lived",
        "OVERLAP_JOURNAL_DIR": str(folder / "journal"),
        "SMOKEHOUSE_TIME_SCALE": "1",  # its task lasts long enough to be killed
        "SMOKEHOUSE_UPSTREAM_URL": demo.servers["httpbin"] + "/",
    }
    with (folder / "app.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "uvicorn", "app.asgi:application", "--port=0"],
            cwd=ROOT, env=os.environ | environment, stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        yield process, _address(process, folder / "app.log")
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(20)


def _address(process, log):
    """Where uvicorn says that it listens, in its newest start."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        start = log.read_text().rpartition(f"Started server process [{process.pid}]")[2]
        if found := re.search(r"running on (http://[\d.:]+)", start):
            return found[1]
        time.sleep(0.1)
    raise AssertionError(log.read_text())
