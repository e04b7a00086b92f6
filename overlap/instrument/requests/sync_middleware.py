"""Find the sync-only middleware of a project, while Django loads it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.core.handlers.base import BaseHandler
from django.utils.module_loading import import_string


class SyncMiddlewareFinder:
    """Observes one `load_middleware`, which goes from the innermost middleware outwards."""

    def __init__(self, handler: BaseHandler) -> None:
        self._handler = handler
        self._inside: list[Any] = []

    def load(self, load: Callable[[], None]) -> tuple[str, ...]:
        """Call `load`; return the dotted names of the sync-only middleware, outermost first."""
        adapt = self._handler.adapt_method_mode

        @wraps(adapt)
        def noting(is_async: bool, method: Any, *rest: Any, **named: Any) -> Any:
            # Called with a name, it adapts what the next middleware wraps.
            if named.get("name"):
                self._inside.append(method)
            return adapt(is_async, method, *rest, **named)

        self._handler.adapt_method_mode = noting
        try:
            load()
        finally:
            del self._handler.adapt_method_mode
        return tuple(reversed([path for path in self._in_use() if _is_sync_only(path)]))

    def _in_use(self) -> list[str]:
        paths = list(reversed(settings.MIDDLEWARE))
        if len(self._inside) != len(paths):
            return paths  # some other Django
        # After MiddlewareNotUsed, the next middleware wraps the same object.
        after = [*self._inside[1:], None]
        pairs = zip(paths, self._inside, after, strict=True)
        return [path for path, inside, outside in pairs if inside is not outside]


def _is_sync_only(path: str) -> bool:
    return not getattr(import_string(path), "async_capable", False)
