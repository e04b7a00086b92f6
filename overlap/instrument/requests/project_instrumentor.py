"""A project's own `DjangoInstrumentor().instrument(…)`: its options apply to our middleware.

The stock middleware and ours together would make two server spans of each request. So ours takes
the place that the project, or `opentelemetry-instrument`, gave the stock one in MIDDLEWARE. Hooks,
excluded URLs and providers stay: the stock instrumentor keeps them in attributes of its
middleware's class, and ours reads them there. It is the same before us and after us.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Any, TypeAlias

from django.conf import settings
from opentelemetry.instrumentation.django import DjangoInstrumentor
from opentelemetry.instrumentation.django.middleware.otel_middleware import _DjangoMiddleware

from overlap.runtime.class_methods import replace_method
from overlap.runtime.guard import guarded

STOCK = f"{_DjangoMiddleware.__module__}.{_DjangoMiddleware.__qualname__}"
HOOKS = ("_otel_request_hook", "_otel_response_hook")
OPTIONS = {
    "excluded_urls": ("_excluded_urls",),
    "tracer_provider": ("_tracer",),
    "meter_provider": (
        "_meter",
        "_active_request_counter",
        "_duration_histogram_old",
        "_duration_histogram_new",
    ),
}
"""The attributes of the stock middleware that each option sets, besides the hooks."""

Replacement: TypeAlias = Callable[[Callable[..., Any]], Callable[..., Any]]
"""Makes a method from the stock one."""

_log = logging.getLogger(__name__)


class ProjectInstrumentor:
    """The project's DjangoInstrumentor, beside ours with its `options`."""

    def __init__(self, middleware: str, options: Mapping[str, Any]) -> None:
        self._middleware = middleware
        self._options = options
        self._theirs: dict[str, Any] | None = None
        self._ours: dict[str, Any] = {}

    def keep(self) -> None:
        """Keep the options of an instrumentor that is on; ours is switched on afterwards."""
        if DjangoInstrumentor().is_instrumented_by_opentelemetry:
            self._theirs = _attributes()

    def join(self) -> None:
        """Bring both together, now that ours is on."""
        self._ours = _attributes()
        if self._theirs is not None:
            self._combine()

    def watch(self, on_change: Callable[[], None]) -> Callable[[], None]:
        """Call `on_change` when the project's is switched on or off; return the undo."""
        undo = ExitStack()
        undo.callback(
            replace_method(DjangoInstrumentor, "_instrument", self._switching_on(on_change))
        )
        undo.callback(
            replace_method(DjangoInstrumentor, "_uninstrument", self._switching_off(on_change))
        )
        return undo.close

    def _switching_on(self, on_change: Callable[[], None]) -> Replacement:
        def make(stock: Callable[..., Any]) -> Callable[..., Any]:
            def _instrument(instrumentor: Any, **options: Any) -> None:
                if type(instrumentor) is not DjangoInstrumentor:
                    stock(instrumentor, **options)
                    return
                before = settings.MIDDLEWARE
                settings.MIDDLEWARE = [path for path in before if path != self._middleware]
                stock(instrumentor, **options)
                if STOCK not in settings.MIDDLEWARE:  # an environment variable forbids it
                    settings.MIDDLEWARE = before
                else:
                    self._theirs = _attributes()
                    guarded("the project's options for Django are lost", self._combine)
                    guarded("the project's options for Django are lost", on_change)

            return _instrument

        return make

    def _switching_off(self, on_change: Callable[[], None]) -> Replacement:
        def make(stock: Callable[..., Any]) -> Callable[..., Any]:
            def _uninstrument(instrumentor: Any, **options: Any) -> None:
                stock(instrumentor, **options)
                if type(instrumentor) is DjangoInstrumentor:
                    self._theirs = None
                    _set(self._ours)
                    guarded("the project's options for Django stay", on_change)

            return _uninstrument

        return make

    def restore(self) -> None:
        """Give the project's middleware its place and its options back."""
        if self._theirs is not None:
            self._replace(self._middleware, STOCK)
            _set(self._theirs)

    def _combine(self) -> None:
        theirs = self._theirs or {}
        _set(theirs)
        for option, names in OPTIONS.items():
            if option in self._options:
                _set({name: self._ours[name] for name in names})
        for name in HOOKS:
            setattr(_DjangoMiddleware, name, _both(theirs[name], self._ours[name]))
        if STOCK in settings.MIDDLEWARE:
            self._replace(STOCK, self._middleware)

    @staticmethod
    def _replace(old: str, new: str) -> None:
        """Put `new`, and nothing else, where `old` is in MIDDLEWARE."""
        found = [path for path in settings.MIDDLEWARE if path != new]
        settings.MIDDLEWARE = [new if path == old else path for path in found]


def _attributes() -> dict[str, Any]:
    names = (*HOOKS, "_sem_conv_opt_in_mode", *(name for each in OPTIONS.values() for name in each))
    return {name: vars(_DjangoMiddleware)[name] for name in names}


def _set(attributes: Mapping[str, Any]) -> None:
    for name, value in attributes.items():
        setattr(_DjangoMiddleware, name, value)


def _both(first: Callable[..., None] | None, second: Callable[..., None] | None) -> Any:
    if first is None or second is None:
        return first or second

    def hook(*arguments: Any) -> None:
        try:
            first(*arguments)
        finally:
            second(*arguments)

    return hook
