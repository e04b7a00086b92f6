"""Play scenarios in a loop until a signal: `overlap play --every`, for live dashboards."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle

from overlap.runtime.stop_signals import on_stop_signals
from overlap.scenario import Scenario


@dataclass(slots=True)
class Tally:
    """How many scenarios were played, and how many showed what they expect."""

    played: int = 0
    good: int = 0

    def count(self, ok: bool) -> None:
        """Count one play."""
        self.played += 1
        self.good += ok

    def __str__(self) -> str:
        return f"{self.good} of {self.played} scenarios showed what they expect"


async def rounds(
    scenarios: Sequence[Scenario], every_s: float
) -> AsyncIterator[tuple[int, Scenario]]:
    """Yield the scenarios in an endless loop, each with its number in the round, from 1.

    Two starts are `every_s` seconds apart; a scenario that takes longer is followed at once.
    """
    loop = asyncio.get_running_loop()
    for number, scenario in cycle(enumerate(scenarios, 1)):
        due = loop.time() + every_s
        yield number, scenario
        await asyncio.sleep(max(0.0, due - loop.time()))


@contextmanager
def stop_on_signal() -> Iterator[None]:
    """Let Ctrl-C and SIGTERM end the block at any await; no exception leaves it."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None  # noqa: S101  coroutines run in tasks
    signalled = False

    def end() -> None:
        nonlocal signalled
        signalled = True
        task.cancel()

    undo = on_stop_signals(loop, end)
    try:
        yield
    except asyncio.CancelledError:
        if not signalled:
            raise
        task.uncancel()
    finally:
        undo.close()
