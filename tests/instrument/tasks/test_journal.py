"""Tasks that died with their process, told by the next one."""

from __future__ import annotations

import os
import signal
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

import overlap
from overlap.instrument.tasks.journal import SLOTS, Journal, Note, take_lost_tasks
from overlap.trace import read
from tests.forking import fork

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="files are locked by fcntl")


def note(number=1, name="smoke"):
    return Note(name, f"{number:032x}", 7, number, 0, 1, 1000)


@pytest.fixture
def left_by(tmp_path):
    """A function that leaves what a process leaves that writes these notes and is killed."""

    def left_by(*notes, strike=(), service="smokehouse"):
        child = fork()
        if not child:
            journal = Journal(tmp_path, service, "an instance")
            slots = [journal.write(each) for each in notes]
            for index in strike:
                journal.erase(slots[index])
            journal.heartbeat(5000)
            os.kill(os.getpid(), signal.SIGKILL)
        os.waitpid(child, 0)
        return child

    return left_by


def test_what_a_killed_process_had_noted_is_read_once(left_by, tmp_path):
    """With the process it was of, and when that was last alive; what was struck is not there."""
    pid = left_by(note(1), note(2, "rest"), note(3), strike=[0])
    left = take_lost_tasks(tmp_path, "smokehouse")
    assert {each.note for each in left} == {note(2, "rest"), note(3)}
    assert {(each.pid, each.instance_id, each.seen_ns) for each in left} == {
        (pid, "an instance", 5000)
    }
    assert take_lost_tasks(tmp_path, "smokehouse") == []
    assert list(tmp_path.iterdir()) == []


def test_the_living_and_other_services_are_left_alone(left_by, tmp_path):
    """A file is locked for as long as its process lives."""
    left_by(note(1), service="another")
    journal = Journal(tmp_path, "smokehouse", "")
    journal.write(note(1))
    assert take_lost_tasks(tmp_path, "smokehouse") == []
    assert len(list(tmp_path.iterdir())) == 2
    journal.close()
    assert len(take_lost_tasks(tmp_path, "another")) == 1


def test_a_closed_journal_leaves_no_file(tmp_path):
    """And one that noted nothing never had one."""
    journal = Journal(tmp_path / "made", "smokehouse", "")
    journal.close()
    assert not (tmp_path / "made").exists()
    journal.write(note())
    assert oct((tmp_path / "made").stat().st_mode)[-3:] == "700"
    journal.close()
    assert list((tmp_path / "made").iterdir()) == []


def test_a_full_journal_notes_no_more_and_takes_up_again(tmp_path):
    """Beyond its slots a task is not noted; a struck one makes room."""
    journal = Journal(tmp_path, "smokehouse", "")
    slots = [journal.write(note(number)) for number in range(SLOTS - 1)]
    assert None not in slots
    assert journal.write(note()) is None
    journal.erase(slots[3])
    assert journal.write(note()) == slots[3]
    journal.close()


def test_long_and_odd_names_are_kept_as_far_as_they_go(left_by, tmp_path):
    """A name is text of any kind."""
    left_by(note(1, "ü" * 500), note(2, "half \udcff"), note(3, ""))
    names = {each.note.span_id: each.note.name for each in take_lost_tasks(tmp_path, "smokehouse")}
    assert names[1].startswith("ü" * 98)
    assert names[2] == "half ?"
    assert names[3] == ""


@pytest.mark.parametrize("content", [b"", b"overlap1", b"x" * 5000, b"overlap1" + b"\xff" * 5000])
def test_a_file_of_something_else_is_no_trouble(tmp_path, content):
    """It is read as far as it can be, and goes."""
    (tmp_path / "smokehouse.1.2.tasks").write_bytes(content)
    take_lost_tasks(tmp_path, "smokehouse")
    assert list(tmp_path.iterdir()) == []


def test_only_one_of_many_that_start_tells(left_by, tmp_path):
    """Workers start together, and each looks."""
    left_by(*(note(number) for number in range(1, 50)))
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: take_lost_tasks(tmp_path, "smokehouse"), range(16)))
    assert sorted(each.note.span_id for left in found for each in left) == list(range(1, 50))


def test_a_task_whose_process_is_killed_is_told_by_the_next_one(serve, sink, wait_until, tmp_path):
    """Its span, in its trace; a record there; a count: as if the dead had said so itself."""
    environment = {"OVERLAP_JOURNAL_DIR": str(tmp_path / "journal")}
    server = serve(env=environment)
    server.get("/spawn/?kind=long")
    server.get("/spawn/?kind=short")
    sink.one("short")
    wait_until(lambda: len(sink.named("GET /spawn/")) == 2)
    server.stop(signal.SIGKILL)
    serve(env=environment)
    task = sink.one("long")
    mark = next(m for m in sink.named("task.started") if m.trace_id == task.trace_id)
    request = next(r for r in sink.named("GET /spawn/") if r.trace_id == task.trace_id)
    assert task.parent_id == request.span_id
    assert task.attributes["overlap.task.id"] == mark.attributes["overlap.task.id"]
    assert task.attributes["overlap.task.end"] == "lost"
    assert task.end - task.start > 200e6  # it ran for as long as the other did
    assert task.resource == mark.resource
    assert task.resource["process.pid"] == server.process.pid
    (record,) = wait_until(lambda: [r for r in sink.logs if r.body == "background task lost"])
    assert (record.trace_id, record.span_id) == (task.trace_id, task.span_id)
    assert record.attributes["of_pid"] == server.process.pid
    name = "overlap.background.ended"
    wait_until(lambda: sink.exemplars(name).get((task.trace_id, task.span_id)))
    ((attributes, point),) = sink.points(name)
    assert attributes == {"overlap.task.name": "long", "overlap.task.end": "lost"}
    assert point.as_int == 1
    lost = [overlap.verdict(trace).lost for trace in read(sink.spans_as_sent)]
    # A busy machine adds a trace of a block.
    assert [each for each in lost if each] == [["long"]]


def test_a_graceful_end_leaves_nothing_to_tell(serve, sink, tmp_path):
    """Each task had its end written down."""
    folder = tmp_path / "journal"
    server = serve(env={"OVERLAP_JOURNAL_DIR": str(folder), "OVERLAP_DRAIN_TIMEOUT_S": "0.2"})
    server.get("/spawn/?kind=long")
    assert len(list(folder.iterdir())) == 1
    server.stop()
    assert list(folder.iterdir()) == []
    assert sink.one("long").attributes["overlap.task.end"] == "cancelled"


def test_a_folder_that_can_not_be_written_changes_nothing(serve, sink, tmp_path):
    """It is said once, and tasks are spawned as ever."""
    (tmp_path / "file").write_text("in the way")
    server = serve(env={"OVERLAP_JOURNAL_DIR": str(tmp_path / "file" / "journal")})
    for _ in "ab":
        assert server.get("/spawn/?kind=short").status_code == 200
    assert server.log.count("the journal of background tasks can't be written") == 1


def test_a_forked_process_keeps_a_journal_of_its_own(own_sink, run, tmp_path):
    """And what the parent has noted stays the parent's."""
    run(
        f"""
        import asyncio, os, overlap
        from pathlib import Path
        folder = Path({str(tmp_path)!r})
        overlap.instrument(journal_dir=folder)
        async def work(): await asyncio.sleep(60)
        async def main():
            overlap.spawn(work(), name="parents")
            child = fork()
            if not child:
                from overlap.instrument.tasks import process_journal
                assert process_journal._journal._map is None
                os._exit(0)
            assert os.waitpid(child, 0)[1] == 0
            assert len(list(folder.iterdir())) == 1
        asyncio.run(main())
        overlap.shutdown()
        assert list(folder.iterdir()) == []
        """,
        own_sink.url,
    )
    assert own_sink.one("parents").attributes["overlap.task.end"] == "cancelled"


def test_a_platform_that_locks_no_files_is_one_line(own_sink, run, tmp_path):
    """Windows has no fcntl: there is no journal, one line says so, and the rest is on."""
    run(
        """
        import sys
        sys.modules["fcntl"] = None
        import logging
        lines = []
        class Keep(logging.Handler):
            def emit(self, record): lines.append((record.getMessage(), record.exc_info))
        logging.getLogger("overlap.instrument.tasks").addHandler(Keep())
        import overlap
        overlap.instrument()
        ((line, error),) = lines
        assert "this platform locks no files" in line, line
        assert not error
        from opentelemetry import trace
        with trace.get_tracer("t").start_as_current_span("on"): pass
        overlap.shutdown()
        """,
        own_sink.url,
        OVERLAP_JOURNAL_DIR=str(tmp_path / "journal"),
    )
    assert own_sink.one("on")
