"""Our log lines, in a process whose project configured no logging.

There the standard library prints bare messages to standard error (`logging.lastResort`), and
Django's default configuration has a handler of its own for `django`, with DEBUG. Ours takes
the place of both, and shows the same lines, in one format and with their trace. As soon as the
project configures logging, everything is as it is without us.
"""

from __future__ import annotations

import logging
import sys
from contextlib import ExitStack
from copy import copy
from typing import Any

_DJANGO = "django"
_DJANGO_DEFAULTS = frozenset({"console", "mail_admins"})
"""Names of the handlers in django.utils.log.DEFAULT_LOGGING."""


class Console:
    """Shows records through `handler` where nobody else does."""

    def __init__(self, handler: logging.Handler) -> None:
        self._handler = handler
        self._undo = ExitStack()
        self._is_shown = False
        handler.addFilter(lambda _record: not logging.getLogger().handlers)

    def attach(self) -> None:
        """Take the place of the default handlers, or give it back: look at what is configured.

        Called again once Django has configured logging.
        """
        if is_configured():
            self.close()
            return
        if not self._is_shown and logging.lastResort is not None:
            self._is_shown = True
            before = logging.lastResort
            self._handler.setLevel(before.level)
            logging.lastResort = self._handler
            self._undo.callback(self._restore_last_resort, before)
        if self._is_shown:
            self._replace_django_console()

    def close(self) -> None:
        """Give the default handlers back."""
        self._is_shown = False
        self._undo.close()

    def _restore_last_resort(self, before: Any) -> None:
        if logging.lastResort is self._handler:
            logging.lastResort = before

    def _replace_django_console(self) -> None:
        django = logging.getLogger(_DJANGO)
        for handler in [*django.handlers]:
            if handler.name == "console" and type(handler) is logging.StreamHandler:
                ours = self._like(handler)
                index = django.handlers.index(handler)
                django.removeHandler(handler)
                django.handlers.insert(index, ours)
                self._undo.callback(self._restore_django_console, django, ours, handler)

    def _like(self, other: logging.Handler) -> logging.Handler:
        """Return a handler of ours that shows what another shows: Django's, only with DEBUG."""

        def is_ours(record: logging.LogRecord) -> bool:
            if not logging.getLogger().handlers:
                return True
            other.handle(record)  # the project has configured logging since
            return False

        ours = copy(self._handler)
        ours.level = other.level
        ours.filters = [*other.filters, is_ours]
        return ours

    def _restore_django_console(
        self, django: logging.Logger, ours: logging.Handler, before: logging.Handler
    ) -> None:
        # The list of today: removeHandler() makes a new one on current Pythons (gh-79366).
        if ours in django.handlers:
            django.handlers[django.handlers.index(ours)] = before


def is_configured() -> bool:
    """Return whether the project configured logging: in settings, or by itself."""
    if logging.getLogger().handlers or _has_logging_setting():
        return True
    names = {handler.name for handler in logging.getLogger(_DJANGO).handlers if handler.name}
    return not names <= _DJANGO_DEFAULTS


def _has_logging_setting() -> bool:
    conf = sys.modules.get("django.conf")
    settings = getattr(conf, "settings", None)
    return bool(settings is not None and settings.configured and settings.LOGGING)
