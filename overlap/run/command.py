"""Run the command: set its environment, forward signals and return its exit code."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from overlap.run.process_notes import FOLDER, Notes

BOOTSTRAP = Path(__file__).parent / "bootstrap"
LOOK_S = 0.2
"""Seconds between two checks of the notes of the command's processes."""
END_S = 10.0
"""Seconds until a command that can't be shown is killed, after it was terminated."""
_PR_SET_PDEATHSIG = 1
"""linux/prctl.h"""
_PASSED_ON = ("SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2")


def environment(
    base: Mapping[str, str], notes: Notes, endpoints: Mapping[str, str], page_url: str
) -> dict[str, str]:
    """Return the command's environment, with our `endpoints` and the bootstrap on PYTHONPATH.

    OpenTelemetry's own variables are not changed: the project's own exporters may read them.
    """
    paths = [str(BOOTSTRAP), base.get("PYTHONPATH", "")]
    return {
        **base,
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        **{f"OVERLAP_OTLP_{signal.upper()}_ENDPOINT": url for signal, url in endpoints.items()},
        "OVERLAP_TRACES_URL": page_url,
        FOLDER: str(notes.folder or ""),
    }


def run(
    command: Sequence[str],
    environ: Mapping[str, str],
    look: Callable[[], bool],
) -> int:
    """Run the command until it ends; return its exit code, or 128 + n if signal n ended it.

    `look` is called a few times a second; if it returns False, the command is terminated.
    """
    # No other thread runs here, which could hold a lock that the child needs.
    process = subprocess.Popen(command, env=environ, preexec_fn=end_with_parent())  # noqa: PLW1509
    with _signals_passed_on(process):
        while True:
            try:
                status = process.wait(LOOK_S)
                break
            except subprocess.TimeoutExpired:
                if not look():
                    status = _end(process)
                    break
    look()
    return status if status >= 0 else 128 - status


def end_with_parent() -> Callable[[], None] | None:
    """Return what a child must call so that it gets SIGTERM when this process is killed.

    None where the operating system has no such thing: Linux alone has it.
    """
    if not sys.platform.startswith("linux"):
        return None
    # Loaded before the fork.
    prctl = ctypes.CDLL(None).prctl
    parent = os.getpid()

    def call() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:  # it was killed just now
            os.kill(os.getpid(), signal.SIGTERM)

    return call


def _end(process: subprocess.Popen[Any]) -> int:
    process.terminate()
    try:
        return process.wait(END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


@contextmanager
def _signals_passed_on(process: subprocess.Popen[Any]) -> Iterator[None]:
    def pass_on(number: int, _frame: FrameType | None) -> None:
        if number != signal.SIGINT or not _shares_a_terminal():
            _send(process, number)

    numbers = [signal.SIGINT, *(getattr(signal, n) for n in _PASSED_ON if hasattr(signal, n))]
    before = {number: signal.signal(number, pass_on) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _send(process: subprocess.Popen[Any], number: int) -> None:
    try:
        process.send_signal(number)
    except ValueError:  # Windows can't send this signal to another process
        process.terminate()


def _shares_a_terminal() -> bool:
    """Return whether Ctrl-C reaches the command directly.

    Then SIGINT must not be forwarded: on a second one, servers skip their graceful shutdown.
    """
    if not hasattr(os, "tcgetpgrp"):  # on Windows Ctrl-C reaches every process of the console
        return True
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)
