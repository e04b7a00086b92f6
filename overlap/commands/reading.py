"""A trace as the command line names it: an id, a file, or - for standard input."""

from __future__ import annotations

import asyncio
import string
import sys
from pathlib import Path

from overlap import config
from overlap.errors import OverlapError
from overlap.trace import Trace, read

STDIN = "-"
_ID_LENGTHS = (16, 32)


def traces(what: str, traces_url: str | None) -> list[Trace]:
    """Every trace that `what` names; an id is looked up in the backend at `traces_url`.

    Raises OverlapError where there is none, or it can't be read.
    """
    if what == STDIN:
        return read(sys.stdin.buffer.read(), source="standard input")
    if _exists(path := Path(what)):
        try:
            return read(path.read_bytes(), source=what)
        except OSError as error:
            raise OverlapError(f"{what} can't be read: {error.strerror or error}") from None
    if len(what) in _ID_LENGTHS and all(char in string.hexdigits for char in what):
        return [asyncio.run(_fetch(what, traces_url or config.load().traces_url))]
    raise OverlapError(
        f"{what!a} is neither a file nor a trace id (16 or 32 hex digits), nor - for stdin"
    )


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # a name too long or with a null byte is no file's name
        return False


async def _fetch(trace_id: str, traces_url: str) -> Trace:
    from overlap.backend import Backend  # httpx only where a backend is asked

    async with Backend(traces_url) as backend:
        return await backend.trace(trace_id)
