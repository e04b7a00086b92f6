"""How long full garbage collections have paused the process: time that no line of code caused."""

from __future__ import annotations

import gc
import time
from typing import Any

_OLDEST = 2
"""Only full collections take long enough to matter."""


class GarbageClock:
    """Adds up the seconds of full collections, in whichever thread they ran."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._since = 0.0

    def start(self) -> None:
        """Start measuring."""
        gc.callbacks.append(self._on_collection)

    def stop(self) -> None:
        """Stop measuring."""
        if self._on_collection in gc.callbacks:
            gc.callbacks.remove(self._on_collection)

    def _on_collection(self, phase: str, info: dict[str, Any]) -> None:
        if info["generation"] != _OLDEST:
            return
        if phase == "start":
            self._since = time.perf_counter()
        else:
            self.seconds += time.perf_counter() - self._since
