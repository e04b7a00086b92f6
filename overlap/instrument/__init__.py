"""The instrument: traces requests, outgoing calls, the event loop and background work.

`overlap.instrument` is a function, and this package has the same name: once a part of it is
imported (by `overlap.spawn`, for instance), Python binds the package to that name. So the package
is callable too.
"""

import sys
from types import ModuleType
from typing import Any

from overlap.instrument.setup import instrument, shutdown
from overlap.instrument.tasks.spawn import spawn

__all__ = ["instrument", "shutdown", "spawn"]


class _Package(ModuleType):
    def __call__(self, **settings: Any) -> None:
        instrument(**settings)


sys.modules[__name__].__class__ = _Package
