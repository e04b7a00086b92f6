"""A block that does not end is reported while it lasts, and by the next process."""

from __future__ import annotations

import signal
import threading
from contextlib import suppress

import httpx
import pytest

import overlap
from overlap.instrument.tasks.block_notes import block_name, read_block_name
from overlap.trace import read

pytestmark = pytest.mark.slow


def hang(server):
    """Let the server's loop hang for good, from a thread that is not waited for."""

    def ask():
        with suppress(httpx.TransportError):
            httpx.get(f"{server.url}/burn/?s=600", timeout=120, verify=False)  # noqa: S501

    threading.Thread(target=ask, daemon=True).start()


def blocks(sink, mark):
    """The spans of what was marked: on a busy machine, there may be other blocks."""
    found = sink.named("event_loop.blocked")
    return [block for block in found if block.parent_id == mark.parent_id]


def test_a_hang_is_logged_marked_and_reported_by_the_next_process(
    serve, sink, wait_until, tmp_path
):
    """The line is known while it lasts, and after the worker was killed for it."""
    environment = {"OVERLAP_JOURNAL_DIR": str(tmp_path / "journal")}
    server = serve(env=environment)
    hang(server)
    mark = sink.one("event_loop.hung")
    assert mark.attributes["code.function.name"] == "overcook"
    assert mark.attributes["overlap.blocked.kind"] == "sleep"
    assert mark.attributes["overlap.blocked.duration_ms"] >= 4900
    said = "event loop is blocked and does not go on"
    (record,) = wait_until(lambda: [r for r in sink.logs if r.body == said])
    assert record.trace_id == mark.trace_id
    assert record.attributes["request"] == "GET /burn/"
    assert "in overcook" in record.attributes["line"]
    server.stop(signal.SIGKILL)
    assert blocks(sink, mark) == []
    serve(env=environment)
    (block,) = wait_until(lambda: blocks(sink, mark))
    assert block.trace_id == mark.trace_id
    assert block.ms >= 4900
    assert block.attributes["overlap.blocked.unfinished"] is True
    assert block.attributes["code.function.name"] == "overcook"
    assert block.attributes["code.file.path"] == mark.attributes["code.file.path"]
    assert block.resource["process.pid"] == server.process.pid
    said = "process ended while its event loop was blocked"
    wait_until(lambda: [r for r in sink.logs if r.body == said])


def test_a_worker_killed_by_its_supervisor_leaves_its_culprit(serve, sink, wait_until, tmp_path):
    """gunicorn kills a worker that hangs; its successor says how long. The mark alone is enough."""
    journal = {"OVERLAP_JOURNAL_DIR": str(tmp_path / "journal")}
    server = serve("--timeout", "7", by="gunicorn", env=journal)
    hang(server)
    mark = sink.one("event_loop.hung")
    (found,) = (overlap.verdict(trace) for trace in read(sink.spans_as_sent))
    (block,) = found.blocked
    assert block.unfinished
    assert block.culprit.endswith("in overcook")
    assert block.ms >= 4900
    assert "blocking" in found.shapes
    assert "was not seen to end" in found.why[0].text
    (reported,) = wait_until(lambda: blocks(sink, mark))  # by the next worker
    assert reported.span_id == block.span_id
    verdicts = {each.trace_id: each for each in map(overlap.verdict, read(sink.spans_as_sent))}
    (block,) = verdicts[mark.trace_id].blocked
    assert block.unfinished
    assert block.ms == reported.attributes["overlap.blocked.duration_ms"] >= 5900
    assert "WORKER TIMEOUT" in server.log


def test_a_hang_that_ends_leaves_no_note(serve, sink, wait_until, tmp_path):
    """Its own span is sent then, and the next process has nothing to report."""
    folder = tmp_path / "journal"
    server = serve(env={"OVERLAP_JOURNAL_DIR": str(folder)})
    server.get("/burn/?s=6")
    mark = sink.one("event_loop.hung")
    (block,) = wait_until(lambda: blocks(sink, mark))
    assert block.ms >= 5900
    server.stop(signal.SIGKILL)
    serve(env={"OVERLAP_JOURNAL_DIR": str(folder)})
    sink.one("GET /burn/")
    assert blocks(sink, mark) == [block]
    assert not [r for r in sink.logs if r.body.startswith("process ended while")]


def test_a_name_in_the_journal_reads_back():
    """And that of a task is none of a block."""
    name = block_name("cpu", "a/" * 100 + "views.py", 12, "oversmoke")
    kind, path, line, function = read_block_name(name)
    assert (kind, line, function) == ("cpu", 12, "oversmoke")
    assert path.endswith("a/views.py")
    assert read_block_name("smoke") is None
    assert read_block_name("\x00blocked\x00cut") is None
