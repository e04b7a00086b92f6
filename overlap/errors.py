"""Errors that the user can fix: one clear sentence each, exit code 2 at the command line."""

from __future__ import annotations

from pathlib import Path


class OverlapError(Exception):
    """An error that the user can fix. `str(error)` is the one sentence that is printed."""


class UnreadableTrace(OverlapError):
    """The input is not a trace in any format Overlap reads, or holds no span."""


class Unreachable(OverlapError):
    """The app or the backend did not answer: says which, at which address, how to start it."""


class NotFound(OverlapError):
    """The backend answered, and does not have what was asked for."""


class NoServer(OverlapError):
    """The server that a scenario needs is not running, so the scenario is skipped."""


def where(error: Exception) -> str:
    """Return the type of an error and the line that raised it, without its message."""
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    name = type(error).__name__
    if traceback is None:
        return name
    return f"{name} at {Path(traceback.tb_frame.f_code.co_filename).name}:{traceback.tb_lineno}"
