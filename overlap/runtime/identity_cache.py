"""A cache keyed by identity, for objects of other libraries, which may not be hashable."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class IdentityCache(Generic[Key, Value]):
    """Calls `make` once for each object, and remembers the results of the last `size` objects.

    Unlike functools.lru_cache, it neither hashes nor compares its keys: a provider or a
    propagator that a project configured may support neither. (Logfire's proxy provider is a
    dataclass with `__eq__` and is not hashable.) Remembered objects are kept alive, so that no
    other object can have their identity. Safe from any thread.
    """

    def __init__(self, make: Callable[[Key], Value], size: int = 1) -> None:
        self._make = make
        self._size = size
        self._entries: tuple[tuple[Key, Value], ...] = ()

    def __call__(self, key: Key) -> Value:
        entries = self._entries
        for known, value in entries:
            if known is key:
                return value
        value = self._make(key)
        self._entries = ((key, value), *entries[: self._size - 1])
        return value
