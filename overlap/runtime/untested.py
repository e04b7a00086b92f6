"""What Overlap is not tested on: builds of Python, platforms, versions of dependencies.

Said once, at the start; the service runs on.
"""

from __future__ import annotations

import logging
import platform
import re
import sys
from importlib.metadata import PackageNotFoundError, version

NEWEST_PYTHON = (3, 15)
"""The newest series on which the scenarios were played."""
TESTED: dict[str, tuple[str, str]] = {
    "Django": ("5.2", "6.1"),
    "opentelemetry-sdk": ("1.40", "1.45"),
    "opentelemetry-instrumentation-django": ("0.61", "0.66"),
    "opentelemetry-instrumentation-httpx": ("0.61", "0.66"),
    "structlog": ("25.1", "26.1"),
    "uvicorn": ("0.36", "0.54"),
}
"""The oldest and the newest series of each package that Overlap patches or looks into."""
_SERIES = re.compile(r"(\d+)\.(\d+)")
_PLATFORMS = {"win32": "Windows", "darwin": "macOS"}
_log = logging.getLogger("overlap.instrument")


def untested() -> list[str]:
    """Return what of this interpreter, platform and environment Overlap is not tested on."""
    found = []
    if not getattr(sys, "_is_gil_enabled", lambda: True)():
        found.append("free-threaded builds of Python")
    if sys.version_info[:2] > NEWEST_PYTHON:
        found.append(f"Python {sys.version_info[0]}.{sys.version_info[1]}")
    if platform.python_implementation() != "CPython":
        found.append(platform.python_implementation())
    if sys.platform in _PLATFORMS:
        found.append(f"{_PLATFORMS[sys.platform]}, for which it is written")
    return found + outside_tested()


def warn_if_untested() -> None:
    """Log one sentence, if there is anything to say."""
    if found := untested():
        _log.warning("Overlap is not tested on %s", "; nor on ".join(found))


def outside_tested() -> list[str]:
    """Return a phrase for each installed package of another series than those tested."""
    found = []
    for name, (oldest, newest) in TESTED.items():
        try:
            installed = version(name)
        except PackageNotFoundError:
            continue
        if not _series(oldest) <= _series(installed) <= _series(newest):
            found.append(f"{name} {installed} (but {oldest} to {newest})")
    return found


def _series(text: str) -> tuple[int, int]:
    match = _SERIES.match(text)
    return (int(match[1]), int(match[2])) if match else (0, 0)
