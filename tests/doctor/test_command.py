"""The command: lines, JSON, exit codes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest


@pytest.fixture
def doctor(config, tmp_path):
    """A function that starts the command in a folder without a project, for this setup."""

    def doctor(*options, **over):
        addresses = {
            "OVERLAP_APP_URL": config.app_url,
            "OTEL_EXPORTER_OTLP_ENDPOINT": config.otlp_endpoint,
            "OVERLAP_TRACES_URL": config.traces_url,
            "OVERLAP_GRAFANA_URL": "none",
        }
        return subprocess.Popen(
            [sys.executable, "-m", "overlap", "doctor", *options],
            cwd=tmp_path,
            env=os.environ | addresses | over,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return doctor


def end(running):
    out, err = running.communicate(timeout=60)
    return running.returncode, out, err


def test_a_whole_road_is_a_line_a_hop_and_0(doctor):
    """Plain text in a pipe: every hop by name, with its time; nothing on standard error."""
    status, out, err = end(doctor())
    assert (status, err) == (0, "")
    lines = out.splitlines()
    assert [line.split()[1] for line in lines[:-1]] == [
        "app", "collector", "traces", "sdk", "logs", "metrics", "exemplar", "monitor", "grafana",
        "page",
    ]  # fmt: skip
    assert all(" s  " in line for line in lines[:-1])
    assert lines[-1] == "All well: 4 hops checked, none broken."
    assert "\x1b" not in out


def test_a_broken_hop_is_named_with_what_to_do_and_1(doctor):
    """And the hops that can be looked at without it are."""
    status, out, err = end(doctor("--app-url", "http://127.0.0.1:9"))
    assert (status, err) == (1, "")
    assert out.startswith("broken  app")
    assert "what to do:  start it, or set OVERLAP_APP_URL" in out
    assert "ok      traces" in out
    assert out.endswith("The telemetry pipeline is broken at app.\n")


def test_json_is_one_object(doctor):
    """`ok`, the first broken hop, and every hop."""
    status, out, err = end(doctor("--json", OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9"))
    found = json.loads(out)
    assert (status, err) == (1, "")
    assert (found["ok"], found["broken"]) == (False, "collector")
    assert found["hops"][1].keys() == {"hop", "state", "seen", "do", "seconds"}
    assert [hop["state"] for hop in found["hops"][:3]] == ["ok", "broken", "skipped"]


@pytest.mark.parametrize(
    "options",
    [
        ["--app-url", "smokehouse"],
        ["--traces-url", "none"],
        ["--loki-url", "http://127.0.0.1:port"],
        ["--timeout", "0"],
        ["everything"],
    ],
)
def test_bad_usage_is_a_sentence_and_2(doctor, options):
    """An address that is none, a time that is none, an argument that nobody takes."""
    status, out, err = end(doctor(*options))
    assert (status, out) == (2, "")
    assert "Traceback" not in err
    assert err


def test_ctrl_c_ends_it(doctor, fake):
    """While a server lets it wait: at once, and without a traceback."""
    silent = fake()
    silent.hanging = True
    running = doctor(OVERLAP_APP_URL=silent.url)
    assert silent.asked.wait(30)
    began = time.monotonic()
    running.send_signal(signal.SIGINT)
    status, _, err = end(running)
    assert status == 130
    assert time.monotonic() - began < 4
    assert "Traceback" not in err


def test_addresses_of_the_project_are_read(doctor, tmp_path):
    """[tool.overlap] names what the environment does not."""
    (tmp_path / "pyproject.toml").write_text(
        '[tool.overlap]\nloki_url = "none"\nprometheus_url = "http://127.0.0.1:9/"\n'
    )
    status, out, _ = end(doctor("--json"))
    hops = {hop["hop"]: hop for hop in json.loads(out)["hops"]}
    assert status == 1
    assert hops["logs"]["state"] == "absent"
    assert "loki_url is" in hops["logs"]["seen"]
    assert hops["metrics"]["seen"].startswith("Prometheus does not answer at http://127.0.0.1:9")
