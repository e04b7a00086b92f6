"""Whether the code that runs is exporting for Overlap: what it logs is nobody's business.

urllib3 logs each request at DEBUG, and the SDK logs each failed export. A project whose root
logger is at DEBUG would read of our exports every 200 ms. What a project's own exporters log
is left alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_EXPORTING: ContextVar[bool] = ContextVar("overlap_exporting", default=False)


@contextmanager
def own_export() -> Iterator[None]:
    """Mark what runs in the block as an export of ours."""
    token = _EXPORTING.set(True)
    try:
        yield
    finally:
        _EXPORTING.reset(token)


def is_own_export() -> bool:
    """Return whether the code that runs is exporting for Overlap."""
    return _EXPORTING.get()
