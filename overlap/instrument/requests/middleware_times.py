"""How long each sync middleware takes itself, without what is inside it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from time import perf_counter
from typing import Any

from django.core.handlers import base

from overlap import names
from overlap.instrument.framework.amounts import amounts_of
from overlap.runtime.guard import guarded, hide_frames

_KEY = "_overlap_middleware_times"
_NAME = "middleware "
"""What Django puts before a middleware's dotted name when it adapts what that one wraps."""


class MiddlewareTimes:
    """Wraps each sync middleware, and what it calls, while Django loads the middleware."""

    def __init__(self, handler: base.BaseHandler) -> None:
        self._handler = handler
        self._path: str | None = None
        """The sync middleware that is being loaded."""
        self._paths: list[str] = []
        """Those that are loaded, the innermost first."""

    def load(self, load: Callable[[], None]) -> None:
        """Call `load`, which loads the middleware of a handler, from the innermost outwards."""
        had_own = "adapt_method_mode" in vars(self._handler)
        adapt = self._handler.adapt_method_mode
        convert = base.convert_exception_to_response

        @wraps(adapt)
        def adapting(is_async: bool, method: Any, *rest: Any, **named: Any) -> Any:
            adapted = adapt(is_async, method, *rest, **named)
            name = str(named.get("name") or "")
            if not name.startswith(_NAME):
                return adapted
            self._path = None if is_async else name.removeprefix(_NAME)
            return adapted if is_async else _inside(adapted, name.removeprefix(_NAME))

        @wraps(convert)
        def converting(get_response: Any) -> Any:
            path, self._path = self._path, None
            if path is None:
                return convert(get_response)
            self._paths.append(path)
            return convert(self._timed(get_response, path))

        self._handler.adapt_method_mode = adapting
        base.convert_exception_to_response = converting
        try:
            load()
        finally:
            base.convert_exception_to_response = convert
            if had_own:
                self._handler.adapt_method_mode = adapt
            else:
                del self._handler.adapt_method_mode

    def _timed(self, middleware: Any, path: str) -> Callable[[Any], Any]:
        def timed(request: Any) -> Any:
            began = perf_counter()
            try:
                return middleware(request)
            except BaseException as error:
                hide_frames(error)
                raise
            finally:
                guarded("a middleware is not timed", self._record, request, path, began)

        # What runs in a thread is called after what it wraps (overlap.lens.threads.function).
        timed.__wrapped__ = middleware  # type: ignore[attr-defined]
        timed.overlap_middleware = path  # type: ignore[attr-defined]
        return timed

    def _record(self, request: Any, path: str, began: float) -> None:
        times: dict[str, float] = vars(request).setdefault(_KEY, {})
        # What it called has left its time there.
        times[path] = perf_counter() - began - times.get(path, 0.0)
        server_span = getattr(request, "_overlap_server_span", None)
        if server_span is not None and server_span.is_recording:
            amounts_of(server_span.span)[names.SYNC_MIDDLEWARE_MS] = tuple(
                round(times.get(each, 0.0) * 1000, 3) for each in reversed(self._paths)
            )


def _inside(get_response: Callable[[Any], Any], path: str) -> Callable[[Any], Any]:
    def timed(request: Any) -> Any:
        began = perf_counter()
        try:
            return get_response(request)
        except BaseException as error:
            hide_frames(error)
            raise
        finally:
            guarded("a middleware is not timed", _leave, request, path, began)

    return timed


def _leave(request: Any, path: str, began: float) -> None:
    times: dict[str, float] = vars(request).setdefault(_KEY, {})
    times[path] = times.get(path, 0.0) + perf_counter() - began
