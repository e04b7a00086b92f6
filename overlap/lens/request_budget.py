"""The limit of requests a second that the lens measures, so that its cost is bounded."""

from __future__ import annotations

MOST_A_SECOND = 100.0
"""More than anyone reads; a sample is enough for a service that serves more."""
SECOND_S = 1.0


class Budget:
    """Counts measured requests for each second, and stops for the rest of it when all is used."""

    def __init__(self, most: float = MOST_A_SECOND) -> None:
        self._most = most
        self._taken = 0
        self._since = float("-inf")
        self.resting = False
        """Whether it was used up when last asked."""

    def take(self, now: float) -> bool:
        """Return whether one more may be measured. `now`: seconds of a monotonic clock."""
        if now - self._since >= SECOND_S:
            self._since, self._taken = now, 0
        self.resting = self._taken >= self._most
        self._taken += not self.resting
        return not self.resting

    def wake(self, now: float) -> None:
        """Stop resting if the second is over. From any thread."""
        if self.resting and now - self._since >= SECOND_S:
            self.resting = False
