"""The stack of a thread as plain data, and which of its lines is the user's own."""

from __future__ import annotations

import asyncio
import gc
import linecache
import sysconfig
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import CodeType, FrameType

DEPTH = 40
"""The most frames of a stack, from the innermost outwards."""
_TEXT_LIMIT = 8000
"""Characters of a formatted stack: attributes travel with every span that has one."""

_HANDLE_RUN: CodeType = asyncio.Handle._run.__code__
WRAPPERS: set[CodeType] = set()
"""Our functions that wrap a callback of the loop. They are not shown as part of it."""
OWN = Path(__file__).resolve().parents[1].as_posix()
"""The folder of Overlap itself."""


@dataclass(frozen=True, slots=True)
class Line:
    """One frame of a stack."""

    file: str
    number: int
    function: str

    @property
    def path(self) -> str:
        """The file with slashes, relative to the working directory if it is inside."""
        path = Path(self.file)
        try:
            return path.relative_to(Path.cwd()).as_posix()
        except ValueError:
            return path.as_posix()


def callback_frame(innermost: FrameType, base: FrameType | None) -> FrameType | None:
    """Return the outermost frame of what the loop runs now; None if it runs nothing.

    asyncio calls each callback in a frame of Handle._run; uvloop calls it from C, so that
    there its caller is `base`, the frame in which the loop was started.
    """
    frame: FrameType | None = innermost
    while frame is not None:
        back = frame.f_back
        if back is not None and (
            back is base or back.f_code is _HANDLE_RUN or back.f_code in WRAPPERS
        ):
            return frame
        frame = back
    return None


def outside_gc_callbacks(innermost: FrameType | None) -> FrameType | None:
    """Return the frame that a garbage collection interrupted, if it is in one of gc.callbacks."""
    functions = (getattr(each, "__func__", each) for each in gc.callbacks)
    codes = {getattr(each, "__code__", None) for each in functions}
    found, frame = innermost, innermost
    for _ in range(DEPTH):
        if frame is None:
            break
        if frame.f_code in codes:
            found = frame.f_back
        frame = frame.f_back
    return found


def lines(innermost: FrameType, outermost: FrameType | None) -> tuple[Line, ...]:
    """Return the stack between two frames, innermost first, at most DEPTH lines.

    A deeper stack ends with the innermost line of the user's, if the first DEPTH lines have none.
    Without an outermost frame, return the whole stack.
    """
    found: list[Line] = []
    frame: FrameType | None = innermost
    has_users = False
    while frame is not None and (len(found) < DEPTH or not has_users):
        code = frame.f_code
        is_user = is_users(code.co_filename)
        if len(found) < DEPTH or is_user:
            found.append(Line(code.co_filename, frame.f_lineno or 0, code.co_qualname))
            has_users |= is_user
        if frame is outermost:
            break
        frame = frame.f_back
    return tuple(found)


def culprit(stack: tuple[Line, ...]) -> Line:
    """Return the innermost line of the user's code, or else the innermost line of a library.

    Not one of ours, nor of Python's import system.
    """
    users = (line for line in stack if is_users(line.file))
    others = (line for line in stack if not line.file.startswith((f"{OWN}/", "<frozen ")))
    return next(users, None) or next(others, stack[0])


@lru_cache(maxsize=4096)
def is_users(file: str) -> bool:
    """Return whether a file is neither the standard library's, nor installed, nor ours."""
    if file.startswith("<") or file.endswith(".pyx"):  # Cython's coroutines have frames, too
        return False
    if file.startswith(f"{_scripts()}/") and not file.endswith(".py"):  # bin/uvicorn
        return False
    return not any(file.startswith(f"{folder}/") for folder in _foreign()) and not (
        "/site-packages/" in file or "/dist-packages/" in file
    )


def text(stack: tuple[Line, ...]) -> str:
    """Return the stack as a traceback prints it, outermost first, with bounded length."""
    shown: list[str] = []
    size = 0
    for line in stack:
        entry = f'  File "{line.path}", line {line.number}, in {line.function}\n'
        if source := source_line(line.file, line.number).strip():
            entry += f"    {source}\n"
        size += len(entry)
        if size > _TEXT_LIMIT:
            break
        shown.append(entry)
    return "".join(reversed(shown))


@lru_cache(maxsize=1024)
def source_line(file: str, number: int) -> str:
    """Return a line of source with its end; an empty text if there is none.

    linecache alone keeps every file it has read, whole and for good, and a watchdog sees lines of
    any library: in an hour of a busy machine that was five per cent of a process.
    """
    was_kept = file in linecache.cache
    text = linecache.getline(file, number)
    if not was_kept:
        linecache.cache.pop(file, None)
    return text


@lru_cache(maxsize=1)
def _foreign() -> frozenset[str]:
    paths = sysconfig.get_paths()
    return frozenset({paths[key] for key in ("stdlib", "platstdlib", "purelib", "platlib")} | {OWN})


@lru_cache(maxsize=1)
def _scripts() -> str:
    return sysconfig.get_path("scripts")
