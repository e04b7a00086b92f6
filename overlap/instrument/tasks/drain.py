"""Background work at shutdown: wait for it, cancel what is left, report what is lost."""

from __future__ import annotations

import asyncio
import time

from overlap import names
from overlap.instrument.tasks.interrupted_tasks import report_running
from overlap.instrument.tasks.spawn import Entry, ledger, record_end
from overlap.recorder.active import record_lost
from overlap.telemetry.logs.own_lines import OwnLogger

CANCEL_TIMEOUT_S = 1.0
"""Seconds for a cancelled task to clean up."""

_log = OwnLogger(__name__)


async def drain(timeout_s: float, *, report_plain: bool = True) -> None:
    """Wait up to `timeout_s` seconds for the ledger's tasks; record an end for each.

    Tasks that take longer are cancelled and have CANCEL_TIMEOUT_S to end; those that still run
    after that are lost. Tasks started meanwhile are waited for as well. Plain tasks are neither
    waited for nor cancelled: those that still run at the end are reported as cut, unless
    `report_plain` is false.
    """
    if ledger():
        _log.info("waiting for background tasks", count=len(ledger()), seconds=timeout_s)
    deadline = time.monotonic() + timeout_s
    while (waiting := _tasks()) and (left := deadline - time.monotonic()) > 0:
        await asyncio.wait(waiting, timeout=left, return_when=asyncio.FIRST_COMPLETED)
    if overdue := _tasks():
        for task in overdue:
            task.cancel("the process ends")
        await asyncio.wait(overdue, timeout=CANCEL_TIMEOUT_S)
    for entry in ledger():
        if entry.task.get_loop() is asyncio.get_running_loop():
            _record_lost(entry)
    if report_plain:
        report_running()


def report_lost() -> None:
    """Record the tasks that still run as lost: their process ends now."""
    for entry in ledger():
        _record_lost(entry)


def loops() -> list[asyncio.AbstractEventLoop]:
    """Return the loops with background tasks in progress."""
    found: list[asyncio.AbstractEventLoop] = []
    for entry in ledger():
        if (loop := entry.task.get_loop()) not in found:
            found.append(loop)
    return found


def _record_lost(entry: Entry) -> None:
    if record_end(entry, names.TASK_LOST):
        record_lost(entry.name)
        _log.error("background task lost", task=entry.name)


def _tasks() -> list[asyncio.Task[object]]:
    loop = asyncio.get_running_loop()
    return [entry.task for entry in ledger() if _belongs(entry, loop)]


def _belongs(entry: Entry, loop: asyncio.AbstractEventLoop) -> bool:
    return entry.task.get_loop() is loop and not entry.task.done()
