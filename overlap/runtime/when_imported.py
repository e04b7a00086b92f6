"""Instrument a package once it is imported: what is not installed, or not used, costs nothing."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from importlib.util import find_spec
from types import ModuleType

from wrapt import register_post_import_hook

from overlap.runtime.guard import guarded

Instrument = Callable[[ModuleType, ExitStack], None]
"""Instruments a module, and registers the undoing on the stack."""

_waiting: dict[str, list[tuple[Instrument, ExitStack]]] = {}
"""By a module's name: what is done when it is imported."""


def when_imported(name: str, instrument: Instrument) -> Callable[[], None]:
    """Call `instrument` with the module `name` when it is imported; return a function that undoes.

    What it raises is logged.
    """
    undo = ExitStack()
    if find_spec(name.partition(".")[0]) is None:
        return undo.close
    if (module := sys.modules.get(name)) is not None:
        guarded(f"{name} is not instrumented", instrument, module, undo)
        return undo.close
    waiting = (instrument, undo)
    if name not in _waiting:
        # Once for each name: an import hook cannot be removed.
        register_post_import_hook(partial(_imported, name), name)
    _waiting.setdefault(name, []).append(waiting)
    undo.callback(_forget, name, waiting)
    return undo.close


def _imported(name: str, module: ModuleType) -> None:
    for instrument, undo in _waiting.pop(name, ()):
        guarded(f"{name} is not instrumented", instrument, module, undo)


def _forget(name: str, waiting: tuple[Instrument, ExitStack]) -> None:
    if waiting in (others := _waiting.get(name, [])):
        others.remove(waiting)
