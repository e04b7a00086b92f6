"""How long a thread was busy: on a processor, or in the queue for one."""

import os
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from overlap.runtime.thread_cpu import BusyClock, ThreadClock

ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="/proc/thread-self is of Linux")


def in_a_thread(call):
    """Return what `call` returns in a thread of its own."""
    found = []
    thread = threading.Thread(target=lambda: found.append(call()))
    thread.start()
    thread.join()
    return found[0]


def busy(call):
    """Return how long a thread is busy while it calls a function."""

    def measured():
        clock = BusyClock()
        before = clock.read()
        call()
        after = clock.read()
        clock.close()
        return after - before

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
def test_a_clock_leaves_no_file_open():
    """A server may have more threads than descriptors."""

    def read():
        clock = BusyClock()
        assert clock.read() > 0
        opened = open_files()
        clock.close()
        return (
            f"/proc/{os.getpid()}/task/{threading.get_native_id()}/schedstat",
            opened,
            open_files(),
        )

    own, opened, after = in_a_thread(read)
    assert own in opened
    assert own not in after


def test_a_platform_that_does_not_say_is_zero(monkeypatch):
    """macOS and Windows have no such file."""

    def missing(*_):
        raise FileNotFoundError

    monkeypatch.setattr(os, "open", missing)
    assert BusyClock().read() == 0.0


def test_a_greenlet_has_no_clock(monkeypatch):
    """Where gevent has patched threading, there is no thread of that number."""
    assert ThreadClock().used() > 0
    monkeypatch.setattr(threading, "get_ident", lambda: threading.main_thread().ident)
    assert ThreadClock().used() == 0.0
