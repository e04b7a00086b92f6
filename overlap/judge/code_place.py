"""A place in the code, as culprits and advice name it: `shop/views.py:14 in checkout`."""

from __future__ import annotations

import re
from typing import NamedTuple

_AT = re.compile(r"(?P<file>.+?):(?P<line>\d{1,9})(?: in (?P<function>.+))?", re.DOTALL)


class CodePlace(NamedTuple):
    """File, line from 1, and function; the function may be empty."""

    file: str
    line: int
    function: str


def code_place(at: str) -> CodePlace | None:
    """Return the place that a text names; None if it names none, as `garbage collection`."""
    found = _AT.fullmatch(at)
    if found is None:
        return None
    return CodePlace(found["file"], int(found["line"]), found["function"] or "")
