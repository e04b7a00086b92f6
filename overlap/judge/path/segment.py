"""The critical path of a request, as `request_path` finds it. Times in ns."""

from __future__ import annotations

from typing import NamedTuple


class Segment(NamedTuple):
    """A part of the critical path: the own time of one span."""

    span: int
    start: int
    end: int


class RequestPath(NamedTuple):
    """A critical path, in order of time, and how much of it each span takes."""

    segments: list[Segment]
    lengths: dict[int, int]
    """By span: the part of the path that it takes with those below it."""
