"""The errors a user can mend: one clear sentence each, exit code 2 at the command line."""

from __future__ import annotations


class OverlapError(Exception):
    """Something the user can mend. `str(error)` is the one sentence they are shown."""


class UnreadableTrace(OverlapError):
    """The input is not a trace in any format Overlap reads, or holds no span."""


class Unreachable(OverlapError):
    """The app or the backend did not answer: says which, at which address, how to start it."""


class NotFound(OverlapError):
    """The backend answered, and does not have what was asked for."""


class NoServer(OverlapError):
    """A lesson is played on another server, and that one is not there: the lesson is skipped."""
