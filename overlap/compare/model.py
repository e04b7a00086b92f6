"""A comparison as plain data. `Comparison.as_dict()` is the public JSON contract (README)."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Final

APPEARED: Final = "appeared"
VANISHED: Final = "vanished"
CONCURRENT: Final = "became concurrent"
APART: Final = "no longer concurrent"
SLOWER: Final = "slower"
FASTER: Final = "faster"
MORE: Final = "more often"
FEWER: Final = "less often"
BACKGROUND: Final = "now past the response"
WITHIN: Final = "now within the response"
OFFLOADED: Final = "now on another thread"
AT_HOME: Final = "now on its parent's thread"
FAILED: Final = "now fails"
MENDED: Final = "fails no more"

OPPOSITES: Final = (
    (APPEARED, VANISHED),
    (CONCURRENT, APART),
    (SLOWER, FASTER),
    (MORE, FEWER),
    (BACKGROUND, WITHIN),
    (OFFLOADED, AT_HOME),
    (FAILED, MENDED),
)
"""What a change is called from A to B, and what the same change is called from B to A."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two traces as a whole. Times in ms."""

    trace_id: str
    shapes: list[str]
    wall_ms: float
    spans: int
    overlap_factor: float
    """The highest of its groups; 1.0 where nothing ran at once."""
    blocked_ms: float
    """How long the event loop stood still, all blocks together."""


@dataclass(frozen=True, slots=True)
class Change:
    """What is otherwise with the spans of one path of names. Times in ms.

    A path leads from the root to the span; where both paths are given they may differ in names,
    as the same work done otherwise is another route. Of very deep ones only the end is kept.
    """

    what: list[str]
    """Of the words above."""
    a_path: list[str] | None
    """None where it appeared."""
    b_path: list[str] | None
    """None where it vanished."""
    a_count: int
    b_count: int
    a_ms: float
    """The durations of all its spans together."""
    b_ms: float
    below: int = 0
    """With what appeared or vanished: how many spans below it did, too."""

    @property
    def name(self) -> str:
        """The span's name; both where they differ."""
        found = [path[-1] for path in (self.a_path, self.b_path) if path]
        return " / ".join(dict.fromkeys(found))


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is otherwise in B than in A."""

    a: Side
    b: Side
    gained: list[str] = field(default_factory=list)
    """Shapes of B that A has not."""
    given_up: list[str] = field(default_factory=list)
    """Shapes of A that B has not."""
    changes: list[Change] = field(default_factory=list)
    """Parents before their children, as in A; what appeared comes last below its parent."""

    @property
    def same(self) -> bool:
        """Whether nothing is otherwise, but for times within the tolerance."""
        return not (self.gained or self.given_up or self.changes)

    def of(self, what: str) -> list[Change]:
        """The changes of one word."""
        return [change for change in self.changes if what in change.what]

    def as_dict(self) -> dict[str, Any]:
        """The public JSON contract: plain lists, strings and numbers."""
        return {"same": self.same, **asdict(self)}
