"""What of one request must not meet the next one on the same thread."""

from __future__ import annotations

from time import monotonic
from typing import Any

from django.db import connections


def tidy() -> None:
    """Drop each database connection of this thread that is not as new.

    Stock Django drops them all: the thread ends with its request. Kept are those that are open
    and at rest and not too old (CONN_MAX_AGE), as under WSGI.
    """
    for alias in connections:
        if not hasattr(connections._connections, alias):
            continue
        connection = connections[alias]
        try:
            if not _is_at_rest(connection):
                connection.close()
                # Inside atomic(), close() leaves a wrapper behind that can't be used again.
                del connections[alias]
            else:
                connection.close_if_unusable_or_obsolete()
        except Exception:  # what can't be closed in order is dropped, as with its thread
            del connections[alias]


def is_fit() -> bool:
    """Whether `tidy` would find nothing to do in this thread."""
    try:
        return all(map(_is_fit, connections.all(initialized_only=True)))
    except Exception:  # a backend of another making
        return False


def _is_fit(connection: Any) -> bool:
    # What close_if_unusable_or_obsolete would look at.
    return _is_at_rest(connection) and (
        connection.connection is None
        or (
            connection.autocommit == connection.settings_dict["AUTOCOMMIT"]
            and not connection.errors_occurred
            and (connection.close_at is None or monotonic() < connection.close_at)
        )
    )


def _is_at_rest(connection: Any) -> bool:
    return not (
        connection.in_atomic_block
        or connection.closed_in_transaction
        or connection.needs_rollback
        or connection.savepoint_ids
        or connection.run_on_commit
        or not all(map(_stays, connection.execute_wrappers))
        or connection.force_debug_cursor
        or connection.allow_thread_sharing
    )


def _stays(wrapper: Any) -> bool:
    """Whether an execute wrapper says that it belongs to the connection, and not to a request."""
    return getattr(wrapper, "stays_on_connection", False) is True
