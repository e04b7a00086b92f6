"""Where a task waits: its chain of awaits, the user's own line in it, and what is awaited there.

The chain is what `asyncio.capture_call_graph` (Python 3.14) walks for one task: each coroutine
awaits the next one. It is read directly here, on every version, because that function also
collects who awaits the task, and does not look inside an asynchronous generator.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterable
from types import AsyncGeneratorType, CoroutineType, FrameType, GeneratorType
from typing import Any, Final, NamedTuple

from overlap.names.awaited_functions import TASK, THREAD, function_of
from overlap.runtime.callee import awaited_name
from overlap.runtime.identity_cache import CodeCache
from overlap.runtime.stack import Line, is_users

_FIELDS = (("cr_frame", "cr_await"), ("gi_frame", "gi_yieldfrom"), ("ag_frame", "ag_await"))
DEEPEST = 100
"""The most coroutines that are followed, each awaiting the next."""
UNKNOWN: Final = "other"
"""What is awaited, where nothing shows what it is."""
_CALLEES: Final = {"run_in_executor": THREAD, "to_thread": THREAD, "gather": TASK, "wait": TASK}
"""By the last part of the awaited name."""


def is_new(task: Any) -> bool:
    """Return whether a task has not run yet: it waited for nothing."""
    return not getattr(task.get_coro(), "cr_suspended", True)


def await_line(task: Any) -> str | None:
    """Return the user's own line as text; None if the task is over, or has no such frame."""
    found = users_frame(reversed(await_chain(task).frames))
    return None if found is None else line_words(found)


def describe(task: Any) -> str:
    """Return what a suspended task awaits, and where.

    `timer app/views/tutorial.py:83 in smoke (asyncio.sleep)`: what it is, the user's own line,
    and the name that is awaited there. Without a line of the user's, the innermost line that is
    not the standard library's.
    """
    users: FrameType | None = None
    other: FrameType | None = None
    kind = ""
    for frame in await_chain(task).frames:
        if frame is None:
            continue
        is_own, is_installed, waits_for = _facts_of(frame)
        if is_own:
            users, kind = frame, ""
            continue
        kind = kind or waits_for
        if is_installed:
            other = frame
    place_at = users or other
    if place_at is None:
        return kind or UNKNOWN
    name, place = _place(place_at)
    kind = kind or _CALLEES.get(name.rpartition(".")[2]) or _of_future(task)
    return f"{kind} {place}"


class AwaitChain(NamedTuple):
    """The coroutines and generators of a suspended task, each awaiting the next."""

    coroutines: list[Any]
    frames: list[FrameType | None]
    """Of each; None for one of C's."""


def await_chain(task: Any) -> AwaitChain:
    """Return the chain of awaits of a suspended task, the outermost first.

    What does not say what it awaits is looked into: the step of an asynchronous generator, the
    iterator of an `__await__`, a coroutine of Cython's.
    """
    found = AwaitChain([], [])
    add, add_frame = found.coroutines.append, found.frames.append
    at = task.get_coro()
    for _ in range(DEEPEST):
        # By type, as this runs after each long wait: asking for attributes takes five times longer.
        kind = type(at)
        if kind is CoroutineType:
            add(at)
            add_frame(at.cr_frame)
            at = at.cr_await
        elif kind is GeneratorType:
            add(at)
            add_frame(at.gi_frame)
            at = at.gi_yieldfrom
        elif kind is AsyncGeneratorType:
            add(at)
            add_frame(at.ag_frame)
            at = at.ag_await
        elif at is None:
            break
        elif (awaited := _awaited_by(at)) is None:
            at = next((one for one in gc.get_referents(at) if _awaited_by(one)), None)
        else:
            add(at)
            add_frame(frame_of(at))
            at = getattr(at, awaited)
    return found


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


class _Facts(NamedTuple):
    """What is known of a function."""

    is_users: bool
    is_installed: bool
    awaited: str


_facts: CodeCache[dict[str, _Facts]] = CodeCache(lambda _: {})
"""By code and module."""


def _facts_of(frame: FrameType) -> _Facts:
    facts, module = _facts(frame.f_code), frame.f_globals.get("__name__", "")
    if (found := facts.get(module)) is None:
        file, name = frame.f_code.co_filename, frame.f_code.co_qualname
        awaited = function_of(module, name).awaited
        found = facts[module] = _Facts(is_users(file), "-packages/" in file, awaited)
    return found


def _of_future(task: Any) -> str:
    future = getattr(task, "_fut_waiter", None)
    gathering = type(future).__name__ == "_GatheringFuture"
    return TASK if gathering or isinstance(future, asyncio.Task) else UNKNOWN


_places: CodeCache[dict[int, tuple[str, str]]] = CodeCache(lambda _: {}, 1024)
"""By code and instruction."""


def _place(frame: FrameType) -> tuple[str, str]:
    """Return the awaited name, and the line with it. Read from the source once for each place."""
    places = _places(frame.f_code)
    found = places.get(frame.f_lasti)
    if found is None:
        name, line = awaited_name(frame), line_words(frame)
        found = places[frame.f_lasti] = (name, f"{line} ({name})" if name else line)
    return found


def line_of(frame: FrameType) -> Line:
    """Return a frame as plain data."""
    return Line(frame.f_code.co_filename, frame.f_lineno or 0, frame.f_code.co_qualname)


def words(line: Line) -> str:
    """Return `app/views/tutorial.py:83 in oversmoke`."""
    return f"{line.path}:{line.number} in {line.function}"


_words: CodeCache[dict[int, str]] = CodeCache(lambda _: {}, 1024)
"""By code and instruction: making a path relative to the working directory takes 10 us."""


def line_words(frame: FrameType) -> str:
    """Return the line of a frame as `words` does."""
    places = _words(frame.f_code)
    found = places.get(frame.f_lasti)
    if found is None:
        found = places[frame.f_lasti] = words(line_of(frame))
    return found
