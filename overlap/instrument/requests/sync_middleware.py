"""Which middlewares of a chain know no async, learned while Django loads them."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.core.handlers.base import BaseHandler
from django.utils.module_loading import import_string


class Chain:
    """Listens to one `load_middleware`, from the innermost middleware outwards."""

    def __init__(self, handler: BaseHandler) -> None:
        self._handler = handler
        self._inside: list[Any] = []

    def load(self, load: Callable[[], None]) -> tuple[str, ...]:
        """Run `load`; gives back the dotted names of the sync-only middlewares, outermost first."""
        adapt = self._handler.adapt_method_mode

        @wraps(adapt)
        def noting(is_async: bool, method: Any, *rest: Any, **named: Any) -> Any:
            # With a name it is what the next middleware stands around.
            if named.get("name"):
                self._inside.append(method)
            return adapt(is_async, method, *rest, **named)

        self._handler.adapt_method_mode = noting
        try:
            load()
        finally:
            del self._handler.adapt_method_mode
        return tuple(reversed([path for path in self._in_use() if _knows_no_async(path)]))

    def _in_use(self) -> list[str]:
        paths = list(reversed(settings.MIDDLEWARE))
        if len(self._inside) != len(paths):
            return paths  # some other Django
        # One that said MiddlewareNotUsed left to the next what stood inside of itself.
        after = [*self._inside[1:], None]
        pairs = zip(paths, self._inside, after, strict=True)
        return [path for path, inside, outside in pairs if inside is not outside]


def _knows_no_async(path: str) -> bool:
    return not getattr(import_string(path), "async_capable", False)
