"""The bench where a platform has no process groups, no /proc, no limits, no SIGINT for others."""

import os
import signal
import subprocess
import sys

from overlap.bench.load.loader import allow_files
from overlap.bench.server.process import end
from overlap.bench.server.vitals import processor_s


def sleeper():
    return subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])


def test_a_process_is_ended_without_process_groups(monkeypatch):
    """Windows has no os.killpg."""
    monkeypatch.delattr(os, "killpg")
    process = sleeper()
    end(process, 0.0)
    assert process.returncode is not None


def test_a_process_is_ended_where_none_can_send_it_sigint(monkeypatch):
    """Windows: Popen.send_signal raises ValueError for it."""
    process = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True
    )
    stock = process.send_signal

    def send_signal(number):
        if number == signal.SIGINT:
            raise ValueError("Unsupported signal: 2")
        stock(number)

    monkeypatch.setattr(process, "send_signal", send_signal)
    end(process, 20.0)
    assert process.returncode == -signal.SIGTERM


def test_processor_time_is_unknown_without_sysconf(monkeypatch):
    """Then its column stays empty."""
    monkeypatch.delattr(os, "sysconf")
    assert processor_s(os.getpid()) is None


def test_files_are_not_limited_where_there_is_no_limit(monkeypatch):
    """The module `resource` is of Unix."""
    monkeypatch.setitem(sys.modules, "resource", None)
    allow_files(10)
