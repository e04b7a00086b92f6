"""How long a thread was busy: on a processor, or in the queue for one."""

import os
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from overlap.runtime.thread_cpu import BusyClock
from tests.forking import fork

ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="/proc/thread-self is of Linux")


def in_a_thread(call):
    """Return what `call` returns in a thread of its own."""
    found = []
    thread = threading.Thread(target=lambda: found.append(call()))
    thread.start()
    thread.join()
    return found[0]


def busy(call):
    """Return how long a thread is busy, by a clock that this thread has read before."""
    clock = BusyClock()
    clock.read()

    def measured():
        before = clock.read()
        call()
        return clock.read() - before

    return in_a_thread(measured)


def compute():
    done = time.thread_time() + 0.1
    while time.thread_time() < done:
        sum(range(1000))


def open_files():
    """Return where the open files of this process are; other threads may close theirs meanwhile."""
    found = set()
    for each in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):
            found.add(str(each.readlink()))
    return found


@ON_LINUX
def test_a_thread_that_computes_is_busy_and_one_that_sleeps_is_not():
    """Each thread reads its own time."""
    assert busy(compute) >= 0.099
    # On a busy machine, one that wakes up may have to wait for a processor.
    assert min(busy(lambda: time.sleep(0.1)) for _ in range(5)) < 0.05


@ON_LINUX
def test_a_threads_file_is_closed_when_it_ends():
    """Otherwise a pool that is made anew for each request would leave one open for each thread."""
    clock = BusyClock()
    clock.read()

    def read():
        assert clock.read() > 0
        return f"/proc/{os.getpid()}/task/{threading.get_native_id()}/schedstat", open_files()

    own, opened = in_a_thread(read)
    assert own in opened
    assert own not in open_files()


@ON_LINUX
def test_a_forked_process_reads_its_own_threads_time():
    """The file that was open before is that of the parent's thread."""
    clock = BusyClock()
    compute()
    before = clock.read()
    assert before >= 0.1

    if (child := fork()) == 0:
        os._exit(0 if 0 < clock.read() < before else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_a_platform_that_does_not_say_is_zero(monkeypatch):
    """macOS and Windows have no such file."""

    def missing(*_):
        raise FileNotFoundError

    monkeypatch.setattr(os, "open", missing)
    assert BusyClock().read() == 0.0
