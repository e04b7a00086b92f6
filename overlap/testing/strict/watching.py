"""Watch for calls that block, during a block of a test."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from overlap.testing.strict import audit_events, watched_locks
from overlap.testing.strict.c_calls import CallProfile
from overlap.testing.strict.report import Findings


@contextmanager
def strict(allow: Sequence[str] = ()) -> Iterator[None]:
    """Raise BlockedLoop at the end of the block if a call on an event loop could block.

    allow: lines that may, such as `shop/views.py:14`; also for what is called from them.
    If the block raises an error itself, that error stays, with the calls in a note.
    """
    findings = Findings(allow)
    try:
        with ExitStack() as undo:
            undo.callback(watched_locks.watch(findings.add))
            undo.callback(audit_events.watch(findings.add))
            undo.callback(CallProfile(findings.add).watch())
            yield
    except BaseException as error:
        if (found := findings.error()) is not None:
            error.add_note(str(found))
        raise
    if (found := findings.error()) is not None:
        raise found
