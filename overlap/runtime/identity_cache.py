"""Caches keyed by identity: for what may not be hashable, and for what is slow to hash."""

from __future__ import annotations

from collections.abc import Callable
from types import CodeType
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


class CodeCache(Generic[Value]):
    """Calls `make` once for each code object, and remembers the results of `size` of them.

    A code object's hash is computed anew from all its parts each time it is asked for. Remembered
    ones are kept alive, so that no other has their identity. Safe from any thread.
    """

    def __init__(self, make: Callable[[CodeType], Value], size: int = 4096) -> None:
        self._make = make
        self._size = size
        self._entries: dict[int, tuple[Value, CodeType]] = {}

    def __call__(self, code: CodeType) -> Value:
        found = self._entries.get(id(code))
        if found is not None:
            return found[0]
        value = self._make(code)
        if len(self._entries) >= self._size:
            self._entries = {}
        self._entries[id(code)] = (value, code)
        return value
