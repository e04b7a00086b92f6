"""A block of the event loop in the flight recorder, where this process has one."""

from __future__ import annotations

import time
from collections.abc import Sequence

from overlap.recorder import active
from overlap.runtime import stack


def record_block(  # noqa: PLR0913, PLR0917  what is known of a block
    kind: str,
    line: stack.Line | None,
    request: object,
    start_ns: int,
    end_ns: int,
    victims: Sequence[object],
) -> None:
    """Record a block that is over, and ask for a dump. Times are of time.time_ns().

    request: the ServerSpan of the code that blocked, or None.
    """
    _record(kind, line, request, start_ns, end_ns, len(victims), lasts=False)


def record_hang(kind: str, line: stack.Line | None, request: object, start_ns: int) -> None:
    """Record a block that lasts, and ask for a dump."""
    _record(kind, line, request, start_ns, time.time_ns(), 0, lasts=True)


def _record(  # noqa: PLR0913, PLR0917  what is known of a block
    kind: str,
    line: stack.Line | None,
    request: object,
    start_ns: int,
    end_ns: int,
    victims: int,
    *,
    lasts: bool,
) -> None:
    recorder = active.RECORDER
    if recorder is None:
        return
    where = "" if line is None else f" {line.path}:{line.number} in {line.function}"
    began = time.perf_counter() - (time.time_ns() - start_ns) / 1e9
    took, number = (end_ns - start_ns) / 1e9, getattr(request, "recorded", 0)
    recorder.block(f"{kind}{where}", began, took, victims, lasts=lasts, request=number)
