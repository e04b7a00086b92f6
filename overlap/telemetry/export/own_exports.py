"""Mark code that exports for Overlap, so that its log messages can be discarded.

urllib3 logs each request at DEBUG, and the SDK logs each failed export. With a root logger at
DEBUG, a project's log would contain our exports every 200 ms. Messages of a project's own
exporters are not affected.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_EXPORTING: ContextVar[bool] = ContextVar("overlap_exporting", default=False)


@contextmanager
def own_export() -> Iterator[None]:
    """Mark the code in the block as an export by Overlap."""
    token = _EXPORTING.set(True)
    try:
        yield
    finally:
        _EXPORTING.reset(token)


def is_own_export() -> bool:
    """Return whether the current code is exporting for Overlap."""
    return _EXPORTING.get()
