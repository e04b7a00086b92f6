"""Warn where Django's settings are configured after instrument(): its requests are not traced."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from overlap.runtime.class_methods import replace_method
from overlap.runtime.guard import guarded
from overlap.runtime.when_imported import when_imported

_log = logging.getLogger("overlap.instrument")


def warn_of_late_settings() -> Callable[[], None]:
    """Warn once if a handler of Django is created after all; return a function that undoes it."""
    return when_imported("django.core.handlers.base", _watch)


def _watch(module: Any, undo: ExitStack) -> None:
    def make(stock: Callable[..., Any]) -> Callable[..., Any]:
        def load_middleware(self: Any, *args: Any, **named: Any) -> Any:
            guarded("the late settings are not reported", _warn)
            undo.close()
            return stock(self, *args, **named)

        return load_middleware

    undo.callback(replace_method(module.BaseHandler, "load_middleware", make))


def _warn() -> None:
    _log.warning(
        "instrument() was called before Django's settings were known, so its requests are not "
        "traced: call it after settings.configure(), or set DJANGO_SETTINGS_MODULE"
    )
