"""Instrument a package once it is imported: what is not installed, or not used, costs nothing."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import ExitStack
from importlib.util import find_spec
from types import ModuleType

from wrapt import register_post_import_hook

from overlap.runtime.guard import guarded

Instrument = Callable[[ModuleType, ExitStack], None]
"""Instruments a module, and registers the undoing on the stack."""


def when_imported(name: str, instrument: Instrument) -> Callable[[], None]:
    """Call `instrument` with the module `name` when it is imported; return a function that undoes.

    What it raises is logged.
    """
    undo = ExitStack()
    if find_spec(name.partition(".")[0]) is None:
        return undo.close
    what = f"{name} is not instrumented"
    if (module := sys.modules.get(name)) is not None:
        guarded(what, instrument, module, undo)
        return undo.close
    wanted = [True]  # an import hook cannot be removed
    undo.callback(wanted.clear)
    register_post_import_hook(
        lambda module: guarded(what, instrument, module, undo) if wanted else None, name
    )
    return undo.close
