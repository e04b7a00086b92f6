"""The recorder of a process: what is written out and when, what stays, and what a fork does."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time

import pytest

from overlap.recorder import active, dumps
from overlap.recording import read

DEADLINE_S = 20.0


def until(check):
    deadline = time.monotonic() + DEADLINE_S
    while not (value := check()):
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.01)
    return value


@pytest.fixture
def recorder(tmp_path):
    """A recorder of this process, of a megabyte."""
    stop = active.start(active.Settings(tmp_path, "shop", megabytes=1.0, slow_s=0.5))
    yield active.RECORDER
    stop()


def written(folder, name="*"):
    return sorted(folder.glob(f"shop.*.{name}.flight"))


def ends(recorder, number, took, **more):
    known = {"status": 200, "outcome": 0, "is_stream": False} | more
    recorder.request_ends(number, "GET /", began=time.perf_counter() - took, took=took, **known)


def test_a_slow_request_is_written_out_once_a_minute(recorder, tmp_path):
    """The second one within a minute is in the ring, and makes no file."""
    for took in (0.1, 0.7, 0.8):
        ends(recorder, recorder.request_begins(1 << 100, time.perf_counter() - took), took)
    (path,) = until(lambda: written(tmp_path))
    found = read(path)
    assert found.reason == dumps.SLOW
    assert [request.took_s for request in found.requests] == pytest.approx([0.8, 0.7, 0.1])
    assert {request.trace_id for request in found.requests} == {f"{1 << 100:032x}"}


def test_a_stream_is_not_slow_and_a_client_that_leaves_gave_up(recorder, tmp_path):
    """A stream takes as long as it takes."""
    ends(recorder, recorder.request_begins(1, 0.0), 9.0, is_stream=True)
    ends(recorder, recorder.request_begins(2, 0.0), 9.0, outcome=2)
    (path,) = until(lambda: written(tmp_path))
    assert path.name.endswith(".given-up.flight")


def test_a_signal_writes_out_however_short_the_last_is_ago(recorder, tmp_path):
    """SIGUSR2, which would otherwise end the process."""
    recorder.ask(dumps.LOST)
    os.kill(os.getpid(), signal.SIGUSR2)
    os.kill(os.getpid(), signal.SIGUSR2)
    until(lambda: len(written(tmp_path, "signal*")) == 2)
    assert len(written(tmp_path, "lost")) == 1


def test_a_handler_of_the_projects_stays(tmp_path):
    """What a project has set up is its own."""
    before = signal.signal(signal.SIGUSR2, signal.SIG_IGN)
    try:
        active.start(active.Settings(tmp_path, "shop", megabytes=1.0))()
        assert signal.getsignal(signal.SIGUSR2) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGUSR2, before)


def test_the_end_of_a_process_removes_its_ring(tmp_path):
    """What was asked for is written first."""
    stop = active.start(active.Settings(tmp_path, "shop", megabytes=1.0))
    active.record_lost("smoke")
    (ring,) = tmp_path.glob("*.ring")
    stop()
    (path,) = tmp_path.iterdir()
    assert path != ring
    assert [each.what for each in read(path).lost] == ["smoke"]
    assert active.RECORDER is None
    active.record_lost("nobody listens")


def test_only_the_newest_dumps_are_kept(recorder, tmp_path):
    """Twenty of a service; another service's stay."""
    (tmp_path / "shop2.1.flight").touch()
    for number in range(dumps.MOST + 5):
        (tmp_path / f"shop.{number}.flight").touch()
    recorder.ask(dumps.SLOW)
    until(lambda: written(tmp_path, "slow"))
    until(lambda: len([*tmp_path.glob("shop.*.flight")]) == dumps.MOST)
    assert (tmp_path / "shop2.1.flight").exists()


def test_a_folder_that_cant_be_written_is_one_line(tmp_path, caplog):
    """The service goes on without."""
    (tmp_path / "file").touch()
    with caplog.at_level(logging.WARNING, "overlap.recorder"):
        active.start(active.Settings(tmp_path / "file" / "x", "shop"))()
    assert active.RECORDER is None
    assert [record.getMessage() for record in caplog.records] == [
        f"no flight recorder in {tmp_path / 'file' / 'x'}: Not a directory"
    ]


FORK = """
import os, sys
from pathlib import Path
from overlap.recorder import active

folder = Path(sys.argv[1])
stop = active.start(active.Settings(folder, "shop", megabytes=1.0))
parent = active.RECORDER
pid = os.fork()
if pid == 0:
    assert active.RECORDER is None
    active.start_in_child()
    assert active.RECORDER is not None and active.RECORDER.ring.path != parent.ring.path
    active.RECORDER.request_begins(7, 0.0)
    os._exit(0)  # as one that is killed
assert os.waitpid(pid, 0)[1] == 0
assert active.RECORDER is parent
stop()
stop = active.start(active.Settings(folder, "shop", megabytes=1.0))
stop()
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on Windows")
def test_a_forked_process_has_a_ring_of_its_own_and_a_killed_one_leaves_it(tmp_path):
    """The next process of the service makes a dump of it; the parent's is its own."""
    subprocess.run([sys.executable, "-c", FORK, tmp_path], check=True)
    (path,) = tmp_path.iterdir()
    found = read(path)
    assert path.name.endswith(".killed.flight")
    assert found.reason == dumps.KILLED
    assert [request.trace_id for request in found.requests] == [f"{7:032x}"]
    assert found.requests[0].took_s is None


def test_a_hang_is_written_out_at_once_and_a_block_once_a_minute(recorder, tmp_path):
    """Of a hang there may be no later."""
    recorder.block("sleep views.py:8 in smoke", time.perf_counter(), 0.2, 1, lasts=False)
    recorder.block("cpu views.py:9 in burn", time.perf_counter(), 5.0, 0, lasts=True)
    recorder.block("sleep views.py:8 in smoke", time.perf_counter(), 0.2, 1, lasts=False)
    (path,) = until(lambda: written(tmp_path, "hung"))
    assert len(written(tmp_path)) == 2
    assert [(each.what, each.lasts) for each in read(path).blocks][:2] == [
        ("sleep views.py:8 in smoke", False),
        ("cpu views.py:9 in burn", True),
    ]
