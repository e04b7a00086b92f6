"""Whether a process belongs to a Django project, its settings loaded, and settings too late."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from overlap.runtime.class_methods import replace_method
from overlap.runtime.guard import guarded
from overlap.runtime.when_imported import when_imported

_log = logging.getLogger(__name__)


def has_django() -> bool:
    """Return whether this process belongs to a Django project: settings are configured or named."""
    if "DJANGO_SETTINGS_MODULE" in os.environ:
        return True
    from django.conf import settings

    return bool(settings.configured)


def load_settings() -> None:
    """Load Django's settings: a settings module may call instrument(), or an instrumentor's."""
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured

    try:
        settings.MIDDLEWARE  # noqa: B018  the first attribute loads them
    except (ImproperlyConfigured, ModuleNotFoundError):
        _log.debug("there are no settings")  # the stock instrumentor configures empty ones


def warn_of_late_settings() -> Callable[[], None]:
    """Warn once if a handler of Django is created after all; return a function that undoes it.

    The settings were configured after instrument() then, and requests are not traced.
    """
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
