"""What goes wrong with the native servers, in words for the user."""

from __future__ import annotations


class BuildError(Exception):
    """A build that failed; `str(error)` says what the user can do."""


class StackError(Exception):
    """A stack that can't run; `str(error)` says what the user can do."""
