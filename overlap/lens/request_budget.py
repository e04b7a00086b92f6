"""How many requests of a second the lens looks at, so that its price has a bound."""

from __future__ import annotations

MOST_A_SECOND = 100.0
"""More than anyone reads; of a service that serves more, a part tells what all do."""
SECOND_S = 1.0


class Budget:
    """Counts what is looked at, second by second, and rests for what is left of one."""

    def __init__(self, most: float = MOST_A_SECOND) -> None:
        self._most = most
        self._taken = 0
        self._since = float("-inf")
        self.resting = False
        """Whether it was all spent when last asked."""

    def take(self, now: float) -> bool:
        """Whether one more may be looked at. `now` is in seconds, on a clock that goes forward."""
        if now - self._since >= SECOND_S:
            self._since, self._taken = now, 0
        self.resting = self._taken >= self._most
        self._taken += not self.resting
        return not self.resting

    def wake(self, now: float) -> None:
        """Rest no longer, if the second is over. From any thread."""
        if self.resting and now - self._since >= SECOND_S:
            self.resting = False
