"""The journal of this process, if journal_dir is set."""

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
_journal: Journal | None = None


def start_journal(folder: Path, provider: TracerProvider) -> Callable[[], None]:
    """Report the lost tasks found in `folder`, and start a journal there; return how to close it.

    If that fails, it is logged, and nothing else changes.
    """
    try:
        from overlap.instrument.tasks.journal import Journal, take_lost_tasks
        from overlap.instrument.tasks.lost_tasks import report_lost_tasks

        service = str(provider.resource.attributes[names.SERVICE_NAME])
        report_lost_tasks(take_lost_tasks(folder, service), provider)
        instance = str(provider.resource.attributes.get(names.SERVICE_INSTANCE_ID, ""))
        _set(Journal(folder, service, instance))
        os.register_at_fork(after_in_child=_forget)
    except ImportError as error:  # fcntl, on Windows
        _log.warning(
            "no journal of background tasks is kept in %s: this platform locks no files (%s)",
            folder,
            error,
        )
    except Exception:  # a folder that can't be read: telemetry never hurts
        _log.warning("no journal of background tasks is kept in %s", folder, exc_info=True)
    return _close


def record(task_id: str, name: str, span: Span, parent: Span) -> int | None:
    """Note a task that starts; return the slot for `erase`."""
    global _journal  # noqa: PLW0603  one journal a process
    if _journal is None:
        return None
    from overlap.instrument.tasks.journal import Note

    ids = span.get_span_context()
    started_ns: int = getattr(span, "start_time", None) or time.time_ns()
    parent_id = parent.get_span_context().span_id
    noted = Note(
        name, task_id, ids.trace_id, ids.span_id, parent_id, int(ids.trace_flags), started_ns
    )
    try:
        return _journal.write(noted)
    except OSError as error:
        _log.warning(
            "the journal of background tasks can't be written: %s; "
            "tasks go on, and none is reported after a crash",
            error,
        )
        _journal = None
        return None


def erase(slot: int | None) -> None:
    """Erase a note."""
    if _journal is not None and slot is not None:
        _journal.erase(slot)


def heartbeat() -> None:
    """Record that the process lives. The watchdog calls it dozens of times a second."""
    if _journal is not None:
        _journal.heartbeat(time.time_ns())


def _close() -> None:
    if _journal is not None:
        _journal.close()
    _set(None)


def _forget() -> None:
    # In a forked process the file is the parent's.
    if _journal is not None:
        _journal.forget()


def _set(journal: Journal | None) -> None:
    global _journal  # noqa: PLW0603  one journal a process
    _journal = journal
