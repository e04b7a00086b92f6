"""Reset a thread's database connections between two requests."""

from __future__ import annotations

from time import monotonic
from typing import Any

from django.db import connections


def reset_connections() -> None:
    """Close each database connection of this thread that the next request must not see.

    Stock Django discards them all, because the thread ends with its request. Kept are those that
    are open, unchanged and not too old (CONN_MAX_AGE), as under WSGI.
    """
    for alias in connections:
        if not hasattr(connections._connections, alias):
            continue
        connection = connections[alias]
        try:
            if not _is_unchanged(connection):
                connection.close()
                # Inside atomic(), close() leaves a wrapper that can't be used again.
                del connections[alias]
            else:
                connection.close_if_unusable_or_obsolete()
        except Exception:  # a connection that can't be closed is discarded
            del connections[alias]


def needs_no_reset() -> bool:
    """Return whether `reset_connections` would do nothing in this thread."""
    try:
        return all(map(_can_be_kept, connections.all(initialized_only=True)))
    except Exception:  # a third-party backend
        return False


def _can_be_kept(connection: Any) -> bool:
    # The conditions of close_if_unusable_or_obsolete.
    return _is_unchanged(connection) and (
        connection.connection is None
        or (
            connection.autocommit == connection.settings_dict["AUTOCOMMIT"]
            and not connection.errors_occurred
            and (connection.close_at is None or monotonic() < connection.close_at)
        )
    )


def _is_unchanged(connection: Any) -> bool:
    return not (
        connection.in_atomic_block
        or connection.closed_in_transaction
        or connection.needs_rollback
        or connection.savepoint_ids
        or connection.run_on_commit
        or not all(map(_stays_on_connection, connection.execute_wrappers))
        or connection.force_debug_cursor
        or connection.allow_thread_sharing
    )


def _stays_on_connection(wrapper: Any) -> bool:
    """Return whether an execute wrapper declares that it belongs to the connection."""
    return getattr(wrapper, "stays_on_connection", False) is True
