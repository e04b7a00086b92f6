"""What the pages offer as a file: one trace that needs nothing else, and the whole session."""

import gzip
import json
import re
import secrets
import subprocess
import sys
import time

import httpx
import pytest

from docs.generate.check import in_html

HOSTILE = "<script>document.title='owned'</script>"


def stew(helpers, name="GET /stew/"):
    """A serial request of three spans, one with a hostile name."""
    trace_id, root, now = secrets.token_hex(16), secrets.token_hex(8), time.time_ns()
    steps = [
        helpers.span(
            step, traceId=trace_id, parentSpanId=root,
            startTimeUnixNano=str(now - (400 - at) * 10**6),
            endTimeUnixNano=str(now - (210 - at) * 10**6),
            links=[{"traceId": secrets.token_hex(16), "spanId": secrets.token_hex(8)}],
        )
        for step, at in (("chop", 5), (HOSTILE, 200))
    ]  # fmt: skip
    request = helpers.span(
        name, traceId=trace_id, spanId=root, kind=2,
        startTimeUnixNano=str(now - 400 * 10**6), endTimeUnixNano=str(now),
    )  # fmt: skip
    return trace_id, [request, *steps]


def command(*arguments, folder, **env):
    return subprocess.run(
        [sys.executable, "-m", "overlap", *arguments],
        capture_output=True, text=True, cwd=folder, timeout=60, check=False,
        env={"PATH": "", **env},
    )  # fmt: skip


def test_a_trace_is_one_file_that_loads_nothing(pocket, helpers):
    """Verdict, waterfall, critical path; no script, no link to a server, names as text."""
    trace_id, spans = stew(helpers)
    pocket.send(*spans)
    page = httpx.get(f"{pocket.page}/trace/{trace_id}").text
    assert f'href="/trace/{trace_id}/file"' in page
    answer = httpx.get(f"{pocket.page}/trace/{trace_id}/file")
    assert answer.headers["content-disposition"] == (
        f'attachment; filename="trace-{trace_id}.html"'
    )
    text = answer.text
    assert in_html(text) == []
    for expected in ("shape-serial", "Critical path", "chop", "What to change", "&lt;script&gt;"):
        assert expected in text
    assert "<script" not in text
    assert not re.search(r'(?:href|src|action)="(?!#)', text)
    assert httpx.get(f"{pocket.page}/trace/{secrets.token_hex(16)}/file").status_code == 404
    assert httpx.get(f"{pocket.page}/trace/soup/file").status_code == 404


def test_the_file_is_shown_by_a_browser_from_the_disk(pocket, helpers, browser, tmp_path):
    """With its style, and no word in the console."""
    trace_id, spans = stew(helpers)
    pocket.send(*spans)
    path = tmp_path / "trace.html"
    path.write_bytes(httpx.get(f"{pocket.page}/trace/{trace_id}/file").content)
    browser.get(path.as_uri())
    assert "GET /stew/" in browser.title
    bars = browser.find_elements("css selector", ".waterfall .row svg.strip rect.box")
    assert len(bars) >= 3
    assert all(bar.size["width"] > 5 for bar in bars[:3])
    assert browser.get_log("browser") == []


def test_the_command_writes_the_same(helpers, tmp_path):
    """`overlap verdict FILE --html OUT`, with no server."""
    trace_id, spans = stew(helpers)
    (tmp_path / "trace.json").write_text(json.dumps(helpers.request(*spans)))
    done = command("verdict", "trace.json", "--html", "out.html", folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    text = (tmp_path / "out.html").read_text()
    assert trace_id in text
    assert "Critical path" in text
    done = command("verdict", "trace.json", "--html", "no/such/folder.html", folder=tmp_path)
    assert done.returncode == 2
    assert (
        done.stderr == "overlap: no/such/folder.html can't be written: No such file or directory\n"
    )
    (tmp_path / "two.jsonl").write_text(
        "\n".join(json.dumps(helpers.request(*stew(helpers)[1])) for _ in range(2))
    )
    done = command("verdict", "two.jsonl", "--html", "-", folder=tmp_path)
    assert done.returncode == 2
    assert "has 2 traces" in done.stderr


@pytest.mark.parametrize("name", ["kept.jsonl", "kept.jsonl.gz"])
def test_a_session_is_saved_and_shown_again(helpers, tmp_path, name):
    """At the end of one pocket, and from the start of the next; other commands read it too."""
    trace_id, spans = stew(helpers)
    first = helpers.start_pocket(tmp_path, f"--save={name}")
    first.send(*spans)
    first.send(helpers.span("GET /other/", kind=2))
    before = httpx.get(f"{first.page}/api/v3/traces/{trace_id}").json()
    link = httpx.get(f"{first.page}/traces").text
    assert 'href="/session.jsonl"' in link
    downloaded = httpx.get(f"{first.page}/session.jsonl").text
    assert first.interrupt() == 0
    first.process.stdout.close()
    path = tmp_path / name
    saved = gzip.decompress(path.read_bytes()) if name.endswith(".gz") else path.read_bytes()
    assert saved.decode() == downloaded
    assert saved.count(b"\n") == 2
    second = helpers.start_pocket(tmp_path, f"--load={name}")
    assert httpx.get(f"{second.page}/api/v3/traces/{trace_id}").json() == before
    assert second.interrupt() == 0
    second.process.stdout.close()
    done = command("verdict", name, "--trace", trace_id, "--json", folder=tmp_path)
    assert json.loads(done.stdout)["shapes"] == ["serial"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"soup\n", "bad.jsonl, line 1 is not OTLP JSON: is this a session that pocket saved?"),
        (b'{"resourceSpans": []}\n{"a": 1}\n', "bad.jsonl, line 2 is not OTLP JSON"),
        (b"\x1f\x8bnot packed", "bad.jsonl can't be read: "),
        (None, "bad.jsonl can't be read: No such file or directory"),
    ],
)
def test_a_session_that_can_not_be_read_is_one_sentence(tmp_path, content, sentence):
    """Exit status 2."""
    if content is not None:
        (tmp_path / "bad.jsonl").write_bytes(content)
    done = command("pocket", "--port=0", "--otlp-port=0", "--load=bad.jsonl", folder=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"overlap: {sentence}")
    assert done.stderr.count("\n") == 1


def test_a_session_that_can_not_be_saved_is_said_before_it_is_recorded(tmp_path):
    """Not after an hour of work."""
    done = command(
        "pocket", "--port=0", "--otlp-port=0", "--save=no/such/kept.jsonl", folder=tmp_path
    )
    assert done.returncode == 2
    assert "can't be saved to no/such/kept.jsonl" in done.stderr
