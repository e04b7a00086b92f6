"""What is seen: requests, outgoing calls, the event loop, background work.

`overlap.instrument` is a function, and this package has the same name: once any part of it is
imported (by `overlap.spawn`, say), Python binds the package there. So it can be called too.
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
