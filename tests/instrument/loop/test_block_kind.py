"""What a frame says of what its thread does, read from the source text of its call."""

from __future__ import annotations

import re
import sys
import threading
import time
from concurrent.futures import Future

import pytest

from overlap import names
from overlap.instrument.loop.block_kind import kind_of
from overlap.runtime.callee import callee_of


class Anything:
    """Every attribute of it is a function that says what its caller does meanwhile."""

    def __getattr__(self, name):
        return self._a if name != "_a" else self.__class__.told

    def __enter__(self):
        return kind_of(sys._getframe(1))

    def __exit__(self, *_exc):
        """Nothing to leave."""

    @staticmethod
    def told(*_arguments):
        return kind_of(sys._getframe(1))


def called(*_arguments):
    """The callee, asked for from inside of it."""
    return callee_of(sys._getframe(1))


def entered():
    with thing as kind:
        return kind


thing = Anything()


@pytest.mark.parametrize(
    ("stand", "expected"),
    [
        (lambda: thing.sleep(5), names.BLOCK_SLEEP),
        (lambda: thing.getaddrinfo("host", 80), names.BLOCK_DNS),
        (lambda: thing.read(9), names.BLOCK_FILE),
        (lambda: thing.recv(1), names.BLOCK_NETWORK),
        (lambda: thing.acquire(True), names.BLOCK_LOCK),
        (lambda: thing.waitpid(1, 0), names.BLOCK_PROCESS),
        (lambda: thing.anything(1, 0), None),
        (entered, names.BLOCK_LOCK),
    ],
)
def test_a_call_is_known_by_its_name(stand, expected):
    """The last part of what is called, or what is entered."""
    assert stand() == expected


def test_a_module_of_another_purpose_has_no_files_to_read(monkeypatch):
    """`re.read()` is none of ours."""
    monkeypatch.setattr(re, "read", thing.read, raising=False)
    assert re.read() is None


def test_the_call_is_found_by_the_columns_of_its_instruction():
    """The inner one of two on a line, not what stands first."""
    assert (str(called(1)), called(2)) == ("called", "called")
    assert max("a", called("é", "ü")) == "called"


def test_code_without_source_says_nothing():
    """And nobody fails."""
    space = {"called": called, "told": thing.told}
    exec("callee, kind = called(), told()", space)  # noqa: S102
    assert (space["callee"], space["kind"]) == (None, None)


def test_a_futures_result_is_known():
    """On a loop's thread it waits for what may need that loop."""
    future, seen = Future(), []
    ident = threading.get_ident()

    def look():
        while kind_of(sys._current_frames()[ident]) != names.BLOCK_FUTURE:
            time.sleep(0.01)
        seen.append(True)
        future.set_result(7)

    thread = threading.Thread(target=look)
    thread.start()
    assert future.result(20) == 7
    thread.join()
    assert seen == [True]
