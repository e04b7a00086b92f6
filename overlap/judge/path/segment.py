"""The critical path of a request, as `request_path` finds it. Times in ns."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

Segment: TypeAlias = tuple[int, int, int]
"""A part of the critical path, which is the own time of one span: its index, start and end.

A plain tuple, as there is one or more for each span of the path.
"""


class RequestPath(NamedTuple):
    """A critical path, in order of time, and how much of it each span takes."""

    segments: list[Segment]
    lengths: dict[int, int]
    """By span: the part of the path that it takes with those below it; parents come first."""
    own: dict[int, int]
    """By span: the part of the path that is its own time. All add up to the request's."""
    recorded: frozenset[int] = frozenset()
    """The spans of which it is recorded that they are on it; the others are by their times."""
