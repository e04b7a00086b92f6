"""Settings of glibc's malloc for a process that lives long in bounded memory.

By default each thread has an arena of its own, which keeps what its largest batch needed, and the
size above which a block is given back to the system at once grows with the blocks that were freed.
Both make a process larger for hours. Source: mallopt(3), M_ARENA_MAX and M_MMAP_THRESHOLD.
"""

from __future__ import annotations

import ctypes
import os
from contextlib import suppress

_MMAP_THRESHOLD, _ARENA_MAX = -3, -8
_BLOCK = 128 * 1024
"""Bytes: glibc's own value, which does not grow once it is set."""


def keep_memory_small() -> bool:
    """Use one arena, and give large blocks back at once; return whether the C library does so.

    Threads share the interpreter's lock, so that they hardly ever wait for the one arena.
    """
    with suppress(OSError, AttributeError, ValueError):
        if not (os.confstr("CS_GNU_LIBC_VERSION") or "").startswith("glibc"):
            return False
        mallopt = ctypes.CDLL(None).mallopt
        return bool(mallopt(_ARENA_MAX, 1)) and bool(mallopt(_MMAP_THRESHOLD, _BLOCK))
    return False
