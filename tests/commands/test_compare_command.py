"""`overlap compare`, run as a user runs it."""

import json
import subprocess
import sys
from typing import Any

import pytest


def run(*arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Run the command with nothing in its environment but what is given."""
    return subprocess.run(
        [sys.executable, "-m", "overlap", "compare", *arguments],
        input=stdin,
        capture_output=True,
        check=False,
        timeout=60,
        env={"PATH": "", "COLUMNS": "100", "PYTHONIOENCODING": "utf-8"},
    )


def message(trace_id: str, *works: tuple[str, int, int]) -> bytes:
    """A view of these works: name, start and end in ms."""

    def span(span_id: int, called: str, start: int, end: int, parent: int = 0) -> dict[str, Any]:
        return {
            "traceId": trace_id * 32,
            "spanId": f"{span_id:016x}",
            "parentSpanId": f"{parent:016x}" if parent else "",
            "name": called,
            "startTimeUnixNano": str(1_000_000 * (start + 1)),
            "endTimeUnixNano": str(1_000_000 * (end + 1)),
        }

    made = [span(1, "GET /", 0, max(end for *_, end in works))]
    made += [span(n, *work, 1) for n, work in enumerate(works, 2)]
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": made}]}]}).encode()


@pytest.fixture
def files(tmp_path):
    """Two works in a row, and at once."""
    a, b = tmp_path / "a.json", tmp_path / "b.json"
    a.write_bytes(message("a", ("smoke", 0, 1000), ("sauce", 1000, 2000)))
    b.write_bytes(message("b", ("smoke", 0, 1000), ("sauce", 0, 1000)))
    return str(a), str(b)


def test_two_files(files):
    """Both are drawn on one axis, bars under each other; then what differs."""
    done = run(*files)
    text = done.stdout.decode()
    assert (done.returncode, done.stderr) == (0, b"")
    assert "Now at once: smoke and sauce; the whole takes 1.0 s instead of 2.0 s, 50% less." in text
    axes = [line for line in text.splitlines() if "┬" in line]
    assert len(axes) == 2
    assert axes[0] == axes[1]
    roots = [line for line in text.splitlines() if line.startswith("GET /  ") and "█" in line]
    lengths = [line.count("█") for line in roots]
    assert abs(lengths[0] - 2 * lengths[1]) <= 1


def test_a_file_and_standard_input(files):
    """As JSON, one object: the contract."""
    with open(files[1], "rb") as file:  # noqa: PTH123
        done = run(files[0], "-", "--json", stdin=file.read())
    found = json.loads(done.stdout)
    assert done.returncode == 0
    assert (found["same"], found["gained"], found["given_up"]) == (
        False,
        ["concurrent"],
        ["serial"],
    )
    assert [c["b_path"][-1] for c in found["changes"] if "became concurrent" in c["what"]] == [
        "smoke",
        "sauce",
    ]


def test_the_same_is_no_news(files):
    """A trace beside itself."""
    done = run(files[0], files[0])
    assert done.returncode == 0
    assert b"Nothing differs." in done.stdout


def test_what_cannot_be_compared_is_one_sentence(files, tmp_path):
    """Exit code 2: a missing file, several traces in one, standard input twice."""
    both = tmp_path / "both.json"
    both.write_bytes(message("a", ("x", 0, 1)) + message("b", ("x", 0, 1)))
    for arguments, said in (
        ((files[0], "nowhere.json"), "is neither a file nor a trace id"),
        ((files[0], str(both)), "has 2 traces, and only one can be compared"),
        (("-", "-"), "only one of the two can be read from standard input"),
    ):
        done = run(*arguments)
        assert done.returncode == 2
        assert done.stdout == b""
        (line,) = done.stderr.decode().splitlines()
        assert said in line


def test_one_trace_of_a_file_may_be_named(files, tmp_path):
    """FILE#ID takes one of several; without an id the sentence says so."""
    both = tmp_path / "both.json"
    both.write_bytes(message("a", ("x", 0, 1)) + message("b", ("x", 0, 500)))
    done = run(f"{both}#{'a' * 32}", f"{both}#{'b' * 32}", "--json")
    found = json.loads(done.stdout)
    assert (found["a"]["trace_id"], found["b"]["trace_id"]) == ("a" * 32, "b" * 32)
    assert f"choose one with {both}#ID" in run(files[0], str(both)).stderr.decode()
