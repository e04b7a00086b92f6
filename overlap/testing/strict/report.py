"""What a strict block found: the calls, by line, and the error that lists them."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from types import CodeType, FrameType
from typing import Final

from overlap import names
from overlap.errors import OverlapError
from overlap.runtime.stack import OWN, Line, culprit, is_users, lines

MOST_LISTED: Final = 20
_PLACE = re.compile(r"(?P<file>.+):(?P<line>\d{1,9})")
_IMPORTING: Final = "<frozen importlib."
_DEBUGGING: Final = ("/linecache.py", "/tokenize.py", "/traceback.py", "/_pytest/", "/pluggy/")
"""What reads source code to show it, and pytest itself."""
_STARTS: Final[frozenset[CodeType]] = frozenset({threading.Thread.start.__code__})
"""Starting a thread waits until it runs: that is its price, and no lock of anyone's."""


class BlockedLoop(AssertionError):
    """Calls on an event loop that block, each with its line."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call that blocks: what it is, and the line that made it."""

    kind: str
    """`sleep`, `file`, `network`, `dns`, `process` or `lock`."""
    what: str
    """The function, such as `time.sleep`."""
    place: str
    """`shop/views.py:14 in checkout`."""

    def __str__(self) -> str:
        return f"{self.place}: {self.what} ({self.kind})"


class Findings:
    """Collects the calls of one strict block, from any thread."""

    def __init__(self, allow: Sequence[str] = ()) -> None:
        self._allowed = [_place(each) for each in allow]
        self._lock = threading.Lock()
        self._calls: dict[Call, int] = {}

    def add(self, kind: str, what: str, frame: FrameType | None) -> None:
        """Add a call that was made in `frame`, if it is on a loop and not allowed."""
        if frame is None or asyncio._get_running_loop() is None:
            return
        stack = lines(frame, None)
        if _is_exempt(stack, frame, kind) or any(map(self._is_allowed, stack)):
            return
        line = culprit(stack)
        call = Call(kind, what, f"{line.path}:{line.number} in {line.function}")
        with self._lock:
            self._calls[call] = self._calls.get(call, 0) + 1

    def error(self) -> BlockedLoop | None:
        """Return the error that lists the calls; None if there is none."""
        with self._lock:
            found = dict(self._calls)
        if not found:
            return None
        times = {call: f" ×{count}" if count > 1 else "" for call, count in found.items()}
        shown = [f"  {call}{times[call]}" for call in [*found][:MOST_LISTED]]
        if len(found) > MOST_LISTED:
            shown.append(f"  and {len(found) - MOST_LISTED} more")
        calls = "1 call blocks" if len(found) == 1 else f"{len(found)} calls block"
        return BlockedLoop("\n".join([f"{calls} the event loop:", *shown]))

    def _is_allowed(self, line: Line) -> bool:
        return any(
            number == line.number and f"/{line.path}".endswith(f"/{file.lstrip('/')}")
            for file, number in self._allowed
        )


def _is_exempt(stack: tuple[Line, ...], frame: FrameType, kind: str) -> bool:
    """Return whether nobody would call it a block: imports, debugging, asyncio's own subprocess."""
    if stack[0].file.startswith(f"{OWN}/"):
        return True
    if any(line.file.startswith(_IMPORTING) for line in stack):
        return True
    first = next((line for line in stack if is_users(line.file)), None)
    inner = stack[: stack.index(first)] if first else stack
    if any(part in line.file for line in inner for part in _DEBUGGING):
        return True
    if kind == names.BLOCK_PROCESS and any("/asyncio/" in line.file for line in inner):
        return True
    return kind == names.BLOCK_LOCK and (_is_of_library(inner) or _starts_a_thread(frame))


def _is_of_library(inner: tuple[Line, ...]) -> bool:
    """Return whether a lock is a library's own, such as that of a thread pool."""
    return any("/site-packages/" in line.file or "/asyncio/" in line.file for line in inner)


def _starts_a_thread(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code in _STARTS:
            return True
        frame = frame.f_back
    return False


def _place(text: str) -> tuple[str, int]:
    found = _PLACE.fullmatch(text)
    if not found:
        raise OverlapError(f"strict() allows lines such as 'shop/views.py:14', not {text!a}")
    return found["file"].replace("\\", "/"), int(found["line"])
