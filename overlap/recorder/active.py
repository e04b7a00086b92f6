"""The flight recorder of this process: started once, left to the parent in a forked process."""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from overlap.recorder import dumps
from overlap.recorder.flight import MEGABYTES, SLOW_S, FlightRecorder
from overlap.runtime.guard import guarded

_log = logging.getLogger("overlap.recorder")

RECORDER: FlightRecorder | None = None
"""The one that records; None: nothing is recorded."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How this process records."""

    folder: Path
    service: str
    instance: str = ""
    megabytes: float = MEGABYTES
    slow_s: float = SLOW_S


_forked_from: Settings | None = None
"""What the parent process records with, until a loop starts in this one."""
_settings: Settings | None = None


def start(settings: Settings) -> Callable[[], None]:
    """Start to record; return a function that ends it.

    If the ring can't be made, that is logged, and nothing else changes.
    """
    global RECORDER, _settings  # noqa: PLW0603  one recorder a process
    try:
        RECORDER = FlightRecorder(
            settings.folder,
            settings.service,
            settings.instance,
            megabytes=settings.megabytes,
            slow_s=settings.slow_s,
        )
    except OSError as error:  # a folder that can't be written, a full disk
        reason = error.strerror or error
        _log.warning("no flight recorder in %s: %s", settings.folder, reason)
        return lambda: None
    except Exception:
        _log.warning("no flight recorder in %s", settings.folder, exc_info=True)
        return lambda: None
    _settings = settings
    _register_fork()
    give_signal_back = _take_signal()

    def stop() -> None:
        give_signal_back()
        _stop()

    return stop


def start_in_child() -> None:
    """Start in a process that was forked from one that records. Called where a loop starts."""
    global _forked_from
    settings, _forked_from = _forked_from, None
    if settings is not None:
        start(settings)


def step_recorder() -> Callable[[Any, float, float, float], None] | None:
    """Return what records a step: its task, since when it was ready, begin, end; or None."""
    return None if RECORDER is None else RECORDER.record_step


def ask(reason: str) -> None:
    """Ask for a dump, if this process records. From anywhere."""
    if RECORDER is not None:
        RECORDER.ask(reason)


def record_lost(task: str) -> None:
    """Record a background task that was lost, and ask for a dump."""
    if RECORDER is not None:
        guarded("a lost task is not in the flight recorder", RECORDER.lost, task)


def _stop() -> None:
    global RECORDER, _settings
    recorder, RECORDER, _settings = RECORDER, None, None
    if recorder is not None:
        recorder.close()


_is_registered: list[bool] = []


def _register_fork() -> None:
    if not _is_registered and hasattr(os, "register_at_fork"):
        _is_registered.append(True)  # there is no way to unregister
        os.register_at_fork(after_in_child=_in_child)


def _in_child() -> None:
    global RECORDER, _forked_from, _settings
    recorder, RECORDER = RECORDER, None
    _forked_from, _settings = _settings or _forked_from, None
    if recorder is not None:
        guarded("a forked process has its parent's flight recorder", recorder.forget)


def _take_signal() -> Callable[[], None]:
    """Write a dump at SIGUSR2, if nobody handles that: its default would end the process."""
    number = getattr(signal, "SIGUSR2", None)
    if (
        number is None
        or threading.current_thread() is not threading.main_thread()
        or signal.getsignal(number) is not signal.SIG_DFL
    ):
        return lambda: None

    def dump(_number: int, _frame: FrameType | None) -> None:
        ask(dumps.SIGNAL)

    signal.signal(number, dump)

    def undo() -> None:
        is_main = threading.current_thread() is threading.main_thread()
        if is_main and signal.getsignal(number) is dump:
            signal.signal(number, signal.SIG_DFL)

    return undo
