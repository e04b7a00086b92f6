"""Another checkout of Overlap, of an older commit for example, that is measured beside this one."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from overlap.errors import OverlapError

_SITE = Path("overlap", "bench", "site", "asgi.py")
_PYTHONS = (Path(".venv", "bin", "python"), Path(".venv", "Scripts", "python.exe"))


@dataclass(frozen=True, slots=True)
class Checkout:
    """A folder with Overlap's source, and the Python that serves it."""

    folder: Path
    python: str
    """Of the folder's own `.venv`, where there is one; otherwise ours, with our dependencies."""
    name: str
    """Its commit, where git knows it; otherwise the folder's name."""


def checkout(folder: Path) -> Checkout:
    """Return the checkout in `folder`. Raise OverlapError if nothing there can be measured."""
    folder = folder.resolve()
    if not (folder / _SITE).is_file():
        raise OverlapError(f"{folder} is no checkout of Overlap with a bench: it has no {_SITE}")
    own = (folder / each for each in _PYTHONS)
    python = next((str(each) for each in own if each.exists()), sys.executable)
    return Checkout(folder, python, _commit(folder) or folder.name)


def _commit(folder: Path) -> str:
    """Return the short name of the commit that is checked out at `folder`, or an empty string."""
    command = ["git", "-C", str(folder), "rev-parse", "--show-toplevel", "--short", "HEAD"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=10)
    except (OSError, subprocess.SubprocessError):
        return ""
    top, _, commit = done.stdout.strip().partition("\n")
    return commit if Path(top).resolve() == folder else ""
