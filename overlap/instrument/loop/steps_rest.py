"""When the steps of requests are not recorded: in a busy process none of whose requests lasts.

To record each step of an empty view costs more than all else that the flight recorder does. Nobody
looks at the steps of a request that was fast. So they rest while a process serves more than
`MOST_A_SECOND` requests a second, none of which has taken a tenth of what counts as slow; and are
recorded again from the moment on that one has. Begins and ends, calls in threads, blocks and
connections are always recorded.
"""

from __future__ import annotations

import asyncio
from itertools import islice
from time import perf_counter
from typing import Final

from overlap.instrument.requests.server_span import IN_FLIGHT
from overlap.recorder.loop_steps import StepHook, hook_of

MOST_A_SECOND: Final = 200
"""Up to so many requests a second of a process, steps are recorded: a fraction of a per cent."""
WINDOW_S: Final = 0.5
"""Requests are counted for so long; and steps are recorded for so long after one has lasted."""
LASTS: Final = 0.1
"""A request lasts if it takes this part of the time that counts as slow."""
NOTE_S: Final = 1.0
"""A rest is written down this often, so that a killed process leaves no more of it unsaid."""
OLDEST: Final = 100
"""So many of the requests in progress are looked at, the oldest: streams may be among them."""


class StepsRest:
    """Decides for one loop. All on the watchdog's thread; times are of time.perf_counter()."""

    def __init__(self, hook: StepHook) -> None:
        self._hook = hook
        now = perf_counter()
        self._lasts_s = LASTS * hook.recorder.slow_s
        self._since, self._number = now, hook.recorder.requests_begun()
        self._noted = self._lasted = now
        self._is_busy = False

    def look(self, now: float) -> None:
        """Let the recording of steps rest, or wake it."""
        if now - self._since >= WINDOW_S:
            number = self._hook.recorder.requests_begun()
            self._is_busy = number - self._number > MOST_A_SECOND * (now - self._since)
            self._since, self._number = now, number
        if self._one_lasts(now):
            self._lasted = now
        if not self._is_busy or now - self._lasted < WINDOW_S:
            self._hook.wake()
            return
        self._hook.rest()
        if now - self._noted >= NOTE_S:
            self._noted = now
            self._hook.note_rest()

    def _one_lasts(self, now: float) -> bool:
        try:
            oldest = [*islice(IN_FLIGHT.values(), OLDEST)]
        except RuntimeError:  # one began or ended meanwhile: the next look is soon
            return False
        return any(
            now - each.began > self._lasts_s and not each.is_stream and each.is_asgi
            for each in oldest
        )


def steps_rest(loop: asyncio.AbstractEventLoop) -> StepsRest | None:
    """Return what decides for a loop; None if its steps are not recorded."""
    hook = hook_of(loop)
    return None if hook is None else StepsRest(hook)
