"""The journal that this process keeps, if it keeps one, and what it found in those of the dead."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import Span

from overlap import names

if TYPE_CHECKING:
    from overlap.instrument.tasks.journal import Journal

_log = logging.getLogger(__name__)
_kept: Journal | None = None


def keep(folder: Path, provider: TracerProvider) -> Callable[[], None]:
    """Tell what was left in `folder`, and note there what runs; gives back how to end that.

    Where that can't be, it is said, and nothing else changes.
    """
    try:
        from overlap.instrument.tasks.journal import Journal, take_left
        from overlap.instrument.tasks.lost_tasks import tell

        service = str(provider.resource.attributes[names.SERVICE_NAME])
        tell(take_left(folder, service), provider)
        instance = str(provider.resource.attributes.get(names.SERVICE_INSTANCE_ID, ""))
        _set(Journal(folder, service, instance))
        os.register_at_fork(after_in_child=_forget)
    except Exception:  # no fcntl (Windows), a folder that can't be read: telemetry never hurts
        _log.warning("no journal of background tasks is kept in %s", folder, exc_info=True)
    return _close


def note(task_id: str, name: str, span: Span, parent: Span) -> int | None:
    """Note a task that starts; what it gives back is for `strike`."""
    global _kept  # noqa: PLW0603  one journal a process
    if _kept is None:
        return None
    from overlap.instrument.tasks.journal import Note

    ids = span.get_span_context()
    started_ns: int = getattr(span, "start_time", None) or time.time_ns()
    parent_id = parent.get_span_context().span_id
    noted = Note(
        name, task_id, ids.trace_id, ids.span_id, parent_id, int(ids.trace_flags), started_ns
    )
    try:
        return _kept.write(noted)
    except OSError:
        _log.warning("the journal of background tasks can't be written", exc_info=True)
        _kept = None
        return None


def strike(slot: int | None) -> None:
    """Take a note away."""
    if _kept is not None and slot is not None:
        _kept.strike(slot)


def alive() -> None:
    """Note that the process lives. Called by the watchdog, dozens of times a second."""
    if _kept is not None:
        _kept.alive(time.time_ns())


def _close() -> None:
    if _kept is not None:
        _kept.close()
    _set(None)


def _forget() -> None:
    # In a forked process: the file is the parent's, who is alive as long as it is locked.
    if _kept is not None:
        _kept.forget()


def _set(journal: Journal | None) -> None:
    global _kept  # noqa: PLW0603  one journal a process
    _kept = journal
