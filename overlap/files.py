"""Files that a command writes, and those that dead processes left."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

from overlap.errors import OverlapError


def write_text(path: str | Path, text: str, *, errors: str = "strict") -> None:
    """Write a file in UTF-8. Raise OverlapError if it can't be written."""
    try:
        Path(path).write_text(text, encoding="utf-8", errors=errors)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise OverlapError(f"{path} can't be written: {why}") from None


def name_part(text: str) -> str:
    """Return a text, such as a service's name, as a part of a file's name."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", text)[:100] or "_"


def take_left_files(folder: Path, pattern: str, take: Callable[[int, Path], None]) -> None:
    """Call `take` with each file that a dead process left: its descriptor, locked, and its path.

    A file is locked while its process lives, so that no pid has to be trusted. One that `take`
    deletes or renames is taken once. Where there are no such locks (Windows), none is taken.
    """
    try:
        import fcntl
    except ImportError:
        return
    for path in sorted(folder.glob(pattern)):
        try:
            file = os.open(path, os.O_RDWR)
        except OSError:  # another process was faster
            continue
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(file).st_nlink:  # otherwise another process has taken it
                take(file, path)
        except OSError:  # its process lives
            continue
        finally:
            os.close(file)
