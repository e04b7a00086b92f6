"""The lines under a picture: what blocked the loop, and the glyphs that occur."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text

from overlap.draw.glyphs import CONCURRENT, QUIET, SERIAL, SHADE, TROUBLE, Look
from overlap.draw.rows import Row
from overlap.draw.text import clean, duration, fit
from overlap.waterfall import Waterfall

NAMED = 3
"""The most blocks that are named one by one."""


def legend(waterfall: Waterfall, rows: Sequence[Row], look: Look, width: int) -> Iterator[Text]:
    """Name the blocks, then explain each glyph that is drawn, at most `width` columns a line."""
    for shade in waterfall.blocked[:NAMED]:
        where = clean(shade.culprit, encoding=look.encoding)
        text = f" event loop blocked {duration(shade.end_ms - shade.start_ms)} by {where}"
        swatch = Style(bgcolor=SHADE) if look.colour else Style.null()
        yield Text.assemble(
            ("  " if look.colour else look.blocked * 2, swatch),
            (fit(text, width - 2, look.ellipsis).rstrip(), _style(look, TROUBLE)),
        )
    if (more := len(waterfall.blocked) - NAMED) > 0:
        yield Text(f"   and {more:,} more times", _style(look, TROUBLE))
    line, used = Text(), 0
    for glyph, colour, meaning in _entries(rows, look):
        length = cell_len(glyph) + 1 + cell_len(meaning)
        if used and used + 3 + length > width:
            yield line
            line, used = Text(), 0
        if used:
            line.append("   ")
            used += 3
        line.append(glyph, _style(look, colour)).append(f" {meaning}", _style(look, QUIET))
        used += length
    if used:
        yield line


def _entries(rows: Sequence[Row], look: Look) -> Iterator[tuple[str, str | None, str]]:
    bars = [row.bar for row in rows if row.bar is not None]
    threads = {clean(bar.thread, encoding=look.encoding) for bar in bars if bar.offloaded}
    on_thread = f"on a thread: {threads.pop()}" if len(threads) == 1 else "on threads"
    events = [mark.event.name for bar in bars for mark in bar.events]
    entries = (
        (any(bar.concurrent for bar in bars), look.concurrent, CONCURRENT, "concurrent"),
        (any(bar.serial for bar in bars), look.serial, SERIAL, "one after another"),
        (any(bar.path for bar in bars), look.path, None, "critical path"),
        (any(bar.background for bar in bars), look.response, QUIET, "response sent"),
        (
            any(bar.background and not bar.offloaded for bar in bars),
            look.after * 2,
            QUIET,
            "after it",
        ),
        (any(bar.offloaded for bar in bars), look.thread * 2, QUIET, on_thread),
        (any(bar.culprit for bar in bars), look.culprit, TROUBLE, "blocked the loop"),
        (any(bar.victim for bar in bars), look.victim, TROUBLE, "waited for it"),
        (any(bar.mark and not bar.lost for bar in bars), look.mark, QUIET, "no duration"),
        (any(name != "exception" for name in events), look.event, QUIET, "event"),
        (any(bar.unended for bar in bars), look.unended * 2, QUIET, "no end recorded"),
        (
            any(bar.lost or bar.error for bar in bars) or "exception" in events,
            look.bad,
            TROUBLE,
            "error or lost",
        ),
    )
    for there, glyph, colour, meaning in entries:
        if there:
            yield glyph, colour, meaning


def _style(look: Look, colour: str | None) -> Style:
    return Style(color=colour) if look.colour else Style.null()
