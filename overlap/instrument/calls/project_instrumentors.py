"""Give way to a project that calls `SomeInstrumentor().instrument(…)` after ours.

Instrumentors are singletons: a second call logs "already instrumented", and its hooks, providers
and options are lost. Here ours is switched off first, and the project's stays as it is, also at
our end: as if the project had called before us.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from opentelemetry.instrumentation import instrumentor as stock_instrumentor

from overlap.runtime.class_methods import replace_method
from overlap.runtime.guard import guarded

_WHAT = "an instrumentation of the project's and ours are both on"
_ours: dict[int, tuple[Any, Callable[[], None], Callable[[], None]]] = {}
"""The instrumentors that we switched on, by identity: what undoes that, and what comes after."""


def give_way(
    instrumentor: Any, switch_off: Callable[[], None], afterwards: Callable[[], None] | None = None
) -> Callable[[], None]:
    """Call `switch_off` when the project switches this instrumentor on, or at our end.

    `afterwards` is called once the project's is on. Return what ends it: it switches ours off if
    ours is still on.
    """
    entry = (instrumentor, switch_off, afterwards or (lambda: None))
    _ours[id(instrumentor)] = entry

    def undo() -> None:
        if _ours.get(id(instrumentor)) is entry:
            del _ours[id(instrumentor)]
            switch_off()

    return undo


def uninstrument(instrumentor: Any) -> None:
    """Switch an instrumentor off, unless the project has done so."""
    if instrumentor.is_instrumented_by_opentelemetry:
        instrumentor.uninstrument()


def observe_project() -> Callable[[], None]:
    """Observe what the project switches on from now on; return a function that undoes it."""
    base: Any = stock_instrumentor.BaseInstrumentor  # type: ignore[attr-defined]

    def make(stock: Callable[..., Any]) -> Callable[..., Any]:
        def instrument(self: Any, **options: Any) -> Any:
            _, switch_off, afterwards = _ours.pop(id(self), (None, None, None))
            if switch_off is not None:
                guarded(_WHAT, switch_off)
            result = stock(self, **options)
            if afterwards is not None:
                guarded(_WHAT, afterwards)
            return result

        return instrument

    return replace_method(base, "instrument", make)
