"""`overlap verdict`, run as a user runs it."""

import gzip
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

TRACE = "0af7651916cd43dd8448eb211c80319c"


def run(*arguments: str, stdin: bytes = b"", **env: str) -> subprocess.CompletedProcess[bytes]:
    """Run the command with nothing in its environment but what is given."""
    return subprocess.run(
        [sys.executable, "-m", "overlap", "verdict", *arguments],
        input=stdin,
        capture_output=True,
        check=False,
        timeout=60,
        env={"PATH": "", "COLUMNS": "100", **env},
    )


def message(trace_id: str = TRACE, name: str = "smoke") -> dict[str, Any]:
    """A view that smokes and sauces at once."""

    def span(span_id: str, called: str, end_ms: int, parent: str = "") -> dict[str, Any]:
        return {
            "traceId": trace_id,
            "spanId": span_id * 16,
            "parentSpanId": parent * 16,
            "name": called,
            "startTimeUnixNano": "1000000",
            "endTimeUnixNano": str(1_000_000 * (end_ms + 1)),
        }

    made = [span("1", "GET /", 30), span("2", name, 20, "1"), span("3", "sauce", 10, "1")]
    return {"resourceSpans": [{"scopeSpans": [{"spans": made}]}]}


@pytest.fixture
def backend() -> Iterator[str]:
    """A server that knows one trace, on a free port; yields its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known = self.path == f"/api/v3/traces/{TRACE}"
            self.send_response(200 if known else 404)
            self.end_headers()
            self.wfile.write(json.dumps({"result": message()} if known else {}).encode())

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_file_is_judged_and_drawn(tmp_path: Path) -> None:
    """A picture, the shapes, a sentence and the group's figures."""
    path = tmp_path / "trace.json"
    path.write_text(json.dumps(message()))
    done = run(str(path))
    shown = done.stdout.decode()
    assert (done.returncode, done.stderr) == (0, b"")
    assert f"concurrent  {TRACE}" in shown
    assert "sauce and smoke ran at once, 1.50 times the work in the same time." in shown
    assert "critical path" in shown


def test_advice_is_shown_with_its_gain_and_its_condition() -> None:
    """Two steps in a row could run at once; two that already do have nothing to change."""
    row = message()
    steps = row["resourceSpans"][0]["scopeSpans"][0]["spans"]
    steps[2] |= {"startTimeUnixNano": "21000000", "endTimeUnixNano": "31000000"}
    shown = " ".join(
        run("-", stdin=json.dumps(row).encode(), COLUMNS="200").stdout.decode().split()
    )
    assert (
        "advice gather smoke and sauce: GET / takes 20 ms instead of 30 ms, "
        "if sauce does not need what smoke returns" in shown
    )
    assert b"advice" not in run("-", stdin=json.dumps(message()).encode()).stdout


def test_each_trace_of_standard_input_is_a_line_of_json() -> None:
    """With --json, JSON Lines: one verdict a trace, in order."""
    lines = [json.dumps(message()), json.dumps(message("e" * 32))]
    done = run("-", "--json", stdin="\n".join(lines).encode())
    assert done.returncode == 0
    first, second = (json.loads(line) for line in done.stdout.splitlines())
    assert (first["trace_id"], second["trace_id"]) == (TRACE, "e" * 32)
    assert first["groups"] == [
        {
            "parent": "GET /",
            "parent_id": "1" * 16,
            "stages": [["sauce", "smoke"]],
            "overlap_factor": 1.5,
            "peak": 2,
            "wall_ms": 20.0,
            "work_ms": 30.0,
            "critical_path": ["smoke"],
            "parent_ms": 30.0,
            "shape": "concurrent",
            "stage_ids": [["3" * 16, "2" * 16]],
            "critical_path_ids": ["2" * 16],
            "evidence": "timing",
        }
    ]
    assert list(first) == [
        "trace_id", "shapes", "groups", "background", "blocked", "offloaded", "lost",
        "cancelled", "handed", "requests", "warnings", "why",
        "critical_path", "self_time", "advice", "uncovered_ms", "evidence",
    ]  # fmt: skip


def test_a_trace_id_is_fetched_from_the_backend(backend: str) -> None:
    """From --traces-url, or from where OVERLAP_TRACES_URL says."""
    for done in (
        run(TRACE, "--json", "--traces-url", backend),
        run(TRACE, "--json", OVERLAP_TRACES_URL=backend),
    ):
        assert json.loads(done.stdout)["shapes"] == ["concurrent"]
    unknown = run("e" * 32, "--traces-url", backend)
    assert unknown.returncode == 2
    assert unknown.stderr.decode().strip() == (
        f"overlap: the trace backend at {backend} has no trace {'e' * 32}"
    )


@pytest.mark.parametrize(
    ("argument", "stdin", "complaint"),
    [
        ("no such file", b"", "'no such file' is neither a file nor a trace id"),
        ("x" * 5000, b"", "is neither a file nor a trace id"),
        ("-", b"", "standard input: it is empty"),
        ("-", b"hello", "standard input: it is neither JSON nor OTLP protobuf"),
        ("-", b'{"resourceSpans":[]}', "standard input: there is no span in it"),
        ("/", b"", "/ can't be read: Is a directory"),
    ],
)
def test_unreadable_input_is_one_sentence_and_2(
    argument: str, stdin: bytes, complaint: str
) -> None:
    """Nothing on standard output, one line on standard error, exit code 2."""
    done = run(argument, stdin=stdin)
    assert (done.returncode, done.stdout) == (2, b"")
    assert complaint in done.stderr.decode()
    assert done.stderr.count(b"\n") == 1


def test_names_cannot_act_on_the_terminal() -> None:
    """Escape sequences, rich's markup and characters the terminal lacks come out as plain text."""
    evil = "\x1b]0;owned\x07\x1b[2J[bold red]é\u202e\ud800"
    for encoding in ("utf-8", "ascii"):
        done = run("-", stdin=json.dumps(message(name=evil)).encode(), PYTHONIOENCODING=encoding)
        assert (done.returncode, done.stderr) == (0, b"")
        shown = done.stdout.decode(encoding)
        assert "\x1b" not in shown
        assert "\x07" not in shown
        assert "\u202e" not in shown
        assert "[bold red]" in shown


def test_one_trace_of_a_file_is_chosen(tmp_path: Path) -> None:
    """With --trace or FILE#ID, by its id, short or whole; an unknown one lists what is there."""
    path = tmp_path / "traces.json"
    path.write_text("\n".join(json.dumps(message(each * 32)) for each in "abcd"))
    for arguments in ((str(path), "--trace", "b" * 32), (f"{path}#{'B' * 32}",)):
        (line,) = run(*arguments, "--json").stdout.splitlines()
        assert json.loads(line)["trace_id"] == "b" * 32
    done = run(str(path), "--trace", "abc")
    assert (done.returncode, done.stdout) == (2, b"")
    ids = ", ".join(each * 32 for each in "abc")
    assert f"has 4 traces, and none is 'abc': {ids}, …" in done.stderr.decode()


def test_packed_input_and_what_was_left_out() -> None:
    """Standard input may be packed; the verdict's warnings count what was left out."""
    data = gzip.compress(json.dumps(message()).encode() + b"\ncut")
    done = run("-", "--json", stdin=data)
    assert done.returncode == 0
    found = json.loads(done.stdout)
    assert found["shapes"] == ["concurrent"]
    assert found["warnings"][0].startswith("1 part of the input")
    assert "left out" in run("-", stdin=data).stdout.decode()
