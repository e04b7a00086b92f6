"""Read the traces that a command's argument names: an id, a file, FILE#ID, or - for stdin."""

from __future__ import annotations

import gc
import os
import string
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from overlap.errors import OverlapError
from overlap.trace import Trace, read_stream

STDIN = "-"
_ID_LENGTHS = (16, 32)
_LISTED = 3
PROGRESS_S = 0.1
"""The shortest time between two updates: some are for each of very many files."""


def traces(what: str, traces_url: str | None, only: str | None = None) -> list[Trace]:
    """Return every trace that `what` names; an id is looked up in the backend at `traces_url`.

    `only` is the id of one of them, as in FILE#ID. Raises OverlapError if there is no such trace
    or it can't be read.
    """
    if not _exists(Path(what)) and "#" in what:
        what, _, only = what.rpartition("#")
    found = _all(what, traces_url)
    return found if only is None else [_chosen(found, only, where(what))]


def where(what: str) -> str:
    """Return the name of the input for an error message."""
    return "standard input" if what == STDIN else what


def ids(found: list[Trace]) -> str:
    """Return the first ids, for an error message."""
    more = ", …" if len(found) > _LISTED else ""
    return ", ".join(trace.trace_id for trace in found[:_LISTED]) + more


@contextmanager
def no_garbage_collection() -> Iterator[None]:
    """Disable the garbage collector: spans form no cycles and are needed until the end."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


@contextmanager
def progress(name: str) -> Iterator[Callable[[str], None]]:
    """Show on the terminal what a long command does: what the yielded function was last given."""
    if not sys.stderr.isatty() and "FORCE_COLOR" not in os.environ:
        yield _nothing
        return
    from rich.console import Console

    with Console(stderr=True, highlight=False).status(name) as status:
        last = 0.0

        def say(text: str) -> None:
            nonlocal last
            if (now := time.monotonic()) - last >= PROGRESS_S:
                last = now
                status.update(f"{name}: {text}")

        yield say


def _nothing(_text: str) -> None:
    pass


def _all(what: str, traces_url: str | None) -> list[Trace]:
    if what == STDIN:
        return read_stream(sys.stdin.buffer, source=where(what))
    if _exists(path := Path(what)):
        try:
            with path.open("rb") as file:
                return read_stream(file, source=what)
        except OSError as error:
            raise OverlapError(f"{what} can't be read: {error.strerror or error}") from None
    if len(what) in _ID_LENGTHS and all(char in string.hexdigits for char in what):
        # Imported late: it takes longer than judging a small trace.
        import asyncio

        from overlap import config

        return [asyncio.run(_fetch(what, traces_url or config.load().traces_url))]
    raise OverlapError(
        f"{what!a} is neither a file nor a trace id (16 or 32 hex digits), nor - for stdin"
    )


def _chosen(found: list[Trace], only: str, source: str) -> Trace:
    wanted = only.lower().rjust(32, "0")
    for trace in found:
        if wanted == trace.trace_id.rjust(32, "0") or only == trace.trace_id:
            return trace
    count = "1 trace" if len(found) == 1 else f"{len(found):,} traces"
    raise OverlapError(f"{source} has {count}, and none is {only!a}: {ids(found)}")


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # the name is too long or has a null byte
        return False


async def _fetch(trace_id: str, traces_url: str) -> Trace:
    from overlap.backend import Backend  # imports httpx, which only this needs

    async with Backend(traces_url) as backend:
        return await backend.trace(trace_id)
