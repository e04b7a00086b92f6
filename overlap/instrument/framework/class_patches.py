"""Wrap methods of classes that are known only when there is an instance: backends and hashers."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import ExitStack
from threading import Lock
from typing import Any

Wrap = Callable[[str, Callable[..., Any]], Callable[..., Any]]
"""Takes a method's name and the method; returns what replaces it."""


def replace(owner: Any, name: str, ours: Any, undo: ExitStack) -> None:
    """Replace an attribute of a class or module; `undo` restores it."""
    stock = vars(owner)[name]
    setattr(owner, name, ours)
    undo.callback(_restore, owner, name, ours, stock)


def _restore(owner: Any, name: str, ours: Any, stock: Any) -> None:
    if vars(owner).get(name) is ours:  # otherwise another library has wrapped it
        setattr(owner, name, stock)


class ClassPatches:
    """Wraps the methods of each class once, where the class or a base defines them."""

    def __init__(self, methods: Collection[str], wrap: Wrap) -> None:
        self._methods, self._wrap = methods, wrap
        self._undo = ExitStack()
        self._done: set[type] = set()
        self._lock = Lock()

    def patch(self, cls: type) -> None:
        """Wrap the methods of a class, unless it has been done. From any thread."""
        if cls in self._done:
            return
        with self._lock:
            for owner in cls.__mro__:
                if owner in self._done or owner is object:
                    continue
                for name in self._methods:
                    if callable(stock := vars(owner).get(name)):
                        replace(owner, name, self._wrap(name, stock), self._undo)
                self._done.add(owner)

    def undo(self) -> None:
        """Restore all methods."""
        with self._lock:
            self._undo.close()
            self._done.clear()
