"""A comparison as plain data: the JSON contract of docs/reference/verdict.md."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Final

APPEARED: Final = "appeared"
VANISHED: Final = "vanished"
CONCURRENT: Final = "became concurrent"
NOT_CONCURRENT: Final = "no longer concurrent"
SLOWER: Final = "slower"
FASTER: Final = "faster"
MORE: Final = "more often"
FEWER: Final = "less often"
BACKGROUND: Final = "now past the response"
WITHIN: Final = "now within the response"
OFFLOADED: Final = "now on another thread"
ON_PARENT_THREAD: Final = "now on its parent's thread"
FAILED: Final = "now fails"
FIXED: Final = "fails no more"

OPPOSITES: Final = (
    (APPEARED, VANISHED),
    (CONCURRENT, NOT_CONCURRENT),
    (SLOWER, FASTER),
    (MORE, FEWER),
    (BACKGROUND, WITHIN),
    (OFFLOADED, ON_PARENT_THREAD),
    (FAILED, FIXED),
)
"""Each change from A to B, and the name of the same change from B to A."""


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
    """How long the event loop was blocked, all blocks together."""


@dataclass(frozen=True, slots=True)
class Change:
    """What differs in the spans of one path of names. Times in ms.

    A path leads from the root to the span. Where both paths are given their names may differ:
    the same work done in another way has another route. Of very deep paths only the end is kept.
    """

    what: list[str]
    """Some of the constants above."""
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
    """Of a span that appeared or vanished: how many spans below it did, too."""

    @property
    def name(self) -> str:
        """The span's name; both where they differ."""
        found = [path[-1] for path in (self.a_path, self.b_path) if path]
        return " / ".join(dict.fromkeys(found))


@dataclass(frozen=True, slots=True)
class Comparison:
    """What differs in B from A."""

    a: Side
    b: Side
    gained: list[str] = field(default_factory=list)
    """Shapes of B that A does not have."""
    given_up: list[str] = field(default_factory=list)
    """Shapes of A that B does not have."""
    changes: list[Change] = field(default_factory=list)
    """Parents before their children, as in A; what appeared comes last below its parent."""

    @property
    def same(self) -> bool:
        """Whether nothing differs, apart from times within the tolerance."""
        return not (self.gained or self.given_up or self.changes)

    def of(self, what: str) -> list[Change]:
        """Return the changes of one sort."""
        return [change for change in self.changes if what in change.what]

    def as_dict(self) -> dict[str, Any]:
        """The public JSON contract: plain lists, strings and numbers."""
        return {"same": self.same, **asdict(self)}
