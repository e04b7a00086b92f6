"""Strict blocks: each kind of call that blocks, made on the loop and elsewhere."""

import asyncio
import logging
import os
import queue
import socket
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import Future
from pathlib import Path
from traceback import walk_stack

import pytest

from overlap.errors import OverlapError
from overlap.testing import BlockedLoop

LOCK = threading.Lock()
RLOCK = threading.RLock()


class Kept:
    """An object of the project that is a global, and has a lock."""

    def __init__(self):
        self.lock = threading.Lock()


KEPT = Kept()


def sleep():
    time.sleep(0.0001)


def read_file():
    with Path(__file__).open() as file:
        return file.readline()


def read_open_file():
    return FILE.read(1)


def list_folder():
    return os.listdir(".")  # noqa: PTH208


def resolve():
    return socket.getaddrinfo("localhost", 80)


def connect():
    with socket.create_connection(SERVER.getsockname()):
        pass


def receive():
    return PAIR[0].recv(1)


def run_command():
    return subprocess.run(["/bin/true"], check=True)


def with_lock():
    with LOCK:
        pass


def acquire_lock():
    LOCK.acquire()
    LOCK.release()


def lock_of_an_object():
    with KEPT.lock:
        pass


def with_rlock():
    with RLOCK:
        pass


def wait_for_event():
    return EVENT.wait(1)


def wait_for_queue():
    return QUEUE.get(timeout=1)


def wait_for_future():
    return FUTURE.result(1)


FILE = Path(__file__).open()  # noqa: SIM115
SERVER = socket.create_server(("127.0.0.1", 0))
PAIR = socket.socketpair()
EVENT, QUEUE, FUTURE = threading.Event(), queue.Queue(), Future()


@pytest.fixture(autouse=True)
def held():
    """Locks that another thread holds until this one waits, and answers that come then."""
    global FUTURE, QUEUE
    ready, done = threading.Event(), threading.Event()
    EVENT.clear()
    FUTURE, QUEUE = Future(), queue.Queue()

    def hold():
        with LOCK, RLOCK, KEPT.lock:
            ready.set()
            while not done.wait(0.001) and not is_calling():
                pass
            done.wait(0.03)  # the call is at its lock by now
        PAIR[1].send(b"x")
        EVENT.set()
        QUEUE.put(1)
        FUTURE.set_result(1)

    thread = threading.Thread(target=hold)
    thread.start()
    ready.wait()
    yield
    done.set()
    thread.join()


def is_calling():
    """Whether any thread is in one of the functions above."""
    names = {call.__name__ for call in BLOCKING}
    frames = (
        frame for innermost in sys._current_frames().values() for frame, _ in walk_stack(innermost)
    )
    return any(
        frame.f_code.co_name in names and frame.f_code.co_filename == __file__ for frame in frames
    )


BLOCKING = {
    sleep: "time.sleep (sleep)",
    read_file: "open (file)",
    read_open_file: "TextIOWrapper.read (file)",
    list_folder: "os.listdir (file)",
    resolve: "socket.getaddrinfo (dns)",
    connect: "socket.connect (network)",
    receive: "socket.recv (network)",
    run_command: "subprocess.Popen (process)",
    with_lock: "(lock)",
    acquire_lock: "(lock)",
    lock_of_an_object: "(lock)",
    with_rlock: "(lock)",
    wait_for_event: "(lock)",
    wait_for_queue: "(lock)",
    wait_for_future: "(lock)",
}


@pytest.mark.parametrize("call", BLOCKING, ids=lambda call: call.__name__)
async def test_a_call_on_the_loop_fails_with_its_line(traced, call):
    with pytest.raises(BlockedLoop) as caught, traced.strict():
        call()
    text = str(caught.value)
    assert "suite_strict.py:" in text
    assert f" in {call.__name__}: " in text
    assert BLOCKING[call] in text


@pytest.mark.parametrize("call", BLOCKING, ids=lambda call: call.__name__)
async def test_the_same_call_in_a_thread_is_fine(traced, call):
    with traced.strict():
        await asyncio.to_thread(call)


@pytest.mark.parametrize("call", BLOCKING, ids=lambda call: call.__name__)
def test_the_same_call_without_a_loop_is_fine(traced, call):
    with traced.strict():
        call()


async def test_what_waits_for_nothing_is_fine(traced):
    with traced.strict():
        await asyncio.sleep(0)
        own = threading.Lock()
        with own:
            pass
        assert not LOCK.acquire(blocking=False)
        quiet = socket.socket()
        quiet.setblocking(False)
        with pytest.raises(BlockingIOError):
            quiet.connect(SERVER.getsockname())
        quiet.close()
        logging.getLogger("shop").warning("a log line")
        socket.getaddrinfo("127.0.0.1", 80)
        process = await asyncio.create_subprocess_exec("/bin/true")
        await process.wait()
        _, writer = await asyncio.open_connection(*SERVER.getsockname())
        writer.close()


async def test_a_line_that_is_allowed_may_block(traced):
    line = sleep.__code__.co_firstlineno + 1
    with traced.strict(allow=[f"suite_strict.py:{line}"]):
        sleep()
    with pytest.raises(BlockedLoop), traced.strict(allow=[f"suite_strict.py:{line + 1}"]):
        sleep()


async def test_what_is_allowed_is_a_line(traced):
    wrong = pytest.raises(OverlapError, match=r"allows lines such as 'shop/views.py:14'")
    with wrong, traced.strict(allow=["sleep"]):
        pass


def repeat():
    for call in (sleep, sleep, sleep, read_file, read_file):
        call()


async def test_a_repeated_call_is_listed_once_with_its_count(traced):
    with pytest.raises(BlockedLoop) as caught, traced.strict():
        repeat()
    listed = str(caught.value).splitlines()
    slept = [line for line in listed if "time.sleep" in line]
    assert len(slept) == 1
    assert slept[0].endswith("in sleep: time.sleep (sleep) ×3")
    assert any(line.endswith("open (file) ×2") for line in listed)


async def test_a_single_call_has_no_count(traced):
    with pytest.raises(BlockedLoop) as caught, traced.strict():
        sleep()
    assert str(caught.value).endswith("time.sleep (sleep)")


async def test_before_and_after_nothing_is_watched(traced):
    sleep()
    with traced.strict():
        await asyncio.sleep(0)
    sleep()
    assert type(LOCK).__name__ == "lock"
    assert type(KEPT.lock).__name__ == "lock"
    assert threading.Lock is threading._allocate_lock


async def test_an_error_of_the_block_stays(traced):
    def fail():
        sleep()
        raise KeyError("own")

    with pytest.raises(KeyError) as caught, traced.strict():
        fail()
    assert "time.sleep (sleep)" in caught.value.__notes__[0]


async def test_a_view_that_sleeps_fails(traced, async_client):
    fails = pytest.raises(BlockedLoop, match=r"shopsite/urls.py:41 in burn: time.sleep")
    with fails, traced.strict():
        await async_client.get("/burn/")


async def test_a_view_that_awaits_is_fine(traced, async_client):
    await async_client.get("/checkout/")
    with traced.strict():
        await async_client.get("/checkout/")


def test_the_loop_of_the_sync_client_is_watched(traced, client):
    with pytest.raises(BlockedLoop, match=r"time\.sleep"), traced.strict():
        client.get("/burn/")


def write_temporary_file(folder):
    with tempfile.NamedTemporaryFile(dir=folder) as file:
        file.write(b"x")


async def test_writing_a_temporary_file_is_a_call(traced, tmp_path):
    with pytest.raises(BlockedLoop, match=r"\(file\)"), traced.strict():
        write_temporary_file(tmp_path)
