"""`overlap recorder`, run as a user runs it."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from html import unescape

import httpx
import pytest

from overlap.recorder import layout
from tests.recording.conftest import TRACE, flight

__all__ = ["flight"]


def run(*arguments, columns=140):
    return subprocess.run(
        [sys.executable, "-m", "overlap", "recorder", *map(str, arguments)],
        capture_output=True,
        check=False,
        timeout=60,
        text=True,
        env={"PATH": "", "COLUMNS": str(columns), "PYTHONIOENCODING": "utf-8"},
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


def test_a_narrow_terminal_keeps_a_request_on_one_line(flight):
    """A trace id is cut to its first digits there, so that the other columns have room."""
    done = run(flight, "--draw", 0, columns=80)
    (line,) = [line for line in done.stdout.splitlines() if TRACE[:8] in line]
    assert "GET /smoke/" in line
    assert TRACE not in done.stdout


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


def test_the_page_needs_no_backend(flight):
    """It shows each request with its verdict, at the address that is printed; Ctrl-C ends it."""
    command = [sys.executable, "-u", "-m", "overlap", "recorder", str(flight), "--page"]
    env = {"PATH": "", "PYTHONIOENCODING": "utf-8"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env) as page:
        try:
            printed = [page.stdout.readline() for _ in range(5)]
            assert printed[0].startswith("1 request of 'shop', process ")
            happened = httpx.get(printed[1].split()[-1], trust_env=False, timeout=30).text
            assert "default in lean-1_0" in happened
            url = printed[2].split()[-1]
            assert url.endswith(f"/trace/{TRACE}")
            text = httpx.get(url, trust_env=False, timeout=30).text
            assert "GET /smoke/" in text
            assert "the event loop was blocked for 150 ms at views.py:8 in overcook" in unescape(
                text
            )
            assert TRACE in httpx.get(printed[3].split()[-1], trust_env=False, timeout=30).text
            page.send_signal(signal.SIGINT)
            assert page.wait(30) == 0
        finally:
            page.kill()


@pytest.mark.parametrize("arguments", [("--page",), ("--page", "--port", "IN_USE")])
def test_a_page_that_can_not_be_served_is_one_sentence(flight, tmp_path, arguments):
    """Nothing to show, or a port in use."""
    empty = tmp_path / "empty.flight"
    content = bytearray(flight.read_bytes())
    content[layout.FIRST] = 0  # the request's begin
    empty.write_bytes(content)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        given = [port if each == "IN_USE" else each for each in arguments]
        done = run(flight if "IN_USE" in arguments else empty, *given)
    said = "is in use" if "IN_USE" in arguments else "has no request whose begin is in it"
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


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
