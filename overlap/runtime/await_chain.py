"""Where a task waits: its chain of awaits, the user's own line in it, and what is awaited there.

The chain is what `asyncio.capture_call_graph` (Python 3.14) walks for one task: each coroutine
awaits the next one. It is read directly here, on every version, because that function also
collects who awaits the task, and does not look inside an asynchronous generator.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import PurePath
from types import CodeType, FrameType
from typing import Any, Final

from overlap.runtime.callee import awaited_name
from overlap.runtime.stack import Line, is_users

_FIELDS = (("cr_frame", "cr_await"), ("gi_frame", "gi_yieldfrom"), ("ag_frame", "ag_await"))
DEEPEST = 100
"""The most coroutines that are followed, each awaiting the next."""
UNKNOWN: Final = "other"
"""What is awaited, where nothing shows what it is."""
TASK: Final = "task"
THREAD: Final = "thread"

# Which function waits for what, by the end of its file's path and the begin of its name.
_WAITS: Final[dict[str, dict[str, str]]] = {
    "asyncio/tasks.py": {"sleep": "timer"},
    "asyncio/locks.py": {
        "Lock": "lock",
        "Semaphore": "semaphore",
        "BoundedSemaphore": "semaphore",
        "Condition": "condition",
        "Event": "event",
        "Barrier": "barrier",
    },
    "asyncio/queues.py": {"": "queue"},
    "asyncio/threads.py": {"": THREAD},
    "asyncio/streams.py": {"": "network"},
    "asyncio/subprocess.py": {"": "process"},
    "asyncio/base_events.py": {
        "BaseEventLoop.getaddrinfo": "network",
        "BaseEventLoop.create_connection": "network",
    },
    "asgiref/sync.py": {"SyncToAsync": THREAD},
    "_backends/_asyncio.py": {
        "AsyncIOBackend.run_sync_in_worker_thread": THREAD,
        "AsyncIOBackend.connect_tcp": "network",
        "SocketStream": "network",
    },
    "psycopg/waiting.py": {"": "network"},
    "psycopg_pool/pool_async.py": {"AsyncConnectionPool.getconn": "pool"},
    "asyncpg/pool.py": {"": "pool"},
    "httpcore/_async/connection_pool.py": {"AsyncPoolRequest": "pool"},
    "protocols/http/flow_control.py": {"FlowControl.drain": "client"},
    "protocols/http/httptools_impl.py": {"RequestResponseCycle.receive": "client"},
    "protocols/http/h11_impl.py": {"RequestResponseCycle.receive": "client"},
}
_CALLEES: Final = {"run_in_executor": THREAD, "to_thread": THREAD, "gather": TASK, "wait": TASK}
"""By the last part of the awaited name."""


def is_new(task: Any) -> bool:
    """Return whether a task has not run yet: it waited for nothing."""
    return not getattr(task.get_coro(), "cr_suspended", True)


def await_line(task: Any) -> str | None:
    """Return the user's own line as text; None if the task is over, or has no such frame."""
    found: FrameType | None = None
    for frame in _frames(task):
        if is_users(frame.f_code.co_filename):
            found = frame
    return None if found is None else words(line_of(found))


def describe(task: Any) -> str:
    """Return what a suspended task awaits, and where.

    `timer app/views/tutorial.py:83 in smoke (asyncio.sleep)`: what it is, the user's own line,
    and the name that is awaited there. Without a line of the user's, the innermost line that is
    not the standard library's.
    """
    users: FrameType | None = None
    other: FrameType | None = None
    kind = ""
    for frame in _frames(task):
        code = frame.f_code
        if is_users(code.co_filename):
            users, kind = frame, ""
            continue
        kind = kind or _waits_for(code)
        if "-packages/" in code.co_filename:
            other = frame
    place_at = users or other
    if place_at is None:
        return kind or UNKNOWN
    name, place = _place(place_at)
    kind = kind or _CALLEES.get(name.rpartition(".")[2]) or _of_future(task)
    return f"{kind} {place}"


def await_chain(task: Any) -> Iterator[Any]:
    """Yield the coroutines and generators of a suspended task, each awaiting the next.

    What does not say what it awaits is looked into: the step of an asynchronous generator, the
    iterator of an `__await__`, a coroutine of Cython's.
    """
    at = task.get_coro()
    for _ in range(DEEPEST):
        if at is None:
            return
        awaited = _awaited_by(at)
        if awaited is None:
            at = next((one for one in gc.get_referents(at) if _awaited_by(one)), None)
        else:
            yield at
            at = getattr(at, awaited)


def _awaited_by(at: Any) -> str | None:
    """Return the attribute that says what a coroutine or generator awaits."""
    return next((awaited for _frame, awaited in _FIELDS if hasattr(at, awaited)), None)


def frame_of(coroutine: Any) -> FrameType | None:
    """Return the frame of a coroutine, generator or asynchronous generator."""
    for frame, _awaited in _FIELDS:
        found: FrameType | None = getattr(coroutine, frame, None)
        if found is not None:
            return found
    return None


def users_frame(frames: Iterable[FrameType | None]) -> FrameType | None:
    """Return the first frame of the user's code."""
    return next((each for each in frames if each and is_users(each.f_code.co_filename)), None)


def _frames(task: Any) -> Iterator[FrameType]:
    """Yield the frames of a suspended task's chain of awaits, the outermost first."""
    for coroutine in await_chain(task):
        if (frame := frame_of(coroutine)) is not None:
            yield frame


@lru_cache(maxsize=1024)
def _waits_for(code: CodeType) -> str:
    file = PurePath(code.co_filename).as_posix()
    for end, functions in _WAITS.items():
        if file.endswith(end):
            name = code.co_qualname
            for start, kind in functions.items():
                if name.startswith(start):
                    return kind
    return ""


def _of_future(task: Any) -> str:
    future = getattr(task, "_fut_waiter", None)
    gathering = type(future).__name__ == "_GatheringFuture"
    return TASK if gathering or isinstance(future, asyncio.Task) else UNKNOWN


_places: dict[tuple[CodeType, int], tuple[str, str]] = {}
_MOST_PLACES = 1024


def _place(frame: FrameType) -> tuple[str, str]:
    """Return the awaited name, and the line with it. Read from the source once for each place."""
    key = (frame.f_code, frame.f_lasti)
    found = _places.get(key)
    if found is None:
        if len(_places) >= _MOST_PLACES:
            _places.clear()
        name, line = awaited_name(frame), words(line_of(frame))
        found = _places[key] = (name, f"{line} ({name})" if name else line)
    return found


def line_of(frame: FrameType) -> Line:
    """Return a frame as plain data."""
    return Line(frame.f_code.co_filename, frame.f_lineno or 0, frame.f_code.co_qualname)


def words(line: Line) -> str:
    """Return `app/views/tutorial.py:83 in oversmoke`."""
    return f"{line.path}:{line.number} in {line.function}"
