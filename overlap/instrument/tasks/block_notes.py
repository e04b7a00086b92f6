"""The name under which a block of the event loop is noted in the journal, beside tasks."""

from __future__ import annotations

_MARK = "\x00blocked"
_PATH_LENGTH = 90
"""Characters of the path: its end says more than its beginning."""


def block_name(kind: str, path: str, line: int, function: str) -> str:
    """Return the journal's name of a block at this line."""
    return "\x00".join((_MARK, kind, str(line), path[-_PATH_LENGTH:], function))


def read_block_name(name: str) -> tuple[str, str, int, str] | None:
    """Return kind, path, line and function of a block; None for the name of a task."""
    parts = name.removeprefix(_MARK).split("\x00")
    if not name.startswith(_MARK) or len(parts) != 5 or not parts[2].isdigit():
        return None
    _, kind, line, path, function = parts
    return kind, path, int(line), function
