"""Pocket's threads share one arena of malloc, where the C library is glibc."""

import os
import subprocess
import sys

import pytest

from overlap.pocket.malloc import keep_memory_small

THREADS = """
import re, sys, threading
from overlap.pocket.malloc import keep_memory_small
if sys.argv[1] == "one":
    assert keep_memory_small()
gate = threading.Barrier(5)
def work():
    gate.wait()
    kept = [bytes(1000) for _ in range(2000)]
    gate.wait()
threads = [threading.Thread(target=work) for _ in range(4)]
for thread in threads: thread.start()
gate.wait(); gate.wait()
for thread in threads: thread.join()
starts = [int(line.split("-")[0], 16) for line in open("/proc/self/maps") if len(line.split()) == 5]
print(sum(start % 2**26 == 0 for start in starts))
"""
on_glibc = pytest.mark.skipif(
    "glibc" not in (getattr(os, "confstr", str)("CS_GNU_LIBC_VERSION") or ""),
    reason="the settings are glibc's",
)


def arenas(how):
    """The arenas of threads: glibc reserves each at a multiple of 64 MiB."""
    found = subprocess.run(
        [sys.executable, "-c", THREADS, how], capture_output=True, text=True, check=True
    )
    return int(found.stdout)


@on_glibc
def test_threads_have_no_arenas_of_their_own():
    """By default each has one."""
    assert arenas("one") == 0
    assert arenas("default") >= 2


def test_another_c_library_is_left_alone(monkeypatch):
    """Musl has no such settings."""
    monkeypatch.setattr(os, "confstr", lambda _name: None)
    assert keep_memory_small() is False
