"""A process of the pool is killed, and the lock it had is free."""

import os
import signal
import time
from types import SimpleNamespace

import billiard
import pytest

from app.termination import lock_pipe_before_kill

SPEAKS_S = 0.5


def _speak(lock, told):
    """Say something slowly, as on a busy machine, then work for longer than anybody waits."""
    with lock:
        told.send("speaking")
        time.sleep(SPEAKS_S)
    time.sleep(60)


@pytest.fixture
def speaking():
    """A process in the middle of a word, and a pool that would kill it."""
    context = billiard.get_context("fork")
    lock, (heard, told) = context.Lock(), context.Pipe(duplex=False)
    process = context.Process(target=_speak, args=(lock, told))
    process.start()
    assert heard.recv() == "speaking"
    pool = SimpleNamespace(
        _pool=SimpleNamespace(_outqueue=SimpleNamespace(_wlock=lock)),
        terminate_job=lambda pid, _signal=None: os.kill(pid, signal.SIGTERM),
    )
    yield process, pool, lock
    process.terminate()
    process.join(10)


def test_the_lock_of_who_is_killed_is_free(speaking):
    """It is let speak first; and it is gone when the next one may."""
    process, pool, lock = speaking
    lock_pipe_before_kill(pool)
    pool.terminate_job(process.pid)
    assert lock.acquire(timeout=10)
    process.join(10)
    assert process.exitcode == -signal.SIGTERM


def test_without_it_the_lock_is_lost(speaking):
    """What billiard does by itself: this is what the worker would hang on."""
    process, pool, lock = speaking
    pool.terminate_job(process.pid)
    process.join(10)
    assert not lock.acquire(timeout=0.2)


def test_a_pool_without_a_common_pipe_is_left_alone():
    """As with Redis."""
    pool = SimpleNamespace(_pool=SimpleNamespace(_outqueue=None), terminate_job=print)
    lock_pipe_before_kill(pool)
    assert pool.terminate_job is print
