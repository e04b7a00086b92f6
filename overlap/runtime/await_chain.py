"""Where a task stands: the innermost line of the user's own that it will go on from."""

from __future__ import annotations

from types import FrameType
from typing import Any

from overlap.runtime.stack import Line, is_users

DEEPEST = 100
"""Coroutines that are followed, one awaiting the next."""


def place_of(task: Any) -> str | None:
    """The line as words; None where the task is over, or nothing of the user's is in it."""
    found: FrameType | None = None
    at = task.get_coro()
    for _ in range(DEEPEST):
        if at is None:
            break
        frame = getattr(at, "cr_frame", None) or getattr(at, "gi_frame", None)
        if frame is not None and is_users(frame.f_code.co_filename):
            found = frame
        at = getattr(at, "cr_await", None) or getattr(at, "gi_yieldfrom", None)
    return None if found is None else words(line_of(found))


def line_of(frame: FrameType) -> Line:
    """A frame as plain data."""
    return Line(frame.f_code.co_filename, frame.f_lineno or 0, frame.f_code.co_qualname)


def words(line: Line) -> str:
    """`app/views/tutorial.py:83 in oversmoke`."""
    return f"{line.path}:{line.number} in {line.function}"
