"""The number of errors in a server's log."""

from __future__ import annotations

import re

_ERROR = re.compile(
    r"""^(ERROR|CRITICAL)\b            # the site's own format, and uvicorn's
    |"level":\s*"(error|critical)"     # JSON lines
    |^\S+\s+\[(error|critical)\s*\]    # structlog's console
    |^Exception\ ignored\ in           # printed by the interpreter
    """,
    re.VERBOSE,
)
_OTHER_RECORD = re.compile(r"^(DEBUG|INFO|WARNING)\b|^\{|^\S+\s+\[(debug|info|warning)\s*\]")
_TRACEBACK = "Traceback (most recent call last)"
_CHAINED = ("During handling of the above exception", "The above exception was the direct cause")
_ESCAPES = re.compile(r"\x1b\[[0-9;]*m")


def error_lines(text: str) -> int:
    """Count the records of level error or above, and the tracebacks without such a record."""
    count = 0
    in_record = in_traceback = False
    for raw in text.splitlines():
        line = _ESCAPES.sub("", raw)
        if _ERROR.search(line):
            count, in_record, in_traceback = count + 1, True, False
        elif line.startswith(_TRACEBACK):
            count += not in_record
            in_record, in_traceback = False, True
        elif line.startswith(_CHAINED):
            in_record = True
        elif _OTHER_RECORD.search(line):
            in_record = in_traceback = False
        elif in_traceback and line and not line[0].isspace():
            in_traceback = False  # the exception itself: the traceback's last line
    return count
