"""Text for a terminal: names made safe to print, durations, ticks of the time axis."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterator
from math import floor, log10

from rich.cells import cell_len, chop_cells

from overlap.judge.summary import without_piles

LONGEST = 400
"""The most characters of a name that are used; more than any terminal has columns."""
# Control sequences (CSI), strings that end in BEL or ST (OSC, DCS, ...), and two-byte escapes.
_ESCAPES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f]).*?(?:\x07|\x1b\\|\x9c|\Z)"
    r"|\x1b[ -/]*[0-~]?",
    re.DOTALL,
)
_ACCENTS = r"\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u20d0-\u20ff"
_PILES = re.compile(rf"([{_ACCENTS}]{{2}})[{_ACCENTS}]+")  # more than two on one letter
# Categories that move the cursor, turn the line round, or can't be encoded.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def clean(name: str, *, encoding: str = "utf-8", longest: int = LONGEST) -> str:
    """Make a name from a trace safe to print: no escape sequence, no control character."""
    text = _ESCAPES.sub("", name[: longest * 4])
    text = "".join(
        " " if char in "\t\n\r" else char
        for char in text
        if char in "\t\n\r" or unicodedata.category(char) not in _UNSEEN
    )
    text = _PILES.sub(r"\1", text)[:longest].strip()
    if not text.isascii():
        text = without_piles(text)
    return text.encode(encoding, "replace").decode(encoding) or "?"


def printable(text: str) -> str:
    """Return text of several lines without what a screen would do rather than show.

    Line ends and tabs stay; other control characters and those that turn the line round go.
    """
    if text.isascii() and text.isprintable():
        return text
    kept = (c for c in text if c in "\n\t" or unicodedata.category(c) not in _UNSEEN)
    return without_piles("".join(kept))


def fit(text: str, width: int, ellipsis: str = "…") -> str:
    """Cut or pad to exactly `width` cells; what is cut ends in the ellipsis."""
    if width <= 0:
        return ""
    if cell_len(text) > width:
        room = width - cell_len(ellipsis)
        text = (chop_cells(text, room)[0] if room > 0 else "") + ellipsis[:width]
    return text + " " * (width - cell_len(text))


def duration(ms: float) -> str:
    """Three figures and a unit: `0.42 ms`, `4.20 ms`, `42 ms`, `1.23 s`, `2 m 03 s`."""
    if not math.isfinite(ms):
        return f"{ms} ms"
    seconds = ms / 1000
    if seconds < 0.01:
        return f"{ms:.2f} ms"
    if seconds < 0.9995:
        return f"{ms:.0f} ms"
    if seconds < 59.95:
        return f"{seconds:.2f} s" if seconds < 9.995 else f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} m {rest:02d} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} m" if hours < 24 else f"{hours // 24} d"


def ticks(total_ms: float, width: int, gap: int = 11) -> Iterator[tuple[float, str]]:
    """Yield round times from 0 to `total_ms`, at least `gap` of `width` columns apart."""
    yield 0.0, "0"
    if total_ms <= 0 or width < gap:
        return
    least = total_ms * gap / width
    power = 10.0 ** floor(log10(least))
    step = next(power * factor for factor in (1, 2, 5, 10, 20) if power * factor >= least)
    count = 1
    while count * step <= total_ms:
        ms = count * step
        yield ms, f"{ms / 1000:g} s" if total_ms >= 1000 else f"{ms:g} ms"
        count += 1
