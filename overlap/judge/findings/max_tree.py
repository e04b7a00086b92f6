"""A segment tree of maxima: find the places in a range whose value is above a bound."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

NOTHING: Final = -(1 << 200)
"""Less than any time there is."""


class MaxTree:
    """Values at fixed places. Change one: O(log n). Find those above a bound: O(log n) each."""

    def __init__(self, values: Sequence[int]) -> None:
        self._size = 1 << max(0, len(values) - 1).bit_length()
        self._most = [NOTHING] * self._size + list(values)
        self._most += [NOTHING] * (2 * self._size - len(self._most))
        for node in range(self._size - 1, 0, -1):
            self._most[node] = max(self._most[2 * node], self._most[2 * node + 1])

    def __setitem__(self, place: int, value: int) -> None:
        node = place + self._size
        self._most[node] = value
        while node := node // 2:
            self._most[node] = max(self._most[2 * node], self._most[2 * node + 1])

    def above(self, bound: int, low: int, high: int) -> Iterator[int]:
        """Yield the places from `low` up to, not including, `high` whose value is above `bound`."""
        todo = [(1, 0, self._size)]
        while todo:
            node, first, end = todo.pop()
            if end <= low or first >= high or self._most[node] <= bound:
                continue
            if node >= self._size:
                yield first
                continue
            middle = (first + end) // 2
            todo.append((2 * node + 1, middle, end))
            todo.append((2 * node, first, middle))
