"""A bound on the number of attribute sets of a metric, whatever names a project uses."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Attributes = Mapping[str, str | int]

OTHER = "other"
"""Stands for all names beyond the limit."""


class Bounded(Generic[Key]):
    """The attributes of each key, made once; beyond `limit` keys, the shared ones of all others.

    Every attribute set is a series that the process and its metrics backend keep for good: tasks
    named after order numbers would make a series for each order.
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
