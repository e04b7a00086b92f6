"""Wrap methods of classes that are known only when there is an instance: backends and hashers."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import ExitStack
from functools import partial
from threading import Lock
from typing import Any

from overlap.runtime.class_methods import replace_method
from overlap.runtime.guard import guarded

Wrap = Callable[[str, Callable[..., Any]], Callable[..., Any]]
"""Takes a method's name and the method; returns what replaces it."""


class ClassPatches:
    """Wraps the methods of each class once, where the class or a base defines them."""

    def __init__(self, methods: Collection[str], wrap: Wrap) -> None:
        self._methods, self._wrap = methods, wrap
        self._undo = ExitStack()
        self._done: set[type] = set()
        self._is_open = True
        self._lock = Lock()

    def patch(self, cls: type) -> None:
        """Wrap the methods of a class, unless it has been done. From any thread."""
        if cls in self._done:
            return
        with self._lock:
            for owner in cls.__mro__ if self._is_open else ():
                if owner in self._done or owner is object:
                    continue
                for name in self._methods:
                    if callable(vars(owner).get(name)):
                        make = partial(self._wrap, name)
                        self._undo.callback(replace_method(owner, name, make))
                self._done.add(owner)

    def patch_new(self, base: type, what: str) -> Callable[[], None]:
        """Wrap the methods of each class below `base` with its first instance; return the undo.

        what: is logged if that fails.
        """

        def make(stock: Callable[..., Any]) -> Callable[..., Any]:
            def init(instance: Any, *args: Any, **named: Any) -> None:
                guarded(what, self.patch, type(instance))
                stock(instance, *args, **named)

            return init

        return replace_method(base, "__init__", make)

    def undo(self) -> None:
        """Restore all methods, for good: a module may keep a function that calls `patch`."""
        with self._lock:
            self._is_open = False
            self._undo.close()
            self._done.clear()
