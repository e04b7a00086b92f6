"""Attributes of a metric that stay few, whatever names the code that is watched makes up."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Attributes = Mapping[str, str | int]

OTHER = "other"
"""What stands for the names that came when there were enough already."""


class Bounded(Generic[Key]):
    """The attributes of each key, made once; beyond `limit` keys, those of all others.

    Every set of attributes is a series that the process, and whoever keeps its metrics, holds
    for good: a task named after each order would make one for each order.
    """

    def __init__(self, limit: int, make: Callable[[Key], Attributes], other: Attributes) -> None:
        self._limit = limit
        self._make = make
        self._other = other
        self._kept: dict[Key, Attributes] = {}

    def __getitem__(self, key: Key) -> Attributes:
        found = self._kept.get(key)
        if found is not None:
            return found
        if len(self._kept) >= self._limit:
            return self._other
        return self._kept.setdefault(key, self._make(key))
