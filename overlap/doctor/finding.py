"""What is found at one hop of the road."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

State = Literal["ok", "broken", "absent", "skipped"]
"""`absent`: not in this setup. `skipped`: not looked at, as a hop before it is broken."""


class Broken(Exception):
    """A hop does not do what it is there for. `str(error)` says what was seen."""

    def __init__(self, seen: str, do: str) -> None:
        super().__init__(seen)
        self.do = do
        """What mends it, as a sentence."""


class Absent(Exception):
    """This setup has no such hop. `str(error)` says why that is no fault."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One hop, looked at."""

    hop: str
    state: State
    seen: str
    """What was seen, in one sentence without its full stop."""
    do: str
    """What mends it; empty where nothing is broken."""
    seconds: float

    def as_dict(self) -> Mapping[str, Any]:
        """As `--json` has it."""
        return {**asdict(self), "seconds": round(self.seconds, 3)}
