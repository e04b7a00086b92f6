import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from overlap.cli import group

PLAY = [sys.executable, "-m", "overlap", "play"]


@pytest.fixture
def play(environment, tmp_path):
    """Run `overlap play` in a folder of no project, to its end."""

    def run(*args: str, **changes: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*PLAY, *args],
            env={**environment, **changes},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


def test_json_is_the_contract_and_nothing_else(play):
    """Standard output is one object: scenarios in the order named, what was expected and seen."""
    done = play("--json", "serial", "gather")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["ok"] is True
    assert told.keys() == {"ok", "scenarios", "skipped", "predictions"}
    assert [scenario["name"] for scenario in told["scenarios"]] == ["serial", "gather"]
    gather = told["scenarios"][1]
    assert {"name", "ok", "expected", "trace_id", "url", "verdict"} <= gather.keys()
    assert gather["expected"] == {
        "shapes": ["concurrent"],
        "never": ["serial"],
        "stages": [["boil", "chop"]],
        "overlap_factor": [1.2, 2.0],
    }
    assert gather["verdict"]["trace_id"] == gather["trace_id"]
    assert gather["url"].endswith(f"/trace/{gather['trace_id']}")


def test_a_scenario_that_does_not_show_what_it_expects_is_exit_1(play):
    """Picture, sentence, reason, URL and the problem are told; so is the sum of all."""
    done = play("gather", "disappointing")
    assert done.returncode == 1
    text = " ".join(done.stdout.split())
    assert "✓ Two steps at once gather" in text
    assert "✗ Not what it says disappointing" in text
    assert "∥ concurrent" in text
    assert "Neither needs the other." in text
    assert "✗ expected the shape concurrent, which is missing" in text
    assert text.count("/trace/") == 4
    assert text.endswith("1 of 2 scenarios showed what they expect")
    assert "\x1b" not in done.stdout + done.stderr


@pytest.fixture
def listed(environment, monkeypatch):
    """Run `overlap play --list` in this process: it asks nobody anything."""
    monkeypatch.syspath_prepend(environment["PYTHONPATH"])

    def run(*args: str) -> str:
        done = CliRunner().invoke(group, ["play", "--list", *args], env=environment)
        assert done.exception is None
        return done.stdout

    return run


def test_the_list_says_what_there_is_to_play(listed):
    """Names, titles, requests and pairs, for a reader and for a program."""
    line = next(line for line in listed().splitlines() if line.startswith("gather"))
    assert line.split() == ["gather", "Two", "steps", "at", "once", "GET", "/gather/", "serial"]
    scenarios = json.loads(listed("--json"))["scenarios"]
    assert scenarios[0]["name"] == "gather"
    assert scenarios[0]["routes"] == ["GET /gather/", "GET /"]
    assert scenarios[0]["pair"] == "serial"


def test_an_unknown_scenario_is_one_sentence_with_what_is_near(play):
    """Exit 2, and nothing is played."""
    done = play("gahter")
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == "overlap: there is no scenario 'gahter': did you mean gather?\n"


def test_an_app_that_can_not_be_reached_is_exit_2(play, dead_url):
    """One sentence, with the address."""
    done = play("gather", "--app-url", dead_url)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith(f"overlap: the app does not answer at {dead_url} ")


def test_ctrl_c_ends_a_scenario_at_once(environment, tmp_path):
    """On a terminal with a live display too: exit 130, no traceback, nothing left hanging."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*PLAY, "slow"], env=environment, cwd=tmp_path, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    try:
        seen = read_until(ours, b"in flight", 30)
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 130
        seen += read_until(ours, b"", 5)
    finally:
        process.kill()
        process.wait(10)
        os.close(ours)
    assert b"slow" in seen
    assert b"Traceback" not in seen


def read_until(terminal: int, words: bytes, within_s: float) -> bytes:
    """What the terminal shows until these words are there, or to its end without words."""
    seen, deadline = b"", time.monotonic() + within_s
    while time.monotonic() < deadline and not (words and words in seen):
        ready, _, _ = select.select([terminal], [], [], 0.1)
        try:
            data = os.read(terminal, 65536) if ready else b"\0"
        except OSError:  # Linux says EIO where the other side is gone
            data = b""
        if not data:
            break
        seen += data if ready else b""
    assert words in seen, seen
    return seen


def test_no_scenarios_at_all_is_one_sentence(play):
    """Where none are named, the reader learns how to name them."""
    done = play(OVERLAP_SCENARIOS="")
    assert done.returncode == 2
    assert "no scenarios" in done.stderr
    assert Path(done.args[0]).exists()
