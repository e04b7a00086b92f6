"""Password hashing: a span for each password that is hashed or verified."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from typing import Any

from overlap import names
from overlap.instrument.framework.amounts import recording_span
from overlap.instrument.framework.class_patches import ClassPatches
from overlap.instrument.framework.slow_parts import start_span
from overlap.runtime.class_methods import replace_method
from overlap.runtime.guard import CurrentSpan, guarded, hide_frames
from overlap.runtime.when_imported import when_imported

_WHAT = "password hashing is not traced"


class _Here(threading.local):
    is_hashing = False


_here = _Here()
"""`verify` of most hashers calls `encode`: the outer one counts."""


def instrument_passwords() -> Callable[[], None]:
    """Trace the hashers of django.contrib.auth; return a function that undoes it."""
    return when_imported("django.contrib.auth.hashers", _patch)


def _patch(module: Any, undo: ExitStack) -> None:
    patches = ClassPatches(("encode", "verify", "harden_runtime"), _wrapped)
    undo.callback(patches.undo)
    for name in ("get_hasher", "identify_hasher"):
        undo.callback(replace_method(module, name, partial(_finding, patches)))


def _finding(patches: ClassPatches, stock: Callable[..., Any]) -> Callable[..., Any]:
    def find(*args: Any, **named: Any) -> Any:
        try:
            hasher = stock(*args, **named)
        except BaseException as error:
            hide_frames(error)
            raise
        guarded(_WHAT, patches.patch, type(hasher))
        return hasher

    return find


def _wrapped(operation: str, stock: Callable[..., Any]) -> Callable[..., Any]:
    def traced(self: Any, *args: Any, **named: Any) -> Any:
        outer, _here.is_hashing = _here.is_hashing, True
        try:
            if outer:
                return stock(self, *args, **named)
            with CurrentSpan(_WHAT, guarded(_WHAT, _start, self, operation)):
                return stock(self, *args, **named)
        except BaseException as error:
            hide_frames(error)
            raise
        finally:
            _here.is_hashing = outer

    return traced


def _start(hasher: Any, operation: str) -> Any:
    if recording_span() is None:
        return None
    attributes = {
        names.PASSWORD_OPERATION: operation,
        names.PASSWORD_ALGORITHM: str(getattr(hasher, "algorithm", "")),
    }
    return start_span(names.SPAN_PASSWORD, attributes)
