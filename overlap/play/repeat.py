"""Plays lessons on and on, until told to stop: for dashboards that live."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle

from overlap.scenario import Scenario


@dataclass(slots=True)
class Tally:
    """How many lessons were played, and how many of them showed what they expect."""

    played: int = 0
    good: int = 0

    def count(self, ok: bool) -> None:
        """One more."""
        self.played += 1
        self.good += ok

    def __str__(self) -> str:
        return f"{self.good} of {self.played} lessons showed what they expect"


async def rounds(
    scenarios: Sequence[Scenario], every_s: float
) -> AsyncIterator[tuple[int, Scenario]]:
    """The lessons for ever, each with its place in the round, counted from 1.

    `every_s` seconds lie between the beginnings of two; one that takes longer is followed at once.
    """
    loop = asyncio.get_running_loop()
    for number, scenario in cycle(enumerate(scenarios, 1)):
        due = loop.time() + every_s
        yield number, scenario
        await asyncio.sleep(max(0.0, due - loop.time()))


@contextmanager
def ended_by_signal() -> Iterator[None]:
    """Ctrl-C and SIGTERM end the block, wherever it waits, and are not heard of outside it."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None  # noqa: S101  coroutines run in tasks
    told = False

    def end() -> None:
        nonlocal told
        told = True
        task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, end)
    try:
        yield
    except asyncio.CancelledError:
        if not told:
            raise
        task.uncancel()
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
