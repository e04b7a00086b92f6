"""Where a task waits: the innermost line of the user's code in its chain of awaits."""

from __future__ import annotations

from types import FrameType
from typing import Any

from overlap.runtime.stack import Line, is_users

DEEPEST = 100
"""The most coroutines that are followed, each awaiting the next."""


def await_line(task: Any) -> str | None:
    """Return the line as text; None if the task is over, or has no frame of the user's."""
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
    """Return a frame as plain data."""
    return Line(frame.f_code.co_filename, frame.f_lineno or 0, frame.f_code.co_qualname)


def words(line: Line) -> str:
    """Return `app/views/tutorial.py:83 in oversmoke`."""
    return f"{line.path}:{line.number} in {line.function}"
