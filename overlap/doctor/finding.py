"""The result of checking one hop of the telemetry pipeline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

State = Literal["ok", "broken", "absent", "skipped"]
"""`absent`: not set up. `skipped`: not checked, because an earlier hop is broken."""


class Broken(Exception):
    """A hop does not work. `str(error)` says what was seen."""

    def __init__(self, seen: str, do: str) -> None:
        super().__init__(seen)
        self.do = do
        """What fixes it, as a sentence."""


class Absent(Exception):
    """The hop is not set up. `str(error)` says why that is not an error."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The result for one hop."""

    hop: str
    state: State
    seen: str
    """What was seen, in one sentence without its full stop."""
    do: str
    """What fixes it; empty if nothing is broken."""
    seconds: float

    def as_dict(self) -> Mapping[str, Any]:
        """Return the finding as `--json` prints it."""
        return {**asdict(self), "seconds": round(self.seconds, 3)}
