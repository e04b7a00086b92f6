"""What Overlap is not tested on: builds of Python, and platforms. Said once, at the start."""

from __future__ import annotations

import logging
import platform
import sys

NEWEST_PYTHON = (3, 15)
"""The newest series on which the scenarios were played."""
_PLATFORMS = {"win32": "Windows", "darwin": "macOS"}
_log = logging.getLogger("overlap.instrument")


def untested() -> list[str]:
    """Return what of this interpreter and platform Overlap is not tested on."""
    found = []
    if not getattr(sys, "_is_gil_enabled", lambda: True)():
        found.append("free-threaded builds of Python")
    if sys.version_info[:2] > NEWEST_PYTHON:
        found.append(f"Python {sys.version_info[0]}.{sys.version_info[1]}")
    if platform.python_implementation() != "CPython":
        found.append(platform.python_implementation())
    if sys.platform in _PLATFORMS:
        found.append(f"{_PLATFORMS[sys.platform]}, for which it is written")
    return found


def warn_if_untested() -> None:
    """Log one sentence, if there is anything to say."""
    if found := untested():
        _log.warning("Overlap is not tested on %s", "; nor on ".join(found))
