"""The dotted name that a frame is calling, read from the source text of its current instruction."""

from __future__ import annotations

import re
from itertools import islice
from types import FrameType

from overlap.runtime.stack import source_line

ENTERED = "with "
"""What comes before the name of a context manager that the frame is entering."""
_CALL = re.compile(r"(?:await\s+)?([A-Za-z_][\w.]*)\s*\(")
_ITEM = re.compile(r"(?:with\s+)?([A-Za-z_][\w.]*)\s*(?::|as\b|\Z)")
_AWAITED = re.compile(
    r"(?:await\s+|async\s+with\s+|async\s+for\s.+?\sin\s+)?"
    r"([A-Za-z_][\w.]*(?:\([^()]*\)\.[A-Za-z_][\w.]*)*)"
)
_ARGUMENTS = re.compile(r"\([^()]*\)")


def callee_of(frame: FrameType) -> str | None:
    """Return the dotted name that the frame is calling; `with x` if it is entering x."""
    source, text = _texts(frame)
    # The instruction that enters has the position of the whole statement, or of its expression.
    if source.startswith(ENTERED) and (found := _ITEM.match(text)):
        return f"{ENTERED}{found[1]}"
    return found[1] if (found := _CALL.match(text)) else None


def awaited_name(frame: FrameType) -> str:
    """Return the dotted name that a suspended frame awaits; `` if its source does not show it.

    Arguments are left out: they may hold anything.
    """
    found = _AWAITED.match(_texts(frame)[1])
    return _ARGUMENTS.sub("()", found[1]) if found else ""


def _texts(frame: FrameType) -> tuple[str, str]:
    """Return the source line of the current instruction, and the instruction's own part of it."""
    place = next(islice(frame.f_code.co_positions(), frame.f_lasti // 2, None), None)
    if place is None or None in place:
        return "", ""
    line, last, start, end = place
    source = source_line(frame.f_code.co_filename, line or 0)
    part = source.encode()[start : end if line == last else None].decode(errors="replace")
    return source.lstrip(), part
