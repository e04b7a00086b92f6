"""Mark code that exports for Overlap, so that its log messages can be discarded.

urllib3 logs each request at DEBUG, and the SDK logs each failed export. With a root logger at
DEBUG, a project's log would contain our exports every 200 ms. Messages of a project's own
exporters are not affected, nor is what a finalizer logs that the garbage collector happens to
call there, such as asyncio's "Task was destroyed but it is pending!".
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_SENDERS = frozenset({"charset_normalizer", "opentelemetry", "overlap", "requests", "urllib3"})
"""The packages that log while an export is sent."""
_EXPORTING: ContextVar[bool] = ContextVar("overlap_exporting", default=False)

_OWN_THREAD: ContextVar[bool] = ContextVar("overlap_own_thread", default=False)
_OWN_SETUP: ContextVar[bool] = ContextVar("overlap_own_setup", default=False)


@contextmanager
def own_thread() -> Iterator[None]:
    """Mark the code in the block as the SDK's, in a thread that works for Overlap alone.

    Instruments of the project's may be observed there: only what the SDK logs is discarded.
    """
    token = _OWN_THREAD.set(True)
    try:
        yield
    finally:
        _OWN_THREAD.reset(token)


@contextmanager
def own_setup() -> Iterator[None]:
    """Mark the code in the block as OpenTelemetry's set-up by Overlap, not by the project.

    What is worth an INFO or a warning is still logged.
    """
    token = _OWN_SETUP.set(True)
    try:
        yield
    finally:
        _OWN_SETUP.reset(token)


@contextmanager
def own_export() -> Iterator[None]:
    """Mark the code in the block as an export by Overlap."""
    token = _EXPORTING.set(True)
    try:
        yield
    finally:
        _EXPORTING.reset(token)


def is_own_message(logger: str, level: int = logging.NOTSET) -> bool:
    """Return whether what this logger says, here and now, is of Overlap's own exports or set-up."""
    package = logger.partition(".")[0]
    if _EXPORTING.get():
        return package in _SENDERS
    if package != "opentelemetry":
        return False
    return _OWN_THREAD.get() or (_OWN_SETUP.get() and level <= logging.DEBUG)
