"""Install a lens on each watched loop, and remove it."""

from __future__ import annotations

import asyncio
import logging

from overlap.lens.request_budget import MOST_A_SECOND
from overlap.lens.steps import Steps

_log = logging.getLogger("overlap.lens")


class Lenses:
    """The lenses of one process, one for each loop, with a limit of requests a second."""

    def __init__(self, most_a_second: float = MOST_A_SECOND) -> None:
        self._most = most_a_second
        self._all: list[tuple[asyncio.AbstractEventLoop, Steps]] = []

    def on(self, loop: asyncio.AbstractEventLoop) -> Steps | None:
        """Install a lens on the running loop. If the loop takes none, log that and return None."""
        steps = Steps(loop, self._most)
        try:
            steps.start()
        except Exception as error:  # a loop that takes no attributes
            steps.stop()
            _log.warning("no lens on %s: %s", type(loop).__qualname__, error)
            return None
        self._all.append((loop, steps))
        return steps

    def off(self) -> None:
        """Remove all lenses."""
        for _, steps in self._all:
            steps.stop()
        self._all.clear()
