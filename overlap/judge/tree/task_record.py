"""What is recorded of a trace's tasks: who did what, and who waited for whom."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, NamedTuple

LEAST_NS: Final = 5_000_000
"""A shorter wait is not recorded."""
NO_REGION: Final = -1


class Edge(NamedTuple):
    """A wait of a task that another task ended. Times in ns."""

    start: int
    end: int
    how: str
    """`gather`, `await`, `lock` and so on."""
    by: int
    """The number of the task that ended it."""
    line: str
    """`app/views.py:41 in smoke`; empty if unknown."""


@dataclass(slots=True)
class TaskRecord:
    """Tasks by their numbers; empty for a trace without these attributes."""

    numbers: list[int] = field(default_factory=list)
    """By span, the number of the task in which it started; 0 if it is not known."""
    regions: list[int] = field(default_factory=list)
    """By span, the topmost span of its region; NO_REGION if nothing was recorded."""
    edges: dict[tuple[int, int], list[Edge]] = field(default_factory=dict)
    """By span and waiting task, what that task waited for while the span was current, by end."""
    homes: dict[tuple[int, int], int] = field(default_factory=dict)
    """By region and task, the span below which the spans of that task are."""
    unrecorded: dict[int, int] = field(default_factory=dict)
    """By span, below which length a wait may not have been recorded, if it is not LEAST_NS."""
    paths: dict[tuple[int, int], tuple[list[int], list[int]]] = field(default_factory=dict)
    """By span and task, the path among the children that the task did, and their starts."""

    def is_recorded(self, index: int) -> bool:
        """Return whether it is known in which task a span started."""
        return bool(self.numbers) and self.numbers[index] > 0

    def unrecorded_ns(self, index: int) -> int:
        """Return below which length a wait of a span may not have been recorded, in ns."""
        return self.unrecorded.get(index, LEAST_NS)
