"""The end of background work when the process ends: waited for, cancelled, or written off."""

from __future__ import annotations

import asyncio
import time

import structlog

from overlap import names
from overlap.instrument.tasks.interrupted_tasks import note_running
from overlap.instrument.tasks.spawn import Entry, ledger, write_end

CANCEL_TIMEOUT_S = 1.0
"""For a cancelled task to clean up after itself."""

_log = structlog.get_logger(__name__)


async def drain(timeout_s: float) -> None:
    """Wait up to `timeout_s` seconds for the ledger's tasks, then see to it that each has an end.

    Those that overstay are cancelled and granted CANCEL_TIMEOUT_S; those that live on after
    that are lost. Tasks that running tasks start meanwhile are waited for, too. Plain tasks are
    neither waited for nor cancelled: those that still run in the end are noted as cut.
    """
    if ledger():
        _log.info("waiting for background tasks", count=len(ledger()), seconds=timeout_s)
    deadline = time.monotonic() + timeout_s
    while (waiting := _tasks()) and (left := deadline - time.monotonic()) > 0:
        await asyncio.wait(waiting, timeout=left, return_when=asyncio.FIRST_COMPLETED)
    if overstayed := _tasks():
        for task in overstayed:
            task.cancel("the process ends")
        await asyncio.wait(overstayed, timeout=CANCEL_TIMEOUT_S)
    write_off()
    note_running()


def write_off() -> None:
    """Write down as lost what still runs: its process ends now."""
    for entry in ledger():
        if write_end(entry, names.TASK_LOST):
            _log.error("background task lost", task=entry.name)


def _tasks() -> list[asyncio.Task[object]]:
    loop = asyncio.get_running_loop()
    return [entry.task for entry in ledger() if _belongs(entry, loop)]


def _belongs(entry: Entry, loop: asyncio.AbstractEventLoop) -> bool:
    return entry.task.get_loop() is loop and not entry.task.done()
