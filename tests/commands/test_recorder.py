"""`overlap recorder`, run as a user runs it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.recording.conftest import TRACE, flight

__all__ = ["flight"]


def run(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "overlap", "recorder", *map(str, arguments)],
        capture_output=True,
        check=False,
        timeout=60,
        text=True,
        env={"PATH": "", "COLUMNS": "140", "PYTHONIOENCODING": "utf-8"},
    )


def test_a_recording_is_shown_with_its_slowest_requests_drawn(flight):
    """Why it was written, what happened, and the verdict on each drawn request."""
    done = run(flight)
    assert (done.returncode, done.stderr) == (0, "")
    for said in (
        "shop, process ",
        "a request was slow",
        "sleep views.py:8 in overcook",
        "GET /smoke/",
        TRACE,
        "To a thread and back",
        "default in lean-1_0",
        "the event loop was blocked for 150 ms at views.py:8 in overcook",
    ):
        assert said in done.stdout, done.stdout


def test_figures_traces_and_page(flight, tmp_path):
    """As JSON; as traces that `overlap verdict` judges; as one page that runs nothing."""
    out, page = tmp_path / "out.jsonl", tmp_path / "page.html"
    done = run(flight, "--json", "--traces", out)
    assert json.loads(done.stdout)["slowest"][0]["trace_id"] == TRACE
    judged = subprocess.run(
        [sys.executable, "-m", "overlap", "verdict", out, "--json"],
        capture_output=True,
        check=True,
        text=True,
    )
    assert json.loads(judged.stdout)["trace_id"] == TRACE
    assert run(flight, "--html", page).returncode == 0
    text = page.read_text("utf-8")
    assert "GET /smoke/" in text
    assert "<script" not in text


@pytest.mark.parametrize(
    ("name", "said"),
    [("gone.flight", "can't be read"), ("other.flight", "is no recording of overlap's flight")],
)
def test_what_can_not_be_read_is_one_sentence(tmp_path, name, said):
    """Exit code 2, and no traceback."""
    (tmp_path / "other.flight").write_bytes(b"something else")
    done = run(tmp_path / name)
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
