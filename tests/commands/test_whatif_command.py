"""`overlap whatif`: its output, its errors, its exit status."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.whatif.conftest import lens, otlp, server, span


def request(number, ready=0.0):
    """Two calls in a row."""
    at, row = number * 500, {"trace": number + 1}
    turns = [(0, 1), (100, 1), (199, 1)]
    return [
        server(1, at, at + 200 + ready, name="GET /smoke/", **row,
               **lens(200 + ready, turns, ready=ready, longest=1)),
        span(2, "get_smokables", at + 1, at + 100, 1, **row),
        span(3, "get_flavor", at + 101, at + 199, 1, **row),
    ]  # fmt: skip


@pytest.fixture
def traces(tmp_path):
    """A file of thirty requests."""
    file = tmp_path / "traces.jsonl"
    file.write_text("".join(otlp(request(number)) for number in range(30)))
    return str(file)


def whatif(*arguments, stdin=""):
    """Run the command."""
    return subprocess.run(
        [sys.executable, "-m", "overlap", "whatif", *arguments],
        capture_output=True, text=True, input=stdin, timeout=60, check=False,
    )  # fmt: skip


def test_it_prints_predicted_beside_recorded(traces):
    """The replay stands between them."""
    done = whatif(traces, "--gather", "get_smokables,get_flavor")
    assert done.returncode == 0, done.stderr
    words = " ".join(done.stdout.split())
    assert "get_smokables and get_flavor run at once" in words
    assert "GET /smoke/ 30 p50 200 ms 200 ms 102 ms 49% shorter" in words
    assert "1 worker" in words
    assert done.stderr == ""


def test_the_json_has_every_documented_key(traces, root):
    """docs/reference/whatif.md is the contract: version 1."""
    done = whatif(traces, "--json", "--faster", "get_flavor=50%", "--workers", "2")
    found = json.loads(done.stdout)
    assert found["overlap_whatif"] == 1
    page = (root / "docs" / "reference" / "whatif.md").read_text(encoding="utf-8")
    rows = (found, found["changes"][0], found["services"][0], found["routes"][0])
    keys = {key for row in rows for key in row}
    assert {key for key in keys if f"`{key}`" not in page} == set()
    assert found["services"][0]["workers"] == {"recorded": 1, "changed": 2}


def test_it_reads_standard_input_and_folders(traces, tmp_path):
    """As overlap survey does; spans of one trace may be in several files."""
    lines = Path(traces).read_text(encoding="utf-8").splitlines(keepends=True)
    folder = tmp_path / "folder"
    folder.mkdir()
    for number, line in enumerate(lines):
        with (folder / f"{number % 3}.jsonl").open("a") as file:
            file.write(line)
    answers = [whatif("--json", str(folder)), whatif("--json", "-", stdin="".join(lines)),
               whatif("--json", traces)]  # fmt: skip
    assert len({answer.stdout for answer in answers}) == 1
    assert json.loads(answers[0].stdout)["routes"][0]["requests"] == 30


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nowhere.json"], "is no file, folder, pattern of files or URL"),
        (["{traces}", "--gather", "x,y"], "one after another under one parent"),
        (["{traces}", "--faster", "x"], "is no span and percentage"),
        (["{traces}", "--pool", "many"], "is no number of places"),
        (["{traces}", "--route", "nothing"], "no request has the route"),
        (["{traces}", "--service", "nobody"], "no ended request"),
        (["{traces}", "--workers", "0"], "0 is not in the range"),
        (["http://127.0.0.1:1/"], "127.0.0.1:1"),
    ],
)
def test_what_can_not_be_done_is_one_sentence(traces, arguments, sentence):
    """And exit status 2."""
    done = whatif(*(each.format(traces=traces) for each in arguments))
    assert done.returncode == 2
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_what_can_not_be_predicted_is_said_and_is_status_1(tmp_path):
    """The loop was busy with what no trace shows."""
    file = tmp_path / "sampled.jsonl"
    file.write_text("".join(otlp(request(number, ready=200.0)) for number in range(30)))
    done = whatif(str(file), "--workers", "2")
    assert done.returncode == 1
    words = " ".join(done.stdout.split())
    assert "not predicted, as the replay misses p50" in words
    assert "requests waited 6,000 ms for the loop" in words
